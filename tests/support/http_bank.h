/* SPDX-License-Identifier: MIT */
/* The provider of provider.h behind HTTP, in a process of its own, with a script of how it treats
 * the next requests: what goes wrong on the way to a bank and back. Books and script are in shared
 * memory; the books are right whatever became of the answer. */
#ifndef AURORA_TESTS_SUPPORT_HTTP_BANK_H
#define AURORA_TESTS_SUPPORT_HTTP_BANK_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "provider.h"

#define HTTP_BANK_SECRET "a secret of the test"
#define HTTP_BANK_VERBS 6 /* by AURORA_VERB_...; HTTP_BANK_QUERY for queries */
#define HTTP_BANK_QUERY 5

/* How a request is treated. All but the _UNSEEN ones act first. */
enum {
    HTTP_BANK_ANSWERS = 0,
    HTTP_BANK_ACCEPTS,    /* 202, to be asked after delay_ms; the outcome is in `accepted` */
    HTTP_BANK_IS_LATE,    /* answers after delay_ms */
    HTTP_BANK_HANGS,      /* never answers */
    HTTP_BANK_CUTS,       /* closes without an answer */
    HTTP_BANK_CUTS_HEAD,  /* closes within the head */
    HTTP_BANK_CUTS_BODY,  /* closes within the body */
    HTTP_BANK_BABBLES,    /* answers with what is not HTTP */
    HTTP_BANK_SAYS_HELLO, /* 200 and a text that is no JSON */
    HTTP_BANK_FLOODS,     /* 200 and a body without end */
    HTTP_BANK_DRIPS,      /* 200 and a byte now and then */
    HTTP_BANK_FAILS,      /* 500 */
    HTTP_BANK_REDIRECTS,  /* 307 to /elsewhere of the same server */
    HTTP_BANK_SAYS_UNKNOWN,
    HTTP_BANK_HANGS_UNSEEN,
    HTTP_BANK_CUTS_UNSEEN,     /* closes, without an act */
    HTTP_BANK_IS_BUSY_UNSEEN,  /* 503, Retry-After: 1 */
    HTTP_BANK_REFUSES_UNSEEN,  /* 401, in words that say "declined" */
    HTTP_BANK_MISSES_UNSEEN,   /* 404 of a web server that knows no such path */
    HTTP_BANK_DECLINES_UNSEEN, /* 402, a problem that says outcome declined */
};

typedef struct {
    provider *books;
    pthread_mutex_t lock; /* of the books and of `accepted` */
    pid_t pid;
    int listener;
    int port;
    char certificate[512]; /* the path of its PEM file; "" = plain HTTP */
    atomic_int treatment[HTTP_BANK_VERBS];
    atomic_int times[HTTP_BANK_VERBS]; /* then ANSWERS; below 0 = always */
    atomic_int delay_ms;               /* 0 at first */
    atomic_uint requests[HTTP_BANK_VERBS];
    char traceparents[HTTP_BANK_VERBS][80]; /* of the newest request; "" = none. By the lock */
    atomic_uint forged;                     /* requests with a wrong signature, key or timestamp */
    atomic_uint elsewhere;
    atomic_uint connections;
    atomic_uint open_requests;
    atomic_uint open_requests_max;
    struct {
        aurora_id task_id;
        int32_t outcome;
    } accepted[PROVIDER_ACCOUNTS_MAX];
    uint32_t accepted_count;
} http_bank;

/* Starts it on a free port of 127.0.0.1. With a folder it speaks TLS, by a certificate for
 * 127.0.0.1 that it signed itself and left there. Not while threads run. */
http_bank *http_bank_new(const char *folder_of_certificate);
void http_bank_free(http_bank *bank);

/* Opens a shop with a worker that pays at this port, in a hurry: a second for a call, milliseconds
 * between attempts. `more` may replace any setting; NULL = none. */
aurora_t *http_bank_shop(const http_bank *bank, const char *url, int port, const char *more);

/* The same in memory, at the bank's own port, with a tracer. */
aurora_t *http_bank_shop_traced(const http_bank *bank, const char *more,
                                const aurora_tracer *tracer);

void http_bank_treat(http_bank *bank, int verb, int treatment, int times);

/* Waits, at most some seconds, until that many requests of a verb have arrived. */
void http_bank_await(http_bank *bank, int verb, uint32_t requests);

/* Asserts that no order was charged twice or kept without a sale: `sold` orders are paid once and
 * in full, no other has money left with the bank. */
void http_bank_audit(http_bank *bank, aurora_t *shop);

#endif
