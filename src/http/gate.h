/* SPDX-License-Identifier: MIT */
/* Reads HTTP/1.1 off a connection's bytes and refuses what two readers could take for different
 * requests (RFC 9112). A state machine without I/O, memory or clock: the bytes come in as they
 * arrived, and every verdict falls at the same byte wherever they were cut. It stands before
 * everything else that reads the network. */
#ifndef AURORA_HTTP_GATE_H
#define AURORA_HTTP_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/refusal.h"

typedef struct {
    uint32_t head_bytes_max; /* request line and fields, else 431 */
    uint32_t line_bytes_max; /* request line, else 414 */
    uint32_t fields_max;     /* also of trailers, else 431 */
    uint64_t body_bytes_max; /* else 413 */
} aurora__gate_limits;

typedef enum {
    AURORA__GATE_MORE = 0,
    AURORA__GATE_DONE = 1,
    AURORA__GATE_REFUSED = 2 /* gate->refusal; nothing after it can be trusted */
} aurora__gate_step;

/* One request; the next one of the connection takes a fresh init. Offsets are from the first byte
 * of the request's data. */
typedef struct {
    const aurora__gate_limits *limits;
    aurora_http_refusal refusal;
    uint64_t length; /* Content-Length; of a chunked body what came so far */
    uint64_t left;   /* of a body or chunk */
    uint32_t scanned;
    uint32_t line; /* start of the line that is being read */
    uint32_t method_at, method_len;
    uint32_t target_at, target_len;       /* path and query; len 0: an absolute target without */
    uint32_t authority_at, authority_len; /* of an absolute target; len 0 = none */
    uint32_t fields_at, head_len;         /* known once the head is done */
    uint32_t field_count;
    uint32_t extra; /* bytes of chunk extensions and trailers */
    uint16_t line_count;
    uint16_t extension; /* bytes of this chunk's extensions */
    uint8_t method;     /* AURORA_HTTP_... of route.h; 0 until the request line was read */
    uint8_t minor;      /* HTTP/1.x */
    uint8_t chunk;      /* state of a chunked body */
    uint8_t digits;     /* of a chunk's size */
    bool is_star;       /* target "*" */
    bool has_host, has_length, has_coding;
    bool is_chunked;
    bool wants_continue;
    bool wants_close, wants_keep_alive;
} aurora__gate;

void aurora__gate_init(aurora__gate *gate, const aurora__gate_limits *limits);

/* Judges the head. `data` begins with the request's first byte and holds all that came, the bytes
 * of earlier calls included. DONE: head_len bytes are the head. */
aurora__gate_step aurora__gate_head(aurora__gate *gate, const char *data, size_t len);

/* Whether a body follows the head. */
bool aurora__gate_has_body(const aurora__gate *gate);

/* Takes the next bytes after the head. *used_out of them were read, and of these the last *body_out
 * are the body's. MORE: call again with what is left, or comes. */
aurora__gate_step aurora__gate_body(aurora__gate *gate, const char *data, size_t len,
                                    size_t *used_out, size_t *body_out);

/* Whether the connection may serve another request after this one. */
bool aurora__gate_keeps_alive(const aurora__gate *gate);

bool aurora__gate_is_token_byte(unsigned char byte);

/* The next field of a head that is done: *at moves on from gate->fields_at; false at its end. */
typedef struct {
    uint32_t name_at, name_len, value_at, value_len;
} aurora__gate_field;
bool aurora__gate_next_field(const char *head, uint32_t head_len, uint32_t *at,
                             aurora__gate_field *out);

#endif
