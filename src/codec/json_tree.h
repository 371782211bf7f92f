/* SPDX-License-Identifier: MIT */
/* Any JSON text (RFC 8259) as a flat tree, for bytes that others wrote: checked whole before
 * anything is read of it, at most 16 deep and 65,536 values. Not for our own columns, which
 * scanner.h reads. */
#ifndef AURORA_CODEC_JSON_TREE_H
#define AURORA_CODEC_JSON_TREE_H

#include "core/arena.h"

#include <aurora/base.h>

enum {
    AURORA__JSON_NULL = 1,
    AURORA__JSON_BOOL = 2,
    AURORA__JSON_NUMBER = 3,
    AURORA__JSON_TEXT = 4, /* start and length are those of what stands between the quotes */
    AURORA__JSON_ARRAY = 5,
    AURORA__JSON_OBJECT = 6, /* its children are names and values in turn */
};

typedef struct {
    uint32_t kind;
    uint32_t start;
    uint32_t length;
    uint32_t next; /* the first node behind this one and all that it holds */
} aurora__json_node;

typedef struct {
    const char *text;
    aurora__json_node *nodes; /* 0 is the whole */
    uint32_t count;
    uint32_t capacity;
    aurora__arena *arena;
} aurora__json_tree;

/* Reads a text of at most 4 GiB, which must stay. AURORA_ECORRUPT for anything but one JSON value
 * with sound UTF-8, or beyond the limits; AURORA_ENOMEM. */
aurora_status aurora__json_tree_read(aurora__json_tree *tree, aurora__arena *arena,
                                     const char *text, size_t length);

/* The value of an object's member, 0 when there is none or `object` is none. Of several with one
 * name it is the last. */
uint32_t aurora__json_tree_member(const aurora__json_tree *tree, uint32_t object, const char *name);

/* The first element of an array, and the one behind `element`; 0 at the end. */
uint32_t aurora__json_tree_first(const aurora__json_tree *tree, uint32_t array);
uint32_t aurora__json_tree_next(const aurora__json_tree *tree, uint32_t array, uint32_t element);

/* A text in the arena, NUL-terminated. AURORA_ECORRUPT when it is no text, holds a NUL, or is
 * longer than bytes_max; AURORA_ENOMEM. */
aurora_status aurora__json_tree_text(const aurora__json_tree *tree, uint32_t node, size_t bytes_max,
                                     const char **out);

/* A whole number of 64 bits, without fraction or exponent. */
bool aurora__json_tree_integer(const aurora__json_tree *tree, uint32_t node, int64_t *out);

bool aurora__json_tree_is(const aurora__json_tree *tree, uint32_t node, uint32_t kind);

/* true, and not merely not false. */
bool aurora__json_tree_is_true(const aurora__json_tree *tree, uint32_t node);

#endif
