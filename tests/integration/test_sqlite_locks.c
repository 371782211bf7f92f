/* SPDX-License-Identifier: MIT */
/* The locks around SQLite: a second copy of SQLite in the process, other processes, other handles.
 * A rule that is left out on purpose must show its harm, or the test of it would prove nothing. */
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sqlite_place.h"
#include "test.h"

/* SQLite once more, with locks and memory of its own: what a wheel brings along. */
typedef struct {
    int (*open)(const char *path, sqlite3 **out);
    int (*exec)(sqlite3 *, const char *, int (*)(void *, int, char **, char **), void *, char **);
    int (*close)(sqlite3 *);
} second_copy;

static bool load_second_copy(second_copy *copy)
{
    void *library = dlmopen(LM_ID_NEWLM, "libsqlite3.so.0", RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        fprintf(stderr, "skipped: no second copy of SQLite: %s\n", dlerror());
        return false;
    }
    *(void **)&copy->open = dlsym(library, "sqlite3_open");
    *(void **)&copy->exec = dlsym(library, "sqlite3_exec");
    *(void **)&copy->close = dlsym(library, "sqlite3_close");
    return copy->open != NULL && copy->exec != NULL && copy->close != NULL;
}

static void open_read_close(const second_copy *copy, const char *path)
{
    sqlite3 *db = NULL;
    ck_assert_int_eq(copy->open(path, &db), SQLITE_OK);
    copy->exec(db, "SELECT count(*) FROM prices", NULL, NULL, NULL);
    copy->close(db);
}

static int run_child(void (*work)(sqlite_place *), sqlite_place *place)
{
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        work(place);
        kill(getpid(), SIGKILL);
    }
    ck_assert_int_gt(pid, 0); /* not in the child: it shares Check's file */
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return status;
}

/* Acknowledged writes before and after a second copy looked in, then death. */
static void write_beside_a_second_copy(sqlite_place *place)
{
    second_copy copy;
    aurora_store store;
    if (!load_second_copy(&copy) || sqlite_place_try(place, &store, NULL) != AURORA_OK)
        _exit(2);
    for (int i = 1; i <= 40; i++) {
        if (sqlite_put_price(&store, "TEA", i, i) != AURORA_OK)
            _exit(3);
        if (i == 10 || i == 20)
            open_read_close(&copy, place->path);
    }
}

START_TEST(test_second_copy__loses_nothing_that_was_acknowledged)
{
    second_copy copy;
    if (!load_second_copy(&copy))
        return;
    sqlite_place *place = sqlite_place_new();

    int status = run_child(write_beside_a_second_copy, place);

    ck_assert(WIFSIGNALED(status));
    aurora_store store = sqlite_place_open(place);
    ck_assert_int_eq(sqlite_get_price(&store, "TEA"), 40);
    store.close(store.self);
    sqlite_place_free(place);
}
END_TEST

START_TEST(test_second_copy__without_the_database_lock_commits_are_lost)
{
    second_copy copy;
    if (!load_second_copy(&copy))
        return;
    sqlite_place *place = sqlite_place_new();
    place->faults.left_out = AURORA__SQLITE_NO_DATABASE_LOCK;

    int status = run_child(write_beside_a_second_copy, place);

    ck_assert(WIFSIGNALED(status));
    aurora_store store = sqlite_place_open(place);
    ck_assert_int_lt(sqlite_get_price(&store, "TEA"), 40);
    store.close(store.self);
    sqlite_place_free(place);
}
END_TEST

/* The second copy moves the mark of our reader; the checkpoint that is then due must not go past
 * its snapshot all the same. */
START_TEST(test_second_copy__leaves_an_open_snapshot_alone)
{
    second_copy copy;
    if (!load_second_copy(&copy))
        return;
    sqlite_place *place = sqlite_place_new();
    aurora_store_txn *txn;
    int64_t price = 0;
    aurora_store store = sqlite_place_open(place);
    aurora_assert_ok(sqlite_put_price(&store, "TEA", 1, 1));
    aurora_assert_ok(store.maintain(store.self, true));
    aurora_assert_ok(sqlite_put_price(&store, NULL, 0, 2)); /* so that the reader reads the WAL */
    aurora_assert_ok(store.begin(store.self, AURORA_TXN_READ, sqlite_batch(0), 0, NULL, &txn));
    aurora_assert_ok(sqlite_put_price(&store, "TEA", 2, 3));

    open_read_close(&copy, place->path);
    aurora_assert_ok(store.maintain(store.self, true));

    aurora_assert_ok(sqlite_load_price(&store, txn, "TEA", &price));
    ck_assert_int_eq(price, 1);
    store.rollback(store.self, txn);
    store.close(store.self);
    sqlite_place_free(place);
}
END_TEST

/* nBackfill of the shared index: how much of the WAL is in the database. Read in a child, since
 * closing the file would drop this process's POSIX locks on it. */
static int read_backfill(const sqlite_place *place)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        char name[4200];
        uint32_t backfill = 0;
        snprintf(name, sizeof name, "%s-shm", place->path);
        int fd = open(name, O_RDONLY);
        _exit(pread(fd, &backfill, sizeof backfill, 96) == sizeof backfill ? (int)backfill : 255);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return WEXITSTATUS(status);
}

/* Whether a second copy that opens the file takes the shared index that we have mapped for a dead
 * process's, truncates it and starts it anew. */
static bool is_index_made_anew(sqlite_place *place)
{
    second_copy copy;
    if (!load_second_copy(&copy))
        exit(0);
    aurora_store store = sqlite_place_open(place);
    aurora_assert_ok(sqlite_put_price(&store, "TEA", 1, 1));
    aurora_assert_ok(store.maintain(store.self, true));
    int before = read_backfill(place);
    ck_assert_int_gt(before, 0);

    open_read_close(&copy, place->path);

    int after = read_backfill(place);
    store.close(store.self);
    return after != before;
}

START_TEST(test_second_copy__finds_the_shared_index_in_use)
{
    sqlite_place *place = sqlite_place_new();

    ck_assert(!is_index_made_anew(place));

    sqlite_place_free(place);
}
END_TEST

START_TEST(test_second_copy__without_the_shm_lock_truncates_what_we_have_mapped)
{
    sqlite_place *place = sqlite_place_new();
    place->faults.left_out = AURORA__SQLITE_NO_SHM_LOCK;

    ck_assert(is_index_made_anew(place));

    sqlite_place_free(place);
}
END_TEST

/* A descriptor of FILE-aurora of the test's own. */
static int open_write_lock(const sqlite_place *place)
{
    char name[4200];
    snprintf(name, sizeof name, "%s-aurora", place->path);
    int fd = open(name, O_RDWR | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    return fd;
}

static bool try_write_lock(int fd, short kind)
{
    struct flock lock = {.l_type = kind, .l_whence = SEEK_SET, .l_len = 1};
    return fcntl(fd, F_OFD_SETLK, &lock) == 0;
}

START_TEST(test_write_lock__is_held_from_begin_to_the_end)
{
    sqlite_place *place = sqlite_place_new();
    aurora_store store = sqlite_place_open(place);
    int fd = open_write_lock(place);
    aurora_store_txn *txn;
    uint64_t epoch;

    aurora_assert_ok(store.begin(store.self, AURORA_TXN_WRITE, sqlite_batch(1), 0, &epoch, &txn));
    bool is_free_within = try_write_lock(fd, F_WRLCK);
    store.rollback(store.self, txn);
    bool is_free_after = try_write_lock(fd, F_WRLCK);

    ck_assert(!is_free_within);
    ck_assert(is_free_after);
    close(fd);
    store.close(store.self);
    sqlite_place_free(place);
}
END_TEST

START_TEST(test_write_lock__keeps_writers_of_other_processes_out)
{
    sqlite_place *place = sqlite_place_new();
    aurora_store store = sqlite_place_open(place);
    int fd = open_write_lock(place);
    ck_assert(try_write_lock(fd, F_WRLCK));

    aurora_status locked = sqlite_put_price(&store, "TEA", 1, 1);
    ck_assert(try_write_lock(fd, F_UNLCK));
    aurora_status unlocked = sqlite_put_price(&store, "TEA", 1, 1);

    aurora_assert_status(locked, AURORA_EBUSY);
    aurora_assert_ok(unlocked);
    close(fd);
    store.close(store.self);
    sqlite_place_free(place);
}
END_TEST

/* The bytes of the database file without its WAL. */
static uint64_t hash_database(const sqlite_place *place)
{
    uint64_t hash = 14695981039346656037u;
    FILE *file = fopen(place->path, "rb");
    ck_assert_ptr_nonnull(file);
    for (int c = fgetc(file); c != EOF; c = fgetc(file))
        hash = (hash ^ (uint64_t)c) * 1099511628211u;
    fclose(file);
    return hash;
}

/* In a child, since closing the file would drop this process's POSIX locks on it. */
static uint64_t hash_from_outside(const sqlite_place *place)
{
    uint64_t hash = 0;
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        hash = hash_database(place);
        _exit(write(ends[1], &hash, sizeof hash) == sizeof hash ? 0 : 1);
    }
    ck_assert_int_eq(read(ends[0], &hash, sizeof hash), sizeof hash);
    waitpid(pid, NULL, 0);
    close(ends[0]);
    close(ends[1]);
    return hash;
}

START_TEST(test_write_lock__no_checkpoint_beside_another_writer)
{
    sqlite_place *place = sqlite_place_new();
    aurora_store store = sqlite_place_open(place);
    int fd = open_write_lock(place);
    aurora_assert_ok(store.maintain(store.self, true));
    aurora_assert_ok(sqlite_put_price(&store, "TEA", 1, 1));
    uint64_t before = hash_from_outside(place);
    ck_assert(try_write_lock(fd, F_WRLCK));

    aurora_assert_ok(store.maintain(store.self, true));
    uint64_t locked = hash_from_outside(place);
    ck_assert(try_write_lock(fd, F_UNLCK));
    aurora_assert_ok(store.maintain(store.self, true));
    uint64_t unlocked = hash_from_outside(place);

    ck_assert_uint_eq(locked, before);
    ck_assert_uint_ne(unlocked, before);
    close(fd);
    store.close(store.self);
    sqlite_place_free(place);
}
END_TEST

/* Adds one to a price so many times, reading it in the same transaction. */
static int add_often(sqlite_place *place, int times)
{
    aurora_store store = sqlite_place_open(place);
    const aurora__table *table = &aurora__tables[AURORA__TABLE_price];
    uint64_t epoch;
    uint32_t failed;
    for (int i = 0; i < times; i++) {
        aurora_store_txn *txn;
        aurora_value values[64];
        int64_t price;
        aurora_status rc =
            store.begin(store.self, AURORA_TXN_WRITE, sqlite_batch(i), 20000, &epoch, &txn);
        if (rc != AURORA_OK || sqlite_load_price(&store, txn, "TEA", &price) != AURORA_OK)
            return 1;
        aurora__price_row row = {.sku = "TEA", .price_minor = price + 1, .currency = "EUR"};
        aurora__table_pack(table, &row, values);
        aurora_store_put put = {
            .table = &table->table, .values = values, .kind = AURORA_PUT_UPSERT};
        aurora_log_row event = {.count = 2, .format = 1, .body = "[]", .body_length = 2};
        if (store.save(store.self, txn, &put, 1, &failed) != AURORA_OK ||
            store.append(store.self, txn, &event) != AURORA_OK ||
            store.commit(store.self, txn) != AURORA_OK ||
            store.maintain(store.self, i % 7 == 0) != AURORA_OK)
            return 2;
    }
    store.close(store.self);
    return 0;
}

START_TEST(test_write_lock__processes_lose_no_update_of_each_other)
{
    enum { CHILDREN = 3, TIMES = 200 };
    sqlite_place *place = sqlite_place_new();
    pid_t pids[CHILDREN];

    for (int i = 0; i < CHILDREN; i++) {
        pids[i] = fork();
        if (pids[i] == 0)
            _exit(add_often(place, TIMES));
    }
    for (int i = 0; i < CHILDREN; i++) {
        int status;
        ck_assert_int_eq(waitpid(pids[i], &status, 0), pids[i]);
        ck_assert_int_eq(status, 0);
    }

    aurora_store store = sqlite_place_open(place);
    aurora_store_txn *txn;
    aurora_log_bounds bounds;
    ck_assert_int_eq(sqlite_get_price(&store, "TEA"), CHILDREN * TIMES);
    aurora_assert_ok(store.begin(store.self, AURORA_TXN_READ, sqlite_batch(0), 0, NULL, &txn));
    aurora_assert_ok(store.log_bounds(store.self, txn, &bounds));
    store.rollback(store.self, txn);
    ck_assert_int_eq(bounds.head, CHILDREN * TIMES * 2);
    ck_assert_int_eq(bounds.bytes, CHILDREN * TIMES * 2);
    store.close(store.self);
    sqlite_place_free(place);
}
END_TEST

START_TEST(test_write_lock__is_one_for_all_links_to_the_file)
{
    sqlite_place *place = sqlite_place_new();
    aurora_store store = sqlite_place_open(place);
    char link_path[4200];
    snprintf(link_path, sizeof link_path, "%s/link.db", place->folder);
    ck_assert_int_eq(symlink("shop.db", link_path), 0);
    place->options.address = link_path;
    aurora_store other = sqlite_place_open(place);
    aurora_store_txn *txn;
    uint64_t epoch;

    aurora_assert_ok(store.begin(store.self, AURORA_TXN_WRITE, sqlite_batch(1), 0, &epoch, &txn));
    aurora_status rc = sqlite_put_price(&other, "TEA", 1, 2);

    aurora_assert_status(rc, AURORA_EBUSY);
    strcat(link_path, "-aurora");
    ck_assert_int_ne(access(link_path, F_OK), 0);
    store.rollback(store.self, txn);
    other.close(other.self);
    store.close(store.self);
    sqlite_place_free(place);
}
END_TEST

START_TEST(test_close__in_a_forked_child_leaves_the_parent_its_locks)
{
    sqlite_place *place = sqlite_place_new();
    aurora_store store = sqlite_place_open(place);
    second_copy copy;
    if (!load_second_copy(&copy))
        return;
    aurora_assert_ok(sqlite_put_price(&store, "TEA", 1, 1));

    pid_t pid = fork();
    if (pid == 0) {
        store.close(store.self);
        _exit(0);
    }
    waitpid(pid, NULL, 0);
    open_read_close(&copy, place->path);
    char wal[4200];
    snprintf(wal, sizeof wal, "%s-wal", place->path);

    ck_assert_int_eq(access(wal, F_OK), 0);
    store.close(store.self);
    sqlite_place_free(place);
}
END_TEST

START_TEST(test_close__removes_the_wal_and_frees_all_memory)
{
    sqlite_place *place = sqlite_place_new();
    aurora_store store = sqlite_place_open(place);
    aurora_assert_ok(sqlite_put_price(&store, "TEA", 1, 1));
    ck_assert_int_eq(sqlite_get_price(&store, "TEA"), 1);

    store.close(store.self);

    char wal[4200];
    snprintf(wal, sizeof wal, "%s-wal", place->path);
    ck_assert_int_ne(access(wal, F_OK), 0);
    ck_assert_int_eq(place->blocks, 0);
    sqlite_place_free(place);
}
END_TEST

static Suite *sqlite_locks_suite(void)
{
    Suite *suite = suite_create("sqlite_locks");
    TCase *copies = tcase_create("second_copy");
    tcase_add_test(copies, test_second_copy__loses_nothing_that_was_acknowledged);
    tcase_add_test(copies, test_second_copy__without_the_database_lock_commits_are_lost);
    tcase_add_test(copies, test_second_copy__leaves_an_open_snapshot_alone);
    tcase_add_test(copies, test_second_copy__finds_the_shared_index_in_use);
    tcase_add_test(copies, test_second_copy__without_the_shm_lock_truncates_what_we_have_mapped);
    suite_add_tcase(suite, copies);
    TCase *writers = tcase_create("write_lock");
    tcase_add_test(writers, test_write_lock__is_held_from_begin_to_the_end);
    tcase_add_test(writers, test_write_lock__keeps_writers_of_other_processes_out);
    tcase_add_test(writers, test_write_lock__no_checkpoint_beside_another_writer);
    tcase_add_test(writers, test_write_lock__processes_lose_no_update_of_each_other);
    tcase_add_test(writers, test_write_lock__is_one_for_all_links_to_the_file);
    suite_add_tcase(suite, writers);
    TCase *closing = tcase_create("close");
    tcase_add_test(closing, test_close__in_a_forked_child_leaves_the_parent_its_locks);
    tcase_add_test(closing, test_close__removes_the_wal_and_frees_all_memory);
    suite_add_tcase(suite, closing);
    return suite;
}

AURORA_TEST_MAIN(sqlite_locks_suite)
