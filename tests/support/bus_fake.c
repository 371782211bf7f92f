/* SPDX-License-Identifier: MIT */
#include "bus_fake.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PARTITIONS_MAX 12
#define GROUPS_MAX 16
#define MEMBERS_MAX 8
#define TOPICS AURORA_TOPIC_COUNT

typedef struct member member;

typedef struct {
    aurora_bus_record *items;
    uint32_t count;
    uint32_t capacity;
} partition;

typedef struct {
    char name[64];
    member *members[MEMBERS_MAX];
    uint32_t member_count;
    uint32_t generation; /* grows with each rebalance */
    member *owners[TOPICS][PARTITIONS_MAX];
    int64_t done[TOPICS][PARTITIONS_MAX]; /* next offset; -1 = none */
} group;

struct bus_fake {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    char url[64];
    int32_t partition_count;
    partition topics[TOPICS][PARTITIONS_MAX];
    group groups[GROUPS_MAX];
    uint32_t group_count;
    bool is_down;
    bool is_held;
    uint32_t duplicate_every;
    uint32_t appended;
    uint32_t failing;
    uint32_t revoking;
    char lost_type[64];
    uint32_t losing;
    bool has_gone_back;
};

struct member {
    bus_fake *fake;
    const aurora_allocator *allocator;
    group *of;
    aurora_bus_listener listener;
    bool topics[TOPICS];
    int64_t next[TOPICS][PARTITIONS_MAX]; /* of the assigned ones; -1 = not assigned */
    uint32_t generation;                  /* that it has settled for */
    bool is_woken;                        /* whoever polls */
    bool is_relay_woken;
    bool has_failed;
    int64_t appended; /* position of the newest message that is there */
    int64_t acked;
    aurora_bus_figures figures;
    aurora_bus_record *given; /* of the last poll */
};

static void wait_some(bus_fake *fake, const struct timespec *until, bool *is_over)
{
    *is_over = pthread_cond_timedwait(&fake->changed, &fake->lock, until) != 0;
}

static struct timespec in_ms(int32_t ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += (long)(ms % 1000) * 1000000;
    until.tv_sec += ms / 1000 + until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    return until;
}

/* --- the broker ------------------------------------------------------------------------------- */

bus_fake *bus_fake_new(int32_t partitions)
{
    bus_fake *fake = calloc(1, sizeof *fake);
    ck_assert_ptr_nonnull(fake);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&fake->lock, NULL);
    pthread_cond_init(&fake->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    fake->partition_count = partitions;
    snprintf(fake->url, sizeof fake->url, "fake:%p", (void *)fake);
    return fake;
}

static void free_record(const aurora_bus_record *record)
{
    for (uint32_t i = 0; i < record->header_count; i++) {
        free((void *)(uintptr_t)record->headers[i].name);
        free((void *)(uintptr_t)record->headers[i].value);
    }
    free((void *)(uintptr_t)record->headers);
    free((void *)(uintptr_t)record->key);
    free((void *)(uintptr_t)record->data);
}

void bus_fake_free(bus_fake *fake)
{
    for (int t = 0; t < TOPICS; t++) {
        for (int p = 0; p < PARTITIONS_MAX; p++) {
            for (uint32_t i = 0; i < fake->topics[t][p].count; i++)
                free_record(&fake->topics[t][p].items[i]);
            free(fake->topics[t][p].items);
        }
    }
    pthread_mutex_destroy(&fake->lock);
    pthread_cond_destroy(&fake->changed);
    free(fake);
}

const char *bus_fake_url(const bus_fake *fake)
{
    return fake->url;
}

const char *bus_fake_header(const aurora_bus_record *record, const char *name)
{
    for (uint32_t i = 0; i < record->header_count; i++) {
        if (strcmp(record->headers[i].name, name) == 0)
            return record->headers[i].value;
    }
    return NULL;
}

static char *copy(const void *bytes, size_t length)
{
    char *text = malloc(length + 1);
    if (length > 0)
        memcpy(text, bytes, length);
    text[length] = '\0';
    return text;
}

/* Not murmur2: tests do not care which partition it is, only that a key keeps to one. */
static int32_t partition_of(const bus_fake *fake, const aurora_bus_message *message)
{
    uint32_t hash = 2166136261u;
    if (message->topic == AURORA_TOPIC_DEAD_LETTERS)
        return 0;
    for (uint32_t i = 0; i < message->key_len; i++)
        hash = (hash ^ (uint8_t)message->key[i]) * 16777619u;
    return (int32_t)(hash % (uint32_t)fake->partition_count);
}

static void append(bus_fake *fake, const aurora_bus_message *message)
{
    int32_t number = partition_of(fake, message);
    partition *to = &fake->topics[message->topic][number];
    if (to->count == to->capacity) {
        to->capacity = to->capacity == 0 ? 64 : to->capacity * 2;
        to->items = realloc(to->items, to->capacity * sizeof *to->items);
    }
    aurora_bus_header *headers = calloc(message->header_count + 1u, sizeof *headers);
    for (uint32_t i = 0; i < message->header_count; i++) {
        headers[i].name = copy(message->headers[i].name, strlen(message->headers[i].name));
        headers[i].value = copy(message->headers[i].value, strlen(message->headers[i].value));
    }
    to->items[to->count] = (aurora_bus_record){
        .topic = message->topic,
        .partition = number,
        .offset = to->count,
        .key = copy(message->key, message->key_len),
        .key_len = message->key_len,
        .data = message->data == NULL ? NULL : copy(message->data, message->data_len),
        .data_len = message->data_len,
        .headers = headers,
        .header_count = message->header_count,
        .at_ms = message->at_ms};
    to->count++;
    pthread_cond_broadcast(&fake->changed);
}

void bus_fake_append(bus_fake *fake, const aurora_bus_message *message)
{
    pthread_mutex_lock(&fake->lock);
    append(fake, message);
    pthread_mutex_unlock(&fake->lock);
}

static uint32_t count_locked(const bus_fake *fake, int32_t topic, const char *type)
{
    uint32_t count = 0;
    for (int32_t p = 0; p < fake->partition_count; p++) {
        const partition *of = &fake->topics[topic][p];
        for (uint32_t i = 0; i < of->count; i++) {
            const char *is = bus_fake_header(&of->items[i], "ce_type");
            count += type == NULL || (is != NULL && strcmp(is, type) == 0);
        }
    }
    return count;
}

uint32_t bus_fake_count(bus_fake *fake, int32_t topic, const char *type)
{
    pthread_mutex_lock(&fake->lock);
    uint32_t count = count_locked(fake, topic, type);
    pthread_mutex_unlock(&fake->lock);
    return count;
}

bool bus_fake_wait_count(bus_fake *fake, int32_t topic, const char *type, uint32_t count,
                         int timeout_ms)
{
    struct timespec until = in_ms(timeout_ms);
    bool is_over = false;
    pthread_mutex_lock(&fake->lock);
    while (!is_over && count_locked(fake, topic, type) < count)
        wait_some(fake, &until, &is_over);
    bool is_there = count_locked(fake, topic, type) >= count;
    pthread_mutex_unlock(&fake->lock);
    return is_there;
}

const aurora_bus_record *bus_fake_record(bus_fake *fake, int32_t topic, int32_t number,
                                         uint32_t index)
{
    const partition *of = &fake->topics[topic][number];
    pthread_mutex_lock(&fake->lock);
    const aurora_bus_record *record = index < of->count ? &of->items[index] : NULL;
    pthread_mutex_unlock(&fake->lock);
    return record;
}

/* --- failures --------------------------------------------------------------------------------- */

#define SETTER(name, type, member_)                                                                \
    void name(bus_fake *fake, type value)                                                          \
    {                                                                                              \
        pthread_mutex_lock(&fake->lock);                                                           \
        fake->member_ = value;                                                                     \
        pthread_cond_broadcast(&fake->changed);                                                    \
        pthread_mutex_unlock(&fake->lock);                                                         \
    }

SETTER(bus_fake_set_down, bool, is_down)
SETTER(bus_fake_duplicate, uint32_t, duplicate_every)
SETTER(bus_fake_fail_acks, uint32_t, failing)
SETTER(bus_fake_hold_acks, bool, is_held)
SETTER(bus_fake_revoke_after_poll, uint32_t, revoking)

void bus_fake_lose(bus_fake *fake, const char *type, uint32_t count)
{
    pthread_mutex_lock(&fake->lock);
    snprintf(fake->lost_type, sizeof fake->lost_type, "%s", type);
    fake->losing = count;
    pthread_mutex_unlock(&fake->lock);
}

/* --- producing -------------------------------------------------------------------------------- */

static bool is_lost(bus_fake *fake, const aurora_bus_message *message)
{
    for (uint32_t i = 0; fake->losing > 0 && i < message->header_count; i++) {
        if (strcmp(message->headers[i].name, "ce_type") == 0 &&
            strcmp(message->headers[i].value, fake->lost_type) == 0) {
            fake->losing--;
            return true;
        }
    }
    return false;
}

static aurora_status fake_produce(void *self, const aurora_bus_message *messages, uint32_t count,
                                  uint32_t *accepted_out)
{
    member *of = self;
    bus_fake *fake = of->fake;
    aurora_status rc = AURORA_OK;
    *accepted_out = 0;
    pthread_mutex_lock(&fake->lock);
    for (uint32_t i = 0; i < count; i++) {
        if (fake->is_down || of->has_failed) {
            rc = of->has_failed ? AURORA_EIO : AURORA_EBUSY;
            break;
        }
        if (!is_lost(fake, &messages[i])) {
            append(fake, &messages[i]);
            if (fake->duplicate_every > 0 && ++fake->appended % fake->duplicate_every == 0)
                append(fake, &messages[i]);
        }
        *accepted_out += 1;
        of->figures.produced++;
        if (fake->failing > 0) {
            fake->failing--;
            of->has_failed = true;
            of->figures.produce_failures++;
        } else if (messages[i].position > 0) {
            of->appended = messages[i].position;
        }
    }
    pthread_mutex_unlock(&fake->lock);
    return rc;
}

static aurora_status fake_produced(void *self, int32_t wait_ms, int64_t *position_out)
{
    member *of = self;
    bus_fake *fake = of->fake;
    struct timespec until = in_ms(wait_ms);
    bool is_over = wait_ms == 0;
    pthread_mutex_lock(&fake->lock);
    while (!is_over && !of->is_relay_woken && !of->has_failed &&
           (fake->is_held || fake->is_down || of->acked == of->appended))
        wait_some(fake, &until, &is_over);
    of->is_relay_woken = false;
    if (!fake->is_held && !fake->is_down && of->appended > of->acked)
        of->acked = of->appended;
    *position_out = of->acked;
    aurora_status rc = of->has_failed ? AURORA_EIO : AURORA_OK;
    pthread_mutex_unlock(&fake->lock);
    return rc;
}

static aurora_status fake_restart(void *self, int64_t position)
{
    member *of = self;
    pthread_mutex_lock(&of->fake->lock);
    of->has_failed = false;
    of->appended = position;
    of->acked = position;
    pthread_mutex_unlock(&of->fake->lock);
    return AURORA_OK;
}

/* --- groups ----------------------------------------------------------------------------------- */

static group *find_group(bus_fake *fake, const char *name)
{
    for (uint32_t i = 0; i < fake->group_count; i++) {
        if (strcmp(fake->groups[i].name, name) == 0)
            return &fake->groups[i];
    }
    ck_assert_uint_lt(fake->group_count, GROUPS_MAX);
    group *of = &fake->groups[fake->group_count++];
    snprintf(of->name, sizeof of->name, "%s", name);
    memset(of->done, 0xFF, sizeof of->done);
    return of;
}

void bus_fake_rebalance(bus_fake *fake, const char *name)
{
    pthread_mutex_lock(&fake->lock);
    find_group(fake, name)->generation++;
    pthread_cond_broadcast(&fake->changed);
    pthread_mutex_unlock(&fake->lock);
}

bool bus_fake_wait_done(bus_fake *fake, const char *name, int32_t topic, int timeout_ms)
{
    struct timespec until = in_ms(timeout_ms);
    bool is_over = false;
    bool is_done = false;
    pthread_mutex_lock(&fake->lock);
    const group *of = find_group(fake, name);
    while (!is_done && !is_over) {
        is_done = true;
        for (int32_t p = 0; p < fake->partition_count; p++)
            is_done = is_done && (fake->topics[topic][p].count == 0 ||
                                  of->done[topic][p] >= fake->topics[topic][p].count);
        if (!is_done)
            wait_some(fake, &until, &is_over);
    }
    pthread_mutex_unlock(&fake->lock);
    return is_done;
}

static aurora_status fake_subscribe(void *self, const char *name, const int32_t *topics,
                                    uint32_t count, const aurora_bus_listener *listener)
{
    member *of = self;
    pthread_mutex_lock(&of->fake->lock);
    of->of = find_group(of->fake, name);
    of->listener = *listener;
    for (uint32_t i = 0; i < count; i++)
        of->topics[topics[i]] = true;
    of->of->members[of->of->member_count++] = of;
    of->of->generation++;
    pthread_cond_broadcast(&of->fake->changed);
    pthread_mutex_unlock(&of->fake->lock);
    return AURORA_OK;
}

/* Unlocks for the call. */
static void give_up_all(member *of, bool is_lost_)
{
    aurora_bus_position positions[TOPICS * PARTITIONS_MAX];
    uint32_t count = 0;
    for (int32_t t = 0; t < TOPICS; t++) {
        for (int32_t p = 0; p < of->fake->partition_count; p++) {
            if (of->next[t][p] < 0)
                continue;
            positions[count++] = (aurora_bus_position){t, p, of->next[t][p]};
            of->next[t][p] = -1;
        }
    }
    if (count == 0)
        return;
    pthread_mutex_unlock(&of->fake->lock);
    of->listener.revoked(of->listener.self, positions, count, is_lost_);
    pthread_mutex_lock(&of->fake->lock);
    for (uint32_t i = 0; i < count; i++)
        of->of->owners[positions[i].topic][positions[i].partition] = NULL;
    pthread_cond_broadcast(&of->fake->changed);
}

static bool is_mine(const member *of, int32_t number)
{
    for (uint32_t i = 0; i < of->of->member_count; i++) {
        if (of->of->members[i] == of)
            return (uint32_t)number % of->of->member_count == i;
    }
    return false;
}

/* Takes what is free of its share. True when that is all of it. */
static bool take_share(member *of)
{
    aurora_bus_position positions[TOPICS * PARTITIONS_MAX];
    uint32_t count = 0;
    bool is_whole = true;
    for (int32_t t = 1; t < TOPICS; t++) {
        for (int32_t p = 0; of->topics[t] && p < of->fake->partition_count; p++) {
            if (!is_mine(of, p) || of->next[t][p] >= 0)
                continue;
            if (of->of->owners[t][p] != NULL) {
                is_whole = false;
                continue;
            }
            positions[count++] = (aurora_bus_position){t, p, -1};
        }
    }
    if (count == 0)
        return is_whole;
    pthread_mutex_unlock(&of->fake->lock);
    aurora_status rc = of->listener.assigned(of->listener.self, positions, count);
    pthread_mutex_lock(&of->fake->lock);
    if (rc != AURORA_OK)
        return false;
    of->figures.rebalances++;
    for (uint32_t i = 0; i < count; i++) {
        const aurora_bus_position *at = &positions[i];
        int64_t done = of->of->done[at->topic][at->partition];
        of->of->owners[at->topic][at->partition] = of;
        of->next[at->topic][at->partition] = at->next_offset >= 0 ? at->next_offset
                                             : done >= 0          ? done
                                                                  : 0;
    }
    return is_whole;
}

static void settle(member *of)
{
    uint32_t generation = of->of->generation;
    if (of->generation == generation)
        return;
    give_up_all(of, false);
    if (take_share(of))
        of->generation = generation;
}

/* --- consuming -------------------------------------------------------------------------------- */

static uint32_t gather(member *of, uint32_t limit)
{
    uint32_t count = 0;
    for (int32_t t = 1; t < TOPICS; t++) {
        for (int32_t p = 0; p < of->fake->partition_count; p++) {
            const partition *from = &of->fake->topics[t][p];
            while (count < limit && of->next[t][p] >= 0 && of->next[t][p] < from->count)
                of->given[count++] = from->items[of->next[t][p]++];
        }
    }
    return count;
}

static aurora_status fake_poll(void *self, int32_t wait_ms, uint32_t limit,
                               const aurora_bus_record **records_out, uint32_t *count_out)
{
    member *of = self;
    bus_fake *fake = of->fake;
    struct timespec until = in_ms(wait_ms);
    bool is_over = false;
    free(of->given);
    of->given = calloc(limit, sizeof *of->given);
    *records_out = of->given;
    *count_out = 0;
    pthread_mutex_lock(&fake->lock);
    while (*count_out == 0 && !is_over && !of->is_woken) {
        if (!fake->is_down) {
            settle(of);
            *count_out = gather(of, limit);
        }
        if (*count_out == 0)
            wait_some(fake, &until, &is_over);
    }
    of->is_woken = false;
    of->figures.consumed += *count_out;
    if (*count_out > 0 && fake->revoking > 0) {
        fake->revoking--;
        of->of->generation++;
        give_up_all(of, true);
    }
    pthread_mutex_unlock(&fake->lock);
    return AURORA_OK;
}

bool bus_fake_has_gone_back(bus_fake *fake)
{
    pthread_mutex_lock(&fake->lock);
    bool has = fake->has_gone_back;
    pthread_mutex_unlock(&fake->lock);
    return has;
}

static aurora_status fake_done(void *self, const aurora_bus_position *positions, uint32_t count)
{
    member *of = self;
    pthread_mutex_lock(&of->fake->lock);
    for (uint32_t i = 0; i < count; i++) {
        int64_t *done = &of->of->done[positions[i].topic][positions[i].partition];
        if (positions[i].next_offset > *done)
            *done = positions[i].next_offset;
    }
    pthread_cond_broadcast(&of->fake->changed);
    pthread_mutex_unlock(&of->fake->lock);
    return AURORA_OK;
}

static aurora_status fake_seek(void *self, const aurora_bus_position *positions, uint32_t count)
{
    member *of = self;
    pthread_mutex_lock(&of->fake->lock);
    for (uint32_t i = 0; i < count; i++) {
        of->fake->has_gone_back |=
            positions[i].next_offset < of->of->done[positions[i].topic][positions[i].partition];
        if (of->next[positions[i].topic][positions[i].partition] >= 0)
            of->next[positions[i].topic][positions[i].partition] = positions[i].next_offset;
    }
    pthread_mutex_unlock(&of->fake->lock);
    return AURORA_OK;
}

static aurora_status fake_unsubscribe(void *self)
{
    member *of = self;
    pthread_mutex_lock(&of->fake->lock);
    if (of->of != NULL) {
        give_up_all(of, false);
        group *left = of->of;
        for (uint32_t i = 0; i < left->member_count; i++) {
            if (left->members[i] == of)
                left->members[i--] = left->members[--left->member_count];
        }
        left->generation++;
        of->of = NULL;
        pthread_cond_broadcast(&of->fake->changed);
    }
    pthread_mutex_unlock(&of->fake->lock);
    return AURORA_OK;
}

/* --- both ------------------------------------------------------------------------------------- */

static void fake_wake(void *self)
{
    member *of = self;
    pthread_mutex_lock(&of->fake->lock);
    of->is_woken = true;
    of->is_relay_woken = true;
    pthread_cond_broadcast(&of->fake->changed);
    pthread_mutex_unlock(&of->fake->lock);
}

static void fake_figures(void *self, aurora_bus_figures *out)
{
    member *of = self;
    pthread_mutex_lock(&of->fake->lock);
    uint32_t size = out->size;
    *out = of->figures;
    out->size = size;
    out->is_connected = of->fake->is_down ? 0 : 1;
    out->assigned = 0;
    for (int t = 0; t < TOPICS; t++) {
        for (int32_t p = 0; p < of->fake->partition_count; p++)
            out->assigned += of->next[t][p] >= 0;
    }
    if (of->fake->is_down)
        snprintf(out->last_error, sizeof out->last_error, "the fake is down");
    pthread_mutex_unlock(&of->fake->lock);
}

static uint32_t fake_lags(void *self, aurora_bus_lag *lags_out, uint32_t capacity)
{
    static const char *const names[TOPICS] = {
        "", "fake.orders", "fake.inventory", "fake.payments", "fake.products", "fake.views", ""};
    member *of = self;
    uint32_t count = 0;
    pthread_mutex_lock(&of->fake->lock);
    for (int32_t t = 1; t < TOPICS && of->of != NULL; t++) {
        for (int32_t p = 0; p < of->fake->partition_count; p++) {
            const partition *from = &of->fake->topics[t][p];
            int64_t done = of->of->done[t][p] < 0 ? 0 : of->of->done[t][p];
            if (of->next[t][p] < 0 || count++ >= capacity)
                continue;
            lags_out[count - 1] =
                (aurora_bus_lag){.topic = t,
                                 .partition = p,
                                 .topic_name = names[t],
                                 .lag = from->count - done,
                                 .oldest_at_ms = done < from->count ? from->items[done].at_ms : 0};
        }
    }
    pthread_mutex_unlock(&of->fake->lock);
    return count;
}

static void fake_close(void *self)
{
    member *of = self;
    aurora_status rc = fake_unsubscribe(of);
    (void)rc;
    free(of->given);
    free(of);
}

static aurora_status fake_open(const aurora_bus_options *options, aurora_bus *out,
                               aurora_error *err)
{
    void *fake;
    (void)err;
    if (sscanf(options->address, "%p", &fake) != 1)
        return AURORA_EINVAL;
    member *of = calloc(1, sizeof *of);
    of->fake = fake;
    of->allocator = options->allocator;
    memset(of->next, 0xFF, sizeof of->next);
    *out = (aurora_bus){.size = sizeof *out,
                        .self = of,
                        .produce = fake_produce,
                        .produced = fake_produced,
                        .restart = fake_restart,
                        .subscribe = fake_subscribe,
                        .poll = fake_poll,
                        .done = fake_done,
                        .seek = fake_seek,
                        .unsubscribe = fake_unsubscribe,
                        .wake = fake_wake,
                        .figures = fake_figures,
                        .lags = fake_lags,
                        .close = fake_close};
    return AURORA_OK;
}

const aurora_driver bus_fake_driver = {.size = sizeof(aurora_driver),
                                       .port = AURORA_PORT_BUS,
                                       .scheme = "fake",
                                       .open_bus = fake_open};
