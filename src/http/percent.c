/* SPDX-License-Identifier: MIT */
#include "http/percent.h"

#include "http/utf8.h"

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool aurora__percent_decode(const char *text, size_t len, bool has_plus, char *out)
{
    size_t written = 0;
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (c == '%') {
            int high = len - i > 2 ? digit_of(text[i + 1]) : -1;
            int low = high >= 0 ? digit_of(text[i + 2]) : -1;
            if (low < 0)
                return false;
            c = (char)(high << 4 | low);
            i += 2;
        } else if (c == '+' && has_plus) {
            c = ' ';
        }
        out[written++] = c;
    }
    out[written] = '\0';
    return aurora__utf8_is_text(out, written);
}
