/* SPDX-License-Identifier: MIT */
/* Opening a store: what the host gave is checked and copied, then the store is opened, claimed for
 * the modules, and handed to an engine. */
#include <unistd.h>

#include "api/allocator.h"
#include "api/bus_port.h"
#include "api/check.h"
#include "api/clock.h"
#include "api/drivers.h"
#include "api/fault.h"
#include "api/handle.h"
#include "api/metric.h"
#include "api/module_set.h"
#include "api/notifier_port.h"
#include "api/payment_port.h"
#include "api/random.h"
#include "api/refuse.h"
#include "api/setting.h"
#include "engine/bus.h"
#include "engine/follower.h"
#include "engine/payments.h"
#include "engine/search.h"

#include <string.h>

#define FLAGS_KNOWN                                                                                \
    (AURORA_OPEN_WORKER | AURORA_OPEN_READONLY | AURORA_OPEN_NO_CREATE | AURORA_OPEN_NO_MIGRATE)

#define TABLE(suffix, ...) &aurora__tables[AURORA__TABLE_##suffix].table,
static const aurora_table *const tables[] = {AURORA__TABLE_LIST(TABLE)};
#undef TABLE

/* --- the log ---------------------------------------------------------------------------------- */

static void write_nothing(void *self, int32_t level, const char *component, const char *message)
{
    (void)self;
    (void)level;
    (void)component;
    (void)message;
}

static aurora_status copy_log(aurora_log *copy, const aurora_log *given, aurora_error *err)
{
    if (given == NULL) {
        *copy = (aurora_log){
            .size = sizeof *copy, .write = write_nothing, .level_min = AURORA_LOG_FATAL + 1};
        return AURORA_OK;
    }
    aurora_status rc = aurora__copy_sized(copy, sizeof *copy, given, err);
    if (rc != AURORA_OK)
        return rc;
    if (copy->write == NULL)
        return aurora__refuse(err, AURORA_EINVAL, "log", "must have its call");
    if (copy->level_min == 0)
        copy->level_min = AURORA_LOG_INFO;
    return aurora__check_range(err, "log.level_min", copy->level_min, AURORA_LOG_DEBUG,
                               AURORA_LOG_FATAL);
}

/* --- the tracer ------------------------------------------------------------------------------- */

static aurora_status copy_tracer(aurora_tracer *copy, const aurora_tracer *given, aurora_error *err)
{
    if (given == NULL)
        return AURORA_OK;
    aurora_status rc = aurora__copy_sized(copy, sizeof *copy, given, err);
    if (rc == AURORA_OK && copy->span == NULL)
        rc = aurora__refuse(err, AURORA_EINVAL, "tracer", "must have its call");
    return rc;
}

static void log_store(void *self, int32_t level, const char *message)
{
    aurora__handle_say(self, level, "store", message);
}

static void log_search(void *self, int32_t level, const char *message)
{
    aurora__handle_say(self, level, "search", message);
}

/* --- the options ------------------------------------------------------------------------------ */

static aurora_status copy_options(aurora_options *copy, const aurora_options *given,
                                  aurora_error *err)
{
    if (given == NULL) {
        *copy = (aurora_options){.size = sizeof *copy};
        return AURORA_OK;
    }
    aurora_status rc = aurora__copy_sized(copy, sizeof *copy, given, err);
    if (rc == AURORA_OK)
        rc = aurora__check_flags(err, "flags", copy->flags, FLAGS_KNOWN);
    if (rc == AURORA_OK && copy->setting_count > 0 && copy->settings == NULL)
        rc = aurora__refuse(err, AURORA_EINVAL, "settings", "is required with setting_count");
    return rc;
}

static aurora_status read_settings(const aurora_options *options, aurora__settings *settings,
                                   aurora_error *err)
{
    aurora_status rc = AURORA_OK;
    aurora__settings_init(settings);
    for (uint32_t i = 0; i < options->setting_count && rc == AURORA_OK; i++) {
        aurora__assignment assignment;
        bool is_property;
        rc = aurora__setting_property(options->settings[i], settings, &is_property, err);
        if (rc != AURORA_OK || is_property)
            continue;
        rc = aurora__assignment_read(&assignment, options->settings[i], err);
        if (rc == AURORA_OK)
            rc = aurora__settings_put(settings, &assignment, err);
    }
    return rc == AURORA_OK ? aurora__settings_check(settings, err) : rc;
}

static aurora_status new_handle(const aurora_options *options, aurora_t **out, aurora_error *err)
{
    aurora_t shop = {.flags = options->flags, .pid = getpid()};
    aurora_status rc = aurora__allocator_copy(&shop.allocator, options->allocator, err);
    if (rc == AURORA_OK)
        rc = aurora__clock_copy(&shop.clock, options->clock, err);
    if (rc == AURORA_OK)
        rc = aurora__random_copy(&shop.random, options->random, err);
    if (rc == AURORA_OK)
        rc = copy_log(&shop.log, options->log, err);
    if (rc == AURORA_OK)
        rc = copy_tracer(&shop.tracer, options->tracer, err);
    if (rc != AURORA_OK)
        return rc;
    shop.log_level_min = shop.log.level_min;
    *out = shop.allocator.allocate(shop.allocator.self, sizeof shop);
    if (*out == NULL)
        return aurora__refuse_plain(err, AURORA_ENOMEM);
    memcpy(*out, &shop, sizeof shop);
    return AURORA_OK;
}

/* --- the store -------------------------------------------------------------------------------- */

static uint32_t store_flags(uint32_t flags)
{
    return ((flags & AURORA_OPEN_READONLY) != 0 ? AURORA_STORE_READONLY : 0u) |
           ((flags & AURORA_OPEN_NO_CREATE) != 0 ? AURORA_STORE_NO_CREATE : 0u) |
           ((flags & AURORA_OPEN_NO_MIGRATE) != 0 ? AURORA_STORE_NO_MIGRATE : 0u);
}

/* Adapters may name no field, and say nothing about memory. */
static aurora_status say_field(aurora_error *err, aurora_status status, const char *field)
{
    if (status == AURORA_OK || err == NULL || err->size < sizeof *err)
        return status;
    if (err->message[0] == '\0')
        return aurora__refuse(err, status, field, "%s", aurora_status_text(status));
    if (err->field[0] == '\0')
        memcpy(err->field, field, strlen(field) + 1);
    err->status = status;
    return status;
}

static aurora_status say_url(aurora_error *err, aurora_status status)
{
    return say_field(err, status, "url");
}

static aurora_status open_store(const char *url, const aurora_options *options,
                                uint64_t cache_bytes, aurora_t *shop, aurora_store *out,
                                aurora_error *err)
{
    aurora_store_open_fn open;
    char modules[AURORA__MODULE_SET_BYTES];
    aurora_store_options store_options = {
        .size = sizeof store_options,
        .flags = store_flags(options->flags),
        .tables = tables,
        .table_count = AURORA__TABLE_COUNT,
        .allocator = &shop->allocator,
        .log = log_store,
        .log_self = shop,
        .cache_bytes = cache_bytes,
        .modules = modules,
    };
    aurora__module_set_text(shop->modules, modules, sizeof modules);
    aurora_status rc = aurora__driver_find(url, options->drivers, options->driver_count, &open,
                                           &store_options.address, err);
    if (rc != AURORA_OK)
        return rc;
    rc = open(&store_options, out, err);
    if (rc != AURORA_OK || options->faults == NULL)
        return say_url(err, rc);
    rc = aurora__fault_store_wrap(out, options->faults, &shop->allocator);
    if (rc != AURORA_OK)
        out->close(out->self);
    return say_url(err, rc);
}

/* A tool takes the set that it finds; a new store is for all. */
static aurora_status adopt_modules(aurora_t *shop, aurora__settings *settings,
                                   const aurora_store *store)
{
    aurora_status rc = aurora__module_set_read(store, &settings->policy.modules);
    if (rc == AURORA_ENOTFOUND)
        settings->policy.modules = AURORA__MODULE_ALL;
    shop->modules = settings->policy.modules;
    return rc == AURORA_ENOTFOUND ? AURORA_OK : rc;
}

static aurora_status claim_store(const aurora_t *shop, const aurora_store *store, aurora_error *err)
{
    uint64_t random[2];
    aurora__id_source source = {0};
    if (!shop->random.fill(shop->random.self, random, sizeof random))
        return aurora__refuse_plain(err, AURORA_EIO);
    aurora_id batch = aurora__id_next(&source, shop->clock.wall_ms(shop->clock.self), random);
    return say_url(err, aurora__module_set_claim(store, shop->modules, batch, err));
}

/* --- the engine ------------------------------------------------------------------------------- */

static aurora_status new_engine(aurora_t *shop, const aurora__settings *settings,
                                const aurora_store *store, bool has_own_clock, aurora_error *err)
{
    aurora__engine_options options = {
        .store = *store,
        .allocator = &shop->allocator,
        .clock = shop->clock,
        .random = shop->random,
        .log = shop->log,
        .tracer = shop->tracer,
        .policy = settings->policy,
        .is_readonly = (shop->flags & AURORA_OPEN_READONLY) != 0,
        .has_worker = (shop->flags & AURORA_OPEN_WORKER) != 0,
        .has_own_clock = has_own_clock,
        .log_max_bytes = settings->log_max_bytes,
        .log_keep_ms = settings->log_keep_ms,
        .consumer_keep_ms = settings->consumer_keep_ms,
        .key_keep_ms = settings->key_keep_ms,
        .notify_max_age_ms = settings->notify_max_age_ms,
        .queue_commands_max = (uint32_t)settings->queue_commands_max,
        .batch_commands_max = (uint32_t)settings->batch_commands_max,
        .has_notifier = shop->has_notify_tasks || shop->notifier != NULL,
        .needs_contact =
            (aurora__notifier_flags(shop->notifier) & AURORA_NOTIFIER_NEEDS_CONTACT) != 0,
        .trending_capacity = (uint32_t)settings->trending_capacity,
        .related_skus = (uint32_t)settings->related_skus,
    };
    options.policy.notify_repeats =
        (aurora__notifier_flags(shop->notifier) & AURORA_NOTIFIER_REPEATS) != 0;
    return say_url(err, aurora__engine_new(&options, &shop->engine, err));
}

/* A handle for reading reads the index that others made; a store without a file has none of its own
 * then. */
static aurora_search_options search_options(aurora_t *shop)
{
    bool is_readonly = (shop->flags & AURORA_OPEN_READONLY) != 0;
    return (aurora_search_options){.size = sizeof(aurora_search_options),
                                   .flags = is_readonly ? AURORA_SEARCH_READONLY : 0u,
                                   .allocator = &shop->allocator,
                                   .log = log_search,
                                   .log_self = shop};
}

static aurora_status open_own_search(const char *url, aurora_t *shop, aurora_error *err)
{
    const aurora_search_options options = search_options(shop);
    aurora_status rc = aurora__driver_open_search(url, &options, &shop->search, err);
    shop->has_search = rc == AURORA_OK;
    return say_url(err, rc);
}

/* Followers store what they know, so a handle for reading has none but trending, which it asks and
 * does not feed. */
static aurora_status add_followers(const aurora_t *shop, aurora_error *err)
{
    aurora_status rc = AURORA_OK;
    bool is_writer = (shop->flags & AURORA_OPEN_READONLY) == 0;
    if (is_writer && (shop->modules & AURORA__MODULE_NOTIFICATION) != 0)
        rc = aurora__follow_notification(shop->engine, err);
    if (rc == AURORA_OK && (shop->modules & AURORA__MODULE_RECOMMENDATION) != 0)
        rc = aurora__follow_trending(shop->engine, err);
    if (rc == AURORA_OK && is_writer && (shop->modules & AURORA__MODULE_ORDER) != 0)
        rc = aurora__follow_customers(shop->engine, err);
    if (rc == AURORA_OK && is_writer && shop->has_search)
        rc = aurora__follow_search(shop->engine, &shop->search, err);
    return say_url(err, rc);
}

/* A port that is attached later takes the simulator's place; tasks of "none:" wait for a taker. */
static aurora_status drive_provider(aurora_t *shop, const aurora__settings *settings,
                                    const aurora_options *options, aurora_error *err)
{
    if ((shop->flags & AURORA_OPEN_READONLY) != 0 || (shop->modules & AURORA__MODULE_PAYMENT) == 0)
        return AURORA_OK;
    if (settings->payment_url != NULL)
        return say_field(err, aurora__payment_port_open(shop, settings, options, err), "payment");
    if (settings->policy.provider != AURORA__PROVIDER_SIMULATOR)
        return AURORA_OK;
    return say_url(err, aurora__payments_drive(shop->engine, NULL, NULL));
}

static bool sends_notifications(const aurora_t *shop)
{
    return (shop->flags & AURORA_OPEN_READONLY) == 0 &&
           (shop->modules & AURORA__MODULE_NOTIFICATION) != 0;
}

/* --- all of it -------------------------------------------------------------------------------- */

static aurora_status open_remote_search(const char *search_url, const aurora_options *given,
                                        aurora_t *shop, aurora_error *err)
{
    aurora_search_options options = search_options(shop);
    aurora_search_open_fn open;
    aurora_status rc = aurora__driver_find_search(search_url, given->drivers, given->driver_count,
                                                  &open, &options.address, err);
    if (rc == AURORA_OK)
        rc = open(&options, &shop->search, err);
    shop->has_search = rc == AURORA_OK;
    return say_field(err, rc, "search");
}

/* What stands beside the store. Before it, where its modules are known: a setting that is wrong
 * shall leave no store behind. None of them waits for another machine here. */
static aurora_status open_ports(aurora_t *shop, const aurora__settings *settings,
                                const aurora_options *options, aurora_error *err)
{
    aurora_payment_open_fn open_payment;
    aurora_status rc = AURORA_OK;
    if (settings->notify_url != NULL && sends_notifications(shop))
        rc = say_field(err, aurora__notifier_open(shop, settings, options, err), "notify");
    if (rc == AURORA_OK && settings->has_search && settings->search_url != NULL &&
        (shop->modules & AURORA__MODULE_SEARCH) != 0)
        rc = open_remote_search(settings->search_url, options, shop, err);
    if (rc == AURORA_OK && settings->payment_url != NULL)
        rc = aurora__driver_find_payment(settings->payment_url, options->drivers,
                                         options->driver_count, &open_payment, err);
    if (rc == AURORA_OK)
        rc = say_field(err, aurora__bus_port_check(shop, settings, options, err), "bus");
    return rc;
}

static aurora_status open_claimed(const char *url, const aurora_options *options,
                                  aurora__settings *settings, aurora_t *shop, aurora_store *out,
                                  aurora_error *err)
{
    aurora_status rc =
        open_store(url, options, (uint64_t)settings->store_cache_bytes, shop, out, err);
    if (rc != AURORA_OK)
        return rc;
    if (shop->modules == AURORA__MODULES_STORED) {
        rc = say_url(err, adopt_modules(shop, settings, out));
        if (rc == AURORA_OK)
            rc = open_ports(shop, settings, options, err);
    }
    if (rc == AURORA_OK && (shop->flags & AURORA_OPEN_READONLY) == 0)
        rc = claim_store(shop, out, err);
    if (rc != AURORA_OK)
        out->close(out->self);
    return rc;
}

/* Up to the store. */
static aurora_status prepare(const aurora_options *options, aurora_t *shop,
                             aurora__settings *settings, aurora_error *err)
{
    aurora_status rc = read_settings(options, settings, err);
    if (rc != AURORA_OK)
        return rc;
    atomic_init(&shop->order_wait_ms, settings->order_wait_ms);
    shop->modules = settings->policy.modules;
    shop->has_notify_tasks = settings->notifier == AURORA__NOTIFIER_TASKS;
    return shop->modules == AURORA__MODULES_STORED ? AURORA_OK
                                                   : open_ports(shop, settings, options, err);
}

static aurora_status build(const char *url, const aurora_options *options, aurora_t *shop,
                           aurora_error *err)
{
    aurora__settings settings;
    aurora_store store;
    aurora_status rc = prepare(options, shop, &settings, err);
    if (rc == AURORA_OK)
        rc = open_claimed(url, options, &settings, shop, &store, err);
    if (rc != AURORA_OK)
        return rc;
    rc = new_engine(shop, &settings, &store, options->clock != NULL, err);
    if (rc == AURORA_OK)
        aurora__handle_figures(shop);
    if (rc == AURORA_OK && settings.has_search && settings.search_url == NULL &&
        (shop->modules & AURORA__MODULE_SEARCH) != 0)
        rc = open_own_search(url, shop, err);
    if (rc == AURORA_OK)
        rc = add_followers(shop, err);
    if (rc == AURORA_OK)
        rc = drive_provider(shop, &settings, options, err);
    if (rc == AURORA_OK)
        rc = say_field(err, aurora__bus_port_open(shop, &settings, options, err), "bus");
    if (rc == AURORA_OK)
        rc = say_url(err, aurora__engine_start_worker(shop->engine));
    if (rc == AURORA_OK && shop->bus != NULL)
        rc = say_field(err, aurora__bus_start(shop->bus), "bus");
    if (rc == AURORA_OK && shop->notifier != NULL)
        rc = aurora__notifier_start(shop, err);
    return rc;
}

aurora_status aurora_open(const char *url, const aurora_options *options, aurora_t **shop_out,
                          aurora_error *err)
{
    aurora_options known;
    if (shop_out == NULL)
        return aurora__refuse(err, AURORA_EINVAL, "shop_out", "is required");
    *shop_out = NULL;
    aurora_error why = AURORA_ERROR_INIT; /* what is in *err may be an older failure's */
    aurora_t *shop = NULL;
    aurora_status rc = copy_options(&known, options, &why);
    if (rc == AURORA_OK)
        rc = new_handle(&known, &shop, &why);
    if (rc == AURORA_OK)
        rc = build(url, &known, shop, &why);
    if (rc == AURORA_OK) {
        *shop_out = shop;
        return AURORA_OK;
    }
    aurora_close(shop);
    return aurora__refuse(err, rc, why.field, "%s", why.message);
}

aurora_status aurora_open_check(const char *url, const aurora_options *options, aurora_error *err)
{
    aurora_options known;
    aurora__settings settings;
    aurora_store_open_fn open;
    const char *address;
    aurora_error why = AURORA_ERROR_INIT;
    aurora_t *shop = NULL;
    aurora_status rc = copy_options(&known, options, &why);
    if (rc == AURORA_OK)
        rc = aurora__driver_find(url, known.drivers, known.driver_count, &open, &address, &why);
    if (rc == AURORA_OK)
        rc = new_handle(&known, &shop, &why);
    if (rc == AURORA_OK)
        rc = prepare(&known, shop, &settings, &why);
    aurora_close(shop);
    return rc == AURORA_OK ? rc : aurora__refuse(err, rc, why.field, "%s", why.message);
}
