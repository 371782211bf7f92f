/* SPDX-License-Identifier: MIT */
/* Can a log record hurt us? Reads any bytes as a body, renders what comes out, and reads the same
 * events again from what we write of them, each by itself and all as one record. A reader that
 * passes over kinds sees the others at the same positions. The first byte is the record's count; of
 * 0, which no record has, the rest is a message that was set aside. */
#include "codec/event_json.h"
#include "codec/log.h"
#include "codec/record.h"

#include <stdlib.h>

#define BLOCKS_MAX 65536
#define EVENTS_MAX 255

typedef struct {
    void *blocks[BLOCKS_MAX];
    size_t count;
} heap;

static heap memory;

static void *grow(void *self, size_t bytes, size_t *size_out)
{
    heap *blocks = self;
    void *block = blocks->count == BLOCKS_MAX ? NULL : malloc(bytes);
    if (block != NULL)
        blocks->blocks[blocks->count++] = block;
    *size_out = bytes;
    return block;
}

/* What was read, as JSON; NULL where it cannot be written. */
static const char *json_of(aurora__arena *arena, const aurora__event *event)
{
    const char *json = NULL;
    aurora_status rc = aurora__event_json(arena, event, &json, NULL);
    if (rc != AURORA_OK && rc != AURORA_ECORRUPT && rc != AURORA_EINVAL && rc != AURORA_ENOMEM)
        abort();
    return rc == AURORA_OK ? json : NULL;
}

static void check_event(aurora__arena *arena, const aurora__event *event)
{
    aurora__event copy;
    const char *json = json_of(arena, event);
    const char *text = aurora__event_encode(arena, event);
    if (json == NULL || text == NULL)
        return;
    aurora_status rc = aurora__event_decode(text, AURORA__LOG_FORMAT, arena, &copy);
    if (rc == AURORA_ENOMEM)
        return;
    const char *again = rc == AURORA_OK ? json_of(arena, &copy) : NULL;
    if (again == NULL || strcmp(json, again) != 0)
        abort();
}

/* All of a record's events, written as one record, come out of it in their order. */
static void write_again(aurora__arena *arena, aurora__event *const *events, uint32_t count)
{
    aurora__log_writer writer;
    aurora__log_reader reader;
    aurora_log_row row = {.position = 1};
    aurora__event event;
    uint32_t i = 0;
    aurora__log_begin(&writer, arena);
    if (aurora__log_add(&writer, events, count) != AURORA_OK ||
        aurora__log_end(&writer, &row) != AURORA_OK)
        return;
    aurora__log_read(&reader, &row);
    for (; aurora__log_next(&reader, arena, &event, NULL); i++) {
        const char *before = i < count ? json_of(arena, events[i]) : NULL;
        const char *after = json_of(arena, &event);
        if (i >= count || (before == NULL) != (after == NULL) ||
            (before != NULL && strcmp(before, after) != 0))
            abort();
    }
    if (reader.status != AURORA_ENOMEM && (reader.status != AURORA_OK || i != count))
        abort();
}

/* Who wants some kinds alone finds them where who wants all does. */
static void pass_over(aurora__arena *arena, const aurora_log_row *row, aurora__event *const *events,
                      uint32_t count)
{
    aurora__log_reader reader;
    aurora__event event;
    int64_t position = 0;
    uint64_t kinds = UINT64_C(0x5555555555555555) << (row->body_length % 2);
    aurora__log_read(&reader, row);
    aurora__log_filter(&reader, kinds);
    for (uint32_t i = 0; i < count; i++) {
        if ((kinds >> events[i]->kind & 1) == 0)
            continue;
        if (!aurora__log_next(&reader, arena, &event, &position)) {
            if (reader.status != AURORA_ENOMEM)
                abort();
            return;
        }
        if (event.kind != events[i]->kind || position != (int64_t)i + 1)
            abort();
    }
    if (aurora__log_next(&reader, arena, &event, &position))
        abort();
}

static void read_row(aurora__arena *arena, const aurora_log_row *row)
{
    static aurora__event events[EVENTS_MAX];
    aurora__event *each[EVENTS_MAX];
    aurora__log_reader reader;
    uint32_t count = 0;
    int64_t position;
    aurora__log_read(&reader, row);
    while (count < EVENTS_MAX && aurora__log_next(&reader, arena, &events[count], &position)) {
        check_event(arena, &events[count]);
        each[count] = &events[count];
        if (position != (int64_t)++count)
            abort();
    }
    if (reader.status != AURORA_OK || count == 0)
        return;
    if (count != row->count)
        abort();
    write_again(arena, each, count);
    pass_over(arena, row, each, count);
}

/* A message that was kept is read as it was written. */
static void read_kept(aurora__arena *arena, const char *text)
{
    aurora__record record, again;
    aurora__event event;
    const char *field = "";
    aurora_status rc = aurora__record_decode(text, arena, &record);
    if (rc != AURORA_OK && rc != AURORA_ECORRUPT && rc != AURORA_ENOMEM)
        abort();
    if (rc != AURORA_OK)
        return;
    rc = aurora__record_event(arena, &record, &event, &field);
    if (rc != AURORA_OK && rc != AURORA_ECORRUPT && rc != AURORA_ENOMEM)
        abort();
    const char *copy = aurora__record_encode(arena, &record);
    if (copy == NULL)
        return;
    rc = aurora__record_decode(copy, arena, &again);
    if (rc == AURORA_ENOMEM)
        return;
    if (rc != AURORA_OK || again.length != record.length ||
        memcmp(again.data, record.data, record.length) != 0 || again.position != record.position ||
        again.at_ms != record.at_ms)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    aurora__arena arena = {.self = &memory, .grow = grow};
    if (size == 0)
        return 0;
    const aurora_log_row row = {.position = 1,
                                .count = data[0],
                                .format = AURORA__LOG_FORMAT,
                                .body = (const char *)data + 1,
                                .body_length = size - 1};
    char *text = data[0] == 0 ? aurora__arena_copy(&arena, row.body, row.body_length) : NULL;
    read_row(&arena, &row);
    if (text != NULL)
        read_kept(&arena, text);
    while (memory.count > 0)
        free(memory.blocks[--memory.count]);
    return 0;
}
