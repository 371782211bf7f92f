/* SPDX-License-Identifier: MIT */
/* Bearer tokens (RFC 6750) that are JWTs (RFC 7519): the verifier of the programs that strangers
 * reach. A token's algorithm is its key's, fixed before anything is verified (RFC 8725); issuer,
 * audience and time are always asked for. What was verified is remembered until it expires. No
 * tokens are made here but by mint.h, for development. */
#ifndef AURORA_AUTH_AUTH_H
#define AURORA_AUTH_AUTH_H

#include <stdint.h>

#include <aurora/base.h>

#include "http/bearer.h"

typedef struct aurora_auth aurora_auth;

/* Texts are copied. */
typedef struct {
    const char *keys;     /* files and URLs with commas between: JWK sets or PEM */
    const char *issuer;   /* of every token, exactly */
    const char *audience; /* likewise; a token may have several */
    const char *ca;       /* a PEM file for https://; "" = the system's authorities */
    int64_t leeway_ms;
    int64_t lifetime_max_ms;
    int64_t refresh_ms;    /* between two fetches of a URL */
    int64_t miss_pause_ms; /* between two fetches for unknown keys; 0 = 10 s */
    void (*log)(void *self, int32_t level, const char *message); /* any thread; NULL = none */
    void *log_self;
} aurora_auth_options;

/* Reads the files and asks the URLs, for at most three seconds: one that does not answer is a line
 * of log, and asked again. AURORA_EINVAL, AURORA_EIO (a file), AURORA_ENOMEM; err->field names the
 * setting. Free with aurora_auth_close. */
aurora_status aurora_auth_open(const aurora_auth_options *options, aurora_auth **out,
                               aurora_error *err);
/* The same as far as it goes without a network and without a thread. */
aurora_status aurora_auth_check(const aurora_auth_options *options, aurora_error *err);
void aurora_auth_close(aurora_auth *auth); /* NULL is a no-op */

/* Reads the files again now and has the URLs fetched; what cannot be had is logged, and its old
 * keys stay. Threads: shared. */
void aurora_auth_reload(aurora_auth *auth);

/* Judges the value of an Authorization field at this Unix time: what a server's `authenticate` is
 * to do. Waits for nothing. Threads: shared. */
void aurora_auth_judge(aurora_auth *auth, const char *authorization, int64_t now_ms,
                       aurora_http_bearer *out);

/* Counters since the start, and gauges. */
typedef struct {
    uint64_t good, bad, unsure; /* fields that were judged, by verdict */
    uint64_t cache_hits;        /* of the good ones */
    uint64_t cached;            /* tokens that are remembered now */
    uint32_t keys, sources, sources_missing;
    uint64_t fetches, fetch_failures; /* of files and URLs */
    uint64_t misses;                  /* fetches for the sake of an unknown key */
    int64_t fetched_ms;               /* Unix time of the last that succeeded; 0 = none has */
} aurora_auth_figures;

/* Threads: shared; waits for nothing. */
void aurora_auth_figures_get(aurora_auth *auth, aurora_auth_figures *out);

#endif
