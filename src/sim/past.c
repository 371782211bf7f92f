/* SPDX-License-Identifier: MIT */
/* Seeds that once broke something, each with the unit test that it became. */
#include "sim/campaign.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    uint64_t seed;
    aurora__sim_set set;
    const char *what;
    const char *test;
} past;

/* The text up to the next " | ", which it cuts off; NULL when there is none. */
static char *cut(char **rest)
{
    char *field = *rest;
    char *end = field == NULL ? NULL : strstr(field, " | ");
    if (end != NULL)
        *end = '\0';
    *rest = end == NULL ? NULL : end + 3;
    return field;
}

static bool read_line(char *line, past *out, char *error, size_t size)
{
    char *end = NULL;
    *out = (past){0};
    line[strcspn(line, "\n")] = '\0';
    char *seed = cut(&line);
    char *set = cut(&line);
    out->what = cut(&line);
    out->test = cut(&line);
    if (out->test == NULL || line != NULL) {
        snprintf(error, size, "must be SEED | OPTIONS or - | WHAT IT WAS | TEST");
        return false;
    }
    errno = 0;
    out->seed = strtoull(seed, &end, 10);
    if (*seed < '0' || *seed > '9' || *end != '\0' || errno != 0) {
        snprintf(error, size, "\"%.40s\" is no seed", seed);
        return false;
    }
    return strcmp(set, "-") == 0 || aurora__sim_set_read(&out->set, set, error, size);
}

static bool run_line(const past *of, FILE *out)
{
    aurora__sim_report report;
    aurora__sim_request request = {.seed = of->seed, .set = &of->set, .focus = -1};
    aurora__sim_run(&request, &report);
    fprintf(out, "past: seed %llu %s: %s (%s)\n", (unsigned long long)of->seed,
            report.is_failed ? "FAILS" : "holds", of->what, of->test);
    if (report.is_failed)
        aurora__sim_explain(&request, out);
    return !report.is_failed;
}

int aurora__sim_past_run(const char *path, FILE *out, char *error, size_t size)
{
    char line[2048];
    char why[512];
    int number = 0;
    int failures = 0;
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        snprintf(error, size, "%s: %s", path, strerror(errno));
        return -1;
    }
    while (failures >= 0 && fgets(line, sizeof line, file) != NULL) {
        past of;
        number++;
        if (line[0] == '#' || line[0] == '\n')
            continue;
        if (read_line(line, &of, why, sizeof why)) {
            failures += !run_line(&of, out);
            continue;
        }
        snprintf(error, size, "%s, line %d: %s", path, number, why);
        failures = -1;
    }
    fclose(file);
    return failures;
}
