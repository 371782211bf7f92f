/* SPDX-License-Identifier: MIT */
#include "shared_store.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "adapters/store_sqlite/store_sqlite.h"

#define BEGIN_MS 10000

struct aurora_store_txn {
    uint32_t kind;
    aurora_id batch;
    aurora_store_txn *inner; /* of a read, or since the locks */
    bool is_locked;
    bool has_log;
    bool is_refused; /* a put, and that is told at the commit */
};

static pthread_mutex_t instances_lock = PTHREAD_MUTEX_INITIALIZER;
static shared_store *instances;

shared_store *shared_store_newest(void)
{
    pthread_mutex_lock(&instances_lock);
    shared_store *newest = instances;
    pthread_mutex_unlock(&instances_lock);
    return newest;
}

/* --- transactions ----------------------------------------------------------------------------- */

static aurora_status begin(void *self, uint32_t kind, aurora_id batch, int32_t timeout_ms,
                           uint64_t *epoch_out, aurora_store_txn **out)
{
    shared_store *store = self;
    static _Atomic uint64_t epochs;
    if (store->is_away)
        return AURORA_EIO;
    aurora_store_txn *txn = calloc(1, sizeof *txn);
    txn->kind = kind;
    txn->batch = batch;
    aurora_status rc = AURORA_OK;
    if (kind == AURORA_TXN_READ)
        rc = store->inner.begin(store->inner.self, kind, batch, timeout_ms, NULL, &txn->inner);
    else
        store->begins++;
    if (epoch_out != NULL)
        *epoch_out = ++epochs;
    *out = txn;
    if (rc != AURORA_OK)
        free(txn);
    return rc;
}

static aurora_status shut_out(shared_store *store, aurora_store_txn *txn)
{
    uint64_t epoch;
    if (txn->inner != NULL)
        return AURORA_OK;
    return store->inner.begin(store->inner.self, AURORA_TXN_WRITE, txn->batch, BEGIN_MS, &epoch,
                              &txn->inner);
}

/* A statement of its own where others are not shut out yet. */
static aurora_status statement_begin(shared_store *store, aurora_store_txn *txn,
                                     aurora_store_txn **out)
{
    *out = txn->inner;
    if (store->is_away)
        return AURORA_EIO;
    if (txn->inner != NULL)
        return AURORA_OK;
    return store->inner.begin(store->inner.self, AURORA_TXN_READ, txn->batch, 0, NULL, out);
}

static void statement_end(const shared_store *store, const aurora_store_txn *txn,
                          aurora_store_txn *used)
{
    if (used != txn->inner)
        store->inner.rollback(store->inner.self, used);
}

static void run_hook(shared_store *store, void (**hook)(void *self))
{
    void (*run)(void *self) = *hook;
    *hook = NULL;
    if (run != NULL)
        run(store->self);
}

/* --- locks ------------------------------------------------------------------------------------ */

static int compare(const aurora_value *a, const aurora_value *b)
{
    if (a->bytes == NULL)
        return (a->number > b->number) - (a->number < b->number);
    uint32_t length = a->length < b->length ? a->length : b->length;
    int order = memcmp(a->bytes, b->bytes, length);
    return order != 0 ? order : (a->length > b->length) - (a->length < b->length);
}

static bool is_before(const aurora_store_load *a, const aurora_store_load *b)
{
    uint32_t left = a->table->lock_rank - 1, right = b->table->lock_rank - 1;
    if (left != right || a->table != b->table)
        return left <= right;
    for (uint32_t i = 0; i < a->table->key_count; i++) {
        int order = compare(&a->key[i], &b->key[i]);
        if (order != 0)
            return order < 0;
    }
    return false;
}

static aurora_status lock(shared_store *store, aurora_store_txn *txn,
                          const aurora_store_load *loads, uint32_t count)
{
    store->locks++;
    store->disorders += txn->is_locked;
    for (uint32_t i = 1; i < count; i++)
        store->disorders += !is_before(&loads[i - 1], &loads[i]);
    txn->is_locked = true;
    run_hook(store, &store->before_lock);
    return store->before_save != NULL ? AURORA_OK : shut_out(store, txn);
}

static aurora_status load(void *self, aurora_store_txn *txn, aurora_store_load *loads,
                          uint32_t count, bool is_locked, const aurora_arena_port *arena)
{
    shared_store *store = self;
    aurora_store_txn *used;
    aurora_status rc = AURORA_OK;
    if (is_locked && !store->is_away)
        rc = lock(store, txn, loads, count);
    else if (txn->kind == AURORA_TXN_WRITE)
        store->reads++;
    if (rc == AURORA_OK)
        rc = statement_begin(store, txn, &used);
    if (rc != AURORA_OK)
        return rc;
    rc = store->inner.load(store->inner.self, used, loads, count, is_locked && used == txn->inner,
                           arena);
    statement_end(store, txn, used);
    return rc;
}

/* --- reading ---------------------------------------------------------------------------------- */

static aurora_status scan(void *self, aurora_store_txn *txn, aurora_store_scan *range,
                          const aurora_arena_port *arena)
{
    shared_store *store = self;
    aurora_store_txn *used;
    store->reads += txn->kind == AURORA_TXN_WRITE;
    aurora_status rc = statement_begin(store, txn, &used);
    if (rc != AURORA_OK)
        return rc;
    rc = store->inner.scan(store->inner.self, used, range, arena);
    statement_end(store, txn, used);
    return rc;
}

static aurora_status log_read(void *self, aurora_store_txn *txn, int64_t from, size_t bytes_max,
                              aurora_log_row *rows_out, uint32_t capacity, uint32_t *count_out,
                              const aurora_arena_port *arena)
{
    shared_store *store = self;
    aurora_store_txn *used;
    store->log_reads++;
    aurora_status rc = statement_begin(store, txn, &used);
    if (rc != AURORA_OK)
        return rc;
    rc = store->inner.log_read(store->inner.self, used, from, bytes_max, rows_out, capacity,
                               count_out, arena);
    statement_end(store, txn, used);
    return rc;
}

static aurora_status log_bounds(void *self, aurora_store_txn *txn, aurora_log_bounds *out)
{
    shared_store *store = self;
    aurora_store_txn *used;
    store->log_looks++;
    aurora_status rc = statement_begin(store, txn, &used);
    if (rc != AURORA_OK)
        return rc;
    rc = store->inner.log_bounds(store->inner.self, used, out);
    statement_end(store, txn, used);
    return rc;
}

/* --- writing ---------------------------------------------------------------------------------- */

static aurora_status write_begin(shared_store *store, aurora_store_txn *txn)
{
    if (store->is_away)
        return AURORA_EIO;
    run_hook(store, &store->before_save);
    return shut_out(store, txn);
}

static aurora_status save(void *self, aurora_store_txn *txn, const aurora_store_put *puts,
                          uint32_t count, uint32_t *failed_out)
{
    shared_store *store = self;
    *failed_out = 0;
    aurora_status rc = write_begin(store, txn);
    store->saves++;
    if (rc != AURORA_OK || txn->is_refused)
        return rc;
    rc = store->inner.save(store->inner.self, txn->inner, puts, count, failed_out);
    txn->is_refused = rc == AURORA_ECONFLICT && store->tells_late;
    return txn->is_refused ? AURORA_OK : rc;
}

static aurora_status append(void *self, aurora_store_txn *txn, aurora_log_row *row)
{
    shared_store *store = self;
    aurora_status rc = write_begin(store, txn);
    txn->has_log = true;
    return rc != AURORA_OK || txn->is_refused
               ? rc
               : store->inner.append(store->inner.self, txn->inner, row);
}

static aurora_status log_trim(void *self, aurora_store_txn *txn, int64_t position,
                              uint32_t rows_max)
{
    shared_store *store = self;
    aurora_status rc = write_begin(store, txn);
    return rc != AURORA_OK
               ? rc
               : store->inner.log_trim(store->inner.self, txn->inner, position, rows_max);
}

static void tell_others(const shared_store *store)
{
    pthread_mutex_lock(&instances_lock);
    for (shared_store *other = instances; other != NULL; other = other->next) {
        if (other != store && other->changed != NULL && strcmp(other->path, store->path) == 0)
            other->changed(other->changed_self);
    }
    pthread_mutex_unlock(&instances_lock);
}

static aurora_status commit(void *self, aurora_store_txn *txn)
{
    shared_store *store = self;
    aurora_status rc = AURORA_EIO;
    if (txn->inner == NULL)
        rc = AURORA_OK;
    else if (store->is_away || txn->is_refused)
        store->inner.rollback(store->inner.self, txn->inner);
    else
        rc = store->inner.commit(store->inner.self, txn->inner);
    if (txn->is_refused)
        rc = AURORA_ECONFLICT;
    bool has_log = txn->has_log;
    free(txn);
    store->commits += rc == AURORA_OK;
    if (rc == AURORA_OK && has_log)
        tell_others(store);
    if (rc == AURORA_OK && atomic_exchange(&store->is_uncertain, false))
        return AURORA_ETIMEDOUT;
    return rc;
}

/* Only commits that were done are ever said to be uncertain. */
static aurora_status resolve(void *self, aurora_id batch)
{
    (void)batch;
    const shared_store *store = self;
    if (store->is_away)
        return AURORA_EIO;
    return store->is_unresolved ? AURORA_ETIMEDOUT : AURORA_OK;
}

static void rollback(void *self, aurora_store_txn *txn)
{
    shared_store *store = self;
    if (txn->inner != NULL)
        store->inner.rollback(store->inner.self, txn->inner);
    free(txn);
}

/* --- the rest --------------------------------------------------------------------------------- */

static aurora_status maintain(void *self, bool is_idle)
{
    shared_store *store = self;
    return store->inner.maintain(store->inner.self, is_idle);
}

static aurora_status backup(void *self, const char *path, aurora_error *err)
{
    shared_store *store = self;
    return store->inner.backup(store->inner.self, path, err);
}

static int64_t bytes_used(void *self)
{
    shared_store *store = self;
    return store->inner.bytes_used(store->inner.self);
}

static int64_t store_now_ms(void *self, aurora_store_txn *txn)
{
    (void)txn;
    const shared_store *store = self;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + store->ahead_ms;
}

static aurora_status listen(void *self, void (*changed)(void *changed_self), void *changed_self)
{
    shared_store *store = self;
    pthread_mutex_lock(&instances_lock);
    store->changed = store->is_deaf ? NULL : changed;
    store->changed_self = changed_self;
    pthread_mutex_unlock(&instances_lock);
    return AURORA_OK;
}

static void close_store(void *self)
{
    shared_store *store = self;
    pthread_mutex_lock(&instances_lock);
    shared_store **link = &instances;
    while (*link != store)
        link = &(*link)->next;
    *link = store->next;
    pthread_mutex_unlock(&instances_lock);
    store->inner.close(store->inner.self);
    free(store);
}

static const aurora_store port = {
    .size = sizeof port,
    .begin = begin,
    .load = load,
    .scan = scan,
    .save = save,
    .append = append,
    .commit = commit,
    .resolve = resolve,
    .rollback = rollback,
    .log_read = log_read,
    .log_bounds = log_bounds,
    .log_trim = log_trim,
    .maintain = maintain,
    .backup = backup,
    .bytes_used = bytes_used,
    .close = close_store,
    .now_ms = store_now_ms,
    .listen = listen,
};

static aurora_status open_store(const aurora_store_options *options, aurora_store *out,
                                aurora_error *err)
{
    shared_store *store = calloc(1, sizeof *store);
    aurora_status rc = aurora__store_sqlite_open(options, &store->inner, err);
    if (rc != AURORA_OK) {
        free(store);
        return rc;
    }
    snprintf(store->path, sizeof store->path, "%s", options->address);
    pthread_mutex_lock(&instances_lock);
    store->next = instances;
    instances = store;
    pthread_mutex_unlock(&instances_lock);
    *out = port;
    out->flags = 0;
    out->self = store;
    return AURORA_OK;
}

const aurora_driver shared_store_driver = {.size = sizeof shared_store_driver,
                                           .port = AURORA_PORT_STORE,
                                           .scheme = "shared",
                                           .open_store = open_store};
