/* SPDX-License-Identifier: MIT */
#include <aurora/bucket.h>

#include "gcra.h"

#include "plant/plant.h"

#include <string.h>

/* Words: the level, which alone changes, then the rate. */
_Static_assert(sizeof(aurora__gcra) == 3 * sizeof(uint64_t), "the rate fills words 1 to 3");
_Static_assert(sizeof(aurora_limit) == 64, "pinned");

static aurora__gcra rate_of(const aurora_bucket *bucket)
{
    return (aurora__gcra){bucket->words[1], bucket->words[2], bucket->words[3]};
}

/* Further than the clock can have come: it stepped back. */
static bool is_ahead(const aurora__gcra *rate, aurora__gcra_time now, uint64_t level)
{
    return level > now.ceil + aurora__gcra_burst(rate) * aurora__gcra_units(rate);
}

aurora_status aurora_bucket_init(aurora_bucket *bucket, uint64_t tokens, uint64_t per_ns,
                                 uint64_t burst, int64_t now_ns)
{
    aurora__gcra rate;
    aurora_status rc = aurora__gcra_init(&rate, tokens, per_ns, burst, NULL);

    bucket->words[0] = aurora__gcra_at(&rate, now_ns).floor;
    memcpy(&bucket->words[1], &rate, sizeof rate);
    return rc;
}

bool aurora_bucket_try_take(aurora_bucket *bucket, uint64_t n, int64_t now_ns,
                            int64_t *retry_after_ns_out)
{
    aurora__gcra rate = rate_of(bucket);
    int64_t retry_after_ns = 0;
    bool is_taken = true;

    if (n > aurora__gcra_burst(&rate)) {
        is_taken = false;
        retry_after_ns = -1;
    } else if (n > 0) {
        aurora__gcra_time now = aurora__gcra_at(&rate, now_ns);
        uint64_t seen = __atomic_load_n(&bucket->words[0], __ATOMIC_RELAXED);
        uint64_t level;
        do {
            level = seen;
            if (AURORA_PLANT(CLOCK_BACK_REFILLS) && is_ahead(&rate, now, level))
                level = now.floor;
            is_taken = aurora__gcra_move(&rate, now, n, &level);
        } while (is_taken && !__atomic_compare_exchange_n(&bucket->words[0], &seen, level, true,
                                                          __ATOMIC_RELAXED, __ATOMIC_RELAXED));
        if (!is_taken && retry_after_ns_out != NULL)
            retry_after_ns = aurora__gcra_wait_ns(&rate, level, now_ns);
    }
    if (retry_after_ns_out != NULL)
        *retry_after_ns_out = retry_after_ns;
    return is_taken;
}

void aurora_bucket_read(const aurora_bucket *bucket, int64_t now_ns, aurora_limit *limit_out)
{
    aurora__gcra rate = rate_of(bucket);
    uint64_t level = __atomic_load_n(&bucket->words[0], __ATOMIC_RELAXED);

    aurora__gcra_describe(&rate, level, now_ns, limit_out);
    limit_out->retry_after_ns = -1;
    if (limit_out->limit == 0)
        return;
    limit_out->is_allowed = aurora__gcra_move(&rate, aurora__gcra_at(&rate, now_ns), 1, &level);
    limit_out->retry_after_ns =
        limit_out->is_allowed ? 0 : aurora__gcra_wait_ns(&rate, level, now_ns);
}
