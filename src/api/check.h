/* SPDX-License-Identifier: MIT */
/* The rules that arguments of public calls share. Each check returns AURORA_OK, or AURORA_EINVAL
 * with field and rule in *err; `field` is a plain name, aurora__refuse_within adds its place. */
#ifndef AURORA_API_CHECK_H
#define AURORA_API_CHECK_H

#include <aurora/base.h>

/* UTF-8 (RFC 3629) of min to max bytes without control characters (C0, DEL, C1). NULL is refused
 * only where is_required. */
aurora_status aurora__check_text(aurora_error *err, const char *field, const char *text, size_t min,
                                 size_t max, bool is_required);

/* The same for running text: tab, line feed and carriage return are allowed. */
aurora_status aurora__check_body(aurora_error *err, const char *field, const char *text, size_t max,
                                 bool is_required);

/* 1 to 64 bytes, no '/', no blank at either end. */
aurora_status aurora__check_sku(aurora_error *err, const char *field, const char *sku);

/* Idempotency keys, movement keys, references: 1 to 255 bytes. */
aurora_status aurora__check_key(aurora_error *err, const char *field, const char *key,
                                bool is_required);

/* A code that aurora_currency_digits knows. */
aurora_status aurora__check_currency(aurora_error *err, const char *field, const char *currency);

aurora_status aurora__check_range(aurora_error *err, const char *field, int64_t value, int64_t min,
                                  int64_t max);

/* Of one line: 1 to 1,000,000. */
aurora_status aurora__check_quantity(aurora_error *err, const char *field, int64_t quantity);

/* Refuses bits that are not in `known`. */
aurora_status aurora__check_flags(aurora_error *err, const char *field, uint32_t flags,
                                  uint32_t known);

/* An id that is not all zero. */
aurora_status aurora__check_id(aurora_error *err, const char *field, aurora_id id);

/* Copies the part of an input struct that both sides know over zeros in `out`; the struct begins
 * with its size. Refuses NULL and a size of 0. */
aurora_status aurora__copy_sized(void *out, size_t out_size, const void *in, aurora_error *err);

/* Whether the bytes up to the NUL are UTF-8; the length goes out, as far as max + 1. */
bool aurora__text_is_utf8(const char *text, size_t max, size_t *length_out);
/* Whether that many bytes, which are UTF-8, hold a control character (C0, DEL, C1). */
bool aurora__text_has_control(const char *text, size_t length);

#endif
