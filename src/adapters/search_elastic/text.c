/* SPDX-License-Identifier: MIT */
#include "adapters/search_elastic/text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define BYTES_FIRST 1024

void aurora__elastic_text_clear(aurora__elastic_text *text)
{
    text->length = 0;
    if (text->bytes != NULL)
        text->bytes[0] = '\0';
}

void aurora__elastic_text_free(aurora__elastic_text *text)
{
    text->allocator->release(text->allocator->self, text->bytes);
    *text = (aurora__elastic_text){.allocator = text->allocator};
}

bool aurora__elastic_text_reserve(aurora__elastic_text *text, size_t length)
{
    if (text->is_failed)
        return false;
    if (length + 1 <= text->size)
        return true;
    size_t size = text->size == 0 ? BYTES_FIRST : text->size * 2;
    while (size < length + 1)
        size *= 2;
    char *bytes = text->allocator->reallocate(text->allocator->self, text->bytes, size);
    text->is_failed = bytes == NULL;
    if (text->is_failed)
        return false;
    text->bytes = bytes;
    text->size = size;
    bytes[text->length] = '\0';
    return true;
}

void aurora__elastic_text_add(aurora__elastic_text *text, const char *bytes, size_t length)
{
    if (!aurora__elastic_text_reserve(text, text->length + length))
        return;
    memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
    text->bytes[text->length] = '\0';
}

/* --- JSON ------------------------------------------------------------------------------------- */

/* RFC 8259, section 7: only these must be escaped. */
static bool must_be_escaped(char byte)
{
    return byte == '"' || byte == '\\' || (uint8_t)byte < 0x20;
}

void aurora__elastic_json_text(aurora__elastic_text *to, const char *text, size_t length)
{
    size_t start = 0;
    aurora__elastic_text_add(to, "\"", 1);
    for (size_t i = 0; i < length; i++) {
        char escaped[8];
        if (!must_be_escaped(text[i]))
            continue;
        aurora__elastic_text_add(to, text + start, i - start);
        int size = snprintf(escaped, sizeof escaped, "\\u%04x", (unsigned)(uint8_t)text[i]);
        aurora__elastic_text_add(to, escaped, (size_t)size);
        start = i + 1;
    }
    aurora__elastic_text_add(to, text + start, length - start);
    aurora__elastic_text_add(to, "\"", 1);
}

static void add_number(aurora__elastic_text *text, int64_t number)
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%" PRId64, number);
    aurora__elastic_text_add(text, digits, (size_t)length);
}

void aurora__elastic_json(aurora__elastic_text *text, const char *pattern, ...)
{
    va_list arguments;
    va_start(arguments, pattern);
    for (const char *at = pattern; *at != '\0';) {
        size_t plain = strcspn(at, "'%");
        aurora__elastic_text_add(text, at, plain);
        at += plain;
        if (*at == '\0')
            break;
        if (*at == '\'') {
            aurora__elastic_text_add(text, "\"", 1);
            at++;
            continue;
        }
        if (at[1] == 'd') {
            add_number(text, va_arg(arguments, int64_t));
        } else {
            const char *argument = va_arg(arguments, const char *);
            if (at[1] == 'q')
                aurora__elastic_json_text(text, argument, strlen(argument));
            else
                aurora__elastic_text_add(text, argument, strlen(argument));
        }
        at += 2;
    }
    va_end(arguments);
}
