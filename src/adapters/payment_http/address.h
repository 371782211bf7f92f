/* SPDX-License-Identifier: MIT */
/* Which URLs may name a bridge. */
#ifndef AURORA_ADAPTERS_PAYMENT_HTTP_ADDRESS_H
#define AURORA_ADAPTERS_PAYMENT_HTTP_ADDRESS_H

#include <aurora/base.h>

#define AURORA__BRIDGE_URL_BYTES 4096

/* Checks the setting `payment` and writes the URL to call: without the pair insecure=1, which
 * allows plain http: to another machine. AURORA_EINVAL with the rule it breaks. */
aurora_status aurora__bridge_address(const char *text, char url_out[AURORA__BRIDGE_URL_BYTES],
                                     aurora_error *err);

/* Writes status, field and message; returns `status`. */
aurora_status aurora__bridge_refuse(aurora_error *err, aurora_status status, const char *field,
                                    const char *message);

#endif
