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
    case("a_match_is_marked", step("search", text="lamp", gives={"items": [{"highlight": "?text", "product": {"name": "Desk lamp"}}]}))
    case("a_deleted_product_is_not_found", step("product_delete", sku="lamp"), step("pump"), found(text="lamp"))
    case("a_changed_product_is_found_anew",
         step("product_put", sku="lamp", name="Torch", price_minor=1, currency="EUR"), step("pump"),
         found(text="desk"), found("lamp", text="torch"))
    case("no_such_order_of_hits", step("search", sort=9, fails={"status": "EINVAL", "field": "sort"}))
    case("a_text_has_at_most_1024_bytes", step("search", text={"repeat": "a", "times": 1025}, fails={"status": "EINVAL", "field": "text"}))
    case("no_page_above_100_hits", step("search", limit=101, fails={"status": "EINVAL", "field": "limit"}))
    case("no_cursor_of_a_search", step("search", cursor="abc", fails={"status": "EINVAL", "field": "cursor"}))
    case("what_is_being_typed", step("search_suggest", prefix="lam", gives={"items": ["lamp"]}))
    case("nothing_is_typed", step("search_suggest", prefix="", fails={"status": "EINVAL", "field": "prefix"}))
    case("an_index_is_made_again", step("search_rebuild"), step("pump"), found("lamp", text="lamp"))
    file.case("without_an_index_nothing_is_searched", step("search", fails={"status": "ENOTSUP"}),
              step("search_suggest", prefix="a", fails={"status": "ENOTSUP"}), step("search_rebuild", fails={"status": "ENOTSUP"}),
              open={"settings": ["search=none:"]})


def facets(file):
    wares = [("mug", "Blue mug", "kitchen", "Clay", 1250), ("cup", "Red cup", "kitchen", "Clay", 900),
             ("jug", "Blue jug", "kitchen", "Clay", 2400), ("pan", "Grey pan", "kitchen", "Clay", 500),
             ("lamp", "Desk lamp", "office", "Volt", 4900), ("desk", "Oak desk", "office", "Volt", 9900),
             ("pen", "Blue pen", "office", "Inky", 150), ("plug", "Red plug", "garden", "Volt", 450),
             ("stone", "Grey stone", None, None, 10)]
    everything = ([("kitchen", 4), ("office", 3), ("garden", 1)], [("Clay", 4), ("Volt", 3), ("Inky", 1)])

    def case(name, *steps):
        file.case(name, *[step("product_put", sku=sku, name=title, category=category, brand=brand, price_minor=price, currency="EUR")
                          for sku, title, category, brand, price in wares], step("pump"), *steps)

    def counts(categories, brands):
        return [{"kind": kind, "value": value, "count": count}
                for kind, counted in (("category", categories), ("brand", brands)) for value, count in counted]

    def counted(total, categories, brands, **query):
        return step("search", gives={"total": total, "facets": counts(categories, brands)}, **query)

    case("facets_count_hits_and_begin_with_the_most_frequent", counted(9, *everything))
    case("facets_count_the_hits_of_a_text", counted(3, [("kitchen", 2), ("office", 1)], [("Clay", 2), ("Inky", 1)], text="blue"))
    case("facets_count_the_hits_of_a_price",
         counted(3, [("office", 2), ("kitchen", 1)], [("Volt", 2), ("Clay", 1)], price_min_minor=2000))
    case("a_filter_leaves_its_own_facet_alone",
         counted(4, [("kitchen", 4)], everything[1], brand="Clay"),
         counted(4, everything[0], [("Clay", 4)], category="kitchen"),
         counted(2, [("office", 2), ("garden", 1)], [("Volt", 2), ("Inky", 1)], category="office", brand="Volt"))
    case("facets_are_on_the_first_page",
         step("search", as_="p", limit=6, gives={"total": 9, "facets": counts(*everything)}),
         step("search", limit=6, cursor="$p.next_cursor", gives={"total": 9, "facets": [], "items": [
             {"product": {"sku": "pen"}}, {"product": {"sku": "plug"}}, {"product": {"sku": "stone"}}]}))
    case("what_finds_nothing_has_no_facets", counted(0, [], [], text="zeppelin"))
    case("a_changed_product_moves_in_its_facets",
         step("product_put", sku="pen", name="Blue pen", category="garden", brand="Clay", price_minor=150, currency="EUR"),
         step("product_delete", sku="plug"), step("product_delete", sku="cup"), step("pump"),
         counted(3, [("kitchen", 2), ("garden", 1)], [("Clay", 3)], text="blue"),
         counted(5, [("kitchen", 3), ("office", 2)], [("Clay", 3), ("Volt", 2)], price_min_minor=400))
    many = [{"sku": f"s-{n:02}", "name": "Thing", "category": f"c-{n % 21:02}", "brand": "One", "price_minor": 1, "currency": "EUR"}
            for n in range(41)]
    # c-20 alone has one product, the others two.
    file.case("twenty_values_of_a_facet_are_counted", step("product_put_many", products=many), step("pump"), step(
        "search", gives={"total": 41, "facets": [{"kind": "category", "value": "?text", "count": 2}] * 20
                         + [{"kind": "brand", "value": "One", "count": 41}]}))


def suggestions(file):
    wares = [("a", "Coffee mug", "kitchen", "Clay"), ("b", "Coffee mug", "kitchen", "Clay"), ("c", "Coffee grinder", "kitchen", "Volt"),
             ("d", "Collar", "dogs", "Rex")]

    def case(name, *steps):
        file.case(name, *[step("product_put", sku=sku, name=title, category=category, brand=brand, price_minor=100, currency="EUR")
                          for sku, title, category, brand in wares], step("pump"), *steps)

    def suggest(prefix, *items, **more):
        return step("search_suggest", prefix=prefix, gives={"items": list(items)}, **more)

    case("what_more_products_say_comes_first", suggest("cof", "coffee", "coffee mug", "coffee grinder"))
    case("suggestions_have_a_limit", suggest("cof", "coffee", "coffee mug", limit=2))
    case("suggestions_go_on_where_the_text_stops", suggest("coffee g", "coffee grinder"), suggest("col", "collar"), suggest("gri", "grinder"))
    case("brands_and_categories_are_suggested", suggest("vol", "volt"), suggest("kit", "kitchen"))
    case("what_is_typed_in_capitals_is_the_same", suggest("COFFEE MU", "coffee mug"))
    case("a_letter_too_few_is_made_up_for", suggest("cofee", "coffee", "coffee mug", "coffee grinder"))
    case("nothing_begins_like_that", suggest("zz"))
    # What always goes on in the same way is suggested as a whole.
    case("what_is_gone_is_not_suggested", step("product_delete", sku="c"), step("pump"), suggest("cof", "coffee mug"), suggest("gri"))
    case("what_is_typed_has_at_most_255_bytes",
         step("search_suggest", prefix={"repeat": "a", "times": 256}, fails={"status": "EINVAL", "field": "prefix"}),
         suggest({"repeat": "a", "times": 255}))
    case("no_more_than_20_suggestions", step("search_suggest", prefix="c", limit=21, fails={"status": "EINVAL", "field": "limit"}))


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
    facets(file)
    suggestions(file)
    trends(file)
    return [file]
