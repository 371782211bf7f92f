/* SPDX-License-Identifier: MIT */
/* An order shows a participant as parked, the participant is not: its answer was lost on the way.
 * A settled order asks for nothing any more, so an operator's act is what must bring the answer
 * again. Found by simulation. */
#include "payment_fixture.h"
#include "saga_fixture.h"

static payment_fixture p;
static saga_fixture *fixture;

static void setup(void)
{
    payment_fixture_init(&p, AURORA__PROVIDER_TASKS);
    fixture = saga_fixture_new(AURORA__MODULE_INVENTORY);
    saga_fixture_receive(fixture, SAGA_FIXTURE_SKU, 1, 10);
}

static void teardown(void)
{
    payment_fixture_deinit(&p);
    saga_fixture_free(fixture);
}

static aurora_status retry_inventory(void)
{
    aurora__event event = saga_fixture_event(fixture, AURORA_EVENT_ORDER_REPAIR);
    event.participant = AURORA_PARTICIPANT_INVENTORY;
    event.action = AURORA_REPAIR_RETRY;
    return saga_fixture_deliver(fixture, AURORA__MODULE_INVENTORY, &event);
}

static void assert_repeats(const aurora__event *event, int32_t kind)
{
    ck_assert_int_eq(event->kind, kind);
    ck_assert(event->is_resend);
}

START_TEST(test_lost_answer__retry_of_a_payment_at_rest_repeats_it)
{
    payment_bring_to(&p, AURORA__PAYMENT_VOIDED);
    int64_t version = payment_row(&p)->version;
    ck_assert_int_eq(payment_row(&p)->parked_at, 0);

    aurora_assert_ok(payment_repair(&p, AURORA_REPAIR_RETRY, 0));

    assert_repeats(core_fixture_event(p.core), AURORA_EVENT_PAYMENT_VOIDED);
    ck_assert_int_eq(payment_row(&p)->version, version);
}
END_TEST

START_TEST(test_lost_answer__mark_of_a_payment_at_rest_repeats_it_and_changes_nothing)
{
    payment_bring_to(&p, AURORA__PAYMENT_CAPTURED);
    int64_t version = payment_row(&p)->version;

    aurora_assert_ok(payment_repair(&p, AURORA_REPAIR_MARK, AURORA_RESULT_REFUNDED));

    assert_repeats(core_fixture_event(p.core), AURORA_EVENT_PAYMENT_CAPTURED);
    ck_assert_int_eq(payment_row(&p)->version, version);
}
END_TEST

START_TEST(test_lost_answer__retry_of_a_reservation_repeats_it)
{
    aurora_assert_ok(
        saga_fixture_tell(fixture, AURORA__MODULE_INVENTORY, AURORA_EVENT_ORDER_CREATED));
    aurora_assert_ok(
        saga_fixture_tell(fixture, AURORA__MODULE_INVENTORY, AURORA_EVENT_ORDER_FAILED));
    int64_t version = saga_fixture_reservation(fixture)->version;

    aurora_assert_ok(retry_inventory());

    assert_repeats(saga_fixture_only(fixture), AURORA_EVENT_INVENTORY_RELEASED);
    ck_assert_int_eq(saga_fixture_reservation(fixture)->version, version);
    ck_assert_int_eq(saga_fixture_stock(fixture, 1)->available, 10);
}
END_TEST

START_TEST(test_lost_answer__retry_without_a_reservation_says_nothing)
{
    aurora_assert_ok(retry_inventory());

    ck_assert_uint_eq(fixture->step.event_count, 0);
    ck_assert_ptr_null(saga_fixture_reservation(fixture));
}
END_TEST

static Suite *lost_answer_suite(void)
{
    Suite *suite = suite_create("lost_answer");
    TCase *tcase = tcase_create("lost_answer");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, test_lost_answer__retry_of_a_payment_at_rest_repeats_it);
    tcase_add_test(tcase,
                   test_lost_answer__mark_of_a_payment_at_rest_repeats_it_and_changes_nothing);
    tcase_add_test(tcase, test_lost_answer__retry_of_a_reservation_repeats_it);
    tcase_add_test(tcase, test_lost_answer__retry_without_a_reservation_says_nothing);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(lost_answer_suite)
