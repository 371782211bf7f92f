/* SPDX-License-Identifier: MIT */
/* The reservation's transition table, of orders and stand-alone. States are the public
 * AURORA_RESERVATION_... numbers. */
#ifndef AURORA_CORE_RESERVATION_MACHINE_H
#define AURORA_CORE_RESERVATION_MACHINE_H

#include <aurora/machine.h>

enum {
    AURORA__RESERVATION_RESERVE = 1, /* enough is available */
    AURORA__RESERVATION_REJECT = 2,  /* it is not, or it is too late */
    AURORA__RESERVATION_COMMIT = 3,  /* order.completed */
    AURORA__RESERVATION_CANCEL = 4, /* order.failed or order.cancelled, also before order.created */
    AURORA__RESERVATION_EXPIRE = 5, /* stand-alone only */
    AURORA__RESERVATION_EVENTS = 5,
};

extern const aurora_machine aurora__reservation_machine;

#endif
