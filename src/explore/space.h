/* SPDX-License-Identifier: MIT */
/* What the parts of the search share: a state, the distinct rows and events that states refer to,
 * and the modules' decisions on them. Every decision is about one order, so that both orders have
 * the same id, the same rows and the same decisions; what they share is the stock. */
#ifndef AURORA_EXPLORE_SPACE_H
#define AURORA_EXPLORE_SPACE_H

#include "core/step.h"
#include "explore/explore.h"

#define AURORA__EXPLORE_ORDERS 2
#define AURORA__EXPLORE_MODULES 3
#define AURORA__EXPLORE_FEEDS 5
#define AURORA__EXPLORE_QUEUE 8
#define AURORA__EXPLORE_EVENTS 8
#define AURORA__EXPLORE_BYTES 320

/* The provider's books on one order. */
enum {
    AURORA__BOOK_AUTHORIZED = 1,
    AURORA__BOOK_REFUSED = 2,
    AURORA__BOOK_VOID = 4,
    AURORA__BOOK_CAPTURED = 8,
    AURORA__BOOK_REFUNDED = 16,
    AURORA__BOOK_TWICE = 32, /* captured again */
};

/* What the client knows. */
enum {
    AURORA__CLIENT_HEARD = 1,     /* the order is acknowledged */
    AURORA__CLIENT_CANCELLED = 2, /* the cancel is */
};

typedef struct {
    uint16_t event;   /* of the space */
    uint8_t position; /* in its source's log, as far as the order's events go */
    bool is_taken;    /* the auditor's: it took effect before, and comes again */
} aurora__explore_message;

/* One order's part. Rows are numbers of the space, 0 = none. */
typedef struct {
    uint16_t order;
    uint16_t reservation;
    uint16_t payment;
    uint16_t replies; /* bit 4 * (verb - 1) + outcome: on the way back */
    uint8_t calls;    /* bit (verb - 1) + 4 * is_query: on the way to the provider */
    uint8_t books;
    uint8_t client;
    uint8_t positions[AURORA__EXPLORE_MODULES];
    uint8_t marks[AURORA__EXPLORE_FEEDS];
    uint8_t counts[AURORA__EXPLORE_FEEDS];
    aurora__explore_message queues[AURORA__EXPLORE_FEEDS][AURORA__EXPLORE_QUEUE];
} aurora__explore_order;

typedef struct {
    aurora__explore_order orders[AURORA__EXPLORE_ORDERS];
    uint16_t stock;
    uint8_t crashes;
    uint8_t duplicates;
    uint8_t losses;
    uint8_t silences;
    uint8_t hurries;
    uint8_t cancels;
} aurora__explore_state;

/* --- decisions ---------------------------------------------------------------------------- */

enum {
    AURORA__EXPLORE_PLACE = 1,
    AURORA__EXPLORE_CANCEL = 2,
    AURORA__EXPLORE_DUE = 3, /* resend */
    AURORA__EXPLORE_DEADLINE = 4,
    AURORA__EXPLORE_DELIVER = 5,
    AURORA__EXPLORE_TAKE = 6,
    AURORA__EXPLORE_EXPIRE = 7,
    AURORA__EXPLORE_FINISH = 8,
};

/* All that a decision depends on: compared as bytes. */
typedef struct {
    uint16_t order;
    uint16_t reservation;
    uint16_t payment;
    uint16_t stock;
    uint16_t event;   /* DELIVER */
    uint8_t command;  /* AURORA__EXPLORE_PLACE.. */
    uint8_t service;  /* which one decides */
    uint8_t module;   /* DELIVER: index of the consumer */
    uint8_t argument; /* FINISH: 4 * (verb - 1) + outcome */
    uint8_t is_late;
    uint8_t reserved;
} aurora__explore_question;

typedef struct {
    aurora_status status;
    uint16_t order;
    uint16_t reservation;
    uint16_t payment;
    uint16_t stock;
    uint16_t events[AURORA__EXPLORE_EVENTS];
    uint8_t event_count;
    uint8_t verb; /* TAKE: the call that was leased, 0 = none */
    bool is_query;
    const char *broken; /* an invariant that the decision itself breaks, or NULL */
    const char *why;
} aurora__explore_answer;

typedef struct {
    uint32_t table;
    uint32_t length;
    const char *bytes; /* what makes it this row */
    void *row;         /* its struct */
    const aurora_value *values;
} aurora__explore_row;

typedef struct {
    const char *text; /* as codec/log.h encodes it */
    int32_t kind;
    bool is_resend;
} aurora__explore_event;

/* Blocks that live as long as the search. */
typedef struct {
    aurora__arena arena;
    void *first;
} aurora__explore_memory;

typedef struct aurora__explore_space {
    const aurora__explore_scope *scope;
    aurora__explore_memory memory;
    aurora__explore_memory batch;
    aurora__explore_row rows[4096];
    uint32_t row_count; /* number 0 is none */
    aurora__explore_event events[1024];
    uint32_t event_count;
    aurora__explore_question *questions; /* a hash table, and its answers beside it */
    aurora__explore_answer *answers;
    uint32_t answer_count;
    uint32_t answer_capacity;
    uint16_t first_stock;
    uint32_t modules[AURORA__EXPLORE_MODULES]; /* of each service, as bits; 0 = no such service */
    uint8_t service_of[AURORA__EXPLORE_MODULES];
} aurora__explore_space;

void aurora__explore_memory_reset(aurora__explore_memory *memory);

aurora__explore_space *aurora__explore_space_new(const aurora__explore_scope *scope);
void aurora__explore_space_free(aurora__explore_space *space);

/* The answer to a question, decided by the modules once. Valid until the next call. */
const aurora__explore_answer *aurora__explore_decide(aurora__explore_space *space,
                                                     const aurora__explore_question *question);

/* Numbers of what is new, or known already. The row may be changed: times and versions are brought
 * to their abstract values. */
uint16_t aurora__explore_row_number(aurora__explore_space *space, uint32_t table, void *row);
uint16_t aurora__explore_event_number(aurora__explore_space *space, aurora__event *event);

static inline const void *aurora__explore_row_at(const aurora__explore_space *space,
                                                 uint16_t number)
{
    return number == 0 ? NULL : space->rows[number].row;
}

/* --- steps -------------------------------------------------------------------------------- */

/* A step by its number; what it costs is said by its name. */
typedef struct {
    uint8_t kind; /* STEP_... of steps.c */
    uint8_t order;
    uint8_t argument;
    uint8_t variant;
} aurora__explore_step;

#define AURORA__EXPLORE_STEPS_MAX 160

/* What an order may do next. `is_progress` leaves out faults and what nobody must do. */
uint32_t aurora__explore_steps(const aurora__explore_space *space,
                               const aurora__explore_state *state, bool is_progress,
                               aurora__explore_step *steps_out);

/* Takes the step. False, with the report filled in, where an invariant breaks. */
bool aurora__explore_take(aurora__explore_space *space, aurora__explore_state *state,
                          aurora__explore_step step, aurora__explore_report *report);

/* The step and what its order is after it; `name` is what the order is called. */
void aurora__explore_tell(aurora__explore_space *space, const aurora__explore_state *before,
                          const aurora__explore_state *after, aurora__explore_step step,
                          uint32_t name, FILE *out);

/* --- feeds.c ------------------------------------------------------------------------------ */

typedef struct {
    uint8_t module; /* index of the consumer: 0 order, 1 inventory, 2 payment */
    uint8_t topic;  /* index of the module whose events it reads */
} aurora__explore_feed;

extern const aurora__explore_feed aurora__explore_feeds[AURORA__EXPLORE_FEEDS];

/* Into the queue of every consumer in another service. False where a queue is full. */
bool aurora__explore_publish(const aurora__explore_space *space, aurora__explore_order *order,
                             uint16_t event);

/* The broker loses message `index` of the feed, for all who have not read it. */
void aurora__explore_lose(aurora__explore_order *order, uint32_t feed, uint32_t index);

void aurora__explore_remove(aurora__explore_order *order, uint32_t feed, uint32_t index);

/* The state as bytes, the same for states that differ in nothing that matters: positions by their
 * rank, the two orders in either place; *is_swapped_out says that they changed places. Returns the
 * length. */
uint32_t aurora__explore_encode(const aurora__explore_state *state, uint32_t orders,
                                uint8_t *bytes_out, bool *is_swapped_out);
void aurora__explore_decode(const uint8_t *bytes, uint32_t orders,
                            aurora__explore_state *state_out);

/* --- check.c ------------------------------------------------------------------------------ */

bool aurora__explore_fail(aurora__explore_report *report, const char *invariant,
                          const char *message);

/* The payment is parked, and nobody tries: it only repeats that it is. */
bool aurora__explore_is_resting(const aurora__payment_row *row);

/* The order is parked, and so is its payment: only an operator helps. */
bool aurora__explore_is_waiting(const aurora__explore_space *space,
                                const aurora__explore_order *order);

/* Nothing of the order is under way. */
bool aurora__explore_is_quiet(const aurora__explore_space *space,
                              const aurora__explore_order *order);

/* Every order is settled, and nothing is under way. */
bool aurora__explore_is_end(const aurora__explore_space *space, const aurora__explore_state *state);

/* Some order is parked. */
bool aurora__explore_is_parked(const aurora__explore_space *space,
                               const aurora__explore_state *state);

/* What must hold in every state; at an end, more. */
bool aurora__explore_check(const aurora__explore_space *space, const aurora__explore_state *state,
                           aurora__explore_report *report);

#endif
