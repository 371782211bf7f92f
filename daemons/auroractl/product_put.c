/* SPDX-License-Identifier: MIT */
#include "product_put.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fields.h"

#define BODY_BYTES_MAX ((size_t)1000000) /* a server takes a MiB */

typedef struct {
    const aurora_product_input *const *inputs;
    uint32_t count;
} batch;

static void add_text(aurora_json_out *out, const char *name, const char *text)
{
    if (text != NULL)
        aurora_json_out_text(out, name, text);
}

static void write_input(aurora_json_out *out, const aurora_product_input *input)
{
    aurora_json_out_object(out, NULL);
    aurora_json_out_text(out, "sku", input->sku);
    aurora_json_out_text(out, "name", input->name);
    add_text(out, "description", input->description);
    add_text(out, "category", input->category);
    add_text(out, "brand", input->brand);
    add_text(out, "image_url", input->image_url);
    aurora_json_out_int(out, "price_minor", input->price_minor);
    aurora_json_out_text(out, "currency", input->currency);
    aurora_json_out_object(out, "attributes");
    for (uint32_t i = 0; i < input->attribute_count; i++)
        aurora_json_out_text(out, input->attributes[i].name, input->attributes[i].value);
    aurora_json_out_close(out, '}');
    aurora_json_out_close(out, '}');
}

/* The call for many says what is wrong with the first refused one only: the others are asked again,
 * each by itself, for their field and rule. */
static void write_result(aurora_t *store, const aurora_product_input *input, aurora_status status,
                         aurora_json_out *out)
{
    aurora_error err = AURORA_ERROR_INIT;
    if (status != AURORA_OK)
        status = aurora_product_put(store, input, AURORA_ANY_VERSION, NULL, &err);
    aurora_json_out_object(out, NULL);
    aurora_json_out_int(out, "status", status == AURORA_OK ? 200 : 400);
    if (status != AURORA_OK) {
        aurora_json_out_text(out, "pointer", err.field);
        aurora_json_out_text(out, "detail",
                             err.message[0] != 0 ? err.message : aurora_status_text(status));
    }
    aurora_json_out_close(out, '}');
}

static aurora_status put_into_store(aurora_t *store, const void *request, aurora_json_out *out,
                                    aurora_error *err)
{
    const batch *at = request;
    aurora_status *statuses = calloc(at->count, sizeof *statuses);
    if (statuses == NULL)
        return AURORA_ENOMEM;
    aurora_status status = aurora_product_put_many(store, at->inputs, at->count, statuses, err);
    if (!aurora_status_is_retriable(status)) {
        aurora_json_out_object(out, NULL);
        aurora_json_out_array(out, "items");
        for (uint32_t i = 0; i < at->count; i++)
            write_result(store, at->inputs[i], status == AURORA_OK ? AURORA_OK : statuses[i], out);
        aurora_json_out_close(out, ']');
        aurora_json_out_close(out, '}');
        status = AURORA_OK;
    }
    free(statuses);
    return status;
}

/* "/products/7/attributes/size" blames "attributes/size"; a field of the library stands as it
 * is. */
static const char *field_of(const char *pointer)
{
    if (strncmp(pointer, "/products/", 10) != 0)
        return pointer;
    pointer += 10;
    pointer += strspn(pointer, "0123456789");
    return pointer + (*pointer == '/');
}

static aurora_status read_results(const ctl_answer *answer, uint32_t count, ctl_put *puts_out,
                                  aurora_error *err)
{
    aurora_json_value items = ctl_field(ctl_answer_root(answer), "items");
    if (ctl_field_count(ctl_answer_root(answer), "items") != count) {
        *err = (aurora_error){.size = sizeof *err,
                              .status = AURORA_EIO,
                              .message = "the answer has another number of products"};
        return AURORA_EIO;
    }
    for (uint32_t i = 0; i < count; i++) {
        aurora_json_value item = aurora_json_item(items, i);
        const char *pointer = ctl_field_text(item, "pointer");
        const char *detail = ctl_field_text(item, "detail");
        int64_t status = ctl_field_number(item, "status");
        puts_out[i].is_stored = status >= 200 && status < 300;
        snprintf(puts_out[i].field, sizeof puts_out[i].field, "%.63s",
                 pointer == NULL ? "" : field_of(pointer));
        snprintf(puts_out[i].why, sizeof puts_out[i].why, "%.187s",
                 detail == NULL ? "is refused" : detail);
    }
    return AURORA_OK;
}

aurora_status ctl_products_put(ctl_shop *shop, const aurora_product_input *const *inputs,
                               uint32_t count, ctl_put *puts_out, aurora_error *err)
{
    batch at = {.inputs = inputs, .count = count};
    aurora_json_out body = {0};
    aurora_json_out_object(&body, NULL);
    aurora_json_out_array(&body, "products");
    for (uint32_t i = 0; i < count; i++)
        write_input(&body, inputs[i]);
    aurora_json_out_close(&body, ']');
    aurora_json_out_close(&body, '}');
    if (body.len > BODY_BYTES_MAX && count > 1) {
        aurora_json_out_drop(&body);
        aurora_status status = ctl_products_put(shop, inputs, count / 2, puts_out, err);
        if (status != AURORA_OK)
            return status;
        return ctl_products_put(shop, inputs + count / 2, count - count / 2, puts_out + count / 2,
                                err);
    }
    ctl_target target;
    ctl_target_init(&target, "/products:batch");
    ctl_ask ask = {.method = "POST",
                   .target = &target,
                   .body = &body,
                   .is_repeatable = true,
                   .of_store = put_into_store,
                   .request = &at};
    ctl_answer answer = {0};
    aurora_status status = ctl_shop_read(shop, &ask, &answer, err);
    if (status == AURORA_OK)
        status = read_results(&answer, count, puts_out, err);
    ctl_answer_free(&answer);
    aurora_json_out_drop(&body);
    return status;
}
