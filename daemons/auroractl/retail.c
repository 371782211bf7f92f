/* SPDX-License-Identifier: MIT */
#include "retail.h"

#include <stdlib.h>
#include <string.h>

#include "csv.h"
#include "time_text.h"

#define FIELDS_MAX 32

enum { INVOICE, CODE, DESCRIPTION, QUANTITY, DATE, PRICE, CUSTOMER, COLUMN_COUNT };

static const char *const column_names[COLUMN_COUNT] = {
    "InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID"};

/* One line of the file that counts, or that a return takes back. */
typedef struct {
    uint32_t invoice;
    uint32_t product;
    int64_t quantity;
    int64_t price_minor;
} retail_line;

typedef struct {
    ctl_retail_file *file;
    ctl_csv csv;
    int columns[COLUMN_COUNT];
    char *fields[FIELDS_MAX];
    int field_count;
    ctl_retail_invoice *invoices; /* orders and returns, by first appearance */
    uint32_t invoice_capacity;
    uint32_t product_capacity;
    retail_line *lines;
    uint64_t line_count;
    uint64_t line_capacity;
    const char *complaint;
} reader;

/* Makes room for one more element. */
static bool grow(void *items, uint64_t count, uint64_t *capacity, size_t size)
{
    if (count < *capacity)
        return true;
    uint64_t wanted = *capacity == 0 ? 1024 : *capacity * 2;
    void *grown = realloc(*(void **)items, wanted * size);
    if (grown == NULL)
        return false;
    *(void **)items = grown;
    *capacity = wanted;
    return true;
}

static bool complain(reader *at, const char *message)
{
    at->complaint = message;
    return false;
}

static bool read_heading(reader *at)
{
    at->field_count = ctl_csv_read(&at->csv, at->fields, FIELDS_MAX);
    for (int i = 0; i < COLUMN_COUNT; i++) {
        at->columns[i] = ctl_csv_find(at->fields, at->field_count, column_names[i]);
        if (at->columns[i] < 0)
            return complain(at, "the heading must have InvoiceNo, StockCode, Description, "
                                "Quantity, InvoiceDate, UnitPrice and CustomerID");
    }
    return true;
}

static char *field(const reader *at, int column)
{
    return ctl_text_trim(at->fields[at->columns[column]]);
}

/* Spreadsheets write the customer 17850 as 17850.0. */
static const char *customer_of(const reader *at)
{
    char *text = field(at, CUSTOMER);
    size_t length = strlen(text);
    if (length > 2 && strcmp(text + length - 2, ".0") == 0)
        text[length - 2] = 0;
    return text;
}

static bool is_whole_number(const char *text, int64_t *number_out)
{
    bool is_negative = *text == '-';
    text += is_negative;
    int64_t number = 0;
    if (*text == 0)
        return false;
    for (; *text >= '0' && *text <= '9'; text++) {
        number = number * 10 + (*text - '0');
        if (number > AURORA_MOVEMENT_MAX)
            return false;
    }
    *number_out = is_negative ? -number : number;
    return *text == 0;
}

/* NOLINTBEGIN(analyzer-malloc-leak): all that `file` points to is freed by ctl_retail_deinit() */

/* A description in UTF-8, whatever the file was written in. */
static const char *description_of(reader *at)
{
    char *text = field(at, DESCRIPTION);
    if (text[0] == 0)
        return NULL;
    if (ctl_text_is_utf8(text))
        return text;
    ctl_retail_file *file = at->file;
    char **texts = realloc(file->texts, (file->text_count + 1) * sizeof *texts);
    if (texts == NULL)
        return NULL;
    file->texts = texts;
    char *copy = malloc(strlen(text) * 3 + 1);
    if (copy == NULL)
        return NULL;
    ctl_text_from_latin1(text, copy);
    texts[file->text_count++] = copy;
    return copy;
}

static uint32_t product_of(reader *at, int64_t quantity, int64_t price_minor)
{
    ctl_retail_file *file = at->file;
    char *sku = field(at, CODE);
    for (char *letter = sku; *letter != 0; letter++)
        *letter = *letter >= 'a' && *letter <= 'z' ? (char)(*letter - 'a' + 'A') : *letter;
    uint32_t index = ctl_text_map_put(&file->skus, sku);
    if (index == CTL_NO_INDEX)
        return index;
    if (index == file->product_count) {
        uint64_t capacity = at->product_capacity;
        if (!grow(&file->products, index, &capacity, sizeof *file->products))
            return CTL_NO_INDEX;
        at->product_capacity = (uint32_t)capacity;
        file->products[index] = (ctl_retail_product){.sku = sku};
        file->product_count++;
    }
    ctl_retail_product *product = &file->products[index];
    if (quantity > 0) {
        if (product->sold == 0)
            product->price_minor = price_minor;
        if (product->name == NULL)
            product->name = description_of(at);
        product->sold += quantity;
    }
    return index;
}

static ctl_retail_invoice *invoice_of(reader *at, bool is_return)
{
    ctl_retail_file *file = at->file;
    uint32_t before = file->references.count;
    uint32_t index = ctl_text_map_put(&file->references, field(at, INVOICE));
    if (index == CTL_NO_INDEX)
        return NULL;
    if (index == before) {
        uint64_t capacity = at->invoice_capacity;
        if (!grow(&at->invoices, index, &capacity, sizeof *at->invoices))
            return NULL;
        at->invoice_capacity = (uint32_t)capacity;
        at->invoices[index] = (ctl_retail_invoice){.reference = file->references.texts[index],
                                                   .customer_id = customer_of(at),
                                                   .line_number = at->csv.line,
                                                   .is_return = is_return,
                                                   .is_plain = true,
                                                   .returned_by = CTL_RETAIL_NONE};
        if (!ctl_time_parse_sheet(field(at, DATE), &at->invoices[index].placed_at_ms)) {
            complain(at, "InvoiceDate is no time");
            return NULL;
        }
    }
    return &at->invoices[index];
}

static bool keep_line(reader *at, ctl_retail_invoice *invoice, int64_t quantity, int64_t price)
{
    uint32_t product = product_of(at, quantity, price);
    if (product == CTL_NO_INDEX ||
        !grow(&at->lines, at->line_count, &at->line_capacity, sizeof *at->lines))
        return complain(at, "out of memory");
    int64_t pieces = quantity < 0 ? -quantity : quantity;
    at->lines[at->line_count++] =
        (retail_line){(uint32_t)(invoice - at->invoices), product, pieces, price};
    invoice->line_count++;
    int64_t amount = 0;
    if (__builtin_mul_overflow(price, pieces, &amount) ||
        __builtin_add_overflow(invoice->total_minor, amount, &invoice->total_minor))
        invoice->total_minor = INT64_MAX; /* the store will refuse it */
    return true;
}

static bool read_record(reader *at)
{
    for (int i = 0; i < COLUMN_COUNT; i++) {
        if (at->columns[i] >= at->field_count)
            return complain(at, "the line has too few fields");
    }
    int64_t quantity = 0, price = 0;
    bool is_priced = false;
    const char *reference = field(at, INVOICE);
    bool is_return = reference[0] == 'C' || reference[0] == 'c';
    if (!is_whole_number(field(at, QUANTITY), &quantity) ||
        !ctl_price_parse(field(at, PRICE), &price, &is_priced)) {
        return complain(at, "Quantity or UnitPrice is no number");
    }
    bool counts = is_priced && customer_of(at)[0] != 0 && field(at, CODE)[0] != 0 &&
                  reference[0] != 0 && (is_return ? quantity < 0 : quantity > 0);
    if (!is_return && (!counts || reference[0] == 'A' || reference[0] == 'a'))
        return true;
    ctl_retail_invoice *invoice = invoice_of(at, is_return);
    if (invoice == NULL)
        return at->complaint != NULL ? false : complain(at, "out of memory");
    if (!counts || (is_return && strcmp(invoice->customer_id, customer_of(at)) != 0)) {
        invoice->is_plain = false;
        return true;
    }
    return keep_line(at, invoice, quantity, price);
}

static int compare_invoices(const void *a, const void *b)
{
    const ctl_retail_invoice *left = a, *right = b;
    if (left->placed_at_ms != right->placed_at_ms)
        return left->placed_at_ms < right->placed_at_ms ? -1 : 1;
    return left->line_number < right->line_number ? -1 : left->line_number > right->line_number;
}

/* Gathers the lines of each invoice, which need not stand together in the file. */
static bool gather_lines(reader *at)
{
    ctl_retail_file *file = at->file;
    uint32_t count = file->references.count;
    uint64_t *ends = calloc((size_t)count + 1, sizeof *ends);
    file->lines = malloc((at->line_count + 1) * sizeof *file->lines);
    if (ends == NULL || file->lines == NULL) {
        free(ends);
        return complain(at, "out of memory");
    }
    uint64_t start = 0;
    for (uint32_t i = 0; i < count; i++) {
        ends[i] = start;
        at->invoices[i].lines = file->lines + start;
        start += at->invoices[i].line_count;
    }
    for (uint64_t i = 0; i < at->line_count; i++) {
        const retail_line *line = &at->lines[i];
        file->lines[ends[line->invoice]++] = (aurora_line){.sku = file->products[line->product].sku,
                                                           .quantity = line->quantity,
                                                           .unit_price_minor = line->price_minor};
    }
    free(ends);
    return true;
}

static bool split_invoices(reader *at)
{
    ctl_retail_file *file = at->file;
    uint32_t count = file->references.count;
    file->orders = malloc(((size_t)count + 1) * sizeof *file->orders);
    file->returns = malloc(((size_t)count + 1) * sizeof *file->returns);
    if (file->orders == NULL || file->returns == NULL)
        return complain(at, "out of memory");
    for (uint32_t i = 0; i < count; i++) {
        const ctl_retail_invoice *invoice = &at->invoices[i];
        if (invoice->is_return) {
            file->returns[file->return_count++] = *invoice;
        } else {
            file->orders[file->order_count++] = *invoice;
            file->line_count += invoice->line_count;
        }
    }
    qsort(file->orders, file->order_count, sizeof *file->orders, compare_invoices);
    qsort(file->returns, file->return_count, sizeof *file->returns, compare_invoices);
    for (uint32_t i = 0; i < file->product_count; i++) {
        if (file->products[i].name == NULL)
            file->products[i].name = file->products[i].sku;
    }
    return true;
}

/* NOLINTEND(analyzer-malloc-leak) */

bool ctl_retail_read(char *text, size_t length, ctl_retail_file *file_out,
                     ctl_retail_error *error_out)
{
    reader at = {.file = file_out};
    memset(file_out, 0, sizeof *file_out);
    ctl_csv_init(&at.csv, text, length);
    bool is_good = read_heading(&at);
    while (is_good) {
        at.field_count = ctl_csv_read(&at.csv, at.fields, FIELDS_MAX);
        if (at.field_count == 0)
            break;
        file_out->record_count++;
        is_good = at.field_count > 0 ? read_record(&at) : complain(&at, "the line is no CSV");
    }
    is_good = is_good && gather_lines(&at) && split_invoices(&at);
    free(at.lines);
    free(at.invoices);
    if (!is_good) {
        *error_out = (ctl_retail_error){at.csv.line, at.complaint};
        ctl_retail_deinit(file_out);
    }
    return is_good;
}

void ctl_retail_deinit(ctl_retail_file *file)
{
    for (uint32_t i = 0; i < file->text_count; i++)
        free(file->texts[i]);
    free(file->texts);
    free(file->products);
    free(file->orders);
    free(file->returns);
    free(file->lines);
    ctl_text_map_deinit(&file->skus);
    ctl_text_map_deinit(&file->references);
    memset(file, 0, sizeof *file);
}
