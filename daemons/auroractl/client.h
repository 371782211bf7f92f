/* SPDX-License-Identifier: MIT */
/* A client of one server: one request after the other on a connection that is kept. */
#ifndef AURORACTL_CLIENT_H
#define AURORACTL_CLIENT_H

#include "wire.h"

typedef struct ctl_client ctl_client;

/* *out is freed with ctl_client_free; `endpoint` is copied, its texts are borrowed. A request that
 * may be sent twice is tried again for retry_ms while the server cannot be reached or says
 * "later"; one that did not reach the server counts among them. */
aurora_status ctl_client_new(const ctl_endpoint *endpoint, int64_t retry_ms, ctl_client **out);
void ctl_client_free(ctl_client *client);

/* Sends a request and waits for the answer. *reply_out lasts until the next request. Any answer
 * of the server is AURORA_OK: ctl_reply_status says what it means. Else AURORA_ETOOBIG,
 * AURORA_ENOMEM. */
aurora_status ctl_client_ask(ctl_client *client, const ctl_request *request,
                             const ctl_reply **reply_out);

#endif
