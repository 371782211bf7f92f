/* SPDX-License-Identifier: MIT */
/* Names of header fields: the same in any case of letters. A request compares some two hundred
 * pairs of them, nearly all of which differ in their first letter: that is looked at here. */
#ifndef AURORA_HTTP_FIELD_NAME_H
#define AURORA_HTTP_FIELD_NAME_H

#include <stdbool.h>
#include <strings.h>

static inline bool aurora__field_name_is(const char *name, const char *other)
{
    return ((name[0] ^ other[0]) & ~('a' ^ 'A')) == 0 && strcasecmp(name, other) == 0;
}

#endif
