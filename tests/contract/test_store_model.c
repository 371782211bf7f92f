/* SPDX-License-Identifier: MIT */
/* Random puts, loads, scans, commits and rollbacks against arrays searched from end to end:
 * whatever the adapters do to be fast, they must answer what the arrays answer.
 * ctest: one thread */
#include <stdlib.h>
#include <string.h>

#include "store_fixture.h"

#define OPERATIONS 20000
#define ROWS_MAX 512
#define COLUMNS_MAX 16
#define TEXTS 24

static const uint32_t tables[] = {AURORA__TABLE_stock,     AURORA__TABLE_sku,
                                  AURORA__TABLE_hold,      AURORA__TABLE_notification,
                                  AURORA__TABLE_watermark, AURORA__TABLE_price};
#define TABLES (sizeof tables / sizeof tables[0])

/* All texts are from here, so that rows are values without memory of their own. */
static const char *const texts[TEXTS] = {
    "",  "a",  "aa", "aaaaaaaa", "aaaaaaaaa", "aaaaaaaab", "ab",        "b",
    "B", "0",  "10", "9",        "\xc3\xa9",  "z\xc3\xa9", "SKU-00001", "SKU-00002",
    "~", "a ", " a", "a\x01",    "a\x01\x01", "a\x7f",     "SKU-0000",  "\xf0\x9f\x8d\xb5"};

typedef struct {
    aurora_value columns[COLUMNS_MAX];
} model_row;

typedef struct {
    model_row rows[TABLES][ROWS_MAX];
    uint32_t counts[TABLES];
    int64_t log_head;
} model_store;

typedef struct {
    store_fixture *fixture;
    aurora_store_txn *txn;
    uint64_t random;
    model_store committed;
    model_store now;
    uint8_t ids[8][16];
    uint32_t conflicts;
    uint32_t commits;
} model_run;

static uint32_t below(model_run *run, uint32_t end)
{
    return (uint32_t)(aurora_test_random(&run->random) % end);
}

/* --- the slow truth ------------------------------------------------------------------------- */

static int compare_values(const aurora_value *a, const aurora_value *b)
{
    if (a->bytes == NULL || b->bytes == NULL)
        return a->number < b->number ? -1 : a->number > b->number;
    uint32_t length = a->length < b->length ? a->length : b->length;
    int order = memcmp(a->bytes, b->bytes, length);
    return order != 0 ? order : (a->length > b->length) - (a->length < b->length);
}

static bool is_same(const aurora_value *a, const aurora_value *b)
{
    return a->kind == b->kind && (a->kind == 0 || compare_values(a, b) == 0);
}

/* The column that is number i of an index (-1: of the key), its own columns first. */
static uint32_t column_of(const aurora_table *table, int32_t index, uint32_t i)
{
    if (index < 0)
        return i;
    uint32_t own = table->indexes[index].column_count;
    return i < own ? table->indexes[index].columns[i] : i - own;
}

static uint32_t order_length(const aurora_table *table, int32_t index)
{
    return table->key_count + (index < 0 ? 0 : table->indexes[index].column_count);
}

static model_row *model_find(model_store *model, uint32_t t, const aurora_value *key)
{
    const aurora_table *table = store_table(tables[t]);
    for (uint32_t i = 0; i < model->counts[t]; i++) {
        model_row *row = &model->rows[t][i];
        uint32_t same = 0;
        while (same < table->key_count && is_same(&row->columns[same], &key[same]))
            same++;
        if (same == table->key_count)
            return row;
    }
    return NULL;
}

/* Whether another row holds the same values in a unique index. */
static bool is_refused(model_store *model, uint32_t t, const aurora_value *values,
                       const model_row *self)
{
    const aurora_table *table = store_table(tables[t]);
    for (uint32_t index = 0; index < table->index_count; index++) {
        uint8_t column = table->indexes[index].columns[0];
        for (uint32_t i = 0; i < model->counts[t] && table->indexes[index].is_unique; i++) {
            const model_row *other = &model->rows[t][i];
            if (other != self && is_same(&other->columns[column], &values[column]))
                return true;
        }
    }
    return false;
}

static aurora_status model_put(model_store *model, uint32_t t, const aurora_store_put *put)
{
    const aurora_table *table = put->table;
    model_row *row = model_find(model, t, put->values);
    if (put->kind == AURORA_PUT_DELETE) {
        if (row != NULL)
            *row = model->rows[t][--model->counts[t]];
        return AURORA_OK;
    }
    if (put->kind == AURORA_PUT_INSERT && row != NULL)
        return AURORA_ECONFLICT;
    if (put->kind == AURORA_PUT_UPDATE &&
        (row == NULL || (table->version_column >= 0 &&
                         row->columns[table->version_column].number != put->version_loaded)))
        return AURORA_ECONFLICT;
    if (is_refused(model, t, put->values, row))
        return AURORA_ECONFLICT;
    if (row == NULL) {
        ck_assert_uint_lt(model->counts[t], ROWS_MAX);
        row = &model->rows[t][model->counts[t]++];
    }
    memcpy(row->columns, put->values, table->column_count * sizeof(aurora_value));
    return AURORA_OK;
}

/* --- random rows ---------------------------------------------------------------------------- */

static aurora_value random_value(model_run *run, const aurora_column *column)
{
    switch (column->kind) {
    case AURORA_COLUMN_TEXT:
        return store_text(texts[below(run, TEXTS)]);
    case AURORA_COLUMN_BYTES:
        return (aurora_value){.kind = AURORA_COLUMN_BYTES,
                              .length = below(run, 17),
                              .bytes = run->ids[below(run, 8)]};
    case AURORA_COLUMN_UUID:
        return (aurora_value){
            .kind = AURORA_COLUMN_UUID, .length = 16, .bytes = run->ids[below(run, 8)]};
    case AURORA_COLUMN_BOOL:
        return (aurora_value){.kind = AURORA_COLUMN_BOOL, .number = below(run, 2)};
    default:
        return (aurora_value){.kind = column->kind, .number = below(run, 40)};
    }
}

static void random_row(model_run *run, const aurora_table *table, aurora_value *values_out)
{
    for (uint32_t i = 0; i < table->column_count; i++) {
        values_out[i] = random_value(run, &table->columns[i]);
        if (table->columns[i].is_nullable && below(run, 3) == 0)
            values_out[i] = (aurora_value){0};
    }
    /* Two of the numbers that may be negative. */
    if (values_out[0].kind == AURORA_COLUMN_INT64)
        values_out[0].number = (int64_t)below(run, 300) - 150;
    if (table->version_column >= 0)
        values_out[table->version_column].number = 1 + below(run, 2);
}

static void begin(model_run *run)
{
    run->txn = store_write(run->fixture);
}

static void end(model_run *run, bool is_commit)
{
    if (is_commit) {
        store_commit(run->fixture, run->txn);
        run->committed = run->now;
        run->commits++;
    } else {
        store_rollback(run->fixture, run->txn);
        run->now = run->committed;
    }
    store_arena_free(run->fixture);
}

/* --- operations ----------------------------------------------------------------------------- */

static void check_row(const aurora_table *table, const aurora_value *got, const model_row *expected)
{
    for (uint32_t i = 0; i < table->column_count; i++)
        ck_assert_msg(is_same(&got[i], &expected->columns[i]), "%s.%s differs", table->name,
                      table->columns[i].name);
}

static void put_one(model_run *run)
{
    uint32_t t = below(run, TABLES);
    aurora_value values[COLUMNS_MAX];
    aurora_store_put put = {.table = store_table(tables[t]),
                            .values = values,
                            .version_loaded = 1 + below(run, 2),
                            .kind = AURORA_PUT_INSERT + below(run, 4)};
    random_row(run, put.table, values);
    /* Mostly rows that exist, or updates would nearly all be refused. */
    if (run->now.counts[t] > 0 && put.kind != AURORA_PUT_INSERT && below(run, 4) > 0) {
        const model_row *row = &run->now.rows[t][below(run, run->now.counts[t])];
        memcpy(values, row->columns, put.table->key_count * sizeof(aurora_value));
        if (put.table->version_column >= 0 && below(run, 8) > 0)
            put.version_loaded = row->columns[put.table->version_column].number;
    }
    aurora_status expected = model_put(&run->now, t, &put);

    aurora_status rc =
        run->fixture->port.save(run->fixture->port.self, run->txn, &put, 1, &run->fixture->failed);

    if (expected == AURORA_OK) {
        aurora_assert_ok(rc);
        return;
    }
    aurora_assert_status(expected, AURORA_ECONFLICT);
    store_refused(run->fixture, run->txn, rc, 0);
    run->conflicts++;
    run->now = run->committed;
    store_arena_free(run->fixture);
    begin(run);
}

static void load_one(model_run *run)
{
    uint32_t t = below(run, TABLES);
    aurora_value key[COLUMNS_MAX];
    aurora_value values[COLUMNS_MAX];
    aurora_arena_port arena = store_arena(run->fixture);
    aurora_store_load load = {.table = store_table(tables[t]), .key = key, .values_out = values};
    random_row(run, load.table, key);
    if (run->now.counts[t] > 0 && below(run, 2))
        memcpy(key, run->now.rows[t][below(run, run->now.counts[t])].columns, sizeof key);

    aurora_assert_ok(run->fixture->port.load(run->fixture->port.self, run->txn, &load, 1,
                                             below(run, 2), &arena));

    const model_row *expected = model_find(&run->now, t, key);
    ck_assert_uint_eq(load.is_found_out, expected != NULL);
    if (expected != NULL)
        check_row(load.table, values, expected);
}

/* The tuple order of a row and a bound. */
static int compare_bound(const aurora_store_scan *scan, const model_row *row,
                         const aurora_value *bound, uint32_t count)
{
    int order = 0;
    for (uint32_t i = 0; i < count && order == 0; i++)
        order = compare_values(&row->columns[column_of(scan->table, scan->index, i)], &bound[i]);
    return order;
}

static bool is_in_range(const aurora_store_scan *scan, const model_row *row)
{
    if (scan->index >= 0) {
        int32_t partial = scan->table->indexes[scan->index].partial_column;
        if (partial >= 0 && row->columns[partial].kind == 0)
            return false;
    }
    int low = compare_bound(scan, row, scan->lower, scan->lower_count);
    int high = compare_bound(scan, row, scan->upper, scan->upper_count);
    bool is_low_open = scan->lower_count > 0 && scan->flags & AURORA_SCAN_LOWER_OPEN;
    bool is_high_open = scan->upper_count > 0 && scan->flags & AURORA_SCAN_UPPER_OPEN;
    return (is_low_open ? low > 0 : low >= 0) && (is_high_open ? high < 0 : high <= 0);
}

/* Insertion sort into `sorted_out`, in the scan's direction; returns the rows. */
static uint32_t sort_range(model_store *model, uint32_t t, const aurora_store_scan *scan,
                           const model_row **sorted_out)
{
    uint32_t count = 0;
    uint32_t columns = order_length(scan->table, scan->index);
    for (uint32_t i = 0; i < model->counts[t]; i++) {
        const model_row *row = &model->rows[t][i];
        if (!is_in_range(scan, row))
            continue;
        aurora_value key[COLUMNS_MAX];
        for (uint32_t c = 0; c < columns; c++)
            key[c] = row->columns[column_of(scan->table, scan->index, c)];
        uint32_t at = count++;
        for (; at > 0; at--) {
            int order = compare_bound(scan, sorted_out[at - 1], key, columns);
            if (scan->flags & AURORA_SCAN_DESCENDING ? order > 0 : order < 0)
                break;
            sorted_out[at] = sorted_out[at - 1];
        }
        sorted_out[at] = row;
    }
    return count;
}

static void scan_one(model_run *run)
{
    static aurora_value values[64 * COLUMNS_MAX];
    uint32_t t = below(run, TABLES);
    const aurora_table *table = store_table(tables[t]);
    aurora_value bounds[2][COLUMNS_MAX];
    aurora_store_scan scan = {.table = table,
                              .index = (int32_t)below(run, table->index_count + 1) - 1,
                              .flags = below(run, 8),
                              .limit = 1 + below(run, 64),
                              .values_out = values};
    uint32_t columns = order_length(table, scan.index);
    for (int b = 0; b < 2; b++) {
        for (uint32_t i = 0; i < columns; i++)
            bounds[b][i] = random_value(run, &table->columns[column_of(table, scan.index, i)]);
    }
    scan.lower = bounds[0];
    scan.upper = bounds[1];
    scan.lower_count = below(run, columns + 1);
    scan.upper_count = below(run, columns + 1);
    aurora_arena_port arena = store_arena(run->fixture);

    aurora_assert_ok(run->fixture->port.scan(run->fixture->port.self, run->txn, &scan, &arena));

    const model_row *sorted[ROWS_MAX];
    uint32_t expected = sort_range(&run->now, t, &scan, sorted);
    ck_assert_uint_eq(scan.row_count_out, expected < scan.limit ? expected : scan.limit);
    for (uint32_t i = 0; i < scan.row_count_out; i++)
        check_row(table, values + i * table->column_count, sorted[i]);
}

/* Ends the transaction, one in four by rollback, half of the commits with a log row. */
static void turn(model_run *run)
{
    bool is_commit = below(run, 4) > 0;
    const aurora_log_row *row = NULL;
    if (below(run, 2)) {
        row = store_append(run->fixture, run->txn, 1 + below(run, 5), "[]");
        run->now.log_head += row->count;
    }
    end(run, is_commit);
    if (row != NULL && is_commit)
        ck_assert_int_eq(row->position + row->count - 1, run->now.log_head);
    aurora_log_bounds bounds;
    begin(run);
    aurora_assert_ok(run->fixture->port.log_bounds(run->fixture->port.self, run->txn, &bounds));
    ck_assert_int_eq(bounds.head, run->now.log_head);
}

START_TEST(test_model__random_operations_answer_as_the_arrays_do)
{
    model_run *run = calloc(1, sizeof *run);
    ck_assert_ptr_nonnull(run);
    run->fixture = store_open(_i);
    run->random = aurora_test_seed(run->fixture->adapter->name, 20261123);
    for (int i = 0; i < 8 * 16; i++)
        run->ids[i / 16][i % 16] = (uint8_t)below(run, 3) * 127;
    for (int i = 0; i < 8; i++)
        run->ids[i][15] = (uint8_t)i;

    begin(run);
    for (int i = 0; i < OPERATIONS; i++) {
        uint32_t kind = below(run, 20);
        if (kind < 11)
            put_one(run);
        else if (kind < 15)
            load_one(run);
        else if (kind < 19)
            scan_one(run);
        else
            turn(run);
    }
    end(run, true);

    ck_assert_uint_gt(run->conflicts, 500);
    ck_assert_uint_gt(run->commits, 500);
    for (uint32_t t = 0; t < TABLES; t++)
        ck_assert_uint_gt(run->committed.counts[t], 2);
    store_close(run->fixture);
    free(run);
}
END_TEST

static Suite *store_model_suite(void)
{
    Suite *suite = suite_create("store_model");
    TCase *models = tcase_create("model");
    tcase_set_timeout(models, 120);
    store_add_test(models, test_model__random_operations_answer_as_the_arrays_do);
    suite_add_tcase(suite, models);
    return suite;
}

AURORA_TEST_MAIN(store_model_suite)
