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

/* Few orders break most of what breaks; many meet each other now and then. */
static uint32_t draw_orders(aurora__sim_world *world)
{
    uint32_t many = between(world, 4, 40);
    uint32_t few = between(world, 1, 10);
    return aurora__sim_below(world, 4) == 0 ? many : few;
}

static void draw_load(aurora__sim_world *world, aurora__sim_options *options)
{
    options->orders = draw_orders(world);
    options->skus = between(world, 1, AURORA__SIM_SKUS_MAX);
    options->stock = between(world, 0, 60);
    options->partitions = between(world, 1, AURORA__SIM_PARTITIONS_MAX);
    options->batch = aurora__sim_below(world, 6) == 0 ? 1 : between(world, 2, 64);
    options->latency = between(world, 1, 200);
    options->spread = between(world, 1, 600) * between(world, 1, 100);
    options->stop = between(world, 20, 120);
    options->decline = maybe(world, 40);
    options->cancel = maybe(world, 30);
    options->compensate = maybe(world, 15);
    options->retry = maybe(world, 60);
    options->moves = maybe(world, 60);
    options->holds = maybe(world, 60);
    options->edge = maybe(world, 100);
}

/* At all points in half of the seeds, else at some of them. */
static uint32_t draw_points(aurora__sim_world *world)
{
    uint32_t all = (uint32_t)(((uint64_t)1 << AURORA__CRASH_COUNT) - 1);
    uint32_t some = (uint32_t)aurora__sim_random(world) & all;
    return aurora__sim_below(world, 2) == 0 ? all : some;
}

/* What is set takes nothing from the stream of random numbers, nor adds to it. */
void aurora__sim_options_draw(aurora__sim_world *world)
{
    aurora__sim_options *options = &world->options;
    const aurora__sim_set *set = world->request->set;
    options->deployment = aurora__sim_below(world, 5);
    options->simulator = aurora__sim_below(world, 3) == 0;
    options->faults = aurora__sim_below(world, 20) != 0;
    draw_load(world, options);
    options->crash_at = draw_points(world);
    for (uint32_t i = 0; i < AURORA__OPTION_COUNT; i++) {
        const aurora__sim_option *of = &aurora__sim_option_table[i];
        if (of->is_fault)
            *aurora__sim_option_at(options, i) = maybe(world, of->drawn);
    }
    for (uint32_t i = 0; i < AURORA__OPTION_COUNT; i++) {
        if (set != NULL && set->is_set[i])
            *aurora__sim_option_at(options, i) = set->values[i];
        if (options->faults == 0 && aurora__sim_option_table[i].is_fault)
            *aurora__sim_option_at(options, i) = 0;
    }
    /* From here on the run's own stream: how options are drawn may change, and a past failure that
     * names them all stays what it was. */
    world->random =
        (world->request->seed ^ options->salt * UINT64_C(0xD1342543DE82EF95)) * 0x9E3779B97F4A7C15u;
}
