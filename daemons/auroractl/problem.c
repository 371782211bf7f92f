/* SPDX-License-Identifier: MIT */
/* A server's problem (RFC 9457) in the words of the library, so that a refusal looks the same
 * whoever gave it. */
#include <stdio.h>
#include <string.h>

#include "fields.h"
#include "wire.h"

static const struct {
    const char *code;
    aurora_status status;
} codes[] = {
    {"not_found", AURORA_ENOTFOUND},
    {"conflict", AURORA_ECONFLICT},
    {"already_compensating", AURORA_ECONFLICT},
    {"key_in_flight", AURORA_EAGAIN},
    {"reference_taken", AURORA_ETAKEN},
    {"already_final", AURORA_EFINAL},
    {"parked", AURORA_EPARKED},
    {"insufficient_available", AURORA_EINSUFFICIENT},
    {"position_gone", AURORA_EGONE},
    {"precondition_failed", AURORA_EVERSION},
    {"event_too_large", AURORA_ETOOBIG},
    {"key_reused", AURORA_EKEYREUSED},
    {"unknown_sku", AURORA_EUNKNOWNSKU},
    {"currency_mismatch", AURORA_ECURRENCY},
    {"amount_overflow", AURORA_EOVERFLOW},
    {"overloaded", AURORA_EBUSY},
    {"draining", AURORA_EBUSY},
    {"unavailable", AURORA_EBUSY},
    {"timeout", AURORA_ETIMEDOUT},
    {"storage_full", AURORA_EFULL},
};

/* By its code, else by its number: an intermediary knows no codes. */
static aurora_status status_of(int http_status, const char *code)
{
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        if (strcmp(codes[i].code, code) == 0)
            return codes[i].status;
    }
    if (http_status == 502 || http_status == 503 || http_status == 504 || http_status == 429)
        return AURORA_EBUSY;
    return http_status >= 400 && http_status < 500 ? AURORA_EINVAL : AURORA_EIO;
}

bool ctl_reply_is_later(const ctl_reply *reply)
{
    return reply->status == 0 || aurora_status_is_retriable(ctl_reply_status(reply, NULL));
}

/* The first place that the problem blames, what it says there, and how many there are. */
static uint32_t read_place(aurora_json_value problem, const char **place_out,
                           const char **detail_out)
{
    uint32_t count = ctl_field_count(problem, "errors");
    if (count == 0)
        return 0;
    static const char *const kinds[] = {"pointer", "parameter", "header"};
    aurora_json_value first = aurora_json_item(ctl_field(problem, "errors"), 0);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (ctl_field_text(first, kinds[i]) != NULL)
            *place_out = ctl_field_text(first, kinds[i]);
    }
    if (ctl_field_text(first, "detail") != NULL)
        *detail_out = ctl_field_text(first, "detail");
    return count;
}

static aurora_status read_problem(int http_status, aurora_json_value problem, aurora_error *err)
{
    const char *code = ctl_field_text(problem, "code");
    const char *detail = ctl_field_text(problem, "detail");
    const char *place = "";
    aurora_status status = status_of(http_status, code == NULL ? "" : code);
    if (err == NULL)
        return status;
    uint32_t count = read_place(problem, &place, &detail);
    char more[32] = "";
    if (count > 1)
        snprintf(more, sizeof more, " and %u more", count - 1);
    snprintf(err->field, sizeof err->field, "%s", place);
    snprintf(err->message, sizeof err->message, "%.120s%s [%d %.40s]",
             detail == NULL ? aurora_status_text(status) : detail, more, http_status,
             code == NULL ? "" : code);
    return status;
}

aurora_status ctl_reply_status(const ctl_reply *reply, aurora_error *err)
{
    aurora_json_doc *doc = NULL;
    aurora_json_error error;
    aurora_status status = AURORA_EIO;
    if (reply->status >= 200 && reply->status < 300)
        return AURORA_OK;
    if (err != NULL) {
        err->field[0] = 0;
        snprintf(err->message, sizeof err->message, "the server cannot be reached: %.140s",
                 reply->failure);
    }
    if (reply->status != 0 && reply->body != NULL &&
        aurora_json_parse(reply->body, reply->body_len, &doc, &error)) {
        status = read_problem(reply->status, aurora_json_root(doc), err);
        aurora_json_free(doc);
    } else if (reply->status != 0) {
        status = status_of(reply->status, "");
        if (err != NULL)
            snprintf(err->message, sizeof err->message, "the server answers %d without saying why",
                     reply->status);
    }
    if (err != NULL)
        err->status = status;
    return status;
}
