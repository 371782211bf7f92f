/* SPDX-License-Identifier: MIT */
#include "http/json_out.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/plain_text.h"
#include "http/time_text.h"
#include "http/utf8.h"

/* Room for `more` bytes and a NUL behind the text; NULL when there is none. */
static char *room(aurora_json_out *out, size_t more)
{
    if (out->is_failed)
        return NULL;
    if (out->capacity - out->len > more)
        return out->text + out->len;
    size_t capacity = out->capacity == 0 ? 512 : out->capacity;
    while (capacity - out->len <= more) {
        if (capacity > SIZE_MAX / 2) {
            out->is_failed = true;
            return NULL;
        }
        capacity *= 2;
    }
    char *text = realloc(out->text, capacity);
    if (text == NULL) {
        out->is_failed = true;
        return NULL;
    }
    out->text = text;
    out->capacity = capacity;
    return text + out->len;
}

static void put(aurora_json_out *out, const char *bytes, size_t len)
{
    char *at = room(out, len);
    if (at == NULL || len == 0)
        return;
    memcpy(at, bytes, len);
    out->len += len;
}

static void put_escape(aurora_json_out *out, unsigned char c)
{
    static const char named[] = "\"\\\b\f\n\r\t";
    static const char letters[] = "\"\\bfnrt";
    const char *found = strchr(named, c);
    char text[8];
    if (found != NULL)
        snprintf(text, sizeof text, "\\%c", letters[found - named]);
    else
        snprintf(text, sizeof text, "\\u%04x", c);
    put(out, text, strlen(text));
}

static void put_quoted(aurora_json_out *out, const char *text)
{
    const char *end = text + strlen(text);
    put(out, "\"", 1);
    for (;;) {
        size_t length = aurora__plain_length(text, (size_t)(end - text));
        put(out, text, length);
        text += length;
        if (text == end)
            break;
        if ((unsigned char)*text < 0x80) {
            put_escape(out, (unsigned char)*text++);
            continue;
        }
        /* The NUL is no continuation: nothing behind it is read. */
        length = aurora__utf8_length(text, 4);
        put(out, length > 0 ? text : "\xef\xbf\xbd", length > 0 ? length : 3);
        text += length > 0 ? length : 1;
    }
    put(out, "\"", 1);
}

/* The comma and the name before a value. */
static void begin(aurora_json_out *out, const char *name)
{
    if (out->needs_comma)
        put(out, ",", 1);
    if (name != NULL) {
        put_quoted(out, name);
        put(out, ":", 1);
    }
    out->needs_comma = true;
}

void aurora_json_out_object(aurora_json_out *out, const char *name)
{
    begin(out, name);
    put(out, "{", 1);
    out->needs_comma = false;
}

void aurora_json_out_array(aurora_json_out *out, const char *name)
{
    begin(out, name);
    put(out, "[", 1);
    out->needs_comma = false;
}

void aurora_json_out_close(aurora_json_out *out, char bracket)
{
    put(out, &bracket, 1);
    out->needs_comma = true;
}

void aurora_json_out_text(aurora_json_out *out, const char *name, const char *value)
{
    if (value == NULL) {
        aurora_json_out_null(out, name);
        return;
    }
    begin(out, name);
    put_quoted(out, value);
}

void aurora_json_out_int(aurora_json_out *out, const char *name, int64_t value)
{
    char text[24];
    begin(out, name);
    int len = snprintf(text, sizeof text, "%" PRId64, value);
    put(out, text, (size_t)len);
}

void aurora_json_out_uint(aurora_json_out *out, const char *name, uint64_t value)
{
    char text[24];
    begin(out, name);
    int len = snprintf(text, sizeof text, "%" PRIu64, value);
    put(out, text, (size_t)len);
}

/* With the fewest digits of 15 or 17 that give the same number back. */
void aurora_json_out_double(aurora_json_out *out, const char *name, double value)
{
    char text[40];
    if (!isfinite(value)) {
        aurora_json_out_null(out, name);
        return;
    }
    snprintf(text, sizeof text, "%.15g", value);
    if (strtod(text, NULL) != value)
        snprintf(text, sizeof text, "%.17g", value);
    begin(out, name);
    put(out, text, strlen(text));
}

void aurora_json_out_bool(aurora_json_out *out, const char *name, bool value)
{
    begin(out, name);
    put(out, value ? "true" : "false", value ? 4 : 5);
}

void aurora_json_out_null(aurora_json_out *out, const char *name)
{
    begin(out, name);
    put(out, "null", 4);
}

void aurora_json_out_id(aurora_json_out *out, const char *name, aurora_id id)
{
    static const aurora_id none;
    char text[AURORA_ID_TEXT_BYTES];
    if (aurora_id_is_equal(id, none)) {
        aurora_json_out_null(out, name);
        return;
    }
    aurora_id_format(id, text);
    aurora_json_out_text(out, name, text);
}

void aurora_json_out_time(aurora_json_out *out, const char *name, int64_t unix_ms)
{
    char text[AURORA__HTTP_TIME_BYTES];
    if (unix_ms == 0) {
        aurora_json_out_null(out, name);
        return;
    }
    aurora__http_time_write_ms(unix_ms, text);
    aurora_json_out_text(out, name, text);
}

void aurora_json_out_raw(aurora_json_out *out, const char *name, const char *json, size_t len)
{
    begin(out, name);
    put(out, json, len);
}

char *aurora_json_out_end(aurora_json_out *out, size_t *len_out)
{
    *len_out = out->len;
    if (room(out, 0) == NULL) {
        aurora_json_out_drop(out);
        *len_out = 0;
        return NULL;
    }
    char *text = out->text;
    text[out->len] = '\0';
    *out = (aurora_json_out){0};
    return text;
}

void aurora_json_out_drop(aurora_json_out *out)
{
    free(out->text);
    *out = (aurora_json_out){0};
}
