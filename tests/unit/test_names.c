/* SPDX-License-Identifier: MIT */
#include "codec/names.h"
#include "core/step.h"

#include "test.h"

#include <aurora/event.h>
#include <aurora/notification.h>
#include <aurora/saga.h>
#include <aurora/stock.h>
#include <aurora/task.h>

#include <string.h>

/* Every value from 1 to `last` has a name of its own that parses back; no other value has one. */
static void assert_names(const char *(*name)(int32_t), int32_t (*parse)(const char *), int32_t last)
{
    static const int32_t others[] = {INT32_MIN, -1, 0, 1000, INT32_MAX};
    for (int32_t value = 1; value <= last; value++) {
        ck_assert_str_ne(name(value), "");
        for (int32_t other = 1; other < value; other++)
            ck_assert_str_ne(name(value), name(other));
        if (parse != NULL)
            ck_assert_int_eq(parse(name(value)), value);
    }
    ck_assert_str_eq(name(last + 1), "");
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        ck_assert_str_eq(name(others[i]), "");
    if (parse == NULL)
        return;
    ck_assert_int_eq(parse(NULL), 0);
    ck_assert_int_eq(parse(""), 0);
    ck_assert_int_eq(parse("nonsense"), 0);
}

START_TEST(test_names__every_value_has_its_own)
{
    assert_names(aurora_event_name, aurora_event_parse, AURORA_EVENT_PRODUCT_VIEWED);
    assert_names(aurora_order_status_name, aurora_order_status_parse, AURORA_ORDER_PARKED);
    assert_names(aurora_reason_name, aurora_reason_parse, AURORA_REASON_UNKNOWN_ORDER);
    assert_names(aurora_charge_name, aurora_charge_parse, AURORA_CHARGE_FEE);
    assert_names(aurora_participant_name, aurora_participant_parse, AURORA_PARTICIPANT_PAYMENT);
    assert_names(aurora_repair_name, aurora_repair_parse, AURORA_REPAIR_COMPENSATE);
    assert_names(aurora_result_name, aurora_result_parse, AURORA_RESULT_REFUNDED);
    assert_names(aurora_verb_name, NULL, AURORA_VERB_REFUND);
    assert_names(aurora_outcome_name, NULL, AURORA_OUTCOME_NOT_BEGUN);
    assert_names(aurora_notification_name, NULL, AURORA_NOTIFICATION_CANCELLED);
    assert_names(aurora_notification_state_name, aurora_notification_state_parse,
                 AURORA_NOTIFICATION_STATE_SKIPPED);
    assert_names(aurora_decision_name, NULL, AURORA_DECISION_OUT_OF_STOCK);
    assert_names(aurora_reservation_status_name, NULL, AURORA_RESERVATION_EXPIRED);
}
END_TEST

START_TEST(test_names__words_are_those_of_the_contract)
{
    ck_assert_str_eq(aurora_event_name(AURORA_EVENT_ORDER_CREATED), "order.created");
    ck_assert_str_eq(aurora_event_name(AURORA_EVENT_PAYMENT_REFUNDED), "payment.refunded");
    ck_assert_str_eq(aurora_event_name(AURORA_EVENT_PRODUCT_VIEWED), "product.viewed");
    ck_assert_str_eq(aurora_order_status_name(AURORA_ORDER_PARKED), "PARKED");
    ck_assert_str_eq(aurora_reason_name(AURORA_REASON_OUT_OF_STOCK), "out_of_stock");
    ck_assert_str_eq(aurora_outcome_name(AURORA_OUTCOME_NOT_FOUND), "not_found");
    ck_assert_str_eq(aurora_notification_name(AURORA_NOTIFICATION_FAILED), "order.failed");
}
END_TEST

START_TEST(test_names__events_come_from_the_module_in_their_name)
{
    for (int32_t kind = 1; kind <= AURORA_EVENT_PRODUCT_VIEWED; kind++) {
        const char *module = aurora__event_module(kind);
        size_t length = strlen(module);
        ck_assert_uint_gt(length, 0);
        ck_assert_int_eq(strncmp(aurora_event_name(kind), module, length), 0);
        ck_assert_int_eq(aurora_event_name(kind)[length], '.');
        ck_assert_str_eq(aurora__module_name(aurora__event_flag(kind)), module);
    }
    ck_assert_str_eq(aurora__event_module(0), "");
    ck_assert_uint_eq(aurora__event_flag(0), 0);
}
END_TEST

START_TEST(test_names__statuses_have_name_text_and_class)
{
    uint32_t count = 0;
    const aurora_status_info *table = aurora_status_table(&count);
    ck_assert_uint_gt(count, 30);
    for (uint32_t i = 0; i < count; i++) {
        ck_assert_str_eq(aurora_status_name(table[i].status), table[i].name);
        ck_assert_str_eq(aurora_status_text(table[i].status), table[i].text);
        ck_assert_int_eq(aurora_status_is_retriable(table[i].status),
                         table[i].class_of == AURORA_CLASS_RETRIABLE);
    }
    ck_assert_str_eq(aurora_status_name(AURORA_EBUSY), "AURORA_EBUSY");
    ck_assert(aurora_status_is_retriable(AURORA_EBUSY));
    ck_assert(!aurora_status_is_retriable(AURORA_OK));
    ck_assert_str_eq(aurora_status_name(1), "AURORA_UNKNOWN");
    ck_assert_str_eq(aurora_status_name(INT32_MIN), "AURORA_UNKNOWN");
    ck_assert(!aurora_status_is_retriable(-1000));
}
END_TEST

static Suite *suite(void)
{
    Suite *result = suite_create("names");
    TCase *tcase = tcase_create("names");
    tcase_add_test(tcase, test_names__every_value_has_its_own);
    tcase_add_test(tcase, test_names__words_are_those_of_the_contract);
    tcase_add_test(tcase, test_names__events_come_from_the_module_in_their_name);
    tcase_add_test(tcase, test_names__statuses_have_name_text_and_class);
    suite_add_tcase(result, tcase);
    return result;
}

AURORA_TEST_MAIN(suite)
