/* SPDX-License-Identifier: MIT */
/* What the parts of the simulation share: the world with its clock, random numbers and agenda, and
 * the things in it. Everything lives in one arena that is dropped with its seed, so the texts
 * of committed rows and messages never move and may be borrowed. */
#ifndef AURORA_SIM_WORLD_H
#define AURORA_SIM_WORLD_H

#include "core/inventory.h"
#include "core/order.h"
#include "core/payment.h"
#include "core/step.h"
#include "sim/sim.h"

#include <aurora/breaker.h>
#include <aurora/bucket.h>
#include <aurora/topk.h>

#define AURORA__SIM_SERVICES_MAX 3
#define AURORA__SIM_MODULES 3 /* order, inventory, payment: bit i of a module set */
#define AURORA__SIM_PARTITIONS_MAX 4
#define AURORA__SIM_SKUS_MAX 6
#define AURORA__SIM_START INT64_C(1750000000000)

typedef struct aurora__sim_world aurora__sim_world;
typedef struct aurora__sim_service aurora__sim_service;

/* Blocks, dropped together. */
typedef struct {
    aurora__arena arena;
    struct aurora__sim_block *first;
    aurora__sim_pool *pool; /* where they come from and go to; NULL = the heap */
} aurora__sim_memory;

/* --- agenda ------------------------------------------------------------------------------- */

enum {
    AURORA__SIM_WAKE = 1,   /* a service looks for work */
    AURORA__SIM_PLACE = 2,  /* a client sends its order */
    AURORA__SIM_CANCEL = 3, /* a client or an operator ends one */
    AURORA__SIM_MOVE = 4,
    AURORA__SIM_HOLD = 5,
    AURORA__SIM_HOLD_END = 6,
    AURORA__SIM_CALL = 7,   /* a call reaches the provider */
    AURORA__SIM_ANSWER = 8, /* an answer reaches the payment service */
    AURORA__SIM_RETRY = 9,  /* an operator helps a parked order */
    AURORA__SIM_COMPENSATE = 10,
    AURORA__SIM_KNOCK = 11, /* a client asks the limiter */
};

/* A call that the breaker let through; ticket 0 = none, or of somebody else. */
typedef struct {
    uint64_t ticket;
    uint64_t epoch; /* as the model counts them */
} aurora__sim_pass;

typedef struct {
    int64_t at_ms;
    uint64_t sequence;
    int32_t kind;
    int32_t order; /* or service, movement, hold */
    int32_t verb;
    int32_t outcome;
    bool is_query;
    bool is_insistent; /* an answer that comes until it is heard */
    bool is_other;     /* a known key with another body */
    aurora__sim_pass pass;
    aurora_id id;
} aurora__sim_item;

/* --- durable rows ------------------------------------------------------------------------- */

typedef struct {
    uint64_t hash;
    uint32_t table;
    uint32_t index;       /* among those of its table */
    const void *row;      /* NULL: deleted */
    aurora_value *values; /* the row as a load gives it */
    char *places[2];      /* room for the row and the one before it */
    uint32_t turn;
} aurora__sim_entry;

typedef struct {
    aurora__sim_entry **items;
    int64_t *due_at; /* beside each: when its timer fires, 0 = never */
    uint32_t count;
    uint32_t capacity;
    uint32_t due_capacity;
} aurora__sim_entries;

typedef struct {
    aurora__sim_entry **slots;
    uint32_t capacity;
    uint32_t count;
    aurora__sim_entries tables[AURORA__TABLE_COUNT]; /* in order of creation */
} aurora__sim_store;

/* --- commands ----------------------------------------------------------------------------- */

enum {
    AURORA__SIM_DO_PLACE = 1,
    AURORA__SIM_DO_CANCEL = 2,
    AURORA__SIM_DO_REPAIR = 3,
    AURORA__SIM_DO_MOVE = 4,
    AURORA__SIM_DO_HOLD = 5,
    AURORA__SIM_DO_HOLD_COMMIT = 6,
    AURORA__SIM_DO_HOLD_RELEASE = 7,
    AURORA__SIM_DO_HOLD_EXPIRE = 8,
    AURORA__SIM_DO_ORDER_DUE = 9,
    AURORA__SIM_DO_TAKE = 10,
    AURORA__SIM_DO_SIMULATE = 11, /* a call on the module simulator's ledger */
    AURORA__SIM_DO_FINISH = 12,
    AURORA__SIM_DO_DELIVER = 13,
    AURORA__SIM_DO_REDRIVE = 14,
    AURORA__SIM_DO_GIVE_BACK = 15, /* a lease that led to no call */
};

typedef struct aurora__sim_feed aurora__sim_feed;

typedef struct {
    int32_t kind;
    int32_t order; /* or movement, hold */
    aurora_id id;  /* of the order or task */
    int32_t action;
    int32_t participant;
    int32_t result; /* or an outcome, a module */
    const char *text;
    aurora__sim_feed *feed;
    uint32_t offset;
    aurora__payment_task task;
    aurora_status status;
    bool is_new;   /* DELIVER: it took effect; TAKE: a task was taken; REDRIVE: more follow */
    bool is_other; /* MOVE, HOLD: another body under the key */
    bool is_twice; /* planted */
    uint32_t answer_count;
    aurora__payment_result answers[2];
} aurora__sim_command;

typedef struct {
    aurora__sim_command *items;
    uint32_t count;
    uint32_t capacity;
} aurora__sim_commands;

/* --- broker ------------------------------------------------------------------------------- */

typedef struct {
    int64_t position;
    int64_t at_ms;
    const aurora__event *event; /* as the relay read it in the log */
    int32_t kind;
    int32_t order;
    bool is_resend;
} aurora__sim_message;

typedef struct {
    aurora__sim_message *items;
    uint32_t count;
    uint32_t capacity;
} aurora__sim_partition;

/* One consumer's way through one partition. */
struct aurora__sim_feed {
    uint32_t module; /* index: the consumer */
    uint32_t source; /* index of the service that writes */
    uint32_t topic;  /* index of the module whose events it holds */
    uint32_t partition;
    uint32_t next;
    aurora__key watermark;
    uint32_t acked;  /* the offset that the group was told */
    uint32_t seen;   /* the highest that `next` has been */
    int64_t next_at; /* when message `next` can be fetched; 0 = not drawn */
    int64_t cut_until;
};

/* --- things ------------------------------------------------------------------------------- */

struct aurora__sim_service {
    aurora__sim_world *world;
    uint32_t index;
    uint32_t modules; /* AURORA__MODULE_... */
    const char *name;
    aurora__policy policy;
    aurora__sim_store store;
    aurora__rows rows;
    aurora__sim_memory batch;
    aurora__sim_memory cache;
    aurora_log_row *log;
    uint32_t log_count;
    uint32_t log_capacity;
    int64_t position;    /* of the newest committed event */
    uint32_t relay_next; /* log row */
    uint32_t relay_kept; /* the durable cursor */
    int64_t relay_cut_until;
    int64_t isolated_until;
    int64_t skew_ms;   /* of its clock */
    int64_t clock_ms;  /* the newest time that it used */
    int64_t ticked_at; /* when that was, in the world's time */
    int64_t wake_at;
    int64_t down_until;
    int64_t idle_until; /* nobody takes payment tasks */
    aurora__sim_commands inbox;
    aurora__sim_commands work;  /* of the running batch */
    uint32_t answered;          /* of them */
    aurora__sim_commands stale; /* the batch of an instance that stalled */
    int64_t stale_until;
    bool is_stale; /* the running batch is that one: nobody waits for its answers */
    aurora__event **events;
    uint32_t event_count;
    uint32_t event_capacity;
    aurora__sim_partition topics[AURORA__SIM_MODULES][AURORA__SIM_PARTITIONS_MAX];
    aurora__sim_feed *feeds;
    uint32_t feed_count;
    uint32_t parked_keys;
    /* The auditor's, outside of what a crash may take. */
    uint8_t *audit; /* per position: bit module = took effect, bit 6 = lost, bit 7 = published */
    int64_t audit_capacity;
};

/* The provider's truth about one order. */
typedef struct {
    bool is_authorized;
    bool is_declined;
    bool is_voided;
    int64_t captured;
    int64_t refunded;
    uint32_t captures;
    uint32_t refunds;
} aurora__sim_books;

typedef struct {
    aurora_id id; /* of the newest attempt, or of the order that exists */
    uint32_t attempts;
    bool is_acknowledged;
    bool is_cancel_acknowledged;
    bool is_silent;       /* the provider does not answer until operators act */
    bool is_heard;        /* that its authorization was done is committed */
    uint8_t sent;         /* calls by verb that may have arrived, as bits */
    uint8_t asked;        /* calls by verb that may be made again at once, as bits */
    int64_t called_at[5]; /* by verb, on the service's clock */
    uint32_t calls[5];
    const char *reference;
    const char *method;
    uint32_t line_count;
    aurora__place_line lines[3];
    int64_t charges_minor;
    int64_t total_minor;
    aurora__sim_books books;
    uint32_t told[24]; /* events by kind, without repeats */
    int64_t last[AURORA__SIM_MODULES][AURORA__SIM_SERVICES_MAX]; /* position that took effect */
} aurora__sim_order;

typedef struct {
    const char *key;
    const char *sku;
    int64_t quantity;
    bool is_done;
    int32_t state; /* holds: what was acknowledged */
} aurora__sim_stock_act;

/* Limiter and breaker, and what the models of edge.c know of them. */
typedef struct {
    aurora_bucket bucket;
    uint64_t tokens; /* a second */
    uint64_t burst;
    int64_t level; /* thousandths of tokens */
    int64_t newest_ms;
    int64_t skew_ms; /* of this process's clock */
    aurora_breaker breaker;
    int32_t state;
    uint64_t epoch;
    int64_t opened_ms; /* INT64_MIN: not, or nobody saw it */
} aurora__sim_edge;

typedef struct {
    aurora_topk topk;
    aurora__sim_memory memory;
    uint32_t next; /* log row */
    uint32_t kept; /* with the snapshot */
    uint8_t *snapshot;
    size_t snapshot_bytes;
} aurora__sim_trend;

struct aurora__sim_world {
    const aurora__sim_request *request;
    aurora__sim_report *report;
    aurora__sim_options options;
    aurora__sim_memory memory;
    uint64_t random;
    int64_t now_ms;
    bool is_safe;   /* faults have stopped */
    bool is_mended; /* operators look after what is parked */
    aurora__sim_item *agenda;
    uint32_t agenda_count;
    uint32_t agenda_capacity;
    uint64_t sequence;
    aurora__sim_service services[AURORA__SIM_SERVICES_MAX];
    uint32_t service_count;
    uint32_t service_of[AURORA__SIM_MODULES];
    bool is_read[AURORA__SIM_MODULES]; /* topics that another service subscribes to */
    aurora__sim_order *orders;
    aurora__sim_stock_act *moves;
    uint32_t move_count;
    aurora__sim_stock_act *holds;
    uint32_t hold_count;
    const char *skus[AURORA__SIM_SKUS_MAX];
    aurora__sim_edge edge;
    aurora__sim_trend trend;
};

/* --- memory.c ----------------------------------------------------------------------------- */

void aurora__sim_memory_reset(aurora__sim_memory *memory); /* cleared memory, or used before */
void aurora__sim_memory_free(aurora__sim_memory *memory);

/* --- world.c ------------------------------------------------------------------------------ */

void *aurora__sim_take(aurora__sim_world *world, size_t bytes); /* cleared */
const char *aurora__sim_text(aurora__sim_world *world, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A list of `count` items of `bytes` with room for one more, in the world's arena. */
void *aurora__sim_room(aurora__sim_world *world, void *items, uint32_t count, uint32_t *capacity,
                       size_t bytes);

uint64_t aurora__sim_random(aurora__sim_world *world);
uint32_t aurora__sim_below(aurora__sim_world *world, uint32_t bound); /* 0 for bound 0 */
/* Whether a fault strikes, AURORA__OPTION_...: never once faults have stopped. */
bool aurora__sim_fault(aurora__sim_world *world, uint32_t option);
/* A chance of its own while there are faults; nothing counts it. */
bool aurora__sim_chance(aurora__sim_world *world, uint32_t percent);

void aurora__sim_agenda_add(aurora__sim_world *world, aurora__sim_item item);
bool aurora__sim_agenda_next(aurora__sim_world *world, aurora__sim_item *item_out);

/* That a check is being made: one that never is would show in no summary otherwise. */
static inline void aurora__sim_checking(aurora__sim_world *world, int32_t check)
{
    world->report->checks[check]++;
}

/* The first failure of a seed stays. */
void aurora__sim_fail(aurora__sim_world *world, int32_t check, int32_t order, const char *format,
                      ...) __attribute__((format(printf, 4, 5)));

/* One step into the hash and, if wanted, the transcript. */
void aurora__sim_trace(aurora__sim_world *world, int32_t order, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void aurora__sim_hash(aurora__sim_world *world, uint64_t word);

aurora_id aurora__sim_order_id(const aurora__sim_world *world, int32_t order);
int32_t aurora__sim_order_of(const aurora__sim_world *world, const aurora_id *id);

/* --- swarm.c ------------------------------------------------------------------------------ */

void aurora__sim_options_draw(aurora__sim_world *world);

/* --- store.c ------------------------------------------------------------------------------ */

const void *aurora__sim_store_get(const aurora__sim_store *store, const aurora__key *key);
void aurora__sim_store_load(aurora__sim_service *service);
/* Saves what the batch touched; `part` of 256 of it, 256 = all. */
void aurora__sim_store_save(aurora__sim_service *service, uint32_t part);
void aurora__sim_store_save_table(aurora__sim_service *service, uint32_t table);
/* The committed row of an order, or NULL. */
const void *aurora__sim_row_of(const aurora__sim_service *service, uint32_t table,
                               const aurora_id *id);

/* --- decision.c --------------------------------------------------------------------------- */

/* Runs one command in the service's batch; cmd->status is how it went. */
void aurora__sim_decide(aurora__sim_service *service, aurora__sim_command *command,
                        aurora__step *step);

/* --- delivery.c ------------------------------------------------------------------------------- */

typedef struct {
    aurora__sim_service *service;
    aurora__sim_command *command;
    aurora__step *step;
} aurora__sim_turn;

aurora_status aurora__sim_deliver(const aurora__sim_turn *t);
/* Whether the watermark has passed the delivery already; loads it. */
bool aurora__sim_is_known(const aurora__sim_turn *t);
bool aurora__sim_is_for_module(const aurora__sim_turn *t);
aurora_status aurora__sim_redrive(const aurora__sim_turn *t);
/* Appends an event to what waits for its key. */
aurora_status aurora__sim_set_aside(const aurora__sim_turn *t, uint32_t module,
                                    const aurora__event *event);

/* --- crash.c ------------------------------------------------------------------------------ */

/* True when the service crashes here: what was in its memory is gone, the caller returns. */
bool aurora__sim_crash_at(aurora__sim_service *service, uint32_t point);
/* The same in two steps. */
bool aurora__sim_crash_is_due(aurora__sim_service *service, uint32_t point);
void aurora__sim_crash(aurora__sim_service *service);
/* An instance stalls with the batch that it took; another one goes on in its place. */
void aurora__sim_stall(aurora__sim_service *service);
/* It goes on, late: its batch becomes service->work. False when there is none or not yet. */
bool aurora__sim_resume(aurora__sim_service *service);

/* --- batch.c ---------------------------------------------------------------------------------- */

/* Runs service->work as one batch: committed and answered, or lost as a whole. */
void aurora__sim_batch_run(aurora__sim_service *service);

/* --- service.c ---------------------------------------------------------------------------- */

void aurora__sim_services_init(aurora__sim_world *world);
void aurora__sim_service_wake(aurora__sim_service *service);
void aurora__sim_service_poke(aurora__sim_service *service, int64_t at_ms);
/* False while the service is down: nobody listens. */
bool aurora__sim_service_send(aurora__sim_service *service, const aurora__sim_command *command);
aurora__sim_service *aurora__sim_service_of(aurora__sim_world *world, uint32_t module);
void aurora__sim_commands_add(aurora__sim_world *world, aurora__sim_commands *list,
                              const aurora__sim_command *command);

/* --- network.c ---------------------------------------------------------------------------- */

void aurora__sim_feeds_init(aurora__sim_service *service);
void aurora__sim_network_publish(aurora__sim_service *service);
void aurora__sim_network_fetch(aurora__sim_service *service, aurora__sim_commands *out,
                               uint32_t capacity);
/* When the service's next message can be fetched; INT64_MAX = none. */
int64_t aurora__sim_network_next(aurora__sim_service *service);
/* After a crash, or for a new owner: offsets come from the watermark rows, or from older ones. */
void aurora__sim_network_rewind(aurora__sim_service *service);
/* Some partitions change their owner. */
void aurora__sim_network_rebalance(aurora__sim_service *service);
/* The group is told how far it has come. */
void aurora__sim_network_ack(aurora__sim_service *service);
bool aurora__sim_is_isolated(const aurora__sim_service *service);

/* --- transcript.c ------------------------------------------------------------------------- */

/* One decided command with the events that it emitted. */
void aurora__sim_trace_command(aurora__sim_service *service, const aurora__sim_command *command,
                               const aurora__step *step);

/* --- provider.c --------------------------------------------------------------------------- */

/* False when the breaker says that no call is to be made. */
bool aurora__sim_provider_call(aurora__sim_world *world, const aurora__payment_task *task);
void aurora__sim_provider_execute(aurora__sim_world *world, const aurora__sim_item *call);
void aurora__sim_provider_answer(aurora__sim_world *world, const aurora__sim_item *answer);

/* --- edge.c ------------------------------------------------------------------------------- */

void aurora__sim_edge_init(aurora__sim_world *world);
void aurora__sim_edge_knock(aurora__sim_world *world);
/* Whether the breaker lets a call through; it then leaves with this pass. */
bool aurora__sim_edge_enter(aurora__sim_world *world, aurora__sim_pass *pass_out);
void aurora__sim_edge_leave(aurora__sim_world *world, const aurora__sim_pass *pass, bool is_failed);

/* --- trend.c ------------------------------------------------------------------------------ */

void aurora__sim_trend_init(aurora__sim_world *world);
void aurora__sim_trend_follow(aurora__sim_world *world);
void aurora__sim_trend_check(aurora__sim_world *world);

/* --- people.c ----------------------------------------------------------------------------- */

void aurora__sim_people_init(aurora__sim_world *world);
void aurora__sim_people_act(aurora__sim_world *world, const aurora__sim_item *item);
/* A client watches its order: an event of it is durable. */
void aurora__sim_people_see(aurora__sim_world *world, const aurora__event *event);
/* What a command's sender learns. */
void aurora__sim_people_hear(aurora__sim_world *world, const aurora__sim_command *command);
void aurora__sim_people_lose(aurora__sim_world *world, const aurora__sim_command *command);
/* Operators look at everything that is parked; false when nothing is. */
bool aurora__sim_people_repair(aurora__sim_world *world);

/* --- checker.c ---------------------------------------------------------------------------- */

/* `before` is the row that the saved one takes the place of; `kind` AURORA_PUT_... */
void aurora__sim_check_put(aurora__sim_service *service, const aurora__sim_entry *saved,
                           const void *before, int32_t kind);
void aurora__sim_check_event(aurora__sim_service *service, const aurora__event *event);
void aurora__sim_check_effect(aurora__sim_service *service, const aurora__sim_feed *feed,
                              const aurora__sim_message *message);
void aurora__sim_check_books(aurora__sim_world *world, int32_t order);
bool aurora__sim_check_is_done(aurora__sim_world *world); /* every order settled or parked */
/* A payment that is parked, and neither its order nor a dead letter shows it. */
bool aurora__sim_check_is_hidden(aurora__sim_world *world, uint32_t number);
void aurora__sim_check_end(aurora__sim_world *world);
uint8_t *aurora__sim_audit(aurora__sim_service *service, int64_t position);

#endif
