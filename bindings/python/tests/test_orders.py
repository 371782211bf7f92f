# SPDX-License-Identifier: MIT
"""Orders one by one and in batches."""

import datetime
import itertools
import json
import threading
import uuid

import pytest

import aurora
from aurora import Charge, ChargeKind, Line, Money, OrderRequest, OrderStatus, Reason
from conftest import PAY


def test_outcomes_are_data_and_not_exceptions(shop):
    declined = shop.orders.place([("mug", 1)], currency="EUR", payment_method="tok_decline_broke")
    sold_out = shop.orders.place([("mug", 1000)], **PAY)

    assert (declined.status, declined.reason, declined.decline_code) == (
        OrderStatus.FAILED, Reason.PAYMENT_DECLINED, "broke")
    assert (sold_out.status, sold_out.reason) == (OrderStatus.FAILED, Reason.OUT_OF_STOCK)


def test_an_order_carries_all_that_was_given(shop):
    placed_at = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)
    order = shop.orders.place(
        [Line("mug", 2, Money("10.00", "EUR"))], **PAY, key="k", reference="R-1", customer_id="ann",
        contact="ann@shop.example", charges=[Charge(ChargeKind.TAX, "VAT", Money("3.80", "EUR"))],
        metadata={"cart": "7", "gift": "ja, ü"}, placed_at=placed_at)

    assert order.total == Money("23.80", "EUR")
    assert order.lines == (Line("mug", 2, Money("10.00", "EUR")),)
    assert order.charges == (Charge(ChargeKind.TAX, "VAT", Money("3.80", "EUR")),)
    assert order.metadata == {"cart": "7", "gift": "ja, ü"}
    assert (order.customer_id, order.reference, order.contact) == ("ann", "R-1", "ann@shop.example")
    assert order.placed_at == placed_at
    assert json.loads(order.json)["id"] == str(order.id)


def test_prices_are_the_callers_on_all_lines_or_none(shop):
    with pytest.raises(aurora.InvalidArgumentError) as caught:
        shop.orders.place([Line("mug", 1, Money("1", "EUR")), Line("mug", 1)], **PAY)
    assert caught.value.field == "lines"
    with pytest.raises(aurora.CurrencyError):
        shop.orders.place([Line("mug", 1, Money("1", "USD"))], **PAY)


def test_listing_goes_over_pages_and_filters(shop):
    ids = [shop.orders.place([("mug", 1)], **PAY, customer_id=f"c{at % 2}").id for at in range(7)]

    first = shop.orders.page(limit=3)
    second = shop.orders.page(limit=3, cursor=first.next_cursor)

    assert [order.id for order in [*first, *second]] == ids[::-1][:6]
    assert [order.id for order in shop.orders.list()] == ids[::-1]
    assert len(list(shop.orders.list(customer_id="c1", status=OrderStatus.COMPLETED))) == 3
    assert list(shop.orders.list(status=OrderStatus.FAILED)) == []
    assert shop.orders.get(str(ids[0])) == shop.orders.get(ids[0])
    with pytest.raises(aurora.InvalidArgumentError):
        shop.orders.page(cursor="not ours")


def test_cancel_returns_stock_and_the_history_says_who(shop):
    order = shop.orders.place([("mug", 3)], **PAY)

    cancelled = shop.orders.cancel(order.id, note="changed his mind", actor="ann")

    assert cancelled.status is OrderStatus.CANCELLED
    assert shop.stock.get("mug").available == 100
    last = [step for step in shop.orders.history(order.id) if step.note]
    assert (last[0].actor, last[0].note) == ("ann", "changed his mind")
    with pytest.raises(aurora.NotFoundError):
        shop.orders.cancel(uuid.uuid4())


def test_waiting_ends_with_the_next_version(unpaid):
    order = unpaid.orders.place([("mug", 1)], **PAY, timeout=0)
    assert not order.is_final
    assert unpaid.orders.wait(order.id, after_version=order.version, timeout=0.05).version == order.version
    for task in unpaid.payments.tasks():
        task.finish(aurora.TaskResult.done())

    assert unpaid.orders.wait(order.id, after_version=order.version, timeout=10).version > order.version


# --- batches --------------------------------------------------------------------------------------


def test_a_batch_gives_one_completion_for_each(shop):
    requests = [OrderRequest([("mug", 1)], **PAY, key=f"k{at}") for at in range(50)]
    requests[7] = OrderRequest([("mug", 1), ("cup", 1)], **PAY)
    requests[8] = OrderRequest([("mug", 0)], **PAY)

    found = {completion.tag: completion for completion in shop.orders.place_many(requests, in_flight=20)}

    assert sorted(found) == list(range(50))
    assert isinstance(found[7].error, aurora.UnknownSkuError) and found[7].error.field == "lines[1]"
    assert isinstance(found[8].error, aurora.InvalidArgumentError)
    good = [completion for tag, completion in found.items() if tag not in (7, 8)]
    assert {completion.status for completion in good} == {OrderStatus.COMPLETED}
    assert {completion.total_minor for completion in good} == {1250}
    assert shop.orders.get(found[0].id).version == found[0].version


def test_a_packed_order_is_the_order_that_was_meant(shop):
    request = OrderRequest(
        [Line("mug", 2, Money("10.00", "EUR")), Line("mug", 1, Money("0.01", "EUR"))], **PAY, key="k",
        key_scope="tenant", reference="R-1", customer_id="ann", contact="ann@shop.example",
        charges=[Charge(ChargeKind.DISCOUNT, "ten", Money("-1.00", "EUR")),
                 Charge(ChargeKind.FEE, "ü", Money("0.30", "EUR"))],
        metadata={"a": "1", "b": ""}, traceparent="00-" + "1" * 32 + "-" + "2" * 16 + "-01",
        placed_at=datetime.datetime(2026, 1, 2, tzinfo=datetime.timezone.utc))
    with shop.orders.queue(4) as queue:
        assert queue.submit([request], tags=[2**64 - 1], with_orders=True) == 1
        completion, = queue.take(timeout=10)

    single = shop.orders.place_request(request)

    assert completion.tag == 2**64 - 1
    assert single.is_replay and completion.order == single
    assert completion.order.metadata == {"a": "1", "b": ""}


@pytest.mark.parametrize("count", [0, 1, 16, 17])
def test_metadata_is_packed_whatever_its_size(shop, count):
    request = OrderRequest([("mug", 1)], **PAY, metadata={f"n{at}": "v" for at in range(count)})
    completions = list(shop.orders.place_many([request, OrderRequest([("mug", 1)], **PAY)]))

    bad = [completion for completion in completions if completion.error]
    assert len(bad) == (1 if count > 16 else 0)
    assert all(isinstance(completion.error, aurora.InvalidArgumentError) for completion in bad)


@pytest.mark.parametrize("request_, kind, field", [
    (OrderRequest([("mug", 2**63)], **PAY), aurora.InvalidArgumentError, "lines[0].quantity"),
    (OrderRequest([("mug", 1.5)], **PAY), TypeError, "lines[0].quantity"),
    (OrderRequest([("mug", 1)], **PAY, key="a\0b"), aurora.InvalidArgumentError, "key"),
    (OrderRequest([("mug", 1)], **PAY, key="\ud800"), aurora.InvalidArgumentError, "key"),
    (OrderRequest([(b"mug", 1)], **PAY), TypeError, "lines[0].sku"),
    (OrderRequest([("mug", 1)], currency=None, payment_method="x"), TypeError, "currency")])
def test_what_cannot_be_packed_names_the_field_alone_and_in_a_batch(shop, request_, kind, field):
    good = OrderRequest([("mug", 1)], **PAY)
    with shop.orders.queue(4) as queue:
        for place, where in ((lambda: shop.orders.place_request(request_), ""),
                             (lambda: queue.submit([good, request_, good]), "requests[1].")):
            with pytest.raises(kind) as caught:
                place()
            assert getattr(caught.value, "field", str(caught.value).split(" ")[0]) == where + field
    completions = list(shop.orders.place_many([good, request_, good, request_]))
    assert sorted(completion.tag for completion in completions) == [0, 1, 2, 3]
    for completion in completions:
        if completion.tag % 2 == 0:
            assert completion.status is OrderStatus.COMPLETED
        else:
            assert isinstance(completion.error, aurora.InvalidArgumentError) and completion.status is None
            assert completion.error.field == f"requests[{completion.tag}].{field}" and completion.error.rule


def test_what_is_no_request_at_all_is_told_with_its_place(shop):
    bad = [None, OrderRequest([("mug",)], **PAY), OrderRequest([("mug", 1, Money("1", "USD"))], **PAY)]
    completions = list(shop.orders.place_many([*bad, OrderRequest([("mug", 1)], **PAY)]))
    assert [str(completion.error).split(":")[0] for completion in completions[:3]] == [
        "requests[0]", "requests[1].lines[0]", "requests[2].lines[0].unit_price"]
    assert isinstance(completions[2].error, aurora.CurrencyError)
    assert completions[3].status is OrderStatus.COMPLETED


def test_orders_and_products_may_be_keys(shop):
    order, product = shop.orders.place([("mug", 1)], **PAY, metadata={"a": "1"}), shop.products.get("mug")
    assert len({order, shop.orders.get(order.id)}) == 1 and len({product, shop.products.get("mug")}) == 1


def test_a_wait_without_an_end_ends_with_the_version(unpaid):
    order = unpaid.orders.place([("mug", 1)], **PAY, timeout=0)
    waiting = threading.Thread(target=lambda: found.append(
        unpaid.orders.wait(order.id, after_version=order.version, timeout=None)))
    found = []
    waiting.start()
    waiting.join(0.05)
    assert found == []
    for task in unpaid.payments.tasks():
        task.finish(aurora.TaskResult.done())
    waiting.join(30)
    assert found[0].version > order.version


def test_requests_may_have_no_end(shop):
    endless = (OrderRequest([("mug", 1)], **PAY) for _ in itertools.count())
    completions = list(itertools.islice(shop.orders.place_many(endless, in_flight=8), 20))

    assert {completion.status for completion in completions} == {OrderStatus.COMPLETED}


def test_a_watch_tells_of_the_next_version(unpaid):
    order = unpaid.orders.place([("mug", 1)], **PAY, timeout=0)
    with unpaid.orders.queue() as queue:
        queue.watch(order.id, after_version=order.version, timeout=30, tag=5)
        for task in unpaid.payments.tasks():
            task.finish(aurora.TaskResult.done())
        completion, = queue.take(timeout=10)

    assert completion.tag == 5
    assert completion.order.version > order.version
