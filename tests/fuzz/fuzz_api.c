/* SPDX-License-Identifier: MIT */
/* Can any use of the public API hurt a store? The bytes are a script: each byte is a call, those
 * behind it its arguments, good ones and bad ones. The clock is the script's, and so are the one
 * allocation that fails and the one commit that fails or loses its answer. Whatever was called, no
 * answer is that the core is broken, bad arguments answer AURORA_EINVAL, the audit finds nothing,
 * every unparked saga ends once the clock runs on, and all memory is given back. The first byte
 * chooses the store and who pays. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api_script.h"

#define CALLS_MAX 48
#define NOW INT64_C(1795415886000)
#define TEXTS (sizeof texts / sizeof *texts)

/* What no argument that is a SKU or a key may be. */
static const char *const texts[] = {NULL, "", "\xff\xfe", "with a\nline break"};

static void remember(aurora_id *ids, uint32_t *count, aurora_id id)
{
    ids[*count % IDS_MAX] = id;
    *count = *count + 1 < IDS_MAX ? *count + 1 : IDS_MAX;
}

/* --- opening ---------------------------------------------------------------------------------- */

static bool open_shop(script *s)
{
    aurora_allocator allocator;
    aurora_clock clock;
    /* Small tables: each script opens a shop of its own. */
    const char *settings[] = {s->payment,
                              "batch_max=8",
                              "queue_max=64",
                              "related_skus=256",
                              "trending_capacity=256",
                              s->has_search ? "search=fts:" : "search=none:"};
    aurora_failing_allocator_attach(&s->failing, &allocator);
    aurora_manual_clock_attach(&s->manual, &clock);
    aurora_status rc =
        aurora_open(s->url,
                    AURORA_OPTIONS(.allocator = &allocator, .clock = &clock, .settings = settings,
                                   .setting_count = 6, .faults = s->faults),
                    &s->shop, NULL);
    judge(rc);
    if ((rc == AURORA_OK) != (s->shop != NULL) ||
        (rc != AURORA_OK && rc != AURORA_ENOMEM && !s->has_fault))
        abort();
    return rc == AURORA_OK;
}

static const char *path_of(const script *s)
{
    return s->url + sizeof "sqlite:" - 1;
}

static void remove_file(const script *s)
{
    static const char *const ends[] = {"", "-wal", "-shm", "-aurora"};
    char path[80];
    for (size_t i = 0; s->is_file && i < sizeof ends / sizeof *ends; i++) {
        snprintf(path, sizeof path, "%s%s", path_of(s), ends[i]);
        unlink(path);
    }
}

/* A file as a first opening leaves it. */
static struct {
    uint8_t bytes[1 << 20];
    size_t size;
} fresh;

static void make_fresh(script *s)
{
    aurora_t *shop = NULL;
    aurora_clock clock;
    aurora_manual_clock_attach(&s->manual, &clock);
    if (aurora_open(s->url, AURORA_OPTIONS(.clock = &clock), &shop, NULL) != AURORA_OK)
        abort();
    aurora_close(shop);
    FILE *file = fopen(path_of(s), "rb");
    if (file == NULL)
        abort();
    fresh.size = fread(fresh.bytes, 1, sizeof fresh.bytes, file);
    fclose(file);
    if (fresh.size == 0 || fresh.size == sizeof fresh.bytes)
        abort();
}

/* Migrations cost more than most scripts. Each is given what they lead to, but for those of which
 * an allocation fails: it may be one of theirs. */
static void put_fresh(script *s)
{
    if (fresh.size == 0) {
        make_fresh(s);
        remove_file(s);
    }
    FILE *file = fopen(path_of(s), "wb");
    if (file == NULL || fwrite(fresh.bytes, 1, fresh.size, file) != fresh.size)
        abort();
    fclose(file);
}

static void reopen(script *s)
{
    aurora_close(s->shop);
    s->shop = NULL;
    for (int i = 0; i < 3 && !open_shop(s); i++)
        ;
}

/* --- calls ------------------------------------------------------------------------------------ */

static void place(script *s)
{
    aurora_line lines[3];
    aurora_order_request request;
    aurora_order *order = NULL;
    aurora_order_request_init(&request);
    uint8_t shape = next(s);
    for (int i = 0; i < 3; i++)
        lines[i] = (aurora_line){.sku = skus[next(s) % 4], .quantity = 1 + next(s) % 8};
    request.key = keys[shape % 4];
    request.reference = shape / 4 % 8 == 1 ? "r1" : NULL;
    request.flags = AURORA_ORDER_NO_WAIT | (shape & 128 ? AURORA_ORDER_AS_CREATED : 0);
    request.currency = shape / 32 % 4 == 3 ? "USD" : "EUR";
    request.payment_method = methods[next(s) % 6];
    request.lines = lines;
    request.line_count = 1 + shape % 3;
    if (judge(aurora_order_place(s->shop, &request, &order, NULL)) == AURORA_OK) {
        remember(s->ids, &s->id_count, order->id);
        char json[4096];
        size_t length = 0;
        if (aurora_order_json(order, json, sizeof json, &length) == AURORA_OK &&
            strlen(json) != length)
            abort();
    } else if (order != NULL) {
        abort();
    }
    aurora_order_free(order);
}

static void place_badly(script *s)
{
    aurora_line line = {.sku = "cup", .quantity = 1};
    aurora_order_request request;
    aurora_order *order = NULL;
    aurora_order_request_init(&request);
    request.flags = AURORA_ORDER_NO_WAIT;
    request.currency = "EUR";
    request.payment_method = "tok";
    request.lines = &line;
    request.line_count = 1;
    uint8_t what = next(s) % 9;
    if (what == 0)
        line.sku = texts[next(s) % TEXTS];
    else if (what == 1)
        line.quantity = next(s) % 2 == 0 ? 0 : INT64_MIN;
    else if (what == 2)
        line.quantity = AURORA_QUANTITY_MAX + 1;
    else if (what == 3)
        request.currency = next(s) % 2 == 0 ? NULL : "eur";
    else if (what == 4)
        request.payment_method = texts[next(s) % 3];
    else if (what == 5)
        request.line_count = 0;
    else if (what == 6)
        request.size = next(s) % 8;
    else if (what == 7)
        request.key = texts[1 + next(s) % 2];
    else
        request.lines = NULL;
    must_be_invalid(aurora_order_place(s->shop, &request, &order, NULL));
    if (order != NULL)
        abort();
}

static void get(script *s)
{
    aurora_id id = some_id(s);
    aurora_order *order = NULL;
    aurora_history *history = NULL;
    aurora_saga *saga = NULL;
    if (judge(aurora_order_get(s->shop, id, &order)) == AURORA_OK &&
        !aurora_id_is_equal(order->id, id))
        abort();
    judge(aurora_order_history(s->shop, id, &history));
    judge(aurora_saga_get(s->shop, id, &saga));
    judge(aurora_order_wait(s->shop, id, 0, 0, NULL) == AURORA_EINVAL ? AURORA_OK : AURORA_ECORE);
    aurora_saga_free(saga);
    aurora_history_free(history);
    aurora_order_free(order);
}

static void cancel(script *s)
{
    aurora_id id = some_id(s);
    uint8_t how = next(s);
    aurora_order *order = NULL;
    int32_t reason = how % 4 == 0   ? 99
                     : how % 2 == 0 ? AURORA_REASON_OPERATOR
                                    : AURORA_REASON_CUSTOMER;
    aurora_status rc = judge(aurora_order_cancel(s->shop, id, reason, how & 8 ? "why" : NULL,
                                                 how & 16 ? &order : NULL, NULL));
    if (reason == 99)
        must_be_invalid(rc);
    aurora_order_free(order);
}

static void stock(script *s)
{
    uint8_t what = next(s), sku = next(s) % 4;
    int64_t quantity = next(s) - 16;
    aurora_stock counters;
    aurora_status rc;
    if (what % 4 == 3)
        must_be_invalid(aurora_stock_receive(s->shop, texts[what / 4 % TEXTS], 1, NULL, NULL));
    if (what % 2 == 0)
        rc = aurora_stock_receive(s->shop, skus[sku], quantity, keys[what / 4 % 4], NULL);
    else
        rc = aurora_stock_adjust(s->shop, skus[sku], quantity, "counted", keys[what / 4 % 4], NULL);
    if (judge(rc) == AURORA_OK && quantity == 0)
        abort();
    if (judge(aurora_stock_get(s->shop, skus[sku], &counters)) == AURORA_OK &&
        (counters.available < 0 || counters.reserved < 0 ||
         counters.available + counters.reserved + counters.sold !=
             counters.received - counters.written_off))
        abort();
}

static void reserve(script *s)
{
    uint8_t what = next(s);
    int32_t decision = 0;
    char key[8];
    snprintf(key, sizeof key, "s%d", what % 4);
    aurora_line lines[2] = {{.sku = skus[next(s) % 4], .quantity = next(s) % 32},
                            {.sku = skus[next(s) % 4], .quantity = 1}};
    aurora_status rc;
    if (what / 4 % 4 == 0)
        rc = aurora_stock_commit(s->shop, key);
    else if (what / 4 % 4 == 1)
        rc = aurora_stock_release(s->shop, key);
    else
        rc = aurora_stock_reserve(s->shop, key, lines, 1 + what / 64 % 2, what & 32 ? 60000 : 0,
                                  &decision, NULL);
    judge(rc);
}

static void product(script *s)
{
    uint8_t what = next(s);
    const char *sku = skus[what % 3];
    aurora_product *found = NULL;
    aurora_product_input input;
    aurora_product_input_init(&input);
    input.sku = sku;
    input.name = "A thing";
    input.currency = what & 128 ? "USD" : "EUR";
    input.price_minor = next(s);
    if (what / 4 % 8 == 0)
        judge(aurora_product_delete(s->shop, sku, AURORA_ANY_VERSION, NULL));
    else if (what / 4 % 8 == 1)
        must_be_invalid(aurora_product_put(s->shop, NULL, AURORA_ANY_VERSION, NULL, NULL));
    else if (what / 4 % 8 == 2)
        judge(aurora_product_view(s->shop, sku, next(s), NULL));
    else
        judge(aurora_product_put(s->shop, &input, what / 4 % 8 == 3 ? 1 : AURORA_ANY_VERSION, NULL,
                                 NULL));
    judge(aurora_product_get(s->shop, sku, &found));
    aurora_product_free(found);
}

static void take_tasks(script *s, int32_t kind, uint32_t capacity, uint32_t lease_ms)
{
    aurora_task_page *page = NULL;
    aurora_status rc = judge(aurora_task_take(s->shop, kind, capacity, lease_ms, 0, &page));
    if (capacity == 0)
        must_be_invalid(rc);
    for (uint32_t i = 0; page != NULL && i < page->count; i++)
        remember(s->tasks, &s->task_count, page->items[i]->id);
    aurora_task_page_free(page);
}

static void task(script *s)
{
    uint8_t what = next(s);
    if (what % 2 == 0 || s->task_count == 0) {
        take_tasks(s, 1 + what / 2 % 2, what / 4 % 4, 1000u + what * 100u);
        return;
    }
    aurora_task_result result;
    aurora_task_result_init(&result);
    result.outcome = what / 2 % 8;
    result.provider_reference = what & 64 ? "p1" : NULL;
    result.code = what & 32 ? "card_declined" : NULL;
    result.retry_after_ms = next(s) * 100u;
    aurora_status rc =
        judge(aurora_task_finish(s->shop, s->tasks[next(s) % s->task_count], &result, NULL));
    if (result.outcome == 0 || result.outcome > AURORA_OUTCOME_NOT_BEGUN)
        must_be_invalid(rc);
}

static void repair(script *s)
{
    aurora_repair act;
    aurora_repair_init(&act);
    uint8_t what = next(s);
    act.order_id = some_id(s);
    act.action = what % 5;
    act.participant = what / 5 % 4;
    act.result = next(s) % 12;
    act.actor = what & 128 ? NULL : "olga";
    aurora_status rc = judge(aurora_saga_repair(s->shop, &act, NULL));
    if (act.actor == NULL || act.action == 0 || act.action == 4)
        must_be_invalid(rc);
}

static void list(script *s)
{
    uint8_t what = next(s);
    const char *cursor = what & 64 ? "no cursor of ours" : NULL;
    uint32_t limit = what & 128 ? 100000 : 1 + what % 4;
    aurora_order_page *orders = NULL;
    aurora_saga_page *sagas = NULL;
    aurora_event_page *events = NULL;
    aurora_search_page *hits = NULL;
    aurora_status rc = judge(aurora_order_list(s->shop, NULL, cursor, limit, &orders, NULL));
    if (cursor != NULL || limit == 100000)
        must_be_invalid(rc);
    judge(aurora_saga_list(s->shop, NULL, cursor, limit, &sagas, NULL));
    judge(aurora_event_read(s->shop, "reader", limit, 0, &events));
    if (events != NULL)
        judge(aurora_event_ack(s->shop, "reader", events->position + (what & 32)));
    judge(aurora_search(s->shop, AURORA_QUERY(.text = "thing"), cursor, limit, &hits, NULL));
    aurora_search_page_free(hits);
    aurora_event_page_free(events);
    aurora_saga_page_free(sagas);
    aurora_order_page_free(orders);
}

static void run_clock(script *s)
{
    static const int64_t steps[] = {1, 1000, 10000, 61000, 300000, 900000, 3600000, 90000000};
    uint8_t what = next(s);
    if (what & 128)
        aurora_manual_clock_step(&s->manual, NOW + (int64_t)(what % 16) * 3600000);
    else
        aurora_manual_clock_advance(&s->manual, steps[what % 8]);
}

static void pump(script *s)
{
    int64_t due;
    judge(aurora_pump(s->shop, 0, &due));
}

static void fail_next(script *s)
{
    static const char *const points[] = {"store.begin", "store.load", "store.save", "store.append",
                                         "store.commit"};
    uint8_t what = next(s);
    const char *point = points[what % 5];
    bool is_commit = what % 5 == 4;
    int32_t action = is_commit && what & 64 ? AURORA_FAULT_LOSE : AURORA_FAULT_FAIL;
    if (aurora_fault_plan_set(s->faults, point, 1 + what / 8 % 4, action,
                              what & 128 ? AURORA_EFULL : AURORA_EIO) == AURORA_OK)
        s->has_fault = true;
}

/* --- the end ---------------------------------------------------------------------------------- */

static void audit(script *s)
{
    aurora_report *report = NULL;
    aurora_status rc = AURORA_ENOMEM;
    for (int i = 0; i < 4 && rc != AURORA_OK; i++)
        rc = judge(aurora_verify(s->shop, &report));
    if (rc != AURORA_OK && !s->has_fault)
        abort();
    for (uint32_t i = 0; report != NULL && i < report->count; i++)
        fprintf(stderr, "%s %s: %s\n", report->items[i]->invariant, report->items[i]->subject,
                report->items[i]->message);
    if (report != NULL && !report->is_ok)
        abort();
    aurora_report_free(report);
}

/* Everybody does what is asked of them, and time goes by. */
static bool is_settled(script *s)
{
    aurora_drain drain = {0};
    for (int i = 0; i < 200; i++) {
        aurora_saga_page *parked = NULL;
        for (int j = 0; j < 8; j++)
            pump(s);
        s->task_count = 0;
        take_tasks(s, AURORA_TASK_PAYMENT, IDS_MAX, 60000);
        for (uint32_t j = 0; j < s->task_count; j++)
            judge(aurora_task_finish(
                s->shop, s->tasks[j],
                AURORA_TASK_RESULT(.outcome = AURORA_OUTCOME_DONE, .provider_reference = "p"),
                NULL));
        aurora_status rc = judge(
            aurora_saga_list(s->shop, AURORA_SAGA_FILTER(.is_parked = 1), NULL, 1, &parked, NULL));
        bool has_parked = rc != AURORA_OK || parked->count > 0;
        aurora_saga_page_free(parked);
        if (judge(aurora_drain_get(s->shop, &drain)) == AURORA_OK &&
            (drain.unsettled_orders == 0 || (i > 20 && has_parked)))
            return true;
        aurora_manual_clock_advance(&s->manual, 30000);
    }
    return false;
}

static void run(script *s)
{
    static void (*const calls[])(script * s) = {
        place,   place,     pump,  get,         cancel,     stock,    stock,     reserve,
        product, task,      task,  repair,      list,       pump,     place,     run_clock,
        reopen,  fail_next, audit, place_badly, api_browse, api_rank, api_queue, api_operate};
    for (int i = 0; i < CALLS_MAX && s->at < s->end && s->shop != NULL; i++)
        calls[next(s) % (sizeof calls / sizeof *calls)](s);
    if (s->shop == NULL)
        return;
    audit(s);
    if (!is_settled(s))
        abort();
    audit(s);
}

/* Something to sell. */
static void stock_up(script *s)
{
    for (int i = 0; i < 3; i++) {
        aurora_product_input input;
        aurora_product_input_init(&input);
        input.sku = skus[i];
        input.name = "A thing";
        input.currency = "EUR";
        input.price_minor = 250 * i;
        judge(aurora_product_put(s->shop, &input, AURORA_ANY_VERSION, NULL, NULL));
        judge(aurora_stock_receive(s->shop, skus[i], 10, skus[i], NULL));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static script s;
    static const char *folder;
    if (size < 4)
        return 0;
    if (folder == NULL) /* no disk is waited for where there is memory that looks like one */
        folder = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    s = (script){.at = data + 3, .end = data + size};
    s.is_file = data[0] % 16 == 15; /* few: a file takes as long as five shops in memory */
    s.has_search = (data[0] & 64) != 0;
    s.payment = data[0] & 16 ? "payment=none:" : "payment=simulator:";
    uint64_t fail_at = data[0] & 32 ? (uint64_t)data[1] << 8 | data[2] : UINT64_MAX;
    snprintf(s.url, sizeof s.url, "memory:");
    if (s.is_file)
        snprintf(s.url, sizeof s.url, "sqlite:%s/aurora-fuzz-%ld.db", folder, (long)getpid());
    aurora_failing_allocator_init(&s.failing, fail_at, 0);
    aurora_manual_clock_init(&s.manual, NOW);
    if (aurora_fault_plan_new(&s.faults) != AURORA_OK)
        return 0;
    remove_file(&s);
    if (s.is_file && fail_at == UINT64_MAX)
        put_fresh(&s);
    if (open_shop(&s)) {
        stock_up(&s);
        run(&s);
        aurora_close(s.shop);
    }
    if (aurora_failing_allocator_live(&s.failing) != 0)
        abort();
    aurora_fault_plan_free(s.faults);
    remove_file(&s);
    return 0;
}
