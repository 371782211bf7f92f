/* SPDX-License-Identifier: MIT */
/* The core without an engine: committed rows in memory, and one decision at a time over them, as
 * the engine would run it: rows that a decision misses are loaded and it is run again, what it
 * changed is saved under the store's rules, a failed one changes nothing. */
#ifndef AURORA_TESTS_SUPPORT_CORE_FIXTURE_H
#define AURORA_TESTS_SUPPORT_CORE_FIXTURE_H

#include "core/step.h"
#include "test.h"

typedef struct core_fixture core_fixture;

/* A decision, or several in a row; `context` is the test's. */
typedef aurora_status (*core_decision)(aurora__step *step, void *context);

struct core_fixture {
    aurora__policy policy; /* defaults of the settings; change as needed */
    int64_t now_ms;        /* the time of the next run; starts at CORE_FIXTURE_NOW */
    uint32_t has_parked_keys;
    bool is_run_once;  /* no sweep: the decision's context counts its runs, or the test its time */
    aurora__step step; /* of the last run: events and parked letters live until the next one */
    void *self;
};

#define CORE_FIXTURE_NOW INT64_C(1750000000000)

/* All modules, provider simulator inline, nothing stored. */
core_fixture *core_fixture_new(void);
void core_fixture_free(core_fixture *fixture);

/* Runs one decision and commits it. Anything but AURORA_OK leaves rows and events as they were.
 * Before that it is run once for each allocation that it makes, which fails: the decision must say
 * AURORA_ENOMEM and, run again on the same rows, come to the same as if nothing had been.
 * Fails the test where a save would break a rule of the store: a version that does not grow, a null
 * that must not be, an insert of what is there. */
aurora_status core_fixture_run(core_fixture *fixture, core_decision decision, void *context);

/* Stores a row by hand, replacing what has its key. `row` is a struct of that table. */
void core_fixture_put(core_fixture *fixture, uint32_t table, const void *row);

/* The committed row, or NULL; valid until it is written. */
const void *core_fixture_get(const core_fixture *fixture, const aurora__key *key);
const void *core_fixture_get_by_id(const core_fixture *fixture, uint32_t table, aurora_id id);

/* How many rows of that table are stored. */
uint32_t core_fixture_count(const core_fixture *fixture, uint32_t table);

/* The only event of the last run, or a failed test; and the number of those of one kind. */
const aurora__event *core_fixture_event(const core_fixture *fixture);
uint32_t core_fixture_events_of(const core_fixture *fixture, int32_t kind);

/* The n-th order id of a test: a valid UUIDv7 whose lowest three bits are 0. */
aurora_id core_fixture_order_id(uint32_t n);

#endif
