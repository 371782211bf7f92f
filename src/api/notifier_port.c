/* SPDX-License-Identifier: MIT */
#include "api/notifier_port.h"

#include <pthread.h>
#include <signal.h>
#include <time.h>

#include "api/check.h"
#include "api/drivers.h"
#include "api/refuse.h"
#include "api/task_take.h"

#include <aurora/port/notifier.h>

#define LEASE_MS 120000 /* a port has all of it for its attempt */
#define WAIT_MS 1000
#define FULL_MS 20
#define BROKEN_MS 200
#define TAKE_MAX 64
#define AGAIN_MS 1000 /* what the port did not begin */

struct aurora__notifier {
    aurora_t *shop;
    aurora_notifier_port port;
    pthread_t thread;
    bool has_thread;
    _Atomic bool is_stopping;
};

/* --- life ------------------------------------------------------------------------------------- */

static void write_log(void *self, int32_t level, const char *message)
{
    aurora__handle_say(self, level, "notification", message);
}

static aurora_status open_port(aurora__notifier *notifier, const aurora__settings *settings,
                               const aurora_options *options, aurora_error *err)
{
    aurora_notifier_open_fn open;
    aurora_notifier_port given = {0};
    const aurora_notifier_options with = {
        .size = sizeof with,
        .may_reach_private = settings->notify_allow_private != 0,
        .url = settings->notify_url,
        .secret = settings->notify_secret,
        .ca_file = settings->notify_ca,
        .allocator = &notifier->shop->allocator,
        .log = write_log,
        .log_self = notifier->shop,
        .tracer = notifier->shop->tracer.span == NULL ? NULL : &notifier->shop->tracer,
    };
    aurora_status rc = aurora__driver_find_notifier(settings->notify_url, options->drivers,
                                                    options->driver_count, &open, err);
    if (rc == AURORA_OK)
        rc = open(&with, &given, err);
    if (rc != AURORA_OK)
        return rc;
    rc = aurora__copy_sized(&notifier->port, sizeof notifier->port, &given, err);
    const aurora_notifier_port *port = &notifier->port;
    if (rc == AURORA_OK && port->room != NULL && port->start != NULL && port->stop != NULL &&
        port->close != NULL)
        return AURORA_OK;
    if (port->close != NULL)
        port->close(port->self);
    return aurora__refuse(err, AURORA_EINVAL, "notify", "the driver misses a required call");
}

aurora_status aurora__notifier_open(aurora_t *shop, const aurora__settings *settings,
                                    const aurora_options *options, aurora_error *err)
{
    aurora__notifier *notifier = shop->allocator.allocate(shop->allocator.self, sizeof *notifier);
    if (notifier == NULL)
        return aurora__refuse_plain(err, AURORA_ENOMEM);
    *notifier = (aurora__notifier){.shop = shop};
    aurora_status rc = open_port(notifier, settings, options, err);
    if (rc == AURORA_OK)
        shop->notifier = notifier;
    else
        shop->allocator.release(shop->allocator.self, notifier);
    return rc;
}

uint32_t aurora__notifier_flags(const aurora__notifier *notifier)
{
    return notifier == NULL ? 0 : notifier->port.flags;
}

/* --- the thread ------------------------------------------------------------------------------- */

static void pause_ms(long ms)
{
    struct timespec rest = {.tv_nsec = ms * 1000000};
    (void)nanosleep(&rest, NULL);
}

static void hand_over(aurora__notifier *notifier, const aurora_task_page *page)
{
    for (uint32_t i = 0; i < page->count; i++) {
        const aurora_task *task = page->items[i];
        if (notifier->port.start(notifier->port.self, notifier->shop, task) == AURORA_OK)
            continue;
        (void)aurora_task_finish(
            notifier->shop, task->id,
            AURORA_TASK_RESULT(.outcome = AURORA_OUTCOME_UNKNOWN, .retry_after_ms = AGAIN_MS),
            NULL);
    }
}

/* Takes what is due, also what an earlier process left in the middle. */
static void *run(void *argument)
{
    aurora__notifier *notifier = argument;
    while (!atomic_load(&notifier->is_stopping)) {
        aurora_task_page *page = NULL;
        uint32_t room = notifier->port.room(notifier->port.self);
        if (room == 0) {
            pause_ms(FULL_MS);
            continue;
        }
        aurora_status rc = aurora__task_take_notifications(
            notifier->shop, room < TAKE_MAX ? room : TAKE_MAX, LEASE_MS, WAIT_MS, &page);
        if (rc == AURORA_OK)
            hand_over(notifier, page);
        else if (rc != AURORA_EINTR)
            pause_ms(BROKEN_MS);
        aurora_task_page_free(page);
    }
    return NULL;
}

/* Signals are the host's: none of them shall be handled on our thread. */
aurora_status aurora__notifier_start(aurora_t *shop, aurora_error *err)
{
    aurora__notifier *notifier = shop->notifier;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    notifier->has_thread = pthread_create(&notifier->thread, NULL, run, notifier) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return notifier->has_thread ? AURORA_OK : aurora__refuse_plain(err, AURORA_ENOMEM);
}

void aurora__notifier_stop(aurora__notifier *notifier)
{
    if (notifier == NULL)
        return;
    atomic_store(&notifier->is_stopping, true);
    if (notifier->has_thread) {
        aurora_wake(notifier->shop);
        pthread_join(notifier->thread, NULL);
        notifier->has_thread = false;
    }
    notifier->port.stop(notifier->port.self);
}

void aurora__notifier_free(aurora__notifier *notifier, bool is_owner)
{
    if (notifier == NULL)
        return;
    const aurora_allocator allocator = notifier->shop->allocator;
    if (is_owner)
        notifier->port.close(notifier->port.self);
    allocator.release(allocator.self, notifier);
}

/* --- for operators ---------------------------------------------------------------------------- */

aurora_status aurora_notifier_breaker(aurora_t *shop, aurora_breaker_figures *figures_out)
{
    if (figures_out == NULL)
        return AURORA_EINVAL;
    aurora_status rc = aurora__handle_enter_query(shop);
    if (rc != AURORA_OK)
        return rc;
    const aurora__notifier *notifier = shop->notifier;
    if (notifier != NULL && notifier->port.breaker != NULL)
        notifier->port.breaker(notifier->port.self, figures_out);
    else
        rc = AURORA_ENOTSUP;
    aurora__handle_leave(shop);
    return rc;
}
