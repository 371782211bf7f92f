/* SPDX-License-Identifier: MIT */
#include "api/drivers.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "adapters/cache_memory/cache_memory.h"
#include "adapters/search_fts/search_fts.h"
#include "adapters/store_memory/store_memory.h"
#include "adapters/store_sqlite/store_sqlite.h"
#include "api/check.h"
#include "api/refuse.h"

#define URL_BYTES_MAX 4096
#define SCHEME_BYTES_MAX 32
#define NEEDS_NET "libaurora-net is needed (aurora_net_drivers)"
#define DRIVER_BYTES_MIN (offsetof(aurora_driver, open_store) + sizeof(aurora_store_open_fn))

static const struct {
    const char *scheme;
    aurora_store_open_fn open;
    bool needs_address;
} built_in[] = {
    {"sqlite", aurora__store_sqlite_open, true},
    {"memory", aurora__store_memory_open, false},
};

static bool is_scheme_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '-' || c == '.';
}

/* RFC 3986, section 3.1; 0 where the text is a file's name. */
static size_t scheme_length(const char *url)
{
    size_t length = 0;
    while (is_scheme_char(url[length]))
        length++;
    bool begins_with_letter = (url[0] | 0x20) >= 'a' && (url[0] | 0x20) <= 'z';
    return url[length] == ':' && begins_with_letter ? length : 0;
}

static bool is_scheme(const char *scheme, const char *url, size_t length)
{
    return scheme != NULL && strlen(scheme) == length && strncasecmp(scheme, url, length) == 0;
}

/* The last driver of the port with the URL's scheme, zeroed where there is none. The host's array
 * has the element size that the host was compiled with: what it does not know is NULL. */
static aurora_status find_given(const aurora_driver *drivers, uint32_t count, uint32_t port,
                                const char *url, size_t length, aurora_driver *found_out,
                                aurora_error *err)
{
    memset(found_out, 0, sizeof *found_out);
    if (count > 0 && (drivers == NULL || drivers->size < DRIVER_BYTES_MIN))
        return aurora__refuse(err, AURORA_EINVAL, "drivers", "must hold drivers with their size");
    for (uint32_t i = 0; i < count; i++) {
        aurora_driver driver;
        aurora_status rc = aurora__copy_sized(
            &driver, sizeof driver, (const char *)drivers + (size_t)i * drivers->size, err);
        if (rc != AURORA_OK)
            return rc;
        if (driver.port == port && is_scheme(driver.scheme, url, length))
            *found_out = driver;
    }
    return AURORA_OK;
}

static aurora_status find_built_in(const char *url, size_t length, aurora_store_open_fn *open_out,
                                   aurora_error *err)
{
    for (size_t i = 0; i < sizeof built_in / sizeof *built_in; i++) {
        if (!is_scheme(built_in[i].scheme, url, length))
            continue;
        if (built_in[i].needs_address && url[length + 1] == '\0')
            return aurora__refuse(err, AURORA_EINVAL, "url", "must name a file, as sqlite:shop.db");
        *open_out = built_in[i].open;
    }
    return AURORA_OK;
}

static aurora_status refuse_scheme(aurora_error *err, const char *field, const char *url,
                                   const char *what)
{
    size_t length = scheme_length(url);
    int shown = (int)(length > SCHEME_BYTES_MAX ? SCHEME_BYTES_MAX : length);
    return aurora__refuse(err, AURORA_ENOTSUP, field, "no driver knows %.*s:, %s", shown, url,
                          what);
}

aurora_status aurora__driver_find(const char *url, const aurora_driver *drivers,
                                  uint32_t driver_count, aurora_store_open_fn *open_out,
                                  const char **address_out, aurora_error *err)
{
    *open_out = NULL;
    aurora_status rc = aurora__check_text(err, "url", url, 1, URL_BYTES_MAX, true);
    if (rc != AURORA_OK)
        return rc;
    size_t length = scheme_length(url);
    if (length == 0) {
        *open_out = aurora__store_sqlite_open;
        *address_out = url;
        return AURORA_OK;
    }
    *address_out = url + length + 1;
    aurora_driver given;
    rc = find_given(drivers, driver_count, AURORA_PORT_STORE, url, length, &given, err);
    if (rc == AURORA_OK)
        *open_out = given.open_store;
    if (rc == AURORA_OK && *open_out == NULL)
        rc = find_built_in(url, length, open_out, err);
    if (rc != AURORA_OK || *open_out != NULL)
        return rc;
    return refuse_scheme(err, "url", url, "the built-in ones are sqlite: and memory:");
}

aurora_status aurora__driver_find_payment(const char *url, const aurora_driver *drivers,
                                          uint32_t driver_count, aurora_payment_open_fn *open_out,
                                          aurora_error *err)
{
    size_t length = scheme_length(url);
    aurora_driver given;
    aurora_status rc =
        find_given(drivers, driver_count, AURORA_PORT_PAYMENT, url, length, &given, err);
    if (rc != AURORA_OK)
        return rc;
    *open_out = given.open_payment;
    if (*open_out != NULL)
        return AURORA_OK;
    return refuse_scheme(err, "payment", url, NEEDS_NET);
}

aurora_status aurora__driver_find_notifier(const char *url, const aurora_driver *drivers,
                                           uint32_t driver_count, aurora_notifier_open_fn *open_out,
                                           aurora_error *err)
{
    size_t length = scheme_length(url);
    aurora_driver given;
    aurora_status rc =
        find_given(drivers, driver_count, AURORA_PORT_NOTIFIER, url, length, &given, err);
    if (rc != AURORA_OK)
        return rc;
    *open_out = given.open_notifier;
    if (*open_out != NULL)
        return AURORA_OK;
    return refuse_scheme(err, "notify", url, NEEDS_NET);
}

aurora_status aurora__driver_find_cache(const char *url, const aurora_driver *drivers,
                                        uint32_t driver_count, aurora_cache_open_fn *open_out,
                                        const char **address_out, aurora_error *err)
{
    aurora_status rc = aurora__check_text(err, "cache", url, 1, URL_BYTES_MAX, true);
    if (rc != AURORA_OK)
        return rc;
    size_t length = scheme_length(url);
    if (length == 0)
        return aurora__refuse(err, AURORA_EINVAL, "cache", "must be a URL, as memory:");
    *address_out = url + length + 1;
    aurora_driver given;
    rc = find_given(drivers, driver_count, AURORA_PORT_CACHE, url, length, &given, err);
    if (rc != AURORA_OK)
        return rc;
    *open_out = given.open_cache;
    if (*open_out == NULL && is_scheme("memory", url, length))
        *open_out = aurora__cache_memory_open;
    if (*open_out != NULL)
        return AURORA_OK;
    return refuse_scheme(err, "cache", url, "the built-in one is memory:");
}

aurora_status aurora__driver_find_bus(const char *url, const aurora_driver *drivers,
                                      uint32_t driver_count, aurora_bus_open_fn *open_out,
                                      const char **address_out, aurora_error *err)
{
    aurora_status rc = aurora__check_text(err, "bus", url, 1, URL_BYTES_MAX, true);
    if (rc != AURORA_OK)
        return rc;
    size_t length = scheme_length(url);
    if (length == 0)
        return aurora__refuse(err, AURORA_EINVAL, "bus", "must be a URL, as kafka://HOST:PORT");
    *address_out = url + length + 1;
    aurora_driver given;
    rc = find_given(drivers, driver_count, AURORA_PORT_BUS, url, length, &given, err);
    if (rc != AURORA_OK)
        return rc;
    *open_out = given.open_bus;
    if (*open_out != NULL)
        return AURORA_OK;
    return refuse_scheme(err, "bus", url, "the built-in one is local:");
}

aurora_status aurora__driver_find_search(const char *url, const aurora_driver *drivers,
                                         uint32_t driver_count, aurora_search_open_fn *open_out,
                                         const char **address_out, aurora_error *err)
{
    size_t length = scheme_length(url);
    aurora_driver given;
    *address_out = url + length + (length > 0);
    aurora_status rc =
        find_given(drivers, driver_count, AURORA_PORT_SEARCH, url, length, &given, err);
    *open_out = given.open_search;
    if (rc != AURORA_OK || *open_out != NULL)
        return rc;
    return refuse_scheme(err, "search", url, NEEDS_NET);
}

aurora_status aurora__driver_open_search(const char *url, const aurora_search_options *options,
                                         aurora_search_port *out, aurora_error *err)
{
    aurora_search_options with = *options;
    size_t length = scheme_length(url);
    with.address = length == 0 ? url : url + length + 1;
    if (length > 0 && !is_scheme("sqlite", url, length))
        with.flags |= AURORA_SEARCH_MEMORY;
    return aurora__search_fts_open(&with, out, err);
}
