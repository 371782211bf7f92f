/* SPDX-License-Identifier: MIT */
/* Payments by HTTP: with drivers from libaurora-net, the setting payment= names a bridge, and the
 * library makes the calls. argv[1] is its URL, argv[2] the secret that both know; to try it:
 *   PAYMENT_SECRET=hush examples/payment_bridge.py 9000 &
 *   payment_over_http http://127.0.0.1:9000/ hush
 * To compile: cc payment_over_http.c $(pkg-config --cflags --libs aurora aurora-net)
 * With both it prints:
 *   card_good: COMPLETED
 *   card_decline: FAILED, card_declined
 *   card_good, cancelled: CANCELLED
 */
#include <aurora/aurora.h>
#include <aurora/net.h>

#include <stdio.h>

static aurora_status open_shop(const char *url, const char *secret, aurora_t **out,
                               aurora_error *err)
{
    char payment[512], payment_secret[300];
    uint32_t driver_count;
    const aurora_driver *drivers = aurora_net_drivers(&driver_count);
    snprintf(payment, sizeof payment, "payment=%s", url);
    snprintf(payment_secret, sizeof payment_secret, "payment_secret=%s", secret);
    const char *const settings[] = {payment, payment_secret};
    return aurora_open("memory:",
                       AURORA_OPTIONS(.flags = AURORA_OPEN_WORKER, .drivers = drivers,
                                      .driver_count = driver_count, .settings = settings,
                                      .setting_count = 2),
                       out, err);
}

static aurora_status stock_up(aurora_t *shop, aurora_error *err)
{
    aurora_status rc = aurora_product_put(
        shop, AURORA_PRODUCT(.sku = "cup", .name = "Cup", .price_minor = 1250, .currency = "EUR"),
        AURORA_ANY_VERSION, NULL, err);
    return rc == AURORA_OK ? aurora_stock_receive(shop, "cup", 10, "first delivery", err) : rc;
}

/* Waits until stock and money agree with how the order ended, and says how. */
static aurora_status say_end(aurora_t *shop, const char *what, aurora_id id)
{
    uint64_t version = 0;
    for (;;) {
        aurora_order *order = NULL;
        aurora_status rc = aurora_order_wait(shop, id, version, 30000, &order);
        if (rc != AURORA_OK)
            return rc;
        bool is_over = order->settled_at_ms != 0 || order->version == version;
        version = order->version;
        if (is_over)
            printf("%s: %s%s%s\n", what, aurora_order_status_name(order->status),
                   order->decline_code != NULL ? ", " : "",
                   order->decline_code != NULL ? order->decline_code : "");
        aurora_order_free(order);
        if (is_over)
            return AURORA_OK;
    }
}

static aurora_status buy(aurora_t *shop, const char *payment_method, bool is_cancelled,
                         const char *what, aurora_error *err)
{
    const aurora_line line = {.sku = "cup", .quantity = 2};
    aurora_order *order = NULL;
    aurora_status rc = aurora_order_place(
        shop,
        AURORA_ORDER(.key = what, .currency = "EUR", .payment_method = payment_method,
                     .lines = &line, .line_count = 1, .timeout_ms = 30000),
        &order, err);
    if (rc != AURORA_OK)
        return rc;
    if (is_cancelled)
        rc = aurora_order_cancel(shop, order->id, AURORA_REASON_CUSTOMER, NULL, NULL, err);
    if (rc == AURORA_OK)
        rc = say_end(shop, what, order->id);
    aurora_order_free(order);
    return rc;
}

int main(int argc, char **argv)
{
    aurora_t *shop = NULL;
    aurora_error err = AURORA_ERROR_INIT;
    if (argc != 3) {
        fprintf(stderr, "usage: payment_over_http URL SECRET\n");
        return 2;
    }
    aurora_status rc = open_shop(argv[1], argv[2], &shop, &err);
    if (rc == AURORA_OK)
        rc = stock_up(shop, &err);
    if (rc == AURORA_OK)
        rc = buy(shop, "card_good", false, "card_good", &err);
    if (rc == AURORA_OK)
        rc = buy(shop, "card_decline", false, "card_decline", &err);
    if (rc == AURORA_OK)
        rc = buy(shop, "card_good", true, "card_good, cancelled", &err);
    if (rc != AURORA_OK)
        fprintf(stderr, "%s: %s %s\n", aurora_status_name(rc), err.field, err.message);
    aurora_close(shop);
    return rc == AURORA_OK ? 0 : 1;
}
