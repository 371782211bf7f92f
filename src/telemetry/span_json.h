/* SPDX-License-Identifier: MIT */
/* A span as OTLP/HTTP has it in JSON: ids in hex, enumerators as numbers, 64-bit numbers as decimal
 * texts, names in lowerCamelCase. Pure. */
#ifndef AURORA_TELEMETRY_SPAN_JSON_H
#define AURORA_TELEMETRY_SPAN_JSON_H

#include <aurora/trace.h>

#include "http/json_out.h"

#define AURORA__SPAN_TEXT_MAX 1024 /* bytes of a text that are sent; the rest is cut off */
#define AURORA__SPAN_PARTS_MAX 128 /* attributes, and links, of one span; others are counted */

/* Writes the span as the next element. `kept` is why it is kept although nobody asked for it
 * ("error"); NULL = it was asked for, or says so itself. */
void aurora__span_write(aurora_json_out *out, const aurora_span *span, const char *kept);

/* One element of a list of attributes, and its short form for texts. */
void aurora__attribute_write(aurora_json_out *out, const aurora_attribute *attribute);
void aurora__attribute_write_text(aurora_json_out *out, const char *key, const char *text);

#endif
