/* SPDX-License-Identifier: MIT */
/* UUIDv7 (RFC 9562): 48 bits of milliseconds, then a counter that starts at random each
 * millisecond, so that ids of one generator grow. The lowest three bits stay 0: task ids use
 * them. */
#ifndef AURORA_CORE_ID_H
#define AURORA_CORE_ID_H

#include <aurora/base.h>

typedef struct {
    int64_t last_ms;
    uint64_t high; /* 12 bits after the version */
    uint64_t low;  /* 59 bits */
} aurora__id_source;

/* The next id. `random` is read when the millisecond is new. A clock that stands or steps back goes
 * on counting in the newest millisecond. */
aurora_id aurora__id_next(aurora__id_source *source, int64_t now_ms, const uint64_t random[2]);

/* The milliseconds in an id. */
int64_t aurora__id_time(const aurora_id *id);

/* The lowest id of a millisecond, for ranges over time. */
aurora_id aurora__id_floor(int64_t ms);

#endif
