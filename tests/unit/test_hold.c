/* SPDX-License-Identifier: MIT */
#include "core/inventory.h"
#include "core/stock.h"

#include <stdio.h>

#include "core_fixture.h"

#define TTL 60000

static core_fixture *fixture;
static int32_t decision;
static bool is_expired;

static void receive(const char *sku, int64_t number, int64_t quantity)
{
    core_fixture_put(fixture, AURORA__TABLE_sku, &(aurora__sku_row){.sku = sku, .id = number});
    core_fixture_put(fixture, AURORA__TABLE_stock,
                     &(aurora__stock_row){
                         .id = number, .available = quantity, .received = quantity, .version = 1});
}

static void setup(void)
{
    fixture = core_fixture_new();
    decision = 0;
    is_expired = false;
    receive("cup", 1, 10);
    receive("pot", 2, 5);
}

static void teardown(void)
{
    core_fixture_free(fixture);
}

/* --- commands, each with its keys ------------------------------------------------------------- */

static aurora_status decide_reserve(aurora__step *step, void *context)
{
    aurora_status rc = aurora__hold_reserve_keys(step, context);
    return rc != AURORA_OK ? rc : aurora__hold_reserve(step, context, &decision);
}

static aurora_status decide_commit(aurora__step *step, void *context)
{
    aurora_status rc = aurora__hold_keys(step, "host", context);
    return rc != AURORA_OK ? rc : aurora__hold_commit(step, "host", context, &is_expired);
}

static aurora_status decide_release(aurora__step *step, void *context)
{
    aurora_status rc = aurora__hold_keys(step, "host", context);
    return rc != AURORA_OK ? rc : aurora__hold_release(step, "host", context);
}

static aurora_status decide_expire(aurora__step *step, void *context)
{
    aurora_status rc = aurora__hold_keys(step, "host", context);
    return rc != AURORA_OK ? rc : aurora__hold_expire(step, "host", context);
}

static aurora_status reserve_lines(const char *key, const aurora__hold_line *lines, uint32_t count)
{
    /* Stands for the request's canonical hash. */
    aurora__hold hold = {
        .scope = "host", .key = key, .lines = lines, .line_count = count, .ttl_ms = TTL};
    for (uint32_t i = 0; i < count; i++) {
        hold.request_hash[i % 16] ^= (uint8_t)lines[i].sku[0];
        hold.request_hash[16 + i % 16] ^= (uint8_t)lines[i].quantity;
    }
    decision = 0;
    return core_fixture_run(fixture, decide_reserve, &hold);
}

static aurora_status reserve(const char *key, const char *sku, int64_t quantity)
{
    aurora__hold_line line = {sku, quantity};
    return reserve_lines(key, &line, 1);
}

static aurora_status commit(const char *key)
{
    return core_fixture_run(fixture, decide_commit, (void *)(uintptr_t)key);
}

static aurora_status release(const char *key)
{
    return core_fixture_run(fixture, decide_release, (void *)(uintptr_t)key);
}

static aurora_status expire(const char *key)
{
    return core_fixture_run(fixture, decide_expire, (void *)(uintptr_t)key);
}

static const aurora__hold_row *hold_of(const char *key_text)
{
    aurora__key key = aurora__key_texts(AURORA__TABLE_hold, "host", key_text);
    return core_fixture_get(fixture, &key);
}

static void assert_stock(int64_t number, int64_t available, int64_t reserved, int64_t sold)
{
    aurora__key key = aurora__key_number(AURORA__TABLE_stock, number);
    const aurora__stock_row *stock = core_fixture_get(fixture, &key);
    ck_assert_int_eq(stock->available, available);
    ck_assert_int_eq(stock->reserved, reserved);
    ck_assert_int_eq(stock->sold, sold);
    ck_assert(aurora__stock_is_balanced(stock));
}

static void assert_state(const char *key, int64_t state)
{
    ck_assert_int_eq(hold_of(key)->state, state);
    ck_assert_int_eq(hold_of(key)->due_at != 0, state == AURORA_RESERVATION_RESERVED);
}

/* --- reserve ---------------------------------------------------------------------------------- */

START_TEST(test_hold__reserve_takes_stock_until_its_time_runs_out)
{
    aurora_assert_ok(reserve("k", "cup", 4));

    ck_assert_int_eq(decision, AURORA_DECISION_RESERVED);
    assert_stock(1, 6, 4, 0);
    assert_state("k", AURORA_RESERVATION_RESERVED);
    ck_assert_int_eq(hold_of("k")->created_at, CORE_FIXTURE_NOW);
    ck_assert_int_eq(hold_of("k")->expires_at, CORE_FIXTURE_NOW + TTL);
    ck_assert_int_eq(hold_of("k")->due_at, CORE_FIXTURE_NOW + TTL);
    ck_assert_str_eq(hold_of("k")->lines, "[[1,4]]");
    ck_assert_uint_eq(fixture->step.event_count, 0);
}
END_TEST

START_TEST(test_hold__all_lines_or_none)
{
    const aurora__hold_line lines[] = {{"cup", 10}, {"pot", 6}};

    aurora_assert_ok(reserve_lines("k", lines, 2));

    ck_assert_int_eq(decision, AURORA_DECISION_OUT_OF_STOCK);
    assert_stock(1, 10, 0, 0);
    assert_stock(2, 5, 0, 0);
    assert_state("k", AURORA_RESERVATION_REJECTED);
    ck_assert_str_eq(hold_of("k")->lines, "[]");
    ck_assert_int_eq(hold_of("k")->expires_at, CORE_FIXTURE_NOW);
}
END_TEST

START_TEST(test_hold__lines_of_one_sku_are_added_up_before_the_check)
{
    const aurora__hold_line too_many[] = {{"cup", 6}, {"pot", 1}, {"cup", 5}};
    const aurora__hold_line enough[] = {{"cup", 6}, {"pot", 1}, {"cup", 4}};

    aurora_assert_ok(reserve_lines("a", too_many, 3));
    ck_assert_int_eq(decision, AURORA_DECISION_OUT_OF_STOCK);
    aurora_assert_ok(reserve_lines("b", enough, 3));

    ck_assert_int_eq(decision, AURORA_DECISION_RESERVED);
    ck_assert_str_eq(hold_of("b")->lines, "[[1,10],[2,1]]");
    assert_stock(1, 0, 10, 0);
    assert_stock(2, 4, 1, 0);
}
END_TEST

START_TEST(test_hold__unknown_sku_is_out_of_stock)
{
    const aurora__hold_line lines[] = {{"cup", 1}, {"pan", 1}};

    aurora_assert_ok(reserve_lines("k", lines, 2));

    ck_assert_int_eq(decision, AURORA_DECISION_OUT_OF_STOCK);
    assert_stock(1, 10, 0, 0);
}
END_TEST

START_TEST(test_hold__sum_that_leaves_int64_is_refused)
{
    const aurora__hold_line lines[] = {{"cup", INT64_MAX}, {"cup", 1}};

    aurora_assert_status(reserve_lines("k", lines, 2), AURORA_EOVERFLOW);

    ck_assert_ptr_null(hold_of("k"));
}
END_TEST

START_TEST(test_hold__repeat_answers_as_the_first_time_for_ever)
{
    aurora_assert_ok(reserve("taken", "cup", 10));
    aurora_assert_ok(reserve("short", "cup", 1));
    ck_assert_int_eq(decision, AURORA_DECISION_OUT_OF_STOCK);

    aurora_assert_ok(release("taken"));
    aurora_assert_ok(reserve("short", "cup", 1));
    ck_assert_int_eq(decision, AURORA_DECISION_OUT_OF_STOCK);
    aurora_assert_ok(release("short"));
    aurora_assert_ok(reserve("short", "cup", 1));
    ck_assert_int_eq(decision, AURORA_DECISION_OUT_OF_STOCK);
    aurora_assert_ok(reserve("taken", "cup", 10));
    ck_assert_int_eq(decision, AURORA_DECISION_RESERVED);

    assert_stock(1, 10, 0, 0);
    assert_state("taken", AURORA_RESERVATION_RELEASED);
}
END_TEST

START_TEST(test_hold__same_key_with_another_request_is_refused)
{
    aurora_assert_ok(reserve("k", "cup", 4));

    aurora_assert_status(reserve("k", "cup", 5), AURORA_EKEYREUSED);
    aurora_assert_status(reserve("k", "pot", 4), AURORA_EKEYREUSED);

    assert_stock(1, 6, 4, 0);
    assert_stock(2, 5, 0, 0);
}
END_TEST

START_TEST(test_hold__same_key_in_another_scope_is_another_reservation)
{
    aurora__hold_line line = {"cup", 4};
    aurora__hold other = {
        .scope = "anna", .key = "k", .lines = &line, .line_count = 1, .ttl_ms = TTL};
    aurora_assert_ok(reserve("k", "cup", 4));

    aurora_assert_ok(core_fixture_run(fixture, decide_reserve, &other));

    ck_assert_uint_eq(core_fixture_count(fixture, AURORA__TABLE_hold), 2);
    assert_stock(1, 2, 8, 0);
}
END_TEST

/* --- commit and release ----------------------------------------------------------------------- */

START_TEST(test_hold__commit_sells_once)
{
    aurora_assert_ok(reserve("k", "cup", 4));
    fixture->now_ms += 7;

    aurora_assert_ok(commit("k"));
    fixture->now_ms += 7;
    aurora_assert_ok(commit("k"));

    ck_assert(!is_expired);
    ck_assert_int_eq(hold_of("k")->updated_at, CORE_FIXTURE_NOW + 7);
    assert_stock(1, 6, 0, 4);
    assert_state("k", AURORA_RESERVATION_COMMITTED);
    ck_assert_int_eq(hold_of("k")->version, 2);
}
END_TEST

START_TEST(test_hold__release_gives_back_once)
{
    aurora_assert_ok(reserve("k", "cup", 4));

    aurora_assert_ok(release("k"));
    aurora_assert_ok(release("k"));

    assert_stock(1, 10, 0, 0);
    assert_state("k", AURORA_RESERVATION_RELEASED);
    ck_assert_int_eq(hold_of("k")->version, 2);
}
END_TEST

START_TEST(test_hold__unknown_key_is_not_found)
{
    aurora_assert_status(commit("k"), AURORA_ENOTFOUND);
    aurora_assert_status(release("k"), AURORA_ENOTFOUND);
    aurora_assert_ok(expire("k"));

    ck_assert_uint_eq(core_fixture_count(fixture, AURORA__TABLE_hold), 0);
}
END_TEST

START_TEST(test_hold__commit_of_a_released_or_rejected_one_is_a_conflict)
{
    aurora_assert_ok(reserve("released", "cup", 4));
    aurora_assert_ok(release("released"));
    aurora_assert_ok(reserve("rejected", "cup", 11));

    aurora_assert_status(commit("released"), AURORA_ECONFLICT);
    aurora_assert_status(commit("rejected"), AURORA_ECONFLICT);

    assert_stock(1, 10, 0, 0);
}
END_TEST

START_TEST(test_hold__release_of_a_committed_one_is_a_conflict)
{
    aurora_assert_ok(reserve("k", "cup", 4));
    aurora_assert_ok(commit("k"));

    aurora_assert_status(release("k"), AURORA_ECONFLICT);

    assert_stock(1, 6, 0, 4);
}
END_TEST

START_TEST(test_hold__release_of_a_rejected_one_is_a_no_op)
{
    aurora_assert_ok(reserve("k", "cup", 11));

    aurora_assert_ok(release("k"));

    assert_state("k", AURORA_RESERVATION_REJECTED);
    ck_assert_int_eq(hold_of("k")->version, 1);
}
END_TEST

/* --- time ------------------------------------------------------------------------------------- */

START_TEST(test_hold__timer_that_is_not_due_is_a_no_op)
{
    aurora_assert_ok(reserve("k", "cup", 4));
    fixture->now_ms += TTL - 1;

    aurora_assert_ok(expire("k"));

    assert_state("k", AURORA_RESERVATION_RESERVED);
    assert_stock(1, 6, 4, 0);
}
END_TEST

START_TEST(test_hold__timer_gives_back_once_when_due)
{
    aurora_assert_ok(reserve("k", "cup", 4));
    fixture->now_ms += TTL;

    aurora_assert_ok(expire("k"));
    aurora_assert_ok(expire("k"));

    assert_state("k", AURORA_RESERVATION_EXPIRED);
    assert_stock(1, 10, 0, 0);
    ck_assert_int_eq(hold_of("k")->version, 2);
}
END_TEST

START_TEST(test_hold__timer_of_one_that_ended_is_a_no_op)
{
    aurora_assert_ok(reserve("sold", "cup", 4));
    aurora_assert_ok(commit("sold"));
    aurora_assert_ok(reserve("short", "cup", 44));
    fixture->now_ms += 2 * TTL;

    aurora_assert_ok(expire("sold"));
    aurora_assert_ok(expire("short"));

    assert_state("sold", AURORA_RESERVATION_COMMITTED);
    assert_state("short", AURORA_RESERVATION_REJECTED);
    assert_stock(1, 6, 0, 4);
}
END_TEST

START_TEST(test_hold__commit_in_the_last_millisecond_still_sells)
{
    aurora_assert_ok(reserve("k", "cup", 4));
    fixture->now_ms += TTL - 1;

    aurora_assert_ok(commit("k"));

    ck_assert(!is_expired);
    assert_stock(1, 6, 0, 4);
}
END_TEST

START_TEST(test_hold__commit_after_the_timer_says_expired)
{
    aurora_assert_ok(reserve("k", "cup", 4));
    fixture->now_ms += TTL;
    aurora_assert_ok(expire("k"));

    aurora_assert_ok(commit("k"));

    ck_assert(is_expired);
    ck_assert_int_eq(hold_of("k")->version, 2);
}
END_TEST

START_TEST(test_hold__commit_before_the_timer_expires_it_then_and_there)
{
    aurora_assert_ok(reserve("k", "cup", 4));
    fixture->now_ms += TTL;

    aurora_assert_ok(commit("k"));

    ck_assert(is_expired);
    assert_state("k", AURORA_RESERVATION_EXPIRED);
    assert_stock(1, 10, 0, 0);
}
END_TEST

START_TEST(test_hold__clock_that_steps_back_does_not_revive_an_expired_one)
{
    aurora_assert_ok(reserve("k", "cup", 4));
    fixture->now_ms += TTL;
    aurora_assert_ok(commit("k"));
    fixture->now_ms -= TTL;

    aurora_assert_ok(commit("k"));

    ck_assert(is_expired);
    assert_stock(1, 10, 0, 0);
}
END_TEST

START_TEST(test_hold__release_of_an_expired_one_is_a_no_op)
{
    aurora_assert_ok(reserve("fired", "cup", 4));
    aurora_assert_ok(reserve("unfired", "cup", 4));
    fixture->now_ms += TTL;
    aurora_assert_ok(expire("fired"));

    aurora_assert_ok(release("fired"));
    aurora_assert_ok(release("unfired"));

    assert_state("fired", AURORA_RESERVATION_EXPIRED);
    assert_state("unfired", AURORA_RESERVATION_EXPIRED);
    assert_stock(1, 10, 0, 0);
}
END_TEST

START_TEST(test_hold__repeat_of_an_expired_one_answers_as_the_first_time)
{
    aurora_assert_ok(reserve("k", "cup", 4));
    fixture->now_ms += TTL;
    aurora_assert_ok(expire("k"));

    aurora_assert_ok(reserve("k", "cup", 4));

    ck_assert_int_eq(decision, AURORA_DECISION_RESERVED);
    assert_stock(1, 10, 0, 0);
}
END_TEST

START_TEST(test_hold__time_to_live_beyond_time_itself_is_refused)
{
    aurora__hold_line line = {"cup", 1};
    aurora__hold hold = {.scope = "host",
                         .key = "k",
                         .lines = &line,
                         .line_count = 1,
                         .ttl_ms = INT64_MAX - CORE_FIXTURE_NOW + 1};

    aurora_assert_status(core_fixture_run(fixture, decide_reserve, &hold), AURORA_EOVERFLOW);
}
END_TEST

/* --- damage ----------------------------------------------------------------------------------- */

START_TEST(test_hold__damaged_row_refuses_itself)
{
    static const int64_t states[] = {-1, 0, AURORA_RESERVATION_RETURNED, 7};
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        aurora_assert_ok(reserve("k", "cup", 1));
        aurora__hold_row damaged = *hold_of("k");
        damaged.state = states[i];
        aurora__hold_row before = damaged;
        char lines[] = "[[1,1]]";
        uint8_t hash[32] = {0};
        memcpy(hash, damaged.request_hash.data, 32);
        before.scope = "host";
        before.key_text = "k";
        before.lines = lines;
        before.request_hash.data = hash;
        core_fixture_put(fixture, AURORA__TABLE_hold, &before);

        aurora_assert_status(commit("k"), AURORA_ECORRUPT);
        aurora_assert_status(release("k"), AURORA_ECORRUPT);
        aurora_assert_status(expire("k"), AURORA_ECORRUPT);
        aurora_assert_status(reserve("k", "cup", 1), AURORA_ECORRUPT);
        before.state = AURORA_RESERVATION_RESERVED;
        core_fixture_put(fixture, AURORA__TABLE_hold, &before);
    }
}
END_TEST

START_TEST(test_hold__damaged_lines_end_nothing)
{
    static const char *const texts[] = {"",        "[[1,1]",  "[[1]]", "[[1,0]]", "[[1,-4]]",
                                        "[[9,4]]", "[[1,5]]", "[1,4]", "null"};
    uint8_t hash[32] = {0};
    aurora_assert_ok(reserve("other", "cup", 4));
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        core_fixture_put(fixture, AURORA__TABLE_hold,
                         &(aurora__hold_row){.scope = "host",
                                             .key_text = "k",
                                             .state = AURORA_RESERVATION_RESERVED,
                                             .version = 1,
                                             .created_at = CORE_FIXTURE_NOW,
                                             .updated_at = CORE_FIXTURE_NOW,
                                             .expires_at = CORE_FIXTURE_NOW + TTL,
                                             .due_at = CORE_FIXTURE_NOW + TTL,
                                             .request_hash = {hash, 32},
                                             .lines = texts[i]});
        aurora_assert_status(commit("k"), AURORA_ECORRUPT);
        aurora_assert_status(release("k"), AURORA_ECORRUPT);
        assert_stock(1, 6, 4, 0);
    }
}
END_TEST

/* --- I1 under random operations --------------------------------------------------------------- */

/* What the counters must be, recomputed from all reservations. */
static void assert_counters_equal_the_holds(uint32_t keys)
{
    int64_t reserved = 0;
    int64_t sold = 0;
    for (uint32_t i = 0; i < keys; i++) {
        char name[16];
        snprintf(name, sizeof name, "k%u", i);
        const aurora__hold_row *row = hold_of(name);
        long long quantity = 0;
        if (row == NULL || sscanf(row->lines, "[[1,%lld]]", &quantity) != 1)
            continue;
        reserved += row->state == AURORA_RESERVATION_RESERVED ? quantity : 0;
        sold += row->state == AURORA_RESERVATION_COMMITTED ? quantity : 0;
    }
    assert_stock(1, 10 - reserved - sold, reserved, sold);
}

START_TEST(test_hold__counters_equal_the_holds_after_any_sequence)
{
    enum { KEYS = 12 };
    uint64_t seed = aurora_test_seed("hold sequence", 20101);
    for (int turn = 0; turn < 2000; turn++) {
        uint64_t word = aurora_test_random(&seed);
        char name[16];
        /* Most turns meet known keys; every 200th starts with new stock. */
        snprintf(name, sizeof name, "k%u", (unsigned)(word >> 8) % KEYS);
        switch (word % 6) {
        case 0:
        case 1:
            reserve(name, "cup", 1 + (int64_t)((word >> 16) % 4));
            break;
        case 2:
            commit(name);
            break;
        case 3:
            release(name);
            break;
        case 4:
            expire(name);
            break;
        default:
            fixture->now_ms += (int64_t)((word >> 24) % TTL);
            break;
        }
        assert_counters_equal_the_holds(KEYS);
        if (turn % 200 == 199) {
            teardown();
            setup();
        }
    }
}
END_TEST

static Suite *hold_suite(void)
{
    Suite *suite = suite_create("hold");
    TCase *tcase = tcase_create("hold");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, test_hold__reserve_takes_stock_until_its_time_runs_out);
    tcase_add_test(tcase, test_hold__all_lines_or_none);
    tcase_add_test(tcase, test_hold__lines_of_one_sku_are_added_up_before_the_check);
    tcase_add_test(tcase, test_hold__unknown_sku_is_out_of_stock);
    tcase_add_test(tcase, test_hold__sum_that_leaves_int64_is_refused);
    tcase_add_test(tcase, test_hold__repeat_answers_as_the_first_time_for_ever);
    tcase_add_test(tcase, test_hold__same_key_with_another_request_is_refused);
    tcase_add_test(tcase, test_hold__same_key_in_another_scope_is_another_reservation);
    tcase_add_test(tcase, test_hold__commit_sells_once);
    tcase_add_test(tcase, test_hold__release_gives_back_once);
    tcase_add_test(tcase, test_hold__unknown_key_is_not_found);
    tcase_add_test(tcase, test_hold__commit_of_a_released_or_rejected_one_is_a_conflict);
    tcase_add_test(tcase, test_hold__release_of_a_committed_one_is_a_conflict);
    tcase_add_test(tcase, test_hold__release_of_a_rejected_one_is_a_no_op);
    tcase_add_test(tcase, test_hold__timer_that_is_not_due_is_a_no_op);
    tcase_add_test(tcase, test_hold__timer_gives_back_once_when_due);
    tcase_add_test(tcase, test_hold__timer_of_one_that_ended_is_a_no_op);
    tcase_add_test(tcase, test_hold__commit_in_the_last_millisecond_still_sells);
    tcase_add_test(tcase, test_hold__commit_after_the_timer_says_expired);
    tcase_add_test(tcase, test_hold__commit_before_the_timer_expires_it_then_and_there);
    tcase_add_test(tcase, test_hold__clock_that_steps_back_does_not_revive_an_expired_one);
    tcase_add_test(tcase, test_hold__release_of_an_expired_one_is_a_no_op);
    tcase_add_test(tcase, test_hold__repeat_of_an_expired_one_answers_as_the_first_time);
    tcase_add_test(tcase, test_hold__time_to_live_beyond_time_itself_is_refused);
    tcase_add_test(tcase, test_hold__damaged_row_refuses_itself);
    tcase_add_test(tcase, test_hold__damaged_lines_end_nothing);
    tcase_add_test(tcase, test_hold__counters_equal_the_holds_after_any_sequence);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(hold_suite)
