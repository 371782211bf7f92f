/* SPDX-License-Identifier: MIT */
/* What the files of the gate share: gate.c, gate_line.c, gate_path.c, gate_body.c. */
#ifndef AURORA_HTTP_GATE_PART_H
#define AURORA_HTTP_GATE_PART_H

#include "http/gate.h"

/* Notes the verdict; texts are static. Returns false. */
bool aurora__gate_refuse(aurora__gate *gate, int status, const char *code, const char *header,
                         const char *detail);
/* The same as 400 malformed_request. */
bool aurora__gate_malformed(aurora__gate *gate, const char *header, const char *detail);

bool aurora__gate_is_token(const char *text, size_t len);
/* Whether two texts are the same but for the case of ASCII letters. */
bool aurora__gate_is_same(const char *a, size_t len, const char *b);
/* Whether a Connection field lists this option, in any case of letters. */
bool aurora__gate_has_option(const char *value, size_t len, const char *option);

static inline char aurora__gate_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
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
