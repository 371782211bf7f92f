/* SPDX-License-Identifier: MIT */
/* What the bus contract and the tests of one bus run on: the adapters as a table, an open bus per
 * test under a prefix of its own, a listener whose answers are set by hand, and what arrived. A new
 * adapter is one line in bus_fixture.c. */
#ifndef AURORA_TESTS_SUPPORT_BUS_FIXTURE_H
#define AURORA_TESTS_SUPPORT_BUS_FIXTURE_H

#include <pthread.h>

#include <aurora/port/bus.h>
#include <aurora/testing.h>

#include "failing_heap.h"
#include "test.h"

#define BUS_PARTITIONS 4
#define BUS_GOT_MAX 25000
#define BUS_PATIENCE_MS 60000

/* What arrived, copied. */
typedef struct {
    int32_t topic;
    int32_t partition;
    int64_t offset;
    int64_t number; /* of the header "number", -1 = none */
    char key[48];
} bus_got;

typedef struct {
    aurora_status answer; /* of `assigned` */
    int64_t next_offset;  /* that `assigned` fills in */
    uint32_t asked;
    uint32_t assigned;
    uint32_t revoked;
    uint32_t lost;
} bus_watch;

typedef struct bus_fixture {
    aurora_bus bus;
    char address[256];
    char prefix[48];
    failing_heap heap;
    void *cluster; /* the adapter's own: a mock cluster */
    bus_watch watch;
    aurora_bus_listener listener;
    bus_got *got;
    uint32_t got_count;
    pthread_mutex_t lock;
    char log[16384]; /* all lines */
} bus_fixture;

typedef struct {
    const char *name;
    /* Writes address and prefix, makes what they name; false where the engine is not there. */
    bool (*prepare)(bus_fixture *fixture);
    void (*discard)(bus_fixture *fixture);
    aurora_bus_open_fn open;
} bus_adapter;

/* The first stands in this process, so that there is one always. */
extern const bus_adapter bus_adapters[];
/* How many of them can run here; says once which one cannot. */
int bus_adapter_count(void);

/* Opens adapter number `adapter`; stop fails the test where memory is left. */
void bus_start(bus_fixture *fixture, int adapter);
void bus_stop(bus_fixture *fixture);
/* The same in two steps, for several buses over one place. */
void bus_open(bus_fixture *fixture, const bus_fixture *place, int adapter);
void bus_close(bus_fixture *fixture);
aurora_status bus_try_open(bus_fixture *fixture, const char *address,
                           const aurora_bus_property *properties, uint32_t count,
                           aurora_error *err);

/* A message with the header "number" = position. */
aurora_status bus_produce(bus_fixture *fixture, int32_t topic, const char *key, int64_t position);
/* The same, again while the bus is busy. */
void bus_publish(bus_fixture *fixture, int32_t topic, const char *key, int64_t position);
/* Waits until all up to `position` is acknowledged. */
void bus_settle(bus_fixture *fixture, int64_t position);

void bus_join(bus_fixture *fixture, const char *group, int32_t topic);
/* Polls once and notes what came; returns how many. */
uint32_t bus_poll(bus_fixture *fixture, int32_t wait_ms);
/* Polls until `count` records came in all; fails the test after a while. */
void bus_collect(bus_fixture *fixture, uint32_t count);
/* Reports all that was noted as done. */
void bus_finish(bus_fixture *fixture);
/* Polls until the listener was given `count` partitions. */
void bus_await_parts(bus_fixture *fixture, uint32_t count);

void bus_pause_ms(int32_t ms);
int64_t bus_now_ms(void);

#define bus_add_test(tcase, test) tcase_add_loop_test(tcase, test, 0, bus_adapter_count())
/* For what joins groups: the mock cluster lets every join take three seconds, so that it is used
 * only where there is no real broker. */
#define bus_add_slow_test(tcase, test)                                                             \
    tcase_add_loop_test(tcase, test, bus_adapter_count() - 1, bus_adapter_count())

#endif
