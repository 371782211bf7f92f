/* SPDX-License-Identifier: MIT */
/* Two instances (two_shops.h) on the database of this test program (postgres_place.h). */
#ifndef AURORA_TESTS_SUPPORT_POSTGRES_TWO_H
#define AURORA_TESTS_SUPPORT_POSTGRES_TWO_H

#include "postgres_place.h"
#include "two_shops.h"

/* As two_shops_open; the members `folder`, `store_a` and `store_b` are NULL. */
void postgres_two_open(two_shops *two, uint32_t flags, const char *setting);

/* One number from their database. */
int64_t postgres_two_number(const two_shops *two, const char *sql);

#endif
