/* SPDX-License-Identifier: MIT */
/* What the group gives us and takes back. A partition is read only once the listener, whose store
 * knows where its effects stand, has said where to begin; until then it belongs to us and rests. */
#include <string.h>

#include "adapters/bus_kafka/kafka.h"

#define COMMITTED_MS 2000

/* --- the list of our partitions --------------------------------------------------------------- */

aurora__kafka_part *aurora__kafka_part_find(aurora__kafka *self, int32_t topic, int32_t partition)
{
    aurora__kafka_consumer *consumer = &self->consumer;
    for (uint32_t i = 0; i < consumer->part_count; i++) {
        if (consumer->parts[i].partition == partition && consumer->parts[i].topic == topic)
            return &consumer->parts[i];
    }
    return NULL;
}

/* Under lock. */
static bool grow(aurora__kafka *self, uint32_t more)
{
    aurora__kafka_consumer *consumer = &self->consumer;
    uint32_t needed = consumer->part_count + more;
    if (needed <= consumer->part_capacity)
        return true;
    aurora__kafka_part *parts = self->allocator.reallocate(self->allocator.self, consumer->parts,
                                                           needed * sizeof *consumer->parts);
    if (parts == NULL)
        return false;
    consumer->parts = parts;
    consumer->part_capacity = needed;
    return true;
}

static void add_parts(aurora__kafka *self, const rd_kafka_topic_partition_list_t *list)
{
    aurora__kafka_consumer *consumer = &self->consumer;
    pthread_mutex_lock(&self->lock);
    consumer->is_short = !grow(self, (uint32_t)list->cnt);
    for (int i = 0; i < list->cnt && !consumer->is_short; i++) {
        int32_t topic = aurora__kafka_topic_find(self, list->elems[i].topic);
        if (topic == 0 || aurora__kafka_part_find(self, topic, list->elems[i].partition) != NULL)
            continue;
        consumer->parts[consumer->part_count++] =
            (aurora__kafka_part){.topic = topic,
                                 .partition = list->elems[i].partition,
                                 .start = -1,
                                 .done = -1,
                                 .low = -1,
                                 .end = -1,
                                 .oldest = -1};
    }
    pthread_mutex_unlock(&self->lock);
}

static void remove_part(aurora__kafka *self, aurora__kafka_part *part)
{
    aurora__kafka_consumer *consumer = &self->consumer;
    pthread_mutex_lock(&self->lock);
    *part = consumer->parts[--consumer->part_count];
    pthread_mutex_unlock(&self->lock);
}

static rd_kafka_topic_partition_t *list_part(const aurora__kafka *self,
                                             rd_kafka_topic_partition_list_t *list, int32_t topic,
                                             int32_t partition)
{
    return rd_kafka_topic_partition_list_add(list, self->topic_names[topic], partition);
}

/* --- where to begin --------------------------------------------------------------------------- */

/* Asks the group for those that the listener leaves to it. */
static aurora_status ask_group(aurora__kafka *self, aurora_bus_position *positions, uint32_t count)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count);
    for (uint32_t i = 0; i < count; i++) {
        if (positions[i].next_offset < 0)
            list_part(self, list, positions[i].topic, positions[i].partition);
    }
    rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
    if (list->cnt > 0)
        code = rd_kafka_committed(self->consumer.rk, list, COMMITTED_MS);
    for (int i = 0; code == RD_KAFKA_RESP_ERR_NO_ERROR && i < list->cnt; i++)
        code = list->elems[i].err;
    for (uint32_t i = 0, at = 0; code == RD_KAFKA_RESP_ERR_NO_ERROR && i < count; i++) {
        if (positions[i].next_offset >= 0)
            continue;
        int64_t offset = list->elems[at++].offset;
        positions[i].next_offset = offset >= 0 ? offset : RD_KAFKA_OFFSET_BEGINNING;
    }
    rd_kafka_topic_partition_list_destroy(list);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
        return AURORA_OK;
    aurora__kafka_fail(self, "kafka: group %s does not say where it stands: %s",
                       self->consumer.group, rd_kafka_err2str(code));
    return AURORA_EIO;
}

static uint32_t fill_pending(aurora__kafka *self, aurora_bus_position *positions)
{
    const aurora__kafka_consumer *consumer = &self->consumer;
    uint32_t count = 0;
    for (uint32_t i = 0; i < consumer->part_count; i++) {
        if (consumer->parts[i].is_active)
            continue;
        if (positions != NULL)
            positions[count] = (aurora_bus_position){.topic = consumer->parts[i].topic,
                                                     .partition = consumer->parts[i].partition,
                                                     .next_offset = -1};
        count++;
    }
    return count;
}

static void activate(aurora__kafka *self, const aurora_bus_position *position)
{
    pthread_mutex_lock(&self->lock);
    aurora__kafka_part *part = aurora__kafka_part_find(self, position->topic, position->partition);
    part->start = position->next_offset;
    part->is_active = true;
    part->is_fresh = true;
    self->has_new_parts = true;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->lock);
}

/* Adds to `list` what may be read from now on; the rest stays pending. */
static void ask_listener(aurora__kafka *self, rd_kafka_topic_partition_list_t *list)
{
    uint32_t count = fill_pending(self, NULL);
    if (count == 0)
        return;
    aurora_bus_position *positions =
        self->allocator.allocate(self->allocator.self, count * sizeof *positions);
    if (positions == NULL)
        return;
    fill_pending(self, positions);
    const aurora_bus_listener *listener = &self->consumer.listener;
    aurora_status rc = listener->assigned(listener->self, positions, count);
    if (rc != AURORA_OK)
        aurora__kafka_fail(self, "kafka: %u partitions wait for the store: %s", count,
                           aurora_status_name(rc));
    else
        rc = ask_group(self, positions, count);
    for (uint32_t i = 0; rc == AURORA_OK && i < count; i++) {
        list_part(self, list, positions[i].topic, positions[i].partition)->offset =
            positions[i].next_offset;
        activate(self, &positions[i]);
    }
    self->allocator.release(self->allocator.self, positions);
}

/* --- changes ---------------------------------------------------------------------------------- */

static void check(aurora__kafka *self, const char *what, rd_kafka_error_t *error)
{
    if (error == NULL)
        return;
    aurora__kafka_fail(self, "kafka: %s: %s", what, rd_kafka_error_string(error));
    rd_kafka_error_destroy(error);
}

void aurora__kafka_assign_pending(aurora__kafka *self)
{
    if (fill_pending(self, NULL) == 0)
        return;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(16);
    ask_listener(self, list);
    if (list->cnt > 0)
        check(self, "partitions cannot be taken",
              rd_kafka_incremental_assign(self->consumer.rk, list));
    rd_kafka_topic_partition_list_destroy(list);
}

/* An empty list also ends the rebalance for the group. */
static void assign(aurora__kafka *self, rd_kafka_t *rk, rd_kafka_topic_partition_list_t *given)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(16);
    add_parts(self, given);
    if (!self->consumer.is_leaving)
        ask_listener(self, list);
    check(self, "partitions cannot be taken", rd_kafka_incremental_assign(rk, list));
    rd_kafka_topic_partition_list_destroy(list);
}

/* The listener hears of the partitions in `list` that it had let begin. */
static void tell_revoked(aurora__kafka *self, const rd_kafka_topic_partition_list_t *list,
                         bool is_lost)
{
    const aurora_bus_listener *listener = &self->consumer.listener;
    aurora_bus_position position;
    uint32_t count = 0;
    if (list->cnt == 0 || listener->revoked == NULL)
        return;
    aurora_bus_position *positions =
        self->allocator.allocate(self->allocator.self, (size_t)list->cnt * sizeof *positions);
    for (int i = 0; i < list->cnt; i++) {
        const aurora__kafka_part *part = aurora__kafka_part_find(
            self, aurora__kafka_topic_find(self, list->elems[i].topic), list->elems[i].partition);
        if (part == NULL)
            continue;
        position = (aurora_bus_position){part->topic, part->partition,
                                         part->done >= 0 ? part->done : part->start};
        if (positions != NULL)
            positions[count++] = position;
        else /* without memory they are told one by one */
            listener->revoked(listener->self, &position, 1, is_lost);
    }
    if (positions != NULL)
        listener->revoked(listener->self, positions, count, is_lost);
    self->allocator.release(self->allocator.self, positions);
}

/* The listener is told first: what it reports as done then is committed with the giving back. */
static void revoke(aurora__kafka *self, rd_kafka_t *rk, rd_kafka_topic_partition_list_t *taken,
                   bool is_lost)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(16);
    for (int i = 0; i < taken->cnt; i++) {
        int32_t topic = aurora__kafka_topic_find(self, taken->elems[i].topic);
        const aurora__kafka_part *part =
            aurora__kafka_part_find(self, topic, taken->elems[i].partition);
        if (part != NULL && part->is_active)
            list_part(self, list, topic, part->partition);
    }
    tell_revoked(self, list, is_lost);
    for (int i = 0; i < taken->cnt; i++) {
        aurora__kafka_part *part = aurora__kafka_part_find(
            self, aurora__kafka_topic_find(self, taken->elems[i].topic), taken->elems[i].partition);
        if (part != NULL)
            remove_part(self, part);
    }
    aurora__kafka_batch_sift(self);
    check(self, "partitions cannot be given back", rd_kafka_incremental_unassign(rk, list));
    rd_kafka_topic_partition_list_destroy(list);
}

void aurora__kafka_parts_drop(aurora__kafka *self)
{
    aurora__kafka_consumer *consumer = &self->consumer;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(16);
    for (uint32_t i = 0; i < consumer->part_count; i++) {
        if (consumer->parts[i].is_active)
            list_part(self, list, consumer->parts[i].topic, consumer->parts[i].partition);
    }
    tell_revoked(self, list, true);
    pthread_mutex_lock(&self->lock);
    consumer->part_count = 0;
    pthread_mutex_unlock(&self->lock);
    rd_kafka_topic_partition_list_destroy(list);
}

void aurora__kafka_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t code,
                             rd_kafka_topic_partition_list_t *list, void *argument)
{
    const aurora__kafka_voice *voice = argument;
    aurora__kafka *self = voice->bus;
    atomic_fetch_add_explicit(&self->rebalances, 1, memory_order_relaxed);
    aurora__kafka_answered(self);
    if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
        self->consumer.was_assigned = true;
        assign(self, rk, list);
    } else if (code == RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS) {
        revoke(self, rk, list, rd_kafka_assignment_lost(rk) != 0);
    } else {
        aurora__kafka_fail(self, "kafka: a rebalance failed: %s", rd_kafka_err2str(code));
        aurora__kafka_parts_drop(self);
        aurora__kafka_batch_sift(self);
        rd_kafka_assign(rk, NULL);
    }
}
