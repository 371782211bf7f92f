/* SPDX-License-Identifier: MIT */
/* How a set of sketches gets to the head of the log, and into its table and back. */
#include "engine/trending_set.h"

#include "codec/log.h"

#include <aurora/event.h>

#include <string.h>

#define LOG_ROWS 64
#define LOG_BYTES ((size_t)1 << 20)
#define ORDERS_AT_ONCE 1024
/* id, status, placed_at, lines */
#define ORDER_COLUMNS (UINT64_C(1) | UINT64_C(1) << 1 | UINT64_C(1) << 18 | UINT64_C(1) << 26)
#define SKETCHES (AURORA__TRENDING_RANKINGS + 1)

#define VIEWS (UINT64_C(1) << AURORA_EVENT_PRODUCT_VIEWED)
#define ORDERS (UINT64_C(1) << AURORA_EVENT_ORDER_COMPLETED)

static const char *const names[SKETCHES] = {"trending/1h", "trending/24h", "trending/7d",
                                            "popular",     "views/1h",     "views/24h",
                                            "views/7d",    "related"};

/* --- catching up ------------------------------------------------------------------------------ */

static aurora_status take_row(aurora__trending_set *set, const aurora_log_row *row, uint64_t kinds,
                              aurora__arena *arena)
{
    aurora__log_reader reader;
    aurora__event event;
    int64_t position;
    aurora_status rc = AURORA_OK;
    aurora__log_read(&reader, row);
    aurora__log_filter(&reader, kinds);
    while (rc == AURORA_OK && aurora__log_next(&reader, arena, &event, &position)) {
        if (position <= set->position)
            continue;
        rc = aurora__trending_set_take(set, &event);
        if (rc == AURORA_OK)
            set->position = position;
    }
    if (rc == AURORA_OK && reader.status == AURORA_ENOMEM)
        rc = AURORA_ENOMEM;
    if (rc == AURORA_OK && row->position + row->count - 1 > set->position)
        set->position = row->position + row->count - 1;
    return rc;
}

static aurora_status from_log(aurora__trending_set *set, aurora__engine *engine,
                              aurora_store_txn *txn, int64_t head, uint64_t kinds)
{
    const aurora_store *store = aurora__engine_store(engine);
    aurora_status rc = AURORA_OK;
    uint32_t count = 1;
    while (rc == AURORA_OK && set->position < head && count > 0) {
        aurora__query_arena arena;
        aurora_log_row rows[LOG_ROWS];
        aurora__query_arena_init(&arena, aurora__engine_allocator(engine));
        aurora_arena_port port = aurora__arena_port(&arena.arena);
        rc = store->log_read(store->self, txn, set->position + 1, LOG_BYTES, rows, LOG_ROWS, &count,
                             &port);
        for (uint32_t i = 0; rc == AURORA_OK && i < count; i++)
            rc = take_row(set, &rows[i], kinds, &arena.arena);
        aurora__query_arena_free(&arena);
    }
    return rc;
}

static aurora_status from_orders(aurora__trending_set *set, aurora__engine *engine,
                                 aurora_store_txn *txn)
{
    aurora_id last;
    aurora_value bound = {.kind = AURORA_COLUMN_UUID, .bytes = &last, .length = 16};
    aurora__range range = {.table = AURORA__TABLE_order,
                           .index = -1,
                           .flags = AURORA_SCAN_LOWER_OPEN,
                           .lower = &bound,
                           .columns = ORDER_COLUMNS,
                           .limit = ORDERS_AT_ONCE};
    int64_t now_ms = aurora__engine_wall_ms(engine);
    uint32_t count = ORDERS_AT_ONCE;
    aurora_status rc = AURORA_OK;
    while (rc == AURORA_OK && count == ORDERS_AT_ONCE) {
        aurora__query_arena arena;
        aurora__query_arena_init(&arena, aurora__engine_allocator(engine));
        aurora__order_row *rows = aurora__arena_take(&arena.arena, ORDERS_AT_ONCE * sizeof *rows);
        rc = rows == NULL ? AURORA_ENOMEM
                          : aurora__engine_scan(engine, txn, &range, &arena, rows, &count);
        for (uint32_t i = 0; rc == AURORA_OK && i < count; i++) {
            last = rows[i].id;
            if (rows[i].status != AURORA_ORDER_COMPLETED)
                continue;
            int64_t at_ms = rows[i].placed_at < now_ms ? rows[i].placed_at : now_ms;
            rc = aurora__trending_set_count(set, rows[i].lines, at_ms);
        }
        range.lower_count = 1;
        aurora__query_arena_free(&arena);
    }
    return rc;
}

aurora_status aurora__trending_set_catch_up(aurora__trending_set *set, aurora__engine *engine,
                                            aurora_store_txn *txn)
{
    const aurora_store *store = aurora__engine_store(engine);
    aurora_log_bounds bounds;
    aurora_status rc = store->log_bounds(store->self, txn, &bounds);
    if (rc != AURORA_OK || set->position >= bounds.head)
        return rc;
    if (set->position == 0 && set->counted == 0) {
        rc = aurora__trending_set_load(set, engine, txn);
        if (rc != AURORA_OK && rc != AURORA_ENOTFOUND)
            return rc;
    }
    if (set->position + 1 >= bounds.first)
        return from_log(set, engine, txn, bounds.head, ORDERS | VIEWS);
    aurora__trending_set_reset_orders(set);
    set->position = bounds.first - 1;
    rc = from_log(set, engine, txn, bounds.head, VIEWS);
    if (rc == AURORA_OK)
        rc = from_orders(set, engine, txn);
    if (rc == AURORA_OK)
        set->position = bounds.head;
    else
        aurora__trending_set_reset(set);
    return rc;
}

/* --- the table -------------------------------------------------------------------------------- */

static aurora_status restore(aurora__trending_set *set, uint32_t i, const aurora__bytes *body)
{
    if (i < AURORA__TRENDING_RANKINGS)
        return aurora_topk_restore(&set->rankings[i], body->data, body->length);
    return aurora_related_restore(&set->related, body->data, body->length);
}

/* Of the three windows from this ranking on. */
static int64_t newest_of(const aurora__trending_set *set, uint32_t first)
{
    int64_t newest_ms = 0;
    for (uint32_t i = first; i < first + AURORA__TRENDING_WINDOWS; i++) {
        int64_t at_ms = aurora_topk_newest_ms(&set->rankings[i]);
        newest_ms = at_ms > newest_ms ? at_ms : newest_ms;
    }
    return newest_ms;
}

/* Snapshots are of one position, or of no use: they may come from a larger set. */
static aurora_status load_all(aurora__trending_set *set, aurora__engine *engine,
                              aurora_store_txn *txn, aurora__query_arena *arena)
{
    int64_t position = 0;
    for (uint32_t i = 0; i < SKETCHES; i++) {
        aurora__sketch_row row;
        aurora__key key = aurora__key_text(AURORA__TABLE_sketch, names[i]);
        aurora_status rc = aurora__engine_load(engine, txn, &key, arena, &row);
        if (rc != AURORA_OK)
            return rc;
        if (i > 0 && row.position != position)
            return AURORA_ENOTFOUND;
        position = row.position;
        if (restore(set, i, &row.body) != AURORA_OK)
            return AURORA_ENOTFOUND;
    }
    set->position = position;
    set->newest_ms = newest_of(set, 0);
    set->newest_views_ms = newest_of(set, AURORA__TRENDING_VIEWS);
    return AURORA_OK;
}

aurora_status aurora__trending_set_load(aurora__trending_set *set, aurora__engine *engine,
                                        aurora_store_txn *txn)
{
    aurora__query_arena arena;
    aurora__query_arena_init(&arena, aurora__engine_allocator(engine));
    aurora__trending_set_reset(set);
    aurora_status rc = load_all(set, engine, txn, &arena);
    aurora__query_arena_free(&arena);
    if (rc != AURORA_OK)
        aurora__trending_set_reset(set);
    return rc == AURORA_ECORRUPT ? AURORA_ENOTFOUND : rc;
}

static aurora_status snapshot(const aurora__trending_set *set, uint32_t i, aurora__arena *arena,
                              aurora__bytes *out)
{
    bool is_ranking = i < AURORA__TRENDING_RANKINGS;
    size_t size = is_ranking ? aurora_topk_snapshot_bytes(&set->rankings[i])
                             : aurora_related_snapshot_bytes(&set->related);
    size_t used = 0;
    void *bytes = aurora__arena_take(arena, size);
    if (bytes == NULL)
        return AURORA_ENOMEM;
    aurora_status rc = is_ranking ? aurora_topk_snapshot(&set->rankings[i], bytes, size, &used)
                                  : aurora_related_snapshot(&set->related, bytes, size, &used);
    *out = (aurora__bytes){bytes, used};
    return rc;
}

aurora_status aurora__trending_set_save(const aurora__trending_set *set, aurora__turn *turn,
                                        int64_t position)
{
    const aurora_store *store = aurora__engine_store(turn->engine);
    const aurora__table *table = &aurora__tables[AURORA__TABLE_sketch];
    aurora_store_put puts[SKETCHES];
    aurora_value values[SKETCHES][3];
    aurora__sketch_row rows[SKETCHES];
    uint32_t failed;
    for (uint32_t i = 0; i < SKETCHES; i++) {
        rows[i] = (aurora__sketch_row){.name = names[i], .position = position};
        aurora_status rc = snapshot(set, i, turn->step.arena, &rows[i].body);
        if (rc != AURORA_OK)
            return rc;
        aurora__table_pack(table, &rows[i], values[i]);
        puts[i] = (aurora_store_put){
            .table = &table->table, .values = values[i], .kind = AURORA_PUT_UPSERT};
    }
    return store->save(store->self, turn->txn, puts, SKETCHES, &failed);
}

aurora_status aurora__trending_set_stored(aurora__engine *engine, aurora_store_txn *txn,
                                          int64_t *position_out)
{
    aurora__range range = {
        .table = AURORA__TABLE_sketch, .index = -1, .columns = 3, .limit = SKETCHES};
    aurora__query_arena arena;
    aurora__sketch_row rows[SKETCHES];
    uint32_t count = 0;
    *position_out = 0;
    aurora__query_arena_init(&arena, aurora__engine_allocator(engine));
    aurora_status rc = aurora__engine_scan(engine, txn, &range, &arena, rows, &count);
    for (uint32_t i = 0; rc == AURORA_OK && i < count; i++)
        *position_out = rows[i].position > *position_out ? rows[i].position : *position_out;
    aurora__query_arena_free(&arena);
    return rc;
}
