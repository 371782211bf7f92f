/* SPDX-License-Identifier: MIT */
#include "api/random.h"
#include "engine/keys.h"

#include <aurora/testing.h>

#include <stdio.h>
#include <string.h>

#include "adapters/store_memory/store_memory.h"
#include "engine/internal.h"
#include "test.h"

#define NOW INT64_C(1750000000000)
#define HOUR INT64_C(3600000)
#define DAY (24 * HOUR)

/* An engine of which only what the map reads is there. */
typedef struct {
    aurora__engine engine;
    aurora__turn turn;
    aurora_failing_allocator failing;
    aurora_allocator allocator;
    int64_t ticks;
} fixture;

static void swallow(void *self, int32_t level, const char *message)
{
    (void)self;
    (void)level;
    (void)message;
}

static int64_t stand(void *self)
{
    (void)self;
    return NOW;
}

/* A millisecond goes by with each look at it. */
static int64_t tick(void *self)
{
    return ((fixture *)self)->ticks++ * 1000000;
}

static void start(fixture *f)
{
    static const aurora_table *tables[AURORA__TABLE_COUNT];
    aurora_error err = AURORA_ERROR_INIT;
    memset(f, 0, sizeof *f);
    for (int i = 0; i < AURORA__TABLE_COUNT; i++)
        tables[i] = &aurora__tables[i].table;
    aurora_failing_allocator_init(&f->failing, UINT64_MAX, 0);
    aurora_failing_allocator_attach(&f->failing, &f->allocator);
    f->engine.options.allocator = &f->allocator;
    f->engine.options.key_keep_ms = DAY;
    f->engine.options.clock = (aurora_clock){
        .size = sizeof(aurora_clock), .self = f, .wall_ms = stand, .monotonic_ns = tick};
    aurora_assert_ok(aurora__random_copy(&f->engine.options.random, NULL, &err));
    aurora_store_options options = {.size = sizeof options,
                                    .address = "",
                                    .tables = tables,
                                    .table_count = AURORA__TABLE_COUNT,
                                    .allocator = &f->allocator,
                                    .log = swallow};
    aurora_assert_ok(aurora__store_memory_open(&options, &f->engine.store, &err));
    aurora_assert_ok(aurora__keys_new(&f->engine));
    f->turn.engine = &f->engine;
    f->turn.step.now_ms = NOW;
}

static void stop(fixture *f)
{
    aurora__keys_free(&f->engine);
    f->engine.store.close(f->engine.store.self);
    ck_assert_uint_eq(aurora_failing_allocator_live(&f->failing), 0);
}

static aurora_id id_at(int64_t ms, uint8_t number)
{
    aurora_id id = aurora__id_floor(ms);
    id.bytes[15] = (uint8_t)(number << 3);
    return id;
}

static void begin(fixture *f, uint32_t kind)
{
    uint64_t epoch;
    aurora_id batch = id_at(NOW, 31);
    aurora_assert_ok(
        f->engine.store.begin(f->engine.store.self, kind, batch, 0, &epoch, &f->turn.txn));
}

static void end(fixture *f)
{
    f->engine.store.rollback(f->engine.store.self, f->turn.txn);
}

/* Stores an order that was made under a key. */
static void store_order(fixture *f, const aurora_id *id, int64_t created_at, const char *key)
{
    static const uint8_t hash[32] = {0};
    const aurora__table *table = &aurora__tables[AURORA__TABLE_order];
    aurora__order_row row = {.id = *id,
                             .status = 1,
                             .version = 1,
                             .created_version = 1,
                             .currency = "EUR",
                             .key_scope = key != NULL ? "scope" : NULL,
                             .key_text = key,
                             .placed_at = created_at,
                             .created_at = created_at,
                             .updated_at = created_at,
                             .deadline_at = created_at,
                             .lines = "[]",
                             .transitions = "[0]"};
    if (key != NULL)
        row.key_hash = (aurora__bytes){hash, sizeof hash};
    aurora_value values[64];
    uint32_t failed;
    aurora__table_pack(table, &row, values);
    aurora_store_put put = {.table = &table->table, .values = values, .kind = AURORA_PUT_INSERT};
    begin(f, AURORA_TXN_WRITE);
    aurora_assert_ok(f->engine.store.save(f->engine.store.self, f->turn.txn, &put, 1, &failed));
    aurora_assert_ok(f->engine.store.commit(f->engine.store.self, f->turn.txn));
}

static void add(fixture *f, uint64_t fingerprint, aurora_id id)
{
    aurora_assert_ok(aurora__keys_reserve(&f->engine, fingerprint, f->turn.step.now_ms));
    aurora__keys_add(&f->engine, fingerprint, &id);
}

static uint32_t count_of(const fixture *f, uint64_t fingerprint)
{
    uint32_t place = 0, count = 0;
    aurora_id id;
    while (aurora__keys_find(&f->engine, fingerprint, &place, &id))
        count++;
    return count;
}

static bool has(const fixture *f, uint64_t fingerprint, aurora_id wanted)
{
    uint32_t place = 0;
    aurora_id id;
    while (aurora__keys_find(&f->engine, fingerprint, &place, &id)) {
        if (aurora_id_is_equal(id, wanted))
            return true;
    }
    return false;
}

START_TEST(test_keys__scope_and_key_do_not_run_together)
{
    fixture f;
    start(&f);

    uint64_t ab_c = aurora__keys_fingerprint(&f.engine, "ab", "c");

    ck_assert_uint_eq(ab_c, aurora__keys_fingerprint(&f.engine, "ab", "c"));
    ck_assert_uint_ne(ab_c, aurora__keys_fingerprint(&f.engine, "a", "bc"));
    ck_assert_uint_ne(aurora__keys_fingerprint(&f.engine, NULL, "c"),
                      aurora__keys_fingerprint(&f.engine, "", "c"));
    stop(&f);
}
END_TEST

START_TEST(test_keys__two_handles_hash_differently)
{
    fixture a, b;
    start(&a);
    start(&b);

    ck_assert_uint_ne(aurora__keys_fingerprint(&a.engine, NULL, "k"),
                      aurora__keys_fingerprint(&b.engine, NULL, "k"));

    stop(&a);
    stop(&b);
}
END_TEST

START_TEST(test_keys__orders_with_one_fingerprint_are_all_found)
{
    fixture f;
    start(&f);

    for (uint8_t i = 1; i <= 20; i++)
        add(&f, 77, id_at(NOW, i));
    add(&f, 77, id_at(NOW, 20));

    ck_assert_uint_eq(count_of(&f, 77), 20);
    ck_assert_uint_eq(count_of(&f, 78), 0);
    ck_assert_uint_eq(aurora__keys_count(&f.engine), 20);
    stop(&f);
}
END_TEST

/* Fingerprints of few low bits crowd into one run of slots, so that gaps must be closed right. */
START_TEST(test_keys__random_additions_and_removals_match_an_array)
{
    fixture f;
    bool model[200] = {false};
    uint64_t state = aurora_test_seed("keys", 42);
    start(&f);

    for (int step = 0; step < 20000; step++) {
        uint32_t i = (uint32_t)(aurora_test_random(&state) % 200);
        uint64_t fingerprint = 1 + i % 9;
        aurora_id id = id_at(NOW + i, 1);
        model[i] = aurora_test_random(&state) % 2 == 0;
        if (model[i])
            add(&f, fingerprint, id);
        else
            aurora__keys_remove(&f.engine, fingerprint, &id);
    }

    uint64_t count = 0;
    for (uint32_t i = 0; i < 200; i++) {
        ck_assert_int_eq(has(&f, 1 + i % 9, id_at(NOW + i, 1)), model[i]);
        count += model[i];
    }
    ck_assert_uint_eq(aurora__keys_count(&f.engine), count);
    stop(&f);
}
END_TEST

START_TEST(test_keys__growing_drops_what_has_expired)
{
    fixture f;
    start(&f);
    for (uint8_t i = 1; i <= 10; i++)
        add(&f, i, id_at(NOW, i));

    f.turn.step.now_ms = NOW + 2 * DAY;
    for (uint8_t i = 11; i <= 30; i++)
        add(&f, i, id_at(NOW + 2 * DAY, i));

    ck_assert_uint_eq(aurora__keys_count(&f.engine), 20);
    ck_assert_uint_eq(count_of(&f, 1), 0);
    ck_assert_uint_eq(count_of(&f, 11), 1);
    stop(&f);
}
END_TEST

START_TEST(test_keys__are_filled_from_the_orders_of_the_last_day)
{
    fixture f;
    start(&f);
    aurora_id old = id_at(NOW - DAY, 1), young = id_at(NOW - DAY + 1, 2), plain = id_at(NOW, 3);
    store_order(&f, &old, NOW - DAY, "old");
    store_order(&f, &young, NOW - DAY + 1, "young");
    store_order(&f, &plain, NOW, NULL);
    for (int i = 0; i < 1100; i++) {
        char key[16];
        aurora_id id = id_at(NOW - HOUR + i, 4);
        snprintf(key, sizeof key, "k%d", i);
        store_order(&f, &id, NOW - HOUR + i, key);
    }

    begin(&f, AURORA_TXN_READ);
    aurora_assert_ok(aurora__keys_fill(&f.engine, &f.turn));
    end(&f);

    ck_assert_uint_eq(aurora__keys_count(&f.engine), 1101);
    ck_assert(has(&f, aurora__keys_fingerprint(&f.engine, "scope", "young"), young));
    ck_assert(!has(&f, aurora__keys_fingerprint(&f.engine, "scope", "old"), old));
    ck_assert_uint_eq(count_of(&f, aurora__keys_fingerprint(&f.engine, "scope", "k1099")), 1);
    ck_assert_uint_eq(count_of(&f, aurora__keys_fingerprint(&f.engine, NULL, "young")), 0);
    stop(&f);
}
END_TEST

START_TEST(test_keys__notes_what_another_process_stored)
{
    fixture f;
    aurora_id first = id_at(NOW, 1), second = id_at(NOW, 2), missing = id_at(NOW, 9);
    start(&f);
    store_order(&f, &first, NOW, "first");
    begin(&f, AURORA_TXN_READ);
    aurora_assert_ok(aurora__keys_note(&f.engine, &f.turn, &first));
    ck_assert_uint_eq(aurora__keys_count(&f.engine), 0);
    aurora_assert_ok(aurora__keys_fill(&f.engine, &f.turn));
    end(&f);
    store_order(&f, &second, NOW, "second");

    begin(&f, AURORA_TXN_READ);
    aurora_assert_ok(aurora__keys_note(&f.engine, &f.turn, &second));
    aurora_assert_ok(aurora__keys_note(&f.engine, &f.turn, &first));
    aurora_assert_ok(aurora__keys_note(&f.engine, &f.turn, &missing));
    end(&f);

    ck_assert_uint_eq(aurora__keys_count(&f.engine), 2);
    ck_assert(has(&f, aurora__keys_fingerprint(&f.engine, "scope", "second"), second));
    stop(&f);
}
END_TEST

static void store_many(fixture *f, int count)
{
    for (int i = 0; i < count; i++) {
        char key[16];
        aurora_id id = id_at(NOW - HOUR + i, 4);
        snprintf(key, sizeof key, "k%d", i);
        store_order(f, &id, NOW - HOUR + i, key);
    }
}

/* A page is 512 orders; the short one tells the end. */
START_TEST(test_keys__are_prepared_in_slices_of_the_given_time)
{
    fixture f;
    start(&f);
    store_many(&f, 1100);

    aurora__keys_prepare(&f.engine, 1500000);
    ck_assert_uint_eq(aurora__keys_count(&f.engine), 512);
    ck_assert(!aurora__keys_is_near(&f.engine));
    aurora__keys_prepare(&f.engine, 1500000);
    ck_assert_uint_eq(aurora__keys_count(&f.engine), 1024);
    ck_assert(!aurora__keys_is_near(&f.engine));
    aurora__keys_prepare(&f.engine, 1500000);

    ck_assert_uint_eq(aurora__keys_count(&f.engine), 1100);
    ck_assert(aurora__keys_is_near(&f.engine));
    stop(&f);
}
END_TEST

/* Behind the slices by id, and in front of them: another process drew that id long before. */
START_TEST(test_keys__miss_nothing_that_is_stored_between_slices)
{
    fixture f;
    aurora_id before = id_at(NOW - 2 * HOUR, 1), after = id_at(NOW, 2);
    start(&f);
    store_many(&f, 600);
    aurora__keys_prepare(&f.engine, 1500000);
    store_order(&f, &before, NOW - 2 * HOUR, "before");
    store_order(&f, &after, NOW, "after");

    begin(&f, AURORA_TXN_READ);
    aurora_assert_ok(aurora__keys_note(&f.engine, &f.turn, &before));
    end(&f);
    aurora__keys_prepare(&f.engine, 1500000);
    begin(&f, AURORA_TXN_READ);
    aurora_assert_ok(aurora__keys_fill(&f.engine, &f.turn));
    end(&f);

    ck_assert_uint_eq(aurora__keys_count(&f.engine), 602);
    ck_assert(has(&f, aurora__keys_fingerprint(&f.engine, "scope", "before"), before));
    ck_assert(has(&f, aurora__keys_fingerprint(&f.engine, "scope", "after"), after));
    stop(&f);
}
END_TEST

/* The batch is to meet the failure and to tell it. */
START_TEST(test_keys__failed_slice_leaves_it_to_the_batch)
{
    fixture f;
    start(&f);
    store_many(&f, 10);
    aurora_failing_allocator_init(&f.failing, 0, 0);

    aurora__keys_prepare(&f.engine, 1500000);

    ck_assert_uint_eq(aurora__keys_count(&f.engine), 0);
    ck_assert(aurora__keys_is_near(&f.engine));
    begin(&f, AURORA_TXN_READ);
    aurora_assert_ok(aurora__keys_fill(&f.engine, &f.turn));
    end(&f);
    ck_assert_uint_eq(aurora__keys_count(&f.engine), 10);
    aurora__keys_free(&f.engine);
    f.engine.store.close(f.engine.store.self);
}
END_TEST

START_TEST(test_keys__without_memory_nothing_is_half_filled)
{
    fixture f;
    start(&f);
    for (uint8_t i = 1; i <= 20; i++) {
        char key[16];
        aurora_id id = id_at(NOW, i);
        snprintf(key, sizeof key, "k%d", i);
        store_order(&f, &id, NOW, key);
    }
    begin(&f, AURORA_TXN_READ);

    aurora_status rc = AURORA_ENOMEM;
    for (uint64_t at = 0; rc == AURORA_ENOMEM && at < 1000; at++) {
        /* Only the countdown starts again: pieces that live stay counted by hand. */
        aurora_failing_allocator_init(&f.failing, at, 0);
        rc = aurora__keys_fill(&f.engine, &f.turn);
        ck_assert(rc == AURORA_OK || rc == AURORA_ENOMEM);
        ck_assert_uint_eq(aurora__keys_count(&f.engine), rc == AURORA_OK ? 20 : 0);
        if (rc == AURORA_ENOMEM)
            ck_assert_uint_eq(aurora_failing_allocator_live(&f.failing), 0);
    }

    ck_assert_int_eq(rc, AURORA_OK);
    end(&f);
    aurora__keys_free(&f.engine);
    f.engine.store.close(f.engine.store.self);
}
END_TEST

static Suite *keys_suite(void)
{
    Suite *suite = suite_create("keys");
    TCase *tcase = tcase_create("keys");
    tcase_add_test(tcase, test_keys__scope_and_key_do_not_run_together);
    tcase_add_test(tcase, test_keys__two_handles_hash_differently);
    tcase_add_test(tcase, test_keys__orders_with_one_fingerprint_are_all_found);
    tcase_add_test(tcase, test_keys__random_additions_and_removals_match_an_array);
    tcase_add_test(tcase, test_keys__growing_drops_what_has_expired);
    tcase_add_test(tcase, test_keys__are_filled_from_the_orders_of_the_last_day);
    tcase_add_test(tcase, test_keys__notes_what_another_process_stored);
    tcase_add_test(tcase, test_keys__are_prepared_in_slices_of_the_given_time);
    tcase_add_test(tcase, test_keys__miss_nothing_that_is_stored_between_slices);
    tcase_add_test(tcase, test_keys__failed_slice_leaves_it_to_the_batch);
    tcase_add_test(tcase, test_keys__without_memory_nothing_is_half_filled);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(keys_suite)
