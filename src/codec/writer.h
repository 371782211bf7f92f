/* SPDX-License-Identifier: MIT */
/* Writes compact JSON quickly: into an arena, where the text grows as it needs, or into the
 * caller's buffer, where what does not fit is only counted. */
#ifndef AURORA_CODEC_WRITER_H
#define AURORA_CODEC_WRITER_H

#include "core/arena.h"

#include <aurora/base.h>

#include <string.h>

typedef struct {
    char *text;
    size_t length; /* written, or counted where it did not fit */
    size_t capacity;
    aurora__arena *arena; /* NULL: a fixed buffer */
    bool is_failed;       /* out of memory: the text is not to be used */
} aurora__writer;

/* Starts a text in the arena with room for about `capacity` bytes. */
void aurora__writer_begin(aurora__writer *writer, aurora__arena *arena, size_t capacity);

/* Starts a text in `buffer`; NULL with 0 only counts. */
void aurora__writer_fixed(aurora__writer *writer, char *buffer, size_t capacity);

/* The NUL-terminated text of an arena writer, NULL when memory ran out. */
const char *aurora__writer_end(aurora__writer *writer);

/* Makes the text larger; false when it cannot be. For writer_raw and writer_char. */
bool aurora__writer_grow(aurora__writer *writer, size_t more);

static inline void aurora__writer_raw(aurora__writer *writer, const char *bytes, size_t length)
{
    if (length == 0)
        return;
    if (writer->length + length <= writer->capacity || aurora__writer_grow(writer, length))
        memcpy(writer->text + writer->length, bytes, length);
    writer->length += length;
}

static inline void aurora__writer_char(aurora__writer *writer, char c)
{
    if (writer->length < writer->capacity || aurora__writer_grow(writer, 1))
        writer->text[writer->length] = c;
    writer->length++;
}

/* Room for `most` bytes behind the text, to be written by pointer and taken with writer_take; NULL
 * when there is none, or not all of it in a fixed buffer. */
static inline char *aurora__writer_room(aurora__writer *writer, size_t most)
{
    if (writer->length + most <= writer->capacity || aurora__writer_grow(writer, most))
        return writer->text + writer->length;
    return NULL;
}

static inline void aurora__writer_take(aurora__writer *writer, const char *end)
{
    writer->length = (size_t)(end - writer->text);
}

#define AURORA__INTEGER_BYTES 20 /* "-9223372036854775808" */

/* Writes the number at `at`, which has room, and returns its end. */
char *aurora__integer_format(char *at, int64_t number);

/* A literal of the source. */
#define aurora__writer_literal(writer, literal)                                                    \
    aurora__writer_raw((writer), (literal), sizeof(literal) - 1)

/* A text as it is, without quotes; null for NULL. */
void aurora__writer_json(aurora__writer *writer, const char *json);
void aurora__writer_integer(aurora__writer *writer, int64_t number);
/* A quoted, escaped text; null for NULL. */
void aurora__writer_text(aurora__writer *writer, const char *text);
/* 32 hexadecimal digits in quotes. */
void aurora__writer_id(aurora__writer *writer, const aurora_id *id);
/* The 36 characters of a UUID in quotes. */
void aurora__writer_uuid(aurora__writer *writer, aurora_id id);
/* An RFC 3339 time in quotes; null for 0. */
void aurora__writer_time(aurora__writer *writer, int64_t ms);

#endif
