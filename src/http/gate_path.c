/* SPDX-License-Identifier: MIT */
/* The path of a target, before anything looks a route up by it. What two readers may take for
 * different paths is refused, not repaired: a proxy, a cache or a rule in front of us would go on
 * to see the one that was sent. What is left means the same to all, decoded once. */
#include "http/gate_part.h"

#include <string.h>

#include "http/hex.h"

/* One character, decoded once; its length in *len_out, 0 where a percent sign begins no escape. */
static unsigned char decode(const char *text, size_t len, size_t *len_out)
{
    *len_out = 1;
    if (text[0] != '%')
        return (unsigned char)text[0];
    int high = len > 2 ? aurora__hex_digit(text[1]) : -1;
    int low = high >= 0 ? aurora__hex_digit(text[2]) : -1;
    *len_out = low >= 0 ? 3 : 0;
    return low >= 0 ? (unsigned char)(high << 4 | low) : 0;
}

static bool is_hex_next(const char **at, const char *end)
{
    size_t step = 0;
    char c = *at < end ? (char)decode(*at, (size_t)(end - *at), &step) : '\0';
    *at += step;
    return step > 0 && aurora__hex_digit(c) >= 0;
}

/* Whether an escape follows a percent sign that was itself escaped: "%252f", "%25%32%66". */
static bool is_escaped_twice(const char *at, const char *end)
{
    return is_hex_next(&at, end) && is_hex_next(&at, end);
}

/* The length of the escape at `text`; 0 with the verdict noted. */
static size_t read_escape(aurora__gate *gate, const char *text, const char *end)
{
    size_t step;
    unsigned char c = decode(text, (size_t)(end - text), &step);
    if (step == 0)
        aurora__gate_malformed(gate, NULL, "a % in the path must begin an escape like %20");
    else if (c == '/' || c == '\\' || c < ' ' || c == 0x7f)
        step = aurora__gate_malformed(
            gate, NULL, "the path may not have slashes or control characters as escapes");
    else if (c == '%' && is_escaped_twice(text + step, end))
        step = aurora__gate_malformed(gate, NULL, "the path may not be escaped twice");
    return step;
}

/* Whether a segment is "." or "..", however written, also before a parameter: a cache or proxy
 * would walk up at it. */
static bool is_dot_segment(const char *text, const char *end)
{
    size_t dots = 0, step = 0;
    while (text < end && decode(text, (size_t)(end - text), &step) == '.') {
        text += step;
        dots++;
    }
    return (dots == 1 || dots == 2) && (text == end || *text == '/' || *text == ';');
}

/* Behind a slash. */
static bool check_segment(aurora__gate *gate, const char *text, const char *end)
{
    if (text == end)
        return true;
    if (*text == '/')
        return aurora__gate_malformed(gate, NULL, "the path may not have empty segments");
    if (is_dot_segment(text, end))
        return aurora__gate_malformed(gate, NULL, "the path may not have the segments . and ..");
    return true;
}

bool aurora__gate_check_path(aurora__gate *gate, const char *text, size_t len)
{
    const char *query = memchr(text, '?', len);
    const char *end = query == NULL ? text + len : query;
    if (memchr(text, '#', len) != NULL)
        return aurora__gate_malformed(gate, NULL, "the target may not have a fragment");
    while (text < end) {
        size_t step = 1;
        if (*text == '/' && !check_segment(gate, text + 1, end))
            return false;
        if (*text == '\\')
            return aurora__gate_malformed(gate, NULL, "the path may not have a backslash");
        if (*text == '%' && (step = read_escape(gate, text, end)) == 0)
            return false;
        text += step;
    }
    return true;
}
