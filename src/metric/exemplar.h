/* SPDX-License-Identifier: MIT */
/* The newest trace that fell into each bucket of a histogram. Written by any thread and read by any
 * other without a lock; what a reader gets was written as a whole, or it gets nothing. */
#ifndef AURORA_METRIC_EXEMPLAR_H
#define AURORA_METRIC_EXEMPLAR_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Zeroed = none yet. */
typedef struct {
    _Atomic uint64_t sequence; /* odd while somebody writes */
    _Atomic uint64_t trace[2];
    _Atomic uint64_t value;
    _Atomic int64_t at_ms;
} aurora__exemplar_slot;

typedef struct {
    uint64_t trace[2]; /* the sixteen bytes as they are in memory */
    uint64_t value;
    int64_t at_ms;
} aurora__exemplar;

/* A writer that meets another leaves: the other's is as new. */
static inline void aurora__exemplar_write(aurora__exemplar_slot *slot, const aurora__exemplar *from)
{
    uint64_t sequence = atomic_load_explicit(&slot->sequence, memory_order_relaxed);
    if (sequence % 2 == 1 ||
        !atomic_compare_exchange_strong_explicit(&slot->sequence, &sequence, sequence + 1,
                                                 memory_order_acquire, memory_order_relaxed))
        return;
    /* Released: whoever reads one of these also sees that the sequence is odd or beyond. */
    atomic_store_explicit(&slot->trace[0], from->trace[0], memory_order_release);
    atomic_store_explicit(&slot->trace[1], from->trace[1], memory_order_release);
    atomic_store_explicit(&slot->value, from->value, memory_order_release);
    atomic_store_explicit(&slot->at_ms, from->at_ms, memory_order_release);
    atomic_store_explicit(&slot->sequence, sequence + 2, memory_order_release);
}

/* False when there is none, or none that could be read as a whole in a few tries. */
static inline bool aurora__exemplar_read(const aurora__exemplar_slot *slot, aurora__exemplar *out)
{
    for (int tries = 0; tries < 4; tries++) {
        uint64_t before = atomic_load_explicit(&slot->sequence, memory_order_acquire);
        if (before == 0)
            return false;
        if (before % 2 == 1)
            continue;
        out->trace[0] = atomic_load_explicit(&slot->trace[0], memory_order_acquire);
        out->trace[1] = atomic_load_explicit(&slot->trace[1], memory_order_acquire);
        out->value = atomic_load_explicit(&slot->value, memory_order_acquire);
        out->at_ms = atomic_load_explicit(&slot->at_ms, memory_order_acquire);
        if (atomic_load_explicit(&slot->sequence, memory_order_relaxed) == before)
            return true;
    }
    return false;
}

#endif
