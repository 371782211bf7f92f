/* SPDX-License-Identifier: MIT */
/* promela_tables: prints spec/tables.pml, the three transition tables of the library as Promela.
 * ./dev model tables writes the file; the test sim/model fails when it is stale. */
#include "core/payment_machine.h"

#include <aurora/event.h>
#include <aurora/machine.h>

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* "authorize not found" becomes authorize_not_found, or AUTHORIZE_NOT_FOUND. */
static void print_word(const char *text, int (*convert)(int))
{
    for (; *text != '\0'; text++)
        putchar(*text == ' ' ? '_' : convert((unsigned char)*text));
}

static void print_state(const aurora_machine *machine, const char *noun, int32_t state)
{
    print_word(noun, toupper);
    putchar('_');
    print_word(state == 0 ? "NONE" : aurora_machine_state_name(machine, state), toupper);
}

static void print_states(const aurora_machine *machine, const char *noun)
{
    for (int32_t state = 0; state <= (int32_t)machine->state_count; state++) {
        fputs("#define ", stdout);
        print_state(machine, noun, state);
        printf(" %d\n", (int)state);
    }
}

/* One event: what it does in each state that has a cell for it. */
static void print_event(const aurora_machine *machine, const char *noun, int32_t event)
{
    printf("\ninline %s_on_", noun);
    print_word(aurora_machine_event_name(machine, event), tolower);
    puts("(state)\n{\n    if");
    for (int32_t state = 0; state <= (int32_t)machine->state_count; state++) {
        int32_t next = aurora_machine_next(machine, state, event);
        if (next == 0)
            continue;
        fputs("    :: state == ", stdout);
        print_state(machine, noun, state);
        fputs(" -> state = ", stdout);
        print_state(machine, noun, next);
        putchar('\n');
    }
    puts("    :: else -> ILLEGAL\n    fi\n}");
}

static void print_machine(const aurora_machine *machine, const char *noun)
{
    printf("\n/* --- %s --- */\n\n", noun);
    print_states(machine, noun);
    for (int32_t event = 1; event <= (int32_t)machine->event_count; event++)
        print_event(machine, noun, event);
}

/* --- what else a payment's state says --------------------------------------------------------- */

/* payment.captured becomes EVENT_CAPTURED. */
static void print_answer(int32_t kind)
{
    const char *name = aurora_event_name(kind);
    fputs("EVENT_", stdout);
    print_word(strchr(name, '.') + 1, toupper);
}

static void print_payment_states(void)
{
    const aurora_machine *machine = aurora_payment_machine();
    static const char *const verbs[] = {"NONE", "AUTHORIZE", "CAPTURE", "VOID", "REFUND"};
    puts("\n/* The call that a payment waits for, and what it tells the order. */");
    fputs("#define payment_verb(state) \\\n    (", stdout);
    for (int32_t state = 1; state <= (int32_t)machine->state_count; state++) {
        int32_t verb = aurora__payment_verb(state);
        if (verb == 0)
            continue;
        fputs("state == ", stdout);
        print_state(machine, "payment", state);
        printf(" -> VERB_%s : ( \\\n    ", verbs[verb]);
    }
    fputs("VERB_NONE", stdout);
    for (int32_t state = 1; state <= (int32_t)machine->state_count; state++)
        fputs(aurora__payment_verb(state) == 0 ? "" : ")", stdout);
    fputs(")\n\n#define payment_answer(state) \\\n    (", stdout);
    for (int32_t state = 1; state <= (int32_t)machine->state_count; state++) {
        int32_t kind = aurora__payment_answer(state);
        if (kind == 0)
            continue;
        fputs("state == ", stdout);
        print_state(machine, "payment", state);
        fputs(" -> ", stdout);
        print_answer(kind);
        fputs(" : ( \\\n    ", stdout);
    }
    fputs("EVENT_NONE", stdout);
    for (int32_t state = 1; state <= (int32_t)machine->state_count; state++)
        fputs(aurora__payment_answer(state) == 0 ? "" : ")", stdout);
    puts(")");
}

int main(void)
{
    puts("/* SPDX-License-Identifier: MIT */\n"
         "/* Generated from the tables in src/core by ./dev model tables: every cell, nothing "
         "else.\n"
         " * A cell that is not there is ILLEGAL, which the including model defines. */");
    print_machine(aurora_order_machine(), "order");
    print_machine(aurora_reservation_machine(), "reservation");
    print_machine(aurora_payment_machine(), "payment");
    print_payment_states();
    return 0;
}
