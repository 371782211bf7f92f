/* SPDX-License-Identifier: MIT */
/* A named consumer of the event log: read a page, act on it, acknowledge it. The name's position is
 * stored, so after a crash between acting and acknowledging the same events come once more: act
 * idempotently, or keep page->position together with what you did. Leaves consumer.db.
 * To compile: cc events_consumer.c $(pkg-config --cflags --libs aurora)
 * Prints:
 *   1 product.upserted mug
 *   2 order.created
 *   3 inventory.reserved
 *   4 payment.authorized
 *   5 order.completed
 *   6 inventory.committed
 *   7 payment.captured
 *   unacknowledged: 7 events again
 *   acknowledged: 0 events, also after a restart
 */
#include <aurora/aurora.h>

#include <inttypes.h>
#include <stdio.h>

#define CONSUMER "mailer"

/* Something to read about. Keys make it a no-op the second time. */
static aurora_status sell(aurora_t *shop, aurora_error *err)
{
    aurora_order *order = NULL;
    static const aurora_line line = {.sku = "mug", .quantity = 1};
    aurora_status rc = aurora_product_put(
        shop, AURORA_PRODUCT(.sku = "mug", .name = "Mug", .price_minor = 1250, .currency = "EUR"),
        AURORA_ANY_VERSION, NULL, err);
    if (rc == AURORA_OK)
        rc = aurora_stock_receive(shop, "mug", 10, "delivery-1", err);
    if (rc == AURORA_OK)
        rc = aurora_order_place(shop,
                                AURORA_ORDER(.key = "cart-42", .currency = "EUR", .lines = &line,
                                             .line_count = 1, .payment_method = "tok_approve"),
                                &order, err);
    aurora_order_free(order);
    return rc;
}

static void act(const aurora_event *event)
{
    /* event->data is the JSON of the event; the ids in it differ from run to run. A kind that the
     * program does not know is to be skipped: later releases add some. */
    printf("%" PRIu64 " %s%s%s\n", event->position, event->type_name, event->sku != NULL ? " " : "",
           event->sku != NULL ? event->sku : "");
}

/* Reads without waiting; a real consumer passes wait_ms and sleeps inside the call. */
static aurora_status read_all(aurora_t *shop, bool is_loud, bool is_acknowledging,
                              uint32_t *count_out)
{
    aurora_event_page *page = NULL;
    *count_out = 0;
    aurora_status rc = aurora_event_read(shop, CONSUMER, 100, 0, &page);
    if (rc != AURORA_OK)
        return rc;
    *count_out = page->count;
    for (uint32_t i = 0; i < page->count && is_loud; i++)
        act(page->items[i]);
    if (is_acknowledging && page->count > 0)
        rc = aurora_event_ack(shop, CONSUMER, page->position);
    aurora_event_page_free(page);
    return rc;
}

int main(void)
{
    aurora_t *shop = NULL;
    aurora_error err = AURORA_ERROR_INIT;
    uint32_t count = 0;
    aurora_status rc = aurora_open("consumer.db", NULL, &shop, &err);
    if (rc == AURORA_OK)
        rc = sell(shop, &err);
    if (rc == AURORA_OK)
        rc = read_all(shop, true, false, &count);
    if (rc == AURORA_OK)
        rc = read_all(shop, false, true, &count);
    if (rc == AURORA_OK) {
        printf("unacknowledged: %" PRIu32 " events again\n", count);
        aurora_close(shop);
        shop = NULL;
        rc = aurora_open("consumer.db", NULL, &shop, &err);
    }
    if (rc == AURORA_OK)
        rc = read_all(shop, true, true, &count);
    if (rc == AURORA_OK)
        printf("acknowledged: %" PRIu32 " events, also after a restart\n", count);
    if (rc != AURORA_OK)
        fprintf(stderr, "%s: %s %s\n", aurora_status_name(rc), err.field, err.message);
    aurora_close(shop);
    return rc == AURORA_OK ? 0 : 1;
}
