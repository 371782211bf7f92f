/* SPDX-License-Identifier: MIT */
#include "retry_budget.h"

#include "rules.h"

/* Words: the level in thousandths of a repeat (alone it changes), its bound, a call's share. */
enum { LEVEL, LEVEL_MAX, SHARE };

#define REPEAT 1000

aurora_status aurora_retry_budget_init(aurora_retry_budget *budget, uint64_t repeats_max,
                                       uint32_t ratio_per_mille)
{
    const aurora__rule rules[] = {
        {"repeats_max", repeats_max, 1, AURORA_RETRY_BUDGET_MAX},
        {"ratio_per_mille", ratio_per_mille, 0, 1000000},
    };

    *budget = (aurora_retry_budget){{0, 0, 0, 0}};
    aurora_status rc = aurora__rule_check(rules, sizeof rules / sizeof *rules, NULL);
    if (rc != AURORA_OK)
        return rc;
    budget->words[LEVEL] = repeats_max * REPEAT;
    budget->words[LEVEL_MAX] = repeats_max * REPEAT;
    budget->words[SHARE] = ratio_per_mille;
    return AURORA_OK;
}

void aurora__retry_budget_pay(aurora_retry_budget *budget)
{
    uint64_t *level = &budget->words[LEVEL];
    uint64_t max = budget->words[LEVEL_MAX];
    uint64_t seen = __atomic_load_n(level, __ATOMIC_RELAXED);
    uint64_t paid;

    do {
        if (seen >= max)
            return;
        paid = seen + budget->words[SHARE];
        paid = paid < max ? paid : max;
    } while (
        !__atomic_compare_exchange_n(level, &seen, paid, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
}

bool aurora__retry_budget_try_take(aurora_retry_budget *budget)
{
    uint64_t *level = &budget->words[LEVEL];
    uint64_t seen = __atomic_load_n(level, __ATOMIC_RELAXED);

    do {
        if (seen < REPEAT)
            return false;
    } while (!__atomic_compare_exchange_n(level, &seen, seen - REPEAT, true, __ATOMIC_RELAXED,
                                          __ATOMIC_RELAXED));
    return true;
}

uint64_t aurora_retry_budget_left(const aurora_retry_budget *budget)
{
    return __atomic_load_n(&budget->words[LEVEL], __ATOMIC_RELAXED) / REPEAT;
}
