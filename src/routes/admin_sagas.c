/* SPDX-License-Identifier: MIT */
/* /admin/sagas: which orders are not settled, why, and the three ways to help one. */
#include <stdio.h>
#include <string.h>

#include "http/fields.h"
#include "routes/admin.h"
#include "routes/answer.h"
#include "routes/bodies.h"

/* --- many ------------------------------------------------------------------------------------- */

/* age=15m: as durations are written everywhere. */
static bool read_age(aurora_http_exchange *exchange, int64_t *ms_out)
{
    static const aurora_setting_info rule = {
        .name = "age", .kind = AURORA_SETTING_DURATION, .maximum = INT64_C(31536000000)};
    const char *text = aurora_http_query(exchange, "age");
    aurora_error err = AURORA_ERROR_INIT;
    if (text == NULL || aurora_setting_parse(&rule, text, ms_out, &err) == AURORA_OK)
        return true;
    return aurora_http_refuse_parameter(exchange, "age", err.message);
}

static bool read_filter(aurora_http_exchange *exchange, aurora_saga_filter *out)
{
    const char *parked = aurora_http_query(exchange, "parked");
    const char *participant = aurora_http_query(exchange, "participant");
    aurora_saga_filter_init(out);
    if (parked != NULL && strcmp(parked, "true") != 0 && strcmp(parked, "false") != 0)
        return aurora_http_refuse_parameter(exchange, "parked", "must be true or false");
    out->is_parked = parked != NULL && strcmp(parked, "true") == 0;
    out->participant = aurora_participant_parse(participant);
    if (participant != NULL && out->participant == 0)
        return aurora_http_refuse_parameter(exchange, "participant",
                                            "must be inventory or payment");
    return read_age(exchange, &out->age_min_ms);
}

void aurora__saga_list_handle(aurora_http_exchange *exchange, void *self)
{
    static const aurora__rename renames[] = {{"age_min_ms", "age"}};
    const aurora_routes *routes = self;
    const char *cursor;
    uint32_t limit = AURORA__LIST_LIMIT_DEFAULT;
    aurora_saga_filter filter;
    aurora_saga_page *page = NULL;
    aurora_error err = AURORA_ERROR_INIT;
    aurora_json_out out = {0};
    if (!read_filter(exchange, &filter) ||
        !aurora_http_query_limit(exchange, AURORA__LIST_LIMIT_MAX, &limit) ||
        !aurora_http_query_cursor(exchange, routes->cursor_key, &cursor))
        return;
    aurora_http_set(exchange, "Cache-Control", "no-store");
    aurora_status status = aurora_saga_list(routes->shop, &filter, cursor, limit, &page, &err);
    if (status != AURORA_OK) {
        aurora__query_refuse(exchange, status, &err, renames, 1);
        return;
    }
    aurora__page_begin(&out);
    for (uint32_t i = 0; i < page->count; i++)
        aurora_body_saga(&out, page->items[i]);
    aurora__page_answer(exchange, routes, &out, page->next_cursor);
    aurora_saga_page_free(page);
}

/* --- one -------------------------------------------------------------------------------------- */

static bool read_id(aurora_http_exchange *exchange, aurora_id *out)
{
    if (aurora_id_parse(aurora_http_param(exchange, "id"), out) == AURORA_OK)
        return true;
    aurora_http_problem(exchange, 404, "not_found", "There is no saga %s",
                        aurora_http_param(exchange, "id"));
    return false;
}

static void refuse_one(aurora_http_exchange *exchange, aurora_status status,
                       const aurora_error *err)
{
    if (status == AURORA_ENOTFOUND)
        aurora_http_problem(exchange, 404, "not_found", "There is no saga %s",
                            aurora_http_param(exchange, "id"));
    else
        aurora_http_refuse(exchange, status, err);
}

/* `was_helped`: what an operator did for an order that was never here has been done. */
static void answer_one(aurora_http_exchange *exchange, const aurora_routes *routes, aurora_id id,
                       bool was_helped)
{
    aurora_saga *saga = NULL;
    aurora_json_out out = {0};
    aurora_http_set(exchange, "Cache-Control", "no-store");
    aurora_status status = aurora_saga_get(routes->shop, id, &saga);
    bool is_unknown = status == AURORA_ENOTFOUND && was_helped;
    if (status != AURORA_OK && !is_unknown) {
        refuse_one(exchange, status, NULL);
        return;
    }
    if (is_unknown)
        aurora_body_saga_unknown(&out, id);
    else
        aurora_body_saga(&out, saga);
    aurora__answer_json(exchange, 200, &out);
    aurora_saga_free(saga);
}

void aurora__saga_get_handle(aurora_http_exchange *exchange, void *self)
{
    aurora_id id;
    if (read_id(exchange, &id))
        answer_one(exchange, self, id, false);
}

/* --- help ------------------------------------------------------------------------------------- */

enum { PARTICIPANT, RESULT, NOTE, MEMBERS };

static bool read_participant(aurora_json_value value, aurora_repair *repair,
                             aurora_json_error *error)
{
    const char *text;
    if (repair->action == AURORA_REPAIR_COMPENSATE)
        return !aurora_json_is_present(value) ||
               aurora_json_refuse(value, error, "is only for retry and mark");
    if (!aurora_json_text(value, 1, AURORA_TEXT_BYTES_MAX, &text, error))
        return false;
    repair->participant = aurora_participant_parse(text);
    return repair->participant != 0 ||
           aurora_json_refuse(value, error, "must be inventory or payment");
}

static bool read_result(aurora_json_value value, aurora_repair *repair, aurora_json_error *error)
{
    const char *text;
    if (repair->action != AURORA_REPAIR_MARK)
        return !aurora_json_is_present(value) ||
               aurora_json_refuse(value, error, "is only for mark");
    if (!aurora_json_text(value, 1, AURORA_TEXT_BYTES_MAX, &text, error))
        return false;
    repair->result = aurora_result_parse(text);
    bool is_payments = repair->result >= AURORA_RESULT_AUTHORIZED;
    bool wants_payments = repair->participant == AURORA_PARTICIPANT_PAYMENT;
    if (repair->result != 0 && is_payments == wants_payments)
        return true;
    return aurora_json_refuse(value, error, "must be %s",
                              wants_payments
                                  ? "authorized, declined, captured, voided or refunded"
                                  : "reserved, rejected, committed, released or returned");
}

/* Without a body nothing is said; what is required is then missing from it. */
static bool read_body(aurora_http_exchange *exchange, aurora_json_doc **doc, aurora_repair *repair)
{
    static const char *const names[] = {"participant", "result", "note"};
    size_t len;
    aurora_json_value values[MEMBERS];
    aurora_json_error error;
    const char *text = aurora_http_body(exchange, &len);
    if (!aurora_json_parse(len == 0 ? "{}" : text, len == 0 ? 2 : len, doc, &error) ||
        !aurora_json_object(aurora_json_root(*doc), names, MEMBERS, values, &error) ||
        !read_participant(values[PARTICIPANT], repair, &error) ||
        !read_result(values[RESULT], repair, &error) ||
        (aurora_json_is_present(values[NOTE]) &&
         !aurora_json_text(values[NOTE], 0, AURORA_NOTE_BYTES_MAX, &repair->note, &error))) {
        aurora__body_refuse(exchange, &error);
        return false;
    }
    return true;
}

static void help(aurora_http_exchange *exchange, const aurora_routes *routes,
                 const aurora_repair *repair)
{
    aurora_error err = AURORA_ERROR_INIT;
    aurora_status status = aurora_saga_repair(routes->shop, repair, &err);
    if (status == AURORA_OK)
        answer_one(exchange, routes, repair->order_id, true);
    else if (status == AURORA_ECONFLICT && repair->action == AURORA_REPAIR_COMPENSATE)
        aurora_http_problem(exchange, 409, "already_compensating", "%s",
                            err.message[0] == '\0' ? "The order is already compensating"
                                                   : err.message);
    else
        refuse_one(exchange, status, &err);
}

static void repair_with(aurora_http_exchange *exchange, const aurora_routes *routes, int32_t action)
{
    aurora_json_doc *doc = NULL;
    aurora_repair repair = {.size = sizeof repair,
                            .traceparent = aurora_http_traceparent(exchange),
                            .action = action,
                            .actor = aurora_http_exchange_principal(exchange)->name};
    if (read_id(exchange, &repair.order_id) && read_body(exchange, &doc, &repair))
        help(exchange, routes, &repair);
    aurora_json_free(doc);
}

void aurora__saga_retry_handle(aurora_http_exchange *exchange, void *self)
{
    repair_with(exchange, self, AURORA_REPAIR_RETRY);
}

void aurora__saga_mark_handle(aurora_http_exchange *exchange, void *self)
{
    repair_with(exchange, self, AURORA_REPAIR_MARK);
}

void aurora__saga_compensate_handle(aurora_http_exchange *exchange, void *self)
{
    repair_with(exchange, self, AURORA_REPAIR_COMPENSATE);
}
