/* SPDX-License-Identifier: MIT */
/* A payment provider of your own under the simulator: this one moves money each time that it is
 * called, and knows no idempotency key. On a good day nobody sees it. The simulator lets calls come
 * late and twice until an order is charged twice, and says with which seed; then the same provider
 * with a memory passes.
 * To compile: cc sim_own_provider.c $(pkg-config --cflags --libs aurora-sim)
 * Prints:
 *   without a memory: I2 is broken
 *   with a memory: 40 seeds, nothing is broken
 */
#include <aurora/sim.h>

#include <stdio.h>
#include <string.h>

enum { SEEDS = 40, ORDERS_MAX = 64 };

typedef struct {
    bool has_memory; /* of what was done under a key */
    unsigned count;
    aurora_id orders[ORDERS_MAX];
    aurora_sim_account accounts[ORDERS_MAX];
} bank;

static aurora_sim_account *account_of(bank *of, aurora_id order_id)
{
    for (unsigned i = 0; i < of->count; i++) {
        if (aurora_id_is_equal(of->orders[i], order_id))
            return &of->accounts[i];
    }
    of->orders[of->count] = order_id;
    memset(&of->accounts[of->count], 0, sizeof of->accounts[of->count]);
    return &of->accounts[of->count++];
}

static int32_t do_verb(const bank *of, aurora_sim_account *account, const aurora_task *task)
{
    switch (task->verb) {
    case AURORA_VERB_AUTHORIZE:
        if (account->is_voided != 0) /* a void came first: its key is used up */
            return AURORA_OUTCOME_DECLINED;
        account->authorized_minor = task->amount_minor;
        return AURORA_OUTCOME_DONE;
    case AURORA_VERB_CAPTURE:
        if (account->captures > 0 && of->has_memory)
            return AURORA_OUTCOME_DONE;
        if (account->is_voided != 0)
            return AURORA_OUTCOME_DECLINED;
        account->captures++;
        account->captured_minor += task->amount_minor;
        return AURORA_OUTCOME_DONE;
    case AURORA_VERB_VOID:
        if (account->captures > 0)
            return AURORA_OUTCOME_DECLINED;
        account->is_voided = 1;
        return AURORA_OUTCOME_DONE;
    default:
        if (account->refunds == 0)
            account->refunded_minor = account->captured_minor;
        account->refunds++;
        return AURORA_OUTCOME_DONE;
    }
}

static bool is_known(const aurora_sim_account *account, const aurora_task *task)
{
    switch (task->verb) {
    case AURORA_VERB_AUTHORIZE:
        return account->authorized_minor > 0;
    case AURORA_VERB_CAPTURE:
        return account->captures > 0;
    case AURORA_VERB_VOID:
        return account->is_voided != 0;
    default:
        return account->refunds > 0;
    }
}

/* --- what the simulator calls ----------------------------------------------------------------- */

static void begin(void *self, uint64_t seed)
{
    bank *of = self;
    (void)seed;
    of->count = 0;
}

static void act(void *self, const aurora_task *task, aurora_task_result *result_out)
{
    aurora_sim_account *account = account_of(self, task->order_id);
    if (task->is_query == 0)
        result_out->outcome = do_verb(self, account, task);
    else
        result_out->outcome =
            is_known(account, task) ? AURORA_OUTCOME_DONE : AURORA_OUTCOME_NOT_FOUND;
}

static void account(void *self, aurora_id order_id, aurora_sim_account *out)
{
    *out = *account_of(self, order_id);
}

/* The check that the first broken seed breaks; "" where none does. */
static void find(bank *of, char check_out[16])
{
    const aurora_sim_provider provider = {
        .size = sizeof provider, .self = of, .begin = begin, .act = act, .account = account};
    const aurora_sim_ports ports = {.size = sizeof ports, .provider = &provider};
    check_out[0] = '\0';
    for (uint64_t seed = 1; seed <= SEEDS && check_out[0] == '\0'; seed++) {
        aurora_sim_report report;
        const aurora_sim_request request = {.size = sizeof request, .seed = seed};
        if (aurora_sim_run(&request, &ports, &report, NULL) != AURORA_OK)
            return;
        if (report.is_failed != 0)
            snprintf(check_out, 16, "%s", report.check);
    }
}

int main(void)
{
    bank careless = {.has_memory = false}, careful = {.has_memory = true};
    char check[16];
    find(&careless, check);
    printf("without a memory: %s is broken\n", check);
    bool is_found = check[0] != '\0';
    find(&careful, check);
    if (check[0] == '\0')
        printf("with a memory: %d seeds, nothing is broken\n", SEEDS);
    else
        printf("with a memory: %s is broken\n", check);
    return is_found && check[0] == '\0' ? 0 : 1;
}
