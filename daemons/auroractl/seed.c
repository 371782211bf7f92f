/* SPDX-License-Identifier: MIT */
/* seed: the demo catalogue with stock, and a few orders if asked. A second run changes nothing that
 * was not changed since. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "catalogue.h"
#include "commands.h"
#include "product_put.h"
#include "seed.h"
#include "stock.h"
#include "view.h"

#define ATTRIBUTES_MAX 8
#define ATTRIBUTE_BYTES_MAX 128
#define ORDERS_MAX 100000

/* One product with the memory of its texts. */
typedef struct {
    aurora_product_input input;
    aurora_pair pairs[ATTRIBUTES_MAX];
    char attributes[ATTRIBUTE_BYTES_MAX];
    char picture[CTL_PICTURE_BYTES];
} seeding;

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

static void fill(seeding *each, uint32_t number)
{
    const ctl_catalogue_section *section = NULL;
    const ctl_catalogue_item *item = ctl_catalogue_item_at(number, &section);
    snprintf(each->attributes, sizeof each->attributes, "%s", item->attributes);
    aurora_product_input_init(&each->input);
    each->input.sku = item->sku;
    each->input.name = item->name;
    each->input.description = item->description;
    each->input.brand = item->brand;
    each->input.category = section->name;
    each->input.image_url = ctl_catalogue_picture(item, section, each->picture);
    each->input.price_minor = item->price_minor;
    each->input.currency = CTL_CATALOGUE_CURRENCY;
    each->input.attributes = each->pairs;
    each->input.attribute_count = split_attributes(each->attributes, each->pairs);
}

static int put_products(ctl_shop *shop)
{
    uint32_t count = ctl_catalogue_count();
    seeding *all = calloc(count, sizeof *all);
    const aurora_product_input **inputs = calloc(count, sizeof *inputs);
    ctl_put *puts = calloc(count, sizeof *puts);
    aurora_error err = AURORA_ERROR_INIT;
    aurora_status status = AURORA_ENOMEM;
    if (all != NULL && inputs != NULL && puts != NULL) {
        for (uint32_t i = 0; i < count; i++) {
            fill(&all[i], i);
            inputs[i] = &all[i].input;
        }
        status = ctl_products_put(shop, inputs, count, puts, &err);
    }
    int outcome = status == AURORA_OK ? CTL_YES : ctl_fail(status, &err, "products");
    for (uint32_t i = 0; status == AURORA_OK && outcome == CTL_YES && i < count; i++) {
        if (!puts[i].is_stored)
            outcome = ctl_refuse("%s: %s: %s", inputs[i]->sku, puts[i].field, puts[i].why);
    }
    free(puts);
    free(inputs);
    free(all);
    return outcome;
}

static int move_stock(ctl_shop *shop, const aurora_movement *movement)
{
    ctl_move move;
    ctl_answer answer = {0};
    aurora_error err = AURORA_ERROR_INIT;
    ctl_move_init(&move, movement);
    aurora_status status = ctl_shop_ask(shop, &move.ask, &answer, &err);
    ctl_answer_free(&answer);
    ctl_move_deinit(&move);
    return status == AURORA_OK ? CTL_YES : ctl_fail(status, &err, movement->sku);
}

/* What is sold out was there once: it is received, and went into the window. */
static int stock_item(ctl_shop *shop, const ctl_catalogue_item *item)
{
    char key[AURORA_SKU_BYTES_MAX + 16];
    snprintf(key, sizeof key, "seed/%s", item->sku);
    aurora_movement movement = {.size = sizeof movement,
                                .kind = AURORA_MOVEMENT_RECEIPT,
                                .sku = item->sku,
                                .quantity = item->stock > 0 ? item->stock : 1,
                                .key = key};
    int outcome = move_stock(shop, &movement);
    if (outcome != CTL_YES || item->stock > 0)
        return outcome;
    snprintf(key, sizeof key, "seed/%s/window", item->sku);
    movement.kind = AURORA_MOVEMENT_ADJUSTMENT;
    movement.quantity = -1;
    movement.reason = "display piece";
    return move_stock(shop, &movement);
}

static void print_summary(const ctl *run, int64_t pieces, int64_t orders)
{
    uint32_t count = ctl_catalogue_count();
    if (run->is_json) {
        printf("{\"products\":%u,\"pieces\":%" PRId64 ",\"orders\":%" PRId64 "}\n", count, pieces,
               orders);
        return;
    }
    printf("%u products with %" PRId64 " pieces in stock", count, pieces);
    if (orders > 0)
        printf(", and %" PRId64 " orders", orders);
    printf("; try: auroractl products list %s %s\n", run->url == NULL ? "--store" : "--url",
           run->url == NULL ? run->stores[0] : run->url);
}

int ctl_seed(ctl *run)
{
    ctl_shop shop;
    int64_t pieces = 0, orders = 0;
    if (!ctl_value_number(run, CTL_ORDERS, 0, ORDERS_MAX, &orders))
        return CTL_UNSURE;
    int outcome = ctl_shop_open(run, 0, &shop);
    if (outcome == CTL_YES)
        outcome = put_products(&shop);
    for (uint32_t i = 0; outcome == CTL_YES && i < ctl_catalogue_count(); i++) {
        const ctl_catalogue_section *section = NULL;
        const ctl_catalogue_item *item = ctl_catalogue_item_at(i, &section);
        outcome = stock_item(&shop, item);
        pieces += item->stock;
    }
    if (outcome == CTL_YES)
        outcome = ctl_seed_orders(&shop, (uint32_t)orders);
    if (outcome == CTL_YES)
        print_summary(run, pieces, orders);
    ctl_shop_close(&shop);
    return outcome;
}
