/* SPDX-License-Identifier: MIT */
/* POST /payments/callbacks: a provider says how a task went. It signs as we sign what we send to
 * it; that, and not a principal, is its right to speak. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "http/signature.h"
#include "routes/answer.h"

#define TOLERANCE_S 300
#define RETRY_AFTER_MAX_MS 86400000

enum { TASK_ID, OUTCOME, PROVIDER_REFERENCE, CODE, RETRY_AFTER_MS, MEMBERS };

/* --- who speaks ------------------------------------------------------------------------------- */

static bool refuse_header(aurora_http_exchange *exchange, const char *name, const char *rule)
{
    aurora_http_blame(exchange, AURORA_HTTP_AT_HEADER, name, "%s", rule);
    aurora_http_set(exchange, "WWW-Authenticate", "Aurora-HMAC-SHA-256 realm=\"payments\"");
    aurora_http_problem(exchange, 401, "unauthorized", "%s %s", name, rule);
    return false;
}

/* Bounds how long a callback that somebody recorded can be repeated. */
static bool is_timely(const char *timestamp)
{
    size_t len = strlen(timestamp);
    if (len == 0 || len > 12 || strspn(timestamp, "0123456789") != len)
        return false;
    return llabs((long long)time(NULL) - strtoll(timestamp, NULL, 10)) <= TOLERANCE_S;
}

static bool check_signature(aurora_http_exchange *exchange, const char *secret)
{
    const char *timestamp = aurora_http_header(exchange, "Aurora-Timestamp");
    const char *signature = aurora_http_header(exchange, "Aurora-Signature");
    char expected[AURORA_SIGNATURE_TEXT_BYTES];
    size_t len;
    if (timestamp == NULL || !is_timely(timestamp))
        return refuse_header(exchange, "Aurora-Timestamp",
                             "must be the present time in Unix seconds, within 5 minutes");
    const char *body = aurora_http_body(exchange, &len);
    aurora_signature_body(secret, timestamp, body, len, expected);
    if (signature == NULL || !aurora_signature_is_equal(signature, expected))
        return refuse_header(exchange, "Aurora-Signature",
                             "must be the HMAC-SHA-256 of the timestamp, a full stop and the body");
    return true;
}

/* --- what is said ----------------------------------------------------------------------------- */

static int32_t outcome_of(const char *name)
{
    for (int32_t outcome = AURORA_OUTCOME_DONE; outcome <= AURORA_OUTCOME_UNKNOWN; outcome++) {
        if (strcmp(aurora_outcome_name(outcome), name) == 0)
            return outcome;
    }
    return 0;
}

static bool read_optional(aurora_json_value value, const char **out, aurora_json_error *error)
{
    return !aurora_json_is_present(value) ||
           aurora_json_text(value, 0, AURORA_TEXT_BYTES_MAX, out, error);
}

static bool read_report(const aurora_json_doc *doc, aurora_id *task_id, aurora_task_result *result,
                        aurora_json_error *error)
{
    static const char *const names[] = {"task_id", "outcome", "provider_reference", "code",
                                        "retry_after_ms"};
    const char *id, *outcome;
    int64_t retry_after_ms = 0;
    aurora_json_value values[MEMBERS];
    aurora_task_result_init(result);
    if (!aurora_json_object(aurora_json_root(doc), names, MEMBERS, values, error) ||
        !aurora_json_text(values[TASK_ID], 1, AURORA_TEXT_BYTES_MAX, &id, error) ||
        !aurora_json_text(values[OUTCOME], 1, AURORA_TEXT_BYTES_MAX, &outcome, error) ||
        !read_optional(values[PROVIDER_REFERENCE], &result->provider_reference, error) ||
        !read_optional(values[CODE], &result->code, error) ||
        (aurora_json_is_present(values[RETRY_AFTER_MS]) &&
         !aurora_json_integer(values[RETRY_AFTER_MS], 0, RETRY_AFTER_MAX_MS, &retry_after_ms,
                              error)))
        return false;
    result->retry_after_ms = (uint32_t)retry_after_ms;
    result->kind = AURORA_TASK_PAYMENT; /* the provider's secret is no right to speak of others */
    result->outcome = outcome_of(outcome);
    if (result->outcome == 0)
        return aurora_json_refuse(values[OUTCOME], error,
                                  "must be done, declined, pending, not_found or unknown");
    if (aurora_id_parse(id, task_id) != AURORA_OK)
        return aurora_json_refuse(values[TASK_ID], error, "must be the id of a task, a UUID");
    return true;
}

static void finish(aurora_http_exchange *exchange, const aurora_routes *routes, aurora_id task_id,
                   const aurora_task_result *result)
{
    aurora_error err = AURORA_ERROR_INIT;
    aurora_json_out out = {0};
    aurora_status status = aurora_task_finish(routes->shop, task_id, result, &err);
    if (status == AURORA_ENOTFOUND) {
        aurora_http_blame(exchange, AURORA_HTTP_AT_POINTER, "/task_id", "was never a task");
        aurora_http_problem(exchange, 404, "not_found", "There is no such task");
        return;
    }
    if (status != AURORA_OK) {
        aurora_http_refuse(exchange, status, &err);
        return;
    }
    aurora_json_out_object(&out, NULL);
    aurora_json_out_id(&out, "task_id", task_id);
    aurora_json_out_text(&out, "outcome", aurora_outcome_name(result->outcome));
    aurora_json_out_close(&out, '}');
    aurora__answer_json(exchange, 200, &out);
}

static void take_callback(aurora_http_exchange *exchange, void *self)
{
    const aurora_routes *routes = self;
    aurora_id task_id;
    aurora_task_result result;
    aurora_json_error error;
    aurora_json_doc *doc = NULL;
    if (routes->payment_secret == NULL || routes->payment_secret[0] == '\0') {
        aurora_http_problem(exchange, 404, "not_found",
                            "Nobody calls back here while no payment_secret is set");
        return;
    }
    if (!check_signature(exchange, routes->payment_secret) || !aurora__body_parse(exchange, &doc))
        return;
    if (read_report(doc, &task_id, &result, &error))
        finish(exchange, routes, task_id, &result);
    else
        aurora__body_refuse(exchange, &error);
    aurora_json_free(doc);
}

aurora_route_table aurora_routes_payments(void)
{
    static const aurora_http_route routes[] = {
        {AURORA_HTTP_POST, 0, AURORA_HTTP_BLOCKING | AURORA_HTTP_ANY_BODY | AURORA_HTTP_SIGNED,
         "/payments/callbacks", "", "takePaymentCallback", take_callback},
    };
    return (aurora_route_table){routes, sizeof routes / sizeof *routes};
}
