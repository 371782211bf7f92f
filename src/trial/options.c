/* SPDX-License-Identifier: MIT */
/* Swarm: each seed turns a random half of the faults on, each at a random strength, so that some
 * seeds meet one fault alone and others all together. One in 20 meets none. */
#include "trial/trial.h"

#include <stdlib.h>
#include <string.h>

#define INFO(name, most, help) {#name, most, help},
const aurora__trial_option_info aurora__trial_option_infos[AURORA__TRIAL_OPTION_COUNT] = {
    AURORA__TRIAL_OPTIONS(INFO)};
#undef INFO

#define NUMBER_MAX 100000

uint32_t *aurora__trial_option_at(aurora__trial_options *options, uint32_t index)
{
    return (uint32_t *)options + index;
}

static uint32_t between(aurora__trial *world, uint32_t low, uint32_t high)
{
    return low + aurora__trial_below(world, high - low + 1);
}

/* Numbers are drawn also where they are not used: an option that is set by hand changes nothing
 * else. */
static uint32_t maybe(aurora__trial *world, uint32_t most)
{
    uint32_t strength = between(world, 1, most);
    return aurora__trial_below(world, 2) == 0 ? strength : 0;
}

static void draw(aurora__trial *world)
{
    aurora__trial_options *options = &world->options;
    bool has_faults = aurora__trial_below(world, 20) != 0;
    for (uint32_t i = 0; i < AURORA__TRIAL_OPTION_COUNT; i++)
        *aurora__trial_option_at(options, i) = maybe(world, aurora__trial_option_infos[i].most);
    for (uint32_t i = 0; i < AURORA__TRIAL_OPTION_latency && !has_faults; i++)
        *aurora__trial_option_at(options, i) = 0;
    options->instances = aurora__trial_below(world, 4) == 0 ? 2 : 1;
    options->partitions = between(world, 1, AURORA__TRIAL_PARTITIONS_MAX);
    options->split = aurora__trial_below(world, 2) == 0 ? 0 : between(world, 1, 2);
    options->shared = aurora__trial_below(world, 3) == 0;
    if (options->shared != 0)
        options->instances = 2;
    options->orders =
        between(world, 3, aurora__trial_option_infos[AURORA__TRIAL_OPTION_orders].most);
    options->skus = between(world, 1, AURORA__TRIAL_SKUS_MAX);
    options->stock = between(world, 0, aurora__trial_option_infos[AURORA__TRIAL_OPTION_stock].most);
    options->spread = between(world, 1, 600);
    options->recommend = aurora__trial_below(world, 4) == 0;
    options->batch = aurora__trial_below(world, 3) == 0 ? 1 : between(world, 2, 64);
}

static aurora_status refuse(aurora_error *err, const char *what)
{
    if (err != NULL) {
        aurora_error_init(err);
        err->status = AURORA_EINVAL;
        snprintf(err->field, sizeof err->field, "sets");
        snprintf(err->message, sizeof err->message, "\"%s\" is no NAME=NUMBER that --help lists",
                 what);
    }
    return AURORA_EINVAL;
}

static aurora_status set(aurora__trial_options *options, const char *text, aurora_error *err)
{
    const char *sign = strchr(text, '=');
    char *end;
    if (sign == NULL || sign[1] < '0' || sign[1] > '9')
        return refuse(err, text);
    unsigned long number = strtoul(sign + 1, &end, 10);
    if (*end != '\0' || number > NUMBER_MAX)
        return refuse(err, text);
    for (uint32_t i = 0; i < AURORA__TRIAL_OPTION_COUNT; i++) {
        const char *name = aurora__trial_option_infos[i].name;
        if (strlen(name) == (size_t)(sign - text) && strncmp(name, text, strlen(name)) == 0) {
            *aurora__trial_option_at(options, i) = (uint32_t)number;
            return AURORA_OK;
        }
    }
    return refuse(err, text);
}

static uint32_t within(uint32_t number, uint32_t low, uint32_t high)
{
    return number < low ? low : number > high ? high : number;
}

aurora_status aurora__trial_options_draw(aurora__trial *world, aurora_error *err)
{
    const aurora_sim_request *request = world->request;
    aurora__trial_options *options = &world->options;
    aurora_status rc = AURORA_OK;
    draw(world);
    for (uint32_t i = 0; i < request->set_count && rc == AURORA_OK; i++)
        rc = set(options, request->sets[i], err);
    options->instances = within(options->instances, 1, AURORA__TRIAL_INSTANCES_MAX);
    options->partitions = within(options->partitions, 1, AURORA__TRIAL_PARTITIONS_MAX);
    options->split = within(options->split, 0, 2);
    options->shared = within(options->shared, 0, 1);
    /* A workload's steps, and a store that is there once, want one service. */
    if (world->workload != NULL || (world->store->flags & AURORA_SIM_STORE_MANY) == 0)
        options->split = 0;
    options->skus = within(options->skus, 1, AURORA__TRIAL_SKUS_MAX);
    options->batch = within(options->batch, 1, 1024);
    options->spread = within(options->spread, 1, 86400);
    return rc;
}

void aurora__trial_options_write(const aurora__trial_options *options, char *text, size_t bytes)
{
    size_t length = 0;
    text[0] = '\0';
    for (uint32_t i = 0; i < AURORA__TRIAL_OPTION_COUNT && length < bytes; i++) {
        uint32_t number = ((const uint32_t *)options)[i];
        if (number != 0)
            length +=
                (size_t)snprintf(text + length, bytes - length, "%s%s=%u", length == 0 ? "" : " ",
                                 aurora__trial_option_infos[i].name, number);
    }
}
