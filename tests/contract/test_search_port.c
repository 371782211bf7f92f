/* SPDX-License-Identifier: MIT */
/* The search contract: what every adapter of include/aurora/port/search.h keeps. A new adapter is
 * one more row of `adapters`. The one that needs a server is left out without one: ./dev up. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <aurora/port/search.h>

#include "adapters/search_fts/search_fts.h"
#include "elastic.h"
#include "test.h"

static const struct {
    aurora_search_open_fn open;
    uint32_t flags;
    bool is_shared; /* a second instance serves the same index */
    bool is_remote;
} adapters[] = {
    {aurora__search_fts_open, AURORA_SEARCH_MEMORY, false, false},
    {aurora__search_fts_open, 0, true, false},
    {elastic_open, 0, true, true},
};

#define ADAPTER_COUNT 3

static const aurora_id log_one = {{1}};
static char *folder;
static char address[512];
static aurora_search_port port;
static int blocks_left; /* of the arena; negative = without end */
static int heap_left;   /* of the allocator likewise */
static void *blocks[4096];
static int block_count;

static bool has_heap(void)
{
    if (heap_left == 0)
        return false;
    heap_left -= heap_left > 0;
    return true;
}

static void *allocate(void *self, size_t bytes)
{
    (void)self;
    return has_heap() ? malloc(bytes) : NULL;
}

static void *reallocate(void *self, void *memory, size_t bytes)
{
    (void)self;
    return has_heap() ? realloc(memory, bytes) : NULL;
}

static void release(void *self, void *memory)
{
    (void)self;
    free(memory);
}

static const aurora_allocator allocator = {.size = sizeof allocator,
                                           .allocate = allocate,
                                           .reallocate = reallocate,
                                           .release = release};

static void *take_block(void *self, size_t bytes)
{
    (void)self;
    if (blocks_left == 0 || block_count == 4096)
        return NULL;
    blocks_left -= blocks_left > 0;
    return blocks[block_count++] = malloc(bytes);
}

static const aurora_arena_port arena = {.allocate = take_block};

static void ignore_line(void *self, int32_t level, const char *message)
{
    (void)self;
    (void)level;
    (void)message;
}

static aurora_search_port open_index(int adapter, uint32_t flags)
{
    aurora_search_port opened;
    aurora_search_options options = {.size = sizeof options,
                                     .flags = adapters[adapter].flags | flags,
                                     .address = address,
                                     .allocator = &allocator,
                                     .log = ignore_line};
    aurora_assert_ok(adapters[adapter].open(&options, &opened, NULL));
    ck_assert_uint_ge(opened.size, sizeof opened);
    return opened;
}

static void start(int adapter)
{
    folder = aurora_tempdir_new();
    if (adapters[adapter].is_remote)
        elastic_address(address, sizeof address, "&refresh_s=0");
    else
        aurora_test_path(address, sizeof address, folder, "shop.db");
    heap_left = -1;
    port = open_index(adapter, 0);
    blocks_left = -1;
    block_count = 0;
}

static void stop(void)
{
    port.close(port.self);
    if (strncmp(address, "//", 2) == 0)
        elastic_drop(address);
    while (block_count > 0)
        free(blocks[--block_count]);
    aurora_tempdir_remove(folder);
}

/* --- calls ------------------------------------------------------------------------------------ */

static aurora_product product_of(const char *sku, const char *name, uint64_t version)
{
    return (aurora_product){.size = sizeof(aurora_product),
                            .sku = sku,
                            .name = name,
                            .description = "",
                            .brand = "Acme",
                            .category = "Kitchen",
                            .image_url = "",
                            .currency = "EUR",
                            .price_minor = 100,
                            .version = version};
}

/* name NULL = deleted. */
static aurora_status try_apply(const char *sku, const char *name, uint64_t version, int64_t from,
                               int64_t to)
{
    aurora_product product = product_of(sku, name, version);
    aurora_search_change change = {
        .product = name == NULL ? NULL : &product, .sku = sku, .version = version};
    aurora_search_batch batch = {
        .changes = &change, .count = 1, .from = from, .to = to, .log_id = log_one};
    return port.apply(port.self, &batch);
}

static aurora_search_state state_of(const aurora_search_port *of)
{
    aurora_search_state state;
    aurora_assert_ok(of->state(of->self, &state));
    return state;
}

/* An index that is at position 0 and empty. */
static void begin_empty(void)
{
    aurora_search_state state = state_of(&port);
    ck_assert_int_eq(state.position, -1);
    aurora_assert_ok(port.rebuild_begin(port.self, 0, log_one));
    state = state_of(&port);
    ck_assert_uint_eq(state.is_rebuilding, 1);
    aurora_search_pages last = {.rebuild = state.rebuild, .after = "", .is_last = 1};
    aurora_assert_ok(port.rebuild_page(port.self, &last));
}

static aurora_search_result result_of(const aurora_search_port *of, const char *text)
{
    aurora_search_result result;
    aurora_search_request request = {.query = AURORA_QUERY(.text = text), .limit = 100};
    aurora_assert_ok(of->query(of->self, &request, &arena, &result));
    return result;
}

static uint64_t count(const char *text)
{
    return result_of(&port, text).total;
}

/* --- applying --------------------------------------------------------------------------------- */

START_TEST(test_apply__moves_the_position_with_what_it_stores)
{
    start(_i);
    begin_empty();

    aurora_assert_ok(try_apply("A", "Cup", 1, 0, 7));

    aurora_search_state state = state_of(&port);
    ck_assert_int_eq(state.position, 7);
    ck_assert(aurora_id_is_equal(state.log_id, log_one));
    ck_assert_uint_eq(state.is_rebuilding, 0);
    ck_assert_uint_eq(count("cup"), 1);
    stop();
}
END_TEST

START_TEST(test_apply__refuses_a_gap_and_ignores_the_past)
{
    start(_i);
    aurora_assert_status(try_apply("A", "Cup", 1, 0, 1), AURORA_ECONFLICT);
    begin_empty();
    aurora_assert_ok(try_apply("A", "Cup", 1, 0, 5));

    aurora_assert_status(try_apply("B", "Cup", 1, 6, 7), AURORA_ECONFLICT);
    aurora_assert_ok(try_apply("C", "Cup", 1, 0, 5));
    aurora_assert_ok(try_apply("D", "Cup", 1, 3, 6));

    ck_assert_int_eq(state_of(&port).position, 6);
    ck_assert_uint_eq(count("cup"), 2);
    stop();
}
END_TEST

START_TEST(test_apply__the_highest_version_stays)
{
    start(_i);
    begin_empty();
    aurora_assert_ok(try_apply("A", "Cup", 5, 0, 1));

    aurora_assert_ok(try_apply("A", "Mug", 4, 1, 2));
    aurora_assert_ok(try_apply("A", "Jug", 5, 2, 3));
    ck_assert_uint_eq(count("cup"), 1);
    ck_assert_uint_eq(count("mug"), 0);
    aurora_assert_ok(try_apply("A", "Mug", 6, 3, 4));

    ck_assert_uint_eq(count("cup"), 0);
    ck_assert_uint_eq(count("mug"), 1);
    stop();
}
END_TEST

START_TEST(test_apply__a_late_put_does_not_revive_what_was_deleted)
{
    start(_i);
    begin_empty();

    aurora_assert_ok(try_apply("A", "Cup", 1, 0, 1));
    aurora_assert_ok(try_apply("A", NULL, 3, 1, 2));
    aurora_assert_ok(try_apply("A", "Cup", 2, 2, 3));
    aurora_assert_ok(try_apply("B", NULL, 4, 3, 4));
    aurora_assert_ok(try_apply("B", "Cup", 1, 4, 5));
    ck_assert_uint_eq(count("cup"), 0);
    aurora_assert_ok(try_apply("A", "Cup", 4, 5, 6));

    ck_assert_uint_eq(count("cup"), 1);
    stop();
}
END_TEST

/* --- rebuilding ------------------------------------------------------------------------------- */

static aurora_status try_page(uint64_t rebuild, const char *after, const char *sku,
                              const char *name, uint32_t is_last)
{
    aurora_product product = product_of(sku, name, 1);
    aurora_search_change change = {.product = &product, .sku = sku, .version = 1};
    aurora_search_pages pages = {
        .rebuild = rebuild, .after = after, .changes = &change, .count = 1, .is_last = is_last};
    return port.rebuild_page(port.self, &pages);
}

START_TEST(test_rebuild__answers_from_the_old_until_the_last_page)
{
    start(_i);
    begin_empty();
    aurora_assert_ok(try_apply("A", "Cup", 1, 0, 1));

    aurora_assert_ok(port.rebuild_begin(port.self, -1, log_one));
    uint64_t rebuild = state_of(&port).rebuild;
    aurora_assert_ok(try_page(rebuild, "", "B", "Mug", 0));
    ck_assert_str_eq(state_of(&port).rebuild_after, "B");
    ck_assert_uint_eq(count("cup"), 1);
    ck_assert_uint_eq(count("mug"), 0);
    aurora_assert_ok(try_page(rebuild, "B", "C", "Mug", 1));

    ck_assert_uint_eq(count("cup"), 0);
    ck_assert_uint_eq(count("mug"), 2);
    ck_assert_int_eq(state_of(&port).position, 1);
    stop();
}
END_TEST

START_TEST(test_rebuild__what_changes_meanwhile_is_in_both)
{
    start(_i);
    begin_empty();
    aurora_assert_ok(port.rebuild_begin(port.self, -1, log_one));
    uint64_t rebuild = state_of(&port).rebuild;

    aurora_assert_ok(try_apply("A", "Mug", 2, 0, 1));
    ck_assert_uint_eq(count("mug"), 1);
    aurora_assert_ok(try_page(rebuild, "", "A", "Cup", 1));

    ck_assert_uint_eq(count("mug"), 1);
    ck_assert_uint_eq(count("cup"), 0);
    stop();
}
END_TEST

START_TEST(test_rebuild__pages_of_another_one_or_twice_are_refused)
{
    start(_i);
    begin_empty();
    aurora_assert_ok(port.rebuild_begin(port.self, -1, log_one));
    uint64_t old = state_of(&port).rebuild;
    aurora_assert_ok(try_page(old, "", "A", "Cup", 0));

    aurora_assert_status(try_page(old, "", "A", "Cup", 0), AURORA_ECONFLICT);
    aurora_assert_ok(port.rebuild_begin(port.self, 40, log_one));
    aurora_assert_status(try_page(old, "A", "B", "Cup", 1), AURORA_ECONFLICT);

    ck_assert_int_eq(state_of(&port).position, 40);
    ck_assert_uint_ne(state_of(&port).rebuild, old);
    stop();
}
END_TEST

/* --- reading ---------------------------------------------------------------------------------- */

START_TEST(test_query__pages_by_after)
{
    aurora_search_result result;
    start(_i);
    begin_empty();
    for (int i = 0; i < 5; i++) {
        char sku[2] = {(char)('A' + i), '\0'};
        aurora_assert_ok(try_apply(sku, "Cup", 1, i, i + 1));
    }
    aurora_search_request request = {.query = AURORA_QUERY(.text = "cup"), .limit = 3};

    aurora_assert_ok(port.query(port.self, &request, &arena, &result));
    ck_assert_uint_eq(result.count, 3);
    ck_assert_uint_eq(result.total, 5);
    ck_assert_uint_eq(result.facet_count, 2);
    ck_assert_uint_gt(result.after_length, 0);
    aurora_search_result next;
    request.after = result.after;
    request.after_length = result.after_length;
    aurora_assert_ok(port.query(port.self, &request, &arena, &next));

    ck_assert_uint_eq(next.count, 2);
    ck_assert_str_eq(next.hits[0].product->sku, "D");
    ck_assert_uint_eq(next.after_length, 0);
    ck_assert_uint_eq(next.facet_count, 0);
    request.after = "x";
    request.after_length = 1;
    aurora_assert_status(port.query(port.self, &request, &arena, &next), AURORA_EINVAL);
    stop();
}
END_TEST

/* Six candles, two of them in the kitchen, and what is only close to one there too. */
START_TEST(test_query__a_facet_says_what_choosing_it_finds)
{
    static const char *const names[] = {"Candle", "Candle", "Candle",      "Candle",
                                        "Candle", "Candle", "Candlestick", "Candlestick"};
    aurora_search_change changes[8];
    aurora_product products[8];
    char skus[8][2];
    aurora_search_result all, chosen;
    start(_i);
    begin_empty();
    for (int i = 0; i < 8; i++) {
        memcpy(skus[i], (char[2]){(char)('A' + i), '\0'}, 2);
        products[i] = product_of(skus[i], names[i], 1);
        products[i].category = i < 4 ? "Garden" : "Kitchen";
        changes[i] = (aurora_search_change){.product = &products[i], .sku = skus[i], .version = 1};
    }
    aurora_search_batch batch = {
        .changes = changes, .count = 8, .from = 0, .to = 1, .log_id = log_one};
    aurora_assert_ok(port.apply(port.self, &batch));
    aurora_search_request request = {.query = AURORA_QUERY(.text = "candle"), .limit = 10};

    aurora_assert_ok(port.query(port.self, &request, &arena, &all));
    request.query = AURORA_QUERY(.text = "candle", .category = "Kitchen");
    aurora_assert_ok(port.query(port.self, &request, &arena, &chosen));

    for (uint32_t i = 0; i < all.facet_count; i++)
        if (strcmp(all.facets[i].value, "Kitchen") == 0)
            ck_assert_uint_eq(all.facets[i].count, chosen.total);
    ck_assert_uint_eq(all.facet_count, 3); /* Garden, Kitchen, Acme */
    ck_assert_uint_gt(chosen.total, 0);
    stop();
}
END_TEST

START_TEST(test_list__has_every_document_by_sku)
{
    const aurora_product **items;
    uint32_t found;
    start(_i);
    begin_empty();
    aurora_assert_ok(try_apply("B", "Cup", 1, 0, 1));
    aurora_assert_ok(try_apply("A", "Mug", 1, 1, 2));
    aurora_assert_ok(try_apply("C", "Jug", 1, 2, 3));
    aurora_assert_ok(try_apply("C", NULL, 2, 3, 4));

    aurora_assert_ok(port.list(port.self, NULL, 10, &arena, &items, &found));
    ck_assert_uint_eq(found, 2);
    ck_assert_str_eq(items[0]->sku, "A");
    ck_assert_str_eq(items[1]->name, "Cup");
    aurora_assert_ok(port.list(port.self, "A", 10, &arena, &items, &found));

    ck_assert_uint_eq(found, 1);
    stop();
}
END_TEST

/* The n-th allocation of the answer fails, for each n until it works. */
START_TEST(test_query__without_memory_says_so)
{
    static char **suggestions;
    aurora_search_result result;
    aurora_search_request request = {.query = AURORA_QUERY(.text = "cup"), .limit = 10};
    aurora_status rc = AURORA_ENOMEM;
    uint32_t found;
    start(_i);
    begin_empty();
    aurora_assert_ok(try_apply("A", "Cup", 1, 0, 1));

    for (int n = 0; rc != AURORA_OK; n++) {
        blocks_left = n;
        rc = port.query(port.self, &request, &arena, &result);
        ck_assert(rc == AURORA_OK || rc == AURORA_ENOMEM);
    }
    rc = AURORA_ENOMEM;
    for (int n = 0; rc != AURORA_OK; n++) {
        blocks_left = n;
        rc = port.suggest(port.self, "cu", 5, &arena, (const char ***)&suggestions, &found);
        ck_assert(rc == AURORA_OK || rc == AURORA_ENOMEM);
    }

    ck_assert_uint_eq(found, 1);
    stop();
}
END_TEST

/* The n-th allocation of the adapter's own fails: the call says so, or does without, and what it
 * was to change is unchanged. */
START_TEST(test_calls__without_memory_change_nothing)
{
    start(_i);
    begin_empty();
    aurora_assert_ok(try_apply("A", "Cup", 1, 0, 1));
    aurora_status rc = AURORA_ENOMEM;
    for (int n = 0; rc != AURORA_OK; n++) {
        heap_left = n;
        rc = try_apply("A", "Mug", 2, 1, 2);
        heap_left = -1;
        ck_assert(rc == AURORA_OK || rc == AURORA_ENOMEM);
        ck_assert_uint_eq(count("cup"), rc == AURORA_OK ? 0 : 1);
        ck_assert_int_eq(state_of(&port).position, rc == AURORA_OK ? 2 : 1);
    }
    uint32_t successes = 0;
    for (int n = 0; n < 40; n++) {
        aurora_search_result result;
        aurora_search_request request = {.query = AURORA_QUERY(.text = "mugs"), .limit = 10};
        heap_left = n;
        rc = port.query(port.self, &request, &arena, &result);
        ck_assert(rc == AURORA_OK || rc == AURORA_ENOMEM);
        ck_assert(rc != AURORA_OK || result.total == 1);
        successes += rc == AURORA_OK;
    }
    ck_assert_uint_gt(successes, 0);
    heap_left = -1;
    stop();
}
END_TEST

/* --- several instances ------------------------------------------------------------------------ */

START_TEST(test_instances__share_one_index)
{
    if (!adapters[_i].is_shared)
        return;
    start(_i);
    aurora_search_port reader = open_index(_i, AURORA_SEARCH_READONLY);
    aurora_search_state state;
    aurora_assert_status(reader.state(reader.self, &state), AURORA_ENOTFOUND);
    begin_empty();
    aurora_search_port other = open_index(_i, 0);

    aurora_assert_ok(try_apply("A", "Cup", 1, 0, 1));

    ck_assert_int_eq(state_of(&other).position, 1);
    ck_assert_int_eq(state_of(&reader).position, 1);
    ck_assert_uint_eq(result_of(&other, "cup").total, 1);
    ck_assert_uint_eq(result_of(&reader, "cup").total, 1);
    aurora_assert_status(reader.rebuild_begin(reader.self, -1, log_one), AURORA_EREADONLY);
    other.close(other.self);
    reader.close(reader.self);
    stop();
}
END_TEST

static Suite *search_port_suite(void)
{
    Suite *suite = suite_create("search_port");
    TCase *tcase = tcase_create("search_port");
    tcase_set_timeout(tcase, 60);
    const int last = elastic_is_there() ? ADAPTER_COUNT : ADAPTER_COUNT - 1;
    tcase_add_loop_test(tcase, test_apply__moves_the_position_with_what_it_stores, 0, last);
    tcase_add_loop_test(tcase, test_apply__refuses_a_gap_and_ignores_the_past, 0, last);
    tcase_add_loop_test(tcase, test_apply__the_highest_version_stays, 0, last);
    tcase_add_loop_test(tcase, test_apply__a_late_put_does_not_revive_what_was_deleted, 0, last);
    tcase_add_loop_test(tcase, test_rebuild__answers_from_the_old_until_the_last_page, 0, last);
    tcase_add_loop_test(tcase, test_rebuild__what_changes_meanwhile_is_in_both, 0, last);
    tcase_add_loop_test(tcase, test_rebuild__pages_of_another_one_or_twice_are_refused, 0, last);
    tcase_add_loop_test(tcase, test_query__pages_by_after, 0, last);
    tcase_add_loop_test(tcase, test_query__a_facet_says_what_choosing_it_finds, 0, last);
    tcase_add_loop_test(tcase, test_list__has_every_document_by_sku, 0, last);
    tcase_add_loop_test(tcase, test_query__without_memory_says_so, 0, last);
    tcase_add_loop_test(tcase, test_calls__without_memory_change_nothing, 0, last);
    tcase_add_loop_test(tcase, test_instances__share_one_index, 0, last);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(search_port_suite)
