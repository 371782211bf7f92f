/* SPDX-License-Identifier: MIT */
/* Several instances on one PostgreSQL database: what they see of each other, and that one which
 * stands still does not stop the others. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <libpq-fe.h>

#include "postgres_place.h"
#include "store_fixture.h"

#define STOCK AURORA__TABLE_stock
#define META AURORA__TABLE_meta
#define PATIENCE_S 40

static int postgresql(void)
{
    return store_adapter_count() - 1;
}

static store_fixture *another(const store_fixture *first, uint32_t batches)
{
    store_fixture *fixture = calloc(1, sizeof *fixture);
    ck_assert_ptr_nonnull(fixture);
    fixture->adapter = first->adapter;
    fixture->batches = batches;
    fixture->blocks_max = -1;
    aurora_assert_ok(store_attach(first, first->address, 0, &fixture->port));
    return fixture;
}

static void close_another(store_fixture *fixture)
{
    fixture->port.close(fixture->port.self);
    store_arena_free(fixture);
    free(fixture);
}

static aurora__stock_row stock(int64_t id, int64_t available, int64_t version)
{
    return (aurora__stock_row){.id = id, .available = available, .version = version};
}

/* Loads one stock row and locks it; no asserts, since a child runs it too. */
static aurora_status lock_stock(const aurora_store *port, aurora_store_txn *txn, int64_t id,
                                aurora_value *values, const aurora_arena_port *arena)
{
    aurora_value key = store_int64(id);
    aurora_store_load load = {.table = store_table(STOCK), .key = &key, .values_out = values};
    aurora_status status = port->load(port->self, txn, &load, 1, true, arena);
    return status == AURORA_OK && !load.is_found_out ? AURORA_ENOTFOUND : status;
}

/* One attempt at what an engine does with a batch: lock, change, append, commit. */
static aurora_status take_one(store_fixture *fixture)
{
    aurora_store *port = &fixture->port;
    aurora_arena_port arena = store_arena(fixture);
    aurora_store_txn *txn = NULL;
    aurora_value values[64];
    aurora_log_row row = {.at_ms = 1, .count = 1, .format = 1, .body = "[]", .body_length = 2};
    uint32_t failed;
    aurora_id batch = store_id(9, (uint8_t)++fixture->batches);
    aurora_status status =
        port->begin(port->self, AURORA_TXN_WRITE, batch, 2000, &fixture->epoch, &txn);
    if (status != AURORA_OK)
        return status;
    status = lock_stock(port, txn, 1, values, &arena);
    if (status == AURORA_OK) {
        aurora_store_put put = {.table = store_table(STOCK),
                                .values = values,
                                .version_loaded = values[6].number,
                                .kind = AURORA_PUT_UPDATE};
        values[1].number--;
        values[6].number++;
        status = port->save(port->self, txn, &put, 1, &failed);
    }
    if (status == AURORA_OK)
        status = port->append(port->self, txn, &row);
    if (status == AURORA_OK)
        return port->commit(port->self, txn);
    port->rollback(port->self, txn);
    return status;
}

/* As an engine tries again; the answer of the last attempt. */
static aurora_status take_one_patiently(store_fixture *fixture)
{
    aurora_status status = AURORA_EBUSY;
    for (time_t end = time(NULL) + PATIENCE_S; status == AURORA_EBUSY && time(NULL) < end;)
        status = take_one(fixture);
    return status;
}

static store_fixture *with_stock(int64_t available)
{
    store_fixture *fixture = store_open(postgresql());
    aurora__stock_row row = stock(1, available, 1);
    store_put_committed(fixture, AURORA_PUT_INSERT, STOCK, &row);
    return fixture;
}

static int64_t available(store_fixture *fixture)
{
    aurora__stock_row row = stock(1, 0, 0);
    ck_assert(store_find_committed(fixture, STOCK, &row));
    return row.available;
}

/* --- together --------------------------------------------------------------------------------- */

START_TEST(test_log__positions_are_in_the_order_of_the_commits)
{
    store_fixture *a = with_stock(5);
    store_fixture *b = another(a, 1000);
    aurora__meta_row row = {.name = "a", .value = "v"};
    aurora_store_txn *early = store_write(a);
    uint64_t epoch = a->epoch;
    aurora_assert_ok(store_put(a, early, AURORA_PUT_INSERT, META, &row));

    aurora_store_txn *late = store_write(b);
    const aurora_log_row *of_late = store_append(b, late, 3, "[]");
    store_commit(b, late);
    const aurora_log_row *of_early = store_append(a, early, 2, "[]");
    store_commit(a, early);

    ck_assert_int_eq(of_late->position, 1);
    ck_assert_int_eq(of_early->position, 4);
    aurora_store_txn *next = store_write(a);
    ck_assert_uint_ne(a->epoch, epoch);
    store_rollback(a, next);
    close_another(b);
    store_close(a);
}
END_TEST

typedef struct {
    store_fixture *fixture;
    uint32_t wanted;
    uint32_t done;
} taker;

static void *take_many(void *argument)
{
    taker *self = argument;
    while (self->done < self->wanted && take_one_patiently(self->fixture) == AURORA_OK)
        self->done++;
    return NULL;
}

START_TEST(test_log__is_dense_while_four_instances_write_one_row)
{
    store_fixture *first = with_stock(1000);
    taker takers[4];
    pthread_t threads[4];
    for (uint32_t i = 0; i < 4; i++) {
        takers[i] = (taker){.fixture = another(first, 1000 * i), .wanted = 50};
        ck_assert_int_eq(pthread_create(&threads[i], NULL, take_many, &takers[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        ck_assert_uint_eq(takers[i].done, 50);
        close_another(takers[i].fixture);
    }

    ck_assert_int_eq(available(first), 800);
    aurora_log_row rows[256];
    uint32_t count = 0;
    aurora_arena_port arena = store_arena(first);
    aurora_store_txn *txn = store_read(first);
    aurora_assert_ok(
        first->port.log_read(first->port.self, txn, 1, SIZE_MAX, rows, 256, &count, &arena));
    store_rollback(first, txn);
    ck_assert_uint_eq(count, 200);
    for (uint32_t i = 0; i < count; i++)
        ck_assert_int_eq(rows[i].position, i + 1);
    store_close(first);
}
END_TEST

START_TEST(test_now__is_the_database_s_clock)
{
    store_fixture *fixture = store_open(postgresql());
    char text[64];

    aurora_store_txn *txn = store_write(fixture);
    int64_t now = fixture->port.now_ms(fixture->port.self, txn);
    store_rollback(fixture, txn);

    postgres_run(fixture->address,
                 "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint::text", text,
                 sizeof text);
    int64_t later = strtoll(text, NULL, 10);
    ck_assert_int_le(now, later);
    ck_assert_int_gt(now, later - 60000);
    store_close(fixture);
}
END_TEST

/* --- standing still --------------------------------------------------------------------------- */

/* In a child: takes the lock and stops for good. */
static void lock_and_stop(const store_fixture *first)
{
    store_fixture self = {.adapter = first->adapter, .blocks_max = -1};
    aurora_value values[64];
    aurora_store_txn *txn = NULL;
    uint64_t epoch;
    if (store_attach(first, first->address, 0, &self.port) != AURORA_OK)
        _exit(1);
    aurora_arena_port arena = store_arena(&self);
    if (self.port.begin(self.port.self, AURORA_TXN_WRITE, store_id(7, 7), 2000, &epoch, &txn) !=
            AURORA_OK ||
        lock_stock(&self.port, txn, 1, values, &arena) != AURORA_OK)
        _exit(1);
    raise(SIGSTOP);
    _exit(0);
}

START_TEST(test_frozen__instance_that_stopped_after_its_locks_is_passed)
{
    store_fixture *fixture = with_stock(5);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0)
        lock_and_stop(fixture);
    int how = 0;
    ck_assert_int_eq(waitpid(child, &how, WUNTRACED), child);
    ck_assert(WIFSTOPPED(how));

    aurora_status status = take_one_patiently(fixture);

    kill(child, SIGKILL);
    waitpid(child, &how, 0);
    aurora_assert_ok(status);
    ck_assert_int_eq(available(fixture), 4);
    store_close(fixture);
}
END_TEST

/* A connection that has sent a part of its batch, and no end of it: it holds what that locked, and
 * to the server it is busy. */
static PGconn *stop_in_pipeline(const char *address, const char *sql)
{
    char url[600];
    snprintf(url, sizeof url, "postgresql:%s", address);
    PGconn *pg = PQconnectdb(url);
    ck_assert_int_eq(PQstatus(pg), CONNECTION_OK);
    ck_assert_int_eq(PQenterPipelineMode(pg), 1);
    ck_assert_int_eq(PQsendQueryParams(pg, "BEGIN", 0, NULL, NULL, NULL, NULL, 0), 1);
    ck_assert_int_eq(PQsendQueryParams(pg, sql, 0, NULL, NULL, NULL, NULL, 0), 1);
    ck_assert_int_eq(PQsendFlushRequest(pg), 1);
    ck_assert_int_eq(PQflush(pg), 0);
    /* Once it has answered, it holds the lock. */
    PGresult *result = PQgetResult(pg);
    PQclear(result);
    ck_assert_ptr_null(PQgetResult(pg));
    result = PQgetResult(pg);
    ck_assert_int_eq(PQresultStatus(result), PGRES_COMMAND_OK);
    PQclear(result);
    return pg;
}

START_TEST(test_frozen__instance_that_stopped_in_a_pipeline_is_ended)
{
    store_fixture *fixture = with_stock(5);
    const char *const places[] = {
        "UPDATE aurora_inventory.stock SET available = available WHERE id = 1",
        "UPDATE aurora.log_head SET position = position + 1"};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        PGconn *frozen = stop_in_pipeline(fixture->address, places[i]);

        aurora_assert_ok(take_one_patiently(fixture));

        PQfinish(frozen);
    }
    ck_assert_int_eq(available(fixture), 3);
    aurora_log_bounds bounds;
    aurora_store_txn *txn = store_read(fixture);
    aurora_assert_ok(fixture->port.log_bounds(fixture->port.self, txn, &bounds));
    store_rollback(fixture, txn);
    ck_assert_int_eq(bounds.head, 2);
    store_close(fixture);
}
END_TEST

/* --- telling each other ----------------------------------------------------------------------- */

static bool wait_for(atomic_int *count, int more_than)
{
    for (time_t end = time(NULL) + PATIENCE_S; time(NULL) < end;) {
        if (atomic_load(count) > more_than)
            return true;
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    }
    return false;
}

static void count_change(void *self)
{
    atomic_fetch_add((atomic_int *)self, 1);
}

START_TEST(test_listen__tells_of_others_commits_and_of_a_lost_connection)
{
    store_fixture *a = with_stock(5);
    store_fixture *b = another(a, 1000);
    atomic_int changes = 0;
    aurora_assert_ok(a->port.listen(a->port.self, count_change, &changes));
    ck_assert(wait_for(&changes, 0));

    int before = atomic_load(&changes);
    aurora_assert_ok(take_one(b));
    ck_assert(wait_for(&changes, before));

    before = atomic_load(&changes);
    postgres_run(a->address,
                 "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname ="
                 " current_database() AND usename = current_user AND query LIKE 'LISTEN%'",
                 NULL, 0);
    ck_assert(wait_for(&changes, before));

    before = atomic_load(&changes);
    aurora_assert_ok(take_one(b));
    ck_assert(wait_for(&changes, before));
    aurora_assert_ok(a->port.listen(a->port.self, NULL, NULL));
    close_another(b);
    store_close(a);
}
END_TEST

/* --- forks ------------------------------------------------------------------------------------ */

START_TEST(test_fork__child_that_closes_leaves_the_parent_s_connections_alone)
{
    store_fixture *fixture = with_stock(5);
    aurora_store_txn *read = store_read(fixture);
    aurora_store_txn *txn = store_write(fixture);
    store_append(fixture, txn, 1, "[]");
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        fixture->port.close(fixture->port.self);
        _exit(0);
    }
    int how = 0;
    ck_assert_int_eq(waitpid(child, &how, 0), child);
    ck_assert(WIFEXITED(how) && WEXITSTATUS(how) == 0);

    store_commit(fixture, txn);
    store_rollback(fixture, read);

    ck_assert_int_eq(fixture->appended.position, 1);
    ck_assert_int_eq(available(fixture), 5);
    store_close(fixture);
}
END_TEST

static Suite *store_postgres_suite(void)
{
    if (!postgres_is_there())
        return NULL;
    Suite *suite = suite_create("store_postgres");
    TCase *together = tcase_create("together");
    tcase_set_timeout(together, 120);
    tcase_add_test(together, test_log__positions_are_in_the_order_of_the_commits);
    tcase_add_test(together, test_log__is_dense_while_four_instances_write_one_row);
    tcase_add_test(together, test_now__is_the_database_s_clock);
    tcase_add_test(together, test_frozen__instance_that_stopped_after_its_locks_is_passed);
    tcase_add_test(together, test_frozen__instance_that_stopped_in_a_pipeline_is_ended);
    tcase_add_test(together, test_listen__tells_of_others_commits_and_of_a_lost_connection);
    tcase_add_test(together, test_fork__child_that_closes_leaves_the_parent_s_connections_alone);
    suite_add_tcase(suite, together);
    return suite;
}

AURORA_TEST_MAIN(store_postgres_suite)
