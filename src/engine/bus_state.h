/* SPDX-License-Identifier: MIT */
/* What the files of the bus share. */
#ifndef AURORA_ENGINE_BUS_STATE_H
#define AURORA_ENGINE_BUS_STATE_H

#include "engine/bus.h"
#include "engine/inbound.h"
#include "engine/internal.h"

#include <sys/types.h>

#define AURORA__LETTERS_MAX 256

/* A copy for people of a message that was set aside; one allocation. */
typedef struct aurora__letter {
    struct aurora__letter *next;
    aurora_bus_message message;
    aurora_bus_header headers[AURORA_BUS_HEADERS_MAX];
} aurora__letter;

struct aurora__bus {
    aurora__engine *engine;
    const aurora_allocator *allocator; /* the host's: it outlives the engine */
    pid_t process;
    aurora_bus port;
    aurora_id owner;  /* of the relay's lease */
    uint32_t emitted; /* modules whose events are published here, 0 = no relay */
    uint32_t module;  /* that listens, 0 = none */
    pthread_t relay;
    pthread_t inbound;
    bool has_relay_thread;
    bool has_inbound_thread;
    bool is_pumped; /* no threads: both ends take their steps in the engine's turns */
    /* Of such a handle; times are the engine's monotonic ones. */
    struct aurora__relay *relay_steps;
    struct aurora__listening *inbound_steps;
    int64_t relay_next_ns;
    int64_t inbound_next_ns;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* Guarded by the lock. */
    bool is_stopping;
    bool has_news; /* something was appended since the relay looked, or letters wait */
    aurora__letter *letters;
    aurora__letter **letters_end;
    uint32_t letter_count;
    char trouble[128];             /* what keeps the inbound listener from going on; "" = nothing */
    _Atomic bool is_relay_in_port; /* it waits there and must be woken there */
};

/* Whose events this set of modules must hear from outside. */
uint32_t aurora__bus_sources(uint32_t modules);

/* The threads' own. */
void *aurora__relay_run(void *argument);
void *aurora__inbound_run(void *argument);

/* Joins the module's group for the topics that it listens to. */
aurora_status aurora__inbound_subscribe(aurora__bus *bus);

/* The same in steps, for a handle whose host pumps. Each step returns in how many milliseconds the
 * next one is due, 0 = now. `finish` says what is to be said before the engine ends; `free` runs
 * behind the last command. NULL: out of memory. */
typedef struct aurora__relay aurora__relay;
typedef struct aurora__listening aurora__listening;
aurora__relay *aurora__relay_new(aurora__bus *bus);
int64_t aurora__relay_step(aurora__relay *of);
void aurora__relay_finish(aurora__relay *of);
void aurora__relay_free(aurora__relay *of);
aurora__listening *aurora__listening_new(aurora__bus *bus);
int64_t aurora__listening_step(aurora__listening *of);
void aurora__listening_finish(aurora__listening *of);
void aurora__listening_free(aurora__listening *of);

/* Waits for a command that was submitted, also where nobody but us drives; it may go on behind. */
void aurora__bus_await(aurora__bus *bus, aurora__command *command, int64_t timeout_ms);

bool aurora__bus_is_stopping(aurora__bus *bus);

/* Waits until the bus stops, news arrive if for_news, or the time is over; takes the news. True
 * when there were any. */
bool aurora__bus_wait(aurora__bus *bus, int64_t wait_ms, bool for_news);

/* The next copy for people that waits, the caller's to release; NULL = none. */
aurora__letter *aurora__letter_take(aurora__bus *bus);

/* Queues a copy of a message that was set aside. One more than fits is dropped: the truth is in
 * parked_events. */
void aurora__letter_push(aurora__bus *bus, const aurora_bus_record *record, const char *consumer,
                         const char *reason);

/* The same for a row of the log that cannot be published. */
void aurora__letter_push_row(aurora__bus *bus, const aurora_log_row *row);

#endif
