/* SPDX-License-Identifier: MIT */
#include "http/utf8.h"

/* The table 3-7 of the Unicode standard: what the second byte may be behind each first one. */
static size_t lead_length(unsigned char lead, unsigned char *low, unsigned char *high)
{
    *low = 0x80;
    *high = 0xbf;
    if (lead >= 0xc2 && lead <= 0xdf)
        return 2;
    if (lead >= 0xe0 && lead <= 0xef) {
        if (lead == 0xe0)
            *low = 0xa0;
        else if (lead == 0xed)
            *high = 0x9f;
        return 3;
    }
    if (lead >= 0xf0 && lead <= 0xf4) {
        if (lead == 0xf0)
            *low = 0x90;
        else if (lead == 0xf4)
            *high = 0x8f;
        return 4;
    }
    return 0;
}

size_t aurora__utf8_length(const char *text, size_t len)
{
    const unsigned char *at = (const unsigned char *)text;
    unsigned char low, high;
    if (len == 0)
        return 0;
    if (at[0] < 0x80)
        return 1;
    size_t length = lead_length(at[0], &low, &high);
    if (length == 0 || length > len || at[1] < low || at[1] > high)
        return 0;
    for (size_t i = 2; i < length; i++) {
        if (at[i] < 0x80 || at[i] > 0xbf)
            return 0;
    }
    return length;
}

bool aurora__utf8_is_text(const char *text, size_t len)
{
    for (size_t at = 0; at < len;) {
        size_t length = text[at] == '\0' ? 0 : aurora__utf8_length(text + at, len - at);
        if (length == 0)
            return false;
        at += length;
    }
    return true;
}
