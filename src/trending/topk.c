/* SPDX-License-Identifier: MIT */
#include <aurora/topk.h>

#include <string.h>

#include "image.h"
#include "ranking.h"
#include "sketch.h"

_Static_assert(sizeof(aurora_topk) == 32, "pinned");
_Static_assert(sizeof(aurora_topk_item) == 96, "pinned");
_Static_assert(sizeof(double) == 8, "scores travel as IEEE 754 binary64");

/* The words of an aurora_topk only name the memory: state there has one type, whoever copies the
 * words. */
static struct sketch *sketch_of(const aurora_topk *topk)
{
    return topk == NULL ? NULL : (struct sketch *)(uintptr_t)topk->words[0];
}

size_t aurora_topk_bytes(uint32_t capacity)
{
    if (capacity == 0 || capacity > AURORA_TOPK_CAPACITY_MAX)
        return 0;
    return sizeof(struct sketch) + aurora__sketch_bytes(capacity);
}

static uint32_t capacity_within(size_t size)
{
    uint32_t fits = 0;
    uint32_t beyond = AURORA_TOPK_CAPACITY_MAX + 1;
    while (beyond - fits > 1) {
        uint32_t middle = fits + (beyond - fits) / 2;
        if (aurora_topk_bytes(middle) <= size)
            fits = middle;
        else
            beyond = middle;
    }
    return fits;
}

aurora_status aurora_topk_init(aurora_topk *topk, void *memory, size_t size, int64_t half_life_ms)
{
    if (topk == NULL)
        return AURORA_EINVAL;
    memset(topk, 0, sizeof *topk);
    uint32_t capacity = capacity_within(size);
    if (memory == NULL || (uintptr_t)memory % _Alignof(uint64_t) != 0 || capacity == 0 ||
        half_life_ms < 1 || !aurora__decay_is_time(half_life_ms))
        return AURORA_EINVAL;
    struct sketch *sketch = memory;
    aurora__sketch_init(sketch, sketch + 1, capacity, half_life_ms);
    topk->words[0] = (uintptr_t)sketch;
    return AURORA_OK;
}

void aurora_topk_reset(aurora_topk *topk)
{
    struct sketch *sketch = sketch_of(topk);
    if (sketch != NULL)
        aurora__sketch_reset(sketch);
}

aurora_status aurora_topk_add(aurora_topk *topk, const char *key, double weight, int64_t at_ms)
{
    struct sketch *sketch = sketch_of(topk);
    struct label label;
    if (sketch == NULL || !(weight > 0.0) || weight > AURORA_TOPK_WEIGHT_MAX ||
        !aurora__decay_is_time(at_ms) || !aurora__label_read(key, &label))
        return AURORA_EINVAL;
    double factor = aurora__decay_advance(&sketch->decay, at_ms);
    if (factor != 1.0)
        aurora__sketch_multiply(sketch, factor);
    double amount = weight * aurora__decay_growth(&sketch->decay, at_ms);
    if (amount > 0.0)
        aurora__sketch_count(sketch, &label, amount);
    return AURORA_OK;
}

aurora_status aurora_topk_merge(aurora_topk *topk, const aurora_topk *from)
{
    struct sketch *sketch = sketch_of(topk);
    const struct sketch *other = sketch_of(from);
    if (sketch == NULL || other == NULL || sketch == other ||
        sketch->decay.half_life_ms != other->decay.half_life_ms)
        return AURORA_EINVAL;
    double own_factor;
    double from_factor;
    aurora__decay_align(&sketch->decay, &other->decay, &own_factor, &from_factor);
    if (own_factor != 1.0)
        aurora__sketch_multiply(sketch, own_factor);
    aurora__sketch_merge(sketch, other, from_factor);
    return AURORA_OK;
}

static bool is_answerable(const struct sketch *sketch, int64_t at_ms)
{
    return sketch != NULL && aurora__decay_is_time(at_ms) && at_ms >= sketch->decay.newest_ms;
}

aurora_status aurora_topk_list(const aurora_topk *topk, int64_t at_ms, uint32_t limit,
                               aurora_topk_item *items_out, uint32_t *count_out)
{
    const struct sketch *sketch = sketch_of(topk);
    if (!is_answerable(sketch, at_ms) || count_out == NULL || (items_out == NULL && limit > 0))
        return AURORA_EINVAL;
    struct ranking ranking = {.items = items_out, .limit = limit};
    double scale = aurora__decay_scale(&sketch->decay, at_ms);
    for (uint32_t i = 0; i < sketch->count; i++) {
        const struct counter *counter = &sketch->counters[sketch->nodes[i].slot];
        aurora__ranking_offer(&ranking, &counter->label, sketch->nodes[i].score * scale,
                              counter->error * scale);
    }
    aurora__ranking_sort(&ranking);
    *count_out = ranking.count;
    return AURORA_OK;
}

aurora_status aurora_topk_get(const aurora_topk *topk, const char *key, int64_t at_ms,
                              aurora_topk_item *item_out)
{
    const struct sketch *sketch = sketch_of(topk);
    struct label label;
    if (!is_answerable(sketch, at_ms) || item_out == NULL || !aurora__label_read(key, &label))
        return AURORA_EINVAL;
    double scale = aurora__decay_scale(&sketch->decay, at_ms);
    double score = sketch->floor;
    double error = sketch->floor;
    uint32_t slot = aurora__sketch_find(sketch, &label);
    if (slot != SKETCH_NO_SLOT) {
        score = aurora__sketch_score(sketch, slot);
        error = sketch->counters[slot].error;
    }
    aurora__ranking_fill(item_out, &label, score * scale, error * scale);
    return AURORA_OK;
}

int64_t aurora_topk_newest_ms(const aurora_topk *topk)
{
    const struct sketch *sketch = sketch_of(topk);
    return sketch == NULL ? -1 : sketch->decay.newest_ms;
}

uint32_t aurora_topk_capacity(const aurora_topk *topk)
{
    const struct sketch *sketch = sketch_of(topk);
    return sketch == NULL ? 0 : sketch->capacity;
}

static void write_image(struct image *image, const struct sketch *sketch, size_t length)
{
    aurora__image_begin(image, IMAGE_KIND_TOPK, length, &sketch->decay);
    aurora__image_put_sketch(image, sketch);
    aurora__image_end(image);
}

size_t aurora_topk_snapshot_bytes(const aurora_topk *topk)
{
    const struct sketch *sketch = sketch_of(topk);
    struct image measure = {0};
    if (sketch != NULL)
        write_image(&measure, sketch, 0);
    return measure.at;
}

aurora_status aurora_topk_snapshot(const aurora_topk *topk, void *bytes_out, size_t size,
                                   size_t *used_out)
{
    const struct sketch *sketch = sketch_of(topk);
    size_t length = aurora_topk_snapshot_bytes(topk);
    if (sketch == NULL || bytes_out == NULL || used_out == NULL || size < length)
        return AURORA_EINVAL;
    struct image image = {.bytes = bytes_out};
    write_image(&image, sketch, length);
    *used_out = image.at;
    return AURORA_OK;
}

static aurora_status read_image(struct sketch *sketch, struct image_reader *reader)
{
    aurora_status status = aurora__image_open(reader, IMAGE_KIND_TOPK, &sketch->decay);
    if (status != AURORA_OK)
        return status;
    status = aurora__image_get_sketch(reader, sketch);
    if (status != AURORA_OK)
        return status;
    return aurora__image_is_at_end(reader) ? AURORA_OK : AURORA_ECORRUPT;
}

aurora_status aurora_topk_restore(aurora_topk *topk, const void *bytes, size_t size)
{
    struct sketch *sketch = sketch_of(topk);
    if (sketch == NULL)
        return AURORA_EINVAL;
    aurora__sketch_reset(sketch);
    if (bytes == NULL)
        return AURORA_EINVAL;
    struct image_reader reader = {.bytes = bytes, .size = size};
    aurora_status status = read_image(sketch, &reader);
    if (status != AURORA_OK)
        aurora__sketch_reset(sketch);
    return status;
}
