/* SPDX-License-Identifier: MIT */
/* openapi.json of this folder, as the build embeds it. */
#ifndef AURORA_ROUTES_OPENAPI_H
#define AURORA_ROUTES_OPENAPI_H

#include <stddef.h>

extern const char aurora__openapi_json[]; /* NUL-terminated as well */
extern const size_t aurora__openapi_json_len;

#endif
