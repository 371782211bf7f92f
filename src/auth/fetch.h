/* SPDX-License-Identifier: MIT */
/* Where documents of keys come from: files, and URLs by libcurl. Both block, for a bounded time. */
#ifndef AURORA_AUTH_FETCH_H
#define AURORA_AUTH_FETCH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#define AURORA__FETCH_BYTES_MAX 262144

bool aurora__fetch_is_url(const char *source);
/* https:// anywhere, http:// on this machine alone, without a name and password. False with one
 * line in why_out. */
bool aurora__fetch_check_url(const char *url, char why_out[160]);

/* The document with a NUL behind it, to be freed; NULL with one line in why_out. */
char *aurora__fetch_file(const char *path, size_t *len_out, char why_out[160]);
/* Five seconds at most, 256 KiB at most, no redirect is followed, and of all answers 200 alone is
 * one. `ca`: a PEM file of authorities; "" = the system's. Ends early once *is_stopping. */
char *aurora__fetch_url(const char *url, const char *ca, const atomic_bool *is_stopping,
                        size_t *len_out, char why_out[160]);

#endif
