/* SPDX-License-Identifier: MIT */
/* A call is three commits apart from each other, as with a provider across a network: the lease,
 * the provider's own books, and each of its answers. A kill between any two is found by the lease's
 * end, and asked about by a query. */
#include "engine/payments.h"

#include "core/simulator.h"
#include "engine/internal.h"
#include "engine/trace.h"

#include <string.h>
#include <time.h>

#define LEASE_MS 30000
#define STOP_S 3

struct aurora__payments {
    aurora__port_call call;
    void *self;
    bool is_stopped;
};

/* --- answers -------------------------------------------------------------------------------- */

typedef struct {
    aurora__command head;
    aurora_id task_id;
    aurora__payment_result result;
    bool is_given_back; /* the call was not begun */
    bool was_query;
    int64_t lease_at; /* 0 = whoever reports it did not say which lease */
    int64_t pause_ms;
} finish_command;

#define BUSY_PAUSE_MS 1000

static aurora_status finish_keys(aurora__command *base, aurora__turn *turn)
{
    int32_t verb;
    aurora_id order_id = aurora__task_order(&((finish_command *)base)->task_id, &verb);
    return verb == AURORA_VERB_AUTHORIZE ? aurora__saga_keys(&turn->step, &order_id)
                                         : aurora__payment_keys(&turn->step, &order_id);
}

static aurora_status finish_decide(aurora__command *base, aurora__turn *turn)
{
    finish_command *command = (finish_command *)base;
    if (command->is_given_back)
        return aurora__payment_give_back(&turn->step, &command->task_id, command->lease_at,
                                         command->was_query, command->pause_ms);
    return aurora__payment_finish(&turn->step, &command->task_id, &command->result);
}

static void finish_describe(const aurora__command *base, aurora__span_draft *draft)
{
    const finish_command *command = (const finish_command *)base;
    int32_t verb;
    aurora_id order_id = aurora__task_order(&command->task_id, &verb);
    aurora__span_name(draft, "finish", "payment");
    aurora__span_text(draft, "aurora.payment.verb", aurora_verb_name(verb));
    aurora__span_text(draft, "aurora.payment.outcome",
                      aurora_outcome_name(command->result.outcome));
    aurora__span_order(draft, &order_id);
}

static const aurora__command_class finish_class = {.name = "payment_finish",
                                                   .keys = finish_keys,
                                                   .decide = finish_decide,
                                                   .describe = finish_describe};

static char *copy_behind(char **at, const char *text)
{
    if (text == NULL)
        return NULL;
    size_t bytes = strlen(text) + 1;
    char *copy = memcpy(*at, text, bytes);
    *at += bytes;
    return copy;
}

aurora__command *aurora__payment_finish_command(aurora__engine *engine, const aurora_id *task_id,
                                                const aurora__payment_result *result)
{
    size_t bytes = sizeof(finish_command);
    bytes += result->provider_reference == NULL ? 0 : strlen(result->provider_reference) + 1;
    bytes += result->code == NULL ? 0 : strlen(result->code) + 1;
    finish_command *command = aurora__command_new(engine, &finish_class, bytes);
    if (command == NULL)
        return NULL;
    char *at = (char *)(command + 1);
    command->task_id = *task_id;
    command->result = *result;
    /* Asked about first: who reports it may have lost the lease to somebody who did begin. */
    command->is_given_back = result->outcome == AURORA_OUTCOME_NOT_BEGUN;
    command->pause_ms = result->retry_after_ms > 0 ? result->retry_after_ms : BUSY_PAUSE_MS;
    command->result.provider_reference = copy_behind(&at, result->provider_reference);
    command->result.code = copy_behind(&at, result->code);
    return &command->head;
}

/* --- calls ---------------------------------------------------------------------------------- */

typedef struct {
    aurora__command head;
    aurora_id order_id;
    bool is_call; /* the simulator's books, after the lease */
    bool is_taken;
    aurora__payment_task task;
    aurora__simulator_answers answers;
} call_command;

static aurora_status call_keys(aurora__command *base, aurora__turn *turn)
{
    const call_command *command = (const call_command *)base;
    aurora_status rc = aurora__saga_keys(&turn->step, &command->order_id);
    return rc == AURORA_OK && command->is_call
               ? aurora__simulator_keys(&turn->step, &command->order_id)
               : rc;
}

static aurora_status call_decide(aurora__command *base, aurora__turn *turn)
{
    call_command *command = (call_command *)base;
    if (command->is_call)
        return aurora__simulator_call(&turn->step, &command->task, &command->answers);
    if (turn->engine->payments->is_stopped)
        return AURORA_OK;
    return aurora__payment_take(&turn->step, &command->order_id, LEASE_MS, &command->task,
                                &command->is_taken);
}

static void answer(aurora__engine *engine, const aurora_id *task_id,
                   const aurora__payment_result *result)
{
    aurora__command *finish = aurora__payment_finish_command(engine, task_id, result);
    if (finish != NULL)
        aurora__engine_push(engine, finish);
}

static void give_back(aurora__engine *engine, const aurora__payment_task *task)
{
    finish_command *command = aurora__command_new(engine, &finish_class, sizeof *command);
    if (command == NULL)
        return;
    command->task_id = task->id;
    command->is_given_back = true;
    command->was_query = task->is_query;
    command->lease_at = task->lease_at;
    command->pause_ms = BUSY_PAUSE_MS;
    aurora__engine_push(engine, &command->head);
}

/* The simulator is called in a commit of its own, after its latency. The task is remembered without
 * the texts of the leasing batch: the call finds them in the payment's row. */
static void call_simulator(aurora__engine *engine, const call_command *leased)
{
    size_t method =
        leased->task.payment_method == NULL ? 0 : strlen(leased->task.payment_method) + 1;
    size_t currency = leased->task.currency == NULL ? 0 : strlen(leased->task.currency) + 1;
    call_command *call =
        aurora__command_new(engine, leased->head.class_of, sizeof *call + method + currency);
    if (call == NULL)
        return;
    char *at = (char *)(call + 1);
    call->is_call = true;
    call->order_id = leased->order_id;
    call->task = leased->task;
    call->task.payment_method = copy_behind(&at, leased->task.payment_method);
    call->task.currency = copy_behind(&at, leased->task.currency);
    call->task.provider_reference = NULL;
    call->task.saga = NULL;
    int64_t latency_ns = engine->options.policy.simulator_latency_ms * 1000000;
    if (latency_ns == 0)
        aurora__engine_push(engine, &call->head);
    else
        aurora__engine_submit_later(engine, &call->head,
                                    aurora__engine_monotonic_ns(engine) + latency_ns);
}

static void call_port(aurora__engine *engine, const call_command *command)
{
    static const aurora__payment_result unknown = {.outcome = AURORA_OUTCOME_UNKNOWN};
    aurora__engine_callback_begin(engine);
    aurora_status rc = engine->payments->call(engine->payments->self, &command->task);
    aurora__engine_callback_end(engine);
    if (rc == AURORA_EBUSY)
        give_back(engine, &command->task);
    else if (rc != AURORA_OK)
        answer(engine, &command->task.id, &unknown);
}

static void call_drop(aurora__command *base, aurora_status status)
{
    (void)status;
    aurora__timer_hold(base->engine);
}

static bool call_finish(aurora__command *base, aurora__turn *turn, aurora_status status)
{
    call_command *command = (call_command *)base;
    aurora__engine *engine = turn->engine;
    if (status != AURORA_OK)
        call_drop(base, status);
    for (uint32_t i = 0; status == AURORA_OK && command->is_call && i < command->answers.count; i++)
        answer(engine, &command->task.id, &command->answers.items[i]);
    if (status != AURORA_OK || command->is_call || !command->is_taken)
        return true;
    if (engine->payments->call == NULL)
        call_simulator(engine, command);
    else
        call_port(engine, command);
    return true;
}

static const aurora__command_class call_class = {.name = "payment_call",
                                                 .keys = call_keys,
                                                 .decide = call_decide,
                                                 .finish = call_finish,
                                                 .drop = call_drop};

static aurora__command *new_call(aurora__engine *engine, const aurora_id *order_id)
{
    call_command *command = aurora__command_new(engine, &call_class, sizeof *command);
    if (command == NULL)
        return NULL;
    command->order_id = *order_id;
    return &command->head;
}

aurora_status aurora__payments_drive(aurora__engine *engine, aurora__port_call call, void *self)
{
    const aurora_allocator *allocator = engine->options.allocator;
    struct aurora__payments *payments = allocator->allocate(allocator->self, sizeof *payments);
    if (payments == NULL)
        return AURORA_ENOMEM;
    *payments = (struct aurora__payments){.call = call, .self = self};
    pthread_mutex_lock(&engine->lock);
    while (engine->is_driving)
        pthread_cond_wait(&engine->changed, &engine->lock);
    allocator->release(allocator->self, engine->payments);
    engine->payments = payments;
    if (call != NULL)
        engine->options.policy.provider = AURORA__PROVIDER_PORT;
    aurora__engine_drive_payments(engine, new_call);
    pthread_mutex_unlock(&engine->lock);
    return AURORA_OK;
}

/* Whoever drives made what it leased before it lets go: a lease without a call would have to end by
 * itself. */
void aurora__payments_stop(aurora__engine *engine)
{
    struct timespec until;
    int rc = 0;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += STOP_S;
    pthread_mutex_lock(&engine->lock);
    while (engine->is_driving && rc == 0)
        rc = pthread_cond_timedwait(&engine->changed, &engine->lock, &until);
    /* A batch asks a store that is away what became of its commit. */
    if (engine->is_driving)
        atomic_store(&engine->is_giving_up, true);
    while (engine->is_driving)
        pthread_cond_wait(&engine->changed, &engine->lock);
    aurora__engine_drive_payments(engine, NULL);
    engine->payments->is_stopped = true;
    pthread_mutex_unlock(&engine->lock);
}

void aurora__payments_free(aurora__engine *engine)
{
    engine->options.allocator->release(engine->options.allocator->self, engine->payments);
}
