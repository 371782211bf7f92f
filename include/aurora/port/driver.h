/* SPDX-License-Identifier: MIT */
/* A driver: the scheme of a URL and the call that opens an adapter for it. The host passes const
 * tables of drivers in aurora_options; nothing is registered and nothing is global. */
#ifndef AURORA_PORT_DRIVER_H
#define AURORA_PORT_DRIVER_H

#include <aurora/port/bus.h>
#include <aurora/port/cache.h>
#include <aurora/port/limiter.h>
#include <aurora/port/notifier.h>
#include <aurora/port/payment.h>
#include <aurora/port/search.h>
#include <aurora/port/store.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    AURORA_PORT_STORE = 1,    /* port/store.h */
    AURORA_PORT_PAYMENT = 2,  /* port/payment.h */
    AURORA_PORT_CACHE = 3,    /* port/cache.h */
    AURORA_PORT_BUS = 4,      /* port/bus.h */
    AURORA_PORT_SEARCH = 5,   /* port/search.h */
    AURORA_PORT_LIMITER = 6,  /* port/limiter.h */
    AURORA_PORT_NOTIFIER = 7, /* port/notifier.h */
};

/* One row of a table of drivers. */
typedef struct aurora_driver {
    uint32_t size;
    uint32_t port;                         /* AURORA_PORT_... */
    const char *scheme;                    /* "sqlite", without the colon */
    aurora_store_open_fn open_store;       /* for AURORA_PORT_STORE */
    aurora_payment_open_fn open_payment;   /* for AURORA_PORT_PAYMENT */
    aurora_cache_open_fn open_cache;       /* for AURORA_PORT_CACHE */
    aurora_bus_open_fn open_bus;           /* for AURORA_PORT_BUS */
    aurora_search_open_fn open_search;     /* for AURORA_PORT_SEARCH */
    aurora_limiter_open_fn open_limiter;   /* for AURORA_PORT_LIMITER */
    aurora_notifier_open_fn open_notifier; /* for AURORA_PORT_NOTIFIER */
} aurora_driver;

/* Opens one of the library's own stores as a port, for an adapter that stands before it: one that
 * delays, counts, or fails on purpose. `url` as for aurora_open, without drivers ("shop.db",
 * "memory:"), in place of options->address; tables and log as the adapter was given them. *out is
 * closed by its own close. AURORA_EINVAL, AURORA_ENOTSUP; else as the store says. Threads:
 * shared. */
AURORA_API aurora_status aurora_store_open(const char *url, const aurora_store_options *options,
                                           aurora_store *out, aurora_error *err);

#ifdef __cplusplus
}
#endif
#endif
