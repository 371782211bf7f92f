/* SPDX-License-Identifier: MIT */
/* A shop in fifteen lines: a product, a delivery, a paid order. Leaves shop.db.
 * To compile: cc quickstart.c $(pkg-config --cflags --libs aurora)
 * Prints:
 *   COMPLETED 2500
 */
#include <aurora/aurora.h>
#include <stdio.h>
int main(void)
{ /* run it twice: keys make every line a no-op the second time */
    aurora_t *shop = NULL;
    aurora_order *order = NULL;
    aurora_error err = AURORA_ERROR_INIT;
    aurora_status rc = aurora_open("shop.db", NULL, &shop, &err);
    if (!rc)
        rc = aurora_product_put(
            shop,
            AURORA_PRODUCT(.sku = "mug", .name = "Mug", .price_minor = 1250, .currency = "EUR"),
            AURORA_ANY_VERSION, NULL, &err);
    if (!rc)
        rc = aurora_stock_receive(shop, "mug", 10, "delivery-1", &err);
    if (!rc)
        rc = aurora_order_place(
            shop,
            AURORA_ORDER(.key = "cart-42", .currency = "EUR", .payment_method = "tok_approve",
                         .lines = (aurora_line[]){{.sku = "mug", .quantity = 2}}, .line_count = 1),
            &order, &err);
    if (rc)
        fprintf(stderr, "%s: %s\n", err.field, err.message);
    else
        printf("%s %lld\n", aurora_order_status_name(order->status),
               (long long)order->total_minor); /* COMPLETED 2500 */
    aurora_order_free(order);
    aurora_close(shop);
    return rc ? 1 : 0;
}
