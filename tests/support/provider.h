/* SPDX-License-Identifier: MIT */
/* A payment provider with books of its own, outside every store of ours: what it did is what
 * happened to the money. Each task id acts once, as with real providers; it lives in memory that
 * forked processes share, since a provider does not die with its shop. */
#ifndef AURORA_TESTS_SUPPORT_PROVIDER_H
#define AURORA_TESTS_SUPPORT_PROVIDER_H

#include "shop.h"

#define PROVIDER_ACCOUNTS_MAX 512

/* What became of one authorization. */
typedef struct {
    aurora_id authorize_id;
    int64_t authorized_minor; /* ever */
    int64_t captured_minor;   /* summed over captures: a second one would show */
    int64_t refunded_minor;
    uint32_t is_voided; /* also of a key that was never authorized */
    uint32_t is_declined;
    uint32_t captures; /* acts, not calls */
    uint32_t refunds;
} provider_account;

typedef struct {
    provider_account accounts[PROVIDER_ACCOUNTS_MAX];
    uint32_t account_count;
    uint32_t is_declining; /* new authorizations are refused with "insufficient_funds" */
    uint32_t calls[5];     /* by verb, without queries */
    uint32_t queries[5];
} provider;

provider *provider_new(void);
void provider_free(provider *bank);

/* Does what the task says, a query or the verb, and gives the outcome. */
int32_t provider_act(provider *bank, const aurora_task *task);

/* The account of an order, made on first sight. */
provider_account *provider_account_of(provider *bank, aurora_id authorize_id);
provider_account *provider_order(provider *bank, aurora_id order_id);

/* Money that the provider holds for the merchant: captured and not refunded; and money that the
 * customer cannot use: authorized, neither captured nor voided. */
int64_t provider_kept(const provider_account *account);
int64_t provider_blocked(const provider_account *account);

/* --- the task loop of a host ------------------------------------------------------------------ */

/* Takes the one task that must be due, with this verb (0 = none must be due). The page is the
 * caller's. */
aurora_task_page *provider_take(aurora_t *shop, int32_t verb);

/* Reports an outcome, which must work. */
void provider_finish(aurora_t *shop, aurora_id task_id, int32_t outcome);

/* provider_take, provider_act, provider_finish. */
void provider_do(provider *bank, aurora_t *shop, int32_t verb);

/* Does and finishes whatever is due until nothing is; the number of tasks. */
uint32_t provider_serve(provider *bank, aurora_t *shop);

#endif
