/* SPDX-License-Identifier: MIT */
#include "engine/search_state.h"

#include <aurora/event.h>

#include <string.h>
#include <time.h>

#define MILLISECOND_NS INT64_C(1000000)
#define HOLD_NS (1000 * MILLISECOND_NS)
#define BUSY_NS (20 * MILLISECOND_NS)
#define CHECK_NS (1000 * MILLISECOND_NS) /* others may have dropped or rebuilt the index */
#define LATE_NS (50 * MILLISECOND_NS)    /* then a change is applied although commands wait */
#define REST_NS (30 * MILLISECOND_NS)   /* between two transactions: each empties readers' caches */
#define SAVE_NS (5000 * MILLISECOND_NS) /* for a position alone */
#define SAVE_EVENTS 100000
#define CHUNK_THREAD 512
#define CHUNK_IDLE 128
#define CHUNK_BUSY 8
#define PAGE_THREAD 512
#define PAGE_IDLE 128
#define PAGE_BUSY 16
#define CLOSE_CHANGES 4096

/* --- applying --------------------------------------------------------------------------------- */

void aurora__search_failed(aurora__search *self, aurora_status status)
{
    bool is_busy = status == AURORA_EBUSY; /* another process writes: no reason to complain */
    pthread_mutex_lock(&self->lock);
    bool is_new = !self->has_complained && !is_busy;
    self->has_complained |= !is_busy;
    self->hold_ns = aurora__search_clock_ns() + (is_busy ? BUSY_NS : HOLD_NS);
    pthread_mutex_unlock(&self->lock);
    if (is_new)
        aurora__engine_log(self->head.engine, AURORA_LOG_ERROR, "search",
                           "the index cannot be written and is tried again: %s",
                           aurora_status_text(status));
}

static aurora_status apply(aurora__search *self, const aurora__search_portion *from)
{
    aurora__engine *engine = self->head.engine;
    const aurora_allocator *allocator = engine->options.allocator;
    aurora_search_change *changes =
        allocator->allocate(allocator->self, (from->count + 1) * sizeof *changes);
    aurora_search_batch batch = {
        .changes = changes, .count = from->count, .from = from->from, .to = from->to};
    aurora_store_txn *txn;
    uint32_t i = 0;
    if (changes == NULL)
        return AURORA_ENOMEM;
    for (aurora__search_item *item = from->first; item != NULL; item = item->next)
        changes[i++] = (aurora_search_change){.product = item->is_deleted ? NULL : item->product,
                                              .sku = item->product->sku,
                                              .version = item->version};
    aurora_status rc = aurora__engine_read_begin(engine, &txn);
    if (rc == AURORA_OK) {
        rc = aurora__search_log_id(engine, txn, batch.to, &batch.log_id);
        aurora__engine_read_end(engine, txn);
    }
    if (rc == AURORA_OK)
        rc = self->port.apply(self->port.self, &batch);
    allocator->release(allocator->self, changes);
    return rc;
}

/* Applies at most `limit` changes; false when there was nothing to apply or it failed. */
static bool flush(aurora__search *self, uint32_t limit)
{
    aurora__search_portion now;
    pthread_mutex_lock(&self->lock);
    bool has_any = aurora__search_take(self, limit, &now);
    pthread_mutex_unlock(&self->lock);
    if (!has_any)
        return false;
    aurora_status rc = apply(self, &now);
    pthread_mutex_lock(&self->lock);
    self->is_busy = false;
    bool is_void = now.stream != self->stream;
    if (rc == AURORA_OK && !is_void) {
        self->applied = now.to;
        self->saved_ns = aurora__search_clock_ns();
        self->has_complained = false;
    } else if (rc == AURORA_ECONFLICT && !is_void) {
        self->is_lost = true;
    } else if (rc != AURORA_OK) {
        aurora__search_put_back(self, &now);
    }
    pthread_mutex_unlock(&self->lock);
    aurora__search_free_items(self, now.first);
    if (rc != AURORA_OK && rc != AURORA_ECONFLICT)
        aurora__search_failed(self, rc);
    return rc == AURORA_OK;
}

/* Whether there is something to apply by now; the lock is held. Changes at once where nobody is
 * kept waiting, a position alone from time to time. */
static bool is_due(const aurora__search *self, bool is_idle, int64_t now_ns)
{
    if (now_ns < self->hold_ns || self->is_lost || self->fed <= self->applied)
        return false;
    if (self->first != NULL)
        return is_idle || now_ns - self->first->at_ns >= LATE_NS;
    return self->fed - self->applied >= SAVE_EVENTS ||
           (is_idle && now_ns - self->saved_ns >= SAVE_NS);
}

/* --- who does it ------------------------------------------------------------------------------ */

static void wait_for(aurora__search *self, int64_t ns)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += (long)(ns % 1000000000);
    until.tv_sec += (time_t)(ns / 1000000000) + until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_cond_timedwait(&self->wake, &self->lock, &until);
}

static void *work_beside(void *argument)
{
    aurora__search *self = argument;
    pthread_mutex_lock(&self->lock);
    while (!self->is_closing) {
        int64_t now_ns = aurora__search_clock_ns();
        bool has_changes = is_due(self, true, now_ns);
        bool has_page = self->is_rebuilding && now_ns >= self->hold_ns;
        if (!has_changes && !has_page) {
            wait_for(self, CHECK_NS);
            continue;
        }
        pthread_mutex_unlock(&self->lock);
        if (has_changes)
            flush(self, CHUNK_THREAD);
        if (has_page)
            aurora__search_page(self, PAGE_THREAD);
        pthread_mutex_lock(&self->lock);
        if (!has_page && !self->is_closing)
            wait_for(self, REST_NS);
    }
    pthread_mutex_unlock(&self->lock);
    return NULL;
}

/* Others may have deleted the file, or have begun a rebuild and died. */
static void check_index(aurora__search *self)
{
    aurora_search_state state;
    if (self->port.state(self->port.self, &state) != AURORA_OK)
        return;
    pthread_mutex_lock(&self->lock);
    self->is_lost |= state.position < self->applied;
    self->is_rebuilding |= state.is_rebuilding != 0;
    pthread_mutex_unlock(&self->lock);
}

/* Finds the index again where it was lost, and looks from time to time whether it was. */
static void keep_sight(aurora__search *self, bool is_idle, int64_t now_ns)
{
    pthread_mutex_lock(&self->lock);
    bool is_lost = self->is_lost;
    bool is_held = now_ns < self->hold_ns;
    pthread_mutex_unlock(&self->lock);
    if (is_held)
        return;
    if (is_lost) {
        aurora_status rc = aurora__search_attach(self);
        if (rc != AURORA_OK)
            aurora__search_failed(self, rc);
    } else if (is_idle && now_ns - self->checked_ns >= CHECK_NS) {
        self->checked_ns = now_ns;
        check_index(self);
    }
}

static bool step(aurora__follower *follower, bool is_idle)
{
    aurora__search *self = (aurora__search *)follower;
    int64_t now_ns = aurora__search_clock_ns();
    keep_sight(self, is_idle, now_ns);
    pthread_mutex_lock(&self->lock);
    if (!self->is_lost && follower->position > self->fed)
        self->fed = follower->position;
    if (self->count < AURORA__SEARCH_CHANGES_MAX / 2)
        follower->is_paused = false;
    bool has_changes = is_due(self, is_idle, now_ns);
    bool has_page = self->is_rebuilding && now_ns >= self->hold_ns;
    if (self->has_thread && (has_changes || has_page || self->first != NULL))
        pthread_cond_signal(&self->wake);
    pthread_mutex_unlock(&self->lock);
    if (self->has_thread)
        return false;
    bool did = has_changes && flush(self, is_idle ? CHUNK_IDLE : CHUNK_BUSY);
    if (has_page)
        aurora__search_page(self, is_idle ? PAGE_IDLE : PAGE_BUSY);
    return did || has_page;
}

/* --- life ------------------------------------------------------------------------------------- */

/* The store is still open: what is known is applied, so that the next process need not read it
 * from the log. */
static void stop(aurora__closer *closer)
{
    aurora__search *self =
        (aurora__search *)(void *)((char *)closer - offsetof(aurora__search, closer));
    pthread_mutex_lock(&self->lock);
    self->is_closing = true;
    pthread_cond_broadcast(&self->wake);
    pthread_mutex_unlock(&self->lock);
    if (self->has_thread)
        pthread_join(self->thread, NULL);
    flush(self, CLOSE_CHANGES);
}

static void close_follower(aurora__follower *follower)
{
    aurora__search *self = (aurora__search *)follower;
    const aurora_allocator *allocator = follower->engine->options.allocator;
    aurora__search_free_items(self, self->first);
    allocator->release(allocator->self, self);
}

static const aurora__follower_class search_class = {.name = "search",
                                                    .feed = aurora__search_feed,
                                                    .step = step,
                                                    .rebuild = aurora__search_overtaken,
                                                    .close = close_follower};

static aurora_status init_sync(aurora__search *self)
{
    pthread_condattr_t attributes;
    if (pthread_condattr_init(&attributes) != 0)
        return AURORA_ENOMEM;
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    int rc = pthread_mutex_init(&self->lock, NULL);
    rc |= pthread_cond_init(&self->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    return rc == 0 ? AURORA_OK : AURORA_ENOMEM;
}

aurora_status aurora__follow_search(aurora__engine *engine, const aurora_search_port *port,
                                    aurora_error *err)
{
    (void)err;
    const aurora_allocator *allocator = engine->options.allocator;
    aurora__search *self = allocator->allocate(allocator->self, sizeof *self);
    if (self == NULL)
        return AURORA_ENOMEM;
    memset(self, 0, sizeof *self);
    self->head.class_of = &search_class;
    self->head.engine = engine;
    self->head.kinds =
        INT64_C(1) << AURORA_EVENT_PRODUCT_UPSERTED | INT64_C(1) << AURORA_EVENT_PRODUCT_DELETED;
    self->port = *port;
    self->is_lost = true;
    self->checked_ns = aurora__search_clock_ns();
    aurora_status rc = init_sync(self);
    if (rc == AURORA_OK)
        rc = aurora__engine_follow(engine, &self->head);
    if (rc != AURORA_OK) {
        close_follower(&self->head);
        return rc;
    }
    rc = aurora__search_attach(self);
    if (rc != AURORA_OK)
        aurora__search_failed(self, rc);
    self->closer.closed = stop;
    aurora__engine_closer_add(engine, &self->closer);
    if (!engine->options.has_worker)
        return AURORA_OK;
    self->has_thread = pthread_create(&self->thread, NULL, work_beside, self) == 0;
    return self->has_thread ? AURORA_OK : AURORA_ENOMEM;
}

/* --- for queries ------------------------------------------------------------------------------ */

static aurora__search *find(const aurora__engine *engine)
{
    for (uint32_t i = 0; i < engine->follower_count; i++) {
        if (engine->followers[i]->class_of == &search_class)
            return (aurora__search *)engine->followers[i];
    }
    return NULL;
}

void aurora__search_flush(aurora__engine *engine)
{
    aurora__search *self = find(engine);
    if (self == NULL || self->has_thread)
        return;
    pthread_mutex_lock(&self->lock);
    bool has_any = self->first != NULL && is_due(self, true, aurora__search_clock_ns());
    pthread_mutex_unlock(&self->lock);
    if (has_any)
        flush(self, AURORA__SEARCH_CHANGES_MAX);
}

aurora_status aurora__search_rebuild(aurora__engine *engine)
{
    static const aurora_id none = {{0}};
    aurora__search *self = find(engine);
    if (self == NULL)
        return AURORA_ENOTSUP;
    aurora_status rc = self->port.rebuild_begin(self->port.self, -1, none);
    if (rc == AURORA_ECONFLICT) /* it was damaged, and is a new one now */
        rc = self->port.rebuild_begin(self->port.self, -1, none);
    if (rc != AURORA_OK)
        return rc;
    pthread_mutex_lock(&self->lock);
    self->is_rebuilding = true;
    pthread_cond_signal(&self->wake);
    pthread_mutex_unlock(&self->lock);
    return AURORA_OK;
}
