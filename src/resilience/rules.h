/* SPDX-License-Identifier: MIT */
/* How the stand-alone parts refuse an argument: the caller's error struct without stdio. */
#ifndef AURORA_RESILIENCE_RULES_H
#define AURORA_RESILIENCE_RULES_H

#include <aurora/base.h>

/* One integer and its range, in a table that init walks through. */
typedef struct {
    const char *field;
    uint64_t value, min, max;
} aurora__rule;

/* Fills `err` (may be NULL) and returns AURORA_EINVAL. */
aurora_status aurora__rule_refuse(aurora_error *err, const char *field, const char *message);

/* Checks the rules in their order. Returns AURORA_EINVAL with the first that is broken. A negative
 * number cast to uint64_t breaks its rule, for every max here is below 2^63. */
aurora_status aurora__rule_check(const aurora__rule *rules, size_t count, aurora_error *err);

/* Copies the part of an options struct that both sides know over zeros in `known`. Returns
 * AURORA_EINVAL where the caller forgot `size`. */
aurora_status aurora__rule_copy(void *known, size_t known_size, const void *given,
                                aurora_error *err);

#endif
