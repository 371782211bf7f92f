/* SPDX-License-Identifier: MIT */
/* products import: a CSV file into the price list. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "commands.h"
#include "csv.h"
#include "product_put.h"
#include "source.h"

#define BATCH CTL_PUT_MAX
#define FIELDS_MAX 64
#define REFUSALS_SHOWN 10

enum { SKU, NAME, PRICE, CURRENCY, DESCRIPTION, BRAND, CATEGORY, IMAGE, COLUMN_COUNT };

static const char *const column_names[COLUMN_COUNT] = {
    "sku", "name", "price_minor", "currency", "description", "brand", "category", "image_url"};

typedef struct {
    const char *path;
    ctl_shop shop;
    ctl_csv csv;
    int columns[COLUMN_COUNT];
    char *fields[FIELDS_MAX];
    int field_count;
    aurora_product_input *inputs;
    const aurora_product_input **pointers;
    ctl_put *puts;
    uint64_t *lines; /* of the file, of each input */
    uint32_t count;
    uint64_t stored;
    uint64_t refused;
} importing;

static int read_heading(importing *at)
{
    at->field_count = ctl_csv_read(&at->csv, at->fields, FIELDS_MAX);
    for (int i = 0; i < COLUMN_COUNT; i++) {
        at->columns[i] = ctl_csv_find(at->fields, at->field_count, column_names[i]);
        if (i <= CURRENCY && at->columns[i] < 0)
            return ctl_refuse("%s: the heading has no column %s", at->path, column_names[i]);
    }
    for (int i = 0; i < at->field_count; i++) {
        bool is_known = false;
        for (int j = 0; j < COLUMN_COUNT; j++)
            is_known = is_known || at->columns[j] == i;
        if (!is_known)
            return ctl_refuse("%s: column %s is unknown or there twice", at->path, at->fields[i]);
    }
    return CTL_YES;
}

static const char *field(const importing *at, int column)
{
    int index = at->columns[column];
    return index < 0 ? NULL : at->fields[index];
}

static void refuse_line(importing *at, uint64_t line, const char *field_name, const char *why)
{
    if (at->refused++ < REFUSALS_SHOWN)
        ctl_refuse("%s: line %" PRIu64 ": %s%s%s", at->path, line, field_name,
                   field_name[0] == 0 ? "" : ": ", why);
}

/* Stores what was gathered. */
static int flush(importing *at)
{
    aurora_error err = AURORA_ERROR_INIT;
    if (at->count == 0)
        return CTL_YES;
    aurora_status status = ctl_products_put(&at->shop, at->pointers, at->count, at->puts, &err);
    if (status != AURORA_OK)
        return ctl_fail(status, &err, at->path);
    for (uint32_t i = 0; i < at->count; i++) {
        if (at->puts[i].is_stored)
            at->stored++;
        else
            refuse_line(at, at->lines[i], at->puts[i].field, at->puts[i].why);
    }
    at->count = 0;
    return CTL_YES;
}

static void keep(importing *at)
{
    aurora_product_input *input = &at->inputs[at->count];
    aurora_product_input_init(input);
    if (!ctl_number_parse(field(at, PRICE), 0, AURORA_PRICE_MINOR_MAX, &input->price_minor)) {
        refuse_line(at, at->csv.line, "price_minor", "must be a whole number of minor units");
        return;
    }
    input->sku = field(at, SKU);
    input->name = field(at, NAME);
    input->currency = field(at, CURRENCY);
    input->description = field(at, DESCRIPTION);
    input->brand = field(at, BRAND);
    input->category = field(at, CATEGORY);
    input->image_url = field(at, IMAGE);
    at->pointers[at->count] = input;
    at->lines[at->count++] = at->csv.line;
}

static int read_all(importing *at)
{
    int width = at->field_count;
    int outcome = CTL_YES;
    while (outcome == CTL_YES) {
        at->field_count = ctl_csv_read(&at->csv, at->fields, FIELDS_MAX);
        if (at->field_count == 0)
            break;
        if (at->field_count < 0)
            return ctl_refuse("%s: line %" PRIu64 " is no CSV", at->path, at->csv.line);
        if (at->field_count != width)
            refuse_line(at, at->csv.line, "", "has another number of fields than the heading");
        else
            keep(at);
        if (at->count == BATCH)
            outcome = flush(at);
    }
    return outcome == CTL_YES ? flush(at) : outcome;
}

static int import_text(const ctl *run, importing *at)
{
    int outcome = read_heading(at);
    if (outcome == CTL_YES)
        outcome = ctl_shop_open(run, AURORA_OPEN_NO_MIGRATE, &at->shop);
    if (outcome != CTL_YES)
        return outcome;
    outcome = read_all(at);
    ctl_shop_close(&at->shop);
    if (run->is_json)
        printf("{\"stored\":%" PRIu64 ",\"refused\":%" PRIu64 "}\n", at->stored, at->refused);
    else
        printf("%" PRIu64 " products stored, %" PRIu64 " refused\n", at->stored, at->refused);
    return outcome == CTL_YES && at->refused > 0 ? CTL_NO : outcome;
}

int ctl_products_import(ctl *run)
{
    char *text = NULL;
    size_t length = 0;
    importing at = {.path = run->operands[0]};
    if (!ctl_source_read(at.path, &text, &length))
        return CTL_UNSURE;
    at.inputs = calloc(BATCH, sizeof *at.inputs);
    at.pointers = calloc(BATCH, sizeof *at.pointers);
    at.puts = calloc(BATCH, sizeof *at.puts);
    at.lines = calloc(BATCH, sizeof *at.lines);
    int outcome = CTL_UNSURE;
    if (at.inputs == NULL || at.pointers == NULL || at.puts == NULL || at.lines == NULL) {
        ctl_refuse("out of memory");
    } else {
        ctl_csv_init(&at.csv, text, length);
        outcome = import_text(run, &at);
    }
    free(at.lines);
    free(at.puts);
    free(at.pointers);
    free(at.inputs);
    free(text);
    return outcome;
}
