/* SPDX-License-Identifier: MIT */
/* Outcomes go into the shop in bulk: while one report waits for its commit, the next ones gather.
 * One that the shop could not take is reported again, until its lease is long over and a query has
 * taken its place. */
#include <inttypes.h>
#include <stdio.h>

#include "adapters/payment_http/bridge.h"

#define SECOND_NS INT64_C(1000000000)
#define REPORTS_MAX 256
#define AGAIN_NS (SECOND_NS / 5)
#define GIVE_UP_NS (60 * SECOND_NS)

/* --- the log ---------------------------------------------------------------------------------- */

/* One line a second at most: an outage is one thing to say, not thousands. */
static void warn(aurora__bridge *self, const aurora__bridge_call *call)
{
    char line[256], id[AURORA_ID_TEXT_BYTES], status[32] = "", more[48] = "";
    int64_t now_ns = aurora__bridge_now_ns();
    if (self->said_ns != 0 && now_ns - self->said_ns < SECOND_NS) {
        self->unsaid++;
        return;
    }
    aurora_id_format(call->task_id, id);
    if (call->http_status != 0)
        snprintf(status, sizeof status, " (HTTP %ld)", call->http_status);
    if (self->unsaid > 0)
        snprintf(more, sizeof more, "; %" PRIu32 " like it since the last line", self->unsaid);
    snprintf(line, sizeof line, "%s%s %s: %s%s%s", call->is_query ? "query of " : "",
             aurora_verb_name(call->verb), id, call->why, status, more);
    self->said_ns = now_ns;
    self->unsaid = 0;
    self->log(self->log_self, AURORA_LOG_WARNING, line);
}

static void say_breaker(aurora__bridge *self, bool is_open)
{
    if (is_open == self->was_open)
        return;
    self->was_open = is_open;
    self->log(self->log_self, is_open ? AURORA_LOG_ERROR : AURORA_LOG_INFO,
              is_open ? "most calls to the bridge fail: they are held back"
                      : "the bridge answers: calls pass again");
}

/* --- reports ---------------------------------------------------------------------------------- */

void aurora__bridge_answered(aurora__bridge *self, aurora__bridge_call *call)
{
    pthread_mutex_lock(&self->lock);
    aurora__bridge_gate_leave(self, call);
    bool is_open =
        aurora_breaker_state(&self->breaker, aurora__bridge_now_ns()) != AURORA_BREAKER_CLOSED;
    pthread_mutex_unlock(&self->lock);
    if (call->why != NULL && !call->is_abandoned)
        warn(self, call);
    say_breaker(self, is_open);
    call->next = self->answered;
    self->answered = call;
}

static void forget(aurora__bridge *self, aurora__bridge_call *call)
{
    pthread_mutex_lock(&self->lock);
    self->calls--;
    pthread_mutex_unlock(&self->lock);
    aurora__bridge_call_free(call);
}

/* Takes up to REPORTS_MAX off the list, which is not empty, and puts back what was not taken;
 * returns how many. */
static uint32_t report_some(aurora__bridge *self)
{
    aurora__bridge_call *calls[REPORTS_MAX];
    aurora_id ids[REPORTS_MAX];
    const aurora_task_result *results[REPORTS_MAX];
    aurora_status each[REPORTS_MAX];
    uint32_t count = 0;
    uint32_t kept = 0;
    do {
        calls[count] = self->answered;
        self->answered = self->answered->next;
        ids[count] = calls[count]->task_id;
        results[count] = &calls[count]->result;
        each[count] = AURORA_EBUSY; /* where the call as a whole is refused, nobody else says */
        count++;
    } while (self->answered != NULL && count < REPORTS_MAX);
    aurora_status rc = aurora_task_finish_many(calls[0]->shop, ids, results, count, each, NULL);
    int64_t now_ns = aurora__bridge_now_ns();
    for (uint32_t i = 0; i < count; i++) {
        bool is_again = rc != AURORA_OK && aurora_status_is_retriable(each[i]) &&
                        now_ns - calls[i]->started_ns < GIVE_UP_NS;
        if (!is_again) {
            forget(self, calls[i]);
            continue;
        }
        calls[i]->next = self->answered;
        self->answered = calls[i];
        kept++;
    }
    if (kept > 0)
        self->report_ns = now_ns + AGAIN_NS;
    return count - kept;
}

void aurora__bridge_report(aurora__bridge *self)
{
    while (self->answered != NULL && aurora__bridge_now_ns() >= self->report_ns) {
        if (report_some(self) == 0)
            break;
    }
}
