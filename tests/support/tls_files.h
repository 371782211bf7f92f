/* SPDX-License-Identifier: MIT */
/* Authorities and certificates of a test, made by it: none is older than the test, and none ends
 * while it runs unless it is to. */
#ifndef AURORA_TESTS_SUPPORT_TLS_FILES_H
#define AURORA_TESTS_SUPPORT_TLS_FILES_H

#include <stdint.h>

typedef struct {
    char *folder;
    char path[4][512]; /* of the newest calls of tls_files_path */
    int next;
} tls_files;

/* A folder with the authority "ca" and, by it, "server": for localhost and 127.0.0.1. */
void tls_files_make(tls_files *files);
void tls_files_remove(tls_files *files);
/* NAME.pem or NAME.key in a buffer that four later calls overwrite. */
const char *tls_files_path(tls_files *files, const char *name, const char *end);
/* An authority of its own. */
void tls_files_authority(tls_files *files, const char *name);
/* A certificate by `authority` with these subjectAltNames ("DNS:a,IP:127.0.0.1"), for a day; where
 * `is_over`, one that ended yesterday. */
void tls_files_issue(tls_files *files, const char *name, const char *authority, const char *names,
                     int is_over);

#endif
