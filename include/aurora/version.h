/* SPDX-License-Identifier: MIT */
/* Which release these headers are of, which one is linked, and what that one was built with.
 * Not what a handle was opened with: that are its settings. */
#ifndef AURORA_VERSION_H
#define AURORA_VERSION_H

#include <aurora/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The release of these headers. */
#define AURORA_VERSION_MAJOR 0
#define AURORA_VERSION_MINOR 1
#define AURORA_VERSION_PATCH 0

/* 1002003 is 1.2.3; grows with each release. */
#define AURORA_VERSION_NUMBER                                                                      \
    (AURORA_VERSION_MAJOR * 1000000 + AURORA_VERSION_MINOR * 1000 + AURORA_VERSION_PATCH)

/* "0.1.0", a literal; the two others help it. */
#define AURORA_VERSION                                                                             \
    AURORA_VERSION_JOIN(AURORA_VERSION_MAJOR, AURORA_VERSION_MINOR, AURORA_VERSION_PATCH)
#define AURORA_VERSION_JOIN(major, minor, patch)                                                   \
    AURORA_VERSION_QUOTE(major) "." AURORA_VERSION_QUOTE(minor) "." AURORA_VERSION_QUOTE(patch)
#define AURORA_VERSION_QUOTE(number) #number

/* The version of the library that is linked, "0.1.0"; AURORA_VERSION is that of the headers. Static
 * text. Threads: shared. */
AURORA_API const char *aurora_version(void);

/* The same as a number that grows, as AURORA_VERSION_NUMBER is of the headers: 1002003 is 1.2.3.
 * A program that needs a call of 1.2.0 asks for 1002000 or more. Threads: shared. */
AURORA_API uint32_t aurora_version_number(void);

/* One thing that the linked library has. Static; pinned layout. */
typedef struct {
    const char *name;  /* what it is: "store", "sqlite"; several rows may have the same */
    const char *value; /* "memory", "3.40.1" */
    const char *help;  /* one sentence */
    uint64_t spare[1];
} aurora_feature;

/* What the linked library was built with, by name: a row for each scheme of a URL that it knows by
 * itself (names "store", "bus", "cache", "notify", "payment", "search"; the drivers of other
 * libraries are in their own tables), the SQLite that it runs on ("sqlite") and was compiled
 * against ("sqlite_headers"), the compiler ("compiler") and how it was asked to compile ("build").
 * Skip names that you do not know. The table is static. Threads: shared. */
AURORA_API const aurora_feature *aurora_feature_table(uint32_t *count_out);

/* Whether the table has that row; false for NULL. Threads: shared. */
AURORA_API bool aurora_feature_is_built(const char *name, const char *value);

#ifdef __cplusplus
}
#endif
#endif
