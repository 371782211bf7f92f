/* SPDX-License-Identifier: MIT */
/* Statuses that never cross the public edge, and text primitives that need no libc beyond mem*. */
#ifndef AURORA_CORE_INTERNAL_H
#define AURORA_CORE_INTERNAL_H

#include <aurora/status.h>

#include <stddef.h>
#include <string.h>

enum {
    /* A decision asked for a row that is not loaded: undo the cascade, load, decide again. */
    AURORA__NEED_KEYS = -1001,
    /* An event met an illegal cell of a machine: fatal for its key, counted and parked. */
    AURORA__EILLEGAL = -1002,
    /* An event for an order, reservation or payment that this store does not have: parks too. */
    AURORA__EORPHAN = -1003,
    /* More events than a cascade may emit. */
    AURORA__ECASCADE = -1004,
};

/* A broken invariant of our own: the step answers AURORA_ECORE, the batch is rolled back and the
 * handle refuses further commands. `step` remembers where. */
#define AURORA_INVARIANT(step, condition)                                                          \
    ((condition) ? AURORA_OK : aurora__step_broken((step), __FILE__, __LINE__))

static inline size_t aurora__text_length(const char *text)
{
    return strlen(text);
}

static inline bool aurora__text_is_equal(const char *a, const char *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    size_t length = aurora__text_length(a);
    return length == aurora__text_length(b) && memcmp(a, b, length) == 0;
}

#endif
