/* SPDX-License-Identifier: MIT */
#include "batch_fixture.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/handle.h"
#include "core/tables.h"
#include "engine/internal.h"

/* The store's own calls, behind those that look first. */
static batch_fixture *opened;
static aurora_store below;

/* The tag of an order's row, or -1. */
static int tag_of(const aurora_store_put *put)
{
    const aurora__table *table = &aurora__tables[AURORA__TABLE_order];
    aurora__order_row row;
    if (put->table != &table->table || aurora__table_unpack(table, put->values, &row) != AURORA_OK)
        return -1;
    return row.key_text == NULL || row.key_text[0] != 'k' ? -1 : atoi(row.key_text + 1);
}

static aurora_status save(void *self, aurora_store_txn *txn, const aurora_store_put *puts,
                          uint32_t count, uint32_t *failed_out)
{
    opened->saves++;
    if (opened->lasting != AURORA_OK) {
        *failed_out = 0;
        return opened->lasting;
    }
    for (uint32_t i = 0; i < count && opened->poison != 0; i++) {
        int tag = tag_of(&puts[i]);
        if (tag < 0 || (opened->poison >> tag & 1) == 0)
            continue;
        opened->saved_poisoned |= UINT64_C(1) << tag;
        *failed_out = i;
        return AURORA_ECONFLICT;
    }
    return below.save(self, txn, puts, count, failed_out);
}

static aurora_status resolve(void *self, aurora_id batch)
{
    struct pollfd fd = {.fd = aurora_queue_fd(opened->queue), .events = POLLIN};
    opened->resolves++;
    opened->early_answers += poll(&fd, 1, 0) == 1;
    aurora_manual_clock_advance(&opened->manual, opened->resolve_ms);
    return below.resolve(self, batch);
}

static void note_line(void *self, int32_t level, const char *component, const char *message)
{
    (void)component;
    (void)message;
    ((batch_fixture *)self)->fatal_lines += level == AURORA_LOG_FATAL;
}

void batch_fixture_open(batch_fixture *f, const char *url, const char *setting, const char *another)
{
    const char *settings[] = {"search=none:", setting, another};
    memset(f, 0, sizeof *f);
    f->sku = SHOP_SKU;
    aurora_manual_clock_init(&f->manual, SHOP_NOW);
    aurora_manual_clock_attach(&f->manual, &f->clock);
    aurora_failing_allocator_init(&f->failing, UINT64_MAX, 0);
    aurora_failing_allocator_attach(&f->failing, &f->allocator);
    f->log = (aurora_log){.size = sizeof f->log, .self = f, .write = note_line};
    uint32_t count = setting == NULL ? 1 : another == NULL ? 2 : 3;
    f->shop = shop_open(url, AURORA_OPTIONS(.clock = &f->clock, .allocator = &f->allocator,
                                            .log = &f->log, .settings = settings,
                                            .setting_count = count));
    f->engine = f->shop->engine;
    below = f->engine->store;
    if (strcmp(url, "memory:") == 0)
        f->faults = aurora__store_memory_faults(&below);
    opened = f;
    f->engine->store.save = save;
    f->engine->store.resolve = resolve;
    aurora_assert_ok(aurora_queue_new(f->shop, BATCH_ORDERS_MAX, &f->queue));
    shop_stock_up(f->shop, 1000);
    shop_pump(f->shop);
}

void batch_fixture_close(batch_fixture *f)
{
    aurora_queue_free(f->queue);
    aurora_close(f->shop);
    ck_assert_uint_eq(aurora_failing_allocator_live(&f->failing), 0);
}

void batch_fixture_submit(batch_fixture *f, uint32_t first, uint32_t count)
{
    for (uint32_t i = first; i < first + count; i++) {
        shop_request request;
        char key[16];
        uint64_t tag = i;
        uint32_t accepted;
        snprintf(key, sizeof key, "k%u", (unsigned)i);
        const aurora_order_request *one = shop_request_init(&request, key, 1, "tok_approve");
        request.line.sku = f->sku;
        request.request.flags = AURORA_ORDER_NO_WAIT;
        aurora_assert_ok(aurora_order_submit(f->queue, &one, &tag, 1, &accepted));
    }
}

void batch_fixture_turn(batch_fixture *f)
{
    struct pollfd fd = {.fd = aurora_queue_fd(f->queue), .events = POLLIN};
    aurora_status expected = aurora_health(f->shop) == AURORA_ECORE ? AURORA_ECORE : AURORA_OK;
    aurora_assert_status(aurora_pump(f->shop, 0, NULL), expected);
    while (poll(&fd, 1, 0) == 1) {
        uint32_t count;
        ck_assert_uint_lt(f->done_count, BATCH_ORDERS_MAX);
        aurora_assert_ok(aurora_queue_take(f->queue, f->done + f->done_count,
                                           BATCH_ORDERS_MAX - f->done_count, 0, &count));
        f->done_count += count;
    }
}

uint64_t batch_fixture_metric(batch_fixture *f, const char *name)
{
    aurora_metric_page *page = NULL;
    double sum = 0;
    aurora_assert_ok(aurora_metrics(f->shop, &page));
    for (uint32_t i = 0; i < page->count; i++) {
        if (strcmp(page->items[i]->name, name) == 0)
            sum += page->items[i]->value;
    }
    aurora_metric_page_free(page);
    return (uint64_t)sum;
}

void batch_fixture_assert_done(batch_fixture *f, uint32_t first, uint32_t count,
                               aurora_status status)
{
    ck_assert_uint_eq(f->done_count, count);
    for (uint32_t i = 0; i < count; i++) {
        ck_assert_uint_eq(f->done[i].tag, first + i);
        aurora_assert_status(f->done[i].status, status);
        ck_assert_uint_eq(f->done[i].is_replay, 0);
    }
    f->done_count = 0;
}

void batch_fixture_put(batch_fixture *f, uint32_t table, const void *row, uint32_t kind)
{
    const aurora__table *of = &aurora__tables[table];
    aurora_value values[64];
    aurora_store_txn *txn;
    uint64_t epoch;
    uint32_t failed;
    aurora_id batch = {{0x5a}};
    aurora__table_pack(of, row, values);
    aurora_store_put put = {.table = &of->table, .values = values, .kind = kind};
    aurora_assert_ok(below.begin(below.self, AURORA_TXN_WRITE, batch, 1000, &epoch, &txn));
    aurora_assert_ok(below.save(below.self, txn, &put, 1, &failed));
    aurora_assert_ok(below.commit(below.self, txn));
    f->engine->has_epoch = false;
}
