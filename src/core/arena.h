/* SPDX-License-Identifier: MIT */
/* A bump allocator over memory that somebody else provides: the core never calls malloc. Everything
 * in it is freed together. */
#ifndef AURORA_CORE_ARENA_H
#define AURORA_CORE_ARENA_H

#include <stddef.h>
#include <stdint.h>

typedef struct aurora__arena {
    char *at;
    char *end;
    void *self;
    /* Hands out a block of at least `bytes`, writes its size; NULL when there is none. */
    void *(*grow)(void *self, size_t bytes, size_t *size_out);
} aurora__arena;

/* Memory aligned to 8 bytes, not cleared; NULL when the arena cannot grow. */
void *aurora__arena_take(aurora__arena *arena, size_t bytes);

/* The same, cleared. */
void *aurora__arena_zero(aurora__arena *arena, size_t bytes);

/* Copies `length` bytes and adds a NUL. */
char *aurora__arena_copy(aurora__arena *arena, const void *bytes, size_t length);

/* Copies a text; NULL stays NULL. A NULL result for a text that is not NULL means no memory. */
char *aurora__arena_text(aurora__arena *arena, const char *text);

#endif
