/* SPDX-License-Identifier: MIT */
/* products list, show, export, resync. */
#include <inttypes.h>
#include <stdio.h>

#include "commands.h"
#include "page.h"
#include "routes/bodies.h"
#include "view.h"

typedef struct {
    aurora_product_filter filter;
    ctl_page page;
} listing;

static aurora_status list_of_store(aurora_t *store, const void *request, aurora_json_out *out,
                                   aurora_error *err)
{
    const listing *at = request;
    aurora_product_page *page = NULL;
    aurora_status status =
        aurora_product_list(store, &at->filter, at->page.cursor, at->page.limit, &page, err);
    if (status != AURORA_OK)
        return status;
    ctl_page_begin(out);
    for (uint32_t i = 0; i < page->count; i++)
        aurora_body_product(out, page->items[i]);
    ctl_page_end(out, page->next_cursor);
    aurora_product_page_free(page);
    return AURORA_OK;
}

static void listing_init(const ctl *run, listing *at, ctl_target *target)
{
    aurora_product_filter_init(&at->filter);
    at->filter.category = run->values[CTL_CATEGORY];
    ctl_target_init(target, "/products");
    ctl_target_query(target, "category", at->filter.category);
}

int ctl_products_list(ctl *run)
{
    static const ctl_column columns[] = {
        {"SKU", "sku", SHOW_TEXT, NULL},
        {"NAME", "name", SHOW_TEXT, NULL},
        {"CATEGORY", "category", SHOW_TEXT, NULL},
        {"BRAND", "brand", SHOW_TEXT, NULL},
        {">PRICE", "price_minor", SHOW_MONEY, NULL},
    };
    static const ctl_view view = CTL_VIEW(columns, "no products");
    listing at = {0};
    ctl_target target;
    listing_init(run, &at, &target);
    if (!ctl_page_read(run, &at.page, &target))
        return CTL_UNSURE;
    ctl_ask ask = {.method = "GET", .target = &target, .of_store = list_of_store, .request = &at};
    return ctl_view_page(run, &ask, &view, "products");
}

static const char *text_of(aurora_json_value product, const char *field)
{
    const char *text = ctl_field_text(product, field);
    return text == NULL ? "" : text;
}

static void print_product(aurora_json_value product)
{
    ctl_cell price;
    const char *category = text_of(product, "category"), *brand = text_of(product, "brand");
    printf("%s\n%s\n%s\n", text_of(product, "sku"), text_of(product, "name"),
           ctl_money_show(ctl_field_number(product, "price_minor"), text_of(product, "currency"),
                          price));
    if (category[0] != 0 || brand[0] != 0)
        printf("%s%s%s\n", category, category[0] != 0 && brand[0] != 0 ? ", " : "", brand);
    ctl_view_pairs(ctl_field(product, "attributes"));
    if (text_of(product, "description")[0] != 0)
        printf("\n%s\n", text_of(product, "description"));
}

static aurora_status show_of_store(aurora_t *store, const void *request, aurora_json_out *out,
                                   aurora_error *err)
{
    aurora_product *product = NULL;
    aurora_status status = aurora_product_get(store, request, &product);
    (void)err;
    if (status == AURORA_OK)
        aurora_body_product(out, product);
    aurora_product_free(product);
    return status;
}

int ctl_products_show(ctl *run)
{
    ctl_target target;
    ctl_target_init(&target, "/products");
    ctl_target_segment(&target, run->operands[0]);
    ctl_ask ask = {
        .method = "GET", .target = &target, .of_store = show_of_store, .request = run->operands[0]};
    return ctl_view_one(run, CTL_READ, &ask, print_product, run->operands[0]);
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

static void print_record(void *run, aurora_json_value product)
{
    (void)run;
    write_field(text_of(product, "sku"), ',');
    write_field(text_of(product, "name"), ',');
    printf("%" PRId64 ",", ctl_field_number(product, "price_minor"));
    write_field(text_of(product, "currency"), ',');
    write_field(text_of(product, "description"), ',');
    write_field(text_of(product, "brand"), ',');
    write_field(text_of(product, "category"), ',');
    write_field(text_of(product, "image_url"), '\n');
}

int ctl_products_export(ctl *run)
{
    listing at = {0};
    ctl_target target;
    listing_init(run, &at, &target);
    ctl_ask ask = {.method = "GET", .target = &target, .of_store = list_of_store, .request = &at};
    if (!run->is_json)
        puts("sku,name,price_minor,currency,description,brand,category,image_url");
    return ctl_view_all(run, &ask, &at.page, run->is_json ? ctl_print_line : print_record,
                        "products");
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
