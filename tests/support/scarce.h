/* SPDX-License-Identifier: MIT */
/* Memory that is not there: of the C library's allocations in this thread, those of all libraries
 * below among them, one fails, or all from one on. In one file of a program, which becomes the
 * malloc of the whole of it. */
#ifndef AURORA_TEST_SCARCE_H
#define AURORA_TEST_SCARCE_H

/* A sanitizer brings an allocator of its own, and so does another C library. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer) ||                         \
    __has_feature(thread_sanitizer)
#define SCARCE_IS_LEFT_OUT
#endif
#endif
#if !defined(__GLIBC__) || defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SCARCE_IS_LEFT_OUT
#endif

#include <stdio.h>

#include "test.h"

/* What a suite's function returns where this cannot be had: the whole file counts as skipped. */
static inline Suite *scarce_skip(void)
{
    printf("skipped: malloc is not this program's to replace\n");
    return NULL;
}

#ifndef SCARCE_IS_LEFT_OUT

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *piece, size_t bytes);

static __thread bool scarce_is_armed, scarce_is_lasting;
static __thread int scarce_fail_at, scarce_asked, scarce_failed;

/* Allocation number `at` from here fails, and with is_lasting all behind it. */
static inline void scarce_begin(int at, bool is_lasting)
{
    scarce_asked = scarce_failed = 0;
    scarce_fail_at = at;
    scarce_is_lasting = is_lasting;
    scarce_is_armed = true;
}

/* How many failed. */
static inline int scarce_end(void)
{
    scarce_is_armed = false;
    return scarce_failed;
}

static bool scarce_is_due(void)
{
    if (!scarce_is_armed)
        return false;
    int number = scarce_asked++;
    bool is = number == scarce_fail_at || (scarce_is_lasting && number > scarce_fail_at);
    scarce_failed += is;
    if (is)
        errno = ENOMEM;
    return is;
}

#define SCARCE_FOR_ALL __attribute__((visibility("default")))

/* In the program itself, so that every library below it has these. */
SCARCE_FOR_ALL void *malloc(size_t bytes)
{
    return scarce_is_due() ? NULL : __libc_malloc(bytes);
}

SCARCE_FOR_ALL void *calloc(size_t count, size_t bytes)
{
    return scarce_is_due() ? NULL : __libc_calloc(count, bytes);
}

SCARCE_FOR_ALL void *realloc(void *piece, size_t bytes)
{
    return scarce_is_due() ? NULL : __libc_realloc(piece, bytes);
}

/* valgrind puts its own malloc in place of this one; its lane says that it runs. */
static inline bool scarce_works(void)
{
    return getenv("AURORA_VALGRIND") == NULL;
}

#endif

#endif
