/* SPDX-License-Identifier: MIT */
/* The search: states in the order of their distance from the start, each kept as bytes with the
 * state and step that led to it first. */
#include "explore/space.h"

#include <stdlib.h>

#define NODES_FIRST 4096
#define CHUNK_BYTES ((size_t)1 << 22)
#define CHUNKS_MAX 8192
#define PATH_MAX_STEPS 512

typedef struct {
    uint64_t place;  /* of its bytes: chunk << 32 | offset */
    uint32_t parent; /* number + 1 */
    aurora__explore_step step;
} node;

typedef struct {
    aurora__explore_space *space;
    aurora__explore_report *report;
    FILE *out;
    uint8_t *chunks[CHUNKS_MAX];
    uint32_t chunk_count;
    size_t chunk_used;
    node *nodes;
    uint32_t count;
    uint32_t capacity;
    uint32_t *slots; /* number + 1 */
    uint32_t slot_count;
    uint8_t *has_end; /* an end can be reached */
} search;

/* --- states ------------------------------------------------------------------------------- */

static void *larger(void *items, size_t bytes)
{
    void *grown = realloc(items, bytes);
    if (grown == NULL)
        abort();
    return grown;
}

static uint64_t hash_of(const uint8_t *bytes, uint32_t length)
{
    uint64_t hash = 0xCBF29CE484222325u ^ length;
    for (uint32_t i = 0; i < length; i++)
        hash = (hash ^ bytes[i]) * 0x100000001B3u;
    return (hash ^ (hash >> 32)) * 0x9E3779B97F4A7C15u >> 16;
}

static const uint8_t *bytes_of(const search *s, uint32_t number)
{
    /* NOLINTNEXTLINE(clang-analyzer-core.uninitialized.Assign): a number is a filled node's */
    uint64_t place = s->nodes[number].place;
    return s->chunks[place >> 32] + (uint32_t)place;
}

/* A state's bytes follow their length. */
static uint32_t *slot_of(const search *s, const uint8_t *bytes, uint32_t length)
{
    uint32_t at = (uint32_t)hash_of(bytes, length) & (s->slot_count - 1);
    while (s->slots[at] != 0) {
        const uint8_t *known = bytes_of(s, s->slots[at] - 1);
        if ((uint32_t)(known[0] | known[1] << 8) == length && memcmp(known + 2, bytes, length) == 0)
            break;
        at = (at + 1) & (s->slot_count - 1);
    }
    return &s->slots[at];
}

static void widen(search *s)
{
    s->slot_count = s->slot_count == 0 ? 1u << 16 : s->slot_count * 2;
    free(s->slots);
    s->slots = calloc(s->slot_count, sizeof *s->slots);
    if (s->slots == NULL)
        abort();
    for (uint32_t i = 0; i < s->count; i++) {
        const uint8_t *known = bytes_of(s, i);
        *slot_of(s, known + 2, (uint32_t)(known[0] | known[1] << 8)) = i + 1;
    }
}

static uint64_t keep_bytes(search *s, const uint8_t *bytes, uint32_t length)
{
    if (s->chunk_count == 0 || s->chunk_used + length + 2 > CHUNK_BYTES) {
        if (s->chunk_count == CHUNKS_MAX)
            abort();
        uint8_t *chunk = malloc(CHUNK_BYTES);
        if (chunk == NULL)
            abort();
        s->chunks[s->chunk_count++] = chunk;
        s->chunk_used = 0;
    }
    uint8_t *at = s->chunks[s->chunk_count - 1] + s->chunk_used;
    at[0] = (uint8_t)(length & 0xFF);
    at[1] = (uint8_t)(length >> 8);
    memcpy(at + 2, bytes, length);
    uint64_t place = (uint64_t)(s->chunk_count - 1) << 32 | s->chunk_used;
    s->chunk_used += length + 2;
    return place;
}

/* The state's number + 1, or 0 where it is new and `is_kept` is false. */
static uint32_t number_of(search *s, const aurora__explore_state *state, uint32_t parent,
                          aurora__explore_step step, bool is_kept)
{
    uint8_t bytes[AURORA__EXPLORE_BYTES];
    bool is_swapped;
    uint32_t length = aurora__explore_encode(state, s->space->scope->orders, bytes, &is_swapped);
    if (is_kept && 2 * (uint64_t)s->count >= s->slot_count)
        widen(s);
    uint32_t *slot = slot_of(s, bytes, length);
    if (*slot != 0 || !is_kept)
        return *slot;
    if (s->count == s->capacity) {
        s->capacity *= 2;
        s->nodes = larger(s->nodes, s->capacity * sizeof *s->nodes);
    }
    s->nodes[s->count] = (node){keep_bytes(s, bytes, length), parent, step};
    return *slot = ++s->count;
}

static void state_of(const search *s, uint32_t number, aurora__explore_state *state_out)
{
    aurora__explore_decode(bytes_of(s, number) + 2, s->space->scope->orders, state_out);
}

/* --- counterexamples ---------------------------------------------------------------------- */

/* Tells one step from a kept state. Where the orders change places in what is kept, their names go
 * with them. */
static void tell_step(search *s, uint32_t number, aurora__explore_step step, bool *is_swapped)
{
    aurora__explore_state before, after;
    aurora__explore_report ignored = {0};
    uint8_t bytes[AURORA__EXPLORE_BYTES];
    bool is_swapped_now;
    state_of(s, number, &before);
    after = before;
    aurora__explore_take(s->space, &after, step, &ignored);
    aurora__explore_tell(s->space, &before, &after, step, 1 + (step.order ^ *is_swapped), s->out);
    aurora__explore_encode(&after, s->space->scope->orders, bytes, &is_swapped_now);
    *is_swapped = *is_swapped != is_swapped_now;
}

/* The path to a state, and the step that breaks something, if any. */
static void tell_failure(search *s, uint32_t number, const aurora__explore_step *last)
{
    uint32_t path[PATH_MAX_STEPS];
    uint32_t length = 0;
    bool is_swapped = false;
    if (s->out == NULL)
        return;
    for (uint32_t at = number + 1; at != 0 && length < PATH_MAX_STEPS; at = s->nodes[at - 1].parent)
        path[length++] = at - 1;
    for (uint32_t i = length - 1; i > 0; i--) { /* the first is the start */
        fprintf(s->out, "%4u  ", length - i);
        tell_step(s, path[i], s->nodes[path[i - 1]].step, &is_swapped);
    }
    if (last != NULL) {
        fprintf(s->out, "%4u  ", length);
        tell_step(s, number, *last, &is_swapped);
    }
    fprintf(s->out, "broken: %s, %s\n", s->report->invariant, s->report->message);
}

/* --- forwards ----------------------------------------------------------------------------- */

static bool expand(search *s, uint32_t number)
{
    aurora__explore_state state, next;
    aurora__explore_step steps[AURORA__EXPLORE_STEPS_MAX];
    state_of(s, number, &state);
    bool is_end = aurora__explore_is_end(s->space, &state);
    s->report->ends += is_end;
    if (is_end && aurora__explore_is_parked(s->space, &state)) {
        /* The provider of this search refuses nothing that could still be done. */
        aurora__explore_fail(s->report, "I3", "an order waits for an operator without need");
        tell_failure(s, number, NULL);
        return false;
    }
    uint32_t count = aurora__explore_steps(s->space, &state, false, steps);
    for (uint32_t i = 0; i < count; i++) {
        next = state;
        s->report->transitions++;
        if (!aurora__explore_take(s->space, &next, steps[i], s->report)) {
            tell_failure(s, number, &steps[i]);
            return false;
        }
        number_of(s, &next, number + 1, steps[i], true);
    }
    return true;
}

static bool search_forwards(search *s)
{
    uint32_t level_end = s->count;
    for (uint32_t i = 0; i < s->count; i++) {
        if (i == level_end) {
            level_end = s->count;
            s->report->depth++;
        }
        if (s->count > s->space->scope->states_max)
            return false;
        if (!expand(s, i))
            return false;
    }
    return true;
}

/* --- and back ----------------------------------------------------------------------------- */

/* Whether a step that must happen at last leads to a state from which an end can be reached. */
static bool leads_on(search *s, const aurora__explore_state *state)
{
    aurora__explore_state next;
    aurora__explore_report ignored = {0};
    aurora__explore_step steps[AURORA__EXPLORE_STEPS_MAX];
    if (aurora__explore_is_end(s->space, state))
        return true;
    uint32_t count = aurora__explore_steps(s->space, state, true, steps);
    for (uint32_t i = 0; i < count; i++) {
        next = *state;
        if (!aurora__explore_take(s->space, &next, steps[i], &ignored))
            continue;
        uint32_t known = number_of(s, &next, 0, steps[i], false);
        if (known != 0 && s->has_end[known - 1])
            return true;
    }
    return false;
}

/* Without further faults an end can be reached from every state: there is no state, and no circle
 * of states, in which an order waits for ever. */
static void search_backwards(search *s)
{
    aurora__explore_state state;
    uint32_t open = s->count;
    s->has_end = calloc((size_t)s->count + 1, 1);
    if (s->has_end == NULL)
        abort();
    for (bool is_changed = true; is_changed && open > 0;) {
        is_changed = false;
        for (uint32_t i = s->count; i > 0; i--) {
            if (s->has_end[i - 1])
                continue;
            state_of(s, i - 1, &state);
            if (!leads_on(s, &state))
                continue;
            s->has_end[i - 1] = 1;
            is_changed = true;
            open--;
        }
    }
    for (uint32_t i = 0; i < s->count && open > 0; i++) {
        if (s->has_end[i])
            continue;
        aurora__explore_fail(s->report, "I3", "from here no order of events leads to an end");
        tell_failure(s, i, NULL);
        return;
    }
}

/* --- all ---------------------------------------------------------------------------------- */

void aurora__explore_run(const aurora__explore_scope *scope, aurora__explore_report *report,
                         FILE *out)
{
    search *s = calloc(1, sizeof *s);
    node *nodes = malloc(NODES_FIRST * sizeof *nodes);
    if (s == NULL || nodes == NULL)
        abort();
    s->nodes = nodes;
    s->capacity = NODES_FIRST;
    *report = (aurora__explore_report){0};
    s->space = aurora__explore_space_new(scope);
    s->report = report;
    s->out = out;
    aurora__explore_state start = {.stock = s->space->first_stock,
                                   .crashes = (uint8_t)scope->crashes,
                                   .duplicates = (uint8_t)scope->duplicates,
                                   .losses = (uint8_t)scope->losses,
                                   .silences = (uint8_t)scope->silences,
                                   .hurries = (uint8_t)scope->hurries,
                                   .cancels = (uint8_t)scope->cancels};
    number_of(s, &start, 0, (aurora__explore_step){0}, true);
    bool is_whole = search_forwards(s);
    if (is_whole && scope->is_ending_asked)
        search_backwards(s);
    report->is_complete = is_whole || report->is_failed;
    report->states = s->count;
    report->decisions = s->space->answer_count;
    for (uint32_t i = 0; i < s->chunk_count; i++)
        free(s->chunks[i]);
    free(s->nodes);
    free(s->slots);
    free(s->has_end);
    aurora__explore_space_free(s->space);
    free(s);
}

const char *aurora__explore_plant_name(uint32_t plant)
{
    static const char *const names[AURORA__EXPLORE_PLANTS] = {
        "none",        "no dedupe",         "early watermark", "early events",
        "stale stock", "drop compensation", "ignore resend",   "no query",
        "lose refund", "tell late",         "swap events",     "stale version"};
    return plant < AURORA__EXPLORE_PLANTS ? names[plant] : "";
}
