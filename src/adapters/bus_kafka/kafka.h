/* SPDX-License-Identifier: MIT */
/* The parts of one open bus. Three threads meet here: the producing caller, the consuming caller,
 * and one of ours, the watcher, which makes topics and asks for the ends of partitions. Each part
 * says whose its fields are; what two threads share is under `lock` or atomic. */
#ifndef AURORA_ADAPTERS_BUS_KAFKA_KAFKA_H
#define AURORA_ADAPTERS_BUS_KAFKA_KAFKA_H

#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "adapters/bus_kafka/address.h"

#include <aurora/port/bus.h>

#define AURORA__KAFKA_TOPIC_BYTES 160
#define AURORA__KAFKA_DATA_BYTES_MAX ((size_t)1024 * 1024)
#define AURORA__KAFKA_REPEATS 16

typedef struct aurora__kafka aurora__kafka;

/* --- what is said (report.c) ---------------------------------------------------------------- */

/* What librdkafka's callbacks get: a client may take longer to end than the bus that it belongs to,
 * and then speaks to nobody. */
typedef struct {
    pthread_mutex_t lock;
    pthread_cond_t ended; /* a client is gone */
    aurora__kafka *bus;   /* NULL = closed */
    uint32_t holders;     /* the bus, and clients that end */
} aurora__kafka_voice;

typedef struct {
    uint64_t hash; /* of a line */
    int64_t said_ns;
    uint32_t unsaid; /* times since */
} aurora__kafka_repeat;

/* --- producing (producer.c): the producing caller's, but for `rk` ---------------------------- */

/* A message between produce and its report. */
typedef struct {
    int64_t position; /* 0 = of no log */
    int64_t at_ns;
    bool is_acknowledged;
} aurora__kafka_flight;

typedef struct {
    rd_kafka_t *rk;                               /* changed under client_lock and lock */
    rd_kafka_topic_t *topics[AURORA_TOPIC_COUNT]; /* made at first use */
    aurora__kafka_flight *flights;                /* a ring: message n at n % capacity */
    uint64_t capacity;
    uint64_t first;   /* the oldest message without a report; all before it are acknowledged */
    uint64_t next;    /* the number of the next message */
    int64_t produced; /* the newest position that was handed over */
    int64_t safe;     /* the end of the acknowledged prefix */
    int64_t told;     /* `safe` as `produced` last told it */
    bool is_failed;   /* until restart */
} aurora__kafka_producer;

/* --- consuming (consumer.c, rebalance.c, batch.c): the consuming caller's ------------------- */

/* A partition that the group gave us. The caller writes under `lock` and reads without; the others
 * read, and write `low` and `end`, under `lock`. */
typedef struct {
    int32_t topic;
    int32_t partition;
    bool is_active;   /* the listener said where to begin; else it is asked again */
    bool is_fresh;    /* no record yet since `start` was set */
    int64_t start;    /* where reading began, RD_KAFKA_OFFSET_BEGINNING where nothing is known */
    int64_t done;     /* -1 = nothing since */
    int64_t low, end; /* as the brokers last said, -1 = not yet */
    /* For its lag in time: the oldest record that was given out and has no effect yet, or, where
     * its effect is there, one that is older than the next; and when nothing was behind. */
    int64_t oldest; /* -1 = none was given out */
    int64_t oldest_at_ms;
    int64_t level_at_ms; /* Unix time; 0 = never seen so */
} aurora__kafka_part;

typedef struct aurora__kafka_chunk {
    struct aurora__kafka_chunk *next;
    size_t capacity;
    char bytes[];
} aurora__kafka_chunk;

/* What one poll gives out. */
typedef struct {
    rd_kafka_message_t **messages; /* kept for their headers */
    aurora_bus_record *records;
    uint32_t count;
    uint32_t capacity;
    aurora__kafka_chunk *chunks; /* the newest first */
    size_t used;                 /* of the newest */
    size_t bytes;                /* of all */
} aurora__kafka_batch;

typedef struct {
    rd_kafka_t *rk; /* NULL = not subscribed; changed under client_lock and lock */
    rd_kafka_queue_t *queue;
    char *group;
    uint32_t wanted;     /* topics, a bit each */
    uint32_t subscribed; /* those of them that were there, so that the group is asked for them */
    aurora_bus_listener listener;
    aurora__kafka_part *parts;
    uint32_t part_count;
    uint32_t part_capacity;
    bool is_short; /* of memory in a rebalance: joins again */
    bool is_leaving;
    bool was_assigned; /* the group has given us something, or nothing, since we joined */
    aurora__kafka_batch batch;
} aurora__kafka_consumer;

/* --- topics (topics.c, watch.c): the watcher's, but for `ready` ----------------------------- */

struct aurora__kafka {
    aurora_allocator allocator;
    void (*log)(void *self, int32_t level, const char *message);
    void *log_self;
    aurora__kafka_voice *voice;
    pid_t pid; /* whose threads librdkafka's are */
    aurora__kafka_address address;
    rd_kafka_conf_t *producer_conf; /* templates */
    rd_kafka_conf_t *consumer_conf;
    char topic_names[AURORA_TOPIC_COUNT][AURORA__KAFKA_TOPIC_BYTES];

    /* Held while a client is used by the watcher, or made or destroyed by its caller; taken before
     * `lock`. */
    pthread_mutex_t client_lock;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* under lock: topics became ready, parts were given, wake, stop */
    bool is_stopping;
    bool is_woken; /* a poll that waits for its topics shall return */
    bool has_new_parts;
    pthread_t watcher;
    bool has_watcher;
    _Atomic uint32_t ready; /* topics that are there, a bit each */

    aurora__kafka_producer producer;
    aurora__kafka_consumer consumer;

    /* Figures. */
    _Atomic uint64_t produced, produce_failures, consumed, rebalances;
    _Atomic int64_t produce_latency_us;
    _Atomic int64_t answered_ns; /* when a broker last answered */
    char last_error[256];        /* under lock */
    pthread_mutex_t report_lock;
    aurora__kafka_repeat repeats[AURORA__KAFKA_REPEATS]; /* under report_lock */
};

/* --- report.c ------------------------------------------------------------------------------- */

int64_t aurora__kafka_now_ns(void);
/* Logs a line, unless the same was said in the last 10 seconds. Any thread. */
void aurora__kafka_say(aurora__kafka *self, int32_t level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The newest failure, which is logged too. Any thread. */
void aurora__kafka_fail(aurora__kafka *self, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A broker answered. */
void aurora__kafka_answered(aurora__kafka *self);
void aurora__kafka_figures(void *argument, aurora_bus_figures *out);
/* Has librdkafka's log and errors told by us. */
void aurora__kafka_report_attach(aurora__kafka *self, rd_kafka_conf_t *conf);

/* --- lag.c ---------------------------------------------------------------------------------- */

/* Under lock: how far a partition's effects are behind its end, -1 where that is not known. */
int64_t aurora__kafka_part_lag(const aurora__kafka_part *part);
/* Under lock: a broker said where it ends. */
void aurora__kafka_part_end(aurora__kafka_part *part, int64_t end);
/* Notes of a batch which records wait in it. The consuming caller's. */
void aurora__kafka_note_waiting(aurora__kafka *self);
uint32_t aurora__kafka_lags(void *argument, aurora_bus_lag *lags_out, uint32_t capacity);

/* --- voice.c -------------------------------------------------------------------------------- */

aurora_status aurora__kafka_voice_open(aurora__kafka *self);
/* Nothing is said from now on. */
void aurora__kafka_voice_close(aurora__kafka *self);
/* Destroys a consumer; where that takes long, since it waits for a broker, behind the caller's
 * back. */
void aurora__kafka_end(aurora__kafka *self, rd_kafka_t *rk);

/* --- topics.c ------------------------------------------------------------------------------- */

/* Writes the names of all topics. */
void aurora__kafka_topics_name(aurora__kafka *self);
/* AURORA_TOPIC_... of a name, 0 = none of ours. */
int32_t aurora__kafka_topic_find(const aurora__kafka *self, const char *name);
/* Looks which topics are there and makes those that are missing; true when all are there. Holds
 * client_lock. The watcher's. */
bool aurora__kafka_topics_make(aurora__kafka *self);

/* --- watch.c -------------------------------------------------------------------------------- */

aurora_status aurora__kafka_watch_start(aurora__kafka *self);
void aurora__kafka_watch_stop(aurora__kafka *self);

/* --- producer.c ----------------------------------------------------------------------------- */

aurora_status aurora__kafka_producer_open(aurora__kafka *self, aurora_error *err);
/* Flushes for at most flush_ms. */
void aurora__kafka_producer_close(aurora__kafka *self, int flush_ms);
aurora_status aurora__kafka_produce(void *argument, const aurora_bus_message *messages,
                                    uint32_t count, uint32_t *accepted_out);
aurora_status aurora__kafka_produced(void *argument, int32_t wait_ms, int64_t *position_out);
aurora_status aurora__kafka_restart(void *argument, int64_t position);
/* What a message's report is. */
void aurora__kafka_delivered(rd_kafka_t *rk, const rd_kafka_message_t *message, void *argument);

/* --- consumer.c ----------------------------------------------------------------------------- */

aurora_status aurora__kafka_subscribe(void *argument, const char *group, const int32_t *topics,
                                      uint32_t count, const aurora_bus_listener *listener);
aurora_status aurora__kafka_poll(void *argument, int32_t wait_ms, uint32_t limit,
                                 const aurora_bus_record **records_out, uint32_t *count_out);
aurora_status aurora__kafka_done(void *argument, const aurora_bus_position *positions,
                                 uint32_t count);
aurora_status aurora__kafka_seek(void *argument, const aurora_bus_position *positions,
                                 uint32_t count);
aurora_status aurora__kafka_unsubscribe(void *argument);

/* --- rebalance.c ---------------------------------------------------------------------------- */

/* librdkafka's rebalance callback. */
void aurora__kafka_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t code,
                             rd_kafka_topic_partition_list_t *list, void *argument);
/* Asks the listener again about partitions that it had no answer for. */
void aurora__kafka_assign_pending(aurora__kafka *self);
aurora__kafka_part *aurora__kafka_part_find(aurora__kafka *self, int32_t topic, int32_t partition);
/* Forgets all partitions, telling the listener that they are lost where it knew of them. */
void aurora__kafka_parts_drop(aurora__kafka *self);

/* --- batch.c -------------------------------------------------------------------------------- */

/* Makes room for `limit` records. */
aurora_status aurora__kafka_batch_begin(aurora__kafka *self, uint32_t limit);
/* Takes over a message; AURORA_ENOMEM leaves it to the caller. */
aurora_status aurora__kafka_batch_add(aurora__kafka *self, rd_kafka_message_t *message,
                                      int32_t topic);
/* Leaves out the records of partitions that are not ours any longer. */
void aurora__kafka_batch_sift(aurora__kafka *self);
/* Gives the messages back to librdkafka, whose clients cannot close before. */
void aurora__kafka_batch_clear(aurora__kafka *self);
void aurora__kafka_batch_free(aurora__kafka *self);

#endif
