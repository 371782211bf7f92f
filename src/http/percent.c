/* SPDX-License-Identifier: MIT */
#include "http/percent.h"

#include <string.h>

#include "http/hex.h"
#include "http/utf8.h"

bool aurora__percent_decode(const char *text, size_t len, bool has_plus, char *out)
{
    size_t written = 0;
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (c == '%') {
            int high = len - i > 2 ? aurora__hex_digit(text[i + 1]) : -1;
            int low = high >= 0 ? aurora__hex_digit(text[i + 2]) : -1;
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

bool aurora__percent_encode(const char *text, char *out, size_t size)
{
    static const char digits[] = "0123456789ABCDEF";
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    size_t written = 0;
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;
        bool is_plain = strchr(plain, *text) != NULL;
        if (size - written <= (is_plain ? 1 : 3))
            return false;
        if (is_plain) {
            out[written++] = *text;
            continue;
        }
        out[written++] = '%';
        out[written++] = digits[byte >> 4];
        out[written++] = digits[byte & 15];
    }
    if (written == size)
        return false;
    out[written] = '\0';
    return true;
}
