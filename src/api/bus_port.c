/* SPDX-License-Identifier: MIT */
#include "api/bus_port.h"

#include "api/drivers.h"
#include "api/refuse.h"
#include "engine/bus.h"

#include <string.h>
#include <unistd.h>

static void log_bus(void *self, int32_t level, const char *message)
{
    aurora__handle_say(self, level, "bus", message);
}

static aurora_status check_set(const aurora_t *shop, aurora_error *err)
{
    const char *objection = aurora__bus_objection(shop->modules);
    if (objection != NULL)
        return aurora__refuse(err, AURORA_ENOTSUP, "bus", "%s", objection);
    return AURORA_OK;
}

/* *port_out stays zeroed where there is to be no bus, or nothing was opened. */
static aurora_status open_port(aurora_t *shop, const aurora__settings *settings,
                               const aurora_options *options, uint32_t flags, aurora_bus *port_out,
                               aurora_error *err)
{
    aurora_bus_open_fn open;
    aurora_bus_options bus_options = {.size = sizeof bus_options,
                                      .flags = flags,
                                      .property_count = settings->bus_property_count,
                                      .properties = settings->bus_properties,
                                      .allocator = &shop->allocator,
                                      .log = log_bus,
                                      .log_self = shop};
    *port_out = (aurora_bus){.size = sizeof *port_out};
    aurora_status rc =
        aurora__driver_find_bus(settings->bus_url, options->drivers, options->driver_count, &open,
                                &bus_options.address, err);
    return rc == AURORA_OK ? open(&bus_options, port_out, err) : rc;
}

static bool has_bus(const aurora_t *shop, const aurora__settings *settings)
{
    return settings->bus_url != NULL && (shop->flags & AURORA_OPEN_READONLY) == 0;
}

aurora_status aurora__bus_port_check(aurora_t *shop, const aurora__settings *settings,
                                     const aurora_options *options, aurora_error *err)
{
    aurora_bus port;
    if (!has_bus(shop, settings))
        return AURORA_OK;
    aurora_status rc = open_port(shop, settings, options, AURORA_BUS_CHECK, &port, err);
    if (rc == AURORA_OK && port.close != NULL)
        port.close(port.self);
    return rc;
}

aurora_status aurora__bus_port_open(aurora_t *shop, const aurora__settings *settings,
                                    const aurora_options *options, aurora_error *err)
{
    aurora_bus port;
    if (!has_bus(shop, settings))
        return AURORA_OK;
    aurora_status rc = check_set(shop, err);
    if (rc == AURORA_OK)
        rc = open_port(shop, settings, options, 0, &port, err);
    return rc == AURORA_OK ? aurora__bus_new(shop->engine, &port, &shop->bus) : rc;
}

aurora_status aurora_bus_health(const aurora_t *shop, aurora_error *err)
{
    char message[sizeof err->message] = "";
    if (shop == NULL)
        return aurora__refuse(err, AURORA_EINVAL, "shop", "is required");
    if (getpid() != shop->pid)
        return aurora__refuse_plain(err, AURORA_EFORK);
    if (shop->bus == NULL)
        return aurora__refuse_plain(err, AURORA_OK);
    aurora_status rc = aurora__bus_health(shop->bus, message, sizeof message);
    return rc == AURORA_OK ? rc : aurora__refuse(err, rc, "bus", "%s", message);
}
