/* SPDX-License-Identifier: MIT */
/* A product as JSON, both ways. */
#ifndef AURORA_ROUTES_PRODUCT_JSON_H
#define AURORA_ROUTES_PRODUCT_JSON_H

#include "http/json_in.h"
#include "http/json_out.h"
#include "routes/routes.h"

/* What a body says, with memory for its attributes; texts belong to the document. */
typedef struct {
    aurora_product_input input;
    aurora_pair attributes[AURORA_ATTRIBUTES_MAX];
} aurora__product_body;

/* Reads a product strictly. `version`, `created_at` and `updated_at`, which only we write, are
 * taken and ignored, so that what was got can be put. `sku` NULL: the body has to name it; else it
 * may leave it out or repeat it. */
bool aurora__product_read(aurora_json_value value, const char *sku, aurora__product_body *out,
                          aurora_json_error *error);

/* Turns the place that a refused put blames into the pointer of the client's body, below `prefix`:
 * "attributes[1].value" is /attributes/<its name>. */
void aurora__product_pointer(const aurora__product_body *body, const aurora_error *err,
                             const char *prefix, char *pointer_out, size_t size);

/* The members of a product, between the braces of an object that is open. */
void aurora__product_members(aurora_json_out *out, const aurora_product *product);
void aurora__product_write(aurora_json_out *out, const aurora_product *product);

#endif
