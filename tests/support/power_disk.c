/* SPDX-License-Identifier: MIT */
/* The recording half: power_walk.c builds what a cut leaves. */
#include "power_disk.h"

#include <check.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "power_steps.h"

/* The real file lies behind ours in the same memory, which SQLite allocates by szOsFile. */
typedef struct {
    sqlite3_file base;
    uint32_t inode;
    bool is_recorded;
    bool syncs_folder; /* with its next sync, as the unix VFS does for a new journal or WAL */
    sqlite3_file real[];
} power_file;

static struct {
    sqlite3_vfs vfs;
    sqlite3_vfs *real;
    power_disk *disk;
} recorder;

static sqlite3_file *real_file(sqlite3_file *file)
{
    return ((power_file *)file)->real;
}

#define FORWARD(name, parameters, arguments)                                                       \
    static int on_##name parameters                                                                \
    {                                                                                              \
        return real_file(file)->pMethods->x##name arguments;                                       \
    }

FORWARD(Close, (sqlite3_file * file), (real_file(file)))
FORWARD(Read, (sqlite3_file * file, void *to, int n, sqlite3_int64 at),
        (real_file(file), to, n, at))
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

/* --- what is written down --------------------------------------------------------------------- */

static void append(power_disk *disk, const power_step *step)
{
    if (disk->step_count == disk->step_capacity) {
        disk->step_capacity = disk->step_capacity > 0 ? disk->step_capacity * 2 : 4096;
        disk->steps = realloc(disk->steps, disk->step_capacity * sizeof *disk->steps);
        ck_assert_ptr_nonnull(disk->steps);
    }
    disk->steps[disk->step_count++] = *step;
}

static void record(power_disk *disk, power_step step, const void *data)
{
    if (data != NULL) {
        step.data = malloc((size_t)step.size);
        ck_assert_ptr_nonnull(step.data);
        memcpy(step.data, data, (size_t)step.size);
    }
    pthread_mutex_lock(&disk->lock);
    append(disk, &step);
    pthread_mutex_unlock(&disk->lock);
}

/* The inode that has this name now, or a new one. */
static uint32_t inode_of(power_disk *disk, const char *name)
{
    for (uint32_t i = disk->inode_count; i-- > 0;) {
        if (!disk->inodes[i].is_deleted && strcmp(disk->inodes[i].name, name) == 0)
            return i;
    }
    ck_assert_uint_lt(disk->inode_count, POWER_INODES_MAX);
    power_inode *inode = &disk->inodes[disk->inode_count];
    ck_assert_uint_lt(strlen(name), sizeof inode->name);
    *inode = (power_inode){.is_deleted = false};
    memcpy(inode->name, name, strlen(name) + 1);
    power_step step = {.kind = POWER_CREATE, .inode = disk->inode_count};
    append(disk, &step);
    return disk->inode_count++;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static int on_Write(sqlite3_file *file, const void *from, int n, sqlite3_int64 at)
{
    power_file *of = (power_file *)file;
    int rc = of->real->pMethods->xWrite(of->real, from, n, at);
    if (rc == SQLITE_OK && of->is_recorded)
        record(recorder.disk,
               (power_step){.kind = POWER_WRITE, .inode = of->inode, .at = at, .size = n}, from);
    return rc;
}

static int on_Truncate(sqlite3_file *file, sqlite3_int64 size)
{
    power_file *of = (power_file *)file;
    int rc = of->real->pMethods->xTruncate(of->real, size);
    if (rc == SQLITE_OK && of->is_recorded)
        record(recorder.disk,
               (power_step){.kind = POWER_TRUNCATE, .inode = of->inode, .size = size}, NULL);
    return rc;
}

static int on_Sync(sqlite3_file *file, int flags)
{
    power_file *of = (power_file *)file;
    int rc = of->real->pMethods->xSync(of->real, flags);
    if (rc != SQLITE_OK || !of->is_recorded)
        return rc;
    record(recorder.disk, (power_step){.kind = POWER_SYNC, .inode = of->inode}, NULL);
    if (of->syncs_folder)
        record(recorder.disk, (power_step){.kind = POWER_SYNC_FOLDER}, NULL);
    of->syncs_folder = false;
    return rc;
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

#define JOURNALS (SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL | SQLITE_OPEN_WAL)

static int on_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out)
{
    power_file *of = (power_file *)file;
    (void)vfs;
    int rc = recorder.real->xOpen(recorder.real, name, of->real, flags, out);
    of->base.pMethods = of->real->pMethods != NULL ? &methods : NULL;
    of->is_recorded = name != NULL && !(flags & SQLITE_OPEN_DELETEONCLOSE);
    of->syncs_folder = (flags & SQLITE_OPEN_CREATE) && (flags & JOURNALS);
    if (rc == SQLITE_OK && of->is_recorded) {
        pthread_mutex_lock(&recorder.disk->lock);
        of->inode = inode_of(recorder.disk, base_name(name));
        pthread_mutex_unlock(&recorder.disk->lock);
    }
    return rc;
}

static int on_delete(sqlite3_vfs *vfs, const char *name, int syncs_folder)
{
    power_disk *disk = recorder.disk;
    (void)vfs;
    int rc = recorder.real->xDelete(recorder.real, name, syncs_folder);
    if (rc != SQLITE_OK)
        return rc;
    pthread_mutex_lock(&disk->lock);
    for (uint32_t i = 0; i < disk->inode_count; i++) {
        if (disk->inodes[i].is_deleted || strcmp(disk->inodes[i].name, base_name(name)) != 0)
            continue;
        disk->inodes[i].is_deleted = true;
        append(disk, &(power_step){.kind = POWER_DELETE, .inode = i});
    }
    if (syncs_folder)
        append(disk, &(power_step){.kind = POWER_SYNC_FOLDER});
    pthread_mutex_unlock(&disk->lock);
    return rc;
}

/* --- life ------------------------------------------------------------------------------------- */

power_disk *power_disk_start(void)
{
    power_disk *disk = calloc(1, sizeof *disk);
    ck_assert_ptr_nonnull(disk);
    pthread_mutex_init(&disk->lock, NULL);
    recorder.real = sqlite3_vfs_find("unix");
    recorder.vfs = *recorder.real;
    recorder.vfs.zName = "power";
    recorder.vfs.szOsFile = (int)sizeof(power_file) + recorder.real->szOsFile;
    recorder.vfs.xOpen = on_open;
    recorder.vfs.xDelete = on_delete;
    recorder.disk = disk;
    ck_assert_int_eq(sqlite3_vfs_register(&recorder.vfs, 1), SQLITE_OK);
    return disk;
}

void power_disk_stop(power_disk *disk)
{
    ck_assert_ptr_eq(recorder.disk, disk);
    sqlite3_vfs_unregister(&recorder.vfs);
    ck_assert_int_eq(sqlite3_vfs_register(recorder.real, 1), SQLITE_OK);
}

void power_disk_free(power_disk *disk)
{
    for (uint64_t i = 0; i < disk->step_count; i++)
        free(disk->steps[i].data);
    free(disk->steps);
    pthread_mutex_destroy(&disk->lock);
    free(disk);
}

uint64_t power_disk_now(power_disk *disk)
{
    pthread_mutex_lock(&disk->lock);
    uint64_t now = disk->step_count;
    pthread_mutex_unlock(&disk->lock);
    return now;
}

bool power_disk_is_sync(const power_disk *disk, uint64_t at)
{
    return at < disk->step_count && disk->steps[at].kind == POWER_SYNC;
}

void power_disk_forget_syncs(power_disk *disk)
{
    for (uint64_t i = 0; i < disk->step_count; i++) {
        if (disk->steps[i].kind == POWER_SYNC)
            disk->steps[i].kind = POWER_SYNC_FOLDER;
    }
}

power_counts power_disk_count(const power_disk *disk)
{
    power_counts counts = {0};
    for (uint64_t i = 0; i < disk->step_count; i++) {
        const power_step *step = &disk->steps[i];
        counts.writes += step->kind == POWER_WRITE;
        counts.syncs += step->kind == POWER_SYNC;
        counts.truncations += step->kind == POWER_TRUNCATE;
        counts.creations += step->kind == POWER_CREATE;
        counts.deletions += step->kind == POWER_DELETE;
        if (step->kind != POWER_WRITE)
            continue;
        counts.bytes += (uint64_t)step->size;
        counts.main_writes += strchr(disk->inodes[step->inode].name, '-') == NULL;
    }
    return counts;
}
