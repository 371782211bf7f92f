/* SPDX-License-Identifier: MIT */
/* The watcher: a thread that sees to topics until all are there, and then asks, each few seconds,
 * whether a broker answers and where the partitions end that we consume. */
#include <signal.h>
#include <time.h>

#include "adapters/bus_kafka/kafka.h"

#define ANSWER_MS 1000
#define WATCH_S 5
#define ENDS_MAX 1024 /* partitions in one question */

/* Until something changed or the time is over; false when the watch ends. */
static bool rest(aurora__kafka *self, int32_t seconds)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += seconds;
    int rc = 0;
    pthread_mutex_lock(&self->lock);
    while (!self->is_stopping && !self->has_new_parts && rc == 0)
        rc = pthread_cond_timedwait(&self->changed, &self->lock, &until);
    self->has_new_parts = false;
    bool is_on = !self->is_stopping;
    pthread_mutex_unlock(&self->lock);
    return is_on;
}

/* --- ends ------------------------------------------------------------------------------------- */

static rd_kafka_topic_partition_list_t *list_parts(aurora__kafka *self, int64_t which)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(16);
    pthread_mutex_lock(&self->lock);
    for (uint32_t i = 0; i < self->consumer.part_count && list->cnt < ENDS_MAX; i++) {
        const aurora__kafka_part *part = &self->consumer.parts[i];
        if (which == RD_KAFKA_OFFSET_BEGINNING && part->low >= 0)
            continue;
        rd_kafka_topic_partition_list_add(list, self->topic_names[part->topic], part->partition)
            ->offset = which;
    }
    pthread_mutex_unlock(&self->lock);
    return list;
}

static void note_parts(aurora__kafka *self, const rd_kafka_topic_partition_list_t *list,
                       int64_t which)
{
    pthread_mutex_lock(&self->lock);
    for (int i = 0; i < list->cnt; i++) {
        const rd_kafka_topic_partition_t *answer = &list->elems[i];
        aurora__kafka_part *part = aurora__kafka_part_find(
            self, aurora__kafka_topic_find(self, answer->topic), answer->partition);
        if (part == NULL || answer->err != RD_KAFKA_RESP_ERR_NO_ERROR || answer->offset < 0)
            continue;
        if (which == RD_KAFKA_OFFSET_BEGINNING)
            part->low = answer->offset;
        else
            aurora__kafka_part_end(part, answer->offset);
    }
    pthread_mutex_unlock(&self->lock);
}

/* `which` end of all partitions: RD_KAFKA_OFFSET_END or RD_KAFKA_OFFSET_BEGINNING. True where
 * there was an answer. */
static bool ask_ends(aurora__kafka *self, int64_t which)
{
    rd_kafka_topic_partition_list_t *list = list_parts(self, which);
    bool is_answered =
        list->cnt > 0 && rd_kafka_offsets_for_times(self->producer.rk, list, ANSWER_MS) ==
                             RD_KAFKA_RESP_ERR_NO_ERROR;
    if (is_answered)
        note_parts(self, list, which);
    rd_kafka_topic_partition_list_destroy(list);
    return is_answered;
}

/* Any topic of ours, since it is there: a small answer. */
static bool ask_anything(aurora__kafka *self)
{
    const struct rd_kafka_metadata *metadata;
    rd_kafka_topic_t *topic =
        rd_kafka_topic_new(self->producer.rk, self->topic_names[AURORA_TOPIC_DEAD_LETTERS], NULL);
    if (topic == NULL)
        return false;
    bool is_answered = rd_kafka_metadata(self->producer.rk, 0, topic, &metadata, ANSWER_MS) ==
                       RD_KAFKA_RESP_ERR_NO_ERROR;
    if (is_answered)
        rd_kafka_metadata_destroy(metadata);
    rd_kafka_topic_destroy(topic);
    return is_answered;
}

static void look_around(aurora__kafka *self)
{
    if (self->producer.rk == NULL)
        return;
    bool is_answered = ask_ends(self, RD_KAFKA_OFFSET_END);
    if (is_answered)
        ask_ends(self, RD_KAFKA_OFFSET_BEGINNING);
    else
        is_answered = ask_anything(self);
    if (is_answered)
        aurora__kafka_answered(self);
}

/* --- the thread ------------------------------------------------------------------------------- */

static bool has_parts(aurora__kafka *self)
{
    pthread_mutex_lock(&self->lock);
    bool has = self->consumer.part_count > 0;
    pthread_mutex_unlock(&self->lock);
    return has;
}

static void *run(void *argument)
{
    aurora__kafka *self = argument;
    bool has_topics = false;
    int32_t rest_s = 0;
    while (rest(self, rest_s)) {
        pthread_mutex_lock(&self->client_lock);
        if (!has_topics)
            has_topics = aurora__kafka_topics_make(self);
        if (has_topics || has_parts(self))
            look_around(self);
        pthread_mutex_unlock(&self->client_lock);
        rest_s = has_topics ? WATCH_S : 1;
    }
    return NULL;
}

/* Signals are the host's: none of them shall be handled on our thread. */
aurora_status aurora__kafka_watch_start(aurora__kafka *self)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    self->has_watcher = pthread_create(&self->watcher, NULL, run, self) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return self->has_watcher ? AURORA_OK : AURORA_ENOMEM;
}

void aurora__kafka_watch_stop(aurora__kafka *self)
{
    if (!self->has_watcher)
        return;
    pthread_mutex_lock(&self->lock);
    self->is_stopping = true;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->lock);
    pthread_join(self->watcher, NULL);
    self->has_watcher = false;
}
