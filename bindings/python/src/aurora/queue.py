# SPDX-License-Identifier: MIT
"""Orders in batches and without blocking: requests go in as a list, completions come out as a
list, in the order in which they complete."""

from __future__ import annotations

import array
import struct
import uuid
import weakref
from types import TracebackType
from typing import Any, Iterable, Iterator, List, Optional, Sequence, Tuple, Type

from ._call import (Arena, OrderId, UINT64_MAX, WAIT_SLICE_MS, at_ms, check, duration_ms, failure, id_of, integer,
                    milliseconds, uint32)
from ._handle import Handle
from ._native import ffi, lib
from ._types import CData
from .enums import OrderStatus, Reason
from .errors import AuroraError
from .orders import Order, OrderRequest, native_request, owned_order, price_minor, wait_of
from .statuses import InvalidArgumentError

CAPACITY_MAX = 65536
SLICE = 512
"""Orders that place_many hands over at once."""

ROW = struct.Struct("=Q16siiiIqQIIQQ")
"""aurora_completion as it lies in memory."""

if ROW.size != ffi.sizeof("aurora_completion"):
    raise ImportError("aurora: the layout of aurora_completion is not what this package was made for")


class Completion:
    """What became of one accepted request."""

    __slots__ = ("_row", "_refusal", "order")

    def __init__(self, row: Tuple[Any, ...], order: Optional[Order],
                 refusal: Optional[AuroraError] = None) -> None:
        self._row = row
        self._refusal = refusal
        self.order = order
        """The whole order, of a watch or when it was submitted with_orders."""

    @property
    def tag(self) -> int:
        """As it was submitted."""
        return int(self._row[0])

    @property
    def id(self) -> Optional[uuid.UUID]:
        """The order's; with ReferenceTakenError the first order's."""
        return uuid.UUID(bytes=self._row[1]) if any(self._row[1]) else None

    @property
    def error(self) -> Optional[AuroraError]:
        """What placing would have raised; None when the order is stored. `retryable` says: submit
        it again, with the same key."""
        if self._refusal is not None:
            return self._refusal
        if self._row[2] == 0:
            return None
        error = failure(self._row[2])
        if self._row[5] != lib.AURORA_NO_LINE:
            error.field = f"lines[{self._row[5]}]"
        return error

    @property
    def status(self) -> Optional[OrderStatus]:
        return OrderStatus(self._row[3]) if self._row[3] else None

    @property
    def reason(self) -> Optional[Reason]:
        return Reason(self._row[4]) if self._row[4] else None

    @property
    def total_minor(self) -> int:
        return int(self._row[6])

    @property
    def version(self) -> int:
        return int(self._row[7])

    @property
    def is_replay(self) -> bool:
        return bool(self._row[8])

    def __repr__(self) -> str:
        what = self.error or self.status
        return f"<aurora.Completion {self.tag}: {what}>"


class Packer:
    """Writes requests as numbers and texts, which C makes structs of."""

    def __init__(self) -> None:
        self.numbers: List[int] = []
        self.texts: List[str] = []

    def add(self, request: OrderRequest, flags: int, timeout_ms: int) -> None:
        currency, charges = request.currency, request.charges
        texts: List[str] = [currency, request.payment_method]
        present = 0
        for bit, value in ((1, request.key), (2, request.key_scope), (4, request.reference),
                           (8, request.customer_id), (16, request.contact), (32, request.traceparent)):
            if value is not None:
                present |= bit
                texts.append(value)
        rows: List[int] = []
        priced = 0
        for line in request.lines:
            texts.append(line[0])
            price = line[2] if len(line) > 2 else None  # type: ignore[misc]
            if price is not None:
                priced += 1
            rows += (line[1], price_minor(price, currency, "unit_price"))
        if priced and priced != len(request.lines):
            raise InvalidArgumentError("all have a unit price, or none has", "lines")
        for charge in charges:
            texts.append(charge[1])
            rows += (charge[0], price_minor(charge[2], currency, "charges"))
        if request.own_prices if request.own_prices is not None else priced or charges:
            flags |= lib.AURORA_ORDER_OWN_PRICES
        metadata = request.metadata
        if metadata:
            for name, value in metadata.items():
                texts += (name, value)
        self.numbers += (flags, timeout_ms, at_ms(request.placed_at, "placed_at"), present,
                         len(request.lines), len(charges), len(metadata) if metadata else 0)
        self.numbers += rows
        self.texts += texts

    def packed(self) -> tuple[bytes, "array.array[int]"]:
        """Texts with a NUL behind each, and the numbers."""
        try:
            texts = "\0".join(self.texts).encode() + b"\0"
            numbers = array.array("q", self.numbers)
        except UnicodeEncodeError:
            raise InvalidArgumentError("a text has a lone surrogate", "requests") from None
        except OverflowError:
            raise InvalidArgumentError("a number does not fit 64 bits", "requests") from None
        if texts.count(b"\0") != len(self.texts):
            raise InvalidArgumentError("a text contains a NUL", "requests")
        return texts, numbers


class Queue:
    """Room for `capacity` requests that are submitted and not yet taken. Shared by any number of
    threads; each completion goes to one taker. Close it, best by `with`; orders live on."""

    def __init__(self, handle: Handle, capacity: int) -> None:
        self._gate = handle.open_queue(uint32(capacity, "capacity"))
        self._finalizer = weakref.finalize(self, lib.python_queue_close, self._gate)

    def __enter__(self) -> Queue:
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        self.close()

    def close(self) -> None:
        """Lets takers in other threads go and drops what was not taken. Repeats are no-ops."""
        self._finalizer()

    def fileno(self) -> int:
        """The descriptor that is readable while completions wait, for select and event loops. -1
        when closed. Without a worker poll shop.fileno() too."""
        return int(lib.queue_fd(self._gate))

    def submit(self, requests: Sequence[OrderRequest], *, tags: Optional[Sequence[int]] = None,
               timeout: Optional[float] = None, with_orders: bool = False) -> int:
        """Hands over requests and never waits. Returns how many of the first were accepted: each
        of those gives one completion, with its tag (without tags: its place in `requests`). 0 when
        this queue or the engine's is full: take, and submit the rest again. `timeout` as in
        orders.place: when a completion comes although the order is not decided. A request that
        cannot be one is an error that names it, "requests[7].key", and none is accepted."""
        if not requests:
            return 0
        flags, timeout_ms = wait_of(timeout)
        flags |= lib.AURORA_ORDER_WITH_RESULT if with_orders else 0
        packer = Packer()
        try:
            for request in requests:
                packer.add(request, flags, timeout_ms)
            pieces = packer.packed()
        except Exception:
            for at, fault in faults_of(requests):
                raise named(fault, at) from fault
            raise
        marks = marks_of(range(len(requests)) if tags is None else tags)
        if len(marks) != len(requests):
            raise InvalidArgumentError("must be as many as requests", "tags")
        return self.submit_packed(pieces, marks)

    def submit_packed(self, pieces: tuple[bytes, "array.array[int]"], marks: "array.array[int]") -> int:
        """What submit does once the requests are packed; `marks` are their tags."""
        texts, numbers = pieces
        accepted = ffi.new("uint32_t *")
        status = lib.python_orders_submit(
            self._gate, texts, len(texts), ffi.from_buffer("int64_t[]", numbers), len(numbers),
            ffi.from_buffer("uint64_t[]", marks), len(marks), accepted)
        if status == lib.AURORA_EBUSY:
            return 0
        check(status)
        return int(accepted[0])

    def watch(self, order_id: OrderId, *, after_version: int, timeout: float, tag: int = 0) -> None:
        """Gives one completion with the order as soon as its version is above `after_version`, or
        `timeout` seconds from now. It cannot be withdrawn."""
        check(lib.queue_order_watch(self._gate, id_of(order_id),
                                    integer(after_version, "after_version", 0, UINT64_MAX),
                                    duration_ms(timeout, "timeout"), integer(tag, "tag", 0, UINT64_MAX)))

    def take(self, limit: int = 1024, *, timeout: Optional[float] = 0.0) -> List[Completion]:
        """Up to `limit` completions; waits for the first `timeout` seconds, None = for ever.
        Nothing came, or wake() was called: an empty list. ClosedError when nothing can come."""
        left_ms = milliseconds(timeout, "timeout")
        limit = integer(limit, "limit", 1, CAPACITY_MAX)
        while True:
            wait_ms = WAIT_SLICE_MS if left_ms < 0 else min(left_ms, WAIT_SLICE_MS)
            taken, is_woken = self._take(limit, wait_ms)
            left_ms = left_ms - wait_ms if left_ms >= 0 else -1
            if taken or is_woken or left_ms == 0:
                return taken

    def _take(self, limit: int, wait_ms: int) -> tuple[List[Completion], bool]:
        room, count = ffi.new("aurora_completion[]", limit), ffi.new("uint32_t *")
        status = lib.queue_take(self._gate, room, limit, wait_ms, count)
        if status == lib.AURORA_EINTR:
            return [], True
        check(status)
        return completions_of(room, count[0]), False

    def wake(self) -> None:
        """Lets one waiting taker, else the next one, return with nothing."""
        lib.queue_wake(self._gate)


def completions_of(room: CData, count: int) -> List[Completion]:
    rows = ROW.iter_unpack(ffi.buffer(room, count * ROW.size)[:])
    return [Completion(row, owned_order(ffi.cast("aurora_order *", row[10])) if row[10] else None)
            for row in rows]


def marks_of(tags: Sequence[int]) -> "array.array[int]":
    try:
        return array.array("Q", tags)
    except (TypeError, OverflowError):
        for at, tag in enumerate(tags):
            integer(tag, f"tags[{at}]", 0, UINT64_MAX)
        raise


def faults_of(requests: Sequence[OrderRequest]) -> Iterator[tuple[int, Exception]]:
    """Those that cannot be handed over, and why."""
    for at, request in enumerate(requests):
        packer = Packer()
        try:
            packer.add(request, 0, 0)
            packer.packed()
        except Exception as fault:
            yield at, fault_with_field(request, fault)


def fault_with_field(request: OrderRequest, fault: Exception) -> Exception:
    try:
        native_request(request, Arena())
    except (TypeError, AuroraError) as better:
        return better
    except Exception:
        pass
    return fault


def named(fault: Exception, at: int) -> Exception:
    """The same with the place of its request."""
    where = f"requests[{at}]"
    if isinstance(fault, AuroraError):
        return type(fault)(fault.message, f"{where}.{fault.field}" if fault.field else where)
    return TypeError(f"{where}.{fault}" if isinstance(fault, TypeError) else
                     f"{where} must be an OrderRequest: {fault!r}")


def refused(tag: int, fault: Exception) -> Completion:
    """The completion of a request that was not handed over."""
    error = named(fault, tag)
    if not isinstance(error, AuroraError):
        where, _, rule = str(error).partition(" ")
        error = InvalidArgumentError(rule, where)
    row = (tag, bytes(16), error.status, 0, 0, lib.AURORA_NO_LINE, 0, 0, 0, 0, 0)
    return Completion(row, None, error)


def place_many(handle: Handle, requests: Iterable[OrderRequest], in_flight: int,
               timeout: Optional[float]) -> Iterator[Completion]:
    """What orders.place_many does."""
    with Queue(handle, integer(in_flight, "in_flight", 1, CAPACITY_MAX)) as queue:
        source = enumerate(requests)
        waiting: List[tuple[int, OrderRequest]] = []
        under_way, is_over = 0, False
        while True:
            while not is_over and len(waiting) < SLICE:
                following = next(source, None)
                if following is None:
                    is_over = True
                else:
                    waiting.append(following)
            if waiting and under_way < in_flight:
                batch = [request for _, request in waiting]
                try:
                    accepted = queue.submit(batch, tags=[tag for tag, _ in waiting], timeout=timeout)
                except (TypeError, AuroraError):
                    faults = dict(faults_of(batch))
                    if not faults:
                        raise
                    told = [refused(waiting[at][0], fault) for at, fault in faults.items()]
                    waiting = [one for at, one in enumerate(waiting) if at not in faults]
                    yield from told
                    continue
                del waiting[:accepted]
                under_way += accepted
                if accepted and under_way < in_flight and not is_over:
                    continue
            if not under_way and not waiting:
                return
            for completion in queue.take(timeout=1.0):
                under_way -= 1
                yield completion
