# SPDX-License-Identifier: MIT
"""The library's log as records of Python's logging."""

from __future__ import annotations

import logging
import sys
from types import TracebackType
from typing import Any, Optional

from ._call import text_of
from ._native import ffi, lib
from ._types import CData
from .enums import LogLevel

LEVELS = {
    LogLevel.DEBUG: logging.DEBUG,
    LogLevel.INFO: logging.INFO,
    LogLevel.WARNING: logging.WARNING,
    LogLevel.ERROR: logging.ERROR,
    LogLevel.FATAL: logging.CRITICAL,
}


def level_of(level: int) -> LogLevel:
    """The lowest level of ours that Python's `level` lets through."""
    for ours, theirs in LEVELS.items():
        if level <= theirs:
            return ours
    return LogLevel.FATAL


def attribute_of(attribute: CData) -> Any:
    kind = attribute.kind
    if kind == lib.AURORA_ATTRIBUTE_TEXT:
        return text_of(attribute.text)
    if kind == lib.AURORA_ATTRIBUTE_DOUBLE:
        return attribute.real
    if kind == lib.AURORA_ATTRIBUTE_BOOL:
        return bool(attribute.number)
    return attribute.number


def complain(kind: type[BaseException], error: BaseException, trace: Optional[TracebackType]) -> None:
    """A handler that raises is told of as Python tells of a failing __del__, and stops nothing. What
    is meant for the program, Ctrl-C, reaches it as soon as the library is left."""
    if issubclass(kind, KeyboardInterrupt):
        lib.python_interrupt()
        return
    hook = getattr(sys, "unraisablehook", None)
    if hook is not None:
        hook(_Unraisable(kind, error, trace))


class _Unraisable:
    """What sys.unraisablehook is given."""

    def __init__(self, kind: type[BaseException], error: BaseException,
                 trace: Optional[TracebackType]) -> None:
        self.exc_type, self.exc_value, self.exc_traceback = kind, error, trace
        self.err_msg = "Exception ignored in a log handler of aurora"
        self.object = None


@ffi.def_extern(name="python_log", onerror=complain)
def _log(handle: CData, record: CData) -> None:
    """Called from any thread that is inside the library. The record has `component`, `trace_id`
    and `attributes` beside what every record has."""
    logger: logging.Logger = ffi.from_handle(handle)
    level = LEVELS.get(record.level, logging.CRITICAL)
    if not logger.isEnabledFor(level):
        return
    attributes = {text_of(record.attributes[at].key): attribute_of(record.attributes[at])
                  for at in range(record.attribute_count)}
    trace = bytes(record.trace.trace_id).hex() if record.trace else None
    logger.log(level, "%s: %s", text_of(record.component), text_of(record.message),
               extra={"component": text_of(record.component), "attributes": attributes,
                      "trace_id": trace})
