/* SPDX-License-Identifier: MIT */
/* Commits of the SQLite store that fail, in each way that a disk or a kill can make them fail. */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "faulty_vfs.h"
#include "sqlite_place.h"
#include "test.h"

static faulty_disk disk = {.wal_bytes_left = -1};

static sqlite_place *place_on_faulty_disk(void)
{
    sqlite_place *place = sqlite_place_new();
    place->faults.vfs = faulty_vfs_register(&disk);
    return place;
}

/* --- unknown commits ------------------------------------------------------------------------ */

START_TEST(test_commit__that_failed_without_effect_answers_eio)
{
    sqlite_place *place = sqlite_place_new();
    aurora_store store = sqlite_place_open(place);
    aurora_assert_ok(sqlite_put_price(&store, "TEA", 1, 1));
    place->faults.fail_commit = AURORA__SQLITE_COMMIT_LOST;

    aurora_status rc = sqlite_put_price(&store, "TEA", 2, 2);

    aurora_assert_status(rc, AURORA_EIO);
    ck_assert_int_eq(sqlite_get_price(&store, "TEA"), 1);
    aurora_assert_ok(sqlite_put_price(&store, "TEA", 3, 3));
    ck_assert_int_eq(sqlite_get_price(&store, "TEA"), 3);
    store.close(store.self);
    sqlite_place_free(place);
}
END_TEST

START_TEST(test_commit__that_failed_after_its_effect_answers_ok)
{
    sqlite_place *place = sqlite_place_new();
    aurora_store store = sqlite_place_open(place);
    aurora_assert_ok(sqlite_put_price(&store, "TEA", 1, 1));
    place->faults.fail_commit = AURORA__SQLITE_COMMIT_DONE;

    aurora_status rc = sqlite_put_price(&store, "TEA", 2, 2);

    aurora_assert_ok(rc);
    ck_assert_int_eq(sqlite_get_price(&store, "TEA"), 2);
    store.close(store.self);
    sqlite_place_free(place);
}
END_TEST

START_TEST(test_commit__stays_unknown_and_locked_until_the_file_opens_again)
{
    const uint32_t kinds[] = {AURORA__SQLITE_COMMIT_LOST, AURORA__SQLITE_COMMIT_DONE};
    sqlite_place *place = sqlite_place_new();
    aurora_store store = sqlite_place_open(place);
    place->faults.fail_commit = kinds[_i];
    place->faults.fail_reopen = 2;
    sqlite_place bystander = *place;
    bystander.faults = (aurora__store_sqlite_faults){0};
    aurora_store other = sqlite_place_open(&bystander);

    aurora_status commit = sqlite_put_price(&store, "TEA", 2, 2);
    aurora_status elsewhere = sqlite_put_price(&other, "TEA", 9, 9);
    aurora_status first = store.resolve(store.self, sqlite_batch(2));
    aurora_status second = store.resolve(store.self, sqlite_batch(2));
    aurora_status afterwards = sqlite_put_price(&other, "MUG", 9, 9);

    bool is_done = kinds[_i] == AURORA__SQLITE_COMMIT_DONE;
    aurora_assert_status(commit, AURORA_ETIMEDOUT);
    aurora_assert_status(elsewhere, AURORA_EBUSY);
    aurora_assert_status(first, AURORA_ETIMEDOUT);
    aurora_assert_status(second, is_done ? AURORA_OK : AURORA_ENOTFOUND);
    aurora_assert_ok(afterwards);
    ck_assert_int_eq(sqlite_get_price(&store, "TEA"), is_done ? 2 : 0);
    other.close(other.self);
    store.close(store.self);
    sqlite_place_free(place);
}
END_TEST

/* A commit whose sync fails lies in the WAL, valid and unseen; then the process dies. */
static int64_t price_after_failed_sync(uint32_t left_out)
{
    sqlite_place *place = place_on_faulty_disk();
    place->faults.left_out = left_out;
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        aurora_store store = sqlite_place_open(place);
        if (sqlite_put_price(&store, "TEA", 1, 1) != AURORA_OK)
            _exit(1);
        disk.sync_failures = 1;
        if (sqlite_put_price(&store, "TEA", 2, 2) != AURORA_EIO)
            _exit(2);
        kill(getpid(), SIGKILL);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFSIGNALED(status));
    aurora_store store = sqlite_place_open(place);
    int64_t price = sqlite_get_price(&store, "TEA");
    store.close(store.self);
    sqlite_place_free(place);
    return price;
}

START_TEST(test_commit__that_was_denied_does_not_come_back_after_a_crash)
{
    ck_assert_int_eq(price_after_failed_sync(0), 1);
}
END_TEST

START_TEST(test_commit__that_was_denied_but_not_erased_would_come_back)
{
    ck_assert_int_eq(price_after_failed_sync(AURORA__SQLITE_NO_ERASE), 2);
}
END_TEST

START_TEST(test_commit__is_unknown_while_no_sync_works)
{
    sqlite_place *place = place_on_faulty_disk();
    aurora_store store = sqlite_place_open(place);
    aurora_assert_ok(sqlite_put_price(&store, "TEA", 1, 1));
    disk.sync_failures = 3;

    aurora_status commit = sqlite_put_price(&store, "TEA", 2, 2);
    aurora_status resolved = AURORA_ETIMEDOUT;
    for (int i = 0; i < 5 && resolved == AURORA_ETIMEDOUT; i++)
        resolved = store.resolve(store.self, sqlite_batch(2));

    aurora_assert_status(commit, AURORA_ETIMEDOUT);
    aurora_assert_status(resolved, AURORA_ENOTFOUND);
    ck_assert_int_eq(sqlite_get_price(&store, "TEA"), 1);
    store.close(store.self);
    sqlite_place_free(place);
}
END_TEST

/* --- kill -9 -------------------------------------------------------------------------------- */

/* Writes until it is killed, and says after each commit how far it is. */
static void write_until_killed(sqlite_place *place, int pipe_end)
{
    aurora_store store = sqlite_place_open(place);
    for (int64_t i = sqlite_get_price(&store, "TEA") + 1;; i++) {
        if (sqlite_put_price(&store, "TEA", i, (int)i) != AURORA_OK ||
            write(pipe_end, &i, sizeof i) != sizeof i ||
            store.maintain(store.self, i % 5 == 0) != AURORA_OK)
            _exit(1);
    }
}

START_TEST(test_kill__loses_no_acknowledged_write)
{
    sqlite_place *place = sqlite_place_new();
    uint64_t random = aurora_test_seed("test_kill", 7);
    for (int round = 0; round < 20; round++) {
        int ends[2];
        int status;
        int64_t acknowledged = 0;
        ck_assert_int_eq(pipe(ends), 0);
        pid_t pid = fork();
        if (pid == 0)
            write_until_killed(place, ends[1]);
        close(ends[1]);

        for (uint64_t left = 1 + aurora_test_random(&random) % 100; left > 0; left--)
            ck_assert_int_eq(read(ends[0], &acknowledged, 8), 8);
        kill(pid, SIGKILL);
        while (read(ends[0], &acknowledged, 8) == 8)
            continue;
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        close(ends[0]);

        aurora_store store = sqlite_place_open(place);
        int64_t price = sqlite_get_price(&store, "TEA");
        ck_assert_msg(price == acknowledged || price == acknowledged + 1, "%lld after %lld",
                      (long long)price, (long long)acknowledged);
        store.close(store.self);
    }
    sqlite_place_free(place);
}
END_TEST

/* --- a full disk ---------------------------------------------------------------------------- */

START_TEST(test_full_disk__answers_efull_and_goes_on_when_there_is_room)
{
    sqlite_place *place = place_on_faulty_disk();
    aurora_store store = sqlite_place_open(place);
    aurora_assert_ok(sqlite_put_price(&store, "TEA", 1, 1));
    disk.wal_bytes_left = 5000;

    aurora_status full = sqlite_put_price(&store, "TEA", 2, 2);
    int64_t meanwhile = sqlite_get_price(&store, "TEA");
    disk.wal_bytes_left = -1;
    aurora_status room = sqlite_put_price(&store, "TEA", 3, 3);

    aurora_assert_status(full, AURORA_EFULL);
    ck_assert_int_eq(meanwhile, 1);
    aurora_assert_ok(room);
    ck_assert_int_eq(sqlite_get_price(&store, "TEA"), 3);
    store.close(store.self);
    sqlite_place_free(place);
}
END_TEST

/* Fills a file system of 4 MiB until the store says so, then makes room. 0 as it should be, 77
 * where nothing may be mounted. */
static int fill_small_disk(sqlite_place *place)
{
    char filler[4200];
    aurora_status rc = AURORA_OK;
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("tmpfs", place->folder, "tmpfs", 0, "size=4m") != 0)
        return 77;
    snprintf(filler, sizeof filler, "%s/filler", place->folder);
    int fd = open(filler, O_WRONLY | O_CREAT, 0600);
    if (fd < 0 || posix_fallocate(fd, 0, 2 << 20) != 0)
        return 77;
    close(fd);
    aurora_store store = sqlite_place_open(place);
    int written = 0;
    for (; written < 2000 && rc == AURORA_OK; written++)
        rc = sqlite_put_price(&store, "TEA", written, written);
    if (rc != AURORA_EFULL || sqlite_get_price(&store, "TEA") != written - 2)
        return 1;
    unlink(filler);
    if (sqlite_put_price(&store, "TEA", 9999, 9999) != AURORA_OK)
        return 2;
    store.close(store.self);
    store = sqlite_place_open(place);
    return sqlite_get_price(&store, "TEA") == 9999 ? 0 : 3;
}

START_TEST(test_full_disk__of_a_real_file_system_answers_efull_and_goes_on)
{
    sqlite_place *place = sqlite_place_new();
    int status;
    pid_t pid = fork();
    if (pid == 0)
        _exit(fill_small_disk(place));
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);

    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        fprintf(stderr, "skipped: a small file system cannot be mounted here\n");
    else
        ck_assert_int_eq(status, 0);
    sqlite_place_free(place);
}
END_TEST

static Suite *sqlite_commit_suite(void)
{
    Suite *suite = suite_create("sqlite_commit");
    TCase *tcase = tcase_create("all");
    tcase_add_test(tcase, test_commit__that_failed_without_effect_answers_eio);
    tcase_add_test(tcase, test_commit__that_failed_after_its_effect_answers_ok);
    tcase_add_loop_test(tcase, test_commit__stays_unknown_and_locked_until_the_file_opens_again, 0,
                        2);
    tcase_add_test(tcase, test_commit__that_was_denied_does_not_come_back_after_a_crash);
    tcase_add_test(tcase, test_commit__that_was_denied_but_not_erased_would_come_back);
    tcase_add_test(tcase, test_commit__is_unknown_while_no_sync_works);
    tcase_add_test(tcase, test_kill__loses_no_acknowledged_write);
    tcase_add_test(tcase, test_full_disk__answers_efull_and_goes_on_when_there_is_room);
    tcase_add_test(tcase, test_full_disk__of_a_real_file_system_answers_efull_and_goes_on);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(sqlite_commit_suite)
