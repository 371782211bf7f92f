/* SPDX-License-Identifier: MIT */
/* Can a CSV file hurt auroractl? Any text as records, as the retail file that a replay reads, and
 * its fields as prices, times and texts. auroractl's files are compiled in: a program has no
 * library to link. The first byte says which. */
#include <stdlib.h>
#include <string.h>

#include "../../daemons/auroractl/csv.c"
#include "../../daemons/auroractl/retail.c"
#include "../../daemons/auroractl/retail_returns.c"
#include "../../daemons/auroractl/retail_text.c"
#include "../../daemons/auroractl/text_map.c"
#include "../../daemons/auroractl/time_text.c"

#define CAPACITY 8

static void read_field(const char *field)
{
    int64_t number = 0;
    bool is_positive = false;
    char shown[CTL_TIME_BYTES];
    size_t length = strlen(field);
    char *latin = malloc(length * 3 + 1);
    if (ctl_price_parse(field, &number, &is_positive) && is_positive && number < 0)
        abort();
    if (ctl_time_parse(field, &number) || ctl_time_parse_sheet(field, &number)) {
        int64_t again = 0;
        if (!ctl_time_parse(ctl_time_format(number, shown), &again) || again != number)
            abort();
        (void)ctl_time_show(number, shown);
    }
    if (latin == NULL)
        return;
    ctl_text_from_latin1(field, latin);
    if (!ctl_text_is_utf8(latin) || strlen(latin) > length * 3)
        abort();
    free(latin);
}

static void read_records(char *text, size_t length)
{
    ctl_csv csv;
    char *fields[CAPACITY];
    ctl_csv_init(&csv, text, length);
    for (uint64_t line = 0;;) {
        int count = ctl_csv_read(&csv, fields, CAPACITY);
        if (count <= 0)
            return;
        if (count > CAPACITY || csv.line <= line)
            abort();
        line = csv.line;
        for (int i = 0; i < count; i++) {
            if (fields[i] < text || fields[i] > text + length)
                abort();
            read_field(fields[i]);
        }
    }
}

static void check_invoice(const ctl_retail_invoice *invoice)
{
    int64_t total = 0;
    for (uint32_t i = 0; i < invoice->line_count; i++) {
        const aurora_line *line = &invoice->lines[i];
        if (line->quantity <= 0 || line->sku[0] == '\0')
            abort();
        total += line->quantity * line->unit_price_minor;
    }
    if (!invoice->is_return && total != invoice->total_minor)
        abort();
}

static void read_retail(char *text, size_t length)
{
    ctl_retail_file file;
    ctl_retail_error error = {0};
    if (!ctl_retail_read(text, length, &file, &error)) {
        if (error.message == NULL)
            abort();
        return;
    }
    for (uint32_t i = 0; i < file.order_count; i++)
        check_invoice(&file.orders[i]);
    for (uint32_t i = 0; i < file.return_count; i++)
        check_invoice(&file.returns[i]);
    (void)ctl_retail_match_returns(&file);
    ctl_retail_deinit(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char heading[] =
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n";
    if (size == 0)
        return 0;
    bool is_retail = data[0] % 4 != 0, has_heading = data[0] % 4 > 1;
    size_t before = has_heading ? sizeof heading - 1 : 0, length = before + size - 1;
    char *text = malloc(length + 1);
    if (text == NULL)
        return 0;
    memcpy(text, heading, before);
    memcpy(text + before, data + 1, size - 1);
    text[length] = '\0';
    (is_retail ? read_retail : read_records)(text, length);
    free(text);
    return 0;
}
