/* SPDX-License-Identifier: MIT */
#include <aurora/breaker.h>

#include <string.h>

#include "test.h"

#define MS ((int64_t)1000000)
#define SECOND (1000 * MS)

/* Ten calls, opens at half of them, waits 10 s, probes with 4 for at most 5 s. */
static aurora_breaker_options small_options(void)
{
    aurora_breaker_options options;
    aurora_breaker_options_init(&options);
    options.window_calls = 10;
    options.calls_min = 4;
    options.probes = 4;
    options.wait_ns = 10 * SECOND;
    options.half_open_max_ns = 5 * SECOND;
    options.slow_ns = 100 * MS;
    return options;
}

static aurora_breaker breaker_of(const aurora_breaker_options *options)
{
    aurora_breaker breaker;
    aurora_error err = AURORA_ERROR_INIT;
    aurora_status rc = aurora_breaker_init(&breaker, options, &err);
    ck_assert_msg(rc == AURORA_OK, "%s %s", err.field, err.message);
    return breaker;
}

static aurora_breaker small_breaker(void)
{
    aurora_breaker_options options = small_options();
    return breaker_of(&options);
}

static uint64_t enter(aurora_breaker *breaker, int64_t now)
{
    uint64_t ticket;
    bool may = aurora_breaker_try_enter(breaker, now, &ticket);
    ck_assert_int_eq(may, ticket != 0);
    return ticket;
}

static void call(aurora_breaker *breaker, int32_t outcome, int64_t now)
{
    uint64_t ticket = enter(breaker, now);
    ck_assert_uint_ne(ticket, 0);
    aurora_breaker_leave(breaker, ticket, outcome, now);
}

static void calls(aurora_breaker *breaker, int count, int32_t outcome, int64_t now)
{
    for (int i = 0; i < count; i++)
        call(breaker, outcome, now);
}

static aurora_breaker_figures figures_of(const aurora_breaker *breaker, int64_t now)
{
    aurora_breaker_figures figures;
    aurora_breaker_read(breaker, now, &figures);
    return figures;
}

static void assert_state(const aurora_breaker *breaker, int64_t now, int32_t expected)
{
    ck_assert_str_eq(aurora_breaker_state_name(aurora_breaker_state(breaker, now)),
                     aurora_breaker_state_name(expected));
}

START_TEST(test_breaker__zeroed_lets_nothing_pass)
{
    aurora_breaker breaker;
    memset(&breaker, 0, sizeof breaker);

    ck_assert_uint_eq(enter(&breaker, 0), 0);
    aurora_breaker_leave(&breaker, 1, AURORA_BREAKER_SUCCESS, 0);

    ck_assert_int_eq(aurora_breaker_state(&breaker, 0), 0);
    aurora_assert_status(aurora_breaker_force(&breaker, AURORA_BREAKER_CLOSED, 0), AURORA_EINVAL);
}
END_TEST

START_TEST(test_breaker__bad_option_is_named)
{
    const struct {
        aurora_breaker_options options;
        const char *field;
    } cases[] = {
        {{.size = 0}, "size"},
        {{.size = 88, .window_kind = 3}, "window_kind"},
        {{.size = 88, .window_kind = -1}, "window_kind"},
        {{.size = 88, .window_calls = 1025}, "window_calls"},
        {{.size = 88, .window_slices = 61}, "window_slices"},
        {{.size = 88, .slice_ns = -1}, "slice_ns"},
        {{.size = 88, .calls_min = 101}, "calls_min"},
        {{.size = 88, .failure_rate_percent = 101}, "failure_rate_percent"},
        {{.size = 88, .slow_rate_percent = 101}, "slow_rate_percent"},
        {{.size = 88, .probes = 1025}, "probes"},
        {{.size = 88, .slow_ns = INT64_MIN}, "slow_ns"},
        {{.size = 88, .wait_ns = INT64_MAX}, "wait_ns"},
        {{.size = 88, .wait_ns = 2, .wait_max_ns = 1}, "wait_max_ns"},
        {{.size = 88, .wait_growth_percent = 99}, "wait_growth_percent"},
        {{.size = 88, .half_open_max_ns = -5}, "half_open_max_ns"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        aurora_breaker breaker;
        aurora_error err = AURORA_ERROR_INIT;

        aurora_status rc = aurora_breaker_init(&breaker, &cases[i].options, &err);

        aurora_assert_status(rc, AURORA_EINVAL);
        ck_assert_str_eq(err.field, cases[i].field);
        ck_assert_uint_eq(enter(&breaker, 0), 0);
    }
}
END_TEST

START_TEST(test_breaker__defaults_open_at_half_of_a_hundred)
{
    aurora_breaker breaker = breaker_of(NULL);

    calls(&breaker, 50, AURORA_BREAKER_SUCCESS, 0);
    calls(&breaker, 49, AURORA_BREAKER_FAILURE, 0);
    assert_state(&breaker, 0, AURORA_BREAKER_CLOSED);
    call(&breaker, AURORA_BREAKER_FAILURE, 0);

    assert_state(&breaker, 0, AURORA_BREAKER_OPEN);
    ck_assert_int_eq(figures_of(&breaker, 0).retry_after_ns, 60 * SECOND);
}
END_TEST

START_TEST(test_breaker__fewer_calls_than_the_minimum_decide_nothing)
{
    aurora_breaker breaker = small_breaker();

    calls(&breaker, 3, AURORA_BREAKER_FAILURE, 0);
    assert_state(&breaker, 0, AURORA_BREAKER_CLOSED);

    call(&breaker, AURORA_BREAKER_FAILURE, 0);
    assert_state(&breaker, 0, AURORA_BREAKER_OPEN);
}
END_TEST

START_TEST(test_breaker__slow_calls_open_it_too)
{
    aurora_breaker_options options = small_options();
    options.slow_rate_percent = 75;
    aurora_breaker breaker = breaker_of(&options);

    for (int i = 0; i < 4; i++) {
        uint64_t ticket = enter(&breaker, 1000 * SECOND);
        int64_t duration = i == 0 ? 99 * MS : 101 * MS;
        assert_state(&breaker, 0, AURORA_BREAKER_CLOSED);
        aurora_breaker_leave(&breaker, ticket, AURORA_BREAKER_SUCCESS, 1000 * SECOND + duration);
    }

    assert_state(&breaker, 1000 * SECOND, AURORA_BREAKER_OPEN);
}
END_TEST

START_TEST(test_breaker__clock_that_steps_back_makes_no_call_slow)
{
    aurora_breaker breaker = small_breaker();

    uint64_t ticket = enter(&breaker, 1000 * SECOND);
    aurora_breaker_leave(&breaker, ticket, AURORA_BREAKER_SUCCESS, 10 * SECOND);

    ck_assert_uint_eq(figures_of(&breaker, 0).calls, 1);
    ck_assert_uint_eq(figures_of(&breaker, 0).slow, 0);
}
END_TEST

START_TEST(test_breaker__open_lets_none_pass_before_the_wait_is_over)
{
    aurora_breaker breaker = small_breaker();
    calls(&breaker, 4, AURORA_BREAKER_FAILURE, SECOND);

    ck_assert_uint_eq(enter(&breaker, SECOND), 0);
    ck_assert_uint_eq(enter(&breaker, 11 * SECOND - 1), 0);
    ck_assert_uint_eq(enter(&breaker, INT64_MIN), 0);
    ck_assert_int_eq(figures_of(&breaker, 5 * SECOND).retry_after_ns, 6 * SECOND);
    ck_assert_uint_eq(figures_of(&breaker, 5 * SECOND).refused, 3);

    ck_assert_uint_ne(enter(&breaker, 11 * SECOND), 0);
    assert_state(&breaker, 11 * SECOND, AURORA_BREAKER_HALF_OPEN);
}
END_TEST

static void open_then_half_open(aurora_breaker *breaker, uint64_t tickets[4], int64_t now)
{
    calls(breaker, 4, AURORA_BREAKER_FAILURE, now - 10 * SECOND);
    for (int i = 0; i < 4; i++) {
        tickets[i] = enter(breaker, now);
        ck_assert_uint_ne(tickets[i], 0);
    }
}

START_TEST(test_breaker__half_open_bounds_the_probes)
{
    aurora_breaker breaker = small_breaker();
    uint64_t tickets[4];
    open_then_half_open(&breaker, tickets, 20 * SECOND);

    ck_assert_uint_eq(enter(&breaker, 20 * SECOND), 0);
    ck_assert_uint_eq(figures_of(&breaker, 20 * SECOND).probes_in_flight, 4);
    aurora_breaker_leave(&breaker, tickets[0], AURORA_BREAKER_SUCCESS, 20 * SECOND);
    ck_assert_uint_eq(enter(&breaker, 20 * SECOND), 0);
    aurora_breaker_leave(&breaker, tickets[1], AURORA_BREAKER_IGNORED, 20 * SECOND);
    ck_assert_uint_ne(enter(&breaker, 20 * SECOND), 0);
    ck_assert_uint_eq(enter(&breaker, 20 * SECOND), 0);
}
END_TEST

START_TEST(test_breaker__good_probes_close_it_with_an_empty_window)
{
    aurora_breaker breaker = small_breaker();
    uint64_t tickets[4];
    open_then_half_open(&breaker, tickets, 20 * SECOND);

    for (int i = 0; i < 4; i++) {
        assert_state(&breaker, 20 * SECOND, AURORA_BREAKER_HALF_OPEN);
        aurora_breaker_leave(&breaker, tickets[i],
                             i == 2 ? AURORA_BREAKER_FAILURE : AURORA_BREAKER_SUCCESS, 20 * SECOND);
    }

    assert_state(&breaker, 20 * SECOND, AURORA_BREAKER_CLOSED);
    ck_assert_uint_eq(figures_of(&breaker, 20 * SECOND).calls, 0);
}
END_TEST

START_TEST(test_breaker__bad_probes_open_it_as_soon_as_that_is_sure)
{
    aurora_breaker breaker = small_breaker();
    uint64_t tickets[4];
    open_then_half_open(&breaker, tickets, 20 * SECOND);

    aurora_breaker_leave(&breaker, tickets[0], AURORA_BREAKER_FAILURE, 20 * SECOND);
    assert_state(&breaker, 20 * SECOND, AURORA_BREAKER_HALF_OPEN);
    aurora_breaker_leave(&breaker, tickets[1], AURORA_BREAKER_FAILURE, 20 * SECOND);

    assert_state(&breaker, 20 * SECOND, AURORA_BREAKER_OPEN);
    ck_assert_uint_eq(figures_of(&breaker, 20 * SECOND).opened, 2);
}
END_TEST

START_TEST(test_breaker__slow_probes_open_it)
{
    aurora_breaker breaker = small_breaker();
    uint64_t tickets[4];
    open_then_half_open(&breaker, tickets, 20 * SECOND);

    for (int i = 0; i < 4; i++)
        aurora_breaker_leave(&breaker, tickets[i], AURORA_BREAKER_SUCCESS, 21 * SECOND);

    assert_state(&breaker, 21 * SECOND, AURORA_BREAKER_OPEN);
}
END_TEST

START_TEST(test_breaker__probes_that_never_leave_do_not_block_it_for_ever)
{
    aurora_breaker breaker = small_breaker();
    uint64_t tickets[4];
    open_then_half_open(&breaker, tickets, 20 * SECOND);

    assert_state(&breaker, 25 * SECOND - 1, AURORA_BREAKER_HALF_OPEN);
    assert_state(&breaker, 25 * SECOND, AURORA_BREAKER_OPEN);
    ck_assert_uint_eq(enter(&breaker, 35 * SECOND - 1), 0);
    ck_assert_uint_ne(enter(&breaker, 35 * SECOND), 0);

    aurora_breaker_leave(&breaker, tickets[0], AURORA_BREAKER_FAILURE, 35 * SECOND);
    ck_assert_uint_eq(figures_of(&breaker, 35 * SECOND).stale, 1);
    ck_assert_uint_eq(figures_of(&breaker, 35 * SECOND).failed, 0);
}
END_TEST

START_TEST(test_breaker__late_replies_of_an_older_epoch_are_not_counted)
{
    aurora_breaker breaker = small_breaker();
    uint64_t late = enter(&breaker, 0);
    uint64_t tickets[4];
    open_then_half_open(&breaker, tickets, 20 * SECOND);

    aurora_breaker_leave(&breaker, late, AURORA_BREAKER_SUCCESS, 20 * SECOND);
    ck_assert_uint_eq(figures_of(&breaker, 20 * SECOND).calls, 0);
    ck_assert_uint_eq(figures_of(&breaker, 20 * SECOND).probes_in_flight, 4);
    for (int i = 0; i < 4; i++)
        aurora_breaker_leave(&breaker, tickets[i], AURORA_BREAKER_SUCCESS, 20 * SECOND);
    aurora_breaker_leave(&breaker, tickets[0], AURORA_BREAKER_FAILURE, 20 * SECOND);

    ck_assert_uint_eq(figures_of(&breaker, 20 * SECOND).calls, 0);
    ck_assert_uint_eq(figures_of(&breaker, 20 * SECOND).stale, 2);
}
END_TEST

START_TEST(test_breaker__probe_that_leaves_twice_counts_once)
{
    aurora_breaker breaker = small_breaker();
    calls(&breaker, 4, AURORA_BREAKER_FAILURE, 0);
    uint64_t ticket = enter(&breaker, 10 * SECOND);

    for (int i = 0; i < 4; i++)
        aurora_breaker_leave(&breaker, ticket, AURORA_BREAKER_SUCCESS, 10 * SECOND);
    aurora_breaker_leave(&breaker, ticket, AURORA_BREAKER_IGNORED, 10 * SECOND);

    assert_state(&breaker, 10 * SECOND, AURORA_BREAKER_HALF_OPEN);
    ck_assert_uint_eq(figures_of(&breaker, 10 * SECOND).calls, 1);
    ck_assert_uint_eq(figures_of(&breaker, 10 * SECOND).probes_in_flight, 0);
}
END_TEST

START_TEST(test_breaker__epochs_wrap_without_a_ticket_that_is_none)
{
    aurora_breaker breaker = small_breaker();

    aurora_status worst = AURORA_OK; /* an assertion writes to a pipe, and these are many */
    for (int i = 0; i < (1 << 24) - 2 && worst == AURORA_OK; i++)
        worst = aurora_breaker_force(&breaker, AURORA_BREAKER_CLOSED, 0);
    aurora_assert_ok(worst);
    call(&breaker, AURORA_BREAKER_FAILURE, 0);
    ck_assert_uint_eq(figures_of(&breaker, 0).calls, 1);

    aurora_assert_ok(aurora_breaker_force(&breaker, AURORA_BREAKER_CLOSED, 0));
    call(&breaker, AURORA_BREAKER_FAILURE, 0);
    ck_assert_uint_eq(figures_of(&breaker, 0).calls, 1);
    ck_assert_uint_eq(figures_of(&breaker, 0).stale, 0);
}
END_TEST

START_TEST(test_breaker__failed_probes_make_the_next_wait_longer_up_to_its_bound)
{
    aurora_breaker_options options = small_options();
    options.probes = 1;
    options.wait_growth_percent = 300;
    options.wait_max_ns = 50 * SECOND;
    aurora_breaker breaker = breaker_of(&options);
    const int64_t waits[] = {10 * SECOND, 30 * SECOND, 50 * SECOND, 50 * SECOND};
    int64_t now = 0;
    calls(&breaker, 4, AURORA_BREAKER_FAILURE, now);

    for (size_t i = 0; i < 4; i++) {
        ck_assert_int_eq(figures_of(&breaker, now).retry_after_ns, waits[i]);
        now += waits[i];
        call(&breaker, AURORA_BREAKER_FAILURE, now);
    }

    now += 50 * SECOND;
    call(&breaker, AURORA_BREAKER_SUCCESS, now);
    calls(&breaker, 4, AURORA_BREAKER_FAILURE, now);
    ck_assert_int_eq(figures_of(&breaker, now).retry_after_ns, 10 * SECOND);
}
END_TEST

START_TEST(test_breaker__time_of_both_ends_overflows_nothing)
{
    aurora_breaker_options options = small_options();
    options.wait_ns = AURORA_BREAKER_NS_MAX;
    options.wait_growth_percent = 1000;
    options.half_open_max_ns = AURORA_BREAKER_NS_MAX;
    options.window_kind = AURORA_BREAKER_LAST_TIME;
    options.slice_ns = 1;
    aurora_breaker breaker = breaker_of(&options);

    calls(&breaker, 3, AURORA_BREAKER_FAILURE, INT64_MIN);
    ck_assert_uint_eq(figures_of(&breaker, INT64_MAX).calls, 0);
    calls(&breaker, 4, AURORA_BREAKER_FAILURE, INT64_MAX);
    assert_state(&breaker, INT64_MAX, AURORA_BREAKER_OPEN);

    ck_assert_uint_eq(enter(&breaker, INT64_MIN), 0);
    ck_assert_int_eq(figures_of(&breaker, INT64_MAX).retry_after_ns, AURORA_BREAKER_NS_MAX);
    ck_assert_int_eq(figures_of(&breaker, INT64_MIN).retry_after_ns, INT64_MAX);
}
END_TEST

/* Brings a breaker into each state, at 100 s. */
static aurora_breaker breaker_in(int32_t state)
{
    aurora_breaker breaker = small_breaker();
    aurora_assert_ok(aurora_breaker_force(&breaker, state, 100 * SECOND));
    return breaker;
}

enum { CALL, FOUR_FAILURES, FOUR_SUCCESSES, AFTER_WAIT, AFTER_HALF_OPEN, STALE, EVENTS };

static void cause(aurora_breaker *breaker, int event)
{
    uint64_t tickets[4] = {0};
    int64_t now = 100 * SECOND;

    switch (event) {
    case AFTER_WAIT:
        (void)enter(breaker, now + 10 * SECOND);
        return;
    case AFTER_HALF_OPEN:
        (void)enter(breaker, now + 5 * SECOND);
        return;
    case STALE:
        for (int i = 0; i < 20; i++)
            aurora_breaker_leave(breaker, (uint64_t)1 << 40, AURORA_BREAKER_FAILURE, now);
        return;
    default:
        for (int i = 0; i < (event == CALL ? 1 : 4); i++)
            tickets[i] = enter(breaker, now);
        for (int i = 0; i < 4 && event != CALL; i++)
            aurora_breaker_leave(
                breaker, tickets[i],
                event == FOUR_FAILURES ? AURORA_BREAKER_FAILURE : AURORA_BREAKER_SUCCESS, now);
    }
}

START_TEST(test_breaker__every_state_answers_every_event_as_the_table_says)
{
    enum {
        C = AURORA_BREAKER_CLOSED,
        O = AURORA_BREAKER_OPEN,
        H = AURORA_BREAKER_HALF_OPEN,
        F = AURORA_BREAKER_FORCED_OPEN,
        D = AURORA_BREAKER_DISABLED,
        M = AURORA_BREAKER_METRICS_ONLY
    };
    static const struct {
        int32_t from, to[EVENTS];
        bool lets_pass;
    } rows[] = {
        {C, {C, O, C, C, C, C}, true}, {O, {O, O, O, H, O, O}, false},
        {H, {H, O, C, O, O, H}, true}, {F, {F, F, F, F, F, F}, false},
        {D, {D, D, D, D, D, D}, true}, {M, {M, M, M, M, M, M}, true},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (int event = 0; event < EVENTS; event++) {
            aurora_breaker breaker = breaker_in(rows[i].from);
            aurora_breaker probe = breaker;

            cause(&breaker, event);

            aurora_breaker_figures figures = figures_of(&breaker, 100 * SECOND);
            ck_assert_msg(figures.state == rows[i].to[event], "%s, event %d: %s",
                          aurora_breaker_state_name(rows[i].from), event,
                          aurora_breaker_state_name(figures.state));
            ck_assert_int_eq(enter(&probe, 100 * SECOND) != 0, rows[i].lets_pass);
        }
    }
}
END_TEST

START_TEST(test_breaker__operator_moves_it_from_any_state_to_any)
{
    for (int32_t from = 1; from <= 6; from++) {
        for (int32_t to = 1; to <= 6; to++) {
            aurora_breaker breaker = breaker_in(from);
            uint64_t ticket = enter(&breaker, 100 * SECOND);

            aurora_assert_ok(aurora_breaker_force(&breaker, to, 100 * SECOND));
            aurora_breaker_leave(&breaker, ticket, AURORA_BREAKER_FAILURE, 100 * SECOND);

            assert_state(&breaker, 100 * SECOND, to);
            ck_assert_uint_eq(figures_of(&breaker, 100 * SECOND).stale, ticket != 0);
            ck_assert_uint_eq(figures_of(&breaker, 100 * SECOND).calls, 0);
        }
        aurora_breaker breaker = breaker_in(from);
        aurora_assert_status(aurora_breaker_force(&breaker, 0, 0), AURORA_EINVAL);
        aurora_assert_status(aurora_breaker_force(&breaker, 7, 0), AURORA_EINVAL);
        assert_state(&breaker, 100 * SECOND, from);
    }
}
END_TEST

START_TEST(test_breaker__metrics_only_counts_and_disabled_does_not)
{
    aurora_breaker observed = breaker_in(AURORA_BREAKER_METRICS_ONLY);
    aurora_breaker disabled = breaker_in(AURORA_BREAKER_DISABLED);

    calls(&observed, 8, AURORA_BREAKER_FAILURE, 100 * SECOND);
    calls(&observed, 2, AURORA_BREAKER_SUCCESS, 100 * SECOND);
    calls(&disabled, 8, AURORA_BREAKER_FAILURE, 100 * SECOND);

    ck_assert_uint_eq(figures_of(&observed, 100 * SECOND).failure_rate_ppm, 800000);
    ck_assert_uint_eq(figures_of(&disabled, 100 * SECOND).calls, 0);
}
END_TEST

/* All that was ever recorded, summed anew for each question. */
typedef struct {
    int64_t at;
    bool has_failed, is_slow;
} record;

static void assert_window(const aurora_breaker *breaker, const record *first, const record *end,
                          int64_t now)
{
    uint32_t failed = 0, slow = 0;
    for (const record *r = first; r < end; r++) {
        failed += r->has_failed;
        slow += r->is_slow;
    }
    aurora_breaker_figures figures = figures_of(breaker, now);
    ck_assert_uint_eq(figures.calls, (uint32_t)(end - first));
    ck_assert_uint_eq(figures.failed, failed);
    ck_assert_uint_eq(figures.slow, slow);
}

static record random_call(aurora_breaker *breaker, uint64_t *seed, int64_t now)
{
    record r = {now, aurora_test_random(seed) % 3 == 0, aurora_test_random(seed) % 4 == 0};
    uint64_t ticket = enter(breaker, now - (r.is_slow ? 200 * MS : 0));
    aurora_breaker_leave(breaker, ticket,
                         r.has_failed ? AURORA_BREAKER_FAILURE : AURORA_BREAKER_SUCCESS, now);
    return r;
}

static record records[100000];

START_TEST(test_breaker__window_of_calls_agrees_with_a_plain_sum)
{
    static const uint32_t sizes[] = {1, 63, 64, 65, 1000, 1024};
    uint64_t seed = aurora_test_seed(__func__, 6);

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        aurora_breaker_options options = small_options();
        options.window_calls = sizes[i];
        options.calls_min = 1;
        aurora_breaker breaker = breaker_of(&options);
        aurora_assert_ok(aurora_breaker_force(&breaker, AURORA_BREAKER_METRICS_ONLY, 0));
        for (size_t n = 0; n < 5000; n++) {
            records[n] = random_call(&breaker, &seed, SECOND);
            size_t first = n + 1 > sizes[i] ? n + 1 - sizes[i] : 0;
            assert_window(&breaker, &records[first], &records[n + 1], SECOND);
        }
    }
}
END_TEST

START_TEST(test_breaker__window_of_time_agrees_with_a_plain_sum)
{
    static const uint32_t sizes[] = {1, 7, 60};
    uint64_t seed = aurora_test_seed(__func__, 7);

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        aurora_breaker_options options = small_options();
        options.window_kind = AURORA_BREAKER_LAST_TIME;
        options.window_slices = sizes[i];
        aurora_breaker breaker = breaker_of(&options);
        aurora_assert_ok(aurora_breaker_force(&breaker, AURORA_BREAKER_METRICS_ONLY, 0));
        int64_t now = 1000 * SECOND;
        size_t first = 0;
        for (size_t n = 0; n < 30000; n++) {
            int64_t most = aurora_test_random(&seed) % 500 == 0 ? 100 * SECOND : SECOND / 4;
            now += (int64_t)(aurora_test_random(&seed) % (uint64_t)most);
            records[n] = random_call(&breaker, &seed, now);
            while (records[first].at / SECOND + sizes[i] <= now / SECOND)
                first++;
            assert_window(&breaker, &records[first], &records[n + 1], now);
        }
    }
}
END_TEST

START_TEST(test_breaker__window_of_time_survives_a_step_back)
{
    aurora_breaker_options options = small_options();
    options.window_kind = AURORA_BREAKER_LAST_TIME;
    options.window_slices = 2;
    options.calls_min = 100;
    aurora_breaker breaker = breaker_of(&options);

    call(&breaker, AURORA_BREAKER_FAILURE, 50 * SECOND);
    call(&breaker, AURORA_BREAKER_FAILURE, 10 * SECOND);

    ck_assert_uint_eq(figures_of(&breaker, 51 * SECOND).calls, 2);
    ck_assert_uint_eq(figures_of(&breaker, 52 * SECOND).calls, 0);
}
END_TEST

START_TEST(test_breaker__slices_before_time_0_are_as_long_as_others)
{
    aurora_breaker_options options = small_options();
    options.window_kind = AURORA_BREAKER_LAST_TIME;
    options.window_slices = 1;
    aurora_breaker breaker = breaker_of(&options);

    call(&breaker, AURORA_BREAKER_FAILURE, -1);

    ck_assert_uint_eq(figures_of(&breaker, -1).calls, 1);
    ck_assert_uint_eq(figures_of(&breaker, 0).calls, 0);
}
END_TEST

static Suite *breaker_suite(void)
{
    Suite *suite = suite_create("breaker");
    TCase *tcase = tcase_create("breaker");

    tcase_add_test(tcase, test_breaker__zeroed_lets_nothing_pass);
    tcase_add_test(tcase, test_breaker__bad_option_is_named);
    tcase_add_test(tcase, test_breaker__defaults_open_at_half_of_a_hundred);
    tcase_add_test(tcase, test_breaker__fewer_calls_than_the_minimum_decide_nothing);
    tcase_add_test(tcase, test_breaker__slow_calls_open_it_too);
    tcase_add_test(tcase, test_breaker__clock_that_steps_back_makes_no_call_slow);
    tcase_add_test(tcase, test_breaker__open_lets_none_pass_before_the_wait_is_over);
    tcase_add_test(tcase, test_breaker__half_open_bounds_the_probes);
    tcase_add_test(tcase, test_breaker__good_probes_close_it_with_an_empty_window);
    tcase_add_test(tcase, test_breaker__bad_probes_open_it_as_soon_as_that_is_sure);
    tcase_add_test(tcase, test_breaker__slow_probes_open_it);
    tcase_add_test(tcase, test_breaker__probes_that_never_leave_do_not_block_it_for_ever);
    tcase_add_test(tcase, test_breaker__late_replies_of_an_older_epoch_are_not_counted);
    tcase_add_test(tcase, test_breaker__probe_that_leaves_twice_counts_once);
    tcase_add_test(tcase, test_breaker__epochs_wrap_without_a_ticket_that_is_none);
    tcase_add_test(tcase, test_breaker__failed_probes_make_the_next_wait_longer_up_to_its_bound);
    tcase_add_test(tcase, test_breaker__time_of_both_ends_overflows_nothing);
    tcase_add_test(tcase, test_breaker__every_state_answers_every_event_as_the_table_says);
    tcase_add_test(tcase, test_breaker__operator_moves_it_from_any_state_to_any);
    tcase_add_test(tcase, test_breaker__metrics_only_counts_and_disabled_does_not);
    tcase_add_test(tcase, test_breaker__window_of_calls_agrees_with_a_plain_sum);
    tcase_add_test(tcase, test_breaker__window_of_time_agrees_with_a_plain_sum);
    tcase_add_test(tcase, test_breaker__window_of_time_survives_a_step_back);
    tcase_add_test(tcase, test_breaker__slices_before_time_0_are_as_long_as_others);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(breaker_suite)
