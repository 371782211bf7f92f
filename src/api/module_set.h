/* SPDX-License-Identifier: MIT */
/* Which modules a store is for: recorded at its first open, compared at every other. A store that
 * changed hands with sagas under way would wait for answers that nobody gives. */
#ifndef AURORA_API_MODULE_SET_H
#define AURORA_API_MODULE_SET_H

#include <aurora/allocator.h>
#include <aurora/port/store.h>

#define AURORA__MODULE_SET_BYTES 256

/* The set as the store records it: "order,payment". */
void aurora__module_set_text(uint32_t modules, char *out, size_t capacity);

/* The set that the store was made for. AURORA_ENOTFOUND for one that nobody claimed. */
aurora_status aurora__module_set_read(const aurora_store *store, uint32_t *modules_out);

/* Records the set, or compares it. AURORA_ESCHEMA (field "modules") where the store has another one
 * and is not drained. `batch` names the write, where there is one. */
aurora_status aurora__module_set_claim(const aurora_store *store, uint32_t modules, aurora_id batch,
                                       aurora_error *err);

#endif
