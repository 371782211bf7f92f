/* SPDX-License-Identifier: MIT */
/* A simulator of libaurora for tests of what you attach to it: one thread, a clock that jumps from
 * one thing to the next, and one seed for all that happens. It opens real handles, on your store or
 * one of ours, places and cancels orders, pays by your provider or its own, loses answers, fails
 * commits, ends the process in the middle of a call, and then looks whether anything that was
 * promised is broken. It is a library of its own, libaurora-sim, for test programs;
 * docs/SIMULATION.md shows them. */
#ifndef AURORA_SIM_H
#define AURORA_SIM_H

#include <stdio.h>

#include <aurora/aurora.h>
#include <aurora/port/store.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The run of one seed, as your callbacks see it. */
typedef struct aurora_sim aurora_sim;

/* --- what you may attach ---------------------------------------------------------------------- */

/* aurora_sim_store.flags. */
#define AURORA_SIM_STORE_STAYS                                                                     \
    1u /* it lives in memory: a crash of the process rolls its open
                                     transactions back, and the same instance is opened again */
#define AURORA_SIM_STORE_MANY                                                                      \
    2u /* several of different addresses may be open at once: seeds in which the modules are
                                    shared out among services run on it too */

/* A store to be tested. */
typedef struct {
    uint32_t size;    /* sizeof(aurora_sim_store) */
    uint32_t flags;   /* AURORA_SIM_STORE_... */
    const char *name; /* for --store */
    void *self;       /* handed back to every function */
    /* Opens the store as an adapter's open does (aurora_store_open_fn). options->address is a file
     * that does not exist before the first open of a seed, in a folder of that seed. Required. */
    aurora_status (*open)(void *self, const aurora_store_options *options, aurora_store *out,
                          aurora_error *err);
    /* The machine lost its power while the store at `address` was closed or dropped: what it had
     * not made durable may go. NULL = a store that is only ever closed and opened again. */
    void (*lose_power)(void *self, const char *address);
} aurora_sim_store;

/* What a provider did with the money of one order. The caller's memory. */
typedef struct {
    int64_t authorized_minor; /* ever */
    int64_t captured_minor;   /* over all captures: a second one shows */
    int64_t refunded_minor;   /* over all refunds */
    uint32_t captures;        /* acts, not calls */
    uint32_t refunds;         /* acts, not calls */
    uint32_t is_voided;       /* what was authorized is free again */
    uint32_t reserved;        /* 0 */
    uint64_t spare[4];        /* 0 */
} aurora_sim_account;

/* A payment provider to be tested: what your host calls for a task, and the books behind it. Lost
 * requests, lost and late answers and repeats are the simulator's affair. */
typedef struct {
    uint32_t size;     /* sizeof(aurora_sim_provider) */
    uint32_t reserved; /* 0 */
    void *self;        /* handed back to every function */
    /* Forgets everything: another seed begins. Required. */
    void (*begin)(void *self, uint64_t seed);
    /* Does the task, or answers its query, and says what came of it, as a host would report it by
     * aurora_task_finish. Texts of *result_out live until the next call. Required. */
    void (*act)(void *self, const aurora_task *task, aurora_task_result *result_out);
    /* Reads the books; all zero for an order that it never heard of. Required. */
    void (*account)(void *self, aurora_id order_id, aurora_sim_account *out);
} aurora_sim_provider;

/* Who is told of the end of an order, to be tested. */
typedef struct {
    uint32_t size;     /* sizeof(aurora_sim_notifier) */
    uint32_t reserved; /* 0 */
    void *self;        /* handed back to both */
    /* Forgets everything: another seed begins. Required. */
    void (*begin)(void *self, uint64_t seed);
    /* Tells, and says what came of it. Required. */
    void (*tell)(void *self, const aurora_task *task, aurora_task_result *result_out);
} aurora_sim_notifier;

/* A workload of yours, beside that of the simulator or in its place (--orders 0). A step may be
 * left in the middle of a call of the library, as by kill -9, and begins again later: keep what
 * must survive behind `self`, and take memory by aurora_sim_take. */
typedef struct {
    uint32_t size;  /* sizeof(aurora_sim_workload) */
    uint32_t steps; /* how many a seed has */
    void *self;     /* handed back to every function */
    /* Forgets everything: another seed begins. Required. */
    void (*begin)(void *self, aurora_sim *sim, uint64_t seed);
    /* Does step number `step` on an open handle; it may call what does not wait. AURORA_OK: done. A
     * retriable status: the step comes again later. Any other one fails the seed. Required. */
    aurora_status (*step)(void *self, aurora_sim *sim, aurora_t *shop, uint32_t step);
    /* Looks at the whole when all is at rest; tells of what is wrong by aurora_sim_fail. NULL =
     * nothing to look at. */
    void (*check)(void *self, aurora_sim *sim, aurora_t *shop);
} aurora_sim_workload;

/* All that you attach; each may be NULL. */
typedef struct {
    uint32_t size;        /* sizeof(aurora_sim_ports) */
    uint32_t store_count; /* of stores */
    /* Beside "memory" and "sqlite"; the first is the one that is taken where none is named. */
    const aurora_sim_store *const *stores;
    const aurora_sim_provider *provider; /* NULL = one of the simulator's */
    const aurora_sim_notifier *notifier; /* NULL = everybody is told at once */
    const aurora_sim_workload *workload; /* NULL = orders and stock alone */
} aurora_sim_ports;

/* --- for your callbacks ----------------------------------------------------------------------- */

/* A number below `bound` (at least 1), out of the seed. Threads: confined. */
uint32_t aurora_sim_below(aurora_sim *sim, uint32_t bound);

/* Unix milliseconds by the simulated wall clock. Threads: confined. */
int64_t aurora_sim_now_ms(const aurora_sim *sim);

/* Whether faults have stopped: everything must come to its end now. Threads: confined. */
bool aurora_sim_is_calm(const aurora_sim *sim);

/* Cleared memory that lives until the end of the seed; never NULL. Threads: confined. */
void *aurora_sim_take(aurora_sim *sim, size_t bytes);

/* Writes a line into the transcript; it counts for the hash of the trace, so leave out addresses.
 * `format` as for printf. Threads: confined. */
void aurora_sim_note(aurora_sim *sim, const char *format, ...);

/* Counts that the check of this name (a literal) was made. Threads: confined. */
void aurora_sim_count(aurora_sim *sim, const char *check);

/* Fails the seed: the check of this name, at most 15 bytes, found what the text says. The first one
 * of a seed is kept. Threads: confined. */
void aurora_sim_fail(aurora_sim *sim, const char *check, const char *format, ...);

/* --- running ---------------------------------------------------------------------------------- */

/* Options that one request may set. */
#define AURORA_SIM_SETS_MAX 64

/* One seed, and what to change of what it says. */
typedef struct {
    uint32_t size;           /* sizeof(aurora_sim_request) */
    uint32_t set_count;      /* at most AURORA_SIM_SETS_MAX */
    uint64_t seed;           /* any number */
    const char *store;       /* a name of aurora_sim_store, "memory", "sqlite"; NULL = the first */
    const char *folder;      /* for stores that are files; NULL = a new one under /tmp */
    const char *const *sets; /* set_count of "crash=0", options by name */
    FILE *trace;             /* every step as a line; NULL = none */
} aurora_sim_request;

/* What came of it; read only. The caller's memory. */
typedef struct {
    uint32_t size;        /* sizeof(aurora_sim_report) */
    uint32_t is_failed;   /* 1 = `check` and `message` say what was broken */
    int32_t order;        /* number of the order that it is about, -1 = none */
    uint32_t reserved;    /* 0 */
    char check[16];       /* "I8" */
    char message[240];    /* one line */
    char options[768];    /* of the seed, as "crash=12 lost=3" */
    uint64_t hash;        /* of the trace: the same seed, the same number */
    uint64_t orders;      /* that came to an end */
    uint64_t completed;   /* of them are COMPLETED */
    uint64_t failed;      /* ... are FAILED */
    uint64_t cancelled;   /* ... are CANCELLED */
    uint64_t repaired;    /* times that an operator helped */
    uint64_t crashes;     /* of handles */
    uint64_t restarts;    /* quiet ones */
    uint64_t faults;      /* of store, provider and memory, without crashes */
    uint64_t store_calls; /* of the store port */
    uint64_t commits;     /* that happened */
    uint64_t checks;      /* that were made, of all kinds */
    int64_t virtual_ms;   /* how long it took by the simulated clock */
} aurora_sim_report;

/* Runs one seed to its end or to the first failure. AURORA_OK: *report_out says which.
 * AURORA_EINVAL for a store or option that is not known (err->field), AURORA_EIO when the store
 * cannot be opened at all, AURORA_ENOMEM. ports may be NULL. Threads: confined. */
aurora_status aurora_sim_run(const aurora_sim_request *request, const aurora_sim_ports *ports,
                             aurora_sim_report *report_out, aurora_error *err);

/* The program: runs seeds as its arguments say (--help tells), prints a summary, and of the first
 * seed that fails the shortest set of options that still fails and the transcript. Returns the exit
 * status: 0 all is well, 1 a seed failed, 2 the arguments are wrong, 3 it could not run. ports may
 * be NULL. Threads: confined. */
int aurora_sim_main(int argc, char **argv, const aurora_sim_ports *ports);

#ifdef __cplusplus
}
#endif
#endif
