/* SPDX-License-Identifier: MIT */
#include "auth/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/fetch.h"
#include "http/hmac.h"
#include "http/list.h"

static bool check_one(const aurora__source *source, char *why)
{
    char rule[160];
    if (!source->is_url || aurora__fetch_check_url(source->text, rule))
        return true;
    snprintf(why, 288, "%.120s %s", source->text, rule);
    return false;
}

bool aurora__sources_read(const char *text, aurora__source *out, uint32_t *count_out,
                          char why_out[288])
{
    const char *word;
    size_t len;
    *count_out = 0;
    while ((word = aurora__list_next(&text, &len)) != NULL) {
        if (len == 0)
            continue;
        if (*count_out == AURORA__SOURCES_MAX) {
            snprintf(why_out, 288, "has more than 16 files and URLs");
            return false;
        }
        char *copy = strndup(word, len);
        if (copy == NULL) {
            snprintf(why_out, 288, "out of memory");
            return false;
        }
        aurora__source *source = &out[(*count_out)++];
        *source = (aurora__source){.text = copy, .is_url = aurora__fetch_is_url(copy)};
        if (!check_one(source, why_out))
            return false;
    }
    if (*count_out == 0)
        snprintf(why_out, 288, "names no file and no URL");
    return *count_out > 0;
}

void aurora__source_clear(aurora__source *source)
{
    free(source->text);
    aurora__key_set_drop(source->set);
    *source = (aurora__source){0};
}

bool aurora__source_take(aurora__source *source, const char *document, size_t len,
                         void (*skipped)(void *self, const char *why), void *self,
                         bool *has_changed_out, char why_out[160])
{
    uint8_t digest[AURORA__MAC_BYTES];
    *has_changed_out = false;
    bool is_known = aurora__digest(document, len, digest);
    if (is_known && source->set != NULL && memcmp(digest, source->digest, sizeof digest) == 0)
        return true;
    aurora__key_set *set = aurora__key_set_new();
    if (set == NULL || !is_known) {
        snprintf(why_out, 160, "out of memory");
        aurora__key_set_drop(set);
        return false;
    }
    bool is_good = aurora__key_set_read(set, document, len, source->is_url, skipped, self, why_out);
    if (is_good && set->count == 0) {
        snprintf(why_out, 160, "has no key that can be used");
        is_good = false;
    }
    if (!is_good) {
        aurora__key_set_drop(set);
        return false;
    }
    aurora__key_set_drop(source->set);
    source->set = set;
    memcpy(source->digest, digest, sizeof digest);
    *has_changed_out = true;
    return true;
}
