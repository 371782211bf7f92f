/* SPDX-License-Identifier: MIT */
#include "service/log_line.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/decimal.h"
#include "http/plain_text.h"
#include "http/utf8.h"
#include "service/log_redact.h"

#define END_BYTES 2      /* "}\n" */
#define ELLIPSIS_BYTES 4 /* "..." and the quote */

static size_t room_of(const aurora__log_line *line)
{
    return sizeof line->text - END_BYTES - line->len;
}

static void put(aurora__log_line *line, const char *bytes, size_t len)
{
    memcpy(line->text + line->len, bytes, len);
    line->len += len;
}

/* The comma and the name; false where there is no room for them and `more` bytes. */
static inline bool put_name(aurora__log_line *line, const char *name, size_t len, size_t more)
{
    if (room_of(line) < len + 4 + more)
        return false;
    if (line->len > 1)
        line->text[line->len++] = ',';
    line->text[line->len++] = '"';
    put(line, name, len);
    line->text[line->len++] = '"';
    line->text[line->len++] = ':';
    return true;
}

static void put_member(aurora__log_line *line, const char *name, const char *value)
{
    size_t len = strlen(value);
    if (put_name(line, name, strlen(name), len))
        put(line, value, len);
}

/* How one character is written; *used_out is what it took of the text. */
static size_t encode(const char *text, size_t *used_out, char out[8])
{
    static const char named[] = "\b\f\n\r\t";
    static const char letters[] = "bfnrt";
    unsigned char c = (unsigned char)*text;
    *used_out = 1;
    if (c == '"' || c == '\\') {
        out[0] = '\\';
        out[1] = (char)c;
        return 2;
    }
    if (c >= 0x80) {
        /* The NUL is no continuation: nothing behind it is read. */
        size_t len = aurora__utf8_length(text, 4);
        memcpy(out, len > 0 ? text : "\xef\xbf\xbd", len > 0 ? len : 3);
        *used_out = len > 0 ? len : 1;
        return len > 0 ? len : 3;
    }
    const char *found = strchr(named, c);
    if (found != NULL) {
        out[0] = '\\';
        out[1] = letters[found - named];
        return 2;
    }
    if (c < 0x20 || c == 0x7f)
        return (size_t)snprintf(out, 8, "\\u%04x", c);
    out[0] = (char)c;
    return 1;
}

/* JSON takes 0x7f as it is, terminals do not. */
static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

/* Copies what stands for itself, at most `most` bytes; how many those are. */
static size_t put_plain(char *at, const char *text, size_t most)
{
    size_t done = 0;
    for (; most - done >= 8; done += 8) {
        uint64_t bytes;
        memcpy(&bytes, text + done, 8);
        /* 0x7f is the one byte below 0x80 that reaches it by one more. */
        if (!aurora__plain_eight(text + done) ||
            ((bytes + AURORA__EACH_BYTE(1)) & AURORA__EACH_BYTE(0x80)) != 0)
            break;
        memcpy(at + done, &bytes, 8);
    }
    for (; done < most && is_plain((unsigned char)text[done]); done++)
        at[done] = text[done];
    return done;
}

static void put_quoted(aurora__log_line *line, const char *text, size_t text_len)
{
    const char *text_end = text + text_len;
    size_t most = room_of(line) < AURORA__LOG_VALUE_BYTES ? room_of(line) : AURORA__LOG_VALUE_BYTES;
    char *at = line->text + line->len;
    const char *end = at + most - ELLIPSIS_BYTES;
    *at++ = '"';
    for (;;) {
        char one[8];
        size_t used = 0, left = (size_t)(text_end - text), space = (size_t)(end - at);
        size_t len = put_plain(at, text, left < space ? left : space);
        at += len;
        text += len;
        if (text == text_end)
            break;
        if (*text == '"' && end - at >= 2) { /* the most common by far */
            *at++ = '\\';
            *at++ = *text++;
            continue;
        }
        len = at < end ? encode(text, &used, one) : SIZE_MAX;
        if (len > (size_t)(end - at)) {
            memcpy(at, "...", 3);
            at += 3;
            break;
        }
        memcpy(at, one, len);
        at += len;
        text += used;
    }
    *at++ = '"';
    line->len = (size_t)(at - line->text);
}

void aurora__log_line_begin(aurora__log_line *line)
{
    line->text[0] = '{';
    line->len = 1;
}

void aurora__log_line_end(aurora__log_line *line)
{
    put(line, "}\n", END_BYTES);
}

void aurora__log_line_raw(aurora__log_line *line, const char *members, size_t len)
{
    if (room_of(line) < len + 1)
        return;
    if (line->len > 1)
        line->text[line->len++] = ',';
    put(line, members, len);
}

void aurora__log_line_text(aurora__log_line *line, const char *name, const char *value)
{
    char redacted[AURORA__LOG_VALUE_BYTES];
    size_t len = strlen(value);
    if (!put_name(line, name, strlen(name), 8 + ELLIPSIS_BYTES))
        return;
    if (aurora__log_redact_is_needed(value, len)) {
        aurora__log_redact(value, redacted, sizeof redacted);
        value = redacted;
        len = strlen(redacted);
    }
    put_quoted(line, value, len);
}

void aurora__log_line_own_of(aurora__log_line *line, const char *name, size_t name_len,
                             const char *value)
{
    size_t len = strlen(value);
    if (!put_name(line, name, name_len, len + 2))
        return;
    line->text[line->len++] = '"';
    put(line, value, len);
    line->text[line->len++] = '"';
}

void aurora__log_line_int(aurora__log_line *line, const char *name, int64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, value);
    put_member(line, name, text);
}

void aurora__log_line_uint_of(aurora__log_line *line, const char *name, size_t name_len,
                              uint64_t value)
{
    if (!put_name(line, name, name_len, AURORA__DECIMAL_BYTES))
        return;
    char *at = line->text + line->len;
    line->len += (size_t)(aurora__decimal_write(at, value) - at);
}

/* With the fewest digits of 15 or 17 that give the same number back. */
void aurora__log_line_double(aurora__log_line *line, const char *name, double value)
{
    char text[40] = "null";
    if (isfinite(value)) {
        snprintf(text, sizeof text, "%.15g", value);
        if (strtod(text, NULL) != value)
            snprintf(text, sizeof text, "%.17g", value);
    }
    put_member(line, name, text);
}

void aurora__log_line_bool(aurora__log_line *line, const char *name, bool value)
{
    put_member(line, name, value ? "true" : "false");
}
