/* SPDX-License-Identifier: MIT */
#include "engine/trending.h"

#include "engine/internal.h"
#include "engine/trace.h"

#include <aurora/event.h>

#include <string.h>

#define SNAPSHOT_BUSY_NS INT64_C(5000000000) /* after this, when much was counted */
#define SNAPSHOT_NS INT64_C(30000000000)     /* after this, when anything was */
#define MUCH 1000
#define FAR 100000 /* events that a restart would read again for nothing */
#define HOLD_NS 1000000000

typedef struct {
    aurora__follower head;
    pthread_mutex_t lock;
    /* May be ahead of the follower: queries catch it up too. Of a handle for reading it is NULL
     * until the first query. */
    aurora__trending_set *set;
    /* The driving thread's. */
    uint64_t saved_count; /* set->counted as of the last snapshot */
    int64_t saved_position;
    int64_t saved_ns;
    int64_t hold_ns;
} trending;

static void tell_span(aurora__engine *engine, const aurora__event *event, int64_t position,
                      int64_t started_ns)
{
    aurora__span_draft draft;
    aurora_trace_context parent, own;
    if (!aurora__trace_read(event->saga->traceparent, &parent))
        return;
    own = parent;
    aurora__span_draw(engine, own.span_id);
    aurora__span_start(&draft, &own, parent.span_id, AURORA_SPAN_CONSUMER);
    aurora__span_follow(&draft, "trending", event->kind, position);
    aurora__span_order(&draft, &event->order_id);
    aurora__span_tell(engine, &draft, started_ns, aurora__trace_now_ns(engine));
}

static aurora_status take(trending *self, const aurora__event *event, int64_t position,
                          bool *is_new_out)
{
    aurora_status rc = AURORA_OK;
    pthread_mutex_lock(&self->lock);
    *is_new_out = position > self->set->position;
    if (*is_new_out) {
        rc = aurora__trending_set_take(self->set, event);
        if (rc == AURORA_OK)
            self->set->position = position;
    }
    pthread_mutex_unlock(&self->lock);
    return rc;
}

static aurora_status feed(aurora__follower *follower, const aurora__event *event, int64_t position)
{
    bool is_new;
    aurora__engine *engine = follower->engine;
    bool is_traced = aurora__trace_is_on(engine) && event->saga != NULL && !event->is_resend &&
                     aurora__trace_is_sampled(event->saga->traceparent);
    int64_t started_ns = is_traced ? aurora__trace_now_ns(engine) : 0;
    aurora_status rc = take((trending *)follower, event, position, &is_new);
    if (is_traced && is_new && rc == AURORA_OK)
        tell_span(engine, event, position, started_ns);
    return rc;
}

static aurora_status rebuild(aurora__follower *follower, aurora_store_txn *txn)
{
    trending *self = (trending *)follower;
    pthread_mutex_lock(&self->lock);
    aurora_status rc = aurora__trending_set_catch_up(self->set, follower->engine, txn);
    if (rc == AURORA_OK)
        follower->position = self->set->position;
    pthread_mutex_unlock(&self->lock);
    return rc;
}

/* --- snapshots -------------------------------------------------------------------------------- */

typedef struct {
    aurora__command head;
    trending *owner;
    uint64_t counted;
    int64_t position;
} save_command;

static aurora_status save_decide(aurora__command *command, aurora__turn *turn)
{
    (void)command;
    (void)turn;
    return AURORA_OK;
}

/* Instances that share a store count the same: what another one stored since is as good as ours. */
static aurora_status is_saved(save_command *save, aurora__turn *turn, bool *is_out)
{
    int64_t position = 0;
    *is_out = false;
    if (!aurora__engine_is_shared(turn->engine))
        return AURORA_OK;
    aurora_status rc = aurora__trending_set_stored(turn->engine, turn->txn, &position);
    *is_out = rc == AURORA_OK && position > save->owner->saved_position;
    if (*is_out)
        save->position = position;
    return rc;
}

/* The set may have been caught up by a query, but never beyond what is committed. */
static aurora_status save_save(aurora__command *command, aurora__turn *turn)
{
    save_command *save = (save_command *)command;
    aurora__trending_set *set = save->owner->set;
    bool is_saved_already;
    aurora_status checked = is_saved(save, turn, &is_saved_already);
    if (checked != AURORA_OK)
        return checked;
    pthread_mutex_lock(&save->owner->lock);
    save->position = is_saved_already ? save->position : set->position;
    save->counted = set->counted;
    aurora_status rc =
        is_saved_already ? AURORA_OK : aurora__trending_set_save(set, turn, set->position);
    pthread_mutex_unlock(&save->owner->lock);
    return rc;
}

static bool save_finish(aurora__command *command, aurora__turn *turn, aurora_status status)
{
    (void)turn;
    const save_command *save = (const save_command *)command;
    trending *self = save->owner;
    int64_t now_ns = aurora__engine_monotonic_ns(self->head.engine);
    self->head.is_working = false;
    if (status != AURORA_OK) {
        self->hold_ns = now_ns + HOLD_NS;
        return true;
    }
    self->saved_count = save->counted;
    self->saved_position = save->position;
    self->saved_ns = now_ns;
    return true;
}

static void save_drop(aurora__command *command, aurora_status status)
{
    trending *self = ((save_command *)command)->owner;
    (void)status;
    self->head.is_working = false;
    self->hold_ns = aurora__engine_monotonic_ns(self->head.engine) + HOLD_NS;
}

static const aurora__command_class save_class = {.name = "trending_save",
                                                 .decide = save_decide,
                                                 .save = save_save,
                                                 .finish = save_finish,
                                                 .drop = save_drop};

static aurora__command *work(aurora__follower *follower, bool is_idle)
{
    trending *self = (trending *)follower;
    (void)is_idle;
    pthread_mutex_lock(&self->lock);
    if (follower->position > self->set->position)
        self->set->position = follower->position;
    uint64_t counted = self->set->counted;
    pthread_mutex_unlock(&self->lock);
    int64_t now_ns = aurora__engine_monotonic_ns(follower->engine);
    int64_t age_ns = now_ns - self->saved_ns;
    uint64_t more = counted - self->saved_count;
    bool is_far = follower->position - self->saved_position > FAR;
    bool is_due = (more >= MUCH && age_ns >= SNAPSHOT_BUSY_NS) ||
                  ((more > 0 || is_far) && age_ns >= SNAPSHOT_NS);
    if (!is_due || now_ns < self->hold_ns)
        return NULL;
    save_command *save = aurora__command_new(follower->engine, &save_class, sizeof *save);
    if (save == NULL)
        return NULL;
    save->owner = self;
    return &save->head;
}

/* --- life ------------------------------------------------------------------------------------- */

static void close_follower(aurora__follower *follower)
{
    trending *self = (trending *)follower;
    const aurora_allocator *allocator = follower->engine->options.allocator;
    aurora__trending_set_free(self->set);
    pthread_mutex_destroy(&self->lock);
    allocator->release(allocator->self, self);
}

static const aurora__follower_class trending_class = {.name = "trending",
                                                      .feed = feed,
                                                      .work = work,
                                                      .rebuild = rebuild,
                                                      .close = close_follower};

static aurora_status load(trending *self)
{
    aurora_store_txn *txn;
    aurora__engine *engine = self->head.engine;
    self->set = aurora__trending_set_new(&engine->options);
    if (self->set == NULL)
        return AURORA_ENOMEM;
    aurora_status rc = aurora__engine_read_begin(engine, &txn);
    if (rc != AURORA_OK)
        return rc;
    rc = aurora__trending_set_load(self->set, engine, txn);
    aurora__engine_read_end(engine, txn);
    self->head.position = self->set->position;
    self->saved_position = self->set->position;
    self->saved_ns = aurora__engine_monotonic_ns(engine);
    return rc == AURORA_ENOTFOUND ? AURORA_OK : rc;
}

aurora_status aurora__follow_trending(aurora__engine *engine, aurora_error *err)
{
    (void)err;
    const aurora_allocator *allocator = engine->options.allocator;
    trending *self = allocator->allocate(allocator->self, sizeof *self);
    if (self == NULL)
        return AURORA_ENOMEM;
    memset(self, 0, sizeof *self);
    self->head.class_of = &trending_class;
    self->head.engine = engine;
    self->head.kinds =
        INT64_C(1) << AURORA_EVENT_ORDER_COMPLETED | INT64_C(1) << AURORA_EVENT_PRODUCT_VIEWED;
    self->head.position = engine->tail;
    pthread_mutex_init(&self->lock, NULL);
    aurora_status rc = engine->options.is_readonly ? AURORA_OK : load(self);
    if (rc == AURORA_OK)
        rc = aurora__engine_follow(engine, &self->head);
    if (rc != AURORA_OK)
        close_follower(&self->head);
    return rc;
}

/* --- queries ---------------------------------------------------------------------------------- */

static trending *find(const aurora__engine *engine)
{
    for (uint32_t i = 0; i < engine->follower_count; i++) {
        if (engine->followers[i]->class_of == &trending_class)
            return (trending *)engine->followers[i];
    }
    return NULL;
}

/* A handle for reading is fed nothing: a snapshot that others stored since may be nearer than the
 * log from where its last query ended. */
static aurora_status renew(trending *self, aurora_store_txn *txn)
{
    aurora__engine *engine = self->head.engine;
    aurora_log_bounds bounds;
    if (self->set == NULL)
        self->set = aurora__trending_set_new(&engine->options);
    if (self->set == NULL)
        return AURORA_ENOMEM;
    aurora_status rc = engine->store.log_bounds(engine->store.self, txn, &bounds);
    if (rc == AURORA_OK && bounds.head - self->set->position > FAR)
        rc = aurora__trending_set_load(self->set, engine, txn);
    return rc == AURORA_ENOTFOUND ? AURORA_OK : rc;
}

aurora_status aurora__trending_borrow(aurora__engine *engine, aurora_store_txn *txn,
                                      aurora__trending_loan *out)
{
    trending *self = find(engine);
    if (self == NULL)
        return AURORA_ENOTSUP;
    pthread_mutex_lock(&self->lock);
    aurora_status rc = engine->options.is_readonly ? renew(self, txn) : AURORA_OK;
    if (rc == AURORA_OK)
        rc = aurora__trending_set_catch_up(self->set, engine, txn);
    *out = (aurora__trending_loan){.engine = engine, .set = self->set};
    if (rc != AURORA_OK)
        aurora__trending_return(out);
    return rc;
}

void aurora__trending_return(aurora__trending_loan *loan)
{
    pthread_mutex_unlock(&find(loan->engine)->lock);
    loan->set = NULL;
}
