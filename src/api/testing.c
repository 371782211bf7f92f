/* SPDX-License-Identifier: MIT */
/* The manual clock and the failing allocator. Their words are plain integers, since the structs
 * cross the edge; all access is atomic. */
#include <aurora/testing.h>

#include <stdlib.h>

#define NS_PER_MS 1000000u

static uint64_t load(const uint64_t *word)
{
    return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static void store(uint64_t *word, uint64_t value)
{
    __atomic_store_n(word, value, __ATOMIC_RELEASE);
}

static uint64_t add(uint64_t *word, uint64_t value)
{
    return __atomic_fetch_add(word, value, __ATOMIC_ACQ_REL);
}

/* --- the clock -------------------------------------------------------------------------------- */

enum { WALL_MS = 0, MONOTONIC_NS = 1 };

void aurora_manual_clock_init(aurora_manual_clock *manual, int64_t wall_ms)
{
    *manual = (aurora_manual_clock){{0}};
    store(&manual->words[WALL_MS], (uint64_t)wall_ms);
}

void aurora_manual_clock_advance(aurora_manual_clock *manual, int64_t duration_ms)
{
    if (duration_ms <= 0)
        return;
    add(&manual->words[WALL_MS], (uint64_t)duration_ms);
    add(&manual->words[MONOTONIC_NS], (uint64_t)duration_ms * NS_PER_MS);
}

void aurora_manual_clock_step(aurora_manual_clock *manual, int64_t wall_ms)
{
    store(&manual->words[WALL_MS], (uint64_t)wall_ms);
}

static int64_t manual_wall_ms(void *self)
{
    const aurora_manual_clock *manual = self;
    return (int64_t)load(&manual->words[WALL_MS]);
}

static int64_t manual_monotonic_ns(void *self)
{
    const aurora_manual_clock *manual = self;
    return (int64_t)load(&manual->words[MONOTONIC_NS]);
}

void aurora_manual_clock_attach(aurora_manual_clock *manual, aurora_clock *clock_out)
{
    *clock_out = (aurora_clock){
        .size = sizeof *clock_out,
        .self = manual,
        .wall_ms = manual_wall_ms,
        .monotonic_ns = manual_monotonic_ns,
    };
}

/* --- the allocator ---------------------------------------------------------------------------- */

enum { FAIL_AT = 0, IS_LASTING = 1, COUNT = 2, LIVE = 3 };

void aurora_failing_allocator_init(aurora_failing_allocator *failing, uint64_t fail_at,
                                   uint32_t is_lasting)
{
    *failing = (aurora_failing_allocator){{0}};
    failing->words[FAIL_AT] = fail_at;
    failing->words[IS_LASTING] = is_lasting;
}

static bool fails(aurora_failing_allocator *failing)
{
    uint64_t number = add(&failing->words[COUNT], 1);
    uint64_t fail_at = failing->words[FAIL_AT];
    return number == fail_at || (failing->words[IS_LASTING] == 1 && number > fail_at);
}

static void *failing_allocate(void *self, size_t bytes)
{
    aurora_failing_allocator *failing = self;
    void *memory = fails(failing) ? NULL : malloc(bytes);
    if (memory != NULL)
        add(&failing->words[LIVE], 1);
    return memory;
}

static void *failing_reallocate(void *self, void *memory, size_t bytes)
{
    if (memory == NULL)
        return failing_allocate(self, bytes);
    return fails(self) ? NULL : realloc(memory, bytes);
}

static void failing_release(void *self, void *memory)
{
    aurora_failing_allocator *failing = self;
    if (memory == NULL)
        return;
    add(&failing->words[LIVE], UINT64_MAX);
    free(memory);
}

void aurora_failing_allocator_attach(aurora_failing_allocator *failing,
                                     aurora_allocator *allocator_out)
{
    *allocator_out = (aurora_allocator){
        .size = sizeof *allocator_out,
        .self = failing,
        .allocate = failing_allocate,
        .reallocate = failing_reallocate,
        .release = failing_release,
    };
}

uint64_t aurora_failing_allocator_count(const aurora_failing_allocator *failing)
{
    return load(&failing->words[COUNT]);
}

uint64_t aurora_failing_allocator_live(const aurora_failing_allocator *failing)
{
    return load(&failing->words[LIVE]);
}
