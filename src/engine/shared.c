/* SPDX-License-Identifier: MIT */
/* A batch on a store that others write at the same time: rows are found by unlocked reads, then
 * locked all at once in one order that every instance keeps, and nothing is locked after that. A
 * command that turns out to need more is undone and joins the next batch with what it missed. */
#include "engine/internal.h"

#include <stdlib.h>
#include <string.h>

/* --- the order of locks ----------------------------------------------------------------------- */

static int compare_text(const char *left, const char *right)
{
    return strcmp(left, right); /* as unsigned bytes: what the store's order is, too */
}

static int compare_column(uint32_t kind, const char *left, const char *right)
{
    if (kind == AURORA_COLUMN_TEXT) {
        const char *a, *b;
        memcpy(&a, left, sizeof a);
        memcpy(&b, right, sizeof b);
        return compare_text(a, b);
    }
    if (kind == AURORA_COLUMN_UUID)
        return memcmp(left, right, 16);
    int64_t a, b;
    memcpy(&a, left, sizeof a);
    memcpy(&b, right, sizeof b);
    return (a > b) - (a < b);
}

/* Rows that are never locked come last: what is locked guards them. */
static uint32_t rank_of(const aurora__row *row)
{
    return aurora__tables[row->table].table.lock_rank - 1;
}

static int in_order(const void *a, const void *b)
{
    const aurora__row *left = *(aurora__row *const *)a;
    const aurora__row *right = *(aurora__row *const *)b;
    if (rank_of(left) != rank_of(right))
        return rank_of(left) < rank_of(right) ? -1 : 1;
    if (left->table != right->table)
        return left->table < right->table ? -1 : 1;
    const aurora__table *table = &aurora__tables[left->table];
    int order = 0;
    for (uint32_t i = 0; order == 0 && i < table->table.key_count; i++)
        order = compare_column(table->table.columns[i].kind,
                               (const char *)left->base + table->offsets[i],
                               (const char *)right->base + table->offsets[i]);
    return order;
}

void aurora__shared_sort(aurora__row **rows, uint32_t count)
{
    if (count > 1)
        qsort(rows, count, sizeof(aurora__row *), in_order);
}

/* --- what a command missed -------------------------------------------------------------------- */

#define DEFERRALS_MAX 16

struct aurora__missed {
    struct aurora__missed *next;
    aurora__key key;
};

void aurora__missed_free(aurora__command *command)
{
    const aurora_allocator *allocator = command->engine->options.allocator;
    while (command->missed != NULL) {
        struct aurora__missed *missed = command->missed;
        command->missed = missed->next;
        allocator->release(allocator->self, missed);
    }
}

static size_t bytes_of(const aurora_value *value)
{
    return value->bytes == NULL ? 0 : (size_t)value->length + 1;
}

/* A copy that outlives the batch, texts behind it. */
static bool miss(aurora__command *command, const aurora__key *key)
{
    const aurora_allocator *allocator = command->engine->options.allocator;
    size_t bytes = sizeof(struct aurora__missed);
    for (uint32_t i = 0; i < key->count; i++)
        bytes += bytes_of(&key->values[i]);
    struct aurora__missed *missed = allocator->allocate(allocator->self, bytes);
    if (missed == NULL)
        return false;
    char *at = (char *)(missed + 1);
    missed->key = *key;
    for (uint32_t i = 0; i < key->count; i++) {
        const aurora_value *value = &key->values[i];
        if (value->bytes == NULL)
            continue;
        missed->key.values[i].bytes = memcpy(at, value->bytes, value->length);
        at[value->length] = '\0';
        at += bytes_of(value);
    }
    missed->next = command->missed;
    command->missed = missed;
    return true;
}

aurora_status aurora__shared_defer(aurora__engine *engine, aurora__command *command, uint32_t from)
{
    aurora__rows *rows = &engine->rows;
    aurora_status rc = ++command->deferrals > DEFERRALS_MAX ? AURORA_EBUSY : AURORA_OK;
    for (uint32_t i = from; rc == AURORA_OK && i < rows->wanted.count; i++) {
        aurora__key key = aurora__row_key(rows->wanted.items[i]);
        if (!miss(command, &key))
            rc = AURORA_ENOMEM;
    }
    aurora__rows_unwant(rows, from);
    aurora__counter_add(engine->counters.commands_rerun, 1);
    return rc;
}

aurora_status aurora__shared_want_missed(aurora__rows *rows, const aurora__command *command)
{
    aurora_status rc = AURORA_OK;
    for (const struct aurora__missed *at = command->missed; rc == AURORA_OK && at != NULL;
         at = at->next)
        rc = aurora__rows_want(rows, &at->key);
    return rc;
}

/* --- loading and locking ---------------------------------------------------------------------- */

/* Rows whose content no keys() looks at, for further keys: they need not be read before they are
 * locked. A wrong entry here costs a command another batch, no more. */
static bool is_leaf(uint32_t table)
{
    switch (table) {
    case AURORA__TABLE_sku:
    case AURORA__TABLE_reservation:
    case AURORA__TABLE_hold:
    case AURORA__TABLE_parked_key:
    case AURORA__TABLE_parked_event:
        return false;
    default:
        return true;
    }
}

static aurora_status to_be_locked(aurora__batch *batch, aurora__row *row)
{
    if (batch->lock_count == batch->lock_capacity) {
        uint32_t capacity = batch->lock_capacity == 0 ? 256 : batch->lock_capacity * 2;
        aurora__row **rows =
            aurora__arena_take(batch->turn.engine->rows.batch, capacity * sizeof *rows);
        if (rows == NULL)
            return AURORA_ENOMEM;
        if (batch->lock_count > 0)
            memcpy(rows, batch->to_lock, batch->lock_count * sizeof *rows);
        batch->to_lock = rows;
        batch->lock_capacity = capacity;
    }
    batch->to_lock[batch->lock_count++] = row;
    return AURORA_OK;
}

aurora_status aurora__shared_load(aurora__batch *batch, bool *did_out)
{
    aurora__engine *engine = batch->turn.engine;
    aurora__rows *rows = &engine->rows;
    aurora__row **items = aurora__arena_take(rows->batch, rows->wanted.count * sizeof *items);
    uint32_t count = 0;
    if (items == NULL)
        return AURORA_ENOMEM;
    for (uint32_t i = 0; i < rows->wanted.count; i++) {
        aurora__row *row = rows->wanted.items[i];
        if (!is_leaf(row->table))
            items[count++] = row;
        if (aurora__rows_are_kept(rows, row->table))
            continue; /* what is kept never changes: there is nothing to lock */
        aurora_status rc = to_be_locked(batch, row);
        if (rc != AURORA_OK)
            return rc;
    }
    rows->wanted.count = 0; /* leaves stay marked as wanted, so that nobody wants them again */
    *did_out = count > 0;
    return aurora__load_rows(engine, batch->turn.txn, items, count, false);
}

/* A key may be parked although no batch of ours has seen it yet: what is parked shows in its
 * row. */
static bool is_parked(const aurora__row *row)
{
    if (!row->is_found || row->status != AURORA_OK)
        return false;
    switch (row->table) {
    case AURORA__TABLE_order:
        return ((const aurora__order_row *)row->data)->parked != 0;
    case AURORA__TABLE_payment:
        return ((const aurora__payment_row *)row->data)->parked_at != 0;
    case AURORA__TABLE_reservation:
        return ((const aurora__reservation_row *)row->data)->parked_kind != 0;
    default:
        return false;
    }
}

aurora_status aurora__shared_lock(aurora__batch *batch)
{
    aurora__engine *engine = batch->turn.engine;
    aurora__shared_sort(batch->to_lock, batch->lock_count);
    aurora_status rc =
        aurora__load_rows(engine, batch->turn.txn, batch->to_lock, batch->lock_count, true);
    for (uint32_t i = 0; rc == AURORA_OK && i < batch->lock_count; i++) {
        if (is_parked(batch->to_lock[i]))
            engine->has_parked_row = true;
    }
    return rc;
}
