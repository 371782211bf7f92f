/* SPDX-License-Identifier: MIT */
/* aurora-sim: runs seeds until one breaks an invariant, and then tells its story. */
#include "sim/sim.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct {
    uint64_t seed;
    uint64_t seeds;
    uint32_t orders;
    uint32_t plant;
    bool is_traced;
} arguments;

static int usage(void)
{
    fputs("usage: aurora-sim [--seed N] [--seeds M] [--orders K] [--plant P] [--trace]\n"
          "  --seed N    the first seed (1)\n"
          "  --seeds M   how many seeds, one after the other (1)\n"
          "  --orders K  orders a seed (0: as the seed says)\n"
          "  --plant P   plants a bug, to see it caught (0: none)\n"
          "  --trace     prints every step\n",
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

static bool parse(int argc, char **argv, arguments *out)
{
    for (int i = 1; i < argc; i++) {
        uint64_t number = 0;
        if (strcmp(argv[i], "--trace") == 0) {
            out->is_traced = true;
            continue;
        }
        if (i + 1 == argc || !parse_number(argv[i + 1], UINT64_MAX, &number))
            return false;
        if (strcmp(argv[i], "--seed") == 0)
            out->seed = number;
        else if (strcmp(argv[i], "--seeds") == 0)
            out->seeds = number;
        else if (strcmp(argv[i], "--orders") == 0 && number <= 100000)
            out->orders = (uint32_t)number;
        else if (strcmp(argv[i], "--plant") == 0 && number < AURORA__PLANT_COUNT)
            out->plant = (uint32_t)number;
        else
            return false;
        i++;
    }
    return true;
}

int main(int argc, char **argv)
{
    arguments wanted = {.seed = 1, .seeds = 1};
    if (!parse(argc, argv, &wanted))
        return usage();
    aurora__sim_report report = {0};
    uint64_t orders = 0;
    uint64_t parked = 0;
    uint64_t hash = 0;
    int64_t virtual_ms = 0;
    aurora__sim_pool pool = {0};
    clock_t begun = clock();
    for (uint64_t i = 0; i < wanted.seeds; i++) {
        aurora__sim_request request = {.seed = wanted.seed + i,
                                       .pool = &pool,
                                       .orders = wanted.orders,
                                       .plant = wanted.plant,
                                       .trace = wanted.is_traced ? stdout : NULL,
                                       .focus = -1};
        aurora__sim_run(&request, &report);
        orders += report.orders;
        parked += report.repaired;
        virtual_ms += report.virtual_ms;
        hash = (hash ^ report.hash) * 0x9E3779B97F4A7C15u;
        if (report.is_failed) {
            aurora__sim_explain(&request, stdout);
            return 1;
        }
    }
    double seconds = (double)(clock() - begun) / CLOCKS_PER_SEC;
    printf("%llu seeds, %llu orders, %llu parked and repaired, %.0f h simulated in "
           "%.2f s "
           "(%.0f orders/s), traces %016llx\n",
           (unsigned long long)wanted.seeds, (unsigned long long)orders, (unsigned long long)parked,
           (double)virtual_ms / 3600000, seconds, (double)orders / (seconds > 0 ? seconds : 1),
           (unsigned long long)hash);
    return 0;
}
