/* SPDX-License-Identifier: MIT */
/* Numbers as decimal text that reads back as the same number, whatever the host's locale. */
#ifndef AURORA_METRIC_NUMBER_H
#define AURORA_METRIC_NUMBER_H

#include <stddef.h>

#define AURORA__NUMBER_BYTES 40

/* Writes "3", "0.25", "1.5e+300", "NaN", "+Inf" or "-Inf", without a NUL; returns the length. */
size_t aurora__number_write(char text_out[AURORA__NUMBER_BYTES], double value);

#endif
