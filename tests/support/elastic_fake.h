/* SPDX-License-Identifier: MIT */
/* A server that says what the test wants said in place of Elasticsearch, and a proxy that can be
 * cut off the real one. Both are a thread on a port of their own on 127.0.0.1. */
#ifndef AURORA_TESTS_SUPPORT_ELASTIC_FAKE_H
#define AURORA_TESTS_SUPPORT_ELASTIC_FAKE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#define ELASTIC_FAKE_BYTES 65536

typedef struct {
    uint16_t port;
    int listener;
    int wake[2]; /* closing it ends the thread */
    pthread_t thread;
    pthread_mutex_t lock; /* over the rest */
    const char *bulk[4];  /* what requests to _bulk are answered, in turn; NULL = all is done */
    int bulk_status;
    int bulk_count;
    int delay_ms; /* before each answer to _bulk or to a search */
    int state_writes;
    char last_bulk[ELASTIC_FAKE_BYTES]; /* head and body */
} elastic_fake;

/* Serves the index "fake", which stands at position 0 of log {1}, in generation 1. */
void elastic_fake_start(elastic_fake *fake);
void elastic_fake_stop(elastic_fake *fake);

typedef struct {
    uint16_t port;
    uint16_t to;
    int listener;
    int wake[2];
    pthread_t thread;
    atomic_bool is_cut; /* connections are closed as soon as they come, and those that are there */
} elastic_proxy;

void elastic_proxy_start(elastic_proxy *proxy, uint16_t to);
void elastic_proxy_stop(elastic_proxy *proxy);

#endif
