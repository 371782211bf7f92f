/* SPDX-License-Identifier: MIT */
/* Copies a caller's texts behind a command, so that one allocation holds it all: first add up, then
 * copy in any order. */
#ifndef AURORA_API_PACK_H
#define AURORA_API_PACK_H

#include <stddef.h>
#include <string.h>

typedef struct {
    char *at;
} aurora__pack;

static inline size_t aurora__pack_bytes(const char *text)
{
    return text == NULL ? 0 : strlen(text) + 1;
}

static inline const char *aurora__pack_text(aurora__pack *pack, const char *text)
{
    if (text == NULL)
        return NULL;
    size_t bytes = strlen(text) + 1;
    char *copy = memcpy(pack->at, text, bytes);
    pack->at += bytes;
    return copy;
}

#endif
