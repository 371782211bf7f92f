/* SPDX-License-Identifier: MIT */
/* The thread of a provider: begins what is queued, lets libcurl work, and reports what came. */
#include "adapters/payment_http/bridge.h"

#define SECOND_NS INT64_C(1000000000)
#define STOP_NS (2 * SECOND_NS) /* how long aurora_close waits for answers on their way */
#define IDLE_MS 60000
#define BUSY_MS 100

static void link_running(aurora__bridge *self, aurora__bridge_call *call)
{
    call->previous = NULL;
    call->next = self->running;
    if (call->next != NULL)
        call->next->previous = call;
    self->running = call;
}

static void unlink_running(aurora__bridge *self, aurora__bridge_call *call)
{
    if (call->next != NULL)
        call->next->previous = call->previous;
    if (call->previous != NULL)
        call->previous->next = call->next;
    else
        self->running = call->next;
}

static void end_call(aurora__bridge *self, aurora__bridge_call *call, CURLcode code)
{
    aurora__bridge_call_end(call, code);
    aurora__bridge_answered(self, call);
}

/* Returns whether to stop. */
static bool begin_queued(aurora__bridge *self)
{
    pthread_mutex_lock(&self->lock);
    aurora__bridge_call *call = self->queued;
    bool is_stopping = self->is_stopping;
    self->queued = NULL;
    self->queued_last = NULL;
    pthread_mutex_unlock(&self->lock);
    while (call != NULL) {
        aurora__bridge_call *next = call->next;
        if (is_stopping)
            end_call(self, call, CURLE_ABORTED_BY_CALLBACK);
        else if (aurora__bridge_call_begin(call))
            link_running(self, call);
        else
            end_call(self, call, CURLE_OUT_OF_MEMORY);
        call = next;
    }
    return is_stopping;
}

static void collect(aurora__bridge *self)
{
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(self->multi, &left)) != NULL) {
        char *private = NULL;
        CURLcode code = message->data.result;
        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
        aurora__bridge_call *call = (aurora__bridge_call *)(void *)private;
        unlink_running(self, call);
        end_call(self, call, code);
    }
}

static void abandon_all(aurora__bridge *self)
{
    while (self->running != NULL) {
        aurora__bridge_call *call = self->running;
        unlink_running(self, call);
        end_call(self, call, CURLE_ABORTED_BY_CALLBACK);
    }
}

/* What could not be reported even now is found by the end of its lease. */
static void drop_answered(aurora__bridge *self)
{
    while (self->answered != NULL) {
        aurora__bridge_call *call = self->answered;
        self->answered = call->next;
        aurora__bridge_call_free(call);
    }
}

void *aurora__bridge_run(void *argument)
{
    aurora__bridge *self = argument;
    int64_t stop_ns = 0;
    for (;;) {
        int running;
        bool is_stopping = begin_queued(self);
        curl_multi_perform(self->multi, &running);
        collect(self);
        int64_t now_ns = aurora__bridge_now_ns();
        if (is_stopping && stop_ns == 0)
            stop_ns = now_ns + STOP_NS;
        if (is_stopping && now_ns >= stop_ns)
            abandon_all(self);
        aurora__bridge_report(self);
        if (is_stopping && self->running == NULL && (self->answered == NULL || now_ns >= stop_ns))
            break;
        bool is_hurried = is_stopping || self->answered != NULL;
        curl_multi_poll(self->multi, NULL, 0, is_hurried ? BUSY_MS : IDLE_MS, NULL);
    }
    drop_answered(self);
    return NULL;
}
