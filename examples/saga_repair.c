/* SPDX-License-Identifier: MIT */
/* An order that needs a person: its payment was authorized and then refused at the capture, so
 * money and outcome disagree and the saga parks. The operator lists what is parked, looks why, asks
 * the bank, and marks what is true; who did it and why stands in the order's history. The store is
 * argv[1], or in memory. To compile: cc saga_repair.c $(pkg-config --cflags --libs aurora)
 * Prints:
 *   PARKED: payment is CAPTURING, the provider refused for good
 *   eve marks it captured
 *   COMPLETED, settled
 *   history: eve, order.repair: the bank confirms by telephone
 */
#include <aurora/aurora.h>

#include <stdio.h>
#include <string.h>

/* A provider that authorizes everything, and refuses to capture. */
static aurora_status pay(aurora_t *shop, aurora_error *err)
{
    uint32_t count = 1;
    aurora_status rc = AURORA_OK;
    while (rc == AURORA_OK && count > 0) {
        aurora_task_page *page = NULL;
        rc = aurora_task_take(shop, AURORA_TASK_PAYMENT, 16, 0, 0, &page);
        count = rc == AURORA_OK ? page->count : 0;
        for (uint32_t i = 0; i < count && rc == AURORA_OK; i++) {
            bool is_capture = page->items[i]->verb == AURORA_VERB_CAPTURE;
            rc = aurora_task_finish(
                shop, page->items[i]->id,
                AURORA_TASK_RESULT(.outcome =
                                       is_capture ? AURORA_OUTCOME_DECLINED : AURORA_OUTCOME_DONE,
                                   .provider_reference = is_capture ? NULL : "auth-1",
                                   .code = is_capture ? "blocked_by_bank" : NULL),
                err);
        }
        aurora_task_page_free(page);
    }
    return rc;
}

/* What an operator sees of the sagas that are parked; *id_out is the last of them. */
static aurora_status show_parked(aurora_t *shop, aurora_id *id_out, aurora_error *err)
{
    aurora_saga_page *page = NULL;
    aurora_status rc =
        aurora_saga_list(shop, AURORA_SAGA_FILTER(.is_parked = 1), NULL, 0, &page, err);
    for (uint32_t i = 0; rc == AURORA_OK && i < page->count; i++) {
        const aurora_saga *saga = page->items[i];
        *id_out = saga->order_id;
        for (uint32_t p = 0; p < saga->participant_count; p++) {
            const aurora_participant *one = saga->participants[p];
            if (one->is_parked)
                printf("%s: %s is %s, %s\n", aurora_order_status_name(saga->status),
                       aurora_participant_name(one->participant), one->state, one->parked_reason);
        }
    }
    aurora_saga_page_free(page);
    return rc;
}

static aurora_status repair(aurora_t *shop, aurora_id id, aurora_error *err)
{
    printf("eve marks it captured\n");
    return aurora_saga_repair(shop,
                              AURORA_REPAIR(.action = AURORA_REPAIR_MARK, .order_id = id,
                                            .participant = AURORA_PARTICIPANT_PAYMENT,
                                            .result = AURORA_RESULT_CAPTURED, .actor = "eve",
                                            .note = "the bank confirms by telephone"),
                              err);
}

static aurora_status show_end(aurora_t *shop, aurora_id id)
{
    aurora_order *order = NULL;
    aurora_history *history = NULL;
    aurora_status rc = aurora_order_get(shop, id, &order);
    if (rc == AURORA_OK)
        rc = aurora_order_history(shop, id, &history);
    if (rc == AURORA_OK)
        printf("%s, %s\n", aurora_order_status_name(order->status),
               order->settled_at_ms != 0 ? "settled" : "not settled");
    for (uint32_t i = 0; rc == AURORA_OK && i < history->count; i++) {
        const aurora_transition *step = history->items[i];
        if (step->actor != NULL)
            printf("history: %s, %s: %s\n", step->actor, aurora_event_name(step->event_kind),
                   step->note);
    }
    aurora_history_free(history);
    aurora_order_free(order);
    return rc;
}

static aurora_status sell(aurora_t *shop, aurora_error *err)
{
    static const aurora_line line = {.sku = "mug", .quantity = 2};
    aurora_order *order = NULL;
    aurora_id id = {{0}};
    aurora_status rc = aurora_order_place(
        shop,
        AURORA_ORDER(.flags = AURORA_ORDER_NO_WAIT, .key = "cart-42", .currency = "EUR",
                     .lines = &line, .line_count = 1, .payment_method = "card-of-ann"),
        &order, err);
    aurora_order_free(order);
    if (rc == AURORA_OK)
        rc = pay(shop, err);
    if (rc == AURORA_OK)
        rc = show_parked(shop, &id, err);
    if (rc == AURORA_OK)
        rc = repair(shop, id, err);
    return rc != AURORA_OK ? rc : show_end(shop, id);
}

int main(int argc, char **argv)
{
    aurora_t *shop = NULL;
    aurora_error err = AURORA_ERROR_INIT;
    static const char *const settings[] = {"payment=none:"};
    aurora_status rc = aurora_open(
        argc > 1 ? argv[1] : "memory:", AURORA_OPTIONS(.settings = settings, .setting_count = 1),
        &shop, &err);
    if (rc == AURORA_OK)
        rc = aurora_product_put(
            shop,
            AURORA_PRODUCT(.sku = "mug", .name = "Mug", .price_minor = 1250, .currency = "EUR"),
            AURORA_ANY_VERSION, NULL, &err);
    if (rc == AURORA_OK)
        rc = aurora_stock_receive(shop, "mug", 10, "delivery-1", &err);
    if (rc == AURORA_OK)
        rc = sell(shop, &err);
    if (rc != AURORA_OK)
        fprintf(stderr, "%s: %s %s\n", aurora_status_name(rc), err.field, err.message);
    aurora_close(shop);
    return rc == AURORA_OK ? 0 : 1;
}
