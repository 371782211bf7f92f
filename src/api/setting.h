/* SPDX-License-Identifier: MIT */
/* What the settings of one handle come to: numbers and choices, read from the table's defaults and
 * then from the caller's assignments. */
#ifndef AURORA_API_SETTING_H
#define AURORA_API_SETTING_H

#include "core/step.h"

#include <aurora/port/bus.h>
#include <aurora/setting.h>

/* policy.modules for "stored": the set that the store was made for. */
#define AURORA__MODULES_STORED 0u

#define AURORA__BUS_PROPERTIES_MAX 64
#define AURORA__BUS_PROPERTY_NAME_BYTES 64

/* Who is told of an order's end. */
enum {
    AURORA__NOTIFIER_LOG = 1,   /* a line in the handle's log */
    AURORA__NOTIFIER_TASKS = 2, /* none: the host takes tasks */
    AURORA__NOTIFIER_PORT = 3,  /* what a driver opens */
};

typedef struct {
    aurora__policy policy;
    int64_t order_wait_ms;
    int64_t log_max_bytes;
    int64_t store_cache_bytes;
    int64_t log_keep_ms;
    int64_t consumer_keep_ms;
    int64_t key_keep_ms;
    int64_t notify_max_age_ms;
    int64_t queue_commands_max;
    int64_t batch_commands_max;
    int64_t trending_capacity;
    int64_t related_skus;
    int64_t payment_calls_max;
    int64_t payment_timeout_ms;
    const char *payment_url; /* of a provider that a driver opens; NULL = none */
    const char *payment_secret;
    const char *payment_ca; /* these three are borrowed from the assignments */
    const char *bus_url;    /* of a bus that a driver opens; NULL = local:; borrowed likewise */
    /* The names are in bus_names, the values borrowed, too. */
    aurora_bus_property bus_properties[AURORA__BUS_PROPERTIES_MAX];
    char bus_names[AURORA__BUS_PROPERTIES_MAX][AURORA__BUS_PROPERTY_NAME_BYTES];
    uint32_t bus_property_count;
    const char *notify_url; /* of a notifier that a driver opens; NULL = none */
    const char *notify_secret;
    const char *notify_ca; /* these three are borrowed likewise */
    int64_t notify_allow_private;
    int32_t notifier;
    const char *search_url; /* of an index that a driver opens; NULL = fts:. Borrowed likewise. */
    bool has_search;        /* search is not none: */
} aurora__settings;

/* One assignment, found and read. */
typedef struct {
    const aurora_setting_info *info;
    const char *text; /* what stands behind the '=' */
    int64_t number;
} aurora__assignment;

/* Fills in the defaults of the table. */
void aurora__settings_init(aurora__settings *settings);

/* Reads "name=value" of a handle: AURORA_EINVAL where the name is unknown or a daemon's, or the
 * value breaks its row's rules. */
aurora_status aurora__assignment_read(aurora__assignment *assignment, const char *text,
                                      aurora_error *err);

/* Puts an assignment's value into its member. AURORA_EINVAL for what only a closer look finds;
 * AURORA_ENOTSUP for the URL of an adapter that is not here. */
aurora_status aurora__settings_put(aurora__settings *settings, const aurora__assignment *assignment,
                                   aurora_error *err);

/* Takes "kafka.NAME=VALUE" for the bus's own client; *is_taken_out is false for other texts. The
 * settings must not move afterwards. AURORA_EINVAL. */
aurora_status aurora__setting_property(const char *text, aurora__settings *settings,
                                       bool *is_taken_out, aurora_error *err);

/* Rules between settings. */
aurora_status aurora__settings_check(const aurora__settings *settings, aurora_error *err);

/* setting_url.c: the values that are more than a number. */
aurora_status aurora__setting_modules(const char *text, uint32_t *modules_out, aurora_error *err);
aurora_status aurora__setting_payment(const char *text, aurora__settings *settings,
                                      aurora_error *err);
aurora_status aurora__setting_notify(const char *text, aurora__settings *settings,
                                     aurora_error *err);
aurora_status aurora__setting_bus(const char *text, const char **url_out, aurora_error *err);
aurora_status aurora__setting_search(const char *text, aurora__settings *settings,
                                     aurora_error *err);

#endif
