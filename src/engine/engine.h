/* SPDX-License-Identifier: MIT */
/* The engine: the only code that runs commands against a store. It drains what waits, loads the
 * rows that the commands name, lets the pure modules decide one after another in memory, saves rows
 * and events in one transaction, and only then answers. */
#ifndef AURORA_ENGINE_ENGINE_H
#define AURORA_ENGINE_ENGINE_H

#include "core/id.h"
#include "core/order.h"
#include "core/step.h"

#include <aurora/handle.h>
#include <aurora/port/store.h>

#include <stdatomic.h>

#define AURORA__BATCH_COMMANDS_MAX 1024

typedef struct aurora__engine aurora__engine;
typedef struct aurora__command aurora__command;
typedef struct aurora__span_draft aurora__span_draft; /* engine/trace.h */

/* What a command sees while its batch runs. */
typedef struct aurora__turn {
    aurora__engine *engine;
    aurora_store_txn *txn; /* the batch's write transaction */
    aurora__step step;     /* fresh for each decision; step.now_ms is the batch's now */
} aurora__turn;

/* What the engine does with a kind of command. All calls come from the thread that drives, one at a
 * time, and must not block. */
typedef struct {
    const char *name; /* for logs and metrics */
    /* Wants rows (aurora__rows_want); called again after each load until nothing new is wanted. May
     * also scan the store through turn->txn. NULL = needs none. */
    aurora_status (*keys)(aurora__command *command, aurora__turn *turn);
    /* Decides and emits; the engine then runs the cascade. Called again from fresh rows when the
     * batch was rolled back, so it may only write what it overwrites. AURORA__NEED_KEYS: rows that
     * it read are not loaded. Any other failure undoes this command alone. */
    aurora_status (*decide)(aurora__command *command, aurora__turn *turn);
    /* The cascade stands in this batch; rows may be read. NULL = nothing to do. */
    void (*applied)(aurora__command *command, aurora__turn *turn);
    /* Takes back what `applied` did: the batch was rolled back. NULL = nothing to do. */
    void (*reverted)(aurora__command *command, aurora__turn *turn);
    /* Writes through turn->txn beside the rows, before the commit. NULL = nothing. */
    aurora_status (*save)(aurora__command *command, aurora__turn *turn);
    /* Exactly once: committed (AURORA_OK) or refused. Rows of the batch may be read. It returns
     * true when the command is done, false when it goes on waiting (aurora__engine_watch). */
    bool (*finish)(aurora__command *command, aurora__turn *turn, aurora_status status);
    /* Ends a command without a batch (its waiting timed out, the handle closes): like finish, but
     * no rows may be read. */
    void (*drop)(aurora__command *command, aurora_status status);
    /* Its caller's time is over while nobody knows yet what became of its commit: tells that one
     * so, AURORA_ETIMEDOUT. The command goes on; finish or drop follow. NULL = who waits for it
     * looks at the time by itself. */
    void (*late)(aurora__command *command);
    /* Frees what the command owns beside its own block. NULL = nothing. */
    void (*free)(aurora__command *command);
    /* Says in its span what the command is (engine/trace.h): a name, and attributes from what it
     * was given and what came of it. Whatever became of it, also if no batch ran it. NULL = no
     * span. */
    void (*describe)(const aurora__command *command, aurora__span_draft *draft);
} aurora__command_class;

/* The head of each command; classes embed it first. One allocation holds it and its texts. */
struct aurora__command {
    const aurora__command_class *class_of;
    aurora__engine *engine;
    aurora__command *next;
    aurora_status status;
    aurora_error err;
    _Atomic uint32_t references;   /* the caller and the engine hold one each */
    atomic_bool is_done;           /* what the class wrote is visible to who sees it */
    atomic_bool is_late;           /* nobody is to wait for it any longer */
    bool is_kept;                  /* of the running batch: its cascade stands */
    bool needs_keys;               /* waits until the map of idempotency keys is all but filled */
    bool is_deferred;              /* of the running batch: it joins the next one */
    uint32_t deferrals;            /* how often that happened */
    struct aurora__missed *missed; /* keys that it turned out to need */
    struct aurora__command_trace *trace; /* engine/trace.h; NULL = it came with none */
    int64_t
        deadline_ns; /* monotonic: who waits gives up then; while the store is away it is refused
                            after that. 0 = nobody does, it waits as long as it takes */
    bool is_order;   /* refused with AURORA_EBUSY while the log is full or the handle drains */
    /* Waiting for an order: see aurora__engine_watch. */
    bool is_watching;
    aurora_id watch_id;
    int64_t watch_deadline_ns; /* monotonic; INT64_MAX = for ever */
    aurora__command *watch_next;
    aurora__command **watch_link; /* what points here */
    uint32_t watch_place;         /* in the heap of deadlines */
};

/* --- memory --------------------------------------------------------------------------------- */

/* A cleared block of `bytes` that starts with an aurora__command; NULL without memory. */
void *aurora__command_new(aurora__engine *engine, const aurora__command_class *class_of,
                          size_t bytes);
/* Gives up one reference. */
void aurora__command_release(aurora__command *command);

const aurora_allocator *aurora__engine_allocator(const aurora__engine *engine);

/* --- life ----------------------------------------------------------------------------------- */

/* For timers on payments: a driver (engine/payments.h) makes commands for due calls. NULL
 * without. */
typedef aurora__command *(*aurora__due_command)(aurora__engine *engine, const aurora_id *order_id);

typedef struct {
    aurora_store store; /* taken over: closed by the engine, also when aurora__engine_new fails */
    const aurora_allocator *allocator;
    aurora_clock clock;
    aurora_random random; /* fill is never NULL */
    aurora_log log;       /* write is never NULL */
    aurora_tracer tracer; /* span NULL = nobody is told */
    aurora__policy policy;
    bool is_readonly;
    bool has_worker;
    bool has_own_clock; /* the host's: it goes before the store's */
    int64_t log_max_bytes;
    int64_t log_keep_ms;       /* 24 h: rows stay at least this long */
    int64_t consumer_keep_ms;  /* 7 days: and this long for a consumer seen in that time */
    int64_t key_keep_ms;       /* 24 h: idempotency keys */
    int64_t notify_max_age_ms; /* 24 h: older events are recorded as SKIPPED */
    uint32_t queue_commands_max;
    uint32_t batch_commands_max;
    bool has_notifier;          /* the notification module writes tasks */
    bool needs_contact;         /* an order without one is SKIPPED */
    uint32_t trending_capacity; /* SKUs of each ranking, at least 1 */
    uint32_t related_skus;      /* SKUs with companions, at least 1 */
} aurora__engine_options;

aurora_status aurora__engine_new(const aurora__engine_options *options, aurora__engine **out,
                                 aurora_error *err);
/* Starts the worker, if options.has_worker: after the followers were added. */
aurora_status aurora__engine_start_worker(aurora__engine *engine);
/* The engine will close and somebody in its way waits for commands that wait for a store that is
 * away: they are refused from now on (AURORA_EIO; AURORA_ETIMEDOUT where a commit is in doubt). */
void aurora__engine_give_up(aurora__engine *engine);
/* Ends the worker, answers waiting commands with AURORA_ECLOSED, closes the store. In a forked
 * child it only frees memory. */
void aurora__engine_free(aurora__engine *engine);

/* AURORA_OK, AURORA_EFORK, AURORA_ECORE, AURORA_ECLOSED, AURORA_EREENTRANT: whether calls may
 * enter. Each successful enter needs a leave; close waits for those inside. */
aurora_status aurora__engine_enter(aurora__engine *engine);
void aurora__engine_leave(aurora__engine *engine);
/* The same without the re-entrancy check: for aurora_task_finish and queries. */
aurora_status aurora__engine_enter_callback(aurora__engine *engine);
aurora_status aurora__engine_health(const aurora__engine *engine);

/* --- commands ------------------------------------------------------------------------------- */

/* Hands a command over (the engine takes a reference of its own) without waiting. AURORA_EBUSY when
 * the queue is full, AURORA_ECLOSED, AURORA_ECORE, AURORA_EREADONLY. */
aurora_status aurora__engine_submit(aurora__engine *engine, aurora__command *command);
/* The same for up to `count`, accepting a prefix; *accepted_out may be less. */
aurora_status aurora__engine_submit_many(aurora__engine *engine, aurora__command *const *commands,
                                         uint32_t count, uint32_t *accepted_out);

/* Submits later, at a monotonic time; takes over the caller's reference. Dropped at close. For the
 * driving thread. */
void aurora__engine_submit_later(aurora__engine *engine, aurora__command *command, int64_t due_ns);
/* Submits at once whatever the limits say: for commands of the engine's own. Takes over the
 * caller's reference. */
void aurora__engine_push(aurora__engine *engine, aurora__command *command);

/* Submits and waits until it is done, pumping where there is no worker. Returns the command's
 * status with its error in *err, or AURORA_ETIMEDOUT after timeout_ms (-1 = for ever): the command
 * goes on. From a callback (the driving thread itself) it only submits and returns AURORA_OK. */
aurora_status aurora__engine_call(aurora__engine *engine, aurora__command *command,
                                  int64_t timeout_ms, aurora_error *err);

/* The waiting alone, for a command that was submitted. */
aurora_status aurora__engine_await(aurora__engine *engine, aurora__command *command,
                                   int64_t timeout_ms, aurora_error *err);

/* From `finish`: keeps the command waiting until a commit of anybody changes this order; `finish`
 * is then called again with AURORA_OK and the order's row readable. Ends by `drop` with
 * AURORA_ETIMEDOUT at the deadline. */
void aurora__engine_watch(aurora__engine *engine, aurora__command *command, const aurora_id *id,
                          int64_t deadline_ns);

/* What an owner wants to do once when all answers of a turn are out, so that many answers cost one
 * wake-up. Embedded by the owner, who stays until `run`. */
typedef struct aurora__flush {
    void (*run)(struct aurora__flush *flush);
    struct aurora__flush *next;
    bool is_due;
} aurora__flush;

/* From `finish` only: runs it after this turn's answers, once however often it was asked for. */
void aurora__engine_flush_later(aurora__engine *engine, aurora__flush *flush);

/* Who outlives the engine and must know when it ends. `closed` runs once all commands are answered,
 * under no lock, before anything is freed. */
typedef struct aurora__closer {
    void (*closed)(struct aurora__closer *closer);
    struct aurora__closer *next;
} aurora__closer;

void aurora__engine_closer_add(aurora__engine *engine, aurora__closer *closer);
/* False when `closed` was called or is about to be. */
bool aurora__engine_closer_remove(aurora__engine *engine, aurora__closer *closer);

/* Waits until `is_ready(argument)` holds, evaluated under no lock after each commit and at most
 * every 50 ms, pumping where there is no worker. wait_ms -1 = for ever. AURORA_OK also when the
 * time is over; AURORA_EINTR after aurora__engine_wake_waiters; AURORA_ECLOSED. */
aurora_status aurora__engine_wait(aurora__engine *engine, bool (*is_ready)(void *argument),
                                  void *argument, int64_t wait_ms);
/* Lets everybody who waits now return AURORA_EINTR. */
void aurora__engine_wake_waiters(aurora__engine *engine);

/* Runs one batch or followers' work if nobody else does. *did_out = something was done. */
aurora_status aurora__engine_pump(aurora__engine *engine, int64_t budget_ms, int64_t *next_due_out);
int aurora__engine_fd(const aurora__engine *engine);

/* --- reading -------------------------------------------------------------------------------- */

/* One snapshot for queries, on any thread. */
aurora_status aurora__engine_read_begin(aurora__engine *engine, aurora_store_txn **out);
void aurora__engine_read_end(aurora__engine *engine, aurora_store_txn *txn);
const aurora_store *aurora__engine_store(const aurora__engine *engine);

/* An arena of the engine's allocator for one query: freed whole by aurora__query_arena_free. */
typedef struct {
    aurora__arena arena;
    const aurora_allocator *allocator;
    void *blocks;
    size_t bytes; /* of all blocks */
} aurora__query_arena;
void aurora__query_arena_init(aurora__query_arena *arena, const aurora_allocator *allocator);
void aurora__query_arena_free(aurora__query_arena *arena);
/* Whether a page that was read into it ends here: rows may be large, and a page of a thousand of
 * them would be hundreds of megabytes. What does not fit is the next page's. */
bool aurora__query_arena_is_full(const aurora__query_arena *arena);

/* Loads one row into *row_out (a struct of its table); AURORA_ENOTFOUND. */
aurora_status aurora__engine_load(aurora__engine *engine, aurora_store_txn *txn,
                                  const aurora__key *key, aurora__query_arena *arena,
                                  void *row_out);

/* A range as structs: rows_out is an array of `limit` structs of the table. index -1 = primary key.
 * lower/upper as in aurora_store_scan. */
typedef struct {
    uint32_t table;
    int32_t index;
    uint32_t flags;
    const aurora_value *lower;
    const aurora_value *upper;
    uint32_t lower_count;
    uint32_t upper_count;
    uint64_t columns;
    uint32_t limit;
} aurora__range;
aurora_status aurora__engine_scan(aurora__engine *engine, aurora_store_txn *txn,
                                  const aurora__range *range, aurora__query_arena *arena,
                                  void *rows_out, uint32_t *count_out);

/* --- odds ----------------------------------------------------------------------------------- */

/* Whether idempotency keys are rows of order_keys, not fingerprints in memory: on stores that
 * several instances write at once. */
bool aurora__engine_has_key_rows(const aurora__engine *engine);
int64_t aurora__engine_wall_ms(const aurora__engine *engine);
/* What timers and leases go by: the wall clock, but never behind what is stored. Any thread. */
int64_t aurora__engine_time_ms(const aurora__engine *engine);

/* Sets the turn's time to the store's clock. For keys() that go by the time: on a store that
 * several share it is not read before the first load, and is set for every decision by then. */
void aurora__turn_read_clock(aurora__turn *turn);
int64_t aurora__engine_monotonic_ns(const aurora__engine *engine);
aurora_id aurora__engine_next_id(aurora__engine *engine);
/* Many at once, in growing order. */
void aurora__engine_next_ids(aurora__engine *engine, aurora_id *ids_out, uint32_t count);
const aurora__policy *aurora__engine_policy(const aurora__engine *engine);
void aurora__engine_log(aurora__engine *engine, int32_t level, const char *component,
                        const char *format, ...) __attribute__((format(printf, 4, 5)));
/* Orders are refused with AURORA_EBUSY while this is set. */
void aurora__engine_drain(aurora__engine *engine, bool is_draining);
bool aurora__engine_is_draining(const aurora__engine *engine);
/* From now on due payment calls become commands of this maker, at most 64 a turn. */
void aurora__engine_drive_payments(aurora__engine *engine, aurora__due_command maker);
/* Marks the times around a host's callback, so that calls from inside it are recognised. */
void aurora__engine_callback_begin(aurora__engine *engine);
void aurora__engine_callback_end(aurora__engine *engine);
/* Starts a new log epoch behind the head: after a restore, and in a copy made by backup. Inside a
 * write transaction of the caller's. */
aurora_status aurora__engine_new_epoch(aurora_store *store, aurora_store_txn *txn,
                                       const aurora_id *log_id, int64_t now_ms);
/* The log's id that a position lies in. */
aurora_status aurora__engine_log_id(aurora__engine *engine, aurora_store_txn *txn, int64_t position,
                                    aurora_id *out);

#endif
