/* SPDX-License-Identifier: MIT */
#include "core_fixture.h"

#include <stdlib.h>

#define SWEEP_MAX 4000 /* allocations of one decision that are failed */

typedef struct block {
    struct block *next;
} block;

/* Each take is a block of its own while a decision is swept, and the one that finds 0 left
 * fails. */
typedef struct {
    bool is_exact;
    bool is_on;
    bool is_failed;
    uint32_t left;
} failing;

typedef struct {
    aurora__arena arena;
    block *blocks;
    failing *sweep;
} heap_arena;

typedef struct {
    uint32_t table;
    void *row;
} stored_row;

typedef struct {
    failing sweep;
    heap_arena batch;
    heap_arena cache;
    aurora__rows rows;
    stored_row *stored;
    size_t stored_count;
    size_t stored_capacity;
} core_memory;

/* --- arenas ----------------------------------------------------------------------------------- */

static void *grow(void *self, size_t bytes, size_t *size_out)
{
    heap_arena *heap = self;
    size_t size = bytes < 65536 && !heap->sweep->is_exact ? 65536 : bytes;
    if (heap->sweep->is_on && heap->sweep->left-- == 0) {
        heap->sweep->is_failed = true;
        return NULL;
    }
    block *piece = malloc(16 + size);
    if (piece == NULL)
        abort();
    piece->next = heap->blocks;
    heap->blocks = piece;
    *size_out = size;
    return (char *)piece + 16;
}

static void reset(heap_arena *heap)
{
    while (heap->blocks != NULL) {
        block *next = heap->blocks->next;
        free(heap->blocks);
        heap->blocks = next;
    }
    heap->arena = (aurora__arena){.self = heap, .grow = grow};
}

/* --- stored rows ------------------------------------------------------------------------------ */

static void *copy_bytes(const void *bytes, size_t length)
{
    char *copy = malloc(length + 1);
    if (copy == NULL)
        abort();
    memcpy(copy, bytes, length);
    copy[length] = '\0';
    return copy;
}

static void *copy_row(const aurora__table *table, const void *row)
{
    char *copy = copy_bytes(row, table->struct_size);
    for (uint32_t i = 0; i < table->table.column_count; i++) {
        char *field = copy + table->offsets[i];
        if (table->table.columns[i].kind == AURORA_COLUMN_TEXT) {
            const char *text;
            memcpy(&text, field, sizeof text);
            text = text == NULL ? NULL : copy_bytes(text, strlen(text));
            memcpy(field, &text, sizeof text);
        } else if (table->table.columns[i].kind == AURORA_COLUMN_BYTES) {
            aurora__bytes bytes;
            memcpy(&bytes, field, sizeof bytes);
            bytes.data = bytes.data == NULL ? NULL : copy_bytes(bytes.data, bytes.length);
            memcpy(field, &bytes, sizeof bytes);
        }
    }
    return copy;
}

static void free_row(const aurora__table *table, void *row)
{
    for (uint32_t i = 0; i < table->table.column_count; i++) {
        const char *field = (const char *)row + table->offsets[i];
        uint32_t kind = table->table.columns[i].kind;
        if (kind == AURORA_COLUMN_TEXT || kind == AURORA_COLUMN_BYTES) {
            void *bytes; /* both kinds start with their pointer */
            memcpy(&bytes, field, sizeof bytes);
            free(bytes);
        }
    }
    free(row);
}

static bool is_value_equal(const aurora_value *a, const aurora_value *b)
{
    if (a->bytes == NULL || b->bytes == NULL)
        return a->bytes == b->bytes && a->number == b->number;
    return a->length == b->length && memcmp(a->bytes, b->bytes, a->length) == 0;
}

static stored_row *find(const core_memory *memory, uint32_t table, const aurora_value *key)
{
    aurora_value values[64];
    for (size_t i = 0; i < memory->stored_count; i++) {
        stored_row *stored = &memory->stored[i];
        if (stored->table != table)
            continue;
        aurora__table_pack(&aurora__tables[table], stored->row, values);
        uint32_t same = 0;
        while (same < aurora__tables[table].table.key_count &&
               is_value_equal(&values[same], &key[same]))
            same++;
        if (same == aurora__tables[table].table.key_count)
            return stored;
    }
    return NULL;
}

static void add(core_memory *memory, uint32_t table, void *row)
{
    if (memory->stored_count == memory->stored_capacity) {
        memory->stored_capacity = memory->stored_capacity * 2 + 16;
        memory->stored = realloc(memory->stored, memory->stored_capacity * sizeof(stored_row));
        if (memory->stored == NULL)
            abort();
    }
    memory->stored[memory->stored_count++] = (stored_row){table, row};
}

static void take_out(core_memory *memory, stored_row *stored)
{
    free_row(&aurora__tables[stored->table], stored->row);
    *stored = memory->stored[--memory->stored_count];
}

static void replace(core_memory *memory, uint32_t table, const aurora_value *values,
                    const void *row)
{
    stored_row *before = find(memory, table, values);
    void *copy = row == NULL ? NULL : copy_row(&aurora__tables[table], row);
    if (before != NULL)
        take_out(memory, before);
    if (copy != NULL)
        add(memory, table, copy);
}

/* --- running decisions ------------------------------------------------------------------------ */

static void copy_values(aurora_value *values, const aurora__table *table, aurora__arena *arena)
{
    for (uint32_t i = 0; i < table->table.column_count; i++) {
        if (values[i].bytes != NULL)
            values[i].bytes = aurora__arena_copy(arena, values[i].bytes, values[i].length);
    }
}

static void load_wanted(core_memory *memory)
{
    aurora_value values[64];
    aurora__rows *rows = &memory->rows;
    uint32_t count = rows->wanted.count;
    rows->wanted.count = 0;
    for (uint32_t i = 0; i < count; i++) {
        aurora__row *row = rows->wanted.items[i];
        if (row->is_loaded)
            continue;
        aurora__table_pack(&aurora__tables[row->table], row->base, values);
        stored_row *stored = find(memory, row->table, values);
        if (stored == NULL) {
            aurora__rows_loaded(rows, row, NULL);
            continue;
        }
        aurora__table_pack(&aurora__tables[row->table], stored->row, values);
        copy_values(values, &aurora__tables[row->table], aurora__rows_arena(rows, row->table));
        aurora__rows_loaded(rows, row, values);
    }
}

static int64_t version_of(const aurora__table *table, const void *row)
{
    int64_t version;
    memcpy(&version, (const char *)row + table->offsets[table->table.version_column],
           sizeof version);
    return version;
}

static void check_put(core_memory *memory, const aurora__row *row, const aurora_store_put *put)
{
    const aurora__table *table = &aurora__tables[row->table];
    const stored_row *before = find(memory, row->table, put->values);
    if (put->kind == AURORA_PUT_DELETE)
        return;
    for (uint32_t i = 0; i < table->table.column_count; i++)
        ck_assert_msg(put->values[i].kind != 0 || table->table.columns[i].is_nullable,
                      "%s.%s is null", table->table.name, table->table.columns[i].name);
    ck_assert_msg((before == NULL) == (put->kind == AURORA_PUT_INSERT), "%s: insert or update?",
                  table->table.name);
    if (before == NULL || table->table.version_column < 0)
        return;
    ck_assert_int_eq(version_of(table, before->row), put->version_loaded);
    ck_assert_msg(version_of(table, row->data) > put->version_loaded, "%s: the version stands",
                  table->table.name);
}

static void save(core_memory *memory)
{
    aurora_value values[64];
    for (uint32_t i = 0; i < memory->rows.touched.count; i++) {
        const aurora__row *row = memory->rows.touched.items[i];
        aurora_store_put put;
        if (!aurora__rows_put(row, values, &put))
            continue;
        check_put(memory, row, &put);
        replace(memory, row->table, values, put.kind == AURORA_PUT_DELETE ? NULL : row->data);
    }
}

static void begin(core_fixture *fixture)
{
    core_memory *memory = fixture->self;
    memory->batch.sweep = memory->cache.sweep = &memory->sweep;
    reset(&memory->batch);
    reset(&memory->cache);
    aurora__rows_init(&memory->rows, &memory->batch.arena, &memory->cache.arena);
}

static void begin_step(core_fixture *fixture)
{
    core_memory *memory = fixture->self;
    memset(&fixture->step, 0, sizeof fixture->step);
    fixture->step.rows = &memory->rows;
    fixture->step.arena = &memory->batch.arena;
    fixture->step.policy = &fixture->policy;
    fixture->step.now_ms = fixture->now_ms;
    fixture->step.has_parked_keys = fixture->has_parked_keys != 0;
}

static aurora_status decide(core_fixture *fixture, core_decision decision, void *context)
{
    core_memory *memory = fixture->self;
    for (int round = 0; round < 64; round++) {
        begin_step(fixture);
        uint32_t outer = aurora__rows_mark(&memory->rows);
        aurora_status rc = decision(&fixture->step, context);
        if (rc == AURORA_OK) {
            aurora__rows_keep(&memory->rows, outer);
            return rc;
        }
        aurora__rows_undo(&memory->rows, outer);
        fixture->step.event_count = 0;
        if (rc != AURORA__NEED_KEYS)
            return rc;
        bool is_on = memory->sweep.is_on; /* loading is the store's, and fails elsewhere */
        memory->sweep.is_on = false;
        load_wanted(memory);
        memory->sweep.is_on = is_on;
    }
    ck_abort_msg("a decision asks for rows without end");
    return AURORA_ECORE;
}

typedef struct {
    aurora_status status;
    uint32_t events;
    uint32_t parked;
} outcome;

static outcome outcome_of(core_fixture *fixture, core_decision decision, void *context)
{
    aurora_status status = decide(fixture, decision, context);
    return (outcome){status, fixture->step.event_count, fixture->step.parked_count};
}

static bool is_same(const outcome *a, const outcome *b)
{
    return a->status == b->status &&
           (a->status != AURORA_OK || (a->events == b->events && a->parked == b->parked));
}

/* Each allocation fails in turn, once: the decision says so, or did not need it; and the next one
 * on the same rows finds them as they were. */
static void sweep(core_fixture *fixture, core_decision decision, void *context)
{
    core_memory *memory = fixture->self;
    begin(fixture);
    outcome wanted = outcome_of(fixture, decision, context);
    for (uint32_t at = 0; at < SWEEP_MAX; at++) {
        memory->sweep = (failing){.is_exact = true};
        begin(fixture);
        memory->sweep.left = at;
        memory->sweep.is_on = true;
        outcome failed = outcome_of(fixture, decision, context);
        memory->sweep.is_on = false;
        if (!memory->sweep.is_failed)
            break;
        ck_assert_msg(failed.status == AURORA_ENOMEM || is_same(&failed, &wanted),
                      "allocation %u fails: status %d, %u events, %u parked; wanted %d, %u, %u", at,
                      (int)failed.status, failed.events, failed.parked, (int)wanted.status,
                      wanted.events, wanted.parked);
        if (failed.status == AURORA_OK)
            continue;
        outcome again = outcome_of(fixture, decision, context);
        ck_assert_msg(is_same(&again, &wanted), "after allocation %u failed: status %d", at,
                      (int)again.status);
    }
}

aurora_status core_fixture_run(core_fixture *fixture, core_decision decision, void *context)
{
    core_memory *memory = fixture->self;
    if (!fixture->is_run_once)
        sweep(fixture, decision, context);
    memory->sweep = (failing){0};
    begin(fixture);
    aurora_status rc = decide(fixture, decision, context);
    if (rc == AURORA_OK)
        save(fixture->self);
    return rc;
}

/* --- life cycle and looks --------------------------------------------------------------------- */

core_fixture *core_fixture_new(void)
{
    core_fixture *fixture = calloc(1, sizeof *fixture);
    core_memory *memory = calloc(1, sizeof *memory);
    ck_assert_ptr_nonnull(fixture);
    ck_assert_ptr_nonnull(memory);
    fixture->self = memory;
    fixture->now_ms = CORE_FIXTURE_NOW;
    fixture->policy = (aurora__policy){.modules = AURORA__MODULE_ALL,
                                       .provider = AURORA__PROVIDER_SIMULATOR,
                                       .order_deadline_ms = 300000,
                                       .late_grace_ms = 60000,
                                       .tombstone_ms = 86400000,
                                       .resend_first_ms = 10000,
                                       .resend_max_ms = 600000,
                                       .attempts_max = 20,
                                       .park_after_ms = 900000,
                                       .park_attempts_min = 5,
                                       .retry_first_ms = 1000,
                                       .retry_max_ms = 60000,
                                       .event_bytes_max = 900000};
    begin(fixture);
    return fixture;
}

void core_fixture_free(core_fixture *fixture)
{
    if (fixture == NULL)
        return;
    core_memory *memory = fixture->self;
    reset(&memory->batch);
    reset(&memory->cache);
    while (memory->stored_count > 0)
        take_out(memory, &memory->stored[0]);
    free(memory->stored);
    free(memory);
    free(fixture);
}

void core_fixture_put(core_fixture *fixture, uint32_t table, const void *row)
{
    aurora_value values[64];
    aurora__table_pack(&aurora__tables[table], row, values);
    replace(fixture->self, table, values, row);
}

const void *core_fixture_get(const core_fixture *fixture, const aurora__key *key)
{
    const stored_row *stored = find(fixture->self, key->table, key->values);
    return stored == NULL ? NULL : stored->row;
}

const void *core_fixture_get_by_id(const core_fixture *fixture, uint32_t table, aurora_id id)
{
    aurora__key key = aurora__key_uuid(table, &id);
    return core_fixture_get(fixture, &key);
}

uint32_t core_fixture_count(const core_fixture *fixture, uint32_t table)
{
    const core_memory *memory = fixture->self;
    uint32_t count = 0;
    for (size_t i = 0; i < memory->stored_count; i++)
        count += memory->stored[i].table == table;
    return count;
}

const aurora__event *core_fixture_event(const core_fixture *fixture)
{
    ck_assert_uint_eq(fixture->step.event_count, 1);
    return fixture->step.events[0];
}

uint32_t core_fixture_events_of(const core_fixture *fixture, int32_t kind)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < fixture->step.event_count; i++)
        count += fixture->step.events[i]->kind == kind;
    return count;
}

aurora_id core_fixture_order_id(uint32_t n)
{
    aurora_id id = {{0x01, 0x97, 0x5C, 0, 0, 0, 0x70, 0, 0x80, 0}};
    uint32_t shifted = n << 3;
    for (int i = 0; i < 4; i++)
        id.bytes[12 + i] = (uint8_t)(shifted >> (24 - 8 * i));
    return id;
}
