/* SPDX-License-Identifier: MIT */
#include "core/product.h"

#include "core/price.h"

#include <aurora/event.h>

static aurora__key key_of(const char *sku)
{
    return aurora__key_text(AURORA__TABLE_product, sku);
}

aurora_status aurora__product_keys(aurora__step *step, const char *sku)
{
    aurora__key key = key_of(sku);
    aurora_status rc = aurora__rows_want(step->rows, &key);
    if (rc == AURORA_OK && (step->policy->modules & AURORA__MODULE_ORDER))
        rc = aurora__price_want(step, sku);
    return rc;
}

/* The event carries a copy of the row: a later command of the batch may write the row again before
 * the event is rendered. */
static aurora_status emit_upserted(aurora__step *step, const aurora__product_row *row,
                                   bool is_resend)
{
    aurora__product_row *copy = aurora__arena_take(step->arena, sizeof *copy);
    if (copy == NULL)
        return AURORA_ENOMEM;
    *copy = *row;
    aurora__event *event = aurora__step_emit(step, AURORA_EVENT_PRODUCT_UPSERTED);
    if (event == NULL)
        return aurora__step_full(step);
    event->sku = copy->sku;
    event->product = copy;
    event->product_version = copy->version;
    event->is_resend = is_resend;
    return AURORA_OK;
}

static aurora_status emit_deleted(aurora__step *step, const aurora__product_row *row,
                                  bool is_resend)
{
    aurora__event *event = aurora__step_emit(step, AURORA_EVENT_PRODUCT_DELETED);
    if (event == NULL)
        return aurora__step_full(step);
    event->sku = row->sku;
    event->product_version = row->version;
    event->is_resend = is_resend;
    return AURORA_OK;
}

static aurora_status check_version(aurora__step *step, const aurora__product_row *row,
                                   uint64_t if_version, uint64_t *version_out)
{
    bool is_there = row != NULL && !row->is_deleted;
    *version_out = is_there ? (uint64_t)row->version : 0;
    if (if_version == AURORA_ANY_VERSION || if_version == *version_out)
        return AURORA_OK;
    return aurora__step_refuse(step, AURORA_EVERSION, "if_version", "is not the current version");
}

static const char *text_or_null(const char *text)
{
    return text == NULL || text[0] == '\0' ? NULL : text;
}

/* What is put, as a row: the columns that history decides are those of the stored one. */
static aurora__product_row row_of(const aurora__product_put *put)
{
    bool has_attributes = put->attributes != NULL && !aurora__text_is_equal(put->attributes, "[]");
    return (aurora__product_row){.name = put->name,
                                 .description = text_or_null(put->description),
                                 .brand = text_or_null(put->brand),
                                 .category = text_or_null(put->category),
                                 .image_url = text_or_null(put->image_url),
                                 .price_minor = put->price_minor,
                                 .currency = put->currency,
                                 .attributes = has_attributes ? put->attributes : NULL};
}

static bool is_same(const aurora__product_row *a, const aurora__product_row *b)
{
    return a->price_minor == b->price_minor && aurora__text_is_equal(a->currency, b->currency) &&
           aurora__text_is_equal(a->name, b->name) &&
           aurora__text_is_equal(a->description, b->description) &&
           aurora__text_is_equal(a->brand, b->brand) &&
           aurora__text_is_equal(a->category, b->category) &&
           aurora__text_is_equal(a->image_url, b->image_url) &&
           aurora__text_is_equal(a->attributes, b->attributes);
}

aurora_status aurora__product_replace(aurora__step *step, const aurora__product_put *put,
                                      uint64_t if_version, uint64_t *version_out)
{
    aurora__product_row *row;
    aurora__key key = key_of(put->sku);
    aurora_status rc = aurora__rows_write(step->rows, &key, (void **)&row);
    if (rc == AURORA_OK)
        rc = check_version(step, row, if_version, version_out);
    if (rc != AURORA_OK)
        return rc;
    aurora__product_row next = row_of(put);
    bool is_new = row == NULL || row->is_deleted;
    if (!is_new && is_same(row, &next))
        return AURORA_OK;
    if (row == NULL)
        rc = aurora__rows_insert(step->rows, &key, (void **)&row);
    if (rc != AURORA_OK)
        return rc;
    next.sku = row->sku;
    next.version = row->version + 1;
    next.created_at = is_new ? step->now_ms : row->created_at;
    next.updated_at = step->now_ms;
    *row = next;
    *version_out = (uint64_t)row->version;
    return emit_upserted(step, row, false);
}

aurora_status aurora__product_delete(aurora__step *step, const char *sku, uint64_t if_version,
                                     uint64_t *version_out)
{
    aurora__product_row *row;
    aurora__key key = key_of(sku);
    *version_out = 0;
    aurora_status rc = aurora__rows_write(step->rows, &key, (void **)&row);
    if (rc != AURORA_OK)
        return rc;
    if (row == NULL || row->is_deleted)
        return aurora__step_refuse(step, AURORA_ENOTFOUND, "sku", "names no product");
    rc = check_version(step, row, if_version, version_out);
    if (rc != AURORA_OK)
        return rc;
    *row = (aurora__product_row){.sku = row->sku,
                                 .name = "",
                                 .currency = row->currency,
                                 .version = row->version + 1,
                                 .is_deleted = 1,
                                 .created_at = row->created_at,
                                 .updated_at = step->now_ms};
    *version_out = (uint64_t)row->version;
    return emit_deleted(step, row, false);
}

aurora_status aurora__product_view(aurora__step *step, const char *sku, int64_t count)
{
    const aurora__product_row *row;
    aurora__key key = key_of(sku);
    aurora_status rc = aurora__rows_read(step->rows, &key, (const void **)&row);
    if (rc != AURORA_OK)
        return rc;
    if (row == NULL || row->is_deleted)
        return aurora__step_refuse(step, AURORA_EUNKNOWNSKU, "sku", "names no product");
    aurora__event *event = aurora__step_emit(step, AURORA_EVENT_PRODUCT_VIEWED);
    if (event == NULL)
        return aurora__step_full(step);
    event->sku = row->sku;
    event->count = count;
    return AURORA_OK;
}

aurora_status aurora__product_resync(aurora__step *step, const char *sku)
{
    const aurora__product_row *row;
    aurora__key key = key_of(sku);
    aurora_status rc = aurora__rows_read(step->rows, &key, (const void **)&row);
    if (rc != AURORA_OK || row == NULL)
        return rc;
    return row->is_deleted ? emit_deleted(step, row, true) : emit_upserted(step, row, true);
}

aurora_status aurora__product_keep(aurora__step *step, const aurora__event *event)
{
    aurora__product_row *row;
    bool is_upsert = event->kind == AURORA_EVENT_PRODUCT_UPSERTED;
    if (event->sku == NULL || (is_upsert && event->product == NULL))
        return AURORA_ECORRUPT;
    aurora__key key = key_of(event->sku);
    aurora_status rc = aurora__rows_write(step->rows, &key, (void **)&row);
    if (rc == AURORA_OK && row == NULL)
        rc = aurora__rows_insert(step->rows, &key, (void **)&row);
    if (rc != AURORA_OK || event->product_version <= row->version)
        return rc;
    aurora__product_row next = {.sku = row->sku,
                                .name = "",
                                .currency = row->currency == NULL ? "" : row->currency,
                                .version = event->product_version,
                                .is_deleted = 1,
                                .created_at = row->created_at,
                                .updated_at = event->at_ms};
    if (is_upsert) {
        next = *event->product;
        next.sku = row->sku;
        next.is_deleted = 0;
    }
    *row = next;
    return AURORA_OK;
}
