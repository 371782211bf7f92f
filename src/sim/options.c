/* SPDX-License-Identifier: MIT */
/* Swarm: each seed turns a random half of the faults on, each at a random strength, so that some
 * seeds meet one fault alone and others all together. One in 20 meets none. */
#include "sim/world.h"

static uint32_t between(aurora__sim_world *world, uint32_t low, uint32_t high)
{
    return low + aurora__sim_below(world, high - low + 1);
}

static uint32_t maybe(aurora__sim_world *world, uint32_t high)
{
    uint32_t strength = between(world, 1, high);
    return aurora__sim_below(world, 2) == 0 ? strength : 0;
}

static void draw_faults(aurora__sim_world *world)
{
    aurora__sim_options *options = &world->options;
    options->drop = maybe(world, 30);
    options->duplicate = maybe(world, 50);
    options->delay_ms = maybe(world, 5000);
    options->cut = maybe(world, 3);
    options->crash_permille = maybe(world, 60);
    options->busy = maybe(world, 10);
    options->poison_permille = maybe(world, 20);
    options->jump_permille = maybe(world, 2);
    options->timeout = maybe(world, 40);
    options->silence = maybe(world, 40);
    options->echo = maybe(world, 40);
    options->late = maybe(world, 30);
    options->never = maybe(world, 20);
    options->refuse = maybe(world, 15);
    options->contradict = maybe(world, 20);
    options->idle = maybe(world, 15);
}

void aurora__sim_options_draw(aurora__sim_world *world)
{
    aurora__sim_options *options = &world->options;
    options->deployment = aurora__sim_below(world, 5);
    options->is_inline = aurora__sim_below(world, 3) == 0;
    options->is_faultless = aurora__sim_below(world, 20) == 0;
    options->orders = between(world, 4, 40);
    options->skus = between(world, 1, AURORA__SIM_SKUS_MAX);
    options->stock = between(world, 0, 60);
    options->partitions = between(world, 1, AURORA__SIM_PARTITIONS_MAX);
    options->batch_max = aurora__sim_below(world, 6) == 0 ? 1 : between(world, 2, 64);
    options->latency_ms = between(world, 1, 200);
    options->spread_ms = between(world, 1, 600) * between(world, 1, 100);
    options->decline = maybe(world, 40);
    options->cancel = maybe(world, 30);
    options->compensate = maybe(world, 15);
    options->retry = maybe(world, 60);
    options->moves = maybe(world, 60);
    options->holds = maybe(world, 60);
    if (!options->is_faultless)
        draw_faults(world);
    if (world->request->orders != 0)
        options->orders = world->request->orders;
}

void aurora__sim_options_write(const aurora__sim_options *options, char *text, size_t size)
{
    static const char *const deployments[] = {
        "one engine", "order | inventory | payment", "order+inventory | payment",
        "order+payment | inventory", "order | inventory+payment"};
    snprintf(text, size,
             "%s, %s provider%s, orders=%u skus=%u stock=%u partitions=%u batch=%u "
             "latency=%ums spread=%ums drop=%u%% duplicate=%u%% delay=%ums cut=%u%% "
             "crash=%u/1000 busy=%u%% poison=%u/1000 jump=%u/1000 decline=%u%% timeout=%u%% "
             "silence=%u%% echo=%u%% late=%u%% never=%u%% refuse=%u%% "
             "contradict=%u%% idle=%u%% cancel=%u%% "
             "compensate=%u%% retry=%u%% moves=%u%% holds=%u%%",
             deployments[options->deployment], options->is_inline ? "inline" : "asynchronous",
             options->is_faultless ? ", no faults" : "", options->orders, options->skus,
             options->stock, options->partitions, options->batch_max, options->latency_ms,
             options->spread_ms, options->drop, options->duplicate, options->delay_ms, options->cut,
             options->crash_permille, options->busy, options->poison_permille,
             options->jump_permille, options->decline, options->timeout, options->silence,
             options->echo, options->late, options->never, options->refuse, options->contradict,
             options->idle, options->cancel, options->compensate, options->retry, options->moves,
             options->holds);
}
