/* SPDX-License-Identifier: MIT */
/* One POST to a collector by libcurl. Blocks, for a bounded time; meant for a thread of its own. */
#ifndef AURORA_TELEMETRY_POST_H
#define AURORA_TELEMETRY_POST_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct aurora__poster aurora__poster;

typedef struct {
    const char *url; /* of http:// or https:// */
    const char *ca;  /* a PEM file of authorities; "" = the system's */
    bool is_gzip;
    /* "Name: value" lines that go with each request. */
    const char *const *headers;
    uint32_t header_count;
    /* Of the monotonic clock: when a request is to be given up, whatever its own time is; INT64_MAX
     * = never. Written by another thread. */
    const _Atomic int64_t *stop_ns;
} aurora__poster_options;

typedef struct {
    int status;            /* of the answer; 0 = there was none */
    int64_t retry_after_s; /* as the answer asks for; 0 = it does not */
    uint64_t rejected;     /* spans that a good answer says are not taken */
    char why[160];         /* of what is not good; "" = all is */
} aurora__post_result;

/* Copies the options. NULL without memory. Threads: a poster is confined. */
aurora__poster *aurora__poster_new(const aurora__poster_options *options);
void aurora__poster_free(aurora__poster *poster);

void aurora__poster_send(aurora__poster *poster, const char *body, size_t len, int64_t timeout_ms,
                         aurora__post_result *out);

#endif
