/* SPDX-License-Identifier: MIT */
#include "engine/saga_now.h"

#include "core/payment.h"
#include "engine/internal.h"

#include <string.h>

#define EVERY_NS INT64_C(5000000000)
#define BETWEEN_NS INT64_C(50000000)
#define ROWS_AT_ONCE 256
#define PARKED_AT_ONCE 64 /* each may cost a payment's row, too */
/* status, parked, updated_at, due_at beside the key */
#define ORDER_COLUMNS (UINT64_C(1) | 1 << 1 | 1 << 3 | 1 << 20 | 1 << 25)
/* parked, parked_at, due_at */
#define PARKED_COLUMNS (UINT64_C(1) | 1 << 3 | 1 << 23 | 1 << 25)
#define LETTER_COLUMNS UINT64_C(7)
#define KEY_COLUMNS UINT64_C(3)

enum { STAGE_NONE, STAGE_ORDERS, STAGE_PARKED, STAGE_LETTERS, STAGE_KEYS, STAGE_END };

typedef struct {
    aurora__engine *engine;
    aurora_store_txn *txn;
    aurora__saga_now *now;
    aurora__query_arena *arena;
} look;

static bool has_module(const aurora__engine *engine, uint32_t module)
{
    return (engine->options.policy.modules & module) != 0;
}

/* --- what is summed --------------------------------------------------------------------------- */

static void add_order(aurora__saga_sums *sums, int64_t status, int64_t since_ms)
{
    if (status < AURORA_ORDER_PENDING || status > AURORA_ORDER_PARKED)
        return;
    if (sums->orders[status] == 0 || since_ms < sums->oldest_ms[status])
        sums->oldest_ms[status] = since_ms;
    sums->orders[status]++;
}

static void add_unsettled(const look *at, const void *rows, uint32_t count)
{
    const aurora__order_row *orders = rows;
    for (uint32_t i = 0; i < count; i++) {
        if (orders[i].parked == 0)
            add_order(&at->now->sums, orders[i].status, orders[i].updated_at);
        at->now->last_ms = orders[i].due_at;
        at->now->last_id = orders[i].id;
    }
}

/* A payment that cannot be read is what was set aside as poison. */
static uint32_t payment_why(const look *at, const aurora_id *id)
{
    aurora__payment_row payment;
    if (!has_module(at->engine, AURORA__MODULE_PAYMENT))
        return AURORA__PARKED_REPORTED;
    aurora__key key = aurora__key_uuid(AURORA__TABLE_payment, id);
    if (aurora__engine_load(at->engine, at->txn, &key, at->arena, &payment) != AURORA_OK ||
        payment.parked_at == 0)
        return AURORA__PARKED_POISON;
    return aurora__parked_payment_why(&payment);
}

static void add_parked(const look *at, const void *rows, uint32_t count)
{
    const aurora__order_row *orders = rows;
    aurora__saga_sums *sums = &at->now->sums;
    uint32_t stock_why = has_module(at->engine, AURORA__MODULE_INVENTORY) ? AURORA__PARKED_POISON
                                                                          : AURORA__PARKED_REPORTED;
    for (uint32_t i = 0; i < count; i++) {
        const aurora__order_row *order = &orders[i];
        add_order(sums, AURORA_ORDER_PARKED, order->parked_at);
        if ((order->parked & AURORA__PARKED_INVENTORY) != 0)
            sums->parked[AURORA__PARKED_BY_INVENTORY][stock_why]++;
        if ((order->parked & AURORA__PARKED_PAYMENT) != 0)
            sums->parked[AURORA__PARKED_BY_PAYMENT][payment_why(at, &order->id)]++;
        if ((order->parked & AURORA__PARKED_ORDER) != 0)
            sums->parked[AURORA__PARKED_BY_ORDER][AURORA__PARKED_POISON]++;
        at->now->last_ms = order->parked_at;
        at->now->last_id = order->id;
    }
}

static void note_key(aurora__saga_now *now, const char *consumer, const char *key)
{
    size_t length = strnlen(consumer, sizeof now->last_consumer - 1);
    memcpy(now->last_consumer, consumer, length);
    now->last_consumer[length] = '\0';
    length = strnlen(key, sizeof now->last_key - 1);
    memcpy(now->last_key, key, length);
    now->last_key[length] = '\0';
}

static void add_letters(const look *at, const void *rows, uint32_t count)
{
    const aurora__parked_event_row *letters = rows;
    at->now->sums.dead_letters += count;
    if (count == 0)
        return;
    note_key(at->now, letters[count - 1].consumer, letters[count - 1].key_text);
    at->now->last_sequence = letters[count - 1].sequence;
}

/* Where there are no orders, participants' keys tell who is parked. */
static void add_keys(const look *at, const void *rows, uint32_t count)
{
    const aurora__parked_key_row *keys = rows;
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t by = 0; by < AURORA__PARKED_BY_COUNT; by++) {
            if (strcmp(keys[i].consumer, aurora__parked_by_name(by)) == 0)
                at->now->sums.parked[by][AURORA__PARKED_POISON]++;
        }
        note_key(at->now, keys[i].consumer, keys[i].key_text);
    }
}

/* --- stages ----------------------------------------------------------------------------------- */

typedef struct {
    uint32_t table;
    int32_t index;
    uint64_t columns;
    uint32_t limit;
    void (*add)(const look *at, const void *rows, uint32_t count);
} stage_kind;

static const stage_kind stages[STAGE_END] = {
    [STAGE_ORDERS] = {AURORA__TABLE_order, AURORA__INDEX_ORDER_DUE, ORDER_COLUMNS, ROWS_AT_ONCE,
                      add_unsettled},
    [STAGE_PARKED] = {AURORA__TABLE_order, AURORA__INDEX_ORDER_PARKED, PARKED_COLUMNS,
                      PARKED_AT_ONCE, add_parked},
    [STAGE_LETTERS] = {AURORA__TABLE_parked_event, -1, LETTER_COLUMNS, ROWS_AT_ONCE, add_letters},
    [STAGE_KEYS] = {AURORA__TABLE_parked_key, -1, KEY_COLUMNS, ROWS_AT_ONCE, add_keys},
};

/* Behind the last row, in the order of what is read. */
static uint32_t bound_of(const aurora__saga_now *now, const stage_kind *stage, aurora_value *bound)
{
    if (!now->has_last)
        return 0;
    if (stage->table == AURORA__TABLE_order) {
        bound[0] = aurora__value_time(now->last_ms);
        bound[1] = aurora__value_uuid(&now->last_id);
        return 2;
    }
    bound[0] = aurora__value_text(now->last_consumer);
    bound[1] = aurora__value_text(now->last_key);
    bound[2] = aurora__value_number(now->last_sequence);
    return stage->table == AURORA__TABLE_parked_event ? 3 : 2;
}

/* *is_over_out: the stage has nothing left. */
static aurora_status run_stage(const look *at, const stage_kind *stage, bool *is_over_out)
{
    aurora_value bound[3];
    uint32_t count = 0;
    aurora__range range = {.table = stage->table,
                           .index = stage->index,
                           .flags = AURORA_SCAN_LOWER_OPEN,
                           .lower = bound,
                           .lower_count = bound_of(at->now, stage, bound),
                           .columns = stage->columns,
                           .limit = stage->limit};
    void *rows = aurora__arena_take(
        &at->arena->arena, (size_t)stage->limit * aurora__tables[stage->table].struct_size);
    aurora_status rc =
        rows == NULL ? AURORA_ENOMEM
                     : aurora__engine_scan(at->engine, at->txn, &range, at->arena, rows, &count);
    if (rc != AURORA_OK)
        return rc;
    stage->add(at, rows, count);
    at->now->has_last = true;
    *is_over_out = count < stage->limit;
    return AURORA_OK;
}

static bool is_wanted(const aurora__engine *engine, int32_t stage)
{
    bool has_orders = has_module(engine, AURORA__MODULE_ORDER);
    return stage == STAGE_LETTERS || (stage == STAGE_KEYS ? !has_orders : has_orders);
}

/* --- the end of a pass ------------------------------------------------------------------------ */

/* How far the oldest due hold is beyond its time. */
static int64_t expiry_lag(const look *at, int64_t now_ms)
{
    aurora__hold_row hold;
    uint32_t count = 0;
    aurora__range range = {.table = AURORA__TABLE_hold,
                           .index = AURORA__INDEX_HOLD_DUE,
                           .columns = UINT64_C(3) | 1 << 7,
                           .limit = 1};
    if (aurora__engine_scan(at->engine, at->txn, &range, at->arena, &hold, &count) != AURORA_OK ||
        count == 0 || hold.due_at >= now_ms)
        return 0;
    return now_ms - hold.due_at;
}

/* The age of the first event that each has not seen. */
static void show_followers(const look *at, int64_t now_ms)
{
    aurora__engine *engine = at->engine;
    for (uint32_t f = 0; f < engine->follower_count; f++) {
        const aurora__follower *follower = engine->followers[f];
        aurora_log_row row;
        uint32_t count = 0;
        int64_t age_ms = 0;
        aurora_arena_port port = aurora__arena_port(&at->arena->arena);
        if (follower->position < engine->tail &&
            engine->store.log_read(engine->store.self, at->txn, follower->position + 1, 1, &row, 1,
                                   &count, &port) == AURORA_OK &&
            count > 0 && row.at_ms < now_ms)
            age_ms = now_ms - row.at_ms;
        aurora__counters_follower_age(&engine->counters, f, follower->class_of->name, age_ms);
    }
}

static void open_orders(aurora__saga_now *now, aurora__registry *registry)
{
    static const aurora__family orders = AURORA__GAUGE_FAMILY_BY(
        "aurora_saga_orders",
        "Orders whose stock or money does not agree with their outcome yet, "
        "by the status that is shown; read each 5 seconds.",
        "status");
    static const aurora__family ages =
        AURORA__AGE_FAMILY_BY("aurora_saga_oldest_age_seconds",
                              "How long the oldest of them has been as it is; 0 where "
                              "there is none.",
                              "status");
    for (int32_t status = AURORA_ORDER_PENDING; status <= AURORA_ORDER_PARKED; status++) {
        const char *name = aurora_order_status_name(status);
        now->orders[status] = aurora__registry_gauge(registry, &orders, AURORA__VALUES(name));
        now->ages_ms[status] = aurora__registry_gauge(registry, &ages, AURORA__VALUES(name));
    }
}

static void open_gauges(const aurora__engine *engine, aurora__saga_now *now)
{
    static const aurora__family parked =
        AURORA__GAUGE_FAMILY_BY("aurora_saga_parked",
                                "Steps of orders that wait for a person, by who gave up and why; "
                                "read each 5 seconds.",
                                "participant", "reason");
    static const aurora__family letters =
        AURORA__GAUGE_FAMILY("aurora_dead_letters", "Events that are set aside until they are "
                                                    "redriven; read each 5 seconds.");
    static const aurora__family expiry = AURORA__AGE_FAMILY(
        "aurora_reservation_expiry_lag_seconds", "How far the oldest due hold is beyond its time; "
                                                 "0 where none is due.");
    aurora__registry *registry = engine->counters.registry;
    uint32_t modules = engine->options.policy.modules;
    bool has_orders = has_module(engine, AURORA__MODULE_ORDER);
    now->is_shown = true;
    now->dead_letters = aurora__registry_gauge(registry, &letters, NULL);
    if (has_module(engine, AURORA__MODULE_INVENTORY))
        now->expiry_lag_ms = aurora__registry_gauge(registry, &expiry, NULL);
    if (has_orders)
        open_orders(now, registry);
    for (uint32_t by = 0; by < AURORA__PARKED_BY_COUNT; by++) {
        for (uint32_t why = 0; why < AURORA__PARKED_WHY_COUNT; why++) {
            /* A payments' store alone has no index of those that ran out of attempts. */
            if (aurora__parked_is_possible(modules, by, why) &&
                (has_orders || why == AURORA__PARKED_POISON))
                now->parked[by][why] = aurora__registry_gauge(
                    registry, &parked,
                    AURORA__VALUES(aurora__parked_by_name(by), aurora__parked_why_name(why)));
        }
    }
}

static void show(const look *at)
{
    aurora__saga_now *now = at->now;
    const aurora__saga_sums *sums = &now->sums;
    int64_t now_ms = aurora__engine_time_ms(at->engine);
    if (!now->is_shown)
        open_gauges(at->engine, now);
    for (int32_t i = AURORA_ORDER_PENDING; i <= AURORA_ORDER_PARKED; i++) {
        if (now->orders[i] == NULL)
            continue;
        int64_t age_ms = sums->orders[i] == 0 ? 0 : now_ms - sums->oldest_ms[i];
        aurora__gauge_set(now->orders[i], sums->orders[i]);
        aurora__gauge_set(now->ages_ms[i], age_ms < 0 ? 0 : age_ms);
    }
    for (uint32_t by = 0; by < AURORA__PARKED_BY_COUNT; by++) {
        for (uint32_t why = 0; why < AURORA__PARKED_WHY_COUNT; why++) {
            if (now->parked[by][why] != NULL)
                aurora__gauge_set(now->parked[by][why], sums->parked[by][why]);
        }
    }
    aurora__gauge_set(now->dead_letters, sums->dead_letters);
    if (now->expiry_lag_ms != NULL)
        aurora__gauge_set(now->expiry_lag_ms, expiry_lag(at, now_ms));
    show_followers(at, now_ms);
}

/* --- looking ---------------------------------------------------------------------------------- */

/* Stages follow each other in one look as long as each comes to its end. True: the pass is done. */
static aurora_status go_on(const look *at, bool *is_done_out)
{
    aurora__saga_now *now = at->now;
    bool is_over = true;
    while (is_over && now->stage < STAGE_END) {
        if (is_wanted(at->engine, now->stage)) {
            aurora_status rc = run_stage(at, &stages[now->stage], &is_over);
            if (rc != AURORA_OK)
                return rc;
        }
        if (is_over) {
            now->stage++;
            now->has_last = false;
        }
    }
    *is_done_out = now->stage == STAGE_END;
    if (*is_done_out)
        show(at);
    return AURORA_OK;
}

void aurora__saga_look(aurora__engine *engine)
{
    aurora__saga_now *now = &engine->saga_now;
    look at = {.engine = engine, .now = now};
    int64_t now_ns = aurora__engine_monotonic_ns(engine);
    if (engine->options.is_readonly || now_ns < now->next_ns ||
        atomic_load(&engine->health) != AURORA_OK)
        return;
    if (now->stage == STAGE_NONE) {
        now->stage = STAGE_ORDERS;
        now->has_last = false;
        memset(&now->sums, 0, sizeof now->sums);
    }
    bool is_done = false;
    aurora__query_arena arena;
    aurora__query_arena_init(&arena, engine->options.allocator);
    at.arena = &arena;
    aurora_status rc = aurora__engine_read_begin(engine, &at.txn);
    if (rc == AURORA_OK) {
        rc = go_on(&at, &is_done);
        aurora__engine_read_end(engine, at.txn);
    }
    aurora__query_arena_free(&arena);
    bool is_over = is_done || rc != AURORA_OK;
    if (is_over)
        now->stage = STAGE_NONE;
    now->next_ns = now_ns + (is_over ? EVERY_NS : BETWEEN_NS);
}
