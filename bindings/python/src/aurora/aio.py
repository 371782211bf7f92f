# SPDX-License-Identifier: MIT
"""The same shop for asyncio.

    async with aurora.aio.open("shop.db") as shop:
        order = await shop.orders.place([("mug", 2)], currency="EUR", payment_method="tok_approve")

Orders go through a queue whose descriptor the loop watches: no thread waits for one, and those that
are placed at the same time share a batch. What waits inside the library (tasks, events) and what
reads the store runs on threads of the shop's own. A cancelled call leaves nothing behind: a wait is
woken, and tasks that it had just taken are given back. An order that was placed goes on."""

from __future__ import annotations

import array
import asyncio
import concurrent.futures
import itertools
import os
import time
from types import TracebackType
from typing import (TYPE_CHECKING, Any, AsyncGenerator, AsyncIterator, Awaitable, Callable, Dict, Generic,
                    List, Optional, Sequence, Set, Tuple, Type, TypeVar, Union)

from . import shop as _shop
from ._call import Arena, OrderId, UINT64_MAX, WAIT_SLICE_MS, duration_ms, end_of, integer, milliseconds, uint32
from ._native import lib
from .errors import AuroraError
from .events import Event, EventPage
from .orders import Order, OrderRequest, UNDECIDED, native_request, wait_of
from .queue import CAPACITY_MAX, Completion, Packer, Queue
from .statuses import ClosedError, InvalidArgumentError, RangeError
from .tasks import NotificationTask, PaymentTask, Task, TaskResult, Tasks, checked_result, logger

if TYPE_CHECKING:
    from typing_extensions import ParamSpec

    P = ParamSpec("P")

E = TypeVar("E")
R = TypeVar("R")
T = TypeVar("T", bound=Task)

WATCH_SECONDS = 2.0
"""How long one watch lasts at most: it cannot be withdrawn, and holds its place that long."""

WAITERS_MAX = 64


class Mailbox:
    """A queue on a loop: requests out, completions to the futures that wait for them."""

    def __init__(self, shop: _shop.Shop, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._queue: Queue = shop.orders.queue(CAPACITY_MAX)
        self._tags = itertools.count()
        self._pending: Dict[int, "asyncio.Future[Completion]"] = {}
        self._outbox: List[Tuple[int, Packer]] = []
        self._is_flushing = False
        loop.add_reader(self._queue.fileno(), self._receive)

    def __len__(self) -> int:
        """How many futures wait."""
        return len(self._pending)

    async def send(self, packer: Packer) -> Completion:
        """Submits one packed request and waits for what becomes of it."""
        tag, future = self._expect()
        self._outbox.append((tag, packer))
        if not self._is_flushing:
            self._is_flushing = True
            self._loop.call_soon(self._flush)
        return await self._completion(tag, future)

    async def watch(self, order_id: OrderId, after_version: int, seconds: float) -> Completion:
        tag, future = self._expect()
        try:
            self._queue.watch(order_id, after_version=after_version, timeout=seconds, tag=tag)
        except BaseException:
            del self._pending[tag]
            raise
        return await self._completion(tag, future)

    def _expect(self) -> Tuple[int, "asyncio.Future[Completion]"]:
        tag, future = next(self._tags), self._loop.create_future()
        self._pending[tag] = future
        return tag, future

    async def _completion(self, tag: int, future: "asyncio.Future[Completion]") -> Completion:
        try:
            return await future
        finally:
            self._pending.pop(tag, None)

    def _flush(self) -> None:
        """Hands over what has gathered in this turn of the loop, as one batch."""
        self._is_flushing = False
        batch = [(tag, packer) for tag, packer in self._outbox if tag in self._pending]
        self._outbox = []
        if not batch:
            return
        whole = Packer()
        for _, packer in batch:
            whole.numbers += packer.numbers
            whole.texts += packer.texts
        try:
            accepted = self._queue.submit_packed(whole.packed(), array.array("Q", [tag for tag, _ in batch]))
        except AuroraError as error:
            for tag, _ in batch:
                self._fail(tag, error)
            return
        if accepted < len(batch):
            self._outbox = batch[accepted:] + self._outbox
            self._is_flushing = True
            self._loop.call_later(0.002, self._flush)

    def _receive(self) -> None:
        try:
            completions = self._queue.take(timeout=0.0)
        except AuroraError as error:
            self._loop.remove_reader(self._queue.fileno())
            for tag in list(self._pending):
                self._fail(tag, error)
            return
        for completion in completions:
            future = self._pending.get(completion.tag)
            if future is not None and not future.done():
                future.set_result(completion)

    def _fail(self, tag: int, error: AuroraError) -> None:
        future = self._pending.get(tag)
        if future is not None and not future.done():
            future.set_exception(error)

    def close(self) -> None:
        descriptor = self._queue.fileno()
        if descriptor >= 0 and not self._loop.is_closed():
            self._loop.remove_reader(descriptor)
        for tag in list(self._pending):
            self._fail(tag, ClosedError())
        self._queue.close()


class Course(Generic[E]):
    """An async generator that owes something when it is left early, an acknowledgement or a giving
    back. The shop knows those that have begun, so that it is done before the shop is closed."""

    def __init__(self, shop: AsyncShop, generator: AsyncGenerator[E, None], is_quiet: bool) -> None:
        self._shop, self._generator = shop, generator
        self._is_quiet = is_quiet
        self._is_running = False
        self._ending: Optional["asyncio.Task[None]"] = None

    async def next(self) -> E:
        if self._is_running:
            raise RuntimeError("two tasks go through one loop of a shop")
        if self._ending is not None and not self._is_quiet:
            raise ClosedError()
        self._shop._courses.add(self)
        self._is_running = True
        try:
            return await self._generator.__anext__()
        except BaseException:
            self._shop._courses.discard(self)
            raise
        finally:
            self._is_running = False

    async def end(self) -> None:
        """One that waits for its next is left alone: it ends when the shop is closed."""
        self.begin_end()
        if self._ending is not None:
            await asyncio.shield(self._ending)

    def begin_end(self) -> None:
        if self._ending is None and not self._is_running:
            self._ending = self._shop._loop.create_task(self._end())

    async def _end(self) -> None:
        try:
            await self._generator.aclose()
        finally:
            self._shop._courses.discard(self)

    def leave(self) -> None:
        """Nobody has it any more; from any thread."""
        if self in self._shop._courses and self._ending is None:
            try:
                self._shop._loop.call_soon_threadsafe(self.begin_end)
            except RuntimeError:
                pass  # the loop is closed


class Stream(AsyncIterator[E]):
    """What `async for` goes through. A loop that is left early ends when its Stream is collected, by
    aclose(), or at the latest when the shop is closed."""

    def __init__(self, shop: AsyncShop, generator: AsyncGenerator[E, None], is_quiet: bool = True) -> None:
        self._course = Course(shop, generator, is_quiet)

    def __aiter__(self) -> Stream[E]:
        return self

    async def __anext__(self) -> E:
        return await self._course.next()

    async def aclose(self) -> None:
        """Ends it now; see contextlib.aclosing."""
        await self._course.end()

    def __del__(self) -> None:
        self._course.leave()


class AsyncShop:
    """An open store on one event loop. `sync` is the Shop that it drives: what has no form of its
    own here is called as `await shop.call(shop.sync.products.get, "mug")`."""

    def __init__(self, sync: _shop.Shop) -> None:
        self.sync = sync
        self._loop = asyncio.get_running_loop()
        self._calls = concurrent.futures.ThreadPoolExecutor(8, "aurora-call")
        self._waits = concurrent.futures.ThreadPoolExecutor(WAITERS_MAX, "aurora-wait")
        self._mailbox: Optional[Mailbox] = None
        self._courses: Set[Course[Any]] = set()
        self.orders = AsyncOrders(self)
        self.events = AsyncEvents(self)
        self.payments: AsyncTasks[PaymentTask] = AsyncTasks(self, sync.payments)
        self.notifications: AsyncTasks[NotificationTask] = AsyncTasks(self, sync.notifications)

    @property
    def mailbox(self) -> Mailbox:
        if asyncio.get_running_loop() is not self._loop:
            raise RuntimeError("an AsyncShop belongs to the event loop that opened it")
        if self._mailbox is None:
            self._mailbox = Mailbox(self.sync, self._loop)
        return self._mailbox

    async def call(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Runs a short blocking call on a thread of the shop's. Cancelling ends the waiting."""
        try:
            return await self._loop.run_in_executor(self._calls, lambda: function(*args, **kwargs))
        except RuntimeError:
            if not self.sync.is_open:
                raise ClosedError() from None
            raise

    async def wait(self, function: Callable[[], R], undo: Optional[Callable[[R], object]] = None) -> R:
        """Runs a call that waits inside the library. Cancelled, it is woken, and `undo` takes back
        what it still brought."""
        if not self.sync.is_open:
            raise ClosedError()
        future = self._loop.run_in_executor(self._waits, function)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            await self._settled(future, self.sync.wake)
            if future.exception() is None and undo is not None:
                await self._settled(asyncio.ensure_future(self._undone(undo, future.result())))
            raise

    async def _undone(self, undo: Callable[[R], object], result: R) -> None:
        try:
            await self.call(undo, result)
        except ClosedError:
            pass  # the leases end by themselves

    async def _settled(self, future: "asyncio.Future[Any]", urge: Optional[Callable[[], None]] = None) -> None:
        while not future.done():
            try:
                if urge is not None:
                    urge()
                await asyncio.wait({future}, timeout=None if urge is None else 0.05)
            except asyncio.CancelledError:
                continue

    async def close(self) -> None:
        """As Shop.close; placings that wait raise ClosedError. Loops over events and tasks that were
        left early acknowledge and give back first."""
        await asyncio.gather(*[course.end() for course in list(self._courses)], return_exceptions=True)
        if self._mailbox is not None:
            self._mailbox.close()
            self._mailbox = None
        if self.sync.is_open:
            await self._loop.run_in_executor(None, self.sync.close)
        self._calls.shutdown(wait=False)
        self._waits.shutdown(wait=False)

    async def __aenter__(self) -> AsyncShop:
        return self

    async def __aexit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException],
                        trace: Optional[TracebackType]) -> None:
        await self.close()


class Opening:
    """What open() gives: to be awaited, or entered by `async with`."""

    def __init__(self, url: Union[str, "os.PathLike[str]"], options: Dict[str, Any]) -> None:
        self._url, self._options = url, options
        self._shop: Optional[AsyncShop] = None

    async def _open(self) -> AsyncShop:
        loop = asyncio.get_running_loop()
        sync = await loop.run_in_executor(None, lambda: _shop.open(self._url, **self._options))
        return AsyncShop(sync)

    def __await__(self) -> Any:
        return self._open().__await__()

    async def __aenter__(self) -> AsyncShop:
        self._shop = await self._open()
        return self._shop

    async def __aexit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException],
                        trace: Optional[TracebackType]) -> None:
        assert self._shop is not None
        await self._shop.close()


def open(url: Union[str, "os.PathLike[str]"], **options: Any) -> Opening:
    """Opens a store with the options of aurora.open, always with a worker."""
    if not options.setdefault("worker", True):
        raise InvalidArgumentError("must be True: the event loop does not drive the store", "worker")
    return Opening(url, options)


class AsyncOrders:
    """`shop.orders`."""

    def __init__(self, shop: AsyncShop) -> None:
        self._shop = shop

    async def place(self, lines: Sequence[Any], *, currency: str, payment_method: str,
                    timeout: Optional[float] = None, **members: Any) -> Order:
        """As Orders.place, with the members of OrderRequest."""
        return await self.place_request(OrderRequest(lines, currency, payment_method, **members),
                                        timeout=timeout)

    async def place_request(self, request: OrderRequest, *, timeout: Optional[float] = None) -> Order:
        flags, timeout_ms = wait_of(timeout)
        packer = Packer()
        try:
            packer.add(request, flags | lib.AURORA_ORDER_WITH_RESULT, timeout_ms)
            packer.packed()
        except (TypeError, InvalidArgumentError):
            native_request(request, Arena())  # raises with the field's name
            raise
        completion = await self._shop.mailbox.send(packer)
        error = completion.error
        if isinstance(error, (InvalidArgumentError, RangeError)):
            self._shop.sync.orders.check(request)  # raises with field and rule
        if error is not None:
            raise error
        assert completion.order is not None
        return completion.order

    async def wait(self, order_id: OrderId, *, after_version: int = 0,
                   timeout: Optional[float] = 30.0) -> Order:
        """As Orders.wait, without a thread."""
        integer(after_version, "after_version", 0, UINT64_MAX)
        end = end_of(timeout)
        while True:
            left = max(end - time.monotonic(), 0.0)
            completion = await self._shop.mailbox.watch(order_id, after_version,
                                                        max(min(left, WATCH_SECONDS), 0.001))
            if completion.error is not None and not completion.error.retryable:
                raise completion.error
            order = completion.order
            if order is not None and (order.version > after_version or left <= WATCH_SECONDS):
                return order
            if order is None and left == 0.0:
                raise completion.error or ClosedError()

    async def outcome(self, order_id: OrderId, *, timeout: Optional[float] = 30.0) -> Order:
        """The order once it is decided or parked, or as it is after `timeout` seconds, None = only
        then."""
        end = end_of(timeout)
        order = await self.get(order_id)
        while order.status in UNDECIDED and time.monotonic() < end:
            order = await self.wait(order_id, after_version=order.version,
                                    timeout=min(max(end - time.monotonic(), 0.0), WATCH_SECONDS))
        return order

    async def get(self, order_id: OrderId) -> Order:
        return await self._shop.call(self._shop.sync.orders.get, order_id)

    async def cancel(self, order_id: OrderId, **how: Any) -> Order:
        """As Orders.cancel."""
        return await self._shop.call(lambda: self._shop.sync.orders.cancel(order_id, **how))

    async def list(self, **criteria: Any) -> AsyncIterator[Order]:
        """As Orders.list."""
        cursor: Optional[str] = None
        while True:
            at = cursor
            page = await self._shop.call(
                lambda: self._shop.sync.orders.page(cursor=at, limit=200, **criteria))
            for order in page:
                yield order
            cursor = page.next_cursor
            if cursor is None:
                return


class AsyncEvents:
    """`shop.events`."""

    def __init__(self, shop: AsyncShop) -> None:
        self._shop = shop

    async def page(self, consumer: str, *, limit: int = 0, wait: Optional[float] = 0.0) -> EventPage:
        """As Events.page."""
        wait_ms, most = milliseconds(wait, "wait"), uint32(limit, "limit")
        end = time.monotonic() + wait_ms / 1000
        while True:
            left_ms = WAIT_SLICE_MS if wait_ms < 0 else max(int((end - time.monotonic()) * 1000), 0)
            page = await self._shop.wait(lambda: self._shop.sync.events.page_slice(
                consumer, most, min(left_ms, WAIT_SLICE_MS)))
            if page is not None and (page.events or left_ms == 0):
                return page

    async def ack(self, consumer: str, position: int) -> None:
        await self._shop.call(self._shop.sync.events.ack, consumer, position)

    def read(self, consumer: str, *, limit: int = 100, wait: Optional[float] = 0.0) -> Stream[Event]:
        """As Events.read: acknowledged behind the loop body."""
        return Stream(self._shop, self._read(consumer, limit, wait), is_quiet=False)

    def follow(self, consumer: str, *, limit: int = 100, wait: Optional[float] = None) -> Stream[Event]:
        """As Events.follow."""
        return Stream(self._shop, self._follow(consumer, limit, wait))

    async def _read(self, consumer: str, limit: int, wait: Optional[float]) -> AsyncGenerator[Event, None]:
        page = await self.page(consumer, limit=limit, wait=wait)
        done, is_whole = 0, False
        try:
            for event in page.events:
                yield event
                done = event.position
            is_whole = True
        finally:
            if done and not is_whole:
                await self._try_ack(consumer, done)
        if done:
            await self.ack(consumer, done)

    async def _try_ack(self, consumer: str, position: int) -> None:
        """On the way out: what is not acknowledged comes again."""
        try:
            await self.ack(consumer, position)
        except AuroraError:
            pass

    async def _follow(self, consumer: str, limit: int, wait: Optional[float]) -> AsyncGenerator[Event, None]:
        while True:
            any_came = False
            page = self._read(consumer, limit, wait)
            try:
                async for event in page:
                    any_came = True
                    yield event
            except ClosedError:
                return
            finally:
                await page.aclose()
            if not any_came:
                return


class AsyncTasks(Generic[T]):
    """`shop.payments` and `shop.notifications`."""

    def __init__(self, shop: AsyncShop, sync: Tasks[T]) -> None:
        self._shop = shop
        self._sync = sync

    async def take(self, limit: int = 16, *, lease: float = 30.0, wait: Optional[float] = 0.0) -> List[T]:
        """As Tasks.take."""
        uint32(limit, "limit")
        wait_ms, lease_ms = milliseconds(wait, "wait"), duration_ms(lease, "lease")
        end = time.monotonic() + wait_ms / 1000
        while True:
            left_ms = WAIT_SLICE_MS if wait_ms < 0 else max(int((end - time.monotonic()) * 1000), 0)
            tasks = await self._shop.wait(
                lambda: self._sync.take_slice(limit, lease_ms, min(left_ms, WAIT_SLICE_MS)),
                lambda taken: self._sync.give_back(taken or []))
            if tasks or (tasks is not None and left_ms == 0):
                return tasks

    def tasks(self, *, limit: int = 16, lease: float = 30.0, wait: Optional[float] = 0.0) -> Stream[T]:
        """As Tasks.tasks."""
        return Stream(self._shop, self._tasks(limit, lease, wait))

    async def _tasks(self, limit: int, lease: float, wait: Optional[float]) -> AsyncGenerator[T, None]:
        while True:
            try:
                taken = await self.take(limit, lease=lease, wait=wait)
            except ClosedError:
                return
            if not taken:
                return
            begun = 0
            try:
                for task in taken:
                    begun += 1
                    yield task
            finally:
                if taken[begun:]:
                    await self._shop._undone(self._sync.give_back, taken[begun:])

    async def finish(self, task: T, result: TaskResult) -> None:
        """As Task.finish, without blocking the loop."""
        await self._shop.call(task.finish, result)

    async def serve(self, handler: Callable[[T], Awaitable[TaskResult]], *, concurrency: int = 16,
                    lease: float = 30.0) -> None:
        """Does every task with `handler`, at most `concurrency` at once, until it is cancelled or
        the shop is closed. A handler that raises is logged, and its outcome is unknown; a report
        that is refused is logged, and the task comes again when its lease is over."""
        integer(concurrency, "concurrency", 1, 1024)
        running: set[asyncio.Task[None]] = set()
        try:
            while True:
                while len(running) >= concurrency:
                    _, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for task in await self.take(concurrency - len(running), lease=lease, wait=0.5):
                    running.add(asyncio.ensure_future(self._do(handler, task)))
                running = {one for one in running if not one.done()}
        except ClosedError:
            return
        finally:
            for one in running:
                one.cancel()
            if running:
                await asyncio.gather(*running, return_exceptions=True)

    async def _do(self, handler: Callable[[T], Awaitable[TaskResult]], task: T) -> None:
        try:
            result = checked_result(await handler(task))
        except Exception:
            logger.exception("the handler of task %s failed", task.id)
            result = TaskResult.unknown()
        try:
            await self.finish(task, result)
        except ClosedError:
            return
        except Exception:
            logger.exception("task %s could not be finished", task.id)
