/* SPDX-License-Identifier: MIT */
/* The seeded simulation: the pure modules as one to three services over rows, logs, a broker and a
 * payment provider that live in memory under a virtual clock. One seed expands to a deployment, a
 * load and a set of faults; the same seed gives the same trace. A seed has two phases: with faults
 * until a time that its options name, then without, and then everything must end. Not a test of the
 * engine or of any adapter: their seam is the service (world.h). */
#ifndef AURORA_SIM_SIM_H
#define AURORA_SIM_SIM_H

#include "plant/plant.h"
#include "sim/options.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* X(name, what must hold): the invariants of docs/GUARANTEES.md, then those of the harness. */
#define AURORA__SIM_CHECKS(X)                                                                      \
    X(I1, "stock adds up: no oversell")                                                            \
    X(I2, "captured once, in full")                                                                \
    X(I3, "everything ends or waits for an operator")                                              \
    X(I4, "what failed or was cancelled holds no stock and no money")                              \
    X(I5, "an event is there if and only if its rows are, and is published")                       \
    X(I6, "one effect of an event per consumer")                                                   \
    X(I7, "order of the events of a key")                                                          \
    X(I8, "what was answered stays")                                                               \
    X(I9, "one key, one effect, one answer")                                                       \
    X(I10, "a bucket gives no more than its rate")                                                 \
    X(I11, "a breaker's legal steps")                                                              \
    X(I12, "amounts add up")                                                                       \
    X(I13, "versions grow by one")                                                                 \
    X(I14, "the same seed, the same trace")                                                        \
    X(I16, "trending within its stated error")                                                     \
    X(pause, "no call before its pause is over, nor without end")                                  \
    X(codec, "records read as they were written")                                                  \
    X(keys, "the rows that a decision asks for can be named")                                      \
    X(rows, "rows are whole")                                                                      \
    X(core, "no command fails that must not")

enum {
#define AURORA__CHECK_ID(name, what) AURORA__CHECK_##name,
    AURORA__SIM_CHECKS(AURORA__CHECK_ID)
#undef AURORA__CHECK_ID
        AURORA__CHECK_COUNT
};

typedef struct {
    const char *name;
    const char *what;
} aurora__sim_check;

extern const aurora__sim_check aurora__sim_check_table[AURORA__CHECK_COUNT];

/* After the faults everything is settled or parked within this time, and at rest a while later. */
#define AURORA__SIM_CALM_MS INT64_C(3600000)

/* Memory that is kept from seed to seed. Starts cleared. */
typedef struct {
    struct aurora__sim_block *first;
} aurora__sim_pool;

void aurora__sim_pool_free(aurora__sim_pool *pool);

typedef struct {
    uint64_t seed;
    aurora__sim_pool *pool;     /* NULL = all memory is given back at the end */
    const aurora__sim_set *set; /* options that are not the seed's own; NULL = none */
    uint32_t plant;             /* AURORA__PLANT_..., of a build that has any */
    FILE *trace;                /* NULL = none; every step as one line */
    int32_t focus;              /* only lines of this order; -1 = all */
} aurora__sim_request;

typedef struct {
    bool is_failed;
    int32_t order; /* that the failure is about, -1 = none */
    int32_t check; /* AURORA__CHECK_... */
    char message[240];
    uint64_t hash; /* of the whole trace (I14) */
    uint64_t orders;
    uint64_t completed; /* how they ended */
    uint64_t failed;
    uint64_t cancelled;
    uint64_t repaired; /* parked when faults had stopped, then settled by operators */
    uint64_t batches;
    uint64_t crashes;
    uint64_t deliveries;
    uint64_t overtaken;     /* of them: older ones of another topic were still under way */
    uint64_t rounds_missed; /* decisions that asked for a row that their keys had not named */
    int64_t virtual_ms;
    int64_t stop_ms; /* when the faults stopped */
    int64_t calm_ms; /* after that: until the last order was settled or parked */
    uint64_t checks[AURORA__CHECK_COUNT]; /* how often each was looked at */
    uint64_t faults[AURORA__OPTION_COUNT];
    uint64_t points[AURORA__CRASH_COUNT]; /* crashes at each */
    aurora__sim_options options;
} aurora__sim_report;

/* Runs one seed to its end or to the first broken invariant. */
void aurora__sim_run(const aurora__sim_request *request, aurora__sim_report *report_out);

/* Runs a failed seed again and writes its options and the transcript: the story of the order that
 * broke, or the last lines of all. */
void aurora__sim_explain(const aurora__sim_request *request, FILE *out);

/* Finds fewer faults, orders, products and services under which the seed still breaks the same
 * invariant. `set_out` is what has to be set beside the seed; returns how many runs it took. */
uint32_t aurora__sim_shrink(const aurora__sim_request *request, aurora__sim_set *set_out);

const char *aurora__sim_plant_name(uint32_t plant);
const char *aurora__sim_plant_text(uint32_t plant);

#endif
