/* SPDX-License-Identifier: MIT */
#include "core/transition.h"

#include "plant/plant.h"

void aurora__transitions_begin(aurora__transitions *list, const aurora__order_row *order)
{
    *list = (aurora__transitions){.created_at = order->created_at};
    aurora__json_read(&list->reader, order->transitions, aurora__text_length(order->transitions));
    aurora__json_expect(&list->reader, '[');
    list->dropped = aurora__json_take_integer(&list->reader);
}

bool aurora__transitions_next(aurora__transitions *list, aurora__arena *arena,
                              aurora__transition *out)
{
    aurora__json_reader *reader = &list->reader;
    if (reader->is_failed || aurora__json_accept(reader, ']'))
        return false;
    aurora__json_expect(reader, ',');
    aurora__json_expect(reader, '[');
    int64_t numbers[7] = {0};
    const char *texts[2] = {NULL, NULL};
    uint32_t count = 0;
    while (aurora__json_next(reader, &count)) {
        if (count <= 7)
            numbers[count - 1] = aurora__json_take_integer(reader);
        else if (count <= 9)
            texts[count - 8] = aurora__json_take_text(reader, arena);
        else
            reader->is_failed = true;
    }
    if (count < 3)
        reader->is_failed = true;
    if (reader->is_failed)
        return false;
    list->count++;
    *out = (aurora__transition){.version = numbers[0],
                                .status = numbers[1],
                                .at_ms = list->created_at + numbers[2],
                                .event_kind = numbers[3],
                                .reason = numbers[4],
                                .parked = numbers[5],
                                .is_settled = numbers[6],
                                .actor = texts[0],
                                .note = texts[1]};
    return true;
}

static void write_entry(aurora__json *json, const aurora__transition *entry, int64_t created_at)
{
    const int64_t numbers[7] = {entry->version,    entry->status, entry->at_ms - created_at,
                                entry->event_kind, entry->reason, entry->parked,
                                entry->is_settled};
    bool has_text = entry->actor != NULL || entry->note != NULL;
    uint32_t count = 7;
    while (!has_text && count > 3 && numbers[count - 1] == 0)
        count--;
    aurora__json_char(json, ',');
    for (uint32_t i = 0; i < count; i++) {
        aurora__json_char(json, i == 0 ? '[' : ',');
        aurora__json_integer(json, numbers[i]);
    }
    if (has_text) {
        aurora__json_char(json, ',');
        aurora__json_text(json, entry->actor);
        aurora__json_char(json, ',');
        aurora__json_text(json, entry->note);
    }
    aurora__json_char(json, ']');
}

/* Whether an entry only tells of parking or of an operator's act. */
static bool is_droppable(const aurora__transition *entry, const aurora__transition *before)
{
    return before != NULL && entry->status == before->status &&
           entry->is_settled == before->is_settled;
}

/* Rewrites the history without its two oldest droppable entries. */
static aurora_status drop_pair(aurora__step *step, const aurora__order_row *order, const char **out)
{
    aurora__transitions list;
    aurora__transition entry;
    aurora__transition before = {0};
    bool has_before = false;
    int64_t dropped = 0;
    aurora__json json;
    aurora__json body;
    aurora__json_begin(&body, step->arena, aurora__text_length(order->transitions));
    aurora__transitions_begin(&list, order);
    while (aurora__transitions_next(&list, step->arena, &entry)) {
        if (dropped < 2 && is_droppable(&entry, has_before ? &before : NULL)) {
            dropped++;
            continue;
        }
        before = entry;
        has_before = true;
        write_entry(&body, &entry, order->created_at);
    }
    aurora_status rc = aurora__json_status(&list.reader);
    if (rc != AURORA_OK)
        return rc;
    if (aurora__json_end(&body) == NULL)
        return AURORA_ENOMEM;
    aurora__json_begin(&json, step->arena, body.length + 24);
    aurora__json_char(&json, '[');
    aurora__json_integer(&json, list.dropped + dropped);
    aurora__json_raw(&json, body.text, body.length);
    aurora__json_char(&json, ']');
    *out = aurora__json_end(&json);
    return *out == NULL ? AURORA_ENOMEM : AURORA_OK;
}

static uint32_t count_entries(const char *text)
{
    uint32_t count = 0;
    bool is_quoted = false;
    for (; *text != '\0'; text++) {
        if (*text == '\\' && text[1] != '\0')
            text++;
        else if (*text == '"')
            is_quoted = !is_quoted;
        else if (*text == '[' && !is_quoted)
            count++;
    }
    return count == 0 ? 0 : count - 1;
}

aurora_status aurora__order_note(aurora__step *step, aurora__order_row *order, int32_t event_kind,
                                 const char *actor, const char *note)
{
    const char *old = order->transitions == NULL ? "[0]" : order->transitions;
    size_t length = aurora__text_length(old);
    if (length < 3 || old[0] != '[' || old[length - 1] != ']')
        return AURORA_ECORRUPT;
    if (order->version >= AURORA__TRANSITIONS_MAX &&
        count_entries(old) >= AURORA__TRANSITIONS_MAX) {
        aurora_status rc = drop_pair(step, order, &old);
        if (rc != AURORA_OK)
            return rc;
        length = aurora__text_length(old);
    }
    order->version += AURORA_PLANT(VERSION_STANDS) && order->settled_at != 0 ? 0 : 1;
    order->updated_at = step->now_ms;
    aurora__transition entry = {.version = order->version,
                                .status = order->status,
                                .at_ms = step->now_ms,
                                .event_kind = event_kind,
                                .reason = order->reason,
                                .parked = order->parked,
                                .is_settled = order->settled_at != 0,
                                .actor = actor,
                                .note = note};
    aurora__json json;
    aurora__json_begin(&json, step->arena, length + 48);
    aurora__json_raw(&json, old, length - 1);
    write_entry(&json, &entry, order->created_at);
    aurora__json_char(&json, ']');
    order->transitions = aurora__json_end(&json);
    return order->transitions == NULL ? AURORA_ENOMEM : AURORA_OK;
}
