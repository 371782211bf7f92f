/* SPDX-License-Identifier: MIT */
/* A notifier that sends e-mail: "smtp:", "smtps:". */
#ifndef AURORA_ADAPTERS_NOTIFIER_SMTP_SMTP_H
#define AURORA_ADAPTERS_NOTIFIER_SMTP_SMTP_H

#include <aurora/port/notifier.h>

#define AURORA__SMTP_MAILBOX_BYTES 255
#define AURORA__SMTP_MESSAGE_BYTES 8192

aurora_status aurora__smtp_open(const aurora_notifier_options *options, aurora_notifier_port *out,
                                aurora_error *err);

/* --- its parts, apart for tests --- */

/* smtp[s]://[user:password@]host[:port][?from=...&to=...&starttls=required|never] */
typedef struct {
    char url[600]; /* scheme, host and port: no secret */
    char user[256];
    char password[256];
    bool has_user;
    bool needs_starttls;
    char from[AURORA__SMTP_MAILBOX_BYTES];
    char to[AURORA__SMTP_MAILBOX_BYTES]; /* "" = each order's contact */
} aurora__smtp_address;

/* AURORA_EINVAL with the field "notify". */
aurora_status aurora__smtp_address_read(const char *text, aurora__smtp_address *out,
                                        aurora_error *err);

/* Whether it is one plain mailbox, local@domain, of visible ASCII: no list, no name, no quotes, no
 * line break, so that nothing else can be said by it in a header or in SMTP. */
bool aurora__smtp_is_mailbox(const char *text);

/* Writes an RFC 5322 message: CR LF, headers in ASCII, the body in quoted-printable UTF-8. Returns
 * its length; 0 where it has no room. `now_s` is its date. */
size_t aurora__smtp_message(const aurora_task *task, const char *from, const char *to,
                            int64_t now_s, char out[AURORA__SMTP_MESSAGE_BYTES]);

#endif
