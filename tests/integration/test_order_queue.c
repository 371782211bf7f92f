/* SPDX-License-Identifier: MIT */
/* Queues of orders, over each store, with and without a worker. */
#include "order_fixture.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { MANY = 64 };

/* Requests of one line each, which live as long as the batch. */
typedef struct {
    aurora_line lines[MANY];
    aurora_order_request requests[MANY];
    const aurora_order_request *pointers[MANY];
    uint64_t tags[MANY];
} batch;

static void fill(batch *to, uint32_t count, const char *sku)
{
    for (uint32_t i = 0; i < count; i++) {
        to->lines[i] = (aurora_line){.sku = sku, .quantity = 1};
        to->requests[i] =
            *AURORA_ORDER(.currency = "EUR", .payment_method = "tok_approve",
                          .lines = &to->lines[i], .line_count = 1, .timeout_ms = 10000);
        to->pointers[i] = &to->requests[i];
        to->tags[i] = 1000 + i;
    }
}

static aurora_queue *new_queue(order_fixture *f, uint32_t capacity)
{
    aurora_queue *queue;
    aurora_assert_ok(aurora_queue_new(f->shop, capacity, &queue));
    return queue;
}

static void submit(aurora_queue *queue, const batch *from, uint32_t count)
{
    uint32_t accepted;
    aurora_assert_ok(aurora_order_submit(queue, from->pointers, from->tags, count, &accepted));
    ck_assert_uint_eq(accepted, count);
}

/* Takes exactly this many. */
static void take(aurora_queue *queue, aurora_completion *out, uint32_t count)
{
    for (uint32_t done = 0, some; done < count; done += some) {
        aurora_assert_ok(aurora_queue_take(queue, out + done, count - done, 10000, &some));
        ck_assert_uint_gt(some, 0);
    }
}

static bool is_readable(const aurora_queue *queue)
{
    struct pollfd fd = {.fd = aurora_queue_fd(queue), .events = POLLIN};
    return poll(&fd, 1, 0) == 1;
}

START_TEST(test_order_queue__each_request_gives_one_completion_in_order)
{
    order_fixture f;
    batch some;
    aurora_completion done[MANY];
    order_fixture_start(&f, _i);
    aurora_queue *queue = new_queue(&f, MANY);
    fill(&some, MANY, "cup");

    submit(queue, &some, MANY);
    take(queue, done, MANY);

    for (uint32_t i = 0; i < MANY; i++) {
        ck_assert_uint_eq(done[i].tag, 1000 + i);
        ck_assert_int_eq(done[i].status, AURORA_OK);
        ck_assert_int_eq(done[i].order_status, AURORA_ORDER_COMPLETED);
        ck_assert_int_eq(done[i].total_minor, 250);
        ck_assert_uint_eq(done[i].error_line, AURORA_NO_LINE);
        ck_assert_ptr_null(done[i].order);
    }
    ck_assert(!is_readable(queue));
    aurora_queue_free(queue);
    order_fixture_stop(&f);
}
END_TEST

START_TEST(test_order_queue__what_is_refused_completes_too)
{
    order_fixture f;
    batch some;
    aurora_completion done[4];
    order_fixture_start(&f, _i);
    aurora_queue *queue = new_queue(&f, 4);
    fill(&some, 4, "cup");
    some.lines[1].quantity = 0;
    some.lines[2].sku = "nothing";
    some.requests[3].key = "k";
    some.requests[0].key = "k";
    bool seen[4] = {false};

    submit(queue, &some, 4);
    take(queue, done, 4);

    for (int i = 0; i < 4; i++) {
        uint64_t which = done[i].tag - 1000;
        ck_assert_uint_lt(which, 4);
        ck_assert(!seen[which]);
        seen[which] = true;
        if (which == 1)
            ck_assert_int_eq(done[i].status, AURORA_EINVAL);
        if (which == 2)
            ck_assert_int_eq(done[i].status, AURORA_EUNKNOWNSKU);
        if (which == 1 || which == 2) {
            ck_assert_uint_eq(done[i].error_line, 0);
            ck_assert_int_eq(done[i].order_status, 0);
            ck_assert_int_eq(done[i].id.bytes[0], 0);
        }
        if (which == 3)
            ck_assert_uint_eq(done[i].is_replay, 1);
    }
    aurora_queue_free(queue);
    order_fixture_stop(&f);
}
END_TEST

START_TEST(test_order_queue__capacity_counts_until_taken)
{
    order_fixture f;
    batch some;
    aurora_completion done[4];
    uint32_t accepted;
    order_fixture_start(&f, _i);
    aurora_queue *queue = new_queue(&f, 4);
    fill(&some, 6, "cup");

    aurora_assert_ok(aurora_order_submit(queue, some.pointers, some.tags, 6, &accepted));
    ck_assert_uint_eq(accepted, 4);
    aurora_assert_status(aurora_order_submit(queue, some.pointers, some.tags, 1, &accepted),
                         AURORA_EBUSY);
    ck_assert_uint_eq(accepted, 0);
    take(queue, done, 1);
    aurora_assert_ok(aurora_order_submit(queue, some.pointers + 4, some.tags + 4, 2, &accepted));
    ck_assert_uint_eq(accepted, 1);
    take(queue, done, 4);

    ck_assert_uint_eq(done[3].tag, 1004);
    aurora_queue_free(queue);
    order_fixture_stop(&f);
}
END_TEST

/* Number 2 is refused before the engine is full and counts as accepted, number 20 comes after. */
START_TEST(test_order_queue__a_full_engine_accepts_the_first_ones)
{
    order_fixture f;
    batch some;
    aurora_completion done[MANY];
    uint32_t accepted, count;
    order_fixture_init(&f, ORDER_FIXTURE_MEMORY);
    f.settings[0] = "queue_max=16";
    order_fixture_open(&f);
    order_fixture_stock(&f);
    aurora_queue *queue = new_queue(&f, MANY);
    fill(&some, MANY, "cup");
    some.lines[2].quantity = 0;
    some.lines[20].quantity = 0;

    aurora_assert_ok(aurora_order_submit(queue, some.pointers, some.tags, MANY, &accepted));
    ck_assert_uint_eq(accepted, 17);
    aurora_assert_status(aurora_order_submit(queue, some.pointers, some.tags, 1, &accepted),
                         AURORA_EBUSY);
    take(queue, done, 17);

    for (int i = 0; i < 17; i++)
        ck_assert_uint_lt(done[i].tag, 1017);
    aurora_assert_ok(aurora_queue_take(queue, done, MANY, 0, &count));
    ck_assert_uint_eq(count, 0);
    submit(queue, &some, 1);
    take(queue, done, 1);
    aurora_queue_free(queue);
    order_fixture_stop(&f);
}
END_TEST

START_TEST(test_order_queue__a_completion_carries_the_order_when_asked)
{
    order_fixture f;
    batch some;
    aurora_completion done;
    order_fixture_start(&f, _i);
    aurora_queue *queue = new_queue(&f, 4);
    fill(&some, 1, "mug");
    some.requests[0].flags = AURORA_ORDER_WITH_RESULT;

    submit(queue, &some, 1);
    take(queue, &done, 1);

    ck_assert_ptr_nonnull(done.order);
    aurora_assert_id_eq(done.order->id, done.id);
    ck_assert_str_eq(done.order->lines[0].sku, "mug");
    aurora_order_free(done.order);
    aurora_queue_free(queue);
    order_fixture_stop(&f);
}
END_TEST

START_TEST(test_order_queue__an_undecided_order_completes_when_its_time_is_over)
{
    order_fixture f;
    batch some;
    aurora_completion done;
    order_fixture_init(&f, _i);
    f.settings[0] = "payment=none:";
    order_fixture_open(&f);
    order_fixture_stock(&f);
    aurora_queue *queue = new_queue(&f, 4);
    fill(&some, 1, "cup");
    some.requests[0].timeout_ms = 30;

    submit(queue, &some, 1);
    take(queue, &done, 1);

    ck_assert_int_eq(done.status, AURORA_OK);
    ck_assert_int_eq(done.order_status, AURORA_ORDER_RESERVED);
    aurora_queue_free(queue);
    order_fixture_stop(&f);
}
END_TEST

START_TEST(test_order_queue__a_wake_ends_one_take)
{
    order_fixture f;
    aurora_completion done;
    uint32_t count;
    order_fixture_start(&f, _i);
    aurora_queue *queue = new_queue(&f, 4);

    aurora_queue_wake(queue);

    aurora_assert_status(aurora_queue_take(queue, &done, 1, -1, &count), AURORA_EINTR);
    aurora_assert_ok(aurora_queue_take(queue, &done, 1, 0, &count));
    ck_assert_uint_eq(count, 0);
    aurora_queue_free(queue);
    order_fixture_stop(&f);
}
END_TEST

START_TEST(test_order_queue__outlives_its_handle)
{
    order_fixture f;
    batch some;
    aurora_completion done[4];
    uint32_t count, accepted;
    order_fixture_start(&f, _i);
    aurora_queue *queue = new_queue(&f, 4);
    fill(&some, 3, "cup");
    submit(queue, &some, 3);

    aurora_close(f.shop);
    f.shop = NULL;

    take(queue, done, 3);
    for (int i = 0; i < 3; i++)
        ck_assert(done[i].status == AURORA_OK || done[i].status == AURORA_ECLOSED);
    ck_assert(is_readable(queue));
    aurora_assert_status(aurora_queue_take(queue, done, 4, -1, &count), AURORA_ECLOSED);
    aurora_assert_status(aurora_order_submit(queue, some.pointers, some.tags, 1, &accepted),
                         AURORA_ECLOSED);
    aurora_queue_free(queue);
    order_fixture_stop(&f);
}
END_TEST

START_TEST(test_order_queue__freed_in_flight_leaves_its_orders_alive)
{
    order_fixture f;
    batch some;
    order_fixture_start(&f, _i);
    aurora_queue *queue = new_queue(&f, MANY);
    fill(&some, MANY, "cup");
    for (int i = 0; i < MANY; i++)
        some.requests[i].flags = AURORA_ORDER_WITH_RESULT;

    submit(queue, &some, MANY);
    aurora_queue_free(queue);
    aurora_order_free(order_fixture_place(&f, NULL, "cup", 1));

    ck_assert_int_eq(order_fixture_sold(&f, "cup"), MANY + 1);
    order_fixture_stop(&f);
}
END_TEST

static void *close_soon(void *argument)
{
    const struct timespec pause = {.tv_nsec = 20000000};
    nanosleep(&pause, NULL);
    aurora_close(argument);
    return NULL;
}

START_TEST(test_order_queue__closing_the_handle_ends_a_waiting_take)
{
    order_fixture f;
    pthread_t closer;
    aurora_completion done;
    uint32_t count;
    order_fixture_start(&f, _i);
    aurora_queue *queue = new_queue(&f, 4);

    ck_assert_int_eq(pthread_create(&closer, NULL, close_soon, f.shop), 0);
    aurora_assert_status(aurora_queue_take(queue, &done, 1, -1, &count), AURORA_ECLOSED);

    pthread_join(closer, NULL);
    f.shop = NULL;
    aurora_queue_free(queue);
    order_fixture_stop(&f);
}
END_TEST

/* What came of one request with a key, however often memory ran out; how often it did. */
static int complete(aurora_queue *queue, const batch *from, aurora_completion *done)
{
    int failures = 0;
    do {
        submit(queue, from, 1);
        take(queue, done, 1);
        ck_assert(done->status == AURORA_OK || done->status == AURORA_ENOMEM);
        failures += done->status == AURORA_ENOMEM;
    } while (done->status != AURORA_OK);
    return failures;
}

START_TEST(test_order_queue__any_allocation_may_fail)
{
    order_fixture f;
    batch some;
    int calm = 0, failed = 0;
    fill(&some, 1, "cup");
    some.requests[0].key = "k";
    some.requests[0].flags = AURORA_ORDER_WITH_RESULT;

    for (int at = 0; at < 1000 && (calm < 20 || failed <= 4); at++) {
        aurora_queue *queue;
        aurora_completion done;
        order_fixture_start(&f, _i);
        failing_heap_fail_in(&f.heap, at);
        int failures = aurora_queue_new(f.shop, 4, &queue) != AURORA_OK;
        if (failures > 0)
            queue = new_queue(&f, 4);
        failures += complete(queue, &some, &done);
        ck_assert_ptr_nonnull(done.order);
        aurora_order_free(done.order);
        aurora_queue_free(queue);
        calm = failures == 0 ? calm + 1 : 0;
        failed += failures;
        order_fixture_stop(&f);
    }

    ck_assert_int_gt(failed, 4);
}
END_TEST

/* --- many threads ----------------------------------------------------------------------------- */

enum { THREADS = 16, EACH = 500 };

typedef struct {
    aurora_queue *queue;
    int number;
    _Atomic uint32_t *seen; /* one count per tag */
    _Atomic uint32_t *taken;
    uint32_t completed;
} worker;

static uint32_t take_some(worker *self)
{
    aurora_completion done[32];
    uint32_t count;
    if (aurora_queue_take(self->queue, done, 32, 1, &count) != AURORA_OK)
        return 0;
    for (uint32_t i = 0; i < count; i++) {
        atomic_fetch_add(&self->seen[done[i].tag], 1);
        self->completed += done[i].order_status == AURORA_ORDER_COMPLETED;
    }
    atomic_fetch_add(self->taken, count);
    return count;
}

/* Submits its share and takes whatever comes, its own or another's. */
static void *work(void *argument)
{
    worker *self = argument;
    batch some;
    char keys[MANY][32];
    fill(&some, MANY, "cup");
    for (uint32_t sent = 0; sent < EACH;) {
        uint32_t count = EACH - sent < MANY ? EACH - sent : MANY, accepted;
        for (uint32_t i = 0; i < count; i++) {
            some.tags[i] = (uint64_t)self->number * EACH + sent + i;
            snprintf(keys[i], sizeof keys[i], "k-%u", (unsigned)some.tags[i]);
            some.requests[i].key = keys[i];
        }
        aurora_order_submit(self->queue, some.pointers, some.tags, count, &accepted);
        sent += accepted;
        take_some(self);
    }
    while (atomic_load(self->taken) < THREADS * EACH)
        take_some(self);
    return NULL;
}

START_TEST(test_order_queue__sixteen_threads_share_one_queue)
{
    order_fixture f;
    worker workers[THREADS];
    pthread_t threads[THREADS];
    _Atomic uint32_t *seen = calloc(THREADS * EACH, sizeof *seen);
    _Atomic uint32_t taken = 0;
    uint32_t completed = 0;
    order_fixture_start(&f, _i);
    aurora_queue *queue = new_queue(&f, 300);

    for (int i = 0; i < THREADS; i++) {
        workers[i] = (worker){.queue = queue, .number = i, .seen = seen, .taken = &taken};
        ck_assert_int_eq(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        completed += workers[i].completed;
    }

    for (int i = 0; i < THREADS * EACH; i++)
        ck_assert_uint_eq(seen[i], 1);
    ck_assert_uint_eq(completed, 100);
    ck_assert_int_eq(order_fixture_available(&f, "cup"), 0);
    aurora_queue_free(queue);
    order_fixture_stop(&f);
    free(seen);
}
END_TEST

#define ADD(name) tcase_add_loop_test(tcase, test_order_queue__##name, 0, ORDER_FIXTURE_KINDS)

static Suite *order_queue_suite(void)
{
    Suite *suite = suite_create("order_queue");
    TCase *tcase = tcase_create("order_queue");
    tcase_set_timeout(tcase, 60);
    ADD(each_request_gives_one_completion_in_order);
    ADD(what_is_refused_completes_too);
    ADD(capacity_counts_until_taken);
    tcase_add_test(tcase, test_order_queue__a_full_engine_accepts_the_first_ones);
    ADD(a_completion_carries_the_order_when_asked);
    ADD(an_undecided_order_completes_when_its_time_is_over);
    ADD(a_wake_ends_one_take);
    ADD(outlives_its_handle);
    ADD(freed_in_flight_leaves_its_orders_alive);
    ADD(closing_the_handle_ends_a_waiting_take);
    tcase_add_loop_test(tcase, test_order_queue__any_allocation_may_fail, ORDER_FIXTURE_MEMORY,
                        ORDER_FIXTURE_KINDS);
    ADD(sixteen_threads_share_one_queue);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(order_queue_suite)
