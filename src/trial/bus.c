/* SPDX-License-Identifier: MIT */
/* The broker between services: topics with partitions, groups whose members share them. Messages
 * are kept in order per partition and come at least once. On the way they are lost for ever, there
 * twice, late, or there though the producer was told that they failed; partitions change hands in
 * the middle of a batch, members that were given up go on as if nothing had been, and whoever loses
 * the broker is given up when its session is over. */
#include "trial/trial.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define TOPICS AURORA_TOPIC_COUNT
#define PARTITIONS AURORA__TRIAL_PARTITIONS_MAX
#define GROUPS_MAX 8
#define PENDING_MAX 256
#define SESSION_MS 20000
#define CUT_MS 40000
#define ACK_MS 300
#define BACK_MAX 12
#define LEASE_NS INT64_C(9000000000) /* who leads surely does so long */

#define IS_PUBLISHED 1u
#define IS_LOST 2u

typedef struct aurora__trial_member member;
typedef struct aurora__trial_broker broker;

typedef struct {
    aurora_bus_record record;
    int64_t at_ns; /* nobody reads it before */
} message;

typedef struct {
    message *items;
    uint32_t count;
    uint32_t capacity;
} partition;

typedef struct {
    char name[24];
    bool topics[TOPICS];
    uint32_t generation; /* grows as partitions change hands */
    member *owners[TOPICS][PARTITIONS];
    int64_t done[TOPICS][PARTITIONS];
} group;

/* What was published of a service's log. */
typedef struct {
    uint8_t *marks; /* by position */
    uint64_t capacity;
    int64_t last[TOPICS][PARTITIONS];
    /* The last two that published, each at last when. */
    const struct aurora__trial_member *leader;
    const struct aurora__trial_member *former;
    int64_t former_ns;
    int64_t leader_ns;
} source;

typedef struct {
    int64_t position;
    int64_t at_ns;
} pending_ack;

struct aurora__trial_member {
    aurora__trial *world;
    aurora__trial_instance *instance;
    uint32_t number;
    group *of; /* NULL = it does not listen */
    aurora_bus_listener listener;
    uint32_t generation; /* that it has settled for */
    bool must_ask;       /* the listener could not say where to go on */
    bool is_gone;        /* given up by the group */
    bool is_dead;        /* its process is gone */
    int64_t cut_until_ns;
    int64_t next[TOPICS][PARTITIONS]; /* -1 = not ours, as far as it knows */
    bool has_failed;
    int64_t acked;
    pending_ack pending[PENDING_MAX];
    uint32_t pending_count;
    aurora_bus_record *given; /* of the last poll */
    uint32_t given_capacity;
    aurora_bus_figures figures;
};

struct aurora__trial_broker {
    partition topics[TOPICS][PARTITIONS];
    group groups[GROUPS_MAX];
    uint32_t group_count;
    member **members;
    uint32_t member_count;
    uint32_t member_capacity;
    source sources[AURORA__TRIAL_SERVICES_MAX];
};

/* --- odds ------------------------------------------------------------------------------------- */

static void *room(void *items, uint32_t count, uint32_t *capacity, size_t bytes)
{
    if (count < *capacity)
        return items;
    *capacity = *capacity == 0 ? 64 : *capacity * 2;
    void *more = realloc(items, *capacity * bytes);
    if (more == NULL)
        abort();
    return more;
}

static uint32_t partitions_of(const aurora__trial *world, uint32_t topic)
{
    return topic == AURORA_TOPIC_DEAD_LETTERS ? 1 : world->options.partitions;
}

static bool is_cut(const member *of)
{
    return !of->world->is_calm && of->world->now_ns < of->cut_until_ns;
}

/* A step of a process that may end here. */
static void visit(const member *of, const char *point)
{
    aurora__trial *world = of->world;
    world->current = of->instance->number;
    if (aurora__trial_fault(world, world->options.crash, 10000))
        aurora__trial_crash(of->instance, point);
}

static void poke(const member *of, int64_t at_ns)
{
    aurora__trial_instance *instance = of->instance;
    if (!of->is_dead && instance->member == of && instance->shop != NULL &&
        instance->pump_ns > at_ns)
        instance->pump_ns = at_ns;
}

void aurora__trial_broker_begin(aurora__trial *world)
{
    if (world->service_count > 1)
        world->broker = aurora_sim_take(world, sizeof *world->broker);
}

void aurora__trial_broker_end(aurora__trial *world)
{
    broker *of = world->broker;
    if (of == NULL)
        return;
    for (uint32_t i = 0; i < of->member_count; i++)
        free(of->members[i]->given);
    for (uint32_t t = 0; t < TOPICS; t++) {
        for (uint32_t p = 0; p < PARTITIONS; p++)
            free(of->topics[t][p].items);
    }
    for (uint32_t i = 0; i < AURORA__TRIAL_SERVICES_MAX; i++)
        free(of->sources[i].marks);
    free(of->members);
}

/* --- publishing ------------------------------------------------------------------------------- */

static uint8_t *mark_at(source *of, uint64_t position)
{
    if (position >= of->capacity) {
        uint64_t capacity = 1024;
        while (capacity <= position)
            capacity *= 2;
        of->marks = realloc(of->marks, capacity);
        if (of->marks == NULL)
            abort();
        memset(of->marks + of->capacity, 0, capacity - of->capacity);
        of->capacity = capacity;
    }
    return &of->marks[position];
}

static uint32_t partition_of(const aurora__trial *world, const aurora_bus_message *from)
{
    uint32_t hash = 2166136261u;
    for (uint32_t i = 0; i < from->key_len; i++)
        hash = (hash ^ (uint8_t)from->key[i]) * 16777619u;
    return hash % partitions_of(world, (uint32_t)from->topic);
}

static char *copy(aurora__trial *world, const void *bytes, size_t length)
{
    char *text = aurora_sim_take(world, length + 1);
    if (length > 0)
        memcpy(text, bytes, length);
    return text;
}

static aurora_bus_record copy_record(aurora__trial *world, const aurora_bus_message *from)
{
    aurora_bus_header *headers =
        aurora_sim_take(world, (from->header_count + 1u) * sizeof *headers);
    for (uint32_t i = 0; i < from->header_count; i++) {
        const aurora_bus_header *header = &from->headers[i];
        headers[i].name = copy(world, header->name, strlen(header->name));
        headers[i].value = copy(world, header->value, strlen(header->value));
    }
    return (aurora_bus_record){.topic = from->topic,
                               .key = copy(world, from->key, from->key_len),
                               .key_len = from->key_len,
                               .data = from->data == NULL ? NULL
                                                          : copy(world, from->data, from->data_len),
                               .data_len = from->data_len,
                               .headers = headers,
                               .header_count = from->header_count,
                               .at_ms = from->at_ms};
}

static void poke_readers(const aurora__trial *world, uint32_t topic, uint32_t number, int64_t at_ns)
{
    broker *of = world->broker;
    for (uint32_t i = 0; i < of->group_count; i++) {
        if (of->groups[i].owners[topic][number] != NULL)
            poke(of->groups[i].owners[topic][number], at_ns);
    }
}

static void append(aurora__trial *world, const aurora_bus_message *from, uint32_t number)
{
    partition *to = &world->broker->topics[from->topic][number];
    int64_t delay_ns = 1000000;
    if (!world->is_calm && world->options.delay > 0)
        delay_ns += (int64_t)aurora__trial_below(world, world->options.delay) * 1000000;
    to->items = room(to->items, to->count, &to->capacity, sizeof *to->items);
    /* NOLINTNEXTLINE(analyzer-malloc-leak): the partition frees its items */
    message *made = &to->items[to->count];
    *made = (message){.record = copy_record(world, from), .at_ns = world->now_ns + delay_ns};
    made->record.partition = (int32_t)number;
    made->record.offset = to->count++;
    poke_readers(world, (uint32_t)from->topic, number, made->at_ns);
}

/* What may be lost is asked for again; a price or a view is not. */
static bool is_lost(aurora__trial *world, int32_t topic)
{
    return topic <= AURORA_TOPIC_PAYMENTS && aurora__trial_fault(world, world->options.drop, 1000);
}

/* What is published for the first time stands behind all that came before it (I7). */
static bool note_position(const member *of, const aurora_bus_message *from, uint32_t number)
{
    aurora__trial *world = of->world;
    const aurora__trial_service *service = of->instance->service;
    source *published = &world->broker->sources[service->number];
    int64_t *last = &published->last[from->topic][number];
    uint8_t *mark = mark_at(published, (uint64_t)from->position);
    bool is_first = *mark == 0;
    aurora__trial_check(world, "I7");
    if (is_first && from->position < *last)
        aurora__trial_fail(world, -1, "I7", "%s publishes event %" PRId64 " behind event %" PRId64,
                           service->modules, from->position, *last);
    if (from->position > *last)
        *last = from->position;
    *mark |= IS_PUBLISHED;
    if (is_first && is_lost(world, from->topic)) {
        *mark |= IS_LOST;
        world->report->faults++;
        aurora_sim_note(world, "the broker loses event %" PRId64 " of %s", from->position,
                        service->modules);
    }
    return (*mark & IS_LOST) != 0;
}

/* Of two handles on one store one publishes: who was followed by the other comes back only when its
 * lease is over, or was given up. Where the clock jumps, leases end early. */
static void note_leader(const member *of)
{
    aurora__trial *world = of->world;
    source *from = &world->broker->sources[of->instance->service->number];
    aurora__trial_check(world, "relay");
    if (from->former == of && !from->leader->is_dead && world->jumps == 0 &&
        world->now_ns - from->former_ns < LEASE_NS)
        aurora__trial_fail(world, -1, "relay", "handles %u and %u publish events of %s in turns",
                           from->leader->instance->number, of->instance->number,
                           of->instance->service->modules);
    if (from->leader != of) {
        from->former = from->leader;
        from->former_ns = from->leader_ns;
    }
    from->leader = of;
    from->leader_ns = world->now_ns;
}

static void await_ack(member *of, int64_t position)
{
    aurora__trial *world = of->world;
    int64_t at_ns = world->now_ns +
                    (int64_t)aurora__trial_below(world, ACK_MS) * (world->is_calm ? 1000 : 1000000);
    if (of->pending_count > 0 && of->pending[of->pending_count - 1].at_ns > at_ns)
        at_ns = of->pending[of->pending_count - 1].at_ns;
    of->pending[of->pending_count++] = (pending_ack){position, at_ns};
}

/* False: the producer is told that it failed, whether it is there or not. */
static bool publish(member *of, const aurora_bus_message *from)
{
    aurora__trial *world = of->world;
    uint32_t number = partition_of(world, from);
    bool is_unsure = aurora__trial_fault(world, world->options.unsure, 1000);
    if (is_unsure && aurora__trial_below(world, 2) == 0)
        return false;
    if (from->position > 0)
        note_leader(of);
    bool is_away = from->position > 0 && note_position(of, from, number);
    aurora__trial_hash_number(world, (uint64_t)from->position << 8 | (uint64_t)from->topic);
    if (!is_away) {
        append(world, from, number);
        if (aurora__trial_fault(world, world->options.twice, 1000))
            append(world, from, number);
    }
    if (is_unsure)
        return false;
    if (from->position > 0)
        await_ack(of, from->position);
    of->figures.produced++;
    return true;
}

static aurora_status produce(void *self, const aurora_bus_message *messages, uint32_t count,
                             uint32_t *accepted_out)
{
    member *of = self;
    *accepted_out = 0;
    visit(of, "bus.produce");
    if (of->has_failed)
        return AURORA_EIO;
    for (uint32_t i = 0; i < count; i++) {
        if (is_cut(of) || of->pending_count == PENDING_MAX)
            return AURORA_EBUSY;
        of->has_failed = !publish(of, &messages[i]);
        *accepted_out += 1;
        if (of->has_failed) {
            of->figures.produce_failures++;
            of->world->report->faults++;
            aurora_sim_note(of->world, "handle %u: is told that event %" PRId64 " is not published",
                            of->instance->number, messages[i].position);
            break;
        }
        visit(of, "bus.produce, in the middle");
    }
    return AURORA_OK;
}

static aurora_status produced(void *self, int32_t wait_ms, int64_t *position_out)
{
    member *of = self;
    aurora__trial *world = of->world;
    uint32_t answered = 0;
    visit(of, "bus.produced");
    if (wait_ms > 0 && of->pending_count > 0 && of->pending[0].at_ns > world->now_ns) {
        int64_t until_ns = world->now_ns + (int64_t)wait_ms * 1000000;
        world->now_ns = of->pending[0].at_ns < until_ns ? of->pending[0].at_ns : until_ns;
    } else if (wait_ms > 0) {
        world->now_ns += (int64_t)wait_ms * 1000000;
    }
    while (!is_cut(of) && answered < of->pending_count &&
           of->pending[answered].at_ns <= world->now_ns)
        of->acked = of->pending[answered++].position;
    memmove(of->pending, of->pending + answered,
            (of->pending_count - answered) * sizeof *of->pending);
    of->pending_count -= answered;
    *position_out = of->acked;
    return of->has_failed ? AURORA_EIO : AURORA_OK;
}

static aurora_status restart(void *self, int64_t position)
{
    member *of = self;
    of->has_failed = false;
    of->pending_count = 0;
    of->acked = position;
    return AURORA_OK;
}

bool aurora__trial_bus_has(const aurora__trial *world, const aurora__trial_service *service,
                           uint64_t position, bool *is_lost_out)
{
    const source *published = &world->broker->sources[service->number];
    uint8_t mark = position < published->capacity ? published->marks[position] : 0;
    *is_lost_out = (mark & IS_LOST) != 0;
    return mark != 0;
}

/* --- groups ----------------------------------------------------------------------------------- */

static group *find_group(broker *of, const char *name)
{
    for (uint32_t i = 0; i < of->group_count; i++) {
        if (strcmp(of->groups[i].name, name) == 0)
            return &of->groups[i];
    }
    if (of->group_count == GROUPS_MAX)
        abort();
    group *made = &of->groups[of->group_count++];
    snprintf(made->name, sizeof made->name, "%s", name);
    return made;
}

/* Who is there shares the partitions; who had them before learns it when it polls. */
static void share_out(aurora__trial *world, group *of)
{
    member *there[AURORA__TRIAL_INSTANCES_MAX * 2];
    uint32_t count = 0;
    const broker *all = world->broker;
    for (uint32_t i = all->member_count; i > 0 && count < AURORA__TRIAL_INSTANCES_MAX * 2; i--) {
        if (all->members[i - 1]->of == of && !all->members[i - 1]->is_gone)
            there[count++] = all->members[i - 1];
    }
    of->generation++;
    for (uint32_t t = 1; t < TOPICS; t++) {
        for (uint32_t p = 0; p < partitions_of(world, t); p++)
            of->owners[t][p] =
                count == 0 || !of->topics[t] ? NULL : there[(t + p + of->generation) % count];
    }
    for (uint32_t i = 0; i < count; i++)
        poke(there[i], world->now_ns + 1000000);
}

static aurora_status subscribe(void *self, const char *name, const int32_t *topics, uint32_t count,
                               const aurora_bus_listener *listener)
{
    member *of = self;
    if (of->of != NULL)
        return AURORA_EINVAL;
    if (is_cut(of))
        return AURORA_EIO;
    of->of = find_group(of->world->broker, name);
    of->listener = *listener;
    for (uint32_t i = 0; i < count; i++)
        of->of->topics[topics[i]] = true;
    share_out(of->world, of->of);
    return AURORA_OK;
}

static uint32_t give_up_all(member *of, aurora_bus_position *positions)
{
    uint32_t count = 0;
    for (int32_t t = 1; t < TOPICS; t++) {
        for (int32_t p = 0; p < PARTITIONS; p++) {
            if (of->next[t][p] >= 0)
                positions[count++] = (aurora_bus_position){t, p, of->next[t][p]};
            of->next[t][p] = -1;
        }
    }
    return count;
}

/* Goes by the newest generation: what it had is taken, what it gets begins where the store says. */
static void settle(member *of)
{
    aurora_bus_position positions[TOPICS * PARTITIONS];
    const group *now = of->of;
    uint32_t count = give_up_all(of, positions);
    if (count > 0)
        of->listener.revoked(of->listener.self, positions, count, of->is_gone);
    of->is_gone = false;
    of->generation = now->generation;
    count = 0;
    for (int32_t t = 1; t < TOPICS; t++) {
        for (int32_t p = 0; p < PARTITIONS; p++) {
            if (now->owners[t][p] == of)
                positions[count++] = (aurora_bus_position){t, p, -1};
        }
    }
    of->must_ask =
        count > 0 && of->listener.assigned(of->listener.self, positions, count) != AURORA_OK;
    for (uint32_t i = 0; i < count && !of->must_ask; i++) {
        const aurora_bus_position *at = &positions[i];
        int64_t end = of->world->broker->topics[at->topic][at->partition].count;
        if (at->next_offset > end)
            aurora__trial_fail(of->world, -1, "I5", "%s goes on at message %" PRId64 " of %" PRId64,
                               now->name, at->next_offset, end);
        of->next[at->topic][at->partition] =
            at->next_offset >= 0 ? at->next_offset : now->done[at->topic][at->partition];
    }
}

/* --- consuming -------------------------------------------------------------------------------- */

static void go_back(member *of)
{
    for (uint32_t t = 1; t < TOPICS; t++) {
        for (uint32_t p = 0; p < PARTITIONS; p++) {
            int64_t back = 1 + aurora__trial_below(of->world, BACK_MAX);
            if (of->next[t][p] > 0)
                of->next[t][p] = of->next[t][p] > back ? of->next[t][p] - back : 0;
        }
    }
    of->world->report->faults++;
    aurora_sim_note(of->world, "handle %u: reads again what it has read", of->instance->number);
}

static uint32_t collect_from(member *of, uint32_t topic, uint32_t number, uint32_t count,
                             uint32_t limit)
{
    const partition *from = &of->world->broker->topics[topic][number];
    int64_t *next = &of->next[topic][number];
    while (*next >= 0 && *next < from->count && count < limit &&
           from->items[*next].at_ns <= of->world->now_ns) {
        of->given = room(of->given, count, &of->given_capacity, sizeof *of->given);
        of->given[count++] = from->items[(*next)++].record;
    }
    return count;
}

static void change_hands(member *of)
{
    aurora__trial *world = of->world;
    if (aurora__trial_fault(world, world->options.rebalance, 1000)) {
        world->report->faults++;
        aurora_sim_note(world, "partitions of %s change hands", of->of->name);
        share_out(world, of->of);
        if (aurora__trial_below(world, 2) == 0)
            return; /* it hears of it at its next poll: until then it is a zombie */
    }
    if (of->is_gone) { /* it was given up, and is back */
        of->is_gone = false;
        share_out(world, of->of);
        of->is_gone = true; /* for settle, which says so */
    }
    if (of->generation != of->of->generation || of->must_ask)
        settle(of);
}

static aurora_status poll(void *self, int32_t wait_ms, uint32_t limit,
                          const aurora_bus_record **records_out, uint32_t *count_out)
{
    member *of = self;
    aurora__trial *world = of->world;
    uint32_t count = 0;
    (void)wait_ms;
    *count_out = 0;
    visit(of, "bus.poll");
    if (of->of == NULL || is_cut(of))
        return AURORA_OK;
    change_hands(of);
    if (aurora__trial_fault(world, world->options.rewind, 1000))
        go_back(of);
    uint32_t most = 1 + aurora__trial_below(world, limit < 40 ? limit : 40);
    uint32_t first = aurora__trial_below(world, TOPICS * PARTITIONS);
    for (uint32_t i = 0; i < TOPICS * PARTITIONS; i++) {
        uint32_t at = (first + i) % (TOPICS * PARTITIONS);
        if (at >= PARTITIONS)
            count = collect_from(of, at / PARTITIONS, at % PARTITIONS, count, most);
    }
    of->figures.consumed += count;
    *records_out = of->given;
    *count_out = count;
    if (count > 0)
        visit(of, "bus.polled");
    return AURORA_OK;
}

/* What a member says of a partition that is another's by now does not count. */
static aurora_status done(void *self, const aurora_bus_position *positions, uint32_t count)
{
    member *of = self;
    visit(of, "bus.done");
    for (uint32_t i = 0; of->of != NULL && i < count; i++) {
        const aurora_bus_position *at = &positions[i];
        if (of->of->owners[at->topic][at->partition] == of && !is_cut(of))
            of->of->done[at->topic][at->partition] = at->next_offset;
    }
    return AURORA_OK;
}

static aurora_status seek(void *self, const aurora_bus_position *positions, uint32_t count)
{
    member *of = self;
    for (uint32_t i = 0; i < count; i++) {
        int64_t *next = &of->next[positions[i].topic][positions[i].partition];
        if (*next >= 0)
            *next = positions[i].next_offset;
    }
    return AURORA_OK;
}

static aurora_status unsubscribe(void *self)
{
    member *of = self;
    aurora_bus_position positions[TOPICS * PARTITIONS];
    group *left = of->of;
    if (left == NULL)
        return AURORA_OK;
    uint32_t count = give_up_all(of, positions);
    if (count > 0)
        of->listener.revoked(of->listener.self, positions, count, false);
    of->is_gone = true;
    share_out(of->world, left);
    of->of = NULL;
    return AURORA_OK;
}

/* --- both ------------------------------------------------------------------------------------- */

static void wake(void *self)
{
    (void)self;
}

static void figures(void *self, aurora_bus_figures *out)
{
    const member *of = self;
    uint32_t size = out->size;
    *out = of->figures;
    out->size = size;
    out->is_connected = is_cut(of) ? 0 : 1;
    out->lag = -1;
}

static void close_bus(void *self)
{
    member *of = self;
    aurora_status rc = unsubscribe(of);
    (void)rc;
    of->is_dead = true;
    of->instance->member = NULL;
}

aurora_status aurora__trial_bus_open(const aurora_bus_options *options, aurora_bus *out,
                                     aurora_error *err)
{
    (void)err;
    if ((options->flags & AURORA_BUS_CHECK) != 0)
        return AURORA_OK;
    aurora__trial_instance *instance =
        (aurora__trial_instance *)strtoull(options->address, NULL, 16);
    broker *of = instance->world->broker;
    member *made = aurora_sim_take(instance->world, sizeof *made);
    of->members = room(of->members, of->member_count, &of->member_capacity, sizeof(member *));
    made->number = of->member_count;
    /* NOLINTNEXTLINE(analyzer-malloc-leak): the broker frees its list of members */
    of->members[of->member_count++] = made;
    made->world = instance->world;
    made->instance = instance;
    memset(made->next, 0xFF, sizeof made->next);
    instance->member = made;
    *out = (aurora_bus){.size = sizeof *out,
                        .self = made,
                        .produce = produce,
                        .produced = produced,
                        .restart = restart,
                        .subscribe = subscribe,
                        .poll = poll,
                        .done = done,
                        .seek = seek,
                        .unsubscribe = unsubscribe,
                        .wake = wake,
                        .figures = figures,
                        .close = close_bus};
    return AURORA_OK;
}

/* --- what happens to members ------------------------------------------------------------------ */

static void plan_session(const member *of)
{
    aurora__trial_plan(of->world, AURORA__TRIAL_SESSION, (int32_t)of->number,
                       1 + aurora__trial_below(of->world, SESSION_MS));
}

void aurora__trial_bus_drop(aurora__trial_instance *instance)
{
    member *of = instance->member;
    if (of == NULL)
        return;
    of->is_dead = true;
    instance->member = NULL;
    plan_session(of);
}

void aurora__trial_bus_session_end(aurora__trial *world, uint32_t number)
{
    member *of = world->broker->members[number];
    if (of->is_gone || of->of == NULL || !(of->is_dead || is_cut(of)))
        return;
    of->is_gone = true;
    aurora_sim_note(world, "%s gives a member up", of->of->name);
    share_out(world, of->of);
}

void aurora__trial_bus_cut(aurora__trial_instance *instance)
{
    member *of = instance->member;
    if (of == NULL)
        return;
    of->cut_until_ns =
        of->world->now_ns + (int64_t)(1 + aurora__trial_below(of->world, CUT_MS)) * 1000000;
    of->world->report->faults++;
    aurora_sim_note(of->world, "handle %u: loses the broker until %" PRId64 " ms", instance->number,
                    of->cut_until_ns / 1000000);
    plan_session(of);
}

int64_t aurora__trial_bus_next_ns(const aurora__trial_instance *instance)
{
    const member *of = instance->member;
    if (of == NULL)
        return INT64_MAX;
    int64_t soonest = of->pending_count > 0 ? of->pending[0].at_ns : INT64_MAX;
    if (of->of == NULL)
        return soonest;
    if (of->generation != of->of->generation || of->must_ask)
        return 0;
    for (uint32_t t = 1; t < TOPICS; t++) {
        for (uint32_t p = 0; p < PARTITIONS; p++) {
            const partition *from = &of->world->broker->topics[t][p];
            int64_t next = of->next[t][p];
            if (next >= 0 && next < from->count && from->items[next].at_ns < soonest)
                soonest = from->items[next].at_ns;
        }
    }
    return soonest;
}

static bool is_through(const aurora__trial *world, const group *of, uint32_t topic, uint32_t number)
{
    const partition *from = &world->broker->topics[topic][number];
    const member *owner = of->owners[topic][number];
    if (!of->topics[topic] || from->count == 0)
        return true;
    return owner != NULL && !owner->is_dead && owner->next[topic][number] == from->count;
}

bool aurora__trial_bus_is_empty(const aurora__trial *world)
{
    const broker *of = world->broker;
    if (of == NULL)
        return true;
    for (uint32_t i = 0; i < of->group_count; i++) {
        for (uint32_t t = 1; t < TOPICS; t++) {
            for (uint32_t p = 0; p < PARTITIONS; p++) {
                if (!is_through(world, &of->groups[i], t, p))
                    return false;
            }
        }
    }
    return true;
}
