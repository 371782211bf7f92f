/* SPDX-License-Identifier: MIT */
/* The product module: puts, deletes, views and repeats. The order service's price list follows its
 * events (price.h). */
#ifndef AURORA_CORE_PRODUCT_H
#define AURORA_CORE_PRODUCT_H

#include "core/step.h"

#include <aurora/product.h>

/* A product that passed its checks: texts belong to the command. NULL and "" are the same, and are
 * stored as null. */
typedef struct {
    const char *sku;
    const char *name;
    const char *description;
    const char *brand;
    const char *category;
    const char *image_url;
    int64_t price_minor;
    const char *currency;
    const char *attributes; /* [[name,value],...], NULL or "[]" = none */
} aurora__product_put;

/* Wants the product's row, and its price where the order module is installed. For all below. */
aurora_status aurora__product_keys(aurora__step *step, const char *sku);

/* Stores the whole product and emits product.upserted. Versions go on where a deleted product of
 * the SKU ended; created_at is then new. A put of what is stored already, byte for byte, keeps
 * version and updated_at and emits nothing: importing a catalogue again costs its followers nothing
 * (aurora__product_resync is how to tell them again). if_version is looked at first: 0 = there must
 * be no product, AURORA_ANY_VERSION = whatever is there. AURORA_EVERSION, *version_out then being
 * the current one, 0 for none; on AURORA_OK it is the one afterwards. */
aurora_status aurora__product_replace(aurora__step *step, const aurora__product_put *put,
                                      uint64_t if_version, uint64_t *version_out);

/* Leaves a marker with the next version and emits product.deleted. AURORA_ENOTFOUND when there is
 * no product; AURORA_EVERSION as above. */
aurora_status aurora__product_delete(aurora__step *step, const char *sku, uint64_t if_version,
                                     uint64_t *version_out);

/* Emits product.viewed and changes no row; adding up per batch is the engine's. AURORA_EUNKNOWNSKU
 * when there is no product. */
aurora_status aurora__product_view(aurora__step *step, const char *sku, int64_t count);

/* Says again what is stored: product.upserted, or product.deleted of a marker, as a resend; nothing
 * for an unknown SKU. */
aurora_status aurora__product_resync(aurora__step *step, const char *sku);

/* Keeps another service's product as its event says, unless a newer version is here; a deleted one
 * stays as a marker, so that a late event cannot revive it. Emits nothing. */
aurora_status aurora__product_keep(aurora__step *step, const aurora__event *event);

#endif
