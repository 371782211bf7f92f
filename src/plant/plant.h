/* SPDX-License-Identifier: MIT */
/* Bugs, planted to see that some checker tells of each. They are in a build with AURORA_PLANTS
 * alone, which no library and no installed program is: elsewhere AURORA_PLANT is false, and what it
 * guards is not compiled in. */
#ifndef AURORA_PLANT_PLANT_H
#define AURORA_PLANT_PLANT_H

#include <stdbool.h>
#include <stdint.h>

/* X(name, what it does): in the modules first, then at their seam and around it. */
#define AURORA__PLANTS(X)                                                                          \
    X(NONE, "none")                                                                                \
    X(DROP_COMPENSATION, "inventory.released is told, the stock stays reserved")                   \
    X(RELEASE_TWICE, "a repeat releases the reservation again")                                    \
    X(SELL_UNCHECKED, "stock is reserved without a look at what is there")                         \
    X(LATE_AUTHORIZATION, "an authorization after the cancel completes the order")                 \
    X(VERSION_STANDS, "an order that settles keeps its version")                                   \
    X(EVENT_WITHOUT_ROW, "inventory.committed is told, its row is not written")                    \
    X(REFUND_SHORT, "a refund is one minor unit short")                                            \
    X(NO_DEADLINE, "the deadline's timer never fires")                                             \
    X(IGNORE_RESEND, "what is asked again is not answered")                                        \
    X(NO_RESEND, "an order never asks again")                                                      \
    X(NO_RETRY, "a call that failed is never tried again, nor parked")                             \
    X(RETRY_WITHOUT_END, "a call is tried for ever and never parked")                              \
    X(RETRY_AT_ONCE, "a call is tried again without a pause")                                      \
    X(SEND_UNASKED, "a call whose answer is lost is sent again, not asked for")                    \
    X(REFUND_UNSENT, "a refund is told and no call is made")                                       \
    X(NO_TOMBSTONE, "a cancel that overtakes its order leaves no tombstone")                       \
    X(PARK_SILENTLY, "a payment parks and does not tell its order")                                \
    X(SETTLE_EARLY, "an order settles at the first of its two answers")                            \
    X(REFERENCE_TWICE, "a reference is not looked up")                                             \
    X(KEY_REUSED, "a key with another body answers as the first one did")                          \
    X(HOLD_FOR_EVER, "a reservation by hand has no end")                                           \
    X(TOTAL_SHORT, "charges do not count")                                                         \
    X(STALE_REPLY, "a breaker counts the reply of a call from before it opened")                   \
    X(CLOCK_BACK_REFILLS, "a bucket is filled when the clock steps back")                          \
    X(NO_DEDUPE, "positions below the watermark are taken again")                                  \
    X(DELIVER_TWICE, "one batch takes an event twice")                                             \
    X(LOSE_COMMIT, "a batch is answered and not stored")                                           \
    X(CAPTURE_TWICE, "the provider does not know its key")                                         \
    X(LOSE_REFUND, "the provider says done and keeps the money")                                   \
    X(STOCK_DRIFT, "now and then a counter is saved one too high")                                 \
    X(SWAP_EVENTS, "two events of a partition change places")                                      \
    X(RELAY_SKIPS, "a committed event is never published")                                         \
    X(WRONG_CURSOR, "the relay resumes behind what it had not published")                          \
    X(ACK_FIRST, "a consumer resumes from offsets that were told before the commit")               \
    X(TORN_BATCH, "a crash leaves a part of its batch behind")                                     \
    X(EARLY_WATERMARK, "a crash keeps the watermark of a lost batch")                              \
    X(TELL_LATE, "a cancel is acknowledged and thrown away")

/* Of the engine, for the simulation of the whole library: between its store and its bus. */
#define AURORA__ENGINE_PLANTS(X)                                                                   \
    X(OFFSETS_FIRST, "messages are done before they are taken, and the group says where to go on") \
    X(NO_INBOX, "a message that the watermark has passed is taken again")                          \
    X(OVERTAKE, "a message is taken though the one before it was not")                             \
    X(SKIP_FAILED, "the relay goes on behind what it was told had failed")                         \
    X(SAVE_UNSENT, "the relay's cursor moves over what is not acknowledged")                       \
    X(LEASE_UNREAD, "the relay does not look whether another has the lease")

enum {
#define AURORA__PLANT_ID(name, what) AURORA__PLANT_##name,
    AURORA__PLANTS(AURORA__PLANT_ID) AURORA__PLANT_COUNT,
    AURORA__ENGINE_PLANTS(AURORA__PLANT_ID) AURORA__PLANT_END
#undef AURORA__PLANT_ID
};

#ifdef AURORA_PLANTS
extern uint32_t aurora__planted; /* AURORA__PLANT_... */
#define AURORA_PLANT(name) (aurora__planted == AURORA__PLANT_##name)
#else
#define AURORA_PLANT(name) false
#endif

#endif
