/* SPDX-License-Identifier: MIT */
#ifndef AURORA_API_STOCK_ROW_H
#define AURORA_API_STOCK_ROW_H

#include "core/tables.h"

#include <aurora/stock.h>

static inline void aurora__stock_public(const aurora__stock_row *row, aurora_stock *out)
{
    *out = (aurora_stock){.available = row->available,
                          .reserved = row->reserved,
                          .sold = row->sold,
                          .received = row->received,
                          .written_off = row->written_off,
                          .version = (uint64_t)row->version};
}

#endif
