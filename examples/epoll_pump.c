/* SPDX-License-Identifier: MIT */
/* No thread but ours: an event loop drives the library. Two descriptors stand in its epoll set, the
 * handle's (the engine has work: pump) and the queue's (answers wait: take them), next to whatever
 * else the program serves. aurora_pump says for how long the loop may sleep. The store is argv[1],
 * or in memory.
 * To compile: cc epoll_pump.c $(pkg-config --cflags --libs aurora)
 * Prints:
 *   100 orders answered, 100 completed
 */
#include <aurora/aurora.h>

#include <stdio.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { ORDERS = 100, PUMP_MS = 5 };

/* Hands in all orders at once. Texts and structs are copied, so one request serves them all but for
 * its key. A loop with more orders than room in the queue submits the rest after the next take. */
static aurora_status submit(aurora_queue *queue)
{
    static const aurora_line line = {.sku = "mug", .quantity = 1};
    char keys[ORDERS][16];
    aurora_order_request requests[ORDERS];
    const aurora_order_request *pointers[ORDERS];
    uint64_t tags[ORDERS];
    uint32_t accepted = 0;
    for (int i = 0; i < ORDERS; i++) {
        snprintf(keys[i], sizeof(keys[i]), "cart-%d", i);
        requests[i] = *AURORA_ORDER(.key = keys[i], .currency = "EUR", .lines = &line,
                                    .line_count = 1, .payment_method = "tok_approve");
        pointers[i] = &requests[i];
        tags[i] = (uint64_t)i; /* comes back with the answer: an index, or a pointer of yours */
    }
    aurora_status rc = aurora_order_submit(queue, pointers, tags, ORDERS, &accepted);
    return rc == AURORA_OK && accepted < ORDERS ? AURORA_EBUSY : rc;
}

/* Takes what has been answered, without waiting. */
static aurora_status take(aurora_queue *queue, int *answered, int *completed)
{
    aurora_completion done[32];
    uint32_t count = 0;
    aurora_status rc = aurora_queue_take(queue, done, 32, 0, &count);
    for (uint32_t i = 0; i < count; i++) {
        *answered += 1;
        if (done[i].status == AURORA_OK && done[i].order_status == AURORA_ORDER_COMPLETED)
            *completed += 1;
    }
    return rc;
}

/* -1 (nothing is due until a descriptor turns readable) means the same to epoll_wait. */
static int sleep_ms(int64_t next_due_ms)
{
    return next_due_ms > 60000 ? 60000 : (int)next_due_ms;
}

static aurora_status loop(aurora_t *shop, aurora_queue *queue)
{
    int answered = 0, completed = 0;
    int64_t next_due_ms = 0;
    struct epoll_event event = {.events = EPOLLIN};
    struct epoll_event ready[2];
    aurora_status rc = AURORA_OK;
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, aurora_fd(shop), &event) != 0 ||
        epoll_ctl(epoll, EPOLL_CTL_ADD, aurora_queue_fd(queue), &event) != 0)
        rc = AURORA_EIO;
    while (rc == AURORA_OK && answered < ORDERS) {
        if (epoll_wait(epoll, ready, 2, sleep_ms(next_due_ms)) < 0)
            rc = AURORA_EINTR;
        /* Both calls return at once when there is nothing to do. */
        if (rc == AURORA_OK)
            rc = aurora_pump(shop, PUMP_MS, &next_due_ms);
        if (rc == AURORA_OK)
            rc = take(queue, &answered, &completed);
    }
    if (epoll >= 0)
        close(epoll);
    printf("%d orders answered, %d completed\n", answered, completed);
    return rc;
}

int main(int argc, char **argv)
{
    aurora_t *shop = NULL;
    aurora_queue *queue = NULL;
    aurora_error err = AURORA_ERROR_INIT;
    aurora_status rc = aurora_open(argc > 1 ? argv[1] : "memory:", NULL, &shop, &err);
    if (rc == AURORA_OK)
        rc = aurora_product_put(
            shop,
            AURORA_PRODUCT(.sku = "mug", .name = "Mug", .price_minor = 1250, .currency = "EUR"),
            AURORA_ANY_VERSION, NULL, &err);
    if (rc == AURORA_OK)
        rc = aurora_stock_receive(shop, "mug", ORDERS, "delivery-1", &err);
    if (rc == AURORA_OK)
        rc = aurora_queue_new(shop, ORDERS, &queue);
    if (rc == AURORA_OK)
        rc = submit(queue);
    if (rc == AURORA_OK)
        rc = loop(shop, queue);
    if (rc != AURORA_OK)
        fprintf(stderr, "%s: %s %s\n", aurora_status_name(rc), err.field, err.message);
    aurora_queue_free(queue);
    aurora_close(shop);
    return rc == AURORA_OK ? 0 : 1;
}
