/* SPDX-License-Identifier: MIT */
/* What each consumer runs: one order to its end in a shop in memory. With CONSUMER_NET the shop has
 * the drivers of libaurora-net. */
#include <aurora/aurora.h>
#ifdef CONSUMER_NET
#include <aurora/net.h>
#endif
#include <stdio.h>

int main(void)
{
    aurora_t *shop = NULL;
    aurora_order *order = NULL;
    aurora_error err = AURORA_ERROR_INIT;
    aurora_line lines[] = {{.sku = "mug", .quantity = 2}};
    const aurora_driver *drivers = NULL;
    uint32_t count = 0;
#ifdef CONSUMER_NET
    drivers = aurora_net_drivers(&count);
#endif
    aurora_status rc = aurora_open(
        "memory:", AURORA_OPTIONS(.drivers = drivers, .driver_count = count), &shop, &err);
    if (!rc)
        rc = aurora_product_put(
            shop,
            AURORA_PRODUCT(.sku = "mug", .name = "Mug", .price_minor = 1250, .currency = "EUR"),
            AURORA_ANY_VERSION, NULL, &err);
    if (!rc)
        rc = aurora_stock_receive(shop, "mug", 10, "delivery-1", &err);
    if (!rc)
        rc = aurora_order_place(shop,
                                AURORA_ORDER(.key = "cart-42", .currency = "EUR",
                                             .payment_method = "tok_approve", .lines = lines,
                                             .line_count = 1),
                                &order, &err);
    if (rc)
        fprintf(stderr, "%s: %s\n", err.field, err.message);
    else
        printf("%s %s\n", aurora_version(), aurora_order_status_name(order->status));
    aurora_order_free(order);
    aurora_close(shop);
    return rc ? 1 : 0;
}
