/* SPDX-License-Identifier: MIT */
/* Payments that give up, and what an operator or a late answer does for them. */
#include "payment_fixture.h"

static payment_fixture p;

static void begin(void)
{
    payment_fixture_init(&p, AURORA__PROVIDER_TASKS);
}

static void end(void)
{
    payment_fixture_deinit(&p);
}

static const aurora__event *only(int32_t kind)
{
    const aurora__event *event = core_fixture_event(p.core);
    ck_assert_int_eq(event->kind, kind);
    return event;
}

static void nothing(void)
{
    ck_assert_uint_eq(p.core->step.event_count, 0);
}

static void state_is(int32_t state)
{
    ck_assert_str_eq(aurora_machine_state_name(&aurora__payment_machine, payment_state(&p)),
                     aurora_machine_state_name(&aurora__payment_machine, state));
}

/* --- giving up and repair --------------------------------------------------------------------- */

START_TEST(test_payment_repair__refused_capture_parks_at_once)
{
    payment_bring_to(&p, AURORA__PAYMENT_CAPTURING);

    payment_do(&p, AURORA_VERB_CAPTURE, AURORA_OUTCOME_DECLINED);

    ck_assert_str_eq(only(AURORA_EVENT_PAYMENT_PARKED)->decline_code, "refused");
    ck_assert_str_eq(aurora__payment_parked_reason(payment_row(&p)),
                     "the provider refused for good");
    aurora_assert_ok(payment_finish(&p, AURORA_VERB_CAPTURE, AURORA_OUTCOME_DECLINED));
    nothing();
    p.core->now_ms += 86400000;
    payment_take(&p);
    ck_assert(!p.is_taken);
}
END_TEST

START_TEST(test_payment_repair__refused_refund_parks_too)
{
    payment_bring_to(&p, AURORA__PAYMENT_REFUNDING);

    payment_do(&p, AURORA_VERB_REFUND, AURORA_OUTCOME_DECLINED);

    only(AURORA_EVENT_PAYMENT_PARKED);
}
END_TEST

static void refuse_void(int32_t answer_about_the_capture)
{
    payment_do(&p, AURORA_VERB_VOID, AURORA_OUTCOME_DECLINED);
    for (int64_t i = 0; i < p.core->policy.park_attempts_min; i++) {
        nothing();
        p.core->now_ms = payment_row(&p)->due_at;
        payment_do(&p, AURORA_VERB_CAPTURE, answer_about_the_capture);
        ck_assert(p.task.is_query);
    }
}

START_TEST(test_payment_repair__refused_void_parks_where_nothing_was_captured)
{
    static const int32_t answers[] = {AURORA_OUTCOME_NOT_FOUND, AURORA_OUTCOME_DECLINED};
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        end();
        begin();
        payment_bring_to(&p, AURORA__PAYMENT_VOIDING);

        refuse_void(answers[i]);

        ck_assert_str_eq(only(AURORA_EVENT_PAYMENT_PARKED)->decline_code, "refused");
        ck_assert_str_eq(aurora__payment_parked_reason(payment_row(&p)),
                         "the provider refused for good");
        state_is(AURORA__PAYMENT_VOIDING);
        aurora_assert_ok(payment_finish(&p, AURORA_VERB_VOID, AURORA_OUTCOME_DECLINED));
        nothing();
        aurora_assert_ok(payment_finish(&p, AURORA_VERB_CAPTURE, AURORA_OUTCOME_NOT_FOUND));
        nothing();
        p.core->now_ms += 86400000;
        payment_take(&p);
        ck_assert(!p.is_taken);
    }
}
END_TEST

START_TEST(test_payment_repair__retry_of_a_refused_void_voids_again)
{
    payment_bring_to(&p, AURORA__PAYMENT_VOIDING);
    refuse_void(AURORA_OUTCOME_NOT_FOUND);

    aurora_assert_ok(payment_repair(&p, AURORA_REPAIR_RETRY, 0));
    refuse_void(AURORA_OUTCOME_NOT_FOUND);
    only(AURORA_EVENT_PAYMENT_PARKED);
    aurora_assert_ok(payment_repair(&p, AURORA_REPAIR_RETRY, 0));
    payment_do(&p, AURORA_VERB_VOID, AURORA_OUTCOME_DONE);

    only(AURORA_EVENT_PAYMENT_VOIDED);
    ck_assert_int_eq(payment_row(&p)->parked_at, 0);
}
END_TEST

START_TEST(test_payment_repair__question_after_a_refused_void_parks_without_an_answer)
{
    payment_bring_to(&p, AURORA__PAYMENT_RECHECKING);

    payment_exhaust(&p);
    state_is(AURORA__PAYMENT_RECHECKING);
    aurora_assert_ok(payment_finish(&p, AURORA_VERB_CAPTURE, AURORA_OUTCOME_NOT_FOUND));
    only(AURORA_EVENT_PAYMENT_PARKED); /* of another step, which an operator has to see */
    state_is(AURORA__PAYMENT_VOIDING);
    aurora_assert_ok(payment_repair(&p, AURORA_REPAIR_MARK, AURORA_RESULT_CAPTURED));
    payment_do(&p, AURORA_VERB_REFUND, AURORA_OUTCOME_DONE);

    only(AURORA_EVENT_PAYMENT_REFUNDED);
}
END_TEST

START_TEST(test_payment_repair__void_of_its_own_that_is_refused_parks)
{
    payment_bring_to(&p, AURORA__PAYMENT_REVERSING);

    payment_do(&p, AURORA_VERB_VOID, AURORA_OUTCOME_DECLINED);
    only(AURORA_EVENT_PAYMENT_PARKED);
    aurora_assert_ok(payment_repair(&p, AURORA_REPAIR_MARK, AURORA_RESULT_VOIDED));

    const aurora__event *event = only(AURORA_EVENT_PAYMENT_DECLINED);
    ck_assert(event->is_resend);
    ck_assert_int_eq(payment_row(&p)->parked_at, 0);
}
END_TEST

START_TEST(test_payment_repair__backoff_doubles_up_to_its_limit)
{
    static const int64_t expected[] = {1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000};
    payment_bring_to(&p, AURORA__PAYMENT_CAPTURING);

    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        payment_do(&p, AURORA_VERB_CAPTURE, AURORA_OUTCOME_UNKNOWN);

        ck_assert_int_eq(payment_row(&p)->due_at - p.core->now_ms, expected[i]);
        p.core->now_ms = payment_row(&p)->due_at;
    }
}
END_TEST

START_TEST(test_payment_repair__provider_that_never_answers_parks_after_twenty_attempts)
{
    p.core->policy.park_after_ms = INT64_MAX / 2;
    payment_bring_to(&p, AURORA__PAYMENT_AUTHORIZING);
    p.saga.deadline_at = 0;

    for (int i = 0; i < 20; i++) {
        ck_assert_int_eq(payment_row(&p)->parked_at, 0);
        payment_do(&p, AURORA_VERB_AUTHORIZE, AURORA_OUTCOME_UNKNOWN);
        p.core->now_ms += p.core->policy.retry_max_ms;
    }

    only(AURORA_EVENT_PAYMENT_PARKED);
    ck_assert_int_eq(payment_row(&p)->attempts, 20);
    ck_assert_str_eq(aurora__payment_parked_reason(payment_row(&p)),
                     "no outcome after all attempts");
}
END_TEST

START_TEST(test_payment_repair__quarter_of_an_hour_parks_from_the_fifth_attempt_on)
{
    payment_bring_to(&p, AURORA__PAYMENT_CAPTURING);

    for (int i = 1; i <= 4; i++) {
        payment_do(&p, AURORA_VERB_CAPTURE, AURORA_OUTCOME_UNKNOWN);
        ck_assert_int_eq(payment_row(&p)->parked_at, 0);
        p.core->now_ms += p.core->policy.park_after_ms;
    }
    payment_do(&p, AURORA_VERB_CAPTURE, AURORA_OUTCOME_UNKNOWN);

    only(AURORA_EVENT_PAYMENT_PARKED);
}
END_TEST

START_TEST(test_payment_repair__crashing_callers_park_it_as_well)
{
    p.core->policy.attempts_max = 3;
    payment_bring_to(&p, AURORA__PAYMENT_CAPTURING);

    for (int i = 0; i < 3; i++) {
        payment_take(&p);
        ck_assert(p.is_taken);
        p.core->now_ms += 2 * PAYMENT_LEASE_MS + p.core->policy.retry_max_ms;
    }
    payment_take(&p);

    ck_assert(!p.is_taken);
    only(AURORA_EVENT_PAYMENT_PARKED);
}
END_TEST

START_TEST(test_payment_repair__task_that_nobody_takes_is_no_attempt)
{
    payment_bring_to(&p, AURORA__PAYMENT_CAPTURING);
    p.core->now_ms += 30 * INT64_C(86400000);

    payment_take(&p);

    ck_assert(p.is_taken);
    ck_assert_int_eq(p.task.attempt, 1);
}
END_TEST

START_TEST(test_payment_repair__huge_retry_after_is_cut)
{
    payment_bring_to(&p, AURORA__PAYMENT_CAPTURING);
    payment_take(&p);
    aurora__payment_result unknown = {AURORA_OUTCOME_UNKNOWN, NULL, NULL, INT64_MAX};

    aurora_assert_ok(payment_finish_with(&p, AURORA_VERB_CAPTURE, &unknown));

    ck_assert_int_eq(payment_row(&p)->due_at, p.core->now_ms + p.core->policy.park_after_ms);
}
END_TEST

START_TEST(test_payment_repair__late_answer_clears_the_parked_flag)
{
    payment_bring_to(&p, AURORA__PAYMENT_CAPTURING);
    payment_exhaust(&p);

    aurora_assert_ok(payment_finish(&p, AURORA_VERB_CAPTURE, AURORA_OUTCOME_DONE));

    only(AURORA_EVENT_PAYMENT_CAPTURED);
    ck_assert_int_eq(payment_row(&p)->parked_at, 0);
    ck_assert_ptr_null(aurora__payment_parked_reason(payment_row(&p)));
}
END_TEST

START_TEST(test_payment_repair__late_not_found_leaves_it_parked)
{
    payment_bring_to(&p, AURORA__PAYMENT_CAPTURING);
    payment_exhaust(&p);

    aurora_assert_ok(payment_finish(&p, AURORA_VERB_CAPTURE, AURORA_OUTCOME_NOT_FOUND));

    nothing();
    ck_assert_int_ne(payment_row(&p)->parked_at, 0);
    payment_take(&p);
    ck_assert(!p.is_taken);
}
END_TEST

START_TEST(test_payment_repair__retry_asks_first_what_may_have_arrived)
{
    payment_bring_to(&p, AURORA__PAYMENT_CAPTURING);
    payment_exhaust(&p);

    aurora_assert_ok(payment_repair(&p, AURORA_REPAIR_RETRY, 0));
    nothing();
    payment_take(&p);

    ck_assert(p.is_taken);
    ck_assert(p.task.is_query);
    ck_assert_int_eq(p.task.attempt, 1);
    ck_assert_int_ne(payment_row(&p)->parked_at, 0);
}
END_TEST

START_TEST(test_payment_repair__retry_of_a_refusal_calls_again)
{
    payment_bring_to(&p, AURORA__PAYMENT_CAPTURING);
    payment_do(&p, AURORA_VERB_CAPTURE, AURORA_OUTCOME_DECLINED);

    aurora_assert_ok(payment_repair(&p, AURORA_REPAIR_RETRY, 0));
    payment_do(&p, AURORA_VERB_CAPTURE, AURORA_OUTCOME_DONE);

    ck_assert(!p.task.is_query);
    only(AURORA_EVENT_PAYMENT_CAPTURED);
}
END_TEST

START_TEST(test_payment_repair__retry_of_a_payment_that_is_not_parked_is_ignored)
{
    payment_bring_to(&p, AURORA__PAYMENT_CAPTURING);
    payment_take(&p);
    int64_t version = payment_row(&p)->version;

    aurora_assert_ok(payment_repair(&p, AURORA_REPAIR_RETRY, 0));
    aurora_assert_ok(payment_repair(&p, AURORA_REPAIR_MARK, AURORA_RESULT_CAPTURED));

    nothing();
    ck_assert_int_eq(payment_row(&p)->version, version);
}
END_TEST

START_TEST(test_payment_repair__mark_gives_the_ordinary_answer_of_each_step)
{
    static const struct {
        int32_t state, result, kind;
    } marks[] = {
        {AURORA__PAYMENT_AUTHORIZING, AURORA_RESULT_AUTHORIZED, AURORA_EVENT_PAYMENT_AUTHORIZED},
        {AURORA__PAYMENT_AUTHORIZING, AURORA_RESULT_DECLINED, AURORA_EVENT_PAYMENT_DECLINED},
        {AURORA__PAYMENT_CAPTURING, AURORA_RESULT_CAPTURED, AURORA_EVENT_PAYMENT_CAPTURED},
        {AURORA__PAYMENT_ABORTING, AURORA_RESULT_VOIDED, AURORA_EVENT_PAYMENT_VOIDED},
        {AURORA__PAYMENT_VOIDING, AURORA_RESULT_VOIDED, AURORA_EVENT_PAYMENT_VOIDED},
        {AURORA__PAYMENT_RETURNING, AURORA_RESULT_REFUNDED, AURORA_EVENT_PAYMENT_REFUNDED},
        {AURORA__PAYMENT_REFUNDING, AURORA_RESULT_REFUNDED, AURORA_EVENT_PAYMENT_REFUNDED},
    };
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        end();
        begin();
        payment_bring_to(&p, marks[i].state);
        payment_exhaust(&p);

        aurora_assert_ok(payment_repair(&p, AURORA_REPAIR_MARK, marks[i].result));

        ck_assert(!only(marks[i].kind)->is_resend);
        ck_assert_int_eq(payment_row(&p)->parked_at, 0);
    }
}
END_TEST

START_TEST(test_payment_repair__mark_that_does_not_fit_leaves_it_parked_and_says_so)
{
    payment_bring_to(&p, AURORA__PAYMENT_CAPTURING);
    payment_exhaust(&p);

    aurora_assert_ok(payment_repair(&p, AURORA_REPAIR_MARK, AURORA_RESULT_DECLINED));
    ck_assert(only(AURORA_EVENT_PAYMENT_PARKED)->is_resend);
    aurora_assert_ok(payment_repair(&p, AURORA_REPAIR_MARK, AURORA_RESULT_RESERVED));

    only(AURORA_EVENT_PAYMENT_PARKED);
    state_is(AURORA__PAYMENT_CAPTURING);
}
END_TEST

START_TEST(test_payment_repair__order_that_ends_gives_a_parked_payment_new_attempts)
{
    payment_bring_to(&p, AURORA__PAYMENT_AUTHORIZING);
    payment_exhaust(&p);

    aurora_assert_ok(payment_deliver(&p, AURORA_EVENT_ORDER_FAILED));
    nothing();
    payment_do(&p, AURORA_VERB_AUTHORIZE, AURORA_OUTCOME_DECLINED);

    ck_assert(p.task.is_query);
    ck_assert_int_eq(p.task.attempt, 1);
    only(AURORA_EVENT_PAYMENT_VOIDED);
}
END_TEST

START_TEST(test_payment_repair__cancel_after_a_refused_capture_voids_the_authorization)
{
    payment_bring_to(&p, AURORA__PAYMENT_CAPTURING);
    payment_do(&p, AURORA_VERB_CAPTURE, AURORA_OUTCOME_DECLINED);

    aurora_assert_ok(payment_deliver(&p, AURORA_EVENT_ORDER_CANCELLED));
    payment_do(&p, AURORA_VERB_VOID, AURORA_OUTCOME_DONE);

    only(AURORA_EVENT_PAYMENT_VOIDED);
    ck_assert_int_eq(payment_row(&p)->parked_at, 0);
}
END_TEST

START_TEST(test_payment_repair__retry_of_a_payment_at_rest_repeats_its_answer)
{
    payment_bring_to(&p, AURORA__PAYMENT_DECLINED);
    aurora_assert_ok(payment_park(&p, AURORA_EVENT_ORDER_COMPLETED));

    aurora_assert_ok(payment_repair(&p, AURORA_REPAIR_RETRY, 0));

    ck_assert(only(AURORA_EVENT_PAYMENT_DECLINED)->is_resend);
    ck_assert_int_eq(payment_row(&p)->parked_at, 0);
}
END_TEST

START_TEST(test_payment_repair__retry_leaves_a_leased_call_to_its_holder)
{
    payment_bring_to(&p, AURORA__PAYMENT_CAPTURING);
    payment_take(&p);
    aurora_assert_ok(payment_park(&p, AURORA_EVENT_ORDER_COMPLETED));

    aurora_assert_ok(payment_repair(&p, AURORA_REPAIR_RETRY, 0));
    payment_take(&p);

    ck_assert(!p.is_taken);
    aurora_assert_ok(payment_finish(&p, AURORA_VERB_CAPTURE, AURORA_OUTCOME_DONE));
    only(AURORA_EVENT_PAYMENT_CAPTURED);
}
END_TEST

START_TEST(test_payment_repair__retry_after_a_last_not_found_asks_again_before_it_sends)
{
    p.core->policy.attempts_max = 2;
    payment_bring_to(&p, AURORA__PAYMENT_CAPTURING);
    payment_do(&p, AURORA_VERB_CAPTURE, AURORA_OUTCOME_UNKNOWN);
    p.core->now_ms += p.core->policy.retry_first_ms;
    payment_do(&p, AURORA_VERB_CAPTURE, AURORA_OUTCOME_NOT_FOUND);
    only(AURORA_EVENT_PAYMENT_PARKED);

    aurora_assert_ok(payment_repair(&p, AURORA_REPAIR_RETRY, 0));
    payment_take(&p);

    ck_assert(p.is_taken);
    ck_assert(p.task.is_query);
}
END_TEST

START_TEST(test_payment_repair__retried_call_that_may_have_arrived_is_not_withdrawn)
{
    payment_bring_to(&p, AURORA__PAYMENT_AUTHORIZING);
    payment_exhaust(&p);
    aurora_assert_ok(payment_repair(&p, AURORA_REPAIR_RETRY, 0));

    aurora_assert_ok(payment_deliver(&p, AURORA_EVENT_ORDER_FAILED));

    nothing();
    state_is(AURORA__PAYMENT_ABORTING);
}
END_TEST

/* --- orphans ---------------------------------------------------------------------------------- */

START_TEST(test_payment_repair__orphan_is_left_alone_until_somebody_says_what_to_do)
{
    payment_bring_to(&p, AURORA__PAYMENT_ORPHANED);
    p.core->now_ms += 86400000;

    payment_take(&p);

    ck_assert(!p.is_taken);
    ck_assert_str_eq(aurora__payment_parked_reason(payment_row(&p)),
                     "the order completed without a payment here");
}
END_TEST

START_TEST(test_payment_repair__retried_orphan_asks_by_key_and_captures)
{
    payment_bring_to(&p, AURORA__PAYMENT_ORPHANED);

    aurora_assert_ok(payment_repair(&p, AURORA_REPAIR_RETRY, 0));
    payment_do(&p, AURORA_VERB_AUTHORIZE, AURORA_OUTCOME_DONE);
    ck_assert(p.task.is_query);
    nothing();
    payment_do(&p, AURORA_VERB_CAPTURE, AURORA_OUTCOME_DONE);

    only(AURORA_EVENT_PAYMENT_CAPTURED);
}
END_TEST

START_TEST(test_payment_repair__cancelled_orphan_is_asked_for_and_voided)
{
    payment_bring_to(&p, AURORA__PAYMENT_ORPHANED);

    aurora_assert_ok(payment_deliver(&p, AURORA_EVENT_ORDER_CANCELLED));
    payment_do(&p, AURORA_VERB_AUTHORIZE, AURORA_OUTCOME_DONE);
    ck_assert(p.task.is_query);
    payment_do(&p, AURORA_VERB_VOID, AURORA_OUTCOME_DONE);

    only(AURORA_EVENT_PAYMENT_VOIDED);
}
END_TEST

START_TEST(test_payment_repair__orphan_marked_captured_is_settled)
{
    payment_bring_to(&p, AURORA__PAYMENT_ORPHANED);

    aurora_assert_ok(payment_repair(&p, AURORA_REPAIR_MARK, AURORA_RESULT_CAPTURED));

    ck_assert_int_eq(only(AURORA_EVENT_PAYMENT_CAPTURED)->amount_minor, PAYMENT_TOTAL);
}
END_TEST

START_TEST(test_payment_repair__orphan_of_an_inline_provider_is_asked_for_too)
{
    p.core->policy.provider = AURORA__PROVIDER_SIMULATOR;
    aurora_assert_ok(payment_park(&p, AURORA_EVENT_ORDER_COMPLETED));

    aurora_assert_ok(payment_deliver(&p, AURORA_EVENT_ORDER_CANCELLED));

    nothing();
    payment_take(&p);
    ck_assert(p.is_taken && p.task.is_query);
    ck_assert_int_eq(p.task.verb, AURORA_VERB_AUTHORIZE);
}
END_TEST

/* --- the order is another service's ----------------------------------------------------------- */

START_TEST(test_payment_repair__parked_payment_repeats_itself_to_an_order_elsewhere)
{
    p.core->policy.modules = AURORA__MODULE_PAYMENT;
    payment_bring_to(&p, AURORA__PAYMENT_VOIDING);
    refuse_void(AURORA_OUTCOME_NOT_FOUND);
    ck_assert(payment_row(&p)->parked_at != 0);
    ck_assert_str_eq(aurora__payment_parked_reason(payment_row(&p)),
                     "the provider refused for good");

    for (int i = 0; i < 12; i++) {
        int64_t due_at = payment_row(&p)->due_at;
        ck_assert_int_gt(due_at, p.core->now_ms);
        ck_assert_int_le(due_at - p.core->now_ms, p.core->policy.resend_max_ms);
        p.core->now_ms = due_at;
        payment_take(&p);

        ck_assert(!p.is_taken);
        const aurora__event *event = core_fixture_event(p.core);
        ck_assert_int_eq(event->kind, AURORA_EVENT_PAYMENT_PARKED);
        ck_assert(event->is_resend);
    }
    aurora_assert_ok(payment_repair(&p, AURORA_REPAIR_RETRY, 0));
    ck_assert_str_eq(aurora__payment_parked_reason(payment_row(&p)), "is being tried again");
    payment_take(&p);
    ck_assert(p.is_taken);
}
END_TEST

START_TEST(test_payment_repair__parked_payment_is_silent_where_the_order_is_here)
{
    payment_bring_to(&p, AURORA__PAYMENT_VOIDING);

    refuse_void(AURORA_OUTCOME_NOT_FOUND);

    ck_assert(payment_row(&p)->parked_at != 0);
    ck_assert_int_eq(payment_row(&p)->due_at, 0);
}
END_TEST

START_TEST(test_payment_repair__mark_of_what_a_resting_payment_is_unparks_it)
{
    payment_bring_to(&p, AURORA__PAYMENT_CAPTURED);
    aurora_assert_ok(payment_park(&p, AURORA_EVENT_ORDER_COMPLETED));
    ck_assert(payment_row(&p)->parked_at != 0);

    aurora_assert_ok(payment_repair(&p, AURORA_REPAIR_MARK, AURORA_RESULT_CAPTURED));

    ck_assert_int_eq(payment_row(&p)->parked_at, 0);
    ck_assert_int_eq(core_fixture_event(p.core)->kind, AURORA_EVENT_PAYMENT_CAPTURED);
}
END_TEST

static Suite *payment_repair_suite(void)
{
    Suite *suite = suite_create("payment_repair");
    TCase *tcase = tcase_create("payment_repair");
    tcase_add_checked_fixture(tcase, begin, end);
    tcase_add_test(tcase, test_payment_repair__refused_capture_parks_at_once);
    tcase_add_test(tcase, test_payment_repair__refused_refund_parks_too);
    tcase_add_test(tcase, test_payment_repair__refused_void_parks_where_nothing_was_captured);
    tcase_add_test(tcase, test_payment_repair__retry_of_a_refused_void_voids_again);
    tcase_add_test(tcase,
                   test_payment_repair__question_after_a_refused_void_parks_without_an_answer);
    tcase_add_test(tcase, test_payment_repair__void_of_its_own_that_is_refused_parks);
    tcase_add_test(tcase, test_payment_repair__backoff_doubles_up_to_its_limit);
    tcase_add_test(tcase,
                   test_payment_repair__provider_that_never_answers_parks_after_twenty_attempts);
    tcase_add_test(tcase, test_payment_repair__quarter_of_an_hour_parks_from_the_fifth_attempt_on);
    tcase_add_test(tcase, test_payment_repair__crashing_callers_park_it_as_well);
    tcase_add_test(tcase, test_payment_repair__task_that_nobody_takes_is_no_attempt);
    tcase_add_test(tcase, test_payment_repair__huge_retry_after_is_cut);
    tcase_add_test(tcase, test_payment_repair__late_answer_clears_the_parked_flag);
    tcase_add_test(tcase, test_payment_repair__late_not_found_leaves_it_parked);
    tcase_add_test(tcase, test_payment_repair__retry_asks_first_what_may_have_arrived);
    tcase_add_test(tcase, test_payment_repair__retry_of_a_refusal_calls_again);
    tcase_add_test(tcase, test_payment_repair__retry_of_a_payment_that_is_not_parked_is_ignored);
    tcase_add_test(tcase, test_payment_repair__mark_gives_the_ordinary_answer_of_each_step);
    tcase_add_test(tcase, test_payment_repair__mark_that_does_not_fit_leaves_it_parked_and_says_so);
    tcase_add_test(tcase, test_payment_repair__order_that_ends_gives_a_parked_payment_new_attempts);
    tcase_add_test(tcase,
                   test_payment_repair__cancel_after_a_refused_capture_voids_the_authorization);
    tcase_add_test(tcase, test_payment_repair__retry_of_a_payment_at_rest_repeats_its_answer);
    tcase_add_test(tcase, test_payment_repair__orphan_is_left_alone_until_somebody_says_what_to_do);
    tcase_add_test(tcase, test_payment_repair__retried_orphan_asks_by_key_and_captures);
    tcase_add_test(tcase, test_payment_repair__cancelled_orphan_is_asked_for_and_voided);
    tcase_add_test(tcase, test_payment_repair__orphan_marked_captured_is_settled);
    tcase_add_test(tcase, test_payment_repair__retry_leaves_a_leased_call_to_its_holder);
    tcase_add_test(tcase,
                   test_payment_repair__retry_after_a_last_not_found_asks_again_before_it_sends);
    tcase_add_test(tcase, test_payment_repair__retried_call_that_may_have_arrived_is_not_withdrawn);
    tcase_add_test(tcase, test_payment_repair__orphan_of_an_inline_provider_is_asked_for_too);
    tcase_add_test(tcase, test_payment_repair__parked_payment_repeats_itself_to_an_order_elsewhere);
    tcase_add_test(tcase, test_payment_repair__parked_payment_is_silent_where_the_order_is_here);
    tcase_add_test(tcase, test_payment_repair__mark_of_what_a_resting_payment_is_unparks_it);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(payment_repair_suite)
