/* SPDX-License-Identifier: MIT */
/* 256 open-addressing tables chosen by the highest bits: one that grows is small, so that no batch
 * waits for a rehash of everything. Growing is also when expired entries go: ids carry their
 * time. */
#include "engine/keys.h"

#include "engine/internal.h"
#include "engine/sha256.h"

#include <string.h>

#define SHARDS 256
#define SLOTS_FIRST 16
#define PAGE_ROWS 512
/* An id is drawn before its order is decided, by a clock that may lag the stored time a little. */
#define SLACK_MS INT64_C(3600000)

typedef struct {
    uint64_t fingerprint; /* 0 = free */
    aurora_id id;
} slot;

typedef struct {
    slot *slots;
    uint32_t capacity; /* a power of two, or 0 */
    uint32_t count;
} shard;

struct aurora__keys {
    uint8_t seed[8];
    bool is_begun;  /* `from` says how far; what others store since is noted */
    bool is_near;   /* only what came after the last slice is missing */
    bool is_filled; /* nothing is */
    aurora_id from;
    shard shards[SHARDS];
};

#define NUMBER(kind, name, is_nullable) KEYS_##name,
enum { AURORA__ORDER_COLUMNS(NUMBER) };
#undef NUMBER

aurora_status aurora__keys_new(aurora__engine *engine)
{
    const aurora_allocator *allocator = engine->options.allocator;
    struct aurora__keys *keys = allocator->allocate(allocator->self, sizeof *keys);
    if (keys == NULL)
        return AURORA_ENOMEM;
    memset(keys, 0, sizeof *keys);
    const aurora_random *random = &engine->options.random;
    if (!random->fill(random->self, keys->seed, sizeof keys->seed)) {
        allocator->release(allocator->self, keys);
        return AURORA_EIO;
    }
    engine->keys = keys;
    return AURORA_OK;
}

void aurora__keys_forget(aurora__engine *engine)
{
    const aurora_allocator *allocator = engine->options.allocator;
    for (uint32_t i = 0; i < SHARDS; i++)
        allocator->release(allocator->self, engine->keys->shards[i].slots);
    memset(engine->keys->shards, 0, sizeof engine->keys->shards);
    engine->keys->is_begun = false;
    engine->keys->is_near = false;
    engine->keys->is_filled = false;
}

void aurora__keys_free(aurora__engine *engine)
{
    if (engine->keys == NULL)
        return;
    aurora__keys_forget(engine);
    engine->options.allocator->release(engine->options.allocator->self, engine->keys);
    engine->keys = NULL;
}

uint64_t aurora__keys_fingerprint(const aurora__engine *engine, const char *scope, const char *key)
{
    aurora__sha256 hash;
    uint8_t digest[AURORA__SHA256_BYTES];
    uint64_t fingerprint;
    aurora__sha256_init(&hash);
    aurora__sha256_add(&hash, engine->keys->seed, sizeof engine->keys->seed);
    /* The scope's NUL keeps scope and key apart, and a missing scope from an empty one. */
    if (scope != NULL)
        aurora__sha256_add(&hash, scope, strlen(scope) + 1);
    aurora__sha256_add(&hash, key, strlen(key));
    aurora__sha256_end(&hash, digest);
    memcpy(&fingerprint, digest, sizeof fingerprint);
    return fingerprint == 0 ? 1 : fingerprint;
}

static shard *shard_of(const aurora__engine *engine, uint64_t fingerprint)
{
    return &engine->keys->shards[fingerprint >> 56];
}

/* The slot of this pair, or the free one where it belongs. The table is never full. */
static uint32_t place_of(const shard *table, uint64_t fingerprint, const aurora_id *id)
{
    uint32_t mask = table->capacity - 1;
    uint32_t i = (uint32_t)fingerprint & mask;
    while (table->slots[i].fingerprint != 0 && (table->slots[i].fingerprint != fingerprint ||
                                                !aurora_id_is_equal(table->slots[i].id, *id)))
        i = (i + 1) & mask;
    return i;
}

static void put(shard *table, uint64_t fingerprint, const aurora_id *id)
{
    slot *at = &table->slots[place_of(table, fingerprint, id)];
    if (at->fingerprint != 0)
        return;
    *at = (slot){fingerprint, *id};
    table->count++;
}

static bool is_live(const slot *entry, int64_t since_ms)
{
    return entry->fingerprint != 0 && aurora__id_time(&entry->id) >= since_ms;
}

/* Rebuilds the table without what has expired, at most half full. */
static aurora_status grow(aurora__engine *engine, shard *table, int64_t since_ms)
{
    const aurora_allocator *allocator = engine->options.allocator;
    uint32_t live = 0;
    for (uint32_t i = 0; i < table->capacity; i++)
        live += is_live(&table->slots[i], since_ms);
    shard bigger = {.capacity = SLOTS_FIRST};
    while (bigger.capacity / 2 < live + 1) {
        if (bigger.capacity > UINT32_MAX / 2)
            return AURORA_ENOMEM;
        bigger.capacity *= 2;
    }
    bigger.slots = allocator->allocate(allocator->self, bigger.capacity * sizeof *bigger.slots);
    if (bigger.slots == NULL)
        return AURORA_ENOMEM;
    memset(bigger.slots, 0, bigger.capacity * sizeof *bigger.slots);
    for (uint32_t i = 0; i < table->capacity; i++) {
        if (is_live(&table->slots[i], since_ms))
            put(&bigger, table->slots[i].fingerprint, &table->slots[i].id);
    }
    allocator->release(allocator->self, table->slots);
    *table = bigger;
    return AURORA_OK;
}

aurora_status aurora__keys_reserve(aurora__engine *engine, uint64_t fingerprint, int64_t now_ms)
{
    shard *table = shard_of(engine, fingerprint);
    if (table->count + 1 < table->capacity - table->capacity / 4)
        return AURORA_OK;
    return grow(engine, table, now_ms - engine->options.key_keep_ms - SLACK_MS);
}

void aurora__keys_add(aurora__engine *engine, uint64_t fingerprint, const aurora_id *id)
{
    put(shard_of(engine, fingerprint), fingerprint, id);
}

/* Closes the gap by moving back what a search could no longer reach. */
void aurora__keys_remove(aurora__engine *engine, uint64_t fingerprint, const aurora_id *id)
{
    shard *table = shard_of(engine, fingerprint);
    if (table->capacity == 0)
        return;
    uint32_t mask = table->capacity - 1;
    uint32_t gap = place_of(table, fingerprint, id);
    if (table->slots[gap].fingerprint == 0)
        return;
    for (uint32_t i = (gap + 1) & mask; table->slots[i].fingerprint != 0; i = (i + 1) & mask) {
        uint32_t home = (uint32_t)table->slots[i].fingerprint & mask;
        if (((i - home) & mask) < ((i - gap) & mask))
            continue;
        table->slots[gap] = table->slots[i];
        gap = i;
    }
    table->slots[gap].fingerprint = 0;
    table->count--;
}

bool aurora__keys_find(const aurora__engine *engine, uint64_t fingerprint, uint32_t *place,
                       aurora_id *id_out)
{
    const shard *table = shard_of(engine, fingerprint);
    uint32_t mask = table->capacity - 1;
    while (*place < table->capacity) {
        const slot *at = &table->slots[((uint32_t)fingerprint + *place) & mask];
        if (at->fingerprint == 0)
            return false;
        ++*place;
        if (at->fingerprint == fingerprint) {
            *id_out = at->id;
            return true;
        }
    }
    return false;
}

bool aurora__keys_is_live(const aurora__engine *engine, int64_t created_at, int64_t now_ms)
{
    return created_at > now_ms - engine->options.key_keep_ms;
}

static aurora_status remember(aurora__engine *engine, const aurora__order_row *order,
                              int64_t now_ms)
{
    if (order->key_text == NULL || !aurora__keys_is_live(engine, order->created_at, now_ms))
        return AURORA_OK;
    uint64_t fingerprint = aurora__keys_fingerprint(engine, order->key_scope, order->key_text);
    aurora_status rc = aurora__keys_reserve(engine, fingerprint, now_ms);
    if (rc == AURORA_OK)
        aurora__keys_add(engine, fingerprint, &order->id);
    return rc;
}

/* Reads one page of orders and moves behind the last. */
static aurora_status fill_page(aurora__engine *engine, aurora_store_txn *txn, int64_t now_ms,
                               uint32_t *count_out)
{
    struct aurora__keys *keys = engine->keys;
    aurora_id from = keys->from;
    aurora_value lower = {.kind = AURORA_COLUMN_UUID, .length = 16, .bytes = &from};
    aurora__range range = {.table = AURORA__TABLE_order,
                           .index = -1,
                           .flags = AURORA_SCAN_LOWER_OPEN,
                           .lower = &lower,
                           .lower_count = 1,
                           .columns = UINT64_C(1) << KEYS_id | UINT64_C(1) << KEYS_key_scope |
                                      UINT64_C(1) << KEYS_key_text | UINT64_C(1) << KEYS_created_at,
                           .limit = PAGE_ROWS};
    aurora__query_arena arena;
    aurora__query_arena_init(&arena, engine->options.allocator);
    aurora__order_row *rows = aurora__arena_take(&arena.arena, PAGE_ROWS * sizeof *rows);
    aurora_status rc = rows == NULL ? AURORA_ENOMEM : AURORA_OK;
    *count_out = 0;
    if (rc == AURORA_OK)
        rc = aurora__engine_scan(engine, txn, &range, &arena, rows, count_out);
    for (uint32_t i = 0; rc == AURORA_OK && i < *count_out; i++)
        rc = remember(engine, &rows[i], now_ms);
    if (rc == AURORA_OK && *count_out > 0)
        keys->from = rows[*count_out - 1].id;
    aurora__query_arena_free(&arena);
    return rc;
}

static void begin(aurora__engine *engine, int64_t now_ms)
{
    if (engine->keys->is_begun)
        return;
    engine->keys->is_begun = true;
    engine->keys->from = aurora__id_floor(now_ms - engine->options.key_keep_ms - SLACK_MS);
}

/* The last part may only be read inside a batch: nothing can be written then. */
aurora_status aurora__keys_fill(aurora__engine *engine, aurora__turn *turn)
{
    if (engine->keys->is_filled)
        return AURORA_OK;
    begin(engine, turn->step.now_ms);
    uint32_t count = PAGE_ROWS;
    aurora_status rc = AURORA_OK;
    while (rc == AURORA_OK && count == PAGE_ROWS)
        rc = fill_page(engine, turn->txn, turn->step.now_ms, &count);
    if (rc != AURORA_OK)
        aurora__keys_forget(engine);
    else
        engine->keys->is_filled = true;
    return rc;
}

bool aurora__keys_is_near(const aurora__engine *engine)
{
    return aurora__engine_is_shared(engine) || engine->keys->is_near || engine->keys->is_filled;
}

/* After a failure it is up to the batch to meet it again and to say so. */
void aurora__keys_prepare(aurora__engine *engine, int64_t budget_ns)
{
    aurora_store_txn *txn;
    uint32_t count = PAGE_ROWS;
    int64_t now_ms = aurora__engine_time_ms(engine);
    int64_t end_ns = aurora__engine_monotonic_ns(engine) + budget_ns;
    begin(engine, now_ms);
    aurora_status rc = aurora__engine_read_begin(engine, &txn);
    if (rc == AURORA_OK) {
        while (rc == AURORA_OK && count == PAGE_ROWS &&
               aurora__engine_monotonic_ns(engine) < end_ns)
            rc = fill_page(engine, txn, now_ms, &count);
        aurora__engine_read_end(engine, txn);
    }
    if (rc != AURORA_OK)
        aurora__keys_forget(engine);
    engine->keys->is_near = rc != AURORA_OK || count < PAGE_ROWS;
}

aurora_status aurora__keys_note(aurora__engine *engine, aurora__turn *turn, const aurora_id *id)
{
    if (!engine->keys->is_begun)
        return AURORA_OK;
    aurora__query_arena arena;
    aurora__order_row order;
    aurora__key key = aurora__key_uuid(AURORA__TABLE_order, id);
    aurora__query_arena_init(&arena, engine->options.allocator);
    aurora_status rc = aurora__engine_load(engine, turn->txn, &key, &arena, &order);
    if (rc == AURORA_OK)
        rc = remember(engine, &order, turn->step.now_ms);
    else if (rc == AURORA_ENOTFOUND || rc == AURORA_ECORRUPT)
        rc = AURORA_OK;
    aurora__query_arena_free(&arena);
    return rc;
}

int64_t aurora__keys_keep_ms(const aurora__engine *engine)
{
    return engine->options.key_keep_ms;
}

uint64_t aurora__keys_count(const aurora__engine *engine)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < SHARDS; i++)
        count += engine->keys->shards[i].count;
    return count;
}
