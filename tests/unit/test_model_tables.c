/* SPDX-License-Identifier: MIT */
/* The Promela model's transitions, as spec/tables.pml spells them, are those of the library, read
 * back here without the program that wrote them: each row is a cell, and each cell a row. */
#include "test.h"

#include <aurora/machine.h>

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    const char *noun;
    const aurora_machine *machine;
    uint8_t cells[64][64];
    int32_t rows;
} model;

/* "authorize not found" and AUTHORIZE_NOT_FOUND are one word. */
static bool is_word(const char *name, const char *word)
{
    for (; *name != '\0'; name++, word++) {
        char letter = *name == ' ' ? '_' : *name;
        if (tolower((unsigned char)letter) != tolower((unsigned char)*word))
            return false;
    }
    return *word == '\0';
}

static int32_t event_of(const aurora_machine *machine, const char *word)
{
    for (int32_t event = 1; event <= (int32_t)machine->event_count; event++) {
        if (is_word(aurora_machine_event_name(machine, event), word))
            return event;
    }
    ck_abort_msg("an event %s", word);
    return 0;
}

/* ORDER_PENDING of the order's machine; ORDER_NONE is 0. */
static int32_t state_of(const model *of, const char *word)
{
    size_t length = strlen(of->noun);
    ck_assert_msg(strlen(word) > length && word[length] == '_', "%s of %s", word, of->noun);
    word += length + 1;
    if (strcmp(word, "NONE") == 0)
        return 0;
    for (int32_t state = 1; state <= (int32_t)of->machine->state_count; state++) {
        if (is_word(aurora_machine_state_name(of->machine, state), word))
            return state;
    }
    ck_abort_msg("a state %s", word);
    return 0;
}

static model *model_of(model *models, const char *inlined, const char **event_out)
{
    for (int i = 0; i < 3; i++) {
        size_t length = strlen(models[i].noun);
        if (strncmp(inlined, models[i].noun, length) == 0 &&
            strncmp(inlined + length, "_on_", 4) == 0) {
            *event_out = inlined + length + 4;
            return &models[i];
        }
    }
    ck_abort_msg("an inline %s", inlined);
    return NULL;
}

static void read_row(model *of, int32_t event, const char *from, const char *to)
{
    int32_t state = state_of(of, from);
    ck_assert_msg(of->cells[state][event] == 0, "two rows of %s", from);
    of->cells[state][event] = (uint8_t)state_of(of, to);
    of->rows++;
}

static void read_tables(model *models)
{
    char line[256], name[128], from[128], to[128];
    char path[1024];
    snprintf(path, sizeof path, "%s/spec/tables.pml", getenv("AURORA_SOURCE_DIR"));
    FILE *file = fopen(path, "r");
    ck_assert_msg(file != NULL, "%s", path);
    model *of = NULL;
    int32_t event = 0;
    while (fgets(line, sizeof line, file) != NULL) {
        const char *word;
        if (sscanf(line, "inline %127[a-z_](state)", name) == 1) {
            of = model_of(models, name, &word);
            event = event_of(of->machine, word);
        } else if (sscanf(line, " :: state == %127[A-Z_] -> state = %127[A-Z_]", from, to) == 2) {
            ck_assert_ptr_nonnull(of);
            read_row(of, event, from, to);
        }
    }
    fclose(file);
}

START_TEST(test_model_tables__each_row_is_a_cell_and_each_cell_a_row)
{
    static model models[3];
    models[0] = (model){.noun = "order", .machine = aurora_order_machine()};
    models[1] = (model){.noun = "reservation", .machine = aurora_reservation_machine()};
    models[2] = (model){.noun = "payment", .machine = aurora_payment_machine()};
    if (getenv("AURORA_SOURCE_DIR") == NULL)
        return; /* run by hand, away from ctest */

    read_tables(models);

    for (int i = 0; i < 3; i++) {
        const aurora_machine *machine = models[i].machine;
        ck_assert_int_gt(models[i].rows, 15);
        for (int32_t state = 0; state <= (int32_t)machine->state_count; state++) {
            for (int32_t event = 1; event <= (int32_t)machine->event_count; event++)
                ck_assert_msg(
                    models[i].cells[state][event] == aurora_machine_next(machine, state, event),
                    "%s: %s on %s leads to %s, in the model to %d", models[i].noun,
                    aurora_machine_state_name(machine, state),
                    aurora_machine_event_name(machine, event),
                    aurora_machine_state_name(machine, aurora_machine_next(machine, state, event)),
                    models[i].cells[state][event]);
        }
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("model_tables");
    TCase *tcase = tcase_create("all");
    tcase_add_test(tcase, test_model_tables__each_row_is_a_cell_and_each_cell_a_row);
    suite_add_tcase(suite, tcase);
    return suite;
}

AURORA_TEST_MAIN(suite)
