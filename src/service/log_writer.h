/* SPDX-License-Identifier: MIT */
/* A thread that writes lines to a descriptor. Callers append to a buffer in memory and never wait
 * for the descriptor; a line may be put together on the thread. */
#ifndef AURORA_SERVICE_LOG_WRITER_H
#define AURORA_SERVICE_LOG_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "service/log_line.h"

typedef struct aurora__log_writer aurora__log_writer;

/* Makes a line, with its newline, of what was put packed; on the thread. */
typedef void (*aurora__log_render)(void *self, const char *packed, aurora__log_line *line_out);

/* NULL when there is no thread or memory. */
aurora__log_writer *aurora__log_writer_new(int fd, aurora__log_render render, void *self);
/* Ends the thread once all is written, or after a second in which nothing could be. */
void aurora__log_writer_free(aurora__log_writer *writer);
/* Takes a whole line with its newline; false when there is no room, and the line is counted. The
 * last eighth of the room is only for lines that may use the reserve. */
bool aurora__log_writer_put(aurora__log_writer *writer, const char *line, size_t len,
                            bool may_use_reserve);
/* The same for what `render` makes a line of; it may use the reserve. */
bool aurora__log_writer_put_packed(aurora__log_writer *writer, const char *packed, size_t len);
uint64_t aurora__log_writer_lost(aurora__log_writer *writer);

#endif
