/* SPDX-License-Identifier: MIT */
/* The limiter's birth and death, which need a heap; src/resilience has none. */
#include <aurora/limiter.h>

#include "allocator.h"
#include "resilience/limiter.h"
#include "resilience/rules.h"

aurora_status aurora_limiter_new(const aurora_limiter_options *options,
                                 aurora_limiter **limiter_out, aurora_error *err)
{
    aurora_limiter_options known;
    aurora_allocator allocator;
    size_t bytes;

    *limiter_out = NULL;
    aurora_status rc = aurora__rule_copy(&known, sizeof known, options, err);
    if (rc == AURORA_OK)
        rc = aurora__limiter_plan(&known, &bytes, err);
    if (rc == AURORA_OK)
        rc = aurora__allocator_copy(&allocator, known.allocator, err);
    if (rc != AURORA_OK)
        return rc;

    aurora_limiter *limiter = allocator.allocate(allocator.self, bytes);
    if (limiter == NULL)
        return AURORA_ENOMEM;
    rc = aurora__limiter_init(limiter, &known, &allocator);
    if (rc != AURORA_OK) {
        allocator.release(allocator.self, limiter);
        return rc;
    }
    *limiter_out = limiter;
    return AURORA_OK;
}

void aurora_limiter_free(aurora_limiter *limiter)
{
    if (limiter == NULL)
        return;
    aurora_allocator allocator = aurora__limiter_deinit(limiter);
    allocator.release(allocator.self, limiter);
}
