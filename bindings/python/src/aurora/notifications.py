# SPDX-License-Identifier: MIT
"""What became of the notifications: one for each outcome of an order."""

from __future__ import annotations

import dataclasses
import datetime
import uuid
from typing import Iterator, Optional

from ._call import int32, optional_text_of, optional_time_of, time_of, uuid_of
from ._handle import Handle
from ._native import lib
from ._page import Page, items, page
from ._types import CData
from .enums import NotificationKind, NotificationState, TaskKind
from .tasks import NotificationTask, Tasks, notification_of


@dataclasses.dataclass(frozen=True)
class Notification:
    """Where one stands. `detail` says why it ended so."""

    order_id: uuid.UUID
    kind: NotificationKind
    state: NotificationState
    attempts: int
    detail: Optional[str]
    contact: Optional[str]
    order_version: int
    at: datetime.datetime
    updated_at: datetime.datetime
    due_at: Optional[datetime.datetime]


def listed(native: CData) -> Notification:
    return Notification(
        uuid_of(native.order_id), NotificationKind(native.kind), NotificationState(native.state),
        native.attempts, optional_text_of(native.detail), optional_text_of(native.contact),
        native.order_version, time_of(native.at_ms), time_of(native.updated_at_ms),
        optional_time_of(native.due_at_ms))


class Notifications(Tasks[NotificationTask]):
    """`shop.notifications`: tasks for a notifier of your own (settings={"notify": "none:"}), and a
    list of what became of all."""

    def __init__(self, handle: Handle) -> None:
        super().__init__(handle, TaskKind.NOTIFICATION, notification_of)

    def page(self, state: Optional[NotificationState] = None, *, cursor: Optional[str] = None,
             limit: int = 0) -> Page[Notification]:
        """A page of those in one state, or of all, newest order first."""
        wanted = int32(state or 0, "state")
        return page(lambda at, most, out, error: lib.shop_notification_list(
            self._handle.gate, wanted, at, most, out, error),
            "aurora_notification_page", lib.aurora_notification_page_free, listed, cursor, limit)

    def list(self, state: Optional[NotificationState] = None) -> Iterator[Notification]:
        """All of them, read page by page."""
        return items(lambda cursor: self.page(state, cursor=cursor, limit=200))
