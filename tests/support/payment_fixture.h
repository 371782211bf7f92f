/* SPDX-License-Identifier: MIT */
/* One order's payment over a core fixture: events in, calls taken and finished, and how to bring it
 * to any state by ordinary means. */
#ifndef AURORA_TESTS_SUPPORT_PAYMENT_FIXTURE_H
#define AURORA_TESTS_SUPPORT_PAYMENT_FIXTURE_H

#include "core/payment.h"
#include "core/payment_machine.h"
#include "core/simulator.h"
#include "core_fixture.h"

#include <aurora/event.h>
#include <aurora/order.h>
#include <aurora/saga.h>

#define PAYMENT_TOTAL 2500
#define PAYMENT_LEASE_MS 30000

typedef struct {
    core_fixture *core;
    aurora_id order_id;
    aurora__saga saga;
    aurora__payment_task task; /* of the last take */
    bool is_taken;
    aurora__simulator_answers answers; /* of the last simulator call */
    char texts[8][64];                 /* of both: a step's arena ends with the next step */
} payment_fixture;

/* An order of 25.00 by tok_approve; `provider` is AURORA__PROVIDER_.... */
void payment_fixture_init(payment_fixture *payment, int32_t provider);
void payment_fixture_deinit(payment_fixture *payment);

aurora_status payment_deliver(payment_fixture *payment, int32_t kind);
aurora_status payment_deliver_again(payment_fixture *payment, int32_t kind); /* with resend */
aurora_status payment_repair(payment_fixture *payment, int32_t action, int32_t result);
aurora_status payment_park(payment_fixture *payment, int32_t kind);

/* Takes the wanted call, if one is due, with a lease of PAYMENT_LEASE_MS. */
void payment_take(payment_fixture *payment);

/* Takes a call that must be due, asserts its verb, and finishes it. */
void payment_do(payment_fixture *payment, int32_t verb, int32_t outcome);

aurora_status payment_finish(payment_fixture *payment, int32_t verb, int32_t outcome);
aurora_status payment_finish_with(payment_fixture *payment, int32_t verb,
                                  const aurora__payment_result *result);

/* Calls the simulator with payment->task. */
void payment_simulate(payment_fixture *payment);

/* Fails attempts, waiting out each backoff, until the payment gives up. */
void payment_exhaust(payment_fixture *payment);

/* From nothing to AURORA__PAYMENT_..., with a provider of tasks. */
void payment_bring_to(payment_fixture *payment, int32_t state);

/* The stored row; never NULL. */
const aurora__payment_row *payment_row(const payment_fixture *payment);
int32_t payment_state(const payment_fixture *payment); /* 0 = no row */

#endif
