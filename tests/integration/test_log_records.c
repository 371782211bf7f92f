/* SPDX-License-Identifier: MIT */
/* What the library says to a host that takes records: which changes of state an operator hears of,
 * with which attributes, and how the level is changed on an open handle. */
#include <stdio.h>
#include <string.h>

#include "shop.h"

#define LINES_MAX 256
#define TRACEPARENT "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

static struct {
    int32_t level;
    char component[16], message[512], attributes[512], trace[AURORA_TRACEPARENT_BYTES];
} lines[LINES_MAX];
static uint32_t line_count;
static aurora_t *shop;
static aurora_error err = AURORA_ERROR_INIT;

static void refuse_line(void *self, int32_t level, const char *component, const char *message)
{
    (void)self;
    (void)level;
    ck_abort_msg("write instead of record: %s %s", component, message);
}

static void keep_record(void *self, const aurora_log_record *record)
{
    (void)self;
    if (line_count == LINES_MAX)
        return;
    ck_assert_uint_ge(record->size, sizeof *record);
    lines[line_count].level = record->level;
    snprintf(lines[line_count].component, sizeof lines[0].component, "%s", record->component);
    snprintf(lines[line_count].message, sizeof lines[0].message, "%s", record->message);
    char *to = lines[line_count].attributes;
    size_t left = sizeof lines[0].attributes;
    for (uint32_t i = 0; i < record->attribute_count; i++) {
        const aurora_attribute *one = &record->attributes[i];
        int len = one->kind == AURORA_ATTRIBUTE_TEXT
                      ? snprintf(to, left, "%s=%s ", one->key, one->text)
                      : snprintf(to, left, "%s=%lld ", one->key, (long long)one->number);
        ck_assert_int_lt(len, (int)left);
        to += len;
        left -= (size_t)len;
    }
    if (record->trace != NULL)
        aurora_traceparent_format(record->trace, lines[line_count].trace);
    line_count++;
}

/* The place of the newest line whose message has this in it; fails where there is none. */
static uint32_t find(const char *part)
{
    for (uint32_t i = line_count; i > 0; i--) {
        if (strstr(lines[i - 1].message, part) != NULL)
            return i - 1;
    }
    ck_abort_msg("no line says \"%s\"", part);
}

static bool has_line(const char *part)
{
    for (uint32_t i = 0; i < line_count; i++) {
        if (strstr(lines[i].message, part) != NULL)
            return true;
    }
    return false;
}

static void start(void)
{
    static const aurora_log log = {.size = sizeof log, .write = refuse_line, .record = keep_record};
    static const char *const settings[] = {"payment=none:", "search=none:"};
    memset(lines, 0, sizeof lines);
    line_count = 0;
    shop =
        shop_open("memory:", AURORA_OPTIONS(.log = &log, .settings = settings, .setting_count = 2));
    shop_stock_up(shop, 10);
}

static void stop(void)
{
    aurora_close(shop);
}

static aurora_id place(void)
{
    shop_request request;
    aurora_order *order = NULL;
    shop_request_init(&request, NULL, 1, "tok_approve");
    request.request.traceparent = TRACEPARENT;
    request.request.flags = AURORA_ORDER_NO_WAIT;
    aurora_assert_ok(aurora_order_place(shop, &request.request, &order, &err));
    aurora_id id = order->id;
    aurora_order_free(order);
    return id;
}

static void answer_task(int32_t outcome)
{
    aurora_task_page *page = NULL;
    aurora_assert_ok(aurora_task_take(shop, AURORA_TASK_PAYMENT, 1, 0, 0, &page));
    ck_assert_uint_eq(page->count, 1);
    aurora_assert_ok(
        aurora_task_finish(shop, page->items[0]->id, AURORA_TASK_RESULT(.outcome = outcome), &err));
    aurora_task_page_free(page);
    shop_pump(shop);
}

/* An order whose capture the provider refuses. */
static aurora_id park(void)
{
    aurora_id id = place();
    shop_pump(shop);
    answer_task(AURORA_OUTCOME_DONE);
    answer_task(AURORA_OUTCOME_DECLINED);
    ck_assert_int_eq(shop_status(shop, id), AURORA_ORDER_PARKED);
    return id;
}

START_TEST(test_log_records__parked_order_is_a_warning_with_order_reason_and_trace)
{
    char id[AURORA_ID_TEXT_BYTES], order[64];
    aurora_id_format(park(), id);
    snprintf(order, sizeof order, "aurora.order.id=%s ", id);

    uint32_t at = find("is parked at payment");

    ck_assert_int_eq(lines[at].level, AURORA_LOG_WARNING);
    ck_assert_str_eq(lines[at].component, "saga");
    ck_assert_ptr_nonnull(strstr(lines[at].message, id));
    ck_assert_ptr_nonnull(strstr(lines[at].attributes, order));
    ck_assert_ptr_nonnull(strstr(lines[at].attributes, "aurora.participant=payment "));
    ck_assert_ptr_nonnull(
        strstr(lines[at].attributes, "aurora.reason=the provider refused for good "));
    ck_assert_mem_eq(lines[at].trace, TRACEPARENT, 35); /* the span may be another one */
    uint32_t said = 0;
    for (uint32_t i = 0; i < line_count; i++)
        said += strstr(lines[i].message, "is parked at") != NULL;
    ck_assert_uint_eq(said, 1);
}
END_TEST

START_TEST(test_log_records__operators_act_and_its_end_are_told)
{
    aurora_id id = park();

    aurora_assert_ok(
        aurora_saga_repair(shop,
                           AURORA_REPAIR(.order_id = id, .action = AURORA_REPAIR_MARK,
                                         .participant = AURORA_PARTICIPANT_PAYMENT,
                                         .result = AURORA_RESULT_CAPTURED, .actor = "eve"),
                           &err));
    shop_pump(shop);

    uint32_t at = find(" by eve");
    ck_assert_int_eq(lines[at].level, AURORA_LOG_INFO);
    ck_assert_ptr_nonnull(strstr(lines[at].attributes, "enduser.id=eve "));
    ck_assert_ptr_nonnull(strstr(lines[at].attributes, "aurora.participant=payment "));
    ck_assert_int_eq(lines[find("is parked no longer: it is COMPLETED")].level, AURORA_LOG_INFO);
}
END_TEST

START_TEST(test_log_records__level_follows_on_an_open_handle)
{
    (void)place();
    shop_pump(shop);
    ck_assert(!has_line("is RESERVED"));

    aurora_assert_ok(aurora_log_set_level(shop, AURORA_LOG_DEBUG));
    (void)place();
    shop_pump(shop);
    uint32_t at = find("is RESERVED");
    ck_assert_int_eq(lines[at].level, AURORA_LOG_DEBUG);
    ck_assert_ptr_nonnull(strstr(lines[at].attributes, "aurora.from=NONE aurora.to=RESERVED "));
    ck_assert_int_eq(lines[find("a batch of ")].level, AURORA_LOG_DEBUG);

    aurora_assert_ok(aurora_log_set_level(shop, AURORA_LOG_ERROR));
    line_count = 0;
    (void)place();
    shop_pump(shop);
    ck_assert_uint_eq(line_count, 0);
}
END_TEST

START_TEST(test_log_records__level_that_is_none_is_refused)
{
    aurora_assert_status(aurora_log_set_level(shop, 0), AURORA_EINVAL);
    aurora_assert_status(aurora_log_set_level(shop, AURORA_LOG_FATAL + 1), AURORA_EINVAL);
    aurora_assert_status(aurora_log_set_level(NULL, AURORA_LOG_INFO), AURORA_EINVAL);
    aurora_t *silent = shop_open("memory:", NULL);
    aurora_assert_ok(aurora_log_set_level(silent, AURORA_LOG_DEBUG));
    aurora_close(silent);
}
END_TEST

static void keep_write(void *self, int32_t level, const char *component, const char *message)
{
    (void)self;
    const aurora_log_record record = {
        .size = sizeof record, .level = level, .component = component, .message = message};
    keep_record(NULL, &record);
}

/* A program that was compiled before there were records has a shorter struct. */
START_TEST(test_log_records__older_host_gets_the_message_alone)
{
    stop();
    static const char *const settings[] = {"payment=none:", "search=none:"};
    aurora_log log = {.size = offsetof(aurora_log, record), .write = keep_write};
    memset(&log.record, 0x5a, sizeof log.record); /* not its to read */
    shop =
        shop_open("memory:", AURORA_OPTIONS(.log = &log, .settings = settings, .setting_count = 2));
    shop_stock_up(shop, 10);

    (void)park();

    ck_assert_str_eq(lines[find("is parked at payment")].component, "saga");
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("log_records");
    TCase *tc = tcase_create("log_records");
    tcase_add_checked_fixture(tc, start, stop);
    tcase_add_test(tc, test_log_records__parked_order_is_a_warning_with_order_reason_and_trace);
    tcase_add_test(tc, test_log_records__operators_act_and_its_end_are_told);
    tcase_add_test(tc, test_log_records__level_follows_on_an_open_handle);
    tcase_add_test(tc, test_log_records__level_that_is_none_is_refused);
    tcase_add_test(tc, test_log_records__older_host_gets_the_message_alone);
    suite_add_tcase(s, tc);
    return s;
}

AURORA_TEST_MAIN(suite)
