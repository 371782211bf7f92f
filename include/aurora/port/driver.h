/* SPDX-License-Identifier: MIT */
/* A driver: the scheme of a URL and the call that opens an adapter for it. The host passes const
 * tables of drivers in aurora_options; nothing is registered and nothing is global. */
#ifndef AURORA_PORT_DRIVER_H
#define AURORA_PORT_DRIVER_H

#include <aurora/port/cache.h>
#include <aurora/port/payment.h>
#include <aurora/port/store.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    AURORA_PORT_STORE = 1,
    AURORA_PORT_PAYMENT = 2,
    AURORA_PORT_CACHE = 3,
};

typedef struct aurora_driver {
    uint32_t size;
    uint32_t port;                       /* AURORA_PORT_... */
    const char *scheme;                  /* "sqlite", without the colon */
    aurora_store_open_fn open_store;     /* for AURORA_PORT_STORE */
    aurora_payment_open_fn open_payment; /* for AURORA_PORT_PAYMENT */
    aurora_cache_open_fn open_cache;     /* for AURORA_PORT_CACHE */
} aurora_driver;

#ifdef __cplusplus
}
#endif
#endif
