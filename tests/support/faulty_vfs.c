/* SPDX-License-Identifier: MIT */
#include "faulty_vfs.h"

#include <check.h>
#include <sqlite3.h>
#include <string.h>

/* The real file lies behind ours in the same memory, which SQLite allocates by szOsFile. */
typedef struct {
    sqlite3_file base;
    faulty_disk *disk;
    int is_wal;
    sqlite3_file real[];
} faulty_file;

typedef struct {
    sqlite3_vfs vfs;
    sqlite3_vfs *real;
    faulty_disk *disk;
} faulty_vfs;

static sqlite3_file *real_file(sqlite3_file *file)
{
    return ((faulty_file *)file)->real;
}

#define FORWARD(name, parameters, arguments)                                                       \
    static int on_##name parameters                                                                \
    {                                                                                              \
        return real_file(file)->pMethods->x##name arguments;                                       \
    }

FORWARD(Close, (sqlite3_file * file), (real_file(file)))
FORWARD(Read, (sqlite3_file * file, void *to, int n, sqlite3_int64 at),
        (real_file(file), to, n, at))
FORWARD(Truncate, (sqlite3_file * file, sqlite3_int64 size), (real_file(file), size))
FORWARD(FileSize, (sqlite3_file * file, sqlite3_int64 *size), (real_file(file), size))
FORWARD(Lock, (sqlite3_file * file, int kind), (real_file(file), kind))
FORWARD(Unlock, (sqlite3_file * file, int kind), (real_file(file), kind))
FORWARD(CheckReservedLock, (sqlite3_file * file, int *out), (real_file(file), out))
FORWARD(FileControl, (sqlite3_file * file, int op, void *arg), (real_file(file), op, arg))
FORWARD(SectorSize, (sqlite3_file * file), (real_file(file)))
FORWARD(DeviceCharacteristics, (sqlite3_file * file), (real_file(file)))
FORWARD(ShmMap, (sqlite3_file * file, int page, int size, int extend, void volatile **out),
        (real_file(file), page, size, extend, out))
FORWARD(ShmLock, (sqlite3_file * file, int from, int n, int flags),
        (real_file(file), from, n, flags))
FORWARD(ShmUnmap, (sqlite3_file * file, int is_deleted), (real_file(file), is_deleted))

static void on_ShmBarrier(sqlite3_file *file)
{
    real_file(file)->pMethods->xShmBarrier(real_file(file));
}

static int on_Write(sqlite3_file *file, const void *from, int n, sqlite3_int64 at)
{
    faulty_file *faulty = (faulty_file *)file;
    faulty_disk *disk = faulty->disk;
    if (faulty->is_wal && disk->wal_bytes_left >= 0) {
        if (disk->wal_bytes_left < n)
            return SQLITE_FULL;
        disk->wal_bytes_left -= n;
    }
    return faulty->real->pMethods->xWrite(faulty->real, from, n, at);
}

static int on_Sync(sqlite3_file *file, int flags)
{
    faulty_file *faulty = (faulty_file *)file;
    if (faulty->is_wal && faulty->disk->sync_failures > 0) {
        faulty->disk->sync_failures--;
        return SQLITE_IOERR_FSYNC;
    }
    return faulty->real->pMethods->xSync(faulty->real, flags);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = on_Close,
    .xRead = on_Read,
    .xWrite = on_Write,
    .xTruncate = on_Truncate,
    .xSync = on_Sync,
    .xFileSize = on_FileSize,
    .xLock = on_Lock,
    .xUnlock = on_Unlock,
    .xCheckReservedLock = on_CheckReservedLock,
    .xFileControl = on_FileControl,
    .xSectorSize = on_SectorSize,
    .xDeviceCharacteristics = on_DeviceCharacteristics,
    .xShmMap = on_ShmMap,
    .xShmLock = on_ShmLock,
    .xShmBarrier = on_ShmBarrier,
    .xShmUnmap = on_ShmUnmap,
};

static int on_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out)
{
    faulty_file *faulty = (faulty_file *)file;
    sqlite3_vfs *real = ((faulty_vfs *)vfs)->real;
    faulty->disk = ((faulty_vfs *)vfs)->disk;
    faulty->is_wal = (flags & SQLITE_OPEN_WAL) != 0;
    int rc = real->xOpen(real, name, faulty->real, flags, out);
    faulty->base.pMethods = faulty->real->pMethods != NULL ? &methods : NULL;
    return rc;
}

const char *faulty_vfs_register(faulty_disk *disk)
{
    static faulty_vfs faulty;
    sqlite3_vfs *real = sqlite3_vfs_find(NULL);
    faulty.vfs = *real;
    faulty.vfs.zName = "faulty";
    faulty.vfs.szOsFile = (int)sizeof(faulty_file) + real->szOsFile;
    faulty.vfs.xOpen = on_open;
    faulty.real = real;
    faulty.disk = disk;
    ck_assert_int_eq(sqlite3_vfs_register(&faulty.vfs, 0), SQLITE_OK);
    return faulty.vfs.zName;
}
