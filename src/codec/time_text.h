/* SPDX-License-Identifier: MIT */
/* Times as RFC 3339 texts in UTC with microseconds, as every JSON of ours has them. */
#ifndef AURORA_CODEC_TIME_TEXT_H
#define AURORA_CODEC_TIME_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AURORA__TIME_TEXT_BYTES 28 /* "2026-11-23T06:38:06.123000Z" and the NUL */

/* Writes Unix milliseconds as text and returns its length. Times outside the years 0 to 9999, which
 * the format does not have, become its first or last one. */
size_t aurora__time_format(int64_t ms, char text_out[AURORA__TIME_TEXT_BYTES]);

/* Reads RFC 3339 with any offset and fraction, of which milliseconds are kept; "Z" and "T" in upper
 * case. False for another text. */
bool aurora__time_parse(const char *text, int64_t *ms_out);

#endif
