/* SPDX-License-Identifier: MIT */
/* Can a message from a bus hurt a service? The bytes are messages, each with topic, key, headers
 * and data, and every service takes them from a bus in this process as it would from Kafka, into
 * its own store: in steps, by a clock that runs as far as one of them has to wait, or by threads
 * of its own where AURORA_FUZZ_THREADS is set, which takes four times as long. Each message is
 * done with within time, no service ends, and the audit of the followers' stores finds nothing. A
 * message is a line "TOPIC KEY" with the topic's number, lines "header: value", an empty line, and
 * the data; "===" on a line of its own ends it. Then all of them come again, as after a rebalance:
 * none may take effect twice, and each is counted as something both times. What is no event at all
 * is set aside.
 *
 * Each input is about orders of its own: what an earlier one parked or saw would decide what this
 * one is, and the same bytes would not be the same test. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <aurora/aurora.h>
#include <aurora/port/driver.h>
#include <aurora/testing.h>

#define SERVICES 6 /* in the order of their table */
#define INVENTORY 1
#define FOLLOWER 3 /* the first of the services that others do not follow */
#define MESSAGES_MAX 8
#define SHOP_MESSAGES 4000 /* then other stores: these keep what parks */
#define WAIT_S 120
#define NOW INT64_C(1795415886000)

static const struct {
    const char *modules;
    uint32_t topics; /* whose messages it takes, a bit each */
} services[SERVICES] = {
#define BIT(topic) (1u << AURORA_TOPIC_##topic)
    {"modules=order", BIT(INVENTORY) | BIT(PAYMENTS) | BIT(PRODUCTS)},
    {"modules=inventory", BIT(ORDERS)},
    {"modules=payment", BIT(INVENTORY) | BIT(ORDERS)},
    {"modules=search", BIT(PRODUCTS)},
    {"modules=recommendation", BIT(ORDERS) | BIT(PRODUCTS) | BIT(VIEWS)},
    {"modules=notification", BIT(ORDERS)},
#undef BIT
};

/* --- the bus ---------------------------------------------------------------------------------- */

/* One service's end: what it was given and has done of each topic, which has one partition. */
typedef struct {
    bool is_open, is_assigned, is_woken, is_relay_woken;
    uint32_t topics;
    aurora_bus_listener listener;
    int64_t next[AURORA_TOPIC_COUNT], done[AURORA_TOPIC_COUNT];
    int64_t produced;
    aurora_bus_record given[MESSAGES_MAX];
} bus_end;

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bus_end ends[SERVICES];
    aurora_bus_record records[MESSAGES_MAX]; /* of this input */
    uint32_t record_count;
    int64_t offsets[AURORA_TOPIC_COUNT]; /* of the next message */
} bus = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static struct timespec in_ms(int64_t ms)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    int64_t ns = until.tv_nsec + ms % 1000 * 1000000;
    until.tv_sec += ms / 1000 + ns / 1000000000;
    until.tv_nsec = (long)(ns % 1000000000);
    return until;
}

static aurora_status produce(void *self, const aurora_bus_message *messages, uint32_t count,
                             uint32_t *accepted_out)
{
    bus_end *end = self;
    pthread_mutex_lock(&bus.lock);
    for (uint32_t i = 0; i < count; i++) {
        if (messages[i].position > 0)
            end->produced = messages[i].position;
    }
    pthread_mutex_unlock(&bus.lock);
    *accepted_out = count;
    return AURORA_OK;
}

static aurora_status produced(void *self, int32_t wait_ms, int64_t *position_out)
{
    bus_end *end = self;
    struct timespec until = in_ms(wait_ms);
    pthread_mutex_lock(&bus.lock);
    if (wait_ms > 0 && !end->is_relay_woken)
        pthread_cond_timedwait(&bus.changed, &bus.lock, &until);
    end->is_relay_woken = false;
    *position_out = end->produced;
    pthread_mutex_unlock(&bus.lock);
    return AURORA_OK;
}

static aurora_status restart(void *self, int64_t position)
{
    bus_end *end = self;
    end->produced = position;
    return AURORA_OK;
}

static aurora_status subscribe(void *self, const char *group, const int32_t *topics, uint32_t count,
                               const aurora_bus_listener *listener)
{
    bus_end *end = self;
    (void)group;
    pthread_mutex_lock(&bus.lock);
    end->listener = *listener;
    end->is_assigned = false;
    for (uint32_t i = 0; i < count; i++)
        end->topics |= 1u << topics[i];
    pthread_mutex_unlock(&bus.lock);
    return AURORA_OK;
}

/* Unlocks for the call. */
static void assign(bus_end *end)
{
    aurora_bus_position positions[AURORA_TOPIC_COUNT];
    uint32_t count = 0;
    for (int32_t topic = 1; topic < AURORA_TOPIC_COUNT; topic++) {
        if ((end->topics & 1u << topic) != 0)
            positions[count++] = (aurora_bus_position){.topic = topic, .next_offset = -1};
    }
    pthread_mutex_unlock(&bus.lock);
    aurora_status rc = end->listener.assigned(end->listener.self, positions, count);
    pthread_mutex_lock(&bus.lock);
    end->is_assigned = rc == AURORA_OK;
    for (int32_t topic = 1; topic < AURORA_TOPIC_COUNT; topic++)
        end->next[topic] = end->done[topic];
}

static uint32_t gather(bus_end *end)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < bus.record_count; i++) {
        const aurora_bus_record *record = &bus.records[i];
        if ((end->topics & 1u << record->topic) == 0 || record->offset < end->next[record->topic])
            continue;
        end->given[count++] = *record;
        end->next[record->topic] = record->offset + 1;
    }
    return count;
}

static aurora_status poll_bus(void *self, int32_t wait_ms, uint32_t limit,
                              const aurora_bus_record **records_out, uint32_t *count_out)
{
    bus_end *end = self;
    struct timespec until = in_ms(wait_ms);
    int rc = 0;
    (void)limit;
    *records_out = end->given;
    *count_out = 0;
    pthread_mutex_lock(&bus.lock);
    while (rc == 0 && *count_out == 0 && !end->is_woken) {
        if (!end->is_assigned)
            assign(end);
        *count_out = gather(end);
        if (*count_out == 0)
            rc = pthread_cond_timedwait(&bus.changed, &bus.lock, &until);
    }
    end->is_woken = false;
    pthread_mutex_unlock(&bus.lock);
    return AURORA_OK;
}

static aurora_status note_done(void *self, const aurora_bus_position *positions, uint32_t count)
{
    bus_end *end = self;
    pthread_mutex_lock(&bus.lock);
    for (uint32_t i = 0; i < count; i++) {
        if (positions[i].next_offset > bus.offsets[positions[i].topic])
            abort();
        end->done[positions[i].topic] = positions[i].next_offset;
    }
    pthread_cond_broadcast(&bus.changed);
    pthread_mutex_unlock(&bus.lock);
    return AURORA_OK;
}

static aurora_status seek(void *self, const aurora_bus_position *positions, uint32_t count)
{
    bus_end *end = self;
    pthread_mutex_lock(&bus.lock);
    for (uint32_t i = 0; i < count; i++)
        end->next[positions[i].topic] = positions[i].next_offset;
    pthread_mutex_unlock(&bus.lock);
    return AURORA_OK;
}

static aurora_status unsubscribe(void *self)
{
    bus_end *end = self;
    end->topics = 0;
    return AURORA_OK;
}

static void wake(void *self)
{
    bus_end *end = self;
    pthread_mutex_lock(&bus.lock);
    end->is_woken = end->is_relay_woken = true;
    pthread_cond_broadcast(&bus.changed);
    pthread_mutex_unlock(&bus.lock);
}

static void tell_figures(void *self, aurora_bus_figures *out)
{
    (void)self;
    *out = (aurora_bus_figures){.size = out->size, .is_connected = 1, .lag = -1};
}

static void close_end(void *self)
{
    (void)self;
}

static aurora_status open_end(const aurora_bus_options *options, aurora_bus *out, aurora_error *err)
{
    bus_end *end = &bus.ends[options->address[0] - '0'];
    (void)err;
    *end = (bus_end){.is_open = true};
    memcpy(end->done, bus.offsets, sizeof end->done);
    *out = (aurora_bus){.size = sizeof *out,
                        .self = end,
                        .produce = produce,
                        .produced = produced,
                        .restart = restart,
                        .subscribe = subscribe,
                        .poll = poll_bus,
                        .done = note_done,
                        .seek = seek,
                        .unsubscribe = unsubscribe,
                        .wake = wake,
                        .figures = tell_figures,
                        .close = close_end};
    return AURORA_OK;
}

static const aurora_driver driver = {.size = sizeof driver,
                                     .port = AURORA_PORT_BUS,
                                     .scheme = "fuzz",
                                     .open_bus = open_end};

/* --- the services ----------------------------------------------------------------------------- */

static aurora_t *shops[SERVICES];
static aurora_manual_clock manual;
static bool has_threads;
static uint32_t appended;
static uint32_t input; /* from 1, since the stores were opened */

/* What became of all messages of a service so far. */
typedef struct {
    double applied, all;
    double took_effect; /* applied or parked */
} tally;

static tally known[SERVICES];

static void open_shops(void)
{
    aurora_clock clock;
    has_threads = getenv("AURORA_FUZZ_THREADS") != NULL;
    aurora_manual_clock_init(&manual, NOW);
    aurora_manual_clock_attach(&manual, &clock);
    for (int i = 0; i < SERVICES; i++) {
        char address[] = "bus=fuzz:0";
        address[sizeof address - 2] = (char)('0' + i);
        const char *settings[] = {services[i].modules, address, "related_skus=256",
                                  "trending_capacity=256"};
        if (aurora_open("memory:",
                        AURORA_OPTIONS(.flags = has_threads ? AURORA_OPEN_WORKER : 0,
                                       .clock = has_threads ? NULL : &clock, .drivers = &driver,
                                       .driver_count = 1, .settings = settings, .setting_count = 4),
                        &shops[i], NULL) != AURORA_OK)
            abort();
    }
    appended = input = 0;
    memset(known, 0, sizeof known);
}

static void audit(aurora_t *shop)
{
    aurora_report *report = NULL;
    if (aurora_verify(shop, &report) != AURORA_OK)
        abort();
    for (uint32_t i = 0; i < report->count; i++)
        fprintf(stderr, "%s %s: %s\n", report->items[i]->invariant, report->items[i]->subject,
                report->items[i]->message);
    if (!report->is_ok)
        abort();
    aurora_report_free(report);
}

static void close_shops(void)
{
    for (int i = 0; i < SERVICES; i++) {
        if (i >= FOLLOWER && shops[i] != NULL)
            audit(shops[i]);
        aurora_close(shops[i]);
        shops[i] = NULL;
    }
}

static tally tally_of(int service)
{
    aurora_metric_page *page = NULL;
    tally sum = {0};
    if (aurora_metrics(shops[service], &page) != AURORA_OK)
        abort();
    for (uint32_t i = 0; i < page->count; i++) {
        const aurora_metric *metric = page->items[i];
        if (strcmp(metric->name, "aurora_inbound_events_total") != 0)
            continue;
        const char *what = metric->labels[0].value;
        bool is_effect = strcmp(what, "applied") == 0 || strcmp(what, "parked") == 0;
        sum.all += metric->value;
        sum.took_effect += is_effect ? metric->value : 0;
        sum.applied += strcmp(what, "applied") == 0 ? metric->value : 0;
    }
    aurora_metric_page_free(page);
    return sum;
}

/* --- the messages ----------------------------------------------------------------------------- */

/* The order and the product of the inputs that we wrote get a name for this input. */
static void rename_things(char *text, size_t len)
{
    static const char order[] = "01a2274b-5fd6-", sku[] = "mug-slate";
    char digits[16];
    snprintf(digits, sizeof digits, "%08x", UINT32_C(0x01a20000) + input % 0x10000);
    for (char *at = text; (at = memmem(at, (size_t)(text + len - at), order, 14)) != NULL; at++)
        memcpy(at, digits, 8);
    snprintf(digits, sizeof digits, "%05u", input % 100000);
    for (char *at = text; (at = memmem(at, (size_t)(text + len - at), sku, 9)) != NULL; at++)
        memcpy(at + 4, digits, 5);
}

/* Positions of this input lie behind those of all before it. */
static const char *renumber(const char *value, char *out, size_t size)
{
    size_t digits = strspn(value, "0123456789");
    if (digits == 0 || digits > 18 || value[digits] != '\0')
        return value;
    snprintf(out, size, "%llu", (strtoull(value, NULL, 10) % 1000000) + input * 1000000ULL);
    return out;
}

/* Ends the line and returns what follows. */
static char *cut(char *line)
{
    char *end = strchr(line, '\n');
    if (end == NULL)
        return line + strlen(line);
    *end = '\0';
    return end + 1;
}

/* One message, from its first line to its end, under the lock; false = it is
 * none. */
static bool append(char *text, size_t len)
{
    static aurora_bus_header kept[MESSAGES_MAX][AURORA_BUS_HEADERS_MAX];
    static char numbers[MESSAGES_MAX][AURORA_BUS_HEADERS_MAX][24];
    aurora_bus_header *headers = kept[bus.record_count];
    aurora_bus_record message = {.headers = headers, .at_ms = NOW};
    char *end = text + len, *line = cut(text);
    if (text[0] < '1' || text[0] >= '0' + AURORA_TOPIC_DEAD_LETTERS || text[1] != ' ')
        return false;
    message.topic = text[0] - '0';
    message.key = text + 2;
    message.key_len = (uint32_t)strlen(message.key);
    while (line < end && *line != '\n' && message.header_count < AURORA_BUS_HEADERS_MAX) {
        char *name = line, *colon;
        line = cut(line);
        colon = strstr(name, ": ");
        if (colon == NULL)
            return false;
        *colon = '\0';
        const char *value = colon + 2;
        if (strcmp(name, "ce_sequence") == 0)
            value = renumber(value, numbers[bus.record_count][message.header_count], 24);
        headers[message.header_count++] = (aurora_bus_header){name, value};
    }
    if (line < end && *line == '\n') {
        message.data = line + 1;
        message.data_len = (uint32_t)(end - line - 1);
    }
    if (message.key_len == 0)
        message.key = NULL;
    message.offset = bus.offsets[message.topic]++;
    bus.records[bus.record_count++] = message;
    appended++;
    return true;
}

static bool is_done(int service)
{
    for (int32_t topic = 1; topic < AURORA_TOPIC_COUNT; topic++) {
        if ((services[service].topics & 1u << topic) != 0 &&
            bus.ends[service].done[topic] < bus.offsets[topic])
            return false;
    }
    return true;
}

/* Whether a service that takes orders has to set it aside, or has had it before. */
static bool is_unreadable_order(const aurora_bus_record *record)
{
    bool is_order = false;
    for (uint32_t i = record->header_count; i > 0; i--) { /* the first of a name counts */
        if (strcmp(record->headers[i - 1].name, "ce_type") == 0)
            is_order = strcmp(record->headers[i - 1].value, "order.created") == 0;
    }
    return is_order && record->topic == AURORA_TOPIC_ORDERS &&
           (record->data_len == 0 || record->data[0] == '[');
}

/* Those of this input that INVENTORY may take at most. */
static double readable_orders(void)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < bus.record_count; i++)
        count +=
            bus.records[i].topic == AURORA_TOPIC_ORDERS && !is_unreadable_order(&bus.records[i]);
    return count;
}

static double messages_for(int service)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < bus.record_count; i++)
        count += (services[service].topics >> bus.records[i].topic) & 1;
    return count;
}

/* Lets each service take its steps until it has taken all, and then those that this led to. */
static void take_steps(void)
{
    int64_t left_ms = WAIT_S * 1000; /* a step that need not wait counts as one too */
    for (int i = 0; i < SERVICES; i++) {
        for (bool was_done = false; !was_done;) {
            int64_t due_ms = 0;
            was_done = is_done(i);
            if (aurora_pump(shops[i], 0, &due_ms) != AURORA_OK || left_ms <= 0)
                abort();
            if (!was_done && due_ms > 0)
                aurora_manual_clock_advance(&manual, due_ms);
            left_ms -= due_ms > 0 ? due_ms : 1;
        }
    }
}

static void wait_for_threads(void)
{
    struct timespec until = in_ms(WAIT_S * 1000);
    pthread_mutex_lock(&bus.lock);
    for (int i = 0; i < SERVICES; i++) {
        while (!is_done(i)) {
            if (pthread_cond_timedwait(&bus.changed, &bus.lock, &until) != 0)
                abort();
        }
    }
    pthread_mutex_unlock(&bus.lock);
}

/* Until all services have taken all of this input; nobody may need long for that. */
static void await(void)
{
    if (has_threads)
        wait_for_threads();
    else
        take_steps();
    for (int i = 0; i < SERVICES; i++) {
        if (aurora_health(shops[i]) != AURORA_OK)
            abort();
    }
}

/* All of this input comes again. */
static void redeliver(void)
{
    pthread_mutex_lock(&bus.lock);
    for (int i = 0; i < SERVICES; i++) {
        bus_end *end = &bus.ends[i];
        for (uint32_t k = bus.record_count; k > 0; k--) {
            const aurora_bus_record *record = &bus.records[k - 1];
            if ((services[i].topics & 1u << record->topic) != 0)
                end->next[record->topic] = end->done[record->topic] = record->offset;
        }
    }
    pthread_cond_broadcast(&bus.changed);
    pthread_mutex_unlock(&bus.lock);
}

/* One that was given nothing is asked no more often than the others: what it counts for nothing is
 * seen the next time. */
static void count(bool is_again)
{
    for (int i = 0; i < SERVICES; i++) {
        if (messages_for(i) == 0)
            continue;
        tally now = tally_of(i);
        if (now.all - known[i].all != messages_for(i) ||
            (is_again && now.took_effect != known[i].took_effect) ||
            (i == INVENTORY && now.applied - known[i].applied > readable_orders()))
            abort();
        known[i] = now;
    }
}

/* Each message is counted once a delivery, and a second delivery has no effect. */
static void take_twice(void)
{
    await();
    count(false);
    redeliver();
    await();
    count(true);
    pthread_mutex_lock(&bus.lock);
    bus.record_count = 0;
    pthread_mutex_unlock(&bus.lock);
}

static void append_all(char *at, char *end)
{
    static const char mark[] = "\n===\n";
    pthread_mutex_lock(&bus.lock);
    for (int i = 0; i < MESSAGES_MAX && at < end; i++) {
        char *stop = memmem(at, (size_t)(end - at), mark, sizeof mark - 1);
        size_t len = (size_t)((stop == NULL ? end : stop) - at);
        at[len] = '\0';
        (void)append(at, len);
        at += stop == NULL ? len : len + sizeof mark - 1;
    }
    pthread_cond_broadcast(&bus.changed);
    pthread_mutex_unlock(&bus.lock);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint32_t before = appended;
    if (shops[0] == NULL)
        atexit(close_shops);
    if (shops[0] == NULL || appended >= SHOP_MESSAGES) {
        close_shops();
        open_shops();
    }
    char *text = malloc(size + 1);
    if (text == NULL)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    input++;
    rename_things(text, size);
    append_all(text, text + size);
    take_twice();
    for (int i = FOLLOWER; i < SERVICES && appended / 16 != before / 16; i++)
        audit(shops[i]);
    free(text);
    return 0;
}
