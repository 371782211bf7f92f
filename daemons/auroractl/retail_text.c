/* SPDX-License-Identifier: MIT */
/* The words and numbers of single fields. */
#include "retail.h"

#include <string.h>

/* 10^12 hundredths leave room for the digits that still come. */
#define MINOR_MAX AURORA_PRICE_MINOR_MAX

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool ctl_price_parse(const char *text, int64_t *minor_out, bool *is_positive_out)
{
    bool is_negative = *text == '-';
    text += is_negative || *text == '+';
    int64_t minor = 0;
    bool has_digit = false, is_zero = true;
    for (; is_digit(*text); text++) {
        has_digit = true;
        minor = minor * 10 + (*text - '0');
        is_zero = is_zero && *text == '0';
        if (minor > MINOR_MAX)
            return false;
    }
    int decimals = 0;
    bool is_up = false;
    if (*text == '.') {
        for (text++; is_digit(*text); text++) {
            has_digit = true;
            is_zero = is_zero && *text == '0';
            /* Half up asks for the first digit that is cut, and for no other. */
            if (decimals < 2)
                minor = minor * 10 + (*text - '0');
            else if (decimals == 2)
                is_up = *text >= '5';
            decimals += decimals < 3;
        }
    }
    for (; decimals < 2; decimals++)
        minor *= 10;
    minor += is_up;
    if (!has_digit || *text != 0 || minor > MINOR_MAX)
        return false;
    *minor_out = is_negative ? -minor : minor;
    *is_positive_out = !is_negative && !is_zero;
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

char *ctl_text_trim(char *text)
{
    while (is_blank(*text))
        text++;
    size_t length = strlen(text);
    while (length > 0 && is_blank(text[length - 1]))
        length--;
    text[length] = 0;
    return text;
}

/* The bytes of the character at `at`, 0 when there is none: overlong forms, surrogates and what
 * lies beyond U+10FFFF among it. */
static size_t character_bytes(const unsigned char *at)
{
    unsigned char low = 0x80, high = 0xbf;
    size_t more = 0;
    if (at[0] < 0x80)
        return 1;
    if (at[0] >= 0xc2 && at[0] <= 0xdf) {
        more = 1;
    } else if (at[0] >= 0xe0 && at[0] <= 0xef) {
        more = 2;
        low = at[0] == 0xe0 ? 0xa0 : 0x80;
        high = at[0] == 0xed ? 0x9f : 0xbf;
    } else if (at[0] >= 0xf0 && at[0] <= 0xf4) {
        more = 3;
        low = at[0] == 0xf0 ? 0x90 : 0x80;
        high = at[0] == 0xf4 ? 0x8f : 0xbf;
    } else {
        return 0;
    }
    if (at[1] < low || at[1] > high)
        return 0;
    for (size_t i = 2; i <= more; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    }
    return more + 1;
}

bool ctl_text_is_utf8(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    while (*at != 0) {
        size_t bytes = character_bytes(at);
        if (bytes == 0)
            return false;
        at += bytes;
    }
    return true;
}

void ctl_text_from_latin1(const char *text, char *out)
{
    for (const unsigned char *at = (const unsigned char *)text; *at != 0; at++) {
        if (*at < 0x80) {
            *out++ = (char)*at;
        } else if (*at < 0xa0) {
            memcpy(out, "\xef\xbf\xbd", 3);
            out += 3;
        } else {
            *out++ = (char)(0xc0 | *at >> 6);
            *out++ = (char)(0x80 | (*at & 0x3f));
        }
    }
    *out = 0;
}
