# SPDX-License-Identifier: MIT
"""For operators: orders whose stock or money is not settled, the three ways to help one, and dead
letters, the events that could not be decided."""

from __future__ import annotations

import dataclasses
import datetime
import uuid
from typing import Iterator, Optional

from ._call import (Arena, OrderId, check, duration_ms, id_of, int32, new_error, optional_text, optional_text_of,
                    optional_time_of, optional_uuid_of, text, text_of, time_of, uuid_of)
from ._handle import Handle
from ._native import ffi, lib
from ._page import Page, items, page
from ._types import CData
from .enums import EventKind, OrderStatus, Participant, Reason, RepairAction, StepResult
from .orders import ParkedBy


@dataclasses.dataclass(frozen=True)
class ParticipantState:
    """What one participant knows of an order."""

    participant: Participant
    state: str
    is_parked: bool
    attempts: int
    parked_reason: Optional[str]
    task_id: Optional[uuid.UUID]
    provider_reference: Optional[str]
    first_attempt_at: Optional[datetime.datetime]
    next_attempt_at: Optional[datetime.datetime]
    parked_at: Optional[datetime.datetime]


@dataclasses.dataclass(frozen=True)
class Saga:
    """An order as operators see it. `status` is None where the order is unknown to this store."""

    order_id: uuid.UUID
    status: Optional[OrderStatus]
    outcome: Optional[OrderStatus]
    reason: Optional[Reason]
    parked: ParkedBy
    participants: tuple[ParticipantState, ...]
    version: int
    created_at: Optional[datetime.datetime]
    age: datetime.timedelta
    deadline_at: Optional[datetime.datetime]
    resend_at: Optional[datetime.datetime]


@dataclasses.dataclass(frozen=True)
class DeadLetter:
    """An event that parked its key, or one that queues behind it. `kind` is None when it could not
    be decoded."""

    kind: Optional[EventKind]
    consumer: str
    key: str
    event_id: Optional[str]
    source: Optional[str]
    position: int
    reason: Optional[str]
    attempts: int
    data: bytes
    parked_at: datetime.datetime


def participant_of(native: CData) -> ParticipantState:
    return ParticipantState(
        Participant(native.participant), text_of(native.state), bool(native.is_parked), native.attempts,
        optional_text_of(native.parked_reason), optional_uuid_of(native.task_id),
        optional_text_of(native.provider_reference), optional_time_of(native.first_attempt_at_ms),
        optional_time_of(native.next_attempt_at_ms), optional_time_of(native.parked_at_ms))


def saga_of(native: CData) -> Saga:
    return Saga(
        uuid_of(native.order_id), OrderStatus(native.status) if native.status else None,
        OrderStatus(native.outcome) if native.outcome else None,
        Reason(native.reason) if native.reason else None, ParkedBy(native.parked),
        tuple(participant_of(native.participants[at]) for at in range(native.participant_count)),
        native.version, optional_time_of(native.created_at_ms), datetime.timedelta(milliseconds=native.age_ms),
        optional_time_of(native.deadline_at_ms), optional_time_of(native.resend_at_ms))


def dead_letter_of(native: CData) -> DeadLetter:
    return DeadLetter(
        EventKind(native.event_kind) if native.event_kind else None, text_of(native.consumer),
        text_of(native.key), optional_text_of(native.event_id), optional_text_of(native.source),
        native.position, optional_text_of(native.reason), native.attempts,
        bytes(ffi.buffer(native.data, native.data_len)[:]), time_of(native.parked_at_ms))


class Sagas:
    """`shop.sagas`. `actor` and `note` say who and why, in the order's history."""

    def __init__(self, handle: Handle) -> None:
        self._handle = handle

    def page(self, *, parked: bool = False, participant: Optional[Participant] = None,
             older_than: float = 0.0, cursor: Optional[str] = None, limit: int = 0) -> Page[Saga]:
        """A page of unsettled sagas, oldest first; `parked`: only those that wait for an
        operator, `participant`: for that one; `older_than` in seconds."""
        criteria = Arena().struct("aurora_saga_filter")
        criteria.is_parked = parked
        criteria.participant = int32(participant or 0, "participant")
        criteria.age_min_ms = duration_ms(older_than, "older_than", 2**53)
        return page(lambda at, most, out, error: lib.shop_saga_list(
            self._handle.gate, criteria, at, most, out, error),
            "aurora_saga_page", lib.aurora_saga_page_free, saga_of, cursor, limit)

    def list(self, *, parked: bool = False, participant: Optional[Participant] = None,
             older_than: float = 0.0) -> Iterator[Saga]:
        """All of them, read page by page."""
        return items(lambda cursor: self.page(parked=parked, participant=participant,
                                              older_than=older_than, cursor=cursor, limit=200))

    def get(self, order_id: OrderId) -> Saga:
        """One saga, settled or not."""
        out = ffi.new("aurora_saga **")
        check(lib.shop_saga_get(self._handle.gate, id_of(order_id), out))
        try:
            return saga_of(out[0])
        finally:
            lib.aurora_saga_free(out[0])

    def retry(self, order_id: OrderId, participant: Participant, *, actor: str,
              note: Optional[str] = None) -> None:
        """Lets a parked participant try again. ConflictError when it is not parked."""
        self.repair(order_id, RepairAction.RETRY, actor=actor, note=note, participant=participant)

    def mark(self, order_id: OrderId, participant: Participant, result: StepResult, *, actor: str,
             note: Optional[str] = None) -> None:
        """Says that the parked participant's step is done in truth, with `result`."""
        self.repair(order_id, RepairAction.MARK, actor=actor, note=note, participant=participant, result=result)

    def compensate(self, order_id: OrderId, *, actor: str, note: Optional[str] = None) -> None:
        """Fails an order that has no outcome yet, cancels one that is COMPLETED."""
        self.repair(order_id, RepairAction.COMPENSATE, actor=actor, note=note)

    def repair(self, order_id: OrderId, action: RepairAction, *, actor: str, note: Optional[str] = None,
               participant: Optional[Participant] = None, result: Optional[StepResult] = None) -> None:
        """Any of the three."""
        arena, error = Arena(), new_error()
        repair = arena.struct("aurora_repair")
        repair.action = int32(action, "action")
        repair.participant = int32(participant or 0, "participant")
        repair.result = int32(result or 0, "result")
        repair.order_id = id_of(order_id)
        repair.actor = arena.text(actor, "actor")
        repair.note = arena.optional_text(note, "note")
        check(lib.shop_saga_repair(self._handle.gate, repair, error), error)

    def dead_letter_page(self, consumer: Optional[str] = None, *, cursor: Optional[str] = None,
                         limit: int = 0) -> Page[DeadLetter]:
        """A page of events that could not be decided, by consumer, key and position."""
        name = optional_text(consumer, "consumer")
        return page(lambda at, most, out, error: lib.shop_dead_letter_list(
            self._handle.gate, name, at, most, out, error),
            "aurora_dead_letter_page", lib.aurora_dead_letter_page_free, dead_letter_of, cursor, limit)

    def dead_letters(self, consumer: Optional[str] = None) -> Iterator[DeadLetter]:
        """All of them, read page by page."""
        return items(lambda cursor: self.dead_letter_page(consumer, cursor=cursor, limit=200))

    def redrive(self, consumer: str, key: str) -> int:
        """Runs the parked events of one key again and says how many were taken. ConflictError when
        one still fails."""
        error, count = new_error(), ffi.new("uint32_t *")
        check(lib.shop_dead_letter_redrive(self._handle.gate, text(consumer, "consumer"), text(key, "key"),
                                           count, error), error)
        return int(count[0])
