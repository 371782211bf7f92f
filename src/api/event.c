/* SPDX-License-Identifier: MIT */
/* The log for a host: read, acknowledge, tail, bounds. A consumer is a row of `cursors`. */
#include "api/consumer.h"
#include "api/event_page.h"
#include "api/handle.h"

#include <string.h>

#define LIMIT_DEFAULT 100
#define LIMIT_MAX 1000
#define SEEN_EVERY_MS 3600000

/* --- where a reader stands -------------------------------------------------------------------- */

typedef struct {
    aurora__cursor_row row; /* without its name */
    bool is_found;
    aurora_log_bounds bounds;
} standing;

static aurora_status read_bounds(aurora__engine *engine, aurora_store_txn *txn,
                                 aurora_log_bounds *out)
{
    const aurora_store *store = aurora__engine_store(engine);
    return store->log_bounds(store->self, txn, out);
}

static aurora_status look(aurora__engine *engine, const char *consumer, standing *out)
{
    aurora_store_txn *txn;
    aurora__query_arena arena;
    aurora__key key = aurora__key_text(AURORA__TABLE_cursor, consumer);
    aurora_status rc = aurora__engine_read_begin(engine, &txn);
    if (rc != AURORA_OK)
        return rc;
    aurora__query_arena_init(&arena, aurora__engine_allocator(engine));
    rc = aurora__engine_load(engine, txn, &key, &arena, &out->row);
    out->is_found = rc == AURORA_OK;
    if (rc == AURORA_OK || rc == AURORA_ENOTFOUND)
        rc = read_bounds(engine, txn, &out->bounds);
    aurora__query_arena_free(&arena);
    aurora__engine_read_end(engine, txn);
    return rc;
}

/* The consumer as it stands, made or noted as seen where that is due. */
static aurora_status visit(aurora_t *shop, const char *consumer, standing *out)
{
    aurora__engine *engine = shop->engine;
    int64_t now_ms = aurora__engine_wall_ms(engine);
    aurora_status rc = look(engine, consumer, out);
    if (rc != AURORA_OK)
        return rc;
    if (out->is_found && out->row.kind != AURORA__CONSUMER_HOST)
        return AURORA_EINVAL;
    bool is_seen_lately = out->is_found && now_ms - out->row.seen_at < SEEN_EVERY_MS;
    bool is_readonly = (shop->flags & AURORA_OPEN_READONLY) != 0;
    if (is_seen_lately || (is_readonly && out->is_found))
        return AURORA_OK;
    rc = aurora__consumer_call(engine, AURORA__CONSUMER_VISIT, consumer, 0, NULL);
    if (rc == AURORA_OK)
        rc = look(engine, consumer, out);
    return rc == AURORA_OK && !out->is_found ? AURORA_ECONFLICT : rc;
}

/* --- waiting ---------------------------------------------------------------------------------- */

typedef struct {
    aurora__engine *engine;
    int64_t after;
} awaited;

static bool has_more(void *argument)
{
    const awaited *wanted = argument;
    aurora_store_txn *txn;
    aurora_log_bounds bounds;
    if (aurora__engine_read_begin(wanted->engine, &txn) != AURORA_OK)
        return true; /* the read that follows tells why */
    aurora_status rc = read_bounds(wanted->engine, txn, &bounds);
    aurora__engine_read_end(wanted->engine, txn);
    return rc != AURORA_OK || bounds.head > wanted->after;
}

static aurora_status read_after(aurora_t *shop, int64_t after, uint32_t limit, int32_t wait_ms,
                                aurora_event_page **out)
{
    awaited wanted = {shop->engine, after};
    aurora_store_txn *txn;
    aurora_log_bounds bounds;
    aurora_status rc = AURORA_OK;
    if (wait_ms != 0)
        rc = aurora__engine_wait(shop->engine, has_more, &wanted, wait_ms);
    if (rc == AURORA_OK)
        rc = aurora__engine_read_begin(shop->engine, &txn);
    if (rc != AURORA_OK)
        return rc;
    rc = read_bounds(shop->engine, txn, &bounds);
    if (rc == AURORA_OK && after + 1 < bounds.first)
        rc = AURORA_EGONE;
    if (rc == AURORA_OK)
        rc = aurora__event_page(shop->engine, txn, after, limit, out);
    aurora__engine_read_end(shop->engine, txn);
    return rc;
}

/* --- public calls ----------------------------------------------------------------------------- */

static aurora_status check_read(uint32_t limit, int32_t wait_ms, aurora_event_page **out)
{
    if (out == NULL)
        return AURORA_EINVAL;
    *out = NULL;
    return limit > LIMIT_MAX || wait_ms < -1 ? AURORA_EINVAL : AURORA_OK;
}

aurora_status aurora_event_read(aurora_t *shop, const char *consumer, uint32_t limit,
                                int32_t wait_ms, aurora_event_page **out)
{
    standing at;
    aurora_status rc = check_read(limit, wait_ms, out);
    if (rc == AURORA_OK && !aurora__consumer_is_name(consumer))
        rc = AURORA_EINVAL;
    if (rc == AURORA_OK)
        rc = aurora__handle_enter(shop);
    if (rc != AURORA_OK)
        return rc;
    rc = visit(shop, consumer, &at);
    if (rc == AURORA_OK)
        rc = read_after(shop, at.row.position, limit == 0 ? LIMIT_DEFAULT : limit, wait_ms, out);
    aurora__handle_leave(shop);
    return rc;
}

aurora_status aurora_event_tail(aurora_t *shop, uint64_t after_position, uint32_t limit,
                                int32_t wait_ms, aurora_event_page **out)
{
    aurora_status rc = check_read(limit, wait_ms, out);
    if (rc == AURORA_OK && after_position > INT64_MAX - 1)
        rc = AURORA_EINVAL;
    if (rc == AURORA_OK)
        rc = aurora__handle_enter(shop);
    if (rc != AURORA_OK)
        return rc;
    rc =
        read_after(shop, (int64_t)after_position, limit == 0 ? LIMIT_DEFAULT : limit, wait_ms, out);
    aurora__handle_leave(shop);
    return rc;
}

aurora_status aurora_event_ack(aurora_t *shop, const char *consumer, uint64_t position)
{
    if (!aurora__consumer_is_name(consumer) || position > INT64_MAX - 1)
        return AURORA_EINVAL;
    aurora_status rc = aurora__handle_enter(shop);
    if (rc != AURORA_OK)
        return rc;
    rc = aurora__consumer_call(shop->engine, AURORA__CONSUMER_ACK, consumer, (int64_t)position,
                               NULL);
    aurora__handle_leave(shop);
    return rc;
}

aurora_status aurora_event_bounds(aurora_t *shop, uint64_t *oldest_out, uint64_t *newest_out)
{
    aurora_store_txn *txn;
    aurora_log_bounds bounds;
    aurora_status rc = aurora__handle_enter_query(shop);
    if (rc != AURORA_OK)
        return rc;
    rc = aurora__engine_read_begin(shop->engine, &txn);
    if (rc == AURORA_OK) {
        rc = read_bounds(shop->engine, txn, &bounds);
        aurora__engine_read_end(shop->engine, txn);
    }
    if (rc == AURORA_OK && oldest_out != NULL)
        *oldest_out = (uint64_t)bounds.first;
    if (rc == AURORA_OK && newest_out != NULL)
        *newest_out = (uint64_t)bounds.head;
    aurora__handle_leave(shop);
    return rc;
}
