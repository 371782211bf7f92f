# SPDX-License-Identifier: MIT
"""Any sequence of calls does what a few lines of Python say that it does, whichever way an order is
placed: one by one, in a batch, or on an event loop."""

import asyncio

from hypothesis import settings, strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

import aurora
from aurora import Decision, OrderRequest, OrderStatus, Reason

SKUS = ["a", "b", "c"]
PRICE = {"a": 100, "b": 250, "c": 999}
LINES = st.lists(st.tuples(st.sampled_from(SKUS), st.integers(1, 6)), min_size=1, max_size=4)
KEYS = st.one_of(st.none(), st.sampled_from(["k1", "k2", "k3"]))


class Model:
    """What the stock of a SKU is."""

    def __init__(self):
        self.available = self.reserved = self.sold = self.received = self.written_off = 0

    def counters(self):
        return (self.available, self.reserved, self.sold, self.received, self.written_off)


def demand(lines):
    out = {}
    for sku, quantity in lines:
        out[sku] = out.get(sku, 0) + quantity
    return out


class Shop(RuleBasedStateMachine):
    orders, holds = Bundle("orders"), Bundle("holds")

    @initialize()
    def begin(self):
        self.shop = aurora.open("memory:", worker=False)
        self.stock = {sku: Model() for sku in SKUS}
        self.placed, self.by_key, self.serial = {}, {}, 0
        for sku in SKUS:
            self.shop.products.put(sku, sku, aurora.Money.from_minor(PRICE[sku], "EUR"))
            self.receive(sku, 1)

    def fresh(self):
        self.serial += 1
        return f"fresh-{self.serial}"

    @rule(sku=st.sampled_from(SKUS), quantity=st.integers(1, 20))
    def receive(self, sku, quantity):
        key = self.fresh()
        for is_repeat in (False, True):
            assert self.shop.stock.receive(sku, quantity, key=key).is_repeat == is_repeat
        self.stock[sku].available += quantity
        self.stock[sku].received += quantity

    @rule(sku=st.sampled_from(SKUS), quantity=st.integers(1, 10))
    def write_off(self, sku, quantity):
        model = self.stock[sku]
        try:
            self.shop.stock.adjust(sku, -quantity, reason="broken", key=self.fresh())
        except aurora.InsufficientStockError:
            assert quantity > model.available
        else:
            model.available -= quantity
            model.written_off += quantity
            assert model.available >= 0

    # --- orders, three ways -----------------------------------------------------------------------

    def expect(self, lines, token):
        wanted = demand(lines)
        if any(self.stock[sku].available < quantity for sku, quantity in wanted.items()):
            return OrderStatus.FAILED, Reason.OUT_OF_STOCK
        if token == "tok_decline":
            return OrderStatus.FAILED, Reason.PAYMENT_DECLINED
        for sku, quantity in wanted.items():
            self.stock[sku].available -= quantity
            self.stock[sku].sold += quantity
        return OrderStatus.COMPLETED, None

    @rule(target=orders, lines=LINES, key=KEYS, token=st.sampled_from(["tok_approve", "tok_decline"]),
          way=st.sampled_from(["alone", "batch", "loop"]))
    def place(self, lines, key, token, way):
        request = OrderRequest(lines, "EUR", token, key=key)
        known = self.by_key.get(key) if key else None
        try:
            found = getattr(self, way)(request)
        except aurora.KeyReusedError:
            assert known is not None and known[1] != request
            return known[0]
        if known is not None:
            assert known[1] == request and found[0] == known[0] and found[3]
            return known[0]
        order_id, status, reason, is_replay, total = found
        assert (status, reason) == self.expect(lines, token) and not is_replay
        assert total == sum(PRICE[sku] * quantity for sku, quantity in lines)
        self.placed[order_id] = [status, lines]
        if key:
            self.by_key[key] = (order_id, request)
        return order_id

    def alone(self, request):
        return self.told(self.shop.orders.place_request(request))

    def batch(self, request):
        completion, = self.shop.orders.place_many([request])
        if completion.error is not None:
            raise completion.error
        return (completion.id, completion.status, completion.reason, completion.is_replay, completion.total_minor)

    def loop(self, request):
        """The event loop's way needs a worker of its own shop: what it packs is compared instead."""
        with self.shop.orders.queue(4) as queue:
            queue.submit([request], with_orders=True)
            completion, = queue.take(timeout=10)
        if completion.error is not None:
            raise completion.error
        return self.told(completion.order)

    @staticmethod
    def told(order):
        return order.id, order.status, order.reason, order.is_replay, order.total.minor

    @rule(order_id=orders)
    def cancel(self, order_id):
        status, lines = self.placed[order_id]
        try:
            cancelled = self.shop.orders.cancel(order_id)
        except aurora.AlreadyFinalError:
            assert status is OrderStatus.FAILED
            return
        assert cancelled.status is OrderStatus.CANCELLED
        if status is OrderStatus.COMPLETED:
            for sku, quantity in demand(lines).items():  # a return is a receipt, sold stays
                self.stock[sku].available += quantity
                self.stock[sku].received += quantity
        self.placed[order_id][0] = OrderStatus.CANCELLED

    # --- reservations -----------------------------------------------------------------------------

    @rule(target=holds, lines=LINES)
    def reserve(self, lines):
        key, wanted = self.fresh(), demand(lines)
        fits = all(self.stock[sku].available >= quantity for sku, quantity in wanted.items())
        assert self.shop.stock.reserve(key, lines, ttl=1000) is (
            Decision.RESERVED if fits else Decision.OUT_OF_STOCK)
        for sku, quantity in wanted.items() if fits else ():
            self.stock[sku].available -= quantity
            self.stock[sku].reserved += quantity
        return key, wanted if fits else None

    @rule(hold=consumes(holds), commits=st.booleans())
    def end(self, hold, commits):
        key, wanted = hold
        try:
            (self.shop.stock.commit if commits else self.shop.stock.release)(key)
        except aurora.ConflictError:
            assert wanted is None and commits
            return
        for sku, quantity in (wanted or {}).items():
            self.stock[sku].reserved -= quantity
            if commits:
                self.stock[sku].sold += quantity
            else:
                self.stock[sku].available += quantity

    # --- what holds always ------------------------------------------------------------------------

    @invariant()
    def stock_is_as_the_model_says(self):
        if not hasattr(self, "shop"):
            return
        for stock in self.shop.stock.list():
            assert (stock.available, stock.reserved, stock.sold, stock.received,
                    stock.written_off) == self.stock[stock.sku].counters()

    def teardown(self):
        if hasattr(self, "shop"):
            listed = {order.id: order.status for order in self.shop.orders.list()}
            assert listed == {order_id: status for order_id, (status, _) in self.placed.items()}
            assert self.shop.verify().is_ok
            self.shop.close()


Shop.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestShop = Shop.TestCase


def test_an_event_loop_gives_the_same_answers():
    """The third way, with its worker: the same orders as one by one."""
    requests = [OrderRequest([("a", at % 3 + 1)], "EUR", "tok_decline" if at % 5 == 0 else "tok_approve")
                for at in range(30)]

    def stocked(shop):
        shop.products.put("a", "a", aurora.Money("1", "EUR"))
        shop.stock.receive("a", 25, key="d")
        return shop

    async def on_loop():
        async with aurora.aio.open("memory:") as shop:
            await shop.call(stocked, shop.sync)
            return [await shop.orders.place_request(request) for request in requests]

    with stocked(aurora.open("memory:")) as shop:
        alone = [shop.orders.place_request(request) for request in requests]
    assert [(order.status, order.reason, order.total) for order in asyncio.run(on_loop())] == [
        (order.status, order.reason, order.total) for order in alone]
