# SPDX-License-Identifier: MIT
"""The log of events, read by named, durable consumers. Delivery is at least once."""

from __future__ import annotations

import dataclasses
import datetime
import json
import re
import time
import uuid
from typing import Any, Callable, Iterator, List, NamedTuple, Optional

from ._call import (UINT64_MAX, WAIT_SLICE_MS, check, integer, milliseconds, new_error, optional_text_of,
                    optional_uuid_of, text, text_of, time_of, uint32)
from ._handle import Handle
from ._native import ffi, lib
from ._types import CData
from .enums import ConsumerKind, EventKind
from .errors import AuroraError
from .statuses import ClosedError, InvalidArgumentError


CONSUMER = re.compile(rb"[a-z0-9._-]{1,64}")


@dataclasses.dataclass(frozen=True)
class Event:
    """One event. Skip kinds that you do not know; one with `is_resend` repeats an earlier fact."""

    kind: EventKind
    position: int
    type: str
    id: str
    source: str
    order_id: Optional[uuid.UUID]
    sku: Optional[str]
    at: datetime.datetime
    data_text: str = dataclasses.field(repr=False)
    is_resend: bool
    traceparent: Optional[str]

    @property
    def data(self) -> Any:
        """The JSON object, parsed."""
        return json.loads(self.data_text)


class EventPage(NamedTuple):
    """Some events, and the position to acknowledge once they are dealt with."""

    events: List[Event]
    position: int


@dataclasses.dataclass(frozen=True)
class Consumer:
    """Who keeps a cursor over the log. `is_gone`: retention has passed it."""

    kind: ConsumerKind
    name: str
    position: int
    lag: int
    seen_at: datetime.datetime
    is_gone: bool


def event_of(native: CData) -> Event:
    return Event(EventKind(native.kind), native.position, text_of(native.type_name), text_of(native.id),
                 text_of(native.source), optional_uuid_of(native.order_id), optional_text_of(native.sku),
                 time_of(native.at_ms), text_of(native.data), bool(native.is_resend),
                 optional_text_of(native.traceparent))


def page_of(call: Callable[[CData], int]) -> Optional[EventPage]:
    """None when the wait was woken."""
    out = ffi.new("aurora_event_page **")
    status = call(out)
    if status == lib.AURORA_EINTR:
        return None
    check(status)
    try:
        native = out[0]
        return EventPage([event_of(native.items[at]) for at in range(native.count)], native.position)
    finally:
        lib.aurora_event_page_free(out[0])


def consumer_of(native: CData) -> Consumer:
    return Consumer(ConsumerKind(native.kind), text_of(native.name), native.position, native.lag,
                    time_of(native.seen_at_ms), bool(native.is_gone))


def consumer_name(name: str) -> bytes:
    """The call has no room to say what is wrong with it."""
    data = text(name, "consumer")
    if not CONSUMER.fullmatch(data):
        raise InvalidArgumentError("must be 1 to 64 of a-z 0-9 . _ -", "consumer")
    return data


class Events:
    """`shop.events`."""

    def __init__(self, handle: Handle) -> None:
        self._handle = handle

    def read(self, consumer: str, *, limit: int = 100, wait: Optional[float] = 0.0) -> Iterator[Event]:
        """The events after what `consumer` has acknowledged, `limit` at most; waits for the first
        `wait` seconds, None = for ever. What the loop body has dealt with is acknowledged when the
        loop ends. A loop that is left early, by break or an exception, leaves its event and those
        after it for the next time."""
        yield from self._acknowledged(consumer, self.page(consumer, limit=limit, wait=wait))

    def follow(self, consumer: str, *, limit: int = 100, wait: Optional[float] = None) -> Iterator[Event]:
        """The same page after page; ends when no event came for `wait` seconds, None = not before
        the shop is closed."""
        while True:
            try:
                page = self.page(consumer, limit=limit, wait=wait)
            except ClosedError:
                return
            if not page.events:
                return
            yield from self._acknowledged(consumer, page)

    def _acknowledged(self, consumer: str, page: EventPage) -> Iterator[Event]:
        done, is_whole = 0, False
        try:
            for event in page.events:
                yield event
                done = event.position
            is_whole = True
        finally:
            if done and not is_whole:
                self._try_ack(consumer, done)
        if done:
            self.ack(consumer, done)

    def _try_ack(self, consumer: str, position: int) -> None:
        """While another exception is on its way: what is not acknowledged comes again."""
        try:
            self.ack(consumer, position)
        except AuroraError:
            pass

    def page(self, consumer: str, *, limit: int = 0, wait: Optional[float] = 0.0) -> EventPage:
        """A page, which nobody acknowledges but ack(). The first read makes the consumer, at the
        oldest event kept. GoneError: retention has passed it."""
        return self._read(limit, wait, lambda most, wait_ms: self.page_slice(consumer, most, wait_ms))

    def page_slice(self, consumer: str, limit: int, wait_ms: int) -> Optional[EventPage]:
        """One wait inside the library; None when somebody woke it."""
        name = consumer_name(consumer)
        return page_of(lambda out: lib.shop_event_read(self._handle.gate, name, limit, wait_ms, out))

    def tail(self, after_position: int, *, limit: int = 0, wait: Optional[float] = 0.0) -> EventPage:
        """A page after a position, without a consumer."""
        position = integer(after_position, "after_position", 0, UINT64_MAX)
        return self._read(limit, wait, lambda most, wait_ms: page_of(
            lambda out: lib.shop_event_tail(self._handle.gate, position, most, wait_ms, out)))

    def _read(self, limit: int, wait: Optional[float],
              read_slice: Callable[[int, int], Optional[EventPage]]) -> EventPage:
        wait_ms, most = milliseconds(wait, "wait"), uint32(limit, "limit")
        end = time.monotonic() + wait_ms / 1000
        while True:
            left_ms = WAIT_SLICE_MS if wait_ms < 0 else max(int((end - time.monotonic()) * 1000), 0)
            page = read_slice(most, min(left_ms, WAIT_SLICE_MS))
            if page is not None and (page.events or left_ms == 0):
                return page

    def ack(self, consumer: str, position: int) -> None:
        """Acknowledges everything up to and including `position`, durably."""
        check(lib.shop_event_ack(self._handle.gate, text(consumer, "consumer"),
                                 integer(position, "position", 0, UINT64_MAX)))

    def bounds(self) -> tuple[int, int]:
        """The positions of the oldest event kept and of the newest one."""
        oldest, newest = ffi.new("uint64_t *"), ffi.new("uint64_t *")
        check(lib.shop_event_bounds(self._handle.gate, oldest, newest))
        return int(oldest[0]), int(newest[0])

    def consumers(self) -> List[Consumer]:
        """All consumers of this log, the library's own too."""
        out = ffi.new("aurora_consumer_page **")
        check(lib.shop_consumer_list(self._handle.gate, out))
        try:
            return [consumer_of(out[0].items[at]) for at in range(out[0].count)]
        finally:
            lib.aurora_consumer_page_free(out[0])

    def forget(self, consumer: str) -> None:
        """Forgets a host's consumer, which then holds nothing back."""
        error = new_error()
        check(lib.shop_consumer_delete(self._handle.gate, text(consumer, "consumer"), error), error)
