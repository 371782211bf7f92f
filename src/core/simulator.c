/* SPDX-License-Identifier: MIT */
#include "core/simulator.h"

#include "core/payment_machine.h"

#define CODE_DECLINED "declined"
#define CODE_VOIDED "voided"
#define CODE_NOT_AUTHORIZED "not_authorized"
#define CODE_NOT_CAPTURED "not_captured"
#define CODE_CAPTURED "already_captured"

/* --- tokens ----------------------------------------------------------------------------------- */

bool aurora__simulator_answers_at_once(const char *payment_method)
{
    return !aurora__text_is_equal(payment_method, "tok_timeout") &&
           !aurora__text_is_equal(payment_method, "tok_timeout_approve") &&
           !aurora__text_is_equal(payment_method, "tok_duplicate");
}

/* splitmix64 (Steele, Lea, Flood 2014) as a hash: its output function over one state. */
static uint64_t scramble(uint64_t word)
{
    word += 0x9E3779B97F4A7C15u;
    word = (word ^ (word >> 30)) * 0xBF58476D1CE4E5B9u;
    word = (word ^ (word >> 27)) * 0x94D049BB133111EBu;
    return word ^ (word >> 31);
}

static uint64_t read_word(const uint8_t *bytes)
{
    uint64_t word = 0;
    for (int i = 0; i < 8; i++)
        word = word << 8 | bytes[i];
    return word;
}

static bool is_drawn(const aurora__policy *policy, const aurora_id *order_id)
{
    uint64_t word = scramble(policy->simulator_seed);
    word = scramble(word ^ read_word(order_id->bytes));
    word = scramble(word ^ read_word(order_id->bytes + 8));
    return (int64_t)(word % 1000000) < policy->simulator_decline_ppm;
}

const char *aurora__simulator_decline_code(const aurora__policy *policy, const aurora_id *order_id,
                                           const char *payment_method)
{
    static const char prefix[] = "tok_decline_";
    if (payment_method != NULL) {
        if (aurora__text_is_equal(payment_method, "tok_approve") ||
            !aurora__simulator_answers_at_once(payment_method))
            return NULL;
        if (aurora__text_is_equal(payment_method, "tok_decline") ||
            aurora__text_is_equal(payment_method, prefix))
            return CODE_DECLINED;
        size_t length = aurora__text_length(payment_method);
        if (length >= sizeof prefix && memcmp(payment_method, prefix, sizeof prefix - 1) == 0)
            return payment_method + sizeof prefix - 1;
    }
    return is_drawn(policy, order_id) ? CODE_DECLINED : NULL;
}

/* --- the books -------------------------------------------------------------------------------- */

typedef struct {
    aurora__step *step;
    const aurora__payment_task *task;
    aurora__ledger_row row; /* a copy; state 0 = the provider never heard of this key */
    bool is_stored;
} books;

/* What an inline payment's own row says about the money. */
static int64_t inline_state(int64_t state)
{
    switch (state) {
    case AURORA__PAYMENT_AUTHORIZED:
        return AURORA__LEDGER_AUTHORIZED;
    case AURORA__PAYMENT_DECLINED:
        return AURORA__LEDGER_DECLINED;
    case AURORA__PAYMENT_CAPTURED:
        return AURORA__LEDGER_CAPTURED;
    case AURORA__PAYMENT_VOIDED:
    case AURORA__PAYMENT_UNCHARGED:
        return AURORA__LEDGER_VOIDED;
    case AURORA__PAYMENT_REFUNDED:
        return AURORA__LEDGER_REFUNDED;
    default:
        return 0;
    }
}

static aurora_status open_inline(books *of)
{
    aurora__key key = aurora__key_uuid(AURORA__TABLE_payment, &of->task->order_id);
    const void *found;
    aurora_status rc = aurora__rows_read(of->step->rows, &key, &found);
    if (rc != AURORA_OK || found == NULL)
        return rc;
    const aurora__payment_row *payment = found;
    if (!payment->is_inline)
        return AURORA_OK;
    aurora__ledger_row *row = &of->row;
    row->state = inline_state(payment->state);
    row->amount_minor = payment->amount_minor;
    row->decline_code = payment->decline_code;
    if (row->state == AURORA__LEDGER_CAPTURED || row->state == AURORA__LEDGER_REFUNDED) {
        row->captured_minor = payment->amount_minor;
        row->captures = 1;
    }
    if (row->state == AURORA__LEDGER_REFUNDED)
        row->refunded_minor = payment->amount_minor;
    return AURORA_OK;
}

static aurora_status open_books(books *of, aurora__step *step, const aurora__payment_task *task)
{
    *of = (books){.step = step, .task = task};
    aurora__key key = aurora__key_uuid(AURORA__TABLE_ledger, &task->authorize_id);
    const void *found;
    aurora_status rc = aurora__rows_read(step->rows, &key, &found);
    if (rc != AURORA_OK)
        return rc;
    if (found != NULL) {
        memcpy(&of->row, found, sizeof of->row);
        of->is_stored = true;
        return AURORA_OK;
    }
    of->row.id = task->authorize_id;
    return open_inline(of);
}

static aurora_status write_books(books *of, int64_t state)
{
    aurora__ledger_row *row = &of->row;
    row->state = state;
    row->version++;
    row->updated_at = of->step->now_ms;
    row->currency = of->task->currency == NULL ? "" : of->task->currency;
    aurora__key key = aurora__key_uuid(AURORA__TABLE_ledger, &row->id);
    void *stored;
    aurora_status rc = of->is_stored ? aurora__rows_write(of->step->rows, &key, &stored)
                                     : aurora__rows_insert(of->step->rows, &key, &stored);
    if (rc != AURORA_OK)
        return rc;
    memcpy(stored, row, sizeof *row);
    of->is_stored = true;
    return AURORA_OK;
}

/* "sim_" and the key in hexadecimal. */
static const char *reference(books *of)
{
    static const char digits[] = "0123456789abcdef";
    char *text = aurora__arena_take(of->step->arena, 4 + 32 + 1);
    if (text == NULL)
        return NULL;
    memcpy(text, "sim_", 4);
    for (int i = 0; i < 16; i++) {
        text[4 + 2 * i] = digits[of->row.id.bytes[i] >> 4];
        text[5 + 2 * i] = digits[of->row.id.bytes[i] & 15];
    }
    text[36] = '\0';
    return text;
}

static aurora_status done(books *of, aurora__payment_result *result)
{
    result->outcome = AURORA_OUTCOME_DONE;
    result->provider_reference = reference(of);
    return result->provider_reference == NULL ? AURORA_ENOMEM : AURORA_OK;
}

static aurora_status declined(aurora__payment_result *result, const char *code)
{
    result->outcome = AURORA_OUTCOME_DECLINED;
    result->code = code;
    return AURORA_OK;
}

/* --- calls ------------------------------------------------------------------------------------ */

/* A key that the provider hears for the first time. */
static aurora_status authorize_new(books *of, aurora__payment_result *result)
{
    const char *token = of->task->payment_method;
    if (aurora__text_is_equal(token, "tok_timeout")) {
        result->outcome = AURORA_OUTCOME_UNKNOWN;
        return AURORA_OK;
    }
    const char *code = aurora__simulator_decline_code(of->step->policy, &of->task->order_id, token);
    of->row.amount_minor = of->task->amount_minor;
    of->row.decline_code = code;
    aurora_status rc =
        write_books(of, code == NULL ? AURORA__LEDGER_AUTHORIZED : AURORA__LEDGER_DECLINED);
    if (rc != AURORA_OK)
        return rc;
    if (code != NULL)
        return declined(result, code);
    if (!aurora__text_is_equal(token, "tok_timeout_approve"))
        return done(of, result);
    result->outcome = AURORA_OUTCOME_UNKNOWN;
    return AURORA_OK;
}

static aurora_status authorize(books *of, aurora__payment_result *result)
{
    switch (of->row.state) {
    case 0:
        if (!of->task->is_query)
            return authorize_new(of, result);
        result->outcome = AURORA_OUTCOME_NOT_FOUND;
        return AURORA_OK;
    case AURORA__LEDGER_DECLINED:
        return declined(result, of->row.decline_code);
    case AURORA__LEDGER_VOIDED:
        return declined(result, CODE_VOIDED);
    default:
        return done(of, result);
    }
}

static aurora_status capture(books *of, aurora__payment_result *result)
{
    aurora__ledger_row *row = &of->row;
    if (row->state == AURORA__LEDGER_CAPTURED || row->state == AURORA__LEDGER_REFUNDED)
        return done(of, result);
    if (of->task->is_query) {
        result->outcome = AURORA_OUTCOME_NOT_FOUND;
        return AURORA_OK;
    }
    if (row->state != AURORA__LEDGER_AUTHORIZED || of->task->amount_minor != row->amount_minor)
        return declined(result, CODE_NOT_AUTHORIZED);
    row->captured_minor = row->amount_minor;
    row->captures++;
    aurora_status rc = write_books(of, AURORA__LEDGER_CAPTURED);
    return rc == AURORA_OK ? done(of, result) : rc;
}

/* Also by a key that was never authorized: it stays dead. */
static aurora_status void_key(books *of, aurora__payment_result *result)
{
    switch (of->row.state) {
    case AURORA__LEDGER_VOIDED:
    case AURORA__LEDGER_DECLINED:
        return done(of, result);
    case AURORA__LEDGER_CAPTURED:
    case AURORA__LEDGER_REFUNDED:
        return declined(result, CODE_CAPTURED);
    default:
        break;
    }
    if (of->task->is_query) {
        result->outcome = AURORA_OUTCOME_NOT_FOUND;
        return AURORA_OK;
    }
    aurora_status rc = write_books(of, AURORA__LEDGER_VOIDED);
    return rc == AURORA_OK ? done(of, result) : rc;
}

static aurora_status refund(books *of, aurora__payment_result *result)
{
    aurora__ledger_row *row = &of->row;
    if (row->state == AURORA__LEDGER_REFUNDED)
        return done(of, result);
    if (of->task->is_query) {
        result->outcome = AURORA_OUTCOME_NOT_FOUND;
        return AURORA_OK;
    }
    if (row->state != AURORA__LEDGER_CAPTURED)
        return declined(result, CODE_NOT_CAPTURED);
    row->refunded_minor = row->captured_minor;
    aurora_status rc = write_books(of, AURORA__LEDGER_REFUNDED);
    return rc == AURORA_OK ? done(of, result) : rc;
}

aurora_status aurora__simulator_keys(aurora__step *step, const aurora_id *order_id)
{
    aurora_id authorize_id = aurora__task_id(order_id, AURORA_VERB_AUTHORIZE);
    aurora__key ledger = aurora__key_uuid(AURORA__TABLE_ledger, &authorize_id);
    aurora__key payment = aurora__key_uuid(AURORA__TABLE_payment, order_id);
    aurora_status rc = aurora__rows_want(step->rows, &ledger);
    return rc == AURORA_OK ? aurora__rows_want(step->rows, &payment) : rc;
}

aurora_status aurora__simulator_call(aurora__step *step, const aurora__payment_task *task,
                                     aurora__simulator_answers *answers_out)
{
    books of;
    aurora_status rc = open_books(&of, step, task);
    if (rc != AURORA_OK)
        return rc;
    *answers_out = (aurora__simulator_answers){.count = 1};
    aurora__payment_result *result = &answers_out->items[0];
    switch (task->verb) {
    case AURORA_VERB_AUTHORIZE:
        rc = authorize(&of, result);
        break;
    case AURORA_VERB_CAPTURE:
        rc = capture(&of, result);
        break;
    case AURORA_VERB_VOID:
        rc = void_key(&of, result);
        break;
    case AURORA_VERB_REFUND:
        rc = refund(&of, result);
        break;
    default:
        return aurora__step_refuse(step, AURORA_EINVAL, "verb", "is none that a payment has");
    }
    if (rc != AURORA_OK || !aurora__text_is_equal(task->payment_method, "tok_duplicate"))
        return rc;
    answers_out->items[answers_out->count++] = *result;
    return AURORA_OK;
}
