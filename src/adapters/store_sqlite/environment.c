/* SPDX-License-Identifier: MIT */
#include "adapters/store_sqlite/environment.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <aurora/handle.h>

#include "adapters/store_sqlite/connection.h"

#define VERSION_MIN 3040000
#define FUSE_SUPER_MAGIC 0x65735546

aurora_status aurora__sqlite_library_check(const aurora__sqlite_library *library, aurora_error *err)
{
    if (library->version < VERSION_MIN)
        return aurora__sqlite_error(err, AURORA_ENOTSUP, "SQLite is %d.%d, 3.40 or newer is needed",
                                    library->version / 1000000, library->version / 1000 % 1000);
    if (!library->is_threadsafe)
        return aurora__sqlite_error(err, AURORA_ENOTSUP, "SQLite was built with THREADSAFE=0");
    if (!library->has_fts5)
        return aurora__sqlite_error(err, AURORA_ENOTSUP, "SQLite was built without FTS5");
    return AURORA_OK;
}

/* Numbers as in linux/magic.h and the file systems' own sources. */
bool aurora__sqlite_is_network(uint64_t file_system)
{
    static const uint32_t kinds[] = {
        0x6969,     /* NFS */
        0x517b,     /* SMB */
        0xff534d42, /* CIFS */
        0xfe534d42, /* SMB2 */
        0x5346414f, /* AFS */
        0x6b414653, /* kAFS */
        0x73757245, /* Coda */
        0x00c36400, /* Ceph */
        0x0bd00bd0, /* Lustre */
        0x564c,     /* NCP */
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (kinds[i] == (uint32_t)file_system)
            return true;
    }
    return false;
}

static aurora_status check_file_system(const aurora_store_options *options, const char *path,
                                       aurora_error *err)
{
    struct statfs info;
    if (statfs(path, &info) != 0)
        return aurora__sqlite_error(err, AURORA_EIO, "%s: %s", path, strerror(errno));
    if (aurora__sqlite_is_network((uint64_t)info.f_type))
        return aurora__sqlite_error(err, AURORA_EINVAL,
                                    "%s is on a network file system: its locks do not hold", path);
    /* FUSE may be a local disk or sshfs; statfs does not tell. */
    if ((uint32_t)info.f_type == FUSE_SUPER_MAGIC)
        aurora__sqlite_log(options, AURORA_LOG_WARNING,
                           "sqlite: %s is on FUSE: make sure that it is a local disk", path);
    return AURORA_OK;
}

/* A file that is missing is made empty, so that errors carry the system's own words. */
static aurora_status make_file(const aurora_store_options *options, aurora_error *err)
{
    const char *path = options->address;
    if (options->flags & (AURORA_STORE_READONLY | AURORA_STORE_NO_CREATE))
        return aurora__sqlite_error(err, AURORA_ENOTFOUND, "%s does not exist", path);
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0 && errno != EEXIST)
        return aurora__sqlite_error(err, errno == ENOSPC ? AURORA_EFULL : AURORA_EINVAL, "%s: %s",
                                    path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return AURORA_OK;
}

static aurora_status check_file(const aurora_store_options *options, aurora_error *err)
{
    const char *path = options->address;
    struct stat info;
    int mode = options->flags & AURORA_STORE_READONLY ? R_OK : R_OK | W_OK;
    if (stat(path, &info) != 0)
        return aurora__sqlite_error(err, AURORA_EINVAL, "%s: %s", path, strerror(errno));
    if (S_ISDIR(info.st_mode))
        return aurora__sqlite_error(err, AURORA_EINVAL, "%s is a folder", path);
    if (!S_ISREG(info.st_mode))
        return aurora__sqlite_error(err, AURORA_EINVAL, "%s is not a regular file", path);
    if (access(path, mode) != 0)
        return aurora__sqlite_error(err, AURORA_EINVAL, "%s: %s", path, strerror(errno));
    return AURORA_OK;
}

aurora_status aurora__sqlite_place_check(const aurora_store_options *options, char **path_out,
                                         aurora_error *err)
{
    const aurora_allocator *allocator = options->allocator;
    struct stat info;
    char path[PATH_MAX];
    aurora_status status = AURORA_OK;
    *path_out = NULL;
    if (options->address == NULL || options->address[0] == 0)
        return aurora__sqlite_error(err, AURORA_EINVAL, "sqlite: needs the path of a file");
    if (stat(options->address, &info) != 0 && errno == ENOENT)
        status = make_file(options, err);
    if (status == AURORA_OK)
        status = check_file(options, err);
    if (status == AURORA_OK)
        status = check_file_system(options, options->address, err);
    if (status != AURORA_OK)
        return status;
    /* FILE-aurora and -wal must be the same for everybody, by whatever link the file is reached. */
    if (realpath(options->address, path) == NULL)
        return aurora__sqlite_error(err, AURORA_EINVAL, "%s: %s", options->address,
                                    strerror(errno));
    size_t bytes = strlen(path) + 1;
    *path_out = allocator->allocate(allocator->self, bytes);
    if (*path_out == NULL)
        return AURORA_ENOMEM;
    memcpy(*path_out, path, bytes);
    return AURORA_OK;
}
