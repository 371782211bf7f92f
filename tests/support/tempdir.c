/* SPDX-License-Identifier: MIT */
/* Folders that live for one test. */
#include "test.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPEN_FOLDERS_MAX 16

char *aurora_tempdir_new(void)
{
    const char *parent = getenv("TMPDIR");
    char path[4096];

    aurora_test_path(path, sizeof(path), parent != NULL ? parent : "/tmp", "aurora-test-XXXXXX");
    ck_assert_msg(mkdtemp(path) != NULL, "%s: %s", path, strerror(errno));
    char *copy = strdup(path);
    ck_assert_ptr_nonnull(copy);
    return copy;
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *position)
{
    (void)info;
    (void)kind;
    (void)position;
    return remove(path);
}

void aurora_tempdir_remove(char *path)
{
    if (path == NULL)
        return;
    int rc = nftw(path, remove_one, OPEN_FOLDERS_MAX, FTW_DEPTH | FTW_PHYS);
    ck_assert_msg(rc == 0, "%s: %s", path, strerror(errno));
    free(path);
}
