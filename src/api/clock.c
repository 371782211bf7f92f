/* SPDX-License-Identifier: MIT */
#include "api/clock.h"

#include <time.h>

#include "api/check.h"
#include "api/refuse.h"

static int64_t system_wall_ms(void *self)
{
    struct timespec now;
    (void)self;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t system_monotonic_ns(void *self)
{
    struct timespec now;
    (void)self;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

aurora_status aurora__clock_copy(aurora_clock *copy, const aurora_clock *given, aurora_error *err)
{
    if (given == NULL) {
        *copy = (aurora_clock){
            .size = sizeof *copy,
            .wall_ms = system_wall_ms,
            .monotonic_ns = system_monotonic_ns,
        };
        return AURORA_OK;
    }
    aurora_status rc = aurora__copy_sized(copy, sizeof *copy, given, err);
    if (rc == AURORA_OK && (copy->wall_ms == NULL || copy->monotonic_ns == NULL))
        rc = aurora__refuse(err, AURORA_EINVAL, "clock", "must have both calls");
    return rc;
}
