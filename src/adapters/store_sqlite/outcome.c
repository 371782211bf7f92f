/* SPDX-License-Identifier: MIT */
/* What became of a commit that failed without saying so. SQLite writes the frames of a transaction
 * to the WAL, syncs it, and then tells the shared index of them. When the sync fails, a valid
 * commit may lie in the WAL that no connection sees, and it comes back when the index is rebuilt
 * after a crash. A batch that is not seen is therefore erased before anybody is told that it did
 * not happen: the next transaction writes over its first frame, and its checksums end there. */
#include <string.h>

#include <aurora/handle.h>

#include "adapters/store_sqlite/instance.h"

static aurora_status reopen(aurora__sqlite_store *store)
{
    aurora__sqlite_connection_close(store->writer, false);
    store->writer = NULL;
    if (store->faults != NULL && store->faults->fail_reopen > 0) {
        store->faults->fail_reopen--;
        return AURORA_EIO;
    }
    return aurora__sqlite_writer_open(store);
}

/* Commits a change that means nothing, under a batch name that nobody has. */
static aurora_status erase(aurora__sqlite_store *store, const aurora__sqlite_head *head)
{
    static const aurora_id nobody = {{0}};
    if (store->faults != NULL && store->faults->left_out & AURORA__SQLITE_NO_ERASE)
        return AURORA_OK;
    aurora_status status =
        aurora__sqlite_status(aurora__sqlite_run(store->writer, AURORA__SQLITE_BEGIN_IMMEDIATE));
    if (status == AURORA_OK)
        status = aurora__sqlite_head_put(store->writer, head, &nobody);
    if (status == AURORA_OK)
        status = aurora__sqlite_status(aurora__sqlite_run(store->writer, AURORA__SQLITE_COMMIT));
    return status;
}

static aurora_status look(aurora__sqlite_store *store, bool *is_there_out)
{
    aurora__sqlite_head head;
    aurora_id newest;
    aurora_status status = reopen(store);
    if (status == AURORA_OK)
        status = aurora__sqlite_head_get(store->writer, &head, &newest);
    if (status != AURORA_OK)
        return status;
    *is_there_out = aurora_id_is_equal(newest, store->doubted);
    return *is_there_out ? AURORA_OK : erase(store, &head);
}

aurora_status aurora__sqlite_outcome(aurora__sqlite_store *store)
{
    bool is_there = false;
    aurora_status status = look(store, &is_there);
    if (status != AURORA_OK) {
        aurora__sqlite_log(&store->options, AURORA_LOG_ERROR,
                           "sqlite: %s: whether the last commit took effect is not known yet: %s",
                           store->path, aurora_status_text(status));
        aurora__sqlite_connection_close(store->writer, false);
        store->writer = NULL;
        return AURORA_ETIMEDOUT;
    }
    store->is_unknown = 0;
    store->doubted_status = is_there ? AURORA_OK : AURORA_ENOTFOUND;
    aurora__sqlite_log(&store->options, AURORA_LOG_WARNING, "sqlite: %s: the last commit %s",
                       store->path, is_there ? "took effect" : "was undone");
    return store->doubted_status;
}
