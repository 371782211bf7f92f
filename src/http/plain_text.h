/* SPDX-License-Identifier: MIT */
/* How much of a text JSON takes as it is. Most texts are plain from end to end, so eight bytes are
 * looked at in one step. */
#ifndef AURORA_HTTP_PLAIN_TEXT_H
#define AURORA_HTTP_PLAIN_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define AURORA__EACH_BYTE(byte) ((uint64_t)(byte)*UINT64_C(0x0101010101010101))

/* Whether eight bytes are all plain. */
static inline bool aurora__plain_eight(const char *text)
{
    uint64_t bytes;
    memcpy(&bytes, text, 8);
    /* Each term has a byte's highest bit where the rule is broken. What is borrowed from a
     * neighbour only follows a byte that breaks it. */
    uint64_t broken = bytes | (bytes - AURORA__EACH_BYTE(0x20)) |
                      ((bytes ^ AURORA__EACH_BYTE('"')) - AURORA__EACH_BYTE(1)) |
                      ((bytes ^ AURORA__EACH_BYTE('\\')) - AURORA__EACH_BYTE(1));
    return (broken & AURORA__EACH_BYTE(0x80)) == 0;
}

/* How many of the first `length` bytes are neither control characters, quotes, backslashes nor
 * parts of a character beyond ASCII. */
static inline size_t aurora__plain_length(const char *text, size_t length)
{
    size_t plain = 0;
    while (length - plain >= 8 && aurora__plain_eight(text + plain))
        plain += 8;
    /* Fewer than eight are left: the last eight have them, and some that were looked at. */
    if (length >= 8 && length - plain < 8 && aurora__plain_eight(text + length - 8))
        return length;
    for (; plain < length; plain++) {
        unsigned char c = (unsigned char)text[plain];
        if (c < 0x20 || c == '"' || c == '\\' || c >= 0x80)
            break;
    }
    return plain;
}

#endif
