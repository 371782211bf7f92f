/* SPDX-License-Identifier: MIT */
/* What the codec's tests share: an arena over malloc, an order's saga with six events, and a
 * product. */
#ifndef AURORA_TESTS_SUPPORT_CODEC_FIXTURE_H
#define AURORA_TESTS_SUPPORT_CODEC_FIXTURE_H

#include "core/arena.h"
#include "core/event.h"

#define CODEC_NOW INT64_C(1763900000000) /* 2025-11-23T12:13:20Z */
#define CODEC_EVENTS 6

/* An arena whose blocks are single allocations, so that a sanitizer sees each overrun. */
typedef struct {
    aurora__arena arena;
    void **blocks;
    size_t count;
    size_t capacity;
    int64_t left; /* blocks until grow fails; -1 = never */
} codec_arena;

void codec_arena_init(codec_arena *arena);
/* Frees the blocks; the arena may be used again. */
void codec_arena_reset(codec_arena *arena);
void codec_arena_deinit(codec_arena *arena);

/* A completed saga of one order with two lines: order.created to payment.captured. */
typedef struct {
    aurora__saga saga;
    aurora__event events[CODEC_EVENTS];
    aurora__event *list[CODEC_EVENTS];
} codec_saga;

void codec_saga_init(codec_saga *saga);

/* "0198c0de-0000-7000-8000-0000000000NN". */
aurora_id codec_id(uint8_t last);

extern const aurora__product_row codec_product;

/* Fails the test where two events differ in any field, by content. */
void codec_assert_event(const aurora__event *actual, const aurora__event *expected);

#endif
