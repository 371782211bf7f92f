/* SPDX-License-Identifier: MIT */
#include "sketch.h"

#include <string.h>

#define FAN_OUT 4

static uint32_t cell_count(uint32_t capacity)
{
    uint32_t cells = 2;
    while (cells < 2 * capacity)
        cells *= 2;
    return cells;
}

size_t aurora__sketch_bytes(uint32_t capacity)
{
    size_t each = sizeof(struct counter) + sizeof(struct node) + 2 * sizeof(uint32_t);
    return capacity * each + cell_count(capacity) * sizeof(struct cell);
}

void aurora__sketch_init(struct sketch *sketch, void *memory, uint32_t capacity,
                         int64_t half_life_ms)
{
    unsigned char *at = memory;
    uint32_t cells = cell_count(capacity);
    *sketch = (struct sketch){.capacity = capacity, .mask = cells - 1};
    sketch->counters = (struct counter *)(void *)at;
    at += capacity * sizeof(struct counter);
    sketch->nodes = (struct node *)(void *)at;
    at += capacity * sizeof(struct node);
    sketch->cells = (struct cell *)(void *)at;
    at += cells * sizeof(struct cell);
    sketch->places = (uint32_t *)(void *)at;
    sketch->generations = sketch->places + capacity;
    sketch->decay.half_life_ms = half_life_ms;
    aurora__sketch_reset(sketch);
}

void aurora__sketch_reset(struct sketch *sketch)
{
    aurora__decay_init(&sketch->decay, sketch->decay.half_life_ms);
    sketch->floor = 0.0;
    sketch->count = 0;
    memset(sketch->cells, 0, ((size_t)sketch->mask + 1) * sizeof(struct cell));
    memset(sketch->generations, 0, sketch->capacity * sizeof(uint32_t));
}

static void put_node(struct sketch *sketch, uint32_t place, struct node node)
{
    sketch->nodes[place] = node;
    sketch->places[node.slot] = place;
}

/* Of a whole family the least is found without a branch: which child it is, is a coin toss. */
static uint64_t least_child(const struct node *nodes, uint64_t first, uint64_t end)
{
    if (end - first == FAN_OUT) {
        uint64_t left = first + (nodes[first + 1].score < nodes[first].score);
        uint64_t right = first + 2 + (nodes[first + 3].score < nodes[first + 2].score);
        uint64_t step = nodes[right].score < nodes[left].score;
        return left + step * (right - left);
    }
    uint64_t least = first;
    for (uint64_t child = first + 1; child < end; child++) {
        if (nodes[child].score < nodes[least].score)
            least = child;
    }
    return least;
}

static void sink(struct sketch *sketch, uint32_t place)
{
    struct node moving = sketch->nodes[place];
    for (;;) {
        uint64_t first = (uint64_t)place * FAN_OUT + 1;
        if (first >= sketch->count)
            break;
        uint64_t end = first + FAN_OUT < sketch->count ? first + FAN_OUT : sketch->count;
        uint64_t least = least_child(sketch->nodes, first, end);
        if (!(sketch->nodes[least].score < moving.score))
            break;
        put_node(sketch, place, sketch->nodes[least]);
        place = (uint32_t)least;
    }
    put_node(sketch, place, moving);
}

static void rise(struct sketch *sketch, uint32_t place)
{
    struct node moving = sketch->nodes[place];
    while (place > 0) {
        uint32_t parent = (place - 1) / FAN_OUT;
        if (!(moving.score < sketch->nodes[parent].score))
            break;
        put_node(sketch, place, sketch->nodes[parent]);
        place = parent;
    }
    put_node(sketch, place, moving);
}

static void restore_heap(struct sketch *sketch)
{
    for (uint32_t place = sketch->count; place-- > 0;)
        sink(sketch, place);
}

static void link_slot(struct sketch *sketch, uint32_t slot)
{
    uint32_t hash = sketch->counters[slot].label.hash;
    uint32_t at = hash & sketch->mask;
    while (sketch->cells[at].slot_plus_one != 0)
        at = (at + 1) & sketch->mask;
    sketch->cells[at] = (struct cell){.hash = hash, .slot_plus_one = slot + 1};
}

/* Closes the gap by moving later cells of the run back, so that no tombstones pile up. */
static void unlink_slot(struct sketch *sketch, uint32_t slot)
{
    uint32_t mask = sketch->mask;
    uint32_t gap = sketch->counters[slot].label.hash & mask;
    while (sketch->cells[gap].slot_plus_one != slot + 1)
        gap = (gap + 1) & mask;
    uint32_t at = (gap + 1) & mask;
    while (sketch->cells[at].slot_plus_one != 0) {
        uint32_t home = sketch->cells[at].hash & mask;
        if (((at - home) & mask) >= ((at - gap) & mask)) {
            sketch->cells[gap] = sketch->cells[at];
            gap = at;
        }
        at = (at + 1) & mask;
    }
    sketch->cells[gap] = (struct cell){0};
}

uint32_t aurora__sketch_find(const struct sketch *sketch, const struct label *label)
{
    uint32_t at = label->hash & sketch->mask;
    for (;;) {
        struct cell cell = sketch->cells[at];
        if (cell.slot_plus_one == 0)
            return SKETCH_NO_SLOT;
        uint32_t slot = cell.slot_plus_one - 1;
        if (cell.hash == label->hash &&
            aurora__label_is_equal(&sketch->counters[slot].label, label))
            return slot;
        at = (at + 1) & sketch->mask;
    }
}

double aurora__sketch_score(const struct sketch *sketch, uint32_t slot)
{
    return sketch->nodes[sketch->places[slot]].score;
}

static uint32_t append(struct sketch *sketch, struct counter counter, double score)
{
    uint32_t slot = sketch->count++;
    sketch->counters[slot] = counter;
    sketch->generations[slot]++;
    link_slot(sketch, slot);
    sketch->nodes[slot] = (struct node){.score = score, .slot = slot};
    rise(sketch, slot);
    return slot;
}

static uint32_t replace_lightest(struct sketch *sketch, struct counter counter, double score)
{
    uint32_t slot = sketch->nodes[0].slot;
    unlink_slot(sketch, slot);
    sketch->counters[slot] = counter;
    sketch->generations[slot]++;
    link_slot(sketch, slot);
    sketch->nodes[0].score = score;
    sink(sketch, 0);
    return slot;
}

uint32_t aurora__sketch_count(struct sketch *sketch, const struct label *label, double amount)
{
    uint32_t slot = aurora__sketch_find(sketch, label);
    if (slot != SKETCH_NO_SLOT) {
        uint32_t place = sketch->places[slot];
        sketch->nodes[place].score += amount;
        sink(sketch, place);
        return slot;
    }
    bool is_full = sketch->count == sketch->capacity;
    if (is_full)
        sketch->floor = sketch->nodes[0].score;
    struct counter counter = {.label = *label, .error = sketch->floor};
    if (is_full)
        return replace_lightest(sketch, counter, sketch->floor + amount);
    return append(sketch, counter, sketch->floor + amount);
}

uint32_t aurora__sketch_offer(struct sketch *sketch, const struct label *label, double score,
                              double error)
{
    struct counter counter = {.label = *label, .error = error};
    if (sketch->count < sketch->capacity)
        return append(sketch, counter, score);
    double lightest = sketch->nodes[0].score;
    if (score <= lightest) {
        if (score > sketch->floor)
            sketch->floor = score;
        return SKETCH_NO_SLOT;
    }
    sketch->floor = lightest;
    return replace_lightest(sketch, counter, score);
}

/* A key that only one side holds has at most the other side's floor there. A key of both sides that
 * an offer has cut cannot come back by a later offer: its sum was at least what would be offered,
 * and the lightest score only grows. */
void aurora__sketch_merge(struct sketch *sketch, const struct sketch *from, double from_factor)
{
    double own_floor = sketch->floor;
    double from_floor = from->floor * from_factor;
    for (uint32_t slot = 0; slot < sketch->count; slot++) {
        double *score = &sketch->nodes[sketch->places[slot]].score;
        double *error = &sketch->counters[slot].error;
        uint32_t twin = aurora__sketch_find(from, &sketch->counters[slot].label);
        bool is_shared = twin != SKETCH_NO_SLOT;
        *score += is_shared ? aurora__sketch_score(from, twin) * from_factor : from_floor;
        *error += is_shared ? from->counters[twin].error * from_factor : from_floor;
    }
    restore_heap(sketch);
    sketch->floor = own_floor + from_floor;
    for (uint32_t twin = 0; twin < from->count; twin++) {
        const struct counter *counter = &from->counters[twin];
        if (aurora__sketch_find(sketch, &counter->label) != SKETCH_NO_SLOT)
            continue;
        double score = aurora__sketch_score(from, twin) * from_factor;
        aurora__sketch_offer(sketch, &counter->label, score + own_floor,
                             counter->error * from_factor + own_floor);
    }
}

/* Order is kept, since the factor is a power of two; what underflows is light for all purposes. */
void aurora__sketch_multiply(struct sketch *sketch, double factor)
{
    sketch->floor *= factor;
    for (uint32_t i = 0; i < sketch->count; i++) {
        sketch->nodes[i].score *= factor;
        sketch->counters[i].error *= factor;
    }
}
