/* SPDX-License-Identifier: MIT */
#include "engine/say.h"

#include <stdarg.h>
#include <stdio.h>

#define MESSAGE_BYTES 512
#define ATTRIBUTES_MAX 8

void aurora__log_hand_over(const aurora_log *log, const aurora_log_record *record)
{
    if (log->record != NULL)
        log->record(log->self, record);
    else
        log->write(log->self, record->level, record->component, record->message);
}

bool aurora__engine_hears(const aurora__engine *engine, int32_t level)
{
    return level >= atomic_load_explicit(&engine->log_level_min, memory_order_relaxed);
}

void aurora__engine_set_log_level(aurora__engine *engine, int32_t level_min)
{
    atomic_store_explicit(&engine->log_level_min, level_min, memory_order_relaxed);
}

/* --- what is said ----------------------------------------------------------------------------- */

static aurora_attribute *add(aurora__said *said, const char *key, int32_t kind)
{
    if (said->attribute_count == sizeof said->attributes / sizeof *said->attributes)
        return NULL;
    aurora_attribute *one = &said->attributes[said->attribute_count++];
    *one = (aurora_attribute){.key = key, .kind = kind};
    return one;
}

void aurora__said_text(aurora__said *said, const char *key, const char *value)
{
    aurora_attribute *one = value != NULL ? add(said, key, AURORA_ATTRIBUTE_TEXT) : NULL;
    if (one != NULL)
        one->text = value;
}

void aurora__said_int(aurora__said *said, const char *key, int64_t value)
{
    aurora_attribute *one = add(said, key, AURORA_ATTRIBUTE_INT);
    if (one != NULL)
        one->number = value;
}

void aurora__said_double(aurora__said *said, const char *key, double value)
{
    aurora_attribute *one = add(said, key, AURORA_ATTRIBUTE_DOUBLE);
    if (one != NULL)
        one->real = value;
}

/* --- to whom ---------------------------------------------------------------------------------- */

void aurora__engine_say_text(aurora__engine *engine, int32_t level, const char *component,
                             const aurora__said *said, const char *message)
{
    if (!aurora__engine_hears(engine, level))
        return;
    char order[AURORA_ID_TEXT_BYTES];
    aurora_trace_context trace;
    aurora_attribute attributes[ATTRIBUTES_MAX];
    aurora_log_record record = {.size = sizeof record,
                                .flags = said->flags,
                                .level = level,
                                .component = component,
                                .message = message,
                                .attributes = attributes};
    if (said->order_id != NULL) {
        aurora_id_format(*said->order_id, order);
        attributes[record.attribute_count++] = (aurora_attribute){
            .key = "aurora.order.id", .kind = AURORA_ATTRIBUTE_TEXT, .text = order};
    }
    for (uint32_t i = 0; i < said->attribute_count; i++)
        attributes[record.attribute_count++] = said->attributes[i];
    if (said->traceparent != NULL &&
        aurora_traceparent_parse(said->traceparent, &trace) == AURORA_OK)
        record.trace = &trace;
    aurora__log_hand_over(&engine->options.log, &record);
}

void aurora__engine_log(aurora__engine *engine, int32_t level, const char *component,
                        const char *format, ...)
{
    const aurora__said nothing = {0};
    char message[MESSAGE_BYTES];
    if (!aurora__engine_hears(engine, level))
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    aurora__engine_say_text(engine, level, component, &nothing, message);
}

void aurora__engine_say(aurora__engine *engine, int32_t level, const char *component,
                        const aurora__said *said, const char *format, ...)
{
    char message[MESSAGE_BYTES];
    if (!aurora__engine_hears(engine, level))
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    aurora__engine_say_text(engine, level, component, said, message);
}
