# SPDX-License-Identifier: MIT
"""Care of a whole store: audit, backup, drain. Not for single orders: see sagas.py."""

from __future__ import annotations

import dataclasses
import datetime
import os
from typing import List, Sequence, Union

from ._call import check, new_error, text, text_of, time_of
from ._handle import Handle
from ._native import ffi, lib
from ._types import CData
from .statuses import InvalidArgumentError

STORES_MAX = 16


@dataclasses.dataclass(frozen=True)
class Violation:
    """An invariant that does not hold: "I1", of what, and the numbers that disagree."""

    invariant: str
    subject: str
    message: str


@dataclasses.dataclass(frozen=True)
class Report:
    """What verify found; the first 1,000 violations are listed."""

    is_ok: bool
    in_progress: int
    violation_count: int
    violations: List[Violation]
    order_count: int
    sku_count: int
    event_count: int
    at: datetime.datetime


@dataclasses.dataclass(frozen=True)
class Drain:
    """What keeps a store from being drained."""

    is_drained: bool
    is_refusing: bool
    unsettled_orders: int
    relay_lag: int
    saga_lag: int


def verify(handle: Handle) -> Report:
    out = ffi.new("aurora_report **")
    check(lib.shop_verify(handle.gate, out))
    return owned_report(out[0])


def owned_report(native: CData) -> Report:
    try:
        return Report(
            bool(native.is_ok), native.in_progress, native.violation_count,
            [Violation(text_of(item.invariant), text_of(item.subject), text_of(item.message))
             for item in (native.items[at] for at in range(native.count))],
            native.order_count, native.sku_count, native.event_count, time_of(native.at_ms))
    finally:
        lib.aurora_report_free(native)


def verify_stores(handles: Sequence[Handle], at_rest: bool) -> Report:
    if not 1 <= len(handles) <= STORES_MAX:
        raise InvalidArgumentError(f"must be 1 to {STORES_MAX}, are {len(handles)}", "shops")
    error, out = new_error(), ffi.new("aurora_report **")
    gates = [handle.gate for handle in handles]
    check(lib.python_verify_stores(ffi.new("python_shop *[]", gates), len(gates),
                                   lib.AURORA_VERIFY_AT_REST if at_rest else 0, out, error), error)
    return owned_report(out[0])


def backup(handle: Handle, path: Union[str, "os.PathLike[str]"]) -> None:
    error = new_error()
    check(lib.shop_backup(handle.gate, text(os.fspath(path), "path"), error), error)


def restored(handle: Handle) -> None:
    error = new_error()
    check(lib.shop_restored(handle.gate, error), error)


def store_key(handle: Handle, name: str) -> bytes:
    error, out = new_error(), ffi.new("uint8_t[32]")
    check(lib.shop_store_key(handle.gate, text(name, "name"), out, error), error)
    return bytes(ffi.buffer(out)[:])


def drain(handle: Handle) -> Drain:
    out = ffi.new("aurora_drain *")
    check(lib.shop_drain_get(handle.gate, out))
    return Drain(bool(out.is_drained), bool(out.is_refusing), out.unsettled_orders, out.relay_lag,
                 out.saga_lag)
