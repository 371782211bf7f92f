/* SPDX-License-Identifier: MIT */
/* POST /products:batch: many products in few commits, each for itself. One that is refused stops no
 * other; the answer has one item each, in the order sent. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "routes/answer.h"
#include "routes/product_json.h"
#include "routes/products.h"

#define BATCH_MAX 1000

/* One product of the batch. */
typedef struct {
    aurora__product_body body;
    aurora_json_error error; /* code NULL = the JSON is a product */
    int http_status;         /* 0 = not yet decided */
    const char *code;
    char detail[188];
    uint64_t version;
} item;

typedef struct {
    const aurora_routes *routes;
    item *items;
    uint32_t count;
    const aurora_product_input **inputs; /* of those that may be stored... */
    uint32_t *places;                    /* ...and where each stands among the items */
    aurora_status *statuses;
    uint32_t input_count;
    bool is_overloaded;
} batch;

static bool batch_init(batch *of, const aurora_routes *routes, uint32_t count)
{
    *of = (batch){.routes = routes, .count = count};
    of->items = calloc(count, sizeof *of->items);
    of->inputs = calloc(count, sizeof *of->inputs);
    of->places = calloc(count, sizeof *of->places);
    of->statuses = calloc(count, sizeof *of->statuses);
    return of->items != NULL && of->inputs != NULL && of->places != NULL && of->statuses != NULL;
}

static void batch_deinit(batch *of)
{
    free(of->items);
    free(of->inputs);
    free(of->places);
    free(of->statuses);
}

/* --- one refusal ------------------------------------------------------------------------------ */

static const char *code_of(aurora_status status)
{
    switch (status) {
    case AURORA_EINVAL:
        return "invalid_field";
    case AURORA_ETOOBIG:
        return "event_too_large";
    case AURORA_EBUSY:
        return "overloaded";
    case AURORA_ETIMEDOUT:
        return "timeout";
    case AURORA_EFULL:
        return "storage_full";
    default:
        return aurora_status_is_retriable(status) ? "unavailable" : "internal";
    }
}

static int http_status_of(aurora_status status)
{
    uint32_t count;
    const aurora_status_info *table = aurora_status_table(&count);
    for (uint32_t i = 0; i < count; i++) {
        if (table[i].status == status)
            return table[i].http_status;
    }
    return 500;
}

static void refuse(item *of, uint32_t place, aurora_status status, const aurora_error *err)
{
    char prefix[32];
    of->http_status = http_status_of(status);
    of->code = code_of(status);
    if (status == AURORA_EINVAL && err->field[0] != '\0') {
        snprintf(prefix, sizeof prefix, "/products/%u", place);
        aurora__product_pointer(&of->body, err, prefix, of->error.pointer,
                                sizeof of->error.pointer);
        snprintf(of->detail, sizeof of->detail, "%s", err->message);
    } else {
        snprintf(of->detail, sizeof of->detail, "%s", aurora_status_text(status));
    }
}

static void refuse_json(item *of)
{
    of->http_status = 400;
    of->code = of->error.code;
    snprintf(of->detail, sizeof of->detail, "%s", of->error.detail);
}

/* --- the work --------------------------------------------------------------------------------- */

static void read_items(batch *of, aurora_json_value list)
{
    for (uint32_t i = 0; i < of->count; i++) {
        item *read = &of->items[i];
        if (!aurora__product_read(aurora_json_item(list, i), NULL, &read->body, &read->error)) {
            refuse_json(read);
            continue;
        }
        of->inputs[of->input_count] = &read->body.input;
        of->places[of->input_count++] = i;
    }
}

/* Whether the call for one would say more than the call for many did, or might still work, without
 * waiting for a store that just failed. */
static bool is_worth_a_try(const batch *of, aurora_status status)
{
    return status == AURORA_EINVAL || status == AURORA_ETOOBIG ||
           (status == AURORA_EBUSY && !of->is_overloaded);
}

/* The call for many tells statuses only, the call for one the rule and the place too. */
static void finish(batch *of, item *stored, uint32_t place, aurora_status status)
{
    aurora_t *shop = of->routes->shop;
    aurora_error err = AURORA_ERROR_INIT;
    const char *sku = stored->body.input.sku;
    aurora_product *product;
    if (is_worth_a_try(of, status)) {
        status = aurora_product_put(shop, &stored->body.input, AURORA_ANY_VERSION, &stored->version,
                                    &err);
        of->is_overloaded = of->is_overloaded || status == AURORA_EBUSY;
    } else if (status == AURORA_OK && aurora_product_get(shop, sku, &product) == AURORA_OK) {
        stored->version = product->version;
        aurora_product_free(product);
    }
    if (status != AURORA_OK) {
        refuse(stored, place, status, &err);
        return;
    }
    stored->http_status = 200;
    if (of->routes->cache != NULL)
        aurora_cache_drop(of->routes->cache, sku, stored->version);
}

static void store(batch *of)
{
    if (of->input_count == 0)
        return;
    aurora_status rc =
        aurora_product_put_many(of->routes->shop, of->inputs, of->input_count, of->statuses, NULL);
    (void)rc; /* of the first that failed; each has its own */
    for (uint32_t i = 0; i < of->input_count; i++)
        finish(of, &of->items[of->places[i]], of->places[i], of->statuses[i]);
}

/* --- the answer ------------------------------------------------------------------------------- */

static void write_item(aurora_json_out *out, const item *done)
{
    aurora_json_out_object(out, NULL);
    aurora_json_out_text(out, "sku", done->body.input.sku);
    aurora_json_out_int(out, "status", done->http_status);
    if (done->code == NULL && done->version > 0)
        aurora_json_out_uint(out, "version", done->version);
    if (done->code != NULL) {
        aurora_json_out_text(out, "code", done->code);
        if (done->error.pointer[0] != '\0')
            aurora_json_out_text(out, "pointer", done->error.pointer);
        aurora_json_out_text(out, "detail", done->detail);
    }
    aurora_json_out_close(out, '}');
}

static void answer(aurora_http_exchange *exchange, const batch *of)
{
    aurora_json_out out = {0};
    aurora__page_begin(&out);
    for (uint32_t i = 0; i < of->count; i++)
        write_item(&out, &of->items[i]);
    aurora_json_out_close(&out, ']');
    aurora_json_out_close(&out, '}');
    aurora__answer_json(exchange, 200, &out);
}

static void run(aurora_http_exchange *exchange, const aurora_routes *routes, aurora_json_value list,
                uint32_t count)
{
    batch of;
    if (batch_init(&of, routes, count)) {
        read_items(&of, list);
        store(&of);
        answer(exchange, &of);
    } else {
        aurora_http_refuse(exchange, AURORA_ENOMEM, NULL);
    }
    batch_deinit(&of);
}

void aurora__product_batch_handle(aurora_http_exchange *exchange, void *self)
{
    static const char *const names[] = {"products"};
    aurora_json_doc *doc;
    aurora_json_value list;
    aurora_json_error error;
    uint32_t count;
    if (!aurora__body_parse_batch(exchange, &doc))
        return;
    if (aurora_json_object(aurora_json_root(doc), names, 1, &list, &error) &&
        aurora_json_array(list, 1, BATCH_MAX, &count, &error))
        run(exchange, self, list, count);
    else
        aurora__body_refuse(exchange, &error);
    aurora_json_free(doc);
}
