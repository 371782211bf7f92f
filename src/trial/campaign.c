/* SPDX-License-Identifier: MIT */
#include "trial/campaign.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PROGRESS_S 5
#define LINE_BYTES 2048

static double seconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* --- sums ------------------------------------------------------------------------------------- */

static void add_report(aurora_sim_report *sum, const aurora_sim_report *report)
{
    sum->orders += report->orders;
    sum->completed += report->completed;
    sum->failed += report->failed;
    sum->cancelled += report->cancelled;
    sum->repaired += report->repaired;
    sum->crashes += report->crashes;
    sum->restarts += report->restarts;
    sum->faults += report->faults;
    sum->store_calls += report->store_calls;
    sum->commits += report->commits;
    sum->checks += report->checks;
    sum->virtual_ms += report->virtual_ms;
}

/* Names are literals, the same in a process that was forked. */
static void add_counts(aurora__trial_count *counts, const aurora__trial_count *more)
{
    for (uint32_t i = 0; i < AURORA__TRIAL_COUNTS_MAX && more[i].name != NULL; i++) {
        uint32_t k = 0;
        while (k < AURORA__TRIAL_COUNTS_MAX && counts[k].name != NULL &&
               strcmp(counts[k].name, more[i].name) != 0)
            k++;
        if (k == AURORA__TRIAL_COUNTS_MAX)
            return;
        counts[k].name = more[i].name;
        counts[k].count += more[i].count;
    }
}

static void add_totals(aurora__trial_totals *sum, const aurora__trial_totals *more)
{
    add_report(&sum->sum, &more->sum);
    add_counts(sum->counts, more->counts);
    sum->seeds += more->seeds;
    sum->hash += more->hash;
    sum->cpu_s += more->cpu_s;
    sum->next = more->next < sum->next ? more->next : sum->next;
    if (more->is_broken && (!sum->is_broken || more->broken < sum->broken)) {
        sum->is_broken = true;
        sum->broken = more->broken;
    }
    if (more->status != AURORA_OK) {
        sum->status = more->status;
        sum->err = more->err;
    }
}

void aurora__trial_totals_write(const aurora__trial_totals *totals, FILE *out)
{
    const aurora_sim_report *sum = &totals->sum;
    double cpu = totals->cpu_s > 0.001 ? totals->cpu_s : 0.001;
    fprintf(out, "| seeds | orders | completed | failed | cancelled | crashes | restarts | other "
                 "faults | repairs |\n|---|---|---|---|---|---|---|---|---|\n");
    fprintf(out,
            "| %" PRIu64 " | %" PRIu64 " | %" PRIu64 " | %" PRIu64 " | %" PRIu64 " | %" PRIu64
            " | %" PRIu64 " | %" PRIu64 " | %" PRIu64 " |\n\n",
            totals->seeds, sum->orders, sum->completed, sum->failed, sum->cancelled, sum->crashes,
            sum->restarts, sum->faults, sum->repaired);
    fprintf(out,
            "%.1f h simulated in %.1f s of a processor: %.0f times as fast as the clock, %.0f "
            "orders/s; %" PRIu64 " calls of the store, %" PRIu64 " commits; traces %016" PRIx64
            ".\n\n| check | made |\n|---|---|\n",
            (double)sum->virtual_ms / 3600000, cpu, (double)sum->virtual_ms / 1000 / cpu,
            (double)sum->orders / cpu, sum->store_calls, sum->commits, totals->hash);
    for (uint32_t i = 0; i < AURORA__TRIAL_COUNTS_MAX && totals->counts[i].name != NULL; i++)
        fprintf(out, "| %s | %" PRIu64 " |\n", totals->counts[i].name, totals->counts[i].count);
}

/* --- one process ------------------------------------------------------------------------------ */

aurora_sim_request aurora__trial_request(const aurora__trial_campaign *campaign, uint64_t seed)
{
    return (aurora_sim_request){.size = sizeof(aurora_sim_request),
                                .seed = seed,
                                .store = campaign->store,
                                .sets = campaign->sets,
                                .set_count = campaign->set_count,
                                .trace = campaign->trace};
}

aurora_status aurora__trial_campaign_one(const aurora_sim_request *request,
                                         const aurora_sim_ports *ports,
                                         aurora__trial_totals *totals,
                                         aurora_sim_report *report_out)
{
    aurora_error_init(&totals->err);
    double begun = seconds(CLOCK_PROCESS_CPUTIME_ID);
    totals->status = aurora__trial_run(request, ports, report_out, totals->counts, &totals->err);
    totals->cpu_s += seconds(CLOCK_PROCESS_CPUTIME_ID) - begun;
    if (totals->status != AURORA_OK)
        return totals->status;
    add_report(&totals->sum, report_out);
    totals->seeds++;
    totals->hash += report_out->hash * (2 * request->seed + 1);
    if (report_out->is_failed != 0) {
        totals->is_broken = true;
        totals->broken = request->seed;
    }
    return AURORA_OK;
}

static void tell_progress(const aurora__trial_totals *totals, uint64_t seed, double *told_s)
{
    double now_s = seconds(CLOCK_MONOTONIC);
    if (now_s - *told_s < PROGRESS_S)
        return;
    *told_s = now_s;
    fprintf(stderr, "seed %" PRIu64 ": %" PRIu64 " orders, %" PRIu64 " crashes\n", seed,
            totals->sum.orders, totals->sum.crashes);
}

/* Every `jobs`-th seed from `offset` on. */
static void run_share(const aurora__trial_campaign *campaign, const aurora_sim_ports *ports,
                      uint64_t offset, aurora__trial_totals *totals)
{
    double begun_s = seconds(CLOCK_MONOTONIC);
    double told_s = begun_s;
    uint64_t i = offset;
    for (; i < campaign->seeds && !totals->is_broken; i += campaign->jobs) {
        aurora_sim_report report;
        if (campaign->minutes > 0 && seconds(CLOCK_MONOTONIC) - begun_s >= campaign->minutes * 60)
            break;
        const aurora_sim_request request = aurora__trial_request(campaign, campaign->seed + i);
        if (aurora__trial_campaign_one(&request, ports, totals, &report) != AURORA_OK)
            break;
        if (!campaign->is_quiet && offset == 0)
            tell_progress(totals, request.seed, &told_s);
    }
    totals->next = campaign->seed + (i < campaign->seeds ? i : campaign->seeds);
}

/* --- several ---------------------------------------------------------------------------------- */

static int start_share(const aurora__trial_campaign *campaign, const aurora_sim_ports *ports,
                       uint64_t offset, pid_t *child_out)
{
    int ends[2];
    fflush(NULL);
    if (pipe(ends) != 0)
        return -1;
    *child_out = fork();
    if (*child_out != 0) {
        close(ends[1]);
        if (*child_out < 0)
            close(ends[0]);
        return *child_out < 0 ? -1 : ends[0];
    }
    aurora__trial_totals own = {.status = AURORA_OK};
    run_share(campaign, ports, offset, &own);
    bool is_told = write(ends[1], &own, sizeof own) == (ssize_t)sizeof own;
    _exit(is_told ? 0 : 1);
}

/* A pipe takes what a share has to say at once; a child that died says nothing. */
static void end_share(int end, pid_t child, aurora__trial_totals *totals)
{
    aurora__trial_totals own;
    size_t got = 0;
    ssize_t more = 1;
    while (end >= 0 && more > 0 && got < sizeof own) {
        more = read(end, (char *)&own + got, sizeof own - got);
        got += more > 0 ? (size_t)more : 0;
    }
    if (end >= 0)
        close(end);
    if (child > 0)
        waitpid(child, NULL, 0);
    if (got == sizeof own) {
        add_totals(totals, &own);
        return;
    }
    totals->status = AURORA_EIO;
    snprintf(totals->err.message, sizeof totals->err.message,
             "a process of the campaign died: run its seeds with --jobs 1");
}

void aurora__trial_campaign_run(const aurora__trial_campaign *campaign,
                                const aurora_sim_ports *ports, aurora__trial_totals *totals)
{
    pid_t children[AURORA__TRIAL_JOBS_MAX];
    int ends[AURORA__TRIAL_JOBS_MAX];
    if (campaign->jobs <= 1) {
        run_share(campaign, ports, 0, totals);
        return;
    }
    totals->next = UINT64_MAX;
    for (uint32_t i = 0; i < campaign->jobs; i++) {
        children[i] = 0;
        ends[i] = start_share(campaign, ports, i, &children[i]);
    }
    for (uint32_t i = 0; i < campaign->jobs; i++)
        end_share(ends[i], children[i], totals);
}

/* --- what failed once ------------------------------------------------------------------------- */

/* The field before the next '|', without blanks around it; NULL at the end. */
static char *take_field(char **line)
{
    char *field = strsep(line, "|");
    if (field == NULL)
        return NULL;
    field += strspn(field, " ");
    size_t length = strlen(field);
    while (length > 0 && (field[length - 1] == ' ' || field[length - 1] == '\n'))
        field[--length] = '\0';
    return field;
}

static bool read_past(char *line, aurora_sim_request *request, const char **sets)
{
    char *end;
    const char *seed = take_field(&line);
    char *options = take_field(&line);
    const char *what = take_field(&line);
    const char *test = take_field(&line);
    if (seed == NULL || options == NULL || what == NULL || test == NULL || test[0] == '\0')
        return false;
    request->seed = strtoull(seed, &end, 10);
    request->sets = sets;
    request->set_count = 0;
    if (strcmp(options, "-") == 0)
        options = NULL;
    while (options != NULL) {
        if (request->set_count == AURORA_SIM_SETS_MAX)
            return false;
        sets[request->set_count++] = strsep(&options, ",");
    }
    return end != seed && *end == '\0';
}

int aurora__trial_past_run(const char *path, const aurora_sim_ports *ports, const char *store,
                           FILE *out)
{
    char line[LINE_BYTES];
    const char *sets[AURORA_SIM_SETS_MAX];
    int failures = 0;
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        fprintf(stderr, "aurora-sim: %s: %s\n", path, strerror(errno));
        return -1;
    }
    for (int number = 1; failures >= 0 && fgets(line, sizeof line, file) != NULL; number++) {
        aurora_sim_report report;
        aurora_error err = AURORA_ERROR_INIT;
        aurora_sim_request request = {.size = sizeof request, .store = store};
        if (line[0] == '#' || line[0] == '\n')
            continue;
        if (!read_past(line, &request, sets) ||
            aurora_sim_run(&request, ports, &report, &err) != AURORA_OK) {
            fprintf(stderr, "aurora-sim: %s:%d: is not SEED | OPTIONS | WHAT | TEST %s\n", path,
                    number, err.message);
            failures = -1;
        } else if (report.is_failed != 0) {
            failures++;
            fprintf(out, "%s:%d: seed %" PRIu64 " fails again: %s: %s\n", path, number,
                    request.seed, report.check, report.message);
        }
    }
    fclose(file);
    return failures;
}
