/* SPDX-License-Identifier: MIT */
/* The collector's URL. Pure. */
#ifndef AURORA_TELEMETRY_URL_H
#define AURORA_TELEMETRY_URL_H

#include <stdbool.h>

#define AURORA_TELEMETRY_URL_BYTES 2064

/* Where traces are POSTed: "http://host:4318" with /v1/traces behind its path unless that ends so;
 * where `is_whole` as it stands. False, with a static rule, for what is no URL of http:// or
 * https://, or has a name and password, a query or a fragment. */
bool aurora_telemetry_url(const char *text, bool is_whole, char url_out[AURORA_TELEMETRY_URL_BYTES],
                          const char **rule_out);

#endif
