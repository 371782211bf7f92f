/* SPDX-License-Identifier: MIT */
/* What only the store in memory does: faults on demand, every allocation that fails, nulls in an
 * index, memory given back, and trees that grow and shrink by thousands. The rest of its promise is
 * the contract suite's. */
#include <stdlib.h>
#include <string.h>

#include "adapters/store_memory/store_memory.h"
#include "test.h"

/* --- a table of our own --------------------------------------------------------------------- */

static const aurora_column columns[] = {{"id", AURORA_COLUMN_INT64, 0},
                                        {"grade", AURORA_COLUMN_INT64, 1},
                                        {"name", AURORA_COLUMN_TEXT, 1},
                                        {"version", AURORA_COLUMN_INT64, 0}};
static const uint8_t by_grade[] = {1};
static const uint8_t by_name[] = {2};
static const aurora_index indexes[] = {
    {"by_grade", by_grade, 1, 0, -1}, /* nulls are in it */
    {"by_name", by_name, 1, 1, -1},   /* unique, and any number of nulls */
};
static const aurora_table table = {.name = "pupils",
                                   .columns = columns,
                                   .column_count = 4,
                                   .key_count = 1,
                                   .indexes = indexes,
                                   .index_count = 2,
                                   .version_column = 3};
static const aurora_table *const tables[] = {&table};

/* Counts live blocks, and answers NULL when `left` has come down to 0. */
typedef struct {
    int64_t left;
    int64_t live;
} rationed_heap;

static bool is_refused(rationed_heap *ration)
{
    if (ration->left == 0)
        return true;
    ration->left--;
    return false;
}

static void *ration_allocate(void *self, size_t bytes)
{
    rationed_heap *own = self;
    if (is_refused(own))
        return NULL;
    own->live++;
    return malloc(bytes);
}

static void *ration_reallocate(void *self, void *memory, size_t bytes)
{
    rationed_heap *own = self;
    if (is_refused(own))
        return NULL;
    own->live += memory == NULL;
    return realloc(memory, bytes);
}

static void ration_release(void *self, void *memory)
{
    rationed_heap *own = self;
    own->live -= memory != NULL;
    free(memory);
}

static void log_nothing(void *self, int32_t level, const char *message)
{
    (void)self;
    (void)level;
    (void)message;
}

static aurora_status open_store(rationed_heap *ration, aurora_store *out)
{
    const aurora_allocator allocator = {.size = sizeof allocator,
                                        .self = ration,
                                        .allocate = ration_allocate,
                                        .reallocate = ration_reallocate,
                                        .release = ration_release};
    const aurora_store_options options = {.size = sizeof options,
                                          .address = "",
                                          .tables = tables,
                                          .table_count = 1,
                                          .allocator = &allocator,
                                          .log = log_nothing};
    aurora_error err = AURORA_ERROR_INIT;
    return aurora__store_memory_open(&options, out, &err);
}

static char arena_bytes[1 << 16];
static size_t arena_used;

static void *arena_allocate(void *self, size_t bytes)
{
    (void)self;
    void *memory = arena_bytes + arena_used;
    arena_used += (bytes + 7) & ~(size_t)7;
    ck_assert_uint_le(arena_used, sizeof arena_bytes);
    return memory;
}

static const aurora_arena_port arena = {.allocate = arena_allocate};

static aurora_status begin(aurora_store *store, uint32_t kind, uint8_t batch,
                           aurora_store_txn **out)
{
    const aurora_id id = {{batch}};
    uint64_t epoch;
    return store->begin(store->self, kind, id, 0, &epoch, out);
}

/* grade -1 and name NULL are nulls. */
static aurora_status put(aurora_store *store, aurora_store_txn *txn, uint32_t kind, int64_t id,
                         int64_t grade, const char *name)
{
    aurora_value values[4] = {{.kind = AURORA_COLUMN_INT64, .number = id},
                              {.kind = AURORA_COLUMN_INT64, .number = grade},
                              {.kind = AURORA_COLUMN_TEXT, .bytes = name},
                              {.kind = AURORA_COLUMN_INT64, .number = 1}};
    if (grade < 0)
        values[1] = (aurora_value){0};
    if (name == NULL)
        values[2] = (aurora_value){0};
    else
        values[2].length = (uint32_t)strlen(name);
    const aurora_store_put put = {
        .table = &table, .values = values, .version_loaded = 1, .kind = kind};
    uint32_t failed;
    return store->save(store->self, txn, &put, 1, &failed);
}

static aurora_store_txn *begin_write(aurora_store *store)
{
    aurora_store_txn *txn = NULL;
    aurora_assert_ok(begin(store, AURORA_TXN_WRITE, 1, &txn));
    return txn;
}

static aurora_value found[1024 * 4];

/* Rows of an index between two bounds, which may be NULL. */
static uint32_t scan(aurora_store *store, int32_t index, const aurora_value *lower,
                     const aurora_value *upper, uint32_t flags)
{
    aurora_store_scan scan = {.table = &table,
                              .index = index,
                              .flags = flags,
                              .lower = lower,
                              .upper = upper,
                              .lower_count = lower != NULL,
                              .upper_count = upper != NULL,
                              .limit = 1024,
                              .values_out = found};
    aurora_store_txn *txn = NULL;
    arena_used = 0;
    aurora_assert_ok(begin(store, AURORA_TXN_READ, 0, &txn));
    aurora_assert_ok(store->scan(store->self, txn, &scan, &arena));
    store->rollback(store->self, txn);
    return scan.row_count_out;
}

/* --- faults --------------------------------------------------------------------------------- */

START_TEST(test_faults__each_call_answers_its_fault_once)
{
    rationed_heap heap = {.left = -1};
    aurora_store store;
    aurora_assert_ok(open_store(&heap, &store));
    aurora__store_memory_faults_t *faults = aurora__store_memory_faults(&store);
    aurora_store_txn *txn = NULL;

    faults->begin_write.status = AURORA_EBUSY;
    aurora_assert_status(begin(&store, AURORA_TXN_WRITE, 1, &txn), AURORA_EBUSY);
    txn = begin_write(&store);
    faults->save.skip = 1;
    faults->save.status = AURORA_EFULL;
    aurora_assert_ok(put(&store, txn, AURORA_PUT_INSERT, 1, 1, NULL));
    aurora_assert_status(put(&store, txn, AURORA_PUT_INSERT, 2, 1, NULL), AURORA_EFULL);
    store.rollback(store.self, txn);
    txn = begin_write(&store);
    aurora_assert_ok(put(&store, txn, AURORA_PUT_INSERT, 1, 1, NULL));
    faults->commit.status = AURORA_EIO;
    aurora_assert_status(store.commit(store.self, txn), AURORA_EIO);

    ck_assert_uint_eq(scan(&store, -1, NULL, NULL, 0), 0);
    store.close(store.self);
    ck_assert_int_eq(heap.live, 0);
}
END_TEST

START_TEST(test_faults__unknown_commit_resolves_as_told)
{
    const aurora_status outcomes[] = {AURORA_OK, AURORA_ENOTFOUND};
    const aurora_id batch = {{9}};
    rationed_heap heap = {.left = -1};
    aurora_store store;
    aurora_store_txn *txn = NULL;
    aurora_assert_ok(open_store(&heap, &store));
    aurora__store_memory_faults_t *faults = aurora__store_memory_faults(&store);
    aurora_assert_ok(begin(&store, AURORA_TXN_WRITE, 9, &txn));
    aurora_assert_ok(put(&store, txn, AURORA_PUT_INSERT, 1, 1, NULL));

    faults->commit_outcome = outcomes[_i];
    faults->resolve_delay = 2;
    faults->commit.status = AURORA_ETIMEDOUT;
    aurora_assert_status(store.commit(store.self, txn), AURORA_ETIMEDOUT);

    aurora_assert_status(store.resolve(store.self, batch), AURORA_ETIMEDOUT);
    aurora_assert_status(store.resolve(store.self, batch), AURORA_ETIMEDOUT);
    aurora_assert_status(store.resolve(store.self, batch), outcomes[_i]);
    aurora_assert_status(store.resolve(store.self, batch), outcomes[_i]);
    ck_assert_uint_eq(scan(&store, -1, NULL, NULL, 0), outcomes[_i] == AURORA_OK);
    store.close(store.self);
    ck_assert_int_eq(heap.live, 0);
}
END_TEST

/* --- memory --------------------------------------------------------------------------------- */

/* A row whose grade and name follow from its id. */
static aurora_status put_pupil(aurora_store *store, aurora_store_txn *txn, uint32_t kind,
                               int64_t id)
{
    const char name[4] = {'n', (char)('a' + id / 26 % 26), (char)('a' + id % 26), 0};
    return put(store, txn, kind, id, id % 7, name);
}

/* Rows 100 to 199 with names, committed, so that later work meets trees with inner nodes. */
static aurora_status fill(aurora_store *store)
{
    aurora_store_txn *txn = NULL;
    aurora_status rc = begin(store, AURORA_TXN_WRITE, 1, &txn);
    if (rc != AURORA_OK)
        return rc;
    for (int64_t id = 100; id < 200 && rc == AURORA_OK; id++)
        rc = put_pupil(store, txn, AURORA_PUT_INSERT, id);
    if (rc == AURORA_OK)
        return store->commit(store->self, txn);
    store->rollback(store->self, txn);
    return rc;
}

/* Every kind of put, a key too long for its local bytes, a log row and its removal. */
static aurora_status work(aurora_store *store)
{
    static char long_name[1000];
    memset(long_name, 'x', sizeof long_name - 1);
    aurora_log_row row = {.count = 3, .body = "[1,2,3]", .body_length = 7};
    aurora_store_txn *txn = NULL;
    aurora_status rc = begin(store, AURORA_TXN_WRITE, 2, &txn);
    if (rc != AURORA_OK)
        return rc;
    rc = put(store, txn, AURORA_PUT_INSERT, 1, 3, long_name);
    if (rc == AURORA_OK)
        rc = put(store, txn, AURORA_PUT_UPDATE, 150, 4, "other");
    if (rc == AURORA_OK)
        rc = put(store, txn, AURORA_PUT_UPSERT, 151, -1, NULL);
    for (int64_t id = 160; id < 199 && rc == AURORA_OK; id++)
        rc = put(store, txn, AURORA_PUT_DELETE, id, 0, NULL);
    if (rc == AURORA_OK)
        rc = store->append(store->self, txn, &row);
    if (rc == AURORA_OK)
        rc = store->log_trim(store->self, txn, 100, 10);
    if (rc == AURORA_OK)
        return store->commit(store->self, txn);
    store->rollback(store->self, txn);
    return rc;
}

/* 100 rows before the work and 62 after it, in each index. */
static void assert_rows(aurora_store *store, uint32_t count)
{
    for (int32_t index = -1; index < 2; index++)
        ck_assert_uint_eq(scan(store, index, NULL, NULL, 0), count);
}

START_TEST(test_memory__each_failing_allocation_leaves_the_store_as_it_was)
{
    rationed_heap heap = {.left = -1};
    aurora_store store;
    aurora_assert_ok(open_store(&heap, &store));
    aurora_assert_ok(fill(&store));
    int64_t live = heap.live;
    aurora_status rc = AURORA_ENOMEM;
    int64_t n = 0;
    for (; rc != AURORA_OK; n++) {
        heap.left = n;
        rc = work(&store);
        heap.left = -1;
        if (rc == AURORA_OK)
            break;
        aurora_assert_status(rc, AURORA_ENOMEM);
        ck_assert_int_eq(heap.live, live);
        assert_rows(&store, 100);
    }
    ck_assert_int_gt(n, 10);
    assert_rows(&store, 62);
    store.close(store.self);
    ck_assert_int_eq(heap.live, 0);
}
END_TEST

START_TEST(test_memory__open_that_fails_leaks_nothing)
{
    aurora_store store;
    aurora_status rc = AURORA_ENOMEM;
    for (int64_t n = 0; rc != AURORA_OK; n++) {
        rationed_heap heap = {.left = n};
        rc = open_store(&heap, &store);
        if (rc == AURORA_OK)
            store.close(store.self);
        else
            aurora_assert_status(rc, AURORA_ENOMEM);
        ck_assert_int_eq(heap.live, 0);
        ck_assert_int_lt(n, 20);
    }
}
END_TEST

START_TEST(test_memory__what_was_replaced_goes_with_its_last_reader)
{
    rationed_heap heap = {.left = -1};
    aurora_store store;
    aurora_assert_ok(open_store(&heap, &store));
    aurora_assert_ok(fill(&store));
    int64_t live = heap.live;
    int64_t bytes = store.bytes_used(store.self);
    aurora_store_txn *old = NULL;
    aurora_store_txn *young = NULL;
    aurora_assert_ok(begin(&store, AURORA_TXN_READ, 0, &old));
    for (int i = 0; i < 40; i++) {
        aurora_store_txn *txn = begin_write(&store);
        aurora_assert_ok(put_pupil(&store, txn, AURORA_PUT_UPDATE, 100 + i));
        aurora_assert_ok(put_pupil(&store, txn, AURORA_PUT_UPDATE, 100 + i));
        aurora_assert_ok(store.commit(store.self, txn));
        if (i == 20)
            aurora_assert_ok(begin(&store, AURORA_TXN_READ, 0, &young));
    }
    int64_t held = heap.live;
    ck_assert_int_gt(held, live + 80);

    store.rollback(store.self, old);
    ck_assert_int_lt(heap.live, held);
    store.rollback(store.self, young);

    ck_assert_int_eq(heap.live, live);
    ck_assert_int_eq(store.bytes_used(store.self), bytes);
    store.close(store.self);
    ck_assert_int_eq(heap.live, 0);
}
END_TEST

START_TEST(test_memory__empty_tables_use_none)
{
    rationed_heap heap = {.left = -1};
    aurora_store store;
    aurora_assert_ok(open_store(&heap, &store));
    int64_t live = heap.live;
    uint64_t random = aurora_test_seed("grow and shrink", 7);
    for (int round = 0; round < 2; round++) {
        aurora_store_txn *txn = begin_write(&store);
        for (int64_t id = 0; id < 20000; id++)
            aurora_assert_ok(
                put(&store, txn, AURORA_PUT_INSERT, id * 7919 % 20011, id % 100, NULL));
        aurora_assert_ok(store.commit(store.self, txn));
        uint64_t start = aurora_test_random(&random) % 20011;
        for (uint64_t i = 0; i < 20011; i++) {
            if (i % 1000 == 0)
                txn = begin_write(&store);
            int64_t id = (int64_t)((start + i * (round ? 104729 : 1)) % 20011);
            aurora_assert_ok(put(&store, txn, AURORA_PUT_DELETE, id, 0, NULL));
            if (i % 1000 == 999 || i == 20010)
                aurora_assert_ok(store.commit(store.self, txn));
        }
        ck_assert_uint_eq(scan(&store, 0, NULL, NULL, 0), 0);
        ck_assert_int_eq(heap.live, live);
        ck_assert_int_eq(store.bytes_used(store.self), 0);
    }
    store.close(store.self);
    ck_assert_int_eq(heap.live, 0);
}
END_TEST

/* --- nulls in an index ---------------------------------------------------------------------- */

START_TEST(test_index__nulls_are_in_it_but_in_no_bounded_range)
{
    const aurora_value bound = {.kind = AURORA_COLUMN_INT64, .number = 5};
    rationed_heap heap = {.left = -1};
    aurora_store store;
    aurora_assert_ok(open_store(&heap, &store));
    aurora_store_txn *txn = begin_write(&store);
    aurora_assert_ok(put(&store, txn, AURORA_PUT_INSERT, 1, -1, NULL));
    aurora_assert_ok(put(&store, txn, AURORA_PUT_INSERT, 2, 3, NULL));
    aurora_assert_ok(put(&store, txn, AURORA_PUT_INSERT, 3, 8, NULL));
    aurora_assert_ok(store.commit(store.self, txn));

    ck_assert_uint_eq(scan(&store, 0, NULL, NULL, 0), 3);
    ck_assert_uint_eq(scan(&store, 0, &bound, NULL, 0), 1);
    ck_assert_uint_eq(scan(&store, 0, NULL, &bound, 0), 1);
    ck_assert_int_eq(found[0].number, 2);
    ck_assert_uint_eq(scan(&store, 0, NULL, &bound, AURORA_SCAN_DESCENDING), 1);
    ck_assert_uint_eq(scan(&store, 0, &bound, NULL, AURORA_SCAN_DESCENDING), 1);
    store.close(store.self);
    ck_assert_int_eq(heap.live, 0);
}
END_TEST

START_TEST(test_index__unique_one_allows_many_nulls)
{
    rationed_heap heap = {.left = -1};
    aurora_store store;
    aurora_assert_ok(open_store(&heap, &store));
    aurora_store_txn *txn = begin_write(&store);

    aurora_assert_ok(put(&store, txn, AURORA_PUT_INSERT, 1, 1, NULL));
    aurora_assert_ok(put(&store, txn, AURORA_PUT_INSERT, 2, 1, NULL));
    aurora_assert_ok(put(&store, txn, AURORA_PUT_INSERT, 3, 1, "Ann"));
    aurora_assert_status(put(&store, txn, AURORA_PUT_INSERT, 4, 1, "Ann"), AURORA_ECONFLICT);

    store.rollback(store.self, txn);
    store.close(store.self);
    ck_assert_int_eq(heap.live, 0);
}
END_TEST

static Suite *store_memory_suite(void)
{
    Suite *suite = suite_create("store_memory");
    TCase *all = tcase_create("all");
    tcase_add_test(all, test_faults__each_call_answers_its_fault_once);
    tcase_add_loop_test(all, test_faults__unknown_commit_resolves_as_told, 0, 2);
    tcase_add_test(all, test_memory__each_failing_allocation_leaves_the_store_as_it_was);
    tcase_add_test(all, test_memory__open_that_fails_leaks_nothing);
    tcase_add_test(all, test_memory__what_was_replaced_goes_with_its_last_reader);
    tcase_add_test(all, test_memory__empty_tables_use_none);
    tcase_add_test(all, test_index__nulls_are_in_it_but_in_no_bounded_range);
    tcase_add_test(all, test_index__unique_one_allows_many_nulls);
    suite_add_tcase(suite, all);
    return suite;
}

AURORA_TEST_MAIN(store_memory_suite)
