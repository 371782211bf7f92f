/* SPDX-License-Identifier: MIT */
/* A complete request on its way to a handler, and its answer on the way back. */
#include "http/loop.h"

#include <string.h>

static void hand_to_worker(aurora_http_exchange *exchange)
{
    aurora_http_loop *loop = exchange->loop;
    if (!aurora__workers_admit(loop->server->workers)) {
        aurora_http_problem(exchange, 503, "overloaded", "Too many requests wait already.");
        return;
    }
    exchange->is_on_worker = true;
    exchange->next = NULL;
    *loop->jobs_end = exchange;
    loop->jobs_end = &exchange->next;
    loop->job_count++;
}

/* AURORA_HTTP_ADMIT_... */
static int ask(aurora_http_exchange *exchange)
{
    const aurora_http_options *options = &exchange->loop->server->options;
    if (options->admit == NULL || (exchange->route->flags & AURORA_HTTP_PROBE) != 0)
        return AURORA_HTTP_ADMIT_YES;
    return options->admit(options->self, exchange, false);
}

static void handle(aurora_http_exchange *exchange)
{
    int verdict = ask(exchange);
    exchange->asks_later = verdict == AURORA_HTTP_ADMIT_LATER;
    if (verdict == AURORA_HTTP_ADMIT_NO)
        return;
    if (exchange->asks_later || (exchange->route->flags & AURORA_HTTP_BLOCKING) != 0)
        hand_to_worker(exchange);
    else
        exchange->route->handle(exchange, exchange->loop->server->options.self);
}

static void tell_refusal(aurora_http_exchange *exchange)
{
    exchange->principal = (aurora_http_principal){.name = ""};
    aurora__answer_challenge(exchange, &exchange->refusal, exchange->has_token);
    aurora__answer_refusal(exchange, &exchange->refusal);
}

/* Or whoever guesses tokens, or floods us with bad ones, would have no limit at all. */
void aurora__dispatch_refuse(aurora_http_exchange *exchange)
{
    exchange->is_refused = true;
    int verdict = ask(exchange);
    exchange->asks_later = verdict == AURORA_HTTP_ADMIT_LATER;
    if (exchange->asks_later)
        hand_to_worker(exchange);
    else if (verdict == AURORA_HTTP_ADMIT_YES)
        tell_refusal(exchange);
}

static void go_on(aurora_http_exchange *exchange)
{
    aurora_http_loop *loop = exchange->loop;
    if (exchange->is_body_owned && aurora__loop_is_over(loop))
        aurora_http_problem(exchange, 503, "overloaded", "Too much is being worked on already.");
    else
        handle(exchange);
}

void aurora__dispatch(aurora_http_exchange *exchange)
{
    aurora_http_loop *loop = exchange->loop;
    exchange->started_ns = aurora__now_ns();
    exchange->state = AURORA__HANDLING;
    exchange->is_in_flight = true;
    aurora__count(&loop->counters.requests, 1);
    aurora__count(&loop->counters.in_flight, 1);
    if (aurora__request_judge(exchange))
        go_on(exchange);
}

void aurora__dispatch_again(aurora_http_exchange *exchange)
{
    if (exchange->connection == NULL)
        aurora_http_problem(exchange, 503, "unavailable", "The client has left.");
    else if (aurora__request_judge_again(exchange))
        go_on(exchange);
}

void aurora__dispatch_report(aurora_http_exchange *exchange)
{
    aurora_http_loop *loop = exchange->loop;
    const aurora_http_options *options = &loop->server->options;
    if (exchange->is_in_flight)
        aurora__count(&loop->counters.in_flight, -1);
    exchange->is_in_flight = false;
    aurora__span_report(exchange);
    if (options->access == NULL)
        return;
    const aurora_http_access access = {
        .route = exchange->route,
        .method = exchange->method_text,
        .path = exchange->path,
        .principal = exchange->principal.name == NULL ? "" : exchange->principal.name,
        .trace_id = exchange->trace_id,
        .span_id = exchange->span_id,
        .trace_flags = exchange->trace_flags,
        .peer = exchange->peer,
        .code = exchange->code,
        .status = exchange->status,
        .duration_ns = exchange->started_ns == 0 ? 0 : aurora__now_ns() - exchange->started_ns,
        .bytes_in = exchange->body_len,
        .bytes_out = exchange->bytes_out,
    };
    options->access(options->self, &access);
}

/* Where nobody waits for it any more; freed later, since a handler may still be on the stack. */
static void bury(aurora_http_exchange *exchange)
{
    exchange->next = exchange->loop->graves;
    exchange->loop->graves = exchange;
}

void aurora__dispatch_admitted(aurora_http_exchange *exchange)
{
    exchange->is_admitted = false;
    if (exchange->connection == NULL) {
        aurora_http_problem(exchange, 503, "unavailable", "The client has left.");
        return;
    }
    if (exchange->is_refused)
        tell_refusal(exchange);
    else
        exchange->route->handle(exchange, exchange->loop->server->options.self);
}

void aurora__dispatch_answered(aurora_http_exchange *exchange)
{
    aurora__connection *connection = exchange->connection;
    exchange->state = AURORA__ANSWERED;
    if (connection != NULL)
        aurora__connection_answer(connection, exchange);
    aurora__dispatch_report(exchange);
    if (connection == NULL)
        bury(exchange);
}
