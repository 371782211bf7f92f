/* SPDX-License-Identifier: MIT */
/* What a Content-Type says of a body. */
#ifndef AURORA_HTTP_MEDIA_TYPE_H
#define AURORA_HTTP_MEDIA_TYPE_H

#include <stdbool.h>

/* Whether the field is application/json in UTF-8: a charset of another name is none. NULL is
 * none. */
bool aurora__media_type_is_json(const char *text);

#endif
