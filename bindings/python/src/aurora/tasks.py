# SPDX-License-Identifier: MIT
"""Work for the outside world: payments and notifications as durable tasks. A program takes some,
does them with whatever it has and finishes each, from any thread. Open the shop with the settings
payment="none:" or notify="none:" to get them."""

from __future__ import annotations

import dataclasses
import datetime
import logging
import threading
import time
import uuid
from typing import Callable, Generic, Iterator, List, Optional, Sequence, TypeVar

from ._call import (Arena, OrderId, WAIT_SLICE_MS, check, duration_ms, failure, failures, id_of, milliseconds, new_error,
                    optional_text_of, optional_time_of, optional_uuid_of, text_of, uint32, uuid_of)
from ._handle import Handle
from ._native import ffi, lib
from ._types import CData
from .breaker import BreakerFigures, figures_of
from .enums import NotificationKind, Outcome, Reason, TaskKind, Verb
from .errors import AuroraError
from .money import Money
from .statuses import ClosedError, NotSupportedError

logger = logging.getLogger("aurora.tasks")


@dataclasses.dataclass(frozen=True)
class TaskResult:
    """How a task went: TaskResult.done("psp-7"), TaskResult.declined("insufficient_funds"), ..."""

    outcome: Outcome
    provider_reference: Optional[str] = None
    code: Optional[str] = None
    retry_after: Optional[float] = None

    @classmethod
    def done(cls, provider_reference: Optional[str] = None) -> TaskResult:
        """It is done; the provider calls it `provider_reference`."""
        return cls(Outcome.DONE, provider_reference)

    @classmethod
    def declined(cls, code: Optional[str] = None) -> TaskResult:
        """Refused for good. Of an authorize it fails the order."""
        return cls(Outcome.DECLINED, code=code)

    @classmethod
    def pending(cls, provider_reference: Optional[str] = None, *,
                retry_after: Optional[float] = None) -> TaskResult:
        """Accepted: finish it again later, or be asked by a query after `retry_after` seconds."""
        return cls(Outcome.PENDING, provider_reference, retry_after=retry_after)

    @classmethod
    def not_found(cls) -> TaskResult:
        """Queries only: the provider never saw this task's id."""
        return cls(Outcome.NOT_FOUND)

    @classmethod
    def unknown(cls, *, retry_after: Optional[float] = None) -> TaskResult:
        """No answer came; a query follows. Of a notification: with `retry_after` it is sent again,
        without it is not, since it may have been sent."""
        return cls(Outcome.UNKNOWN, retry_after=retry_after)

    @classmethod
    def not_begun(cls, *, retry_after: Optional[float] = None) -> TaskResult:
        """Nothing reached the provider, and no attempt is counted. It comes again after
        `retry_after` seconds, 1 unless given."""
        return cls(Outcome.NOT_BEGUN, retry_after=retry_after)


GIVEN_BACK = TaskResult.not_begun(retry_after=0.001)


@dataclasses.dataclass(frozen=True)
class Task:
    """A piece of work, leased until `lease_at`."""

    id: uuid.UUID
    """The provider's idempotency key: the same over attempts and queries."""

    order_id: uuid.UUID
    attempt: int
    amount: Money
    customer_id: Optional[str]
    contact: Optional[str]
    reference: Optional[str]
    reason: Optional[Reason]
    decline_code: Optional[str]
    traceparent: Optional[str]
    deadline_at: Optional[datetime.datetime]
    lease_at: Optional[datetime.datetime]
    _handle: Handle = dataclasses.field(repr=False, compare=False)

    def finish(self, result: TaskResult) -> None:
        """Reports how it went, durably; repeats are no-ops. Also after the lease, from any
        thread: shop.payments.finish(task.id, ...) needs the id only."""
        finish(self._handle, self.id, result, 0)


@dataclasses.dataclass(frozen=True)
class PaymentTask(Task):
    """Move `amount` as `verb` says, or if `is_query` find out what became of `id` and move
    nothing."""

    verb: Verb
    is_query: bool
    payment_method: Optional[str]
    authorize_id: Optional[uuid.UUID]
    provider_reference: Optional[str]


@dataclasses.dataclass(frozen=True)
class NotificationTask(Task):
    """Tell `contact` what became of the order."""

    kind: NotificationKind


T = TypeVar("T", bound=Task)


def common(native: CData, handle: Handle) -> dict[str, object]:
    return {
        "id": uuid_of(native.id), "order_id": uuid_of(native.order_id), "attempt": native.attempt,
        "amount": Money._trusted(native.amount_minor, text_of(native.currency)),
        "customer_id": optional_text_of(native.customer_id), "contact": optional_text_of(native.contact),
        "reference": optional_text_of(native.reference),
        "reason": Reason(native.reason) if native.reason else None,
        "decline_code": optional_text_of(native.decline_code),
        "traceparent": optional_text_of(native.traceparent),
        "deadline_at": optional_time_of(native.deadline_at_ms),
        "lease_at": optional_time_of(native.lease_at_ms), "_handle": handle}


def payment_of(native: CData, handle: Handle) -> PaymentTask:
    return PaymentTask(
        **common(native, handle), verb=Verb(native.verb), is_query=bool(native.is_query),  # type: ignore[arg-type]
        payment_method=optional_text_of(native.payment_method),
        authorize_id=optional_uuid_of(native.authorize_id),
        provider_reference=optional_text_of(native.provider_reference))


def notification_of(native: CData, handle: Handle) -> NotificationTask:
    return NotificationTask(**common(native, handle),  # type: ignore[arg-type]
                            kind=NotificationKind(native.notification_kind))


def checked_result(result: object) -> TaskResult:
    if not isinstance(result, TaskResult):
        raise TypeError(f"a task is finished with a TaskResult, not {type(result).__name__}")
    return result


def native_result(result: TaskResult, kind: int, arena: Arena) -> CData:
    checked_result(result)
    native = arena.struct("aurora_task_result")
    native.outcome = result.outcome
    native.provider_reference = arena.optional_text(result.provider_reference, "provider_reference")
    native.code = arena.optional_text(result.code, "code")
    if result.retry_after is not None:
        native.retry_after_ms = max(duration_ms(result.retry_after, "retry_after", 2**32 - 1), 1)
    native.kind = kind
    return native


def finish(handle: Handle, task_id: OrderId, result: TaskResult, kind: int) -> None:
    arena, error = Arena(), new_error()
    check(lib.shop_task_finish(handle.gate, id_of(task_id, "task_id"), native_result(result, kind, arena),
                               error), error)


class Tasks(Generic[T]):
    """`shop.payments` and `shop.notifications`: tasks of one kind."""

    def __init__(self, handle: Handle, kind: TaskKind, task_of: Callable[[CData, Handle], T]) -> None:
        self._handle = handle
        self._kind = kind
        self._task_of = task_of

    def take(self, limit: int = 16, *, lease: float = 30.0, wait: Optional[float] = 0.0) -> List[T]:
        """Up to `limit` tasks that are due, leased for `lease` seconds: no other taker, in any
        process, gets them meanwhile. Waits for the first `wait` seconds, None = for ever."""
        wait_ms, lease_ms = milliseconds(wait, "wait"), duration_ms(lease, "lease")
        most = uint32(limit, "limit")
        end = time.monotonic() + wait_ms / 1000
        while True:
            left_ms = WAIT_SLICE_MS if wait_ms < 0 else max(int((end - time.monotonic()) * 1000), 0)
            tasks = self.take_slice(most, lease_ms, min(left_ms, WAIT_SLICE_MS))
            if tasks or (tasks is not None and left_ms == 0):
                return tasks

    def take_slice(self, limit: int, lease_ms: int, wait_ms: int) -> Optional[List[T]]:
        """One wait inside the library; None when somebody woke it."""
        out = ffi.new("aurora_task_page **")
        status = lib.shop_task_take(self._handle.gate, self._kind, limit, lease_ms, wait_ms, out)
        if status == lib.AURORA_EINTR:
            return None
        check(status)
        try:
            return [self._task_of(out[0].items[at], self._handle) for at in range(out[0].count)]
        finally:
            lib.aurora_task_page_free(out[0])

    def tasks(self, *, limit: int = 16, lease: float = 30.0, wait: Optional[float] = 0.0) -> Iterator[T]:
        """One task after the other; ends when none came for `wait` seconds, None = not before the
        shop is closed. A loop that is left early gives back what it did not get to; the task it was
        at comes again, as a query, when its lease is over."""
        while True:
            try:
                taken = self.take(limit, lease=lease, wait=wait)
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
                self.give_back(taken[begun:])

    def give_back(self, tasks: Sequence[T]) -> None:
        """Says of tasks that nothing was done about them; somebody else gets them."""
        for task in tasks:
            try:
                task.finish(GIVEN_BACK)
            except AuroraError:
                return  # closed, most likely: the leases end by themselves

    def serve(self, handler: Callable[[T], TaskResult], *, stop: Optional[threading.Event] = None,
              limit: int = 16, lease: float = 30.0) -> None:
        """Does every task with `handler` until `stop` is set or the shop is closed. A handler that
        raises is logged as aurora.tasks, and its outcome is unknown; so is a report that is refused,
        and that task comes again when its lease is over. What was taken and not begun when this
        ends, however it does, is given back."""
        while stop is None or not stop.is_set():
            try:
                self._serve(self.take(limit, lease=lease, wait=0.5), handler, stop)
            except ClosedError:
                return

    def _serve(self, taken: Sequence[T], handler: Callable[[T], TaskResult],
               stop: Optional[threading.Event]) -> None:
        begun = 0
        try:
            for task in taken:
                if stop is not None and stop.is_set():
                    return
                begun += 1
                report(task, attempt(handler, task))
        finally:
            self.give_back(taken[begun:])

    def breaker(self) -> BreakerFigures:
        """The breaker before a payment provider that the library calls by itself.
        NotSupportedError where there is none."""
        if self._kind is not TaskKind.PAYMENT:
            raise NotSupportedError("only payments have one")
        out = ffi.new("aurora_breaker_figures *")
        check(lib.shop_payment_breaker(self._handle.gate, out))
        return figures_of(out)

    def finish(self, task_id: OrderId, result: TaskResult) -> None:
        """Reports on a task by its id, as a provider's call back does. NotFoundError for an id
        that was never a task of this kind."""
        finish(self._handle, task_id, result, self._kind)

    def finish_many(self, results: Sequence[tuple[OrderId, TaskResult]]) -> List[Optional[AuroraError]]:
        """Up to 1,024 reports at once, each for itself: gives for each None or what was wrong."""
        arena, error = Arena(), new_error()
        ids = ffi.new("aurora_id[]", [id_of(task_id, "task_id") for task_id, _ in results])
        natives = [native_result(result, self._kind, arena) for _, result in results]
        each = ffi.new("aurora_status[]", len(results))
        status = lib.shop_task_finish_many(self._handle.gate, ids,
                                           arena.pointers("aurora_task_result", natives), len(results),
                                           each, error)
        if status != 0 and not any(each):
            raise failure(status, error)
        return failures(each, error)


def attempt(handler: Callable[[T], TaskResult], task: T) -> TaskResult:
    try:
        return checked_result(handler(task))
    except Exception:
        logger.exception("the handler of task %s failed", task.id)
        return TaskResult.unknown()


def report(task: Task, result: TaskResult) -> None:
    """Finishes it; one that is refused ends nothing but its task. ClosedError."""
    try:
        task.finish(result)
    except ClosedError:
        raise
    except Exception:
        logger.exception("task %s could not be finished", task.id)


def payments(handle: Handle) -> Tasks[PaymentTask]:
    return Tasks(handle, TaskKind.PAYMENT, payment_of)
