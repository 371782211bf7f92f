/* SPDX-License-Identifier: MIT */
/* What the shop has before its first order: products and stock. */
#include "replay.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "product_put.h"
#include "progress.h"
#include "stock.h"

#define THREADS 32 /* each waits for a commit that it shares with the others */

/* Fills in the next products that are sold at all. Returns how many. */
static uint32_t fill_products(const ctl_replay_run *replay, uint32_t *next,
                              aurora_product_input *inputs, const aurora_product_input **pointers)
{
    uint32_t count = 0;
    for (; *next < replay->file.product_count && count < CTL_PUT_MAX; ++*next) {
        const ctl_retail_product *product = &replay->file.products[*next];
        if (product->sold == 0)
            continue;
        aurora_product_input_init(&inputs[count]);
        inputs[count].sku = product->sku;
        inputs[count].name = product->name;
        inputs[count].price_minor = product->price_minor;
        inputs[count].currency = CTL_RETAIL_CURRENCY;
        pointers[count] = &inputs[count];
        count++;
    }
    return count;
}

static int put_products(ctl_replay_run *replay, aurora_product_input *inputs,
                        const aurora_product_input **pointers, ctl_put *puts)
{
    uint32_t next = 0;
    while (next < replay->file.product_count) {
        aurora_error err = AURORA_ERROR_INIT;
        uint32_t count = fill_products(replay, &next, inputs, pointers);
        aurora_status status = AURORA_OK;
        if (count > 0)
            status = ctl_products_put(&replay->shop, pointers, count, puts, &err);
        if (status != AURORA_OK)
            return ctl_fail(status, &err, "products of the file");
        for (uint32_t i = 0; i < count; i++) {
            if (!puts[i].is_stored)
                return ctl_refuse("%s: %s: %s", inputs[i].sku, puts[i].field, puts[i].why);
        }
    }
    return CTL_YES;
}

int ctl_replay_products(ctl_replay_run *replay)
{
    aurora_product_input *inputs = calloc(CTL_PUT_MAX, sizeof *inputs);
    const aurora_product_input **pointers = calloc(CTL_PUT_MAX, sizeof *pointers);
    ctl_put *puts = calloc(CTL_PUT_MAX, sizeof *puts);
    int outcome = CTL_UNSURE;
    if (inputs == NULL || pointers == NULL || puts == NULL)
        ctl_refuse("out of memory");
    else
        outcome = put_products(replay, inputs, pointers, puts);
    free(puts);
    free(pointers);
    free(inputs);
    return outcome;
}

typedef struct {
    ctl_replay_run *replay;
    ctl_progress progress;
    atomic_uint next;
    atomic_uint done;
    atomic_int failure; /* the first failing status */
    atomic_uint failed; /* its product */
} receiver;

static aurora_status receive(const ctl_replay_run *replay, ctl_shop *shop,
                             const ctl_retail_product *product)
{
    char key[sizeof CTL_REPLAY_KEY + AURORA_SKU_BYTES_MAX];
    aurora_movement movement = {.size = sizeof movement,
                                .kind = AURORA_MOVEMENT_RECEIPT,
                                .sku = product->sku,
                                .quantity = product->sold / 100 * replay->stock_percent +
                                            product->sold % 100 * replay->stock_percent / 100,
                                .key = key};
    if (movement.quantity == 0)
        return AURORA_OK;
    snprintf(key, sizeof key, CTL_REPLAY_KEY "%s", product->sku);
    ctl_move move;
    ctl_answer answer = {0};
    aurora_error err = AURORA_ERROR_INIT;
    ctl_move_init(&move, &movement);
    int64_t give_up_ms = ctl_monotonic_ms() + replay->patience_ms;
    aurora_status status = ctl_shop_ask(shop, &move.ask, &answer, &err);
    while (aurora_status_is_retriable(status) && ctl_monotonic_ms() < give_up_ms) {
        ctl_pause_ms(5);
        status = ctl_shop_ask(shop, &move.ask, &answer, &err);
    }
    ctl_answer_free(&answer);
    ctl_move_deinit(&move);
    return status;
}

static void note_failure(receiver *all, aurora_status status, unsigned index)
{
    int none = AURORA_OK;
    if (status != AURORA_OK && atomic_compare_exchange_strong(&all->failure, &none, status))
        atomic_store(&all->failed, index);
}

static void *run_receiver(void *argument)
{
    receiver *all = argument;
    const ctl_retail_file *file = &all->replay->file;
    ctl_shop shop;
    unsigned index = 0;
    if (ctl_shop_join(&all->replay->shop, &shop) != CTL_YES)
        note_failure(all, AURORA_ENOMEM, 0);
    while ((index = atomic_fetch_add(&all->next, 1)) < file->product_count &&
           atomic_load(&all->failure) == AURORA_OK) {
        note_failure(all, receive(all->replay, &shop, &file->products[index]), index);
        atomic_fetch_add(&all->done, 1);
    }
    ctl_shop_close(&shop);
    return NULL;
}

int ctl_replay_stock(ctl_replay_run *replay)
{
    receiver all = {.replay = replay};
    pthread_t threads[THREADS];
    int started = 0;
    ctl_progress_start(&all.progress, "stock", replay->file.product_count);
    while (started < THREADS && pthread_create(&threads[started], NULL, run_receiver, &all) == 0)
        started++;
    if (started == 0)
        run_receiver(&all);
    while (all.progress.is_shown && atomic_load(&all.failure) == AURORA_OK &&
           atomic_load(&all.done) < replay->file.product_count) {
        ctl_progress_update(&all.progress, atomic_load(&all.done));
        ctl_pause_ms(50);
    }
    for (int i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    ctl_progress_end(&all.progress);
    aurora_status status = atomic_load(&all.failure);
    if (status == AURORA_OK)
        return CTL_YES;
    const char *sku = replay->file.products[atomic_load(&all.failed)].sku;
    if (status == AURORA_EKEYREUSED) {
        ctl_refuse("stock of %s: this shop was stocked by a replay with another --stock or "
                   "another file; give the same, or a new one",
                   sku);
        return CTL_NO;
    }
    return ctl_fail(status, NULL, sku);
}
