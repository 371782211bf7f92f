/* SPDX-License-Identifier: MIT */
#include "http/base64url.h"

#include <string.h>

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void aurora__base64url_write(const uint8_t *bytes, size_t len, char *text_out)
{
    uint32_t bits = 0;
    unsigned count = 0;
    for (size_t i = 0; i < len; i++) {
        bits = bits << 8 | bytes[i];
        for (count += 8; count >= 6; count -= 6)
            *text_out++ = letters[bits >> (count - 6) & 63];
    }
    if (count > 0)
        *text_out++ = letters[bits << (6 - count) & 63];
    *text_out = '\0';
}

bool aurora__base64url_read(const char *text, size_t len, uint8_t *bytes_out, size_t *len_out)
{
    uint32_t bits = 0;
    unsigned count = 0;
    size_t written = 0;
    for (size_t i = 0; i < len; i++) {
        const char *found = text[i] != '\0' ? strchr(letters, text[i]) : NULL;
        if (found == NULL)
            return false;
        bits = bits << 6 | (uint32_t)(found - letters);
        count += 6;
        if (count >= 8) {
            count -= 8;
            bytes_out[written++] = (uint8_t)(bits >> count);
        }
    }
    *len_out = written;
    return count < 6 && (bits & ((1u << count) - 1)) == 0;
}
