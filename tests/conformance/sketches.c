/* SPDX-License-Identifier: MIT */
/* Operations on the sketches of what is popular and what is bought together. */
#include <stdlib.h>
#include <string.h>

#include "step.h"

#define ITEMS_MAX 1000

typedef struct {
    aurora_topk topk;
    void *memory;
} own_topk;

typedef struct {
    aurora_related related;
    void *memory;
} own_related;

static void give_items(cJSON *to, const aurora_topk_item *items, uint32_t count)
{
    cJSON *given = give_array(to, "items");
    for (uint32_t i = 0; i < count; i++) {
        cJSON *item = give_item(given);
        give_text(item, "key", items[i].key);
        give_double(item, "score", items[i].score);
        give_double(item, "error", items[i].error);
    }
}

/* --- topk ------------------------------------------------------------------------------------- */

static void release_topk(void *object)
{
    own_topk *own = object;
    free(own->memory);
    free(own);
}

static own_topk *make_topk(step *of, aurora_status *rc_out)
{
    own_topk *own = calloc(1, sizeof *own);
    size_t size = aurora_topk_bytes(input_u32(of, of->with, "capacity"));
    own->memory = malloc(size + 1);
    step_keep(of, "topk", own, release_topk);
    *rc_out =
        aurora_topk_init(&own->topk, own->memory, size, input_int(of, of->with, "half_life_ms", 0));
    return own;
}

static aurora_status topk_init(step *of)
{
    aurora_status rc;
    make_topk(of, &rc);
    return rc;
}

static aurora_status topk_add(step *of)
{
    own_topk *own = step_on(of, "topk");
    const char *key = input_text(of, of->with, "key");
    double weight = input_double(of, of->with, "weight");
    int64_t at = input_int(of, of->with, "at_ms", 0);
    return own == NULL ? AURORA_OK : aurora_topk_add(&own->topk, key, weight, at);
}

static aurora_status topk_list(step *of)
{
    const own_topk *own = step_on(of, "topk");
    int64_t at = input_int(of, of->with, "at_ms", 0);
    uint32_t limit = input_u32(of, of->with, "limit"), count = 0;
    if (own == NULL || limit > ITEMS_MAX)
        return AURORA_EINVAL;
    aurora_topk_item *items = input_memory(of, ITEMS_MAX * sizeof *items);
    aurora_status rc = aurora_topk_list(&own->topk, at, limit, items, &count);
    if (rc == AURORA_OK)
        give_items(of->gives, items, count);
    return rc;
}

static aurora_status topk_get(step *of)
{
    const own_topk *own = step_on(of, "topk");
    aurora_topk_item item = {.score = 0};
    const char *key = input_text(of, of->with, "key");
    int64_t at = input_int(of, of->with, "at_ms", 0);
    if (own == NULL)
        return AURORA_OK;
    aurora_status rc = aurora_topk_get(&own->topk, key, at, &item);
    give_text(of->gives, "key", item.key);
    give_double(of->gives, "score", item.score);
    give_double(of->gives, "error", item.error);
    return rc;
}

static aurora_status topk_merge(step *of)
{
    own_topk *own = step_on(of, "topk");
    const own_topk *from = step_object(of, "from", "topk");
    if (own == NULL || from == NULL)
        return AURORA_OK;
    return aurora_topk_merge(&own->topk, &from->topk);
}

static aurora_status topk_reset(step *of)
{
    own_topk *own = step_on(of, "topk");
    if (own != NULL)
        aurora_topk_reset(&own->topk);
    return AURORA_OK;
}

static aurora_status topk_read(step *of)
{
    const own_topk *own = step_on(of, "topk");
    if (own == NULL)
        return AURORA_OK;
    give_int(of->gives, "newest_ms", aurora_topk_newest_ms(&own->topk));
    give_uint(of->gives, "capacity", aurora_topk_capacity(&own->topk));
    return AURORA_OK;
}

static aurora_status topk_copy(step *of)
{
    aurora_status rc;
    const own_topk *from = step_object(of, "from", "topk");
    own_topk *own = make_topk(of, &rc);
    if (rc != AURORA_OK || from == NULL)
        return rc;
    size_t used = 0, size = aurora_topk_snapshot_bytes(&from->topk);
    void *bytes = input_memory(of, size);
    rc = aurora_topk_snapshot(&from->topk, bytes, size, &used);
    return rc != AURORA_OK ? rc : aurora_topk_restore(&own->topk, bytes, used);
}

static aurora_status topk_restore(step *of)
{
    own_topk *own = step_on(of, "topk");
    size_t len;
    const uint8_t *bytes = input_bytes(of, of->with, "bytes", &len);
    return own == NULL ? AURORA_OK : aurora_topk_restore(&own->topk, bytes, len);
}

/* --- related ---------------------------------------------------------------------------------- */

static void release_related(void *object)
{
    own_related *own = object;
    free(own->memory);
    free(own);
}

static own_related *make_related(step *of, aurora_status *rc_out)
{
    own_related *own = calloc(1, sizeof *own);
    uint32_t neighbours = input_u32(of, of->with, "neighbours");
    size_t size = aurora_related_bytes(input_u32(of, of->with, "capacity"), neighbours);
    own->memory = malloc(size + 1);
    step_keep(of, "related", own, release_related);
    *rc_out = aurora_related_init(&own->related, own->memory, size, neighbours,
                                  input_int(of, of->with, "half_life_ms", 0));
    return own;
}

static aurora_status related_init(step *of)
{
    aurora_status rc;
    make_related(of, &rc);
    return rc;
}

static aurora_status related_add(step *of)
{
    own_related *own = step_on(of, "related");
    uint32_t count;
    cJSON *skus = input_array(of, of->with, "skus", &count);
    const char **texts = input_memory(of, count * sizeof *texts);
    for (uint32_t i = 0; i < count; i++)
        texts[i] = cJSON_GetStringValue(cJSON_GetArrayItem(skus, (int)i));
    double weight = input_double(of, of->with, "weight");
    int64_t at = input_int(of, of->with, "at_ms", 0);
    return own == NULL ? AURORA_OK : aurora_related_add(&own->related, texts, count, weight, at);
}

static aurora_status related_list(step *of)
{
    const own_related *own = step_on(of, "related");
    const char *sku = input_text(of, of->with, "sku");
    int64_t at = input_int(of, of->with, "at_ms", 0);
    uint32_t limit = input_u32(of, of->with, "limit"), count = 0;
    if (own == NULL || limit > ITEMS_MAX)
        return AURORA_EINVAL;
    aurora_topk_item *items = input_memory(of, ITEMS_MAX * sizeof *items);
    aurora_status rc = aurora_related_list(&own->related, sku, at, limit, items, &count);
    if (rc == AURORA_OK)
        give_items(of->gives, items, count);
    return rc;
}

static aurora_status related_merge(step *of)
{
    own_related *own = step_on(of, "related");
    const own_related *from = step_object(of, "from", "related");
    if (own == NULL || from == NULL)
        return AURORA_OK;
    return aurora_related_merge(&own->related, &from->related);
}

static aurora_status related_reset(step *of)
{
    own_related *own = step_on(of, "related");
    if (own != NULL)
        aurora_related_reset(&own->related);
    return AURORA_OK;
}

static aurora_status related_read(step *of)
{
    const own_related *own = step_on(of, "related");
    if (own == NULL)
        return AURORA_OK;
    give_int(of->gives, "newest_ms", aurora_related_newest_ms(&own->related));
    give_uint(of->gives, "capacity", aurora_related_capacity(&own->related));
    return AURORA_OK;
}

static aurora_status related_copy(step *of)
{
    aurora_status rc;
    const own_related *from = step_object(of, "from", "related");
    own_related *own = make_related(of, &rc);
    if (rc != AURORA_OK || from == NULL)
        return rc;
    size_t used = 0, size = aurora_related_snapshot_bytes(&from->related);
    void *bytes = input_memory(of, size);
    rc = aurora_related_snapshot(&from->related, bytes, size, &used);
    return rc != AURORA_OK ? rc : aurora_related_restore(&own->related, bytes, used);
}

static aurora_status related_restore(step *of)
{
    own_related *own = step_on(of, "related");
    size_t len;
    const uint8_t *bytes = input_bytes(of, of->with, "bytes", &len);
    return own == NULL ? AURORA_OK : aurora_related_restore(&own->related, bytes, len);
}

const operation sketch_operations[] = {
    {"topk_init", topk_init},
    {"topk_add", topk_add},
    {"topk_list", topk_list},
    {"topk_get", topk_get},
    {"topk_merge", topk_merge},
    {"topk_reset", topk_reset},
    {"topk_read", topk_read},
    {"topk_copy", topk_copy},
    {"topk_restore", topk_restore},
    {"related_init", related_init},
    {"related_add", related_add},
    {"related_list", related_list},
    {"related_merge", related_merge},
    {"related_reset", related_reset},
    {"related_read", related_read},
    {"related_copy", related_copy},
    {"related_restore", related_restore},
    {NULL, NULL},
};
