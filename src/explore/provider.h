/* SPDX-License-Identifier: MIT */
/* The provider of the search. */
#ifndef AURORA_EXPLORE_PROVIDER_H
#define AURORA_EXPLORE_PROVIDER_H

#include "explore/space.h"

/* Makes one call and writes the books; returns 0 done, 1 declined, 2 not found. */
uint8_t aurora__explore_call(uint8_t *books, uint32_t verb, bool is_query, bool is_declined,
                             uint32_t plant);

/* Whether the call is one that the provider may decline as it likes. */
bool aurora__explore_can_decline(uint8_t books, uint32_t verb, bool is_query);

#endif
