/* SPDX-License-Identifier: MIT */
/* How far the effects of our partitions are behind, in messages and in time. The brokers tell ends;
 * the time of the oldest message behind is known where it was given out. Of one that still lies at
 * the broker it is not older than the last one that was given out, nor than the last look that
 * found nothing behind. */
#include <time.h>

#include "adapters/bus_kafka/kafka.h"

static int64_t unix_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* After an offset out of range reading begins at the low end. */
static int64_t position_of(const aurora__kafka_part *part)
{
    int64_t at = part->done >= 0 ? part->done : part->start;
    return at < 0 ? part->low : at;
}

int64_t aurora__kafka_part_lag(const aurora__kafka_part *part)
{
    int64_t at = position_of(part);
    if (at < 0 || part->end < 0)
        return -1;
    return part->end > at ? part->end - at : 0;
}

void aurora__kafka_part_end(aurora__kafka_part *part, int64_t end)
{
    part->end = end;
    if (aurora__kafka_part_lag(part) == 0)
        part->level_at_ms = unix_ms();
}

void aurora__kafka_note_waiting(aurora__kafka *self)
{
    const aurora__kafka_batch *batch = &self->consumer.batch;
    pthread_mutex_lock(&self->lock);
    for (uint32_t i = 0; i < batch->count; i++) {
        const aurora_bus_record *record = &batch->records[i];
        /* Records of a partition follow each other: only the first of them is looked up. */
        if (i > 0 && record[-1].partition == record->partition && record[-1].topic == record->topic)
            continue;
        aurora__kafka_part *part = aurora__kafka_part_find(self, record->topic, record->partition);
        if (part == NULL || (part->oldest >= position_of(part) && part->oldest <= record->offset))
            continue;
        part->oldest = record->offset;
        part->oldest_at_ms = record->at_ms;
    }
    pthread_mutex_unlock(&self->lock);
}

static int64_t oldest_at(const aurora__kafka_part *part)
{
    if (part->oldest >= 0 && part->oldest >= position_of(part))
        return part->oldest_at_ms;
    return part->oldest_at_ms > part->level_at_ms ? part->oldest_at_ms : part->level_at_ms;
}

uint32_t aurora__kafka_lags(void *argument, aurora_bus_lag *lags_out, uint32_t capacity)
{
    aurora__kafka *self = argument;
    const aurora__kafka_consumer *consumer = &self->consumer;
    pthread_mutex_lock(&self->lock);
    uint32_t count = consumer->part_count;
    for (uint32_t i = 0; i < count && i < capacity; i++) {
        const aurora__kafka_part *part = &consumer->parts[i];
        int64_t lag = aurora__kafka_part_lag(part);
        lags_out[i] = (aurora_bus_lag){.topic = part->topic,
                                       .partition = part->partition,
                                       .topic_name = self->topic_names[part->topic],
                                       .lag = lag,
                                       .oldest_at_ms = lag > 0 ? oldest_at(part) : 0};
    }
    pthread_mutex_unlock(&self->lock);
    return count;
}
