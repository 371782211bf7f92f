/* SPDX-License-Identifier: MIT */
/* Reads the compact JSON of our own columns and log records. The bytes may be damaged: after the
 * first mistake everything answers its empty value and `status` stays; no call reads beyond the
 * end, and each either takes bytes or ends the reading. */
#ifndef AURORA_CODEC_SCANNER_H
#define AURORA_CODEC_SCANNER_H

#include "core/arena.h"

#include <aurora/base.h>

typedef struct {
    const char *at;
    const char *end;
    aurora_status status; /* AURORA_ECORRUPT: damaged, AURORA_ENOMEM */
} aurora__scanner;

void aurora__scanner_begin(aurora__scanner *scanner, const char *text, size_t length);

/* Fails; nothing more is taken. */
void aurora__scanner_fail(aurora__scanner *scanner, aurora_status status);

/* Whether this character is next. */
static inline bool aurora__scanner_is_at(const aurora__scanner *scanner, char c)
{
    return scanner->at < scanner->end && *scanner->at == c;
}

/* Takes it if it is next. */
static inline bool aurora__scanner_accept(aurora__scanner *scanner, char c)
{
    if (!aurora__scanner_is_at(scanner, c))
        return false;
    scanner->at++;
    return true;
}

/* Takes it or fails. */
static inline void aurora__scanner_expect(aurora__scanner *scanner, char c)
{
    if (!aurora__scanner_accept(scanner, c))
        aurora__scanner_fail(scanner, AURORA_ECORRUPT);
}

/* True while another element of an array follows: takes the comma, or the closing bracket. Start
 * with *count = 0 after the opening bracket. */
bool aurora__scanner_next(aurora__scanner *scanner, uint32_t *count);

int64_t aurora__scanner_integer(aurora__scanner *scanner);

/* An integer that must lie in least..most. */
int64_t aurora__scanner_ranged(aurora__scanner *scanner, int64_t least, int64_t most);

/* A text in the arena, or NULL for null. */
const char *aurora__scanner_text(aurora__scanner *scanner, aurora__arena *arena);

/* A text that must not be null; "" after a mistake. */
const char *aurora__scanner_required(aurora__scanner *scanner, aurora__arena *arena);

/* Checks a text or null, and says how many bytes it takes with its NUL (0 for null). */
size_t aurora__scanner_measure(aurora__scanner *scanner);

aurora_id aurora__scanner_id(aurora__scanner *scanner);

/* Skips one value of any kind; *length_out is its length from the returned start. */
const char *aurora__scanner_skip(aurora__scanner *scanner, size_t *length_out);

/* An array copied as it stands, unread, or NULL for null. */
const char *aurora__scanner_array(aurora__scanner *scanner, aurora__arena *arena);

/* Skips what is left of an array, with its closing bracket. */
void aurora__scanner_leave(aurora__scanner *scanner);

#endif
