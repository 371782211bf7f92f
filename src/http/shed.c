/* SPDX-License-Identifier: MIT */
/* What waits in memory is bounded for all clients together: with limits for each of them alone,
 * enough of them that send slowly, or do not read, would take all there is. */
#include "http/loop.h"

#define HANDSHAKES_PART 4 /* a part of what may be held, beside it */

static const aurora_http_refusal too_much = {503, "overloaded", NULL,
                                             "Too much is being worked on already."};

bool aurora__loop_is_over(const aurora_http_loop *loop)
{
    return loop->held > loop->held_max;
}

static void cut(aurora__connection *connection)
{
    aurora__count(&connection->loop->counters.refused_connections, 1);
    if (connection->phase == AURORA__WRITE) {
        aurora__connection_free(connection);
        return;
    }
    aurora__connection_refuse(connection, &too_much);
    aurora__connection_turn(connection);
}

void aurora__loop_shed(aurora_http_loop *loop)
{
    static const aurora__phase phases[] = {AURORA__WRITE, AURORA__BODY, AURORA__HEAD};
    for (size_t i = 0; i < sizeof(phases) / sizeof(phases[0]); i++) {
        aurora__list *list = &loop->phases[phases[i]];
        while (list->first != NULL && aurora__loop_is_over(loop))
            cut(list->first);
    }
    aurora__list *handshakes = &loop->phases[AURORA__HANDSHAKE];
    while (handshakes->first != NULL && loop->handshakes_held > loop->held_max / HANDSHAKES_PART)
        aurora__connection_tls_cut(handshakes->first, AURORA_TLS_SHED);
}
