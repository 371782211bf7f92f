/* SPDX-License-Identifier: MIT */
/* A search: the strictest level of the plan that finds enough. */
#include "adapters/search_elastic/index.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "adapters/search_elastic/plan.h"
#include "adapters/search_elastic/reply.h"

#define ENOUGH 5 /* hits: with fewer, words are also taken for what they may begin or mean */
#define FRAGMENT 200
#define AFTER_FORMAT 1

/* What `after` holds: the level, and the key of the last hit. */
typedef struct {
    uint32_t format;
    uint32_t level;
    double score;
    int64_t number; /* price or time */
    char sku[AURORA_SKU_BYTES_MAX + 1];
} position;

typedef struct {
    aurora__elastic_call *call;
    const aurora_search_request *request;
    const aurora_arena_port *arena;
    aurora__elastic_plan plan;
    bool has_plan; /* there is a text */
    int32_t sort;
    const position *after;
    uint64_t matches; /* of the level that was run last: also what category or brand leaves out */
} search;

/* --- the request ------------------------------------------------------------------------------ */

static void add_filter_text(aurora__elastic_text *to, const char *field, const char *value)
{
    aurora__elastic_json(to, "{'term':{%q:%q}}", field, value);
}

/* What holds for facets too: not deleted, and the price. */
static void add_query(const search *self, uint32_t level, aurora__elastic_text *to)
{
    const aurora_query *query = self->request->query;
    aurora__elastic_json(to, "'query':{'bool':{'filter':[{'term':{'deleted':false}}");
    if (query->price_min_minor > 0)
        aurora__elastic_json(to, ",{'range':{'price_minor':{'gte':%d}}}", query->price_min_minor);
    if (query->price_max_minor > 0)
        aurora__elastic_json(to, ",{'range':{'price_minor':{'lte':%d}}}", query->price_max_minor);
    aurora__elastic_json(to, "],'must':[");
    if (self->has_plan)
        aurora__elastic_plan_query(&self->plan, level, to);
    else
        aurora__elastic_json(to, "{'match_all':{}}");
    aurora__elastic_json(to, "]}}");
}

/* The filters on what facets count, which restrict the hits and each other's facet. */
static void add_post_filter(const aurora_query *query, aurora__elastic_text *to)
{
    aurora__elastic_json(to, ",'post_filter':{'bool':{'filter':[");
    if (query->category != NULL)
        add_filter_text(to, "category.exact", query->category);
    if (query->category != NULL && query->brand != NULL)
        aurora__elastic_text_add(to, ",", 1);
    if (query->brand != NULL)
        add_filter_text(to, "brand.exact", query->brand);
    aurora__elastic_json(to, "]}}");
}

static void add_facet(const char *name, const char *field, const char *other, const char *value,
                      aurora__elastic_text *to)
{
    aurora__elastic_json(to, "%q:{'filter':", name);
    if (value == NULL)
        aurora__elastic_json(to, "{'match_all':{}}");
    else
        add_filter_text(to, other, value);
    aurora__elastic_json(to, ",'aggs':{'values':{'terms':{'field':%q,'size':20}}}}", field);
}

static void add_sort(const search *self, aurora__elastic_text *to)
{
    const position *after = self->after;
    const char *by = self->sort == AURORA_SORT_PRICE_UP     ? "{'price_minor':'asc'},"
                     : self->sort == AURORA_SORT_PRICE_DOWN ? "{'price_minor':'desc'},"
                     : self->sort == AURORA_SORT_NEWEST     ? "{'created_at_ms':'desc'},"
                     : self->has_plan                       ? "{'_score':'desc'},"
                                                            : "";
    aurora__elastic_json(to, ",'track_total_hits':true,'track_scores':true,'sort':[");
    aurora__elastic_json(to, by);
    aurora__elastic_json(to, "{'sku':'asc'}]");
    if (after == NULL)
        return;
    aurora__elastic_json(to, ",'search_after':[");
    if (self->sort != AURORA_SORT_RELEVANCE) {
        aurora__elastic_json(to, "%d,", after->number);
    } else if (self->has_plan) {
        char score[32];
        snprintf(score, sizeof score, "%.9g,", after->score); /* the index keeps floats */
        aurora__elastic_json(to, "%r", score);
    }
    aurora__elastic_json(to, "%q]", after->sku);
}

static void add_highlight(const search *self, uint32_t level, aurora__elastic_text *to)
{
    aurora__elastic_json(to,
                         ",'highlight':{'type':'unified','pre_tags':[%q],'post_tags':[%q],"
                         "'boundary_scanner':'word','highlight_query':",
                         AURORA__ELASTIC_MARK_OPEN, AURORA__ELASTIC_MARK_CLOSE);
    aurora__elastic_plan_marks(&self->plan, level, to);
    aurora__elastic_json(to,
                         ",'fields':{'name':{'number_of_fragments':0},"
                         "'description':{'number_of_fragments':1,'fragment_size':%d},"
                         "'category':{'number_of_fragments':0},"
                         "'brand':{'number_of_fragments':0}}}",
                         (int64_t)FRAGMENT);
}

/* Shards and copies that a search asks score a little differently; the same text asks the same
 * ones. */
static uint32_t preference_of(const search *self)
{
    uint32_t hash = 2166136261u;
    for (const char *at = self->plan.text; *at != '\0'; at++)
        hash = (hash ^ (uint8_t)*at) * 16777619u;
    return hash;
}

static void begin_request(const search *self, const char *paths)
{
    aurora__elastic_call_path(self->call,
                              "/%s/_search?allow_partial_search_results=false&preference=a%" PRIu32
                              "&filter_path=%s",
                              self->call->index->address.name, preference_of(self), paths);
}

/* An index that was swapped between the alias and the shards is asked again: by then the alias
 * leads to the new one. */
static aurora_status send_search(aurora__elastic_call *call, cJSON **tree_out)
{
    aurora_status rc = AURORA_OK;
    *tree_out = NULL;
    for (int i = 0; i < 2; i++) {
        rc = aurora__elastic_call_ask(call, "POST", call->index->address.query_ms);
        if (rc == AURORA_OK || (call->http_status != 404 && call->http_status != 503))
            break;
    }
    if (rc != AURORA_OK)
        return rc == AURORA_ECONFLICT ? AURORA_EIO : rc;
    *tree_out = aurora__elastic_call_tree(call);
    return *tree_out == NULL ? AURORA_EIO : AURORA_OK;
}

static void write_search(const search *self, uint32_t level)
{
    aurora__elastic_text *to = &self->call->request;
    const aurora_query *query = self->request->query;
    begin_request(self, "hits.total.value,hits.hits._score,hits.hits._source,hits.hits.highlight,"
                        "aggregations");
    aurora__elastic_json(to, "{'size':%d,'_source':{'excludes':['head','belongs_to','deleted']},",
                         (int64_t)self->request->limit + 1);
    add_query(self, level, to);
    add_post_filter(query, to);
    add_sort(self, to);
    if (self->has_plan)
        add_highlight(self, level, to);
    if (self->after == NULL) {
        aurora__elastic_json(to, ",'aggs':{");
        add_facet("categories", "category.exact", "brand.exact", query->brand, to);
        aurora__elastic_text_add(to, ",", 1);
        add_facet("brands", "brand.exact", "category.exact", query->category, to);
        aurora__elastic_json(to, ",'matches':{'filter':{'match_all':{}}}}");
    }
    aurora__elastic_text_add(to, "}", 1);
}

/* --- the answer ------------------------------------------------------------------------------- */

static aurora_status run_level(search *self, uint32_t level, aurora_search_result *out,
                               bool *has_more_out)
{
    cJSON *tree;
    memset(out, 0, sizeof *out);
    write_search(self, level);
    aurora_status rc = send_search(self->call, &tree);
    if (rc == AURORA_OK)
        rc =
            aurora__elastic_read_search(tree, self->request->limit, self->arena, out, has_more_out);
    self->matches = aurora__elastic_read_matches(tree, out->total);
    cJSON_Delete(tree);
    for (uint32_t i = 0; rc == AURORA_OK && !self->has_plan && i < out->count; i++) {
        aurora_hit *hit = (aurora_hit *)(uintptr_t)&out->hits[i]; /* of our arena */
        hit->highlight = "";
        hit->score = 0;
    }
    return rc;
}

static void note_after(const search *self, uint32_t level, aurora_search_result *out)
{
    const aurora_hit *last = &out->hits[out->count - 1];
    position next;
    memset(&next, 0, sizeof next);
    next.format = AFTER_FORMAT;
    next.level = level;
    next.score = last->score;
    next.number = self->sort == AURORA_SORT_NEWEST ? last->product->created_at_ms
                                                   : last->product->price_minor;
    memcpy(next.sku, last->product->sku, strlen(last->product->sku) + 1);
    memcpy(out->after, &next, sizeof next);
    out->after_length = sizeof next;
}

/* The score that the last hit of the page before has now: what others wrote moves all of them a
 * little. Where it is gone, the score that it had stands in. */
static aurora_status find_score(const search *self, uint32_t level, position *after)
{
    cJSON *tree;
    aurora__elastic_text *to = &self->call->request;
    begin_request(self, "hits.hits._score");
    aurora__elastic_json(to, "{'size':1,'_source':false,'post_filter':{'term':{'sku':%q}},",
                         after->sku);
    add_query(self, level, to);
    aurora__elastic_text_add(to, "}", 1);
    aurora_status rc = send_search(self->call, &tree);
    const cJSON *hits = cJSON_GetObjectItemCaseSensitive(tree, "hits");
    const cJSON *first = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(hits, "hits"), 0);
    const cJSON *score = cJSON_GetObjectItemCaseSensitive(first, "_score");
    if (cJSON_IsNumber(score))
        after->score = score->valuedouble;
    cJSON_Delete(tree);
    return rc;
}

/* Were it for the hits alone, a category with few of them would find what its facet did not count:
 * a looser level is for words that find little anywhere, or nothing here. */
static bool is_enough(const search *self, const aurora_search_result *out)
{
    /* By price or time a hit that misses a word may come first: then only where nothing has all. */
    uint32_t enough = self->sort == AURORA_SORT_RELEVANCE ? ENOUGH : 1;
    return out->total > 0 && self->matches >= enough;
}

/* The first page tries levels until enough is found; the pages behind it keep its level. */
static aurora_status find(search *self, position *after, aurora_search_result *out)
{
    uint32_t level = after == NULL ? 0 : after->level;
    bool has_more = false;
    aurora_status rc = AURORA_OK;
    if (after != NULL && self->has_plan && self->sort == AURORA_SORT_RELEVANCE)
        rc = find_score(self, level, after);
    self->after = after;
    if (rc == AURORA_OK)
        rc = run_level(self, level, out, &has_more);
    uint32_t found = level;
    while (rc == AURORA_OK && after == NULL && self->has_plan && !is_enough(self, out) &&
           ++level < AURORA__ELASTIC_LEVELS) {
        if (!aurora__elastic_plan_has_level(&self->plan, level))
            continue;
        rc = run_level(self, level, out, &has_more);
        found = level;
    }
    if (rc == AURORA_OK && has_more)
        note_after(self, found, out);
    if (after != NULL)
        out->facet_count = 0;
    return rc;
}

static bool read_after(const aurora_search_request *request, position *out)
{
    if (request->after_length != sizeof *out)
        return false;
    memcpy(out, request->after, sizeof *out);
    return out->format == AFTER_FORMAT && out->level < AURORA__ELASTIC_LEVELS &&
           memchr(out->sku, '\0', sizeof out->sku) != NULL && out->score >= 0 && out->score < 1e30;
}

aurora_status aurora__elastic_query(void *self, const aurora_search_request *request,
                                    const aurora_arena_port *arena, aurora_search_result *out)
{
    position place = {0}, *after = request->after == NULL ? NULL : &place;
    const aurora_query *query = request->query;
    memset(out, 0, sizeof *out);
    if (after != NULL && !read_after(request, after))
        return AURORA_EINVAL;
    aurora_bulkhead *searches = &((aurora__elastic_index *)self)->searches;
    if (!aurora_bulkhead_try_enter(searches))
        return AURORA_EBUSY;
    search now = {.call = aurora__elastic_call_take(self), .request = request, .arena = arena};
    if (now.call == NULL) {
        aurora_bulkhead_leave(searches);
        return AURORA_ENOMEM;
    }
    aurora__elastic_call_bound(now.call, query->time_max_ms);
    now.sort = query->sort == 0 ? AURORA_SORT_RELEVANCE : query->sort;
    now.has_plan = query->text != NULL && aurora__elastic_plan_begin(&now.plan, query->text);
    aurora_status rc = find(&now, after, out);
    aurora__elastic_call_give(now.call);
    aurora_bulkhead_leave(searches);
    return rc;
}
