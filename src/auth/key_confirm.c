/* SPDX-License-Identifier: MIT */
/* The second opinion, by libjwt 1.10. What that library lets through is known (a token may choose
 * its algorithm, `none` passes without a key, claims are not looked at), so it is asked last: the
 * header was read, its algorithm is the key's, and OpenSSL has found the signature right. It parses
 * a PEM for each call, which takes many times the verifying itself; asked last, it costs a stranger
 * nothing to be refused, and a customer once for each token. It does not say why it refuses: it is
 * asked twice, for the first time may have met a moment without memory. */
#include <errno.h>
#include <string.h>

#include <jwt.h>
#include <openssl/err.h>

#include "auth/key.h"
#include "auth/key_part.h"

static int ask(const aurora__key *key, const char *token)
{
    jwt_t *read = NULL;
    int failed = jwt_decode(&read, token, key->material, (int)key->material_len);
    bool is_good = failed == 0 && jwt_get_alg(read) == (jwt_alg_t)key->algorithm->libjwt;
    jwt_free(read);
    if (is_good)
        return AURORA__KEY_GOOD;
    return failed == ENOMEM || aurora__key_lacks_memory() ? AURORA__KEY_UNSURE : AURORA__KEY_BAD;
}

int aurora__key_confirm(const aurora__key *key, const char *token)
{
    if (key->algorithm->libjwt == 0)
        return AURORA__KEY_GOOD;
    int verdict = ask(key, token);
    if (verdict != AURORA__KEY_GOOD)
        verdict = ask(key, token);
    ERR_clear_error(); /* of this thread's queue, which the next call of TLS would read */
    return verdict;
}
