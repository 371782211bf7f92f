/* SPDX-License-Identifier: MIT */
/* The store and its transactions, shared by the files of this folder. */
#ifndef AURORA_ADAPTERS_STORE_MEMORY_STORE_H
#define AURORA_ADAPTERS_STORE_MEMORY_STORE_H

#include <pthread.h>

#include "row.h"
#include "store_memory.h"

/* Where a table's trees are among the roots: its rows, then its indexes in their order. */
typedef struct {
    const aurora_table *table;
    uint32_t root;
} aurora__memory_table;

/* One consistent state. Root 0 is the log, by last position. */
typedef struct {
    int64_t log_head;
    int64_t log_bytes;
    aurora__memory_node **roots;
} aurora__memory_state;

typedef struct aurora__memory_txn aurora__memory_txn;

/* What an aurora_store_txn of this store is; after its commit the keeper of what it retired. */
struct aurora__memory_txn {
    aurora__memory_txn *next; /* among readers, or among committed writers with garbage */
    aurora__memory_txn *previous;
    uint64_t snapshot; /* commits that it sees; of garbage: the first commit without it */
    uint32_t kind;
    bool has_appended;
    aurora_id batch;
    aurora__memory_changes changes;
    aurora__memory_state state;
    aurora__memory_node *roots[]; /* of `state` */
};

typedef struct {
    aurora__memory_txn *first;
    aurora__memory_txn *last;
} aurora__memory_queue;

typedef struct {
    aurora_allocator allocator;
    aurora__memory_table *tables; /* a hash table by descriptor address */
    uint32_t table_mask;
    uint32_t root_count;
    aurora__store_memory_faults_t faults;

    pthread_mutex_t mutex; /* guards all below; held for moments only */
    pthread_cond_t writer_left;
    bool has_writer;
    uint64_t writers; /* write transactions ever begun */
    uint64_t commits;
    int64_t bytes;
    aurora__memory_queue readers; /* oldest snapshot first */
    aurora__memory_queue garbage; /* oldest commit first */
    aurora_id committed;          /* the newest batch whose commit answered AURORA_OK */
    aurora_id unknown;            /* the newest whose commit answered AURORA_ETIMEDOUT */
    aurora_status unknown_outcome;
    aurora__memory_state state; /* the newest committed */
} aurora__memory_store;

/* The status that a fault wants now, or AURORA_OK. */
aurora_status aurora__memory_fault_take(aurora__store_memory_fault *fault);

/* Where to start looking for a table; addresses of descriptors are multiples of 8. */
static inline uint32_t aurora__memory_table_hash(const aurora_table *table)
{
    return (uint32_t)((uintptr_t)table >> 3) * 0x9e3779b1u >> 16;
}

/* The root number of a table's rows, or 0 for one that the store does not know. */
uint32_t aurora__memory_table_root(const aurora__memory_store *store, const aurora_table *table);

/* txn.c */
aurora_status aurora__memory_begin(void *self, uint32_t kind, aurora_id batch, int32_t timeout_ms,
                                   uint64_t *epoch_out, aurora_store_txn **out);
aurora_status aurora__memory_commit(void *self, aurora_store_txn *opaque);
aurora_status aurora__memory_resolve(void *self, aurora_id batch);
void aurora__memory_rollback(void *self, aurora_store_txn *opaque);

/* read.c */
aurora_status aurora__memory_load(void *self, aurora_store_txn *opaque, aurora_store_load *loads,
                                  uint32_t count, bool is_locked, const aurora_arena_port *arena);
aurora_status aurora__memory_scan(void *self, aurora_store_txn *opaque, aurora_store_scan *scan,
                                  const aurora_arena_port *arena);

/* save.c */
aurora_status aurora__memory_save(void *self, aurora_store_txn *opaque,
                                  const aurora_store_put *puts, uint32_t count,
                                  uint32_t *failed_out);

/* log.c */
aurora_status aurora__memory_append(void *self, aurora_store_txn *opaque, aurora_log_row *row);
aurora_status aurora__memory_log_read(void *self, aurora_store_txn *opaque, int64_t from,
                                      size_t bytes_max, aurora_log_row *rows_out, uint32_t capacity,
                                      uint32_t *count_out, const aurora_arena_port *arena);
aurora_status aurora__memory_log_bounds(void *self, aurora_store_txn *opaque,
                                        aurora_log_bounds *out);
aurora_status aurora__memory_log_trim(void *self, aurora_store_txn *opaque, int64_t position,
                                      uint32_t rows_max);

#endif
