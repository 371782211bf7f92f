# SPDX-License-Identifier: MIT
"""Nothing is left: each piece of memory that the library gave is given back, and Python's own does
not grow with the number of calls."""

import gc
import tracemalloc

import pytest

import aurora
from aurora import OrderRequest, TaskResult, _handle
from aurora._native import ffi, lib
from conftest import PAY, stocked
from test_misuse import CALLS


@pytest.fixture
def allocator(monkeypatch):
    """Counts the pieces of all handles that are opened meanwhile."""
    failing, native = ffi.new("aurora_failing_allocator *"), ffi.new("aurora_allocator *")
    lib.aurora_failing_allocator_init(failing, 2**64 - 1, False)
    lib.aurora_failing_allocator_attach(failing, native)
    original = _handle.native_options

    def counted(options, arena):
        made = original(options, arena)
        made.allocator = native
        return made

    monkeypatch.setattr(_handle, "native_options", counted)
    return failing


def everything(shop):
    """Each call once, those that fail too."""
    for call in CALLS:
        try:
            call(shop)
        except (aurora.AuroraError, TypeError):
            pass
    requests = [OrderRequest([("mug", 1)], **PAY, metadata={"a": "b"}), OrderRequest([("cup", 1)], **PAY)]
    with shop.orders.queue(8) as queue:
        queue.submit(requests, with_orders=True)
        queue.submit(requests, with_orders=True)  # never taken
        queue.take(timeout=5)
    order = shop.orders.place(requests[0].lines, **PAY, timeout=0)
    for task in shop.payments.tasks():
        task.finish(TaskResult.done())
        break
    shop.orders.history(order.id), shop.sagas.get(order.id), shop.events.tail(0), shop.events.consumers()
    shop.search.suggest("mu"), shop.metrics.samples(), next(shop.orders.list()), shop.orders.cancel(order.id)
    for _ in shop.events.read("left-early"):
        break


@pytest.mark.parametrize("payment", ["simulator:", "none:"])
def test_every_piece_of_memory_is_given_back(allocator, payment):
    with stocked(aurora.open("memory:", settings={"payment": payment, "order_wait": "10ms"})) as shop:
        everything(shop)
        for _ in range(3):
            everything(shop)
    assert lib.aurora_failing_allocator_count(allocator) > 1000
    assert lib.aurora_failing_allocator_live(allocator) == 0


def test_a_leak_would_be_seen(allocator):
    with stocked(aurora.open("memory:")) as shop:
        out = ffi.new("aurora_product **")
        lib.shop_product_get(shop._handle.gate, b"mug", out)
    assert lib.aurora_failing_allocator_live(allocator) == 1
    lib.aurora_product_free(out[0])
    assert lib.aurora_failing_allocator_live(allocator) == 0


def test_python_does_not_grow_with_calls(shop):
    def round_of_calls():
        for _ in range(30):
            shop.products.get("mug"), list(shop.products.list()), shop.stock.get("mug"), shop.metrics.text()
            shop.orders.place([("mug", 1)], **PAY, key="one"), list(shop.orders.list()), shop.events.page("a")
            list(shop.orders.place_many([OrderRequest([("mug", 1)], **PAY, key="one")]))
            with pytest.raises(aurora.NotFoundError):
                shop.products.get("cup")

    def measured():
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    round_of_calls()
    tracemalloc.start()
    try:
        round_of_calls()
        before = measured()
        for _ in range(3):
            round_of_calls()
        assert measured() - before < 20_000
    finally:
        tracemalloc.stop()
