/* SPDX-License-Identifier: MIT */
#include "power_shop.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SESSIONS 3
#define CUSTOMERS 3
#define CALLS 22 /* of a customer in a session */
#define STOCK 120

typedef struct {
    power_shop *of;
    aurora_t *shop;
    uint64_t random;
    int number, session;
    aurora_id last; /* order */
} customer;

typedef struct {
    power_shop *of;
    aurora_t *shop;
    provider *books;
    atomic_bool is_over;
} bank_clerk;

aurora_t *power_shop_open(const power_shop *of, const char *file, aurora_clock *clock,
                          aurora_error *err)
{
    const char *settings[] = {of->has_bank ? "payment=none:" : "payment=simulator:",
                              of->seed % 4 == 3 ? "search=fts:" : "search=none:"};
    aurora_t *shop = NULL;
    aurora_open(file, AURORA_OPTIONS(.clock = clock, .settings = settings, .setting_count = 2),
                &shop, err);
    return shop;
}

/* --- customers -------------------------------------------------------------------------------- */

static power_note *begin_note(power_shop *of, power_note_kind kind, const char *key)
{
    uint32_t number = atomic_fetch_add(&of->note_count, 1);
    ck_assert_uint_lt(number, POWER_NOTES_MAX);
    power_note *note = &of->notes[number];
    note->kind = kind;
    snprintf(note->key, sizeof note->key, "%s", key);
    note->asked = power_disk_now(of->disk);
    return note;
}

static void end_note(power_shop *of, power_note *note)
{
    note->told = power_disk_now(of->disk);
}

aurora_status power_shop_order(aurora_t *shop, const power_note *note, bool has_bank,
                               aurora_order **order_out)
{
    shop_request request;
    shop_request_init(&request, note->key, note->quantity,
                      note->quantity == 3 ? "tok_decline" : "tok_approve");
    request.request.flags = has_bank ? AURORA_ORDER_NO_WAIT : 0;
    return aurora_order_place(shop, &request.request, order_out, NULL);
}

/* A machine with much to do may need longer than a call waits: then it is repeated, by its key. */
static bool is_to_repeat(aurora_status rc)
{
    return rc == AURORA_ETIMEDOUT || rc == AURORA_EAGAIN;
}

static void place(customer *of, const char *key)
{
    aurora_order *order = NULL;
    aurora_status rc;
    power_note *note = begin_note(of->of, POWER_ORDER, key);
    note->quantity = 1 + (int64_t)(aurora_test_random(&of->random) % 3);
    do
        rc = power_shop_order(of->shop, note, of->of->has_bank, &order);
    while (is_to_repeat(rc));
    aurora_assert_ok(rc);
    note->id = of->last = order->id;
    end_note(of->of, note);
    aurora_order_free(order);
}

static void cancel(customer *of, const char *key)
{
    power_note *note = begin_note(of->of, POWER_CANCEL, key);
    note->id = of->last;
    aurora_status rc;
    do
        rc = aurora_order_cancel_with(
            of->shop,
            AURORA_CANCEL(.reason = AURORA_REASON_CUSTOMER, .order_id = of->last, .key = key), NULL,
            NULL);
    while (is_to_repeat(rc));
    if (rc == AURORA_OK)
        end_note(of->of, note);
    else
        aurora_assert_status(rc, AURORA_EFINAL); /* it has failed before */
}

static void deliver(power_shop *of, aurora_t *shop, const char *key, int64_t quantity)
{
    power_note *note = begin_note(of, POWER_DELIVERY, key);
    note->quantity = quantity;
    aurora_status rc;
    do
        rc = aurora_stock_receive(shop, SHOP_SKU, quantity, key, NULL);
    while (is_to_repeat(rc));
    aurora_assert_ok(rc);
    end_note(of, note);
}

static void *shop_around(void *argument)
{
    customer *of = argument;
    for (int i = 0; i < CALLS; i++) {
        char key[32];
        snprintf(key, sizeof key, "c%d-%d-%d", of->number, of->session, i);
        uint64_t chance = aurora_test_random(&of->random) % 100;
        if (chance < 12 && !aurora_id_is_equal(of->last, (aurora_id){{0}}))
            cancel(of, key);
        else if (chance < 20)
            deliver(of->of, of->shop, key, 5);
        else
            place(of, key);
    }
    return NULL;
}

static void put_product(power_shop *of, aurora_t *shop)
{
    power_note *note = begin_note(of, POWER_PRODUCT, SHOP_SKU);
    aurora_assert_ok(
        aurora_product_put(shop,
                           AURORA_PRODUCT(.sku = SHOP_SKU, .name = "Cup", .price_minor = SHOP_PRICE,
                                          .currency = "EUR"),
                           AURORA_ANY_VERSION, NULL, NULL));
    end_note(of, note);
}

/* --- the bank --------------------------------------------------------------------------------- */

static void act(bank_clerk *of, const aurora_task *task)
{
    uint32_t number = atomic_fetch_add(&of->of->act_count, 1);
    ck_assert_uint_lt(number, POWER_ACTS_MAX);
    power_act *note = &of->of->acts[number];
    note->task = *task;
    note->task.currency = "EUR";
    note->moment = power_disk_now(of->of->disk);
    provider_finish(of->shop, task->id, provider_act(of->books, task));
}

static void *serve(void *argument)
{
    bank_clerk *of = argument;
    while (!atomic_load(&of->is_over)) {
        aurora_task_page *page = NULL;
        aurora_assert_ok(aurora_task_take(of->shop, AURORA_TASK_PAYMENT, 4, 30000, 5, &page));
        for (uint32_t i = 0; i < page->count; i++)
            act(of, page->items[i]);
        aurora_task_page_free(page);
    }
    return NULL;
}

void power_shop_bank_at(const power_shop *of, uint64_t moment, provider *bank)
{
    memset(bank, 0, sizeof *bank);
    for (uint32_t i = 0; i < of->act_count && of->acts[i].moment <= moment; i++)
        provider_act(bank, &of->acts[i].task);
}

/* --- life ------------------------------------------------------------------------------------- */

static void run_session(power_shop *of, int session, aurora_clock *clock, provider *books)
{
    pthread_t threads[CUSTOMERS], clerk;
    customer customers[CUSTOMERS];
    aurora_error err = AURORA_ERROR_INIT;
    bank_clerk bank = {.of = of, .books = books};
    bank.shop = power_shop_open(of, of->file, clock, &err);
    ck_assert_msg(bank.shop != NULL, "open: %s", err.message);
    if (session == 0) {
        put_product(of, bank.shop);
        deliver(of, bank.shop, "first delivery", STOCK);
    }
    for (int i = 0; i < CUSTOMERS; i++) {
        customers[i] = (customer){.of = of, .shop = bank.shop, .number = i, .session = session};
        customers[i].random = of->seed * 1000 + (uint64_t)(session * CUSTOMERS + i);
        pthread_create(&threads[i], NULL, shop_around, &customers[i]);
    }
    if (of->has_bank)
        pthread_create(&clerk, NULL, serve, &bank);
    for (int i = 0; i < CUSTOMERS; i++)
        pthread_join(threads[i], NULL);
    atomic_store(&bank.is_over, true);
    if (of->has_bank)
        pthread_join(clerk, NULL);
    aurora_close(bank.shop);
}

power_shop *power_shop_new(uint64_t seed, bool has_bank)
{
    aurora_manual_clock manual;
    aurora_clock clock;
    power_shop *of = calloc(1, sizeof *of);
    ck_assert_ptr_nonnull(of);
    of->seed = seed;
    of->has_bank = has_bank;
    aurora_manual_clock_init(&manual, SHOP_NOW);
    aurora_manual_clock_attach(&manual, &clock);
    char *folder = aurora_tempdir_new();
    aurora_test_path(of->file, sizeof of->file, folder, "shop.db");
    provider *books = provider_new();
    of->disk = power_disk_start();
    for (int i = 0; i < SESSIONS; i++)
        run_session(of, i, &clock, books);
    power_disk_stop(of->disk);
    provider_free(books);
    aurora_tempdir_remove(folder);
    return of;
}

void power_shop_free(power_shop *of)
{
    power_disk_free(of->disk);
    free(of);
}
