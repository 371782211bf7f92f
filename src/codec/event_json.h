/* SPDX-License-Identifier: MIT */
/* Events as the world sees them: the data object of each kind. What it holds only grows. */
#ifndef AURORA_CODEC_EVENT_JSON_H
#define AURORA_CODEC_EVENT_JSON_H

#include "codec/writer.h"
#include "core/event.h"

/* Renders an event's data object as NUL-terminated text in the arena. AURORA_ECORRUPT when its
 * lines, short lines or attributes are damaged, AURORA_EINVAL for a kind of a later release,
 * AURORA_ENOMEM. length_out may be NULL. */
aurora_status aurora__event_json(aurora__arena *arena, const aurora__event *event,
                                 const char **text_out, size_t *length_out);

/* A product as HTTP and product.upserted show it. AURORA_ECORRUPT. */
aurora_status aurora__product_json(aurora__writer *writer, const aurora__product_row *row);

/* [["name","value"],...] as {"name":"value",...}, NULL as {}. The same texts, not unescaped. */
aurora_status aurora__pairs_json(aurora__writer *writer, const char *pairs);

#endif
