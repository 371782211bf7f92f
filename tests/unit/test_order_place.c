/* SPDX-License-Identifier: MIT */
/* What a placed order is stored as and says, and what is refused instead. */
#include "core/order.h"

#include <aurora/event.h>
#include <aurora/order.h>

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

static const aurora__order_row *order(void)
{
    return saga_fixture_order(fixture);
}

static aurora_id other_id(uint8_t n)
{
    aurora_id id = fixture->order_id;
    id.bytes[14] = n;
    return id;
}

START_TEST(test_order__placed_order_is_pending_and_says_so)
{
    ck_assert_int_eq(saga_fixture_only(fixture)->kind, AURORA_EVENT_ORDER_CREATED);
    ck_assert(!saga_fixture_only(fixture)->is_resend);
    ck_assert_str_eq(saga_fixture_only(fixture)->lines, "[[\"cup\",2,250]]");
    ck_assert_int_eq(order()->status, AURORA_ORDER_PENDING);
    ck_assert_int_eq(order()->version, 1);
    ck_assert_int_eq(order()->total_minor, 500);
    ck_assert_int_eq(order()->deadline_at, SAGA_FIXTURE_NOW + 300000);
    ck_assert_int_eq(order()->due_at, SAGA_FIXTURE_NOW + 10000);
    ck_assert_int_eq(order()->placed_at, SAGA_FIXTURE_NOW);
}
END_TEST

typedef struct {
    aurora__place request;
    aurora__place_line lines[3];
    aurora_id taken_by;
    uint32_t line;
} placing;

static aurora_status decide_place(aurora__step *step, void *context)
{
    placing *what = context;
    aurora_status rc = aurora__order_place_keys(step, &what->request);
    return rc != AURORA_OK
               ? rc
               : aurora__order_place(step, &what->request, &what->taken_by, &what->line);
}

static placing request_of(uint8_t n)
{
    return (placing){.request = {.id = other_id(n),
                                 .currency = "EUR",
                                 .payment_method = "tok_approve",
                                 .line_count = 1},
                     .lines = {{"cup", 2, 250}, {"pot", 1, 900}, {"pan", 1, 1}}};
}

static aurora_status place(placing *what)
{
    what->request.lines = what->lines;
    what->line = 7;
    return saga_fixture_run(fixture, decide_place, what);
}

static void put_price(const char *sku, int64_t price_minor, const char *currency, bool is_deleted)
{
    saga_fixture_put(fixture, AURORA__TABLE_price,
                     &(aurora__price_row){.sku = sku,
                                          .price_minor = price_minor,
                                          .currency = currency,
                                          .version = 1,
                                          .is_deleted = is_deleted});
}

START_TEST(test_order__prices_come_from_the_price_list_not_from_the_request)
{
    placing what = request_of(1);
    put_price("cup", 333, "EUR", false);

    aurora_assert_ok(place(&what));

    ck_assert_str_eq(saga_fixture_only(fixture)->lines, "[[\"cup\",2,333]]");
    ck_assert_int_eq(saga_fixture_only(fixture)->saga->total_minor, 666);
    ck_assert_uint_eq(what.line, UINT32_MAX);
}
END_TEST

START_TEST(test_order__unknown_or_deleted_product_is_refused_with_its_line)
{
    placing what = request_of(1);
    what.request.line_count = 3;
    put_price("cup", 333, "EUR", false);
    put_price("pan", 1, "EUR", true);

    aurora_assert_status(place(&what), AURORA_EUNKNOWNSKU);
    ck_assert_uint_eq(what.line, 1);
    put_price("pot", 900, "EUR", false);
    aurora_assert_status(place(&what), AURORA_EUNKNOWNSKU);

    ck_assert_uint_eq(what.line, 2);
}
END_TEST

START_TEST(test_order__other_currency_is_refused_with_its_line)
{
    placing what = request_of(1);
    what.request.line_count = 2;
    put_price("cup", 333, "EUR", false);
    put_price("pot", 900, "USD", false);

    aurora_assert_status(place(&what), AURORA_ECURRENCY);

    ck_assert_uint_eq(what.line, 1);
}
END_TEST

START_TEST(test_order__own_prices_and_charges_add_up_to_the_total)
{
    placing what = request_of(1);
    what.request.has_own_prices = true;
    what.request.line_count = 2;
    what.request.charges = "[[1,\"VAT\",266]]";
    what.request.charges_minor = 266;

    aurora_assert_ok(place(&what));

    ck_assert_int_eq(saga_fixture_only(fixture)->saga->total_minor, 2 * 250 + 900 + 266);
}
END_TEST

START_TEST(test_order__total_below_0_or_beyond_int64_is_refused)
{
    placing what = request_of(1);
    what.request.has_own_prices = true;
    what.request.charges_minor = -501;
    aurora_assert_status(place(&what), AURORA_EOVERFLOW);
    what.request.charges_minor = INT64_MAX - 499;
    aurora_assert_status(place(&what), AURORA_EOVERFLOW);
    what.lines[0].unit_price_minor = INT64_MAX / 2 + 1;
    what.request.charges_minor = 0;
    aurora_assert_status(place(&what), AURORA_EOVERFLOW);

    what.lines[0].unit_price_minor = 250;
    what.request.charges_minor = -500;
    aurora_assert_ok(place(&what));

    ck_assert_int_eq(saga_fixture_only(fixture)->saga->total_minor, 0);
}
END_TEST

START_TEST(test_order__reference_is_taken_for_ever)
{
    placing first = request_of(1);
    placing second = request_of(2);
    first.request.has_own_prices = second.request.has_own_prices = true;
    first.request.reference = second.request.reference = "A-17";
    aurora_assert_ok(place(&first));

    aurora_assert_status(place(&second), AURORA_ETAKEN);

    aurora_assert_id_eq(second.taken_by, other_id(1));
}
END_TEST

START_TEST(test_order__refused_order_leaves_its_reference_free)
{
    placing first = request_of(1);
    placing second = request_of(2);
    first.request.reference = second.request.reference = "A-17";
    second.request.has_own_prices = true;

    aurora_assert_status(place(&first), AURORA_EUNKNOWNSKU);

    aurora_assert_ok(place(&second));
}
END_TEST

START_TEST(test_order__event_that_would_be_too_large_is_refused)
{
    placing what = request_of(1);
    what.request.has_own_prices = true;
    fixture->policy.event_bytes_max = 8192;

    aurora_assert_status(place(&what), AURORA_ETOOBIG);
}
END_TEST

static Suite *order_place_suite(void)
{
    Suite *suite = suite_create("order_place");
    TCase *tcase = tcase_create("order_place");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, test_order__placed_order_is_pending_and_says_so);
    tcase_add_test(tcase, test_order__prices_come_from_the_price_list_not_from_the_request);
    tcase_add_test(tcase, test_order__unknown_or_deleted_product_is_refused_with_its_line);
    tcase_add_test(tcase, test_order__other_currency_is_refused_with_its_line);
    tcase_add_test(tcase, test_order__own_prices_and_charges_add_up_to_the_total);
    tcase_add_test(tcase, test_order__total_below_0_or_beyond_int64_is_refused);
    tcase_add_test(tcase, test_order__reference_is_taken_for_ever);
    tcase_add_test(tcase, test_order__refused_order_leaves_its_reference_free);
    tcase_add_test(tcase, test_order__event_that_would_be_too_large_is_refused);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(order_place_suite)
