/* SPDX-License-Identifier: MIT */
/* Messages are numbered as they are handed over. A ring keeps what is known of each until all
 * before it are acknowledged: so the safe position is the end of a prefix, whatever partitions
 * answer first. One failure ends this client's life; the relay begins again at its cursor. */
#include <string.h>

#include "adapters/bus_kafka/kafka.h"
#include "adapters/bus_kafka/settings.h"

/* --- reports ---------------------------------------------------------------------------------- */

static void advance(aurora__kafka_producer *producer)
{
    while (producer->first < producer->next) {
        const aurora__kafka_flight *flight =
            &producer->flights[producer->first % producer->capacity];
        if (!flight->is_acknowledged)
            return;
        if (flight->position > 0)
            producer->safe = flight->position;
        producer->first++;
    }
}

void aurora__kafka_delivered(rd_kafka_t *rk, const rd_kafka_message_t *message, void *argument)
{
    const aurora__kafka_voice *voice = argument;
    aurora__kafka *self = voice->bus;
    aurora__kafka_producer *producer = &self->producer;
    uint64_t number = (uint64_t)(uintptr_t)message->_private;
    aurora__kafka_flight *flight = &producer->flights[number % producer->capacity];
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        atomic_fetch_add_explicit(&self->produce_failures, 1, memory_order_relaxed);
        if (!producer->is_failed)
            aurora__kafka_fail(self, "kafka: a message for %s was not delivered: %s",
                               rd_kafka_topic_name(message->rkt), rd_kafka_err2str(message->err));
        producer->is_failed = true;
        return;
    }
    (void)rk;
    int64_t now_ns = aurora__kafka_now_ns();
    flight->is_acknowledged = true;
    atomic_fetch_add_explicit(&self->produced, 1, memory_order_relaxed);
    atomic_store_explicit(&self->produce_latency_us, (now_ns - flight->at_ns) / 1000,
                          memory_order_relaxed);
    atomic_store_explicit(&self->answered_ns, now_ns, memory_order_relaxed);
    advance(producer);
}

/* A fatal error may come without a failed message. */
static void look_for_fatal(aurora__kafka *self)
{
    char reason[256];
    if (self->producer.is_failed ||
        rd_kafka_fatal_error(self->producer.rk, reason, sizeof reason) ==
            RD_KAFKA_RESP_ERR_NO_ERROR)
        return;
    self->producer.is_failed = true;
    atomic_fetch_add_explicit(&self->produce_failures, 1, memory_order_relaxed);
    aurora__kafka_fail(self, "kafka: the producer cannot go on: %s", reason);
}

/* --- handing over ----------------------------------------------------------------------------- */

static bool is_valid(const aurora__kafka_producer *producer, const aurora_bus_message *message)
{
    if (message->topic <= 0 || message->topic >= AURORA_TOPIC_COUNT || message->key == NULL ||
        message->key_len == 0 || message->header_count > AURORA_BUS_HEADERS_MAX)
        return false;
    if (message->data_len > AURORA__KAFKA_DATA_BYTES_MAX ||
        (message->data == NULL && message->data_len > 0))
        return false;
    return message->position == 0 || message->position > producer->produced;
}

/* NULL without memory. */
static rd_kafka_headers_t *make_headers(const aurora_bus_message *message)
{
    rd_kafka_headers_t *headers = rd_kafka_headers_new(message->header_count);
    for (uint32_t i = 0; headers != NULL && i < message->header_count; i++) {
        const aurora_bus_header *header = &message->headers[i];
        if (rd_kafka_header_add(headers, header->name, -1, header->value, -1) ==
            RD_KAFKA_RESP_ERR_NO_ERROR)
            continue;
        rd_kafka_headers_destroy(headers);
        return NULL;
    }
    return headers;
}

/* A topic's handle makes librdkafka ask for the topic, which some brokers take as a wish to have it
 * made, with their own number of partitions: none before the topic is there. */
static rd_kafka_topic_t *topic_of(aurora__kafka *self, int32_t topic)
{
    aurora__kafka_producer *producer = &self->producer;
    if (producer->topics[topic] == NULL)
        producer->topics[topic] = rd_kafka_topic_new(producer->rk, self->topic_names[topic], NULL);
    return producer->topics[topic];
}

static rd_kafka_resp_err_t hand_over(aurora__kafka *self, const aurora_bus_message *message)
{
    rd_kafka_topic_t *topic = topic_of(self, message->topic);
    rd_kafka_headers_t *headers = topic != NULL ? make_headers(message) : NULL;
    if (headers == NULL)
        return RD_KAFKA_RESP_ERR__QUEUE_FULL;
    rd_kafka_vu_t parts[] = {
        {.vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = topic},
        {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
        {.vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {(void *)message->key, message->key_len}},
        {.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {(void *)message->data, message->data_len}},
        {.vtype = RD_KAFKA_VTYPE_TIMESTAMP, .u.i64 = message->at_ms},
        {.vtype = RD_KAFKA_VTYPE_OPAQUE, .u.ptr = (void *)(uintptr_t)self->producer.next},
        {.vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = headers},
    };
    rd_kafka_error_t *error =
        rd_kafka_produceva(self->producer.rk, parts, sizeof parts / sizeof *parts);
    if (error == NULL)
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    rd_kafka_resp_err_t code = rd_kafka_error_code(error);
    rd_kafka_error_destroy(error);
    rd_kafka_headers_destroy(headers);
    return code;
}

static aurora_status produce_one(aurora__kafka *self, const aurora_bus_message *message)
{
    aurora__kafka_producer *producer = &self->producer;
    if (!is_valid(producer, message))
        return AURORA_EINVAL;
    uint32_t ready = atomic_load_explicit(&self->ready, memory_order_acquire);
    if ((ready >> message->topic & 1) == 0 ||
        producer->next - producer->first >= producer->capacity)
        return AURORA_EBUSY;
    rd_kafka_resp_err_t code = hand_over(self, message);
    if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL)
        return AURORA_EBUSY;
    if (code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE)
        return AURORA_EINVAL;
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
        producer->is_failed = true;
        aurora__kafka_fail(self, "kafka: a message for %s was not taken: %s",
                           self->topic_names[message->topic], rd_kafka_err2str(code));
        return AURORA_EIO;
    }
    producer->flights[producer->next % producer->capacity] = (aurora__kafka_flight){
        .position = message->position, .at_ns = aurora__kafka_now_ns(), .is_acknowledged = false};
    producer->next++;
    if (message->position > 0)
        producer->produced = message->position;
    return AURORA_OK;
}

aurora_status aurora__kafka_produce(void *argument, const aurora_bus_message *messages,
                                    uint32_t count, uint32_t *accepted_out)
{
    aurora__kafka *self = argument;
    aurora_status rc = AURORA_OK;
    *accepted_out = 0;
    if (self->producer.rk == NULL)
        return AURORA_EIO;
    rd_kafka_poll(self->producer.rk, 0);
    look_for_fatal(self);
    if (self->producer.is_failed)
        return AURORA_EIO;
    while (rc == AURORA_OK && *accepted_out < count) {
        rc = produce_one(self, &messages[*accepted_out]);
        if (rc == AURORA_OK)
            ++*accepted_out;
    }
    return rc;
}

aurora_status aurora__kafka_produced(void *argument, int32_t wait_ms, int64_t *position_out)
{
    aurora__kafka *self = argument;
    aurora__kafka_producer *producer = &self->producer;
    int64_t end_ns = aurora__kafka_now_ns() + (int64_t)(wait_ms > 0 ? wait_ms : 0) * 1000000;
    *position_out = producer->safe;
    if (producer->rk == NULL)
        return AURORA_EIO;
    /* What librdkafka has to say may be no progress; a wake makes it say nothing. */
    int served;
    do {
        int64_t left_ns = end_ns - aurora__kafka_now_ns();
        bool is_waiting = producer->safe == producer->told && !producer->is_failed && left_ns > 0;
        served = rd_kafka_poll(producer->rk, is_waiting ? (int)((left_ns + 999999) / 1000000) : 0);
        look_for_fatal(self);
    } while (served > 0 && producer->safe == producer->told && !producer->is_failed);
    producer->told = producer->safe;
    *position_out = producer->safe;
    return producer->is_failed ? AURORA_EIO : AURORA_OK;
}

/* --- life ------------------------------------------------------------------------------------- */

static rd_kafka_t *new_client(aurora__kafka *self, char *reason, size_t capacity)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_dup(self->producer_conf);
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason, capacity);
    if (rk == NULL)
        rd_kafka_conf_destroy(conf);
    return rk;
}

/* Under client_lock. */
static void swap_client(aurora__kafka *self, rd_kafka_t *rk)
{
    pthread_mutex_lock(&self->lock);
    self->producer.rk = rk;
    pthread_mutex_unlock(&self->lock);
}

/* Under client_lock. What is on its way to a broker may still arrive: consumers know positions. */
static void drop_client(aurora__kafka *self)
{
    aurora__kafka_producer *producer = &self->producer;
    rd_kafka_t *rk = producer->rk;
    if (rk == NULL)
        return;
    swap_client(self, NULL);
    rd_kafka_purge(rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT |
                           RD_KAFKA_PURGE_F_NON_BLOCKING);
    for (int32_t i = 0; i < AURORA_TOPIC_COUNT; i++) {
        if (producer->topics[i] != NULL)
            rd_kafka_topic_destroy(producer->topics[i]);
        producer->topics[i] = NULL;
    }
    rd_kafka_destroy(rk);
}

static void begin_at(aurora__kafka_producer *producer, int64_t position)
{
    producer->first = producer->next = 0;
    producer->produced = producer->safe = producer->told = position;
    producer->is_failed = false;
}

aurora_status aurora__kafka_restart(void *argument, int64_t position)
{
    aurora__kafka *self = argument;
    char reason[256];
    pthread_mutex_lock(&self->client_lock);
    drop_client(self);
    rd_kafka_t *rk = new_client(self, reason, sizeof reason);
    swap_client(self, rk);
    begin_at(&self->producer, position);
    pthread_mutex_unlock(&self->client_lock);
    if (rk != NULL)
        return AURORA_OK;
    aurora__kafka_fail(self, "kafka: there is no new producer: %s", reason);
    return AURORA_ENOMEM;
}

aurora_status aurora__kafka_producer_open(aurora__kafka *self, aurora_error *err)
{
    aurora__kafka_producer *producer = &self->producer;
    char reason[160];
    producer->capacity = (uint64_t)aurora__kafka_settings_number(
        self->producer_conf, "queue.buffering.max.messages", 10000);
    producer->flights = self->allocator.allocate(
        self->allocator.self, (size_t)producer->capacity * sizeof *producer->flights);
    if (producer->flights == NULL)
        return AURORA_ENOMEM;
    producer->rk = new_client(self, reason, sizeof reason);
    if (producer->rk == NULL)
        return aurora__kafka_refuse(err, AURORA_EINVAL, "kafka", reason);
    return AURORA_OK;
}

void aurora__kafka_producer_close(aurora__kafka *self, int flush_ms)
{
    aurora__kafka_producer *producer = &self->producer;
    if (producer->rk != NULL && producer->next > producer->first && !producer->is_failed)
        rd_kafka_flush(producer->rk, flush_ms);
    pthread_mutex_lock(&self->client_lock);
    drop_client(self);
    pthread_mutex_unlock(&self->client_lock);
}
