/* SPDX-License-Identifier: MIT */
/* Why the shared locks: SQLite's own locks are POSIX locks, which belong to the process. A second
 * copy of SQLite in the process (a wheel beside Python's own) does not see them, takes itself for
 * the last user when it closes the file, and deletes the WAL that we go on writing to; and its
 * close() drops all POSIX locks of the process, so that another process may do the same. Every
 * later commit is then lost at the next kill. Both need SQLite's EXCLUSIVE lock, a write lock on
 * the 510 bytes of the shared range, and our read lock there, of an open file description, never
 * lets go of it. Byte 128 of the -shm is where SQLite looks whether anybody uses the shared memory:
 * who finds it free truncates the file below all others; our read lock there says that it is in
 * use.
 *
 * The descriptors are closed after sqlite3_close, since close() of any descriptor of a file drops
 * SQLite's own locks on it.
 *
 * Why the snapshot locks: a reader's mark in the -shm, which keeps checkpoints from writing over
 * its snapshot, is guarded by a POSIX lock too, and a second copy of SQLite moves it when it begins
 * to read. So read transactions show themselves on FILE-aurora, and who checkpoints looks there. */
#include "adapters/store_sqlite/locks.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SHARED_FIRST 0x40000002 /* SQLite's shared range: "file format", section 2 of lockingv3 */
#define SHARED_BYTES 510
#define SHM_IN_USE 128 /* WAL-index: the dead man's switch */
#define SHARED_WAIT_MS 2000
#define SLEEP_FIRST_NS 50000
#define SLEEP_MAX_NS 5000000
#define PATH_BYTES_MAX 4224

int64_t aurora__sqlite_clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static aurora_status status_of_errno(int number)
{
    switch (number) {
    case EACCES:
    case EPERM:
    case EROFS:
        return AURORA_EINVAL;
    case ENOMEM:
        return AURORA_ENOMEM;
    case ENOSPC:
    case EDQUOT:
        return AURORA_EFULL;
    }
    return AURORA_EIO;
}

static int try_lock(int fd, short kind, off_t start, off_t bytes)
{
    struct flock lock = {.l_type = kind, .l_whence = SEEK_SET, .l_start = start, .l_len = bytes};
    int rc;
    do {
        rc = fcntl(fd, F_OFD_SETLK, &lock);
    } while (rc != 0 && errno == EINTR);
    return rc;
}

/* There is no lock with a timeout, so it is polled: at first often, since a batch is short. */
static aurora_status lock_within(int fd, const struct flock *what, int64_t timeout_ms)
{
    int64_t until = aurora__sqlite_clock_ms() + timeout_ms;
    struct timespec sleep = {0, SLEEP_FIRST_NS};
    for (;;) {
        if (try_lock(fd, what->l_type, what->l_start, what->l_len) == 0)
            return AURORA_OK;
        if (errno != EAGAIN && errno != EACCES)
            return AURORA_EIO;
        if (aurora__sqlite_clock_ms() >= until)
            return AURORA_EBUSY;
        nanosleep(&sleep, NULL);
        if (sleep.tv_nsec < SLEEP_MAX_NS)
            sleep.tv_nsec *= 2;
    }
}

aurora_status aurora__sqlite_locks_open_write(aurora__sqlite_locks *locks, const char *path,
                                              bool is_reader)
{
    char name[PATH_BYTES_MAX];
    struct stat info;
    if (snprintf(name, sizeof name, "%s-aurora", path) >= (int)sizeof name)
        return AURORA_EINVAL;
    /* Whoever may write the store must be able to lock it. */
    mode_t mode = stat(path, &info) == 0 ? info.st_mode & 0666 : 0644;
    if (!is_reader) {
        locks->write = open(name, O_RDWR | O_CREAT | O_CLOEXEC, mode);
        if (locks->write < 0)
            return status_of_errno(errno);
    }
    locks->snapshot = open(name, O_RDONLY | O_CLOEXEC);
    return locks->snapshot >= 0 || is_reader ? AURORA_OK : status_of_errno(errno);
}

aurora_status aurora__sqlite_locks_take_write(const aurora__sqlite_locks *locks, int64_t timeout_ms)
{
    struct flock whole = {.l_type = F_WRLCK, .l_start = 0, .l_len = 1};
    return locks->write < 0 ? AURORA_OK : lock_within(locks->write, &whole, timeout_ms);
}

void aurora__sqlite_locks_give_write(const aurora__sqlite_locks *locks)
{
    if (locks->write >= 0)
        try_lock(locks->write, F_UNLCK, 0, 1);
}

void aurora__sqlite_locks_hold_snapshot(const aurora__sqlite_locks *locks, int kind)
{
    if (locks->snapshot >= 0)
        try_lock(locks->snapshot, F_RDLCK, kind, 1);
}

void aurora__sqlite_locks_give_snapshot(const aurora__sqlite_locks *locks, int kind)
{
    if (locks->snapshot >= 0)
        try_lock(locks->snapshot, F_UNLCK, kind, 1);
}

bool aurora__sqlite_locks_has_snapshot(const aurora__sqlite_locks *locks, int kind)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = kind, .l_len = 1};
    return locks->write >= 0 && fcntl(locks->write, F_OFD_GETLK, &lock) == 0 &&
           lock.l_type != F_UNLCK;
}

aurora_status aurora__sqlite_locks_hold_database(aurora__sqlite_locks *locks, const char *path)
{
    struct flock range = {.l_type = F_RDLCK, .l_start = SHARED_FIRST, .l_len = SHARED_BYTES};
    locks->database = open(path, O_RDONLY | O_CLOEXEC);
    if (locks->database < 0)
        return status_of_errno(errno);
    return lock_within(locks->database, &range, SHARED_WAIT_MS);
}

aurora_status aurora__sqlite_locks_hold_shm(aurora__sqlite_locks *locks, const char *path)
{
    char name[PATH_BYTES_MAX];
    struct flock byte = {.l_type = F_RDLCK, .l_start = SHM_IN_USE, .l_len = 1};
    if (snprintf(name, sizeof name, "%s-shm", path) >= (int)sizeof name)
        return AURORA_EINVAL;
    locks->shm = open(name, O_RDONLY | O_CLOEXEC);
    if (locks->shm < 0)
        return status_of_errno(errno);
    return lock_within(locks->shm, &byte, SHARED_WAIT_MS);
}

void aurora__sqlite_locks_release(const aurora__sqlite_locks *locks)
{
    if (locks->database >= 0)
        try_lock(locks->database, F_UNLCK, SHARED_FIRST, SHARED_BYTES);
    if (locks->shm >= 0)
        try_lock(locks->shm, F_UNLCK, SHM_IN_USE, 1);
}

static void close_one(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void aurora__sqlite_locks_close(aurora__sqlite_locks *locks)
{
    close_one(&locks->database);
    close_one(&locks->shm);
    close_one(&locks->snapshot);
    close_one(&locks->write);
}
