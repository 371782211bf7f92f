/* SPDX-License-Identifier: MIT */
#include "adapters/sender/sender.h"

#include <string.h>

void aurora__sender_put(aurora__sender_text *text, const char *bytes, size_t len)
{
    text->is_full = text->is_full || len > text->capacity - text->len;
    if (text->is_full)
        return;
    memcpy(text->at + text->len, bytes, len);
    text->len += len;
}

void aurora__sender_word(aurora__sender_text *text, const char *word)
{
    aurora__sender_put(text, word, strlen(word));
}
