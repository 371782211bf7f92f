/* SPDX-License-Identifier: MIT */
/* /products: the table, and what reads. One product is the hottest request of a shop: it is
 * answered on the loop's thread out of the cache, whose bytes are the body. */
#include "routes/products.h"

#include <stdlib.h>

#include "http/fields.h"
#include "routes/answer.h"
#include "routes/bodies.h"
#include "routes/product_json.h"

/* --- one -------------------------------------------------------------------------------------- */

static void answer_absent(aurora_http_exchange *exchange)
{
    aurora_http_problem(exchange, 404, "not_found", "There is no product with this SKU.");
}

/* Renders one product into memory of malloc's. */
static aurora_status render(aurora_t *shop, const char *sku, char **text_out, size_t *len_out,
                            uint64_t *version_out)
{
    aurora_product *product;
    aurora_json_out out = {0};
    aurora_status rc = aurora_product_get(shop, sku, &product);
    if (rc != AURORA_OK)
        return rc;
    *version_out = product->version;
    aurora_body_product(&out, product);
    aurora_product_free(product);
    *text_out = aurora_json_out_end(&out, len_out);
    return *text_out == NULL ? AURORA_ENOMEM : AURORA_OK;
}

static aurora_status load(void *self, const char *key, const char **bytes_out, uint32_t *len_out,
                          uint64_t *version_out)
{
    char *text;
    size_t len;
    aurora_status rc = render(self, key, &text, &len, version_out);
    if (rc != AURORA_OK)
        return rc;
    *bytes_out = text;
    *len_out = (uint32_t)len;
    return AURORA_OK;
}

static void release(void *self, const char *bytes)
{
    (void)self;
    free((char *)bytes);
}

static bool answer_unmodified(aurora_http_exchange *exchange, uint64_t version)
{
    aurora__answer_revalidated(exchange);
    aurora_http_set_etag(exchange, version);
    if (!aurora_http_is_unmodified(exchange, version))
        return false;
    aurora_http_reply(exchange, 304, NULL, NULL, 0);
    return true;
}

static void get_uncached(aurora_http_exchange *exchange, const aurora_routes *routes,
                         const char *sku)
{
    char *text;
    size_t len;
    uint64_t version;
    aurora_status rc = render(routes->shop, sku, &text, &len, &version);
    if (rc == AURORA_ENOTFOUND)
        answer_absent(exchange);
    else if (rc != AURORA_OK)
        aurora__sku_refuse(exchange, rc, NULL);
    else if (answer_unmodified(exchange, version))
        free(text);
    else
        aurora_http_reply_owned(exchange, 200, "application/json", text, len);
}

static void get_product(aurora_http_exchange *exchange, void *self)
{
    const aurora_routes *routes = self;
    const char *sku = aurora_http_param(exchange, "sku");
    const aurora_cache_value *value = NULL;
    aurora_cache_loader loader = {.self = routes->shop, .load = load, .release = release};
    if (routes->cache == NULL) {
        get_uncached(exchange, routes, sku);
        return;
    }
    aurora_status rc = aurora_cache_get(routes->cache, sku, &loader, &value);
    if (rc != AURORA_OK)
        aurora__sku_refuse(exchange, rc, NULL);
    else if (value->is_absent)
        answer_absent(exchange);
    else if (!answer_unmodified(exchange, value->version))
        aurora_http_reply(exchange, 200, "application/json", value->bytes, value->len);
    aurora_cache_value_free(value);
}

/* --- many ------------------------------------------------------------------------------------- */

static void list_products(aurora_http_exchange *exchange, void *self)
{
    const aurora_routes *routes = self;
    uint32_t limit = AURORA__LIST_LIMIT_DEFAULT;
    const char *cursor;
    aurora_product_filter filter;
    aurora_product_page *page;
    aurora_error err = AURORA_ERROR_INIT;
    aurora_json_out out = {0};
    if (!aurora_http_query_limit(exchange, AURORA__LIST_LIMIT_MAX, &limit) ||
        !aurora_http_query_cursor(exchange, routes->cursor_key, &cursor))
        return;
    aurora_product_filter_init(&filter);
    filter.category = aurora_http_query(exchange, "category");
    aurora_status rc = aurora_product_list(routes->shop, &filter, cursor, limit, &page, &err);
    if (rc != AURORA_OK) {
        aurora__query_refuse(exchange, rc, &err, NULL, 0);
        return;
    }
    aurora__page_begin(&out);
    for (uint32_t i = 0; i < page->count; i++)
        aurora_body_product(&out, page->items[i]);
    aurora__page_answer(exchange, routes, &out, page->next_cursor);
    aurora_product_page_free(page);
}

/* --- the table -------------------------------------------------------------------------------- */

#define WRITE AURORA_SCOPE_PRODUCTS_WRITE

static const aurora_http_route table[] = {
    {AURORA_HTTP_GET, 0, AURORA_HTTP_BLOCKING, "/products", "category limit cursor", "listProducts",
     list_products},
    {AURORA_HTTP_POST, WRITE, AURORA_HTTP_BLOCKING | AURORA_HTTP_JSON_BODY, "/products", "",
     "createProduct", aurora__product_create_handle},
    {AURORA_HTTP_POST, WRITE, AURORA_HTTP_BLOCKING | AURORA_HTTP_JSON_BODY, "/products:batch", "",
     "putProducts", aurora__product_batch_handle},
    {AURORA_HTTP_GET, 0, AURORA_HTTP_CACHED, "/products/{sku}", "", "getProduct", get_product},
    {AURORA_HTTP_PUT, WRITE, AURORA_HTTP_BLOCKING | AURORA_HTTP_JSON_BODY, "/products/{sku}", "",
     "putProduct", aurora__product_put_handle},
    {AURORA_HTTP_DELETE, WRITE, AURORA_HTTP_BLOCKING, "/products/{sku}", "", "deleteProduct",
     aurora__product_delete_handle},
    {AURORA_HTTP_POST, 0, AURORA_HTTP_BLOCKING | AURORA_HTTP_JSON_MAYBE, "/products/{sku}/views",
     "", "viewProduct", aurora__product_view_handle},
};

aurora_route_table aurora_routes_products(void)
{
    return (aurora_route_table){table, sizeof table / sizeof table[0]};
}
