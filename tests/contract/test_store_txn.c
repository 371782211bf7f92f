/* SPDX-License-Identifier: MIT */
/* The store contract, transactions: what commits, what vanishes, who waits, and what lasts. */
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "store_fixture.h"

#define STOCK AURORA__TABLE_stock
#define HOLD AURORA__TABLE_hold

static const aurora_id nobody = {{0}};

static aurora__stock_row stock(int64_t id, int64_t available)
{
    return (aurora__stock_row){.id = id, .available = available, .version = 1};
}

/* Rows in the hold index, as the transaction sees it. */
static uint32_t count_due(store_fixture *fixture, aurora_store_txn *txn)
{
    aurora_value values[8 * 64];
    aurora_arena_port arena = store_arena(fixture);
    aurora_store_scan scan = {
        .table = store_table(HOLD), .index = 0, .limit = 8, .values_out = values};
    aurora_assert_ok(fixture->port.scan(fixture->port.self, txn, &scan, &arena));
    return scan.row_count_out;
}

static int64_t log_head(store_fixture *fixture, aurora_store_txn *txn)
{
    aurora_log_bounds bounds;
    aurora_assert_ok(fixture->port.log_bounds(fixture->port.self, txn, &bounds));
    return bounds.head;
}

/* One row, one index entry and one log row. */
static void write_everything(store_fixture *fixture, aurora_store_txn *txn)
{
    aurora__stock_row row = stock(1, 5);
    aurora__hold_row hold = {.scope = "x", .key_text = "k", .version = 1, .due_at = 7};
    hold.request_hash = (aurora__bytes){(const uint8_t *)"h", 1};
    hold.lines = "[]";
    aurora_assert_ok(store_put(fixture, txn, AURORA_PUT_INSERT, STOCK, &row));
    aurora_assert_ok(store_put(fixture, txn, AURORA_PUT_INSERT, HOLD, &hold));
    store_append(fixture, txn, 2, "[1,2]");
}

/* Fails unless the transaction sees what write_everything wrote, or nothing of it. */
static void assert_everything(store_fixture *fixture, aurora_store_txn *txn, bool is_there)
{
    aurora__stock_row row = stock(1, 0);
    ck_assert(store_find(fixture, txn, STOCK, &row) == is_there);
    ck_assert_int_eq(row.available, is_there ? 5 : 0);
    ck_assert_uint_eq(count_due(fixture, txn), is_there ? 1 : 0);
    ck_assert_int_eq(log_head(fixture, txn), is_there ? 2 : 0);
}

/* --- all or nothing ------------------------------------------------------------------------- */

START_TEST(test_rollback__leaves_nothing)
{
    store_fixture *fixture = store_open(_i);
    aurora_store_txn *txn = store_write(fixture);
    write_everything(fixture, txn);

    store_rollback(fixture, txn);

    txn = store_write(fixture);
    assert_everything(fixture, txn, false);
    store_rollback(fixture, txn);
    store_close(fixture);
}
END_TEST

START_TEST(test_rollback__brings_back_what_was_changed_and_deleted)
{
    store_fixture *fixture = store_open(_i);
    aurora_store_txn *txn = store_write(fixture);
    for (int64_t id = 0; id < 300; id++) {
        aurora__stock_row row = stock(id, id);
        aurora_assert_ok(store_put(fixture, txn, AURORA_PUT_INSERT, STOCK, &row));
    }
    store_commit(fixture, txn);

    txn = store_write(fixture);
    for (int64_t id = 0; id < 300; id++) {
        aurora__stock_row row = stock(id, 1000);
        uint32_t kind = id % 2 ? AURORA_PUT_DELETE : AURORA_PUT_UPSERT;
        aurora_assert_ok(store_put(fixture, txn, kind, STOCK, &row));
    }
    store_rollback(fixture, txn);

    txn = store_read(fixture);
    for (int64_t id = 0; id < 300; id++) {
        aurora__stock_row row = stock(id, -1);
        ck_assert(store_find(fixture, txn, STOCK, &row));
        ck_assert_int_eq(row.available, id);
    }
    store_rollback(fixture, txn);
    store_close(fixture);
}
END_TEST

START_TEST(test_rollback__after_a_refused_put_undoes_the_others)
{
    store_fixture *fixture = store_open(_i);
    aurora_store_txn *txn = store_write(fixture);
    aurora__stock_row row = stock(9, 1);
    aurora_assert_ok(store_put(fixture, txn, AURORA_PUT_INSERT, STOCK, &row));

    store_refused(fixture, txn, store_put(fixture, txn, AURORA_PUT_INSERT, STOCK, &row), 0);

    ck_assert(!store_find_committed(fixture, STOCK, &row));
    store_put_committed(fixture, AURORA_PUT_INSERT, STOCK, &row);
    store_close(fixture);
}
END_TEST

START_TEST(test_commit__is_there_for_the_next_transaction)
{
    store_fixture *fixture = store_open(_i);
    aurora_store_txn *txn = store_write(fixture);
    write_everything(fixture, txn);

    store_commit(fixture, txn);

    txn = store_read(fixture);
    assert_everything(fixture, txn, true);
    store_rollback(fixture, txn);
    store_close(fixture);
}
END_TEST

START_TEST(test_commit__of_nothing_succeeds)
{
    store_fixture *fixture = store_open(_i);

    store_commit(fixture, store_write(fixture));
    store_commit(fixture, store_write(fixture));

    aurora_assert_ok(fixture->port.resolve(fixture->port.self, fixture->batch));
    store_close(fixture);
}
END_TEST

START_TEST(test_commit__outlives_the_handle)
{
    if (!store_adapters[_i].is_file)
        return;
    store_fixture *fixture = store_open(_i);
    aurora_store_txn *txn = store_write(fixture);
    write_everything(fixture, txn);
    store_commit(fixture, txn);

    store_reopen(fixture);

    txn = store_read(fixture);
    assert_everything(fixture, txn, true);
    store_rollback(fixture, txn);
    store_close(fixture);
}
END_TEST

START_TEST(test_resolve__knows_committed_from_rolled_back)
{
    store_fixture *fixture = store_open(_i);
    aurora_store_txn *txn = store_write(fixture);
    write_everything(fixture, txn);
    aurora_id committed = fixture->batch;
    store_commit(fixture, txn);

    aurora_assert_ok(fixture->port.resolve(fixture->port.self, committed));
    store_rollback(fixture, store_write(fixture));
    aurora_assert_status(fixture->port.resolve(fixture->port.self, fixture->batch),
                         AURORA_ENOTFOUND);

    store_close(fixture);
}
END_TEST

/* --- snapshots ------------------------------------------------------------------------------ */

START_TEST(test_read__keeps_its_snapshot_while_others_commit)
{
    store_fixture *fixture = store_open(_i);
    aurora_store_txn *before = store_read(fixture);
    aurora_store_txn *txn = store_write(fixture);
    write_everything(fixture, txn);
    aurora_store_txn *during = store_read(fixture);
    assert_everything(fixture, during, false);

    store_commit(fixture, txn);

    assert_everything(fixture, before, false);
    assert_everything(fixture, during, false);
    aurora_store_txn *after = store_read(fixture);
    assert_everything(fixture, after, true);
    store_rollback(fixture, before);
    store_rollback(fixture, after);
    assert_everything(fixture, during, false);
    store_rollback(fixture, during);
    store_close(fixture);
}
END_TEST

START_TEST(test_read__old_snapshot_survives_many_commits)
{
    store_fixture *fixture = store_open(_i);
    aurora_store_txn *txn = store_write(fixture);
    for (int64_t id = 0; id < 200; id++) {
        aurora__stock_row row = stock(id, id);
        aurora_assert_ok(store_put(fixture, txn, AURORA_PUT_INSERT, STOCK, &row));
    }
    store_commit(fixture, txn);
    aurora_store_txn *old = store_read(fixture);

    for (int64_t id = 0; id < 200; id += 7) {
        aurora__stock_row row = stock(id, 5000);
        store_put_committed(fixture, id % 2 ? AURORA_PUT_DELETE : AURORA_PUT_UPSERT, STOCK, &row);
        aurora_assert_ok(fixture->port.maintain(fixture->port.self, id % 3 == 0));
    }

    for (int64_t id = 0; id < 200; id++) {
        aurora__stock_row row = stock(id, -1);
        ck_assert(store_find(fixture, old, STOCK, &row));
        ck_assert_int_eq(row.available, id);
    }
    store_rollback(fixture, old);
    store_close(fixture);
}
END_TEST

/* --- writers take turns --------------------------------------------------------------------- */

START_TEST(test_begin__second_writer_gives_up_when_the_time_is_over)
{
    store_fixture *fixture = store_open(_i);
    aurora_store_txn *txn = store_write(fixture);
    const int32_t timeouts[] = {0, 30};
    for (int i = 0; i < 2; i++) {
        aurora_store_txn *second = NULL;
        uint64_t epoch;

        aurora_status rc = fixture->port.begin(fixture->port.self, AURORA_TXN_WRITE, nobody,
                                               timeouts[i], &epoch, &second);

        aurora_assert_status(rc, AURORA_EBUSY);
    }
    store_commit(fixture, txn);
    store_commit(fixture, store_write(fixture));
    store_close(fixture);
}
END_TEST

typedef struct {
    store_fixture *fixture;
    atomic_int has_begun;
    aurora_status status;
} second_writer;

static void *write_second(void *argument)
{
    second_writer *second = argument;
    aurora_store *port = &second->fixture->port;
    aurora_store_txn *txn = NULL;
    uint64_t epoch;
    second->status = port->begin(port->self, AURORA_TXN_WRITE, nobody, 30000, &epoch, &txn);
    atomic_store(&second->has_begun, 1);
    if (second->status == AURORA_OK)
        port->rollback(port->self, txn);
    return NULL;
}

START_TEST(test_begin__second_writer_gets_its_turn)
{
    store_fixture *fixture = store_open(_i);
    second_writer second = {.fixture = fixture};
    pthread_t thread;
    aurora_store_txn *txn = store_write(fixture);
    ck_assert_int_eq(pthread_create(&thread, NULL, write_second, &second), 0);

    write_everything(fixture, txn);
    ck_assert_int_eq(atomic_load(&second.has_begun), 0);
    store_commit(fixture, txn);
    pthread_join(thread, NULL);

    aurora_assert_ok(second.status);
    store_close(fixture);
}
END_TEST

START_TEST(test_begin__reader_waits_for_no_writer)
{
    store_fixture *fixture = store_open(_i);
    aurora_store_txn *txn = store_write(fixture);
    aurora_store_txn *read = NULL;

    aurora_assert_ok(
        fixture->port.begin(fixture->port.self, AURORA_TXN_READ, nobody, 0, NULL, &read));

    store_rollback(fixture, read);
    store_rollback(fixture, txn);
    store_close(fixture);
}
END_TEST

START_TEST(test_epoch__stays_while_nobody_else_writes)
{
    store_fixture *fixture = store_open(_i);
    aurora_store_txn *txn = store_write(fixture);
    uint64_t epoch = fixture->epoch;
    write_everything(fixture, txn);
    store_commit(fixture, txn);

    txn = store_write(fixture);
    ck_assert_uint_eq(fixture->epoch, epoch);
    aurora__stock_row row = stock(77, 1);
    aurora_assert_ok(store_put(fixture, txn, AURORA_PUT_INSERT, STOCK, &row));
    store_rollback(fixture, txn);
    aurora_assert_ok(fixture->port.maintain(fixture->port.self, true));

    store_commit(fixture, store_write(fixture));
    ck_assert_uint_eq(fixture->epoch, epoch);
    store_close(fixture);
}
END_TEST

START_TEST(test_epoch__changes_when_another_instance_wrote)
{
    if (!store_adapters[_i].is_file)
        return;
    store_fixture *fixture = store_open(_i);
    store_fixture other = {.adapter = fixture->adapter, .batches = 1000, .blocks_max = -1};
    aurora_assert_ok(store_attach(fixture, fixture->address, 0, &other.port));
    store_commit(fixture, store_write(fixture));
    uint64_t epoch = fixture->epoch;

    aurora_store_txn *txn = store_write(&other);
    aurora__stock_row row = stock(1, 5);
    aurora_assert_ok(store_put(&other, txn, AURORA_PUT_INSERT, STOCK, &row));
    store_append(&other, txn, 3, "[]");
    store_commit(&other, txn);

    txn = store_write(fixture);
    ck_assert_uint_ne(fixture->epoch, epoch);
    ck_assert(store_find(fixture, txn, STOCK, &row));
    const aurora_log_row *appended = store_append(fixture, txn, 1, "[]");
    store_commit(fixture, txn);
    ck_assert_int_eq(appended->position, 4);
    other.port.close(other.port.self);
    store_close(fixture);
}
END_TEST

/* --- the whole store ------------------------------------------------------------------------ */

START_TEST(test_open__flags_forbid_what_they_name)
{
    store_fixture *fixture = store_open(_i);
    aurora_store store;
    char missing[600];
    store_missing(fixture, missing, sizeof missing);

    aurora_assert_status(store_attach(fixture, missing, AURORA_STORE_NO_CREATE, &store),
                         AURORA_ENOTFOUND);
    aurora_assert_status(store_attach(fixture, missing, AURORA_STORE_READONLY, &store),
                         AURORA_ENOTFOUND);
    ck_assert_int_ne(access(missing, F_OK), 0);
    aurora_assert_status(store_attach(fixture, missing, AURORA_STORE_NO_CREATE, &store),
                         AURORA_ENOTFOUND);
    if (fixture->adapter->is_file) {
        aurora_store_txn *txn = NULL;
        uint64_t epoch;
        aurora_assert_ok(store_attach(fixture, fixture->address, AURORA_STORE_READONLY, &store));
        aurora_assert_status(store.begin(store.self, AURORA_TXN_WRITE, nobody, 0, &epoch, &txn),
                             AURORA_EREADONLY);
        aurora_assert_ok(store.begin(store.self, AURORA_TXN_READ, nobody, 0, &epoch, &txn));
        store.rollback(store.self, txn);
        store.close(store.self);
    }
    store_close(fixture);
}
END_TEST

START_TEST(test_backup__equals_what_was_committed)
{
    store_fixture *fixture = store_open(_i);
    aurora_error err = AURORA_ERROR_INIT;
    char path[600];
    aurora_test_path(path, sizeof path, fixture->folder, "copy");
    aurora_store_txn *txn = store_write(fixture);
    write_everything(fixture, txn);
    store_commit(fixture, txn);
    aurora_store_txn *open = store_write(fixture);
    aurora__stock_row uncommitted = stock(2, 1);
    aurora_assert_ok(store_put(fixture, open, AURORA_PUT_INSERT, STOCK, &uncommitted));

    aurora_status rc = fixture->port.backup(fixture->port.self, path, &err);

    store_rollback(fixture, open);
    if (!fixture->adapter->has_backup) {
        aurora_assert_status(rc, AURORA_ENOTSUP);
        ck_assert_str_ne(err.message, "");
        store_close(fixture);
        return;
    }
    aurora_assert_ok(rc);
    ck_assert_int_ne(fixture->port.backup(fixture->port.self, path, &err), AURORA_OK);
    store_fixture copy = {.adapter = fixture->adapter, .blocks_max = -1};
    aurora_assert_ok(store_attach(fixture, path, AURORA_STORE_NO_CREATE, &copy.port));
    txn = store_read(&copy);
    assert_everything(&copy, txn, true);
    ck_assert(!store_find(&copy, txn, STOCK, &uncommitted));
    store_rollback(&copy, txn);
    copy.port.close(copy.port.self);
    store_arena_free(&copy);
    store_close(fixture);
}
END_TEST

START_TEST(test_bytes_used__is_never_negative)
{
    store_fixture *fixture = store_open(_i);
    ck_assert_int_ge(fixture->port.bytes_used(fixture->port.self), 0);
    aurora__meta_row row = {.name = "n", .value = "some text"};

    store_put_committed(fixture, AURORA_PUT_INSERT, AURORA__TABLE_meta, &row);
    store_put_committed(fixture, AURORA_PUT_DELETE, AURORA__TABLE_meta, &row);

    ck_assert_int_ge(fixture->port.bytes_used(fixture->port.self), 0);
    store_close(fixture);
}
END_TEST

START_TEST(test_bytes_free__can_be_told_or_is_left_out)
{
    store_fixture *fixture = store_open(_i);

    if (fixture->port.bytes_free != NULL) {
        int64_t left = fixture->port.bytes_free(fixture->port.self);
        ck_assert_int_ge(left, -1);
        ck_assert_int_ne(left, 0); /* or nothing that was written here would have been */
    }
    store_close(fixture);
}
END_TEST

/* --- many threads --------------------------------------------------------------------------- */

#define TRANSFERS 200
#define ACCOUNTS 80

typedef struct {
    aurora_store *port;
    store_fixture arena_of; /* only its arena is used: one per thread */
    atomic_int *is_over;
    int64_t broken; /* snapshots in which something did not fit; asserts are not for threads */
    int64_t snapshots;
} snapshot_reader;

/* In each snapshot the pieces sum up to the same, and the log ends where the version says. */
static bool is_consistent(snapshot_reader *reader, aurora_store_txn *txn)
{
    static const uint64_t columns = 1u << 0 | 1u << 1 | 1u << 6;
    aurora_value values[ACCOUNTS * 7];
    aurora_arena_port arena = store_arena(&reader->arena_of);
    aurora_store_scan scan = {.table = store_table(STOCK),
                              .index = -1,
                              .columns = columns,
                              .limit = ACCOUNTS,
                              .values_out = values};
    aurora_log_bounds bounds;
    if (reader->port->scan(reader->port->self, txn, &scan, &arena) != AURORA_OK ||
        reader->port->log_bounds(reader->port->self, txn, &bounds) != AURORA_OK ||
        scan.row_count_out != ACCOUNTS)
        return false;
    int64_t sum = 0;
    int64_t newest = 0;
    for (uint32_t i = 0; i < ACCOUNTS; i++) {
        sum += values[i * 7 + 1].number;
        newest = values[i * 7 + 6].number > newest ? values[i * 7 + 6].number : newest;
    }
    return sum == ACCOUNTS * 1000 && newest == bounds.head + 1;
}

static void *read_snapshots(void *argument)
{
    snapshot_reader *reader = argument;
    do {
        aurora_store_txn *txn = NULL;
        aurora_status rc =
            reader->port->begin(reader->port->self, AURORA_TXN_READ, nobody, 5000, NULL, &txn);
        if (rc != AURORA_OK) {
            reader->broken++;
            return NULL;
        }
        reader->broken += !is_consistent(reader, txn);
        reader->snapshots++;
        reader->port->rollback(reader->port->self, txn);
    } while (!atomic_load(reader->is_over));
    return NULL;
}

/* Moves a piece from one row to another; the newest version is that of the log's head, plus one. */
static void transfer(store_fixture *fixture, int64_t version, uint64_t *random)
{
    int64_t from = (int64_t)(aurora_test_random(random) % ACCOUNTS);
    int64_t to = (from + 1 + (int64_t)(aurora_test_random(random) % (ACCOUNTS - 1))) % ACCOUNTS;
    aurora__stock_row giver = {.id = from};
    aurora__stock_row taker = {.id = to};
    aurora_store_txn *txn = store_write(fixture);
    ck_assert(store_find(fixture, txn, STOCK, &giver));
    ck_assert(store_find(fixture, txn, STOCK, &taker));
    int64_t giver_version = giver.version;
    int64_t taker_version = taker.version;
    giver.available--;
    taker.available++;
    giver.version = taker.version = version;
    aurora_assert_ok(store_update(fixture, txn, STOCK, &giver, giver_version));
    aurora_assert_ok(store_update(fixture, txn, STOCK, &taker, taker_version));
    store_append(fixture, txn, 1, "[]");
    store_commit(fixture, txn);
}

START_TEST(test_threads__readers_see_whole_commits_only)
{
    store_fixture *fixture = store_open(_i);
    aurora_store_txn *txn = store_write(fixture);
    for (int64_t id = 0; id < ACCOUNTS; id++) {
        aurora__stock_row row = stock(id, 1000);
        aurora_assert_ok(store_put(fixture, txn, AURORA_PUT_INSERT, STOCK, &row));
    }
    store_commit(fixture, txn);
    atomic_int is_over = 0;
    pthread_t threads[4];
    snapshot_reader readers[4];
    for (int i = 0; i < 4; i++) {
        readers[i] = (snapshot_reader){.port = &fixture->port, .is_over = &is_over};
        readers[i].arena_of.blocks_max = -1;
        ck_assert_int_eq(pthread_create(&threads[i], NULL, read_snapshots, &readers[i]), 0);
    }

    uint64_t random = 1;
    for (int64_t i = 0; i < TRANSFERS; i++) {
        transfer(fixture, i + 2, &random);
        aurora_assert_ok(fixture->port.maintain(fixture->port.self, false));
    }
    atomic_store(&is_over, 1);

    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        ck_assert_int_gt(readers[i].snapshots, 0);
        ck_assert_int_eq(readers[i].broken, 0);
        store_arena_free(&readers[i].arena_of);
    }
    store_close(fixture);
}
END_TEST

static Suite *store_txn_suite(void)
{
    Suite *suite = suite_create("store_txn");
    TCase *ends = tcase_create("end");
    store_add_test(ends, test_rollback__leaves_nothing);
    store_add_test(ends, test_rollback__brings_back_what_was_changed_and_deleted);
    store_add_test(ends, test_rollback__after_a_refused_put_undoes_the_others);
    store_add_test(ends, test_commit__is_there_for_the_next_transaction);
    store_add_test(ends, test_commit__of_nothing_succeeds);
    store_add_test(ends, test_commit__outlives_the_handle);
    store_add_test(ends, test_resolve__knows_committed_from_rolled_back);
    suite_add_tcase(suite, ends);
    TCase *turns = tcase_create("turn");
    store_add_test(turns, test_read__keeps_its_snapshot_while_others_commit);
    store_add_test(turns, test_read__old_snapshot_survives_many_commits);
    store_add_test(turns, test_begin__second_writer_gives_up_when_the_time_is_over);
    store_add_test(turns, test_begin__second_writer_gets_its_turn);
    store_add_test(turns, test_begin__reader_waits_for_no_writer);
    store_add_test(turns, test_epoch__stays_while_nobody_else_writes);
    store_add_test(turns, test_epoch__changes_when_another_instance_wrote);
    store_add_test(turns, test_threads__readers_see_whole_commits_only);
    suite_add_tcase(suite, turns);
    TCase *whole = tcase_create("whole");
    store_add_test(whole, test_open__flags_forbid_what_they_name);
    store_add_test(whole, test_backup__equals_what_was_committed);
    store_add_test(whole, test_bytes_used__is_never_negative);
    store_add_test(whole, test_bytes_free__can_be_told_or_is_left_out);
    suite_add_tcase(suite, whole);
    return suite;
}

AURORA_TEST_MAIN(store_txn_suite)
