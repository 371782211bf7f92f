/* SPDX-License-Identifier: MIT */
/* Modules that decide on each other's events in one step: whole sagas, and participants that cannot
 * take an event. Stock of the cup is SKU number 1. */
#include "core/order.h"

#include <aurora/event.h>
#include <aurora/order.h>
#include <aurora/saga.h>
#include <aurora/stock.h>

#include "saga_fixture.h"

#define SAGA_MODULES (AURORA__MODULE_ORDER | AURORA__MODULE_INVENTORY | AURORA__MODULE_PAYMENT)

static saga_fixture *fixture;

static void setup(void)
{
    fixture = saga_fixture_new(SAGA_MODULES);
    saga_fixture_receive(fixture, SAGA_FIXTURE_SKU, 1, 10);
}

static void teardown(void)
{
    saga_fixture_free(fixture);
}

static void again(void)
{
    teardown();
    setup();
}

static void assert_events(const int32_t *kinds, uint32_t count)
{
    for (uint32_t i = 0; i < count && i < fixture->step.event_count; i++)
        ck_assert_msg(fixture->step.events[i]->kind == kinds[i], "event %u is of kind %d, not %d",
                      i, fixture->step.events[i]->kind, kinds[i]);
    ck_assert_uint_eq(fixture->step.event_count, count);
}

static void assert_stock(int64_t available, int64_t reserved, int64_t sold)
{
    const aurora__stock_row *stock = saga_fixture_stock(fixture, 1);
    ck_assert_int_eq(stock->available, available);
    ck_assert_int_eq(stock->reserved, reserved);
    ck_assert_int_eq(stock->sold, sold);
}

static void assert_order(int32_t status, bool is_settled, int64_t version)
{
    const aurora__order_row *order = saga_fixture_order(fixture);
    ck_assert_int_eq(order->status, status);
    ck_assert_int_eq(order->settled_at != 0, is_settled);
    ck_assert_int_eq(order->version, version);
    if (is_settled)
        ck_assert_int_eq(order->due_at, 0);
}

static void put_stock(int64_t available, int64_t received)
{
    saga_fixture_put(
        fixture, AURORA__TABLE_stock,
        &(aurora__stock_row){.id = 1, .available = available, .received = received, .version = 50});
}

static aurora_status decide_repair(aurora__step *step, void *context)
{
    return aurora__order_repair(step, context);
}

static aurora_status decide_outside(aurora__step *step, void *context)
{
    aurora__event *const *events = context;
    for (int i = 0; i < 2; i++) {
        aurora_status rc = aurora__cascade_deliver(step, events[i], AURORA__MODULE_INVENTORY);
        if (rc != AURORA_OK)
            return rc;
    }
    return AURORA_OK;
}

/* --- whole sagas ------------------------------------------------------------------------------ */

START_TEST(test_saga__approved_order_completes_and_settles_in_one_step)
{
    static const int32_t kinds[] = {
        AURORA_EVENT_ORDER_CREATED,       AURORA_EVENT_INVENTORY_RESERVED,
        AURORA_EVENT_PAYMENT_AUTHORIZED,  AURORA_EVENT_ORDER_COMPLETED,
        AURORA_EVENT_INVENTORY_COMMITTED, AURORA_EVENT_PAYMENT_CAPTURED};

    aurora_assert_ok(saga_fixture_place(fixture, 2));

    assert_events(kinds, 6);
    assert_order(AURORA_ORDER_COMPLETED, true, 4);
    assert_stock(8, 0, 2);
    ck_assert_int_eq(saga_fixture_reservation(fixture)->state, AURORA_RESERVATION_COMMITTED);
}
END_TEST

START_TEST(test_saga__order_that_is_short_of_stock_fails_and_settles_in_one_step)
{
    static const int32_t kinds[] = {AURORA_EVENT_ORDER_CREATED, AURORA_EVENT_INVENTORY_REJECTED,
                                    AURORA_EVENT_ORDER_FAILED, AURORA_EVENT_INVENTORY_RELEASED,
                                    AURORA_EVENT_PAYMENT_VOIDED};

    aurora_assert_ok(saga_fixture_place(fixture, 11));

    assert_events(kinds, 5);
    assert_order(AURORA_ORDER_FAILED, true, 3);
    ck_assert_int_eq(saga_fixture_order(fixture)->reason, AURORA_REASON_OUT_OF_STOCK);
    assert_stock(10, 0, 0);
}
END_TEST

START_TEST(test_saga__declined_payment_releases_stock)
{
    fixture->payment_method = "tok_decline_stolen";

    aurora_assert_ok(saga_fixture_place(fixture, 2));

    assert_order(AURORA_ORDER_FAILED, true, 4);
    ck_assert_int_eq(saga_fixture_order(fixture)->reason, AURORA_REASON_PAYMENT_DECLINED);
    ck_assert_str_eq(saga_fixture_order(fixture)->decline_code, "stolen");
    assert_stock(10, 0, 0);
}
END_TEST

START_TEST(test_saga__cancelled_completed_order_is_returned_and_refunded)
{
    static const int32_t kinds[] = {AURORA_EVENT_ORDER_CANCELLED, AURORA_EVENT_INVENTORY_RETURNED,
                                    AURORA_EVENT_PAYMENT_REFUNDED};
    aurora_assert_ok(saga_fixture_place(fixture, 2));

    aurora_assert_ok(saga_fixture_cancel(fixture));

    assert_events(kinds, 3);
    assert_order(AURORA_ORDER_CANCELLED, true, 6);
    assert_stock(10, 0, 2);
}
END_TEST

START_TEST(test_saga__resend_of_a_created_order_runs_down_the_chain)
{
    fixture->policy.modules = AURORA__MODULE_ORDER;
    aurora_assert_ok(saga_fixture_place(fixture, 2));
    fixture->policy.modules = SAGA_MODULES;

    aurora_assert_ok(saga_fixture_fire(fixture));

    assert_order(AURORA_ORDER_COMPLETED, true, 4);
    assert_stock(8, 0, 2);
    ck_assert(fixture->step.events[0]->is_resend);
    ck_assert(fixture->step.events[1]->is_resend);
    ck_assert_int_eq(fixture->step.events[1]->kind, AURORA_EVENT_INVENTORY_RESERVED);
}
END_TEST

START_TEST(test_saga__resends_of_an_order_that_lost_its_answers_settle_it)
{
    /* The participants decided, their answers never arrived. */
    fixture->policy.modules = AURORA__MODULE_ORDER;
    aurora_assert_ok(saga_fixture_place(fixture, 2));
    fixture->policy.modules = AURORA__MODULE_INVENTORY;
    aurora__event created = saga_fixture_event(fixture, AURORA_EVENT_ORDER_CREATED);
    aurora_assert_ok(saga_fixture_deliver(fixture, AURORA__MODULE_INVENTORY, &created));
    fixture->policy.modules = AURORA__MODULE_PAYMENT;
    aurora__event reserved = saga_fixture_event(fixture, AURORA_EVENT_INVENTORY_RESERVED);
    aurora_assert_ok(saga_fixture_deliver(fixture, AURORA__MODULE_PAYMENT, &reserved));
    assert_order(AURORA_ORDER_PENDING, false, 1);
    fixture->policy.modules = SAGA_MODULES;

    aurora_assert_ok(saga_fixture_fire(fixture));

    assert_order(AURORA_ORDER_COMPLETED, true, 4);
    assert_stock(8, 0, 2);
}
END_TEST

START_TEST(test_saga__modules_that_are_not_installed_are_not_asked)
{
    fixture->policy.modules = AURORA__MODULE_ORDER | AURORA__MODULE_INVENTORY;

    aurora_assert_ok(saga_fixture_place(fixture, 2));

    assert_order(AURORA_ORDER_RESERVED, false, 2);
    ck_assert_ptr_null(saga_fixture_payment(fixture));
    ck_assert_uint_eq(fixture->step.event_count, 2);
}
END_TEST

/* --- a participant that cannot take an event -------------------------------------------------- */

START_TEST(test_cascade__fatal_answer_parks_that_participant_and_the_rest_stands)
{
    aurora_assert_ok(saga_fixture_place(fixture, 2));
    put_stock(INT64_MAX, INT64_MAX);

    aurora_assert_ok(saga_fixture_cancel(fixture));

    const aurora__order_row *order = saga_fixture_order(fixture);
    ck_assert_int_eq(order->status, AURORA_ORDER_CANCELLED);
    ck_assert_int_eq(order->parked, AURORA__PARKED_INVENTORY);
    ck_assert_int_eq(order->settled_at, 0);
    ck_assert_int_eq(saga_fixture_reservation(fixture)->state, AURORA_RESERVATION_COMMITTED);
    ck_assert_uint_eq(saga_fixture_count(fixture, AURORA_EVENT_INVENTORY_PARKED), 1);
    ck_assert_uint_eq(saga_fixture_count(fixture, AURORA_EVENT_INVENTORY_RETURNED), 0);
    ck_assert_uint_eq(saga_fixture_count(fixture, AURORA_EVENT_PAYMENT_REFUNDED), 1);
    ck_assert_uint_eq(fixture->step.parked_count, 1);
    ck_assert_uint_eq(fixture->step.parked[0].module, AURORA__MODULE_INVENTORY);
    ck_assert_int_eq(fixture->step.parked[0].error, AURORA_EOVERFLOW);
    ck_assert_int_eq(fixture->step.parked[0].event->kind, AURORA_EVENT_ORDER_CANCELLED);
}
END_TEST

START_TEST(test_cascade__illegal_event_parks_its_participant)
{
    static const int32_t kinds[] = {AURORA_EVENT_ORDER_COMPLETED, AURORA_EVENT_INVENTORY_PARKED,
                                    AURORA_EVENT_PAYMENT_CAPTURED};
    fixture->policy.modules = AURORA__MODULE_ORDER;
    aurora_assert_ok(saga_fixture_place(fixture, 2));
    saga_fixture_put(fixture, AURORA__TABLE_reservation,
                     &(aurora__reservation_row){.order_id = fixture->order_id,
                                                .state = AURORA_RESERVATION_REJECTED,
                                                .answered = AURORA_EVENT_INVENTORY_REJECTED,
                                                .version = 1,
                                                .created_at = 1,
                                                .updated_at = 1});
    aurora__event reserved = saga_fixture_event(fixture, AURORA_EVENT_INVENTORY_RESERVED);
    fixture->policy.modules = AURORA__MODULE_PAYMENT;
    aurora_assert_ok(saga_fixture_deliver(fixture, AURORA__MODULE_PAYMENT, &reserved));
    fixture->policy.modules = SAGA_MODULES;

    aurora_assert_ok(
        saga_fixture_tell(fixture, AURORA__MODULE_ORDER, AURORA_EVENT_PAYMENT_AUTHORIZED));

    assert_events(kinds, 3);
    ck_assert_uint_eq(fixture->step.parked_count, 1);
    ck_assert_int_eq(fixture->step.parked[0].error, AURORA__EILLEGAL);
    ck_assert_int_eq(saga_fixture_order(fixture)->parked, AURORA__PARKED_INVENTORY);
    ck_assert_int_eq(saga_fixture_order(fixture)->status, AURORA_ORDER_COMPLETED);
}
END_TEST

START_TEST(test_cascade__completed_of_an_unknown_reservation_parks_it)
{
    fixture->policy.modules = AURORA__MODULE_ORDER;
    aurora_assert_ok(saga_fixture_place(fixture, 2));
    fixture->policy.modules = AURORA__MODULE_ORDER | AURORA__MODULE_INVENTORY;

    aurora_assert_ok(
        saga_fixture_tell(fixture, AURORA__MODULE_ORDER, AURORA_EVENT_PAYMENT_AUTHORIZED));

    ck_assert_uint_eq(fixture->step.parked_count, 1);
    ck_assert_int_eq(fixture->step.parked[0].error, AURORA__EORPHAN);
    ck_assert_int_eq(saga_fixture_order(fixture)->parked, AURORA__PARKED_INVENTORY);
}
END_TEST

START_TEST(test_cascade__fatal_answer_refuses_an_order_that_is_being_made_as_a_whole)
{
    put_stock(99, 10);

    aurora_assert_status(saga_fixture_place(fixture, 2), AURORA_ECORRUPT);

    ck_assert_ptr_null(saga_fixture_order(fixture));
    ck_assert_ptr_null(saga_fixture_reservation(fixture));
    ck_assert_uint_eq(fixture->step.parked_count, 0);
}
END_TEST

START_TEST(test_cascade__missing_row_undoes_the_step_and_parks_nobody)
{
    aurora__sku_row sku = {.sku = SAGA_FIXTURE_SKU, .id = 1};
    teardown();
    fixture = saga_fixture_new(SAGA_MODULES);
    saga_fixture_put(fixture, AURORA__TABLE_sku, &sku);

    aurora_assert_ok(saga_fixture_place(fixture, 2));

    /* The stock row was asked for in mid cascade, and is absent: out of stock, not damage. */
    assert_order(AURORA_ORDER_FAILED, true, 3);
    ck_assert_uint_eq(fixture->step.parked_count, 0);
    ck_assert_uint_eq(saga_fixture_count(fixture, AURORA_EVENT_ORDER_CREATED), 1);
}
END_TEST

/* --- parked keys ------------------------------------------------------------------------------ */

static void park_key(const char *consumer)
{
    char id[AURORA_ID_TEXT_BYTES];
    aurora_id_format(fixture->order_id, id);
    saga_fixture_put(fixture, AURORA__TABLE_parked_key,
                     &(aurora__parked_key_row){.consumer = consumer,
                                               .key_text = aurora__arena_text(&fixture->arena, id),
                                               .events = 1,
                                               .version = 1,
                                               .parked_at = SAGA_FIXTURE_NOW});
    fixture->has_parked_keys = true;
}

START_TEST(test_cascade__events_of_a_parked_key_queue_behind_it)
{
    aurora_assert_ok(saga_fixture_place(fixture, 2));
    park_key("inventory");

    aurora_assert_ok(saga_fixture_cancel(fixture));

    ck_assert_uint_eq(fixture->step.parked_count, 1);
    ck_assert_uint_eq(fixture->step.parked[0].module, AURORA__MODULE_INVENTORY);
    ck_assert_int_eq(fixture->step.parked[0].error, AURORA_OK);
    ck_assert_int_eq(fixture->step.parked[0].event->kind, AURORA_EVENT_ORDER_CANCELLED);
    ck_assert_uint_eq(saga_fixture_count(fixture, AURORA_EVENT_INVENTORY_PARKED), 0);
    ck_assert_int_eq(saga_fixture_reservation(fixture)->state, AURORA_RESERVATION_COMMITTED);
    ck_assert_uint_eq(saga_fixture_count(fixture, AURORA_EVENT_PAYMENT_REFUNDED), 1);
}
END_TEST

START_TEST(test_cascade__parked_key_of_one_participant_holds_up_no_other)
{
    aurora_assert_ok(saga_fixture_place(fixture, 2));
    park_key("payment");

    aurora_assert_ok(saga_fixture_cancel(fixture));

    ck_assert_uint_eq(fixture->step.parked_count, 1);
    ck_assert_uint_eq(fixture->step.parked[0].module, AURORA__MODULE_PAYMENT);
    ck_assert_int_eq(saga_fixture_reservation(fixture)->state, AURORA_RESERVATION_RETURNED);
}
END_TEST

START_TEST(test_cascade__parked_keys_of_other_orders_hold_up_nobody)
{
    aurora_assert_ok(saga_fixture_place(fixture, 2));
    fixture->order_id.bytes[14] = 1;
    park_key("inventory");
    fixture->order_id.bytes[14] = 0;

    aurora_assert_ok(saga_fixture_cancel(fixture));

    ck_assert_uint_eq(fixture->step.parked_count, 0);
    assert_order(AURORA_ORDER_CANCELLED, true, 6);
}
END_TEST

START_TEST(test_cascade__mark_of_a_parked_participant_is_taken_at_once)
{
    aurora__repair what = {.action = AURORA_REPAIR_MARK,
                           .participant = AURORA_PARTICIPANT_INVENTORY,
                           .result = AURORA_RESULT_RETURNED,
                           .actor = "anna"};
    aurora_assert_ok(saga_fixture_place(fixture, 2));
    put_stock(INT64_MAX, INT64_MAX);
    aurora_assert_ok(saga_fixture_cancel(fixture));
    park_key("inventory");
    what.order_id = fixture->order_id;

    aurora_assert_ok(saga_fixture_run(fixture, decide_repair, &what));

    ck_assert_uint_eq(fixture->step.parked_count, 0);
    ck_assert_uint_eq(saga_fixture_count(fixture, AURORA_EVENT_INVENTORY_RETURNED), 1);
    ck_assert_int_eq(saga_fixture_order(fixture)->parked, 0);
    ck_assert_int_ne(saga_fixture_order(fixture)->settled_at, 0);
}
END_TEST

/* --- limits ----------------------------------------------------------------------------------- */

START_TEST(test_cascade__more_events_than_32_are_refused)
{
    aurora__step step = {.arena = &fixture->arena, .now_ms = 5};
    for (int i = 0; i < AURORA__CASCADE_EVENTS_MAX; i++) {
        aurora__event *event = aurora__step_emit(&step, AURORA_EVENT_PRODUCT_VIEWED);
        ck_assert_ptr_nonnull(event);
        ck_assert_int_eq(event->at_ms, 5);
    }

    ck_assert_ptr_null(aurora__step_emit(&step, AURORA_EVENT_PRODUCT_VIEWED));

    aurora_assert_status(aurora__step_full(&step), AURORA__ECASCADE);
}
END_TEST

static aurora_status receive_parked(aurora__step *step, void *context)
{
    for (int i = 0; i < AURORA__CASCADE_PARKED_MAX; i++)
        aurora_assert_ok(
            aurora__cascade_receive(step, context, AURORA__MODULE_INVENTORY, true, AURORA_OK));
    return aurora__cascade_receive(step, context, AURORA__MODULE_INVENTORY, true, AURORA_OK);
}

START_TEST(test_cascade__more_parked_events_than_8_are_refused)
{
    aurora__event event = saga_fixture_event(fixture, AURORA_EVENT_ORDER_CREATED);

    aurora_assert_status(saga_fixture_run(fixture, receive_parked, &event), AURORA__ECASCADE);
}
END_TEST

START_TEST(test_cascade__module_that_is_none_has_no_name)
{
    for (uint32_t module = 1; module < AURORA__MODULE_ALL; module *= 2)
        ck_assert_str_ne(aurora__module_name(module), "");
    ck_assert_str_eq(aurora__module_name(0), "");
    ck_assert_str_eq(aurora__module_name(AURORA__MODULE_ALL), "");
}
END_TEST

static aurora_status want_saga(aurora__step *step, void *context)
{
    return aurora__saga_keys(step, context);
}

START_TEST(test_cascade__saga_keys_name_the_rows_of_what_is_installed)
{
    aurora_assert_ok(saga_fixture_run(fixture, want_saga, &fixture->order_id));
    ck_assert_uint_eq(fixture->rows.wanted.count, 3);
    again();
    fixture->policy.modules = AURORA__MODULE_PAYMENT;

    aurora_assert_ok(saga_fixture_run(fixture, want_saga, &fixture->order_id));

    ck_assert_uint_eq(fixture->rows.wanted.count, 1);
}
END_TEST

START_TEST(test_cascade__event_from_outside_goes_to_one_module_and_on_from_there)
{
    fixture->policy.modules = AURORA__MODULE_INVENTORY;
    aurora__event created = saga_fixture_event(fixture, AURORA_EVENT_ORDER_CREATED);
    aurora__event viewed = {.kind = AURORA_EVENT_PRODUCT_VIEWED, .sku = SAGA_FIXTURE_SKU};
    aurora__event *events[] = {&created, &viewed};

    aurora_assert_ok(saga_fixture_run(fixture, decide_outside, events));

    ck_assert_int_eq(saga_fixture_only(fixture)->kind, AURORA_EVENT_INVENTORY_RESERVED);
    ck_assert_ptr_null(saga_fixture_payment(fixture));
}
END_TEST

/* Fails the n-th allocation of a command for n = 0.. until it goes through, each time on new
 * rows. */
START_TEST(test_cascade__every_allocation_that_fails_is_out_of_memory_and_changes_nothing)
{
    bool is_placed = false;
    bool is_cancelled = false;
    for (int64_t n = 0; !is_placed; n++) {
        again();
        saga_fixture_fail_after(fixture, n);
        aurora_status rc = saga_fixture_place(fixture, 2);
        saga_fixture_fail_after(fixture, -1);

        is_placed = rc == AURORA_OK;
        ck_assert_msg(is_placed || rc == AURORA_ENOMEM, "allocation %d: status %d", (int)n, rc);
        ck_assert_int_eq(saga_fixture_order(fixture) != NULL, is_placed);
        assert_stock(is_placed ? 8 : 10, 0, is_placed ? 2 : 0);
        ck_assert_uint_eq(fixture->step.parked_count, 0);
    }
    for (int64_t n = 0; !is_cancelled; n++) {
        again();
        aurora_assert_ok(saga_fixture_place(fixture, 2));
        saga_fixture_fail_after(fixture, n);
        aurora_status rc = saga_fixture_cancel(fixture);
        saga_fixture_fail_after(fixture, -1);

        is_cancelled = rc == AURORA_OK;
        ck_assert_msg(is_cancelled || rc == AURORA_ENOMEM, "allocation %d: status %d", (int)n, rc);
        ck_assert_int_eq(saga_fixture_order(fixture)->status,
                         is_cancelled ? AURORA_ORDER_CANCELLED : AURORA_ORDER_COMPLETED);
        assert_stock(is_cancelled ? 10 : 8, 0, 2);
    }
}
END_TEST

START_TEST(test_cascade__refusal_is_written_into_the_callers_error)
{
    aurora_error err = AURORA_ERROR_INIT;
    aurora__step step = {.err = &err};
    char long_text[400];
    memset(long_text, 'x', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';

    aurora_assert_status(aurora__step_refuse(&step, AURORA_EVERSION, "if_version", "is old"),
                         AURORA_EVERSION);
    ck_assert_int_eq(err.status, AURORA_EVERSION);
    ck_assert_str_eq(err.field, "if_version");
    ck_assert_str_eq(err.message, "is old");
    aurora__step_refuse(&step, AURORA_EVERSION, long_text, long_text);

    ck_assert_uint_eq(strlen(err.field), sizeof err.field - 1);
    ck_assert_uint_eq(strlen(err.message), sizeof err.message - 1);
    step.err = NULL;
    aurora_assert_status(aurora__step_refuse(&step, AURORA_EINVAL, "", ""), AURORA_EINVAL);
}
END_TEST

START_TEST(test_cascade__broken_invariant_says_where)
{
    aurora__step step = {0};

    aurora_assert_ok(AURORA_INVARIANT(&step, 1 + 1 == 2));
    ck_assert_ptr_null(step.broken_file);
    aurora_assert_status(AURORA_INVARIANT(&step, 1 + 1 == 3), AURORA_ECORE);

    ck_assert_ptr_nonnull(strstr(step.broken_file, "test_cascade.c"));
    ck_assert_int_gt(step.broken_line, 0);
}
END_TEST

static Suite *cascade_suite(void)
{
    Suite *suite = suite_create("cascade");
    TCase *tcase = tcase_create("cascade");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, test_saga__approved_order_completes_and_settles_in_one_step);
    tcase_add_test(tcase, test_saga__order_that_is_short_of_stock_fails_and_settles_in_one_step);
    tcase_add_test(tcase, test_saga__declined_payment_releases_stock);
    tcase_add_test(tcase, test_saga__cancelled_completed_order_is_returned_and_refunded);
    tcase_add_test(tcase, test_saga__resend_of_a_created_order_runs_down_the_chain);
    tcase_add_test(tcase, test_saga__resends_of_an_order_that_lost_its_answers_settle_it);
    tcase_add_test(tcase, test_saga__modules_that_are_not_installed_are_not_asked);
    tcase_add_test(tcase, test_cascade__fatal_answer_parks_that_participant_and_the_rest_stands);
    tcase_add_test(tcase, test_cascade__illegal_event_parks_its_participant);
    tcase_add_test(tcase, test_cascade__completed_of_an_unknown_reservation_parks_it);
    tcase_add_test(tcase,
                   test_cascade__fatal_answer_refuses_an_order_that_is_being_made_as_a_whole);
    tcase_add_test(tcase, test_cascade__missing_row_undoes_the_step_and_parks_nobody);
    tcase_add_test(tcase, test_cascade__events_of_a_parked_key_queue_behind_it);
    tcase_add_test(tcase, test_cascade__parked_key_of_one_participant_holds_up_no_other);
    tcase_add_test(tcase, test_cascade__parked_keys_of_other_orders_hold_up_nobody);
    tcase_add_test(tcase, test_cascade__mark_of_a_parked_participant_is_taken_at_once);
    tcase_add_test(tcase, test_cascade__more_events_than_32_are_refused);
    tcase_add_test(tcase, test_cascade__more_parked_events_than_8_are_refused);
    tcase_add_test(tcase, test_cascade__module_that_is_none_has_no_name);
    tcase_add_test(tcase, test_cascade__saga_keys_name_the_rows_of_what_is_installed);
    tcase_add_test(tcase, test_cascade__event_from_outside_goes_to_one_module_and_on_from_there);
    tcase_add_test(tcase,
                   test_cascade__every_allocation_that_fails_is_out_of_memory_and_changes_nothing);
    tcase_add_test(tcase, test_cascade__refusal_is_written_into_the_callers_error);
    tcase_add_test(tcase, test_cascade__broken_invariant_says_where);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(cascade_suite)
