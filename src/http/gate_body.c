/* SPDX-License-Identifier: MIT */
/* The body by its length or its chunks (RFC 9112, section 7.1). Extensions and trailers are read
 * for their form, counted against a limit, and dropped. */
#include "http/gate_part.h"

#include "http/hex.h"

#define EXTRA_BYTES_MAX 8192    /* of extensions and trailers in one request */
#define EXTENSION_BYTES_MAX 256 /* of one chunk: nobody has a use for them but to hide bytes */
#define SIZE_DIGITS_MAX 16

enum chunk_state {
    SIZE = 0,
    EXTENSION,
    SIZE_END, /* LF after the size */
    DATA,
    DATA_CR,
    DATA_LF,
    TRAILER, /* start of a line */
    TRAILER_NAME,
    TRAILER_VALUE,
    TRAILER_LF,
    LAST_LF
};

bool aurora__gate_has_body(const aurora__gate *gate)
{
    return gate->is_chunked || gate->length > 0;
}

static bool read_size(aurora__gate *gate, char c)
{
    int digit = aurora__hex_digit(c);
    if (digit >= 0) {
        if (++gate->digits > SIZE_DIGITS_MAX)
            return aurora__gate_malformed(gate, NULL, "the size of a chunk has too many digits");
        gate->left = gate->left * 16 + (uint64_t)digit;
        return true;
    }
    if (gate->digits == 0 || (c != '\r' && c != ';'))
        return aurora__gate_malformed(gate, NULL,
                                      "the size of a chunk must be a hexadecimal number");
    if (gate->left > gate->limits->body_bytes_max - gate->length)
        return aurora__gate_refuse(gate, 413, "payload_too_large", NULL,
                                   "the body is larger than allowed");
    gate->chunk = c == '\r' ? SIZE_END : EXTENSION;
    return true;
}

static bool count_extra(aurora__gate *gate)
{
    if (++gate->extra <= EXTRA_BYTES_MAX)
        return true;
    return aurora__gate_refuse(gate, 431, "headers_too_large", NULL,
                               "chunk extensions and trailers are too large");
}

static bool is_text(char c)
{
    unsigned char byte = (unsigned char)c;
    return c == '\t' || (byte >= ' ' && byte != 0x7f);
}

/* Extensions and the values of trailers: text up to a CR. */
static bool read_text(aurora__gate *gate, char c, enum chunk_state next)
{
    if (c == '\r')
        gate->chunk = (uint8_t)next;
    else if (!is_text(c))
        return aurora__gate_malformed(
            gate, NULL, "a chunk's extension or trailer holds a byte that is not text");
    return count_extra(gate);
}

static bool read_extension(aurora__gate *gate, char c)
{
    if (c != '\r' && ++gate->extension >= EXTENSION_BYTES_MAX)
        return aurora__gate_malformed(gate, NULL, "the extensions of a chunk are too long");
    return read_text(gate, c, SIZE_END);
}

static bool read_trailer(aurora__gate *gate, char c)
{
    if (gate->chunk == TRAILER && c == '\r') {
        gate->chunk = LAST_LF;
        return true;
    }
    if (gate->chunk == TRAILER && ++gate->field_count > gate->limits->fields_max)
        return aurora__gate_refuse(gate, 431, "headers_too_large", NULL,
                                   "there are too many trailers");
    if (c == ':' && gate->chunk == TRAILER_NAME)
        gate->chunk = TRAILER_VALUE;
    else if (aurora__gate_is_token_byte((unsigned char)c))
        gate->chunk = TRAILER_NAME;
    else
        return aurora__gate_malformed(gate, NULL, "a trailer must be NAME: VALUE");
    return count_extra(gate);
}

static bool expect(aurora__gate *gate, char c, char wanted, enum chunk_state next)
{
    if (c != wanted)
        return aurora__gate_malformed(gate, NULL, "a chunk must end in CR LF");
    gate->chunk = (uint8_t)next;
    return true;
}

static void begin_size(aurora__gate *gate)
{
    gate->left = 0;
    gate->digits = 0;
    gate->extension = 0;
}

static bool read_framing(aurora__gate *gate, char c, bool *is_last)
{
    switch (gate->chunk) {
    case SIZE:
        return read_size(gate, c);
    case EXTENSION:
        return read_extension(gate, c);
    case SIZE_END:
        return expect(gate, c, '\n', gate->left > 0 ? DATA : TRAILER);
    case DATA_CR:
        return expect(gate, c, '\r', DATA_LF);
    case DATA_LF:
        begin_size(gate);
        return expect(gate, c, '\n', SIZE);
    case TRAILER:
    case TRAILER_NAME:
        return read_trailer(gate, c);
    case TRAILER_VALUE:
        return read_text(gate, c, TRAILER_LF);
    case TRAILER_LF:
        return expect(gate, c, '\n', TRAILER);
    default:
        *is_last = true;
        return expect(gate, c, '\n', LAST_LF);
    }
}

/* As much of the body as is there. */
static size_t take(aurora__gate *gate, size_t len)
{
    size_t n = len < gate->left ? len : (size_t)gate->left;
    gate->left -= n;
    return n;
}

static aurora__gate_step read_chunked(aurora__gate *gate, const char *data, size_t len,
                                      size_t *used_out, size_t *body_out)
{
    bool is_last = false;
    size_t at = 0;
    while (at < len && gate->chunk != DATA) {
        if (!read_framing(gate, data[at++], &is_last))
            return AURORA__GATE_REFUSED;
        if (is_last) {
            *used_out = at;
            return AURORA__GATE_DONE;
        }
    }
    if (at < len) {
        *body_out = take(gate, len - at);
        gate->length += *body_out;
        at += *body_out;
        if (gate->left == 0)
            gate->chunk = DATA_CR;
    }
    *used_out = at;
    return AURORA__GATE_MORE;
}

aurora__gate_step aurora__gate_body(aurora__gate *gate, const char *data, size_t len,
                                    size_t *used_out, size_t *body_out)
{
    *used_out = 0;
    *body_out = 0;
    if (gate->refusal.status != 0)
        return AURORA__GATE_REFUSED;
    if (gate->is_chunked)
        return read_chunked(gate, data, len, used_out, body_out);
    *body_out = *used_out = take(gate, len);
    return gate->left == 0 ? AURORA__GATE_DONE : AURORA__GATE_MORE;
}
