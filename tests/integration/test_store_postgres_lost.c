/* SPDX-License-Identifier: MIT */
/* Connections to PostgreSQL that are lost: in the middle of a commit, while they are idle, and
 * without a word. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cutting_proxy.h"
#include "postgres_place.h"
#include "store_fixture.h"

#define META AURORA__TABLE_meta
#define PATIENCE_S 40

typedef struct {
    store_fixture *fixture; /* straight */
    store_fixture *through; /* through the proxy */
    cutting_proxy *proxy;
} place;

/* The same database at the proxy's port. */
static void address_through(const store_fixture *fixture, const cutting_proxy *proxy, char *out,
                            size_t capacity)
{
    const char *slash = strchr(fixture->address + 2, '/');
    const char *colon = slash;
    while (*colon != ':')
        colon--;
    snprintf(out, capacity, "%.*s:%u%s", (int)(colon - fixture->address), fixture->address,
             cutting_proxy_port(proxy), slash);
}

static uint16_t port_of(const store_fixture *fixture)
{
    const char *colon = strchr(fixture->address + 2, '/');
    while (*colon != ':')
        colon--;
    return (uint16_t)strtoul(colon + 1, NULL, 10);
}

static place open_place(void)
{
    place at = {.fixture = store_open(store_adapter_count() - 1)};
    at.proxy = cutting_proxy_new(port_of(at.fixture));
    at.through = calloc(1, sizeof *at.through);
    ck_assert_ptr_nonnull(at.through);
    at.through->adapter = at.fixture->adapter;
    at.through->batches = 500;
    at.through->blocks_max = -1;
    address_through(at.fixture, at.proxy, at.through->address, sizeof at.through->address);
    aurora_assert_ok(store_attach(at.through, at.through->address, 0, &at.through->port));
    return at;
}

static void close_place(place *at)
{
    at->through->port.close(at->through->port.self);
    cutting_proxy_free(at->proxy);
    store_arena_free(at->through);
    free(at->through);
    store_close(at->fixture);
}

static aurora_store_txn *put_meta(store_fixture *fixture, const char *name)
{
    aurora__meta_row row = {.name = name, .value = "v"};
    aurora_store_txn *txn = store_write(fixture);
    aurora_assert_ok(store_put(fixture, txn, AURORA_PUT_INSERT, META, &row));
    store_append(fixture, txn, 1, "[]");
    return txn;
}

static bool has_meta(store_fixture *fixture, const char *name)
{
    aurora__meta_row row = {.name = name};
    return store_find_committed(fixture, META, &row);
}

static aurora_status resolve(store_fixture *fixture)
{
    aurora_status status = AURORA_ETIMEDOUT;
    for (time_t end = time(NULL) + PATIENCE_S; status == AURORA_ETIMEDOUT && time(NULL) < end;)
        status = fixture->port.resolve(fixture->port.self, fixture->batch);
    return status;
}

START_TEST(test_commit__that_never_reached_the_server_is_found_undone)
{
    place at = open_place();
    aurora_store_txn *txn = put_meta(at.through, "a");

    cutting_proxy_arm(at.proxy, CUT_REQUEST);
    aurora_assert_status(at.through->port.commit(at.through->port.self, txn), AURORA_ETIMEDOUT);

    aurora_assert_status(resolve(at.through), AURORA_ENOTFOUND);
    ck_assert(!has_meta(at.fixture, "a"));
    store_commit(at.through, put_meta(at.through, "a"));
    ck_assert(has_meta(at.fixture, "a"));
    ck_assert_int_eq(at.through->appended.position, 1);
    close_place(&at);
}
END_TEST

START_TEST(test_commit__whose_answer_was_lost_is_found_done)
{
    place at = open_place();
    aurora_store_txn *txn = put_meta(at.through, "a");

    cutting_proxy_arm(at.proxy, CUT_ANSWER);
    aurora_assert_status(at.through->port.commit(at.through->port.self, txn), AURORA_ETIMEDOUT);

    aurora_assert_ok(resolve(at.through));
    ck_assert(has_meta(at.fixture, "a"));
    store_commit(at.through, put_meta(at.through, "b"));
    ck_assert_int_eq(at.through->appended.position, 2);
    close_place(&at);
}
END_TEST

/* After a crash the server gives numbers of transactions again: here "committed" is said of a
 * number under which somebody else's mark was written. */
START_TEST(test_commit__under_a_number_that_was_given_again_is_found_undone)
{
    place at = open_place();
    char schema[64], sql[256];
    aurora_store_txn *txn = put_meta(at.through, "a");
    cutting_proxy_arm(at.proxy, CUT_ANSWER);
    aurora_assert_status(at.through->port.commit(at.through->port.self, txn), AURORA_ETIMEDOUT);
    postgres_run(at.fixture->address,
                 "SELECT schemaname FROM pg_tables WHERE tablename = 'last_batch'", schema,
                 sizeof schema);
    snprintf(sql, sizeof sql, "UPDATE %s.last_batch SET batch = gen_random_uuid()", schema);
    postgres_run(at.fixture->address, sql, NULL, 0);

    aurora_assert_status(resolve(at.through), AURORA_ENOTFOUND);

    close_place(&at);
}
END_TEST

START_TEST(test_begin__finds_out_about_a_commit_in_doubt_first)
{
    place at = open_place();
    aurora_store_txn *txn = put_meta(at.through, "a");
    aurora_id doubted = at.through->batch;
    cutting_proxy_arm(at.proxy, CUT_ANSWER);
    aurora_assert_status(at.through->port.commit(at.through->port.self, txn), AURORA_ETIMEDOUT);

    store_commit(at.through, put_meta(at.through, "b"));

    aurora_assert_ok(at.through->port.resolve(at.through->port.self, doubted));
    aurora_assert_ok(at.through->port.resolve(at.through->port.self, at.through->batch));
    close_place(&at);
}
END_TEST

/* Ends all connections to the database but the one that asks. */
static void end_connections(const store_fixture *fixture)
{
    postgres_run(fixture->address,
                 "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE datname"
                 " = current_database() AND usename = current_user AND pid <> pg_backend_pid()",
                 NULL, 0);
}

START_TEST(test_connection__that_ended_while_idle_is_replaced)
{
    store_fixture *fixture = store_open(store_adapter_count() - 1);
    store_commit(fixture, put_meta(fixture, "a"));
    ck_assert(has_meta(fixture, "a"));

    end_connections(fixture);

    ck_assert(has_meta(fixture, "a"));
    store_commit(fixture, put_meta(fixture, "b"));
    ck_assert(has_meta(fixture, "b"));
    store_close(fixture);
}
END_TEST

START_TEST(test_connection__that_ended_in_a_batch_fails_that_batch_alone)
{
    store_fixture *fixture = store_open(store_adapter_count() - 1);
    aurora__meta_row row = {.name = "a", .value = "v"};
    aurora_store_txn *txn = store_write(fixture);

    end_connections(fixture);

    /* COMMIT was never sent: there is nothing to be in doubt about. */
    aurora_assert_ok(store_put(fixture, txn, AURORA_PUT_INSERT, META, &row));
    aurora_assert_status(fixture->port.commit(fixture->port.self, txn), AURORA_EIO);
    aurora_assert_status(fixture->port.resolve(fixture->port.self, fixture->batch),
                         AURORA_ENOTFOUND);
    ck_assert(!has_meta(fixture, "a"));
    store_commit(fixture, put_meta(fixture, "a"));
    store_close(fixture);
}
END_TEST

/* --- one flush -------------------------------------------------------------------------------- */

/* As the engine begins: nobody asks for the epoch. */
static aurora_store_txn *begin_lazily(store_fixture *fixture)
{
    aurora_store_txn *txn = NULL;
    fixture->batch = store_id(5, (uint8_t)++fixture->batches);
    aurora_assert_ok(fixture->port.begin(fixture->port.self, AURORA_TXN_WRITE, fixture->batch, 2000,
                                         NULL, &txn));
    return txn;
}

static aurora_status lock_meta(store_fixture *fixture, aurora_store_txn *txn, const char *name)
{
    static aurora_value values[2];
    aurora_value key = store_text(name);
    aurora_store_load load = {.table = store_table(META), .key = &key, .values_out = values};
    aurora_arena_port arena = store_arena(fixture);
    return fixture->port.load(fixture->port.self, txn, &load, 1, true, &arena);
}

START_TEST(test_batch__waits_for_its_locks_and_for_its_commit)
{
    place at = open_place();
    int least = INT_MAX;
    store_commit(at.through, put_meta(at.through, "a")); /* connected, and all is prepared */
    for (int i = 0; i < 4; i++) {
        cutting_proxy_answers(at.proxy);
        aurora__meta_row row = {.name = "a", .value = i % 2 ? "v" : "w"};
        aurora_store_txn *txn = begin_lazily(at.through);
        aurora_assert_ok(lock_meta(at.through, txn, "a"));
        ck_assert_int_gt(at.through->port.now_ms(at.through->port.self, txn), 0);
        aurora_assert_ok(store_put(at.through, txn, AURORA_PUT_UPDATE, META, &row));
        aurora_assert_ok(store_put(at.through, txn, AURORA_PUT_UPSERT, META, &row));
        store_append(at.through, txn, 1, "[]");
        store_commit(at.through, txn);
        ck_assert_int_eq(at.through->appended.position, i + 2);
        int answers = cutting_proxy_answers(at.proxy);
        least = answers < least ? answers : least;
    }

    /* Where an answer is slow, another connection asks what is in the way. */
    ck_assert_int_eq(least, 2);
    close_place(&at);
}
END_TEST

START_TEST(test_commit__in_doubt_is_found_also_where_nothing_was_loaded)
{
    place at = open_place();
    aurora__meta_row row = {.name = "a", .value = "v"};
    aurora_store_txn *txn = begin_lazily(at.through);
    aurora_assert_ok(store_put(at.through, txn, AURORA_PUT_INSERT, META, &row));
    /* The number by which the commit is asked for comes before it. */
    ck_assert_int_gt(at.through->port.now_ms(at.through->port.self, txn), 0);

    cutting_proxy_arm(at.proxy, CUT_ANSWER);
    aurora_assert_status(at.through->port.commit(at.through->port.self, txn), AURORA_ETIMEDOUT);

    aurora_assert_ok(resolve(at.through));
    ck_assert(has_meta(at.fixture, "a"));
    close_place(&at);
}
END_TEST

START_TEST(test_commit__of_a_refused_put_whose_answer_was_lost_is_found_undone)
{
    place at = open_place();
    store_commit(at.fixture, put_meta(at.fixture, "a"));
    aurora_store_txn *txn = put_meta(at.through, "a");

    cutting_proxy_arm(at.proxy, CUT_ANSWER);
    aurora_assert_status(at.through->port.commit(at.through->port.self, txn), AURORA_ETIMEDOUT);

    aurora_assert_status(resolve(at.through), AURORA_ENOTFOUND);
    close_place(&at);
}
END_TEST

START_TEST(test_load__behind_a_refused_put_tells_of_it)
{
    store_fixture *fixture = store_open(store_adapter_count() - 1);
    store_commit(fixture, put_meta(fixture, "a"));
    aurora__meta_row row = {.name = "a", .value = "v"};
    aurora_store_txn *txn = begin_lazily(fixture);
    aurora_assert_ok(store_put(fixture, txn, AURORA_PUT_INSERT, META, &row));

    aurora_assert_status(lock_meta(fixture, txn, "a"), AURORA_ECONFLICT);

    store_rollback(fixture, txn);
    store_commit(fixture, put_meta(fixture, "b"));
    ck_assert_int_eq(fixture->appended.position, 2);
    store_close(fixture);
}
END_TEST

START_TEST(test_rollback__of_puts_that_were_refused_leaves_the_connection_usable)
{
    store_fixture *fixture = store_open(store_adapter_count() - 1);
    store_commit(fixture, put_meta(fixture, "a"));

    store_rollback(fixture, put_meta(fixture, "a"));
    store_rollback(fixture, begin_lazily(fixture));

    store_commit(fixture, put_meta(fixture, "b"));
    ck_assert_int_eq(fixture->appended.position, 2);
    store_close(fixture);
}
END_TEST

#define MANY 12000

/* Rows with a unique index go one by one, so that there are as many results as rows, and the last
 * of them is refused: far more than sockets hold, either way. */
START_TEST(test_batch__larger_than_the_sockets_buffers_gets_through)
{
    store_fixture *fixture = store_open(store_adapter_count() - 1);
    static aurora_value values[MANY][2];
    static aurora_store_put puts[MANY];
    static char names[MANY][600];
    const aurora_table *table = store_table(AURORA__TABLE_sku);
    ck_assert_uint_eq(table->column_count, 2);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < MANY; i++) {
            int length = snprintf(names[i], sizeof names[i], "%0500d-%d", i, round);
            aurora__sku_row row = {.sku = names[i], .id = i + 1};
            ck_assert_int_gt(length, 500);
            aurora__table_pack(&aurora__tables[AURORA__TABLE_sku], &row, values[i]);
            puts[i] =
                (aurora_store_put){.table = table, .values = values[i], .kind = AURORA_PUT_INSERT};
        }
        aurora_store_txn *txn = begin_lazily(fixture);
        aurora_assert_ok(fixture->port.save(fixture->port.self, txn, puts, MANY, &fixture->failed));
        aurora_assert_status(fixture->port.commit(fixture->port.self, txn),
                             round == 0 ? AURORA_OK : AURORA_ECONFLICT);
    }
    aurora__sku_row last = {.sku = names[MANY - 1]};
    ck_assert(!store_find_committed(fixture, AURORA__TABLE_sku, &last));
    store_close(fixture);
}
END_TEST

START_TEST(test_server__that_falls_silent_is_given_up)
{
    place at = open_place();
    aurora_store_txn *txn = store_read(at.through);
    aurora_value key = store_text("a");
    aurora_value values[2];
    aurora_store_load load = {.table = store_table(META), .key = &key, .values_out = values};
    aurora_arena_port arena = store_arena(at.through);

    cutting_proxy_arm(at.proxy, CUT_SILENCE);
    aurora_status status =
        at.through->port.load(at.through->port.self, txn, &load, 1, false, &arena);

    aurora_assert_status(status, AURORA_EIO);
    store_rollback(at.through, txn);
    cutting_proxy_arm(at.proxy, CUT_NEVER);
    ck_assert(!has_meta(at.through, "a"));
    close_place(&at);
}
END_TEST

START_TEST(test_server__that_is_not_there_answers_eio)
{
    place at = open_place();
    uint64_t epoch;
    aurora_store_txn *txn = NULL;
    const aurora_id batch = store_id(3, 3);
    cutting_proxy_free(at.proxy);

    aurora_assert_status(
        at.through->port.begin(at.through->port.self, AURORA_TXN_WRITE, batch, 100, &epoch, &txn),
        AURORA_EIO);
    aurora_assert_status(
        at.through->port.begin(at.through->port.self, AURORA_TXN_READ, batch, 100, &epoch, &txn),
        AURORA_EIO);

    at.proxy = cutting_proxy_new(port_of(at.fixture));
    close_place(&at);
}
END_TEST

static Suite *store_postgres_lost_suite(void)
{
    if (!postgres_is_there())
        return NULL;
    Suite *suite = suite_create("store_postgres_lost");
    TCase *lost = tcase_create("lost");
    tcase_set_timeout(lost, 120);
    tcase_add_test(lost, test_commit__that_never_reached_the_server_is_found_undone);
    tcase_add_test(lost, test_commit__whose_answer_was_lost_is_found_done);
    tcase_add_test(lost, test_commit__under_a_number_that_was_given_again_is_found_undone);
    tcase_add_test(lost, test_begin__finds_out_about_a_commit_in_doubt_first);
    tcase_add_test(lost, test_connection__that_ended_while_idle_is_replaced);
    tcase_add_test(lost, test_connection__that_ended_in_a_batch_fails_that_batch_alone);
    tcase_add_test(lost, test_batch__waits_for_its_locks_and_for_its_commit);
    tcase_add_test(lost, test_commit__in_doubt_is_found_also_where_nothing_was_loaded);
    tcase_add_test(lost, test_commit__of_a_refused_put_whose_answer_was_lost_is_found_undone);
    tcase_add_test(lost, test_load__behind_a_refused_put_tells_of_it);
    tcase_add_test(lost, test_rollback__of_puts_that_were_refused_leaves_the_connection_usable);
    tcase_add_test(lost, test_batch__larger_than_the_sockets_buffers_gets_through);
    tcase_add_test(lost, test_server__that_falls_silent_is_given_up);
    tcase_add_test(lost, test_server__that_is_not_there_answers_eio);
    suite_add_tcase(suite, lost);
    return suite;
}

AURORA_TEST_MAIN(store_postgres_lost_suite)
