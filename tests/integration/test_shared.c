/* SPDX-License-Identifier: MIT */
/* Two instances on one store: what one commits between the other's reads, locks and writes. */
#include "two_shops.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the other instance does at a hook. */
typedef struct {
    two_shops *two;
    const char *key;
    int64_t quantity;
    aurora_id id; /* out */
} rival;

static void place_rival(void *self)
{
    rival *other = self;
    other->id = shop_submit(other->two->b, other->key, other->quantity);
}

static aurora_status try_place(aurora_t *shop, const char *key, int64_t quantity,
                               aurora_order **out)
{
    shop_request request;
    shop_request_init(&request, key, quantity, "card");
    request.request.timeout_ms = 20000;
    return aurora_order_place(shop, &request.request, out, NULL);
}

/* --- stock ------------------------------------------------------------------------------------ */

START_TEST(test_shared__an_order_sees_the_stock_that_another_instance_sold)
{
    two_shops two;
    two_shops_open(&two, 0, NULL);
    shop_stock_up(two.a, 10);

    aurora_order *first = shop_place(two.a, NULL, 7, "card", 0);
    aurora_order *second = shop_place(two.b, NULL, 7, "card", 0);

    ck_assert_int_eq(first->status, AURORA_ORDER_COMPLETED);
    ck_assert_int_eq(second->status, AURORA_ORDER_FAILED);
    ck_assert_int_eq(shop_stock(two.a).sold, 7);
    shop_assert_clean(two.b);
    aurora_order_free(first);
    aurora_order_free(second);
    two_shops_close(&two);
}
END_TEST

START_TEST(test_shared__stock_sold_between_reads_and_locks_is_not_sold_again)
{
    two_shops two;
    two_shops_open(&two, 0, NULL);
    two_shops_warm_up(&two);
    rival other = {.two = &two, .quantity = 990};
    two.store_a->self = &other;
    two.store_a->before_lock = place_rival;

    aurora_order *order = shop_place(two.a, NULL, 20, "card", 0);

    ck_assert_int_eq(order->status, AURORA_ORDER_FAILED);
    ck_assert_int_eq(shop_status(two.a, other.id), AURORA_ORDER_COMPLETED);
    ck_assert_int_eq(shop_stock(two.a).available, 8);
    shop_assert_clean(two.a);
    aurora_order_free(order);
    two_shops_close(&two);
}
END_TEST

static void receive_new_sku(void *self)
{
    const rival *other = self;
    aurora_assert_ok(aurora_stock_receive(other->two->b, "mug", 5, "from b", NULL));
}

START_TEST(test_shared__a_sku_that_both_make_at_once_has_one_number)
{
    two_shops two;
    two_shops_open(&two, 0, NULL);
    two_shops_warm_up(&two);
    rival other = {.two = &two};
    two.store_a->self = &other;
    two.store_a->before_save = receive_new_sku;
    two.store_a->tells_late = _i == 1;

    aurora_assert_ok(aurora_stock_receive(two.a, "mug", 7, "from a", NULL));

    aurora_stock stock = {0};
    aurora_assert_ok(aurora_stock_get(two.a, "mug", &stock));
    ck_assert_int_eq(stock.received, 12);
    ck_assert_uint_eq(two_shops_metric(two.a, "aurora_batch_races_total"), 1);
    ck_assert_uint_eq(two_shops_metric(two.a, "aurora_bisections_total"), 0);
    shop_assert_clean(two.a);
    two_shops_close(&two);
}
END_TEST

START_TEST(test_shared__a_sku_that_was_not_there_is_looked_for_again)
{
    two_shops two;
    two_shops_open(&two, 0, NULL);
    two_shops_warm_up(&two);
    aurora_line line = {.sku = "mug", .quantity = 1};
    aurora_order *order = NULL;
    const aurora_order_request *request =
        AURORA_ORDER(.currency = "EUR", .payment_method = "card", .lines = &line, .line_count = 1);
    ck_assert_int_eq(aurora_order_place(two.a, request, &order, NULL), AURORA_EUNKNOWNSKU);
    aurora_assert_ok(aurora_product_put(
        two.b, AURORA_PRODUCT(.sku = "mug", .name = "Mug", .price_minor = 3, .currency = "EUR"),
        AURORA_ANY_VERSION, NULL, NULL));
    aurora_assert_ok(aurora_stock_receive(two.b, "mug", 5, "first", NULL));

    aurora_assert_ok(aurora_order_place(two.a, request, &order, NULL));

    ck_assert_int_eq(order->status, AURORA_ORDER_COMPLETED);
    aurora_order_free(order);
    two_shops_close(&two);
}
END_TEST

START_TEST(test_shared__a_price_is_the_newest_one)
{
    two_shops two;
    two_shops_open(&two, 0, NULL);
    two_shops_warm_up(&two);
    aurora_assert_ok(aurora_product_put(
        two.b,
        AURORA_PRODUCT(.sku = SHOP_SKU, .name = "Cup", .price_minor = 999, .currency = "EUR"),
        AURORA_ANY_VERSION, NULL, NULL));

    aurora_order *order = shop_place(two.a, NULL, 1, "card", 0);

    ck_assert_int_eq(order->total_minor, 999);
    aurora_order_free(order);
    two_shops_close(&two);
}
END_TEST

/* --- keys ------------------------------------------------------------------------------------- */

START_TEST(test_shared__the_same_key_on_both_makes_one_order)
{
    two_shops two;
    two_shops_open(&two, 0, NULL);
    two_shops_warm_up(&two);

    aurora_order *first = shop_place(two.a, "k", 1, "card", 0);
    aurora_order *again = shop_place(two.b, "k", 1, "card", 0);

    ck_assert(aurora_id_is_equal(first->id, again->id));
    ck_assert(!first->is_replay);
    ck_assert(again->is_replay);
    ck_assert_uint_eq(shop_count(two.a, 0), 3);
    aurora_order_free(first);
    aurora_order_free(again);
    two_shops_close(&two);
}
END_TEST

START_TEST(test_shared__the_same_key_at_once_makes_one_order)
{
    two_shops two;
    two_shops_open(&two, 0, NULL);
    two_shops_warm_up(&two);
    rival other = {.two = &two, .key = "k", .quantity = 1};
    two.store_a->self = &other;
    two.store_a->before_save = place_rival;
    two.store_a->tells_late = _i == 1;

    aurora_order *order = shop_place(two.a, "k", 1, "card", 0);

    ck_assert(aurora_id_is_equal(order->id, other.id));
    ck_assert(order->is_replay);
    ck_assert_uint_eq(shop_count(two.a, 0), 3);
    ck_assert_uint_eq(two_shops_metric(two.a, "aurora_batch_races_total"), 1);
    ck_assert_uint_eq(two_shops_metric(two.a, "aurora_bisections_total"), 0);
    shop_assert_clean(two.a);
    aurora_order_free(order);
    two_shops_close(&two);
}
END_TEST

START_TEST(test_shared__the_same_key_with_another_body_is_refused)
{
    two_shops two;
    aurora_order *order = NULL;
    two_shops_open(&two, 0, NULL);
    two_shops_warm_up(&two);
    rival other = {.two = &two, .key = "k", .quantity = 1};
    two.store_a->self = &other;
    two.store_a->before_save = place_rival;
    two.store_a->tells_late = _i == 1;

    ck_assert_int_eq(try_place(two.a, "k", 2, &order), AURORA_EKEYREUSED);

    ck_assert_uint_eq(shop_count(two.a, 0), 3);
    two_shops_close(&two);
}
END_TEST

START_TEST(test_shared__an_order_that_fails_at_admission_leaves_its_key)
{
    two_shops two;
    aurora_order *order = NULL;
    two_shops_open(&two, 0, NULL);
    two_shops_warm_up(&two);
    aurora_line line = {.sku = "none", .quantity = 1};
    ck_assert_int_eq(
        aurora_order_place(two.a,
                           AURORA_ORDER(.key = "k", .currency = "EUR", .payment_method = "card",
                                        .lines = &line, .line_count = 1),
                           &order, NULL),
        AURORA_EUNKNOWNSKU);

    aurora_assert_ok(try_place(two.b, "k", 1, &order));

    ck_assert(!order->is_replay);
    aurora_order_free(order);
    two_shops_close(&two);
}
END_TEST

START_TEST(test_shared__a_key_is_free_again_after_a_day)
{
    two_shops two;
    two_shops_open(&two, 0, NULL);
    two_shops_warm_up(&two);
    aurora_id first = shop_submit(two.a, "k", 1);
    two.store_a->ahead_ms = two.store_b->ahead_ms = INT64_C(25) * 3600 * 1000;

    aurora_order *order = shop_place(two.b, "k", 2, "card", 0);
    aurora_order *again = shop_place(two.a, "k", 2, "card", 0);

    ck_assert(!order->is_replay);
    ck_assert(!aurora_id_is_equal(order->id, first));
    ck_assert(aurora_id_is_equal(order->id, again->id));
    aurora_order_free(order);
    aurora_order_free(again);
    two_shops_close(&two);
}
END_TEST

/* --- keys that turn out late ------------------------------------------------------------------ */

START_TEST(test_shared__a_command_that_needs_more_joins_the_next_batch)
{
    two_shops two;
    two_shops_open(&two, 0, NULL);
    two_shops_warm_up(&two);
    aurora_id first = shop_submit(two.a, "k", 1);
    uint64_t before = two_shops_metric(two.b, "aurora_commands_rerun_total");

    aurora_order *again = shop_place(two.b, "k", 1, "card", 0);

    ck_assert(aurora_id_is_equal(first, again->id));
    ck_assert_uint_eq(two_shops_metric(two.b, "aurora_commands_rerun_total"), before + 1);
    aurora_order_free(again);
    two_shops_close(&two);
}
END_TEST

/* --- round trips ------------------------------------------------------------------------------ */

START_TEST(test_shared__an_order_is_read_and_locked_in_one_round)
{
    two_shops two;
    two_shops_open(&two, 0, NULL);
    two_shops_warm_up(&two);
    aurora_order *warm = shop_place(two.a, "warm", 1, "card", 0);
    unsigned reads = two.store_a->reads, locks = two.store_a->locks, saves = two.store_a->saves;

    aurora_order *order = shop_place(two.a, "k", 1, "card", 0);

    ck_assert_int_eq(order->status, AURORA_ORDER_COMPLETED);
    ck_assert_uint_eq(two.store_a->reads - reads, 0);
    ck_assert_uint_eq(two.store_a->locks - locks, 1);
    ck_assert_uint_eq(two.store_a->saves - saves, 1);
    aurora_order_free(warm);
    aurora_order_free(order);
    two_shops_close(&two);
}
END_TEST

static Suite *shared_suite(void)
{
    Suite *suite = suite_create("shared");
    TCase *stock = tcase_create("stock");
    tcase_add_test(stock, test_shared__an_order_sees_the_stock_that_another_instance_sold);
    tcase_add_test(stock, test_shared__stock_sold_between_reads_and_locks_is_not_sold_again);
    tcase_add_loop_test(stock, test_shared__a_sku_that_both_make_at_once_has_one_number, 0, 2);
    tcase_add_test(stock, test_shared__a_sku_that_was_not_there_is_looked_for_again);
    tcase_add_test(stock, test_shared__a_price_is_the_newest_one);
    suite_add_tcase(suite, stock);
    TCase *keys = tcase_create("keys");
    tcase_add_test(keys, test_shared__the_same_key_on_both_makes_one_order);
    tcase_add_loop_test(keys, test_shared__the_same_key_at_once_makes_one_order, 0, 2);
    tcase_add_loop_test(keys, test_shared__the_same_key_with_another_body_is_refused, 0, 2);
    tcase_add_test(keys, test_shared__an_order_that_fails_at_admission_leaves_its_key);
    tcase_add_test(keys, test_shared__a_key_is_free_again_after_a_day);
    suite_add_tcase(suite, keys);
    TCase *rounds = tcase_create("rounds");
    tcase_add_test(rounds, test_shared__a_command_that_needs_more_joins_the_next_batch);
    tcase_add_test(rounds, test_shared__an_order_is_read_and_locked_in_one_round);
    suite_add_tcase(suite, rounds);
    return suite;
}

int main(int argc, char **argv)
{
    return aurora_test_run(shared_suite, argc, argv);
}
