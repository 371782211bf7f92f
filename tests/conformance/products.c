/* SPDX-License-Identifier: MIT */
/* Operations on products and on stock. */
#include <stdlib.h>
#include <string.h>

#include "step.h"

static const char *const movement_kinds[] = {"receipt", "adjustment", NULL};

/* --- products --------------------------------------------------------------------------------- */

const aurora_pair *input_pairs(step *of, cJSON *from, const char *name, uint32_t *count_out)
{
    cJSON *array = input_array(of, from, name, count_out);
    aurora_pair *pairs = *count_out == 0 ? NULL : input_memory(of, *count_out * sizeof *pairs);
    for (uint32_t i = 0; i < *count_out; i++) {
        cJSON *pair = cJSON_GetArrayItem(array, (int)i);
        pairs[i].name = input_text(of, pair, "name");
        pairs[i].value = input_text(of, pair, "value");
    }
    return pairs;
}

static void give_pairs(cJSON *to, const char *name, const aurora_pair *pairs, uint32_t count)
{
    cJSON *given = give_array(to, name);
    for (uint32_t i = 0; i < count; i++) {
        cJSON *pair = give_item(given);
        give_text(pair, "name", pairs[i].name);
        give_text(pair, "value", pairs[i].value);
    }
}

void give_product(cJSON *to, const aurora_product *product)
{
    give_text(to, "sku", product->sku);
    give_text(to, "name", product->name);
    give_text(to, "description", product->description);
    give_text(to, "brand", product->brand);
    give_text(to, "category", product->category);
    give_text(to, "image_url", product->image_url);
    give_int(to, "price_minor", product->price_minor);
    give_text(to, "currency", product->currency);
    give_pairs(to, "attributes", product->attributes, product->attribute_count);
    give_uint(to, "version", product->version);
    give_int(to, "created_at_ms", product->created_at_ms);
    give_int(to, "updated_at_ms", product->updated_at_ms);
}

static const aurora_product_input *input_product(step *of, cJSON *from)
{
    aurora_product_input *input = input_memory(of, sizeof *input);
    aurora_product_input_init(input);
    input->sku = input_text(of, from, "sku");
    input->name = input_text(of, from, "name");
    input->description = input_text(of, from, "description");
    input->brand = input_text(of, from, "brand");
    input->category = input_text(of, from, "category");
    input->image_url = input_text(of, from, "image_url");
    input->price_minor = input_int(of, from, "price_minor", 0);
    input->currency = input_text(of, from, "currency");
    input->attributes = input_pairs(of, from, "attributes", &input->attribute_count);
    return input;
}

static aurora_status product_put(step *of)
{
    uint64_t version = 0;
    const aurora_product_input *input = input_product(of, of->with);
    uint64_t if_version = input_uint(of, of->with, "if_version", AURORA_ANY_VERSION);
    aurora_status rc =
        aurora_product_put(of->run->shop.handle, input, if_version, &version, &of->err);
    give_uint(of->gives, "version", version);
    return rc;
}

static aurora_status product_put_many(step *of)
{
    uint32_t count;
    cJSON *products = input_array(of, of->with, "products", &count);
    const aurora_product_input **inputs = input_memory(of, count * sizeof *inputs);
    aurora_status *each = input_memory(of, count * sizeof *each);
    for (uint32_t i = 0; i < count; i++)
        inputs[i] = input_product(of, cJSON_GetArrayItem(products, (int)i));
    aurora_status rc = aurora_product_put_many(of->run->shop.handle, inputs, count, each, &of->err);
    cJSON *given = give_array(of->gives, "each");
    for (uint32_t i = 0; i < count; i++)
        cJSON_AddItemToArray(given, cJSON_CreateString(status_word(each[i])));
    return rc;
}

static aurora_status product_get(step *of)
{
    aurora_product *product = NULL;
    const char *sku = input_text(of, of->with, "sku");
    aurora_status rc = aurora_product_get(of->run->shop.handle, sku, &product);
    if (rc == AURORA_OK)
        give_product(of->gives, product);
    aurora_product_free(product);
    return rc;
}

static aurora_status product_delete(step *of)
{
    const char *sku = input_text(of, of->with, "sku");
    uint64_t if_version = input_uint(of, of->with, "if_version", AURORA_ANY_VERSION);
    return aurora_product_delete(of->run->shop.handle, sku, if_version, &of->err);
}

static aurora_status product_list(step *of)
{
    aurora_product_page *page = NULL;
    aurora_product_filter filter;
    aurora_product_filter_init(&filter);
    filter.category = input_text(of, of->with, "category");
    const char *cursor = input_text(of, of->with, "cursor");
    aurora_status rc = aurora_product_list(of->run->shop.handle, &filter, cursor,
                                           input_u32(of, of->with, "limit"), &page, &of->err);
    if (rc != AURORA_OK)
        return rc;
    cJSON *items = give_array(of->gives, "items");
    for (uint32_t i = 0; i < page->count; i++)
        give_product(give_item(items), page->items[i]);
    give_text(of->gives, "next_cursor", page->next_cursor);
    aurora_product_page_free(page);
    return rc;
}

static aurora_status product_view(step *of)
{
    const char *sku = input_text(of, of->with, "sku");
    return aurora_product_view(of->run->shop.handle, sku, input_u32(of, of->with, "count"),
                               &of->err);
}

static aurora_status product_resync(step *of)
{
    uint64_t count = 0;
    aurora_status rc = aurora_product_resync(of->run->shop.handle, &count, &of->err);
    give_uint(of->gives, "count", count);
    return rc;
}

const operation product_operations[] = {
    {"product_put", product_put},       {"product_put_many", product_put_many},
    {"product_get", product_get},       {"product_delete", product_delete},
    {"product_list", product_list},     {"product_view", product_view},
    {"product_resync", product_resync}, {NULL, NULL},
};

/* --- stock ------------------------------------------------------------------------------------ */

void give_stock(cJSON *to, const aurora_stock *stock)
{
    give_int(to, "available", stock->available);
    give_int(to, "reserved", stock->reserved);
    give_int(to, "sold", stock->sold);
    give_int(to, "received", stock->received);
    give_int(to, "written_off", stock->written_off);
    give_uint(to, "version", stock->version);
    give_bool(to, "is_repeat", stock->is_repeat != 0);
}

static aurora_status stock_receive(step *of)
{
    const char *sku = input_text(of, of->with, "sku");
    int64_t quantity = input_int(of, of->with, "quantity", 0);
    const char *key = input_text(of, of->with, "key");
    return aurora_stock_receive(of->run->shop.handle, sku, quantity, key, &of->err);
}

static aurora_status stock_adjust(step *of)
{
    const char *sku = input_text(of, of->with, "sku");
    int64_t delta = input_int(of, of->with, "delta", 0);
    const char *reason = input_text(of, of->with, "reason");
    const char *key = input_text(of, of->with, "key");
    return aurora_stock_adjust(of->run->shop.handle, sku, delta, reason, key, &of->err);
}

static aurora_status stock_move(step *of)
{
    aurora_stock stock = {0};
    aurora_movement movement;
    aurora_movement_init(&movement);
    movement.kind = input_enum(of, of->with, "kind", movement_kinds);
    movement.sku = input_text(of, of->with, "sku");
    movement.quantity = input_int(of, of->with, "quantity", 0);
    movement.reason = input_text(of, of->with, "reason");
    movement.key = input_text(of, of->with, "key");
    movement.key_scope = input_text(of, of->with, "key_scope");
    aurora_status rc = aurora_stock_move(of->run->shop.handle, &movement, &stock, &of->err);
    if (rc == AURORA_OK)
        give_stock(of->gives, &stock);
    return rc;
}

static aurora_status stock_get(step *of)
{
    aurora_stock stock = {0};
    const char *sku = input_text(of, of->with, "sku");
    aurora_status rc = aurora_stock_get(of->run->shop.handle, sku, &stock);
    if (rc == AURORA_OK)
        give_stock(of->gives, &stock);
    return rc;
}

static aurora_status stock_list(step *of)
{
    aurora_stock_page *page = NULL;
    aurora_stock_filter filter;
    aurora_stock_filter_init(&filter);
    filter.below = input_int(of, of->with, "below", 0);
    const char *cursor = input_text(of, of->with, "cursor");
    aurora_status rc = aurora_stock_list(of->run->shop.handle, &filter, cursor,
                                         input_u32(of, of->with, "limit"), &page, &of->err);
    if (rc != AURORA_OK)
        return rc;
    cJSON *items = give_array(of->gives, "items");
    for (uint32_t i = 0; i < page->count; i++) {
        cJSON *item = give_item(items);
        give_text(item, "sku", page->items[i]->sku);
        give_stock(item, &page->items[i]->stock);
    }
    give_text(of->gives, "next_cursor", page->next_cursor);
    aurora_stock_page_free(page);
    return rc;
}

static aurora_status stock_reserve(step *of)
{
    uint32_t count;
    int32_t decision = 0;
    const char *key = input_text(of, of->with, "key");
    const aurora_line *lines = input_lines(of, of->with, &count);
    uint32_t ttl_ms = input_u32(of, of->with, "ttl_ms");
    aurora_status rc =
        aurora_stock_reserve(of->run->shop.handle, key, lines, count, ttl_ms, &decision, &of->err);
    give_named(of->gives, "decision", aurora_decision_name(decision));
    return rc;
}

static aurora_status stock_commit(step *of)
{
    return aurora_stock_commit(of->run->shop.handle, input_text(of, of->with, "key"));
}

static aurora_status stock_release(step *of)
{
    return aurora_stock_release(of->run->shop.handle, input_text(of, of->with, "key"));
}

static aurora_status reservation_list(step *of)
{
    aurora_reservation_page *page = NULL;
    const char *sku = input_text(of, of->with, "sku");
    const char *cursor = input_text(of, of->with, "cursor");
    aurora_status rc = aurora_reservation_list(of->run->shop.handle, sku, cursor,
                                               input_u32(of, of->with, "limit"), &page, &of->err);
    if (rc != AURORA_OK)
        return rc;
    cJSON *items = give_array(of->gives, "items");
    for (uint32_t i = 0; i < page->count; i++) {
        const aurora_reservation *one = page->items[i];
        cJSON *item = give_item(items);
        give_named(item, "status", aurora_reservation_status_name(one->status));
        give_id(item, "order_id", &one->order_id);
        give_text(item, "key", one->key);
        give_text(item, "sku", one->sku);
        give_int(item, "quantity", one->quantity);
        give_int(item, "created_at_ms", one->created_at_ms);
        give_int(item, "expires_at_ms", one->expires_at_ms);
        give_int(item, "updated_at_ms", one->updated_at_ms);
    }
    give_text(of->gives, "next_cursor", page->next_cursor);
    aurora_reservation_page_free(page);
    return rc;
}

const operation stock_operations[] = {
    {"stock_receive", stock_receive},
    {"stock_adjust", stock_adjust},
    {"stock_move", stock_move},
    {"stock_get", stock_get},
    {"stock_list", stock_list},
    {"stock_reserve", stock_reserve},
    {"stock_commit", stock_commit},
    {"stock_release", stock_release},
    {"reservation_list", reservation_list},
    {NULL, NULL},
};
