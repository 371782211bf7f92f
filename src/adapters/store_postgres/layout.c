/* SPDX-License-Identifier: MIT */
#include "adapters/store_postgres/layout.h"

#include <stdio.h>
#include <string.h>

#define HOME "aurora"

static const char *const modules[AURORA__PG_MODULES] = {
    "order", "inventory", "payment", "product", "search", "recommendation", "notification"};

/* What is not in it belongs to no module. */
static const struct {
    const char *table;
    const char *module;
} owners[] = {
    {"orders", "order"},
    {"order_references", "order"},
    {"order_keys", "order"},
    {"prices", "order"},
    {"customer_orders", "order"},
    {"customer_slices", "order"},
    {"payments", "payment"},
    {"ledger", "payment"},
    {"reservations", "inventory"},
    {"holds", "inventory"},
    {"skus", "inventory"},
    {"stock", "inventory"},
    {"stock_movements", "inventory"},
    {"products", "product"},
    {"sketches", "recommendation"},
    {"notifications", "notification"},
};

static bool is_module(const char *name, size_t length)
{
    for (uint32_t i = 0; i < AURORA__PG_MODULES; i++) {
        if (strlen(modules[i]) == length && memcmp(modules[i], name, length) == 0)
            return true;
    }
    return false;
}

bool aurora__pg_layout_init(aurora__pg_layout *layout, const char *set)
{
    *layout = (aurora__pg_layout){.home = HOME};
    if (set == NULL || set[0] == 0)
        return true;
    uint32_t count = 0;
    for (const char *at = set;;) {
        size_t length = strcspn(at, ",");
        if (!is_module(at, length))
            return false;
        count++;
        if (at[length] == 0)
            break;
        at += length + 1;
    }
    if (count == 1) {
        layout->is_single = 1;
        snprintf(layout->home, sizeof layout->home, HOME "_%s", set);
    }
    return true;
}

static void schema_of(const aurora__pg_layout *layout, const char *module, char *out,
                      size_t capacity)
{
    if (layout->is_single || module == NULL)
        snprintf(out, capacity, "%s", layout->home);
    else
        snprintf(out, capacity, HOME "_%s", module);
}

void aurora__pg_layout_schema(const aurora__pg_layout *layout, uint32_t module, char *out,
                              size_t capacity)
{
    schema_of(layout, modules[module], out, capacity);
}

void aurora__pg_layout_of(const aurora__pg_layout *layout, const char *table, char *out,
                          size_t capacity)
{
    const char *module = NULL;
    for (size_t i = 0; i < sizeof owners / sizeof *owners; i++) {
        if (strcmp(owners[i].table, table) == 0)
            module = owners[i].module;
    }
    schema_of(layout, module, out, capacity);
}

/* The length of "{name}" at `at`, 0 when it is none of ours. */
static size_t placeholder(const aurora__pg_layout *layout, const char *at, char *schema_out,
                          size_t capacity)
{
    const char *end = at[0] == '{' ? strchr(at, '}') : NULL;
    if (end == NULL)
        return 0;
    size_t length = (size_t)(end - at) - 1;
    if (length == strlen(HOME) && memcmp(at + 1, HOME, length) == 0) {
        schema_of(layout, NULL, schema_out, capacity);
        return length + 2;
    }
    for (uint32_t i = 0; i < AURORA__PG_MODULES; i++) {
        if (strlen(modules[i]) == length && memcmp(at + 1, modules[i], length) == 0) {
            schema_of(layout, modules[i], schema_out, capacity);
            return length + 2;
        }
    }
    return 0;
}

size_t aurora__pg_layout_fill(const aurora__pg_layout *layout, const char *sql, char *out,
                              size_t capacity)
{
    size_t length = 0;
    while (*sql != 0) {
        char schema[AURORA__PG_SCHEMA_BYTES];
        size_t taken = placeholder(layout, sql, schema, sizeof schema);
        const char *piece = taken > 0 ? schema : sql;
        size_t bytes = taken > 0 ? strlen(schema) : 1;
        for (size_t i = 0; i < bytes; i++, length++) {
            if (length + 1 < capacity)
                out[length] = piece[i];
        }
        sql += taken > 0 ? taken : 1;
    }
    if (capacity > 0)
        out[length < capacity ? length : capacity - 1] = 0;
    return length;
}
