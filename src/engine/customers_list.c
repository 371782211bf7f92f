/* SPDX-License-Identifier: MIT */
/* Listings: the stored list up to its slice's position, and the orders after it from memory, else
 * from the log, else, where retention has passed the position, from the orders themselves. */
#include "engine/customers.h"

#include "codec/log.h"
#include "engine/customers_slice.h"

#include <aurora/event.h>

#include <stdlib.h>
#include <string.h>

#define LOG_ROWS 64
#define LOG_BYTES ((size_t)1 << 20)
#define ORDERS_AT_ONCE 1024
#define ORDER_COLUMNS (UINT64_C(1) | UINT64_C(1) << 10) /* id, customer_id */

static int newest_first(const void *a, const void *b)
{
    return memcmp(((const aurora_id *)b)->bytes, ((const aurora_id *)a)->bytes, 16);
}

aurora_status aurora__customers_found_add(aurora__customers_found *found, const aurora_id *id)
{
    if (found->before != NULL && memcmp(id->bytes, found->before->bytes, 16) >= 0)
        return AURORA_OK;
    if (found->count == found->capacity) {
        uint32_t capacity = found->capacity == 0 ? 64 : found->capacity * 2;
        aurora_id *ids = aurora__arena_take(&found->arena->arena, capacity * sizeof *ids);
        if (ids == NULL)
            return AURORA_ENOMEM;
        if (found->count > 0)
            memcpy(ids, found->ids, found->count * sizeof *ids);
        found->ids = ids;
        found->capacity = capacity;
    }
    found->ids[found->count++] = *id;
    return AURORA_OK;
}

/* --- the three sources ------------------------------------------------------------------------ */

static aurora_status slice_position(aurora__engine *engine, aurora_store_txn *txn, int64_t slice,
                                    int64_t *position_io)
{
    aurora__query_arena arena;
    aurora__customer_slice_row row;
    aurora__key key = aurora__key_number(AURORA__TABLE_customer_slice, slice);
    aurora__query_arena_init(&arena, aurora__engine_allocator(engine));
    aurora_status rc = aurora__engine_load(engine, txn, &key, &arena, &row);
    aurora__query_arena_free(&arena);
    if (rc == AURORA_OK && row.position > *position_io)
        *position_io = row.position;
    return rc == AURORA_ENOTFOUND ? AURORA_OK : rc;
}

static aurora_status from_index(aurora__engine *engine, aurora_store_txn *txn,
                                aurora__customers_found *found, uint32_t limit)
{
    size_t length = strlen(found->customer);
    aurora_value bound[3] = {
        {.kind = AURORA_COLUMN_INT64,
         .number = aurora__customers_slice_of(found->customer, length)},
        {.kind = AURORA_COLUMN_TEXT, .bytes = found->customer, .length = (uint32_t)length}};
    if (found->before != NULL)
        bound[2] =
            (aurora_value){.kind = AURORA_COLUMN_UUID, .bytes = found->before->bytes, .length = 16};
    aurora__range range = {.table = AURORA__TABLE_customer_order,
                           .index = -1,
                           .flags = AURORA_SCAN_DESCENDING |
                                    (found->before == NULL ? 0 : AURORA_SCAN_UPPER_OPEN),
                           .lower = bound,
                           .lower_count = 2,
                           .upper = bound,
                           .upper_count = found->before == NULL ? 2 : 3,
                           .limit = limit};
    uint32_t count;
    aurora__customer_order_row *rows =
        aurora__arena_take(&found->arena->arena, limit * sizeof *rows);
    if (rows == NULL)
        return AURORA_ENOMEM;
    aurora_status rc = aurora__engine_scan(engine, txn, &range, found->arena, rows, &count);
    for (uint32_t i = 0; rc == AURORA_OK && i < count; i++)
        rc = aurora__customers_found_add(found, &rows[i].order_id);
    return rc;
}

static aurora_status from_log_row(aurora__customers_found *found, const aurora_log_row *row,
                                  aurora__arena *arena, int64_t after)
{
    aurora__log_reader reader;
    aurora__event event;
    int64_t position;
    aurora__log_read(&reader, row);
    aurora__log_filter(&reader, UINT64_C(1) << AURORA_EVENT_ORDER_CREATED);
    while (aurora__log_next(&reader, arena, &event, &position)) {
        if (position <= after || event.is_resend || event.saga == NULL ||
            event.saga->customer_id == NULL ||
            strcmp(event.saga->customer_id, found->customer) != 0)
            continue;
        aurora_status rc = aurora__customers_found_add(found, &event.order_id);
        if (rc != AURORA_OK)
            return rc;
    }
    return reader.status;
}

/* Orders of the log after `after`, as far as the snapshot sees it. */
static aurora_status from_log(aurora__engine *engine, aurora_store_txn *txn,
                              aurora__customers_found *found, int64_t after)
{
    const aurora_store *store = aurora__engine_store(engine);
    aurora_status rc = AURORA_OK;
    uint32_t count = 1;
    while (rc == AURORA_OK && count > 0) {
        aurora__query_arena arena;
        aurora_log_row rows[LOG_ROWS];
        aurora__query_arena_init(&arena, aurora__engine_allocator(engine));
        aurora_arena_port port = aurora__arena_port(&arena.arena);
        rc = store->log_read(store->self, txn, after + 1, LOG_BYTES, rows, LOG_ROWS, &count, &port);
        for (uint32_t i = 0; rc == AURORA_OK && i < count; i++) {
            rc = from_log_row(found, &rows[i], &arena.arena, after);
            after = rows[i].position + rows[i].count - 1;
        }
        aurora__query_arena_free(&arena);
    }
    return rc;
}

static aurora_status from_orders(aurora__engine *engine, aurora_store_txn *txn,
                                 aurora__customers_found *found, uint32_t limit)
{
    aurora_id last;
    aurora_value bound = {.kind = AURORA_COLUMN_UUID, .bytes = &last, .length = 16};
    aurora__range range = {.table = AURORA__TABLE_order,
                           .index = -1,
                           .flags = AURORA_SCAN_DESCENDING | AURORA_SCAN_UPPER_OPEN,
                           .upper = &bound,
                           .upper_count = 0,
                           .columns = ORDER_COLUMNS,
                           .limit = ORDERS_AT_ONCE};
    uint32_t count = ORDERS_AT_ONCE;
    aurora_status rc = AURORA_OK;
    if (found->before != NULL) {
        last = *found->before;
        range.upper_count = 1;
    }
    while (rc == AURORA_OK && count == ORDERS_AT_ONCE && found->count < limit) {
        aurora__query_arena arena;
        aurora__query_arena_init(&arena, aurora__engine_allocator(engine));
        aurora__order_row *rows = aurora__arena_take(&arena.arena, ORDERS_AT_ONCE * sizeof *rows);
        rc = rows == NULL ? AURORA_ENOMEM
                          : aurora__engine_scan(engine, txn, &range, &arena, rows, &count);
        for (uint32_t i = 0; rc == AURORA_OK && i < count; i++) {
            last = rows[i].id;
            if (rows[i].customer_id != NULL && strcmp(rows[i].customer_id, found->customer) == 0)
                rc = aurora__customers_found_add(found, &rows[i].id);
        }
        range.upper_count = 1;
        aurora__query_arena_free(&arena);
    }
    return rc;
}

/* --- together --------------------------------------------------------------------------------- */

static aurora_status collect(aurora__engine *engine, aurora_store_txn *txn,
                             aurora__customers_found *found, uint32_t limit)
{
    const aurora_store *store = aurora__engine_store(engine);
    uint32_t slice = aurora__customers_slice_of(found->customer, strlen(found->customer));
    int64_t after = 0;
    int64_t complete;
    aurora_log_bounds bounds;
    aurora_status rc = slice_position(engine, txn, AURORA__CUSTOMER_SLICE_ALL, &after);
    if (rc == AURORA_OK)
        rc = slice_position(engine, txn, slice, &after);
    if (rc == AURORA_OK)
        rc = store->log_bounds(store->self, txn, &bounds);
    if (rc == AURORA_OK)
        rc = aurora__customers_pending(engine, found, after, bounds.head, &complete);
    if (rc != AURORA_OK)
        return rc;
    if (complete < after)
        complete = after;
    if (complete < bounds.head && complete + 1 < bounds.first) {
        found->count = 0;
        return from_orders(engine, txn, found, limit);
    }
    if (complete < bounds.head)
        rc = from_log(engine, txn, found, complete);
    return rc == AURORA_OK ? from_index(engine, txn, found, limit) : rc;
}

aurora_status aurora__customers_list(aurora__engine *engine, aurora_store_txn *txn,
                                     const char *customer, const aurora_id *before, uint32_t limit,
                                     aurora_id *ids_out, uint32_t *count_out)
{
    aurora__query_arena arena;
    aurora__query_arena_init(&arena, aurora__engine_allocator(engine));
    aurora__customers_found found = {.arena = &arena, .customer = customer, .before = before};
    *count_out = 0;
    aurora_status rc = collect(engine, txn, &found, limit);
    if (rc == AURORA_OK && found.count > 0)
        qsort(found.ids, found.count, sizeof *found.ids, newest_first);
    for (uint32_t i = 0; rc == AURORA_OK && i < found.count && *count_out < limit; i++) {
        if (i == 0 || !aurora_id_is_equal(found.ids[i], found.ids[i - 1]))
            ids_out[(*count_out)++] = found.ids[i];
    }
    aurora__query_arena_free(&arena);
    return rc;
}
