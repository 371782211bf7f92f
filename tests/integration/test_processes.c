/* SPDX-License-Identifier: MIT */
/* Several processes on one file: four that place orders, a sqlite3 shell that reads, one that is
 * killed, one that waits for what another does; and a handle that went through fork. */
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "provider.h"

#define WORKERS 4
#define ACKNOWLEDGED_MAX 1000000

typedef struct {
    atomic_bool is_over;
    atomic_uint placed;  /* slots of `ids` that were handed out */
    atomic_uint refused; /* calls with a status, and what the last one was */
    atomic_int refusal;
    atomic_uint reads;
    atomic_uint failed_reads;
    _Atomic int64_t finished_at_ms;
    aurora_id ids[ACKNOWLEDGED_MAX]; /* all zero: never acknowledged */
} board;

static board *shared;
static char *folder;
static char file[512];

static void start(void)
{
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    ck_assert_ptr_ne(shared, MAP_FAILED);
    folder = aurora_tempdir_new();
    aurora_test_path(file, sizeof file, folder, "shop.db");
}

static void stop(void)
{
    munmap(shared, sizeof *shared);
    aurora_tempdir_remove(folder);
}

static aurora_t *open_file(uint32_t flags, const char *payment)
{
    const char *settings[] = {payment, "search=none:"};
    return shop_open(file,
                     AURORA_OPTIONS(.flags = flags, .settings = settings, .setting_count = 2));
}

static void stock_file(const char *payment)
{
    aurora_t *shop = open_file(0, payment);
    shop_stock_up(shop, 1000000);
    aurora_close(shop);
}

static void wait_for(pid_t child, int expected_signal)
{
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    if (expected_signal != 0)
        ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == expected_signal);
    else
        ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "a child ended with %x",
                      (unsigned)status);
}

/* --- four who write and one who reads --------------------------------------------------------- */

/* One order, with what a shop meets: approvals, declines, providers that say nothing, cancels. */
static void trade(aurora_t *shop, uint64_t *random)
{
    static const char *const tokens[] = {"tok_approve", "tok_approve",   "tok_approve",
                                         "tok_decline", "tok_duplicate", "tok_timeout_approve"};
    uint64_t word = aurora_test_random(random);
    shop_request request;
    shop_request_init(&request, NULL, 1 + (int64_t)(word >> 8) % 3, tokens[word % 6]);
    request.request.flags = word % 6 > 3 ? AURORA_ORDER_NO_WAIT : 0;
    request.request.timeout_ms = 30000;
    aurora_order *order = NULL;
    unsigned slot = atomic_fetch_add(&shared->placed, 1);
    aurora_status rc = aurora_order_place(shop, &request.request, &order, NULL);
    if (rc == AURORA_OK) {
        shared->ids[slot % ACKNOWLEDGED_MAX] = order->id;
        if ((word >> 32) % 4 == 0)
            rc = aurora_order_cancel(shop, order->id, AURORA_REASON_CUSTOMER, NULL, NULL, NULL);
        aurora_order_free(order);
    }
    if (rc != AURORA_OK && rc != AURORA_EFINAL) {
        atomic_fetch_add(&shared->refused, 1);
        atomic_store(&shared->refusal, rc);
    }
}

static pid_t fork_worker(int number)
{
    pid_t child = fork();
    if (child != 0)
        return child;
    uint64_t random = (uint64_t)number;
    aurora_t *shop = open_file(number % 2 == 0 ? AURORA_OPEN_WORKER : 0, "payment=simulator:");
    while (!atomic_load(&shared->is_over))
        trade(shop, &random);
    aurora_close(shop);
    _exit(0);
}

/* A person at a shell, who reads again and again without ever writing. */
static pid_t fork_shell(void)
{
    char command[1024];
    pid_t child = fork();
    if (child != 0)
        return child;
    snprintf(command, sizeof command,
             "sqlite3 -readonly -cmd '.timeout 5000' '%s' "
             "'SELECT count(*) FROM orders; SELECT sum(sold) FROM stock;' >/dev/null",
             file);
    while (!atomic_load(&shared->is_over)) {
        atomic_fetch_add(&shared->reads, 1);
        if (system(command) != 0)
            atomic_fetch_add(&shared->failed_reads, 1);
    }
    _exit(0);
}

/* Opens the file when all others are gone, at a later time so that the leases of the killed have
 * ended, and looks at every order that was acknowledged. */
static void audit(void)
{
    aurora_manual_clock manual;
    aurora_clock clock;
    aurora_manual_clock_init(&manual, (int64_t)time(NULL) * 1000 + 40000);
    aurora_manual_clock_attach(&manual, &clock);
    aurora_t *shop = shop_open(file, AURORA_OPTIONS(.clock = &clock));
    for (int i = 0; i < 60; i++) {
        aurora_manual_clock_advance(&manual, 1000);
        shop_pump(shop);
    }
    unsigned placed = atomic_load(&shared->placed);
    ck_assert_uint_gt(placed, 100);
    ck_assert_uint_le(placed, ACKNOWLEDGED_MAX);
    unsigned acknowledged = 0;
    for (unsigned i = 0; i < placed; i++) {
        if (aurora_id_is_equal(shared->ids[i], (aurora_id){{0}}))
            continue;
        acknowledged++;
        ck_assert_msg(shop_is_settled(shop, shared->ids[i]), "an order never settles");
    }
    uint32_t stored = shop_count(shop, 0);
    ck_assert_uint_ge(stored, acknowledged);
    ck_assert_uint_le(stored, placed);
    ck_assert_uint_eq(shop_count(shop, AURORA_ORDER_PARKED), 0);
    ck_assert_uint_eq(shop_count(shop, AURORA_ORDER_RESERVED), 0);
    ck_assert_int_eq(shop_stock(shop).reserved, 0);
    shop_assert_clean(shop);
    fprintf(stderr, "%u orders acknowledged, %u stored, %u reads by the shell\n", acknowledged,
            stored, atomic_load(&shared->reads));
    aurora_close(shop);
}

START_TEST(test_processes__four_workers_and_a_reading_shell_leave_a_clean_store)
{
    pid_t workers[WORKERS];
    stock_file("payment=simulator:");
    for (int i = 0; i < WORKERS; i++)
        workers[i] = fork_worker(i);
    pid_t shell = fork_shell();

    sleep(shop_is_long() ? 60 : 8);
    atomic_store(&shared->is_over, true);
    for (int i = 0; i < WORKERS; i++)
        wait_for(workers[i], 0);
    wait_for(shell, 0);

    ck_assert_msg(atomic_load(&shared->refused) == 0, "%u calls were refused, one with %d",
                  atomic_load(&shared->refused), atomic_load(&shared->refusal));
    ck_assert_uint_gt(atomic_load(&shared->reads), 3);
    ck_assert_uint_eq(atomic_load(&shared->failed_reads), 0);
    audit();
}
END_TEST

START_TEST(test_processes__killed_worker_disturbs_no_other)
{
    pid_t workers[WORKERS];
    uint64_t random = aurora_test_seed(__func__, 11);
    stock_file("payment=simulator:");
    for (int i = 0; i < WORKERS; i++)
        workers[i] = fork_worker(i);

    for (int i = 0; i < (shop_is_long() ? 60 : 10); i++) {
        usleep(100000 + (useconds_t)(aurora_test_random(&random) % 300000));
        int victim = (int)(aurora_test_random(&random) % WORKERS);
        unsigned before = atomic_load(&shared->placed);
        kill(workers[victim], SIGKILL);
        wait_for(workers[victim], SIGKILL);
        for (int j = 0; j < 600 && atomic_load(&shared->placed) < before + 10; j++)
            usleep(50000);
        ck_assert_uint_ge(atomic_load(&shared->placed), before + 10);
        workers[victim] = fork_worker(WORKERS + i);
    }
    atomic_store(&shared->is_over, true);
    for (int i = 0; i < WORKERS; i++)
        wait_for(workers[i], 0);

    ck_assert_msg(atomic_load(&shared->refused) == 0, "%u calls were refused, one with %d",
                  atomic_load(&shared->refused), atomic_load(&shared->refusal));
    audit();
}
END_TEST

/* --- waiting for another process -------------------------------------------------------------- */

/* Takes and finishes both calls of an order from another process, after a while. */
static pid_t fork_provider(void)
{
    pid_t child = fork();
    if (child != 0)
        return child;
    aurora_t *shop = open_file(0, "payment=none:");
    aurora_task_page *page = NULL;
    aurora_status rc = aurora_task_take(shop, AURORA_TASK_PAYMENT, 1, 0, 20000, &page);
    if (rc != AURORA_OK || page->count != 1)
        _exit(1);
    usleep(300000);
    rc = aurora_task_finish(shop, page->items[0]->id,
                            AURORA_TASK_RESULT(.outcome = AURORA_OUTCOME_DONE), NULL);
    atomic_store(&shared->finished_at_ms, shop_real_ms());
    aurora_task_page_free(page);
    aurora_close(shop);
    _exit(rc == AURORA_OK ? 0 : 2);
}

static void assert_seen_soon(void)
{
    int64_t now = shop_real_ms();
    int64_t finished = atomic_load(&shared->finished_at_ms);
    /* The order is decided a little before finish returns over there. */
    ck_assert_msg(finished == 0 || now - finished < 1000, "seen only after %lld ms",
                  (long long)(now - finished));
}

/* Loop 0 has a worker, 1 has none. */
static aurora_t *open_waiting(int loop)
{
    stock_file("payment=none:");
    return open_file(loop == 0 ? AURORA_OPEN_WORKER : 0, "payment=none:");
}

START_TEST(test_processes__waiter_sees_what_another_process_decides)
{
    pid_t child = fork_provider();
    aurora_t *shop = open_waiting(_i);
    aurora_order *before = shop_place(shop, NULL, 1, "card", AURORA_ORDER_NO_WAIT);
    aurora_order *after = NULL;

    aurora_assert_ok(aurora_order_wait(shop, before->id, before->version, 20000, &after));

    assert_seen_soon();
    ck_assert_int_eq(after->status, AURORA_ORDER_COMPLETED);
    ck_assert_uint_gt(after->version, before->version);
    wait_for(child, 0);
    aurora_order_free(before);
    aurora_order_free(after);
    aurora_close(shop);
}
END_TEST

START_TEST(test_processes__placing_call_returns_what_another_process_decides)
{
    pid_t child = fork_provider();
    aurora_t *shop = open_waiting(_i);

    aurora_order *order = shop_place(shop, NULL, 1, "card", 0);

    assert_seen_soon();
    ck_assert_int_eq(order->status, AURORA_ORDER_COMPLETED);
    wait_for(child, 0);
    aurora_order_free(order);
    aurora_close(shop);
}
END_TEST

START_TEST(test_processes__queue_completes_what_another_process_decides)
{
    pid_t child = fork_provider();
    aurora_t *shop = open_waiting(_i);
    aurora_queue *queue = NULL;
    aurora_completion done;
    shop_request request;
    const aurora_order_request *requests[] = {shop_request_init(&request, NULL, 1, "card")};
    uint32_t count = 0;
    request.request.timeout_ms = 20000;
    aurora_assert_ok(aurora_queue_new(shop, 4, &queue));
    aurora_assert_ok(aurora_order_submit(queue, requests, NULL, 1, &count));

    aurora_assert_ok(aurora_queue_take(queue, &done, 1, 20000, &count));

    assert_seen_soon();
    ck_assert_uint_eq(count, 1);
    aurora_assert_ok(done.status);
    ck_assert_int_eq(done.order_status, AURORA_ORDER_COMPLETED);
    wait_for(child, 0);
    aurora_close(shop);
    aurora_queue_free(queue);
}
END_TEST

START_TEST(test_processes__reader_of_events_sees_what_another_process_decides)
{
    pid_t child = fork_provider();
    aurora_t *shop = open_waiting(_i);
    aurora_id id = shop_submit(shop, NULL, 1);
    uint64_t newest = 0;
    bool is_completed = false;
    aurora_assert_ok(aurora_event_bounds(shop, NULL, &newest));

    for (int64_t end = shop_real_ms() + 20000; !is_completed && shop_real_ms() < end;) {
        aurora_event_page *page = NULL;
        aurora_assert_ok(aurora_event_tail(shop, newest, 100, 5000, &page));
        for (uint32_t i = 0; i < page->count; i++)
            is_completed |= page->items[i]->kind == AURORA_EVENT_ORDER_COMPLETED &&
                            aurora_id_is_equal(page->items[i]->order_id, id);
        newest = page->position;
        aurora_event_page_free(page);
    }

    assert_seen_soon();
    ck_assert(is_completed);
    wait_for(child, 0);
    aurora_close(shop);
}
END_TEST

/* --- fork ------------------------------------------------------------------------------------- */

#define CHILD_ASSERT(expression)                                                                   \
    do {                                                                                           \
        if (!(expression)) {                                                                       \
            fprintf(stderr, "in the child: %s\n", #expression);                                    \
            _exit(1);                                                                              \
        }                                                                                          \
    } while (0)

/* Every call of a handle, and of a queue, that was opened by the parent. */
static void use_after_fork(aurora_t *shop, aurora_queue *queue, aurora_id id)
{
    shop_request request;
    const aurora_order_request *requests[] = {shop_request_init(&request, NULL, 1, "card")};
    aurora_order *order = NULL;
    aurora_order_page *orders = NULL;
    aurora_product *product = NULL;
    aurora_task_page *tasks = NULL;
    aurora_event_page *events = NULL;
    aurora_metric_page *metrics = NULL;
    aurora_report *report = NULL;
    aurora_stock stock;
    aurora_completion done;
    uint32_t count = 0;

    CHILD_ASSERT(aurora_order_place(shop, requests[0], &order, NULL) == AURORA_EFORK);
    CHILD_ASSERT(aurora_order_get(shop, id, &order) == AURORA_EFORK && order == NULL);
    CHILD_ASSERT(aurora_order_wait(shop, id, 0, 10, &order) == AURORA_EFORK);
    CHILD_ASSERT(aurora_order_list(shop, NULL, NULL, 0, &orders, NULL) == AURORA_EFORK);
    CHILD_ASSERT(aurora_order_cancel(shop, id, AURORA_REASON_CUSTOMER, NULL, NULL, NULL) ==
                 AURORA_EFORK);
    CHILD_ASSERT(aurora_product_get(shop, SHOP_SKU, &product) == AURORA_EFORK);
    CHILD_ASSERT(aurora_stock_get(shop, SHOP_SKU, &stock) == AURORA_EFORK);
    CHILD_ASSERT(aurora_stock_receive(shop, SHOP_SKU, 1, "x", NULL) == AURORA_EFORK);
    CHILD_ASSERT(aurora_task_take(shop, AURORA_TASK_PAYMENT, 1, 0, 0, &tasks) == AURORA_EFORK);
    CHILD_ASSERT(aurora_event_tail(shop, 0, 1, 0, &events) == AURORA_EFORK);
    CHILD_ASSERT(aurora_metrics(shop, &metrics) == AURORA_EFORK);
    CHILD_ASSERT(aurora_verify(shop, &report) == AURORA_EFORK);
    CHILD_ASSERT(aurora_health(shop) == AURORA_EFORK);
    CHILD_ASSERT(aurora_pump(shop, 0, NULL) == AURORA_EFORK);
    CHILD_ASSERT(aurora_fd(shop) == -1);
    CHILD_ASSERT(aurora_order_submit(queue, requests, NULL, 1, &count) == AURORA_EFORK);
    CHILD_ASSERT(aurora_queue_take(queue, &done, 1, 0, &count) == AURORA_EFORK);
    aurora_close(shop);
    _exit(0);
}

START_TEST(test_processes__handle_is_dead_after_fork_and_lives_on_in_its_owner)
{
    aurora_t *shop = open_waiting(_i);
    aurora_queue *queue = NULL;
    aurora_id id = shop_submit(shop, NULL, 1);
    aurora_assert_ok(aurora_queue_new(shop, 4, &queue));

    pid_t child = fork();
    if (child == 0)
        use_after_fork(shop, queue, id);
    wait_for(child, 0);

    ck_assert_int_eq(aurora_health(shop), AURORA_OK);
    aurora_assert_ok(aurora_order_cancel(shop, id, AURORA_REASON_CUSTOMER, NULL, NULL, NULL));
    ck_assert(shop_wait_settled(shop, id, 5000));
    shop_assert_clean(shop);
    aurora_close(shop);
    aurora_queue_free(queue);
}
END_TEST

static aurora_status open_again(const char *path, aurora_t **out)
{
    char url[600];
    snprintf(url, sizeof url, "sqlite:%s", path);
    return aurora_open(url, NULL, out, NULL);
}

/* SQLite's allocator has a lock, which a worker may hold at the fork and the child then waits for:
 * only without threads may the child open other files. */
static void open_after_fork(aurora_t *inherited, bool has_worker)
{
    char other_path[600];
    aurora_t *shop = NULL;
    signal(SIGALRM, SIG_DFL);
    alarm(60); /* it used to wait for ever */
    CHILD_ASSERT(open_again(file, &shop) == AURORA_EFORK && shop == NULL);
    aurora_close(inherited);
    CHILD_ASSERT(open_again(file, &shop) == AURORA_EFORK && shop == NULL);
    if (has_worker)
        _exit(0);
    snprintf(other_path, sizeof other_path, "%s.other", file);
    CHILD_ASSERT(open_again(other_path, &shop) == AURORA_OK);
    CHILD_ASSERT(aurora_stock_receive(shop, SHOP_SKU, 1, "x", NULL) == AURORA_OK);
    aurora_close(shop);
    _exit(0);
}

static void open_before_anybody(void)
{
    aurora_t *shop = NULL;
    CHILD_ASSERT(open_again(file, &shop) == AURORA_OK);
    CHILD_ASSERT(aurora_stock_receive(shop, SHOP_SKU, 1, "x", NULL) == AURORA_OK);
    aurora_close(shop);
    _exit(0);
}

START_TEST(test_processes__file_open_at_a_fork_is_refused_in_the_child)
{
    aurora_t *shop = open_waiting(_i);
    pid_t child = fork();
    if (child == 0)
        open_after_fork(shop, _i == 0);
    wait_for(child, 0);
    ck_assert_int_eq(aurora_health(shop), AURORA_OK);
    aurora_close(shop);

    child = fork();
    if (child == 0)
        open_before_anybody();
    wait_for(child, 0);
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("processes");
    TCase *tcase = tcase_create("one file");
    tcase_add_checked_fixture(tcase, start, stop);
    tcase_set_timeout(tcase, 290);
    tcase_add_test(tcase, test_processes__four_workers_and_a_reading_shell_leave_a_clean_store);
    tcase_add_test(tcase, test_processes__killed_worker_disturbs_no_other);
    tcase_add_loop_test(tcase, test_processes__waiter_sees_what_another_process_decides, 0, 2);
    tcase_add_loop_test(tcase, test_processes__placing_call_returns_what_another_process_decides, 0,
                        2);
    tcase_add_loop_test(tcase, test_processes__queue_completes_what_another_process_decides, 0, 2);
    tcase_add_loop_test(tcase, test_processes__reader_of_events_sees_what_another_process_decides,
                        0, 2);
    tcase_add_loop_test(tcase, test_processes__handle_is_dead_after_fork_and_lives_on_in_its_owner,
                        0, 2);
    tcase_add_loop_test(tcase, test_processes__file_open_at_a_fork_is_refused_in_the_child, 0, 2);
    suite_add_tcase(all, tcase);
    return all;
}

AURORA_TEST_MAIN(suite)
