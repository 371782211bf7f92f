/* SPDX-License-Identifier: MIT */
/* What an Authorization field turned out to be, as data: the hook of the server's options fills it
 * in, principal.c makes a principal or a refusal of it. */
#ifndef AURORA_HTTP_BEARER_H
#define AURORA_HTTP_BEARER_H

#include <stdint.h>

#define AURORA_BEARER_TEXT_BYTES 256

enum {
    AURORA_BEARER_GOOD = 1,
    AURORA_BEARER_BAD = 2,
    AURORA_BEARER_WAIT = 3, /* its key may be there soon: ask again, within two seconds or so */
    AURORA_BEARER_UNSURE =
        4 /* no keys could be had yet, or no memory: no mistake of the client's */
};

typedef struct {
    int32_t verdict;
    uint32_t scopes;                        /* AURORA_SCOPE_... */
    const char *detail;                     /* why it is none of GOOD: static ASCII without `"` */
    char name[AURORA_BEARER_TEXT_BYTES];    /* of the principal */
    char contact[AURORA_BEARER_TEXT_BYTES]; /* "" = none */
} aurora_http_bearer;

#endif
