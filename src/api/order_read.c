/* SPDX-License-Identifier: MIT */
/* One order: as it is, as soon as it has changed, and how it came to be. */
#include <aurora/order.h>

#include "api/check.h"
#include "api/handle.h"
#include "codec/order_result.h"

#define WAIT_MAX_MS 600000

/* What is made of a row that one snapshot holds. */
typedef aurora_status build_fn(const aurora_allocator *allocator, const aurora__order_row *row,
                               void *argument);

static aurora_status with_row(aurora_t *shop, const aurora_id *id, build_fn *build, void *argument)
{
    aurora_store_txn *txn;
    aurora__query_arena arena;
    aurora__order_row row;
    aurora__key key = aurora__key_uuid(AURORA__TABLE_order, id);
    aurora_status rc = aurora__engine_read_begin(shop->engine, &txn);
    if (rc != AURORA_OK)
        return rc;
    aurora__query_arena_init(&arena, &shop->allocator);
    rc = aurora__engine_load(shop->engine, txn, &key, &arena, &row);
    aurora__engine_read_end(shop->engine, txn);
    if (rc == AURORA_OK)
        rc = build(&shop->allocator, &row, argument);
    aurora__query_arena_free(&arena);
    return rc;
}

static aurora_status build_order(const aurora_allocator *allocator, const aurora__order_row *row,
                                 void *argument)
{
    return aurora__order_result(allocator, row, false, argument);
}

static aurora_status build_history(const aurora_allocator *allocator, const aurora__order_row *row,
                                   void *argument)
{
    return aurora__history_result(allocator, row, argument);
}

aurora_status aurora_order_get(aurora_t *shop, aurora_id order_id, aurora_order **out)
{
    if (out == NULL)
        return AURORA_EINVAL;
    *out = NULL;
    aurora_status rc = aurora__handle_enter_query(shop);
    if (rc != AURORA_OK)
        return rc;
    rc = with_row(shop, &order_id, build_order, out);
    aurora__handle_leave(shop);
    return rc;
}

aurora_status aurora_order_history(aurora_t *shop, aurora_id order_id, aurora_history **out)
{
    if (out == NULL)
        return AURORA_EINVAL;
    *out = NULL;
    aurora_status rc = aurora__handle_enter_query(shop);
    if (rc != AURORA_OK)
        return rc;
    rc = with_row(shop, &order_id, build_history, out);
    aurora__handle_leave(shop);
    return rc;
}

/* --- waiting ---------------------------------------------------------------------------------- */

typedef struct {
    aurora_t *shop;
    aurora_id id;
    uint64_t after_version;
    uint64_t version; /* seen last */
    aurora_status status;
} watcher;

static aurora_status note_version(const aurora_allocator *allocator, const aurora__order_row *row,
                                  void *argument)
{
    (void)allocator;
    ((watcher *)argument)->version = (uint64_t)row->version;
    return AURORA_OK;
}

/* A failure ends the waiting too. */
static bool is_newer(void *argument)
{
    watcher *self = argument;
    self->status = with_row(self->shop, &self->id, note_version, self);
    return self->status != AURORA_OK || self->version > self->after_version;
}

static aurora_status wait_for(watcher *self, int32_t timeout_ms, aurora_order **out)
{
    aurora_status rc = aurora__engine_wait(self->shop->engine, is_newer, self, timeout_ms);
    if (rc == AURORA_OK)
        rc = self->status;
    return rc != AURORA_OK ? rc : with_row(self->shop, &self->id, build_order, out);
}

aurora_status aurora_order_wait(aurora_t *shop, aurora_id order_id, uint64_t after_version,
                                int32_t timeout_ms, aurora_order **out)
{
    if (out == NULL)
        return AURORA_EINVAL;
    *out = NULL;
    if (timeout_ms < 0 || timeout_ms > WAIT_MAX_MS)
        return AURORA_EINVAL;
    aurora_status rc = aurora__handle_enter(shop);
    if (rc != AURORA_OK)
        return rc;
    watcher self = {.shop = shop, .id = order_id, .after_version = after_version};
    rc = wait_for(&self, timeout_ms, out);
    aurora__handle_leave(shop);
    return rc;
}
