/* SPDX-License-Identifier: MIT */
#include "http/gate_part.h"

#include <string.h>

void aurora__gate_init(aurora__gate *gate, const aurora__gate_limits *limits)
{
    *gate = (aurora__gate){.limits = limits};
}

bool aurora__gate_is_token_byte(unsigned char byte)
{
    static const uint64_t marks[2] = {
        UINT64_C(0x03ff6cfa00000000), /* ! # $ % & ' * + - . 0-9 */
        UINT64_C(0x57ffffffc7fffffe), /* A-Z ^ _ ` a-z | ~ */
    };
    return byte < 0x80 && (marks[byte / 64] >> byte % 64 & 1) != 0;
}

bool aurora__gate_is_token(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (!aurora__gate_is_token_byte((unsigned char)text[i]))
            return false;
    }
    return len > 0;
}

bool aurora__gate_is_same_whole(const char *a, size_t len, const char *b)
{
    for (size_t i = 0; i < len; i++) {
        if (b[i] == '\0' || aurora__gate_lower(a[i]) != aurora__gate_lower(b[i]))
            return false;
    }
    return b[len] == '\0';
}

bool aurora__gate_refuse(aurora__gate *gate, int status, const char *code, const char *header,
                         const char *detail)
{
    gate->refusal = (aurora_http_refusal){status, code, header, detail};
    return false;
}

bool aurora__gate_malformed(aurora__gate *gate, const char *header, const char *detail)
{
    return aurora__gate_refuse(gate, 400, "malformed_request", header, detail);
}

/* --- header fields ---------------------------------------------------------------------------- */

static bool read_host(aurora__gate *gate, const char *value, size_t len)
{
    if (gate->has_host)
        return aurora__gate_malformed(gate, "Host", "is given twice");
    gate->has_host = true;
    if (!aurora__gate_is_authority(value, len))
        return aurora__gate_malformed(gate, "Host", "must be a host and a port");
    return true;
}

static bool read_length(aurora__gate *gate, const char *value, size_t len)
{
    static const char rule[] = "must be given once, as a decimal number";
    if (gate->has_length || len == 0)
        return aurora__gate_malformed(gate, "Content-Length", rule);
    gate->has_length = true;
    for (size_t i = 0; i < len; i++) {
        uint64_t digit = (uint64_t)(value[i] - '0');
        if (value[i] < '0' || value[i] > '9')
            return aurora__gate_malformed(gate, "Content-Length", rule);
        if (gate->length > (UINT64_MAX - digit) / 10)
            return aurora__gate_malformed(gate, "Content-Length", "is not a length");
        gate->length = gate->length * 10 + digit;
    }
    return true;
}

static bool read_coding(aurora__gate *gate, const char *value, size_t len)
{
    if (gate->has_coding)
        return aurora__gate_malformed(gate, "Transfer-Encoding", "is given twice");
    gate->has_coding = true;
    if (!aurora__gate_is_same(value, len, "chunked"))
        return aurora__gate_malformed(gate, "Transfer-Encoding", "must be chunked");
    gate->is_chunked = true;
    return true;
}

static bool read_expect(aurora__gate *gate, const char *value, size_t len)
{
    if (!aurora__gate_is_same(value, len, "100-continue"))
        return aurora__gate_refuse(gate, 417, "expectation_failed", "Expect",
                                   "must be 100-continue");
    gate->wants_continue = true;
    return true;
}

bool aurora__gate_has_option(const char *value, size_t len, const char *option)
{
    size_t at = 0;
    bool has = false;
    while (at < len) {
        size_t start = at;
        while (at < len && value[at] != ',' && value[at] != ' ' && value[at] != '\t')
            at++;
        has |= aurora__gate_is_same(value + start, at - start, option);
        at++;
    }
    return has;
}

static bool read_connection(aurora__gate *gate, const char *value, size_t len)
{
    gate->wants_close |= aurora__gate_has_option(value, len, "close");
    gate->wants_keep_alive |= aurora__gate_has_option(value, len, "keep-alive");
    return true;
}

static bool read_known(aurora__gate *gate, const char *name, size_t name_len, const char *value,
                       size_t len)
{
    switch (name_len) {
    case 4:
        return !aurora__gate_is_same(name, 4, "host") || read_host(gate, value, len);
    case 6:
        return !aurora__gate_is_same(name, 6, "expect") || read_expect(gate, value, len);
    case 10:
        return !aurora__gate_is_same(name, 10, "connection") || read_connection(gate, value, len);
    case 14:
        return !aurora__gate_is_same(name, 14, "content-length") || read_length(gate, value, len);
    case 17:
        return !aurora__gate_is_same(name, 17, "transfer-encoding") ||
               read_coding(gate, value, len);
    default:
        return true;
    }
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool split_field(const char *line, size_t len, size_t *name_len, const char **value,
                        size_t *value_len)
{
    const char *colon = memchr(line, ':', len);
    if (colon == NULL)
        return false;
    const char *first = colon + 1;
    const char *end = line + len;
    while (first < end && is_blank(*first))
        first++;
    while (end > first && is_blank(end[-1]))
        end--;
    *name_len = (size_t)(colon - line);
    *value = first;
    *value_len = (size_t)(end - first);
    return true;
}

static bool read_field(aurora__gate *gate, const char *line, size_t len)
{
    size_t name_len, value_len;
    const char *value;
    if (is_blank(line[0]))
        return aurora__gate_malformed(gate, NULL, "a header field may not go on in the next line");
    if (!split_field(line, len, &name_len, &value, &value_len) ||
        !aurora__gate_is_token(line, name_len))
        return aurora__gate_malformed(gate, NULL, "a header field must be NAME: VALUE");
    if (++gate->field_count > gate->limits->fields_max)
        return aurora__gate_refuse(gate, 431, "headers_too_large", NULL,
                                   "there are too many header fields");
    return read_known(gate, line, name_len, value, value_len);
}

/* What only the whole head can tell. */
static bool finish_head(aurora__gate *gate)
{
    if (gate->minor > 0 && !gate->has_host)
        return aurora__gate_malformed(gate, "Host", "is required");
    if (gate->is_chunked && gate->has_length)
        return aurora__gate_malformed(gate, "Transfer-Encoding",
                                      "may not be given with Content-Length");
    if (gate->is_chunked && gate->minor == 0)
        return aurora__gate_malformed(gate, "Transfer-Encoding", "does not belong to HTTP/1.0");
    if (gate->length > gate->limits->body_bytes_max)
        return aurora__gate_refuse(gate, 413, "payload_too_large", NULL,
                                   "the body is larger than allowed");
    if (gate->minor == 0)
        gate->wants_continue = false; /* RFC 9110: 1.0 clients did not mean it */
    gate->left = gate->length;
    return true;
}

/* --- the bytes -------------------------------------------------------------------------------- */

/* A line without its CRLF. Sets head_len when it was the last. */
static bool read_line(aurora__gate *gate, const char *data, size_t end)
{
    const char *line = data + gate->line;
    size_t len = end - gate->line;
    size_t next = end + 2;
    bool is_first = gate->method == 0;
    gate->line = (uint32_t)next;
    if (is_first && len == 0) /* one is forgiven: old clients end a body with it */
        return gate->line_count++ == 0
                   ? true
                   : aurora__gate_malformed(gate, NULL, "the request begins with blank lines");
    if (is_first) {
        gate->fields_at = (uint32_t)next;
        return aurora__gate_read_line(gate, data, line, len);
    }
    if (len > 0)
        return read_field(gate, line, len);
    gate->head_len = (uint32_t)next;
    return finish_head(gate);
}

static bool is_allowed(const aurora__gate *gate, unsigned char c)
{
    if (c >= ' ' && c < 0x7f)
        return true;
    return gate->method != 0 && (c == '\t' || c >= 0x80);
}

static bool check_size(aurora__gate *gate, size_t size)
{
    if (gate->method == 0 && size > gate->limits->line_bytes_max)
        return aurora__gate_refuse(gate, 414, "uri_too_long", NULL, "the request line is too long");
    if (size > gate->limits->head_bytes_max)
        return aurora__gate_refuse(gate, 431, "headers_too_large", NULL,
                                   "the header fields are too large");
    return true;
}

static bool read_byte(aurora__gate *gate, const char *data, size_t at)
{
    unsigned char c = (unsigned char)data[at];
    bool after_cr = at > gate->line && data[at - 1] == '\r';
    if (!check_size(gate, at + 1))
        return false;
    if (c == '\n')
        return after_cr ? read_line(gate, data, at - 1)
                        : aurora__gate_malformed(gate, NULL, "lines must end in CR LF");
    if (after_cr)
        return aurora__gate_malformed(gate, NULL, "lines must end in CR LF");
    return c == '\r' || is_allowed(gate, c)
               ? true
               : aurora__gate_malformed(gate, NULL, "the head holds a byte that is not text");
}

/* Passes over bytes that decide nothing: text within a line and within the limits. */
static void skip_text(aurora__gate *gate, const char *data, size_t len)
{
    const aurora__gate_limits *limits = gate->limits;
    size_t at = gate->scanned;
    size_t end = limits->head_bytes_max;
    if (gate->method == 0 && limits->line_bytes_max < end)
        end = limits->line_bytes_max;
    if (len < end)
        end = len;
    if (at > gate->line && data[at - 1] == '\r')
        return;
    gate->scanned = (uint32_t)aurora__gate_text_end(data, at, end);
}

aurora__gate_step aurora__gate_head(aurora__gate *gate, const char *data, size_t len)
{
    if (gate->refusal.status != 0)
        return AURORA__GATE_REFUSED;
    while (gate->scanned < len && gate->head_len == 0) {
        skip_text(gate, data, len);
        if (gate->scanned < len && !read_byte(gate, data, gate->scanned++))
            return AURORA__GATE_REFUSED;
    }
    return gate->head_len > 0 ? AURORA__GATE_DONE : AURORA__GATE_MORE;
}

bool aurora__gate_keeps_alive(const aurora__gate *gate)
{
    return !gate->wants_close && (gate->minor > 0 || gate->wants_keep_alive);
}

bool aurora__gate_next_field(const char *head, uint32_t head_len, uint32_t *at,
                             aurora__gate_field *out)
{
    const char *line = head + *at;
    const char *end = memchr(line, '\r', head_len - *at);
    size_t name_len, value_len;
    const char *value;
    if (end == NULL || end == line ||
        !split_field(line, (size_t)(end - line), &name_len, &value, &value_len))
        return false;
    *out = (aurora__gate_field){.name_at = *at,
                                .name_len = (uint32_t)name_len,
                                .value_at = (uint32_t)(value - head),
                                .value_len = (uint32_t)value_len};
    *at = (uint32_t)(end - head) + 2;
    return true;
}
