/* SPDX-License-Identifier: MIT */
/* Values in PostgreSQL's binary format: the parameters of one statement, and columns of results.
 * Many rows travel as one array per column. */
#ifndef AURORA_ADAPTERS_STORE_POSTGRES_PARAMS_H
#define AURORA_ADAPTERS_STORE_POSTGRES_PARAMS_H

#include <libpq-fe.h>

#include <aurora/port/store.h>

#define AURORA__PG_PARAMS_MAX 130 /* both bounds of a range over 64 columns, and its limit */

/* PostgreSQL's own numbers of the types (pg_type), which never change. */
enum {
    AURORA__PG_BOOL = 16,
    AURORA__PG_BYTEA = 17,
    AURORA__PG_INT8 = 20,
    AURORA__PG_TEXT = 25,
    AURORA__PG_UUID = 2950,
};

/* The type of a column kind, and of an array of such. */
Oid aurora__pg_type(uint32_t kind);
Oid aurora__pg_array_type(uint32_t kind);

/* All of one statement in one buffer, that is kept for the next one. */
typedef struct {
    const aurora_allocator *allocator;
    char *bytes;
    size_t length;
    size_t capacity;
    uint32_t count;
    uint32_t is_failed; /* out of memory, or more than PostgreSQL takes */
    size_t array_at;    /* of the array that is being filled */
    uint32_t array_count;
    uint32_t has_null;
    size_t offsets[AURORA__PG_PARAMS_MAX];
    int32_t lengths[AURORA__PG_PARAMS_MAX]; /* -1 = null */
} aurora__pg_params;

void aurora__pg_params_clear(aurora__pg_params *params);
void aurora__pg_params_free(aurora__pg_params *params);

void aurora__pg_param_int64(aurora__pg_params *params, int64_t number);
void aurora__pg_param_value(aurora__pg_params *params, const aurora_value *value);
void aurora__pg_param_text(aurora__pg_params *params, const char *text, size_t length);

/* One array: begin, its elements, end. */
void aurora__pg_array_begin(aurora__pg_params *params, uint32_t kind);
void aurora__pg_array_int64(aurora__pg_params *params, int64_t number);
void aurora__pg_array_value(aurora__pg_params *params, const aurora_value *value);
void aurora__pg_array_end(aurora__pg_params *params);

/* A column of a result; bytes still point into the result. A value of another size than its kind's
 * comes back as bytes, for the engine to refuse. */
aurora_value aurora__pg_value(const PGresult *result, int row, int column, uint32_t kind);

/* An int8 column, 0 where it is null. */
int64_t aurora__pg_int64(const PGresult *result, int row, int column);

#endif
