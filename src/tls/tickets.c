/* SPDX-License-Identifier: MIT */
/* Sessions are kept by the clients (RFC 5077, and RFC 8446, 4.6.1), encrypted under a key of ours
 * that is used for an hour, and read by for another one. A copy of the process' memory so opens
 * what went on with sessions of TLS 1.2 in the last two hours, at most; TLS 1.3 agrees on new keys
 * anyway. */
#include <string.h>
#include <time.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include "tls/internal.h"

static int64_t now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec + 1; /* never 0 */
}

static bool draw(aurora__tls_ticket_key *key, int64_t since_s)
{
    key->since_s = since_s;
    return RAND_bytes(key->name, sizeof key->name) == 1 &&
           RAND_bytes(key->cipher, sizeof key->cipher) == 1 &&
           RAND_bytes(key->mac, sizeof key->mac) == 1;
}

/* Under the mutex. Whether there is a key to make tickets with. */
static bool rotate(aurora__tls_tickets *tickets)
{
    int64_t now = now_s();
    if (tickets->before.since_s != 0 && now - tickets->before.since_s >= 2 * AURORA__TLS_TICKET_S)
        OPENSSL_cleanse(&tickets->before, sizeof tickets->before);
    if (tickets->now.since_s != 0 && now - tickets->now.since_s < AURORA__TLS_TICKET_S)
        return true;
    if (tickets->now.since_s != 0 && now - tickets->now.since_s < 2 * AURORA__TLS_TICKET_S)
        tickets->before = tickets->now;
    if (draw(&tickets->now, now))
        return true;
    OPENSSL_cleanse(&tickets->now, sizeof tickets->now);
    return false;
}

static bool find(aurora__tls_tickets *tickets, const unsigned char name[16], bool is_new,
                 aurora__tls_ticket_key *out, bool *is_old_out)
{
    bool is_found = true;
    pthread_mutex_lock(&tickets->mutex);
    bool is_ready = rotate(tickets);
    *is_old_out = false;
    if (is_ready && (is_new || CRYPTO_memcmp(name, tickets->now.name, 16) == 0)) {
        *out = tickets->now;
    } else if (!is_new && tickets->before.since_s != 0 &&
               CRYPTO_memcmp(name, tickets->before.name, 16) == 0) {
        *out = tickets->before;
        *is_old_out = true;
    } else {
        is_found = false;
    }
    pthread_mutex_unlock(&tickets->mutex);
    return is_found;
}

static bool set_mac(EVP_MAC_CTX *mac, aurora__tls_ticket_key *key)
{
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key->mac, sizeof key->mac),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)"SHA256", 0),
        OSSL_PARAM_construct_end()};
    return EVP_MAC_CTX_set_params(mac, parameters) == 1;
}

/* As SSL_CTX_set_tlsext_ticket_key_evp_cb asks: 1 = go on, 2 = and give the client a new one,
 * 0 = no such key, so a full handshake. */
static int choose_key(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                      EVP_MAC_CTX *mac, int is_new)
{
    aurora__tls_tickets *tickets = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    aurora__tls_ticket_key key;
    bool is_old = false, is_good;
    if (!find(tickets, name, is_new != 0, &key, &is_old))
        return 0;
    if (is_new) {
        memcpy(name, key.name, sizeof key.name);
        is_good = RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) == 1 &&
                  EVP_EncryptInit_ex(cipher, EVP_aes_256_cbc(), NULL, key.cipher, iv) == 1;
    } else {
        is_good = EVP_DecryptInit_ex(cipher, EVP_aes_256_cbc(), NULL, key.cipher, iv) == 1;
    }
    is_good = is_good && set_mac(mac, &key);
    OPENSSL_cleanse(&key, sizeof key);
    if (!is_good)
        return 0;
    return is_old ? 2 : 1;
}

void aurora__tls_tickets_use(SSL_CTX *context, aurora__tls_tickets *tickets)
{
    SSL_CTX_set_app_data(context, tickets);
    SSL_CTX_set_tlsext_ticket_key_evp_cb(context, choose_key);
    SSL_CTX_set_num_tickets(context, 1);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_timeout(context, AURORA__TLS_TICKET_S);
}

void aurora__tls_tickets_forget(aurora__tls_tickets *tickets)
{
    pthread_mutex_lock(&tickets->mutex);
    OPENSSL_cleanse(&tickets->now, sizeof tickets->now);
    OPENSSL_cleanse(&tickets->before, sizeof tickets->before);
    pthread_mutex_unlock(&tickets->mutex);
}

void aurora__tls_tickets_deinit(aurora__tls_tickets *tickets)
{
    aurora__tls_tickets_forget(tickets);
    pthread_mutex_destroy(&tickets->mutex);
}
