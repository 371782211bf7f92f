/* SPDX-License-Identifier: MIT */
/* Lists with commas, as settings have them. */
#ifndef AURORA_HTTP_LIST_H
#define AURORA_HTTP_LIST_H

#include <stdbool.h>
#include <string.h>

/* The next word, without the blanks around it and without a NUL; NULL behind the last, after which
 * *list is NULL too. An empty word is one as well: whether it may be is for the caller. */
static inline const char *aurora__list_next(const char **list, size_t *len_out)
{
    if (*list == NULL)
        return NULL;
    const char *word = *list + strspn(*list, " \t");
    size_t len = strcspn(word, ",");
    *list = word[len] == ',' ? word + len + 1 : NULL;
    while (len > 0 && (word[len - 1] == ' ' || word[len - 1] == '\t'))
        len--;
    *len_out = len;
    return word;
}

static inline bool aurora__list_word_is(const char *word, size_t len, const char *text)
{
    return strlen(text) == len && memcmp(word, text, len) == 0;
}

#endif
