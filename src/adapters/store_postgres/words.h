/* SPDX-License-Identifier: MIT */
/* What is said: to the caller that opens a store, and to the host's log. */
#ifndef AURORA_ADAPTERS_STORE_POSTGRES_WORDS_H
#define AURORA_ADAPTERS_STORE_POSTGRES_WORDS_H

#include <aurora/port/store.h>

/* Fills err (nullable) and answers `status`. */
aurora_status aurora__pg_error(aurora_error *err, aurora_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Sends one line to the host's log. */
void aurora__pg_log(const aurora_store_options *options, int32_t level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* What the port answers for an SQLSTATE; NULL = the connection is gone. */
aurora_status aurora__pg_status(const char *sqlstate);

/* Milliseconds of a clock that only grows. */
int64_t aurora__pg_clock_ms(void);

#endif
