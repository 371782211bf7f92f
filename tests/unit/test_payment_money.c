/* SPDX-License-Identifier: MIT */
/* Random orders over a random network: calls arrive late, twice or never, answers are lost,
 * repeated and contradict each other, callers crash. Whatever happens, the provider's own books
 * must be right in the end, and nothing is ever moved twice on the way. */
#include "payment_fixture.h"

#define WIRE_MAX 512
#define RUNS 1500
#define STEPS 80

/* What the provider really did, apart from what anybody believes. */
typedef struct {
    bool is_authorized;
    bool is_declined;
    bool is_voided; /* also before it was ever authorized */
    int64_t captured;
    int64_t refunded;
    int captures;
    int refunds;
} provider_books;

typedef struct {
    int32_t verb;
    bool is_query;
    int32_t outcome; /* 0 = a call on its way, else an answer on its way back */
} message;

typedef struct {
    payment_fixture payment;
    provider_books books;
    message wire[WIRE_MAX];
    int wire_count;
    uint64_t random;
    int32_t outcome;    /* of the order: an AURORA_EVENT_ORDER_..., 0 = none */
    int32_t newest;     /* the payment event that the order heard last */
    int32_t backlog[4]; /* order events on their way, in order */
    int backlog_count;
    bool is_reserved; /* inventory.reserved was delivered */
    bool is_reliable; /* faults have stopped */
} world;

static world w;

static bool chance(uint32_t percent)
{
    return aurora_test_random(&w.random) % 100 < percent;
}

/* --- the order -------------------------------------------------------------------------------- */

static void conclude(int32_t outcome)
{
    w.outcome = outcome;
    w.backlog[w.backlog_count++] = outcome;
}

static void hear(void)
{
    for (uint32_t i = 0; i < w.payment.core->step.event_count; i++) {
        const aurora__event *event = w.payment.core->step.events[i];
        w.newest = event->kind;
        ck_assert_int_eq(event->amount_minor, PAYMENT_TOTAL);
        if (w.outcome != 0)
            continue;
        if (event->kind == AURORA_EVENT_PAYMENT_AUTHORIZED)
            conclude(AURORA_EVENT_ORDER_COMPLETED);
        else if (event->kind == AURORA_EVENT_PAYMENT_DECLINED)
            conclude(AURORA_EVENT_ORDER_FAILED);
        else
            ck_assert_int_eq(event->kind, AURORA_EVENT_PAYMENT_PARKED);
    }
}

static void deliver_reserved(void)
{
    w.is_reserved = true;
    aurora_assert_ok(payment_deliver(&w.payment, AURORA_EVENT_INVENTORY_RESERVED));
    hear();
}

static void deliver_backlog(void)
{
    if (w.backlog_count == 0)
        return;
    int32_t kind = w.backlog[0];
    memmove(w.backlog, w.backlog + 1, sizeof w.backlog - sizeof w.backlog[0]);
    w.backlog_count--;
    aurora_assert_ok(payment_deliver(&w.payment, kind));
    hear();
}

static void resend(void)
{
    if (w.backlog_count > 0 || (w.outcome == 0 && !w.is_reserved))
        return;
    int32_t kind = w.outcome == 0 ? AURORA_EVENT_INVENTORY_RESERVED : w.outcome;
    aurora_assert_ok(payment_deliver_again(&w.payment, kind));
    hear();
}

static void change_mind(void)
{
    if (w.outcome == 0)
        conclude(chance(50) ? AURORA_EVENT_ORDER_FAILED : AURORA_EVENT_ORDER_CANCELLED);
    else if (w.outcome == AURORA_EVENT_ORDER_COMPLETED)
        conclude(AURORA_EVENT_ORDER_CANCELLED);
}

/* --- the provider ----------------------------------------------------------------------------- */

static int32_t authorize(bool is_query)
{
    provider_books *books = &w.books;
    if (books->is_voided || books->is_declined)
        return AURORA_OUTCOME_DECLINED;
    if (books->is_authorized)
        return AURORA_OUTCOME_DONE;
    if (is_query)
        return AURORA_OUTCOME_NOT_FOUND;
    if (chance(25))
        books->is_declined = true;
    else
        books->is_authorized = true;
    return books->is_declined ? AURORA_OUTCOME_DECLINED : AURORA_OUTCOME_DONE;
}

static int32_t capture(bool is_query)
{
    provider_books *books = &w.books;
    if (books->captured > 0)
        return AURORA_OUTCOME_DONE;
    if (is_query)
        return AURORA_OUTCOME_NOT_FOUND;
    if (!books->is_authorized || books->is_voided)
        return AURORA_OUTCOME_DECLINED;
    books->captured += PAYMENT_TOTAL;
    books->captures++;
    return AURORA_OUTCOME_DONE;
}

static int32_t void_key(bool is_query)
{
    provider_books *books = &w.books;
    if (books->captured > 0)
        return AURORA_OUTCOME_DECLINED;
    if (!books->is_voided && is_query)
        return AURORA_OUTCOME_NOT_FOUND;
    books->is_voided = true;
    return AURORA_OUTCOME_DONE;
}

static int32_t refund(bool is_query)
{
    provider_books *books = &w.books;
    if (books->refunded > 0)
        return AURORA_OUTCOME_DONE;
    if (is_query)
        return AURORA_OUTCOME_NOT_FOUND;
    if (books->captured == 0)
        return AURORA_OUTCOME_DECLINED;
    books->refunded += PAYMENT_TOTAL;
    books->refunds++;
    return AURORA_OUTCOME_DONE;
}

static int32_t execute(const message *call)
{
    switch (call->verb) {
    case AURORA_VERB_AUTHORIZE:
        return authorize(call->is_query);
    case AURORA_VERB_CAPTURE:
        return capture(call->is_query);
    case AURORA_VERB_VOID:
        return void_key(call->is_query);
    default:
        return refund(call->is_query);
    }
}

/* --- the wire --------------------------------------------------------------------------------- */

static void post(message sent)
{
    if (w.wire_count < WIRE_MAX)
        w.wire[w.wire_count++] = sent;
}

static void take(void)
{
    payment_take(&w.payment);
    hear();
    if (w.payment.is_taken && (w.is_reliable || chance(85)))
        post((message){w.payment.task.verb, w.payment.task.is_query, 0});
}

static void answer(int32_t verb, int32_t outcome)
{
    aurora_status rc = payment_finish(&w.payment, verb, outcome);
    aurora_assert_ok(rc);
    hear();
}

/* A call reaches the provider, or its answer reaches us. */
static void arrive(void)
{
    if (w.wire_count == 0)
        return;
    int at = (int)(aurora_test_random(&w.random) % (uint64_t)w.wire_count);
    message moved = w.wire[at];
    bool is_repeated = !w.is_reliable && chance(20);
    if (!is_repeated)
        w.wire[at] = w.wire[--w.wire_count];
    if (moved.outcome != 0) {
        answer(moved.verb, moved.outcome);
        return;
    }
    moved.outcome = execute(&moved);
    /* Of two instances of a provider one may refuse what the other has just done. */
    bool is_lie = !w.is_reliable && moved.verb == AURORA_VERB_AUTHORIZE && !moved.is_query &&
                  moved.outcome == AURORA_OUTCOME_DONE && chance(10);
    if (is_lie)
        post((message){moved.verb, false, AURORA_OUTCOME_DECLINED});
    if (is_lie || w.is_reliable || chance(75))
        post(moved);
}

/* The caller's patience ends before the answer comes. */
static void time_out(void)
{
    const aurora__payment_row *row =
        core_fixture_get_by_id(w.payment.core, AURORA__TABLE_payment, w.payment.order_id);
    if (row != NULL && row->call == AURORA__CALL_TAKEN)
        answer((int32_t)row->verb, chance(50) ? AURORA_OUTCOME_UNKNOWN : AURORA_OUTCOME_PENDING);
}

static bool is_parked(void)
{
    return payment_state(&w.payment) != 0 && payment_row(&w.payment)->parked_at != 0;
}

/* An operator looks into the provider's books, and tells what our payment cannot find out. */
static void repair(void)
{
    if (!is_parked())
        return;
    int32_t state = payment_state(&w.payment);
    bool is_void = state == AURORA__PAYMENT_VOIDING || state == AURORA__PAYMENT_REVERSING;
    bool is_captured = is_void && w.books.captured > 0;
    aurora_assert_ok(payment_repair(&w.payment,
                                    is_captured ? AURORA_REPAIR_MARK : AURORA_REPAIR_RETRY,
                                    is_captured ? AURORA_RESULT_CAPTURED : 0));
    hear();
}

static void check(void)
{
    ck_assert_int_le(w.books.captures, 1);
    ck_assert_int_le(w.books.refunds, 1);
    ck_assert(w.books.captured == 0 || w.books.captured == PAYMENT_TOTAL);
    ck_assert_int_le(w.books.refunded, w.books.captured);
    ck_assert(!(w.books.is_voided && w.books.captured > 0));
}

static void act(void)
{
    switch (aurora_test_random(&w.random) % 16) {
    case 0:
        if (!w.is_reserved)
            deliver_reserved();
        break;
    case 1:
    case 2:
        deliver_backlog();
        break;
    case 3:
        resend();
        break;
    case 4:
        if (chance(30))
            change_mind();
        break;
    case 5:
    case 6:
    case 7:
        take();
        break;
    case 8:
        time_out();
        break;
    case 9:
        if (chance(20))
            repair();
        break;
    case 10:
        w.payment.core->now_ms += (int64_t)(aurora_test_random(&w.random) % 40000);
        break;
    default:
        arrive();
        break;
    }
}

/* Faults stop: everything on its way arrives, and operators do their work. */
static bool is_at_rest(void)
{
    return w.wire_count == 0 && w.backlog_count == 0 && w.outcome != 0 && !is_parked() &&
           payment_row(&w.payment)->verb == 0;
}

static void come_to_rest(void)
{
    w.is_reliable = true;
    if (!w.is_reserved)
        deliver_reserved();
    for (int i = 0; i < 400; i++) {
        deliver_backlog();
        while (w.wire_count > 0)
            arrive();
        if (i > 3 && is_at_rest())
            break;
        if (i % 7 == 6)
            resend();
        repair();
        take();
        w.payment.core->now_ms += 20000;
        check();
    }
    ck_assert_msg(is_at_rest(), "does not come to rest: %s",
                  aurora_machine_state_name(&aurora__payment_machine, payment_state(&w.payment)));
    resend();
}

static void run(uint64_t seed)
{
    w = (world){.random = seed};
    payment_fixture_init(&w.payment, AURORA__PROVIDER_TASKS);
    w.payment.core->is_run_once = true; /* each decision is swept by the tests of its own */
    w.payment.saga.deadline_at = CORE_FIXTURE_NOW + 86400000;
    for (int i = 0; i < STEPS; i++) {
        act();
        check();
    }
    come_to_rest();
    check();
}

START_TEST(test_payment_money__books_are_right_after_any_order_of_faults)
{
    uint64_t seed = aurora_test_seed("payment_money", 20260101);
    int captured = 0, refunded = 0, voided = 0, uncharged = 0;

    for (uint64_t i = 0; i < RUNS; i++) {
        run(seed + i);

        const char *where =
            aurora_machine_state_name(&aurora__payment_machine, payment_state(&w.payment));
        bool has_hold = w.books.is_authorized && !w.books.is_voided && w.books.captured == 0;
        if (w.outcome == AURORA_EVENT_ORDER_COMPLETED) {
            ck_assert_msg(w.books.captured == PAYMENT_TOTAL && w.books.refunded == 0,
                          "seed %llu: %s", (unsigned long long)(seed + i), where);
            ck_assert_int_eq(w.newest, AURORA_EVENT_PAYMENT_CAPTURED);
        } else {
            ck_assert_msg(w.books.refunded == w.books.captured && !has_hold, "seed %llu: %s",
                          (unsigned long long)(seed + i), where);
            ck_assert(w.newest == AURORA_EVENT_PAYMENT_VOIDED ||
                      w.newest == AURORA_EVENT_PAYMENT_REFUNDED);
        }
        captured += w.books.captured > w.books.refunded;
        refunded += w.books.refunded > 0;
        voided += w.books.is_voided;
        uncharged += !w.books.is_authorized;
        payment_fixture_deinit(&w.payment);
    }

    /* The paths that matter were all walked. */
    ck_assert_int_gt(captured, RUNS / 20);
    ck_assert_int_gt(refunded, RUNS / 20);
    ck_assert_int_gt(voided, RUNS / 20);
    ck_assert_int_gt(uncharged, RUNS / 20);
}
END_TEST

static Suite *payment_money_suite(void)
{
    Suite *suite = suite_create("payment_money");
    TCase *tcase = tcase_create("payment_money");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, test_payment_money__books_are_right_after_any_order_of_faults);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(payment_money_suite)
