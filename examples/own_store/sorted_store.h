/* SPDX-License-Identifier: MIT */
/* A store of your own, as small as one can be that keeps the whole promise of aurora/port/store.h:
 * each table is a sorted array of rows that never change, and a snapshot is a copy of the pointers
 * to them. Fit for tests and for some thousands of rows: a writer copies the array of each table
 * that it touches, and an index is sorted when it is asked for. It passes the store contract
 * (tests/contract), as every adapter of the library does. */
#ifndef SORTED_STORE_H
#define SORTED_STORE_H

#include <aurora/port/store.h>

/* For a driver of AURORA_PORT_STORE: always new, and gone when it is closed. */
aurora_status sorted_store_open(const aurora_store_options *options, aurora_store *out,
                                aurora_error *err);

#endif
