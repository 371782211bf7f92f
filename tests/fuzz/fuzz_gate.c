/* SPDX-License-Identifier: MIT */
/* Can a client's bytes hurt the gate, and is its verdict the same wherever they are cut? Reads the
 * bytes as one connection's requests, whole and in pieces, and compares. The first byte says how
 * large the pieces are. */
#include "http/gate.h"

#include <stdlib.h>
#include <string.h>

#define REQUESTS_MAX 64

static const aurora__gate_limits limits = {.head_bytes_max = 512,
                                           .line_bytes_max = 256,
                                           .fields_max = 8,
                                           .body_bytes_max = 1024};

/* What was made of the bytes: all that a handler could tell of them. */
typedef struct {
    uint32_t requests;
    uint64_t digest;
    int refused;
} outcome;

typedef struct {
    aurora__gate gate;
    outcome out;
    uint64_t body_len;
    const char *start; /* of the request */
    const char *at;    /* of what was not read of its body */
} reader;

static void mix(outcome *out, const void *data, size_t len)
{
    const unsigned char *bytes = data;
    for (size_t i = 0; i < len; i++)
        out->digest = (out->digest ^ bytes[i]) * 1099511628211u;
}

static void check_fields(reader *r)
{
    uint32_t at = r->gate.fields_at, count = 0;
    aurora__gate_field field;
    while (aurora__gate_next_field(r->start, r->gate.head_len, &at, &field)) {
        if (field.value_at + field.value_len > r->gate.head_len || field.name_len == 0)
            abort();
        mix(&r->out, r->start + field.name_at, field.name_len);
        mix(&r->out, r->start + field.value_at, field.value_len);
        count++;
    }
    if (count != r->gate.field_count)
        abort();
    mix(&r->out, r->start + r->gate.target_at, r->gate.target_len);
}

static void finish(reader *r)
{
    if (r->body_len != r->gate.length || r->body_len > limits.body_bytes_max)
        abort();
    r->out.requests++;
    r->start = r->at;
    r->body_len = 0;
    aurora__gate_init(&r->gate, &limits);
}

static aurora__gate_step read_head(reader *r, const char *end)
{
    aurora__gate_step step = aurora__gate_head(&r->gate, r->start, (size_t)(end - r->start));
    if (step != AURORA__GATE_DONE)
        return step;
    r->at = r->start + r->gate.head_len;
    if (r->at > end || r->gate.head_len > limits.head_bytes_max)
        abort();
    check_fields(r);
    if (!aurora__gate_has_body(&r->gate))
        finish(r);
    return step;
}

static aurora__gate_step read_body(reader *r, const char *end)
{
    size_t used, body;
    aurora__gate_step step =
        aurora__gate_body(&r->gate, r->at, (size_t)(end - r->at), &used, &body);
    if (step == AURORA__GATE_REFUSED)
        return step;
    if (used == 0 || body > used || used > (size_t)(end - r->at))
        abort();
    mix(&r->out, r->at + used - body, body);
    r->body_len += body;
    r->at += used;
    if (step == AURORA__GATE_DONE)
        finish(r);
    return AURORA__GATE_DONE;
}

/* Reads on with all bytes up to `end` there; false once refused. */
static bool read_up_to(reader *r, const char *end)
{
    while (r->out.requests < REQUESTS_MAX) {
        bool is_in_body = r->gate.head_len > 0;
        if (is_in_body ? r->at == end : r->start == end)
            return true;
        aurora__gate_step step = is_in_body ? read_body(r, end) : read_head(r, end);
        if (step == AURORA__GATE_REFUSED) {
            r->out.refused = r->gate.refusal.status;
            return false;
        }
        if (step == AURORA__GATE_MORE)
            return true;
    }
    return false;
}

static outcome read_pieces(const char *data, size_t size, size_t piece)
{
    reader r = {.start = data, .at = data};
    aurora__gate_init(&r.gate, &limits);
    for (size_t len = piece < size ? piece : size; read_up_to(&r, data + len) && len < size;)
        len = size - len < piece ? size : len + piece;
    return r.out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    const char *bytes = (const char *)data + 1;
    outcome whole = read_pieces(bytes, size - 1, size);
    outcome pieces = read_pieces(bytes, size - 1, 1 + data[0] % 32);
    if (whole.requests != pieces.requests || whole.refused != pieces.refused ||
        whole.digest != pieces.digest)
        abort();
    return 0;
}
