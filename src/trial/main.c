/* SPDX-License-Identifier: MIT */
/* The program behind aurora_sim_main: past failures, seeds, a summary, and of the first failure its
 * shortest form and its transcript. */
#include "trial/campaign.h"
#include "trial/shrink.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { END_WELL = 0, END_BROKEN = 1, END_USAGE = 2, END_UNABLE = 3 };

typedef struct {
    aurora__trial_campaign campaign;
    const char *past;
    const char *note;
    char sets[AURORA_SIM_SETS_MAX * 16];
    bool is_traced;
    bool is_whole;
    bool is_listing;
    bool is_helping;
    bool has_seeds;
} arguments;

static const char usage[] =
    "usage: aurora-sim engine [option ...]\n"
    "Runs the library under faults, by a virtual clock; the same seed does the same again.\n"
    "  --seed N         the first seed (1)\n"
    "  --seeds M        how many, one after the other (1; with --minutes as many as fit)\n"
    "  --minutes T      ends after T minutes, and says with which seed to go on\n"
    "  --jobs J         processes (1)\n"
    "  --store NAME     memory, sqlite, or one that is attached\n"
    "  --set A=V,B=W    options that are not the seed's own; --list names them\n"
    "  --past FILE      runs the past failures of FILE first\n"
    "  --trace          prints every step of the first seed\n"
    "  --whole          tells a failure as it is, without making it small first\n"
    "  --note TEXT      the first line of the summary\n"
    "  --quiet          no line of progress\n"
    "  --list           names options\n"
    "  --help\n"
    "Ends with 0 when every check held, 1 when a seed broke one, 2 for an argument that is none,\n"
    "3 when it could not run.\n";

static bool parse_number(const char *text, uint64_t low, uint64_t high, uint64_t *out)
{
    char *end;
    errno = 0;
    *out = strtoull(text, &end, 10);
    return errno == 0 && end != text && *end == '\0' && *text != '-' && *out >= low && *out <= high;
}

/* Splits "A=V,B=W"; what it says stays in the arguments. */
static bool parse_sets(const char *text, arguments *out)
{
    aurora__trial_campaign *campaign = &out->campaign;
    size_t used = strlen(out->sets);
    char *place = out->sets + used + (used > 0);
    if (strlen(text) + 1 > sizeof out->sets - (size_t)(place - out->sets))
        return false;
    memcpy(place, text, strlen(text) + 1);
    char *word;
    while ((word = strsep(&place, ",")) != NULL) {
        if (campaign->set_count == AURORA_SIM_SETS_MAX)
            return false;
        campaign->sets[campaign->set_count++] = word;
    }
    return true;
}

static bool parse_value(const char *name, const char *value, arguments *out)
{
    aurora__trial_campaign *campaign = &out->campaign;
    uint64_t number;
    char *end;
    if (strcmp(name, "--seed") == 0)
        return parse_number(value, 0, UINT64_MAX, &campaign->seed);
    if (strcmp(name, "--seeds") == 0) {
        out->has_seeds = true;
        return parse_number(value, 1, UINT64_MAX / 2, &campaign->seeds);
    }
    if (strcmp(name, "--minutes") == 0) {
        campaign->minutes = strtod(value, &end);
        return end != value && *end == '\0' && campaign->minutes > 0;
    }
    if (strcmp(name, "--jobs") == 0) {
        bool is_one = parse_number(value, 1, AURORA__TRIAL_JOBS_MAX, &number);
        campaign->jobs = (uint32_t)number;
        return is_one;
    }
    if (strcmp(name, "--set") == 0)
        return campaign->set_count == 0 && parse_sets(value, out);
    const char **text = strcmp(name, "--store") == 0  ? &campaign->store
                        : strcmp(name, "--past") == 0 ? &out->past
                        : strcmp(name, "--note") == 0 ? &out->note
                                                      : NULL;
    if (text != NULL)
        *text = value;
    return text != NULL;
}

static bool *flag_of(const char *name, arguments *out)
{
    if (strcmp(name, "--trace") == 0)
        return &out->is_traced;
    if (strcmp(name, "--whole") == 0)
        return &out->is_whole;
    if (strcmp(name, "--quiet") == 0)
        return &out->campaign.is_quiet;
    if (strcmp(name, "--list") == 0)
        return &out->is_listing;
    return strcmp(name, "--help") == 0 ? &out->is_helping : NULL;
}

static bool parse(int argc, char **argv, arguments *out)
{
    for (int i = 1; i < argc; i++) {
        bool *flag = flag_of(argv[i], out);
        if (flag != NULL) {
            *flag = true;
        } else if (i + 1 < argc && parse_value(argv[i], argv[i + 1], out)) {
            i++;
        } else {
            fprintf(stderr, "aurora-sim: %s%s%s is no argument of it; --help names them\n", argv[i],
                    i + 1 < argc ? " " : "", i + 1 < argc ? argv[i + 1] : "");
            return false;
        }
    }
    if (out->campaign.minutes > 0 && !out->has_seeds)
        out->campaign.seeds = UINT64_MAX / 2;
    return true;
}

static void list(FILE *out)
{
    fputs("options, and the largest number that a seed gives them:\n", out);
    for (uint32_t i = 0; i < AURORA__TRIAL_OPTION_COUNT; i++) {
        const aurora__trial_option_info *info = &aurora__trial_option_infos[i];
        fprintf(out, "  %-10s %4u  %s\n", info->name, info->most, info->help);
    }
}

static int unable(const aurora__trial_totals *totals)
{
    fprintf(stderr, "aurora-sim: %s %s %s\n", aurora_status_name(totals->status), totals->err.field,
            totals->err.message);
    return totals->status == AURORA_EINVAL ? END_USAGE : END_UNABLE;
}

/* The first seed alone, step by step. */
static void trace_first(const arguments *wanted, const aurora_sim_ports *ports,
                        aurora__trial_totals *totals)
{
    aurora_sim_report report;
    aurora__trial_campaign one = wanted->campaign;
    one.trace = stdout;
    const aurora_sim_request request = aurora__trial_request(&one, one.seed);
    aurora__trial_campaign_one(&request, ports, totals, &report);
    totals->next = one.seed + 1;
}

static void explain(const arguments *wanted, const aurora_sim_ports *ports, uint64_t seed)
{
    aurora_sim_report report;
    const aurora_sim_request request = aurora__trial_request(&wanted->campaign, seed);
    if (aurora_sim_run(&request, ports, &report, NULL) == AURORA_OK)
        aurora__trial_explain(&request, ports, &report, !wanted->is_whole, stdout);
}

static int run(const arguments *wanted, const aurora_sim_ports *ports)
{
    aurora__trial_totals totals = {.status = AURORA_OK};
    if (wanted->is_traced)
        trace_first(wanted, ports, &totals);
    else
        aurora__trial_campaign_run(&wanted->campaign, ports, &totals);
    if (totals.is_broken && !wanted->is_traced)
        explain(wanted, ports, totals.broken);
    if (wanted->note != NULL)
        printf("%s\n\n", wanted->note);
    if (totals.seeds > 0)
        aurora__trial_totals_write(&totals, stdout);
    if (wanted->campaign.minutes > 0)
        printf("\ngo on with --seed %" PRIu64 "\n", totals.next);
    if (totals.is_broken)
        return END_BROKEN;
    return totals.status != AURORA_OK ? unable(&totals) : END_WELL;
}

int aurora_sim_main(int argc, char **argv, const aurora_sim_ports *ports)
{
    arguments wanted = {.campaign = {.seed = 1, .seeds = 1, .jobs = 1}};
    if (!parse(argc, argv, &wanted))
        return END_USAGE;
    if (wanted.is_helping || wanted.is_listing) {
        if (wanted.is_helping)
            fputs(usage, stdout);
        else
            list(stdout);
        return END_WELL;
    }
    if (wanted.past != NULL) {
        int failures = aurora__trial_past_run(wanted.past, ports, wanted.campaign.store, stdout);
        if (failures != 0)
            return failures < 0 ? END_UNABLE : END_BROKEN;
    }
    return run(&wanted, ports);
}
