/* SPDX-License-Identifier: MIT */
#include "show.h"

#include <stdlib.h>

#include "table_out.h"

const char *ctl_id_show(aurora_id id, char text_out[AURORA_ID_TEXT_BYTES])
{
    aurora_id_format(id, text_out);
    return text_out;
}

/* The order's JSON object, allocated; NULL when memory ran out. */
static char *order_text(const aurora_order *order, size_t *length_out)
{
    char *text = NULL;
    if (aurora_order_json(order, NULL, 0, length_out) == AURORA_OK)
        text = malloc(*length_out + 1);
    if (text != NULL && aurora_order_json(order, text, *length_out + 1, NULL) != AURORA_OK) {
        free(text);
        text = NULL;
    }
    return text;
}

void ctl_show_order(ctl_json *json, const aurora_order *order)
{
    size_t length = 0;
    char *text = order_text(order, &length);
    if (text == NULL)
        ctl_json_text(json, NULL, NULL);
    else
        ctl_json_raw(json, NULL, text, length);
    free(text);
}

void ctl_show_order_open(ctl_json *json, const aurora_order *order)
{
    size_t length = 0;
    char *text = order_text(order, &length);
    ctl_json_object(json, NULL);
    if (text != NULL)
        ctl_json_raw(json, NULL, text + 1, length - 2);
    free(text);
}

void ctl_show_product(ctl_json *json, const aurora_product *product)
{
    ctl_json_object(json, NULL);
    ctl_json_text(json, "sku", product->sku);
    ctl_json_text(json, "name", product->name);
    ctl_json_text(json, "description", product->description);
    ctl_json_text(json, "category", product->category);
    ctl_json_text(json, "brand", product->brand);
    ctl_json_text(json, "image_url", product->image_url);
    ctl_json_number(json, "price_minor", product->price_minor);
    ctl_json_text(json, "currency", product->currency);
    ctl_json_object(json, "attributes");
    for (uint32_t i = 0; i < product->attribute_count; i++)
        ctl_json_text(json, product->attributes[i].name, product->attributes[i].value);
    ctl_json_end(json);
    ctl_json_number(json, "version", (int64_t)product->version);
    ctl_json_time(json, "created_at", product->created_at_ms);
    ctl_json_time(json, "updated_at", product->updated_at_ms);
    ctl_json_end(json);
}

void ctl_show_stock(ctl_json *json, const char *sku, const aurora_stock *stock)
{
    ctl_json_object(json, NULL);
    ctl_json_text(json, "sku", sku);
    ctl_json_number(json, "available", stock->available);
    ctl_json_number(json, "reserved", stock->reserved);
    ctl_json_number(json, "sold", stock->sold);
    ctl_json_number(json, "received", stock->received);
    ctl_json_number(json, "written_off", stock->written_off);
    ctl_json_number(json, "version", (int64_t)stock->version);
    ctl_json_end(json);
}

void ctl_print_stock(const ctl *run, const char *sku, const aurora_stock *stock)
{
    static const char *const headings[] = {"", ">"};
    if (run->is_json) {
        ctl_json json;
        ctl_json_init(&json, stdout);
        ctl_show_stock(&json, sku, stock);
        ctl_json_finish(&json);
        return;
    }
    const struct {
        const char *name;
        int64_t number;
    } rows[] = {{"available", stock->available},
                {"reserved", stock->reserved},
                {"sold", stock->sold},
                {"received", stock->received},
                {"written off", stock->written_off}};
    ctl_table table;
    ctl_table_init(&table, headings, 2);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ctl_table_text(&table, rows[i].name);
        ctl_table_number(&table, rows[i].number);
    }
    printf("%s\n", sku);
    ctl_table_print(&table, "");
}

static void add_row(ctl_table *table, const char *name, const char *text)
{
    if (text == NULL || text[0] == 0)
        return;
    ctl_table_text(table, name);
    ctl_table_text(table, text);
}

static void add_time(ctl_table *table, const char *name, int64_t at_ms)
{
    ctl_table_text(table, name);
    ctl_table_time(table, at_ms);
}

static void print_lines(const aurora_order *order)
{
    static const char *const headings[] = {"SKU", ">QUANTITY", ">UNIT PRICE"};
    ctl_table table;
    ctl_table_init(&table, headings, 3);
    for (uint32_t i = 0; i < order->line_count; i++) {
        ctl_table_text(&table, order->lines[i].sku);
        ctl_table_number(&table, order->lines[i].quantity);
        ctl_table_money(&table, order->lines[i].unit_price_minor, order->currency);
    }
    for (uint32_t i = 0; i < order->charge_count; i++) {
        ctl_table_text(&table, order->charges[i].label);
        ctl_table_text(&table, aurora_charge_name(order->charges[i].kind));
        ctl_table_money(&table, order->charges[i].amount_minor, order->currency);
    }
    ctl_table_print(&table, "no lines");
}

void ctl_print_order(const ctl *run, const aurora_order *order)
{
    static const char *const headings[] = {"", ""};
    if (run->is_json) {
        ctl_json json;
        ctl_json_init(&json, stdout);
        ctl_show_order(&json, order);
        ctl_json_finish(&json);
        return;
    }
    char id[AURORA_ID_TEXT_BYTES];
    ctl_cell total;
    ctl_table table;
    ctl_table_init(&table, headings, 2);
    add_row(&table, "id", ctl_id_show(order->id, id));
    add_row(&table, "status", aurora_order_status_name(order->status));
    add_row(&table, "outcome", aurora_order_status_name(order->outcome));
    add_row(&table, "reason", aurora_reason_name(order->reason));
    add_row(&table, "decline code", order->decline_code);
    add_row(&table, "reference", order->reference);
    add_row(&table, "customer", order->customer_id);
    add_row(&table, "contact", order->contact);
    add_row(&table, "total", ctl_money_show(order->total_minor, order->currency, total));
    add_time(&table, "placed", order->placed_at_ms);
    add_time(&table, "created", order->created_at_ms);
    add_time(&table, "updated", order->updated_at_ms);
    add_time(&table, "settled", order->settled_at_ms);
    for (uint32_t i = 0; i < order->metadata_count; i++)
        add_row(&table, order->metadata[i].name, order->metadata[i].value);
    ctl_table_print(&table, "");
    print_lines(order);
}

void ctl_page_begin(ctl_json *json)
{
    ctl_json_init(json, stdout);
    ctl_json_object(json, NULL);
    ctl_json_array(json, "items");
}

void ctl_page_end(ctl_json *json, const char *next_cursor)
{
    ctl_json_end(json);
    ctl_json_text(json, "next_cursor", next_cursor);
    ctl_json_end(json);
    ctl_json_finish(json);
}

void ctl_page_hint(const char *next_cursor)
{
    if (next_cursor != NULL)
        fprintf(stderr, "there is more: --cursor %s\n", next_cursor);
}
