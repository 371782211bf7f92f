/* SPDX-License-Identifier: MIT */
/* The indices: how text becomes words, and which fields there are. All of it is of the common
 * ground of Elasticsearch 7.10 and OpenSearch. */
#include "adapters/search_elastic/index.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/search_elastic/reply.h"
#include "adapters/search_elastic/words.h"

/* What is the same before words are cut: signs that make words, accents that the filter
 * asciifolding does not know, 15.6" and 15,6 inch, 500GB and 500 GB. */
static const char char_filters[] =
    "'char_filter':{"
    "'aurora_signs':{'type':'mapping','mappings':['c++=>cplusplus','C++=>cplusplus',"
    "'c#=>csharp','C#=>csharp','_=>-','ά=>α','έ=>ε','ή=>η','ί=>ι','ϊ=>ι','ΐ=>ι','ό=>ο','ύ=>υ',"
    "'ϋ=>υ','ΰ=>υ','ώ=>ω','Ά=>α','Έ=>ε','Ή=>η','Ί=>ι','Ό=>ο','Ύ=>υ','Ώ=>ω','ς=>σ','ё=>е','Ё=>е']},"
    "'aurora_comma':{'type':'pattern_replace','pattern':'(\\\\d),(?=\\\\d)','replacement':'$1.'},"
    "'aurora_inch':{'type':'pattern_replace','pattern':'(\\\\d)\\\\s?(?:\\\"|”|″)',"
    "'replacement':'$1 inch '},"
    "'aurora_unit':{'type':'pattern_replace','pattern':'(?i)(?<![\\\\p{L}\\\\d])(\\\\d+(?:\\\\.\\\\"
    "d+)?)(gb|tb|mb|kb|mah|ah|wh|w|kw|v|mm|cm|m|inch|hz|khz|mhz|ghz|mp|gbit|mbit|gbps|mbps|kg|g|l|"
    "ml|dpi|rpm)(?![\\\\p{L}\\\\d])','replacement':'$1 $2'}},";

static const char analyzers[] =
    "'analyzer':{"
    "'aurora_text':{'type':'custom','tokenizer':'standard',"
    "'char_filter':['aurora_signs','aurora_comma','aurora_inch','aurora_unit'],"
    "'filter':['lowercase','asciifolding','aurora_owner','aurora_singular']},"
    /* Neighbours are also one word, so that usbc finds usb-c and smartwatch a smart watch. */
    "'aurora_all':{'type':'custom','tokenizer':'standard',"
    "'char_filter':['aurora_signs','aurora_comma','aurora_inch','aurora_unit'],"
    "'filter':['lowercase','asciifolding','aurora_owner','aurora_singular','aurora_pairs']},"
    "'aurora_find':{'type':'custom','tokenizer':'standard',"
    "'char_filter':['aurora_signs','aurora_comma','aurora_inch','aurora_unit'],"
    "'filter':['lowercase','asciifolding','aurora_owner','aurora_singular','aurora_synonyms',"
    "'aurora_stop']},"
    "'aurora_code':{'type':'custom','tokenizer':'keyword',"
    "'filter':['lowercase','asciifolding','aurora_solid']}}";

static const char properties[] =
    "'sku':{'type':'keyword','copy_to':'all',"
    "'fields':{'code':{'type':'text','analyzer':'aurora_code','norms':false}}},"
    "'name':{'type':'text','analyzer':'aurora_text','search_analyzer':'aurora_find',"
    "'copy_to':'all'},"
    "'brand':{'type':'text','analyzer':'aurora_text','search_analyzer':'aurora_find',"
    "'copy_to':'all','norms':false,'fields':{'exact':{'type':'keyword'}}},"
    "'category':{'type':'text','analyzer':'aurora_text','search_analyzer':'aurora_find',"
    "'copy_to':'all','norms':false,'fields':{'exact':{'type':'keyword'}}},"
    "'description':{'type':'text','analyzer':'aurora_text','search_analyzer':'aurora_find',"
    "'copy_to':'all'},"
    "'attributes':{'properties':{"
    "'name':{'type':'keyword','index':false,'doc_values':false},"
    "'value':{'type':'text','analyzer':'aurora_text','search_analyzer':'aurora_find',"
    "'copy_to':'all','norms':false}}},"
    "'all':{'type':'text','analyzer':'aurora_all','search_analyzer':'aurora_find','norms':false},"
    "'head':{'type':'text','analyzer':'aurora_text','search_analyzer':'aurora_find',"
    "'norms':false},"
    "'belongs_to':{'type':'text','analyzer':'aurora_text','search_analyzer':'aurora_find',"
    "'norms':false},"
    "'image_url':{'type':'keyword','index':false,'doc_values':false},"
    "'currency':{'type':'keyword','index':false,'doc_values':false},"
    "'price_minor':{'type':'long'},'created_at_ms':{'type':'long'},"
    "'updated_at_ms':{'type':'long','index':false,'doc_values':false},"
    "'version':{'type':'long','index':false,'doc_values':false},"
    "'deleted':{'type':'boolean'},'kept':{'type':'object','enabled':false}";

/* --- the template ----------------------------------------------------------------------------- */

static void write_filters(aurora__elastic_text *to)
{
    aurora__elastic_json(to, "'filter':{'aurora_owner':{'type':'stemmer','language':"
                             "'possessive_english'},"
                             "'aurora_singular':{'type':'stemmer','language':'minimal_english'},"
                             "'aurora_pairs':{'type':'shingle','min_shingle_size':2,"
                             "'max_shingle_size':2,'output_unigrams':true,'token_separator':''},"
                             "'aurora_solid':{'type':'pattern_replace','pattern':"
                             "'[^\\\\p{L}\\\\p{N}]','replacement':''},"
                             "'aurora_stop':{'type':'stop','stopwords':[");
    const char *word;
    for (size_t i = 0; (word = aurora__elastic_stop_word(i)) != NULL; i++)
        aurora__elastic_json(to, i == 0 ? "%q" : ",%q", word);
    aurora__elastic_json(to, "]},'aurora_synonyms':{'type':'synonym_graph','lenient':true,"
                             "'synonyms':[");
    for (size_t i = 0; (word = aurora__elastic_synonyms(i)) != NULL; i++)
        aurora__elastic_json(to, i == 0 ? "%q" : ",%q", word);
    aurora__elastic_json(to, "]}},");
}

static void write_template(aurora__elastic_text *to, const aurora__elastic_address *address)
{
    char refresh[24];
    snprintf(refresh, sizeof refresh, "%" PRId64 "s",
             address->refresh_s == 0 ? INT64_C(1) : address->refresh_s);
    aurora__elastic_json(to,
                         "{'index_patterns':['%r-0*'],'priority':500,'template':{'settings':{"
                         "'number_of_shards':%d,",
                         address->name, address->shards);
    if (address->replicas < 0)
        aurora__elastic_json(to, "'auto_expand_replicas':'0-1',");
    else
        aurora__elastic_json(to, "'number_of_replicas':%d,", address->replicas);
    aurora__elastic_json(to, "'refresh_interval':%q,'analysis':{", refresh);
    aurora__elastic_json(to, char_filters);
    write_filters(to);
    aurora__elastic_json(to, analyzers);
    aurora__elastic_json(to, "}},'mappings':{'dynamic':'strict','properties':{");
    aurora__elastic_json(to, properties);
    aurora__elastic_json(to, "}}}}");
}

/* --- generations ------------------------------------------------------------------------------ */

aurora_status aurora__elastic_generation_make(aurora__elastic_call *call, uint64_t generation,
                                              bool is_for_filling)
{
    const aurora__elastic_address *address = &call->index->address;
    aurora__elastic_call_path(call, "/_index_template/%s", address->name);
    write_template(&call->request, address);
    aurora_status rc = aurora__elastic_call_ask(call, "PUT", address->write_ms);
    if (rc != AURORA_OK)
        return rc == AURORA_ENOTFOUND ? AURORA_EIO : rc;
    /* Writes go by an alias that exists with the index alone: a late one makes no new index. */
    aurora__elastic_call_path(call, "/%s-%06" PRIu64, address->name, generation);
    aurora__elastic_json(&call->request, "{'aliases':{'%r-w%d':{}}", address->name,
                         (int64_t)generation);
    if (is_for_filling)
        aurora__elastic_json(&call->request, ",'settings':{'refresh_interval':'-1'}");
    aurora__elastic_json(&call->request, "}");
    rc = aurora__elastic_call_run(call, "PUT", address->write_ms);
    if (rc == AURORA_OK && call->http_status == 400)
        return aurora__elastic_generation_find(call, generation);
    if (rc == AURORA_OK && (call->http_status < 200 || call->http_status >= 300))
        rc = AURORA_EIO;
    return rc;
}

aurora_status aurora__elastic_generation_find(aurora__elastic_call *call, uint64_t generation)
{
    const aurora__elastic_address *address = &call->index->address;
    aurora__elastic_call_path(call, "/%s-%06" PRIu64, address->name, generation);
    return aurora__elastic_call_ask(call, "HEAD", address->query_ms);
}

aurora_status aurora__elastic_generation_show(aurora__elastic_call *call, uint64_t generation)
{
    const aurora__elastic_address *address = &call->index->address;
    char refresh[24];
    snprintf(refresh, sizeof refresh, "%" PRId64 "s",
             address->refresh_s == 0 ? INT64_C(1) : address->refresh_s);
    aurora__elastic_call_path(call, "/%s-%06" PRIu64 "/_settings", address->name, generation);
    aurora__elastic_json(&call->request, "{'index':{'refresh_interval':%q}}", refresh);
    aurora_status rc = aurora__elastic_call_ask(call, "PUT", address->write_ms);
    if (rc != AURORA_OK)
        return rc;
    aurora__elastic_call_path(call, "/%s-%06" PRIu64 "/_refresh", address->name, generation);
    return aurora__elastic_call_ask(call, "POST", address->write_ms);
}

aurora_status aurora__elastic_alias_move(aurora__elastic_call *call, uint64_t generation)
{
    const aurora__elastic_address *address = &call->index->address;
    char name[AURORA__ELASTIC_NAME_BYTES + 32];
    snprintf(name, sizeof name, "%s-%06" PRIu64, address->name, generation);
    aurora__elastic_call_path(call, "/_aliases");
    aurora__elastic_json(&call->request,
                         "{'actions':[{'remove':{'index':'%r-0*','alias':%q,'must_exist':false}},"
                         "{'add':{'index':%q,'alias':%q}}]}",
                         address->name, address->name, name, address->name);
    return aurora__elastic_call_ask(call, "POST", address->write_ms);
}

/* --- all of them ------------------------------------------------------------------------------ */

/* The tree of all indices of the pattern: its members are their names. */
static aurora_status list(aurora__elastic_call *call, cJSON **out)
{
    const aurora__elastic_address *address = &call->index->address;
    *out = NULL;
    aurora__elastic_call_path(call, "/%s-0*/_alias", address->name);
    aurora_status rc = aurora__elastic_call_ask(call, "GET", address->query_ms);
    if (rc == AURORA_ENOTFOUND)
        return AURORA_OK;
    if (rc != AURORA_OK)
        return rc;
    *out = aurora__elastic_call_tree(call);
    return cJSON_IsObject(*out) ? AURORA_OK : AURORA_EIO;
}

static uint64_t number_of(const cJSON *item, const aurora__elastic_address *address)
{
    char *end;
    size_t length = strlen(address->name) + 1;
    if (item->string == NULL || strlen(item->string) <= length)
        return 0;
    unsigned long long number = strtoull(item->string + length, &end, 10);
    return *end == '\0' ? number : 0;
}

aurora_status aurora__elastic_generation_last(aurora__elastic_call *call, uint64_t *out)
{
    cJSON *tree;
    aurora_status rc = list(call, &tree);
    *out = 0;
    for (const cJSON *item = tree == NULL ? NULL : tree->child; item != NULL; item = item->next) {
        uint64_t number = number_of(item, &call->index->address);
        *out = number > *out ? number : *out;
    }
    cJSON_Delete(tree);
    return rc;
}

/* Numbers only grow, so the document can come to name none that is below those that it names. What
 * stays now is cleaned away the next time. */
void aurora__elastic_generations_clean(aurora__elastic_call *call, const aurora__elastic_meta *meta)
{
    const aurora__elastic_address *address = &call->index->address;
    uint64_t highest = meta->next > meta->generation ? meta->next : meta->generation;
    cJSON *tree;
    if (list(call, &tree) == AURORA_OK) {
        for (const cJSON *item = tree == NULL ? NULL : tree->child; item != NULL;
             item = item->next) {
            uint64_t number = number_of(item, address);
            if (number == 0 || number >= highest || number == meta->generation ||
                number == meta->next)
                continue;
            aurora__elastic_call_path(call, "/%s-%06" PRIu64, address->name, number);
            aurora__elastic_call_run(call, "DELETE", address->write_ms);
        }
    }
    cJSON_Delete(tree);
}
