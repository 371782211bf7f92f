/* SPDX-License-Identifier: MIT */
/* The grammar of RFC 8259, checked before cJSON sees the text: cJSON takes "01", raw control
 * characters, broken UTF-8, and what follows the value. */
#include <string.h>

#include "http/json_doc.h"
#include "http/utf8.h"

#define DEPTH_MAX 32
#define NUMBER_BYTES_MAX 63 /* cJSON reads no longer one */

typedef struct {
    aurora_json_doc *doc;
    const char *begin;
    const char *at;
    const char *end;
    uint32_t place; /* the value that is being read */
    uint32_t depth;
    aurora_json_error *error;
} scan;

static bool fail(scan *s, const char *what)
{
    return aurora__doc_refuse(s->doc, s->place, s->error, "invalid_json", "at byte %zu: %s",
                              (size_t)(s->at - s->begin), what);
}

static void skip_blanks(scan *s)
{
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\n' || *s->at == '\r' || *s->at == '\t'))
        s->at++;
}

static bool is_at(const scan *s, char c)
{
    return s->at < s->end && *s->at == c;
}

static bool is_digit(const scan *s)
{
    return s->at < s->end && *s->at >= '0' && *s->at <= '9';
}

/* Four hexadecimal digits at `at`; -1 for anything else. */
static int32_t read_hex(const char *at, const char *end)
{
    int32_t value = 0;
    if (end - at < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        char c = at[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

/* "\uXXXX" and the second half of a pair; at the u. */
static bool scan_unicode(scan *s)
{
    int32_t code = read_hex(s->at + 1, s->end);
    if (code < 0)
        return fail(s, "\\u needs four hexadecimal digits");
    if (code == 0)
        return fail(s, "the character \\u0000 is not allowed");
    if (code >= 0xdc00 && code <= 0xdfff)
        return fail(s, "a low surrogate without its high one");
    s->at += 5;
    if (code < 0xd800 || code > 0xdbff)
        return true;
    int32_t low = s->end - s->at >= 2 && s->at[0] == '\\' && s->at[1] == 'u'
                      ? read_hex(s->at + 2, s->end)
                      : -1;
    if (low < 0xdc00 || low > 0xdfff)
        return fail(s, "a high surrogate without its low one");
    s->at += 6;
    return true;
}

/* At the backslash. */
static bool scan_escape(scan *s)
{
    s->at++;
    if (s->at == s->end)
        return fail(s, "the text ends within a string");
    if (*s->at == 'u')
        return scan_unicode(s);
    if (*s->at == '\0' || strchr("\"\\/bfnrt", *s->at) == NULL)
        return fail(s, "no such escape");
    s->at++;
    return true;
}

/* At the opening quote. */
static bool scan_string(scan *s)
{
    s->at++;
    while (s->at < s->end && *s->at != '"') {
        unsigned char c = (unsigned char)*s->at;
        if (c == '\\') {
            if (!scan_escape(s))
                return false;
        } else if (c < 0x20) {
            return fail(s, "a control character in a string must be escaped");
        } else if (c < 0x80) {
            s->at++;
        } else {
            size_t length = aurora__utf8_length(s->at, (size_t)(s->end - s->at));
            if (length == 0)
                return fail(s, "is not UTF-8");
            s->at += length;
        }
    }
    if (s->at == s->end)
        return fail(s, "the text ends within a string");
    s->at++;
    return true;
}

static bool scan_digits(scan *s)
{
    if (!is_digit(s))
        return fail(s, "expected a digit");
    while (is_digit(s))
        s->at++;
    return true;
}

static bool scan_number(scan *s)
{
    const char *first = s->at;
    if (*s->at == '-')
        s->at++;
    if (is_at(s, '0')) {
        s->at++;
        if (is_digit(s))
            return fail(s, "a number must not begin with 0");
    } else if (!scan_digits(s)) {
        return false;
    }
    if (is_at(s, '.')) {
        s->at++;
        if (!scan_digits(s))
            return false;
    }
    if (is_at(s, 'e') || is_at(s, 'E')) {
        s->at++;
        if (is_at(s, '+') || is_at(s, '-'))
            s->at++;
        if (!scan_digits(s))
            return false;
    }
    return s->at - first <= NUMBER_BYTES_MAX || fail(s, "a number of more than 63 characters");
}

static bool scan_word(scan *s, const char *word)
{
    size_t length = strlen(word);
    if ((size_t)(s->end - s->at) < length || memcmp(s->at, word, length) != 0)
        return fail(s, "expected a value");
    s->at += length;
    return true;
}

static bool scan_value(scan *s, const char *name, uint32_t parent, uint32_t index);

/* One name, its colon and its value; at what should be the name. */
static bool scan_member(scan *s, uint32_t index)
{
    if (!is_at(s, '"'))
        return fail(s, "expected the name of a field in double quotes");
    const char *name = s->at + 1;
    if (!scan_string(s))
        return false;
    skip_blanks(s);
    if (!is_at(s, ':'))
        return fail(s, "expected a colon");
    s->at++;
    return scan_value(s, name, s->place, index);
}

/* At the bracket that opens an array or object. */
static bool scan_container(scan *s)
{
    uint32_t own = s->place, count = 0;
    char closer = *s->at == '{' ? '}' : ']';
    if (s->depth == DEPTH_MAX)
        return fail(s, "is nested deeper than 32");
    s->depth++;
    s->at++;
    skip_blanks(s);
    while (!is_at(s, closer) || count > 0) {
        if (count > 0)
            skip_blanks(s);
        bool is_read = closer == '}' ? scan_member(s, count) : scan_value(s, NULL, own, count);
        if (!is_read)
            return false;
        count++;
        skip_blanks(s);
        if (is_at(s, closer))
            break;
        if (!is_at(s, ','))
            return fail(s, closer == '}' ? "expected a comma or }" : "expected a comma or ]");
        s->at++;
    }
    s->at++;
    s->depth--;
    s->doc->places[own].count = count;
    return true;
}

static bool scan_kind(scan *s)
{
    if (s->at == s->end)
        return fail(s, "the text ends where a value is expected");
    switch (*s->at) {
    case '{':
    case '[':
        return scan_container(s);
    case '"':
        return scan_string(s);
    case 't':
        return scan_word(s, "true");
    case 'f':
        return scan_word(s, "false");
    case 'n':
        return scan_word(s, "null");
    default:
        if (*s->at == '-' || is_digit(s))
            return scan_number(s);
        return fail(s, "expected a value");
    }
}

/* Reads one value with the blanks before it; s->place is its parent's before and after. */
static bool scan_value(scan *s, const char *name, uint32_t parent, uint32_t index)
{
    skip_blanks(s);
    if (s->doc->count == s->doc->count_max)
        return aurora__doc_refuse(s->doc, s->place, s->error, "invalid_json",
                                  "at byte %zu: more than %u values", (size_t)(s->at - s->begin),
                                  s->doc->count_max);
    aurora__place place = {.text = s->at, .name = name, .parent = parent, .index = index};
    uint32_t own = aurora__doc_append(s->doc, &place);
    if (own == AURORA__PLACE_NONE)
        return aurora__doc_no_memory(s->doc, s->place, s->error);
    s->place = own;
    if (!scan_kind(s))
        return false;
    s->doc->places[own].end = s->doc->count;
    s->doc->places[own].text_end = s->at;
    s->place = parent;
    return true;
}

bool aurora__doc_scan(aurora_json_doc *doc, const char *text, size_t len, aurora_json_error *error)
{
    scan s = {.doc = doc,
              .begin = text,
              .at = text,
              .end = text + len,
              .place = AURORA__PLACE_NONE,
              .error = error};
    if (!scan_value(&s, NULL, AURORA__PLACE_NONE, 0))
        return false;
    skip_blanks(&s);
    if (s.at < s.end)
        return fail(&s, "something follows the value");
    return true;
}
