/* SPDX-License-Identifier: MIT */
/* The saga over three services: orders, stock of one unit, payments at a provider that may not
 * answer; a transactional outbox in each, a relay that loses and repeats, consumers with
 * watermarks, crashes, deadlines, cancels. docs/MODEL.md says what is left out.
 *
 * The states move by the inlines of tables.pml alone, which are generated from the C tables.
 * Options are macros: ORDERS, LOSSES, REPEATS, CRASHES, SILENCES (provider), CANCELS, DEADLINES
 * (0 or 1); MUTANT_... plants a bug, to see that the properties can fail. */

#ifndef ORDERS
#define ORDERS 2
#endif
#ifndef LOSSES
#define LOSSES 1
#endif
#ifndef REPEATS
#define REPEATS 1
#endif
#ifndef CRASHES
#define CRASHES 1
#endif
#ifndef SILENCES
#define SILENCES 1
#endif
#ifndef CANCELS
#define CANCELS 1
#endif
#ifndef DEADLINES
#define DEADLINES 1
#endif

#define ILLEGAL assert(false)

#define VERB_NONE 0
#define VERB_AUTHORIZE 1
#define VERB_CAPTURE 2
#define VERB_VOID 3
#define VERB_REFUND 4

#define EVENT_NONE 0
#define EVENT_CREATED 1
#define EVENT_COMPLETED 2
#define EVENT_ENDED 3 /* order.failed and order.cancelled: participants do the same on both */
#define EVENT_RESERVED 4
#define EVENT_REJECTED 5
#define EVENT_COMMITTED 6
#define EVENT_RELEASED 7
#define EVENT_RETURNED 8
#define EVENT_AUTHORIZED 9
#define EVENT_DECLINED 10
#define EVENT_CAPTURED 11
#define EVENT_VOIDED 12
#define EVENT_REFUNDED 13

#include "tables.pml"

#define CALL_NONE 0
#define CALL_WAITING 1
#define CALL_TAKEN 2
#define CALL_ASK 3

#define DONE 1
#define DECLINED 2
#define NOT_FOUND 3

/* --- durable rows --------------------------------------------------------------------------- */

byte order_state[ORDERS];
bit stock_answered[ORDERS]; /* towards the outcome that the order has */
bit money_answered[ORDERS];
bit settled[ORDERS];

byte reservation[ORDERS];
byte available = 1;
byte reserved = 0;
byte sold = 0;
byte received = 1;

byte payment[ORDERS];
byte call[ORDERS];
bit is_sent[ORDERS]; /* the wanted call was taken before */

/* --- the provider's books ------------------------------------------------------------------- */

bit is_authorized[ORDERS];
bit is_refused[ORDERS];
bit is_void[ORDERS];
byte captures[ORDERS];
byte refunds[ORDERS];

/* One call at a time: 0, or a verb, + 8 for a query; then 0, or verb * 4 + outcome. */
byte under_way[ORDERS];
byte reply[ORDERS];

/* --- outboxes, topics, watermarks ----------------------------------------------------------- */

#define BY_ORDER 0
#define BY_INVENTORY 1
#define BY_PAYMENT 2
#define AT(service, i) (3 * (i) + (service))

/* Feeds: a consumer's way through one topic. */
#define ORDER_INVENTORY 0
#define ORDER_PAYMENT 1
#define INVENTORY_ORDER 2
#define PAYMENT_ORDER 3
#define PAYMENT_INVENTORY 4
#define FOLLOWER_ORDER 5
#define FEEDS 6
#define FEED(feed, i) (FEEDS * (i) + (feed))

chan outbox[3 * ORDERS] = [3] of { byte, byte, byte };   /* kind, position, resend */
chan feed[FEEDS * ORDERS] = [4] of { byte, byte, byte };
byte next_position[3 * ORDERS];
byte watermark[FEEDS * ORDERS];

byte losses = LOSSES;
byte repeats = REPEATS;
byte crashes = CRASHES;
byte silences = SILENCES;
byte cancels = CANCELS;

/* What a follower without any state of its own makes of order.completed: the watermark is its only
 * guard against counting twice. */
byte counted[ORDERS];

/* Scratch of one atomic step: not part of a state. */
hidden byte kind;
hidden byte position;
hidden byte is_resend;
hidden byte is_new;
hidden byte before;

#define emit(service, i, what, again) \
    next_position[AT(service, i)]++; \
    outbox[AT(service, i)] ! what, next_position[AT(service, i)], again

#define is_quiet(i) \
    (empty(outbox[AT(BY_ORDER, i)]) && empty(outbox[AT(BY_INVENTORY, i)]) && \
     empty(outbox[AT(BY_PAYMENT, i)]) && empty(feed[FEED(0, i)]) && empty(feed[FEED(1, i)]) && \
     empty(feed[FEED(2, i)]) && empty(feed[FEED(3, i)]) && empty(feed[FEED(4, i)]) && \
     empty(feed[FEED(5, i)]) && call[i] == CALL_NONE)

/* Takes what comes next, once. A crash between the commit and the offset's leaves it there. */
inline receive(at)
{
    if
    :: feed[at] ? kind, position, is_resend
    :: crashes > 0 -> feed[at] ? <kind, position, is_resend>; crashes--
    fi;
#ifdef MUTANT_NO_DEDUPE
    is_new = 1;
#else
    is_new = (position > watermark[at])
#endif
    ;
    if
    :: position > watermark[at] -> watermark[at] = position
    :: else
    fi
}

/* --- orders --------------------------------------------------------------------------------- */

#define has_outcome(i) (order_state[i] >= ORDER_COMPLETED)

/* At rest stock and money are where the outcome says. */
inline check_settled(i)
{
    assert(order_state[i] != ORDER_COMPLETED ||
           (reservation[i] == RESERVATION_COMMITTED && captures[i] == 1 && refunds[i] == 0));
    assert(order_state[i] == ORDER_COMPLETED ||
           ((reservation[i] == RESERVATION_RELEASED || reservation[i] == RESERVATION_RETURNED) &&
            captures[i] == refunds[i] && (!is_authorized[i] || is_void[i] || captures[i] == 1)))
}

inline settle(i)
{
    if
    :: !settled[i] && has_outcome(i) && stock_answered[i] && money_answered[i] ->
        settled[i] = 1;
        check_settled(i)
    :: else
    fi
}

inline conclude(i)
{
    stock_answered[i] = 0;
    money_answered[i] = 0;
    settled[i] = 0;
    if
    :: order_state[i] == ORDER_COMPLETED -> emit(BY_ORDER, i, EVENT_COMPLETED, 0)
    :: else -> emit(BY_ORDER, i, EVENT_ENDED, 0)
    fi
}

inline order_take(i)
{
    before = order_state[i];
    if
    :: kind == EVENT_RESERVED -> order_on_reserved(order_state[i])
    :: kind == EVENT_REJECTED -> order_on_rejected(order_state[i])
    :: kind == EVENT_COMMITTED -> order_on_committed(order_state[i])
    :: kind == EVENT_RELEASED -> order_on_released(order_state[i])
    :: kind == EVENT_RETURNED -> order_on_returned(order_state[i])
    :: kind == EVENT_AUTHORIZED -> order_on_authorized(order_state[i])
    :: kind == EVENT_DECLINED -> order_on_declined(order_state[i])
    :: kind == EVENT_CAPTURED -> order_on_captured(order_state[i])
    :: kind == EVENT_VOIDED -> order_on_voided(order_state[i])
    :: kind == EVENT_REFUNDED -> order_on_refunded(order_state[i])
    fi;
    if
    :: order_state[i] != before && has_outcome(i) -> conclude(i)
    :: else ->
        if
        :: order_state[i] == ORDER_COMPLETED && kind == EVENT_COMMITTED -> stock_answered[i] = 1
        :: order_state[i] == ORDER_COMPLETED && kind == EVENT_CAPTURED -> money_answered[i] = 1
        :: order_state[i] > ORDER_COMPLETED && (kind == EVENT_RELEASED || kind == EVENT_RETURNED) ->
            stock_answered[i] = 1
        :: order_state[i] > ORDER_COMPLETED && (kind == EVENT_VOIDED || kind == EVENT_REFUNDED) ->
            money_answered[i] = 1
        :: else
        fi;
        settle(i)
    fi
}

/* The newest event of the order again, once nothing is under way any more. Positions start over:
 * nobody compares with old ones. */
inline resend(i)
{
    before = 0;
    do
    :: before < 3 -> next_position[AT(before, i)] = 0; before++
    :: else -> break
    od;
    before = 0;
    do
    :: before < FEEDS -> watermark[FEED(before, i)] = 0; before++
    :: else -> break
    od;
    if
    :: order_state[i] == ORDER_COMPLETED -> emit(BY_ORDER, i, EVENT_COMPLETED, 1)
    :: order_state[i] > ORDER_COMPLETED -> emit(BY_ORDER, i, EVENT_ENDED, 1)
    :: else -> emit(BY_ORDER, i, EVENT_CREATED, 1)
    fi
}

proctype Order(byte i)
{
end:
    do
    :: atomic { order_state[i] == ORDER_NONE ->
#ifdef MUTANT_EVENT_BEFORE_COMMIT
        emit(BY_ORDER, i, EVENT_CREATED, 0);
        if
        :: crashes > 0 -> crashes-- /* and the row is gone */
        :: order_on_place(order_state[i])
        fi
#else
        order_on_place(order_state[i]);
        emit(BY_ORDER, i, EVENT_CREATED, 0)
#endif
        }
    :: atomic { nempty(feed[FEED(ORDER_INVENTORY, i)]) ->
        receive(FEED(ORDER_INVENTORY, i));
        if
        :: is_new -> order_take(i)
        :: else
        fi }
    :: atomic { nempty(feed[FEED(ORDER_PAYMENT, i)]) ->
        receive(FEED(ORDER_PAYMENT, i));
        if
        :: is_new -> order_take(i)
        :: else
        fi }
    :: atomic { cancels > 0 && order_state[i] >= ORDER_PENDING && order_state[i] <= ORDER_COMPLETED ->
        cancels--;
        order_on_cancel(order_state[i]);
        conclude(i) }
#if DEADLINES
    :: atomic { order_state[i] == ORDER_PENDING || order_state[i] == ORDER_RESERVED ->
        order_on_deadline(order_state[i]);
        conclude(i) }
#endif
#ifndef MUTANT_NO_RESEND
    :: atomic { order_state[i] != ORDER_NONE && !settled[i] && is_quiet(i) -> resend(i) }
#endif
    od
}

/* --- stock ---------------------------------------------------------------------------------- */

#define is_held(i) (reservation[i] == RESERVATION_RESERVED)
#if ORDERS == 1
#define held is_held(0)
#else
#define held (is_held(0) + is_held(1))
#endif

/* A counter below zero would wrap, and be above what was received. */
inline check_stock()
{
    assert(available + reserved + sold == received);
    assert(available <= received && sold <= received && reserved == held)
}

/* Its stored answer. */
#define reservation_answer(state) \
    (state == RESERVATION_RESERVED -> EVENT_RESERVED : ( \
    state == RESERVATION_REJECTED -> EVENT_REJECTED : ( \
    state == RESERVATION_COMMITTED -> EVENT_COMMITTED : ( \
    state == RESERVATION_RELEASED -> EVENT_RELEASED : EVENT_RETURNED))))

inline reserve(i)
{
    if
    :: reservation[i] != RESERVATION_NONE -> reservation_on_reserve(reservation[i])
#ifdef MUTANT_BLIND_RESERVE
    :: reservation[i] == RESERVATION_NONE ->
#else
    :: reservation[i] == RESERVATION_NONE && available > 0 ->
#endif
        reservation_on_reserve(reservation[i]);
        available--;
        reserved++
    :: reservation[i] == RESERVATION_NONE && available == 0 ->
        reservation_on_reject(reservation[i])
    fi
}

inline commit_stock(i)
{
    reservation_on_commit(reservation[i]);
    if
    :: before == RESERVATION_RESERVED -> reserved--; sold++
    :: else
    fi
}

inline give_back(i)
{
    reservation_on_cancel(reservation[i]);
    if
    :: before == RESERVATION_RESERVED ->
#ifndef MUTANT_NO_COMPENSATION
        reserved--; available++
#else
        skip
#endif
    :: before == RESERVATION_COMMITTED -> available++; received++
    :: else
    fi
}

inline inventory_take(i)
{
    before = reservation[i];
    if
    :: kind == EVENT_CREATED -> reserve(i)
    :: kind == EVENT_COMPLETED -> commit_stock(i)
    :: kind == EVENT_ENDED -> give_back(i)
    fi;
    check_stock();
    if
    :: reservation[i] != before -> emit(BY_INVENTORY, i, reservation_answer(reservation[i]), is_resend)
    :: reservation[i] == before && is_resend ->
        emit(BY_INVENTORY, i, reservation_answer(reservation[i]), 1)
    :: else
    fi
}

proctype Inventory(byte i)
{
end:
    do
    :: atomic { nempty(feed[FEED(INVENTORY_ORDER, i)]) ->
        receive(FEED(INVENTORY_ORDER, i));
        if
        :: is_new -> inventory_take(i)
        :: else
        fi }
    od
}

/* --- payments ------------------------------------------------------------------------------- */

/* What a new state begins: a call, or an answer. */
inline payment_enter(i)
{
    if
    :: payment[i] == before
    :: payment[i] != before && payment_verb(payment[i]) == VERB_NONE ->
        call[i] = CALL_NONE;
        is_sent[i] = 0;
        if
        :: payment[i] != PAYMENT_REVERSED -> emit(BY_PAYMENT, i, payment_answer(payment[i]), 0)
        :: else
        fi
    :: payment[i] != before && payment_verb(payment[i]) != VERB_NONE &&
       payment_verb(payment[i]) != payment_verb(before) ->
        call[i] = CALL_WAITING;
        is_sent[i] = 0
    :: else
    fi
}

/* The order is over: a call that nobody took is withdrawn, one that was is asked about. */
inline payment_end(i)
{
    if
    :: call[i] == CALL_WAITING && !is_sent[i] && payment[i] == PAYMENT_AUTHORIZING ->
        payment_on_ended_unsent(payment[i]);
        payment_enter(i)
    :: call[i] == CALL_WAITING && !is_sent[i] && payment[i] == PAYMENT_CAPTURING ->
        payment_on_ended_unsent(payment[i]);
        payment_enter(i)
    :: else ->
        payment_on_ended(payment[i]);
        payment_enter(i);
        if
        :: payment[i] == PAYMENT_ABORTING && before == PAYMENT_AUTHORIZING &&
           call[i] == CALL_WAITING ->
            before = payment[i];
            payment_on_authorize_not_found(payment[i]);
            payment_enter(i)
        :: payment[i] == PAYMENT_RETURNING && before == PAYMENT_CAPTURING &&
           call[i] == CALL_WAITING ->
            before = payment[i];
            payment_on_capture_not_found(payment[i]);
            payment_enter(i)
        :: else
        fi
    fi
}

inline payment_take(i)
{
    before = payment[i];
    if
    :: kind == EVENT_RESERVED -> payment_on_reserved(payment[i]); payment_enter(i)
    :: kind == EVENT_RESERVED -> payment_on_reserved_late(payment[i]); payment_enter(i)
    :: kind == EVENT_COMPLETED -> payment_on_completed(payment[i]); payment_enter(i)
    :: kind == EVENT_ENDED -> payment_end(i)
    fi;
    if
    :: is_resend && payment[i] == before && payment_answer(payment[i]) != EVENT_NONE ->
        emit(BY_PAYMENT, i, payment_answer(payment[i]), 1)
    :: else
    fi
}

#define verb_of(answer) (answer / 4)
#define outcome_of(answer) (answer % 4)

inline payment_hear(i)
{
    before = payment[i];
    if
    :: reply[i] == 4 * VERB_AUTHORIZE + DONE -> payment_on_authorize_done(payment[i])
    :: reply[i] == 4 * VERB_AUTHORIZE + DECLINED -> payment_on_authorize_declined(payment[i])
    :: reply[i] == 4 * VERB_AUTHORIZE + NOT_FOUND -> payment_on_authorize_not_found(payment[i])
    :: reply[i] == 4 * VERB_CAPTURE + DONE -> payment_on_capture_done(payment[i])
    :: reply[i] == 4 * VERB_CAPTURE + DECLINED -> payment_on_capture_declined(payment[i])
    :: reply[i] == 4 * VERB_CAPTURE + NOT_FOUND -> payment_on_capture_not_found(payment[i])
    :: reply[i] == 4 * VERB_VOID + DONE -> payment_on_void_done(payment[i])
    :: reply[i] == 4 * VERB_VOID + NOT_FOUND -> payment_on_void_not_found(payment[i])
    :: reply[i] == 4 * VERB_REFUND + DONE -> payment_on_refund_done(payment[i])
    :: reply[i] == 4 * VERB_REFUND + NOT_FOUND -> payment_on_refund_not_found(payment[i])
    fi;
    if
    :: payment[i] != before -> payment_enter(i)
    :: payment[i] == before && call[i] == CALL_TAKEN && outcome_of(reply[i]) == NOT_FOUND ->
        call[i] = CALL_WAITING
    :: else
    fi;
    reply[i] = 0
}

proctype Payment(byte i)
{
end:
    do
    :: atomic { nempty(feed[FEED(PAYMENT_INVENTORY, i)]) ->
        receive(FEED(PAYMENT_INVENTORY, i));
        if
        :: is_new -> payment_take(i)
        :: else
        fi }
    :: atomic { nempty(feed[FEED(PAYMENT_ORDER, i)]) ->
        receive(FEED(PAYMENT_ORDER, i));
        if
        :: is_new -> payment_take(i)
        :: else
        fi }
    /* A lease, and the call that follows its commit unless a crash comes first. */
    :: atomic { call[i] == CALL_WAITING || call[i] == CALL_ASK ->
        if
        :: under_way[i] = payment_verb(payment[i]) + (call[i] == CALL_ASK -> 8 : 0)
        :: crashes > 0 -> crashes--
        fi;
        call[i] = CALL_TAKEN;
        is_sent[i] = 1 }
    :: atomic { reply[i] != 0 -> payment_hear(i) }
    /* The lease runs out. */
    :: atomic { call[i] == CALL_TAKEN && under_way[i] == 0 && reply[i] == 0 ->
#ifdef MUTANT_NEW_KEY
        call[i] = CALL_WAITING
#else
        call[i] = CALL_ASK
#endif
        }
    od
}

/* --- the provider --------------------------------------------------------------------------- */

inline authorize(i, is_query)
{
    if
    :: is_void[i] || is_refused[i] -> reply[i] = DECLINED
    :: is_authorized[i] && !is_void[i] -> reply[i] = DONE
    :: else ->
        if
        :: is_query -> reply[i] = NOT_FOUND
        :: !is_query -> is_authorized[i] = 1; reply[i] = DONE
        :: !is_query -> is_refused[i] = 1; reply[i] = DECLINED
        fi
    fi
}

inline capture(i, is_query)
{
    if
#ifdef MUTANT_NEW_KEY
    :: captures[i] > 0 && !is_query -> captures[i]++; reply[i] = DONE
    :: captures[i] > 0 && is_query -> reply[i] = DONE
#else
    :: captures[i] > 0 -> reply[i] = DONE
#endif
    :: captures[i] == 0 && is_query -> reply[i] = NOT_FOUND
    :: captures[i] == 0 && !is_query && (!is_authorized[i] || is_void[i]) -> reply[i] = DECLINED
    :: captures[i] == 0 && !is_query && is_authorized[i] && !is_void[i] ->
        captures[i]++;
        reply[i] = DONE
    fi
}

/* A key that is void before it was ever seen stays void. */
inline void_key(i, is_query)
{
    if
    :: is_void[i] -> reply[i] = DONE
    :: !is_void[i] && is_query -> reply[i] = NOT_FOUND
    :: !is_void[i] && !is_query -> is_void[i] = 1; reply[i] = DONE
    fi
}

inline refund(i, is_query)
{
    if
    :: refunds[i] > 0 -> reply[i] = DONE
    :: refunds[i] == 0 && is_query -> reply[i] = NOT_FOUND
    :: refunds[i] == 0 && !is_query -> refunds[i]++; reply[i] = DONE
    fi
}

proctype Provider(byte i)
{
end:
    do
    :: atomic { under_way[i] != 0 ->
        before = under_way[i] % 8;
        if
        :: before == VERB_AUTHORIZE -> authorize(i, (under_way[i] >= 8))
        :: before == VERB_CAPTURE -> capture(i, (under_way[i] >= 8))
        :: before == VERB_VOID -> void_key(i, (under_way[i] >= 8))
        :: before == VERB_REFUND -> refund(i, (under_way[i] >= 8))
        fi;
        assert(captures[i] <= 1 && refunds[i] <= captures[i]);
        assert(!(is_void[i] && captures[i] > 0));
        under_way[i] = 0;
        if
        :: reply[i] = 4 * before + reply[i]
        :: silences > 0 -> silences--; reply[i] = 0
        fi }
    /* The call never arrives. */
    :: atomic { under_way[i] != 0 && silences > 0 -> silences--; under_way[i] = 0 }
    od
}

/* --- relay ---------------------------------------------------------------------------------- */

/* To every consumer that subscribes to the kind. */
inline publish(i)
{
    if
    :: kind == EVENT_CREATED -> feed[FEED(INVENTORY_ORDER, i)] ! kind, position, is_resend
    :: kind == EVENT_COMPLETED || kind == EVENT_ENDED ->
        feed[FEED(INVENTORY_ORDER, i)] ! kind, position, is_resend;
        feed[FEED(PAYMENT_ORDER, i)] ! kind, position, is_resend;
        if
        :: kind == EVENT_COMPLETED -> feed[FEED(FOLLOWER_ORDER, i)] ! kind, position, is_resend
        :: else
        fi
    :: kind == EVENT_RESERVED ->
        feed[FEED(ORDER_INVENTORY, i)] ! kind, position, is_resend;
        feed[FEED(PAYMENT_INVENTORY, i)] ! kind, position, is_resend
    :: kind > EVENT_RESERVED && kind < EVENT_AUTHORIZED ->
        feed[FEED(ORDER_INVENTORY, i)] ! kind, position, is_resend
    :: kind >= EVENT_AUTHORIZED -> feed[FEED(ORDER_PAYMENT, i)] ! kind, position, is_resend
    fi
}

/* I5: what is visible was committed. */
inline check_committed(i)
{
    assert(order_state[i] != ORDER_NONE);
    assert(kind < EVENT_RESERVED || kind > EVENT_RETURNED || reservation[i] != RESERVATION_NONE);
    assert(kind < EVENT_AUTHORIZED || payment[i] != PAYMENT_NONE)
}

proctype Relay(byte service; byte i)
{
end:
    do
    :: atomic { nempty(outbox[AT(service, i)]) ->
        if
        /* It dies before its cursor is saved, and publishes again. */
        :: repeats > 0 -> repeats--; outbox[AT(service, i)] ? <kind, position, is_resend>;
            check_committed(i);
            publish(i)
        :: outbox[AT(service, i)] ? kind, position, is_resend;
            check_committed(i);
            if
            :: publish(i)
            :: losses > 0 -> losses--
            fi
        fi }
    od
}

proctype Follower(byte i)
{
end:
    do
    :: atomic { nempty(feed[FEED(FOLLOWER_ORDER, i)]) ->
        receive(FEED(FOLLOWER_ORDER, i));
        if
        :: is_new && !is_resend -> counted[i]++
        :: else
        fi;
        assert(counted[i] <= 1) }
    od
}

/* --- all ------------------------------------------------------------------------------------ */

#define is_settled(i) (settled[i] == 1)

/* Where nothing can move any more every order is settled, and stock and money agree. */
proctype Rest()
{
    byte i;
end:
    atomic { timeout ->
        do
        :: i < ORDERS ->
            assert(settled[i]);
            check_settled(i);
            i++
        :: else -> break
        od }
}

init {
    byte i;
    atomic {
        do
        :: i < ORDERS ->
            run Order(i);
            run Inventory(i);
            run Payment(i);
            run Provider(i);
            run Relay(BY_ORDER, i);
            run Relay(BY_INVENTORY, i);
            run Relay(BY_PAYMENT, i);
            run Follower(i);
            i++
        :: else -> break
        od;
        run Rest()
    }
}

#define placed (order_state[0] != ORDER_NONE)
#define at_rest (settled[0])

ltl ends { [] (placed -> <> at_rest) }
