/* SPDX-License-Identifier: MIT */
#include "tally.h"

#include <string.h>

#define CELLS_A_LINK 4
#define LARGEST 0x1p64f /* of a cell, in units */
#define SMALLEST 0x1p-126f
#define SHIFT 0x1p48 /* a step of the unit */

uint32_t aurora__tally_cells(size_t links)
{
    uint32_t cells = 16;
    while (cells < CELLS_A_LINK * links)
        cells *= 2;
    return cells;
}

void aurora__tally_init(struct tally *tally, void *memory, uint32_t cells)
{
    *tally = (struct tally){.mask = cells - 1, .cells = memory};
    aurora__tally_reset(tally);
}

void aurora__tally_reset(struct tally *tally)
{
    tally->unit = 1.0;
    memset(tally->cells, 0, TALLY_ROWS * ((size_t)tally->mask + 1) * sizeof *tally->cells);
}

struct place {
    uint32_t at[TALLY_ROWS];
};

/* The same for (a, b) and (b, a). The lowest bits choose, so that a smaller tally folds a larger
 * one. */
static struct place place_of(const struct tally *tally, const struct label *a,
                             const struct label *b)
{
    uint64_t low = a->hash < b->hash ? a->hash : b->hash;
    uint64_t high = a->hash < b->hash ? b->hash : a->hash;
    uint64_t hash = (high << 32 | low) * UINT64_C(0x9e3779b97f4a7c15);
    hash = (hash ^ hash >> 32) * UINT64_C(0xd6e8feb86659fd93);
    hash ^= hash >> 32;
    struct place place = {
        {(uint32_t)hash & tally->mask, tally->mask + 1 + ((uint32_t)(hash >> 32) & tally->mask)}};
    return place;
}

static float least(const struct tally *tally, const struct place *place)
{
    float first = tally->cells[place->at[0]];
    float second = tally->cells[place->at[1]];
    return first < second ? first : second;
}

/* Never less than `value`: these are upper bounds. */
static float rounded_up(double value)
{
    float nearest = (float)value;
    if ((double)nearest >= value)
        return nearest;
    uint32_t bits;
    memcpy(&bits, &nearest, sizeof bits);
    bits++;
    memcpy(&nearest, &bits, sizeof bits);
    return nearest;
}

/* What becomes too small for a float stays at the least that one holds: a bound, and nothing beside
 * anything of today. */
static void coarsen(struct tally *tally)
{
    size_t count = TALLY_ROWS * ((size_t)tally->mask + 1);
    for (size_t i = 0; i < count; i++) {
        float cell = tally->cells[i];
        float smaller = cell * (float)(1.0 / SHIFT);
        tally->cells[i] = cell > 0 && smaller < SMALLEST ? SMALLEST : smaller;
    }
    tally->unit *= SHIFT;
}

/* A unit that has decayed away altogether takes its cells with it. */
static void fit(struct tally *tally, double sum)
{
    if (!(tally->unit > 0.0))
        aurora__tally_reset(tally);
    while (sum / tally->unit > (double)LARGEST)
        coarsen(tally);
}

double aurora__tally_add(struct tally *tally, const struct label *a, const struct label *b,
                         double amount)
{
    struct place place = place_of(tally, a, b);
    if (!(amount <= tally->unit * (double)LARGEST / 4))
        fit(tally, amount * 4);
    float before = least(tally, &place);
    if (before >= LARGEST / 2) {
        coarsen(tally);
        before = least(tally, &place);
    }
    float after = rounded_up((double)before + amount / tally->unit);
    for (int row = 0; row < TALLY_ROWS; row++) {
        if (tally->cells[place.at[row]] < after)
            tally->cells[place.at[row]] = after;
    }
    return (double)before * tally->unit;
}

double aurora__tally_bound(const struct tally *tally, const struct label *a, const struct label *b)
{
    struct place place = place_of(tally, a, b);
    return (double)least(tally, &place) * tally->unit;
}

/* The largest cell of `from` whose pairs fall into cell `at` of a row of `tally`. */
static double share_of(const struct tally *tally, const struct tally *from, uint32_t row,
                       uint32_t at)
{
    const float *cells = from->cells + row * ((size_t)from->mask + 1);
    float most = 0;
    for (size_t i = at & from->mask; i <= from->mask; i += (size_t)tally->mask + 1)
        most = cells[i] > most ? cells[i] : most;
    return (double)most * from->unit;
}

void aurora__tally_merge(struct tally *tally, const struct tally *from, double from_factor)
{
    size_t width = (size_t)tally->mask + 1;
    double largest = 0.0;
    for (size_t i = 0; i < TALLY_ROWS * ((size_t)from->mask + 1); i++)
        largest = (double)from->cells[i] > largest ? (double)from->cells[i] : largest;
    for (size_t i = 0; i < TALLY_ROWS * width; i++) {
        if (tally->cells[i] >= LARGEST / 2) {
            coarsen(tally);
            break;
        }
    }
    fit(tally, 4 * largest * from->unit * from_factor);
    for (uint32_t row = 0; row < TALLY_ROWS; row++) {
        for (uint32_t at = 0; at < width; at++) {
            float *cell = &tally->cells[row * width + at];
            double share = share_of(tally, from, row, at) * from_factor / tally->unit;
            *cell = rounded_up((double)*cell + share);
        }
    }
}

void aurora__tally_multiply(struct tally *tally, double factor)
{
    tally->unit *= factor;
    fit(tally, 0.0);
}
