/* SPDX-License-Identifier: MIT */
#include "trial/shrink.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define RUNS_MAX 300
#define SET_BYTES 48

/* All options as they stand: a set of each, so that no draw is left. */
typedef struct {
    const aurora_sim_request *request;
    const aurora_sim_ports *ports;
    const char *check;
    aurora__trial_options options;
    char texts[AURORA__TRIAL_OPTION_COUNT][SET_BYTES];
    const char *sets[AURORA__TRIAL_OPTION_COUNT];
    uint32_t runs;
    aurora_sim_report report; /* of the last run that failed */
} search;

static aurora_sim_request request_of(search *of, FILE *trace)
{
    for (uint32_t i = 0; i < AURORA__TRIAL_OPTION_COUNT; i++) {
        snprintf(of->texts[i], SET_BYTES, "%s=%u", aurora__trial_option_infos[i].name,
                 *aurora__trial_option_at(&of->options, i));
        of->sets[i] = of->texts[i];
    }
    aurora_sim_request request = *of->request;
    request.sets = of->sets;
    request.set_count = AURORA__TRIAL_OPTION_COUNT;
    request.trace = trace;
    return request;
}

static bool fails_likewise(search *of)
{
    aurora_sim_report report;
    const aurora_sim_request request = request_of(of, NULL);
    of->runs++;
    if (aurora_sim_run(&request, of->ports, &report, NULL) != AURORA_OK || report.is_failed == 0 ||
        strcmp(report.check, of->check) != 0)
        return false;
    of->report = report;
    return true;
}

static bool try_number(search *of, uint32_t index, uint32_t number)
{
    uint32_t *option = aurora__trial_option_at(&of->options, index);
    uint32_t before = *option;
    if (before == number || of->runs >= RUNS_MAX)
        return false;
    *option = number;
    if (fails_likewise(of))
        return true;
    *option = before;
    return false;
}

static uint32_t least_of(uint32_t index)
{
    bool is_at_least_one =
        index == AURORA__TRIAL_OPTION_instances || index == AURORA__TRIAL_OPTION_partitions ||
        index == AURORA__TRIAL_OPTION_skus || index == AURORA__TRIAL_OPTION_spread ||
        index == AURORA__TRIAL_OPTION_batch;
    return is_at_least_one ? 1 : 0;
}

static void shrink(search *of)
{
    bool is_better = true;
    while (is_better && of->runs < RUNS_MAX) {
        is_better = false;
        for (uint32_t i = 0; i < AURORA__TRIAL_OPTION_COUNT; i++)
            is_better |= try_number(of, i, least_of(i));
        for (uint32_t i = AURORA__TRIAL_OPTION_instances; i < AURORA__TRIAL_OPTION_COUNT; i++) {
            uint32_t number = *aurora__trial_option_at(&of->options, i);
            if (number > 1)
                is_better |= try_number(of, i, number / 2) || try_number(of, i, number - 1);
        }
    }
}

/* What a seed says of an option is in the report's text; what is not there is 0. */
static void read_options(search *of, const char *text)
{
    for (uint32_t i = 0; i < AURORA__TRIAL_OPTION_COUNT; i++) {
        const char *name = aurora__trial_option_infos[i].name;
        size_t length = strlen(name);
        const char *at = text;
        while ((at = strstr(at, name)) != NULL) {
            if ((at == text || at[-1] == ' ') && at[length] == '=') {
                *aurora__trial_option_at(&of->options, i) =
                    (uint32_t)strtoul(at + length + 1, NULL, 10);
                break;
            }
            at++;
        }
    }
}

static void write_command(const search *of, FILE *out)
{
    fprintf(out, "again: --seed %" PRIu64, of->request->seed);
    if (of->request->store != NULL)
        fprintf(out, " --store %s", of->request->store);
    for (uint32_t i = 0; i < AURORA__TRIAL_OPTION_COUNT; i++)
        fprintf(out, "%s%s=%u", i == 0 ? " --set " : ",", aurora__trial_option_infos[i].name,
                ((const uint32_t *)&of->options)[i]);
    fprintf(out, " --whole --trace\n");
}

void aurora__trial_explain(const aurora_sim_request *request, const aurora_sim_ports *ports,
                           const aurora_sim_report *report, bool is_to_shrink, FILE *out)
{
    search of = {.request = request, .ports = ports, .check = report->check, .report = *report};
    read_options(&of, report->options);
    fprintf(out, "seed %" PRIu64 " breaks %s: %s\noptions: %s\n", request->seed, report->check,
            report->message, report->options);
    if (is_to_shrink) {
        shrink(&of);
        fprintf(out, "made smaller in %u runs: %s\noptions: %s\n", of.runs, of.report.message,
                of.report.options);
    }
    write_command(&of, out);
    if (request->trace != NULL)
        return; /* the story was told as it happened */
    aurora_sim_report last;
    const aurora_sim_request again = request_of(&of, out);
    fprintf(out, "--- transcript ---\n");
    aurora_sim_run(&again, ports, &last, NULL);
}
