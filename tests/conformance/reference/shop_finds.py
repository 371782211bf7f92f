# SPDX-License-Identifier: MIT
"""Search, suggestions, trends. By hand from aurora/search.h and trending.h."""

from cases import File, step

DAY = 86400000
WARES = [("mug", "Blue mug", "kitchen", "Clay", 1250), ("cup", "Red cup", "kitchen", "Clay", 900),
         ("lamp", "Desk lamp", "office", "Volt", 4900), ("pen", "Blue pen", "office", "Inky", 150)]


def puts():
    return [step("product_put", sku=sku, name=name, category=category, brand=brand, price_minor=price, currency="EUR")
            for sku, name, category, brand, price in WARES] + [step("pump")]


def found(*skus, total=None, **more):
    gives = {"items": [{"product": {"sku": sku}} for sku in skus], "total": len(skus) if total is None else total}
    return step("search", gives=gives, **more)


def search(file):
    def case(name, *steps):
        file.case(name, *puts(), *steps)

    case("everything_is_in_the_order_of_skus", found("cup", "lamp", "mug", "pen"))
    case("a_word_is_found", found("lamp", text="lamp"))
    case("a_word_of_two_products", found("mug", "pen", text="blue", sort="price_down"))
    case("what_is_not_there_is_not_found", found(text="zeppelin"))
    case("what_has_more_of_the_words_comes_first", found("mug", "pen", text="blue mug"))
    case("upper_case_is_no_matter", found("lamp", text="LAMP"))
    case("of_a_category", found("lamp", "pen", category="office"))
    case("of_a_brand", found("cup", "mug", brand="Clay"))
    case("of_a_price", found("cup", "mug", price_min_minor=900, price_max_minor=1250))
    case("by_price_up", found("pen", "cup", "mug", "lamp", sort="price_up"))
    case("by_price_down", found("lamp", "mug", "cup", "pen", sort="price_down"))
    case("hits_in_pages", found("cup", "lamp", total=4, limit=2),
         step("search", as_="p", limit=2, gives={"next_cursor": "?text"}),
         step("search", limit=2, cursor="$p.next_cursor", gives={"items": [{"product": {"sku": "mug"}}, {"product": {"sku": "pen"}}]}))
    case("facets_count", step("search", gives={"facets": "?any", "total": 4}))
    case("a_match_is_marked", step("search", text="lamp", gives={"items": [{"highlight": "?text", "product": {"name": "Desk lamp"}}]}))
    case("a_deleted_product_is_not_found", step("product_delete", sku="lamp"), step("pump"), found(text="lamp"))
    case("a_changed_product_is_found_anew",
         step("product_put", sku="lamp", name="Torch", price_minor=1, currency="EUR"), step("pump"),
         found(text="desk"), found("lamp", text="torch"))
    case("no_such_order_of_hits", step("search", sort=9, fails={"status": "EINVAL", "field": "sort"}))
    case("a_text_has_at_most_1024_bytes", step("search", text={"repeat": "a", "times": 1025}, fails={"status": "EINVAL", "field": "text"}))
    case("no_page_above_100_hits", step("search", limit=101, fails={"status": "EINVAL", "field": "limit"}))
    case("no_cursor_of_a_search", step("search", cursor="abc", fails={"status": "EINVAL", "field": "cursor"}))
    case("what_is_being_typed", step("search_suggest", prefix="lam", gives={"items": "?any"}))
    case("nothing_is_typed", step("search_suggest", prefix="", fails={"status": "EINVAL", "field": "prefix"}))
    case("an_index_is_made_again", step("search_rebuild"), step("pump"), found("lamp", text="lamp"))
    file.case("without_an_index_nothing_is_searched", step("search", fails={"status": "ENOTSUP"}),
              step("search_suggest", prefix="a", fails={"status": "ENOTSUP"}), step("search_rebuild", fails={"status": "ENOTSUP"}),
              open={"settings": ["search=none:"]})


def trends(file):
    shop = {"product_count": 3, "stock": 100}

    def buy(*skus, **more):
        return step("order_place", currency="EUR", payment_method="tok_approve",
                    lines=[{"sku": sku, "quantity": 1} for sku in skus], **more)

    def case(name, *steps):
        file.case(name, *steps, open=shop)

    def scores(*pairs):
        return {"items": [{"sku": sku, "score": score, "error": 0} for sku, score in pairs]}

    case("nothing_was_sold", step("trending", gives={"items": []}), step("popular_products", gives={"items": []}),
         step("related_products", sku="sku-1", gives={"items": []}))
    case("what_sells", buy("sku-1"), buy("sku-1"), buy("sku-2"), step("pump"),
         step("trending", gives=scores(("sku-1", 2), ("sku-2", 1))),
         step("popular_products", gives=scores(("sku-1", 2), ("sku-2", 1))))
    case("a_day_halves_it", buy("sku-1"), step("pump"), step("clock_advance", ms=DAY),
         step("trending", window_ms=DAY, gives=scores(("sku-1", 0.5))),
         step("popular_products", gives=scores(("sku-1", 1))))
    case("an_hour_halves_it_in_its_window", buy("sku-1"), step("pump"), step("clock_advance", ms=DAY // 24),
         step("trending", window_ms=DAY // 24, gives=scores(("sku-1", 0.5))))
    case("a_failed_order_is_no_sale", step("order_place", currency="EUR", payment_method="tok_decline",
                                           lines=[{"sku": "sku-1", "quantity": 1}]), step("pump"), step("trending", gives={"items": []}))
    case("views_are_counted_apart", step("product_view", sku="sku-3", count=5), step("pump"),
         step("trending", kind="views", gives=scores(("sku-3", 5))), step("trending", gives={"items": []}))
    case("what_is_bought_together", buy("sku-1", "sku-2"), buy("sku-1", "sku-2"), buy("sku-1", "sku-3"), step("pump"),
         step("related_products", sku="sku-1", gives={"items": [{"sku": "sku-2", "score": 2}, {"sku": "sku-3", "score": 1}]}),
         step("related_products", sku="sku-1", limit=1, gives={"items": [{"sku": "sku-2"}]}))
    case("a_limit_of_trends", buy("sku-1"), buy("sku-2"), step("pump"), step("trending", limit=1, gives={"items": [{"sku": "sku-1"}]}))
    for name, given in (("window_ms", {"window_ms": 5}), ("kind", {"kind": 9}), ("limit", {"limit": 1001})):
        case(f"no_trend_of_another_{name}", step("trending", **given, fails={"status": "EINVAL", "field": name}))


def files():
    file = File("finds", "Search, suggestions and trends.", "by hand, from aurora/search.h and trending.h", "shop")
    search(file)
    trends(file)
    return [file]
