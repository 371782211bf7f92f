/* SPDX-License-Identifier: MIT */
#include "api/order_request.h"

#include <stdlib.h>
#include <string.h>

#include "test.h"

static const aurora_line cup = {.sku = "cup", .quantity = 1};

static aurora_order_request request(void)
{
    return *AURORA_ORDER(.currency = "EUR", .payment_method = "tok", .lines = &cup,
                         .line_count = 1);
}

static void refuse(const aurora_order_request *given, aurora_status status, const char *field)
{
    aurora_error err = AURORA_ERROR_INIT;
    aurora_assert_status(aurora_order_check(given, &err), status);
    ck_assert_str_eq(err.field, field);
    ck_assert_int_eq(err.status, status);
    aurora_assert_status(aurora_order_check(given, NULL), status);
}

static void accept(const aurora_order_request *given)
{
    aurora_error err = AURORA_ERROR_INIT;
    aurora_status rc = aurora_order_check(given, &err);
    ck_assert_msg(rc == AURORA_OK, "%s: %s", err.field, err.message);
}

START_TEST(test_order_request__needs_currency_method_and_lines_only)
{
    aurora_order_request given = request();

    accept(&given);
    refuse(NULL, AURORA_EINVAL, "");
    given.size = 0;
    refuse(&given, AURORA_EINVAL, "size");
    given = request();
    given.currency = "eur";
    refuse(&given, AURORA_EINVAL, "currency");
    given = request();
    given.payment_method = NULL;
    refuse(&given, AURORA_EINVAL, "payment_method");
    given = request();
    given.line_count = 0;
    refuse(&given, AURORA_EINVAL, "line_count");
    given.line_count = 1001;
    refuse(&given, AURORA_EINVAL, "line_count");
    given = request();
    given.lines = NULL;
    refuse(&given, AURORA_EINVAL, "lines");
}
END_TEST

START_TEST(test_order_request__texts_are_bounded_and_clean)
{
    char longest[257];
    memset(longest, 'x', sizeof longest);
    longest[255] = '\0';
    aurora_order_request given = request();
    given.key = given.key_scope = given.reference = given.customer_id = given.contact = longest;
    given.payment_method = longest;
    accept(&given);

    longest[255] = 'x';
    longest[256] = '\0';
    refuse(&given, AURORA_EINVAL, "key");
    given = request();
    given.customer_id = "";
    refuse(&given, AURORA_EINVAL, "customer_id");
    given.customer_id = "a\nb";
    refuse(&given, AURORA_EINVAL, "customer_id");
    given.customer_id = "\xc3";
    refuse(&given, AURORA_EINVAL, "customer_id");
    given.customer_id = "\xc3\xa4";
    accept(&given);
}
END_TEST

START_TEST(test_order_request__names_the_line_that_breaks_a_rule)
{
    aurora_line lines[5] = {cup, cup, cup, cup, cup};
    aurora_order_request given = request();
    given.lines = lines;
    given.line_count = 5;
    accept(&given);

    lines[3].quantity = 0;
    refuse(&given, AURORA_EINVAL, "lines[3].quantity");
    lines[3].quantity = 1000001;
    refuse(&given, AURORA_EINVAL, "lines[3].quantity");
    lines[3] = cup;
    static const char *const bad[] = {NULL, "", " cup", "cup ", "a/b", "a\tb", "\xff"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        lines[4].sku = bad[i];
        refuse(&given, AURORA_EINVAL, "lines[4].sku");
    }
    lines[4].sku = "t\xc3\xa4sse 1";
    accept(&given);
}
END_TEST

START_TEST(test_order_request__prices_of_lines_count_only_where_they_are_the_callers)
{
    aurora_line line = {.sku = "cup", .quantity = 1, .unit_price_minor = -1};
    aurora_order_request given = request();
    given.lines = &line;

    accept(&given);
    given.flags = AURORA_ORDER_OWN_PRICES;
    refuse(&given, AURORA_EINVAL, "lines[0].unit_price_minor");
    line.unit_price_minor = AURORA_PRICE_MINOR_MAX + 1;
    refuse(&given, AURORA_EINVAL, "lines[0].unit_price_minor");
    line.unit_price_minor = 0;
    accept(&given);
}
END_TEST

START_TEST(test_order_request__a_total_stays_in_its_range)
{
    aurora_line lines[10];
    aurora_charge discount = AURORA_CHARGE(AURORA_CHARGE_DISCOUNT, "all", -3);
    aurora_order_request given = request();
    for (int i = 0; i < 10; i++)
        lines[i] = (aurora_line){"cup", 1000000, AURORA_PRICE_MINOR_MAX};
    given.flags = AURORA_ORDER_OWN_PRICES;
    given.lines = lines;
    given.line_count = 9;
    accept(&given);
    given.line_count = 10;
    refuse(&given, AURORA_EOVERFLOW, "lines");

    lines[0] = (aurora_line){"cup", 1, 2};
    given.line_count = 1;
    given.charges = &discount;
    given.charge_count = 1;
    refuse(&given, AURORA_EOVERFLOW, "charges");
    discount.amount_minor = -2;
    accept(&given);
}
END_TEST

START_TEST(test_order_request__charges_have_a_kind_a_label_and_a_sign)
{
    aurora_charge charges[2] = {AURORA_CHARGE(AURORA_CHARGE_TAX, "VAT", 1),
                                AURORA_CHARGE(AURORA_CHARGE_FEE, "fee", 1)};
    aurora_order_request given = request();
    given.charges = charges;
    given.charge_count = 2;
    refuse(&given, AURORA_EINVAL, "charges");
    given.flags = AURORA_ORDER_OWN_PRICES;
    accept(&given);

    charges[1].kind = 5;
    refuse(&given, AURORA_EINVAL, "charges[1].kind");
    charges[1].kind = AURORA_CHARGE_DISCOUNT;
    refuse(&given, AURORA_EINVAL, "charges[1].amount_minor");
    charges[1].kind = AURORA_CHARGE_SHIPPING;
    charges[1].amount_minor = -1;
    refuse(&given, AURORA_EINVAL, "charges[1].amount_minor");
    charges[1].amount_minor = 0;
    charges[1].label = NULL;
    refuse(&given, AURORA_EINVAL, "charges[1].label");
    given.charge_count = 65;
    refuse(&given, AURORA_EINVAL, "charge_count");
}
END_TEST

START_TEST(test_order_request__metadata_names_are_unique)
{
    aurora_pair pairs[3] = {{"a", "1"}, {"b", ""}, {"a", "2"}};
    aurora_order_request given = request();
    given.metadata = pairs;
    given.metadata_count = 2;
    accept(&given);

    given.metadata_count = 3;
    refuse(&given, AURORA_EINVAL, "metadata[2].name");
    pairs[2] = (aurora_pair){"c", NULL};
    refuse(&given, AURORA_EINVAL, "metadata[2].value");
    given.metadata_count = 17;
    refuse(&given, AURORA_EINVAL, "metadata_count");
}
END_TEST

START_TEST(test_order_request__flags_times_and_waits_are_bounded)
{
    aurora_order_request given = request();
    aurora__order_draft draft;
    given.flags = 16;
    refuse(&given, AURORA_EINVAL, "flags");
    given = request();
    given.timeout_ms = 30001;
    refuse(&given, AURORA_EINVAL, "timeout_ms");
    given = request();
    given.placed_at_ms = -1;
    refuse(&given, AURORA_EINVAL, "placed_at_ms");

    given.placed_at_ms = 1000 + 86400000;
    aurora_assert_ok(aurora__order_draft_check(&given, 1000, &draft, NULL));
    aurora_assert_status(aurora__order_draft_check(&given, 999, &draft, NULL), AURORA_EINVAL);
}
END_TEST

START_TEST(test_order_request__a_shorter_struct_of_an_older_caller_is_taken)
{
    aurora_order_request given = request();
    given.timeout_ms = 99999;
    given.size = (uint32_t)offsetof(aurora_order_request, timeout_ms);

    accept(&given);
}
END_TEST

/* --- hash and copy ---------------------------------------------------------------------------- */

static void hash_of(const aurora_order_request *given, uint8_t hash_out[32])
{
    aurora__order_draft draft;
    aurora_assert_ok(aurora__order_draft_check(given, INT64_MAX, &draft, NULL));
    aurora__order_draft_hash(&draft, hash_out);
}

static void differs(const aurora_order_request *a, const aurora_order_request *b)
{
    uint8_t one[32], two[32];
    hash_of(a, one);
    hash_of(b, two);
    ck_assert_mem_ne(one, two, 32);
}

static void is_same(const aurora_order_request *a, const aurora_order_request *b)
{
    uint8_t one[32], two[32];
    hash_of(a, one);
    hash_of(b, two);
    ck_assert_mem_eq(one, two, 32);
}

START_TEST(test_order_request__the_hash_ignores_what_only_makes_the_call)
{
    aurora_order_request a = request(), b = request();
    b.key = "k";
    b.key_scope = "s";
    b.timeout_ms = 7;
    b.flags = AURORA_ORDER_NO_WAIT | AURORA_ORDER_AS_CREATED | AURORA_ORDER_WITH_RESULT;
    b.traceparent = "t";

    is_same(&a, &b);
}
END_TEST

START_TEST(test_order_request__the_hash_sees_each_part_of_the_order)
{
    static const aurora_line two_cups = {.sku = "cup", .quantity = 2};
    static const aurora_line mug = {.sku = "mug", .quantity = 1};
    static const aurora_line both[2] = {{.sku = "cup", .quantity = 1},
                                        {.sku = "cup", .quantity = 1}};
    aurora_order_request base = request();
    aurora_order_request others[10];
    for (int i = 0; i < 10; i++)
        others[i] = base;
    others[0].reference = "r";
    others[1].customer_id = "r";
    others[2].contact = "r";
    others[3].currency = "USD";
    others[4].payment_method = "tok2";
    others[5].placed_at_ms = 1;
    others[6].lines = &two_cups;
    others[7].lines = &mug;
    others[8].lines = both;
    others[8].line_count = 2;
    others[9].flags = AURORA_ORDER_OWN_PRICES;

    for (int i = 0; i < 10; i++) {
        differs(&base, &others[i]);
        for (int j = 0; j < i; j++)
            differs(&others[i], &others[j]);
    }
}
END_TEST

START_TEST(test_order_request__the_hash_sorts_metadata_and_nothing_else)
{
    aurora_pair ab[2] = {{"a", "1"}, {"b", "2"}}, ba[2] = {{"b", "2"}, {"a", "1"}};
    aurora_line cm[2] = {{"c", 1, 0}, {"m", 1, 0}}, mc[2] = {{"m", 1, 0}, {"c", 1, 0}};
    aurora_order_request one = request(), two = request();
    one.metadata = ab;
    two.metadata = ba;
    one.metadata_count = two.metadata_count = 2;
    is_same(&one, &two);

    one.lines = cm;
    two.lines = mc;
    one.line_count = two.line_count = 2;

    differs(&one, &two);
}
END_TEST

START_TEST(test_order_request__the_copy_fits_exactly_and_stands_alone)
{
    char sku[] = "cup", label[] = "a \"b\"", value[] = "v", key[] = "k";
    aurora_line lines[2] = {{sku, 1, 5}, {"mug", 2, 6}};
    aurora_charge charge = AURORA_CHARGE(AURORA_CHARGE_TAX, label, 3);
    aurora_pair pair = {"name", value};
    aurora_order_request given = request();
    aurora__order_draft draft;
    aurora__place place = {.id = {{0}}};
    given.flags = AURORA_ORDER_OWN_PRICES;
    given.key = key;
    given.lines = lines;
    given.charges = &charge;
    given.metadata = &pair;
    given.line_count = 2;
    given.charge_count = given.metadata_count = 1;
    aurora_assert_ok(aurora__order_draft_check(&given, INT64_MAX, &draft, NULL));
    size_t bytes = aurora__order_draft_bytes(&draft);
    char *memory = malloc(bytes + 8);
    memset(memory, '#', bytes + 8);

    aurora__order_draft_fill(&draft, memory, &place);
    sku[0] = label[0] = value[0] = key[0] = 'X';

    ck_assert_mem_eq(memory + bytes, "########", 8);
    ck_assert_int_eq(memory[bytes - 1], '\0');
    ck_assert_uint_eq(place.line_count, 2);
    ck_assert_str_eq(place.lines[0].sku, "cup");
    ck_assert_int_eq(place.lines[1].unit_price_minor, 6);
    ck_assert_str_eq(place.charges, "[[1,\"a \\\"b\\\"\",3]]");
    ck_assert_str_eq(place.metadata, "[[\"name\",\"v\"]]");
    ck_assert_str_eq(place.key, "k");
    ck_assert_int_eq(place.charges_minor, 3);
    ck_assert(place.has_own_prices);
    free(memory);
}
END_TEST

static Suite *order_request_suite(void)
{
    Suite *suite = suite_create("order_request");
    TCase *tcase = tcase_create("order_request");
    tcase_add_test(tcase, test_order_request__needs_currency_method_and_lines_only);
    tcase_add_test(tcase, test_order_request__texts_are_bounded_and_clean);
    tcase_add_test(tcase, test_order_request__names_the_line_that_breaks_a_rule);
    tcase_add_test(tcase,
                   test_order_request__prices_of_lines_count_only_where_they_are_the_callers);
    tcase_add_test(tcase, test_order_request__a_total_stays_in_its_range);
    tcase_add_test(tcase, test_order_request__charges_have_a_kind_a_label_and_a_sign);
    tcase_add_test(tcase, test_order_request__metadata_names_are_unique);
    tcase_add_test(tcase, test_order_request__flags_times_and_waits_are_bounded);
    tcase_add_test(tcase, test_order_request__a_shorter_struct_of_an_older_caller_is_taken);
    tcase_add_test(tcase, test_order_request__the_hash_ignores_what_only_makes_the_call);
    tcase_add_test(tcase, test_order_request__the_hash_sees_each_part_of_the_order);
    tcase_add_test(tcase, test_order_request__the_hash_sorts_metadata_and_nothing_else);
    tcase_add_test(tcase, test_order_request__the_copy_fits_exactly_and_stands_alone);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(order_request_suite)
