/* SPDX-License-Identifier: MIT */
/* Events as other services publish them, read leniently: members that are not known are passed
 * over, all others must be what they are said to be. The other way round is event_json.h. */
#ifndef AURORA_CODEC_EVENT_PARSE_H
#define AURORA_CODEC_EVENT_PARSE_H

#include "core/event.h"

/* What stands beside the data object in a message. */
typedef struct {
    int32_t kind;            /* AURORA_EVENT_... */
    int64_t at_ms;           /* of ce_time */
    const char *traceparent; /* NULL = none; must stay */
    const char *data;        /* must not stay */
    size_t length;
} aurora__event_text;

/* Reads one event into the arena. AURORA_ECORRUPT: *field_out says which member is wrong ("" for a
 * text that is no JSON object); AURORA_EINVAL for a kind that is never published; AURORA_ENOMEM. */
aurora_status aurora__event_parse(aurora__arena *arena, const aurora__event_text *from,
                                  aurora__event *out, const char **field_out);

#endif
