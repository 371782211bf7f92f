/* SPDX-License-Identifier: MIT */
/* Can another service's message hurt us? Reads any bytes as the data of each kind; what comes out
 * is rendered, and must then be read as the same. The first byte is the kind. */
#include "codec/event_json.h"
#include "codec/event_parse.h"
#include "codec/record.h"

#include <stdlib.h>
#include <string.h>

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

static void check_event(aurora__arena *arena, const aurora__event *event)
{
    const char *json;
    const char *again;
    const char *field;
    size_t length;
    aurora__event copy;
    aurora_status rc = aurora__event_json(arena, event, &json, &length);
    if (rc == AURORA_ENOMEM)
        return;
    const aurora__event_text text = {.kind = event->kind, .data = json, .length = length};
    if (rc != AURORA_OK || aurora__event_parse(arena, &text, &copy, &field) != AURORA_OK ||
        aurora__event_json(arena, &copy, &again, NULL) != AURORA_OK || strcmp(json, again) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    aurora__arena arena = {.self = &memory, .grow = grow};
    aurora__event event;
    aurora__record record;
    const char *field;
    if (size == 0)
        return 0;
    char *body = malloc(size); /* apart, so that one byte too far is seen */
    memcpy(body, data + 1, size - 1);
    const aurora__event_text text = {.kind = data[0] % 24, .data = body, .length = size - 1};
    aurora_status rc = aurora__event_parse(&arena, &text, &event, &field);
    if (rc == AURORA_OK)
        check_event(&arena, &event);
    else if (rc != AURORA_ECORRUPT && rc != AURORA_EINVAL && rc != AURORA_ENOMEM)
        abort();
    body[size - 1] = '\0';
    if (memchr(body, '\0', size - 1) == NULL)
        rc = aurora__record_decode(body, &arena, &record);
    free(body);
    while (memory.count > 0)
        free(memory.blocks[--memory.count]);
    return 0;
}
