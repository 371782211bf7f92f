/* SPDX-License-Identifier: MIT */
/* The table in a snapshot: the directory, then in the same order each row. A link is written as the
 * position of its SKU in that order. Dead links are left out: nothing depends on them. */
#include "pairs_image.h"

static void put_row(struct image *image, const struct pairs *pairs, uint32_t slot)
{
    const uint64_t *links = aurora__pairs_links(pairs, slot);
    const struct bounds *bounds = aurora__pairs_bounds(pairs, slot);
    uint32_t used = aurora__pairs_used(pairs, slot);
    uint32_t live = 0;
    for (uint32_t i = 0; i < used; i++)
        live += aurora__pairs_is_live(pairs, links[i]) ? 1 : 0;
    aurora__image_put_f64(image, aurora__pairs_floor(pairs, slot));
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
    for (uint32_t slot = 0; status == AURORA_OK && slot < pairs->directory.count; slot++) {
        double floor;
        bool is_sound = aurora__image_get_sum(reader, &floor);
        uint32_t used = aurora__image_get_u32(reader);
        if (!is_sound || reader->is_short)
            return AURORA_ECORRUPT;
        if (used > pairs->width)
            return used > AURORA_RELATED_NEIGHBOURS_MAX ? AURORA_ECORRUPT : AURORA_ENOMEM;
        aurora__pairs_row(pairs, slot, floor);
        for (uint32_t i = 0; i < used; i++) {
            if (!read_link(reader, pairs, slot))
                return AURORA_ECORRUPT;
        }
    }
    return status;
}
