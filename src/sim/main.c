/* SPDX-License-Identifier: MIT */
/* aurora-sim: runs seeds until one breaks an invariant, makes that one small and tells its
 * story. */
#include "sim/campaign.h"

#include <aurora/sim.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define END_BROKEN 1
#define END_USAGE 2

typedef struct {
    aurora__sim_campaign campaign;
    aurora__sim_set set;
    const char *past;
    const char *note;
    bool is_traced;
    bool is_listing;
    bool is_whole; /* a failure is told as it is, not made small first */
    bool is_helping;
} arguments;

static const char usage[] =
    "usage: aurora-sim [option ...]\n"
    "  --seed N         the first seed (1)\n"
    "  --seeds M        how many, one after the other (1; with --minutes as many as fit)\n"
    "  --minutes T      ends after T minutes, and says with which seed to go on\n"
    "  --jobs J         processes (1)\n"
    "  --set A=V,B=W    options that are not the seed's own; --list names them\n"
    "  --past FILE      runs the past failures of FILE first\n"
    "  --trace          prints every step of the first seed\n"
    "  --whole          tells a failure as it is, without making it small first\n"
    "  --note TEXT      the first line of the summary\n"
    "  --quiet          no line of progress\n"
    "  --list           names options, checks and points of a crash\n"
#ifdef AURORA_PLANTS
    "  --plant NAME     plants a bug, to see it caught; --list names them\n"
#endif
    "  --help\n"
    "aurora-sim engine --help tells of the simulation of the whole library, with its stores.\n";

static int refuse(const char *option, const char *rule)
{
    fprintf(stderr, "aurora-sim: %s %s\n", option, rule);
    return END_USAGE;
}

static bool read_number(const char *text, uint64_t low, uint64_t high, uint64_t *out)
{
    char *end;
    errno = 0;
    *out = strtoull(text, &end, 10);
    return errno == 0 && *text >= '0' && *text <= '9' && *end == '\0' && *out >= low &&
           *out <= high;
}

static bool read_minutes(const char *text, double *out)
{
    char *end;
    *out = strtod(text, &end);
    return end != text && *end == '\0' && *out > 0 && *out <= 1e6;
}

#ifdef AURORA_PLANTS
static bool read_plant(const char *text, uint32_t *out)
{
    for (*out = 1; *out < AURORA__PLANT_COUNT; ++*out) {
        if (strcmp(aurora__sim_plant_name(*out), text) == 0)
            return true;
    }
    return false;
}
#endif

/* An option that has a value: NULL, or the rule that the value breaks. */
static const char *read_value(arguments *out, const char *option, const char *value, char *error,
                              size_t size)
{
    uint64_t number = 0;
    if (strcmp(option, "--seed") == 0) {
        bool is_right = read_number(value, 0, UINT64_MAX - UINT32_MAX, &out->campaign.seed);
        return is_right ? NULL : "must be a whole number below 2^64 - 2^32";
    }
    if (strcmp(option, "--seeds") == 0) {
        bool is_right = read_number(value, 1, 1000000000, &out->campaign.seeds);
        return is_right ? NULL : "must be 1 to 1000000000";
    }
    if (strcmp(option, "--minutes") == 0)
        return read_minutes(value, &out->campaign.minutes) ? NULL
                                                           : "must be above 0 and at most 1000000";
    if (strcmp(option, "--jobs") == 0) {
        bool is_right = read_number(value, 1, 256, &number);
        out->campaign.jobs = (uint32_t)number;
        return is_right ? NULL : "must be 1 to 256";
    }
    if (strcmp(option, "--set") == 0)
        return aurora__sim_set_read(&out->set, value, error, size) ? NULL : error;
    if (strcmp(option, "--past") == 0)
        out->past = value;
    else if (strcmp(option, "--note") == 0)
        out->note = value;
#ifdef AURORA_PLANTS
    else if (strcmp(option, "--plant") == 0)
        return read_plant(value, &out->campaign.plant) ? NULL : "must be one that --list names";
#endif
    else
        return "is no option; --help names them";
    return NULL;
}

static bool read_flag(arguments *out, const char *option)
{
    bool *flag = strcmp(option, "--trace") == 0   ? &out->is_traced
                 : strcmp(option, "--list") == 0  ? &out->is_listing
                 : strcmp(option, "--whole") == 0 ? &out->is_whole
                 : strcmp(option, "--help") == 0  ? &out->is_helping
                 : strcmp(option, "--quiet") == 0 ? &out->campaign.is_quiet
                                                  : NULL;
    if (flag != NULL)
        *flag = true;
    return flag != NULL;
}

static int read_arguments(int argc, char **argv, arguments *out)
{
    char error[512];
    for (int i = 1; i < argc; i++) {
        if (read_flag(out, argv[i]))
            continue;
        bool is_last = i + 1 == argc;
        const char *rule =
            read_value(out, argv[i], is_last ? "" : argv[i + 1], error, sizeof error);
        if (rule == NULL && is_last)
            rule = "needs a value";
        if (rule != NULL)
            return refuse(argv[i], rule);
        i++;
    }
    if (out->campaign.seeds == 0)
        out->campaign.seeds = out->campaign.minutes > 0 ? 1000000000 : 1;
    return 0;
}

static int list(void)
{
    puts("options of --set:");
    for (uint32_t i = 0; i < AURORA__OPTION_COUNT; i++)
        printf("  %-15s %u..%u: %s\n", aurora__sim_option_table[i].name,
               aurora__sim_option_table[i].low, aurora__sim_option_table[i].high,
               aurora__sim_option_table[i].what);
    puts("checks:");
    for (uint32_t i = 0; i < AURORA__CHECK_COUNT; i++)
        printf("  %-15s %s\n", aurora__sim_check_table[i].name, aurora__sim_check_table[i].what);
    puts("points of a crash, with their bits in crash_at:");
    for (uint32_t i = 0; i < AURORA__CRASH_COUNT; i++)
        printf("  %-15s %u: %s\n", aurora__sim_crash_table[i].name, 1u << i,
               aurora__sim_crash_table[i].when);
#ifdef AURORA_PLANTS
    puts("plants:");
    for (uint32_t i = 1; i < AURORA__PLANT_COUNT; i++)
        printf("  %-19s %s\n", aurora__sim_plant_name(i), aurora__sim_plant_text(i));
#endif
    return 0;
}

static void tell(const arguments *wanted, uint64_t seed)
{
    aurora__sim_pool pool = {0};
    char text[1024];
    aurora__sim_set small = wanted->set;
    aurora__sim_request request = {.seed = seed,
                                   .pool = &pool,
                                   .set = &wanted->set,
                                   .plant = wanted->campaign.plant,
                                   .focus = -1};
    if (!wanted->is_whole) {
        uint32_t runs = aurora__sim_shrink(&request, &small);
        printf("made small in %u runs\n", runs);
        request.set = &small;
    }
    aurora__sim_explain(&request, stdout);
    aurora__sim_set_write(&small, text, sizeof text);
    printf("again: aurora-sim --seed %llu%s%s --whole\n", (unsigned long long)seed,
           text[0] == '\0' ? "" : " --set ", text);
    aurora__sim_report report;
    aurora__sim_run(&request, &report);
    aurora__sim_options_write(&report.options, text, sizeof text);
    printf("for tests/sim/past.txt: %llu | %s | WHAT IT WAS | TEST\n", (unsigned long long)seed,
           text);
    aurora__sim_pool_free(&pool);
}

static void trace(const arguments *wanted)
{
    aurora__sim_report report;
    aurora__sim_run(&(aurora__sim_request){.seed = wanted->campaign.seed,
                                           .set = &wanted->set,
                                           .plant = wanted->campaign.plant,
                                           .trace = stdout,
                                           .focus = -1},
                    &report);
}

static int run(const arguments *wanted)
{
    aurora__sim_totals totals;
    uint64_t next = 0;
    uint64_t broken = 0;
    char error[1024];
    int failures =
        wanted->past == NULL ? 0 : aurora__sim_past_run(wanted->past, stdout, error, sizeof error);
    if (failures < 0)
        return refuse("--past", error);
    if (failures > 0)
        return END_BROKEN;
    if (wanted->is_traced)
        trace(wanted);
    bool is_held = aurora__sim_campaign_run(&wanted->campaign, &totals, &next, &broken);
    if (wanted->note != NULL)
        puts(wanted->note);
    printf("seeds %llu to %llu: %s\n", (unsigned long long)wanted->campaign.seed,
           (unsigned long long)next - 1, is_held ? "every check held" : "BROKEN");
    aurora__sim_totals_write(&totals, stdout);
    if (next < wanted->campaign.seed + wanted->campaign.seeds)
        printf("\nto go on: --seed %llu\n", (unsigned long long)next);
    if (!is_held)
        tell(wanted, broken);
    return is_held ? 0 : END_BROKEN;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "engine") == 0)
        return aurora_sim_main(argc - 1, argv + 1, NULL);
    arguments wanted = {.campaign = {.seed = 1, .jobs = 1}};
    int status = read_arguments(argc, argv, &wanted);
    if (status != 0)
        return status;
    if (wanted.is_helping) {
        fputs(usage, stdout);
        return 0;
    }
    wanted.campaign.set = &wanted.set;
    return wanted.is_listing ? list() : run(&wanted);
}
