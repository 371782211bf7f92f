/* SPDX-License-Identifier: MIT */
#include <sys/wait.h>
#include <unistd.h>

#include "api/fault.h"
#include "store_fixture.h"
#include "test.h"

typedef struct {
    store_fixture *fixture;
    uint32_t flags; /* of the store behind it */
    aurora_fault_plan *plan;
    aurora_failing_allocator heap;
    aurora_allocator allocator;
} setup;

static void open_faulty(setup *with, int adapter)
{
    with->fixture = store_open(adapter);
    with->flags = with->fixture->port.flags;
    aurora_assert_ok(aurora_fault_plan_new(&with->plan));
    aurora_failing_allocator_init(&with->heap, UINT64_MAX, 0);
    aurora_failing_allocator_attach(&with->heap, &with->allocator);
    aurora_assert_ok(aurora__fault_store_wrap(&with->fixture->port, with->plan, &with->allocator));
}

static void close_faulty(setup *with)
{
    store_close(with->fixture);
    ck_assert_uint_eq(aurora_failing_allocator_live(&with->heap), 0);
    aurora_fault_plan_free(with->plan);
}

static void set(setup *with, const char *name, int32_t action, aurora_status status)
{
    aurora_assert_ok(aurora_fault_plan_set(with->plan, name, 1, action, status));
}

static aurora_store_txn *put_meta(setup *with, const char *value)
{
    aurora__meta_row row = {.name = "n", .value = value};
    aurora_store_txn *txn = store_write(with->fixture);
    aurora_assert_ok(store_put(with->fixture, txn, AURORA_PUT_UPSERT, AURORA__TABLE_meta, &row));
    return txn;
}

static bool is_stored(setup *with)
{
    aurora__meta_row row = {.name = "n", .value = ""};
    return store_find_committed(with->fixture, AURORA__TABLE_meta, &row);
}

static aurora_status commit(setup *with, aurora_store_txn *txn)
{
    return with->fixture->port.commit(with->fixture->port.self, txn);
}

static aurora_status resolve(setup *with)
{
    return with->fixture->port.resolve(with->fixture->port.self, with->fixture->batch);
}

START_TEST(test_fault_store__without_a_fault_is_the_store_itself)
{
    setup with;
    open_faulty(&with, _i);

    store_commit(with.fixture, put_meta(&with, "v"));

    ck_assert(is_stored(&with));
    ck_assert_uint_eq(with.fixture->port.flags, with.flags);
    ck_assert_uint_eq(aurora_fault_plan_visits(with.plan, "store.commit"), 1);
    ck_assert_uint_eq(aurora_fault_plan_visits(with.plan, "store.committed"), 1);
    ck_assert_uint_eq(aurora_fault_plan_visits(with.plan, "store.begin"), 1);
    ck_assert_uint_eq(aurora_fault_plan_visits(with.plan, "store.begin_read"), 1);
    close_faulty(&with);
}
END_TEST

START_TEST(test_fault_store__failed_commit_writes_nothing)
{
    setup with;
    open_faulty(&with, _i);
    set(&with, "store.commit", AURORA_FAULT_FAIL, AURORA_EFULL);

    aurora_assert_status(commit(&with, put_meta(&with, "v")), AURORA_EFULL);

    ck_assert(!is_stored(&with));
    store_commit(with.fixture, put_meta(&with, "v")); /* the writer's seat is free again */
    ck_assert(is_stored(&with));
    close_faulty(&with);
}
END_TEST

START_TEST(test_fault_store__lost_commit_resolves_as_done)
{
    setup with;
    open_faulty(&with, _i);
    set(&with, "store.commit", AURORA_FAULT_LOSE, 0);

    aurora_assert_status(commit(&with, put_meta(&with, "v")), AURORA_ETIMEDOUT);

    aurora_assert_ok(resolve(&with));
    ck_assert(is_stored(&with));
    close_faulty(&with);
}
END_TEST

START_TEST(test_fault_store__unknown_commit_that_failed_resolves_as_not_there)
{
    setup with;
    open_faulty(&with, _i);
    set(&with, "store.commit", AURORA_FAULT_FAIL, AURORA_ETIMEDOUT);

    aurora_assert_status(commit(&with, put_meta(&with, "v")), AURORA_ETIMEDOUT);

    aurora_assert_status(resolve(&with), AURORA_ENOTFOUND);
    ck_assert(!is_stored(&with));
    close_faulty(&with);
}
END_TEST

START_TEST(test_fault_store__resolve_may_stay_unknown_for_a_while)
{
    setup with;
    open_faulty(&with, _i);
    set(&with, "store.commit", AURORA_FAULT_LOSE, 0);
    set(&with, "store.resolve", AURORA_FAULT_LOSE, 0);
    aurora_assert_status(commit(&with, put_meta(&with, "v")), AURORA_ETIMEDOUT);

    aurora_assert_status(resolve(&with), AURORA_ETIMEDOUT);

    aurora_assert_ok(resolve(&with));
    close_faulty(&with);
}
END_TEST

/* In a process that opens the file by itself: none may be open at a fork. */
static void die_at(setup *with, const char *step)
{
    int how;
    with->fixture->port.close(with->fixture->port.self);
    pid_t child = fork();
    store_attach_again(with->fixture);
    if (child == 0) {
        aurora_assert_ok(
            aurora__fault_store_wrap(&with->fixture->port, with->plan, &with->allocator));
        set(with, step, AURORA_FAULT_KILL, 0);
        commit(with, put_meta(with, "v"));
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, &how, 0), child);
    ck_assert(WIFSIGNALED(how) && WTERMSIG(how) == SIGKILL);
}

START_TEST(test_fault_store__killed_before_the_commit_nothing_is_there)
{
    setup with;
    open_faulty(&with, _i);
    if (with.fixture->adapter->is_file) {
        die_at(&with, "store.commit");
        ck_assert(!is_stored(&with));
    }
    close_faulty(&with);
}
END_TEST

START_TEST(test_fault_store__killed_after_the_commit_it_is_there)
{
    setup with;
    open_faulty(&with, _i);
    if (with.fixture->adapter->is_file) {
        die_at(&with, "store.committed");
        ck_assert(is_stored(&with));
    }
    close_faulty(&with);
}
END_TEST

START_TEST(test_fault_store__each_step_fails_with_the_given_status)
{
    setup with;
    open_faulty(&with, _i);
    aurora_store *port = &with.fixture->port;
    aurora_arena_port arena = store_arena(with.fixture);
    aurora_store_txn *txn;
    uint64_t epoch;
    uint32_t failed, count;
    aurora_log_row row = {.count = 1, .format = 1, .body = "[]", .body_length = 2};
    aurora_log_bounds bounds;
    aurora_store_load load = {0};
    aurora_store_scan scan = {0};

    set(&with, "store.begin", AURORA_FAULT_FAIL, AURORA_EBUSY);
    aurora_assert_status(
        port->begin(port->self, AURORA_TXN_WRITE, with.fixture->batch, 0, &epoch, &txn),
        AURORA_EBUSY);
    set(&with, "store.begin_read", AURORA_FAULT_FAIL, AURORA_EIO);
    aurora_assert_status(
        port->begin(port->self, AURORA_TXN_READ, with.fixture->batch, 0, &epoch, &txn), AURORA_EIO);
    txn = store_write(with.fixture);
    set(&with, "store.load", AURORA_FAULT_FAIL, AURORA_ECORRUPT);
    aurora_assert_status(port->load(port->self, txn, &load, 1, false, &arena), AURORA_ECORRUPT);
    set(&with, "store.scan", AURORA_FAULT_FAIL, AURORA_EIO);
    aurora_assert_status(port->scan(port->self, txn, &scan, &arena), AURORA_EIO);
    set(&with, "store.save", AURORA_FAULT_FAIL, AURORA_ECONFLICT);
    aurora_assert_status(port->save(port->self, txn, NULL, 1, &failed), AURORA_ECONFLICT);
    ck_assert_uint_eq(failed, 0);
    set(&with, "store.append", AURORA_FAULT_FAIL, AURORA_EFULL);
    aurora_assert_status(port->append(port->self, txn, &row), AURORA_EFULL);
    set(&with, "store.log_bounds", AURORA_FAULT_FAIL, AURORA_EIO);
    aurora_assert_status(port->log_bounds(port->self, txn, &bounds), AURORA_EIO);
    set(&with, "store.log_read", AURORA_FAULT_FAIL, AURORA_EIO);
    aurora_assert_status(port->log_read(port->self, txn, 1, 1, &row, 1, &count, &arena),
                         AURORA_EIO);
    set(&with, "store.log_trim", AURORA_FAULT_FAIL, AURORA_EIO);
    aurora_assert_status(port->log_trim(port->self, txn, 1, 1), AURORA_EIO);
    store_rollback(with.fixture, txn);
    set(&with, "store.maintain", AURORA_FAULT_FAIL, AURORA_EIO);
    aurora_assert_status(port->maintain(port->self, true), AURORA_EIO);
    set(&with, "store.backup", AURORA_FAULT_FAIL, AURORA_EFULL);
    aurora_assert_status(port->backup(port->self, "/nowhere", NULL), AURORA_EFULL);

    close_faulty(&with);
}
END_TEST

START_TEST(test_fault_store__lost_begin_leaves_the_seat_free)
{
    setup with;
    open_faulty(&with, _i);
    aurora_store *port = &with.fixture->port;
    aurora_store_txn *txn;
    uint64_t epoch;
    set(&with, "store.begin", AURORA_FAULT_LOSE, 0);

    aurora_assert_status(
        port->begin(port->self, AURORA_TXN_WRITE, with.fixture->batch, 0, &epoch, &txn),
        AURORA_EIO);

    store_commit(with.fixture, put_meta(&with, "v"));
    close_faulty(&with);
}
END_TEST

START_TEST(test_fault_store__lost_save_has_happened_in_the_transaction)
{
    setup with;
    open_faulty(&with, _i);
    aurora__meta_row row = {.name = "n", .value = "v"};
    aurora_store_txn *txn = store_write(with.fixture);
    set(&with, "store.save", AURORA_FAULT_LOSE, 0);

    aurora_assert_status(store_put(with.fixture, txn, AURORA_PUT_INSERT, AURORA__TABLE_meta, &row),
                         AURORA_EIO);

    store_rollback(with.fixture, txn);
    ck_assert(!is_stored(&with));
    close_faulty(&with);
}
END_TEST

START_TEST(test_fault_store__without_memory_the_store_stays_bare)
{
    store_fixture *fixture = store_open(_i);
    aurora_failing_allocator heap;
    aurora_allocator allocator;
    aurora_fault_plan *plan;
    aurora_assert_ok(aurora_fault_plan_new(&plan));
    aurora_failing_allocator_init(&heap, 0, 0);
    aurora_failing_allocator_attach(&heap, &allocator);
    void *self = fixture->port.self;

    aurora_assert_status(aurora__fault_store_wrap(&fixture->port, plan, &allocator), AURORA_ENOMEM);

    ck_assert_ptr_eq(fixture->port.self, self);
    store_close(fixture);
    aurora_fault_plan_free(plan);
}
END_TEST

static Suite *fault_store_suite(void)
{
    Suite *suite = suite_create("fault_store");
    TCase *tcase = tcase_create("fault_store");
    const int n = store_adapter_count();
    tcase_add_loop_test(tcase, test_fault_store__without_a_fault_is_the_store_itself, 0, n);
    tcase_add_loop_test(tcase, test_fault_store__failed_commit_writes_nothing, 0, n);
    tcase_add_loop_test(tcase, test_fault_store__lost_commit_resolves_as_done, 0, n);
    tcase_add_loop_test(tcase, test_fault_store__unknown_commit_that_failed_resolves_as_not_there,
                        0, n);
    tcase_add_loop_test(tcase, test_fault_store__resolve_may_stay_unknown_for_a_while, 0, n);
    tcase_add_loop_test(tcase, test_fault_store__killed_before_the_commit_nothing_is_there, 0, n);
    tcase_add_loop_test(tcase, test_fault_store__killed_after_the_commit_it_is_there, 0, n);
    tcase_add_loop_test(tcase, test_fault_store__each_step_fails_with_the_given_status, 0, n);
    tcase_add_loop_test(tcase, test_fault_store__lost_begin_leaves_the_seat_free, 0, n);
    tcase_add_loop_test(tcase, test_fault_store__lost_save_has_happened_in_the_transaction, 0, n);
    tcase_add_loop_test(tcase, test_fault_store__without_memory_the_store_stays_bare, 0, n);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(fault_store_suite)
