/* SPDX-License-Identifier: MIT */
#include "failing_heap.h"

#include <stdbool.h>

static bool is_due(failing_heap *heap)
{
    return atomic_load(&heap->left) >= 0 && atomic_fetch_sub(&heap->left, 1) == 0;
}

static void *allocate(void *self, size_t bytes)
{
    failing_heap *heap = self;
    return is_due(heap) ? NULL : heap->counted.allocate(heap->counted.self, bytes);
}

static void *reallocate(void *self, void *memory, size_t bytes)
{
    failing_heap *heap = self;
    return is_due(heap) ? NULL : heap->counted.reallocate(heap->counted.self, memory, bytes);
}

static void release(void *self, void *memory)
{
    failing_heap *heap = self;
    heap->counted.release(heap->counted.self, memory);
}

void failing_heap_init(failing_heap *heap)
{
    aurora_failing_allocator_init(&heap->counts, UINT64_MAX, 0);
    aurora_failing_allocator_attach(&heap->counts, &heap->counted);
    heap->allocator = (aurora_allocator){.size = sizeof heap->allocator,
                                         .self = heap,
                                         .allocate = allocate,
                                         .reallocate = reallocate,
                                         .release = release};
    atomic_store(&heap->left, -1);
}

void failing_heap_fail_in(failing_heap *heap, int64_t count)
{
    atomic_store(&heap->left, count);
}
