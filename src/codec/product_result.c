/* SPDX-License-Identifier: MIT */
#include "codec/product_result.h"

#include "core/internal.h"
#include "core/json.h"

static const char *text_or_empty(aurora__arena *arena, const char *text)
{
    return aurora__arena_text(arena, text == NULL ? "" : text);
}

static aurora_status fill_attributes(aurora__arena *arena, const char *text, aurora_product *out)
{
    aurora__json_reader reader;
    uint32_t count = 0;
    if (text == NULL)
        return AURORA_OK;
    aurora_pair *pairs = aurora__arena_take(arena, AURORA_ATTRIBUTES_MAX * sizeof *pairs);
    if (pairs == NULL)
        return AURORA_ENOMEM;
    aurora__json_read(&reader, text, aurora__text_length(text));
    aurora__json_expect(&reader, '[');
    while (aurora__json_next(&reader, &count)) {
        if (count > AURORA_ATTRIBUTES_MAX)
            return AURORA_ECORRUPT;
        aurora__json_expect(&reader, '[');
        pairs[count - 1].name = aurora__json_take_text(&reader, arena);
        aurora__json_expect(&reader, ',');
        pairs[count - 1].value = aurora__json_take_text(&reader, arena);
        aurora__json_expect(&reader, ']');
    }
    out->attributes = pairs;
    out->attribute_count = count;
    return aurora__json_status(&reader);
}

aurora_status aurora__product_fill_in(aurora__arena *arena, const aurora__product_row *row,
                                      aurora_product *out)
{
    *out = (aurora_product){.size = sizeof *out,
                            .sku = text_or_empty(arena, row->sku),
                            .name = text_or_empty(arena, row->name),
                            .description = text_or_empty(arena, row->description),
                            .brand = text_or_empty(arena, row->brand),
                            .category = text_or_empty(arena, row->category),
                            .image_url = text_or_empty(arena, row->image_url),
                            .currency = text_or_empty(arena, row->currency),
                            .price_minor = row->price_minor,
                            .version = (uint64_t)row->version,
                            .created_at_ms = row->created_at,
                            .updated_at_ms = row->updated_at};
    if (out->sku == NULL || out->name == NULL || out->description == NULL || out->brand == NULL ||
        out->category == NULL || out->image_url == NULL || out->currency == NULL)
        return AURORA_ENOMEM;
    return fill_attributes(arena, row->attributes, out);
}

aurora_status aurora__product_fill(aurora__arena *arena, const void *source)
{
    aurora_product *out = aurora__arena_zero(arena, sizeof *out);
    return out == NULL ? AURORA_ENOMEM : aurora__product_fill_in(arena, source, out);
}
