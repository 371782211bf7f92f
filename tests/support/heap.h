/* SPDX-License-Identifier: MIT */
/* The C library's heap as an allocator, for what is handed one and is not tested with it. What
 * fails on purpose is aurora_failing_allocator of aurora/testing.h. */
#ifndef AURORA_TEST_HEAP_H
#define AURORA_TEST_HEAP_H

#include <aurora/allocator.h>

#include <stdlib.h>

static inline void *heap_allocate(void *self, size_t bytes)
{
    (void)self;
    return malloc(bytes);
}

static inline void *heap_reallocate(void *self, void *memory, size_t bytes)
{
    (void)self;
    return realloc(memory, bytes);
}

static inline void heap_release(void *self, void *memory)
{
    (void)self;
    free(memory);
}

static const aurora_allocator heap = {.size = sizeof(aurora_allocator),
                                      .allocate = heap_allocate,
                                      .reallocate = heap_reallocate,
                                      .release = heap_release};

#endif
