/* SPDX-License-Identifier: MIT */
/* What the files of TLS share. */
#ifndef AURORA_TLS_INTERNAL_H
#define AURORA_TLS_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include <openssl/ssl.h>

#include "tls/tls.h"

/* --- records.c: pure -------------------------------------------------------------------------- */

#define AURORA__TLS_RECORD_HEAD 5
#define AURORA__TLS_RECORD_MAX (AURORA__TLS_RECORD_HEAD + 16384 + 2048) /* RFC 5246, 6.2.3 */
#define AURORA__TLS_HELLO_MAX 16384 /* bytes of a ClientHello, of all its records together */

typedef enum {
    AURORA__TLS_HELLO_MORE = 0,
    AURORA__TLS_HELLO_WHOLE,
    AURORA__TLS_HELLO_BAD,  /* no TLS */
    AURORA__TLS_HELLO_PLAIN /* begins as HTTP does */
} aurora__tls_hello;

/* Whether the first bytes of a client are a whole ClientHello (RFC 8446, 4.1.2, and 5.1 on its
 * records). The same verdict wherever they were cut. */
aurora__tls_hello aurora__tls_hello_look(const char *data, size_t len);
/* The bytes of the whole records at the front. Behind a head that no record can have, and where a
 * record is longer than allowed, everything counts as whole: OpenSSL refuses it. */
size_t aurora__tls_whole(const char *data, size_t len);

/* --- files.c ---------------------------------------------------------------------------------- */

typedef struct {
    char *certificate, *key, *authority;
} aurora__tls_paths;

bool aurora__tls_paths_copy(aurora__tls_paths *out, const aurora_tls_files *files);
void aurora__tls_paths_free(aurora__tls_paths *paths);
/* A number that is another one when a file has changed. */
uint64_t aurora__tls_paths_mark(const aurora__tls_paths *paths);
/* Reads certificate, key and authority into the context. */
aurora_status aurora__tls_files_load(SSL_CTX *context, const aurora_tls_files *files,
                                     aurora_tls_facts *facts, aurora_error *err);
aurora_status aurora__tls_refuse(aurora_error *err, const char *field, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* --- tickets.c -------------------------------------------------------------------------------- */

/* A key makes tickets so long; it reads them as long again. */
#define AURORA__TLS_TICKET_S INT64_C(3600)

typedef struct {
    unsigned char name[16], cipher[32], mac[32];
    int64_t since_s; /* 0 = there is none */
} aurora__tls_ticket_key;

typedef struct {
    pthread_mutex_t mutex;
    aurora__tls_ticket_key now, before;
} aurora__tls_tickets;

/* Has the server's sessions kept by its clients, under keys that change by the hour. */
void aurora__tls_tickets_use(SSL_CTX *context, aurora__tls_tickets *tickets);
/* Tickets that were given out are worth nothing any more. */
void aurora__tls_tickets_forget(aurora__tls_tickets *tickets);
void aurora__tls_tickets_deinit(aurora__tls_tickets *tickets);

/* --- context.c -------------------------------------------------------------------------------- */

struct aurora_tls {
    bool is_server;
    BIO_METHOD *method;
    char *names; /* each followed by NUL, and one more at the end; NULL = none */
    aurora__tls_tickets tickets;
    pthread_mutex_t mutex;
    SSL_CTX *context;        /* under the mutex, with the following */
    aurora__tls_paths paths; /* that it was made of */
    aurora_tls_facts facts;
    _Atomic uint64_t mark;         /* of the files that were read */
    uint64_t seen_mark, told_mark; /* these are of the thread that reloads */
    uint64_t generation;           /* of a client's contexts */
};

/* --- peer.c ----------------------------------------------------------------------------------- */

/* "a, b" as the texts above; NULL without memory. */
char *aurora__tls_names_read(const char *text);
/* Whether the verified certificate of the other side has one of the names. */
bool aurora__tls_peer_is_named(SSL *ssl, const char *names);
/* Whether its time is over, or has not begun: a session that goes on is not verified again. */
bool aurora__tls_peer_is_expired(SSL *ssl);
/* Sessions of a context go on in none of another generation, which may trust others. */
void aurora__tls_sessions_use(SSL_CTX *context, uint64_t generation);
void aurora__tls_sessions_begin(aurora_tls_sessions *sessions, SSL *ssl);

/* --- failure.c -------------------------------------------------------------------------------- */

/* What the thread's queue of errors says, which is emptied. */
aurora_tls_failure aurora__tls_failure_read(const SSL *ssl);

/* --- channel.c -------------------------------------------------------------------------------- */

BIO_METHOD *aurora__tls_method_new(void);

#endif
