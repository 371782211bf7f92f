/* SPDX-License-Identifier: MIT */
/* A payment provider with books of its own: calls arrive late, twice or never, answers get lost and
 * come again. It knows its idempotency keys; what it says is what its books say. */
#include "sim/world.h"

#include <aurora/task.h>

/* --- the books ---------------------------------------------------------------------------- */

static int32_t authorize(aurora__sim_world *world, aurora__sim_books *books, bool is_query)
{
    if (books->is_voided || books->is_declined)
        return AURORA_OUTCOME_DECLINED;
    if (books->is_authorized)
        return AURORA_OUTCOME_DONE;
    if (is_query)
        return AURORA_OUTCOME_NOT_FOUND;
    books->is_declined = aurora__sim_below(world, 100) < world->options.decline;
    books->is_authorized = !books->is_declined;
    return books->is_declined ? AURORA_OUTCOME_DECLINED : AURORA_OUTCOME_DONE;
}

static int32_t capture(aurora__sim_world *world, aurora__sim_books *books, bool is_query,
                       int64_t amount)
{
    bool is_forgetful = AURORA_PLANT(CAPTURE_TWICE) && !is_query;
    if (books->captured > 0 && !is_forgetful)
        return AURORA_OUTCOME_DONE;
    if (is_query)
        return AURORA_OUTCOME_NOT_FOUND;
    if (!books->is_authorized || books->is_voided)
        return AURORA_OUTCOME_DECLINED;
    if (aurora__sim_fault(world, AURORA__OPTION_refuse))
        return AURORA_OUTCOME_DECLINED;
    books->captured += amount;
    books->captures++;
    return AURORA_OUTCOME_DONE;
}

/* A key that is void before it was ever seen stays void. */
static int32_t void_key(aurora__sim_world *world, aurora__sim_books *books, bool is_query)
{
    if (books->captured > 0)
        return AURORA_OUTCOME_DECLINED;
    if (!books->is_voided && is_query)
        return AURORA_OUTCOME_NOT_FOUND;
    if (!books->is_voided && aurora__sim_fault(world, AURORA__OPTION_refuse))
        return AURORA_OUTCOME_DECLINED;
    books->is_voided = true;
    return AURORA_OUTCOME_DONE;
}

static int32_t refund(aurora__sim_world *world, aurora__sim_books *books, bool is_query,
                      int64_t amount)
{
    if (books->refunded > 0)
        return AURORA_OUTCOME_DONE;
    if (AURORA_PLANT(LOSE_REFUND))
        return AURORA_OUTCOME_DONE;
    if (is_query)
        return AURORA_OUTCOME_NOT_FOUND;
    if (books->captured == 0 || aurora__sim_fault(world, AURORA__OPTION_refuse))
        return AURORA_OUTCOME_DECLINED;
    books->refunded += amount;
    books->refunds++;
    return AURORA_OUTCOME_DONE;
}

static int32_t execute(aurora__sim_world *world, const aurora__sim_item *call)
{
    aurora__sim_order *order = &world->orders[call->order];
    switch (call->verb) {
    case AURORA_VERB_AUTHORIZE:
        return authorize(world, &order->books, call->is_query);
    case AURORA_VERB_CAPTURE:
        return capture(world, &order->books, call->is_query, order->total_minor);
    case AURORA_VERB_VOID:
        return void_key(world, &order->books, call->is_query);
    default:
        return refund(world, &order->books, call->is_query, order->total_minor);
    }
}

/* --- the way there and back --------------------------------------------------------------- */

static void post(aurora__sim_world *world, aurora__sim_item item, uint32_t within_ms)
{
    item.at_ms = world->now_ms + 1 + aurora__sim_below(world, within_ms);
    aurora__sim_agenda_add(world, item);
}

/* The caller hears nothing: it says so, or its lease runs out. */
static void give_up(aurora__sim_world *world, const aurora__sim_item *call)
{
    aurora__sim_item answer = *call;
    answer.kind = AURORA__SIM_ANSWER;
    answer.outcome = AURORA_OUTCOME_UNKNOWN;
    if (aurora__sim_below(world, 2) == 0)
        post(world, answer, 20000);
}

/* The policy of services_init: a pause of a second at least, 20 attempts at most. */
static void check_pause(aurora__sim_world *world, int32_t number, int32_t verb)
{
    aurora__sim_order *order = &world->orders[number];
    int64_t now = aurora__sim_service_of(world, AURORA__MODULE_PAYMENT)->clock_ms;
    bool is_free = order->calls[verb] == 0 || (order->asked >> verb & 1) != 0;
    aurora__sim_checking(world, AURORA__CHECK_pause);
    if (!is_free && now - order->called_at[verb] < 1000)
        aurora__sim_fail(world, AURORA__CHECK_pause, number, "%s is called again after %lld ms",
                         aurora_verb_name(verb), (long long)(now - order->called_at[verb]));
    if (++order->calls[verb] > 21)
        aurora__sim_fail(world, AURORA__CHECK_pause, number, "%s is called %u times",
                         aurora_verb_name(verb), order->calls[verb]);
    order->asked = (uint8_t)(order->asked & ~(1u << verb));
    order->called_at[verb] = now;
}

bool aurora__sim_provider_call(aurora__sim_world *world, const aurora__payment_task *task)
{
    int32_t order = aurora__sim_order_of(world, &task->order_id);
    aurora__sim_item call = {.kind = AURORA__SIM_CALL,
                             .order = order,
                             .verb = task->verb,
                             .is_query = task->is_query,
                             .id = task->id};
    if (!aurora__sim_edge_enter(world, &call.pass))
        return false;
    aurora__sim_checking(world, AURORA__CHECK_I12);
    if (task->amount_minor != world->orders[order].total_minor)
        aurora__sim_fail(world, AURORA__CHECK_I12, order, "a call of %lld for an order of %lld",
                         (long long)task->amount_minor,
                         (long long)world->orders[order].total_minor);
    check_pause(world, order, task->verb);
    aurora__sim_checking(world, AURORA__CHECK_I2);
    uint8_t bit = (uint8_t)(1u << task->verb);
    if (!task->is_query && (world->orders[order].sent & bit) != 0)
        aurora__sim_fail(world, AURORA__CHECK_I2, order,
                         "%s is sent again before anybody asked for the first",
                         aurora_verb_name(task->verb));
    world->orders[order].sent |= task->is_query ? 0 : bit;
    if (aurora__sim_is_isolated(aurora__sim_service_of(world, AURORA__MODULE_PAYMENT)) ||
        aurora__sim_fault(world, AURORA__OPTION_timeout)) {
        aurora__sim_trace(world, order, "the call is lost on its way to the provider");
        give_up(world, &call);
        return true;
    }
    post(world, call, aurora__sim_fault(world, AURORA__OPTION_late) ? 90000 : 300);
    call.pass.ticket = 0;
    if (aurora__sim_fault(world, AURORA__OPTION_echo))
        post(world, call, 20000);
    return true;
}

/* Of two instances of a provider one refuses what the other has just done. The truth comes later,
 * and until somebody hears it. */
static void contradict(aurora__sim_world *world, const aurora__sim_item *done)
{
    aurora__sim_item answer = *done;
    answer.outcome = AURORA_OUTCOME_DECLINED;
    aurora__sim_trace(world, done->order, "the provider will say that it is declined");
    post(world, answer, 300);
    answer = *done;
    answer.pass.ticket = 0;
    answer.is_insistent = true;
    post(world, answer, 30000);
}

void aurora__sim_provider_execute(aurora__sim_world *world, const aurora__sim_item *call)
{
    aurora__sim_item answer = *call;
    if (!world->is_mended && world->orders[call->order].is_silent) {
        give_up(world, call);
        return;
    }
    answer.kind = AURORA__SIM_ANSWER;
    answer.outcome = execute(world, call);
    aurora__sim_trace(world, call->order, "provider: %s%s is %s", call->is_query ? "query of " : "",
                      aurora_verb_name(call->verb), aurora_outcome_name(answer.outcome));
    aurora__sim_check_books(world, call->order);
    if (call->verb == AURORA_VERB_AUTHORIZE && answer.outcome == AURORA_OUTCOME_DONE &&
        aurora__sim_fault(world, AURORA__OPTION_contradict)) {
        contradict(world, &answer);
        return;
    }
    if (aurora__sim_fault(world, AURORA__OPTION_silence)) {
        aurora__sim_trace(world, call->order, "the provider's answer is lost");
        give_up(world, call);
        return;
    }
    if (aurora__sim_fault(world, AURORA__OPTION_late)) {
        aurora__sim_item pending = answer;
        pending.outcome = AURORA_OUTCOME_PENDING;
        pending.pass.ticket = 0;
        if (aurora__sim_below(world, 2) == 0)
            post(world, pending, 300);
        post(world, answer, 120000);
        return;
    }
    if (aurora__sim_fault(world, AURORA__OPTION_early)) { /* the callback overtakes the answer */
        aurora__sim_item pending = answer;
        pending.outcome = AURORA_OUTCOME_PENDING;
        post(world, pending, 300);
        answer.pass.ticket = 0;
        post(world, answer, 1);
        return;
    }
    post(world, answer, 300);
    answer.pass.ticket = 0;
    if (aurora__sim_fault(world, AURORA__OPTION_echo))
        post(world, answer, 60000);
}

void aurora__sim_provider_answer(aurora__sim_world *world, const aurora__sim_item *answer)
{
    aurora__sim_edge_leave(world, &answer->pass, answer->outcome == AURORA_OUTCOME_UNKNOWN);
    aurora__sim_command finish = {.kind = AURORA__SIM_DO_FINISH,
                                  .order = answer->order,
                                  .id = answer->id,
                                  .answers = {{.outcome = answer->outcome}}};
    if (answer->outcome == AURORA_OUTCOME_DONE)
        finish.answers[0].provider_reference = "ref-1";
    if (answer->outcome == AURORA_OUTCOME_DECLINED)
        finish.answers[0].code = "no_funds";
    aurora__sim_service *service = aurora__sim_service_of(world, AURORA__MODULE_PAYMENT);
    if (answer->is_insistent && !world->orders[answer->order].is_heard) {
        aurora__sim_item again = *answer;
        again.pass.ticket = 0;
        post(world, again, 30000);
    }
    if (!aurora__sim_service_send(service, &finish))
        aurora__sim_trace(world, answer->order, "nobody hears the provider");
}
