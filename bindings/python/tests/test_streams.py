# SPDX-License-Identifier: MIT
"""Products, stock, search; events and tasks as loops; what operators do."""

import datetime
import threading

import pytest

import aurora
from aurora import Decision, Money, OrderStatus, Participant, ProductInput, StepResult, TaskResult
from conftest import PAY, stocked


def test_products_are_put_read_and_deleted(shop):
    version = shop.products.put("cup", "Cup", Money("3", "EUR"), brand="B", category="kitchen",
                                attributes={"colour": "blau"}, if_version=0)
    cup = shop.products.get("cup")

    assert (cup.version, cup.price, cup.attributes) == (version, Money("3", "EUR"), {"colour": "blau"})
    assert [product.sku for product in shop.products.list(category="kitchen")] == ["cup", "mug"]
    with pytest.raises(aurora.VersionError):
        shop.products.put("cup", "Cup", Money("4", "EUR"), if_version=0)
    shop.products.delete("cup", if_version=version)
    with pytest.raises(aurora.NotFoundError):
        shop.products.get("cup")
    with pytest.raises(TypeError, match="must be Money"):
        shop.products.put("cup", "Cup", 4.0)


def test_many_products_are_each_for_themselves(shop):
    errors = shop.products.put_many([ProductInput("a", "A", Money("1", "EUR")),
                                     ProductInput("", "B", Money("1", "EUR")),
                                     ProductInput("c", "C", Money("1", "EUR"))])

    assert [error is None for error in errors] == [True, False, True]
    assert errors[1].field == "inputs[1].sku"
    assert shop.products.get("c").name == "C"


def test_stock_moves_once_for_a_key(shop):
    assert not shop.stock.receive("mug", 5, key="d2").is_repeat
    assert shop.stock.receive("mug", 5, key="d2").is_repeat
    assert shop.stock.adjust("mug", -4, reason="broken", key="a1").available == 101
    with pytest.raises(aurora.KeyReusedError):
        shop.stock.receive("mug", 6, key="d2")
    with pytest.raises(aurora.InsufficientStockError):
        shop.stock.adjust("mug", -1000, reason="stolen", key="a2")


def test_stock_is_reserved_without_an_order(shop):
    assert shop.stock.reserve("hold-1", [("mug", 60)], ttl=60) is Decision.RESERVED
    assert shop.stock.reserve("hold-2", [("mug", 60)], ttl=60) is Decision.OUT_OF_STOCK
    held, = shop.stock.reservations("mug")
    assert (held.key, held.quantity, held.order_id) == ("hold-1", 60, None)
    shop.stock.commit("hold-1")
    assert shop.stock.get("mug").sold == 60
    with pytest.raises(aurora.ConflictError):
        shop.stock.release("hold-1")


def test_search_finds_what_was_put(tmp_path):
    with aurora.open(tmp_path / "shop.db", worker=False) as shop:
        shop.products.put("mug", "Blue mug", Money("3", "EUR"), category="kitchen")
        while shop.pump() == 0:
            pass
        page = shop.search("mug")

        assert [hit.product.sku for hit in page.hits] == ["mug"]
        assert page.hits[0].highlight == "Blue <em>mug</em>"
        assert [(facet.value, facet.count) for facet in page.facets] == [("kitchen", 1)]
        assert shop.search("nothing").total == 0


# --- events ---------------------------------------------------------------------------------------


def test_events_are_acknowledged_behind_the_loop(shop):
    shop.orders.place([("mug", 1)], **PAY)

    types = [event.type for event in shop.events.read("mailer")]

    assert types[0] == "product.upserted" and "order.completed" in types
    assert list(shop.events.read("mailer")) == []


@pytest.mark.parametrize("leave", ["break", "raise"])
def test_a_loop_left_early_keeps_its_event(shop, leave):
    shop.orders.place([("mug", 1)], **PAY)
    seen = []
    try:
        for event in shop.events.read("mailer"):
            seen.append(event.position)
            if len(seen) == 3:
                if leave == "break":
                    break
                raise KeyError
    except KeyError:
        pass

    assert next(shop.events.read("mailer")).position == seen[-1]


def test_following_ends_with_silence(shop):
    shop.orders.place([("mug", 1)], **PAY)
    assert len(list(shop.events.follow("mailer", limit=2, wait=0))) == shop.events.bounds()[1]
    assert [consumer.lag for consumer in shop.events.consumers() if consumer.name == "mailer"] == [0]
    shop.events.forget("mailer")
    assert "mailer" not in [consumer.name for consumer in shop.events.consumers()]


# --- tasks ----------------------------------------------------------------------------------------


def test_a_provider_is_a_loop(unpaid):
    order = unpaid.orders.place([("mug", 2)], **PAY, timeout=0)

    verbs = []
    for task in unpaid.payments.tasks():
        assert task.amount == Money("25.00", "EUR") and task.order_id == order.id
        verbs.append(task.verb.name)
        task.finish(TaskResult.done(f"psp-{task.verb.name}"))

    assert verbs == ["AUTHORIZE", "CAPTURE"]
    assert unpaid.orders.get(order.id).settled_at is not None


def test_what_a_loop_did_not_get_to_is_given_back(unpaid):
    for _ in range(3):
        unpaid.orders.place([("mug", 1)], **PAY, timeout=0)
    first = next(unpaid.payments.tasks())  # the generator is dropped at once

    again = unpaid.payments.take(wait=10)

    assert again and first.id not in [task.id for task in again]
    assert {task.attempt for task in again} == {1}


def test_a_handler_that_raises_leaves_an_unknown_outcome(unpaid, caplog):
    order = unpaid.orders.place([("mug", 1)], **PAY, timeout=0)

    def handler(task):
        unpaid.close()
        raise ValueError("the bank is on fire")

    unpaid.payments.serve(handler)

    assert "the bank is on fire" in caplog.text
    assert order.status is OrderStatus.RESERVED


def test_serving_goes_on_behind_a_report_that_is_refused(unpaid, caplog):
    orders = [unpaid.orders.place([("mug", 1)], **PAY, timeout=0) for _ in range(3)]
    answers = {orders[0].id: None, orders[1].id: TaskResult.done("x" * 300), orders[2].id: TaskResult.done()}
    stop, seen = threading.Event(), []

    def handler(task):
        seen.append(task.order_id)
        if task.verb is aurora.Verb.CAPTURE:
            stop.set()
        return answers[task.order_id]

    unpaid.payments.serve(handler, stop=stop)

    assert set(seen) == set(answers)
    assert unpaid.orders.get(orders[2].id).status is OrderStatus.COMPLETED
    assert "a TaskResult, not NoneType" in caplog.text and "could not be finished" in caplog.text


@pytest.mark.parametrize("end", [KeyboardInterrupt, SystemExit])
def test_serving_that_is_interrupted_gives_back_the_rest(unpaid, end):
    for _ in range(3):
        unpaid.orders.place([("mug", 1)], **PAY, timeout=0)
    begun = []

    def handler(task):
        begun.append(task.id)
        raise end

    with pytest.raises(end):
        unpaid.payments.serve(handler)

    again = unpaid.payments.take(wait=10)
    assert again and begun[0] not in [task.id for task in again]


def test_a_notification_may_be_given_back_any_number_of_times():
    with aurora.open("memory:", settings={"notify": "none:", "attempts_max": 2, "park_attempts_min": 2}) as shop:
        order = stocked(shop).orders.place([("mug", 1)], **PAY, contact="ann@shop.example")
        for _ in range(4):
            note, = shop.notifications.take(wait=10)
            shop.notifications.give_back([note])
        note, = shop.notifications.take(wait=10)
        note.finish(TaskResult.done())
        sent, = shop.notifications.list()
        assert (note.attempt, sent.order_id, sent.state.name, sent.attempts) == (1, order.id, "SENT", 1)


def test_notifications_are_tasks(unpaid):
    order = unpaid.orders.place([("mug", 1)], **PAY, contact="ann@shop.example", timeout=0)
    for task in unpaid.payments.tasks():
        task.finish(TaskResult.done())
    told = []
    for note in unpaid.notifications.tasks(wait=5):
        told.append((note.kind.name, note.contact))
        note.finish(TaskResult.done())
        break

    assert told == [("COMPLETED", "ann@shop.example")]
    sent, = unpaid.notifications.list()
    assert (sent.order_id, sent.state.name) == (order.id, "SENT")


def test_results_in_many_are_each_for_themselves(unpaid):
    unpaid.orders.place([("mug", 1)], **PAY, timeout=0)
    task, = unpaid.payments.take()
    errors = unpaid.payments.finish_many([(task.id, TaskResult.done()), (task.order_id, TaskResult.done())])

    assert errors[0] is None and isinstance(errors[1], aurora.NotFoundError)
    with pytest.raises(TypeError, match="TaskResult"):
        task.finish("psp-1")


# --- operators ------------------------------------------------------------------------------------


def test_an_operator_helps_a_parked_payment():
    with aurora.open("memory:", settings={"payment": "none:", "attempts_max": 1, "park_attempts_min": 1,
                                          "retry_first": datetime.timedelta(seconds=1)}) as shop:
        shop.products.put("mug", "Mug", Money("1", "EUR"))
        shop.stock.receive("mug", 1, key="d")
        order = shop.orders.place([("mug", 1)], **PAY, timeout=0)
        for task in shop.payments.tasks():
            task.finish(TaskResult.unknown())
        order = shop.orders.wait(order.id, after_version=order.version, timeout=10)
        saga, = shop.sagas.list(parked=True)

        assert order.status is OrderStatus.PARKED and saga.order_id == order.id
        with pytest.raises(aurora.ConflictError):
            shop.sagas.retry(order.id, Participant.INVENTORY, actor="eve")
        shop.sagas.mark(order.id, Participant.PAYMENT, StepResult.AUTHORIZED, actor="eve", note="seen it")

        assert shop.orders.get(order.id).outcome is OrderStatus.COMPLETED
        assert any(step.actor == "eve" for step in shop.orders.history(order.id))
        assert list(shop.sagas.dead_letters()) == []


def test_a_store_is_verified_and_copied(shop, tmp_path):
    shop.orders.place([("mug", 1)], **PAY)

    report = shop.verify()

    assert report.is_ok and report.order_count == 1 and report.violations == []
    assert shop.drain().is_drained
    assert len(shop.store_key("cursor")) == 32
    with aurora.open(tmp_path / "a.db") as file:
        file.backup(tmp_path / "b.db")
        with pytest.raises(aurora.ConflictError):
            file.backup(tmp_path / "b.db")
    aurora.open(tmp_path / "b.db", create=False).close()
    shop.refuse_orders()
    with pytest.raises(aurora.BusyError) as caught:
        shop.orders.place([("mug", 1)], **PAY)
    assert caught.value.retryable


def test_stores_are_verified_together(shop):
    with stocked(aurora.open("memory:")) as other:
        other.orders.place([("mug", 1)], **PAY)
        report = aurora.verify_stores([shop, other], at_rest=True)
        assert report.is_ok and (report.order_count, report.sku_count) == (1, 2)
        with pytest.raises(aurora.InvalidArgumentError) as caught:
            aurora.verify_stores([])
        assert caught.value.field == "shops"
    with pytest.raises(aurora.ClosedError):
        aurora.verify_stores([shop, other])
    assert shop.stock.get("mug").available == 100


def test_metrics_and_settings_are_told(shop):
    shop.orders.place([("mug", 1)], **PAY)
    text = shop.metrics.text()

    assert "# TYPE aurora_batches_total counter" in text
    assert shop.metrics.text(aurora.MetricFormat.OPENMETRICS).endswith("# EOF\n")
    assert any(sample.name == "aurora_batches_total" and sample.value > 0 for sample in shop.metrics.samples())
    assert "order_wait" in [setting.name for setting in aurora.settings.table()]
    shop.set("order_wait", "1s")
    with pytest.raises(aurora.InvalidArgumentError) as caught:
        shop.set("order_wiat", "1s")
    assert "order_wait" in caught.value.rule
    with pytest.raises(TypeError, match="order_wait"):
        shop.set("order_wait", 1.5)


def test_what_sells_is_recommended(tmp_path):
    with aurora.open(tmp_path / "shop.db", worker=False) as shop:
        for sku in ("mug", "cup"):
            shop.products.put(sku, sku, Money("1", "EUR"))
            shop.stock.receive(sku, 10, key=sku)
        shop.orders.place([("mug", 1), ("cup", 1)], **PAY)
        shop.products.view("cup", 3)
        while shop.pump() == 0:
            pass

        assert {trend.sku for trend in shop.recommendations.trending()} == {"mug", "cup"}
        assert [trend.sku for trend in shop.recommendations.related("mug")] == ["cup"]
        assert shop.recommendations.popular(limit=1)[0].score == 1
        views = shop.recommendations.trending(kind=aurora.TrendKind.VIEWS, window=aurora.HOUR)
        assert [trend.sku for trend in views] == ["cup"]
