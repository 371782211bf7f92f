/* SPDX-License-Identifier: MIT */
#include "api/consumer.h"

#include "api/handle.h"
#include "api/refuse.h"
#include "codec/result.h"
#include "engine/counters.h"

#include <stdlib.h>
#include <string.h>

#define CALL_MS 60000
#define NAME_BYTES_MAX 64
#define CONSUMERS_MAX 4096

/* --- commands --------------------------------------------------------------------------------- */

typedef struct {
    aurora__command head;
    int32_t act;
    int64_t position;
    char name[NAME_BYTES_MAX + 1];
} consumer_command;

bool aurora__consumer_is_name(const char *name)
{
    size_t length = name == NULL ? 0 : strnlen(name, NAME_BYTES_MAX + 1);
    if (length < 1 || length > NAME_BYTES_MAX)
        return false;
    return strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-") == length;
}

static aurora__key key_of(const consumer_command *command)
{
    return aurora__key_text(AURORA__TABLE_cursor, command->name);
}

static aurora_status keys(aurora__command *base, aurora__turn *turn)
{
    aurora__key key = key_of((const consumer_command *)base);
    return aurora__rows_want(turn->step.rows, &key);
}

static aurora_status visit(const consumer_command *command, aurora__turn *turn,
                           const aurora_log_bounds *bounds, aurora__cursor_row *row)
{
    if (row == NULL) {
        aurora__key key = key_of(command);
        aurora_status rc = aurora__rows_insert(turn->step.rows, &key, (void **)&row);
        if (rc != AURORA_OK)
            return rc;
        row->kind = AURORA__CONSUMER_HOST;
        row->position = bounds->first - 1;
    }
    row->seen_at = turn->step.now_ms;
    return AURORA_OK;
}

static aurora_status acknowledge(const consumer_command *command, aurora__turn *turn,
                                 const aurora_log_bounds *bounds, aurora__cursor_row *row)
{
    bool is_gone = row->position + 1 < bounds->first;
    if (command->position <= row->position)
        return is_gone ? AURORA_EGONE : AURORA_OK;
    if (command->position > bounds->head)
        return AURORA_EINVAL;
    if (command->position + 1 < bounds->first)
        return AURORA_EGONE;
    row->position = command->position;
    row->seen_at = turn->step.now_ms;
    return AURORA_OK;
}

static aurora_status decide(aurora__command *base, aurora__turn *turn)
{
    const consumer_command *command = (const consumer_command *)base;
    const aurora_store *store = aurora__engine_store(turn->engine);
    aurora__cursor_row *row;
    aurora_log_bounds bounds;
    aurora__key key = key_of(command);
    aurora_status rc = store->log_bounds(store->self, turn->txn, &bounds);
    if (rc == AURORA_OK)
        rc = aurora__rows_write(turn->step.rows, &key, (void **)&row);
    if (rc != AURORA_OK)
        return rc;
    if (row == NULL && command->act != AURORA__CONSUMER_VISIT)
        return aurora__step_refuse(&turn->step, AURORA_ENOTFOUND, "consumer", "has never read");
    if (row != NULL && row->kind != AURORA__CONSUMER_HOST)
        return aurora__step_refuse(&turn->step, AURORA_EINVAL, "consumer", "is one of our own");
    switch (command->act) {
    case AURORA__CONSUMER_VISIT:
        return visit(command, turn, &bounds, row);
    case AURORA__CONSUMER_ACK:
        return acknowledge(command, turn, &bounds, row);
    default:
        return aurora__rows_delete(turn->step.rows, &key);
    }
}

static const aurora__command_class consumer_class = {.name = "consumer",
                                                     .keys = keys,
                                                     .decide = decide};

aurora_status aurora__consumer_call(aurora__engine *engine, int32_t act, const char *name,
                                    int64_t position, aurora_error *err)
{
    consumer_command *command = aurora__command_new(engine, &consumer_class, sizeof *command);
    if (command == NULL)
        return AURORA_ENOMEM;
    command->act = act;
    command->position = position;
    memcpy(command->name, name, strlen(name));
    aurora_status rc = aurora__engine_call(engine, &command->head, CALL_MS, err);
    aurora__command_release(&command->head);
    return rc;
}

/* --- listing ---------------------------------------------------------------------------------- */

typedef struct {
    aurora_consumer *items;
    uint32_t count;
    aurora_log_bounds bounds;
} collection;

static int32_t public_kind(const aurora__cursor_row *row)
{
    if (row->kind == AURORA__CONSUMER_HOST)
        return AURORA_CONSUMER_HOST;
    if (row->kind == AURORA__CONSUMER_REBUILDS || strcmp(row->name, "notification") == 0)
        return AURORA_CONSUMER_FOLLOWER;
    return strncmp(row->name, "relay", 5) == 0 ? AURORA_CONSUMER_RELAY : AURORA_CONSUMER_SAGA;
}

static void add(collection *all, const char *name, int32_t kind, int64_t position,
                int64_t seen_at_ms)
{
    int64_t lag = all->bounds.head - position;
    all->items[all->count++] = (aurora_consumer){
        .size = sizeof(aurora_consumer),
        .kind = kind,
        .name = name,
        .position = (uint64_t)(position < 0 ? 0 : position),
        .lag = (uint64_t)(lag < 0 ? 0 : lag),
        .seen_at_ms = seen_at_ms,
        .is_gone = kind == AURORA_CONSUMER_HOST && position + 1 < all->bounds.first};
}

static bool has_name(const collection *all, const char *name)
{
    for (uint32_t i = 0; i < all->count; i++) {
        if (strcmp(all->items[i].name, name) == 0)
            return true;
    }
    return false;
}

/* Followers that keep no cursor row are known to the handle that runs them. */
static void add_followers(collection *all, aurora__engine *engine)
{
    const aurora__counters *counters = aurora__engine_counters(engine);
    for (uint32_t i = 0; i < AURORA__COUNTERS_FOLLOWERS_MAX; i++) {
        const aurora__follower_gauges *gauges = &counters->followers[i];
        const char *name = atomic_load(&gauges->name);
        if (name != NULL && !has_name(all, name))
            add(all, name, AURORA_CONSUMER_FOLLOWER,
                all->bounds.head - aurora__gauge_read(gauges->lag), 0);
    }
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const aurora_consumer *)a)->name, ((const aurora_consumer *)b)->name);
}

static aurora_status collect(aurora__engine *engine, aurora__query_arena *arena, collection *all)
{
    aurora_store_txn *txn;
    uint32_t count = 0;
    const aurora_store *store = aurora__engine_store(engine);
    aurora__range range = {.table = AURORA__TABLE_cursor, .index = -1, .limit = CONSUMERS_MAX};
    aurora__cursor_row *rows = aurora__arena_take(&arena->arena, CONSUMERS_MAX * sizeof *rows);
    all->items = aurora__arena_take(
        &arena->arena, (CONSUMERS_MAX + AURORA__COUNTERS_FOLLOWERS_MAX) * sizeof *all->items);
    if (rows == NULL || all->items == NULL)
        return AURORA_ENOMEM;
    aurora_status rc = aurora__engine_read_begin(engine, &txn);
    if (rc != AURORA_OK)
        return rc;
    rc = store->log_bounds(store->self, txn, &all->bounds);
    if (rc == AURORA_OK)
        rc = aurora__engine_scan(engine, txn, &range, arena, rows, &count);
    aurora__engine_read_end(engine, txn);
    for (uint32_t i = 0; rc == AURORA_OK && i < count; i++)
        add(all, rows[i].name, public_kind(&rows[i]), rows[i].position, rows[i].seen_at);
    add_followers(all, engine);
    qsort(all->items, all->count, sizeof *all->items, by_name);
    return rc;
}

static aurora_status fill(aurora__arena *arena, const void *source)
{
    const collection *all = source;
    aurora_consumer_page *page = aurora__arena_take(arena, sizeof *page);
    const aurora_consumer **items = aurora__arena_take(arena, (all->count + 1) * sizeof *items);
    aurora_consumer *consumers = aurora__arena_take(arena, (all->count + 1) * sizeof *consumers);
    if (page == NULL || items == NULL || consumers == NULL)
        return AURORA_ENOMEM;
    for (uint32_t i = 0; i < all->count; i++) {
        consumers[i] = all->items[i];
        consumers[i].name = aurora__arena_text(arena, all->items[i].name);
        items[i] = &consumers[i];
        if (consumers[i].name == NULL)
            return AURORA_ENOMEM;
    }
    *page = (aurora_consumer_page){.size = sizeof *page, .count = all->count, .items = items};
    return AURORA_OK;
}

aurora_status aurora_consumer_list(aurora_t *shop, aurora_consumer_page **out)
{
    collection all = {0};
    aurora__query_arena arena;
    if (out == NULL)
        return AURORA_EINVAL;
    *out = NULL;
    aurora_status rc = aurora__handle_enter_query(shop);
    if (rc != AURORA_OK)
        return rc;
    aurora__query_arena_init(&arena, &shop->allocator);
    rc = collect(shop->engine, &arena, &all);
    if (rc == AURORA_OK)
        rc =
            aurora__result_build(&shop->allocator, 64 + all.count * 160u, fill, &all, (void **)out);
    aurora__query_arena_free(&arena);
    aurora__handle_leave(shop);
    return rc;
}

void aurora_consumer_page_free(aurora_consumer_page *page)
{
    aurora__result_free(page);
}

aurora_status aurora_consumer_delete(aurora_t *shop, const char *consumer, aurora_error *err)
{
    if (!aurora__consumer_is_name(consumer))
        return aurora__refuse(err, AURORA_EINVAL, "consumer",
                              "must be 1 to 64 bytes of a-z, 0-9, '.', '_' and '-'");
    aurora_status rc = aurora__handle_enter(shop);
    if (rc != AURORA_OK)
        return aurora__refuse_plain(err, rc);
    rc = aurora__consumer_call(shop->engine, AURORA__CONSUMER_FORGET, consumer, 0, err);
    aurora__handle_leave(shop);
    return rc;
}
