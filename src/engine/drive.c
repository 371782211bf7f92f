/* SPDX-License-Identifier: MIT */
/* Who drives: the worker, or whichever thread waits or pumps. At most one at a time. */
#include "engine/internal.h"

#include "engine/bus.h"
#include "engine/keys.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define POLL_MS 50
#define NET_MS 250
#define IDLE_MS 200
#define LOOK_MS 1000
#define AWAY_LOOK_MS 50
#define KEYS_URGENT_NS 10000000 /* of reading at once: somebody waits for it, or nobody for more */
#define KEYS_ASIDE_NS 2000000

void aurora__command_queue_push(aurora__command_queue *queue, aurora__command *command)
{
    command->next = NULL;
    if (queue->last == NULL)
        queue->first = command;
    else
        queue->last->next = command;
    queue->last = command;
    queue->count++;
}

aurora__command *aurora__command_queue_pop(aurora__command_queue *queue)
{
    aurora__command *command = queue->first;
    if (command == NULL)
        return NULL;
    queue->first = command->next;
    if (queue->first == NULL)
        queue->last = NULL;
    queue->count--;
    command->next = NULL;
    return command;
}

/* Who waits for it looks again when the turn ends. */
void aurora__command_tell(aurora__command *command, aurora_status status)
{
    command->status = status;
    atomic_store_explicit(&command->is_done, true, memory_order_release);
}

void aurora__command_done(aurora__command *command, aurora_status status)
{
    aurora__command_tell(command, status);
    aurora__command_release(command);
}

void aurora__engine_break(aurora__engine *engine, aurora_status status)
{
    atomic_store(&engine->health, status);
    aurora__engine_log(engine, AURORA_LOG_FATAL, "engine",
                       "this handle refuses every further command: %s", aurora_status_name(status));
}

int64_t aurora__engine_time_ms(const aurora__engine *engine)
{
    int64_t floor_ms = engine->clock_floor_ms;
    int64_t floor_ns = engine->clock_floor_ns;
    int64_t wall = aurora__engine_wall_ms(engine) + engine->clock_ahead_ms;
    if (wall >= floor_ms)
        return wall;
    int64_t passed = (aurora__engine_monotonic_ns(engine) - floor_ns) / 1000000;
    return floor_ms + (passed > 0 ? passed : 0);
}

/* The floor rises with each time that is handed out: else time would fall back to the wall clock
 * once that has reached where it stepped back from. */
int64_t aurora__engine_now(aurora__engine *engine)
{
    int64_t floor_ms = engine->clock_floor_ms;
    int64_t now_ms = aurora__engine_time_ms(engine);
    if (now_ms > floor_ms)
        aurora__engine_lift_clock(engine, now_ms);
    return now_ms;
}

/* All instances go by the store's clock, so that none fires another's timers early. */
int64_t aurora__engine_batch_now(aurora__engine *engine, aurora_store_txn *txn)
{
    if (engine->store.now_ms != NULL && !engine->options.has_own_clock)
        engine->clock_ahead_ms =
            engine->store.now_ms(engine->store.self, txn) - aurora__engine_wall_ms(engine);
    return aurora__engine_now(engine);
}

void aurora__engine_lift_clock(aurora__engine *engine, int64_t stored_ms)
{
    int64_t more_ms = stored_ms - engine->clock_floor_ms;
    if (more_ms <= 0)
        return;
    /* Fractions of a millisecond are kept, or many small steps would lose time. */
    int64_t ns = aurora__engine_monotonic_ns(engine);
    int64_t left_ns = more_ms < 1000 ? ns - engine->clock_floor_ns - more_ms * 1000000 : 0;
    engine->clock_floor_ns = left_ns > 0 && left_ns < 1000000 ? ns - left_ns : ns;
    engine->clock_floor_ms = stored_ms;
}

static bool is_driver(const aurora__engine *engine)
{
    return engine->is_driving && pthread_equal(engine->driver, pthread_self());
}

void aurora__engine_push(aurora__engine *engine, aurora__command *command)
{
    pthread_mutex_lock(&engine->lock);
    aurora__command_queue_push(&engine->queue, command);
    pthread_mutex_unlock(&engine->lock);
}

/* Puts commands back where they were taken from. The lock is held. */
static void give_back(aurora__command_queue *queue, aurora__command_queue *some)
{
    if (some->first == NULL)
        return;
    some->last->next = queue->first;
    queue->first = some->first;
    queue->last = queue->last == NULL ? some->last : queue->last;
    queue->count += some->count;
}

void aurora__engine_put_back(aurora__engine *engine, aurora__command_queue *commands)
{
    pthread_mutex_lock(&engine->lock);
    give_back(&engine->queue, commands);
    pthread_mutex_unlock(&engine->lock);
    *commands = (aurora__command_queue){0};
}

void aurora__engine_submit_later(aurora__engine *engine, aurora__command *command, int64_t due_ns)
{
    aurora__command **link = &engine->later;
    while (*link != NULL && (*link)->watch_deadline_ns <= due_ns)
        link = &(*link)->watch_next;
    command->watch_deadline_ns = due_ns;
    command->watch_next = *link;
    *link = command;
}

/* Delayed commands whose time has come. */
static void push_later(aurora__engine *engine)
{
    int64_t now_ns = engine->later == NULL ? 0 : aurora__engine_monotonic_ns(engine);
    while (engine->later != NULL && engine->later->watch_deadline_ns <= now_ns) {
        aurora__command *command = engine->later;
        engine->later = command->watch_next;
        aurora__engine_push(engine, command);
    }
}

static aurora_status decide_nothing(aurora__command *command, aurora__turn *turn)
{
    (void)command;
    (void)turn;
    return AURORA_OK;
}

/* An empty batch: beginning it feeds what others wrote. */
static bool look_at_tail(aurora__engine *engine)
{
    static const aurora__command_class tail_class = {.name = "tail", .decide = decide_nothing};
    aurora__command *command = aurora__command_new(engine, &tail_class, sizeof *command);
    if (command == NULL)
        return false;
    aurora__batch_run(engine, &command, 1);
    aurora__flush_run(engine); /* for those who waited for the others */
    return true;
}

/* Takes what waits until there are `to` commands; returns how many there are. Commands with a key
 * stay where they are until the map of keys is filled: others go on meanwhile. */
static uint32_t take_queued(aurora__engine *engine, aurora__command **commands, uint32_t count,
                            uint32_t to)
{
    aurora__command_queue kept = {0};
    bool has_keys = aurora__keys_is_near(engine) || atomic_load(&engine->health) == AURORA_ECORE;
    pthread_mutex_lock(&engine->lock);
    aurora__command *command;
    while (count < to && (command = aurora__command_queue_pop(&engine->queue)) != NULL) {
        if (command->needs_keys && !has_keys)
            aurora__command_queue_push(&kept, command);
        else
            commands[count++] = command;
    }
    engine->has_key_waiting = kept.first != NULL;
    give_back(&engine->queue, &kept);
    if (engine->queue.count <= engine->options.queue_commands_max / 2)
        engine->is_queue_full = false;
    aurora__gauge_set(engine->counters.queue_length, engine->queue.count);
    pthread_mutex_unlock(&engine->lock);
    return count;
}

/* A worker begins at once, so that the first command with a key finds it done; without one it costs
 * a host nothing that never sends any. */
static bool prepare_keys(aurora__engine *engine, bool is_idle)
{
    if (engine->options.is_readonly || !engine->options.has_worker || engine->has_key_waiting ||
        aurora__keys_is_near(engine))
        return false;
    aurora__keys_prepare(engine, is_idle ? KEYS_URGENT_NS : KEYS_ASIDE_NS);
    return true;
}

/* What waits, up to `to`; who waits for keys gets them now if little is missing. */
static uint32_t take_ready(aurora__engine *engine, aurora__command **commands, uint32_t to)
{
    uint32_t count = take_queued(engine, commands, 0, to);
    if (!engine->has_key_waiting)
        return count;
    aurora__keys_prepare(engine, KEYS_URGENT_NS);
    return take_queued(engine, commands, count, to);
}

/* A store that others share may be away: callers' deadlines go on meanwhile. */
static void wait_for_store(aurora__engine *engine)
{
    aurora__run_expire(engine);
    aurora__watch_expire(engine, aurora__engine_monotonic_ns(engine), false, AURORA_ETIMEDOUT);
    aurora__flush_run(engine);
}

/* One turn: what waits and what is due as one batch, then the followers. However much waits, an
 * eighth of the batch is open to timers. True when it did something. */
static bool turn(aurora__engine *engine)
{
    aurora__command *commands[AURORA__BATCH_COMMANDS_MAX];
    uint32_t room = engine->options.batch_commands_max;
    if (aurora__run_is_away(engine)) {
        wait_for_store(engine);
        return false;
    }
    if (engine->away_ms > 0)
        aurora__run_expire(engine);
    push_later(engine);
    uint32_t count = take_ready(engine, commands, room - room / 8);
    count += aurora__timer_collect(engine, commands + count, room - count);
    count = take_queued(engine, commands, count, room);
    bool did = count > 0 || engine->has_key_waiting;
    if (count > 0)
        aurora__batch_run(engine, commands, count);
    aurora__watch_expire(engine, aurora__engine_monotonic_ns(engine), false, AURORA_ETIMEDOUT);
    aurora__flush_run(engine);
    did |= prepare_keys(engine, count == 0);
    if (aurora__engine_is_shared(engine) && aurora__tail_look(engine, count == 0)) {
        did = true;
        aurora__flush_run(engine);
    }
    did |= aurora__tail_followers(engine, count == 0);
    did |= aurora__tail_work(engine, count == 0);
    aurora__saga_look(engine);
    did |= aurora__bus_turn(engine);
    if (count == 0 && aurora__tail_is_behind(engine))
        did |= look_at_tail(engine);
    if (engine->is_maintenance_due || count == 0) {
        engine->is_maintenance_due = false;
        if (!engine->options.is_readonly)
            engine->store.maintain(engine->store.self, count == 0 && !did);
    }
    return did;
}

/* Takes the driver's seat; the lock is held before and after. */
static void drive_locked(aurora__engine *engine, bool *did_out)
{
    engine->is_driving = true;
    engine->driver = pthread_self();
    pthread_mutex_unlock(&engine->lock);
    *did_out = turn(engine);
    pthread_mutex_lock(&engine->lock);
    engine->is_driving = false;
    pthread_cond_broadcast(&engine->changed);
}

static void poke(aurora__engine *engine)
{
    if (engine->event_fd >= 0) {
        uint64_t one = 1;
        ssize_t written = write(engine->event_fd, &one, sizeof one);
        (void)written;
    } else {
        pthread_cond_signal(&engine->queued);
    }
}

void aurora__engine_poke(aurora__engine *engine)
{
    pthread_mutex_lock(&engine->lock);
    poke(engine);
    pthread_cond_broadcast(&engine->changed);
    pthread_mutex_unlock(&engine->lock);
}

static void unpoke(const aurora__engine *engine)
{
    uint64_t count;
    if (engine->event_fd >= 0) {
        ssize_t got = read(engine->event_fd, &count, sizeof count);
        (void)got;
    }
}

static aurora_status admit_locked(aurora__engine *engine, const aurora__command *command)
{
    int32_t health = atomic_load(&engine->health);
    if (engine->is_closing)
        return AURORA_ECLOSED;
    if (health == AURORA_ECORE)
        return health;
    if (engine->options.is_readonly)
        return AURORA_EREADONLY;
    if (engine->queue.count >= engine->options.queue_commands_max)
        return AURORA_EBUSY;
    if (command->is_order &&
        (atomic_load(&engine->is_draining) || atomic_load(&engine->is_log_full)))
        return AURORA_EBUSY;
    return AURORA_OK;
}

aurora_status aurora__engine_submit_many(aurora__engine *engine, aurora__command *const *commands,
                                         uint32_t count, uint32_t *accepted_out)
{
    aurora_status rc = AURORA_OK;
    uint32_t accepted = 0;
    pthread_mutex_lock(&engine->lock);
    bool was_empty = engine->queue.first == NULL;
    while (accepted < count && rc == AURORA_OK) {
        rc = admit_locked(engine, commands[accepted]);
        if (rc != AURORA_OK)
            break;
        atomic_fetch_add_explicit(&commands[accepted]->references, 1, memory_order_relaxed);
        aurora__command_queue_push(&engine->queue, commands[accepted]);
        accepted++;
    }
    if (accepted > 0 && was_empty)
        poke(engine);
    aurora__gauge_set(engine->counters.queue_length, engine->queue.count);
    bool is_full = rc == AURORA_EBUSY && engine->queue.count >= engine->options.queue_commands_max;
    bool is_news = is_full && !engine->is_queue_full;
    engine->is_queue_full |= is_full;
    if (rc == AURORA_EBUSY)
        aurora__counter_add(is_full ? engine->counters.queue_refused : engine->counters.log_refused,
                            1);
    pthread_mutex_unlock(&engine->lock);
    if (is_news)
        aurora__engine_log(engine, AURORA_LOG_WARNING, "engine",
                           "the queue is full: more comes in than the store takes, and callers are "
                           "told to come back");
    *accepted_out = accepted;
    return accepted > 0 ? AURORA_OK : rc;
}

aurora_status aurora__engine_submit(aurora__engine *engine, aurora__command *command)
{
    uint32_t accepted;
    return aurora__engine_submit_many(engine, &command, 1, &accepted);
}

static void deadline_in(struct timespec *out, int64_t ms)
{
    clock_gettime(CLOCK_MONOTONIC, out);
    out->tv_sec += ms / 1000;
    out->tv_nsec += (long)(ms % 1000) * 1000000;
    if (out->tv_nsec >= 1000000000) {
        out->tv_sec++;
        out->tv_nsec -= 1000000000;
    }
}

static int64_t real_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* A host whose time passes as it says: nothing would ever be due while a thread sleeps. The lock is
 * held before and after. */
static bool pause_locked(aurora__engine *engine, int64_t wait_ms)
{
    if (engine->options.has_worker || engine->options.clock.pause_ms == NULL)
        return false;
    pthread_mutex_unlock(&engine->lock);
    aurora__pause_ms(engine, wait_ms < 1 ? 1 : wait_ms);
    pthread_mutex_lock(&engine->lock);
    return true;
}

/* Waits a little, or drives where nobody else does. The lock is held. `end_ns` is real time. */
static void help_locked(aurora__engine *engine, int64_t end_ns)
{
    if (!engine->options.has_worker && !engine->is_driving && !engine->is_closing) {
        bool did;
        drive_locked(engine, &did);
        if (did || (engine->queue.first != NULL && !aurora__run_is_away(engine)))
            return;
    }
    /* Where the store tells of others' commits a look at it is only the net. */
    int64_t wait = engine->has_listener && engine->options.has_worker ? NET_MS : POLL_MS;
    if (end_ns != INT64_MAX) {
        int64_t left = (end_ns - real_ns()) / 1000000 + 1;
        wait = left < wait ? left : wait;
    }
    if (pause_locked(engine, wait))
        return;
    struct timespec until;
    deadline_in(&until, wait < 0 ? 0 : wait);
    pthread_cond_timedwait(&engine->changed, &engine->lock, &until);
}

static int64_t end_of(int64_t timeout_ms)
{
    if (timeout_ms < 0)
        return INT64_MAX;
    return real_ns() + timeout_ms * 1000000;
}

static void tell(aurora_error *err, const aurora_error *from, aurora_status rc)
{
    if (err == NULL || rc == AURORA_OK)
        return;
    *err = (aurora_error){0};
    if (from != NULL)
        *err = *from;
    err->size = sizeof *err;
    err->status = rc;
    if (err->message[0] == '\0')
        snprintf(err->message, sizeof err->message, "%s", aurora_status_text(rc));
}

aurora_status aurora__engine_await(aurora__engine *engine, aurora__command *command,
                                   int64_t timeout_ms, aurora_error *err)
{
    int64_t end_ns = end_of(timeout_ms);
    pthread_mutex_lock(&engine->lock);
    if (is_driver(engine)) {
        pthread_mutex_unlock(&engine->lock);
        return AURORA_OK;
    }
    while (!command->is_done && !command->is_late && (end_ns == INT64_MAX || real_ns() < end_ns))
        help_locked(engine, end_ns);
    aurora_status rc = command->is_done ? command->status : AURORA_ETIMEDOUT;
    tell(err, command->is_done ? &command->err : NULL, rc);
    pthread_mutex_unlock(&engine->lock);
    return rc;
}

aurora_status aurora__engine_call(aurora__engine *engine, aurora__command *command,
                                  int64_t timeout_ms, aurora_error *err)
{
    if (command->deadline_ns == 0 && timeout_ms >= 0)
        command->deadline_ns = aurora__engine_monotonic_ns(engine) + timeout_ms * 1000000;
    aurora_status rc = aurora__engine_submit(engine, command);
    if (rc != AURORA_OK) {
        tell(err, NULL, rc);
        return rc;
    }
    return aurora__engine_await(engine, command, timeout_ms, err);
}

aurora_status aurora__engine_wait(aurora__engine *engine, bool (*is_ready)(void *argument),
                                  void *argument, int64_t wait_ms)
{
    int64_t end_ns = end_of(wait_ms);
    aurora_status rc = AURORA_OK;
    pthread_mutex_lock(&engine->lock);
    uint64_t wakes = engine->wakes;
    pthread_mutex_unlock(&engine->lock);
    while (!is_ready(argument)) {
        pthread_mutex_lock(&engine->lock);
        if (engine->is_closing)
            rc = AURORA_ECLOSED;
        else if (engine->wakes != wakes)
            rc = AURORA_EINTR;
        else if (end_ns != INT64_MAX && real_ns() >= end_ns)
            end_ns = 0;
        else
            help_locked(engine, end_ns);
        pthread_mutex_unlock(&engine->lock);
        if (rc != AURORA_OK || end_ns == 0)
            return rc;
    }
    return AURORA_OK;
}

void aurora__engine_wake_waiters(aurora__engine *engine)
{
    pthread_mutex_lock(&engine->lock);
    engine->wakes++;
    pthread_cond_broadcast(&engine->changed);
    pthread_mutex_unlock(&engine->lock);
}

static int64_t sooner(int64_t due, int64_t other)
{
    return due < 0 || (other >= 0 && other < due) ? other : due;
}

/* Where others may write, their timers and what they log are looked for even if nothing of ours is
 * due. */
static int64_t timers_due(const aurora__engine *engine)
{
    if (engine->options.is_readonly || atomic_load(&engine->health) == AURORA_ECORE)
        return -1;
    int64_t due = -1;
    if (engine->next_due_ms != INT64_MAX) {
        int64_t held_ns = engine->timer_hold_ns - aurora__engine_monotonic_ns(engine);
        int64_t held = held_ns > 0 ? (held_ns + 999999) / 1000000 : 0;
        due = engine->next_due_ms - aurora__engine_time_ms(engine);
        due = due < held ? held : due;
    }
    if (aurora__engine_is_shared(engine))
        return sooner(due, aurora__tail_next_ms(engine));
    if ((engine->store.flags & AURORA_STORE_PRIVATE) == 0)
        due = sooner(due, engine->watches.count > 0 ? POLL_MS : LOOK_MS);
    return due;
}

/* Whether a turn would find something queued that it can run. */
static bool has_queued(const aurora__engine *engine)
{
    return engine->queue.first != NULL && !aurora__run_is_away(engine);
}

/* Until the store is asked again, or somebody's time is over. */
static int64_t away_due(const aurora__engine *engine)
{
    int64_t left_ns = engine->away_until_ns - aurora__engine_monotonic_ns(engine);
    int64_t due = left_ns <= 0 ? 0 : (left_ns + 999999) / 1000000;
    return due < AWAY_LOOK_MS ? due : AWAY_LOOK_MS;
}

/* Milliseconds until a timer or a waiter's deadline; -1 = none. The lock is held, nobody drives. */
static int64_t next_due(const aurora__engine *engine)
{
    if (aurora__run_is_away(engine))
        return away_due(engine);
    if (engine->queue.first != NULL)
        return 0;
    int64_t due = sooner(timers_due(engine), aurora__bus_next_ms(engine));
    int64_t soonest_ns = aurora__watch_next_ns(engine);
    if (engine->later != NULL && engine->later->watch_deadline_ns < soonest_ns)
        soonest_ns = engine->later->watch_deadline_ns;
    if (soonest_ns != INT64_MAX) {
        int64_t watch = (soonest_ns - aurora__engine_monotonic_ns(engine) + 999999) / 1000000;
        due = sooner(due, watch < 0 ? 0 : watch);
    }
    return due;
}

aurora_status aurora__engine_pump(aurora__engine *engine, int64_t budget_ms, int64_t *next_due_out)
{
    if (engine->options.has_worker)
        return AURORA_ENOTSUP;
    int64_t end_ns = end_of(budget_ms < 0 ? 0 : budget_ms);
    aurora_status rc = AURORA_OK;
    pthread_mutex_lock(&engine->lock);
    if (engine->is_closing)
        rc = AURORA_ECLOSED;
    else if (engine->is_driving)
        rc = is_driver(engine) ? AURORA_EREENTRANT : AURORA_EBUSY;
    if (rc == AURORA_OK) {
        bool did = true;
        uint64_t wakes = engine->wakes;
        unpoke(engine);
        do {
            drive_locked(engine, &did);
        } while (did && !engine->is_driving && !engine->is_closing && engine->wakes == wakes &&
                 real_ns() < end_ns);
        if (did)
            poke(engine);
        if (next_due_out != NULL)
            *next_due_out = did ? 0 : next_due(engine);
    }
    pthread_mutex_unlock(&engine->lock);
    return rc;
}

void *aurora__engine_work(void *argument)
{
    aurora__engine *engine = argument;
    pthread_mutex_lock(&engine->lock);
    while (!engine->is_closing) {
        bool did;
        drive_locked(engine, &did);
        if (did || has_queued(engine) || engine->is_closing)
            continue;
        int64_t due = next_due(engine);
        int64_t wait = due >= 0 && due < IDLE_MS ? due : IDLE_MS;
        if (wait == 0)
            continue;
        struct timespec until;
        deadline_in(&until, wait);
        pthread_cond_timedwait(&engine->queued, &engine->lock, &until);
    }
    pthread_mutex_unlock(&engine->lock);
    return NULL;
}
