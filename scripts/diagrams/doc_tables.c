/* SPDX-License-Identifier: MIT */
/* doc_tables BLOCK: prints one generated block of docs/ from the tables of the library, which is
 * where their truth lies. Uses the public headers only. ./dev diagrams puts the blocks in place. */
#include <aurora/aurora.h>
#include <aurora/testing.h>

#include <stdio.h>
#include <string.h>

/* --- state machines --------------------------------------------------------------------------- */

/* The events that lead from one state to another, joined by commas; false when there are none. */
static bool print_events(const aurora_machine *machine, int32_t from, int32_t to,
                         const char *before)
{
    bool is_first = true;
    for (int32_t event = 1; event <= (int32_t)machine->event_count; event++) {
        if (aurora_machine_next(machine, from, event) != to)
            continue;
        printf("%s%s", is_first ? before : ", ", aurora_machine_event_name(machine, event));
        is_first = false;
    }
    return !is_first;
}

static const char *state_label(const aurora_machine *machine, int32_t state)
{
    return state == 0 ? "[*]" : aurora_machine_state_name(machine, state);
}

/* What changes the state. No-ops would double the lines and say nothing: the table has them. */
static void print_diagram(const aurora_machine *machine)
{
    char before[128];
    int32_t count = (int32_t)machine->state_count;
    puts("```mermaid\nstateDiagram-v2");
    for (int32_t from = 0; from <= count; from++) {
        for (int32_t to = 1; to <= count; to++) {
            if (from == to)
                continue;
            snprintf(before, sizeof before, "    %s --> %s: ", state_label(machine, from),
                     state_label(machine, to));
            if (print_events(machine, from, to, before))
                putchar('\n');
        }
    }
    puts("```\n");
}

static void print_changes(const aurora_machine *machine, int32_t from)
{
    bool is_first = true;
    for (int32_t to = 1; to <= (int32_t)machine->state_count; to++) {
        if (from == to || !print_events(machine, from, to, is_first ? "" : "<br>"))
            continue;
        printf(" → %s", aurora_machine_state_name(machine, to));
        is_first = false;
    }
}

static void print_machine(const aurora_machine *machine)
{
    print_diagram(machine);
    puts("| in | changes | takes and stays |\n| --- | --- | --- |");
    for (int32_t state = 0; state <= (int32_t)machine->state_count; state++) {
        const char *name = aurora_machine_state_name(machine, state);
        printf("| %s | ", state == 0 ? "(none yet)" : name);
        print_changes(machine, state);
        printf(" | ");
        if (state > 0)
            print_events(machine, state, state, "");
        puts(" |");
    }
}

static void print_order(void)
{
    print_machine(aurora_order_machine());
}

static void print_reservation(void)
{
    print_machine(aurora_reservation_machine());
}

static void print_payment(void)
{
    print_machine(aurora_payment_machine());
}

/* --- settings and statuses -------------------------------------------------------------------- */

/* The rows whose flag DAEMON is set or not. */
static void print_rows(uint32_t daemon)
{
    uint32_t count = 0;
    const aurora_setting_info *rows = aurora_setting_table(&count);
    puts("| setting | kind | default | reload | meaning |\n| --- | --- | --- | --- | --- |");
    for (uint32_t i = 0; i < count; i++) {
        if ((rows[i].flags & AURORA_SETTING_DAEMON) != daemon)
            continue;
        printf("| `%s` | %s | `%s` | %s | %s |\n", rows[i].name,
               aurora_setting_kind_name(rows[i].kind), rows[i].default_text,
               (rows[i].flags & AURORA_SETTING_RELOADABLE) != 0 ? "yes" : "", rows[i].help);
    }
}

static void print_settings(void)
{
    print_rows(0);
}

static void print_daemon_settings(void)
{
    print_rows(AURORA_SETTING_DAEMON);
}

static const char *class_text(int32_t class_of)
{
    switch (class_of) {
    case AURORA_CLASS_USAGE:
        return "usage";
    case AURORA_CLASS_RETRIABLE:
        return "retriable";
    case AURORA_CLASS_FATAL:
        return "fatal";
    default:
        return "";
    }
}

static void print_statuses(void)
{
    uint32_t count = 0;
    const aurora_status_info *rows = aurora_status_table(&count);
    puts("| status | value | class | meaning |\n| --- | --- | --- | --- |");
    for (uint32_t i = 0; i < count; i++)
        printf("| `%s` | %d | %s | %s |\n", rows[i].name, (int)rows[i].status,
               class_text(rows[i].class_of), rows[i].text);
}

/* What to do about each. The names are those of the list, so that a new status does not compile
 * without its advice. */
#define ADVICE_OK "nothing"
#define ADVICE_EINVAL "mend the argument that `field` names; `message` has the rule"
#define ADVICE_ENOTFOUND "check the id, key or SKU"
#define ADVICE_ECONFLICT "read the state again and decide anew"
#define ADVICE_EAGAIN "repeat in a moment: the first call with that key is being decided"
#define ADVICE_EBUSY "repeat with a growing pause; if it lasts, see LOGS.md and METRICS.md"
#define ADVICE_ETIMEDOUT "repeat with the same key; it is done at most once"
#define ADVICE_ENOMEM "repeat when there is memory; nothing was changed"
#define ADVICE_EIO "repeat with a growing pause; `aurora_health` says when the store is back"
#define ADVICE_EFULL "make room on the disk, then repeat; reading goes on meanwhile"
#define ADVICE_ECORRUPT "run verify; restore a backup, or mend the row that the log names"
#define ADVICE_ECORE "close and open the handle again, and report it with the line of the log"
#define ADVICE_EFORK "open a handle after the fork"
#define ADVICE_EREENTRANT "make the call when the callback has returned"
#define ADVICE_EINTR "wait again, or end: somebody asked for it"
#define ADVICE_EGONE "start again from the oldest event, and read the state for what is missing"
#define ADVICE_ENOTSUP "use a build, store or setting that has it"
#define ADVICE_EKEYREUSED "use a new key for a new request"
#define ADVICE_EUNKNOWNSKU "put the product first; in a cluster its event may be on the way"
#define ADVICE_ECURRENCY "order in the product's currency"
#define ADVICE_EOVERFLOW "lower the amount or the quantity"
#define ADVICE_ETAKEN "use another reference; the first order's id comes along"
#define ADVICE_EVERSION "read again, and repeat with the version that you found"
#define ADVICE_EFINAL "nothing: the order has its outcome"
#define ADVICE_EPARKED "let an operator decide: OPERATIONS.md"
#define ADVICE_EINSUFFICIENT "receive stock, or take less"
#define ADVICE_ETOOBIG "send less: fewer lines, a shorter text, a larger buffer"
#define ADVICE_EREADONLY "open without AURORA_OPEN_READONLY"
#define ADVICE_ESCHEMA "use the release or the modules that wrote it: UPGRADE.md"
#define ADVICE_ECLOSED "nothing: the program closes the handle"
#define ADVICE_EEXPIRED "reserve again under a new key"

static void print_errors(void)
{
#define ADVICE(name, value, class, http, text) ADVICE_##name,
    static const char *const advice[] = {AURORA_STATUS_LIST(ADVICE)};
#undef ADVICE
    uint32_t count = 0;
    const aurora_status_info *rows = aurora_status_table(&count);
    puts("| status | value | HTTP | class | meaning | what to do |\n"
         "| --- | --- | --- | --- | --- | --- |");
    for (uint32_t i = 0; i < count; i++)
        printf("| `%s` | %d | %d | %s | %s | %s |\n", rows[i].name, (int)rows[i].status,
               (int)rows[i].http_status, class_text(rows[i].class_of), rows[i].text, advice[i]);
}

/* --- layouts ---------------------------------------------------------------------------------- */

static void print_sizes(void)
{
    uint32_t count = 0;
    const aurora_layout *rows = aurora_layout_table(&count);
    puts("| struct | bytes |\n| --- | --- |");
    for (uint32_t i = 0; i < count; i++) {
        if (rows[i].is_pinned)
            printf("| `%s` | %u |\n", rows[i].name, (unsigned)rows[i].bytes);
    }
}

static const struct {
    const char *name;
    void (*print)(void);
} blocks[] = {
    {"order", print_order},
    {"reservation", print_reservation},
    {"payment", print_payment},
    {"settings", print_settings},
    {"daemon_settings", print_daemon_settings},
    {"statuses", print_statuses},
    {"errors", print_errors},
    {"sizes", print_sizes},
};

int main(int argc, char **argv)
{
    for (size_t i = 0; argc == 2 && i < sizeof blocks / sizeof *blocks; i++) {
        if (strcmp(argv[1], blocks[i].name) == 0) {
            blocks[i].print();
            return fflush(stdout) == 0 ? 0 : 1;
        }
    }
    fputs("usage: doc_tables order|reservation|payment|settings|daemon_settings|statuses|sizes\n",
          stderr);
    return 2;
}
