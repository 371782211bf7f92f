/* SPDX-License-Identifier: MIT */
#include "core/order_machine.h"
#include "core/payment_machine.h"
#include "core/reservation_machine.h"

const aurora_machine *aurora_order_machine(void)
{
    return &aurora__order_machine;
}

const aurora_machine *aurora_reservation_machine(void)
{
    return &aurora__reservation_machine;
}

const aurora_machine *aurora_payment_machine(void)
{
    return &aurora__payment_machine;
}
