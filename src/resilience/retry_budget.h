/* SPDX-License-Identifier: MIT */
#ifndef AURORA_RESILIENCE_RETRY_BUDGET_H
#define AURORA_RESILIENCE_RETRY_BUDGET_H

#include <aurora/retry.h>

/* Pays the share of one call in. */
void aurora__retry_budget_pay(aurora_retry_budget *budget);

/* Takes one repeat out, or refuses. */
bool aurora__retry_budget_try_take(aurora_retry_budget *budget);

#endif
