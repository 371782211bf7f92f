/* SPDX-License-Identifier: MIT */
/* Arithmetic on amounts in minor units (cents), checked, and the digits of currencies. Not
 * conversion, not rounding, not formatting. */
#ifndef AURORA_MONEY_H
#define AURORA_MONEY_H

#include <aurora/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* *sum_out = a + b. AURORA_EOVERFLOW leaves *sum_out alone. Threads: shared. */
AURORA_API aurora_status aurora_money_add(int64_t a_minor, int64_t b_minor, int64_t *sum_out);

/* *product_out = unit_minor * quantity. AURORA_EOVERFLOW leaves *product_out alone. Threads:
 * shared. */
AURORA_API aurora_status aurora_money_mul(int64_t unit_minor, int64_t quantity,
                                          int64_t *product_out);

/* Digits after the decimal mark by ISO 4217: 2 for "EUR", 0 for "JPY", 3 for "KWD"; -1 for a code
 * that is unknown, not in upper case, or has no minor unit. Threads: shared. */
AURORA_API int32_t aurora_currency_digits(const char *code);

#ifdef __cplusplus
}
#endif
#endif
