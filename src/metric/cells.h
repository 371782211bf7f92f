/* SPDX-License-Identifier: MIT */
/* Words that many threads add to and few read. Each thread has words of its own, so that an
 * addition is a load and a store that no other core waits for.
 *
 * A thread is known by its address (its control block's, which no two living threads share), not by
 * thread-local storage: nothing of ours is left in a thread that ends, in a child after fork or in
 * a library that was unloaded, and any number of these cost a thread nothing. The words of a thread
 * that ended stay and count; the next thread at its address, for libcs use stacks again, goes on
 * with them. That is why they need no lock: libc orders the end of the one before the start of the
 * other. When the slots are taken, or memory is short, there are no words for a thread and the
 * caller adds to a shared one. */
#ifndef AURORA_METRIC_CELLS_H
#define AURORA_METRIC_CELLS_H

#include <stdatomic.h>
#include <stdint.h>

#include <aurora/allocator.h>

#define AURORA__CELLS_CHUNK 512 /* words */
#define AURORA__CELLS_CHUNKS 32
#define AURORA__CELLS_MAX (AURORA__CELLS_CHUNK * AURORA__CELLS_CHUNKS)
#define AURORA__CELLS_NONE AURORA__CELLS_MAX /* a place that no thread has words for */

typedef _Atomic uint64_t aurora__cell;

/* The words of one thread, in pieces that are allocated as it comes to them. The last piece stays
 * NULL: AURORA__CELLS_NONE lies in it. */
typedef struct {
    _Atomic uintptr_t owner; /* 0 = free; never given back */
    _Atomic(aurora__cell *) chunks[AURORA__CELLS_CHUNKS + 1];
} aurora__cells_slot;

typedef struct {
    aurora_allocator allocator;
    aurora__cells_slot *slots;
    uint32_t slot_mask;
    uint32_t used; /* words given out; guarded by who gives them */
} aurora__cells;

/* For up to `threads_max` threads (1 to 1,024, rounded up to a power of two); others share. Returns
 * AURORA_ENOMEM. Threads: confined. */
int32_t aurora__cells_init(aurora__cells *cells, const aurora_allocator *allocator,
                           uint32_t threads_max);
void aurora__cells_deinit(aurora__cells *cells);

/* A place for `count` (at most AURORA__CELLS_CHUNK) neighbouring words, or AURORA__CELLS_NONE where
 * all are taken. Threads: one at a time. */
uint32_t aurora__cells_give(aurora__cells *cells, uint32_t count);

/* The sums over all threads of `count` words from `at` are added to `sums`. Never less than an
 * earlier call's. Threads: shared. */
void aurora__cells_sum(const aurora__cells *cells, uint32_t at, uint32_t count, uint64_t *sums);

/* Takes or looks for the calling thread's slot beyond the first try. */
aurora__cell *aurora__cells_search(aurora__cells *cells, uintptr_t self, uint32_t at);

static inline uintptr_t aurora__thread_address(void)
{
#if defined(__x86_64__) && defined(__linux__)
    uintptr_t address;
    __asm__("mov %%fs:0, %0" : "=r"(address));
    return address;
#else
    return (uintptr_t)__builtin_thread_pointer();
#endif
}

static inline uint32_t aurora__cells_hash(uintptr_t thread)
{
    return (uint32_t)(((uint64_t)thread >> 6) * UINT64_C(0x9e3779b97f4a7c15) >> 40);
}

/* The calling thread's words from `at` on, which no other writes; NULL where it has none. */
static inline aurora__cell *aurora__cells_find(aurora__cells *cells, uint32_t at)
{
    uintptr_t self = aurora__thread_address();
    aurora__cells_slot *slot = &cells->slots[aurora__cells_hash(self) & cells->slot_mask];
    if (atomic_load_explicit(&slot->owner, memory_order_relaxed) == self) {
        aurora__cell *chunk =
            atomic_load_explicit(&slot->chunks[at / AURORA__CELLS_CHUNK], memory_order_acquire);
        if (chunk != NULL)
            return chunk + at % AURORA__CELLS_CHUNK;
    }
    return aurora__cells_search(cells, self, at);
}

/* Adds to a word of the calling thread's. */
static inline void aurora__cell_add(aurora__cell *cell, uint64_t count)
{
    uint64_t before = atomic_load_explicit(cell, memory_order_relaxed);
    atomic_store_explicit(cell, before + count, memory_order_relaxed);
}

#endif
