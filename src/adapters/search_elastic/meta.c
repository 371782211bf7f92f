/* SPDX-License-Identifier: MIT */
/* The document that says where the index stands. It lives in an index of its own, NAME-meta, and
 * every change of it follows the one that was read (if_seq_no), so that instances never overwrite
 * each other. What it says is done first there and then to the alias: an instance that dies between
 * the two leaves the second half to whoever reads the document next. */
#include "adapters/search_elastic/index.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "adapters/search_elastic/reply.h"

#define FORMAT 1 /* of the indices and of this document: another one is made anew */
#define ATTEMPTS 8
#define NOT_OURS UINT64_MAX /* the alias's name is taken by something else */

/* --- reading ---------------------------------------------------------------------------------- */

/* "NAME-000012" is 12; 0 for what is no generation of ours. */
static uint64_t generation_of(const aurora__elastic_index *index, const char *name)
{
    size_t length = strlen(index->address.name);
    char *end;
    if (name == NULL || strncmp(name, index->address.name, length) != 0)
        return 0;
    if (name[length] == '\0')
        return NOT_OURS;
    if (name[length] != '-' || name[length + 1] < '0' || name[length + 1] > '9')
        return 0;
    unsigned long long number = strtoull(name + length + 1, &end, 10);
    return *end == '\0' ? number : 0;
}

static bool read_log_id(const cJSON *source, aurora_id *out)
{
    const char *text = aurora__elastic_text_of(source, "log_id");
    return text != NULL && aurora_id_parse(text, out) == AURORA_OK;
}

static bool read_source(const cJSON *source, aurora__elastic_meta *out)
{
    int64_t format = 0;
    int64_t generation = 0;
    int64_t next = 0;
    int64_t rebuild = 0;
    const char *after = aurora__elastic_text_of(source, "rebuild_after");
    bool is_good = aurora__elastic_number_of(source, "format", &format) && format == FORMAT &&
                   aurora__elastic_number_of(source, "generation", &generation) &&
                   aurora__elastic_number_of(source, "next", &next) &&
                   aurora__elastic_number_of(source, "rebuild", &rebuild) &&
                   aurora__elastic_number_of(source, "position", &out->position) &&
                   read_log_id(source, &out->log_id) && after != NULL &&
                   strlen(after) <= AURORA_SKU_BYTES_MAX && generation > 0 && next >= 0;
    if (!is_good)
        return false;
    out->generation = (uint64_t)generation;
    out->next = (uint64_t)next;
    out->rebuild = (uint64_t)rebuild;
    memcpy(out->rebuild_after, after, strlen(after) + 1);
    return true;
}

static aurora_status read_state(const cJSON *state, const cJSON *alias, aurora__elastic_meta *out)
{
    const cJSON *error = cJSON_GetObjectItemCaseSensitive(state, "error");
    const char *why = aurora__elastic_text_of(error, "type");
    if (alias == NULL ||
        (error != NULL && (why == NULL || strcmp(why, "index_not_found_exception") != 0)))
        return AURORA_EIO;
    if (!cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(state, "found")))
        return AURORA_ENOTFOUND;
    if (!aurora__elastic_number_of(state, "_seq_no", &out->seq_no) ||
        !aurora__elastic_number_of(state, "_primary_term", &out->primary_term))
        return AURORA_EIO;
    bool is_whole = read_source(cJSON_GetObjectItemCaseSensitive(state, "_source"), out);
    return is_whole ? AURORA_OK : AURORA_ECORRUPT;
}

/* One request reads the document and where the alias leads, both as they are now and not as they
 * were at the last refresh. AURORA_ENOTFOUND without a document, AURORA_ECORRUPT for one of another
 * format; the place in its history is filled then too. */
static aurora_status read_meta(aurora__elastic_call *call, aurora__elastic_meta *out)
{
    const aurora__elastic_index *index = call->index;
    const char *name = index->address.name;
    char meta[AURORA__ELASTIC_NAME_BYTES + 16];
    memset(out, 0, sizeof *out);
    snprintf(meta, sizeof meta, "%s-meta", name);
    aurora__elastic_call_path(call, "/_mget");
    aurora__elastic_json(&call->request,
                         "{'docs':[{'_index':%q,'_id':'state'},{'_index':%q,'_id':'state'}]}", meta,
                         name);
    aurora_status rc = aurora__elastic_call_ask(call, "POST", index->address.query_ms);
    if (rc != AURORA_OK)
        return rc == AURORA_ENOTFOUND ? AURORA_EIO : rc;
    cJSON *tree = aurora__elastic_call_tree(call);
    const cJSON *docs = cJSON_GetObjectItemCaseSensitive(tree, "docs");
    const cJSON *alias = cJSON_GetArrayItem(docs, 1);
    rc = read_state(cJSON_GetArrayItem(docs, 0), alias, out);
    if (cJSON_GetObjectItemCaseSensitive(alias, "error") == NULL)
        out->alias = generation_of(index, aurora__elastic_text_of(alias, "_index"));
    cJSON_Delete(tree);
    return rc;
}

/* --- writing ---------------------------------------------------------------------------------- */

static void write_source(aurora__elastic_text *to, const aurora__elastic_meta *meta)
{
    char log_id[AURORA_ID_TEXT_BYTES];
    aurora_id_format(meta->log_id, log_id);
    aurora__elastic_json(to,
                         "{'format':%d,'generation':%d,'next':%d,'rebuild':%d,'position':%d,"
                         "'log_id':%q,'rebuild_after':%q}",
                         (int64_t)FORMAT, (int64_t)meta->generation, (int64_t)meta->next,
                         (int64_t)meta->rebuild, meta->position, log_id, meta->rebuild_after);
}

aurora_status aurora__elastic_meta_write(aurora__elastic_call *call,
                                         const aurora__elastic_meta *meta)
{
    const aurora__elastic_address *address = &call->index->address;
    aurora__elastic_call_path(call,
                              "/%s-meta/_doc/state?if_seq_no=%" PRId64 "&if_primary_term=%" PRId64,
                              address->name, meta->seq_no, meta->primary_term);
    write_source(&call->request, meta);
    aurora_status rc = aurora__elastic_call_ask(call, "PUT", address->write_ms);
    return rc == AURORA_ENOTFOUND ? AURORA_ECONFLICT : rc;
}

/* Who creates the document has decided; the others read it. */
static aurora_status create(aurora__elastic_call *call)
{
    const aurora__elastic_address *address = &call->index->address;
    struct timespec now;
    aurora__elastic_meta meta = {.position = -1};
    aurora_status rc = aurora__elastic_generation_last(call, &meta.generation);
    if (rc != AURORA_OK)
        return rc;
    /* Numbers of rebuilds are not used again, also where this document was deleted. */
    clock_gettime(CLOCK_REALTIME, &now);
    meta.rebuild = (uint64_t)now.tv_sec;
    meta.generation++;
    aurora__elastic_call_path(call, "/%s-meta", address->name);
    aurora__elastic_json(&call->request,
                         "{'settings':{'number_of_shards':1,'auto_expand_replicas':'0-1'},"
                         "'mappings':{'dynamic':false}}");
    rc = aurora__elastic_call_run(call, "PUT", address->write_ms);
    if (rc != AURORA_OK)
        return rc;
    if (call->http_status == 200)
        aurora__elastic_log(call->index, AURORA_LOG_INFO, "the index %s is made", address->name);
    aurora__elastic_call_path(call, "/%s-meta/_create/state", address->name);
    write_source(&call->request, &meta);
    rc = aurora__elastic_call_ask(call, "PUT", address->write_ms);
    return rc == AURORA_ECONFLICT ? AURORA_OK : rc;
}

/* --- mending ---------------------------------------------------------------------------------- */

/* What is there cannot be used: a new and empty one takes its place, at position -1. */
static aurora_status start_over(aurora__elastic_call *call, aurora__elastic_meta *meta,
                                const char *why)
{
    struct timespec now;
    uint64_t last;
    aurora_status rc = aurora__elastic_generation_last(call, &last);
    if (rc != AURORA_OK)
        return rc;
    clock_gettime(CLOCK_REALTIME, &now);
    aurora__elastic_meta fresh = *meta;
    uint64_t used = meta->next > meta->generation ? meta->next : meta->generation;
    fresh.generation = (last > used ? last : used) + 1;
    fresh.next = 0;
    fresh.rebuild =
        meta->rebuild + 1 > (uint64_t)now.tv_sec ? meta->rebuild + 1 : (uint64_t)now.tv_sec;
    fresh.position = -1;
    fresh.rebuild_after[0] = '\0';
    rc = aurora__elastic_meta_write(call, &fresh);
    if (rc == AURORA_OK)
        aurora__elastic_log(call->index, AURORA_LOG_WARNING, "%s: it is made anew", why);
    return rc == AURORA_ECONFLICT ? AURORA_OK : rc;
}

/* The alias does not lead to the generation of the document. */
static aurora_status mend_alias(aurora__elastic_call *call, aurora__elastic_meta *meta)
{
    if (meta->alias == NOT_OURS) {
        aurora__elastic_log(call->index, AURORA_LOG_ERROR,
                            "an index %s stands where the alias of that name belongs",
                            call->index->address.name);
        return AURORA_EIO;
    }
    aurora_status rc = aurora__elastic_generation_find(call, meta->generation);
    if (rc == AURORA_ENOTFOUND && meta->position >= 0)
        return start_over(call, meta, "the index was deleted");
    if (rc == AURORA_ENOTFOUND)
        rc = aurora__elastic_generation_make(call, meta->generation, false);
    if (rc == AURORA_OK)
        rc = aurora__elastic_alias_move(call, meta->generation);
    if (rc == AURORA_OK)
        aurora__elastic_generations_clean(call, meta);
    return rc;
}

aurora_status aurora__elastic_meta_open(aurora__elastic_call *call, aurora__elastic_meta *out)
{
    bool is_readonly = (call->index->options.flags & AURORA_SEARCH_READONLY) != 0;
    for (int i = 0; i < ATTEMPTS; i++) {
        aurora_status rc = read_meta(call, out);
        if (rc == AURORA_OK && (out->alias == out->generation || (is_readonly && out->alias != 0)))
            return AURORA_OK;
        if (is_readonly)
            return rc == AURORA_OK ? AURORA_ENOTFOUND : rc;
        if (rc == AURORA_ENOTFOUND)
            rc = create(call);
        else if (rc == AURORA_ECORRUPT)
            rc = start_over(call, out, "the index is of another format");
        else if (rc == AURORA_OK)
            rc = mend_alias(call, out);
        if (rc != AURORA_OK)
            return rc;
    }
    return AURORA_EBUSY;
}
