/* SPDX-License-Identifier: MIT */
/* What every test file includes: Check, a main, and the few asserts and helpers that all tiers
 * share. Not the place for fakes of one port; they have files of their own.
 *
 * A test program takes the names of tests as arguments and then runs only those; without one it
 * runs all. CK_FORK=no runs them in one process. */
#ifndef AURORA_TESTS_SUPPORT_TEST_H
#define AURORA_TESTS_SUPPORT_TEST_H

#include <check.h>
#include <stddef.h>
#include <stdint.h>

#include <aurora/base.h>

/* Every tcase_add_*() of Check expands to this call; ours leaves out what was not asked for. */
#define _tcase_add_test aurora_test_add

/* `suite_function` is `Suite *f(void)`. Where it returns NULL the whole file counts as skipped; it
 * should have printed why. */
#define AURORA_TEST_MAIN(suite_function)                                                           \
    int main(int argc, char **argv)                                                                \
    {                                                                                              \
        return aurora_test_run(suite_function, argc, argv);                                        \
    }

#define aurora_assert_ok(expression) aurora_assert_status(expression, AURORA_OK)

#define aurora_assert_status(expression, expected)                                                 \
    do {                                                                                           \
        aurora_status actual_ = (expression);                                                      \
        ck_assert_msg(actual_ == (expected), "%s is %d, expected %d", #expression, (int)actual_,   \
                      (int)(expected));                                                            \
    } while (0)

#define aurora_assert_id_eq(a, b)                                                                  \
    do {                                                                                           \
        aurora_id left_ = (a), right_ = (b);                                                       \
        char left_text_[33], right_text_[33];                                                      \
        ck_assert_msg(aurora_id_is_equal(left_, right_), "%s is %s, %s is %s", #a,                 \
                      aurora_test_hex(left_, left_text_), #b,                                      \
                      aurora_test_hex(right_, right_text_));                                       \
    } while (0)

/* Runs the suite; 0 all passed, 1 some failed, 77 skipped. */
int aurora_test_run(Suite *(*suite_function)(void), int argc, char **argv);

/* Check's own function behind the name filter. */
void aurora_test_add(TCase *tcase, const TTest *test, int signal, int exit_value, int start,
                     int end);

/* 32 hexadecimal digits and a NUL, in the caller's buffer. */
const char *aurora_test_hex(aurora_id id, char text_out[33]);

/* The seed of a randomised test: AURORA_SEED, else `fallback`. Prints it, so that a failure can be
 * repeated. */
uint64_t aurora_test_seed(const char *test, uint64_t fallback);

/* The next word of a small generator (splitmix64) over the caller's state. */
uint64_t aurora_test_random(uint64_t *state);

/* A new empty folder, removed with all it holds by aurora_tempdir_remove. Fails the test where that
 * does not work. The path lives until then. */
char *aurora_tempdir_new(void);
void aurora_tempdir_remove(char *path);

/* `folder`/`name` into the caller's buffer, which is returned. */
char *aurora_test_path(char *buffer, size_t size, const char *folder, const char *name);

/* The path of a file of $AURORA_DATA in a static buffer, or NULL after a line that says it is
 * absent. */
const char *aurora_test_data(const char *name);

#endif
