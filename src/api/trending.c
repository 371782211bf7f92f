/* SPDX-License-Identifier: MIT */
/* What sells or is viewed now, what is bought together, what sold most. */
#include "engine/trending.h"
#include "api/check.h"
#include "api/handle.h"
#include "api/refuse.h"
#include "codec/result.h"

#include <string.h>

#define LIMIT_DEFAULT 20
#define LIMIT_MAX 1000
#define RELATED_LIMIT_DEFAULT 10
#define RELATED_LIMIT_MAX 100

/* One query on its way. */
typedef struct {
    aurora__engine *engine;
    const char *category;
    int64_t at_ms; /* 0 = now */
    uint32_t limit;
    int32_t ranking;     /* AURORA__TRENDING_..., read where sku is NULL */
    const char *sku;     /* related to this one */
    int64_t answered_ms; /* out: the time that the scores are for */
    aurora_topk_item *items;
    uint32_t count;
} query;

/* --- reading the sketches --------------------------------------------------------------------- */

static aurora_status read_set(query *wanted, const aurora__trending_set *set,
                              aurora__query_arena *arena, aurora_error *err)
{
    int64_t now_ms = aurora__engine_wall_ms(wanted->engine);
    bool is_views = wanted->sku == NULL && wanted->ranking >= AURORA__TRENDING_VIEWS;
    int64_t newest_ms = is_views ? set->newest_views_ms : set->newest_ms;
    int64_t at_ms = wanted->at_ms;
    if (at_ms == 0)
        at_ms = now_ms > newest_ms ? now_ms : newest_ms;
    else if (at_ms < newest_ms)
        return aurora__refuse(err, AURORA_EINVAL, "at_ms",
                              "must not be before the newest counted %s, at %lld",
                              is_views ? "view" : "order", (long long)newest_ms);
    wanted->answered_ms = at_ms;
    uint32_t capacity =
        wanted->category == NULL ? wanted->limit : aurora_topk_capacity(&set->rankings[0]);
    wanted->items = aurora__arena_take(&arena->arena, capacity * sizeof *wanted->items);
    if (wanted->items == NULL)
        return aurora__refuse_plain(err, AURORA_ENOMEM);
    if (wanted->sku != NULL)
        return aurora_related_list(&set->related, wanted->sku, at_ms, capacity, wanted->items,
                                   &wanted->count);
    if (wanted->ranking == AURORA__TRENDING_POPULAR)
        at_ms = 0;
    return aurora_topk_list(&set->rankings[wanted->ranking], at_ms, capacity, wanted->items,
                            &wanted->count);
}

/* Keeps the products of the category, in their order, up to the limit. */
static aurora_status filter(query *wanted, aurora_store_txn *txn)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < wanted->count && kept < wanted->limit; i++) {
        aurora__query_arena arena;
        aurora__product_row row;
        aurora__key key = aurora__key_text(AURORA__TABLE_product, wanted->items[i].key);
        aurora__query_arena_init(&arena, aurora__engine_allocator(wanted->engine));
        aurora_status rc = aurora__engine_load(wanted->engine, txn, &key, &arena, &row);
        bool is_in = rc == AURORA_OK && !row.is_deleted && row.category != NULL &&
                     strcmp(row.category, wanted->category) == 0;
        aurora__query_arena_free(&arena);
        if (rc != AURORA_OK && rc != AURORA_ENOTFOUND && rc != AURORA_ECORRUPT)
            return rc;
        if (is_in)
            wanted->items[kept++] = wanted->items[i];
    }
    wanted->count = kept;
    return AURORA_OK;
}

static aurora_status run(query *wanted, aurora__query_arena *arena, aurora_error *err)
{
    aurora__trending_loan loan;
    aurora_store_txn *txn;
    aurora_status rc = aurora__engine_read_begin(wanted->engine, &txn);
    if (rc != AURORA_OK)
        return aurora__refuse_plain(err, rc);
    rc = aurora__refuse_plain(err, aurora__trending_borrow(wanted->engine, txn, &loan));
    if (rc == AURORA_OK) {
        rc = read_set(wanted, loan.set, arena, err);
        aurora__trending_return(&loan);
    }
    if (rc == AURORA_OK && wanted->category != NULL)
        rc = aurora__refuse_plain(err, filter(wanted, txn));
    aurora__engine_read_end(wanted->engine, txn);
    return rc;
}

/* --- the page --------------------------------------------------------------------------------- */

static aurora_status fill(aurora__arena *arena, const void *source)
{
    const query *wanted = source;
    aurora_trend_page *page = aurora__arena_take(arena, sizeof *page);
    const aurora_trend **items = aurora__arena_take(arena, (wanted->count + 1) * sizeof *items);
    aurora_trend *trends = aurora__arena_take(arena, (wanted->count + 1) * sizeof *trends);
    if (page == NULL || items == NULL || trends == NULL)
        return AURORA_ENOMEM;
    for (uint32_t i = 0; i < wanted->count; i++) {
        trends[i] = (aurora_trend){.size = sizeof trends[i],
                                   .sku = aurora__arena_text(arena, wanted->items[i].key),
                                   .score = wanted->items[i].score,
                                   .error = wanted->items[i].error};
        items[i] = &trends[i];
        if (trends[i].sku == NULL)
            return AURORA_ENOMEM;
    }
    *page = (aurora_trend_page){
        .size = sizeof *page, .count = wanted->count, .items = items, .at_ms = wanted->answered_ms};
    return AURORA_OK;
}

static aurora_status answer(aurora_t *shop, query *wanted, aurora_trend_page **out,
                            aurora_error *err)
{
    aurora__query_arena arena;
    aurora_status rc = aurora__handle_enter_query(shop);
    if (rc != AURORA_OK)
        return aurora__refuse_plain(err, rc);
    wanted->engine = shop->engine;
    aurora__query_arena_init(&arena, &shop->allocator);
    if ((shop->modules & AURORA__MODULE_RECOMMENDATION) == 0)
        rc = aurora__refuse(err, AURORA_ENOTSUP, "modules", "recommendation is not among them");
    if (rc == AURORA_OK)
        rc = run(wanted, &arena, err);
    if (rc == AURORA_OK)
        rc = aurora__refuse_plain(err,
                                  aurora__result_build(&shop->allocator, 64 + wanted->count * 80u,
                                                       fill, wanted, (void **)out));
    aurora__query_arena_free(&arena);
    aurora__handle_leave(shop);
    return rc;
}

/* --- public calls ----------------------------------------------------------------------------- */

static aurora_status check(aurora_error *err, aurora_trend_page **out, const char *category)
{
    if (out == NULL)
        return aurora__refuse(err, AURORA_EINVAL, "out", "is required");
    *out = NULL;
    return aurora__check_text(err, "category", category, 1, AURORA_NAME_BYTES_MAX, false);
}

static aurora_status check_limit(aurora_error *err, uint32_t limit, uint32_t max)
{
    return aurora__check_range(err, "limit", limit, 0, max);
}

aurora_status aurora_trending(aurora_t *shop, const aurora_trend_query *given,
                              aurora_trend_page **out, aurora_error *err)
{
    aurora_trend_query known = {.size = sizeof known};
    aurora_status rc = check(err, out, NULL);
    if (rc == AURORA_OK && given != NULL)
        rc = aurora__copy_sized(&known, sizeof known, given, err);
    if (rc == AURORA_OK)
        rc = check(err, out, known.category);
    if (rc == AURORA_OK)
        rc = check_limit(err, known.limit, LIMIT_MAX);
    if (rc == AURORA_OK)
        rc = aurora__check_range(err, "at_ms", known.at_ms, 0, AURORA_TOPK_TIME_MAX);
    if (rc == AURORA_OK)
        rc = aurora__check_range(err, "kind", known.kind, 0, AURORA_TREND_VIEWS);
    if (rc != AURORA_OK)
        return rc;
    query wanted = {.category = known.category,
                    .at_ms = known.at_ms,
                    .limit = known.limit == 0 ? LIMIT_DEFAULT : known.limit,
                    .ranking = aurora__trending_window(known.window_ms == 0 ? AURORA_WINDOW_DAY_MS
                                                                            : known.window_ms)};
    if (wanted.ranking < 0)
        return aurora__refuse(err, AURORA_EINVAL, "window_ms", "must be an hour, a day or a week");
    if (known.kind == AURORA_TREND_VIEWS)
        wanted.ranking += AURORA__TRENDING_VIEWS;
    return answer(shop, &wanted, out, err);
}

aurora_status aurora_related_products(aurora_t *shop, const char *sku, uint32_t limit,
                                      aurora_trend_page **out, aurora_error *err)
{
    aurora_status rc = check(err, out, NULL);
    if (rc == AURORA_OK)
        rc = aurora__check_sku(err, "sku", sku);
    if (rc == AURORA_OK)
        rc = check_limit(err, limit, RELATED_LIMIT_MAX);
    if (rc != AURORA_OK)
        return rc;
    query wanted = {.sku = sku, .limit = limit == 0 ? RELATED_LIMIT_DEFAULT : limit};
    return answer(shop, &wanted, out, err);
}

aurora_status aurora_popular_products(aurora_t *shop, const char *category, uint32_t limit,
                                      aurora_trend_page **out, aurora_error *err)
{
    aurora_status rc = check(err, out, category);
    if (rc == AURORA_OK)
        rc = check_limit(err, limit, LIMIT_MAX);
    if (rc != AURORA_OK)
        return rc;
    query wanted = {.category = category,
                    .limit = limit == 0 ? LIMIT_DEFAULT : limit,
                    .ranking = AURORA__TRENDING_POPULAR};
    return answer(shop, &wanted, out, err);
}

void aurora_trend_page_free(aurora_trend_page *page)
{
    aurora__result_free(page);
}
