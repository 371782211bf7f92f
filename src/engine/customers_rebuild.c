/* SPDX-License-Identifier: MIT */
/* The customer list made again from the orders, a page a batch; and how rows of it are written. */
#include "engine/customers_state.h"

#include <stdlib.h>
#include <string.h>

#define PUTS_AT_ONCE 512
#define REBUILD_AT_ONCE 2048
#define REBUILD_COLUMNS (UINT64_C(1) | UINT64_C(1) << 10) /* id, customer_id */
#define HOLD_NS 1000000000

int aurora__customers_in_order(const void *a, const void *b)
{
    const aurora__customers_put *left = a;
    const aurora__customers_put *right = b;
    if (left->slice != right->slice)
        return left->slice < right->slice ? -1 : 1;
    int order = strcmp(left->record.customer, right->record.customer);
    return order != 0 ? order
                      : memcmp(left->record.order_id.bytes, right->record.order_id.bytes, 16);
}

aurora_status aurora__customers_put_all(aurora__turn *turn, const aurora__customers_put *records,
                                        uint32_t count)
{
    const aurora_store *store = aurora__engine_store(turn->engine);
    const aurora_table *table = &aurora__tables[AURORA__TABLE_customer_order].table;
    aurora_status rc = AURORA_OK;
    aurora_store_put *puts = aurora__arena_take(turn->step.arena, PUTS_AT_ONCE * sizeof *puts);
    aurora_value(*values)[3] = aurora__arena_take(turn->step.arena, PUTS_AT_ONCE * sizeof *values);
    if (puts == NULL || values == NULL)
        return AURORA_ENOMEM;
    for (uint32_t done = 0; rc == AURORA_OK && done < count;) {
        uint32_t room = count - done < PUTS_AT_ONCE ? count - done : PUTS_AT_ONCE;
        uint32_t failed;
        for (uint32_t i = 0; i < room; i++) {
            const aurora__customers_put *from = &records[done + i];
            values[i][0] = (aurora_value){.kind = AURORA_COLUMN_INT64, .number = from->slice};
            values[i][1] = (aurora_value){.kind = AURORA_COLUMN_TEXT,
                                          .bytes = from->record.customer,
                                          .length = from->record.length};
            values[i][2] = (aurora_value){
                .kind = AURORA_COLUMN_UUID, .bytes = from->record.order_id.bytes, .length = 16};
            puts[i] =
                (aurora_store_put){.table = table, .values = values[i], .kind = AURORA_PUT_UPSERT};
        }
        rc = store->save(store->self, turn->txn, puts, room, &failed);
        done += room;
    }
    return rc;
}

aurora__key aurora__customers_slice_key(int64_t slice)
{
    return aurora__key_number(AURORA__TABLE_customer_slice, slice);
}

aurora_status aurora__customers_set_position(aurora__step *step, int64_t slice, int64_t position)
{
    aurora__customer_slice_row *row;
    aurora__key key = aurora__customers_slice_key(slice);
    aurora_status rc = aurora__rows_write(step->rows, &key, (void **)&row);
    if (rc == AURORA_OK && row == NULL)
        rc = aurora__rows_insert(step->rows, &key, (void **)&row);
    if (rc == AURORA_OK && position > row->position)
        row->position = position;
    return rc;
}

void aurora__customers_hold(aurora__customers *self, aurora_status status)
{
    self->head.is_working = false;
    if (status != AURORA_OK)
        self->hold_ns = aurora__engine_monotonic_ns(self->head.engine) + HOLD_NS;
}

/* --- rebuilding from the orders --------------------------------------------------------------- */

typedef struct {
    aurora__command head;
    aurora__customers *owner;
    bool is_last;
    aurora_id last;
    aurora__customers_put *records; /* in the batch's arena */
    uint32_t count;
} rebuild_command;

static aurora_status rebuild_keys(aurora__command *command, aurora__turn *turn)
{
    (void)command;
    aurora__key key = aurora__customers_slice_key(AURORA__CUSTOMER_SLICE_ALL);
    return aurora__rows_want(turn->step.rows, &key);
}

static aurora_status rebuild_decide(aurora__command *command, aurora__turn *turn)
{
    rebuild_command *rebuild = (rebuild_command *)command;
    aurora__customers *self = rebuild->owner;
    const aurora__table *table = &aurora__tables[AURORA__TABLE_order];
    const aurora_store *store = aurora__engine_store(turn->engine);
    aurora__arena *arena = turn->step.arena;
    aurora_value after = {
        .kind = AURORA_COLUMN_UUID, .bytes = self->rebuild_after.bytes, .length = 16};
    aurora_store_scan scan = {.table = &table->table,
                              .index = -1,
                              .flags = AURORA_SCAN_LOWER_OPEN,
                              .lower = &after,
                              .lower_count = 1,
                              .columns = REBUILD_COLUMNS,
                              .limit = REBUILD_AT_ONCE};
    aurora_arena_port port = aurora__arena_port(arena);
    scan.values_out = aurora__arena_take(
        arena, (size_t)REBUILD_AT_ONCE * table->table.column_count * sizeof(aurora_value));
    rebuild->records = aurora__arena_take(arena, REBUILD_AT_ONCE * sizeof *rebuild->records);
    if (scan.values_out == NULL || rebuild->records == NULL)
        return AURORA_ENOMEM;
    aurora_status rc = store->scan(store->self, turn->txn, &scan, &port);
    rebuild->count = 0;
    rebuild->last = self->rebuild_after;
    rebuild->is_last = scan.row_count_out < REBUILD_AT_ONCE;
    for (uint32_t i = 0; rc == AURORA_OK && i < scan.row_count_out; i++) {
        const aurora_value *row = scan.values_out + (size_t)i * table->table.column_count;
        memcpy(rebuild->last.bytes, row[0].bytes, 16);
        if (row[10].kind == 0 || row[10].length > AURORA_TEXT_BYTES_MAX)
            continue;
        aurora__customers_put *to = &rebuild->records[rebuild->count++];
        to->record = (aurora__customers_record){
            .order_id = rebuild->last, .customer = row[10].bytes, .length = row[10].length};
        to->slice = aurora__customers_slice_of(to->record.customer, to->record.length);
    }
    if (rc == AURORA_OK && rebuild->is_last)
        rc = aurora__customers_set_position(&turn->step, AURORA__CUSTOMER_SLICE_ALL,
                                            self->rebuild_position);
    return rc;
}

static aurora_status rebuild_save(aurora__command *command, aurora__turn *turn)
{
    const rebuild_command *rebuild = (const rebuild_command *)command;
    qsort(rebuild->records, rebuild->count, sizeof *rebuild->records, aurora__customers_in_order);
    return aurora__customers_put_all(turn, rebuild->records, rebuild->count);
}

static bool rebuild_finish(aurora__command *command, aurora__turn *turn, aurora_status status)
{
    (void)turn;
    const rebuild_command *rebuild = (const rebuild_command *)command;
    aurora__customers *self = rebuild->owner;
    aurora__customers_hold(self, status);
    if (status != AURORA_OK)
        return true;
    self->rebuild_after = rebuild->last;
    self->is_rebuilding = !rebuild->is_last;
    if (rebuild->is_last)
        self->stored_all = self->rebuild_position;
    return true;
}

static void rebuild_drop(aurora__command *command, aurora_status status)
{
    aurora__customers_hold(((rebuild_command *)command)->owner, status);
}

static const aurora__command_class rebuild_class = {.name = "customers_rebuild",
                                                    .keys = rebuild_keys,
                                                    .decide = rebuild_decide,
                                                    .save = rebuild_save,
                                                    .finish = rebuild_finish,
                                                    .drop = rebuild_drop};

aurora_status aurora__customers_rebuild(aurora__follower *follower, aurora_store_txn *txn)
{
    aurora__customers *self = (aurora__customers *)follower;
    const aurora_store *store = aurora__engine_store(follower->engine);
    aurora_log_bounds bounds;
    aurora_status rc = store->log_bounds(store->self, txn, &bounds);
    if (rc != AURORA_OK)
        return rc;
    aurora__engine_log(follower->engine, AURORA_LOG_WARNING, "customers",
                       "the log no longer reaches back: the list is made again from the orders");
    pthread_mutex_lock(&self->lock);
    for (uint32_t i = 0; i < AURORA__CUSTOMER_SLICES; i++) {
        aurora__customers_slice *slice = &self->slices[i];
        aurora__customers_slice_cut(slice, follower->engine->options.allocator, slice->used,
                                    slice->count);
        self->stored[i] = bounds.head;
    }
    self->count = 0;
    self->complete = bounds.head;
    pthread_mutex_unlock(&self->lock);
    self->is_rebuilding = true;
    memset(&self->rebuild_after, 0, sizeof self->rebuild_after);
    self->rebuild_position = bounds.head;
    follower->position = bounds.head;
    return AURORA_OK;
}

aurora__command *aurora__customers_rebuild_page(aurora__customers *self)
{
    rebuild_command *command =
        aurora__command_new(self->head.engine, &rebuild_class, sizeof *command);
    if (command == NULL)
        return NULL;
    command->owner = self;
    return &command->head;
}
