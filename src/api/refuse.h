/* SPDX-License-Identifier: MIT */
/* How a public call says no: it fills the caller's error, if there is one, and hands the status
 * back, so that a guard is one line. */
#ifndef AURORA_API_REFUSE_H
#define AURORA_API_REFUSE_H

#include <aurora/base.h>

/* Writes status, field and message, cut at a character, and returns `status`. `field` may be NULL
 * for none. An `err` whose size was not set gets nothing. */
aurora_status aurora__refuse(aurora_error *err, aurora_status status, const char *field,
                             const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The same with no field and the status's own sentence: for AURORA_ENOMEM, _ECLOSED and the like.
 * AURORA_OK writes nothing. */
aurora_status aurora__refuse_plain(aurora_error *err, aurora_status status);

/* Puts the place in front of a field that was just refused: "quantity" becomes
 * "lines[3].quantity". AURORA_OK writes nothing. Returns `status`. */
aurora_status aurora__refuse_within(aurora_error *err, aurora_status status, const char *list,
                                    uint32_t index);

#endif
