/* SPDX-License-Identifier: MIT */
/* Who the other side is, by its certificate, and what makes the next handshake with it cheap. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/x509v3.h>

#include "tls/internal.h"

/* --- names ------------------------------------------------------------------------------------ */

char *aurora__tls_names_read(const char *text)
{
    char *names = calloc(1, strlen(text) + 2), *to = names;
    while (names != NULL && *text != '\0') {
        text += strspn(text, ", \t");
        size_t len = strcspn(text, ", \t");
        memcpy(to, text, len);
        to += len > 0 ? len + 1 : 0;
        text += len;
    }
    return names;
}

static bool is_listed(const char *names, const ASN1_STRING *text)
{
    const char *data = (const char *)ASN1_STRING_get0_data(text);
    size_t len = (size_t)ASN1_STRING_length(text);
    for (const char *name = names; *name != '\0'; name += strlen(name) + 1) {
        if (strlen(name) == len && strncasecmp(name, data, len) == 0)
            return true;
    }
    return false;
}

/* RFC 6125, 6.4.4: the common name counts where the certificate has no DNS name. */
static bool has_listed_common_name(const X509 *certificate, const char *names)
{
    const X509_NAME *subject = X509_get_subject_name(certificate);
    int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    return at >= 0 && is_listed(names, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
}

static bool is_named(const X509 *certificate, const char *names)
{
    GENERAL_NAMES *all = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    bool has_dns = false, is_found = false;
    for (int i = 0; all != NULL && i < sk_GENERAL_NAME_num(all); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(all, i);
        if (name->type != GEN_DNS)
            continue;
        has_dns = true;
        is_found = is_found || is_listed(names, name->d.dNSName);
    }
    GENERAL_NAMES_free(all);
    return has_dns ? is_found : has_listed_common_name(certificate, names);
}

bool aurora__tls_peer_is_named(SSL *ssl, const char *names)
{
    X509 *certificate = names != NULL ? SSL_get0_peer_certificate(ssl) : NULL;
    return certificate != NULL && SSL_get_verify_result(ssl) == X509_V_OK &&
           is_named(certificate, names);
}

bool aurora__tls_peer_is_expired(SSL *ssl)
{
    const X509 *certificate = SSL_get0_peer_certificate(ssl);
    return certificate != NULL && (X509_cmp_current_time(X509_get0_notAfter(certificate)) <= 0 ||
                                   X509_cmp_current_time(X509_get0_notBefore(certificate)) >= 0);
}

/* --- sessions of a client --------------------------------------------------------------------- */

struct aurora_tls_sessions {
    pthread_mutex_t mutex;
    SSL_SESSION *newest;
    uint64_t generation; /* of the context that verified the other side */
};

aurora_tls_sessions *aurora_tls_sessions_new(void)
{
    aurora_tls_sessions *sessions = calloc(1, sizeof *sessions);
    if (sessions != NULL)
        pthread_mutex_init(&sessions->mutex, NULL);
    return sessions;
}

void aurora_tls_sessions_free(aurora_tls_sessions *sessions)
{
    if (sessions == NULL)
        return;
    SSL_SESSION_free(sessions->newest);
    pthread_mutex_destroy(&sessions->mutex);
    free(sessions);
}

static uint64_t generation_of(const SSL *ssl)
{
    return (uintptr_t)SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
}

/* Takes the session over by returning 1. */
static int keep(SSL *ssl, SSL_SESSION *session)
{
    aurora_tls_sessions *sessions = SSL_get_app_data(ssl);
    if (sessions == NULL)
        return 0;
    pthread_mutex_lock(&sessions->mutex);
    SSL_SESSION *old = sessions->newest;
    sessions->newest = session;
    sessions->generation = generation_of(ssl);
    pthread_mutex_unlock(&sessions->mutex);
    SSL_SESSION_free(old);
    return 1;
}

void aurora__tls_sessions_use(SSL_CTX *context, uint64_t generation)
{
    SSL_CTX_set_app_data(context, (void *)(uintptr_t)generation);
    SSL_CTX_set_session_cache_mode(context,
                                   SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE);
    SSL_CTX_sess_set_new_cb(context, keep);
}

/* A copy: OpenSSL spoils the one that it has used, as clients on the net should not be known again
 * by a ticket (RFC 8446, C.4). We open several connections to a service of ours at once. */
void aurora__tls_sessions_begin(aurora_tls_sessions *sessions, SSL *ssl)
{
    SSL_SESSION *copy = NULL;
    SSL_set_app_data(ssl, sessions);
    if (sessions == NULL)
        return;
    pthread_mutex_lock(&sessions->mutex);
    if (sessions->newest != NULL && sessions->generation == generation_of(ssl) &&
        SSL_SESSION_is_resumable(sessions->newest))
        copy = SSL_SESSION_dup(sessions->newest);
    pthread_mutex_unlock(&sessions->mutex);
    if (copy != NULL)
        SSL_set_session(ssl, copy);
    SSL_SESSION_free(copy);
}
