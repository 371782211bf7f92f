/* SPDX-License-Identifier: MIT */
/* Memory that runs out, once or for good, at each allocation of each public call: the call answers
 * AURORA_ENOMEM or works, nothing is half done or leaked, and the same call works afterwards.
 * ctest: one thread */
#include <stdio.h>
#include <string.h>

#include "provider.h"

#define SWEEP_MAX 4000

/* Two of the library's failing allocators: one that never fails, for what surrounds the call, and
 * one for the call itself. A piece may come from one and go back to the other, so only their sum of
 * live pieces counts. */
typedef struct {
    aurora_failing_allocator words[2];
    aurora_allocator each[2];
    bool is_armed;
} memory;

static memory ram;
static aurora_allocator allocator;
static aurora_manual_clock manual;
static aurora_clock clock_of_manual;
static char *folder;
static char file[512];
static char copy[600];
static unsigned rounds;

static void *take(void *self, size_t bytes)
{
    memory *of = self;
    return of->each[of->is_armed].allocate(of->each[of->is_armed].self, bytes);
}

static void *resize(void *self, void *piece, size_t bytes)
{
    memory *of = self;
    return of->each[of->is_armed].reallocate(of->each[of->is_armed].self, piece, bytes);
}

static void give_back(void *self, void *piece)
{
    memory *of = self;
    of->each[of->is_armed].release(of->each[of->is_armed].self, piece);
}

static void start(void)
{
    folder = aurora_tempdir_new();
    allocator = (aurora_allocator){.size = sizeof allocator,
                                   .self = &ram,
                                   .allocate = take,
                                   .reallocate = resize,
                                   .release = give_back};
}

static void stop(void)
{
    aurora_tempdir_remove(folder);
}

static void init_memory(uint64_t fail_at, uint32_t is_lasting)
{
    aurora_failing_allocator_init(&ram.words[0], UINT64_MAX, 0);
    aurora_failing_allocator_init(&ram.words[1], fail_at, is_lasting);
    for (int i = 0; i < 2; i++)
        aurora_failing_allocator_attach(&ram.words[i], &ram.each[i]);
    ram.is_armed = false;
    aurora_manual_clock_init(&manual, SHOP_NOW);
    aurora_manual_clock_attach(&manual, &clock_of_manual);
}

static bool has_failed(uint64_t fail_at)
{
    return aurora_failing_allocator_count(&ram.words[1]) > fail_at;
}

static void assert_nothing_leaked(const char *name, uint64_t fail_at)
{
    int64_t live = (int64_t)(aurora_failing_allocator_live(&ram.words[0]) +
                             aurora_failing_allocator_live(&ram.words[1]));
    ck_assert_msg(live == 0, "%s leaks %lld pieces when allocation %u fails", name, (long long)live,
                  (unsigned)fail_at);
}

/* --- a shop with something of everything ------------------------------------------------------ */

static aurora_id waiting;   /* nobody has taken its authorize */
static aurora_id completed; /* paid */
static aurora_id parked;    /* its void was refused */
static aurora_id leased;    /* the task of another order, taken and not finished */

static aurora_status open_shop(const char *url, const char *payment, aurora_t **out)
{
    const char *settings[] = {payment, "search=none:", "park_attempts_min=1"};
    return aurora_open(url,
                       AURORA_OPTIONS(.allocator = &allocator, .clock = &clock_of_manual,
                                      .settings = settings, .setting_count = 3),
                       out, NULL);
}

static aurora_id lease_one(aurora_t *shop, aurora_id *order_id_out)
{
    *order_id_out = shop_submit(shop, NULL, 1);
    aurora_task_page *page = provider_take(shop, AURORA_VERB_AUTHORIZE);
    aurora_id id = page->items[0]->id;
    aurora_task_page_free(page);
    return id;
}

static aurora_id finish_next(aurora_t *shop, int32_t verb, int32_t outcome)
{
    aurora_task_page *page = provider_take(shop, verb);
    aurora_id id = page->items[0]->id;
    provider_finish(shop, id, outcome);
    aurora_task_page_free(page);
    return id;
}

static void furnish(aurora_t *shop)
{
    const aurora_line line = {.sku = SHOP_SKU, .quantity = 3};
    aurora_event_page *page = NULL;
    aurora_id other;
    int32_t decision;
    shop_stock_up(shop, 100);
    provider_finish(shop, lease_one(shop, &completed), AURORA_OUTCOME_DONE);
    finish_next(shop, AURORA_VERB_CAPTURE, AURORA_OUTCOME_DONE);
    aurora_id task = lease_one(shop, &parked);
    aurora_assert_ok(aurora_order_cancel(shop, parked, AURORA_REASON_CUSTOMER, NULL, NULL, NULL));
    provider_finish(shop, task, AURORA_OUTCOME_DONE);
    finish_next(shop, AURORA_VERB_VOID, AURORA_OUTCOME_DECLINED);
    finish_next(shop, AURORA_VERB_CAPTURE, AURORA_OUTCOME_NOT_FOUND);
    leased = lease_one(shop, &other);
    waiting = shop_submit(shop, NULL, 1);
    aurora_assert_ok(aurora_stock_reserve(shop, "hold", &line, 1, 3600000, &decision, NULL));
    aurora_assert_ok(aurora_event_read(shop, "reader", 2, 0, &page));
    aurora_event_page_free(page);
}

/* --- the calls -------------------------------------------------------------------------------- */

typedef aurora_status (*call)(aurora_t *shop);

static aurora_status product_put(aurora_t *shop)
{
    const aurora_pair pair = {"colour", "blue"};
    return aurora_product_put(shop,
                              AURORA_PRODUCT(.sku = "mug", .name = "Mug", .price_minor = 999,
                                             .currency = "EUR", .attributes = &pair,
                                             .attribute_count = 1),
                              AURORA_ANY_VERSION, NULL, NULL);
}

static aurora_status product_put_many(aurora_t *shop)
{
    const aurora_product_input *inputs[] = {
        AURORA_PRODUCT(.sku = "a", .name = "A", .currency = "EUR"),
        AURORA_PRODUCT(.sku = "b", .name = "B", .currency = "EUR")};
    return aurora_product_put_many(shop, inputs, 2, NULL, NULL);
}

static aurora_status product_get(aurora_t *shop)
{
    aurora_product *product = NULL;
    aurora_status rc = aurora_product_get(shop, SHOP_SKU, &product);
    ck_assert((rc == AURORA_OK) == (product != NULL));
    aurora_product_free(product);
    return rc;
}

static aurora_status product_list(aurora_t *shop)
{
    aurora_product_page *page = NULL;
    aurora_status rc = aurora_product_list(shop, NULL, NULL, 0, &page, NULL);
    ck_assert(rc != AURORA_OK || page->count == 1);
    aurora_product_page_free(page);
    return rc;
}

static aurora_status product_delete(aurora_t *shop)
{
    aurora_status rc = aurora_product_delete(shop, SHOP_SKU, AURORA_ANY_VERSION, NULL);
    return rc == AURORA_ENOTFOUND ? AURORA_OK : rc; /* a repeat */
}

static aurora_status product_view(aurora_t *shop)
{
    return aurora_product_view(shop, SHOP_SKU, 3, NULL);
}

static aurora_status product_resync(aurora_t *shop)
{
    return aurora_product_resync(shop, NULL, NULL);
}

static aurora_status stock_receive(aurora_t *shop)
{
    return aurora_stock_receive(shop, "mug", 5, "mugs", NULL);
}

static aurora_status stock_adjust(aurora_t *shop)
{
    return aurora_stock_adjust(shop, SHOP_SKU, -1, "broken", "broken one", NULL);
}

static aurora_status stock_get(aurora_t *shop)
{
    aurora_stock stock;
    return aurora_stock_get(shop, SHOP_SKU, &stock);
}

static aurora_status stock_list(aurora_t *shop)
{
    aurora_stock_page *page = NULL;
    aurora_status rc = aurora_stock_list(shop, NULL, NULL, 0, &page, NULL);
    ck_assert(rc != AURORA_OK || page->count == 1);
    aurora_stock_page_free(page);
    return rc;
}

static aurora_status stock_reserve(aurora_t *shop)
{
    const aurora_line line = {.sku = SHOP_SKU, .quantity = 2};
    int32_t decision = 0;
    aurora_status rc = aurora_stock_reserve(shop, "other", &line, 1, 1000, &decision, NULL);
    ck_assert(rc != AURORA_OK || decision == AURORA_DECISION_RESERVED);
    return rc;
}

static aurora_status stock_commit(aurora_t *shop)
{
    return aurora_stock_commit(shop, "hold");
}

static aurora_status stock_release(aurora_t *shop)
{
    return aurora_stock_release(shop, "hold");
}

static aurora_status reservation_list(aurora_t *shop)
{
    aurora_reservation_page *page = NULL;
    aurora_status rc = aurora_reservation_list(shop, SHOP_SKU, NULL, 0, &page, NULL);
    ck_assert(rc != AURORA_OK || page->count == 3);
    aurora_reservation_page_free(page);
    return rc;
}

static aurora_status order_place(aurora_t *shop)
{
    const aurora_pair metadata = {"gift", "yes"};
    shop_request request;
    aurora_order *order = NULL;
    shop_request_init(&request, "a key", 2, "tok_approve");
    request.request.flags = AURORA_ORDER_NO_WAIT;
    request.request.customer_id = "anna";
    request.request.reference = "R-1";
    request.request.metadata = &metadata;
    request.request.metadata_count = 1;
    aurora_status rc = aurora_order_place(shop, &request.request, &order, NULL);
    ck_assert((rc == AURORA_OK) == (order != NULL));
    aurora_order_free(order);
    return rc;
}

static aurora_status order_get(aurora_t *shop)
{
    aurora_order *order = NULL;
    aurora_status rc = aurora_order_get(shop, completed, &order);
    aurora_order_free(order);
    return rc;
}

static aurora_status order_wait(aurora_t *shop)
{
    aurora_order *order = NULL;
    aurora_status rc = aurora_order_wait(shop, completed, 0, 0, &order);
    aurora_order_free(order);
    return rc;
}

static aurora_status order_list(aurora_t *shop)
{
    aurora_order_page *page = NULL;
    aurora_status rc = aurora_order_list(shop, NULL, NULL, 0, &page, NULL);
    ck_assert(rc != AURORA_OK || page->count == 4);
    aurora_order_page_free(page);
    return rc;
}

static aurora_status order_list_of_customer(aurora_t *shop)
{
    aurora_order_page *page = NULL;
    aurora_status rc =
        aurora_order_list(shop, AURORA_ORDER_FILTER(.customer_id = "nobody"), NULL, 0, &page, NULL);
    ck_assert(rc != AURORA_OK || page->count == 0);
    aurora_order_page_free(page);
    return rc;
}

static aurora_status order_cancel(aurora_t *shop)
{
    aurora_order *order = NULL;
    aurora_status rc =
        aurora_order_cancel(shop, completed, AURORA_REASON_CUSTOMER, "broken", &order, NULL);
    aurora_order_free(order);
    return rc;
}

static aurora_status order_cancel_with(aurora_t *shop)
{
    aurora_order *order = NULL;
    aurora_status rc = aurora_order_cancel_with(shop,
                                                AURORA_CANCEL(.reason = AURORA_REASON_OPERATOR,
                                                              .order_id = waiting, .actor = "olga",
                                                              .note = "why", .key = "cancel key"),
                                                &order, NULL);
    aurora_order_free(order);
    return rc;
}

static aurora_status order_history(aurora_t *shop)
{
    aurora_history *history = NULL;
    aurora_status rc = aurora_order_history(shop, parked, &history);
    aurora_history_free(history);
    return rc;
}

static aurora_status order_json(aurora_t *shop)
{
    char text[8192];
    aurora_order *order = NULL;
    aurora_status rc = aurora_order_get(shop, completed, &order);
    if (rc == AURORA_OK)
        rc = aurora_order_json(order, text, sizeof text, NULL);
    aurora_order_free(order);
    return rc;
}

static aurora_status queue(aurora_t *shop)
{
    aurora_queue *of = NULL;
    aurora_completion done[2];
    shop_request request;
    const aurora_order_request *requests[] = {shop_request_init(&request, "a key", 1, "card")};
    uint32_t count = 0;
    request.request.flags = AURORA_ORDER_NO_WAIT | AURORA_ORDER_WITH_RESULT;
    aurora_status rc = aurora_queue_new(shop, 4, &of);
    if (rc == AURORA_OK)
        rc = aurora_order_submit(of, requests, NULL, 1, &count);
    if (rc == AURORA_OK) {
        ck_assert_uint_eq(count, 1);
        aurora_assert_ok(aurora_queue_take(of, done, 2, 10000, &count));
        ck_assert_uint_eq(count, 1); /* each accepted request gives exactly one completion */
        rc = done[0].status;
        ck_assert((rc == AURORA_OK) == (done[0].order != NULL));
        aurora_order_free(done[0].order);
    }
    aurora_queue_free(of);
    return rc;
}

static aurora_status task_take(aurora_t *shop)
{
    aurora_task_page *page = NULL;
    aurora_status rc = aurora_task_take(shop, AURORA_TASK_PAYMENT, 4, 0, 0, &page);
    ck_assert_msg(rc != AURORA_OK || page->count == 1, "the task is lost until its lease ends");
    aurora_task_page_free(page);
    return rc;
}

static aurora_status task_finish(aurora_t *shop)
{
    return aurora_task_finish(
        shop, leased,
        AURORA_TASK_RESULT(.outcome = AURORA_OUTCOME_DONE, .provider_reference = "ch_1"), NULL);
}

static aurora_status task_finish_many(aurora_t *shop)
{
    const aurora_task_result *results[] = {
        AURORA_TASK_RESULT(.outcome = AURORA_OUTCOME_DECLINED, .code = "stolen")};
    return aurora_task_finish_many(shop, &leased, results, 1, NULL, NULL);
}

static aurora_status event_read(aurora_t *shop)
{
    aurora_event_page *page = NULL;
    aurora_status rc = aurora_event_read(shop, "reader", 100, 0, &page);
    ck_assert(rc != AURORA_OK || page->count > 5);
    aurora_event_page_free(page);
    return rc;
}

static aurora_status event_read_first(aurora_t *shop)
{
    aurora_event_page *page = NULL;
    aurora_status rc = aurora_event_read(shop, "newcomer", 100, 0, &page);
    ck_assert(rc != AURORA_OK || page->count > 5);
    aurora_event_page_free(page);
    return rc;
}

static aurora_status event_ack(aurora_t *shop)
{
    return aurora_event_ack(shop, "reader", 2);
}

static aurora_status event_tail(aurora_t *shop)
{
    aurora_event_page *page = NULL;
    aurora_status rc = aurora_event_tail(shop, 0, 100, 0, &page);
    ck_assert(rc != AURORA_OK || page->count > 5);
    aurora_event_page_free(page);
    return rc;
}

static aurora_status consumer_list(aurora_t *shop)
{
    aurora_consumer_page *page = NULL;
    aurora_status rc = aurora_consumer_list(shop, &page);
    aurora_consumer_page_free(page);
    return rc;
}

static aurora_status consumer_delete(aurora_t *shop)
{
    aurora_status rc = aurora_consumer_delete(shop, "reader", NULL);
    return rc == AURORA_ENOTFOUND ? AURORA_OK : rc; /* a repeat */
}

static aurora_status trending(aurora_t *shop)
{
    aurora_trend_page *page = NULL;
    aurora_status rc = aurora_trending(shop, NULL, &page, NULL);
    aurora_trend_page_free(page);
    return rc;
}

static aurora_status related(aurora_t *shop)
{
    aurora_trend_page *page = NULL;
    aurora_status rc = aurora_related_products(shop, SHOP_SKU, 0, &page, NULL);
    aurora_trend_page_free(page);
    return rc;
}

static aurora_status popular(aurora_t *shop)
{
    aurora_trend_page *page = NULL;
    aurora_status rc = aurora_popular_products(shop, NULL, 0, &page, NULL);
    aurora_trend_page_free(page);
    return rc;
}

static aurora_status saga_list(aurora_t *shop)
{
    aurora_saga_page *page = NULL;
    aurora_status rc = aurora_saga_list(shop, NULL, NULL, 0, &page, NULL);
    ck_assert(rc != AURORA_OK || page->count == 3);
    aurora_saga_page_free(page);
    return rc;
}

static aurora_status saga_get(aurora_t *shop)
{
    aurora_saga *saga = NULL;
    aurora_status rc = aurora_saga_get(shop, parked, &saga);
    aurora_saga_free(saga);
    return rc;
}

static aurora_status saga_repair(aurora_t *shop)
{
    aurora_status rc = aurora_saga_repair(
        shop,
        AURORA_REPAIR(.action = AURORA_REPAIR_MARK, .order_id = parked,
                      .participant = AURORA_PARTICIPANT_PAYMENT, .result = AURORA_RESULT_VOIDED,
                      .actor = "olga", .note = "seen"),
        NULL);
    return rc == AURORA_ECONFLICT ? AURORA_OK : rc; /* a repeat */
}

static aurora_status dead_letter_list(aurora_t *shop)
{
    aurora_dead_letter_page *page = NULL;
    aurora_status rc = aurora_dead_letter_list(shop, NULL, NULL, 0, &page, NULL);
    aurora_dead_letter_page_free(page);
    return rc;
}

static aurora_status notification_list(aurora_t *shop)
{
    aurora_notification_page *page = NULL;
    aurora_status rc = aurora_notification_list(shop, 0, NULL, 0, &page, NULL);
    aurora_notification_page_free(page);
    return rc;
}

static aurora_status verify(aurora_t *shop)
{
    aurora_report *report = NULL;
    aurora_status rc = aurora_verify(shop, &report);
    ck_assert(rc != AURORA_OK || report->is_ok == 1);
    aurora_report_free(report);
    return rc;
}

static aurora_status metrics(aurora_t *shop)
{
    aurora_metric_page *page = NULL;
    aurora_status rc = aurora_metrics(shop, &page);
    aurora_metric_page_free(page);
    return rc;
}

static aurora_status drain(aurora_t *shop)
{
    aurora_drain out = {0};
    return aurora_drain_get(shop, &out);
}

static aurora_status setting_put(aurora_t *shop)
{
    return aurora_setting_put(shop, "order_wait=2s", NULL);
}

static aurora_status restored(aurora_t *shop)
{
    return aurora_restored(shop, NULL);
}

/* Timers, followers and retention. */
static aurora_status pump(aurora_t *shop)
{
    aurora_manual_clock_advance(&manual, 1000);
    for (int i = 0; i < 20; i++) {
        aurora_status rc = aurora_pump(shop, 0, NULL);
        if (rc != AURORA_OK)
            return rc;
    }
    return AURORA_OK;
}

static aurora_status pump_deadline(aurora_t *shop)
{
    aurora_manual_clock_advance(&manual, 400000);
    return pump(shop);
}

static aurora_status backup(aurora_t *shop)
{
    aurora_status rc = aurora_backup(shop, copy, NULL);
    return rc == AURORA_ENOTSUP ? AURORA_OK : rc;
}

typedef struct {
    const char *name;
    call make;
} named_call;

#define CALL(name)                                                                                 \
    {                                                                                              \
#name, name                                                                                \
    }

static const named_call calls[] = {
    CALL(product_put),
    CALL(product_put_many),
    CALL(product_get),
    CALL(product_list),
    CALL(product_delete),
    CALL(product_view),
    CALL(product_resync),
    CALL(stock_receive),
    CALL(stock_adjust),
    CALL(stock_get),
    CALL(stock_list),
    CALL(stock_reserve),
    CALL(stock_commit),
    CALL(stock_release),
    CALL(reservation_list),
    CALL(order_place),
    CALL(order_get),
    CALL(order_wait),
    CALL(order_list),
    CALL(order_list_of_customer),
    CALL(order_cancel),
    CALL(order_cancel_with),
    CALL(order_history),
    CALL(order_json),
    CALL(queue),
    CALL(task_take),
    CALL(task_finish),
    CALL(task_finish_many),
    CALL(event_read),
    CALL(event_read_first),
    CALL(event_ack),
    CALL(event_tail),
    CALL(consumer_list),
    CALL(consumer_delete),
    CALL(trending),
    CALL(related),
    CALL(popular),
    CALL(saga_list),
    CALL(saga_get),
    CALL(saga_repair),
    CALL(dead_letter_list),
    CALL(notification_list),
    CALL(verify),
    CALL(metrics),
    CALL(drain),
    CALL(setting_put),
    CALL(restored),
    CALL(pump),
    CALL(pump_deadline),
    CALL(backup),
};

#define CALLS ((int)(sizeof calls / sizeof calls[0]))

/* --- the sweep -------------------------------------------------------------------------------- */

/* What may never be, whatever failed. */
static void assert_whole(aurora_t *shop, const named_call *of)
{
    ck_assert_int_eq(aurora_health(shop), AURORA_OK);
    ck_assert_msg(shop_count(shop, 0) <= 5, "%s made an order twice", of->name);
    shop_assert_clean(shop);
}

/* One call in which allocation number fail_at fails; false when it had not so many. */
static bool sweep_step(const named_call *of, const char *url, uint64_t fail_at, uint32_t is_lasting)
{
    aurora_t *shop = NULL;
    snprintf(file, sizeof file, "%s/shop%u.db", folder, ++rounds);
    snprintf(copy, sizeof copy, "%s.copy", file);
    init_memory(fail_at, is_lasting);
    aurora_assert_ok(open_shop(url != NULL ? url : file, "payment=none:", &shop));
    furnish(shop);

    ram.is_armed = true;
    aurora_status rc = of->make(shop);
    ram.is_armed = false;

    ck_assert_msg(rc == AURORA_OK || rc == AURORA_ENOMEM, "%s is %s when allocation %u fails",
                  of->name, aurora_status_name(rc), (unsigned)fail_at);
    ck_assert_msg(rc == AURORA_OK || has_failed(fail_at), "%s fails by itself", of->name);
    assert_whole(shop, of);
    if (rc == AURORA_ENOMEM) {
        rc = of->make(shop);
        ck_assert_msg(rc == AURORA_OK, "%s is %s after allocation %u had failed", of->name,
                      aurora_status_name(rc), (unsigned)fail_at);
        assert_whole(shop, of);
    }
    aurora_close(shop);
    assert_nothing_leaked(of->name, fail_at);
    return has_failed(fail_at);
}

static void sweep(const named_call *of, const char *url, uint32_t is_lasting, unsigned stride)
{
    uint64_t fail_at = 0;
    while (fail_at < SWEEP_MAX && sweep_step(of, url, fail_at, is_lasting))
        fail_at += stride;
    ck_assert_uint_lt(fail_at, SWEEP_MAX);
}

START_TEST(test_allocation__one_failure_leaves_the_call_undone_or_done)
{
    sweep(&calls[_i], "memory:", 0, 1);
}
END_TEST

START_TEST(test_allocation__lasting_failure_leaves_the_call_undone_or_done)
{
    sweep(&calls[_i], "memory:", 1, 1);
}
END_TEST

START_TEST(test_allocation__one_failure_over_a_file_leaves_the_call_undone_or_done)
{
    sweep(&calls[_i], NULL, 0, shop_is_long() ? 1 : 7);
}
END_TEST

/* --- open and close --------------------------------------------------------------------------- */

static bool open_step(const char *url, uint64_t fail_at, uint32_t is_lasting)
{
    aurora_t *shop = NULL;
    init_memory(fail_at, is_lasting);

    ram.is_armed = true;
    aurora_status rc = open_shop(url, "payment=simulator:", &shop);
    ram.is_armed = false;

    ck_assert_msg(rc == AURORA_OK || rc == AURORA_ENOMEM, "open is %s when allocation %u fails",
                  aurora_status_name(rc), (unsigned)fail_at);
    ck_assert((rc == AURORA_OK) == (shop != NULL));
    if (rc != AURORA_OK)
        aurora_assert_ok(open_shop(url, "payment=simulator:", &shop));
    shop_stock_up(shop, 10);
    ram.is_armed = true;
    aurora_close(shop); /* needs no memory */
    ram.is_armed = false;
    assert_nothing_leaked("open", fail_at);
    return has_failed(fail_at);
}

START_TEST(test_allocation__failed_open_leaves_nothing_behind)
{
    for (uint32_t is_lasting = 0; is_lasting < 2; is_lasting++) {
        uint64_t fail_at = 0;
        snprintf(file, sizeof file, "%s/open%u.db", folder, ++rounds);
        while (fail_at < SWEEP_MAX && open_step(_i == 0 ? "memory:" : file, fail_at, is_lasting))
            fail_at++;
        ck_assert_uint_gt(fail_at, 3);
        ck_assert_uint_lt(fail_at, SWEEP_MAX);
    }
}
END_TEST

/* --- a call that waits ------------------------------------------------------------------------ */

START_TEST(test_allocation__order_without_a_key_is_not_made_by_a_call_that_failed)
{
    bool is_reached = true;
    for (uint64_t fail_at = 0; is_reached; fail_at++) {
        aurora_t *shop = NULL;
        aurora_order *order = NULL;
        shop_request request;
        init_memory(fail_at, 0);
        aurora_assert_ok(open_shop("memory:", "payment=simulator:", &shop));
        shop_stock_up(shop, 10);

        ram.is_armed = true;
        aurora_status rc = aurora_order_place(
            shop, shop_request_init(&request, NULL, 1, "tok_approve"), &order, NULL);
        ram.is_armed = false;

        ck_assert(rc == AURORA_OK || rc == AURORA_ENOMEM);
        ck_assert_msg(shop_count(shop, 0) == (rc == AURORA_OK ? 1 : 0),
                      "the order is there although allocation %u had failed", (unsigned)fail_at);
        is_reached = has_failed(fail_at);
        aurora_order_free(order);
        shop_assert_clean(shop);
        aurora_close(shop);
        assert_nothing_leaked("place", fail_at);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("allocation");
    TCase *tcase = tcase_create("sweeps");
    tcase_add_checked_fixture(tcase, start, stop);
    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, test_allocation__failed_open_leaves_nothing_behind, 0, 2);
    tcase_add_loop_test(tcase, test_allocation__one_failure_leaves_the_call_undone_or_done, 0,
                        CALLS);
    tcase_add_loop_test(tcase, test_allocation__lasting_failure_leaves_the_call_undone_or_done, 0,
                        CALLS);
    tcase_add_loop_test(
        tcase, test_allocation__one_failure_over_a_file_leaves_the_call_undone_or_done, 0, CALLS);
    tcase_add_test(tcase, test_allocation__order_without_a_key_is_not_made_by_a_call_that_failed);
    suite_add_tcase(all, tcase);
    return all;
}

AURORA_TEST_MAIN(suite)
