/* SPDX-License-Identifier: MIT */
/* What must not stand in a log, wherever it came from: addresses of e-mail, numbers of payment
 * cards, tokens (JWT, "Bearer ..."), passwords within URLs. Nothing of ours writes them; a path, a
 * subject or the words of another server may carry them. Pure. */
#ifndef AURORA_SERVICE_LOG_REDACT_H
#define AURORA_SERVICE_LOG_REDACT_H

#include <stdbool.h>
#include <stddef.h>

/* False where there is nothing of the kind for sure. Cheap: most characters are looked at eight at
 * a time. `len` is strlen(text). */
bool aurora__log_redact_is_needed(const char *text, size_t len);
/* The text with "[email]", "[card]" and "[secret]" in the place of them, cut where `out` ends. */
void aurora__log_redact(const char *text, char *out, size_t capacity);

#endif
