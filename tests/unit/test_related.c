/* SPDX-License-Identifier: MIT */
/* The table of pairs against brute force: its stated bound is the assertion. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <aurora/related.h>

#include "../support/test.h"

#define HOUR_MS INT64_C(3600000)
#define DAY_MS (24 * HOUR_MS)
#define START_MS INT64_C(1700000000000)
#define SKUS 300
#define BASKET_SKUS 6
#define ROUNDING 1e-9
#define LAST_BYTES 68 /* of a snapshot of two SKUs, from the first link on */

struct basket {
    char texts[BASKET_SKUS][12];
    const char *skus[BASKET_SKUS];
    uint32_t numbers[BASKET_SKUS]; /* distinct */
    uint32_t count;
    double weight;
    int64_t at_ms;
};

struct fixture {
    aurora_related related;
    void *memory;
};

struct truth {
    double pairs[SKUS][SKUS];
    double pairs_of[SKUS]; /* all pairs of one SKU */
    double skus;           /* all SKUs of all baskets */
};

static struct fixture open_related(uint32_t capacity, uint32_t neighbours, int64_t half_life_ms)
{
    struct fixture fixture;
    size_t size = aurora_related_bytes(capacity, neighbours);
    fixture.memory = malloc(size);
    ck_assert_ptr_nonnull(fixture.memory);
    aurora_assert_ok(
        aurora_related_init(&fixture.related, fixture.memory, size, neighbours, half_life_ms));
    ck_assert_uint_eq(aurora_related_capacity(&fixture.related), capacity);
    return fixture;
}

static double unit_random(uint64_t *state)
{
    return (double)(aurora_test_random(state) >> 11) * 0x1p-53;
}

static bool is_in(const struct basket *basket, uint32_t number)
{
    for (uint32_t i = 0; i < basket->count; i++) {
        if (basket->numbers[i] == number)
            return true;
    }
    return false;
}

/* Zipf-like SKUs that come with their neighbours in number; times wander, with steps back. */
static struct basket *make_baskets(uint64_t *seed, uint32_t count, int64_t span_ms)
{
    struct basket *baskets = calloc(count, sizeof *baskets);
    ck_assert_ptr_nonnull(baskets);
    for (uint32_t i = 0; i < count; i++) {
        struct basket *basket = &baskets[i];
        uint32_t wanted = 2 + (uint32_t)(aurora_test_random(seed) % (BASKET_SKUS - 1));
        uint32_t number = (uint32_t)pow(SKUS, unit_random(seed)) - 1;
        while (basket->count < wanted) {
            if (!is_in(basket, number)) {
                char *text = basket->texts[basket->count];
                snprintf(text, sizeof basket->texts[0], "sku-%u", number);
                basket->skus[basket->count] = text;
                basket->numbers[basket->count++] = number;
            }
            bool is_near = aurora_test_random(seed) % 2 == 0;
            number = is_near ? (number + 1) % SKUS : (uint32_t)pow(SKUS, unit_random(seed)) - 1;
        }
        basket->weight = 0.5 + unit_random(seed);
        double late = pow(unit_random(seed), 8) * (double)span_ms / 2;
        basket->at_ms = START_MS + (int64_t)((double)span_ms * i / count) - (int64_t)late;
    }
    return baskets;
}

static void feed(aurora_related *related, const struct basket *baskets, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        aurora_assert_ok(aurora_related_add(related, baskets[i].skus, baskets[i].count,
                                            baskets[i].weight, baskets[i].at_ms));
}

static struct truth *brute_force(const struct basket *baskets, uint32_t count, int64_t at_ms,
                                 double half_life)
{
    struct truth *truth = calloc(1, sizeof *truth);
    ck_assert_ptr_nonnull(truth);
    for (uint32_t n = 0; n < count; n++) {
        const struct basket *basket = &baskets[n];
        double amount = basket->weight * exp2(-(double)(at_ms - basket->at_ms) / half_life);
        truth->skus += amount * basket->count;
        for (uint32_t i = 0; i < basket->count; i++) {
            for (uint32_t j = 0; j < basket->count; j++) {
                if (i == j)
                    continue;
                truth->pairs[basket->numbers[i]][basket->numbers[j]] += amount;
                truth->pairs_of[basket->numbers[i]] += amount;
            }
        }
    }
    return truth;
}

/* Each row: listed pairs enclose the truth, errors keep the bound, and what is not listed is below
 * it. */
static void assert_row(const aurora_related *related, const struct truth *truth, uint32_t number,
                       int64_t at_ms, double bound)
{
    aurora_topk_item items[AURORA_RELATED_NEIGHBOURS_MAX];
    bool is_listed[SKUS] = {false};
    char text[16];
    uint32_t count;
    snprintf(text, sizeof text, "sku-%u", number);
    aurora_assert_ok(
        aurora_related_list(related, text, at_ms, AURORA_RELATED_NEIGHBOURS_MAX, items, &count));
    for (uint32_t i = 0; i < count; i++) {
        unsigned other;
        ck_assert_int_eq(sscanf(items[i].key, "sku-%u", &other), 1);
        ck_assert(!is_listed[other]);
        is_listed[other] = true;
        double sum = truth->pairs[number][other];
        ck_assert_double_ge(items[i].score * (1 + ROUNDING), sum);
        ck_assert_double_le(items[i].score - items[i].error, sum + items[i].score * ROUNDING);
        ck_assert_double_le(items[i].error, bound * (1 + ROUNDING));
        if (i > 0)
            ck_assert_double_le(items[i].score, items[i - 1].score);
    }
    for (uint32_t other = 0; other < SKUS; other++)
        ck_assert(is_listed[other] || truth->pairs[number][other] <= bound * (1 + ROUNDING));
}

static void assert_table(const aurora_related *related, const struct truth *truth, int64_t at_ms,
                         uint32_t capacity, uint32_t neighbours)
{
    for (uint32_t number = 0; number < SKUS; number++) {
        double bound = truth->pairs_of[number] / neighbours + truth->skus / capacity;
        assert_row(related, truth, number, at_ms, bound);
    }
}

static void check_stream(uint64_t *seed, uint32_t capacity, uint32_t neighbours, int64_t span_ms)
{
    uint32_t count = 10000;
    struct basket *baskets = make_baskets(seed, count, span_ms);
    struct fixture fixture = open_related(capacity, neighbours, DAY_MS);

    feed(&fixture.related, baskets, count);

    int64_t at_ms = aurora_related_newest_ms(&fixture.related) + HOUR_MS;
    struct truth *truth = brute_force(baskets, count, at_ms, (double)DAY_MS);
    assert_table(&fixture.related, truth, at_ms, capacity, neighbours);
    free(truth);
    free(baskets);
    free(fixture.memory);
}

START_TEST(test_related__score_and_error_enclose_the_true_sum)
{
    uint64_t seed = aurora_test_seed("related bounds", 21);

    check_stream(&seed, SKUS, 20, 10 * DAY_MS);
    check_stream(&seed, 60, 10, 10 * DAY_MS);
    check_stream(&seed, 7, 3, DAY_MS);
}
END_TEST

START_TEST(test_related__bounds_hold_over_years)
{
    uint64_t seed = aurora_test_seed("related years", 22);

    check_stream(&seed, 100, 12, 4 * 365 * DAY_MS);
}
END_TEST

START_TEST(test_related__smallest_tables_still_bound_every_pair)
{
    uint64_t seed = aurora_test_seed("related smallest", 23);

    check_stream(&seed, 1, 1, DAY_MS);
    check_stream(&seed, 2, 1, DAY_MS);
    check_stream(&seed, SKUS, 1, DAY_MS);
}
END_TEST

static uint32_t neighbour_count(const struct truth *truth, uint32_t number)
{
    uint32_t count = 0;
    for (uint32_t other = 0; other < SKUS; other++)
        count += truth->pairs[number][other] > 0 ? 1 : 0;
    return count;
}

START_TEST(test_related__is_exact_while_there_is_room)
{
    uint64_t seed = aurora_test_seed("related exact", 24);
    uint32_t count = 1000;
    struct basket *baskets = make_baskets(&seed, count, 10 * DAY_MS);
    struct fixture fixture = open_related(SKUS, AURORA_RELATED_NEIGHBOURS_MAX, DAY_MS);

    feed(&fixture.related, baskets, count);

    int64_t at_ms = aurora_related_newest_ms(&fixture.related);
    struct truth *truth = brute_force(baskets, count, at_ms, (double)DAY_MS);
    for (uint32_t number = 0; number < SKUS; number++) {
        ck_assert_uint_le(neighbour_count(truth, number), AURORA_RELATED_NEIGHBOURS_MAX);
        assert_row(&fixture.related, truth, number, at_ms, 0.0);
    }
    free(truth);
    free(baskets);
    free(fixture.memory);
}
END_TEST

START_TEST(test_related__lists_the_most_shared_first)
{
    struct fixture fixture = open_related(16, 4, HOUR_MS);
    const char *first[] = {"mug", "tea", "pot"};
    const char *second[] = {"tea", "mug", "tea"};
    const char *third[] = {"Mug", "pot"};
    aurora_topk_item items[3];
    uint32_t count;

    aurora_assert_ok(aurora_related_add(&fixture.related, first, 3, 1.0, START_MS));
    aurora_assert_ok(aurora_related_add(&fixture.related, second, 3, 1.0, START_MS - HOUR_MS));
    aurora_assert_ok(aurora_related_add(&fixture.related, third, 2, 1.0, START_MS));
    aurora_assert_ok(aurora_related_list(&fixture.related, "mug", START_MS, 3, items, &count));

    ck_assert_uint_eq(count, 2);
    ck_assert_str_eq(items[0].key, "tea");
    ck_assert_double_eq_tol(items[0].score, 1.5, 1e-12);
    ck_assert_double_eq(items[0].error, 0.0);
    ck_assert_str_eq(items[1].key, "pot");
    ck_assert_double_eq_tol(items[1].score, 1.0, 1e-12);
    free(fixture.memory);
}
END_TEST

/* One basket in ten has a steady companion, the others one that never comes again. */
START_TEST(test_related__steady_companions_stay_among_passing_ones)
{
    struct fixture fixture = open_related(4096, 8, DAY_MS);
    aurora_topk_item items[5];
    uint32_t count;

    for (uint32_t i = 0; i < 3000; i++) {
        char text[16];
        const char *skus[] = {"mug", text};
        if (i % 10 == 0)
            snprintf(text, sizeof text, "steady-%u", i / 10 % 5);
        else
            snprintf(text, sizeof text, "passing-%u", i);
        aurora_assert_ok(aurora_related_add(&fixture.related, skus, 2, 1.0, START_MS));
    }
    aurora_assert_ok(aurora_related_list(&fixture.related, "mug", START_MS, 5, items, &count));

    ck_assert_uint_eq(count, 5);
    for (uint32_t i = 0; i < count; i++) {
        ck_assert_mem_eq(items[i].key, "steady-", 7);
        ck_assert_double_ge(items[i].score, 59.999);
        ck_assert_double_le(items[i].score, 66.0);
    }
    free(fixture.memory);
}
END_TEST

START_TEST(test_related__a_basket_of_one_product_counts_nothing)
{
    struct fixture fixture = open_related(4, 4, HOUR_MS);
    const char *skus[] = {"mug", "mug"};
    aurora_topk_item item;
    uint32_t count = 9;

    aurora_assert_ok(aurora_related_add(&fixture.related, skus, 2, 1.0, START_MS));
    aurora_assert_ok(aurora_related_add(&fixture.related, NULL, 0, 1.0, START_MS));
    aurora_assert_ok(aurora_related_list(&fixture.related, "mug", 0, 1, &item, &count));

    ck_assert_uint_eq(count, 0);
    ck_assert_int_eq(aurora_related_newest_ms(&fixture.related), -1);
    free(fixture.memory);
}
END_TEST

START_TEST(test_related__pairs_only_the_first_32_distinct_products)
{
    struct fixture fixture = open_related(64, 64, HOUR_MS);
    char texts[40][8];
    const char *skus[41];
    aurora_topk_item items[64];
    uint32_t count;
    for (size_t i = 0; i < 40; i++) {
        snprintf(texts[i], sizeof texts[i], "s%zu", i);
        skus[i + 1] = texts[i];
    }
    skus[0] = texts[0];

    aurora_assert_ok(aurora_related_add(&fixture.related, skus, 41, 1.0, START_MS));

    aurora_assert_ok(aurora_related_list(&fixture.related, "s31", START_MS, 64, items, &count));
    ck_assert_uint_eq(count, 31);
    aurora_assert_ok(aurora_related_list(&fixture.related, "s32", START_MS, 64, items, &count));
    ck_assert_uint_eq(count, 0);
    free(fixture.memory);
}
END_TEST

START_TEST(test_related__refuses_bad_baskets_and_counts_nothing)
{
    struct fixture fixture = open_related(4, 4, HOUR_MS);
    aurora_related *related = &fixture.related;
    char longest[66] = {0};
    memset(longest, 'k', 65);
    const char *fine[] = {"a", "b"};
    const char *empty[] = {"a", ""};
    const char *missing[] = {"a", NULL};
    const char *too_long[] = {"a", longest};

    aurora_assert_status(aurora_related_add(related, empty, 2, 1.0, START_MS), AURORA_EINVAL);
    aurora_assert_status(aurora_related_add(related, missing, 2, 1.0, START_MS), AURORA_EINVAL);
    aurora_assert_status(aurora_related_add(related, too_long, 2, 1.0, START_MS), AURORA_EINVAL);
    aurora_assert_status(aurora_related_add(related, NULL, 2, 1.0, START_MS), AURORA_EINVAL);
    aurora_assert_status(aurora_related_add(related, fine, 2, 0.0, START_MS), AURORA_EINVAL);
    aurora_assert_status(aurora_related_add(related, fine, 2, (double)NAN, START_MS),
                         AURORA_EINVAL);
    aurora_assert_status(aurora_related_add(related, fine, 2, 1.0, -1), AURORA_EINVAL);

    ck_assert_int_eq(aurora_related_newest_ms(related), -1);
    free(fixture.memory);
}
END_TEST

START_TEST(test_related__init_refuses_what_it_cannot_use)
{
    uint64_t memory[512];
    aurora_related related = {{0}};
    const char *skus[] = {"a", "b"};

    aurora_assert_status(aurora_related_add(&related, skus, 2, 1.0, START_MS), AURORA_EINVAL);
    aurora_assert_status(
        aurora_related_init(&related, memory, aurora_related_bytes(1, 8) - 1, 8, HOUR_MS),
        AURORA_EINVAL);
    aurora_assert_status(aurora_related_init(&related, memory, sizeof memory, 0, HOUR_MS),
                         AURORA_EINVAL);
    aurora_assert_status(aurora_related_init(&related, memory, sizeof memory, 257, HOUR_MS),
                         AURORA_EINVAL);
    aurora_assert_status(aurora_related_init(&related, (char *)memory + 1, 4000, 8, HOUR_MS),
                         AURORA_EINVAL);
    aurora_assert_ok(aurora_related_init(&related, memory, sizeof memory, 8, HOUR_MS));
}
END_TEST

static void check_merge(uint64_t *seed, uint32_t capacity, uint32_t neighbours, int64_t span_ms)
{
    uint32_t count = 12000;
    struct basket *baskets = make_baskets(seed, count, span_ms);
    struct fixture whole = open_related(capacity + 5, neighbours + 1, DAY_MS);

    for (uint32_t part = 0; part < 4; part++) {
        struct fixture partition = open_related(capacity + 9 * part, neighbours + part, DAY_MS);
        feed(&partition.related, baskets + part * 2500, 2500);
        aurora_assert_ok(aurora_related_merge(&whole.related, &partition.related));
        free(partition.memory);
    }

    /* The bound of a sum of parts is the sum of their bounds. */
    int64_t at_ms = aurora_related_newest_ms(&whole.related);
    struct truth *truth = brute_force(baskets, 10000, at_ms, (double)DAY_MS);
    assert_table(&whole.related, truth, at_ms, capacity, neighbours);
    free(truth);

    feed(&whole.related, baskets + 10000, 2000);

    at_ms = aurora_related_newest_ms(&whole.related);
    truth = brute_force(baskets, 12000, at_ms, (double)DAY_MS);
    assert_table(&whole.related, truth, at_ms, capacity, neighbours);
    free(truth);
    free(baskets);
    free(whole.memory);
}

START_TEST(test_related__merge_of_four_partitions_keeps_the_bounds)
{
    uint64_t seed = aurora_test_seed("related merge", 25);

    check_merge(&seed, SKUS, 20, 8 * DAY_MS);
    check_merge(&seed, 50, 8, 8 * DAY_MS);
    check_merge(&seed, 12, 3, 2000 * DAY_MS);
}
END_TEST

static void add_two(struct fixture *fixture, const char *a, const char *b, double weight)
{
    const char *skus[] = {a, b};
    aurora_assert_ok(aurora_related_add(&fixture->related, skus, 2, weight, START_MS));
}

static void assert_pair(const struct fixture *fixture, const char *a, const char *b, double sum)
{
    aurora_topk_item items[8];
    uint32_t count;
    aurora_assert_ok(aurora_related_list(&fixture->related, a, START_MS, 8, items, &count));
    for (uint32_t i = 0; i < count; i++) {
        if (strcmp(items[i].key, b) != 0)
            continue;
        ck_assert_double_ge(items[i].score, sum - ROUNDING);
        ck_assert_double_le(items[i].score - items[i].error, sum + ROUNDING);
        return;
    }
    ck_abort_msg("%s is not listed for %s", b, a);
}

START_TEST(test_related__merge_credits_a_pair_whose_product_this_side_has_dropped)
{
    struct fixture small = open_related(2, 4, HOUR_MS);
    struct fixture other = open_related(8, 4, HOUR_MS);
    add_two(&small, "a", "b", 1.0);
    add_two(&small, "a", "c", 10.0);
    add_two(&other, "a", "b", 100.0);

    aurora_assert_ok(aurora_related_merge(&small.related, &other.related));

    assert_pair(&small, "a", "b", 101.0);
    assert_pair(&small, "b", "a", 101.0);
    free(small.memory);
    free(other.memory);
}
END_TEST

START_TEST(test_related__merge_credits_a_pair_whose_products_the_other_side_has_dropped)
{
    struct fixture large = open_related(8, 4, HOUR_MS);
    struct fixture other = open_related(2, 4, HOUR_MS);
    add_two(&large, "a", "b", 10.0);
    add_two(&other, "a", "b", 1.0);
    add_two(&other, "c", "d", 5.0);

    aurora_assert_ok(aurora_related_merge(&large.related, &other.related));

    assert_pair(&large, "a", "b", 11.0);
    assert_pair(&large, "c", "d", 5.0);
    free(large.memory);
    free(other.memory);
}
END_TEST

START_TEST(test_related__merge_refuses_itself_and_another_half_life)
{
    struct fixture a = open_related(4, 4, HOUR_MS);
    struct fixture b = open_related(4, 4, DAY_MS);

    aurora_assert_status(aurora_related_merge(&a.related, &a.related), AURORA_EINVAL);
    aurora_assert_status(aurora_related_merge(&a.related, &b.related), AURORA_EINVAL);

    free(a.memory);
    free(b.memory);
}
END_TEST

static uint8_t *snapshot_of(const aurora_related *related, size_t *size_out)
{
    size_t size = aurora_related_snapshot_bytes(related);
    uint8_t *bytes = malloc(size);
    ck_assert_ptr_nonnull(bytes);
    aurora_assert_status(aurora_related_snapshot(related, bytes, size - 1, size_out),
                         AURORA_EINVAL);
    aurora_assert_ok(aurora_related_snapshot(related, bytes, size, size_out));
    ck_assert_uint_eq(*size_out, size);
    return bytes;
}

START_TEST(test_related__a_restored_table_answers_and_goes_on_within_the_bounds)
{
    uint64_t seed = aurora_test_seed("related snapshot", 26);
    struct basket *baskets = make_baskets(&seed, 8000, 10 * DAY_MS);
    struct fixture original = open_related(60, 10, DAY_MS);
    struct fixture restored = open_related(60, 10, DAY_MS);
    feed(&original.related, baskets, 5000);
    feed(&restored.related, baskets, 77);
    size_t size;
    size_t again_size;
    uint8_t *bytes = snapshot_of(&original.related, &size);

    aurora_assert_ok(aurora_related_restore(&restored.related, bytes, size));
    uint8_t *again = snapshot_of(&restored.related, &again_size);
    feed(&restored.related, baskets + 5000, 3000);

    ck_assert_uint_eq(again_size, size);
    ck_assert_mem_eq(again, bytes, size);
    int64_t at_ms = aurora_related_newest_ms(&restored.related);
    struct truth *truth = brute_force(baskets, 8000, at_ms, (double)DAY_MS);
    assert_table(&restored.related, truth, at_ms, 60, 10);
    free(truth);
    free(again);
    free(bytes);
    free(baskets);
    free(original.memory);
    free(restored.memory);
}
END_TEST

START_TEST(test_related__restore_refuses_what_does_not_fit)
{
    const char *skus[] = {"a", "b", "c", "d", "e", "f", "g"};
    struct fixture fixture = open_related(7, 6, HOUR_MS);
    struct fixture short_lists = open_related(7, 5, HOUR_MS);
    struct fixture few = open_related(6, 6, HOUR_MS);
    struct fixture slow = open_related(7, 6, DAY_MS);
    aurora_assert_ok(aurora_related_add(&fixture.related, skus, 7, 1.0, START_MS));
    size_t size;
    uint8_t *bytes = snapshot_of(&fixture.related, &size);

    aurora_assert_status(aurora_related_restore(&short_lists.related, bytes, size), AURORA_ENOMEM);
    aurora_assert_status(aurora_related_restore(&few.related, bytes, size), AURORA_ENOMEM);
    aurora_assert_status(aurora_related_restore(&slow.related, bytes, size), AURORA_EINVAL);

    ck_assert_int_eq(aurora_related_newest_ms(&few.related), -1);
    free(bytes);
    free(fixture.memory);
    free(short_lists.memory);
    free(few.memory);
    free(slow.memory);
}
END_TEST

/* A copy of exactly the given size, so that a sanitizer sees any byte read beyond it. */
static aurora_status restore_copy(aurora_related *related, const uint8_t *bytes, size_t size)
{
    uint8_t *copy = malloc(size == 0 ? 1 : size);
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, bytes, size);
    aurora_status status = aurora_related_restore(related, copy, size);
    free(copy);
    return status;
}

START_TEST(test_related__every_truncated_snapshot_is_refused)
{
    uint64_t seed = aurora_test_seed("related truncation", 28);
    struct basket *baskets = make_baskets(&seed, 400, DAY_MS);
    struct fixture fixture = open_related(12, 5, HOUR_MS);
    feed(&fixture.related, baskets, 400);
    size_t size;
    uint8_t *bytes = snapshot_of(&fixture.related, &size);

    for (size_t cut = 0; cut < size; cut++)
        aurora_assert_status(restore_copy(&fixture.related, bytes, cut), AURORA_ECORRUPT);

    aurora_assert_ok(restore_copy(&fixture.related, bytes, size));
    free(bytes);
    free(baskets);
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

START_TEST(test_related__restore_refuses_a_product_beside_itself_or_unknown)
{
    struct fixture fixture = open_related(4, 4, HOUR_MS);
    add_two(&fixture, "a", "b", 1.0);
    size_t size;
    uint8_t *bytes = snapshot_of(&fixture.related, &size);
    size_t first_link = size - LAST_BYTES;
    ck_assert_uint_eq(bytes[first_link], 1);

    for (uint8_t other = 0; other < 8; other++) {
        bytes[first_link] = other;
        write_checksum(bytes, size);
        aurora_assert_status(restore_copy(&fixture.related, bytes, size),
                             other == 1 ? AURORA_OK : AURORA_ECORRUPT);
    }

    free(bytes);
    free(fixture.memory);
}
END_TEST

static void assert_works(aurora_related *related, const struct basket *baskets)
{
    feed(related, baskets, 20);
    for (uint32_t i = 0; i < 20; i++) {
        aurora_topk_item items[5];
        uint32_t count;
        int64_t at_ms = aurora_related_newest_ms(related);
        aurora_assert_ok(aurora_related_list(related, baskets[i].skus[0], at_ms, 5, items, &count));
        for (uint32_t j = 0; j < count; j++)
            ck_assert(items[j].error >= 0 && items[j].error <= items[j].score);
    }
}

/* With a right checksum the fields themselves must hold: what is accepted must work. */
START_TEST(test_related__flipped_bits_are_refused_or_harmless)
{
    uint64_t seed = aurora_test_seed("related bit flips", 29);
    struct basket *baskets = make_baskets(&seed, 400, DAY_MS);
    struct fixture fixture = open_related(12, 5, HOUR_MS);
    feed(&fixture.related, baskets, 400);
    size_t size;
    uint8_t *bytes = snapshot_of(&fixture.related, &size);
    uint32_t accepted = 0;

    for (uint32_t round = 0; round < 4000; round++) {
        size_t bit = aurora_test_random(&seed) % (8 * (size - 8));
        uint8_t kept[8];
        memcpy(kept, bytes + size - 8, 8);
        bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        aurora_assert_status(restore_copy(&fixture.related, bytes, size), AURORA_ECORRUPT);
        write_checksum(bytes, size);
        if (restore_copy(&fixture.related, bytes, size) == AURORA_OK) {
            accepted++;
            assert_works(&fixture.related, baskets);
        }
        bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        memcpy(bytes + size - 8, kept, 8);
    }

    ck_assert_uint_gt(accepted, 0);
    free(bytes);
    free(baskets);
    free(fixture.memory);
}
END_TEST

static Suite *related_suite(void)
{
    Suite *suite = suite_create("related");
    TCase *tcase = tcase_create("related");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, test_related__score_and_error_enclose_the_true_sum);
    tcase_add_test(tcase, test_related__bounds_hold_over_years);
    tcase_add_test(tcase, test_related__smallest_tables_still_bound_every_pair);
    tcase_add_test(tcase, test_related__is_exact_while_there_is_room);
    tcase_add_test(tcase, test_related__lists_the_most_shared_first);
    tcase_add_test(tcase, test_related__steady_companions_stay_among_passing_ones);
    tcase_add_test(tcase, test_related__a_basket_of_one_product_counts_nothing);
    tcase_add_test(tcase, test_related__pairs_only_the_first_32_distinct_products);
    tcase_add_test(tcase, test_related__refuses_bad_baskets_and_counts_nothing);
    tcase_add_test(tcase, test_related__init_refuses_what_it_cannot_use);
    tcase_add_test(tcase, test_related__merge_of_four_partitions_keeps_the_bounds);
    tcase_add_test(tcase, test_related__merge_credits_a_pair_whose_product_this_side_has_dropped);
    tcase_add_test(tcase,
                   test_related__merge_credits_a_pair_whose_products_the_other_side_has_dropped);
    tcase_add_test(tcase, test_related__merge_refuses_itself_and_another_half_life);
    tcase_add_test(tcase, test_related__a_restored_table_answers_and_goes_on_within_the_bounds);
    tcase_add_test(tcase, test_related__restore_refuses_what_does_not_fit);
    tcase_add_test(tcase, test_related__every_truncated_snapshot_is_refused);
    tcase_add_test(tcase, test_related__restore_refuses_a_product_beside_itself_or_unknown);
    tcase_add_test(tcase, test_related__flipped_bits_are_refused_or_harmless);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(related_suite)
