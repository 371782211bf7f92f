/* SPDX-License-Identifier: MIT */
/* Opening stores. A file is one store and says which modules it was made for; a PostgreSQL database
 * may hold one for each service, in schemas of their own, and is asked for one after another. */
#include <stdio.h>
#include <string.h>

#include "ctl.h"
#include "options.h"

#ifdef AURORA_HAVE_NET
#include <aurora/net.h>
#endif

static const char whole[] = "order,inventory,payment,product,search,recommendation,notification";

static const char *const services[] = {"order",  "inventory",      "payment",     "product",
                                       "search", "recommendation", "notification"};

/* Whose store a noun's commands work on, where there is one for each service. */
static const struct {
    const char *noun;
    const char *module;
} owners[] = {
    {"orders", "order"},     {"sagas", "order"},
    {"events", "order"},     {"replay", "order"},
    {"products", "product"}, {"seed", "product"},
    {"stock", "inventory"},  {"search", "search"},
    {"reindex", "search"},   {"notifications", "notification"},
};

static void write_log(void *self, int32_t level, const char *component, const char *message)
{
    (void)self;
    fprintf(stderr, "auroractl: %s: %s: %s\n", aurora_log_level_name(level), component, message);
}

static bool is_database(const char *url)
{
    return strncmp(url, "postgresql:", 11) == 0 || strncmp(url, "postgres:", 9) == 0;
}

/* modules NULL = what the operator says, else those that the store was made for. */
static aurora_status try_open(const ctl *run, const char *url, const char *modules, uint32_t flags,
                              aurora_t **shop_out, aurora_error *err)
{
    const char *settings[CTL_SETTINGS_MAX + 4];
    char set[128];
    uint32_t count = 0;
    for (; count < run->setting_count; count++)
        settings[count] = run->settings[count];
    if (modules != NULL || !ctl_has_setting(run, "modules")) {
        snprintf(set, sizeof set, "modules=%s", modules != NULL ? modules : "stored");
        settings[count++] = set;
    }
    /* A command that only touches a store must neither charge anybody nor write to anybody on
     * behalf of the program that runs it, unless the operator says by whom. */
    if ((run->command->flags & CTL_DRIVES) == 0) {
        if (!ctl_has_setting(run, "payment"))
            settings[count++] = "payment=none:";
        if (!ctl_has_setting(run, "notify"))
            settings[count++] = "notify=none:";
    }
    aurora_log log = {.size = sizeof log, .write = write_log, .level_min = AURORA_LOG_WARNING};
    aurora_options options = {.size = sizeof options,
                              .flags = flags,
                              .log = &log,
                              .settings = settings,
                              .setting_count = count};
#ifdef AURORA_HAVE_NET
    options.drivers = aurora_net_drivers(&options.driver_count);
#endif
    return aurora_open(url, &options, shop_out, err);
}

static int tell(aurora_status status, const aurora_error *err, const char *url, uint32_t flags)
{
    if (status == AURORA_OK)
        return CTL_YES;
    ctl_fail(status, err, url);
    if (status == AURORA_ENOTFOUND)
        ctl_refuse(
            "'auroractl seed', 'replay' and 'products import' make a store, and so does aurorad");
    if (status == AURORA_ESCHEMA && (flags & AURORA_OPEN_NO_MIGRATE) != 0)
        ctl_refuse("if the store is older than this program, 'auroractl migrate' updates it");
    return CTL_UNSURE;
}

static const char *owner_of(const ctl *run)
{
    const char *noun = run->command->noun;
    if (strcmp(noun, "dead-letters") == 0)
        return run->operand_count > 0 ? run->operands[0] : run->values[CTL_CONSUMER];
    for (size_t i = 0; i < sizeof owners / sizeof *owners; i++) {
        if (strcmp(owners[i].noun, noun) == 0)
            return owners[i].module;
    }
    return NULL;
}

/* The whole system's store, else the one of the noun's service; a command that makes a store makes
 * it for all modules, in a database without any of ours. */
static int open_in_database(const ctl *run, const char *url, uint32_t flags, aurora_t **shop_out)
{
    aurora_error err = AURORA_ERROR_INIT;
    const char *owner = owner_of(run);
    aurora_status status = try_open(run, url, whole, flags | AURORA_OPEN_NO_CREATE, shop_out, &err);
    if (status != AURORA_ENOTFOUND)
        return tell(status, &err, url, flags);
    for (size_t i = 0; i < sizeof services / sizeof *services; i++) {
        aurora_t *shop = NULL;
        bool is_asked = owner != NULL && strcmp(services[i], owner) == 0;
        uint32_t with = is_asked ? flags | AURORA_OPEN_NO_CREATE : CTL_READ;
        status = try_open(run, url, services[i], with, &shop, &err);
        if (status == AURORA_ENOTFOUND)
            continue;
        if (is_asked && status == AURORA_OK) {
            *shop_out = shop;
            return CTL_YES;
        }
        aurora_close(shop);
        if (is_asked || status != AURORA_OK)
            return tell(status, &err, url, flags);
        if (owner == NULL || (flags & AURORA_OPEN_NO_CREATE) == 0)
            return ctl_refuse("%s holds a store for each service: say which by --modules, or ask "
                              "the gateway by --url",
                              url);
    }
    if ((flags & AURORA_OPEN_NO_CREATE) != 0)
        return tell(AURORA_ENOTFOUND, &err, url, flags);
    return tell(try_open(run, url, whole, flags, shop_out, &err), &err, url, flags);
}

static int open_one(const ctl *run, const char *url, uint32_t flags, aurora_t **shop_out)
{
    aurora_error err = AURORA_ERROR_INIT;
    if (is_database(url) && !ctl_has_setting(run, "modules"))
        return open_in_database(run, url, flags, shop_out);
    return tell(try_open(run, url, NULL, flags, shop_out, &err), &err, url, flags);
}

int ctl_open(const ctl *run, uint32_t flags, aurora_t **shop_out)
{
    return open_one(run, run->stores[0], flags, shop_out);
}

static int open_every(const ctl *run, const char *url, uint32_t flags, ctl_stores *out)
{
    uint32_t before = out->count;
    for (size_t i = 0; i <= sizeof services / sizeof *services; i++) {
        aurora_error err = AURORA_ERROR_INIT;
        const char *modules = i == 0 ? whole : services[i - 1];
        aurora_t *shop = NULL;
        if (out->count == CTL_STORES_MAX)
            return ctl_refuse("more than %d stores at once", CTL_STORES_MAX);
        aurora_status status =
            try_open(run, url, modules, flags | AURORA_OPEN_NO_CREATE, &shop, &err);
        if (status == AURORA_ENOTFOUND)
            continue;
        if (status != AURORA_OK)
            return tell(status, &err, url, flags);
        out->modules[out->count] = i == 0 ? "all" : modules;
        out->shops[out->count++] = shop;
        if (i == 0)
            return CTL_YES;
    }
    aurora_error none = AURORA_ERROR_INIT;
    return out->count > before ? CTL_YES : tell(AURORA_ENOTFOUND, &none, url, flags);
}

int ctl_open_all(const ctl *run, uint32_t flags, ctl_stores *out)
{
    int outcome = CTL_YES;
    *out = (ctl_stores){.count = 0};
    for (uint32_t i = 0; outcome == CTL_YES && i < run->store_count; i++) {
        const char *url = run->stores[i];
        if (is_database(url) && !ctl_has_setting(run, "modules")) {
            outcome = open_every(run, url, flags, out);
            continue;
        }
        if (out->count == CTL_STORES_MAX)
            return ctl_refuse("more than %d stores at once", CTL_STORES_MAX);
        outcome = open_one(run, url, flags, &out->shops[out->count]);
        out->count += outcome == CTL_YES ? 1 : 0;
    }
    return outcome;
}

void ctl_close_all(ctl_stores *stores)
{
    for (uint32_t i = 0; i < stores->count; i++)
        aurora_close(stores->shops[i]);
    stores->count = 0;
}
