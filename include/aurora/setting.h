/* SPDX-License-Identifier: MIT */
/* The one table of settings: its names serve aurora_options.settings, the daemons' flags
 * (--order-deadline), environment (AURORA_ORDER_DEADLINE) and files. Not a store of values. */
#ifndef AURORA_SETTING_H
#define AURORA_SETTING_H

#include <aurora/handle.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How the text of a value is read. */
enum {
    AURORA_SETTING_DURATION = 1, /* a whole number and ms, s, m, h or d: "250ms"; in milliseconds */
    AURORA_SETTING_INTEGER = 2,  /* decimal, or with KiB, MiB, GiB: "1GiB" */
    AURORA_SETTING_TEXT = 3,     /* minimum and maximum are its bytes */
    AURORA_SETTING_URL = 4,      /* scheme:rest */
    AURORA_SETTING_BOOL = 5      /* true or false; the number is 1 or 0 */
};

/* aurora_setting_info.flags. */
#define AURORA_SETTING_SECRET 1u     /* to be masked when printed */
#define AURORA_SETTING_RELOADABLE 2u /* aurora_setting_put may change it */
#define AURORA_SETTING_DAEMON 4u     /* means nothing to a handle; aurora_open refuses it */

/* One row. Static; pinned layout. */
typedef struct {
    const char *name;         /* "order_deadline": a-z and _ */
    int32_t kind;             /* AURORA_SETTING_... */
    uint32_t flags;           /* AURORA_SETTING_SECRET ... */
    const char *default_text; /* "5m"; "" = none */
    int64_t minimum;          /* in the unit of the kind; 0 for URLs and bools */
    int64_t maximum;          /* of the number, or of the bytes */
    const char *help;         /* one sentence */
    uint64_t spare[2];
} aurora_setting_info;

/* All settings by name. The table is static. Threads: shared. */
AURORA_API const aurora_setting_info *aurora_setting_table(uint32_t *count_out);

/* The row of a name of `len` bytes, NULL when there is none. Threads: shared. */
AURORA_API const aurora_setting_info *aurora_setting_find(const char *name, size_t len);

/* The name that `name` was probably meant to be; NULL when nothing is near. Static text. Threads:
 * shared. */
AURORA_API const char *aurora_setting_nearest(const char *name);

/* Reads a value by the rules of its row. *number_out (may be NULL) is the number of a duration,
 * integer or bool, else 0. AURORA_EINVAL with the row's name as field and what is allowed as
 * message. Threads: shared. */
AURORA_API aurora_status aurora_setting_parse(const aurora_setting_info *info, const char *text,
                                              int64_t *number_out, aurora_error *err);

/* Changes a reloadable setting of an open handle, "order_wait=2s", until it is closed.
 * AURORA_EINVAL; AURORA_ECONFLICT when it can only be given at open. Threads: shared. */
AURORA_API aurora_status aurora_setting_put(aurora_t *shop, const char *assignment,
                                            aurora_error *err);

/* "duration" to "bool"; "" for another kind. Static text. Threads: shared. */
AURORA_API const char *aurora_setting_kind_name(int32_t kind);

#ifdef __cplusplus
}
#endif
#endif
