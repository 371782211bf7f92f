/* SPDX-License-Identifier: MIT */
/* I1: the counters of each SKU against the movements, the reservations of orders and the
 * stand-alone ones, added up anew. */
#include "engine/verify.h"

#include "core/json.h"
#include "core/stock.h"

#include <aurora/stock.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MOVEMENT_RETURN 3

/* What the rows say of one SKU. */
typedef struct {
    int64_t received;
    int64_t written_off;
    int64_t reserved;
    int64_t sold;
    bool has_overflow;
    bool is_used;
    bool has_stock;
} tally;

/* By the SKU's number: those are given out from 1 on without gaps. */
typedef struct {
    aurora__verify *verify;
    const aurora_allocator *allocator;
    tally *items;
    size_t capacity;
} tallies;

#define NUMBER_MAX INT64_C(100000000)

static tally *tally_of(tallies *all, int64_t sku_id)
{
    if (sku_id < 0 || sku_id > NUMBER_MAX)
        return NULL;
    if ((size_t)sku_id >= all->capacity) {
        size_t capacity = all->capacity == 0 ? 1024 : all->capacity * 2;
        while (capacity <= (size_t)sku_id)
            capacity *= 2;
        tally *items =
            all->allocator->reallocate(all->allocator->self, all->items, capacity * sizeof *items);
        if (items == NULL) {
            all->verify->status = AURORA_ENOMEM;
            return NULL;
        }
        memset(items + all->capacity, 0, (capacity - all->capacity) * sizeof *items);
        all->items = items;
        all->capacity = capacity;
    }
    all->items[sku_id].is_used = true;
    return &all->items[sku_id];
}

static void add(tally *to, int64_t *counter, int64_t quantity)
{
    if (__builtin_add_overflow(*counter, quantity, counter))
        to->has_overflow = true;
}

/* --- adding up -------------------------------------------------------------------------------- */

static void add_movement(tallies *all, const aurora__movement_row *row)
{
    tally *to = tally_of(all, row->sku_id);
    if (to == NULL) {
        aurora__verify_violation(all->verify, "I1", row->key_text,
                                 "a movement has the SKU number %" PRId64, row->sku_id);
        return;
    }
    bool may_be_negative = row->kind == AURORA_MOVEMENT_ADJUSTMENT;
    if (row->quantity == 0 || (row->quantity < 0 && !may_be_negative) ||
        row->kind < AURORA_MOVEMENT_RECEIPT || row->kind > MOVEMENT_RETURN)
        aurora__verify_violation(all->verify, "I1", row->key_text,
                                 "a movement of kind %" PRId64 " has quantity %" PRId64, row->kind,
                                 row->quantity);
    if (row->quantity < 0)
        add(to, &to->written_off, -row->quantity);
    else
        add(to, &to->received, row->quantity);
}

/* Lines are [[sku number,quantity],...]. */
static bool add_lines(tallies *all, const char *lines, int64_t state)
{
    bool is_reserved = state == AURORA_RESERVATION_RESERVED;
    bool is_sold = state == AURORA_RESERVATION_COMMITTED || state == AURORA_RESERVATION_RETURNED;
    aurora__json_reader reader;
    uint32_t count = 0;
    if (!is_reserved && !is_sold)
        return true;
    if (lines == NULL)
        return false;
    aurora__json_read(&reader, lines, strlen(lines));
    aurora__json_expect(&reader, '[');
    while (aurora__json_next(&reader, &count)) {
        aurora__json_expect(&reader, '[');
        int64_t sku_id = aurora__json_take_integer(&reader);
        aurora__json_expect(&reader, ',');
        int64_t quantity = aurora__json_take_integer(&reader);
        aurora__json_expect(&reader, ']');
        tally *to = reader.is_failed ? NULL : tally_of(all, sku_id);
        if (to == NULL)
            return false;
        add(to, is_reserved ? &to->reserved : &to->sold, quantity);
    }
    return !reader.is_failed;
}

static void add_movements(tallies *all)
{
    aurora__verify_stream stream;
    const aurora__movement_row *movement;
    aurora__verify_stream_begin(&stream, all->verify, AURORA__TABLE_movement, 0);
    while ((movement = aurora__verify_stream_next(&stream)) != NULL)
        add_movement(all, movement);
    aurora__verify_stream_end(&stream);
}

static void add_reservations(tallies *all)
{
    aurora__verify_stream stream;
    const aurora__reservation_row *reservation;
    const aurora__hold_row *hold;
    aurora__verify_stream_begin(&stream, all->verify, AURORA__TABLE_reservation, 0);
    while ((reservation = aurora__verify_stream_next(&stream)) != NULL) {
        if (!add_lines(all, reservation->lines, reservation->state))
            aurora__verify_order_violation(all->verify, "I1", &reservation->order_id,
                                           "the lines of the reservation are damaged");
    }
    aurora__verify_stream_end(&stream);
    aurora__verify_stream_begin(&stream, all->verify, AURORA__TABLE_hold, 0);
    while ((hold = aurora__verify_stream_next(&stream)) != NULL) {
        if (!add_lines(all, hold->lines, hold->state))
            aurora__verify_violation(all->verify, "I1", hold->key_text,
                                     "the lines of the reservation are damaged");
    }
    aurora__verify_stream_end(&stream);
}

/* --- comparing -------------------------------------------------------------------------------- */

static void name_sku(aurora__verify *verify, int64_t sku_id, char *out, size_t size)
{
    aurora__query_arena arena;
    aurora__sku_row row;
    uint32_t count = 0;
    aurora_value bound = {.kind = AURORA_COLUMN_INT64, .number = sku_id};
    aurora__range range = {.table = AURORA__TABLE_sku,
                           .index = AURORA__INDEX_SKU_ID,
                           .lower = &bound,
                           .upper = &bound,
                           .lower_count = 1,
                           .upper_count = 1,
                           .limit = 1};
    aurora__query_arena_init(&arena, aurora__engine_allocator(verify->engine));
    aurora_status rc =
        aurora__engine_scan(verify->engine, verify->txn, &range, &arena, &row, &count);
    if (rc == AURORA_OK && count == 1)
        snprintf(out, size, "%s", row.sku);
    else
        snprintf(out, size, "number %" PRId64, sku_id);
    aurora__query_arena_free(&arena);
}

static void compare(tallies *all, const aurora__stock_row *row)
{
    char sku[AURORA_SKU_BYTES_MAX + 32];
    tally *is = tally_of(all, row->id);
    if (is == NULL)
        return;
    is->has_stock = true;
    bool is_same = !is->has_overflow && row->received == is->received &&
                   row->written_off == is->written_off && row->reserved == is->reserved &&
                   row->sold == is->sold;
    if (is_same && aurora__stock_is_balanced(row))
        return;
    name_sku(all->verify, row->id, sku, sizeof sku);
    if (!aurora__stock_is_balanced(row))
        aurora__verify_violation(all->verify, "I1", sku,
                                 "available %" PRId64 " + reserved %" PRId64 " + sold %" PRId64
                                 " is not received %" PRId64 " - written off %" PRId64,
                                 row->available, row->reserved, row->sold, row->received,
                                 row->written_off);
    if (!is_same)
        aurora__verify_violation(all->verify, "I1", sku,
                                 "received %" PRId64 ", written off %" PRId64 ", reserved %" PRId64
                                 ", sold %" PRId64 "; its rows add up to %" PRId64 ", %" PRId64
                                 ", %" PRId64 ", %" PRId64,
                                 row->received, row->written_off, row->reserved, row->sold,
                                 is->received, is->written_off, is->reserved, is->sold);
}

static void compare_all(tallies *all)
{
    aurora__verify_stream stream;
    const aurora__stock_row *row;
    aurora__verify_stream_begin(&stream, all->verify, AURORA__TABLE_stock, 0);
    while ((row = aurora__verify_stream_next(&stream)) != NULL) {
        all->verify->sku_count++;
        compare(all, row);
    }
    aurora__verify_stream_end(&stream);
    for (size_t i = 0; all->verify->status == AURORA_OK && i < all->capacity; i++) {
        char sku[AURORA_SKU_BYTES_MAX + 32];
        if (!all->items[i].is_used || all->items[i].has_stock)
            continue;
        name_sku(all->verify, (int64_t)i, sku, sizeof sku);
        aurora__verify_violation(all->verify, "I1", sku, "has movements or reservations, no stock");
    }
}

void aurora__verify_stock(aurora__verify *verify)
{
    tallies all = {.verify = verify, .allocator = aurora__engine_allocator(verify->engine)};
    add_movements(&all);
    add_reservations(&all);
    compare_all(&all);
    all.allocator->release(all.allocator->self, all.items);
}
