/* SPDX-License-Identifier: MIT */
/* What makes a handle repeatable: its random bytes, its pauses and the library's own stores as
 * ports, all given by the host. */
#include <string.h>

#include <aurora/port/driver.h>

#include "shop.h"

typedef struct {
    uint64_t state;
    bool is_dry;
} seeded;

typedef struct {
    aurora_manual_clock manual;
    aurora_clock clock;
    int64_t paused_ms;
} patient;

static bool fill(void *self, void *bytes_out, size_t count)
{
    seeded *of = self;
    uint8_t *bytes = bytes_out;
    for (size_t i = 0; i < count && !of->is_dry; i++)
        bytes[i] = (uint8_t)aurora_test_random(&of->state);
    return !of->is_dry;
}

static void pause_ms(void *self, int64_t ms)
{
    patient *of = self;
    of->paused_ms += ms;
    aurora_manual_clock_advance(&of->manual, ms);
}

static int64_t wall_ms(void *self)
{
    patient *of = self;
    aurora_clock inner;
    aurora_manual_clock_attach(&of->manual, &inner);
    return inner.wall_ms(inner.self);
}

static int64_t monotonic_ns(void *self)
{
    patient *of = self;
    aurora_clock inner;
    aurora_manual_clock_attach(&of->manual, &inner);
    return inner.monotonic_ns(inner.self);
}

static void patient_init(patient *of)
{
    *of = (patient){.clock = {.size = sizeof(aurora_clock),
                              .self = of,
                              .wall_ms = wall_ms,
                              .monotonic_ns = monotonic_ns,
                              .pause_ms = pause_ms}};
    aurora_manual_clock_init(&of->manual, SHOP_NOW);
}

static aurora_id place_one(uint64_t seed)
{
    patient host;
    seeded source = {.state = seed};
    patient_init(&host);
    aurora_random random = {.size = sizeof random, .self = &source, .fill = fill};
    aurora_t *shop = shop_open("memory:", AURORA_OPTIONS(.clock = &host.clock, .random = &random));
    shop_stock_up(shop, 10);
    aurora_id id = shop_submit(shop, "the order", 1);
    aurora_close(shop);
    return id;
}

START_TEST(test_host_seams__the_same_random_bytes_give_the_same_ids)
{
    aurora_id first = place_one(7);

    aurora_assert_id_eq(first, place_one(7));
    ck_assert(!aurora_id_is_equal(first, place_one(8)));
}
END_TEST

START_TEST(test_host_seams__a_source_without_bytes_opens_nothing)
{
    seeded source = {.is_dry = true};
    aurora_random random = {.size = sizeof random, .self = &source, .fill = fill};
    aurora_t *shop = NULL;

    aurora_assert_status(aurora_open("memory:", AURORA_OPTIONS(.random = &random), &shop, NULL),
                         AURORA_EIO);
    random.fill = NULL;
    aurora_error err = AURORA_ERROR_INIT;
    aurora_assert_status(aurora_open("memory:", AURORA_OPTIONS(.random = &random), &shop, &err),
                         AURORA_EINVAL);

    ck_assert_str_eq(err.field, "random");
    ck_assert_ptr_null(shop);
}
END_TEST

START_TEST(test_host_seams__a_busy_store_is_waited_for_by_the_hosts_clock)
{
    patient host;
    aurora_fault_plan *plan = NULL;
    patient_init(&host);
    aurora_assert_ok(aurora_fault_plan_new(&plan));
    aurora_t *shop = shop_open("memory:", AURORA_OPTIONS(.clock = &host.clock, .faults = plan));
    shop_stock_up(shop, 10);
    aurora_assert_ok(
        aurora_fault_plan_set(plan, "store.commit", 1, AURORA_FAULT_FAIL, AURORA_EBUSY));

    shop_submit(shop, "the order", 1);

    ck_assert_int_ge(host.paused_ms, 1);
    aurora_close(shop);
    aurora_fault_plan_free(plan);
}
END_TEST

/* --- a store in front of one of the library's ------------------------------------------------- */

static uint32_t commits;
static aurora_status (*inner_commit)(void *self, aurora_store_txn *txn);

static aurora_status counted_commit(void *self, aurora_store_txn *txn)
{
    commits++;
    return inner_commit(self, txn);
}

static aurora_status open_counted(const aurora_store_options *options, aurora_store *out,
                                  aurora_error *err)
{
    aurora_status rc = aurora_store_open("memory:", options, out, err);
    if (rc == AURORA_OK) {
        inner_commit = out->commit;
        out->commit = counted_commit;
    }
    return rc;
}

START_TEST(test_host_seams__a_store_of_the_library_stands_behind_one_of_the_host)
{
    const aurora_driver driver = {.size = sizeof driver,
                                  .port = AURORA_PORT_STORE,
                                  .scheme = "counted",
                                  .open_store = open_counted};
    commits = 0;

    aurora_t *shop = shop_open("counted:", AURORA_OPTIONS(.drivers = &driver, .driver_count = 1));
    shop_stock_up(shop, 10);

    ck_assert_uint_ge(commits, 2);
    shop_assert_clean(shop);
    aurora_close(shop);
}
END_TEST

START_TEST(test_host_seams__store_open_names_what_is_missing)
{
    aurora_store store;
    aurora_error err = AURORA_ERROR_INIT;
    aurora_store_options options = {.size = sizeof options};

    aurora_assert_status(aurora_store_open("memory:", NULL, &store, &err), AURORA_EINVAL);
    ck_assert_str_eq(err.field, "options");
    aurora_assert_status(aurora_store_open("memory:", &options, &store, &err), AURORA_EINVAL);
    ck_assert_str_eq(err.message, "must have an allocator and a log");
    options.size = 8;
    aurora_assert_status(aurora_store_open("memory:", &options, &store, &err), AURORA_EINVAL);
    ck_assert_str_eq(err.field, "options.size");
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("host_seams");
    TCase *tcase = tcase_create("seams");
    tcase_add_test(tcase, test_host_seams__the_same_random_bytes_give_the_same_ids);
    tcase_add_test(tcase, test_host_seams__a_source_without_bytes_opens_nothing);
    tcase_add_test(tcase, test_host_seams__a_busy_store_is_waited_for_by_the_hosts_clock);
    tcase_add_test(tcase, test_host_seams__a_store_of_the_library_stands_behind_one_of_the_host);
    tcase_add_test(tcase, test_host_seams__store_open_names_what_is_missing);
    suite_add_tcase(all, tcase);
    return all;
}

AURORA_TEST_MAIN(suite)
