/* SPDX-License-Identifier: MIT */
/* Secrets that a store keeps. */
#include "order_fixture.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define KEY_BYTES 32

static void key_of(aurora_t *shop, const char *name, uint8_t out[KEY_BYTES])
{
    aurora_error err = AURORA_ERROR_INIT;
    aurora_status rc = aurora_store_key(shop, name, out, &err);
    ck_assert_msg(rc == AURORA_OK, "%s: %s", aurora_status_name(rc), err.message);
}

START_TEST(test_store_key__is_random_and_stays)
{
    order_fixture f;
    const uint8_t zero[KEY_BYTES] = {0};
    uint8_t first[KEY_BYTES], again[KEY_BYTES], other[KEY_BYTES];
    order_fixture_start(&f, _i);

    key_of(f.shop, "cursor-1", first);
    key_of(f.shop, "cursor-1", again);
    key_of(f.shop, "cursor-2", other);

    ck_assert_mem_ne(first, zero, KEY_BYTES);
    ck_assert_mem_eq(first, again, KEY_BYTES);
    ck_assert_mem_ne(first, other, KEY_BYTES);
    order_fixture_stop(&f);
}
END_TEST

START_TEST(test_store_key__is_the_same_after_reopening)
{
    order_fixture f;
    uint8_t first[KEY_BYTES], again[KEY_BYTES];
    order_fixture_start(&f, ORDER_FIXTURE_SQLITE);
    key_of(f.shop, "cursor", first);

    order_fixture_reopen(&f);

    key_of(f.shop, "cursor", again);
    ck_assert_mem_eq(first, again, KEY_BYTES);
    order_fixture_stop(&f);
}
END_TEST

START_TEST(test_store_key__backup_keeps_it)
{
    order_fixture f;
    char path[512];
    uint8_t first[KEY_BYTES], again[KEY_BYTES];
    aurora_t *copy;
    order_fixture_start(&f, ORDER_FIXTURE_SQLITE);
    key_of(f.shop, "cursor", first);
    aurora_test_path(path, sizeof path, f.folder, "copy.db");

    aurora_assert_ok(aurora_backup(f.shop, path, NULL));

    aurora_assert_ok(aurora_open(path, AURORA_OPTIONS(.flags = AURORA_OPEN_READONLY), &copy, NULL));
    key_of(copy, "cursor", again);
    ck_assert_mem_eq(first, again, KEY_BYTES);
    aurora_close(copy);
    order_fixture_stop(&f);
}
END_TEST

START_TEST(test_store_key__reader_draws_none)
{
    order_fixture f;
    aurora_t *reader;
    uint8_t key[KEY_BYTES], untouched[KEY_BYTES];
    aurora_error err = AURORA_ERROR_INIT;
    memset(key, 7, sizeof key);
    memset(untouched, 7, sizeof untouched);
    order_fixture_start(&f, ORDER_FIXTURE_SQLITE);
    aurora_assert_ok(
        aurora_open(f.url, AURORA_OPTIONS(.flags = AURORA_OPEN_READONLY), &reader, NULL));

    aurora_assert_status(aurora_store_key(reader, "cursor", key, &err), AURORA_ENOTFOUND);

    ck_assert_str_eq(err.field, "name");
    ck_assert_mem_eq(key, untouched, KEY_BYTES);
    aurora_close(reader);
    order_fixture_stop(&f);
}
END_TEST

START_TEST(test_store_key__name_outside_its_rule_is_refused)
{
    order_fixture f;
    uint8_t key[KEY_BYTES];
    char longest[66];
    const char *const wrong[] = {NULL, "", "Cursor", "a/b", "a b", "\xc3\xa9", longest};
    memset(longest, 'a', 65);
    longest[65] = '\0';
    order_fixture_start(&f, ORDER_FIXTURE_MEMORY);

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        aurora_error err = AURORA_ERROR_INIT;
        aurora_assert_status(aurora_store_key(f.shop, wrong[i], key, &err), AURORA_EINVAL);
        ck_assert_str_eq(err.field, "name");
    }

    longest[64] = '\0';
    key_of(f.shop, longest, key);
    aurora_assert_status(aurora_store_key(f.shop, "a", NULL, NULL), AURORA_EINVAL);
    aurora_assert_status(aurora_store_key(NULL, "a", key, NULL), AURORA_EINVAL);
    order_fixture_stop(&f);
}
END_TEST

/* --- two processes ---------------------------------------------------------------------------- */

enum { NAMES = 40 };

typedef uint8_t keys_of_one[NAMES][KEY_BYTES];

/* Asks for all names once the other process is at it too. */
static pid_t fork_asker(const char *url, keys_of_one *out, const int *go)
{
    char byte;
    pid_t child = fork();
    if (child != 0)
        return child;
    aurora_t *shop = NULL;
    aurora_status rc = aurora_open(url, NULL, &shop, NULL);
    close(go[1]);
    if (read(go[0], &byte, 1) != 0)
        _exit(1);
    for (int i = 0; rc == AURORA_OK && i < NAMES; i++) {
        char name[16];
        snprintf(name, sizeof name, "n-%d", i);
        rc = aurora_store_key(shop, name, (*out)[i], NULL);
    }
    aurora_close(shop);
    _exit(rc == AURORA_OK ? 0 : 2);
}

START_TEST(test_store_key__two_processes_agree)
{
    order_fixture f;
    int go[2];
    pid_t children[2];
    keys_of_one *keys =
        mmap(NULL, 2 * sizeof *keys, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(keys, MAP_FAILED);
    ck_assert_int_eq(pipe(go), 0);
    order_fixture_init(&f, ORDER_FIXTURE_SQLITE);

    for (int i = 0; i < 2; i++)
        children[i] = fork_asker(f.url, &keys[i], go);
    close(go[0]);
    close(go[1]); /* both start */
    for (int i = 0; i < 2; i++) {
        int status;
        ck_assert_int_eq(waitpid(children[i], &status, 0), children[i]);
        ck_assert_int_eq(status, 0);
    }

    ck_assert_mem_eq(keys[0], keys[1], sizeof *keys);
    ck_assert_mem_ne(keys[0][0], keys[0][1], KEY_BYTES);
    munmap(keys, 2 * sizeof *keys);
    order_fixture_open(&f);
    order_fixture_stop(&f);
}
END_TEST

/* --- memory ----------------------------------------------------------------------------------- */

START_TEST(test_store_key__any_allocation_may_fail)
{
    order_fixture f;
    int calm = 0, failed = 0; /* followers allocate too: a few calm ones are not the end */

    for (int at = 0; at < 1000 && (calm < 20 || failed == 0); at++) {
        uint8_t key[KEY_BYTES];
        order_fixture_start(&f, _i);
        failing_heap_fail_in(&f.heap, at);
        int failures = 0;
        aurora_status rc;
        while ((rc = aurora_store_key(f.shop, "cursor", key, NULL)) == AURORA_ENOMEM)
            failures++;
        aurora_assert_ok(rc);
        calm = failures == 0 ? calm + 1 : 0;
        failed += failures;
        order_fixture_stop(&f);
    }

    ck_assert_int_gt(failed, 0);
}
END_TEST

static Suite *store_key_suite(void)
{
    Suite *suite = suite_create("store_key");
    TCase *tcase = tcase_create("store_key");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, test_store_key__is_random_and_stays, 0, ORDER_FIXTURE_KINDS);
    tcase_add_test(tcase, test_store_key__is_the_same_after_reopening);
    tcase_add_test(tcase, test_store_key__backup_keeps_it);
    tcase_add_test(tcase, test_store_key__reader_draws_none);
    tcase_add_test(tcase, test_store_key__name_outside_its_rule_is_refused);
    tcase_add_test(tcase, test_store_key__two_processes_agree);
    tcase_add_loop_test(tcase, test_store_key__any_allocation_may_fail, ORDER_FIXTURE_MEMORY,
                        ORDER_FIXTURE_KINDS);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(store_key_suite)
