/* SPDX-License-Identifier: MIT */
/* An allocator that refuses one allocation, counted from the moment a test says so, over one that
 * counts what is still held. Threads: shared. */
#ifndef AURORA_TESTS_SUPPORT_FAILING_HEAP_H
#define AURORA_TESTS_SUPPORT_FAILING_HEAP_H

#include <aurora/testing.h>

#include <stdatomic.h>
#include <stdint.h>

/* Must not move in memory while its allocator is used. */
typedef struct {
    aurora_allocator allocator;      /* for the options of what is tested */
    aurora_failing_allocator counts; /* for ..._count and ..._live */
    aurora_allocator counted;
    _Atomic int64_t left; /* allocations until the one that fails; below 0 none does */
} failing_heap;

/* None fails yet. */
void failing_heap_init(failing_heap *heap);
/* Behind `count` more allocations one fails; below 0 none does. */
void failing_heap_fail_in(failing_heap *heap, int64_t count);

#endif
