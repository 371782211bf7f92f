/* SPDX-License-Identifier: MIT */
/* The port's writing calls. The index has no transactions: documents are written first, to every
 * generation that the document of the state names, and the position is moved by a write that fails
 * where that document has changed since it was read. Then all is done again, which does no harm. */
#include "adapters/search_elastic/index.h"

#include <string.h>

#define ATTEMPTS 8

static bool is_readonly(const aurora__elastic_index *index)
{
    return (index->options.flags & AURORA_SEARCH_READONLY) != 0;
}

aurora_status aurora__elastic_state(void *self, aurora_search_state *out)
{
    aurora__elastic_meta meta;
    memset(out, 0, sizeof *out);
    aurora__elastic_call *call = aurora__elastic_call_take(self);
    if (call == NULL)
        return AURORA_ENOMEM;
    aurora_status rc = aurora__elastic_meta_open(call, &meta);
    aurora__elastic_call_give(call);
    if (rc != AURORA_OK)
        return rc;
    *out = (aurora_search_state){.size = sizeof *out,
                                 .is_rebuilding = meta.next != 0,
                                 .position = meta.position,
                                 .log_id = meta.log_id,
                                 .rebuild = meta.rebuild};
    memcpy(out->rebuild_after, meta.rebuild_after, sizeof out->rebuild_after);
    return AURORA_OK;
}

/* --- a new generation ------------------------------------------------------------------------- */

/* Names a new generation in the document, and makes it. */
static aurora_status begin_next(aurora__elastic_call *call, aurora__elastic_meta *meta)
{
    uint64_t last;
    aurora_status rc = aurora__elastic_generation_last(call, &last);
    if (rc != AURORA_OK)
        return rc;
    uint64_t used = meta->next > meta->generation ? meta->next : meta->generation;
    meta->next = (last > used ? last : used) + 1;
    meta->rebuild++;
    meta->rebuild_after[0] = '\0';
    rc = aurora__elastic_meta_write(call, meta);
    if (rc == AURORA_OK)
        rc = aurora__elastic_generation_make(call, meta->next, true);
    if (rc == AURORA_OK)
        aurora__elastic_generations_clean(call, meta);
    return rc;
}

/* The generation that is being filled is not there: whoever named it died before making it, or
 * somebody deleted it. */
static aurora_status mend_next(aurora__elastic_call *call, aurora__elastic_meta *meta)
{
    if (meta->next == 0)
        return AURORA_OK; /* the other one is mended by reading the document again */
    aurora_status rc = aurora__elastic_generation_find(call, meta->next);
    if (rc != AURORA_ENOTFOUND)
        return rc;
    if (meta->rebuild_after[0] == '\0')
        return aurora__elastic_generation_make(call, meta->next, true);
    aurora__elastic_log(call->index, AURORA_LOG_WARNING,
                        "the index that was being filled was deleted: the rebuild starts over");
    rc = begin_next(call, meta);
    return rc == AURORA_ECONFLICT ? AURORA_OK : rc;
}

/* --- applying --------------------------------------------------------------------------------- */

/* AURORA_EBUSY = once more. */
static aurora_status try_apply(aurora__elastic_call *call, const aurora_search_batch *batch)
{
    aurora__elastic_meta meta;
    aurora_status rc = aurora__elastic_meta_open(call, &meta);
    if (rc != AURORA_OK)
        return rc;
    if (meta.position >= batch->to)
        return AURORA_OK;
    if (meta.position < 0 || meta.position < batch->from)
        return AURORA_ECONFLICT;
    rc = aurora__elastic_bulk(call, meta.generation, batch->changes, batch->count);
    if (rc == AURORA_OK && meta.next != 0)
        rc = aurora__elastic_bulk(call, meta.next, batch->changes, batch->count);
    if (rc == AURORA_ENOTFOUND) {
        rc = mend_next(call, &meta);
        return rc == AURORA_OK ? AURORA_EBUSY : rc;
    }
    if (rc != AURORA_OK)
        return rc;
    meta.position = batch->to;
    meta.log_id = batch->log_id;
    rc = aurora__elastic_meta_write(call, &meta);
    return rc == AURORA_ECONFLICT ? AURORA_EBUSY : rc;
}

aurora_status aurora__elastic_apply(void *self, const aurora_search_batch *batch)
{
    if (is_readonly(self))
        return AURORA_EREADONLY;
    aurora__elastic_call *call = aurora__elastic_call_take(self);
    if (call == NULL)
        return AURORA_ENOMEM;
    aurora_status rc = AURORA_EBUSY;
    for (int i = 0; rc == AURORA_EBUSY && i < ATTEMPTS; i++)
        rc = try_apply(call, batch);
    aurora__elastic_call_give(call);
    return rc;
}

/* --- rebuilding ------------------------------------------------------------------------------- */

aurora_status aurora__elastic_rebuild_begin(void *self, int64_t position, aurora_id log_id)
{
    if (is_readonly(self))
        return AURORA_EREADONLY;
    aurora__elastic_call *call = aurora__elastic_call_take(self);
    if (call == NULL)
        return AURORA_ENOMEM;
    aurora_status rc = AURORA_ECONFLICT;
    for (int i = 0; rc == AURORA_ECONFLICT && i < ATTEMPTS; i++) {
        aurora__elastic_meta meta;
        rc = aurora__elastic_meta_open(call, &meta);
        if (rc != AURORA_OK)
            break;
        if (position >= 0) {
            meta.position = position;
            meta.log_id = log_id;
        }
        rc = begin_next(call, &meta);
    }
    aurora__elastic_call_give(call);
    return rc == AURORA_ECONFLICT ? AURORA_EBUSY : rc;
}

/* Whether the page is the one that the document waits for. */
static bool is_awaited(const aurora__elastic_meta *meta, const aurora_search_pages *pages)
{
    return meta->next != 0 && meta->rebuild == pages->rebuild &&
           strcmp(meta->rebuild_after, pages->after) == 0;
}

static aurora_status note_page(aurora__elastic_call *call, aurora__elastic_meta *meta,
                               const aurora_search_pages *pages)
{
    if (pages->is_last) {
        meta->generation = meta->next;
        meta->next = 0;
        meta->rebuild_after[0] = '\0';
    } else if (pages->count > 0) {
        const char *sku = pages->changes[pages->count - 1].sku;
        memcpy(meta->rebuild_after, sku, strlen(sku) + 1);
    }
    return aurora__elastic_meta_write(call, meta);
}

static aurora_status add_page(aurora__elastic_call *call, const aurora_search_pages *pages)
{
    aurora__elastic_meta meta;
    aurora_status rc = aurora__elastic_meta_open(call, &meta);
    if (rc != AURORA_OK)
        return rc;
    if (!is_awaited(&meta, pages))
        return AURORA_ECONFLICT;
    uint64_t filled = meta.next;
    rc = aurora__elastic_bulk(call, filled, pages->changes, pages->count);
    if (rc == AURORA_OK && pages->is_last)
        rc = aurora__elastic_generation_show(call, filled);
    if (rc == AURORA_ENOTFOUND) {
        rc = mend_next(call, &meta);
        return rc == AURORA_OK ? AURORA_EBUSY : rc;
    }
    if (rc != AURORA_OK)
        return rc;
    /* Others that move the position meanwhile have written to this generation too. */
    rc = note_page(call, &meta, pages);
    for (int i = 0; rc == AURORA_ECONFLICT && i < ATTEMPTS; i++) {
        rc = aurora__elastic_meta_open(call, &meta);
        if (rc != AURORA_OK || !is_awaited(&meta, pages) || meta.next != filled)
            return rc == AURORA_OK ? AURORA_ECONFLICT : rc;
        rc = note_page(call, &meta, pages);
    }
    if (rc != AURORA_OK || !pages->is_last)
        return rc;
    rc = aurora__elastic_alias_move(call, filled);
    if (rc == AURORA_OK)
        aurora__elastic_generations_clean(call, &meta);
    return rc;
}

aurora_status aurora__elastic_rebuild_page(void *self, const aurora_search_pages *pages)
{
    if (is_readonly(self))
        return AURORA_EREADONLY;
    aurora__elastic_call *call = aurora__elastic_call_take(self);
    if (call == NULL)
        return AURORA_ENOMEM;
    aurora_status rc = add_page(call, pages);
    aurora__elastic_call_give(call);
    return rc;
}
