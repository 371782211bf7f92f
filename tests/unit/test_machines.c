/* SPDX-License-Identifier: MIT */
/* Every cell of the order's and the reservation's table, written down a second time as pictures: a
 * row is a state from "none", a column an event, a letter the next state, '.' an illegal cell. */
#include "core/order_machine.h"
#include "core/reservation_machine.h"

#include <aurora/order.h>
#include <aurora/stock.h>

#include <string.h>

#include "test.h"

/* The letter of a state is the place of it in `letters`, which starts with the one of state 0. */
static void assert_table(const aurora_machine *machine, const char *letters,
                         const char *const *rows)
{
    for (uint32_t state = 0; state <= machine->state_count; state++) {
        ck_assert_uint_eq(strlen(rows[state]), machine->event_count);
        for (uint32_t event = 1; event <= machine->event_count; event++) {
            char letter = rows[state][event - 1];
            int32_t expected = letter == '.' ? 0 : (int32_t)(strchr(letters, letter) - letters);
            int32_t actual = aurora_machine_next(machine, (int32_t)state, (int32_t)event);
            ck_assert_msg(actual == expected, "%s on %s leads to \"%s\", expected \"%s\"",
                          aurora_machine_state_name(machine, (int32_t)state),
                          aurora_machine_event_name(machine, (int32_t)event),
                          aurora_machine_state_name(machine, actual),
                          aurora_machine_state_name(machine, expected));
        }
    }
}

START_TEST(test_machines__order_table_is_the_saga_of_the_design)
{
    /* Events: place, reserved, rejected, authorized, declined, deadline, cancel, compensate,
     * committed, captured, released, returned, voided, refunded, parked. */
    static const char *const rows[] = {
        "P..............", /* none */
        ".RFCFFXF......P", /* PENDING */
        ".R.CFFXF......R", /* RESERVED */
        ".C.C.CXXCC....C", /* COMPLETED */
        ".FFFFF....FFFFF", /* FAILED */
        ".XXXXXX.XXXXXXX", /* CANCELLED */
    };
    ck_assert_uint_eq(aurora_order_machine()->state_count, 5);
    ck_assert_uint_eq(aurora_order_machine()->event_count, AURORA__ORDER_EVENTS);

    assert_table(aurora_order_machine(), "0PRCFX", rows);
}
END_TEST

START_TEST(test_machines__reservation_table_is_the_one_of_the_design)
{
    /* Events: reserve, reject, commit, cancel, expire. */
    static const char *const rows[] = {
        "HJ.L.", /* none */
        "H.CLE", /* RESERVED, held */
        "J..L.", /* REJECTED */
        "C.CT.", /* COMMITTED */
        "L..L.", /* RELEASED, also the tombstone */
        "T.TT.", /* RETURNED */
        "E..EE", /* EXPIRED */
    };
    ck_assert_uint_eq(aurora_reservation_machine()->state_count, 6);
    ck_assert_uint_eq(aurora_reservation_machine()->event_count, AURORA__RESERVATION_EVENTS);

    assert_table(aurora_reservation_machine(), "0HJCLTE", rows);
}
END_TEST

START_TEST(test_machines__states_are_the_public_numbers)
{
    const aurora_machine *order = aurora_order_machine();
    const aurora_machine *reservation = aurora_reservation_machine();

    ck_assert_str_eq(aurora_machine_state_name(order, AURORA_ORDER_PENDING), "PENDING");
    ck_assert_str_eq(aurora_machine_state_name(order, AURORA_ORDER_RESERVED), "RESERVED");
    ck_assert_str_eq(aurora_machine_state_name(order, AURORA_ORDER_COMPLETED), "COMPLETED");
    ck_assert_str_eq(aurora_machine_state_name(order, AURORA_ORDER_FAILED), "FAILED");
    ck_assert_str_eq(aurora_machine_state_name(order, AURORA_ORDER_CANCELLED), "CANCELLED");
    ck_assert_str_eq(aurora_machine_state_name(reservation, AURORA_RESERVATION_EXPIRED), "EXPIRED");
    ck_assert_str_eq(aurora_machine_state_name(reservation, AURORA_RESERVATION_RETURNED),
                     "RETURNED");
    ck_assert_str_eq(aurora_machine_event_name(order, AURORA__ORDER_DECLINE), "declined");
    ck_assert_str_eq(aurora_machine_event_name(reservation, AURORA__RESERVATION_EXPIRE), "expire");
}
END_TEST

START_TEST(test_machines__all_three_are_well_formed)
{
    const aurora_machine *machines[] = {aurora_order_machine(), aurora_reservation_machine(),
                                        aurora_payment_machine()};
    for (size_t i = 0; i < 3; i++) {
        const aurora_machine *machine = machines[i];
        ck_assert_uint_eq(machine->size, sizeof *machine);
        for (uint32_t state = 0; state <= machine->state_count; state++) {
            const uint8_t *cells = machine->cells + state * (machine->event_count + 1);
            ck_assert_uint_eq(cells[0], 0);
            for (uint32_t event = 1; event <= machine->event_count; event++)
                ck_assert_uint_le(cells[event], machine->state_count);
            ck_assert_ptr_nonnull(machine->state_names[state]);
            ck_assert_int_eq(machine->state_names[state][0] == '\0', state == 0);
        }
        for (uint32_t event = 1; event <= machine->event_count; event++)
            ck_assert_str_ne(aurora_machine_event_name(machine, (int32_t)event), "");
    }
}
END_TEST

START_TEST(test_machines__every_state_can_be_reached)
{
    const aurora_machine *machines[] = {aurora_order_machine(), aurora_reservation_machine(),
                                        aurora_payment_machine()};
    for (size_t i = 0; i < 3; i++) {
        const aurora_machine *machine = machines[i];
        bool is_reached[256] = {true};
        for (uint32_t pass = 0; pass < machine->state_count; pass++) {
            for (uint32_t state = 0; state <= machine->state_count; state++) {
                for (uint32_t event = 1; is_reached[state] && event <= machine->event_count;
                     event++)
                    is_reached[aurora_machine_next(machine, (int32_t)state, (int32_t)event)] = true;
            }
        }
        for (uint32_t state = 1; state <= machine->state_count; state++)
            ck_assert_msg(is_reached[state], "nothing leads to %s",
                          aurora_machine_state_name(machine, (int32_t)state));
    }
}
END_TEST

START_TEST(test_machines__what_is_outside_the_table_is_illegal_and_nameless)
{
    const aurora_machine *machine = aurora_order_machine();
    aurora_machine nameless = *machine;
    nameless.state_names = NULL;
    nameless.event_names = NULL;

    ck_assert_int_eq(aurora_machine_next(machine, -1, 1), 0);
    ck_assert_int_eq(aurora_machine_next(machine, 6, 1), 0);
    ck_assert_int_eq(aurora_machine_next(machine, 1, 0), 0);
    ck_assert_int_eq(aurora_machine_next(machine, 1, -1), 0);
    ck_assert_int_eq(aurora_machine_next(machine, 1, AURORA__ORDER_EVENTS + 1), 0);
    ck_assert_int_eq(aurora_machine_next(machine, INT32_MAX, INT32_MAX), 0);
    ck_assert_str_eq(aurora_machine_state_name(machine, 6), "");
    ck_assert_str_eq(aurora_machine_state_name(machine, -1), "");
    ck_assert_str_eq(aurora_machine_event_name(machine, AURORA__ORDER_EVENTS + 1), "");
    ck_assert_str_eq(aurora_machine_event_name(machine, -1), "");
    ck_assert_str_eq(aurora_machine_state_name(&nameless, 1), "");
    ck_assert_str_eq(aurora_machine_event_name(&nameless, 1), "");
}
END_TEST

static Suite *machines_suite(void)
{
    Suite *suite = suite_create("machines");
    TCase *tcase = tcase_create("machines");
    tcase_add_test(tcase, test_machines__order_table_is_the_saga_of_the_design);
    tcase_add_test(tcase, test_machines__reservation_table_is_the_one_of_the_design);
    tcase_add_test(tcase, test_machines__states_are_the_public_numbers);
    tcase_add_test(tcase, test_machines__all_three_are_well_formed);
    tcase_add_test(tcase, test_machines__every_state_can_be_reached);
    tcase_add_test(tcase, test_machines__what_is_outside_the_table_is_illegal_and_nameless);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(machines_suite)
