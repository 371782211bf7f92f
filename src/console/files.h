/* SPDX-License-Identifier: MIT */
/* The built files as bytes: a table that the build writes, by console/build/embed.mjs, or by
 * cmake/AuroraConsole.cmake where there is no console. */
#ifndef AURORA_CONSOLE_FILES_H
#define AURORA_CONSOLE_FILES_H

#include <stdbool.h>
#include <stddef.h>

typedef struct {
    const char *name; /* "main-4K7QZ2MA.js"; "" = the page */
    const char *content_type;
    const char *etag, *gzip_etag; /* in quotes */
    const unsigned char *bytes;
    size_t len;
    const unsigned char *gzip; /* NULL = it would be no smaller */
    size_t gzip_len;
    bool is_hashed; /* its name changes with its content */
} aurora__console_file;

extern const aurora__console_file aurora__console_files[];
extern const size_t aurora__console_file_count;
extern const char aurora__console_absence[]; /* why there are none; "" = there are */

#endif
