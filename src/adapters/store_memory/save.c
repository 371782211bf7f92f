/* SPDX-License-Identifier: MIT */
/* Puts: rows in, and every index kept in step. */
#include <string.h>

#include "store.h"

/* One put under way. `old` is the row that it meets, or NULL. */
typedef struct {
    aurora__memory_store *store;
    aurora__memory_txn *txn;
    const aurora_store_put *put;
    uint32_t root;
    const aurora__memory_item *old;
    aurora_value old_values[AURORA__MEMORY_COLUMNS_MAX];
    aurora__memory_key key;
} put_step;

/* A value of the wrong kind, or a null where none may be, is a data error like a constraint. */
static bool has_legal_values(const aurora_table *table, const aurora_value *values, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        bool may_be_null = table->columns[i].is_nullable && i >= table->key_count;
        if (values[i].kind == 0 ? !may_be_null : values[i].kind != table->columns[i].kind)
            return false;
        if (values[i].kind == AURORA_COLUMN_UUID && values[i].length != 16)
            return false;
    }
    return true;
}

/* --- indexes -------------------------------------------------------------------------------- */

/* The entry that a row has in an index; is_in is false where it has none. */
typedef struct {
    aurora__memory_key key;
    size_t row_key_at;
    bool is_in;
    bool has_null;
} index_entry;

static aurora_status entry_init(index_entry *entry, const put_step *step, const aurora_index *index,
                                const aurora_value *values)
{
    const aurora_table *table = step->put->table;
    aurora__memory_key_init(&entry->key, &step->store->allocator);
    entry->has_null = false;
    entry->is_in =
        values != NULL && (index->partial_column < 0 || values[index->partial_column].kind != 0);
    if (!entry->is_in)
        return AURORA_OK;
    for (uint32_t i = 0; i < index->column_count + table->key_count; i++) {
        uint32_t column = aurora__memory_index_column(index, i);
        if (i == index->column_count)
            entry->row_key_at = entry->key.length;
        entry->has_null = entry->has_null || values[column].kind == 0;
        bool has_nulls =
            i < index->column_count && aurora__memory_index_has_nulls(table, index, column);
        aurora_status rc = aurora__memory_key_add(&entry->key, &values[column], has_nulls);
        if (rc != AURORA_OK)
            return rc;
    }
    aurora__memory_key_finish(&entry->key);
    return AURORA_OK;
}

/* Whether the tree has an entry whose index columns are this entry's. */
static bool is_taken(const aurora__memory_node *tree, const index_entry *entry)
{
    aurora__memory_key columns;
    aurora__memory_cursor cursor;
    aurora__memory_key_borrow(&columns, entry->key.bytes, entry->row_key_at);
    aurora__memory_cursor_seek(&cursor, tree, &columns, false);
    const aurora__memory_item *item = aurora__memory_cursor_next(&cursor);
    return item != NULL && item->key_length >= columns.length &&
           memcmp(item->key, columns.bytes, columns.length) == 0;
}

static aurora_status insert_entry(put_step *step, aurora__memory_node **tree,
                                  const index_entry *entry)
{
    size_t length = entry->key.length;
    if (length > UINT32_MAX / 2)
        return AURORA_ENOMEM;
    aurora__memory_item *item =
        aurora__memory_object_new(&step->txn->changes, sizeof(aurora__memory_item) + length);
    if (item == NULL)
        return AURORA_ENOMEM;
    item->key_length = (uint32_t)length;
    item->row_key_at = (uint32_t)entry->row_key_at;
    memcpy(item->key, entry->key.bytes, length);
    return aurora__memory_tree_put(&step->txn->changes, tree, item, false);
}

static aurora_status exchange_entries(put_step *step, const aurora_index *index,
                                      aurora__memory_node **tree, const index_entry *old,
                                      const index_entry *new)
{
    aurora_status rc = AURORA_OK;
    if (old->is_in && new->is_in &&
        old->key.length ==
            new->key.length &&memcmp(old->key.bytes, new->key.bytes, old->key.length) == 0)
        return AURORA_OK;
    if (old->is_in)
        rc = aurora__memory_tree_remove(&step->txn->changes, tree, &old->key);
    if (rc != AURORA_OK || !new->is_in)
        return rc;
    if (index->is_unique && !new->has_null && is_taken(*tree, new))
        return AURORA_ECONFLICT;
    return insert_entry(step, tree, new);
}

/* Moves the row's entries from the old values to the new ones; NULL is no row. */
static aurora_status update_indexes(put_step *step, const aurora_value *values)
{
    const aurora_table *table = step->put->table;
    aurora_status rc = AURORA_OK;
    for (uint32_t i = 0; i < table->index_count && rc == AURORA_OK; i++) {
        const aurora_index *index = &table->indexes[i];
        index_entry old;
        index_entry new;
        rc = entry_init(&old, step, index, step->old == NULL ? NULL : step->old_values);
        aurora_status second = entry_init(&new, step, index, values);
        rc = rc == AURORA_OK ? second : rc;
        if (rc == AURORA_OK)
            rc = exchange_entries(step, index, &step->txn->state.roots[step->root + 1 + i], &old,
                                  &new);
        aurora__memory_key_deinit(&old.key);
        aurora__memory_key_deinit(&new.key);
    }
    return rc;
}

/* --- puts ----------------------------------------------------------------------------------- */

static aurora_status delete_row(put_step *step)
{
    if (step->old == NULL)
        return AURORA_OK;
    aurora_status rc = update_indexes(step, NULL);
    if (rc != AURORA_OK)
        return rc;
    return aurora__memory_tree_remove(&step->txn->changes, &step->txn->state.roots[step->root],
                                      &step->key);
}

static aurora_status check_old(const put_step *step)
{
    const aurora_table *table = step->put->table;
    switch (step->put->kind) {
    case AURORA_PUT_INSERT:
        return step->old == NULL ? AURORA_OK : AURORA_ECONFLICT;
    case AURORA_PUT_UPDATE:
        if (step->old == NULL)
            return AURORA_ECONFLICT;
        if (table->version_column >= 0 &&
            step->old_values[table->version_column].number != step->put->version_loaded)
            return AURORA_ECONFLICT;
        return AURORA_OK;
    case AURORA_PUT_UPSERT:
    case AURORA_PUT_DELETE:
        return AURORA_OK;
    default:
        return AURORA_EINVAL;
    }
}

static aurora_status write_row(put_step *step)
{
    const aurora_table *table = step->put->table;
    aurora_status rc = update_indexes(step, step->put->values);
    if (rc != AURORA_OK)
        return rc;
    aurora__memory_item *row =
        aurora__memory_row_new(&step->txn->changes, table, &step->key, step->put->values);
    if (row == NULL)
        return AURORA_ENOMEM;
    return aurora__memory_tree_put(&step->txn->changes, &step->txn->state.roots[step->root], row,
                                   true);
}

static aurora_status put_one(aurora__memory_store *store, aurora__memory_txn *txn,
                             const aurora_store_put *put)
{
    const aurora_table *table = put->table;
    put_step step;
    step.store = store;
    step.txn = txn;
    step.put = put;
    step.root = aurora__memory_table_root(store, table);
    if (step.root == 0)
        return AURORA_EINVAL;
    bool is_delete = put->kind == AURORA_PUT_DELETE;
    if (!has_legal_values(table, put->values, is_delete ? table->key_count : table->column_count))
        return AURORA_ECONFLICT;

    aurora__memory_key_init(&step.key, &store->allocator);
    aurora_status rc = aurora__memory_row_key(table, put->values, &step.key);
    if (rc == AURORA_OK) {
        step.old = aurora__memory_tree_find(txn->state.roots[step.root], &step.key);
        if (step.old != NULL)
            aurora__memory_row_view(step.old, table, step.old_values);
        rc = check_old(&step);
    }
    if (rc == AURORA_OK)
        rc = is_delete ? delete_row(&step) : write_row(&step);
    aurora__memory_key_deinit(&step.key);
    return rc;
}

aurora_status aurora__memory_save(void *self, aurora_store_txn *opaque,
                                  const aurora_store_put *puts, uint32_t count,
                                  uint32_t *failed_out)
{
    aurora__memory_txn *txn = (aurora__memory_txn *)opaque;
    aurora__memory_store *store = self;
    if (txn->kind != AURORA_TXN_WRITE)
        return AURORA_EREADONLY;
    aurora_status rc = aurora__memory_fault_take(&store->faults.save);
    for (uint32_t i = 0; i < count && rc == AURORA_OK; i++) {
        rc = put_one(store, txn, &puts[i]);
        if (rc == AURORA_ECONFLICT && failed_out != NULL)
            *failed_out = i;
    }
    return rc;
}
