/* SPDX-License-Identifier: MIT */
#include "service/log_packed.h"

#include <string.h>

/* Followed by the trace where there is one, the component, the message and the attributes: each a
 * `value`, its key and, of a text, the text. Texts have their NUL. */
typedef struct {
    struct timespec at;
    int32_t level;
    uint32_t flags;
    uint32_t attribute_count;
    bool has_trace;
} head;

typedef struct {
    int32_t kind;
    int64_t number;
    double real;
} value;

typedef struct {
    char *at, *end;
    bool is_full;
} writer;

static void put(writer *to, const void *bytes, size_t len)
{
    to->is_full |= len > (size_t)(to->end - to->at);
    if (to->is_full)
        return;
    memcpy(to->at, bytes, len);
    to->at += len;
}

static void put_text(writer *to, const char *text)
{
    put(to, text, strlen(text) + 1);
}

static bool has_text(const aurora_attribute *one)
{
    return one->kind == AURORA_ATTRIBUTE_TEXT && one->text != NULL;
}

size_t aurora__log_pack(const struct timespec *at, const aurora_log_record *record,
                        char out[AURORA__LOG_PACKED_BYTES])
{
    writer to = {.at = out, .end = out + AURORA__LOG_PACKED_BYTES};
    const head first = {.at = *at,
                        .level = record->level,
                        .flags = record->flags,
                        .attribute_count = record->attribute_count,
                        .has_trace = record->trace != NULL};
    if (record->attribute_count > AURORA__LOG_PACKED_ATTRIBUTES)
        return 0;
    put(&to, &first, sizeof first);
    if (record->trace != NULL)
        put(&to, record->trace, sizeof *record->trace);
    put_text(&to, record->component);
    put_text(&to, record->message);
    for (uint32_t i = 0; i < record->attribute_count; i++) {
        const aurora_attribute *one = &record->attributes[i];
        const value packed = {.kind = one->kind, .number = one->number, .real = one->real};
        put(&to, &packed, sizeof packed);
        put_text(&to, one->key);
        if (one->kind == AURORA_ATTRIBUTE_TEXT)
            put_text(&to, has_text(one) ? one->text : "");
    }
    return to.is_full ? 0 : (size_t)(to.at - out);
}

static void take(const char **from, void *out, size_t len)
{
    memcpy(out, *from, len);
    *from += len;
}

static const char *take_text(const char **from)
{
    const char *text = *from;
    *from += strlen(text) + 1;
    return text;
}

void aurora__log_unpack(const char *bytes, aurora__log_unpacked *out)
{
    head first;
    take(&bytes, &first, sizeof first);
    out->at = first.at;
    out->record = (aurora_log_record){.size = sizeof out->record,
                                      .flags = first.flags,
                                      .level = first.level,
                                      .trace = first.has_trace ? &out->trace : NULL,
                                      .attributes = out->attributes,
                                      .attribute_count = first.attribute_count};
    if (first.has_trace)
        take(&bytes, &out->trace, sizeof out->trace);
    out->record.component = take_text(&bytes);
    out->record.message = take_text(&bytes);
    for (uint32_t i = 0; i < first.attribute_count; i++) {
        value packed;
        aurora_attribute *one = &out->attributes[i];
        take(&bytes, &packed, sizeof packed);
        *one =
            (aurora_attribute){.kind = packed.kind, .number = packed.number, .real = packed.real};
        one->key = take_text(&bytes);
        if (packed.kind == AURORA_ATTRIBUTE_TEXT)
            one->text = take_text(&bytes);
    }
}
