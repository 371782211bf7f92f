/* SPDX-License-Identifier: MIT */
/* What happens to an order by itself when nothing arrives, and by an operator when it is parked. */
#include "core/order.h"

#include <aurora/event.h>
#include <aurora/saga.h>

#include "saga_fixture.h"

static saga_fixture *fixture;

static void setup(void)
{
    fixture = saga_fixture_new(AURORA__MODULE_ORDER);
    aurora_assert_ok(saga_fixture_place(fixture, 2));
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

static aurora_status hear(int32_t kind)
{
    return saga_fixture_tell(fixture, AURORA__MODULE_ORDER, kind);
}

static const aurora__order_row *order(void)
{
    return saga_fixture_order(fixture);
}

static aurora_status decide_due(aurora__step *step, void *context)
{
    return aurora__order_due(step, context);
}

static aurora_status decide_repair(aurora__step *step, void *context)
{
    return aurora__order_repair(step, context);
}

static aurora_status repair(int32_t action, int32_t participant, int32_t result)
{
    aurora__repair what = {.order_id = fixture->order_id,
                           .action = action,
                           .participant = participant,
                           .result = result,
                           .actor = "operator",
                           .note = "called them"};
    return saga_fixture_run(fixture, decide_repair, &what);
}

static aurora_status compensate(void)
{
    return repair(AURORA_REPAIR_COMPENSATE, 0, 0);
}

static aurora_status decide_flag(aurora__step *step, void *context)
{
    return aurora__order_flag_poison(step, &fixture->order_id, *(bool *)context);
}

static aurora_status flag(bool is_parked)
{
    return saga_fixture_run(fixture, decide_flag, &is_parked);
}

static void bring_to(int32_t status)
{
    saga_fixture_bring_to(fixture, status);
}

static aurora_id other_id(uint8_t n)
{
    aurora_id id = fixture->order_id;
    id.bytes[14] = n;
    return id;
}

static void assert_said(int32_t kind, int32_t reason)
{
    const aurora__event *event = saga_fixture_only(fixture);
    ck_assert_int_eq(event->kind, kind);
    ck_assert_int_eq(event->reason, reason);
    ck_assert_int_eq(event->order_version, order()->version);
    ck_assert_str_eq(event->saga->payment_method, "tok_approve");
    ck_assert_int_eq(event->saga->total_minor, 500);
    ck_assert(!event->is_resend);
}

static void assert_silent(void)
{
    ck_assert_uint_eq(fixture->step.event_count, 0);
}

/* --- deadline and resend ---------------------------------------------------------------------- */

START_TEST(test_order__undecided_order_fails_at_its_deadline)
{
    for (int32_t status = AURORA_ORDER_PENDING; status <= AURORA_ORDER_RESERVED; status++) {
        bring_to(status);
        while (order()->status == status)
            aurora_assert_ok(saga_fixture_fire(fixture));

        ck_assert_int_eq(fixture->now_ms, order()->deadline_at);
        ck_assert_int_eq(order()->status, AURORA_ORDER_FAILED);
        assert_said(AURORA_EVENT_ORDER_FAILED, AURORA_REASON_DEADLINE);
        again();
    }
}
END_TEST

START_TEST(test_order__deadline_passes_while_parked_as_well)
{
    aurora_assert_ok(hear(AURORA_EVENT_PAYMENT_PARKED));
    while (order()->status == AURORA_ORDER_PENDING)
        aurora_assert_ok(saga_fixture_fire(fixture));

    ck_assert_int_eq(order()->status, AURORA_ORDER_FAILED);
    ck_assert_int_eq(order()->parked, AURORA__PARKED_PAYMENT);
}
END_TEST

START_TEST(test_order__change_shortly_before_the_deadline_is_due_at_the_deadline)
{
    fixture->now_ms = order()->deadline_at - 5000;

    aurora_assert_ok(hear(AURORA_EVENT_INVENTORY_RESERVED));
    ck_assert_int_eq(order()->due_at, order()->deadline_at);
    aurora_assert_ok(hear(AURORA_EVENT_PAYMENT_AUTHORIZED));

    /* The look at the deadline stays, and puts itself off. */
    ck_assert_int_eq(order()->due_at, order()->deadline_at);
    ck_assert_int_eq(order()->resend_at, fixture->now_ms + 10000);
    fixture->now_ms = order()->deadline_at;
    aurora_assert_ok(saga_fixture_run(fixture, decide_due, &fixture->order_id));
    assert_silent();
    ck_assert_int_eq(order()->status, AURORA_ORDER_COMPLETED);
    ck_assert_int_eq(order()->due_at, order()->resend_at);
}
END_TEST

START_TEST(test_order__step_leaves_a_look_that_comes_soon_enough)
{
    int64_t due_at = order()->due_at;
    fixture->now_ms += 2000;
    aurora_assert_ok(hear(AURORA_EVENT_INVENTORY_RESERVED));

    ck_assert_int_eq(order()->due_at, due_at);
    ck_assert_int_eq(order()->resend_at, fixture->now_ms + 10000);
    fixture->now_ms = due_at;
    aurora_assert_ok(saga_fixture_run(fixture, decide_due, &fixture->order_id));
    assert_silent();
    ck_assert_int_eq(order()->due_at, order()->resend_at);
    ck_assert_int_eq(order()->resend_count, 0);
}
END_TEST

START_TEST(test_order__deadline_does_not_touch_an_order_with_an_outcome)
{
    bring_to(AURORA_ORDER_COMPLETED);

    while (fixture->now_ms < order()->deadline_at)
        aurora_assert_ok(saga_fixture_fire(fixture));

    ck_assert_int_eq(order()->status, AURORA_ORDER_COMPLETED);
}
END_TEST

START_TEST(test_order__resend_repeats_the_newest_event_and_is_no_transition)
{
    static const int32_t kinds[] = {0,
                                    AURORA_EVENT_ORDER_CREATED,
                                    AURORA_EVENT_ORDER_CREATED,
                                    AURORA_EVENT_ORDER_COMPLETED,
                                    AURORA_EVENT_ORDER_FAILED,
                                    AURORA_EVENT_ORDER_CANCELLED};
    for (int32_t status = AURORA_ORDER_PENDING; status <= AURORA_ORDER_CANCELLED; status++) {
        bring_to(status);
        int64_t version = order()->version;

        aurora_assert_ok(saga_fixture_fire(fixture));

        const aurora__event *event = saga_fixture_only(fixture);
        ck_assert_int_eq(event->kind, kinds[status]);
        ck_assert(event->is_resend);
        ck_assert_int_eq(event->order_version, version);
        ck_assert_int_eq(event->reason, order()->reason);
        ck_assert_int_eq(event->lines != NULL, status <= AURORA_ORDER_COMPLETED);
        ck_assert_int_eq(order()->version, version);
        again();
    }
}
END_TEST

START_TEST(test_order__resend_doubles_from_10_seconds_to_10_minutes)
{
    static const int64_t seconds[] = {10, 20, 40, 80, 160, 320, 600, 600, 600};
    bring_to(AURORA_ORDER_COMPLETED);
    for (size_t i = 0; i < sizeof seconds / sizeof seconds[0]; i++) {
        int64_t before = fixture->now_ms;
        aurora_assert_ok(saga_fixture_fire(fixture));
        ck_assert_int_eq(fixture->now_ms - before, seconds[i] * 1000);
        ck_assert_int_eq(order()->due_at, order()->resend_at);
    }
}
END_TEST

START_TEST(test_order__resend_starts_again_at_10_seconds_with_each_change)
{
    bring_to(AURORA_ORDER_COMPLETED);
    for (int i = 0; i < 5; i++)
        aurora_assert_ok(saga_fixture_fire(fixture));

    aurora_assert_ok(hear(AURORA_EVENT_INVENTORY_COMMITTED));

    ck_assert_int_eq(order()->resend_at, fixture->now_ms + 10000);
    ck_assert_int_eq(order()->resend_count, 0);
}
END_TEST

START_TEST(test_order__timer_that_is_not_due_is_a_no_op)
{
    aurora__order_row before = *order();
    int64_t due_at = before.due_at;
    aurora_id unknown = other_id(9);
    fixture->now_ms = due_at - 1;

    aurora_assert_ok(saga_fixture_run(fixture, decide_due, &fixture->order_id));
    assert_silent();
    aurora_assert_ok(saga_fixture_run(fixture, decide_due, &unknown));

    ck_assert_mem_eq(order(), &before, sizeof before);
}
END_TEST

/* --- parking and repair ----------------------------------------------------------------------- */

START_TEST(test_order__parked_is_a_flag_per_participant_that_its_next_answer_clears)
{
    bring_to(AURORA_ORDER_COMPLETED);
    aurora_assert_ok(hear(AURORA_EVENT_INVENTORY_PARKED));
    fixture->now_ms += 10;
    aurora_assert_ok(hear(AURORA_EVENT_PAYMENT_PARKED));
    ck_assert_int_eq(order()->parked, AURORA__PARKED_INVENTORY | AURORA__PARKED_PAYMENT);
    ck_assert_int_eq(order()->parked_at, SAGA_FIXTURE_NOW);
    assert_silent();

    aurora_assert_ok(hear(AURORA_EVENT_INVENTORY_COMMITTED));
    ck_assert_int_eq(order()->parked, AURORA__PARKED_PAYMENT);
    ck_assert_int_ne(order()->parked_at, 0);
    aurora_assert_ok(hear(AURORA_EVENT_PAYMENT_CAPTURED));

    ck_assert_int_eq(order()->parked, 0);
    ck_assert_int_eq(order()->parked_at, 0);
    ck_assert_int_ne(order()->settled_at, 0);
}
END_TEST

START_TEST(test_order__parked_order_takes_every_event_as_usual)
{
    aurora_assert_ok(hear(AURORA_EVENT_PAYMENT_PARKED));
    aurora_assert_ok(hear(AURORA_EVENT_INVENTORY_RESERVED));
    ck_assert_int_eq(order()->status, AURORA_ORDER_RESERVED);
    ck_assert_int_eq(order()->parked, AURORA__PARKED_PAYMENT);

    aurora_assert_ok(hear(AURORA_EVENT_PAYMENT_AUTHORIZED));

    assert_said(AURORA_EVENT_ORDER_COMPLETED, 0);
    ck_assert_int_eq(order()->parked, 0);
}
END_TEST

START_TEST(test_order__parking_twice_is_one_step)
{
    aurora_assert_ok(hear(AURORA_EVENT_INVENTORY_PARKED));
    aurora_assert_ok(hear(AURORA_EVENT_INVENTORY_PARKED));

    ck_assert_int_eq(order()->version, 2);
}
END_TEST

START_TEST(test_order__settled_order_may_still_be_parked_and_stays_settled)
{
    bring_to(AURORA_ORDER_FAILED);
    aurora_assert_ok(hear(AURORA_EVENT_INVENTORY_RELEASED));
    aurora_assert_ok(hear(AURORA_EVENT_PAYMENT_VOIDED));
    int64_t settled_at = order()->settled_at;

    aurora_assert_ok(hear(AURORA_EVENT_PAYMENT_PARKED));

    ck_assert_int_eq(order()->parked, AURORA__PARKED_PAYMENT);
    ck_assert_int_eq(order()->settled_at, settled_at);
    ck_assert_int_eq(order()->due_at, 0);
}
END_TEST

START_TEST(test_order__repair_is_refused_unless_that_participant_is_parked)
{
    aurora_assert_ok(hear(AURORA_EVENT_PAYMENT_PARKED));

    aurora_assert_status(repair(AURORA_REPAIR_RETRY, AURORA_PARTICIPANT_INVENTORY, 0),
                         AURORA_ECONFLICT);
    aurora_assert_status(
        repair(AURORA_REPAIR_MARK, AURORA_PARTICIPANT_INVENTORY, AURORA_RESULT_RESERVED),
        AURORA_ECONFLICT);

    ck_assert_int_eq(order()->version, 2);
}
END_TEST

START_TEST(test_order__repair_of_a_parked_participant_is_said_and_audited)
{
    aurora_assert_ok(hear(AURORA_EVENT_PAYMENT_PARKED));

    aurora_assert_ok(
        repair(AURORA_REPAIR_MARK, AURORA_PARTICIPANT_PAYMENT, AURORA_RESULT_AUTHORIZED));

    const aurora__event *event = saga_fixture_only(fixture);
    ck_assert_int_eq(event->kind, AURORA_EVENT_ORDER_REPAIR);
    ck_assert_int_eq(event->action, AURORA_REPAIR_MARK);
    ck_assert_int_eq(event->participant, AURORA_PARTICIPANT_PAYMENT);
    ck_assert_int_eq(event->result, AURORA_RESULT_AUTHORIZED);
    ck_assert_str_eq(event->actor, "operator");
    ck_assert_str_eq(event->note, "called them");
    ck_assert_int_eq(order()->parked, AURORA__PARKED_PAYMENT);
    ck_assert_int_eq(order()->version, 3);
    ck_assert_ptr_nonnull(strstr(order()->transitions, "\"operator\",\"called them\""));
}
END_TEST

/* Told to an order that cannot take it, the mark would park the order's own key behind it. */
START_TEST(test_order__mark_of_stock_that_the_order_cannot_take_is_refused)
{
    static const int32_t unfit[][2] = {{AURORA_ORDER_PENDING, AURORA_RESULT_RELEASED},
                                       {AURORA_ORDER_RESERVED, AURORA_RESULT_REJECTED},
                                       {AURORA_ORDER_COMPLETED, AURORA_RESULT_RETURNED},
                                       {AURORA_ORDER_FAILED, AURORA_RESULT_COMMITTED}};
    for (size_t i = 0; i < sizeof unfit / sizeof unfit[0]; i++) {
        again();
        bring_to(unfit[i][0]);
        aurora_assert_ok(hear(AURORA_EVENT_INVENTORY_PARKED));
        int64_t version = order()->version;

        aurora_assert_status(repair(AURORA_REPAIR_MARK, AURORA_PARTICIPANT_INVENTORY, unfit[i][1]),
                             AURORA_ECONFLICT);

        ck_assert_int_eq(order()->version, version);
        assert_silent();
    }
}
END_TEST

START_TEST(test_order__mark_of_stock_that_the_order_can_take_is_said)
{
    static const int32_t fit[][2] = {{AURORA_ORDER_PENDING, AURORA_RESULT_RESERVED},
                                     {AURORA_ORDER_PENDING, AURORA_RESULT_REJECTED},
                                     {AURORA_ORDER_COMPLETED, AURORA_RESULT_COMMITTED},
                                     {AURORA_ORDER_FAILED, AURORA_RESULT_RELEASED},
                                     {AURORA_ORDER_CANCELLED, AURORA_RESULT_RETURNED}};
    for (size_t i = 0; i < sizeof fit / sizeof fit[0]; i++) {
        again();
        bring_to(fit[i][0]);
        aurora_assert_ok(hear(AURORA_EVENT_INVENTORY_PARKED));

        aurora_assert_ok(repair(AURORA_REPAIR_MARK, AURORA_PARTICIPANT_INVENTORY, fit[i][1]));

        ck_assert_int_eq(saga_fixture_only(fixture)->result, fit[i][1]);
    }
}
END_TEST

START_TEST(test_order__compensate_fails_an_open_order)
{
    for (int32_t status = AURORA_ORDER_PENDING; status <= AURORA_ORDER_RESERVED; status++) {
        bring_to(status);
        aurora_assert_ok(hear(AURORA_EVENT_PAYMENT_PARKED));

        aurora_assert_ok(compensate());

        ck_assert_int_eq(order()->status, AURORA_ORDER_FAILED);
        assert_said(AURORA_EVENT_ORDER_FAILED, AURORA_REASON_OPERATOR);
        again();
    }
}
END_TEST

START_TEST(test_order__compensate_cancels_a_completed_order)
{
    bring_to(AURORA_ORDER_COMPLETED);

    aurora_assert_ok(compensate());

    ck_assert_int_eq(order()->status, AURORA_ORDER_CANCELLED);
    assert_said(AURORA_EVENT_ORDER_CANCELLED, AURORA_REASON_OPERATOR);
}
END_TEST

START_TEST(test_order__compensate_of_a_failed_or_cancelled_order_is_a_conflict)
{
    for (int32_t status = AURORA_ORDER_FAILED; status <= AURORA_ORDER_CANCELLED; status++) {
        bring_to(status);
        int64_t version = order()->version;

        aurora_assert_status(compensate(), AURORA_ECONFLICT);

        ck_assert_int_eq(order()->version, version);
        again();
    }
}
END_TEST

START_TEST(test_order__compensate_of_an_unknown_order_cancels_it_for_its_participants)
{
    aurora__repair what = {.order_id = other_id(9), .action = AURORA_REPAIR_COMPENSATE};

    aurora_assert_ok(saga_fixture_run(fixture, decide_repair, &what));
    const aurora__event *event = saga_fixture_only(fixture);
    ck_assert_int_eq(event->kind, AURORA_EVENT_ORDER_CANCELLED);
    ck_assert_int_eq(event->reason, AURORA_REASON_UNKNOWN_ORDER);
    aurora_assert_id_eq(event->order_id, other_id(9));
    ck_assert_ptr_nonnull(event->saga);
    what.action = AURORA_REPAIR_RETRY;
    what.participant = AURORA_PARTICIPANT_PAYMENT;

    aurora_assert_status(saga_fixture_run(fixture, decide_repair, &what), AURORA_ENOTFOUND);
}
END_TEST

START_TEST(test_order__its_own_poison_is_a_third_flag)
{
    aurora_assert_ok(flag(true));
    ck_assert_int_eq(order()->parked, AURORA__PARKED_ORDER);
    ck_assert_int_eq(order()->parked_at, SAGA_FIXTURE_NOW);
    aurora_assert_ok(flag(true));
    ck_assert_int_eq(order()->version, 2);
    aurora_assert_ok(hear(AURORA_EVENT_INVENTORY_RESERVED));
    ck_assert_int_eq(order()->parked, AURORA__PARKED_ORDER);

    aurora_assert_ok(flag(false));

    ck_assert_int_eq(order()->parked, 0);
    ck_assert_int_eq(order()->parked_at, 0);
}
END_TEST

START_TEST(test_order__second_flag_keeps_the_time_of_the_first)
{
    aurora_assert_ok(hear(AURORA_EVENT_PAYMENT_PARKED));
    fixture->now_ms += 1000;

    aurora_assert_ok(flag(true));
    ck_assert_int_eq(order()->parked_at, SAGA_FIXTURE_NOW);
    aurora_assert_ok(flag(false));

    ck_assert_int_eq(order()->parked_at, SAGA_FIXTURE_NOW);
}
END_TEST

static Suite *order_repair_suite(void)
{
    Suite *suite = suite_create("order_repair");
    TCase *tcase = tcase_create("order_repair");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, test_order__undecided_order_fails_at_its_deadline);
    tcase_add_test(tcase, test_order__deadline_passes_while_parked_as_well);
    tcase_add_test(tcase, test_order__change_shortly_before_the_deadline_is_due_at_the_deadline);
    tcase_add_test(tcase, test_order__step_leaves_a_look_that_comes_soon_enough);
    tcase_add_test(tcase, test_order__deadline_does_not_touch_an_order_with_an_outcome);
    tcase_add_test(tcase, test_order__resend_repeats_the_newest_event_and_is_no_transition);
    tcase_add_test(tcase, test_order__resend_doubles_from_10_seconds_to_10_minutes);
    tcase_add_test(tcase, test_order__resend_starts_again_at_10_seconds_with_each_change);
    tcase_add_test(tcase, test_order__timer_that_is_not_due_is_a_no_op);
    tcase_add_test(tcase, test_order__parked_is_a_flag_per_participant_that_its_next_answer_clears);
    tcase_add_test(tcase, test_order__parked_order_takes_every_event_as_usual);
    tcase_add_test(tcase, test_order__parking_twice_is_one_step);
    tcase_add_test(tcase, test_order__settled_order_may_still_be_parked_and_stays_settled);
    tcase_add_test(tcase, test_order__repair_is_refused_unless_that_participant_is_parked);
    tcase_add_test(tcase, test_order__repair_of_a_parked_participant_is_said_and_audited);
    tcase_add_test(tcase, test_order__mark_of_stock_that_the_order_cannot_take_is_refused);
    tcase_add_test(tcase, test_order__mark_of_stock_that_the_order_can_take_is_said);
    tcase_add_test(tcase, test_order__compensate_fails_an_open_order);
    tcase_add_test(tcase, test_order__compensate_cancels_a_completed_order);
    tcase_add_test(tcase, test_order__compensate_of_a_failed_or_cancelled_order_is_a_conflict);
    tcase_add_test(tcase,
                   test_order__compensate_of_an_unknown_order_cancels_it_for_its_participants);
    tcase_add_test(tcase, test_order__its_own_poison_is_a_third_flag);
    tcase_add_test(tcase, test_order__second_flag_keeps_the_time_of_the_first);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(order_repair_suite)
