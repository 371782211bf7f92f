/* SPDX-License-Identifier: MIT */
/* A host's payment provider as a task loop that answers at once, late, twice, contradictorily,
 * never, or after a crash. Whatever it does, its own books and the order agree in the end. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "provider.h"

#define TOTAL (2 * SHOP_PRICE)
#define LEASE_MS 30000

static provider *bank;
static aurora_t *shop;
static aurora_manual_clock manual;
static aurora_clock clock_of_manual;
static char *folder;
static char file[512];

static const char *const settings[] = {"payment=none:", "search=none:"};

static aurora_t *open_with(const char *url, const char *const *more, uint32_t count)
{
    const char *all[8] = {settings[0], settings[1]};
    for (uint32_t i = 0; i < count; i++)
        all[2 + i] = more[i];
    aurora_manual_clock_attach(&manual, &clock_of_manual);
    return shop_open(url, AURORA_OPTIONS(.clock = &clock_of_manual, .settings = all,
                                         .setting_count = 2 + count));
}

static void start(void)
{
    bank = provider_new();
    folder = aurora_tempdir_new();
    aurora_test_path(file, sizeof file, folder, "shop.db");
    aurora_manual_clock_init(&manual, SHOP_NOW);
    shop = open_with("memory:", NULL, 0);
    shop_stock_up(shop, 10);
}

static void stop(void)
{
    if (shop != NULL)
        shop_assert_clean(shop);
    aurora_close(shop);
    provider_free(bank);
    aurora_tempdir_remove(folder);
}

/* Opens another shop in place of the one that start made. */
static void restart(const char *url, const char *const *more, uint32_t count)
{
    aurora_close(shop);
    shop = open_with(url, more, count);
    shop_stock_up(shop, 10);
}

static void advance(int64_t ms)
{
    aurora_manual_clock_advance(&manual, ms);
    shop_pump(shop);
}

static void assert_paid(aurora_id id)
{
    const provider_account *account = provider_order(bank, id);
    aurora_order *order = shop_order(shop, id);

    ck_assert_int_eq(order->status, AURORA_ORDER_COMPLETED);
    ck_assert_int_ne(order->settled_at_ms, 0);
    ck_assert_uint_eq(account->captures, 1);
    ck_assert_int_eq(account->captured_minor, order->total_minor);
    ck_assert_int_eq(account->refunded_minor, 0);
    ck_assert_int_eq(shop_stock(shop).sold, 2);
    ck_assert_int_eq(shop_stock(shop).available, 8);
    aurora_order_free(order);
}

/* The order ended without a sale and nobody's money is anywhere but with its owner. */
static void assert_unpaid(aurora_id id, int32_t status, int32_t reason)
{
    const provider_account *account = provider_order(bank, id);
    aurora_order *order = shop_order(shop, id);

    ck_assert_str_eq(aurora_order_status_name(order->status), aurora_order_status_name(status));
    ck_assert_str_eq(aurora_reason_name(order->reason), aurora_reason_name(reason));
    ck_assert_int_ne(order->settled_at_ms, 0);
    ck_assert_int_eq(provider_kept(account), 0);
    ck_assert_int_eq(provider_blocked(account), 0);
    ck_assert_int_eq(shop_stock(shop).available, 10);
    ck_assert_int_eq(shop_stock(shop).reserved, 0);
    aurora_order_free(order);
}

/* --- at once ---------------------------------------------------------------------------------- */

START_TEST(test_provider__that_answers_at_once_captures_once)
{
    aurora_id id = shop_submit(shop, "a", 2);

    provider_do(bank, shop, AURORA_VERB_AUTHORIZE);
    ck_assert_int_eq(shop_status(shop, id), AURORA_ORDER_COMPLETED);
    ck_assert(!shop_is_settled(shop, id));
    provider_do(bank, shop, AURORA_VERB_CAPTURE);

    assert_paid(id);
    aurora_task_page_free(provider_take(shop, 0));
}
END_TEST

START_TEST(test_provider__that_declines_fails_the_order_with_its_code)
{
    bank->is_declining = 1;
    aurora_id id = shop_submit(shop, "a", 2);

    provider_do(bank, shop, AURORA_VERB_AUTHORIZE);

    assert_unpaid(id, AURORA_ORDER_FAILED, AURORA_REASON_PAYMENT_DECLINED);
    aurora_order *order = shop_order(shop, id);
    ck_assert_str_eq(order->decline_code, "insufficient_funds");
    aurora_order_free(order);
    aurora_task_page_free(provider_take(shop, 0));
}
END_TEST

START_TEST(test_provider__task_says_what_the_provider_must_know)
{
    aurora_order *order = NULL;
    shop_request request;
    shop_request_init(&request, "a", 2, "card_42");
    request.request.flags = AURORA_ORDER_NO_WAIT;
    request.request.customer_id = "anna";
    request.request.reference = "R-1";
    request.request.contact = "anna@example.com";
    aurora_assert_ok(aurora_order_place(shop, &request.request, &order, NULL));

    aurora_task_page *page = provider_take(shop, AURORA_VERB_AUTHORIZE);

    const aurora_task *task = page->items[0];
    aurora_assert_id_eq(task->order_id, order->id);
    aurora_assert_id_eq(task->authorize_id, task->id);
    ck_assert_uint_eq(task->is_query, 0);
    ck_assert_uint_eq(task->attempt, 1);
    ck_assert_int_eq(task->amount_minor, TOTAL);
    ck_assert_str_eq(task->payment_method, "card_42");
    ck_assert_str_eq(task->customer_id, "anna");
    ck_assert_str_eq(task->reference, "R-1");
    ck_assert_str_eq(task->contact, "anna@example.com");
    ck_assert_int_eq(task->deadline_at_ms, order->deadline_at_ms);
    ck_assert_int_eq(task->lease_at_ms, SHOP_NOW + LEASE_MS);
    aurora_task_page_free(page);
    aurora_order_free(order);
}
END_TEST

START_TEST(test_provider__leased_task_is_given_to_nobody_else)
{
    shop_submit(shop, "a", 2);

    aurora_task_page *page = provider_take(shop, AURORA_VERB_AUTHORIZE);

    aurora_task_page_free(provider_take(shop, 0));
    advance(LEASE_MS - 1);
    aurora_task_page_free(provider_take(shop, 0));
    aurora_task_page_free(page);
}
END_TEST

START_TEST(test_provider__reference_comes_back_with_later_tasks)
{
    shop_submit(shop, "a", 2);
    aurora_task_page *first = provider_take(shop, AURORA_VERB_AUTHORIZE);
    aurora_assert_ok(aurora_task_finish(
        shop, first->items[0]->id,
        AURORA_TASK_RESULT(.outcome = AURORA_OUTCOME_DONE, .provider_reference = "ch_77"), NULL));

    aurora_task_page *second = provider_take(shop, AURORA_VERB_CAPTURE);

    ck_assert_str_eq(second->items[0]->provider_reference, "ch_77");
    aurora_assert_id_eq(second->items[0]->authorize_id, first->items[0]->id);
    aurora_task_page_free(first);
    aurora_task_page_free(second);
}
END_TEST

START_TEST(test_provider__waiting_calls_end_although_the_clock_stands_still)
{
    aurora_id id = shop_submit(shop, "a", 2);
    aurora_order *order = NULL;
    aurora_event_page *events = NULL;
    aurora_task_page *tasks = NULL;
    uint64_t newest = 0;
    aurora_task_page_free(provider_take(shop, AURORA_VERB_AUTHORIZE));
    aurora_assert_ok(aurora_event_bounds(shop, NULL, &newest));
    int64_t begun = shop_real_ms();

    aurora_assert_ok(aurora_task_take(shop, AURORA_TASK_PAYMENT, 1, 0, 50, &tasks));
    aurora_assert_ok(aurora_order_wait(shop, id, 100, 50, &order));
    aurora_assert_ok(aurora_event_tail(shop, newest, 1, 50, &events));

    ck_assert_uint_eq(tasks->count, 0);
    ck_assert_uint_eq(events->count, 0);
    ck_assert_int_ge(shop_real_ms() - begun, 149);
    aurora_task_page_free(tasks);
    aurora_order_free(order);
    aurora_event_page_free(events);
}
END_TEST

/* --- late ------------------------------------------------------------------------------------- */

START_TEST(test_provider__that_lost_its_lease_is_asked_before_it_acts_again)
{
    aurora_id id = shop_submit(shop, "a", 2);
    aurora_task_page *first = provider_take(shop, AURORA_VERB_AUTHORIZE);
    provider_act(bank, first->items[0]);

    advance(LEASE_MS + 2000);
    aurora_task_page *second = provider_take(shop, AURORA_VERB_AUTHORIZE);

    ck_assert_uint_eq(second->items[0]->is_query, 1);
    ck_assert_uint_eq(second->items[0]->attempt, 2);
    aurora_assert_id_eq(second->items[0]->id, first->items[0]->id);
    provider_finish(shop, second->items[0]->id, provider_act(bank, second->items[0]));
    provider_do(bank, shop, AURORA_VERB_CAPTURE);
    ck_assert_uint_eq(bank->calls[AURORA_VERB_AUTHORIZE], 1);
    assert_paid(id);
    aurora_task_page_free(first);
    aurora_task_page_free(second);
}
END_TEST

START_TEST(test_provider__that_never_saw_the_task_gets_it_again_under_the_same_id)
{
    aurora_id id = shop_submit(shop, "a", 2);
    aurora_task_page *lost = provider_take(shop, AURORA_VERB_AUTHORIZE);
    advance(LEASE_MS + 2000);

    aurora_task_page *query = provider_take(shop, AURORA_VERB_AUTHORIZE);
    ck_assert_uint_eq(query->items[0]->is_query, 1);
    ck_assert_int_eq(provider_act(bank, query->items[0]), AURORA_OUTCOME_NOT_FOUND);
    provider_finish(shop, query->items[0]->id, AURORA_OUTCOME_NOT_FOUND);
    aurora_task_page *again = provider_take(shop, AURORA_VERB_AUTHORIZE);

    ck_assert_uint_eq(again->items[0]->is_query, 0);
    aurora_assert_id_eq(again->items[0]->id, lost->items[0]->id);
    provider_finish(shop, again->items[0]->id, provider_act(bank, again->items[0]));
    provider_do(bank, shop, AURORA_VERB_CAPTURE);
    assert_paid(id);
    aurora_task_page_free(lost);
    aurora_task_page_free(query);
    aurora_task_page_free(again);
}
END_TEST

START_TEST(test_provider__answer_after_the_lease_counts)
{
    aurora_id id = shop_submit(shop, "a", 2);
    aurora_task_page *page = provider_take(shop, AURORA_VERB_AUTHORIZE);
    int32_t outcome = provider_act(bank, page->items[0]);
    advance(LEASE_MS + 10000);

    provider_finish(shop, page->items[0]->id, outcome);

    provider_do(bank, shop, AURORA_VERB_CAPTURE);
    assert_paid(id);
    aurora_task_page_free(page);
}
END_TEST

START_TEST(test_provider__answer_while_its_query_is_out_makes_the_query_a_repeat)
{
    aurora_id id = shop_submit(shop, "a", 2);
    aurora_task_page *first = provider_take(shop, AURORA_VERB_AUTHORIZE);
    int32_t outcome = provider_act(bank, first->items[0]);
    advance(LEASE_MS + 2000);
    aurora_task_page *query = provider_take(shop, AURORA_VERB_AUTHORIZE);

    provider_finish(shop, first->items[0]->id, outcome);
    provider_finish(shop, query->items[0]->id, provider_act(bank, query->items[0]));

    provider_do(bank, shop, AURORA_VERB_CAPTURE);
    assert_paid(id);
    aurora_task_page_free(first);
    aurora_task_page_free(query);
}
END_TEST

START_TEST(test_provider__success_after_the_deadline_is_voided)
{
    aurora_id id = shop_submit(shop, "a", 2);
    aurora_task_page *page = provider_take(shop, AURORA_VERB_AUTHORIZE);
    int32_t outcome = provider_act(bank, page->items[0]);
    advance(301000);
    ck_assert_int_eq(shop_status(shop, id), AURORA_ORDER_FAILED);

    provider_finish(shop, page->items[0]->id, outcome);

    provider_do(bank, shop, AURORA_VERB_VOID);
    assert_unpaid(id, AURORA_ORDER_FAILED, AURORA_REASON_DEADLINE);
    aurora_task_page_free(page);
}
END_TEST

START_TEST(test_provider__pending_task_is_asked_about_later)
{
    aurora_id id = shop_submit(shop, "a", 2);
    aurora_task_page *page = provider_take(shop, AURORA_VERB_AUTHORIZE);
    provider_act(bank, page->items[0]);
    aurora_assert_ok(aurora_task_finish(shop, page->items[0]->id,
                                        AURORA_TASK_RESULT(.outcome = AURORA_OUTCOME_PENDING,
                                                           .provider_reference = "ch_1",
                                                           .retry_after_ms = 20000),
                                        NULL));
    advance(19999);
    aurora_task_page_free(provider_take(shop, 0));

    advance(1);
    aurora_task_page *query = provider_take(shop, AURORA_VERB_AUTHORIZE);

    ck_assert_uint_eq(query->items[0]->is_query, 1);
    ck_assert_str_eq(query->items[0]->provider_reference, "ch_1");
    provider_finish(shop, query->items[0]->id, provider_act(bank, query->items[0]));
    provider_do(bank, shop, AURORA_VERB_CAPTURE);
    assert_paid(id);
    aurora_task_page_free(page);
    aurora_task_page_free(query);
}
END_TEST

/* --- twice and contradictory ------------------------------------------------------------------ */

START_TEST(test_provider__that_answers_twice_changes_nothing_the_second_time)
{
    aurora_id id = shop_submit(shop, "a", 2);
    aurora_task_page *authorize = provider_take(shop, AURORA_VERB_AUTHORIZE);
    int32_t outcome = provider_act(bank, authorize->items[0]);
    provider_finish(shop, authorize->items[0]->id, outcome);
    provider_finish(shop, authorize->items[0]->id, outcome);
    aurora_task_page *capture = provider_take(shop, AURORA_VERB_CAPTURE);
    outcome = provider_act(bank, capture->items[0]);
    provider_finish(shop, capture->items[0]->id, outcome);
    aurora_order *before = shop_order(shop, id);

    provider_finish(shop, capture->items[0]->id, outcome);
    provider_finish(shop, authorize->items[0]->id, outcome);

    aurora_order *after = shop_order(shop, id);
    ck_assert_uint_eq(after->version, before->version);
    aurora_task_page_free(provider_take(shop, 0));
    assert_paid(id);
    aurora_order_free(before);
    aurora_order_free(after);
    aurora_task_page_free(authorize);
    aurora_task_page_free(capture);
}
END_TEST

START_TEST(test_provider__that_declines_and_then_charges_is_told_to_void)
{
    aurora_id id = shop_submit(shop, "a", 2);
    aurora_task_page *page = provider_take(shop, AURORA_VERB_AUTHORIZE);
    provider_act(bank, page->items[0]);
    provider_finish(shop, page->items[0]->id, AURORA_OUTCOME_DECLINED);
    ck_assert_int_eq(shop_status(shop, id), AURORA_ORDER_FAILED);

    provider_finish(shop, page->items[0]->id, AURORA_OUTCOME_DONE);

    provider_do(bank, shop, AURORA_VERB_VOID);
    assert_unpaid(id, AURORA_ORDER_FAILED, AURORA_REASON_PAYMENT_DECLINED);
    ck_assert_int_eq(provider_order(bank, id)->authorized_minor, TOTAL);
    aurora_task_page_free(page);
}
END_TEST

START_TEST(test_provider__that_charges_and_then_declines_has_charged)
{
    aurora_id id = shop_submit(shop, "a", 2);
    aurora_task_page *page = provider_take(shop, AURORA_VERB_AUTHORIZE);
    provider_finish(shop, page->items[0]->id, provider_act(bank, page->items[0]));

    provider_finish(shop, page->items[0]->id, AURORA_OUTCOME_DECLINED);
    provider_finish(shop, page->items[0]->id, AURORA_OUTCOME_UNKNOWN);

    provider_do(bank, shop, AURORA_VERB_CAPTURE);
    provider_finish(shop, page->items[0]->id, AURORA_OUTCOME_DECLINED);
    assert_paid(id);
    aurora_task_page_free(page);
}
END_TEST

START_TEST(test_provider__capture_that_arrives_after_the_return_is_refunded)
{
    aurora_id id = shop_submit(shop, "a", 2);
    provider_do(bank, shop, AURORA_VERB_AUTHORIZE);
    aurora_task_page *capture = provider_take(shop, AURORA_VERB_CAPTURE);
    aurora_assert_ok(aurora_order_cancel(shop, id, AURORA_REASON_CUSTOMER, NULL, NULL, NULL));
    ck_assert(!shop_is_settled(shop, id));

    provider_finish(shop, capture->items[0]->id, provider_act(bank, capture->items[0]));

    provider_do(bank, shop, AURORA_VERB_REFUND);
    assert_unpaid(id, AURORA_ORDER_CANCELLED, AURORA_REASON_CUSTOMER);
    ck_assert_uint_eq(provider_order(bank, id)->captures, 1);
    ck_assert_int_eq(provider_order(bank, id)->refunded_minor, TOTAL);
    aurora_task_page_free(capture);
}
END_TEST

START_TEST(test_provider__report_for_an_unknown_task_is_refused)
{
    aurora_id id = shop_submit(shop, "a", 2);
    aurora_id never = id;
    never.bytes[3] ^= 1;
    never.bytes[15] |= AURORA_VERB_AUTHORIZE;
    aurora_error err = AURORA_ERROR_INIT;

    aurora_assert_status(
        aurora_task_finish(shop, never, AURORA_TASK_RESULT(.outcome = AURORA_OUTCOME_DONE), &err),
        AURORA_ENOTFOUND);
    aurora_task_page *page = provider_take(shop, AURORA_VERB_AUTHORIZE);
    aurora_assert_status(
        aurora_task_finish(shop, page->items[0]->id,
                           AURORA_TASK_RESULT(.outcome = AURORA_OUTCOME_NOT_BEGUN + 1), &err),
        AURORA_EINVAL);
    aurora_assert_status(aurora_task_finish(shop, page->items[0]->id, NULL, &err), AURORA_EINVAL);

    ck_assert_int_eq(shop_status(shop, id), AURORA_ORDER_RESERVED);
    aurora_task_page_free(page);
}
END_TEST

/* --- never ------------------------------------------------------------------------------------ */

START_TEST(test_provider__task_that_nobody_takes_is_withdrawn_at_the_deadline)
{
    aurora_id id = shop_submit(shop, "a", 2);

    advance(300000);

    aurora_task_page_free(provider_take(shop, 0));
    ck_assert_int_eq(shop_status(shop, id), AURORA_ORDER_FAILED);
    ck_assert_int_eq(shop_reason(shop, id), AURORA_REASON_DEADLINE);
    ck_assert(shop_is_settled(shop, id));
    ck_assert_int_eq(shop_stock(shop).available, 10);
}
END_TEST

/* Takes and gets no answer until the payment parks; the number of attempts. */
static uint32_t never_answer(aurora_id id)
{
    uint32_t attempts = 0;
    for (int i = 0; i < 10000 && shop_status(shop, id) != AURORA_ORDER_PARKED; i++) {
        aurora_task_page *page = NULL;
        aurora_assert_ok(aurora_task_take(shop, AURORA_TASK_PAYMENT, 1, 0, 0, &page));
        if (page->count == 1) {
            attempts++;
            ck_assert_uint_eq(page->items[0]->attempt, attempts);
            ck_assert_uint_eq(page->items[0]->is_query, attempts > 1);
            provider_finish(shop, page->items[0]->id, AURORA_OUTCOME_UNKNOWN);
        }
        aurora_task_page_free(page);
        if (shop_status(shop, id) != AURORA_ORDER_PARKED)
            advance(1000);
    }
    ck_assert_int_eq(shop_status(shop, id), AURORA_ORDER_PARKED);
    return attempts;
}

START_TEST(test_provider__that_never_answers_parks_after_20_attempts)
{
    aurora_id id = shop_submit(shop, "a", 2);

    uint32_t attempts = never_answer(id);

    aurora_saga *saga = shop_saga(shop, id);
    const aurora_participant *payment = shop_participant(saga, AURORA_PARTICIPANT_PAYMENT);
    ck_assert_uint_eq(attempts, 20);
    ck_assert_uint_eq(saga->parked, AURORA_PARKED_PAYMENT);
    ck_assert_uint_eq(payment->is_parked, 1);
    ck_assert_uint_eq(payment->attempts, 20);
    ck_assert_int_lt(payment->parked_at_ms, SHOP_NOW + 900000);
    ck_assert_str_ne(payment->parked_reason, "");
    ck_assert_int_eq(saga->outcome, AURORA_ORDER_FAILED); /* by its deadline, meanwhile */
    ck_assert_int_eq(shop_stock(shop).available, 10);
    aurora_saga_free(saga);
}
END_TEST

START_TEST(test_provider__that_never_answers_parks_after_15_minutes_and_5_attempts)
{
    const char *slow[] = {"retry_first=5m", "retry_max=5m"};
    restart("memory:", slow, 2);
    aurora_id id = shop_submit(shop, "a", 2);

    uint32_t attempts = never_answer(id);

    aurora_saga *saga = shop_saga(shop, id);
    const aurora_participant *payment = shop_participant(saga, AURORA_PARTICIPANT_PAYMENT);
    ck_assert_uint_eq(attempts, 5); /* at minute 0, 5, 10, 15 and 20 */
    ck_assert_int_eq(payment->parked_at_ms - payment->first_attempt_at_ms, 1200000);
    aurora_saga_free(saga);
}
END_TEST

START_TEST(test_provider__answer_of_a_parked_payment_ends_the_parking)
{
    aurora_id id = shop_submit(shop, "a", 2);
    aurora_task_page *page = provider_take(shop, AURORA_VERB_AUTHORIZE);
    int32_t outcome = provider_act(bank, page->items[0]);
    for (int i = 0; i < 2000 && shop_status(shop, id) != AURORA_ORDER_PARKED; i++) {
        advance(1000);
        aurora_task_page *query = NULL;
        aurora_assert_ok(aurora_task_take(shop, AURORA_TASK_PAYMENT, 1, 1000, 0, &query));
        aurora_task_page_free(query); /* and dropped: no report at all */
    }
    ck_assert_int_eq(shop_status(shop, id), AURORA_ORDER_PARKED);

    provider_finish(shop, page->items[0]->id, outcome);

    ck_assert_int_eq(shop_status(shop, id), AURORA_ORDER_PARKED); /* until the void is answered */
    provider_do(bank, shop, AURORA_VERB_VOID);
    assert_unpaid(id, AURORA_ORDER_FAILED, AURORA_REASON_DEADLINE);
    aurora_task_page_free(page);
}
END_TEST

/* --- crashes ---------------------------------------------------------------------------------- */

/* A process of its own opens the store, takes the task, lets the provider act if `acts`, and is
 * killed before it reports. */
static void crash_with(int32_t verb, bool acts)
{
    pid_t child = fork();
    if (child == 0) {
        aurora_t *mine = open_with(file, NULL, 0);
        aurora_task_page *page = provider_take(mine, verb);
        if (acts)
            provider_act(bank, page->items[0]);
        kill(getpid(), SIGKILL);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* A shop in a file with one order, brought up to `verb`, which a crash interrupts. Then the parent
 * opens it, takes what is due when the lease has ended, and answers in truth to the end. */
static void survive_crash(int32_t verb, bool acts)
{
    aurora_close(shop);
    shop = open_with(file, NULL, 0);
    shop_stock_up(shop, 10);
    aurora_id id = shop_submit(shop, "a", 2);
    if (verb != AURORA_VERB_AUTHORIZE)
        provider_do(bank, shop, AURORA_VERB_AUTHORIZE);
    aurora_close(shop);
    shop = NULL;

    crash_with(verb, acts);

    shop = open_with(file, NULL, 0);
    aurora_task_page_free(provider_take(shop, 0));
    advance(LEASE_MS + 2000);
    aurora_task_page *page = provider_take(shop, verb);
    ck_assert_uint_eq(page->items[0]->is_query, 1);
    provider_finish(shop, page->items[0]->id, provider_act(bank, page->items[0]));
    aurora_task_page_free(page);
    provider_serve(bank, shop);
    ck_assert_uint_eq(bank->calls[verb], 1);
    assert_paid(id);
}

START_TEST(test_provider__crash_after_the_provider_authorized_is_found_by_a_query)
{
    survive_crash(AURORA_VERB_AUTHORIZE, true);
}
END_TEST

START_TEST(test_provider__crash_before_the_provider_authorized_sends_it_again)
{
    survive_crash(AURORA_VERB_AUTHORIZE, false);
}
END_TEST

START_TEST(test_provider__crash_after_the_provider_captured_captures_no_second_time)
{
    survive_crash(AURORA_VERB_CAPTURE, true);
}
END_TEST

START_TEST(test_provider__crash_before_the_provider_captured_captures_after_all)
{
    survive_crash(AURORA_VERB_CAPTURE, false);
}
END_TEST

/* --- cancels ---------------------------------------------------------------------------------- */

START_TEST(test_provider__cancelled_sale_returns_stock_and_all_money)
{
    aurora_id id = shop_submit(shop, "a", 2);
    provider_serve(bank, shop);
    assert_paid(id);

    aurora_assert_ok(aurora_order_cancel(shop, id, AURORA_REASON_CUSTOMER, "broken", NULL, NULL));
    ck_assert(!shop_is_settled(shop, id));
    provider_do(bank, shop, AURORA_VERB_REFUND);

    assert_unpaid(id, AURORA_ORDER_CANCELLED, AURORA_REASON_CUSTOMER);
    ck_assert_int_eq(provider_order(bank, id)->refunded_minor, TOTAL);
    ck_assert_int_eq(shop_stock(shop).sold, 2);
    ck_assert_int_eq(shop_stock(shop).received, 12);
}
END_TEST

START_TEST(test_provider__cancel_before_anybody_asked_the_provider_costs_no_call)
{
    aurora_id id = shop_submit(shop, "a", 2);

    aurora_assert_ok(aurora_order_cancel(shop, id, AURORA_REASON_CUSTOMER, NULL, NULL, NULL));

    aurora_task_page_free(provider_take(shop, 0));
    ck_assert_uint_eq(bank->account_count, 0);
    ck_assert(shop_is_settled(shop, id));
    ck_assert_int_eq(shop_stock(shop).available, 10);
}
END_TEST

START_TEST(test_provider__lost_authorize_of_a_cancelled_order_is_voided_by_its_key)
{
    aurora_id id = shop_submit(shop, "a", 2);
    aurora_task_page_free(provider_take(shop, AURORA_VERB_AUTHORIZE));
    aurora_assert_ok(aurora_order_cancel(shop, id, AURORA_REASON_CUSTOMER, NULL, NULL, NULL));
    advance(LEASE_MS + 2000);

    provider_do(bank, shop, AURORA_VERB_AUTHORIZE); /* a query: not found */
    provider_do(bank, shop, AURORA_VERB_VOID);

    assert_unpaid(id, AURORA_ORDER_CANCELLED, AURORA_REASON_CUSTOMER);
    ck_assert_uint_eq(provider_order(bank, id)->is_voided, 1);
    ck_assert_uint_eq(bank->calls[AURORA_VERB_AUTHORIZE], 0);
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("provider");
    TCase *tcase = tcase_create("task loop");
    tcase_add_checked_fixture(tcase, start, stop);
    tcase_add_test(tcase, test_provider__that_answers_at_once_captures_once);
    tcase_add_test(tcase, test_provider__that_declines_fails_the_order_with_its_code);
    tcase_add_test(tcase, test_provider__task_says_what_the_provider_must_know);
    tcase_add_test(tcase, test_provider__leased_task_is_given_to_nobody_else);
    tcase_add_test(tcase, test_provider__reference_comes_back_with_later_tasks);
    tcase_add_test(tcase, test_provider__waiting_calls_end_although_the_clock_stands_still);
    tcase_add_test(tcase, test_provider__that_lost_its_lease_is_asked_before_it_acts_again);
    tcase_add_test(tcase, test_provider__that_never_saw_the_task_gets_it_again_under_the_same_id);
    tcase_add_test(tcase, test_provider__answer_after_the_lease_counts);
    tcase_add_test(tcase, test_provider__answer_while_its_query_is_out_makes_the_query_a_repeat);
    tcase_add_test(tcase, test_provider__success_after_the_deadline_is_voided);
    tcase_add_test(tcase, test_provider__pending_task_is_asked_about_later);
    tcase_add_test(tcase, test_provider__that_answers_twice_changes_nothing_the_second_time);
    tcase_add_test(tcase, test_provider__that_declines_and_then_charges_is_told_to_void);
    tcase_add_test(tcase, test_provider__that_charges_and_then_declines_has_charged);
    tcase_add_test(tcase, test_provider__capture_that_arrives_after_the_return_is_refunded);
    tcase_add_test(tcase, test_provider__report_for_an_unknown_task_is_refused);
    tcase_add_test(tcase, test_provider__task_that_nobody_takes_is_withdrawn_at_the_deadline);
    tcase_add_test(tcase, test_provider__that_never_answers_parks_after_20_attempts);
    tcase_add_test(tcase, test_provider__that_never_answers_parks_after_15_minutes_and_5_attempts);
    tcase_add_test(tcase, test_provider__answer_of_a_parked_payment_ends_the_parking);
    tcase_add_test(tcase, test_provider__crash_after_the_provider_authorized_is_found_by_a_query);
    tcase_add_test(tcase, test_provider__crash_before_the_provider_authorized_sends_it_again);
    tcase_add_test(tcase, test_provider__crash_after_the_provider_captured_captures_no_second_time);
    tcase_add_test(tcase, test_provider__crash_before_the_provider_captured_captures_after_all);
    tcase_add_test(tcase, test_provider__cancelled_sale_returns_stock_and_all_money);
    tcase_add_test(tcase, test_provider__cancel_before_anybody_asked_the_provider_costs_no_call);
    tcase_add_test(tcase, test_provider__lost_authorize_of_a_cancelled_order_is_voided_by_its_key);
    suite_add_tcase(all, tcase);
    return all;
}

AURORA_TEST_MAIN(suite)
