/* SPDX-License-Identifier: MIT */
#include "metric/metric.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/allocator.h"
#include "metric/sheet.h"
#include "test.h"

#define THREADS 12
#define ROUNDS 20000

static const aurora__family letters =
    AURORA__COUNTER_FAMILY_BY("aurora_letters_total", "Letters by how they went.", "by");
static const aurora__family waits =
    AURORA__DURATION_FAMILY("aurora_wait_seconds", "Time that letters lay.");
static const aurora__family weights = AURORA__SIZE_FAMILY("aurora_weight", "Of letters.");
static const aurora__family room = AURORA__GAUGE_FAMILY("aurora_room", "Letters that fit in.");

static aurora__registry *open_registry(uint32_t threads_max)
{
    aurora_allocator heap;
    aurora_assert_ok(aurora__allocator_copy(&heap, NULL, NULL));
    aurora__registry *registry = aurora__registry_open(&heap, threads_max);
    ck_assert_ptr_nonnull(registry);
    return registry;
}

static aurora_metric_page *page_of(aurora__registry *registry)
{
    aurora_metric_page *page;
    aurora_assert_ok(aurora__registry_page(registry, 1000, &page));
    return page;
}

/* The value of a sample with one label or none; -1 = it is not there. */
static double value_of(const aurora_metric_page *page, const char *name, const char *suffix,
                       const char *label)
{
    for (uint32_t i = 0; i < page->count; i++) {
        const aurora_metric *metric = page->items[i];
        const char *value = metric->label_count > 0 ? metric->labels[0].value : NULL;
        if (strcmp(metric->name, name) == 0 && strcmp(metric->suffix, suffix) == 0 &&
            (label == NULL ? value == NULL : value != NULL && strcmp(label, value) == 0))
            return metric->value;
    }
    return -1;
}

/* --- many threads ----------------------------------------------------------------------------- */

typedef struct {
    aurora__counter *counter;
    aurora__histogram *histogram;
} work;

static void *count_letters(void *argument)
{
    const work *of = argument;
    for (int i = 0; i < ROUNDS; i++) {
        aurora__counter_add(of->counter, 1);
        aurora__histogram_add(of->histogram, 1000000);
    }
    return NULL;
}

static void run_threads(work *of)
{
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, count_letters, of), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}

static void assert_exact(uint32_t threads_max, int times)
{
    aurora__registry *registry = open_registry(threads_max);
    work of = {aurora__registry_counter(registry, &letters, AURORA__VALUES("ship")),
               aurora__registry_histogram(registry, &waits, NULL)};
    uint64_t sum;

    for (int i = 0; i < times; i++)
        run_threads(&of);

    uint64_t expected = (uint64_t)times * THREADS * ROUNDS;
    ck_assert_uint_eq(aurora__counter_read(of.counter), expected);
    ck_assert_uint_eq(aurora__histogram_read(of.histogram, &sum), expected);
    ck_assert_uint_eq(sum, expected * 1000000);
    aurora__registry_close(registry);
}

START_TEST(test_counter__no_thread_loses_a_count)
{
    assert_exact(64, 1);
}
END_TEST

START_TEST(test_counter__threads_without_cells_share_one)
{
    assert_exact(1, 1);
    assert_exact(4, 1);
}
END_TEST

START_TEST(test_counter__what_ended_threads_counted_stays)
{
    assert_exact(16, 4);
}
END_TEST

START_TEST(test_counter__reads_never_go_back_while_others_count)
{
    aurora__registry *registry = open_registry(2);
    work of = {aurora__registry_counter(registry, &letters, AURORA__VALUES("ship")),
               aurora__registry_histogram(registry, &waits, NULL)};
    pthread_t threads[3];
    uint64_t seen = 0;
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, count_letters, &of), 0);

    while (seen < 3 * ROUNDS / 2) {
        uint64_t now = aurora__counter_read(of.counter);
        ck_assert_uint_ge(now, seen);
        seen = now;
    }

    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    aurora__registry_close(registry);
}
END_TEST

START_TEST(test_counter__two_registries_keep_apart)
{
    aurora__registry *one = open_registry(4), *other = open_registry(4);
    aurora__counter *here = aurora__registry_counter(one, &letters, AURORA__VALUES("ship"));
    aurora__counter *there = aurora__registry_counter(other, &letters, AURORA__VALUES("ship"));

    aurora__counter_add(here, 3);

    ck_assert_uint_eq(aurora__counter_read(here), 3);
    ck_assert_uint_eq(aurora__counter_read(there), 0);
    aurora__registry_close(one);
    aurora__registry_close(other);
}
END_TEST

/* --- series ----------------------------------------------------------------------------------- */

START_TEST(test_registry__same_values_are_the_same_series)
{
    aurora__registry *registry = open_registry(4);
    aurora__counter *ship = aurora__registry_counter(registry, &letters, AURORA__VALUES("ship"));

    ck_assert_ptr_eq(aurora__registry_counter(registry, &letters, AURORA__VALUES("ship")), ship);
    ck_assert_ptr_ne(aurora__registry_counter(registry, &letters, AURORA__VALUES("coach")), ship);
    aurora__registry_close(registry);
}
END_TEST

START_TEST(test_registry__series_starts_at_zero_on_the_page)
{
    aurora__registry *registry = open_registry(4);
    aurora__registry_counter(registry, &letters, AURORA__VALUES("ship"));
    aurora__gauge_set(aurora__registry_gauge(registry, &room, NULL), -7);

    aurora_metric_page *page = page_of(registry);

    ck_assert_double_eq(value_of(page, "aurora_letters_total", "", "ship"), 0);
    ck_assert_double_eq(value_of(page, "aurora_room", "", NULL), -7);
    aurora_metric_page_free(page);
    aurora__registry_close(registry);
}
END_TEST

START_TEST(test_registry__series_beyond_the_limit_are_not_shown)
{
    aurora__registry *registry = open_registry(4);
    char name[16];
    for (int i = 0; i < AURORA__FAMILY_SERIES_MAX + 5; i++) {
        snprintf(name, sizeof name, "%d", i);
        aurora__counter_add(aurora__registry_counter(registry, &letters, AURORA__VALUES(name)), 1);
    }

    aurora_metric_page *page = page_of(registry);

    ck_assert_uint_eq(page->count, AURORA__FAMILY_SERIES_MAX);
    aurora_metric_page_free(page);
    aurora__registry_close(registry);
}
END_TEST

/* More words than cells have: the last histograms are shared by all threads, and are right. */
START_TEST(test_registry__histograms_beyond_the_cells_count_too)
{
    static const aurora__family many =
        AURORA__DURATION_FAMILY_BY("aurora_many_seconds", "Many.", "by");
    aurora__registry *registry = open_registry(4);
    aurora__histogram *last = NULL;
    char name[16];
    uint64_t sum;
    for (int i = 0; i < 500; i++) {
        snprintf(name, sizeof name, "%d", i);
        last = aurora__registry_histogram(registry, &many, AURORA__VALUES(name));
        aurora__histogram_add(last, 5);
    }

    ck_assert_uint_eq(last->at, AURORA__CELLS_NONE);
    ck_assert_uint_eq(aurora__histogram_read(last, &sum), 1);
    ck_assert_uint_eq(sum, 5);
    aurora__registry_close(registry);
}
END_TEST

/* --- buckets ---------------------------------------------------------------------------------- */

static void assert_bucket(int32_t kind, uint64_t value)
{
    aurora__scale scale;
    uint32_t expected = 0;
    aurora__scale_init(&scale, kind);
    while (expected < scale.step_count && value > scale.steps[expected].bound)
        expected++;
    ck_assert_uint_eq(aurora__scale_bucket(&scale, value), expected);
}

START_TEST(test_scale__every_bound_belongs_to_its_bucket)
{
    for (int32_t kind = 0; kind < AURORA__SCALE_COUNT; kind++) {
        aurora__scale scale;
        aurora__scale_init(&scale, kind);
        for (uint32_t i = 0; i < scale.step_count; i++) {
            ck_assert_uint_eq(aurora__scale_bucket(&scale, scale.steps[i].bound), i);
            ck_assert_uint_eq(aurora__scale_bucket(&scale, scale.steps[i].bound + 1), i + 1);
            assert_bucket(kind, scale.steps[i].bound - 1);
        }
        assert_bucket(kind, 0);
        assert_bucket(kind, UINT64_MAX);
        for (uint64_t value = 1; value < UINT64_MAX / 3; value += value / 16 + 1)
            assert_bucket(kind, value);
    }
}
END_TEST

START_TEST(test_scale__durations_grow_by_at_most_a_quarter_from_1_ms_to_1_s)
{
    aurora__scale scale;
    aurora__scale_init(&scale, AURORA__SCALE_DURATION);
    for (uint32_t i = 1; i < scale.step_count; i++) {
        uint64_t before = scale.steps[i - 1].bound, bound = scale.steps[i].bound;
        ck_assert_uint_gt(bound, before);
        ck_assert_double_eq(strtod(scale.steps[i].le, NULL), (double)bound / 1e9);
        if (before >= 1000000 && bound <= 1000000000)
            ck_assert_uint_le(bound * 4, before * 5);
    }
}
END_TEST

START_TEST(test_histogram__buckets_are_cumulative_and_agree_with_the_count)
{
    aurora__registry *registry = open_registry(4);
    aurora__histogram *histogram = aurora__registry_histogram(registry, &weights, NULL);
    aurora__histogram_add(histogram, 1);
    aurora__histogram_add(histogram, 3);
    aurora__histogram_add(histogram, 4);
    aurora__histogram_add(histogram, 5000000);

    aurora_metric_page *page = page_of(registry);

    ck_assert_double_eq(value_of(page, "aurora_weight", "_bucket", "1.0"), 1);
    ck_assert_double_eq(value_of(page, "aurora_weight", "_bucket", "2.0"), 1);
    ck_assert_double_eq(value_of(page, "aurora_weight", "_bucket", "4.0"), 3);
    ck_assert_double_eq(value_of(page, "aurora_weight", "_bucket", "1048576.0"), 3);
    ck_assert_double_eq(value_of(page, "aurora_weight", "_bucket", "+Inf"), 4);
    ck_assert_double_eq(value_of(page, "aurora_weight", "_count", NULL), 4);
    ck_assert_double_eq(value_of(page, "aurora_weight", "_sum", NULL), 5000008);
    aurora_metric_page_free(page);
    aurora__registry_close(registry);
}
END_TEST

/* --- exemplars -------------------------------------------------------------------------------- */

static const aurora_metric_exemplar *exemplar_of(const aurora_metric_page *page, const char *le)
{
    for (uint32_t i = 0; i < page->count; i++) {
        const aurora_metric *metric = page->items[i];
        if (metric->label_count == 1 && strcmp(metric->labels[0].value, le) == 0)
            return metric->exemplar;
    }
    return NULL;
}

START_TEST(test_exemplar__newest_trace_of_a_bucket_is_shown)
{
    aurora__registry *registry = open_registry(4);
    aurora__histogram *histogram = aurora__registry_histogram(registry, &waits, NULL);
    uint8_t first[16] = {1}, second[16] = {0xab, [15] = 0xcd};
    aurora__histogram_add_traced(histogram, 1100000, first, 5);
    aurora__histogram_add_traced(histogram, 1150000, second, 6);

    aurora_metric_page *page = page_of(registry);

    const aurora_metric_exemplar *exemplar = exemplar_of(page, "0.0012");
    ck_assert_ptr_nonnull(exemplar);
    ck_assert_str_eq(exemplar->trace_id, "ab0000000000000000000000000000cd");
    ck_assert_double_eq(exemplar->value, 0.00115);
    ck_assert_int_eq(exemplar->at_ms, 6);
    ck_assert_ptr_null(exemplar_of(page, "0.0015"));
    aurora_metric_page_free(page);
    aurora__registry_close(registry);
}
END_TEST

static void *write_exemplars(void *argument)
{
    aurora__exemplar_slot *slot = argument;
    for (uint64_t i = 1; i <= 100000; i++) {
        aurora__exemplar from = {{i, ~i}, i * 3, (int64_t)i};
        aurora__exemplar_write(slot, &from);
    }
    return NULL;
}

START_TEST(test_exemplar__is_read_as_it_was_written_or_not_at_all)
{
    aurora__exemplar_slot slot = {0};
    aurora__exemplar seen = {0};
    pthread_t writers[2];
    ck_assert(!aurora__exemplar_read(&slot, &seen));
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(pthread_create(&writers[i], NULL, write_exemplars, &slot), 0);

    for (int reads = 0; reads < 100000;) {
        reads++;
        if (!aurora__exemplar_read(&slot, &seen))
            continue;
        ck_assert_uint_eq(seen.trace[1], ~seen.trace[0]);
        ck_assert_uint_eq(seen.value, seen.trace[0] * 3);
        ck_assert_int_eq(seen.at_ms, (int64_t)seen.trace[0]);
    }

    for (int i = 0; i < 2; i++)
        pthread_join(writers[i], NULL);
    ck_assert(aurora__exemplar_read(&slot, &seen));
}
END_TEST

/* --- pages ------------------------------------------------------------------------------------ */

static void collect_letters(void *self, aurora__sheet *sheet)
{
    aurora__sheet_add(sheet, &room, NULL, *(double *)self);
    aurora__sheet_add(sheet, &letters, AURORA__VALUES("pigeon"), 9);
}

START_TEST(test_page__samples_of_a_family_stand_together_whoever_gave_them)
{
    aurora__registry *registry = open_registry(4);
    double free_room = 2.5;
    aurora__counter_add(aurora__registry_counter(registry, &letters, AURORA__VALUES("ship")), 1);
    aurora__registry_collector(registry, collect_letters, &free_room);

    aurora_metric_page *page = page_of(registry);

    ck_assert_uint_eq(page->count, 3);
    ck_assert_str_eq(page->items[0]->labels[0].value, "ship");
    ck_assert_str_eq(page->items[1]->labels[0].value, "pigeon");
    ck_assert_str_eq(page->items[2]->name, "aurora_room");
    ck_assert_double_eq(page->items[2]->value, 2.5);
    aurora_metric_page_free(page);
    aurora__registry_close(registry);
}
END_TEST

static void collect_room(void *self, aurora__sheet *sheet)
{
    aurora__sheet_add(sheet, &room, NULL, *(double *)self);
}

/* Found by fuzz_http: no place is counted in a list that was never made. clang's UBSan sees it. */
START_TEST(test_page__without_any_label_is_whole)
{
    aurora__registry *registry = open_registry(4);
    double free_room = 2.5;
    aurora__registry_collector(registry, collect_room, &free_room);

    aurora_metric_page *page = page_of(registry);

    ck_assert_uint_eq(page->count, 1);
    ck_assert_uint_eq(page->items[0]->label_count, 0);
    aurora_metric_page_free(page);
    aurora__registry_close(registry);
}
END_TEST

START_TEST(test_page__other_page_is_merged_with_its_exemplars)
{
    aurora__registry *registry = open_registry(4);
    aurora__histogram *histogram = aurora__registry_histogram(registry, &waits, NULL);
    uint8_t trace[16] = {7};
    aurora_allocator heap;
    aurora__sheet sheet;
    aurora_metric_page *merged;
    aurora__histogram_add_traced(histogram, 1, trace, 5);
    aurora_metric_page *page = page_of(registry);
    aurora_assert_ok(aurora__allocator_copy(&heap, NULL, NULL));
    aurora__sheet_init(&sheet, &heap);

    aurora__sheet_merge(&sheet, page);

    aurora_assert_ok(aurora__sheet_page(&sheet, 1, &merged));
    ck_assert_uint_eq(merged->count, page->count);
    ck_assert_ptr_nonnull(exemplar_of(merged, "0.0001"));
    ck_assert_double_eq(value_of(merged, "aurora_wait_seconds", "_bucket", "+Inf"), 1);
    aurora__sheet_deinit(&sheet);
    aurora_metric_page_free(page);
    aurora_metric_page_free(merged);
    aurora__registry_close(registry);
}
END_TEST

static Suite *metric_suite(void)
{
    Suite *suite = suite_create("metric");
    TCase *tests = tcase_create("metric");
    tcase_add_test(tests, test_counter__no_thread_loses_a_count);
    tcase_add_test(tests, test_counter__threads_without_cells_share_one);
    tcase_add_test(tests, test_counter__what_ended_threads_counted_stays);
    tcase_add_test(tests, test_counter__reads_never_go_back_while_others_count);
    tcase_add_test(tests, test_counter__two_registries_keep_apart);
    tcase_add_test(tests, test_registry__same_values_are_the_same_series);
    tcase_add_test(tests, test_registry__series_starts_at_zero_on_the_page);
    tcase_add_test(tests, test_registry__series_beyond_the_limit_are_not_shown);
    tcase_add_test(tests, test_registry__histograms_beyond_the_cells_count_too);
    tcase_add_test(tests, test_scale__every_bound_belongs_to_its_bucket);
    tcase_add_test(tests, test_scale__durations_grow_by_at_most_a_quarter_from_1_ms_to_1_s);
    tcase_add_test(tests, test_histogram__buckets_are_cumulative_and_agree_with_the_count);
    tcase_add_test(tests, test_exemplar__newest_trace_of_a_bucket_is_shown);
    tcase_add_test(tests, test_exemplar__is_read_as_it_was_written_or_not_at_all);
    tcase_add_test(tests, test_page__samples_of_a_family_stand_together_whoever_gave_them);
    tcase_add_test(tests, test_page__without_any_label_is_whole);
    tcase_add_test(tests, test_page__other_page_is_merged_with_its_exemplars);
    suite_add_tcase(suite, tests);
    return suite;
}

AURORA_TEST_MAIN(metric_suite)
