/* SPDX-License-Identifier: MIT */
/* The store that a handle gets: one of the host's or of the library's, behind faults. What happens
 * behind it is real: a lost commit has committed, a failed one has not. A crash ends the step at
 * one of the points named here; what the process had open is rolled back then. */
#include "trial/trial.h"

#include <stdlib.h>
#include <string.h>

#define LOOKS_MAX 4

struct aurora_store_txn {
    struct aurora_store_txn *next;
    aurora_store_txn *inner; /* NULL = nothing is locked yet, of a store that is shared */
    aurora_id batch;
    bool is_write;
    bool has_log;
};

typedef struct aurora_store_txn transaction;

/* --- faults ----------------------------------------------------------------------------------- */

static void count_fault(aurora__trial_instance *instance, const char *point, const char *what)
{
    instance->world->report->faults++;
    aurora_sim_note(instance->world, "handle %u: %s %s", instance->number, point, what);
}

static void crash_at(aurora__trial_instance *instance, const char *point)
{
    if (!instance->is_opening)
        aurora__trial_crash(instance, point);
    instance->is_dead = true;
    count_fault(instance, point, "is where it dies while it opens");
}

/* Visits a point before its step: AURORA_OK, or what the step answers instead of happening. */
static aurora_status visit(aurora__trial_instance *instance, const char *point)
{
    aurora__trial *world = instance->world;
    const aurora__trial_options *options = &world->options;
    world->report->store_calls++;
    world->current = instance->number;
    if (instance->is_dead)
        return AURORA_EIO;
    if (world->now_ns < instance->service->away_until_ns && world->is_armed)
        return AURORA_EIO;
    if (aurora__trial_fault(world, options->crash, 10000))
        crash_at(instance, point);
    if (instance->is_dead)
        return AURORA_EIO;
    if (!aurora__trial_fault(world, options->fail, 10000))
        return AURORA_OK;
    count_fault(instance, point, "fails");
    return aurora__trial_below(world, 4) == 0 ? AURORA_EBUSY : AURORA_EIO;
}

/* --- the trace of what is written ------------------------------------------------------------- */

static void hash_values(aurora__trial *world, const aurora_value *values, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (values[i].kind == 0)
            aurora__trial_hash_number(world, 0);
        else if (values[i].kind == AURORA_COLUMN_TEXT || values[i].kind == AURORA_COLUMN_UUID ||
                 values[i].kind == AURORA_COLUMN_BYTES)
            aurora__trial_hash(world, values[i].bytes, values[i].length);
        else
            aurora__trial_hash_number(world, (uint64_t)values[i].number);
    }
}

static void hash_puts(aurora__trial *world, const aurora_store_put *puts, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const aurora_table *table = puts[i].table;
        bool is_delete = puts[i].kind == AURORA_PUT_DELETE;
        aurora__trial_hash_number(world, puts[i].kind);
        hash_values(world, puts[i].values, is_delete ? table->key_count : table->column_count);
    }
}

/* --- transactions ----------------------------------------------------------------------------- */

/* Of a store that stays it is we who know whether another handle wrote; of one that is shared,
 * whether another appended. */
static void tell_epoch(aurora__trial_instance *instance, uint64_t *epoch_out)
{
    aurora__trial_service *service = instance->service;
    if (epoch_out != NULL && instance->world->options.shared != 0) {
        *epoch_out = instance->epoch;
        return;
    }
    if (!service->has_kept || epoch_out == NULL)
        return;
    if (service->last_writer != instance->number + 1)
        instance->epoch = ++service->epochs;
    *epoch_out = instance->epoch;
}

static aurora_status begin(void *self, uint32_t kind, aurora_id batch, int32_t timeout_ms,
                           uint64_t *epoch_out, aurora_store_txn **out)
{
    aurora__trial_instance *instance = self;
    bool is_write = kind == AURORA_TXN_WRITE;
    aurora_status rc = visit(instance, is_write ? "store.begin" : "store.begin_read");
    if (rc != AURORA_OK)
        return rc;
    transaction *made = calloc(1, sizeof *made);
    if (made == NULL)
        return AURORA_ENOMEM;
    made->is_write = is_write;
    made->batch = batch;
    bool is_later = is_write && instance->world->options.shared != 0;
    if (!is_later)
        rc = instance->inner.begin(instance->inner.self, kind, batch, timeout_ms, epoch_out,
                                   &made->inner);
    if (rc != AURORA_OK) {
        free(made);
        return rc;
    }
    if (is_write)
        tell_epoch(instance, epoch_out);
    made->next = instance->transactions;
    instance->transactions = made;
    *out = made;
    return AURORA_OK;
}

static void forget_transaction(aurora__trial_instance *instance, transaction *gone)
{
    transaction **link = &instance->transactions;
    while (*link != gone)
        link = &(*link)->next;
    *link = gone->next;
    free(gone);
}

static void rollback(void *self, aurora_store_txn *txn)
{
    aurora__trial_instance *instance = self;
    if (txn == NULL)
        return;
    if (txn->inner != NULL)
        instance->inner.rollback(instance->inner.self, txn->inner);
    forget_transaction(instance, txn);
}

/* --- a store that several write at once ------------------------------------------------------- */

/* A statement that locks nothing sees what is committed by then; `leave` ends it. */
static aurora_status enter(aurora__trial_instance *instance, const transaction *txn,
                           aurora_store_txn **out)
{
    *out = txn->inner;
    if (txn->inner != NULL)
        return AURORA_OK;
    return instance->inner.begin(instance->inner.self, AURORA_TXN_READ, txn->batch, 0, NULL, out);
}

static void leave(aurora__trial_instance *instance, const transaction *txn, aurora_store_txn *used)
{
    if (used != txn->inner)
        instance->inner.rollback(instance->inner.self, used);
}

/* From here to its end nobody else writes: rows are not locked one by one, so what a lock keeps
 * from others is more than it would be. What they did before it is all there. */
static aurora_status lock(aurora__trial_instance *instance, transaction *txn)
{
    aurora__trial *world = instance->world;
    uint64_t unused;
    if (txn->inner != NULL)
        return AURORA_OK;
    if (aurora__trial_fault(world, world->options.race, 100))
        aurora__trial_let_another(instance);
    return instance->inner.begin(instance->inner.self, AURORA_TXN_WRITE, txn->batch, 0, &unused,
                                 &txn->inner);
}

static void tell_others(const aurora__trial_instance *instance)
{
    aurora__trial *world = instance->world;
    for (uint32_t i = 0; i < world->instance_count; i++) {
        aurora__trial_instance *other = &world->instances[i];
        if (other != instance && other->service == instance->service)
            other->epoch = ++instance->service->epochs;
    }
}

/* --- statements ------------------------------------------------------------------------------- */

static aurora_status load(void *self, aurora_store_txn *txn, aurora_store_load *loads,
                          uint32_t count, bool is_locked, const aurora_arena_port *arena)
{
    aurora__trial_instance *instance = self;
    aurora_store_txn *used;
    aurora_status rc = visit(instance, "store.load");
    if (rc == AURORA_OK && is_locked)
        rc = lock(instance, txn);
    if (rc == AURORA_OK)
        rc = enter(instance, txn, &used);
    if (rc != AURORA_OK)
        return rc;
    rc = instance->inner.load(instance->inner.self, used, loads, count,
                              is_locked && used == txn->inner, arena);
    leave(instance, txn, used);
    return rc;
}

static aurora_status scan(void *self, aurora_store_txn *txn, aurora_store_scan *range,
                          const aurora_arena_port *arena)
{
    aurora__trial_instance *instance = self;
    aurora_store_txn *used;
    aurora_status rc = visit(instance, "store.scan");
    if (rc == AURORA_OK)
        rc = enter(instance, txn, &used);
    if (rc != AURORA_OK)
        return rc;
    rc = instance->inner.scan(instance->inner.self, used, range, arena);
    leave(instance, txn, used);
    return rc;
}

static aurora_status save(void *self, aurora_store_txn *txn, const aurora_store_put *puts,
                          uint32_t count, uint32_t *failed_out)
{
    aurora__trial_instance *instance = self;
    *failed_out = 0;
    aurora_status rc = visit(instance, "store.save");
    if (rc == AURORA_OK)
        rc = lock(instance, txn);
    if (rc != AURORA_OK)
        return rc;
    hash_puts(instance->world, puts, count);
    return instance->inner.save(instance->inner.self, txn->inner, puts, count, failed_out);
}

static aurora_status append(void *self, aurora_store_txn *txn, aurora_log_row *row)
{
    aurora__trial_instance *instance = self;
    aurora_status rc = visit(instance, "store.append");
    if (rc == AURORA_OK)
        rc = lock(instance, txn);
    if (rc != AURORA_OK)
        return rc;
    txn->has_log = true;
    aurora__trial_hash(instance->world, row->body, row->body_length);
    return instance->inner.append(instance->inner.self, txn->inner, row);
}

/* --- the end of a batch ----------------------------------------------------------------------- */

static aurora_status forget_outcome(aurora__trial_instance *instance, aurora_id batch,
                                    aurora_status outcome)
{
    instance->unknown_batch = batch;
    instance->unknown_outcome = outcome;
    instance->unknown_looks = aurora__trial_below(instance->world, LOOKS_MAX);
    count_fault(instance, "store.commit",
                outcome == AURORA_OK ? "happens, and its answer is lost"
                                     : "does not happen, and nobody knows");
    return AURORA_ETIMEDOUT;
}

/* What a commit answers instead of happening; AURORA_OK = it is to happen. */
static aurora_status commit_fault(aurora__trial_instance *instance, const transaction *txn)
{
    aurora__trial *world = instance->world;
    aurora_status rc = visit(instance, "store.commit");
    if (rc != AURORA_OK)
        return rc;
    if (aurora__trial_fault(world, world->options.full, 1000)) {
        count_fault(instance, "store.commit", "finds the disk full");
        return AURORA_EFULL;
    }
    if (aurora__trial_fault(world, world->options.unknown, 1000))
        return forget_outcome(instance, txn->batch, AURORA_ENOTFOUND);
    return AURORA_OK;
}

static aurora_status commit(void *self, aurora_store_txn *txn)
{
    aurora__trial_instance *instance = self;
    aurora__trial *world = instance->world;
    aurora_status rc = commit_fault(instance, txn);
    if (rc != AURORA_OK) {
        rollback(instance, txn);
        return rc;
    }
    if (world->options.latency > 0 && world->is_armed)
        world->now_ns +=
            (int64_t)(1 + aurora__trial_below(world, world->options.latency)) * 1000000;
    if (txn->inner != NULL)
        rc = instance->inner.commit(instance->inner.self, txn->inner);
    aurora_id batch = txn->batch;
    bool has_begun = txn->inner != NULL; /* of a shared store: only what locked something */
    if (rc == AURORA_OK && txn->has_log)
        tell_others(instance);
    forget_transaction(instance, txn);
    aurora__trial_hash_number(world, (uint64_t)(uint32_t)rc);
    if (rc != AURORA_OK)
        return rc;
    world->report->commits += has_begun;
    instance->service->last_writer = instance->number + 1;
    if (aurora__trial_fault(world, world->options.crash, 2500)) /* the most telling moment */
        crash_at(instance, "store.committed");
    if (instance->is_dead)
        return AURORA_EIO;
    if (aurora__trial_fault(world, world->options.lost, 1000))
        return forget_outcome(instance, batch, AURORA_OK);
    return AURORA_OK;
}

static aurora_status resolve(void *self, aurora_id batch)
{
    aurora__trial_instance *instance = self;
    aurora_status rc = visit(instance, "store.resolve");
    if (rc != AURORA_OK)
        return AURORA_ETIMEDOUT;
    if (!aurora_id_is_equal(batch, instance->unknown_batch))
        return instance->inner.resolve(instance->inner.self, batch);
    if (instance->unknown_looks > 0) {
        instance->unknown_looks--;
        return AURORA_ETIMEDOUT;
    }
    return instance->unknown_outcome;
}

/* --- the log, and care ------------------------------------------------------------------------ */

static aurora_status log_read(void *self, aurora_store_txn *txn, int64_t from, size_t bytes_max,
                              aurora_log_row *rows_out, uint32_t capacity, uint32_t *count_out,
                              const aurora_arena_port *arena)
{
    aurora__trial_instance *instance = self;
    aurora_store_txn *used;
    aurora_status rc = visit(instance, "store.log_read");
    if (rc == AURORA_OK)
        rc = enter(instance, txn, &used);
    if (rc != AURORA_OK)
        return rc;
    rc = instance->inner.log_read(instance->inner.self, used, from, bytes_max, rows_out, capacity,
                                  count_out, arena);
    leave(instance, txn, used);
    return rc;
}

static aurora_status log_bounds(void *self, aurora_store_txn *txn, aurora_log_bounds *out)
{
    aurora__trial_instance *instance = self;
    aurora_store_txn *used;
    aurora_status rc = visit(instance, "store.log_bounds");
    if (rc == AURORA_OK)
        rc = enter(instance, txn, &used);
    if (rc != AURORA_OK)
        return rc;
    rc = instance->inner.log_bounds(instance->inner.self, used, out);
    leave(instance, txn, used);
    return rc;
}

static aurora_status log_trim(void *self, aurora_store_txn *txn, int64_t position,
                              uint32_t rows_max)
{
    aurora__trial_instance *instance = self;
    aurora_status rc = visit(instance, "store.log_trim");
    if (rc == AURORA_OK)
        rc = lock(instance, txn);
    return rc == AURORA_OK
               ? instance->inner.log_trim(instance->inner.self, txn->inner, position, rows_max)
               : rc;
}

static aurora_status maintain(void *self, bool is_idle)
{
    aurora__trial_instance *instance = self;
    aurora_status rc = visit(instance, "store.maintain");
    return rc == AURORA_OK ? instance->inner.maintain(instance->inner.self, is_idle) : rc;
}

static aurora_status backup(void *self, const char *path, aurora_error *err)
{
    aurora__trial_instance *instance = self;
    aurora_status rc = visit(instance, "store.backup");
    return rc == AURORA_OK ? instance->inner.backup(instance->inner.self, path, err) : rc;
}

static int64_t bytes_used(void *self)
{
    aurora__trial_instance *instance = self;
    return instance->inner.bytes_used(instance->inner.self);
}

/* --- opening and closing ---------------------------------------------------------------------- */

static void close_inner(aurora__trial_instance *instance)
{
    if (instance->has_inner && !instance->service->has_kept)
        instance->inner.close(instance->inner.self);
    instance->has_inner = false;
}

static void close_store(void *self)
{
    aurora__trial_instance *instance = self;
    if (instance->transactions != NULL)
        aurora__trial_fail(instance->world, -1, "leak", "a handle leaves a transaction open");
    close_inner(instance);
}

void aurora__trial_store_drop(aurora__trial_instance *instance)
{
    while (instance->transactions != NULL) {
        transaction *gone = instance->transactions;
        if (gone->inner != NULL)
            instance->inner.rollback(instance->inner.self, gone->inner);
        forget_transaction(instance, gone);
    }
    close_inner(instance);
}

static void log_line(void *self, int32_t level, const char *message)
{
    (void)level;
    aurora__trial *world = self;
    if (world->request->trace != NULL)
        fprintf(world->request->trace, "              store: %s\n", message);
}

static aurora_status open_inner(const aurora__trial_instance *instance,
                                const aurora_store_options *options, aurora_store *out,
                                aurora_error *err)
{
    aurora__trial *world = instance->world;
    aurora_store_options own = *options;
    own.allocator = &world->disk_allocator;
    own.address = instance->service->address;
    own.log = log_line;
    own.log_self = world;
    memset(out, 0, sizeof *out);
    return world->store->open(world->store->self, &own, out, err);
}

static aurora_status find_inner(aurora__trial_instance *instance,
                                const aurora_store_options *options, aurora_error *err)
{
    aurora__trial_service *service = instance->service;
    bool stays = (instance->world->store->flags & AURORA_SIM_STORE_STAYS) != 0;
    aurora_status rc = AURORA_OK;
    if (!stays)
        return open_inner(instance, options, &instance->inner, err);
    if (!service->has_kept)
        rc = open_inner(instance, options, &service->kept, err);
    service->has_kept = rc == AURORA_OK;
    instance->inner = service->kept;
    return rc;
}

aurora_status aurora__trial_store_open(aurora__trial_instance *instance,
                                       const aurora_store_options *options, aurora_store *out,
                                       aurora_error *err)
{
    aurora__trial *world = instance->world;
    aurora_status rc = visit(instance, "store.open");
    if (rc == AURORA_OK)
        rc = find_inner(instance, options, err);
    if (rc != AURORA_OK)
        return rc;
    instance->has_inner = true;
    uint32_t flags = instance->inner.flags;
    if (instance->service->has_kept)
        flags = world->options.instances == 1 ? flags | AURORA_STORE_PRIVATE
                                              : flags & ~(uint32_t)AURORA_STORE_PRIVATE;
    if (world->options.shared != 0) {
        flags &= ~(uint32_t)(AURORA_STORE_PRIVATE | AURORA_STORE_SERIAL);
        instance->epoch = ++instance->service->epochs;
    }
    *out = (aurora_store){.size = sizeof *out,
                          .flags = flags,
                          .self = instance,
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

void aurora__trial_store_end(aurora__trial *world)
{
    for (uint32_t i = 0; i < world->service_count; i++) {
        aurora__trial_service *service = &world->services[i];
        if (service->has_kept)
            service->kept.close(service->kept.self);
        service->has_kept = false;
    }
    if (world->disk_pieces != 0 && !world->report->is_failed)
        aurora__trial_fail(world, -1, "leak", "the closed store leaves %llu pieces of memory",
                           (unsigned long long)world->disk_pieces);
}

/* --- stores of ours --------------------------------------------------------------------------- */

static aurora_status open_memory(void *self, const aurora_store_options *options, aurora_store *out,
                                 aurora_error *err)
{
    (void)self;
    return aurora_store_open("memory:", options, out, err);
}

static aurora_status open_sqlite(void *self, const aurora_store_options *options, aurora_store *out,
                                 aurora_error *err)
{
    (void)self;
    return aurora_store_open(options->address, options, out, err);
}

static const aurora_sim_store memory_store = {.size = sizeof memory_store,
                                              .flags =
                                                  AURORA_SIM_STORE_STAYS | AURORA_SIM_STORE_MANY,
                                              .name = "memory",
                                              .open = open_memory};
static const aurora_sim_store sqlite_store = {.size = sizeof sqlite_store,
                                              .flags = AURORA_SIM_STORE_MANY,
                                              .name = "sqlite",
                                              .open = open_sqlite};

const aurora_sim_store *aurora__trial_store_find(const aurora_sim_ports *ports, const char *name)
{
    uint32_t count = ports == NULL ? 0 : ports->store_count;
    if (name == NULL)
        return count > 0 ? ports->stores[0] : &memory_store;
    for (uint32_t i = 0; i < count; i++) {
        if (strcmp(ports->stores[i]->name, name) == 0)
            return ports->stores[i];
    }
    if (strcmp(name, memory_store.name) == 0)
        return &memory_store;
    return strcmp(name, sqlite_store.name) == 0 ? &sqlite_store : NULL;
}
