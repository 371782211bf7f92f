/* SPDX-License-Identifier: MIT */
/* Opening and closing, and the port's table of calls. */
#include "store_memory.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "store.h"

static aurora_status fail(aurora_error *err, aurora_status status, const char *message)
{
    if (err != NULL) {
        err->status = status;
        err->field[0] = 0;
        snprintf(err->message, sizeof err->message, "%s", message);
    }
    return status;
}

static aurora_status maintain(void *self, bool is_idle)
{
    (void)self;
    (void)is_idle;
    return AURORA_OK;
}

static aurora_status backup(void *self, const char *path, aurora_error *err)
{
    (void)self;
    (void)path;
    return fail(err, AURORA_ENOTSUP, "the store in memory has no backup");
}

static int64_t bytes_used(void *self)
{
    aurora__memory_store *store = self;
    pthread_mutex_lock(&store->mutex);
    int64_t bytes = store->bytes;
    pthread_mutex_unlock(&store->mutex);
    return bytes;
}

/* --- open and close ------------------------------------------------------------------------- */

static void release_all(aurora__memory_store *store)
{
    aurora_allocator allocator = store->allocator;
    while (store->garbage.first != NULL) {
        aurora__memory_txn *txn = store->garbage.first;
        store->garbage.first = txn->next;
        aurora__memory_objects_free(&allocator, txn->changes.retired);
        allocator.release(allocator.self, txn);
    }
    for (uint32_t i = 0; store->state.roots != NULL && i < store->root_count; i++)
        aurora__memory_tree_free(&allocator, store->state.roots[i]);
    allocator.release(allocator.self, store->state.roots);
    allocator.release(allocator.self, store->tables);
    allocator.release(allocator.self, store);
}

static void close_store(void *self)
{
    aurora__memory_store *store = self;
    if (store == NULL)
        return;
    pthread_cond_destroy(&store->writer_left);
    pthread_mutex_destroy(&store->mutex);
    release_all(store);
}

/* The condition waits on the monotonic clock, which nobody sets. */
static bool init_locks(aurora__memory_store *store)
{
    pthread_condattr_t attributes;
    if (pthread_mutex_init(&store->mutex, NULL) != 0)
        return false;
    if (pthread_condattr_init(&attributes) != 0) {
        pthread_mutex_destroy(&store->mutex);
        return false;
    }
    bool is_ready = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 &&
                    pthread_cond_init(&store->writer_left, &attributes) == 0;
    pthread_condattr_destroy(&attributes);
    if (!is_ready)
        pthread_mutex_destroy(&store->mutex);
    return is_ready;
}

static void add_table(aurora__memory_store *store, const aurora_table *table)
{
    uint32_t at = aurora__memory_table_hash(table);
    while (store->tables[at & store->table_mask].table != NULL)
        at++;
    store->tables[at & store->table_mask] =
        (aurora__memory_table){.table = table, .root = store->root_count};
    store->root_count += 1 + table->index_count;
}

static aurora_status init_tables(aurora__memory_store *store, const aurora_store_options *options)
{
    uint32_t slots = 4;
    while (slots < 4 * options->table_count)
        slots *= 2;
    store->table_mask = slots - 1;
    size_t size = slots * sizeof(aurora__memory_table);
    store->tables = store->allocator.allocate(store->allocator.self, size);
    if (store->tables == NULL)
        return AURORA_ENOMEM;
    memset(store->tables, 0, size);
    store->root_count = 1;
    for (uint32_t i = 0; i < options->table_count; i++)
        add_table(store, options->tables[i]);

    size = store->root_count * sizeof(aurora__memory_node *);
    store->state.roots = store->allocator.allocate(store->allocator.self, size);
    if (store->state.roots == NULL)
        return AURORA_ENOMEM;
    memset(store->state.roots, 0, size);
    return AURORA_OK;
}

static const aurora_store port = {
    .size = sizeof(aurora_store),
    .flags = AURORA_STORE_SERIAL,
    .begin = aurora__memory_begin,
    .load = aurora__memory_load,
    .scan = aurora__memory_scan,
    .save = aurora__memory_save,
    .append = aurora__memory_append,
    .commit = aurora__memory_commit,
    .resolve = aurora__memory_resolve,
    .rollback = aurora__memory_rollback,
    .log_read = aurora__memory_log_read,
    .log_bounds = aurora__memory_log_bounds,
    .log_trim = aurora__memory_log_trim,
    .maintain = maintain,
    .backup = backup,
    .bytes_used = bytes_used,
    .close = close_store,
};

aurora_status aurora__store_memory_open(const aurora_store_options *options, aurora_store *out,
                                        aurora_error *err)
{
    if (options->flags & (AURORA_STORE_READONLY | AURORA_STORE_NO_CREATE))
        return fail(err, AURORA_ENOTFOUND, "a store in memory is always new");
    for (uint32_t i = 0; i < options->table_count; i++) {
        if (options->tables[i]->column_count > AURORA__MEMORY_COLUMNS_MAX)
            return fail(err, AURORA_EINVAL, "a table has more than 64 columns");
    }
    const aurora_allocator *allocator = options->allocator;
    aurora__memory_store *store = allocator->allocate(allocator->self, sizeof *store);
    if (store == NULL)
        return fail(err, AURORA_ENOMEM, "out of memory");
    memset(store, 0, sizeof *store);
    store->allocator = *allocator;
    if (init_tables(store, options) != AURORA_OK || !init_locks(store)) {
        release_all(store);
        return fail(err, AURORA_ENOMEM, "out of memory");
    }
    *out = port;
    out->self = store;
    return AURORA_OK;
}

aurora__store_memory_faults_t *aurora__store_memory_faults(const aurora_store *store)
{
    return &((aurora__memory_store *)store->self)->faults;
}
