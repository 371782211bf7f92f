/* SPDX-License-Identifier: MIT */
/* What the shop has before its first order: products and stock. */
#include "replay.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "progress.h"

#define PUT_MAX 1000
#define THREADS 32 /* each waits for a commit that it shares with the others */
#define PATIENCE_MS 30000
#define KEY_PREFIX "replay/online-retail/"

int ctl_replay_products(ctl_replay_run *replay)
{
    aurora_product_input *inputs = calloc(PUT_MAX, sizeof *inputs);
    const aurora_product_input **pointers = calloc(PUT_MAX, sizeof *pointers);
    if (inputs == NULL || pointers == NULL) {
        free(inputs);
        free(pointers);
        return ctl_refuse("out of memory");
    }
    int outcome = CTL_YES;
    uint32_t next = 0;
    while (outcome == CTL_YES && next < replay->file.product_count) {
        uint32_t count = 0;
        for (; next < replay->file.product_count && count < PUT_MAX; next++) {
            const ctl_retail_product *product = &replay->file.products[next];
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
        aurora_error err = AURORA_ERROR_INIT;
        aurora_status status = AURORA_OK;
        if (count > 0)
            status = aurora_product_put_many(replay->shop, pointers, count, NULL, &err);
        if (status != AURORA_OK)
            outcome = ctl_fail(status, &err, "products of the file");
    }
    free(inputs);
    free(pointers);
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

static aurora_status receive(const ctl_replay_run *replay, const ctl_retail_product *product)
{
    char key[sizeof KEY_PREFIX + AURORA_SKU_BYTES_MAX];
    int64_t quantity = product->sold / 100 * replay->stock_percent +
                       product->sold % 100 * replay->stock_percent / 100;
    if (quantity == 0)
        return AURORA_OK;
    snprintf(key, sizeof key, KEY_PREFIX "%s", product->sku);
    int64_t give_up_ms = ctl_monotonic_ms() + PATIENCE_MS;
    for (;;) {
        aurora_status status =
            aurora_stock_receive(replay->shop, product->sku, quantity, key, NULL);
        if (!aurora_status_is_retriable(status) || ctl_monotonic_ms() > give_up_ms)
            return status;
        ctl_pause_ms(5);
    }
}

static void *run_receiver(void *argument)
{
    receiver *all = argument;
    const ctl_retail_file *file = &all->replay->file;
    for (;;) {
        unsigned index = atomic_fetch_add(&all->next, 1);
        if (index >= file->product_count || atomic_load(&all->failure) != AURORA_OK)
            return NULL;
        aurora_status status = receive(all->replay, &file->products[index]);
        int none = AURORA_OK;
        if (status != AURORA_OK && atomic_compare_exchange_strong(&all->failure, &none, status))
            atomic_store(&all->failed, index);
        atomic_fetch_add(&all->done, 1);
    }
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
        ctl_refuse("stock of %s: this store was stocked by a replay with another --stock or "
                   "another file; give the same, or a new store",
                   sku);
        return CTL_NO;
    }
    return ctl_fail(status, NULL, sku);
}
