/* SPDX-License-Identifier: MIT */
#include "payment_fixture.h"

void payment_fixture_init(payment_fixture *payment, int32_t provider)
{
    *payment = (payment_fixture){.core = core_fixture_new(), .order_id = core_fixture_order_id(1)};
    payment->core->policy.provider = provider;
    payment->saga = (aurora__saga){.customer_id = "customer-1",
                                   .contact = "ann@example.org",
                                   .currency = "EUR",
                                   .payment_method = "tok_approve",
                                   .total_minor = PAYMENT_TOTAL,
                                   .deadline_at = CORE_FIXTURE_NOW + 300000,
                                   .placed_at = CORE_FIXTURE_NOW - 5,
                                   .traceparent = "00-ab-cd-01"};
}

void payment_fixture_deinit(payment_fixture *payment)
{
    core_fixture_free(payment->core);
}

/* --- events ----------------------------------------------------------------------------------- */

typedef struct {
    aurora_status (*decision)(aurora__step *step, const aurora__event *event);
    aurora__event event;
} delivery;

static aurora_status run_delivery(aurora__step *step, void *context)
{
    const delivery *of = context;
    return of->decision(step, &of->event);
}

static aurora__event make_event(const payment_fixture *payment, int32_t kind)
{
    aurora__event event = {.kind = kind,
                           .order_id = payment->order_id,
                           .order_version = kind, /* any that tells events apart */
                           .at_ms = payment->core->now_ms,
                           .saga = &payment->saga};
    if (kind == AURORA_EVENT_ORDER_FAILED)
        event.reason = AURORA_REASON_DEADLINE;
    if (kind == AURORA_EVENT_ORDER_CANCELLED)
        event.reason = AURORA_REASON_CUSTOMER;
    return event;
}

aurora_status payment_deliver(payment_fixture *payment, int32_t kind)
{
    delivery of = {aurora__payment_on_event, make_event(payment, kind)};
    return core_fixture_run(payment->core, run_delivery, &of);
}

aurora_status payment_deliver_again(payment_fixture *payment, int32_t kind)
{
    delivery of = {aurora__payment_on_event, make_event(payment, kind)};
    of.event.is_resend = true;
    return core_fixture_run(payment->core, run_delivery, &of);
}

aurora_status payment_repair(payment_fixture *payment, int32_t action, int32_t result)
{
    delivery of = {aurora__payment_on_event, make_event(payment, AURORA_EVENT_ORDER_REPAIR)};
    of.event.action = action;
    of.event.result = result;
    of.event.participant = AURORA_PARTICIPANT_PAYMENT;
    of.event.actor = "operator";
    return core_fixture_run(payment->core, run_delivery, &of);
}

aurora_status payment_park(payment_fixture *payment, int32_t kind)
{
    delivery of = {aurora__payment_park, make_event(payment, kind)};
    return core_fixture_run(payment->core, run_delivery, &of);
}

/* --- calls ------------------------------------------------------------------------------------ */

static void keep(char buffer[64], const char **text)
{
    if (*text == NULL)
        return;
    ck_assert_uint_lt(strlen(*text), 64);
    *text = strcpy(buffer, *text);
}

static aurora_status run_take(aurora__step *step, void *context)
{
    payment_fixture *payment = context;
    return aurora__payment_take(step, &payment->order_id, PAYMENT_LEASE_MS, &payment->task,
                                &payment->is_taken);
}

void payment_take(payment_fixture *payment)
{
    aurora_assert_ok(core_fixture_run(payment->core, run_take, payment));
    if (!payment->is_taken)
        return;
    keep(payment->texts[0], &payment->task.currency);
    keep(payment->texts[1], &payment->task.payment_method);
    keep(payment->texts[2], &payment->task.provider_reference);
}

void payment_do(payment_fixture *payment, int32_t verb, int32_t outcome)
{
    payment_take(payment);
    ck_assert(payment->is_taken);
    ck_assert_int_eq(payment->task.verb, verb);
    aurora_assert_ok(payment_finish(payment, verb, outcome));
}

typedef struct {
    aurora_id task_id;
    const aurora__payment_result *result;
} finishing;

static aurora_status run_finish(aurora__step *step, void *context)
{
    const finishing *of = context;
    return aurora__payment_finish(step, &of->task_id, of->result);
}

aurora_status payment_finish_with(payment_fixture *payment, int32_t verb,
                                  const aurora__payment_result *result)
{
    finishing of = {aurora__task_id(&payment->order_id, verb), result};
    return core_fixture_run(payment->core, run_finish, &of);
}

aurora_status payment_finish(payment_fixture *payment, int32_t verb, int32_t outcome)
{
    aurora__payment_result result = {.outcome = outcome};
    if (outcome == AURORA_OUTCOME_DONE)
        result.provider_reference = "ref-1";
    if (outcome == AURORA_OUTCOME_DECLINED)
        result.code = "refused";
    return payment_finish_with(payment, verb, &result);
}

static aurora_status run_simulator(aurora__step *step, void *context)
{
    payment_fixture *payment = context;
    return aurora__simulator_call(step, &payment->task, &payment->answers);
}

void payment_simulate(payment_fixture *payment)
{
    aurora_assert_ok(core_fixture_run(payment->core, run_simulator, payment));
    for (uint32_t i = 0; i < payment->answers.count; i++) {
        keep(payment->texts[3 + 2 * i], &payment->answers.items[i].provider_reference);
        keep(payment->texts[4 + 2 * i], &payment->answers.items[i].code);
    }
}

void payment_exhaust(payment_fixture *payment)
{
    for (int i = 0; i < 100 && payment_row(payment)->parked_at == 0; i++) {
        payment_take(payment);
        if (payment->is_taken)
            aurora_assert_ok(payment_finish(payment, payment->task.verb, AURORA_OUTCOME_UNKNOWN));
        payment->core->now_ms += payment->core->policy.retry_max_ms;
    }
    ck_assert_int_ne(payment_row(payment)->parked_at, 0);
}

/* --- states ----------------------------------------------------------------------------------- */

static void bring_on(payment_fixture *payment, int32_t from, int32_t kind)
{
    payment_bring_to(payment, from);
    aurora_assert_ok(payment_deliver(payment, kind));
}

static void bring_by(payment_fixture *payment, int32_t from, int32_t verb, int32_t outcome)
{
    payment_bring_to(payment, from);
    payment_do(payment, verb, outcome);
}

static void bring_over(payment_fixture *payment, int32_t from, int32_t kind)
{
    payment_bring_to(payment, from);
    payment_take(payment);
    aurora_assert_ok(payment_deliver(payment, kind));
}

static void bring_late(payment_fixture *payment, int32_t verb)
{
    payment_bring_to(payment, AURORA__PAYMENT_DECLINED);
    aurora_assert_ok(payment_finish(payment, verb, AURORA_OUTCOME_DONE));
}

void payment_bring_to(payment_fixture *payment, int32_t state)
{
    switch (state) {
    case AURORA__PAYMENT_AUTHORIZING:
        bring_on(payment, 0, AURORA_EVENT_INVENTORY_RESERVED);
        break;
    case AURORA__PAYMENT_AUTHORIZED:
        bring_by(payment, AURORA__PAYMENT_AUTHORIZING, AURORA_VERB_AUTHORIZE, AURORA_OUTCOME_DONE);
        break;
    case AURORA__PAYMENT_DECLINED:
        bring_by(payment, AURORA__PAYMENT_AUTHORIZING, AURORA_VERB_AUTHORIZE,
                 AURORA_OUTCOME_DECLINED);
        break;
    case AURORA__PAYMENT_CAPTURING:
        bring_on(payment, AURORA__PAYMENT_AUTHORIZED, AURORA_EVENT_ORDER_COMPLETED);
        break;
    case AURORA__PAYMENT_CAPTURED:
        bring_by(payment, AURORA__PAYMENT_CAPTURING, AURORA_VERB_CAPTURE, AURORA_OUTCOME_DONE);
        break;
    case AURORA__PAYMENT_ABORTING:
        bring_over(payment, AURORA__PAYMENT_AUTHORIZING, AURORA_EVENT_ORDER_FAILED);
        break;
    case AURORA__PAYMENT_VOIDING:
        bring_on(payment, AURORA__PAYMENT_AUTHORIZED, AURORA_EVENT_ORDER_FAILED);
        break;
    case AURORA__PAYMENT_VOIDED:
        bring_by(payment, AURORA__PAYMENT_VOIDING, AURORA_VERB_VOID, AURORA_OUTCOME_DONE);
        break;
    case AURORA__PAYMENT_UNCHARGED:
        bring_on(payment, 0, AURORA_EVENT_ORDER_FAILED);
        break;
    case AURORA__PAYMENT_RETURNING:
        bring_over(payment, AURORA__PAYMENT_CAPTURING, AURORA_EVENT_ORDER_CANCELLED);
        break;
    case AURORA__PAYMENT_REFUNDING:
        bring_on(payment, AURORA__PAYMENT_CAPTURED, AURORA_EVENT_ORDER_CANCELLED);
        break;
    case AURORA__PAYMENT_REFUNDED:
        bring_by(payment, AURORA__PAYMENT_REFUNDING, AURORA_VERB_REFUND, AURORA_OUTCOME_DONE);
        break;
    case AURORA__PAYMENT_REVERSING:
        bring_late(payment, AURORA_VERB_AUTHORIZE);
        break;
    case AURORA__PAYMENT_RECLAIMING:
        bring_late(payment, AURORA_VERB_CAPTURE);
        break;
    case AURORA__PAYMENT_REVERSED:
        bring_by(payment, AURORA__PAYMENT_REVERSING, AURORA_VERB_VOID, AURORA_OUTCOME_DONE);
        break;
    case AURORA__PAYMENT_ORPHANED:
        aurora_assert_ok(payment_park(payment, AURORA_EVENT_ORDER_COMPLETED));
        break;
    case AURORA__PAYMENT_RECHECKING:
        bring_by(payment, AURORA__PAYMENT_VOIDING, AURORA_VERB_VOID, AURORA_OUTCOME_DECLINED);
        break;
    default:
        break;
    }
    ck_assert_int_eq(payment_state(payment), state);
}

const aurora__payment_row *payment_row(const payment_fixture *payment)
{
    const aurora__payment_row *row =
        core_fixture_get_by_id(payment->core, AURORA__TABLE_payment, payment->order_id);
    ck_assert_ptr_nonnull(row);
    return row;
}

int32_t payment_state(const payment_fixture *payment)
{
    const aurora__payment_row *row =
        core_fixture_get_by_id(payment->core, AURORA__TABLE_payment, payment->order_id);
    return row == NULL ? 0 : (int32_t)row->state;
}
