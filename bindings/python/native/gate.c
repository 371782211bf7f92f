/* SPDX-License-Identifier: MIT */
/* Opening and closing of what Python holds, and the log on its way there. */
/* Python's own header comes first, as it asks. */
#define Py_LIMITED_API 0x03090000
#include <Python.h>

#include "python.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* Log handlers are told not to call the library; a thread that does so is refused here, since what
 * it would wait for may be itself. */
static _Thread_local int is_in_callback;
static _Thread_local bool is_interrupted;

#define STORES_MAX 16

static void pause_a_little(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

aurora_status python_gate_enter(struct gate *gate)
{
    if (is_in_callback)
        return AURORA_EREENTRANT;
    for (;;) {
        atomic_fetch_add(&gate->inside, 1);
        int state = atomic_load(&gate->state);
        if (state == GATE_OPEN)
            return AURORA_OK;
        atomic_fetch_sub(&gate->inside, 1);
        if (state == GATE_SHUT)
            return AURORA_ECLOSED;
        if (gate->pid != getpid())
            return AURORA_EFORK;
        pause_a_little();
    }
}

void python_gate_leave(struct gate *gate)
{
    atomic_fetch_sub(&gate->inside, 1);
}

bool python_is_in_callback(void)
{
    return is_in_callback != 0;
}

/* True for the one caller that shuts the gate. */
static bool shut(struct gate *gate)
{
    return gate != NULL && atomic_exchange(&gate->state, GATE_SHUT) != GATE_SHUT;
}

static bool from_to(struct gate *gate, int from, int to)
{
    return atomic_compare_exchange_strong(&gate->state, &from, to);
}

static bool is_ours(const struct gate *gate)
{
    return gate->pid == getpid();
}

/* --- handles ---------------------------------------------------------------------------------- */

/* Called by Python on its main thread, between two of its steps. */
static int raise_interrupt(void *unused)
{
    (void)unused;
    PyErr_SetNone(PyExc_KeyboardInterrupt);
    return -1;
}

/* Inside a log handler, which must not raise through the library: it is raised behind it. */
void python_interrupt(void)
{
    is_interrupted = true;
}

static void hand_over(void *self, const aurora_log_record *record)
{
    is_in_callback++;
    python_log(self, record);
    is_in_callback--;
    if (is_interrupted)
        Py_AddPendingCall(raise_interrupt, NULL);
    is_interrupted = false;
}

/* Never called: `record` is there. */
static void write_line(void *self, int32_t level, const char *component, const char *message)
{
    (void)self;
    (void)level;
    (void)component;
    (void)message;
}

static aurora_status open_shop(python_shop *shop, const char *url, aurora_options *options,
                               aurora_error *err)
{
    options->log = shop->log.self == NULL ? NULL : &shop->log;
    return aurora_open(url, options, &shop->shop, err);
}

aurora_status python_shop_open(const char *url, aurora_options *options, void *log_self,
                               int32_t level_min, python_shop **out, aurora_error *err)
{
    *out = NULL;
    python_shop *shop = calloc(1, sizeof *shop);
    if (shop == NULL)
        return AURORA_ENOMEM;
    shop->gate.pid = getpid();
    shop->log = (aurora_log){.size = sizeof shop->log,
                             .self = log_self,
                             .write = write_line,
                             .record = hand_over,
                             .level_min = level_min};
    aurora_status rc = open_shop(shop, url, options, err);
    if (rc != AURORA_OK) {
        free(shop);
        return rc;
    }
    *out = shop;
    return AURORA_OK;
}

bool python_shop_shut(python_shop *shop)
{
    return shop != NULL && shut(&shop->gate);
}

/* Waiting for tasks, events and versions ends at a wake; a placing ends at its own timeout. */
void python_shop_close(python_shop *shop)
{
    if (shop == NULL)
        return;
    shut(&shop->gate);
    if (atomic_exchange(&shop->is_closing, 1))
        return;
    while (is_ours(&shop->gate) && atomic_load(&shop->gate.inside) > 0) {
        aurora_wake(shop->shop);
        pause_a_little();
    }
    aurora_close(shop->shop);
    shop->shop = NULL;
}

/* SQLite keeps what it has open in static memory, which a child inherits and believes: locks that
 * only the parent has, or had in this moment. So nothing is open during a fork. */
bool python_shop_suspend(python_shop *shop)
{
    if (!is_ours(&shop->gate) || !from_to(&shop->gate, GATE_OPEN, GATE_WAITS))
        return false;
    if (atomic_load(&shop->gate.inside) > 0) {
        from_to(&shop->gate, GATE_WAITS, GATE_OPEN);
        return false;
    }
    aurora_close(shop->shop);
    shop->shop = NULL;
    return true;
}

/* A log handler may shut it at any moment, and then it stays shut. */
aurora_status python_shop_resume(python_shop *shop, const char *url, aurora_options *options,
                                 int32_t level_min, bool is_refusing, aurora_error *err)
{
    if (!python_shop_is_open(shop))
        return AURORA_OK;
    shop->log.level_min = level_min;
    aurora_status rc = open_shop(shop, url, options, err);
    if (rc == AURORA_OK && is_refusing)
        aurora_drain_set(shop->shop, 1);
    if (!from_to(&shop->gate, GATE_WAITS, rc == AURORA_OK ? GATE_OPEN : GATE_SHUT) &&
        rc == AURORA_OK) {
        aurora_close(shop->shop);
        shop->shop = NULL;
    }
    return rc;
}

bool python_shop_is_open(const python_shop *shop)
{
    return shop != NULL && atomic_load(&shop->gate.state) != GATE_SHUT;
}

void python_shop_free(python_shop *shop)
{
    python_shop_close(shop);
    free(shop);
}

aurora_status python_verify_stores(python_shop **shops, uint32_t count, uint32_t flags,
                                   aurora_report **out, aurora_error *err)
{
    aurora_t *inside[STORES_MAX];
    uint32_t entered = 0;
    aurora_status rc = count <= STORES_MAX ? AURORA_OK : AURORA_EINVAL;
    for (uint32_t i = 0; rc == AURORA_OK && i < count; i++) {
        rc = python_gate_enter(&shops[i]->gate);
        if (rc != AURORA_OK)
            break;
        inside[entered++] = shops[i]->shop;
    }
    if (rc == AURORA_OK)
        rc = aurora_verify_stores(inside, count, flags, out, err);
    while (entered > 0)
        python_gate_leave(&shops[--entered]->gate);
    return rc;
}

/* --- queues ----------------------------------------------------------------------------------- */

aurora_status python_queue_open(python_shop *shop, uint32_t capacity, python_queue **out)
{
    *out = NULL;
    python_queue *queue = calloc(1, sizeof *queue);
    if (queue == NULL)
        return AURORA_ENOMEM;
    queue->gate.pid = getpid();
    aurora_status rc = python_gate_enter(&shop->gate);
    if (rc == AURORA_OK) {
        rc = aurora_queue_new(shop->shop, capacity, &queue->queue);
        python_gate_leave(&shop->gate);
    }
    if (rc != AURORA_OK) {
        free(queue);
        return rc;
    }
    *out = queue;
    return AURORA_OK;
}

void python_queue_close(python_queue *queue)
{
    if (queue == NULL || !shut(&queue->gate))
        return;
    while (is_ours(&queue->gate) && atomic_load(&queue->gate.inside) > 0) {
        aurora_queue_wake(queue->queue);
        pause_a_little();
    }
    aurora_queue_free(queue->queue);
    queue->queue = NULL;
}

bool python_queue_is_open(const python_queue *queue)
{
    return queue != NULL && atomic_load(&queue->gate.state) != GATE_SHUT;
}

void python_queue_free(python_queue *queue)
{
    python_queue_close(queue);
    free(queue);
}
