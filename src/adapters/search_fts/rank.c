/* SPDX-License-Identifier: MIT */
#include "adapters/search_fts/rank.h"

#include <string.h>

#define ACCESSORY_REACH 2 /* words from a thing to what belongs to it */
#define PLACES_MAX 8      /* of one slot in a name: what comes behind them is not looked at */

/* Where the phrases of one document are. */
typedef struct {
    float counts[AURORA__FTS_PHRASES_MAX][AURORA__FTS_COLUMNS];
    int places[AURORA__FTS_SLOTS_MAX][PLACES_MAX]; /* in the name */
    int ends[AURORA__FTS_SLOTS_MAX][PLACES_MAX];
    uint32_t place_count[AURORA__FTS_SLOTS_MAX];
    float found[AURORA__FTS_SLOTS_MAX][AURORA__FTS_COLUMNS]; /* the best phrase's */
    bool is_filled[AURORA__FTS_SLOTS_MAX];
    int category_end[AURORA__FTS_SLOTS_MAX]; /* behind the last one in the category */
} places;

/* What the index knows of the name. */
typedef struct {
    int words;
    int for_at;
    uint64_t accessories;
    int category_words;
} title;

static void note_place(places *to, uint32_t slot, int at, int words)
{
    uint32_t count = to->place_count[slot];
    if (count == PLACES_MAX)
        return;
    to->places[slot][count] = at;
    to->ends[slot][count] = at + words;
    to->place_count[slot] = count + 1;
}

static int find_places(const Fts5ExtensionApi *api, Fts5Context *context,
                       const aurora__fts_plan *plan, places *to)
{
    int count;
    int rc = api->xInstCount(context, &count);
    memset(to->counts, 0, plan->phrase_count * sizeof to->counts[0]);
    memset(to->place_count, 0, sizeof to->place_count);
    memset(to->category_end, 0, sizeof to->category_end);
    for (int i = 0; rc == SQLITE_OK && i < count; i++) {
        int number;
        int column;
        int at;
        rc = api->xInst(context, i, &number, &column, &at);
        if (rc != SQLITE_OK || (uint32_t)number >= plan->phrase_count || column < 0 ||
            column >= AURORA__FTS_COLUMNS)
            continue;
        const aurora__fts_phrase *phrase = &plan->phrases[number];
        to->counts[number][column] += 1;
        if (column == AURORA__FTS_CATEGORY)
            to->category_end[phrase->slot] = at + (int)phrase->words;
        if (column == AURORA__FTS_NAME)
            note_place(to, phrase->slot, at, (int)phrase->words);
    }
    return rc;
}

/* The alternatives of a slot do not add up: the best one in each column counts. */
static uint32_t fill_slots(const aurora__fts_plan *plan, places *to)
{
    uint32_t filled = 0;
    memset(to->found, 0, sizeof to->found);
    memset(to->is_filled, 0, sizeof to->is_filled);
    for (uint32_t p = 0; p < plan->phrase_count; p++) {
        const aurora__fts_phrase *phrase = &plan->phrases[p];
        for (uint32_t c = 0; c < AURORA__FTS_COLUMNS; c++) {
            float count = to->counts[p][c] * (float)phrase->weight;
            if (count <= 0)
                continue;
            to->is_filled[phrase->slot] = true;
            if (count > to->found[phrase->slot][c])
                to->found[phrase->slot][c] = count;
        }
    }
    for (uint32_t s = 0; s < plan->slot_count; s++)
        filled += to->is_filled[s];
    return filled;
}

static double sum_words(const Fts5ExtensionApi *api, Fts5Context *context,
                        const aurora__fts_plan *plan, const places *where)
{
    const aurora__fts_weights *weights = plan->weights;
    double factor[AURORA__FTS_COLUMNS];
    sqlite3_int64 rows = 1;
    api->xRowCount(context, &rows);
    for (int c = 0; c < AURORA__FTS_COLUMNS; c++) {
        sqlite3_int64 total = 0;
        int size = 0;
        factor[c] = weights->column[c];
        if (weights->length[c] <= 0)
            continue;
        api->xColumnTotalSize(context, c, &total);
        api->xColumnSize(context, c, &size);
        double average = rows > 0 && total > 0 ? (double)total / (double)rows : 1;
        factor[c] /= 1 - weights->length[c] + weights->length[c] * size / average;
    }
    double score = 0;
    for (uint32_t s = 0; s < plan->slot_count; s++) {
        double count = 0;
        for (int c = 0; c < AURORA__FTS_COLUMNS; c++)
            count += factor[c] * (double)where->found[s][c];
        score += plan->slots[s].rarity * count / (weights->saturation + count);
    }
    return score;
}

static bool is_in_title(const places *where, uint32_t slot)
{
    return where->found[slot][AURORA__FTS_NAME] > 0 || where->found[slot][AURORA__FTS_BRAND] > 0 ||
           where->found[slot][AURORA__FTS_CATEGORY] > 0 ||
           where->found[slot][AURORA__FTS_CODES] > 0;
}

static bool are_together(const places *where, uint32_t left, uint32_t right)
{
    for (uint32_t i = 0; i < where->place_count[left]; i++) {
        for (uint32_t j = 0; j < where->place_count[right]; j++) {
            if (where->ends[left][i] == where->places[right][j] ||
                where->places[left][i] == where->places[right][j])
                return true;
        }
    }
    return false;
}

/* Whether some word of the query stands at this place of the name. */
static bool is_taken(const aurora__fts_plan *plan, const places *where, int at)
{
    for (uint32_t s = 0; s < plan->slot_count; s++) {
        for (uint32_t i = 0; i < where->place_count[s]; i++) {
            if (at >= where->places[s][i] && at < where->ends[s][i])
                return true;
        }
    }
    return false;
}

/* Keyboard cover and cover for keyboards, where a keyboard was looked for. */
static bool is_accessory(const aurora__fts_plan *plan, const places *where, const title *of,
                         uint32_t last)
{
    if (where->place_count[last] == 0 || plan->has_for)
        return false;
    for (uint32_t i = 0; i < where->place_count[last]; i++) {
        int end = where->ends[last][i];
        bool is_behind_for = of->for_at >= 0 && where->places[last][i] > of->for_at;
        bool is_before_one = false;
        for (int at = end; at < end + ACCESSORY_REACH && at < 63; at++)
            is_before_one |= (of->accessories >> at & 1) != 0 && !is_taken(plan, where, at);
        if (!is_behind_for && !is_before_one)
            return false;
    }
    return true;
}

/* What the places tell: a factor of 1 and more, less than 1 for accessories. */
static double look_at_places(const aurora__fts_plan *plan, const places *where, const title *of)
{
    const aurora__fts_weights *weights = plan->weights;
    double cover = 0;
    double pairs = 0;
    double together = 0;
    int first = of->words;
    int covered = 0;
    uint32_t last = 0;
    uint32_t before = UINT32_MAX;
    bool has_all = true;
    for (uint32_t s = 0; s < plan->slot_count; s++) {
        if (plan->slots[s].is_stop)
            continue;
        has_all &= where->is_filled[s];
        if (is_in_title(where, s))
            cover += plan->slots[s].rarity;
        if (before != UINT32_MAX) {
            pairs += 1;
            together += are_together(where, before, s);
        }
        if (where->place_count[s] > 0) {
            first = where->places[s][0] < first ? where->places[s][0] : first;
            covered += where->ends[s][0] - where->places[s][0];
        }
        before = last = s;
    }
    double factor = 1 + (plan->rarity > 0 ? weights->cover * cover / plan->rarity : 0);
    if (pairs > 0)
        factor += weights->together * together / pairs;
    if (where->category_end[last] > 0 && where->category_end[last] == of->category_words)
        factor += weights->head;
    if (first == 0)
        factor += weights->early;
    if (of->words > 0 && covered >= of->words)
        factor += weights->exact;
    if (has_all)
        factor += weights->all;
    return is_accessory(plan, where, of, last) ? factor * (1 - weights->accessory) : factor;
}

static void rank(const Fts5ExtensionApi *api, Fts5Context *context, sqlite3_context *result,
                 int count, sqlite3_value **values)
{
    const aurora__fts_plan *const *plan_of = api->xUserData(context);
    const aurora__fts_plan *plan = *plan_of;
    places where;
    if (plan == NULL || count != 3) {
        sqlite3_result_error(result, "aurora_rank is not for this query", -1);
        return;
    }
    int rc = find_places(api, context, plan, &where);
    if (rc != SQLITE_OK) {
        sqlite3_result_error_code(result, rc);
        return;
    }
    if (fill_slots(plan, &where) < plan->quorum) {
        sqlite3_result_double(result, -1);
        return;
    }
    double score = sum_words(api, context, plan, &where);
    title of = {.words = sqlite3_value_int(values[0]),
                .for_at = sqlite3_value_int(values[1]),
                .accessories = (uint64_t)sqlite3_value_int64(values[2])};
    api->xColumnSize(context, AURORA__FTS_CATEGORY, &of.category_words);
    score *= look_at_places(plan, &where, &of);
    sqlite3_result_double(result, score);
}

int aurora__fts_rank_attach(sqlite3 *db, const aurora__fts_plan *const *plan)
{
    fts5_api *api = NULL;
    sqlite3_stmt *statement;
    int rc = sqlite3_prepare_v2(db, "SELECT fts5(?1)", -1, &statement, NULL);
    if (rc != SQLITE_OK)
        return rc;
    sqlite3_bind_pointer(statement, 1, &api, "fts5_api_ptr", NULL);
    sqlite3_step(statement);
    rc = sqlite3_finalize(statement);
    if (rc != SQLITE_OK || api == NULL)
        return rc != SQLITE_OK ? rc : SQLITE_ERROR;
    return api->xCreateFunction(api, "aurora_rank", (void *)plan, rank, NULL);
}
