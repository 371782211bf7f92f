/* SPDX-License-Identifier: MIT */
/* What all connections of a listener, or of a client, share: versions, ciphers, certificates. A
 * reload makes another context; connections keep the one that they began with. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tls/internal.h"

/* Forward secrecy and authenticated encryption, or nothing: RFC 9325, 4.2. */
static const char ciphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20";
static const char suites[] =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
static const char groups[] = "X25519:P-256:P-384";

#define CHAIN_BYTES_MAX 32768 /* of the other side's certificates */
#define SECURITY_LEVEL 2      /* RSA of 2048 bits, no SHA-1 */

/* --- a context -------------------------------------------------------------------------------- */

/* HTTP/1.1 or nothing, where the client names what it speaks: RFC 7301, 3.2. */
static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                           const unsigned char *offered, unsigned int offered_len, void *self)
{
    static const unsigned char ours[] = "\x08http/1.1";
    unsigned char *chosen = NULL;
    (void)ssl;
    (void)self;
    if (SSL_select_next_proto(&chosen, out_len, ours, sizeof ours - 1, offered, offered_len) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static bool set_common(SSL_CTX *context)
{
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                     SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_clear_mode(context, SSL_MODE_AUTO_RETRY); /* a call reads one record */
    SSL_CTX_set_security_level(context, SECURITY_LEVEL);
    SSL_CTX_set_max_cert_list(context, CHAIN_BYTES_MAX);
    return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
           SSL_CTX_set_max_proto_version(context, 0) == 1 &&
           SSL_CTX_set_cipher_list(context, ciphers) == 1 &&
           SSL_CTX_set_ciphersuites(context, suites) == 1 &&
           SSL_CTX_set1_groups_list(context, groups) == 1;
}

static bool set_server(SSL_CTX *context, const aurora_tls_files *files,
                       aurora__tls_tickets *tickets)
{
    static const unsigned char ours[] = "aurora";
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, NULL);
    aurora__tls_tickets_use(context, tickets);
    if (files->authority != NULL && files->authority[0] != '\0')
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    return SSL_CTX_set_session_id_context(context, ours, sizeof ours - 1) == 1;
}

static bool set_client(SSL_CTX *context, uint64_t generation)
{
    static const unsigned char ours[] = "\x08http/1.1";
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    aurora__tls_sessions_use(context, generation);
    return SSL_CTX_set_alpn_protos(context, ours, sizeof ours - 1) == 0;
}

static aurora_status new_context(aurora_tls *tls, const aurora_tls_files *files, SSL_CTX **out,
                                 aurora_tls_facts *facts, aurora_error *err)
{
    SSL_CTX *context = SSL_CTX_new(tls->is_server ? TLS_server_method() : TLS_client_method());
    *out = NULL;
    if (context == NULL)
        return AURORA_ENOMEM;
    bool is_set = set_common(context) && (tls->is_server ? set_server(context, files, &tls->tickets)
                                                         : set_client(context, ++tls->generation));
    aurora_status status =
        is_set ? aurora__tls_files_load(context, files, facts, err) : AURORA_ENOMEM;
    if (status == AURORA_OK)
        *out = context;
    else
        SSL_CTX_free(context);
    return status;
}

/* --- life ------------------------------------------------------------------------------------- */

/* Before the files are read, so that a change meanwhile is seen. */
static void note_mark(aurora_tls *tls, uint64_t mark)
{
    atomic_store(&tls->mark, mark);
}

static aurora_status take_files(aurora_tls *tls, const aurora_tls_files *files, aurora_error *err)
{
    aurora__tls_paths paths;
    aurora_tls_facts facts;
    SSL_CTX *context;
    if (!aurora__tls_paths_copy(&paths, files))
        return AURORA_ENOMEM;
    uint64_t mark = aurora__tls_paths_mark(&paths);
    aurora_status status = new_context(tls, files, &context, &facts, err);
    if (status != AURORA_OK) {
        aurora__tls_paths_free(&paths);
        return status;
    }
    pthread_mutex_lock(&tls->mutex);
    SSL_CTX *old = tls->context;
    aurora__tls_paths old_paths = tls->paths;
    tls->context = context;
    tls->paths = paths;
    tls->facts = facts;
    pthread_mutex_unlock(&tls->mutex);
    note_mark(tls, mark);
    SSL_CTX_free(old);
    aurora__tls_paths_free(&old_paths);
    return AURORA_OK;
}

static aurora_status make(const aurora_tls_files *files, bool is_server, aurora_tls **out,
                          aurora_error *err)
{
    aurora_tls *tls = calloc(1, sizeof *tls);
    *out = NULL;
    if (tls == NULL)
        return AURORA_ENOMEM;
    tls->is_server = is_server;
    pthread_mutex_init(&tls->mutex, NULL);
    pthread_mutex_init(&tls->tickets.mutex, NULL);
    tls->method = aurora__tls_method_new();
    bool has_names = is_server && files->names != NULL && files->names[0] != '\0';
    if (has_names)
        tls->names = aurora__tls_names_read(files->names);
    aurora_status status = tls->method == NULL || (has_names && tls->names == NULL)
                               ? AURORA_ENOMEM
                               : take_files(tls, files, err);
    if (status != AURORA_OK) {
        aurora_tls_free(tls);
        return status;
    }
    *out = tls;
    return AURORA_OK;
}

static bool is_missing(const char *path)
{
    return path == NULL || path[0] == '\0';
}

aurora_status aurora_tls_server_new(const aurora_tls_files *files, aurora_tls **out,
                                    aurora_error *err)
{
    *out = NULL;
    if (is_missing(files->certificate))
        return aurora__tls_refuse(err, "certificate", "is required");
    return make(files, true, out, err);
}

aurora_status aurora_tls_client_new(const aurora_tls_files *files, aurora_tls **out,
                                    aurora_error *err)
{
    *out = NULL;
    if (is_missing(files->authority))
        return aurora__tls_refuse(err, "authority", "is required");
    return make(files, false, out, err);
}

void aurora_tls_free(aurora_tls *tls)
{
    if (tls == NULL)
        return;
    SSL_CTX_free(tls->context);
    BIO_meth_free(tls->method);
    aurora__tls_paths_free(&tls->paths);
    aurora__tls_tickets_deinit(&tls->tickets);
    pthread_mutex_destroy(&tls->mutex);
    free(tls->names);
    free(tls);
}

/* --- other files ------------------------------------------------------------------------------ */

aurora_status aurora_tls_reload(aurora_tls *tls, const aurora_tls_files *files, aurora_error *err)
{
    if (tls->is_server && is_missing(files->certificate))
        return aurora__tls_refuse(err, "certificate", "is required");
    if (!tls->is_server && is_missing(files->authority))
        return aurora__tls_refuse(err, "authority", "is required");
    aurora_status status = take_files(tls, files, err);
    /* Who was let in by other authorities must show a certificate again. */
    if (status == AURORA_OK)
        aurora__tls_tickets_forget(&tls->tickets);
    return status;
}

bool aurora_tls_has_changed(aurora_tls *tls)
{
    uint64_t mark = aurora__tls_paths_mark(&tls->paths);
    bool is_still = mark == tls->seen_mark;
    tls->seen_mark = mark;
    if (!is_still || mark == atomic_load(&tls->mark) || mark == tls->told_mark)
        return false;
    tls->told_mark = mark;
    return true;
}

void aurora_tls_facts_get(aurora_tls *tls, aurora_tls_facts *out)
{
    pthread_mutex_lock(&tls->mutex);
    *out = tls->facts;
    pthread_mutex_unlock(&tls->mutex);
    out->is_expired = out->expires_s != 0 && out->expires_s <= (int64_t)time(NULL);
}
