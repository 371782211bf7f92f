/* SPDX-License-Identifier: MIT */
#include "redis_test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "free_port.h"

#define START_MS 10000

bool redis_is_given(void)
{
    if (getenv("AURORA_TEST_REDIS") != NULL)
        return true;
    printf("skipped: AURORA_TEST_REDIS is not set (./dev up)\n");
    return false;
}

void redis_address(char out[REDIS_ADDRESS_BYTES], const char *pairs)
{
    static _Atomic int number;
    const char *given = getenv("AURORA_TEST_REDIS");
    ck_assert_ptr_nonnull(given);
    ck_assert(strncmp(given, "redis:", 6) == 0);
    int len = snprintf(out, REDIS_ADDRESS_BYTES, "%.*s?prefix=t%d-%d%s",
                       (int)strcspn(given + 6, "?"), given + 6, (int)getpid(), ++number, pairs);
    ck_assert_int_lt(len, REDIS_ADDRESS_BYTES);
}

/* --- commands --------------------------------------------------------------------------------- */

static redisContext *connect_to(const char *address)
{
    char host[64];
    int port = 0;
    ck_assert_int_eq(sscanf(address, "//%63[^:]:%d", host, &port), 2);
    redisContext *context = redisConnect(host, port);
    ck_assert(context != NULL && context->err == 0);
    return context;
}

static void free_good(redisReply *reply)
{
    ck_assert_ptr_nonnull(reply);
    ck_assert_msg(reply->type != REDIS_REPLY_ERROR, "%s", reply->str);
    freeReplyObject(reply);
}

static void read_prefix(const char *address, char out[80])
{
    const char *at = strstr(address, "prefix=");
    ck_assert_ptr_nonnull(at);
    snprintf(out, 80, "*{%.*s:*", (int)strcspn(at + 7, "&"), at + 7);
}

void redis_say(const char *address, const char *command)
{
    redisContext *context = connect_to(address);
    free_good(redisCommand(context, command));
    redisFree(context);
}

void redis_clean(const char *address)
{
    char prefix[80];
    read_prefix(address, prefix);
    redisContext *context = connect_to(address);
    free_good(redisCommand(context, "EVAL %s 0 %s",
                           "for _, k in ipairs(redis.call('KEYS', ARGV[1])) do "
                           "redis.call('UNLINK', k) end return 1",
                           prefix));
    redisFree(context);
}

/* Times to live, and the time that stands in a floor of the cache. */
void redis_age(const char *address, int64_t ms)
{
    static const char script[] =
        "for _, k in ipairs(redis.call('KEYS', ARGV[1])) do "
        "  local left = redis.call('PTTL', k) - ARGV[2] "
        "  local v, at = string.match(redis.call('GET', k), '^(%x+) (%d+)$') "
        "  if at and left > 0 then "
        "    redis.call('SET', k, v .. ' ' .. string.format('%.0f', at - ARGV[2] * 1000)) end "
        "  if left > 0 then redis.call('PEXPIRE', k, string.format('%.0f', left)) "
        "  else redis.call('DEL', k) end "
        "end return 1";
    char prefix[80];
    read_prefix(address, prefix);
    redisContext *context = connect_to(address);
    free_good(redisCommand(context, "EVAL %s 0 %s %lld", script, prefix, (long long)ms));
    redisFree(context);
}

/* --- a server of one's own -------------------------------------------------------------------- */

static int listen_anywhere(int *port_out)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    *port_out = ntohs(address.sin_port);
    return fd;
}

bool redis_has_server(void)
{
    if (access("/usr/bin/redis-server", X_OK) == 0)
        return true;
    printf("skipped: redis-server is not installed\n");
    return false;
}

static bool does_answer(int port)
{
    struct timeval soon = {.tv_sec = 1};
    redisContext *context = redisConnectWithTimeout("127.0.0.1", port, soon);
    bool is_up = false;
    if (context != NULL && context->err == 0) {
        redisSetTimeout(context, soon);
        redisReply *reply = redisCommand(context, "PING");
        is_up = reply != NULL; /* NOAUTH too */
        if (reply != NULL)
            freeReplyObject(reply);
    }
    if (context != NULL)
        redisFree(context);
    return is_up;
}

void redis_server_again(redis_server *server, const char *password)
{
    char port[16];
    snprintf(port, sizeof port, "%d", server->port);
    server->pid = fork();
    ck_assert_int_ge(server->pid, 0);
    if (server->pid == 0) {
        int nowhere = open("/dev/null", O_RDWR);
        dup2(nowhere, 1);
        dup2(nowhere, 2);
        execl("/usr/bin/redis-server", "redis-server", "--port", port, "--bind", "127.0.0.1",
              "--save", "", "--dir", server->folder, "--requirepass",
              password == NULL ? "" : password, (char *)NULL);
        _exit(127);
    }
    for (int waited_ms = 0; !does_answer(server->port); waited_ms += 10) {
        ck_assert_int_lt(waited_ms, START_MS);
        ck_assert_int_eq(waitpid(server->pid, NULL, WNOHANG), 0);
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
}

void redis_server_start(redis_server *server, const char *password, const char *pairs)
{
    server->port = free_port();
    server->folder = aurora_tempdir_new();
    snprintf(server->address, sizeof server->address, "//%s%s%s127.0.0.1:%d?prefix=own%s",
             password == NULL ? "" : ":", password == NULL ? "" : password,
             password == NULL ? "" : "@", server->port, pairs);
    redis_server_again(server, password);
}

void redis_server_kill(redis_server *server)
{
    kill(server->pid, SIGKILL);
    waitpid(server->pid, NULL, 0);
    server->pid = 0;
}

void redis_server_stop(redis_server *server)
{
    if (server->pid != 0)
        redis_server_kill(server);
    aurora_tempdir_remove(server->folder);
}

/* --- a peer that is scripted ------------------------------------------------------------------ */

/* Whether something came within the peer's life. */
static bool waits(const redis_peer *peer, int fd)
{
    while (!atomic_load(&peer->is_over)) {
        struct pollfd what = {.fd = fd, .events = POLLIN};
        if (poll(&what, 1, 10) > 0)
            return true;
    }
    return false;
}

static void play(redis_peer *peer, int fd)
{
    const redis_play *how = &peer->play;
    size_t step = how->step == 0 ? how->len : how->step;
    for (size_t at = 0; at < how->len && !atomic_load(&peer->is_over); at += step) {
        size_t len = how->len - at < step ? how->len - at : step;
        if (how->pause_ms > 0)
            nanosleep(&(struct timespec){.tv_nsec = (long)how->pause_ms * 1000000}, NULL);
        if (send(fd, how->bytes + at, len, MSG_NOSIGNAL) < 0)
            return;
    }
}

static void *run_peer(void *argument)
{
    redis_peer *peer = argument;
    char bytes[65536];
    while (waits(peer, peer->fd)) {
        int fd = accept(peer->fd, NULL, NULL);
        bool goes_on = true;
        while (goes_on && waits(peer, fd) && recv(fd, bytes, sizeof bytes, 0) > 0) {
            atomic_fetch_add(&peer->requests, 1);
            if (!peer->play.is_silent)
                play(peer, fd);
            goes_on = peer->play.stays || peer->play.is_silent;
        }
        close(fd);
    }
    return NULL;
}

void redis_peer_start(redis_peer *peer, redis_play how, const char *pairs)
{
    memset(peer, 0, sizeof *peer);
    peer->play = how;
    peer->fd = listen_anywhere(&peer->port);
    ck_assert_int_eq(listen(peer->fd, 64), 0);
    snprintf(peer->address, sizeof peer->address, "//127.0.0.1:%d?prefix=p%s", peer->port, pairs);
    ck_assert_int_eq(pthread_create(&peer->thread, NULL, run_peer, peer), 0);
}

void redis_peer_stop(redis_peer *peer)
{
    atomic_store(&peer->is_over, true);
    pthread_join(peer->thread, NULL);
    close(peer->fd);
}
