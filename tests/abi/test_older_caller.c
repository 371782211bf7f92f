/* SPDX-License-Identifier: MIT */
/* A program compiled against an older header hands out structs that end where they ended then. Each
 * one here ends at a page that cannot be read, so that one byte beyond its `size` ends the test,
 * and is as short as some release could have had it: up to the last member that its call needs. */
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <aurora/port/driver.h>

#include "shop.h"

/* The struct as it is up to and with `member`. */
#define THROUGH(type, member) (offsetof(type, member) + sizeof(((type *)0)->member))

static void *pages[32];
static size_t page_count;

/* A copy of the first `bytes` of a struct at the end of readable memory, its size put right. */
static const void *old(const void *whole, size_t bytes)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uint32_t size = (uint32_t)bytes;
    ck_assert_uint_eq(bytes % 8, 0); /* as the compiler would have padded it */

    char *memory = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(memory, MAP_FAILED);
    ck_assert_int_eq(mprotect(memory + page, page, PROT_NONE), 0);
    ck_assert_uint_lt(page_count, sizeof pages / sizeof *pages);
    pages[page_count++] = memory;
    char *copy = memory + page - bytes;
    memcpy(copy, whole, bytes);
    memcpy(copy, &size, sizeof size);
    return copy;
}

#define OLD(whole, type, member) ((const type *)old(whole, THROUGH(type, member)))

static void forget_pages(void)
{
    while (page_count > 0)
        munmap(pages[--page_count], 2 * (size_t)sysconf(_SC_PAGESIZE));
}

static aurora_t *shop;

static void open_old(void)
{
    aurora_error err = AURORA_ERROR_INIT;

    aurora_assert_ok(
        aurora_open("memory:", OLD(AURORA_OPTIONS(0), aurora_options, flags), &shop, &err));
    shop_stock_up(shop, 10);
}

static void close_old(void)
{
    aurora_close(shop);
    forget_pages();
}

static void write_nothing(void *self, int32_t level, const char *component, const char *message)
{
    (void)self, (void)level, (void)component, (void)message;
}

static int64_t stand_still(void *self)
{
    (void)self;
    return SHOP_NOW;
}

/* As the first release had it: no tracer, no record of log. */
START_TEST(test_older_caller__opens_with_its_own_clock_and_log)
{
    aurora_log log = {.size = sizeof log, .write = write_nothing};
    aurora_clock clock = {
        .size = sizeof clock, .wall_ms = stand_still, .monotonic_ns = stand_still};
    static const char *const settings[] = {"payment=none:"};
    aurora_options options = {.size = sizeof options,
                              .log = OLD(&log, aurora_log, reserved),
                              .clock = OLD(&clock, aurora_clock, monotonic_ns),
                              .settings = settings,
                              .setting_count = 1};
    aurora_t *opened = NULL;

    aurora_assert_ok(
        aurora_open("memory:", OLD(&options, aurora_options, setting_count), &opened, NULL));

    aurora_close(opened);
}
END_TEST

START_TEST(test_older_caller__product_and_stock_are_put)
{
    aurora_stock stock;
    uint64_t version = 0;

    aurora_assert_ok(aurora_product_put(
        shop,
        OLD(AURORA_PRODUCT(.sku = "mug", .name = "Mug", .price_minor = 5, .currency = "EUR"),
            aurora_product_input, currency),
        AURORA_ANY_VERSION, &version, NULL));
    aurora_assert_ok(
        aurora_stock_move(shop,
                          OLD(AURORA_MOVEMENT(.kind = AURORA_MOVEMENT_RECEIPT, .sku = "mug",
                                              .quantity = 3, .reason = "delivery", .key = "d-1"),
                              aurora_movement, key),
                          &stock, NULL));

    ck_assert_int_eq(stock.available, 3);
}
END_TEST

START_TEST(test_older_caller__places_cancels_and_lists_an_order)
{
    aurora_line line = {.sku = SHOP_SKU, .quantity = 2};
    aurora_order *order = NULL;
    aurora_order_page *page = NULL;

    aurora_assert_ok(aurora_order_place(
        shop,
        OLD(AURORA_ORDER(.key = "cart-1", .currency = "EUR", .payment_method = "tok_approve",
                         .lines = &line, .line_count = 1),
            aurora_order_request, charge_count),
        &order, NULL));
    ck_assert_int_eq(order->status, AURORA_ORDER_COMPLETED);
    aurora_id id = order->id;
    aurora_order_free(order);
    aurora_assert_ok(aurora_order_cancel_with(
        shop,
        OLD(AURORA_CANCEL(.order_id = id, .reason = AURORA_REASON_CUSTOMER), aurora_cancel,
            order_id),
        &order, NULL));
    aurora_order_free(order);
    aurora_assert_ok(aurora_order_list(
        shop,
        OLD(AURORA_ORDER_FILTER(.status = AURORA_ORDER_CANCELLED), aurora_order_filter, status),
        NULL, 10, &page, NULL));

    ck_assert_uint_eq(page->count, 1);
    aurora_order_page_free(page);
}
END_TEST

START_TEST(test_older_caller__lists_searches_and_ranks)
{
    aurora_product_page *products = NULL;
    aurora_stock_page *stocks = NULL;
    aurora_saga_page *sagas = NULL;
    aurora_search_page *hits = NULL;
    aurora_trend_page *trends = NULL;

    aurora_assert_ok(
        aurora_product_list(shop, OLD(AURORA_PRODUCT_FILTER(0), aurora_product_filter, flags), NULL,
                            10, &products, NULL));
    aurora_assert_ok(aurora_stock_list(
        shop, OLD(AURORA_STOCK_FILTER(0), aurora_stock_filter, flags), NULL, 10, &stocks, NULL));
    aurora_assert_ok(aurora_saga_list(
        shop, OLD(AURORA_SAGA_FILTER(0), aurora_saga_filter, is_parked), NULL, 10, &sagas, NULL));
    aurora_assert_ok(aurora_search(shop, OLD(AURORA_QUERY(.text = SHOP_SKU), aurora_query, text),
                                   NULL, 10, &hits, NULL));
    aurora_assert_ok(aurora_trending(
        shop, OLD(AURORA_TREND_QUERY(.limit = 5), aurora_trend_query, limit), &trends, NULL));

    ck_assert_uint_eq(products->count, 1);
    ck_assert_uint_eq(stocks->count, 1);
    aurora_product_page_free(products);
    aurora_stock_page_free(stocks);
    aurora_saga_page_free(sagas);
    aurora_search_page_free(hits);
    aurora_trend_page_free(trends);
}
END_TEST

START_TEST(test_older_caller__parts_that_stand_alone)
{
    aurora_breaker breaker;
    aurora_retry retry;
    aurora_limiter *limiter = NULL;
    aurora_cache *cache = NULL;

    aurora_assert_ok(aurora_breaker_init(
        &breaker, OLD(AURORA_BREAKER_OPTIONS(0), aurora_breaker_options, window_slices), NULL));
    aurora_assert_ok(aurora_retry_init(
        &retry, OLD(AURORA_RETRY_OPTIONS(0), aurora_retry_options, delay_max_ns), NULL));
    aurora_assert_ok(aurora_limiter_new(
        OLD(AURORA_LIMITER_OPTIONS(.capacity = 8, .tokens = 1, .per_ns = 1000, .burst = 1),
            aurora_limiter_options, burst),
        &limiter, NULL));
    aurora_assert_ok(aurora_cache_open(
        "memory:", OLD(AURORA_CACHE_OPTIONS(0), aurora_cache_options, clock), &cache, NULL));

    aurora_cache_close(cache);
    aurora_limiter_free(limiter);
}
END_TEST

/* An element of a table of drivers has the size that the program knew. */
START_TEST(test_older_caller__drivers_are_as_far_apart_as_it_was_compiled)
{
    enum { BYTES = THROUGH(aurora_driver, open_cache) };
    unsigned char table[2 * BYTES];
    aurora_driver driver = {.size = BYTES, .port = AURORA_PORT_CACHE, .scheme = "first"};
    aurora_options options = {.size = sizeof options, .driver_count = 2};
    aurora_t *opened = NULL;

    memcpy(table, &driver, BYTES);
    driver.scheme = "second";
    memcpy(table + BYTES, &driver, BYTES);
    options.drivers = old(table, sizeof table);
    memcpy((void *)(uintptr_t)options.drivers, table, sizeof table);
    aurora_assert_ok(aurora_open("memory:", &options, &opened, NULL));

    aurora_close(opened);
}
END_TEST

/* A program that is newer than the library: what it does not know is not read. */
START_TEST(test_older_caller__a_longer_struct_is_read_as_far_as_it_is_known)
{
    struct {
        aurora_product_filter filter;
        uint64_t newer[2];
    } longer = {.filter = {.size = sizeof longer}, .newer = {7, 7}};
    aurora_product_page *page = NULL;

    aurora_assert_ok(aurora_product_list(shop, &longer.filter, NULL, 10, &page, NULL));

    ck_assert_uint_eq(page->count, 1);
    aurora_product_page_free(page);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("older_caller");
    TCase *tc = tcase_create("structs");
    tcase_add_checked_fixture(tc, open_old, close_old);
    tcase_add_test(tc, test_older_caller__opens_with_its_own_clock_and_log);
    tcase_add_test(tc, test_older_caller__product_and_stock_are_put);
    tcase_add_test(tc, test_older_caller__places_cancels_and_lists_an_order);
    tcase_add_test(tc, test_older_caller__lists_searches_and_ranks);
    tcase_add_test(tc, test_older_caller__parts_that_stand_alone);
    tcase_add_test(tc, test_older_caller__drivers_are_as_far_apart_as_it_was_compiled);
    tcase_add_test(tc, test_older_caller__a_longer_struct_is_read_as_far_as_it_is_known);
    suite_add_tcase(s, tc);
    return s;
}

AURORA_TEST_MAIN(suite)
