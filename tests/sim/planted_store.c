/* SPDX-License-Identifier: MIT */
#include "planted_store.h"

#include <stdlib.h>
#include <string.h>

#include <aurora/port/driver.h>

#define EVERY 37 /* calls, where a mistake is made now and then */
#define PUTS_MAX 4096
#define TEXT_MAX 100

/* The one that is open; the simulator closes it before another seed opens its own. */
static aurora_store inner;
static int mistake_made;
static uint32_t calls;
static bool has_lied;
static aurora_allocator memory;

static bool is_now(int mistake)
{
    return mistake_made == mistake && ++calls % EVERY == 0;
}

/* --- writing ---------------------------------------------------------------------------------- */

static aurora_status commit(void *self, aurora_store_txn *txn)
{
    if (is_now(PLANTED_LOSE_COMMIT)) {
        inner.rollback(self, txn);
        return AURORA_OK;
    }
    aurora_status rc = inner.commit(self, txn);
    has_lied = rc == AURORA_OK && is_now(PLANTED_LIE_OF_COMMIT);
    return has_lied ? AURORA_ETIMEDOUT : rc;
}

static aurora_status resolve(void *self, aurora_id batch)
{
    return has_lied ? AURORA_ENOTFOUND : inner.resolve(self, batch);
}

static void spoil_value(aurora_value *value)
{
    bool is_number = value->kind == AURORA_COLUMN_INT64 || value->kind == AURORA_COLUMN_TIME;
    if (mistake_made == PLANTED_NARROW_NUMBERS && is_number)
        value->number = (int32_t)value->number;
    if (mistake_made == PLANTED_SHORT_TEXTS && value->kind == AURORA_COLUMN_TEXT &&
        value->length > TEXT_MAX)
        value->length = TEXT_MAX;
}

/* A copy of the puts with what the mistake makes of them, in *puts_out; how many are left. */
static uint32_t spoil(const aurora_store_put *puts, uint32_t count, aurora_store_put *puts_out,
                      aurora_value *values)
{
    uint32_t left = 0;
    for (uint32_t i = 0; i < count; i++) {
        const aurora_table *table = puts[i].table;
        bool is_delete = puts[i].kind == AURORA_PUT_DELETE;
        if (puts[i].kind == AURORA_PUT_INSERT && is_now(PLANTED_LOSE_ROW))
            continue;
        puts_out[left] = puts[i];
        uint32_t columns = is_delete ? table->key_count : table->column_count;
        memcpy(values, puts[i].values, columns * sizeof *values);
        for (uint32_t k = table->key_count; k < columns; k++)
            spoil_value(&values[k]);
        puts_out[left++].values = values;
        values += columns;
    }
    return left;
}

static aurora_status save(void *self, aurora_store_txn *txn, const aurora_store_put *puts,
                          uint32_t count, uint32_t *failed_out)
{
    if (count > 3 && is_now(PLANTED_HALF_BATCH))
        count /= 2;
    aurora_store_put *copies = malloc(count * sizeof *copies);
    aurora_value *values = malloc((size_t)count * 64 * sizeof *values);
    uint32_t left = spoil(puts, count, copies, values);
    aurora_status rc = AURORA_OK;
    *failed_out = 0;
    for (uint32_t i = 0; i < left && rc == AURORA_OK; i++) {
        uint32_t failed;
        rc = inner.save(self, txn, &copies[i], 1, &failed);
        *failed_out = i;
    }
    free(values);
    free(copies);
    return rc;
}

static aurora_status append(void *self, aurora_store_txn *txn, aurora_log_row *row)
{
    return is_now(PLANTED_LOSE_LOG) ? AURORA_OK : inner.append(self, txn, row);
}

static void rollback(void *self, aurora_store_txn *txn)
{
    static void **lost; /* for leak checkers, which are not those that are tried here */
    if (is_now(PLANTED_LEAK)) {
        void **piece = memory.allocate(memory.self, 100);
        if (piece != NULL) {
            *piece = lost;
            lost = piece;
        }
    }
    inner.rollback(self, txn);
}

/* --- reading ---------------------------------------------------------------------------------- */

static aurora_status log_read(void *self, aurora_store_txn *txn, int64_t from, size_t bytes_max,
                              aurora_log_row *rows_out, uint32_t capacity, uint32_t *count_out,
                              const aurora_arena_port *arena)
{
    aurora_status rc =
        inner.log_read(self, txn, from, bytes_max, rows_out, capacity, count_out, arena);
    if (rc == AURORA_OK && *count_out > 1 && mistake_made == PLANTED_REORDER_LOG) {
        aurora_log_row first = rows_out[0];
        rows_out[0] = rows_out[1];
        rows_out[1] = first;
    }
    return rc;
}

static aurora_status open_planted(void *self, const aurora_store_options *options,
                                  aurora_store *out, aurora_error *err)
{
    aurora_status rc = aurora_store_open("memory:", options, &inner, err);
    if (rc != AURORA_OK)
        return rc;
    mistake_made = *(const int *)self;
    calls = 0;
    has_lied = false;
    memory = *options->allocator;
    *out = inner;
    out->commit = commit;
    out->resolve = resolve;
    out->save = save;
    out->append = append;
    out->rollback = rollback;
    out->log_read = log_read;
    return AURORA_OK;
}

const aurora_sim_store *planted_store(int mistake)
{
    static int wanted;
    static const aurora_sim_store store = {.size = sizeof store,
                                           .flags = AURORA_SIM_STORE_STAYS,
                                           .name = "planted",
                                           .self = &wanted,
                                           .open = open_planted};
    wanted = mistake;
    return &store;
}

/* --- providers -------------------------------------------------------------------------------- */

#define ACCOUNTS_MAX 128

typedef struct {
    int mistake;
    uint32_t count;
    aurora_id ids[ACCOUNTS_MAX];
    aurora_sim_account accounts[ACCOUNTS_MAX];
} bank;

static aurora_sim_account *account_of(bank *of, aurora_id order_id)
{
    for (uint32_t i = 0; i < of->count; i++) {
        if (aurora_id_is_equal(of->ids[i], order_id))
            return &of->accounts[i];
    }
    if (of->count == ACCOUNTS_MAX)
        abort();
    of->ids[of->count] = order_id;
    of->accounts[of->count] = (aurora_sim_account){0};
    return &of->accounts[of->count++];
}

static int32_t authorize(const bank *of, aurora_sim_account *account, const aurora_task *task)
{
    if (account->is_voided && account->authorized_minor == 0 && of->mistake != PLANTED_FORGET_VOID)
        return AURORA_OUTCOME_DECLINED;
    account->authorized_minor = task->amount_minor;
    account->is_voided = 0;
    return AURORA_OUTCOME_DONE;
}

static int32_t do_verb(const bank *of, aurora_sim_account *account, const aurora_task *task)
{
    switch (task->verb) {
    case AURORA_VERB_AUTHORIZE:
        return account->authorized_minor > 0 ? AURORA_OUTCOME_DONE : authorize(of, account, task);
    case AURORA_VERB_CAPTURE:
        if (account->captures > 0 && of->mistake != PLANTED_FORGET_KEY)
            return AURORA_OUTCOME_DONE;
        if (account->captures == 0 && account->is_voided) /* a call that comes late */
            return AURORA_OUTCOME_DECLINED;
        account->captures++;
        account->captured_minor += task->amount_minor + (of->mistake == PLANTED_TAKE_MORE);
        return AURORA_OUTCOME_DONE;
    case AURORA_VERB_VOID:
        if (account->captures > 0)
            return AURORA_OUTCOME_DECLINED;
        account->is_voided = account->authorized_minor > 0 || of->mistake != PLANTED_FORGET_VOID;
        return AURORA_OUTCOME_DONE;
    default:
        if (account->refunds++ == 0 && of->mistake != PLANTED_LOSE_REFUND)
            account->refunded_minor = account->captured_minor;
        return AURORA_OUTCOME_DONE;
    }
}

static bool is_known(const aurora_sim_account *account, int32_t verb)
{
    return (verb == AURORA_VERB_AUTHORIZE && account->authorized_minor > 0) ||
           (verb == AURORA_VERB_CAPTURE && account->captures > 0) ||
           (verb == AURORA_VERB_VOID && account->is_voided) ||
           (verb == AURORA_VERB_REFUND && account->refunds > 0);
}

static void begin(void *self, uint64_t seed)
{
    bank *of = self;
    (void)seed;
    of->count = 0;
}

static void act(void *self, const aurora_task *task, aurora_task_result *result_out)
{
    bank *of = self;
    aurora_sim_account *account = account_of(of, task->order_id);
    if (!task->is_query)
        result_out->outcome = do_verb(of, account, task);
    else if (is_known(account, task->verb) || of->mistake == PLANTED_INVENT_ANSWER)
        result_out->outcome = AURORA_OUTCOME_DONE;
    else
        result_out->outcome = AURORA_OUTCOME_NOT_FOUND;
}

static void account(void *self, aurora_id order_id, aurora_sim_account *out)
{
    *out = *account_of(self, order_id);
}

const aurora_sim_provider *planted_provider(int mistake)
{
    static bank only;
    static const aurora_sim_provider provider = {
        .size = sizeof provider, .self = &only, .begin = begin, .act = act, .account = account};
    only.mistake = mistake;
    return &provider;
}
