/* SPDX-License-Identifier: MIT */
/* The statements that a connection of the index keeps: they answer as new ones would whatever
 * became of the tables meanwhile, they are few, and between two calls they hold nothing. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <aurora/port/search.h>

#include "adapters/search_fts/index.h"
#include "adapters/search_fts/search_fts.h"
#include "heap.h"
#include "test.h"

#define PRODUCTS 6

static const aurora_id log_one = {{1}};
static char *folder;
static char address[512];
static char index_file[544];
static aurora_search_port port;
static void *blocks[1024];
static int block_count;

static void *take_block(void *self, size_t bytes)
{
    (void)self;
    if (block_count == 1024)
        return NULL;
    return blocks[block_count++] = malloc(bytes);
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

static aurora_search_port open_index(uint32_t flags)
{
    aurora_search_port opened;
    aurora_search_options options = {.size = sizeof options,
                                     .flags = flags,
                                     .address = address,
                                     .allocator = &heap,
                                     .log = ignore_line};
    aurora_assert_ok(aurora__search_fts_open(&options, &opened, NULL));
    return opened;
}

/* Makes the index again, of `count` products with this name: two of three are of Acme, every other
 * one is for the kitchen. */
static void fill(aurora_search_port *of, const char *name, uint32_t count)
{
    static const char *const skus[PRODUCTS] = {"A", "B", "C", "D", "E", "F"};
    aurora_product products[PRODUCTS];
    aurora_search_change changes[PRODUCTS];
    aurora_search_state state;
    for (uint32_t i = 0; i < count; i++) {
        products[i] = (aurora_product){.size = sizeof products[i],
                                       .sku = skus[i],
                                       .name = name,
                                       .description = "",
                                       .brand = i % 3 == 0 ? "Other" : "Acme",
                                       .category = i % 2 == 0 ? "Kitchen" : "Garden",
                                       .image_url = "",
                                       .currency = "EUR",
                                       .price_minor = 100 * (int64_t)(i + 1),
                                       .version = 1};
        changes[i] = (aurora_search_change){.product = &products[i], .sku = skus[i], .version = 1};
    }
    aurora_assert_ok(of->state(of->self, &state));
    aurora_assert_ok(of->rebuild_begin(of->self, 0, log_one));
    aurora_assert_ok(of->state(of->self, &state));
    aurora_search_pages pages = {
        .rebuild = state.rebuild, .after = "", .changes = changes, .count = count, .is_last = 1};
    aurora_assert_ok(of->rebuild_page(of->self, &pages));
}

static void start(uint32_t flags)
{
    folder = aurora_tempdir_new();
    aurora_test_path(address, sizeof address, folder, "shop.db");
    snprintf(index_file, sizeof index_file, "%s.search", address);
    port = open_index(flags);
}

static void stop(void)
{
    port.close(port.self);
    empty_arena();
    aurora_tempdir_remove(folder);
}

/* --- calls ------------------------------------------------------------------------------------ */

static aurora_status try_count(const aurora_query *query, uint64_t *total_out)
{
    aurora_search_request request = {.query = query, .limit = 10};
    aurora_search_result result;
    aurora_status rc = port.query(port.self, &request, &arena, &result);
    if (rc == AURORA_OK)
        ck_assert_uint_eq(result.count, result.total);
    *total_out = result.total;
    empty_arena();
    return rc;
}

static uint64_t count(const aurora_query *query)
{
    uint64_t total;
    aurora_assert_ok(try_count(query, &total));
    return total;
}

#define COUNT(...) count(AURORA_QUERY(__VA_ARGS__))

static uint32_t count_listed(void)
{
    const aurora_product **items;
    uint32_t listed;
    aurora_assert_ok(port.list(port.self, NULL, 10, &arena, &items, &listed));
    empty_arena();
    return listed;
}

static uint32_t count_suggested(const char *prefix)
{
    const char **items;
    uint32_t suggested;
    aurora_assert_ok(port.suggest(port.self, prefix, 10, &arena, &items, &suggested));
    empty_arena();
    return suggested;
}

/* One call of each kind. */
static void call_all(const char *name)
{
    char prefix[3];
    COUNT(.text = name);
    COUNT(.text = name, .category = "Kitchen", .brand = "Acme", .sort = AURORA_SORT_PRICE_UP);
    COUNT(.text = "nothing of the kind");
    COUNT(.text = NULL, .category = "Nowhere");
    snprintf(prefix, sizeof prefix, "%s", name);
    count_suggested(prefix);
    count_listed();
}

/* The connection that has searched. */
static aurora__fts_connection *used_connection(void)
{
    const aurora__fts_index *index = port.self;
    aurora__fts_connection *connection = index->path == NULL ? index->writer : index->readers;
    ck_assert_ptr_nonnull(connection);
    return connection;
}

/* Those of FTS5 itself among them. */
static int count_statements(sqlite3 *db)
{
    int found = 0;
    for (sqlite3_stmt *at = NULL; (at = sqlite3_next_stmt(db, at)) != NULL;)
        found++;
    return found;
}

#define FLAGS (_i == 0 ? 0u : AURORA_SEARCH_MEMORY)

/* --- what they answer ------------------------------------------------------------------------- */

/* Mutation: aurora__fts_keep does not look at the generation. */
START_TEST(test_statements__the_same_search_after_each_rebuild_finds_what_is_there_then)
{
    start(FLAGS);

    for (uint32_t round = 0; round < 6; round++) {
        const char *name = round % 3 == 0 ? "Cup" : "Mug";
        fill(&port, name, round + 1);

        ck_assert_uint_eq(COUNT(.text = "cup"), round % 3 == 0 ? round + 1 : 0);
        ck_assert_uint_eq(COUNT(.text = "mug"), round % 3 == 0 ? 0 : round + 1);
        ck_assert_uint_eq(COUNT(.text = NULL), round + 1);
        ck_assert_uint_eq(count_listed(), round + 1);
        ck_assert_uint_eq(count_suggested("cu"), round % 3 == 0);
    }

    stop();
}
END_TEST

/* Between two searches another instance makes as many rebuilds as lead to the same generation:
 * tables of the same names, which are others. */
START_TEST(test_statements__see_what_another_instance_made_of_the_tables)
{
    start(0);
    aurora_search_port other = open_index(0);
    fill(&other, "Cup", 3);
    ck_assert_uint_eq(COUNT(.text = "cup"), 3);

    for (int i = 0; i < _i; i++)
        fill(&other, i == _i - 1 ? "Mug" : "Pot", 5);

    ck_assert_uint_eq(COUNT(.text = "cup"), 0);
    ck_assert_uint_eq(COUNT(.text = "mug"), 5);
    ck_assert_uint_eq(COUNT(.text = NULL), 5);
    ck_assert_uint_eq(count_listed(), 5);
    other.close(other.self);
    stop();
}
END_TEST

START_TEST(test_statements__a_search_after_the_file_was_deleted_reads_the_new_one)
{
    uint64_t total;
    aurora_search_state state;
    start(0);
    fill(&port, "Cup", 4);
    call_all("Cup");

    ck_assert_int_eq(unlink(index_file), 0);
    aurora_assert_status(try_count(AURORA_QUERY(.text = "cup"), &total), AURORA_ENOTFOUND);
    aurora_assert_ok(port.state(port.self, &state));
    ck_assert_int_eq(state.position, -1);
    ck_assert_uint_eq(COUNT(.text = "cup"), 0);
    ck_assert_uint_eq(count_listed(), 0);
    fill(&port, "Mug", 2);

    ck_assert_uint_eq(COUNT(.text = "cup"), 0);
    ck_assert_uint_eq(COUNT(.text = "mug"), 2);
    stop();
}
END_TEST

/* Mutation: a search with a text and one without share a number. */
START_TEST(test_statements__each_search_has_its_own_filters)
{
    start(FLAGS);
    fill(&port, "Cup", 6);

    for (int round = 0; round < 2; round++) {
        ck_assert_uint_eq(COUNT(.text = "cup"), 6);
        ck_assert_uint_eq(COUNT(.text = "cup", .category = "Kitchen"), 3);
        ck_assert_uint_eq(COUNT(.text = "cup", .brand = "Other"), 2);
        ck_assert_uint_eq(COUNT(.text = "cup", .brand = "Nobody"), 0);
        ck_assert_uint_eq(COUNT(.text = NULL, .category = "Garden", .brand = "Acme"), 2);
        ck_assert_uint_eq(COUNT(.text = "mug"), 0);
        ck_assert_uint_eq(COUNT(.text = NULL, .price_max_minor = 300), 3);
        ck_assert_uint_eq(COUNT(.text = NULL), 6);
    }

    stop();
}
END_TEST

/* --- what they hold --------------------------------------------------------------------------- */

/* Mutation: aurora__fts_keep prepares at each call. */
START_TEST(test_statements__are_prepared_once)
{
    start(FLAGS);
    fill(&port, "Cup", 6);
    call_all("Cup");
    int before = count_statements(used_connection()->db);
    sqlite3_stmt *kept[AURORA__FTS_KEPT_MAX];
    for (int i = 0; i < AURORA__FTS_KEPT_MAX; i++) {
        kept[i] = used_connection()->kept[i].statement;
        sqlite3_stmt_status(kept[i], SQLITE_STMTSTATUS_RUN, 1);
        sqlite3_stmt_status(kept[i], SQLITE_STMTSTATUS_REPREPARE, 1);
    }

    for (int i = 0; i < 10; i++)
        call_all("Cup");

    ck_assert_int_eq(count_statements(used_connection()->db), before);
    for (int i = 0; i < AURORA__FTS_KEPT_MAX; i++) {
        ck_assert_ptr_eq(used_connection()->kept[i].statement, kept[i]);
        ck_assert_int_ge(sqlite3_stmt_status(kept[i], SQLITE_STMTSTATUS_RUN, 0), 10);
        ck_assert_int_eq(sqlite3_stmt_status(kept[i], SQLITE_STMTSTATUS_REPREPARE, 0), 0);
    }
    stop();
}
END_TEST

/* Mutation: aurora__fts_keep leaves the statement of the generation before. */
START_TEST(test_statements__stay_as_few_whatever_is_searched_and_made_again)
{
    int after_two = 0;
    start(FLAGS);

    for (int round = 0; round < 12; round++) {
        fill(&port, round % 2 == 0 ? "Cup" : "Mug", 6);
        call_all("Cup");
        call_all("Mug");
        int found = count_statements(used_connection()->db);
        if (round > 1)
            ck_assert_int_le(found, after_two);
        else
            after_two = found;
    }

    stop();
}
END_TEST

/* Mutations: aurora__fts_rest does not reset; it does not clear what is bound. */
START_TEST(test_statements__hold_no_row_and_no_value_between_two_calls)
{
    start(FLAGS);
    fill(&port, "Cup", 6);

    call_all("Cup");

    ck_assert_int_ne(sqlite3_get_autocommit(used_connection()->db), 0);
    for (int i = 0; i < AURORA__FTS_KEPT_MAX; i++) {
        sqlite3_stmt *statement = used_connection()->kept[i].statement;
        ck_assert_msg(statement != NULL, "statement %d was not used", i);
        ck_assert_int_eq(sqlite3_stmt_busy(statement), 0);
        char *expanded = sqlite3_expanded_sql(statement);
        char *parameters = expanded;
        for (int n = sqlite3_bind_parameter_count(statement); n > 0; n--) {
            parameters = strstr(parameters, "NULL");
            ck_assert_msg(parameters != NULL, "a value stays in %s", expanded);
            parameters++;
        }
        sqlite3_free(expanded);
    }
    stop();
}
END_TEST

/* A reader that stayed in a transaction would hold the WAL. */
START_TEST(test_statements__of_idle_readers_keep_no_checkpoint_off)
{
    sqlite3 *db;
    int frames = -1;
    int moved = -1;
    start(0);
    fill(&port, "Cup", 6);
    call_all("Cup");
    fill(&port, "Mug", 6);

    ck_assert_int_eq(sqlite3_open(index_file, &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(db, "SELECT 1 FROM meta", NULL, NULL, NULL), SQLITE_OK);
    int rc = sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_TRUNCATE, &frames, &moved);
    sqlite3_close(db);

    ck_assert_int_eq(rc, SQLITE_OK);
    ck_assert_int_eq(frames, 0);
    ck_assert_uint_eq(COUNT(.text = "mug"), 6);
    stop();
}
END_TEST

static int count_open_files(void)
{
    int found = 0;
    DIR *all = opendir("/proc/self/fd");
    if (all == NULL)
        return 0;
    for (struct dirent *entry; (entry = readdir(all)) != NULL;) {
        char name[300];
        char target[600];
        snprintf(name, sizeof name, "/proc/self/fd/%s", entry->d_name);
        ssize_t length = readlink(name, target, sizeof target - 1);
        target[length < 0 ? 0 : length] = '\0';
        found += strstr(target, folder) != NULL;
    }
    closedir(all);
    return found;
}

/* SQLite refuses to close a connection that has a statement. Mutation: close_connection does not
 * forget them. */
START_TEST(test_statements__are_gone_before_their_connection)
{
    start(0);
    fill(&port, "Cup", 6);
    call_all("Cup");
    port.close(port.self);
    ck_assert_int_eq(count_open_files(), 0);

    port = open_index(0);
    call_all("Cup");
    ck_assert_int_eq(unlink(index_file), 0);
    uint64_t total;
    aurora_assert_status(try_count(AURORA_QUERY(.text = "cup"), &total), AURORA_ENOTFOUND);

    ck_assert_int_eq(count_open_files(), 0);
    stop();
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("search_statements");
    TCase *tc = tcase_create("search_statements");
    tcase_add_loop_test(
        tc, test_statements__the_same_search_after_each_rebuild_finds_what_is_there_then, 0, 2);
    tcase_add_loop_test(tc, test_statements__see_what_another_instance_made_of_the_tables, 1, 5);
    tcase_add_test(tc, test_statements__a_search_after_the_file_was_deleted_reads_the_new_one);
    tcase_add_loop_test(tc, test_statements__each_search_has_its_own_filters, 0, 2);
    tcase_add_loop_test(tc, test_statements__are_prepared_once, 0, 2);
    tcase_add_loop_test(tc, test_statements__stay_as_few_whatever_is_searched_and_made_again, 0, 2);
    tcase_add_loop_test(tc, test_statements__hold_no_row_and_no_value_between_two_calls, 0, 2);
    tcase_add_test(tc, test_statements__of_idle_readers_keep_no_checkpoint_off);
    tcase_add_test(tc, test_statements__are_gone_before_their_connection);
    suite_add_tcase(s, tc);
    return s;
}

AURORA_TEST_MAIN(suite)
