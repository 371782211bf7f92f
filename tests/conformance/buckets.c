/* SPDX-License-Identifier: MIT */
/* Operations on token buckets, of one key and of many. */
#include <stdlib.h>
#include <string.h>

#include "step.h"

static void give_limit(cJSON *to, const aurora_limit *limit)
{
    give_uint(to, "limit", limit->limit);
    give_uint(to, "remaining", limit->remaining);
    give_int(to, "retry_after_ns", limit->retry_after_ns);
    give_int(to, "reset_ns", limit->reset_ns);
    give_bool(to, "is_allowed", limit->is_allowed != 0);
}

/* --- one -------------------------------------------------------------------------------------- */

static aurora_status bucket_init(step *of)
{
    aurora_bucket *bucket = calloc(1, sizeof *bucket);
    step_keep(of, "bucket", bucket, free);
    return aurora_bucket_init(
        bucket, input_uint(of, of->with, "tokens", 0), input_uint(of, of->with, "per_ns", 0),
        input_uint(of, of->with, "burst", 0), input_int(of, of->with, "now_ns", 0));
}

static aurora_status bucket_try_take(step *of)
{
    aurora_bucket *bucket = step_on(of, "bucket");
    uint64_t n = input_uint(of, of->with, "n", 0);
    int64_t now = input_int(of, of->with, "now_ns", 0);
    int64_t retry_after = 0;
    if (bucket == NULL)
        return AURORA_OK;
    give_bool(of->gives, "is_taken", aurora_bucket_try_take(bucket, n, now, &retry_after));
    give_int(of->gives, "retry_after_ns", retry_after);
    return AURORA_OK;
}

static aurora_status bucket_read(step *of)
{
    const aurora_bucket *bucket = step_on(of, "bucket");
    aurora_limit limit;
    if (bucket == NULL)
        return AURORA_OK;
    aurora_bucket_read(bucket, input_int(of, of->with, "now_ns", 0), &limit);
    give_limit(of->gives, &limit);
    return AURORA_OK;
}

const operation bucket_operations[] = {
    {"bucket_init", bucket_init},
    {"bucket_try_take", bucket_try_take},
    {"bucket_read", bucket_read},
    {NULL, NULL},
};

/* --- many ------------------------------------------------------------------------------------- */

static void release_limiter(void *limiter)
{
    aurora_limiter_free(limiter);
}

static void read_seed(step *of, uint64_t seed[2])
{
    uint32_t count;
    cJSON *words = input_array(of, of->with, "seed", &count);
    for (uint32_t i = 0; i < count && i < 2; i++) {
        const cJSON *word = cJSON_GetArrayItem(words, (int)i);
        seed[i] = cJSON_IsString(word) ? strtoull(word->valuestring, NULL, 10)
                                       : (uint64_t)cJSON_GetNumberValue(word);
    }
}

static aurora_status limiter_new(step *of)
{
    aurora_limiter *limiter = NULL;
    aurora_limiter_options options;
    aurora_limiter_options_init(&options);
    options.capacity = input_u32(of, of->with, "capacity");
    options.shards = input_u32(of, of->with, "shards");
    options.tokens = input_uint(of, of->with, "tokens", 0);
    options.per_ns = input_uint(of, of->with, "per_ns", 0);
    options.burst = input_uint(of, of->with, "burst", 0);
    read_seed(of, options.seed);
    aurora_status rc = aurora_limiter_new(&options, &limiter, &of->err);
    step_keep(of, "limiter", limiter, release_limiter);
    return rc;
}

static aurora_status limiter_try_take(step *of)
{
    aurora_limiter *limiter = step_on(of, "limiter");
    const char *key = input_text(of, of->with, "key");
    uint64_t n = input_uint(of, of->with, "n", 0);
    int64_t now = input_int(of, of->with, "now_ns", 0);
    aurora_limit limit;
    if (limiter == NULL || key == NULL)
        return AURORA_EINVAL;
    bool is_taken = aurora_limiter_try_take(limiter, key, strlen(key), n, now, &limit);
    give_bool(of->gives, "is_taken", is_taken);
    give_limit(of->gives, &limit);
    return AURORA_OK;
}

static aurora_status limiter_try_take_many(step *of)
{
    aurora_limiter *limiter = step_on(of, "limiter");
    uint32_t count;
    cJSON *keys = input_array(of, of->with, "keys", &count);
    uint64_t n = input_uint(of, of->with, "n", 0);
    int64_t now = input_int(of, of->with, "now_ns", 0);
    uint32_t *lens = input_memory(of, count * sizeof *lens);
    aurora_limit *limits = input_memory(of, count * sizeof *limits);
    size_t used = 0;
    for (uint32_t i = 0; i < count; i++)
        used += strlen(cJSON_GetStringValue(cJSON_GetArrayItem(keys, (int)i)));
    char *bytes = input_memory(of, used);
    used = 0;
    for (uint32_t i = 0; i < count; i++) {
        const char *key = cJSON_GetStringValue(cJSON_GetArrayItem(keys, (int)i));
        lens[i] = (uint32_t)strlen(key);
        memcpy(bytes + used, key, lens[i]);
        used += lens[i];
    }
    if (limiter == NULL)
        return AURORA_OK;
    give_uint(of->gives, "taken",
              aurora_limiter_try_take_many(limiter, bytes, lens, count, n, now, limits));
    cJSON *given = give_array(of->gives, "limits");
    for (uint32_t i = 0; i < count; i++)
        give_limit(give_item(given), &limits[i]);
    return AURORA_OK;
}

static aurora_limiter *limiter_of_claim(step *of, cJSON *claim)
{
    const char *name = input_text(of, claim, "limiter");
    const thing *found = name == NULL ? NULL : case_thing(of->run, name);
    if (found != NULL && strcmp(found->kind, "limiter") == 0)
        return found->object;
    case_fail(of->run, "a claim names no limiter");
    return NULL;
}

static aurora_status limiter_try_take_all(step *of)
{
    uint32_t count;
    cJSON *claims = input_array(of, of->with, "claims", &count);
    aurora_limiter_claim *made = input_memory(of, count * sizeof *made);
    const aurora_limiter_claim **places = input_memory(of, count * sizeof *places);
    aurora_limit *limits = input_memory(of, count * sizeof *limits);
    for (uint32_t i = 0; i < count; i++) {
        cJSON *claim = cJSON_GetArrayItem(claims, (int)i);
        const char *key = input_text(of, claim, "key");
        aurora_limiter_claim_init(&made[i]);
        made[i].limiter = limiter_of_claim(of, claim);
        made[i].flags = input_bool(of, claim, "is_shadow") ? AURORA_LIMITER_SHADOW : 0;
        made[i].key = key;
        made[i].key_len = key == NULL ? 0 : (uint32_t)strlen(key);
        made[i].n = input_uint(of, claim, "n", 0);
        places[i] = &made[i];
    }
    int64_t now = input_int(of, of->with, "now_ns", 0);
    if (of->run->why != NULL)
        return AURORA_OK;
    give_bool(of->gives, "is_taken", aurora_limiter_try_take_all(places, count, now, limits));
    cJSON *given = give_array(of->gives, "limits");
    for (uint32_t i = 0; i < count; i++)
        give_limit(give_item(given), &limits[i]);
    return AURORA_OK;
}

static aurora_status limiter_read(step *of)
{
    aurora_limiter *limiter = step_on(of, "limiter");
    const char *key = input_text(of, of->with, "key");
    int64_t now = input_int(of, of->with, "now_ns", 0);
    aurora_limit limit;
    if (limiter == NULL || key == NULL)
        return AURORA_EINVAL;
    aurora_limiter_read(limiter, key, strlen(key), now, &limit);
    give_limit(of->gives, &limit);
    return AURORA_OK;
}

static aurora_status limiter_set_rate(step *of)
{
    aurora_limiter *limiter = step_on(of, "limiter");
    uint64_t tokens = input_uint(of, of->with, "tokens", 0);
    uint64_t per_ns = input_uint(of, of->with, "per_ns", 0);
    uint64_t burst = input_uint(of, of->with, "burst", 0);
    int64_t now = input_int(of, of->with, "now_ns", 0);
    if (limiter == NULL)
        return AURORA_OK;
    return aurora_limiter_set_rate(limiter, tokens, per_ns, burst, now, &of->err);
}

static aurora_status limiter_read_figures(step *of)
{
    aurora_limiter *limiter = step_on(of, "limiter");
    aurora_limiter_figures figures;
    if (limiter == NULL)
        return AURORA_OK;
    aurora_limiter_read_figures(limiter, &figures);
    give_uint(of->gives, "keys", figures.keys);
    give_uint(of->gives, "capacity", figures.capacity);
    give_uint(of->gives, "admitted", figures.admitted);
    give_uint(of->gives, "refused", figures.refused);
    give_uint(of->gives, "evicted", figures.evicted);
    give_uint(of->gives, "evicted_busy", figures.evicted_busy);
    return AURORA_OK;
}

const operation limiter_operations[] = {
    {"limiter_new", limiter_new},
    {"limiter_try_take", limiter_try_take},
    {"limiter_try_take_many", limiter_try_take_many},
    {"limiter_try_take_all", limiter_try_take_all},
    {"limiter_read", limiter_read},
    {"limiter_set_rate", limiter_set_rate},
    {"limiter_read_figures", limiter_read_figures},
    {NULL, NULL},
};
