/* SPDX-License-Identifier: MIT */
/* Where the keys of tokens come from and how they stay current: files, read at the start and when
 * the program is told to, and URLs, fetched by a thread of its own in turn and where a token names
 * a key that is not known. What cannot be had changes nothing: the old keys stay. */
#ifndef AURORA_AUTH_KEYS_H
#define AURORA_AUTH_KEYS_H

#include <aurora/base.h>

#include "auth/auth.h"
#include "auth/key_set.h"

typedef struct aurora__keys aurora__keys;

/* As aurora_auth_open, which see. */
aurora_status aurora__keys_open(const aurora_auth_options *options, aurora__keys **out,
                                aurora_error *err);
/* As aurora_auth_check. */
aurora_status aurora__keys_check(const aurora_auth_options *options, aurora_error *err);
void aurora__keys_close(aurora__keys *keys); /* NULL is a no-op */
/* Reads the files again now, and has the URLs fetched soon. */
void aurora__keys_reload(aurora__keys *keys);

/* Threads: shared, all of the following; none waits for a file or a network. */

/* A number that changes whenever the keys do. */
uint64_t aurora__keys_generation(const aurora__keys *keys);
/* The keys of now, to be dropped, and their number. */
aurora__key_set *aurora__keys_current(aurora__keys *keys, uint64_t *generation_out);

enum {
    AURORA__KEYS_KNOWN = 1, /* all that there is: a key that is not among them is none */
    AURORA__KEYS_SOON,      /* a fetch is under way, or was just asked for */
    AURORA__KEYS_MISSING    /* some source has never been read, and none is being fetched */
};
/* What to make of a key that is not known. Asks for a fetch where the last one that was asked for
 * so began long enough ago. */
int aurora__keys_miss(aurora__keys *keys);

typedef struct {
    uint32_t keys, sources, sources_missing;
    uint64_t fetches, failures, misses;
    int64_t fetched_ms; /* Unix time of the last fetch or reading that succeeded; 0 = never */
} aurora__keys_figures;

void aurora__keys_read(aurora__keys *keys, aurora__keys_figures *out);

#endif
