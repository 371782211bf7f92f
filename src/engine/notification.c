/* SPDX-License-Identifier: MIT */
#include "engine/notification.h"

#include "core/notification.h"
#include "engine/internal.h"
#include "engine/notification_line.h"
#include "engine/say.h"
#include "engine/trace.h"

#include <aurora/event.h>

#include <string.h>

#define CURSOR_KIND 3
#define ENTRIES_MAX 16384
#define FLUSH_ENTRIES 256
#define CURSOR_LAG 1024
#define CURSOR_EVERY_NS 1000000000
#define HOLD_NS 1000000000
#define TEXT_BYTES_KEEP ((size_t)1 << 20)

typedef struct {
    aurora__notification what;
    int64_t position;
    const char *line;            /* what the log is told; NULL = nothing */
    int64_t fed_ns;              /* of its span; 0 = it has none */
    aurora_trace_context parent; /* likewise */
    aurora_trace_context own;
    bool has_contact;
    bool is_ours;
    bool is_sent; /* by the last decision: neither old, nor another process's */
} entry;

/* What was fed and is not stored. Two of them: one is filled while the other is stored. */
typedef struct {
    entry *entries;
    uint32_t count;
    uint32_t capacity;
    int64_t position; /* every event up to here is in it, or was stored */
    aurora__block_arena texts;
} pending;

typedef struct {
    aurora__follower head;
    pending sets[2];
    uint32_t filling;
    bool is_storing; /* the other set waits to be stored, or to be stored again */
    bool is_careful; /* a row was there already: rows are loaded before they are inserted */
    bool was_idle;
    int64_t stored; /* the cursor as of our last commit */
    int64_t stored_ns;
    int64_t hold_ns; /* monotonic: the last store failed, none before this */
    _Atomic bool is_hastened;
} notifier;

typedef struct {
    aurora__command head;
    notifier *owner;
    pending *set;
} store_command;

static bool grow(notifier *self, pending *set)
{
    const aurora_allocator *allocator = self->head.engine->options.allocator;
    if (set->count < set->capacity)
        return true;
    uint32_t capacity = set->capacity == 0 ? 64 : set->capacity * 2;
    entry *entries =
        allocator->reallocate(allocator->self, set->entries, capacity * sizeof *entries);
    if (entries == NULL)
        return false;
    set->entries = entries;
    set->capacity = capacity;
    return true;
}

static bool has_line(const aurora__engine *engine)
{
    return !engine->options.has_notifier && aurora__engine_hears(engine, AURORA_LOG_INFO);
}

/* The notification of a sampled order is a span under the event's, and what sends it is under that:
 * *event_out is the event as it says so. */
static aurora_status begin_span(notifier *self, entry *next, aurora__event *event_out,
                                const aurora__event *event)
{
    aurora__engine *engine = self->head.engine;
    aurora__arena *arena = &self->sets[self->filling].texts.arena;
    char text[AURORA_TRACEPARENT_BYTES];
    *event_out = *event;
    next->fed_ns = 0;
    if (!aurora__trace_is_on(engine) || !aurora__trace_is_sampled(event->saga->traceparent) ||
        !aurora__trace_read(event->saga->traceparent, &next->parent))
        return AURORA_OK;
    next->own = next->parent;
    aurora__span_draw(engine, next->own.span_id);
    aurora_traceparent_format(&next->own, text);
    aurora__saga *saga = aurora__arena_take(arena, sizeof *saga);
    if (saga == NULL)
        return AURORA_ENOMEM;
    *saga = *event->saga;
    saga->traceparent = aurora__arena_text(arena, text);
    event_out->saga = saga;
    next->fed_ns = aurora__trace_now_ns(engine);
    return saga->traceparent == NULL ? AURORA_ENOMEM : AURORA_OK;
}

static void tell_span(const notifier *self, const entry *one)
{
    aurora__engine *engine = self->head.engine;
    aurora__span_draft draft;
    if (one->fed_ns == 0 || !one->is_ours)
        return;
    aurora__span_start(&draft, &one->own, one->parent.span_id, AURORA_SPAN_CONSUMER);
    aurora__span_follow(&draft, AURORA__NOTIFICATION_CURSOR, one->what.event_kind, one->position);
    aurora__span_order(&draft, &one->what.order_id);
    aurora__span_tell(engine, &draft, one->fed_ns, aurora__trace_now_ns(engine));
}

static aurora_status feed(aurora__follower *follower, const aurora__event *given, int64_t position)
{
    aurora__event traced;
    const aurora__event *event = given;
    notifier *self = (notifier *)follower;
    pending *set = &self->sets[self->filling];
    if (event->is_resend || event->saga == NULL)
        return AURORA_OK;
    if (set->count == ENTRIES_MAX)
        return AURORA_EBUSY;
    if (!grow(self, set))
        return AURORA_ENOMEM;
    entry *next = &set->entries[set->count];
    if (begin_span(self, next, &traced, given) != AURORA_OK)
        return AURORA_ENOMEM;
    event = &traced;
    next->position = position;
    next->what = (aurora__notification){.order_id = event->order_id,
                                        .event_kind = event->kind,
                                        .order_version = event->order_version,
                                        .at_ms = event->at_ms};
    next->has_contact = event->saga->contact != NULL;
    if (follower->engine->options.has_notifier) {
        next->what.saga = aurora__notification_saga(&set->texts.arena, event);
        if (next->what.saga == NULL)
            return AURORA_ENOMEM;
    }
    next->line = NULL;
    if (has_line(follower->engine)) {
        next->line = aurora__notification_line(&set->texts.arena, event);
        if (next->line == NULL)
            return AURORA_ENOMEM;
    }
    set->count++;
    return AURORA_OK;
}

static aurora_status store_keys(aurora__command *command, aurora__turn *turn)
{
    const store_command *store = (const store_command *)command;
    aurora__key cursor = aurora__key_text(AURORA__TABLE_cursor, AURORA__NOTIFICATION_CURSOR);
    aurora_status rc = aurora__rows_want(turn->step.rows, &cursor);
    for (uint32_t i = 0; rc == AURORA_OK && store->owner->is_careful && i < store->set->count;
         i++) {
        const aurora__notification *what = &store->set->entries[i].what;
        aurora__key key =
            aurora__key_uuid_number(AURORA__TABLE_notification, &what->order_id, what->event_kind);
        rc = aurora__rows_want(turn->step.rows, &key);
    }
    return rc;
}

static aurora_status add(store_command *store, aurora__step *step, entry *one)
{
    const aurora__engine_options *options = &store->head.engine->options;
    aurora__notification what = one->what;
    if (!store->owner->is_careful) {
        aurora__key key =
            aurora__key_uuid_number(AURORA__TABLE_notification, &what.order_id, what.event_kind);
        aurora_status rc = aurora__rows_assume_absent(step->rows, &key);
        if (rc != AURORA_OK)
            return rc;
    }
    if (what.at_ms < step->now_ms - options->notify_max_age_ms ||
        (options->needs_contact && !one->has_contact))
        what.state = AURORA__NOTIFICATION_SKIPPED;
    else
        what.state =
            options->has_notifier ? AURORA__NOTIFICATION_PENDING : AURORA__NOTIFICATION_SENT;
    one->is_sent = what.state == AURORA__NOTIFICATION_SENT;
    return aurora__notification_add(step, &what);
}

/* Where another instance was as far, or farther, nothing is written. */
static aurora_status move_cursor(aurora__step *step, int64_t position, int64_t *before_out)
{
    aurora__cursor_row *row;
    const aurora__cursor_row *stored;
    aurora__key key = aurora__key_text(AURORA__TABLE_cursor, AURORA__NOTIFICATION_CURSOR);
    aurora_status rc = aurora__rows_read(step->rows, &key, (const void **)&stored);
    *before_out = stored == NULL ? 0 : stored->position;
    if (rc != AURORA_OK || (stored != NULL && stored->position >= position))
        return rc;
    rc = aurora__rows_write(step->rows, &key, (void **)&row);
    if (rc == AURORA_OK && row == NULL)
        rc = aurora__rows_insert(step->rows, &key, (void **)&row);
    if (rc != AURORA_OK)
        return rc;
    row->kind = CURSOR_KIND;
    row->seen_at = step->now_ms;
    row->position = position;
    return AURORA_OK;
}

/* Another process may have stored some of it: what lies at or below the cursor is dropped. */
static aurora_status store_decide(aurora__command *command, aurora__turn *turn)
{
    store_command *store = (store_command *)command;
    int64_t before;
    aurora_status rc = move_cursor(&turn->step, store->set->position, &before);
    for (uint32_t i = 0; rc == AURORA_OK && i < store->set->count; i++) {
        entry *one = &store->set->entries[i];
        one->is_sent = false;
        one->is_ours = one->position > before;
        if (one->is_ours)
            rc = add(store, &turn->step, one);
    }
    return rc;
}

/* After the commit that says SENT: a kill between the two loses the line, none is said twice. */
static void say(aurora__engine *engine, const entry *one)
{
    const aurora__said said = {.order_id = &one->what.order_id, .flags = AURORA_LOG_EACH};
    if (one->is_sent && one->line != NULL)
        aurora__engine_say_text(engine, AURORA_LOG_INFO, "notification", &said, one->line);
}

static bool store_finish(aurora__command *command, aurora__turn *turn, aurora_status status)
{
    (void)turn;
    store_command *store = (store_command *)command;
    notifier *self = store->owner;
    aurora__engine *engine = self->head.engine;
    self->head.is_working = false;
    if (status != AURORA_OK) {
        self->hold_ns = aurora__engine_monotonic_ns(engine) + HOLD_NS;
        return true;
    }
    for (uint32_t i = 0; i < store->set->count; i++) {
        say(engine, &store->set->entries[i]);
        tell_span(self, &store->set->entries[i]);
    }
    self->stored = store->set->position;
    self->is_storing = false;
    self->is_careful = false;
    store->set->count = 0;
    aurora__block_arena_reset(&store->set->texts, TEXT_BYTES_KEEP);
    return true;
}

static void store_drop(aurora__command *command, aurora_status status)
{
    notifier *self = ((store_command *)command)->owner;
    self->head.is_working = false;
    if (status == AURORA_ECONFLICT && !self->is_careful)
        self->is_careful = true;
    else
        self->hold_ns = aurora__engine_monotonic_ns(command->engine) + HOLD_NS;
}

static const aurora__command_class store_class = {.name = "notification_store",
                                                  .keys = store_keys,
                                                  .decide = store_decide,
                                                  .finish = store_finish,
                                                  .drop = store_drop};

/* With a worker a lonely order is not followed by a second commit at once, which would delay the
 * next one: what is little waits until the engine was idle twice. Without one it joins whatever
 * batch comes next. */
static bool is_due(notifier *self, bool is_idle)
{
    const pending *set = &self->sets[self->filling];
    aurora__engine *engine = self->head.engine;
    bool is_hastened = atomic_exchange(&self->is_hastened, false);
    bool was_idle = self->was_idle;
    self->was_idle = is_idle;
    if (aurora__engine_monotonic_ns(engine) < self->hold_ns)
        return false;
    if (self->is_storing)
        return true;
    if (set->count == 0) {
        int64_t lag = self->head.position - self->stored;
        int64_t age_ns = aurora__engine_monotonic_ns(engine) - self->stored_ns;
        return lag >= CURSOR_LAG || (lag > 0 && is_idle && age_ns >= CURSOR_EVERY_NS);
    }
    return is_hastened || set->count >= FLUSH_ENTRIES || !engine->options.has_worker ||
           (is_idle && was_idle);
}

static aurora__command *work(aurora__follower *follower, bool is_idle)
{
    notifier *self = (notifier *)follower;
    if (!is_due(self, is_idle))
        return NULL;
    store_command *store = aurora__command_new(follower->engine, &store_class, sizeof *store);
    if (store == NULL)
        return NULL;
    if (!self->is_storing) {
        self->sets[self->filling].position = follower->position;
        self->filling ^= 1;
        self->is_storing = true;
        self->stored_ns = aurora__engine_monotonic_ns(follower->engine);
    }
    store->owner = self;
    store->set = &self->sets[self->filling ^ 1];
    return &store->head;
}

static void close_follower(aurora__follower *follower)
{
    notifier *self = (notifier *)follower;
    const aurora_allocator *allocator = follower->engine->options.allocator;
    for (int i = 0; i < 2; i++) {
        aurora__block_arena_free(&self->sets[i].texts);
        if (self->sets[i].entries != NULL)
            allocator->release(allocator->self, self->sets[i].entries);
    }
    allocator->release(allocator->self, self);
}

static const aurora__follower_class notifier_class = {.name = AURORA__NOTIFICATION_CURSOR,
                                                      .feed = feed,
                                                      .work = work,
                                                      .close = close_follower};

static aurora_status read_cursor(aurora__engine *engine, int64_t *position_out)
{
    aurora_store_txn *txn;
    aurora__query_arena arena;
    aurora__cursor_row row;
    aurora__key key = aurora__key_text(AURORA__TABLE_cursor, AURORA__NOTIFICATION_CURSOR);
    *position_out = 0;
    aurora_status rc = aurora__engine_read_begin(engine, &txn);
    if (rc != AURORA_OK)
        return rc;
    aurora__query_arena_init(&arena, engine->options.allocator);
    rc = aurora__engine_load(engine, txn, &key, &arena, &row);
    if (rc == AURORA_OK)
        *position_out = row.position;
    aurora__query_arena_free(&arena);
    aurora__engine_read_end(engine, txn);
    return rc == AURORA_ENOTFOUND ? AURORA_OK : rc;
}

aurora_status aurora__follow_notification(aurora__engine *engine, aurora_error *err)
{
    (void)err;
    const aurora_allocator *allocator = engine->options.allocator;
    notifier *self = allocator->allocate(allocator->self, sizeof *self);
    if (self == NULL)
        return AURORA_ENOMEM;
    memset(self, 0, sizeof *self);
    self->head.class_of = &notifier_class;
    self->head.engine = engine;
    self->head.kinds = INT64_C(1) << AURORA_EVENT_ORDER_COMPLETED |
                       INT64_C(1) << AURORA_EVENT_ORDER_FAILED |
                       INT64_C(1) << AURORA_EVENT_ORDER_CANCELLED;
    aurora__block_arena_init(&self->sets[0].texts, allocator);
    aurora__block_arena_init(&self->sets[1].texts, allocator);
    aurora_status rc = read_cursor(engine, &self->head.position);
    self->stored = self->head.position;
    if (rc == AURORA_OK)
        rc = aurora__engine_follow(engine, &self->head);
    if (rc != AURORA_OK)
        close_follower(&self->head);
    return rc;
}

void aurora__notification_hasten(aurora__engine *engine)
{
    for (uint32_t i = 0; i < engine->follower_count; i++) {
        if (engine->followers[i]->class_of == &notifier_class)
            atomic_store(&((notifier *)engine->followers[i])->is_hastened, true);
    }
}
