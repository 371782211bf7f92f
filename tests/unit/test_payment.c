/* SPDX-License-Identifier: MIT */
/* What a payment answers to its order's events. */
#include "payment_fixture.h"

static payment_fixture p;

static void start(int32_t provider)
{
    payment_fixture_init(&p, provider);
}

static void begin_tasks(void)
{
    start(AURORA__PROVIDER_TASKS);
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

/* --- inline ----------------------------------------------------------------------------------- */

START_TEST(test_payment__inline_reservation_is_authorized_in_the_same_step)
{
    start(AURORA__PROVIDER_SIMULATOR);

    aurora_assert_ok(payment_deliver(&p, AURORA_EVENT_INVENTORY_RESERVED));

    const aurora__event *event = only(AURORA_EVENT_PAYMENT_AUTHORIZED);
    ck_assert_int_eq(event->amount_minor, PAYMENT_TOTAL);
    ck_assert_int_eq(event->order_version, AURORA_EVENT_INVENTORY_RESERVED);
    ck_assert_ptr_eq(event->saga, &p.saga);
    ck_assert(!event->is_resend);
    ck_assert_int_eq(payment_row(&p)->due_at, 0);
    ck_assert_ptr_null(payment_row(&p)->saga);
}
END_TEST

START_TEST(test_payment__inline_decline_carries_its_code_and_reason)
{
    start(AURORA__PROVIDER_SIMULATOR);
    p.saga.payment_method = "tok_decline_insufficient_funds";

    aurora_assert_ok(payment_deliver(&p, AURORA_EVENT_INVENTORY_RESERVED));

    const aurora__event *event = only(AURORA_EVENT_PAYMENT_DECLINED);
    ck_assert_str_eq(event->decline_code, "insufficient_funds");
    ck_assert_int_eq(event->reason, AURORA_REASON_PAYMENT_DECLINED);
}
END_TEST

START_TEST(test_payment__inline_order_is_captured_and_refunded_without_a_task)
{
    start(AURORA__PROVIDER_SIMULATOR);

    aurora_assert_ok(payment_deliver(&p, AURORA_EVENT_INVENTORY_RESERVED));
    aurora_assert_ok(payment_deliver(&p, AURORA_EVENT_ORDER_COMPLETED));
    only(AURORA_EVENT_PAYMENT_CAPTURED);
    aurora_assert_ok(payment_deliver(&p, AURORA_EVENT_ORDER_CANCELLED));

    const aurora__event *event = only(AURORA_EVENT_PAYMENT_REFUNDED);
    ck_assert_int_eq(event->reason, AURORA_REASON_CUSTOMER);
    payment_take(&p);
    ck_assert(!p.is_taken);
}
END_TEST

START_TEST(test_payment__inline_authorization_is_voided_when_the_order_fails)
{
    start(AURORA__PROVIDER_SIMULATOR);

    aurora_assert_ok(payment_deliver(&p, AURORA_EVENT_INVENTORY_RESERVED));
    aurora_assert_ok(payment_deliver(&p, AURORA_EVENT_ORDER_FAILED));

    only(AURORA_EVENT_PAYMENT_VOIDED);
    ck_assert_int_eq(payment_state(&p), AURORA__PAYMENT_VOIDED);
}
END_TEST

START_TEST(test_payment__simulator_with_latency_or_a_slow_token_makes_tasks)
{
    start(AURORA__PROVIDER_SIMULATOR);
    p.core->policy.simulator_latency_ms = 5;
    aurora_assert_ok(payment_deliver(&p, AURORA_EVENT_INVENTORY_RESERVED));
    ck_assert_int_eq(payment_state(&p), AURORA__PAYMENT_AUTHORIZING);
    end();

    start(AURORA__PROVIDER_SIMULATOR);
    p.saga.payment_method = "tok_timeout";
    aurora_assert_ok(payment_deliver(&p, AURORA_EVENT_INVENTORY_RESERVED));

    ck_assert_int_eq(payment_state(&p), AURORA__PAYMENT_AUTHORIZING);
}
END_TEST

START_TEST(test_payment__port_is_never_answered_inline)
{
    start(AURORA__PROVIDER_PORT);

    aurora_assert_ok(payment_deliver(&p, AURORA_EVENT_INVENTORY_RESERVED));

    nothing();
    ck_assert_int_eq(payment_state(&p), AURORA__PAYMENT_AUTHORIZING);
}
END_TEST

START_TEST(test_payment__total_of_zero_needs_no_call_from_authorize_to_refund)
{
    begin_tasks();
    p.saga.total_minor = 0;
    p.saga.payment_method = NULL;

    aurora_assert_ok(payment_deliver(&p, AURORA_EVENT_INVENTORY_RESERVED));
    only(AURORA_EVENT_PAYMENT_AUTHORIZED);
    aurora_assert_ok(payment_deliver(&p, AURORA_EVENT_ORDER_COMPLETED));
    only(AURORA_EVENT_PAYMENT_CAPTURED);
    aurora_assert_ok(payment_deliver(&p, AURORA_EVENT_ORDER_CANCELLED));

    only(AURORA_EVENT_PAYMENT_REFUNDED);
}
END_TEST

/* --- order of events -------------------------------------------------------------------------- */

START_TEST(test_payment__failed_order_that_comes_first_leaves_a_tombstone)
{
    begin_tasks();

    aurora_assert_ok(payment_deliver(&p, AURORA_EVENT_ORDER_FAILED));
    only(AURORA_EVENT_PAYMENT_VOIDED);
    aurora_assert_ok(payment_deliver(&p, AURORA_EVENT_INVENTORY_RESERVED));

    nothing();
    ck_assert_int_eq(payment_state(&p), AURORA__PAYMENT_UNCHARGED);
    payment_take(&p);
    ck_assert(!p.is_taken);
}
END_TEST

START_TEST(test_payment__completed_order_without_a_payment_is_an_orphan)
{
    begin_tasks();

    aurora_assert_status(payment_deliver(&p, AURORA_EVENT_ORDER_COMPLETED), AURORA__EORPHAN);

    ck_assert_uint_eq(core_fixture_count(p.core, AURORA__TABLE_payment), 0);
    nothing();
}
END_TEST

START_TEST(test_payment__completed_order_of_a_declined_payment_is_illegal)
{
    begin_tasks();
    payment_bring_to(&p, AURORA__PAYMENT_DECLINED);
    int64_t version = payment_row(&p)->version;

    aurora_assert_status(payment_deliver(&p, AURORA_EVENT_ORDER_COMPLETED), AURORA__EILLEGAL);

    ck_assert_int_eq(payment_row(&p)->version, version);
}
END_TEST

START_TEST(test_payment__reservation_beyond_deadline_and_grace_is_declined_as_late)
{
    begin_tasks();
    p.core->now_ms = p.saga.deadline_at + p.core->policy.late_grace_ms + 1;

    aurora_assert_ok(payment_deliver(&p, AURORA_EVENT_INVENTORY_RESERVED));

    const aurora__event *event = only(AURORA_EVENT_PAYMENT_DECLINED);
    ck_assert_int_eq(event->reason, AURORA_REASON_LATE);
    ck_assert_ptr_null(event->decline_code);
}
END_TEST

START_TEST(test_payment__reservation_within_the_grace_is_still_authorized)
{
    start(AURORA__PROVIDER_SIMULATOR);
    p.core->now_ms = p.saga.deadline_at + p.core->policy.late_grace_ms;

    aurora_assert_ok(payment_deliver(&p, AURORA_EVENT_INVENTORY_RESERVED));

    only(AURORA_EVENT_PAYMENT_AUTHORIZED);
}
END_TEST

START_TEST(test_payment__late_repeat_does_not_decline_what_was_authorized)
{
    begin_tasks();
    payment_bring_to(&p, AURORA__PAYMENT_AUTHORIZED);
    p.core->now_ms = p.saga.deadline_at + p.core->policy.late_grace_ms + 1;

    aurora_assert_ok(payment_deliver_again(&p, AURORA_EVENT_INVENTORY_RESERVED));

    const aurora__event *event = only(AURORA_EVENT_PAYMENT_AUTHORIZED);
    ck_assert(event->is_resend);
    ck_assert_int_eq(event->reason, 0);
}
END_TEST

START_TEST(test_payment__call_that_nobody_took_is_withdrawn_when_the_order_ends)
{
    begin_tasks();
    payment_bring_to(&p, AURORA__PAYMENT_AUTHORIZING);

    aurora_assert_ok(payment_deliver(&p, AURORA_EVENT_ORDER_FAILED));

    ck_assert_int_eq(only(AURORA_EVENT_PAYMENT_VOIDED)->reason, AURORA_REASON_DEADLINE);
    ck_assert_int_eq(payment_state(&p), AURORA__PAYMENT_UNCHARGED);
    payment_take(&p);
    ck_assert(!p.is_taken);
}
END_TEST

START_TEST(test_payment__capture_that_nobody_took_becomes_a_void)
{
    begin_tasks();
    payment_bring_to(&p, AURORA__PAYMENT_CAPTURING);

    aurora_assert_ok(payment_deliver(&p, AURORA_EVENT_ORDER_CANCELLED));

    nothing();
    payment_do(&p, AURORA_VERB_VOID, AURORA_OUTCOME_DONE);
    only(AURORA_EVENT_PAYMENT_VOIDED);
}
END_TEST

START_TEST(test_payment__order_that_fails_while_authorized_is_voided)
{
    begin_tasks();
    payment_bring_to(&p, AURORA__PAYMENT_AUTHORIZED);

    aurora_assert_ok(payment_deliver(&p, AURORA_EVENT_ORDER_FAILED));
    payment_do(&p, AURORA_VERB_VOID, AURORA_OUTCOME_DONE);

    const aurora__event *event = only(AURORA_EVENT_PAYMENT_VOIDED);
    ck_assert_int_eq(event->order_version, AURORA_EVENT_ORDER_FAILED);
    ck_assert_str_eq(event->saga->customer_id, "customer-1");
    ck_assert_str_eq(event->saga->contact, "ann@example.org");
    ck_assert_str_eq(event->saga->traceparent, "00-ab-cd-01");
    ck_assert_int_eq(event->saga->placed_at, p.saga.placed_at);
    ck_assert_int_eq(event->saga->deadline_at, p.saga.deadline_at);
}
END_TEST

START_TEST(test_payment__declined_payment_of_a_failed_order_is_voided_without_a_call)
{
    begin_tasks();
    payment_bring_to(&p, AURORA__PAYMENT_DECLINED);

    aurora_assert_ok(payment_deliver(&p, AURORA_EVENT_ORDER_FAILED));

    only(AURORA_EVENT_PAYMENT_VOIDED);
    payment_take(&p);
    ck_assert(!p.is_taken);
}
END_TEST

/* --- resend ----------------------------------------------------------------------------------- */

START_TEST(test_payment__duplicate_without_resend_is_silent_in_every_state)
{
    for (int32_t state = 1; state <= AURORA__PAYMENT_STATES; state++) {
        begin_tasks();
        payment_bring_to(&p, state);
        int64_t version = payment_row(&p)->version;

        aurora_assert_ok(payment_deliver(&p, AURORA_EVENT_INVENTORY_RESERVED));

        nothing();
        ck_assert_int_eq(payment_state(&p), state);
        ck_assert_int_eq(payment_row(&p)->version, version);
        end();
    }
    begin_tasks();
}
END_TEST

START_TEST(test_payment__resend_repeats_the_stored_answer_of_every_state)
{
    for (int32_t state = 1; state <= AURORA__PAYMENT_STATES; state++) {
        begin_tasks();
        payment_bring_to(&p, state);
        int32_t kind = state == AURORA__PAYMENT_ORPHANED ? AURORA_EVENT_PAYMENT_PARKED
                                                         : aurora__payment_answer(state);
        p.core->now_ms++;

        aurora_assert_ok(payment_deliver_again(&p, AURORA_EVENT_INVENTORY_RESERVED));

        if (kind == 0) {
            nothing();
        } else {
            const aurora__event *event = only(kind);
            ck_assert(event->is_resend);
            ck_assert_int_eq(event->order_version, AURORA_EVENT_INVENTORY_RESERVED);
            ck_assert_int_eq(event->amount_minor, PAYMENT_TOTAL);
        }
        ck_assert_int_eq(payment_state(&p), state);
        end();
    }
    begin_tasks();
}
END_TEST

START_TEST(test_payment__resent_end_repeats_only_money_that_is_back)
{
    for (int32_t state = 1; state <= AURORA__PAYMENT_STATES; state++) {
        begin_tasks();
        payment_bring_to(&p, state);
        int32_t answer = aurora__payment_answer(state);

        aurora_assert_ok(payment_deliver_again(&p, AURORA_EVENT_ORDER_CANCELLED));

        if (answer == AURORA_EVENT_PAYMENT_VOIDED || answer == AURORA_EVENT_PAYMENT_REFUNDED)
            ck_assert(only(answer)->is_resend);
        for (uint32_t i = 0; i < p.core->step.event_count; i++)
            ck_assert(p.core->step.events[i]->kind == AURORA_EVENT_PAYMENT_VOIDED ||
                      p.core->step.events[i]->kind == AURORA_EVENT_PAYMENT_REFUNDED);
        end();
    }
    begin_tasks();
}
END_TEST

START_TEST(test_payment__resend_that_comes_first_is_taken_like_the_first)
{
    start(AURORA__PROVIDER_SIMULATOR);

    aurora_assert_ok(payment_deliver_again(&p, AURORA_EVENT_INVENTORY_RESERVED));

    ck_assert(!only(AURORA_EVENT_PAYMENT_AUTHORIZED)->is_resend);
}
END_TEST

START_TEST(test_payment__resent_decline_keeps_its_code_and_reason)
{
    begin_tasks();
    payment_bring_to(&p, AURORA__PAYMENT_DECLINED);

    aurora_assert_ok(payment_deliver_again(&p, AURORA_EVENT_INVENTORY_RESERVED));

    const aurora__event *event = only(AURORA_EVENT_PAYMENT_DECLINED);
    ck_assert_str_eq(event->decline_code, "refused");
    ck_assert_int_eq(event->reason, AURORA_REASON_PAYMENT_DECLINED);
}
END_TEST

/* --- parking by an event, and odd rows -------------------------------------------------------- */

START_TEST(test_payment__event_it_cannot_take_parks_the_row_and_says_so)
{
    begin_tasks();
    payment_bring_to(&p, AURORA__PAYMENT_DECLINED);

    aurora_assert_ok(payment_park(&p, AURORA_EVENT_ORDER_COMPLETED));

    ck_assert_int_eq(only(AURORA_EVENT_PAYMENT_PARKED)->order_version,
                     AURORA_EVENT_ORDER_COMPLETED);
    ck_assert_int_eq(payment_row(&p)->parked_at, p.core->now_ms);
    ck_assert_str_eq(aurora__payment_parked_reason(payment_row(&p)), "an event could not be taken");
}
END_TEST

START_TEST(test_payment__resent_event_that_parked_it_repeats_the_parked_event)
{
    begin_tasks();
    payment_bring_to(&p, AURORA__PAYMENT_DECLINED);
    aurora_assert_ok(payment_park(&p, AURORA_EVENT_ORDER_COMPLETED));

    aurora_assert_ok(payment_deliver_again(&p, AURORA_EVENT_ORDER_COMPLETED));

    ck_assert(only(AURORA_EVENT_PAYMENT_PARKED)->is_resend);
}
END_TEST

static aurora_status repair_without_action(aurora__step *step, void *context)
{
    aurora__event event = {.kind = AURORA_EVENT_ORDER_REPAIR,
                           .order_id = p.order_id,
                           .participant = AURORA_PARTICIPANT_PAYMENT,
                           .saga = context};
    return aurora__payment_on_event(step, &event);
}

static aurora_status park_without_saga(aurora__step *step, void *context)
{
    aurora__event event = {.kind = AURORA_EVENT_ORDER_COMPLETED, .order_id = p.order_id};
    (void)context;
    return aurora__payment_park(step, &event);
}

START_TEST(test_payment__parked_one_takes_no_repair_without_an_action)
{
    begin_tasks();
    payment_bring_to(&p, AURORA__PAYMENT_DECLINED);
    aurora_assert_ok(core_fixture_run(p.core, park_without_saga, NULL));
    int64_t version = payment_row(&p)->version;

    aurora_assert_ok(core_fixture_run(p.core, repair_without_action, &p.saga));

    ck_assert_int_eq(payment_row(&p)->version, version);
    ck_assert_int_ne(payment_row(&p)->parked_at, 0);
}
END_TEST

START_TEST(test_payment__one_with_a_damaged_saga_is_parked_by_word_only)
{
    begin_tasks();
    payment_bring_to(&p, AURORA__PAYMENT_DECLINED);
    aurora__payment_row row = *payment_row(&p);
    row.saga = "[1,2";
    core_fixture_put(p.core, AURORA__TABLE_payment, &row);

    aurora_assert_ok(core_fixture_run(p.core, park_without_saga, NULL));

    ck_assert_int_eq(only(AURORA_EVENT_PAYMENT_PARKED)->amount_minor, 0);
    ck_assert_int_eq(payment_row(&p)->parked_at, 0);
}
END_TEST

START_TEST(test_payment__damaged_row_is_parked_by_word_only)
{
    begin_tasks();
    aurora__payment_row row = {
        .order_id = p.order_id, .state = 99, .version = 1, .created_at = 1, .updated_at = 1};
    core_fixture_put(p.core, AURORA__TABLE_payment, &row);

    aurora_assert_status(payment_deliver(&p, AURORA_EVENT_ORDER_FAILED), AURORA_ECORRUPT);
    aurora_assert_ok(payment_park(&p, AURORA_EVENT_ORDER_FAILED));

    ck_assert_int_eq(only(AURORA_EVENT_PAYMENT_PARKED)->amount_minor, 0);
    ck_assert_int_eq(payment_row(&p)->version, 1);
}
END_TEST

START_TEST(test_payment__negative_total_is_refused)
{
    begin_tasks();
    p.saga.total_minor = -1;

    aurora_assert_status(payment_deliver(&p, AURORA_EVENT_INVENTORY_RESERVED), AURORA_EOVERFLOW);
}
END_TEST

START_TEST(test_payment__largest_total_goes_through_unharmed)
{
    begin_tasks();
    p.saga.total_minor = INT64_MAX;

    payment_bring_to(&p, AURORA__PAYMENT_CAPTURED);

    ck_assert_int_eq(only(AURORA_EVENT_PAYMENT_CAPTURED)->amount_minor, INT64_MAX);
    ck_assert_int_eq(p.task.amount_minor, INT64_MAX);
}
END_TEST

START_TEST(test_payment__unknown_order_that_is_cancelled_gets_an_answer)
{
    begin_tasks();
    p.saga = (aurora__saga){.currency = "", .deadline_at = 1};

    aurora_assert_ok(payment_deliver(&p, AURORA_EVENT_ORDER_CANCELLED));

    only(AURORA_EVENT_PAYMENT_VOIDED);
}
END_TEST

START_TEST(test_payment__other_participants_repairs_and_other_events_are_not_ours)
{
    begin_tasks();

    aurora_assert_ok(payment_deliver(&p, AURORA_EVENT_ORDER_CREATED));
    aurora_assert_ok(payment_repair(&p, AURORA_REPAIR_MARK, AURORA_RESULT_CAPTURED));

    nothing();
    ck_assert_uint_eq(core_fixture_count(p.core, AURORA__TABLE_payment), 0);
}
END_TEST

static Suite *payment_suite(void)
{
    Suite *suite = suite_create("payment");
    TCase *tcase = tcase_create("payment");
    tcase_add_checked_fixture(tcase, NULL, end);
    tcase_add_test(tcase, test_payment__inline_reservation_is_authorized_in_the_same_step);
    tcase_add_test(tcase, test_payment__inline_decline_carries_its_code_and_reason);
    tcase_add_test(tcase, test_payment__inline_order_is_captured_and_refunded_without_a_task);
    tcase_add_test(tcase, test_payment__inline_authorization_is_voided_when_the_order_fails);
    tcase_add_test(tcase, test_payment__simulator_with_latency_or_a_slow_token_makes_tasks);
    tcase_add_test(tcase, test_payment__port_is_never_answered_inline);
    tcase_add_test(tcase, test_payment__total_of_zero_needs_no_call_from_authorize_to_refund);
    tcase_add_test(tcase, test_payment__failed_order_that_comes_first_leaves_a_tombstone);
    tcase_add_test(tcase, test_payment__completed_order_without_a_payment_is_an_orphan);
    tcase_add_test(tcase, test_payment__completed_order_of_a_declined_payment_is_illegal);
    tcase_add_test(tcase, test_payment__reservation_beyond_deadline_and_grace_is_declined_as_late);
    tcase_add_test(tcase, test_payment__reservation_within_the_grace_is_still_authorized);
    tcase_add_test(tcase, test_payment__late_repeat_does_not_decline_what_was_authorized);
    tcase_add_test(tcase, test_payment__call_that_nobody_took_is_withdrawn_when_the_order_ends);
    tcase_add_test(tcase, test_payment__capture_that_nobody_took_becomes_a_void);
    tcase_add_test(tcase, test_payment__order_that_fails_while_authorized_is_voided);
    tcase_add_test(tcase,
                   test_payment__declined_payment_of_a_failed_order_is_voided_without_a_call);
    tcase_add_test(tcase, test_payment__duplicate_without_resend_is_silent_in_every_state);
    tcase_add_test(tcase, test_payment__resend_repeats_the_stored_answer_of_every_state);
    tcase_add_test(tcase, test_payment__resent_end_repeats_only_money_that_is_back);
    tcase_add_test(tcase, test_payment__resend_that_comes_first_is_taken_like_the_first);
    tcase_add_test(tcase, test_payment__resent_decline_keeps_its_code_and_reason);
    tcase_add_test(tcase, test_payment__event_it_cannot_take_parks_the_row_and_says_so);
    tcase_add_test(tcase, test_payment__resent_event_that_parked_it_repeats_the_parked_event);
    tcase_add_test(tcase, test_payment__parked_one_takes_no_repair_without_an_action);
    tcase_add_test(tcase, test_payment__one_with_a_damaged_saga_is_parked_by_word_only);
    tcase_add_test(tcase, test_payment__damaged_row_is_parked_by_word_only);
    tcase_add_test(tcase, test_payment__negative_total_is_refused);
    tcase_add_test(tcase, test_payment__largest_total_goes_through_unharmed);
    tcase_add_test(tcase, test_payment__unknown_order_that_is_cancelled_gets_an_answer);
    tcase_add_test(tcase, test_payment__other_participants_repairs_and_other_events_are_not_ours);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(payment_suite)
