/* SPDX-License-Identifier: MIT */
/* The order module alone, as where each module has a daemon of its own: what the participants
 * answer arrives as events, in every order that topics can bring them in. The fixture checks after
 * each run that the version grew by 1 a step of the history. */
#include "core/order.h"
#include "core/order_machine.h"

#include <aurora/event.h>

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

static aurora_status decide_cancel(aurora__step *step, void *context)
{
    return aurora__order_cancel(step, context, AURORA_REASON_CUSTOMER, "anna", "too late");
}

static aurora_status cancel(void)
{
    return saga_fixture_cancel(fixture);
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

/* --- every state and event -------------------------------------------------------------------- */

static const struct {
    int32_t kind;
    int32_t event;
} answers[] = {
    {AURORA_EVENT_INVENTORY_RESERVED, AURORA__ORDER_RESERVE},
    {AURORA_EVENT_INVENTORY_REJECTED, AURORA__ORDER_REJECT},
    {AURORA_EVENT_PAYMENT_AUTHORIZED, AURORA__ORDER_AUTHORIZE},
    {AURORA_EVENT_PAYMENT_DECLINED, AURORA__ORDER_DECLINE},
    {AURORA_EVENT_INVENTORY_COMMITTED, AURORA__ORDER_COMMIT},
    {AURORA_EVENT_PAYMENT_CAPTURED, AURORA__ORDER_CAPTURE},
    {AURORA_EVENT_INVENTORY_RELEASED, AURORA__ORDER_RELEASE},
    {AURORA_EVENT_INVENTORY_RETURNED, AURORA__ORDER_RETURN},
    {AURORA_EVENT_PAYMENT_VOIDED, AURORA__ORDER_VOID},
    {AURORA_EVENT_PAYMENT_REFUNDED, AURORA__ORDER_REFUND},
    {AURORA_EVENT_INVENTORY_PARKED, AURORA__ORDER_PARK},
    {AURORA_EVENT_PAYMENT_PARKED, AURORA__ORDER_PARK},
};

START_TEST(test_order__every_answer_in_every_status_does_what_the_table_says)
{
    for (int32_t status = AURORA_ORDER_PENDING; status <= AURORA_ORDER_CANCELLED; status++) {
        for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
            bring_to(status);
            aurora__order_row before = *order();
            int32_t next = aurora_machine_next(&aurora__order_machine, status, answers[i].event);

            aurora_status rc = hear(answers[i].kind);

            ck_assert_int_eq(rc, next == 0 ? AURORA__EILLEGAL : AURORA_OK);
            ck_assert_int_eq(order()->status, next == 0 ? status : next);
            ck_assert_uint_eq(fixture->step.event_count,
                              next != status && next >= AURORA_ORDER_COMPLETED);
            if (next == 0)
                ck_assert_mem_eq(order(), &before, sizeof before);
            else if (next != status)
                ck_assert_int_eq(order()->version, before.version + 1);
            again();
        }
    }
}
END_TEST

START_TEST(test_order__event_of_an_unknown_order_is_an_orphan)
{
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        aurora__event event = saga_fixture_event(fixture, answers[i].kind);
        event.order_id = other_id(9);

        aurora_assert_status(saga_fixture_deliver(fixture, AURORA__MODULE_ORDER, &event),
                             AURORA__EORPHAN);
    }
}
END_TEST

START_TEST(test_order__events_of_other_nouns_are_ignored)
{
    aurora_assert_ok(hear(AURORA_EVENT_ORDER_CREATED));
    aurora_assert_ok(hear(AURORA_EVENT_PRODUCT_VIEWED));
    aurora_assert_ok(hear(0));
    aurora_assert_ok(hear(99));

    ck_assert_int_eq(order()->version, 1);
}
END_TEST

/* --- the straight ways ------------------------------------------------------------------------ */

START_TEST(test_order__authorized_completes_it_from_reserved)
{
    bring_to(AURORA_ORDER_RESERVED);

    aurora_assert_ok(hear(AURORA_EVENT_PAYMENT_AUTHORIZED));

    assert_said(AURORA_EVENT_ORDER_COMPLETED, 0);
    ck_assert_str_eq(saga_fixture_only(fixture)->lines, "[[\"cup\",2,250]]");
    ck_assert_int_eq(order()->version, 3);
}
END_TEST

START_TEST(test_order__authorized_that_overtakes_reserved_completes_it_from_pending)
{
    aurora_assert_ok(hear(AURORA_EVENT_PAYMENT_AUTHORIZED));
    assert_said(AURORA_EVENT_ORDER_COMPLETED, 0);

    aurora_assert_ok(hear(AURORA_EVENT_INVENTORY_RESERVED));

    assert_silent();
    ck_assert_int_eq(order()->status, AURORA_ORDER_COMPLETED);
    ck_assert_int_eq(order()->version, 2);
}
END_TEST

START_TEST(test_order__rejected_and_declined_fail_it_with_their_reason)
{
    aurora_assert_ok(hear(AURORA_EVENT_INVENTORY_REJECTED));
    assert_said(AURORA_EVENT_ORDER_FAILED, AURORA_REASON_OUT_OF_STOCK);
    again();
    aurora__event declined = saga_fixture_event(fixture, AURORA_EVENT_PAYMENT_DECLINED);
    declined.decline_code = "no_funds";

    aurora_assert_ok(saga_fixture_deliver(fixture, AURORA__MODULE_ORDER, &declined));

    assert_said(AURORA_EVENT_ORDER_FAILED, AURORA_REASON_PAYMENT_DECLINED);
    ck_assert_str_eq(order()->decline_code, "no_funds");
}
END_TEST

START_TEST(test_order__late_refusal_fails_it_as_late)
{
    static const int32_t kinds[] = {AURORA_EVENT_INVENTORY_REJECTED, AURORA_EVENT_PAYMENT_DECLINED};
    for (size_t i = 0; i < 2; i++) {
        aurora__event late = saga_fixture_event(fixture, kinds[i]);
        late.reason = AURORA_REASON_LATE;

        aurora_assert_ok(saga_fixture_deliver(fixture, AURORA__MODULE_ORDER, &late));

        assert_said(AURORA_EVENT_ORDER_FAILED, AURORA_REASON_LATE);
        again();
    }
}
END_TEST

START_TEST(test_order__duplicates_change_nothing)
{
    bring_to(AURORA_ORDER_COMPLETED);
    aurora_assert_ok(hear(AURORA_EVENT_INVENTORY_COMMITTED));
    aurora__order_row before = *order();
    static const int32_t kinds[] = {AURORA_EVENT_INVENTORY_RESERVED,
                                    AURORA_EVENT_PAYMENT_AUTHORIZED,
                                    AURORA_EVENT_INVENTORY_COMMITTED};
    fixture->now_ms += 5000;

    for (size_t i = 0; i < 3; i++) {
        aurora_assert_ok(hear(kinds[i]));
        assert_silent();
    }

    ck_assert_mem_eq(order(), &before, sizeof before);
}
END_TEST

/* --- settling --------------------------------------------------------------------------------- */

static void assert_settles(int32_t status, int32_t first, int32_t second)
{
    bring_to(status);
    int64_t version = order()->version;
    aurora_assert_ok(hear(first));
    ck_assert_int_eq(order()->settled_at, 0);
    ck_assert_int_eq(order()->version, version);
    ck_assert_int_ne(order()->due_at, 0);
    fixture->now_ms += 77;

    aurora_assert_ok(hear(second));

    ck_assert_int_eq(order()->settled_at, SAGA_FIXTURE_NOW + 77);
    ck_assert_int_eq(order()->version, version + 1);
    ck_assert_int_eq(order()->due_at, 0);
    ck_assert_int_eq(order()->resend_at, 0);
    assert_silent();
    again();
}

START_TEST(test_order__completed_settles_when_committed_and_captured_in_either_order)
{
    assert_settles(AURORA_ORDER_COMPLETED, AURORA_EVENT_INVENTORY_COMMITTED,
                   AURORA_EVENT_PAYMENT_CAPTURED);
    assert_settles(AURORA_ORDER_COMPLETED, AURORA_EVENT_PAYMENT_CAPTURED,
                   AURORA_EVENT_INVENTORY_COMMITTED);
}
END_TEST

START_TEST(test_order__failed_and_cancelled_settle_in_any_pairing)
{
    static const int32_t stock[] = {AURORA_EVENT_INVENTORY_RELEASED,
                                    AURORA_EVENT_INVENTORY_RETURNED};
    static const int32_t money[] = {AURORA_EVENT_PAYMENT_VOIDED, AURORA_EVENT_PAYMENT_REFUNDED};
    for (int32_t status = AURORA_ORDER_FAILED; status <= AURORA_ORDER_CANCELLED; status++) {
        for (int i = 0; i < 4; i++) {
            assert_settles(status, stock[i % 2], money[i / 2]);
            assert_settles(status, money[i / 2], stock[i % 2]);
        }
    }
}
END_TEST

START_TEST(test_order__two_answers_of_one_participant_do_not_settle_it)
{
    bring_to(AURORA_ORDER_CANCELLED);

    aurora_assert_ok(hear(AURORA_EVENT_INVENTORY_RELEASED));
    aurora_assert_ok(hear(AURORA_EVENT_INVENTORY_RETURNED));
    aurora_assert_ok(hear(AURORA_EVENT_INVENTORY_COMMITTED));
    aurora_assert_ok(hear(AURORA_EVENT_PAYMENT_CAPTURED));

    ck_assert_int_eq(order()->settled_at, 0);
}
END_TEST

START_TEST(test_order__leaving_completed_clears_settled_at_and_both_answers)
{
    bring_to(AURORA_ORDER_COMPLETED);
    aurora_assert_ok(hear(AURORA_EVENT_INVENTORY_COMMITTED));
    aurora_assert_ok(hear(AURORA_EVENT_PAYMENT_CAPTURED));
    ck_assert_int_ne(order()->settled_at, 0);

    aurora_assert_ok(cancel());

    ck_assert_int_eq(order()->settled_at, 0);
    ck_assert_int_eq(order()->answers, 0);
    ck_assert_int_eq(order()->due_at, SAGA_FIXTURE_NOW + 10000);
    aurora_assert_ok(hear(AURORA_EVENT_INVENTORY_RETURNED));
    ck_assert_int_eq(order()->settled_at, 0);
    aurora_assert_ok(hear(AURORA_EVENT_PAYMENT_REFUNDED));
    ck_assert_int_ne(order()->settled_at, 0);
}
END_TEST

START_TEST(test_order__late_capture_of_a_cancelled_order_settles_nothing)
{
    bring_to(AURORA_ORDER_COMPLETED);
    aurora_assert_ok(hear(AURORA_EVENT_INVENTORY_COMMITTED));
    aurora_assert_ok(cancel());

    aurora_assert_ok(hear(AURORA_EVENT_PAYMENT_CAPTURED));

    ck_assert_int_eq(order()->answers, 0);
    ck_assert_int_eq(order()->settled_at, 0);
}
END_TEST

/* --- cancelling ------------------------------------------------------------------------------- */

START_TEST(test_order__cancel_of_an_open_or_completed_order_cancels_it)
{
    for (int32_t status = AURORA_ORDER_PENDING; status <= AURORA_ORDER_COMPLETED; status++) {
        bring_to(status);

        aurora_assert_ok(cancel());

        ck_assert_int_eq(order()->status, AURORA_ORDER_CANCELLED);
        assert_said(AURORA_EVENT_ORDER_CANCELLED, AURORA_REASON_CUSTOMER);
        ck_assert_ptr_nonnull(strstr(order()->transitions, "\"anna\",\"too late\""));
        again();
    }
}
END_TEST

START_TEST(test_order__cancel_of_a_cancelled_order_is_a_no_op)
{
    bring_to(AURORA_ORDER_CANCELLED);

    aurora_assert_ok(cancel());

    assert_silent();
    ck_assert_int_eq(order()->version, 2);
}
END_TEST

START_TEST(test_order__cancel_of_a_failed_order_is_final)
{
    bring_to(AURORA_ORDER_FAILED);

    aurora_assert_status(cancel(), AURORA_EFINAL);
}
END_TEST

START_TEST(test_order__cancel_while_parked_is_refused)
{
    for (int32_t status = AURORA_ORDER_PENDING; status <= AURORA_ORDER_CANCELLED; status++) {
        bring_to(status);
        aurora_assert_ok(hear(AURORA_EVENT_INVENTORY_PARKED));

        aurora_assert_status(cancel(), AURORA_EPARKED);
        again();
    }
}
END_TEST

START_TEST(test_order__cancel_of_an_unknown_order_is_not_found)
{
    aurora_id unknown = other_id(9);

    aurora_assert_status(saga_fixture_run(fixture, decide_cancel, &unknown), AURORA_ENOTFOUND);
}
END_TEST

static Suite *order_suite(void)
{
    Suite *suite = suite_create("order");
    TCase *tcase = tcase_create("order");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, test_order__every_answer_in_every_status_does_what_the_table_says);
    tcase_add_test(tcase, test_order__event_of_an_unknown_order_is_an_orphan);
    tcase_add_test(tcase, test_order__events_of_other_nouns_are_ignored);
    tcase_add_test(tcase, test_order__authorized_completes_it_from_reserved);
    tcase_add_test(tcase, test_order__authorized_that_overtakes_reserved_completes_it_from_pending);
    tcase_add_test(tcase, test_order__rejected_and_declined_fail_it_with_their_reason);
    tcase_add_test(tcase, test_order__late_refusal_fails_it_as_late);
    tcase_add_test(tcase, test_order__duplicates_change_nothing);
    tcase_add_test(tcase,
                   test_order__completed_settles_when_committed_and_captured_in_either_order);
    tcase_add_test(tcase, test_order__failed_and_cancelled_settle_in_any_pairing);
    tcase_add_test(tcase, test_order__two_answers_of_one_participant_do_not_settle_it);
    tcase_add_test(tcase, test_order__leaving_completed_clears_settled_at_and_both_answers);
    tcase_add_test(tcase, test_order__late_capture_of_a_cancelled_order_settles_nothing);
    tcase_add_test(tcase, test_order__cancel_of_an_open_or_completed_order_cancels_it);
    tcase_add_test(tcase, test_order__cancel_of_a_cancelled_order_is_a_no_op);
    tcase_add_test(tcase, test_order__cancel_of_a_failed_order_is_final);
    tcase_add_test(tcase, test_order__cancel_while_parked_is_refused);
    tcase_add_test(tcase, test_order__cancel_of_an_unknown_order_is_not_found);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(order_suite)
