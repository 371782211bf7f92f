/* SPDX-License-Identifier: MIT */
/* Dead letters on the bus: copies for people of what was set aside. The truth stands in
 * parked_events. */
#include "engine/bus_state.h"

#include <stdio.h>
#include <string.h>

/* Headers of our own, behind those of the message. */
typedef struct {
    char topic[32];
    char partition[24];
    char offset[24];
} place;

typedef struct {
    const char *key;
    const char *data;
    uint32_t key_len;
    uint32_t data_len;
    aurora_bus_header headers[AURORA_BUS_HEADERS_MAX];
    uint32_t header_count;
    int64_t at_ms;
} draft;

static void add_header(draft *to, const char *name, const char *value)
{
    if (to->header_count < AURORA_BUS_HEADERS_MAX)
        to->headers[to->header_count++] = (aurora_bus_header){name, value};
}

/* Copies `length` bytes and a NUL to *at, which moves behind them. */
static const char *put(char **at, const void *bytes, size_t length)
{
    char *copy = *at;
    if (length > 0)
        memcpy(copy, bytes, length);
    copy[length] = '\0';
    *at += length + 1;
    return copy;
}

static aurora__letter *write_letter(aurora__bus *bus, const draft *from)
{
    size_t bytes = sizeof(aurora__letter) + from->key_len + from->data_len + 2;
    for (uint32_t i = 0; i < from->header_count; i++)
        bytes += strlen(from->headers[i].name) + strlen(from->headers[i].value) + 2;
    aurora__letter *letter = bus->allocator->allocate(bus->allocator->self, bytes);
    if (letter == NULL)
        return NULL;
    char *at = (char *)(letter + 1);
    memset(letter, 0, sizeof *letter);
    letter->message = (aurora_bus_message){.topic = AURORA_TOPIC_DEAD_LETTERS,
                                           .key = put(&at, from->key, from->key_len),
                                           .key_len = from->key_len,
                                           .data = put(&at, from->data, from->data_len),
                                           .data_len = from->data_len,
                                           .headers = letter->headers,
                                           .header_count = from->header_count,
                                           .at_ms = from->at_ms};
    for (uint32_t i = 0; i < from->header_count; i++) {
        const aurora_bus_header *header = &from->headers[i];
        letter->headers[i].name = put(&at, header->name, strlen(header->name));
        letter->headers[i].value = put(&at, header->value, strlen(header->value));
    }
    return letter;
}

static void push(aurora__bus *bus, const draft *from)
{
    aurora__letter *letter = write_letter(bus, from);
    if (letter == NULL)
        return;
    pthread_mutex_lock(&bus->lock);
    bool has_room = bus->letter_count < AURORA__LETTERS_MAX;
    if (has_room) {
        *bus->letters_end = letter;
        bus->letters_end = &letter->next;
        bus->letter_count++;
        bus->has_news = true;
        pthread_cond_broadcast(&bus->changed);
    }
    pthread_mutex_unlock(&bus->lock);
    if (!has_room)
        bus->allocator->release(bus->allocator->self, letter);
}

aurora__letter *aurora__letter_take(aurora__bus *bus)
{
    pthread_mutex_lock(&bus->lock);
    aurora__letter *letter = bus->letters;
    if (letter != NULL) {
        bus->letters = letter->next;
        bus->letter_count--;
        if (bus->letters == NULL)
            bus->letters_end = &bus->letters;
    }
    pthread_mutex_unlock(&bus->lock);
    return letter;
}

void aurora__letter_push(aurora__bus *bus, const aurora_bus_record *record, const char *consumer,
                         const char *reason)
{
    place at;
    draft letter = {.key = record->key_len > 0 ? record->key : "-",
                    .key_len = record->key_len > 0 ? record->key_len : 1,
                    .data = record->data,
                    .data_len = record->data_len,
                    .at_ms = record->at_ms};
    snprintf(at.topic, sizeof at.topic, "%s", aurora__topic_name(record->topic));
    snprintf(at.partition, sizeof at.partition, "%d", record->partition);
    snprintf(at.offset, sizeof at.offset, "%lld", (long long)record->offset);
    add_header(&letter, "aurora_consumer", consumer);
    add_header(&letter, "aurora_reason", reason);
    add_header(&letter, "aurora_topic", at.topic);
    add_header(&letter, "aurora_partition", at.partition);
    add_header(&letter, "aurora_offset", at.offset);
    for (uint32_t i = 0; i < record->header_count; i++)
        add_header(&letter, record->headers[i].name, record->headers[i].value);
    push(bus, &letter);
}

void aurora__letter_push_row(aurora__bus *bus, const aurora_log_row *row)
{
    char position[24];
    uint32_t length = row->body_length < 900000 ? (uint32_t)row->body_length : 900000;
    draft letter = {.data = row->body, .data_len = length, .at_ms = row->at_ms};
    snprintf(position, sizeof position, "%lld", (long long)row->position);
    letter.key = position;
    letter.key_len = (uint32_t)strlen(position);
    add_header(&letter, "aurora_consumer", AURORA__RELAY_NAME);
    add_header(&letter, "aurora_reason", "a damaged row of the log");
    add_header(&letter, "aurora_position", position);
    push(bus, &letter);
}
