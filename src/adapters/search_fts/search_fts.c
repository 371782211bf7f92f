/* SPDX-License-Identifier: MIT */
#include "adapters/search_fts/search_fts.h"

#include "adapters/search_fts/index.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <aurora/handle.h>

#define ENDING ".search"

void *aurora__fts_arena_take(const aurora_arena_port *arena, size_t bytes)
{
    return arena->allocate(arena->self, bytes == 0 ? 1 : bytes);
}

const char *aurora__fts_arena_text(const aurora_arena_port *arena, const char *text, size_t length)
{
    char *copy = aurora__fts_arena_take(arena, length + 1);
    if (copy == NULL)
        return NULL;
    if (length > 0)
        memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

/* Not column_text, which may need memory for a NUL, and without it leaves a length and no text. */
const char *aurora__fts_column_copy(sqlite3_stmt *row, int column, const aurora_arena_port *arena)
{
    const char *text = sqlite3_column_blob(row, column);
    return aurora__fts_arena_text(arena, text, (size_t)sqlite3_column_bytes(row, column));
}

int64_t aurora__fts_clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void aurora__fts_log(const aurora__fts_index *index, int32_t level, const char *format, ...)
{
    char message[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    index->options.log(index->options.log_self, level, message);
}

/* The store's file is reached by whatever link; the index must be the same for everybody. */
static aurora_status find_path(aurora__fts_index *index, const char *address, aurora_error *err)
{
    const aurora_allocator *allocator = index->options.allocator;
    char whole[PATH_MAX];
    if (realpath(address, whole) == NULL)
        snprintf(whole, sizeof whole, "%s", address);
    size_t length = strlen(whole);
    if (length + sizeof ENDING > PATH_MAX - 16) {
        if (err != NULL)
            snprintf(err->message, sizeof err->message, "the path of the index is too long");
        return AURORA_EINVAL;
    }
    index->path = allocator->allocate(allocator->self, length + sizeof ENDING);
    if (index->path == NULL)
        return AURORA_ENOMEM;
    memcpy(index->path, whole, length);
    memcpy(index->path + length, ENDING, sizeof ENDING);
    return AURORA_OK;
}

static void close_index(void *self)
{
    aurora__fts_index *index = self;
    const aurora_allocator *allocator = index->options.allocator;
    /* A child of fork must not touch SQLite: its locks are the parent's. */
    if (getpid() == index->pid) {
        aurora__fts_files_close(index);
        pthread_mutex_destroy(&index->mutex);
        pthread_cond_destroy(&index->is_free);
    }
    allocator->release(allocator->self, index->path);
    allocator->release(allocator->self, index);
}

static aurora_status make_sync(aurora__fts_index *index)
{
    pthread_condattr_t attributes;
    if (pthread_condattr_init(&attributes) != 0)
        return AURORA_ENOMEM;
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    int rc = pthread_mutex_init(&index->mutex, NULL);
    rc |= pthread_cond_init(&index->is_free, &attributes);
    pthread_condattr_destroy(&attributes);
    return rc == 0 ? AURORA_OK : AURORA_ENOMEM;
}

aurora_status aurora__search_fts_open(const aurora_search_options *options, aurora_search_port *out,
                                      aurora_error *err)
{
    const aurora_allocator *allocator = options->allocator;
    aurora__fts_index *index = allocator->allocate(allocator->self, sizeof *index);
    if (index == NULL)
        return AURORA_ENOMEM;
    memset(index, 0, sizeof *index);
    index->options = *options;
    index->options.address = NULL;
    index->weights = &aurora__fts_weights_default;
    index->pid = getpid();
    index->lock_fd = -1;
    aurora_status rc = AURORA_OK;
    if ((options->flags & AURORA_SEARCH_MEMORY) == 0)
        rc = find_path(index, options->address, err);
    if (rc == AURORA_OK)
        rc = make_sync(index);
    if (rc != AURORA_OK) {
        allocator->release(allocator->self, index->path);
        allocator->release(allocator->self, index);
        return rc;
    }
    *out = (aurora_search_port){.size = sizeof *out,
                                .self = index,
                                .state = aurora__fts_state,
                                .apply = aurora__fts_apply,
                                .rebuild_begin = aurora__fts_rebuild_begin,
                                .rebuild_page = aurora__fts_rebuild_page,
                                .query = aurora__fts_query,
                                .suggest = aurora__fts_suggest,
                                .list = aurora__fts_list,
                                .close = close_index};
    return AURORA_OK;
}
