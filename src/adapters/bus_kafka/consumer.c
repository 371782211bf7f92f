/* SPDX-License-Identifier: MIT */
/* Records come by rd_kafka_consumer_poll, one by one: batch calls of librdkafka 2.0 skip offsets
 * where a partition is paused or rewound in between. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "adapters/bus_kafka/kafka.h"
#include "adapters/bus_kafka/settings.h"

#include <aurora/handle.h>

#define CLOSE_MS 1000
#define FETCH_BYTES_DEFAULT 1
#define FETCH_BYTES_PATIENT "131072"
#define SLICE_MS 20
#define FIRST_MS 4000
#define FIXED_VERSION 0x02030000
#define SEEK_MS 2000
#define BATCH_BYTES_MAX ((size_t)1024 * 1024)
#define GROUP_BYTES_MAX 64

/* --- joining and leaving ---------------------------------------------------------------------- */

/* What the host set itself stays. */
static void be_patient(rd_kafka_conf_t *conf, int32_t patience_ms)
{
    char wait[16];
    if (patience_ms <= 0 ||
        aurora__kafka_settings_number(conf, "fetch.min.bytes", 1) != FETCH_BYTES_DEFAULT)
        return;
    snprintf(wait, sizeof wait, "%d", (int)patience_ms);
    rd_kafka_conf_set(conf, "fetch.wait.max.ms", wait, NULL, 0);
    rd_kafka_conf_set(conf, "fetch.min.bytes", FETCH_BYTES_PATIENT, NULL, 0);
}

static aurora_status join(aurora__kafka *self)
{
    aurora__kafka_consumer *consumer = &self->consumer;
    char group[AURORA__KAFKA_PREFIX_BYTES + GROUP_BYTES_MAX + 2], reason[256];
    snprintf(group, sizeof group, "%s-%s", self->address.prefix, consumer->group);
    rd_kafka_conf_t *conf = rd_kafka_conf_dup(self->consumer_conf);
    rd_kafka_conf_set(conf, "group.id", group, NULL, 0);
    be_patient(conf, consumer->listener.patience_ms);
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, reason, sizeof reason);
    if (rk == NULL) {
        rd_kafka_conf_destroy(conf);
        aurora__kafka_fail(self, "kafka: there is no consumer: %s", reason);
        return AURORA_ENOMEM;
    }
    rd_kafka_poll_set_consumer(rk);
    pthread_mutex_lock(&self->client_lock);
    pthread_mutex_lock(&self->lock);
    consumer->rk = rk;
    consumer->queue = rd_kafka_queue_get_consumer(rk);
    pthread_mutex_unlock(&self->lock);
    pthread_mutex_unlock(&self->client_lock);
    consumer->subscribed = 0;
    consumer->is_short = false;
    consumer->was_assigned = false;
    return AURORA_OK;
}

/* librdkafka before 2.3 aborts the process where a member of a cooperative group ends between its
 * joining and its first assignment (its issue 4312): that moment is waited for. Where nobody
 * answers there was no joining, and nothing to fear. */
static void await_assignment(aurora__kafka_consumer *consumer)
{
    int64_t end_ns = aurora__kafka_now_ns() + (int64_t)FIRST_MS * 1000000;
    while (consumer->subscribed != 0 && !consumer->was_assigned &&
           aurora__kafka_now_ns() < end_ns) {
        rd_kafka_message_t *unread = rd_kafka_consumer_poll(consumer->rk, SLICE_MS);
        if (unread != NULL)
            rd_kafka_message_destroy(unread);
    }
}

/* The group hears that we leave, where it can within a second; the rest of its members else wait
 * for the end of our session. */
static void leave(aurora__kafka *self)
{
    aurora__kafka_consumer *consumer = &self->consumer;
    rd_kafka_t *rk = consumer->rk;
    consumer->is_leaving = true;
    aurora__kafka_batch_clear(self);
    if (rd_kafka_version() < FIXED_VERSION)
        await_assignment(consumer);
    int64_t end_ns = aurora__kafka_now_ns() + (int64_t)CLOSE_MS * 1000000;
    rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
    rd_kafka_error_t *error = rd_kafka_consumer_close_queue(rk, queue);
    /* Serves callbacks too, and gives out what nobody will read. */
    while (error == NULL && !rd_kafka_consumer_closed(rk) && aurora__kafka_now_ns() < end_ns) {
        rd_kafka_message_t *unread = rd_kafka_consume_queue(queue, SLICE_MS);
        if (unread != NULL)
            rd_kafka_message_destroy(unread);
    }
    rd_kafka_error_destroy(error);
    aurora__kafka_parts_drop(self);
    pthread_mutex_lock(&self->client_lock);
    pthread_mutex_lock(&self->lock);
    rd_kafka_queue_destroy(consumer->queue);
    consumer->queue = NULL;
    consumer->rk = NULL;
    pthread_mutex_unlock(&self->lock);
    pthread_mutex_unlock(&self->client_lock);
    rd_kafka_queue_destroy(queue);
    aurora__kafka_end(self, rk);
    consumer->is_leaving = false;
}

static bool is_group(const char *name)
{
    size_t length = name != NULL ? strlen(name) : 0;
    return length >= 1 && length <= GROUP_BYTES_MAX &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-") == length;
}

aurora_status aurora__kafka_subscribe(void *argument, const char *group, const int32_t *topics,
                                      uint32_t count, const aurora_bus_listener *listener)
{
    aurora__kafka *self = argument;
    aurora__kafka_consumer *consumer = &self->consumer;
    uint32_t wanted = 0;
    if (consumer->rk != NULL || !is_group(group) || count == 0 || listener == NULL ||
        listener->assigned == NULL)
        return AURORA_EINVAL;
    for (uint32_t i = 0; i < count; i++) {
        if (topics[i] <= 0 || topics[i] >= AURORA_TOPIC_COUNT)
            return AURORA_EINVAL;
        wanted |= 1u << topics[i];
    }
    consumer->group = self->allocator.allocate(self->allocator.self, strlen(group) + 1);
    if (consumer->group == NULL)
        return AURORA_ENOMEM;
    memcpy(consumer->group, group, strlen(group) + 1);
    consumer->wanted = wanted;
    consumer->listener = *listener;
    aurora_status rc = join(self);
    if (rc != AURORA_OK) {
        self->allocator.release(self->allocator.self, consumer->group);
        consumer->group = NULL;
    }
    return rc;
}

aurora_status aurora__kafka_unsubscribe(void *argument)
{
    aurora__kafka *self = argument;
    aurora__kafka_consumer *consumer = &self->consumer;
    if (consumer->rk != NULL)
        leave(self);
    self->allocator.release(self->allocator.self, consumer->group);
    consumer->group = NULL;
    return AURORA_OK;
}

/* --- polling ---------------------------------------------------------------------------------- */

/* Asks the group for the topics that are there. One that is not would be looked for again only
 * minutes later. */
static void subscribe_ready(aurora__kafka *self)
{
    aurora__kafka_consumer *consumer = &self->consumer;
    uint32_t wanted = consumer->wanted & atomic_load_explicit(&self->ready, memory_order_acquire);
    if (wanted == consumer->subscribed)
        return;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(8);
    for (int32_t i = 1; i < AURORA_TOPIC_COUNT; i++) {
        if ((wanted >> i & 1) != 0)
            rd_kafka_topic_partition_list_add(list, self->topic_names[i], RD_KAFKA_PARTITION_UA);
    }
    rd_kafka_resp_err_t code = rd_kafka_subscribe(consumer->rk, list);
    rd_kafka_topic_partition_list_destroy(list);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
        consumer->subscribed = wanted;
    else
        aurora__kafka_fail(self, "kafka: the group cannot be joined: %s", rd_kafka_err2str(code));
}

/* Until a topic is there, the time is over or somebody wakes us. */
static void wait_for_topics(aurora__kafka *self, int32_t wait_ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t ns = until.tv_nsec + (int64_t)(wait_ms % 1000) * 1000000;
    until.tv_sec += wait_ms / 1000 + ns / 1000000000;
    until.tv_nsec = ns % 1000000000;
    int rc = 0;
    pthread_mutex_lock(&self->lock);
    while (!self->is_woken && rc == 0 &&
           (self->consumer.wanted & atomic_load_explicit(&self->ready, memory_order_acquire)) == 0)
        rc = pthread_cond_timedwait(&self->changed, &self->lock, &until);
    self->is_woken = false;
    pthread_mutex_unlock(&self->lock);
}

/* Where reading begins is where it was to begin, or there is a reason: a compacted topic has holes,
 * any other has lost what was asked for. */
static void look_at_first(aurora__kafka *self, aurora__kafka_part *part, int64_t offset)
{
    if (part->start >= 0 && offset != part->start && part->topic != AURORA_TOPIC_PRODUCTS)
        aurora__kafka_fail(self,
                           "kafka: offset %lld of %s [%d] is not there; reading goes on at the "
                           "earliest one, %lld",
                           (long long)part->start, self->topic_names[part->topic], part->partition,
                           (long long)offset);
    pthread_mutex_lock(&self->lock);
    part->is_fresh = false;
    part->start = offset;
    pthread_mutex_unlock(&self->lock);
}

static void rewind_to(aurora__kafka *self, const rd_kafka_message_t *message, int32_t topic)
{
    aurora_bus_position position = {topic, message->partition, message->offset};
    aurora__kafka_seek(self, &position, 1);
}

/* Takes the message over; false where memory is short, and it will come again. */
static bool take(aurora__kafka *self, rd_kafka_message_t *message)
{
    int32_t topic = message->rkt != NULL
                        ? aurora__kafka_topic_find(self, rd_kafka_topic_name(message->rkt))
                        : 0;
    aurora__kafka_part *part = aurora__kafka_part_find(self, topic, message->partition);
    bool is_kept = message->err == RD_KAFKA_RESP_ERR_NO_ERROR && part != NULL && part->is_active;
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR)
        aurora__kafka_fail(self, "kafka: %s", rd_kafka_message_errstr(message));
    if (is_kept) {
        if (part->is_fresh)
            look_at_first(self, part, message->offset);
        if (aurora__kafka_batch_add(self, message, topic) == AURORA_OK)
            return true;
        rewind_to(self, message, topic);
    }
    rd_kafka_message_destroy(message);
    return !is_kept;
}

/* AURORA_ENOMEM where not even one record found memory. */
static aurora_status gather(aurora__kafka *self, int32_t wait_ms, uint32_t limit)
{
    aurora__kafka_consumer *consumer = &self->consumer;
    const aurora__kafka_batch *batch = &consumer->batch;
    int64_t end_ns = aurora__kafka_now_ns() + (int64_t)wait_ms * 1000000;
    int timeout_ms = wait_ms;
    while (batch->count < limit && batch->bytes < BATCH_BYTES_MAX) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(consumer->rk, timeout_ms);
        if (message == NULL)
            break;
        if (!take(self, message))
            return batch->count > 0 ? AURORA_OK : AURORA_ENOMEM;
        int64_t left_ns = end_ns - aurora__kafka_now_ns();
        timeout_ms = batch->count > 0 || left_ns < 0 ? 0 : (int)(left_ns / 1000000);
    }
    return AURORA_OK;
}

/* A client that cannot go on is replaced: after a fatal error, or where a rebalance had no memory
 * to note what it brought. */
static aurora_status replace(aurora__kafka *self)
{
    char reason[256];
    if (!self->consumer.is_short) {
        if (rd_kafka_fatal_error(self->consumer.rk, reason, sizeof reason) ==
            RD_KAFKA_RESP_ERR_NO_ERROR)
            return AURORA_OK;
        aurora__kafka_fail(self, "kafka: the consumer begins anew: %s", reason);
    }
    leave(self);
    aurora_status rc = join(self);
    return rc == AURORA_OK ? AURORA_EIO : rc;
}

aurora_status aurora__kafka_poll(void *argument, int32_t wait_ms, uint32_t limit,
                                 const aurora_bus_record **records_out, uint32_t *count_out)
{
    aurora__kafka *self = argument;
    aurora__kafka_consumer *consumer = &self->consumer;
    *records_out = NULL;
    *count_out = 0;
    wait_ms = wait_ms > 0 ? wait_ms : 0;
    if (consumer->group == NULL || limit == 0)
        return AURORA_EINVAL;
    aurora_status rc = consumer->rk == NULL ? join(self) : AURORA_OK;
    if (rc == AURORA_OK)
        rc = aurora__kafka_batch_begin(self, limit);
    if (rc != AURORA_OK)
        return rc;
    subscribe_ready(self);
    if (consumer->subscribed == 0) {
        wait_for_topics(self, wait_ms);
        subscribe_ready(self);
        wait_ms = 0;
    }
    aurora__kafka_assign_pending(self);
    rc = gather(self, wait_ms, limit);
    if (rc == AURORA_OK && consumer->batch.count == 0)
        rc = replace(self);
    if (consumer->batch.count > 0) {
        atomic_fetch_add_explicit(&self->consumed, consumer->batch.count, memory_order_relaxed);
        aurora__kafka_note_waiting(self);
        aurora__kafka_answered(self);
    }
    *records_out = consumer->batch.records;
    *count_out = consumer->batch.count;
    return rc;
}

/* --- positions -------------------------------------------------------------------------------- */

static aurora__kafka_part *active_part(aurora__kafka *self, const aurora_bus_position *position)
{
    aurora__kafka_part *part = aurora__kafka_part_find(self, position->topic, position->partition);
    return part != NULL && part->is_active && position->next_offset >= 0 ? part : NULL;
}

/* Those that are ours. */
static rd_kafka_topic_partition_list_t *
list_positions(aurora__kafka *self, const aurora_bus_position *positions, uint32_t count)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count);
    for (uint32_t i = 0; i < count; i++) {
        if (active_part(self, &positions[i]) != NULL)
            rd_kafka_topic_partition_list_add(list, self->topic_names[positions[i].topic],
                                              positions[i].partition)
                ->offset = positions[i].next_offset;
    }
    return list;
}

/* Those that are not ours any longer are somebody else's to commit. */
aurora_status aurora__kafka_done(void *argument, const aurora_bus_position *positions,
                                 uint32_t count)
{
    aurora__kafka *self = argument;
    if (self->consumer.rk == NULL)
        return AURORA_EINVAL;
    rd_kafka_topic_partition_list_t *list = list_positions(self, positions, count);
    if (list->cnt > 0)
        rd_kafka_offsets_store(self->consumer.rk, list);
    rd_kafka_topic_partition_list_destroy(list);
    pthread_mutex_lock(&self->lock);
    for (uint32_t i = 0; i < count; i++) {
        aurora__kafka_part *part = active_part(self, &positions[i]);
        if (part != NULL)
            part->done = positions[i].next_offset;
    }
    pthread_mutex_unlock(&self->lock);
    return AURORA_OK;
}

/* Where librdkafka refuses to seek, since the partition does not read yet, it is taken anew. */
static void take_anew(aurora__kafka *self, rd_kafka_topic_partition_list_t *list)
{
    rd_kafka_error_t *error = rd_kafka_incremental_unassign(self->consumer.rk, list);
    rd_kafka_error_destroy(error);
    error = rd_kafka_incremental_assign(self->consumer.rk, list);
    if (error != NULL)
        aurora__kafka_fail(self, "kafka: partitions cannot be rewound: %s",
                           rd_kafka_error_string(error));
    rd_kafka_error_destroy(error);
}

static void seek_list(aurora__kafka *self, rd_kafka_topic_partition_list_t *list)
{
    /* Before 2.1 the time is taken for seconds. */
    int timeout_ms = rd_kafka_version() < 0x02010000 ? SEEK_MS / 1000 : SEEK_MS;
    rd_kafka_error_t *error = rd_kafka_seek_partitions(self->consumer.rk, list, timeout_ms);
    bool has_failed = error != NULL;
    rd_kafka_error_destroy(error);
    for (int i = 0; i < list->cnt; i++)
        has_failed = has_failed || list->elems[i].err != RD_KAFKA_RESP_ERR_NO_ERROR;
    if (has_failed)
        take_anew(self, list);
}

aurora_status aurora__kafka_seek(void *argument, const aurora_bus_position *positions,
                                 uint32_t count)
{
    aurora__kafka *self = argument;
    if (self->consumer.rk == NULL)
        return AURORA_EINVAL;
    rd_kafka_topic_partition_list_t *list = list_positions(self, positions, count);
    if (list->cnt > 0)
        seek_list(self, list);
    rd_kafka_topic_partition_list_destroy(list);
    pthread_mutex_lock(&self->lock);
    for (uint32_t i = 0; i < count; i++) {
        aurora__kafka_part *part = active_part(self, &positions[i]);
        if (part == NULL)
            continue;
        part->start = positions[i].next_offset;
        part->is_fresh = true;
        part->done = -1;
        part->oldest = -1;
    }
    pthread_mutex_unlock(&self->lock);
    return AURORA_OK;
}
