/* SPDX-License-Identifier: MIT */
/* Completions of what is being typed, cut out of the names, brands and categories of products that
 * have it: what more of them say comes first. The index marks the words that match, so that accents
 * and plurals are its matter. */
#include "adapters/search_elastic/index.h"

#include <stdio.h>
#include <string.h>

#include "adapters/search_elastic/plan.h"
#include "adapters/search_elastic/reply.h"

#define SAMPLE 200 /* products that are looked at */
#define PHRASES_MAX 256
#define TEXT_BYTES 128
#define FIELDS "['name','brand','category']"

typedef struct {
    char text[TEXT_BYTES]; /* in lower case */
    uint32_t count;
    uint32_t words;
} phrase;

typedef struct {
    uint32_t words; /* that were typed */
    uint32_t count;
    phrase phrases[PHRASES_MAX];
} tally;

/* --- phrases ---------------------------------------------------------------------------------- */

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* ASCII and Latin-1; other scripts stay as they are. */
static void lower(char *text)
{
    for (; *text != '\0'; text++) {
        if (*text >= 'A' && *text <= 'Z')
            *text |= 0x20;
        bool is_latin = (uint8_t)text[0] == 0xC3 && (uint8_t)text[1] >= 0x80 &&
                        (uint8_t)text[1] <= 0x9E && (uint8_t)text[1] != 0x97;
        if (is_latin)
            text[1] = (char)((uint8_t)text[1] | 0x20);
    }
}

static void count_phrase(tally *self, const char *text, size_t length, uint32_t words)
{
    char key[TEXT_BYTES];
    size_t used = 0;
    for (size_t i = 0; i < length && used + 1 < sizeof key; i++) {
        if (aurora__elastic_is_mark(text + i))
            i += AURORA__ELASTIC_MARK_BYTES - 1;
        else
            key[used++] = text[i];
    }
    while (used > 0 && strchr(" ,;:.()-/", key[used - 1]) != NULL)
        used--;
    key[used] = '\0';
    if (used == 0 || used + 1 == sizeof key)
        return;
    lower(key);
    for (uint32_t i = 0; i < self->count; i++) {
        if (strcmp(self->phrases[i].text, key) == 0) {
            self->phrases[i].count++;
            return;
        }
    }
    if (self->count == PHRASES_MAX)
        return;
    phrase *to = &self->phrases[self->count++];
    *to = (phrase){.count = 1, .words = words};
    memcpy(to->text, key, used + 1);
}

/* The end of the word at `at`; marks are part of it. */
static size_t word_end(const char *text, size_t at)
{
    while (text[at] != '\0' && !is_blank(text[at]))
        at++;
    return at;
}

static size_t word_begin(const char *text, size_t at)
{
    while (is_blank(text[at]))
        at++;
    return at;
}

/* A word that may end a phrase: letters alone, of one breath with what is before it. */
static bool is_good_end(const char *text, size_t start, size_t end)
{
    aurora__elastic_word word;
    char copy[TEXT_BYTES];
    if (end - start < 2 || end - start >= sizeof copy ||
        strpbrk(text + start, "0123456789(") == text + start)
        return false;
    memcpy(copy, text + start, end - start);
    copy[end - start] = '\0';
    return strpbrk(copy, "0123456789()\"/") == NULL && aurora__elastic_words(copy, &word, 1) == 1 &&
           !word.is_stop;
}

/* As many marked words in a row as were typed, and the same with the word behind. */
static void look_at(tally *self, const char *text)
{
    size_t first = 0;
    uint32_t run = 0;
    for (size_t at = word_begin(text, 0); text[at] != '\0';) {
        size_t end = word_end(text, at);
        const char *mark = strstr(text + at, AURORA__ELASTIC_MARK_OPEN);
        bool is_found = mark != NULL && mark < text + end;
        size_t next = word_begin(text, end);
        if (is_found && run++ == 0)
            first = at;
        if (!is_found)
            run = 0;
        if (run == self->words) {
            count_phrase(self, text + first, end - first, run);
            size_t next_end = word_end(text, next);
            bool is_breath = strchr(",;:.)", text[end - 1]) == NULL;
            if (is_breath && next == end + 1 && is_good_end(text, next, next_end))
                count_phrase(self, text + first, next_end - first, run + 1);
            return;
        }
        at = next;
    }
}

/* --- the answer ------------------------------------------------------------------------------- */

static bool is_better(const phrase *a, const phrase *b)
{
    if (a->count != b->count)
        return a->count > b->count;
    if (a->words != b->words)
        return a->words < b->words;
    return strcmp(a->text, b->text) < 0;
}

/* A phrase is left out where a longer one says more: all that begin like it are it. */
static bool is_told(const tally *self, const phrase *item)
{
    size_t length = strlen(item->text);
    for (uint32_t i = 0; i < self->count; i++) {
        const phrase *other = &self->phrases[i];
        if (other->count == item->count && strncmp(other->text, item->text, length) == 0 &&
            other->text[length] == ' ')
            return true;
    }
    return false;
}

static aurora_status take_best(tally *self, uint32_t limit, const aurora_arena_port *arena,
                               const char **items, uint32_t *count_out)
{
    while (*count_out < limit) {
        phrase *best = NULL;
        for (uint32_t i = 0; i < self->count; i++) {
            phrase *item = &self->phrases[i];
            if (item->count > 0 && (best == NULL || is_better(item, best)))
                best = item;
        }
        if (best == NULL)
            return AURORA_OK;
        if (best->count < 2 || !is_told(self, best)) {
            items[*count_out] = aurora__elastic_arena_text(arena, best->text, strlen(best->text));
            if (items[*count_out] == NULL)
                return AURORA_ENOMEM;
            (*count_out)++;
        }
        best->count = 0;
    }
    return AURORA_OK;
}

/* --- the question ----------------------------------------------------------------------------- */

/* Every word that was typed, the last one as far as it goes; or, where nothing has that, words that
 * are close to them. */
static void write_question(aurora__elastic_text *to, const char *text, bool is_close)
{
    aurora__elastic_json(to,
                         "{'size':%d,'_source':false,'query':{'bool':{"
                         "'filter':[{'term':{'deleted':false}}],'must':[{'multi_match':{"
                         "'query':%q,'type':'bool_prefix','operator':'and',"
                         "'analyzer':'aurora_text','fields':" FIELDS "%r}}]}},"
                         "'highlight':{'pre_tags':[%q],'post_tags':[%q],"
                         "'number_of_fragments':0,'fields':{'name':{},'brand':{},'category':{}}}}",
                         (int64_t)SAMPLE, text,
                         is_close ? ",\"fuzziness\":\"AUTO:4,8\",\"prefix_length\":1" : "",
                         AURORA__ELASTIC_MARK_OPEN, AURORA__ELASTIC_MARK_CLOSE);
}

/* A last word that is misspelt is no beginning of anything: it is looked for whole. */
static void write_whole(aurora__elastic_text *to, const char *text)
{
    aurora__elastic_json(to,
                         "{'size':%d,'_source':false,'query':{'bool':{"
                         "'filter':[{'term':{'deleted':false}}],'must':[{'multi_match':{"
                         "'query':%q,'operator':'and','analyzer':'aurora_text',"
                         "'fuzziness':'AUTO:4,8','prefix_length':1,'fields':" FIELDS "}}]}},"
                         "'highlight':{'pre_tags':[%q],'post_tags':[%q],"
                         "'number_of_fragments':0,'fields':{'name':{},'brand':{},'category':{}}}}",
                         (int64_t)SAMPLE, text, AURORA__ELASTIC_MARK_OPEN,
                         AURORA__ELASTIC_MARK_CLOSE);
}

static aurora_status ask(aurora__elastic_call *call, const char *text, int attempt, tally *out)
{
    const aurora__elastic_address *address = &call->index->address;
    static const char *const fields[] = {"name", "brand", "category"};
    aurora__elastic_call_path(call, "/%s/_search?filter_path=hits.hits.highlight", address->name);
    if (attempt < 2)
        write_question(&call->request, text, attempt == 1);
    else
        write_whole(&call->request, text);
    aurora_status rc = aurora__elastic_call_ask(call, "POST", address->query_ms);
    if (rc != AURORA_OK)
        return rc == AURORA_ECONFLICT ? AURORA_EIO : rc;
    cJSON *tree = aurora__elastic_call_tree(call);
    const cJSON *found = cJSON_GetObjectItemCaseSensitive(tree, "hits");
    const cJSON *hits = cJSON_GetObjectItemCaseSensitive(found, "hits");
    for (const cJSON *hit = cJSON_IsArray(hits) ? hits->child : NULL; hit != NULL;
         hit = hit->next) {
        for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
            const char *fragment = aurora__elastic_fragment(hit, fields[i]);
            if (fragment != NULL)
                look_at(out, fragment);
        }
    }
    rc = tree == NULL ? AURORA_EIO : AURORA_OK;
    cJSON_Delete(tree);
    return rc;
}

aurora_status aurora__elastic_suggest(void *self, const char *prefix, uint32_t limit,
                                      const aurora_arena_port *arena, const char ***items_out,
                                      uint32_t *count_out)
{
    const aurora_allocator *allocator = ((aurora__elastic_index *)self)->options.allocator;
    aurora__elastic_plan plan;
    *count_out = 0;
    *items_out = aurora__elastic_arena_take(arena, limit * sizeof **items_out);
    if (*items_out == NULL)
        return AURORA_ENOMEM;
    if (!aurora__elastic_plan_begin(&plan, prefix))
        return AURORA_OK;
    aurora_bulkhead *searches = &((aurora__elastic_index *)self)->searches;
    if (!aurora_bulkhead_try_enter(searches))
        return AURORA_EBUSY;
    aurora__elastic_call *call = aurora__elastic_call_take(self);
    tally *found = allocator->allocate(allocator->self, sizeof *found);
    aurora_status rc = call == NULL || found == NULL ? AURORA_ENOMEM : AURORA_OK;
    if (found != NULL) {
        found->count = 0;
        found->words = plan.count;
    }
    for (int i = 0; rc == AURORA_OK && i < 3 && found->count == 0; i++)
        rc = ask(call, plan.text, i, found);
    if (rc == AURORA_OK)
        rc = take_best(found, limit, arena, *items_out, count_out);
    allocator->release(allocator->self, found);
    if (call != NULL)
        aurora__elastic_call_give(call);
    aurora_bulkhead_leave(searches);
    return rc;
}
