/* SPDX-License-Identifier: MIT */
/* Which files this process has open, so that a forked child knows what it inherited. */
#ifndef AURORA_ADAPTERS_STORE_SQLITE_INHERITED_H
#define AURORA_ADAPTERS_STORE_SQLITE_INHERITED_H

#include <aurora/base.h>

/* Notes that the file at `path` is about to be opened; the slot, or -1 where there is none, is for
 * aurora__sqlite_opened_forget. AURORA_EFORK if it was open when this process was forked,
 * AURORA_EIO. Threads: shared. */
aurora_status aurora__sqlite_opened_note(const char *path, int *slot_out);

/* Once SQLite has closed the file; -1 is a no-op. In a child the note stays. */
void aurora__sqlite_opened_forget(int slot);

#endif
