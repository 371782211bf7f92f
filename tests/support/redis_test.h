/* SPDX-License-Identifier: MIT */
/* Redis for tests: the shared server of AURORA_TEST_REDIS with a key prefix of one's own, a private
 * server that may be frozen and killed, and a peer that answers with whatever bytes a test says. */
#ifndef AURORA_TESTS_SUPPORT_REDIS_TEST_H
#define AURORA_TESTS_SUPPORT_REDIS_TEST_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "test.h"

#define REDIS_ADDRESS_BYTES 256

/* Whether AURORA_TEST_REDIS is set; says so where it is not. */
bool redis_is_given(void);

/* "//host:port/0?prefix=t<pid>-<n>" and the given pairs, "&pool=2", behind it; a new prefix each
 * time. */
void redis_address(char out[REDIS_ADDRESS_BYTES], const char *pairs);

/* Makes all keys of the address's prefix older by this much. */
void redis_age(const char *address, int64_t ms);
/* Removes them. */
void redis_clean(const char *address);
/* One command, "SCRIPT FLUSH", on the address's server; its reply has to be no error. */
void redis_say(const char *address, const char *command);

/* --- a server of one's own --- */

typedef struct {
    pid_t pid;
    int port;
    char *folder;
    char address[REDIS_ADDRESS_BYTES]; /* "//127.0.0.1:PORT?" and the pairs given */
} redis_server;

/* Whether the program is here; says so where it is not. */
bool redis_has_server(void);
/* Starts one; `password` NULL = none. Waits until it answers. */
void redis_server_start(redis_server *server, const char *password, const char *pairs);
/* Kills it without a word; the port stays the same. */
void redis_server_kill(redis_server *server);
void redis_server_again(redis_server *server, const char *password);
void redis_server_stop(redis_server *server);

/* --- a peer that is scripted --- */

/* What it does with each request: writes `bytes`, `step` at a time with pauses, then closes. */
typedef struct {
    const char *bytes;
    size_t len;
    size_t step;       /* 0 = all at once */
    unsigned pause_ms; /* before each step */
    bool stays;        /* reads the next request; else closes */
    bool is_silent;    /* reads and never answers */
} redis_play;

typedef struct {
    int fd;
    int port;
    redis_play play;
    pthread_t thread;
    _Atomic bool is_over;
    _Atomic int requests;
    char address[REDIS_ADDRESS_BYTES];
} redis_peer;

void redis_peer_start(redis_peer *peer, redis_play play, const char *pairs);
void redis_peer_stop(redis_peer *peer);

#endif
