/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "adapters/payment_http/bridge.h"

#define CONNECT_MS_MAX 5000
#define REPLY_BYTES_FIRST 1024
#define HEADER_BYTES 128

aurora__bridge_call *aurora__bridge_call_new(const aurora__bridge *self, aurora_t *shop,
                                             const aurora_task *task)
{
    size_t length = aurora__bridge_body(task, NULL, 0);
    aurora__bridge_call *call =
        self->allocator.allocate(self->allocator.self, sizeof *call + length);
    if (call == NULL)
        return NULL;
    memset(call, 0, sizeof *call);
    call->bridge = self;
    call->shop = shop;
    call->task_id = task->id;
    call->verb = task->verb;
    call->is_query = task->is_query != 0;
    call->started_ns = aurora__bridge_now_ns();
    aurora__bridge_span_begin(call, task);
    call->body_length = aurora__bridge_body(task, call->body, length);
    return call;
}

static void drop_transfer(aurora__bridge_call *call)
{
    curl_easy_cleanup(call->easy);
    curl_slist_free_all(call->headers);
    call->easy = NULL;
    call->headers = NULL;
}

void aurora__bridge_call_free(aurora__bridge_call *call)
{
    const aurora_allocator *allocator = &call->bridge->allocator;
    drop_transfer(call);
    if (call->reply != NULL)
        allocator->release(allocator->self, call->reply);
    allocator->release(allocator->self, call);
}

/* --- what comes in ---------------------------------------------------------------------------- */

static bool make_room(aurora__bridge_call *call, size_t length)
{
    const aurora_allocator *allocator = &call->bridge->allocator;
    size_t capacity = call->reply_capacity == 0 ? REPLY_BYTES_FIRST : call->reply_capacity;
    while (capacity < length)
        capacity *= 2;
    if (capacity == call->reply_capacity)
        return true;
    char *reply = allocator->reallocate(allocator->self, call->reply, capacity);
    if (reply == NULL)
        return false;
    call->reply = reply;
    call->reply_capacity = capacity;
    return true;
}

/* Less than what came ends the transfer. */
static size_t take_body(char *bytes, size_t size, size_t count, void *argument)
{
    aurora__bridge_call *call = argument;
    size_t length = size * count;
    call->is_too_large = length > AURORA__REPLY_BYTES_MAX - call->reply_length;
    if (call->is_too_large || !make_room(call, call->reply_length + length))
        return length == 0 ? 1 : 0;
    memcpy(call->reply + call->reply_length, bytes, length);
    call->reply_length += length;
    return length;
}

static size_t take_head(char *bytes, size_t size, size_t count, void *argument)
{
    aurora__bridge_call *call = argument;
    size_t length = size * count;
    (void)bytes;
    call->head_length += length;
    call->is_too_large = call->head_length > AURORA__REPLY_BYTES_MAX;
    return call->is_too_large ? 0 : length;
}

/* --- what goes out ---------------------------------------------------------------------------- */

static bool add_header(aurora__bridge_call *call, const char *name, const char *value)
{
    char line[HEADER_BYTES];
    int length = snprintf(line, sizeof line, "%s:%s%s", name, value[0] != '\0' ? " " : "", value);
    struct curl_slist *headers =
        length < (int)sizeof line ? curl_slist_append(call->headers, line) : NULL;
    if (headers != NULL)
        call->headers = headers;
    return headers != NULL;
}

/* Signed when it is sent: a bridge refuses old timestamps. */
static bool add_headers(aurora__bridge_call *call)
{
    char timestamp[24], id[AURORA_ID_TEXT_BYTES], signature[AURORA__HEX_SHA256_BYTES];
    snprintf(timestamp, sizeof timestamp, "%" PRId64, (int64_t)time(NULL));
    aurora_id_format(call->task_id, id);
    return aurora__bridge_sign(call->bridge->secret, timestamp, call->body, call->body_length,
                               signature) &&
           add_header(call, "Content-Type", "application/json") &&
           add_header(call, "Accept", "application/json, application/problem+json") &&
           add_header(call, "Idempotency-Key", id) &&
           add_header(call, "Aurora-Timestamp", timestamp) &&
           add_header(call, "Aurora-Signature", signature) &&
           add_header(call, "Expect", "") && /* no 100 Continue: bodies are small */
           (call->traceparent[0] == '\0' || add_header(call, "traceparent", call->traceparent));
}

/* An option fails only for want of memory, which curl_multi_add_handle or the transfer would meet
 * as well: those that matter for safety are looked at. */
static bool set_options(aurora__bridge_call *call)
{
    const aurora__bridge *bridge = call->bridge;
    CURL *easy = call->easy;
    long connect_ms =
        bridge->timeout_ms < CONNECT_MS_MAX ? (long)bridge->timeout_ms : CONNECT_MS_MAX;
    curl_easy_setopt(easy, CURLOPT_PRIVATE, call);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)bridge->timeout_ms);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, connect_ms);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, call);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_head);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, call);
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)call->body_length);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, (const char *)call->body);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, call->headers);
    /* The environment of a host (http_proxy) has no say about where money goes. */
    return curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_USERAGENT, "aurora") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, bridge->is_https ? "https" : "http") ==
               CURLE_OK &&
           (bridge->ca_file == NULL ||
            (curl_easy_setopt(easy, CURLOPT_CAINFO, bridge->ca_file) == CURLE_OK &&
             curl_easy_setopt(easy, CURLOPT_CAPATH, NULL) == CURLE_OK)) &&
           curl_easy_setopt(easy, CURLOPT_URL, bridge->url) == CURLE_OK;
}

bool aurora__bridge_call_begin(aurora__bridge_call *call)
{
    call->easy = curl_easy_init();
    if (call->easy != NULL && add_headers(call) && set_options(call) &&
        curl_multi_add_handle(call->bridge->multi, call->easy) == CURLM_OK)
        return true;
    drop_transfer(call);
    return false;
}

/* --- what it came to -------------------------------------------------------------------------- */

/* curl_easy_strerror has one static text for each code. */
static const char *transport_failure(const aurora__bridge_call *call, CURLcode code)
{
    return call->is_too_large ? "the answer is longer than 64 KiB" : curl_easy_strerror(code);
}

static void read_transfer(aurora__bridge_call *call, CURLcode code)
{
    long bytes_sent = 0;
    curl_off_t retry_after_s = 0;
    curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &call->http_status);
    curl_easy_getinfo(call->easy, CURLINFO_REQUEST_SIZE, &bytes_sent);
    curl_easy_getinfo(call->easy, CURLINFO_RETRY_AFTER, &retry_after_s);
    call->is_begun = bytes_sent > 0;
    if (code != CURLE_OK) {
        call->why = transport_failure(call, code);
        return;
    }
    const aurora__reply reply = {.status = call->http_status,
                                 .is_query = call->is_query,
                                 .retry_after_s = retry_after_s,
                                 .body = call->reply,
                                 .length = call->reply_length};
    call->why = aurora__answer_judge(&reply, &call->answer);
}

static const char *text_or_null(const char *text)
{
    return text[0] != '\0' ? text : NULL;
}

void aurora__bridge_call_end(aurora__bridge_call *call, CURLcode code)
{
    call->answer.outcome = 0;
    call->is_abandoned = code == CURLE_ABORTED_BY_CALLBACK;
    if (call->easy != NULL) {
        read_transfer(call, code);
        curl_multi_remove_handle(call->bridge->multi, call->easy);
        drop_transfer(call);
    } else {
        call->why = transport_failure(call, code);
    }
    if (call->answer.outcome == 0)
        call->answer.outcome = call->is_begun ? AURORA_OUTCOME_UNKNOWN : AURORA_OUTCOME_NOT_BEGUN;
    call->result = (aurora_task_result){
        .size = sizeof call->result,
        .outcome = call->answer.outcome,
        .provider_reference = text_or_null(call->answer.provider_reference),
        .code = text_or_null(call->answer.code),
        .retry_after_ms = call->answer.retry_after_ms,
    };
    aurora__bridge_span_end(call);
}
