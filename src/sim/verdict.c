/* SPDX-License-Identifier: MIT */
/* What must hold at rest: recomputed from rows, from the provider's books and from what clients
 * were told, never from the modules' own sums. */
#include "sim/world.h"

#include "core/json.h"
#include "core/payment_machine.h"
#include "core/simulator.h"

#include <aurora/event.h>

static const aurora__order_row *row_of(aurora__sim_world *world, uint32_t number)
{
    return aurora__sim_row_of(aurora__sim_service_of(world, AURORA__MODULE_ORDER),
                              AURORA__TABLE_order, &world->orders[number].id);
}

/* A settled order asks for nothing any more, so a payment that parks after that repeats itself; one
 * whose key is parked stands among the dead letters. */
bool aurora__sim_check_is_hidden(aurora__sim_world *world, uint32_t number)
{
    char text[AURORA_ID_TEXT_BYTES];
    const aurora_id *id = &world->orders[number].id;
    const aurora__payment_row *payment = aurora__sim_row_of(
        aurora__sim_service_of(world, AURORA__MODULE_PAYMENT), AURORA__TABLE_payment, id);
    const aurora__order_row *row = aurora__sim_row_of(
        aurora__sim_service_of(world, AURORA__MODULE_ORDER), AURORA__TABLE_order, id);
    aurora_id_format(*id, text);
    aurora__key key = aurora__key_texts(AURORA__TABLE_parked_key,
                                        aurora__module_name(AURORA__MODULE_PAYMENT), text);
    return payment != NULL && payment->parked_at != 0 && row != NULL && row->settled_at != 0 &&
           row->parked == 0 &&
           aurora__sim_store_get(&aurora__sim_service_of(world, AURORA__MODULE_PAYMENT)->store,
                                 &key) == NULL;
}

bool aurora__sim_check_is_done(aurora__sim_world *world)
{
    for (uint32_t i = 0; i < world->options.orders; i++) {
        const aurora__order_row *row = row_of(world, i);
        if (row == NULL || !world->orders[i].is_acknowledged ||
            (row->settled_at == 0 && row->parked == 0))
            return false;
    }
    /* What parked just now may not have been told yet. */
    for (uint32_t i = 0; i < world->options.orders; i++) {
        if (aurora__sim_check_is_hidden(world, i))
            return false;
    }
    return true;
}

/* --- stock -------------------------------------------------------------------------------- */

typedef struct {
    int64_t received;
    int64_t written_off;
    int64_t reserved;
    int64_t sold;
} counted;

static void count_lines(const char *text, int64_t sku_id, int64_t *sum)
{
    aurora__json_reader reader;
    uint32_t count = 0;
    if (text == NULL)
        return;
    aurora__json_read(&reader, text, aurora__text_length(text));
    aurora__json_expect(&reader, '[');
    while (aurora__json_next(&reader, &count)) {
        aurora__json_expect(&reader, '[');
        int64_t id = aurora__json_take_integer(&reader);
        aurora__json_expect(&reader, ',');
        int64_t quantity = aurora__json_take_integer(&reader);
        aurora__json_expect(&reader, ']');
        if (id == sku_id)
            *sum += quantity;
    }
}

static void count_state(int64_t state, const char *lines, int64_t sku_id, counted *out)
{
    if (state == AURORA_RESERVATION_RESERVED)
        count_lines(lines, sku_id, &out->reserved);
    if (state == AURORA_RESERVATION_COMMITTED || state == AURORA_RESERVATION_RETURNED)
        count_lines(lines, sku_id, &out->sold);
}

static counted count_all(const aurora__sim_store *store, int64_t sku_id)
{
    counted out = {0};
    const aurora__sim_entries *movements = &store->tables[AURORA__TABLE_movement];
    const aurora__sim_entries *reservations = &store->tables[AURORA__TABLE_reservation];
    const aurora__sim_entries *holds = &store->tables[AURORA__TABLE_hold];
    for (uint32_t i = 0; i < movements->count; i++) {
        const aurora__movement_row *row = movements->items[i]->row;
        if (row == NULL || row->sku_id != sku_id)
            continue;
        if (row->quantity > 0)
            out.received += row->quantity;
        else
            out.written_off -= row->quantity;
    }
    for (uint32_t i = 0; i < reservations->count; i++) {
        const aurora__reservation_row *row = reservations->items[i]->row;
        if (row != NULL)
            count_state(row->state, row->lines, sku_id, &out);
    }
    for (uint32_t i = 0; i < holds->count; i++) {
        const aurora__hold_row *row = holds->items[i]->row;
        if (row != NULL)
            count_state(row->state, row->lines, sku_id, &out);
    }
    return out;
}

static void check_stock(aurora__sim_world *world)
{
    const aurora__sim_service *service = aurora__sim_service_of(world, AURORA__MODULE_INVENTORY);
    const aurora__sim_entries *stocks = &service->store.tables[AURORA__TABLE_stock];
    for (uint32_t i = 0; i < stocks->count; i++) {
        const aurora__stock_row *row = stocks->items[i]->row;
        counted sum = count_all(&service->store, row->id);
        aurora__sim_checking(world, AURORA__CHECK_I1);
        if (sum.received != row->received || sum.written_off != row->written_off ||
            sum.reserved != row->reserved || sum.sold != row->sold)
            aurora__sim_fail(
                world, AURORA__CHECK_I1, -1,
                "SKU %lld has received %lld written off %lld reserved %lld sold "
                "%lld, its movements and reservations make %lld %lld %lld %lld",
                (long long)row->id, (long long)row->received, (long long)row->written_off,
                (long long)row->reserved, (long long)row->sold, (long long)sum.received,
                (long long)sum.written_off, (long long)sum.reserved, (long long)sum.sold);
    }
}

static void check_acts(aurora__sim_world *world)
{
    const aurora__sim_service *service = aurora__sim_service_of(world, AURORA__MODULE_INVENTORY);
    for (uint32_t i = 0; i < world->move_count; i++) {
        aurora__key key = aurora__key_texts(AURORA__TABLE_movement, "sim", world->moves[i].key);
        bool is_stored = aurora__sim_store_get(&service->store, &key) != NULL;
        aurora__sim_checking(world, AURORA__CHECK_I8);
        if (world->moves[i].is_done && !is_stored)
            aurora__sim_fail(world, AURORA__CHECK_I8, -1,
                             "the movement %s was answered and is lost", world->moves[i].key);
    }
    for (uint32_t i = 0; i < world->hold_count; i++) {
        aurora__key key = aurora__key_texts(AURORA__TABLE_hold, "sim", world->holds[i].key);
        const aurora__hold_row *row = aurora__sim_store_get(&service->store, &key);
        aurora__sim_checking(world, AURORA__CHECK_I8);
        if (world->holds[i].is_done && row == NULL)
            aurora__sim_fail(world, AURORA__CHECK_I8, -1, "the hold %s was answered and is lost",
                             world->holds[i].key);
        if (row != NULL && row->state == AURORA_RESERVATION_RESERVED)
            aurora__sim_fail(world, AURORA__CHECK_I3, -1, "the hold %s never ended",
                             world->holds[i].key);
    }
}

/* --- money -------------------------------------------------------------------------------- */

/* What the provider holds of this order: captured and not refunded; `*has_hold_out` for an
 * authorization that is neither captured nor void. */
static int64_t money_of(aurora__sim_world *world, uint32_t number, bool *has_hold_out)
{
    const aurora__sim_order *order = &world->orders[number];
    const aurora__sim_service *service = aurora__sim_service_of(world, AURORA__MODULE_PAYMENT);
    const aurora__payment_row *row = aurora__sim_row_of(service, AURORA__TABLE_payment, &order->id);
    *has_hold_out = false;
    if (row == NULL)
        return 0;
    if (row->is_inline) { /* its own row is the book */
        *has_hold_out = row->state == AURORA__PAYMENT_AUTHORIZED;
        return row->state == AURORA__PAYMENT_CAPTURED ? order->total_minor : 0;
    }
    if (!world->options.simulator) {
        const aurora__sim_books *books = &order->books;
        *has_hold_out = books->is_authorized && !books->is_voided && books->captured == 0;
        return books->captured - books->refunded;
    }
    aurora_id authorize = aurora__task_id(&order->id, AURORA_VERB_AUTHORIZE);
    const aurora__ledger_row *ledger =
        aurora__sim_row_of(service, AURORA__TABLE_ledger, &authorize);
    if (ledger == NULL)
        return 0;
    if (ledger->captures > 1)
        aurora__sim_fail(world, AURORA__CHECK_I2, (int32_t)number, "captured %lld times",
                         (long long)ledger->captures);
    *has_hold_out = ledger->state == AURORA__LEDGER_AUTHORIZED;
    return ledger->captured_minor - ledger->refunded_minor;
}

static void check_money(aurora__sim_world *world, uint32_t number, const aurora__order_row *row)
{
    bool has_hold;
    int64_t money = money_of(world, number, &has_hold);
    bool is_completed = row->status == AURORA_ORDER_COMPLETED;
    aurora__sim_checking(world, AURORA__CHECK_I2);
    if (is_completed && money != row->total_minor)
        aurora__sim_fail(world, AURORA__CHECK_I2, (int32_t)number, "COMPLETED with %lld of %lld",
                         (long long)money, (long long)row->total_minor);
    aurora__sim_checking(world, AURORA__CHECK_I4);
    if (!is_completed && (money != 0 || has_hold))
        aurora__sim_fail(world, AURORA__CHECK_I4, (int32_t)number, "status %lld holds %lld%s",
                         (long long)row->status, (long long)money,
                         has_hold ? " and an authorization" : "");
    const aurora__payment_row *payment = aurora__sim_row_of(
        aurora__sim_service_of(world, AURORA__MODULE_PAYMENT), AURORA__TABLE_payment, &row->id);
    if (payment != NULL && (payment->verb != 0 || payment->parked_at != 0))
        aurora__sim_fail(
            world, AURORA__CHECK_I3, (int32_t)number, "the payment stays %s%s",
            aurora_machine_state_name(&aurora__payment_machine, (int32_t)payment->state),
            payment->parked_at != 0 ? ", parked, and the order does not show it" : "");
}

/* --- orders ------------------------------------------------------------------------------- */

static void check_reservation(aurora__sim_world *world, uint32_t number,
                              const aurora__order_row *row)
{
    const aurora__reservation_row *reservation =
        aurora__sim_row_of(aurora__sim_service_of(world, AURORA__MODULE_INVENTORY),
                           AURORA__TABLE_reservation, &row->id);
    int64_t state = reservation == NULL ? 0 : reservation->state;
    aurora__sim_checking(world, AURORA__CHECK_I4);
    bool is_right =
        row->status == AURORA_ORDER_COMPLETED
            ? state == AURORA_RESERVATION_COMMITTED
            : state == AURORA_RESERVATION_RELEASED || state == AURORA_RESERVATION_RETURNED;
    if (!is_right)
        aurora__sim_fail(world, AURORA__CHECK_I4, (int32_t)number,
                         "status %lld with a reservation in state %lld", (long long)row->status,
                         (long long)state);
}

static void check_order(aurora__sim_world *world, uint32_t number)
{
    const aurora__sim_order *order = &world->orders[number];
    aurora__sim_checking(world, AURORA__CHECK_I8);
    const aurora__order_row *row = row_of(world, number);
    if (row == NULL) {
        aurora__sim_fail(world, AURORA__CHECK_I8, (int32_t)number, "was answered and is lost");
        return;
    }
    aurora__sim_checking(world, AURORA__CHECK_I3);
    world->report->completed += row->status == AURORA_ORDER_COMPLETED;
    world->report->failed += row->status == AURORA_ORDER_FAILED;
    world->report->cancelled += row->status == AURORA_ORDER_CANCELLED;
    if (row->settled_at == 0 || row->parked != 0) {
        aurora__sim_fail(world, AURORA__CHECK_I3, (int32_t)number,
                         "never settles: status %lld, parked %lld, answers %lld",
                         (long long)row->status, (long long)row->parked, (long long)row->answers);
        return;
    }
    if (order->is_cancel_acknowledged && row->status != AURORA_ORDER_CANCELLED)
        aurora__sim_fail(world, AURORA__CHECK_I8, (int32_t)number,
                         "was cancelled and is in status %lld", (long long)row->status);
    check_money(world, number, row);
    check_reservation(world, number, row);
}

/* --- events ------------------------------------------------------------------------------- */

static void check_published(aurora__sim_world *world, aurora__sim_service *source)
{
    int64_t next = 1;
    for (uint32_t i = 0; i < source->log_count; i++) {
        if (source->log[i].position != next)
            aurora__sim_fail(world, AURORA__CHECK_I5, -1, "%s: the log has a gap before %lld",
                             source->name, (long long)source->log[i].position);
        next += source->log[i].count;
    }
    for (int64_t position = 1; position <= source->position; position++) {
        aurora__sim_checking(world, AURORA__CHECK_I5);
        if ((*aurora__sim_audit(source, position) & 0x80) == 0)
            aurora__sim_fail(world, AURORA__CHECK_I5, -1,
                             "%s/%lld was committed and never published", source->name,
                             (long long)position);
    }
}

/* What the broker did not lose took effect at each of its readers. */
static void check_consumed(aurora__sim_world *world, const aurora__sim_feed *feed)
{
    aurora__sim_service *source = &world->services[feed->source];
    const aurora__sim_partition *partition = &source->topics[feed->topic][feed->partition];
    for (uint32_t i = 0; i < partition->count; i++) {
        const aurora__sim_message *message = &partition->items[i];
        uint8_t audit = *aurora__sim_audit(source, message->position);
        aurora__sim_checking(world, AURORA__CHECK_I5);
        if ((audit & (0x40 | 1u << feed->module)) == 0)
            aurora__sim_fail(world, AURORA__CHECK_I5, message->order, "%s never took %s/%lld",
                             aurora__module_name(1u << feed->module), source->name,
                             (long long)message->position);
    }
}

void aurora__sim_check_end(aurora__sim_world *world)
{
    check_stock(world);
    for (uint32_t i = 0; i < world->options.orders; i++)
        check_order(world, i);
    check_acts(world);
    for (uint32_t i = 0; i < world->service_count; i++) {
        check_published(world, &world->services[i]);
        for (uint32_t n = 0; n < world->services[i].feed_count; n++)
            check_consumed(world, &world->services[i].feeds[n]);
    }
    uint32_t stored = aurora__sim_service_of(world, AURORA__MODULE_ORDER)
                          ->store.tables[AURORA__TABLE_order]
                          .count;
    aurora__sim_checking(world, AURORA__CHECK_I9);
    aurora__sim_trend_check(world);
    if (stored != world->options.orders)
        aurora__sim_fail(world, AURORA__CHECK_I9, -1, "%u orders under %u references", stored,
                         world->options.orders);
}
