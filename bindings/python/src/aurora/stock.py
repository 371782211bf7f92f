# SPDX-License-Identifier: MIT
"""Stock: receipts, adjustments, and reservations that need no order. For every SKU and at every
moment available + reserved + sold = received - written_off."""

from __future__ import annotations

import dataclasses
import datetime
import uuid
from typing import Iterable, Iterator, Optional

from ._call import (Arena, check, duration_ms, integer, new_error, optional_text_of, optional_time_of,
                    optional_uuid_of, text, text_of, time_of)
from ._handle import Handle
from ._native import ffi, lib
from ._types import CData
from ._page import Page, items, page
from .enums import Decision, MovementKind, ReservationStatus
from .orders import LineLike, native_lines
from .statuses import InvalidArgumentError


@dataclasses.dataclass(frozen=True)
class Stock:
    """The counters of one SKU. `is_repeat`: the key was known, and nothing was moved."""

    sku: str
    available: int
    reserved: int
    sold: int
    received: int
    written_off: int
    version: int
    is_repeat: bool = False


@dataclasses.dataclass(frozen=True)
class Reservation:
    """One SKU's share of a reservation; `order_id` is None for a stand-alone one, which has a key
    and a time at which it expires."""

    sku: str
    quantity: int
    status: ReservationStatus
    order_id: Optional[uuid.UUID]
    key: Optional[str]
    created_at: datetime.datetime
    updated_at: datetime.datetime
    expires_at: Optional[datetime.datetime]


def stock_of(sku: str, native: CData) -> Stock:
    return Stock(sku, native.available, native.reserved, native.sold, native.received,
                 native.written_off, native.version, bool(native.is_repeat))


def reservation_of(native: CData) -> Reservation:
    return Reservation(text_of(native.sku), native.quantity, ReservationStatus(native.status),
                       optional_uuid_of(native.order_id), optional_text_of(native.key),
                       time_of(native.created_at_ms), time_of(native.updated_at_ms),
                       optional_time_of(native.expires_at_ms))


class StockRoom:
    """`shop.stock`. Every change has a key that names it for ever: the same call again is a no-op,
    another one with the key KeyReusedError."""

    def __init__(self, handle: Handle) -> None:
        self._handle = handle

    def receive(self, sku: str, quantity: int, *, key: Optional[str], reason: Optional[str] = None,
                key_scope: Optional[str] = None) -> Stock:
        """Adds a delivery of 1 to 1,000,000,000 and returns the counters after it. key None: a
        fresh one, so that a repeat counts twice."""
        return self._move(MovementKind.RECEIPT, sku, quantity, key, reason, key_scope)

    def adjust(self, sku: str, delta: int, *, reason: str, key: Optional[str],
               key_scope: Optional[str] = None) -> Stock:
        """Corrects the count, up or down. InsufficientStockError when less is available."""
        try:
            return self._move(MovementKind.ADJUSTMENT, sku, delta, key, reason, key_scope)
        except InvalidArgumentError as error:
            error.field = "delta" if error.field == "quantity" else error.field
            raise

    def _move(self, kind: MovementKind, sku: str, quantity: int, key: Optional[str], reason: Optional[str],
              key_scope: Optional[str]) -> Stock:
        arena, error, out = Arena(), new_error(), ffi.new("aurora_stock *")
        movement = arena.struct("aurora_movement")
        movement.kind = kind
        movement.sku = arena.text(sku, "sku")
        movement.quantity = integer(quantity, "quantity")
        movement.reason = arena.optional_text(reason, "reason")
        movement.key = arena.optional_text(key, "key")
        movement.key_scope = arena.optional_text(key_scope, "key_scope")
        check(lib.shop_stock_move(self._handle.gate, movement, out, error), error)
        return stock_of(sku, out)

    def get(self, sku: str) -> Stock:
        """NotFoundError for a SKU that never had a movement."""
        out = ffi.new("aurora_stock *")
        check(lib.shop_stock_get(self._handle.gate, text(sku, "sku"), out))
        return stock_of(sku, out)

    def page(self, *, below: int = 0, cursor: Optional[str] = None, limit: int = 0) -> Page[Stock]:
        """A page of counters by SKU; `below`: only where less than that is available, 0 = all."""
        criteria = Arena().struct("aurora_stock_filter")
        criteria.below = integer(below, "below")
        return page(lambda at, most, out, error: lib.shop_stock_list(
            self._handle.gate, criteria, at, most, out, error),
            "aurora_stock_page", lib.aurora_stock_page_free,
            lambda item: stock_of(text_of(item.sku), item.stock), cursor, limit)

    def list(self, *, below: int = 0) -> Iterator[Stock]:
        """All counters by SKU, read page by page."""
        return items(lambda cursor: self.page(below=below, cursor=cursor, limit=200))

    def reserve(self, key: str, lines: Iterable[LineLike], *, ttl: float) -> Decision:
        """Reserves all lines or none for `ttl` seconds, without an order. Out of stock is an
        answer, not a failure."""
        arena, error, decision = Arena(), new_error(), ffi.new("int32_t *")
        array, count = native_lines(lines, arena)
        check(lib.shop_stock_reserve(self._handle.gate, text(key, "key"), array, count,
                                     duration_ms(ttl, "ttl", 2**32 - 1), decision, error), error)
        return Decision(decision[0])

    def commit(self, key: str) -> None:
        """Turns a reservation into a sale. ExpiredError; ConflictError when it was released."""
        check(lib.shop_stock_commit(self._handle.gate, text(key, "key")))

    def release(self, key: str) -> None:
        """Gives a reservation's stock back. ConflictError when it was committed."""
        check(lib.shop_stock_release(self._handle.gate, text(key, "key")))

    def reservations_page(self, sku: str, *, cursor: Optional[str] = None,
                          limit: int = 0) -> Page[Reservation]:
        """A page of what holds `sku` now, of orders and stand-alone, oldest first."""
        name = text(sku, "sku")
        return page(lambda at, most, out, error: lib.shop_reservation_list(
            self._handle.gate, name, at, most, out, error),
            "aurora_reservation_page", lib.aurora_reservation_page_free, reservation_of, cursor, limit)

    def reservations(self, sku: str) -> Iterator[Reservation]:
        """All of them, read page by page."""
        return items(lambda cursor: self.reservations_page(sku, cursor=cursor, limit=200))
