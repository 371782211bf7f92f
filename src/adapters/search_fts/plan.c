/* SPDX-License-Identifier: MIT */
#include "adapters/search_fts/plan.h"

#include "adapters/search_fts/synonyms.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define SYNONYMS_MAX 8
#define TYPOS_MAX 3
#define RARE 3 /* a word in fewer documents may be a typo of one that is far more frequent */
#define FAR_MORE 20

/* --- slots ------------------------------------------------------------------------------------ */

static uint32_t count_of(const aurora__fts_plan *plan, const char *word)
{
    if (plan->vocabulary == NULL)
        return 0;
    return aurora__fts_vocabulary_count(plan->vocabulary, word, (uint32_t)strlen(word));
}

/* The number of documents of the rarest of the words in `text`. */
static uint32_t documents_of(const aurora__fts_plan *plan, const char *text)
{
    uint32_t documents = UINT32_MAX;
    for (const char *at = text; *at != '\0'; at += strspn(at, " ")) {
        size_t length = strcspn(at, " ");
        uint32_t count = plan->vocabulary == NULL
                             ? 0
                             : aurora__fts_vocabulary_count(plan->vocabulary, at, (uint32_t)length);
        documents = count < documents ? count : documents;
        at += length;
    }
    return documents;
}

static void add_word(aurora__fts_plan *plan, const aurora__fts_word *word)
{
    aurora__fts_slot *slot = &plan->slots[plan->slot_count];
    bool is_more = word->is_glued && plan->slot_count > 0 &&
                   plan->slots[plan->slot_count - 1].words < AURORA__FTS_PARTS_MAX;
    if (is_more) {
        slot--;
        size_t length = strlen(slot->text);
        slot->text[length] = ' ';
        memcpy(slot->text + length + 1, word->text, word->length + 1);
        size_t joined = strlen(slot->joined);
        if (joined == 0 || joined + word->length > AURORA__FTS_WORD_BYTES_MAX)
            slot->joined[0] = '\0';
        else
            memcpy(slot->joined + joined, word->text, word->length + 1);
        slot->words++;
        return;
    }
    if (plan->slot_count == AURORA__FTS_SLOTS_MAX)
        return;
    memcpy(slot->text, word->text, word->length + 1);
    memcpy(slot->joined, word->text, word->length + 1);
    slot->words = 1;
    plan->slot_count++;
}

/* A word that was said twice is looked for once. */
static void drop_repeated(aurora__fts_plan *plan)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < plan->slot_count; i++) {
        bool is_new = true;
        for (uint32_t j = 0; j < kept && is_new; j++)
            is_new = strcmp(plan->slots[j].text, plan->slots[i].text) != 0;
        if (is_new && kept != i)
            plan->slots[kept] = plan->slots[i];
        kept += is_new;
    }
    plan->slot_count = kept;
}

static void mark_stop_words(aurora__fts_plan *plan)
{
    uint32_t stops = 0;
    for (uint32_t i = 0; i < plan->slot_count; i++) {
        aurora__fts_slot *slot = &plan->slots[i];
        slot->is_stop = slot->words == 1 && aurora__fts_is_stop_word(slot->text);
        plan->has_for |= strcmp(slot->text, "for") == 0;
        stops += slot->is_stop;
    }
    for (uint32_t i = 0; stops == plan->slot_count && i < plan->slot_count; i++)
        plan->slots[i].is_stop = false;
}

bool aurora__fts_plan_begin(aurora__fts_plan *plan, const char *text,
                            const aurora__fts_weights *weights,
                            const aurora__fts_vocabulary *vocabulary)
{
    aurora__fts_reader reader;
    aurora__fts_word word;
    memset(plan, 0, offsetof(aurora__fts_plan, pieces));
    plan->weights = weights;
    plan->vocabulary = vocabulary;
    plan->expression[0] = '\0';
    aurora__fts_words(&reader, text, strlen(text));
    while (aurora__fts_next_word(&reader, &word)) {
        if (word.length > 0)
            add_word(plan, &word);
    }
    drop_repeated(plan);
    mark_stop_words(plan);
    return plan->slot_count > 0;
}

/* --- phrases ---------------------------------------------------------------------------------- */

/* Appends one alternative to the piece that is being written. */
static void add_phrase(aurora__fts_plan *plan, const aurora__fts_phrase *phrase, const char *text,
                       bool is_prefix)
{
    size_t length = strlen(text);
    if (length == 0 || plan->phrase_count == AURORA__FTS_PHRASES_MAX ||
        plan->used + length + 10 > AURORA__FTS_EXPRESSION_BYTES)
        return;
    aurora__fts_slot *slot = &plan->slots[phrase->slot];
    char *to = plan->pieces + plan->used;
    int written = snprintf(to, AURORA__FTS_EXPRESSION_BYTES - plan->used, "%s\"%s\"%s",
                           slot->first == plan->used ? "" : " OR ", text, is_prefix ? "*" : "");
    plan->used += (uint32_t)written;
    aurora__fts_phrase *to_phrase = &plan->phrases[plan->phrase_count++];
    *to_phrase = *phrase;
    to_phrase->words = 1;
    for (const char *at = text; *at != '\0'; at++)
        to_phrase->words += *at == ' ';
}

static void add_own(aurora__fts_plan *plan, uint32_t index)
{
    const aurora__fts_slot *slot = &plan->slots[index];
    aurora__fts_phrase phrase = {.slot = index, .weight = 1};
    add_phrase(plan, &phrase, slot->text, false);
    phrase.weight = plan->weights->glued;
    if (slot->words > 1)
        add_phrase(plan, &phrase, slot->joined, false);
}

/* smartwatch as smart watch: where both halves are words. */
static void add_split(aurora__fts_plan *plan, uint32_t index)
{
    const aurora__fts_slot *slot = &plan->slots[index];
    size_t length = strlen(slot->text);
    char best[AURORA__FTS_WORD_BYTES_MAX + 2] = "";
    uint32_t best_count = 1; /* a half that one document has is chance */
    if (slot->words != 1 || length < 6 || plan->vocabulary == NULL)
        return;
    for (size_t at = 3; at + 3 <= length; at++) {
        char text[sizeof best];
        snprintf(text, sizeof text, "%.*s %s", (int)at, slot->text, slot->text + at);
        uint32_t count = documents_of(plan, text);
        if (count > best_count) {
            best_count = count;
            memcpy(best, text, sizeof best);
        }
    }
    aurora__fts_phrase phrase = {.slot = index, .weight = plan->weights->glued};
    add_phrase(plan, &phrase, best, false);
}

/* smart watch as smartwatch, and what a shop calls the two together. */
static void add_pair(aurora__fts_plan *plan, uint32_t index, uint32_t next)
{
    char text[2 * AURORA__FTS_WORD_BYTES_MAX + 2];
    const char *synonyms[SYNONYMS_MAX];
    const aurora__fts_slot *left = &plan->slots[next - 1];
    const aurora__fts_slot *right = &plan->slots[next];
    if (left->words != 1 || right->words != 1 || left->is_stop || right->is_stop)
        return;
    aurora__fts_phrase phrase = {.slot = index, .weight = plan->weights->glued};
    /* One word each, so nothing is cut; a compiler cannot know. */
    snprintf(text, sizeof text, "%.*s%.*s", AURORA__FTS_WORD_BYTES_MAX, left->text,
             AURORA__FTS_WORD_BYTES_MAX, right->text);
    if (count_of(plan, text) > 0)
        add_phrase(plan, &phrase, text, false);
    snprintf(text, sizeof text, "%.*s %.*s", AURORA__FTS_WORD_BYTES_MAX, left->text,
             AURORA__FTS_WORD_BYTES_MAX, right->text);
    uint32_t count = aurora__fts_synonyms(text, synonyms, SYNONYMS_MAX);
    phrase.weight = plan->weights->synonym;
    for (uint32_t i = 0; i < count; i++)
        add_phrase(plan, &phrase, synonyms[i], false);
}

static void add_synonyms(aurora__fts_plan *plan, uint32_t index)
{
    const char *synonyms[SYNONYMS_MAX];
    uint32_t count = aurora__fts_synonyms(plan->slots[index].text, synonyms, SYNONYMS_MAX);
    aurora__fts_phrase phrase = {.slot = index, .weight = plan->weights->synonym};
    for (uint32_t i = 0; i < count; i++)
        add_phrase(plan, &phrase, synonyms[i], false);
}

static bool has_digit(const char *text)
{
    return strpbrk(text, "0123456789") != NULL;
}

static void add_typos(aurora__fts_plan *plan, uint32_t index)
{
    const aurora__fts_slot *slot = &plan->slots[index];
    aurora__fts_neighbour near[TYPOS_MAX];
    uint32_t length = (uint32_t)strlen(slot->text);
    if (slot->words != 1 || length < 4 || has_digit(slot->text) || plan->vocabulary == NULL ||
        slot->documents >= RARE)
        return;
    uint32_t count = aurora__fts_vocabulary_near(plan->vocabulary, slot->text, length,
                                                 length < 8 ? 1 : 2, near, TYPOS_MAX);
    for (uint32_t i = 0; i < count; i++) {
        char text[UINT8_MAX + 1];
        aurora__fts_phrase phrase = {.slot = index};
        if (near[i].documents < slot->documents * FAR_MORE)
            continue;
        phrase.weight = plan->weights->typo / near[i].distance;
        snprintf(text, sizeof text, "%.*s", (int)near[i].length, near[i].text);
        add_phrase(plan, &phrase, text, false);
    }
}

static void add_prefix(aurora__fts_plan *plan, uint32_t index)
{
    const aurora__fts_slot *slot = &plan->slots[index];
    aurora__fts_phrase phrase = {.slot = index, .weight = plan->weights->prefix};
    if (strlen(slot->text) >= 2)
        add_phrase(plan, &phrase, slot->text, true);
}

static void fill_slot(aurora__fts_plan *plan, uint32_t index)
{
    aurora__fts_slot *slot = &plan->slots[index];
    bool is_unknown = slot->documents == 0;
    slot->first = slot->end = plan->used;
    if (slot->is_stop)
        return;
    add_own(plan, index);
    if (index > 0)
        add_pair(plan, index, index);
    if (index + 1 < plan->slot_count)
        add_pair(plan, index, index + 1);
    add_synonyms(plan, index);
    add_split(plan, index);
    if (plan->level >= AURORA__FTS_CLOSE || is_unknown) {
        if (index + 1 == plan->slot_count && (plan->is_open || slot->documents < RARE))
            add_prefix(plan, index);
        add_typos(plan, index);
    }
    slot->end = plan->used;
}

/* --- rarity ----------------------------------------------------------------------------------- */

static void weigh_slots(aurora__fts_plan *plan)
{
    double all = plan->vocabulary == NULL ? 1 : (double)plan->vocabulary->documents;
    const char *synonyms[SYNONYMS_MAX];
    plan->rarity = 0;
    for (uint32_t i = 0; i < plan->slot_count; i++) {
        aurora__fts_slot *slot = &plan->slots[i];
        uint32_t most = slot->documents = documents_of(plan, slot->text);
        uint32_t count = aurora__fts_synonyms(slot->text, synonyms, SYNONYMS_MAX);
        for (uint32_t j = 0; j < count; j++) {
            uint32_t documents = documents_of(plan, synonyms[j]);
            most = documents > most ? documents : most;
        }
        double rest = all > most ? all - most : 0;
        slot->rarity = log(1 + (rest + 0.5) / (most + 0.5));
        if (slot->is_stop)
            slot->rarity *= 0.1;
        plan->rarity += slot->rarity;
    }
}

/* --- the expression --------------------------------------------------------------------------- */

static uint32_t wanted(const aurora__fts_plan *plan)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < plan->slot_count; i++)
        count += !plan->slots[i].is_stop;
    return count;
}

/* FTS5 numbers the phrases in the order in which they stand here. */
static void write_expression(aurora__fts_plan *plan)
{
    const char *between = plan->level >= AURORA__FTS_MOST ? " OR " : " AND ";
    size_t at = 0;
    for (uint32_t i = 0; i < plan->slot_count; i++) {
        const aurora__fts_slot *slot = &plan->slots[i];
        if (slot->first == slot->end)
            continue;
        at += (size_t)snprintf(plan->expression + at, sizeof plan->expression - at, "%s(%.*s)",
                               at == 0 ? "" : between, (int)(slot->end - slot->first),
                               plan->pieces + slot->first);
    }
}

bool aurora__fts_plan_level(aurora__fts_plan *plan, uint32_t level)
{
    if (level >= AURORA__FTS_LEVELS)
        return false;
    uint32_t count = wanted(plan);
    uint32_t quorums[AURORA__FTS_LEVELS] = {count, count, (2 * count + 2) / 3, 1};
    if (level == AURORA__FTS_CLOSE) {
        bool is_open = plan->is_open;
        for (uint32_t i = 0; i < plan->slot_count; i++)
            is_open |= plan->slots[i].documents < RARE;
        if (!is_open)
            return false;
    }
    if (level > AURORA__FTS_CLOSE && quorums[level] == quorums[level - 1])
        return false;
    plan->level = level;
    plan->quorum = quorums[level];
    plan->phrase_count = 0;
    plan->used = 0;
    if (level == AURORA__FTS_ALL || plan->rarity <= 0)
        weigh_slots(plan);
    for (uint32_t i = 0; i < plan->slot_count; i++)
        fill_slot(plan, i);
    write_expression(plan);
    return plan->phrase_count > 0;
}

/* --- showing ---------------------------------------------------------------------------------- */

/* Whether one of the words of a phrase, which ends at `end`, is the word; the last one may be a
 * beginning. */
static bool is_in_phrase(const char *at, const char *end, bool is_prefix, const char *word,
                         uint32_t length)
{
    while (at < end) {
        const char *blank = memchr(at, ' ', (size_t)(end - at));
        const char *stop = blank == NULL ? end : blank;
        size_t size = (size_t)(stop - at);
        bool has_length = is_prefix && stop == end ? length >= size : length == size;
        if (size > 0 && has_length && memcmp(at, word, size) == 0)
            return true;
        at = stop + 1;
    }
    return false;
}

/* Looks through the phrases where they were written: "one two" OR "three"*. */
bool aurora__fts_plan_has(const aurora__fts_plan *plan, const char *word, uint32_t length)
{
    const char *end = plan->pieces + plan->used;
    const char *at = plan->pieces;
    while ((at = memchr(at, '"', (size_t)(end - at))) != NULL) {
        const char *stop = memchr(at + 1, '"', (size_t)(end - at - 1));
        if (stop == NULL)
            return false;
        bool is_prefix = stop + 1 < end && stop[1] == '*';
        if (is_in_phrase(at + 1, stop, is_prefix, word, length))
            return true;
        at = stop + 1;
    }
    return false;
}
