/* SPDX-License-Identifier: MIT */
/* The engine's own parts, shared by its files only. */
#ifndef AURORA_ENGINE_INTERNAL_H
#define AURORA_ENGINE_INTERNAL_H

#include "engine/counters.h"
#include "engine/engine.h"
#include "engine/follower.h"
#include "engine/saga_now.h"

#include <pthread.h>
#include <stdatomic.h>

#define AURORA__FOLLOWERS_MAX 8

/* Blocks of one arena, kept over batches. */
typedef struct {
    aurora__arena arena;
    const aurora_allocator *allocator;
    struct aurora__block *first;
    struct aurora__block *current;
    size_t bytes; /* of all blocks */
} aurora__block_arena;

void aurora__block_arena_init(aurora__block_arena *blocks, const aurora_allocator *allocator);
/* Starts over in the first block; frees what lies beyond bytes_keep. */
void aurora__block_arena_reset(aurora__block_arena *blocks, size_t bytes_keep);
void aurora__block_arena_free(aurora__block_arena *blocks);

typedef struct {
    aurora__command *first;
    aurora__command *last;
    uint32_t count;
} aurora__command_queue;

void aurora__command_queue_push(aurora__command_queue *queue, aurora__command *command);
aurora__command *aurora__command_queue_pop(aurora__command_queue *queue);

/* Commands that wait for an order, by its id. Used by the driving thread alone, but for aborts
 * under the lock. */
typedef struct {
    aurora__command **slots;
    aurora__command **heap; /* by deadline, behind the slots in their memory */
    uint32_t capacity;      /* of both */
    uint32_t count;
} aurora__watch_map;

/* One batch under way. */
typedef struct {
    aurora__turn turn;
    aurora__command **commands;
    uint32_t count;
    aurora_id id;
    aurora__event **events; /* of all kept cascades, in order */
    uint32_t event_count;
    uint32_t event_capacity;
    int64_t first_position;            /* of the events, after the commit; 0 = not known */
    struct aurora__batch_trace *trace; /* engine/trace_batch.h; NULL = nobody is told of spans */
    uint32_t current;                  /* the command that is being decided */
    /* On a shared store: what is to be locked, or was. */
    aurora__row **to_lock;
    uint32_t lock_count;
    uint32_t lock_capacity;
    aurora__command_queue deferred; /* for the next batch */
    int64_t commit_ns;              /* what the commit took; 0 = there was nothing to store */
} aurora__batch;

struct aurora__engine {
    aurora__engine_options options;
    aurora_store store;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* a batch ended, a driver left, the handle closes */
    pthread_cond_t queued;  /* the worker's */
    /* Guarded by `lock`. */
    aurora__command_queue queue;
    bool is_driving;
    bool is_closing;
    bool is_queue_full; /* it was said, and the queue is not yet half empty */
    uint64_t wakes;     /* who waits returns when it grows */
    uint32_t inside;    /* public calls under way */
    aurora__id_source ids;
    uint64_t random_state[2];
    pthread_t driver; /* valid while is_driving */
    pthread_t worker;
    bool is_worker_started;
    /* Read anywhere. */
    _Atomic int32_t health; /* AURORA_OK, or what every command gets */
    _Atomic int32_t log_level_min;
    _Atomic bool is_draining;
    _Atomic bool is_log_full;
    _Atomic bool is_giving_up; /* it closes: nobody waits for a store that is away any longer */
    _Atomic bool is_in_callback;
    /* Written by the driving thread, the second one first. */
    _Atomic int64_t clock_floor_ms; /* the newest time that may be stored */
    _Atomic int64_t clock_floor_ns; /* monotonic time when it was that */
    _Atomic int64_t clock_ahead_ms; /* of the store's clock, by ours */
    _Atomic bool is_told;           /* others have committed since the last look */
    int64_t process;
    aurora__due_command payment_maker;
    struct aurora__payments *payments; /* engine/payments.h */
    int event_fd;
    /* The driving thread's. */
    aurora__command *later; /* by due time: watch_deadline_ns, linked by watch_next */
    aurora__block_arena batch_blocks;
    aurora__block_arena cache_blocks;
    aurora__block_arena recent_blocks;
    aurora__rows rows;
    uint64_t epoch;
    bool has_epoch;
    int64_t tail;        /* every event up to here was fed */
    int64_t next_due_ms; /* wall: the next timer; INT64_MAX = none, 0 = not known */
    int64_t due_checked_ns;
    int64_t log_checked_ns;
    int64_t keys_swept_ns; /* order_keys */
    bool is_maintenance_due;
    int64_t parked_keys;   /* 0 = no key of this store is parked */
    bool is_parked_stale;  /* to be looked at again */
    uint64_t *own_rows;    /* on a shared store: rows whose newest due time we stored */
    int64_t timer_hold_ns; /* no timer fires before: the last ones were refused */
    int64_t tail_checked_ns;
    aurora__watch_map watches;
    aurora__flush *flushes;  /* due after this turn's answers */
    aurora__closer *closers; /* guarded by `lock` */
    aurora__follower *followers[AURORA__FOLLOWERS_MAX];
    uint32_t follower_count;
    bool has_listener;     /* the store tells of others' commits */
    bool has_gap;          /* others committed before a batch of ours: it is fed from the log */
    bool has_parked_row;   /* this batch loaded a row that shows a parked step */
    int64_t away_ms;       /* > 0: the last batch could not reach the store; the pause after it */
    int64_t away_until_ns; /* monotonic */
    _Atomic(struct aurora__bus *) bus; /* engine/bus.h; NULL = none */
    struct aurora__keys *keys;         /* idempotency: engine/keys.h */
    bool has_key_waiting;              /* a command waits for them */
    aurora__counters counters;
    aurora__saga_now saga_now; /* the driving thread's */
};

/* --- batch.c -------------------------------------------------------------------------------- */

/* One attempt. AURORA_OK: everybody was answered or put back to the queue. Else nothing was stored
 * and nobody was. */
aurora_status aurora__batch_attempt(aurora__engine *engine, aurora__command **commands,
                                    uint32_t count);

/* A turn's step, fresh for the next decision. */
void aurora__turn_start(aurora__turn *turn, aurora_error *err);
/* Puts commands back to the front of the queue, in their order. */
void aurora__engine_put_back(aurora__engine *engine, aurora__command_queue *commands);

/* --- run.c ---------------------------------------------------------------------------------- */

/* Runs commands to their answers: as one batch, in halves where data is to blame, again where the
 * store asks for it. While a shared store is away they go back to the queue. */
void aurora__batch_run(aurora__engine *engine, aurora__command **commands, uint32_t count);
/* Whether the store is away and it is not yet time to ask again. */
bool aurora__run_is_away(const aurora__engine *engine);
/* The store answers again. */
void aurora__run_is_back(aurora__engine *engine);
/* Refuses queued commands whose callers have given up, or all. */
void aurora__run_expire(aurora__engine *engine);
/* While nobody knows what became of a commit, asked for since `since_ns`: what waits behind it. */
void aurora__run_doubt(aurora__engine *engine, int64_t since_ns);
void aurora__pause_ms(const aurora__engine *engine, int64_t ms);

/* --- shared.c ------------------------------------------------------------------------------- */

/* Whether others may write between our reads and our commit. */
static inline bool aurora__engine_is_shared(const aurora__engine *engine)
{
    return (engine->store.flags & AURORA_STORE_SERIAL) == 0;
}

/* The order in which every instance locks and inserts rows. */
void aurora__shared_sort(aurora__row **rows, uint32_t count);
/* Reads, unlocked, what is wanted and may name further keys; the rest waits to be locked. *did_out
 * says whether there was any. */
aurora_status aurora__shared_load(aurora__batch *batch, bool *did_out);
/* Locks and reads again everything that the batch wants, once. */
aurora_status aurora__shared_lock(aurora__batch *batch);
/* Remembers what this command still wants, from place `from` of the wanted rows on, for the next
 * batch. AURORA_EBUSY when that happened too often. */
aurora_status aurora__shared_defer(aurora__engine *engine, aurora__command *command, uint32_t from);
aurora_status aurora__shared_want_missed(aurora__rows *rows, const aurora__command *command);
void aurora__missed_free(aurora__command *command);

/* --- load.c --------------------------------------------------------------------------------- */

/* Loads everything wanted. */
aurora_status aurora__load_wanted(aurora__engine *engine, aurora_store_txn *txn);
/* Loads these rows in one call. */
aurora_status aurora__load_rows(aurora__engine *engine, aurora_store_txn *txn,
                                aurora__row *const *items, uint32_t count, bool is_locked);
/* Saves all touched rows; on a data error *failed_out is the table of the row to blame. */
aurora_status aurora__save_touched(aurora__engine *engine, aurora_store_txn *txn);

/* --- tail.c --------------------------------------------------------------------------------- */

/* Feeds what others wrote since `tail`, inside the batch's transaction: where writers exclude each
 * other. */
aurora_status aurora__tail_catch_up(aurora__engine *engine, aurora__turn *turn);
/* Whether others wrote since; looks at most every 50 ms. */
bool aurora__tail_is_behind(aurora__engine *engine);
/* The same on a shared store, between batches, when somebody told of it or it is time to look. True
 * when there was something. */
bool aurora__tail_look(aurora__engine *engine, bool is_idle);
/* When the next look is due, in milliseconds from now; -1 = only when told. */
int64_t aurora__tail_next_ms(const aurora__engine *engine);
/* Somebody else has committed: any thread. */
void aurora__tail_told(void *engine);
/* Feeds the events of a batch of ours. */
void aurora__tail_feed(aurora__engine *engine, const aurora__batch *batch);
/* Lets one follower that is behind read some of the log. */
bool aurora__tail_followers(aurora__engine *engine, bool is_idle);
/* Their commands, appended to the engine's queue. */
bool aurora__tail_work(aurora__engine *engine, bool is_idle);

/* --- watch.c -------------------------------------------------------------------------------- */

aurora_status aurora__watch_add(aurora__engine *engine, aurora__command *command);
/* Answers one that could not be added, as if its time were over. */
void aurora__watch_refuse(aurora__command *command);
/* Finishes the watchers of every order that this batch changed. */
void aurora__watch_changed(aurora__engine *engine, aurora__turn *turn);
/* The same for one order that somebody else changed. */
bool aurora__watch_has(const aurora__engine *engine, const aurora_id *id);
void aurora__watch_order(aurora__engine *engine, aurora__turn *turn, const aurora_id *id);
/* The end of the first one's time; INT64_MAX when none waits. */
int64_t aurora__watch_next_ns(const aurora__engine *engine);
/* Drops those whose time is over, or all. */
void aurora__watch_expire(aurora__engine *engine, int64_t now_ns, bool all, aurora_status status);
void aurora__watch_free(aurora__engine *engine);

/* --- notice.c ------------------------------------------------------------------------------- */

void aurora__flush_run(aurora__engine *engine);
void aurora__closers_run(aurora__engine *engine);

/* --- timer.c -------------------------------------------------------------------------------- */

/* Commands for what is due, each with one reference; at most `room`. */
uint32_t aurora__timer_collect(aurora__engine *engine, aurora__command **commands, uint32_t room);
/* No timer fires for a second. */
void aurora__timer_hold(aurora__engine *engine);
/* This row is stored now: timers must know of every due time. */
void aurora__timer_note(aurora__engine *engine, const aurora__row *row);
/* On a shared store: room to remember which rows are ours. */
aurora_status aurora__timer_share(aurora__engine *engine);

/* --- retention.c ---------------------------------------------------------------------------- */

/* A command that trims the log or measures it, or NULL when it is not time. */
aurora__command *aurora__retention_work(aurora__engine *engine);

/* --- key_rows.c ----------------------------------------------------------------------------- */

/* A command that deletes rows of expired idempotency keys, or NULL when it is not time. */
aurora__command *aurora__key_rows_work(aurora__engine *engine);

/* --- park.c --------------------------------------------------------------------------------- */

/* Writes what a cascade set aside into parked_keys and parked_events. */
aurora_status aurora__park_store(aurora__turn *turn);
/* Looks whether any key is parked. */
aurora_status aurora__park_count(aurora__engine *engine, aurora_store_txn *txn);

/* --- drive.c -------------------------------------------------------------------------------- */

/* Marks a command done (under no lock); done gives up the engine's reference, too. */
void aurora__command_tell(aurora__command *command, aurora_status status);
void aurora__command_done(aurora__command *command, aurora_status status);
/* The handle refuses everything from now on. */
void aurora__engine_break(aurora__engine *engine, aurora_status status);
/* The worker's thread: drives until the handle closes. */
void *aurora__engine_work(void *argument);
/* now of a batch: the wall clock, or the newest stored time plus what went by since it was read. */
int64_t aurora__engine_now(aurora__engine *engine);
/* The same inside a write transaction, by the store's own clock where it has one. */
int64_t aurora__engine_batch_now(aurora__engine *engine, aurora_store_txn *txn);
/* Wakes whoever drives or would: any thread. */
void aurora__engine_poke(aurora__engine *engine);
/* Somebody else stored this time. */
void aurora__engine_lift_clock(aurora__engine *engine, int64_t stored_ms);

#endif
