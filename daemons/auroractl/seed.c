/* SPDX-License-Identifier: MIT */
/* seed: the demo catalogue with stock. A second run changes nothing that was not changed since. */
#include <inttypes.h>
#include <stdio.h>

#include "catalogue.h"
#include "commands.h"

#define ATTRIBUTES_MAX 8
#define ATTRIBUTE_BYTES_MAX 128

/* Splits "material=oak; length=30 cm" in place. Returns how many pairs it holds. */
static uint32_t split_attributes(char *text, aurora_pair pairs_out[ATTRIBUTES_MAX])
{
    uint32_t count = 0;
    while (*text != 0 && count < ATTRIBUTES_MAX) {
        char *value = strchr(text, '=');
        char *end = strchr(text, ';');
        if (value == NULL)
            break;
        *value = 0;
        pairs_out[count++] = (aurora_pair){.name = text, .value = value + 1};
        if (end == NULL)
            break;
        *end = 0;
        text = end + 1 + strspn(end + 1, " ");
    }
    return count;
}

/* What is sold out was there once: it is received, and went into the window. */
static aurora_status stock_item(aurora_t *shop, const ctl_catalogue_item *item, aurora_error *err)
{
    char key[AURORA_SKU_BYTES_MAX + 16];
    snprintf(key, sizeof key, "seed/%s", item->sku);
    aurora_status status =
        aurora_stock_receive(shop, item->sku, item->stock > 0 ? item->stock : 1, key, err);
    if (status != AURORA_OK || item->stock > 0)
        return status;
    snprintf(key, sizeof key, "seed/%s/window", item->sku);
    return aurora_stock_adjust(shop, item->sku, -1, "display piece", key, err);
}

static aurora_status put_item(aurora_t *shop, const ctl_catalogue_item *item,
                              const ctl_catalogue_section *section, aurora_error *err)
{
    char attributes[ATTRIBUTE_BYTES_MAX], picture[CTL_PICTURE_BYTES];
    aurora_pair pairs[ATTRIBUTES_MAX];
    snprintf(attributes, sizeof attributes, "%s", item->attributes);
    aurora_product_input input = {.size = sizeof input,
                                  .sku = item->sku,
                                  .name = item->name,
                                  .description = item->description,
                                  .brand = item->brand,
                                  .category = section->name,
                                  .image_url = ctl_catalogue_picture(item, section, picture),
                                  .price_minor = item->price_minor,
                                  .currency = CTL_CATALOGUE_CURRENCY,
                                  .attributes = pairs,
                                  .attribute_count = split_attributes(attributes, pairs)};
    aurora_status status = aurora_product_put(shop, &input, AURORA_ANY_VERSION, NULL, err);
    return status == AURORA_OK ? stock_item(shop, item, err) : status;
}

int ctl_seed(ctl *run)
{
    uint32_t count = ctl_catalogue_count();
    aurora_t *shop = NULL;
    int outcome = ctl_open(run, 0, &shop);
    if (outcome != CTL_YES)
        return outcome;
    int64_t pieces = 0;
    for (uint32_t i = 0; outcome == CTL_YES && i < count; i++) {
        const ctl_catalogue_section *section = NULL;
        const ctl_catalogue_item *item = ctl_catalogue_item_at(i, &section);
        aurora_error err = AURORA_ERROR_INIT;
        aurora_status status = put_item(shop, item, section, &err);
        if (status != AURORA_OK)
            outcome = ctl_fail(status, &err, item->sku);
        pieces += item->stock;
    }
    aurora_close(shop);
    if (outcome != CTL_YES)
        return outcome;
    if (run->is_json)
        printf("{\"products\":%u,\"pieces\":%" PRId64 "}\n", count, pieces);
    else
        printf("%u products with %" PRId64 " pieces in stock; try: auroractl products list "
               "--store %s\n",
               count, pieces, run->stores[0]);
    return CTL_YES;
}
