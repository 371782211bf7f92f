/* SPDX-License-Identifier: MIT */
#include "codec_fixture.h"

#include "test.h"

#include <aurora/event.h>

#include <stdlib.h>
#include <string.h>

static void *grow(void *self, size_t bytes, size_t *size_out)
{
    codec_arena *arena = self;
    if (arena->left == 0)
        return NULL;
    if (arena->left > 0)
        arena->left--;
    if (arena->count == arena->capacity) {
        arena->capacity = arena->capacity * 2 + 16;
        arena->blocks = realloc(arena->blocks, arena->capacity * sizeof *arena->blocks);
        ck_assert_ptr_nonnull(arena->blocks);
    }
    void *block = malloc(bytes);
    ck_assert_ptr_nonnull(block);
    arena->blocks[arena->count++] = block;
    *size_out = bytes;
    return block;
}

void codec_arena_init(codec_arena *arena)
{
    *arena = (codec_arena){.left = -1};
    arena->arena.self = arena;
    arena->arena.grow = grow;
}

void codec_arena_reset(codec_arena *arena)
{
    for (size_t i = 0; i < arena->count; i++)
        free(arena->blocks[i]);
    arena->count = 0;
    arena->arena.at = NULL;
    arena->arena.end = NULL;
}

void codec_arena_deinit(codec_arena *arena)
{
    codec_arena_reset(arena);
    free(arena->blocks);
}

aurora_id codec_id(uint8_t last)
{
    aurora_id id = {{0x01, 0x98, 0xc0, 0xde, 0, 0, 0x70, 0, 0x80}};
    id.bytes[15] = last;
    return id;
}

void codec_saga_init(codec_saga *saga)
{
    static const int32_t kinds[CODEC_EVENTS] = {
        AURORA_EVENT_ORDER_CREATED,       AURORA_EVENT_INVENTORY_RESERVED,
        AURORA_EVENT_PAYMENT_AUTHORIZED,  AURORA_EVENT_ORDER_COMPLETED,
        AURORA_EVENT_INVENTORY_COMMITTED, AURORA_EVENT_PAYMENT_CAPTURED};
    static const int64_t versions[CODEC_EVENTS] = {1, 1, 1, 3, 3, 3};
    saga->saga = (aurora__saga){.customer_id = "customer-4711",
                                .contact = "ann@example.com",
                                .currency = "EUR",
                                .payment_method = "tok_approve",
                                .total_minor = 4598,
                                .deadline_at = CODEC_NOW + 300000,
                                .placed_at = CODEC_NOW};
    for (int i = 0; i < CODEC_EVENTS; i++) {
        aurora__event *event = &saga->events[i];
        *event = (aurora__event){.kind = kinds[i],
                                 .order_id = codec_id(8),
                                 .order_version = versions[i],
                                 .at_ms = CODEC_NOW,
                                 .saga = &saga->saga};
        if (kinds[i] == AURORA_EVENT_ORDER_CREATED || kinds[i] == AURORA_EVENT_ORDER_COMPLETED)
            event->lines = "[[\"SKU-000123\",2,1999],[\"SKU-000456\",1,600]]";
        if (kinds[i] == AURORA_EVENT_PAYMENT_AUTHORIZED ||
            kinds[i] == AURORA_EVENT_PAYMENT_CAPTURED)
            event->amount_minor = 4598;
        saga->list[i] = event;
    }
}

const aurora__product_row codec_product = {
    .sku = "SKU-1",
    .name = "Lamp \"Aurora\"",
    .description = "Two lines:\na \\ and a tab\t.",
    .brand = "Lumen",
    .category = "lamps",
    .price_minor = 1999,
    .currency = "EUR",
    .attributes = "[[\"colour\",\"gr\xc3\xbcn\"]]",
    .version = 3,
    .created_at = CODEC_NOW - 1000,
    .updated_at = CODEC_NOW,
};

static void assert_text(const char *actual, const char *expected)
{
    ck_assert_pstr_eq(actual, expected);
}

static void assert_saga(const aurora__saga *actual, const aurora__saga *expected)
{
    ck_assert((actual == NULL) == (expected == NULL));
    if (actual == NULL || actual == expected)
        return;
    assert_text(actual->customer_id, expected->customer_id);
    assert_text(actual->contact, expected->contact);
    assert_text(actual->currency, expected->currency);
    assert_text(actual->payment_method, expected->payment_method);
    assert_text(actual->traceparent, expected->traceparent);
    ck_assert_int_eq(actual->total_minor, expected->total_minor);
    ck_assert_int_eq(actual->deadline_at, expected->deadline_at);
    ck_assert_int_eq(actual->placed_at, expected->placed_at);
}

static void assert_product(const aurora__product_row *actual, const aurora__product_row *expected)
{
    ck_assert((actual == NULL) == (expected == NULL));
    if (actual == NULL)
        return;
    assert_text(actual->sku, expected->sku);
    assert_text(actual->name, expected->name);
    assert_text(actual->description, expected->description);
    assert_text(actual->brand, expected->brand);
    assert_text(actual->category, expected->category);
    assert_text(actual->image_url, expected->image_url);
    ck_assert_int_eq(actual->price_minor, expected->price_minor);
    assert_text(actual->currency, expected->currency);
    assert_text(actual->attributes, expected->attributes);
    ck_assert_int_eq(actual->version, expected->version);
    ck_assert_int_eq(actual->is_deleted, expected->is_deleted);
    ck_assert_int_eq(actual->created_at, expected->created_at);
    ck_assert_int_eq(actual->updated_at, expected->updated_at);
}

void codec_assert_event(const aurora__event *actual, const aurora__event *expected)
{
    ck_assert_int_eq(actual->kind, expected->kind);
    ck_assert_int_eq(actual->is_resend, expected->is_resend);
    aurora_assert_id_eq(actual->order_id, expected->order_id);
    ck_assert_int_eq(actual->order_version, expected->order_version);
    ck_assert_int_eq(actual->at_ms, expected->at_ms);
    ck_assert_int_eq(actual->reason, expected->reason);
    assert_saga(actual->saga, expected->saga);
    assert_text(actual->lines, expected->lines);
    assert_text(actual->short_lines, expected->short_lines);
    ck_assert_int_eq(actual->amount_minor, expected->amount_minor);
    assert_text(actual->decline_code, expected->decline_code);
    ck_assert_int_eq(actual->action, expected->action);
    ck_assert_int_eq(actual->participant, expected->participant);
    ck_assert_int_eq(actual->result, expected->result);
    assert_text(actual->actor, expected->actor);
    assert_text(actual->note, expected->note);
    assert_text(actual->sku, expected->sku);
    assert_product(actual->product, expected->product);
    ck_assert_int_eq(actual->product_version, expected->product_version);
    ck_assert_int_eq(actual->count, expected->count);
}
