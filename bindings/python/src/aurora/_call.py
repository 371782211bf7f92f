# SPDX-License-Identifier: MIT
"""From Python to C and back: texts, numbers, times and failures. Nothing of the domain."""

from __future__ import annotations

import datetime
import math
import time
import uuid
from typing import Iterable, List, Mapping, Optional, Union

from ._native import ffi, lib
from ._types import CData
from .errors import AuroraError
from .statuses import BY_STATUS, InvalidArgumentError

INT64_MAX = 2**63 - 1
UINT64_MAX = 2**64 - 1
WAIT_SLICE_MS = 500
"""How long one wait inside the library lasts at most: signals are seen between two of them."""

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)

OrderId = Union[uuid.UUID, str, bytes]


def new_error() -> CData:
    error = ffi.new("aurora_error *")
    error.size = ffi.sizeof("aurora_error")
    return error


def failure(status: int, error: Optional[CData] = None) -> AuroraError:
    """The exception of a status, with the field and the rule that the library named."""
    message, field = "", ""
    if error is not None and error.status == status:
        message = ffi.string(error.message).decode("utf-8", "replace")
        field = ffi.string(error.field).decode("utf-8", "replace")
    kind = BY_STATUS.get(status)
    if kind is not None:
        return kind(message, field)
    unknown = AuroraError(message or text_of(lib.aurora_status_text(status)), field)
    unknown.status = status
    unknown.retryable = bool(lib.aurora_status_is_retriable(status))
    return unknown


def failures(statuses: CData, error: CData) -> List[Optional[AuroraError]]:
    """One for each element of an array; `error` speaks of the first that failed."""
    found: List[Optional[AuroraError]] = []
    for status in statuses:
        is_first = status != 0 and not any(found)
        found.append(failure(status, error if is_first else None) if status else None)
    return found


def check(status: int, error: Optional[CData] = None) -> None:
    """Raises the exception of a status; 0 is none."""
    if status != 0:
        raise failure(status, error)


# --- to C -----------------------------------------------------------------------------------------


def text(value: str, field: str) -> bytes:
    """UTF-8 of a required text. cffi hands bytes over without a copy, with a NUL at their end."""
    if not isinstance(value, str):
        raise TypeError(f"{field} must be a str, not {type(value).__name__}")
    try:
        data = value.encode()
    except UnicodeEncodeError:
        raise InvalidArgumentError("must be Unicode text, has a lone surrogate", field) from None
    if b"\0" in data:
        raise InvalidArgumentError("must not contain a NUL", field)
    return data


def optional_text(value: Optional[str], field: str) -> Union[bytes, CData]:
    return ffi.NULL if value is None else text(value, field)


def integer(value: int, field: str, low: int = -INT64_MAX - 1, high: int = INT64_MAX) -> int:
    """A number that fits where it goes; the library checks what it means."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{field} must be an int, not {type(value).__name__}")
    if not low <= value <= high:
        raise InvalidArgumentError(f"must be {low} to {high}, is {value}", field)
    return value


def uint32(value: int, field: str) -> int:
    return integer(value, field, 0, 2**32 - 1)


def int32(value: int, field: str) -> int:
    return integer(value, field, -(2**31), 2**31 - 1)


def milliseconds(seconds: Optional[float], field: str, high: int = 2**31 - 1) -> int:
    """A duration in whole milliseconds, rounded up; None is -1, for ever."""
    if seconds is None:
        return -1
    return duration_ms(seconds, field, high)


def duration_ms(seconds: float, field: str, high: int = 2**31 - 1) -> int:
    """The same where there is no for ever."""
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        raise TypeError(f"{field} must be seconds, not {type(seconds).__name__}")
    if math.isnan(seconds) or seconds < 0:
        raise InvalidArgumentError(f"must be 0 or more seconds, is {seconds}", field)
    if seconds * 1000 > high:
        raise InvalidArgumentError(f"must be at most {high / 1000:g} seconds, is {seconds:g}", field)
    return math.ceil(seconds * 1000)


def end_of(timeout: Optional[float], field: str = "timeout") -> float:
    """Where time.monotonic() stands after `timeout` seconds; None is never."""
    ms = milliseconds(timeout, field)
    return math.inf if ms < 0 else time.monotonic() + ms / 1000


def at_ms(value: Optional[datetime.datetime], field: str) -> int:
    """Unix milliseconds of an aware time; None is 0."""
    if value is None:
        return 0
    if not isinstance(value, datetime.datetime):
        raise TypeError(f"{field} must be a datetime, not {type(value).__name__}")
    if value.tzinfo is None:
        raise InvalidArgumentError("must have a time zone", field)
    return (value - EPOCH) // datetime.timedelta(milliseconds=1)


def id_of(value: OrderId, field: str = "order_id") -> CData:
    """An aurora_id by value."""
    out = ffi.new("aurora_id *")
    if isinstance(value, uuid.UUID):
        out.bytes = value.bytes
    elif isinstance(value, bytes) and len(value) == 16:
        out.bytes = value
    elif isinstance(value, str):
        if lib.aurora_id_parse(text(value, field), out) != 0:
            raise InvalidArgumentError("must be a UUID", field)
    else:
        raise TypeError(f"{field} must be a UUID, its text or its 16 bytes")
    copy: CData = out[0]
    return copy


class Arena:
    """Keeps alive what a struct points to, until the call with it is over."""

    def __init__(self) -> None:
        self._kept: list[object] = []

    def keep(self, value: CData) -> CData:
        self._kept.append(value)
        return value

    def text(self, value: str, field: str) -> CData:
        return self.keep(ffi.from_buffer("char[]", text(value, field) + b"\0"))

    def optional_text(self, value: Optional[str], field: str) -> CData:
        return ffi.NULL if value is None else self.text(value, field)

    def pairs(self, pairs: Mapping[str, str], field: str) -> CData:
        """An array of aurora_pair."""
        if not pairs:
            return ffi.NULL
        array = self.keep(ffi.new("aurora_pair[]", len(pairs)))
        for at, (name, value) in enumerate(pairs.items()):
            array[at].name = self.text(name, f"{field}[{at}].name")
            array[at].value = self.text(value, f"{field}[{at}].value")
        return array

    def pointers(self, kind: str, structs: Iterable[CData]) -> CData:
        """An array of pointers to structs that this arena keeps."""
        return self.keep(ffi.new(f"{kind} *[]", [self.keep(struct) for struct in structs]))

    def struct(self, kind: str) -> CData:
        """A zeroed struct that begins with its size."""
        out = self.keep(ffi.new(f"{kind} *"))
        out.size = ffi.sizeof(kind)
        return out


# --- from C ---------------------------------------------------------------------------------------


def text_of(value: CData) -> str:
    return ffi.string(value).decode()


def optional_text_of(value: CData) -> Optional[str]:
    return ffi.string(value).decode() if value else None


def uuid_of(value: CData) -> uuid.UUID:
    return uuid.UUID(bytes=bytes(ffi.buffer(value.bytes)[:]))


def optional_uuid_of(value: CData) -> Optional[uuid.UUID]:
    data = bytes(ffi.buffer(value.bytes)[:])
    return uuid.UUID(bytes=data) if any(data) else None


def time_of(value: int) -> datetime.datetime:
    return EPOCH + datetime.timedelta(milliseconds=value)


def optional_time_of(value: int) -> Optional[datetime.datetime]:
    return time_of(value) if value else None


def pairs_of(array: CData, count: int) -> dict[str, str]:
    return {text_of(array[at].name): text_of(array[at].value) for at in range(count)}
