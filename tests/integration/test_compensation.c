/* SPDX-License-Identifier: MIT */
/* Compensations that fail: parked at once if refused for good, else by the rule of attempts;
 * listed, and repaired by a call that is written into the order's history. */
#include <string.h>

#include "provider.h"

#define TOTAL (2 * SHOP_PRICE)

static provider *bank;
static aurora_t *shop;
static aurora_manual_clock manual;
static aurora_clock clock_of_manual;

static void start(void)
{
    static const char *const settings[] = {"payment=none:", "search=none:"};
    bank = provider_new();
    aurora_manual_clock_init(&manual, SHOP_NOW);
    aurora_manual_clock_attach(&manual, &clock_of_manual);
    shop = shop_open("memory:", AURORA_OPTIONS(.clock = &clock_of_manual, .settings = settings,
                                               .setting_count = 2));
    shop_stock_up(shop, 10);
}

static void stop(void)
{
    shop_assert_clean(shop);
    aurora_close(shop);
    provider_free(bank);
}

static void advance(int64_t ms)
{
    aurora_manual_clock_advance(&manual, ms);
    shop_pump(shop);
}

static void cancel(aurora_id id)
{
    aurora_assert_ok(aurora_order_cancel(shop, id, AURORA_REASON_CUSTOMER, NULL, NULL, NULL));
}

/* The task that is due is refused for good. */
static void refuse(int32_t verb)
{
    aurora_task_page *page = provider_take(shop, verb);
    provider_finish(shop, page->items[0]->id, AURORA_OUTCOME_DECLINED);
    aurora_task_page_free(page);
}

/* Asked as often as a "not found" must come to be believed, it knows of no capture. */
static void deny_capture(void)
{
    for (int i = 0; i < 5; i++) {
        advance(i == 0 ? 0 : 1000 << (i - 1));
        aurora_task_page *page = provider_take(shop, AURORA_VERB_CAPTURE);
        ck_assert_uint_eq(page->items[0]->is_query, 1);
        provider_finish(shop, page->items[0]->id, AURORA_OUTCOME_NOT_FOUND);
        aurora_task_page_free(page);
    }
}

/* A cancelled order whose authorization the provider will not void. */
static aurora_id refuse_void(void)
{
    aurora_id id = shop_submit(shop, NULL, 2);
    aurora_task_page *page = provider_take(shop, AURORA_VERB_AUTHORIZE);
    provider_act(bank, page->items[0]);
    cancel(id);
    provider_finish(shop, page->items[0]->id, AURORA_OUTCOME_DONE);
    aurora_task_page_free(page);
    refuse(AURORA_VERB_VOID);
    return id;
}

static aurora_id park_void(void)
{
    aurora_id id = refuse_void();
    deny_capture();
    return id;
}

/* A sale that was cancelled and whose money the provider will not give back. */
static aurora_id park_refund(void)
{
    aurora_id id = shop_submit(shop, NULL, 2);
    provider_serve(bank, shop);
    cancel(id);
    refuse(AURORA_VERB_REFUND);
    return id;
}

/* A sale whose capture was refused. */
static aurora_id park_capture(void)
{
    aurora_id id = shop_submit(shop, NULL, 2);
    provider_do(bank, shop, AURORA_VERB_AUTHORIZE);
    refuse(AURORA_VERB_CAPTURE);
    return id;
}

static aurora_status repair(aurora_id id, int32_t action, int32_t result)
{
    return aurora_saga_repair(
        shop,
        AURORA_REPAIR(.action = action, .order_id = id,
                      .participant =
                          action == AURORA_REPAIR_COMPENSATE ? 0 : AURORA_PARTICIPANT_PAYMENT,
                      .result = result, .actor = "olga", .note = "called the bank"),
        NULL);
}

static void assert_parked(aurora_id id, int32_t outcome)
{
    aurora_order *order = shop_order(shop, id);
    ck_assert_int_eq(order->status, AURORA_ORDER_PARKED);
    ck_assert_int_eq(order->outcome, outcome);
    ck_assert_uint_eq(order->parked, AURORA_PARKED_PAYMENT);
    ck_assert_int_eq(order->settled_at_ms, 0);
    aurora_order_free(order);
}

static uint64_t version_of(aurora_id id)
{
    aurora_order *order = shop_order(shop, id);
    uint64_t version = order->version;
    aurora_order_free(order);
    return version;
}

static void assert_settled(aurora_id id, int32_t status)
{
    aurora_order *order = shop_order(shop, id);
    ck_assert_str_eq(aurora_order_status_name(order->status), aurora_order_status_name(status));
    ck_assert_uint_eq(order->parked, 0);
    ck_assert_int_ne(order->settled_at_ms, 0);
    aurora_order_free(order);
    aurora_task_page_free(provider_take(shop, 0));
}

static uint32_t count_sagas(const aurora_saga_filter *filter)
{
    aurora_saga_page *page = NULL;
    aurora_assert_ok(aurora_saga_list(shop, filter, NULL, 0, &page, NULL));
    uint32_t count = page->count;
    aurora_saga_page_free(page);
    return count;
}

/* --- parking ---------------------------------------------------------------------------------- */

START_TEST(test_compensation__refused_void_of_what_was_captured_after_all_is_refunded)
{
    aurora_id id = shop_submit(shop, NULL, 2);
    provider_do(bank, shop, AURORA_VERB_AUTHORIZE);
    aurora_task_page *page = provider_take(shop, AURORA_VERB_CAPTURE);
    cancel(id);
    aurora_task_result lost = {.size = sizeof lost, .outcome = AURORA_OUTCOME_UNKNOWN};
    aurora_assert_ok(aurora_task_finish(shop, page->items[0]->id, &lost, NULL));
    advance(1000);
    provider_finish(shop, page->items[0]->id, AURORA_OUTCOME_NOT_FOUND);
    provider_act(bank, page->items[0]); /* the call arrives behind the query */
    aurora_task_page_free(page);

    provider_serve(bank, shop);

    assert_settled(id, AURORA_ORDER_CANCELLED);
    ck_assert_int_eq(provider_kept(provider_order(bank, id)), 0);
}
END_TEST

START_TEST(test_compensation__void_refused_for_good_parks_where_nothing_was_captured)
{
    aurora_id id = park_void();

    assert_parked(id, AURORA_ORDER_CANCELLED);
    ck_assert_int_eq(shop_stock(shop).available, 10);
    advance(3600000);
    aurora_task_page_free(provider_take(shop, 0));
    assert_parked(id, AURORA_ORDER_CANCELLED);
}
END_TEST

START_TEST(test_compensation__refund_refused_for_good_parks_at_once)
{
    aurora_id id = park_refund();

    assert_parked(id, AURORA_ORDER_CANCELLED);
    ck_assert_int_eq(provider_kept(provider_order(bank, id)), TOTAL);
}
END_TEST

START_TEST(test_compensation__capture_refused_for_good_parks_the_completed_order)
{
    assert_parked(park_capture(), AURORA_ORDER_COMPLETED);
}
END_TEST

START_TEST(test_compensation__refund_without_an_outcome_parks_after_20_attempts)
{
    aurora_id id = shop_submit(shop, NULL, 2);
    provider_serve(bank, shop);
    cancel(id);

    uint32_t attempts = 0;
    for (int i = 0; i < 2000 && shop_status(shop, id) != AURORA_ORDER_PARKED; i++) {
        aurora_task_page *page = NULL;
        aurora_assert_ok(aurora_task_take(shop, AURORA_TASK_PAYMENT, 1, 0, 0, &page));
        attempts += page->count;
        if (page->count == 1)
            provider_finish(shop, page->items[0]->id, AURORA_OUTCOME_UNKNOWN);
        aurora_task_page_free(page);
        if (attempts < 20)
            ck_assert_int_ne(shop_status(shop, id), AURORA_ORDER_PARKED);
        advance(1000);
    }

    ck_assert_uint_eq(attempts, 20);
    assert_parked(id, AURORA_ORDER_CANCELLED);
}
END_TEST

START_TEST(test_compensation__parked_order_is_not_cancelled)
{
    aurora_id id = park_capture();

    aurora_assert_status(aurora_order_cancel(shop, id, AURORA_REASON_CUSTOMER, NULL, NULL, NULL),
                         AURORA_EPARKED);
}
END_TEST

/* --- listing ---------------------------------------------------------------------------------- */

START_TEST(test_compensation__parked_saga_is_listed_with_all_that_an_operator_needs)
{
    aurora_id id = park_void();
    advance(5000);

    aurora_saga_page *page = NULL;
    aurora_assert_ok(
        aurora_saga_list(shop, AURORA_SAGA_FILTER(.is_parked = 1), NULL, 0, &page, NULL));

    ck_assert_uint_eq(page->count, 1);
    ck_assert_ptr_null(page->next_cursor);
    const aurora_saga *saga = page->items[0];
    const aurora_participant *payment = shop_participant(saga, AURORA_PARTICIPANT_PAYMENT);
    const aurora_participant *inventory = shop_participant(saga, AURORA_PARTICIPANT_INVENTORY);
    aurora_assert_id_eq(saga->order_id, id);
    ck_assert_int_eq(saga->status, AURORA_ORDER_PARKED);
    ck_assert_int_eq(saga->outcome, AURORA_ORDER_CANCELLED);
    ck_assert_int_eq(saga->age_ms, 15000 + 5000);
    ck_assert_str_eq(payment->state, "VOIDING");
    ck_assert_str_eq(payment->parked_reason, "the provider refused for good");
    ck_assert_uint_eq(payment->is_parked, 1);
    ck_assert_uint_eq(payment->attempts, 1);
    ck_assert_int_eq(payment->parked_at_ms, SHOP_NOW + 15000);
    ck_assert_str_eq(inventory->state, "RELEASED");
    ck_assert_uint_eq(inventory->is_parked, 0);
    aurora_saga_page_free(page);
}
END_TEST

START_TEST(test_compensation__saga_list_follows_its_filter)
{
    park_void();
    advance(60000);
    shop_submit(shop, NULL, 1); /* unsettled, not parked */
    aurora_id settled = shop_submit(shop, NULL, 1);
    cancel(settled);

    ck_assert_uint_eq(count_sagas(NULL), 2);
    ck_assert_uint_eq(count_sagas(AURORA_SAGA_FILTER(.is_parked = 1)), 1);
    ck_assert_uint_eq(count_sagas(AURORA_SAGA_FILTER(.participant = AURORA_PARTICIPANT_PAYMENT)),
                      1);
    ck_assert_uint_eq(count_sagas(AURORA_SAGA_FILTER(.participant = AURORA_PARTICIPANT_INVENTORY)),
                      0);
    ck_assert_uint_eq(count_sagas(AURORA_SAGA_FILTER(.age_min_ms = 60000)), 1);
    ck_assert_uint_eq(shop_count(shop, AURORA_ORDER_PARKED), 1);
}
END_TEST

START_TEST(test_compensation__saga_list_pages_oldest_first)
{
    aurora_id ids[5];
    for (int i = 0; i < 5; i++) {
        ids[i] = park_void();
        advance(1000);
    }
    char cursor[256] = "";

    for (uint32_t seen = 0; seen < 5;) {
        aurora_saga_page *page = NULL;
        aurora_assert_ok(aurora_saga_list(shop, AURORA_SAGA_FILTER(.is_parked = 1),
                                          seen > 0 ? cursor : NULL, 2, &page, NULL));
        ck_assert_uint_eq(page->count, seen < 4 ? 2 : 1);
        for (uint32_t i = 0; i < page->count; i++)
            aurora_assert_id_eq(page->items[i]->order_id, ids[seen++]);
        ck_assert((page->next_cursor != NULL) == (seen < 5));
        if (page->next_cursor != NULL)
            strcpy(cursor, page->next_cursor);
        aurora_saga_page_free(page);
    }
}
END_TEST

/* --- repair ----------------------------------------------------------------------------------- */

START_TEST(test_compensation__retry_lets_the_provider_void_after_all)
{
    aurora_id id = park_void();

    aurora_assert_ok(repair(id, AURORA_REPAIR_RETRY, 0));
    provider_serve(bank, shop);

    assert_settled(id, AURORA_ORDER_CANCELLED);
    ck_assert_uint_eq(provider_order(bank, id)->is_voided, 1);
    ck_assert_uint_eq(count_sagas(NULL), 0);
}
END_TEST

START_TEST(test_compensation__retry_refunds_once)
{
    aurora_id id = park_refund();

    aurora_assert_ok(repair(id, AURORA_REPAIR_RETRY, 0));
    provider_serve(bank, shop);

    assert_settled(id, AURORA_ORDER_CANCELLED);
    ck_assert_uint_eq(provider_order(bank, id)->refunds, 1);
    ck_assert_int_eq(provider_kept(provider_order(bank, id)), 0);
}
END_TEST

START_TEST(test_compensation__retry_that_is_refused_again_parks_again)
{
    aurora_id id = park_refund();
    aurora_assert_ok(repair(id, AURORA_REPAIR_RETRY, 0));

    refuse(AURORA_VERB_REFUND);

    assert_parked(id, AURORA_ORDER_CANCELLED);
    aurora_assert_ok(repair(id, AURORA_REPAIR_RETRY, 0));
    provider_serve(bank, shop);
    assert_settled(id, AURORA_ORDER_CANCELLED);
}
END_TEST

START_TEST(test_compensation__mark_takes_the_operators_word)
{
    aurora_id voided = park_void();
    aurora_id refunded = park_refund();
    aurora_id captured = park_capture();

    aurora_assert_ok(repair(voided, AURORA_REPAIR_MARK, AURORA_RESULT_VOIDED));
    aurora_assert_ok(repair(refunded, AURORA_REPAIR_MARK, AURORA_RESULT_REFUNDED));
    aurora_assert_ok(repair(captured, AURORA_REPAIR_MARK, AURORA_RESULT_CAPTURED));

    assert_settled(voided, AURORA_ORDER_CANCELLED);
    assert_settled(refunded, AURORA_ORDER_CANCELLED);
    assert_settled(captured, AURORA_ORDER_COMPLETED);
}
END_TEST

START_TEST(test_compensation__mark_that_does_not_fit_is_refused_and_moves_nothing)
{
    aurora_id id = park_void();
    aurora_error err = AURORA_ERROR_INIT;
    uint64_t version = version_of(id);

    aurora_status rc =
        aurora_saga_repair(shop,
                           AURORA_REPAIR(.action = AURORA_REPAIR_MARK, .order_id = id,
                                         .actor = "olga", .participant = AURORA_PARTICIPANT_PAYMENT,
                                         .result = AURORA_RESULT_AUTHORIZED),
                           &err);

    aurora_assert_status(rc, AURORA_ECONFLICT);
    ck_assert_str_eq(err.field, "result");
    ck_assert_str_eq(err.message, "does not fit a payment that is VOIDING: it can be marked "
                                  "captured or voided or refunded");
    ck_assert_uint_eq(version_of(id), version);
    assert_parked(id, AURORA_ORDER_CANCELLED);
}
END_TEST

START_TEST(test_compensation__compensate_of_a_sale_is_a_cancel_by_the_operator)
{
    aurora_id id = shop_submit(shop, NULL, 2);
    provider_serve(bank, shop);

    aurora_assert_ok(repair(id, AURORA_REPAIR_COMPENSATE, 0));
    provider_serve(bank, shop);

    assert_settled(id, AURORA_ORDER_CANCELLED);
    ck_assert_int_eq(shop_reason(shop, id), AURORA_REASON_OPERATOR);
    ck_assert_int_eq(provider_order(bank, id)->refunded_minor, TOTAL);
    ck_assert_int_eq(shop_stock(shop).available, 10);
}
END_TEST

START_TEST(test_compensation__compensate_of_a_parked_sale_lets_the_customer_go)
{
    aurora_id id = park_capture();

    aurora_assert_ok(repair(id, AURORA_REPAIR_COMPENSATE, 0));
    provider_serve(bank, shop);

    assert_settled(id, AURORA_ORDER_CANCELLED);
    ck_assert_int_eq(provider_kept(provider_order(bank, id)), 0);
    ck_assert_int_eq(provider_blocked(provider_order(bank, id)), 0);
    ck_assert_int_eq(shop_stock(shop).available, 10);
}
END_TEST

START_TEST(test_compensation__compensate_of_an_undecided_order_fails_it)
{
    aurora_id id = shop_submit(shop, NULL, 2);

    aurora_assert_ok(repair(id, AURORA_REPAIR_COMPENSATE, 0));

    assert_settled(id, AURORA_ORDER_FAILED);
    ck_assert_int_eq(shop_reason(shop, id), AURORA_REASON_OPERATOR);
    ck_assert_int_eq(shop_stock(shop).available, 10);
}
END_TEST

START_TEST(test_compensation__repair_of_what_is_not_broken_is_refused)
{
    aurora_id parked = park_void();
    aurora_id sound = shop_submit(shop, NULL, 1);
    aurora_id nobody = sound;
    nobody.bytes[2] ^= 1;

    aurora_assert_status(repair(sound, AURORA_REPAIR_RETRY, 0), AURORA_ECONFLICT);
    aurora_assert_status(repair(sound, AURORA_REPAIR_MARK, AURORA_RESULT_AUTHORIZED),
                         AURORA_ECONFLICT);
    aurora_assert_status(repair(parked, AURORA_REPAIR_COMPENSATE, 0), AURORA_ECONFLICT);
    aurora_assert_status(repair(parked, AURORA_REPAIR_MARK, AURORA_RESULT_RELEASED), AURORA_EINVAL);
    aurora_assert_status(repair(nobody, AURORA_REPAIR_RETRY, 0), AURORA_ENOTFOUND);
    aurora_assert_status(
        aurora_saga_repair(shop,
                           AURORA_REPAIR(.action = AURORA_REPAIR_RETRY, .order_id = parked,
                                         .participant = AURORA_PARTICIPANT_PAYMENT),
                           NULL),
        AURORA_EINVAL); /* nobody has signed */

    assert_parked(parked, AURORA_ORDER_CANCELLED);
}
END_TEST

/* --- audit ------------------------------------------------------------------------------------ */

/* The step of the history with this actor, or NULL. */
static const aurora_transition *step_of(const aurora_history *history, const char *actor)
{
    for (uint32_t i = 0; i < history->count; i++) {
        const aurora_transition *step = history->items[i];
        if (step->actor != NULL && strcmp(step->actor, actor) == 0)
            return step;
    }
    return NULL;
}

START_TEST(test_compensation__repairs_are_signed_in_the_history)
{
    static const struct {
        int32_t action, result;
    } acts[] = {{AURORA_REPAIR_RETRY, 0}, {AURORA_REPAIR_MARK, AURORA_RESULT_VOIDED}};

    for (int i = 0; i < 2; i++) {
        aurora_id id = park_void();
        aurora_assert_ok(repair(id, acts[i].action, acts[i].result));
        provider_serve(bank, shop);

        aurora_history *history = NULL;
        aurora_assert_ok(aurora_order_history(shop, id, &history));
        const aurora_transition *step = step_of(history, "olga");
        ck_assert_ptr_nonnull(step);
        ck_assert_ptr_nonnull(strstr(step->note, "called the bank"));
        ck_assert_int_eq(step->event_kind, AURORA_EVENT_ORDER_REPAIR);
        aurora_order *order = shop_order(shop, id);
        ck_assert_uint_eq(history->items[history->count - 1]->version, order->version);
        aurora_order_free(order);
        aurora_history_free(history);
    }
}
END_TEST

START_TEST(test_compensation__compensations_are_signed_in_the_history)
{
    aurora_id id = shop_submit(shop, NULL, 2);
    aurora_assert_ok(repair(id, AURORA_REPAIR_COMPENSATE, 0));

    aurora_history *history = NULL;
    aurora_assert_ok(aurora_order_history(shop, id, &history));

    const aurora_transition *step = step_of(history, "olga");
    ck_assert_ptr_nonnull(step);
    ck_assert_int_eq(step->status, AURORA_ORDER_FAILED);
    ck_assert_ptr_nonnull(strstr(step->note, "called the bank"));
    aurora_history_free(history);
}
END_TEST

START_TEST(test_compensation__cancel_is_signed_in_the_history)
{
    aurora_id id = shop_submit(shop, NULL, 2);
    provider_serve(bank, shop);
    aurora_assert_ok(
        aurora_order_cancel_with(shop,
                                 AURORA_CANCEL(.reason = AURORA_REASON_OPERATOR, .order_id = id,
                                               .note = "sent back", .actor = "paul"),
                                 NULL, NULL));

    aurora_history *history = NULL;
    aurora_assert_ok(aurora_order_history(shop, id, &history));

    const aurora_transition *step = step_of(history, "paul");
    ck_assert_ptr_nonnull(step);
    ck_assert_str_eq(step->note, "sent back");
    ck_assert_int_eq(step->status, AURORA_ORDER_CANCELLED);
    ck_assert_int_eq(step->reason, AURORA_REASON_OPERATOR);
    provider_serve(bank, shop);
    aurora_history_free(history);
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("compensation");
    TCase *tcase = tcase_create("compensation");
    tcase_add_checked_fixture(tcase, start, stop);
    tcase_add_test(tcase,
                   test_compensation__refused_void_of_what_was_captured_after_all_is_refunded);
    tcase_add_test(tcase,
                   test_compensation__void_refused_for_good_parks_where_nothing_was_captured);
    tcase_add_test(tcase, test_compensation__refund_refused_for_good_parks_at_once);
    tcase_add_test(tcase, test_compensation__capture_refused_for_good_parks_the_completed_order);
    tcase_add_test(tcase, test_compensation__refund_without_an_outcome_parks_after_20_attempts);
    tcase_add_test(tcase, test_compensation__parked_order_is_not_cancelled);
    tcase_add_test(tcase, test_compensation__parked_saga_is_listed_with_all_that_an_operator_needs);
    tcase_add_test(tcase, test_compensation__saga_list_follows_its_filter);
    tcase_add_test(tcase, test_compensation__saga_list_pages_oldest_first);
    tcase_add_test(tcase, test_compensation__retry_lets_the_provider_void_after_all);
    tcase_add_test(tcase, test_compensation__retry_refunds_once);
    tcase_add_test(tcase, test_compensation__retry_that_is_refused_again_parks_again);
    tcase_add_test(tcase, test_compensation__mark_takes_the_operators_word);
    tcase_add_test(tcase, test_compensation__mark_that_does_not_fit_is_refused_and_moves_nothing);
    tcase_add_test(tcase, test_compensation__compensate_of_a_sale_is_a_cancel_by_the_operator);
    tcase_add_test(tcase, test_compensation__compensate_of_a_parked_sale_lets_the_customer_go);
    tcase_add_test(tcase, test_compensation__compensate_of_an_undecided_order_fails_it);
    tcase_add_test(tcase, test_compensation__repair_of_what_is_not_broken_is_refused);
    tcase_add_test(tcase, test_compensation__repairs_are_signed_in_the_history);
    tcase_add_test(tcase, test_compensation__compensations_are_signed_in_the_history);
    tcase_add_test(tcase, test_compensation__cancel_is_signed_in_the_history);
    suite_add_tcase(all, tcase);
    return all;
}

AURORA_TEST_MAIN(suite)
