/* SPDX-License-Identifier: MIT */
/* Descriptors and timers of the handlers' own, on the loop that they use. */
#include "http/loop.h"

#include <stdlib.h>

struct aurora_http_watch {
    struct event *event;
    void (*call)(void *self);
    void *self;
};

void *aurora_http_loop_slot(const aurora_http_loop *loop)
{
    return loop->slot;
}

static void on_event(evutil_socket_t fd, short what, void *argument)
{
    aurora_http_watch *watch = argument;
    (void)fd;
    (void)what;
    watch->call(watch->self);
}

static aurora_http_watch *new_watch(aurora_http_loop *loop, int fd, short what,
                                    void (*call)(void *self), void *self)
{
    aurora_http_watch *watch = calloc(1, sizeof(*watch));
    if (watch == NULL)
        return NULL;
    watch->call = call;
    watch->self = self;
    watch->event = event_new(loop->base, fd, what, on_event, watch);
    if (watch->event == NULL) {
        free(watch);
        return NULL;
    }
    return watch;
}

static aurora_http_watch *add(aurora_http_watch *watch, const struct timeval *period)
{
    if (watch != NULL && event_add(watch->event, period) != 0) {
        aurora_http_watch_free(watch);
        return NULL;
    }
    return watch;
}

aurora_http_watch *aurora_http_watch_fd(aurora_http_loop *loop, int fd, void (*ready)(void *self),
                                        void *self)
{
    return add(new_watch(loop, fd, EV_READ | EV_PERSIST, ready, self), NULL);
}

aurora_http_watch *aurora_http_watch_timer(aurora_http_loop *loop, uint32_t period_ms,
                                           void (*due)(void *self), void *self)
{
    const struct timeval period = {.tv_sec = period_ms / 1000, .tv_usec = period_ms % 1000 * 1000L};
    return add(new_watch(loop, -1, EV_PERSIST, due, self), &period);
}

void aurora_http_watch_free(aurora_http_watch *watch)
{
    if (watch == NULL)
        return;
    event_free(watch->event);
    free(watch);
}
