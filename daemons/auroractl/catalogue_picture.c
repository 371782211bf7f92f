/* SPDX-License-Identifier: MIT */
/* Pictures of the demo catalogue: a drawing of a few strokes on a field in the colour of the
 * category, in the product's own colour, as an SVG inside a data: address. */
#include <stdio.h>
#include <string.h>

#include "catalogue.h"

/* Paths on a field of 96 by 96. */
static const char *const paths[PICTURE_COUNT] = {
    [PICTURE_BAG] = "M30 36h36l4 36H26zM38 36c0-18 20-18 20 0M36 52h24",
    [PICTURE_BEAR] = "M32 34a8 8 0 1 1 12-4h8a8 8 0 1 1 12 4c6 18-4 38-16 38s-22-20-16-38z"
                     "M42 46v1M54 46v1M44 58h8",
    [PICTURE_BLOCKS] = "M26 50h22v22H26zM50 50h22v22H50zM38 26h22v22H38z",
    [PICTURE_BOARD] = "M30 26h36v46H30zM48 26v-6M36 38h24M36 46h24",
    [PICTURE_BOOK] = "M26 26h18a6 6 0 0 1 4 4 6 6 0 0 1 4-4h18v42H52a6 6 0 0 0-4 4 6 6 0 0 0-4-4"
                     "H26zM48 30v42",
    [PICTURE_BOTTLE] = "M42 20h12v10l6 8v36H36V38l6-8zM36 50h24",
    [PICTURE_BOX] = "M24 38l24-14 24 14v24L48 76 24 62zM24 38l24 14 24-14M48 52v24",
    [PICTURE_CAN] = "M32 42h30v30H32zM62 50l18-18M32 48c-14 0-14 18 0 18M38 42c0-14 18-14 18 0",
    [PICTURE_CANDLE] = "M40 42h16v30H40zM48 42v-8M48 34c-5-5-3-9 0-14 3 5 5 9 0 14z",
    [PICTURE_CHAIR] = "M34 22h28v28H34zM30 50h36v8H30zM34 58v16M62 58v16",
    [PICTURE_CLOCK] = "M24 48a24 24 0 1 0 48 0a24 24 0 1 0-48 0M48 34v14l10 8",
    [PICTURE_CLOTH] = "M26 30h44v10H26zM26 40h44v30H26zM26 56h44",
    [PICTURE_COMPASS] = "M24 48a24 24 0 1 0 48 0a24 24 0 1 0-48 0M58 38l-6 14-14 6 6-14z",
    [PICTURE_CUP] =
        "M28 36h32v24a10 10 0 0 1-10 10H38a10 10 0 0 1-10-10zM60 42h6a7 7 0 0 1 0 18h-6",
    [PICTURE_DICE] = "M30 30h36v36H30zM40 40v1M56 40v1M48 48v1M40 56v1M56 56v1",
    [PICTURE_DISC] = "M22 48a26 26 0 1 0 52 0a26 26 0 1 0-52 0M42 48a6 6 0 1 0 12 0a6 6 0 1 0-12 0",
    [PICTURE_KITE] = "M48 18l18 24-18 28-18-28zM48 18v52M30 42h36M48 70c6 4-6 6 0 12",
    [PICTURE_KNIFE] = "M40 54l26-32c6 12 0 28-18 40zM40 54l8 8-16 14-8-8z",
    [PICTURE_LAMP] = "M38 22h20l10 24H28zM48 46v26M36 72h24",
    [PICTURE_PAN] = "M20 48a20 20 0 1 0 40 0a20 20 0 1 0-40 0M60 48h20M26 48a14 14 0 0 1 14-14",
    [PICTURE_PAPER] = "M30 22h26l12 12v40H30zM56 22v12h12M38 46h22M38 54h22M38 62h14",
    [PICTURE_PEN] = "M60 22l12 12-34 34-16 4 4-16zM54 28l12 12",
    [PICTURE_PHONES] = "M20 56v-8a28 28 0 0 1 56 0v8h-6v-8a22 22 0 0 0-44 0v8zM22 54h12v20H22z"
                       "M62 54h12v20H62z",
    [PICTURE_PLANT] = "M34 54h28l-4 20H38zM48 54V38M48 44c-12 0-18-6-18-16 12 0 18 6 18 16z"
                      "M48 38c0-10 6-16 18-16 0 10-6 16-18 16z",
    [PICTURE_POT] = "M26 42h44v16a12 12 0 0 1-12 12H38a12 12 0 0 1-12-12zM20 42h56M42 36h12v6H42z",
    [PICTURE_SPEAKER] = "M32 20h32v56H32zM40 56a8 8 0 1 0 16 0a8 8 0 1 0-16 0"
                        "M44 34a4 4 0 1 0 8 0a4 4 0 1 0-8 0",
    [PICTURE_TENT] = "M48 24l28 46H20zM48 42l14 28H34z",
    [PICTURE_TROWEL] = "M48 20v24M40 20h16M36 44h24l-4 20-8 12-8-12z",
    [PICTURE_VASE] = "M40 22h16v10c10 6 14 14 14 22 0 10-6 18-12 18H38c-6 0-12-8-12-18"
                     " 0-8 4-16 14-22z",
};

/* Names that the attribute "color" uses. */
static const struct {
    const char *name;
    const char *hex;
} colours[] = {
    {"brass", "c9a54c"}, {"charcoal", "55585e"},   {"cream", "f4ead2"},  {"honey", "e6b54a"},
    {"moss", "7f9360"},  {"navy", "3f5480"},       {"oak", "c79c66"},    {"plum", "6d3f63"},
    {"rust", "c2643f"},  {"sand", "dbc6a0"},       {"sky", "93bcd8"},    {"slate", "77889a"},
    {"steel", "b9c2c9"}, {"terracotta", "cc7a55"}, {"walnut", "7d5a41"},
};

/* The hexadecimal colour that the product's attributes name; NULL = none. */
static const char *colour_of(const ctl_catalogue_item *item)
{
    const char *at = strstr(item->attributes, "color=");
    for (size_t i = 0; at != NULL && i < sizeof colours / sizeof *colours; i++) {
        size_t length = strlen(colours[i].name);
        if (strncmp(at + 6, colours[i].name, length) == 0 &&
            (at[6 + length] == ';' || at[6 + length] == 0))
            return colours[i].hex;
    }
    return NULL;
}

/* FNV-1a: places the sun behind each product elsewhere, and tints what names no colour. */
static uint32_t hash(const char *text)
{
    uint32_t value = 2166136261u;
    for (; *text != 0; text++)
        value = (value ^ (uint8_t)*text) * 16777619u;
    return value;
}

/* Percent-encodes what an address must not hold (RFC 3986). */
static void encode(const char *svg, char out[CTL_PICTURE_BYTES])
{
    static const char digits[] = "0123456789ABCDEF";
    size_t length = (size_t)snprintf(out, CTL_PICTURE_BYTES, "data:image/svg+xml,");
    for (; *svg != 0 && length + 4 < CTL_PICTURE_BYTES; svg++) {
        if (strchr(" <>#%\"", *svg) == NULL) {
            out[length++] = *svg;
            continue;
        }
        out[length++] = '%';
        out[length++] = digits[(uint8_t)*svg >> 4];
        out[length++] = digits[(uint8_t)*svg & 15];
    }
    out[length] = 0;
}

const char *ctl_catalogue_picture(const ctl_catalogue_item *item,
                                  const ctl_catalogue_section *section, char out[CTL_PICTURE_BYTES])
{
    char svg[CTL_PICTURE_BYTES / 2], fill[32];
    const char *colour = colour_of(item);
    uint32_t place = hash(item->sku);
    if (colour != NULL)
        snprintf(fill, sizeof fill, "#%s", colour);
    else
        snprintf(fill, sizeof fill, "hsl(%u,42%%,66%%)", (section->hue + 300 + place % 121) % 360);
    snprintf(svg, sizeof svg,
             "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 96 96'>"
             "<rect width='96' height='96' fill='hsl(%u,38%%,92%%)'/>"
             "<circle cx='%u' cy='%u' r='30' fill='hsl(%u,45%%,84%%)'/>"
             "<path d='%s' fill='%s' stroke='hsl(%u,30%%,24%%)' stroke-width='2.5' "
             "stroke-linejoin='round' stroke-linecap='round'/></svg>",
             section->hue, 20 + place % 56, 20 + place / 56 % 56, (section->hue + 25) % 360,
             paths[item->picture], fill, section->hue);
    encode(svg, out);
    return out;
}
