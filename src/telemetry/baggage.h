/* SPDX-License-Identifier: MIT */
/* "name=value,name=value" with percent-encoded values: how OpenTelemetry's variables spell
 * attributes and header fields (W3C Baggage without its properties). Pure. */
#ifndef AURORA_TELEMETRY_BAGGAGE_H
#define AURORA_TELEMETRY_BAGGAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AURORA__BAGGAGE_MAX 64
#define AURORA__BAGGAGE_BYTES 8192

typedef struct {
    const char *name;
    const char *value; /* decoded: valid UTF-8 without control characters */
} aurora__baggage_pair;

typedef struct {
    uint32_t count;
    aurora__baggage_pair pairs[AURORA__BAGGAGE_MAX]; /* into the text */
    char text[AURORA__BAGGAGE_BYTES];
} aurora__baggage;

/* Blanks around names and values are cut, empty members are passed over. NULL is as good as "".
 * False, with a static rule and no pair, where a member breaks one. *out must not move
 * afterwards. */
bool aurora__baggage_read(const char *text, aurora__baggage *out, const char **rule_out);

/* The value of the last pair of that name; NULL = none. */
const char *aurora__baggage_find(const aurora__baggage *pairs, const char *name);

#endif
