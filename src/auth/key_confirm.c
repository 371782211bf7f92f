/* SPDX-License-Identifier: MIT */
/* The second opinion, by libjwt 1.10. What that library lets through is known (a token may choose
 * its algorithm, `none` passes without a key, claims are not looked at), so it is asked last: the
 * header was read, its algorithm is the key's, and OpenSSL has found the signature right. It parses
 * a PEM for each call, which takes many times the verifying itself; asked last, it costs a stranger
 * nothing to be refused, and a customer once for each token. */
#include <string.h>

#include <jwt.h>
#include <openssl/err.h>

#include "auth/key.h"

bool aurora__key_confirm(const aurora__key *key, const char *token)
{
    jwt_t *read = NULL;
    if (key->algorithm->libjwt == 0)
        return true;
    bool is_good = jwt_decode(&read, token, key->material, (int)key->material_len) == 0 &&
                   jwt_get_alg(read) == (jwt_alg_t)key->algorithm->libjwt;
    jwt_free(read);
    ERR_clear_error(); /* of this thread's queue, which the next call of TLS would read */
    return is_good;
}
