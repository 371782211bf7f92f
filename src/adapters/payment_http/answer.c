/* SPDX-License-Identifier: MIT */
#include "adapters/payment_http/answer.h"

#include <string.h>

static const char *be_unknown(aurora__answer *out, int64_t retry_after_s, const char *why)
{
    memset(out, 0, sizeof *out);
    out->outcome = AURORA_OUTCOME_UNKNOWN;
    if (retry_after_s > AURORA__RETRY_AFTER_MS_MAX / 1000)
        retry_after_s = AURORA__RETRY_AFTER_MS_MAX / 1000;
    if (retry_after_s > 0)
        out->retry_after_ms = (uint32_t)retry_after_s * 1000;
    return why;
}

static const char *judge_success(const aurora__reply *reply, aurora__answer *out)
{
    if (!aurora__answer_read(reply->body, reply->length, out))
        return be_unknown(out, 0, "the answer is no outcome");
    if (out->outcome == AURORA_OUTCOME_NOT_FOUND && !reply->is_query)
        return be_unknown(out, 0, "not_found answers no query");
    if (out->outcome == AURORA_OUTCOME_UNKNOWN) {
        uint32_t retry_after_ms = out->retry_after_ms;
        be_unknown(out, 0, NULL);
        out->retry_after_ms = retry_after_ms;
        return "the answer is unknown";
    }
    return NULL;
}

/* The callback brings the outcome; what the body adds is a name and a time to ask. */
static const char *judge_accepted(const aurora__reply *reply, aurora__answer *out)
{
    if (!aurora__answer_read(reply->body, reply->length, out))
        memset(out, 0, sizeof *out);
    out->outcome = AURORA_OUTCOME_PENDING;
    out->code[0] = '\0';
    return NULL;
}

/* Statuses by which a proxy, or a bridge with another key, speaks of the request and not of the
 * payment: their bodies are not read. */
static bool is_about_request(long status)
{
    return status == 401 || status == 403 || status == 407 || status == 408 || status == 429;
}

static const char *judge_refusal(const aurora__reply *reply, aurora__answer *out)
{
    if (is_about_request(reply->status) || !aurora__answer_read(reply->body, reply->length, out))
        return be_unknown(out, reply->retry_after_s, "the request was refused");
    if (out->outcome == AURORA_OUTCOME_DECLINED ||
        (out->outcome == AURORA_OUTCOME_NOT_FOUND && reply->is_query))
        return NULL;
    return be_unknown(out, reply->retry_after_s, "the request was refused");
}

const char *aurora__answer_judge(const aurora__reply *reply, aurora__answer *out)
{
    if (reply->status == 202)
        return judge_accepted(reply, out);
    if (reply->status == 200 || reply->status == 201)
        return judge_success(reply, out);
    if (reply->status >= 400 && reply->status < 500)
        return judge_refusal(reply, out);
    if (reply->status >= 300 && reply->status < 400)
        return be_unknown(out, 0, "a redirect is not followed");
    if (reply->status >= 500)
        return be_unknown(out, reply->retry_after_s, "the bridge failed");
    return be_unknown(out, 0, "the answer has no body");
}
