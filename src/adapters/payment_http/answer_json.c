/* SPDX-License-Identifier: MIT */
/* A reader for one small object, strict about what JSON is: two readers that understand one body
 * differently are how amounts get lost. */
#include "adapters/payment_http/answer.h"

#include <string.h>

#define DEPTH_MAX 32
#define NAME_BYTES 32

typedef struct {
    const char *at;
    const char *end;
} reader;

static void skip_blanks(reader *in)
{
    while (in->at < in->end && memchr(" \t\n\r", *in->at, 4) != NULL)
        in->at++;
}

static bool take(reader *in, char c)
{
    if (in->at == in->end || *in->at != c)
        return false;
    in->at++;
    return true;
}

static bool take_word(reader *in, const char *word)
{
    size_t length = strlen(word);
    if ((size_t)(in->end - in->at) < length || memcmp(in->at, word, length) != 0)
        return false;
    in->at += length;
    return true;
}

/* --- texts ------------------------------------------------------------------------------------ */

/* Where a text goes; a NULL buffer only counts. */
typedef struct {
    char *buffer;
    size_t capacity; /* without the NUL */
    size_t length;
    bool has_control;
} text;

static void put_byte(text *out, uint8_t byte)
{
    if (out->buffer != NULL && out->length < out->capacity)
        out->buffer[out->length] = (char)byte;
    out->length++;
}

static void put_point(text *out, uint32_t point)
{
    out->has_control = out->has_control || point < 0x20 || (point >= 0x7F && point < 0xA0);
    if (point < 0x80) {
        put_byte(out, (uint8_t)point);
        return;
    }
    if (point < 0x800) {
        put_byte(out, (uint8_t)(0xC0 | point >> 6));
    } else {
        if (point < 0x10000) {
            put_byte(out, (uint8_t)(0xE0 | point >> 12));
        } else {
            put_byte(out, (uint8_t)(0xF0 | point >> 18));
            put_byte(out, (uint8_t)(0x80 | (point >> 12 & 0x3F)));
        }
        put_byte(out, (uint8_t)(0x80 | (point >> 6 & 0x3F)));
    }
    put_byte(out, (uint8_t)(0x80 | (point & 0x3F)));
}

/* RFC 3629: no overlong form, no surrogate, nothing above U+10FFFF. */
static bool take_utf8(reader *in, uint32_t *point_out)
{
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    uint8_t first = (uint8_t)*in->at++;
    if (first < 0x80) {
        *point_out = first;
        return true;
    }
    int more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : 1;
    if (first < 0xC2 || first > 0xF4 || in->end - in->at < more)
        return false;
    uint32_t point = first & (0x3Fu >> more);
    for (int i = 0; i < more; i++) {
        uint8_t next = (uint8_t)*in->at++;
        if ((next & 0xC0) != 0x80)
            return false;
        point = point << 6 | (next & 0x3F);
    }
    *point_out = point;
    return point >= least[more] && point <= 0x10FFFF && (point < 0xD800 || point > 0xDFFF);
}

static bool take_hex(reader *in, uint32_t *out)
{
    *out = 0;
    for (int i = 0; i < 4; i++) {
        char c = in->at < in->end ? *in->at++ : '\0';
        uint32_t digit;
        if (c >= '0' && c <= '9')
            digit = (uint32_t)(c - '0');
        else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
            digit = (uint32_t)((c | 0x20) - 'a') + 10;
        else
            return false;
        *out = *out << 4 | digit;
    }
    return true;
}

static bool take_escape(reader *in, uint32_t *point_out)
{
    static const char letters[] = "\"\\/bfnrt";
    static const char meant[] = "\"\\/\b\f\n\r\t";
    char c = in->at < in->end ? *in->at++ : '\0';
    const char *letter = c != '\0' ? strchr(letters, c) : NULL;
    if (letter != NULL) {
        *point_out = (uint8_t)meant[letter - letters];
        return true;
    }
    uint32_t low;
    if (c != 'u' || !take_hex(in, point_out))
        return false;
    if (*point_out < 0xD800 || *point_out > 0xDFFF)
        return true;
    if (*point_out > 0xDBFF || !take_word(in, "\\u") || !take_hex(in, &low) || low < 0xDC00 ||
        low > 0xDFFF)
        return false;
    *point_out = 0x10000 + ((*point_out - 0xD800) << 10) + (low - 0xDC00);
    return true;
}

static bool take_text(reader *in, text *out)
{
    if (!take(in, '"'))
        return false;
    while (in->at < in->end) {
        uint32_t point;
        if (*in->at == '"') {
            in->at++;
            return true;
        }
        bool is_good = (uint8_t)*in->at >= 0x20 &&
                       (take(in, '\\') ? take_escape(in, &point) : take_utf8(in, &point));
        if (!is_good)
            return false;
        put_point(out, point);
    }
    return false;
}

/* --- values that are passed over -------------------------------------------------------------- */

static bool skip_digits(reader *in)
{
    const char *first = in->at;
    while (in->at < in->end && *in->at >= '0' && *in->at <= '9')
        in->at++;
    return in->at > first;
}

static bool skip_number(reader *in)
{
    take(in, '-');
    if (!take(in, '0') && !skip_digits(in))
        return false;
    if (take(in, '.') && !skip_digits(in))
        return false;
    if (!take(in, 'e') && !take(in, 'E'))
        return true;
    if (!take(in, '+'))
        take(in, '-');
    return skip_digits(in);
}

static bool skip_value(reader *in, int depth);

static bool skip_list(reader *in, char closing, int depth)
{
    skip_blanks(in);
    if (take(in, closing))
        return true;
    for (;;) {
        text name = {0};
        skip_blanks(in);
        if (closing == '}') {
            if (!take_text(in, &name))
                return false;
            skip_blanks(in);
            if (!take(in, ':'))
                return false;
        }
        if (!skip_value(in, depth))
            return false;
        skip_blanks(in);
        if (take(in, closing))
            return true;
        if (!take(in, ','))
            return false;
    }
}

static bool skip_value(reader *in, int depth)
{
    text passed = {0};
    skip_blanks(in);
    if (in->at == in->end || depth > DEPTH_MAX)
        return false;
    switch (*in->at) {
    case '"':
        return take_text(in, &passed);
    case '{':
        in->at++;
        return skip_list(in, '}', depth + 1);
    case '[':
        in->at++;
        return skip_list(in, ']', depth + 1);
    case 't':
        return take_word(in, "true");
    case 'f':
        return take_word(in, "false");
    case 'n':
        return take_word(in, "null");
    default:
        return skip_number(in);
    }
}

/* --- the object ------------------------------------------------------------------------------- */

/* A short text without control characters, or null. */
static bool read_short(reader *in, char out[AURORA__ANSWER_TEXT_BYTES])
{
    text value = {.buffer = out, .capacity = AURORA__ANSWER_TEXT_BYTES - 1};
    if (take_word(in, "null"))
        return true;
    if (!take_text(in, &value) || value.has_control || value.length == 0 ||
        value.length > value.capacity)
        return false;
    out[value.length] = '\0';
    return true;
}

static bool read_outcome(reader *in, int32_t *outcome_out)
{
    char name[AURORA__ANSWER_TEXT_BYTES] = "";
    if (!read_short(in, name) || name[0] == '\0')
        return false;
    for (int32_t i = AURORA_OUTCOME_DONE; i <= AURORA_OUTCOME_UNKNOWN; i++) {
        if (strcmp(name, aurora_outcome_name(i)) == 0)
            *outcome_out = i;
    }
    return *outcome_out != 0;
}

static bool read_retry_after(reader *in, uint32_t *out)
{
    uint32_t number = 0;
    if (take_word(in, "null"))
        return true;
    const char *first = in->at;
    while (in->at < in->end && *in->at >= '0' && *in->at <= '9') {
        number = number * 10 + (uint32_t)(*in->at++ - '0');
        if (number > AURORA__RETRY_AFTER_MS_MAX)
            return false;
    }
    *out = number;
    /* What follows is looked at by the caller: a point or an exponent fails there. */
    return in->at > first && (*first != '0' || in->at == first + 1);
}

enum { OUTCOME = 1, REFERENCE = 2, CODE = 4, RETRY_AFTER = 8 };

static uint32_t member_of(const char *name)
{
    if (strcmp(name, "outcome") == 0)
        return OUTCOME;
    if (strcmp(name, "provider_reference") == 0)
        return REFERENCE;
    if (strcmp(name, "code") == 0)
        return CODE;
    return strcmp(name, "retry_after_ms") == 0 ? RETRY_AFTER : 0;
}

static bool read_member(reader *in, aurora__answer *out, uint32_t *seen)
{
    char buffer[NAME_BYTES + 1] = "";
    text name = {.buffer = buffer, .capacity = NAME_BYTES};
    skip_blanks(in);
    if (!take_text(in, &name))
        return false;
    bool is_short = name.length <= NAME_BYTES && strlen(buffer) == name.length;
    uint32_t member = is_short ? member_of(buffer) : 0;
    skip_blanks(in);
    if (!take(in, ':') || (*seen & member) != 0)
        return false;
    *seen |= member;
    skip_blanks(in);
    switch (member) {
    case OUTCOME:
        return read_outcome(in, &out->outcome);
    case REFERENCE:
        return read_short(in, out->provider_reference);
    case CODE:
        return read_short(in, out->code);
    case RETRY_AFTER:
        return read_retry_after(in, &out->retry_after_ms);
    default:
        return skip_value(in, 1);
    }
}

bool aurora__answer_read(const char *body, size_t length, aurora__answer *out)
{
    reader in = {body, body + length};
    uint32_t seen = 0;
    memset(out, 0, sizeof *out);
    if (length == 0)
        return false;
    skip_blanks(&in);
    if (!take(&in, '{'))
        return false;
    do {
        if (!read_member(&in, out, &seen))
            return false;
        skip_blanks(&in);
    } while (take(&in, ','));
    if (!take(&in, '}'))
        return false;
    skip_blanks(&in);
    return in.at == in.end && (seen & OUTCOME) != 0;
}
