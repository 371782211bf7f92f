/* SPDX-License-Identifier: MIT */
/* The main of every test program and the helpers of test.h. */
#include "test.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#undef _tcase_add_test

#define EXIT_SKIPPED 77

static char **wanted;
static int wanted_count;
static int added_count;

static bool is_wanted(const char *name)
{
    if (wanted_count == 0)
        return true;
    for (int i = 0; i < wanted_count; i++) {
        if (strcmp(wanted[i], name) == 0)
            return true;
    }
    return false;
}

void aurora_test_add(TCase *tcase, const TTest *test, int signal, int exit_value, int start,
                     int end)
{
    if (!is_wanted(test->name))
        return;
    added_count++;
    _tcase_add_test(tcase, test, signal, exit_value, start, end);
}

int aurora_test_run(Suite *(*suite_function)(void), int argc, char **argv)
{
    wanted = argv + 1;
    wanted_count = argc - 1;
    /* Check's own 4 seconds are too few on a loaded machine. */
    setenv("CK_DEFAULT_TIMEOUT", "120", 0);

    Suite *suite = suite_function();
    if (suite == NULL)
        return EXIT_SKIPPED;
    SRunner *runner = srunner_create(suite);
    if (added_count == 0) {
        fprintf(stderr, "%s: no test of that name\n", argv[0]);
        srunner_free(runner);
        return EXIT_FAILURE;
    }
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

const char *aurora_test_hex(aurora_id id, char text_out[33])
{
    for (int i = 0; i < 16; i++)
        snprintf(text_out + 2 * i, 3, "%02x", id.bytes[i]);
    return text_out;
}

uint64_t aurora_test_seed(const char *test, uint64_t fallback)
{
    const char *text = getenv("AURORA_SEED");
    uint64_t seed = text != NULL ? strtoull(text, NULL, 0) : fallback;

    fprintf(stderr, "%s: AURORA_SEED=%" PRIu64 "\n", test, seed);
    return seed;
}

uint64_t aurora_test_random(uint64_t *state)
{
    uint64_t word = *state += 0x9e3779b97f4a7c15u;

    word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9u;
    word = (word ^ (word >> 27)) * 0x94d049bb133111ebu;
    return word ^ (word >> 31);
}

char *aurora_test_path(char *buffer, size_t size, const char *folder, const char *name)
{
    int length = snprintf(buffer, size, "%s/%s", folder, name);

    ck_assert_msg(length > 0 && (size_t)length < size, "the path of %s is too long", name);
    return buffer;
}

const char *aurora_test_data(const char *name)
{
    static char path[4096];
    const char *folder = getenv("AURORA_DATA");

    if (folder != NULL) {
        aurora_test_path(path, sizeof(path), folder, name);
        if (access(path, R_OK) == 0)
            return path;
    }
    fprintf(stderr, "skipped: %s is not in $AURORA_DATA (%s)\n", name, folder ? folder : "unset");
    return NULL;
}
