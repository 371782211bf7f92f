/* SPDX-License-Identifier: MIT */
/* The notification module: one row for each outcome that a customer is to hear of, sent at most
 * once. A row is SENDING before the send; one that is found so after its lease may have been sent
 * or not, so it becomes UNKNOWN, is not sent again, and is listed. Pure: who follows the log is
 * engine/notification.h, who sends is a taker of tasks. */
#ifndef AURORA_CORE_NOTIFICATION_H
#define AURORA_CORE_NOTIFICATION_H

#include "core/step.h"

#include <aurora/notification.h>
#include <aurora/task.h>

/* notifications.state */
enum {
    AURORA__NOTIFICATION_PENDING = AURORA_NOTIFICATION_STATE_PENDING, /* to be had from due_at on */
    AURORA__NOTIFICATION_SENDING = AURORA_NOTIFICATION_STATE_SENDING, /* leased until due_at */
    AURORA__NOTIFICATION_SENT = AURORA_NOTIFICATION_STATE_SENT,
    AURORA__NOTIFICATION_UNKNOWN = AURORA_NOTIFICATION_STATE_UNKNOWN,
    AURORA__NOTIFICATION_FAILED = AURORA_NOTIFICATION_STATE_FAILED,
    AURORA__NOTIFICATION_SKIPPED = AURORA_NOTIFICATION_STATE_SKIPPED,
};

/* What a follower stores for an event. Texts are borrowed. */
typedef struct {
    aurora_id order_id;
    int32_t event_kind;
    int32_t state; /* PENDING, SENT or SKIPPED */
    int64_t order_version;
    int64_t at_ms;
    const char *saga; /* aurora__notification_saga; NULL unless PENDING */
} aurora__notification;

/* A notification that somebody shall send. Texts are in the step's arena. */
typedef struct {
    aurora_id id;
    aurora_id order_id;
    int32_t kind;     /* AURORA_NOTIFICATION_... */
    int32_t reason;   /* of the order */
    int64_t attempt;  /* from 1 */
    int64_t lease_at; /* found unfinished then, it is not sent again */
    int64_t total_minor;
    int64_t deadline_at;
    int64_t placed_at;
    const char *currency;
    const char *customer_id;
    const char *contact;
    const char *traceparent;
    const char *decline_code;
} aurora__notification_task;

/* AURORA_NOTIFICATION_... of an event kind and back; 0 for another. */
int32_t aurora__notification_kind(int32_t event_kind);
int32_t aurora__notification_event(int32_t kind);

/* The id of a notification's task: the order's with 4 + kind in its lowest three bits, which are 0
 * in every order id and a verb in a payment's task. */
aurora_id aurora__notification_task_id(const aurora_id *order_id, int32_t kind);

/* The order of a task id; *kind_out is 0 where the id cannot be a notification's. */
aurora_id aurora__notification_order(const aurora_id *task_id, int32_t *kind_out);

/* What a task needs to know, as the text of the row: NULL when memory is out. The event is
 * order.completed, order.failed or order.cancelled and has its saga. */
const char *aurora__notification_saga(aurora__arena *arena, const aurora__event *event);

/* Reads that text back into what *task_out has of it. AURORA_ECORRUPT; AURORA_ENOMEM. */
aurora_status aurora__notification_read(aurora__arena *arena, const char *text,
                                        aurora__notification_task *task_out);

/* Wants the row of a task. */
aurora_status aurora__notification_keys(aurora__step *step, const aurora_id *task_id);

/* Stores a notification; a no-op when its row is there. */
aurora_status aurora__notification_add(aurora__step *step, const aurora__notification *add);

/* Leases a PENDING one that is due until now + lease_ms. *taken_out is false where it is not due or
 * has ended; also where its lease ran out unfinished: it then becomes UNKNOWN, but with
 * policy.notify_repeats, where it is leased again up to policy.attempts_max times. */
aurora_status aurora__notification_take(aurora__step *step, const aurora_id *task_id,
                                        int64_t lease_ms, aurora__notification_task *task_out,
                                        bool *taken_out);

/* How a send went; repeats are no-ops, and a DONE that comes late is believed. DECLINED ends FAILED
 * with its code. UNKNOWN with retry_after_ms says that sending again is harmless: PENDING, FAILED
 * after policy.attempts_max; without, it ends UNKNOWN. NOT_BEGUN gives the lease back: PENDING, and
 * the attempt was none. AURORA_ENOTFOUND for an id without a row, AURORA_EINVAL for another
 * outcome. */
aurora_status aurora__notification_finish(aurora__step *step, const aurora_id *task_id,
                                          int32_t outcome, const char *code,
                                          int64_t retry_after_ms);

#endif
