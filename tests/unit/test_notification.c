/* SPDX-License-Identifier: MIT */
/* Notifications as a pure module: sent at most once, and never silently lost. */
#include <aurora/event.h>
#include <aurora/order.h>

#include "core/notification.h"
#include "core_fixture.h"

static core_fixture *fixture;
static aurora_id order_id;
static aurora_id task_id;

static void setup(void)
{
    fixture = core_fixture_new();
    order_id = core_fixture_order_id(1);
    task_id = aurora__notification_task_id(&order_id, AURORA_NOTIFICATION_COMPLETED);
}

static void teardown(void)
{
    core_fixture_free(fixture);
}

/* --- decisions -------------------------------------------------------------------------------- */

static aurora_status add_decision(aurora__step *step, void *context)
{
    const aurora__saga saga = {.customer_id = "ada",
                               .contact = "ada@example.org",
                               .currency = "EUR",
                               .total_minor = 1250,
                               .deadline_at = 7,
                               .placed_at = 5,
                               .traceparent = "00-\"quoted\""};
    aurora__event event = {.kind = AURORA_EVENT_ORDER_COMPLETED,
                           .order_id = order_id,
                           .order_version = 3,
                           .at_ms = step->now_ms,
                           .reason = AURORA_REASON_CUSTOMER,
                           .saga = &saga};
    const int32_t *state = context;
    aurora__notification what = {.order_id = order_id,
                                 .event_kind = event.kind,
                                 .state = *state,
                                 .order_version = 3,
                                 .at_ms = event.at_ms};
    if (*state == AURORA__NOTIFICATION_PENDING)
        what.saga = aurora__notification_saga(step->arena, &event);
    return aurora__notification_add(step, &what);
}

static void add(int32_t state)
{
    aurora_assert_ok(core_fixture_run(fixture, add_decision, &state));
}

typedef struct {
    aurora__notification_task task;
    bool is_taken;
} taking;

static aurora_status take_decision(aurora__step *step, void *context)
{
    taking *one = context;
    return aurora__notification_take(step, &task_id, 30000, &one->task, &one->is_taken);
}

static taking take(void)
{
    taking one = {0};
    aurora_assert_ok(core_fixture_run(fixture, take_decision, &one));
    return one;
}

typedef struct {
    int32_t outcome;
    const char *code;
    int64_t retry_after_ms;
} finishing;

static aurora_status finish_decision(aurora__step *step, void *context)
{
    const finishing *how = context;
    return aurora__notification_finish(step, &task_id, how->outcome, how->code,
                                       how->retry_after_ms);
}

static aurora_status finish(int32_t outcome, const char *code, int64_t retry_after_ms)
{
    finishing how = {outcome, code, retry_after_ms};
    return core_fixture_run(fixture, finish_decision, &how);
}

static const aurora__notification_row *stored(void)
{
    aurora__key key = aurora__key_uuid_number(AURORA__TABLE_notification, &order_id,
                                              AURORA_EVENT_ORDER_COMPLETED);
    return core_fixture_get(fixture, &key);
}

/* --- tests ------------------------------------------------------------------------------------ */

START_TEST(test_notification__task_ids_name_order_and_kind)
{
    for (int32_t kind = 1; kind <= 3; kind++) {
        int32_t found;
        aurora_id id = aurora__notification_task_id(&order_id, kind);

        aurora_id order = aurora__notification_order(&id, &found);

        aurora_assert_id_eq(order, order_id);
        ck_assert_int_eq(found, kind);
        ck_assert_int_eq(aurora__notification_kind(aurora__notification_event(kind)), kind);
    }
    for (uint8_t verb = 0; verb <= 4; verb++) {
        int32_t found;
        aurora_id id = order_id;
        id.bytes[15] |= verb;
        aurora__notification_order(&id, &found);
        ck_assert_int_eq(found, 0);
    }
}
END_TEST

START_TEST(test_notification__task_carries_what_its_sender_needs)
{
    add(AURORA__NOTIFICATION_PENDING);

    taking one = take();

    ck_assert(one.is_taken);
    aurora_assert_id_eq(one.task.order_id, order_id);
    ck_assert_int_eq(one.task.kind, AURORA_NOTIFICATION_COMPLETED);
    ck_assert_int_eq(one.task.attempt, 1);
    ck_assert_int_eq(one.task.total_minor, 1250);
    ck_assert_int_eq(one.task.reason, AURORA_REASON_CUSTOMER);
    ck_assert_str_eq(one.task.contact, "ada@example.org");
    ck_assert_str_eq(one.task.customer_id, "ada");
    ck_assert_str_eq(one.task.currency, "EUR");
    ck_assert_str_eq(one.task.traceparent, "00-\"quoted\"");
    ck_assert_ptr_null(one.task.decline_code);
    ck_assert_int_eq(one.task.placed_at, 5);
    ck_assert_int_eq(one.task.deadline_at, 7);
    ck_assert_int_eq(one.task.lease_at, fixture->now_ms + 30000);
    ck_assert_int_eq(stored()->state, AURORA__NOTIFICATION_SENDING);
}
END_TEST

START_TEST(test_notification__second_add_is_a_no_op)
{
    add(AURORA__NOTIFICATION_PENDING);
    take();

    add(AURORA__NOTIFICATION_PENDING);

    ck_assert_int_eq(stored()->state, AURORA__NOTIFICATION_SENDING);
    ck_assert_uint_eq(core_fixture_count(fixture, AURORA__TABLE_notification), 1);
}
END_TEST

START_TEST(test_notification__leased_one_is_not_given_out_again)
{
    add(AURORA__NOTIFICATION_PENDING);
    take();
    fixture->now_ms += 29999;

    ck_assert(!take().is_taken);

    ck_assert_int_eq(stored()->state, AURORA__NOTIFICATION_SENDING);
}
END_TEST

START_TEST(test_notification__found_sending_after_its_lease_is_unknown_and_not_sent_again)
{
    add(AURORA__NOTIFICATION_PENDING);
    take();
    fixture->now_ms += 30000;

    ck_assert(!take().is_taken);

    ck_assert_int_eq(stored()->state, AURORA__NOTIFICATION_UNKNOWN);
    ck_assert_int_eq(stored()->due_at, 0);
    ck_assert_ptr_nonnull(stored()->saga);
    ck_assert(!take().is_taken);
}
END_TEST

/* A webhook may come twice. */
START_TEST(test_notification__found_sending_is_sent_again_where_that_does_no_harm)
{
    fixture->policy.notify_repeats = true;
    fixture->policy.attempts_max = 2;
    add(AURORA__NOTIFICATION_PENDING);
    ck_assert(take().is_taken);
    fixture->now_ms += 30000;

    taking second = take();

    ck_assert(second.is_taken);
    ck_assert_int_eq(second.task.attempt, 2);
    fixture->now_ms += 30000;
    ck_assert(!take().is_taken);
    ck_assert_int_eq(stored()->state, AURORA__NOTIFICATION_FAILED);
}
END_TEST

START_TEST(test_notification__done_clears_what_is_known_of_the_customer)
{
    add(AURORA__NOTIFICATION_PENDING);
    take();

    aurora_assert_ok(finish(AURORA_OUTCOME_DONE, NULL, 0));

    ck_assert_int_eq(stored()->state, AURORA__NOTIFICATION_SENT);
    ck_assert_ptr_null(stored()->saga);
    ck_assert_int_eq(stored()->due_at, 0);
    aurora_assert_ok(finish(AURORA_OUTCOME_DECLINED, "late", 0));
    ck_assert_int_eq(stored()->state, AURORA__NOTIFICATION_SENT);
}
END_TEST

START_TEST(test_notification__done_that_comes_after_the_lease_is_believed)
{
    add(AURORA__NOTIFICATION_PENDING);
    take();
    fixture->now_ms += 30000;
    take();

    aurora_assert_ok(finish(AURORA_OUTCOME_DONE, NULL, 0));

    ck_assert_int_eq(stored()->state, AURORA__NOTIFICATION_SENT);
}
END_TEST

START_TEST(test_notification__declined_fails_with_its_code)
{
    add(AURORA__NOTIFICATION_PENDING);
    take();

    aurora_assert_ok(finish(AURORA_OUTCOME_DECLINED, "bounced", 0));

    ck_assert_int_eq(stored()->state, AURORA__NOTIFICATION_FAILED);
    ck_assert_str_eq(stored()->detail, "bounced");
    ck_assert(!take().is_taken);
}
END_TEST

START_TEST(test_notification__unknown_is_sent_again_only_when_its_sender_says_so)
{
    add(AURORA__NOTIFICATION_PENDING);
    take();

    aurora_assert_ok(finish(AURORA_OUTCOME_UNKNOWN, NULL, 5000));

    ck_assert_int_eq(stored()->state, AURORA__NOTIFICATION_PENDING);
    ck_assert(!take().is_taken);
    fixture->now_ms += 5000;
    taking again = take();
    ck_assert(again.is_taken);
    ck_assert_int_eq(again.task.attempt, 2);
    aurora_assert_ok(finish(AURORA_OUTCOME_UNKNOWN, NULL, 0));
    ck_assert_int_eq(stored()->state, AURORA__NOTIFICATION_UNKNOWN);
}
END_TEST

START_TEST(test_notification__gives_up_after_all_attempts)
{
    fixture->policy.attempts_max = 3;
    add(AURORA__NOTIFICATION_PENDING);

    for (int i = 0; i < 3; i++) {
        ck_assert(take().is_taken);
        aurora_assert_ok(finish(AURORA_OUTCOME_UNKNOWN, NULL, 1));
        fixture->now_ms += 1;
    }

    ck_assert_int_eq(stored()->state, AURORA__NOTIFICATION_FAILED);
    ck_assert(!take().is_taken);
}
END_TEST

START_TEST(test_notification__given_back_counts_as_no_attempt)
{
    fixture->policy.attempts_max = 2;
    add(AURORA__NOTIFICATION_PENDING);

    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(take().task.attempt, 1);
        aurora_assert_ok(finish(AURORA_OUTCOME_NOT_BEGUN, NULL, i));
        ck_assert_int_eq(stored()->state, AURORA__NOTIFICATION_PENDING);
        ck_assert_int_eq(stored()->attempts, 0);
        ck_assert(!take().is_taken);
        fixture->now_ms += i > 0 ? i : 1000;
    }
    aurora_assert_ok(finish(AURORA_OUTCOME_NOT_BEGUN, NULL, 0));
    ck_assert_int_eq(stored()->attempts, 0);
    take();
    aurora_assert_ok(finish(AURORA_OUTCOME_DONE, NULL, 0));
    aurora_assert_ok(finish(AURORA_OUTCOME_NOT_BEGUN, NULL, 0));
    ck_assert_int_eq(stored()->state, AURORA__NOTIFICATION_SENT);
}
END_TEST

START_TEST(test_notification__skipped_one_is_a_record_and_no_task)
{
    add(AURORA__NOTIFICATION_SKIPPED);

    ck_assert(!take().is_taken);

    aurora_assert_ok(finish(AURORA_OUTCOME_DONE, NULL, 0));
    ck_assert_int_eq(stored()->state, AURORA__NOTIFICATION_SKIPPED);
}
END_TEST

START_TEST(test_notification__refuses_other_outcomes_and_unknown_ids)
{
    aurora_assert_status(finish(AURORA_OUTCOME_DONE, NULL, 0), AURORA_ENOTFOUND);
    add(AURORA__NOTIFICATION_PENDING);

    aurora_assert_status(finish(AURORA_OUTCOME_PENDING, NULL, 0), AURORA_EINVAL);
    aurora_assert_status(finish(AURORA_OUTCOME_NOT_FOUND, NULL, 0), AURORA_EINVAL);
    aurora_assert_status(finish(0, NULL, 0), AURORA_EINVAL);
}
END_TEST

START_TEST(test_notification__damaged_text_is_corrupt_and_not_sent)
{
    aurora__notification_row row = {.order_id = order_id,
                                    .kind = AURORA_EVENT_ORDER_COMPLETED,
                                    .state = AURORA__NOTIFICATION_PENDING,
                                    .at = 1,
                                    .updated_at = 1,
                                    .due_at = 1,
                                    .saga = "[\"a\",null,"};
    taking one = {0};
    core_fixture_put(fixture, AURORA__TABLE_notification, &row);

    aurora_assert_status(core_fixture_run(fixture, take_decision, &one), AURORA_ECORRUPT);

    ck_assert_int_eq(stored()->attempts, 0);
}
END_TEST

/* Refused now and to be tried again: the list says why, until it is sent. */
START_TEST(test_notification__what_is_tried_again_says_why)
{
    add(AURORA__NOTIFICATION_PENDING);
    take();

    aurora_assert_ok(finish(AURORA_OUTCOME_UNKNOWN, "private_address", 1000));

    ck_assert_int_eq(stored()->state, AURORA__NOTIFICATION_PENDING);
    ck_assert_str_eq(stored()->detail, "private_address");
    aurora_assert_ok(finish(AURORA_OUTCOME_DONE, NULL, 0));
    ck_assert_int_eq(stored()->state, AURORA__NOTIFICATION_SENT);
    ck_assert_ptr_null(stored()->detail);
}
END_TEST

START_TEST(test_notification__other_events_tell_nobody)
{
    ck_assert_int_eq(aurora__notification_kind(AURORA_EVENT_ORDER_CREATED), 0);
}
END_TEST

static aurora_status keys_and_take(aurora__step *step, void *context)
{
    aurora_status rc = aurora__notification_keys(step, &task_id);
    return rc != AURORA_OK ? rc : take_decision(step, context);
}

START_TEST(test_notification__row_in_no_state_or_without_its_text_is_damage)
{
    taking one = {0};
    aurora__notification_row row = {.order_id = order_id,
                                    .kind = AURORA_EVENT_ORDER_COMPLETED,
                                    .state = AURORA__NOTIFICATION_FAILED,
                                    .due_at = 1};
    core_fixture_put(fixture, AURORA__TABLE_notification, &row);
    aurora_assert_status(core_fixture_run(fixture, keys_and_take, &one), AURORA_ECORRUPT);
    row.state = AURORA__NOTIFICATION_PENDING;
    core_fixture_put(fixture, AURORA__TABLE_notification, &row);

    aurora_assert_status(core_fixture_run(fixture, keys_and_take, &one), AURORA_ECORRUPT);

    ck_assert(!one.is_taken);
}
END_TEST

START_TEST(test_notification__outcome_of_one_that_nobody_has_changes_nothing)
{
    add(AURORA__NOTIFICATION_PENDING);

    aurora_assert_ok(finish(AURORA_OUTCOME_UNKNOWN, NULL, 1000));
    aurora_assert_ok(finish(AURORA_OUTCOME_NOT_BEGUN, NULL, 1000));

    ck_assert_int_eq(stored()->state, AURORA__NOTIFICATION_PENDING);
    ck_assert_int_eq(stored()->attempts, 0);
}
END_TEST

static Suite *suite(void)
{
    const TTest *const tests[] = {
        test_notification__task_ids_name_order_and_kind,
        test_notification__task_carries_what_its_sender_needs,
        test_notification__second_add_is_a_no_op,
        test_notification__leased_one_is_not_given_out_again,
        test_notification__found_sending_after_its_lease_is_unknown_and_not_sent_again,
        test_notification__found_sending_is_sent_again_where_that_does_no_harm,
        test_notification__done_clears_what_is_known_of_the_customer,
        test_notification__done_that_comes_after_the_lease_is_believed,
        test_notification__declined_fails_with_its_code,
        test_notification__unknown_is_sent_again_only_when_its_sender_says_so,
        test_notification__gives_up_after_all_attempts,
        test_notification__given_back_counts_as_no_attempt,
        test_notification__skipped_one_is_a_record_and_no_task,
        test_notification__refuses_other_outcomes_and_unknown_ids,
        test_notification__damaged_text_is_corrupt_and_not_sent,
        test_notification__what_is_tried_again_says_why,
        test_notification__other_events_tell_nobody,
        test_notification__row_in_no_state_or_without_its_text_is_damage,
        test_notification__outcome_of_one_that_nobody_has_changes_nothing,
    };
    Suite *s = suite_create("notification");
    TCase *tcase = tcase_create("notification");
    tcase_add_checked_fixture(tcase, setup, teardown);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(s, tcase);
    return s;
}

AURORA_TEST_MAIN(suite)
