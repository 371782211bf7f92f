/* SPDX-License-Identifier: MIT */
/* A search that meets no memory says so, or answers as ever: each allocation of a call of the index
 * fails in turn, those of SQLite among them, once and from then on. */
#include <stdio.h>
#include <string.h>

#include "support/scarce.h"

#include <aurora/port/search.h>

#include "adapters/search_fts/index.h"
#include "adapters/search_fts/search_fts.h"
#include "heap.h"
#include "test.h"

#ifndef SCARCE_IS_LEFT_OUT

/* More than a page has, and without room for a NUL in the piece that it is read into. */
#define DESCRIPTION_BYTES 9030

static const aurora_id log_one = {{1}};
static char *folder;
static char address[512];
static aurora_search_port port;
static char description[DESCRIPTION_BYTES + 1];
static int64_t position;
static void *blocks[256];
static int block_count;
static int unsure; /* calls that said that there was no memory */

static void *take_block(void *self, size_t bytes)
{
    (void)self;
    if (block_count == 256)
        return NULL;
    void *block = malloc(bytes);
    if (block != NULL)
        blocks[block_count++] = block;
    return block;
}

static const aurora_arena_port arena = {.allocate = take_block};

static void empty_arena(void)
{
    while (block_count > 0)
        free(blocks[--block_count]);
}

static void ignore_line(void *self, int32_t level, const char *message)
{
    (void)self;
    (void)level;
    (void)message;
}

/* A vocabulary is read once, and this one has none yet. */
static void reopen(uint32_t flags)
{
    aurora_search_options options = {.size = sizeof options,
                                     .flags = flags,
                                     .address = address,
                                     .allocator = &heap,
                                     .log = ignore_line};
    if (port.close != NULL)
        port.close(port.self);
    aurora_assert_ok(aurora__search_fts_open(&options, &port, NULL));
}

/* The description ends with the word: all of it must be known to take it out again. */
static aurora_status put(const char *word)
{
    aurora_product product = {.size = sizeof product,
                              .sku = "cup",
                              .name = "Cup",
                              .description = description,
                              .brand = "Acme",
                              .category = "Kitchen",
                              .image_url = "",
                              .currency = "EUR",
                              .price_minor = 100,
                              .version = (uint64_t)position + 1};
    aurora_search_change change = {.product = &product, .sku = "cup", .version = product.version};
    aurora_search_batch batch = {
        .changes = &change, .count = 1, .from = position, .to = position + 1, .log_id = log_one};
    memcpy(description + DESCRIPTION_BYTES - strlen(word), word, strlen(word));
    return port.apply(port.self, &batch);
}

/* An empty index at the position. */
static void make(void)
{
    aurora_search_state state;
    aurora_assert_ok(port.state(port.self, &state));
    aurora_assert_ok(port.rebuild_begin(port.self, position, log_one));
    aurora_assert_ok(port.state(port.self, &state));
    aurora_search_pages last = {.rebuild = state.rebuild, .after = "", .is_last = 1};
    aurora_assert_ok(port.rebuild_page(port.self, &last));
}

static void set_up(uint32_t flags)
{
    folder = aurora_tempdir_new();
    aurora_test_path(address, sizeof address, folder, "shop.db");
    for (int i = 0; i < DESCRIPTION_BYTES; i++)
        description[i] = "blue "[i % 5];
    reopen(flags);
    make();
    aurora_assert_ok(put("ivory"));
    position = 1;
    unsure = 0;
}

static void tear_down(void)
{
    port.close(port.self);
    port = (aurora_search_port){0};
    position = 0;
    aurora_tempdir_remove(folder);
}

/* True where it was done; else it must have been for lack of memory. */
static bool is_done(aurora_status rc, int at)
{
    ck_assert_msg(rc == AURORA_OK || rc == AURORA_ENOMEM, "allocation %d: %s", at,
                  aurora_status_text(rc));
    unsure += rc != AURORA_OK;
    return rc == AURORA_OK;
}

static void check_product(const aurora_product *product)
{
    ck_assert_str_eq(product->sku, "cup");
    ck_assert_str_eq(product->name, "Cup");
    ck_assert_str_eq(product->brand, "Acme");
    ck_assert_str_eq(product->category, "Kitchen");
    ck_assert(strcmp(product->description, description) == 0); /* a message would be too long */
}

static aurora_status find(const char *text, aurora_search_result *out)
{
    aurora_search_request request = {.query = AURORA_QUERY(.text = text), .limit = 10};
    return port.query(port.self, &request, &arena, out);
}

/* Mutation: aurora__fts_vocabulary_read reads a term by sqlite3_column_text, which needs memory for
 * a NUL behind it. */
START_TEST(test_search_memory__a_query_tells_all_or_that_there_is_none)
{
    aurora_search_result result;
    int failed = 1;
    set_up(0);

    for (int at = 0; failed > 0; at++) {
        reopen(0);
        scarce_begin(at, _i != 0);
        aurora_status rc = find("cup", &result);
        failed = scarce_end();
        if (is_done(rc, at)) {
            ck_assert_uint_eq(result.total, 1);
            ck_assert_uint_eq(result.facet_count, 2);
            ck_assert_str_eq(result.hits[0].highlight, "<em>Cup</em>");
            check_product(result.hits[0].product);
        }
        empty_arena();
    }

    ck_assert_int_gt(unsure, 100);
    tear_down();
}
END_TEST

/* Without its vocabulary it proposes nothing. Mutation: as above. */
START_TEST(test_search_memory__a_suggestion_is_whole_or_left_out)
{
    const char **items;
    uint32_t count;
    int failed = 1;
    set_up(0);

    for (int at = 0; failed > 0; at++) {
        reopen(0);
        scarce_begin(at, _i != 0);
        aurora_status rc = port.suggest(port.self, "cu", 10, &arena, &items, &count);
        failed = scarce_end();
        if (is_done(rc, at) && (count > 0 || failed == 0)) {
            ck_assert_uint_eq(count, 1);
            ck_assert_str_eq(items[0], "cup");
        }
        empty_arena();
    }

    ck_assert_int_gt(unsure, 100);
    tear_down();
}
END_TEST

/* Mutation: a reader whose ROLLBACK found no memory is kept, and is in a transaction still. */
START_TEST(test_search_memory__a_list_tells_all_or_that_there_is_none)
{
    const aurora_product **items;
    uint32_t count;
    int failed = 1;
    set_up(0);

    for (int at = 0; failed > 0; at++) {
        scarce_begin(at, _i != 0);
        aurora_status rc = port.list(port.self, NULL, 10, &arena, &items, &count);
        failed = scarce_end();
        if (is_done(rc, at)) {
            ck_assert_uint_eq(count, 1);
            check_product(items[0]);
        }
        empty_arena();
    }

    ck_assert_int_gt(unsure, 50);
    tear_down();
}
END_TEST

/* Mutations: text_at answers "" for a text that cannot be had, so that words of the old text stay;
 * the writer's connection is kept. */
START_TEST(test_search_memory__what_is_put_replaces_all_of_what_was_there)
{
    static const char *const words[] = {"ivory", "ochre"};
    aurora_search_result result;
    int failed = 1;
    set_up(0);

    for (int at = 0; failed > 0; at++) {
        const char *word = words[position % 2], *old = words[1 - position % 2];
        scarce_begin(at, _i != 0);
        aurora_status rc = put(word);
        failed = scarce_end();
        if (!is_done(rc, at))
            aurora_assert_ok(put(word));
        position++;
        aurora_assert_ok(find(word, &result));
        ck_assert_uint_eq(result.total, 1);
        aurora_assert_ok(find(old, &result));
        ck_assert_msg(result.total == 0, "allocation %d: \"%s\" is still found", at, old);
        empty_arena();
    }

    ck_assert_int_gt(unsure, 50);
    tear_down();
}
END_TEST

/* Such an index dies with its connection: FTS5 may find it damaged after that, and it is made anew.
 * Mutation: a transaction that could not be rolled back is not left. */
START_TEST(test_search_memory__an_index_in_memory_goes_on)
{
    aurora_search_result result;
    int failed = 1;
    set_up(AURORA_SEARCH_MEMORY);

    for (int at = 0; failed > 0; at++) {
        scarce_begin(at, _i != 0);
        aurora_status rc = put("ochre");
        failed = scarce_end();
        if (!is_done(rc, at))
            rc = put("ochre");
        if (rc == AURORA_ECONFLICT) {
            make();
            rc = put("ochre");
        }
        aurora_assert_ok(rc);
        position++;
        aurora_assert_ok(find("ochre", &result));
        ck_assert_uint_eq(result.total, 1);
        empty_arena();
    }

    ck_assert_int_gt(unsure, 50);
    tear_down();
}
END_TEST

static void check_rest(int at)
{
    const aurora__fts_index *index = port.self;
    const aurora__fts_connection *connection = index->path == NULL ? index->writer : index->readers;
    for (int i = 0; connection != NULL && i < AURORA__FTS_KEPT_MAX; i++) {
        sqlite3_stmt *statement = connection->kept[i].statement;
        ck_assert_msg(statement == NULL || !sqlite3_stmt_busy(statement),
                      "allocation %d: statement %d goes on", at, i);
    }
}

/* What was kept is found to be of other tables, and is prepared anew without memory; an index in
 * memory goes on with the same connection. Mutation: a scan that
 * failed does not rest. */
START_TEST(test_search_memory__kept_statements_answer_after_what_failed)
{
    aurora_search_result result;
    aurora_search_request request = {.query = AURORA_QUERY(.text = "cup", .category = "Kitchen"),
                                     .limit = 10};
    int failed = 1;
    set_up(_i < 2 ? 0 : AURORA_SEARCH_MEMORY);

    for (int at = 0; failed > 0; at++) {
        aurora_assert_ok(port.query(port.self, &request, &arena, &result));
        for (int i = 0; i < 2; i++)
            make();
        aurora_assert_ok(put("ivory"));
        position++;
        scarce_begin(at, _i % 2 != 0);
        aurora_status rc = port.query(port.self, &request, &arena, &result);
        failed = scarce_end();
        bool is_found = is_done(rc, at);
        check_rest(at);
        if (!is_found)
            aurora_assert_ok(port.query(port.self, &request, &arena, &result));
        ck_assert_uint_eq(result.total, 1);
        check_product(result.hits[0].product);
        empty_arena();
    }

    ck_assert_int_gt(unsure, 50);
    tear_down();
}
END_TEST

static Suite *suite(void)
{
    if (!scarce_works())
        return scarce_skip();
    Suite *s = suite_create("search_memory");
    TCase *tc = tcase_create("search_memory");
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, test_search_memory__a_query_tells_all_or_that_there_is_none, 0, 2);
    tcase_add_loop_test(tc, test_search_memory__a_suggestion_is_whole_or_left_out, 0, 2);
    tcase_add_loop_test(tc, test_search_memory__a_list_tells_all_or_that_there_is_none, 0, 2);
    tcase_add_loop_test(tc, test_search_memory__what_is_put_replaces_all_of_what_was_there, 0, 2);
    tcase_add_loop_test(tc, test_search_memory__an_index_in_memory_goes_on, 0, 2);
    tcase_add_loop_test(tc, test_search_memory__kept_statements_answer_after_what_failed, 0, 4);
    suite_add_tcase(s, tc);
    return s;
}

#else

static Suite *suite(void)
{
    return scarce_skip();
}

#endif

AURORA_TEST_MAIN(suite)
