/* SPDX-License-Identifier: MIT */
/* Many seeds: what they add up to, over several processes, and files of past failures. */
#ifndef AURORA_TRIAL_CAMPAIGN_H
#define AURORA_TRIAL_CAMPAIGN_H

#include "trial/trial.h"

#define AURORA__TRIAL_JOBS_MAX 64

typedef struct {
    uint64_t seed;  /* the first */
    uint64_t seeds; /* how many */
    double minutes; /* ends after that; 0 = only with the last seed */
    uint32_t jobs;  /* processes */
    const char *store;
    const char *sets[AURORA_SIM_SETS_MAX];
    uint32_t set_count;
    FILE *trace;
    bool is_quiet; /* no line of progress */
} aurora__trial_campaign;

typedef struct {
    aurora_sim_report sum;
    uint64_t seeds;
    uint64_t hash; /* of all traces, in whatever order they ran */
    double cpu_s;
    aurora__trial_count counts[AURORA__TRIAL_COUNTS_MAX];
    uint64_t next; /* all seeds below it were run */
    bool is_broken;
    uint64_t broken;      /* the lowest seed that failed */
    aurora_status status; /* why it could not go on */
    aurora_error err;
} aurora__trial_totals;

aurora_sim_request aurora__trial_request(const aurora__trial_campaign *campaign, uint64_t seed);

/* Runs until the seeds or the time are over, or one failed. Forks where jobs is above 1. */
void aurora__trial_campaign_run(const aurora__trial_campaign *campaign,
                                const aurora_sim_ports *ports, aurora__trial_totals *totals);

/* One seed alone; *report_out says how it went. */
aurora_status aurora__trial_campaign_one(const aurora_sim_request *request,
                                         const aurora_sim_ports *ports,
                                         aurora__trial_totals *totals,
                                         aurora_sim_report *report_out);

/* A summary in Markdown, for docs/RELIABILITY.md. */
void aurora__trial_totals_write(const aurora__trial_totals *totals, FILE *out);

/* Runs each line of a file of past failures: SEED | OPTIONS or - | WHAT IT WAS | TEST. The number
 * of those that fail, each told on `out`; -1 where file or line cannot be read, told on stderr. */
int aurora__trial_past_run(const char *path, const aurora_sim_ports *ports, const char *store,
                           FILE *out);

#endif
