/* SPDX-License-Identifier: MIT */
#include "service/log_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define BUFFER_BYTES 524288
#define RESERVE_BYTES 65536 /* which requests leave to lines that say what is wrong */
#define GATHER_NS 5000000   /* under load one write then holds many lines */
#define STALL_MS 1000
#define LINES_BYTES 131072 /* that are handed to the descriptor at once; a pipe takes half */

/* What each piece of the buffer begins with. */
typedef struct {
    uint32_t len;
    bool is_packed;
} entry;

struct aurora__log_writer {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t ready;
    int fd;
    size_t piece; /* a pipe that is writable takes so much without waiting... */
    size_t whole; /* ...and one that is empty so much */
    aurora__log_render render;
    void *self;
    bool is_ending;
    char *filling; /* guarded by the lock */
    size_t length;
    uint64_t lost;
    char *writing; /* the thread's, and the next two */
    char *lines;
    bool is_leaving;
};

/* Whether the descriptor takes bytes soon; while the daemon runs it may take its time. */
static bool wait_writable(aurora__log_writer *writer)
{
    for (;;) {
        struct pollfd poller = {.fd = writer->fd, .events = POLLOUT};
        int ready = poll(&poller, 1, STALL_MS);
        if (ready > 0)
            return (poller.revents & (POLLOUT | POLLERR | POLLHUP)) == POLLOUT;
        pthread_mutex_lock(&writer->lock);
        bool is_ending = writer->is_ending;
        pthread_mutex_unlock(&writer->lock);
        if (is_ending || (ready < 0 && errno != EINTR))
            return false;
    }
}

/* An empty pipe is woken once for many lines. At the end nothing may wait, whoever else writes. */
static size_t piece_of(aurora__log_writer *writer, size_t length)
{
    int unread = 0;
    bool is_empty = !writer->is_leaving && writer->whole > writer->piece &&
                    ioctl(writer->fd, FIONREAD, &unread) == 0 && unread == 0;
    size_t most = is_empty ? writer->whole : writer->piece;
    return length < most ? length : most;
}

/* A descriptor that is broken loses the lines: a daemon does not stop for its log. */
static bool write_all(aurora__log_writer *writer, const char *text, size_t length)
{
    while (length > 0 && wait_writable(writer)) {
        ssize_t written = write(writer->fd, text, piece_of(writer, length));
        if (written < 0 && errno != EINTR && errno != EAGAIN)
            return false;
        if (written > 0) {
            text += written;
            length -= (size_t)written;
        }
    }
    return length == 0;
}

/* What follows one that could not be written is lost as well. */
static void write_entries(aurora__log_writer *writer, const char *from, size_t length)
{
    const char *end = from + length;
    aurora__log_line line;
    size_t used = 0;
    while (from < end) {
        entry next;
        memcpy(&next, from, sizeof next);
        from += sizeof next;
        const char *text = from;
        size_t len = next.len;
        if (next.is_packed) {
            writer->render(writer->self, from, &line);
            text = line.text;
            len = line.len;
        }
        if (LINES_BYTES - used < len) {
            if (!write_all(writer, writer->lines, used))
                return;
            used = 0;
        }
        memcpy(writer->lines + used, text, len);
        used += len;
        from += next.len;
    }
    (void)write_all(writer, writer->lines, used);
}

static void *run(void *self)
{
    aurora__log_writer *writer = self;
    const struct timespec pause = {.tv_nsec = GATHER_NS};
    pthread_mutex_lock(&writer->lock);
    while (!writer->is_ending || writer->length > 0) {
        if (writer->length == 0) {
            pthread_cond_wait(&writer->ready, &writer->lock);
            continue;
        }
        if (!writer->is_ending) {
            pthread_mutex_unlock(&writer->lock);
            nanosleep(&pause, NULL);
            pthread_mutex_lock(&writer->lock);
        }
        char *full = writer->filling;
        size_t length = writer->length;
        writer->filling = writer->writing;
        writer->writing = full;
        writer->length = 0;
        writer->is_leaving = writer->is_ending;
        pthread_mutex_unlock(&writer->lock);
        write_entries(writer, full, length);
        pthread_mutex_lock(&writer->lock);
    }
    pthread_mutex_unlock(&writer->lock);
    return NULL;
}

static void free_memory(aurora__log_writer *writer)
{
    free(writer->filling);
    free(writer->writing);
    free(writer->lines);
    free(writer);
}

aurora__log_writer *aurora__log_writer_new(int fd, aurora__log_render render, void *self)
{
    aurora__log_writer *writer = calloc(1, sizeof *writer);
    if (writer == NULL)
        return NULL;
    struct stat status;
    writer->fd = fd;
    writer->render = render;
    writer->self = self;
    writer->piece =
        fstat(fd, &status) == 0 && S_ISREG(status.st_mode) ? BUFFER_BYTES : (size_t)PIPE_BUF;
    int pipe_bytes = fcntl(fd, F_GETPIPE_SZ);
    writer->whole = pipe_bytes > 0 ? (size_t)pipe_bytes : writer->piece;
    writer->filling = malloc(BUFFER_BYTES);
    writer->writing = malloc(BUFFER_BYTES);
    writer->lines = malloc(LINES_BYTES);
    pthread_mutex_init(&writer->lock, NULL);
    pthread_cond_init(&writer->ready, NULL);
    if (writer->filling != NULL && writer->writing != NULL && writer->lines != NULL &&
        pthread_create(&writer->thread, NULL, run, writer) == 0)
        return writer;
    free_memory(writer);
    return NULL;
}

void aurora__log_writer_free(aurora__log_writer *writer)
{
    if (writer == NULL)
        return;
    pthread_mutex_lock(&writer->lock);
    writer->is_ending = true;
    pthread_cond_signal(&writer->ready);
    pthread_mutex_unlock(&writer->lock);
    pthread_join(writer->thread, NULL);
    pthread_cond_destroy(&writer->ready);
    pthread_mutex_destroy(&writer->lock);
    free_memory(writer);
}

static bool put(aurora__log_writer *writer, const char *bytes, const entry *what,
                bool may_use_reserve)
{
    size_t len = sizeof *what + what->len;
    size_t capacity = may_use_reserve ? BUFFER_BYTES : BUFFER_BYTES - RESERVE_BYTES;
    pthread_mutex_lock(&writer->lock);
    bool has_room = writer->length <= capacity && len <= capacity - writer->length;
    if (has_room) {
        memcpy(writer->filling + writer->length, what, sizeof *what);
        memcpy(writer->filling + writer->length + sizeof *what, bytes, what->len);
        if (writer->length == 0)
            pthread_cond_signal(&writer->ready);
        writer->length += len;
    } else {
        writer->lost++;
    }
    pthread_mutex_unlock(&writer->lock);
    return has_room;
}

bool aurora__log_writer_put(aurora__log_writer *writer, const char *line, size_t len,
                            bool may_use_reserve)
{
    const entry what = {.len = (uint32_t)len};
    return put(writer, line, &what, may_use_reserve);
}

bool aurora__log_writer_put_packed(aurora__log_writer *writer, const char *packed, size_t len)
{
    const entry what = {.len = (uint32_t)len, .is_packed = true};
    return put(writer, packed, &what, true);
}

uint64_t aurora__log_writer_lost(aurora__log_writer *writer)
{
    pthread_mutex_lock(&writer->lock);
    uint64_t lost = writer->lost;
    pthread_mutex_unlock(&writer->lock);
    return lost;
}
