/* SPDX-License-Identifier: MIT */
/* The JSON pointer (RFC 6901) of a place, and the refusals that name it. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "http/json_doc.h"

#define DEPTH_MAX 34 /* of the scan, and a member that is missing below its last level */

/* A pointer that grows by whole segments: one that does not fit leaves its parent's. */
typedef struct {
    char *text;
    size_t capacity;
    size_t length;
    bool is_full;
} pointer;

static void put(pointer *p, const char *bytes, size_t length)
{
    if (p->is_full || p->length + length >= p->capacity) {
        p->is_full = true;
        return;
    }
    memcpy(p->text + p->length, bytes, length);
    p->length += length;
}

/* RFC 6901, section 3. */
static void put_escaped(pointer *p, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] == '~')
            put(p, "~0", 2);
        else if (bytes[i] == '/')
            put(p, "~1", 2);
        else
            put(p, bytes + i, 1);
    }
}

static uint32_t hex_at(const char *at)
{
    uint32_t value = 0;
    for (int i = 0; i < 4; i++) {
        char c = at[i];
        value = value * 16 + (uint32_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return value;
}

/* The character of a checked "\uXXXX" with its second half, as UTF-8. Returns what it took. */
static size_t put_unicode(pointer *p, const char *at)
{
    uint32_t code = hex_at(at + 2);
    size_t taken = 6;
    char bytes[4];
    size_t length = 0;
    if (code >= 0xd800 && code <= 0xdbff) {
        code = 0x10000 + ((code - 0xd800) << 10) + (hex_at(at + 8) - 0xdc00);
        taken = 12;
    }
    if (code < 0x80) {
        bytes[length++] = (char)code;
    } else if (code < 0x800) {
        bytes[length++] = (char)(0xc0 | code >> 6);
    } else if (code < 0x10000) {
        bytes[length++] = (char)(0xe0 | code >> 12);
        bytes[length++] = (char)(0x80 | (code >> 6 & 0x3f));
    } else {
        bytes[length++] = (char)(0xf0 | code >> 18);
        bytes[length++] = (char)(0x80 | (code >> 12 & 0x3f));
        bytes[length++] = (char)(0x80 | (code >> 6 & 0x3f));
    }
    if (code >= 0x80)
        bytes[length++] = (char)(0x80 | (code & 0x3f));
    put_escaped(p, bytes, length);
    return taken;
}

/* A name that was checked and is still escaped, up to its closing quote. */
static void put_raw_name(pointer *p, const char *at)
{
    static const char plain[] = "\"\\/bfnrt";
    static const char meant[] = "\"\\/\b\f\n\r\t";
    while (*at != '"' && !p->is_full) {
        if (*at != '\\') {
            put_escaped(p, at++, 1);
        } else if (at[1] == 'u') {
            at += put_unicode(p, at);
        } else {
            put_escaped(p, &meant[strchr(plain, at[1]) - plain], 1);
            at += 2;
        }
    }
}

static void put_segment(pointer *p, const aurora__place *place)
{
    size_t before = p->length;
    char number[12];
    put(p, "/", 1);
    if (place->name == NULL) {
        int length = snprintf(number, sizeof number, "%u", (unsigned)place->index);
        put(p, number, (size_t)length);
    } else if (place->text == NULL) {
        put_escaped(p, place->name, strlen(place->name));
    } else {
        put_raw_name(p, place->name);
    }
    if (p->is_full)
        p->length = before;
}

static void write_pointer(const aurora_json_doc *doc, uint32_t place, char *text, size_t capacity)
{
    uint32_t path[DEPTH_MAX];
    uint32_t depth = 0;
    pointer p = {.text = text, .capacity = capacity};
    for (; place != AURORA__PLACE_NONE && depth < DEPTH_MAX; place = doc->places[place].parent)
        path[depth++] = place;
    while (depth > 1 && !p.is_full)
        put_segment(&p, &doc->places[path[--depth - 1]]);
    text[p.length] = '\0';
}

static void refuse(const aurora_json_doc *doc, uint32_t place, aurora_json_error *error,
                   const char *code, const char *format, va_list arguments)
{
    error->code = code;
    write_pointer(doc, place, error->pointer, sizeof error->pointer);
    vsnprintf(error->detail, sizeof error->detail, format, arguments);
}

bool aurora__doc_refuse(const aurora_json_doc *doc, uint32_t place, aurora_json_error *error,
                        const char *code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    refuse(doc, place, error, code, format, arguments);
    va_end(arguments);
    return false;
}

bool aurora__doc_no_memory(const aurora_json_doc *doc, uint32_t place, aurora_json_error *error)
{
    return aurora__doc_refuse(doc, place, error, "unavailable", "finds no memory");
}

bool aurora_json_refuse(aurora_json_value value, aurora_json_error *error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    refuse(value.doc, value.path, error, "invalid_field", format, arguments);
    va_end(arguments);
    return false;
}
