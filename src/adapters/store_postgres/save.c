/* SPDX-License-Identifier: MIT */
/* Writes of rows: one statement for all puts of a kind into a table, where their order does not
 * matter, all sent without waiting for an answer. */
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
    aurora__pg_param_int64(params, group->count);
    return aurora__pg_send_update(connection, of, columns);
}

/* Queues all groups; nobody waits for them here. An answer that refuses one undoes the transaction,
 * and whoever reads it says so: the commit, or what is loaded before it. */
static aurora_status send_plan(aurora_store_txn *txn, const save_plan *plan)
{
    aurora__pg_connection *connection = txn->connection;
    aurora_status status = AURORA_OK;
    for (uint32_t i = 0; i < plan->group_count && status == AURORA_OK; i++) {
        const put_group *group = &plan->groups[i];
        connection->what = plan->puts[plan->order[group->from]].table->name;
        status = send_group(connection, plan, group);
        txn->put_count += status == AURORA_OK;
    }
    connection->what = NULL;
    return status;
}

aurora_status aurora__pg_rows_save(void *self, aurora_store_txn *txn, const aurora_store_put *puts,
                                   uint32_t count, uint32_t *failed_out)
{
    (void)self;
    (void)failed_out;
    const aurora_allocator *allocator = txn->connection->options->allocator;
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
    txn->is_dirty = 1;
    make_plan(&plan, count, order + count);
    aurora_status status = send_plan(txn, &plan);
    allocator->release(allocator->self, groups);
    return status == AURORA_OK ? status : aurora__pg_fail(txn, status);
}
