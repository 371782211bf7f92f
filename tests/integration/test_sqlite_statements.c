/* SPDX-License-Identifier: MIT */
/* The statements that one connection keeps: few enough to be kept, whatever sets of columns rows
 * change in. */
#include "adapters/store_sqlite/statements.h"
#include "sqlite_place.h"
#include "test.h"

START_TEST(test_sqlite_statements__any_number_of_column_sets_needs_a_bounded_number)
{
    sqlite_place *place = sqlite_place_new();
    aurora_store store = sqlite_place_open(place);
    const aurora_table *table = place->tables[AURORA__TABLE_order];
    aurora__sqlite_statements statements = {.table = table};
    sqlite3 *db;
    ck_assert_int_eq(sqlite3_open(place->path, &db), SQLITE_OK);

    for (uint64_t set = 1; set < 200; set++) {
        uint64_t asked = set << table->key_count;
        uint64_t columns = asked;
        ck_assert_ptr_nonnull(aurora__sqlite_update(db, &statements, &columns));
        ck_assert_uint_eq(columns & asked, asked);
        ck_assert_uint_le(statements.update_count, AURORA__SQLITE_UPDATES_MAX);
    }

    for (uint32_t i = 0; i < statements.update_count; i++)
        sqlite3_finalize(statements.updates[i]);
    sqlite3_close(db);
    store.close(store.self);
    sqlite_place_free(place);
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("sqlite_statements");
    TCase *tcase = tcase_create("updates");
    tcase_add_test(tcase, test_sqlite_statements__any_number_of_column_sets_needs_a_bounded_number);
    suite_add_tcase(all, tcase);
    return all;
}

AURORA_TEST_MAIN(suite)
