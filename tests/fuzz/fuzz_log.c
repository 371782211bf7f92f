/* SPDX-License-Identifier: MIT */
/* Can a log record hurt us? Reads any bytes as a body, renders what comes out, and reads the same
 * events again from what we write of them. The first byte is the record's count. */
#include "codec/event_json.h"
#include "codec/log.h"

#include <stdlib.h>

#define BLOCKS_MAX 65536

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

static void check_event(aurora__arena *arena, aurora__event *event)
{
    const char *json;
    const char *again;
    aurora__event copy;
    aurora_status rc = aurora__event_json(arena, event, &json, NULL);
    if (rc != AURORA_OK && rc != AURORA_ECORRUPT && rc != AURORA_EINVAL && rc != AURORA_ENOMEM)
        abort();
    const char *text = aurora__event_encode(arena, event);
    if (rc != AURORA_OK || text == NULL)
        return;
    rc = aurora__event_decode(text, AURORA__LOG_FORMAT, arena, &copy);
    if (rc == AURORA_ENOMEM)
        return;
    if (rc != AURORA_OK || aurora__event_json(arena, &copy, &again, NULL) != AURORA_OK ||
        strcmp(json, again) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    aurora__arena arena = {.self = &memory, .grow = grow};
    aurora__log_reader reader;
    aurora__event event;
    int64_t position;
    int64_t last = 0;
    if (size == 0)
        return 0;
    const aurora_log_row row = {.position = 1,
                                .count = data[0],
                                .format = AURORA__LOG_FORMAT,
                                .body = (const char *)data + 1,
                                .body_length = size - 1};
    aurora__log_read(&reader, &row);
    while (aurora__log_next(&reader, &arena, &event, &position)) {
        if (position != last + 1)
            abort();
        last = position;
        check_event(&arena, &event);
    }
    if (reader.status == AURORA_OK && last != data[0])
        abort();
    while (memory.count > 0)
        free(memory.blocks[--memory.count]);
    return 0;
}
