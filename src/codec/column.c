/* SPDX-License-Identifier: MIT */
#include "codec/column.h"

#include "codec/scanner.h"

#include <string.h>

aurora_status aurora__column_count(const char *text, uint32_t *count_out)
{
    aurora__scanner scanner;
    uint32_t count = 0;
    size_t length;
    *count_out = 0;
    if (text == NULL)
        return AURORA_OK;
    aurora__scanner_begin(&scanner, text, strlen(text));
    aurora__scanner_expect(&scanner, '[');
    while (aurora__scanner_next(&scanner, &count))
        aurora__scanner_skip(&scanner, &length);
    if (scanner.at != scanner.end)
        aurora__scanner_fail(&scanner, AURORA_ECORRUPT);
    *count_out = count;
    return scanner.status;
}

/* Takes one element, brackets excluded. */
typedef void (*take_element)(aurora__scanner *scanner, aurora__arena *arena, void *element);

/* Reads a whole column of arrays into an array of `size` bytes an element. */
static aurora_status take_all(aurora__arena *arena, const char *text, size_t size,
                              take_element take, void **out, uint32_t *count_out)
{
    *out = NULL;
    aurora_status rc = aurora__column_count(text, count_out);
    if (rc != AURORA_OK || *count_out == 0)
        return rc;
    char *elements = aurora__arena_zero(arena, *count_out * size);
    if (elements == NULL)
        return AURORA_ENOMEM;
    aurora__scanner scanner;
    uint32_t count = 0;
    aurora__scanner_begin(&scanner, text, strlen(text));
    aurora__scanner_expect(&scanner, '[');
    while (aurora__scanner_next(&scanner, &count) && count <= *count_out) {
        aurora__scanner_expect(&scanner, '[');
        take(&scanner, arena, elements + (count - 1) * size);
        aurora__scanner_expect(&scanner, ']');
    }
    *out = elements;
    return scanner.status;
}

static void take_line(aurora__scanner *scanner, aurora__arena *arena, void *element)
{
    aurora_line *line = element;
    line->sku = aurora__scanner_required(scanner, arena);
    aurora__scanner_expect(scanner, ',');
    line->quantity = aurora__scanner_ranged(scanner, 1, INT64_MAX);
    aurora__scanner_expect(scanner, ',');
    line->unit_price_minor = aurora__scanner_ranged(scanner, 0, INT64_MAX);
}

aurora_status aurora__column_lines(aurora__arena *arena, const char *text, const aurora_line **out,
                                   uint32_t *count_out)
{
    void *elements;
    aurora_status rc = take_all(arena, text, sizeof(aurora_line), take_line, &elements, count_out);
    *out = elements;
    return rc;
}

static void take_charge(aurora__scanner *scanner, aurora__arena *arena, void *element)
{
    aurora_charge *charge = element;
    charge->kind = (int32_t)aurora__scanner_ranged(scanner, AURORA_CHARGE_TAX, AURORA_CHARGE_FEE);
    aurora__scanner_expect(scanner, ',');
    charge->label = aurora__scanner_required(scanner, arena);
    aurora__scanner_expect(scanner, ',');
    charge->amount_minor = aurora__scanner_integer(scanner);
}

aurora_status aurora__column_charges(aurora__arena *arena, const char *text,
                                     const aurora_charge **out, uint32_t *count_out)
{
    void *elements;
    aurora_status rc =
        take_all(arena, text, sizeof(aurora_charge), take_charge, &elements, count_out);
    *out = elements;
    return rc;
}

static void take_pair(aurora__scanner *scanner, aurora__arena *arena, void *element)
{
    aurora_pair *pair = element;
    pair->name = aurora__scanner_required(scanner, arena);
    aurora__scanner_expect(scanner, ',');
    pair->value = aurora__scanner_required(scanner, arena);
}

aurora_status aurora__column_pairs(aurora__arena *arena, const char *text, const aurora_pair **out,
                                   uint32_t *count_out)
{
    void *elements;
    aurora_status rc = take_all(arena, text, sizeof(aurora_pair), take_pair, &elements, count_out);
    *out = elements;
    return rc;
}
