/* SPDX-License-Identifier: MIT */
/* The inventory module as a participant of the saga: its events alone, in every order that topics
 * can bring them in. Stock of the cup is SKU number 1, of the pot 2. */
#include "core/inventory.h"
#include "core/stock.h"

#include <aurora/event.h>
#include <aurora/order.h>
#include <aurora/saga.h>

#include "saga_fixture.h"

static saga_fixture *fixture;

static void setup(void)
{
    fixture = saga_fixture_new(AURORA__MODULE_INVENTORY);
    saga_fixture_receive(fixture, "cup", 1, 10);
    saga_fixture_receive(fixture, "pot", 2, 5);
}

static void teardown(void)
{
    saga_fixture_free(fixture);
}

static aurora_status tell(int32_t kind)
{
    return saga_fixture_tell(fixture, AURORA__MODULE_INVENTORY, kind);
}

static aurora_status tell_again(int32_t kind)
{
    aurora__event event = saga_fixture_event(fixture, kind);
    event.is_resend = true;
    return saga_fixture_deliver(fixture, AURORA__MODULE_INVENTORY, &event);
}

static aurora_status create_with(const char *lines)
{
    aurora__event event = saga_fixture_event(fixture, AURORA_EVENT_ORDER_CREATED);
    event.lines = lines;
    return saga_fixture_deliver(fixture, AURORA__MODULE_INVENTORY, &event);
}

static aurora_status mark(int32_t result)
{
    aurora__event event = saga_fixture_event(fixture, AURORA_EVENT_ORDER_REPAIR);
    event.participant = AURORA_PARTICIPANT_INVENTORY;
    event.action = AURORA_REPAIR_MARK;
    event.result = result;
    return saga_fixture_deliver(fixture, AURORA__MODULE_INVENTORY, &event);
}

static void assert_answer(int32_t kind, bool is_resend)
{
    const aurora__event *event = saga_fixture_only(fixture);
    ck_assert_int_eq(event->kind, kind);
    ck_assert_int_eq(event->is_resend, is_resend);
    aurora_assert_id_eq(event->order_id, fixture->order_id);
    ck_assert_int_eq(event->order_version, 1);
    ck_assert_ptr_nonnull(event->saga);
    ck_assert_str_eq(event->saga->payment_method, "tok_approve");
}

static void assert_silent(void)
{
    ck_assert_uint_eq(fixture->step.event_count, 0);
}

static void assert_stock(int64_t available, int64_t reserved, int64_t sold)
{
    const aurora__stock_row *stock = saga_fixture_stock(fixture, 1);
    ck_assert_int_eq(stock->available, available);
    ck_assert_int_eq(stock->reserved, reserved);
    ck_assert_int_eq(stock->sold, sold);
}

static void assert_state(int64_t state, int64_t version)
{
    const aurora__reservation_row *row = saga_fixture_reservation(fixture);
    ck_assert_int_eq(row->state, state);
    ck_assert_int_eq(row->version, version);
    ck_assert_int_eq(row->held_at != 0, state == AURORA_RESERVATION_RESERVED);
}

/* --- the straight ways ------------------------------------------------------------------------ */

START_TEST(test_inventory__created_order_is_reserved)
{
    aurora_assert_ok(tell(AURORA_EVENT_ORDER_CREATED));

    assert_answer(AURORA_EVENT_INVENTORY_RESERVED, false);
    assert_state(AURORA_RESERVATION_RESERVED, 1);
    assert_stock(8, 2, 0);
}
END_TEST

START_TEST(test_inventory__completed_order_is_committed)
{
    aurora_assert_ok(tell(AURORA_EVENT_ORDER_CREATED));

    aurora_assert_ok(tell(AURORA_EVENT_ORDER_COMPLETED));

    assert_answer(AURORA_EVENT_INVENTORY_COMMITTED, false);
    assert_state(AURORA_RESERVATION_COMMITTED, 2);
    assert_stock(8, 0, 2);
}
END_TEST

START_TEST(test_inventory__failed_order_is_released)
{
    aurora_assert_ok(tell(AURORA_EVENT_ORDER_CREATED));

    aurora_assert_ok(tell(AURORA_EVENT_ORDER_FAILED));

    assert_answer(AURORA_EVENT_INVENTORY_RELEASED, false);
    assert_state(AURORA_RESERVATION_RELEASED, 2);
    assert_stock(10, 0, 0);
}
END_TEST

START_TEST(test_inventory__cancelled_order_that_was_committed_is_returned_as_a_receipt)
{
    aurora_assert_ok(create_with("[[\"cup\",2,250],[\"pot\",1,900]]"));
    aurora_assert_ok(tell(AURORA_EVENT_ORDER_COMPLETED));

    aurora_assert_ok(tell(AURORA_EVENT_ORDER_CANCELLED));

    assert_answer(AURORA_EVENT_INVENTORY_RETURNED, false);
    assert_state(AURORA_RESERVATION_RETURNED, 3);
    assert_stock(10, 0, 2);
    ck_assert_int_eq(saga_fixture_stock(fixture, 1)->received, 12);
    ck_assert_int_eq(saga_fixture_stock(fixture, 2)->received, 6);
    ck_assert_int_eq(saga_fixture_stock(fixture, 2)->sold, 1);
}
END_TEST

START_TEST(test_inventory__return_leaves_a_movement_per_sku)
{
    uint32_t movements = 0;
    aurora_assert_ok(create_with("[[\"cup\",2,250],[\"pot\",1,900],[\"cup\",3,250]]"));
    aurora_assert_ok(tell(AURORA_EVENT_ORDER_COMPLETED));

    aurora_assert_ok(tell(AURORA_EVENT_ORDER_CANCELLED));

    for (uint32_t i = 0; i < fixture->rows.touched.count; i++) {
        const aurora__row *row = fixture->rows.touched.items[i];
        const aurora__movement_row *movement = row->data;
        if (row->table != AURORA__TABLE_movement)
            continue;
        movements++;
        ck_assert_int_eq(movement->kind, 3);
        ck_assert_int_eq(movement->quantity, movement->sku_id == 1 ? 5 : 1);
        ck_assert_str_eq(movement->reason, "return");
    }
    ck_assert_uint_eq(movements, 2);
}
END_TEST

/* --- out of stock ----------------------------------------------------------------------------- */

START_TEST(test_inventory__short_order_is_rejected_whole_and_says_what_lacks)
{
    aurora_assert_ok(create_with("[[\"cup\",1,250],[\"pot\",6,900],[\"pan\",1,1]]"));

    assert_answer(AURORA_EVENT_INVENTORY_REJECTED, false);
    ck_assert_int_eq(saga_fixture_only(fixture)->reason, AURORA_REASON_OUT_OF_STOCK);
    ck_assert_str_eq(saga_fixture_only(fixture)->short_lines, "[[\"pot\",6,5],[\"pan\",1,0]]");
    assert_state(AURORA_RESERVATION_REJECTED, 1);
    assert_stock(10, 0, 0);
}
END_TEST

START_TEST(test_inventory__lines_of_one_sku_are_added_up_before_the_check)
{
    aurora_assert_ok(create_with("[[\"cup\",6,250],[\"pot\",1,900],[\"cup\",5,200]]"));

    assert_answer(AURORA_EVENT_INVENTORY_REJECTED, false);
    ck_assert_str_eq(saga_fixture_only(fixture)->short_lines, "[[\"cup\",11,10]]");
    assert_stock(10, 0, 0);
}
END_TEST

START_TEST(test_inventory__last_piece_can_be_reserved)
{
    aurora_assert_ok(create_with("[[\"cup\",6,250],[\"cup\",4,200]]"));

    assert_answer(AURORA_EVENT_INVENTORY_RESERVED, false);
    ck_assert_str_eq(saga_fixture_reservation(fixture)->lines, "[[1,10]]");
    assert_stock(0, 10, 0);
}
END_TEST

START_TEST(test_inventory__order_of_a_thousand_lines_is_summed_and_reserved)
{
    aurora__json json;
    fixture->is_run_once = true; /* some 3,000 allocations */
    aurora__json_begin(&json, &fixture->arena, 64);
    aurora__json_char(&json, '[');
    for (int i = 0; i < 1000; i++) {
        char sku[8] = {'s', (char)('a' + i / 100), (char)('a' + i / 10 % 10), (char)('a' + i % 10)};
        saga_fixture_receive(fixture, aurora__arena_text(&fixture->arena, sku), 100 + i, i + 1);
        aurora__json_raw(&json, i == 0 ? "[" : ",[", i == 0 ? 1 : 2);
        aurora__json_text(&json, sku);
        aurora__json_char(&json, ',');
        aurora__json_integer(&json, i + 1);
        aurora__json_raw(&json, ",1]", 3);
    }
    aurora__json_char(&json, ']');

    aurora_assert_ok(create_with(aurora__json_end(&json)));

    assert_answer(AURORA_EVENT_INVENTORY_RESERVED, false);
    for (int i = 0; i < 1000; i++) {
        ck_assert_int_eq(saga_fixture_stock(fixture, 100 + i)->available, 0);
        ck_assert_int_eq(saga_fixture_stock(fixture, 100 + i)->reserved, i + 1);
    }
}
END_TEST

START_TEST(test_inventory__rejected_order_that_failed_is_released_with_nothing_to_give_back)
{
    aurora_assert_ok(create_with("[[\"cup\",11,250]]"));

    aurora_assert_ok(tell(AURORA_EVENT_ORDER_FAILED));

    assert_answer(AURORA_EVENT_INVENTORY_RELEASED, false);
    assert_state(AURORA_RESERVATION_RELEASED, 2);
    assert_stock(10, 0, 0);
}
END_TEST

START_TEST(test_inventory__sum_that_leaves_int64_is_refused)
{
    aurora_assert_status(create_with("[[\"cup\",9223372036854775807,1],[\"cup\",1,1]]"),
                         AURORA_EOVERFLOW);

    ck_assert_ptr_null(saga_fixture_reservation(fixture));
    assert_stock(10, 0, 0);
}
END_TEST

START_TEST(test_inventory__return_that_leaves_int64_changes_nothing)
{
    saga_fixture_put(
        fixture, AURORA__TABLE_stock,
        &(aurora__stock_row){
            .id = 1, .available = INT64_MAX - 1, .received = INT64_MAX - 1, .version = 1});
    aurora_assert_ok(create_with("[[\"pot\",1,1],[\"cup\",2,250]]"));
    aurora_assert_ok(tell(AURORA_EVENT_ORDER_COMPLETED));

    aurora_assert_status(tell(AURORA_EVENT_ORDER_CANCELLED), AURORA_EOVERFLOW);

    assert_state(AURORA_RESERVATION_COMMITTED, 2);
    ck_assert_int_eq(saga_fixture_stock(fixture, 2)->available, 4);
}
END_TEST

/* --- across topics ---------------------------------------------------------------------------- */

START_TEST(test_inventory__end_that_overtakes_created_leaves_a_tombstone)
{
    static const int32_t ends[] = {AURORA_EVENT_ORDER_FAILED, AURORA_EVENT_ORDER_CANCELLED};
    for (size_t i = 0; i < 2; i++) {
        aurora_assert_ok(tell(ends[i]));
        assert_answer(AURORA_EVENT_INVENTORY_RELEASED, false);
        assert_state(AURORA_RESERVATION_RELEASED, 1);

        aurora_assert_ok(tell(AURORA_EVENT_ORDER_CREATED));

        assert_silent();
        assert_state(AURORA_RESERVATION_RELEASED, 1);
        assert_stock(10, 0, 0);
        teardown();
        setup();
    }
}
END_TEST

START_TEST(test_inventory__tombstone_answers_a_created_that_is_sent_again)
{
    aurora_assert_ok(tell(AURORA_EVENT_ORDER_CANCELLED));

    aurora_assert_ok(tell_again(AURORA_EVENT_ORDER_CREATED));

    assert_answer(AURORA_EVENT_INVENTORY_RELEASED, true);
    assert_stock(10, 0, 0);
}
END_TEST

START_TEST(test_inventory__completed_of_an_unknown_reservation_is_an_orphan)
{
    aurora_assert_status(tell(AURORA_EVENT_ORDER_COMPLETED), AURORA__EORPHAN);

    ck_assert_ptr_null(saga_fixture_reservation(fixture));
}
END_TEST

START_TEST(test_inventory__completed_after_rejected_or_released_is_illegal)
{
    aurora_assert_ok(create_with("[[\"cup\",11,250]]"));
    aurora_assert_status(tell(AURORA_EVENT_ORDER_COMPLETED), AURORA__EILLEGAL);
    assert_state(AURORA_RESERVATION_REJECTED, 1);

    aurora_assert_ok(tell(AURORA_EVENT_ORDER_FAILED));
    aurora_assert_status(tell(AURORA_EVENT_ORDER_COMPLETED), AURORA__EILLEGAL);

    assert_state(AURORA_RESERVATION_RELEASED, 2);
}
END_TEST

START_TEST(test_inventory__late_completed_after_a_return_is_a_no_op)
{
    aurora_assert_ok(tell(AURORA_EVENT_ORDER_CREATED));
    aurora_assert_ok(tell(AURORA_EVENT_ORDER_COMPLETED));
    aurora_assert_ok(tell(AURORA_EVENT_ORDER_CANCELLED));

    aurora_assert_ok(tell(AURORA_EVENT_ORDER_COMPLETED));

    assert_silent();
    assert_state(AURORA_RESERVATION_RETURNED, 3);
    assert_stock(10, 0, 2);
}
END_TEST

/* --- late ------------------------------------------------------------------------------------- */

START_TEST(test_inventory__reserve_decided_after_deadline_and_grace_is_rejected_as_late)
{
    fixture->now_ms = SAGA_FIXTURE_NOW + 300000 + 60000 + 1;

    aurora_assert_ok(tell(AURORA_EVENT_ORDER_CREATED));

    assert_answer(AURORA_EVENT_INVENTORY_REJECTED, false);
    ck_assert_int_eq(saga_fixture_only(fixture)->reason, AURORA_REASON_LATE);
    ck_assert_ptr_null(saga_fixture_only(fixture)->short_lines);
    assert_stock(10, 0, 0);
}
END_TEST

START_TEST(test_inventory__reserve_decided_within_the_grace_is_taken)
{
    fixture->now_ms = SAGA_FIXTURE_NOW + 300000 + 60000;

    aurora_assert_ok(tell(AURORA_EVENT_ORDER_CREATED));

    assert_answer(AURORA_EVENT_INVENTORY_RESERVED, false);
}
END_TEST

START_TEST(test_inventory__commit_and_release_are_never_too_late)
{
    aurora_assert_ok(tell(AURORA_EVENT_ORDER_CREATED));
    fixture->now_ms = SAGA_FIXTURE_NOW + 86400000;

    aurora_assert_ok(tell(AURORA_EVENT_ORDER_COMPLETED));
    aurora_assert_ok(tell(AURORA_EVENT_ORDER_CANCELLED));

    assert_state(AURORA_RESERVATION_RETURNED, 3);
}
END_TEST

/* --- duplicates and resends ------------------------------------------------------------------- */

typedef struct {
    int32_t events[4];
    int32_t count;
    int32_t answer; /* the stored one */
} way;

/* The ways to each state, and what a repeat of any of their events is answered. */
static const way ways[] = {
    {{AURORA_EVENT_ORDER_CREATED}, 1, AURORA_EVENT_INVENTORY_RESERVED},
    {{AURORA_EVENT_ORDER_CREATED, AURORA_EVENT_ORDER_COMPLETED},
     2,
     AURORA_EVENT_INVENTORY_COMMITTED},
    {{AURORA_EVENT_ORDER_CREATED, AURORA_EVENT_ORDER_FAILED}, 2, AURORA_EVENT_INVENTORY_RELEASED},
    {{AURORA_EVENT_ORDER_CREATED, AURORA_EVENT_ORDER_CANCELLED},
     2,
     AURORA_EVENT_INVENTORY_RELEASED},
    {{AURORA_EVENT_ORDER_FAILED}, 1, AURORA_EVENT_INVENTORY_RELEASED},
    {{AURORA_EVENT_ORDER_CREATED, AURORA_EVENT_ORDER_COMPLETED, AURORA_EVENT_ORDER_CANCELLED},
     3,
     AURORA_EVENT_INVENTORY_RETURNED},
};

static void go(const way *along)
{
    for (int32_t i = 0; i < along->count; i++)
        aurora_assert_ok(tell(along->events[i]));
}

START_TEST(test_inventory__duplicates_are_silent_in_every_state)
{
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        go(&ways[i]);
        aurora__reservation_row before = *saga_fixture_reservation(fixture);
        aurora__stock_row stock = *saga_fixture_stock(fixture, 1);
        for (int32_t j = 0; j < ways[i].count; j++) {
            aurora_assert_ok(tell(ways[i].events[j]));
            assert_silent();
        }
        ck_assert_mem_eq(saga_fixture_reservation(fixture), &before, sizeof before);
        ck_assert_mem_eq(saga_fixture_stock(fixture, 1), &stock, sizeof stock);
        teardown();
        setup();
    }
}
END_TEST

START_TEST(test_inventory__resends_repeat_the_stored_answer_in_every_state)
{
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        go(&ways[i]);
        aurora__reservation_row before = *saga_fixture_reservation(fixture);
        for (int32_t j = 0; j < ways[i].count; j++) {
            aurora_assert_ok(tell_again(ways[i].events[j]));
            assert_answer(ways[i].answer, true);
        }
        ck_assert_mem_eq(saga_fixture_reservation(fixture), &before, sizeof before);
        teardown();
        setup();
    }
}
END_TEST

START_TEST(test_inventory__resend_of_a_rejection_repeats_its_short_lines)
{
    aurora_assert_ok(create_with("[[\"cup\",11,250]]"));

    aurora_assert_ok(tell_again(AURORA_EVENT_ORDER_CREATED));

    assert_answer(AURORA_EVENT_INVENTORY_REJECTED, true);
    ck_assert_int_eq(saga_fixture_only(fixture)->reason, AURORA_REASON_OUT_OF_STOCK);
    ck_assert_str_eq(saga_fixture_only(fixture)->short_lines, "[[\"cup\",11,10]]");
}
END_TEST

START_TEST(test_inventory__resend_that_is_the_first_to_arrive_is_decided_and_runs_down_the_chain)
{
    aurora_assert_ok(tell_again(AURORA_EVENT_ORDER_CREATED));

    assert_answer(AURORA_EVENT_INVENTORY_RESERVED, true);
    assert_stock(8, 2, 0);
}
END_TEST

/* --- operators and damage --------------------------------------------------------------------- */

START_TEST(test_inventory__mark_moves_the_counters_where_it_can)
{
    aurora_assert_ok(tell(AURORA_EVENT_ORDER_CREATED));

    aurora_assert_ok(mark(AURORA_RESULT_COMMITTED));
    assert_answer(AURORA_EVENT_INVENTORY_COMMITTED, false);
    assert_stock(8, 0, 2);
    aurora_assert_ok(mark(AURORA_RESULT_RETURNED));

    assert_answer(AURORA_EVENT_INVENTORY_RETURNED, false);
    assert_stock(10, 0, 2);
    assert_state(AURORA_RESERVATION_RETURNED, 3);
}
END_TEST

START_TEST(test_inventory__mark_released_gives_back)
{
    aurora_assert_ok(tell(AURORA_EVENT_ORDER_CREATED));

    aurora_assert_ok(mark(AURORA_RESULT_RELEASED));

    assert_answer(AURORA_EVENT_INVENTORY_RELEASED, false);
    assert_stock(10, 0, 0);
}
END_TEST

START_TEST(test_inventory__mark_rejected_of_a_held_reservation_leaves_no_stock_behind)
{
    aurora_assert_ok(tell(AURORA_EVENT_ORDER_CREATED));

    aurora_assert_ok(mark(AURORA_RESULT_REJECTED));

    assert_answer(AURORA_EVENT_INVENTORY_REJECTED, false);
    assert_state(AURORA_RESERVATION_REJECTED, 2);
    assert_stock(10, 0, 0);
}
END_TEST

START_TEST(test_inventory__mark_where_counters_cannot_follow_only_answers)
{
    aurora_assert_ok(tell(AURORA_EVENT_ORDER_CREATED));
    saga_fixture_put(fixture, AURORA__TABLE_stock,
                     &(aurora__stock_row){.id = 1, .available = 10, .received = 10, .version = 9});

    aurora_assert_ok(mark(AURORA_RESULT_COMMITTED));

    assert_answer(AURORA_EVENT_INVENTORY_COMMITTED, false);
    assert_state(AURORA_RESERVATION_COMMITTED, 2);
    assert_stock(10, 0, 0);
}
END_TEST

START_TEST(test_inventory__mark_that_counters_did_not_follow_gives_nothing_back_later)
{
    static const int32_t results[] = {AURORA_RESULT_RESERVED, AURORA_RESULT_COMMITTED};
    for (size_t i = 0; i < 2; i++) {
        aurora_assert_ok(tell(AURORA_EVENT_ORDER_CREATED));
        aurora_assert_ok(tell(AURORA_EVENT_ORDER_FAILED));
        aurora_assert_ok(mark(results[i]));

        aurora_assert_ok(tell(AURORA_EVENT_ORDER_CANCELLED));

        assert_stock(10, 0, 0);
        ck_assert_int_eq(saga_fixture_stock(fixture, 1)->received, 10);
        teardown();
        setup();
    }
}
END_TEST

START_TEST(test_inventory__mark_of_an_unknown_reservation_makes_one_without_lines)
{
    aurora_assert_ok(mark(AURORA_RESULT_COMMITTED));

    assert_answer(AURORA_EVENT_INVENTORY_COMMITTED, false);
    assert_state(AURORA_RESERVATION_COMMITTED, 1);
    aurora_assert_ok(tell(AURORA_EVENT_ORDER_CANCELLED));
    assert_answer(AURORA_EVENT_INVENTORY_RETURNED, false);
    assert_stock(10, 0, 0);
}
END_TEST

START_TEST(test_inventory__repairs_that_are_not_its_own_marks_are_ignored)
{
    aurora__event event = saga_fixture_event(fixture, AURORA_EVENT_ORDER_REPAIR);
    event.participant = AURORA_PARTICIPANT_PAYMENT;
    event.action = AURORA_REPAIR_MARK;
    event.result = AURORA_RESULT_CAPTURED;

    aurora_assert_ok(saga_fixture_deliver(fixture, AURORA__MODULE_INVENTORY, &event));
    assert_silent();
    event.participant = AURORA_PARTICIPANT_INVENTORY;
    aurora_assert_status(saga_fixture_deliver(fixture, AURORA__MODULE_INVENTORY, &event),
                         AURORA_EINVAL);

    ck_assert_ptr_null(saga_fixture_reservation(fixture));
}
END_TEST

START_TEST(test_inventory__damaged_lines_of_an_order_are_refused)
{
    static const char *const texts[] = {"",
                                        "[",
                                        "[[\"cup\",2]]",
                                        "[[\"cup\",0,1]]",
                                        "[[\"cup\",-2,1]]",
                                        "[[null,2,1]]",
                                        "[[\"cup\",\"2\",1]]",
                                        "[[\"cup\",2,1]",
                                        "[\"cup\",2,1]"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        aurora_assert_status(create_with(texts[i]), AURORA_ECORRUPT);
        ck_assert_ptr_null(saga_fixture_reservation(fixture));
    }
    aurora_assert_status(create_with(NULL), AURORA_ECORRUPT);
    assert_stock(10, 0, 0);
}
END_TEST

START_TEST(test_inventory__damaged_stock_refuses_its_order)
{
    saga_fixture_put(fixture, AURORA__TABLE_stock,
                     &(aurora__stock_row){.id = 1, .available = 11, .received = 10, .version = 1});

    aurora_assert_status(tell(AURORA_EVENT_ORDER_CREATED), AURORA_ECORRUPT);

    ck_assert_ptr_null(saga_fixture_reservation(fixture));
}
END_TEST

/* The row as a store would give it whose column lost its value. */
static void damage_reservation(void)
{
    aurora_value values[64];
    aurora__reservation_row lost = {.order_id = fixture->order_id, .state = 1};
    aurora__key key = aurora__key_uuid(AURORA__TABLE_reservation, &fixture->order_id);
    aurora_assert_ok(aurora__rows_want(&fixture->rows, &key));
    ck_assert_uint_eq(fixture->rows.wanted.count, 1);
    aurora__table_pack(&aurora__tables[AURORA__TABLE_reservation], &lost, values);
    values[1].kind = 0;
    fixture->rows.wanted.count = 0;
    aurora__rows_loaded(&fixture->rows, fixture->rows.wanted.items[0], values);
}

START_TEST(test_inventory__mark_of_a_damaged_reservation_only_answers)
{
    damage_reservation();

    aurora_assert_ok(mark(AURORA_RESULT_RELEASED));

    ck_assert_int_eq(saga_fixture_only(fixture)->kind, AURORA_EVENT_INVENTORY_RELEASED);
    assert_stock(10, 0, 0);
}
END_TEST

START_TEST(test_inventory__reservation_in_no_state_cannot_be_ended)
{
    saga_fixture_put(fixture, AURORA__TABLE_reservation,
                     &(aurora__reservation_row){
                         .order_id = fixture->order_id, .state = 99, .version = 1, .lines = "[]"});

    aurora_assert_status(tell(AURORA_EVENT_ORDER_FAILED), AURORA__EILLEGAL);

    assert_silent();
}
END_TEST

static aurora_status decide_other(aurora__step *step, void *context)
{
    return aurora__inventory_on_event(step, context);
}

START_TEST(test_inventory__what_is_not_for_it_is_passed_over)
{
    aurora__event event = saga_fixture_event(fixture, AURORA_EVENT_PRODUCT_VIEWED);

    aurora_assert_ok(saga_fixture_run(fixture, decide_other, &event));

    assert_silent();
    ck_assert_ptr_null(saga_fixture_reservation(fixture));
}
END_TEST

/* --- I1 under random events ------------------------------------------------------------------- */

/* What the counters of the cup must be, recomputed from the reservations of orders 0..count - 1. */
static void assert_counters_equal_the_reservations(uint8_t count)
{
    int64_t reserved = 0;
    int64_t sold = 0;
    int64_t returned = 0;
    for (uint8_t i = 0; i < count; i++) {
        fixture->order_id.bytes[14] = i;
        const aurora__reservation_row *row = saga_fixture_reservation(fixture);
        if (row == NULL)
            continue;
        reserved += row->state == AURORA_RESERVATION_RESERVED ? 2 : 0;
        sold += row->state == AURORA_RESERVATION_COMMITTED ? 2 : 0;
        returned += row->state == AURORA_RESERVATION_RETURNED ? 2 : 0;
    }
    const aurora__stock_row *stock = saga_fixture_stock(fixture, 1);
    assert_stock(10 - reserved - sold, reserved, sold + returned);
    ck_assert_int_eq(stock->received, 10 + returned);
}

START_TEST(test_inventory__counters_equal_the_reservations_after_any_events)
{
    enum { ORDERS = 12, ROUNDS = 20, TURNS = 150 };
    static const int32_t kinds[] = {AURORA_EVENT_ORDER_CREATED, AURORA_EVENT_ORDER_CREATED,
                                    AURORA_EVENT_ORDER_COMPLETED, AURORA_EVENT_ORDER_FAILED,
                                    AURORA_EVENT_ORDER_CANCELLED};
    uint64_t seed = aurora_test_seed("inventory events", 30303);
    fixture->is_run_once = true; /* each kind of event is swept above */
    for (int i = 0; i < ROUNDS * TURNS; i++) {
        uint64_t word = aurora_test_random(&seed);
        fixture->order_id.bytes[14] = (uint8_t)(word % ORDERS);
        aurora__event event = saga_fixture_event(fixture, kinds[(word >> 8) % 5]);
        event.is_resend = (word >> 16) % 4 == 0;

        aurora_status rc = saga_fixture_deliver(fixture, AURORA__MODULE_INVENTORY, &event);

        ck_assert(rc == AURORA_OK || rc == AURORA__EILLEGAL || rc == AURORA__EORPHAN);
        assert_counters_equal_the_reservations(ORDERS);
        if (i % TURNS == TURNS - 1) {
            teardown();
            setup();
            fixture->is_run_once = true;
        }
    }
}
END_TEST

/* --- keys ------------------------------------------------------------------------------------- */

/* Asks for the keys of a new order until nothing is wanted; then the stock must be there. */
static aurora_status ask_then_read(aurora__step *step, void *context)
{
    aurora__event event = {.kind = AURORA_EVENT_ORDER_CREATED, .lines = context};
    aurora_status rc = aurora__inventory_event_keys(step, &event);
    if (rc != AURORA_OK || step->rows->wanted.count > 0)
        return rc == AURORA_OK ? AURORA__NEED_KEYS : rc;
    const void *stock;
    aurora__key key = aurora__key_number(AURORA__TABLE_stock, 1);
    rc = aurora__rows_read(step->rows, &key, &stock);
    return rc == AURORA__NEED_KEYS ? AURORA_EINVAL : rc;
}

START_TEST(test_inventory__a_new_order_names_its_stock_before_it_is_decided)
{
    char lines[] = "[[\"cup\",1,100],[\"none\",1,100]]";

    ck_assert_int_eq(saga_fixture_run(fixture, ask_then_read, lines), AURORA_OK);
}
END_TEST

static Suite *inventory_suite(void)
{
    Suite *suite = suite_create("inventory");
    TCase *tcase = tcase_create("inventory");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, test_inventory__created_order_is_reserved);
    tcase_add_test(tcase, test_inventory__completed_order_is_committed);
    tcase_add_test(tcase, test_inventory__failed_order_is_released);
    tcase_add_test(tcase,
                   test_inventory__cancelled_order_that_was_committed_is_returned_as_a_receipt);
    tcase_add_test(tcase, test_inventory__return_leaves_a_movement_per_sku);
    tcase_add_test(tcase, test_inventory__short_order_is_rejected_whole_and_says_what_lacks);
    tcase_add_test(tcase, test_inventory__lines_of_one_sku_are_added_up_before_the_check);
    tcase_add_test(tcase, test_inventory__last_piece_can_be_reserved);
    tcase_add_test(tcase, test_inventory__order_of_a_thousand_lines_is_summed_and_reserved);
    tcase_add_test(
        tcase, test_inventory__rejected_order_that_failed_is_released_with_nothing_to_give_back);
    tcase_add_test(tcase, test_inventory__sum_that_leaves_int64_is_refused);
    tcase_add_test(tcase, test_inventory__return_that_leaves_int64_changes_nothing);
    tcase_add_test(tcase, test_inventory__end_that_overtakes_created_leaves_a_tombstone);
    tcase_add_test(tcase, test_inventory__tombstone_answers_a_created_that_is_sent_again);
    tcase_add_test(tcase, test_inventory__completed_of_an_unknown_reservation_is_an_orphan);
    tcase_add_test(tcase, test_inventory__completed_after_rejected_or_released_is_illegal);
    tcase_add_test(tcase, test_inventory__late_completed_after_a_return_is_a_no_op);
    tcase_add_test(tcase,
                   test_inventory__reserve_decided_after_deadline_and_grace_is_rejected_as_late);
    tcase_add_test(tcase, test_inventory__reserve_decided_within_the_grace_is_taken);
    tcase_add_test(tcase, test_inventory__commit_and_release_are_never_too_late);
    tcase_add_test(tcase, test_inventory__duplicates_are_silent_in_every_state);
    tcase_add_test(tcase, test_inventory__resends_repeat_the_stored_answer_in_every_state);
    tcase_add_test(tcase, test_inventory__resend_of_a_rejection_repeats_its_short_lines);
    tcase_add_test(
        tcase,
        test_inventory__resend_that_is_the_first_to_arrive_is_decided_and_runs_down_the_chain);
    tcase_add_test(tcase, test_inventory__mark_moves_the_counters_where_it_can);
    tcase_add_test(tcase, test_inventory__mark_released_gives_back);
    tcase_add_test(tcase,
                   test_inventory__mark_rejected_of_a_held_reservation_leaves_no_stock_behind);
    tcase_add_test(tcase, test_inventory__mark_where_counters_cannot_follow_only_answers);
    tcase_add_test(tcase,
                   test_inventory__mark_that_counters_did_not_follow_gives_nothing_back_later);
    tcase_add_test(tcase, test_inventory__mark_of_an_unknown_reservation_makes_one_without_lines);
    tcase_add_test(tcase, test_inventory__repairs_that_are_not_its_own_marks_are_ignored);
    tcase_add_test(tcase, test_inventory__damaged_lines_of_an_order_are_refused);
    tcase_add_test(tcase, test_inventory__damaged_stock_refuses_its_order);
    tcase_add_test(tcase, test_inventory__counters_equal_the_reservations_after_any_events);
    TCase *keys = tcase_create("keys");
    tcase_add_checked_fixture(keys, setup, teardown);
    tcase_add_test(keys, test_inventory__mark_of_a_damaged_reservation_only_answers);
    tcase_add_test(keys, test_inventory__reservation_in_no_state_cannot_be_ended);
    tcase_add_test(keys, test_inventory__what_is_not_for_it_is_passed_over);
    tcase_add_test(keys, test_inventory__a_new_order_names_its_stock_before_it_is_decided);
    suite_add_tcase(suite, keys);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(inventory_suite)
