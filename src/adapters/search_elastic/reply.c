/* SPDX-License-Identifier: MIT */
#include "adapters/search_elastic/reply.h"

#include <math.h>
#include <string.h>

#include "adapters/search_elastic/index.h"

#define EXACT_MAX 9007199254740992.0 /* 2^53 */
#define FRAGMENT_BYTES 200
#define GROWTH 6 /* of one escaped byte: &quot; */
#define FACETS_MAX 20

/* --- members ---------------------------------------------------------------------------------- */

const char *aurora__elastic_text_of(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsString(item) ? item->valuestring : NULL;
}

bool aurora__elastic_number_of(const cJSON *object, const char *name, int64_t *out)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    if (!cJSON_IsNumber(item) || !isfinite(item->valuedouble) ||
        fabs(item->valuedouble) > EXACT_MAX || floor(item->valuedouble) != item->valuedouble)
        return false;
    *out = (int64_t)item->valuedouble;
    return true;
}

static const cJSON *list_of(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsArray(item) ? item : NULL;
}

void *aurora__elastic_arena_take(const aurora_arena_port *arena, size_t bytes)
{
    void *memory = arena->allocate(arena->self, bytes == 0 ? 1 : bytes);
    if (memory != NULL)
        memset(memory, 0, bytes);
    return memory;
}

const char *aurora__elastic_arena_text(const aurora_arena_port *arena, const char *text,
                                       size_t length)
{
    char *copy = arena->allocate(arena->self, length + 1);
    if (copy == NULL)
        return NULL;
    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

/* --- products --------------------------------------------------------------------------------- */

static aurora_status copy_text(const cJSON *object, const char *name,
                               const aurora_arena_port *arena, const char **out)
{
    const char *text = aurora__elastic_text_of(object, name);
    if (text == NULL)
        text = "";
    *out = aurora__elastic_arena_text(arena, text, strlen(text));
    return *out == NULL ? AURORA_ENOMEM : AURORA_OK;
}

static aurora_status read_attributes(const cJSON *source, const aurora_arena_port *arena,
                                     aurora_product *out)
{
    const cJSON *list = list_of(source, "attributes");
    int count = cJSON_GetArraySize(list);
    if (count > AURORA_ATTRIBUTES_MAX)
        return AURORA_EIO;
    aurora_pair *pairs = aurora__elastic_arena_take(arena, (size_t)count * sizeof *pairs);
    aurora_status rc = pairs == NULL ? AURORA_ENOMEM : AURORA_OK;
    out->attributes = pairs;
    for (const cJSON *item = list == NULL ? NULL : list->child; rc == AURORA_OK && item != NULL;
         item = item->next) {
        aurora_pair *pair = &pairs[out->attribute_count++];
        rc = copy_text(item, "name", arena, &pair->name);
        if (rc == AURORA_OK)
            rc = copy_text(item, "value", arena, &pair->value);
    }
    return rc;
}

aurora_status aurora__elastic_read_product(const cJSON *source, const aurora_arena_port *arena,
                                           aurora_product *out)
{
    /* What the index could not take is kept whole beside. */
    const cJSON *kept = cJSON_GetObjectItemCaseSensitive(source, "kept");
    const cJSON *from = cJSON_IsObject(kept) ? kept : source;
    int64_t version;
    memset(out, 0, sizeof *out);
    out->size = sizeof *out;
    const char *sku = aurora__elastic_text_of(source, "sku");
    if (sku == NULL || sku[0] == '\0' || strlen(sku) > AURORA_SKU_BYTES_MAX ||
        !aurora__elastic_number_of(source, "version", &version) || version < 0 ||
        !aurora__elastic_number_of(from, "price_minor", &out->price_minor) ||
        !aurora__elastic_number_of(from, "created_at_ms", &out->created_at_ms) ||
        !aurora__elastic_number_of(from, "updated_at_ms", &out->updated_at_ms))
        return AURORA_EIO;
    out->version = (uint64_t)version;
    const struct {
        const char *name;
        const char **text;
    } texts[] = {{"name", &out->name},           {"description", &out->description},
                 {"brand", &out->brand},         {"category", &out->category},
                 {"image_url", &out->image_url}, {"currency", &out->currency}};
    out->sku = aurora__elastic_arena_text(arena, sku, strlen(sku));
    aurora_status rc = out->sku == NULL ? AURORA_ENOMEM : AURORA_OK;
    for (size_t i = 0; rc == AURORA_OK && i < sizeof texts / sizeof *texts; i++)
        rc = copy_text(from, texts[i].name, arena, texts[i].text);
    return rc == AURORA_OK ? read_attributes(from, arena, out) : rc;
}

/* --- highlights ------------------------------------------------------------------------------- */

const char *aurora__elastic_fragment(const cJSON *hit, const char *field)
{
    const cJSON *marked = cJSON_GetObjectItemCaseSensitive(hit, "highlight");
    const cJSON *first = cJSON_GetArrayItem(list_of(marked, field), 0);
    return cJSON_IsString(first) ? first->valuestring : NULL;
}

static const char *entity_of(char byte)
{
    return byte == '<'    ? "&lt;"
           : byte == '>'  ? "&gt;"
           : byte == '&'  ? "&amp;"
           : byte == '"'  ? "&quot;"
           : byte == '\'' ? "&#39;"
                          : NULL;
}

bool aurora__elastic_is_mark(const char *at)
{
    return strncmp(at, AURORA__ELASTIC_MARK_OPEN, AURORA__ELASTIC_MARK_BYTES) == 0 ||
           strncmp(at, AURORA__ELASTIC_MARK_CLOSE, AURORA__ELASTIC_MARK_BYTES) == 0;
}

/* HTML: everything is escaped, the marks are <em>, each open one is closed. */
static const char *escape(const char *text, size_t length, const aurora_arena_port *arena)
{
    bool is_open = false;
    char *out = aurora__elastic_arena_take(arena, length * GROWTH + 8);
    if (out == NULL)
        return NULL;
    char *to = out;
    for (size_t i = 0; i < length;) {
        const char *as = entity_of(text[i]);
        size_t taken = 1;
        if (aurora__elastic_is_mark(text + i)) {
            bool opens = strncmp(text + i, AURORA__ELASTIC_MARK_OPEN, 3) == 0;
            as = opens == is_open ? "" : opens ? "<em>" : "</em>";
            is_open = opens;
            taken = AURORA__ELASTIC_MARK_BYTES;
        }
        size_t size = as == NULL ? 1 : strlen(as);
        memcpy(to, as == NULL ? text + i : as, size);
        to += size;
        i += taken;
    }
    if (is_open)
        memcpy(to, "</em>", 6);
    return out;
}

/* The field that shows best why the product was found; without one, the name's beginning. */
static const char *highlight(const cJSON *hit, const aurora_product *product,
                             const aurora_arena_port *arena)
{
    static const char *const fields[] = {"name", "description", "category", "brand"};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        const char *fragment = aurora__elastic_fragment(hit, fields[i]);
        if (fragment != NULL)
            return escape(fragment, strlen(fragment), arena);
    }
    size_t length = strlen(product->name);
    if (length > FRAGMENT_BYTES) {
        length = FRAGMENT_BYTES;
        while (length > 0 && ((uint8_t)product->name[length] & 0xC0) == 0x80)
            length--;
    }
    return escape(product->name, length, arena);
}

/* --- searches --------------------------------------------------------------------------------- */

static aurora_status read_hit(const cJSON *from, const aurora_arena_port *arena, aurora_hit *out)
{
    const cJSON *source = cJSON_GetObjectItemCaseSensitive(from, "_source");
    const cJSON *score = cJSON_GetObjectItemCaseSensitive(from, "_score");
    aurora_product *product = aurora__elastic_arena_take(arena, sizeof *product);
    if (product == NULL)
        return AURORA_ENOMEM;
    aurora_status rc = aurora__elastic_read_product(source, arena, product);
    if (rc != AURORA_OK)
        return rc;
    *out = (aurora_hit){.size = sizeof *out, .product = product};
    if (cJSON_IsNumber(score) && isfinite(score->valuedouble))
        out->score = score->valuedouble;
    out->highlight = highlight(from, product, arena);
    return out->highlight == NULL ? AURORA_ENOMEM : AURORA_OK;
}

static aurora_status read_facet(const cJSON *tree, const char *name, int32_t kind,
                                const aurora_arena_port *arena, aurora_search_result *out,
                                aurora_facet *facets)
{
    const cJSON *both = cJSON_GetObjectItemCaseSensitive(tree, "aggregations");
    const cJSON *one = cJSON_GetObjectItemCaseSensitive(both, name);
    const cJSON *values = cJSON_GetObjectItemCaseSensitive(one, "values");
    const cJSON *buckets = list_of(values, "buckets");
    uint32_t count = 0;
    for (const cJSON *bucket = buckets == NULL ? NULL : buckets->child;
         bucket != NULL && count < FACETS_MAX; bucket = bucket->next) {
        int64_t documents;
        const char *key = aurora__elastic_text_of(bucket, "key");
        if (key == NULL || !aurora__elastic_number_of(bucket, "doc_count", &documents) ||
            documents < 0)
            return AURORA_EIO;
        aurora_facet *facet = &facets[out->facet_count++];
        *facet = (aurora_facet){.size = sizeof *facet, .kind = kind, .count = (uint64_t)documents};
        facet->value = aurora__elastic_arena_text(arena, key, strlen(key));
        if (facet->value == NULL)
            return AURORA_ENOMEM;
        count++;
    }
    return AURORA_OK;
}

static aurora_status read_facets(const cJSON *tree, const aurora_arena_port *arena,
                                 aurora_search_result *out)
{
    aurora_facet *facets = aurora__elastic_arena_take(arena, sizeof *facets * FACETS_MAX * 2);
    if (facets == NULL)
        return AURORA_ENOMEM;
    out->facets = facets;
    aurora_status rc = read_facet(tree, "categories", AURORA_FACET_CATEGORY, arena, out, facets);
    return rc == AURORA_OK ? read_facet(tree, "brands", AURORA_FACET_BRAND, arena, out, facets)
                           : rc;
}

aurora_status aurora__elastic_read_search(const cJSON *tree, uint32_t limit,
                                          const aurora_arena_port *arena, aurora_search_result *out,
                                          bool *has_more_out)
{
    const cJSON *found = cJSON_GetObjectItemCaseSensitive(tree, "hits");
    const cJSON *total = cJSON_GetObjectItemCaseSensitive(found, "total");
    const cJSON *list = list_of(found, "hits");
    int64_t count;
    *has_more_out = false;
    if (!aurora__elastic_number_of(total, "value", &count) || count < 0)
        return AURORA_EIO;
    aurora_hit *hits = aurora__elastic_arena_take(arena, limit * sizeof *hits);
    if (hits == NULL)
        return AURORA_ENOMEM;
    out->hits = hits;
    out->total = (uint64_t)count;
    aurora_status rc = AURORA_OK;
    for (const cJSON *hit = list == NULL ? NULL : list->child; rc == AURORA_OK && hit != NULL;
         hit = hit->next) {
        if (out->count == limit) {
            *has_more_out = true;
            break;
        }
        rc = read_hit(hit, arena, &hits[out->count]);
        out->count += rc == AURORA_OK;
    }
    return rc == AURORA_OK ? read_facets(tree, arena, out) : rc;
}

uint64_t aurora__elastic_read_matches(const cJSON *tree, uint64_t other)
{
    const cJSON *all = cJSON_GetObjectItemCaseSensitive(tree, "aggregations");
    const cJSON *matches = cJSON_GetObjectItemCaseSensitive(all, "matches");
    int64_t count;
    bool is_told = aurora__elastic_number_of(matches, "doc_count", &count) && count >= 0;
    return is_told ? (uint64_t)count : other;
}

/* --- bulk ------------------------------------------------------------------------------------- */

static uint8_t outcome_of(const cJSON *item)
{
    const cJSON *action = cJSON_IsObject(item) ? item->child : NULL;
    const char *type =
        aurora__elastic_text_of(cJSON_GetObjectItemCaseSensitive(action, "error"), "type");
    int64_t status;
    if (!aurora__elastic_number_of(action, "status", &status))
        return AURORA__ELASTIC_ITEM_LATER;
    if ((status >= 200 && status < 300) || status == 409)
        return AURORA__ELASTIC_ITEM_DONE;
    if (type != NULL && strcmp(type, "cluster_block_exception") == 0)
        return AURORA__ELASTIC_ITEM_FULL;
    if (status == 404)
        return AURORA__ELASTIC_ITEM_NOWHERE;
    return status == 400 || status == 413 ? AURORA__ELASTIC_ITEM_REFUSED
                                          : AURORA__ELASTIC_ITEM_LATER;
}

bool aurora__elastic_read_bulk(const cJSON *tree, uint32_t count, uint8_t *outcomes)
{
    const cJSON *items = list_of(tree, "items");
    uint32_t at = 0;
    if (!cJSON_IsBool(cJSON_GetObjectItemCaseSensitive(tree, "errors")) || items == NULL)
        return false;
    for (const cJSON *item = items->child; item != NULL; item = item->next) {
        if (at == count)
            return false;
        outcomes[at++] = outcome_of(item);
    }
    return at == count;
}

const char *aurora__elastic_bulk_reason(const cJSON *tree, uint32_t item)
{
    const cJSON *action = cJSON_GetArrayItem(list_of(tree, "items"), (int)item);
    const cJSON *error =
        cJSON_GetObjectItemCaseSensitive(action == NULL ? NULL : action->child, "error");
    const char *reason = aurora__elastic_text_of(error, "reason");
    return reason == NULL ? "" : reason;
}
