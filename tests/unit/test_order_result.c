/* SPDX-License-Identifier: MIT */
#include "codec/order_result.h"

#include "codec/result.h"
#include "codec_fixture.h"
#include "test.h"

#include <aurora/event.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Counts what is out, and fails the allocation after `left` more. */
typedef struct {
    int64_t left; /* -1 = never */
    int64_t count;
    int64_t open;
} heap;

static heap tally;

static void *heap_allocate(void *self, size_t bytes)
{
    heap *state = self;
    if (state->left == 0)
        return NULL;
    if (state->left > 0)
        state->left--;
    state->count++;
    state->open++;
    return malloc(bytes);
}

static void heap_release(void *self, void *memory)
{
    heap *state = self;
    if (memory != NULL)
        state->open--;
    free(memory);
}

static const aurora_allocator allocator = {.size = sizeof allocator,
                                           .self = &tally,
                                           .allocate = heap_allocate,
                                           .release = heap_release};

static aurora__order_row row;

/* Created and completed in one batch; cancelled later, with payment parked in between. */
static void setup(void)
{
    tally = (heap){.left = -1};
    row = (aurora__order_row){
        .id = codec_id(8),
        .status = AURORA_ORDER_CANCELLED,
        .reason = AURORA_REASON_CUSTOMER,
        .parked = AURORA_PARKED_PAYMENT,
        .version = 7,
        .created_version = 4,
        .total_minor = 4997,
        .currency = "EUR",
        .customer_id = "customer-4711",
        .payment_method = "tok_approve",
        .contact = "ann@example.com",
        .reference = "R-1",
        .placed_at = CODEC_NOW - 60000,
        .created_at = CODEC_NOW,
        .updated_at = CODEC_NOW + 9000,
        .deadline_at = CODEC_NOW + 300000,
        .lines = "[[\"SKU-000123\",2,1999],[\"S \\\"2\\\"\",1,600]]",
        .charges = "[[1,\"VAT 19 %\",399]]",
        .metadata = "[[\"source\",\"web\"],[\"note\",\"\"]]",
        .transitions = "[2,[1,1,0],[2,2,0,2],[3,3,0,4],[4,3,0,12,0,0,1],[5,5,5000,0,5,0,0,\"ann\","
                       "\"too \\\"late\\\"\"],[6,5,6000,11,5],[7,5,9000,16,5,2]]",
    };
}

static void teardown(void)
{
    ck_assert_int_eq(tally.open, 0);
}

START_TEST(test_order_result__row_becomes_one_allocation)
{
    aurora_order *order;

    aurora_assert_ok(aurora__order_result(&allocator, &row, false, &order));

    ck_assert_int_eq(tally.count, 1);
    ck_assert_uint_eq(order->size, sizeof *order);
    ck_assert_uint_eq(order->is_replay, 0);
    aurora_assert_id_eq(order->id, codec_id(8));
    ck_assert_int_eq(order->total_minor, 4997);
    ck_assert_str_eq(order->currency, "EUR");
    ck_assert_str_eq(order->customer_id, "customer-4711");
    ck_assert_str_eq(order->reference, "R-1");
    ck_assert_str_eq(order->contact, "ann@example.com");
    ck_assert_uint_eq(order->line_count, 2);
    ck_assert_str_eq(order->lines[0].sku, "SKU-000123");
    ck_assert_int_eq(order->lines[0].quantity, 2);
    ck_assert_int_eq(order->lines[0].unit_price_minor, 1999);
    ck_assert_str_eq(order->lines[1].sku, "S \"2\"");
    ck_assert_uint_eq(order->charge_count, 1);
    ck_assert_int_eq(order->charges[0].kind, AURORA_CHARGE_TAX);
    ck_assert_str_eq(order->charges[0].label, "VAT 19 %");
    ck_assert_int_eq(order->charges[0].amount_minor, 399);
    ck_assert_uint_eq(order->metadata_count, 2);
    ck_assert_str_eq(order->metadata[1].name, "note");
    ck_assert_str_eq(order->metadata[1].value, "");
    ck_assert_int_eq(order->placed_at_ms, CODEC_NOW - 60000);
    ck_assert_int_eq(order->created_at_ms, CODEC_NOW);
    ck_assert_int_eq(order->deadline_at_ms, CODEC_NOW + 300000);
    aurora_order_free(order);
}
END_TEST

START_TEST(test_order_result__parked_order_shows_its_outcome_beside)
{
    aurora_order *order;

    aurora_assert_ok(aurora__order_result(&allocator, &row, false, &order));

    ck_assert_int_eq(order->status, AURORA_ORDER_PARKED);
    ck_assert_int_eq(order->outcome, AURORA_ORDER_CANCELLED);
    ck_assert_int_eq(order->reason, AURORA_REASON_CUSTOMER);
    ck_assert_uint_eq(order->parked, AURORA_PARKED_PAYMENT);
    ck_assert_uint_eq(order->version, 7);
    ck_assert_uint_eq(order->created_version, 4);
    ck_assert_int_eq(order->updated_at_ms, CODEC_NOW + 9000);
    ck_assert_int_eq(order->settled_at_ms, 0);
    aurora_order_free(order);
}
END_TEST

START_TEST(test_order_result__as_created_is_what_the_first_commit_left)
{
    aurora_order *order;

    aurora_assert_ok(aurora__order_result(&allocator, &row, true, &order));

    ck_assert_int_eq(order->status, AURORA_ORDER_COMPLETED);
    ck_assert_int_eq(order->outcome, AURORA_ORDER_COMPLETED);
    ck_assert_int_eq(order->reason, 0);
    ck_assert_uint_eq(order->parked, 0);
    ck_assert_uint_eq(order->version, 4);
    ck_assert_int_eq(order->updated_at_ms, CODEC_NOW);
    ck_assert_int_eq(order->settled_at_ms, CODEC_NOW);
    aurora_order_free(order);
}
END_TEST

START_TEST(test_order_result__as_created_is_the_same_bytes_later)
{
    char early[2048];
    char late[2048];
    aurora_order *order;
    aurora__order_row first = row;
    first.status = AURORA_ORDER_COMPLETED;
    first.reason = 0;
    first.parked = 0;
    first.version = 4;
    first.updated_at = CODEC_NOW;
    first.settled_at = CODEC_NOW;
    first.transitions = "[0,[1,1,0],[2,2,0,2],[3,3,0,4],[4,3,0,12,0,0,1]]";

    aurora_assert_ok(aurora__order_result(&allocator, &first, false, &order));
    aurora_assert_ok(aurora_order_json(order, early, sizeof early, NULL));
    aurora_order_free(order);
    aurora_assert_ok(aurora__order_result(&allocator, &row, true, &order));
    aurora_assert_ok(aurora_order_json(order, late, sizeof late, NULL));
    aurora_order_free(order);

    ck_assert_str_eq(late, early);
}
END_TEST

START_TEST(test_order_result__decline_code_stands_with_its_reason_only)
{
    aurora_order *order;
    row.decline_code = "expired";

    aurora_assert_ok(aurora__order_result(&allocator, &row, false, &order));
    ck_assert_ptr_null(order->decline_code);
    aurora_order_free(order);

    row.reason = AURORA_REASON_PAYMENT_DECLINED;
    aurora_assert_ok(aurora__order_result(&allocator, &row, false, &order));
    ck_assert_str_eq(order->decline_code, "expired");
    aurora_order_free(order);
}
END_TEST

START_TEST(test_order_result__many_lines_fit)
{
    enum { LINES = 1000 };
    char *lines = malloc(LINES * 16 + 3);
    aurora_order *order;
    size_t length = 0;
    for (int i = 0; i < LINES; i++)
        length +=
            (size_t)snprintf(lines + length, 17, "%c[\"%04d\",%d,1]", i == 0 ? '[' : ',', i, i + 1);
    memcpy(lines + length, "]", 2);
    row.lines = lines;

    aurora_assert_ok(aurora__order_result(&allocator, &row, false, &order));

    ck_assert_uint_eq(order->line_count, LINES);
    ck_assert_str_eq(order->lines[999].sku, "0999");
    ck_assert_int_eq(order->lines[999].quantity, 1000);
    aurora_order_free(order);
    free(lines);
}
END_TEST

START_TEST(test_order_result__page_is_one_allocation)
{
    enum { ORDERS = 40 };
    const aurora__order_row *rows[ORDERS];
    aurora__order_row last = row;
    aurora_order_page *page;
    last.id = codec_id(9);
    for (int i = 0; i < ORDERS; i++)
        rows[i] = i == ORDERS - 1 ? &last : &row;

    aurora_assert_ok(aurora__order_page_result(&allocator, rows, ORDERS, "cursor", &page));

    ck_assert_int_eq(tally.open, 1);
    ck_assert_uint_eq(page->count, ORDERS);
    ck_assert_str_eq(page->next_cursor, "cursor");
    aurora_assert_id_eq(page->items[0]->id, codec_id(8));
    aurora_assert_id_eq(page->items[ORDERS - 1]->id, codec_id(9));
    ck_assert_str_eq(page->items[ORDERS - 1]->lines[1].sku, "S \"2\"");
    aurora_order_page_free(page);

    aurora_assert_ok(aurora__order_page_result(&allocator, NULL, 0, NULL, &page));
    ck_assert_uint_eq(page->count, 0);
    ck_assert_ptr_null(page->next_cursor);
    aurora_order_page_free(page);
}
END_TEST

START_TEST(test_order_result__history_tells_every_step)
{
    aurora_history *history;

    aurora_assert_ok(aurora__history_result(&allocator, &row, &history));

    ck_assert_int_eq(tally.open, 1);
    ck_assert_uint_eq(history->count, 7);
    ck_assert_uint_eq(history->dropped_count, 2);
    aurora_assert_id_eq(history->order_id, codec_id(8));
    const aurora_transition *settled = history->items[3];
    ck_assert_int_eq(settled->status, AURORA_ORDER_COMPLETED);
    ck_assert_int_eq(settled->event_kind, AURORA_EVENT_PAYMENT_CAPTURED);
    ck_assert_int_eq(settled->settled_at_ms, CODEC_NOW);
    const aurora_transition *cancelled = history->items[4];
    ck_assert_int_eq(cancelled->status, AURORA_ORDER_CANCELLED);
    ck_assert_int_eq(cancelled->outcome, AURORA_ORDER_CANCELLED);
    ck_assert_int_eq(cancelled->reason, AURORA_REASON_CUSTOMER);
    ck_assert_int_eq(cancelled->at_ms, CODEC_NOW + 5000);
    ck_assert_int_eq(cancelled->settled_at_ms, 0);
    ck_assert_str_eq(cancelled->actor, "ann");
    ck_assert_str_eq(cancelled->note, "too \"late\"");
    const aurora_transition *parked = history->items[6];
    ck_assert_uint_eq(parked->version, 7);
    ck_assert_int_eq(parked->status, AURORA_ORDER_PARKED);
    ck_assert_uint_eq(parked->parked, AURORA_PARKED_PAYMENT);
    ck_assert_ptr_null(parked->actor);
    aurora_history_free(history);
}
END_TEST

/* Builds all three; each answers AURORA_OK or the same failure class. */
static aurora_status build_all(const aurora__order_row *source)
{
    aurora_order *now;
    aurora_order *created;
    aurora_history *history;
    aurora_status first = aurora__order_result(&allocator, source, false, &now);
    aurora_status second = aurora__order_result(&allocator, source, true, &created);
    aurora_status third = aurora__history_result(&allocator, source, &history);
    ck_assert((first == AURORA_OK) == (now != NULL));
    ck_assert((second == AURORA_OK) == (created != NULL));
    ck_assert((third == AURORA_OK) == (history != NULL));
    aurora_order_free(now);
    aurora_order_free(created);
    aurora_history_free(history);
    return first != AURORA_OK ? first : second != AURORA_OK ? second : third;
}

START_TEST(test_order_result__damaged_columns_are_reported)
{
    static const char *const texts[] = {NULL, "", "[", "[1", "{}", "[[]]", "[[\"A\",0,1]]", "null"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        setup();
        row.lines = texts[i];
        aurora_assert_status(build_all(&row), AURORA_ECORRUPT);
        setup();
        row.transitions = texts[i];
        aurora_assert_status(build_all(&row), AURORA_ECORRUPT);
        if (texts[i] == NULL)
            continue;
        setup();
        row.metadata = texts[i];
        aurora_assert_status(build_all(&row), AURORA_ECORRUPT);
        setup();
        row.charges = texts[i];
        aurora_assert_status(build_all(&row), AURORA_ECORRUPT);
    }
}
END_TEST

START_TEST(test_order_result__damaged_numbers_are_reported)
{
    row.status = AURORA_ORDER_PARKED;
    aurora_assert_status(build_all(&row), AURORA_ECORRUPT);
    setup();
    row.reason = -1;
    aurora_assert_status(build_all(&row), AURORA_ECORRUPT);
    setup();
    row.parked = 8;
    aurora_assert_status(build_all(&row), AURORA_ECORRUPT);
    setup();
    row.created_version = 0;
    aurora_assert_status(build_all(&row), AURORA_ECORRUPT);
    setup();
    row.currency = NULL;
    aurora_assert_status(build_all(&row), AURORA_ECORRUPT);
}
END_TEST

/* A damaged copy whose NUL is its last byte, so that a sanitizer sees each read beyond it. */
static char *damage(const char *text, uint64_t *state)
{
    static const char likely[] = "[]\",\\{}0-19:u";
    char *copy = strdup(text);
    ck_assert_ptr_nonnull(copy);
    size_t length = strlen(copy);
    uint64_t word = aurora_test_random(state);
    for (uint64_t i = 0; i <= word % 3; i++) {
        uint64_t where = aurora_test_random(state);
        copy[where % length] = likely[(where >> 40) % (sizeof likely - 1)];
    }
    if (word >> 60 == 0)
        copy[(word >> 8) % length] = '\0';
    return copy;
}

START_TEST(test_order_result__random_damage_is_survived)
{
    uint64_t state = aurora_test_seed("test_order_result", 20251123);
    uint32_t corrupt = 0;
    for (int round = 0; round < 20000; round++) {
        aurora__order_row damaged = row;
        const char **const columns[] = {&damaged.lines, &damaged.charges, &damaged.metadata,
                                        &damaged.transitions};
        const char **column = columns[aurora_test_random(&state) % 4];
        char *text = damage(*column, &state);
        *column = text;
        aurora_status rc = build_all(&damaged);
        if (rc != AURORA_OK && rc != AURORA_ECORRUPT)
            ck_abort_msg("%s: %d", text, (int)rc);
        corrupt += rc != AURORA_OK;
        free(text);
    }
    ck_assert_uint_gt(corrupt, 1000);
}
END_TEST

START_TEST(test_order_result__each_failed_allocation_is_reported)
{
    aurora_status rc = AURORA_ENOMEM;
    int64_t left = 0;
    for (; rc == AURORA_ENOMEM; left++) {
        tally.left = left;
        rc = build_all(&row);
    }
    aurora_assert_ok(rc);
    ck_assert_int_ge(left, 3);
}
END_TEST

/* A result far larger than any guess. */
static aurora_status fill_large(aurora__arena *arena, const void *source)
{
    uint32_t **links = aurora__arena_zero(arena, 100 * sizeof *links);
    for (uint32_t i = 0; links != NULL && i < 100; i++) {
        links[i] = aurora__arena_take(arena, i * 16 + sizeof **links);
        if (links[i] == NULL)
            return AURORA_ENOMEM;
        *links[i] = *(const uint32_t *)source + i;
    }
    return links == NULL ? AURORA_ENOMEM : AURORA_OK;
}

START_TEST(test_order_result__bad_guess_costs_time_only)
{
    const uint32_t source = 7;
    void *result;

    aurora_assert_ok(aurora__result_build(&allocator, 0, fill_large, &source, &result));

    ck_assert_int_eq(tally.open, 1);
    for (uint32_t i = 0; i < 100; i++)
        ck_assert_uint_eq(*((uint32_t **)result)[i], 7 + i);
    aurora__result_free(result);
    aurora__result_free(NULL);

    aurora_status rc = AURORA_ENOMEM;
    for (int64_t left = 0; rc == AURORA_ENOMEM; left++) {
        tally.left = left;
        rc = aurora__result_build(&allocator, 0, fill_large, &source, &result);
    }
    aurora_assert_ok(rc);
    aurora__result_free(result);
}
END_TEST

static Suite *suite(void)
{
    Suite *result = suite_create("order_result");
    TCase *tcase = tcase_create("order_result");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, test_order_result__row_becomes_one_allocation);
    tcase_add_test(tcase, test_order_result__parked_order_shows_its_outcome_beside);
    tcase_add_test(tcase, test_order_result__as_created_is_what_the_first_commit_left);
    tcase_add_test(tcase, test_order_result__as_created_is_the_same_bytes_later);
    tcase_add_test(tcase, test_order_result__decline_code_stands_with_its_reason_only);
    tcase_add_test(tcase, test_order_result__many_lines_fit);
    tcase_add_test(tcase, test_order_result__page_is_one_allocation);
    tcase_add_test(tcase, test_order_result__history_tells_every_step);
    tcase_add_test(tcase, test_order_result__damaged_columns_are_reported);
    tcase_add_test(tcase, test_order_result__damaged_numbers_are_reported);
    tcase_add_test(tcase, test_order_result__random_damage_is_survived);
    tcase_add_test(tcase, test_order_result__each_failed_allocation_is_reported);
    tcase_add_test(tcase, test_order_result__bad_guess_costs_time_only);
    suite_add_tcase(result, tcase);
    return result;
}

AURORA_TEST_MAIN(suite)
