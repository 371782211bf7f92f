/* SPDX-License-Identifier: MIT */
/* A shop in C++: unique_ptr frees what the library gives, failures are exceptions with status and
 * field, and no result is copied. aurora_raii.hpp beside it is all there is to it. The store is
 * argv[1], or in memory. To compile: c++ -std=c++17 shop.cpp $(pkg-config --cflags --libs aurora)
 * Prints:
 *   COMPLETED 2500
 *   AURORA_EINVAL: lines[0].quantity must be 1 to 1000000, is 0
 *   1 order, 7 events
 */
#include "aurora_raii.hpp"

#include <iostream>

namespace
{

using namespace shop_cpp;

owned<aurora_t> open_shop(const char *url)
{
    return get<aurora_t>(
        [&](aurora_t **out, aurora_error *err) { return aurora_open(url, nullptr, out, err); });
}

void stock_up(aurora_t *shop)
{
    check ok;
    aurora_product_input mug;
    aurora_product_input_init(&mug);
    mug.sku = "mug";
    mug.name = "Mug";
    mug.price_minor = 1250;
    mug.currency = "EUR";
    ok(aurora_product_put(shop, &mug, AURORA_ANY_VERSION, nullptr, ok.err()));
    ok(aurora_stock_receive(shop, "mug", 10, "delivery-1", ok.err()));
}

owned<aurora_order> place(aurora_t *shop, int64_t quantity, const std::string &key)
{
    const aurora_line line = {"mug", quantity, 0};
    aurora_order_request request;
    aurora_order_request_init(&request);
    request.key = key.c_str();
    request.currency = "EUR";
    request.payment_method = "tok_approve";
    request.lines = &line;
    request.line_count = 1;
    return get<aurora_order>([&](aurora_order **out, aurora_error *err) {
        return aurora_order_place(shop, &request, out, err);
    });
}

void show_counts(aurora_t *shop)
{
    auto orders = get<aurora_order_page>([&](aurora_order_page **out, aurora_error *err) {
        return aurora_order_list(shop, nullptr, nullptr, 0, out, err);
    });
    auto events = get<aurora_event_page>([&](aurora_event_page **out, aurora_error *) {
        return aurora_event_tail(shop, 0, 0, 0, out);
    });
    std::cout << orders->count << " order, " << events->count << " events\n";
}

} // namespace

int main(int argc, char **argv)
try {
    owned<aurora_t> shop = open_shop(argc > 1 ? argv[1] : "memory:");
    stock_up(shop.get());
    owned<aurora_order> order = place(shop.get(), 2, "cart-42");
    std::cout << aurora_order_status_name(order->status) << ' ' << order->total_minor << '\n';
    try {
        place(shop.get(), 0, "cart-43");
    } catch (const failure &refused) {
        std::cout << refused.what() << '\n';
        if (refused.field() != "lines[0].quantity" || refused.is_retriable())
            return 1;
    }
    show_counts(shop.get());
    return 0;
} catch (const std::exception &error) {
    std::cerr << error.what() << '\n';
    return 1;
}
