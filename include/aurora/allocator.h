/* SPDX-License-Identifier: MIT */
/* Where the library's own memory comes from: three functions of the host's, given at open or to the
 * parts that need memory. Never global. docs/ABI.md lists the libraries that keep their own. */
#ifndef AURORA_ALLOCATOR_H
#define AURORA_ALLOCATOR_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* All three are called from any thread that the host or the worker uses, at the same time too, and
 * must not call back into the library. Memory is aligned as malloc's. */
typedef struct {
    uint32_t size; /* sizeof(aurora_allocator) */
    void *self;
    /* At least `bytes` (>= 1) bytes, or NULL when there are none. */
    void *(*allocate)(void *self, size_t bytes);
    /* Grows or shrinks; memory may be NULL; NULL leaves the old block alone. */
    void *(*reallocate)(void *self, void *memory, size_t bytes);
    /* Frees; memory may be NULL. */
    void (*release)(void *self, void *memory);
} aurora_allocator;

#ifdef __cplusplus
}
#endif
#endif
