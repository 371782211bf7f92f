/* SPDX-License-Identifier: MIT */
/* What stands around the modules, with the product's own code: a limiter's bucket before the
 * clients (I10) and a breaker before the provider (I11), on a clock that steps ahead and back. Each
 * is held against a model that knows only what was let through. */
#include "sim/world.h"

#define PER_MS 1000
#define WAIT_MS 5000
#define PROBES 2

static int64_t clock_ms(aurora__sim_world *world)
{
    aurora__sim_edge *edge = &world->edge;
    if (aurora__sim_fault(world, AURORA__OPTION_clock_ahead))
        edge->skew_ms += aurora__sim_below(world, 20000);
    if (aurora__sim_fault(world, AURORA__OPTION_clock_back))
        edge->skew_ms -= aurora__sim_below(world, 20000);
    return world->now_ms + edge->skew_ms;
}

void aurora__sim_edge_init(aurora__sim_world *world)
{
    aurora__sim_edge *edge = &world->edge;
    uint32_t calls = world->options.orders * world->options.edge / 10;
    if (world->options.edge == 0)
        return;
    edge->tokens = 1 + aurora__sim_below(world, 20);
    edge->burst = 1 + aurora__sim_below(world, 10);
    edge->newest_ms = world->now_ms;
    edge->level = (int64_t)edge->burst * PER_MS;
    aurora_bucket_init(&edge->bucket, edge->tokens, PER_MS * INT64_C(1000000), edge->burst,
                       world->now_ms * 1000000);
    aurora_breaker_init(&edge->breaker,
                        &(aurora_breaker_options){.size = sizeof(aurora_breaker_options),
                                                  .window_calls = 10,
                                                  .calls_min = 5,
                                                  .probes = PROBES,
                                                  .wait_ns = WAIT_MS * INT64_C(1000000)},
                        NULL);
    edge->state = AURORA_BREAKER_CLOSED;
    for (uint32_t i = 0; i < calls; i++)
        aurora__sim_agenda_add(
            world, (aurora__sim_item){.kind = AURORA__SIM_KNOCK,
                                      .order = -1,
                                      .at_ms = world->now_ms +
                                               aurora__sim_below(world, world->options.spread)});
}

/* --- the bucket --------------------------------------------------------------------------- */

/* The model: thousandths of tokens, that come only as the clock gets to where it never was. */
void aurora__sim_edge_knock(aurora__sim_world *world)
{
    aurora__sim_edge *edge = &world->edge;
    int64_t now_ms = clock_ms(world);
    uint32_t count = 1 + aurora__sim_below(world, 3);
    if (now_ms > edge->newest_ms) {
        int64_t full = (int64_t)edge->burst * PER_MS;
        edge->level += (now_ms - edge->newest_ms) * (int64_t)edge->tokens;
        edge->level = edge->level < full ? edge->level : full;
        edge->newest_ms = now_ms;
    }
    for (uint32_t i = 0; i < count; i++) {
        aurora__sim_checking(world, AURORA__CHECK_I10);
        if (!aurora_bucket_try_take(&edge->bucket, 1, now_ms * 1000000, NULL))
            continue;
        edge->level -= PER_MS;
        if (edge->level < 0)
            aurora__sim_fail(world, AURORA__CHECK_I10, -1,
                             "%u a second, burst %u: lets one through %lld thousandths early",
                             (unsigned)edge->tokens, (unsigned)edge->burst,
                             (long long)-edge->level);
    }
}

/* --- the breaker -------------------------------------------------------------------------- */

static bool is_legal(int32_t from, int32_t to)
{
    switch (from) {
    case AURORA_BREAKER_CLOSED:
        return to == AURORA_BREAKER_OPEN;
    case AURORA_BREAKER_OPEN:
        return to == AURORA_BREAKER_HALF_OPEN;
    default:
        return to == AURORA_BREAKER_OPEN || to == AURORA_BREAKER_CLOSED;
    }
}

/* The state as it is now, after a look at how it came to be. `is_cause` when a call was just
 * reported: what changes then changes now, not at some time that went by. */
static void look(aurora__sim_world *world, int64_t now_ms, bool is_cause)
{
    aurora__sim_edge *edge = &world->edge;
    aurora_breaker_figures figures;
    aurora_breaker_read(&edge->breaker, now_ms * 1000000, &figures);
    aurora__sim_checking(world, AURORA__CHECK_I11);
    if (figures.probes_in_flight > PROBES)
        aurora__sim_fail(world, AURORA__CHECK_I11, -1, "%u probes are under way",
                         figures.probes_in_flight);
    if (figures.state == edge->state)
        return;
    if (!is_legal(edge->state, figures.state))
        aurora__sim_fail(world, AURORA__CHECK_I11, -1, "the breaker goes from %s to %s",
                         aurora_breaker_state_name(edge->state),
                         aurora_breaker_state_name(figures.state));
    aurora__sim_trace(world, -1, "the breaker is %s", aurora_breaker_state_name(figures.state));
    edge->opened_ms = figures.state == AURORA_BREAKER_OPEN && is_cause ? now_ms : INT64_MIN;
    edge->state = figures.state;
    edge->epoch++;
}

bool aurora__sim_edge_enter(aurora__sim_world *world, aurora__sim_pass *pass_out)
{
    aurora__sim_edge *edge = &world->edge;
    *pass_out = (aurora__sim_pass){0};
    if (world->options.edge == 0)
        return true;
    int64_t now_ms = clock_ms(world);
    bool is_open = edge->opened_ms != INT64_MIN && now_ms < edge->opened_ms + WAIT_MS;
    look(world, now_ms, false);
    bool is_in = aurora_breaker_try_enter(&edge->breaker, now_ms * 1000000, &pass_out->ticket);
    if (is_in && is_open)
        aurora__sim_fail(world, AURORA__CHECK_I11, -1, "a call passes %lld ms after it opened",
                         (long long)(now_ms - edge->opened_ms));
    look(world, now_ms, false);
    pass_out->epoch = edge->epoch;
    return is_in;
}

void aurora__sim_edge_leave(aurora__sim_world *world, const aurora__sim_pass *pass, bool is_failed)
{
    aurora__sim_edge *edge = &world->edge;
    aurora_breaker_figures before;
    aurora_breaker_figures after;
    if (pass->ticket == 0)
        return;
    int64_t now_ms = clock_ms(world);
    look(world, now_ms, false);
    aurora_breaker_read(&edge->breaker, now_ms * 1000000, &before);
    aurora_breaker_leave(&edge->breaker, pass->ticket,
                         is_failed ? AURORA_BREAKER_FAILURE : AURORA_BREAKER_SUCCESS,
                         now_ms * 1000000);
    aurora_breaker_read(&edge->breaker, now_ms * 1000000, &after);
    bool is_counted =
        before.state != after.state || before.calls != after.calls || before.failed != after.failed;
    if (pass->epoch != edge->epoch && is_counted)
        aurora__sim_fail(world, AURORA__CHECK_I11, -1, "a reply from before it changed counts");
    look(world, now_ms, true);
}
