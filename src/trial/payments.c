/* SPDX-License-Identifier: MIT */
/* The way between the shop and its provider: a host that takes tasks, calls, and reports. Requests
 * and answers are lost, late, or there twice; the taker may vanish in between. */
#include "trial/trial.h"

#include <stdlib.h>
#include <string.h>

#define TASKS_AT_ONCE 8
#define PAUSE_MS 2000
#define CALM_PAUSE_MS 2000
#define LEASE_MS 20000
#define LATE_MS 400000
#define TEXT_BYTES 48

static void copy_text(char *text_out, size_t bytes, const char *text)
{
    snprintf(text_out, bytes, "%s", text == NULL ? "" : text);
}

static void keep_text(char text_out[TEXT_BYTES], const char *text)
{
    copy_text(text_out, TEXT_BYTES, text);
}

/* --- answers ---------------------------------------------------------------------------------- */

static int32_t keep_answer(aurora__trial *world, const aurora__trial_answer *answer)
{
    if (world->answer_count == world->answer_capacity) {
        uint32_t capacity = world->answer_capacity == 0 ? 64 : world->answer_capacity * 2;
        world->answers = realloc(world->answers, capacity * sizeof *world->answers);
        if (world->answers == NULL)
            abort();
        world->answer_capacity = capacity;
    }
    world->answers[world->answer_count] = *answer;
    return (int32_t)world->answer_count++;
}

static aurora_status report(const aurora__trial_answer *answer, aurora_t *shop)
{
    return aurora_task_finish(
        shop, answer->task_id,
        AURORA_TASK_RESULT(.outcome = answer->outcome, .kind = AURORA_TASK_PAYMENT,
                           .provider_reference =
                               answer->reference[0] == '\0' ? NULL : answer->reference,
                           .code = answer->code[0] == '\0' ? NULL : answer->code,
                           .retry_after_ms = answer->retry_after_ms),
        NULL);
}

static void bring(aurora__trial *world, aurora_t *shop)
{
    const aurora__trial_answer answer = world->answers[world->now.number];
    aurora_status rc = report(&answer, shop);
    aurora_sim_note(world, "order %d: the provider's answer (%s) is taken: %s", answer.order,
                    aurora_outcome_name(answer.outcome), aurora_status_name(rc));
    if (aurora_status_is_retriable(rc))
        aurora__trial_again(world);
    else if (rc != AURORA_OK)
        aurora__trial_fail(world, answer.order, "I8", "order %d: its task's report answers %s",
                           answer.order, aurora_status_name(rc));
}

static void send(aurora__trial *world, const aurora__trial_answer *answer, int64_t delay_ms)
{
    aurora__trial_plan(world, AURORA__TRIAL_ANSWER, keep_answer(world, answer), delay_ms);
}

/* --- calls ------------------------------------------------------------------------------------ */

static void act(aurora__trial *world, const aurora_task *task, aurora__trial_answer *answer)
{
    aurora_task_result result;
    const aurora__trial_options *options = &world->options;
    aurora_task_result_init(&result);
    if (task->verb != AURORA_VERB_AUTHORIZE && task->is_query == 0 &&
        aurora__trial_fault(world, options->refuse, 100)) {
        answer->outcome = AURORA_OUTCOME_DECLINED;
        keep_text(answer->code, "not now");
        world->report->faults++;
        return;
    }
    world->provider->act(world->provider->self, task, &result);
    answer->outcome = result.outcome;
    answer->retry_after_ms = result.retry_after_ms;
    keep_text(answer->reference, result.provider_reference);
    keep_text(answer->code, result.code);
}

/* No answer came: the host says so, or has vanished with its lease. */
static void lose(aurora__trial *world, const aurora__trial_answer *answer, const char *what)
{
    aurora__trial_answer unknown = {
        .task_id = answer->task_id, .order = answer->order, .outcome = AURORA_OUTCOME_UNKNOWN};
    world->report->faults++;
    aurora_sim_note(world, "order %d: the %s lost", answer->order, what);
    if (aurora__trial_below(world, 3) != 0)
        send(world, &unknown, 1000 + aurora__trial_below(world, 10000));
}

/* The host hangs up and knows nothing; the call arrives all the same, perhaps after others. */
static void delay(aurora__trial *world, const aurora_task *task)
{
    if (world->call_count == world->call_capacity) {
        uint32_t capacity = world->call_capacity == 0 ? 16 : world->call_capacity * 2;
        world->calls = realloc(world->calls, capacity * sizeof *world->calls);
        if (world->calls == NULL)
            abort();
        world->call_capacity = capacity;
    }
    aurora__trial_call *kept = &world->calls[world->call_count];
    kept->task = *task;
    copy_text(kept->currency, sizeof kept->currency, task->currency);
    copy_text(kept->payment_method, sizeof kept->payment_method, task->payment_method);
    copy_text(kept->provider_reference, sizeof kept->provider_reference, task->provider_reference);
    copy_text(kept->customer_id, sizeof kept->customer_id, task->customer_id);
    aurora__trial_plan(world, AURORA__TRIAL_ARRIVE, (int32_t)world->call_count++,
                       1000 + aurora__trial_below(world, LATE_MS));
}

static void arrive(aurora__trial *world)
{
    aurora__trial_call *kept = &world->calls[world->now.number];
    aurora__trial_answer nobody_hears = {.task_id = kept->task.id};
    kept->task.currency = kept->currency;
    kept->task.payment_method = kept->payment_method;
    kept->task.provider_reference =
        kept->provider_reference[0] == '\0' ? NULL : kept->provider_reference;
    kept->task.customer_id = kept->customer_id;
    kept->task.contact = kept->task.reference = NULL;
    kept->task.decline_code = kept->task.traceparent = NULL;
    act(world, &kept->task, &nobody_hears);
    aurora_sim_note(world, "order %d: a late call to %s reaches the provider, which says %s",
                    aurora__trial_order_for(world, kept->customer_id),
                    aurora_verb_name(kept->task.verb), aurora_outcome_name(nobody_hears.outcome));
}

static void call(aurora__trial *world, const aurora_task *task)
{
    const aurora__trial_options *options = &world->options;
    aurora__trial_answer answer = {.task_id = task->id,
                                   .order = aurora__trial_order_for(world, task->customer_id)};
    aurora_sim_note(world, "order %d: the provider is %s to %s %lld, attempt %u", answer.order,
                    task->is_query != 0 ? "asked about its call" : "called",
                    aurora_verb_name(task->verb), (long long)task->amount_minor, task->attempt);
    if (aurora__trial_fault(world, options->request, 100)) {
        lose(world, &answer, "request is");
        return;
    }
    if (aurora__trial_fault(world, options->slow, 100)) {
        delay(world, task);
        lose(world, &answer, "request is, as it seems,");
        return;
    }
    act(world, task, &answer);
    aurora_sim_note(world, "order %d: the provider says %s", answer.order,
                    aurora_outcome_name(answer.outcome));
    if (aurora__trial_fault(world, options->reply, 100)) {
        lose(world, &answer, "answer is");
        if (aurora__trial_below(world, 2) == 0) /* a callback that comes when it is asked for */
            send(world, &answer, aurora__trial_below(world, LATE_MS));
        return;
    }
    bool is_late = aurora__trial_fault(world, options->late, 100);
    send(world, &answer,
         is_late ? aurora__trial_below(world, LATE_MS) : aurora__trial_below(world, 300));
    if (aurora__trial_fault(world, options->echo, 100))
        send(world, &answer, aurora__trial_below(world, LATE_MS));
}

static void serve(aurora__trial *world, aurora_t *shop)
{
    aurora_task_page *page = NULL;
    aurora_status rc =
        aurora_task_take(shop, AURORA_TASK_PAYMENT, TASKS_AT_ONCE, LEASE_MS, 0, &page);
    if (rc != AURORA_OK && !aurora_status_is_retriable(rc))
        aurora__trial_fail(world, -1, "I8", "taking tasks answers %s", aurora_status_name(rc));
    for (uint32_t i = 0; rc == AURORA_OK && i < page->count; i++) {
        if (aurora__trial_fault(world, world->options.leave, 100)) {
            aurora_sim_note(world, "the taker of %u tasks vanishes", page->count - i);
            break;
        }
        call(world, page->items[i]);
    }
    aurora_task_page_free(page);
    aurora__trial_plan(world, AURORA__TRIAL_TASKS, 0,
                       world->is_calm ? CALM_PAUSE_MS : 1 + aurora__trial_below(world, PAUSE_MS));
}

void aurora__trial_payments_act(aurora__trial *world, aurora_t *shop)
{
    if (world->now.kind == AURORA__TRIAL_ANSWER)
        bring(world, shop);
    else if (world->now.kind == AURORA__TRIAL_ARRIVE)
        arrive(world);
    else
        serve(world, shop);
}
