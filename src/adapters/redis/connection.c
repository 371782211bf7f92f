/* SPDX-License-Identifier: MIT */
#include "adapters/redis/connection.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define READ_BYTES ((size_t)16384)
#define MS INT64_C(1000000)

int64_t aurora__redis_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* --- the socket ------------------------------------------------------------------------------- */

/* AURORA_OK when one of `events` or an end has come. */
static aurora_status wait_for(int fd, short events, int64_t deadline_ns)
{
    for (;;) {
        struct pollfd what = {.fd = fd, .events = events};
        int64_t left_ns = deadline_ns - aurora__redis_now_ns();
        if (left_ns <= 0)
            return AURORA_ETIMEDOUT;
        struct timespec left = {.tv_sec = left_ns / 1000000000, .tv_nsec = left_ns % 1000000000};
        int rc = ppoll(&what, 1, &left, NULL);
        if (rc > 0)
            return AURORA_OK;
        if (rc < 0 && errno != EINTR)
            return AURORA_EIO;
    }
}

static aurora_status send_all(int fd, const char *bytes, size_t len, int64_t deadline_ns,
                              bool *was_cut_out)
{
    size_t sent = 0;
    while (sent < len) {
        ssize_t n = send(fd, bytes + sent, len - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n >= 0) {
            sent += (size_t)n;
        } else if (errno == EAGAIN) {
            aurora_status rc = wait_for(fd, POLLOUT, deadline_ns);
            if (rc != AURORA_OK)
                return rc;
        } else if (errno != EINTR) {
            *was_cut_out = errno == EPIPE || errno == ECONNRESET;
            return AURORA_EIO;
        }
    }
    return AURORA_OK;
}

/* Bytes that came, at least one. A read that has nearly the whole time before it blocks by itself,
 * which saves a call of poll; SO_RCVTIMEO bounds it. */
static aurora_status receive(const aurora__redis_connection *connection, char *bytes, size_t *len,
                             int64_t deadline_ns, bool *was_cut_out)
{
    int64_t left_ns = deadline_ns - aurora__redis_now_ns();
    bool may_block = left_ns >= connection->timeout_ns - connection->timeout_ns / 16;
    for (;;) {
        aurora_status rc = may_block ? AURORA_OK : wait_for(connection->fd, POLLIN, deadline_ns);
        if (rc != AURORA_OK)
            return rc;
        ssize_t n = recv(connection->fd, bytes, *len, may_block ? 0 : MSG_DONTWAIT);
        if (n > 0) {
            *len = (size_t)n;
            return AURORA_OK;
        }
        if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
            *was_cut_out = n == 0 || errno == ECONNRESET;
            return AURORA_EIO;
        }
        may_block = false;
    }
}

static aurora_status read_reply(aurora__redis_connection *connection, int64_t deadline_ns,
                                aurora__redis_reply *reply, bool *was_cut_out)
{
    char bytes[READ_BYTES];
    size_t total = 0;
    void *is_complete = NULL;
    redisReaderSetPrivdata(connection->reader, reply);
    while (is_complete == NULL) {
        size_t len = sizeof bytes;
        bool was_cut = false;
        aurora_status rc = receive(connection, bytes, &len, deadline_ns, &was_cut);
        *was_cut_out = was_cut && total == 0;
        if (rc != AURORA_OK)
            return rc;
        total += len;
        if (total > AURORA__REDIS_REPLY_BYTES_MAX)
            return AURORA_EIO;
        if (redisReaderFeed(connection->reader, bytes, len) != REDIS_OK)
            return AURORA_ENOMEM;
        if (redisReaderGetReply(connection->reader, &is_complete) != REDIS_OK)
            return AURORA_EIO;
    }
    /* More than the one reply that was asked for: the two of us are out of step. */
    return connection->reader->pos == connection->reader->len ? AURORA_OK : AURORA_EIO;
}

aurora_status aurora__redis_connection_call(aurora__redis_connection *connection,
                                            const aurora__redis_command *command,
                                            int64_t deadline_ns, aurora__redis_reply *reply,
                                            bool *was_cut_out)
{
    char *bytes = NULL;
    *was_cut_out = false;
    int len = redisFormatCommandArgv(&bytes, command->count, command->words, command->lens);
    if (len < 0)
        return AURORA_ENOMEM;
    aurora_status rc = send_all(connection->fd, bytes, (size_t)len, deadline_ns, was_cut_out);
    redisFreeCommand(bytes);
    if (rc == AURORA_OK)
        rc = read_reply(connection, deadline_ns, reply, was_cut_out);
    return rc;
}

bool aurora__redis_connection_is_quiet(const aurora__redis_connection *connection)
{
    char byte;
    return recv(connection->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

/* --- opening ---------------------------------------------------------------------------------- */

/* From connecting, which does not block, to blocking reads with a bound. */
static bool settle(int fd, int64_t timeout_ns)
{
    int on = 1;
    int none = 0;
    struct timeval bound = {.tv_sec = timeout_ns / 1000000000,
                            .tv_usec = timeout_ns % 1000000000 / 1000};
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &bound, sizeof bound) == 0 &&
           ioctl(fd, FIONBIO, &none) == 0;
}

static aurora_status connect_to(const aurora__redis_endpoint *endpoint, int64_t deadline_ns,
                                int *fd_out, int *error_out)
{
    int fd = socket(endpoint->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    *error_out = errno;
    if (fd < 0)
        return AURORA_EIO;
    socklen_t len = sizeof *error_out;
    aurora_status rc = AURORA_OK;
    *error_out = 0;
    if (connect(fd, (const struct sockaddr *)&endpoint->address, endpoint->len) != 0) {
        *error_out = errno;
        rc = errno == EINPROGRESS ? wait_for(fd, POLLOUT, deadline_ns) : AURORA_EIO;
        if (rc == AURORA_OK && getsockopt(fd, SOL_SOCKET, SO_ERROR, error_out, &len) != 0)
            *error_out = errno;
        if (rc == AURORA_OK && *error_out != 0)
            rc = AURORA_EIO;
    }
    if (rc == AURORA_OK)
        *fd_out = fd;
    else
        close(fd);
    return rc;
}

static aurora_status connect_any(const aurora__redis_endpoints *endpoints, int64_t deadline_ns,
                                 int *fd_out, char why[AURORA__REDIS_WHY_BYTES])
{
    aurora_status rc = AURORA_EIO;
    snprintf(why, AURORA__REDIS_WHY_BYTES, "its name is not known");
    for (uint32_t i = 0; i < endpoints->count; i++) {
        int error = 0;
        char text[96];
        /* Each of several gets its share of the time. */
        int64_t now_ns = aurora__redis_now_ns();
        int64_t share_ns = (deadline_ns - now_ns) / (endpoints->count - i);
        rc = connect_to(&endpoints->list[i], now_ns + share_ns, fd_out, &error);
        if (rc == AURORA_OK)
            return rc;
        if (rc == AURORA_ETIMEDOUT)
            snprintf(why, AURORA__REDIS_WHY_BYTES, "no connection in time");
        else
            snprintf(why, AURORA__REDIS_WHY_BYTES, "%s", strerror_r(error, text, sizeof text));
    }
    return rc;
}

static aurora_status expect_ok(aurora__redis_connection *connection,
                               const aurora__redis_command *command, int64_t deadline_ns,
                               char why[AURORA__REDIS_WHY_BYTES])
{
    bool was_cut;
    aurora__redis_reply reply = {0};
    aurora_status rc =
        aurora__redis_connection_call(connection, command, deadline_ns, &reply, &was_cut);
    if (rc != AURORA_OK) {
        snprintf(why, AURORA__REDIS_WHY_BYTES, "no answer to %s", command->words[0]);
    } else if (reply.kind != AURORA__REDIS_STATUS) {
        snprintf(why, AURORA__REDIS_WHY_BYTES, "%s: %.80s", command->words[0],
                 reply.kind == AURORA__REDIS_ERROR ? reply.bytes : "is not answered with OK");
        rc = AURORA_EIO;
    }
    aurora__redis_reply_clear(&reply);
    return rc;
}

static aurora_status log_in(aurora__redis_connection *connection,
                            const aurora__redis_address *address, int64_t deadline_ns,
                            char why[AURORA__REDIS_WHY_BYTES])
{
    const char *words[3] = {"AUTH"};
    size_t lens[3] = {4};
    aurora__redis_command command = {.count = 1, .words = words, .lens = lens};
    if (address->user[0] != '\0') {
        words[command.count] = address->user;
        lens[command.count++] = strlen(address->user);
    }
    words[command.count] = address->password;
    lens[command.count++] = strlen(address->password);
    return expect_ok(connection, &command, deadline_ns, why);
}

static aurora_status select_database(aurora__redis_connection *connection, uint32_t database,
                                     int64_t deadline_ns, char why[AURORA__REDIS_WHY_BYTES])
{
    char digits[16];
    const char *words[2] = {"SELECT", digits};
    size_t lens[2] = {6, (size_t)snprintf(digits, sizeof digits, "%u", database)};
    return expect_ok(connection, &(aurora__redis_command){2, words, lens}, deadline_ns, why);
}

static aurora_status begin(aurora__redis_connection *connection,
                           const aurora__redis_address *address,
                           const aurora__redis_endpoints *endpoints, int64_t deadline_ns,
                           char why[AURORA__REDIS_WHY_BYTES])
{
    snprintf(why, AURORA__REDIS_WHY_BYTES, "out of memory");
    connection->reader = aurora__redis_reader_new();
    if (connection->reader == NULL)
        return AURORA_ENOMEM;
    aurora_status rc = connect_any(endpoints, deadline_ns, &connection->fd, why);
    if (rc == AURORA_OK && !settle(connection->fd, connection->timeout_ns)) {
        snprintf(why, AURORA__REDIS_WHY_BYTES, "the socket cannot be set up");
        rc = AURORA_EIO;
    }
    if (rc == AURORA_OK && address->has_password)
        rc = log_in(connection, address, deadline_ns, why);
    if (rc == AURORA_OK && address->database != 0)
        rc = select_database(connection, address->database, deadline_ns, why);
    return rc;
}

aurora_status aurora__redis_connection_open(const aurora__redis_address *address,
                                            const aurora__redis_endpoints *endpoints,
                                            const aurora_allocator *allocator, int64_t deadline_ns,
                                            aurora__redis_connection **out,
                                            char why[AURORA__REDIS_WHY_BYTES])
{
    aurora__redis_connection *connection = allocator->allocate(allocator->self, sizeof *connection);
    snprintf(why, AURORA__REDIS_WHY_BYTES, "out of memory");
    if (connection == NULL)
        return AURORA_ENOMEM;
    *connection = (aurora__redis_connection){.fd = -1, .timeout_ns = address->timeout_ms * MS};
    aurora_status rc = begin(connection, address, endpoints, deadline_ns, why);
    if (rc == AURORA_OK)
        *out = connection;
    else
        aurora__redis_connection_close(connection, allocator);
    return rc;
}

void aurora__redis_connection_close(aurora__redis_connection *connection,
                                    const aurora_allocator *allocator)
{
    if (connection == NULL)
        return;
    if (connection->fd >= 0)
        close(connection->fd);
    redisReaderFree(connection->reader);
    allocator->release(allocator->self, connection);
}
