/* SPDX-License-Identifier: MIT */
/* Which pages of the web may read answers: a list of exact origins, and the fields of the Fetch
 * standard that say so. A token goes in the Authorization field, never in a cookie, so that no
 * answer allows credentials. Pure: no I/O, no clock. */
#ifndef AURORA_HTTP_CORS_H
#define AURORA_HTTP_CORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct aurora__cors aurora__cors;

#define AURORA__CORS_ORIGIN_BYTES_MAX 270 /* scheme, host and port */
/* Of all fields below. */
#define AURORA__CORS_FIELDS_BYTES_MAX (AURORA__CORS_ORIGIN_BYTES_MAX + 640)

/* Whether "https://shop.example,http://localhost:3000" is a list of origins, each as a browser
 * writes it; blanks beside the commas are taken. "" = none. Else *rule_out is what is wrong with
 * it. */
bool aurora_cors_check(const char *origins, const char **rule_out);

/* NULL without memory. The list must have passed the check; an empty one allows nobody. It has the
 * list `older` from now on, whose texts answers may still have; NULL = none. */
aurora__cors *aurora__cors_new(const char *origins, aurora__cors *older);
void aurora__cors_free(aurora__cors *cors); /* with those before it; NULL is a no-op */
bool aurora__cors_is_empty(const aurora__cors *cors);
/* The list's own text of an origin that is on it; NULL for every other. */
const char *aurora__cors_find(const aurora__cors *cors, const char *origin);

/* The fields of an answer to `origin`, which is on the list. Both return the end. */
char *aurora__cors_put(char *at, const char *origin);
/* Those of an answer to a preflight; `methods` as in Allow. */
char *aurora__cors_put_preflight(char *at, const char *methods);

#endif
