/* SPDX-License-Identifier: MIT */
/* The payment port over HTTP: every call is one POST to the merchant's bridge, and the bridge's
 * answer is an outcome. docs/PAYMENTS.md is the protocol. */
#ifndef AURORA_ADAPTERS_PAYMENT_HTTP_H
#define AURORA_ADAPTERS_PAYMENT_HTTP_H

#include <aurora/port/payment.h>

/* aurora_payment_open_fn for https://host/path, and http:// of this machine. */
aurora_status aurora__payment_http_open(const aurora_payment_options *options,
                                        aurora_payment_port *out, aurora_error *err);

#endif
