/* SPDX-License-Identifier: MIT */
/* The generator of the cluster benchmark: posts orders over HTTP and sees them completed by reading
 * the topic of orders, so that it measures any system that publishes order.completed by order id.
 *
 *   rate     a closed loop: at most WINDOW orders are on their way; prints those completed a second
 *   alone    one order after another with Prefer: wait; prints p50 and p99 until it is COMPLETED
 *   publish  one order every 50 ms, not waited for; prints how old (by ce_time) order.created is
 *            when it is read from the topic
 *
 * cluster_load MODE PORT KAFKA TOPIC WINDOW SECONDS SKUS HOT; one JSON object on standard
 * output. */
#include <arpa/inet.h>
#include <errno.h>
#include <librdkafka/rdkafka.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS 256
#define SAMPLES_MAX 1000000
#define WARM_UP_S 3.0

typedef struct {
    int fd;
    bool is_busy;
    size_t length;
    char answer[16384];
} connection;

static const char *mode, *kafka, *topic;
static int port, window, sku_count;
static bool is_hot;
static double seconds;
static connection connections[CONNECTIONS];
static uint64_t posted, accepted, refused;
static uint64_t completed; /* atomic: the reader's thread */
static bool is_reading, is_over;
static double samples[SAMPLES_MAX];
static uint32_t sample_count;
static uint64_t random_state = 0x9E3779B97F4A7C15u;
static char first_refusal[200];

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double wall_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void die(const char *what, const char *why)
{
    fprintf(stderr, "cluster_load: %s: %s\n", what, why);
    _exit(1);
}

static uint32_t draw(uint32_t below)
{
    random_state += 0x9E3779B97F4A7C15u;
    uint64_t word = random_state;
    word = (word ^ (word >> 30)) * 0xBF58476D1CE4E5B9u;
    word = (word ^ (word >> 27)) * 0x94D049BB133111EBu;
    return (uint32_t)((word ^ (word >> 31)) % below);
}

static void add_sample(double ms)
{
    if (sample_count < SAMPLES_MAX)
        samples[sample_count++] = ms;
}

/* --- what the topic says ---------------------------------------------------------------------- */

static const char *header(rd_kafka_headers_t *headers, const char *name, char *out, size_t size)
{
    const void *value;
    size_t length;
    if (rd_kafka_header_get_last(headers, name, &value, &length) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return NULL;
    snprintf(out, size, "%.*s", (int)length, (const char *)value);
    return out;
}

/* 2026-01-01T00:00:00.000000Z as seconds. */
static double parse_time(const char *text)
{
    struct tm tm = {0};
    double fraction = 0;
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
    if (rest != NULL && *rest == '.')
        fraction = strtod(rest, NULL);
    return (double)timegm(&tm) + fraction;
}

static void see(const rd_kafka_message_t *message)
{
    rd_kafka_headers_t *headers = NULL;
    char type[64], time[64];
    if (rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return;
    if (header(headers, "ce_type", type, sizeof type) == NULL &&
        header(headers, "type", type, sizeof type) == NULL)
        return;
    if (strcmp(type, "order.completed") == 0)
        __atomic_add_fetch(&completed, 1, __ATOMIC_RELAXED);
    if (strcmp(mode, "publish") == 0 && strcmp(type, "order.created") == 0 &&
        header(headers, "ce_time", time, sizeof time) != NULL)
        add_sample((wall_s() - parse_time(time)) * 1000);
}

static void set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char why[256];
    if (rd_kafka_conf_set(conf, name, value, why, sizeof why) != RD_KAFKA_CONF_OK)
        die(name, why);
}

static void assign_ends(rd_kafka_t *reader)
{
    const struct rd_kafka_metadata *metadata;
    rd_kafka_topic_t *handle = rd_kafka_topic_new(reader, topic, NULL);
    if (rd_kafka_metadata(reader, 0, handle, &metadata, 10000) != RD_KAFKA_RESP_ERR_NO_ERROR)
        die(topic, "no metadata");
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(16);
    for (int i = 0; i < metadata->topics[0].partition_cnt; i++) {
        int64_t low, high;
        rd_kafka_query_watermark_offsets(reader, topic, i, &low, &high, 10000);
        rd_kafka_topic_partition_list_add(list, topic, i)->offset = high;
    }
    rd_kafka_assign(reader, list);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_metadata_destroy(metadata);
    rd_kafka_topic_destroy(handle);
}

static void *read_topic(void *argument)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char why[256];
    (void)argument;
    set(conf, "bootstrap.servers", kafka);
    set(conf, "group.id", "cluster-load");
    set(conf, "enable.auto.commit", "false");
    set(conf, "fetch.wait.max.ms", "10");
    rd_kafka_t *reader = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof why);
    if (reader == NULL)
        die("consumer", why);
    rd_kafka_poll_set_consumer(reader);
    assign_ends(reader);
    __atomic_store_n(&is_reading, true, __ATOMIC_RELEASE);
    while (!__atomic_load_n(&is_over, __ATOMIC_RELAXED)) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(reader, 50);
        if (message == NULL)
            continue;
        if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR)
            see(message);
        rd_kafka_message_destroy(message);
    }
    rd_kafka_consumer_close(reader);
    rd_kafka_destroy(reader);
    return NULL;
}

/* --- orders ----------------------------------------------------------------------------------- */

static void dial(connection *c)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int one = 1;
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&address, sizeof address) != 0)
        die("connect", strerror(errno));
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    c->is_busy = false;
    c->length = 0;
}

static void post(connection *c, const char *prefer)
{
    static uint64_t run;
    char body[512], text[1024];
    uint32_t first = is_hot ? 0 : draw((uint32_t)sku_count);
    uint32_t second = (first + 1 + draw((uint32_t)sku_count - 1)) % (uint32_t)sku_count;
    if (run == 0)
        run = (uint64_t)(wall_s() * 1000);
    int length =
        snprintf(body, sizeof body,
                 "{\"lines\":[{\"sku\":\"sku-%05u\",\"quantity\":1},{\"sku\":\"sku-%05u\","
                 "\"quantity\":2}],\"currency\":\"EUR\",\"payment_method\":\"tok_approve\"}",
                 first, second);
    int n =
        snprintf(text, sizeof text,
                 "POST /orders HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                 "Idempotency-Key: %llx-%llx\r\n%sContent-Length: %d\r\n\r\n%s",
                 (unsigned long long)run, (unsigned long long)posted, prefer, length, body);
    if (send(c->fd, text, (size_t)n, MSG_NOSIGNAL) != n)
        die("send", strerror(errno));
    posted++;
    c->is_busy = true;
    c->length = 0;
}

/* Whether the whole answer is there. */
static bool receive(connection *c)
{
    ssize_t n = recv(c->fd, c->answer + c->length, sizeof c->answer - 1 - c->length, 0);
    if (n <= 0)
        die("recv", n == 0 ? "the connection was closed" : strerror(errno));
    c->length += (size_t)n;
    c->answer[c->length] = '\0';
    const char *end = strstr(c->answer, "\r\n\r\n");
    const char *field = strcasestr(c->answer, "content-length:");
    if (end == NULL || field == NULL ||
        (size_t)(end + 4 - c->answer) + strtoul(field + 15, NULL, 10) > c->length)
        return false;
    if (strncmp(c->answer + 9, "201", 3) == 0) {
        accepted++;
    } else {
        refused++;
        if (first_refusal[0] == '\0')
            snprintf(first_refusal, sizeof first_refusal, "%.150s", c->answer);
    }
    c->is_busy = false;
    return true;
}

/* --- the three measurements ------------------------------------------------------------------- */

static uint64_t on_their_way(void)
{
    uint64_t done = __atomic_load_n(&completed, __ATOMIC_RELAXED) + refused;
    return posted > done ? posted - done : 0;
}

static void fill_window(void)
{
    for (int i = 0; i < CONNECTIONS && on_their_way() < (uint64_t)window; i++) {
        if (!connections[i].is_busy)
            post(&connections[i], "");
    }
}

static void run_loop(double for_s)
{
    struct epoll_event events[CONNECTIONS];
    static int epoll = -1;
    if (epoll < 0) {
        epoll = epoll_create1(EPOLL_CLOEXEC);
        for (int i = 0; i < CONNECTIONS; i++) {
            struct epoll_event event = {.events = EPOLLIN, .data.ptr = &connections[i]};
            epoll_ctl(epoll, EPOLL_CTL_ADD, connections[i].fd, &event);
        }
    }
    for (double until = now_s() + for_s; now_s() < until;) {
        fill_window();
        int count = epoll_wait(epoll, events, CONNECTIONS, 1);
        for (int i = 0; i < count; i++)
            receive(events[i].data.ptr);
    }
}

static double own_cpu_s(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void measure_rate(void)
{
    for (int i = 0; i < CONNECTIONS; i++)
        dial(&connections[i]);
    run_loop(WARM_UP_S);
    uint64_t before = __atomic_load_n(&completed, __ATOMIC_RELAXED);
    double start = now_s();
    double cpu = own_cpu_s();
    run_loop(seconds);
    double took = now_s() - start;
    uint64_t done = __atomic_load_n(&completed, __ATOMIC_RELAXED) - before;
    printf("{\"orders_per_s\":%.1f,\"posted\":%llu,\"accepted\":%llu,\"refused\":%llu,"
           "\"in_flight\":%llu,\"client_cpu_us\":%.1f,\"first_refusal\":\"%.12s\"}\n",
           (double)done / took, (unsigned long long)posted, (unsigned long long)accepted,
           (unsigned long long)refused, (unsigned long long)on_their_way(),
           done > 0 ? (own_cpu_s() - cpu) * 1e6 / (double)done : 0.0, first_refusal);
    if (first_refusal[0] != '\0')
        fprintf(stderr, "cluster_load: refused: %s\n", first_refusal);
}

static int compare(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;
    return a < b ? -1 : a > b;
}

static void print_latency(void)
{
    qsort(samples, sample_count, sizeof *samples, compare);
    uint32_t last = sample_count > 0 ? sample_count - 1 : 0;
    printf("{\"count\":%u,\"p50_ms\":%.2f,\"p90_ms\":%.2f,\"p99_ms\":%.2f,\"max_ms\":%.2f,"
           "\"refused\":%llu}\n",
           sample_count, samples[last / 2], samples[(uint32_t)(0.9 * last)],
           samples[(uint32_t)(0.99 * last)], samples[last], (unsigned long long)refused);
}

static void post_and_wait(const char *prefer)
{
    post(&connections[0], prefer);
    while (!receive(&connections[0]))
        continue;
}

static void measure_alone(void)
{
    dial(&connections[0]);
    for (int i = 0; i < 10; i++)
        post_and_wait("Prefer: wait=20\r\n");
    for (double until = now_s() + seconds; now_s() < until;) {
        double start = now_s();
        post_and_wait("Prefer: wait=20\r\n");
        if (strstr(connections[0].answer, "\"COMPLETED\"") == NULL)
            die("not COMPLETED", connections[0].answer);
        add_sample((now_s() - start) * 1000);
    }
    print_latency();
}

static void measure_publish(void)
{
    dial(&connections[0]);
    for (double until = now_s() + seconds; now_s() < until;) {
        post_and_wait("");
        nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    }
    nanosleep(&(struct timespec){.tv_sec = 1}, NULL);
    print_latency();
}

int main(int argc, char **argv)
{
    pthread_t reader;
    if (argc != 9) {
        fprintf(stderr, "usage: %s rate|alone|publish PORT KAFKA TOPIC WINDOW SECONDS SKUS HOT\n",
                argv[0]);
        return 2;
    }
    mode = argv[1], kafka = argv[3], topic = argv[4];
    port = (int)strtol(argv[2], NULL, 10);
    window = (int)strtol(argv[5], NULL, 10);
    seconds = strtod(argv[6], NULL);
    sku_count = (int)strtol(argv[7], NULL, 10);
    is_hot = strcmp(argv[8], "1") == 0;
    random_state ^= (uint64_t)(wall_s() * 1e6);
    pthread_create(&reader, NULL, read_topic, NULL);
    while (!__atomic_load_n(&is_reading, __ATOMIC_ACQUIRE))
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    if (strcmp(mode, "rate") == 0)
        measure_rate();
    else if (strcmp(mode, "alone") == 0)
        measure_alone();
    else
        measure_publish();
    __atomic_store_n(&is_over, true, __ATOMIC_RELAXED);
    pthread_join(reader, NULL);
    return 0;
}
