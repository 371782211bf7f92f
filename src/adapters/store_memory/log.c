/* SPDX-License-Identifier: MIT */
/* The log: a tree of batches by the position of their last event. */
#include <string.h>

#include "store.h"

/* Behind the item's key of 8 bytes; the body and a NUL follow. */
typedef struct {
    int64_t position;
    int64_t at_ms;
    uint32_t count;
    uint32_t format;
    uint64_t body_length;
    char body[];
} log_record;

#define RECORD_AT (sizeof(aurora__memory_item) + 8)
_Static_assert(RECORD_AT % 8 == 0, "records are aligned");

static log_record *record_of(const aurora__memory_item *item)
{
    return (log_record *)(void *)((char *)item + RECORD_AT);
}

/* Numbers always fit a key's local bytes, so that this cannot fail. */
static void position_key(aurora__memory_key *key, int64_t position)
{
    const aurora_value value = {.kind = AURORA_COLUMN_INT64, .number = position};
    aurora__memory_key_init(key, NULL);
    (void)aurora__memory_key_add(key, &value, false);
    aurora__memory_key_finish(key);
}

aurora_status aurora__memory_append(void *self, aurora_store_txn *opaque, aurora_log_row *row)
{
    aurora__memory_txn *txn = (aurora__memory_txn *)opaque;
    aurora__memory_store *store = self;
    aurora_status rc = aurora__memory_fault_take(&store->faults.append);
    if (rc != AURORA_OK)
        return rc;
    if (txn->kind != AURORA_TXN_WRITE)
        return AURORA_EREADONLY;
    if (txn->has_appended || row->count == 0)
        return AURORA_EINVAL;
    if (row->body_length > SIZE_MAX / 2)
        return AURORA_ENOMEM;
    aurora__memory_item *item = aurora__memory_object_new(
        &txn->changes, RECORD_AT + sizeof(log_record) + row->body_length + 1);
    if (item == NULL)
        return AURORA_ENOMEM;
    int64_t first = txn->state.log_head + 1;
    int64_t last = txn->state.log_head + row->count;
    aurora__memory_key key;
    position_key(&key, last);
    item->key_length = 8;
    item->row_key_at = 0;
    memcpy(item->key, key.bytes, 8);
    log_record *to = record_of(item);
    *to = (log_record){.position = first,
                       .at_ms = row->at_ms,
                       .count = row->count,
                       .format = row->format,
                       .body_length = row->body_length};
    if (row->body_length > 0)
        memcpy(to->body, row->body, row->body_length);
    to->body[row->body_length] = 0;
    rc = aurora__memory_tree_put(&txn->changes, &txn->state.roots[0], item, false);
    if (rc != AURORA_OK)
        return rc;
    txn->has_appended = true;
    txn->state.log_head = last;
    txn->state.log_bytes += (int64_t)row->body_length;
    row->position = first;
    return AURORA_OK;
}

static aurora_status copy_record(const log_record *from, const aurora_arena_port *arena,
                                 aurora_log_row *out)
{
    char *body = arena->allocate(arena->self, from->body_length + 1);
    if (body == NULL)
        return AURORA_ENOMEM;
    memcpy(body, from->body, from->body_length + 1);
    *out = (aurora_log_row){.position = from->position,
                            .at_ms = from->at_ms,
                            .count = from->count,
                            .format = from->format,
                            .body = body,
                            .body_length = from->body_length};
    return AURORA_OK;
}

aurora_status aurora__memory_log_read(void *self, aurora_store_txn *opaque, int64_t from,
                                      size_t bytes_max, aurora_log_row *rows_out, uint32_t capacity,
                                      uint32_t *count_out, const aurora_arena_port *arena)
{
    aurora__memory_txn *txn = (aurora__memory_txn *)opaque;
    aurora__memory_store *store = self;
    *count_out = 0;
    aurora_status rc = aurora__memory_fault_take(&store->faults.log_read);
    aurora__memory_key key;
    aurora__memory_cursor cursor;
    position_key(&key, from);
    aurora__memory_cursor_seek(&cursor, txn->state.roots[0], &key, false);
    size_t bytes = 0;
    while (rc == AURORA_OK && *count_out < capacity) {
        const aurora__memory_item *item = aurora__memory_cursor_next(&cursor);
        if (item == NULL)
            return AURORA_OK;
        const log_record *record = record_of(item);
        if (*count_out > 0 && (bytes >= bytes_max || record->body_length > bytes_max - bytes))
            return AURORA_OK;
        rc = copy_record(record, arena, &rows_out[*count_out]);
        if (rc != AURORA_OK)
            return rc;
        bytes += record->body_length;
        ++*count_out;
    }
    return rc;
}

/* The oldest kept row, or NULL. */
static const aurora__memory_item *oldest(const aurora__memory_txn *txn)
{
    aurora__memory_key key;
    aurora__memory_cursor cursor;
    position_key(&key, 0);
    aurora__memory_cursor_seek(&cursor, txn->state.roots[0], &key, false);
    return aurora__memory_cursor_next(&cursor);
}

aurora_status aurora__memory_log_bounds(void *self, aurora_store_txn *opaque,
                                        aurora_log_bounds *out)
{
    aurora__memory_txn *txn = (aurora__memory_txn *)opaque;
    (void)self;
    const aurora__memory_item *item = oldest(txn);
    *out = (aurora_log_bounds){.first = txn->state.log_head + 1,
                               .head = txn->state.log_head,
                               .bytes = txn->state.log_bytes};
    if (item != NULL) {
        out->first = record_of(item)->position;
        out->first_at_ms = record_of(item)->at_ms;
    }
    return AURORA_OK;
}

aurora_status aurora__memory_log_trim(void *self, aurora_store_txn *opaque, int64_t position,
                                      uint32_t rows_max)
{
    aurora__memory_txn *txn = (aurora__memory_txn *)opaque;
    (void)self;
    if (txn->kind != AURORA_TXN_WRITE)
        return AURORA_EREADONLY;
    for (uint32_t i = 0; i < rows_max; i++) {
        const aurora__memory_item *item = oldest(txn);
        if (item == NULL || record_of(item)->position + record_of(item)->count - 1 >= position)
            return AURORA_OK;
        int64_t bytes = (int64_t)record_of(item)->body_length;
        aurora__memory_key key;
        position_key(&key, record_of(item)->position + record_of(item)->count - 1);
        aurora_status rc = aurora__memory_tree_remove(&txn->changes, &txn->state.roots[0], &key);
        if (rc != AURORA_OK)
            return rc;
        txn->state.log_bytes -= bytes;
    }
    return AURORA_OK;
}
