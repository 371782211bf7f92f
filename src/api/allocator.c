/* SPDX-License-Identifier: MIT */
/* The C library's heap behind the allocator's three calls. */
#include "allocator.h"

#include "resilience/rules.h"

#include <stdlib.h>

static void *heap_allocate(void *self, size_t bytes)
{
    (void)self;
    return malloc(bytes);
}

static void *heap_reallocate(void *self, void *memory, size_t bytes)
{
    (void)self;
    return realloc(memory, bytes);
}

static void heap_release(void *self, void *memory)
{
    (void)self;
    free(memory);
}

aurora_status aurora__allocator_copy(aurora_allocator *copy, const aurora_allocator *given,
                                     aurora_error *err)
{
    if (given == NULL) {
        *copy = (aurora_allocator){.size = sizeof *copy,
                                   .allocate = heap_allocate,
                                   .reallocate = heap_reallocate,
                                   .release = heap_release};
        return AURORA_OK;
    }
    aurora_status rc = aurora__rule_copy(copy, sizeof *copy, given, err);
    if (rc != AURORA_OK)
        return rc;
    if (copy->allocate == NULL || copy->reallocate == NULL || copy->release == NULL)
        return aurora__rule_refuse(err, "allocator", "must have all three calls");
    return AURORA_OK;
}
