/* SPDX-License-Identifier: MIT */
#include "adapters/redis/rate.h"

#include <string.h>

__extension__ typedef unsigned __int128 uint128;

#define MICROS_MAX (INT64_C(1) << 40)

static uint64_t divisor_of(uint64_t a, uint64_t b)
{
    while (b != 0) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* As src/resilience/gcra.h says: a token of whole or half nanoseconds has a unit of 1 or 1/2 ns;
 * else a token is the largest power of two of units that keeps a unit from falling below 1/2 ns. */
static void choose_unit(aurora__rate *rate)
{
    uint64_t per = rate->per_ns, count = rate->tokens;
    uint32_t shift = 0;
    if (count <= 2) {
        rate->num = count;
        rate->den = 1;
        rate->token_units = per;
        return;
    }
    while (count << (shift + 1) <= 2 * per)
        shift++;
    rate->num = count << shift;
    rate->den = per;
    rate->token_units = (uint64_t)1 << shift;
}

aurora_status aurora__rate_init(aurora__rate *rate, uint64_t tokens, uint64_t per_ns,
                                uint64_t burst)
{
    if (per_ns < 1 || per_ns > AURORA_BUCKET_PER_NS_MAX || tokens < 1 || tokens > per_ns ||
        burst < 1 || burst > AURORA_BUCKET_BURST_MAX ||
        (uint128)burst * per_ns > (uint128)AURORA_BUCKET_FILL_NS_MAX * tokens)
        return AURORA_EINVAL;
    uint64_t common = divisor_of(per_ns, tokens);
    *rate = (aurora__rate){.tokens = tokens / common, .per_ns = per_ns / common, .burst = burst};
    choose_unit(rate);
    /* units : micros = 1000 num : den in lowest terms; num and den have no odd divisor in common
     * but 1, yet both may be even. */
    uint64_t shared = divisor_of(rate->num, rate->den);
    uint64_t num = rate->num / shared; /* NOLINT(clang-analyzer-core.DivideZero): den is not 0 */
    uint64_t den = rate->den / shared;
    uint64_t thousandth = divisor_of(den, 1000);
    den /= thousandth;
    if (den > MICROS_MAX)
        return AURORA_ENOTSUP;
    rate->micros = (int64_t)den;
    rate->units = (int64_t)(num * (1000 / thousandth)); /* at most 2,000 den */
    return AURORA_OK;
}

aurora__rate_time aurora__rate_tokens(const aurora__rate *rate, uint64_t n)
{
    uint128 units = (uint128)n * rate->token_units;
    return (aurora__rate_time){(int64_t)(units / (uint64_t)rate->units),
                               (int64_t)(units % (uint64_t)rate->units)};
}

static uint128 units_of(const aurora__rate *rate, aurora__rate_time time)
{
    return (uint128)(uint64_t)time.periods * (uint64_t)rate->units + (uint64_t)time.units;
}

/* From now until the time `level`, rounded up to a nanosecond. The whole periods first: the
 * product of all units and den could be above 128 bits. */
static int64_t wait_ns(const aurora__rate *rate, aurora__rate_time level, int64_t now_micros)
{
    uint128 beyond = (uint128)(uint64_t)level.units * rate->den;
    int64_t at =
        level.periods * rate->micros * 1000 + (int64_t)((beyond + rate->num - 1) / rate->num);
    int64_t now = now_micros * 1000;
    return at > now ? at - now : 0;
}

void aurora__rate_describe(const aurora__rate *rate, aurora__rate_time level,
                           aurora__rate_time works, int64_t now_micros, uint64_t cost,
                           bool is_allowed, aurora_limit *out)
{
    uint128 now = (uint128)(uint64_t)now_micros * 1000 * rate->num / rate->den;
    uint128 full = (uint128)rate->burst * rate->token_units;
    uint128 at = units_of(rate, level);
    uint128 missing = at > now ? at - now : 0;
    memset(out, 0, sizeof *out);
    out->limit = rate->burst;
    out->remaining = missing < full ? (uint64_t)((full - missing) / rate->token_units) : 0;
    out->reset_ns = wait_ns(rate, level, now_micros);
    out->is_allowed = is_allowed;
    if (cost > rate->burst)
        out->retry_after_ns = -1;
    else if (!is_allowed)
        out->retry_after_ns = wait_ns(rate, works, now_micros);
}
