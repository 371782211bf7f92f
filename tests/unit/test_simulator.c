/* SPDX-License-Identifier: MIT */
/* The payment simulator as a provider, and a payment that runs against it. */
#include "payment_fixture.h"

static payment_fixture p;

static void begin(void)
{
    payment_fixture_init(&p, AURORA__PROVIDER_SIMULATOR);
    p.core->policy.simulator_latency_ms = 1;
}

static void end(void)
{
    payment_fixture_deinit(&p);
}

static const aurora__ledger_row *ledger(void)
{
    return core_fixture_get_by_id(p.core, AURORA__TABLE_ledger,
                                  aurora__task_id(&p.order_id, AURORA_VERB_AUTHORIZE));
}

/* Makes one call without a payment behind it. */
static const aurora__payment_result *call_with(int32_t verb, bool is_query)
{
    p.task =
        (aurora__payment_task){.id = aurora__task_id(&p.order_id, verb),
                               .order_id = p.order_id,
                               .authorize_id = aurora__task_id(&p.order_id, AURORA_VERB_AUTHORIZE),
                               .verb = verb,
                               .is_query = is_query,
                               .attempt = 1,
                               .amount_minor = PAYMENT_TOTAL,
                               .currency = "EUR",
                               .payment_method = p.saga.payment_method,
                               .saga = &p.saga};
    payment_simulate(&p);
    return &p.answers.items[0];
}

static int32_t call(int32_t verb)
{
    return call_with(verb, false)->outcome;
}

static int32_t ask(int32_t verb)
{
    return call_with(verb, true)->outcome;
}

/* --- the provider alone ----------------------------------------------------------------------- */

START_TEST(test_simulator__approved_token_authorizes_captures_and_refunds)
{
    const aurora__payment_result *result = call_with(AURORA_VERB_AUTHORIZE, false);
    ck_assert_int_eq(result->outcome, AURORA_OUTCOME_DONE);
    ck_assert_int_eq(strncmp(result->provider_reference, "sim_01975c", 10), 0);
    ck_assert_uint_eq(strlen(result->provider_reference), 36);

    ck_assert_int_eq(call(AURORA_VERB_CAPTURE), AURORA_OUTCOME_DONE);
    ck_assert_int_eq(call(AURORA_VERB_REFUND), AURORA_OUTCOME_DONE);

    ck_assert_int_eq(ledger()->state, AURORA__LEDGER_REFUNDED);
    ck_assert_int_eq(ledger()->captured_minor, PAYMENT_TOTAL);
    ck_assert_int_eq(ledger()->refunded_minor, PAYMENT_TOTAL);
}
END_TEST

START_TEST(test_simulator__repeated_calls_move_money_once)
{
    for (int32_t verb = AURORA_VERB_AUTHORIZE; verb <= AURORA_VERB_REFUND; verb++) {
        if (verb == AURORA_VERB_VOID)
            continue;
        ck_assert_int_eq(call(verb), AURORA_OUTCOME_DONE);
        int64_t version = ledger()->version;

        ck_assert_int_eq(call(verb), AURORA_OUTCOME_DONE);

        ck_assert_int_eq(ledger()->version, version);
    }
    ck_assert_int_eq(call(AURORA_VERB_CAPTURE), AURORA_OUTCOME_DONE);
    ck_assert_int_eq(ledger()->captures, 1);
    ck_assert_int_eq(ledger()->captured_minor, PAYMENT_TOTAL);
}
END_TEST

START_TEST(test_simulator__declining_tokens_say_their_code_again_and_again)
{
    p.saga.payment_method = "tok_decline_stolen_card";

    const aurora__payment_result *result = call_with(AURORA_VERB_AUTHORIZE, false);
    ck_assert_int_eq(result->outcome, AURORA_OUTCOME_DECLINED);
    ck_assert_str_eq(result->code, "stolen_card");

    ck_assert_int_eq(ask(AURORA_VERB_AUTHORIZE), AURORA_OUTCOME_DECLINED);
    ck_assert_int_eq(call(AURORA_VERB_CAPTURE), AURORA_OUTCOME_DECLINED);
    ck_assert_int_eq(ledger()->captured_minor, 0);
}
END_TEST

START_TEST(test_simulator__queries_never_write)
{
    for (int32_t verb = AURORA_VERB_AUTHORIZE; verb <= AURORA_VERB_REFUND; verb++)
        ck_assert_int_eq(ask(verb), AURORA_OUTCOME_NOT_FOUND);

    ck_assert_ptr_null(ledger());
    call(AURORA_VERB_AUTHORIZE);
    ck_assert_int_eq(ask(AURORA_VERB_AUTHORIZE), AURORA_OUTCOME_DONE);
    ck_assert_int_eq(ask(AURORA_VERB_CAPTURE), AURORA_OUTCOME_NOT_FOUND);
    ck_assert_int_eq(ledger()->version, 1);
}
END_TEST

START_TEST(test_simulator__void_of_an_unknown_key_is_remembered)
{
    ck_assert_int_eq(call(AURORA_VERB_VOID), AURORA_OUTCOME_DONE);

    const aurora__payment_result *result = call_with(AURORA_VERB_AUTHORIZE, false);

    ck_assert_int_eq(result->outcome, AURORA_OUTCOME_DECLINED);
    ck_assert_str_eq(result->code, "voided");
    ck_assert_int_eq(call(AURORA_VERB_CAPTURE), AURORA_OUTCOME_DECLINED);
    ck_assert_int_eq(ask(AURORA_VERB_VOID), AURORA_OUTCOME_DONE);
}
END_TEST

START_TEST(test_simulator__captured_payment_is_refunded_and_not_voided)
{
    call(AURORA_VERB_AUTHORIZE);
    call(AURORA_VERB_CAPTURE);

    ck_assert_int_eq(call(AURORA_VERB_VOID), AURORA_OUTCOME_DECLINED);

    ck_assert_int_eq(ledger()->state, AURORA__LEDGER_CAPTURED);
}
END_TEST

START_TEST(test_simulator__capture_of_another_amount_is_refused)
{
    call(AURORA_VERB_AUTHORIZE);
    call_with(AURORA_VERB_CAPTURE, true);
    p.task.is_query = false;
    p.task.amount_minor = PAYMENT_TOTAL + 1;

    payment_simulate(&p);

    ck_assert_int_eq(p.answers.items[0].outcome, AURORA_OUTCOME_DECLINED);
    ck_assert_int_eq(ledger()->captured_minor, 0);
}
END_TEST

START_TEST(test_simulator__timeout_token_was_never_charged)
{
    p.saga.payment_method = "tok_timeout";

    ck_assert_int_eq(call(AURORA_VERB_AUTHORIZE), AURORA_OUTCOME_UNKNOWN);

    ck_assert_int_eq(ask(AURORA_VERB_AUTHORIZE), AURORA_OUTCOME_NOT_FOUND);
    ck_assert_int_eq(call(AURORA_VERB_AUTHORIZE), AURORA_OUTCOME_UNKNOWN);
    ck_assert_ptr_null(ledger());
}
END_TEST

START_TEST(test_simulator__timeout_approve_token_was_charged)
{
    p.saga.payment_method = "tok_timeout_approve";

    ck_assert_int_eq(call(AURORA_VERB_AUTHORIZE), AURORA_OUTCOME_UNKNOWN);

    ck_assert_int_eq(ledger()->state, AURORA__LEDGER_AUTHORIZED);
    ck_assert_int_eq(ask(AURORA_VERB_AUTHORIZE), AURORA_OUTCOME_DONE);
}
END_TEST

START_TEST(test_simulator__duplicate_token_answers_twice)
{
    p.saga.payment_method = "tok_duplicate";

    call(AURORA_VERB_AUTHORIZE);

    ck_assert_uint_eq(p.answers.count, 2);
    ck_assert_int_eq(p.answers.items[0].outcome, AURORA_OUTCOME_DONE);
    ck_assert_int_eq(p.answers.items[1].outcome, AURORA_OUTCOME_DONE);
}
END_TEST

START_TEST(test_simulator__tokens_say_what_happens)
{
    const aurora__policy *policy = &p.core->policy;
    p.core->policy.simulator_decline_ppm = 1000000;

    ck_assert_ptr_null(aurora__simulator_decline_code(policy, &p.order_id, "tok_approve"));
    ck_assert_ptr_null(aurora__simulator_decline_code(policy, &p.order_id, "tok_duplicate"));
    ck_assert_str_eq(aurora__simulator_decline_code(policy, &p.order_id, "visa"), "declined");
    ck_assert_str_eq(aurora__simulator_decline_code(policy, &p.order_id, NULL), "declined");
    p.core->policy.simulator_decline_ppm = 0;
    ck_assert_ptr_null(aurora__simulator_decline_code(policy, &p.order_id, "visa"));
    ck_assert_ptr_null(aurora__simulator_decline_code(policy, &p.order_id, "tok_declined"));
    ck_assert_str_eq(aurora__simulator_decline_code(policy, &p.order_id, "tok_decline"),
                     "declined");
    ck_assert_str_eq(aurora__simulator_decline_code(policy, &p.order_id, "tok_decline_"),
                     "declined");
    ck_assert_str_eq(aurora__simulator_decline_code(policy, &p.order_id, "tok_decline_x"), "x");
}
END_TEST

static uint32_t count_declines(uint64_t seed)
{
    aurora__policy policy = {.simulator_seed = seed, .simulator_decline_ppm = 50000};
    uint32_t count = 0;
    for (uint32_t i = 0; i < 20000; i++) {
        aurora_id id = core_fixture_order_id(i);
        count += aurora__simulator_decline_code(&policy, &id, "visa") != NULL;
    }
    return count;
}

START_TEST(test_simulator__share_of_declines_is_drawn_from_seed_and_order)
{
    uint32_t first = count_declines(1);

    ck_assert_uint_ge(first, 850); /* 1,000 expected, deviation 31 */
    ck_assert_uint_le(first, 1150);
    ck_assert_uint_eq(count_declines(1), first);
    ck_assert_uint_ne(count_declines(2), first);
}
END_TEST

/* --- with a payment --------------------------------------------------------------------------- */

/* As the engine would: takes what is due, calls, and finishes with each answer. */
static bool serve(void)
{
    payment_take(&p);
    if (!p.is_taken)
        return false;
    payment_simulate(&p);
    for (uint32_t i = 0; i < p.answers.count; i++)
        aurora_assert_ok(payment_finish_with(&p, p.task.verb, &p.answers.items[i]));
    return true;
}

START_TEST(test_simulator__asynchronous_order_is_captured_once)
{
    aurora_assert_ok(payment_deliver(&p, AURORA_EVENT_INVENTORY_RESERVED));
    ck_assert(serve());
    ck_assert_int_eq(core_fixture_events_of(p.core, AURORA_EVENT_PAYMENT_AUTHORIZED), 1);
    aurora_assert_ok(payment_deliver(&p, AURORA_EVENT_ORDER_COMPLETED));
    ck_assert(serve());

    ck_assert_int_eq(core_fixture_events_of(p.core, AURORA_EVENT_PAYMENT_CAPTURED), 1);
    ck_assert_int_eq(ledger()->captures, 1);
    ck_assert_int_eq(strncmp(payment_row(&p)->provider_reference, "sim_", 4), 0);
}
END_TEST

START_TEST(test_simulator__duplicate_answers_authorize_once)
{
    p.saga.payment_method = "tok_duplicate";
    aurora_assert_ok(payment_deliver(&p, AURORA_EVENT_INVENTORY_RESERVED));

    ck_assert(serve());

    ck_assert_uint_eq(p.core->step.event_count, 0); /* the second one was a repeat */
    ck_assert_int_eq(payment_state(&p), AURORA__PAYMENT_AUTHORIZED);
}
END_TEST

START_TEST(test_simulator__timeout_approve_is_found_by_the_query)
{
    p.saga.payment_method = "tok_timeout_approve";
    aurora_assert_ok(payment_deliver(&p, AURORA_EVENT_INVENTORY_RESERVED));
    ck_assert(serve());
    ck_assert_int_eq(payment_state(&p), AURORA__PAYMENT_AUTHORIZING);
    p.core->now_ms += p.core->policy.retry_first_ms;

    ck_assert(serve());

    ck_assert(p.task.is_query);
    ck_assert_int_eq(core_fixture_events_of(p.core, AURORA_EVENT_PAYMENT_AUTHORIZED), 1);
}
END_TEST

START_TEST(test_simulator__timeout_goes_on_until_the_order_fails_and_the_key_is_void)
{
    p.saga.payment_method = "tok_timeout";
    aurora_assert_ok(payment_deliver(&p, AURORA_EVENT_INVENTORY_RESERVED));
    while (p.core->now_ms < p.saga.deadline_at) {
        serve();
        p.core->now_ms += 10000;
        ck_assert_int_eq(payment_state(&p), AURORA__PAYMENT_AUTHORIZING);
    }

    aurora_assert_ok(payment_deliver(&p, AURORA_EVENT_ORDER_FAILED));
    for (int i = 0; i < 5; i++) {
        p.core->now_ms += p.core->policy.retry_max_ms;
        serve();
    }

    ck_assert_int_eq(payment_state(&p), AURORA__PAYMENT_VOIDED);
    ck_assert_int_eq(ledger()->state, AURORA__LEDGER_VOIDED);
    ck_assert_int_eq(ledger()->captured_minor, 0);
}
END_TEST

START_TEST(test_simulator__inline_payment_is_known_to_later_queries)
{
    p.core->policy.simulator_latency_ms = 0;
    aurora_assert_ok(payment_deliver(&p, AURORA_EVENT_INVENTORY_RESERVED));
    ck_assert_int_eq(ask(AURORA_VERB_AUTHORIZE), AURORA_OUTCOME_DONE);
    ck_assert_int_eq(ask(AURORA_VERB_CAPTURE), AURORA_OUTCOME_NOT_FOUND);
    aurora_assert_ok(payment_deliver(&p, AURORA_EVENT_ORDER_COMPLETED));
    ck_assert_int_eq(ask(AURORA_VERB_CAPTURE), AURORA_OUTCOME_DONE);

    ck_assert_int_eq(call(AURORA_VERB_REFUND), AURORA_OUTCOME_DONE);

    ck_assert_int_eq(ledger()->captures, 1);
    ck_assert_int_eq(ledger()->refunded_minor, PAYMENT_TOTAL);
}
END_TEST

START_TEST(test_simulator__inline_payment_in_any_state_is_its_own_book)
{
    static const struct {
        int32_t state;
        int32_t void_outcome;
        int32_t refund_outcome;
    } rows[] = {
        {AURORA__PAYMENT_AUTHORIZED, AURORA_OUTCOME_DONE, AURORA_OUTCOME_DECLINED},
        {AURORA__PAYMENT_DECLINED, AURORA_OUTCOME_DONE, AURORA_OUTCOME_DECLINED},
        {AURORA__PAYMENT_CAPTURED, AURORA_OUTCOME_DECLINED, AURORA_OUTCOME_DONE},
        {AURORA__PAYMENT_VOIDED, AURORA_OUTCOME_DONE, AURORA_OUTCOME_DECLINED},
        {AURORA__PAYMENT_UNCHARGED, AURORA_OUTCOME_DONE, AURORA_OUTCOME_DECLINED},
        {AURORA__PAYMENT_REFUNDED, AURORA_OUTCOME_DECLINED, AURORA_OUTCOME_DONE},
        {AURORA__PAYMENT_AUTHORIZING, AURORA_OUTCOME_DONE, AURORA_OUTCOME_DECLINED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        aurora__payment_row row = {.order_id = p.order_id,
                                   .state = rows[i].state,
                                   .version = 1,
                                   .is_inline = 1,
                                   .amount_minor = PAYMENT_TOTAL,
                                   .currency = "EUR"};
        core_fixture_put(p.core, AURORA__TABLE_payment, &row);
        ck_assert_int_eq(call(AURORA_VERB_REFUND), rows[i].refund_outcome);
        end();
        begin();
        core_fixture_put(p.core, AURORA__TABLE_payment, &row);
        ck_assert_int_eq(call(AURORA_VERB_VOID), rows[i].void_outcome);
        end();
        begin();
    }
}
END_TEST

static aurora_status call_nothing(aurora__step *step, void *context)
{
    aurora__simulator_answers answers;
    aurora_status rc = aurora__simulator_keys(step, &p.order_id);
    return rc != AURORA_OK ? rc : aurora__simulator_call(step, context, &answers);
}

START_TEST(test_simulator__refuses_a_verb_that_no_payment_has)
{
    aurora__payment_task task = {.order_id = p.order_id, .verb = 99, .payment_method = "tok"};

    aurora_assert_status(core_fixture_run(p.core, call_nothing, &task), AURORA_EINVAL);
}
END_TEST

static Suite *simulator_suite(void)
{
    Suite *suite = suite_create("simulator");
    TCase *tcase = tcase_create("simulator");
    tcase_add_checked_fixture(tcase, begin, end);
    tcase_add_test(tcase, test_simulator__approved_token_authorizes_captures_and_refunds);
    tcase_add_test(tcase, test_simulator__repeated_calls_move_money_once);
    tcase_add_test(tcase, test_simulator__declining_tokens_say_their_code_again_and_again);
    tcase_add_test(tcase, test_simulator__queries_never_write);
    tcase_add_test(tcase, test_simulator__void_of_an_unknown_key_is_remembered);
    tcase_add_test(tcase, test_simulator__captured_payment_is_refunded_and_not_voided);
    tcase_add_test(tcase, test_simulator__capture_of_another_amount_is_refused);
    tcase_add_test(tcase, test_simulator__timeout_token_was_never_charged);
    tcase_add_test(tcase, test_simulator__timeout_approve_token_was_charged);
    tcase_add_test(tcase, test_simulator__duplicate_token_answers_twice);
    tcase_add_test(tcase, test_simulator__tokens_say_what_happens);
    tcase_add_test(tcase, test_simulator__share_of_declines_is_drawn_from_seed_and_order);
    tcase_add_test(tcase, test_simulator__asynchronous_order_is_captured_once);
    tcase_add_test(tcase, test_simulator__duplicate_answers_authorize_once);
    tcase_add_test(tcase, test_simulator__timeout_approve_is_found_by_the_query);
    tcase_add_test(tcase,
                   test_simulator__timeout_goes_on_until_the_order_fails_and_the_key_is_void);
    tcase_add_test(tcase, test_simulator__inline_payment_in_any_state_is_its_own_book);
    tcase_add_test(tcase, test_simulator__refuses_a_verb_that_no_payment_has);
    tcase_add_test(tcase, test_simulator__inline_payment_is_known_to_later_queries);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(simulator_suite)
