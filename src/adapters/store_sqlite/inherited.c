/* SPDX-License-Identifier: MIT */
/* SQLite keeps what a process has open by file in static memory, with the locks that it holds
 * there, and a forked child inherits that memory. A file that the parent had open would be opened
 * in the child among the parent's connections: it would take the parent's locks for its own, or
 * wait for ever until connections that do not run here give them back. So the child refuses it.
 *
 * The notes are static too, for the same reason, and need no lock, which a fork could catch taken:
 * a slot is taken by its process id, and what belongs to another process never changes here. */
#include "adapters/store_sqlite/inherited.h"

#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

#define SLOTS 256 /* stores beyond are opened without a note */
#define BEING_TAKEN (-1)

static struct {
    _Atomic pid_t process; /* 0: free */
    dev_t device;
    ino_t inode;
} slots[SLOTS];

static bool is_inherited(int slot, const struct stat *file)
{
    pid_t process = atomic_load_explicit(&slots[slot].process, memory_order_acquire);
    return process > 0 && process != getpid() && slots[slot].device == file->st_dev &&
           slots[slot].inode == file->st_ino;
}

static bool take(int slot, const struct stat *file)
{
    pid_t nobody = 0;
    if (!atomic_compare_exchange_strong(&slots[slot].process, &nobody, BEING_TAKEN))
        return false;
    slots[slot].device = file->st_dev;
    slots[slot].inode = file->st_ino;
    atomic_store_explicit(&slots[slot].process, getpid(), memory_order_release);
    return true;
}

aurora_status aurora__sqlite_opened_note(const char *path, int *slot_out)
{
    struct stat file;
    *slot_out = -1;
    if (stat(path, &file) != 0)
        return AURORA_EIO;
    for (int slot = 0; slot < SLOTS; slot++) {
        if (is_inherited(slot, &file))
            return AURORA_EFORK;
    }
    for (int slot = 0; slot < SLOTS && *slot_out < 0; slot++) {
        if (take(slot, &file))
            *slot_out = slot;
    }
    return AURORA_OK;
}

void aurora__sqlite_opened_forget(int slot)
{
    pid_t own = getpid();
    if (slot >= 0)
        atomic_compare_exchange_strong(&slots[slot].process, &own, 0);
}
