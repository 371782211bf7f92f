/* SPDX-License-Identifier: MIT */
/* Can an upstream's bytes hurt the gateway, and is the verdict the same wherever they are cut?
 * Reads the bytes as one connection's answers, whole and in pieces, and compares. The first byte
 * says how large the pieces are, and whether the requests were HEADs. */
#include "upstream/reply.h"

#include <stdlib.h>
#include <string.h>

#define ANSWERS_MAX 64

static const aurora__gate_limits limits = {.head_bytes_max = 512,
                                           .fields_max = 8,
                                           .body_bytes_max = 1024};

typedef struct {
    uint32_t answers;
    uint64_t digest;
    const char *why;
} outcome;

typedef struct {
    aurora__reply reply;
    outcome out;
    bool is_to_head;
    uint64_t body_len;
    const char *start; /* of the answer */
    const char *at;    /* of what was not read of its body */
} reader;

static void mix(outcome *out, const void *data, size_t len)
{
    const unsigned char *bytes = data;
    for (size_t i = 0; i < len; i++)
        out->digest = (out->digest ^ bytes[i]) * 1099511628211u;
}

/* On a copy, as texts are ended by NULs that are put in. */
static void check_fields(reader *r)
{
    char head[512];
    aurora_upstream_field fields[8];
    if (r->reply.head_len > sizeof head || r->reply.field_count > 8)
        abort();
    memcpy(head, r->start, r->reply.head_len);
    uint32_t count = aurora__reply_fields(&r->reply, head, fields);
    for (uint32_t i = 0; i < count; i++) {
        if (strlen(fields[i].name) != fields[i].name_len || fields[i].name_len == 0 ||
            strlen(fields[i].value) != fields[i].value_len)
            abort();
        mix(&r->out, fields[i].name, fields[i].name_len);
        mix(&r->out, fields[i].value, fields[i].value_len);
    }
}

static void finish(reader *r)
{
    if (r->body_len > limits.body_bytes_max)
        abort();
    r->out.answers++;
    r->out.digest = (r->out.digest ^ aurora__reply_keeps_alive(&r->reply)) * 1099511628211u;
    r->start = r->at;
    r->body_len = 0;
    aurora__reply_init(&r->reply, &limits, r->is_to_head);
}

static aurora__reply_step read_head(reader *r, const char *end)
{
    aurora__reply_step step = aurora__reply_head(&r->reply, r->start, (size_t)(end - r->start));
    if (step != AURORA__REPLY_DONE)
        return step;
    r->at = r->start + r->reply.head_len;
    if (r->at > end || r->reply.head_len > limits.head_bytes_max)
        abort();
    check_fields(r);
    if (!aurora__reply_has_body(&r->reply))
        finish(r);
    return step;
}

static aurora__reply_step read_body(reader *r, const char *end)
{
    size_t used, body;
    aurora__reply_step step =
        aurora__reply_body(&r->reply, r->at, (size_t)(end - r->at), &used, &body);
    if (step == AURORA__REPLY_BAD)
        return step;
    if (used == 0 || body > used || used > (size_t)(end - r->at))
        abort();
    mix(&r->out, r->at + used - body, body);
    r->body_len += body;
    r->at += used;
    if (step == AURORA__REPLY_DONE)
        finish(r);
    return AURORA__REPLY_DONE;
}

/* Reads on with all bytes up to `end` there; false once refused. */
static bool read_up_to(reader *r, const char *end)
{
    while (r->out.answers < ANSWERS_MAX) {
        bool is_in_body = r->reply.head_len > 0;
        if (is_in_body ? r->at == end : r->start == end)
            return true;
        aurora__reply_step step = is_in_body ? read_body(r, end) : read_head(r, end);
        if (step == AURORA__REPLY_BAD) {
            r->out.why = r->reply.why;
            return false;
        }
        if (step == AURORA__REPLY_MORE)
            return true;
    }
    return false;
}

static outcome read_pieces(const char *data, size_t size, size_t piece, bool is_to_head)
{
    reader r = {.start = data, .at = data, .is_to_head = is_to_head};
    aurora__reply_init(&r.reply, &limits, is_to_head);
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
    bool is_to_head = (data[0] & 128) != 0;
    outcome whole = read_pieces(bytes, size - 1, size, is_to_head);
    outcome pieces = read_pieces(bytes, size - 1, 1 + data[0] % 32, is_to_head);
    if (whole.answers != pieces.answers || whole.why != pieces.why || whole.digest != pieces.digest)
        abort();
    return 0;
}
