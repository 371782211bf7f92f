/* SPDX-License-Identifier: MIT */
/* Requests whose token may soon be judged, since its key is being fetched. Looked at every few
 * milliseconds: they are few and rare, and so nobody has to know the loops that wait. */
#include "http/loop.h"

#define LOOK_MS 25L
#define WAIT_NS INT64_C(2000000000)
#define PARKED_MAX 256 /* of a loop: more would be a flood, and are refused at once */

static void on_look(evutil_socket_t fd, short what, void *argument)
{
    aurora_http_loop *loop = argument;
    aurora_http_exchange *first = loop->parked;
    (void)fd;
    (void)what;
    loop->parked = NULL;
    loop->parked_end = &loop->parked;
    loop->parked_count = 0;
    while (first != NULL) {
        aurora_http_exchange *exchange = first;
        first = exchange->next;
        aurora__dispatch_again(exchange);
    }
}

static bool look_soon(aurora_http_loop *loop)
{
    static const struct timeval soon = {.tv_usec = LOOK_MS * 1000};
    if (loop->park_event == NULL)
        loop->park_event = event_new(loop->base, -1, 0, on_look, loop);
    return loop->park_event != NULL && event_add(loop->park_event, &soon) == 0;
}

bool aurora__park(aurora_http_exchange *exchange)
{
    aurora_http_loop *loop = exchange->loop;
    int64_t now_ns = aurora__now_ns();
    if (exchange->parked_until_ns == 0)
        exchange->parked_until_ns = now_ns + WAIT_NS;
    if (now_ns >= exchange->parked_until_ns || loop->parked_count == PARKED_MAX ||
        (loop->parked_count == 0 && !look_soon(loop)))
        return false;
    exchange->next = NULL;
    *loop->parked_end = exchange;
    loop->parked_end = &exchange->next;
    loop->parked_count++;
    return true;
}
