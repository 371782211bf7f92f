/* SPDX-License-Identifier: MIT */
#include "adapters/store_postgres/words.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

aurora_status aurora__pg_error(aurora_error *err, aurora_status status, const char *format, ...)
{
    if (err == NULL)
        return status;
    err->status = status;
    err->field[0] = 0;
    va_list args;
    va_start(args, format);
    vsnprintf(err->message, sizeof err->message, format, args);
    va_end(args);
    return status;
}

void aurora__pg_log(const aurora_store_options *options, int32_t level, const char *format, ...)
{
    char message[512];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    options->log(options->log_self, level, message);
}

/* Whole codes first, then classes (the first two characters). */
static const struct {
    const char *sqlstate;
    aurora_status status;
} statuses[] = {
    {"40001", AURORA_EBUSY},     /* serialization failure */
    {"40P01", AURORA_EBUSY},     /* deadlock */
    {"55P03", AURORA_EBUSY},     /* lock_timeout */
    {"57014", AURORA_EBUSY},     /* statement_timeout */
    {"53100", AURORA_EFULL},     /* disk full */
    {"42501", AURORA_EREADONLY}, /* no privilege */
    {"3D000", AURORA_ENOTFOUND}, /* no such database */
    {"42P01", AURORA_ESCHEMA},   /* no such table */
    {"42703", AURORA_ESCHEMA},   /* no such column */
    {"22", AURORA_ECONFLICT},    /* data exception */
    {"23", AURORA_ECONFLICT},    /* integrity constraint violation */
    {"54", AURORA_ECONFLICT},    /* beyond a limit of the program, as a key that is too long */
    {"XX001", AURORA_ECORRUPT},  /* data corrupted */
    {"XX002", AURORA_ECORRUPT},  /* index corrupted */
};

aurora_status aurora__pg_status(const char *sqlstate)
{
    if (sqlstate == NULL)
        return AURORA_EIO;
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        if (strncmp(statuses[i].sqlstate, sqlstate, strlen(statuses[i].sqlstate)) == 0)
            return statuses[i].status;
    }
    return AURORA_EIO;
}

int64_t aurora__pg_clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
