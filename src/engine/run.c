/* SPDX-License-Identifier: MIT */
/* From a batch to its answers: again where the store asks for it, in halves where data is to blame,
 * later where a store that several share is away. */
#include "engine/internal.h"
#include "engine/trace.h"

#include <time.h>

#define RETRIES_MAX 10
#define RACES_BATCH_MAX 1
#define RACES_ALONE_MAX 3
#define AWAY_FIRST_MS 50
#define AWAY_MAX_MS 1000
#define DOUBT_NS 1000000000 /* about what all the tries of a batch take */

void aurora__pause_ms(const aurora__engine *engine, int64_t ms)
{
    const aurora_clock *clock = &engine->options.clock;
    if (clock->pause_ms != NULL) {
        clock->pause_ms(clock->self, ms);
        return;
    }
    struct timespec wait = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    nanosleep(&wait, NULL);
}

void aurora__engine_give_up(aurora__engine *engine)
{
    atomic_store(&engine->is_giving_up, true);
    aurora__engine_poke(engine);
}

static bool is_closing(aurora__engine *engine)
{
    if (atomic_load(&engine->is_giving_up))
        return true;
    pthread_mutex_lock(&engine->lock);
    bool is = engine->is_closing;
    pthread_mutex_unlock(&engine->lock);
    return is;
}

static void refuse_all(aurora__engine *engine, aurora__command **commands, uint32_t count,
                       aurora_status rc)
{
    for (uint32_t i = 0; i < count; i++) {
        aurora__counters_finish(&engine->counters, commands[i]->class_of->name, rc);
        if (commands[i]->trace != NULL)
            aurora__trace_refused(engine, commands[i], rc);
        if (commands[i]->class_of->drop != NULL)
            commands[i]->class_of->drop(commands[i], rc);
        aurora__command_done(commands[i], rc);
    }
}

static bool is_passing(aurora_status rc)
{
    return rc == AURORA_EBUSY || rc == AURORA_EIO;
}

static bool is_data_error(aurora_status rc)
{
    return rc == AURORA_ECONFLICT || rc == AURORA_ECORRUPT;
}

/* Rows that do not exist cannot be locked: what another instance inserted meanwhile is refused
 * once, and found the next time. */
static bool is_race(const aurora__engine *engine, aurora_status rc, uint32_t count, uint32_t races)
{
    return rc == AURORA_ECONFLICT && aurora__engine_is_shared(engine) &&
           races < (count > 1 ? RACES_BATCH_MAX : RACES_ALONE_MAX);
}

/* While a shared store is away one question at a time is enough. */
static aurora_status attempt_often(aurora__engine *engine, aurora__command **commands,
                                   uint32_t count)
{
    uint32_t tries = engine->away_ms > 0 ? 1 : RETRIES_MAX;
    uint32_t races = 0;
    int64_t wait = 1;
    aurora_status rc = AURORA_EBUSY;
    while (tries > 0) {
        rc = aurora__batch_attempt(engine, commands, count);
        if (is_race(engine, rc, count, races)) {
            races++;
            aurora__counter_add(engine->counters.batch_races, 1);
            continue;
        }
        if (!is_passing(rc))
            return rc;
        aurora__counter_add(engine->counters.batch_retries, 1);
        if (is_closing(engine) || --tries == 0)
            return rc;
        aurora__counter_add(engine->counters.store_retries, 1);
        aurora__pause_ms(engine, wait);
        wait = wait < 250 ? wait * 2 : 250;
    }
    return rc;
}

/* --- a store that is away --------------------------------------------------------------------- */

/* What was to be done is done when it is back: timers, followers, relay and sagas do not ask
 * twice. */
static void wait_for_store(aurora__engine *engine, aurora__command **commands, uint32_t count,
                           aurora_status rc)
{
    aurora__command_queue queue = {0};
    for (uint32_t i = 0; i < count; i++)
        aurora__command_queue_push(&queue, commands[i]);
    aurora__engine_put_back(engine, &queue);
    if (engine->away_ms == 0)
        aurora__engine_log(engine, AURORA_LOG_ERROR, "engine",
                           "the store is away (%s): commands wait for it", aurora_status_text(rc));
    engine->away_ms = engine->away_ms == 0                ? AWAY_FIRST_MS
                      : engine->away_ms * 2 < AWAY_MAX_MS ? engine->away_ms * 2
                                                          : AWAY_MAX_MS;
    engine->away_until_ns = aurora__engine_monotonic_ns(engine) + engine->away_ms * 1000000;
    if (rc == AURORA_EIO)
        atomic_store(&engine->health, rc);
}

void aurora__run_is_back(aurora__engine *engine)
{
    if (engine->away_ms > 0)
        aurora__engine_log(engine, AURORA_LOG_INFO, "engine", "the store is back");
    engine->away_ms = 0;
    engine->away_until_ns = 0;
}

bool aurora__run_is_away(const aurora__engine *engine)
{
    return engine->away_ms > 0 && aurora__engine_monotonic_ns(engine) < engine->away_until_ns;
}

/* Nothing of them was stored. */
static void refuse_queued(aurora__engine *engine, int64_t now_ns, bool is_over)
{
    aurora__command_queue kept = {0};
    aurora__command_queue late = {0};
    aurora__command *command;
    pthread_mutex_lock(&engine->lock);
    while ((command = aurora__command_queue_pop(&engine->queue)) != NULL) {
        bool is_late = is_over || (command->deadline_ns != 0 && command->deadline_ns <= now_ns);
        aurora__command_queue_push(is_late ? &late : &kept, command);
    }
    engine->queue = kept;
    pthread_mutex_unlock(&engine->lock);
    while ((command = aurora__command_queue_pop(&late)) != NULL)
        refuse_all(engine, &command, 1, AURORA_EIO);
}

/* Those whose callers have given up are refused. */
void aurora__run_expire(aurora__engine *engine)
{
    refuse_queued(engine, aurora__engine_monotonic_ns(engine), atomic_load(&engine->is_giving_up));
}

/* Behind a commit of unknown outcome nothing can be stored either. On a store that others share
 * commands wait, as when it is away; on one's own they are refused as when each try fails. */
void aurora__run_doubt(aurora__engine *engine, int64_t since_ns)
{
    int64_t now_ns = aurora__engine_monotonic_ns(engine);
    bool is_lasting = now_ns - since_ns >= DOUBT_NS;
    if (is_lasting)
        atomic_store(&engine->health, AURORA_EIO);
    refuse_queued(engine, now_ns, is_lasting && !aurora__engine_is_shared(engine));
    aurora__watch_expire(engine, now_ns, false, AURORA_ETIMEDOUT);
    aurora__flush_run(engine);
    pthread_mutex_lock(&engine->lock);
    pthread_cond_broadcast(&engine->changed);
    pthread_mutex_unlock(&engine->lock);
}

/* --- running ---------------------------------------------------------------------------------- */

void aurora__batch_run(aurora__engine *engine, aurora__command **commands, uint32_t count)
{
    if (atomic_load(&engine->health) == AURORA_ECORE) {
        refuse_all(engine, commands, count, AURORA_ECORE);
        return;
    }
    aurora_status rc = attempt_often(engine, commands, count);
    if (is_passing(rc) && aurora__engine_is_shared(engine) && !atomic_load(&engine->is_giving_up)) {
        wait_for_store(engine, commands, count, rc);
        return;
    }
    aurora__run_is_back(engine);
    if (rc == AURORA_OK) {
        if (atomic_load(&engine->health) == AURORA_EIO ||
            atomic_load(&engine->health) == AURORA_EFULL)
            atomic_store(&engine->health, AURORA_OK);
        return;
    }
    if (is_data_error(rc) && count > 1) {
        aurora__counter_add(engine->counters.bisections, 1);
        uint32_t half = count / 2;
        aurora__batch_run(engine, commands, half);
        aurora__batch_run(engine, commands + half, count - half);
        return;
    }
    if (rc == AURORA_ECORE)
        aurora__engine_break(engine, rc);
    else if (rc == AURORA_EIO || rc == AURORA_EFULL)
        atomic_store(&engine->health, rc);
    refuse_all(engine, commands, count, rc);
}
