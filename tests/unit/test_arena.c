/* SPDX-License-Identifier: MIT */
#include "core/arena.h"

#include "test.h"

static char memory[64];
static bool has_grown;

static void *grow_once(void *self, size_t bytes, size_t *size_out)
{
    (void)self;
    if (has_grown || bytes > sizeof memory)
        return NULL;
    has_grown = true;
    *size_out = sizeof memory;
    return memory;
}

static aurora__arena arena_of(void)
{
    has_grown = false;
    return (aurora__arena){.grow = grow_once};
}

START_TEST(test_arena__gives_aligned_memory_until_there_is_none)
{
    aurora__arena arena = arena_of();

    char *first = aurora__arena_take(&arena, 1);
    char *second = aurora__arena_take(&arena, 0);

    ck_assert_ptr_eq(first, memory);
    ck_assert_ptr_eq(second, memory + 8);
    ck_assert_ptr_nonnull(aurora__arena_zero(&arena, 48));
    ck_assert_ptr_null(aurora__arena_take(&arena, 1));
    ck_assert_ptr_null(aurora__arena_zero(&arena, 1));
    ck_assert_ptr_null(aurora__arena_copy(&arena, "", 0));
    ck_assert_ptr_null(aurora__arena_text(&arena, "a"));
}
END_TEST

START_TEST(test_arena__sizes_that_wrap_are_refused)
{
    aurora__arena arena = arena_of();

    ck_assert_ptr_null(aurora__arena_take(&arena, SIZE_MAX));
    ck_assert_ptr_null(aurora__arena_take(&arena, SIZE_MAX - 7));
    ck_assert_ptr_null(aurora__arena_copy(&arena, "", SIZE_MAX));

    ck_assert(!has_grown);
}
END_TEST

START_TEST(test_arena__copies_bytes_and_texts)
{
    aurora__arena arena = arena_of();

    ck_assert_str_eq(aurora__arena_copy(&arena, "cupboard", 3), "cup");
    ck_assert_str_eq(aurora__arena_text(&arena, "pot"), "pot");
    ck_assert_ptr_null(aurora__arena_text(&arena, NULL));
}
END_TEST

static Suite *arena_suite(void)
{
    Suite *suite = suite_create("arena");
    TCase *tcase = tcase_create("arena");
    tcase_add_test(tcase, test_arena__gives_aligned_memory_until_there_is_none);
    tcase_add_test(tcase, test_arena__sizes_that_wrap_are_refused);
    tcase_add_test(tcase, test_arena__copies_bytes_and_texts);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(arena_suite)
