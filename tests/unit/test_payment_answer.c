/* SPDX-License-Identifier: MIT */
/* What a bridge's reply is taken for. Needs <aurora/net.h>'s library, whose inner part it is. */
#include <aurora/net.h>
#include <stdio.h>
#include <string.h>

#include "adapters/payment_http/answer.h"
#include "adapters/payment_http/request.h"
#include "test.h"

static aurora__answer read_good(const char *text)
{
    aurora__answer answer;
    ck_assert_msg(aurora__answer_read(text, strlen(text), &answer), "%s is refused", text);
    return answer;
}

static void assert_bad(const char *text)
{
    aurora__answer answer;
    ck_assert_msg(!aurora__answer_read(text, strlen(text), &answer), "%s is taken", text);
}

START_TEST(test_payment_answer__members_are_read)
{
    aurora__answer answer =
        read_good(" {\"outcome\" : \"pending\",\"provider_reference\":\"ch_\\u00e9"
                  "\\ud83d\\ude00\",\"code\":null,\"retry_after_ms\":1500}\r\n");

    ck_assert_int_eq(answer.outcome, AURORA_OUTCOME_PENDING);
    ck_assert_str_eq(answer.provider_reference, "ch_\xC3\xA9\xF0\x9F\x98\x80");
    ck_assert_str_eq(answer.code, "");
    ck_assert_uint_eq(answer.retry_after_ms, 1500);
}
END_TEST

START_TEST(test_payment_answer__unknown_members_are_passed_over)
{
    aurora__answer answer = read_good(
        "{\"a\":{\"outcome\":\"declined\",\"b\":[1,-0.5e+7,true,false,null,{}]},"
        "\"a\":[],\"outcome\":\"done\",\"very_long_name_of_more_than_32_bytes\":\"\\n\"}");

    ck_assert_int_eq(answer.outcome, AURORA_OUTCOME_DONE);
}
END_TEST

START_TEST(test_payment_answer__what_is_no_outcome_is_refused)
{
    static const char *const bad[] = {
        "",
        " ",
        "null",
        "[]",
        "\"done\"",
        "{}",
        "{\"outcome\":null}",
        "{\"outcome\":\"\"}",
        "{\"outcome\":\"DONE\"}",
        "{\"outcome\":\"not_begun\"}",
        "{\"outcome\":1}",
        "{\"Outcome\":\"done\"}",
        "{\"code\":\"x\"}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_bad(bad[i]);
}
END_TEST

START_TEST(test_payment_answer__what_is_no_json_is_refused)
{
    static const char *const bad[] = {
        "{\"outcome\":\"done\"",
        "{\"outcome\":\"done\"}}",
        "{\"outcome\":\"done\"} x",
        "{\"outcome\":\"done\",}",
        "{'outcome':'done'}",
        "{\"outcome\":\"done\",\"a\":01}",
        "{\"outcome\":\"done\",\"a\":1.}",
        "{\"outcome\":\"done\",\"a\":+1}",
        "{\"outcome\":\"done\",\"a\":.5}",
        "{\"outcome\":\"done\",\"a\":1e}",
        "{\"outcome\":\"done\",\"a\":NaN}",
        "{\"outcome\":\"done\",\"a\":tru}",
        "{\"outcome\":\"done\",\"a\":\"\\x\"}",
        "{\"outcome\":\"done\",\"a\":\"\\u12\"}",
        "{\"outcome\":\"done\",\"a\":\"\\ud800\"}",
        "{\"outcome\":\"done\",\"a\":\"\n\"}",
        "{\"outcome\":\"done\",\"a\":\"\xC0\x80\"}",
        "{\"outcome\":\"done\",\"a\":\"\xED\xA0\x80\"}",
        "{\"outcome\":\"done\",\"a\":\"\xF5\"}",
        "{\"outcome\":\"done\",\"a\":[1,]}",
        "{\"outcome\":\"done\",\"a\":{1:2}}",
        "{\"outcome\":\"done\" \"a\":1}",
        "{\"outcome\":\"done\",\"a\"}",
        "\xEF\xBB\xBF{\"outcome\":\"done\"}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_bad(bad[i]);
}
END_TEST

START_TEST(test_payment_answer__known_member_stands_once)
{
    assert_bad("{\"outcome\":\"done\",\"outcome\":\"done\"}");
    assert_bad("{\"outcome\":\"done\",\"code\":null,\"c\\u006fde\":\"x\"}");
}
END_TEST

START_TEST(test_payment_answer__texts_and_numbers_keep_their_bounds)
{
    char text[400], name[300];
    memset(name, 'x', sizeof name);
    snprintf(text, sizeof text, "{\"outcome\":\"done\",\"code\":\"%.255s\"}", name);
    ck_assert_uint_eq(strlen(read_good(text).code), 255);
    snprintf(text, sizeof text, "{\"outcome\":\"done\",\"code\":\"%.256s\"}", name);
    assert_bad(text);
    assert_bad("{\"outcome\":\"done\",\"code\":\"a\\u0000b\"}");
    assert_bad("{\"outcome\":\"done\",\"provider_reference\":\"\\u0085\"}");
    assert_bad("{\"outcome\":\"done\",\"provider_reference\":\"\"}");
    assert_bad("{\"outcome\":\"done\",\"provider_reference\":7}");
    assert_bad("{\"outcome\":\"done\",\"retry_after_ms\":-1}");
    assert_bad("{\"outcome\":\"done\",\"retry_after_ms\":1.0}");
    assert_bad("{\"outcome\":\"done\",\"retry_after_ms\":86400001}");
    assert_bad("{\"outcome\":\"done\",\"retry_after_ms\":99999999999999999999}");
    ck_assert_uint_eq(read_good("{\"outcome\":\"done\",\"retry_after_ms\":0}").retry_after_ms, 0);
}
END_TEST

START_TEST(test_payment_answer__nesting_is_bounded)
{
    char text[256] = "{\"outcome\":\"done\",\"a\":";
    size_t length = strlen(text);
    memset(text + length, '[', 100);
    memset(text + length + 100, ']', 100);
    strcpy(text + length + 200, "}");

    assert_bad(text);
}
END_TEST

/* --- whole replies ---------------------------------------------------------------------------- */

typedef struct {
    long status;
    bool is_query;
    const char *body;
    int32_t outcome;
} judgement;

START_TEST(test_payment_answer__reply_is_judged_by_status_and_body)
{
    static const char done[] = "{\"outcome\":\"done\"}";
    static const char declined[] = "{\"outcome\":\"declined\",\"code\":\"x\"}";
    static const char missing[] = "{\"outcome\":\"not_found\"}";
    const judgement all[] = {
        {200, false, done, AURORA_OUTCOME_DONE},
        {201, false, done, AURORA_OUTCOME_DONE},
        {200, false, declined, AURORA_OUTCOME_DECLINED},
        {200, true, missing, AURORA_OUTCOME_NOT_FOUND},
        {200, false, missing, AURORA_OUTCOME_UNKNOWN},
        {200, false, "{\"outcome\":\"pending\"}", AURORA_OUTCOME_PENDING},
        {200, false, "", AURORA_OUTCOME_UNKNOWN},
        {204, false, "", AURORA_OUTCOME_UNKNOWN},
        {206, false, done, AURORA_OUTCOME_UNKNOWN},
        {202, false, "", AURORA_OUTCOME_PENDING},
        {202, false, done, AURORA_OUTCOME_PENDING},
        {202, false, declined, AURORA_OUTCOME_PENDING},
        {301, false, done, AURORA_OUTCOME_UNKNOWN},
        {402, false, declined, AURORA_OUTCOME_DECLINED},
        {409, false, declined, AURORA_OUTCOME_DECLINED},
        {422, false, done, AURORA_OUTCOME_UNKNOWN},
        {404, true, missing, AURORA_OUTCOME_NOT_FOUND},
        {404, false, missing, AURORA_OUTCOME_UNKNOWN},
        {404, true, "<h1>Not Found</h1>", AURORA_OUTCOME_UNKNOWN},
        {400, false, "{\"title\":\"declined\"}", AURORA_OUTCOME_UNKNOWN},
        {401, false, declined, AURORA_OUTCOME_UNKNOWN},
        {403, false, declined, AURORA_OUTCOME_UNKNOWN},
        {429, false, declined, AURORA_OUTCOME_UNKNOWN},
        {500, false, declined, AURORA_OUTCOME_UNKNOWN},
        {503, false, done, AURORA_OUTCOME_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        aurora__answer answer;
        const aurora__reply reply = {.status = all[i].status,
                                     .is_query = all[i].is_query,
                                     .body = all[i].body,
                                     .length = strlen(all[i].body)};
        const char *why = aurora__answer_judge(&reply, &answer);
        ck_assert_msg(answer.outcome == all[i].outcome, "HTTP %ld %s is %s", all[i].status,
                      all[i].body, aurora_outcome_name(answer.outcome));
        ck_assert((why != NULL) == (answer.outcome == AURORA_OUTCOME_UNKNOWN));
    }
}
END_TEST

START_TEST(test_payment_answer__retry_after_of_a_failure_is_kept_within_a_day)
{
    aurora__answer answer;
    aurora__reply reply = {.status = 503, .retry_after_s = 7};
    aurora__answer_judge(&reply, &answer);
    ck_assert_uint_eq(answer.retry_after_ms, 7000);
    reply.retry_after_s = INT64_MAX;
    aurora__answer_judge(&reply, &answer);
    ck_assert_uint_eq(answer.retry_after_ms, AURORA__RETRY_AFTER_MS_MAX);
}
END_TEST

/* --- requests --------------------------------------------------------------------------------- */

START_TEST(test_payment_answer__request_is_one_object)
{
    aurora_task task = {.size = sizeof task,
                        .verb = AURORA_VERB_CAPTURE,
                        .is_query = 1,
                        .attempt = 3,
                        .amount_minor = 2500,
                        .currency = "EUR",
                        .payment_method = "a\"b\\c\x01\xC3\xA9",
                        .deadline_at_ms = 1750000000123};
    char body[1024];
    size_t length = aurora__bridge_body(&task, NULL, 0);
    ck_assert_uint_lt(length, sizeof body);

    ck_assert_uint_eq(aurora__bridge_body(&task, body, length), length);

    body[length] = '\0';
    ck_assert_str_eq(body,
                     "{\"verb\":\"query\",\"queried\":\"capture\","
                     "\"task_id\":\"00000000-0000-0000-0000-000000000000\","
                     "\"order_id\":\"00000000-0000-0000-0000-000000000000\",\"amount_minor\":2500,"
                     "\"currency\":\"EUR\",\"payment_method\":\"a\\\"b\\\\c\\u0001\xC3\xA9\","
                     "\"authorize_id\":\"00000000-0000-0000-0000-000000000000\","
                     "\"provider_reference\":null,\"customer_id\":null,\"attempt\":3,"
                     "\"deadline\":\"2025-06-15T15:06:40.123000Z\"}");
}
END_TEST

/* printf '1750000000.{"a":1}' | openssl dgst -sha256 -hmac 'key' */
START_TEST(test_payment_answer__signature_is_what_openssl_says)
{
    char hex[AURORA__HEX_SHA256_BYTES];

    ck_assert(aurora__bridge_sign("key", "1750000000", "{\"a\":1}", 7, hex));

    ck_assert_str_eq(hex, "ebb8fe969e416c9decb514c04edc1dc70702ed20038fc1f62f9f3f88a79566d0");
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("payment_answer");
    TCase *tcase = tcase_create("answer");
    tcase_add_test(tcase, test_payment_answer__members_are_read);
    tcase_add_test(tcase, test_payment_answer__unknown_members_are_passed_over);
    tcase_add_test(tcase, test_payment_answer__what_is_no_outcome_is_refused);
    tcase_add_test(tcase, test_payment_answer__what_is_no_json_is_refused);
    tcase_add_test(tcase, test_payment_answer__known_member_stands_once);
    tcase_add_test(tcase, test_payment_answer__texts_and_numbers_keep_their_bounds);
    tcase_add_test(tcase, test_payment_answer__nesting_is_bounded);
    tcase_add_test(tcase, test_payment_answer__reply_is_judged_by_status_and_body);
    tcase_add_test(tcase, test_payment_answer__retry_after_of_a_failure_is_kept_within_a_day);
    tcase_add_test(tcase, test_payment_answer__request_is_one_object);
    tcase_add_test(tcase, test_payment_answer__signature_is_what_openssl_says);
    suite_add_tcase(all, tcase);
    return all;
}

AURORA_TEST_MAIN(suite)
