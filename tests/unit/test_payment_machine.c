/* SPDX-License-Identifier: MIT */
#include "core/payment_machine.h"
#include "test.h"

#include <aurora/event.h>
#include <aurora/task.h>
#include <string.h>

/* What each state makes of each event, by one letter a state: '.' is illegal, '=' stays. Columns:
 * reserved, late, completed, ended, unsent, orphaned; done, declined, not found of authorize,
 * capture, void and refund; marked authorized, declined, captured, voided, refunded. */
static const char letters[] = " aADcCbvVUtrRxyXow";
static const char *const expected[AURORA__PAYMENT_STATES + 1] = {
    [AURORA__PAYMENT_NONE] = "aD.U.o ... ... ... ... .....",
    [AURORA__PAYMENT_AUTHORIZING] = "==.bU. AD= ... ... ... AD...",
    [AURORA__PAYMENT_AUTHORIZED] = "==cv.. === ... ... ... .....",
    [AURORA__PAYMENT_DECLINED] = "==.U.. x== y.. ... ... .....",
    [AURORA__PAYMENT_CAPTURING] = "===tv. === C== ... ... ..C..",
    [AURORA__PAYMENT_CAPTURED] = "===r.. === === ... ... .....",
    [AURORA__PAYMENT_ABORTING] = "====.. vUv r.. ... ... vUrUR",
    [AURORA__PAYMENT_VOIDING] = "====.. === r== Vw= ... ..rVR",
    [AURORA__PAYMENT_VOIDED] = "====.. === r== === === .....",
    [AURORA__PAYMENT_UNCHARGED] = "====.. v== r.. ... ... .....",
    [AURORA__PAYMENT_RETURNING] = "====.. === rvv ... ... ..rVR",
    [AURORA__PAYMENT_REFUNDING] = "====.. === === === R== ...VR",
    [AURORA__PAYMENT_REFUNDED] = "====.. === === === === .....",
    [AURORA__PAYMENT_REVERSING] = "==.v.. === y.. X== ... ..yXX",
    [AURORA__PAYMENT_RECLAIMING] = "==.r.. === === === X== ...XX",
    [AURORA__PAYMENT_REVERSED] = "==.V.. === y== === === .....",
    [AURORA__PAYMENT_ORPHANED] = "===b.. c== C.. ... ... c.C..",
    [AURORA__PAYMENT_RECHECKING] = "====.. === rvv V== ... ..rVR",
};

static int32_t expected_next(int32_t state, int32_t event)
{
    const char *at = expected[state];
    for (int32_t left = event; left > 1 || *at == ' '; at++)
        left -= *at != ' ';
    if (*at == '=')
        return state;
    return *at == '.' ? 0 : (int32_t)(strchr(letters, *at) - letters);
}

static int32_t next(int32_t state, int32_t event)
{
    return aurora_machine_next(&aurora__payment_machine, state, event);
}

START_TEST(test_payment_machine__every_state_takes_exactly_the_events_it_should)
{
    for (int32_t state = 0; state <= AURORA__PAYMENT_STATES; state++) {
        for (int32_t event = 1; event <= AURORA__PAYMENT_EVENTS; event++) {
            ck_assert_msg(
                next(state, event) == expected_next(state, event), "%s x %s is %s, not %s",
                aurora_machine_state_name(&aurora__payment_machine, state),
                aurora_machine_event_name(&aurora__payment_machine, event),
                aurora_machine_state_name(&aurora__payment_machine, next(state, event)),
                aurora_machine_state_name(&aurora__payment_machine, expected_next(state, event)));
        }
    }
}
END_TEST

START_TEST(test_payment_machine__values_outside_the_table_are_illegal)
{
    ck_assert_int_eq(next(-1, AURORA__PAYMENT_ON_ENDED), 0);
    ck_assert_int_eq(next(AURORA__PAYMENT_STATES + 1, AURORA__PAYMENT_ON_ENDED), 0);
    ck_assert_int_eq(next(AURORA__PAYMENT_AUTHORIZED, 0), 0);
    ck_assert_int_eq(next(AURORA__PAYMENT_AUTHORIZED, AURORA__PAYMENT_EVENTS + 1), 0);
}
END_TEST

START_TEST(test_payment_machine__every_state_and_event_has_a_name_of_its_own)
{
    const aurora_machine *machine = &aurora__payment_machine;

    for (int32_t i = 1; i <= AURORA__PAYMENT_STATES; i++) {
        ck_assert_str_ne(aurora_machine_state_name(machine, i), "");
        for (int32_t j = 1; j < i; j++)
            ck_assert_str_ne(aurora_machine_state_name(machine, i),
                             aurora_machine_state_name(machine, j));
    }
    for (int32_t i = 1; i <= AURORA__PAYMENT_EVENTS; i++) {
        ck_assert_str_ne(aurora_machine_event_name(machine, i), "");
        for (int32_t j = 1; j < i; j++)
            ck_assert_str_ne(aurora_machine_event_name(machine, i),
                             aurora_machine_event_name(machine, j));
    }
}
END_TEST

START_TEST(test_payment_machine__every_state_can_be_reached)
{
    bool is_reached[AURORA__PAYMENT_STATES + 1] = {true};

    for (int32_t round = 0; round < AURORA__PAYMENT_STATES; round++)
        for (int32_t state = 0; state <= AURORA__PAYMENT_STATES; state++)
            for (int32_t event = 1; is_reached[state] && event <= AURORA__PAYMENT_EVENTS; event++)
                is_reached[next(state, event)] = true;

    for (int32_t state = 1; state <= AURORA__PAYMENT_STATES; state++)
        ck_assert_msg(is_reached[state], "%s",
                      aurora_machine_state_name(&aurora__payment_machine, state));
}
END_TEST

/* Follows the outcome `done` of each call that the states want. */
static int32_t settle(int32_t state)
{
    for (int32_t verb = aurora__payment_verb(state); verb != 0; verb = aurora__payment_verb(state))
        state = next(state, AURORA__PAYMENT_ON_AUTHORIZE_DONE + 3 * (verb - 1));
    return state;
}

START_TEST(test_payment_machine__an_order_that_ended_gets_its_money_back_from_every_state)
{
    for (int32_t state = 0; state <= AURORA__PAYMENT_STATES; state++) {
        int32_t ended = next(state, AURORA__PAYMENT_ON_ENDED);
        ck_assert_int_ne(ended, 0);

        int32_t answer = aurora__payment_answer(settle(ended));

        ck_assert_msg(answer == AURORA_EVENT_PAYMENT_VOIDED ||
                          answer == AURORA_EVENT_PAYMENT_REFUNDED,
                      "%s", aurora_machine_state_name(&aurora__payment_machine, state));
    }
}
END_TEST

START_TEST(test_payment_machine__a_state_waits_for_a_call_or_has_an_answer)
{
    for (int32_t state = 1; state <= AURORA__PAYMENT_STATES; state++) {
        bool is_waiting = aurora__payment_verb(state) != 0;
        bool is_reversing =
            state == AURORA__PAYMENT_REVERSING || state == AURORA__PAYMENT_RECLAIMING;

        ck_assert(is_waiting || aurora__payment_answer(state) != 0);
        ck_assert(!is_waiting || is_reversing || aurora__payment_answer(state) == 0);
    }
}
END_TEST

static Suite *payment_machine_suite(void)
{
    Suite *suite = suite_create("payment_machine");
    TCase *tcase = tcase_create("payment_machine");
    tcase_add_test(tcase, test_payment_machine__every_state_takes_exactly_the_events_it_should);
    tcase_add_test(tcase, test_payment_machine__values_outside_the_table_are_illegal);
    tcase_add_test(tcase, test_payment_machine__every_state_and_event_has_a_name_of_its_own);
    tcase_add_test(tcase, test_payment_machine__every_state_can_be_reached);
    tcase_add_test(tcase,
                   test_payment_machine__an_order_that_ended_gets_its_money_back_from_every_state);
    tcase_add_test(tcase, test_payment_machine__a_state_waits_for_a_call_or_has_an_answer);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(payment_machine_suite)
