/* SPDX-License-Identifier: MIT */
#include "engine/customers.h"

#include "engine/customers_state.h"

#include <aurora/event.h>

#include <stdlib.h>
#include <string.h>

#define ORDERS_PER_SLICE 256 /* so many new orders let the next slice be stored */
#define COUNT_FULL 131072    /* beyond it the fullest slices go first */
#define COUNT_MAX 262144
#define FLUSH_SLICES AURORA__CUSTOMER_SLICES
#define FLUSH_RECORDS 8192
#define ALL_LAG 1024

/* --- feed ------------------------------------------------------------------------------------- */

static aurora_status feed(aurora__follower *follower, const aurora__event *event, int64_t position)
{
    aurora__customers *self = (aurora__customers *)follower;
    if (event->is_resend || event->saga == NULL || event->saga->customer_id == NULL)
        return AURORA_OK;
    if (self->count >= COUNT_MAX)
        return AURORA_EBUSY;
    const char *customer = event->saga->customer_id;
    size_t length = strlen(customer);
    uint32_t slice = aurora__customers_slice_of(customer, length);
    if (length > AURORA_TEXT_BYTES_MAX || position <= self->stored[slice])
        return AURORA_OK;
    aurora__customers_record record = {.position = position,
                                       .order_id = event->order_id,
                                       .customer = customer,
                                       .length = (uint32_t)length};
    pthread_mutex_lock(&self->lock);
    aurora_status rc = aurora__customers_slice_add(&self->slices[slice],
                                                   follower->engine->options.allocator, &record);
    if (rc == AURORA_OK) {
        self->count++;
        self->complete = position;
    }
    pthread_mutex_unlock(&self->lock);
    self->owed++;
    return rc;
}

/* --- storing slices --------------------------------------------------------------------------- */

typedef struct {
    uint32_t slice;
    uint32_t used;  /* bytes of it that are stored by this command */
    uint32_t count; /* records in them */
    int64_t before; /* what lies at or below was stored by somebody else */
} share;

typedef struct {
    aurora__command head;
    aurora__customers *owner;
    uint32_t share_count;
    bool is_all; /* nothing else is pending: one row says so for all slices */
    int64_t position;
    share shares[];
} store_command;

static aurora_status store_keys(aurora__command *command, aurora__turn *turn)
{
    const store_command *store = (const store_command *)command;
    aurora__key key = aurora__customers_slice_key(AURORA__CUSTOMER_SLICE_ALL);
    aurora_status rc = aurora__rows_want(turn->step.rows, &key);
    for (uint32_t i = 0; rc == AURORA_OK && i < store->share_count; i++) {
        key = aurora__customers_slice_key(store->shares[i].slice);
        rc = aurora__rows_want(turn->step.rows, &key);
    }
    return rc;
}

static aurora_status position_of(aurora__step *step, int64_t slice, int64_t *position_io)
{
    const aurora__customer_slice_row *row;
    aurora__key key = aurora__customers_slice_key(slice);
    aurora_status rc = aurora__rows_read(step->rows, &key, (const void **)&row);
    if (rc == AURORA_OK && row != NULL && row->position > *position_io)
        *position_io = row->position;
    return rc;
}

/* Everything fed so far is committed, so whatever the slices hold now is stored and the position of
 * the follower is theirs. */
static aurora_status store_decide(aurora__command *command, aurora__turn *turn)
{
    store_command *store = (store_command *)command;
    aurora__customers *self = store->owner;
    uint32_t total = 0;
    aurora_status rc = AURORA_OK;
    store->position = self->head.position;
    store->is_all = false;
    /* Chosen before retention passed us: what it was to store is forgotten. */
    if (self->is_rebuilding) {
        store->share_count = 0;
        return AURORA_OK;
    }
    for (uint32_t i = 0; rc == AURORA_OK && i < store->share_count; i++) {
        share *one = &store->shares[i];
        one->used = self->slices[one->slice].used;
        one->count = self->slices[one->slice].count;
        one->before = 0;
        total += one->count;
        rc = position_of(&turn->step, AURORA__CUSTOMER_SLICE_ALL, &one->before);
        if (rc == AURORA_OK)
            rc = position_of(&turn->step, one->slice, &one->before);
    }
    store->is_all = total == self->count;
    if (rc == AURORA_OK && store->is_all)
        return aurora__customers_set_position(&turn->step, AURORA__CUSTOMER_SLICE_ALL,
                                              store->position);
    for (uint32_t i = 0; rc == AURORA_OK && i < store->share_count; i++)
        rc = aurora__customers_set_position(&turn->step, store->shares[i].slice, store->position);
    return rc;
}

static aurora_status store_save(aurora__command *command, aurora__turn *turn)
{
    const store_command *store = (const store_command *)command;
    uint32_t total = 0;
    uint32_t count = 0;
    for (uint32_t i = 0; i < store->share_count; i++)
        total += store->shares[i].count;
    if (total == 0)
        return AURORA_OK;
    aurora__customers_put *records = aurora__arena_take(turn->step.arena, total * sizeof *records);
    if (records == NULL)
        return AURORA_ENOMEM;
    for (uint32_t i = 0; i < store->share_count; i++) {
        const share *one = &store->shares[i];
        uint32_t offset = 0;
        aurora__customers_put *at = &records[count];
        while (offset < one->used && aurora__customers_slice_next(&store->owner->slices[one->slice],
                                                                  &offset, &at->record)) {
            if (at->record.position <= one->before)
                continue;
            at->slice = one->slice;
            at = &records[++count];
        }
    }
    qsort(records, count, sizeof *records, aurora__customers_in_order);
    return aurora__customers_put_all(turn, records, count);
}

static bool store_finish(aurora__command *command, aurora__turn *turn, aurora_status status)
{
    (void)turn;
    store_command *store = (store_command *)command;
    aurora__customers *self = store->owner;
    aurora__customers_hold(self, status);
    if (status != AURORA_OK)
        return true;
    pthread_mutex_lock(&self->lock);
    for (uint32_t i = 0; i < store->share_count; i++) {
        const share *one = &store->shares[i];
        aurora__customers_slice_cut(&self->slices[one->slice], self->head.engine->options.allocator,
                                    one->used, one->count);
        self->count -= one->count;
        self->stored[one->slice] = store->position;
    }
    for (uint32_t i = 0; store->is_all && i < AURORA__CUSTOMER_SLICES; i++)
        self->stored[i] = store->position;
    pthread_mutex_unlock(&self->lock);
    if (store->is_all)
        self->stored_all = store->position;
    return true;
}

static void store_drop(aurora__command *command, aurora_status status)
{
    aurora__customers_hold(((store_command *)command)->owner, status);
}

static const aurora__command_class store_class = {.name = "customers_store",
                                                  .keys = store_keys,
                                                  .decide = store_decide,
                                                  .save = store_save,
                                                  .finish = store_finish,
                                                  .drop = store_drop};

/* --- what is due ------------------------------------------------------------------------------ */

static bool is_chosen(const store_command *store, uint32_t slice)
{
    for (uint32_t i = 0; i < store->share_count; i++) {
        if (store->shares[i].slice == slice)
            return true;
    }
    return false;
}

static void choose_fullest(const aurora__customers *self, store_command *store)
{
    uint32_t best = AURORA__CUSTOMER_SLICES;
    for (uint32_t i = 0; i < AURORA__CUSTOMER_SLICES; i++) {
        bool is_fuller =
            best == AURORA__CUSTOMER_SLICES || self->slices[i].count > self->slices[best].count;
        if (is_fuller && !is_chosen(store, i))
            best = i;
    }
    store->shares[store->share_count++].slice = best;
}

/* Slices in turn as they are owed; when idle as many as hold something. */
static void choose(aurora__customers *self, store_command *store, bool is_idle)
{
    uint32_t records = 0;
    while (self->owed >= ORDERS_PER_SLICE && store->share_count < 16 && records < FLUSH_RECORDS) {
        self->owed -= ORDERS_PER_SLICE;
        records += self->slices[self->next].count;
        store->shares[store->share_count++].slice = self->next;
        self->next = (self->next + 1) % AURORA__CUSTOMER_SLICES;
    }
    if (self->count > COUNT_FULL)
        choose_fullest(self, store);
    for (uint32_t i = 0; is_idle && i < AURORA__CUSTOMER_SLICES && records < FLUSH_RECORDS; i++) {
        uint32_t slice = (self->next + i) % AURORA__CUSTOMER_SLICES;
        if (self->slices[slice].count == 0 || is_chosen(store, slice))
            continue;
        records += self->slices[slice].count;
        store->shares[store->share_count++].slice = slice;
    }
}

static aurora__command *work(aurora__follower *follower, bool is_idle)
{
    aurora__customers *self = (aurora__customers *)follower;
    aurora__engine *engine = follower->engine;
    bool may_empty = is_idle && (self->was_idle || !engine->options.has_worker);
    self->was_idle = is_idle;
    pthread_mutex_lock(&self->lock);
    self->complete = follower->position;
    pthread_mutex_unlock(&self->lock);
    if (aurora__engine_monotonic_ns(engine) < self->hold_ns)
        return NULL;
    if (self->is_rebuilding) {
        return aurora__customers_rebuild_page(self);
    }
    bool is_stale =
        may_empty && self->count == 0 && follower->position - self->stored_all > ALL_LAG;
    bool is_due = self->owed >= ORDERS_PER_SLICE || self->count > COUNT_FULL ||
                  (may_empty && self->count > 0) || is_stale;
    if (!is_due)
        return NULL;
    store_command *store = aurora__command_new(engine, &store_class,
                                               sizeof *store + (FLUSH_SLICES + 1) * sizeof(share));
    if (store == NULL)
        return NULL;
    store->owner = self;
    choose(self, store, may_empty);
    return &store->head;
}

/* --- life ------------------------------------------------------------------------------------- */

static void close_follower(aurora__follower *follower)
{
    aurora__customers *self = (aurora__customers *)follower;
    const aurora_allocator *allocator = follower->engine->options.allocator;
    for (uint32_t i = 0; i < AURORA__CUSTOMER_SLICES; i++) {
        if (self->slices[i].bytes != NULL)
            allocator->release(allocator->self, self->slices[i].bytes);
    }
    pthread_mutex_destroy(&self->lock);
    allocator->release(allocator->self, self);
}

static const aurora__follower_class customers_class = {.name = "customers",
                                                       .feed = feed,
                                                       .work = work,
                                                       .rebuild = aurora__customers_rebuild,
                                                       .close = close_follower};

static aurora_status read_positions(aurora__engine *engine, aurora_store_txn *txn,
                                    aurora__customers *self)
{
    aurora__query_arena arena;
    uint32_t count = 0;
    aurora__range range = {
        .table = AURORA__TABLE_customer_slice, .index = -1, .limit = AURORA__CUSTOMER_SLICES + 1};
    aurora__query_arena_init(&arena, engine->options.allocator);
    aurora__customer_slice_row *rows = aurora__arena_take(&arena.arena, range.limit * sizeof *rows);
    aurora_status rc = rows == NULL
                           ? AURORA_ENOMEM
                           : aurora__engine_scan(engine, txn, &range, &arena, rows, &count);
    for (uint32_t i = 0; rc == AURORA_OK && i < count; i++) {
        if (rows[i].slice == AURORA__CUSTOMER_SLICE_ALL)
            self->stored_all = rows[i].position;
        else if (rows[i].slice >= 0 && rows[i].slice < AURORA__CUSTOMER_SLICES)
            self->stored[rows[i].slice] = rows[i].position;
    }
    aurora__query_arena_free(&arena);
    self->head.position = INT64_MAX;
    for (uint32_t i = 0; i < AURORA__CUSTOMER_SLICES; i++) {
        if (self->stored[i] < self->stored_all)
            self->stored[i] = self->stored_all;
        if (self->stored[i] < self->head.position)
            self->head.position = self->stored[i];
    }
    self->complete = self->head.position;
    return rc;
}

aurora_status aurora__follow_customers(aurora__engine *engine, aurora_error *err)
{
    (void)err;
    const aurora_allocator *allocator = engine->options.allocator;
    aurora_store_txn *txn;
    aurora__customers *self = allocator->allocate(allocator->self, sizeof *self);
    if (self == NULL)
        return AURORA_ENOMEM;
    memset(self, 0, sizeof *self);
    self->head.class_of = &customers_class;
    self->head.engine = engine;
    self->head.kinds = INT64_C(1) << AURORA_EVENT_ORDER_CREATED;
    pthread_mutex_init(&self->lock, NULL);
    aurora_status rc = aurora__engine_read_begin(engine, &txn);
    if (rc == AURORA_OK) {
        rc = read_positions(engine, txn, self);
        aurora__engine_read_end(engine, txn);
    }
    if (rc == AURORA_OK)
        rc = aurora__engine_follow(engine, &self->head);
    if (rc != AURORA_OK)
        close_follower(&self->head);
    return rc;
}

/* --- for listings ----------------------------------------------------------------------------- */

static aurora__customers *find(aurora__engine *engine)
{
    for (uint32_t i = 0; i < engine->follower_count; i++) {
        if (engine->followers[i]->class_of == &customers_class)
            return (aurora__customers *)engine->followers[i];
    }
    return NULL;
}

aurora_status aurora__customers_pending(aurora__engine *engine, aurora__customers_found *found,
                                        int64_t after, int64_t head, int64_t *complete_out)
{
    aurora__customers *self = find(engine);
    aurora__customers_record record;
    uint32_t offset = 0;
    aurora_status rc = AURORA_OK;
    *complete_out = -1;
    if (self == NULL)
        return AURORA_OK;
    uint32_t slice = aurora__customers_slice_of(found->customer, strlen(found->customer));
    pthread_mutex_lock(&self->lock);
    if (self->stored[slice] <= after)
        *complete_out = self->complete;
    while (*complete_out > after && rc == AURORA_OK &&
           aurora__customers_slice_next(&self->slices[slice], &offset, &record)) {
        if (record.position > after && record.position <= head &&
            strcmp(record.customer, found->customer) == 0)
            rc = aurora__customers_found_add(found, &record.order_id);
    }
    pthread_mutex_unlock(&self->lock);
    return rc;
}
