/* SPDX-License-Identifier: MIT */
#include "codec_fixture.h"
#include "test.h"

#include <aurora/order.h>

#include <string.h>

static const aurora_line lines[] = {{"SKU-\"1\"", 2, 1999}, {"gr\xc3\xbcn", 1, 600}};
static const aurora_charge charges[] = {AURORA_CHARGE(AURORA_CHARGE_TAX, "VAT 19 %", 399),
                                        AURORA_CHARGE(AURORA_CHARGE_DISCOUNT, "ten", -10)};
static const aurora_pair metadata[] = {{"source", "web"}, {"line\n", "\\"}};

static aurora_order order;

static void setup(void)
{
    order = (aurora_order){
        .size = sizeof order,
        .id = codec_id(8),
        .status = AURORA_ORDER_PENDING,
        .version = 1,
        .total_minor = 4598,
        .currency = "EUR",
        .lines = lines,
        .line_count = 2,
        .placed_at_ms = CODEC_NOW - 1,
        .created_at_ms = CODEC_NOW,
        .updated_at_ms = CODEC_NOW,
    };
}

static const char bare[] =
    "{\"id\":\"0198c0de-0000-7000-8000-000000000008\",\"status\":\"PENDING\",\"outcome\":null,"
    "\"reason\":null,\"currency\":\"EUR\",\"total_minor\":4598,\"lines\":["
    "{\"sku\":\"SKU-\\\"1\\\"\",\"quantity\":2,\"unit_price_minor\":1999},"
    "{\"sku\":\"gr\xc3\xbcn\",\"quantity\":1,\"unit_price_minor\":600}],"
    "\"charges\":[],\"metadata\":{},\"customer_id\":null,\"reference\":null,\"contact\":null,"
    "\"placed_at\":\"2025-11-23T12:13:19.999000Z\",\"created_at\":\"2025-11-23T12:13:20.000000Z\","
    "\"updated_at\":\"2025-11-23T12:13:20.000000Z\",\"settled_at\":null,\"version\":1}";

START_TEST(test_order_json__absent_members_are_null_or_empty)
{
    char text[2048];
    size_t length = 0;

    aurora_assert_ok(aurora_order_json(&order, text, sizeof text, &length));

    ck_assert_str_eq(text, bare);
    ck_assert_uint_eq(length, sizeof bare - 1);
}
END_TEST

START_TEST(test_order_json__every_member_is_there)
{
    char text[2048];
    order.status = AURORA_ORDER_PARKED;
    order.outcome = AURORA_ORDER_FAILED;
    order.reason = AURORA_REASON_PAYMENT_DECLINED;
    order.decline_code = "expired";
    order.charges = charges;
    order.charge_count = 2;
    order.metadata = metadata;
    order.metadata_count = 2;
    order.line_count = 0;
    order.customer_id = "c1";
    order.reference = "R-1";
    order.contact = "ann@example.com";
    order.settled_at_ms = CODEC_NOW + 5;

    aurora_assert_ok(aurora_order_json(&order, text, sizeof text, NULL));

    ck_assert_str_eq(text,
                     "{\"id\":\"0198c0de-0000-7000-8000-000000000008\",\"status\":\"PARKED\","
                     "\"outcome\":\"FAILED\",\"reason\":\"payment_declined\",\"currency\":\"EUR\","
                     "\"total_minor\":4598,\"lines\":[],\"charges\":["
                     "{\"kind\":\"tax\",\"label\":\"VAT 19 %\",\"amount_minor\":399},"
                     "{\"kind\":\"discount\",\"label\":\"ten\",\"amount_minor\":-10}],"
                     "\"metadata\":{\"source\":\"web\",\"line\\u000a\":\"\\\\\"},"
                     "\"customer_id\":\"c1\",\"reference\":\"R-1\",\"contact\":\"ann@example.com\","
                     "\"placed_at\":\"2025-11-23T12:13:19.999000Z\","
                     "\"created_at\":\"2025-11-23T12:13:20.000000Z\","
                     "\"updated_at\":\"2025-11-23T12:13:20.000000Z\","
                     "\"settled_at\":\"2025-11-23T12:13:20.005000Z\",\"version\":1,"
                     "\"decline_code\":\"expired\"}");
}
END_TEST

START_TEST(test_order_json__length_can_be_asked_for)
{
    size_t length = 0;

    aurora_assert_ok(aurora_order_json(&order, NULL, 0, &length));

    ck_assert_uint_eq(length, sizeof bare - 1);
}
END_TEST

START_TEST(test_order_json__too_small_a_buffer_is_left_alone)
{
    char text[sizeof bare];
    for (size_t capacity = 0; capacity < sizeof bare; capacity++) {
        size_t length = 0;
        memset(text, 'x', sizeof text);

        aurora_assert_status(aurora_order_json(&order, text, capacity, &length), AURORA_ETOOBIG);

        ck_assert_uint_eq(length, sizeof bare - 1);
        for (size_t i = 0; i < sizeof text; i++) {
            if (text[i] != 'x')
                ck_abort_msg("byte %zu was written with a capacity of %zu", i, capacity);
        }
    }
    aurora_assert_ok(aurora_order_json(&order, text, sizeof text, NULL));
    ck_assert_str_eq(text, bare);
}
END_TEST

START_TEST(test_order_json__bad_arguments_are_refused)
{
    char text[8];

    aurora_assert_status(aurora_order_json(NULL, text, sizeof text, NULL), AURORA_EINVAL);
    aurora_assert_status(aurora_order_json(&order, NULL, 8, NULL), AURORA_EINVAL);
}
END_TEST

static Suite *suite(void)
{
    Suite *result = suite_create("order_json");
    TCase *tcase = tcase_create("order_json");
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, test_order_json__absent_members_are_null_or_empty);
    tcase_add_test(tcase, test_order_json__every_member_is_there);
    tcase_add_test(tcase, test_order_json__length_can_be_asked_for);
    tcase_add_test(tcase, test_order_json__too_small_a_buffer_is_left_alone);
    tcase_add_test(tcase, test_order_json__bad_arguments_are_refused);
    suite_add_tcase(result, tcase);
    return result;
}

AURORA_TEST_MAIN(suite)
