/* SPDX-License-Identifier: MIT */
/* How large the linked library's structs are, for callers that do not compile these headers: a
 * foreign-function interface writes `size` by itself, and checks at load that it knows the structs
 * as they are. Not for C and C++, where the compiler knows. */
#ifndef AURORA_LAYOUT_H
#define AURORA_LAYOUT_H

#include <aurora/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One public struct. Static; pinned layout. */
typedef struct {
    const char *name;   /* "aurora_options" */
    uint32_t bytes;     /* its sizeof in the linked library */
    uint32_t is_pinned; /* 1 = never changes; 0 = begins with `size` and may grow at its end */
    uint64_t spare[2];  /* 0 */
} aurora_layout;

/* All public structs of libaurora by name. One that is pinned must have the caller's size. Of the
 * others the caller writes its own size, whatever the table says: the library takes what is missing
 * for 0, and does not look at what it does not know. The table is static. Threads: shared. */
AURORA_API const aurora_layout *aurora_layout_table(uint32_t *count_out);

/* The row of a struct, NULL where there is none. Threads: shared. */
AURORA_API const aurora_layout *aurora_layout_find(const char *name);

#ifdef __cplusplus
}
#endif
#endif
