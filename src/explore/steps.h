/* SPDX-License-Identifier: MIT */
/* Steps by kind and variant. */
#ifndef AURORA_EXPLORE_STEPS_H
#define AURORA_EXPLORE_STEPS_H

#include "explore/space.h"

enum {
    AURORA__STEP_PLACE = 1,
    AURORA__STEP_CANCEL = 2,
    AURORA__STEP_RESEND = 3,
    AURORA__STEP_DEADLINE = 4,
    AURORA__STEP_DELIVER = 5, /* argument: feed */
    AURORA__STEP_LOSE = 6,    /* argument: feed << 3 | place in its queue */
    AURORA__STEP_REPEAT = 7,  /* the same */
    AURORA__STEP_TAKE = 8,
    AURORA__STEP_EXPIRE = 9,
    AURORA__STEP_CALL = 10,   /* argument: bit of calls */
    AURORA__STEP_ANSWER = 11, /* argument: bit of replies */
};

enum {
    AURORA__STEP_PLAIN = 0,
    AURORA__STEP_CRASH = 1,    /* after the commit, before anybody hears; ANSWER: before it */
    AURORA__STEP_LATE = 2,     /* beyond the deadline and its grace */
    AURORA__STEP_TORN = 3,     /* planted */
    AURORA__STEP_HURRY = 4,    /* while something is under way */
    AURORA__STEP_DECLINED = 5, /* the provider declines */
    AURORA__STEP_LOST = 6,     /* the call never arrives */
    AURORA__STEP_SILENT = 7,   /* it does, and its answer is lost */
    AURORA__STEP_UNKNOWN = 8,  /* it does, and the caller gives up waiting and says so */
    AURORA__STEP_AGAIN = 9,    /* the answer comes once more */
};

#endif
