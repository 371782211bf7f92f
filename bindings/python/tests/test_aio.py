# SPDX-License-Identifier: MIT
"""The shop on an event loop: nothing blocks it, and what is cancelled leaves nothing behind."""

import asyncio
import functools
import gc
import threading
import time

import pytest

import aurora
from aurora import OrderStatus, TaskResult
from conftest import PAY, stocked

TASKS = {"payment": "none:", "notify": "none:"}


def on_loop(**options):
    """A test that gets an open AsyncShop in memory."""
    def decorate(function):
        @functools.wraps(function)
        def run():
            async def main():
                async with aurora.aio.open("memory:", **options) as shop:
                    await shop.call(stocked, shop.sync, 10_000)
                    await asyncio.wait_for(function(shop), 60)
            asyncio.run(main())
        del run.__wrapped__
        return run
    return decorate


async def until(condition):
    while not condition():
        await asyncio.sleep(0.001)


@on_loop()
async def test_orders_placed_together_are_all_answered(shop):
    orders = await asyncio.gather(*[shop.orders.place([("mug", 1)], **PAY, key=f"k{at}") for at in range(200)])

    assert {order.status for order in orders} == {OrderStatus.COMPLETED}
    assert len({order.id for order in orders}) == 200
    assert (await shop.orders.place([("mug", 1)], **PAY, key="k0")).is_replay
    assert len([order async for order in shop.orders.list()]) == 200
    assert (await shop.orders.cancel(orders[0].id)).status is OrderStatus.CANCELLED


@on_loop()
async def test_failures_name_field_and_rule(shop):
    for lines, kind, field in (([("mug", 0)], aurora.InvalidArgumentError, "lines[0].quantity"),
                               ([("cup", 1)], aurora.UnknownSkuError, "lines[0]"),
                               ([("mug", None)], TypeError, None)):
        with pytest.raises(kind) as caught:
            await shop.orders.place(lines, **PAY)
        assert field is None or caught.value.field == field
    with pytest.raises(aurora.NotFoundError):
        await shop.orders.get(b"\1" * 16)
    assert len(shop.mailbox) == 0


@on_loop(settings=TASKS)
async def test_the_loop_goes_on_while_orders_wait(shop):
    placing = asyncio.ensure_future(shop.orders.place([("mug", 1)], **PAY, timeout=30))
    handled = []

    async def pay(task):
        await asyncio.sleep(0)
        handled.append(task.verb.name)
        return TaskResult.done("psp")

    serving = asyncio.ensure_future(shop.payments.serve(pay))
    order = await placing
    assert order.status is OrderStatus.COMPLETED
    await until(lambda: len(handled) == 2)
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving
    assert handled == ["AUTHORIZE", "CAPTURE"]


@on_loop(settings=TASKS)
async def test_a_cancelled_placing_leaves_nothing_and_its_order_goes_on(shop):
    placing = asyncio.ensure_future(shop.orders.place([("mug", 1)], **PAY, timeout=30))
    task, = await shop.payments.take(wait=10)
    placing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await placing
    assert len(shop.mailbox) == 0
    await shop.payments.finish(task, TaskResult.done())

    order, = [order async for order in shop.orders.list()]
    assert (await shop.orders.outcome(order.id)).status is OrderStatus.COMPLETED


@on_loop(settings=TASKS)
async def test_cancelled_waits_give_their_threads_back(shop):
    order = await shop.orders.place([("mug", 1)], **PAY, timeout=0)
    task, = await shop.payments.take(wait=10)
    waits = [asyncio.ensure_future(call) for call in (
        shop.payments.take(wait=None), shop.notifications.take(wait=None),
        shop.events.page("late", wait=None, limit=1000), shop.orders.wait(order.id, after_version=99))]
    await waits.pop(2)
    await asyncio.sleep(0.02)
    for wait in waits:
        wait.cancel()
    assert [type(one) for one in await asyncio.gather(*waits, return_exceptions=True)] == [
        asyncio.CancelledError] * 3
    assert len(shop.mailbox) == 0
    assert shop._waits._work_queue.empty() and shop._calls._work_queue.empty()


@on_loop(settings=TASKS)
async def test_a_task_that_came_with_the_cancel_is_given_back(shop):
    for _ in range(20):
        taking = asyncio.ensure_future(shop.payments.take(wait=None))
        await asyncio.sleep(0)
        await shop.orders.place([("mug", 1)], **PAY, timeout=0)
        taking.cancel()
        await asyncio.gather(taking, return_exceptions=True)
        if taking.cancelled():
            break
    task, = await shop.payments.take(wait=10)  # not when its lease of 30 s is over
    assert task.attempt == 1


@on_loop(settings=TASKS)
async def test_an_async_loop_left_early_gives_back_the_rest(shop):
    for _ in range(3):
        await shop.orders.place([("mug", 1)], **PAY, timeout=0)
    loop = shop.payments.tasks()
    first = await loop.__anext__()
    await loop.aclose()

    again = await shop.payments.take(wait=10)
    assert again and first.id not in [task.id for task in again]


@on_loop()
async def test_events_are_acknowledged_behind_the_loop(shop):
    await shop.orders.place([("mug", 1)], **PAY)
    seen = [event.type async for event in shop.events.read("mailer")]
    assert "order.completed" in seen
    assert [event async for event in shop.events.follow("mailer", wait=0)] == []
    waiting = asyncio.ensure_future(shop.events.page("mailer", wait=None))
    await shop.orders.place([("mug", 1)], **PAY)
    assert (await waiting).events[0].type == "order.created"


@pytest.mark.parametrize("is_kept", [False, True], ids=["dropped", "kept"])
@pytest.mark.parametrize("loop_of", [
    lambda shop: shop.events.read("mailer"), lambda shop: shop.events.follow("mailer")], ids=["read", "follow"])
def test_a_loop_left_in_a_shop_that_closes_is_acknowledged(tmp_path, loop_of, is_kept):
    async def main():
        async with aurora.aio.open(tmp_path / "shop.db") as shop:
            await shop.call(stocked, shop.sync)
            await shop.orders.place([("mug", 1)], **PAY)
            loop = loop_of(shop)
            kept = loop if is_kept else None
            async for event in loop:
                loop = None
                if event.position == 3:
                    break
        if kept is not None:
            with pytest.raises(StopAsyncIteration if "follow" in kept._course._generator.__name__ else aurora.ClosedError):
                await kept.__anext__()

    asyncio.run(main())
    with aurora.open(tmp_path / "shop.db") as shop:
        assert next(shop.events.read("mailer")).position == 3


@pytest.mark.parametrize("is_kept", [False, True], ids=["dropped", "kept"])
def test_tasks_of_a_loop_left_in_a_shop_that_closes_are_given_back(tmp_path, is_kept):
    async def main():
        async with aurora.aio.open(tmp_path / "shop.db", settings=TASKS) as shop:
            await shop.call(stocked, shop.sync)
            for _ in range(3):
                await shop.orders.place([("mug", 1)], **PAY, timeout=0)
            loop = shop.payments.tasks()
            kept = loop if is_kept else None
            async for task in loop:
                loop = None
                break
        del kept
        return task

    first = asyncio.run(main())
    with aurora.open(tmp_path / "shop.db", settings=TASKS) as shop:
        again = []
        while len(again) < 2:
            again += shop.payments.take(wait=10)
        assert {task.attempt for task in again} == {1} and first.id not in [task.id for task in again]


@on_loop()
async def test_a_cancelled_page_is_woken(shop):
    with pytest.MonkeyPatch.context() as patch:
        for module in (aurora.aio, aurora.events):
            patch.setattr(module, "WAIT_SLICE_MS", 50_000)
        page = await shop.events.page("late", limit=1000)
        await shop.events.ack("late", page.position)
        waiting = asyncio.ensure_future(shop.events.page("late", wait=None))
        await asyncio.sleep(0.02)
        waiting.cancel()
        await asyncio.wait({waiting}, timeout=20)
        assert waiting.cancelled()


@on_loop(settings=TASKS)
async def test_the_loops_thread_writes_nothing(shop):
    threads = set()

    def spied(function):
        def spy(*args):
            threads.add(threading.current_thread())
            return function(*args)
        return spy

    for _ in range(3):
        await shop.orders.place([("mug", 1)], **PAY, timeout=0)
    shop.sync.events.ack = spied(shop.sync.events.ack)
    shop.sync.payments.give_back = spied(shop.sync.payments.give_back)
    for loop in (shop.payments.tasks(), shop.events.read("mailer")):
        await loop.__anext__()
        await loop.__anext__()
        await loop.aclose()
    assert len(threads) > 0 and threading.main_thread() not in threads


def test_serving_goes_on_behind_handlers_that_answer_nonsense(caplog):
    lost, stop = [], []

    async def handler(task):
        stop.append(task.id)
        return None if len(stop) == 1 else TaskResult.done("x" * 300)

    async def main():
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: lost.append(context))
        async with aurora.aio.open("memory:", settings=TASKS) as shop:
            await shop.call(stocked, shop.sync)
            serving = asyncio.ensure_future(shop.payments.serve(handler, concurrency=1))
            for _ in range(2):
                await shop.orders.place([("mug", 1)], **PAY, timeout=0)
            await asyncio.wait_for(until(lambda: "could not be finished" in caplog.text), 30)
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)
        gc.collect()

    asyncio.run(main())
    assert lost == [] and "a TaskResult, not NoneType" in caplog.text


def test_close_answers_who_waits_and_ends_all_threads():
    async def main():
        shop = await aurora.aio.open("memory:", settings=TASKS)
        await shop.call(stocked, shop.sync)
        waits = [asyncio.ensure_future(call) for call in (
            shop.orders.place([("mug", 1)], **PAY, timeout=30), shop.payments.take(wait=None))]
        await until(lambda: waits[1].done())
        waits.append(asyncio.ensure_future(shop.payments.take(wait=None)))
        await asyncio.sleep(0.02)
        await shop.close()
        await shop.close()
        answers = await asyncio.gather(*waits, return_exceptions=True)
        assert isinstance(answers[0], aurora.ClosedError) and isinstance(answers[2], aurora.ClosedError)
        with pytest.raises(aurora.ClosedError):
            await shop.orders.get(b"\1" * 16)
        with pytest.raises(aurora.ClosedError):
            await shop.orders.place([("mug", 1)], **PAY)

    asyncio.run(main())
    end = time.monotonic() + 20
    while any(thread.name.startswith("aurora-") for thread in threading.enumerate()):
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_shop_belongs_to_its_loop():
    async def opened():
        return await aurora.aio.open("memory:")

    async def placed(shop):
        with pytest.raises(RuntimeError, match="event loop"):
            await shop.orders.place([("mug", 1)], **PAY)

    shop = asyncio.run(opened())
    asyncio.run(placed(shop))
    shop.sync.close()
    with pytest.raises(aurora.InvalidArgumentError):
        aurora.aio.open("memory:", worker=False)
