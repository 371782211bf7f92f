/* SPDX-License-Identifier: MIT */
/* A thread with a connection of its own that hears when others have committed. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <aurora/handle.h>

#include "adapters/store_postgres/instance.h"
#include "adapters/store_postgres/words.h"

#define CONNECT_MS 5000
#define RETRY_MS_MIN 50
#define RETRY_MS_MAX 5000
#define CHECK_MS 30000 /* a connection that hears nothing is asked whether it is there */

struct aurora__pg_listener {
    aurora__pg_store *store;
    void (*changed)(void *self);
    void *changed_self;
    pthread_t thread;
    int wake; /* an eventfd: it is to end */
};

/* Waits for the wake, and for the connection where there is one; true when it is to end. */
static bool rest(aurora__pg_listener *listener, PGconn *pg, int64_t ms)
{
    struct pollfd ready[2] = {{.fd = listener->wake, .events = POLLIN},
                              {.fd = pg == NULL ? -1 : PQsocket(pg), .events = POLLIN}};
    int rc = poll(ready, 2, (int)ms);
    return rc > 0 && ready[0].revents != 0;
}

/* Takes what came; true when others have committed. Own notices tell nothing new. */
static bool take_notices(aurora__pg_store *store, PGconn *pg)
{
    bool is_news = false;
    for (PGnotify *notice; (notice = PQnotifies(pg)) != NULL; PQfreemem(notice))
        is_news |= notice->be_pid != atomic_load(&store->writer_pid);
    return is_news;
}

/* Until the connection is lost or the end has come; true for the end. */
static bool hear(aurora__pg_listener *listener, aurora__pg_connection *connection)
{
    PGconn *pg = connection->pg;
    for (;;) {
        int64_t began = aurora__pg_clock_ms();
        if (rest(listener, pg, CHECK_MS))
            return true;
        if (PQconsumeInput(pg) == 0)
            return false;
        if (take_notices(listener->store, pg))
            listener->changed(listener->changed_self);
        if (aurora__pg_clock_ms() - began >= CHECK_MS &&
            aurora__pg_run(connection, "SELECT 1", NULL) != AURORA_OK)
            return false;
    }
}

static void *run(void *argument)
{
    aurora__pg_listener *listener = argument;
    aurora__pg_store *store = listener->store;
    int64_t wait = RETRY_MS_MIN;
    for (bool is_over = false; !is_over;) {
        char sql[AURORA__PG_SCHEMA_BYTES + 16];
        aurora__pg_connection *connection;
        aurora_status status =
            aurora__pg_connection_open(&store->options, &store->address, &store->layout,
                                       AURORA__PG_LISTENER, CONNECT_MS, &connection, NULL);
        snprintf(sql, sizeof sql, "LISTEN %s", store->layout.home);
        if (status == AURORA_OK && aurora__pg_run(connection, sql, NULL) == AURORA_OK) {
            wait = RETRY_MS_MIN;
            /* What happened before nobody told us. */
            listener->changed(listener->changed_self);
            is_over = hear(listener, connection);
        }
        aurora__pg_connection_close(connection, false);
        if (!is_over)
            is_over = rest(listener, NULL, wait);
        wait = wait * 2 > RETRY_MS_MAX ? RETRY_MS_MAX : wait * 2;
    }
    return NULL;
}

/* The host's signals are not this thread's. */
static int start_thread(aurora__pg_listener *listener)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(&listener->thread, NULL, run, listener);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc;
}

static void stop(aurora__pg_store *store)
{
    aurora__pg_listener *listener = store->listener;
    const uint64_t one = 1;
    if (listener == NULL)
        return;
    store->listener = NULL;
    while (write(listener->wake, &one, sizeof one) < 0 && errno == EINTR)
        continue;
    pthread_join(listener->thread, NULL);
    close(listener->wake);
    store->options.allocator->release(store->options.allocator->self, listener);
}

aurora_status aurora__pg_listen(void *self, void (*changed)(void *changed_self), void *changed_self)
{
    aurora__pg_store *store = self;
    const aurora_allocator *allocator = store->options.allocator;
    stop(store);
    if (changed == NULL)
        return AURORA_OK;
    aurora__pg_listener *listener = allocator->allocate(allocator->self, sizeof *listener);
    if (listener == NULL)
        return AURORA_ENOMEM;
    *listener = (aurora__pg_listener){.store = store,
                                      .changed = changed,
                                      .changed_self = changed_self,
                                      .wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    if (listener->wake < 0 || start_thread(listener) != 0) {
        if (listener->wake >= 0)
            close(listener->wake);
        allocator->release(allocator->self, listener);
        return AURORA_ENOMEM;
    }
    store->listener = listener;
    return AURORA_OK;
}
