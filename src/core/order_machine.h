/* SPDX-License-Identifier: MIT */
/* The order's transition table. States are the public statuses. */
#ifndef AURORA_CORE_ORDER_MACHINE_H
#define AURORA_CORE_ORDER_MACHINE_H

#include <aurora/machine.h>

enum {
    AURORA__ORDER_PLACE = 1,
    AURORA__ORDER_RESERVE = 2, /* inventory.reserved */
    AURORA__ORDER_REJECT = 3,
    AURORA__ORDER_AUTHORIZE = 4,
    AURORA__ORDER_DECLINE = 5,
    AURORA__ORDER_EXPIRE = 6, /* its deadline passed */
    AURORA__ORDER_CANCEL = 7,
    AURORA__ORDER_COMPENSATE = 8, /* an operator's */
    AURORA__ORDER_COMMIT = 9,     /* inventory.committed */
    AURORA__ORDER_CAPTURE = 10,
    AURORA__ORDER_RELEASE = 11,
    AURORA__ORDER_RETURN = 12,
    AURORA__ORDER_VOID = 13,
    AURORA__ORDER_REFUND = 14,
    AURORA__ORDER_PARK = 15, /* inventory.parked or payment.parked */
    AURORA__ORDER_EVENTS = 15,
};

extern const aurora_machine aurora__order_machine;

#endif
