/* SPDX-License-Identifier: MIT */
#include "core/price.h"

#include <aurora/event.h>

aurora_status aurora__price_want(aurora__step *step, const char *sku)
{
    aurora__key key = aurora__key_text(AURORA__TABLE_price, sku);
    return aurora__rows_want(step->rows, &key);
}

static aurora_status find_or_insert(aurora__step *step, const char *sku, aurora__price_row **out)
{
    aurora__key key = aurora__key_text(AURORA__TABLE_price, sku);
    aurora_status rc = aurora__rows_write(step->rows, &key, (void **)out);
    if (rc == AURORA_OK && *out == NULL)
        rc = aurora__rows_insert(step->rows, &key, (void **)out);
    return rc;
}

aurora_status aurora__price_on_event(aurora__step *step, const aurora__event *event)
{
    const aurora__product_row *product = event->product;
    bool is_upsert = event->kind == AURORA_EVENT_PRODUCT_UPSERTED;
    if (!is_upsert && event->kind != AURORA_EVENT_PRODUCT_DELETED)
        return AURORA_OK;
    if (event->sku == NULL || (is_upsert && (product == NULL || product->currency == NULL)))
        return AURORA_ECORRUPT;
    int64_t version = is_upsert ? product->version : event->product_version;
    if (version < 1)
        return AURORA_ECORRUPT;
    aurora__price_row *row;
    aurora_status rc = find_or_insert(step, event->sku, &row);
    if (rc != AURORA_OK || version <= row->version)
        return rc;
    row->version = version;
    row->is_deleted = !is_upsert;
    if (is_upsert) {
        row->price_minor = product->price_minor;
        row->currency = product->currency;
    } else {
        row->price_minor = 0;
        row->currency = row->currency == NULL ? "" : row->currency;
    }
    return AURORA_OK;
}
