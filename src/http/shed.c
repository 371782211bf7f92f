/* SPDX-License-Identifier: MIT */
/* What waits in memory is bounded for all clients together: with limits for each of them alone,
 * enough of them that send slowly, or do not read, would take all there is. */
#include "http/loop.h"

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
    if (connection->phase == AURORA__HANDSHAKE) {
        aurora__connection_tls_cut(connection, AURORA_TLS_OTHER);
        return;
    }
    aurora__connection_refuse(connection, &too_much);
    aurora__connection_turn(connection);
}

void aurora__loop_shed(aurora_http_loop *loop)
{
    static const aurora__phase phases[] = {AURORA__WRITE, AURORA__HANDSHAKE, AURORA__BODY,
                                           AURORA__HEAD};
    for (size_t i = 0; i < sizeof(phases) / sizeof(phases[0]); i++) {
        aurora__list *list = &loop->phases[phases[i]];
        while (list->first != NULL && aurora__loop_is_over(loop))
            cut(list->first);
    }
}
