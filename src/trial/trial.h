/* SPDX-License-Identifier: MIT */
/* What the files of libaurora-sim share: one seed's world. The agenda says what happens when; each
 * kind of thing on it has a file. Only include/aurora is known here: what the library keeps inside
 * is not looked at. */
#ifndef AURORA_TRIAL_TRIAL_H
#define AURORA_TRIAL_TRIAL_H

#include <aurora/port/driver.h>
#include <aurora/sim.h>

#include <setjmp.h>

#define AURORA__TRIAL_SERVICES_MAX 5
#define AURORA__TRIAL_INSTANCES_MAX 10 /* two of each service */
#define AURORA__TRIAL_PARTITIONS_MAX 6
#define AURORA__TRIAL_SKUS_MAX 6
#define AURORA__TRIAL_LINES_MAX 3
#define AURORA__TRIAL_PRICE 100 /* of SKU 0; each further one costs that more */
#define AURORA__TRIAL_TOLD_MAX 3
#define AURORA__TRIAL_COUNTS_MAX 32

/* X(name, most, help): most is the largest number that a seed draws. Those below `latency` are
 * faults: none when they are over. */
#define AURORA__TRIAL_OPTIONS(X)                                                                   \
    X(crash, 12, "crashes in 10,000 calls of the store")                                           \
    X(kill, 40, "crashes between calls, in 1,000 steps")                                           \
    X(power, 50, "crashes in 100 that lose the power too")                                         \
    X(fail, 60, "calls of the store in 10,000 that fail")                                          \
    X(full, 30, "commits in 1,000 that find the disk full")                                        \
    X(unknown, 80, "commits in 1,000 that did not happen and answer that it is not known")         \
    X(lost, 80, "commits in 1,000 that happened and answer that it is not known")                  \
    X(memory, 5, "allocations in 10,000 that fail")                                                \
    X(away, 20, "steps in 1,000 after which the store is away for a while")                        \
    X(jump, 15, "steps in 1,000 at which the wall clock jumps")                                    \
    X(request, 30, "payment calls in 100 that do not reach the provider")                          \
    X(reply, 30, "payment calls in 100 whose answer is lost")                                      \
    X(late, 30, "payment answers in 100 that come minutes later")                                  \
    X(slow, 30, "payment calls in 100 that reach the provider minutes later")                      \
    X(echo, 40, "payment answers in 100 that come twice")                                          \
    X(refuse, 10, "captures, voids and refunds in 100 that the provider refuses")                  \
    X(leave, 15, "tasks in 100 whose taker vanishes")                                              \
    X(race, 60, "locks in 100 before which another handle acts")                                   \
    X(drop, 20, "messages in 1,000 that the broker takes and loses")                               \
    X(twice, 80, "messages in 1,000 that are published twice")                                     \
    X(unsure, 30, "messages in 1,000 of which the producer is told that they failed")              \
    X(delay, 5000, "milliseconds that a message takes at most")                                    \
    X(cut, 12, "steps in 1,000 after which a handle loses its broker for a while")                 \
    X(rebalance, 30, "polls in 1,000 at which partitions change hands")                            \
    X(rewind, 30, "polls in 1,000 that go back to what was read before")                           \
    X(latency, 40, "milliseconds that a commit takes at most")                                     \
    X(instances, 2, "handles on one store")                                                        \
    X(shared, 1, "whether the handles of a store write at once, row by row")                       \
    X(split, 2, "services: 0 = one, 1 = notifications apart, 2 = each module apart")               \
    X(partitions, 6, "partitions of a topic")                                                      \
    X(orders, 40, "orders")                                                                        \
    X(skus, 6, "SKUs")                                                                             \
    X(stock, 60, "pieces of each SKU at first")                                                    \
    X(spread, 600, "seconds over which the orders come")                                           \
    X(queue, 100, "orders in 100 that go through a queue")                                         \
    X(decline, 40, "authorizations in 100 that the provider declines")                             \
    X(cancel, 40, "orders in 100 that are cancelled")                                              \
    X(compensate, 15, "orders in 100 that an operator gives up")                                   \
    X(repeat, 60, "calls in 100 that are made again with the same key")                            \
    X(moves, 12, "deliveries and corrections of stock")                                            \
    X(holds, 12, "reservations without an order")                                                  \
    X(restart, 20, "steps in 1,000 after which a handle is closed and opened")                     \
    X(recommend, 1, "whether recommendations are kept too")                                        \
    X(batch, 64, "commands that one batch holds at most")

#define AURORA__TRIAL_FIELD(name, most, help) uint32_t name;
typedef struct {
    AURORA__TRIAL_OPTIONS(AURORA__TRIAL_FIELD)
} aurora__trial_options;
#undef AURORA__TRIAL_FIELD

#define AURORA__TRIAL_INDEX(name, most, help) AURORA__TRIAL_OPTION_##name,
enum { AURORA__TRIAL_OPTIONS(AURORA__TRIAL_INDEX) AURORA__TRIAL_OPTION_COUNT };
#undef AURORA__TRIAL_INDEX

typedef struct {
    const char *name;
    uint32_t most;
    const char *help;
} aurora__trial_option_info;

extern const aurora__trial_option_info aurora__trial_option_infos[AURORA__TRIAL_OPTION_COUNT];

typedef struct aurora_sim aurora__trial;

/* What happens at a time. */
enum {
    AURORA__TRIAL_PUMP = 1, /* of instance `number` */
    AURORA__TRIAL_PLACE,    /* of order `number`, here and below */
    AURORA__TRIAL_READ,
    AURORA__TRIAL_CANCEL,
    AURORA__TRIAL_COMPENSATE,
    AURORA__TRIAL_OTHER_BODY, /* another request with its key */
    AURORA__TRIAL_MOVE,       /* of stock */
    AURORA__TRIAL_HOLD,
    AURORA__TRIAL_HOLD_END,
    AURORA__TRIAL_TASKS,   /* payment tasks are taken */
    AURORA__TRIAL_ARRIVE,  /* a call that was under way for long reaches the provider */
    AURORA__TRIAL_ANSWER,  /* an answer of the provider arrives */
    AURORA__TRIAL_TELL,    /* notification tasks are taken */
    AURORA__TRIAL_EVENTS,  /* the log of service `number` is read on */
    AURORA__TRIAL_VERIFY,  /* likewise */
    AURORA__TRIAL_SESSION, /* of the broker's member `number` is over */
    AURORA__TRIAL_OPEN,    /* of instance `number` */
    AURORA__TRIAL_STEP,    /* of the host's workload */
    AURORA__TRIAL_SET_UP,
};

typedef struct {
    int64_t at_ns;
    uint64_t sequence;
    int32_t kind;
    int32_t number;
} aurora__trial_item;

/* A piece of a handle's memory, in front of it. */
typedef struct aurora__trial_piece {
    struct aurora__trial_piece *next;
    struct aurora__trial_piece *previous;
    size_t bytes;
    uint64_t spare;
} aurora__trial_piece;

/* Who does what: a service has some of these modules. */
enum {
    AURORA__TRIAL_ORDER = 1,
    AURORA__TRIAL_INVENTORY = 2,
    AURORA__TRIAL_PAYMENT = 4,
    AURORA__TRIAL_PRODUCT = 8,
    AURORA__TRIAL_NOTIFICATION = 16,
    AURORA__TRIAL_EVERYTHING = 31,
};

/* One or two handles on a store of their own, and what was read of its log. */
typedef struct {
    const char *modules; /* as the setting says it */
    uint32_t set;        /* AURORA__TRIAL_ORDER ... */
    uint32_t number;
    char address[512];
    aurora_store kept; /* the one instance of a store that stays */
    bool has_kept;
    uint32_t last_writer; /* instance + 1, of such a store */
    uint64_t epochs;
    int64_t away_until_ns;
    uint64_t *event_marks; /* a mark of each event by position: the log never changes */
    uint64_t event_count;
    uint64_t event_capacity;
    uint64_t event_read; /* position that was acknowledged */
    bool is_ack_unknown; /* whether the last acknowledgement is stored */
} aurora__trial_service;

/* A process with a handle. Its memory goes with it. */
typedef struct {
    aurora__trial *world;
    aurora__trial_service *service;
    struct aurora__trial_member *member; /* at the broker; NULL = none */
    uint32_t number;
    aurora_t *shop; /* NULL = not running */
    aurora_queue *queue;
    int shop_fd; /* of the handle: a crash leaves it to us to close */
    int queue_fd;
    int64_t pump_ns; /* when it wants to be pumped; INT64_MAX = not */
    aurora__trial_piece pieces;
    bool is_opening; /* a crash is told by failures until the open gives up */
    bool is_dead;    /* in an open: every call of the store fails, and does nothing */
    /* Its store. */
    aurora_store inner;
    bool has_inner;
    struct aurora_store_txn *transactions;
    uint64_t epoch;
    aurora_id unknown_batch;
    aurora_status unknown_outcome;
    uint32_t unknown_looks; /* answers before the outcome shows */
} aurora__trial_instance;

typedef struct {
    aurora_line lines[AURORA__TRIAL_LINES_MAX];
    uint32_t line_count;
    int64_t total_minor;
    char key[24]; /* its customer is called the same */
    char method[24];
    aurora_id id;
    bool is_acknowledged;
    uint32_t is_queued; /* instance + 1 whose queue has it; 0 = none */
    bool is_cancelled;  /* that was acknowledged */
    bool is_given_up;   /* an operator's compensate was */
    bool is_settled;
    uint64_t created_at; /* position of its first event, 0 = not seen */
    uint32_t parked;
    int32_t status; /* as last read */
    int32_t outcome;
    uint64_t version;
    uint32_t told[AURORA__TRIAL_TOLD_MAX];
    uint32_t taken[AURORA__TRIAL_TOLD_MAX];      /* by the service that tells, out of its log */
    uint32_t listed[AURORA__TRIAL_TOLD_MAX];     /* as notifications, at the end */
    uint64_t outcome_at[AURORA__TRIAL_TOLD_MAX]; /* position of the event, 0 = none */
    uint32_t attempts;
    int64_t read_pause_ms;
} aurora__trial_order;

typedef struct {
    uint32_t sku;
    int64_t quantity; /* below 0: a correction */
    bool is_done;
    bool is_refused;
} aurora__trial_move;

typedef struct {
    uint32_t sku;
    int64_t quantity;
    int64_t ttl_ms;
    int32_t decision; /* 0 = not known yet */
    int32_t end;      /* what is to become of it: 1 = commit, 2 = release, 3 = it expires */
    bool is_ended;
    bool is_sold;
} aurora__trial_hold;

/* An answer of the provider on its way. */
typedef struct {
    aurora_id task_id;
    int32_t order;
    int32_t outcome;
    uint32_t retry_after_ms;
    char reference[48];
    char code[48];
} aurora__trial_answer;

/* A call of the provider on its way. */
typedef struct {
    aurora_task task; /* its texts are those below */
    char currency[8];
    char payment_method[24];
    char provider_reference[48];
    char customer_id[24];
} aurora__trial_call;

typedef struct {
    const char *name;
    uint64_t count;
} aurora__trial_count;

struct aurora_sim {
    const aurora_sim_request *request;
    const aurora_sim_ports *ports;
    aurora_sim_report *report;
    const aurora_sim_store *store;
    const aurora_sim_provider *provider;
    const aurora_sim_notifier *notifier;
    const aurora_sim_workload *workload;
    aurora__trial_options options;
    uint64_t random;
    uint64_t hash;
    int64_t now_ns;
    uint32_t jumps;        /* of the wall clock */
    int64_t wall_ahead_ms; /* of the simulated beginning plus now_ns */
    bool is_calm;
    bool is_nested;  /* another handle acts in the middle of a step */
    bool is_armed;   /* faults may happen: a step is under way */
    bool has_queued; /* some completion is awaited */
    bool is_up;      /* products and first stock are there */
    uint32_t set_up;
    uint32_t current; /* instance that a call was made on */
    jmp_buf jump;
    aurora__trial_item *agenda;
    uint32_t agenda_count;
    uint32_t agenda_capacity;
    uint64_t sequence;
    aurora__trial_item now; /* what happens */
    aurora__trial_service services[AURORA__TRIAL_SERVICES_MAX];
    uint32_t service_count;
    aurora__trial_instance instances[AURORA__TRIAL_INSTANCES_MAX];
    uint32_t instance_count;
    struct aurora__trial_broker *broker; /* NULL = one service has all modules */
    char folder[400];
    bool has_own_folder;
    uint64_t disk_pieces; /* of memory that stores have and did not release */
    aurora_allocator disk_allocator;
    char skus[AURORA__TRIAL_SKUS_MAX][8];
    aurora__trial_order *orders;
    aurora__trial_move *moves;
    aurora__trial_hold *holds;
    aurora__trial_answer *answers;
    uint32_t answer_count;
    uint32_t answer_capacity;
    aurora__trial_call *calls;
    uint32_t call_count;
    uint32_t call_capacity;
    void *books; /* of the provider of ours */
    uint32_t steps;
    uint32_t steps_done; /* of the workload */
    struct aurora__trial_chunk *chunks;
    aurora__trial_count *counts; /* AURORA__TRIAL_COUNTS_MAX, over all seeds of a campaign */
};

/* --- world.c: time, chance, the agenda, the transcript ---------------------------------------- */

uint32_t aurora__trial_below(aurora__trial *world, uint32_t bound);
/* Whether a thing that happens `share` times in `of` happens now. */
bool aurora__trial_chance(aurora__trial *world, uint32_t share, uint32_t of);
/* The same for a fault: never while all is calm or no step is under way. */
bool aurora__trial_fault(aurora__trial *world, uint32_t share, uint32_t of);
void aurora__trial_hash(aurora__trial *world, const void *bytes, size_t length);
void aurora__trial_hash_number(aurora__trial *world, uint64_t number);
int64_t aurora__trial_wall_ms(const aurora__trial *world);
/* So that it happens `delay_ms` from now. */
void aurora__trial_plan(aurora__trial *world, int32_t kind, int32_t number, int64_t delay_ms);
/* The same, again, after a pause: it did not work. */
void aurora__trial_again(aurora__trial *world);
bool aurora__trial_next(aurora__trial *world, aurora__trial_item *out);
/* Whether something is still to happen that happens once. */
bool aurora__trial_is_waiting(const aurora__trial *world);
void aurora__trial_fail(aurora__trial *world, int32_t order, const char *check, const char *format,
                        ...);
void aurora__trial_check(aurora__trial *world, const char *check);
/* Number of the order with this id, -1 = none. */
void aurora__trial_chunks_free(aurora__trial *world);
int32_t aurora__trial_order_of(const aurora__trial *world, aurora_id id);
/* The same by its customer: known before anybody was told of the id. */
int32_t aurora__trial_order_for(const aurora__trial *world, const char *customer_id);

/* --- options.c -------------------------------------------------------------------------------- */

aurora_status aurora__trial_options_draw(aurora__trial *world, aurora_error *err);
void aurora__trial_options_write(const aurora__trial_options *options, char *text, size_t bytes);
uint32_t *aurora__trial_option_at(aurora__trial_options *options, uint32_t index);

/* --- memory.c --------------------------------------------------------------------------------- */

void aurora__trial_memory_init(aurora__trial_instance *instance);
void aurora__trial_memory_drop(aurora__trial_instance *instance);
bool aurora__trial_memory_is_empty(const aurora__trial_instance *instance);
aurora_allocator aurora__trial_memory_allocator(aurora__trial_instance *instance);
/* What stores take their memory from: it lives on over crashes, and is counted. */
aurora_allocator aurora__trial_disk_allocator(aurora__trial *world);

/* --- store.c ---------------------------------------------------------------------------------- */

/* For aurora_options.drivers: the scheme "sim", the address the instance's number. */
aurora_status aurora__trial_store_open(aurora__trial_instance *instance,
                                       const aurora_store_options *options, aurora_store *out,
                                       aurora_error *err);
/* The process of this instance is gone: what it had open is rolled back. */
void aurora__trial_store_drop(aurora__trial_instance *instance);
void aurora__trial_store_end(aurora__trial *world);
const aurora_sim_store *aurora__trial_store_find(const aurora_sim_ports *ports, const char *name);

/* --- bus.c ------------------------------------------------------------------------------------ */

void aurora__trial_broker_begin(aurora__trial *world);
void aurora__trial_broker_end(aurora__trial *world);
/* For aurora_options.drivers: the scheme "simbus", the address the instance's. */
aurora_status aurora__trial_bus_open(const aurora_bus_options *options, aurora_bus *out,
                                     aurora_error *err);
/* The process is gone: the broker sees it when its session is over. */
void aurora__trial_bus_drop(aurora__trial_instance *instance);
void aurora__trial_bus_session_end(aurora__trial *world, uint32_t member);
/* The handle loses its broker for a while. */
void aurora__trial_bus_cut(aurora__trial_instance *instance);
/* When the broker has something for this handle; 0 = now, INT64_MAX = it is not known yet. */
int64_t aurora__trial_bus_next_ns(const aurora__trial_instance *instance);
/* Every message was taken by everyone who listens to it. */
bool aurora__trial_bus_is_empty(const aurora__trial *world);
/* Whether a message of this event of a service's log is there; *is_lost_out: and the broker lost
 * it. */
bool aurora__trial_bus_has(const aurora__trial *world, const aurora__trial_service *service,
                           uint64_t position, bool *is_lost_out);

/* --- instance.c ------------------------------------------------------------------------------- */

void aurora__trial_open(aurora__trial *world, uint32_t number);
/* Ends the step in the middle, as kill -9 would. Does not return. */
_Noreturn void aurora__trial_crash(aurora__trial_instance *instance, const char *point);
void aurora__trial_after_crash(aurora__trial *world);
void aurora__trial_close(aurora__trial *world, uint32_t number);
/* Another handle of the same store acts now, in the middle of a call of this one's: it does what is
 * being done, as a customer would who tries both, or what it has to do anyway. */
void aurora__trial_let_another(aurora__trial_instance *instance);
/* An instance that runs, of a service with one of these modules, or NULL. */
aurora__trial_instance *aurora__trial_any(aurora__trial *world, uint32_t set);
void aurora__trial_pump(aurora__trial *world, uint32_t number);
void aurora__trial_queue_take(aurora__trial_instance *instance);

/* --- what is done, each by its kind ----------------------------------------------------------- */

void aurora__trial_clients_plan(aurora__trial *world);
void aurora__trial_clients_act(aurora__trial *world, aurora_t *shop);
void aurora__trial_clients_hear(aurora__trial *world, int32_t number, aurora_status status,
                                aurora_id id, uint64_t version, bool is_replay);
void aurora__trial_stock_plan(aurora__trial *world);
void aurora__trial_stock_act(aurora__trial *world, aurora_t *shop);
void aurora__trial_stock_check(aurora__trial *world, aurora_t *shop);
void aurora__trial_payments_act(aurora__trial *world, aurora_t *shop);
void aurora__trial_notices_act(aurora__trial *world, aurora_t *shop);
void aurora__trial_notices_check(aurora__trial *world, aurora_t *shop);
void aurora__trial_events_act(aurora__trial *world, aurora_t *shop);
void aurora__trial_events_check(aurora__trial *world, aurora__trial_service *service,
                                aurora_t *shop);
void aurora__trial_verify(aurora__trial *world, aurora_t *shop, bool is_at_rest);
/* All stores at rest, and between them. */
void aurora__trial_verify_all(aurora__trial *world);
/* Operators help what is parked; nothing may have been put aside. */
void aurora__trial_operators(aurora__trial *world, aurora_t *orders, aurora_t *payments);
void aurora__trial_letters_check(aurora__trial *world, aurora_t *shop);
void aurora__trial_check_orders(aurora__trial *world, aurora_t *shop);
/* Nothing is left to be acknowledged or settled. */
bool aurora__trial_is_done(const aurora__trial *world, bool may_be_parked);

extern const aurora_sim_provider aurora__trial_provider;
/* Books for it, and their end. */
void *aurora__trial_books_new(void);
void aurora__trial_books_free(void *books);

/* --- run.c ------------------------------------------------------------------------------------ */

/* What happens now, on this handle. */
void aurora__trial_act(aurora__trial *world, aurora_t *shop);

/* aurora_sim_run with the counts of a campaign. */
aurora_status aurora__trial_run(const aurora_sim_request *request, const aurora_sim_ports *ports,
                                aurora_sim_report *report, aurora__trial_count *counts,
                                aurora_error *err);

#endif
