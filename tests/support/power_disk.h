/* SPDX-License-Identifier: MIT */
/* A disk that may lose its power. An SQLite VFS writes down each write, truncation, creation,
 * deletion and sync of the files of one folder; from that, the folder is built again as it may be
 * found after a cut at any moment: what was synced is there, and of the rest what chance leaves,
 * whole or torn, in any order. */
#ifndef AURORA_TESTS_SUPPORT_POWER_DISK_H
#define AURORA_TESTS_SUPPORT_POWER_DISK_H

#include <stdbool.h>
#include <stdint.h>

typedef struct power_disk power_disk;

/* What is found of that which was not synced. Each file of the folder takes its own chance. */
typedef enum {
    POWER_ALL,     /* all of it: the system died, the disk did not */
    POWER_NOTHING, /* none of it */
    POWER_TORN,    /* the first writes, the last of these torn between two sectors */
    POWER_WRITES,  /* any of the writes, whole */
    POWER_SECTORS, /* any of their sectors of 512 bytes */
    POWER_GARBAGE, /* the same, and what was to be written else is noise */
    POWER_MODES
} power_mode;

/* Makes the recording VFS the default one until power_disk_stop; once at a time. */
power_disk *power_disk_start(void);
void power_disk_stop(power_disk *disk); /* the default VFS is SQLite's own again */
void power_disk_free(power_disk *disk);

/* How many steps were written down so far: a moment. Threads: shared. */
uint64_t power_disk_now(power_disk *disk);

/* Whether step `at` is a sync. Of a disk that was stopped. */
bool power_disk_is_sync(const power_disk *disk, uint64_t at);

/* As if no content had been synced, while the folder was: what a disk does that lies. */
void power_disk_forget_syncs(power_disk *disk);

/* For the run's summary. */
typedef struct {
    uint64_t writes, syncs, truncations, creations, deletions, bytes;
    uint64_t main_writes; /* into a database: by checkpoints */
} power_counts;

power_counts power_disk_count(const power_disk *disk);

/* A walk over the moments of a disk that was stopped, forwards. */
typedef struct power_walk power_walk;

power_walk *power_walk_new(const power_disk *disk);
void power_walk_free(power_walk *walk);

/* Goes on to a later moment, or stays. */
void power_walk_to(power_walk *walk, uint64_t moment);

/* Writes the files that are found after a cut now into an empty folder. */
void power_walk_build(const power_walk *walk, power_mode mode, uint64_t *random,
                      const char *folder);

#endif
