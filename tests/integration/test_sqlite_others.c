/* SPDX-License-Identifier: MIT */
/* The SQLite store beside others: epochs, checkpoints and backups while there are writes. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "sqlite_place.h"
#include "test.h"

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

/* One transaction that appends about 200 pages to the WAL. */
static aurora_status append_pages(aurora_store *store, int number)
{
    static char body[800 << 10];
    aurora_store_txn *txn;
    uint64_t epoch;
    memset(body, 'x', sizeof body);
    aurora_log_row row = {.count = 1, .format = 1, .body = body, .body_length = sizeof body};
    aurora_status rc =
        store->begin(store->self, AURORA_TXN_WRITE, sqlite_batch(number), 0, &epoch, &txn);
    if (rc != AURORA_OK)
        return rc;
    rc = store->append(store->self, txn, &row);
    if (rc == AURORA_OK)
        rc = store->log_trim(store->self, txn, number, 10);
    if (rc == AURORA_OK)
        return store->commit(store->self, txn);
    store->rollback(store->self, txn);
    return rc;
}

typedef struct {
    aurora_store *store;
    atomic_bool *is_over;
    pthread_barrier_t *start;
} reader_state;

#define READ_NS 60000000

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Has a read transaction open nearly always; two of these overlap without end. */
static void *read_all_the_time(void *argument)
{
    reader_state *state = argument;
    aurora_store *store = state->store;
    int64_t price;
    pthread_barrier_wait(state->start);
    while (!atomic_load(state->is_over)) {
        aurora_store_txn *txn;
        if (store->begin(store->self, AURORA_TXN_READ, sqlite_batch(0), 0, NULL, &txn) != AURORA_OK)
            return "a read failed";
        for (int64_t begun = now_ns(); now_ns() - begun < READ_NS;)
            sqlite_load_price(store, txn, "TEA", &price);
        store->rollback(store->self, txn);
    }
    return NULL;
}

START_TEST(test_wal__stays_bounded_while_queries_overlap_without_end)
{
    sqlite_place *place = sqlite_place_new();
    place->faults.restart_frames = 4000;
    aurora_store store = sqlite_place_open(place);
    atomic_bool is_over = false;
    pthread_barrier_t start;
    pthread_t threads[2];
    reader_state state = {&store, &is_over, &start};
    aurora_assert_ok(sqlite_put_price(&store, "TEA", 1, 1));
    pthread_barrier_init(&start, NULL, 3);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, read_all_the_time, &state), 0);
    pthread_barrier_wait(&start);

    int64_t largest = 0;
    for (int i = 1; i <= 90; i++) {
        aurora_assert_ok(append_pages(&store, i));
        aurora_assert_ok(store.maintain(store.self, false));
        if (size_of(place, "-wal") > largest)
            largest = size_of(place, "-wal");
    }
    atomic_store(&is_over, true);
    for (int i = 0; i < 2; i++) {
        void *failure;
        pthread_join(threads[i], &failure);
        ck_assert_msg(failure == NULL, "%s", (char *)failure);
    }

    /* 90 times 200 pages are 74 MB; restarts are tried from 16 MB on. */
    ck_assert_int_lt(largest, 50 << 20);
    pthread_barrier_destroy(&start);
    store.close(store.self);
    sqlite_place_free(place);
}
END_TEST

typedef struct {
    aurora_store *store;
    atomic_bool is_over;
    int64_t written;
} writer_state;

/* Write number n sets the price to n and is number n + 1 in the log. */
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

static Suite *sqlite_others_suite(void)
{
    Suite *suite = suite_create("sqlite_others");
    TCase *tcase = tcase_create("all");
    tcase_add_test(tcase, test_epoch__is_kept_over_own_writes_and_checkpoints);
    tcase_add_test(tcase, test_epoch__changes_when_another_handle_or_program_writes);
    tcase_add_test(tcase, test_wal__stays_bounded_under_load);
    tcase_add_test(tcase, test_wal__stays_bounded_while_queries_overlap_without_end);
    tcase_add_test(tcase, test_backup__is_one_snapshot_while_others_write);
    tcase_add_test(tcase, test_backup__refuses_an_existing_file_and_leaves_nothing_behind);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(sqlite_others_suite)
