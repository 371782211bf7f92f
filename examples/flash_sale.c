/* SPDX-License-Identifier: MIT */
/* A flash sale: 64 threads want one mug each, 250 times over, and there are 5,000 mugs. Every
 * order has a key, so whatever is refused for want of room is simply submitted again. The store is
 * argv[1], or in memory: `flash_sale sale.db`. Exit status 0: nothing was oversold.
 * To compile: cc flash_sale.c -pthread $(pkg-config --cflags --libs aurora) */
#include <aurora/aurora.h>

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { THREADS = 64, ORDERS = 250, WINDOW = 64, STOCK = 5000, PAUSE_MS = 20 };

/* What one thread did. `backlog` holds the numbers of the orders still to be submitted. */
struct buyer {
    aurora_t *shop;
    int number;
    int backlog[ORDERS];
    uint32_t backlog_count;
    uint32_t outstanding;
    uint32_t sold, failed, undecided, repeated;
    aurora_status rc;
};

/* Submits as much of the backlog as fits; what was not accepted stays in it. */
static aurora_status buyer_submit(struct buyer *buyer, aurora_queue *queue)
{
    static const aurora_line mug = {.sku = "mug", .quantity = 1};
    char keys[WINDOW][32];
    aurora_order_request requests[WINDOW];
    const aurora_order_request *pointers[WINDOW];
    uint64_t tags[WINDOW];
    uint32_t count = 0, accepted = 0;
    while (count < buyer->backlog_count && count < WINDOW - buyer->outstanding) {
        int order = buyer->backlog[buyer->backlog_count - 1 - count];
        snprintf(keys[count], sizeof(keys[count]), "buyer-%d-order-%d", buyer->number, order);
        requests[count] =
            *AURORA_ORDER(.key = keys[count], .currency = "EUR", .lines = &mug, .line_count = 1,
                          .payment_method = "tok_approve", .timeout_ms = 30000);
        pointers[count] = &requests[count];
        tags[count] = (uint64_t)order;
        count++;
    }
    if (count == 0)
        return AURORA_OK;

    aurora_status rc = aurora_order_submit(queue, pointers, tags, count, &accepted);
    buyer->backlog_count -= accepted;
    buyer->outstanding += accepted;
    return rc == AURORA_EBUSY ? AURORA_OK : rc;
}

/* Counts one answer. A failure that may be repeated puts the order back, with the same key. */
static aurora_status buyer_count(struct buyer *buyer, const aurora_completion *done)
{
    buyer->outstanding--;
    if (done->status != AURORA_OK && !aurora_status_is_retriable(done->status))
        return done->status;

    if (done->status != AURORA_OK) {
        buyer->backlog[buyer->backlog_count++] = (int)done->tag;
        buyer->repeated++;
    } else if (done->order_status == AURORA_ORDER_COMPLETED) {
        buyer->sold++;
    } else if (done->order_status == AURORA_ORDER_FAILED) {
        buyer->failed++;
    } else {
        buyer->undecided++;
    }
    return AURORA_OK;
}

static void *buyer_run(void *argument)
{
    struct buyer *buyer = argument;
    aurora_queue *queue = NULL;
    aurora_completion done[WINDOW];
    buyer->rc = aurora_queue_new(buyer->shop, WINDOW, &queue);
    while (buyer->rc == AURORA_OK && buyer->backlog_count + buyer->outstanding > 0) {
        uint32_t count = 0;
        buyer->rc = buyer_submit(buyer, queue);
        if (buyer->rc == AURORA_OK)
            buyer->rc = aurora_queue_take(queue, done, WINDOW, PAUSE_MS, &count);
        for (uint32_t i = 0; i < count && buyer->rc == AURORA_OK; i++)
            buyer->rc = buyer_count(buyer, &done[i]);
    }
    aurora_queue_free(queue);
    return NULL;
}

/* Runs all buyers and adds up what they did in buyers[0]. */
static aurora_status sale_run(aurora_t *shop, struct buyer *buyers)
{
    pthread_t threads[THREADS];
    int started = 0;
    aurora_status rc = AURORA_OK;
    for (; started < THREADS; started++) {
        struct buyer *buyer = &buyers[started];
        buyer->shop = shop;
        buyer->number = started;
        for (int i = 0; i < ORDERS; i++)
            buyer->backlog[buyer->backlog_count++] = i;
        if (pthread_create(&threads[started], NULL, buyer_run, buyer) != 0) {
            rc = AURORA_ENOMEM;
            break;
        }
    }
    for (int i = 0; i < started; i++) {
        pthread_join(threads[i], NULL);
        if (rc == AURORA_OK)
            rc = buyers[i].rc;
        if (i > 0) {
            buyers[0].sold += buyers[i].sold;
            buyers[0].failed += buyers[i].failed;
            buyers[0].undecided += buyers[i].undecided;
            buyers[0].repeated += buyers[i].repeated;
        }
    }
    return rc;
}

/* Asks the store itself: every invariant, and the counters of the mug. */
static aurora_status sale_check(aurora_t *shop, const struct buyer *sum, bool *is_good_out)
{
    aurora_report *report = NULL;
    aurora_stock stock;
    aurora_status rc = aurora_stock_get(shop, "mug", &stock);
    if (rc == AURORA_OK)
        rc = aurora_verify(shop, &report);
    if (rc != AURORA_OK)
        return rc;

    for (uint32_t i = 0; i < report->count; i++)
        printf("%s %s: %s\n", report->items[i]->invariant, report->items[i]->subject,
               report->items[i]->message);
    printf("sold %" PRIu32 ", failed %" PRIu32 ", undecided %" PRIu32 ", repeated %" PRIu32
           "; stock sold %" PRId64 ", left %" PRId64 "\n",
           sum->sold, sum->failed, sum->undecided, sum->repeated, stock.sold, stock.available);
    *is_good_out = report->is_ok && sum->undecided == 0 && sum->sold == STOCK &&
                   sum->failed == THREADS * ORDERS - STOCK && stock.available == 0;
    aurora_report_free(report);
    return AURORA_OK;
}

int main(int argc, char **argv)
{
    aurora_t *shop = NULL;
    aurora_error err = AURORA_ERROR_INIT;
    bool is_good = false;
    struct buyer *buyers = calloc(THREADS, sizeof(*buyers));
    aurora_status rc = buyers != NULL ? AURORA_OK : AURORA_ENOMEM;
    if (rc == AURORA_OK)
        rc =
            aurora_open(argc > 1 ? argv[1] : "memory:", AURORA_OPTIONS(.flags = AURORA_OPEN_WORKER),
                        &shop, &err);
    if (rc == AURORA_OK)
        rc = aurora_product_put(
            shop,
            AURORA_PRODUCT(.sku = "mug", .name = "Mug", .price_minor = 1250, .currency = "EUR"),
            AURORA_ANY_VERSION, NULL, &err);
    if (rc == AURORA_OK)
        rc = aurora_stock_receive(shop, "mug", STOCK, "delivery-1", &err);
    if (rc == AURORA_OK)
        rc = sale_run(shop, buyers);
    if (rc == AURORA_OK)
        rc = sale_check(shop, buyers, &is_good);
    if (rc != AURORA_OK)
        fprintf(stderr, "%s: %s %s\n", aurora_status_name(rc), err.field, err.message);
    aurora_close(shop);
    free(buyers);
    return is_good ? 0 : 1;
}
