/* SPDX-License-Identifier: MIT */
/* Timers are due_at columns: an unlocked read finds what is due, commands decide whether it fires.
 * The next time is kept, so that a turn with nothing due reads nothing. */
#include "engine/internal.h"

#include "core/inventory.h"
#include "core/recent.h"
#include "engine/trace.h"

#include <string.h>

#define AT_ONCE 256
#define PAYMENTS_AT_ONCE 64
#define LOOK_EVERY_NS 1000000000
#define HOLD_NS 1000000000

typedef struct {
    aurora__command head;
    int64_t due_ms;
    aurora_id order_id;
    char scope[AURORA_TEXT_BYTES_MAX + 1];
    char key[AURORA_KEY_BYTES_MAX + 1];
} due_command;

/* A timer that was refused stays due: the next look is a second away, not at once. */
void aurora__timer_hold(aurora__engine *engine)
{
    engine->timer_hold_ns = aurora__engine_monotonic_ns(engine) + HOLD_NS;
}

static void drop_due(aurora__command *command, aurora_status status)
{
    aurora__engine *engine = command->engine;
    aurora__timer_hold(engine);
    aurora__engine_log(engine, AURORA_LOG_WARNING, "engine", "the timer of a %s was refused: %s",
                       command->class_of->name, aurora_status_name(status));
}

static bool finish_due(aurora__command *command, aurora__turn *turn, aurora_status status)
{
    aurora__counters *counters = &turn->engine->counters;
    aurora__counter_add(counters->timers_fired, 1);
    if (status == AURORA_OK)
        aurora__saga_counts_timer(&counters->saga, ((const due_command *)command)->due_ms,
                                  turn->step.now_ms);
    else
        drop_due(command, status);
    return true;
}

static aurora_status order_keys(aurora__command *command, aurora__turn *turn)
{
    return aurora__saga_keys(&turn->step, &((due_command *)command)->order_id);
}

static aurora_status order_decide(aurora__command *command, aurora__turn *turn)
{
    return aurora__order_due(&turn->step, &((due_command *)command)->order_id);
}

static aurora_status hold_keys(aurora__command *command, aurora__turn *turn)
{
    const due_command *due = (const due_command *)command;
    return aurora__hold_keys(&turn->step, due->scope, due->key);
}

static aurora_status hold_decide(aurora__command *command, aurora__turn *turn)
{
    const due_command *due = (const due_command *)command;
    return aurora__hold_expire(&turn->step, due->scope, due->key);
}

static void order_describe(const aurora__command *command, aurora__span_draft *draft)
{
    aurora__span_name(draft, "time", "order");
    aurora__span_order(draft, &((const due_command *)command)->order_id);
}

static const aurora__command_class order_class = {.name = "order_timer",
                                                  .keys = order_keys,
                                                  .decide = order_decide,
                                                  .finish = finish_due,
                                                  .drop = drop_due,
                                                  .describe = order_describe};
static const aurora__command_class hold_class = {.name = "hold_timer",
                                                 .keys = hold_keys,
                                                 .decide = hold_decide,
                                                 .finish = finish_due,
                                                 .drop = drop_due};

/* --- whose timer it is ------------------------------------------------------------------------ */

/* Where several instances share a store, who stored a due time fires it; the others only what is
 * overdue, as after a crash. So no row is locked by all of them each second. */
#define OWN_ROWS 16384u
#define OTHERS_MS 2000

aurora_status aurora__timer_share(aurora__engine *engine)
{
    const aurora_allocator *allocator = engine->options.allocator;
    engine->own_rows = allocator->allocate(allocator->self, OWN_ROWS * sizeof *engine->own_rows);
    if (engine->own_rows == NULL)
        return AURORA_ENOMEM;
    memset(engine->own_rows, 0, OWN_ROWS * sizeof *engine->own_rows);
    return AURORA_OK;
}

static uint64_t mark_of(uint32_t table, const void *row)
{
    aurora__key key;
    if (table == AURORA__TABLE_hold) {
        const aurora__hold_row *hold = row;
        key = aurora__key_texts(table, hold->scope, hold->key_text);
    } else {
        key = aurora__key_uuid(table, row); /* the id is their first member */
    }
    return (uint64_t)aurora__row_hash(&key) + 1;
}

static void note_own(const aurora__engine *engine, const aurora__row *row)
{
    if (engine->own_rows == NULL)
        return;
    uint64_t mark = mark_of(row->table, row->data);
    engine->own_rows[mark % OWN_ROWS] = mark;
}

static bool is_ours(const aurora__engine *engine, uint32_t table, const void *row)
{
    if (engine->own_rows == NULL)
        return true;
    uint64_t mark = mark_of(table, row);
    return engine->own_rows[mark % OWN_ROWS] == mark;
}

static int64_t due_of(const aurora__row *row)
{
    switch (row->table) {
    case AURORA__TABLE_order:
        return ((const aurora__order_row *)row->data)->due_at;
    case AURORA__TABLE_payment:
        return ((const aurora__payment_row *)row->data)->due_at;
    case AURORA__TABLE_hold:
        return ((const aurora__hold_row *)row->data)->due_at;
    case AURORA__TABLE_notification:
        return ((const aurora__notification_row *)row->data)->due_at;
    default:
        return 0;
    }
}

void aurora__timer_note(aurora__engine *engine, const aurora__row *row)
{
    int64_t due_ms = due_of(row);
    if (due_ms == 0)
        return;
    if (due_ms < engine->next_due_ms)
        engine->next_due_ms = due_ms;
    if (row->table != AURORA__TABLE_notification)
        note_own(engine, row);
}

/* --- commands --------------------------------------------------------------------------------- */

static aurora__command *order_command(aurora__engine *engine, const void *row)
{
    due_command *due = aurora__command_new(engine, &order_class, sizeof *due);
    if (due == NULL)
        return NULL;
    due->order_id = ((const aurora__order_row *)row)->id;
    due->due_ms = ((const aurora__order_row *)row)->due_at;
    return &due->head;
}

static aurora__command *hold_command(aurora__engine *engine, const void *row)
{
    const aurora__hold_row *hold = row;
    due_command *due = aurora__command_new(engine, &hold_class, sizeof *due);
    if (due == NULL)
        return NULL;
    due->due_ms = hold->due_at;
    memcpy(due->scope, hold->scope, strnlen(hold->scope, sizeof due->scope - 1));
    memcpy(due->key, hold->key_text, strnlen(hold->key_text, sizeof due->key - 1));
    return &due->head;
}

static aurora__command *payment_command(aurora__engine *engine, const void *row)
{
    return engine->payment_maker(engine, &((const aurora__payment_row *)row)->order_id);
}

typedef struct {
    uint32_t table;
    int32_t index;
    uint64_t columns;
    aurora__command *(*make)(aurora__engine *engine, const void *row);
    size_t due_offset;
    uint32_t limit;
} timer_kind;

static const timer_kind kinds[] = {
    {AURORA__TABLE_order, AURORA__INDEX_ORDER_DUE, 0, order_command,
     offsetof(aurora__order_row, due_at), AT_ONCE},
    {AURORA__TABLE_hold, AURORA__INDEX_HOLD_DUE, 0, hold_command,
     offsetof(aurora__hold_row, due_at), AT_ONCE},
    {AURORA__TABLE_payment, AURORA__INDEX_PAYMENT_DUE, 0, payment_command,
     offsetof(aurora__payment_row, due_at), PAYMENTS_AT_ONCE},
};

/* Due rows of one kind become commands; *next_out takes the earliest time that is not due yet. */
static uint32_t collect(aurora__engine *engine, aurora_store_txn *txn, const timer_kind *kind,
                        aurora__command **commands, uint32_t room, int64_t *next_out)
{
    const aurora__table *table = &aurora__tables[kind->table];
    uint32_t limit = room < kind->limit ? room : kind->limit;
    uint32_t count = 0;
    uint32_t made = 0;
    aurora__query_arena arena;
    aurora__query_arena_init(&arena, engine->options.allocator);
    char *rows =
        limit == 0 ? NULL : aurora__arena_take(&arena.arena, (size_t)limit * table->struct_size);
    aurora__range range = {.table = kind->table, .index = kind->index, .limit = limit};
    aurora_status rc = rows == NULL
                           ? AURORA_ENOMEM
                           : aurora__engine_scan(engine, txn, &range, &arena, rows, &count);
    int64_t now_ms = aurora__engine_now(engine);
    for (uint32_t i = 0; rc == AURORA_OK && i < count; i++) {
        const char *row = rows + (size_t)i * table->struct_size;
        int64_t due;
        memcpy(&due, row + kind->due_offset, sizeof due);
        if (due > now_ms) {
            *next_out = due < *next_out ? due : *next_out;
            break;
        }
        if (due > now_ms - OTHERS_MS && !is_ours(engine, kind->table, row)) {
            *next_out = due + OTHERS_MS < *next_out ? due + OTHERS_MS : *next_out;
            continue;
        }
        commands[made] = kind->make(engine, row);
        if (commands[made] != NULL)
            made++;
    }
    if (made > 0 || rc != AURORA_OK)
        *next_out = 0;
    aurora__query_arena_free(&arena);
    if (rc != AURORA_OK && limit > 0)
        aurora__timer_hold(engine);
    return made;
}

uint32_t aurora__timer_collect(aurora__engine *engine, aurora__command **commands, uint32_t room)
{
    int64_t now_ns = aurora__engine_monotonic_ns(engine);
    bool is_due = aurora__engine_now(engine) >= engine->next_due_ms;
    bool may_others = (engine->store.flags & AURORA_STORE_PRIVATE) == 0 &&
                      now_ns - engine->due_checked_ns > LOOK_EVERY_NS;
    if (engine->options.is_readonly || room == 0 || (!is_due && !may_others) ||
        now_ns < engine->timer_hold_ns || atomic_load(&engine->health) == AURORA_ECORE)
        return 0;
    aurora_store_txn *txn;
    if (aurora__engine_read_begin(engine, &txn) != AURORA_OK) {
        aurora__timer_hold(engine);
        return 0;
    }
    engine->due_checked_ns = now_ns;
    int64_t next = INT64_MAX;
    uint32_t count = 0;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (kinds[i].make == payment_command && engine->payment_maker == NULL)
            continue;
        count += collect(engine, txn, &kinds[i], commands + count, room - count, &next);
    }
    aurora__engine_read_end(engine, txn);
    engine->next_due_ms = next;
    return count;
}

void aurora__engine_drive_payments(aurora__engine *engine, aurora__due_command maker)
{
    engine->payment_maker = maker;
    engine->next_due_ms = 0;
}
