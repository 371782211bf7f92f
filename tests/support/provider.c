/* SPDX-License-Identifier: MIT */
#include "provider.h"

#include <string.h>
#include <sys/mman.h>

provider *provider_new(void)
{
    provider *bank =
        mmap(NULL, sizeof *bank, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(bank, MAP_FAILED);
    return bank;
}

void provider_free(provider *bank)
{
    munmap(bank, sizeof *bank);
}

provider_account *provider_account_of(provider *bank, aurora_id authorize_id)
{
    for (uint32_t i = 0; i < bank->account_count; i++) {
        if (aurora_id_is_equal(bank->accounts[i].authorize_id, authorize_id))
            return &bank->accounts[i];
    }
    ck_assert_uint_lt(bank->account_count, PROVIDER_ACCOUNTS_MAX);
    provider_account *account = &bank->accounts[bank->account_count++];
    account->authorize_id = authorize_id;
    return account;
}

/* A task id is the order's id with the verb in its lowest bits; a provider need not know that, a
 * test that has only the order's id does. */
provider_account *provider_order(provider *bank, aurora_id order_id)
{
    for (uint32_t i = 0; i < bank->account_count; i++) {
        aurora_id id = bank->accounts[i].authorize_id;
        id.bytes[15] = (uint8_t)(id.bytes[15] & ~7u);
        if (aurora_id_is_equal(id, order_id))
            return &bank->accounts[i];
    }
    ck_abort_msg("the provider never heard of this order");
    return NULL;
}

static int32_t authorize(provider *bank, provider_account *account, const aurora_task *task)
{
    if (account->is_declined || account->is_voided)
        return AURORA_OUTCOME_DECLINED;
    if (account->authorized_minor > 0)
        return AURORA_OUTCOME_DONE;
    if (task->is_query)
        return AURORA_OUTCOME_NOT_FOUND;
    if (bank->is_declining) {
        account->is_declined = 1;
        return AURORA_OUTCOME_DECLINED;
    }
    account->authorized_minor = task->amount_minor;
    return AURORA_OUTCOME_DONE;
}

static int32_t capture(provider_account *account, const aurora_task *task)
{
    if (account->captures > 0)
        return AURORA_OUTCOME_DONE;
    if (task->is_query)
        return AURORA_OUTCOME_NOT_FOUND;
    if (account->is_voided || task->amount_minor > account->authorized_minor)
        return AURORA_OUTCOME_DECLINED;
    account->captured_minor += task->amount_minor;
    account->captures++;
    return AURORA_OUTCOME_DONE;
}

static int32_t void_key(provider_account *account, const aurora_task *task)
{
    if (account->is_voided)
        return AURORA_OUTCOME_DONE;
    if (task->is_query)
        return AURORA_OUTCOME_NOT_FOUND;
    if (account->captures > 0)
        return AURORA_OUTCOME_DECLINED;
    account->is_voided = 1;
    return AURORA_OUTCOME_DONE;
}

static int32_t refund(provider_account *account, const aurora_task *task)
{
    if (account->refunds > 0)
        return AURORA_OUTCOME_DONE;
    if (task->is_query)
        return AURORA_OUTCOME_NOT_FOUND;
    if (task->amount_minor > account->captured_minor)
        return AURORA_OUTCOME_DECLINED;
    account->refunded_minor += task->amount_minor;
    account->refunds++;
    return AURORA_OUTCOME_DONE;
}

int32_t provider_act(provider *bank, const aurora_task *task)
{
    provider_account *account = provider_account_of(bank, task->authorize_id);
    ck_assert_int_ge(task->verb, AURORA_VERB_AUTHORIZE);
    ck_assert_int_le(task->verb, AURORA_VERB_REFUND);
    ck_assert_str_eq(task->currency, "EUR");
    if (task->is_query)
        bank->queries[task->verb]++;
    else
        bank->calls[task->verb]++;
    switch (task->verb) {
    case AURORA_VERB_AUTHORIZE:
        return authorize(bank, account, task);
    case AURORA_VERB_CAPTURE:
        return capture(account, task);
    case AURORA_VERB_VOID:
        return void_key(account, task);
    default:
        return refund(account, task);
    }
}

int64_t provider_kept(const provider_account *account)
{
    return account->captured_minor - account->refunded_minor;
}

int64_t provider_blocked(const provider_account *account)
{
    return account->is_voided || account->captures > 0 ? 0 : account->authorized_minor;
}

aurora_task_page *provider_take(aurora_t *shop, int32_t verb)
{
    aurora_task_page *page = NULL;
    aurora_assert_ok(aurora_task_take(shop, AURORA_TASK_PAYMENT, 16, 0, 0, &page));
    ck_assert_ptr_nonnull(page);
    ck_assert_msg(page->count == (verb == 0 ? 0 : 1), "%u tasks are due, the first is a %s",
                  page->count, page->count > 0 ? aurora_verb_name(page->items[0]->verb) : "none");
    if (verb != 0)
        ck_assert_str_eq(aurora_verb_name(page->items[0]->verb), aurora_verb_name(verb));
    return page;
}

void provider_finish(aurora_t *shop, aurora_id task_id, int32_t outcome)
{
    const char *code = outcome == AURORA_OUTCOME_DECLINED ? "insufficient_funds" : NULL;
    aurora_assert_ok(aurora_task_finish(
        shop, task_id, AURORA_TASK_RESULT(.outcome = outcome, .code = code), NULL));
}

void provider_do(provider *bank, aurora_t *shop, int32_t verb)
{
    aurora_task_page *page = provider_take(shop, verb);
    provider_finish(shop, page->items[0]->id, provider_act(bank, page->items[0]));
    aurora_task_page_free(page);
}

uint32_t provider_serve(provider *bank, aurora_t *shop)
{
    for (uint32_t served = 0;;) {
        aurora_task_page *page = NULL;
        aurora_assert_ok(aurora_task_take(shop, AURORA_TASK_PAYMENT, 16, 0, 0, &page));
        uint32_t count = page->count;
        for (uint32_t i = 0; i < count; i++)
            provider_finish(shop, page->items[i]->id, provider_act(bank, page->items[i]));
        aurora_task_page_free(page);
        served += count;
        if (count == 0)
            return served;
        ck_assert_uint_lt(served, 10000);
    }
}
