/* SPDX-License-Identifier: MIT */
/* Which adapter a URL means: the host's drivers first, then the built-in ones. */
#ifndef AURORA_API_DRIVERS_H
#define AURORA_API_DRIVERS_H

#include <aurora/port/driver.h>
#include <aurora/port/search.h>

/* The call that opens the store at `url`, and in *address_out what stands behind the scheme (all of
 * it where there is none: a file). AURORA_EINVAL for a URL without an address, or for a driver
 * without a size; AURORA_ENOTSUP where no driver has the scheme. The field is "url" or
 * "drivers". */
aurora_status aurora__driver_find(const char *url, const aurora_driver *drivers,
                                  uint32_t driver_count, aurora_store_open_fn *open_out,
                                  const char **address_out, aurora_error *err);

/* The call that opens a payment provider with this URL. AURORA_ENOTSUP, field "payment", where no
 * driver of the host's has the scheme. */
aurora_status aurora__driver_find_payment(const char *url, const aurora_driver *drivers,
                                          uint32_t driver_count, aurora_payment_open_fn *open_out,
                                          aurora_error *err);

/* The call that opens a notifier with this URL. AURORA_ENOTSUP, field "notify", where no driver of
 * the host's has the scheme. */
aurora_status aurora__driver_find_notifier(const char *url, const aurora_driver *drivers,
                                           uint32_t driver_count, aurora_notifier_open_fn *open_out,
                                           aurora_error *err);

/* The call that opens the cache at `url`, and what stands behind the scheme. AURORA_EINVAL,
 * AURORA_ENOTSUP; the field is "cache" or "drivers". */
aurora_status aurora__driver_find_cache(const char *url, const aurora_driver *drivers,
                                        uint32_t driver_count, aurora_cache_open_fn *open_out,
                                        const char **address_out, aurora_error *err);

/* The call that opens the bus at `url`, and what stands behind the scheme. AURORA_EINVAL,
 * AURORA_ENOTSUP; the field is "bus" or "drivers". */
aurora_status aurora__driver_find_bus(const char *url, const aurora_driver *drivers,
                                      uint32_t driver_count, aurora_bus_open_fn *open_out,
                                      const char **address_out, aurora_error *err);

/* The call that opens the search index with this URL, and what stands behind the scheme.
 * AURORA_ENOTSUP, field "search", where no driver of the host's has the scheme. */
aurora_status aurora__driver_find_search(const char *url, const aurora_driver *drivers,
                                         uint32_t driver_count, aurora_search_open_fn *open_out,
                                         const char **address_out, aurora_error *err);

/* Opens the search index "fts:" for the store at `url`, which aurora__driver_find knows: beside its
 * file where it is a file, else in memory. */
aurora_status aurora__driver_open_search(const char *url, const aurora_search_options *options,
                                         aurora_search_port *out, aurora_error *err);

#endif
