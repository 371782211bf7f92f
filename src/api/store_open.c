/* SPDX-License-Identifier: MIT */
/* The library's own stores as ports. */
#include <aurora/port/driver.h>

#include <stddef.h>

#include "api/check.h"
#include "api/drivers.h"
#include "api/refuse.h"

#define OPTIONS_BYTES_MIN (offsetof(aurora_store_options, log_self) + sizeof(void *))

static aurora_status check(const aurora_store_options *options, aurora_error *err)
{
    if (options->size < OPTIONS_BYTES_MIN)
        return aurora__refuse(err, AURORA_EINVAL, "options.size", "must be the struct's size");
    if (options->allocator == NULL || options->log == NULL)
        return aurora__refuse(err, AURORA_EINVAL, "options", "must have an allocator and a log");
    if (options->table_count > 0 && options->tables == NULL)
        return aurora__refuse(err, AURORA_EINVAL, "options.tables", "is required with table_count");
    return AURORA_OK;
}

aurora_status aurora_store_open(const char *url, const aurora_store_options *options,
                                aurora_store *out, aurora_error *err)
{
    aurora_store_options known;
    aurora_store_open_fn open;
    if (out == NULL || options == NULL)
        return aurora__refuse(err, AURORA_EINVAL, out == NULL ? "out" : "options", "is required");
    aurora_status rc = aurora__copy_sized(&known, sizeof known, options, err);
    if (rc == AURORA_OK)
        rc = check(&known, err);
    if (rc == AURORA_OK)
        rc = aurora__driver_find(url, NULL, 0, &open, &known.address, err);
    return rc == AURORA_OK ? open(&known, out, err) : rc;
}
