# SPDX-License-Identifier: MIT
"""Products, by hand from aurora/product.h."""

from cases import File, step

NOW = 1750000000000
MUG = {"sku": "mug", "name": "Mug", "price_minor": 1250, "currency": "EUR"}


def put(version=None, fails=None, **members):
    gives = None if version is None else {"version": version}
    return step("product_put", gives=gives, fails=fails, **{**MUG, **members})


def einval(field):
    return {"status": "EINVAL", "field": field}


def life(file):
    file.case("a_product_is_put_and_read", put(1), step("product_get", sku="mug", gives={
        **MUG, "description": "", "brand": "", "category": "", "image_url": "", "attributes": [],
        "version": 1, "created_at_ms": NOW, "updated_at_ms": NOW}))
    full = {"description": "Holds tea", "brand": "Clay", "category": "kitchen",
            "image_url": "https://example.org/mug.png",
            "attributes": [{"name": "colour", "value": "blue"}, {"name": "ml", "value": "300"}]}
    file.case("a_product_with_all_members", put(1, **full),
              step("product_get", sku="mug", gives={**MUG, **full}))
    file.case("a_put_replaces_the_whole", put(1, **full), put(2),
              step("product_get", sku="mug", gives={"description": "", "attributes": [], "version": 2}))
    file.case("a_put_that_changes_nothing_keeps_the_version", put(1), put(1),
              step("event_bounds", gives={"newest": 1}))
    file.case("a_later_change_has_a_later_time", put(1), step("clock_advance", ms=5000), put(2, price_minor=1300),
              step("product_get", sku="mug", gives={"price_minor": 1300, "created_at_ms": NOW,
                                                    "updated_at_ms": NOW + 5000, "version": 2}))
    file.case("only_if_it_does_not_exist", put(1, if_version=0),
              step("product_put", **MUG, if_version=0, gives={"version": 1}, fails={"status": "EVERSION"}))
    file.case("only_if_the_version_is_current", put(1), put(2, price_minor=1, if_version=1),
              step("product_put", **{**MUG, "price_minor": 2}, if_version=1, gives={"version": 2},
                   fails={"status": "EVERSION"}),
              step("product_get", sku="mug", gives={"price_minor": 1}))
    file.case("what_does_not_exist_has_version_0",
              step("product_put", **MUG, if_version=7, gives={"version": 0}, fails={"status": "EVERSION"}))
    file.case("a_deleted_product_is_gone", put(1), step("product_delete", sku="mug"),
              step("product_get", sku="mug", fails={"status": "ENOTFOUND"}),
              step("product_delete", sku="mug", fails={"status": "ENOTFOUND"}))
    file.case("a_product_that_returns_goes_on_counting", put(1), put(2, price_minor=1),
              step("product_delete", sku="mug"), put(None), step("product_get", sku="mug", as_="again"),
              put(None, price_minor=7, if_version="$again.version"))
    file.case("a_delete_of_another_version_is_refused", put(1),
              step("product_delete", sku="mug", if_version=2, fails={"status": "EVERSION"}),
              step("product_delete", sku="mug", if_version=1))
    file.case("what_was_never_there_is_not_found", step("product_get", sku="none", fails={"status": "ENOTFOUND"}))
    file.case("texts_are_utf_8", put(1, name="Täßchen 茶 🫖", sku="tasse-ü"),
              step("product_get", sku="tasse-ü", gives={"name": "Täßchen 茶 🫖"}))
    file.case("the_largest_price", put(1, price_minor=10**12),
              step("product_get", sku="mug", gives={"price_minor": 10**12}))
    file.case("nothing_to_pay", put(1, price_minor=0), step("product_get", sku="mug", gives={"price_minor": 0}))


def rules(file):
    for field, value in (("sku", None), ("sku", ""), ("sku", " mug"), ("sku", "mug "), ("sku", "a/b"),
                         ("sku", "a\nb"), ("name", None), ("name", ""), ("price_minor", -1),
                         ("price_minor", 10**12 + 1), ("currency", None), ("currency", "eur"),
                         ("currency", "EURO"), ("currency", "ZZZ")):
        file.case(f"{field}_of_{value!r}_is_refused", put(fails=einval(field), **{field: value}),
                  step("event_bounds", gives={"newest": 0}))
    for field, most in (("sku", 64), ("name", 512), ("brand", 512), ("category", 512),
                        ("description", 65536), ("image_url", 65536)):
        good = {field: {"repeat": "x", "times": most}}
        bad = {field: {"repeat": "x", "times": most + 1}}
        file.case(f"{field}_has_at_most_{most}_bytes", put(1, **good), put(fails=einval(field), **bad))
    twice = [{"name": "a", "value": "1"}, {"name": "a", "value": "2"}]
    file.case("attributes_have_unique_names", put(fails=einval("attributes[1].name"), attributes=twice))
    file.case("an_attribute_has_a_name", put(fails=einval("attributes[0].name"), attributes=[{"name": "", "value": "1"}]))
    many = [{"name": f"a{i}", "value": "1"} for i in range(65)]
    file.case("attributes_are_at_most_64", put(fails=einval("attribute_count"), attributes=many),
              put(1, attributes=many[:64]))


def lists(file):
    skus = ["b", "a", "C", "d-1", "d"]
    puts = [put(1, sku=sku, category="x" if sku in "abC" else "y") for sku in skus]
    ordered = ["C", "a", "b", "d", "d-1"]

    def listed(names, as_=None, cursor="?any", **more):
        return step("product_list", as_=as_, gives={
            "items": [{"sku": name} for name in names], "next_cursor": cursor}, **more)

    file.case("an_empty_shop_has_an_empty_list", listed([], cursor=None))
    file.case("a_list_is_in_the_order_of_bytes", *puts, listed(ordered, cursor=None))
    file.case("a_list_in_pages", *puts, listed(ordered[:2], "p", "?text", limit=2),
              step("product_list", as_="q", limit=2, cursor="$p.next_cursor", gives={
                  "items": [{"sku": name} for name in ordered[2:4]], "next_cursor": "?text"}),
              step("product_list", limit=2, cursor="$q.next_cursor", gives={
                  "items": [{"sku": "d-1"}], "next_cursor": None}))
    file.case("behind_a_page_that_ends_with_the_list_comes_nothing", *puts,
              step("product_list", as_="p", limit=5, gives={"items": [{"sku": name} for name in ordered]}),
              step("product_list", limit=5, cursor="$p.next_cursor", gives={"items": [], "next_cursor": None}))
    file.case("a_list_of_a_category", *puts, listed(["C", "a", "b"], cursor=None, category="x"))
    file.case("a_category_of_nothing", *puts, listed([], cursor=None, category="z"))
    file.case("a_cursor_of_somebody_else", step("product_list", cursor="what", fails=einval("cursor")))
    file.case("a_limit_beyond_1000", step("product_list", limit=1001, fails=einval("limit")))
    file.case("a_cursor_goes_on_after_a_delete", *puts, step("product_list", as_="p", limit=2),
              step("product_delete", sku="a"), step("product_delete", sku="b"),
              step("product_list", cursor="$p.next_cursor", gives={"items": [{"sku": "d"}, {"sku": "d-1"}]}))


def many(file):
    file.case("many_at_once", step("product_put_many", products=[{**MUG, "sku": f"s{i}"} for i in range(3)],
                                   gives={"each": ["OK", "OK", "OK"]}),
              step("product_list", gives={"items": [{"sku": "s0"}, {"sku": "s1"}, {"sku": "s2"}]}))
    file.case("one_that_is_refused_stops_no_other",
              step("product_put_many", products=[MUG, {**MUG, "sku": ""}, {**MUG, "sku": "cup"}],
                   gives={"each": ["OK", "EINVAL", "OK"]}, fails=einval("inputs[1].sku")),
              step("product_list", gives={"items": [{"sku": "cup"}, {"sku": "mug"}]}))
    file.case("none_at_once_is_refused", step("product_put_many", products=[], fails={"status": "EINVAL"}))
    file.case("a_view_of_what_there_is", put(1), step("product_view", sku="mug", count=3))
    file.case("a_view_of_what_there_is_not", step("product_view", sku="mug", count=1, fails={"status": "EUNKNOWNSKU"}))
    file.case("no_views_are_refused", put(1), step("product_view", sku="mug", count=0, fails=einval("count")))
    file.case("all_are_sent_again", put(1), put(1, sku="cup"), step("product_resync", gives={"count": 2}),
              step("event_tail", after_position=2, gives={"items": [
                  {"kind": "product.upserted", "is_resend": True}, {"kind": "product.upserted", "is_resend": True}]}))


def files():
    file = File("products", "Products: put, read, delete, list.", "by hand, from aurora/product.h", "shop")
    life(file)
    rules(file)
    lists(file)
    many(file)
    return [file]
