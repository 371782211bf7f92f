/* SPDX-License-Identifier: MIT */
/* An SQLite VFS whose disk fails when told to: everything else goes to the default VFS. */
#ifndef AURORA_TESTS_SUPPORT_FAULTY_VFS_H
#define AURORA_TESTS_SUPPORT_FAULTY_VFS_H

#include <stdint.h>

/* Of the WAL alone: that is what a commit writes and syncs. */
typedef struct {
    int64_t wal_bytes_left; /* further bytes that fit on the disk; -1 = any number */
    uint32_t sync_failures; /* this many further syncs fail, after their data was written */
} faulty_disk;

/* Registers the VFS "faulty" over `disk`, which the caller keeps; once per process. */
const char *faulty_vfs_register(faulty_disk *disk);

#endif
