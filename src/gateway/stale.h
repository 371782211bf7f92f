/* SPDX-License-Identifier: MIT */
/* The last good answers of reads that are better old than missing, for the time when their service
 * gives none (stale-if-error, RFC 5861): bounded in number, bytes and age.
 *
 * Threads: shared. */
#ifndef AURORA_GATEWAY_STALE_H
#define AURORA_GATEWAY_STALE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct aurora__stale aurora__stale;

#define AURORA__STALE_KEY_BYTES 256

/* NULL without memory. */
aurora__stale *aurora__stale_new(void);
void aurora__stale_free(aurora__stale *stale);

/* Keeps a copy; what is too long, and what was kept a moment ago, is left as it is. */
void aurora__stale_put(aurora__stale *stale, const char *key, const char *body, size_t len,
                       int64_t now_ns);

/* A copy in malloc's memory, and its age. NULL: none that is young enough. */
char *aurora__stale_get(aurora__stale *stale, const char *key, int64_t now_ns, size_t *len_out,
                        uint32_t *age_s_out);

typedef struct {
    uint64_t served;
    uint32_t kept;
} aurora__stale_figures;

void aurora__stale_read(aurora__stale *stale, aurora__stale_figures *out);

#endif
