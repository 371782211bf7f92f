/* SPDX-License-Identifier: MIT */
/* sagas list, show, retry, mark, compensate. */
#include <stdio.h>

#include "commands.h"
#include "page.h"
#include "routes/bodies.h"
#include "view.h"

static bool read_participant(const ctl *run, int32_t *participant_out)
{
    const char *name = run->values[CTL_PARTICIPANT];
    *participant_out = aurora_participant_parse(name);
    if (name == NULL || *participant_out != 0)
        return true;
    ctl_refuse("--participant: must be inventory or payment, is '%s'", name);
    return false;
}

/* "inventory RESERVED, payment CAPTURING (parked)". */
static const char *describe_participants(aurora_json_value saga, ctl_cell out)
{
    aurora_json_value participants = ctl_field(saga, "participants");
    uint32_t count = ctl_field_count(saga, "participants");
    size_t length = 0;
    out[0] = 0;
    for (uint32_t i = 0; i < count && length < CTL_CELL_BYTES; i++) {
        aurora_json_value each = aurora_json_item(participants, i);
        const char *name = ctl_field_text(each, "participant");
        const char *state = ctl_field_text(each, "state");
        int more = snprintf(out + length, CTL_CELL_BYTES - length, "%s%s %s%s", i == 0 ? "" : ", ",
                            name == NULL ? "-" : name, state == NULL ? "-" : state,
                            ctl_field_bool(each, "parked") ? " (parked)" : "");
        length += more < 0 ? 0 : (size_t)more;
    }
    return out;
}

typedef struct {
    aurora_saga_filter filter;
    ctl_page page;
} listing;

static aurora_status list_of_store(aurora_t *store, const void *request, aurora_json_out *out,
                                   aurora_error *err)
{
    const listing *at = request;
    aurora_saga_page *page = NULL;
    aurora_status status =
        aurora_saga_list(store, &at->filter, at->page.cursor, at->page.limit, &page, err);
    if (status != AURORA_OK)
        return status;
    ctl_page_begin(out);
    for (uint32_t i = 0; i < page->count; i++)
        aurora_body_saga(out, page->items[i]);
    ctl_page_end(out, page->next_cursor);
    aurora_saga_page_free(page);
    return AURORA_OK;
}

int ctl_sagas_list(ctl *run)
{
    static const ctl_column columns[] = {
        {"ORDER", "order_id", SHOW_TEXT, NULL},
        {"STATUS", "status", SHOW_TEXT, NULL},
        {"CREATED", "created_at", SHOW_TIME, NULL},
        {">AGE S", "age_ms", SHOW_SECONDS, NULL},
        {"PARTICIPANTS", NULL, SHOW_CUSTOM, describe_participants},
    };
    static const ctl_view all = CTL_VIEW(columns, "every order is settled");
    static const ctl_view some = CTL_VIEW(columns, "no order matches");
    listing at = {0};
    ctl_target target;
    ctl_target_init(&target, "/admin/sagas");
    aurora_saga_filter_init(&at.filter);
    at.filter.is_parked = run->values[CTL_PARKED] != NULL;
    if (!read_participant(run, &at.filter.participant) || !ctl_page_read(run, &at.page, &target) ||
        !ctl_value_duration(run, CTL_AGE, &at.filter.age_min_ms))
        return CTL_UNSURE;
    ctl_target_query(&target, "parked", at.filter.is_parked == 1 ? "true" : NULL);
    ctl_target_query(&target, "participant", run->values[CTL_PARTICIPANT]);
    ctl_target_query(&target, "age", run->values[CTL_AGE]);
    ctl_ask ask = {.method = "GET", .target = &target, .of_store = list_of_store, .request = &at};
    bool is_all =
        at.filter.is_parked == 0 && at.filter.participant == 0 && at.filter.age_min_ms == 0;
    return ctl_view_page(run, &ask, is_all ? &all : &some, "sagas");
}

static const char *describe_parked(aurora_json_value participant, ctl_cell out)
{
    const char *reason = ctl_field_text(participant, "parked_reason");
    (void)out;
    return !ctl_field_bool(participant, "parked") ? "-" : reason == NULL ? "yes" : reason;
}

static void print_saga(aurora_json_value saga)
{
    static const ctl_column columns[] = {
        {"PARTICIPANT", "participant", SHOW_TEXT, NULL},
        {"STATE", "state", SHOW_TEXT, NULL},
        {">ATTEMPTS", "attempts", SHOW_NUMBER, NULL},
        {"PARKED", NULL, SHOW_CUSTOM, describe_parked},
        {"NEXT ATTEMPT", "next_attempt_at", SHOW_TIME, NULL},
        {"PROVIDER'S REFERENCE", "provider_reference", SHOW_TEXT, NULL},
    };
    static const ctl_view view = CTL_VIEW(columns, "no participant knows it");
    const char *id = ctl_field_text(saga, "order_id");
    const char *status = ctl_field_text(saga, "status");
    printf("%s %s\n", id == NULL ? "-" : id, status == NULL ? "is unknown to this store" : status);
    ctl_view_rows(&view, ctl_field(saga, "participants"));
}

static aurora_status show_of_store(aurora_t *store, const void *request, aurora_json_out *out,
                                   aurora_error *err)
{
    const aurora_id *id = request;
    aurora_saga *saga = NULL;
    aurora_status status = aurora_saga_get(store, *id, &saga);
    (void)err;
    if (status == AURORA_OK)
        aurora_body_saga(out, saga);
    aurora_saga_free(saga);
    return status;
}

int ctl_sagas_show(ctl *run)
{
    aurora_id id;
    ctl_target target;
    if (!ctl_operand_id(run, 0, &id))
        return CTL_UNSURE;
    ctl_target_init(&target, "/admin/sagas");
    ctl_target_segment(&target, run->operands[0]);
    ctl_ask ask = {.method = "GET", .target = &target, .of_store = show_of_store, .request = &id};
    return ctl_view_one(run, CTL_READ, &ask, print_saga, run->operands[0]);
}

static aurora_status repair_of_store(aurora_t *store, const void *request, aurora_json_out *out,
                                     aurora_error *err)
{
    const aurora_repair *repair = request;
    aurora_status status = aurora_saga_repair(store, repair, err);
    if (status != AURORA_OK)
        return status;
    status = show_of_store(store, &repair->order_id, out, err);
    if (status != AURORA_ENOTFOUND)
        return status;
    aurora_body_saga_unknown(out, repair->order_id); /* what others told of it has been ended */
    return AURORA_OK;
}

static int check_repair(const aurora_repair *request)
{
    if (request->action != AURORA_REPAIR_COMPENSATE && request->participant == 0)
        return ctl_refuse("%s needs --participant inventory or payment",
                          aurora_repair_name(request->action));
    if (request->action == AURORA_REPAIR_MARK && request->result == 0)
        return ctl_refuse("mark needs --result: reserved, rejected, committed, released or "
                          "returned; authorized, declined, captured, voided or refunded");
    return CTL_YES;
}

static int repair(ctl *run, int32_t action)
{
    ctl_target target;
    aurora_json_out body = {0};
    aurora_repair request = {.size = sizeof request,
                             .action = action,
                             .result = aurora_result_parse(run->values[CTL_RESULT]),
                             .actor = run->actor,
                             .note = run->values[CTL_NOTE]};
    if (!ctl_operand_id(run, 0, &request.order_id) || !read_participant(run, &request.participant))
        return CTL_UNSURE;
    int outcome = check_repair(&request);
    if (outcome != CTL_YES)
        return outcome;
    ctl_target_init(&target, "/admin/sagas");
    ctl_target_segment(&target, run->operands[0]);
    ctl_target_segment(&target, aurora_repair_name(action));
    aurora_json_out_object(&body, NULL);
    if (action != AURORA_REPAIR_COMPENSATE)
        aurora_json_out_text(&body, "participant", run->values[CTL_PARTICIPANT]);
    if (action == AURORA_REPAIR_MARK)
        aurora_json_out_text(&body, "result", run->values[CTL_RESULT]);
    if (request.note != NULL)
        aurora_json_out_text(&body, "note", request.note);
    aurora_json_out_close(&body, '}');
    ctl_ask ask = {.method = "POST",
                   .target = &target,
                   .body = &body,
                   .of_store = repair_of_store,
                   .request = &request};
    outcome = ctl_view_one(run, CTL_ACT, &ask, print_saga, run->operands[0]);
    aurora_json_out_drop(&body);
    return outcome;
}

int ctl_sagas_retry(ctl *run)
{
    return repair(run, AURORA_REPAIR_RETRY);
}

int ctl_sagas_mark(ctl *run)
{
    return repair(run, AURORA_REPAIR_MARK);
}

int ctl_sagas_compensate(ctl *run)
{
    return repair(run, AURORA_REPAIR_COMPENSATE);
}
