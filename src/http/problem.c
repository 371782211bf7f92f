/* SPDX-License-Identifier: MIT */
/* Problem documents (RFC 9457) for every error, the library's statuses among them. */
#include <aurora/handle.h>

#include "http/json_out.h"
#include "http/loop.h"
#include "http/signature.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DETAIL_BYTES 512
#define RETRY_AFTER "1"

static const char problem_type[] = "application/problem+json";

/* --- places to blame -------------------------------------------------------------------------- */

void aurora_http_blame(aurora_http_exchange *exchange, int at, const char *place,
                       const char *format, ...)
{
    char detail[DETAIL_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(detail, sizeof(detail), format, arguments);
    va_end(arguments);

    aurora__text_pair *blame = aurora_http_alloc(exchange, sizeof(*blame));
    char *name = aurora__exchange_copy(exchange, place, strlen(place));
    char *value = aurora__exchange_copy(exchange, detail, strlen(detail));
    if (blame == NULL || name == NULL || value == NULL)
        return;
    *blame = (aurora__text_pair){.next = exchange->blames, .at = at, .name = name, .value = value};
    exchange->blames = blame;
}

void aurora_http_type(aurora_http_exchange *exchange, const char *uri)
{
    exchange->problem_type = uri;
}

static void extend(aurora_http_exchange *exchange, const char *name, const char *value,
                   bool is_list)
{
    aurora__text_pair *member = aurora_http_alloc(exchange, sizeof(*member));
    char *name_copy = aurora__exchange_copy(exchange, name, strlen(name));
    char *value_copy = aurora__exchange_copy(exchange, value, strlen(value));
    if (member == NULL || name_copy == NULL || value_copy == NULL)
        return;
    *member = (aurora__text_pair){
        .next = exchange->extensions, .at = is_list, .name = name_copy, .value = value_copy};
    exchange->extensions = member;
}

void aurora_http_extend(aurora_http_exchange *exchange, const char *name, const char *value)
{
    extend(exchange, name, value, false);
}

void aurora_http_extend_list(aurora_http_exchange *exchange, const char *name, const char *names)
{
    extend(exchange, name, names, true);
}

static void write_extension(aurora_json_out *out, const aurora__text_pair *member)
{
    char name[64];
    if (member->at == 0) {
        aurora_json_out_text(out, member->name, member->value);
        return;
    }
    aurora_json_out_array(out, member->name);
    for (const char *at = member->value; *at != '\0'; at += *at == ' ') {
        size_t len = strcspn(at, " ");
        snprintf(name, sizeof(name), "%.*s", (int)len, at);
        aurora_json_out_text(out, NULL, name);
        at += len;
    }
    aurora_json_out_close(out, ']');
}

static void write_blames(aurora_json_out *out, const aurora__text_pair *blame)
{
    static const char *const names[] = {"", "pointer", "parameter", "header"};
    if (blame == NULL)
        return;
    write_blames(out, blame->next);
    aurora_json_out_object(out, NULL);
    aurora_json_out_text(out, names[blame->at], blame->name);
    aurora_json_out_text(out, "detail", blame->value);
    aurora_json_out_close(out, '}');
}

/* --- the document ----------------------------------------------------------------------------- */

static char *write_problem(const aurora_http_exchange *exchange, int status, const char *code,
                           const char *detail, size_t *len_out)
{
    aurora_json_out out = {0};
    aurora_json_out_object(&out, NULL);
    aurora_json_out_text(&out, "type",
                         exchange->problem_type != NULL ? exchange->problem_type : "about:blank");
    aurora_json_out_text(&out, "title", aurora__answer_reason(status));
    aurora_json_out_int(&out, "status", status);
    aurora_json_out_text(&out, "code", code);
    aurora_json_out_text(&out, "detail", detail);
    aurora_json_out_text(&out, "trace_id", exchange->trace_id);
    if (exchange->blames != NULL) {
        aurora_json_out_array(&out, "errors");
        write_blames(&out, exchange->blames);
        aurora_json_out_close(&out, ']');
    }
    for (const aurora__text_pair *member = exchange->extensions; member != NULL;
         member = member->next)
        write_extension(&out, member);
    aurora_json_out_close(&out, '}');
    return aurora_json_out_end(&out, len_out);
}

static void answer_problem(aurora_http_exchange *exchange, int status, const char *code,
                           const char *detail)
{
    static const char no_memory[] =
        "{\"type\":\"about:blank\",\"title\":\"Service Unavailable\",\"status\":503,"
        "\"code\":\"unavailable\",\"detail\":\"Out of memory.\"}";
    size_t len = 0;
    char *text = write_problem(exchange, status, code, detail, &len);
    const char *code_copy = aurora__exchange_copy(exchange, code, strlen(code));
    exchange->code = code_copy == NULL ? "" : code_copy;
    if ((status == 503 || status == 429) && aurora__answer_field(exchange, "Retry-After") == NULL)
        aurora_http_set(exchange, "Retry-After", RETRY_AFTER);
    if (text == NULL)
        aurora__answer_static(exchange, 503, problem_type, no_memory);
    else
        aurora_http_reply_owned(exchange, status, problem_type, text, len);
}

void aurora_http_problem(aurora_http_exchange *exchange, int status, const char *code,
                         const char *format, ...)
{
    char detail[DETAIL_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(detail, sizeof(detail), format, arguments);
    va_end(arguments);
    answer_problem(exchange, status, code, detail);
}

void aurora__answer_challenge(aurora_http_exchange *exchange, const aurora_http_refusal *refusal,
                              bool has_token)
{
    static const char realm[] = "Bearer realm=\"aurora\"";
    char text[512], scope[160];
    bool is_bearer = refusal->header != NULL && strcmp(refusal->header, "Authorization") == 0;
    if (refusal->status == 403 && has_token) {
        aurora_scopes_write(exchange->route->scope, scope);
        snprintf(text, sizeof text, "%s, error=\"insufficient_scope\", scope=\"%s\"", realm, scope);
    } else if (refusal->status != 401) {
        return;
    } else if (is_bearer && has_token) {
        snprintf(text, sizeof text, "%s, error=\"invalid_token\", error_description=\"%s\"", realm,
                 refusal->detail);
    } else {
        snprintf(text, sizeof text, "%s",
                 is_bearer ? realm : "Aurora-HMAC-SHA-256 realm=\"aurora\"");
    }
    aurora_http_set(exchange, "WWW-Authenticate", text);
}

void aurora__answer_refusal(aurora_http_exchange *exchange, const aurora_http_refusal *refusal)
{
    if (refusal->header == NULL) {
        aurora_http_problem(exchange, refusal->status, refusal->code, "%s", refusal->detail);
        return;
    }
    aurora_http_blame(exchange, AURORA_HTTP_AT_HEADER, refusal->header, "%s", refusal->detail);
    aurora_http_problem(exchange, refusal->status, refusal->code, "%s %s", refusal->header,
                        refusal->detail);
}

/* --- the library's statuses ------------------------------------------------------------------- */

static const char *code_of(aurora_status status, bool has_body)
{
    static const struct {
        aurora_status status;
        const char *code;
    } codes[] = {
        {AURORA_ENOTFOUND, "not_found"},
        {AURORA_ECONFLICT, "conflict"},
        {AURORA_EAGAIN, "key_in_flight"},
        {AURORA_EBUSY, "overloaded"},
        {AURORA_ETIMEDOUT, "timeout"},
        {AURORA_ENOMEM, "unavailable"},
        {AURORA_EIO, "unavailable"},
        {AURORA_EFULL, "storage_full"},
        {AURORA_EINTR, "unavailable"},
        {AURORA_EGONE, "position_gone"},
        {AURORA_ENOTSUP, "not_implemented"},
        {AURORA_EKEYREUSED, "key_reused"},
        {AURORA_EUNKNOWNSKU, "unknown_sku"},
        {AURORA_ECURRENCY, "currency_mismatch"},
        {AURORA_EOVERFLOW, "amount_overflow"},
        {AURORA_ETAKEN, "reference_taken"},
        {AURORA_EVERSION, "precondition_failed"},
        {AURORA_EFINAL, "already_final"},
        {AURORA_EPARKED, "parked"},
        {AURORA_EINSUFFICIENT, "insufficient_available"},
        {AURORA_ETOOBIG, "event_too_large"},
        {AURORA_EEXPIRED, "conflict"},
    };
    if (status == AURORA_EINVAL)
        return has_body ? "invalid_field" : "invalid_parameter";
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (codes[i].status == status)
            return codes[i].code;
    }
    return "internal";
}

static const aurora_status_info *info_of(aurora_status status)
{
    uint32_t count;
    const aurora_status_info *table = aurora_status_table(&count);
    for (uint32_t i = 0; i < count; i++) {
        if (table[i].status == status)
            return &table[i];
    }
    return NULL;
}

/* "lines[3].quantity" as "/lines/3/quantity". */
static void write_pointer(const char *field, char *out, size_t size)
{
    size_t at = 0;
    if (size > 1)
        out[at++] = '/';
    for (; *field != '\0' && at + 2 < size; field++) {
        if (*field == ']')
            continue;
        if (*field == '.' || *field == '[') {
            out[at++] = '/';
        } else if (*field == '~' || *field == '/') {
            out[at++] = '~';
            out[at++] = *field == '~' ? '0' : '1';
        } else {
            out[at++] = *field;
        }
    }
    out[at] = '\0';
}

/* Keys and versions come in header fields, whatever the call names them. */
static const char *header_of(const aurora_http_exchange *exchange, aurora_status status)
{
    if (status == AURORA_EKEYREUSED || status == AURORA_EAGAIN)
        return aurora_http_header(exchange, "Idempotency-Key") ? "Idempotency-Key" : NULL;
    if (status != AURORA_EVERSION)
        return NULL;
    if (aurora_http_header(exchange, "If-Match") != NULL)
        return "If-Match";
    return aurora_http_header(exchange, "If-None-Match") != NULL ? "If-None-Match" : NULL;
}

/* The place that is to blame as the client names it, in `pointer` where it is of the body; NULL
 * where none is known. */
static const char *blame_field(aurora_http_exchange *exchange, aurora_status status, bool has_body,
                               const aurora_error *err, const char *message, char pointer[160])
{
    const char *header = header_of(exchange, status);
    if (header != NULL) {
        aurora_http_blame(exchange, AURORA_HTTP_AT_HEADER, header, "%s", message);
        return header;
    }
    if (err == NULL || err->field[0] == '\0')
        return NULL;
    if (has_body && aurora_http_param(exchange, err->field) == NULL) {
        write_pointer(err->field, pointer, 160);
        aurora_http_blame(exchange, AURORA_HTTP_AT_POINTER, pointer, "%s", message);
        return pointer;
    }
    aurora_http_blame(exchange, AURORA_HTTP_AT_PARAMETER, err->field, "%s", message);
    return err->field;
}

void aurora_http_refuse(aurora_http_exchange *exchange, aurora_status status,
                        const aurora_error *err)
{
    static const aurora_status_info unknown = {.http_status = 500, .text = "unknown status"};
    const aurora_status_info *info = info_of(status);
    if (info == NULL)
        info = &unknown;
    int http_status = info->http_status < 400 ? 500 : info->http_status;
    const char *message =
        err != NULL && err->status == status && err->message[0] != '\0' ? err->message : info->text;
    bool has_body = exchange->body_len > 0;
    if (http_status == 500) { /* what broke inside is for the log */
        aurora__loop_log(exchange->loop, AURORA_LOG_ERROR, message);
        aurora_http_problem(exchange, 500, "internal", "Something is wrong on our side.");
        return;
    }
    char pointer[160];
    const char *place = blame_field(exchange, status, has_body, err, message, pointer);
    if (place != NULL)
        aurora_http_problem(exchange, http_status, code_of(status, has_body), "%s %s", place,
                            message);
    else
        aurora_http_problem(exchange, http_status, code_of(status, has_body), "%s", message);
}
