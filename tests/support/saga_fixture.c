/* SPDX-License-Identifier: MIT */
#include "saga_fixture.h"

#include "core/order.h"
#include "core/stock.h"
#include "core/transition.h"

#include <aurora/event.h>

#include <stdlib.h>

struct saga_block {
    saga_block *next;
    uint64_t spare; /* keeps what follows aligned */
};

static void *grow(void *self, size_t bytes, size_t *size_out)
{
    saga_fixture *fixture = self;
    if (fixture->allocations_left == 0)
        return NULL;
    bool is_counting = fixture->allocations_left > 0;
    fixture->allocations_left -= is_counting;
    /* While failures are counted each allocation has a block of its own. */
    size_t size = bytes < 65536 && !is_counting ? 65536 : bytes;
    saga_block *block = malloc(sizeof *block + size);
    if (block == NULL)
        abort();
    block->next = fixture->blocks;
    fixture->blocks = block;
    *size_out = size;
    return block + 1;
}

saga_fixture *saga_fixture_new(uint32_t modules)
{
    saga_fixture *fixture = calloc(1, sizeof *fixture);
    ck_assert_ptr_nonnull(fixture);
    fixture->arena = (aurora__arena){.self = fixture, .grow = grow};
    aurora__rows_init(&fixture->rows, &fixture->arena, &fixture->arena);
    fixture->allocations_left = -1;
    fixture->now_ms = SAGA_FIXTURE_NOW;
    fixture->payment_method = "tok_approve";
    fixture->order_id =
        (aurora_id){{1, 0x97, 0x5C, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 0x48}};
    fixture->policy = (aurora__policy){.modules = modules,
                                       .provider = AURORA__PROVIDER_SIMULATOR,
                                       .order_deadline_ms = 300000,
                                       .late_grace_ms = 60000,
                                       .tombstone_ms = 86400000,
                                       .resend_first_ms = 10000,
                                       .resend_max_ms = 600000,
                                       .attempts_max = 20,
                                       .park_after_ms = 900000,
                                       .park_attempts_min = 5,
                                       .retry_first_ms = 1000,
                                       .retry_max_ms = 60000,
                                       .event_bytes_max = 900000};
    return fixture;
}

void saga_fixture_free(saga_fixture *fixture)
{
    while (fixture->blocks != NULL) {
        saga_block *next = fixture->blocks->next;
        free(fixture->blocks);
        fixture->blocks = next;
    }
    free(fixture);
}

void saga_fixture_fail_after(saga_fixture *fixture, int64_t allocations)
{
    fixture->allocations_left = allocations;
    fixture->arena.at = fixture->arena.end;
}

static void load_nothing(aurora__rows *rows)
{
    uint32_t count = rows->wanted.count;
    rows->wanted.count = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (!rows->wanted.items[i]->is_loaded)
            aurora__rows_loaded(rows, rows->wanted.items[i], NULL);
    }
}

/* --- what must hold after every run ----------------------------------------------------------- */

static void check_order(saga_fixture *fixture, const aurora__order_row *order)
{
    aurora__transitions list;
    aurora__transition entry = {0};
    int64_t last = 0;
    aurora__transitions_begin(&list, order);
    while (aurora__transitions_next(&list, &fixture->arena, &entry)) {
        ck_assert_msg(entry.version > last, "the history goes back");
        last = entry.version;
    }
    ck_assert(!list.reader.is_failed);
    ck_assert_uint_le(list.count, AURORA__TRANSITIONS_MAX);
    ck_assert_int_eq(order->version, list.count + list.dropped);
    ck_assert_int_eq(entry.version, order->version);
    ck_assert_int_eq(entry.status, order->status);
    ck_assert_int_eq(entry.parked, order->parked);
    ck_assert_int_eq(entry.is_settled, order->settled_at != 0);
}

static void check_row(saga_fixture *fixture, const aurora__row *row)
{
    aurora_value values[64];
    const aurora_table *table = &aurora__tables[row->table].table;
    if (!row->is_found)
        return;
    aurora__table_pack(&aurora__tables[row->table], row->data, values);
    for (uint32_t i = 0; i < table->column_count; i++)
        ck_assert_msg(values[i].kind != 0 || table->columns[i].is_nullable, "%s.%s is null",
                      table->name, table->columns[i].name);
    if (row->table == AURORA__TABLE_order)
        check_order(fixture, row->data);
    if (row->table == AURORA__TABLE_stock)
        ck_assert(aurora__stock_is_balanced(row->data));
}

static aurora_status run_once(saga_fixture *fixture, saga_decision decision, void *context)
{
    aurora__rows *rows = &fixture->rows;
    for (int round = 0; round < 64; round++) {
        fixture->step = (aurora__step){.rows = rows,
                                       .arena = &fixture->arena,
                                       .policy = &fixture->policy,
                                       .now_ms = fixture->now_ms,
                                       .has_parked_keys = fixture->has_parked_keys};
        uint32_t outer = aurora__rows_mark(rows);
        aurora_status rc = decision(&fixture->step, context);
        if (rc == AURORA_OK)
            rc = aurora__cascade_run(&fixture->step, 0);
        if (rc == AURORA_OK) {
            aurora__rows_keep(rows, outer);
            fixture->allocations_left = -1;
            for (uint32_t i = 0; i < rows->touched.count; i++)
                check_row(fixture, rows->touched.items[i]);
            return rc;
        }
        aurora__rows_undo(rows, outer);
        fixture->step.event_count = 0;
        if (rc != AURORA__NEED_KEYS)
            return rc;
        load_nothing(rows);
    }
    ck_abort_msg("a decision asks for rows without end");
    return AURORA_ECORE;
}

aurora_status saga_fixture_run(saga_fixture *fixture, saga_decision decision, void *context)
{
    aurora_status rc = AURORA_ENOMEM;
    if (fixture->allocations_left >= 0 || fixture->is_run_once)
        return run_once(fixture, decision, context);
    /* Twice with the same number: what the first try kept, a row's place say, the second has. */
    for (int64_t at = 0; rc == AURORA_ENOMEM; at++) {
        saga_fixture_fail_after(fixture, at / 2);
        rc = run_once(fixture, decision, context);
        ck_assert_uint_eq(rc == AURORA_ENOMEM ? fixture->step.event_count : 0, 0);
    }
    fixture->allocations_left = -1;
    return rc;
}

/* --- rows ------------------------------------------------------------------------------------- */

void saga_fixture_put(saga_fixture *fixture, uint32_t table, const void *row)
{
    aurora_value values[64];
    void *data;
    aurora__table_pack(&aurora__tables[table], row, values);
    aurora__key key = {.table = table, .count = aurora__tables[table].table.key_count};
    memcpy(key.values, values, key.count * sizeof values[0]);
    aurora__rows_want(&fixture->rows, &key);
    load_nothing(&fixture->rows);
    aurora__rows_write(&fixture->rows, &key, &data);
    if (data == NULL)
        aurora_assert_ok(aurora__rows_insert(&fixture->rows, &key, &data));
    memcpy(data, row, aurora__tables[table].struct_size);
}

void saga_fixture_receive(saga_fixture *fixture, const char *sku, int64_t number, int64_t quantity)
{
    saga_fixture_put(fixture, AURORA__TABLE_sku, &(aurora__sku_row){.sku = sku, .id = number});
    saga_fixture_put(fixture, AURORA__TABLE_stock,
                     &(aurora__stock_row){
                         .id = number, .available = quantity, .received = quantity, .version = 1});
}

static const void *row_of(saga_fixture *fixture, const aurora__key *key)
{
    const void *row;
    aurora_status rc = aurora__rows_read(&fixture->rows, key, &row);
    ck_assert(rc == AURORA_OK || rc == AURORA__NEED_KEYS);
    return row;
}

static const void *row_of_order(saga_fixture *fixture, uint32_t table)
{
    aurora__key key = aurora__key_uuid(table, &fixture->order_id);
    return row_of(fixture, &key);
}

const aurora__order_row *saga_fixture_order(saga_fixture *fixture)
{
    return row_of_order(fixture, AURORA__TABLE_order);
}

const aurora__reservation_row *saga_fixture_reservation(saga_fixture *fixture)
{
    return row_of_order(fixture, AURORA__TABLE_reservation);
}

const aurora__payment_row *saga_fixture_payment(saga_fixture *fixture)
{
    return row_of_order(fixture, AURORA__TABLE_payment);
}

const aurora__stock_row *saga_fixture_stock(saga_fixture *fixture, int64_t number)
{
    aurora__key key = aurora__key_number(AURORA__TABLE_stock, number);
    return row_of(fixture, &key);
}

/* --- commands and events ---------------------------------------------------------------------- */

static aurora_status place(aurora__step *step, void *context)
{
    aurora_id taken_by;
    uint32_t line;
    return aurora__order_place(step, context, &taken_by, &line);
}

aurora_status saga_fixture_place(saga_fixture *fixture, int64_t quantity)
{
    aurora__place_line line = {
        .sku = SAGA_FIXTURE_SKU, .quantity = quantity, .unit_price_minor = 250};
    aurora__place request = {.id = fixture->order_id,
                             .has_own_prices = true,
                             .currency = "EUR",
                             .payment_method = fixture->payment_method,
                             .lines = &line,
                             .line_count = 1};
    return saga_fixture_run(fixture, place, &request);
}

aurora__event saga_fixture_event(saga_fixture *fixture, int32_t kind)
{
    const aurora__order_row *order = saga_fixture_order(fixture);
    aurora__saga *saga = aurora__arena_zero(&fixture->arena, sizeof *saga);
    saga->currency = "EUR";
    saga->payment_method = fixture->payment_method;
    saga->total_minor = 500;
    saga->placed_at = SAGA_FIXTURE_NOW;
    saga->deadline_at = order != NULL ? order->deadline_at : SAGA_FIXTURE_NOW + 300000;
    return (aurora__event){.kind = kind,
                           .order_id = fixture->order_id,
                           .order_version = 1,
                           .at_ms = fixture->now_ms,
                           .saga = saga,
                           .lines = "[[\"" SAGA_FIXTURE_SKU "\",2,250]]"};
}

typedef struct {
    uint32_t module;
    const aurora__event *event;
} delivery;

static aurora_status deliver(aurora__step *step, void *context)
{
    const delivery *what = context;
    switch (what->module) {
    case AURORA__MODULE_ORDER:
        return aurora__order_on_event(step, what->event);
    case AURORA__MODULE_INVENTORY:
        return aurora__inventory_on_event(step, what->event);
    default:
        return aurora__payment_on_event(step, what->event);
    }
}

aurora_status saga_fixture_deliver(saga_fixture *fixture, uint32_t module,
                                   const aurora__event *event)
{
    delivery what = {module, event};
    return saga_fixture_run(fixture, deliver, &what);
}

aurora_status saga_fixture_tell(saga_fixture *fixture, uint32_t module, int32_t kind)
{
    aurora__event event = saga_fixture_event(fixture, kind);
    return saga_fixture_deliver(fixture, module, &event);
}

static aurora_status cancel(aurora__step *step, void *context)
{
    return aurora__order_cancel(step, context, AURORA_REASON_CUSTOMER, "anna", "too late");
}

aurora_status saga_fixture_cancel(saga_fixture *fixture)
{
    return saga_fixture_run(fixture, cancel, &fixture->order_id);
}

void saga_fixture_bring_to(saga_fixture *fixture, int32_t status)
{
    uint32_t order = AURORA__MODULE_ORDER;
    if (status == AURORA_ORDER_RESERVED || status == AURORA_ORDER_COMPLETED)
        aurora_assert_ok(saga_fixture_tell(fixture, order, AURORA_EVENT_INVENTORY_RESERVED));
    if (status == AURORA_ORDER_COMPLETED)
        aurora_assert_ok(saga_fixture_tell(fixture, order, AURORA_EVENT_PAYMENT_AUTHORIZED));
    if (status == AURORA_ORDER_FAILED)
        aurora_assert_ok(saga_fixture_tell(fixture, order, AURORA_EVENT_INVENTORY_REJECTED));
    if (status == AURORA_ORDER_CANCELLED)
        aurora_assert_ok(saga_fixture_cancel(fixture));
    ck_assert_int_eq(saga_fixture_order(fixture)->status, status);
}

static aurora_status fire(aurora__step *step, void *context)
{
    return aurora__order_due(step, context);
}

aurora_status saga_fixture_fire(saga_fixture *fixture)
{
    int64_t due_at = saga_fixture_order(fixture)->due_at;
    ck_assert_int_ne(due_at, 0);
    fixture->now_ms = due_at;
    return saga_fixture_run(fixture, fire, &fixture->order_id);
}

const aurora__event *saga_fixture_only(const saga_fixture *fixture)
{
    ck_assert_uint_eq(fixture->step.event_count, 1);
    return fixture->step.events[0];
}

uint32_t saga_fixture_count(const saga_fixture *fixture, int32_t kind)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < fixture->step.event_count; i++)
        count += fixture->step.events[i]->kind == kind;
    return count;
}
