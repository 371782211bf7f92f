/* SPDX-License-Identifier: MIT */
/* sagas list, show, retry, mark, compensate. */
#include <stdio.h>
#include <stdlib.h>

#include "commands.h"
#include "show.h"
#include "table_out.h"

static bool read_participant(const ctl *run, int32_t *participant_out)
{
    const char *name = run->values[CTL_PARTICIPANT];
    *participant_out = aurora_participant_parse(name);
    if (name == NULL || *participant_out != 0)
        return true;
    ctl_refuse("--participant: must be inventory or payment, is '%s'", name);
    return false;
}

static void show_participant(ctl_json *json, const aurora_participant *participant)
{
    ctl_json_object(json, NULL);
    ctl_json_name(json, "participant", aurora_participant_name(participant->participant));
    ctl_json_text(json, "state", participant->state);
    ctl_json_bool(json, "parked", participant->is_parked == 1);
    ctl_json_text(json, "parked_reason", participant->parked_reason);
    ctl_json_number(json, "attempts", participant->attempts);
    ctl_json_id(json, "task_id", participant->task_id);
    ctl_json_text(json, "provider_reference", participant->provider_reference);
    ctl_json_time(json, "first_attempt_at", participant->first_attempt_at_ms);
    ctl_json_time(json, "next_attempt_at", participant->next_attempt_at_ms);
    ctl_json_time(json, "parked_at", participant->parked_at_ms);
    ctl_json_end(json);
}

static void show_saga(ctl_json *json, const aurora_saga *saga)
{
    ctl_json_object(json, NULL);
    ctl_json_id(json, "order_id", saga->order_id);
    ctl_json_name(json, "status", aurora_order_status_name(saga->status));
    ctl_json_name(json, "outcome", aurora_order_status_name(saga->outcome));
    ctl_json_name(json, "reason", aurora_reason_name(saga->reason));
    ctl_json_bool(json, "parked", saga->parked != 0);
    ctl_json_number(json, "version", (int64_t)saga->version);
    ctl_json_number(json, "age_ms", saga->age_ms);
    ctl_json_time(json, "created_at", saga->created_at_ms);
    ctl_json_time(json, "deadline_at", saga->deadline_at_ms);
    ctl_json_time(json, "resend_at", saga->resend_at_ms);
    ctl_json_array(json, "participants");
    for (uint32_t i = 0; i < saga->participant_count; i++)
        show_participant(json, saga->participants[i]);
    ctl_json_end(json);
    ctl_json_end(json);
}

/* "inventory RESERVED, payment CAPTURING (parked)". */
static void describe(const aurora_saga *saga, ctl_cell out)
{
    size_t length = 0;
    out[0] = 0;
    for (uint32_t i = 0; i < saga->participant_count && length < CTL_CELL_BYTES; i++) {
        const aurora_participant *participant = saga->participants[i];
        int more = snprintf(out + length, CTL_CELL_BYTES - length, "%s%s %s%s", i == 0 ? "" : ", ",
                            aurora_participant_name(participant->participant),
                            participant->state == NULL ? "-" : participant->state,
                            participant->is_parked == 1 ? " (parked)" : "");
        length += more < 0 ? 0 : (size_t)more;
    }
}

static void print_page(const ctl *run, const aurora_saga_page *page)
{
    static const char *const headings[] = {"ORDER", "STATUS", "CREATED", ">AGE S", "PARTICIPANTS"};
    if (run->is_json) {
        ctl_json json;
        ctl_page_begin(&json);
        for (uint32_t i = 0; i < page->count; i++)
            show_saga(&json, page->items[i]);
        ctl_page_end(&json, page->next_cursor);
        return;
    }
    char id[AURORA_ID_TEXT_BYTES];
    ctl_table table;
    ctl_table_init(&table, headings, 5);
    for (uint32_t i = 0; i < page->count; i++) {
        const aurora_saga *saga = page->items[i];
        ctl_cell participants;
        describe(saga, participants);
        ctl_table_text(&table, ctl_id_show(saga->order_id, id));
        ctl_table_text(&table, saga->status == 0 ? "-" : aurora_order_status_name(saga->status));
        ctl_table_time(&table, saga->created_at_ms);
        ctl_table_number(&table, saga->age_ms / 1000);
        ctl_table_text(&table, participants);
    }
    ctl_table_print(&table, "every order is settled");
    ctl_page_hint(page->next_cursor);
}

int ctl_sagas_list(ctl *run)
{
    int64_t limit = 50;
    aurora_saga_filter filter;
    aurora_saga_filter_init(&filter);
    filter.is_parked = run->values[CTL_PARKED] != NULL;
    if (!read_participant(run, &filter.participant) ||
        !ctl_value_number(run, CTL_LIMIT, 1, 1000, &limit) ||
        !ctl_value_duration(run, CTL_AGE, &filter.age_min_ms))
        return CTL_UNSURE;
    aurora_t *shop = NULL;
    int outcome = ctl_open(run, CTL_READ, &shop);
    if (outcome != CTL_YES)
        return outcome;
    aurora_error err = AURORA_ERROR_INIT;
    aurora_saga_page *page = NULL;
    aurora_status status =
        aurora_saga_list(shop, &filter, run->values[CTL_CURSOR], (uint32_t)limit, &page, &err);
    if (status == AURORA_OK)
        print_page(run, page);
    else
        outcome = ctl_fail(status, &err, "sagas");
    aurora_saga_page_free(page);
    aurora_close(shop);
    return outcome;
}

static void print_saga(const ctl *run, const aurora_saga *saga)
{
    static const char *const headings[] = {"PARTICIPANT", "STATE",        ">ATTEMPTS",
                                           "PARKED",      "NEXT ATTEMPT", "PROVIDER'S REFERENCE"};
    if (run->is_json) {
        ctl_json json;
        ctl_json_init(&json, stdout);
        show_saga(&json, saga);
        ctl_json_finish(&json);
        return;
    }
    char id[AURORA_ID_TEXT_BYTES];
    ctl_table table;
    printf("%s %s\n", ctl_id_show(saga->order_id, id),
           saga->status == 0 ? "is unknown to this store" : aurora_order_status_name(saga->status));
    ctl_table_init(&table, headings, 6);
    for (uint32_t i = 0; i < saga->participant_count; i++) {
        const aurora_participant *participant = saga->participants[i];
        const char *reason =
            participant->parked_reason == NULL ? "yes" : participant->parked_reason;
        ctl_table_text(&table, aurora_participant_name(participant->participant));
        ctl_table_text(&table, participant->state);
        ctl_table_number(&table, participant->attempts);
        ctl_table_text(&table, participant->is_parked == 1 ? reason : "-");
        ctl_table_time(&table, participant->next_attempt_at_ms);
        ctl_table_text(&table, participant->provider_reference);
    }
    ctl_table_print(&table, "no participant knows it");
}

static int print_by_id(const ctl *run, aurora_t *shop, aurora_id id)
{
    aurora_saga *saga = NULL;
    aurora_status status = aurora_saga_get(shop, id, &saga);
    if (status == AURORA_OK)
        print_saga(run, saga);
    aurora_saga_free(saga);
    return status == AURORA_OK ? CTL_YES : ctl_fail(status, NULL, run->operands[0]);
}

int ctl_sagas_show(ctl *run)
{
    aurora_id id;
    aurora_t *shop = NULL;
    if (!ctl_operand_id(run, 0, &id))
        return CTL_UNSURE;
    int outcome = ctl_open(run, CTL_READ, &shop);
    if (outcome == CTL_YES)
        outcome = print_by_id(run, shop, id);
    aurora_close(shop);
    return outcome;
}

static int repair(ctl *run, int32_t action)
{
    const char *user = getenv("USER");
    const char *actor = run->values[CTL_ACTOR];
    const char *result = run->values[CTL_RESULT];
    aurora_repair request = {.size = sizeof request,
                             .action = action,
                             .result = aurora_result_parse(result),
                             .actor = actor != NULL  ? actor
                                      : user != NULL ? user
                                                     : "auroractl",
                             .note = run->values[CTL_NOTE]};
    if (!ctl_operand_id(run, 0, &request.order_id) || !read_participant(run, &request.participant))
        return CTL_UNSURE;
    if (action != AURORA_REPAIR_COMPENSATE && request.participant == 0)
        return ctl_refuse("%s needs --participant inventory or payment",
                          aurora_repair_name(action));
    if (action == AURORA_REPAIR_MARK && request.result == 0)
        return ctl_refuse("mark needs --result: reserved, rejected, committed, released or "
                          "returned; authorized, declined, captured, voided or refunded");
    aurora_t *shop = NULL;
    int outcome = ctl_open(run, CTL_ACT, &shop);
    if (outcome != CTL_YES)
        return outcome;
    aurora_error err = AURORA_ERROR_INIT;
    aurora_status status = aurora_saga_repair(shop, &request, &err);
    if (status == AURORA_OK)
        outcome = print_by_id(run, shop, request.order_id);
    else
        outcome = ctl_fail(status, &err, run->operands[0]);
    aurora_close(shop);
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
