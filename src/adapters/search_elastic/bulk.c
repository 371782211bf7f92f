/* SPDX-License-Identifier: MIT */
/* Writing documents, many at once. The version of each product is the document's own, kept by the
 * index (version_type external): what comes late or twice is answered 409 and is no failure. */
#include "adapters/search_elastic/index.h"

#include <inttypes.h>
#include <string.h>

#include "adapters/search_elastic/document.h"
#include "adapters/search_elastic/reply.h"

#define REQUEST_BYTES ((size_t)4 * 1024 * 1024) /* then it is sent */
#define AT_ONCE 512

static void add(aurora__elastic_call *call, uint64_t generation, const aurora_search_change *change,
                bool is_refused)
{
    aurora__elastic_text *to = &call->request;
    aurora__elastic_json(to,
                         "{'index':{'_index':'%r-w%d','_id':%q,'version':%d,"
                         "'version_type':'external'}}\n",
                         call->index->address.name, (int64_t)generation, change->sku,
                         (int64_t)change->version);
    if (is_refused)
        aurora__elastic_document_kept(to, change);
    else
        aurora__elastic_document(to, change);
    aurora__elastic_text_add(to, "\n", 1);
}

static void begin(aurora__elastic_call *call)
{
    aurora__elastic_call_path(
        call,
        "/_bulk?require_alias=true&%sfilter_path=errors,items.*.status,items.*.error.type,"
        "items.*.error.reason",
        call->index->address.refresh_s == 0 ? "refresh=true&" : "");
}

/* The worst that became of the items; what is refused for good is no part of it. */
static aurora_status judge(const uint8_t *outcomes, uint32_t count)
{
    aurora_status rc = AURORA_OK;
    for (uint32_t i = 0; i < count; i++) {
        if (outcomes[i] == AURORA__ELASTIC_ITEM_NOWHERE)
            return AURORA_ENOTFOUND;
        if (outcomes[i] == AURORA__ELASTIC_ITEM_FULL)
            rc = AURORA_EFULL;
        else if (outcomes[i] == AURORA__ELASTIC_ITEM_LATER && rc == AURORA_OK)
            rc = AURORA_EIO;
    }
    return rc;
}

static aurora_status send_bulk(aurora__elastic_call *call, const aurora_search_change *changes,
                               uint32_t count, uint8_t *outcomes, bool is_telling)
{
    aurora_status rc = aurora__elastic_call_ask(call, "POST", call->index->address.write_ms);
    if (rc != AURORA_OK)
        return rc == AURORA_ECONFLICT ? AURORA_EIO : rc;
    cJSON *tree = aurora__elastic_call_tree(call);
    if (!aurora__elastic_read_bulk(tree, count, outcomes)) {
        aurora__elastic_log(call->index, AURORA_LOG_WARNING,
                            "the answer to %" PRIu32 " documents is not one", count);
        cJSON_Delete(tree);
        return AURORA_EIO;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (outcomes[i] == AURORA__ELASTIC_ITEM_REFUSED)
            aurora__elastic_log(
                call->index, AURORA_LOG_ERROR, "product %s is refused%s: %.200s", changes[i].sku,
                is_telling ? " and can be listed, not found" : " also without words",
                aurora__elastic_bulk_reason(tree, i));
    }
    cJSON_Delete(tree);
    return judge(outcomes, count);
}

/* A document that the index will never take must not hold up those behind it: it is stored without
 * the words that it is found by. */
static aurora_status send_refused(aurora__elastic_call *call, uint64_t generation,
                                  const aurora_search_change *changes, uint32_t count,
                                  const uint8_t *outcomes)
{
    aurora_status rc = AURORA_OK;
    for (uint32_t i = 0; rc == AURORA_OK && i < count; i++) {
        uint8_t outcome;
        if (outcomes[i] != AURORA__ELASTIC_ITEM_REFUSED)
            continue;
        begin(call);
        add(call, generation, &changes[i], true);
        rc = send_bulk(call, &changes[i], 1, &outcome, false);
    }
    return rc;
}

aurora_status aurora__elastic_bulk(aurora__elastic_call *call, uint64_t generation,
                                   const aurora_search_change *changes, uint32_t count)
{
    uint8_t outcomes[AT_ONCE];
    aurora_status rc = AURORA_OK;
    for (uint32_t at = 0; rc == AURORA_OK && at < count;) {
        uint32_t taken = 0;
        begin(call);
        while (at + taken < count && taken < AT_ONCE && call->request.length < REQUEST_BYTES)
            add(call, generation, &changes[at + taken++], false);
        rc = send_bulk(call, changes + at, taken, outcomes, true);
        if (rc == AURORA_OK)
            rc = send_refused(call, generation, changes + at, taken, outcomes);
        at += taken;
    }
    return rc;
}
