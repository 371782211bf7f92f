/* SPDX-License-Identifier: MIT */
/* shop.c as C++ has it: structs are made by their _init functions. */
#include <aurora/aurora.h>
#ifdef CONSUMER_NET
#include <aurora/net.h>
#endif
#include <cstdio>

int main()
{
    aurora_t *shop = nullptr;
    aurora_order *order = nullptr;
    aurora_error err = AURORA_ERROR_INIT;
    aurora_options options;
    aurora_options_init(&options);
#ifdef CONSUMER_NET
    options.drivers = aurora_net_drivers(&options.driver_count);
#endif
    aurora_product_input mug;
    aurora_product_input_init(&mug);
    mug.sku = "mug";
    mug.name = "Mug";
    mug.price_minor = 1250;
    mug.currency = "EUR";
    aurora_line line{};
    line.sku = "mug";
    line.quantity = 2;
    aurora_order_request request;
    aurora_order_request_init(&request);
    request.key = "cart-42";
    request.currency = "EUR";
    request.payment_method = "tok_approve";
    request.lines = &line;
    request.line_count = 1;

    aurora_status rc = aurora_open("memory:", &options, &shop, &err);
    if (!rc)
        rc = aurora_product_put(shop, &mug, AURORA_ANY_VERSION, nullptr, &err);
    if (!rc)
        rc = aurora_stock_receive(shop, "mug", 10, "delivery-1", &err);
    if (!rc)
        rc = aurora_order_place(shop, &request, &order, &err);
    if (rc)
        std::fprintf(stderr, "%s: %s\n", err.field, err.message);
    else
        std::printf("%s %s\n", aurora_version(), aurora_order_status_name(order->status));
    aurora_order_free(order);
    aurora_close(shop);
    return rc ? 1 : 0;
}
