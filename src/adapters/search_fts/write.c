/* SPDX-License-Identifier: MIT */
/* Changes, one transaction each. */
#include "adapters/search_fts/index.h"

#include <stdio.h>
#include <string.h>

/* A write transaction with the row of meta as it is in it. */
static aurora_status begin(aurora__fts_index *index, aurora__fts_meta *meta)
{
    sqlite3 *db = index->writer->db;
    aurora_status rc = aurora__fts_run(db, "BEGIN IMMEDIATE", 0);
    if (rc != AURORA_OK)
        return rc;
    rc = aurora__fts_meta_read(index->writer, meta);
    if (rc != AURORA_OK)
        sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    return rc;
}

static aurora_status end(aurora__fts_index *index, const aurora__fts_meta *meta, aurora_status rc)
{
    sqlite3 *db = index->writer->db;
    if (rc == AURORA_OK)
        rc = aurora__fts_meta_write(db, meta);
    if (rc == AURORA_OK)
        rc = aurora__fts_run(db, "COMMIT", 0);
    if (rc != AURORA_OK)
        sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    return rc;
}

aurora_status aurora__fts_state(void *self, aurora_search_state *out)
{
    aurora__fts_index *index = self;
    aurora__fts_meta meta;
    aurora__fts_connection *reader = NULL;
    bool is_reader = (index->options.flags & AURORA_SEARCH_READONLY) != 0;
    aurora_status rc =
        is_reader ? aurora__fts_reader_take(index, &reader) : aurora__fts_claim(index);
    if (rc != AURORA_OK)
        return rc;
    rc = aurora__fts_meta_read(is_reader ? reader : index->writer, &meta);
    if (is_reader)
        aurora__fts_reader_give(index, reader, rc);
    else
        rc = aurora__fts_unclaim(index, rc);
    if (rc != AURORA_OK)
        return rc == AURORA_ECONFLICT ? AURORA_EBUSY : rc;
    *out = (aurora_search_state){.size = sizeof *out,
                                 .is_rebuilding = meta.next != 0,
                                 .position = meta.position,
                                 .log_id = meta.log_id,
                                 .rebuild = (uint64_t)meta.rebuild};
    memcpy(out->rebuild_after, meta.rebuild_after, sizeof out->rebuild_after);
    return AURORA_OK;
}

static aurora_status put_all(aurora__fts_index *index, int64_t generation,
                             const aurora_search_change *changes, uint32_t count)
{
    aurora__fts_documents documents;
    aurora_status rc = aurora__fts_documents_begin(&documents, index->writer->db, generation,
                                                   index->options.allocator);
    for (uint32_t i = 0; rc == AURORA_OK && i < count; i++)
        rc = aurora__fts_documents_put(&documents, &changes[i]);
    aurora__fts_documents_end(&documents);
    return rc;
}

aurora_status aurora__fts_apply(void *self, const aurora_search_batch *batch)
{
    aurora__fts_index *index = self;
    aurora__fts_meta meta;
    aurora_status rc = aurora__fts_claim(index);
    if (rc != AURORA_OK)
        return rc;
    rc = begin(index, &meta);
    if (rc != AURORA_OK)
        return aurora__fts_unclaim(index, rc);
    bool is_behind = meta.position < 0 || meta.position < batch->from;
    if (is_behind || meta.position >= batch->to) {
        sqlite3_exec(index->writer->db, "ROLLBACK", NULL, NULL, NULL);
        return aurora__fts_unclaim(index, is_behind ? AURORA_ECONFLICT : AURORA_OK);
    }
    rc = put_all(index, meta.generation, batch->changes, batch->count);
    if (rc == AURORA_OK && meta.next != 0)
        rc = put_all(index, meta.next, batch->changes, batch->count);
    meta.position = batch->to;
    meta.log_id = batch->log_id;
    return aurora__fts_unclaim(index, end(index, &meta, rc));
}

aurora_status aurora__fts_rebuild_begin(void *self, int64_t position, aurora_id log_id)
{
    aurora__fts_index *index = self;
    aurora__fts_meta meta;
    aurora_status rc = aurora__fts_claim(index);
    if (rc != AURORA_OK)
        return rc;
    rc = begin(index, &meta);
    if (rc != AURORA_OK)
        return aurora__fts_unclaim(index, rc);
    sqlite3 *db = index->writer->db;
    if (meta.next != 0)
        rc = aurora__fts_generation_drop(db, meta.next);
    meta.next = 3 - meta.generation;
    meta.rebuild++;
    meta.rebuild_after[0] = '\0';
    if (position >= 0) {
        meta.position = position;
        meta.log_id = log_id;
    }
    if (rc == AURORA_OK)
        rc = aurora__fts_generation_make(db, meta.next);
    return aurora__fts_unclaim(index, end(index, &meta, rc));
}

aurora_status aurora__fts_rebuild_page(void *self, const aurora_search_pages *pages)
{
    aurora__fts_index *index = self;
    aurora__fts_meta meta;
    aurora_status rc = aurora__fts_claim(index);
    if (rc != AURORA_OK)
        return rc;
    rc = begin(index, &meta);
    if (rc != AURORA_OK)
        return aurora__fts_unclaim(index, rc);
    if (meta.next == 0 || (uint64_t)meta.rebuild != pages->rebuild ||
        strcmp(meta.rebuild_after, pages->after) != 0) {
        sqlite3_exec(index->writer->db, "ROLLBACK", NULL, NULL, NULL);
        return aurora__fts_unclaim(index, AURORA_ECONFLICT);
    }
    rc = put_all(index, meta.next, pages->changes, pages->count);
    if (pages->count > 0)
        snprintf(meta.rebuild_after, sizeof meta.rebuild_after, "%s",
                 pages->changes[pages->count - 1].sku);
    if (rc == AURORA_OK && pages->is_last) {
        rc = aurora__fts_generation_drop(index->writer->db, meta.generation);
        meta.generation = meta.next;
        meta.next = 0;
        meta.rebuild_after[0] = '\0';
    }
    return aurora__fts_unclaim(index, end(index, &meta, rc));
}
