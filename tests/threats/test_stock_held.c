/* SPDX-License-Identifier: MIT */
/* S22 as a bound, on a clock of the test's own: a bot that orders as fast as its rate lets it and
 * never pays holds at most (burst + rate x deadline) x units an order, whatever it draws; cancels
 * and repeats give it nothing more; after the deadline all of it is back, and nobody else has gone
 * short of what was left. Rates, deadlines and the bot's moves are drawn from the number of the
 * run, which a failure names. threats/bot asks the same of a real aurorad.
 *
 * Mutation: aurora__order_due() of src/core/order.c puts the deadline off: the stock stays held.
 * Mutation: aurora__gcra_move() of src/resilience/gcra.h takes twice the burst: more is held.
 * ctest: one thread */
#include <inttypes.h>
#include <stdio.h>

#include "shop.h"

#define STOCK INT64_C(10000000)
#define RUNS 12
#define MOVES 400

static aurora_manual_clock manual;
static aurora_clock clock_of_manual;
static uint64_t random_state;

static uint64_t draw(uint64_t below)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state % below;
}

/* What a run is about. */
typedef struct {
    aurora_t *shop;
    aurora_limiter *limiter;
    uint64_t rate; /* orders a second */
    uint64_t burst;
    int64_t deadline_ms;
    int64_t units; /* of an order, at most */
    int64_t sold;  /* to others */
    aurora_id placed[MOVES];
    uint32_t placed_count;
} bot_run;

static void open_run(bot_run *run)
{
    char deadline[48];
    aurora_limiter_options options;
    snprintf(deadline, sizeof deadline, "order_deadline=%" PRId64 "ms", run->deadline_ms);
    const char *settings[] = {deadline, "search=none:"};
    aurora_manual_clock_init(&manual, SHOP_NOW);
    aurora_manual_clock_attach(&manual, &clock_of_manual);
    run->shop = shop_open("memory:", AURORA_OPTIONS(.clock = &clock_of_manual, .settings = settings,
                                                    .setting_count = 2));
    shop_stock_up(run->shop, STOCK);
    aurora_limiter_options_init(&options);
    options.capacity = 16;
    options.tokens = run->rate;
    options.per_ns = 1000000000;
    options.burst = run->burst;
    aurora_assert_ok(aurora_limiter_new(&options, &run->limiter, NULL));
}

static void close_run(bot_run *run)
{
    aurora_limiter_free(run->limiter);
    shop_assert_clean(run->shop);
    aurora_close(run->shop);
}

static int64_t now_ns(void)
{
    return clock_of_manual.monotonic_ns(clock_of_manual.self);
}

static int64_t bound_of(const bot_run *run)
{
    int64_t in_deadline = ((int64_t)run->rate * run->deadline_ms + 999) / 1000;
    return ((int64_t)run->burst + in_deadline) * run->units;
}

/* As many as the limiter admits at this moment, each of as many units as the bot likes. */
static void order_greedily(bot_run *run)
{
    while (run->placed_count < MOVES &&
           aurora_limiter_try_take(run->limiter, "mallory", 7, 1, now_ns(), NULL)) {
        shop_request request;
        aurora_order *order = NULL;
        int64_t quantity = draw(3) == 0 ? 1 + (int64_t)draw((uint64_t)run->units) : run->units;
        shop_request_init(&request, NULL, quantity, "tok_timeout");
        request.request.customer_id = "mallory";
        request.request.flags = AURORA_ORDER_NO_WAIT;
        request.request.timeout_ms = 5000;
        aurora_assert_ok(aurora_order_place(run->shop, &request.request, &order, NULL));
        run->placed[run->placed_count++] = order->id;
        aurora_order_free(order);
    }
}

/* To give some back and take it again is no way round. */
static void cancel_some(bot_run *run)
{
    if (run->placed_count == 0 || draw(4) != 0)
        return;
    aurora_id id = run->placed[draw(run->placed_count)];
    aurora_order_cancel(run->shop, id, AURORA_REASON_CUSTOMER, NULL, NULL, NULL);
}

static void someone_buys(bot_run *run)
{
    aurora_order *order = shop_place(run->shop, NULL, 1, "tok_approve", 0);
    ck_assert_int_eq(order->status, AURORA_ORDER_COMPLETED);
    aurora_order_free(order);
    run->sold++;
}

/* Plays one bot to its end; the most that it held at once. */
static int64_t play(bot_run *run)
{
    int64_t most = 0;
    for (int move = 0; move < MOVES && run->placed_count < MOVES; move++) {
        order_greedily(run);
        shop_pump(run->shop);
        int64_t held = shop_stock(run->shop).reserved;
        most = held > most ? held : most;
        ck_assert_msg(held <= bound_of(run), "%" PRId64 " units held, at most %" PRId64, held,
                      bound_of(run));
        cancel_some(run);
        if (draw(8) == 0)
            someone_buys(run);
        aurora_manual_clock_advance(&manual,
                                    (int64_t)(1 + draw(1 + (uint64_t)run->deadline_ms / 8)));
        shop_pump(run->shop);
    }
    return most;
}

START_TEST(test_bot__holds_no_more_than_its_rate_and_the_deadline_allow)
{
    random_state = UINT64_C(0x9e3779b97f4a7c15) * (uint64_t)(_i + 1);
    bot_run run = {.rate = 1 + draw(20),
                   .burst = 1 + draw(30),
                   .deadline_ms = (int64_t)(1000 + draw(60000)),
                   .units = (int64_t)(1 + draw(1000))};
    open_run(&run);

    int64_t most = play(&run);
    aurora_manual_clock_advance(&manual, run.deadline_ms + 1);
    shop_pump(run.shop);

    aurora_stock stock = shop_stock(run.shop);
    ck_assert_int_gt(most, 0);
    ck_assert_int_eq(stock.reserved, 0);
    ck_assert_int_eq(stock.available, STOCK - run.sold);
    ck_assert_int_eq(stock.sold, run.sold);
    close_run(&run);
}
END_TEST

/* The bound is no wish: a bot that wastes nothing comes near to it. */
START_TEST(test_bot__comes_near_to_the_bound)
{
    bot_run run = {.rate = 5, .burst = 10, .deadline_ms = 20000, .units = 1000};
    int64_t most = 0;
    open_run(&run);

    for (int64_t ms = 0; ms < run.deadline_ms; ms += 100) {
        while (aurora_limiter_try_take(run.limiter, "mallory", 7, 1, now_ns(), NULL)) {
            aurora_order *order =
                shop_place(run.shop, NULL, run.units, "tok_timeout", AURORA_ORDER_NO_WAIT);
            run.placed[run.placed_count++] = order->id;
            aurora_order_free(order);
        }
        int64_t held = shop_stock(run.shop).reserved;
        most = held > most ? held : most;
        aurora_manual_clock_advance(&manual, 100);
        shop_pump(run.shop);
    }

    ck_assert_int_eq(most, (int64_t)run.placed_count * run.units);
    ck_assert_int_le(most, bound_of(&run));
    ck_assert_int_ge(most * 10, bound_of(&run) * 9);
    aurora_manual_clock_advance(&manual, run.deadline_ms + 1);
    shop_pump(run.shop);
    ck_assert_int_eq(shop_stock(run.shop).reserved, 0);
    close_run(&run);
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("stock_held");
    TCase *tcase = tcase_create("bot");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, test_bot__holds_no_more_than_its_rate_and_the_deadline_allow, 0,
                        RUNS);
    tcase_add_test(tcase, test_bot__comes_near_to_the_bound);
    suite_add_tcase(all, tcase);
    return all;
}

AURORA_TEST_MAIN(suite)
