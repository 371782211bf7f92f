/* SPDX-License-Identifier: MIT */
/* The search index against the products. Its position says which events it claims to hold, so a
 * document that is older than its product is wrong only where the index is as far as the snapshot;
 * one that is newer was changed since. An index that is behind is at no fault: it is caught up by
 * whoever opens the store next. */
#include "engine/verify.h"

#include "codec/product_result.h"

#include <string.h>

#define DOCUMENTS_AT_ONCE 256

typedef struct {
    aurora__verify *verify;
    aurora__query_arena arena; /* of one page of documents */
    const aurora_product **items;
    uint32_t count;
    uint32_t at;
    char last[AURORA_SKU_BYTES_MAX + 1];
    bool is_done;
    bool is_current;
} documents;

static const aurora_product *next_document(documents *self)
{
    aurora__verify *verify = self->verify;
    if (self->at < self->count)
        return self->items[self->at];
    if (self->is_done)
        return NULL;
    aurora__query_arena_free(&self->arena);
    aurora__query_arena_init(&self->arena, aurora__engine_allocator(verify->engine));
    aurora_arena_port port = aurora__arena_port(&self->arena.arena);
    verify->status =
        verify->search->list(verify->search->self, self->last[0] == '\0' ? NULL : self->last,
                             DOCUMENTS_AT_ONCE, &port, &self->items, &self->count);
    self->at = 0;
    self->is_done = verify->status != AURORA_OK || self->count < DOCUMENTS_AT_ONCE;
    if (verify->status != AURORA_OK || self->count == 0)
        return NULL;
    memcpy(self->last, self->items[self->count - 1]->sku,
           strlen(self->items[self->count - 1]->sku) + 1);
    return self->items[0];
}

static bool has_same_pairs(const aurora_product *a, const aurora_product *b)
{
    if (a->attribute_count != b->attribute_count)
        return false;
    for (uint32_t i = 0; i < a->attribute_count; i++) {
        if (strcmp(a->attributes[i].name, b->attributes[i].name) != 0 ||
            strcmp(a->attributes[i].value, b->attributes[i].value) != 0)
            return false;
    }
    return true;
}

static bool is_same(const aurora_product *a, const aurora_product *b)
{
    return strcmp(a->name, b->name) == 0 && strcmp(a->description, b->description) == 0 &&
           strcmp(a->brand, b->brand) == 0 && strcmp(a->category, b->category) == 0 &&
           strcmp(a->image_url, b->image_url) == 0 && strcmp(a->currency, b->currency) == 0 &&
           a->price_minor == b->price_minor && a->created_at_ms == b->created_at_ms &&
           a->updated_at_ms == b->updated_at_ms && has_same_pairs(a, b);
}

static void missing(const documents *self, const char *sku, const char *message)
{
    if (self->is_current)
        aurora__verify_violation(self->verify, "I15", sku, "%s", message);
    else
        self->verify->in_progress++;
}

static void compare(const documents *self, const aurora__product_row *row,
                    const aurora_product *document)
{
    aurora__query_arena arena;
    aurora_product product;
    if (document->version > (uint64_t)row->version) {
        self->verify->in_progress++;
        return;
    }
    if (document->version < (uint64_t)row->version) {
        missing(self, row->sku, "the search index has an older version of the product");
        return;
    }
    aurora__query_arena_init(&arena, aurora__engine_allocator(self->verify->engine));
    aurora_status rc = aurora__product_fill_in(&arena.arena, row, &product);
    if (rc == AURORA_ENOMEM)
        self->verify->status = rc;
    else if (rc != AURORA_OK || !is_same(&product, document))
        aurora__verify_violation(self->verify, "I15", row->sku,
                                 "the search index has another product than the table");
    aurora__query_arena_free(&arena);
}

/* Both lists are by SKU. A document beyond the snapshot's products may be of a newer one. */
static void walk(documents *self)
{
    aurora__verify *verify = self->verify;
    aurora__verify_stream stream;
    const aurora__product_row *row;
    aurora__verify_stream_begin(&stream, verify, AURORA__TABLE_product, 0);
    while ((row = aurora__verify_stream_next(&stream)) != NULL) {
        const aurora_product *document = next_document(self);
        while (document != NULL && strcmp(document->sku, row->sku) < 0) {
            verify->in_progress++; /* put after the snapshot */
            self->at++;
            document = next_document(self);
        }
        if (verify->status != AURORA_OK)
            break;
        bool has_document = document != NULL && strcmp(document->sku, row->sku) == 0;
        if (has_document && row->is_deleted && document->version <= (uint64_t)row->version)
            missing(self, row->sku, "the search index has a product that was deleted");
        else if (has_document && !row->is_deleted)
            compare(self, row, document);
        else if (!has_document && !row->is_deleted)
            missing(self, row->sku, "the search index does not have the product");
        self->at += has_document;
    }
    aurora__verify_stream_end(&stream);
}

void aurora__verify_search(aurora__verify *verify)
{
    aurora_log_bounds bounds;
    aurora_search_state state;
    const aurora_store *store = aurora__engine_store(verify->engine);
    if (verify->search == NULL)
        return;
    aurora_status rc = verify->search->state(verify->search->self, &state);
    if (rc == AURORA_ENOTFOUND)
        return;
    if (rc == AURORA_ECORRUPT) {
        aurora__verify_violation(verify, "I15", "search", "the search index is damaged");
        return;
    }
    if (rc == AURORA_OK)
        rc = store->log_bounds(store->self, verify->txn, &bounds);
    verify->status = rc;
    if (rc != AURORA_OK)
        return;
    documents self = {.verify = verify,
                      .is_current = !state.is_rebuilding && state.position >= bounds.head};
    aurora__query_arena_init(&self.arena, aurora__engine_allocator(verify->engine));
    walk(&self);
    aurora__query_arena_free(&self.arena);
}
