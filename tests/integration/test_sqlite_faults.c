/* SPDX-License-Identifier: MIT */
/* What the SQLite store answers when the disk, the file or another program misbehaves. */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "adapters/store_sqlite/environment.h"
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

/* Fills a file system of 4 MiB until the store says so, then makes room. 0 as it should be, 77 where
 * nothing may be mounted. */
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

/* --- the file ------------------------------------------------------------------------------- */

static void assert_refused(sqlite_place *place, aurora_status expected, const char *words)
{
    aurora_store store;
    aurora_error err = AURORA_ERROR_INIT;
    aurora_status rc = sqlite_place_try(place, &store, &err);
    aurora_assert_status(rc, expected);
    ck_assert_msg(strstr(err.message, words) != NULL, "\"%s\" is not in \"%s\"", words,
                  err.message);
    ck_assert_int_eq(place->blocks, 0);
}

static void make_store(sqlite_place *place)
{
    aurora_store store = sqlite_place_open(place);
    aurora_assert_ok(sqlite_put_price(&store, "TEA", 1, 1));
    store.close(store.self);
}

START_TEST(test_open__refuses_a_newer_schema)
{
    sqlite_place *place = sqlite_place_new();
    make_store(place);
    sqlite_place_exec(place, "PRAGMA user_version = 99");

    assert_refused(place, AURORA_ESCHEMA, "schema 99");

    sqlite_place_free(place);
}
END_TEST

START_TEST(test_open__names_the_column_that_differs)
{
    sqlite_place *place = sqlite_place_new();
    make_store(place);
    sqlite_place_exec(place, "ALTER TABLE prices RENAME COLUMN currency TO money");

    assert_refused(place, AURORA_ESCHEMA, "prices.currency");

    sqlite_place_free(place);
}
END_TEST

START_TEST(test_open__leaves_the_file_of_another_program_alone)
{
    sqlite_place *place = sqlite_place_new();
    struct stat before, after;
    sqlite_place_exec(place, "CREATE TABLE mine (a)");
    ck_assert_int_eq(stat(place->path, &before), 0);

    assert_refused(place, AURORA_ESCHEMA, "another program");

    ck_assert_int_eq(stat(place->path, &after), 0);
    ck_assert_int_eq(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
    sqlite_place_free(place);
}
END_TEST

START_TEST(test_open__refuses_what_is_no_database)
{
    sqlite_place *place = sqlite_place_new();
    FILE *file = fopen(place->path, "w");
    for (int i = 0; i < 1000; i++)
        fputs("Dear diary, ", file);
    fclose(file);

    assert_refused(place, AURORA_ECORRUPT, "not a database");

    sqlite_place_free(place);
}
END_TEST

START_TEST(test_open__refuses_a_folder_a_missing_file_and_an_empty_name)
{
    sqlite_place *place = sqlite_place_new();
    place->options.flags = AURORA_STORE_NO_CREATE;
    assert_refused(place, AURORA_ENOTFOUND, "does not exist");

    place->options.address = place->folder;
    assert_refused(place, AURORA_EINVAL, "is a folder");
    place->options.address = "";
    assert_refused(place, AURORA_EINVAL, "path");
    place->options.flags = 0;
    place->options.address = "/no/such/folder/shop.db";
    assert_refused(place, AURORA_EINVAL, "No such file");

    sqlite_place_free(place);
}
END_TEST

START_TEST(test_open__without_migration_refuses_an_older_schema)
{
    sqlite_place *place = sqlite_place_new();
    make_store(place);
    sqlite_place_exec(place, "PRAGMA user_version = 1");
    place->options.flags = AURORA_STORE_NO_MIGRATE;

    assert_refused(place, AURORA_ESCHEMA, "must be migrated");

    sqlite_place_free(place);
}
END_TEST

START_TEST(test_readonly__reads_and_refuses_to_write)
{
    sqlite_place *place = sqlite_place_new();
    make_store(place);
    place->options.flags = AURORA_STORE_READONLY;

    aurora_store store = sqlite_place_open(place);
    aurora_status rc = sqlite_put_price(&store, "TEA", 2, 2);

    aurora_assert_status(rc, AURORA_EREADONLY);
    ck_assert_int_eq(sqlite_get_price(&store, "TEA"), 1);
    store.close(store.self);
    sqlite_place_free(place);
}
END_TEST

START_TEST(test_damage__answers_ecorrupt)
{
    sqlite_place *place = sqlite_place_new();
    struct stat fresh, filled;
    char sku[16];
    make_store(place);
    ck_assert_int_eq(stat(place->path, &fresh), 0);
    aurora_store store = sqlite_place_open(place);
    for (int i = 0; i < 300; i++) {
        snprintf(sku, sizeof sku, "SKU-%d", i);
        aurora_assert_ok(sqlite_put_price(&store, sku, 1, i));
    }
    store.close(store.self);
    ck_assert_int_eq(stat(place->path, &filled), 0);
    FILE *file = fopen(place->path, "r+");
    ck_assert_int_eq(fseek(file, fresh.st_size, SEEK_SET), 0);
    for (off_t at = fresh.st_size; at < filled.st_size; at++)
        fputc(0xa5, file);
    fclose(file);

    store = sqlite_place_open(place);
    aurora_status rc = AURORA_OK;
    for (int i = 0; i < 300 && rc == AURORA_OK; i++) {
        aurora_store_txn *txn;
        int64_t price;
        snprintf(sku, sizeof sku, "SKU-%d", i);
        aurora_assert_ok(store.begin(store.self, AURORA_TXN_READ, sqlite_batch(0), 0, NULL, &txn));
        rc = sqlite_load_price(&store, txn, sku, &price);
        store.rollback(store.self, txn);
    }

    aurora_assert_status(rc, AURORA_ECORRUPT);
    store.close(store.self);
    sqlite_place_free(place);
}
END_TEST

START_TEST(test_environment__says_what_sqlite_lacks)
{
    const aurora__sqlite_library libraries[] = {{3039004, 1, 1}, {3040000, 0, 1}, {3040000, 1, 0}};
    const char *const words[] = {"3.39", "THREADSAFE", "FTS5"};
    const aurora__sqlite_library good = {3040000, 1, 1};

    for (int i = 0; i < 3; i++) {
        aurora_error err = AURORA_ERROR_INIT;
        aurora_assert_status(aurora__sqlite_library_check(&libraries[i], &err), AURORA_ENOTSUP);
        ck_assert_ptr_nonnull(strstr(err.message, words[i]));
    }
    aurora_assert_ok(aurora__sqlite_library_check(&good, NULL));
    ck_assert(aurora__sqlite_is_network(0x6969));
    ck_assert(aurora__sqlite_is_network(0xff534d42));
    ck_assert(!aurora__sqlite_is_network(0xef53));
}
END_TEST

/* --- what people read ----------------------------------------------------------------------- */

static void assert_row(sqlite_place *place, const char *sql, const char *expected)
{
    sqlite3 *db;
    sqlite3_stmt *stmt;
    ck_assert_int_eq(sqlite3_open(place->path, &db), SQLITE_OK);
    ck_assert_msg(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK, "%s: %s", sql,
                  sqlite3_errmsg(db));
    ck_assert_int_eq(sqlite3_step(stmt), SQLITE_ROW);
    ck_assert_str_eq((const char *)sqlite3_column_text(stmt, 0), expected);
    sqlite3_finalize(stmt);
    sqlite3_close(db);
}

START_TEST(test_views__show_orders_lines_and_events)
{
    sqlite_place *place = sqlite_place_new();
    make_store(place);
    sqlite_place_exec(
        place, "INSERT INTO orders (id, status, reason, parked, answers, version, created_version,"
               " resend_count, total_minor, currency, placed_at, created_at, updated_at,"
               " deadline_at, lines, transitions) VALUES"
               " (x'0192a4c07b3c7def8123456789abcdef', 4, 2, 0, 0, 3, 1, 0, 2500, 'EUR',"
               " 1700000000123, 1700000000123, 1700000000123, 1700000300123,"
               " '[[\"TEA\",2,1000],[\"MUG\",1,500]]', '[0,[1,1],[2,2,7,2],[3,4,9,5,2]]');"
               "DELETE FROM log;"
               "INSERT INTO log (position, count, format, at, body) VALUES (5, 3, 1, 1,"
               " '[1700000000000,[\"0192a4c07b3c7def8123456789abcdef\",[[1,1],[5,3,0,250,2]],[],[]]"
               ",[20,9,0,\"TEA\",4]]')");

    assert_row(place,
               "SELECT id || ' ' || status || ' ' || reason || ' ' || placed_at"
               " FROM readable_orders",
               "0192a4c0-7b3c-7def-8123-456789abcdef FAILED payment_declined"
               " 2023-11-14T22:13:20.123000Z");
    assert_row(place,
               "SELECT group_concat(sku || quantity || '*' || unit_price_minor)"
               " FROM readable_order_lines",
               "TEA2*1000,MUG1*500");
    assert_row(
        place,
        "SELECT group_concat(position || event || substr(subject, 1, 13) || substr(at, 18)) FROM"
        " (SELECT * FROM readable_events ORDER BY position)",
        "5order.created0192a4c0-7b3c20.000000Z,6payment.declined0192a4c0-7b3c20.250000Z,"
        "7product.deletedTEA20.009000Z");
    assert_row(place,
               "SELECT status || at || event || reason FROM readable_order_history"
               " WHERE version = 3",
               "FAILED2023-11-14T22:13:20.132000Zpayment.declinedpayment_declined");
    sqlite_place_free(place);
}
END_TEST

/* --- others write --------------------------------------------------------------------------- */

static uint64_t epoch_now(aurora_store *store)
{
    uint64_t epoch = 0;
    aurora_store_txn *txn;
    aurora_assert_ok(store->begin(store->self, AURORA_TXN_WRITE, sqlite_batch(0), 0, &epoch, &txn));
    store->rollback(store->self, txn);
    return epoch;
}

START_TEST(test_epoch__is_kept_over_own_writes_and_checkpoints)
{
    sqlite_place *place = sqlite_place_new();
    aurora_store store = sqlite_place_open(place);
    uint64_t before = epoch_now(&store);

    aurora_assert_ok(sqlite_put_price(&store, "TEA", 1, 1));
    aurora_assert_ok(store.maintain(store.self, true));
    aurora_assert_ok(sqlite_put_price(&store, "TEA", 2, 2));
    ck_assert_int_eq(sqlite_get_price(&store, "TEA"), 2);

    ck_assert_uint_eq(epoch_now(&store), before);
    store.close(store.self);
    sqlite_place_free(place);
}
END_TEST

START_TEST(test_epoch__changes_when_another_handle_or_program_writes)
{
    sqlite_place *place = sqlite_place_new();
    aurora_store store = sqlite_place_open(place);
    aurora_store other = sqlite_place_open(place);
    uint64_t first = epoch_now(&store);

    aurora_assert_ok(sqlite_put_price(&other, "TEA", 1, 1));
    uint64_t second = epoch_now(&store);
    sqlite_place_exec(place, "UPDATE prices SET price_minor = 7");
    uint64_t third = epoch_now(&store);
    aurora_assert_ok(sqlite_put_price(&store, "MUG", 1, 2));

    ck_assert_uint_ne(first, second);
    ck_assert_uint_ne(second, third);
    ck_assert_int_eq(sqlite_get_price(&store, "TEA"), 7);
    other.close(other.self);
    store.close(store.self);
    sqlite_place_free(place);
}
END_TEST

/* --- checkpoints and backups ---------------------------------------------------------------- */

static int64_t size_of(const sqlite_place *place, const char *suffix)
{
    char name[4200];
    struct stat info;
    snprintf(name, sizeof name, "%s%s", place->path, suffix);
    return stat(name, &info) == 0 ? info.st_size : -1;
}

START_TEST(test_wal__stays_bounded_under_load)
{
    sqlite_place *place = sqlite_place_new();
    aurora_store store = sqlite_place_open(place);

    for (int i = 0; i < 3000; i++) {
        aurora_assert_ok(sqlite_put_price(&store, "TEA", i, i));
        aurora_assert_ok(store.maintain(store.self, false));
    }

    /* Each write is some three pages: without checkpoints it would be 36 MB. */
    ck_assert_int_lt(size_of(place, "-wal"), 8 << 20);
    store.close(store.self);
    sqlite_place_free(place);
}
END_TEST

typedef struct {
    aurora_store *store;
    atomic_bool is_over;
    int64_t written;
} writer_state;

/* Keeps TEA and MUG at one price, in one transaction each time. */
static void *write_all_the_time(void *argument)
{
    writer_state *state = argument;
    while (!atomic_load(&state->is_over)) {
        state->written++;
        if (sqlite_put_price(state->store, "TEA", state->written, (int)state->written) != AURORA_OK)
            return "a write failed";
        state->store->maintain(state->store->self, false);
    }
    return NULL;
}

START_TEST(test_backup__is_one_snapshot_while_others_write)
{
    sqlite_place *place = sqlite_place_new();
    aurora_store store = sqlite_place_open(place);
    writer_state state = {.store = &store};
    pthread_t thread;
    void *failure;
    char path[4200];
    aurora_assert_ok(sqlite_put_price(&store, "TEA", 0, 0));
    ck_assert_int_eq(pthread_create(&thread, NULL, write_all_the_time, &state), 0);

    aurora_status rcs[20];
    for (int i = 0; i < 20; i++) {
        snprintf(path, sizeof path, "%s/copy-%d.db", place->folder, i);
        rcs[i] = store.backup(store.self, path, NULL);
    }
    atomic_store(&state.is_over, true);
    pthread_join(thread, &failure);

    ck_assert_msg(failure == NULL, "%s", (char *)failure);
    store.close(store.self);
    for (int i = 0; i < 20; i++) {
        aurora_assert_ok(rcs[i]);
        snprintf(path, sizeof path, "%s/copy-%d.db", place->folder, i);
        place->options.address = path;
        aurora_store copy = sqlite_place_open(place);
        aurora_log_bounds bounds;
        aurora_store_txn *txn;
        int64_t price;
        aurora_assert_ok(copy.begin(copy.self, AURORA_TXN_READ, sqlite_batch(0), 0, NULL, &txn));
        aurora_assert_ok(sqlite_load_price(&copy, txn, "TEA", &price));
        aurora_assert_ok(copy.log_bounds(copy.self, txn, &bounds));
        copy.rollback(copy.self, txn);
        /* Write number n has price n and log position n + 1. */
        ck_assert_int_eq(bounds.head, price + 1);
        copy.close(copy.self);
    }
    sqlite_place_free(place);
}
END_TEST

START_TEST(test_backup__refuses_an_existing_file_and_leaves_nothing_behind)
{
    sqlite_place *place = sqlite_place_new();
    aurora_store store = sqlite_place_open(place);
    char path[4200];
    aurora_error err = AURORA_ERROR_INIT;

    aurora_status existing = store.backup(store.self, place->path, &err);
    snprintf(path, sizeof path, "%s/no/copy.db", place->folder);
    aurora_status nowhere = store.backup(store.self, path, NULL);

    aurora_assert_status(existing, AURORA_ECONFLICT);
    ck_assert_ptr_nonnull(strstr(err.message, "exists"));
    aurora_assert_status(nowhere, AURORA_EIO);
    ck_assert_int_eq(size_of(place, "-XXXXXX"), -1);
    store.close(store.self);
    sqlite_place_free(place);
}
END_TEST

static Suite *sqlite_faults_suite(void)
{
    Suite *suite = suite_create("sqlite_faults");
    TCase *commit = tcase_create("commit");
    tcase_add_test(commit, test_commit__that_failed_without_effect_answers_eio);
    tcase_add_test(commit, test_commit__that_failed_after_its_effect_answers_ok);
    tcase_add_loop_test(commit, test_commit__stays_unknown_and_locked_until_the_file_opens_again, 0,
                        2);
    tcase_add_test(commit, test_commit__that_was_denied_does_not_come_back_after_a_crash);
    tcase_add_test(commit, test_commit__that_was_denied_but_not_erased_would_come_back);
    tcase_add_test(commit, test_commit__is_unknown_while_no_sync_works);
    tcase_add_test(commit, test_full_disk__answers_efull_and_goes_on_when_there_is_room);
    tcase_add_test(commit, test_full_disk__of_a_real_file_system_answers_efull_and_goes_on);
    suite_add_tcase(suite, commit);
    TCase *open = tcase_create("open");
    tcase_add_test(open, test_open__refuses_a_newer_schema);
    tcase_add_test(open, test_open__names_the_column_that_differs);
    tcase_add_test(open, test_open__leaves_the_file_of_another_program_alone);
    tcase_add_test(open, test_open__refuses_what_is_no_database);
    tcase_add_test(open, test_open__refuses_a_folder_a_missing_file_and_an_empty_name);
    tcase_add_test(open, test_open__without_migration_refuses_an_older_schema);
    tcase_add_test(open, test_readonly__reads_and_refuses_to_write);
    tcase_add_test(open, test_damage__answers_ecorrupt);
    tcase_add_test(open, test_environment__says_what_sqlite_lacks);
    suite_add_tcase(suite, open);
    TCase *others = tcase_create("others");
    tcase_add_test(others, test_views__show_orders_lines_and_events);
    tcase_add_test(others, test_epoch__is_kept_over_own_writes_and_checkpoints);
    tcase_add_test(others, test_epoch__changes_when_another_handle_or_program_writes);
    tcase_add_test(others, test_wal__stays_bounded_under_load);
    tcase_add_test(others, test_backup__is_one_snapshot_while_others_write);
    tcase_add_test(others, test_backup__refuses_an_existing_file_and_leaves_nothing_behind);
    suite_add_tcase(suite, others);
    return suite;
}

AURORA_TEST_MAIN(sqlite_faults_suite)
