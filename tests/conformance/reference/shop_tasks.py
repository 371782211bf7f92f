# SPDX-License-Identifier: MIT
"""Payments and notifications as tasks, by hand from aurora/task.h and docs/EMBEDDING.md."""

from cases import File, step

NOW = 1750000000000
SHOP = {"product_count": 1, "stock": 5, "settings": ["payment=none:", "notify=none:"]}
NOBODY = "0190f3c2-7d5e-7abc-8def-0123456789ab"


def place(as_="o", **more):
    request = {"lines": [{"sku": "sku-1", "quantity": 2}], "currency": "EUR", "payment_method": "card-1",
               "contact": "ann@example.org", "no_wait": True, **more}
    return step("order_place", as_=as_, gives={"status": "RESERVED"}, **request)


def take(*items, as_="t", kind="payment", **more):
    return step("task_take", as_=as_, kind=kind, capacity=10, gives={"items": list(items)}, **more)


def finish(outcome, task="$t.items.0.id", **more):
    return step("task_finish", task_id=task, outcome=outcome, **more)


def order(**gives):
    return step("order_get", order_id="$o.id", gives=gives)


def stock(available, reserved=0, sold=0):
    return step("stock_get", sku="sku-1", gives={"available": available, "reserved": reserved, "sold": sold})


def payments(file):
    def case(name, *steps):
        file.case(name, *steps, open=SHOP)

    authorize = {"kind": "payment", "id": "?id", "order_id": "$o.id", "verb": "authorize", "is_query": False, "attempt": 1,
                 "amount_minor": 500, "currency": "EUR", "payment_method": "card-1", "notification_kind": None, "reference": None}
    capture = {"verb": "capture", "amount_minor": 500, "authorize_id": "$t.items.0.id", "provider_reference": "auth-1"}
    cancel = step("order_cancel", order_id="$o.id", reason="customer")
    case("a_payment_knows_the_orders_reference", place(reference="R-1", customer_id="ann"),
         take({"reference": "R-1", "customer_id": "ann"}))
    case("an_order_waits_for_its_payment", place(), stock(3, 2), take(authorize), order(status="RESERVED"))
    case("an_authorized_order_completes", place(), take(authorize), finish("done", provider_reference="auth-1"), step("pump"),
         order(status="COMPLETED"), take(capture, as_="c"), finish("done", "$c.items.0.id", provider_reference="cap-1"),
         step("settle", order_id="$o.id", gives={"status": "COMPLETED"}), stock(3, 0, 2))
    case("a_declined_order_fails", place(), take(authorize), finish("declined", code="expired_card"), step("pump"),
         order(status="FAILED", reason="payment_declined", decline_code="expired_card"),
         step("settle", order_id="$o.id"), stock(5))
    case("a_cancelled_order_is_voided", place(), take(authorize), finish("done", provider_reference="auth-1"), step("pump"),
         order(status="COMPLETED"), take(capture, as_="c"), cancel, step("pump"),
         finish("done", "$c.items.0.id", provider_reference="cap-1"), step("pump"),
         take({"verb": "refund", "amount_minor": 500, "authorize_id": "$t.items.0.id", "provider_reference": "cap-1"}, as_="r"),
         finish("done", "$r.items.0.id"), step("settle", order_id="$o.id", gives={"status": "CANCELLED"}), stock(5, 0, 2))
    case("an_undecided_order_that_is_cancelled_is_voided_later", place(), take(authorize), cancel, step("pump"),
         finish("done", provider_reference="auth-1"), step("pump"), take({"verb": "void", "provider_reference": "auth-1"}, as_="v"),
         finish("done", "$v.items.0.id"), step("settle", order_id="$o.id", gives={"status": "CANCELLED"}), stock(5))
    case("an_authorization_that_is_cancelled_and_declined", place(), take(authorize), cancel, step("pump"),
         finish("declined", code="x"), step("settle", order_id="$o.id", gives={"status": "CANCELLED"}), stock(5))
    case("a_task_is_taken_once", place(), take(authorize), take(as_="u"))
    case("a_lease_ends_with_a_query", place(), take(authorize, lease_ms=1000), step("clock_advance", ms=60000), step("pump"),
         take({"id": "$t.items.0.id", "is_query": True, "attempt": 2, "verb": "authorize"}, as_="u"))
    case("no_answer_is_asked_for_later", place(), take(authorize), finish("unknown"), step("pump"), take(as_="u"),
         step("clock_advance", ms=60000), step("pump"), take({"id": "$t.items.0.id", "is_query": True}, as_="w"),
         finish("done", provider_reference="auth-1"), step("pump"), order(status="COMPLETED"))
    case("what_the_provider_never_saw_is_sent_again", place(), take(authorize), finish("unknown"),
         step("clock_advance", ms=60000), step("pump"), take({"is_query": True}, as_="q"),
         finish("not_found"), step("clock_advance", ms=60000), step("pump"),
         take({"id": "$t.items.0.id", "is_query": False}, as_="r"))
    case("a_pending_answer_is_waited_for", place(), take(authorize), finish("pending", provider_reference="p-1", retry_after_ms=5000),
         step("pump"), take(as_="u"), finish("done", provider_reference="auth-1"), step("pump"), order(status="COMPLETED"))
    case("a_result_again_is_a_no_op", place(), take(authorize), finish("done", provider_reference="auth-1"), step("pump"),
         finish("done", provider_reference="auth-1"), step("pump"), order(status="COMPLETED"))
    case("what_was_not_begun_counts_no_attempt", place(), take(authorize), finish("not_begun", retry_after_ms=2000), step("pump"),
         take(as_="u"), step("clock_advance", ms=2000), step("pump"), take({"attempt": 1}, as_="w"))
    case("a_refused_capture_parks", place(), take(authorize), finish("done", provider_reference="a"), step("pump"),
         take({"verb": "capture"}, as_="c"), finish("declined", "$c.items.0.id", code="gone"), step("pump"),
         order(status="PARKED", outcome="COMPLETED", parked=["payment"]))
    case("results_in_one_call", place(), place("p"), take({}, {}), step("task_finish_many", results=[
        {"task_id": "$t.items.0.id", "outcome": "done", "provider_reference": "a"},
        {"task_id": NOBODY, "outcome": "done"},
        {"task_id": "$t.items.1.id", "outcome": "declined", "code": "no"}],
        gives={"each": ["OK", "ENOTFOUND", "OK"]}, fails={"status": "ENOTFOUND", "field": "results[1]"}),
        step("pump"), step("order_list", gives={"items": [{}, {}]}), step("order_list", status="COMPLETED", gives={"items": [{}]}),
        step("order_list", status="FAILED", gives={"items": [{"decline_code": "no"}]}))


def rules(file):
    def case(name, *steps, shop=SHOP):
        file.case(name, *steps, open=shop)

    case("nothing_to_do_is_no_failure", take())
    case("nobody_elses_task_is_finished", finish("done", NOBODY, fails={"status": "ENOTFOUND"}))
    case("a_task_has_one_of_its_outcomes", place(), take({}), finish(9, fails={"status": "EINVAL", "field": "outcome"}),
         finish(0, fails={"status": "EINVAL", "field": "outcome"}))
    case("a_payment_is_no_notification", place(), take({}), finish("done", kind="notification", fails={"status": "ENOTFOUND"}),
         finish("done", kind="payment", provider_reference="a"))
    for capacity in (0, 1025):
        case(f"no_{capacity}_tasks_are_taken", step("task_take", kind="payment", capacity=capacity, fails={"status": "EINVAL"}))
    for lease in (999, 3600001):
        case(f"a_lease_of_{lease}_is_refused", step("task_take", kind="payment", capacity=1, lease_ms=lease, fails={"status": "EINVAL"}))
    case("a_task_has_a_kind", step("task_take", kind=3, capacity=1, fails={"status": "EINVAL"}))
    case("what_the_simulator_does_is_nobodys_task", step("order_place", as_="o", currency="EUR", payment_method="tok_timeout",
                                                       no_wait=True, lines=[{"sku": "sku-1", "quantity": 1}]),
         take(), shop={"product_count": 1, "stock": 5})
    case("tasks_outlive_a_restart", place(), step("reopen"), take({"order_id": "$o.id", "verb": "authorize"}),
         shop={**SHOP, "store": "file"})


def notifications(file):
    def case(name, *steps):
        file.case(name, *steps, open=SHOP)

    told = [place(customer_id="ann", reference="R-1"), take({}), finish("done", provider_reference="a"), step("pump")]
    mail = {"kind": "notification", "id": "?id", "order_id": "$o.id", "notification_kind": "order.completed", "verb": None,
            "contact": "ann@example.org", "customer_id": "ann", "amount_minor": 500, "currency": "EUR"}
    case("a_completed_order_is_told", *told, take(mail, as_="n", kind="notification"), finish("done", "$n.items.0.id"), step("pump"),
         step("notification_list", gives={"items": [{"kind": "order.completed", "order_id": "$o.id", "state": "SENT"}],
                                          "next_cursor": None}))
    case("a_notification_that_waits", *told, step("notification_list", gives={"items": [
        {"state": "PENDING", "contact": "ann@example.org", "attempts": 0}]}),
         step("notification_list", state="SENT", gives={"items": []}))
    case("a_notification_on_its_way", *told, take(mail, as_="n", kind="notification"),
         step("notification_list", state="SENDING", gives={"items": [{"order_id": "$o.id"}]}))
    case("a_notification_that_nobody_takes", *told, take(mail, as_="n", kind="notification"),
         finish("declined", "$n.items.0.id", code="no_such_box"), step("pump"),
         step("notification_list", gives={"items": [{"state": "FAILED", "detail": "no_such_box"}]}))
    case("a_notification_is_not_pending", *told, take(mail, as_="n", kind="notification"),
         finish("pending", "$n.items.0.id", fails={"status": "EINVAL", "field": "outcome"}))
    case("a_failed_order_is_told", place(), take({}), finish("declined", code="no"), step("pump"),
         take({"notification_kind": "order.failed", "reason": "payment_declined"}, as_="n", kind="notification"))
    case("a_cancelled_order_is_told", place(), step("order_cancel", order_id="$o.id", reason="customer"), step("pump"),
         take({"notification_kind": "order.cancelled", "reason": "customer"}, as_="n", kind="notification"), )
    case("no_state_of_notifications", step("notification_list", state=7, fails={"status": "EINVAL", "field": "state"}))


def files():
    file = File("tasks", "Payments and notifications as tasks.", "by hand, from aurora/task.h", "shop")
    payments(file)
    rules(file)
    notifications(file)
    return [file]
