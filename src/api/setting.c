/* SPDX-License-Identifier: MIT */
/* From assignments to the members that they mean, at open and on an open handle. */
#include "api/setting.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "api/handle.h"
#include "api/refuse.h"

/* Settings that are one number each. */
static const struct {
    const char *name;
    size_t offset; /* of an int64_t in aurora__settings */
} numbers[] = {
    {"attempts_max", offsetof(aurora__settings, policy.attempts_max)},
    {"batch_max", offsetof(aurora__settings, batch_commands_max)},
    {"consumer_keep", offsetof(aurora__settings, consumer_keep_ms)},
    {"key_keep", offsetof(aurora__settings, key_keep_ms)},
    {"log_keep", offsetof(aurora__settings, log_keep_ms)},
    {"log_max_bytes", offsetof(aurora__settings, log_max_bytes)},
    {"notify_allow_private", offsetof(aurora__settings, notify_allow_private)},
    {"notify_max_age", offsetof(aurora__settings, notify_max_age_ms)},
    {"order_deadline", offsetof(aurora__settings, policy.order_deadline_ms)},
    {"order_late_grace", offsetof(aurora__settings, policy.late_grace_ms)},
    {"order_wait", offsetof(aurora__settings, order_wait_ms)},
    {"park_after", offsetof(aurora__settings, policy.park_after_ms)},
    {"park_attempts_min", offsetof(aurora__settings, policy.park_attempts_min)},
    {"payment_calls_max", offsetof(aurora__settings, payment_calls_max)},
    {"payment_timeout", offsetof(aurora__settings, payment_timeout_ms)},
    {"queue_max", offsetof(aurora__settings, queue_commands_max)},
    {"related_skus", offsetof(aurora__settings, related_skus)},
    {"resend_first", offsetof(aurora__settings, policy.resend_first_ms)},
    {"resend_max", offsetof(aurora__settings, policy.resend_max_ms)},
    {"retry_first", offsetof(aurora__settings, policy.retry_first_ms)},
    {"retry_max", offsetof(aurora__settings, policy.retry_max_ms)},
    {"store_cache", offsetof(aurora__settings, store_cache_bytes)},
    {"trending_capacity", offsetof(aurora__settings, trending_capacity)},
};

static int64_t *number_of(aurora__settings *settings, const char *name)
{
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        if (strcmp(numbers[i].name, name) == 0)
            return (int64_t *)(void *)((char *)settings + numbers[i].offset);
    }
    return NULL;
}

aurora_status aurora__settings_put(aurora__settings *settings, const aurora__assignment *assignment,
                                   aurora_error *err)
{
    const char *name = assignment->info->name;
    int64_t *number = number_of(settings, name);
    if (number != NULL) {
        *number = assignment->number;
        return AURORA_OK;
    }
    if (strcmp(name, "bus") == 0)
        return aurora__setting_bus(assignment->text, &settings->bus_url, err);
    if (strcmp(name, "modules") == 0)
        return aurora__setting_modules(assignment->text, &settings->policy.modules, err);
    if (strcmp(name, "payment") == 0)
        return aurora__setting_payment(assignment->text, settings, err);
    if (strcmp(name, "payment_ca") == 0) {
        settings->payment_ca = assignment->text;
        return AURORA_OK;
    }
    if (strcmp(name, "payment_secret") == 0) {
        settings->payment_secret = assignment->text;
        return AURORA_OK;
    }
    if (strcmp(name, "notify") == 0)
        return aurora__setting_notify(assignment->text, settings, err);
    if (strcmp(name, "notify_secret") == 0) {
        settings->notify_secret = assignment->text;
        return AURORA_OK;
    }
    if (strcmp(name, "notify_ca") == 0) {
        settings->notify_ca = assignment->text;
        return AURORA_OK;
    }
    if (strcmp(name, "search") == 0)
        return aurora__setting_search(assignment->text, settings, err);
    return aurora__refuse(err, AURORA_ENOTSUP, name, "is not a setting of a handle");
}

/* Tests hold every default of the table to its own rules, so nothing can be refused here. */
void aurora__settings_init(aurora__settings *settings)
{
    uint32_t count;
    const aurora_setting_info *table = aurora_setting_table(&count);
    memset(settings, 0, sizeof *settings);
    settings->policy.tombstone_ms = INT64_C(24) * 3600 * 1000;
    settings->policy.event_bytes_max = 900000;
    for (uint32_t i = 0; i < count; i++) {
        aurora__assignment assignment = {.info = &table[i], .text = table[i].default_text};
        if ((table[i].flags & AURORA_SETTING_DAEMON) != 0)
            continue;
        aurora_status rc =
            aurora_setting_parse(&table[i], assignment.text, &assignment.number, NULL);
        if (rc == AURORA_OK)
            rc = aurora__settings_put(settings, &assignment, NULL);
        (void)rc;
    }
}

static void refuse_unknown(const char *text, size_t length, aurora_error *err)
{
    char name[sizeof err->field];
    if (length >= sizeof name)
        length = sizeof name - 1;
    memcpy(name, text, length);
    name[length] = '\0';
    const char *nearest = aurora_setting_nearest(name);
    if (nearest == NULL)
        aurora__refuse(err, AURORA_EINVAL, name, "is not a setting");
    else
        aurora__refuse(err, AURORA_EINVAL, name, "is not a setting; the nearest is %s", nearest);
}

aurora_status aurora__assignment_read(aurora__assignment *assignment, const char *text,
                                      aurora_error *err)
{
    const char *equals = text != NULL ? strchr(text, '=') : NULL;
    if (equals == NULL || equals == text) {
        aurora__refuse(err, AURORA_EINVAL, "settings", "must be name=value");
        return AURORA_EINVAL;
    }
    size_t length = (size_t)(equals - text);
    *assignment = (aurora__assignment){
        .info = aurora_setting_find(text, length),
        .text = equals + 1,
    };
    if (assignment->info == NULL) {
        refuse_unknown(text, length, err);
        return AURORA_EINVAL;
    }
    if ((assignment->info->flags & AURORA_SETTING_DAEMON) != 0)
        return aurora__refuse(err, AURORA_EINVAL, assignment->info->name,
                              "is a setting of the daemons, not of a handle");
    return aurora_setting_parse(assignment->info, assignment->text, &assignment->number, err);
}

static aurora_status check_order(const char *first_name, int64_t first, const char *last_name,
                                 int64_t last, aurora_error *err)
{
    if (first <= last)
        return AURORA_OK;
    return aurora__refuse(err, AURORA_EINVAL, first_name,
                          "must not be more than %s: %" PRId64 " and %" PRId64, last_name, first,
                          last);
}

aurora_status aurora__settings_check(const aurora__settings *settings, aurora_error *err)
{
    const aurora__policy *policy = &settings->policy;
    aurora_status rc = check_order("resend_first", policy->resend_first_ms, "resend_max",
                                   policy->resend_max_ms, err);
    if (rc == AURORA_OK)
        rc = check_order("retry_first", policy->retry_first_ms, "retry_max", policy->retry_max_ms,
                         err);
    if (rc == AURORA_OK)
        rc = check_order("park_attempts_min", policy->park_attempts_min, "attempts_max",
                         policy->attempts_max, err);
    return rc;
}

/* --- on an open handle ------------------------------------------------------------------------ */

/* The policy belongs to whoever drives, so a change of it runs as a command. */
typedef struct {
    aurora__command command;
    aurora__assignment assignment;
} put_command;

static aurora_status put_decide(aurora__command *command, aurora__turn *turn)
{
    put_command *put = (put_command *)command;
    aurora__settings settings = {.policy = *aurora__engine_policy(turn->engine)};
    aurora_status rc = aurora__settings_put(&settings, &put->assignment, &command->err);
    return rc == AURORA_OK ? aurora__settings_check(&settings, &command->err) : rc;
}

static bool put_finish(aurora__command *command, aurora__turn *turn, aurora_status status)
{
    put_command *put = (put_command *)command;
    if (status == AURORA_OK) {
        aurora__policy *policy = (aurora__policy *)aurora__engine_policy(turn->engine);
        aurora__settings settings = {.policy = *policy};
        aurora_status rc = aurora__settings_put(&settings, &put->assignment, NULL);
        if (rc == AURORA_OK)
            *policy = settings.policy;
    }
    return true;
}

static void put_drop(aurora__command *command, aurora_status status)
{
    (void)command;
    (void)status;
}

static const aurora__command_class put_class = {
    .name = "setting",
    .decide = put_decide,
    .finish = put_finish,
    .drop = put_drop,
};

static aurora_status put_policy(aurora_t *shop, const aurora__assignment *assignment,
                                aurora_error *err)
{
    put_command *put = aurora__command_new(shop->engine, &put_class, sizeof *put);
    if (put == NULL)
        return aurora__refuse_plain(err, AURORA_ENOMEM);
    put->assignment = *assignment;
    put->assignment.text = NULL; /* the caller's; reloadable settings are numbers */
    put->command.err.size = sizeof put->command.err;
    aurora_status rc = aurora__engine_call(shop->engine, &put->command, -1, err);
    aurora__command_release(&put->command);
    return rc;
}

static aurora_status put_entered(aurora_t *shop, const char *text, aurora_error *err)
{
    aurora__assignment assignment;
    aurora_status rc = aurora__assignment_read(&assignment, text, err);
    if (rc != AURORA_OK)
        return rc;
    if ((assignment.info->flags & AURORA_SETTING_RELOADABLE) == 0)
        return aurora__refuse(err, AURORA_ECONFLICT, assignment.info->name,
                              "can only be given at open");
    if (strcmp(assignment.info->name, "order_wait") == 0) {
        atomic_store(&shop->order_wait_ms, assignment.number);
        return AURORA_OK;
    }
    return put_policy(shop, &assignment, err);
}

aurora_status aurora_setting_put(aurora_t *shop, const char *assignment, aurora_error *err)
{
    aurora_status rc = aurora__handle_enter(shop);
    if (rc != AURORA_OK)
        return aurora__refuse_plain(err, rc);
    rc = put_entered(shop, assignment, err);
    aurora__handle_leave(shop);
    return rc;
}
