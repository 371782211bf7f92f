/* SPDX-License-Identifier: MIT */
/* What power_disk.c writes down and power_walk.c reads. */
#ifndef AURORA_TESTS_SUPPORT_POWER_STEPS_H
#define AURORA_TESTS_SUPPORT_POWER_STEPS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define POWER_INODES_MAX 128

typedef enum {
    POWER_CREATE,
    POWER_WRITE,
    POWER_TRUNCATE,
    POWER_SYNC,
    POWER_DELETE,
    POWER_SYNC_FOLDER
} power_kind;

typedef struct {
    power_kind kind;
    uint32_t inode;
    int64_t at;
    int64_t size; /* of the data, or of the file after a truncation */
    uint8_t *data;
} power_step;

/* One file from its creation to its deletion; a later one may have the same name. */
typedef struct {
    char name[64];
    bool is_deleted;
} power_inode;

struct power_disk {
    pthread_mutex_t lock;
    power_step *steps;
    uint64_t step_count, step_capacity;
    power_inode inodes[POWER_INODES_MAX];
    uint32_t inode_count;
};

#endif
