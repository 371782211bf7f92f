/* SPDX-License-Identifier: MIT */
/* Topics are made where they are missing and never changed where they are there: with another
 * number of partitions a key would go on in another partition, beside what it has in the old
 * one. */
#include <stdio.h>
#include <string.h>

#include "adapters/bus_kafka/kafka.h"

#include <aurora/handle.h>

#define METADATA_MS 1000
#define CREATE_MS 10000
#define SLICE_MS 100
#define ALL_TOPICS ((1u << AURORA_TOPIC_COUNT) - 2)

static const struct {
    const char *noun;
    const char *cleanup;
    const char *retention_ms;
    int32_t partitions; /* 0 = as the URL says */
} specs[AURORA_TOPIC_COUNT] = {
    [AURORA_TOPIC_ORDERS] = {"orders.v1", "delete", "2592000000", 0},
    [AURORA_TOPIC_INVENTORY] = {"inventory.v1", "delete", "2592000000", 0},
    [AURORA_TOPIC_PAYMENTS] = {"payments.v1", "delete", "2592000000", 0},
    [AURORA_TOPIC_PRODUCTS] = {"products.v1", "compact", "-1", 0},
    [AURORA_TOPIC_VIEWS] = {"views.v1", "delete", "604800000", 0},
    [AURORA_TOPIC_DEAD_LETTERS] = {"dlq.v1", "delete", "2592000000", 1},
};

void aurora__kafka_topics_name(aurora__kafka *self)
{
    for (int32_t i = 1; i < AURORA_TOPIC_COUNT; i++)
        snprintf(self->topic_names[i], sizeof self->topic_names[i], "%s.%s", self->address.prefix,
                 specs[i].noun);
}

int32_t aurora__kafka_topic_find(const aurora__kafka *self, const char *name)
{
    for (int32_t i = 1; i < AURORA_TOPIC_COUNT; i++) {
        if (strcmp(self->topic_names[i], name) == 0)
            return i;
    }
    return 0;
}

static void set_ready(aurora__kafka *self, int32_t topic)
{
    atomic_fetch_or_explicit(&self->ready, 1u << topic, memory_order_release);
    pthread_mutex_lock(&self->lock);
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->lock);
}

static uint32_t ready(aurora__kafka *self)
{
    return atomic_load_explicit(&self->ready, memory_order_acquire);
}

/* --- looking ---------------------------------------------------------------------------------- */

static int32_t wanted_partitions(const aurora__kafka *self, int32_t topic)
{
    return specs[topic].partitions > 0 ? specs[topic].partitions : self->address.partitions;
}

static void see_topic(aurora__kafka *self, const rd_kafka_metadata_topic_t *seen)
{
    int32_t topic = aurora__kafka_topic_find(self, seen->topic);
    if (topic == 0 || seen->err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
        (ready(self) >> topic & 1) != 0)
        return;
    if (seen->err != RD_KAFKA_RESP_ERR_NO_ERROR && seen->partition_cnt == 0) {
        aurora__kafka_fail(self, "kafka: topic %s cannot be used: %s", seen->topic,
                           rd_kafka_err2str(seen->err));
        return;
    }
    if (seen->partition_cnt != wanted_partitions(self, topic))
        aurora__kafka_say(self, AURORA_LOG_INFO,
                          "kafka: topic %s has %d partitions, and keeps them; new ones get %d",
                          seen->topic, seen->partition_cnt, wanted_partitions(self, topic));
    set_ready(self, topic);
}

/* All topics are asked for, since a question for one by name makes it on some brokers. */
static bool look(aurora__kafka *self)
{
    const struct rd_kafka_metadata *metadata;
    if (self->producer.rk == NULL)
        return false;
    rd_kafka_resp_err_t code =
        rd_kafka_metadata(self->producer.rk, 1, NULL, &metadata, METADATA_MS);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
        aurora__kafka_fail(self, "kafka: %s does not say which topics there are: %s",
                           self->address.brokers, rd_kafka_err2str(code));
        return false;
    }
    aurora__kafka_answered(self);
    for (int i = 0; i < metadata->topic_cnt; i++)
        see_topic(self, &metadata->topics[i]);
    rd_kafka_metadata_destroy(metadata);
    return true;
}

/* --- making ----------------------------------------------------------------------------------- */

static rd_kafka_NewTopic_t *describe(const aurora__kafka *self, int32_t topic)
{
    char reason[128];
    rd_kafka_NewTopic_t *made =
        rd_kafka_NewTopic_new(self->topic_names[topic], wanted_partitions(self, topic),
                              self->address.replication, reason, sizeof reason);
    if (made == NULL)
        return NULL;
    rd_kafka_NewTopic_set_config(made, "cleanup.policy", specs[topic].cleanup);
    rd_kafka_NewTopic_set_config(made, "retention.ms", specs[topic].retention_ms);
    rd_kafka_NewTopic_set_config(made, "max.message.bytes", "2097152");
    if (self->address.replication >= 3)
        rd_kafka_NewTopic_set_config(made, "min.insync.replicas", "2");
    return made;
}

static void read_result(aurora__kafka *self, const rd_kafka_topic_result_t *result)
{
    const char *name = rd_kafka_topic_result_name(result);
    int32_t topic = aurora__kafka_topic_find(self, name);
    rd_kafka_resp_err_t code = rd_kafka_topic_result_error(result);
    const char *reason = rd_kafka_topic_result_error_string(result);
    /* Another instance was faster: its partitions are seen at the next look. */
    if (topic == 0 || code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
        return;
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
        aurora__kafka_fail(self, "kafka: topic %s is missing and cannot be made: %s", name,
                           reason != NULL ? reason : rd_kafka_err2str(code));
        return;
    }
    aurora__kafka_say(self, AURORA_LOG_INFO, "kafka: topic %s is made with %d partitions", name,
                      wanted_partitions(self, topic));
    set_ready(self, topic);
}

static void read_answer(aurora__kafka *self, rd_kafka_event_t *event)
{
    size_t count = 0;
    const rd_kafka_CreateTopics_result_t *answer = rd_kafka_event_CreateTopics_result(event);
    if (rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR || answer == NULL) {
        aurora__kafka_fail(self, "kafka: missing topics cannot be made: %s",
                           rd_kafka_event_error_string(event));
        return;
    }
    const rd_kafka_topic_result_t **results = rd_kafka_CreateTopics_result_topics(answer, &count);
    for (size_t i = 0; i < count; i++)
        read_result(self, results[i]);
}

static bool is_stopping(aurora__kafka *self)
{
    pthread_mutex_lock(&self->lock);
    bool is = self->is_stopping;
    pthread_mutex_unlock(&self->lock);
    return is;
}

/* Waits in slices: who closes the bus does not wait for brokers. */
static void ask(aurora__kafka *self, rd_kafka_NewTopic_t **missing, size_t count)
{
    char reason[128];
    rd_kafka_queue_t *queue = rd_kafka_queue_new(self->producer.rk);
    rd_kafka_AdminOptions_t *options =
        rd_kafka_AdminOptions_new(self->producer.rk, RD_KAFKA_ADMIN_OP_CREATETOPICS);
    rd_kafka_AdminOptions_set_request_timeout(options, CREATE_MS, reason, sizeof reason);
    rd_kafka_CreateTopics(self->producer.rk, missing, count, options, queue);
    rd_kafka_event_t *event = NULL;
    for (int waited = 0; event == NULL && waited < 2 * CREATE_MS && !is_stopping(self);
         waited += SLICE_MS)
        event = rd_kafka_queue_poll(queue, SLICE_MS);
    if (event != NULL) {
        read_answer(self, event);
        rd_kafka_event_destroy(event);
    }
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_queue_destroy(queue);
}

bool aurora__kafka_topics_make(aurora__kafka *self)
{
    rd_kafka_NewTopic_t *missing[AURORA_TOPIC_COUNT];
    size_t count = 0;
    if (!look(self))
        return false;
    for (int32_t i = 1; i < AURORA_TOPIC_COUNT; i++) {
        if ((ready(self) >> i & 1) != 0)
            continue;
        missing[count] = describe(self, i);
        if (missing[count] != NULL)
            count++;
    }
    if (count > 0)
        ask(self, missing, count);
    rd_kafka_NewTopic_destroy_array(missing, count);
    return ready(self) == ALL_TOPICS;
}
