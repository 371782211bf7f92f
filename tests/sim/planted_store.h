/* SPDX-License-Identifier: MIT */
/* Stores and providers as somebody might write them, each with one mistake: what aurora/sim.h is
 * for. They stand before the library's store in memory. */
#ifndef AURORA_TESTS_SIM_PLANTED_STORE_H
#define AURORA_TESTS_SIM_PLANTED_STORE_H

#include <aurora/sim.h>

enum {
    PLANTED_NOTHING = 0,
    PLANTED_LOSE_COMMIT,    /* now and then a commit is answered and not made */
    PLANTED_HALF_BATCH,     /* now and then only a part of a batch is saved */
    PLANTED_REORDER_LOG,    /* two batches of the log change places when it is read */
    PLANTED_LOSE_LOG,       /* now and then a batch's events are not appended */
    PLANTED_LIE_OF_COMMIT,  /* a commit that happened is told not to have */
    PLANTED_LOSE_ROW,       /* now and then a new row is not there */
    PLANTED_NARROW_NUMBERS, /* numbers are kept in 32 bits */
    PLANTED_SHORT_TEXTS,    /* texts end after 100 bytes */
    PLANTED_LEAK,           /* a rollback keeps its memory */
    PLANTED_STORE_COUNT
};

/* The store with that mistake; attach one at a time. */
const aurora_sim_store *planted_store(int mistake);

enum {
    PLANTED_FORGET_KEY = 1, /* each capture moves money, also one that is sent again */
    PLANTED_LOSE_REFUND,    /* a refund is answered and not made */
    PLANTED_INVENT_ANSWER,  /* a query of what it never saw is answered with done */
    PLANTED_FORGET_VOID,    /* a void of what was never authorized is not remembered */
    PLANTED_TAKE_MORE,      /* captures one cent too much */
    PLANTED_PROVIDER_COUNT
};

/* The provider with that mistake, 0 = none; one at a time. */
const aurora_sim_provider *planted_provider(int mistake);

#endif
