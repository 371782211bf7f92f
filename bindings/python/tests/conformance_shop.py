# SPDX-License-Identifier: MIT
"""The operations of tests/conformance on a shop."""

import json

import aurora
from aurora import Charge, Line, Money, OrderRequest, ProductInput, TaskResult
from conformance import at, impossible, member_of, name_of, plain, status_of


def money(minor, currency):
    """With a currency that is none, the binding already refuses the amount."""
    return Money.from_minor(int(minor), currency if currency is not None else "")


def dict_of(field, pairs):
    found = {}
    for at_pair, pair in enumerate(pairs):
        if pair.get("name") in found:
            impossible(f"{field}[{at_pair}].name")
        found[pair.get("name")] = pair.get("value")
    return found


def page_of(page):
    return {"items": plain(page.items), "next_cursor": page.next_cursor}


def paging(w):
    return {"cursor": w.value("cursor"), "limit": w.number("limit")}


# --- products -------------------------------------------------------------------------------------


def product_members(w):
    attributes = dict_of("attributes", w.value("attributes", []))
    return {"sku": w.value("sku"), "name": w.value("name"),
            "price": money(w.number("price_minor"), w.value("currency")), "attributes": attributes,
            **w.some("description", "brand", "category", "image_url")}


def product_put(run, w):
    version = w.number("if_version", None)
    try:
        return {"version": run.shop.products.put(
            **product_members(w), if_version=aurora.ANY_VERSION if version is None else version)}
    except aurora.VersionError as error:
        run.given = {"version": error.version}
        raise


def product_put_many(run, w):
    products = [ProductInput(**product_members(run.inputs(one))) for one in w.value("products")]
    return run.each(run.shop.products.put_many(products))


def product_get(run, w):
    return plain(run.shop.products.get(w.value("sku")))


def product_delete(run, w):
    version = w.number("if_version", None)
    run.shop.products.delete(w.value("sku"), if_version=aurora.ANY_VERSION if version is None else version)


def product_list(run, w):
    return page_of(run.shop.products.page(category=w.value("category"), **paging(w)))


def product_view(run, w):
    run.shop.products.view(w.value("sku"), w.number("count"))


def product_resync(run, w):
    return {"count": run.shop.products.resync()}


# --- stock ----------------------------------------------------------------------------------------


def stock_receive(run, w):
    run.shop.stock.receive(w.value("sku"), w.number("quantity"), **w.some("key"))


def stock_adjust(run, w):
    run.shop.stock.adjust(w.value("sku"), w.number("delta"), **w.some("key", "reason"))


def stock_move(run, w):
    move = {"receipt": run.shop.stock.receive, "adjustment": run.shop.stock.adjust}.get(w.value("kind"))
    if move is None:
        impossible("kind")
    return plain(move(w.value("sku"), w.number("quantity"), key=w.value("key"),
                      **w.some("reason", "key_scope")))


def stock_get(run, w):
    return plain(run.shop.stock.get(w.value("sku")))


def stock_list(run, w):
    return page_of(run.shop.stock.page(below=w.number("below"), **paging(w)))


def stock_reserve(run, w):
    decision = run.shop.stock.reserve(w.value("key"), lines_of(w), ttl=w.number("ttl_ms") / 1000)
    return {"decision": name_of(decision)}


def stock_commit(run, w):
    run.shop.stock.commit(w.value("key"))


def stock_release(run, w):
    run.shop.stock.release(w.value("key"))


def reservation_list(run, w):
    return page_of(run.shop.stock.reservations_page(w.value("sku"), **paging(w)))


# --- orders ---------------------------------------------------------------------------------------


def lines_of(w, currency=None):
    return [Line(line.get("sku"), int(line.get("quantity", 0)),
                 money(line["unit_price_minor"], currency) if currency and "unit_price_minor" in line else None)
            for line in w.value("lines", [])]


def request_of(w):
    """The request, and how its place is to wait."""
    own = bool(w.value("own_prices"))
    currency = w.value("currency")
    lines = lines_of(w, currency if own else None)
    if own:
        lines = [line if line.unit_price else line._replace(unit_price=money(0, currency)) for line in lines]
    charges = [Charge(member_of(aurora.ChargeKind, charge.get("kind")), charge.get("label"),
                      money(charge.get("amount_minor", 0), currency)) for charge in w.value("charges", [])]
    metadata = dict_of("metadata", w.value("metadata", []))
    request = OrderRequest(
        lines, currency, w.value("payment_method"), charges=charges, metadata=metadata, own_prices=own,
        placed_at=at(w.number("placed_at_ms")),
        **w.some("key", "key_scope", "reference", "customer_id", "contact", "traceparent"))
    timeout_ms = w.number("timeout_ms")
    timeout = 0.0 if w.value("no_wait") else timeout_ms / 1000 if timeout_ms else None
    return request, timeout


def order_result(order):
    return {**plain(order), "_order": order}


def order_check(run, w):
    run.checker(request_of(w)[0])


def order_place(run, w):
    request, timeout = request_of(w)
    return order_result(run.shop.orders.place_request(request, timeout=timeout,
                                                      as_created=bool(w.value("as_created"))))


def order_get(run, w):
    return order_result(run.shop.orders.get(w.value("order_id")))


def order_wait(run, w):
    return order_result(run.shop.orders.wait(w.value("order_id"), after_version=w.number("after_version"),
                                             timeout=w.number("timeout_ms") / 1000))


def order_list(run, w):
    status = w.value("status")
    return page_of(run.shop.orders.page(
        status=member_of(aurora.OrderStatus, status) if status else None, customer_id=w.value("customer_id"),
        reference=w.value("reference"), from_=at(w.number("from_ms")), to=at(w.number("to_ms")), **paging(w)))


def order_cancel(run, w):
    return order_result(run.shop.orders.cancel(
        w.value("order_id"), reason=member_of(aurora.Reason, w.value("reason")),
        **w.some("note", "actor", "key", "key_scope", "traceparent")))


def order_history(run, w):
    history = run.shop.orders.history(w.value("order_id"))
    return {"order_id": w.value("order_id"), "items": plain(history), "dropped_count": 0}


def order_json(run, w):
    return {"json": json.loads(w.value("order")["_order"].json)}


# --- queues ---------------------------------------------------------------------------------------


def queue_new(run, w):
    return run.close_later(run.shop.orders.queue(w.number("capacity")))


def order_submit(run, w):
    pairs = [(request, timeout, one) for one in map(run.inputs, w.value("requests"))
             for request, timeout in [request_of(one)]]
    with_orders = [bool(one.value("with_result")) for _, _, one in pairs]
    tags = w.value("tags", [0] * len(pairs))
    accepted = run.on.submit([request for request, _, _ in pairs], tags=list(map(int, tags)),
                             timeout=pairs[0][1], with_orders=any(with_orders))
    if accepted == 0:
        run.given = {"accepted": 0}
        raise aurora.BusyError()  # Python says 0
    return {"accepted": accepted}


def order_watch(run, w):
    run.on.watch(w.value("order_id"), after_version=w.number("after_version"),
                 timeout=w.number("timeout_ms") / 1000, tag=w.number("tag"))


def completion_of(completion):
    error = completion.error
    line = int(error.field[6:-1]) if error is not None and error.field else None
    return {"tag": completion.tag, "id": plain(completion.id), "status": status_of(error)[0] if error else "OK",
            "order_status": plain(completion.status), "reason": plain(completion.reason), "error_line": line,
            "total_minor": completion.total_minor, "version": completion.version,
            "is_replay": completion.is_replay, "order": plain(completion.order)}


def queue_take(run, w):
    taken, is_woken = run.on._take(w.number("capacity"), w.number("timeout_ms"))
    if is_woken:
        raise aurora.WokenError()  # Python gives an empty list
    return {"items": [completion_of(one) for one in taken]}


def queue_wake(run, w):
    run.on.wake()


# --- events, tasks, notifications -----------------------------------------------------------------


def events_of(page):
    items = plain(page.events)
    for item in items:
        item["data"] = json.loads(item["data"])
    return {"items": items, "position": page.position}


def event_read(run, w):
    return events_of(run.shop.events.page(w.value("consumer"), limit=w.number("limit"),
                                          wait=w.number("wait_ms") / 1000))


def event_ack(run, w):
    run.shop.events.ack(w.value("consumer"), w.number("position"))


def event_tail(run, w):
    return events_of(run.shop.events.tail(w.number("after_position"), limit=w.number("limit"),
                                          wait=w.number("wait_ms") / 1000))


def event_bounds(run, w):
    oldest, newest = run.shop.events.bounds()
    return {"oldest": oldest, "newest": newest}


def consumer_list(run, w):
    return {"items": plain(run.shop.events.consumers())}


def consumer_delete(run, w):
    run.shop.events.forget(w.value("consumer"))


def tasks_of(run, kind):
    if kind not in ("payment", "notification"):
        impossible("kind")
    return run.shop.payments if kind == "payment" else run.shop.notifications


def task_take(run, w):
    kind = w.value("kind")
    tasks = tasks_of(run, kind).take(w.number("capacity"), lease=w.number("lease_ms", 30_000) / 1000,
                                     wait=w.number("wait_ms") / 1000)
    return {"items": [task_members(task, kind) for task in tasks]}


def task_members(task, kind):
    out = plain(task)
    nothing = {"verb": None, "is_query": False, "payment_method": None, "authorize_id": None,
               "provider_reference": None, "notification_kind": out.get("kind")}
    return {**nothing, **out, "kind": kind}


def result_of(w):
    retry_ms = w.number("retry_after_ms")
    return TaskResult(member_of(aurora.Outcome, w.value("outcome")), w.value("provider_reference"),
                      w.value("code"), retry_ms / 1000 if retry_ms else None)


def task_finish(run, w):
    result, kind = result_of(w), w.value("kind")
    finisher = tasks_of(run, kind).finish if kind else run.finish
    finisher(w.value("task_id"), result)


def task_finish_many(run, w):
    results = [(one.value("task_id"), result_of(one)) for one in map(run.inputs, w.value("results"))]
    return run.each(run.shop.payments.finish_many(results))


def notification_list(run, w):
    state = w.value("state")
    return page_of(run.shop.notifications.page(
        member_of(aurora.NotificationState, state) if state is not None else None, **paging(w)))


# --- operators ------------------------------------------------------------------------------------


def saga_list(run, w):
    participant = w.value("participant")
    return page_of(run.shop.sagas.page(
        parked=bool(w.value("is_parked")), older_than=w.number("age_min_ms") / 1000,
        participant=member_of(aurora.Participant, participant) if participant else None, **paging(w)))


def saga_get(run, w):
    return plain(run.shop.sagas.get(w.value("order_id")))


def saga_repair(run, w):
    participant, result = w.value("participant"), w.value("result")
    run.shop.sagas.repair(
        w.value("order_id"), member_of(aurora.RepairAction, w.value("action")), actor=w.value("actor"),
        note=w.value("note"), participant=member_of(aurora.Participant, participant) if participant else None,
        result=member_of(aurora.StepResult, result) if result else None)


def dead_letter_list(run, w):
    found = page_of(run.shop.sagas.dead_letter_page(w.value("consumer"), **paging(w)))
    return {**found, "items": [{**item, "event_kind": item["kind"]} for item in found["items"]]}


def dead_letter_redrive(run, w):
    return {"count": run.shop.sagas.redrive(w.value("consumer"), w.value("key"))}


def verify(run, w):
    return plain(run.shop.verify())


def backup(run, w):
    run.shop.backup(run.path(w.value("name")))


def open_backup(run, w):
    run.open(run.path(w.value("name")))


def store_key(run, w):
    return {"key": run.shop.store_key(w.value("name")).hex()}


def drain_set(run, w):
    run.shop.refuse_orders(bool(w.value("is_refusing")))


def drain_get(run, w):
    return plain(run.shop.drain())


def restored(run, w):
    run.shop.restored()


# --- finding --------------------------------------------------------------------------------------


def search(run, w):
    sort = w.value("sort")
    page = run.shop.search(
        w.value("text"), category=w.value("category"), brand=w.value("brand"),
        price_min_minor=w.number("price_min_minor"), price_max_minor=w.number("price_max_minor"),
        sort=member_of(aurora.Sort, sort) if sort is not None else aurora.Sort.RELEVANCE, **paging(w))
    return {**plain(page), "items": plain(page.hits)}


def search_suggest(run, w):
    return {"items": run.shop.search.suggest(w.value("prefix"), limit=w.number("limit"))}


def search_rebuild(run, w):
    run.shop.search.rebuild()


def trending(run, w):
    kind = w.value("kind")
    window_ms = w.number("window_ms")
    return {"items": plain(run.shop.recommendations.trending(
        window=window_ms / 1000 if window_ms else aurora.DAY, category=w.value("category"),
        kind=member_of(aurora.TrendKind, kind) if kind is not None else aurora.TrendKind.ORDERS,
        at=at(w.number("at_ms")), limit=w.number("limit")))}


def related_products(run, w):
    return {"items": plain(run.shop.recommendations.related(w.value("sku"), limit=w.number("limit")))}


def popular_products(run, w):
    return {"items": plain(run.shop.recommendations.popular(category=w.value("category"), limit=w.number("limit")))}


# --- the rest -------------------------------------------------------------------------------------


def setting_put(run, w):
    name, _, value = w.value("assignment").partition("=")
    run.shop.set(name, value)


def health(run, w):
    run.shop.health()


def bus_health(run, w):
    run.shop.bus_health()


def metric(run, w):
    labels, suffix = w.value("labels", {}), w.value("suffix", "")
    found = [sample.value for sample in run.shop.metrics.samples()
             if (sample.name, sample.labels, sample.suffix) == (w.value("name"), labels, suffix)]
    if len(found) != 1:
        raise aurora.NotFoundError("there is not one such sample", "name")
    return {"value": found[0]}


def payment_breaker(run, w):
    return plain(run.shop.payments.breaker())


OPERATIONS = {function.__name__: function for function in (
    product_put, product_put_many, product_get, product_delete, product_list, product_view, product_resync,
    stock_receive, stock_adjust, stock_move, stock_get, stock_list, stock_reserve, stock_commit, stock_release,
    reservation_list, order_check, order_place, order_get, order_wait, order_list, order_cancel, order_history,
    order_json, queue_new, order_submit, order_watch, queue_take, queue_wake, event_read, event_ack, event_tail,
    event_bounds, consumer_list, consumer_delete, task_take, task_finish, task_finish_many, notification_list,
    saga_list, saga_get, saga_repair, dead_letter_list, dead_letter_redrive, verify, backup, open_backup, store_key,
    drain_set, drain_get, restored, search, search_suggest, search_rebuild, trending, related_products,
    popular_products, setting_put, health, bus_health, metric, payment_breaker)}
OPERATIONS["order_cancel_with"] = order_cancel
