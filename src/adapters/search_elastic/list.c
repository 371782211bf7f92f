/* SPDX-License-Identifier: MIT */
/* All documents, by SKU. */
#include "adapters/search_elastic/index.h"

#include <string.h>

#include "adapters/search_elastic/reply.h"

static aurora_status read_list(const cJSON *tree, uint32_t limit, const aurora_arena_port *arena,
                               const aurora_product **items, uint32_t *count_out)
{
    const cJSON *found = cJSON_GetObjectItemCaseSensitive(tree, "hits");
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(found, "hits");
    if (!cJSON_IsArray(list))
        return found == NULL ? AURORA_EIO : AURORA_OK;
    for (const cJSON *hit = list->child; hit != NULL && *count_out < limit; hit = hit->next) {
        aurora_product *item = aurora__elastic_arena_take(arena, sizeof *item);
        if (item == NULL)
            return AURORA_ENOMEM;
        aurora_status rc = aurora__elastic_read_product(
            cJSON_GetObjectItemCaseSensitive(hit, "_source"), arena, item);
        if (rc != AURORA_OK)
            return rc;
        items[(*count_out)++] = item;
    }
    return AURORA_OK;
}

/* What was written last is made visible first: who lists asks what the index holds now. */
static aurora_status ask(aurora__elastic_call *call, const char *after, uint32_t limit)
{
    const aurora__elastic_address *address = &call->index->address;
    aurora__elastic_text *to = &call->request;
    aurora__elastic_call_path(call, "/%s/_refresh", address->name);
    aurora_status rc = aurora__elastic_call_ask(call, "POST", address->write_ms);
    if (rc != AURORA_OK)
        return rc;
    aurora__elastic_call_path(call,
                              "/%s/_search?allow_partial_search_results=false"
                              "&filter_path=hits.total,hits.hits._source",
                              address->name);
    aurora__elastic_json(to,
                         "{'size':%d,'sort':[{'sku':'asc'}],'track_total_hits':true,"
                         "'query':{'bool':{'filter':[{'term':{'deleted':false}}]}}",
                         (int64_t)limit);
    if (after != NULL)
        aurora__elastic_json(to, ",'search_after':[%q]", after);
    aurora__elastic_text_add(to, "}", 1);
    return aurora__elastic_call_ask(call, "POST", address->write_ms);
}

aurora_status aurora__elastic_list(void *self, const char *after, uint32_t limit,
                                   const aurora_arena_port *arena,
                                   const aurora_product ***items_out, uint32_t *count_out)
{
    *count_out = 0;
    *items_out = aurora__elastic_arena_take(arena, limit * sizeof **items_out);
    if (*items_out == NULL)
        return AURORA_ENOMEM;
    aurora__elastic_call *call = aurora__elastic_call_take(self);
    if (call == NULL)
        return AURORA_ENOMEM;
    aurora_status rc = ask(call, after, limit);
    if (rc == AURORA_OK) {
        cJSON *tree = aurora__elastic_call_tree(call);
        rc = read_list(tree, limit, arena, *items_out, count_out);
        cJSON_Delete(tree);
    }
    aurora__elastic_call_give(call);
    return rc == AURORA_ECONFLICT ? AURORA_EIO : rc;
}
