/* SPDX-License-Identifier: MIT */
/* One file or URL of keys, and the keys that were read there last. Confined to whoever holds the
 * lock of keys.c, but for its text. */
#ifndef AURORA_AUTH_SOURCE_H
#define AURORA_AUTH_SOURCE_H

#include "auth/key_set.h"

#define AURORA__SOURCES_MAX 16

typedef struct {
    char *text; /* the path or URL */
    bool is_url;
    aurora__key_set *set; /* NULL = it was never read */
    uint8_t digest[32];   /* of the document that the set is of */
    uint32_t failures;    /* since it was read last */
    int64_t next_ns;      /* when to fetch it again, monotonic */
} aurora__source;

/* Reads "PATH,https://..." into at most AURORA__SOURCES_MAX sources. False with one line in
 * why_out; what was made is to be cleared in both cases. */
bool aurora__sources_read(const char *text, aurora__source *out, uint32_t *count_out,
                          char why_out[288]);
void aurora__source_clear(aurora__source *source);

/* Takes a document: the source's keys are then those of it, and *has_changed_out says whether they
 * are others than before. False with one line in why_out: nothing is changed. */
bool aurora__source_take(aurora__source *source, const char *document, size_t len,
                         void (*skipped)(void *self, const char *why), void *self,
                         bool *has_changed_out, char why_out[160]);

#endif
