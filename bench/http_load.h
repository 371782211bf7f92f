/* SPDX-License-Identifier: MIT */
/* A closed loop of HTTP/1.1 requests over keep-alive connections, on one thread with epoll, and
 * what the server's process spent meanwhile. For servers on the loopback of this machine. */
#ifndef AURORA_BENCH_HTTP_LOAD_H
#define AURORA_BENCH_HTTP_LOAD_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct {
    uint16_t port;
    pid_t server;         /* whose CPU time counts */
    uint32_t connections; /* 1..256 */
    double seconds;
    uint64_t requests_max; /* 0 = no bound but the time */
    /* Writes the whole request number `n` and returns its length. */
    size_t (*fill)(void *self, char *text, size_t capacity, uint64_t n);
    void *self;
    int status;           /* any other is an error; 0 = none is */
    const char *contains; /* the body must; NULL = anything */
} http_load_plan;

typedef struct {
    double per_s;
    double cpu_us; /* of the server, a request */
    double client_cpu_us;
    double p50_ms;
    double p99_ms;
    uint64_t done;
    uint64_t errors;
    uint64_t server_errors; /* answers of 500 and above, also where no status is asked for */
    char first_error[200];
} http_load_result;

/* 0, or -1 when no connection could be made. */
int http_load(const http_load_plan *plan, http_load_result *out);

/* Waits until GET `path` answers 200; the milliseconds, or -1 after timeout_ms. */
double http_load_wait(uint16_t port, const char *path, int timeout_ms);

uint16_t http_load_free_port(void);
/* User and system time of all its threads; 0 where there is no such process. */
double http_load_process_cpu_s(pid_t pid);
/* VmRSS (or another line of status) in MiB. */
double http_load_process_mib(pid_t pid, const char *name);

#endif
