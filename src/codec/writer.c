/* SPDX-License-Identifier: MIT */
#include "codec/writer.h"

#include "codec/time_text.h"

void aurora__writer_begin(aurora__writer *writer, aurora__arena *arena, size_t capacity)
{
    *writer = (aurora__writer){.arena = arena, .capacity = capacity};
    writer->text = aurora__arena_take(arena, capacity + 1);
    if (writer->text == NULL) {
        writer->capacity = 0;
        writer->is_failed = true;
    }
}

void aurora__writer_fixed(aurora__writer *writer, char *buffer, size_t capacity)
{
    *writer = (aurora__writer){.text = buffer, .capacity = capacity};
}

bool aurora__writer_grow(aurora__writer *writer, size_t more)
{
    if (writer->is_failed || writer->arena == NULL)
        return false;
    size_t capacity = writer->capacity * 2 + more;
    char *text = aurora__arena_take(writer->arena, capacity + 1);
    if (text == NULL) {
        writer->is_failed = true;
        writer->capacity = 0;
        return false;
    }
    memcpy(text, writer->text, writer->length);
    writer->text = text;
    writer->capacity = capacity;
    return true;
}

const char *aurora__writer_end(aurora__writer *writer)
{
    if (writer->is_failed)
        return NULL;
    writer->text[writer->length] = '\0';
    return writer->text;
}

void aurora__writer_json(aurora__writer *writer, const char *json)
{
    if (json == NULL)
        aurora__writer_literal(writer, "null");
    else
        aurora__writer_raw(writer, json, strlen(json));
}

static uint32_t count_digits(uint64_t number)
{
    uint32_t count = 1;
    for (; number >= 1000; number /= 1000)
        count += 3;
    return count + (number >= 10) + (number >= 100);
}

char *aurora__integer_format(char *at, int64_t number)
{
    uint64_t rest = (uint64_t)number;
    if (number < 0) {
        *at++ = '-';
        rest = 0 - rest;
    }
    if (rest < 10) {
        *at = (char)('0' + rest);
        return at + 1;
    }
    char *end = at + count_digits(rest);
    for (at = end; rest > 0; rest /= 10)
        *--at = (char)('0' + rest % 10);
    return end;
}

void aurora__writer_integer(aurora__writer *writer, int64_t number)
{
    char digits[AURORA__INTEGER_BYTES];
    const char *end = aurora__integer_format(digits, number);
    aurora__writer_raw(writer, digits, (size_t)(end - digits));
}

static const char hex[] = "0123456789abcdef";

static void escape(aurora__writer *writer, unsigned char c)
{
    if (c == '"' || c == '\\') {
        const char pair[2] = {'\\', (char)c};
        aurora__writer_raw(writer, pair, sizeof pair);
        return;
    }
    const char code[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
    aurora__writer_raw(writer, code, sizeof code);
}

void aurora__writer_text(aurora__writer *writer, const char *text)
{
    if (text == NULL) {
        aurora__writer_literal(writer, "null");
        return;
    }
    aurora__writer_char(writer, '"');
    const char *plain = text;
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        aurora__writer_raw(writer, plain, (size_t)(text - plain));
        escape(writer, c);
        plain = text + 1;
    }
    aurora__writer_raw(writer, plain, (size_t)(text - plain));
    aurora__writer_char(writer, '"');
}

void aurora__writer_id(aurora__writer *writer, const aurora_id *id)
{
    char text[34];
    text[0] = '"';
    for (int i = 0; i < 16; i++) {
        text[1 + 2 * i] = hex[id->bytes[i] >> 4];
        text[2 + 2 * i] = hex[id->bytes[i] & 15];
    }
    text[33] = '"';
    aurora__writer_raw(writer, text, sizeof text);
}

void aurora__writer_uuid(aurora__writer *writer, aurora_id id)
{
    char text[AURORA_ID_TEXT_BYTES];
    aurora_id_format(id, text);
    aurora__writer_char(writer, '"');
    aurora__writer_raw(writer, text, sizeof text - 1);
    aurora__writer_char(writer, '"');
}

void aurora__writer_time(aurora__writer *writer, int64_t ms)
{
    if (ms == 0) {
        aurora__writer_literal(writer, "null");
        return;
    }
    char text[AURORA__TIME_TEXT_BYTES];
    size_t length = aurora__time_format(ms, text);
    aurora__writer_char(writer, '"');
    aurora__writer_raw(writer, text, length);
    aurora__writer_char(writer, '"');
}
