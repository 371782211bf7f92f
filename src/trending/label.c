/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "sketch.h"

static uint32_t hash_words(const uint64_t *words, uint32_t length)
{
    uint64_t hash = length;
    for (uint32_t i = 0; i * 8 < length; i++) {
        hash = (hash ^ words[i]) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 29;
    }
    hash *= UINT64_C(0xd6e8feb86659fd93);
    return (uint32_t)(hash >> 32);
}

bool aurora__label_make(const void *bytes, uint32_t length, struct label *label_out)
{
    if (length == 0 || length > AURORA_SKU_BYTES_MAX || memchr(bytes, 0, length) != NULL)
        return false;
    memset(label_out->words, 0, sizeof label_out->words);
    memcpy(label_out->words, bytes, length);
    label_out->length = length;
    label_out->hash = hash_words(label_out->words, length);
    return true;
}

bool aurora__label_read(const char *text, struct label *label_out)
{
    if (text == NULL)
        return false;
    const char *end = memchr(text, 0, AURORA_SKU_BYTES_MAX + 1);
    if (end == NULL)
        return false;
    return aurora__label_make(text, (uint32_t)(end - text), label_out);
}

void aurora__label_write(const struct label *label, char text_out[AURORA_SKU_BYTES_MAX + 1])
{
    memcpy(text_out, label->words, label->length);
    text_out[label->length] = '\0';
}

bool aurora__label_is_equal(const struct label *a, const struct label *b)
{
    if (a->hash != b->hash || a->length != b->length)
        return false;
    for (uint32_t i = 0; i * 8 < a->length; i++) {
        if (a->words[i] != b->words[i])
            return false;
    }
    return true;
}
