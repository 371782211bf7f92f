/* SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <aurora/aurora.h>
#include <aurora/port/driver.h>
#include <aurora/testing.h>

#include "adapters/store_memory/store_memory.h"
#include "api/handle.h"
#include "test.h"

static char *folder;
static char file[512];

static void make_folder(void)
{
    folder = aurora_tempdir_new();
    aurora_test_path(file, sizeof file, folder, "shop.db");
}

static void remove_folder(void)
{
    aurora_tempdir_remove(folder);
}

static aurora_t *open_at(const char *url, const aurora_options *options)
{
    aurora_t *shop = NULL;
    aurora_error err = AURORA_ERROR_INIT;
    aurora_status rc = aurora_open(url, options, &shop, &err);
    ck_assert_msg(rc == AURORA_OK, "%s: %d %s %s", url, (int)rc, err.field, err.message);
    ck_assert_ptr_nonnull(shop);
    return shop;
}

static void assert_refused(const char *url, const aurora_options *options, aurora_status status,
                           const char *field)
{
    aurora_t *shop = (aurora_t *)(void *)file;
    aurora_error err = AURORA_ERROR_INIT;
    aurora_status rc = aurora_open(url, options, &shop, &err);
    ck_assert_msg(rc == status, "%s: %d instead of %d: %s", url, (int)rc, (int)status, err.message);
    ck_assert_ptr_null(shop);
    aurora_assert_status(err.status, status);
    ck_assert_str_eq(err.field, field);
    ck_assert_str_ne(err.message, "");
}

static void execute(const char *sql)
{
    sqlite3 *db;
    ck_assert_int_eq(sqlite3_open(file, &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

/* --- the URL ---------------------------------------------------------------------------------- */

START_TEST(test_open__memory_and_files_have_urls)
{
    char url[600];
    snprintf(url, sizeof url, "sqlite:%s", file);

    aurora_close(open_at("memory:", NULL));
    aurora_close(open_at(file, NULL));
    aurora_close(open_at(url, AURORA_OPTIONS(.flags = AURORA_OPEN_NO_CREATE)));
    aurora_close(NULL);
}
END_TEST

START_TEST(test_open__bad_urls_are_refused)
{
    assert_refused(NULL, NULL, AURORA_EINVAL, "url");
    assert_refused("", NULL, AURORA_EINVAL, "url");
    assert_refused("sqlite:", NULL, AURORA_EINVAL, "url");
    assert_refused("a\nb", NULL, AURORA_EINVAL, "url");
    assert_refused("redis://localhost", NULL, AURORA_ENOTSUP, "url");
    assert_refused("postgresql://localhost/shop", NULL, AURORA_ENOTSUP, "url");
    assert_refused(folder, NULL, AURORA_EINVAL, "url");
}
END_TEST

START_TEST(test_open__missing_store_is_not_created_against_the_flag)
{
    assert_refused(file, AURORA_OPTIONS(.flags = AURORA_OPEN_NO_CREATE), AURORA_ENOTFOUND, "url");
    assert_refused(file, AURORA_OPTIONS(.flags = AURORA_OPEN_READONLY), AURORA_ENOTFOUND, "url");

    ck_assert_int_ne(access(file, F_OK), 0);
}
END_TEST

START_TEST(test_open__driver_of_the_host_comes_first)
{
    const aurora_driver drivers[] = {
        {.size = sizeof(aurora_driver), .port = 99, .scheme = "sqlite"},
        {.size = sizeof(aurora_driver),
         .port = AURORA_PORT_STORE,
         .scheme = "sqlite",
         .open_store = aurora__store_memory_open},
    };

    aurora_close(
        open_at("sqlite:/nowhere/at/all", AURORA_OPTIONS(.drivers = drivers, .driver_count = 2)));

    assert_refused("other:", AURORA_OPTIONS(.drivers = drivers, .driver_count = 2), AURORA_ENOTSUP,
                   "url");
    assert_refused("memory:", AURORA_OPTIONS(.driver_count = 1), AURORA_EINVAL, "drivers");
}
END_TEST

/* --- options ---------------------------------------------------------------------------------- */

START_TEST(test_open__options_are_checked)
{
    aurora_options unset = {.flags = 0};
    aurora_log log = {.size = sizeof log};
    aurora_clock clock = {.size = sizeof clock};
    aurora_allocator allocator = {.size = sizeof allocator};

    assert_refused("memory:", &unset, AURORA_EINVAL, "size");
    assert_refused("memory:", AURORA_OPTIONS(.flags = 1024), AURORA_EINVAL, "flags");
    assert_refused("memory:", AURORA_OPTIONS(.log = &log), AURORA_EINVAL, "log");
    assert_refused("memory:", AURORA_OPTIONS(.clock = &clock), AURORA_EINVAL, "clock");
    assert_refused("memory:", AURORA_OPTIONS(.allocator = &allocator), AURORA_EINVAL, "allocator");
    assert_refused("memory:", AURORA_OPTIONS(.setting_count = 1), AURORA_EINVAL, "settings");
    aurora_assert_status(aurora_open("memory:", NULL, NULL, NULL), AURORA_EINVAL);
}
END_TEST

static void assert_setting(const char *text, aurora_status status, const char *field,
                           const char *message)
{
    aurora_t *shop;
    aurora_error err = AURORA_ERROR_INIT;
    const char *const settings[] = {"order_wait=1s", text};
    aurora_assert_status(
        aurora_open("memory:", AURORA_OPTIONS(.settings = settings, .setting_count = 2), &shop,
                    &err),
        status);
    ck_assert_str_eq(err.field, field);
    ck_assert_str_eq(err.message, message);
}

START_TEST(test_open__bad_setting_is_named)
{
    assert_setting("order_dedline=5m", AURORA_EINVAL, "order_dedline",
                   "is not a setting; the nearest is order_deadline");
    assert_setting("order_deadline=5", AURORA_EINVAL, "order_deadline",
                   "must be a whole number and ms, s, m, h or d, 1ms to 30d, is \"5\"");
    assert_setting("store=memory:", AURORA_EINVAL, "store",
                   "is a setting of the daemons, not of a handle");
    assert_setting("payment=https://psp/", AURORA_ENOTSUP, "payment",
                   "no driver knows https:, libaurora-net is needed (aurora_net_drivers)");
    assert_setting("payment=stripe:key", AURORA_ENOTSUP, "payment",
                   "must be simulator:, none:, https: or http:");
    assert_setting("retry_first=2m", AURORA_EINVAL, "retry_first",
                   "must not be more than retry_max: 120000 and 60000");
}
END_TEST

START_TEST(test_open__success_leaves_the_error_alone)
{
    aurora_t *shop;
    aurora_error err = {.size = sizeof err, .status = 7, .field = "mine", .message = "old"};

    aurora_assert_ok(aurora_open("memory:", NULL, &shop, &err));

    ck_assert_int_eq(err.status, 7);
    ck_assert_str_eq(err.message, "old");
    aurora_close(shop);
}
END_TEST

/* --- the store -------------------------------------------------------------------------------- */

START_TEST(test_open__newer_schema_is_refused)
{
    aurora_close(open_at(file, NULL));
    execute("PRAGMA user_version = 99");

    assert_refused(file, NULL, AURORA_ESCHEMA, "url");
}
END_TEST

START_TEST(test_open__other_modules_need_a_drained_store)
{
    const char *const settings[] = {"modules=order,inventory"};
    const aurora_options *two = AURORA_OPTIONS(.settings = settings, .setting_count = 1);
    aurora_close(open_at(file, NULL));
    aurora_close(open_at(file, two));

    execute("INSERT INTO cursors (name, kind, position, seen_at) VALUES ('relay', 3, -1, 0)");

    assert_refused(file, NULL, AURORA_ESCHEMA, "modules");
    aurora_close(open_at(file, two));
    aurora_close(open_at(file, AURORA_OPTIONS(.flags = AURORA_OPEN_READONLY)));
}
END_TEST

START_TEST(test_open__one_file_may_be_open_twice)
{
    aurora_t *first = open_at(file, NULL);
    aurora_t *second = open_at(file, AURORA_OPTIONS(.flags = AURORA_OPEN_WORKER));

    aurora_assert_ok(aurora_pump(first, 0, NULL));

    aurora_assert_ok(aurora_setting_put(second, "order_deadline=1m", NULL));
    aurora_assert_ok(aurora_health(first));
    aurora_close(second);
    aurora_assert_ok(aurora_setting_put(first, "order_deadline=1m", NULL));
    aurora_close(first);
}
END_TEST

START_TEST(test_open__readonly_takes_no_commands)
{
    aurora_close(open_at(file, NULL));
    aurora_t *shop = open_at(file, AURORA_OPTIONS(.flags = AURORA_OPEN_READONLY));
    aurora_error err = AURORA_ERROR_INIT;

    aurora_assert_status(aurora_setting_put(shop, "order_deadline=1m", &err), AURORA_EREADONLY);

    aurora_assert_status(err.status, AURORA_EREADONLY);
    aurora_assert_ok(aurora_health(shop));
    aurora_close(shop);
}
END_TEST

START_TEST(test_open__store_fault_at_open_is_answered)
{
    static const char *const points[] = {"store.begin_read", "store.load",   "store.begin",
                                         "store.save",       "store.commit", "store.log_bounds"};
    for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
        aurora_fault_plan *plan;
        aurora_t *shop;
        aurora_error err = AURORA_ERROR_INIT;
        aurora_assert_ok(aurora_fault_plan_new(&plan));
        aurora_assert_ok(aurora_fault_plan_set(plan, points[i], 1, AURORA_FAULT_FAIL, AURORA_EIO));

        aurora_status rc = aurora_open("memory:", AURORA_OPTIONS(.faults = plan), &shop, &err);

        ck_assert_msg(rc == AURORA_EIO, "%s: %d", points[i], (int)rc);
        ck_assert_str_ne(err.message, "");
        aurora_fault_plan_free(plan);
    }
}
END_TEST

START_TEST(test_open__unknown_commit_at_open_is_resolved)
{
    aurora_fault_plan *plan;
    aurora_assert_ok(aurora_fault_plan_new(&plan));
    aurora_assert_ok(aurora_fault_plan_set(plan, "store.commit", 1, AURORA_FAULT_LOSE, 0));

    aurora_close(open_at("memory:", AURORA_OPTIONS(.faults = plan)));

    ck_assert_uint_gt(aurora_fault_plan_visits(plan, "store.resolve"), 0);
    aurora_fault_plan_free(plan);
}
END_TEST

/* --- memory ----------------------------------------------------------------------------------- */

static void sweep_open(const char *url)
{
    aurora_status rc = AURORA_ENOMEM;
    for (uint64_t n = 0; rc != AURORA_OK; n++) {
        aurora_failing_allocator failing;
        aurora_allocator allocator;
        aurora_t *shop;
        aurora_error err = AURORA_ERROR_INIT;
        ck_assert_uint_lt(n, 2000);
        aurora_failing_allocator_init(&failing, n, 0);
        aurora_failing_allocator_attach(&failing, &allocator);

        rc = aurora_open(url, AURORA_OPTIONS(.allocator = &allocator), &shop, &err);

        if (rc != AURORA_OK)
            ck_assert_msg(rc == AURORA_ENOMEM, "%u: %d %s", (unsigned)n, (int)rc, err.message);
        aurora_close(shop);
        ck_assert_uint_eq(aurora_failing_allocator_live(&failing), 0);
    }
}

START_TEST(test_open__each_failed_allocation_is_answered)
{
    sweep_open("memory:");
    sweep_open(file);
}
END_TEST

/* What an open handle needs: the allocation number `n` after its open fails. Returns whether it was
 * reached. */
static bool call_with_failure(uint64_t open_count, uint64_t n)
{
    aurora_failing_allocator failing;
    aurora_allocator allocator;
    aurora_metric_page *page;
    aurora_failing_allocator_init(&failing, open_count + n, 0);
    aurora_failing_allocator_attach(&failing, &allocator);
    aurora_t *shop = open_at("memory:", AURORA_OPTIONS(.allocator = &allocator));

    aurora_status put = aurora_setting_put(shop, "order_deadline=7m", NULL);
    aurora_status metrics = aurora_metrics(shop, &page);

    ck_assert(put == AURORA_OK || put == AURORA_ENOMEM);
    ck_assert(metrics == AURORA_OK || metrics == AURORA_ENOMEM);
    ck_assert_int_eq(metrics == AURORA_OK, page != NULL);
    bool is_reached = aurora_failing_allocator_count(&failing) > open_count + n;
    aurora_metric_page_free(page);
    aurora_close(shop);
    ck_assert_uint_eq(aurora_failing_allocator_live(&failing), 0);
    return is_reached;
}

START_TEST(test_open__each_failed_allocation_of_a_call_is_answered)
{
    aurora_failing_allocator failing;
    aurora_allocator allocator;
    aurora_failing_allocator_init(&failing, UINT64_MAX, 0);
    aurora_failing_allocator_attach(&failing, &allocator);
    aurora_t *shop = open_at("memory:", AURORA_OPTIONS(.allocator = &allocator));
    uint64_t open_count = aurora_failing_allocator_count(&failing);
    aurora_close(shop);

    uint64_t n = 0;
    while (call_with_failure(open_count, n))
        n++;

    ck_assert_uint_ge(n, 2); /* a command and a page at least */
}
END_TEST

/* --- driving ---------------------------------------------------------------------------------- */

START_TEST(test_open__without_a_worker_the_host_pumps)
{
    aurora_t *shop = open_at("memory:", NULL);
    int64_t next_due_ms = -7;

    aurora_assert_ok(aurora_pump(shop, 0, &next_due_ms));

    ck_assert_int_ge(next_due_ms, -1);
    ck_assert_int_ge(aurora_fd(shop), 0);
    aurora_close(shop);
}
END_TEST

START_TEST(test_open__with_a_worker_nobody_pumps)
{
    aurora_t *shop = open_at("memory:", AURORA_OPTIONS(.flags = AURORA_OPEN_WORKER));

    aurora_assert_status(aurora_pump(shop, 0, NULL), AURORA_ENOTSUP);

    ck_assert_int_eq(aurora_fd(shop), -1);
    aurora_assert_ok(aurora_setting_put(shop, "resend_max=1h", NULL));
    aurora_close(shop);
}
END_TEST

START_TEST(test_open__null_handle_is_no_handle)
{
    aurora_assert_status(aurora_pump(NULL, 0, NULL), AURORA_EINVAL);
    aurora_assert_status(aurora_health(NULL), AURORA_EINVAL);
    aurora_assert_status(aurora_setting_put(NULL, "order_wait=1s", NULL), AURORA_EINVAL);
    ck_assert_int_eq(aurora_fd(NULL), -1);
    aurora_wake(NULL);
}
END_TEST

typedef struct {
    aurora_t *shop;
    atomic_bool is_inside;
    atomic_bool is_over;
    aurora_status status;
} waiter;

static bool never(void *argument)
{
    (void)argument;
    return false;
}

static void *wait_for_ever(void *argument)
{
    waiter *of = argument;
    aurora_status rc = aurora__handle_enter(of->shop);
    ck_assert_int_eq(rc, AURORA_OK);
    atomic_store(&of->is_inside, true);
    of->status = aurora__engine_wait(of->shop->engine, never, NULL, -1);
    aurora__handle_leave(of->shop);
    atomic_store(&of->is_over, true);
    return NULL;
}

static pthread_t start_waiter(waiter *of, aurora_t *shop)
{
    pthread_t thread;
    of->shop = shop;
    atomic_init(&of->is_inside, false);
    atomic_init(&of->is_over, false);
    ck_assert_int_eq(pthread_create(&thread, NULL, wait_for_ever, of), 0);
    while (!atomic_load(&of->is_inside))
        sched_yield();
    return thread;
}

static void assert_close_ends_waiting(uint32_t flags)
{
    waiter waiters[3];
    pthread_t threads[3];
    aurora_t *shop = open_at("memory:", AURORA_OPTIONS(.flags = flags));
    for (int i = 0; i < 3; i++)
        threads[i] = start_waiter(&waiters[i], shop);

    aurora_close(shop);

    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
        aurora_assert_status(waiters[i].status, AURORA_ECLOSED);
    }
}

START_TEST(test_open__close_lets_waiting_callers_leave)
{
    assert_close_ends_waiting(0);
    assert_close_ends_waiting(AURORA_OPEN_WORKER);
}
END_TEST

START_TEST(test_open__wake_ends_a_waiting)
{
    waiter of;
    aurora_t *shop = open_at("memory:", NULL);
    pthread_t thread = start_waiter(&of, shop);

    while (!atomic_load(&of.is_over)) {
        aurora_wake(shop);
        sched_yield();
    }
    pthread_join(thread, NULL);

    aurora_assert_status(of.status, AURORA_EINTR);
    aurora_close(shop);
}
END_TEST

/* --- fork ------------------------------------------------------------------------------------- */

static int use_in_child(aurora_t *shop)
{
    int64_t next_due_ms;
    if (aurora_pump(shop, 0, &next_due_ms) != AURORA_EFORK || aurora_fd(shop) != -1)
        return 1;
    if (aurora_health(shop) != AURORA_EFORK)
        return 2;
    if (aurora_setting_put(shop, "order_wait=1s", NULL) != AURORA_EFORK)
        return 3;
    aurora_close(shop);
    return 0;
}

static void assert_fork_rule(const char *url, uint32_t flags)
{
    aurora_t *shop = open_at(url, AURORA_OPTIONS(.flags = flags));
    int *answer =
        mmap(NULL, sizeof *answer, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(answer, MAP_FAILED);
    *answer = -1;
    int how;

    /* The child ends by a signal: what SQLite holds in it cannot be freed there, and a leak check
     * at its exit would say so. */
    pid_t child = fork();
    if (child == 0) {
        *answer = use_in_child(shop);
        kill(getpid(), SIGKILL);
    }

    ck_assert_int_eq(waitpid(child, &how, 0), child);
    ck_assert_msg(*answer == 0, "%s: %d", url, *answer);
    munmap(answer, sizeof *answer);
    aurora_assert_ok(aurora_setting_put(shop, "order_deadline=1m", NULL));
    aurora_close(shop);
}

START_TEST(test_open__child_may_only_close)
{
    assert_fork_rule("memory:", 0);
    assert_fork_rule(file, 0);
    assert_fork_rule(file, AURORA_OPEN_WORKER);
}
END_TEST

/* --- settings and metrics of an open handle --------------------------------------------------- */

START_TEST(test_open__reloadable_setting_changes)
{
    aurora_t *shop = open_at("memory:", NULL);

    aurora_assert_ok(aurora_setting_put(shop, "order_wait=2s", NULL));
    aurora_assert_ok(aurora_setting_put(shop, "order_deadline=7m", NULL));

    ck_assert_int_eq(atomic_load(&shop->order_wait_ms), 2000);
    ck_assert_int_eq(aurora__engine_policy(shop->engine)->order_deadline_ms, 420000);
    aurora_close(shop);
}
END_TEST

START_TEST(test_open__refused_setting_changes_nothing)
{
    aurora_t *shop = open_at("memory:", NULL);
    aurora_error err = AURORA_ERROR_INIT;

    aurora_assert_status(aurora_setting_put(shop, "log_keep=2h", &err), AURORA_ECONFLICT);
    ck_assert_str_eq(err.field, "log_keep");
    aurora_assert_status(aurora_setting_put(shop, "retry_first=1h", &err), AURORA_EINVAL);
    ck_assert_str_eq(err.field, "retry_first");
    ck_assert_str_eq(err.message, "must not be more than retry_max: 3600000 and 60000");
    aurora_assert_status(aurora_setting_put(shop, "retri_first=1s", &err), AURORA_EINVAL);

    ck_assert_int_eq(aurora__engine_policy(shop->engine)->retry_first_ms, 1000);
    aurora_close(shop);
}
END_TEST

static const aurora_metric *find_metric(const aurora_metric_page *page, const char *name,
                                        const char *suffix)
{
    for (uint32_t i = 0; i < page->count; i++) {
        if (strcmp(page->items[i]->name, name) == 0 && strcmp(page->items[i]->suffix, suffix) == 0)
            return page->items[i];
    }
    ck_abort_msg("%s%s is missing", name, suffix);
    return NULL;
}

START_TEST(test_open__metrics_outlive_the_handle)
{
    aurora_failing_allocator failing;
    aurora_allocator allocator;
    aurora_manual_clock manual;
    aurora_clock clock;
    aurora_metric_page *page;
    aurora_manual_clock_init(&manual, 1700000000000);
    aurora_manual_clock_attach(&manual, &clock);
    aurora_failing_allocator_init(&failing, UINT64_MAX, 0);
    aurora_failing_allocator_attach(&failing, &allocator);
    aurora_t *shop = open_at("memory:", AURORA_OPTIONS(.allocator = &allocator, .clock = &clock));
    aurora_assert_ok(aurora_setting_put(shop, "order_deadline=7m", NULL));

    aurora_assert_ok(aurora_metrics(shop, &page));
    aurora_close(shop);

    ck_assert_int_eq(page->at_ms, 1700000000000);
    const aurora_metric *commands = find_metric(page, "aurora_commands_total", "");
    ck_assert_str_eq(commands->labels[0].value, "setting");
    ck_assert_str_eq(commands->labels[1].value, "done");
    ck_assert(commands->value == 1);
    ck_assert_int_eq(find_metric(page, "aurora_commit_seconds", "_bucket")->kind,
                     AURORA_METRIC_HISTOGRAM);
    aurora_metric_page_free(page);
    ck_assert_uint_eq(aurora_failing_allocator_live(&failing), 0);
}
END_TEST

START_TEST(test_open__samples_of_a_metric_follow_each_other)
{
    aurora_t *shop = open_at("memory:", NULL);
    aurora_metric_page *page;
    aurora_assert_ok(aurora_metrics(shop, &page));

    for (uint32_t i = 1; i < page->count; i++) {
        const char *name = page->items[i]->name;
        if (strcmp(page->items[i - 1]->name, name) == 0)
            continue;
        for (uint32_t j = 0; j + 1 < i; j++)
            ck_assert_str_ne(page->items[j]->name, name);
    }

    aurora_metric_page_free(page);
    aurora_metric_page_free(NULL);
    aurora_close(shop);
}
END_TEST

START_TEST(test_open__names_are_static_texts)
{
    ck_assert_str_eq(aurora_version(), "0.1.0");
    ck_assert_str_eq(aurora_log_level_name(AURORA_LOG_DEBUG), "DEBUG");
    ck_assert_str_eq(aurora_log_level_name(AURORA_LOG_FATAL), "FATAL");
    ck_assert_str_eq(aurora_log_level_name(0), "");
    ck_assert_str_eq(aurora_log_level_name(6), "");
}
END_TEST

static Suite *open_suite(void)
{
    Suite *suite = suite_create("open");
    TCase *tcase = tcase_create("open");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, make_folder, remove_folder);
    tcase_add_test(tcase, test_open__memory_and_files_have_urls);
    tcase_add_test(tcase, test_open__bad_urls_are_refused);
    tcase_add_test(tcase, test_open__missing_store_is_not_created_against_the_flag);
    tcase_add_test(tcase, test_open__driver_of_the_host_comes_first);
    tcase_add_test(tcase, test_open__options_are_checked);
    tcase_add_test(tcase, test_open__bad_setting_is_named);
    tcase_add_test(tcase, test_open__success_leaves_the_error_alone);
    tcase_add_test(tcase, test_open__newer_schema_is_refused);
    tcase_add_test(tcase, test_open__other_modules_need_a_drained_store);
    tcase_add_test(tcase, test_open__one_file_may_be_open_twice);
    tcase_add_test(tcase, test_open__readonly_takes_no_commands);
    tcase_add_test(tcase, test_open__store_fault_at_open_is_answered);
    tcase_add_test(tcase, test_open__unknown_commit_at_open_is_resolved);
    tcase_add_test(tcase, test_open__each_failed_allocation_is_answered);
    tcase_add_test(tcase, test_open__each_failed_allocation_of_a_call_is_answered);
    tcase_add_test(tcase, test_open__without_a_worker_the_host_pumps);
    tcase_add_test(tcase, test_open__with_a_worker_nobody_pumps);
    tcase_add_test(tcase, test_open__null_handle_is_no_handle);
    tcase_add_test(tcase, test_open__close_lets_waiting_callers_leave);
    tcase_add_test(tcase, test_open__wake_ends_a_waiting);
    tcase_add_test(tcase, test_open__child_may_only_close);
    tcase_add_test(tcase, test_open__reloadable_setting_changes);
    tcase_add_test(tcase, test_open__refused_setting_changes_nothing);
    tcase_add_test(tcase, test_open__metrics_outlive_the_handle);
    tcase_add_test(tcase, test_open__samples_of_a_metric_follow_each_other);
    tcase_add_test(tcase, test_open__names_are_static_texts);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(open_suite)
