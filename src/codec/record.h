/* SPDX-License-Identifier: MIT */
/* A message of another service as it arrived: what its headers say, its event, and how one that
 * cannot be read is kept in parked_events until it can. */
#ifndef AURORA_CODEC_RECORD_H
#define AURORA_CODEC_RECORD_H

#include "core/event.h"

/* parked_events.format of a message that could not be read: its body is what record_encode
 * wrote. */
#define AURORA__RECORD_FORMAT 101

/* Texts are borrowed. Those that a message does not have are NULL. */
typedef struct {
    const char *type;   /* ce_type */
    const char *source; /* ce_source */
    const char *time;   /* ce_time */
    const char *traceparent;
    int64_t position; /* ce_sequence; 0 = missing or wrong */
    int64_t at_ms;    /* when the bus got it */
    const char *data;
    size_t length;
} aurora__record;

/* The event of a record. AURORA_ECORRUPT, *field_out saying what is wrong; AURORA_ENOMEM. */
aurora_status aurora__record_event(aurora__arena *arena, const aurora__record *record,
                                   aurora__event *out, const char **field_out);

/* As text, the data in base64. NULL: out of memory. */
const char *aurora__record_encode(aurora__arena *arena, const aurora__record *record);

/* Reads it. AURORA_ECORRUPT, AURORA_ENOMEM. */
aurora_status aurora__record_decode(const char *text, aurora__arena *arena, aurora__record *out);

#endif
