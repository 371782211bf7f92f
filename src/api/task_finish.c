/* SPDX-License-Identifier: MIT */
/* Reporting how tasks went. */
#include "api/check.h"
#include "api/handle.h"
#include "api/pack.h"
#include "api/refuse.h"
#include "core/notification.h"
#include "engine/payments.h"

#define MANY_MAX 1024
#define WAIT_MS 60000

typedef struct {
    aurora__command head;
    aurora_id task_id;
    int32_t outcome;
    int64_t retry_after_ms;
    const char *code;
} sent_command;

static aurora_status sent_keys(aurora__command *base, aurora__turn *turn)
{
    return aurora__notification_keys(&turn->step, &((sent_command *)base)->task_id);
}

static aurora_status sent_decide(aurora__command *base, aurora__turn *turn)
{
    const sent_command *command = (const sent_command *)base;
    return aurora__notification_finish(&turn->step, &command->task_id, command->outcome,
                                       command->code, command->retry_after_ms);
}

static const aurora__command_class sent_class = {.name = "notification_finish",
                                                 .keys = sent_keys,
                                                 .decide = sent_decide};

static aurora__command *new_sent(aurora_t *shop, const aurora_id *task_id,
                                 const aurora_task_result *result)
{
    sent_command *command = aurora__command_new(shop->engine, &sent_class,
                                                sizeof *command + aurora__pack_bytes(result->code));
    if (command == NULL)
        return NULL;
    aurora__pack pack = {(char *)(command + 1)};
    command->task_id = *task_id;
    command->outcome = result->outcome;
    command->retry_after_ms = result->retry_after_ms;
    command->code = aurora__pack_text(&pack, result->code);
    return &command->head;
}

static aurora_status check_result(const aurora_task_result *result, aurora_error *err)
{
    aurora_status rc = aurora__check_range(err, "outcome", result->outcome, AURORA_OUTCOME_DONE,
                                           AURORA_OUTCOME_NOT_BEGUN);
    if (rc == AURORA_OK)
        rc = aurora__check_range(err, "kind", result->kind, 0, AURORA_TASK_NOTIFICATION);
    if (rc == AURORA_OK)
        rc = aurora__check_text(err, "provider_reference", result->provider_reference, 0,
                                AURORA_TEXT_BYTES_MAX, false);
    return rc == AURORA_OK
               ? aurora__check_text(err, "code", result->code, 0, AURORA_TEXT_BYTES_MAX, false)
               : rc;
}

/* The command of one report; NULL with *rc_out where it is refused. */
static aurora__command *new_finish(aurora_t *shop, const aurora_id *task_id,
                                   const aurora_task_result *given, aurora_status *rc_out,
                                   aurora_error *err)
{
    aurora_task_result result;
    int32_t verb = 0;
    int32_t kind = 0;
    *rc_out = aurora__copy_sized(&result, sizeof result, given, err);
    if (*rc_out == AURORA_OK)
        *rc_out = check_result(&result, err);
    if (*rc_out != AURORA_OK)
        return NULL;
    aurora__task_order(task_id, &verb);
    aurora__notification_order(task_id, &kind);
    bool may_pay = result.kind != AURORA_TASK_NOTIFICATION;
    bool may_notify = result.kind != AURORA_TASK_PAYMENT && task_id != NULL;
    aurora__command *command = NULL;
    if (verb != 0 && may_pay) {
        aurora__payment_result payment = {.outcome = result.outcome,
                                          .provider_reference = result.provider_reference,
                                          .code = result.code,
                                          .retry_after_ms = result.retry_after_ms};
        command = aurora__payment_finish_command(shop->engine, task_id, &payment);
    } else if (kind != 0 && may_notify) {
        command = new_sent(shop, task_id, &result);
    } else {
        *rc_out = aurora__refuse(err, AURORA_ENOTFOUND, "task_id", "was never a task");
        return NULL;
    }
    if (command == NULL)
        *rc_out = aurora__refuse_plain(err, AURORA_ENOMEM);
    return command;
}

aurora_status aurora_task_finish(aurora_t *shop, aurora_id task_id,
                                 const aurora_task_result *result, aurora_error *err)
{
    aurora_status rc = aurora__handle_enter_query(shop);
    if (rc != AURORA_OK)
        return aurora__refuse_plain(err, rc);
    aurora__command *command = new_finish(shop, &task_id, result, &rc, err);
    if (command != NULL) {
        rc = aurora__engine_call(shop->engine, command, WAIT_MS, err);
        aurora__command_release(command);
    }
    aurora__handle_leave(shop);
    return rc;
}

static void finish_all(aurora_t *shop, const aurora_id *task_ids,
                       const aurora_task_result *const *results, uint32_t count,
                       aurora_status *each, aurora__command **commands)
{
    for (uint32_t i = 0; i < count; i++) {
        commands[i] = new_finish(shop, &task_ids[i], results[i], &each[i], NULL);
        if (commands[i] == NULL)
            continue;
        each[i] = aurora__engine_submit(shop->engine, commands[i]);
        if (each[i] == AURORA_OK)
            continue;
        aurora__command_release(commands[i]);
        commands[i] = NULL;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (commands[i] == NULL)
            continue;
        each[i] = aurora__engine_await(shop->engine, commands[i], WAIT_MS, NULL);
        aurora__command_release(commands[i]);
    }
}

/* The first failure is the answer, with its number. */
static aurora_status finish_each(aurora_t *shop, const aurora_id *task_ids,
                                 const aurora_task_result *const *results, uint32_t count,
                                 aurora_status *each_out, aurora_error *err)
{
    aurora__command *commands[MANY_MAX];
    aurora_status each[MANY_MAX];
    finish_all(shop, task_ids, results, count, each, commands);
    for (uint32_t i = 0; i < count && each_out != NULL; i++)
        each_out[i] = each[i];
    for (uint32_t i = 0; i < count; i++) {
        if (each[i] == AURORA_OK)
            continue;
        aurora_status rc = aurora__refuse(err, each[i], "", "%s", aurora_status_text(each[i]));
        aurora__refuse_within(err, rc, "results", i);
        return rc;
    }
    return AURORA_OK;
}

aurora_status aurora_task_finish_many(aurora_t *shop, const aurora_id *task_ids,
                                      const aurora_task_result *const *results, uint32_t count,
                                      aurora_status *each_out, aurora_error *err)
{
    aurora_status rc = aurora__handle_enter_query(shop);
    if (rc != AURORA_OK)
        return aurora__refuse_plain(err, rc);
    rc = aurora__check_range(err, "count", count, 1, MANY_MAX);
    if (task_ids == NULL || results == NULL)
        rc = rc != AURORA_OK
                 ? rc
                 : aurora__refuse(err, AURORA_EINVAL, task_ids == NULL ? "task_ids" : "results",
                                  "is required");
    else if (rc == AURORA_OK)
        rc = finish_each(shop, task_ids, results, count, each_out, err);
    aurora__handle_leave(shop);
    return rc;
}
