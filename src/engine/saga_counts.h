/* SPDX-License-Identifier: MIT */
/* What is counted of sagas once a batch is stored, by its rows: steps of orders, how long they
 * took, who was parked and why, events set aside, and how late timers were. How it stands now is
 * the affair of engine/saga_now.h. */
#ifndef AURORA_ENGINE_SAGA_COUNTS_H
#define AURORA_ENGINE_SAGA_COUNTS_H

#include "core/rows.h"
#include "metric/metric.h"

#include <aurora/order.h>

/* Who is parked, and why: the values of two labels. */
enum {
    AURORA__PARKED_BY_INVENTORY,
    AURORA__PARKED_BY_PAYMENT,
    AURORA__PARKED_BY_ORDER,
    AURORA__PARKED_BY_COUNT
};
enum {
    AURORA__PARKED_POISON,   /* an event that can never be taken */
    AURORA__PARKED_ATTEMPTS, /* no outcome after all attempts */
    AURORA__PARKED_REFUSED,  /* the provider refused for good */
    AURORA__PARKED_ORPHANED, /* the order completed without a payment here */
    AURORA__PARKED_REPORTED, /* another service says so, and knows why */
    AURORA__PARKED_WHY_COUNT
};

typedef struct {
    /* By `from` (0 = the order is new) and `to`; NULL where the machine has no such step. */
    aurora__counter *transitions[AURORA_ORDER_CANCELLED + 1][AURORA_ORDER_CANCELLED + 1];
    aurora__counter *parked[AURORA__PARKED_BY_COUNT][AURORA__PARKED_WHY_COUNT]; /* NULL: never */
    aurora__counter *dead_letters;
    aurora__histogram *duration_ns; /* NULL where there are no orders */
    aurora__histogram *timer_lag_ns;
    uint32_t modules;
} aurora__saga_counts;

/* Makes the series that this set of modules has, at 0. */
void aurora__saga_counts_open(aurora__saga_counts *counts, aurora__registry *registry,
                              uint32_t modules);

/* Counts what became of all rows that a stored batch touched. The arena is for reading an order's
 * history. Threads: confined. */
void aurora__saga_counts_rows(const aurora__saga_counts *counts, const aurora__rows *rows,
                              aurora__arena *arena);

/* A timer fired. */
void aurora__saga_counts_timer(const aurora__saga_counts *counts, int64_t due_ms, int64_t now_ms);

/* Whether this set of modules can park in this way. */
bool aurora__parked_is_possible(uint32_t modules, uint32_t by, uint32_t why);
/* The values of the labels. Static texts. */
const char *aurora__parked_by_name(uint32_t by);
const char *aurora__parked_why_name(uint32_t why);
/* AURORA__PARKED_... of a payment that is parked. */
uint32_t aurora__parked_payment_why(const aurora__payment_row *payment);

#endif
