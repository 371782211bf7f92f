/* SPDX-License-Identifier: MIT */
/* Writes of rows: one statement for all puts of a kind into a table, where their order does not
 * matter, all sent at once. */
#include <stdlib.h>
#include <string.h>

#include "adapters/store_postgres/instance.h"
#include "adapters/store_postgres/statements.h"

/* A list of puts that one statement does. */
typedef struct {
    uint32_t from; /* in save_plan.order */
    uint32_t count;
    uint32_t kind;
} put_group;

typedef struct {
    const aurora_store_put *puts;
    uint32_t *order; /* numbers of puts */
    put_group *groups;
    uint32_t group_count;
} save_plan;

static int compare_values(const aurora_value *a, const aurora_value *b)
{
    if (a->kind != AURORA_COLUMN_TEXT && a->kind != AURORA_COLUMN_UUID &&
        a->kind != AURORA_COLUMN_BYTES)
        return a->number < b->number ? -1 : a->number > b->number;
    uint32_t length = a->length < b->length ? a->length : b->length;
    int order = length == 0 ? 0 : memcmp(a->bytes, b->bytes, length);
    if (order != 0)
        return order;
    return a->length < b->length ? -1 : a->length > b->length;
}

static int compare_keys(const aurora_store_put *a, const aurora_store_put *b)
{
    int order = 0;
    for (uint32_t k = 0; k < a->table->key_count && order == 0; k++)
        order = compare_values(&a->values[k], &b->values[k]);
    return order;
}

/* In the order of keys, those of one key as they were given. */
static int compare_puts(const void *left, const void *right, void *puts)
{
    const aurora_store_put *all = puts;
    uint32_t a = *(const uint32_t *)left;
    uint32_t b = *(const uint32_t *)right;
    int order = compare_keys(&all[a], &all[b]);
    return order != 0 ? order : a < b ? -1 : a > b;
}

static bool has_unique_index(const aurora_table *table)
{
    for (uint32_t i = 0; i < table->index_count; i++) {
        if (table->indexes[i].is_unique)
            return true;
    }
    return false;
}

static void add_group(save_plan *plan, uint32_t from, uint32_t count, uint32_t kind)
{
    plan->groups[plan->group_count++] = (put_group){from, count, kind};
}

/* Sorts puts from..from+count-1 of one table by key and says whether all keys differ. Sorted rows
 * are inserted in one order by all instances, so that no two wait for each other's keys. */
static bool sort_by_key(save_plan *plan, uint32_t from, uint32_t count)
{
    uint32_t *order = plan->order + from;
    const aurora_store_put *puts = plan->puts;
    bool is_sorted = true;
    for (uint32_t i = 1; i < count && is_sorted; i++)
        is_sorted = compare_keys(&puts[order[i - 1]], &puts[order[i]]) < 0;
    if (is_sorted)
        return true;
    qsort_r(order, count, sizeof *order, compare_puts, (void *)puts);
    for (uint32_t i = 1; i < count; i++) {
        if (compare_keys(&puts[order[i - 1]], &puts[order[i]]) == 0)
            return false;
    }
    return true;
}

/* Brings the puts of each kind together, in an order that frees what a later one may want. */
static void group_by_kind(save_plan *plan, uint32_t from, uint32_t count, uint32_t *spare)
{
    static const uint32_t kinds[] = {AURORA_PUT_DELETE, AURORA_PUT_UPDATE, AURORA_PUT_UPSERT,
                                     AURORA_PUT_INSERT};
    uint32_t done = 0;
    memcpy(spare, plan->order + from, count * sizeof *spare);
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        uint32_t begin = done;
        for (uint32_t i = 0; i < count; i++) {
            if (plan->puts[spare[i]].kind == kinds[k])
                plan->order[from + done++] = spare[i];
        }
        if (done > begin)
            add_group(plan, from + begin, done - begin, kinds[k]);
    }
}

/* One by one, in the order given. */
static void group_singly(save_plan *plan, uint32_t from, uint32_t count)
{
    for (uint32_t i = from; i < from + count; i++) {
        plan->order[i] = i;
        add_group(plan, i, 1, plan->puts[i].kind);
    }
}

/* Puts of one table may change places if their keys differ and no other column must be unique. */
static void make_plan(save_plan *plan, uint32_t count, uint32_t *spare)
{
    for (uint32_t i = 0; i < count; i++)
        plan->order[i] = i;
    for (uint32_t from = 0; from < count;) {
        const aurora_table *table = plan->puts[from].table;
        uint32_t run = 1;
        while (from + run < count && plan->puts[from + run].table == table)
            run++;
        if (run > 1 && !has_unique_index(table) && sort_by_key(plan, from, run))
            group_by_kind(plan, from, run, spare);
        else
            group_singly(plan, from, run);
        from += run;
    }
}

/* --- sending ---------------------------------------------------------------------------------- */

static void add_array(aurora__pg_params *params, const save_plan *plan, const put_group *group,
                      uint32_t kind, uint32_t column)
{
    aurora__pg_array_begin(params, kind);
    for (uint32_t i = 0; i < group->count; i++)
        aurora__pg_array_value(params, &plan->puts[plan->order[group->from + i]].values[column]);
    aurora__pg_array_end(params);
}

static void add_versions(aurora__pg_params *params, const save_plan *plan, const put_group *group)
{
    aurora__pg_array_begin(params, AURORA_COLUMN_INT64);
    for (uint32_t i = 0; i < group->count; i++)
        aurora__pg_array_int64(params, plan->puts[plan->order[group->from + i]].version_loaded);
    aurora__pg_array_end(params);
}

static uint64_t changed_columns(const save_plan *plan, const put_group *group)
{
    uint64_t columns = 0;
    for (uint32_t i = 0; i < group->count; i++) {
        uint64_t changed = plan->puts[plan->order[group->from + i]].columns;
        if (changed == 0)
            return 0;
        columns |= changed;
    }
    return columns;
}

static aurora_status send_group(aurora__pg_connection *connection, const save_plan *plan,
                                const put_group *group)
{
    const aurora_table *table = plan->puts[plan->order[group->from]].table;
    aurora__pg_statements *of = aurora__pg_statements_of(connection, table);
    aurora__pg_params *params = &connection->params;
    uint64_t columns = UINT64_MAX;
    if (of == NULL || group->kind < AURORA_PUT_INSERT || group->kind > AURORA_PUT_DELETE)
        return AURORA_EINVAL;
    if (group->kind == AURORA_PUT_UPDATE)
        columns = aurora__pg_update_columns(of, changed_columns(plan, group));
    else if (group->kind == AURORA_PUT_DELETE)
        columns = 0;
    aurora__pg_params_clear(params);
    for (uint32_t i = 0; i < table->column_count; i++) {
        if (i < table->key_count || columns >> i & 1)
            add_array(params, plan, group, table->columns[i].kind, i);
    }
    switch (group->kind) {
    case AURORA_PUT_INSERT:
        return aurora__pg_send_insert(connection, of);
    case AURORA_PUT_UPSERT:
        return aurora__pg_send_upsert(connection, of);
    case AURORA_PUT_DELETE:
        return aurora__pg_send_drop(connection, of);
    }
    if (table->version_column >= 0)
        add_versions(params, plan, group);
    return aurora__pg_send_update(connection, of, columns);
}

/* An update that met fewer rows than it was given met another version, or none. */
static aurora_status read_group(aurora__pg_connection *connection, const save_plan *plan,
                                const put_group *group)
{
    PGresult *result;
    aurora_status status = aurora__pg_next(connection, &result);
    if (status != AURORA_OK)
        return status;
    const aurora_table *table = plan->puts[plan->order[group->from]].table;
    status = aurora__pg_result_status(connection, result, table->name);
    if (status == AURORA_OK && group->kind == AURORA_PUT_UPDATE &&
        strtoul(PQcmdTuples(result), NULL, 10) != group->count)
        status = AURORA_ECONFLICT;
    PQclear(result);
    return status;
}

/* Does all groups; *failed_out is the one that the answer is about. */
static aurora_status run_plan(aurora__pg_connection *connection, const save_plan *plan,
                              uint32_t *failed_out)
{
    aurora_status status = AURORA_OK;
    uint32_t sent = 0;
    *failed_out = 0;
    while (sent < plan->group_count && status == AURORA_OK) {
        status = send_group(connection, plan, &plan->groups[sent]);
        sent += status == AURORA_OK;
    }
    aurora_status synced = aurora__pg_sync(connection);
    if (status == AURORA_OK)
        status = synced;
    for (uint32_t i = 0; i < sent && status == AURORA_OK; i++) {
        *failed_out = i;
        status = read_group(connection, plan, &plan->groups[i]);
    }
    aurora_status skipped = aurora__pg_skip(connection);
    return status == AURORA_OK ? skipped : status;
}

/* --- who is to blame -------------------------------------------------------------------------- */

/* BEGIN or ROLLBACK in the middle of it all. */
static aurora_status run_fixed(aurora__pg_connection *connection, int number)
{
    aurora__pg_params_clear(&connection->params);
    aurora_status status = aurora__pg_send_fixed(connection, number);
    if (status == AURORA_OK)
        status = aurora__pg_sync(connection);
    return status == AURORA_OK ? aurora__pg_skip(connection) : status;
}

/* Which put of the refused group it was: the transaction is lost anyway, so the puts up to there
 * are done once more, one by one, in another one that is rolled back like it. */
static uint32_t blame(aurora__pg_connection *connection, save_plan *plan, uint32_t failed)
{
    const put_group refused = plan->groups[failed];
    uint32_t first = plan->order[refused.from];
    if (refused.count == 1)
        return first;
    if (run_fixed(connection, AURORA__PG_ROLLBACK) != AURORA_OK ||
        run_fixed(connection, AURORA__PG_BEGIN_WRITE) != AURORA_OK)
        return first;
    /* Groups of one in the same order; there is room for as many as there are puts. */
    uint32_t end = refused.from + refused.count;
    plan->group_count = 0;
    for (uint32_t i = 0; i < end; i++)
        add_group(plan, i, 1, plan->puts[plan->order[i]].kind);
    uint32_t single = 0;
    if (run_plan(connection, plan, &single) != AURORA_ECONFLICT)
        return first;
    return plan->order[single];
}

aurora_status aurora__pg_rows_save(void *self, aurora_store_txn *txn, const aurora_store_put *puts,
                                   uint32_t count, uint32_t *failed_out)
{
    (void)self;
    aurora__pg_connection *connection = txn->connection;
    const aurora_allocator *allocator = connection->options->allocator;
    if (txn->kind != AURORA_TXN_WRITE)
        return AURORA_EREADONLY;
    if (txn->is_failed)
        return AURORA_EIO;
    if (count == 0)
        return AURORA_OK;
    size_t bytes = count * (sizeof(put_group) + 2 * sizeof(uint32_t));
    put_group *groups = allocator->allocate(allocator->self, bytes);
    if (groups == NULL)
        return aurora__pg_fail(txn, AURORA_ENOMEM);
    uint32_t *order = (uint32_t *)(groups + count);
    save_plan plan = {.puts = puts, .order = order, .groups = groups};
    uint32_t failed;
    txn->is_dirty = 1;
    make_plan(&plan, count, order + count);
    aurora_status status = run_plan(connection, &plan, &failed);
    if (status == AURORA_ECONFLICT)
        *failed_out = blame(connection, &plan, failed);
    allocator->release(allocator->self, groups);
    return status == AURORA_OK ? status : aurora__pg_fail(txn, status);
}
