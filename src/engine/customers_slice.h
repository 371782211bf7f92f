/* SPDX-License-Identifier: MIT */
/* Orders of one slice of the customer list that are not stored yet, as compact records in one piece
 * of memory. Not thread-safe by itself. */
#ifndef AURORA_ENGINE_CUSTOMERS_SLICE_H
#define AURORA_ENGINE_CUSTOMERS_SLICE_H

#include <aurora/allocator.h>
#include <aurora/base.h>

#define AURORA__CUSTOMER_SLICES 512
#define AURORA__CUSTOMER_SLICE_ALL 512 /* the row of what holds for all slices */

typedef struct {
    char *bytes;
    uint32_t used;
    uint32_t capacity;
    uint32_t count;
} aurora__customers_slice;

/* One record, pointing into the slice. */
typedef struct {
    int64_t position;
    aurora_id order_id;
    const char *customer; /* with a NUL */
    uint32_t length;
} aurora__customers_record;

uint32_t aurora__customers_slice_of(const char *customer, size_t length);

/* Appends a record. AURORA_ENOMEM. */
aurora_status aurora__customers_slice_add(aurora__customers_slice *slice,
                                          const aurora_allocator *allocator,
                                          const aurora__customers_record *record);

/* Reads the record at *offset and moves it on; false at the end. */
bool aurora__customers_slice_next(const aurora__customers_slice *slice, uint32_t *offset,
                                  aurora__customers_record *out);

/* Forgets the first `bytes` bytes, which hold `count` records. */
void aurora__customers_slice_cut(aurora__customers_slice *slice, const aurora_allocator *allocator,
                                 uint32_t bytes, uint32_t count);

#endif
