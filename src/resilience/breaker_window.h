/* SPDX-License-Identifier: MIT */
/* What a breaker remembers of past calls: the last so many, a bit each, or sums over slices of
 * time. The totals are kept up to date, so that no call costs more than its own record. */
#ifndef AURORA_RESILIENCE_BREAKER_WINDOW_H
#define AURORA_RESILIENCE_BREAKER_WINDOW_H

#include <aurora/breaker.h>

typedef struct {
    uint32_t calls, failed, slow;
} aurora__tally;

typedef struct {
    int64_t slice_ns; /* 0: a window of calls */
    int64_t slice;    /* number of the running slice: time / slice_ns */
    uint32_t size;    /* calls or slices */
    uint32_t at;      /* place of the next call or of the running slice */
    bool has_slice;   /* false until the first time is known */
    aurora__tally total;
    union {
        struct {
            uint64_t failed[AURORA_BREAKER_CALLS_MAX / 64];
            uint64_t slow[AURORA_BREAKER_CALLS_MAX / 64];
        } bits;
        aurora__tally slices[AURORA_BREAKER_SLICES_MAX];
    } of;
} aurora__window;

/* Forgets all calls; size and slice_ns stay. */
void aurora__window_clear(aurora__window *window);

/* Forgets the slices that are over at now_ns. Does nothing to a window of calls. */
void aurora__window_advance(aurora__window *window, int64_t now_ns);

void aurora__window_record(aurora__window *window, bool has_failed, bool is_slow, int64_t now_ns);

#endif
