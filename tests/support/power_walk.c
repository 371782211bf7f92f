/* SPDX-License-Identifier: MIT */
/* What a cut leaves: the synced content of each file, grown step by step, and the steps since. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "power_disk.h"
#include "power_steps.h"
#include "test.h"

#define SECTOR 512

typedef struct {
    uint8_t *bytes;
    int64_t size, capacity;
} content;

typedef struct {
    content synced;
    uint64_t *pending; /* steps since its last sync */
    uint64_t pending_count, pending_capacity;
    bool is_there, is_there_synced; /* in the folder: now, and for certain */
} state;

struct power_walk {
    const power_disk *disk;
    uint64_t moment;
    state states[POWER_INODES_MAX];
};

power_walk *power_walk_new(const power_disk *disk)
{
    power_walk *walk = calloc(1, sizeof *walk);
    ck_assert_ptr_nonnull(walk);
    walk->disk = disk;
    return walk;
}

void power_walk_free(power_walk *walk)
{
    for (uint32_t i = 0; i < POWER_INODES_MAX; i++) {
        free(walk->states[i].synced.bytes);
        free(walk->states[i].pending);
    }
    free(walk);
}

/* --- content ---------------------------------------------------------------------------------- */

static void resize(content *of, int64_t size)
{
    if (size > of->capacity) {
        of->capacity = size * 2;
        of->bytes = realloc(of->bytes, (size_t)of->capacity);
        ck_assert_ptr_nonnull(of->bytes);
    }
    if (size > of->size)
        memset(of->bytes + of->size, 0, (size_t)(size - of->size));
    of->size = size;
}

static void put(content *of, int64_t at, const uint8_t *data, int64_t size)
{
    if (at + size > of->size)
        resize(of, at + size);
    memcpy(of->bytes + at, data, (size_t)size);
}

static void apply(content *to, const power_step *step)
{
    if (step->kind == POWER_WRITE)
        put(to, step->at, step->data, step->size);
    else if (step->kind == POWER_TRUNCATE)
        resize(to, step->size);
}

/* --- the walk --------------------------------------------------------------------------------- */

static void wait_for_sync(state *of, uint64_t at)
{
    if (of->pending_count == of->pending_capacity) {
        of->pending_capacity = of->pending_capacity > 0 ? of->pending_capacity * 2 : 64;
        of->pending = realloc(of->pending, of->pending_capacity * sizeof *of->pending);
        ck_assert_ptr_nonnull(of->pending);
    }
    of->pending[of->pending_count++] = at;
}

static void sync_content(power_walk *walk, state *of)
{
    for (uint64_t i = 0; i < of->pending_count; i++)
        apply(&of->synced, &walk->disk->steps[of->pending[i]]);
    of->pending_count = 0;
}

static void take_step(power_walk *walk, uint64_t at)
{
    const power_step *step = &walk->disk->steps[at];
    state *of = &walk->states[step->inode];
    switch (step->kind) {
    case POWER_CREATE:
        of->is_there = true;
        break;
    case POWER_DELETE:
        of->is_there = false;
        break;
    case POWER_WRITE:
    case POWER_TRUNCATE:
        wait_for_sync(of, at);
        break;
    case POWER_SYNC:
        sync_content(walk, of);
        break;
    case POWER_SYNC_FOLDER:
        for (uint32_t i = 0; i < walk->disk->inode_count; i++)
            walk->states[i].is_there_synced = walk->states[i].is_there;
        break;
    }
}

void power_walk_to(power_walk *walk, uint64_t moment)
{
    ck_assert_uint_le(moment, walk->disk->step_count);
    while (walk->moment < moment)
        take_step(walk, walk->moment++);
}

/* --- what is found ---------------------------------------------------------------------------- */

static bool is_lucky(uint64_t *random, unsigned percent)
{
    return aurora_test_random(random) % 100 < percent;
}

static void make_noise(uint8_t *bytes, int64_t size, uint64_t *random)
{
    for (int64_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(i % 8 == 0 ? aurora_test_random(random) : bytes[i - 1] * 31u + 7u);
}

/* Some sectors of a write; the file is as long as the last of them makes it. */
static void apply_sectors(content *to, const power_step *step, unsigned percent, bool is_noisy,
                          uint64_t *random)
{
    uint8_t noise[SECTOR];
    for (int64_t from = 0; from < step->size;) {
        int64_t size = SECTOR - (step->at + from) % SECTOR;
        if (size > step->size - from)
            size = step->size - from;
        if (is_lucky(random, percent)) {
            put(to, step->at + from, step->data + from, size);
        } else if (is_noisy) {
            make_noise(noise, size, random);
            put(to, step->at + from, noise, size);
        }
        from += size;
    }
}

/* The first `count` steps of those that wait, and the next one up to some sector. */
static void apply_torn(const power_walk *walk, const state *of, content *to, uint64_t *random)
{
    if (of->pending_count == 0)
        return;
    uint64_t count = aurora_test_random(random) % of->pending_count;
    for (uint64_t i = 0; i < count; i++)
        apply(to, &walk->disk->steps[of->pending[i]]);
    power_step last = walk->disk->steps[of->pending[count]];
    if (last.kind == POWER_WRITE) {
        last.size = (int64_t)(aurora_test_random(random) % (uint64_t)(last.size + 1));
        last.size -= (last.at + last.size) % SECTOR;
        if (last.size > 0)
            apply(to, &last);
    }
}

static void apply_some(const power_walk *walk, const state *of, content *to, power_mode mode,
                       uint64_t *random)
{
    static const unsigned percents[] = {5, 50, 95};
    unsigned percent = percents[aurora_test_random(random) % 3];
    for (uint64_t i = 0; i < of->pending_count; i++) {
        const power_step *step = &walk->disk->steps[of->pending[i]];
        if (step->kind == POWER_WRITE && mode != POWER_WRITES)
            apply_sectors(to, step, percent, mode == POWER_GARBAGE, random);
        else if (is_lucky(random, percent))
            apply(to, step);
    }
}

static void apply_pending(const power_walk *walk, const state *of, content *to, power_mode mode,
                          uint64_t *random)
{
    switch (mode) {
    case POWER_ALL:
        for (uint64_t i = 0; i < of->pending_count; i++)
            apply(to, &walk->disk->steps[of->pending[i]]);
        break;
    case POWER_NOTHING:
        break;
    case POWER_TORN:
        apply_torn(walk, of, to, random);
        break;
    default:
        apply_some(walk, of, to, mode, random);
    }
}

/* Whether the folder still, or already, names it: certain once synced, else by chance. */
static bool is_found(const state *of, power_mode mode, uint64_t *random)
{
    if (of->is_there == of->is_there_synced || mode == POWER_ALL)
        return of->is_there;
    return mode == POWER_NOTHING ? of->is_there_synced : is_lucky(random, 50);
}

static void write_file(const char *folder, const char *name, const content *of)
{
    char path[4096];
    FILE *file = fopen(aurora_test_path(path, sizeof path, folder, name), "wb");
    ck_assert_ptr_nonnull(file);
    if (of->size > 0) /* of nothing there are no bytes */
        ck_assert_uint_eq(fwrite(of->bytes, 1, (size_t)of->size, file), (size_t)of->size);
    ck_assert_int_eq(fclose(file), 0);
}

void power_walk_build(const power_walk *walk, power_mode mode, uint64_t *random, const char *folder)
{
    for (uint32_t i = 0; i < walk->disk->inode_count; i++) {
        const state *of = &walk->states[i];
        content found = {0};
        /* Of two files of one name the later one, which is written over the earlier, is found. */
        if (!is_found(of, mode, random))
            continue;
        resize(&found, of->synced.size);
        if (of->synced.size > 0)
            memcpy(found.bytes, of->synced.bytes, (size_t)of->synced.size);
        apply_pending(walk, of, &found, mode, random);
        write_file(folder, walk->disk->inodes[i].name, &found);
        free(found.bytes);
    }
}
