/* SPDX-License-Identifier: MIT */
#include "codec/scanner.h"

#include <string.h>

void aurora__scanner_begin(aurora__scanner *scanner, const char *text, size_t length)
{
    *scanner = (aurora__scanner){.at = text, .end = text + length};
}

void aurora__scanner_fail(aurora__scanner *scanner, aurora_status status)
{
    if (scanner->status == AURORA_OK)
        scanner->status = status;
    scanner->at = scanner->end;
}

bool aurora__scanner_next(aurora__scanner *scanner, uint32_t *count)
{
    if (aurora__scanner_accept(scanner, ']'))
        return false;
    if (*count > 0)
        aurora__scanner_expect(scanner, ',');
    else if (scanner->at == scanner->end)
        aurora__scanner_fail(scanner, AURORA_ECORRUPT);
    *count += 1;
    return scanner->status == AURORA_OK;
}

/* The digits from the 19th on: the number may leave 64 bits. */
static uint64_t take_long(aurora__scanner *scanner, uint64_t number, uint64_t limit)
{
    while (scanner->at < scanner->end && *scanner->at >= '0' && *scanner->at <= '9') {
        uint64_t digit = (uint64_t)(*scanner->at++ - '0');
        if (number > (limit - digit) / 10) {
            aurora__scanner_fail(scanner, AURORA_ECORRUPT);
            return 0;
        }
        number = number * 10 + digit;
    }
    return number;
}

int64_t aurora__scanner_integer(aurora__scanner *scanner)
{
    bool is_negative = aurora__scanner_accept(scanner, '-');
    const char *start = scanner->at;
    const char *stop = scanner->end - start > 18 ? start + 18 : scanner->end;
    const char *at = start;
    uint64_t number = 0;
    for (; at < stop && *at >= '0' && *at <= '9'; at++)
        number = number * 10 + (uint64_t)(*at - '0');
    scanner->at = at;
    if (at == start) {
        aurora__scanner_fail(scanner, AURORA_ECORRUPT);
        return 0;
    }
    if (at == start + 18)
        number = take_long(scanner, number, (uint64_t)INT64_MAX + (is_negative ? 1 : 0));
    if (!is_negative)
        return (int64_t)number;
    return number == 0 ? 0 : -(int64_t)(number - 1) - 1;
}

int64_t aurora__scanner_ranged(aurora__scanner *scanner, int64_t least, int64_t most)
{
    int64_t number = aurora__scanner_integer(scanner);
    if (number >= least && number <= most)
        return number;
    aurora__scanner_fail(scanner, AURORA_ECORRUPT);
    return least;
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

/* The character of the escape behind a backslash, 0 for one that we never write. */
static char unescape(const char *at, const char *end)
{
    if (at == end || (at[0] != 'u' && at[0] != '"' && at[0] != '\\'))
        return 0;
    if (at[0] != 'u')
        return at[0];
    if (end - at < 5 || at[1] != '0' || at[2] != '0')
        return 0;
    int high = digit_of(at[3]);
    int low = digit_of(at[4]);
    return high < 0 || high > 1 || low < 0 ? 0 : (char)(high * 16 + low);
}

/* The quote that ends the text which starts at `at`, or NULL where it breaks off or holds what we
 * never write. *escaped_out counts the bytes that escapes take beyond the character they stand
 * for. */
static const char *find_quote(const char *at, const char *end, size_t *escaped_out)
{
    *escaped_out = 0;
    for (; at < end; at++) {
        unsigned char c = (unsigned char)*at;
        if (c == '"')
            return at;
        if (c < 0x20)
            return NULL;
        if (c != '\\')
            continue;
        if (unescape(at + 1, end) == 0)
            return NULL;
        size_t taken = at[1] == 'u' ? 5 : 1;
        *escaped_out += taken;
        at += taken;
    }
    return NULL;
}

static bool take_null(aurora__scanner *scanner)
{
    if (scanner->end - scanner->at < 4 || memcmp(scanner->at, "null", 4) != 0)
        return false;
    scanner->at += 4;
    return true;
}

/* The first byte of a text, its closing quote, and what escapes add; NULL on a mistake. */
static const char *take_quoted(aurora__scanner *scanner, const char **close_out, size_t *escaped)
{
    const char *start = scanner->at + 1;
    if (!aurora__scanner_is_at(scanner, '"') ||
        (*close_out = find_quote(start, scanner->end, escaped)) == NULL) {
        aurora__scanner_fail(scanner, AURORA_ECORRUPT);
        return NULL;
    }
    scanner->at = *close_out + 1;
    return start;
}

static const char *copy_escaped(char *text, const char *from, const char *close)
{
    size_t length = 0;
    while (from < close) {
        char c = *from++;
        if (c == '\\') {
            c = unescape(from, close);
            from += from[0] == 'u' ? 5 : 1;
        }
        text[length++] = c;
    }
    text[length] = '\0';
    return text;
}

const char *aurora__scanner_text(aurora__scanner *scanner, aurora__arena *arena)
{
    if (take_null(scanner))
        return NULL;
    const char *close;
    size_t escaped;
    const char *from = take_quoted(scanner, &close, &escaped);
    if (from == NULL)
        return NULL;
    size_t length = (size_t)(close - from);
    char *text = aurora__arena_take(arena, length - escaped + 1);
    if (text == NULL) {
        aurora__scanner_fail(scanner, AURORA_ENOMEM);
        return NULL;
    }
    if (escaped > 0)
        return copy_escaped(text, from, close);
    memcpy(text, from, length);
    text[length] = '\0';
    return text;
}

const char *aurora__scanner_required(aurora__scanner *scanner, aurora__arena *arena)
{
    const char *text = aurora__scanner_text(scanner, arena);
    if (text != NULL)
        return text;
    aurora__scanner_fail(scanner, AURORA_ECORRUPT);
    return "";
}

size_t aurora__scanner_measure(aurora__scanner *scanner)
{
    const char *close;
    size_t escaped;
    if (take_null(scanner))
        return 0;
    const char *from = take_quoted(scanner, &close, &escaped);
    return from == NULL ? 0 : (size_t)(close - from) - escaped + 1;
}

aurora_id aurora__scanner_id(aurora__scanner *scanner)
{
    aurora_id id = {{0}};
    const char *at = scanner->at;
    if (scanner->end - at < 34 || at[0] != '"' || at[33] != '"') {
        aurora__scanner_fail(scanner, AURORA_ECORRUPT);
        return id;
    }
    int bad = 0;
    for (int i = 0; i < 16; i++) {
        int high = digit_of(at[1 + 2 * i]);
        int low = digit_of(at[2 + 2 * i]);
        bad |= high | low;
        id.bytes[i] = (uint8_t)((unsigned)high << 4 | (unsigned)low);
    }
    scanner->at += 34;
    if (bad < 0)
        aurora__scanner_fail(scanner, AURORA_ECORRUPT);
    return id;
}

const char *aurora__scanner_skip(aurora__scanner *scanner, size_t *length_out)
{
    const char *start = scanner->at;
    const char *at = start;
    const char *end = scanner->end;
    size_t depth = 0;
    size_t escaped;
    for (; at < end; at++) {
        char c = *at;
        if (depth == 0 && (c == ',' || c == ']'))
            break;
        if ((unsigned char)c < 0x20) { /* a NUL would cut the value short once it is copied */
            at = NULL;
            break;
        }
        if (c == '"') {
            at = find_quote(at + 1, end, &escaped);
            if (at == NULL)
                break;
        } else if (c == '[') {
            depth++;
        } else if (c == ']') {
            depth--;
        }
    }
    if (at == NULL || at == start || depth > 0) {
        aurora__scanner_fail(scanner, AURORA_ECORRUPT);
        *length_out = 0;
        return start;
    }
    scanner->at = at;
    *length_out = (size_t)(at - start);
    return start;
}

const char *aurora__scanner_array(aurora__scanner *scanner, aurora__arena *arena)
{
    if (take_null(scanner))
        return NULL;
    if (!aurora__scanner_is_at(scanner, '['))
        aurora__scanner_fail(scanner, AURORA_ECORRUPT);
    size_t length;
    const char *start = aurora__scanner_skip(scanner, &length);
    if (scanner->status != AURORA_OK)
        return NULL;
    const char *copy = aurora__arena_copy(arena, start, length);
    if (copy == NULL)
        aurora__scanner_fail(scanner, AURORA_ENOMEM);
    return copy;
}

void aurora__scanner_leave(aurora__scanner *scanner)
{
    size_t length;
    while (aurora__scanner_accept(scanner, ','))
        aurora__scanner_skip(scanner, &length);
    aurora__scanner_expect(scanner, ']');
}
