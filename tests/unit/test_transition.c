/* SPDX-License-Identifier: MIT */
#include "core/transition.h"

#include <aurora/event.h>
#include <aurora/order.h>

#include <stdio.h>

#include "test.h"

#define NOW INT64_C(1750000000000)

static char memory[1 << 24];
static aurora__arena arena;
static aurora__step step;
static aurora__order_row order;

static void *never_grow(void *self, size_t bytes, size_t *size_out)
{
    (void)self;
    (void)bytes;
    (void)size_out;
    return NULL;
}

static void setup(void)
{
    arena = (aurora__arena){.at = memory, .end = memory + sizeof memory, .grow = never_grow};
    step = (aurora__step){.arena = &arena, .now_ms = NOW};
    order = (aurora__order_row){.status = AURORA_ORDER_PENDING, .created_at = NOW};
}

static void note(int32_t kind, const char *actor, const char *text)
{
    aurora_assert_ok(aurora__order_note(&step, &order, kind, actor, text));
}

/* Reads all entries; the last of them stays in *last. */
static uint32_t read_all(aurora__transition *last, int64_t *dropped_out)
{
    aurora__transitions list;
    aurora__transitions_begin(&list, &order);
    while (aurora__transitions_next(&list, &arena, last)) {
    }
    ck_assert(!list.reader.is_failed);
    *dropped_out = list.dropped;
    return list.count;
}

static aurora__transition entry_at(uint32_t place)
{
    aurora__transitions list;
    aurora__transition entry = {0};
    aurora__transitions_begin(&list, &order);
    for (uint32_t i = 0; i <= place; i++)
        ck_assert(aurora__transitions_next(&list, &arena, &entry));
    return entry;
}

START_TEST(test_transition__first_note_is_version_1)
{
    note(0, NULL, NULL);

    ck_assert_int_eq(order.version, 1);
    ck_assert_int_eq(order.updated_at, NOW);
    ck_assert_str_eq(order.transitions, "[0,[1,1,0]]");
}
END_TEST

START_TEST(test_transition__entry_says_what_the_row_says)
{
    note(0, NULL, NULL);
    order.status = AURORA_ORDER_CANCELLED;
    order.reason = AURORA_REASON_CUSTOMER;
    order.parked = AURORA__PARKED_PAYMENT;
    order.settled_at = NOW + 5;
    step.now_ms = NOW + 1234;

    note(AURORA_EVENT_PAYMENT_PARKED, "anna", "said \"no\", twice\n");

    aurora__transition entry = entry_at(1);
    ck_assert_int_eq(entry.version, 2);
    ck_assert_int_eq(entry.status, AURORA_ORDER_CANCELLED);
    ck_assert_int_eq(entry.at_ms, NOW + 1234);
    ck_assert_int_eq(entry.event_kind, AURORA_EVENT_PAYMENT_PARKED);
    ck_assert_int_eq(entry.reason, AURORA_REASON_CUSTOMER);
    ck_assert_int_eq(entry.parked, AURORA__PARKED_PAYMENT);
    ck_assert_int_eq(entry.is_settled, 1);
    ck_assert_str_eq(entry.actor, "anna");
    ck_assert_str_eq(entry.note, "said \"no\", twice\n");
}
END_TEST

START_TEST(test_transition__trailing_zeroes_and_nulls_are_left_out)
{
    note(0, NULL, NULL);
    note(AURORA_EVENT_INVENTORY_RESERVED, NULL, NULL);
    order.settled_at = NOW;
    note(0, NULL, NULL);
    order.settled_at = 0;
    note(0, NULL, "[why]");

    ck_assert_str_eq(order.transitions,
                     "[0,[1,1,0],[2,1,0,2],[3,1,0,0,0,0,1],[4,1,0,0,0,0,0,null,\"[why]\"]]");
}
END_TEST

START_TEST(test_transition__clock_below_the_creation_is_kept)
{
    step.now_ms = NOW - 7;

    note(0, NULL, NULL);

    ck_assert_int_eq(entry_at(0).at_ms, NOW - 7);
}
END_TEST

/* An order that a participant parks and an operator retries, again and again. */
static void park_and_retry(int times)
{
    for (int i = 0; i < times; i++) {
        step.now_ms++;
        order.parked = AURORA__PARKED_PAYMENT;
        note(AURORA_EVENT_PAYMENT_PARKED, NULL, NULL);
        order.parked = 0;
        note(AURORA_EVENT_ORDER_REPAIR, "anna", "[\"retry\"],");
    }
}

START_TEST(test_transition__history_is_capped_at_64_and_counts_what_it_dropped)
{
    aurora__transition last;
    int64_t dropped;
    note(0, NULL, NULL);
    for (int i = 0; i < 200; i++) {
        park_and_retry(1);
        uint32_t count = read_all(&last, &dropped);

        ck_assert_uint_le(count, AURORA__TRANSITIONS_MAX);
        ck_assert_int_eq(order.version, 1 + 2 * (i + 1));
        ck_assert_int_eq(count + dropped, order.version);
        ck_assert_int_eq(last.version, order.version);
        ck_assert_int_eq(dropped % 2, 0);
    }
    ck_assert_int_gt(dropped, 300);
}
END_TEST

START_TEST(test_transition__changes_of_status_are_never_dropped)
{
    note(0, NULL, NULL);
    park_and_retry(20);
    order.status = AURORA_ORDER_RESERVED;
    note(AURORA_EVENT_INVENTORY_RESERVED, NULL, NULL);
    park_and_retry(20);
    order.status = AURORA_ORDER_COMPLETED;
    note(AURORA_EVENT_PAYMENT_AUTHORIZED, NULL, NULL);
    order.settled_at = NOW;
    note(AURORA_EVENT_PAYMENT_CAPTURED, NULL, NULL);
    park_and_retry(100);

    bool is_seen[5] = {false};
    bool is_settled = false;
    aurora__transitions list;
    aurora__transition entry;
    aurora__transitions_begin(&list, &order);
    while (aurora__transitions_next(&list, &arena, &entry)) {
        if (entry.event_kind != AURORA_EVENT_PAYMENT_PARKED &&
            entry.event_kind != AURORA_EVENT_ORDER_REPAIR)
            is_seen[entry.status] = true;
        is_settled |= entry.event_kind == AURORA_EVENT_PAYMENT_CAPTURED && entry.is_settled;
    }
    ck_assert(is_seen[AURORA_ORDER_PENDING]);
    ck_assert(is_seen[AURORA_ORDER_RESERVED]);
    ck_assert(is_seen[AURORA_ORDER_COMPLETED]);
    ck_assert(is_settled);
    ck_assert_int_eq(entry_at(0).version, 1);
}
END_TEST

START_TEST(test_transition__oldest_pair_is_the_one_that_goes)
{
    aurora__transition last;
    int64_t dropped;
    note(0, NULL, NULL);
    park_and_retry(31);
    note(0, NULL, NULL);
    ck_assert_uint_eq(read_all(&last, &dropped), 64);
    ck_assert_int_eq(dropped, 0);

    note(0, NULL, NULL);

    ck_assert_uint_eq(read_all(&last, &dropped), 63);
    ck_assert_int_eq(dropped, 2);
    ck_assert_int_eq(entry_at(0).version, 1);
    ck_assert_int_eq(entry_at(1).version, 4);
}
END_TEST

START_TEST(test_transition__damaged_history_fails_to_be_read)
{
    static const char *const texts[] = {"",
                                        "[",
                                        "[]",
                                        "[0",
                                        "[0,",
                                        "[0,[1]]",
                                        "[0,[1,1]]",
                                        "[0,[1,1,0]",
                                        "[0,1]",
                                        "[0,[1,1,0,0,0,0,0,null,null,1]]",
                                        "[0,[1,1,\"x\"]]",
                                        "{}"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        aurora__transitions list;
        aurora__transition entry;
        order.transitions = texts[i];
        aurora__transitions_begin(&list, &order);
        while (aurora__transitions_next(&list, &arena, &entry)) {
        }
        ck_assert_msg(list.reader.is_failed, "%s", texts[i]);
    }
}
END_TEST

START_TEST(test_transition__damaged_history_is_not_written_on)
{
    static const char *const texts[] = {"", "[", "[0,[1,1,0],", "[]", "x"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        order.transitions = texts[i];
        aurora_assert_status(aurora__order_note(&step, &order, 0, NULL, NULL), AURORA_ECORRUPT);
    }
}
END_TEST

START_TEST(test_transition__damaged_history_that_is_full_is_not_written_on)
{
    char text[512] = "[0";
    size_t length = 2;
    for (int i = 0; i < 66; i++)
        length += (size_t)snprintf(text + length, sizeof text - length, ",[1,x]");
    snprintf(text + length, sizeof text - length, "]");
    order.transitions = text;
    order.version = 66;

    aurora_assert_status(aurora__order_note(&step, &order, 0, NULL, NULL), AURORA_ECORRUPT);
}
END_TEST

START_TEST(test_transition__no_memory_for_any_part_of_a_full_history_is_a_status)
{
    for (int i = 0; i < AURORA__TRANSITIONS_MAX; i++)
        note(AURORA_EVENT_ORDER_REPAIR, "ada", "looked \\ twice");
    aurora__order_row before = order;
    aurora_status rc = AURORA_ENOMEM;
    for (size_t room = 0; rc == AURORA_ENOMEM; room += 8) {
        order = before;
        arena.end = arena.at + room; /* what a failed try took stays taken */
        rc = aurora__order_note(&step, &order, AURORA_EVENT_ORDER_REPAIR, "ada", "again");
    }

    aurora_assert_ok(rc);
    ck_assert_int_eq(order.version, before.version + 1);
}
END_TEST

START_TEST(test_transition__no_memory_is_a_status)
{
    note(0, NULL, NULL);
    arena.at = arena.end;

    aurora_assert_status(aurora__order_note(&step, &order, 0, NULL, NULL), AURORA_ENOMEM);
}
END_TEST

static Suite *transition_suite(void)
{
    Suite *suite = suite_create("transition");
    TCase *tcase = tcase_create("transition");
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, test_transition__first_note_is_version_1);
    tcase_add_test(tcase, test_transition__entry_says_what_the_row_says);
    tcase_add_test(tcase, test_transition__trailing_zeroes_and_nulls_are_left_out);
    tcase_add_test(tcase, test_transition__clock_below_the_creation_is_kept);
    tcase_add_test(tcase, test_transition__history_is_capped_at_64_and_counts_what_it_dropped);
    tcase_add_test(tcase, test_transition__changes_of_status_are_never_dropped);
    tcase_add_test(tcase, test_transition__oldest_pair_is_the_one_that_goes);
    tcase_add_test(tcase, test_transition__damaged_history_fails_to_be_read);
    tcase_add_test(tcase, test_transition__damaged_history_is_not_written_on);
    tcase_add_test(tcase, test_transition__damaged_history_that_is_full_is_not_written_on);
    tcase_add_test(tcase, test_transition__no_memory_is_a_status);
    tcase_add_test(tcase, test_transition__no_memory_for_any_part_of_a_full_history_is_a_status);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(transition_suite)
