/* SPDX-License-Identifier: MIT */
/* seed: the demo catalogue with stock. A second run changes nothing that was not changed since. */
#include <inttypes.h>
#include <stdio.h>

#include "catalogue.h"
#include "commands.h"

static aurora_status put_item(aurora_t *shop, const ctl_catalogue_item *item, aurora_error *err)
{
    char key[AURORA_SKU_BYTES_MAX + 8];
    snprintf(key, sizeof key, "seed/%s", item->sku);
    aurora_product_input input = {.size = sizeof input,
                                  .sku = item->sku,
                                  .name = item->name,
                                  .description = item->description,
                                  .brand = item->brand,
                                  .category = item->category,
                                  .price_minor = item->price_minor,
                                  .currency = CTL_CATALOGUE_CURRENCY};
    aurora_status status = aurora_product_put(shop, &input, AURORA_ANY_VERSION, NULL, err);
    if (status != AURORA_OK)
        return status;
    return aurora_stock_receive(shop, item->sku, item->stock, key, err);
}

int ctl_seed(ctl *run)
{
    uint32_t count = 0;
    const ctl_catalogue_item *items = ctl_catalogue(&count);
    aurora_t *shop = NULL;
    int outcome = ctl_open(run, 0, &shop);
    if (outcome != CTL_YES)
        return outcome;
    int64_t pieces = 0;
    for (uint32_t i = 0; outcome == CTL_YES && i < count; i++) {
        aurora_error err = AURORA_ERROR_INIT;
        aurora_status status = put_item(shop, &items[i], &err);
        if (status != AURORA_OK)
            outcome = ctl_fail(status, &err, items[i].sku);
        pieces += items[i].stock;
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
