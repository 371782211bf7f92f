/* SPDX-License-Identifier: MIT */
/* Orders, reservations and their events as one endless batch over the pure core: nothing is saved
 * in between, rows that nobody put are absent. What core_fixture is for one module's rows under the
 * store's rules, this is for what happens to an order over many events.
 *
 * After each run that succeeds it checks every row that was ever touched: no null where none may
 * be, an order's version equals the steps of its history, stock is balanced (I1, I13). */
#ifndef AURORA_TESTS_SUPPORT_SAGA_FIXTURE_H
#define AURORA_TESTS_SUPPORT_SAGA_FIXTURE_H

#include "core/step.h"
#include "test.h"

#define SAGA_FIXTURE_NOW INT64_C(1750000000000)
#define SAGA_FIXTURE_SKU "cup"

typedef struct saga_block saga_block;

typedef struct {
    aurora__policy policy;
    int64_t now_ms;
    bool has_parked_keys;
    bool is_run_once;           /* no sweep: see saga_fixture_run */
    int64_t allocations_left;   /* until memory is out; -1 = never */
    aurora_id order_id;         /* of the test's order */
    const char *payment_method; /* of it, "tok_approve" */
    aurora__step step;          /* of the last run: its events live until the fixture is freed */
    aurora__rows rows;
    aurora__arena arena;
    saga_block *blocks;
} saga_fixture;

typedef aurora_status (*saga_decision)(aurora__step *step, void *context);

/* `modules` are installed, as AURORA__MODULE_...; the simulator answers inline. */
saga_fixture *saga_fixture_new(uint32_t modules);
void saga_fixture_free(saga_fixture *fixture);

/* Runs a decision and then delivers what it emitted. Before that, unless a failure is set already,
 * it is run with no memory, with one allocation's, with two's and so on, which must answer
 * AURORA_ENOMEM and leave the rows as they were. */
aurora_status saga_fixture_run(saga_fixture *fixture, saga_decision decision, void *context);

/* Lets the n-th allocation from now fail, and all after it; -1 = none. */
void saga_fixture_fail_after(saga_fixture *fixture, int64_t allocations);

/* Puts a row by hand, or replaces it. `row` is a struct of that table and stays the caller's. */
void saga_fixture_put(saga_fixture *fixture, uint32_t table, const void *row);

/* A SKU with this number and so many pieces received. */
void saga_fixture_receive(saga_fixture *fixture, const char *sku, int64_t number, int64_t quantity);

const aurora__order_row *saga_fixture_order(saga_fixture *fixture);
const aurora__reservation_row *saga_fixture_reservation(saga_fixture *fixture);
const aurora__payment_row *saga_fixture_payment(saga_fixture *fixture);
const aurora__stock_row *saga_fixture_stock(saga_fixture *fixture, int64_t number);

/* Places the test's order: `quantity` of SAGA_FIXTURE_SKU at 250 EUR cents each. */
aurora_status saga_fixture_place(saga_fixture *fixture, int64_t quantity);

/* An event about the test's order as another service would send it, to be filled in further. Its
 * deadline is the order's, or 5 minutes after the fixture's first now. */
aurora__event saga_fixture_event(saga_fixture *fixture, int32_t kind);

/* Delivers it to one module, with the cascade after it. */
aurora_status saga_fixture_deliver(saga_fixture *fixture, uint32_t module,
                                   const aurora__event *event);

/* Both in one, for events without more to say. */
aurora_status saga_fixture_tell(saga_fixture *fixture, uint32_t module, int32_t kind);

/* Cancels the order for its customer: actor "anna", note "too late". */
aurora_status saga_fixture_cancel(saga_fixture *fixture);

/* Brings a fresh order to a status by what its participants would say. */
void saga_fixture_bring_to(saga_fixture *fixture, int32_t status);

/* Fires the order's timer at its due time. */
aurora_status saga_fixture_fire(saga_fixture *fixture);

/* The only event of the last run, or a failed test; how many of one kind it had. */
const aurora__event *saga_fixture_only(const saga_fixture *fixture);
uint32_t saga_fixture_count(const saga_fixture *fixture, int32_t kind);

#endif
