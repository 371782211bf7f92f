/* SPDX-License-Identifier: MIT */
#include "adapters/store_postgres/params.h"

#include <string.h>

#define PARAM_BYTES_MAX ((size_t)1 << 29) /* half of what the protocol allows a message */
#define ARRAY_HEAD 20
#define LOWER_BOUND 1

Oid aurora__pg_type(uint32_t kind)
{
    switch (kind) {
    case AURORA_COLUMN_TEXT:
        return AURORA__PG_TEXT;
    case AURORA_COLUMN_UUID:
        return AURORA__PG_UUID;
    case AURORA_COLUMN_BYTES:
        return AURORA__PG_BYTEA;
    case AURORA_COLUMN_BOOL:
        return AURORA__PG_BOOL;
    }
    return AURORA__PG_INT8;
}

Oid aurora__pg_array_type(uint32_t kind)
{
    switch (kind) {
    case AURORA_COLUMN_TEXT:
        return 1009;
    case AURORA_COLUMN_UUID:
        return 2951;
    case AURORA_COLUMN_BYTES:
        return 1001;
    case AURORA_COLUMN_BOOL:
        return 1000;
    }
    return 1016;
}

void aurora__pg_params_clear(aurora__pg_params *params)
{
    params->length = 0;
    params->count = 0;
    params->is_failed = 0;
}

void aurora__pg_params_free(aurora__pg_params *params)
{
    if (params->bytes != NULL)
        params->allocator->release(params->allocator->self, params->bytes);
    params->bytes = NULL;
    params->capacity = 0;
}

/* Room for so many bytes at the end, which is then the new end; NULL sets is_failed. */
static char *extend(aurora__pg_params *params, size_t bytes)
{
    if (params->is_failed)
        return NULL;
    size_t length = params->length + bytes;
    if (length > params->capacity) {
        size_t capacity = params->capacity == 0 ? 4096 : params->capacity;
        while (capacity < length)
            capacity *= 2;
        const aurora_allocator *allocator = params->allocator;
        char *moved = length > PARAM_BYTES_MAX
                          ? NULL
                          : allocator->reallocate(allocator->self, params->bytes, capacity);
        if (moved == NULL) {
            params->is_failed = 1;
            return NULL;
        }
        params->bytes = moved;
        params->capacity = capacity;
    }
    char *at = params->bytes + params->length;
    params->length = length;
    return at;
}

static void write_int32(char *out, uint32_t number)
{
    out[0] = (char)(number >> 24);
    out[1] = (char)(number >> 16);
    out[2] = (char)(number >> 8);
    out[3] = (char)number;
}

static void write_int64(char *out, int64_t number)
{
    write_int32(out, (uint32_t)((uint64_t)number >> 32));
    write_int32(out + 4, (uint32_t)number);
}

/* Bytes of a value as it is sent; numbers are 8 or, for a bool, 1. */
static uint32_t sent_length(const aurora_value *value)
{
    switch (value->kind) {
    case AURORA_COLUMN_BOOL:
        return 1;
    case AURORA_COLUMN_INT64:
    case AURORA_COLUMN_TIME:
        return 8;
    }
    return value->length;
}

static void write_value(char *out, const aurora_value *value)
{
    switch (value->kind) {
    case AURORA_COLUMN_BOOL:
        *out = value->number != 0;
        break;
    case AURORA_COLUMN_INT64:
    case AURORA_COLUMN_TIME:
        write_int64(out, value->number);
        break;
    default:
        if (value->length > 0)
            memcpy(out, value->bytes, value->length);
    }
}

static void add(aurora__pg_params *params, size_t offset, int32_t length)
{
    if (params->count >= AURORA__PG_PARAMS_MAX) {
        params->is_failed = 1;
        return;
    }
    params->offsets[params->count] = offset;
    params->lengths[params->count++] = length;
}

void aurora__pg_param_value(aurora__pg_params *params, const aurora_value *value)
{
    if (value->kind == 0) {
        add(params, 0, -1);
        return;
    }
    uint32_t length = sent_length(value);
    size_t offset = params->length;
    char *at = extend(params, length);
    if (at == NULL)
        return;
    write_value(at, value);
    add(params, offset, (int32_t)length);
}

void aurora__pg_param_int64(aurora__pg_params *params, int64_t number)
{
    aurora__pg_param_value(params, &(aurora_value){.kind = AURORA_COLUMN_INT64, .number = number});
}

void aurora__pg_param_text(aurora__pg_params *params, const char *text, size_t length)
{
    size_t offset = params->length;
    char *at = extend(params, length);
    if (at == NULL)
        return;
    if (length > 0)
        memcpy(at, text, length);
    add(params, offset, (int32_t)length);
}

void aurora__pg_array_begin(aurora__pg_params *params, uint32_t kind)
{
    params->array_at = params->length;
    params->array_count = 0;
    params->has_null = 0;
    char *head = extend(params, ARRAY_HEAD);
    if (head == NULL)
        return;
    write_int32(head, 1);
    write_int32(head + 8, aurora__pg_type(kind));
    write_int32(head + 16, LOWER_BOUND);
}

void aurora__pg_array_value(aurora__pg_params *params, const aurora_value *value)
{
    uint32_t length = value->kind == 0 ? 0 : sent_length(value);
    char *at = extend(params, (size_t)length + 4);
    params->array_count++;
    if (at == NULL)
        return;
    if (value->kind == 0) {
        params->has_null = 1;
        write_int32(at, UINT32_MAX);
        return;
    }
    write_int32(at, length);
    write_value(at + 4, value);
}

void aurora__pg_array_int64(aurora__pg_params *params, int64_t number)
{
    aurora__pg_array_value(params, &(aurora_value){.kind = AURORA_COLUMN_INT64, .number = number});
}

void aurora__pg_array_end(aurora__pg_params *params)
{
    if (params->is_failed)
        return;
    char *head = params->bytes + params->array_at;
    write_int32(head + 4, params->has_null);
    write_int32(head + 12, params->array_count);
    add(params, params->array_at, (int32_t)(params->length - params->array_at));
}

static int64_t read_int64(const char *bytes)
{
    uint64_t number = 0;
    for (int i = 0; i < 8; i++)
        number = number << 8 | (uint8_t)bytes[i];
    return (int64_t)number;
}

aurora_value aurora__pg_value(const PGresult *result, int row, int column, uint32_t kind)
{
    aurora_value value = {.kind = kind};
    if (PQgetisnull(result, row, column))
        return (aurora_value){.kind = 0};
    value.bytes = PQgetvalue(result, row, column);
    value.length = (uint32_t)PQgetlength(result, row, column);
    switch (kind) {
    case AURORA_COLUMN_INT64:
    case AURORA_COLUMN_TIME:
        if (value.length == 8)
            return (aurora_value){.kind = kind, .number = read_int64(value.bytes)};
        value.kind = AURORA_COLUMN_BYTES;
        break;
    case AURORA_COLUMN_BOOL:
        if (value.length == 1)
            return (aurora_value){.kind = kind, .number = *(const char *)value.bytes != 0};
        value.kind = AURORA_COLUMN_BYTES;
        break;
    case AURORA_COLUMN_UUID:
        if (value.length != 16)
            value.kind = AURORA_COLUMN_BYTES;
    }
    return value;
}

int64_t aurora__pg_int64(const PGresult *result, int row, int column)
{
    return aurora__pg_value(result, row, column, AURORA_COLUMN_INT64).number;
}
