/* SPDX-License-Identifier: MIT */
/* One connection to Redis. hiredis writes and reads the protocol; the socket is ours, since
 * hiredis' own calls raise SIGPIPE and bound only each system call, so that a peer that drips bytes
 * holds its caller for ever. Here a deadline bounds the whole call. */
#ifndef AURORA_ADAPTERS_REDIS_CONNECTION_H
#define AURORA_ADAPTERS_REDIS_CONNECTION_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "adapters/redis/address.h"
#include "adapters/redis/reply.h"

#include <aurora/allocator.h>

#define AURORA__REDIS_ENDPOINTS_MAX 4
#define AURORA__REDIS_WHY_BYTES 128

/* What the host's name stands for. */
typedef struct {
    struct sockaddr_storage address;
    socklen_t len;
} aurora__redis_endpoint;

typedef struct {
    uint32_t count;
    aurora__redis_endpoint list[AURORA__REDIS_ENDPOINTS_MAX];
} aurora__redis_endpoints;

/* A command: words of any bytes. */
typedef struct {
    int count;
    const char **words;
    size_t *lens;
} aurora__redis_command;

typedef struct aurora__redis_connection {
    struct aurora__redis_connection *next; /* among the idle */
    redisReader *reader;
    int fd;
    int64_t timeout_ns; /* what a read that blocks is bounded by */
} aurora__redis_connection;

/* Monotonic. */
int64_t aurora__redis_now_ns(void);

/* Connects, logs in and selects the database. AURORA_EIO, AURORA_ETIMEDOUT, AURORA_ENOMEM; `why`
 * says what went wrong, without a secret. */
aurora_status aurora__redis_connection_open(const aurora__redis_address *address,
                                            const aurora__redis_endpoints *endpoints,
                                            const aurora_allocator *allocator, int64_t deadline_ns,
                                            aurora__redis_connection **out,
                                            char why[AURORA__REDIS_WHY_BYTES]);

/* Closes the socket without a word; NULL is a no-op. */
void aurora__redis_connection_close(aurora__redis_connection *connection,
                                    const aurora_allocator *allocator);

/* Whether nothing has come since the last reply: neither an end nor bytes that nobody asked for. */
bool aurora__redis_connection_is_quiet(const aurora__redis_connection *connection);

/* Sends one command and reads its reply, which is to be cleared in any case. After a failure the
 * connection is to be closed: AURORA_EIO, AURORA_ETIMEDOUT, AURORA_ENOMEM. *was_cut_out: the peer
 * had ended the connection before it said a word. */
aurora_status aurora__redis_connection_call(aurora__redis_connection *connection,
                                            const aurora__redis_command *command,
                                            int64_t deadline_ns, aurora__redis_reply *reply,
                                            bool *was_cut_out);

#endif
