# SPDX-License-Identifier: MIT
"""Cases that are wrong, each in its last step or in the audit behind it, in one way alone: a runner that
passes one of them would not notice."""

from cases import BROKEN, File, step
from shop_care import dead_letters
from shop_finds import WARES
from shop_orders import place, settled


def parts(file):
    full = step("bucket_init", as_="b", tokens=1, per_ns=10**9, burst=5, now_ns=0)

    def take(gives=None, **more):
        return step("bucket_try_take", "b", gives=gives, **{"n": 5, "now_ns": 0, **more})

    case = file.case
    case("another_answer", full, take({"is_taken": False}))
    case("another_number", full, take({"is_taken": True}), take({"is_taken": False, "retry_after_ns": 5 * 10**9 - 1}))
    case("another_type", full, take({"is_taken": "?text"}))
    case("zero_that_is_to_be_positive", full, take({"retry_after_ns": "?positive"}))
    case("a_wide_number_that_is_off_by_one", step("money_add", a_minor=2**62, b_minor=2**61, gives={"sum": 2**62 + 2**61 + 1}))
    case("no_such_operation", full, step("bucket_try_give", "b", n=5, now_ns=0))
    case("no_such_input", full, take({"is_taken": True}, until_ns=0))
    case("no_such_result", full, take({"is_given": True}))
    case("no_such_pattern", full, take({"retry_after_ns": "?nothing"}))
    case("a_reference_that_leads_nowhere", full, take({"retry_after_ns": "$b.until_ns"}))
    case("a_failure_that_does_not_come", full, step("bucket_init", as_="c", tokens=1, per_ns=10**9, burst=5, now_ns=0,
                                                    fails={"status": "EINVAL"}))
    case("a_failure_that_was_not_expected", step("bucket_init", as_="b", tokens=0, per_ns=10**9, burst=5, now_ns=0))
    case("another_failure", step("money_add", a_minor=2**63 - 1, b_minor=1, fails={"status": "EINVAL"}))
    case("a_score_that_is_a_little_off", step("topk_init", as_="t", capacity=8, half_life_ms=1000),
         step("topk_add", "t", key="a", weight=1, at_ms=0), step("topk_get", "t", key="a", at_ms=1000, gives={"score": 0.500001}))
    case("a_text_of_another_case", step("status_read", status="EINVAL", gives={"name": "AURORA_EINVAl"}))


def shops(file):
    shop = {"product_count": 1, "stock": 5}
    found = [*(step("product_put", sku=sku, name=name, category=category, brand=brand, price_minor=price, currency="EUR")
               for sku, name, category, brand, price in WARES), step("pump")]

    def case(name, *steps, open=shop):
        file.case(name, *steps, open=open)

    case("another_field_is_blamed", place(quantity=0, fails={"status": "EINVAL", "field": "lines[1].quantity"}))
    case("another_state", place(gives={"status": "FAILED"}))
    case("a_list_that_is_longer", place(gives={"lines": []}))
    case("a_list_that_is_shorter", place(gives={"lines": [{"sku": "sku-1"}, {"sku": "sku-1"}]}))
    case("a_facet_that_counts_one_too_few", *found, step("search", gives={"facets": [{"count": 1}, *["?any"] * 4]}), open={})
    case("a_facet_too_many", *found, step("search", gives={"facets": ["?any"] * 6}), open={})
    case("suggestions_in_another_order", *found, step("search_suggest", prefix="blue", gives={"items": ["blue pen", "blue", "blue mug"]}), open={})
    case("a_step_of_a_history_too_few", place(), settled(), step("order_history", order_id="$o.id", gives={"items": ["?any"] * 3}))
    case("an_actor_that_nobody_was", place(), settled(), step(
        "order_history", order_id="$o.id", gives={"items": [*["?any"] * 3, {"actor": "eve"}]}))
    case("a_reader_who_was_not_passed", step("event_read", consumer="mailer", fails={"status": "EGONE"}))
    case("a_tail_that_is_gone", step("clock_advance", ms=2 * 86400000), step("pump"), step("event_tail", after_position=0))
    case("a_dead_letter_that_is_none", place(), settled(), step("dead_letter_list", gives={"items": ["?any"]}))
    letters = File("", "", "")
    dead_letters(letters)
    parked = letters.cases[0]
    case("a_dead_letter_that_is_there", *parked["steps"][:4], step("dead_letter_list", gives={"items": []}), open=parked["open"])
    case("a_store_that_is_not_in_order", *parked["steps"], open=parked["open"])
    case("a_text_that_does_not_stand_in_the_file", step("file_edit", **{"from": "[[7,7]]", "to": "[[7,8]]"}),
         open={**shop, "store": "file"})
    case("a_text_of_another_length", step("file_edit", **{"from": "SQLite", "to": "SQL"}), open={**shop, "store": "file"})


def files():
    hand = "by hand: each is wrong"
    part = File("parts", "Cases of parts that must fail.", hand, folder=BROKEN)
    parts(part)
    shop = File("shops", "Cases with a shop that must fail.", hand, "shop", folder=BROKEN)
    shops(shop)
    return [part, shop]
