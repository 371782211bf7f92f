/* SPDX-License-Identifier: MIT */
/* A record is four bytes (length of what follows, 16 bits, little-endian; level; 0) and fields with
 * NULs between them: time in ms, records dropped, component, message, then names and values. It is
 * at most PIPE_BUF long, so that a write is whole or does not happen. */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "shim_log.h"

#define RECORD_BYTES (PIPE_BUF < 4096 ? PIPE_BUF : 4096)

typedef struct {
    size_t used;
    char bytes[4096];
} record;

/* What does not fit is cut. */
static void put(record *to, const char *text, int is_first)
{
    size_t room = RECORD_BYTES - to->used;
    size_t length = text == NULL ? 0 : strlen(text);
    if (room == 0)
        return;
    if (!is_first)
        to->bytes[to->used++] = '\0', room--;
    if (length > room)
        length = room;
    if (length > 0)
        memcpy(to->bytes + to->used, text, length);
    to->used += length;
}

static void put_value(record *to, const aurora_attribute *attribute)
{
    char number[32] = "";
    switch (attribute->kind) {
    case AURORA_ATTRIBUTE_TEXT:
        put(to, attribute->text, 0);
        return;
    case AURORA_ATTRIBUTE_INT:
        snprintf(number, sizeof number, "%" PRId64, attribute->number);
        break;
    case AURORA_ATTRIBUTE_DOUBLE:
        snprintf(number, sizeof number, "%g", attribute->real);
        break;
    case AURORA_ATTRIBUTE_BOOL:
        snprintf(number, sizeof number, "%s", attribute->number != 0 ? "true" : "false");
        break;
    default:
        break;
    }
    put(to, number, 0);
}

static int64_t wall_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void on_record(void *self, const aurora_log_record *from)
{
    aurora_go_log *log = self;
    record to = {.used = 4};
    char number[32];
    uint32_t dropped = __atomic_exchange_n(&log->dropped, 0, __ATOMIC_RELAXED);
    snprintf(number, sizeof number, "%" PRId64, wall_ms());
    put(&to, number, 1);
    snprintf(number, sizeof number, "%" PRIu32, dropped);
    put(&to, number, 0);
    put(&to, from->component, 0);
    put(&to, from->message, 0);
    for (uint32_t i = 0; i < from->attribute_count; i++) {
        put(&to, from->attributes[i].key, 0);
        put_value(&to, &from->attributes[i]);
    }
    size_t length = to.used - 4;
    to.bytes[0] = (char)(length & 255);
    to.bytes[1] = (char)(length >> 8);
    to.bytes[2] = (char)from->level;
    to.bytes[3] = 0;
    if (write(log->fd, to.bytes, to.used) != (ssize_t)to.used)
        __atomic_add_fetch(&log->dropped, dropped + 1, __ATOMIC_RELAXED);
}

static void on_write(void *self, int32_t level, const char *component, const char *message)
{
    aurora_log_record record = {
        .size = sizeof record, .level = level, .component = component, .message = message};
    on_record(self, &record);
}

void aurora_go_log_attach(aurora_go_log *log, aurora_log *log_out, int32_t level_min)
{
    *log_out = (aurora_log){.size = sizeof *log_out,
                            .self = log,
                            .write = on_write,
                            .record = on_record,
                            .level_min = level_min};
}
