/* SPDX-License-Identifier: MIT */
/* A project with a store of its own, which counts what goes through it before a store of the
 * library's, runs a hundred seeds of libaurora-sim on it. Prints the library's version and "100
 * seeds held". */
#include <aurora/port/driver.h>
#include <aurora/sim.h>

#include <stdio.h>

enum { SEEDS = 100 };

typedef struct {
    aurora_status (*commit)(void *self, aurora_store_txn *txn);
    uint64_t commits;
} counting;

static counting only; /* the simulation opens one store at a time */

static aurora_status count_commit(void *self, aurora_store_txn *txn)
{
    aurora_status rc = only.commit(self, txn);
    only.commits += rc == AURORA_OK;
    return rc;
}

static aurora_status open_counting(void *self, const aurora_store_options *options,
                                   aurora_store *out, aurora_error *err)
{
    aurora_status rc = aurora_store_open("memory:", options, out, err);
    (void)self;
    if (rc != AURORA_OK)
        return rc;
    only.commit = out->commit;
    out->commit = count_commit;
    return AURORA_OK;
}

int main(void)
{
    static const aurora_sim_store store = {.size = sizeof store,
                                           .flags = AURORA_SIM_STORE_STAYS,
                                           .name = "counting",
                                           .open = open_counting};
    static const aurora_sim_store *const stores[] = {&store};
    const aurora_sim_ports ports = {.size = sizeof ports, .store_count = 1, .stores = stores};
    uint64_t commits = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        aurora_error err = AURORA_ERROR_INIT;
        aurora_sim_report report;
        const aurora_sim_request request = {.size = sizeof request, .seed = seed};
        if (aurora_sim_run(&request, &ports, &report, &err) != AURORA_OK) {
            printf("%s %s\n", err.field, err.message);
            return 1;
        }
        if (report.is_failed != 0) {
            printf("seed %d: %s: %s\n", (int)seed, report.check, report.message);
            return 1;
        }
        commits += report.commits;
    }
    if (only.commits < commits) {
        printf("%d commits were reported, %d were made\n", (int)commits, (int)only.commits);
        return 1;
    }
    printf("%s %d seeds held\n", aurora_version(), SEEDS);
    return 0;
}
