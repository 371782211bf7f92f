/* SPDX-License-Identifier: MIT */
/* One line of log as a JSON object, in memory of a fixed size: nothing is allocated, nothing can
 * fail. A text that is too long ends with "...", a member for which there is no room is left out.
 * Texts are redacted (log_redact.h), and what is not UTF-8 becomes U+FFFD. */
#ifndef AURORA_SERVICE_LOG_LINE_H
#define AURORA_SERVICE_LOG_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define AURORA__LOG_LINE_BYTES 8192
#define AURORA__LOG_VALUE_BYTES 2048 /* of one text, as it is written */

typedef struct {
    size_t len;
    char text[AURORA__LOG_LINE_BYTES];
} aurora__log_line;

void aurora__log_line_begin(aurora__log_line *line);
/* Ends the object and the line. */
void aurora__log_line_end(aurora__log_line *line);

/* Members that are JSON already, with the commas between them. */
void aurora__log_line_raw(aurora__log_line *line, const char *members, size_t len);
/* Names are our own and need no escape. */
void aurora__log_line_text(aurora__log_line *line, const char *name, const char *value);
/* The same for a short value of our own, of characters that need no escape: it is copied as it
 * is. */
void aurora__log_line_own_of(aurora__log_line *line, const char *name, size_t name_len,
                             const char *value);
void aurora__log_line_int(aurora__log_line *line, const char *name, int64_t value);
void aurora__log_line_uint_of(aurora__log_line *line, const char *name, size_t name_len,
                              uint64_t value);
void aurora__log_line_double(aurora__log_line *line, const char *name,
                             double value); /* not finite: null */
void aurora__log_line_bool(aurora__log_line *line, const char *name, bool value);

/* A request has a dozen of these, and their names are literals, whose length compilers know. */
static inline void aurora__log_line_own(aurora__log_line *line, const char *name, const char *value)
{
    aurora__log_line_own_of(line, name, strlen(name), value);
}

static inline void aurora__log_line_uint(aurora__log_line *line, const char *name, uint64_t value)
{
    aurora__log_line_uint_of(line, name, strlen(name), value);
}

#endif
