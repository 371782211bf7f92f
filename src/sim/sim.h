/* SPDX-License-Identifier: MIT */
/* The seeded simulation: the pure modules as one to three services over rows, logs, a broker and a
 * payment provider that live in memory under a virtual clock. One seed expands to a deployment, a
 * load and a set of faults; the same seed gives the same trace. Not a test of the engine or of any
 * adapter: their seam is the service (world.h). */
#ifndef AURORA_SIM_SIM_H
#define AURORA_SIM_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Bugs of the harness, planted to see that some checker tells of each. */
enum {
    AURORA__PLANT_NONE = 0,
    AURORA__PLANT_NO_DEDUPE = 1,         /* positions below the watermark are taken again */
    AURORA__PLANT_DELIVER_TWICE = 2,     /* one batch takes an event twice */
    AURORA__PLANT_LOSE_COMMIT = 3,       /* a batch is answered and not stored */
    AURORA__PLANT_DROP_COMPENSATION = 4, /* inventory.released is told, the rows stay */
    AURORA__PLANT_CAPTURE_TWICE = 5,     /* the provider does not know its key */
    AURORA__PLANT_IGNORE_RESEND = 6,     /* consumers pass over repeats */
    AURORA__PLANT_STOCK_DRIFT = 7,       /* now and then a counter is saved one too high */
    AURORA__PLANT_NO_DEADLINE = 8,       /* the deadline's timer never fires */
    AURORA__PLANT_SWAP_EVENTS = 9,       /* two events of a partition change places */
    AURORA__PLANT_RELAY_SKIPS = 10,      /* a committed event is never published */
    AURORA__PLANT_STALE_VERSION = 11,    /* an order is saved with the version it had */
    AURORA__PLANT_LOSE_REFUND = 12,      /* the provider says done and keeps the money */
    AURORA__PLANT_TORN_BATCH = 13,       /* a crash leaves a part of its batch behind */
    AURORA__PLANT_EARLY_WATERMARK = 14,  /* a crash keeps the watermark of a lost batch */
    AURORA__PLANT_TELL_LATE = 15,        /* a cancel is acknowledged and thrown away */
    AURORA__PLANT_COUNT = 16
};

/* Memory that is kept from seed to seed. Starts cleared. */
typedef struct {
    struct aurora__sim_block *first;
} aurora__sim_pool;

void aurora__sim_pool_free(aurora__sim_pool *pool);

typedef struct {
    uint64_t seed;
    aurora__sim_pool *pool; /* NULL = all memory is given back at the end */
    uint32_t orders;        /* 0 = the seed's own number */
    uint32_t plant;         /* AURORA__PLANT_... */
    FILE *trace;            /* NULL = none; every step as one line */
    int32_t focus;          /* only lines of this order; -1 = all */
} aurora__sim_request;

typedef struct {
    bool is_failed;
    int32_t order;     /* that the failure is about, -1 = none */
    char invariant[8]; /* "I4" */
    char message[240];
    char options[640]; /* the seed's option set as text */
    uint64_t hash;     /* of the whole trace (I14) */
    uint64_t orders;
    uint64_t completed; /* how they ended */
    uint64_t failed;
    uint64_t cancelled;
    uint64_t repaired; /* parked when faults had stopped, then settled by operators */
    uint64_t batches;
    uint64_t crashes;
    uint64_t deliveries;
    uint64_t rounds_missed; /* decisions that asked for a row that their keys had not named */
    int64_t virtual_ms;
} aurora__sim_report;

/* Runs one seed to its end or to the first broken invariant. */
void aurora__sim_run(const aurora__sim_request *request, aurora__sim_report *report_out);

/* Runs a failed seed again and writes its options and the transcript: the story of the order that
 * broke, or the last lines of all. */
void aurora__sim_explain(const aurora__sim_request *request, FILE *out);

const char *aurora__sim_plant_name(uint32_t plant);

#endif
