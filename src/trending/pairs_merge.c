/* SPDX-License-Identifier: MIT */
/* Merging two tables without memory for a third. A pair that one side does not list has there at
 * most that row's floor or, where the side does not hold one of the SKUs, the directory's. */
#include "pairs.h"

static double larger(double a, double b)
{
    return a > b ? a : b;
}

/* Adds what the other side knows of the pairs that this row lists already. */
static void add_known(struct pairs *pairs, const struct pairs *from, double from_factor,
                      uint32_t slot)
{
    const struct sketch *directory = &pairs->directory;
    const uint64_t *links = aurora__pairs_links(pairs, slot);
    struct bounds *bounds = aurora__pairs_bounds(pairs, slot);
    uint32_t used = aurora__pairs_used(pairs, slot);
    uint32_t twin = aurora__sketch_find(&from->directory, &directory->counters[slot].label);
    for (uint32_t i = 0; i < used; i++) {
        if (!aurora__pairs_is_live(pairs, links[i]))
            continue;
        const struct label *label = &directory->counters[aurora__pairs_slot(links[i])].label;
        uint32_t other = aurora__sketch_find(&from->directory, label);
        struct bounds known = {.score = from->directory.floor, .error = from->directory.floor};
        if (twin != SKETCH_NO_SLOT && other != SKETCH_NO_SLOT)
            known = aurora__pairs_view(from, twin, other);
        bounds[i].score += known.score * from_factor;
        bounds[i].error += known.error * from_factor;
    }
}

/* Takes over the pairs that only the other side lists. A pair of both that is cut on the way cannot
 * come back too light: either its sum was above what is offered here, and then the offer is below
 * all that are listed, or this side's share of it was below `own_floor`, which is offered instead.
 * */
static double add_missing(struct pairs *pairs, const struct pairs *from, double from_factor,
                          uint32_t slot, uint32_t twin)
{
    double own_floor = pairs->rows[slot].floor;
    double cut = 0.0;
    const uint64_t *links = aurora__pairs_links(from, twin);
    const struct bounds *bounds = aurora__pairs_bounds(from, twin);
    uint32_t used = aurora__pairs_used(from, twin);
    for (uint32_t i = 0; i < used; i++) {
        if (!aurora__pairs_is_live(from, links[i]))
            continue;
        const struct label *label = &from->directory.counters[aurora__pairs_slot(links[i])].label;
        uint32_t other = aurora__sketch_find(&pairs->directory, label);
        if (other == SKETCH_NO_SLOT)
            continue;
        uint64_t link = aurora__pairs_link(pairs, other);
        if (aurora__pairs_find(pairs, slot, link) != PAIRS_NO_LINK)
            continue;
        struct bounds sum = {.score = bounds[i].score * from_factor + own_floor,
                             .error = bounds[i].error * from_factor + own_floor};
        cut = larger(cut, aurora__pairs_offer(pairs, slot, link, sum));
    }
    return cut;
}

void aurora__pairs_merge(struct pairs *pairs, const struct pairs *from, double from_factor)
{
    struct sketch *directory = &pairs->directory;
    double own_floor = directory->floor;
    for (uint32_t slot = 0; slot < directory->count; slot++) {
        struct row *row = aurora__pairs_row(pairs, slot, directory->counters[slot].error);
        add_known(pairs, from, from_factor, slot);
        row->floor = larger(row->floor, own_floor);
    }
    aurora__sketch_merge(directory, &from->directory, from_factor);
    aurora__tally_merge(&pairs->tally, &from->tally, from_factor);
    for (uint32_t slot = 0; slot < directory->count; slot++) {
        struct row *row = aurora__pairs_row(pairs, slot, own_floor);
        uint32_t twin = aurora__sketch_find(&from->directory, &directory->counters[slot].label);
        double from_floor = from->directory.floor;
        double cut = 0.0;
        if (twin != SKETCH_NO_SLOT) {
            from_floor = larger(from_floor, aurora__pairs_floor(from, twin));
            cut = add_missing(pairs, from, from_factor, slot, twin);
        }
        row->floor = larger(row->floor + from_floor * from_factor, cut);
        row->cut = row->floor;
    }
}
