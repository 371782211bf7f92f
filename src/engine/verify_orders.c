/* SPDX-License-Identifier: MIT */
/* Orders against themselves (I12, I13), and settled ones against their reservation and payment (I2,
 * I3, I4). The tables are in the order of order ids, so they are read side by side. */
#include "engine/verify.h"

#include "core/payment.h"
#include "core/payment_machine.h"
#include "core/simulator.h"
#include "core/transition.h"

#include <aurora/event.h>
#include <aurora/stock.h>

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

_Static_assert(sizeof(aurora__order_row) <= sizeof(((aurora__verify_stream *)0)->row),
               "a stream has room for the largest row");

typedef struct {
    aurora__verify *verify;
    uint32_t modules;
    aurora__verify_stream orders;
    aurora__verify_stream reservations;
    aurora__verify_stream payments;
    aurora__verify_stream ledger;
    const aurora__order_row *order; /* the current one of each, NULL at the end */
    const aurora__reservation_row *reservation;
    const aurora__payment_row *payment;
    const aurora__ledger_row *book;
} audit;

static void complain(audit *self, const char *invariant, const aurora_id *id, const char *format,
                     ...) __attribute__((format(printf, 4, 5)));

static void complain(audit *self, const char *invariant, const aurora_id *id, const char *format,
                     ...)
{
    char message[AURORA__FAULT_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    aurora__verify_order_violation(self->verify, invariant, id, message);
}

/* --- I12: lines and charges ------------------------------------------------------------------- */

/* Adds the products of two numbers, or one number, of each element of [["",a,b],...]. */
static bool add_column(const char *text, bool is_product, int64_t *total)
{
    aurora__json_reader reader;
    uint32_t count = 0;
    if (text == NULL)
        return true;
    aurora__json_read(&reader, text, strlen(text));
    aurora__json_expect(&reader, '[');
    while (aurora__json_next(&reader, &count)) {
        size_t length;
        int64_t a = 1;
        aurora__json_expect(&reader, '[');
        aurora__json_skip(&reader, &length);
        aurora__json_expect(&reader, ',');
        if (is_product)
            a = aurora__json_take_integer(&reader);
        else
            aurora__json_skip(&reader, &length);
        aurora__json_expect(&reader, ',');
        int64_t b = aurora__json_take_integer(&reader);
        aurora__json_expect(&reader, ']');
        if (reader.is_failed || __builtin_mul_overflow(a, b, &b) ||
            __builtin_add_overflow(*total, b, total))
            return false;
    }
    return !reader.is_failed;
}

static void check_total(audit *self)
{
    const aurora__order_row *order = self->order;
    int64_t total = 0;
    if (!add_column(order->lines, true, &total) || !add_column(order->charges, false, &total))
        complain(self, "I12", &order->id, "lines or charges are damaged or leave their range");
    else if (total != order->total_minor)
        complain(self, "I12", &order->id,
                 "lines and charges add up to %" PRId64 ", the total is %" PRId64, total,
                 order->total_minor);
}

/* --- I13: the history ------------------------------------------------------------------------- */

static void check_history(audit *self)
{
    const aurora__order_row *order = self->order;
    aurora__query_arena arena;
    aurora__transitions list;
    aurora__transition entry = {0};
    int64_t before = 0;
    bool is_rising = true;
    aurora__query_arena_init(&arena, aurora__engine_allocator(self->verify->engine));
    aurora__transitions_begin(&list, order);
    while (aurora__transitions_next(&list, &arena.arena, &entry)) {
        is_rising = is_rising && entry.version > before;
        before = entry.version;
    }
    if (list.reader.is_out_of_memory)
        self->verify->status = AURORA_ENOMEM;
    else if (list.reader.is_failed)
        complain(self, "I13", &order->id, "the history is damaged");
    else if (list.count + list.dropped != order->version || before != order->version || !is_rising)
        complain(self, "I13", &order->id,
                 "version %" PRId64 ", but %u steps and %" PRId64 " dropped, the last with version "
                 "%" PRId64,
                 order->version, list.count, list.dropped, before);
    else if (entry.status != order->status)
        complain(self, "I13", &order->id, "status %" PRId64 ", but the last step left %" PRId64,
                 order->status, entry.status);
    aurora__query_arena_free(&arena);
}

/* --- I2: money -------------------------------------------------------------------------------- */

static bool has_legal_state(audit *self, const aurora__payment_row *payment)
{
    if (payment->state > 0 && payment->state <= AURORA__PAYMENT_STATES)
        return true;
    complain(self, "I2", &payment->order_id, "the payment has the state %" PRId64, payment->state);
    return false;
}

aurora__fault aurora__verify_money_fault(const aurora__order_row *order,
                                         const aurora__payment_row *payment,
                                         char text[AURORA__FAULT_BYTES])
{
    if (payment == NULL) {
        snprintf(text, AURORA__FAULT_BYTES, "is settled without a payment");
        return AURORA__FAULT_FOUND;
    }
    if (payment->parked_at != 0 || payment->state <= 0 || payment->state > AURORA__PAYMENT_STATES)
        return AURORA__FAULT_NONE; /* the latter is told by the audit of its store */
    bool is_completed = order->status == AURORA_ORDER_COMPLETED;
    int32_t answer = aurora__payment_answer((int32_t)payment->state);
    bool is_right = is_completed ? answer == AURORA_EVENT_PAYMENT_CAPTURED
                                 : answer == AURORA_EVENT_PAYMENT_VOIDED ||
                                       answer == AURORA_EVENT_PAYMENT_REFUNDED;
    const char *state =
        aurora_machine_state_name(&aurora__payment_machine, (int32_t)payment->state);
    if (payment->verb != 0 && aurora__payment_verb((int32_t)payment->state) != 0) {
        snprintf(text, AURORA__FAULT_BYTES, "a settled order's payment still moves");
        return AURORA__FAULT_MOVING;
    }
    if (!is_right && payment->state != AURORA__PAYMENT_REVERSED)
        snprintf(text, AURORA__FAULT_BYTES, "is settled as %s, but its payment is %s",
                 aurora_order_status_name((int32_t)order->status), state);
    else if (is_completed && payment->amount_minor != order->total_minor)
        snprintf(text, AURORA__FAULT_BYTES, "%" PRId64 " was captured, the total is %" PRId64,
                 payment->amount_minor, order->total_minor);
    else
        return AURORA__FAULT_NONE;
    return AURORA__FAULT_FOUND;
}

static void check_money(audit *self, const aurora__payment_row *payment)
{
    char text[AURORA__FAULT_BYTES], id[AURORA_ID_TEXT_BYTES];
    if (payment != NULL && !has_legal_state(self, payment))
        return;
    switch (aurora__verify_money_fault(self->order, payment, text)) {
    case AURORA__FAULT_FOUND:
        complain(self, "I2", &self->order->id, "%s", text);
        break;
    case AURORA__FAULT_MOVING:
        aurora_id_format(self->order->id, id);
        aurora__verify_in_progress(self->verify, id, text);
        break;
    case AURORA__FAULT_NONE:
        break;
    }
}

/* The simulator's book knows what really moved. */
static void check_book(audit *self, const aurora__payment_row *payment)
{
    const aurora__ledger_row *book = self->book;
    const aurora_id *id = &payment->order_id;
    if (book->captures > 1)
        complain(self, "I2", id, "was captured %" PRId64 " times", book->captures);
    if (book->captured_minor > book->amount_minor || book->refunded_minor > book->captured_minor)
        complain(self, "I2", id,
                 "the provider captured %" PRId64 " and refunded %" PRId64 " of %" PRId64,
                 book->captured_minor, book->refunded_minor, book->amount_minor);
    if (payment->verb != 0 || payment->parked_at != 0)
        return;
    int32_t answer = aurora__payment_answer((int32_t)payment->state);
    int64_t held = book->captured_minor - book->refunded_minor;
    if (answer == AURORA_EVENT_PAYMENT_CAPTURED && held != payment->amount_minor)
        complain(self, "I2", id, "captured %" PRId64 " here, the provider holds %" PRId64,
                 payment->amount_minor, held);
    bool is_over = answer == AURORA_EVENT_PAYMENT_VOIDED || answer == AURORA_EVENT_PAYMENT_REFUNDED;
    if (is_over && (held != 0 || book->state == AURORA__LEDGER_AUTHORIZED))
        complain(self, "I2", id, "is over here, the provider still holds money");
}

/* --- I4: stock -------------------------------------------------------------------------------- */

aurora__fault aurora__verify_stock_fault(const aurora__order_row *order,
                                         const aurora__reservation_row *reservation,
                                         char text[AURORA__FAULT_BYTES])
{
    if (reservation == NULL) {
        snprintf(text, AURORA__FAULT_BYTES, "is settled without a reservation");
        return AURORA__FAULT_FOUND;
    }
    bool is_right = order->status == AURORA_ORDER_COMPLETED
                        ? reservation->state == AURORA_RESERVATION_COMMITTED
                        : reservation->state == AURORA_RESERVATION_RELEASED ||
                              reservation->state == AURORA_RESERVATION_RETURNED;
    if (is_right || reservation->parked_kind != 0)
        return AURORA__FAULT_NONE;
    snprintf(text, AURORA__FAULT_BYTES, "is settled as %s, but reservation state is %" PRId64,
             aurora_order_status_name((int32_t)order->status), reservation->state);
    return AURORA__FAULT_FOUND;
}

static void check_stock(audit *self, const aurora__reservation_row *reservation)
{
    char text[AURORA__FAULT_BYTES];
    if (aurora__verify_stock_fault(self->order, reservation, text) == AURORA__FAULT_FOUND)
        complain(self, "I4", &self->order->id, "%s", text);
}

/* --- I3: progress ----------------------------------------------------------------------------- */

static void check_progress(audit *self)
{
    const aurora__order_row *order = self->order;
    char id[AURORA_ID_TEXT_BYTES];
    if (order->parked != 0) {
        if (order->parked_at == 0)
            complain(self, "I3", &order->id, "is parked and not in the list of parked orders");
        return;
    }
    aurora_id_format(order->id, id);
    if (order->due_at == 0)
        complain(self, "I3", &order->id, "is not settled and no timer will move it");
    else
        aurora__verify_in_progress(self->verify, id, "is not settled");
}

/* --- side by side ----------------------------------------------------------------------------- */

static int compare_ids(const aurora_id *a, const aurora_id *b)
{
    return memcmp(a->bytes, b->bytes, 16);
}

static void next_reservation(audit *self)
{
    self->reservation = aurora__verify_stream_next(&self->reservations);
}

static void next_book(audit *self)
{
    self->book = aurora__verify_stream_next(&self->ledger);
}

/* The ledger's key is the id of the authorize task, which is the order's but for three bits. */
static void next_payment(audit *self)
{
    self->payment = aurora__verify_stream_next(&self->payments);
    while (self->payment != NULL && self->book != NULL) {
        int32_t verb;
        aurora_id order_id = aurora__task_order(&self->book->id, &verb);
        int order = compare_ids(&order_id, &self->payment->order_id);
        if (order > 0)
            return;
        if (order == 0 && has_legal_state(self, self->payment))
            check_book(self, self->payment);
        next_book(self);
    }
}

/* Rows of participants whose order is not here may only be tombstones. */
static void check_orphans(audit *self)
{
    bool has_orders = (self->modules & AURORA__MODULE_ORDER) != 0;
    while (
        self->reservation != NULL &&
        (self->order == NULL || compare_ids(&self->reservation->order_id, &self->order->id) < 0)) {
        if (has_orders && self->reservation->state == AURORA_RESERVATION_RESERVED)
            complain(self, "I4", &self->reservation->order_id, "stock is held for no order");
        next_reservation(self);
    }
    while (self->payment != NULL &&
           (self->order == NULL || compare_ids(&self->payment->order_id, &self->order->id) < 0)) {
        bool holds = self->payment->state == AURORA__PAYMENT_AUTHORIZED ||
                     self->payment->state == AURORA__PAYMENT_CAPTURED;
        if (has_orders && holds)
            complain(self, "I2", &self->payment->order_id, "money is held for no order");
        next_payment(self);
    }
}

static void check_order(audit *self, const aurora__reservation_row *reservation,
                        const aurora__payment_row *payment)
{
    const aurora__order_row *order = self->order;
    self->verify->order_count++;
    check_total(self);
    check_history(self);
    if (order->settled_at == 0) {
        check_progress(self);
        return;
    }
    if (order->status < AURORA_ORDER_COMPLETED)
        complain(self, "I3", &order->id, "is settled without an outcome");
    else if (order->parked == 0) {
        if ((self->modules & AURORA__MODULE_INVENTORY) != 0)
            check_stock(self, reservation);
        if ((self->modules & AURORA__MODULE_PAYMENT) != 0)
            check_money(self, payment);
    }
}

/* The order's own rows are done with after this: left standing, they would count as rows of no
 * order. */
static void check_with_participants(audit *self)
{
    const aurora_id *id = &self->order->id;
    bool has_reservation =
        self->reservation != NULL && compare_ids(&self->reservation->order_id, id) == 0;
    bool has_payment = self->payment != NULL && compare_ids(&self->payment->order_id, id) == 0;
    check_order(self, has_reservation ? self->reservation : NULL,
                has_payment ? self->payment : NULL);
    if (has_reservation)
        next_reservation(self);
    if (has_payment)
        next_payment(self);
}

void aurora__verify_orders(aurora__verify *verify)
{
    audit self = {.verify = verify, .modules = aurora__engine_policy(verify->engine)->modules};
    aurora__verify_stream_begin(&self.orders, verify, AURORA__TABLE_order, 0);
    aurora__verify_stream_begin(&self.reservations, verify, AURORA__TABLE_reservation, 0);
    aurora__verify_stream_begin(&self.payments, verify, AURORA__TABLE_payment, 0);
    aurora__verify_stream_begin(&self.ledger, verify, AURORA__TABLE_ledger, 0);
    next_book(&self);
    next_payment(&self);
    next_reservation(&self);
    while ((self.order = aurora__verify_stream_next(&self.orders)) != NULL) {
        check_orphans(&self);
        check_with_participants(&self);
    }
    if (verify->status == AURORA_OK)
        check_orphans(&self);
    aurora__verify_stream_end(&self.orders);
    aurora__verify_stream_end(&self.reservations);
    aurora__verify_stream_end(&self.payments);
    aurora__verify_stream_end(&self.ledger);
}
