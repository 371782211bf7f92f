/* SPDX-License-Identifier: MIT */
/* A failing seed made small: greedy, one option at a time, until nothing can be left out. Each try
 * is a whole run, and counts if the same invariant breaks. */
#include "sim/sim.h"

#define SALTS 16 /* chances that a smaller run has to break */
#define PASSES 3

typedef struct {
    const aurora__sim_request *request;
    aurora__sim_options options; /* of the smallest run so far */
    aurora__sim_set set;
    int32_t check;
    uint32_t runs;
} search;

static bool is_failing(search *s, const aurora__sim_set *set, aurora__sim_options *options_out)
{
    aurora__sim_request request = *s->request;
    aurora__sim_report report;
    request.set = set;
    request.trace = NULL;
    aurora__sim_run(&request, &report);
    s->runs++;
    *options_out = report.options;
    return report.is_failed && (s->check < 0 || report.check == s->check);
}

/* With other options other chances are drawn: under some salt the seed may break all the same. */
static bool is_kept(search *s, aurora__sim_set set)
{
    aurora__sim_options options;
    for (uint32_t salt = 0; salt < SALTS; salt++) {
        set.is_set[AURORA__OPTION_salt] = salt > 0;
        set.values[AURORA__OPTION_salt] = salt;
        if (!is_failing(s, &set, &options))
            continue;
        s->set = set;
        s->options = options;
        return true;
    }
    return false;
}

static bool try_value(search *s, uint32_t option, uint32_t value)
{
    aurora__sim_set set = s->set;
    if (value >= *aurora__sim_option_at(&s->options, option))
        return false;
    set.is_set[option] = true;
    set.values[option] = value;
    return is_kept(s, set);
}

/* The lowest that works, by halves. */
static bool lower(search *s, uint32_t option)
{
    uint32_t low = aurora__sim_option_table[option].low;
    if (try_value(s, option, low))
        return true;
    bool is_lower = false;
    uint32_t now = *aurora__sim_option_at(&s->options, option);
    while (now > low + 1 && try_value(s, option, low + (now - low) / 2)) {
        is_lower = true;
        now = *aurora__sim_option_at(&s->options, option);
    }
    return is_lower;
}

/* One by one: each order less makes the story shorter. */
static bool drop_orders(search *s)
{
    bool is_lower = lower(s, AURORA__OPTION_orders);
    while (s->options.orders > 1 && try_value(s, AURORA__OPTION_orders, s->options.orders - 1))
        is_lower = true;
    return is_lower;
}

static bool drop_points(search *s)
{
    bool is_lower = false;
    for (uint32_t i = 0; i < AURORA__CRASH_COUNT; i++) {
        uint32_t now = s->options.crash_at;
        is_lower = try_value(s, AURORA__OPTION_crash_at, now & ~(1u << i)) || is_lower;
    }
    return is_lower;
}

/* Fewer services are a higher or a lower number. */
static bool join_services(search *s)
{
    static const uint32_t simpler[] = {0, 2, 3, 4};
    for (uint32_t i = 0; s->options.deployment == 1 && i < 4; i++) {
        aurora__sim_set set = s->set;
        set.is_set[AURORA__OPTION_deployment] = true;
        set.values[AURORA__OPTION_deployment] = simpler[i];
        if (is_kept(s, set))
            return true;
    }
    return try_value(s, AURORA__OPTION_deployment, 0);
}

static bool pass(search *s)
{
    bool is_smaller = drop_orders(s);
    for (uint32_t i = 0; i < AURORA__OPTION_COUNT; i++) {
        if (aurora__sim_option_table[i].is_fault)
            is_smaller = lower(s, i) || is_smaller;
    }
    if (s->options.crash > 0)
        is_smaller = drop_points(s) || is_smaller;
    is_smaller = join_services(s) || is_smaller;
    for (uint32_t i = AURORA__OPTION_skus; i < AURORA__OPTION_crash_at; i++)
        is_smaller = (i != AURORA__OPTION_salt && lower(s, i)) || is_smaller;
    return is_smaller;
}

uint32_t aurora__sim_shrink(const aurora__sim_request *request, aurora__sim_set *set_out)
{
    search s = {.request = request, .check = -1};
    aurora__sim_report report;
    if (request->set != NULL)
        s.set = *request->set;
    aurora__sim_run(request, &report);
    *set_out = s.set;
    if (!report.is_failed)
        return 1;
    s.check = report.check;
    s.options = report.options;
    for (int i = 0; i < PASSES && pass(&s); i++)
        continue;
    *set_out = s.set;
    return s.runs + 1;
}
