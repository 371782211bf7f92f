/* SPDX-License-Identifier: MIT */
/* An exhaustive search of a small scope: the pure modules as one to three services, two orders for
 * one unit of stock, and a bounded number of faults. Every order in which commands, messages,
 * timers, calls and answers can happen is tried, each state once. Not a sample: what holds here
 * holds on every path of the scope. docs/MODEL.md says what is abstracted from. */
#ifndef AURORA_EXPLORE_EXPLORE_H
#define AURORA_EXPLORE_EXPLORE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Bugs of the seam, planted to see that the search finds each. */
enum {
    AURORA__EXPLORE_SOUND = 0,
    AURORA__EXPLORE_NO_DEDUPE = 1,         /* positions below the watermark are taken again */
    AURORA__EXPLORE_EARLY_WATERMARK = 2,   /* a crash keeps the watermark of a lost batch */
    AURORA__EXPLORE_EARLY_EVENTS = 3,      /* a crash keeps the events of a lost batch */
    AURORA__EXPLORE_STALE_STOCK = 4,       /* a reservation is decided on the stock of the start */
    AURORA__EXPLORE_DROP_COMPENSATION = 5, /* inventory.released is told, the rows stay */
    AURORA__EXPLORE_IGNORE_RESEND = 6,     /* consumers pass over repeats */
    AURORA__EXPLORE_NO_QUERY = 7,          /* a lost call is sent again under another key */
    AURORA__EXPLORE_LOSE_REFUND = 8,       /* the provider says done and keeps the money */
    AURORA__EXPLORE_TELL_LATE = 9,         /* a cancel is acknowledged and thrown away */
    AURORA__EXPLORE_SWAP_EVENTS = 10,      /* two events of a partition change places */
    AURORA__EXPLORE_STALE_VERSION = 11,    /* an order is saved with the version it had */
    AURORA__EXPLORE_PLANTS = 12
};

typedef struct {
    uint32_t deployment; /* 0..4, as aurora__explore_deployment() names them */
    uint32_t orders;     /* 1 or 2 */
    uint32_t crashes;    /* how often in all, 0..3 each */
    uint32_t duplicates;
    uint32_t losses;   /* of events by the broker */
    uint32_t silences; /* of the provider: a call or an answer that is lost */
    uint32_t hurries;  /* timers that fire while what they wait for is under way */
    uint32_t cancels;
    bool has_deadlines;   /* an order's deadline may come at any time, and participants be late */
    uint32_t plant;       /* AURORA__EXPLORE_... */
    uint64_t states_max;  /* gives up beyond it */
    bool is_ending_asked; /* searches backwards, too: an end can be reached from each state */
} aurora__explore_scope;

typedef struct {
    bool is_complete; /* every state of the scope was seen, or a failure was found */
    bool is_failed;
    char invariant[8]; /* "I4" */
    char message[200];
    uint64_t states;
    uint64_t transitions;
    uint64_t ends;      /* states at rest, none of them with an order that is parked */
    uint64_t decisions; /* of the modules that are not the same as another one */
    uint32_t depth;     /* of the longest shortest path */
} aurora__explore_report;

/* Searches the scope breadth first, so that a counterexample is a shortest one; its steps are
 * written to `out`, which may be NULL. */
void aurora__explore_run(const aurora__explore_scope *scope, aurora__explore_report *report_out,
                         FILE *out);

const char *aurora__explore_plant_name(uint32_t plant);
const char *aurora__explore_deployment(uint32_t deployment);

#endif
