/* SPDX-License-Identifier: MIT */
/* The bounds of what waits to be sent. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "telemetry/queue.h"
#include "test.h"

#define HEAD "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":["
#define TAIL "]}]}]}"

static aurora__span_queue queue;

static void begin(uint32_t spans_max, size_t bytes_max, uint32_t batch_max)
{
    const aurora__span_queue_limits limits = {.spans_max = spans_max,
                                              .bytes_max = bytes_max,
                                              .batch_max = batch_max,
                                              .head = HEAD,
                                              .head_len = sizeof HEAD - 1};
    aurora__span_queue_init(&queue, &limits);
}

static void add(const char *name)
{
    const aurora_span span = {.size = sizeof span, .kind = AURORA_SPAN_INTERNAL, .name = name};
    aurora__span_queue_add(&queue, &span, NULL);
}

/* Takes a batch of this many spans, the first of them with this name. */
static void assert_batch(uint32_t count, const char *first)
{
    char name[64];
    aurora__span_batch *batch = aurora__span_queue_take(&queue, 0);
    ck_assert_ptr_nonnull(batch);
    ck_assert_uint_eq(batch->count, count);
    ck_assert_int_eq(memcmp(batch->out.text, HEAD, sizeof HEAD - 1), 0);
    ck_assert_int_eq(memcmp(batch->out.text + batch->out.len - 6, TAIL, 6), 0);
    snprintf(name, sizeof name, "\"name\":\"%s\"", first);
    const char *found = memmem(batch->out.text, batch->out.len, "\"name\":\"", 8);
    ck_assert_ptr_nonnull(found);
    ck_assert_int_eq(memcmp(found, name, strlen(name)), 0);
    aurora__span_queue_release(&queue, batch);
}

START_TEST(test_span_queue__full_batches_go_first_and_in_order)
{
    begin(100, 1 << 20, 2);
    add("a");
    add("b");
    add("c");
    assert_batch(2, "a");
    assert_batch(1, "c");
    aurora__span_queue_deinit(&queue);
}
END_TEST

START_TEST(test_span_queue__the_newest_are_dropped_and_counted)
{
    begin(3, 1 << 20, 2);
    for (int i = 0; i < 10; i++)
        add(i < 3 ? "old" : "new");
    ck_assert_uint_eq(queue.spans, 3);
    ck_assert_uint_eq(queue.dropped, 7);
    assert_batch(2, "old");
    assert_batch(1, "old");
    ck_assert_uint_eq(queue.spans, 0);
    ck_assert_uint_eq(queue.bytes, 0);
    add("again");
    assert_batch(1, "again");
    ck_assert_uint_eq(queue.dropped, 7);
    aurora__span_queue_deinit(&queue);
}
END_TEST

START_TEST(test_span_queue__bytes_are_bounded_as_well)
{
    begin(1000, 1000, 500);
    for (int i = 0; i < 100; i++)
        add("some");
    ck_assert_uint_ge(queue.bytes, 1000);
    ck_assert_uint_lt(queue.bytes, 1300);
    ck_assert_uint_eq(queue.spans + queue.dropped, 100);
    aurora__span_queue_deinit(&queue);
}
END_TEST

/* A collector takes bodies up to some size, and what is on its way is beside what waits. */
START_TEST(test_span_queue__a_batch_of_large_spans_is_full_before_its_number)
{
    char name[1001];
    memset(name, 'x', 1000);
    name[1000] = '\0';
    begin(1000, 16000, 500);
    for (int i = 0; i < 8; i++)
        add(name);
    aurora__span_batch *batch = aurora__span_queue_take(&queue, INT64_C(3600000000000));
    ck_assert_uint_eq(batch->count, 4);
    aurora__span_queue_release(&queue, batch);
    aurora__span_queue_end(&queue);
    aurora__span_queue_deinit(&queue);
}
END_TEST

#define THREADS 4
#define SPANS_EACH 2000

static void *add_many(void *unused)
{
    for (int i = 0; i < SPANS_EACH; i++)
        add("shared");
    return unused;
}

static void *end_after_all(void *threads)
{
    for (int i = 0; i < THREADS; i++)
        pthread_join(((pthread_t *)threads)[i], NULL);
    aurora__span_queue_end(&queue);
    return NULL;
}

/* Many add, one takes: each span is taken once or counted. */
START_TEST(test_span_queue__many_threads_add_while_one_takes)
{
    pthread_t threads[THREADS], end;
    aurora__span_batch *batch;
    uint64_t taken = 0;
    begin(100, 1 << 20, 7);
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, add_many, NULL), 0);
    ck_assert_int_eq(pthread_create(&end, NULL, end_after_all, threads), 0);
    while ((batch = aurora__span_queue_take(&queue, 0)) != NULL) {
        taken += batch->count;
        aurora__span_queue_release(&queue, batch);
    }
    pthread_join(end, NULL);
    ck_assert_uint_eq(taken + queue.dropped, THREADS * SPANS_EACH);
    ck_assert_uint_eq(queue.spans, 0);
    ck_assert_uint_eq(queue.bytes, 0);
    aurora__span_queue_deinit(&queue);
}
END_TEST

START_TEST(test_span_queue__after_the_end_what_waits_is_given_out_and_nothing_is_taken)
{
    begin(100, 1 << 20, 50);
    add("last");
    aurora__span_queue_end(&queue);
    add("late");
    assert_batch(1, "last");
    ck_assert_ptr_null(aurora__span_queue_take(&queue, INT64_C(3600000000000)));
    ck_assert_uint_eq(queue.dropped, 1);
    ck_assert(aurora__span_queue_pause(&queue, INT64_MAX));
    aurora__span_queue_deinit(&queue);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("span_queue");
    TCase *all = tcase_create("all");
    tcase_add_test(all, test_span_queue__full_batches_go_first_and_in_order);
    tcase_add_test(all, test_span_queue__the_newest_are_dropped_and_counted);
    tcase_add_test(all, test_span_queue__bytes_are_bounded_as_well);
    tcase_add_test(all, test_span_queue__a_batch_of_large_spans_is_full_before_its_number);
    tcase_add_test(all, test_span_queue__many_threads_add_while_one_takes);
    tcase_add_test(all,
                   test_span_queue__after_the_end_what_waits_is_given_out_and_nothing_is_taken);
    suite_add_tcase(s, all);
    return s;
}

AURORA_TEST_MAIN(suite)
