/* SPDX-License-Identifier: MIT */
/* Rows of sagas under way, kept between batches: an order whose payment is answered through tasks
 * is looked at by five batches, and loading its rows was a third of their work. Private to
 * rows.c. */
#ifndef AURORA_CORE_RECENT_H
#define AURORA_CORE_RECENT_H

#include "core/rows.h"

/* Fills a new row of the batch from what is kept, if it is. */
void aurora__recent_find(aurora__rows *rows, const aurora__key *key, uint32_t hash,
                         aurora__row *row);

/* Keeps what was committed of a row while its saga is under way, and drops it after. */
void aurora__recent_note(aurora__rows *rows, const aurora__row *row);

/* Of rows.c. */
uint32_t aurora__row_hash(const aurora__key *key);
aurora__row_slot *aurora__row_slot_of(const aurora__row_map *map, uint32_t hash,
                                      const aurora__key *key);
aurora_status aurora__row_map_grow(aurora__row_map *map, uint32_t hint, aurora__arena *arena);

#endif
