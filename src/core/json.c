/* SPDX-License-Identifier: MIT */
#include "core/json.h"

#include <string.h>

static bool reserve(aurora__json *json, size_t more)
{
    if (json->is_failed)
        return false;
    if (more <= json->capacity - json->length)
        return true;
    size_t capacity = json->capacity * 2 + more;
    char *text = aurora__arena_take(json->arena, capacity + 1);
    if (text == NULL) {
        json->is_failed = true;
        return false;
    }
    memcpy(text, json->text, json->length);
    json->text = text;
    json->capacity = capacity;
    return true;
}

void aurora__json_begin(aurora__json *json, aurora__arena *arena, size_t capacity)
{
    *json = (aurora__json){.arena = arena, .capacity = capacity};
    json->text = aurora__arena_take(arena, capacity + 1);
    if (json->text == NULL) {
        json->capacity = 0;
        json->is_failed = true;
    }
}

void aurora__json_raw(aurora__json *json, const char *bytes, size_t length)
{
    if (!reserve(json, length))
        return;
    memcpy(json->text + json->length, bytes, length);
    json->length += length;
}

void aurora__json_char(aurora__json *json, char c)
{
    if (reserve(json, 1))
        json->text[json->length++] = c;
}

void aurora__json_integer(aurora__json *json, int64_t number)
{
    char digits[20];
    char *at = digits + sizeof digits;
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    do {
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (number < 0)
        aurora__json_char(json, '-');
    aurora__json_raw(json, at, (size_t)(digits + sizeof digits - at));
}

static const char hex[] = "0123456789abcdef";

static void escape(aurora__json *json, unsigned char c)
{
    if (c == '"' || c == '\\') {
        aurora__json_char(json, '\\');
        aurora__json_char(json, (char)c);
        return;
    }
    const char code[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
    aurora__json_raw(json, code, sizeof code);
}

void aurora__json_text(aurora__json *json, const char *text)
{
    if (text == NULL) {
        aurora__json_raw(json, "null", 4);
        return;
    }
    aurora__json_char(json, '"');
    const char *plain = text;
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        aurora__json_raw(json, plain, (size_t)(text - plain));
        escape(json, c);
        plain = text + 1;
    }
    aurora__json_raw(json, plain, (size_t)(text - plain));
    aurora__json_char(json, '"');
}

void aurora__json_id(aurora__json *json, const uint8_t bytes[16])
{
    char text[34];
    text[0] = '"';
    for (int i = 0; i < 16; i++) {
        text[1 + 2 * i] = hex[bytes[i] >> 4];
        text[2 + 2 * i] = hex[bytes[i] & 15];
    }
    text[33] = '"';
    aurora__json_raw(json, text, sizeof text);
}

const char *aurora__json_end(aurora__json *json)
{
    if (json->is_failed)
        return NULL;
    json->text[json->length] = '\0';
    return json->text;
}

void aurora__json_read(aurora__json_reader *reader, const char *text, size_t length)
{
    *reader = (aurora__json_reader){.at = text, .end = text + length};
}

aurora_status aurora__json_status(const aurora__json_reader *reader)
{
    if (reader->is_out_of_memory)
        return AURORA_ENOMEM;
    return reader->is_failed ? AURORA_ECORRUPT : AURORA_OK;
}

bool aurora__json_accept(aurora__json_reader *reader, char c)
{
    if (reader->is_failed || reader->at == reader->end || *reader->at != c)
        return false;
    reader->at++;
    return true;
}

void aurora__json_expect(aurora__json_reader *reader, char c)
{
    if (!aurora__json_accept(reader, c))
        reader->is_failed = true;
}

bool aurora__json_next(aurora__json_reader *reader, uint32_t *count)
{
    if (reader->is_failed || aurora__json_accept(reader, ']'))
        return false;
    if (*count > 0)
        aurora__json_expect(reader, ',');
    *count += 1;
    return !reader->is_failed;
}

int64_t aurora__json_take_integer(aurora__json_reader *reader)
{
    bool is_negative = aurora__json_accept(reader, '-');
    uint64_t limit = (uint64_t)INT64_MAX + (is_negative ? 1 : 0);
    uint64_t number = 0;
    uint32_t digits = 0;
    while (!reader->is_failed && reader->at != reader->end && *reader->at >= '0' &&
           *reader->at <= '9') {
        uint64_t digit = (uint64_t)(*reader->at++ - '0');
        digits++;
        if (number > (limit - digit) / 10)
            reader->is_failed = true;
        else
            number = number * 10 + digit;
    }
    if (digits == 0 || reader->is_failed) {
        reader->is_failed = true;
        return 0;
    }
    if (!is_negative)
        return (int64_t)number;
    return number == 0 ? 0 : -(int64_t)(number - 1) - 1;
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

/* The only \u escapes that we write are control characters. Something follows the backslash:
 * closing_quote() passed over it. */
static char unescape(aurora__json_reader *reader)
{
    char c = *reader->at++;
    if (c == '"' || c == '\\')
        return c;
    if (c != 'u' || reader->end - reader->at < 4 || reader->at[0] != '0' || reader->at[1] != '0') {
        reader->is_failed = true;
        return 0;
    }
    int high = digit_of(reader->at[2]);
    int low = digit_of(reader->at[3]);
    reader->at += 4;
    if (high < 0 || low < 0 || high > 1 || high * 16 + low == 0)
        reader->is_failed = true;
    return (char)(high * 16 + low);
}

static const char *closing_quote(const aurora__json_reader *reader)
{
    for (const char *at = reader->at; at < reader->end; at++) {
        if (*at == '"')
            return at;
        if (*at == '\\')
            at++;
    }
    return NULL;
}

const char *aurora__json_take_text(aurora__json_reader *reader, aurora__arena *arena)
{
    if (!reader->is_failed && reader->end - reader->at >= 4 && memcmp(reader->at, "null", 4) == 0) {
        reader->at += 4;
        return NULL;
    }
    aurora__json_expect(reader, '"');
    const char *close = reader->is_failed ? NULL : closing_quote(reader);
    if (close == NULL) {
        reader->is_failed = true;
        return NULL;
    }
    char *text = aurora__arena_take(arena, (size_t)(close - reader->at) + 1);
    if (text == NULL) {
        reader->is_failed = true;
        reader->is_out_of_memory = true;
        return NULL;
    }
    size_t length = 0;
    while (reader->at < close) {
        char c = *reader->at++;
        text[length++] = c == '\\' ? unescape(reader) : c;
    }
    text[length] = '\0';
    aurora__json_expect(reader, '"');
    return text;
}

void aurora__json_take_id(aurora__json_reader *reader, uint8_t bytes_out[16])
{
    aurora__json_expect(reader, '"');
    if (reader->is_failed || reader->end - reader->at < 33) {
        reader->is_failed = true;
        return;
    }
    for (size_t i = 0; i < 16; i++) {
        int high = digit_of(reader->at[2 * i]);
        int low = digit_of(reader->at[2 * i + 1]);
        if (high < 0 || low < 0)
            reader->is_failed = true;
        bytes_out[i] = (uint8_t)((unsigned)high << 4 | (unsigned)low);
    }
    reader->at += 32;
    aurora__json_expect(reader, '"');
}

static void skip_text(aurora__json_reader *reader)
{
    const char *close = closing_quote(reader);
    if (close == NULL)
        reader->is_failed = true;
    else
        reader->at = close + 1;
}

const char *aurora__json_skip(aurora__json_reader *reader, size_t *length_out)
{
    const char *start = reader->at;
    uint32_t depth = 0;
    do {
        if (reader->is_failed || reader->at == reader->end) {
            reader->is_failed = true;
            break;
        }
        char c = *reader->at;
        if (depth == 0 && (c == ',' || c == ']' || c == '}'))
            break;
        reader->at++;
        if (c == '"')
            skip_text(reader);
        else if (c == '[' || c == '{')
            depth++;
        else if (c == ']' || c == '}')
            depth--;
        if (depth == 0 && (c == '"' || c == ']' || c == '}'))
            break;
    } while (true);
    *length_out = (size_t)(reader->at - start);
    return start;
}
