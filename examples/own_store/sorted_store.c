/* SPDX-License-Identifier: MIT */
#include "sorted_store.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "sorted_scan.h"

/* The log is a table too, by the position of the last event of each batch. */
enum { LOG_LAST, LOG_FIRST, LOG_AT, LOG_COUNT, LOG_FORMAT, LOG_BODY, LOG_COLUMNS };

static const aurora_column log_columns[LOG_COLUMNS] = {
    [LOG_LAST] = {"last", AURORA_COLUMN_INT64, 0},
    [LOG_FIRST] = {"first", AURORA_COLUMN_INT64, 0},
    [LOG_AT] = {"at", AURORA_COLUMN_TIME, 0},
    [LOG_COUNT] = {"count", AURORA_COLUMN_INT64, 0},
    [LOG_FORMAT] = {"format", AURORA_COLUMN_INT64, 0},
    [LOG_BODY] = {"body", AURORA_COLUMN_BYTES, 0},
};
static const aurora_table log_table = {.name = "log",
                                       .columns = log_columns,
                                       .column_count = LOG_COLUMNS,
                                       .key_count = 1,
                                       .version_column = -1};

/* What a snapshot is: the lists of all tables, the last one of the log. */
typedef struct {
    int64_t head;
    int64_t log_bytes;
    sorted_list *lists[]; /* table_count + 1 */
} state;

typedef struct {
    sorted_memory memory;
    pthread_mutex_t mutex; /* of all that follows */
    pthread_cond_t writer_left;
    bool has_writer;
    aurora_id last_batch; /* that was committed */
    uint32_t table_count;
    const aurora_table **tables;
    state *published;
} store;

struct aurora_store_txn {
    uint32_t kind;
    bool has_appended;
    aurora_id batch;
    state *seen;
};

/* --- states ----------------------------------------------------------------------------------- */

static void state_release(store *of, state *gone)
{
    if (gone == NULL)
        return;
    for (uint32_t i = 0; i <= of->table_count; i++)
        sorted_list_release(&of->memory, gone->lists[i]);
    of->memory.allocator.release(of->memory.allocator.self, gone);
}

/* Under the mutex, but for the first. */
static state *state_copy(store *of, const state *from)
{
    size_t bytes = sizeof(state) + (of->table_count + 1) * sizeof(sorted_list *);
    state *made = of->memory.allocator.allocate(of->memory.allocator.self, bytes);
    if (made == NULL)
        return NULL;
    memset(made, 0, bytes);
    if (from == NULL)
        return made;
    memcpy(made, from, bytes);
    for (uint32_t i = 0; i <= of->table_count; i++)
        sorted_list_hold(made->lists[i]);
    return made;
}

static sorted_list **list_of(store *of, aurora_store_txn *txn, const aurora_table *table)
{
    for (uint32_t i = 0; i < of->table_count; i++) {
        if (of->tables[i] == table)
            return &txn->seen->lists[i];
    }
    return NULL;
}

static sorted_list **log_of(store *of, aurora_store_txn *txn)
{
    return &txn->seen->lists[of->table_count];
}

/* --- transactions ----------------------------------------------------------------------------- */

static aurora_status wait_for_writer(store *of, int32_t timeout_ms)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += timeout_ms / 1000 + (at.tv_nsec + timeout_ms % 1000 * 1000000L) / 1000000000L;
    at.tv_nsec = (at.tv_nsec + timeout_ms % 1000 * 1000000L) % 1000000000L;
    while (of->has_writer) {
        if (timeout_ms <= 0 ||
            (pthread_cond_timedwait(&of->writer_left, &of->mutex, &at) == ETIMEDOUT &&
             of->has_writer))
            return AURORA_EBUSY;
    }
    return AURORA_OK;
}

static aurora_status begin(void *self, uint32_t kind, aurora_id batch, int32_t timeout_ms,
                           uint64_t *epoch_out, aurora_store_txn **out)
{
    store *of = self;
    aurora_store_txn *txn = of->memory.allocator.allocate(of->memory.allocator.self, sizeof *txn);
    if (txn == NULL)
        return AURORA_ENOMEM;
    *txn = (aurora_store_txn){.kind = kind, .batch = batch};
    pthread_mutex_lock(&of->mutex);
    aurora_status rc = kind == AURORA_TXN_WRITE ? wait_for_writer(of, timeout_ms) : AURORA_OK;
    if (rc == AURORA_OK) {
        txn->seen = state_copy(of, of->published);
        rc = txn->seen == NULL ? AURORA_ENOMEM : AURORA_OK;
    }
    if (rc == AURORA_OK && kind == AURORA_TXN_WRITE)
        of->has_writer = true;
    pthread_mutex_unlock(&of->mutex);
    if (rc != AURORA_OK) {
        of->memory.allocator.release(of->memory.allocator.self, txn);
        return rc;
    }
    if (epoch_out != NULL) /* nobody else can write: it never changes */
        *epoch_out = 1;
    *out = txn;
    return AURORA_OK;
}

/* Ends the transaction; what it saw is released, or is what all see from now on. */
static void end(store *of, aurora_store_txn *txn, bool is_published)
{
    state *gone = txn->seen;
    pthread_mutex_lock(&of->mutex);
    if (is_published) {
        gone = of->published;
        of->published = txn->seen;
        of->last_batch = txn->batch;
    }
    if (txn->kind == AURORA_TXN_WRITE) {
        of->has_writer = false;
        pthread_cond_signal(&of->writer_left);
    }
    pthread_mutex_unlock(&of->mutex);
    state_release(of, gone);
    of->memory.allocator.release(of->memory.allocator.self, txn);
}

static aurora_status commit(void *self, aurora_store_txn *txn)
{
    bool is_write = txn->kind == AURORA_TXN_WRITE;
    end(self, txn, is_write);
    return is_write ? AURORA_OK : AURORA_EINVAL;
}

static void rollback(void *self, aurora_store_txn *txn)
{
    end(self, txn, false);
}

static aurora_status resolve(void *self, aurora_id batch)
{
    store *of = self;
    pthread_mutex_lock(&of->mutex);
    bool is_there = aurora_id_is_equal(of->last_batch, batch);
    pthread_mutex_unlock(&of->mutex);
    return is_there ? AURORA_OK : AURORA_ENOTFOUND;
}

/* --- rows ------------------------------------------------------------------------------------- */

static aurora_status load(void *self, aurora_store_txn *txn, aurora_store_load *loads,
                          uint32_t count, bool is_locked, const aurora_arena_port *arena)
{
    (void)is_locked; /* a writer excludes all others */
    aurora_status rc = AURORA_OK;
    for (uint32_t i = 0; i < count && rc == AURORA_OK; i++) {
        uint32_t at;
        sorted_list **list = list_of(self, txn, loads[i].table);
        if (list == NULL)
            return AURORA_EINVAL;
        loads[i].is_found_out = sorted_list_find(*list, loads[i].table, loads[i].key, &at);
        if (loads[i].is_found_out)
            rc = sorted_row_copy((*list)->rows[at], loads[i].table, 0, arena, loads[i].values_out);
    }
    return rc;
}

static aurora_status scan(void *self, aurora_store_txn *txn, aurora_store_scan *range,
                          const aurora_arena_port *arena)
{
    store *of = self;
    sorted_list **list = list_of(of, txn, range->table);
    return list == NULL ? AURORA_EINVAL : sorted_scan(&of->memory, *list, range, arena);
}

static bool may_put(const sorted_list *list, const aurora_store_put *put, bool is_there,
                    uint32_t at)
{
    int32_t version = put->table->version_column;
    if (put->kind == AURORA_PUT_INSERT && is_there)
        return false;
    if (put->kind == AURORA_PUT_UPDATE) {
        if (!is_there ||
            (version >= 0 && list->rows[at]->values[version].number != put->version_loaded))
            return false;
    }
    return !sorted_is_taken(list, put->table, put->values);
}

static aurora_status save_one(store *of, sorted_list **list, const aurora_store_put *put)
{
    uint32_t at;
    bool is_there = sorted_list_find(*list, put->table, put->values, &at);
    if (put->kind == AURORA_PUT_DELETE && !is_there)
        return AURORA_OK;
    if (put->kind != AURORA_PUT_DELETE && !may_put(*list, put, is_there, at))
        return AURORA_ECONFLICT;
    aurora_status rc = sorted_list_own(&of->memory, list);
    if (rc != AURORA_OK)
        return rc;
    if (put->kind == AURORA_PUT_DELETE) {
        sorted_list_remove(&of->memory, *list, at);
        return AURORA_OK;
    }
    sorted_row *row = sorted_row_new(&of->memory, put->table, put->values);
    if (row == NULL)
        return AURORA_ENOMEM;
    if (is_there)
        sorted_list_replace(&of->memory, *list, at, row);
    else
        sorted_list_insert(*list, at, row);
    return AURORA_OK;
}

static aurora_status save(void *self, aurora_store_txn *txn, const aurora_store_put *puts,
                          uint32_t count, uint32_t *failed_out)
{
    if (txn->kind != AURORA_TXN_WRITE)
        return AURORA_EREADONLY;
    for (uint32_t i = 0; i < count; i++) {
        sorted_list **list = list_of(self, txn, puts[i].table);
        aurora_status rc = list == NULL ? AURORA_EINVAL : save_one(self, list, &puts[i]);
        if (rc != AURORA_OK) {
            *failed_out = i;
            return rc;
        }
    }
    return AURORA_OK;
}

/* --- the log ---------------------------------------------------------------------------------- */

static aurora_value number(uint32_t kind, int64_t value)
{
    return (aurora_value){.kind = kind, .number = value};
}

static aurora_status append(void *self, aurora_store_txn *txn, aurora_log_row *row)
{
    store *of = self;
    if (txn->kind != AURORA_TXN_WRITE)
        return AURORA_EREADONLY;
    if (txn->has_appended || row->count == 0 || row->body_length > UINT32_MAX / 2)
        return AURORA_EINVAL;
    int64_t last = txn->seen->head + row->count;
    const aurora_value values[LOG_COLUMNS] = {
        [LOG_LAST] = number(AURORA_COLUMN_INT64, last),
        [LOG_FIRST] = number(AURORA_COLUMN_INT64, txn->seen->head + 1),
        [LOG_AT] = number(AURORA_COLUMN_TIME, row->at_ms),
        [LOG_COUNT] = number(AURORA_COLUMN_INT64, row->count),
        [LOG_FORMAT] = number(AURORA_COLUMN_INT64, row->format),
        [LOG_BODY] = {AURORA_COLUMN_BYTES, (uint32_t)row->body_length, 0, row->body},
    };
    const aurora_store_put put = {.table = &log_table, .values = values, .kind = AURORA_PUT_INSERT};
    aurora_status rc = save_one(of, log_of(of, txn), &put);
    if (rc != AURORA_OK)
        return rc;
    row->position = txn->seen->head + 1;
    txn->has_appended = true;
    txn->seen->head = last;
    txn->seen->log_bytes += (int64_t)row->body_length;
    return AURORA_OK;
}

static aurora_log_row log_row_of(const aurora_value *values)
{
    return (aurora_log_row){.position = values[LOG_FIRST].number,
                            .at_ms = values[LOG_AT].number,
                            .count = (uint32_t)values[LOG_COUNT].number,
                            .format = (uint32_t)values[LOG_FORMAT].number,
                            .body = values[LOG_BODY].bytes,
                            .body_length = values[LOG_BODY].length};
}

static aurora_status log_read(void *self, aurora_store_txn *txn, int64_t from, size_t bytes_max,
                              aurora_log_row *rows_out, uint32_t capacity, uint32_t *count_out,
                              const aurora_arena_port *arena)
{
    const aurora_value key = number(AURORA_COLUMN_INT64, from);
    const sorted_list *list = *log_of(self, txn);
    uint32_t at;
    size_t bytes = 0;
    sorted_list_find(list, &log_table, &key, &at);
    *count_out = 0;
    for (; list != NULL && at < list->count && *count_out < capacity; at++, ++*count_out) {
        aurora_value values[LOG_COLUMNS];
        size_t length = list->rows[at]->values[LOG_BODY].length;
        if (*count_out > 0 && (bytes >= bytes_max || length > bytes_max - bytes))
            return AURORA_OK;
        aurora_status rc = sorted_row_copy(list->rows[at], &log_table, 0, arena, values);
        if (rc != AURORA_OK)
            return rc;
        rows_out[*count_out] = log_row_of(values);
        bytes += length;
    }
    return AURORA_OK;
}

static aurora_status log_bounds(void *self, aurora_store_txn *txn, aurora_log_bounds *out)
{
    const sorted_list *list = *log_of(self, txn);
    *out = (aurora_log_bounds){
        .first = txn->seen->head + 1, .head = txn->seen->head, .bytes = txn->seen->log_bytes};
    if (list != NULL && list->count > 0) {
        out->first = list->rows[0]->values[LOG_FIRST].number;
        out->first_at_ms = list->rows[0]->values[LOG_AT].number;
    }
    return AURORA_OK;
}

static aurora_status log_trim(void *self, aurora_store_txn *txn, int64_t position,
                              uint32_t rows_max)
{
    store *of = self;
    sorted_list **list = log_of(of, txn);
    if (txn->kind != AURORA_TXN_WRITE)
        return AURORA_EREADONLY;
    for (uint32_t i = 0; i < rows_max && *list != NULL && (*list)->count > 0; i++) {
        const aurora_value *oldest = (*list)->rows[0]->values;
        if (oldest[LOG_LAST].number >= position)
            return AURORA_OK;
        int64_t length = oldest[LOG_BODY].length;
        aurora_status rc = sorted_list_own(&of->memory, list);
        if (rc != AURORA_OK)
            return rc;
        sorted_list_remove(&of->memory, *list, 0);
        txn->seen->log_bytes -= length;
    }
    return AURORA_OK;
}

/* --- opening ---------------------------------------------------------------------------------- */

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
    if (err != NULL)
        snprintf(err->message, sizeof err->message, "this store has no backup");
    return AURORA_ENOTSUP;
}

static int64_t bytes_used(void *self)
{
    return atomic_load(&((store *)self)->memory.bytes);
}

static void close_store(void *self)
{
    store *of = self;
    aurora_allocator allocator = of->memory.allocator;
    state_release(of, of->published);
    pthread_cond_destroy(&of->writer_left);
    pthread_mutex_destroy(&of->mutex);
    allocator.release(allocator.self, of->tables);
    allocator.release(allocator.self, of);
}

static aurora_status init(store *of, const aurora_store_options *options)
{
    pthread_condattr_t attributes;
    size_t bytes = options->table_count * sizeof(aurora_table *);
    of->memory.allocator = *options->allocator;
    of->table_count = options->table_count;
    pthread_mutex_init(&of->mutex, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&of->writer_left, &attributes);
    pthread_condattr_destroy(&attributes);
    of->tables = of->memory.allocator.allocate(of->memory.allocator.self, bytes);
    of->published = state_copy(of, NULL);
    if (of->tables == NULL || of->published == NULL)
        return AURORA_ENOMEM;
    memcpy(of->tables, options->tables, bytes);
    return AURORA_OK;
}

aurora_status sorted_store_open(const aurora_store_options *options, aurora_store *out,
                                aurora_error *err)
{
    const aurora_allocator *allocator = options->allocator;
    if (options->flags & (AURORA_STORE_READONLY | AURORA_STORE_NO_CREATE)) {
        if (err != NULL)
            snprintf(err->message, sizeof err->message, "this store is always new");
        return AURORA_ENOTFOUND;
    }
    store *of = allocator->allocate(allocator->self, sizeof *of);
    if (of == NULL)
        return AURORA_ENOMEM;
    memset(of, 0, sizeof *of);
    if (init(of, options) != AURORA_OK) {
        close_store(of);
        return AURORA_ENOMEM;
    }
    *out = (aurora_store){.size = sizeof *out,
                          .flags = AURORA_STORE_SERIAL,
                          .self = of,
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
                          .close = close_store};
    return AURORA_OK;
}
