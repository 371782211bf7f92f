/* SPDX-License-Identifier: MIT */
/* Where the index stands, and filling it from the product table, a page at a time: the index holds
 * how far that came, so that any process can go on. */
#include "engine/search_state.h"

#include "codec/product_result.h"

#include <string.h>

aurora_status aurora__search_log_id(aurora__engine *engine, aurora_store_txn *txn, int64_t position,
                                    aurora_id *out)
{
    memset(out, 0, sizeof *out);
    aurora_status rc = aurora__engine_log_id(engine, txn, position, out);
    return rc == AURORA_ENOTFOUND ? AURORA_OK : rc;
}

/* From here on the log is followed, and the rest comes from the pages. */
static aurora_status begin_rebuild(aurora__search *self, aurora_store_txn *txn, int64_t head)
{
    aurora_id log_id;
    aurora_status rc = aurora__search_log_id(self->head.engine, txn, head, &log_id);
    if (rc == AURORA_OK)
        rc = self->port.rebuild_begin(self->port.self, head, log_id);
    if (rc == AURORA_OK)
        aurora__search_start_at(self, head, true);
    return rc;
}

static aurora_status start(aurora__search *self, aurora_store_txn *txn,
                           const aurora_search_state *state)
{
    aurora__engine *engine = self->head.engine;
    aurora_log_bounds bounds;
    aurora_id log_id;
    aurora_status rc = engine->store.log_bounds(engine->store.self, txn, &bounds);
    if (rc == AURORA_OK)
        rc = aurora__search_log_id(engine, txn, state->position, &log_id);
    if (rc != AURORA_OK)
        return rc;
    bool is_ours = state->position >= 0 && state->position <= bounds.head &&
                   memcmp(log_id.bytes, state->log_id.bytes, sizeof log_id.bytes) == 0;
    if (is_ours && state->position + 1 >= bounds.first) {
        aurora__search_start_at(self, state->position, state->is_rebuilding != 0);
        return AURORA_OK;
    }
    if (state->position >= 0)
        aurora__engine_log(engine, AURORA_LOG_WARNING, "search",
                           "%s: the index is made again from the products",
                           is_ours ? "the log no longer reaches back"
                                   : "the index is of another store, or of another state of it");
    return begin_rebuild(self, txn, bounds.head);
}

aurora_status aurora__search_attach(aurora__search *self)
{
    aurora__engine *engine = self->head.engine;
    aurora_search_state state;
    aurora_store_txn *txn;
    aurora_status rc = self->port.state(self->port.self, &state);
    if (rc == AURORA_OK)
        rc = aurora__engine_read_begin(engine, &txn);
    if (rc != AURORA_OK)
        return rc;
    rc = start(self, txn, &state);
    aurora__engine_read_end(engine, txn);
    return rc;
}

aurora_status aurora__search_overtaken(aurora__follower *follower, aurora_store_txn *txn)
{
    aurora__search *self = (aurora__search *)follower;
    aurora_log_bounds bounds;
    if (self->is_lost)
        return AURORA_EBUSY; /* attaching decides */
    aurora_status rc =
        follower->engine->store.log_bounds(follower->engine->store.self, txn, &bounds);
    if (rc != AURORA_OK)
        return rc;
    aurora__engine_log(follower->engine, AURORA_LOG_WARNING, "search",
                       "the log no longer reaches back: the index is made again from the products");
    return begin_rebuild(self, txn, bounds.head);
}

/* --- pages ------------------------------------------------------------------------------------ */

static aurora_status fill_changes(aurora__query_arena *arena, const aurora__product_row *rows,
                                  uint32_t count, aurora_search_change *changes)
{
    for (uint32_t i = 0; i < count; i++) {
        changes[i] =
            (aurora_search_change){.sku = rows[i].sku, .version = (uint64_t)rows[i].version};
        if (rows[i].is_deleted)
            continue;
        aurora_product *product = aurora__arena_take(&arena->arena, sizeof *product);
        aurora_status rc = product == NULL
                               ? AURORA_ENOMEM
                               : aurora__product_fill_in(&arena->arena, &rows[i], product);
        if (rc != AURORA_OK)
            return rc;
        changes[i].product = product;
    }
    return AURORA_OK;
}

static aurora_status read_page(aurora__engine *engine, aurora__query_arena *arena,
                               const char *after, uint32_t limit, aurora_search_pages *pages)
{
    aurora_store_txn *txn;
    aurora_value lower = aurora__value_text(after);
    aurora__range range = {.table = AURORA__TABLE_product,
                           .index = -1,
                           .flags = AURORA_SCAN_LOWER_OPEN,
                           .lower = &lower,
                           .lower_count = after[0] == '\0' ? 0 : 1,
                           .limit = limit};
    aurora__product_row *rows = aurora__arena_take(&arena->arena, limit * sizeof *rows);
    aurora_search_change *changes = aurora__arena_take(&arena->arena, limit * sizeof *changes);
    if (rows == NULL || changes == NULL)
        return AURORA_ENOMEM;
    aurora_status rc = aurora__engine_read_begin(engine, &txn);
    if (rc != AURORA_OK)
        return rc;
    rc = aurora__engine_scan(engine, txn, &range, arena, rows, &pages->count);
    aurora__engine_read_end(engine, txn);
    if (rc == AURORA_OK)
        rc = fill_changes(arena, rows, pages->count, changes);
    pages->changes = changes;
    pages->after = after;
    pages->is_last = pages->count < limit;
    return rc;
}

void aurora__search_page(aurora__search *self, uint32_t limit)
{
    aurora__engine *engine = self->head.engine;
    aurora__query_arena arena;
    aurora_search_state state;
    aurora_status rc = self->port.state(self->port.self, &state);
    bool is_over = rc == AURORA_OK && !state.is_rebuilding;
    if (rc == AURORA_OK && !is_over) {
        aurora_search_pages pages = {.rebuild = state.rebuild};
        aurora__query_arena_init(&arena, engine->options.allocator);
        rc = read_page(engine, &arena, state.rebuild_after, limit, &pages);
        if (rc == AURORA_OK)
            rc = self->port.rebuild_page(self->port.self, &pages);
        aurora__query_arena_free(&arena);
        is_over = rc == AURORA_OK && pages.is_last;
    }
    if (rc != AURORA_OK && rc != AURORA_ECONFLICT)
        aurora__search_failed(self, rc);
    if (!is_over)
        return;
    pthread_mutex_lock(&self->lock);
    self->is_rebuilding = false;
    pthread_mutex_unlock(&self->lock);
}
