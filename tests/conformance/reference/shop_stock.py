# SPDX-License-Identifier: MIT
"""Stock, by hand from aurora/stock.h: available + reserved + sold = received - written off."""

from cases import File, step

NOW = 1750000000000
DAY = 86400000


def receive(sku="cup", quantity=10, key="k1", **more):
    return step("stock_receive", sku=sku, quantity=quantity, key=key, **more)


def adjust(delta, key, reason="count", sku="cup", **more):
    return step("stock_adjust", sku=sku, delta=delta, reason=reason, key=key, **more)


def has(sku="cup", **gives):
    return step("stock_get", sku=sku, gives=gives)


def counters(available, reserved=0, sold=0, written_off=0):
    received = available + reserved + sold + written_off
    return {"available": available, "reserved": reserved, "sold": sold, "received": received,
            "written_off": written_off}


def reserve(key, lines, ttl_ms=60000, decision="reserved", **more):
    given = [{"sku": sku, "quantity": quantity} for sku, quantity in lines]
    gives = None if "fails" in more else {"decision": decision}
    return step("stock_reserve", key=key, lines=given, ttl_ms=ttl_ms, gives=gives, **more)


def movements(file):
    file.case("a_receipt", receive(), has(**counters(10)))
    file.case("receipts_add_up", receive(), receive(key="k2", quantity=5), has(**counters(15)))
    file.case("a_receipt_again_is_a_no_op", receive(), receive(), has(**counters(10)))
    file.case("a_key_with_another_quantity", receive(), receive(quantity=11, fails={"status": "EKEYREUSED"}),
              has(**counters(10)))
    file.case("a_key_with_another_sku", receive(), receive(sku="mug", fails={"status": "EKEYREUSED"}))
    file.case("a_key_of_another_kind", receive(), adjust(10, "k1", fails={"status": "EKEYREUSED"}))
    file.case("a_sku_needs_no_product", receive(sku="nobody"), has("nobody", **counters(10)))
    file.case("what_never_moved_is_not_found", step("stock_get", sku="cup", fails={"status": "ENOTFOUND"}))
    file.case("a_correction_downwards", receive(), adjust(-3, "a"), has(**{**counters(7, written_off=3)}))
    file.case("a_correction_upwards", receive(), adjust(3, "a"), has(**counters(13)))
    file.case("a_correction_again_is_a_no_op", receive(), adjust(-3, "a"), adjust(-3, "a"),
              has(**counters(7, written_off=3)))
    file.case("more_than_there_is_cannot_go", receive(), adjust(-11, "a", fails={"status": "EINSUFFICIENT"}),
              has(**counters(10)))
    file.case("that_refusal_is_not_kept", receive(), adjust(-11, "a", fails={"status": "EINSUFFICIENT"}),
              receive(key="k2"), adjust(-11, "a"), has(**counters(9, written_off=11)))
    file.case("the_largest_receipt", receive(quantity=10**9), has(**counters(10**9)))
    for quantity in (0, -1, 10**9 + 1):
        file.case(f"a_receipt_of_{quantity}_is_refused",
                  receive(quantity=quantity, fails={"status": "EINVAL", "field": "quantity"}))
    for delta in (0, 10**9 + 1, -(10**9) - 1):
        file.case(f"a_correction_of_{delta}_is_refused",
                  adjust(delta, "a", fails={"status": "EINVAL", "field": "delta"}))
    file.case("a_receipt_needs_a_key", step("stock_receive", sku="cup", quantity=1,
                                            fails={"status": "EINVAL", "field": "key"}))
    file.case("a_receipt_needs_a_sku", step("stock_receive", quantity=1, key="k",
                                            fails={"status": "EINVAL", "field": "sku"}))
    file.case("a_correction_needs_a_reason", step("stock_adjust", sku="cup", delta=1, key="k",
                                                  fails={"status": "EINVAL", "field": "reason"}))
    file.case("a_key_has_at_most_255_bytes", receive(key={"repeat": "k", "times": 255}),
              receive(key={"repeat": "k", "times": 256}, fails={"status": "EINVAL", "field": "key"}))


def moves(file):
    def move(kind="receipt", quantity=10, gives=None, **more):
        return step("stock_move", kind=kind, sku="cup", quantity=quantity, gives=gives, **more)

    file.case("a_move_gives_the_counters", move(key="k", gives={**counters(10), "is_repeat": False}))
    file.case("a_repeated_move_says_so", move(key="k"), receive(key="k2", quantity=5),
              move(key="k", gives={**counters(15), "is_repeat": True}))
    file.case("without_a_key_it_counts_twice", move(), move(gives=counters(20)))
    file.case("scopes_keep_keys_apart", move(key="k", key_scope="ann"), move(key="k", key_scope="bob"),
              move(key="k"), has(**counters(30)))
    file.case("a_host_has_a_scope_of_its_own", receive(key="k"), move(key="k", gives={"is_repeat": True}))
    file.case("a_move_down", move(key="k"), move("adjustment", -4, reason="broken", gives=counters(6, written_off=4)))
    file.case("a_move_down_needs_a_reason", move("adjustment", 4, fails={"status": "EINVAL", "field": "reason"}))
    file.case("a_move_of_no_kind", move(0, fails={"status": "EINVAL", "field": "kind"}))


def lists(file):
    steps = [receive(sku=sku, key=sku, quantity=quantity) for sku, quantity in (("b", 5), ("a", 50), ("c", 1))]
    file.case("a_list_of_stock", *steps, step("stock_list", gives={"items": [
        {"sku": "a", **counters(50)}, {"sku": "b", **counters(5)}, {"sku": "c", **counters(1)}], "next_cursor": None}))
    file.case("what_runs_low", *steps, step("stock_list", below=6, gives={"items": [{"sku": "b"}, {"sku": "c"}]}))
    file.case("stock_in_pages", *steps, step("stock_list", as_="p", limit=2, gives={
        "items": [{"sku": "a"}, {"sku": "b"}], "next_cursor": "?text"}),
              step("stock_list", limit=2, cursor="$p.next_cursor", gives={"items": [{"sku": "c"}], "next_cursor": None}))
    file.case("no_cursor_of_stock", step("stock_list", cursor="x!", fails={"status": "EINVAL", "field": "cursor"}))


def reservations(file):
    both = [receive(), receive("mug", 2, "k2")]
    file.case("a_reservation_takes_from_available", *both, reserve("r", [("cup", 3)]), has(**counters(7, 3)))
    file.case("all_lines_or_none", *both, reserve("r", [("cup", 3), ("mug", 3)], decision="out_of_stock"),
              has(**counters(10)), has("mug", **counters(2)))
    file.case("lines_of_one_sku_add_up", *both, reserve("r", [("cup", 6), ("cup", 5)], decision="out_of_stock"),
              reserve("s", [("cup", 6), ("cup", 4)]), has(**counters(0, 10)))
    file.case("an_unknown_sku_is_out_of_stock", reserve("r", [("none", 1)], decision="out_of_stock"))
    file.case("a_commit_is_a_sale", *both, reserve("r", [("cup", 3)]), step("stock_commit", key="r"),
              has(**counters(7, 0, 3)), step("stock_commit", key="r"), has(**counters(7, 0, 3)))
    file.case("a_release_gives_back", *both, reserve("r", [("cup", 3)]), step("stock_release", key="r"),
              has(**counters(10)), step("stock_release", key="r"), has(**counters(10)))
    file.case("a_sale_is_not_released", *both, reserve("r", [("cup", 3)]), step("stock_commit", key="r"),
              step("stock_release", key="r", fails={"status": "ECONFLICT"}))
    file.case("what_was_released_is_not_sold", *both, reserve("r", [("cup", 3)]), step("stock_release", key="r"),
              step("stock_commit", key="r", fails={"status": "ECONFLICT"}))
    file.case("what_was_rejected_is_not_sold", *both, reserve("r", [("cup", 11)], decision="out_of_stock"),
              step("stock_commit", key="r", fails={"status": "ECONFLICT"}), step("stock_release", key="r"))
    file.case("the_same_key_answers_as_before", *both, reserve("r", [("cup", 3)]), reserve("r", [("cup", 3)]),
              has(**counters(7, 3)))
    file.case("also_when_it_was_out_of_stock", *both, reserve("r", [("cup", 11)], decision="out_of_stock"),
              receive(key="k3"), reserve("r", [("cup", 11)], decision="out_of_stock"))
    file.case("the_same_key_with_other_lines", *both, reserve("r", [("cup", 3)]),
              reserve("r", [("cup", 4)], fails={"status": "EKEYREUSED"}))
    file.case("no_reservation_of_that_key", step("stock_commit", key="r", fails={"status": "ENOTFOUND"}),
              step("stock_release", key="r", fails={"status": "ENOTFOUND"}))
    file.case("time_ends_it", *both, reserve("r", [("cup", 3)], 60000), step("clock_advance", ms=60000),
              step("pump"), has(**counters(10)), step("stock_commit", key="r", fails={"status": "EEXPIRED"}),
              step("stock_release", key="r"))
    file.case("before_its_time_it_holds", *both, reserve("r", [("cup", 3)], 60000), step("clock_advance", ms=59999),
              step("pump"), has(**counters(7, 3)), step("stock_commit", key="r"))
    file.case("a_sale_does_not_expire", *both, reserve("r", [("cup", 3)], 1000), step("stock_commit", key="r"),
              step("clock_advance", ms=DAY), step("pump"), has(**counters(7, 0, 3)))
    for ttl in (0, 30 * DAY + 1):
        file.case(f"a_time_of_{ttl}_is_refused", reserve("r", [("cup", 1)], ttl, fails={"status": "EINVAL", "field": "ttl_ms"}))
    for quantity in (0, -1, 1000001):
        file.case(f"a_reservation_of_{quantity}_is_refused",
                  reserve("r", [("cup", quantity)], fails={"status": "EINVAL", "field": "lines[0].quantity"}))
    file.case("a_reservation_needs_lines", reserve("r", [], fails={"status": "EINVAL", "field": "line_count"}))
    file.case("who_holds_a_sku", *both, reserve("r", [("cup", 3), ("mug", 1)], 60000), step("clock_advance", ms=10),
              reserve("s", [("cup", 1)], 1000),
              step("reservation_list", sku="cup", gives={"next_cursor": None, "items": [
                  {"status": "RESERVED", "order_id": None, "key": "r", "sku": "cup", "quantity": 3,
                   "created_at_ms": NOW, "expires_at_ms": NOW + 60000},
                  {"key": "s", "quantity": 1, "created_at_ms": NOW + 10, "expires_at_ms": NOW + 1010}]}))
    file.case("nobody_holds_what_was_sold", *both, reserve("r", [("cup", 3)]), step("stock_commit", key="r"),
              step("reservation_list", sku="cup", gives={"items": []}))
    file.case("holders_in_pages", *both, *[reserve(f"r{i}", [("cup", 1)]) for i in range(3)],
              step("reservation_list", as_="p", sku="cup", limit=2, gives={"items": [{"key": "r0"}, {"key": "r1"}],
                                                                         "next_cursor": "?text"}),
              step("reservation_list", sku="cup", limit=2, cursor="$p.next_cursor", gives={
                  "items": [{"key": "r2"}], "next_cursor": None}))


def files():
    file = File("stock", "Stock: movements, reservations, lists.", "by hand, from aurora/stock.h", "shop")
    movements(file)
    moves(file)
    lists(file)
    reservations(file)
    return [file]
