/* SPDX-License-Identifier: MIT */
#include "telemetry/span_json.h"

#include <math.h>
#include <string.h>

#include "http/decimal.h"
#include "http/plain_text.h"

#define SHORT_MAX 128 /* bytes of a key or text that is written in one piece */
#define SHORT_BYTES (2 * SHORT_MAX + 64)
#define GATHER_BYTES 2048 /* of attributes that are handed on together */

static char *put(char *at, const char *text, size_t len)
{
    memcpy(at, text, len);
    return at + len;
}

#define PUT(at, literal) put(at, literal, sizeof(literal) - 1)

/* The digits of four bytes, the first one's in the lowest place: each half byte gets a place of its
 * own, and those from 10 on what lies between '9' and 'a'. */
static uint64_t hex_of(const uint8_t bytes[4])
{
    const uint64_t low = UINT64_C(0x000f000f000f000f);
    uint64_t whole =
        bytes[0] | (uint64_t)bytes[1] << 16 | (uint64_t)bytes[2] << 32 | (uint64_t)bytes[3] << 48;
    uint64_t halves = (whole >> 4 & low) | (whole & low) << 8;
    uint64_t letters = (halves + AURORA__EACH_BYTE(6)) >> 4 & AURORA__EACH_BYTE(1);
    return halves + AURORA__EACH_BYTE('0') + letters * ('a' - '0' - 10);
}

/* `len` is a multiple of four. */
static char *put_hex(char *at, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i += 4) {
        uint64_t digits = hex_of(bytes + i);
        const char text[8] = {(char)digits,         (char)(digits >> 8),  (char)(digits >> 16),
                              (char)(digits >> 24), (char)(digits >> 32), (char)(digits >> 40),
                              (char)(digits >> 48), (char)(digits >> 56)};
        at = put(at, text, sizeof text);
    }
    return at;
}

static bool is_zero(const uint8_t id[8])
{
    static const uint8_t zero[8];
    return memcmp(id, zero, 8) == 0;
}

/* A text of any length as one of at most AURORA__SPAN_TEXT_MAX bytes, cut at a character. */
static void put_text(aurora_json_out *out, const char *name, const char *text)
{
    char shorter[AURORA__SPAN_TEXT_MAX + 1];
    size_t len = strnlen(text, AURORA__SPAN_TEXT_MAX + 1);
    if (len <= AURORA__SPAN_TEXT_MAX) {
        aurora_json_out_text(out, name, text);
        return;
    }
    len = AURORA__SPAN_TEXT_MAX;
    while (len > AURORA__SPAN_TEXT_MAX - 3 && ((unsigned char)text[len] & 0xC0) == 0x80)
        len--; /* no further: what is no UTF-8 may go on so */
    memcpy(shorter, text, len);
    shorter[len] = '\0';
    aurora_json_out_text(out, name, shorter);
}

/* A number as a text, since many readers of JSON keep 53 bits alone. */
static void put_int64(aurora_json_out *out, const char *name, int64_t value)
{
    char text[AURORA__DECIMAL_BYTES + 4], *at = text;
    *at++ = '"';
    if (value < 0)
        *at++ = '-';
    at = aurora__decimal_write(at, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
    *at++ = '"';
    aurora_json_out_raw(out, name, text, (size_t)(at - text));
}

/* --- attributes ------------------------------------------------------------------------------- */

/* JSON has no words for the three that are no numbers; its mapping of Protocol Buffers has. */
static void put_double(aurora_json_out *out, const char *name, double value)
{
    if (isfinite(value))
        aurora_json_out_double(out, name, value);
    else
        aurora_json_out_text(out, name,
                             isnan(value) ? "NaN"
                             : value < 0  ? "-Infinity"
                                          : "Infinity");
}

static void put_value(aurora_json_out *out, const aurora_attribute *attribute)
{
    switch (attribute->kind) {
    case AURORA_ATTRIBUTE_INT:
        put_int64(out, "intValue", attribute->number);
        break;
    case AURORA_ATTRIBUTE_DOUBLE:
        put_double(out, "doubleValue", attribute->real);
        break;
    case AURORA_ATTRIBUTE_BOOL:
        aurora_json_out_bool(out, "boolValue", attribute->number != 0);
        break;
    default:
        put_text(out, "stringValue", attribute->text != NULL ? attribute->text : "");
    }
}

static bool is_plain(const char *text, size_t len)
{
    return aurora__plain_length(text, len) == len;
}

/* Nearly all attributes are a short plain text or a number with a short plain key: those are put
 * together at once. How many bytes that is, at most SHORT_BYTES, or 0: it is no such one. */
static size_t write_short(const aurora_attribute *attribute, char *text)
{
    char *at = text;
    size_t len = strnlen(attribute->key, SHORT_MAX + 1);
    if (len > SHORT_MAX || !is_plain(attribute->key, len))
        return 0;
    at = PUT(at, "{\"key\":\"");
    at = put(at, attribute->key, len);
    at = PUT(at, "\",\"value\":{\"");
    if (attribute->kind == AURORA_ATTRIBUTE_TEXT && attribute->text != NULL) {
        len = strnlen(attribute->text, SHORT_MAX + 1);
        if (len > SHORT_MAX || !is_plain(attribute->text, len))
            return 0;
        at = PUT(at, "stringValue\":\"");
        at = put(at, attribute->text, len);
    } else if (attribute->kind == AURORA_ATTRIBUTE_INT && attribute->number >= 0) {
        at = PUT(at, "intValue\":\"");
        at = aurora__decimal_write(at, (uint64_t)attribute->number);
    } else {
        return 0;
    }
    at = PUT(at, "\"}}");
    return (size_t)(at - text);
}

static void put_long(aurora_json_out *out, const aurora_attribute *attribute)
{
    aurora_json_out_object(out, NULL);
    put_text(out, "key", attribute->key);
    aurora_json_out_object(out, "value");
    put_value(out, attribute);
    aurora_json_out_close(out, '}');
    aurora_json_out_close(out, '}');
}

void aurora__attribute_write(aurora_json_out *out, const aurora_attribute *attribute)
{
    char text[SHORT_BYTES];
    size_t len = write_short(attribute, text);
    if (len > 0)
        aurora_json_out_raw(out, NULL, text, len);
    else
        put_long(out, attribute);
}

void aurora__attribute_write_text(aurora_json_out *out, const char *key, const char *text)
{
    const aurora_attribute attribute = {.key = key, .kind = AURORA_ATTRIBUTE_TEXT, .text = text};
    aurora__attribute_write(out, &attribute);
}

/* `text` is its name and bracket. */
static void begin_list(aurora_json_out *out, const char *text)
{
    aurora_json_out_raw(out, NULL, text, strlen(text));
    out->needs_comma = false;
}

/* What was gathered; each attribute has a comma before it, and the first one's is not needed. */
static void put_gathered(aurora_json_out *out, const char *text, size_t *len)
{
    if (*len > 0)
        aurora_json_out_raw(out, NULL, text + 1, *len - 1);
    *len = 0;
}

static void put_attributes(aurora_json_out *out, const aurora_span *span, const char *kept)
{
    char text[GATHER_BYTES];
    size_t len = 0;
    uint32_t count = span->attribute_count;
    if (count == 0 && kept == NULL)
        return;
    begin_list(out, "\"attributes\":[");
    for (uint32_t i = 0; i < count && i < AURORA__SPAN_PARTS_MAX; i++) {
        if (sizeof text - len <= SHORT_BYTES)
            put_gathered(out, text, &len);
        size_t more = write_short(&span->attributes[i], text + len + 1);
        if (more > 0) {
            text[len] = ',';
            len += 1 + more;
        } else {
            put_gathered(out, text, &len);
            put_long(out, &span->attributes[i]);
        }
    }
    put_gathered(out, text, &len);
    if (kept != NULL)
        aurora__attribute_write_text(out, "aurora.kept", kept);
    aurora_json_out_close(out, ']');
    if (count > AURORA__SPAN_PARTS_MAX)
        aurora_json_out_int(out, "droppedAttributesCount", count - AURORA__SPAN_PARTS_MAX);
}

/* --- links ------------------------------------------------------------------------------------ */

static void put_link(aurora_json_out *out, const aurora_span_link *link)
{
    char text[128], *at = PUT(text, "{\"traceId\":\"");
    at = put_hex(at, link->trace_id, 16);
    at = PUT(at, "\",\"spanId\":\"");
    at = put_hex(at, link->span_id, 8);
    at = PUT(at, "\",\"flags\":");
    at = aurora__decimal_write(at, link->trace_flags & 255);
    at = PUT(at, "}");
    aurora_json_out_raw(out, NULL, text, (size_t)(at - text));
}

static void put_links(aurora_json_out *out, const aurora_span *span)
{
    uint32_t count = span->link_count;
    if (count == 0)
        return;
    begin_list(out, "\"links\":[");
    for (uint32_t i = 0; i < count && i < AURORA__SPAN_PARTS_MAX; i++)
        put_link(out, &span->links[i]);
    aurora_json_out_close(out, ']');
    if (count > AURORA__SPAN_PARTS_MAX)
        aurora_json_out_int(out, "droppedLinksCount", count - AURORA__SPAN_PARTS_MAX);
}

/* --- the span --------------------------------------------------------------------------------- */

/* The members that each span has, as the beginning of its object; the name among them where it is
 * short and plain, as ours are. */
static void begin(aurora_json_out *out, const aurora_span *span)
{
    char text[352 + SHORT_MAX], *at = PUT(text, "{\"traceId\":\"");
    at = put_hex(at, span->trace_id, 16);
    at = PUT(at, "\",\"spanId\":\"");
    at = put_hex(at, span->span_id, 8);
    if (!is_zero(span->parent_id)) {
        at = PUT(at, "\",\"parentSpanId\":\"");
        at = put_hex(at, span->parent_id, 8);
    }
    at = PUT(at, "\",\"flags\":");
    at = aurora__decimal_write(at, span->trace_flags & 255);
    at = PUT(at, ",\"kind\":");
    at = aurora__decimal_write(at, (uint64_t)(span->kind & 7));
    at = PUT(at, ",\"startTimeUnixNano\":\"");
    at = aurora__decimal_write(at, (uint64_t)span->start_ns);
    at = PUT(at, "\",\"endTimeUnixNano\":\"");
    at = aurora__decimal_write(at, (uint64_t)span->end_ns);
    at = PUT(at, "\"");
    size_t len = strnlen(span->name, SHORT_MAX + 1);
    bool is_short = len <= SHORT_MAX && is_plain(span->name, len);
    if (is_short) {
        at = PUT(at, ",\"name\":\"");
        at = put(at, span->name, len);
        at = PUT(at, "\"");
    }
    aurora_json_out_raw(out, NULL, text, (size_t)(at - text));
    if (!is_short)
        put_text(out, "name", span->name);
}

static void put_status(aurora_json_out *out, const aurora_span *span)
{
    if (span->status == AURORA_SPAN_UNSET)
        return;
    aurora_json_out_object(out, "status");
    aurora_json_out_int(out, "code", span->status);
    if (span->status == AURORA_SPAN_ERROR && span->status_message != NULL)
        put_text(out, "message", span->status_message);
    aurora_json_out_close(out, '}');
}

void aurora__span_write(aurora_json_out *out, const aurora_span *span, const char *kept)
{
    begin(out, span);
    put_attributes(out, span, kept);
    put_links(out, span);
    put_status(out, span);
    aurora_json_out_close(out, '}');
}
