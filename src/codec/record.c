/* SPDX-License-Identifier: MIT */
#include "codec/record.h"

#include "codec/event_parse.h"
#include "codec/json_tree.h"
#include "codec/time_text.h"
#include "codec/writer.h"

#include <aurora/event.h>

#include <string.h>

#define TEXT_BYTES_MAX 1024

aurora_status aurora__record_event(aurora__arena *arena, const aurora__record *record,
                                   aurora__event *out, const char **field_out)
{
    aurora__event_text text = {.kind = aurora_event_parse(record->type),
                               .at_ms = record->at_ms,
                               .data = record->data,
                               .length = record->length};
    *out = (aurora__event){.kind = text.kind};
    *field_out = "ce_type";
    if (text.kind == 0 || text.kind == AURORA_EVENT_ORDER_UPDATED) /* which is never published */
        return AURORA_ECORRUPT;
    *field_out = "ce_source";
    if (record->source == NULL)
        return AURORA_ECORRUPT;
    *field_out = "ce_sequence";
    if (record->position < 1)
        return AURORA_ECORRUPT;
    *field_out = "ce_time";
    if (record->time != NULL && !aurora__time_parse(record->time, &text.at_ms))
        return AURORA_ECORRUPT;
    text.traceparent = aurora__arena_text(arena, record->traceparent);
    if (record->traceparent != NULL && text.traceparent == NULL)
        return AURORA_ENOMEM;
    return aurora__event_parse(arena, &text, out, field_out);
}

/* --- base64 (RFC 4648, section 4) ------------------------------------------------------------- */

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void write_base64(aurora__writer *writer, const char *data, size_t length)
{
    const uint8_t *bytes = (const uint8_t *)data;
    for (size_t i = 0; i < length; i += 3) {
        size_t left = length - i;
        uint32_t word = (uint32_t)bytes[i] << 16 | (left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0) |
                        (left > 2 ? bytes[i + 2] : 0u);
        char out[4] = {digits[word >> 18], digits[word >> 12 & 63],
                       left > 1 ? digits[word >> 6 & 63] : '=', left > 2 ? digits[word & 63] : '='};
        aurora__writer_raw(writer, out, sizeof out);
    }
}

/* In place; false for what write_base64 does not write. */
static bool read_base64(char *text, size_t *length_out)
{
    size_t length = strlen(text);
    size_t out = 0;
    if (length % 4 != 0)
        return false;
    for (size_t i = 0; i < length; i += 4) {
        uint32_t word = 0;
        size_t padding = 0;
        for (size_t k = 0; k < 4; k++) {
            const char *digit = strchr(digits, text[i + k]);
            bool is_padding = text[i + k] == '=' && i + 4 == length && k >= 2;
            if ((digit == NULL && !is_padding) || (digit != NULL && padding > 0))
                return false;
            padding += is_padding ? 1 : 0;
            word = word << 6 | (digit == NULL ? 0u : (uint32_t)(digit - digits));
        }
        for (size_t k = 0; k < 3 - padding; k++)
            text[out++] = (char)(word >> (16 - 8 * k) & 0xFF);
    }
    text[out] = '\0';
    *length_out = out;
    return true;
}

/* --- kept ------------------------------------------------------------------------------------- */

/* Headers may hold any bytes: what is no JSON text would make the whole unreadable. */
static void write_text(aurora__writer *writer, aurora__arena *arena, const char *name,
                       const char *text)
{
    aurora__json_tree tree;
    aurora__writer probe;
    aurora__writer_begin(&probe, arena, 64);
    aurora__writer_text(&probe, text);
    const char *json = aurora__writer_end(&probe);
    aurora__writer_raw(writer, name, strlen(name));
    bool is_sound = json != NULL && probe.length <= TEXT_BYTES_MAX &&
                    aurora__json_tree_read(&tree, arena, json, probe.length) == AURORA_OK;
    aurora__writer_json(writer, is_sound ? json : NULL);
}

const char *aurora__record_encode(aurora__arena *arena, const aurora__record *record)
{
    aurora__writer writer;
    aurora__writer_begin(&writer, arena, record->length * 4 / 3 + 512);
    write_text(&writer, arena, "{\"type\":", record->type);
    write_text(&writer, arena, ",\"source\":", record->source);
    write_text(&writer, arena, ",\"time\":", record->time);
    write_text(&writer, arena, ",\"traceparent\":", record->traceparent);
    aurora__writer_literal(&writer, ",\"sequence\":");
    aurora__writer_integer(&writer, record->position);
    aurora__writer_literal(&writer, ",\"at_ms\":");
    aurora__writer_integer(&writer, record->at_ms);
    aurora__writer_literal(&writer, ",\"data_base64\":\"");
    write_base64(&writer, record->data, record->length);
    aurora__writer_literal(&writer, "\"}");
    return aurora__writer_end(&writer);
}

static aurora_status read_text(const aurora__json_tree *tree, const char *name, size_t bytes_max,
                               const char **out)
{
    uint32_t node = aurora__json_tree_member(tree, 0, name);
    *out = NULL;
    if (node == 0 || aurora__json_tree_is(tree, node, AURORA__JSON_NULL))
        return AURORA_OK;
    return aurora__json_tree_text(tree, node, bytes_max, out);
}

aurora_status aurora__record_decode(const char *text, aurora__arena *arena, aurora__record *out)
{
    aurora__json_tree tree;
    const char *data = NULL;
    *out = (aurora__record){0};
    const struct {
        const char *name;
        size_t bytes_max;
        const char **out;
    } texts[] = {
        {"type", TEXT_BYTES_MAX, &out->type}, {"source", TEXT_BYTES_MAX, &out->source},
        {"time", TEXT_BYTES_MAX, &out->time}, {"traceparent", TEXT_BYTES_MAX, &out->traceparent},
        {"data_base64", SIZE_MAX, &data},
    };
    aurora_status rc = aurora__json_tree_read(&tree, arena, text, text == NULL ? 0 : strlen(text));
    for (size_t i = 0; i < sizeof texts / sizeof texts[0] && rc == AURORA_OK; i++)
        rc = read_text(&tree, texts[i].name, texts[i].bytes_max, texts[i].out);
    if (rc != AURORA_OK)
        return rc;
    bool is_sound = aurora__json_tree_integer(&tree, aurora__json_tree_member(&tree, 0, "sequence"),
                                              &out->position) &&
                    aurora__json_tree_integer(&tree, aurora__json_tree_member(&tree, 0, "at_ms"),
                                              &out->at_ms) &&
                    data != NULL && read_base64((char *)(uintptr_t)data, &out->length);
    out->data = data;
    return is_sound ? AURORA_OK : AURORA_ECORRUPT;
}
