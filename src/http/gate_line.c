/* SPDX-License-Identifier: MIT */
/* The request line (RFC 9112, section 3): method, target, version; and the form of a host. */
#include "http/gate_part.h"

#include <string.h>

#include "http/hex.h"
#include "http/route.h"

static bool read_version(aurora__gate *gate, const char *text, size_t len)
{
    if (len != 8 || memcmp(text, "HTTP/", 5) != 0 || text[5] < '0' || text[5] > '9' ||
        text[6] != '.' || text[7] < '0' || text[7] > '9')
        return aurora__gate_malformed(gate, NULL, "the request line must end in HTTP/1.1");
    if (text[5] != '1')
        return aurora__gate_refuse(gate, 505, "version_not_supported", NULL,
                                   "this server speaks HTTP/1.1");
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
        {"PATCH", AURORA_HTTP_PATCH}, {"TRACE", AURORA_HTTP_TRACE},
        {"QUERY", AURORA_HTTP_QUERY},
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strlen(known[i].name) == len && memcmp(known[i].name, text, len) == 0)
            gate->method = known[i].method;
    }
    if (gate->method == 0)
        return aurora__gate_refuse(gate, 501, "not_implemented", NULL,
                                   "the method is not known here");
    return true;
}

static size_t span_name(const char *text, size_t len)
{
    static const char marks[] = "-._~%!$&'()*+;=";
    size_t at = 0;
    for (; at < len; at++) {
        char c = aurora__gate_lower(text[at]);
        if ((c < 'a' || c > 'z') && (c < '0' || c > '9') &&
            (c == '\0' || memchr(marks, c, sizeof(marks) - 1) == NULL))
            break;
    }
    return at;
}

/* "[::1]" */
static size_t span_ipv6(const char *text, size_t len)
{
    size_t at = 1;
    while (at < len && (text[at] == ':' || text[at] == '.' || aurora__hex_digit(text[at]) >= 0))
        at++;
    return at > 1 && at < len && text[at] == ']' ? at + 1 : 0;
}

/* No comma, though RFC 3986 has it in names: two Host fields that were joined are no host. */
bool aurora__gate_is_authority(const char *text, size_t len)
{
    size_t at = len > 0 && text[0] == '[' ? span_ipv6(text, len) : span_name(text, len);
    uint32_t port = 0;
    if (at == 0 || at == len)
        return at > 0;
    if (text[at++] != ':' || len - at > 5)
        return false;
    for (; at < len; at++) {
        if (text[at] < '0' || text[at] > '9')
            return false;
        port = port * 10 + (uint32_t)(text[at] - '0');
    }
    return port <= UINT16_MAX;
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
        return aurora__gate_malformed(gate, NULL, "the target must begin with a slash");
    size_t end = scheme;
    while (end < len && text[end] != '/' && text[end] != '?' && text[end] != '#')
        end++;
    if (!aurora__gate_is_authority(text + scheme, end - scheme))
        return aurora__gate_malformed(gate, NULL,
                                      "the target's authority must be a host and a port");
    if (end < len && text[end] != '/')
        return aurora__gate_malformed(gate, NULL, "an absolute target must have a path");
    gate->authority_at = (uint32_t)(text + scheme - data);
    gate->authority_len = (uint32_t)(end - scheme);
    gate->target_at = (uint32_t)(text + end - data);
    gate->target_len = (uint32_t)(len - end);
    return aurora__gate_check_path(gate, text + end, len - end);
}

static bool read_target(aurora__gate *gate, const char *data, const char *text, size_t len)
{
    if (len == 1 && text[0] == '*') {
        if (gate->method != AURORA_HTTP_OPTIONS)
            return aurora__gate_malformed(gate, NULL, "the target * belongs to OPTIONS");
        gate->is_star = true;
    } else if (len == 0 || text[0] != '/') {
        return read_absolute_target(gate, data, text, len);
    }
    gate->target_at = (uint32_t)(text - data);
    gate->target_len = (uint32_t)len;
    return gate->is_star || aurora__gate_check_path(gate, text, len);
}

bool aurora__gate_read_line(aurora__gate *gate, const char *data, const char *line, size_t len)
{
    const char *end = line + len;
    const char *blank = memchr(line, ' ', len);
    const char *second = blank == NULL ? NULL : memchr(blank + 1, ' ', (size_t)(end - blank - 1));
    if (second == NULL || !aurora__gate_is_token(line, (size_t)(blank - line)) ||
        second == blank + 1)
        return aurora__gate_malformed(gate, NULL,
                                      "the request line must be METHOD TARGET HTTP/1.1");
    if (!read_version(gate, second + 1, (size_t)(end - second - 1)) ||
        !read_method(gate, line, (size_t)(blank - line)))
        return false;
    gate->method_at = (uint32_t)(line - data);
    gate->method_len = (uint32_t)(blank - line);
    return read_target(gate, data, blank + 1, (size_t)(second - blank - 1));
}
