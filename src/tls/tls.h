/* SPDX-License-Identifier: MIT */
/* TLS 1.2 and 1.3 by OpenSSL for sockets that do not block, below whoever reads and writes them.
 * A channel takes the place of recv and sendmsg on one connection: it reads whole records into
 * memory of its caller, and what cannot be sent yet is its own. Between two calls a connection that
 * is still costs OpenSSL's state and no buffer. Knows no HTTP, no event loop and no setting.
 *
 * Threads: an aurora_tls is shared. A channel and a scratch are confined to their loop's thread. */
#ifndef AURORA_TLS_TLS_H
#define AURORA_TLS_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <aurora/base.h>

typedef struct aurora_tls aurora_tls;
typedef struct aurora_tls_channel aurora_tls_channel;
typedef struct aurora_tls_sessions aurora_tls_sessions;

#define AURORA_TLS_READ_BYTES 65536 /* the room that aurora_tls_recv needs */

/* --- what a listener or a client has ---------------------------------------------------------- */

/* Paths of PEM files; NULL or "" = none. */
typedef struct {
    const char *certificate; /* ours first, then those between it and its authority */
    const char *key;
    const char *authority; /* of a server: then clients need a certificate that is signed by one of
                              these; of a client: who must have signed the server's */
    const char *names;     /* of a server: clients that may speak for others, with commas */
} aurora_tls_files;

/* What the files say, for warnings and metrics. */
typedef struct {
    int64_t expires_s;   /* Unix time of the earliest end in the chain; 0 = no certificate */
    bool is_expired;     /* by now */
    bool is_early;       /* its time has not begun */
    bool is_key_exposed; /* others than its owner and group may read it */
} aurora_tls_facts;

/* Reads the files. AURORA_EINVAL: err->field is "certificate", "key" or "authority", and the
 * message says what is wrong with that file. A server needs certificate and key, a client needs
 * authority. AURORA_ENOMEM. *out is freed with aurora_tls_free, after its channels. */
aurora_status aurora_tls_server_new(const aurora_tls_files *files, aurora_tls **out,
                                    aurora_error *err);
aurora_status aurora_tls_client_new(const aurora_tls_files *files, aurora_tls **out,
                                    aurora_error *err);
void aurora_tls_free(aurora_tls *tls);

/* Reads the files again, or others: channels that begin afterwards use them. On failure everything
 * stays. Fails as the calls above do. Threads: one, always the same; others go on with channels. */
aurora_status aurora_tls_reload(aurora_tls *tls, const aurora_tls_files *files, aurora_error *err);
/* Whether the files on disk are others than those that were read, and have been the same for two
 * calls: so one that is being written is not read in halves. True once for each change. Threads:
 * that of aurora_tls_reload. */
bool aurora_tls_has_changed(aurora_tls *tls);
/* Threads: shared. */
void aurora_tls_facts_get(aurora_tls *tls, aurora_tls_facts *out);

/* --- why a handshake fails -------------------------------------------------------------------- */

typedef enum {
    AURORA_TLS_FINE = 0,
    AURORA_TLS_PLAIN_HTTP,          /* a request without TLS */
    AURORA_TLS_MALFORMED,           /* no beginning of TLS, or one that is too long */
    AURORA_TLS_VERSION,             /* none that both have */
    AURORA_TLS_CIPHER,              /* no cipher, group or signature that both have */
    AURORA_TLS_PROTOCOL,            /* ALPN without http/1.1 */
    AURORA_TLS_CERTIFICATE_MISSING, /* the client has none */
    AURORA_TLS_CERTIFICATE_EXPIRED, /* the other side's */
    AURORA_TLS_CERTIFICATE_NAME,    /* it is for another name */
    AURORA_TLS_CERTIFICATE_UNKNOWN, /* by another authority, or damaged, or for another use */
    AURORA_TLS_ALERT,               /* the other side refused */
    AURORA_TLS_CLOSED,              /* it left */
    AURORA_TLS_TIMEOUT,             /* this and the next are counted by who has the clock... */
    AURORA_TLS_SHED,                /* ...and the memory: others need the place */
    AURORA_TLS_OTHER,
    AURORA_TLS_FAILURE_COUNT
} aurora_tls_failure;

/* "plain_http", for a label. */
const char *aurora_tls_failure_name(aurora_tls_failure failure);
/* "has a certificate for another name": one line after the name of the other side. */
const char *aurora_tls_failure_text(aurora_tls_failure failure);

/* --- a connection ----------------------------------------------------------------------------- */

/* Memory that the channels of a thread share during a call. */
typedef struct aurora_tls_scratch aurora_tls_scratch;
/* NULL without memory; freed with free. */
aurora_tls_scratch *aurora_tls_scratch_new(void);

/* The server's side of a socket. NULL without memory. OpenSSL hears nothing of it before a whole
 * beginning of a handshake has come. */
aurora_tls_channel *aurora_tls_accept(aurora_tls *tls, int fd);
/* The client's side: `host` is the name or address that the other's certificate must have. A
 * session of `sessions` (NULL = none is kept) makes it cheap. NULL without memory. */
aurora_tls_channel *aurora_tls_connect(aurora_tls *tls, int fd, const char *host,
                                       aurora_tls_sessions *sessions);
/* Leaves the socket open. NULL is a no-op. */
void aurora_tls_channel_free(aurora_tls_channel *channel);

typedef enum {
    AURORA_TLS_DONE = 0,
    AURORA_TLS_MORE,  /* bytes must come or go first */
    AURORA_TLS_FAILED /* aurora_tls_channel_failure says why; the other side may have an alert */
} aurora_tls_step;

/* Reads what has come, goes on, and sends what there is to say. After DONE, data may already wait:
 * call aurora_tls_recv. */
aurora_tls_step aurora_tls_handshake(aurora_tls_channel *channel, aurora_tls_scratch *scratch);
aurora_tls_failure aurora_tls_channel_failure(const aurora_tls_channel *channel);

/* As recv: the bytes read; 0 at the end; -1 with errno EAGAIN, where nothing is there yet, or
 * another. */
ssize_t aurora_tls_recv(aurora_tls_channel *channel, aurora_tls_scratch *scratch,
                        char data[AURORA_TLS_READ_BYTES]);
/* Whether recv has more to say though the socket may not be readable: the end, or an error. */
bool aurora_tls_has_more(const aurora_tls_channel *channel);
/* As sendmsg: takes as much as is worth one call; what the socket does not take waits, and goes
 * out first in the next one, which may have no piece. -1 with errno EAGAIN while it cannot. */
ssize_t aurora_tls_send(aurora_tls_channel *channel, aurora_tls_scratch *scratch,
                        const struct iovec *pieces, int count);
/* Whether something waits for the socket. */
bool aurora_tls_has_unsent(const aurora_tls_channel *channel);
/* Says that nothing more is sent. */
void aurora_tls_shutdown(aurora_tls_channel *channel, aurora_tls_scratch *scratch);

/* Memory of its buffers, and while it begins, of OpenSSL's. */
size_t aurora_tls_held(const aurora_tls_channel *channel);
/* After the handshake: "1.3"; whether it went on with an earlier session; whether the other side
 * has a verified certificate with one of the names that may speak for others. */
bool aurora_tls_is_1_3(const aurora_tls_channel *channel);
bool aurora_tls_is_resumed(const aurora_tls_channel *channel);
bool aurora_tls_is_trusted(const aurora_tls_channel *channel);

/* The newest session with one server, for the next connection to it. NULL without memory. Threads:
 * shared. */
aurora_tls_sessions *aurora_tls_sessions_new(void);
void aurora_tls_sessions_free(aurora_tls_sessions *sessions);

#endif
