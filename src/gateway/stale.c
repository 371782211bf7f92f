/* SPDX-License-Identifier: MIT */
#include "gateway/stale.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define SECOND_NS INT64_C(1000000000)
#define ENTRIES_MAX 64
#define BODY_BYTES_MAX 65536
#define FRESH_NS SECOND_NS                 /* then it is kept anew */
#define AGE_NS_MAX (SECOND_NS * 24 * 3600) /* then none is better */

typedef struct {
    char key[AURORA__STALE_KEY_BYTES]; /* "" = free */
    char *body;
    size_t len;
    int64_t kept_ns;
} entry;

struct aurora__stale {
    pthread_mutex_t mutex;
    uint64_t served;
    entry entries[ENTRIES_MAX];
};

aurora__stale *aurora__stale_new(void)
{
    aurora__stale *stale = calloc(1, sizeof *stale);
    if (stale != NULL)
        pthread_mutex_init(&stale->mutex, NULL);
    return stale;
}

void aurora__stale_free(aurora__stale *stale)
{
    if (stale == NULL)
        return;
    for (size_t i = 0; i < ENTRIES_MAX; i++)
        free(stale->entries[i].body);
    pthread_mutex_destroy(&stale->mutex);
    free(stale);
}

static entry *find(aurora__stale *stale, const char *key)
{
    for (size_t i = 0; i < ENTRIES_MAX; i++) {
        if (strcmp(stale->entries[i].key, key) == 0)
            return &stale->entries[i];
    }
    return NULL;
}

/* One without a query is what most clients ask for: others do not push it out. */
static bool is_plain(const entry *at)
{
    return at->key[0] != '\0' && strchr(at->key, '?') == NULL;
}

static entry *oldest(aurora__stale *stale)
{
    entry *best = NULL;
    for (size_t i = 0; i < ENTRIES_MAX; i++) {
        entry *at = &stale->entries[i];
        if (!is_plain(at) && (best == NULL || at->kept_ns < best->kept_ns))
            best = at;
    }
    return best;
}

void aurora__stale_put(aurora__stale *stale, const char *key, const char *body, size_t len,
                       int64_t now_ns)
{
    if (len == 0 || len > BODY_BYTES_MAX || strlen(key) >= AURORA__STALE_KEY_BYTES)
        return;
    pthread_mutex_lock(&stale->mutex);
    entry *at = find(stale, key);
    bool is_fresh = at != NULL && now_ns - at->kept_ns < FRESH_NS;
    if (at == NULL)
        at = oldest(stale);
    char *copy = is_fresh || at == NULL ? NULL : malloc(len);
    if (copy != NULL) {
        free(at->body);
        memcpy(at->key, key, strlen(key) + 1);
        at->body = memcpy(copy, body, len);
        /* NOLINTNEXTLINE(analyzer-malloc-leak): the entry keeps its copy */
        at->len = len;
        at->kept_ns = now_ns;
    }
    pthread_mutex_unlock(&stale->mutex);
}

char *aurora__stale_get(aurora__stale *stale, const char *key, int64_t now_ns, size_t *len_out,
                        uint32_t *age_s_out)
{
    char *copy = NULL;
    pthread_mutex_lock(&stale->mutex);
    entry *at = key[0] != '\0' ? find(stale, key) : NULL;
    if (at != NULL && now_ns - at->kept_ns <= AGE_NS_MAX)
        copy = malloc(at->len);
    if (copy != NULL) {
        memcpy(copy, at->body, at->len);
        *len_out = at->len;
        *age_s_out = (uint32_t)((now_ns - at->kept_ns) / SECOND_NS);
        stale->served++;
    }
    pthread_mutex_unlock(&stale->mutex);
    return copy;
}

void aurora__stale_read(aurora__stale *stale, aurora__stale_figures *out)
{
    *out = (aurora__stale_figures){0};
    pthread_mutex_lock(&stale->mutex);
    out->served = stale->served;
    for (size_t i = 0; i < ENTRIES_MAX; i++)
        out->kept += stale->entries[i].key[0] != '\0';
    pthread_mutex_unlock(&stale->mutex);
}
