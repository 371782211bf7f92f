/* SPDX-License-Identifier: MIT */
/* Times as people and JSON write them, always UTC. Pure. */
#ifndef AURORACTL_TIME_TEXT_H
#define AURORACTL_TIME_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#define CTL_TIME_BYTES 40

/* "2011-01-31", "2011-01-31 08:26", "2011-01-31T08:26:00.125Z" in Unix milliseconds; more than
 * three digits of a second are cut. False for anything else, an offset other than Z among it. */
bool ctl_time_parse(const char *text, int64_t *ms_out);

/* The same with a date as American spreadsheets write it: "1/31/2011 8:26". */
bool ctl_time_parse_sheet(const char *text, int64_t *ms_out);

/* RFC 3339 with microseconds, in the caller's buffer, which is returned. */
const char *ctl_time_format(int64_t ms, char text_out[CTL_TIME_BYTES]);

/* "2011-01-31 08:26:00" for tables, "-" for 0. */
const char *ctl_time_show(int64_t ms, char text_out[CTL_TIME_BYTES]);

#endif
