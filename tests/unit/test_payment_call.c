/* SPDX-License-Identifier: MIT */
/* Calls to the provider: leases, outcomes in any order, and orders that end meanwhile. */
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

/* --- task ids --------------------------------------------------------------------------------- */

START_TEST(test_payment_call__task_id_gives_back_order_and_verb)
{
    for (int32_t verb = AURORA_VERB_AUTHORIZE; verb <= AURORA_VERB_REFUND; verb++) {
        int32_t found;
        aurora_id task_id = aurora__task_id(&p.order_id, verb);

        aurora_id order_id = aurora__task_order(&task_id, &found);

        aurora_assert_id_eq(order_id, p.order_id);
        ck_assert_int_eq(found, verb);
        ck_assert(!aurora_id_is_equal(task_id, p.order_id));
    }
}
END_TEST

START_TEST(test_payment_call__ids_that_are_no_tasks_are_not_found)
{
    aurora__payment_result done = {.outcome = AURORA_OUTCOME_DONE};
    payment_bring_to(&p, AURORA__PAYMENT_AUTHORIZING);

    aurora_assert_status(payment_finish_with(&p, 0, &done), AURORA_ENOTFOUND);
    aurora_assert_status(payment_finish_with(&p, 5, &done), AURORA_ENOTFOUND);
    aurora_assert_status(payment_finish_with(&p, AURORA_VERB_REFUND, &done), AURORA_ENOTFOUND);
    p.order_id = core_fixture_order_id(2);
    aurora_assert_status(payment_finish_with(&p, AURORA_VERB_AUTHORIZE, &done), AURORA_ENOTFOUND);
}
END_TEST

START_TEST(test_payment_call__outcome_that_does_not_exist_is_refused)
{
    payment_bring_to(&p, AURORA__PAYMENT_AUTHORIZING);

    aurora_assert_status(payment_finish(&p, AURORA_VERB_AUTHORIZE, 0), AURORA_EINVAL);
    aurora_assert_status(payment_finish(&p, AURORA_VERB_AUTHORIZE, 6), AURORA_EINVAL);
}
END_TEST

START_TEST(test_payment_call__inline_payment_has_no_tasks_to_finish)
{
    p.core->policy.provider = AURORA__PROVIDER_SIMULATOR;
    aurora_assert_ok(payment_deliver(&p, AURORA_EVENT_INVENTORY_RESERVED));

    aurora_assert_status(payment_finish(&p, AURORA_VERB_AUTHORIZE, AURORA_OUTCOME_DONE),
                         AURORA_ENOTFOUND);
}
END_TEST

/* --- leases ----------------------------------------------------------------------------------- */

START_TEST(test_payment_call__taken_task_says_all_that_a_provider_needs)
{
    payment_bring_to(&p, AURORA__PAYMENT_AUTHORIZING);

    payment_take(&p);

    ck_assert(p.is_taken);
    aurora_assert_id_eq(p.task.id, aurora__task_id(&p.order_id, AURORA_VERB_AUTHORIZE));
    aurora_assert_id_eq(p.task.authorize_id, p.task.id);
    aurora_assert_id_eq(p.task.order_id, p.order_id);
    ck_assert_int_eq(p.task.amount_minor, PAYMENT_TOTAL);
    ck_assert_int_eq(p.task.attempt, 1);
    ck_assert_int_eq(p.task.lease_at, p.core->now_ms + PAYMENT_LEASE_MS);
    ck_assert_str_eq(p.task.currency, "EUR");
    ck_assert_str_eq(p.task.payment_method, "tok_approve");
    ck_assert_str_eq(p.task.saga->contact, "ann@example.org");
    ck_assert(!p.task.is_query);
}
END_TEST

static aurora__payment_task given_back;

static aurora_status give_back(aurora__step *step, void *argument)
{
    (void)argument;
    return aurora__payment_give_back(step, &given_back.id, given_back.lease_at, given_back.is_query,
                                     1000);
}

START_TEST(test_payment_call__given_back_lease_counts_no_attempt)
{
    payment_bring_to(&p, AURORA__PAYMENT_AUTHORIZING);
    payment_take(&p);
    given_back = p.task;

    aurora_assert_ok(core_fixture_run(p.core, give_back, NULL));

    ck_assert_int_eq(payment_row(&p)->attempts, 0);
    ck_assert_int_eq(payment_row(&p)->call, AURORA__CALL_WAITING);
}
END_TEST

/* It was found by the simulation: an instance that stalled gave back a lease that it had lost, and
 * the call of the next one was then sent again where it had to be asked about. */
START_TEST(test_payment_call__lost_lease_given_back_leaves_the_next_one)
{
    payment_bring_to(&p, AURORA__PAYMENT_AUTHORIZING);
    payment_take(&p);
    given_back = p.task;
    p.core->now_ms += PAYMENT_LEASE_MS + 120000;
    payment_take(&p);
    ck_assert(p.is_taken);

    aurora_assert_ok(core_fixture_run(p.core, give_back, NULL));

    ck_assert_int_eq(payment_row(&p)->call, AURORA__CALL_TAKEN);
    ck_assert_int_eq(payment_row(&p)->due_at, p.task.lease_at);
}
END_TEST

START_TEST(test_payment_call__give_back_of_an_unknown_lease_asks_next)
{
    payment_bring_to(&p, AURORA__PAYMENT_AUTHORIZING);
    payment_take(&p);
    given_back = p.task;
    given_back.lease_at = 0;

    aurora_assert_ok(core_fixture_run(p.core, give_back, NULL));

    ck_assert_int_eq(payment_row(&p)->call, AURORA__CALL_ASK);
}
END_TEST

START_TEST(test_payment_call__leased_task_is_not_taken_twice)
{
    payment_bring_to(&p, AURORA__PAYMENT_AUTHORIZING);
    payment_take(&p);
    p.core->now_ms += PAYMENT_LEASE_MS - 1;

    payment_take(&p);

    ck_assert(!p.is_taken);
}
END_TEST

START_TEST(test_payment_call__lost_lease_is_followed_by_a_query_with_the_same_key)
{
    payment_bring_to(&p, AURORA__PAYMENT_AUTHORIZING);
    payment_take(&p);
    aurora_id key = p.task.id;
    p.core->now_ms += PAYMENT_LEASE_MS + p.core->policy.retry_first_ms;

    payment_take(&p);

    ck_assert(p.is_taken);
    ck_assert(p.task.is_query);
    ck_assert_int_eq(p.task.attempt, 2);
    aurora_assert_id_eq(p.task.id, key);
}
END_TEST

START_TEST(test_payment_call__lost_lease_waits_out_the_backoff)
{
    payment_bring_to(&p, AURORA__PAYMENT_AUTHORIZING);
    payment_take(&p);
    p.core->now_ms += PAYMENT_LEASE_MS;

    payment_take(&p);

    ck_assert(!p.is_taken);
    ck_assert_int_eq(payment_row(&p)->due_at, p.core->now_ms + p.core->policy.retry_first_ms);
    ck_assert_int_eq(payment_row(&p)->call, AURORA__CALL_ASK);
}
END_TEST

START_TEST(test_payment_call__authorize_that_nobody_took_in_time_is_declined_as_late)
{
    payment_bring_to(&p, AURORA__PAYMENT_AUTHORIZING);
    p.core->now_ms = p.saga.deadline_at + p.core->policy.late_grace_ms + 1;

    payment_take(&p);

    ck_assert(!p.is_taken);
    ck_assert_int_eq(only(AURORA_EVENT_PAYMENT_DECLINED)->reason, AURORA_REASON_LATE);
}
END_TEST

START_TEST(test_payment_call__references_follow_from_authorize_to_refund)
{
    payment_bring_to(&p, AURORA__PAYMENT_AUTHORIZING);
    payment_take(&p);
    aurora__payment_result authorized = {AURORA_OUTCOME_DONE, "auth-1", NULL, 0};
    aurora_assert_ok(payment_finish_with(&p, AURORA_VERB_AUTHORIZE, &authorized));
    aurora_assert_ok(payment_deliver(&p, AURORA_EVENT_ORDER_COMPLETED));

    payment_take(&p);
    ck_assert_str_eq(p.task.provider_reference, "auth-1");
    aurora_assert_id_eq(p.task.authorize_id, aurora__task_id(&p.order_id, AURORA_VERB_AUTHORIZE));
    aurora__payment_result captured = {AURORA_OUTCOME_DONE, "cap-1", NULL, 0};
    aurora_assert_ok(payment_finish_with(&p, AURORA_VERB_CAPTURE, &captured));
    aurora_assert_ok(payment_deliver(&p, AURORA_EVENT_ORDER_CANCELLED));

    payment_take(&p);
    ck_assert_str_eq(p.task.provider_reference, "cap-1");
}
END_TEST

START_TEST(test_payment_call__reference_of_a_void_does_not_hide_the_authorizations)
{
    payment_bring_to(&p, AURORA__PAYMENT_VOIDING);
    payment_take(&p);
    aurora__payment_result done = {AURORA_OUTCOME_DONE, "void-1", NULL, 0};

    aurora_assert_ok(payment_finish_with(&p, AURORA_VERB_VOID, &done));

    ck_assert_str_eq(payment_row(&p)->provider_reference, "ref-1");
}
END_TEST

START_TEST(test_payment_call__reference_of_a_pending_capture_does_not_hide_the_authorizations)
{
    payment_bring_to(&p, AURORA__PAYMENT_CAPTURING);
    payment_take(&p);
    aurora__payment_result pending = {AURORA_OUTCOME_PENDING, "cap-1", NULL, 0};

    aurora_assert_ok(payment_finish_with(&p, AURORA_VERB_CAPTURE, &pending));

    ck_assert_str_eq(payment_row(&p)->provider_reference, "ref-1");
}
END_TEST

START_TEST(test_payment_call__each_call_counts_its_own_attempts)
{
    payment_bring_to(&p, AURORA__PAYMENT_AUTHORIZED);
    p.core->now_ms += 1000000;
    aurora_assert_ok(payment_deliver(&p, AURORA_EVENT_ORDER_COMPLETED));
    p.core->now_ms += 1;

    payment_take(&p);

    ck_assert_int_eq(p.task.attempt, 1);
    ck_assert_int_eq(payment_row(&p)->first_attempt_at, p.core->now_ms);
}
END_TEST

/* --- outcomes in any order -------------------------------------------------------------------- */

START_TEST(test_payment_call__second_answer_changes_nothing_in_any_later_state)
{
    static const int32_t states[] = {AURORA__PAYMENT_AUTHORIZED, AURORA__PAYMENT_CAPTURING,
                                     AURORA__PAYMENT_CAPTURED,   AURORA__PAYMENT_VOIDING,
                                     AURORA__PAYMENT_VOIDED,     AURORA__PAYMENT_RETURNING,
                                     AURORA__PAYMENT_REFUNDING,  AURORA__PAYMENT_REFUNDED};
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        end();
        begin();
        payment_bring_to(&p, states[i]);
        int64_t version = payment_row(&p)->version;

        aurora_assert_ok(payment_finish(&p, AURORA_VERB_AUTHORIZE, AURORA_OUTCOME_DONE));

        nothing();
        state_is(states[i]);
        ck_assert_int_eq(payment_row(&p)->version, version);
    }
}
END_TEST

START_TEST(test_payment_call__answer_after_the_lease_counts)
{
    payment_bring_to(&p, AURORA__PAYMENT_AUTHORIZING);
    payment_take(&p);
    p.core->now_ms += 10 * PAYMENT_LEASE_MS;

    aurora_assert_ok(payment_finish(&p, AURORA_VERB_AUTHORIZE, AURORA_OUTCOME_DONE));

    only(AURORA_EVENT_PAYMENT_AUTHORIZED);
}
END_TEST

START_TEST(test_payment_call__decline_after_done_is_too_late)
{
    payment_bring_to(&p, AURORA__PAYMENT_AUTHORIZED);

    aurora_assert_ok(payment_finish(&p, AURORA_VERB_AUTHORIZE, AURORA_OUTCOME_DECLINED));

    nothing();
    state_is(AURORA__PAYMENT_AUTHORIZED);
}
END_TEST

START_TEST(test_payment_call__success_after_a_decline_is_voided_behind_the_orders_back)
{
    payment_bring_to(&p, AURORA__PAYMENT_DECLINED);

    aurora_assert_ok(payment_finish(&p, AURORA_VERB_AUTHORIZE, AURORA_OUTCOME_DONE));
    nothing();
    payment_do(&p, AURORA_VERB_VOID, AURORA_OUTCOME_DONE);
    nothing();
    aurora_assert_ok(payment_finish(&p, AURORA_VERB_AUTHORIZE, AURORA_OUTCOME_DONE));
    state_is(AURORA__PAYMENT_REVERSED);
    aurora_assert_ok(payment_deliver(&p, AURORA_EVENT_ORDER_FAILED));

    only(AURORA_EVENT_PAYMENT_VOIDED);
}
END_TEST

START_TEST(test_payment_call__order_that_fails_during_that_void_waits_for_it)
{
    payment_bring_to(&p, AURORA__PAYMENT_REVERSING);
    payment_take(&p);

    aurora_assert_ok(payment_deliver(&p, AURORA_EVENT_ORDER_FAILED));
    nothing();
    aurora_assert_ok(payment_finish(&p, AURORA_VERB_VOID, AURORA_OUTCOME_DONE));

    ck_assert_int_eq(only(AURORA_EVENT_PAYMENT_VOIDED)->order_version, AURORA_EVENT_ORDER_FAILED);
}
END_TEST

START_TEST(test_payment_call__capture_known_after_a_decline_is_refunded)
{
    payment_bring_to(&p, AURORA__PAYMENT_DECLINED);

    aurora_assert_ok(payment_finish(&p, AURORA_VERB_CAPTURE, AURORA_OUTCOME_DONE));
    payment_do(&p, AURORA_VERB_REFUND, AURORA_OUTCOME_DONE);

    state_is(AURORA__PAYMENT_REVERSED);
}
END_TEST

START_TEST(test_payment_call__success_after_the_order_ended_uncharged_starts_a_void)
{
    payment_bring_to(&p, AURORA__PAYMENT_DECLINED);
    aurora_assert_ok(payment_deliver(&p, AURORA_EVENT_ORDER_FAILED));

    aurora_assert_ok(payment_finish(&p, AURORA_VERB_AUTHORIZE, AURORA_OUTCOME_DONE));
    payment_do(&p, AURORA_VERB_VOID, AURORA_OUTCOME_DONE);

    const aurora__event *event = only(AURORA_EVENT_PAYMENT_VOIDED);
    ck_assert_str_eq(event->saga->customer_id, "customer-1");
    ck_assert_int_eq(event->order_version, AURORA_EVENT_ORDER_FAILED);
}
END_TEST

START_TEST(test_payment_call__capture_known_after_a_void_is_refunded)
{
    payment_bring_to(&p, AURORA__PAYMENT_VOIDED);

    aurora_assert_ok(payment_finish(&p, AURORA_VERB_CAPTURE, AURORA_OUTCOME_DONE));
    payment_do(&p, AURORA_VERB_REFUND, AURORA_OUTCOME_DONE);

    only(AURORA_EVENT_PAYMENT_REFUNDED);
}
END_TEST

START_TEST(test_payment_call__success_for_a_tombstone_from_a_forgotten_past_is_voided)
{
    payment_bring_to(&p, AURORA__PAYMENT_UNCHARGED);

    aurora_assert_ok(payment_finish(&p, AURORA_VERB_AUTHORIZE, AURORA_OUTCOME_DONE));
    payment_do(&p, AURORA_VERB_VOID, AURORA_OUTCOME_DONE);

    ck_assert_str_eq(only(AURORA_EVENT_PAYMENT_VOIDED)->saga->currency, "EUR");
}
END_TEST

START_TEST(test_payment_call__pending_is_asked_for_later_with_its_reference)
{
    payment_bring_to(&p, AURORA__PAYMENT_AUTHORIZING);
    payment_take(&p);
    aurora__payment_result pending = {AURORA_OUTCOME_PENDING, "pending-1", NULL, 7000};

    aurora_assert_ok(payment_finish_with(&p, AURORA_VERB_AUTHORIZE, &pending));
    p.core->now_ms += 6999;
    payment_take(&p);
    ck_assert(!p.is_taken);
    p.core->now_ms += 1;
    payment_take(&p);

    ck_assert(p.is_taken);
    ck_assert(p.task.is_query);
    ck_assert_str_eq(p.task.provider_reference, "pending-1");
}
END_TEST

START_TEST(test_payment_call__not_found_sends_the_same_key_again)
{
    payment_bring_to(&p, AURORA__PAYMENT_AUTHORIZING);
    payment_do(&p, AURORA_VERB_AUTHORIZE, AURORA_OUTCOME_UNKNOWN);
    p.core->now_ms += p.core->policy.retry_first_ms;
    payment_do(&p, AURORA_VERB_AUTHORIZE, AURORA_OUTCOME_NOT_FOUND);
    ck_assert(p.task.is_query);

    payment_take(&p);

    ck_assert(p.is_taken);
    ck_assert(!p.task.is_query);
    ck_assert_int_eq(p.task.attempt, 3);
}
END_TEST

START_TEST(test_payment_call__repeated_unknown_counts_once)
{
    payment_bring_to(&p, AURORA__PAYMENT_AUTHORIZING);
    payment_do(&p, AURORA_VERB_AUTHORIZE, AURORA_OUTCOME_UNKNOWN);
    int64_t due_at = payment_row(&p)->due_at;
    p.core->now_ms += 500;

    aurora_assert_ok(payment_finish(&p, AURORA_VERB_AUTHORIZE, AURORA_OUTCOME_UNKNOWN));

    ck_assert_int_eq(payment_row(&p)->due_at, due_at);
    ck_assert_int_eq(payment_row(&p)->attempts, 1);
}
END_TEST

/* --- cancelled meanwhile ---------------------------------------------------------------------- */

START_TEST(test_payment_call__order_over_during_authorize_voids_a_success)
{
    payment_bring_to(&p, AURORA__PAYMENT_ABORTING);

    aurora_assert_ok(payment_finish(&p, AURORA_VERB_AUTHORIZE, AURORA_OUTCOME_DONE));
    nothing();
    payment_do(&p, AURORA_VERB_VOID, AURORA_OUTCOME_DONE);

    only(AURORA_EVENT_PAYMENT_VOIDED);
}
END_TEST

START_TEST(test_payment_call__order_over_during_authorize_needs_no_void_of_a_decline)
{
    payment_bring_to(&p, AURORA__PAYMENT_ABORTING);

    aurora_assert_ok(payment_finish(&p, AURORA_VERB_AUTHORIZE, AURORA_OUTCOME_DECLINED));

    ck_assert_int_eq(only(AURORA_EVENT_PAYMENT_VOIDED)->reason, AURORA_REASON_DEADLINE);
    state_is(AURORA__PAYMENT_UNCHARGED);
}
END_TEST

START_TEST(test_payment_call__order_over_and_authorize_not_found_voids_by_key)
{
    payment_bring_to(&p, AURORA__PAYMENT_ABORTING);
    p.core->now_ms += PAYMENT_LEASE_MS + p.core->policy.retry_first_ms;
    payment_do(&p, AURORA_VERB_AUTHORIZE, AURORA_OUTCOME_NOT_FOUND);
    ck_assert(p.task.is_query);

    payment_take(&p);

    ck_assert_int_eq(p.task.verb, AURORA_VERB_VOID);
    ck_assert(!p.task.is_query);
    ck_assert_int_eq(p.task.attempt, 1);
    ck_assert_int_eq(payment_row(&p)->first_attempt_at, p.core->now_ms);
}
END_TEST

START_TEST(test_payment_call__order_over_after_not_found_voids_by_key_without_asking_again)
{
    payment_bring_to(&p, AURORA__PAYMENT_AUTHORIZING);
    payment_do(&p, AURORA_VERB_AUTHORIZE, AURORA_OUTCOME_UNKNOWN);
    p.core->now_ms += p.core->policy.retry_first_ms;
    payment_do(&p, AURORA_VERB_AUTHORIZE, AURORA_OUTCOME_NOT_FOUND);

    aurora_assert_ok(payment_deliver(&p, AURORA_EVENT_ORDER_FAILED));

    state_is(AURORA__PAYMENT_VOIDING);
    payment_do(&p, AURORA_VERB_VOID, AURORA_OUTCOME_DONE);
    only(AURORA_EVENT_PAYMENT_VOIDED);
}
END_TEST

START_TEST(test_payment_call__capture_in_flight_is_finished_before_the_refund)
{
    payment_bring_to(&p, AURORA__PAYMENT_RETURNING);
    payment_take(&p);
    ck_assert(!p.is_taken);

    aurora_assert_ok(payment_finish(&p, AURORA_VERB_CAPTURE, AURORA_OUTCOME_DONE));
    nothing();
    payment_do(&p, AURORA_VERB_REFUND, AURORA_OUTCOME_DONE);

    ck_assert_int_eq(only(AURORA_EVENT_PAYMENT_REFUNDED)->amount_minor, PAYMENT_TOTAL);
}
END_TEST

START_TEST(test_payment_call__capture_in_flight_that_never_arrived_is_voided)
{
    payment_bring_to(&p, AURORA__PAYMENT_RETURNING);
    p.core->now_ms += PAYMENT_LEASE_MS + p.core->policy.retry_first_ms;
    payment_do(&p, AURORA_VERB_CAPTURE, AURORA_OUTCOME_NOT_FOUND);

    payment_do(&p, AURORA_VERB_VOID, AURORA_OUTCOME_DONE);

    only(AURORA_EVENT_PAYMENT_VOIDED);
}
END_TEST

START_TEST(test_payment_call__cancel_during_a_void_changes_nothing)
{
    payment_bring_to(&p, AURORA__PAYMENT_VOIDING);
    payment_take(&p);
    int64_t version = payment_row(&p)->version;

    aurora_assert_ok(payment_deliver(&p, AURORA_EVENT_ORDER_CANCELLED));

    nothing();
    ck_assert_int_eq(payment_row(&p)->version, version);
}
END_TEST

/* --- a void that is refused ------------------------------------------------------------------- */

static void lose_the_lease(void)
{
    p.core->now_ms += PAYMENT_LEASE_MS + p.core->policy.retry_max_ms;
}

/* Found by the exhaustive search: the second of two "not found" was taken for the outcome of the
 * call that had followed the first, and the order was cancelled meanwhile. */
START_TEST(test_payment_call__capture_behind_a_repeated_not_found_is_refunded)
{
    payment_bring_to(&p, AURORA__PAYMENT_CAPTURING);
    payment_take(&p);
    lose_the_lease();
    payment_do(&p, AURORA_VERB_CAPTURE, AURORA_OUTCOME_NOT_FOUND);
    payment_take(&p); /* it gets through, and its answer is lost */
    ck_assert(p.is_taken && !p.task.is_query);
    aurora_assert_ok(payment_deliver(&p, AURORA_EVENT_ORDER_CANCELLED));
    aurora_assert_ok(payment_finish(&p, AURORA_VERB_CAPTURE, AURORA_OUTCOME_NOT_FOUND));

    payment_do(&p, AURORA_VERB_VOID, AURORA_OUTCOME_DECLINED);
    nothing();
    payment_do(&p, AURORA_VERB_CAPTURE, AURORA_OUTCOME_DONE);
    ck_assert(p.task.is_query);
    payment_do(&p, AURORA_VERB_REFUND, AURORA_OUTCOME_DONE);

    ck_assert_int_eq(only(AURORA_EVENT_PAYMENT_REFUNDED)->amount_minor, PAYMENT_TOTAL);
}
END_TEST

/* Found by the exhaustive search: the call was slower than the question about it. */
START_TEST(test_payment_call__capture_that_a_query_overtook_is_refunded)
{
    payment_bring_to(&p, AURORA__PAYMENT_RETURNING);
    lose_the_lease();
    payment_do(&p, AURORA_VERB_CAPTURE, AURORA_OUTCOME_NOT_FOUND); /* only now it arrives */

    payment_do(&p, AURORA_VERB_VOID, AURORA_OUTCOME_DECLINED);
    nothing();
    payment_do(&p, AURORA_VERB_CAPTURE, AURORA_OUTCOME_DONE);
    payment_do(&p, AURORA_VERB_REFUND, AURORA_OUTCOME_DONE);

    only(AURORA_EVENT_PAYMENT_REFUNDED);
}
END_TEST

START_TEST(test_payment_call__old_not_found_does_not_answer_what_is_asked_after_a_refused_void)
{
    payment_bring_to(&p, AURORA__PAYMENT_RECHECKING);

    aurora_assert_ok(payment_finish(&p, AURORA_VERB_CAPTURE, AURORA_OUTCOME_NOT_FOUND));
    aurora_assert_ok(payment_finish(&p, AURORA_VERB_CAPTURE, AURORA_OUTCOME_DECLINED));
    nothing();
    payment_do(&p, AURORA_VERB_CAPTURE, AURORA_OUTCOME_NOT_FOUND);
    nothing();
    ck_assert_int_eq(payment_row(&p)->due_at, p.core->now_ms + p.core->policy.retry_first_ms);
    p.core->now_ms = payment_row(&p)->due_at;
    payment_do(&p, AURORA_VERB_CAPTURE, AURORA_OUTCOME_DONE);

    ck_assert(p.task.is_query);
    state_is(AURORA__PAYMENT_REFUNDING);
}
END_TEST

START_TEST(test_payment_call__refused_void_never_captures)
{
    payment_bring_to(&p, AURORA__PAYMENT_RECHECKING);

    for (int i = 0; i < 5; i++) {
        payment_take(&p);
        ck_assert(p.is_taken);
        ck_assert_int_eq(p.task.verb, AURORA_VERB_CAPTURE);
        ck_assert(p.task.is_query);
        ck_assert_int_eq(p.task.attempt, i + 1);
        lose_the_lease();
    }
    payment_take(&p);
    given_back = p.task;
    aurora_assert_ok(core_fixture_run(p.core, give_back, NULL));
    lose_the_lease();
    payment_take(&p);
    ck_assert(p.is_taken && p.task.is_query);
}
END_TEST

START_TEST(test_payment_call__void_that_succeeds_after_all_needs_no_answer_about_the_capture)
{
    payment_bring_to(&p, AURORA__PAYMENT_RECHECKING);
    payment_take(&p);

    aurora_assert_ok(payment_finish(&p, AURORA_VERB_VOID, AURORA_OUTCOME_DECLINED));
    nothing();
    aurora_assert_ok(payment_finish(&p, AURORA_VERB_VOID, AURORA_OUTCOME_DONE));
    only(AURORA_EVENT_PAYMENT_VOIDED);
    aurora_assert_ok(payment_finish(&p, AURORA_VERB_CAPTURE, AURORA_OUTCOME_NOT_FOUND));

    nothing();
    state_is(AURORA__PAYMENT_VOIDED);
}
END_TEST

static aurora_status want_keys(aurora__step *step, void *context)
{
    return aurora__payment_keys(step, context);
}

START_TEST(test_payment_call__keys_name_the_order_only_where_it_is_kept)
{
    aurora_assert_ok(core_fixture_run(p.core, want_keys, &p.order_id));
    p.core->policy.modules = AURORA__MODULE_PAYMENT;
    aurora_assert_ok(core_fixture_run(p.core, want_keys, &p.order_id));
}
END_TEST

static Suite *payment_call_suite(void)
{
    Suite *suite = suite_create("payment_call");
    TCase *tcase = tcase_create("payment_call");
    tcase_add_checked_fixture(tcase, begin, end);
    tcase_add_test(tcase, test_payment_call__task_id_gives_back_order_and_verb);
    tcase_add_test(tcase, test_payment_call__ids_that_are_no_tasks_are_not_found);
    tcase_add_test(tcase, test_payment_call__outcome_that_does_not_exist_is_refused);
    tcase_add_test(tcase, test_payment_call__inline_payment_has_no_tasks_to_finish);
    tcase_add_test(tcase, test_payment_call__taken_task_says_all_that_a_provider_needs);
    tcase_add_test(tcase, test_payment_call__leased_task_is_not_taken_twice);
    tcase_add_test(tcase, test_payment_call__lost_lease_is_followed_by_a_query_with_the_same_key);
    tcase_add_test(tcase, test_payment_call__lost_lease_waits_out_the_backoff);
    tcase_add_test(tcase,
                   test_payment_call__authorize_that_nobody_took_in_time_is_declined_as_late);
    tcase_add_test(tcase, test_payment_call__references_follow_from_authorize_to_refund);
    tcase_add_test(tcase, test_payment_call__second_answer_changes_nothing_in_any_later_state);
    tcase_add_test(tcase, test_payment_call__answer_after_the_lease_counts);
    tcase_add_test(tcase, test_payment_call__decline_after_done_is_too_late);
    tcase_add_test(tcase,
                   test_payment_call__success_after_a_decline_is_voided_behind_the_orders_back);
    tcase_add_test(tcase, test_payment_call__order_that_fails_during_that_void_waits_for_it);
    tcase_add_test(tcase, test_payment_call__capture_known_after_a_decline_is_refunded);
    tcase_add_test(tcase, test_payment_call__success_after_the_order_ended_uncharged_starts_a_void);
    tcase_add_test(tcase, test_payment_call__capture_known_after_a_void_is_refunded);
    tcase_add_test(tcase,
                   test_payment_call__success_for_a_tombstone_from_a_forgotten_past_is_voided);
    tcase_add_test(tcase, test_payment_call__pending_is_asked_for_later_with_its_reference);
    tcase_add_test(tcase, test_payment_call__not_found_sends_the_same_key_again);
    tcase_add_test(tcase, test_payment_call__repeated_unknown_counts_once);
    tcase_add_test(tcase, test_payment_call__order_over_during_authorize_voids_a_success);
    tcase_add_test(tcase,
                   test_payment_call__order_over_during_authorize_needs_no_void_of_a_decline);
    tcase_add_test(tcase, test_payment_call__order_over_and_authorize_not_found_voids_by_key);
    tcase_add_test(tcase,
                   test_payment_call__order_over_after_not_found_voids_by_key_without_asking_again);
    tcase_add_test(tcase, test_payment_call__capture_in_flight_is_finished_before_the_refund);
    tcase_add_test(tcase, test_payment_call__capture_in_flight_that_never_arrived_is_voided);
    tcase_add_test(tcase, test_payment_call__capture_behind_a_repeated_not_found_is_refunded);
    tcase_add_test(tcase, test_payment_call__capture_that_a_query_overtook_is_refunded);
    tcase_add_test(
        tcase, test_payment_call__old_not_found_does_not_answer_what_is_asked_after_a_refused_void);
    tcase_add_test(tcase, test_payment_call__refused_void_never_captures);
    tcase_add_test(
        tcase, test_payment_call__void_that_succeeds_after_all_needs_no_answer_about_the_capture);
    tcase_add_test(tcase, test_payment_call__keys_name_the_order_only_where_it_is_kept);
    tcase_add_test(tcase, test_payment_call__cancel_during_a_void_changes_nothing);
    tcase_add_test(tcase, test_payment_call__reference_of_a_void_does_not_hide_the_authorizations);
    tcase_add_test(tcase, test_payment_call__given_back_lease_counts_no_attempt);
    tcase_add_test(tcase, test_payment_call__lost_lease_given_back_leaves_the_next_one);
    tcase_add_test(tcase, test_payment_call__give_back_of_an_unknown_lease_asks_next);
    tcase_add_test(tcase, test_payment_call__each_call_counts_its_own_attempts);
    tcase_add_test(
        tcase, test_payment_call__reference_of_a_pending_capture_does_not_hide_the_authorizations);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(payment_call_suite)
