/* SPDX-License-Identifier: MIT */
#include <openssl/err.h>

#include "tls/internal.h"

static const struct {
    const char *name;
    const char *text;
} failures[AURORA_TLS_FAILURE_COUNT] = {
    [AURORA_TLS_FINE] = {"none", "is fine"},
    [AURORA_TLS_PLAIN_HTTP] = {"plain_http", "speaks HTTP without TLS"},
    [AURORA_TLS_MALFORMED] = {"malformed", "does not speak TLS"},
    [AURORA_TLS_VERSION] = {"version", "has no version of TLS in common with us"},
    [AURORA_TLS_CIPHER] = {"cipher", "has no cipher or key exchange in common with us"},
    [AURORA_TLS_PROTOCOL] = {"protocol", "does not want HTTP/1.1"},
    [AURORA_TLS_CERTIFICATE_MISSING] = {"certificate_missing", "shows no certificate"},
    [AURORA_TLS_CERTIFICATE_EXPIRED] = {"certificate_expired",
                                        "has a certificate that is not valid at this time"},
    [AURORA_TLS_CERTIFICATE_NAME] = {"certificate_name", "has a certificate for another name"},
    [AURORA_TLS_CERTIFICATE_UNKNOWN] = {"certificate_unknown",
                                        "has a certificate that none of our authorities signed"},
    [AURORA_TLS_ALERT] = {"alert", "refused the TLS handshake, or our certificate"},
    [AURORA_TLS_CLOSED] = {"closed", "closed in the middle of the TLS handshake"},
    [AURORA_TLS_TIMEOUT] = {"timeout", "did not end the TLS handshake in time"},
    [AURORA_TLS_SHED] = {"shed", "had to make room in the TLS handshake"},
    [AURORA_TLS_OTHER] = {"other", "failed in the TLS handshake"},
};

const char *aurora_tls_failure_name(aurora_tls_failure failure)
{
    return failures[failure].name;
}

const char *aurora_tls_failure_text(aurora_tls_failure failure)
{
    return failures[failure].text;
}

static aurora_tls_failure of_certificate(const SSL *ssl)
{
    switch (SSL_get_verify_result(ssl)) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return AURORA_TLS_CERTIFICATE_EXPIRED;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        return AURORA_TLS_CERTIFICATE_NAME;
    default:
        return AURORA_TLS_CERTIFICATE_UNKNOWN;
    }
}

static aurora_tls_failure of_reason(const SSL *ssl, int reason)
{
    switch (reason) {
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_WRONG_SSL_VERSION:
    case SSL_R_NO_PROTOCOLS_AVAILABLE:
    case SSL_R_INAPPROPRIATE_FALLBACK:
        return AURORA_TLS_VERSION;
    case SSL_R_NO_SHARED_CIPHER:
    case SSL_R_NO_SHARED_GROUPS:
    case SSL_R_NO_SUITABLE_KEY_SHARE:
    case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
    case SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS:
        return AURORA_TLS_CIPHER;
    case SSL_R_NO_APPLICATION_PROTOCOL:
        return AURORA_TLS_PROTOCOL;
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
        return AURORA_TLS_CERTIFICATE_MISSING;
    case SSL_R_CERTIFICATE_VERIFY_FAILED:
        return of_certificate(ssl);
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTP_REQUEST:
    case SSL_R_UNEXPECTED_MESSAGE:
    case SSL_R_LENGTH_MISMATCH:
    case SSL_R_BAD_LENGTH:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
        return AURORA_TLS_MALFORMED;
    default:
        return reason > SSL_AD_REASON_OFFSET ? AURORA_TLS_ALERT : AURORA_TLS_OTHER;
    }
}

aurora_tls_failure aurora__tls_failure_read(const SSL *ssl)
{
    aurora_tls_failure failure = AURORA_TLS_OTHER;
    unsigned long code;
    while ((code = ERR_get_error()) != 0) {
        if (failure == AURORA_TLS_OTHER && ERR_GET_LIB(code) == ERR_LIB_SSL)
            failure = of_reason(ssl, ERR_GET_REASON(code));
    }
    return failure;
}
