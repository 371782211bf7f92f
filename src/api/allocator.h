/* SPDX-License-Identifier: MIT */
/* Turns the allocator of an options struct into one that can be called. */
#ifndef AURORA_API_ALLOCATOR_H
#define AURORA_API_ALLOCATOR_H

#include <aurora/allocator.h>
#include <aurora/base.h>

/* Copies `given`, or malloc where it is NULL. Returns AURORA_EINVAL where a call is missing. */
aurora_status aurora__allocator_copy(aurora_allocator *copy, const aurora_allocator *given,
                                     aurora_error *err);

#endif
