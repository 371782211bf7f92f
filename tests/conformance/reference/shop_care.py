# SPDX-License-Identifier: MIT
"""Operators: sagas and their repair, audit, backup, settings. By hand from aurora/saga.h, operator.h."""

from cases import File, step
from shop_tasks import NOBODY, SHOP, finish, place, stock, take

PLAIN = {"product_count": 2, "stock": 5}


def repair(action, participant=None, result=None, **more):
    given = {"action": action, "order_id": "$o.id", "actor": "eve", **more}
    if participant:
        given["participant"] = participant
    if result:
        given["result"] = result
    return step("saga_repair", **given)


def sagas(file):
    def case(name, *steps, shop=SHOP):
        file.case(name, *steps, open=shop)

    parked = [place(), take({}), finish("done", provider_reference="a"), step("pump"), take({"verb": "capture"}, as_="c"),
              finish("declined", "$c.items.0.id", code="gone"), step("pump")]
    case("a_saga_under_way", place(), step("saga_get", order_id="$o.id", gives={
        "order_id": "$o.id", "status": "RESERVED", "outcome": None, "parked": [], "version": "$o.version", "age_ms": 0,
        "participants": [{"participant": "inventory", "state": "RESERVED", "is_parked": False},
                         {"participant": "payment", "state": "AUTHORIZING", "is_parked": False}]}))
    case("sagas_that_are_not_settled", place(), place("p"), take({}, {}), finish("done", provider_reference="a"), step("pump"),
         step("saga_list", gives={"items": [{"order_id": "$o.id"}, {"order_id": "$p.id"}], "next_cursor": None}),
         step("saga_list", is_parked=True, gives={"items": []}))
    case("sagas_in_pages", place(), step("clock_advance", ms=1), place("p"), step("saga_list", as_="l", limit=1, gives={
        "items": [{"order_id": "$o.id"}], "next_cursor": "?text"}),
         step("saga_list", limit=1, cursor="$l.next_cursor", gives={"items": [{"order_id": "$p.id"}]}))
    case("sagas_of_an_age", place(), step("clock_advance", ms=1000), place("p"),
         step("saga_list", age_min_ms=1000, gives={"items": [{"order_id": "$o.id", "age_ms": 1000}]}))
    case("no_saga", step("saga_get", order_id=NOBODY, fails={"status": "ENOTFOUND"}),
         step("saga_list", gives={"items": []}))
    case("a_settled_saga_is_read_and_not_listed",
         step("order_place", as_="o", currency="EUR", payment_method="tok_approve", lines=[{"sku": "sku-1", "quantity": 1}]),
         step("settle", order_id="$o.id"), step("saga_get", order_id="$o.id", gives={"status": "COMPLETED", "participants": [
             {"participant": "inventory", "state": "COMMITTED"}, {"participant": "payment", "state": "CAPTURED"}]}),
         step("saga_list", gives={"items": []}), shop=PLAIN)
    case("a_parked_saga_is_listed", *parked, step("saga_list", is_parked=True, gives={"items": [
        {"order_id": "$o.id", "status": "PARKED", "outcome": "COMPLETED", "parked": ["payment"]}]}),
         step("saga_list", is_parked=True, participant="payment", gives={"items": [{"order_id": "$o.id"}]}),
         step("saga_list", is_parked=True, participant="inventory", gives={"items": []}))
    case("a_parked_payment_says_why", *parked, step("saga_get", order_id="$o.id", gives={"participants": [
        {"participant": "inventory", "is_parked": False},
        {"participant": "payment", "state": "CAPTURING", "is_parked": True, "parked_reason": "?text"}]}))
    case("a_capture_that_was_made_by_hand_is_marked", *parked, repair("mark", "payment", "captured", note="by hand"), step("pump"),
         step("settle", order_id="$o.id", gives={"status": "COMPLETED", "parked": []}), stock(3, 0, 2))
    case("a_capture_is_tried_again", *parked, repair("retry", "payment"), step("clock_advance", ms=60000), step("pump"),
         take({"verb": "capture", "id": "$c.items.0.id"}, as_="d"), finish("done", "$d.items.0.id", provider_reference="x"),
         step("settle", order_id="$o.id", gives={"status": "COMPLETED"}))
    case("a_mark_that_does_not_fit_is_refused", *parked,
         repair("mark", "payment", "authorized", fails={"status": "ECONFLICT"}))
    case("a_parked_order_is_not_cancelled", *parked,
         step("order_cancel", order_id="$o.id", reason="customer", fails={"status": "EPARKED"}))
    case("who_is_not_parked_needs_no_repair", place(), repair("retry", "payment", fails={"status": "ECONFLICT"}))
    case("an_undecided_order_is_compensated", place(), take({}), repair("compensate"), step("pump"),
         step("order_get", order_id="$o.id", gives={"outcome": "FAILED", "reason": "operator"}), finish("declined", code="x"),
         step("settle", order_id="$o.id", gives={"status": "FAILED"}), stock(5))
    case("a_result_belongs_to_its_participant", *parked,
         repair("mark", "payment", "committed", fails={"status": "EINVAL", "field": "result"}))
    case("a_repair_has_an_actor", place(), repair("compensate", actor=None, fails={"status": "EINVAL", "field": "actor"}))
    case("a_repair_has_an_action", place(), repair(9, fails={"status": "EINVAL", "field": "action"}))
    case("a_repair_of_nobody", repair("retry", "payment", order_id=NOBODY, fails={"status": "ENOTFOUND"}),
         repair("mark", "payment", "captured", order_id=NOBODY, fails={"status": "ENOTFOUND"}))
    case("what_others_hold_of_an_unknown_order_is_cancelled", step("event_bounds", as_="b"),
         repair("compensate", order_id=NOBODY), step("event_tail", after_position="$b.newest", limit=1, gives={
             "items": [{"kind": "order.cancelled", "order_id": NOBODY}]}))
    case("no_dead_letters", step("dead_letter_list", gives={"items": [], "next_cursor": None}),
         step("dead_letter_redrive", consumer="inventory", key="x", fails={"status": "ENOTFOUND"}))


def dead_letters(file):
    """An event becomes a dead letter where its participant cannot take it. Here the lines of the
    reservation are overwritten in the closed file: 2 pieces of the first SKU are [[1,2]] there."""
    damage = step("file_edit", **{"from": "[[1,2]]", "to": "[[1,2[["})
    mend = step("file_edit", **{"from": "[[1,2[[", "to": "[[1,2]]"})
    unread = {"event_kind": "order.cancelled", "consumer": "inventory", "key": "$o.id", "position": "?positive", "reason": "?text"}

    def case(name, *steps, **more):
        file.case(name, *steps, open={"product_count": 1, "stock": 5, "store": "file"}, **more)

    def bought(name):
        return [step("order_place", as_=name, currency="EUR", payment_method="tok_approve", lines=[{"sku": "sku-1", "quantity": 2}]),
                step("settle", order_id=f"${name}.id")]

    def cancel(name="o", **gives):
        return step("order_cancel", order_id=f"${name}.id", reason="customer", gives=gives)

    def listed(*items, **more):
        return step("dead_letter_list", gives={"items": list(items), "next_cursor": None}, **more)

    def redrive(name="o", **more):
        return step("dead_letter_redrive", consumer="inventory", key=f"${name}.id", **more)

    parked = [*bought("o"), damage, cancel(status="PARKED", outcome="CANCELLED", parked=["inventory"])]
    settled = step("settle", order_id="$o.id", gives={"status": "CANCELLED", "parked": []})
    none = {"status": "ENOTFOUND"}
    case("an_event_that_cannot_be_taken_is_a_dead_letter", *parked, listed(unread), listed(unread, consumer="inventory"),
         listed(consumer="payment"), step("saga_get", order_id="$o.id", gives={"status": "PARKED", "parked": ["inventory"]}),
         verify=False)
    case("a_dead_letter_that_still_cannot_be_taken_stays", *parked, redrive(fails={"status": "ECONFLICT"}), listed(unread), verify=False)
    case("a_dead_letter_is_taken_again", *parked, mend, redrive(gives={"count": 1}), listed(), settled, stock(5, 0, 2),
         redrive(fails=none))
    case("a_dead_letter_of_another_key_is_none", *parked, mend, redrive(gives={"count": 1}),
         step("dead_letter_redrive", consumer="payment", key="$o.id", fails=none),
         step("dead_letter_redrive", consumer="inventory", key=NOBODY, fails=none))
    case("each_key_has_its_own_dead_letters", *bought("o"), *bought("p"), damage, cancel("o", status="PARKED"),
         cancel("p", status="PARKED"), listed(unread, {**unread, "key": "$p.id"}), mend, redrive("p", gives={"count": 1}),
         listed(unread), redrive(gives={"count": 1}), listed(), settled,
         step("settle", order_id="$p.id", gives={"status": "CANCELLED", "parked": []}), stock(5, 0, 4))
    two = [*bought("o"), *bought("p"), damage, cancel("o"), cancel("p")]
    case("dead_letters_in_pages", *two, step("dead_letter_list", as_="l", limit=1, gives={"items": [unread], "next_cursor": "?text"}),
         listed({**unread, "key": "$p.id"}, limit=1, cursor="$l.next_cursor"),
         step("dead_letter_list", consumer="payment", cursor="$l.next_cursor", fails={"status": "EINVAL", "field": "cursor"}),
         step("dead_letter_list", cursor="x", fails={"status": "EINVAL", "field": "cursor"}), verify=False)
    case("dead_letters_behind_one_that_was_taken", *two,
         step("dead_letter_list", as_="l", limit=1, gives={"items": [unread]}), mend, redrive(gives={"count": 1}),
         listed({**unread, "key": "$p.id"}, cursor="$l.next_cursor"), verify=False)
    case("a_repair_tries_dead_letters_again", *parked, repair("retry", "inventory", fails={"status": "ECONFLICT"}), mend,
         repair("retry", "inventory"), listed(), settled, stock(5, 0, 2))
    case("a_mark_drops_a_dead_letter", *parked, repair("mark", "inventory", "returned"), listed(), settled, verify=False)


def stores(file):
    def case(name, *steps, shop=PLAIN, **more):
        file.case(name, *steps, open=shop, **more)

    order = step("order_place", as_="o", key="k", currency="EUR", payment_method="tok_approve",
                 lines=[{"sku": "sku-1", "quantity": 1}])
    case("an_audit_counts_what_it_saw", order, step("settle", order_id="$o.id"),
         step("verify", gives={"is_ok": True, "violation_count": 0, "order_count": 1, "sku_count": 2, "in_progress": 0}))
    case("an_empty_store_is_in_order", step("verify", gives={"is_ok": True, "order_count": 0, "sku_count": 0, "event_count": 0}), shop={})
    on_file = {**PLAIN, "store": "file"}
    case("orders_outlive_a_restart", order, step("settle", order_id="$o.id"), step("reopen"),
         step("order_get", order_id="$o.id", gives={"status": "COMPLETED"}),
         step("order_place", as_="p", key="k", currency="EUR", payment_method="tok_approve",
              lines=[{"sku": "sku-1", "quantity": 1}], gives={"id": "$o.id", "is_replay": True}), shop=on_file)
    case("a_backup_is_a_shop", order, step("settle", order_id="$o.id"), step("backup", name="copy.db"),
         step("open_backup", name="copy.db"), step("order_get", order_id="$o.id", gives={"status": "COMPLETED"}),
         step("stock_get", sku="sku-1", gives={"sold": 1}), step("verify", gives={"is_ok": True}), shop=on_file)
    case("a_backup_overwrites_nothing", step("backup", name="copy.db"),
         step("backup", name="copy.db", fails={"status": "ECONFLICT"}), shop=on_file)
    case("a_secret_stays_the_same", step("store_key", as_="a", name="cursors", gives={"key": "?text"}),
         step("store_key", name="cursors", gives={"key": "$a.key"}), step("reopen"),
         step("store_key", name="cursors", gives={"key": "$a.key"}), shop=on_file)
    for name in ("", "Cursor", "a_b", {"repeat": "a", "times": 65}):
        text = name if isinstance(name, str) else "a_long_name"
        case(f"no_secret_is_called_{text!r}", step("store_key", name=name, fails={"status": "EINVAL", "field": "name"}))
    case("a_refusing_shop_takes_no_orders", step("drain_set", is_refusing=True), step("drain_get", gives={"is_refusing": True}),
         step("order_place", currency="EUR", payment_method="tok_approve", lines=[{"sku": "sku-1", "quantity": 1}],
              fails={"status": "EBUSY"}), step("stock_receive", sku="sku-1", quantity=1, key="more"),
         step("drain_set", is_refusing=False), order)
    case("what_is_under_way_keeps_it_from_being_drained",
         step("order_place", as_="o", currency="EUR", payment_method="tok_timeout", no_wait=True, lines=[{"sku": "sku-1", "quantity": 1}]),
         step("drain_get", gives={"is_drained": False, "unsettled_orders": 1}))
    case("after_a_restore_the_log_begins_anew", step("restored"), step("health"))
    case("a_setting_is_changed", step("setting_put", assignment="order_wait=2s"))
    case("a_setting_that_is_none", step("setting_put", assignment="order_weight=2s", fails={"status": "EINVAL"}))
    case("a_value_that_is_none", step("setting_put", assignment="order_wait=never", fails={"status": "EINVAL", "field": "order_wait"}))
    case("a_setting_of_the_opening", step("setting_put", assignment="payment=none:", fails={"status": "ECONFLICT"}))
    case("a_clock_that_is_set_back_ends_no_deadline_early",
         step("order_place", as_="o", currency="EUR", payment_method="tok_timeout", no_wait=True,
              lines=[{"sku": "sku-1", "quantity": 1}]),
         step("clock_step", wall_ms=1750000000000 - 3600000), step("pump"),
         step("order_get", order_id="$o.id", gives={"status": "RESERVED"}))
    case("it_is_well", step("health"), step("bus_health"))
    case("the_simulator_has_no_breaker", step("payment_breaker", fails={"status": "ENOTSUP"}))
    case("orders_are_counted", order, order and step("settle", order_id="$o.id"),
         step("metric", name="aurora_orders_total", labels={"status": "COMPLETED"}, gives={"value": 1}))


def files():
    care = File("care", "Sagas, repair, audit, backup, settings.", "by hand, from aurora/saga.h and operator.h", "shop")
    sagas(care)
    dead_letters(care)
    stores(care)
    return [care]
