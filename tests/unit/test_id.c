/* SPDX-License-Identifier: MIT */
#include "core/id.h"

#include <string.h>

#include "test.h"

#define NOW INT64_C(1750000000123)

static int order_of(aurora_id a, aurora_id b)
{
    return memcmp(a.bytes, b.bytes, sizeof a.bytes);
}

static aurora_id next(aurora__id_source *source, int64_t now_ms, uint64_t *seed)
{
    uint64_t random[2] = {aurora_test_random(seed), aurora_test_random(seed)};
    return aurora__id_next(source, now_ms, random);
}

START_TEST(test_id__version_is_7_variant_is_rfc_and_lowest_three_bits_are_0)
{
    uint64_t seed = aurora_test_seed("id bits", 7);
    aurora__id_source source = {0};
    for (int i = 0; i < 1000; i++) {
        aurora_id id = next(&source, NOW + i / 3, &seed);

        ck_assert_uint_eq(id.bytes[6] >> 4, 7);
        ck_assert_uint_eq(id.bytes[8] >> 6, 2);
        ck_assert_uint_eq(id.bytes[15] & 7, 0);
        ck_assert_int_eq(aurora__id_time(&id), NOW + i / 3);
    }
}
END_TEST

START_TEST(test_id__ids_grow_within_a_millisecond_and_over_many)
{
    uint64_t seed = aurora_test_seed("id order", 8);
    aurora__id_source source = {0};
    aurora_id last = next(&source, NOW, &seed);
    for (int i = 1; i < 5000; i++) {
        aurora_id id = next(&source, NOW + i / 100, &seed);
        ck_assert_int_lt(order_of(last, id), 0);
        last = id;
    }
}
END_TEST

START_TEST(test_id__ids_grow_when_the_clock_steps_back)
{
    uint64_t seed = aurora_test_seed("id clock", 9);
    aurora__id_source source = {0};
    aurora_id last = next(&source, NOW, &seed);
    for (int i = 1; i < 100; i++) {
        aurora_id id = next(&source, NOW - i * 1000, &seed);
        ck_assert_int_lt(order_of(last, id), 0);
        ck_assert_int_eq(aurora__id_time(&id), NOW);
        last = id;
    }
}
END_TEST

START_TEST(test_id__full_counters_borrow_the_next_millisecond)
{
    uint64_t random[2] = {0, 0};
    aurora__id_source source = {.last_ms = NOW, .high = 0xFFF, .low = (UINT64_C(1) << 59) - 1};
    aurora__id_source carrying = {.last_ms = NOW, .high = 0xFFE, .low = (UINT64_C(1) << 59) - 1};
    aurora_id highest = {{0}};
    memset(highest.bytes + 6, 0xFF, 10);
    for (int i = 0; i < 6; i++)
        highest.bytes[i] = (uint8_t)(NOW >> (8 * (5 - i)));

    aurora_id carried = aurora__id_next(&carrying, NOW, random);
    aurora_id id = aurora__id_next(&source, NOW, random);

    ck_assert_int_eq(aurora__id_time(&carried), NOW);
    ck_assert_int_eq(aurora__id_time(&id), NOW + 1);
    ck_assert_int_gt(order_of(id, highest), 0);
    ck_assert_uint_eq(id.bytes[6] >> 4, 7);
    ck_assert_uint_eq(id.bytes[8] >> 6, 2);
}
END_TEST

START_TEST(test_id__random_word_leaves_room_to_count)
{
    uint64_t random[2] = {UINT64_MAX, UINT64_MAX};
    aurora__id_source source = {0};

    aurora_id first = aurora__id_next(&source, NOW, random);
    aurora_id second = aurora__id_next(&source, NOW, random);

    ck_assert_uint_eq(source.high, 0x7FF);
    ck_assert_int_eq(aurora__id_time(&second), NOW);
    ck_assert_int_lt(order_of(first, second), 0);
}
END_TEST

START_TEST(test_id__floor_is_at_or_below_every_id_of_its_millisecond)
{
    uint64_t random[2] = {0, 0};
    aurora__id_source source = {0};
    aurora_id lowest = aurora__id_next(&source, NOW, random);

    ck_assert_int_lt(order_of(aurora__id_floor(NOW), lowest), 0);
    ck_assert_int_gt(order_of(aurora__id_floor(NOW + 1), lowest), 0);
    ck_assert_int_eq(aurora__id_time(&(aurora_id){{0}}), 0);
    aurora_assert_id_eq(aurora__id_floor(-5), ((aurora_id){{0}}));
}
END_TEST

START_TEST(test_id__text_form_is_read_back_in_either_case)
{
    aurora_id id = {{0x01, 0x97, 0x5c, 0xAB, 0xcd, 0xef, 0x71, 0x23, 0x84, 0x56, 0, 1, 2, 3, 4, 8}};
    aurora_id read = {{0}};
    char text[AURORA_ID_TEXT_BYTES];

    aurora_id_format(id, text);

    ck_assert_str_eq(text, "01975cab-cdef-7123-8456-000102030408");
    aurora_assert_ok(aurora_id_parse(text, &read));
    aurora_assert_id_eq(read, id);
    aurora_assert_ok(aurora_id_parse("01975CAB-CDEF-7123-8456-000102030408", &read));
    aurora_assert_id_eq(read, id);
}
END_TEST

START_TEST(test_id__any_other_text_is_refused_and_leaves_the_result_alone)
{
    static const char *const texts[] = {
        "",
        "0",
        "01975cab",
        "01975cab-",
        "01975cab-cdef-7123-8456-00010203040",
        "01975cab-cdef-7123-8456-0001020304088",
        "01975cabcdef71238456000102030408",
        "01975cab-cdef-7123-8456_000102030408",
        "01975cab-cdef-7123-8456-00010203040g",
        "{1975cab-cdef-7123-8456-000102030408",
        " 01975cab-cdef-7123-8456-00010203040",
    };
    aurora_id id = {{9}};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        aurora_assert_status(aurora_id_parse(texts[i], &id), AURORA_EINVAL);
    aurora_assert_status(aurora_id_parse(NULL, &id), AURORA_EINVAL);
    aurora_assert_status(aurora_id_parse("01975cab-cdef-7123-8456-000102030408", NULL),
                         AURORA_EINVAL);
    aurora_assert_id_eq(id, ((aurora_id){{9}}));
}
END_TEST

static Suite *id_suite(void)
{
    Suite *suite = suite_create("id");
    TCase *tcase = tcase_create("id");
    tcase_add_test(tcase, test_id__version_is_7_variant_is_rfc_and_lowest_three_bits_are_0);
    tcase_add_test(tcase, test_id__ids_grow_within_a_millisecond_and_over_many);
    tcase_add_test(tcase, test_id__ids_grow_when_the_clock_steps_back);
    tcase_add_test(tcase, test_id__full_counters_borrow_the_next_millisecond);
    tcase_add_test(tcase, test_id__random_word_leaves_room_to_count);
    tcase_add_test(tcase, test_id__floor_is_at_or_below_every_id_of_its_millisecond);
    tcase_add_test(tcase, test_id__text_form_is_read_back_in_either_case);
    tcase_add_test(tcase, test_id__any_other_text_is_refused_and_leaves_the_result_alone);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(id_suite)
