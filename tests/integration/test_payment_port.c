/* SPDX-License-Identifier: MIT */
/* The same provider behind aurora_payment_attach: called by the engine, it begins and returns. */
#include <pthread.h>
#include <string.h>

#include "provider.h"

#define LEASE_MS 30000

enum { ANSWER_INSIDE, ANSWER_LATER, REFUSE_BUSY, ACT_AND_FAIL, FAIL_UNHEARD, NOT_BEGUN, PROBE };

typedef struct {
    provider *bank;
    int mode;       /* of the next calls */
    uint32_t calls; /* of start and query */
    uint32_t starts;
    uint32_t queries;
    uint32_t closes;
    uint32_t stops;
    aurora_status at_stop; /* what finishing answers then */
    aurora_task last;      /* without its texts */
    int32_t outcome;       /* what the bank did, with ANSWER_LATER */
    aurora_status nested[4];
    pthread_mutex_t lock; /* the worker calls, the test looks */
    pthread_cond_t called;
} gateway;

static gateway port_of;
static aurora_t *shop;
static char file[512]; /* "" = in memory */
static aurora_manual_clock manual;
static aurora_clock clock_of_manual;

/* What a port may and may not call from inside. */
static void probe(gateway *to, aurora_t *of, const aurora_task *task)
{
    aurora_order *order = NULL;
    shop_request request;
    to->nested[0] = aurora_order_get(of, task->order_id, &order);
    aurora_order_free(order);
    to->nested[1] =
        aurora_order_place(of, shop_request_init(&request, NULL, 1, "card"), &order, NULL);
    to->nested[2] = aurora_stock_receive(of, SHOP_SKU, 1, "from inside", NULL);
    to->nested[3] = aurora_pump(of, 0, NULL);
}

static aurora_status call(gateway *to, aurora_t *of, const aurora_task *task)
{
    to->calls++;
    to->last = *task;
    switch (to->mode) {
    case REFUSE_BUSY:
        return AURORA_EBUSY;
    case FAIL_UNHEARD:
        return AURORA_EIO;
    case ACT_AND_FAIL:
        provider_act(to->bank, task);
        return AURORA_EIO;
    case ANSWER_LATER:
        to->outcome = provider_act(to->bank, task);
        return AURORA_OK;
    case NOT_BEGUN:
        provider_finish(of, task->id, AURORA_OUTCOME_NOT_BEGUN);
        return AURORA_OK;
    case PROBE:
        probe(to, of, task);
        break;
    default:
        break;
    }
    provider_finish(of, task->id, provider_act(to->bank, task));
    return AURORA_OK;
}

static aurora_status enter(gateway *to, uint32_t *counter, aurora_t *of, const aurora_task *task)
{
    pthread_mutex_lock(&to->lock);
    (*counter)++;
    aurora_status rc = call(to, of, task);
    pthread_cond_signal(&to->called);
    pthread_mutex_unlock(&to->lock);
    return rc;
}

static aurora_status start_call(void *self, aurora_t *of, const aurora_task *task)
{
    gateway *to = self;
    ck_assert_uint_eq(task->is_query, 0);
    return enter(to, &to->starts, of, task);
}

static aurora_status start_query(void *self, aurora_t *of, const aurora_task *task)
{
    gateway *to = self;
    ck_assert_uint_eq(task->is_query, 1);
    return enter(to, &to->queries, of, task);
}

static void close_port(void *self)
{
    ((gateway *)self)->closes++;
}

/* The handle is still whole: what the port has can be reported. */
static void stop_port(void *self)
{
    gateway *to = self;
    pthread_mutex_lock(&to->lock);
    aurora_id id = to->last.id;
    int32_t outcome = to->outcome;
    pthread_mutex_unlock(&to->lock);
    ck_assert_uint_eq(to->closes, to->stops);
    to->stops++;
    to->at_stop = aurora_task_finish(shop, id, AURORA_TASK_RESULT(.outcome = outcome), NULL);
}

static aurora_payment_port new_port(void)
{
    return (aurora_payment_port){.size = sizeof(aurora_payment_port),
                                 .self = &port_of,
                                 .start = start_call,
                                 .query = start_query,
                                 .close = close_port,
                                 .stop = stop_port};
}

static void open_shop(uint32_t flags)
{
    static const char *const settings[] = {"payment=none:", "search=none:"};
    aurora_payment_port port = new_port();
    shop = shop_open(file[0] != '\0' ? file : "memory:",
                     AURORA_OPTIONS(.flags = flags, .clock = &clock_of_manual, .settings = settings,
                                    .setting_count = 2));
    shop_stock_up(shop, 10);
    aurora_assert_ok(aurora_payment_attach(shop, &port));
}

static void start(void)
{
    memset(&port_of, 0, sizeof port_of);
    pthread_mutex_init(&port_of.lock, NULL);
    pthread_cond_init(&port_of.called, NULL);
    port_of.bank = provider_new();
    aurora_manual_clock_init(&manual, SHOP_NOW);
    aurora_manual_clock_attach(&manual, &clock_of_manual);
    open_shop(0);
}

static void stop(void)
{
    if (shop != NULL)
        shop_assert_clean(shop);
    aurora_close(shop);
    provider_free(port_of.bank);
}

static void advance(int64_t ms)
{
    aurora_manual_clock_advance(&manual, ms);
    shop_pump(shop);
}

static void assert_paid(aurora_id id)
{
    const provider_account *account = provider_order(port_of.bank, id);
    ck_assert_int_eq(shop_status(shop, id), AURORA_ORDER_COMPLETED);
    ck_assert(shop_is_settled(shop, id));
    ck_assert_uint_eq(account->captures, 1);
    ck_assert_int_eq(account->captured_minor, 2 * SHOP_PRICE);
    ck_assert_int_eq(shop_stock(shop).sold, 2);
}

START_TEST(test_payment_port__answer_from_inside_start_completes_the_order)
{
    aurora_order *order = shop_place(shop, "a", 2, "card", 0);

    ck_assert_int_eq(order->status, AURORA_ORDER_COMPLETED);
    shop_pump(shop);
    assert_paid(order->id);
    ck_assert_uint_eq(port_of.starts, 2);
    ck_assert_uint_eq(port_of.queries, 0);
    aurora_order_free(order);
}
END_TEST

START_TEST(test_payment_port__decline_from_inside_start_fails_the_order)
{
    port_of.bank->is_declining = 1;

    aurora_order *order = shop_place(shop, "a", 2, "card", 0);

    ck_assert_int_eq(order->status, AURORA_ORDER_FAILED);
    ck_assert_int_eq(order->reason, AURORA_REASON_PAYMENT_DECLINED);
    ck_assert_str_eq(order->decline_code, "insufficient_funds");
    shop_pump(shop);
    ck_assert_int_eq(shop_stock(shop).available, 10);
    aurora_order_free(order);
}
END_TEST

START_TEST(test_payment_port__answer_may_come_after_start_has_returned)
{
    port_of.mode = ANSWER_LATER;
    aurora_id id = shop_submit(shop, "a", 2);
    shop_pump(shop);
    ck_assert_int_eq(shop_status(shop, id), AURORA_ORDER_RESERVED);

    provider_finish(shop, port_of.last.id, port_of.outcome);
    shop_pump(shop);
    ck_assert_int_eq(shop_status(shop, id), AURORA_ORDER_COMPLETED);
    provider_finish(shop, port_of.last.id, port_of.outcome);

    shop_pump(shop);
    assert_paid(id);
}
END_TEST

/* Answers what the worker's calls began, each from here. */
static void *answer_all(void *argument)
{
    uint32_t answered = 0;
    (void)argument;
    while (answered < 2) { /* an authorize and a capture */
        pthread_mutex_lock(&port_of.lock);
        while (port_of.calls == answered)
            pthread_cond_wait(&port_of.called, &port_of.lock);
        aurora_id id = port_of.last.id;
        int32_t outcome = port_of.outcome;
        answered = port_of.calls;
        pthread_mutex_unlock(&port_of.lock);
        provider_finish(shop, id, outcome);
    }
    return NULL;
}

START_TEST(test_payment_port__answer_may_come_from_another_thread)
{
    aurora_close(shop);
    open_shop(AURORA_OPEN_WORKER);
    port_of.mode = ANSWER_LATER;
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, answer_all, NULL), 0);

    aurora_order *order = shop_place(shop, "a", 2, "card", 0);

    ck_assert_int_eq(order->status, AURORA_ORDER_COMPLETED);
    pthread_join(thread, NULL);
    ck_assert(shop_wait_settled(shop, order->id, 10000));
    assert_paid(order->id);
    aurora_order_free(order);
}
END_TEST

START_TEST(test_payment_port__that_never_answers_is_asked_after_the_lease)
{
    port_of.mode = ANSWER_LATER;
    aurora_id id = shop_submit(shop, "a", 2);
    shop_pump(shop);
    port_of.mode = ANSWER_INSIDE;

    advance(LEASE_MS + 2000);

    ck_assert_uint_eq(port_of.queries, 1);
    assert_paid(id);
}
END_TEST

START_TEST(test_payment_port__busy_start_is_made_again_as_a_start)
{
    port_of.mode = REFUSE_BUSY;
    aurora_id id = shop_submit(shop, "a", 2);
    shop_pump(shop);
    port_of.mode = ANSWER_INSIDE;

    for (int i = 0; i < 120 && !shop_is_settled(shop, id); i++)
        advance(1000);

    assert_paid(id);
    ck_assert_uint_eq(port_of.queries, 0);
}
END_TEST

START_TEST(test_payment_port__busy_start_counts_no_attempt)
{
    port_of.mode = REFUSE_BUSY;
    aurora_id id = shop_submit(shop, "a", 2);

    for (int i = 0; i < 280; i++)
        advance(1000);

    ck_assert_uint_gt(port_of.calls, 1);
    ck_assert_uint_eq(port_of.last.attempt, 1);
    ck_assert_int_eq(shop_status(shop, id), AURORA_ORDER_RESERVED);
    port_of.mode = ANSWER_INSIDE;
    for (int i = 0; i < 19 && !shop_is_settled(shop, id); i++)
        advance(1000);
    assert_paid(id);
}
END_TEST

START_TEST(test_payment_port__call_that_was_not_begun_counts_no_attempt)
{
    port_of.mode = NOT_BEGUN;
    aurora_id id = shop_submit(shop, "a", 2);

    for (int i = 0; i < 280; i++)
        advance(1000);

    ck_assert_uint_gt(port_of.calls, 20); /* a payment that counted them would be parked */
    ck_assert_uint_eq(port_of.last.attempt, 1);
    ck_assert_int_eq(shop_status(shop, id), AURORA_ORDER_RESERVED);
    port_of.mode = ANSWER_INSIDE;
    for (int i = 0; i < 19 && !shop_is_settled(shop, id); i++)
        advance(1000);
    assert_paid(id);
}
END_TEST

START_TEST(test_payment_port__call_that_was_not_begun_is_asked_about_before_it_is_repeated)
{
    port_of.mode = NOT_BEGUN;
    aurora_id id = shop_submit(shop, "a", 2);
    shop_pump(shop);
    port_of.mode = ANSWER_INSIDE;

    advance(1000);

    ck_assert_uint_eq(port_of.queries, 1);
    assert_paid(id);
}
END_TEST

START_TEST(test_payment_port__stop_may_report_what_the_port_still_has)
{
    char *folder = aurora_tempdir_new();
    aurora_close(shop);
    aurora_test_path(file, sizeof file, folder, "shop.db");
    open_shop(0);
    port_of.mode = ANSWER_LATER;
    aurora_id id = shop_submit(shop, "a", 2);
    shop_pump(shop);
    port_of.stops = 0;
    port_of.closes = 0;

    aurora_close(shop);

    ck_assert_uint_eq(port_of.stops, 1);
    ck_assert_uint_eq(port_of.closes, 1);
    aurora_assert_ok(port_of.at_stop);
    port_of.mode = ANSWER_INSIDE;
    open_shop(0);
    shop_pump(shop);
    ck_assert_uint_eq(port_of.queries, 0); /* the report is durable */
    assert_paid(id);
    aurora_tempdir_remove(folder);
    file[0] = '\0';
}
END_TEST

START_TEST(test_payment_port__busy_query_is_made_again_as_a_query)
{
    port_of.mode = ACT_AND_FAIL;
    aurora_id id = shop_submit(shop, "a", 2);
    shop_pump(shop);
    port_of.mode = REFUSE_BUSY;
    advance(2000);
    ck_assert_uint_eq(port_of.queries, 1);
    port_of.mode = ANSWER_INSIDE;

    for (int i = 0; i < 60 && !shop_is_settled(shop, id); i++)
        advance(1000);

    ck_assert_uint_eq(port_of.starts, 2); /* one authorize, one capture */
    ck_assert_uint_eq(port_of.queries, 2);
    assert_paid(id);
}
END_TEST

START_TEST(test_payment_port__failed_start_is_an_unknown_outcome)
{
    static const int modes[] = {ACT_AND_FAIL, FAIL_UNHEARD};
    for (int i = 0; i < 2; i++) {
        uint32_t queries = port_of.queries;
        port_of.mode = modes[i];
        aurora_id id = shop_submit(shop, NULL, 1);
        shop_pump(shop);
        ck_assert_int_eq(shop_status(shop, id), AURORA_ORDER_RESERVED);
        port_of.mode = ANSWER_INSIDE;

        advance(2000);

        ck_assert_uint_eq(port_of.queries, queries + 1);
        ck_assert(shop_is_settled(shop, id));
        ck_assert_uint_eq(provider_order(port_of.bank, id)->captures, 1);
    }
}
END_TEST

START_TEST(test_payment_port__may_read_and_finish_but_command_nothing_from_inside)
{
    port_of.mode = PROBE;

    aurora_order *order = shop_place(shop, "a", 2, "card", 0);

    aurora_assert_ok(port_of.nested[0]);
    aurora_assert_status(port_of.nested[1], AURORA_EREENTRANT);
    aurora_assert_status(port_of.nested[2], AURORA_EREENTRANT);
    aurora_assert_status(port_of.nested[3], AURORA_EREENTRANT);
    shop_pump(shop);
    assert_paid(order->id);
    aurora_order_free(order);
}
END_TEST

START_TEST(test_payment_port__takes_the_tasks_away_from_the_loop)
{
    port_of.mode = REFUSE_BUSY;
    shop_submit(shop, "a", 2);

    aurora_task_page_free(provider_take(shop, 0));
}
END_TEST

START_TEST(test_payment_port__cancelled_sale_is_refunded_in_full)
{
    aurora_order *order = shop_place(shop, "a", 2, "card", 0);
    shop_pump(shop);

    aurora_assert_ok(
        aurora_order_cancel(shop, order->id, AURORA_REASON_CUSTOMER, NULL, NULL, NULL));
    shop_pump(shop);

    ck_assert(shop_is_settled(shop, order->id));
    ck_assert_int_eq(provider_kept(provider_order(port_of.bank, order->id)), 0);
    ck_assert_uint_eq(provider_order(port_of.bank, order->id)->refunds, 1);
    aurora_order_free(order);
}
END_TEST

START_TEST(test_payment_port__of_the_next_process_is_asked_what_the_last_one_began)
{
    char *folder = aurora_tempdir_new();
    aurora_close(shop);
    aurora_test_path(file, sizeof file, folder, "shop.db");
    open_shop(0);
    port_of.mode = ACT_AND_FAIL;
    aurora_id id = shop_submit(shop, "a", 2);
    shop_pump(shop);
    aurora_close(shop);
    port_of.mode = ANSWER_INSIDE;
    aurora_manual_clock_advance(&manual, LEASE_MS + 2000);

    open_shop(0);
    shop_pump(shop);

    ck_assert_uint_eq(port_of.queries, 1);
    assert_paid(id);
    aurora_tempdir_remove(folder);
    file[0] = '\0'; /* the next test may run in this process */
}
END_TEST

START_TEST(test_payment_port__is_attached_once_and_whole)
{
    aurora_payment_port port = new_port();

    aurora_assert_status(aurora_payment_attach(shop, &port), AURORA_ECONFLICT);
    aurora_assert_status(aurora_payment_attach(shop, NULL), AURORA_EINVAL);
    port.query = NULL;
    aurora_assert_status(aurora_payment_attach(shop, &port), AURORA_EINVAL);

    aurora_close(shop);
    shop = NULL;
    ck_assert_uint_eq(port_of.closes, 1);
}
END_TEST

START_TEST(test_payment_port__attaches_only_before_the_first_order)
{
    aurora_close(shop);
    shop = shop_open("memory:", AURORA_OPTIONS(.clock = &clock_of_manual));
    shop_stock_up(shop, 10);
    aurora_order_free(shop_place(shop, "a", 1, "tok_approve", 0));
    aurora_payment_port port = new_port();

    aurora_assert_status(aurora_payment_attach(shop, &port), AURORA_ECONFLICT);
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("payment_port");
    TCase *tcase = tcase_create("port");
    tcase_add_checked_fixture(tcase, start, stop);
    tcase_add_test(tcase, test_payment_port__answer_from_inside_start_completes_the_order);
    tcase_add_test(tcase, test_payment_port__decline_from_inside_start_fails_the_order);
    tcase_add_test(tcase, test_payment_port__answer_may_come_after_start_has_returned);
    tcase_add_test(tcase, test_payment_port__answer_may_come_from_another_thread);
    tcase_add_test(tcase, test_payment_port__that_never_answers_is_asked_after_the_lease);
    tcase_add_test(tcase, test_payment_port__busy_start_is_made_again_as_a_start);
    tcase_add_test(tcase, test_payment_port__busy_start_counts_no_attempt);
    tcase_add_test(tcase, test_payment_port__call_that_was_not_begun_counts_no_attempt);
    tcase_add_test(tcase,
                   test_payment_port__call_that_was_not_begun_is_asked_about_before_it_is_repeated);
    tcase_add_test(tcase, test_payment_port__stop_may_report_what_the_port_still_has);
    tcase_add_test(tcase, test_payment_port__busy_query_is_made_again_as_a_query);
    tcase_add_test(tcase, test_payment_port__failed_start_is_an_unknown_outcome);
    tcase_add_test(tcase, test_payment_port__may_read_and_finish_but_command_nothing_from_inside);
    tcase_add_test(tcase, test_payment_port__takes_the_tasks_away_from_the_loop);
    tcase_add_test(tcase, test_payment_port__cancelled_sale_is_refunded_in_full);
    tcase_add_test(tcase, test_payment_port__of_the_next_process_is_asked_what_the_last_one_began);
    tcase_add_test(tcase, test_payment_port__is_attached_once_and_whole);
    tcase_add_test(tcase, test_payment_port__attaches_only_before_the_first_order);
    suite_add_tcase(all, tcase);
    return all;
}

AURORA_TEST_MAIN(suite)
