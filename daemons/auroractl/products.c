/* SPDX-License-Identifier: MIT */
/* products list, show, export, resync. */
#include <inttypes.h>
#include <stdio.h>

#include "commands.h"
#include "show.h"
#include "table_out.h"

#define EXPORT_PAGE 500

static void print_page(const ctl *run, const aurora_product_page *page)
{
    static const char *const headings[] = {"SKU", "NAME", "CATEGORY", "BRAND", ">PRICE"};
    if (run->is_json) {
        ctl_json json;
        ctl_page_begin(&json);
        for (uint32_t i = 0; i < page->count; i++)
            ctl_show_product(&json, page->items[i]);
        ctl_page_end(&json, page->next_cursor);
        return;
    }
    ctl_table table;
    ctl_table_init(&table, headings, 5);
    for (uint32_t i = 0; i < page->count; i++) {
        const aurora_product *product = page->items[i];
        ctl_table_text(&table, product->sku);
        ctl_table_text(&table, product->name);
        ctl_table_text(&table, product->category);
        ctl_table_text(&table, product->brand);
        ctl_table_money(&table, product->price_minor, product->currency);
    }
    ctl_table_print(&table, "no products");
    ctl_page_hint(page->next_cursor);
}

int ctl_products_list(ctl *run)
{
    int64_t limit = 50;
    aurora_product_filter filter;
    aurora_product_filter_init(&filter);
    filter.category = run->values[CTL_CATEGORY];
    if (!ctl_value_number(run, CTL_LIMIT, 1, 1000, &limit))
        return CTL_UNSURE;
    aurora_t *shop = NULL;
    int outcome = ctl_open(run, CTL_READ, &shop);
    if (outcome != CTL_YES)
        return outcome;
    aurora_error err = AURORA_ERROR_INIT;
    aurora_product_page *page = NULL;
    aurora_status status =
        aurora_product_list(shop, &filter, run->values[CTL_CURSOR], (uint32_t)limit, &page, &err);
    if (status == AURORA_OK)
        print_page(run, page);
    else
        outcome = ctl_fail(status, &err, "products");
    aurora_product_page_free(page);
    aurora_close(shop);
    return outcome;
}

static void print_product(const ctl *run, const aurora_product *product)
{
    if (run->is_json) {
        ctl_json json;
        ctl_json_init(&json, stdout);
        ctl_show_product(&json, product);
        ctl_json_finish(&json);
        return;
    }
    ctl_cell price;
    printf("%s\n%s\n%s\n", product->sku, product->name,
           ctl_money_show(product->price_minor, product->currency, price));
    if (product->category[0] != 0 || product->brand[0] != 0)
        printf("%s%s%s\n", product->category,
               product->category[0] != 0 && product->brand[0] != 0 ? ", " : "", product->brand);
    for (uint32_t i = 0; i < product->attribute_count; i++)
        printf("%s: %s\n", product->attributes[i].name, product->attributes[i].value);
    if (product->description[0] != 0)
        printf("\n%s\n", product->description);
}

int ctl_products_show(ctl *run)
{
    aurora_t *shop = NULL;
    int outcome = ctl_open(run, CTL_READ, &shop);
    if (outcome != CTL_YES)
        return outcome;
    aurora_product *product = NULL;
    aurora_status status = aurora_product_get(shop, run->operands[0], &product);
    if (status == AURORA_OK)
        print_product(run, product);
    else
        outcome = ctl_fail(status, NULL, run->operands[0]);
    aurora_product_free(product);
    aurora_close(shop);
    return outcome;
}

static void write_field(const char *text, char end)
{
    putchar('"');
    for (; *text != 0; text++) {
        if (*text == '"')
            putchar('"');
        putchar(*text);
    }
    putchar('"');
    putchar(end);
}

/* The columns of products import, so that what goes out can come in. */
static void export_product(const ctl *run, const aurora_product *product)
{
    if (run->is_json) {
        print_product(run, product);
        return;
    }
    write_field(product->sku, ',');
    write_field(product->name, ',');
    printf("%" PRId64 ",", product->price_minor);
    write_field(product->currency, ',');
    write_field(product->description, ',');
    write_field(product->brand, ',');
    write_field(product->category, ',');
    write_field(product->image_url, '\n');
}

int ctl_products_export(ctl *run)
{
    aurora_product_filter filter;
    aurora_product_filter_init(&filter);
    filter.category = run->values[CTL_CATEGORY];
    aurora_t *shop = NULL;
    int outcome = ctl_open(run, CTL_READ, &shop);
    if (outcome != CTL_YES)
        return outcome;
    if (!run->is_json)
        puts("sku,name,price_minor,currency,description,brand,category,image_url");
    aurora_error err = AURORA_ERROR_INIT;
    aurora_product_page *page = NULL, *last = NULL;
    aurora_status status = AURORA_OK;
    const char *cursor = NULL;
    do {
        status = aurora_product_list(shop, &filter, cursor, EXPORT_PAGE, &page, &err);
        aurora_product_page_free(last);
        last = page;
        for (uint32_t i = 0; status == AURORA_OK && i < page->count; i++)
            export_product(run, page->items[i]);
        cursor = status == AURORA_OK ? page->next_cursor : NULL;
    } while (cursor != NULL && !ferror(stdout));
    if (status != AURORA_OK)
        outcome = ctl_fail(status, &err, "products");
    aurora_product_page_free(last);
    aurora_close(shop);
    return outcome;
}

int ctl_products_resync(ctl *run)
{
    uint64_t count = 0;
    aurora_t *shop = NULL;
    int outcome = ctl_open(run, CTL_ACT, &shop);
    if (outcome != CTL_YES)
        return outcome;
    aurora_error err = AURORA_ERROR_INIT;
    aurora_status status = aurora_product_resync(shop, &count, &err);
    if (status != AURORA_OK) {
        outcome = ctl_fail(status, &err, "products");
    } else if (run->is_json) {
        printf("{\"products\":%" PRIu64 "}\n", count);
    } else {
        printf("%" PRIu64 " products are emitted again\n", count);
    }
    aurora_close(shop);
    return outcome;
}
