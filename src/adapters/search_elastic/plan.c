/* SPDX-License-Identifier: MIT */
#include "adapters/search_elastic/plan.h"

#include <string.h>

#define FUZZY "'fuzziness':'AUTO:4,8','prefix_length':1,'max_expansions':30"
#define JOINED_MAX 6 /* words of a text whose pairs are also tried as one word */
#define TITLE "['name^4','category^4','brand^3','description']"

/* --- cutting ---------------------------------------------------------------------------------- */

bool aurora__elastic_plan_begin(aurora__elastic_plan *plan, const char *text)
{
    size_t used = 0;
    memset(plan, 0, sizeof *plan);
    plan->count = aurora__elastic_words(text, plan->words, AURORA__ELASTIC_WORDS_MAX);
    for (uint32_t i = 0; i < plan->count; i++) {
        aurora__elastic_word *word = &plan->words[i];
        if (used + word->length + 2 > sizeof plan->text) {
            plan->count = i;
            break;
        }
        if (i > 0)
            plan->text[used++] = ' ';
        memcpy(plan->text + used, word->text, word->length);
        word->text = plan->text + used;
        used += word->length;
        plan->wanted += !word->is_stop;
        plan->is_for_another |= aurora__elastic_is_for(word) || aurora__elastic_is_accessory(word);
    }
    plan->analyzer = "aurora_find";
    if (plan->wanted == 0) { /* the who */
        plan->analyzer = "aurora_text";
        plan->wanted = plan->count;
        for (uint32_t i = 0; i < plan->count; i++)
            plan->words[i].is_stop = false;
    }
    for (uint32_t i = 0; i < plan->count; i++)
        plan->last = plan->words[i].is_stop ? plan->last : i;
    return plan->count > 0;
}

static uint32_t quorum_of(const aurora__elastic_plan *plan, uint32_t level)
{
    uint32_t count = plan->wanted;
    return level == AURORA__ELASTIC_MOST  ? (2 * count + 2) / 3
           : level == AURORA__ELASTIC_ANY ? 1
                                          : count;
}

bool aurora__elastic_plan_has_level(const aurora__elastic_plan *plan, uint32_t level)
{
    return level <= AURORA__ELASTIC_CLOSE || quorum_of(plan, level) < quorum_of(plan, level - 1);
}

/* --- what matches ----------------------------------------------------------------------------- */

static void add_word(const aurora__elastic_word *word, aurora__elastic_text *to)
{
    aurora__elastic_json_text(to, word->text, word->length);
}

/* The text with the words at `pair` and behind it written together. */
static void add_joined(const aurora__elastic_plan *plan, uint32_t pair, aurora__elastic_text *to)
{
    char text[AURORA__ELASTIC_QUERY_BYTES];
    size_t used = 0;
    for (uint32_t i = 0; i < plan->count; i++) {
        if (i > 0 && i != pair + 1)
            text[used++] = ' ';
        memcpy(text + used, plan->words[i].text, plan->words[i].length);
        used += plan->words[i].length;
    }
    aurora__elastic_json_text(to, text, used);
}

/* Every word, in any field; as it is written, with neighbours written together, or as a code. */
static void add_all(const aurora__elastic_plan *plan, aurora__elastic_text *to)
{
    aurora__elastic_json(to,
                         "{'match':{'all':{'query':%q,'operator':'and','analyzer':%q,"
                         "'zero_terms_query':'all'}}},{'match':{'sku.code':%q}}",
                         plan->text, plan->analyzer, plan->text);
    for (uint32_t i = 0; plan->count <= JOINED_MAX && i + 1 < plan->count; i++) {
        if (plan->words[i].is_stop || plan->words[i + 1].is_stop)
            continue;
        aurora__elastic_json(to, ",{'match':{'all':{'operator':'and','query':");
        add_joined(plan, i, to);
        aurora__elastic_json(to, "}}}");
    }
}

/* One word, or what it begins (the last one) or was meant to be. */
static void add_close(const aurora__elastic_plan *plan, uint32_t index, aurora__elastic_text *to)
{
    const aurora__elastic_word *word = &plan->words[index];
    aurora__elastic_json(to, "{'bool':{'should':[{'match':{'all':{'operator':'and','query':");
    add_word(word, to);
    aurora__elastic_json(to, "}}}");
    if (!word->has_digit) {
        aurora__elastic_json(to, ",{'match':{'all':{" FUZZY ",'operator':'and','query':");
        add_word(word, to);
        aurora__elastic_json(to, "}}}");
    }
    if (index == plan->last && word->length > 1) {
        aurora__elastic_json(to, ",{'match_bool_prefix':{'all':{'analyzer':'aurora_text',"
                                 "'operator':'and','query':");
        add_word(word, to);
        aurora__elastic_json(to, "}}}");
    }
    aurora__elastic_json(to, "]}}");
}

static void add_level(const aurora__elastic_plan *plan, uint32_t level, aurora__elastic_text *to)
{
    aurora__elastic_json(to, "{'bool':{'minimum_should_match':1,'should':[");
    add_all(plan, to);
    if (level > AURORA__ELASTIC_ALL) {
        aurora__elastic_json(to, ",{'bool':{'minimum_should_match':%d,'should':[",
                             (int64_t)quorum_of(plan, level));
        bool is_first = true;
        for (uint32_t i = 0; i < plan->count; i++) {
            if (plan->words[i].is_stop)
                continue;
            if (!is_first)
                aurora__elastic_text_add(to, ",", 1);
            is_first = false;
            add_close(plan, i, to);
        }
        aurora__elastic_json(to, "]}}");
    }
    aurora__elastic_json(to, "]}}");
}

/* --- what it scores --------------------------------------------------------------------------- */

static void add_scores(const aurora__elastic_plan *plan, uint32_t level, aurora__elastic_text *to)
{
    aurora__elastic_json(to,
                         "{'multi_match':{'query':%q,'type':'cross_fields','analyzer':%q,"
                         "'tie_breaker':0.3,'fields':['name^4','category^4','brand^3',"
                         "'description^1.25','attributes.value^0.25']}},"
                         "{'match_phrase':{'name':{'query':%q,'slop':1,'boost':1}}},"
                         "{'term':{'sku':{'value':%q,'boost':100}}},"
                         "{'match':{'sku.code':{'query':%q,'boost':10}}},"
                         "{'match':{'head':{'boost':2,'query':",
                         plan->text, plan->analyzer, plan->text, plan->text, plan->text);
    add_word(&plan->words[plan->last], to);
    aurora__elastic_json(to, "}}}");
    if (level == AURORA__ELASTIC_ALL)
        return;
    aurora__elastic_json(to, ",{'constant_score':{'boost':20,'filter':{'bool':{'should':[");
    add_all(plan, to);
    aurora__elastic_json(to,
                         "]}}}},{'multi_match':{'query':%q,'type':'best_fields'," FUZZY
                         ",'boost':0.5,'fields':" TITLE "}},"
                         "{'multi_match':{'query':%q,'type':'bool_prefix','boost':0.5,"
                         "'fields':" TITLE "}}",
                         plan->text, plan->text);
}

void aurora__elastic_plan_query(const aurora__elastic_plan *plan, uint32_t level,
                                aurora__elastic_text *to)
{
    aurora__elastic_json(to,
                         "{'boosting':{'negative_boost':%r,'negative':{'match':{"
                         "'belongs_to':{'query':",
                         plan->is_for_another ? "1" : "0.35");
    add_word(&plan->words[plan->last], to);
    aurora__elastic_json(to, "}}},'positive':{'bool':{'filter':[");
    add_level(plan, level, to);
    aurora__elastic_json(to, "],'should':[");
    add_scores(plan, level, to);
    aurora__elastic_json(to, "]}}}}");
}

void aurora__elastic_plan_marks(const aurora__elastic_plan *plan, uint32_t level,
                                aurora__elastic_text *to)
{
    aurora__elastic_json(to,
                         "{'bool':{'should':[{'multi_match':{'query':%q,'analyzer':%q,"
                         "'fields':" TITLE "}}",
                         plan->text, plan->analyzer);
    if (level > AURORA__ELASTIC_ALL)
        aurora__elastic_json(to,
                             ",{'multi_match':{'query':%q," FUZZY ",'fields':" TITLE "}},"
                             "{'multi_match':{'query':%q,'type':'bool_prefix','fields':" TITLE "}}",
                             plan->text, plan->text);
    aurora__elastic_json(to, "]}}");
}
