/* SPDX-License-Identifier: MIT */
/* Records as the port gives them: librdkafka's texts have no NUL behind them, so keys and data are
 * copied into chunks that the next poll uses again; headers stay in the messages. */
#include <string.h>

#include "adapters/bus_kafka/kafka.h"

#define CHUNK_BYTES ((size_t)64 * 1024)

/* --- chunks ----------------------------------------------------------------------------------- */

static void drop_chunks(aurora__kafka *self, aurora__kafka_chunk *chunk)
{
    while (chunk != NULL) {
        aurora__kafka_chunk *next = chunk->next;
        self->allocator.release(self->allocator.self, chunk);
        chunk = next;
    }
}

static void *take_bytes(aurora__kafka *self, size_t bytes)
{
    aurora__kafka_batch *batch = &self->consumer.batch;
    bytes = (bytes + 7) & ~(size_t)7;
    if (batch->chunks == NULL || batch->chunks->capacity - batch->used < bytes) {
        size_t capacity = bytes > CHUNK_BYTES ? bytes : CHUNK_BYTES;
        aurora__kafka_chunk *chunk =
            self->allocator.allocate(self->allocator.self, sizeof *chunk + capacity);
        if (chunk == NULL)
            return NULL;
        chunk->capacity = capacity;
        chunk->next = batch->chunks;
        batch->chunks = chunk;
        batch->used = 0;
    }
    void *taken = batch->chunks->bytes + batch->used;
    batch->used += bytes;
    batch->bytes += bytes;
    return taken;
}

static const char *copy_text(aurora__kafka *self, const void *bytes, size_t length)
{
    char *copy = take_bytes(self, length + 1);
    if (copy == NULL)
        return NULL;
    memcpy(copy, bytes, length);
    copy[length] = '\0';
    return copy;
}

/* --- records ---------------------------------------------------------------------------------- */

/* AURORA_OK also where there are none. */
static aurora_status read_headers(aurora__kafka *self, const rd_kafka_message_t *message,
                                  aurora_bus_record *record)
{
    rd_kafka_headers_t *headers;
    if (rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return AURORA_OK;
    size_t count = rd_kafka_header_cnt(headers);
    if (count > AURORA_BUS_HEADERS_MAX)
        count = AURORA_BUS_HEADERS_MAX;
    aurora_bus_header *out = take_bytes(self, count * sizeof *out + 1);
    if (out == NULL)
        return AURORA_ENOMEM;
    for (size_t i = 0; i < count; i++) {
        const void *value;
        size_t length;
        if (rd_kafka_header_get_all(headers, i, &out[i].name, &value, &length) !=
            RD_KAFKA_RESP_ERR_NO_ERROR)
            out[i].name = "", value = NULL;
        out[i].value = value != NULL ? value : "";
    }
    record->headers = out;
    record->header_count = (uint32_t)count;
    return AURORA_OK;
}

aurora_status aurora__kafka_batch_begin(aurora__kafka *self, uint32_t limit)
{
    aurora__kafka_batch *batch = &self->consumer.batch;
    aurora__kafka_batch_clear(self);
    if (batch->capacity >= limit)
        return AURORA_OK;
    rd_kafka_message_t **messages = self->allocator.reallocate(
        self->allocator.self, batch->messages, limit * sizeof *batch->messages);
    if (messages == NULL)
        return AURORA_ENOMEM;
    batch->messages = messages;
    aurora_bus_record *records = self->allocator.reallocate(self->allocator.self, batch->records,
                                                            limit * sizeof *batch->records);
    if (records == NULL)
        return AURORA_ENOMEM;
    batch->records = records;
    batch->capacity = limit;
    return AURORA_OK;
}

aurora_status aurora__kafka_batch_add(aurora__kafka *self, rd_kafka_message_t *message,
                                      int32_t topic)
{
    aurora__kafka_batch *batch = &self->consumer.batch;
    aurora_bus_record record = {
        .topic = topic,
        .partition = message->partition,
        .offset = message->offset,
        .key_len = (uint32_t)message->key_len,
        .data_len = (uint32_t)message->len,
        .headers = NULL,
    };
    rd_kafka_timestamp_type_t kind;
    record.at_ms = rd_kafka_message_timestamp(message, &kind);
    if (kind == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE)
        record.at_ms = 0;
    if (message->key != NULL)
        record.key = copy_text(self, message->key, message->key_len);
    if (message->payload != NULL)
        record.data = copy_text(self, message->payload, message->len);
    if ((message->key != NULL && record.key == NULL) ||
        (message->payload != NULL && record.data == NULL) ||
        read_headers(self, message, &record) != AURORA_OK)
        return AURORA_ENOMEM;
    batch->messages[batch->count] = message;
    batch->records[batch->count++] = record;
    return AURORA_OK;
}

void aurora__kafka_batch_sift(aurora__kafka *self)
{
    aurora__kafka_batch *batch = &self->consumer.batch;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < batch->count; i++) {
        const aurora__kafka_part *part =
            aurora__kafka_part_find(self, batch->records[i].topic, batch->records[i].partition);
        if (part == NULL || !part->is_active) {
            rd_kafka_message_destroy(batch->messages[i]);
            continue;
        }
        batch->messages[kept] = batch->messages[i];
        batch->records[kept++] = batch->records[i];
    }
    batch->count = kept;
}

void aurora__kafka_batch_clear(aurora__kafka *self)
{
    aurora__kafka_batch *batch = &self->consumer.batch;
    for (uint32_t i = 0; i < batch->count; i++)
        rd_kafka_message_destroy(batch->messages[i]);
    batch->count = 0;
    batch->bytes = 0;
    batch->used = 0;
    if (batch->chunks == NULL)
        return;
    /* One of the usual size is kept. */
    drop_chunks(self, batch->chunks->next);
    batch->chunks->next = NULL;
    if (batch->chunks->capacity > CHUNK_BYTES) {
        drop_chunks(self, batch->chunks);
        batch->chunks = NULL;
    }
}

void aurora__kafka_batch_free(aurora__kafka *self)
{
    aurora__kafka_batch *batch = &self->consumer.batch;
    drop_chunks(self, batch->chunks);
    self->allocator.release(self->allocator.self, batch->messages);
    self->allocator.release(self->allocator.self, batch->records);
    *batch = (aurora__kafka_batch){0};
}
