/* SPDX-License-Identifier: MIT */
#include "upstream/reply.h"

#include "http/gate_part.h"

#include <string.h>

void aurora__reply_init(aurora__reply *reply, const aurora__gate_limits *limits, bool is_to_head)
{
    *reply = (aurora__reply){.limits = limits, .is_to_head = is_to_head};
}

static bool refuse(aurora__reply *reply, const char *why)
{
    reply->why = why;
    return false;
}

/* --- the status line -------------------------------------------------------------------------- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* HTTP/1.x SP 3DIGIT [SP reason] */
static bool read_status(aurora__reply *reply, const char *line, size_t len)
{
    if (len < 12 || memcmp(line, "HTTP/1.", 7) != 0 || (line[7] != '0' && line[7] != '1') ||
        line[8] != ' ')
        return refuse(reply, "does not begin with HTTP/1.1 and a status");
    if (!is_digit(line[9]) || !is_digit(line[10]) || !is_digit(line[11]) ||
        (len > 12 && line[12] != ' '))
        return refuse(reply, "has a status that is not three digits");
    int status = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
    if (status < 100 || status > 599)
        return refuse(reply, "has a status outside of 100 to 599");
    if (status == 101)
        return refuse(reply, "switches protocols unasked");
    reply->is_1_0 = line[7] == '0';
    if (reply->is_1_0 && status < 200)
        return refuse(reply, "has an interim status in HTTP/1.0");
    reply->status = (uint16_t)status;
    return true;
}

/* --- header fields ---------------------------------------------------------------------------- */

static bool read_length(aurora__reply *reply, const char *value, size_t len)
{
    if (reply->has_length || len == 0)
        return refuse(reply, "has a Content-Length that is empty or given twice");
    reply->has_length = true;
    for (size_t i = 0; i < len; i++) {
        uint64_t digit = (uint64_t)(value[i] - '0');
        if (!is_digit(value[i]) || reply->length > (UINT64_MAX - digit) / 10)
            return refuse(reply, "has a Content-Length that is no decimal number");
        reply->length = reply->length * 10 + digit;
    }
    return true;
}

static bool read_coding(aurora__reply *reply, const char *value, size_t len)
{
    if (reply->is_chunked || !aurora__gate_is_same(value, len, "chunked"))
        return refuse(reply, "has a Transfer-Encoding other than chunked, or two of them");
    reply->is_chunked = true;
    return true;
}

static void read_connection(aurora__reply *reply, const char *value, size_t len)
{
    reply->wants_close |= aurora__gate_has_option(value, len, "close");
    reply->wants_keep_alive |= aurora__gate_has_option(value, len, "keep-alive");
}

static bool read_known(aurora__reply *reply, const char *name, size_t name_len, const char *value,
                       size_t len)
{
    if (aurora__gate_is_same(name, name_len, "content-length"))
        return read_length(reply, value, len);
    if (aurora__gate_is_same(name, name_len, "transfer-encoding"))
        return read_coding(reply, value, len);
    if (aurora__gate_is_same(name, name_len, "connection"))
        read_connection(reply, value, len);
    return true;
}

/* The line is in `data` with its CR LF behind it. */
static bool read_field(aurora__reply *reply, const char *data, uint32_t line, size_t len)
{
    uint32_t at = line;
    aurora__gate_field field;
    if (data[line] == ' ' || data[line] == '\t')
        return refuse(reply, "has a header field that goes on in the next line");
    if (!aurora__gate_next_field(data, (uint32_t)(line + len + 2), &at, &field) ||
        !aurora__gate_is_token(data + field.name_at, field.name_len))
        return refuse(reply, "has a header field that is not NAME: VALUE");
    if (++reply->field_count > reply->limits->fields_max)
        return refuse(reply, "has too many header fields");
    return read_known(reply, data + field.name_at, field.name_len, data + field.value_at,
                      field.value_len);
}

static bool has_no_content(const aurora__reply *reply)
{
    return reply->status < 200 || reply->status == 204;
}

/* What only the whole head can tell. */
static bool finish_head(aurora__reply *reply)
{
    if (reply->is_chunked && reply->has_length)
        return refuse(reply, "has both a Content-Length and a Transfer-Encoding");
    if (reply->is_chunked && reply->is_1_0)
        return refuse(reply, "has a Transfer-Encoding in HTTP/1.0");
    if (has_no_content(reply) && (reply->is_chunked || reply->length > 0))
        return refuse(reply, "has a body where its status allows none");
    /* RFC 9112, 6.3 lets such a body end with the connection: then one that was cut off looks
     * whole. */
    if (!has_no_content(reply) && reply->status != 304 && !reply->is_to_head &&
        !reply->is_chunked && !reply->has_length)
        return refuse(reply, "does not say how long its body is");
    if (reply->length > reply->limits->body_bytes_max && !reply->is_to_head)
        return refuse(reply, "has a body that is larger than allowed");
    aurora__gate_init(&reply->body, reply->limits);
    reply->body.is_chunked = reply->is_chunked;
    reply->body.left = reply->length;
    if (!reply->is_chunked)
        reply->body.length = reply->length;
    return true;
}

/* --- the bytes -------------------------------------------------------------------------------- */

static bool read_line(aurora__reply *reply, const char *data, size_t end)
{
    uint32_t line = reply->line;
    size_t len = end - line;
    reply->line = (uint32_t)end + 2;
    if (reply->status == 0) {
        reply->fields_at = reply->line;
        return read_status(reply, data + line, len);
    }
    if (len > 0)
        return read_field(reply, data, line, len);
    reply->head_len = (uint32_t)end + 2;
    return finish_head(reply);
}

static bool read_byte(aurora__reply *reply, const char *data, size_t at)
{
    unsigned char c = (unsigned char)data[at];
    bool after_cr = at > reply->line && data[at - 1] == '\r';
    if (at >= reply->limits->head_bytes_max)
        return refuse(reply, "has header fields that are too large");
    if (c == '\n' && after_cr)
        return read_line(reply, data, at - 1);
    if (c == '\n' || after_cr)
        return refuse(reply, "has a line that does not end in CR LF");
    return c == '\r' || c == '\t' || (c >= ' ' && c != 0x7f)
               ? true
               : refuse(reply, "has a byte in its head that is not text");
}

/* Passes over bytes that decide nothing. */
static void skip_text(aurora__reply *reply, const char *data, size_t len)
{
    size_t at = reply->scanned;
    size_t end = len < reply->limits->head_bytes_max ? len : reply->limits->head_bytes_max;
    if (at > reply->line && data[at - 1] == '\r')
        return;
    reply->scanned = (uint32_t)aurora__gate_text_end(data, at, end);
}

aurora__reply_step aurora__reply_head(aurora__reply *reply, const char *data, size_t len)
{
    if (reply->why != NULL)
        return AURORA__REPLY_BAD;
    while (reply->scanned < len && reply->head_len == 0) {
        skip_text(reply, data, len);
        if (reply->scanned < len && !read_byte(reply, data, reply->scanned++))
            return AURORA__REPLY_BAD;
    }
    return reply->head_len > 0 ? AURORA__REPLY_DONE : AURORA__REPLY_MORE;
}

bool aurora__reply_is_interim(const aurora__reply *reply)
{
    return reply->status < 200;
}

bool aurora__reply_has_body(const aurora__reply *reply)
{
    return !has_no_content(reply) && reply->status != 304 && !reply->is_to_head &&
           (reply->is_chunked || reply->length > 0);
}

aurora__reply_step aurora__reply_body(aurora__reply *reply, const char *data, size_t len,
                                      size_t *used_out, size_t *body_out)
{
    switch (aurora__gate_body(&reply->body, data, len, used_out, body_out)) {
    case AURORA__GATE_MORE:
        return AURORA__REPLY_MORE;
    case AURORA__GATE_DONE:
        return AURORA__REPLY_DONE;
    default:
        reply->why = "has chunks that are not well-formed, or too large";
        return AURORA__REPLY_BAD;
    }
}

bool aurora__reply_keeps_alive(const aurora__reply *reply)
{
    return !reply->wants_close && (!reply->is_1_0 || reply->wants_keep_alive);
}
