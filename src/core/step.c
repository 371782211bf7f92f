/* SPDX-License-Identifier: MIT */
#include "core/step.h"

#include "core/inventory.h"

aurora__event *aurora__step_emit(aurora__step *step, int32_t kind)
{
    if (step->event_count == AURORA__CASCADE_EVENTS_MAX)
        return NULL;
    aurora__event *event = aurora__arena_zero(step->arena, sizeof *event);
    if (event == NULL)
        return NULL;
    event->kind = kind;
    event->at_ms = step->now_ms;
    step->events[step->event_count++] = event;
    return event;
}

aurora_status aurora__step_full(const aurora__step *step)
{
    return step->event_count == AURORA__CASCADE_EVENTS_MAX ? AURORA__ECASCADE : AURORA_ENOMEM;
}

aurora_status aurora__step_broken(aurora__step *step, const char *file, int line)
{
    step->broken_file = file;
    step->broken_line = line;
    return AURORA_ECORE;
}

static void copy_text(char *out, size_t capacity, const char *text)
{
    size_t length = aurora__text_length(text);
    if (length >= capacity)
        length = capacity - 1;
    memcpy(out, text, length);
    out[length] = '\0';
}

void aurora__step_explain(aurora__step *step, aurora_status status, const char *field,
                          const char *message)
{
    if (step->err == NULL)
        return;
    step->err->status = status;
    copy_text(step->err->field, sizeof step->err->field, field);
    copy_text(step->err->message, sizeof step->err->message, message);
}

aurora_status aurora__saga_keys(aurora__step *step, const aurora_id *order_id)
{
    static const struct {
        uint32_t module;
        uint32_t table;
    } rows[] = {{AURORA__MODULE_ORDER, AURORA__TABLE_order},
                {AURORA__MODULE_PAYMENT, AURORA__TABLE_payment},
                {AURORA__MODULE_INVENTORY, AURORA__TABLE_reservation}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if ((step->policy->modules & rows[i].module) == 0)
            continue;
        aurora__key key = aurora__key_uuid(rows[i].table, order_id);
        aurora_status rc = aurora__rows_want(step->rows, &key);
        if (rc != AURORA_OK)
            return rc;
    }
    if (step->policy->modules & AURORA__MODULE_INVENTORY)
        return aurora__inventory_want_order(step, order_id);
    return AURORA_OK;
}
