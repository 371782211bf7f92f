/* SPDX-License-Identifier: MIT */
#include "gcra.h"

#include "rules.h"

#include <string.h>

__extension__ typedef unsigned __int128 uint128;

static uint64_t greatest_divisor(uint64_t a, uint64_t b)
{
    while (b != 0) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* Whether burst * per / tokens is above the limit, without a 128-bit division. */
static bool fills_too_slowly(uint64_t tokens, uint64_t per, uint64_t burst)
{
    return (uint128)burst * per > (uint128)AURORA_BUCKET_FILL_NS_MAX * tokens;
}

aurora_status aurora__gcra_init(aurora__gcra *rate, uint64_t tokens, uint64_t per_ns,
                                uint64_t burst, aurora_error *err)
{
    const aurora__rule rules[] = {
        {"per_ns", per_ns, 1, AURORA_BUCKET_PER_NS_MAX},
        {"tokens", tokens, 1, per_ns},
        {"burst", burst, 1, AURORA_BUCKET_BURST_MAX},
    };

    memset(rate, 0, sizeof *rate);
    aurora_status rc = aurora__rule_check(rules, sizeof rules / sizeof *rules, err);
    if (rc != AURORA_OK)
        return rc;
    if (fills_too_slowly(tokens, per_ns, burst))
        return aurora__rule_refuse(err, "burst", "must fill within 2 * 10^18 ns");

    uint64_t divisor = greatest_divisor(per_ns, tokens);
    uint64_t per = per_ns / divisor;
    uint64_t count = tokens / divisor;
    if (count <= 2) {
        *rate = (aurora__gcra){count, per, burst << 8 | AURORA__GCRA_WHOLE};
        return AURORA_OK;
    }
    uint64_t shift = 0;
    while (count << (shift + 1) <= 2 * per)
        shift++;
    *rate = (aurora__gcra){count << shift, per, burst << 8 | shift};
    return AURORA_OK;
}

/* One digit of the division below: (high, next 32 bits) / den, for den normalized to 2^63 at least
 * and high below den. The estimate from the upper half of den is at most 2 too large, and not above
 * 2^32 + 1, so that its product with the lower half stays within 64 bits. */
static uint64_t digit(uint64_t *high, uint64_t next, uint64_t den)
{
    uint64_t upper = den >> 32;
    uint64_t lower = den & UINT32_MAX;
    uint64_t guess = *high / upper;
    uint64_t rest = *high % upper;

    while (guess * lower > (rest << 32 | next)) {
        guess--;
        rest += upper;
        if (rest > UINT32_MAX)
            break;
    }
    *high = (*high << 32 | next) - guess * den;
    return guess;
}

/* Long division in two digits of 32 bits (Knuth, The Art of Computer Programming 2, 4.3.1 D): the
 * compiler's own needs a library routine that this code must do without. */
static uint64_t divide(uint128 dividend, uint64_t den, uint64_t *rest_out)
{
    if ((uint64_t)(dividend >> 64) == 0) {
        *rest_out = (uint64_t)dividend % den;
        return (uint64_t)dividend / den;
    }
    int shift = __builtin_clzll(den);
    den <<= shift;
    dividend <<= shift;
    uint64_t high = (uint64_t)(dividend >> 64);
    uint64_t low = (uint64_t)dividend;
    uint64_t quotient = digit(&high, low >> 32, den) << 32;
    quotient |= digit(&high, low & UINT32_MAX, den);
    *rest_out = high >> shift;
    return quotient;
}

aurora__gcra_time aurora__gcra_scale(uint64_t by, uint64_t num, uint64_t den)
{
    if (den == 0)
        return (aurora__gcra_time){0, 0};
    uint64_t rest;
    uint64_t quotient = divide((uint128)by * num, den, &rest);
    return (aurora__gcra_time){quotient, quotient + (rest != 0)};
}

int64_t aurora__gcra_wait_ns(const aurora__gcra *rate, uint64_t level, int64_t now_ns)
{
    uint64_t den = (rate->shape & 255) == AURORA__GCRA_WHOLE ? 1 : rate->den_or_units;
    uint64_t at = aurora__gcra_scale(level, den, rate->num).ceil;
    uint64_t now = aurora__gcra_clamp(now_ns);

    return at > now ? (int64_t)(at - now) : 0;
}

void aurora__gcra_describe(const aurora__gcra *rate, uint64_t level, int64_t now_ns,
                           aurora_limit *limit_out)
{
    *limit_out = (aurora_limit){.limit = aurora__gcra_burst(rate)};
    if (limit_out->limit == 0)
        return;
    uint64_t units = aurora__gcra_units(rate);
    uint64_t full = limit_out->limit * units;
    uint64_t now = aurora__gcra_at(rate, now_ns).floor;
    uint64_t missing = level > now ? level - now : 0;

    limit_out->remaining = missing < full ? (full - missing) / units : 0;
    limit_out->reset_ns = aurora__gcra_wait_ns(rate, level, now_ns);
}
