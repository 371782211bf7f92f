/* SPDX-License-Identifier: MIT */
/* How long the log keeps its rows. Normally they stay log_keep (24 h), and longer for saga cursors,
 * relays and the notifications, which may need them, and for a host's consumer seen in the last
 * 7 days. At log_max_bytes rows go as long as no saga or relay needs them, consumers or not; only
 * when even that frees nothing are new orders refused. */
#include "engine/internal.h"

#include "engine/bus.h"

#include <string.h>

#define LOOK_EVERY_NS INT64_C(5000000000)
#define LOOK_WHEN_FULL_NS INT64_C(500000000)
#define LOOK_EVENTS 200000 /* so many new events are a reason to look as well */
#define ROWS_AT_ONCE 512
#define CURSORS_AT_ONCE 256

enum { KIND_HOST = 1, KIND_NEEDED = 3 };

typedef struct {
    int64_t needed; /* nothing above this position may go; INT64_MAX = no such cursor */
    int64_t hosts;  /* of consumers that were seen lately; INT64_MAX = there is none */
} holders;

typedef struct {
    aurora__command head;
    bool is_full;
    bool is_short; /* the last trim was cut off by ROWS_AT_ONCE */
    int64_t hosts; /* as of the holders */
    aurora_log_bounds bounds;
} trim_command;

/* --- what holds rows back --------------------------------------------------------------------- */

static void note_cursor(const aurora__engine *engine, const aurora__cursor_row *row, int64_t now_ms,
                        holders *out)
{
    /* Of a bus that is not used any more; a tool that opens the store for a moment cannot tell. */
    bool is_alone = engine->bus == NULL && engine->options.has_worker &&
                    engine->options.policy.modules == AURORA__MODULE_ALL;
    if (is_alone && strcmp(row->name, AURORA__RELAY_NAME) == 0 &&
        row->seen_at <= now_ms - engine->options.consumer_keep_ms)
        return;
    int64_t *limit =
        row->kind == KIND_NEEDED ? &out->needed
        : row->kind == KIND_HOST && row->seen_at > now_ms - engine->options.consumer_keep_ms
            ? &out->hosts
            : NULL;
    if (limit != NULL && row->position < *limit)
        *limit = row->position;
}

static aurora_status find_holders(aurora__engine *engine, aurora_store_txn *txn, int64_t now_ms,
                                  holders *out)
{
    char last[AURORA_TEXT_BYTES_MAX + 1] = "";
    aurora_value bound = {.kind = AURORA_COLUMN_TEXT, .bytes = last};
    aurora__range range = {.table = AURORA__TABLE_cursor,
                           .index = -1,
                           .flags = AURORA_SCAN_LOWER_OPEN,
                           .lower = &bound,
                           .limit = CURSORS_AT_ONCE};
    uint32_t count = CURSORS_AT_ONCE;
    aurora_status rc = AURORA_OK;
    *out = (holders){INT64_MAX, INT64_MAX};
    while (rc == AURORA_OK && count == CURSORS_AT_ONCE) {
        aurora__query_arena arena;
        aurora__query_arena_init(&arena, engine->options.allocator);
        aurora__cursor_row *rows = aurora__arena_take(&arena.arena, CURSORS_AT_ONCE * sizeof *rows);
        rc = rows == NULL ? AURORA_ENOMEM
                          : aurora__engine_scan(engine, txn, &range, &arena, rows, &count);
        for (uint32_t i = 0; rc == AURORA_OK && i < count; i++)
            note_cursor(engine, &rows[i], now_ms, out);
        if (rc == AURORA_OK && count > 0) {
            size_t length = strnlen(rows[count - 1].name, sizeof last - 1);
            memcpy(last, rows[count - 1].name, length);
            last[length] = '\0';
            bound.length = (uint32_t)length;
            range.lower_count = 1;
        }
        aurora__query_arena_free(&arena);
    }
    return rc;
}

/* --- trimming --------------------------------------------------------------------------------- */

/* The first position whose row is younger than `oldest_ms`: positions and times grow together, so
 * it is searched for by halves. */
static aurora_status first_younger(aurora__engine *engine, aurora_store_txn *txn,
                                   const aurora_log_bounds *bounds, int64_t oldest_ms,
                                   int64_t *position_out)
{
    int64_t low = bounds->first;
    int64_t high = bounds->head + 1;
    aurora_status rc = AURORA_OK;
    while (rc == AURORA_OK && low < high) {
        aurora__query_arena arena;
        aurora_log_row row;
        uint32_t count = 0;
        int64_t middle = low + (high - low) / 2;
        aurora__query_arena_init(&arena, engine->options.allocator);
        aurora_arena_port port = aurora__arena_port(&arena.arena);
        rc = engine->store.log_read(engine->store.self, txn, middle, 1, &row, 1, &count, &port);
        aurora__query_arena_free(&arena);
        if (rc != AURORA_OK)
            break;
        if (count == 0 || row.at_ms >= oldest_ms)
            high = count == 0 || row.position > middle ? middle : row.position;
        else
            low = row.position + row.count;
    }
    *position_out = low;
    return rc;
}

/* The position below which whole rows may go now. */
static aurora_status find_limit(aurora__engine *engine, aurora__turn *turn,
                                const aurora_log_bounds *bounds, int64_t *limit_out,
                                int64_t *hosts_out)
{
    holders held = {INT64_MAX, INT64_MAX};
    int64_t now_ms = turn->step.now_ms;
    aurora_status rc = find_holders(engine, turn->txn, now_ms, &held);
    *hosts_out = held.hosts;
    if (rc != AURORA_OK)
        return rc;
    int64_t needed = held.needed == INT64_MAX ? bounds->head + 1 : held.needed + 1;
    if (bounds->bytes >= engine->options.log_max_bytes) {
        *limit_out = needed;
        return AURORA_OK;
    }
    rc = first_younger(engine, turn->txn, bounds, now_ms - engine->options.log_keep_ms, limit_out);
    if (held.hosts != INT64_MAX && held.hosts + 1 < *limit_out)
        *limit_out = held.hosts + 1;
    if (needed < *limit_out)
        *limit_out = needed;
    return rc;
}

static aurora_status trim_decide(aurora__command *command, aurora__turn *turn)
{
    (void)command;
    (void)turn;
    return AURORA_OK;
}

/* Trims some rows and says whether the log is still too large. In an emergency it stops at nine
 * tenths of what is allowed: more would only take events from consumers. */
static aurora_status trim_save(aurora__command *command, aurora__turn *turn)
{
    trim_command *trim = (trim_command *)command;
    aurora__engine *engine = turn->engine;
    aurora_store *store = &engine->store;
    int64_t bytes_max = engine->options.log_max_bytes;
    int64_t limit;
    aurora_status rc = store->log_bounds(store->self, turn->txn, &trim->bounds);
    if (rc == AURORA_OK)
        rc = find_limit(engine, turn, &trim->bounds, &limit, &trim->hosts);
    if (rc != AURORA_OK)
        return rc;
    bool is_over = trim->bounds.bytes >= bytes_max;
    trim->is_short = false;
    for (uint32_t done = 0; rc == AURORA_OK && trim->bounds.first < limit; done += ROWS_AT_ONCE) {
        int64_t first = trim->bounds.first;
        if (is_over && trim->bounds.bytes < bytes_max - bytes_max / 10)
            break;
        trim->is_short = done == 4 * ROWS_AT_ONCE;
        if (trim->is_short)
            break;
        uint32_t rows = is_over ? 16 : ROWS_AT_ONCE;
        rc = store->log_trim(store->self, turn->txn, limit, rows);
        if (rc == AURORA_OK)
            rc = store->log_bounds(store->self, turn->txn, &trim->bounds);
        if (trim->bounds.first == first)
            break;
    }
    trim->is_full = trim->bounds.bytes >= bytes_max;
    return rc;
}

static void note_bounds(aurora__engine *engine, const aurora_log_bounds *bounds)
{
    aurora__gauge_set(engine->counters.log_first, bounds->first);
    aurora__gauge_set(engine->counters.log_head, bounds->head);
    aurora__gauge_set(engine->counters.log_bytes, bounds->bytes);
}

/* What the log's size has cost or is about to cost somebody. */
static void say_bounds(aurora__engine *engine, const trim_command *trim, bool was_full)
{
    if (trim->is_full && !was_full)
        aurora__engine_log(engine, AURORA_LOG_ERROR, "retention",
                           "the log has %lld bytes and a saga, a relay or the notifications still "
                           "need them: new orders are refused",
                           (long long)trim->bounds.bytes);
    if (!trim->is_full && was_full)
        aurora__engine_log(engine, AURORA_LOG_INFO, "retention",
                           "the log has room again: orders are taken");
    if (trim->hosts != INT64_MAX && trim->hosts + 1 < trim->bounds.first)
        aurora__engine_log(engine, AURORA_LOG_WARNING, "retention",
                           "the log begins at %lld now, and a consumer that has read to %lld was "
                           "passed over: it must start from a snapshot",
                           (long long)trim->bounds.first, (long long)trim->hosts);
}

static bool trim_finish(aurora__command *command, aurora__turn *turn, aurora_status status)
{
    const trim_command *trim = (const trim_command *)command;
    aurora__engine *engine = turn->engine;
    if (status != AURORA_OK)
        return true;
    note_bounds(engine, &trim->bounds);
    bool was_full = atomic_exchange(&engine->is_log_full, trim->is_full);
    say_bounds(engine, trim, was_full);
    if (trim->is_short)
        engine->log_checked_ns = 0;
    return true;
}

static const aurora__command_class trim_class = {.name = "log_trim",
                                                 .decide = trim_decide,
                                                 .save = trim_save,
                                                 .finish = trim_finish};

/* --- when ------------------------------------------------------------------------------------- */

/* A look costs a read; only what it finds costs a commit. */
static bool is_worth_a_trim(aurora__engine *engine, const aurora_log_bounds *bounds)
{
    int64_t now_ms = aurora__engine_wall_ms(engine);
    return bounds->bytes >= engine->options.log_max_bytes || atomic_load(&engine->is_log_full) ||
           (bounds->first_at_ms != 0 && bounds->first_at_ms < now_ms - engine->options.log_keep_ms);
}

aurora__command *aurora__retention_work(aurora__engine *engine)
{
    int64_t now_ns = aurora__engine_monotonic_ns(engine);
    int64_t pause_ns = atomic_load(&engine->is_log_full) ? LOOK_WHEN_FULL_NS : LOOK_EVERY_NS;
    int64_t seen = aurora__gauge_read(engine->counters.log_head);
    bool has_more = engine->tail - seen >= LOOK_EVENTS;
    if (engine->log_checked_ns != 0 && now_ns - engine->log_checked_ns < pause_ns && !has_more)
        return NULL;
    engine->log_checked_ns = now_ns == 0 ? 1 : now_ns;
    aurora_store_txn *txn;
    aurora_log_bounds bounds;
    if (aurora__engine_read_begin(engine, &txn) != AURORA_OK)
        return NULL;
    aurora_status rc = engine->store.log_bounds(engine->store.self, txn, &bounds);
    aurora__engine_read_end(engine, txn);
    if (rc != AURORA_OK)
        return NULL;
    note_bounds(engine, &bounds);
    if (!is_worth_a_trim(engine, &bounds))
        return NULL;
    return aurora__command_new(engine, &trim_class, sizeof(trim_command));
}
