/* SPDX-License-Identifier: MIT */
/* The shop of a case: a store and a clock of its own, opened, driven, and taken away again. */
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "step.h"

#define CLOCK_MS INT64_C(1750000000000)
#define PUMPS_MAX 1000
#define SETTLE_TURNS_MAX 100
#define OPEN_FOLDERS_MAX 16

/* --- the folder ------------------------------------------------------------------------------- */

static const char *folder_of(case_run *run)
{
    if (run->shop.folder[0] != '\0')
        return run->shop.folder;
    snprintf(run->shop.folder, sizeof run->shop.folder, "/tmp/aurora-conformance-XXXXXX");
    if (mkdtemp(run->shop.folder) == NULL)
        case_fail(run, "no folder can be made in /tmp");
    return run->shop.folder;
}

void shop_path(case_run *run, const char *name, char *path_out, size_t size)
{
    snprintf(path_out, size, "%s/%s", folder_of(run), name);
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *position)
{
    (void)info;
    (void)kind;
    (void)position;
    return remove(path);
}

/* --- open and closed -------------------------------------------------------------------------- */

static const cJSON *member_of(const cJSON *open, const char *name)
{
    return open == NULL ? NULL : cJSON_GetObjectItemCaseSensitive(open, name);
}

static int64_t number_of(const cJSON *open, const char *name, int64_t otherwise)
{
    const cJSON *node = member_of(open, name);
    return cJSON_IsNumber(node) ? (int64_t)node->valuedouble : otherwise;
}

aurora_status shop_open(case_run *run, const cJSON *settings, aurora_error *err)
{
    const char *texts[16] = {NULL};
    uint32_t count = 0;
    for (const cJSON *at = settings == NULL ? NULL : settings->child; at != NULL && count < 16;
         at = at->next)
        texts[count++] = cJSON_GetStringValue(at);
    return aurora_open(
        run->shop.url,
        AURORA_OPTIONS(.clock = &run->shop.clock, .settings = texts, .setting_count = count),
        &run->shop.handle, err);
}

static void stock_up(case_run *run, int64_t products, int64_t quantity)
{
    aurora_status rc = AURORA_OK;
    for (int64_t i = 1; i <= products && rc == AURORA_OK; i++) {
        char sku[32], name[32], key[32];
        snprintf(sku, sizeof sku, "sku-%lld", (long long)i);
        snprintf(name, sizeof name, "Product %lld", (long long)i);
        snprintf(key, sizeof key, "stock-%lld", (long long)i);
        rc = aurora_product_put(
            run->shop.handle,
            AURORA_PRODUCT(.sku = sku, .name = name, .price_minor = 250 * i, .currency = "EUR"),
            AURORA_ANY_VERSION, NULL, NULL);
        if (rc == AURORA_OK && quantity > 0)
            rc = aurora_stock_receive(run->shop.handle, sku, quantity, key, NULL);
    }
    if (rc != AURORA_OK)
        case_fail(run, "the shop cannot be filled: %s", status_word(rc));
}

static void check_members(case_run *run, const cJSON *open)
{
    static const char *const known[] = {"store", "settings", "clock_ms", "product_count", "stock"};
    for (const cJSON *at = open == NULL ? NULL : open->child; at != NULL; at = at->next) {
        bool is_known = false;
        for (size_t i = 0; i < sizeof known / sizeof *known; i++)
            is_known = is_known || strcmp(known[i], at->string) == 0;
        if (!is_known)
            case_fail(run, "`open` has no member %s", at->string);
    }
}

void shop_begin(case_run *run, const cJSON *open, bool is_on_file)
{
    const char *store = cJSON_GetStringValue(member_of(open, "store"));
    aurora_error err = AURORA_ERROR_INIT;
    check_members(run, open);
    snprintf(run->shop.url, sizeof run->shop.url, "memory:");
    if (is_on_file || (store != NULL && strcmp(store, "file") == 0))
        shop_path(run, "shop.db", run->shop.url, sizeof run->shop.url);
    run->shop.open = open;
    aurora_manual_clock_init(&run->shop.manual, number_of(open, "clock_ms", CLOCK_MS));
    aurora_manual_clock_attach(&run->shop.manual, &run->shop.clock);
    aurora_status rc = shop_open(run, member_of(open, "settings"), &err);
    if (rc != AURORA_OK)
        case_fail(run, "the shop does not open: %s: %s", err.field, err.message);
    else
        stock_up(run, number_of(open, "product_count", 0), number_of(open, "stock", 0));
}

static void verify_at_end(case_run *run)
{
    aurora_report *report = NULL;
    aurora_status rc = aurora_verify(run->shop.handle, &report);
    if (rc != AURORA_OK)
        case_fail(run, "verify fails with %s", status_word(rc));
    else if (!report->is_ok)
        case_fail(run, "verify finds %s of %s: %s", report->items[0]->invariant,
                  report->items[0]->subject, report->items[0]->message);
    aurora_report_free(report);
}

void shop_end(case_run *run, bool is_verified)
{
    if (run->shop.handle != NULL && is_verified)
        verify_at_end(run);
    aurora_close(run->shop.handle);
    if (run->shop.folder[0] != '\0')
        nftw(run->shop.folder, remove_one, OPEN_FOLDERS_MAX, FTW_DEPTH | FTW_PHYS);
}

/* --- words that are no calls ------------------------------------------------------------------ */

static aurora_status pump_all(case_run *run)
{
    int64_t due = 0;
    aurora_status rc = AURORA_OK;
    for (int i = 0; i < PUMPS_MAX && due == 0 && rc == AURORA_OK; i++)
        rc = aurora_pump(run->shop.handle, 0, &due);
    return rc;
}

static aurora_status pump(step *of)
{
    return pump_all(of->run);
}

static aurora_status clock_advance(step *of)
{
    aurora_manual_clock_advance(&of->run->shop.manual, input_int(of, of->with, "ms", 0));
    return AURORA_OK;
}

static aurora_status clock_step(step *of)
{
    aurora_manual_clock_step(&of->run->shop.manual, input_int(of, of->with, "wall_ms", 0));
    return AURORA_OK;
}

static aurora_status reopen(step *of)
{
    uint32_t count;
    const cJSON *settings = input_array(of, of->with, "settings", &count);
    if (settings == NULL)
        settings = member_of(of->run->shop.open, "settings");
    aurora_close(of->run->shop.handle);
    of->run->shop.handle = NULL;
    return shop_open(of->run, settings, &of->err);
}

/* --- a file that is damaged, or mended -------------------------------------------------------- */

typedef struct {
    char *bytes;
    size_t length;
} content;

static bool read_whole(const char *path, content *out)
{
    FILE *file = fopen(path, "rb");
    long length = -1;
    *out = (content){.bytes = NULL};
    if (file != NULL && fseek(file, 0, SEEK_END) == 0)
        length = ftell(file);
    if (length > 0 && fseek(file, 0, SEEK_SET) == 0)
        out->bytes = malloc((size_t)length);
    if (out->bytes != NULL)
        out->length = fread(out->bytes, 1, (size_t)length, file);
    if (file != NULL)
        fclose(file);
    return length > 0 && out->length == (size_t)length;
}

static bool write_whole(const char *path, const content *from)
{
    FILE *file = fopen(path, "r+b");
    if (file == NULL)
        return false;
    bool is_written = fwrite(from->bytes, 1, from->length, file) == from->length;
    return fclose(file) == 0 && is_written;
}

static int replace_each(content *in, const char *from, const char *to)
{
    int count = 0;
    char *at = in->bytes;
    char *end = in->bytes + in->length;
    while ((at = memmem(at, (size_t)(end - at), from, strlen(from))) != NULL) {
        memcpy(at, to, strlen(to));
        at += strlen(to);
        count++;
    }
    return count;
}

static aurora_status file_edit(step *of)
{
    const char *from = input_text(of, of->with, "from");
    const char *to = input_text(of, of->with, "to");
    const char *path = of->run->shop.url;
    content file;
    if (from == NULL || to == NULL || *from == '\0' || strlen(from) != strlen(to)) {
        case_fail(of->run, "file_edit has two texts of the same length");
        return AURORA_OK;
    }
    aurora_close(of->run->shop.handle);
    of->run->shop.handle = NULL;
    if (!read_whole(path, &file))
        case_fail(of->run, "%s cannot be read", path);
    else if (replace_each(&file, from, to) == 0)
        case_fail(of->run, "%s does not stand in the file", from);
    else if (!write_whole(path, &file))
        case_fail(of->run, "%s cannot be written", path);
    free(file.bytes);
    return shop_open(of->run, member_of(of->run->shop.open, "settings"), &of->err);
}

static aurora_status open_backup(step *of)
{
    const char *name = input_text(of, of->with, "name");
    aurora_close(of->run->shop.handle);
    of->run->shop.handle = NULL;
    shop_path(of->run, name == NULL ? "" : name, of->run->shop.url, sizeof of->run->shop.url);
    return shop_open(of->run, member_of(of->run->shop.open, "settings"), &of->err);
}

static aurora_status settle(step *of)
{
    aurora_id id = input_id(of, of->with, "order_id");
    aurora_order *order = NULL;
    for (int turn = 0; turn < SETTLE_TURNS_MAX; turn++) {
        aurora_status rc = pump_all(of->run);
        if (rc == AURORA_OK)
            rc = aurora_order_get(of->run->shop.handle, id, &order);
        if (rc != AURORA_OK)
            return rc;
        if (order->settled_at_ms != 0 || turn == SETTLE_TURNS_MAX - 1)
            break;
        aurora_order_free(order);
        aurora_manual_clock_advance(&of->run->shop.manual, 1000);
    }
    keep_order(of, order);
    return AURORA_OK;
}

const operation shop_operations[] = {
    {"pump", pump},
    {"clock_advance", clock_advance},
    {"clock_step", clock_step},
    {"reopen", reopen},
    {"file_edit", file_edit},
    {"open_backup", open_backup},
    {"settle", settle},
    {NULL, NULL},
};
