/* SPDX-License-Identifier: MIT */
/* Products as callers see them, out of their rows. */
#ifndef AURORA_CODEC_PRODUCT_RESULT_H
#define AURORA_CODEC_PRODUCT_RESULT_H

#include "core/arena.h"
#include "core/tables.h"

#include <aurora/product.h>

/* Fills *out from a row, with copies in the arena. AURORA_ENOMEM, AURORA_ECORRUPT. */
aurora_status aurora__product_fill_in(aurora__arena *arena, const aurora__product_row *row,
                                      aurora_product *out);

/* The same as a result (codec/result.h); the source is an aurora__product_row. */
aurora_status aurora__product_fill(aurora__arena *arena, const void *source);

#endif
