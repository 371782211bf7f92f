/* SPDX-License-Identifier: MIT */
/* How much memory a connection may use for pages. */
#include "adapters/store_sqlite/connection.h"
#include "sqlite_place.h"
#include "test.h"

static int64_t cache_kib(sqlite_place *place, uint64_t cache_bytes, bool is_reader)
{
    aurora_store_options options = place->options;
    const aurora__sqlite_place at = {.path = place->path, .is_reader = is_reader};
    aurora__sqlite_connection *connection;
    int64_t kib = 0;
    options.cache_bytes = cache_bytes;
    aurora_assert_ok(aurora__sqlite_connection_open(&options, &at, &connection));
    aurora_assert_ok(aurora__sqlite_number(connection->db, "PRAGMA cache_size", &kib));
    aurora__sqlite_connection_close(connection, false);
    return -kib; /* SQLite counts KiB as negative numbers */
}

START_TEST(test_sqlite_cache__readers_have_a_quarter_of_the_writers_memory)
{
    sqlite_place *place = sqlite_place_new();
    aurora_store store = sqlite_place_open(place);

    ck_assert_int_eq(cache_kib(place, UINT64_C(8) << 20, false), 8192);
    ck_assert_int_eq(cache_kib(place, UINT64_C(8) << 20, true), 2048);
    ck_assert_int_eq(cache_kib(place, 0, false), 65536);

    store.close(store.self);
    sqlite_place_free(place);
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("sqlite_cache");
    TCase *tcase = tcase_create("cache");
    tcase_add_test(tcase, test_sqlite_cache__readers_have_a_quarter_of_the_writers_memory);
    suite_add_tcase(all, tcase);
    return all;
}

AURORA_TEST_MAIN(suite)
