/* SPDX-License-Identifier: MIT */
/* The table in a snapshot: the directory, the tally, then in the directory's order each row. A link
 * is written as the position of its SKU in that order. Dead links are left out: nothing depends on
 * them. */
#include "pairs_image.h"

#include <string.h>

/* Eight bits of exponent and eight of mantissa, rounded up: cells are upper bounds. */
static uint16_t code_of(float cell)
{
    uint32_t bits;
    memcpy(&bits, &cell, sizeof bits);
    return (uint16_t)((bits + 0x7fff) >> 15);
}

static float cell_of(uint16_t code)
{
    uint32_t bits = (uint32_t)code << 15;
    float cell;
    memcpy(&cell, &bits, sizeof cell);
    return cell;
}

/* How many empty cells begin here, at most 65,535. */
static uint16_t empty_run(const float *cells, size_t count)
{
    uint16_t run = 0;
    while (run < count && run < UINT16_MAX && !(cells[run] > 0))
        run++;
    return run;
}

/* A run of empty cells is a zero and its length: a small shop fills few. */
static void put_tally(struct image *image, const struct tally *tally)
{
    size_t count = TALLY_ROWS * ((size_t)tally->mask + 1);
    aurora__image_put_f64(image, tally->unit);
    aurora__image_put_u32(image, tally->mask + 1);
    for (size_t i = 0; i < count;) {
        uint16_t run = empty_run(tally->cells + i, count - i);
        aurora__image_put_u16(image, code_of(tally->cells[i]));
        if (run > 0)
            aurora__image_put_u16(image, run);
        i += run > 0 ? run : 1;
    }
}

/* A tally of another size is folded into this one. */
static void put_cell(const struct tally *tally, uint32_t width, uint64_t place, float cell)
{
    float *cells = tally->cells + place / width * ((size_t)tally->mask + 1);
    for (size_t at = place % width & tally->mask; at <= tally->mask; at += width)
        cells[at] = cells[at] < cell ? cell : cells[at];
}

static bool get_cells(struct image_reader *reader, const struct tally *tally, uint32_t width)
{
    uint64_t count = TALLY_ROWS * (uint64_t)width;
    for (uint64_t i = 0; i < count;) {
        uint16_t code = aurora__image_get_u16(reader);
        uint16_t run = code == 0 ? aurora__image_get_u16(reader) : 1;
        float cell = cell_of(code);
        if (reader->is_short || run == 0 || run > count - i || !(cell >= 0) ||
            cell > TALLY_CELL_MAX)
            return false;
        if (code != 0)
            put_cell(tally, width, i, cell);
        i += run;
    }
    return true;
}

static bool get_tally(struct image_reader *reader, struct tally *tally)
{
    bool is_sound = aurora__image_get_sum(reader, &tally->unit) && tally->unit > 0.0;
    uint32_t width = aurora__image_get_u32(reader);
    if (!is_sound || reader->is_short || width == 0 || (width & (width - 1)) != 0)
        return false;
    return get_cells(reader, tally, width);
}

static void put_row(struct image *image, const struct pairs *pairs, uint32_t slot)
{
    const uint64_t *links = aurora__pairs_links(pairs, slot);
    const struct bounds *bounds = aurora__pairs_bounds(pairs, slot);
    uint32_t used = aurora__pairs_used(pairs, slot);
    uint32_t live = 0;
    for (uint32_t i = 0; i < used; i++)
        live += aurora__pairs_is_live(pairs, links[i]) ? 1 : 0;
    aurora__image_put_f64(image, aurora__pairs_floor(pairs, slot));
    aurora__image_put_f64(image, aurora__pairs_cut(pairs, slot));
    aurora__image_put_u32(image, live);
    for (uint32_t i = 0; i < used; i++) {
        if (!aurora__pairs_is_live(pairs, links[i]))
            continue;
        aurora__image_put_u32(image, pairs->directory.places[aurora__pairs_slot(links[i])]);
        aurora__image_put_f64(image, bounds[i].score);
        aurora__image_put_f64(image, bounds[i].error);
    }
}

void aurora__image_put_pairs(struct image *image, const struct pairs *pairs)
{
    aurora__image_put_sketch(image, &pairs->directory);
    put_tally(image, &pairs->tally);
    for (uint32_t place = 0; place < pairs->directory.count; place++)
        put_row(image, pairs, pairs->directory.nodes[place].slot);
}

static bool read_link(struct image_reader *reader, struct pairs *pairs, uint32_t slot)
{
    uint32_t other = aurora__image_get_u32(reader);
    struct bounds bounds;
    if (!aurora__image_get_bounds(reader, &bounds.score, &bounds.error) || reader->is_short ||
        other >= pairs->directory.count || other == slot)
        return false;
    uint64_t link = aurora__pairs_link(pairs, other);
    if (aurora__pairs_find(pairs, slot, link) != PAIRS_NO_LINK)
        return false;
    aurora__pairs_offer(pairs, slot, link, bounds);
    return true;
}

/* Slots of a directory just read are positions in the image. */
aurora_status aurora__image_get_pairs(struct image_reader *reader, struct pairs *pairs)
{
    aurora_status status = aurora__image_get_sketch(reader, &pairs->directory);
    if (status == AURORA_OK && !get_tally(reader, &pairs->tally))
        return AURORA_ECORRUPT;
    for (uint32_t slot = 0; status == AURORA_OK && slot < pairs->directory.count; slot++) {
        double floor;
        double cut;
        bool is_sound = aurora__image_get_sum(reader, &floor) &&
                        aurora__image_get_sum(reader, &cut) && cut <= floor;
        uint32_t used = aurora__image_get_u32(reader);
        if (!is_sound || reader->is_short)
            return AURORA_ECORRUPT;
        if (used > pairs->width)
            return used > AURORA_RELATED_NEIGHBOURS_MAX ? AURORA_ECORRUPT : AURORA_ENOMEM;
        aurora__pairs_row(pairs, slot, floor)->cut = cut;
        for (uint32_t i = 0; i < used; i++) {
            if (!read_link(reader, pairs, slot))
                return AURORA_ECORRUPT;
        }
    }
    return status;
}
