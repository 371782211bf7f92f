/* SPDX-License-Identifier: MIT */
/* Many seeds: what they add up to, over several processes, and the file of past failures. */
#ifndef AURORA_SIM_CAMPAIGN_H
#define AURORA_SIM_CAMPAIGN_H

#include "sim/sim.h"

typedef struct {
    uint64_t seeds;
    uint64_t orders;
    uint64_t completed;
    uint64_t failed;
    uint64_t cancelled;
    uint64_t repaired;
    uint64_t batches;
    uint64_t crashes;
    uint64_t deliveries;
    uint64_t overtaken;
    uint64_t hash; /* of all traces, in whatever order they ran */
    int64_t virtual_ms;
    int64_t calm_max_ms; /* the longest that anything took to end after the faults */
    uint64_t cpu_ns;
    uint64_t checks[AURORA__CHECK_COUNT];
    uint64_t faults[AURORA__OPTION_COUNT];
    uint64_t points[AURORA__CRASH_COUNT];
} aurora__sim_totals;

void aurora__sim_totals_add(aurora__sim_totals *totals, const aurora__sim_report *report);
/* Tables for docs/RELIABILITY.md. */
void aurora__sim_totals_write(const aurora__sim_totals *totals, FILE *out);

typedef struct {
    uint64_t seed;  /* the first */
    uint64_t seeds; /* how many */
    double minutes; /* ends after that; 0 = only with the last seed */
    uint32_t jobs;  /* processes */
    const aurora__sim_set *set;
    uint32_t plant;
    bool is_quiet; /* no line of progress */
} aurora__sim_campaign;

/* Runs the seeds; all below *next_out were run, whatever ended it. False when one of them broke an
 * invariant, the lowest is then *broken_out. Forks: to be called while there is one thread. */
bool aurora__sim_campaign_run(const aurora__sim_campaign *campaign, aurora__sim_totals *totals_out,
                              uint64_t *next_out, uint64_t *broken_out);

/* Runs each line of a file of past failures, SEED | OPTIONS or - | WHAT IT WAS | TEST, and tells of
 * each on `out`. The number of those that fail; -1 for a file that cannot be read, with an error
 * that names line and rule. */
int aurora__sim_past_run(const char *path, FILE *out, char *error, size_t size);

#endif
