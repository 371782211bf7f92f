/* SPDX-License-Identifier: MIT */
/* A TCP proxy on loopback that cuts its connections at a moment of the test's choice. */
#ifndef AURORA_TESTS_SUPPORT_CUTTING_PROXY_H
#define AURORA_TESTS_SUPPORT_CUTTING_PROXY_H

#include <stdint.h>

typedef struct cutting_proxy cutting_proxy;

enum {
    CUT_NEVER = 0,
    CUT_REQUEST = 1, /* what the client sends next is lost, and both ends with it */
    CUT_ANSWER = 2,  /* that is delivered, and its answer is lost with both ends */
    CUT_SILENCE = 3, /* from now on nothing is delivered and nothing is cut */
};

/* Forwards to 127.0.0.1:`port`. */
cutting_proxy *cutting_proxy_new(uint16_t port);
void cutting_proxy_free(cutting_proxy *proxy);

uint16_t cutting_proxy_port(const cutting_proxy *proxy);

/* What happens next, to all connections; a cut disarms it. */
void cutting_proxy_arm(cutting_proxy *proxy, int how);

/* How often a server has begun to answer since the last time this was asked: the round trips of a
 * client. */
int cutting_proxy_answers(cutting_proxy *proxy);

#endif
