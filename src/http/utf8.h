/* SPDX-License-Identifier: MIT */
/* UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef AURORA_HTTP_UTF8_H
#define AURORA_HTTP_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* The length of the character at `text`, 1..4; 0 where there is none. */
size_t aurora__utf8_length(const char *text, size_t len);

/* Whether the whole text is UTF-8 without NUL. */
bool aurora__utf8_is_text(const char *text, size_t len);

#endif
