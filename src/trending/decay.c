/* SPDX-License-Identifier: MIT */
#include "decay.h"

#include <math.h>
#include <string.h>

#include <aurora/topk.h>

/* Largest weight times 2^256 times 2^63 adds stays far below the largest double, and 2^-1022 is far
 * below any score worth keeping. */
#define HALF_LIVES_MAX 256

/* Put together from its bits: exact, and cheaper than exp2. Too small is nothing. */
static double power_of_two(int64_t exponent)
{
    if (exponent < -1022)
        return 0.0;
    uint64_t bits = (uint64_t)(exponent + 1023) << 52;
    double power;
    memcpy(&power, &bits, sizeof power);
    return power;
}

bool aurora__decay_is_time(int64_t at_ms)
{
    return at_ms >= 0 && at_ms <= AURORA_TOPK_TIME_MAX;
}

void aurora__decay_init(struct decay *decay, int64_t half_life_ms)
{
    *decay = (struct decay){.half_life_ms = half_life_ms, .newest_ms = -1, .memo_ms = -1};
}

bool aurora__decay_is_sound(const struct decay *decay)
{
    if (!aurora__decay_is_time(decay->newest_ms) || decay->epoch < 0)
        return false;
    int64_t newest = decay->newest_ms / decay->half_life_ms;
    return decay->epoch <= newest && newest - decay->epoch < HALF_LIVES_MAX;
}

static double move_epoch(struct decay *decay, int64_t epoch)
{
    double factor = power_of_two(decay->epoch - epoch);
    decay->epoch = epoch;
    decay->memo_ms = -1;
    return factor;
}

double aurora__decay_advance(struct decay *decay, int64_t at_ms)
{
    if (at_ms <= decay->newest_ms)
        return 1.0;
    bool is_first = decay->newest_ms < 0;
    decay->newest_ms = at_ms;
    int64_t epoch = at_ms / decay->half_life_ms;
    if (!is_first && epoch - decay->epoch < HALF_LIVES_MAX)
        return 1.0;
    return move_epoch(decay, epoch);
}

double aurora__decay_growth(struct decay *decay, int64_t at_ms)
{
    if (at_ms == decay->memo_ms)
        return decay->memo_growth;
    int64_t whole = at_ms / decay->half_life_ms;
    int64_t rest = at_ms - whole * decay->half_life_ms;
    double growth =
        power_of_two(whole - decay->epoch) * exp2((double)rest / (double)decay->half_life_ms);
    decay->memo_ms = at_ms;
    decay->memo_growth = growth;
    return growth;
}

double aurora__decay_scale(const struct decay *decay, int64_t at_ms)
{
    int64_t whole = at_ms / decay->half_life_ms;
    int64_t rest = at_ms - whole * decay->half_life_ms;
    return power_of_two(decay->epoch - whole) * exp2(-(double)rest / (double)decay->half_life_ms);
}

void aurora__decay_align(struct decay *decay, const struct decay *from, double *own_factor_out,
                         double *from_factor_out)
{
    *own_factor_out = 1.0;
    *from_factor_out = 1.0;
    if (from->newest_ms < 0)
        return;
    if (decay->newest_ms < 0 || decay->epoch < from->epoch)
        *own_factor_out = move_epoch(decay, from->epoch);
    if (decay->newest_ms < from->newest_ms)
        *own_factor_out *= aurora__decay_advance(decay, from->newest_ms);
    *from_factor_out = power_of_two(from->epoch - decay->epoch);
}
