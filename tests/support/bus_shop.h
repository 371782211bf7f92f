/* SPDX-License-Identifier: MIT */
/* A shop of seven services over one bus: a handle for each module, with a store of its own. */
#ifndef AURORA_TESTS_SUPPORT_BUS_SHOP_H
#define AURORA_TESTS_SUPPORT_BUS_SHOP_H

#include "bus_fake.h"
#include "shop.h"

enum {
    BUS_ORDER,
    BUS_INVENTORY,
    BUS_PAYMENT,
    BUS_PRODUCT,
    BUS_SEARCH,
    BUS_RECOMMENDATION,
    BUS_NOTIFICATION,
    BUS_SERVICES
};

typedef struct {
    bus_fake *fake;
    char *folder;
    aurora_t *services[BUS_SERVICES];
    const char *url; /* of another bus than the fake, with its drivers */
    const aurora_driver *drivers;
    uint32_t driver_count;
    const char *settings[8]; /* beside modules and bus; NULL ends them; to be set before opening */
    bool is_pumped; /* no threads: bus_shop_wait pumps them all; to be set before opening */
    aurora_fault_plan *faults;   /* of the next service that is opened */
    const aurora_tracer *tracer; /* likewise */
} bus_shop;

/* A broker and a folder, nothing open. */
bus_shop *bus_shop_new(int32_t partitions);
/* Opens a service, or again after bus_shop_stop. */
aurora_t *bus_shop_start(bus_shop *shop, int service);
void bus_shop_start_all(bus_shop *shop);
void bus_shop_stop(bus_shop *shop, int service);
void bus_shop_free(bus_shop *shop);

/* Another handle of the same store. */
aurora_t *bus_shop_second(const bus_shop *shop, int service);

/* The store's file. */
const char *bus_shop_url(const bus_shop *shop, int service, char *buffer, size_t size);

/* SHOP_SKU with its price at the order service and `quantity` pieces in stock; waits for it. */
void bus_shop_stock_up(bus_shop *shop, int64_t quantity);

/* One pump of each service that runs, where they have no threads. */
void bus_shop_pump(const bus_shop *shop);

/* Polls, in real time, until `is_so` holds. */
bool bus_shop_wait(bus_shop *shop, bool (*is_so)(bus_shop *shop, void *argument), void *argument,
                   int timeout_ms);

/* A sample of aurora_metrics, summed over labels but `label` (NULL = all). */
double bus_shop_metric(aurora_t *service, const char *name, const char *label);

#endif
