/* SPDX-License-Identifier: MIT */
/* The sketch against brute force: its stated bound is the assertion. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <aurora/topk.h>

#include "../support/test.h"

#define HOUR_MS INT64_C(3600000)
#define DAY_MS (24 * HOUR_MS)
#define START_MS INT64_C(1700000000000)
#define SKUS 5000
#define ROUNDING 1e-9
#define FLOOR_OFFSET 40 /* in a snapshot, behind its head */

struct add {
    uint32_t sku;
    double weight;
    int64_t at_ms;
};

struct fixture {
    aurora_topk topk;
    void *memory;
};

static struct fixture open_topk(uint32_t capacity, int64_t half_life_ms)
{
    struct fixture fixture;
    size_t size = aurora_topk_bytes(capacity);
    fixture.memory = malloc(size);
    ck_assert_ptr_nonnull(fixture.memory);
    aurora_assert_ok(aurora_topk_init(&fixture.topk, fixture.memory, size, half_life_ms));
    ck_assert_uint_eq(aurora_topk_capacity(&fixture.topk), capacity);
    return fixture;
}

static void write_sku(char text[32], uint32_t sku)
{
    snprintf(text, 32, "sku-%u", sku);
}

static double unit_random(uint64_t *state)
{
    return (double)(aurora_test_random(state) >> 11) * 0x1p-53;
}

/* Zipf-like: the density falls as 1/rank. Times wander forward with long steps back. */
static struct add *make_stream(uint64_t *seed, uint32_t count, int64_t span_ms)
{
    struct add *adds = malloc(count * sizeof *adds);
    ck_assert_ptr_nonnull(adds);
    for (uint32_t i = 0; i < count; i++) {
        adds[i].sku = (uint32_t)pow(SKUS, unit_random(seed)) - 1;
        adds[i].weight = 0.5 + unit_random(seed);
        double late = pow(unit_random(seed), 8) * (double)span_ms / 2;
        int64_t at_ms = START_MS + (int64_t)((double)span_ms * i / count) - (int64_t)late;
        adds[i].at_ms = at_ms;
    }
    return adds;
}

static void feed(aurora_topk *topk, const struct add *adds, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        char text[32];
        write_sku(text, adds[i].sku);
        aurora_assert_ok(aurora_topk_add(topk, text, adds[i].weight, adds[i].at_ms));
    }
}

static double *brute_force(const struct add *adds, uint32_t count, int64_t at_ms, double half_life)
{
    double *sums = calloc(SKUS, sizeof *sums);
    ck_assert_ptr_nonnull(sums);
    for (uint32_t i = 0; i < count; i++)
        sums[adds[i].sku] += adds[i].weight * exp2(-(double)(at_ms - adds[i].at_ms) / half_life);
    return sums;
}

/* Returns the largest error seen. */
static double assert_bounds(const aurora_topk *topk, const double *sums, int64_t at_ms)
{
    double largest = 0;
    for (uint32_t sku = 0; sku < SKUS; sku++) {
        char text[32];
        aurora_topk_item item;
        write_sku(text, sku);
        aurora_assert_ok(aurora_topk_get(topk, text, at_ms, &item));
        ck_assert_double_ge(item.score * (1 + ROUNDING), sums[sku]);
        ck_assert_double_le((item.score - item.error) * (1 - ROUNDING), sums[sku]);
        largest = fmax(largest, item.error);
    }
    return largest;
}

static double total_of(const double *sums)
{
    double total = 0;
    for (uint32_t sku = 0; sku < SKUS; sku++)
        total += sums[sku];
    return total;
}

/* Every key above the share that the capacity guarantees must be in the list. */
static void assert_recall(const aurora_topk *topk, const double *sums, int64_t at_ms, double share)
{
    uint32_t capacity = aurora_topk_capacity(topk);
    aurora_topk_item *items = malloc(capacity * sizeof *items);
    uint32_t count;
    aurora_assert_ok(aurora_topk_list(topk, at_ms, capacity, items, &count));
    for (uint32_t i = 1; i < count; i++)
        ck_assert_double_le(items[i].score, items[i - 1].score);
    for (uint32_t sku = 0; sku < SKUS; sku++) {
        char text[32];
        bool is_held = sums[sku] <= share * (1 + ROUNDING);
        write_sku(text, sku);
        for (uint32_t i = 0; i < count && !is_held; i++)
            is_held = strcmp(items[i].key, text) == 0;
        ck_assert_msg(is_held, "%s with %g of %g is lost", text, sums[sku], share);
    }
    free(items);
}

static void check_stream(uint64_t *seed, uint32_t capacity, int64_t half_life_ms, int64_t span_ms)
{
    uint32_t count = 40000;
    struct add *adds = make_stream(seed, count, span_ms);
    struct fixture fixture = open_topk(capacity, half_life_ms);

    feed(&fixture.topk, adds, count);

    int64_t at_ms = aurora_topk_newest_ms(&fixture.topk) + half_life_ms / 3;
    double *sums = brute_force(adds, count, at_ms, (double)half_life_ms);
    double share = total_of(sums) / capacity;
    ck_assert_double_le(assert_bounds(&fixture.topk, sums, at_ms), share * (1 + ROUNDING));
    assert_recall(&fixture.topk, sums, at_ms, share);
    free(sums);
    free(adds);
    free(fixture.memory);
}

START_TEST(test_topk__score_and_error_enclose_the_true_sum)
{
    uint64_t seed = aurora_test_seed("topk bounds", 11);

    check_stream(&seed, 1000, DAY_MS, 7 * DAY_MS);
    check_stream(&seed, 100, HOUR_MS, DAY_MS);
    check_stream(&seed, 3, 7 * DAY_MS, DAY_MS);
}
END_TEST

START_TEST(test_topk__bounds_hold_over_years_of_short_half_lives)
{
    uint64_t seed = aurora_test_seed("topk years", 12);

    check_stream(&seed, 300, HOUR_MS, 3 * 365 * DAY_MS);
    check_stream(&seed, 300, 1, DAY_MS);
}
END_TEST

START_TEST(test_topk__one_counter_still_bounds_every_key)
{
    uint64_t seed = aurora_test_seed("topk capacity 1", 13);

    check_stream(&seed, 1, DAY_MS, 7 * DAY_MS);
}
END_TEST

START_TEST(test_topk__is_exact_up_to_its_capacity)
{
    uint64_t seed = aurora_test_seed("topk exact", 14);
    struct add *adds = make_stream(&seed, 20000, DAY_MS);
    struct fixture fixture = open_topk(SKUS, HOUR_MS);

    feed(&fixture.topk, adds, 20000);

    int64_t at_ms = aurora_topk_newest_ms(&fixture.topk);
    double *sums = brute_force(adds, 20000, at_ms, (double)HOUR_MS);
    ck_assert_double_eq(assert_bounds(&fixture.topk, sums, at_ms), 0.0);
    free(sums);
    free(adds);
    free(fixture.memory);
}
END_TEST

START_TEST(test_topk__an_older_add_weighs_what_decay_has_left_of_it)
{
    struct fixture fixture = open_topk(8, HOUR_MS);
    aurora_topk_item item;

    aurora_assert_ok(aurora_topk_add(&fixture.topk, "mug", 1.0, START_MS));
    aurora_assert_ok(aurora_topk_add(&fixture.topk, "mug", 4.0, START_MS - 2 * HOUR_MS));
    aurora_assert_ok(aurora_topk_add(&fixture.topk, "mug", 1.0, 0));
    aurora_assert_ok(aurora_topk_get(&fixture.topk, "mug", START_MS + HOUR_MS, &item));

    ck_assert_double_eq_tol(item.score, 1.0, 1e-12);
    ck_assert_double_eq(item.error, 0.0);
    free(fixture.memory);
}
END_TEST

START_TEST(test_topk__a_time_far_ahead_becomes_the_newest_and_outweighs_all)
{
    struct fixture fixture = open_topk(8, HOUR_MS);
    aurora_topk_item items[2];
    uint32_t count;

    aurora_assert_ok(aurora_topk_add(&fixture.topk, "old", 1e12, START_MS));
    aurora_assert_ok(aurora_topk_add(&fixture.topk, "new", 1e-3, AURORA_TOPK_TIME_MAX));

    aurora_assert_status(aurora_topk_list(&fixture.topk, START_MS, 2, items, &count),
                         AURORA_EINVAL);
    aurora_assert_ok(aurora_topk_list(&fixture.topk, AURORA_TOPK_TIME_MAX, 2, items, &count));
    ck_assert_uint_eq(count, 1);
    ck_assert_str_eq(items[0].key, "new");
    ck_assert_double_eq_tol(items[0].score, 1e-3, 1e-15);
    free(fixture.memory);
}
END_TEST

START_TEST(test_topk__equal_scores_are_listed_in_the_order_of_keys)
{
    struct fixture fixture = open_topk(8, HOUR_MS);
    const char *keys[] = {"b", "ab", "B", "a", "c"};
    aurora_topk_item items[4];
    uint32_t count;

    for (size_t i = 0; i < 5; i++)
        aurora_assert_ok(aurora_topk_add(&fixture.topk, keys[i], 1.0, START_MS));
    aurora_assert_ok(aurora_topk_list(&fixture.topk, START_MS, 4, items, &count));

    ck_assert_uint_eq(count, 4);
    ck_assert_str_eq(items[0].key, "B");
    ck_assert_str_eq(items[1].key, "a");
    ck_assert_str_eq(items[2].key, "ab");
    ck_assert_str_eq(items[3].key, "b");
    free(fixture.memory);
}
END_TEST

START_TEST(test_topk__refuses_bad_adds_and_counts_nothing)
{
    struct fixture fixture = open_topk(8, HOUR_MS);
    aurora_topk *topk = &fixture.topk;
    char key[66] = {0};
    memset(key, 'k', 65);

    aurora_assert_status(aurora_topk_add(topk, key, 1.0, START_MS), AURORA_EINVAL);
    aurora_assert_status(aurora_topk_add(topk, "", 1.0, START_MS), AURORA_EINVAL);
    aurora_assert_status(aurora_topk_add(topk, NULL, 1.0, START_MS), AURORA_EINVAL);
    aurora_assert_status(aurora_topk_add(topk, "a", 0.0, START_MS), AURORA_EINVAL);
    aurora_assert_status(aurora_topk_add(topk, "a", -1.0, START_MS), AURORA_EINVAL);
    aurora_assert_status(aurora_topk_add(topk, "a", (double)NAN, START_MS), AURORA_EINVAL);
    aurora_assert_status(aurora_topk_add(topk, "a", (double)INFINITY, START_MS), AURORA_EINVAL);
    aurora_assert_status(aurora_topk_add(topk, "a", 1.0, -1), AURORA_EINVAL);
    aurora_assert_status(aurora_topk_add(topk, "a", 1.0, INT64_MAX), AURORA_EINVAL);

    ck_assert_int_eq(aurora_topk_newest_ms(topk), -1);
    key[64] = '\0';
    aurora_assert_ok(aurora_topk_add(topk, key, 1.0, START_MS));
    aurora_topk_item item;
    uint32_t count;
    aurora_assert_ok(aurora_topk_list(topk, START_MS, 1, &item, &count));
    ck_assert_str_eq(item.key, key);
    free(fixture.memory);
}
END_TEST

START_TEST(test_topk__init_takes_the_capacity_that_fits)
{
    uint64_t memory[512];
    aurora_topk topk = {{0}};

    aurora_assert_status(aurora_topk_add(&topk, "a", 1.0, START_MS), AURORA_EINVAL);
    aurora_assert_status(aurora_topk_init(&topk, memory, aurora_topk_bytes(1) - 1, HOUR_MS),
                         AURORA_EINVAL);
    aurora_assert_status(aurora_topk_init(&topk, (char *)memory + 1, 2000, HOUR_MS), AURORA_EINVAL);
    aurora_assert_status(aurora_topk_init(&topk, memory, sizeof memory, 0), AURORA_EINVAL);
    aurora_assert_ok(aurora_topk_init(&topk, memory, sizeof memory, HOUR_MS));

    uint32_t capacity = aurora_topk_capacity(&topk);
    ck_assert_uint_le(aurora_topk_bytes(capacity), sizeof memory);
    ck_assert_uint_gt(aurora_topk_bytes(capacity + 1), sizeof memory);
    ck_assert_uint_eq(aurora_topk_bytes(0), 0);
    ck_assert_uint_eq(aurora_topk_bytes(AURORA_TOPK_CAPACITY_MAX + 1), 0);
}
END_TEST

START_TEST(test_topk__reset_forgets_everything)
{
    struct fixture fixture = open_topk(2, HOUR_MS);
    uint32_t count = 9;
    aurora_topk_item item;
    for (uint32_t i = 0; i < 9; i++) {
        char text[32];
        write_sku(text, i);
        aurora_assert_ok(aurora_topk_add(&fixture.topk, text, 1.0, START_MS));
    }

    aurora_topk_reset(&fixture.topk);

    aurora_assert_ok(aurora_topk_list(&fixture.topk, 0, 1, &item, &count));
    ck_assert_uint_eq(count, 0);
    aurora_assert_ok(aurora_topk_get(&fixture.topk, "sku-1", 0, &item));
    ck_assert_double_eq(item.score, 0.0);
    free(fixture.memory);
}
END_TEST

START_TEST(test_topk__merge_of_four_partitions_keeps_the_bounds)
{
    uint64_t seed = aurora_test_seed("topk merge", 15);
    uint32_t count = 40000;
    struct add *adds = make_stream(&seed, count, 40 * DAY_MS);
    struct fixture whole = open_topk(400, 6 * HOUR_MS);

    for (uint32_t part = 0; part < 4; part++) {
        struct fixture partition = open_topk(200 + 100 * part, 6 * HOUR_MS);
        feed(&partition.topk, adds + part * (count / 4), count / 4);
        aurora_assert_ok(aurora_topk_merge(&whole.topk, &partition.topk));
        free(partition.memory);
    }

    int64_t at_ms = aurora_topk_newest_ms(&whole.topk);
    double *sums = brute_force(adds, count, at_ms, (double)(6 * HOUR_MS));
    double share = total_of(sums) / 200;
    ck_assert_double_le(assert_bounds(&whole.topk, sums, at_ms), share * (1 + ROUNDING));
    assert_recall(&whole.topk, sums, at_ms, share);
    free(sums);
    free(adds);
    free(whole.memory);
}
END_TEST

START_TEST(test_topk__adds_after_a_merge_keep_the_bounds)
{
    uint64_t seed = aurora_test_seed("topk merge then add", 16);
    struct add *adds = make_stream(&seed, 6000, DAY_MS);
    struct fixture small = open_topk(20, HOUR_MS);
    struct fixture large = open_topk(2000, HOUR_MS);
    feed(&small.topk, adds, 2000);
    feed(&large.topk, adds + 2000, 20);

    aurora_assert_ok(aurora_topk_merge(&large.topk, &small.topk));
    feed(&large.topk, adds + 2020, 3980);

    int64_t at_ms = aurora_topk_newest_ms(&large.topk);
    double *sums = brute_force(adds, 6000, at_ms, (double)HOUR_MS);
    ck_assert_double_gt(assert_bounds(&large.topk, sums, at_ms), 0.0);
    free(sums);
    free(adds);
    free(small.memory);
    free(large.memory);
}
END_TEST

START_TEST(test_topk__merge_credits_a_key_with_what_the_other_side_may_have_lost)
{
    struct fixture lossy = open_topk(1, HOUR_MS);
    struct fixture whole = open_topk(8, HOUR_MS);
    struct fixture other = open_topk(8, HOUR_MS);
    aurora_topk_item item;
    aurora_assert_ok(aurora_topk_add(&lossy.topk, "lost", 1.0, START_MS));
    aurora_assert_ok(aurora_topk_add(&lossy.topk, "kept", 10.0, START_MS));
    aurora_assert_ok(aurora_topk_add(&other.topk, "lost", 5.0, START_MS));

    aurora_assert_ok(aurora_topk_merge(&whole.topk, &lossy.topk));
    aurora_assert_ok(aurora_topk_merge(&whole.topk, &other.topk));

    aurora_assert_ok(aurora_topk_get(&whole.topk, "lost", START_MS, &item));
    ck_assert_double_eq_tol(item.score, 6.0, 1e-12);
    ck_assert_double_eq_tol(item.error, 1.0, 1e-12);
    free(lossy.memory);
    free(whole.memory);
    free(other.memory);
}
END_TEST

START_TEST(test_topk__a_key_that_a_merge_leaves_out_stays_bounded)
{
    struct fixture full = open_topk(1, HOUR_MS);
    struct fixture other = open_topk(1, HOUR_MS);
    aurora_topk_item item;
    aurora_assert_ok(aurora_topk_add(&full.topk, "a", 10.0, START_MS));
    aurora_assert_ok(aurora_topk_add(&other.topk, "b", 5.0, START_MS));

    aurora_assert_ok(aurora_topk_merge(&full.topk, &other.topk));

    aurora_assert_ok(aurora_topk_get(&full.topk, "b", START_MS, &item));
    ck_assert_double_eq_tol(item.score, 5.0, 1e-12);
    ck_assert_double_eq_tol(item.error, 5.0, 1e-12);
    free(full.memory);
    free(other.memory);
}
END_TEST

START_TEST(test_topk__an_old_time_weighs_less_after_a_merge_from_years_later)
{
    struct fixture fixture = open_topk(4, HOUR_MS);
    struct fixture later = open_topk(4, HOUR_MS);
    aurora_topk_item item;
    aurora_assert_ok(aurora_topk_add(&fixture.topk, "a", 1.0, START_MS));
    aurora_assert_ok(aurora_topk_add(&later.topk, "b", 1.0, START_MS + 300 * HOUR_MS));

    aurora_assert_ok(aurora_topk_merge(&fixture.topk, &later.topk));
    aurora_assert_ok(aurora_topk_add(&fixture.topk, "a", 1.0, START_MS));

    aurora_assert_ok(aurora_topk_get(&fixture.topk, "a", START_MS + 300 * HOUR_MS, &item));
    ck_assert_double_le(fabs(item.score * 0x1p299 - 1.0), 1e-9);
    free(fixture.memory);
    free(later.memory);
}
END_TEST

START_TEST(test_topk__merge_refuses_itself_and_another_half_life)
{
    struct fixture a = open_topk(4, HOUR_MS);
    struct fixture b = open_topk(4, DAY_MS);

    aurora_assert_status(aurora_topk_merge(&a.topk, &a.topk), AURORA_EINVAL);
    aurora_assert_status(aurora_topk_merge(&a.topk, &b.topk), AURORA_EINVAL);

    free(a.memory);
    free(b.memory);
}
END_TEST

static uint8_t *snapshot_of(const aurora_topk *topk, size_t *size_out)
{
    size_t size = aurora_topk_snapshot_bytes(topk);
    uint8_t *bytes = malloc(size);
    ck_assert_ptr_nonnull(bytes);
    aurora_assert_status(aurora_topk_snapshot(topk, bytes, size - 1, size_out), AURORA_EINVAL);
    aurora_assert_ok(aurora_topk_snapshot(topk, bytes, size, size_out));
    ck_assert_uint_eq(*size_out, size);
    return bytes;
}

START_TEST(test_topk__a_restored_sketch_goes_on_like_the_original)
{
    uint64_t seed = aurora_test_seed("topk snapshot", 17);
    struct add *adds = make_stream(&seed, 20000, 30 * DAY_MS);
    struct fixture original = open_topk(200, HOUR_MS);
    struct fixture restored = open_topk(200, HOUR_MS);
    feed(&original.topk, adds, 10000);
    feed(&restored.topk, adds, 77);
    size_t size;
    uint8_t *bytes = snapshot_of(&original.topk, &size);

    aurora_assert_ok(aurora_topk_restore(&restored.topk, bytes, size));
    feed(&original.topk, adds + 10000, 10000);
    feed(&restored.topk, adds + 10000, 10000);

    size_t later_size;
    size_t restored_size;
    uint8_t *later = snapshot_of(&original.topk, &later_size);
    uint8_t *restored_later = snapshot_of(&restored.topk, &restored_size);
    ck_assert_uint_eq(later_size, restored_size);
    ck_assert_mem_eq(later, restored_later, later_size);
    free(restored_later);
    free(later);
    free(bytes);
    free(adds);
    free(original.memory);
    free(restored.memory);
}
END_TEST

START_TEST(test_topk__an_empty_sketch_survives_a_snapshot)
{
    struct fixture fixture = open_topk(3, HOUR_MS);
    size_t size;
    uint8_t *bytes = snapshot_of(&fixture.topk, &size);

    aurora_assert_ok(aurora_topk_restore(&fixture.topk, bytes, size));

    ck_assert_int_eq(aurora_topk_newest_ms(&fixture.topk), -1);
    free(bytes);
    free(fixture.memory);
}
END_TEST

START_TEST(test_topk__restore_refuses_another_half_life_and_too_many_keys)
{
    struct fixture fixture = open_topk(3, HOUR_MS);
    struct fixture small = open_topk(2, HOUR_MS);
    struct fixture slow = open_topk(3, DAY_MS);
    aurora_assert_ok(aurora_topk_add(&fixture.topk, "a", 1.0, START_MS));
    aurora_assert_ok(aurora_topk_add(&fixture.topk, "b", 1.0, START_MS));
    aurora_assert_ok(aurora_topk_add(&fixture.topk, "c", 1.0, START_MS));
    size_t size;
    uint8_t *bytes = snapshot_of(&fixture.topk, &size);

    aurora_assert_status(aurora_topk_restore(&small.topk, bytes, size), AURORA_ENOMEM);
    aurora_assert_status(aurora_topk_restore(&slow.topk, bytes, size), AURORA_EINVAL);

    ck_assert_int_eq(aurora_topk_newest_ms(&small.topk), -1);
    free(bytes);
    free(fixture.memory);
    free(small.memory);
    free(slow.memory);
}
END_TEST

/* A copy of exactly the given size, so that a sanitizer sees any byte read beyond it. */
static aurora_status restore_copy(aurora_topk *topk, const uint8_t *bytes, size_t size)
{
    uint8_t *copy = malloc(size == 0 ? 1 : size);
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, bytes, size);
    aurora_status status = aurora_topk_restore(topk, copy, size);
    free(copy);
    return status;
}

START_TEST(test_topk__every_truncated_snapshot_is_refused)
{
    uint64_t seed = aurora_test_seed("topk truncation", 18);
    struct add *adds = make_stream(&seed, 1000, DAY_MS);
    struct fixture fixture = open_topk(40, HOUR_MS);
    feed(&fixture.topk, adds, 1000);
    size_t size;
    uint8_t *bytes = snapshot_of(&fixture.topk, &size);

    for (size_t cut = 0; cut < size; cut++)
        aurora_assert_status(restore_copy(&fixture.topk, bytes, cut), AURORA_ECORRUPT);

    aurora_assert_ok(restore_copy(&fixture.topk, bytes, size));
    free(bytes);
    free(adds);
    free(fixture.memory);
}
END_TEST

static void write_checksum(uint8_t *bytes, size_t size)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < size - 8; i++)
        hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
    for (int i = 0; i < 8; i++)
        bytes[size - 8 + (size_t)i] = (uint8_t)(hash >> (8 * i));
}

/* With a right checksum the fields themselves must hold: what is accepted must work. */
START_TEST(test_topk__flipped_bits_are_refused_or_harmless)
{
    uint64_t seed = aurora_test_seed("topk bit flips", 19);
    struct add *adds = make_stream(&seed, 1000, DAY_MS);
    struct fixture fixture = open_topk(40, HOUR_MS);
    feed(&fixture.topk, adds, 1000);
    size_t size;
    uint8_t *bytes = snapshot_of(&fixture.topk, &size);
    uint32_t accepted = 0;

    for (uint32_t round = 0; round < 4000; round++) {
        size_t bit = aurora_test_random(&seed) % (8 * (size - 8));
        bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        aurora_assert_status(restore_copy(&fixture.topk, bytes, size), AURORA_ECORRUPT);
        uint8_t kept[8];
        memcpy(kept, bytes + size - 8, 8);
        write_checksum(bytes, size);
        aurora_topk_item items[40];
        uint32_t count;
        if (restore_copy(&fixture.topk, bytes, size) == AURORA_OK) {
            accepted++;
            feed(&fixture.topk, adds, 50);
            int64_t at_ms = aurora_topk_newest_ms(&fixture.topk);
            aurora_assert_ok(aurora_topk_list(&fixture.topk, at_ms, 40, items, &count));
            for (uint32_t i = 0; i < count; i++)
                ck_assert(items[i].error >= 0 && items[i].error <= items[i].score);
        }
        memcpy(bytes + size - 8, kept, 8);
        bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }

    ck_assert_uint_gt(accepted, 0);
    free(bytes);
    free(adds);
    free(fixture.memory);
}
END_TEST

START_TEST(test_topk__restore_refuses_the_same_key_twice)
{
    struct fixture fixture = open_topk(3, HOUR_MS);
    aurora_assert_ok(aurora_topk_add(&fixture.topk, "a", 1.0, START_MS));
    aurora_assert_ok(aurora_topk_add(&fixture.topk, "b", 1.0, START_MS));
    size_t size;
    uint8_t *bytes = snapshot_of(&fixture.topk, &size);

    bytes[size - 9] = 'a';
    write_checksum(bytes, size);

    aurora_assert_status(aurora_topk_restore(&fixture.topk, bytes, size), AURORA_ECORRUPT);
    free(bytes);
    free(fixture.memory);
}
END_TEST

START_TEST(test_topk__restore_refuses_a_floor_above_a_score)
{
    struct fixture fixture = open_topk(3, HOUR_MS);
    aurora_assert_ok(aurora_topk_add(&fixture.topk, "a", 1.0, START_MS));
    size_t size;
    uint8_t *bytes = snapshot_of(&fixture.topk, &size);
    const uint8_t eight[] = {0, 0, 0, 0, 0, 0, 0x20, 0x40};

    memcpy(bytes + FLOOR_OFFSET, eight, sizeof eight);
    write_checksum(bytes, size);

    aurora_assert_status(aurora_topk_restore(&fixture.topk, bytes, size), AURORA_ECORRUPT);
    free(bytes);
    free(fixture.memory);
}
END_TEST

static Suite *topk_suite(void)
{
    Suite *suite = suite_create("topk");
    TCase *tcase = tcase_create("topk");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, test_topk__score_and_error_enclose_the_true_sum);
    tcase_add_test(tcase, test_topk__bounds_hold_over_years_of_short_half_lives);
    tcase_add_test(tcase, test_topk__one_counter_still_bounds_every_key);
    tcase_add_test(tcase, test_topk__is_exact_up_to_its_capacity);
    tcase_add_test(tcase, test_topk__an_older_add_weighs_what_decay_has_left_of_it);
    tcase_add_test(tcase, test_topk__a_time_far_ahead_becomes_the_newest_and_outweighs_all);
    tcase_add_test(tcase, test_topk__equal_scores_are_listed_in_the_order_of_keys);
    tcase_add_test(tcase, test_topk__refuses_bad_adds_and_counts_nothing);
    tcase_add_test(tcase, test_topk__init_takes_the_capacity_that_fits);
    tcase_add_test(tcase, test_topk__reset_forgets_everything);
    tcase_add_test(tcase, test_topk__merge_of_four_partitions_keeps_the_bounds);
    tcase_add_test(tcase, test_topk__adds_after_a_merge_keep_the_bounds);
    tcase_add_test(tcase, test_topk__merge_credits_a_key_with_what_the_other_side_may_have_lost);
    tcase_add_test(tcase, test_topk__a_key_that_a_merge_leaves_out_stays_bounded);
    tcase_add_test(tcase, test_topk__an_old_time_weighs_less_after_a_merge_from_years_later);
    tcase_add_test(tcase, test_topk__merge_refuses_itself_and_another_half_life);
    tcase_add_test(tcase, test_topk__a_restored_sketch_goes_on_like_the_original);
    tcase_add_test(tcase, test_topk__an_empty_sketch_survives_a_snapshot);
    tcase_add_test(tcase, test_topk__restore_refuses_another_half_life_and_too_many_keys);
    tcase_add_test(tcase, test_topk__every_truncated_snapshot_is_refused);
    tcase_add_test(tcase, test_topk__flipped_bits_are_refused_or_harmless);
    tcase_add_test(tcase, test_topk__restore_refuses_a_floor_above_a_score);
    tcase_add_test(tcase, test_topk__restore_refuses_the_same_key_twice);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(topk_suite)
