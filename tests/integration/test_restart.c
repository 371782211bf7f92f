/* SPDX-License-Identifier: MIT */
/* What a store is after its process was killed, its clock was set back, its file was copied, and
 * after each step of a batch failed: everything acknowledged, nothing twice. */
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "provider.h"

#define KILLS 20
#define KEYS_MAX 20000

typedef struct {
    atomic_uint begun;       /* keys that were sent; the last one may not have been answered */
    aurora_id ids[KEYS_MAX]; /* by key; all zero = not acknowledged */
} board;

static board *shared;
static char *folder;
static char file[512];
static char copy[512];
static aurora_manual_clock manual;
static aurora_clock clock_of_manual;

static void start(void)
{
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(shared, MAP_FAILED);
    folder = aurora_tempdir_new();
    aurora_test_path(file, sizeof file, folder, "shop.db");
    aurora_test_path(copy, sizeof copy, folder, "copy.db");
    aurora_manual_clock_init(&manual, SHOP_NOW);
    aurora_manual_clock_attach(&manual, &clock_of_manual);
}

static void stop(void)
{
    munmap(shared, sizeof *shared);
    aurora_tempdir_remove(folder);
}

static aurora_t *open_with(const char *url, const char *payment, aurora_fault_plan *plan)
{
    const char *settings[] = {payment, "search=none:"};
    return shop_open(url, AURORA_OPTIONS(.clock = &clock_of_manual, .settings = settings,
                                         .setting_count = 2, .faults = plan));
}

static aurora_t *open_real(uint32_t flags)
{
    const char *settings[] = {"search=none:"};
    return shop_open(file,
                     AURORA_OPTIONS(.flags = flags, .settings = settings, .setting_count = 1));
}

static void advance(aurora_t *shop, int64_t ms)
{
    aurora_manual_clock_advance(&manual, ms);
    shop_pump(shop);
}

/* --- kills ------------------------------------------------------------------------------------ */

static aurora_order *place_numbered(aurora_t *shop, unsigned number)
{
    char key[32];
    snprintf(key, sizeof key, "key %u", number);
    return shop_place(shop, key, 1 + number % 3, number % 5 == 0 ? "tok_decline" : "tok_approve",
                      0);
}

/* One of several threads of the process to be killed. */
static void *place_for_ever(void *argument)
{
    aurora_t *shop = argument;
    for (;;) {
        unsigned number = atomic_fetch_add(&shared->begun, 1);
        if (number >= KEYS_MAX)
            return NULL;
        aurora_order *order = place_numbered(shop, number);
        shared->ids[number] = order->id;
        aurora_order_free(order);
    }
}

static pid_t fork_shop(int round)
{
    pthread_t threads[4];
    pid_t child = fork();
    if (child != 0)
        return child;
    aurora_t *shop = open_real(round % 2 == 0 ? AURORA_OPEN_WORKER : 0);
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, place_for_ever, shop);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    _exit(0);
}

/* Repeats the requests from..to by key: those that were acknowledged are what they were. */
static unsigned repeat_all(aurora_t *shop, unsigned from, unsigned to)
{
    unsigned acknowledged = 0;
    for (unsigned i = from; i < to; i++) {
        bool is_known = !aurora_id_is_equal(shared->ids[i], (aurora_id){{0}});
        aurora_order *order = place_numbered(shop, i);
        if (is_known) {
            acknowledged++;
            ck_assert_uint_eq(order->is_replay, 1);
            aurora_assert_id_eq(order->id, shared->ids[i]);
        }
        ck_assert_int_eq(order->status, i % 5 == 0 ? AURORA_ORDER_FAILED : AURORA_ORDER_COMPLETED);
        shared->ids[i] = order->id;
        aurora_order_free(order);
    }
    return acknowledged;
}

START_TEST(test_restart__kills_lose_no_acknowledged_order_and_make_none_twice)
{
    uint64_t random = aurora_test_seed("test_restart__kills", 20);
    aurora_t *shop = open_real(0);
    unsigned acknowledged = 0;
    shop_stock_up(shop, 1000000);
    aurora_close(shop);

    for (int round = 0; round < KILLS; round++) {
        unsigned from = atomic_load(&shared->begun);
        pid_t child = fork_shop(round);
        while (round % 4 != 0 && atomic_load(&shared->begun) < from + 8)
            usleep(500);
        usleep((useconds_t)(aurora_test_random(&random) % 40000));
        kill(child, SIGKILL);
        int status;
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);

        shop = open_real(0);
        shop_assert_clean(shop);
        acknowledged += repeat_all(shop, from, atomic_load(&shared->begun));
        ck_assert_uint_eq(shop_count(shop, 0), atomic_load(&shared->begun));
        shop_assert_clean(shop);
        aurora_close(shop);
    }

    fprintf(stderr, "%u orders begun, %u acknowledged before a kill\n", atomic_load(&shared->begun),
            acknowledged);
    ck_assert_uint_gt(acknowledged, 0);
    ck_assert_uint_lt(atomic_load(&shared->begun), KEYS_MAX);
}
END_TEST

/* --- clocks ----------------------------------------------------------------------------------- */

START_TEST(test_restart__clock_stepping_back_moves_no_time_back)
{
    aurora_t *shop = open_with(file, "payment=none:", NULL);
    shop_stock_up(shop, 10);
    aurora_order *first = shop_place(shop, "a", 1, "card", AURORA_ORDER_NO_WAIT);

    aurora_manual_clock_step(&manual, SHOP_NOW - 3600000);
    aurora_order *second = shop_place(shop, "b", 1, "card", AURORA_ORDER_NO_WAIT);

    ck_assert_int_ge(second->created_at_ms, first->created_at_ms);
    ck_assert_int_ge(second->deadline_at_ms, first->deadline_at_ms);
    advance(shop, 300000);
    ck_assert_int_eq(shop_status(shop, first->id), AURORA_ORDER_FAILED);
    ck_assert_int_eq(shop_status(shop, second->id), AURORA_ORDER_FAILED);
    shop_assert_clean(shop);
    aurora_order_free(first);
    aurora_order_free(second);
    aurora_close(shop);
}
END_TEST

START_TEST(test_restart__clock_that_is_behind_at_opening_is_lifted_to_the_stored_time)
{
    aurora_t *shop = open_with(file, "payment=none:", NULL);
    shop_stock_up(shop, 10);
    aurora_order *first = shop_place(shop, "a", 1, "card", AURORA_ORDER_NO_WAIT);
    aurora_close(shop);

    aurora_manual_clock_step(&manual, SHOP_NOW - 86400000);
    shop = open_with(file, "payment=none:", NULL);
    aurora_order *second = shop_place(shop, "b", 1, "card", AURORA_ORDER_NO_WAIT);

    ck_assert_int_ge(second->created_at_ms, first->created_at_ms);
    advance(shop, 300000);
    ck_assert_int_eq(shop_status(shop, first->id), AURORA_ORDER_FAILED);
    ck_assert_int_eq(shop_status(shop, second->id), AURORA_ORDER_FAILED);
    shop_assert_clean(shop);
    aurora_order_free(first);
    aurora_order_free(second);
    aurora_close(shop);
}
END_TEST

START_TEST(test_restart__deadline_goes_on_over_a_restart)
{
    aurora_t *shop = open_with(file, "payment=none:", NULL);
    shop_stock_up(shop, 10);
    aurora_id id = shop_submit(shop, "a", 1);
    aurora_close(shop);
    aurora_manual_clock_advance(&manual, 299000);

    shop = open_with(file, "payment=none:", NULL);
    shop_pump(shop);

    ck_assert_int_eq(shop_status(shop, id), AURORA_ORDER_RESERVED);
    advance(shop, 1000);
    ck_assert_int_eq(shop_status(shop, id), AURORA_ORDER_FAILED);
    ck_assert(shop_is_settled(shop, id));
    ck_assert_int_eq(shop_stock(shop).available, 10);
    shop_assert_clean(shop);
    aurora_close(shop);
}
END_TEST

/* Resent events in the log after `position`. */
static uint32_t count_resends(aurora_t *shop, uint64_t position)
{
    aurora_event_page *page = NULL;
    uint32_t count = 0;
    aurora_assert_ok(aurora_event_tail(shop, position, 1000, 0, &page));
    for (uint32_t i = 0; i < page->count; i++)
        count += page->items[i]->is_resend;
    aurora_event_page_free(page);
    return count;
}

START_TEST(test_restart__resends_go_on_over_a_restart)
{
    aurora_t *shop = open_with(file, "payment=none:", NULL);
    shop_stock_up(shop, 10);
    aurora_id id = shop_submit(shop, "a", 1);
    aurora_saga *saga = shop_saga(shop, id);
    ck_assert_int_eq(saga->resend_at_ms, SHOP_NOW + 10000);
    uint64_t newest = 0;
    aurora_assert_ok(aurora_event_bounds(shop, NULL, &newest));
    aurora_saga_free(saga);
    aurora_close(shop);
    aurora_manual_clock_advance(&manual, 10000);

    shop = open_with(file, "payment=none:", NULL);
    shop_pump(shop);

    ck_assert_uint_gt(count_resends(shop, newest), 0);
    saga = shop_saga(shop, id);
    ck_assert_int_eq(saga->resend_at_ms, SHOP_NOW + 10000 + 20000); /* doubled */
    ck_assert_int_eq(shop_status(shop, id), AURORA_ORDER_RESERVED);
    ck_assert_int_eq(shop_stock(shop).reserved, 1);
    aurora_saga_free(saga);
    shop_assert_clean(shop);
    aurora_close(shop);
}
END_TEST

/* --- copies ----------------------------------------------------------------------------------- */

typedef struct {
    aurora_t *shop;
    atomic_bool is_over;
    unsigned placed;
} flow;

static void *place_until_over(void *argument)
{
    flow *of = argument;
    while (!atomic_load(&of->is_over)) {
        aurora_order_free(shop_place(of->shop, NULL, 1, "tok_approve", 0));
        of->placed++;
    }
    return NULL;
}

START_TEST(test_restart__backup_while_orders_flow_passes_verify)
{
    pthread_t thread;
    flow of = {.shop = open_real(AURORA_OPEN_WORKER)};
    shop_stock_up(of.shop, 1000000);
    for (int i = 0; i < 200; i++)
        aurora_order_free(shop_place(of.shop, NULL, 1, "tok_approve", 0));
    pthread_create(&thread, NULL, place_until_over, &of);

    for (int i = 0; i < 5; i++) {
        char path[600];
        snprintf(path, sizeof path, "%s.%d", copy, i);
        aurora_assert_ok(aurora_backup(of.shop, path, NULL));
        aurora_assert_status(aurora_backup(of.shop, path, NULL), AURORA_ECONFLICT);
        aurora_t *other = shop_open(path, NULL);
        shop_assert_clean(other);
        ck_assert_uint_ge(shop_count(other, AURORA_ORDER_COMPLETED), 200);
        aurora_order_free(shop_place(other, NULL, 1, "tok_approve", 0));
        shop_assert_clean(other);
        aurora_close(other);
    }

    atomic_store(&of.is_over, true);
    pthread_join(thread, NULL);
    ck_assert_uint_gt(of.placed, 0);
    ck_assert_uint_eq(shop_count(of.shop, 0), 200 + of.placed);
    shop_assert_clean(of.shop);
    aurora_close(of.shop);
}
END_TEST

/* The event at this position, its id in `id_out`. */
static void read_event_id(aurora_t *shop, uint64_t position, char id_out[256])
{
    aurora_event_page *page = NULL;
    aurora_assert_ok(aurora_event_tail(shop, position - 1, 1, 0, &page));
    ck_assert_uint_eq(page->count, 1);
    ck_assert_uint_eq(page->items[0]->position, position);
    snprintf(id_out, 256, "%s", page->items[0]->id);
    aurora_event_page_free(page);
}

START_TEST(test_restart__copy_gives_its_new_events_ids_of_their_own)
{
    char ours[256], theirs[256];
    uint64_t newest = 0, newest_of_copy = 0;
    aurora_t *shop = open_with(file, "payment=simulator:", NULL);
    shop_stock_up(shop, 10);
    aurora_order_free(shop_place(shop, "a", 1, "tok_approve", 0));
    aurora_assert_ok(aurora_event_bounds(shop, NULL, &newest));

    aurora_assert_ok(aurora_backup(shop, copy, NULL));
    aurora_t *other = open_with(copy, "payment=simulator:", NULL);
    aurora_assert_ok(aurora_event_bounds(other, NULL, &newest_of_copy));
    aurora_order_free(shop_place(shop, "b", 1, "tok_approve", 0));
    aurora_order_free(shop_place(other, "b", 1, "tok_approve", 0));

    ck_assert_uint_eq(newest_of_copy, newest);
    read_event_id(shop, newest, ours);
    read_event_id(other, newest, theirs);
    ck_assert_str_eq(ours, theirs);
    read_event_id(shop, newest + 1, ours);
    read_event_id(other, newest + 1, theirs);
    ck_assert_str_ne(ours, theirs);
    shop_assert_clean(shop);
    shop_assert_clean(other);
    aurora_close(shop);
    aurora_close(other);
}
END_TEST

static int64_t query(const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *stmt;
    ck_assert_int_eq(sqlite3_open(file, &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    int64_t number = sqlite3_step(stmt) == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : -1;
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    return number;
}

START_TEST(test_restart__store_of_a_newer_release_is_refused_and_left_alone)
{
    static const uint32_t flags[] = {0, AURORA_OPEN_WORKER, AURORA_OPEN_READONLY,
                                     AURORA_OPEN_NO_MIGRATE};
    aurora_t *shop = open_with(file, "payment=simulator:", NULL);
    shop_stock_up(shop, 10);
    aurora_close(shop);
    int64_t version = query("PRAGMA user_version");
    ck_assert_int_gt(version, 0);
    char sql[64];
    snprintf(sql, sizeof sql, "PRAGMA user_version=%d", (int)version + 1);
    query(sql);

    for (int i = 0; i < 4; i++) {
        aurora_error err = AURORA_ERROR_INIT;
        aurora_assert_status(aurora_open(file, AURORA_OPTIONS(.flags = flags[i]), &shop, &err),
                             AURORA_ESCHEMA);
        ck_assert_ptr_null(shop);
        ck_assert_str_ne(err.message, "");
    }

    ck_assert_int_eq(query("PRAGMA user_version"), version + 1);
    snprintf(sql, sizeof sql, "PRAGMA user_version=%d", (int)version);
    query(sql);
    shop = open_with(file, "payment=simulator:", NULL);
    ck_assert_int_eq(shop_stock(shop).available, 10);
    aurora_close(shop);
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("restart");
    TCase *tcase = tcase_create("restart");
    tcase_add_checked_fixture(tcase, start, stop);
    tcase_set_timeout(tcase, 200);
    tcase_add_test(tcase, test_restart__kills_lose_no_acknowledged_order_and_make_none_twice);
    tcase_add_test(tcase, test_restart__clock_stepping_back_moves_no_time_back);
    tcase_add_test(tcase,
                   test_restart__clock_that_is_behind_at_opening_is_lifted_to_the_stored_time);
    tcase_add_test(tcase, test_restart__deadline_goes_on_over_a_restart);
    tcase_add_test(tcase, test_restart__resends_go_on_over_a_restart);
    tcase_add_test(tcase, test_restart__backup_while_orders_flow_passes_verify);
    tcase_add_test(tcase, test_restart__copy_gives_its_new_events_ids_of_their_own);
    tcase_add_test(tcase, test_restart__store_of_a_newer_release_is_refused_and_left_alone);
    suite_add_tcase(all, tcase);
    return all;
}

AURORA_TEST_MAIN(suite)
