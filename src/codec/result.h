/* SPDX-License-Identifier: MIT */
/* Results of public calls: each is one allocation that remembers its allocator, so that it outlives
 * the handle and one release frees all of it.
 *
 * A result is filled from an arena by an ordinary function: it takes the public struct first, then
 * whatever that points to, in any order. Nobody computes sizes. The block is allocated with `guess`
 * bytes; a result that does not fit is filled into spare blocks, which tells its size, and is then
 * filled once more into a block that is large enough. A good guess therefore only saves time. */
#ifndef AURORA_CODEC_RESULT_H
#define AURORA_CODEC_RESULT_H

#include "core/arena.h"

#include <aurora/allocator.h>
#include <aurora/status.h>

/* Fills a result from `source`, which it must not change: it may be called twice. The first thing
 * it takes from the arena is the result itself. Returns AURORA_ENOMEM where the arena has nothing,
 * or what is wrong with the source. */
typedef aurora_status (*aurora__result_fill)(aurora__arena *arena, const void *source);

/* Builds a result. *out is NULL on failure, and freed with aurora__result_free otherwise. Running
 * out of memory is AURORA_ENOMEM whatever `fill` made of it. */
aurora_status aurora__result_build(const aurora_allocator *allocator, size_t guess,
                                   aurora__result_fill fill, const void *source, void **out);

/* The same in two steps, for results of what can no longer be undone: memory first, NULL when there
 * is none, and later a result in it, at the same address. AURORA_ENOMEM when `bytes`, which are
 * those of the reserve, are too few: it then is what it was. */
void *aurora__result_reserve(const aurora_allocator *allocator, size_t bytes);
aurora_status aurora__result_build_in(void *reserve, size_t bytes, aurora__result_fill fill,
                                      const void *source);

/* Frees a result or a reserve; NULL is a no-op. */
void aurora__result_free(void *result);

/* What a text adds to a guess. */
size_t aurora__result_text_bytes(const char *text);

#endif
