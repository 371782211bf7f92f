/* SPDX-License-Identifier: MIT */
/* What the files of the gate share: gate.c, gate_line.c, gate_path.c, gate_body.c. */
#ifndef AURORA_HTTP_GATE_PART_H
#define AURORA_HTTP_GATE_PART_H

#include <string.h>

#include "http/gate.h"

/* Notes the verdict; texts are static. Returns false. */
bool aurora__gate_refuse(aurora__gate *gate, int status, const char *code, const char *header,
                         const char *detail);
/* The same as 400 malformed_request. */
bool aurora__gate_malformed(aurora__gate *gate, const char *header, const char *detail);

bool aurora__gate_is_token(const char *text, size_t len);
/* Whether a Connection field lists this option, in any case of letters. */
bool aurora__gate_has_option(const char *value, size_t len, const char *option);

static inline char aurora__gate_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool aurora__gate_is_same_whole(const char *a, size_t len, const char *b);

/* Whether two texts are the same but for the case of ASCII letters; most differ in the first. */
static inline bool aurora__gate_is_same(const char *a, size_t len, const char *b)
{
    return (len == 0 || ((a[0] ^ b[0]) & ~('a' ^ 'A')) == 0) &&
           aurora__gate_is_same_whole(a, len, b);
}

/* Where the bytes from `at` on are text no more (' ' to '~'), or `end`. Eight at a time: a byte of
 * a word is none if taking ' ' from it, or adding 1 to it, or nothing, sets its highest bit; where
 * a borrow or a carry says so of its neighbour, it has one that is none, too. */
static inline size_t aurora__gate_text_end(const char *data, size_t at, size_t end)
{
    static const uint64_t ones = UINT64_C(0x0101010101010101);
    for (uint64_t word; at + sizeof word <= end; at += sizeof word) {
        memcpy(&word, data + at, sizeof word);
        if (((word | (word + ones) | (word - ones * ' ')) & ones * 0x80) != 0)
            break;
    }
    while (at < end && (unsigned char)data[at] >= ' ' && (unsigned char)data[at] < 0x7f)
        at++;
    return at;
}

/* --- gate_line.c --- */

/* host [":" port] of the Host field or an absolute target; no user, no path. */
bool aurora__gate_is_authority(const char *text, size_t len);
/* Reads the request line, whose first byte is at `line` in `data`. False with the verdict noted. */
bool aurora__gate_read_line(aurora__gate *gate, const char *data, const char *line, size_t len);

/* --- gate_path.c --- */

/* Judges a target of `len` bytes that begins with a slash. False with the verdict noted. */
bool aurora__gate_check_path(aurora__gate *gate, const char *text, size_t len);

#endif
