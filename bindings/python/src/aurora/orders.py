# SPDX-License-Identifier: MIT
"""Orders: place, read, list, cancel, and what happened to one."""

from __future__ import annotations

import dataclasses
import datetime
import enum
import time
import uuid
from typing import TYPE_CHECKING, Any, Iterable, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

from ._call import (Arena, OrderId, WAIT_SLICE_MS, at_ms, check, end_of, id_of, int32, integer, milliseconds, new_error,
                    optional_text_of, optional_time_of, pairs_of, text_of, time_of, uint32, uuid_of)
from ._handle import Handle
from ._native import ffi, lib
from ._types import CData
from ._page import Page, items, page
from .enums import ChargeKind, EventKind, OrderStatus, Reason
from .money import Money
from .statuses import CurrencyError, InvalidArgumentError

if TYPE_CHECKING:
    from .queue import Completion, Queue


class Line(NamedTuple):
    """One line of an order. `unit_price` only where the prices are the caller's."""

    sku: str
    quantity: int
    unit_price: Optional[Money] = None


LineLike = Union[Line, Tuple[str, int], Tuple[str, int, Optional[Money]]]


class Charge(NamedTuple):
    """An amount on top of the lines; a DISCOUNT is at most 0, the others at least 0."""

    kind: ChargeKind
    label: str
    amount: Money


class ParkedBy(enum.IntFlag):
    """Who waits for an operator."""

    INVENTORY = 1
    PAYMENT = 2
    ORDER = 4


@dataclasses.dataclass(frozen=True)
class OrderRequest:
    """An order to be placed. `own_prices`: its unit prices and charges are the caller's; None = so
    it is where there are some. Else prices come from the products."""

    lines: Sequence[LineLike]
    currency: str
    payment_method: str
    key: Optional[str] = None
    reference: Optional[str] = None
    customer_id: Optional[str] = None
    contact: Optional[str] = None
    charges: Sequence[Charge] = ()
    metadata: Optional[Mapping[str, str]] = None
    placed_at: Optional[datetime.datetime] = None
    key_scope: Optional[str] = None
    traceparent: Optional[str] = None
    own_prices: Optional[bool] = None

    @property
    def has_own_prices(self) -> bool:
        if self.own_prices is not None:
            return self.own_prices
        rows: Sequence[Sequence[Any]] = self.lines
        return bool(self.charges) or any(len(row) > 2 and row[2] is not None for row in rows)


@dataclasses.dataclass(frozen=True)
class Order:
    """An order as one read saw it."""

    id: uuid.UUID
    status: OrderStatus
    outcome: Optional[OrderStatus]
    reason: Optional[Reason]
    parked: ParkedBy
    version: int
    created_version: int
    total: Money
    lines: tuple[Line, ...]
    charges: tuple[Charge, ...]
    metadata: Mapping[str, str] = dataclasses.field(hash=False)
    customer_id: Optional[str]
    reference: Optional[str]
    contact: Optional[str]
    decline_code: Optional[str]
    placed_at: datetime.datetime
    created_at: datetime.datetime
    updated_at: datetime.datetime
    settled_at: Optional[datetime.datetime]
    deadline_at: Optional[datetime.datetime]
    is_replay: bool = dataclasses.field(compare=False)
    json: str = dataclasses.field(repr=False, compare=False)
    """The JSON object of the HTTP API, byte for byte."""

    @property
    def currency(self) -> str:
        return self.total.currency

    @property
    def is_final(self) -> bool:
        """Whether it has an outcome or waits for an operator: placing waits for that."""
        return self.status not in UNDECIDED


@dataclasses.dataclass(frozen=True)
class Transition:
    """One step of an order's history. `event` is None for a command or the deadline."""

    version: int
    status: OrderStatus
    outcome: Optional[OrderStatus]
    reason: Optional[Reason]
    parked: ParkedBy
    event: Optional[EventKind]
    at: datetime.datetime
    settled_at: Optional[datetime.datetime]
    actor: Optional[str]
    note: Optional[str]


UNDECIDED = frozenset((OrderStatus.PENDING, OrderStatus.RESERVED))


# --- to C -----------------------------------------------------------------------------------------


def price_minor(price: Optional[Money], currency: Optional[str], field: str) -> int:
    if price is None:
        return 0
    if not isinstance(price, Money):
        raise TypeError(f"{field} must be Money, not {type(price).__name__}")
    if currency is not None and price.currency != currency:
        raise CurrencyError(f"must be in {currency}, is in {price.currency}", field)
    return price.minor


def native_lines(lines: Iterable[LineLike], arena: Arena, currency: Optional[str] = None) -> tuple[CData, int]:
    rows: list[Sequence[Any]] = list(lines)
    array = arena.keep(ffi.new("aurora_line[]", max(len(rows), 1)))
    priced = sum(len(row) > 2 and row[2] is not None for row in rows)
    if 0 < priced < len(rows):
        raise InvalidArgumentError("all have a unit price, or none has", "lines")
    for at, row in enumerate(rows):
        if isinstance(row, str) or not 2 <= len(row) <= 3:
            raise TypeError(f"lines[{at}] must be (sku, quantity) or (sku, quantity, unit_price)")
        line = array[at]
        line.sku = arena.text(row[0], f"lines[{at}].sku")
        line.quantity = integer(row[1], f"lines[{at}].quantity")
        if len(row) > 2:
            line.unit_price_minor = price_minor(row[2], currency, f"lines[{at}].unit_price")
    return array, len(rows)


def native_charges(charges: Sequence[Charge], arena: Arena, currency: str) -> CData:
    if not charges:
        return ffi.NULL
    array = arena.keep(ffi.new("aurora_charge[]", len(charges)))
    for at, charge in enumerate(charges):
        array[at].kind = integer(charge[0], f"charges[{at}].kind", 0, 2**31 - 1)
        array[at].label = arena.text(charge[1], f"charges[{at}].label")
        array[at].amount_minor = price_minor(charge[2], currency, f"charges[{at}].amount")
    return array


def native_request(request: OrderRequest, arena: Arena, flags: int = 0, timeout_ms: int = 0) -> CData:
    native = arena.struct("aurora_order_request")
    native.flags = flags | (lib.AURORA_ORDER_OWN_PRICES if request.has_own_prices else 0)
    native.currency = arena.text(request.currency, "currency")
    native.payment_method = arena.text(request.payment_method, "payment_method")
    for name in ("key", "key_scope", "reference", "customer_id", "contact", "traceparent"):
        setattr(native, name, arena.optional_text(getattr(request, name), name))
    native.lines, native.line_count = native_lines(request.lines, arena, request.currency)
    native.charges = native_charges(request.charges, arena, request.currency)
    native.charge_count = len(request.charges)
    metadata = request.metadata or {}
    native.metadata = arena.pairs(metadata, "metadata")
    native.metadata_count = len(metadata)
    native.timeout_ms = timeout_ms
    native.placed_at_ms = at_ms(request.placed_at, "placed_at")
    return native


# --- from C ---------------------------------------------------------------------------------------


def lines_of(native: CData, currency: str) -> tuple[Line, ...]:
    return tuple(Line(text_of(line.sku), line.quantity, Money._trusted(line.unit_price_minor, currency))
                 for line in (native.lines[at] for at in range(native.line_count)))


def charges_of(native: CData, currency: str) -> tuple[Charge, ...]:
    return tuple(Charge(ChargeKind(charge.kind), text_of(charge.label),
                        Money._trusted(charge.amount_minor, currency))
                 for charge in (native.charges[at] for at in range(native.charge_count)))


def json_of(native: CData) -> str:
    length = ffi.new("size_t *")
    check(lib.aurora_order_json(native, ffi.NULL, 0, length))
    buffer = ffi.new("char[]", length[0] + 1)
    check(lib.aurora_order_json(native, buffer, length[0] + 1, length))
    return text_of(buffer)


def order_of(native: CData) -> Order:
    currency = text_of(native.currency)
    return Order(
        id=uuid_of(native.id), status=OrderStatus(native.status),
        outcome=OrderStatus(native.outcome) if native.outcome else None,
        reason=Reason(native.reason) if native.reason else None, parked=ParkedBy(native.parked),
        version=native.version, created_version=native.created_version,
        total=Money._trusted(native.total_minor, currency), lines=lines_of(native, currency),
        charges=charges_of(native, currency), metadata=pairs_of(native.metadata, native.metadata_count),
        customer_id=optional_text_of(native.customer_id), reference=optional_text_of(native.reference),
        contact=optional_text_of(native.contact), decline_code=optional_text_of(native.decline_code),
        placed_at=time_of(native.placed_at_ms), created_at=time_of(native.created_at_ms),
        updated_at=time_of(native.updated_at_ms), settled_at=optional_time_of(native.settled_at_ms),
        deadline_at=optional_time_of(native.deadline_at_ms), is_replay=bool(native.is_replay),
        json=json_of(native))


def owned_order(native: CData) -> Order:
    """An order that is ours to free."""
    try:
        return order_of(native)
    finally:
        lib.aurora_order_free(native)


def transition_of(native: CData) -> Transition:
    return Transition(
        native.version, OrderStatus(native.status),
        OrderStatus(native.outcome) if native.outcome else None,
        Reason(native.reason) if native.reason else None, ParkedBy(native.parked),
        EventKind(native.event_kind) if native.event_kind else None, time_of(native.at_ms),
        optional_time_of(native.settled_at_ms), optional_text_of(native.actor), optional_text_of(native.note))


# --- the calls ------------------------------------------------------------------------------------


class Orders:
    """`shop.orders`."""

    def __init__(self, handle: Handle) -> None:
        self._handle = handle

    def place(self, lines: Sequence[LineLike], *, currency: str, payment_method: str,
              key: Optional[str] = None, reference: Optional[str] = None,
              customer_id: Optional[str] = None, contact: Optional[str] = None,
              charges: Sequence[Charge] = (), metadata: Optional[Mapping[str, str]] = None,
              placed_at: Optional[datetime.datetime] = None, key_scope: Optional[str] = None,
              traceparent: Optional[str] = None, timeout: Optional[float] = None) -> Order:
        """Stores an order and waits for its outcome, `timeout` seconds at most (None = the setting
        order_wait, 0 = not beyond the commit). An order that is still PENDING or RESERVED then goes
        on. The same key again gives the first order, with `is_replay`.

        "Declined" and "out of stock" are the order's outcome. TimedOutError only when it is not
        known to be stored: place it again with the same key."""
        request = OrderRequest(lines, currency, payment_method, key, reference, customer_id, contact,
                               charges, metadata, placed_at, key_scope, traceparent)
        return self.place_request(request, timeout=timeout)

    def place_request(self, request: OrderRequest, *, timeout: Optional[float] = None,
                      as_created: bool = False) -> Order:
        """The same with a request that was made before. `as_created`, with timeout 0: the order as
        its creating commit left it, also when the key was known."""
        arena, error, out = Arena(), new_error(), ffi.new("aurora_order **")
        flags, timeout_ms = wait_of(timeout)
        flags |= lib.AURORA_ORDER_AS_CREATED if as_created else 0
        native = native_request(request, arena, flags, timeout_ms)
        check(lib.shop_order_place(self._handle.gate, native, out, error), error)
        return owned_order(out[0])

    def place_many(self, requests: Iterable[OrderRequest], *, in_flight: int = 4096,
                   timeout: Optional[float] = None) -> Iterator[Completion]:
        """Places orders in batches: gives a completion for each, in the order in which they
        complete, with the place in `requests` as its tag; for one that cannot be a request the error
        says what of it, "requests[7].key", and the others go on. Requests are taken as there is room for
        them; leaving the loop early drops completions, not orders."""
        from .queue import place_many

        return place_many(self._handle, requests, in_flight, timeout)

    def queue(self, capacity: int = 8192) -> Queue:
        """A queue of your own, for batches and event loops."""
        from .queue import Queue

        return Queue(self._handle, capacity)

    def check(self, request: OrderRequest) -> None:
        """What placing checks first, without a store: raises, with field and rule, or does not."""
        arena, error = Arena(), new_error()
        check(lib.aurora_order_check(native_request(request, arena), error), error)

    def get(self, order_id: OrderId) -> Order:
        """NotFoundError; CorruptError when its row is damaged."""
        out = ffi.new("aurora_order **")
        check(lib.shop_order_get(self._handle.gate, id_of(order_id), out))
        return owned_order(out[0])

    def wait(self, order_id: OrderId, *, after_version: int = 0,
             timeout: Optional[float] = 30.0) -> Order:
        """The order as soon as its version is above `after_version`, or as it is after `timeout`
        seconds, None = not before."""
        native, out = id_of(order_id), ffi.new("aurora_order **")
        version = integer(after_version, "after_version", 0, 2**64 - 1)
        end = end_of(timeout)
        while True:
            left_ms = max(int(min(end - time.monotonic(), 1.0) * 1000), 0)
            status = lib.shop_order_wait(self._handle.gate, native, version, min(left_ms, WAIT_SLICE_MS), out)
            if status == lib.AURORA_EINTR:
                continue
            check(status)
            order = owned_order(out[0])
            if order.version > after_version or left_ms == 0:
                return order

    def page(self, *, status: Optional[OrderStatus] = None, customer_id: Optional[str] = None,
             reference: Optional[str] = None, from_: Optional[datetime.datetime] = None,
             to: Optional[datetime.datetime] = None, cursor: Optional[str] = None,
             limit: int = 0) -> Page[Order]:
        """A page of orders, newest first; limit is 1 to 1,000, 0 = 50."""
        arena = Arena()
        criteria = arena.struct("aurora_order_filter")
        criteria.status = int32(status or 0, "status")
        criteria.customer_id = arena.optional_text(customer_id, "customer_id")
        criteria.reference = arena.optional_text(reference, "reference")
        criteria.from_ms, criteria.to_ms = at_ms(from_, "from_"), at_ms(to, "to")
        return page(lambda at, most, out, error: lib.shop_order_list(
            self._handle.gate, criteria, at, most, out, error),
            "aurora_order_page", lib.aurora_order_page_free, order_of, cursor, limit)

    def list(self, *, status: Optional[OrderStatus] = None, customer_id: Optional[str] = None,
             reference: Optional[str] = None, from_: Optional[datetime.datetime] = None,
             to: Optional[datetime.datetime] = None) -> Iterator[Order]:
        """All orders, newest first, read page by page."""
        return items(lambda cursor: self.page(status=status, customer_id=customer_id, reference=reference,
                                              from_=from_, to=to, cursor=cursor, limit=200))

    def cancel(self, order_id: OrderId, *, reason: Reason = Reason.CUSTOMER, note: Optional[str] = None,
               actor: Optional[str] = None, key: Optional[str] = None, key_scope: Optional[str] = None,
               traceparent: Optional[str] = None) -> Order:
        """Cancels an order; a COMPLETED one is returned and refunded in full. AlreadyFinalError
        when it is FAILED, ParkedError while it waits for an operator."""
        arena, error, out = Arena(), new_error(), ffi.new("aurora_order **")
        cancel = arena.struct("aurora_cancel")
        cancel.reason = int32(reason, "reason")
        cancel.order_id = id_of(order_id)
        for name, value in (("note", note), ("actor", actor), ("key", key), ("key_scope", key_scope),
                            ("traceparent", traceparent)):
            setattr(cancel, name, arena.optional_text(value, name))
        check(lib.shop_order_cancel_with(self._handle.gate, cancel, out, error), error)
        return owned_order(out[0])

    def history(self, order_id: OrderId) -> List[Transition]:
        """The steps of one order, oldest first, at most 64."""
        out = ffi.new("aurora_history **")
        check(lib.shop_order_history(self._handle.gate, id_of(order_id), out))
        try:
            return [transition_of(out[0].items[at]) for at in range(out[0].count)]
        finally:
            lib.aurora_history_free(out[0])


def wait_of(timeout: Optional[float]) -> tuple[int, int]:
    """Flags and timeout_ms of a request."""
    if timeout is None:
        return 0, 0
    if timeout == 0:
        return lib.AURORA_ORDER_NO_WAIT, 0
    return 0, uint32(milliseconds(timeout, "timeout"), "timeout")
