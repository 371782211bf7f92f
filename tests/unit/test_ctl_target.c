/* SPDX-License-Identifier: MIT */
/* Paths and queries that auroractl asks servers for, and how it reads their refusals; compiled into
 * this test: a program has no library to link. */
#include "test.h"

#include <string.h>

#include "../../daemons/auroractl/fields.c"
#include "../../daemons/auroractl/problem.c"
#include "../../daemons/auroractl/target.c"
#include "../../daemons/auroractl/time_text.c"

START_TEST(test_ctl_target__segments_and_values_are_encoded)
{
    ctl_target target;

    ctl_target_init(&target, "/inventory");
    ctl_target_segment(&target, "a b/c?d");
    ctl_target_segment(&target, "receipts");
    ctl_target_query(&target, "q", "x&y=z");
    ctl_target_query(&target, "none", NULL);
    ctl_target_query_number(&target, "limit", 50);
    ctl_target_query_time(&target, "from", 1000);

    ck_assert_str_eq(target.text, "/inventory/a%20b%2Fc%3Fd/receipts?q=x%26y%3Dz&limit=50"
                                  "&from=1970-01-01T00%3A00%3A01.000000Z");
    ck_assert_str_eq(target.text + target.query_at, strchr(target.text, '?'));
    ck_assert(!target.is_cut);
}
END_TEST

START_TEST(test_ctl_target__what_does_not_fit_is_known)
{
    ctl_target target;
    char text[CTL_TARGET_BYTES];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = 0;

    ctl_target_init(&target, "/orders");
    ctl_target_segment(&target, text);

    ck_assert(target.is_cut);
}
END_TEST

static aurora_status status_of_reply(int status, char *body, aurora_error *err)
{
    ctl_reply reply = {.status = status, .body = body, .body_len = strlen(body)};
    return ctl_reply_status(&reply, err);
}

START_TEST(test_ctl_problem__code_detail_and_place_are_told)
{
    aurora_error err = AURORA_ERROR_INIT;
    char problem[] = "{\"status\":422,\"code\":\"unknown_sku\",\"detail\":\"The order is "
                     "refused.\",\"errors\":[{\"pointer\":\"/lines/0/sku\",\"detail\":\"is not in "
                     "the price list\"},{\"pointer\":\"/lines/1/sku\",\"detail\":\"neither\"}]}";

    ck_assert_int_eq(status_of_reply(422, problem, &err), AURORA_EUNKNOWNSKU);

    ck_assert_str_eq(err.field, "/lines/0/sku");
    ck_assert_str_eq(err.message, "is not in the price list and 1 more [422 unknown_sku]");
}
END_TEST

START_TEST(test_ctl_problem__later_is_what_may_be_sent_again)
{
    char busy[] = "{\"code\":\"overloaded\"}", flight[] = "{\"code\":\"key_in_flight\"}";
    char taken[] = "{\"code\":\"reference_taken\"}", none[] = "<html>", internal[] = "{}";

    ck_assert(aurora_status_is_retriable(status_of_reply(503, busy, NULL)));
    ck_assert(aurora_status_is_retriable(status_of_reply(409, flight, NULL)));
    ck_assert(aurora_status_is_retriable(status_of_reply(502, none, NULL)));
    ck_assert_int_eq(status_of_reply(409, taken, NULL), AURORA_ETAKEN);
    ck_assert_int_eq(status_of_reply(404, none, NULL), AURORA_EINVAL);
    ck_assert_int_eq(status_of_reply(500, internal, NULL), AURORA_EIO);
    ck_assert(ctl_reply_is_later(&(ctl_reply){.status = 0}));
    ck_assert(!ctl_reply_is_later(&(ctl_reply){.status = 204}));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("ctl_target");
    TCase *tc = tcase_create("ctl_target");
    tcase_add_test(tc, test_ctl_target__segments_and_values_are_encoded);
    tcase_add_test(tc, test_ctl_target__what_does_not_fit_is_known);
    tcase_add_test(tc, test_ctl_problem__code_detail_and_place_are_told);
    tcase_add_test(tc, test_ctl_problem__later_is_what_may_be_sent_again);
    suite_add_tcase(s, tc);
    return s;
}

AURORA_TEST_MAIN(suite)
