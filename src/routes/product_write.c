/* SPDX-License-Identifier: MIT */
/* Writes of one product. Each drops the cached one before it answers, so that a client reads its
 * own writes; other processes see them within the cache's time to live. */
#include <stdio.h>
#include <string.h>

#include "http/fields.h"
#include "http/percent.h"
#include "routes/answer.h"
#include "routes/bodies.h"
#include "routes/product_json.h"
#include "routes/products.h"

/* A write with a condition that holds for any version is tried on the version that it found; so
 * often does another writer come in between before we give up. */
#define TRIES_MAX 16

static void drop_cached(const aurora_routes *routes, const char *sku, uint64_t version)
{
    if (routes->cache != NULL)
        aurora_cache_drop(routes->cache, sku, version);
}

/* Reads the current version; 0 = there is no such product. */
static aurora_status read_version(aurora_t *shop, const char *sku, uint64_t *version_out)
{
    aurora_product *product;
    aurora_status rc = aurora_product_get(shop, sku, &product);
    *version_out = rc == AURORA_OK ? product->version : 0;
    aurora_product_free(product);
    return rc == AURORA_ENOTFOUND ? AURORA_OK : rc;
}

static void refuse_condition(aurora_http_exchange *exchange, uint64_t current)
{
    char detail[64] = "There is no such product.";
    bool is_match = aurora_http_header(exchange, "If-Match") != NULL;
    if (current > 0)
        snprintf(detail, sizeof detail, "The product's version is %llu.",
                 (unsigned long long)current);
    aurora_http_blame(exchange, AURORA_HTTP_AT_HEADER, is_match ? "If-Match" : "If-None-Match",
                      "does not hold");
    aurora_http_problem(exchange, 412, "precondition_failed", "%s", detail);
}

/* --- put -------------------------------------------------------------------------------------- */

typedef struct {
    uint64_t version; /* afterwards; of AURORA_EVERSION the current one */
    bool is_new;
} outcome;

/* Puts under a condition that names a version, or none (0). */
static aurora_status put_versioned(aurora_t *shop, const aurora_product_input *input,
                                   uint64_t if_version, outcome *out, aurora_error *err)
{
    out->is_new = if_version == 0;
    return aurora_product_put(shop, input, if_version, &out->version, err);
}

/* Puts over whatever is there, or over anything that is there; is_new is exact, since each try
 * names the version that it replaces. */
static aurora_status put_any(aurora_t *shop, const aurora_product_input *input, bool must_exist,
                             outcome *out, aurora_error *err)
{
    aurora_status rc = read_version(shop, input->sku, &out->version);
    for (int tries = 0; rc == AURORA_OK && tries < TRIES_MAX; tries++) {
        if (must_exist && out->version == 0)
            return AURORA_EVERSION;
        rc = put_versioned(shop, input, out->version, out, err);
        if (rc != AURORA_EVERSION)
            return rc;
        rc = AURORA_OK;
    }
    return rc == AURORA_OK ? AURORA_EBUSY : rc;
}

/* Answers with the product as it is now. Another write may have come after ours: then that is what
 * is there, under its own version. */
static void answer_product(aurora_http_exchange *exchange, const aurora_routes *routes,
                           const char *sku, const outcome *done)
{
    aurora_product *product;
    aurora_json_out out = {0};
    int status = done->is_new ? 201 : 200;
    if (aurora_product_get(routes->shop, sku, &product) != AURORA_OK) {
        /* Stored, and gone or unreadable since. */
        aurora_http_set_etag(exchange, done->version);
        aurora_http_reply(exchange, done->is_new ? 201 : 204, NULL, NULL, 0);
        return;
    }
    aurora_http_set_etag(exchange, product->version);
    aurora_body_product(&out, product);
    aurora_product_free(product);
    aurora__answer_json(exchange, status, &out);
}

static void set_location(aurora_http_exchange *exchange, const char *sku)
{
    char location[32 + 3 * AURORA_SKU_BYTES_MAX] = "/products/";
    size_t len = strlen(location);
    if (aurora__percent_encode(sku, location + len, sizeof location - len))
        aurora_http_set(exchange, "Location", location);
}

/* Refuses a put whose input the library did not take: `path_sku` says whose SKU it was. */
static void refuse_put(aurora_http_exchange *exchange, aurora_status rc, const aurora_error *err,
                       const aurora__product_body *body, bool is_path_sku)
{
    char pointer[sizeof((aurora_json_error *)0)->pointer];
    if (rc != AURORA_EINVAL || err->field[0] == '\0' ||
        (is_path_sku && strcmp(err->field, "sku") == 0)) {
        aurora__sku_refuse(exchange, rc, err);
        return;
    }
    aurora__product_pointer(body, err, "", pointer, sizeof pointer);
    aurora_http_blame(exchange, AURORA_HTTP_AT_POINTER, pointer, "%s", err->message);
    aurora_http_problem(exchange, 400, "invalid_field", "%s %s", pointer, err->message);
}

static void put(aurora_http_exchange *exchange, const aurora_routes *routes,
                const aurora__product_body *body, const aurora_http_condition *condition)
{
    aurora_error err = AURORA_ERROR_INIT;
    outcome done = {0};
    const aurora_product_input *input = &body->input;
    aurora_status rc = condition->version == AURORA_ANY_VERSION
                           ? put_any(routes->shop, input, condition->is_star, &done, &err)
                           : put_versioned(routes->shop, input, condition->version, &done, &err);
    if (rc == AURORA_EVERSION) {
        refuse_condition(exchange, done.version);
        return;
    }
    if (rc != AURORA_OK) {
        refuse_put(exchange, rc, &err, body, true);
        return;
    }
    drop_cached(routes, input->sku, done.version);
    if (done.is_new)
        set_location(exchange, input->sku);
    answer_product(exchange, routes, input->sku, &done);
}

void aurora__product_put_handle(aurora_http_exchange *exchange, void *self)
{
    const aurora_routes *routes = self;
    const char *sku = aurora_http_param(exchange, "sku");
    aurora_http_condition condition;
    aurora__product_body body;
    aurora_json_doc *doc;
    aurora_json_error error;
    uint64_t current;
    if (!aurora_http_if_match(exchange, &condition) || !aurora__body_parse(exchange, &doc))
        return;
    if (!aurora__product_read(aurora_json_root(doc), sku, &body, &error)) {
        aurora__body_refuse(exchange, &error);
    } else if (condition.is_never) {
        aurora_status rc = read_version(routes->shop, sku, &current);
        if (rc == AURORA_OK)
            refuse_condition(exchange, current);
        else
            aurora__sku_refuse(exchange, rc, NULL);
    } else {
        put(exchange, routes, &body, &condition);
    }
    aurora_json_free(doc);
}

/* --- post ------------------------------------------------------------------------------------- */

static void create(aurora_http_exchange *exchange, const aurora_routes *routes,
                   const aurora__product_body *body)
{
    aurora_error err = AURORA_ERROR_INIT;
    outcome done = {0};
    const char *sku = body->input.sku;
    aurora_status rc = put_versioned(routes->shop, &body->input, 0, &done, &err);
    if (rc == AURORA_EVERSION) {
        aurora_http_problem(exchange, 409, "conflict",
                            "There is a product with this SKU; PUT replaces it.");
        return;
    }
    if (rc != AURORA_OK) {
        refuse_put(exchange, rc, &err, body, false);
        return;
    }
    drop_cached(routes, sku, done.version);
    set_location(exchange, sku);
    answer_product(exchange, routes, sku, &done);
}

void aurora__product_create_handle(aurora_http_exchange *exchange, void *self)
{
    aurora__product_body body;
    aurora_json_doc *doc;
    aurora_json_error error;
    if (!aurora__body_parse(exchange, &doc))
        return;
    if (aurora__product_read(aurora_json_root(doc), NULL, &body, &error))
        create(exchange, self, &body);
    else
        aurora__body_refuse(exchange, &error);
    aurora_json_free(doc);
}

/* --- delete ----------------------------------------------------------------------------------- */

/* Deletes a version that is known, so that it is also known which one the deletion made. */
static aurora_status delete_versioned(const aurora_routes *routes, const char *sku,
                                      uint64_t version, aurora_error *err)
{
    aurora_status rc = aurora_product_delete(routes->shop, sku, version, err);
    if (rc == AURORA_OK)
        drop_cached(routes, sku, version + 1);
    return rc;
}

static aurora_status delete_any(const aurora_routes *routes, const char *sku, uint64_t *current,
                                aurora_error *err)
{
    for (int tries = 0; tries < TRIES_MAX; tries++) {
        aurora_status rc = read_version(routes->shop, sku, current);
        if (rc == AURORA_OK && *current == 0)
            rc = AURORA_ENOTFOUND;
        if (rc == AURORA_OK)
            rc = delete_versioned(routes, sku, *current, err);
        if (rc != AURORA_EVERSION)
            return rc;
    }
    return AURORA_EBUSY;
}

void aurora__product_delete_handle(aurora_http_exchange *exchange, void *self)
{
    const aurora_routes *routes = self;
    const char *sku = aurora_http_param(exchange, "sku");
    aurora_http_condition condition;
    aurora_error err = AURORA_ERROR_INIT;
    uint64_t current = 0;
    if (!aurora_http_if_match(exchange, &condition))
        return;
    aurora_status rc;
    if (condition.is_never || condition.version == 0)
        rc = AURORA_EVERSION;
    else if (condition.version == AURORA_ANY_VERSION)
        rc = delete_any(routes, sku, &current, &err);
    else
        rc = delete_versioned(routes, sku, condition.version, &err);
    if (rc == AURORA_EVERSION) {
        rc = read_version(routes->shop, sku, &current);
        if (rc == AURORA_OK && current > 0) {
            refuse_condition(exchange, current);
            return;
        }
        rc = rc == AURORA_OK ? AURORA_ENOTFOUND : rc;
    }
    if (rc == AURORA_OK)
        aurora_http_reply(exchange, 204, NULL, NULL, 0);
    else if (rc != AURORA_ENOTFOUND)
        aurora__sku_refuse(exchange, rc, err.status == rc ? &err : NULL);
    else if (condition.is_given && condition.version != 0)
        refuse_condition(exchange, 0);
    else
        aurora_http_problem(exchange, 404, "not_found", "There is no product with this SKU.");
}

/* --- views ------------------------------------------------------------------------------------ */

void aurora__product_view_handle(aurora_http_exchange *exchange, void *self)
{
    const aurora_routes *routes = self;
    aurora_error err = AURORA_ERROR_INIT;
    aurora_json_doc *doc;
    aurora_json_error error;
    size_t len;
    aurora_http_body(exchange, &len);
    if (len > 0) {
        if (!aurora__body_parse(exchange, &doc))
            return;
        bool is_empty = aurora_json_object(aurora_json_root(doc), NULL, 0, NULL, &error);
        aurora_json_free(doc);
        if (!is_empty) {
            aurora__body_refuse(exchange, &error);
            return;
        }
    }
    aurora_status rc =
        aurora_product_view(routes->shop, aurora_http_param(exchange, "sku"), 1, &err);
    if (rc == AURORA_OK)
        aurora_http_reply(exchange, 204, NULL, NULL, 0);
    else if (rc == AURORA_EUNKNOWNSKU)
        aurora_http_problem(exchange, 404, "not_found", "There is no product with this SKU.");
    else
        aurora__sku_refuse(exchange, rc, &err);
}
