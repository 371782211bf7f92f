/* SPDX-License-Identifier: MIT */
#include "metric/cells.h"

#include <string.h>

#include <aurora/status.h>

#define PROBES_MAX 8

int32_t aurora__cells_init(aurora__cells *cells, const aurora_allocator *allocator,
                           uint32_t threads_max)
{
    uint32_t count = 1;
    while (count < threads_max && count < 1024)
        count *= 2;
    *cells = (aurora__cells){.allocator = *allocator, .slot_mask = count - 1};
    cells->slots = allocator->allocate(allocator->self, count * sizeof *cells->slots);
    if (cells->slots == NULL)
        return AURORA_ENOMEM;
    memset(cells->slots, 0, count * sizeof *cells->slots);
    return AURORA_OK;
}

void aurora__cells_deinit(aurora__cells *cells)
{
    const aurora_allocator *allocator = &cells->allocator;
    for (uint32_t i = 0; cells->slots != NULL && i <= cells->slot_mask; i++) {
        for (uint32_t j = 0; j < AURORA__CELLS_CHUNKS; j++)
            allocator->release(allocator->self, cells->slots[i].chunks[j]);
    }
    if (cells->slots != NULL)
        allocator->release(allocator->self, cells->slots);
    cells->slots = NULL;
}

uint32_t aurora__cells_give(aurora__cells *cells, uint32_t count)
{
    uint32_t at = cells->used;
    if (at / AURORA__CELLS_CHUNK != (at + count - 1) / AURORA__CELLS_CHUNK)
        at = (at / AURORA__CELLS_CHUNK + 1) * AURORA__CELLS_CHUNK;
    if (at + count > AURORA__CELLS_MAX)
        return AURORA__CELLS_NONE;
    cells->used = at + count;
    return at;
}

/* The slot of a thread, taken if it has none; NULL when those where it may be are others'. A slot
 * is never given back, so the first free one on the way means that there is none behind it. */
static aurora__cells_slot *find_slot(aurora__cells *cells, uintptr_t self)
{
    uint32_t start = aurora__cells_hash(self);
    for (uint32_t i = 0; i < PROBES_MAX && i <= cells->slot_mask; i++) {
        aurora__cells_slot *slot = &cells->slots[(start + i) & cells->slot_mask];
        uintptr_t owner = atomic_load_explicit(&slot->owner, memory_order_relaxed);
        if (owner == self)
            return slot;
        if (owner == 0 && atomic_compare_exchange_strong(&slot->owner, &owner, self))
            return slot;
    }
    return NULL;
}

aurora__cell *aurora__cells_search(aurora__cells *cells, uintptr_t self, uint32_t at)
{
    aurora__cells_slot *slot = at < AURORA__CELLS_MAX ? find_slot(cells, self) : NULL;
    if (slot == NULL)
        return NULL;
    _Atomic(aurora__cell *) *place = &slot->chunks[at / AURORA__CELLS_CHUNK];
    aurora__cell *chunk = atomic_load_explicit(place, memory_order_acquire);
    if (chunk == NULL) {
        /* A line more than needed: what lies behind is not written by others as often. */
        size_t bytes = AURORA__CELLS_CHUNK * sizeof *chunk + 64;
        chunk = cells->allocator.allocate(cells->allocator.self, bytes);
        if (chunk == NULL)
            return NULL;
        memset(chunk, 0, bytes);
        atomic_store_explicit(place, chunk, memory_order_release);
    }
    return chunk + at % AURORA__CELLS_CHUNK;
}

void aurora__cells_sum(const aurora__cells *cells, uint32_t at, uint32_t count, uint64_t *sums)
{
    if (at >= AURORA__CELLS_MAX)
        return;
    for (uint32_t i = 0; i <= cells->slot_mask; i++) {
        const aurora__cells_slot *slot = &cells->slots[i];
        const aurora__cell *chunk =
            atomic_load_explicit(&slot->chunks[at / AURORA__CELLS_CHUNK], memory_order_acquire);
        for (uint32_t j = 0; chunk != NULL && j < count; j++)
            sums[j] +=
                atomic_load_explicit(&chunk[at % AURORA__CELLS_CHUNK + j], memory_order_relaxed);
    }
}
