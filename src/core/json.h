/* SPDX-License-Identifier: MIT */
/* The compact JSON of our own columns and log records: arrays of texts and integers. Not a general
 * JSON parser: requests are parsed elsewhere. */
#ifndef AURORA_CORE_JSON_H
#define AURORA_CORE_JSON_H

#include "core/arena.h"

#include <aurora/status.h>

#include <stdbool.h>

typedef struct {
    aurora__arena *arena;
    char *text;
    size_t length;
    size_t capacity;
    bool is_failed; /* out of memory: the text is not to be used */
} aurora__json;

/* Starts an empty text with room for about `capacity` bytes. */
void aurora__json_begin(aurora__json *json, aurora__arena *arena, size_t capacity);
void aurora__json_raw(aurora__json *json, const char *bytes, size_t length);
void aurora__json_char(aurora__json *json, char c);
void aurora__json_integer(aurora__json *json, int64_t number);
/* A quoted, escaped text; null for NULL. */
void aurora__json_text(aurora__json *json, const char *text);
/* 32 lower-case hexadecimal digits in quotes. */
void aurora__json_id(aurora__json *json, const uint8_t bytes[16]);
/* The NUL-terminated text, or NULL when memory ran out. */
const char *aurora__json_end(aurora__json *json);

/* Reads the same. After the first mistake everything answers its empty value and is_failed
 * stays. */
typedef struct {
    const char *at;
    const char *end;
    bool is_failed;
    bool is_out_of_memory; /* why it failed: the text may be sound */
} aurora__json_reader;

void aurora__json_read(aurora__json_reader *reader, const char *text, size_t length);
/* AURORA_OK, AURORA_ECORRUPT after a mistake, or AURORA_ENOMEM: which is no damage and must not
 * park anything. */
aurora_status aurora__json_status(const aurora__json_reader *reader);
/* Takes this character (white space is not allowed anywhere). */
void aurora__json_expect(aurora__json_reader *reader, char c);
/* Takes it if it is next. */
bool aurora__json_accept(aurora__json_reader *reader, char c);
/* True while another element of an array follows: takes the comma, or the closing bracket. Start
 * with *count = 0 after the opening bracket. */
bool aurora__json_next(aurora__json_reader *reader, uint32_t *count);
int64_t aurora__json_take_integer(aurora__json_reader *reader);
/* A text in the arena, or NULL for null. */
const char *aurora__json_take_text(aurora__json_reader *reader, aurora__arena *arena);
void aurora__json_take_id(aurora__json_reader *reader, uint8_t bytes_out[16]);
/* Skips one value of any kind; *length_out is its length from the returned start. */
const char *aurora__json_skip(aurora__json_reader *reader, size_t *length_out);

#endif
