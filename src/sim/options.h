/* SPDX-License-Identifier: MIT */
/* What a seed expands to, as one table: each option can be drawn, set by `--set NAME=VALUE`, left
 * out by the shrinker and counted in a summary. */
#ifndef AURORA_SIM_OPTIONS_H
#define AURORA_SIM_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* X(name, lowest, highest, what it is): the deployment and the load. */
#define AURORA__SIM_SHAPES(X)                                                                      \
    X(deployment, 0, 4, "which modules share a service: 0 all three ... 1 none")                   \
    X(simulator, 0, 1, "1: the provider is the module simulator, else one with books of its own")  \
    X(faults, 0, 1, "0: none of the faults below, whatever they are set to")                       \
    X(orders, 1, 100000, "orders")                                                                 \
    X(skus, 1, 6, "products")                                                                      \
    X(stock, 0, 1000000, "first receipt of each, less one")                                        \
    X(partitions, 1, 4, "of each topic")                                                           \
    X(batch, 1, 1024, "commands that one batch takes")                                             \
    X(latency, 1, 60000, "ms that a batch takes at most")                                          \
    X(spread, 1, 3600000, "ms within which the orders arrive")                                     \
    X(stop, 0, 3600, "s after the last order when the faults stop")                                \
    X(decline, 0, 100, "% of payments that are declined")                                          \
    X(cancel, 0, 100, "% of orders that a client cancels")                                         \
    X(compensate, 0, 100, "% of orders that an operator gives up")                                 \
    X(retry, 0, 100, "% of orders that an operator looks after early")                             \
    X(moves, 0, 100, "receipts and adjustments, of 100 orders")                                    \
    X(holds, 0, 100, "reservations by hand, of 100 orders")                                        \
    X(salt, 0, 1000, "other chances under the same options, for the shrinker")                     \
    X(edge, 0, 100, "calls of a limiter's clients, of 100 orders times 10")                        \
    X(crash_at, 0, 0xFFFFFFFF, "the points at which services crash, as bits; see --list")

/* X(name, drawn up to, of, what it is): of 100 or 1,000 times that it could happen; of 0 is a
 * number of milliseconds. */
#define AURORA__SIM_FAULTS(X)                                                                      \
    X(crash, 30, 1000, "a service crashes at one of its points")                                   \
    X(drop, 30, 100, "the broker loses a message that it acknowledged")                            \
    X(duplicate, 50, 100, "a consumer reads again what it had read")                               \
    X(delay, 5000, 0, "ms that a message is late, so that topics overtake each other")             \
    X(cut_out, 3, 100, "one-way partition: a service publishes nothing for a while")               \
    X(cut_in, 3, 100, "one-way partition: a consumer reads nothing for a while")                   \
    X(isolate, 10, 1000, "partition: a service neither reads, publishes nor is called")            \
    X(produce_again, 10, 100, "the relay's acknowledgement is lost: it starts at its cursor")      \
    X(rebalance, 5, 100, "a partition changes its owner in mid-batch")                             \
    X(zombie, 20, 1000, "an instance stalls with its batch and goes on much later")                \
    X(busy, 10, 100, "the store refuses a batch for now, as of a serialization failure")           \
    X(unknown_commit, 10, 100, "a commit's answer is lost: done or not, the store is asked")       \
    X(poison, 20, 1000, "a message cannot be read")                                                \
    X(clock_ahead, 2, 1000, "a service's clock jumps ahead")                                       \
    X(clock_back, 2, 1000, "a service's clock jumps back")                                         \
    X(timeout, 40, 100, "a call never reaches the provider")                                       \
    X(silence, 40, 100, "the provider does it and its answer is lost")                             \
    X(echo, 40, 100, "a call or an answer comes twice")                                            \
    X(early, 30, 100, "the callback comes before the call's own answer")                           \
    X(late, 30, 100, "an answer comes after its lease")                                            \
    X(impatient, 30, 100, "a client sends its order twice under one key, at once")                 \
    X(mismatch, 40, 100, "a client sends a known key with another body")                           \
    X(worst, 10, 100, "a client cancels at the very moment of a step")                             \
    X(never, 20, 100, "orders that the provider is silent about until operators act")              \
    X(contradict, 20, 100, "an authorization is declined first and told later")                    \
    X(refuse, 15, 100, "a capture, void or refund is refused for good while faults last")          \
    X(idle, 15, 100, "nobody takes payment tasks for a while")

enum {
#define ID(name, ...) AURORA__OPTION_##name,
    AURORA__SIM_SHAPES(ID) AURORA__SIM_FAULTS(ID)
#undef ID
        AURORA__OPTION_COUNT
};

typedef struct {
#define FIELD(name, ...) uint32_t name;
    AURORA__SIM_SHAPES(FIELD) AURORA__SIM_FAULTS(FIELD)
#undef FIELD
} aurora__sim_options;

typedef struct {
    const char *name;
    const char *what;
    uint32_t low;
    uint32_t high;
    uint32_t drawn; /* of a fault: the highest that a seed draws */
    uint32_t of;    /* of a fault: 100, 1,000 or 0 */
    bool is_fault;
} aurora__sim_option;

extern const aurora__sim_option aurora__sim_option_table[AURORA__OPTION_COUNT];

/* What a run sets whatever its seed says. */
typedef struct {
    bool is_set[AURORA__OPTION_COUNT];
    uint32_t values[AURORA__OPTION_COUNT];
} aurora__sim_set;

uint32_t *aurora__sim_option_at(aurora__sim_options *options, uint32_t option);

/* Reads "drop=0,orders=2" into the set, beside what is set there. False with a text that names the
 * option and the rule. */
bool aurora__sim_set_read(aurora__sim_set *set, const char *text, char *error, size_t size);

/* All options as one text that --set takes. */
void aurora__sim_options_write(const aurora__sim_options *options, char *text, size_t size);
/* Those of the set; "" for none. */
void aurora__sim_set_write(const aurora__sim_set *set, char *text, size_t size);

/* --- points of a crash ---------------------------------------------------------------------- */

/* X(name, when) */
#define AURORA__SIM_CRASHES(X)                                                                     \
    X(wake, "before it looks for work")                                                            \
    X(command_taken, "a client's command is taken, nothing decided")                               \
    X(reply_taken, "the provider's answer is taken, nothing decided")                              \
    X(batch_taken, "commands, messages and timers are taken, nothing decided")                     \
    X(batch_decided, "the batch is decided, nothing written")                                      \
    X(commit_torn, "in the midst of writing: nothing of it stays")                                 \
    X(committed, "the batch is durable, nobody was answered")                                      \
    X(answered_some, "some of the batch's senders were answered")                                  \
    X(call_before, "a payment task is leased, its call not sent")                                  \
    X(call_sent, "the call is sent, nobody waits for its answer")                                  \
    X(answered, "all were answered")                                                               \
    X(ack_before, "the effects are durable, the group's offset is not told")                       \
    X(acked, "the group's offset is told")                                                         \
    X(publish_before, "an event is durable and not published")                                     \
    X(publish_some, "some of the log's new rows are published")                                    \
    X(published, "all are published, the relay's cursor is not kept")                              \
    X(cursor_kept, "the relay's cursor is kept")

enum {
#define ID(name, when) AURORA__CRASH_##name,
    AURORA__SIM_CRASHES(ID)
#undef ID
        AURORA__CRASH_COUNT
};

typedef struct {
    const char *name;
    const char *when;
} aurora__sim_crash_point;

extern const aurora__sim_crash_point aurora__sim_crash_table[AURORA__CRASH_COUNT];

#endif
