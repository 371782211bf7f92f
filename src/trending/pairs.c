/* SPDX-License-Identifier: MIT */
#include "pairs.h"

#include <string.h>

#include <aurora/related.h>

size_t aurora__pairs_bytes(uint32_t capacity, uint32_t width)
{
    size_t list = width * (sizeof(uint64_t) + sizeof(struct bounds));
    size_t cells = aurora__tally_cells((size_t)capacity * width);
    return sizeof(struct pairs) + capacity * (sizeof(struct row) + list) +
           TALLY_ROWS * cells * sizeof(float) + aurora__sketch_bytes(capacity);
}

void aurora__pairs_init(struct pairs *pairs, uint32_t capacity, uint32_t width,
                        int64_t half_life_ms)
{
    size_t links = (size_t)capacity * width;
    pairs->width = width;
    pairs->rows = (struct row *)(void *)(pairs + 1);
    pairs->bounds = (struct bounds *)(void *)(pairs->rows + capacity);
    pairs->links = (uint64_t *)(void *)(pairs->bounds + links);
    float *cells = (float *)(void *)(pairs->links + links);
    uint32_t count = aurora__tally_cells(links);
    aurora__tally_init(&pairs->tally, cells, count);
    aurora__sketch_init(&pairs->directory, cells + (size_t)TALLY_ROWS * count, capacity,
                        half_life_ms);
    aurora__pairs_reset(pairs);
}

void aurora__pairs_reset(struct pairs *pairs)
{
    aurora__sketch_reset(&pairs->directory);
    aurora__tally_reset(&pairs->tally);
    memset(pairs->rows, 0, pairs->directory.capacity * sizeof(struct row));
}

static double larger(double a, double b)
{
    return a > b ? a : b;
}

static double smaller(double a, double b)
{
    return a < b ? a : b;
}

static bool is_begun(const struct pairs *pairs, uint32_t slot)
{
    return pairs->rows[slot].generation == pairs->directory.generations[slot];
}

struct row *aurora__pairs_row(struct pairs *pairs, uint32_t slot, double floor)
{
    struct row *row = &pairs->rows[slot];
    if (!is_begun(pairs, slot))
        *row = (struct row){.floor = floor, .generation = pairs->directory.generations[slot]};
    return row;
}

uint64_t aurora__pairs_link(const struct pairs *pairs, uint32_t slot)
{
    return (uint64_t)pairs->directory.generations[slot] << 32 | slot;
}

uint32_t aurora__pairs_slot(uint64_t link)
{
    return (uint32_t)link;
}

bool aurora__pairs_is_live(const struct pairs *pairs, uint64_t link)
{
    return link == aurora__pairs_link(pairs, aurora__pairs_slot(link));
}

uint64_t *aurora__pairs_links(const struct pairs *pairs, uint32_t slot)
{
    return pairs->links + (size_t)slot * pairs->width;
}

struct bounds *aurora__pairs_bounds(const struct pairs *pairs, uint32_t slot)
{
    return pairs->bounds + (size_t)slot * pairs->width;
}

uint32_t aurora__pairs_used(const struct pairs *pairs, uint32_t slot)
{
    return is_begun(pairs, slot) ? pairs->rows[slot].used : 0;
}

double aurora__pairs_floor(const struct pairs *pairs, uint32_t slot)
{
    return is_begun(pairs, slot) ? pairs->rows[slot].floor : pairs->directory.counters[slot].error;
}

double aurora__pairs_cut(const struct pairs *pairs, uint32_t slot)
{
    return is_begun(pairs, slot) ? pairs->rows[slot].cut : 0.0;
}

/* Looks at every link on purpose: lists are short, and a guess at where to stop costs more when it
 * is wrong than the rest of the list. */
uint32_t aurora__pairs_find(const struct pairs *pairs, uint32_t slot, uint64_t link)
{
    const uint64_t *links = aurora__pairs_links(pairs, slot);
    uint32_t used = aurora__pairs_used(pairs, slot);
    uint32_t found = PAIRS_NO_LINK;
    for (uint32_t i = 0; i < used; i++)
        found = links[i] == link ? i : found;
    return found;
}

struct bounds aurora__pairs_view(const struct pairs *pairs, uint32_t slot, uint32_t other)
{
    uint32_t i = aurora__pairs_find(pairs, slot, aurora__pairs_link(pairs, other));
    if (i != PAIRS_NO_LINK)
        return aurora__pairs_bounds(pairs, slot)[i];
    const struct counter *counters = pairs->directory.counters;
    double most = larger(aurora__pairs_floor(pairs, slot), counters[other].error);
    most = smaller(
        most, aurora__tally_bound(&pairs->tally, &counters[slot].label, &counters[other].label));
    return (struct bounds){.score = most, .error = most};
}

/* A free place, else that of a dead link, else PAIRS_NO_LINK. */
static uint32_t find_room(const struct pairs *pairs, uint32_t slot)
{
    uint32_t used = pairs->rows[slot].used;
    if (used < pairs->width)
        return used;
    const uint64_t *links = aurora__pairs_links(pairs, slot);
    for (uint32_t i = 0; i < used; i++) {
        if (!aurora__pairs_is_live(pairs, links[i]))
            return i;
    }
    return PAIRS_NO_LINK;
}

static uint32_t find_lightest(const struct pairs *pairs, uint32_t slot)
{
    const struct bounds *bounds = aurora__pairs_bounds(pairs, slot);
    uint32_t lightest = 0;
    for (uint32_t i = 1; i < pairs->rows[slot].used; i++) {
        if (bounds[i].score < bounds[lightest].score)
            lightest = i;
    }
    return lightest;
}

static void put(struct pairs *pairs, uint32_t slot, uint32_t place, uint64_t link,
                struct bounds bounds)
{
    aurora__pairs_links(pairs, slot)[place] = link;
    aurora__pairs_bounds(pairs, slot)[place] = bounds;
    if (place == pairs->rows[slot].used)
        pairs->rows[slot].used++;
}

double aurora__pairs_offer(struct pairs *pairs, uint32_t slot, uint64_t link, struct bounds bounds)
{
    uint32_t room = find_room(pairs, slot);
    if (room != PAIRS_NO_LINK) {
        put(pairs, slot, room, link, bounds);
        return 0.0;
    }
    uint32_t lightest = find_lightest(pairs, slot);
    double least = aurora__pairs_bounds(pairs, slot)[lightest].score;
    if (bounds.score <= least)
        return bounds.score;
    put(pairs, slot, lightest, link, bounds);
    return least;
}

static void cut(struct row *row, double sum)
{
    row->cut = larger(row->cut, sum);
    row->floor = larger(row->floor, sum);
}

/* `most` is what the tally had of the pair before. A pair is listed in a free place, or in the
 * place of a dead link or of the lightest pair if it may be heavier than any that was cut: so all
 * that are listed weigh at least as much as what is not, and together no more than what was
 * counted. */
static void count_pair(struct pairs *pairs, uint32_t slot, uint32_t other, double amount,
                       double most)
{
    const struct counter *counters = pairs->directory.counters;
    struct row *row = aurora__pairs_row(pairs, slot, counters[slot].error);
    uint64_t link = aurora__pairs_link(pairs, other);
    uint32_t place = aurora__pairs_find(pairs, slot, link);
    if (place != PAIRS_NO_LINK) {
        aurora__pairs_bounds(pairs, slot)[place].score += amount;
        return;
    }
    double before = smaller(most, larger(row->floor, counters[other].error));
    double least = row->cut;
    place = find_room(pairs, slot);
    bool is_full = place == PAIRS_NO_LINK;
    if (is_full) {
        place = find_lightest(pairs, slot);
        least = aurora__pairs_bounds(pairs, slot)[place].score;
    }
    if (least > 0.0 && before + amount <= least) {
        cut(row, before + amount);
        return;
    }
    if (is_full)
        cut(row, least);
    put(pairs, slot, place, link, (struct bounds){.score = before + amount, .error = before});
}

static void count_both(struct pairs *pairs, const struct label *const *labels,
                       const uint64_t *links, double amount)
{
    double most = aurora__tally_add(&pairs->tally, labels[0], labels[1], amount);
    if (!aurora__pairs_is_live(pairs, links[0]) || !aurora__pairs_is_live(pairs, links[1]))
        return;
    uint32_t first = aurora__pairs_slot(links[0]);
    uint32_t second = aurora__pairs_slot(links[1]);
    count_pair(pairs, first, second, amount, most);
    count_pair(pairs, second, first, amount, most);
}

/* In a small directory a SKU of the basket may push out an earlier one of the same basket: then
 * their pair is counted by the tally alone. */
void aurora__pairs_count(struct pairs *pairs, const struct label *labels, uint32_t count,
                         double amount)
{
    uint64_t links[AURORA_RELATED_BASKET_MAX];
    for (uint32_t i = 0; i < count; i++) {
        uint32_t slot = aurora__sketch_count(&pairs->directory, &labels[i], amount);
        links[i] = aurora__pairs_link(pairs, slot);
    }
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t j = i + 1; j < count; j++)
            count_both(pairs, (const struct label *const[]){&labels[i], &labels[j]},
                       (const uint64_t[]){links[i], links[j]}, amount);
    }
}

void aurora__pairs_multiply(struct pairs *pairs, double factor)
{
    aurora__sketch_multiply(&pairs->directory, factor);
    aurora__tally_multiply(&pairs->tally, factor);
    for (uint32_t slot = 0; slot < pairs->directory.count; slot++) {
        struct bounds *bounds = aurora__pairs_bounds(pairs, slot);
        uint32_t used = aurora__pairs_used(pairs, slot);
        pairs->rows[slot].floor *= factor;
        pairs->rows[slot].cut *= factor;
        for (uint32_t i = 0; i < used; i++) {
            bounds[i].score *= factor;
            bounds[i].error *= factor;
        }
    }
}
