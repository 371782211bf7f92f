/* SPDX-License-Identifier: MIT */
/* A product out of JSON. */
#ifndef AURORA_ROUTES_PRODUCT_JSON_H
#define AURORA_ROUTES_PRODUCT_JSON_H

#include "http/json_in.h"
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

#endif
