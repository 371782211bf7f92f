/* SPDX-License-Identifier: MIT */
#include "adapters/bus_kafka/bus_kafka.h"

#include <string.h>
#include <unistd.h>

#include "adapters/bus_kafka/kafka.h"
#include "adapters/bus_kafka/settings.h"

#define FLUSH_MS 1000

/* --- the port --------------------------------------------------------------------------------- */

/* A queue keeps the wish to yield until somebody waits on it. */
static void wake(void *argument)
{
    aurora__kafka *self = argument;
    pthread_mutex_lock(&self->lock);
    self->is_woken = true;
    pthread_cond_broadcast(&self->changed);
    if (self->consumer.queue != NULL)
        rd_kafka_queue_yield(self->consumer.queue);
    if (self->producer.rk != NULL) {
        rd_kafka_queue_t *queue = rd_kafka_queue_get_main(self->producer.rk);
        rd_kafka_queue_yield(queue);
        rd_kafka_queue_destroy(queue);
    }
    pthread_mutex_unlock(&self->lock);
}

static void free_memory(aurora__kafka *self)
{
    aurora_allocator allocator = self->allocator;
    aurora__kafka_batch_free(self);
    allocator.release(allocator.self, self->consumer.parts);
    allocator.release(allocator.self, self->consumer.group);
    allocator.release(allocator.self, self->producer.flights);
    allocator.release(allocator.self, self);
}

/* librdkafka's threads do not exist in a forked child: its clients are left as they are. */
static void close_bus(void *argument)
{
    aurora__kafka *self = argument;
    if (self->pid != getpid()) {
        free_memory(self);
        return;
    }
    aurora__kafka_watch_stop(self);
    aurora__kafka_unsubscribe(self);
    aurora__kafka_producer_close(self, FLUSH_MS);
    if (self->producer_conf != NULL)
        rd_kafka_conf_destroy(self->producer_conf);
    if (self->consumer_conf != NULL)
        rd_kafka_conf_destroy(self->consumer_conf);
    aurora__kafka_voice_close(self);
    pthread_cond_destroy(&self->changed);
    pthread_mutex_destroy(&self->report_lock);
    pthread_mutex_destroy(&self->lock);
    pthread_mutex_destroy(&self->client_lock);
    free_memory(self);
}

/* --- open ------------------------------------------------------------------------------------- */

/* The consumer is made at `subscribe`; what it has against its settings is to be heard now. */
static aurora_status check_consumer(const aurora__kafka *self, aurora_error *err)
{
    char reason[160];
    rd_kafka_conf_t *conf = rd_kafka_conf_dup(self->consumer_conf);
    rd_kafka_conf_set(conf, "group.id", "check", NULL, 0);
    rd_kafka_conf_set(conf, "bootstrap.servers", "", NULL, 0);
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, reason, sizeof reason);
    if (rk == NULL) {
        rd_kafka_conf_destroy(conf);
        return aurora__kafka_refuse(err, AURORA_EINVAL, "kafka", reason);
    }
    rd_kafka_destroy_flags(rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    return AURORA_OK;
}

static aurora_status configure(aurora__kafka *self, const aurora_bus_options *options,
                               aurora_error *err)
{
    aurora_status rc = aurora__kafka_voice_open(self);
    if (rc == AURORA_OK)
        rc = aurora__kafka_settings_make(options, &self->address, AURORA__KAFKA_PRODUCER,
                                         &self->producer_conf, err);
    if (rc == AURORA_OK)
        rc = aurora__kafka_settings_make(options, &self->address, AURORA__KAFKA_CONSUMER,
                                         &self->consumer_conf, err);
    if (rc != AURORA_OK)
        return rc;
    aurora__kafka_report_attach(self, self->producer_conf);
    aurora__kafka_report_attach(self, self->consumer_conf);
    rd_kafka_conf_set_dr_msg_cb(self->producer_conf, aurora__kafka_delivered);
    rd_kafka_conf_set_rebalance_cb(self->consumer_conf, aurora__kafka_rebalance);
    return options->property_count > 0 ? check_consumer(self, err) : AURORA_OK;
}

static aurora_status new_bus(const aurora_bus_options *options,
                             const aurora__kafka_address *address, aurora__kafka **out)
{
    pthread_condattr_t monotonic;
    aurora__kafka *self = options->allocator->allocate(options->allocator->self, sizeof *self);
    if (self == NULL)
        return AURORA_ENOMEM;
    memset(self, 0, sizeof *self);
    self->allocator = *options->allocator;
    self->log = options->log;
    self->log_self = options->log_self;
    self->pid = getpid();
    self->address = *address;
    aurora__kafka_topics_name(self);
    pthread_mutex_init(&self->client_lock, NULL);
    pthread_mutex_init(&self->lock, NULL);
    pthread_mutex_init(&self->report_lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&self->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    *out = self;
    return AURORA_OK;
}

aurora_status aurora__bus_kafka_open(const aurora_bus_options *options, aurora_bus *out,
                                     aurora_error *err)
{
    aurora__kafka_address address;
    aurora__kafka *self = NULL;
    aurora_status rc = aurora__kafka_address_parse(options->address, &address, err);
    if (rc == AURORA_OK)
        rc = new_bus(options, &address, &self);
    if (rc != AURORA_OK)
        return rc;
    rc = configure(self, options, err);
    bool is_check = (options->flags & AURORA_BUS_CHECK) != 0;
    if (rc == AURORA_OK && is_check) {
        close_bus(self);
        return AURORA_OK;
    }
    if (rc == AURORA_OK)
        rc = aurora__kafka_producer_open(self, err);
    if (rc == AURORA_OK)
        rc = aurora__kafka_watch_start(self);
    if (rc != AURORA_OK) {
        close_bus(self);
        return rc;
    }
    *out = (aurora_bus){.size = sizeof *out,
                        .self = self,
                        .produce = aurora__kafka_produce,
                        .produced = aurora__kafka_produced,
                        .restart = aurora__kafka_restart,
                        .subscribe = aurora__kafka_subscribe,
                        .poll = aurora__kafka_poll,
                        .done = aurora__kafka_done,
                        .seek = aurora__kafka_seek,
                        .unsubscribe = aurora__kafka_unsubscribe,
                        .wake = wake,
                        .figures = aurora__kafka_figures,
                        .lags = aurora__kafka_lags,
                        .close = close_bus};
    return AURORA_OK;
}
