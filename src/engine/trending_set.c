/* SPDX-License-Identifier: MIT */
#include "engine/trending_set.h"

#include "core/json.h"

#include <aurora/event.h>

#include <string.h>

static const int64_t half_lives[AURORA__TRENDING_RANKINGS] = {
    AURORA_WINDOW_HOUR_MS, AURORA_WINDOW_DAY_MS, AURORA_WINDOW_WEEK_MS, AURORA_TOPK_TIME_MAX,
    AURORA_WINDOW_HOUR_MS, AURORA_WINDOW_DAY_MS, AURORA_WINDOW_WEEK_MS};

#define RELATED_HALF_LIFE_MS (30 * AURORA_WINDOW_DAY_MS)
#define RELATED AURORA__TRENDING_RANKINGS
#define FEW_SKUS 12

int32_t aurora__trending_window(int64_t window_ms)
{
    for (int32_t i = 0; i < AURORA__TRENDING_WINDOWS; i++) {
        if (half_lives[i] == window_ms)
            return i;
    }
    return -1;
}

static aurora_status init(aurora__trending_set *set, const aurora__engine_options *options)
{
    const aurora_allocator *allocator = set->allocator;
    for (uint32_t i = 0; i <= RELATED; i++) {
        size_t bytes =
            i < RELATED ? aurora_topk_bytes(options->trending_capacity)
                        : aurora_related_bytes(options->related_skus, AURORA__RELATED_NEIGHBOURS);
        set->memory[i] = allocator->allocate(allocator->self, bytes);
        if (set->memory[i] == NULL)
            return AURORA_ENOMEM;
        aurora_status rc =
            i < RELATED ? aurora_topk_init(&set->rankings[i], set->memory[i], bytes, half_lives[i])
                        : aurora_related_init(&set->related, set->memory[i], bytes,
                                              AURORA__RELATED_NEIGHBOURS, RELATED_HALF_LIFE_MS);
        if (rc != AURORA_OK)
            return rc;
    }
    return AURORA_OK;
}

aurora__trending_set *aurora__trending_set_new(const aurora__engine_options *options)
{
    const aurora_allocator *allocator = options->allocator;
    aurora__trending_set *set = allocator->allocate(allocator->self, sizeof *set);
    if (set == NULL)
        return NULL;
    memset(set, 0, sizeof *set);
    set->allocator = allocator;
    if (init(set, options) == AURORA_OK)
        return set;
    aurora__trending_set_free(set);
    return NULL;
}

void aurora__trending_set_free(aurora__trending_set *set)
{
    if (set == NULL)
        return;
    const aurora_allocator *allocator = set->allocator;
    for (uint32_t i = 0; i <= RELATED; i++)
        allocator->release(allocator->self, set->memory[i]);
    allocator->release(allocator->self, set->texts);
    allocator->release(allocator->self, set);
}

void aurora__trending_set_reset_orders(aurora__trending_set *set)
{
    for (uint32_t i = 0; i < AURORA__TRENDING_VIEWS; i++)
        aurora_topk_reset(&set->rankings[i]);
    aurora_related_reset(&set->related);
    set->newest_ms = 0;
}

void aurora__trending_set_reset(aurora__trending_set *set)
{
    aurora__trending_set_reset_orders(set);
    for (uint32_t i = AURORA__TRENDING_VIEWS; i < AURORA__TRENDING_RANKINGS; i++)
        aurora_topk_reset(&set->rankings[i]);
    set->position = 0;
    set->newest_views_ms = 0;
    set->counted = 0;
}

/* --- counting --------------------------------------------------------------------------------- */

typedef struct {
    aurora__trending_set *set;
    char *at;
    uint32_t count;
    bool is_hashed;
} distinct;

static uint32_t hash_of(const char *text)
{
    uint32_t hash = 2166136261u;
    for (; *text != '\0'; text++)
        hash = (hash ^ (uint8_t)*text) * 16777619u;
    return hash;
}

static void put_slot(distinct *found, uint32_t index)
{
    uint16_t *slots = found->set->slots;
    uint32_t mask = sizeof found->set->slots / sizeof *slots - 1;
    uint32_t at = hash_of(found->set->skus[index]) & mask;
    while (slots[at] != 0)
        at = (at + 1) & mask;
    slots[at] = (uint16_t)(index + 1);
}

/* Long orders get a table of what was seen; short ones are compared. */
static bool is_seen(distinct *found, const char *sku)
{
    aurora__trending_set *set = found->set;
    if (found->count < FEW_SKUS) {
        for (uint32_t i = 0; i < found->count; i++) {
            if (strcmp(set->skus[i], sku) == 0)
                return true;
        }
        return false;
    }
    if (!found->is_hashed) {
        memset(set->slots, 0, sizeof set->slots);
        for (uint32_t i = 0; i < found->count; i++)
            put_slot(found, i);
        found->is_hashed = true;
    }
    uint32_t mask = sizeof set->slots / sizeof set->slots[0] - 1;
    for (uint32_t at = hash_of(sku) & mask; set->slots[at] != 0; at = (at + 1) & mask) {
        if (strcmp(set->skus[set->slots[at] - 1], sku) == 0)
            return true;
    }
    return false;
}

static void *take_nothing(void *self, size_t bytes, size_t *size_out)
{
    (void)self;
    (void)bytes;
    (void)size_out;
    return NULL;
}

/* The texts of an order's lines are never longer than the lines. */
static aurora_status make_room(aurora__trending_set *set, size_t bytes)
{
    if (bytes <= set->text_bytes)
        return AURORA_OK;
    size_t wanted = bytes < 4096 ? 4096 : bytes;
    char *texts = set->allocator->reallocate(set->allocator->self, set->texts, wanted);
    if (texts == NULL)
        return AURORA_ENOMEM;
    set->texts = texts;
    set->text_bytes = wanted;
    return AURORA_OK;
}

/* Distinct SKUs of [["sku",quantity,unit price],...]; false when the text is damaged. */
static bool read_skus(aurora__trending_set *set, const char *lines, size_t length,
                      uint32_t *count_out)
{
    aurora__arena arena = {
        .at = set->texts, .end = set->texts + set->text_bytes, .grow = take_nothing};
    aurora__json_reader reader;
    distinct found = {.set = set};
    uint32_t count = 0;
    aurora__json_read(&reader, lines, length);
    aurora__json_expect(&reader, '[');
    while (aurora__json_next(&reader, &count)) {
        size_t skipped;
        aurora__json_expect(&reader, '[');
        const char *sku = aurora__json_take_text(&reader, &arena);
        while (aurora__json_accept(&reader, ','))
            aurora__json_skip(&reader, &skipped);
        aurora__json_expect(&reader, ']');
        if (reader.is_failed || sku == NULL || found.count == AURORA__TRENDING_SKUS_MAX)
            return false;
        if (is_seen(&found, sku))
            continue;
        set->skus[found.count++] = sku;
        if (found.is_hashed)
            put_slot(&found, found.count - 1);
    }
    *count_out = found.count;
    return !reader.is_failed;
}

aurora_status aurora__trending_set_count(aurora__trending_set *set, const char *lines,
                                         int64_t placed_at_ms)
{
    size_t length = strlen(lines);
    uint32_t count;
    aurora_status rc = make_room(set, length * 2 + 64);
    if (rc != AURORA_OK || !read_skus(set, lines, length, &count))
        return rc;
    int64_t at_ms = placed_at_ms < 0 ? 0 : placed_at_ms;
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t r = 0; r < AURORA__TRENDING_WINDOWS; r++)
            (void)aurora_topk_add(&set->rankings[r], set->skus[i], 1, at_ms);
        (void)aurora_topk_add(&set->rankings[AURORA__TRENDING_POPULAR], set->skus[i], 1, 0);
    }
    if (count > 1)
        (void)aurora_related_add(&set->related, set->skus, count, 1, at_ms);
    if (at_ms > set->newest_ms)
        set->newest_ms = at_ms;
    set->counted++;
    return AURORA_OK;
}

static void count_views(aurora__trending_set *set, const aurora__event *event)
{
    if (event->sku == NULL || event->count < 1)
        return;
    int64_t at_ms = event->at_ms < 0 ? 0 : event->at_ms;
    for (uint32_t r = 0; r < AURORA__TRENDING_WINDOWS; r++)
        (void)aurora_topk_add(&set->rankings[AURORA__TRENDING_VIEWS + r], event->sku,
                              (double)event->count, at_ms);
    if (at_ms > set->newest_views_ms)
        set->newest_views_ms = at_ms;
    set->counted++;
}

aurora_status aurora__trending_set_take(aurora__trending_set *set, const aurora__event *event)
{
    if (event->kind == AURORA_EVENT_PRODUCT_VIEWED)
        count_views(set, event);
    if (event->kind != AURORA_EVENT_ORDER_COMPLETED || event->is_resend || event->lines == NULL ||
        event->saga == NULL)
        return AURORA_OK;
    int64_t placed_at = event->saga->placed_at;
    return aurora__trending_set_count(set, event->lines,
                                      placed_at < event->at_ms ? placed_at : event->at_ms);
}
