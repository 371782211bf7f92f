/* SPDX-License-Identifier: MIT */
/* How text is cut into words, how far words are apart, and what a query becomes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/search_fts/distance.h"
#include "adapters/search_fts/fold.h"
#include "adapters/search_fts/plan.h"
#include "adapters/search_fts/synonyms.h"
#include "adapters/search_fts/words.h"
#include "test.h"

/* The words with a blank between them, '~' where they are written together. */
static const char *cut(const char *text)
{
    static char out[1024];
    aurora__fts_reader reader;
    aurora__fts_word word;
    size_t used = 0;
    out[0] = '\0';
    aurora__fts_words(&reader, text, strlen(text));
    while (aurora__fts_next_word(&reader, &word)) {
        const char *between = used == 0 ? "" : word.is_glued ? "~" : " ";
        used += (size_t)snprintf(out + used, sizeof out - used, "%s%s", between, word.text);
        ck_assert_uint_le(word.start, word.end);
        ck_assert_uint_le(word.end, strlen(text));
    }
    return out;
}

START_TEST(test_words__are_folded_and_singular)
{
    ck_assert_str_eq(cut("Gaming KEYBOARDS"), "gaming keyboard");
    ck_assert_str_eq(cut("batteries, boxes; glass bus"), "battery box glass bus");
    ck_assert_str_eq(cut("Café Größe Ærø Łódź ĳs"), "cafe grosse aero lodz ijs");
    ck_assert_str_eq(cut("Ελλάδα Ёлка"), "ελλαδα елка");
    ck_assert_str_eq(cut("cafe\xCC\x81"), "cafe");
    ck_assert_str_eq(cut("Điện thoại"), "dien thoai");
    ck_assert_str_eq(cut("ＵＳＢ"), "usb");
}
END_TEST

START_TEST(test_words__codes_and_numbers_stay_together)
{
    ck_assert_str_eq(cut("USB-C"), "usb~c");
    ck_assert_str_eq(cut("i5-1135G7"), "i5~1135g7");
    ck_assert_str_eq(cut("15.6\" 15,6 1.5.2"), "15.6~inch 15.6 1.5.2");
    ck_assert_str_eq(cut("500GB 500 GB 16gb"), "500~gb 500~gb 16~gb");
    ck_assert_str_eq(cut("C++ c# a+b AT&T men's"), "c++ c# a~b at~t men");
    ck_assert_str_eq(cut("Core™2 - Duo"), "core 2 duo");
    ck_assert_str_eq(cut("日本 x"), "日~本 x");
    ck_assert_str_eq(cut("... -- \"'"), "");
}
END_TEST

START_TEST(test_words__any_bytes_are_words_or_not)
{
    char text[300];
    uint64_t state = aurora_test_seed("any_bytes", 7);
    for (int round = 0; round < 2000; round++) {
        size_t length = aurora_test_random(&state) % sizeof text;
        for (size_t i = 0; i < length; i++)
            text[i] = (char)aurora_test_random(&state);
        aurora__fts_reader reader;
        aurora__fts_word word;
        size_t last = 0;
        aurora__fts_words(&reader, text, length);
        while (aurora__fts_next_word(&reader, &word)) {
            ck_assert_uint_ge(word.start, last);
            ck_assert_uint_ge(word.end, word.start);
            ck_assert_uint_le(word.end, length);
            ck_assert_uint_le(word.length, AURORA__FTS_WORD_BYTES_MAX);
            ck_assert_ptr_null(memchr(word.text, '"', word.length));
            last = word.end;
        }
    }
}
END_TEST

START_TEST(test_words__a_long_one_is_cut)
{
    char text[300];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';

    ck_assert_uint_eq(strlen(cut(text)), AURORA__FTS_WORD_BYTES_MAX);
}
END_TEST

static uint32_t distance(const char *a, const char *b, uint32_t max)
{
    return aurora__fts_distance(a, (uint32_t)strlen(a), b, (uint32_t)strlen(b), max);
}

START_TEST(test_distance__counts_edits_and_swaps)
{
    ck_assert_uint_eq(distance("mouse", "mouse", 2), 0);
    ck_assert_uint_eq(distance("mouse", "house", 2), 1);
    ck_assert_uint_eq(distance("mouse", "mose", 2), 1);
    ck_assert_uint_eq(distance("mouse", "mosue", 2), 1);
    ck_assert_uint_eq(distance("keyboard", "kyebaord", 2), 2);
    ck_assert_uint_eq(distance("kitten", "sitting", 2), 3);
    ck_assert_uint_eq(distance("kitten", "sitting", 3), 3);
    ck_assert_uint_eq(distance("", "ab", 2), 2);
    ck_assert_uint_eq(aurora__fts_prefix_distance("keybo", 5, "keyboard", 8, 1), 0);
    ck_assert_uint_eq(aurora__fts_prefix_distance("kebo", 4, "keyboard", 8, 1), 1);
    ck_assert_uint_eq(aurora__fts_prefix_distance("mouse", 5, "keyboard", 8, 2), 3);
}
END_TEST

/* Against the definition, by trying everything. */
static uint32_t slow_distance(const char *a, size_t n, const char *b, size_t m)
{
    if (n == 0 || m == 0)
        return (uint32_t)(n + m);
    uint32_t best = slow_distance(a, n - 1, b, m - 1) + (a[n - 1] != b[m - 1]);
    uint32_t other = slow_distance(a, n - 1, b, m) + 1;
    best = other < best ? other : best;
    other = slow_distance(a, n, b, m - 1) + 1;
    best = other < best ? other : best;
    if (n > 1 && m > 1 && a[n - 1] == b[m - 2] && a[n - 2] == b[m - 1]) {
        other = slow_distance(a, n - 2, b, m - 2) + 1;
        best = other < best ? other : best;
    }
    return best;
}

START_TEST(test_distance__is_what_its_definition_says)
{
    uint64_t state = aurora_test_seed("distance", 11);
    for (int round = 0; round < 3000; round++) {
        char a[7];
        char b[7];
        size_t n = aurora_test_random(&state) % 6;
        size_t m = aurora_test_random(&state) % 6;
        for (size_t i = 0; i < 6; i++) {
            a[i] = "abc"[aurora_test_random(&state) % 3];
            b[i] = "abc"[aurora_test_random(&state) % 3];
        }
        a[n] = b[m] = '\0';
        uint32_t max = (uint32_t)(aurora_test_random(&state) % 4);
        uint32_t expected = slow_distance(a, n, b, m);
        ck_assert_msg(distance(a, b, max) == (expected > max ? max + 1 : expected), "%s %s %u", a,
                      b, max);
    }
}
END_TEST

START_TEST(test_synonyms__go_both_ways)
{
    const char *found[4];

    ck_assert_uint_eq(aurora__fts_synonyms("laptop", found, 4), 1);
    ck_assert_str_eq(found[0], "notebook");
    ck_assert_uint_eq(aurora__fts_synonyms("hard drive", found, 4), 2);
    ck_assert_uint_eq(aurora__fts_synonyms("anything", found, 4), 0);
}
END_TEST

static aurora__fts_plan *plan_of(const char *text)
{
    aurora__fts_plan *plan = malloc(sizeof *plan);
    ck_assert_ptr_nonnull(plan);
    ck_assert(aurora__fts_plan_begin(plan, text, &aurora__fts_weights_default, NULL));
    return plan;
}

START_TEST(test_plan__quotes_every_word)
{
    aurora__fts_plan *plan = plan_of("blue \"x AND* usb-c");

    ck_assert(aurora__fts_plan_level(plan, AURORA__FTS_ALL));

    ck_assert_uint_eq(plan->slot_count, 4);
    ck_assert_uint_eq(plan->quorum, 3);
    ck_assert_str_eq(plan->expression,
                     "(\"blue\") AND (\"x\") AND (\"usb c\" OR \"usbc\" OR \"usb c\"*)");
    free(plan);
}
END_TEST

START_TEST(test_plan__an_unknown_last_word_may_be_a_beginning)
{
    aurora__fts_plan *plan = plan_of("blue keyb");

    aurora__fts_plan_level(plan, AURORA__FTS_ALL);

    ck_assert_str_eq(plan->expression, "(\"blue\") AND (\"keyb\" OR \"keyb\"*)");
    ck_assert(aurora__fts_plan_has(plan, "keyboard", 8));
    ck_assert(aurora__fts_plan_has(plan, "blue", 4));
    ck_assert(!aurora__fts_plan_has(plan, "blues", 5));
    ck_assert(!aurora__fts_plan_has(plan, "OR", 2));
    free(plan);
}
END_TEST

START_TEST(test_plan__later_levels_want_less)
{
    aurora__fts_plan *plan = plan_of("one two three four five");

    ck_assert(aurora__fts_plan_level(plan, AURORA__FTS_ALL));
    ck_assert_uint_eq(plan->quorum, 5);
    ck_assert(aurora__fts_plan_level(plan, AURORA__FTS_MOST));
    ck_assert_uint_eq(plan->quorum, 4);
    ck_assert_ptr_nonnull(strstr(plan->expression, ") OR ("));
    ck_assert(aurora__fts_plan_level(plan, AURORA__FTS_ANY));
    ck_assert_uint_eq(plan->quorum, 1);
    free(plan);
}
END_TEST

START_TEST(test_plan__stop_words_count_only_among_themselves)
{
    aurora__fts_plan *plan = plan_of("the cover for the phone phone");

    aurora__fts_plan_level(plan, AURORA__FTS_ALL);
    ck_assert_uint_eq(plan->quorum, 2);
    ck_assert(plan->has_for);
    ck_assert_ptr_null(strstr(plan->expression, "\"the\""));
    free(plan);
    plan = plan_of("the");
    aurora__fts_plan_level(plan, AURORA__FTS_ALL);

    ck_assert_uint_eq(plan->quorum, 1);
    free(plan);
}
END_TEST

START_TEST(test_plan__no_text_is_too_long)
{
    char text[4096];
    aurora__fts_plan *plan = malloc(sizeof *plan);
    ck_assert_ptr_nonnull(plan);
    for (size_t i = 0; i + 1 < sizeof text; i++)
        text[i] = "abc-d "[(i * 7 + i / 11) % 6];
    text[sizeof text - 1] = '\0';

    ck_assert(aurora__fts_plan_begin(plan, text, &aurora__fts_weights_default, NULL));
    for (uint32_t level = 0; level < AURORA__FTS_LEVELS; level++)
        aurora__fts_plan_level(plan, level);

    ck_assert_uint_le(plan->slot_count, AURORA__FTS_SLOTS_MAX);
    ck_assert_uint_le(plan->phrase_count, AURORA__FTS_PHRASES_MAX);
    free(plan);
}
END_TEST

static Suite *search_words_suite(void)
{
    Suite *suite = suite_create("search_words");
    TCase *tcase = tcase_create("search_words");
    tcase_add_test(tcase, test_words__are_folded_and_singular);
    tcase_add_test(tcase, test_words__codes_and_numbers_stay_together);
    tcase_add_test(tcase, test_words__any_bytes_are_words_or_not);
    tcase_add_test(tcase, test_words__a_long_one_is_cut);
    tcase_add_test(tcase, test_distance__counts_edits_and_swaps);
    tcase_add_test(tcase, test_distance__is_what_its_definition_says);
    tcase_add_test(tcase, test_synonyms__go_both_ways);
    tcase_add_test(tcase, test_plan__quotes_every_word);
    tcase_add_test(tcase, test_plan__an_unknown_last_word_may_be_a_beginning);
    tcase_add_test(tcase, test_plan__later_levels_want_less);
    tcase_add_test(tcase, test_plan__stop_words_count_only_among_themselves);
    tcase_add_test(tcase, test_plan__no_text_is_too_long);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(search_words_suite)
