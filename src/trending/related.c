/* SPDX-License-Identifier: MIT */
#include <aurora/related.h>

#include <string.h>

#include "pairs.h"
#include "pairs_image.h"
#include "ranking.h"

_Static_assert(sizeof(aurora_related) == 32, "pinned");

/* As in topk.c, the words only name the memory. */
static struct pairs *pairs_of(const aurora_related *related)
{
    return related == NULL ? NULL : (struct pairs *)(uintptr_t)related->words[0];
}

size_t aurora_related_bytes(uint32_t capacity, uint32_t neighbours)
{
    if (capacity == 0 || capacity > AURORA_TOPK_CAPACITY_MAX || neighbours == 0 ||
        neighbours > AURORA_RELATED_NEIGHBOURS_MAX)
        return 0;
    return aurora__pairs_bytes(capacity, neighbours);
}

static uint32_t capacity_within(size_t size, uint32_t neighbours)
{
    uint32_t fits = 0;
    uint32_t beyond = AURORA_TOPK_CAPACITY_MAX + 1;
    while (beyond - fits > 1) {
        uint32_t middle = fits + (beyond - fits) / 2;
        if (aurora_related_bytes(middle, neighbours) <= size)
            fits = middle;
        else
            beyond = middle;
    }
    return fits;
}

aurora_status aurora_related_init(aurora_related *related, void *memory, size_t size,
                                  uint32_t neighbours, int64_t half_life_ms)
{
    if (related == NULL)
        return AURORA_EINVAL;
    memset(related, 0, sizeof *related);
    if (memory == NULL || (uintptr_t)memory % _Alignof(uint64_t) != 0 ||
        aurora_related_bytes(1, neighbours) == 0 || half_life_ms < 1 ||
        !aurora__decay_is_time(half_life_ms))
        return AURORA_EINVAL;
    uint32_t capacity = capacity_within(size, neighbours);
    if (capacity == 0)
        return AURORA_EINVAL;
    struct pairs *pairs = memory;
    aurora__pairs_init(pairs, capacity, neighbours, half_life_ms);
    related->words[0] = (uintptr_t)pairs;
    return AURORA_OK;
}

void aurora_related_reset(aurora_related *related)
{
    struct pairs *pairs = pairs_of(related);
    if (pairs != NULL)
        aurora__pairs_reset(pairs);
}

static bool is_among(const struct label *label, const struct label *labels, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (aurora__label_is_equal(&labels[i], label))
            return true;
    }
    return false;
}

static bool read_basket(const char *const *skus, uint32_t count, struct label *labels_out,
                        uint32_t *distinct_out)
{
    uint32_t distinct = 0;
    for (uint32_t i = 0; i < count && distinct < AURORA_RELATED_BASKET_MAX; i++) {
        if (!aurora__label_read(skus[i], &labels_out[distinct]))
            return false;
        if (!is_among(&labels_out[distinct], labels_out, distinct))
            distinct++;
    }
    *distinct_out = distinct;
    return true;
}

aurora_status aurora_related_add(aurora_related *related, const char *const *skus, uint32_t count,
                                 double weight, int64_t at_ms)
{
    struct pairs *pairs = pairs_of(related);
    struct label labels[AURORA_RELATED_BASKET_MAX];
    uint32_t distinct;
    if (pairs == NULL || (skus == NULL && count > 0) || !(weight > 0.0) ||
        weight > AURORA_TOPK_WEIGHT_MAX || !aurora__decay_is_time(at_ms) ||
        !read_basket(skus, count, labels, &distinct))
        return AURORA_EINVAL;
    if (distinct < 2)
        return AURORA_OK;
    struct decay *decay = &pairs->directory.decay;
    double factor = aurora__decay_advance(decay, at_ms);
    if (factor != 1.0)
        aurora__pairs_multiply(pairs, factor);
    double amount = weight * aurora__decay_growth(decay, at_ms);
    if (amount > 0.0)
        aurora__pairs_count(pairs, labels, distinct, amount);
    return AURORA_OK;
}

aurora_status aurora_related_merge(aurora_related *related, const aurora_related *from)
{
    struct pairs *pairs = pairs_of(related);
    const struct pairs *other = pairs_of(from);
    if (pairs == NULL || other == NULL || pairs == other ||
        pairs->directory.decay.half_life_ms != other->directory.decay.half_life_ms)
        return AURORA_EINVAL;
    double own_factor;
    double from_factor;
    aurora__decay_align(&pairs->directory.decay, &other->directory.decay, &own_factor,
                        &from_factor);
    if (own_factor != 1.0)
        aurora__pairs_multiply(pairs, own_factor);
    aurora__pairs_merge(pairs, other, from_factor);
    return AURORA_OK;
}

/* Both rows enclose the same sum: what is left is where they overlap. */
static struct bounds narrow(struct bounds a, struct bounds b)
{
    double most = a.score < b.score ? a.score : b.score;
    double least = a.score - a.error > b.score - b.error ? a.score - a.error : b.score - b.error;
    return (struct bounds){.score = most, .error = least < most ? most - least : 0.0};
}

aurora_status aurora_related_list(const aurora_related *related, const char *sku, int64_t at_ms,
                                  uint32_t limit, aurora_topk_item *items_out, uint32_t *count_out)
{
    const struct pairs *pairs = pairs_of(related);
    struct label label;
    if (pairs == NULL || !aurora__label_read(sku, &label) || !aurora__decay_is_time(at_ms) ||
        at_ms < pairs->directory.decay.newest_ms || count_out == NULL ||
        (items_out == NULL && limit > 0))
        return AURORA_EINVAL;
    *count_out = 0;
    uint32_t slot = aurora__sketch_find(&pairs->directory, &label);
    if (slot == SKETCH_NO_SLOT)
        return AURORA_OK;
    struct ranking ranking = {.items = items_out, .limit = limit};
    double scale = aurora__decay_scale(&pairs->directory.decay, at_ms);
    const uint64_t *links = aurora__pairs_links(pairs, slot);
    for (uint32_t i = 0; i < aurora__pairs_used(pairs, slot); i++) {
        if (!aurora__pairs_is_live(pairs, links[i]))
            continue;
        uint32_t other = aurora__pairs_slot(links[i]);
        struct bounds bounds =
            narrow(aurora__pairs_bounds(pairs, slot)[i], aurora__pairs_view(pairs, other, slot));
        aurora__ranking_offer(&ranking, &pairs->directory.counters[other].label,
                              bounds.score * scale, bounds.error * scale);
    }
    aurora__ranking_sort(&ranking);
    *count_out = ranking.count;
    return AURORA_OK;
}

int64_t aurora_related_newest_ms(const aurora_related *related)
{
    const struct pairs *pairs = pairs_of(related);
    return pairs == NULL ? -1 : pairs->directory.decay.newest_ms;
}

uint32_t aurora_related_capacity(const aurora_related *related)
{
    const struct pairs *pairs = pairs_of(related);
    return pairs == NULL ? 0 : pairs->directory.capacity;
}

static void write_image(struct image *image, const struct pairs *pairs, size_t length)
{
    aurora__image_begin(image, IMAGE_KIND_RELATED, length, &pairs->directory.decay);
    aurora__image_put_pairs(image, pairs);
    aurora__image_end(image);
}

size_t aurora_related_snapshot_bytes(const aurora_related *related)
{
    const struct pairs *pairs = pairs_of(related);
    struct image measure = {0};
    if (pairs != NULL)
        write_image(&measure, pairs, 0);
    return measure.at;
}

aurora_status aurora_related_snapshot(const aurora_related *related, void *bytes_out, size_t size,
                                      size_t *used_out)
{
    const struct pairs *pairs = pairs_of(related);
    size_t length = aurora_related_snapshot_bytes(related);
    if (pairs == NULL || bytes_out == NULL || used_out == NULL || size < length)
        return AURORA_EINVAL;
    struct image image = {.bytes = bytes_out};
    write_image(&image, pairs, length);
    *used_out = image.at;
    return AURORA_OK;
}

static aurora_status read_image(struct pairs *pairs, struct image_reader *reader)
{
    struct decay *decay = &pairs->directory.decay;
    aurora_status status = aurora__image_open(reader, IMAGE_KIND_RELATED, decay);
    if (status != AURORA_OK)
        return status;
    status = aurora__image_get_pairs(reader, pairs);
    if (status != AURORA_OK)
        return status;
    return aurora__image_is_at_end(reader) ? AURORA_OK : AURORA_ECORRUPT;
}

aurora_status aurora_related_restore(aurora_related *related, const void *bytes, size_t size)
{
    struct pairs *pairs = pairs_of(related);
    if (pairs == NULL)
        return AURORA_EINVAL;
    aurora__pairs_reset(pairs);
    if (bytes == NULL)
        return AURORA_EINVAL;
    struct image_reader reader = {.bytes = bytes, .size = size};
    aurora_status status = read_image(pairs, &reader);
    if (status != AURORA_OK)
        aurora__pairs_reset(pairs);
    return status;
}
