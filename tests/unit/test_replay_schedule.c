/* SPDX-License-Identifier: MIT */
/* The order in which a replay sends its orders, compiled into this test: a program has no library
 * to link. */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "../../daemons/auroractl/replay_schedule.c"
#include "../../daemons/auroractl/text_map.c"

/* Four orders: the second shares a SKU with the first, the fourth with the second and the third. */
static const aurora_line lines[] = {
    {"a", 1, 1}, {"b", 1, 1}, /* 0 */
    {"b", 1, 1}, {"c", 1, 1}, /* 1 */
    {"d", 1, 1}, {"d", 2, 1}, /* 2: one SKU in two lines */
    {"c", 1, 1}, {"d", 1, 1}, /* 3 */
};
static ctl_retail_invoice orders[4];
static ctl_retail_file file;

static void setup(void)
{
    memset(&file, 0, sizeof file);
    for (uint32_t i = 0; i < 4; i++)
        orders[i] = (ctl_retail_invoice){.lines = &lines[i * 2], .line_count = 2};
    for (uint32_t i = 0; i < 8; i++)
        ctl_text_map_put(&file.skus, lines[i].sku);
    file.orders = orders;
    file.order_count = 4;
}

static void teardown(void)
{
    ctl_text_map_deinit(&file.skus);
}

/* Takes all that may go now, and tells it as "013". */
static const char *go(ctl_replay_schedule *schedule, char out[8])
{
    uint32_t numbers[4];
    uint32_t count = ctl_replay_schedule_peek(schedule, numbers, 4);
    ctl_replay_schedule_advance(schedule, count);
    for (uint32_t i = 0; i < count; i++)
        out[i] = (char)('0' + numbers[i]);
    out[count] = 0;
    return out;
}

START_TEST(test_replay_schedule__with_enough_stock_all_go_at_once)
{
    char out[8];
    ctl_replay_schedule schedule;
    ck_assert(ctl_replay_schedule_init(&schedule, &file, 4, false));

    ck_assert_str_eq(go(&schedule, out), "0123");

    ck_assert_str_eq(go(&schedule, out), "");
    ctl_replay_schedule_deinit(&schedule);
}
END_TEST

START_TEST(test_replay_schedule__what_is_put_back_goes_first)
{
    char out[8];
    uint32_t numbers[4];
    ctl_replay_schedule schedule;
    ck_assert(ctl_replay_schedule_init(&schedule, &file, 4, false));
    ck_assert_uint_eq(ctl_replay_schedule_peek(&schedule, numbers, 2), 2);
    ctl_replay_schedule_advance(&schedule, 2);

    ctl_replay_schedule_put_back(&schedule, 1);

    ck_assert_str_eq(go(&schedule, out), "1");
    ck_assert_str_eq(go(&schedule, out), "23");
    ctl_replay_schedule_deinit(&schedule);
}
END_TEST

START_TEST(test_replay_schedule__scarce_stock_keeps_the_order_of_each_sku)
{
    char out[8];
    ctl_replay_schedule schedule;
    ck_assert(ctl_replay_schedule_init(&schedule, &file, 4, true));

    ck_assert_str_eq(go(&schedule, out), "02");
    ctl_replay_schedule_done(&schedule, 2);
    ck_assert_str_eq(go(&schedule, out), "");
    ctl_replay_schedule_done(&schedule, 0);
    ck_assert_str_eq(go(&schedule, out), "1");
    ctl_replay_schedule_done(&schedule, 1);
    ck_assert_str_eq(go(&schedule, out), "3");

    ctl_replay_schedule_deinit(&schedule);
}
END_TEST

START_TEST(test_replay_schedule__an_order_that_goes_again_still_holds_its_skus)
{
    char out[8];
    ctl_replay_schedule schedule;
    ck_assert(ctl_replay_schedule_init(&schedule, &file, 2, true));
    ck_assert_str_eq(go(&schedule, out), "0");

    ctl_replay_schedule_put_back(&schedule, 0);

    ck_assert_str_eq(go(&schedule, out), "0");
    ck_assert_str_eq(go(&schedule, out), "");
    ctl_replay_schedule_deinit(&schedule);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("replay_schedule");
    TCase *tc = tcase_create("replay_schedule");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_replay_schedule__with_enough_stock_all_go_at_once);
    tcase_add_test(tc, test_replay_schedule__what_is_put_back_goes_first);
    tcase_add_test(tc, test_replay_schedule__scarce_stock_keeps_the_order_of_each_sku);
    tcase_add_test(tc, test_replay_schedule__an_order_that_goes_again_still_holds_its_skus);
    suite_add_tcase(s, tc);
    return s;
}

AURORA_TEST_MAIN(suite)
