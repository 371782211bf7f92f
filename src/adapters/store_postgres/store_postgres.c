/* SPDX-License-Identifier: MIT */
/* Opening and closing; the port's table. */
#include "adapters/store_postgres/store_postgres.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "adapters/store_postgres/instance.h"
#include "adapters/store_postgres/words.h"

#define BYTES_KEPT_MS 5000
#define RETRY_MS 20

static aurora_status maintain(void *self, bool is_idle)
{
    (void)self;
    (void)is_idle; /* autovacuum's */
    return AURORA_OK;
}

static aurora_status backup(void *self, const char *path, aurora_error *err)
{
    aurora__pg_store *store = self;
    (void)path;
    return aurora__pg_error(err, AURORA_ENOTSUP, "postgresql: %s: use pg_dump",
                            store->address.name);
}

/* The schemas of this layout, with commas between. */
static void list_schemas(const aurora__pg_layout *layout, char *out, size_t capacity)
{
    size_t length = (size_t)snprintf(out, capacity, "%s", layout->home);
    for (uint32_t i = 0; i < AURORA__PG_MODULES && !layout->is_single; i++) {
        char schema[AURORA__PG_SCHEMA_BYTES];
        aurora__pg_layout_schema(layout, i, schema, sizeof schema);
        length += (size_t)snprintf(out + length, capacity - length, ",%s", schema);
    }
}

static int64_t ask_bytes(aurora__pg_store *store, aurora__pg_connection *reader)
{
    char schemas[AURORA__PG_SCHEMA_BYTES * (AURORA__PG_MODULES + 1)];
    PGresult *result = NULL;
    int64_t bytes = 0;
    list_schemas(&store->layout, schemas, sizeof schemas);
    aurora__pg_params_clear(&reader->params);
    aurora__pg_param_text(&reader->params, schemas, strlen(schemas));
    if (aurora__pg_send_fixed(reader, AURORA__PG_BYTES_USED) != AURORA_OK ||
        aurora__pg_sync(reader) != AURORA_OK || aurora__pg_next(reader, &result) != AURORA_OK)
        return 0;
    if (aurora__pg_result_status(reader, result, "size") == AURORA_OK)
        bytes = aurora__pg_int64(result, 0, 0);
    PQclear(result);
    aurora__pg_skip(reader);
    return bytes;
}

static int64_t bytes_used(void *self)
{
    aurora__pg_store *store = self;
    aurora__pg_connection *reader;
    int64_t now = aurora__pg_clock_ms();
    pthread_mutex_lock(&store->mutex);
    int64_t bytes = store->bytes_used;
    bool is_fresh = store->bytes_at != 0 && now - store->bytes_at < BYTES_KEPT_MS;
    pthread_mutex_unlock(&store->mutex);
    if (is_fresh || aurora__pg_reader_take(store, 0, &reader) != AURORA_OK)
        return bytes;
    bytes = ask_bytes(store, reader);
    aurora__pg_reader_give(store, reader);
    pthread_mutex_lock(&store->mutex);
    store->bytes_used = bytes;
    store->bytes_at = now;
    pthread_mutex_unlock(&store->mutex);
    return bytes;
}

/* In a child of the opening process nothing is said on the connections, which are the parent's, and
 * its threads are not there to be ended. */
static void close_store(void *self)
{
    aurora__pg_store *store = self;
    const aurora_allocator *allocator = store->options.allocator;
    bool is_child = store->pid != getpid();
    if (!is_child)
        aurora__pg_listen(store, NULL, NULL);
    while (store->readers != NULL) {
        aurora__pg_connection *reader = store->readers;
        store->readers = reader->next;
        aurora__pg_connection_close(reader, is_child);
    }
    aurora__pg_connection_close(store->writer, is_child);
    aurora__pg_address_free(&store->address);
    if (!is_child) {
        pthread_cond_destroy(&store->is_free);
        pthread_mutex_destroy(&store->mutex);
    }
    allocator->release(allocator->self, store);
}

/* The list of tables is copied: only the descriptors are promised to live as long as the store. */
static aurora__pg_store *new_store(const aurora_store_options *options)
{
    const aurora_allocator *allocator = options->allocator;
    size_t table_bytes = options->table_count * sizeof(aurora_table *);
    aurora__pg_store *store = allocator->allocate(allocator->self, sizeof *store + table_bytes);
    if (store == NULL)
        return NULL;
    memset(store, 0, sizeof *store);
    store->options = *options;
    store->pid = getpid();
    store->retry_wait = RETRY_MS;
    store->random = (uint64_t)getpid() ^ (uint64_t)aurora__pg_clock_ms() << 16;
    store->position = -1;
    store->options.tables = memcpy(store + 1, options->tables, table_bytes);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&store->is_free, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&store->mutex, NULL);
    return store;
}

static aurora_status open_store(aurora__pg_store *store, aurora_error *err)
{
    aurora_status status = aurora__pg_address_parse(&store->address, store->options.address,
                                                    store->options.allocator, err);
    if (status != AURORA_OK)
        return status;
    if (!aurora__pg_layout_init(&store->layout, store->options.modules))
        return aurora__pg_error(err, AURORA_EINVAL, "postgresql: %s is no set of modules",
                                store->options.modules);
    if (getrandom(store->instance.bytes, sizeof store->instance.bytes, 0) !=
        sizeof store->instance.bytes)
        return aurora__pg_error(err, AURORA_EIO, "postgresql: there are no random numbers");
    return aurora__pg_schema_open(store, err);
}

aurora_status aurora__store_postgres_open(const aurora_store_options *options, aurora_store *out,
                                          aurora_error *err)
{
    aurora__pg_store *store = new_store(options);
    if (store == NULL)
        return AURORA_ENOMEM;
    aurora_status status = open_store(store, err);
    /* Borrowed only until the open is over. */
    store->options.address = store->address.name;
    store->options.modules = NULL;
    if (status != AURORA_OK) {
        close_store(store);
        return status;
    }
    *out = (aurora_store){
        .size = sizeof *out,
        .self = store,
        .begin = aurora__pg_begin,
        .load = aurora__pg_rows_load,
        .scan = aurora__pg_rows_scan,
        .save = aurora__pg_rows_save,
        .append = aurora__pg_log_append,
        .commit = aurora__pg_commit,
        .resolve = aurora__pg_resolve,
        .rollback = aurora__pg_rollback,
        .log_read = aurora__pg_log_read,
        .log_bounds = aurora__pg_log_bounds,
        .log_trim = aurora__pg_log_trim,
        .maintain = maintain,
        .backup = backup,
        .bytes_used = bytes_used,
        .close = close_store,
        .now_ms = aurora__pg_now_ms,
        .listen = aurora__pg_listen,
        .outbox = store->address.has_outbox ? aurora__pg_outbox : NULL,
    };
    return AURORA_OK;
}
