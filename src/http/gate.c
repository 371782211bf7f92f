/* SPDX-License-Identifier: MIT */
#include "http/gate.h"

#include "http/route.h"

#include <string.h>

#define MALFORMED "malformed_request"

void aurora__gate_init(aurora__gate *gate, const aurora__gate_limits *limits)
{
    *gate = (aurora__gate){.limits = limits};
}

static bool refuse(aurora__gate *gate, int status, const char *code, const char *header,
                   const char *detail)
{
    gate->refusal = (aurora_http_refusal){status, code, header, detail};
    return false;
}

static bool malformed(aurora__gate *gate, const char *header, const char *detail)
{
    return refuse(gate, 400, MALFORMED, header, detail);
}

bool aurora__gate_is_token_byte(unsigned char byte)
{
    static const char marks[] = "!#$%&'*+-.^_`|~";
    if ((byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
        (byte >= '0' && byte <= '9'))
        return true;
    return byte != 0 && byte < 0x7f && memchr(marks, byte, sizeof(marks) - 1) != NULL;
}

static bool is_token(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (!aurora__gate_is_token_byte((unsigned char)text[i]))
            return false;
    }
    return len > 0;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool aurora__gate_is_same(const char *a, size_t len, const char *b)
{
    for (size_t i = 0; i < len; i++) {
        if (b[i] == '\0' || lower(a[i]) != lower(b[i]))
            return false;
    }
    return b[len] == '\0';
}

/* --- the request line ------------------------------------------------------------------------- */

static bool read_version(aurora__gate *gate, const char *text, size_t len)
{
    if (len != 8 || memcmp(text, "HTTP/", 5) != 0 || text[5] < '0' || text[5] > '9' ||
        text[6] != '.' || text[7] < '0' || text[7] > '9')
        return malformed(gate, NULL, "the request line must end in HTTP/1.1");
    if (text[5] != '1')
        return refuse(gate, 505, "version_not_supported", NULL, "this server speaks HTTP/1.1");
    gate->minor = text[7] == '0' ? 0 : 1;
    return true;
}

static bool read_method(aurora__gate *gate, const char *text, size_t len)
{
    static const struct {
        const char *name;
        uint8_t method;
    } known[] = {
        {"GET", AURORA_HTTP_GET},     {"POST", AURORA_HTTP_POST},
        {"PUT", AURORA_HTTP_PUT},     {"DELETE", AURORA_HTTP_DELETE},
        {"HEAD", AURORA_HTTP_HEAD},   {"OPTIONS", AURORA_HTTP_OPTIONS},
        {"PATCH", AURORA_HTTP_PATCH},
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strlen(known[i].name) == len && memcmp(known[i].name, text, len) == 0)
            gate->method = known[i].method;
    }
    if (gate->method == 0)
        return refuse(gate, 501, "not_implemented", NULL, "the method is not known here");
    return true;
}

/* One character of a path segment, "%2e" being one; its length in *len_out. */
static char segment_byte(const char *text, size_t len, size_t *len_out)
{
    *len_out = 1;
    if (len >= 3 && text[0] == '%' && text[1] == '2' && lower(text[2]) == 'e') {
        *len_out = 3;
        return '.';
    }
    return text[0];
}

/* Whether a segment is "." or "..", however written: a cache or proxy would walk up at it. */
static bool is_dot_segment(const char *text, size_t len)
{
    size_t dots = 0;
    for (size_t at = 0; at < len; dots++) {
        size_t step;
        if (segment_byte(text + at, len - at, &step) != '.')
            return false;
        at += step;
    }
    return dots == 1 || dots == 2;
}

static bool check_path(aurora__gate *gate, const char *text, size_t len)
{
    const char *query = memchr(text, '?', len);
    const char *end = query == NULL ? text + len : query;
    if (memchr(text, '#', len) != NULL)
        return malformed(gate, NULL, "the target may not have a fragment");
    for (const char *segment = text; segment < end;) {
        segment++; /* the slash */
        const char *next = memchr(segment, '/', (size_t)(end - segment));
        if (next == NULL)
            next = end;
        if (is_dot_segment(segment, (size_t)(next - segment)))
            return malformed(gate, NULL, "the path may not have the segments . and ..");
        segment = next;
    }
    return true;
}

/* host [":" port] of the Host field or an absolute target; no user, no path. */
static bool is_authority(const char *text, size_t len)
{
    static const char marks[] = "-._~%!$&'()*+,;=:[]";
    for (size_t i = 0; i < len; i++) {
        char c = lower(text[i]);
        if ((c < 'a' || c > 'z') && (c < '0' || c > '9') &&
            (c == '\0' || memchr(marks, c, sizeof(marks) - 1) == NULL))
            return false;
    }
    return len > 0 && text[0] != ':';
}

/* "http://host/path": RFC 9112 has servers take it, though only proxies are sent it. */
static bool read_absolute_target(aurora__gate *gate, const char *data, const char *text, size_t len)
{
    size_t scheme = 0;
    if (len > 7 && aurora__gate_is_same(text, 7, "http://"))
        scheme = 7;
    else if (len > 8 && aurora__gate_is_same(text, 8, "https://"))
        scheme = 8;
    else
        return malformed(gate, NULL, "the target must begin with a slash");
    size_t end = scheme;
    while (end < len && text[end] != '/' && text[end] != '?' && text[end] != '#')
        end++;
    if (!is_authority(text + scheme, end - scheme))
        return malformed(gate, NULL, "the target's authority must be a host and a port");
    if (end < len && text[end] != '/')
        return malformed(gate, NULL, "an absolute target must have a path");
    gate->authority_at = (uint32_t)(text + scheme - data);
    gate->authority_len = (uint32_t)(end - scheme);
    gate->target_at = (uint32_t)(text + end - data);
    gate->target_len = (uint32_t)(len - end);
    return check_path(gate, text + end, len - end);
}

static bool read_target(aurora__gate *gate, const char *data, const char *text, size_t len)
{
    if (len == 1 && text[0] == '*') {
        if (gate->method != AURORA_HTTP_OPTIONS)
            return malformed(gate, NULL, "the target * belongs to OPTIONS");
        gate->is_star = true;
    } else if (len == 0 || text[0] != '/') {
        return read_absolute_target(gate, data, text, len);
    }
    gate->target_at = (uint32_t)(text - data);
    gate->target_len = (uint32_t)len;
    return gate->is_star || check_path(gate, text, len);
}

static bool read_request_line(aurora__gate *gate, const char *data, const char *line, size_t len)
{
    const char *end = line + len;
    const char *blank = memchr(line, ' ', len);
    const char *second = blank == NULL ? NULL : memchr(blank + 1, ' ', (size_t)(end - blank - 1));
    if (second == NULL || !is_token(line, (size_t)(blank - line)) || second == blank + 1)
        return malformed(gate, NULL, "the request line must be METHOD TARGET HTTP/1.1");
    if (!read_version(gate, second + 1, (size_t)(end - second - 1)) ||
        !read_method(gate, line, (size_t)(blank - line)))
        return false;
    gate->method_at = (uint32_t)(line - data);
    gate->method_len = (uint32_t)(blank - line);
    return read_target(gate, data, blank + 1, (size_t)(second - blank - 1));
}

/* --- header fields ---------------------------------------------------------------------------- */

static bool read_host(aurora__gate *gate, const char *value, size_t len)
{
    if (gate->has_host)
        return malformed(gate, "Host", "is given twice");
    gate->has_host = true;
    if (!is_authority(value, len))
        return malformed(gate, "Host", "must be a host and a port");
    return true;
}

static bool read_length(aurora__gate *gate, const char *value, size_t len)
{
    static const char rule[] = "must be given once, as a decimal number";
    if (gate->has_length || len == 0)
        return malformed(gate, "Content-Length", rule);
    gate->has_length = true;
    for (size_t i = 0; i < len; i++) {
        uint64_t digit = (uint64_t)(value[i] - '0');
        if (value[i] < '0' || value[i] > '9')
            return malformed(gate, "Content-Length", rule);
        if (gate->length > (UINT64_MAX - digit) / 10)
            return malformed(gate, "Content-Length", "is not a length");
        gate->length = gate->length * 10 + digit;
    }
    return true;
}

static bool read_coding(aurora__gate *gate, const char *value, size_t len)
{
    if (gate->has_coding)
        return malformed(gate, "Transfer-Encoding", "is given twice");
    gate->has_coding = true;
    if (!aurora__gate_is_same(value, len, "chunked"))
        return refuse(gate, 501, "not_implemented", "Transfer-Encoding", "must be chunked");
    gate->is_chunked = true;
    return true;
}

static bool read_expect(aurora__gate *gate, const char *value, size_t len)
{
    if (!aurora__gate_is_same(value, len, "100-continue"))
        return refuse(gate, 417, "expectation_failed", "Expect", "must be 100-continue");
    gate->wants_continue = true;
    return true;
}

static bool read_connection(aurora__gate *gate, const char *value, size_t len)
{
    size_t at = 0;
    while (at < len) {
        size_t start = at;
        while (at < len && value[at] != ',' && value[at] != ' ' && value[at] != '\t')
            at++;
        gate->wants_close |= aurora__gate_is_same(value + start, at - start, "close");
        gate->wants_keep_alive |= aurora__gate_is_same(value + start, at - start, "keep-alive");
        at++;
    }
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
        return malformed(gate, NULL, "a header field may not go on in the next line");
    if (!split_field(line, len, &name_len, &value, &value_len) || !is_token(line, name_len))
        return malformed(gate, NULL, "a header field must be NAME: VALUE");
    if (++gate->field_count > gate->limits->fields_max)
        return refuse(gate, 431, "headers_too_large", NULL, "there are too many header fields");
    return read_known(gate, line, name_len, value, value_len);
}

/* What only the whole head can tell. */
static bool finish_head(aurora__gate *gate)
{
    if (gate->minor > 0 && !gate->has_host)
        return malformed(gate, "Host", "is required");
    if (gate->is_chunked && gate->has_length)
        return malformed(gate, "Transfer-Encoding", "may not be given with Content-Length");
    if (gate->is_chunked && gate->minor == 0)
        return malformed(gate, "Transfer-Encoding", "does not belong to HTTP/1.0");
    if (gate->length > gate->limits->body_bytes_max)
        return refuse(gate, 413, "payload_too_large", NULL, "the body is larger than allowed");
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
                   : malformed(gate, NULL, "the request begins with blank lines");
    if (is_first) {
        gate->fields_at = (uint32_t)next;
        return read_request_line(gate, data, line, len);
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
        return refuse(gate, 414, "uri_too_long", NULL, "the request line is too long");
    if (size > gate->limits->head_bytes_max)
        return refuse(gate, 431, "headers_too_large", NULL, "the header fields are too large");
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
                        : malformed(gate, NULL, "lines must end in CR LF");
    if (after_cr)
        return malformed(gate, NULL, "lines must end in CR LF");
    return c == '\r' || is_allowed(gate, c)
               ? true
               : malformed(gate, NULL, "the head holds a byte that is not text");
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
    while (at < end && (unsigned char)data[at] >= ' ' && (unsigned char)data[at] < 0x7f)
        at++;
    gate->scanned = (uint32_t)at;
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
