/* SPDX-License-Identifier: MIT */
/* aurora-explore: searches one scope, prints how many states it has, or the shortest way to a
 * broken invariant. */
#include "explore/explore.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int usage(void)
{
    fputs(
        "usage: aurora-explore [--NAME N]...\n"
        "  --deployment N  0 one engine, 1 order | inventory | payment, 2 order+inventory |\n"
        "                  payment, 3 order+payment | inventory, 4 order | inventory+payment (1)\n"
        "  --orders N      for the one unit of stock, 1 or 2 (2)\n"
        "  --crashes N     of any service (1); each of these is 0 to 3, over the whole search\n"
        "  --duplicates N  of messages and answers (1)\n"
        "  --losses N      of messages (1)\n"
        "  --silences N    of the provider: a call or an answer is lost (0)\n"
        "  --hurries N     timers that fire while something is under way (0)\n"
        "  --cancels N     of any order (0)\n"
        "  --deadlines N   1: deadlines may pass at any time (0)\n"
        "  --plant N       a planted bug, to see it found (0: none)\n"
        "  --states N      gives up beyond so many (200000000)\n",
        stderr);
    return 2;
}

static bool parse_number(const char *text, uint64_t high, uint64_t *out)
{
    char *end;
    errno = 0;
    *out = strtoull(text, &end, 10);
    return errno == 0 && end != text && *end == '\0' && *text != '-' && *out <= high;
}

static bool set(aurora__explore_scope *scope, const char *name, const char *text)
{
    const struct {
        const char *name;
        uint32_t *value;
        uint64_t high;
    } options[] = {{"--deployment", &scope->deployment, 4},
                   {"--orders", &scope->orders, 2},
                   {"--crashes", &scope->crashes, 3},
                   {"--duplicates", &scope->duplicates, 3},
                   {"--losses", &scope->losses, 3},
                   {"--silences", &scope->silences, 3},
                   {"--hurries", &scope->hurries, 3},
                   {"--cancels", &scope->cancels, 3},
                   {"--plant", &scope->plant, AURORA__EXPLORE_PLANTS - 1}};
    uint64_t number;
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        if (strcmp(name, options[i].name) != 0)
            continue;
        bool is_number = parse_number(text, options[i].high, &number);
        *options[i].value = (uint32_t)number;
        return is_number;
    }
    bool is_number = parse_number(text, UINT32_MAX - 1, &number);
    if (is_number && strcmp(name, "--deadlines") == 0 && number <= 1)
        scope->has_deadlines = number == 1;
    else if (is_number && strcmp(name, "--states") == 0)
        scope->states_max = number;
    else
        return false;
    return true;
}

int main(int argc, char **argv)
{
    aurora__explore_scope scope = {.deployment = 1,
                                   .orders = 2,
                                   .crashes = 1,
                                   .duplicates = 1,
                                   .losses = 1,
                                   .states_max = 200000000,
                                   .is_ending_asked = true};
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 == argc || !set(&scope, argv[i], argv[i + 1]))
            return usage();
    }
    if (scope.orders == 0)
        return usage();
    aurora__explore_report report;
    clock_t begun = clock();
    aurora__explore_run(&scope, &report, stdout);
    double seconds = (double)(clock() - begun) / CLOCKS_PER_SEC;
    printf(
        "%s, %u orders of 1 unit, crashes %u, duplicates %u, losses %u, silences %u, hurries %u, "
        "cancels %u, deadlines %u%s%s: %llu states, %llu transitions, %llu at rest, "
        "depth %u, "
        "%llu decisions, %.1f s, %s\n",
        aurora__explore_deployment(scope.deployment), scope.orders, scope.crashes, scope.duplicates,
        scope.losses, scope.silences, scope.hurries, scope.cancels, scope.has_deadlines,
        scope.plant == 0 ? "" : ", planted: ",
        scope.plant == 0 ? "" : aurora__explore_plant_name(scope.plant),
        (unsigned long long)report.states, (unsigned long long)report.transitions,
        (unsigned long long)report.ends, report.depth, (unsigned long long)report.decisions,
        seconds,
        !report.is_complete ? "not complete"
        : report.is_failed  ? "a broken invariant"
                            : "none broken");
    return report.is_failed ? 1 : report.is_complete ? 0 : 2;
}
