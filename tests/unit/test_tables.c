/* SPDX-License-Identifier: MIT */
/* Rows to values and back, and what a store may hand over that is no row. */
#include "core/tables.h"

#include "test.h"

static aurora_value values[64];

static const aurora__table *order_table(void)
{
    return &aurora__tables[AURORA__TABLE_order];
}

static int32_t first_of_kind(const aurora__table *table, uint32_t kind)
{
    for (uint32_t i = 0; i < table->table.column_count; i++) {
        if (table->table.columns[i].kind == kind)
            return (int32_t)i;
    }
    return -1;
}

static aurora_status unpack(const aurora__table *table)
{
    aurora__order_row row;
    return aurora__table_unpack_some(table, values, UINT64_MAX, &row);
}

START_TEST(test_tables__no_column_of_ids_is_nullable)
{
    for (uint32_t i = 1; i < AURORA__TABLE_COUNT; i++) {
        const aurora_table *table = &aurora__tables[i].table;
        for (uint32_t j = 0; j < table->column_count; j++)
            ck_assert_msg(
                table->columns[j].kind != AURORA_COLUMN_UUID || !table->columns[j].is_nullable,
                "%s.%s: packing knows no id that is null", table->name, table->columns[j].name);
    }
}
END_TEST

START_TEST(test_tables__damaged_values_are_no_row)
{
    const aurora__table *table = order_table();
    int32_t id = first_of_kind(table, AURORA_COLUMN_UUID);
    aurora__order_row row = {.status = 1};
    ck_assert_int_ge(id, 0);
    aurora__table_pack(table, &row, values);
    for (uint32_t i = 0; i < table->table.column_count; i++) {
        if (values[i].kind == 0 && !table->table.columns[i].is_nullable)
            values[i] = (aurora_value){.kind = AURORA_COLUMN_TEXT, .bytes = ""};
    }
    aurora_assert_ok(unpack(table));

    values[id].length = 15;
    aurora_assert_status(unpack(table), AURORA_ECORRUPT);
    values[id].length = 16;
    values[id].kind = AURORA_COLUMN_TEXT;
    aurora_assert_status(unpack(table), AURORA_ECORRUPT);
    values[id].kind = 0;
    aurora_assert_status(unpack(table), AURORA_ECORRUPT);
}
END_TEST

static Suite *tables_suite(void)
{
    Suite *suite = suite_create("tables");
    TCase *tcase = tcase_create("tables");
    tcase_add_test(tcase, test_tables__no_column_of_ids_is_nullable);
    tcase_add_test(tcase, test_tables__damaged_values_are_no_row);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(tables_suite)
