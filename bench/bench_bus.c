/* SPDX-License-Identifier: MIT */
/* What the Kafka bus costs beside a bare loop over librdkafka with the same settings, keys and
 * headers, against the broker of AURORA_TEST_KAFKA (./dev up): messages a second and CPU per
 * message of this process, producing and consuming, in turns; and how long one message takes from
 * produce to its acknowledgement where there is no load. Prints medians and leaves them in
 * var/bench/bus.json.
 *
 * bench_bus [MESSAGES], by default 100000 */
#include <librdkafka/rdkafka.h>

#include <aurora/net.h>
#include <aurora/port/driver.h>

#include "../tests/support/heap.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 5
#define BATCH 500
#define DATA_BYTES 400
#define HEADERS 6
#define PINGS 1000

typedef struct {
    double per_second;
    double cpu_us;
} cost;

static int64_t messages = 100000;
static char prefix[32];
static char topic_name[64];
static char data[DATA_BYTES];
static const aurora_bus_header headers[HEADERS] = {
    {"ce_specversion", "1.0"},
    {"ce_type", "order.created"},
    {"ce_id", "0190f7a4-0000-7000-8000-000000000001-123456"},
    {"ce_source", "/aurora/order/0190f7a4-0000-7000-8000-000000000001"},
    {"ce_time", "2026-01-01T00:00:00.000000Z"},
    {"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}};

static double wall_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static double cpu_us(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static void fail(const char *what, const char *why)
{
    fprintf(stderr, "bench_bus: %s: %s\n", what, why);
    exit(1);
}

static void check(aurora_status rc, const char *what)
{
    if (rc != AURORA_OK)
        fail(what, aurora_status_name(rc));
}

static int compare(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;
    return a < b ? -1 : a > b;
}

static cost cost_since(double wall, double cpu)
{
    double n = (double)messages;
    return (cost){n / ((wall_us() - wall) / 1e6), (cpu_us() - cpu) / n};
}

/* As long and as spread as an order id. */
static uint32_t write_key(int64_t number, char key[40])
{
    return (uint32_t)snprintf(key, 40, "0190f7a4-%04x-7000-8000-%012" PRIx64,
                              (unsigned)(number % 65536), (uint64_t)number);
}

/* --- through the port ------------------------------------------------------------------------- */

static void log_line(void *self, int32_t level, const char *message)
{
    (void)self;
    if (level >= 3)
        fprintf(stderr, "%s\n", message);
}

static aurora_status begin_there(void *self, aurora_bus_position *positions, uint32_t count)
{
    (void)self;
    for (uint32_t i = 0; i < count; i++)
        positions[i].next_offset = 0;
    return AURORA_OK;
}

static void open_bus(aurora_bus *bus, const char *brokers)
{
    char address[256];
    uint32_t count;
    const aurora_driver *drivers = aurora_net_drivers(&count);
    aurora_error err = AURORA_ERROR_INIT;
    aurora_bus_options options = {
        .size = sizeof options, .address = address, .allocator = &heap, .log = log_line};
    snprintf(address, sizeof address, "//%s?prefix=%s", brokers, prefix);
    for (uint32_t i = 0; i < count; i++) {
        if (drivers[i].port != AURORA_PORT_BUS)
            continue;
        if (drivers[i].open_bus(&options, bus, &err) != AURORA_OK)
            fail(err.field, err.message);
        return;
    }
    fail("kafka", "is not built in");
}

static int64_t position;

static void produce_batch(aurora_bus *bus, uint32_t count)
{
    static aurora_bus_message batch[BATCH];
    static char keys[BATCH][40];
    for (uint32_t i = 0; i < count; i++)
        batch[i] = (aurora_bus_message){.topic = AURORA_TOPIC_ORDERS,
                                        .key_len = write_key(position + i, keys[i]),
                                        .key = keys[i],
                                        .data = data,
                                        .data_len = DATA_BYTES,
                                        .header_count = HEADERS,
                                        .headers = headers,
                                        .position = position + i + 1};
    for (uint32_t done = 0; done < count;) {
        uint32_t accepted;
        int64_t safe;
        aurora_status rc = bus->produce(bus->self, batch + done, count - done, &accepted);
        done += accepted;
        if (rc == AURORA_EBUSY)
            check(bus->produced(bus->self, 10, &safe), "produced");
        else
            check(rc, "produce");
    }
    position += count;
}

static void await_safe(aurora_bus *bus)
{
    int64_t safe = 0;
    while (safe < position)
        check(bus->produced(bus->self, 100, &safe), "produced");
}

static cost produce_port(aurora_bus *bus)
{
    double wall = wall_us(), cpu = cpu_us();
    for (int64_t left = messages; left > 0; left -= BATCH)
        produce_batch(bus, left < BATCH ? (uint32_t)left : BATCH);
    await_safe(bus);
    return cost_since(wall, cpu);
}

static cost consume_port(aurora_bus *bus, int round)
{
    const aurora_bus_listener listener = {.assigned = begin_there};
    const int32_t topic = AURORA_TOPIC_ORDERS;
    const aurora_bus_record *records;
    char group[16];
    double wall = 0, cpu = 0;
    int64_t seen = 0;
    snprintf(group, sizeof group, "port%d", round);
    check(bus->subscribe(bus->self, group, &topic, 1, &listener), "subscribe");
    while (seen < messages) {
        uint32_t count;
        check(bus->poll(bus->self, 100, 1000, &records, &count), "poll");
        if (seen == 0 && count > 0)
            wall = wall_us(), cpu = cpu_us();
        seen += count;
    }
    cost spent = cost_since(wall, cpu);
    check(bus->unsubscribe(bus->self), "unsubscribe");
    return spent;
}

static void ping(aurora_bus *bus, double *p50_ms, double *p99_ms)
{
    static double took[PINGS];
    for (int i = 0; i < PINGS; i++) {
        const struct timespec pause = {0, 3000000};
        double begin = wall_us();
        produce_batch(bus, 1);
        await_safe(bus);
        took[i] = (wall_us() - begin) / 1e3;
        nanosleep(&pause, NULL);
    }
    qsort(took, PINGS, sizeof *took, compare);
    *p50_ms = took[PINGS / 2];
    *p99_ms = took[PINGS * 99 / 100];
}

/* --- bare ------------------------------------------------------------------------------------- */

static int64_t delivered;

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *message, void *argument)
{
    (void)rk;
    (void)argument;
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR)
        fail("bare", rd_kafka_err2str(message->err));
    delivered++;
}

static rd_kafka_t *bare_client(rd_kafka_type_t kind, const char *brokers,
                               const char *const (*properties)[2])
{
    char reason[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", brokers, NULL, 0);
    for (; (*properties)[0] != NULL; properties++) {
        if (rd_kafka_conf_set(conf, (*properties)[0], (*properties)[1], reason, sizeof reason) !=
            RD_KAFKA_CONF_OK)
            fail("bare", reason);
    }
    if (kind == RD_KAFKA_PRODUCER)
        rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    rd_kafka_t *rk = rd_kafka_new(kind, conf, reason, sizeof reason);
    if (rk == NULL)
        fail("bare", reason);
    return rk;
}

static rd_kafka_t *bare_producer(const char *brokers)
{
    static const char *const properties[][2] = {{"enable.idempotence", "true"},
                                                {"acks", "all"},
                                                {"partitioner", "murmur2_random"},
                                                {"linger.ms", "0.5"},
                                                {"compression.type", "lz4"},
                                                {"batch.size", "262144"},
                                                {"queue.buffering.max.messages", "10000"},
                                                {"queue.buffering.max.kbytes", "8192"},
                                                {"socket.nagle.disable", "true"},
                                                {NULL, NULL}};
    return bare_client(RD_KAFKA_PRODUCER, brokers, properties);
}

static cost produce_bare(rd_kafka_t *rk, rd_kafka_topic_t *topic)
{
    double wall = wall_us(), cpu = cpu_us();
    delivered = 0;
    for (int64_t i = 0; i < messages; i++) {
        char key[40];
        uint32_t key_length = write_key(i, key);
        rd_kafka_headers_t *list = rd_kafka_headers_new(HEADERS);
        for (int h = 0; h < HEADERS; h++)
            rd_kafka_header_add(list, headers[h].name, -1, headers[h].value, -1);
        while (rd_kafka_producev(
                   rk, RD_KAFKA_V_RKT(topic), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                   RD_KAFKA_V_KEY(key, key_length), RD_KAFKA_V_VALUE(data, DATA_BYTES),
                   RD_KAFKA_V_HEADERS(list), RD_KAFKA_V_END) == RD_KAFKA_RESP_ERR__QUEUE_FULL)
            rd_kafka_poll(rk, 10);
        if (i % BATCH == 0)
            rd_kafka_poll(rk, 0);
    }
    while (delivered < messages)
        rd_kafka_poll(rk, 100);
    return cost_since(wall, cpu);
}

static cost consume_bare(const char *brokers, int round)
{
    char group[64];
    snprintf(group, sizeof group, "%s-bare%d", prefix, round);
    const char *const properties[][2] = {{"group.id", group},
                                         {"auto.offset.reset", "earliest"},
                                         {"enable.auto.offset.store", "false"},
                                         {"partition.assignment.strategy", "cooperative-sticky"},
                                         {NULL, NULL}};
    rd_kafka_t *rk = bare_client(RD_KAFKA_CONSUMER, brokers, properties);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic_name, RD_KAFKA_PARTITION_UA);
    rd_kafka_poll_set_consumer(rk);
    rd_kafka_subscribe(rk, list);
    rd_kafka_topic_partition_list_destroy(list);
    double wall = 0, cpu = 0;
    for (int64_t seen = 0; seen < messages;) {
        rd_kafka_headers_t *read;
        rd_kafka_message_t *message = rd_kafka_consumer_poll(rk, 100);
        if (message == NULL)
            continue;
        if (seen == 0)
            wall = wall_us(), cpu = cpu_us();
        if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
            rd_kafka_message_headers(message, &read);
            seen++;
        }
        rd_kafka_message_destroy(message);
    }
    cost spent = cost_since(wall, cpu);
    rd_kafka_consumer_close(rk);
    rd_kafka_destroy(rk);
    return spent;
}

/* --- the whole -------------------------------------------------------------------------------- */

static cost median(const cost *rounds)
{
    double rates[ROUNDS], cpus[ROUNDS];
    for (int i = 0; i < ROUNDS; i++)
        rates[i] = rounds[i].per_second, cpus[i] = rounds[i].cpu_us;
    qsort(rates, ROUNDS, sizeof *rates, compare);
    qsort(cpus, ROUNDS, sizeof *cpus, compare);
    return (cost){rates[ROUNDS / 2], cpus[ROUNDS / 2]};
}

static void delete_topics(rd_kafka_t *rk)
{
    static const char *const nouns[] = {"orders",   "inventory", "payments",
                                        "products", "views",     "dlq"};
    rd_kafka_DeleteTopic_t *topics[6];
    rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
    for (int i = 0; i < 6; i++) {
        char name[64];
        snprintf(name, sizeof name, "%s.%s.v1", prefix, nouns[i]);
        topics[i] = rd_kafka_DeleteTopic_new(name);
    }
    rd_kafka_DeleteTopics(rk, topics, 6, NULL, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, 10000);
    if (event != NULL)
        rd_kafka_event_destroy(event);
    rd_kafka_DeleteTopic_destroy_array(topics, 6);
    rd_kafka_queue_destroy(queue);
}

static void report(const cost *produce, const cost *consume, double p50_ms, double p99_ms)
{
    const char *path = getenv("AURORA_BENCH_JSON");
    FILE *file = path != NULL ? fopen(path, "w") : NULL;
    printf("%-10s %12s %12s %8s\n", "", "bus", "bare", "ratio");
    printf("%-10s %10.0f/s %10.0f/s %7.2f\n", "produce", produce[0].per_second,
           produce[1].per_second, produce[0].per_second / produce[1].per_second);
    printf("%-10s %9.2f us %9.2f us %7.2f\n", "  CPU", produce[0].cpu_us, produce[1].cpu_us,
           produce[0].cpu_us / produce[1].cpu_us);
    printf("%-10s %10.0f/s %10.0f/s %7.2f\n", "consume", consume[0].per_second,
           consume[1].per_second, consume[0].per_second / consume[1].per_second);
    printf("%-10s %9.2f us %9.2f us %7.2f\n", "  CPU", consume[0].cpu_us, consume[1].cpu_us,
           consume[0].cpu_us / consume[1].cpu_us);
    printf("idle, produce to acknowledged: p50 %.2f ms, p99 %.2f ms\n", p50_ms, p99_ms);
    if (file == NULL)
        return;
    fprintf(file,
            "{\"produce_per_second\":%.0f,\"bare_produce_per_second\":%.0f,"
            "\"produce_cpu_us\":%.2f,\"bare_produce_cpu_us\":%.2f,"
            "\"consume_per_second\":%.0f,\"bare_consume_per_second\":%.0f,"
            "\"consume_cpu_us\":%.2f,\"bare_consume_cpu_us\":%.2f,"
            "\"idle_ack_p50_ms\":%.2f,\"idle_ack_p99_ms\":%.2f}\n",
            produce[0].per_second, produce[1].per_second, produce[0].cpu_us, produce[1].cpu_us,
            consume[0].per_second, consume[1].per_second, consume[0].cpu_us, consume[1].cpu_us,
            p50_ms, p99_ms);
    fclose(file);
}

int main(int argc, char **argv)
{
    const char *brokers = getenv("AURORA_TEST_KAFKA");
    cost produced[2][ROUNDS], consumed[2][ROUNDS];
    double p50_ms, p99_ms;
    aurora_bus bus;
    if (brokers == NULL)
        fail("AURORA_TEST_KAFKA", "is not set (./dev up)");
    if (argc > 1)
        messages = strtoll(argv[1], NULL, 10);
    memset(data, 'x', sizeof data);
    for (int i = 0; i < DATA_BYTES; i += 3)
        data[i] = (char)('a' + i * 7 % 26);
    snprintf(prefix, sizeof prefix, "bench%d", (int)getpid());
    snprintf(topic_name, sizeof topic_name, "%s.orders.v1", prefix);
    open_bus(&bus, brokers);
    produce_batch(&bus, BATCH); /* once the topics are there */
    await_safe(&bus);
    rd_kafka_t *rk = bare_producer(brokers);
    rd_kafka_topic_t *topic = rd_kafka_topic_new(rk, topic_name, NULL);
    produce_bare(rk, topic);
    ping(&bus, &p50_ms, &p99_ms);
    for (int i = 0; i < ROUNDS; i++) {
        produced[0][i] = produce_port(&bus);
        produced[1][i] = produce_bare(rk, topic);
        consumed[0][i] = consume_port(&bus, i);
        consumed[1][i] = consume_bare(brokers, i);
    }
    const cost produce[] = {median(produced[0]), median(produced[1])};
    const cost consume[] = {median(consumed[0]), median(consumed[1])};
    report(produce, consume, p50_ms, p99_ms);
    bus.close(bus.self);
    delete_topics(rk);
    rd_kafka_topic_destroy(topic);
    rd_kafka_destroy(rk);
    return 0;
}
