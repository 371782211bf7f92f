/* SPDX-License-Identifier: MIT */
/* Watches: orders waited for in a queue, over each store, with and without a worker. */
#include "order_fixture.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define MANY 3000

static aurora_queue *new_queue(order_fixture *f, uint32_t capacity)
{
    aurora_queue *queue;
    aurora_assert_ok(aurora_queue_new(f->shop, capacity, &queue));
    return queue;
}

static aurora_completion take_one(aurora_queue *queue)
{
    aurora_completion done = {0};
    uint32_t count;
    aurora_assert_ok(aurora_queue_take(queue, &done, 1, 20000, &count));
    ck_assert_uint_eq(count, 1);
    return done;
}

static aurora_order *place(aurora_t *shop, const char *sku)
{
    aurora_line line = {.sku = sku, .quantity = 1};
    aurora_order *order = NULL;
    aurora_assert_ok(aurora_order_place(
        shop,
        AURORA_ORDER(.currency = "EUR", .payment_method = "tok_approve", .lines = &line,
                     .line_count = 1, .flags = AURORA_ORDER_NO_WAIT),
        &order, NULL));
    ck_assert_int_eq(order->status, AURORA_ORDER_RESERVED);
    return order;
}

/* A shop whose payments nobody answers, and one order that waits for its payment. */
static aurora_order *start_with_order(order_fixture *f, int kind)
{
    order_fixture_init(f, kind);
    f->settings[0] = "payment=none:";
    order_fixture_open(f);
    order_fixture_stock(f);
    return place(f->shop, "cup");
}

static void cancel(aurora_t *shop, aurora_id id)
{
    aurora_assert_ok(aurora_order_cancel(shop, id, AURORA_REASON_CUSTOMER, NULL, NULL, NULL));
}

START_TEST(test_order_watch__newer_version_completes_at_once)
{
    order_fixture f;
    aurora_order *order = start_with_order(&f, _i);
    aurora_queue *queue = new_queue(&f, 4);

    aurora_assert_ok(aurora_order_watch(queue, order->id, order->version - 1, 600000, 7));
    aurora_completion done = take_one(queue);

    ck_assert_uint_eq(done.tag, 7);
    ck_assert_int_eq(done.status, AURORA_OK);
    ck_assert_uint_eq(done.version, order->version);
    ck_assert_int_eq(done.order_status, AURORA_ORDER_RESERVED);
    ck_assert_uint_eq(done.error_line, AURORA_NO_LINE);
    ck_assert_ptr_nonnull(done.order);
    aurora_assert_id_eq(done.order->id, order->id);
    aurora_order_free(done.order);
    aurora_order_free(order);
    aurora_queue_free(queue);
    order_fixture_stop(&f);
}
END_TEST

START_TEST(test_order_watch__change_completes_every_watch_of_the_order)
{
    order_fixture f;
    aurora_order *order = start_with_order(&f, _i);
    aurora_queue *queue = new_queue(&f, 4);
    aurora_completion none;
    uint32_t count;
    for (uint64_t tag = 1; tag <= 3; tag++)
        aurora_assert_ok(aurora_order_watch(queue, order->id, order->version, 600000, tag));
    aurora_assert_ok(aurora_queue_take(queue, &none, 1, 0, &count));
    ck_assert_uint_eq(count, 0);

    cancel(f.shop, order->id);

    uint64_t tags = 0;
    for (int i = 0; i < 3; i++) {
        aurora_completion done = take_one(queue);
        ck_assert_int_eq(done.status, AURORA_OK);
        ck_assert_uint_gt(done.order->version, order->version);
        ck_assert_int_eq(done.order->reason, AURORA_REASON_CUSTOMER);
        tags += done.tag;
        aurora_order_free(done.order);
    }
    ck_assert_uint_eq(tags, 6);
    aurora_order_free(order);
    aurora_queue_free(queue);
    order_fixture_stop(&f);
}
END_TEST

START_TEST(test_order_watch__end_of_its_time_gives_the_order_as_it_is)
{
    order_fixture f;
    aurora_order *order = start_with_order(&f, _i);
    aurora_queue *queue = new_queue(&f, 4);

    aurora_assert_ok(aurora_order_watch(queue, order->id, order->version, 30, 1));
    aurora_assert_ok(aurora_order_watch(queue, order->id, order->version, 20, 2));
    aurora_completion first = take_one(queue);
    aurora_completion second = take_one(queue);

    ck_assert_uint_eq(first.tag + second.tag, 3);
    ck_assert_int_eq(first.status, AURORA_OK);
    ck_assert_int_eq(second.status, AURORA_OK);
    ck_assert_uint_eq(first.order->version, order->version);
    ck_assert_uint_eq(second.version, order->version);
    aurora_order_free(first.order);
    aurora_order_free(second.order);
    aurora_order_free(order);
    aurora_queue_free(queue);
    order_fixture_stop(&f);
}
END_TEST

START_TEST(test_order_watch__unknown_order_completes_with_enotfound)
{
    order_fixture f;
    order_fixture_start(&f, _i);
    aurora_queue *queue = new_queue(&f, 1);
    aurora_id id = {{9}};

    aurora_assert_ok(aurora_order_watch(queue, id, 0, 1000, 5));
    aurora_completion done = take_one(queue);

    ck_assert_int_eq(done.status, AURORA_ENOTFOUND);
    ck_assert_uint_eq(done.tag, 5);
    ck_assert_ptr_null(done.order);
    aurora_queue_free(queue);
    order_fixture_stop(&f);
}
END_TEST

START_TEST(test_order_watch__counts_against_the_capacity)
{
    order_fixture f;
    aurora_order *order = start_with_order(&f, _i);
    aurora_queue *queue = new_queue(&f, 2);
    aurora_assert_ok(aurora_order_watch(queue, order->id, 0, 1000, 1));
    aurora_assert_ok(aurora_order_watch(queue, order->id, 0, 1000, 2));

    aurora_assert_status(aurora_order_watch(queue, order->id, 0, 1000, 3), AURORA_EBUSY);
    aurora_order_free(take_one(queue).order);
    aurora_assert_ok(aurora_order_watch(queue, order->id, 0, 1000, 4));

    aurora_order_free(take_one(queue).order);
    aurora_order_free(take_one(queue).order);
    aurora_order_free(order);
    aurora_queue_free(queue);
    order_fixture_stop(&f);
}
END_TEST

START_TEST(test_order_watch__timeout_out_of_range_is_refused)
{
    order_fixture f;
    order_fixture_start(&f, _i);
    aurora_queue *queue = new_queue(&f, 1);
    aurora_id id = {{9}};

    aurora_assert_status(aurora_order_watch(queue, id, 0, 0, 5), AURORA_EINVAL);
    aurora_assert_status(aurora_order_watch(queue, id, 0, 600001, 5), AURORA_EINVAL);
    aurora_assert_status(aurora_order_watch(NULL, id, 0, 1000, 5), AURORA_EINVAL);

    aurora_queue_free(queue);
    order_fixture_stop(&f);
}
END_TEST

START_TEST(test_order_watch__closing_the_handle_completes_it)
{
    order_fixture f;
    aurora_order *order = start_with_order(&f, _i);
    aurora_queue *queue = new_queue(&f, 4);
    aurora_assert_ok(aurora_order_watch(queue, order->id, order->version, 600000, 1));
    aurora_completion done;
    uint32_t count;

    aurora_close(f.shop);
    f.shop = NULL;
    done = take_one(queue);

    ck_assert_int_eq(done.status, AURORA_ECLOSED);
    aurora_assert_status(aurora_queue_take(queue, &done, 1, -1, &count), AURORA_ECLOSED);
    aurora_assert_status(aurora_order_watch(queue, order->id, 0, 1000, 1), AURORA_ECLOSED);
    aurora_order_free(order);
    aurora_queue_free(queue);
    order_fixture_stop(&f);
}
END_TEST

START_TEST(test_order_watch__queue_freed_under_watches_frees_their_memory)
{
    order_fixture f;
    aurora_order *order = start_with_order(&f, _i);
    aurora_queue *queue = new_queue(&f, 4);
    aurora_assert_ok(aurora_order_watch(queue, order->id, order->version, 600000, 1));
    aurora_assert_ok(aurora_order_watch(queue, order->id, 0, 600000, 2));

    aurora_queue_free(queue);
    cancel(f.shop, order->id);

    aurora_order_free(order);
    order_fixture_stop(&f); /* fails where memory is left */
}
END_TEST

/* Half end by their order's change and half by their time, from a heap and a map that both grow. */
START_TEST(test_order_watch__thousands_wait_at_once)
{
    order_fixture f;
    aurora_order *order = start_with_order(&f, _i);
    aurora_order *other = place(f.shop, "mug");
    aurora_queue *queue = new_queue(&f, MANY);
    uint8_t *seen = calloc(MANY, 1);
    for (uint32_t i = 0; i < MANY; i++) {
        aurora_id id = i % 2 == 0 ? order->id : other->id;
        uint32_t timeout_ms = i % 2 == 0 ? 600000 - i : 1 + (i * 7) % 200;
        uint64_t after = i % 2 == 0 ? order->version : other->version;
        while (aurora_order_watch(queue, id, after, timeout_ms, i) == AURORA_EBUSY)
            ck_assert_int_eq(f.options.flags & AURORA_OPEN_WORKER, AURORA_OPEN_WORKER);
    }

    cancel(f.shop, order->id);

    for (uint32_t i = 0; i < MANY; i++) {
        aurora_completion done = take_one(queue);
        ck_assert_int_eq(done.status, AURORA_OK);
        ck_assert_uint_eq(seen[done.tag]++, 0);
        if (done.tag % 2 == 0)
            ck_assert_uint_gt(done.version, order->version);
        else
            ck_assert_uint_eq(done.version, other->version);
        aurora_order_free(done.order);
    }
    free(seen);
    aurora_order_free(order);
    aurora_order_free(other);
    aurora_queue_free(queue);
    order_fixture_stop(&f);
}
END_TEST

/* A process that cancels the order whose id comes through the pipe. Forked before a thread is
 * started here. */
static pid_t fork_canceller(const char *url, int pipe_fds[2])
{
    ck_assert_int_eq(pipe(pipe_fds), 0);
    pid_t child = fork();
    if (child != 0)
        return child;
    aurora_t *shop = NULL;
    aurora_id id;
    const char *settings[] = {"payment=none:"};
    aurora_status rc = read(pipe_fds[0], &id, sizeof id) == sizeof id ? AURORA_OK : AURORA_EIO;
    if (rc == AURORA_OK)
        rc =
            aurora_open(url, AURORA_OPTIONS(.settings = settings, .setting_count = 1), &shop, NULL);
    if (rc == AURORA_OK)
        rc = aurora_order_cancel(shop, id, AURORA_REASON_OPERATOR, NULL, NULL, NULL);
    aurora_close(shop);
    _exit(rc == AURORA_OK ? 0 : 1);
}

START_TEST(test_order_watch__change_by_another_process_completes_it)
{
    order_fixture f;
    int pipe_fds[2], status;
    order_fixture_init(&f, _i);
    f.settings[0] = "payment=none:";
    pid_t child = fork_canceller(f.url, pipe_fds);
    order_fixture_open(&f);
    order_fixture_stock(&f);
    aurora_order *order = place(f.shop, "cup");
    aurora_queue *queue = new_queue(&f, 4);

    aurora_assert_ok(aurora_order_watch(queue, order->id, order->version, 600000, 1));
    ck_assert_int_eq(write(pipe_fds[1], &order->id, sizeof order->id), sizeof order->id);
    aurora_completion done = take_one(queue);

    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    ck_assert_int_eq(done.status, AURORA_OK);
    ck_assert_int_eq(done.order->reason, AURORA_REASON_OPERATOR);
    aurora_order_free(done.order);
    aurora_order_free(order);
    aurora_queue_free(queue);
    order_fixture_stop(&f);
}
END_TEST

/* --- memory ----------------------------------------------------------------------------------- */

/* Watches until it works, once over time and once over a change; how often memory ran out. */
static int watch_through(aurora_queue *queue, const aurora_order *order)
{
    int failures = 0;
    for (uint64_t after = order->version; after + 1 >= order->version; after--) {
        aurora_completion done = {.status = AURORA_ENOMEM};
        while (done.status == AURORA_ENOMEM) {
            done.status = aurora_order_watch(queue, order->id, after, 10, 1);
            if (done.status == AURORA_OK)
                done = take_one(queue);
            ck_assert(done.status == AURORA_OK || done.status == AURORA_ENOMEM);
            ck_assert((done.status == AURORA_OK) == (done.order != NULL));
            failures += done.status == AURORA_ENOMEM;
        }
        aurora_order_free(done.order);
    }
    return failures;
}

START_TEST(test_order_watch__any_allocation_may_fail)
{
    order_fixture f;
    int calm = 0, failed = 0;

    for (int at = 0; at < 1000 && (calm < 20 || failed <= 2); at++) {
        aurora_queue *queue;
        aurora_order *order = start_with_order(&f, _i);
        failing_heap_fail_in(&f.heap, at);
        int failures = aurora_queue_new(f.shop, 4, &queue) != AURORA_OK;
        if (failures > 0)
            queue = new_queue(&f, 4);
        failures += watch_through(queue, order);
        aurora_order_free(order);
        aurora_queue_free(queue);
        calm = failures == 0 ? calm + 1 : 0;
        failed += failures;
        order_fixture_stop(&f);
    }

    ck_assert_int_gt(failed, 2);
}
END_TEST

/* --- threads ---------------------------------------------------------------------------------- */

enum { WATCHERS = 4, ROUNDS = 50 };

typedef struct {
    aurora_t *shop;
    aurora_id *ids;
} watcher;

/* Follows each order to its end, by watches of its own queue. */
static void *follow(void *argument)
{
    const watcher *self = argument;
    aurora_queue *queue;
    aurora_assert_ok(aurora_queue_new(self->shop, ROUNDS, &queue));
    for (int i = 0; i < ROUNDS; i++)
        aurora_assert_ok(aurora_order_watch(queue, self->ids[i], 0, 10000, (uint64_t)i));
    for (int left = ROUNDS; left > 0;) {
        aurora_completion done = take_one(queue);
        ck_assert_int_eq(done.status, AURORA_OK);
        if (done.order->settled_at_ms != 0)
            left--;
        else
            aurora_assert_ok(
                aurora_order_watch(queue, done.id, done.order->version, 10000, done.tag));
        aurora_order_free(done.order);
    }
    aurora_queue_free(queue);
    return NULL;
}

START_TEST(test_order_watch__threads_follow_orders_that_others_cancel)
{
    order_fixture f;
    aurora_id ids[ROUNDS];
    pthread_t threads[WATCHERS];
    order_fixture_init(&f, _i);
    f.settings[0] = "payment=none:";
    order_fixture_open(&f);
    order_fixture_stock(&f);
    for (int i = 0; i < ROUNDS; i++) {
        aurora_order *order = place(f.shop, "cup");
        ids[i] = order->id;
        aurora_order_free(order);
    }
    watcher self = {f.shop, ids};

    for (int i = 0; i < WATCHERS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, follow, &self), 0);
    for (int i = 0; i < ROUNDS; i++)
        cancel(f.shop, ids[i]);

    for (int i = 0; i < WATCHERS; i++)
        pthread_join(threads[i], NULL);
    order_fixture_stop(&f);
}
END_TEST

#define ADD(name) tcase_add_loop_test(tcase, test_order_watch__##name, 0, ORDER_FIXTURE_KINDS)

static Suite *order_watch_suite(void)
{
    Suite *suite = suite_create("order_watch");
    TCase *tcase = tcase_create("order_watch");
    tcase_set_timeout(tcase, 60);
    ADD(newer_version_completes_at_once);
    ADD(change_completes_every_watch_of_the_order);
    ADD(end_of_its_time_gives_the_order_as_it_is);
    ADD(unknown_order_completes_with_enotfound);
    ADD(counts_against_the_capacity);
    ADD(timeout_out_of_range_is_refused);
    ADD(closing_the_handle_completes_it);
    ADD(queue_freed_under_watches_frees_their_memory);
    ADD(thousands_wait_at_once);
    tcase_add_loop_test(tcase, test_order_watch__change_by_another_process_completes_it,
                        ORDER_FIXTURE_SQLITE_WORKER, ORDER_FIXTURE_SQLITE_WORKER + 1);
    tcase_add_loop_test(tcase, test_order_watch__change_by_another_process_completes_it,
                        ORDER_FIXTURE_SQLITE, ORDER_FIXTURE_SQLITE + 1);
    tcase_add_loop_test(tcase, test_order_watch__any_allocation_may_fail, ORDER_FIXTURE_MEMORY,
                        ORDER_FIXTURE_KINDS);
    ADD(threads_follow_orders_that_others_cancel);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(order_watch_suite)
