/* SPDX-License-Identifier: MIT */
/* A payment provider with books of its own, outside every store: what it did is what happened to
 * the money. Each key acts once, and a void of what was never authorized is remembered. */
#include "trial/trial.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
    aurora_id order_id;
    aurora_sim_account account;
    bool is_declined;
} entry;

typedef struct {
    entry *entries;
    uint32_t count;
    uint32_t capacity;
    entry none; /* where memory is out */
} books;

static entry *find(books *of, aurora_id order_id)
{
    for (uint32_t i = 0; i < of->count; i++) {
        if (aurora_id_is_equal(of->entries[i].order_id, order_id))
            return &of->entries[i];
    }
    return NULL;
}

static entry *open_entry(books *of, aurora_id order_id)
{
    entry *found = find(of, order_id);
    if (found != NULL)
        return found;
    if (of->count == of->capacity) {
        uint32_t capacity = of->capacity == 0 ? 64 : of->capacity * 2;
        entry *more = realloc(of->entries, capacity * sizeof *more);
        if (more == NULL)
            return &of->none;
        of->entries = more;
        of->capacity = capacity;
    }
    of->entries[of->count] = (entry){.order_id = order_id};
    return &of->entries[of->count++];
}

static int32_t authorize(entry *of, const aurora_task *task)
{
    if (of->is_declined || (of->account.is_voided != 0 && of->account.authorized_minor == 0))
        return AURORA_OUTCOME_DECLINED;
    if (of->account.authorized_minor > 0)
        return AURORA_OUTCOME_DONE;
    if (task->is_query != 0)
        return AURORA_OUTCOME_NOT_FOUND;
    of->is_declined = strcmp(task->payment_method, "declined") == 0;
    if (of->is_declined)
        return AURORA_OUTCOME_DECLINED;
    of->account.authorized_minor = task->amount_minor;
    return AURORA_OUTCOME_DONE;
}

static int32_t capture(aurora_sim_account *of, const aurora_task *task)
{
    if (of->captures > 0)
        return AURORA_OUTCOME_DONE;
    if (task->is_query != 0)
        return AURORA_OUTCOME_NOT_FOUND;
    if (of->is_voided != 0 || task->amount_minor > of->authorized_minor)
        return AURORA_OUTCOME_DECLINED;
    of->captured_minor += task->amount_minor;
    of->captures++;
    return AURORA_OUTCOME_DONE;
}

static int32_t void_key(aurora_sim_account *of, const aurora_task *task)
{
    if (of->is_voided != 0)
        return AURORA_OUTCOME_DONE;
    if (task->is_query != 0)
        return AURORA_OUTCOME_NOT_FOUND;
    if (of->captures > 0)
        return AURORA_OUTCOME_DECLINED;
    of->is_voided = 1;
    return AURORA_OUTCOME_DONE;
}

static int32_t refund(aurora_sim_account *of, const aurora_task *task)
{
    if (of->refunds > 0)
        return AURORA_OUTCOME_DONE;
    if (task->is_query != 0)
        return AURORA_OUTCOME_NOT_FOUND;
    if (task->amount_minor > of->captured_minor)
        return AURORA_OUTCOME_DECLINED;
    of->refunded_minor += task->amount_minor;
    of->refunds++;
    return AURORA_OUTCOME_DONE;
}

static void begin(void *self, uint64_t seed)
{
    books *of = self;
    (void)seed;
    of->count = 0;
}

static void act(void *self, const aurora_task *task, aurora_task_result *result_out)
{
    entry *of = open_entry(self, task->order_id);
    switch (task->verb) {
    case AURORA_VERB_AUTHORIZE:
        result_out->outcome = authorize(of, task);
        break;
    case AURORA_VERB_CAPTURE:
        result_out->outcome = capture(&of->account, task);
        break;
    case AURORA_VERB_VOID:
        result_out->outcome = void_key(&of->account, task);
        break;
    default:
        result_out->outcome = refund(&of->account, task);
    }
    if (result_out->outcome == AURORA_OUTCOME_DONE)
        result_out->provider_reference = "charge";
    if (result_out->outcome == AURORA_OUTCOME_DECLINED)
        result_out->code = "no";
}

static void account(void *self, aurora_id order_id, aurora_sim_account *out)
{
    const entry *of = find(self, order_id);
    *out = (aurora_sim_account){0};
    if (of != NULL)
        *out = of->account;
}

const aurora_sim_provider aurora__trial_provider = {.size = sizeof aurora__trial_provider,
                                                    .begin = begin,
                                                    .act = act,
                                                    .account = account};

void *aurora__trial_books_new(void)
{
    return calloc(1, sizeof(books));
}

void aurora__trial_books_free(void *self)
{
    books *of = self;
    if (of != NULL)
        free(of->entries);
    free(of);
}
