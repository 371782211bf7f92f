/* SPDX-License-Identifier: MIT */
/* The peer of the order benchmark: the same saga the textbook way, on SQLite, with normalised
 * tables and a durable transaction for each step. Not part of the library and never linked to
 * it. */
#ifndef TEXTBOOK_H
#define TEXTBOOK_H

#include <stdint.h>

typedef struct {
    double orders_per_s;     /* completed sagas by the wall clock of the timed part */
    double cpu_us_per_order; /* user and system time of the workers, checkpoints included */
    double p50_ms, p99_ms;   /* from the first statement of a saga to its last commit */
    uint64_t orders;         /* completed in this run */
} textbook_result;

/* Replaces the file at `path` by one with `sku_count` (2 .. 1,000,000) stocked SKUs and
 * `stored_orders` completed orders, checkpointed and synced. Takes about 10 s per million orders.
 * Returns 0, or -1 after a message on stderr. Threads: confined to one caller per path. */
int textbook_prepare(const char *path, uint32_t sku_count, uint64_t stored_orders);

/* Runs `connections` (1 .. 256) workers in a closed loop for `seconds` on a prepared file and fills
 * `out`. What the run orders stays in the file; `seed` (any) draws SKUs, customers and keys, so
 * each run on one file needs its own. Returns 0, or -1 after a message on stderr.
 * Threads: confined to one caller per path. */
int textbook_run(const char *path, uint32_t connections, double seconds, uint64_t seed,
                 textbook_result *out);

/* Recomputes stock, reservations and payments from the orders and compares, outside any timing.
 * Returns 0 when all agree, or -1 after a line on stderr for each rule that is broken.
 * Threads: confined to one caller per path. */
int textbook_verify(const char *path);

#endif
