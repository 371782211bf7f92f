/* SPDX-License-Identifier: MIT */
/* Which schema holds which table. The store of one module keeps all its tables in one schema; that
 * of several keeps each in its owner's, so that the modules can be taken apart later. */
#ifndef AURORA_ADAPTERS_STORE_POSTGRES_LAYOUT_H
#define AURORA_ADAPTERS_STORE_POSTGRES_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AURORA__PG_SCHEMA_BYTES 40
#define AURORA__PG_MODULES 7

typedef struct {
    char home[AURORA__PG_SCHEMA_BYTES]; /* the schema of the log and of what no module owns */
    uint32_t is_single;                 /* all tables are in it */
} aurora__pg_layout;

/* The layout of a set, "order" or "order,inventory"; NULL or empty = all modules. False for a name
 * that is no module. */
bool aurora__pg_layout_init(aurora__pg_layout *layout, const char *modules);

/* The schema of module number 0 to AURORA__PG_MODULES - 1, written to `out`. */
void aurora__pg_layout_schema(const aurora__pg_layout *layout, uint32_t module, char *out,
                              size_t capacity);

/* The schema of a table, by its name. */
void aurora__pg_layout_of(const aurora__pg_layout *layout, const char *table, char *out,
                          size_t capacity);

/* Replaces {order}, {aurora} and so on. Writes at most `capacity` bytes, the NUL among them, and
 * answers what there would be without it. */
size_t aurora__pg_layout_fill(const aurora__pg_layout *layout, const char *sql, char *out,
                              size_t capacity);

#endif
