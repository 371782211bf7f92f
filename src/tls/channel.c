/* SPDX-License-Identifier: MIT */
/* One connection. OpenSSL reads from memory that holds whole records, and writes into memory that
 * goes out with one send: so it never waits in the middle, and holds no buffer between two
 * calls. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "tls/internal.h"

#define IN_BYTES 49152 /* at a time; what is in them is less than AURORA_TLS_READ_BYTES */
#define RECORD_BYTES 16384
#define RECORDS_PER_SEND 3
#define OUT_BYTES ((size_t)RECORDS_PER_SEND * (RECORD_BYTES + 256))
#define UNSENT_BYTES_MAX 262144 /* of answers to one that asks and does not read */
#define IDLE_RECORDS_MAX 64     /* that carry no data, one after another */
#define BEGINNING_BYTES 40960   /* what OpenSSL holds during a handshake, about */

struct aurora_tls_scratch {
    char in[IN_BYTES];
    char out[OUT_BYTES];
    char record[RECORD_BYTES];
};

struct aurora_tls_channel {
    aurora_tls *tls;
    SSL *ssl; /* NULL until a client's first message is whole */
    int fd;
    uint8_t failure; /* aurora_tls_failure */
    bool is_done, is_trusted;
    bool has_ended; /* the other side sends no more */
    bool has_shut;  /* we do not */
    uint32_t idle_records;
    uint32_t kept_len, unsent_len;
    char *kept;     /* bytes that came and are no whole record, or came with the handshake's end */
    char *unsent;   /* bytes that the socket did not take */
    const char *in; /* during a call: whole records, for OpenSSL */
    size_t in_len;
    char *out; /* during a call: what OpenSSL has written */
    size_t out_len;
};

aurora_tls_scratch *aurora_tls_scratch_new(void)
{
    return malloc(sizeof(aurora_tls_scratch));
}

/* --- OpenSSL's side --------------------------------------------------------------------------- */

static int take_in(BIO *bio, char *data, size_t len, size_t *len_out)
{
    aurora_tls_channel *channel = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    *len_out = len < channel->in_len ? len : channel->in_len;
    if (*len_out == 0) {
        BIO_set_retry_read(bio);
        return 0;
    }
    memcpy(data, channel->in, *len_out);
    channel->in += *len_out;
    channel->in_len -= *len_out;
    return 1;
}

static bool append(char **to, uint32_t *len, const char *data, size_t count)
{
    char *larger = realloc(*to, *len + count);
    if (larger == NULL)
        return false;
    memcpy(larger + *len, data, count);
    *to = larger;
    *len += (uint32_t)count;
    return true;
}

/* Behind what waits already. */
static bool keep_unsent(aurora_tls_channel *channel, const char *data, size_t len)
{
    return len == 0 || (channel->unsent_len + len <= UNSENT_BYTES_MAX &&
                        append(&channel->unsent, &channel->unsent_len, data, len));
}

static int put_out(BIO *bio, const char *data, size_t len, size_t *len_out)
{
    aurora_tls_channel *channel = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (channel->out == NULL)
        return 0;
    if (len > OUT_BYTES - channel->out_len) {
        /* A long chain of certificates. */
        if (!keep_unsent(channel, channel->out, channel->out_len) ||
            !keep_unsent(channel, data, len))
            return 0;
        channel->out_len = 0;
    } else {
        memcpy(channel->out + channel->out_len, data, len);
        channel->out_len += len;
    }
    *len_out = len;
    return 1;
}

static long control(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH;
}

static int create(BIO *bio)
{
    BIO_set_init(bio, 1);
    return 1;
}

BIO_METHOD *aurora__tls_method_new(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "aurora");
    if (method != NULL && BIO_meth_set_read_ex(method, take_in) == 1 &&
        BIO_meth_set_write_ex(method, put_out) == 1 && BIO_meth_set_ctrl(method, control) == 1 &&
        BIO_meth_set_create(method, create) == 1)
        return method;
    BIO_meth_free(method);
    return NULL;
}

/* --- life ------------------------------------------------------------------------------------- */

static bool begin(aurora_tls_channel *channel)
{
    aurora_tls *tls = channel->tls;
    BIO *bio = BIO_new(tls->method);
    pthread_mutex_lock(&tls->mutex);
    channel->ssl = bio != NULL ? SSL_new(tls->context) : NULL;
    pthread_mutex_unlock(&tls->mutex);
    if (channel->ssl == NULL) {
        BIO_free(bio);
        ERR_clear_error();
        return false;
    }
    BIO_set_data(bio, channel);
    SSL_set_bio(channel->ssl, bio, bio);
    if (tls->is_server)
        SSL_set_accept_state(channel->ssl);
    else
        SSL_set_connect_state(channel->ssl);
    return true;
}

static aurora_tls_channel *new_channel(aurora_tls *tls, int fd)
{
    aurora_tls_channel *channel = calloc(1, sizeof *channel);
    if (channel == NULL)
        return NULL;
    channel->tls = tls;
    channel->fd = fd;
    return channel;
}

aurora_tls_channel *aurora_tls_accept(aurora_tls *tls, int fd)
{
    return new_channel(tls, fd);
}

static bool expect_host(SSL *ssl, const char *host)
{
    struct in6_addr address;
    bool is_address =
        inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1;
    if (is_address)
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1;
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return SSL_set1_host(ssl, host) == 1 && SSL_set_tlsext_host_name(ssl, host) == 1;
}

aurora_tls_channel *aurora_tls_connect(aurora_tls *tls, int fd, const char *host,
                                       aurora_tls_sessions *sessions)
{
    aurora_tls_channel *channel = new_channel(tls, fd);
    if (channel == NULL)
        return NULL;
    if (!begin(channel) || !expect_host(channel->ssl, host)) {
        ERR_clear_error();
        aurora_tls_channel_free(channel);
        return NULL;
    }
    aurora__tls_sessions_begin(sessions, channel->ssl);
    return channel;
}

void aurora_tls_channel_free(aurora_tls_channel *channel)
{
    if (channel == NULL)
        return;
    SSL_free(channel->ssl);
    free(channel->kept);
    free(channel->unsent);
    free(channel);
}

/* --- out -------------------------------------------------------------------------------------- */

static ssize_t send_some(int fd, const char *data, size_t len)
{
    ssize_t n;
    do {
        n = send(fd, data, len, MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    return n;
}

/* 0, or -1 with errno. */
static int flush_unsent(aurora_tls_channel *channel)
{
    while (channel->unsent_len > 0) {
        ssize_t n = send_some(channel->fd, channel->unsent, channel->unsent_len);
        if (n < 0)
            return -1;
        channel->unsent_len -= (uint32_t)n;
        memmove(channel->unsent, channel->unsent + n, channel->unsent_len);
    }
    free(channel->unsent);
    channel->unsent = NULL;
    return 0;
}

/* Ends a call: what OpenSSL has written goes out, or waits. False where it can do neither. */
static bool flush_out(aurora_tls_channel *channel)
{
    size_t sent = 0, len = channel->out_len;
    const char *out = channel->out;
    channel->out = NULL;
    channel->out_len = 0;
    if (channel->unsent_len > 0 && flush_unsent(channel) != 0 && errno != EAGAIN)
        return false;
    while (sent < len && channel->unsent_len == 0) {
        ssize_t n = send_some(channel->fd, out + sent, len - sent);
        if (n < 0 && errno != EAGAIN)
            return false;
        if (n < 0)
            break;
        sent += (size_t)n;
    }
    return keep_unsent(channel, out + sent, len - sent);
}

static void begin_call(aurora_tls_channel *channel, aurora_tls_scratch *scratch)
{
    channel->out = scratch->out;
    channel->out_len = 0;
    ERR_clear_error(); /* others of this thread may have left theirs */
}

/* --- in --------------------------------------------------------------------------------------- */

/* As recv, behind what was kept; *len_out bytes are in the scratch then. A failure changes
 * nothing. */
static ssize_t receive(aurora_tls_channel *channel, aurora_tls_scratch *scratch, size_t *len_out)
{
    ssize_t n = 0;
    if (channel->kept_len < IN_BYTES) {
        do {
            n = recv(channel->fd, scratch->in + channel->kept_len, IN_BYTES - channel->kept_len, 0);
        } while (n < 0 && errno == EINTR);
    } else {
        n = -1;
        errno = EAGAIN;
    }
    if (channel->kept_len > 0)
        memcpy(scratch->in, channel->kept, channel->kept_len);
    *len_out = channel->kept_len + (n > 0 ? (size_t)n : 0);
    return n;
}

static bool keep(aurora_tls_channel *channel, const char *data, size_t len)
{
    if (len == channel->kept_len && len > 0) {
        memcpy(channel->kept, data, len);
        return true;
    }
    free(channel->kept);
    channel->kept = NULL;
    channel->kept_len = 0;
    return len == 0 || append(&channel->kept, &channel->kept_len, data, len);
}

static void give_in(aurora_tls_channel *channel, const char *data, size_t len)
{
    channel->in = data;
    channel->in_len = len;
}

static void fail(aurora_tls_channel *channel, aurora_tls_failure failure)
{
    if (channel->failure == AURORA_TLS_FINE)
        channel->failure = (uint8_t)failure;
}

/* --- the handshake ---------------------------------------------------------------------------- */

static aurora_tls_step fail_step(aurora_tls_channel *channel, aurora_tls_failure failure)
{
    fail(channel, failure);
    return AURORA_TLS_FAILED;
}

/* Whether a client has said enough for OpenSSL to begin. */
static aurora_tls_step await_hello(aurora_tls_channel *channel, const char *data, size_t len)
{
    switch (aurora__tls_hello_look(data, len)) {
    case AURORA__TLS_HELLO_PLAIN:
        return fail_step(channel, AURORA_TLS_PLAIN_HTTP);
    case AURORA__TLS_HELLO_BAD:
        return fail_step(channel, AURORA_TLS_MALFORMED);
    case AURORA__TLS_HELLO_MORE:
        return keep(channel, data, len) ? AURORA_TLS_MORE : fail_step(channel, AURORA_TLS_OTHER);
    default:
        return begin(channel) ? AURORA_TLS_DONE : fail_step(channel, AURORA_TLS_OTHER);
    }
}

static aurora_tls_step end_handshake(aurora_tls_channel *channel)
{
    channel->is_done = true;
    if (SSL_session_reused(channel->ssl) && aurora__tls_peer_is_expired(channel->ssl))
        return fail_step(channel, AURORA_TLS_CERTIFICATE_EXPIRED);
    channel->is_trusted = aurora__tls_peer_is_named(channel->ssl, channel->tls->names);
    return AURORA_TLS_DONE;
}

/* Takes what is there until it is used up or the handshake has ended. */
static aurora_tls_step go_on(aurora_tls_channel *channel)
{
    for (int i = 0; i < IDLE_RECORDS_MAX; i++) {
        int rc = SSL_do_handshake(channel->ssl);
        if (rc == 1)
            return end_handshake(channel);
        if (SSL_get_error(channel->ssl, rc) != SSL_ERROR_WANT_READ)
            return fail_step(channel, aurora__tls_failure_read(channel->ssl));
        if (channel->in_len == 0)
            return AURORA_TLS_MORE;
    }
    return fail_step(channel, AURORA_TLS_MALFORMED);
}

static aurora_tls_step step(aurora_tls_channel *channel, const char *data, size_t len)
{
    if (channel->ssl == NULL) {
        aurora_tls_step begun = await_hello(channel, data, len);
        if (begun != AURORA_TLS_DONE)
            return begun;
    }
    size_t whole = aurora__tls_whole(data, len);
    give_in(channel, data, whole);
    aurora_tls_step outcome = go_on(channel);
    size_t left = len - whole + channel->in_len;
    give_in(channel, NULL, 0);
    if (outcome != AURORA_TLS_FAILED && !keep(channel, data + len - left, left))
        return fail_step(channel, AURORA_TLS_OTHER);
    return outcome;
}

aurora_tls_step aurora_tls_handshake(aurora_tls_channel *channel, aurora_tls_scratch *scratch)
{
    size_t len = 0;
    ssize_t n;
    if (channel->failure != AURORA_TLS_FINE)
        return AURORA_TLS_FAILED;
    begin_call(channel, scratch);
    n = receive(channel, scratch, &len);
    if (n == 0 || (n < 0 && errno != EAGAIN))
        return fail_step(channel, AURORA_TLS_CLOSED);
    aurora_tls_step outcome = AURORA_TLS_MORE;
    if (n > 0 || channel->ssl != NULL)
        outcome = step(channel, scratch->in, len);
    if (!flush_out(channel))
        return fail_step(channel, AURORA_TLS_CLOSED);
    return outcome;
}

aurora_tls_failure aurora_tls_channel_failure(const aurora_tls_channel *channel)
{
    return (aurora_tls_failure)channel->failure;
}

/* --- data ------------------------------------------------------------------------------------- */

/* Whether OpenSSL has more to read after what this call said. */
static bool goes_on(aurora_tls_channel *channel, int rc)
{
    switch (SSL_get_error(channel->ssl, rc)) {
    case SSL_ERROR_WANT_READ:
        if (++channel->idle_records > IDLE_RECORDS_MAX)
            fail(channel, AURORA_TLS_MALFORMED);
        return channel->in_len > 0 && channel->failure == AURORA_TLS_FINE;
    case SSL_ERROR_ZERO_RETURN:
        channel->has_ended = true;
        return false;
    default:
        fail(channel, aurora__tls_failure_read(channel->ssl));
        return false;
    }
}

static size_t decrypt(aurora_tls_channel *channel, char *data)
{
    size_t got = 0, n = 0;
    for (;;) {
        int rc = SSL_read_ex(channel->ssl, data + got, AURORA_TLS_READ_BYTES - got, &n);
        if (rc == 1) {
            got += n;
            channel->idle_records = 0;
        } else if (!goes_on(channel, rc)) {
            return got;
        }
    }
}

static ssize_t say_end(const aurora_tls_channel *channel)
{
    if (channel->failure == AURORA_TLS_FINE)
        return 0;
    errno = EPROTO;
    return -1;
}

ssize_t aurora_tls_recv(aurora_tls_channel *channel, aurora_tls_scratch *scratch,
                        char data[AURORA_TLS_READ_BYTES])
{
    size_t len = 0;
    if (channel->has_ended || channel->failure != AURORA_TLS_FINE)
        return say_end(channel);
    ssize_t n = receive(channel, scratch, &len);
    int error = errno;
    size_t whole = aurora__tls_whole(scratch->in, len);
    if (whole == 0 && n <= 0) {
        errno = error;
        return n;
    }
    begin_call(channel, scratch);
    give_in(channel, scratch->in, whole);
    size_t got = whole > 0 ? decrypt(channel, data) : 0;
    give_in(channel, NULL, 0);
    if (!keep(channel, scratch->in + whole, len - whole) || !flush_out(channel))
        fail(channel, AURORA_TLS_OTHER);
    if (n == 0)
        channel->has_ended = true;
    if (got > 0)
        return (ssize_t)got;
    if (channel->has_ended || channel->failure != AURORA_TLS_FINE)
        return say_end(channel);
    errno = EAGAIN;
    return -1;
}

bool aurora_tls_has_more(const aurora_tls_channel *channel)
{
    return channel->has_ended || channel->failure != AURORA_TLS_FINE;
}

/* --- sending ---------------------------------------------------------------------------------- */

typedef struct {
    const struct iovec *pieces;
    int count, at;
    size_t used; /* of pieces[at] */
} source;

/* The next bytes for a record: where they lie, or a copy where they lie apart. */
static const char *next_record(source *from, char record[RECORD_BYTES], size_t *len_out)
{
    size_t len = 0;
    while (from->at < from->count) {
        const struct iovec *piece = &from->pieces[from->at];
        const char *data = (const char *)piece->iov_base + from->used;
        size_t left = piece->iov_len - from->used;
        size_t n = left < RECORD_BYTES - len ? left : RECORD_BYTES - len;
        bool is_last = n < left || from->at + 1 == from->count;
        from->used += n;
        if (n == left) {
            from->at++;
            from->used = 0;
        }
        if (len == 0 && (is_last || n == RECORD_BYTES)) {
            *len_out = n;
            return data;
        }
        memcpy(record + len, data, n);
        len += n;
        if (len == RECORD_BYTES)
            break;
    }
    *len_out = len;
    return record;
}

static size_t encrypt(aurora_tls_channel *channel, char *record, const struct iovec *pieces,
                      int count)
{
    source from = {.pieces = pieces, .count = count};
    size_t total = 0, len = 0, n = 0;
    for (int i = 0; i < RECORDS_PER_SEND; i++) {
        const char *data = next_record(&from, record, &len);
        if (len == 0)
            break;
        if (SSL_write_ex(channel->ssl, data, len, &n) != 1) {
            fail(channel, aurora__tls_failure_read(channel->ssl));
            break;
        }
        total += n;
    }
    return total;
}

ssize_t aurora_tls_send(aurora_tls_channel *channel, aurora_tls_scratch *scratch,
                        const struct iovec *pieces, int count)
{
    if (channel->unsent_len > 0 && flush_unsent(channel) != 0)
        return -1;
    if (count == 0)
        return 0;
    if (!channel->is_done || channel->has_shut || channel->failure != AURORA_TLS_FINE) {
        errno = EPROTO;
        return -1;
    }
    begin_call(channel, scratch);
    size_t sent = encrypt(channel, scratch->record, pieces, count);
    if (!flush_out(channel))
        fail(channel, AURORA_TLS_CLOSED);
    if (channel->failure == AURORA_TLS_FINE)
        return (ssize_t)sent;
    errno = EPIPE;
    return -1;
}

bool aurora_tls_has_unsent(const aurora_tls_channel *channel)
{
    return channel->unsent_len > 0;
}

void aurora_tls_shutdown(aurora_tls_channel *channel, aurora_tls_scratch *scratch)
{
    if (!channel->is_done || channel->has_shut || channel->failure != AURORA_TLS_FINE)
        return;
    channel->has_shut = true;
    begin_call(channel, scratch);
    SSL_shutdown(channel->ssl);
    ERR_clear_error();
    (void)flush_out(channel); /* who is gone needs no goodbye */
}

/* --- what it is ------------------------------------------------------------------------------- */

size_t aurora_tls_held(const aurora_tls_channel *channel)
{
    size_t beginning = channel->ssl != NULL && !channel->is_done ? BEGINNING_BYTES : 0;
    return channel->kept_len + channel->unsent_len + beginning;
}

bool aurora_tls_is_1_3(const aurora_tls_channel *channel)
{
    return SSL_version(channel->ssl) == TLS1_3_VERSION;
}

bool aurora_tls_is_resumed(const aurora_tls_channel *channel)
{
    return SSL_session_reused(channel->ssl) == 1;
}

bool aurora_tls_is_trusted(const aurora_tls_channel *channel)
{
    return channel->is_trusted;
}
