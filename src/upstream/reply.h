/* SPDX-License-Identifier: MIT */
/* Reads the answer to a request off an upstream's connection, and refuses what two readers could
 * take for different answers (RFC 9112). A state machine without I/O, memory or clock, as
 * http/gate.h is for requests: every verdict falls at the same byte wherever the bytes were cut. */
#ifndef AURORA_UPSTREAM_REPLY_H
#define AURORA_UPSTREAM_REPLY_H

#include "http/gate.h"
#include "upstream/upstream.h"

typedef enum {
    AURORA__REPLY_MORE = 0,
    AURORA__REPLY_DONE = 1,
    AURORA__REPLY_BAD = 2 /* reply->why; the connection is of no use any more */
} aurora__reply_step;

/* One answer; the next one of the connection takes a fresh init. Offsets are from the first byte of
 * the answer's data. */
typedef struct {
    const aurora__gate_limits *limits; /* line_bytes_max is not used */
    const char *why;                   /* of a refusal: static */
    bool is_to_head; /* the request was a HEAD: no body follows, whatever is said */
    bool is_1_0;
    bool has_length, is_chunked;
    bool wants_close, wants_keep_alive;
    uint16_t status; /* 0 until the status line was read */
    uint32_t scanned;
    uint32_t line;      /* start of the line that is being read */
    uint32_t fields_at; /* for aurora__gate_next_field */
    uint32_t head_len;  /* known once the head is done */
    uint32_t field_count;
    uint64_t length; /* Content-Length */
    aurora__gate body;
} aurora__reply;

void aurora__reply_init(aurora__reply *reply, const aurora__gate_limits *limits, bool is_to_head);

/* Judges the head. `data` begins with the answer's first byte and holds all that came, the bytes of
 * earlier calls included. DONE: head_len bytes are the head. */
aurora__reply_step aurora__reply_head(aurora__reply *reply, const char *data, size_t len);

/* The fields of a head that is done but those of the connection, as texts: NULs are put into
 * `data`. `out` has room for field_count. Returns how many. */
uint32_t aurora__reply_fields(const aurora__reply *reply, char *data, aurora_upstream_field *out);

/* Whether this is a 1xx: another head follows it, which takes a fresh init. */
bool aurora__reply_is_interim(const aurora__reply *reply);
/* Whether a body follows the head. */
bool aurora__reply_has_body(const aurora__reply *reply);

/* Takes the next bytes after the head. *used_out of them were read, and of these the last *body_out
 * are the body's. MORE: call again with what is left, or comes. */
aurora__reply_step aurora__reply_body(aurora__reply *reply, const char *data, size_t len,
                                      size_t *used_out, size_t *body_out);

/* Whether the connection may take another request after this answer. */
bool aurora__reply_keeps_alive(const aurora__reply *reply);

#endif
