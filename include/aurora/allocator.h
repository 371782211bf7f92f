/* SPDX-License-Identifier: MIT */
/* Where memory comes from. Copied where it is given; never global. Not an allocator by itself: a
 * NULL allocator means the C library's malloc, realloc and free. */
#ifndef AURORA_ALLOCATOR_H
#define AURORA_ALLOCATOR_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Three functions and what they work on. All three are required, and are called from any thread
 * that is inside a call on the object made with them, several at once, unless that object's header
 * says otherwise; never under a lock that a callback could meet again. Sizes are at least 1.
 * Memory is aligned for any C type. The struct is copied: `self` must outlive the object. */
typedef struct {
    uint32_t size; /* sizeof(aurora_allocator) */
    void *self;    /* handed back as the first argument; may be NULL */

    /* Returns `bytes` bytes of any content, or NULL where there are none; the call that needed
     * them then answers AURORA_ENOMEM and leaves everything as it was. */
    void *(*allocate)(void *self, size_t bytes);

    /* Grows or shrinks `memory`, which this allocator gave, keeping the common part; `memory` NULL
     * allocates. NULL leaves `memory` as it was. */
    void *(*reallocate)(void *self, void *memory, size_t bytes);

    /* Takes `memory` back. NULL is a no-op. */
    void (*release)(void *self, void *memory);
} aurora_allocator;

#ifdef __cplusplus
}
#endif
#endif
