# SPDX-License-Identifier: MIT
"""Orders, by hand from aurora/order.h and aurora/queue.h."""

from cases import File, step

NOW = 1750000000000
SHOP = {"product_count": 3, "stock": 10}
NOBODY = "0190f3c2-7d5e-7abc-8def-0123456789ab"


def place(as_="o", quantity=2, gives=None, fails=None, **more):
    request = {"lines": [{"sku": "sku-1", "quantity": quantity}], "currency": "EUR",
               "payment_method": "tok_approve", **more}
    return step("order_place", as_=as_, gives=gives, fails=fails, **request)


def stock(available, reserved=0, sold=0, sku="sku-1"):
    return step("stock_get", sku=sku, gives={"available": available, "reserved": reserved, "sold": sold})


def settled(**gives):
    return step("settle", order_id="$o.id", gives={"settled_at_ms": "?positive", **gives})


def einval(field):
    return {"status": "EINVAL", "field": field}


def outcomes(file):
    def case(name, *steps):
        file.case(name, *steps, open=SHOP)

    case("an_approved_order_completes",
         place(gives={"status": "COMPLETED", "outcome": "COMPLETED", "reason": None, "is_replay": False,
                      "total_minor": 500, "currency": "EUR", "id": "?id", "parked": [],
                      "customer_id": None, "reference": None, "decline_code": None,
                      "lines": [{"sku": "sku-1", "quantity": 2, "unit_price_minor": 250}],
                      "charges": [], "metadata": [], "placed_at_ms": NOW, "created_at_ms": NOW}),
         settled(status="COMPLETED"), stock(8, 0, 2))
    case("a_declined_order_fails_and_gives_its_stock_back",
         place(payment_method="tok_decline",
               gives={"status": "FAILED", "outcome": "FAILED", "reason": "payment_declined", "decline_code": "declined"}),
         settled(status="FAILED"), stock(10))
    case("a_decline_has_the_code_of_its_provider",
         place(payment_method="tok_decline_insufficient_funds",
               gives={"status": "FAILED", "reason": "payment_declined", "decline_code": "insufficient_funds"}))
    case("what_is_not_there_fails", place(quantity=11, gives={"status": "FAILED", "reason": "out_of_stock",
                                                              "decline_code": None}), settled(), stock(10))
    case("all_lines_or_none_are_bought",
         place(lines=[{"sku": "sku-1", "quantity": 1}, {"sku": "sku-2", "quantity": 11}],
               gives={"status": "FAILED", "reason": "out_of_stock"}), settled(), stock(10), stock(10, sku="sku-2"))
    case("the_last_piece_is_sold_once", place(quantity=10, gives={"status": "COMPLETED"}),
         place(as_="p", quantity=1, gives={"status": "FAILED", "reason": "out_of_stock"}), settled(), stock(0, 0, 10))
    case("lines_add_up",
         place(lines=[{"sku": "sku-1", "quantity": 1}, {"sku": "sku-3", "quantity": 4}, {"sku": "sku-1", "quantity": 2}],
               gives={"status": "COMPLETED", "total_minor": 3 * 250 + 4 * 750,
                      "lines": [{"sku": "sku-1", "quantity": 1}, {"sku": "sku-3", "quantity": 4},
                                {"sku": "sku-1", "quantity": 2}]}), settled(), stock(7, 0, 3), stock(6, 0, 4, "sku-3"))
    case("a_bank_that_answers_twice_is_charged_once", place(payment_method="tok_duplicate"),
         settled(status="COMPLETED"), stock(8, 0, 2))
    case("a_bank_that_answers_late_completes", place(payment_method="tok_timeout_approve", no_wait=True),
         settled(status="COMPLETED"))
    case("a_bank_that_never_answers_fails_at_the_deadline",
         place(payment_method="tok_timeout", no_wait=True, gives={"status": "RESERVED"}), stock(8, 2),
         step("pump"), step("clock_advance", ms=300000), step("pump"),
         step("order_get", order_id="$o.id", gives={"status": "FAILED", "reason": "deadline"}), settled(), stock(10))
    case("without_waiting_it_is_decided_already",
         place(no_wait=True, gives={"status": "COMPLETED"}), settled(status="COMPLETED"))
    case("a_price_that_changes_later_changes_no_order", place(),
         step("product_put", sku="sku-1", name="Product 1", price_minor=9, currency="EUR"),
         step("order_get", order_id="$o.id", gives={"total_minor": 500}),
         place(as_="p", gives={"total_minor": 18}))
    case("a_deleted_product_is_not_sold", step("product_delete", sku="sku-1"),
         place(fails={"status": "EUNKNOWNSKU", "field": "lines[0].sku"}))


def requests(file):
    def case(name, *steps):
        file.case(name, *steps, open=SHOP)

    case("an_order_keeps_what_it_is_given",
         place(customer_id="ann", reference="R-1", contact="ann@example.org", placed_at_ms=NOW - 5,
               metadata=[{"name": "gift", "value": "yes"}, {"name": "note", "value": "ü"}]),
         step("order_get", order_id="$o.id", gives={
             "customer_id": "ann", "reference": "R-1", "contact": "ann@example.org", "placed_at_ms": NOW - 5,
             "metadata": [{"name": "gift", "value": "yes"}, {"name": "note", "value": "ü"}]}))
    case("own_prices_and_charges",
         place(own_prices=True, lines=[{"sku": "sku-1", "quantity": 3, "unit_price_minor": 100}],
               charges=[{"kind": "tax", "label": "VAT 19 %", "amount_minor": 57},
                        {"kind": "shipping", "label": "Parcel", "amount_minor": 499},
                        {"kind": "discount", "label": "Spring", "amount_minor": -50},
                        {"kind": "fee", "label": "Card", "amount_minor": 1}],
               gives={"status": "COMPLETED", "total_minor": 300 + 57 + 499 - 50 + 1,
                      "lines": [{"unit_price_minor": 100}],
                      "charges": [{"kind": "tax", "amount_minor": 57}, {"kind": "shipping", "label": "Parcel"},
                                  {"kind": "discount", "amount_minor": -50}, {"kind": "fee"}]}))
    case("nothing_to_pay", place(own_prices=True, gives={"status": "COMPLETED", "total_minor": 0}), settled(), stock(8, 0, 2))
    case("prices_are_ours_unless_own",
         place(lines=[{"sku": "sku-1", "quantity": 1, "unit_price_minor": 5}],
               gives={"total_minor": 250, "lines": [{"unit_price_minor": 250}]}))
    case("charges_are_of_own_prices_alone",
         place(charges=[{"kind": "tax", "label": "x", "amount_minor": 1}], fails=einval("charges")))
    case("a_discount_is_not_above_zero",
         place(own_prices=True, charges=[{"kind": "discount", "label": "x", "amount_minor": 1}],
               fails=einval("charges[0].amount_minor")))
    case("a_tax_is_not_below_zero",
         place(own_prices=True, charges=[{"kind": "tax", "label": "x", "amount_minor": -1}],
               fails=einval("charges[0].amount_minor")))
    case("a_charge_has_a_kind", place(own_prices=True, charges=[{"kind": 9, "label": "x", "amount_minor": 1}],
                                      fails=einval("charges[0].kind")))
    case("a_charge_has_a_label", place(own_prices=True, charges=[{"kind": "tax", "amount_minor": 1}],
                                       fails=einval("charges[0].label")))
    for quantity in (0, -1, 1000001):
        case(f"a_quantity_of_{quantity}_is_refused", place(quantity=quantity, fails=einval("lines[0].quantity")))
    case("an_order_has_lines", place(lines=[], fails=einval("line_count")))
    case("a_line_has_a_sku", place(lines=[{"sku": "sku-1", "quantity": 1}, {"quantity": 1}], fails=einval("lines[1].sku")))
    case("an_order_has_a_currency", place(currency=None, fails=einval("currency")))
    case("an_order_has_no_unknown_currency", place(currency="ZZZ", fails=einval("currency")))
    case("the_currency_is_the_products", place(currency="USD", fails={"status": "ECURRENCY"}))
    case("an_order_is_paid_somehow", place(payment_method=None, fails=einval("payment_method")))
    case("the_sku_is_known", place(lines=[{"sku": "sku-1", "quantity": 1}, {"sku": "none", "quantity": 1}],
                                   fails={"status": "EUNKNOWNSKU", "field": "lines[1].sku"}))
    for field in ("key", "reference", "customer_id", "payment_method", "contact"):
        case(f"{field}_has_at_most_255_bytes", place(**{field: {"repeat": "x", "times": 256}}, fails=einval(field)),
             place(own_prices=False, **{field: {"repeat": "x", "times": 255}}))
        case(f"{field}_is_not_empty", place(**{field: ""}, fails=einval(field)))
    case("metadata_has_unique_names", place(metadata=[{"name": "a", "value": "1"}, {"name": "a", "value": "2"}],
                                            fails=einval("metadata[1].name")))
    pairs = [{"name": f"n{i}", "value": "v"} for i in range(17)]
    case("metadata_has_at_most_16_pairs", place(metadata=pairs, fails=einval("metadata_count")), place(metadata=pairs[:16]))
    case("a_timeout_is_at_most_30_s", place(timeout_ms=30001, fails=einval("timeout_ms")))
    case("it_is_placed_at_most_a_day_ahead", place(placed_at_ms=NOW + 86400001, fails=einval("placed_at_ms")))
    case("a_total_stays_in_its_range",
         place(own_prices=True, lines=[{"sku": "sku-1", "quantity": 10**6, "unit_price_minor": 10**12}] * 10,
               fails={"status": "EOVERFLOW"}))


def keys(file):
    def case(name, *steps):
        file.case(name, *steps, open=SHOP)

    case("the_same_key_gives_the_same_order", place(key="k", gives={"is_replay": False}),
         place(as_="p", key="k", gives={"is_replay": True, "id": "$o.id", "status": "COMPLETED"}), settled(), stock(8, 0, 2))
    case("a_replay_of_a_failure_is_that_failure", place(key="k", payment_method="tok_decline"),
         place(as_="p", key="k", payment_method="tok_decline",
               gives={"is_replay": True, "id": "$o.id", "status": "FAILED", "decline_code": "declined"}))
    case("the_same_key_with_another_request", place(key="k"),
         place(as_="p", key="k", quantity=3, fails={"status": "EKEYREUSED"}), settled(), stock(8, 0, 2))
    case("the_same_key_with_another_payment", place(key="k"),
         place(as_="p", key="k", payment_method="tok_decline", fails={"status": "EKEYREUSED"}))
    case("scopes_keep_keys_apart", place(key="k", key_scope="ann"), place(as_="p", key="k", key_scope="bob",
                                                                          gives={"is_replay": False}),
         place(as_="q", key="k", key_scope="ann", gives={"is_replay": True, "id": "$o.id"}))
    case("without_a_key_each_is_new", place(), place(as_="p", gives={"is_replay": False}), settled(), stock(6, 0, 4))
    case("a_refused_request_uses_no_key", place(key="k", quantity=0, fails=einval("lines[0].quantity")),
         place(key="k", gives={"is_replay": False}))
    case("a_key_is_kept_for_a_day", place(key="k"), step("clock_advance", ms=86400000 - 60000), step("pump"),
         place(as_="p", key="k", gives={"is_replay": True}))
    case("after_a_day_it_is_forgotten", place(key="k"), settled(), step("clock_advance", ms=2 * 86400000), step("pump"),
         place(as_="p", key="k", gives={"is_replay": False}))
    case("a_reference_is_unique", place(reference="R-1"),
         place(as_="p", reference="R-1", fails={"status": "ETAKEN", "field": "reference"}),
         step("order_list", reference="R-1", gives={"items": [{"id": "$o.id"}]}))
    case("a_reference_of_a_failed_order_is_taken_too", place(reference="R-1", payment_method="tok_decline"),
         place(as_="p", reference="R-1", fails={"status": "ETAKEN"}))
    case("as_created_gives_what_the_first_commit_left",
         place(key="k", no_wait=True, as_created=True, payment_method="tok_timeout_approve", gives={"status": "RESERVED"}),
         settled(status="COMPLETED"),
         place(as_="p", key="k", no_wait=True, as_created=True, payment_method="tok_timeout_approve",
               gives={"status": "RESERVED", "is_replay": True, "version": "$o.version"}))


def reading(file):
    def case(name, *steps):
        file.case(name, *steps, open=SHOP)

    three = [step_ for i in range(3) for step_ in (
        step("clock_advance", ms=1000), place(as_=f"o{i}", customer_id="ann" if i != 1 else "bob", quantity=1,
                                              payment_method="tok_decline" if i == 2 else "tok_approve"))]
    listed = [{"id": f"$o{i}.id"} for i in (2, 1, 0)]
    case("an_order_that_is_not_there", step("order_get", order_id=NOBODY, fails={"status": "ENOTFOUND"}),
         step("order_history", order_id=NOBODY, fails={"status": "ENOTFOUND"}),
         step("order_cancel", order_id=NOBODY, reason="customer", fails={"status": "ENOTFOUND"}),
         step("order_wait", order_id=NOBODY, timeout_ms=0, fails={"status": "ENOTFOUND"}))
    case("orders_are_listed_newest_first", *three, step("order_list", gives={"items": listed, "next_cursor": None}))
    case("orders_of_a_status", *three, step("order_list", status="COMPLETED", gives={"items": listed[1:]}),
         step("order_list", status="FAILED", gives={"items": listed[:1]}), step("order_list", status="PARKED", gives={"items": []}))
    case("orders_of_a_customer", *three, step("order_list", customer_id="ann", gives={"items": [listed[0], listed[2]]}),
         step("order_list", customer_id="eve", gives={"items": []}))
    case("orders_of_a_time", *three,
         step("order_list", from_ms=NOW + 2000, gives={"items": listed[:2]}),
         step("order_list", to_ms=NOW + 2000, gives={"items": listed[2:]}),
         step("order_list", from_ms=NOW + 2000, to_ms=NOW + 3000, gives={"items": listed[1:2]}))
    case("orders_of_all_conditions", *three, step("order_list", customer_id="ann", status="FAILED", gives={"items": listed[:1]}))
    case("orders_in_pages", *three, step("order_list", as_="p", limit=2, gives={"items": listed[:2], "next_cursor": "?text"}),
         step("order_list", limit=2, cursor="$p.next_cursor", gives={"items": listed[2:], "next_cursor": None}))
    case("a_new_order_does_not_move_a_page", *three, step("order_list", as_="p", limit=2), step("clock_advance", ms=1),
         place(as_="n", quantity=1), step("order_list", limit=2, cursor="$p.next_cursor", gives={"items": listed[2:]}))
    case("no_cursor_of_orders", step("order_list", cursor="abc", fails=einval("cursor")))
    case("no_page_above_1000_orders", step("order_list", limit=1001, fails=einval("limit")))
    case("no_such_status", step("order_list", status=9, fails=einval("status")))
    case("a_version_that_is_there_is_not_waited_for", place(), settled(),
         step("order_wait", order_id="$o.id", after_version=0, timeout_ms=0, gives={"id": "$o.id", "status": "COMPLETED"}))
    case("an_order_is_waited_for", place(payment_method="tok_duplicate", no_wait=True),
         step("order_wait", order_id="$o.id", after_version="$o.version", timeout_ms=0, gives={"id": "$o.id"}))
    case("an_order_as_json", place(customer_id="ann", reference="R-1"), step("order_get", as_="o", order_id="$o.id"),
         step("order_json", order="$o", gives={"json": {
             "id": "$o.id", "status": "COMPLETED", "currency": "EUR", "reference": "R-1",
             "lines": [{"sku": "sku-1", "quantity": 2}]}}))


def step_of(version, status, event_kind=None, at_ms=NOW, **more):
    """A step of a history as it must be in all its members."""
    return {"version": version, "status": status, "outcome": None, "reason": None, "parked": [], "event_kind": event_kind,
            "at_ms": at_ms, "settled_at_ms": 0, "actor": None, "note": None, **more}


BEGUN = [step_of(1, "PENDING"), step_of(2, "RESERVED", "inventory.reserved")]
COMPLETED = [step_of(3, "COMPLETED", "payment.authorized", outcome="COMPLETED"),
             step_of(4, "COMPLETED", "payment.captured", outcome="COMPLETED", settled_at_ms=NOW)]


def history(*items):
    return step("order_history", order_id="$o.id", gives={"order_id": "$o.id", "items": list(items), "dropped_count": 0})


def histories(file):
    def case(name, *steps, shop=SHOP):
        file.case(name, *steps, open=shop)

    def ended(version, status, event_kind, reason, at_ms=NOW, **more):
        return step_of(version, status, event_kind, at_ms, outcome=status, reason=reason, **more)

    waits = {"payment_method": "tok_timeout", "no_wait": True}
    case("the_history_of_an_order_that_completed", place(), settled(), history(*BEGUN, *COMPLETED))
    case("the_history_of_a_declined_order", place(payment_method="tok_decline"), settled(), history(
        *BEGUN, ended(3, "FAILED", "payment.declined", "payment_declined"),
        ended(4, "FAILED", "payment.voided", "payment_declined", settled_at_ms=NOW)))
    case("the_history_of_an_order_without_stock", place(quantity=11), settled(), history(
        BEGUN[0], ended(2, "FAILED", "inventory.rejected", "out_of_stock"),
        ended(3, "FAILED", "payment.voided", "out_of_stock", settled_at_ms=NOW)))
    case("the_history_of_an_order_that_was_cancelled_late", place(), settled(), step("clock_advance", ms=5000),
         step("order_cancel_with", order_id="$o.id", reason="operator", actor="eve", note="fraud"), settled(), history(
             *BEGUN, *COMPLETED, ended(5, "CANCELLED", None, "operator", NOW + 5000, actor="eve", note="fraud"),
             ended(6, "CANCELLED", "payment.refunded", "operator", NOW + 5000, settled_at_ms=NOW + 5000)))
    case("the_history_of_an_order_that_was_cancelled_early", place(**waits),
         step("order_cancel", order_id="$o.id", reason="customer", note="too slow"), settled(), history(
             *BEGUN, ended(3, "CANCELLED", None, "customer", note="too slow"),
             ended(4, "CANCELLED", "payment.voided", "customer", settled_at_ms=NOW)))
    case("the_history_of_an_order_that_ran_out_of_time", place(**waits), step("clock_advance", ms=86400000), settled(), history(
        *BEGUN, ended(3, "FAILED", None, "deadline", NOW + 86400000),
        ended(4, "FAILED", "payment.voided", "deadline", NOW + 86400000, settled_at_ms=NOW + 86400000)))
    tasks = {"product_count": 1, "stock": 5, "settings": ["payment=none:", "notify=none:"]}
    parked = {"outcome": "COMPLETED", "parked": ["payment"]}
    case("the_history_of_an_order_that_was_repaired", place(no_wait=True, gives={"status": "RESERVED"}),
         step("task_take", as_="t", kind="payment", capacity=1),
         step("task_finish", task_id="$t.items.0.id", outcome="done", provider_reference="a"), step("pump"),
         step("task_take", as_="c", kind="payment", capacity=1),
         step("task_finish", task_id="$c.items.0.id", outcome="declined", code="gone"), step("pump"), step("clock_advance", ms=5000),
         step("saga_repair", action="mark", order_id="$o.id", participant="payment", result="captured", actor="eve", note="by hand"),
         step("pump"), history(
             *BEGUN, COMPLETED[0], step_of(4, "PARKED", "payment.parked", **parked),
             step_of(5, "PARKED", "order.repair", NOW + 5000, actor="eve", note="by hand", **parked),
             step_of(6, "COMPLETED", "payment.captured", NOW + 5000, outcome="COMPLETED", settled_at_ms=NOW + 5000)), shop=tasks)


def cancels(file):
    def case(name, *steps):
        file.case(name, *steps, open=SHOP)

    def cancel(reason="customer", **more):
        return step("order_cancel", order_id="$o.id", reason=reason, **more)

    waits = {"payment_method": "tok_timeout", "no_wait": True}
    case("a_completed_order_is_returned_and_refunded", place(), settled(), stock(8, 0, 2),
         cancel(note="too late", gives={"status": "CANCELLED", "outcome": "CANCELLED", "reason": "customer"}),
         settled(status="CANCELLED"),
         # What comes back is received once more: what was sold stays so.
         step("stock_get", sku="sku-1", gives={"available": 10, "sold": 2, "received": 12}))
    case("an_undecided_order_is_released", place(**waits), stock(8, 2), cancel("operator", gives={
        "status": "CANCELLED", "reason": "operator"}), settled(status="CANCELLED"), stock(10))
    case("a_cancel_again_is_a_no_op", place(), settled(), cancel(), step("order_get", as_="a", order_id="$o.id"),
         cancel("operator", gives={"status": "CANCELLED", "reason": "customer"}))
    case("a_failed_order_is_not_cancelled", place(payment_method="tok_decline"), cancel(fails={"status": "EFINAL"}))
    case("a_cancel_has_one_of_two_reasons", place(), cancel("deadline", fails=einval("reason")),
         cancel(0, fails=einval("reason")))
    case("a_note_has_at_most_1024_bytes", place(), cancel(note={"repeat": "n", "times": 1025}, fails=einval("note")),
         cancel(note={"repeat": "n", "times": 1024}))

    def with_(**more):
        return step("order_cancel_with", order_id="$o.id", reason="operator", **more)

    case("a_cancel_has_an_actor", place(), settled(), with_(actor="eve", note="fraud", gives={"status": "CANCELLED"}),
         settled(), step("order_history", order_id="$o.id", gives={"items": [*BEGUN, *COMPLETED, "?any", "?any"]}))
    case("a_cancel_with_a_key", place(), settled(), with_(key="c", gives={"is_replay": False}),
         with_(key="c", gives={"is_replay": True, "status": "CANCELLED"}))
    case("a_key_of_another_cancel", place(), settled(), with_(key="c", note="a"),
         with_(key="c", note="b", fails={"status": "EKEYREUSED"}))
    case("an_actor_has_at_most_255_bytes", place(), with_(actor={"repeat": "a", "times": 256}, fails=einval("actor")))
    case("stock_that_came_back_is_sold_again", place(quantity=10), settled(), cancel(), settled(),
         place(as_="p", quantity=10, gives={"status": "COMPLETED"}))


def queues(file):
    def case(name, *steps):
        file.case(name, *steps, open=SHOP)

    def request(quantity=1, **more):
        return {"lines": [{"sku": "sku-1", "quantity": quantity}], "currency": "EUR", "payment_method": "tok_approve", **more}

    new = step("queue_new", as_="q", capacity=8)

    def submit(*requests, accepted=None, **more):
        gives = {"accepted": len(requests) if accepted is None else accepted}
        return step("order_submit", "q", requests=list(requests), gives=gives, **more)

    def take(*items, capacity=8, timeout_ms=1000, **more):
        return step("queue_take", "q", capacity=capacity, timeout_ms=timeout_ms, gives={"items": list(items)}, **more)

    case("a_batch_of_orders", new, submit(request(), request(2), request(payment_method="tok_decline"), tags=[7, 8, 9]),
         take({"tag": 7, "status": "OK", "order_status": "COMPLETED", "id": "?id", "total_minor": 250, "error_line": None,
               "is_replay": False, "order": None},
              {"tag": 8, "order_status": "COMPLETED", "total_minor": 500},
              {"tag": 9, "status": "OK", "order_status": "FAILED", "reason": "payment_declined"}), stock(7, 0, 3))
    case("without_tags_they_are_0", new, submit(request()), take({"tag": 0, "status": "OK"}))
    case("a_batch_of_one_key_is_one_order", new, submit(request(key="k"), tags=[1]), take({"tag": 1, "is_replay": False}),
         submit(request(key="k"), tags=[2]), take({"tag": 2, "is_replay": True}), stock(9, 0, 1))
    case("a_refused_request_completes_with_its_status", new, submit(request(0), request(), tags=[1, 2]),
         take({"tag": 1, "status": "EINVAL", "id": None, "order_status": None, "error_line": 0}),
         take({"tag": 2, "status": "OK"}))
    case("a_queue_takes_no_more_than_its_room", step("queue_new", as_="q", capacity=2),
         submit(request(), request(), request(), accepted=2), submit(request(), accepted=0, fails={"status": "EBUSY"}),
         take({"status": "OK"}, {"status": "OK"}), submit(request()), take({"status": "OK"}))
    case("nothing_to_take_is_no_failure", new, take(timeout_ms=0))
    case("a_taker_takes_what_it_has_room_for", new, submit(request(), request(), tags=[1, 2]),
         take({"tag": 1}, capacity=1), take({"tag": 2}, capacity=1), take(timeout_ms=0))
    case("a_wake_ends_the_next_taking", new, step("queue_wake", "q"), step(
        "queue_take", "q", capacity=8, timeout_ms=1000, fails={"status": "EINTR"}), take(timeout_ms=0))
    case("a_completion_with_its_order", new, submit(request(customer_id="ann", with_result=True)),
         take({"status": "OK", "order": {"status": "COMPLETED", "customer_id": "ann", "total_minor": 250}}))
    case("a_watch_of_a_version_that_is_there", new, place(), settled(),
         step("order_watch", "q", order_id="$o.id", after_version=0, timeout_ms=1000, tag=5),
         take({"tag": 5, "status": "OK", "order": {"id": "$o.id", "status": "COMPLETED"}}))
    case("a_watch_of_nobody", new, step("order_watch", "q", order_id=NOBODY, after_version=0, timeout_ms=1000, tag=5),
         take({"tag": 5, "status": "ENOTFOUND", "order": None}))
    case("a_watch_has_a_time", new, step("order_watch", "q", order_id=NOBODY, timeout_ms=0, fails={"status": "EINVAL"}),
         step("order_watch", "q", order_id=NOBODY, timeout_ms=600001, fails={"status": "EINVAL"}))
    for capacity in (0, 65537):
        case(f"a_queue_of_{capacity}_is_refused", step("queue_new", as_="q", capacity=capacity, fails={"status": "EINVAL"}))


def files():
    file = File("orders", "Orders: outcomes, requests, keys, reading, cancels.", "by hand, from aurora/order.h", "shop")
    outcomes(file)
    requests(file)
    keys(file)
    reading(file)
    cancels(file)
    queue = File("queues", "Orders in batches through a queue.", "by hand, from aurora/queue.h", "shop")
    queues(queue)
    return [file, queue]
