/* SPDX-License-Identifier: MIT */
#include "routes/product_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ATTRIBUTE_BYTES_MAX 512

enum {
    SKU,
    NAME,
    DESCRIPTION,
    CATEGORY,
    BRAND,
    IMAGE_URL,
    PRICE_MINOR,
    CURRENCY,
    ATTRIBUTES,
    VERSION,
    CREATED_AT,
    UPDATED_AT,
    MEMBERS
};

static const char *const names[MEMBERS] = {
    [SKU] = "sku",
    [NAME] = "name",
    [DESCRIPTION] = "description",
    [CATEGORY] = "category",
    [BRAND] = "brand",
    [IMAGE_URL] = "image_url",
    [PRICE_MINOR] = "price_minor",
    [CURRENCY] = "currency",
    [ATTRIBUTES] = "attributes",
    [VERSION] = "version",
    [CREATED_AT] = "created_at",
    [UPDATED_AT] = "updated_at",
};

static bool read_optional(aurora_json_value value, uint32_t max, const char **out,
                          aurora_json_error *error)
{
    return !aurora_json_is_present(value) || aurora_json_text(value, 0, max, out, error);
}

static bool read_sku(aurora_json_value value, const char *sku, const char **out,
                     aurora_json_error *error)
{
    if (sku == NULL)
        return aurora_json_text(value, 1, AURORA_SKU_BYTES_MAX, out, error);
    *out = sku;
    if (!aurora_json_is_present(value))
        return true;
    if (!aurora_json_text(value, 1, AURORA_SKU_BYTES_MAX, out, error))
        return false;
    if (strcmp(*out, sku) == 0)
        return true;
    return aurora_json_refuse(value, error, "must be the SKU of the path or absent");
}

static bool read_attributes(aurora_json_value value, aurora__product_body *out,
                            aurora_json_error *error)
{
    uint32_t count;
    if (!aurora_json_is_present(value))
        return true;
    if (!aurora_json_members(value, AURORA_ATTRIBUTES_MAX, &count, error))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        aurora_json_value member;
        aurora_json_member(value, i, &out->attributes[i].name, &member);
        size_t name_len = strlen(out->attributes[i].name);
        if (name_len < 1 || name_len > AURORA_TEXT_BYTES_MAX)
            return aurora_json_refuse(member, error, "must have a name of 1 to %d bytes",
                                      AURORA_TEXT_BYTES_MAX);
        if (!aurora_json_text(member, 0, ATTRIBUTE_BYTES_MAX, &out->attributes[i].value, error))
            return false;
    }
    out->input.attributes = count > 0 ? out->attributes : NULL;
    out->input.attribute_count = count;
    return true;
}

bool aurora__product_read(aurora_json_value value, const char *sku, aurora__product_body *out,
                          aurora_json_error *error)
{
    aurora_json_value members[MEMBERS];
    aurora_product_input *input = &out->input;
    aurora_product_input_init(input);
    return aurora_json_object(value, names, MEMBERS, members, error) &&
           read_sku(members[SKU], sku, &input->sku, error) &&
           aurora_json_text(members[NAME], 1, AURORA_NAME_BYTES_MAX, &input->name, error) &&
           read_optional(members[DESCRIPTION], AURORA_BODY_BYTES_MAX, &input->description, error) &&
           read_optional(members[CATEGORY], AURORA_NAME_BYTES_MAX, &input->category, error) &&
           read_optional(members[BRAND], AURORA_NAME_BYTES_MAX, &input->brand, error) &&
           read_optional(members[IMAGE_URL], AURORA_BODY_BYTES_MAX, &input->image_url, error) &&
           aurora_json_integer(members[PRICE_MINOR], 0, AURORA_PRICE_MINOR_MAX, &input->price_minor,
                               error) &&
           aurora_json_text(members[CURRENCY], 3, 3, &input->currency, error) &&
           read_attributes(members[ATTRIBUTES], out, error);
}

/* Escapes a name for a pointer, RFC 6901; what does not fit is cut. */
static void append_name(char *pointer, size_t size, const char *name)
{
    size_t len = strlen(pointer);
    for (; *name != '\0' && len + 3 < size; name++) {
        bool is_special = *name == '~' || *name == '/';
        if (is_special)
            pointer[len++] = '~';
        pointer[len++] = *name == '~' ? '0' : *name == '/' ? '1' : *name;
    }
    pointer[len] = '\0';
}

void aurora__product_pointer(const aurora__product_body *body, const aurora_error *err,
                             const char *prefix, char *pointer_out, size_t size)
{
    static const char list[] = "attributes[";
    if (strncmp(err->field, list, sizeof list - 1) != 0) {
        snprintf(pointer_out, size, "%s%s%s", prefix, err->field[0] == '\0' ? "" : "/", err->field);
        return;
    }
    unsigned long index = strtoul(err->field + sizeof list - 1, NULL, 10);
    snprintf(pointer_out, size, "%s/attributes/", prefix);
    if (index < body->input.attribute_count)
        append_name(pointer_out, size, body->attributes[index].name);
}
