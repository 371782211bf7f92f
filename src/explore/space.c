/* SPDX-License-Identifier: MIT */
/* The distinct rows and events that states refer to by number. Times and versions are brought to
 * one value each, so that there are finitely many: a timer may fire whenever it is set, and what a
 * version counts is checked as it is written. */
#include "explore/space.h"

#include "codec/log.h"
#include "core/order.h"
#include "core/payment.h"
#include "core/transition.h"
#include "explore/times.h"

#include <aurora/event.h>

#include <stdlib.h>

#define BLOCK_BYTES 65536

/* --- memory ------------------------------------------------------------------------------- */

static void *grow(void *self, size_t bytes, size_t *size_out)
{
    aurora__explore_memory *memory = self;
    size_t size = bytes < BLOCK_BYTES ? BLOCK_BYTES : bytes;
    void **block = malloc(sizeof(void *) * 2 + size);
    if (block == NULL)
        abort(); /* nothing was searched then, and there is nothing to say */
    block[0] = memory->first;
    memory->first = block;
    *size_out = size;
    return block + 2;
}

void aurora__explore_memory_reset(aurora__explore_memory *memory)
{
    while (memory->first != NULL) {
        void *next = *(void **)memory->first;
        free(memory->first);
        memory->first = next;
    }
    memory->arena = (aurora__arena){.self = memory, .grow = grow};
}

/* --- abstract values ---------------------------------------------------------------------- */

static void set_time(int64_t *time, int64_t value)
{
    if (*time != 0)
        *time = value;
}

static void abstract_order(aurora__order_row *row)
{
    bool has_outcome = row->status >= AURORA_ORDER_COMPLETED;
    set_time(&row->created_at, EXPLORE_NOW);
    set_time(&row->placed_at, EXPLORE_NOW);
    set_time(&row->updated_at, EXPLORE_NOW);
    set_time(&row->settled_at, EXPLORE_NOW);
    set_time(&row->parked_at, EXPLORE_NOW);
    set_time(&row->resend_at, EXPLORE_NOW + EXPLORE_RESEND_MS);
    set_time(&row->due_at, has_outcome || EXPLORE_RESEND_MS < EXPLORE_DEADLINE_MS
                               ? EXPLORE_NOW + EXPLORE_RESEND_MS
                               : EXPLORE_NOW + EXPLORE_DEADLINE_MS);
    row->deadline_at = EXPLORE_NOW + EXPLORE_DEADLINE_MS;
    row->resend_count = 0;
    row->version = 1;
    row->created_version = 0;
    row->transitions = "[0]";
}

static void abstract_payment(aurora__payment_row *row)
{
    set_time(&row->created_at, EXPLORE_NOW);
    set_time(&row->updated_at, EXPLORE_NOW);
    set_time(&row->first_attempt_at, EXPLORE_NOW);
    set_time(&row->parked_at, EXPLORE_NOW);
    set_time(&row->due_at,
             row->call == AURORA__CALL_TAKEN ? EXPLORE_NOW + EXPLORE_LEASE_MS : EXPLORE_NOW);
    row->version = 1;
}

static void abstract(uint32_t table, void *row)
{
    switch (table) {
    case AURORA__TABLE_order:
        abstract_order(row);
        break;
    case AURORA__TABLE_payment:
        abstract_payment(row);
        break;
    case AURORA__TABLE_reservation: {
        aurora__reservation_row *reservation = row;
        set_time(&reservation->created_at, EXPLORE_NOW);
        set_time(&reservation->updated_at, EXPLORE_NOW);
        set_time(&reservation->held_at, EXPLORE_NOW);
        reservation->version = 1;
        break;
    }
    default:
        ((aurora__stock_row *)row)->version = 1;
        break;
    }
}

/* --- rows --------------------------------------------------------------------------------- */

/* The values as one run of bytes. */
static char *flatten(aurora__explore_space *space, const aurora_value *values, uint32_t count,
                     uint32_t *length_out)
{
    uint32_t length = 0;
    for (uint32_t i = 0; i < count; i++)
        length += 16 + (values[i].bytes == NULL ? 0 : values[i].length);
    char *bytes = aurora__arena_take(&space->batch.arena, length);
    char *at = bytes;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t size = values[i].bytes == NULL ? 0 : values[i].length;
        memset(at, 0, 16);
        memcpy(at, &values[i].kind, sizeof values[i].kind);
        at[7] = (char)(values[i].bytes != NULL);
        memcpy(at + 8, size > 0 ? (const void *)&size : (const void *)&values[i].number,
               size > 0 ? sizeof size : sizeof values[i].number);
        if (size > 0)
            memcpy(at + 16, values[i].bytes, size);
        at += 16 + size;
    }
    *length_out = (uint32_t)(at - bytes);
    return bytes;
}

static void keep_row(aurora__explore_space *space, aurora__explore_row *kept,
                     const aurora_value *values, uint32_t count)
{
    aurora__arena *arena = &space->memory.arena;
    aurora_value *copy = aurora__arena_take(arena, count * sizeof *copy);
    for (uint32_t i = 0; i < count; i++) {
        copy[i] = values[i];
        if (values[i].bytes != NULL)
            copy[i].bytes = aurora__arena_copy(arena, values[i].bytes, values[i].length);
    }
    const aurora__table *table = &aurora__tables[kept->table];
    kept->values = copy;
    kept->bytes = aurora__arena_copy(arena, kept->bytes, kept->length);
    kept->row = aurora__arena_zero(arena, table->struct_size);
    if (aurora__table_unpack(table, copy, kept->row) != AURORA_OK)
        abort(); /* it was packed a moment ago */
}

uint16_t aurora__explore_row_number(aurora__explore_space *space, uint32_t table, void *row)
{
    aurora_value values[64];
    uint32_t count = aurora__tables[table].table.column_count;
    aurora__explore_row made = {.table = table};
    abstract(table, row);
    aurora__table_pack(&aurora__tables[table], row, values);
    made.bytes = flatten(space, values, count, &made.length);
    for (uint32_t i = 1; i < space->row_count; i++) {
        const aurora__explore_row *known = &space->rows[i];
        if (known->table == table && known->length == made.length &&
            memcmp(known->bytes, made.bytes, made.length) == 0)
            return (uint16_t)i;
    }
    if (space->row_count == sizeof space->rows / sizeof space->rows[0])
        abort(); /* some column was not brought to an abstract value */
    keep_row(space, &made, values, count);
    space->rows[space->row_count] = made;
    return (uint16_t)space->row_count++;
}

/* --- events ------------------------------------------------------------------------------- */

uint16_t aurora__explore_event_number(aurora__explore_space *space, aurora__event *event)
{
    event->at_ms = EXPLORE_NOW;
    event->order_version = 1;
    const char *text = aurora__event_encode(&space->batch.arena, event);
    for (uint32_t i = 1; i < space->event_count; i++) {
        if (strcmp(space->events[i].text, text) == 0)
            return (uint16_t)i;
    }
    if (space->event_count == sizeof space->events / sizeof space->events[0])
        abort();
    space->events[space->event_count] =
        (aurora__explore_event){.text = aurora__arena_text(&space->memory.arena, text),
                                .kind = event->kind,
                                .is_resend = event->is_resend};
    return (uint16_t)space->event_count++;
}

/* --- life cycle --------------------------------------------------------------------------- */

static const uint32_t deployments[5][AURORA__EXPLORE_MODULES] = {
    {AURORA__MODULE_ORDER | AURORA__MODULE_INVENTORY | AURORA__MODULE_PAYMENT},
    {AURORA__MODULE_ORDER, AURORA__MODULE_INVENTORY, AURORA__MODULE_PAYMENT},
    {AURORA__MODULE_ORDER | AURORA__MODULE_INVENTORY, AURORA__MODULE_PAYMENT},
    {AURORA__MODULE_ORDER | AURORA__MODULE_PAYMENT, AURORA__MODULE_INVENTORY},
    {AURORA__MODULE_ORDER, AURORA__MODULE_INVENTORY | AURORA__MODULE_PAYMENT},
};

const char *aurora__explore_deployment(uint32_t deployment)
{
    static const char *const names[] = {"one engine", "order | inventory | payment",
                                        "order+inventory | payment", "order+payment | inventory",
                                        "order | inventory+payment"};
    return deployment < 5 ? names[deployment] : "";
}

aurora__explore_space *aurora__explore_space_new(const aurora__explore_scope *scope)
{
    aurora__explore_space *space = calloc(1, sizeof *space);
    if (space == NULL)
        abort();
    space->scope = scope;
    space->row_count = 1;
    space->event_count = 1;
    aurora__explore_memory_reset(&space->memory);
    aurora__explore_memory_reset(&space->batch);
    for (uint8_t i = 0; i < AURORA__EXPLORE_MODULES; i++) {
        space->modules[i] = deployments[scope->deployment][i];
        for (uint8_t module = 0; module < AURORA__EXPLORE_MODULES; module++) {
            if ((space->modules[i] & 1u << module) != 0)
                space->service_of[module] = i;
        }
    }
    aurora__stock_row stock = {.id = 1, .available = 1, .received = 1};
    space->first_stock = aurora__explore_row_number(space, AURORA__TABLE_stock, &stock);
    return space;
}

void aurora__explore_space_free(aurora__explore_space *space)
{
    aurora__explore_memory_reset(&space->memory);
    aurora__explore_memory_reset(&space->batch);
    free(space->questions);
    free(space->answers);
    free(space);
}
