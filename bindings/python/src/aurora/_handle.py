# SPDX-License-Identifier: MIT
"""One open store as all parts of a Shop share it: opening, closing, and what fork does to it."""

from __future__ import annotations

import contextlib
import datetime
import logging
import os
import re
import threading
import warnings
import weakref
from typing import Callable, Iterator, Mapping, NamedTuple, Optional, Union

from ._call import Arena, check, new_error, text
from ._native import ffi, lib
from ._types import CData
from .log import level_of
from .statuses import ForkedError, ReentrantError
from .testing import ManualClock

SettingValue = Union[str, int, bool, datetime.timedelta]


class Options(NamedTuple):
    """How a store was opened, kept so that a forked child can open it again."""

    url: str
    flags: int
    settings: tuple[str, ...]
    logger: Optional[logging.Logger]
    clock: Optional[ManualClock]

    @property
    def is_in_memory(self) -> bool:
        return self.url.startswith("memory:")

    @property
    def again(self) -> Options:
        """For opening after a fork: what is gone since is an error, not a new and empty store."""
        return self._replace(flags=self.flags | lib.AURORA_OPEN_NO_CREATE)


def setting_text(name: str, value: SettingValue) -> str:
    """name=value as the table of settings reads it."""
    if isinstance(value, bool):
        value = "true" if value else "false"
    elif isinstance(value, datetime.timedelta):
        value = f"{value // datetime.timedelta(milliseconds=1)}ms"
    elif not isinstance(value, (str, int)):
        raise TypeError(f"setting {name} must be a str, int, bool or timedelta, not {type(value).__name__}")
    return f"{name}={value}"


def setting_texts(settings: Optional[Mapping[str, SettingValue]]) -> tuple[str, ...]:
    return tuple(setting_text(name, value) for name, value in (settings or {}).items())


def native_options(options: Options, arena: Arena) -> CData:
    native = arena.struct("aurora_options")
    native.flags = options.flags
    texts = [arena.text(setting, setting.partition("=")[0]) for setting in options.settings]
    native.settings = arena.keep(ffi.new("char *[]", texts))
    native.setting_count = len(texts)
    if options.clock is not None:
        native.clock = options.clock.native
    return native


def close_gate(gate: CData, *kept: object) -> None:
    """Closes, from whatever thread the garbage collector runs on: inside a log handler the close
    would wait for that handler. What is `kept` is used until the gate is shut."""
    if lib.python_is_in_callback():
        threading.Thread(target=_close_keeping, args=(gate, kept)).start()
    else:
        _close_keeping(gate, kept)


def _close_keeping(gate: CData, kept: tuple[object, ...]) -> None:
    lib.python_shop_close(gate)
    del kept


class Handle:
    """The gate of an open store. `gate` is what every call passes first."""

    def __init__(self, options: Options) -> None:
        self._options = options._replace(url=absolute(options.url))
        self._lock = threading.Lock()
        self._stale: Optional[CData] = None
        self._is_suspended = False
        self._queues: list[CData] = []
        self._log_handle: Optional[CData] = None
        self._level = 0 if options.logger is None else int(level_of(options.logger.getEffectiveLevel()))
        self._is_refusing = False
        self._gate: Optional[CData] = self._open(self._options)
        with _handles_lock:
            _handles.add(self)

    def _open(self, options: Options) -> CData:
        arena, error = Arena(), new_error()
        out = ffi.new("python_shop **")
        if options.logger is not None:
            self._log_handle = ffi.new_handle(options.logger)
        try:
            check(lib.python_shop_open(text(options.url, "url"), native_options(options, arena),
                                       self._log_handle or ffi.NULL, self._level, out, error), error)
        except ForkedError as failure:
            raise ForkedError("the parent process was using this store when it forked; open it in the "
                              "child alone, or fork while no thread, queue or event loop uses it", "url") from failure
        gate = ffi.gc(out[0], lib.python_shop_free)
        self._finalizer = weakref.finalize(self, _finish, gate, self._log_handle, options.clock)
        return gate

    @property
    def gate(self) -> CData:
        return self._gate or self._reopen()

    @property
    def options(self) -> Options:
        return self._options

    @property
    def is_open(self) -> bool:
        gate = self._gate or self._stale
        return gate is None or lib.python_shop_is_open(gate)

    def close(self) -> None:
        """Repeats are no-ops. A log handler shuts the gate; what else there is to do would wait for
        the handler, also the lock, and is done on a thread."""
        if not lib.python_is_in_callback():
            self._close()
        elif lib.python_shop_shut(self._gate or self._stale or ffi.NULL):
            threading.Thread(target=self._close).start()

    def _close(self) -> None:
        with self._lock:
            gate, self._stale = self._gate or self._stale, None
            self._gate = gate
            if gate is not None:  # under the lock: a fork meanwhile leaves this store alone
                lib.python_shop_close(gate)
        self._finalizer.detach()

    @contextlib.contextmanager
    def _locked(self) -> Iterator[CData]:
        """The gate, while no fork comes between. Who has the lock may wait for a log handler."""
        if lib.python_is_in_callback():
            raise ReentrantError()
        gate = self.gate
        with self._lock:
            yield gate

    # --- what a fork keeps ------------------------------------------------------------------------

    def open_queue(self, capacity: int) -> CData:
        """A queue that keeps forks from suspending this store."""
        out = ffi.new("python_queue **")
        with self._locked() as gate:
            check(lib.python_queue_open(gate, capacity, out))
            queue = ffi.gc(out[0], lib.python_queue_free)
            self._queues = [one for one in self._queues if lib.python_queue_is_open(one)] + [queue]
            return queue

    def put_setting(self, name: str, value: SettingValue) -> None:
        error, setting = new_error(), setting_text(name, value)
        with self._locked() as gate:
            check(lib.shop_setting_put(gate, text(setting, name), error), error)
            others = tuple(one for one in self._options.settings if one.partition("=")[0] != name)
            self._options = self._options._replace(settings=(*others, setting))

    def set_log_level(self, level: int) -> None:
        with self._locked() as gate:
            check(lib.shop_log_set_level(gate, level))
            self._level = level

    def refuse_orders(self, is_refusing: bool) -> None:
        with self._locked() as gate:
            check(lib.shop_drain_set(gate, is_refusing))
            self._is_refusing = is_refusing

    # --- fork -------------------------------------------------------------------------------------

    def _before_fork(self) -> None:
        """Closes for a moment. What is in use, by another thread or a queue, stays open, and the
        child cannot have it."""
        self._is_suspended = False
        if self._gate is None or self._options.is_in_memory or not self._lock.acquire(blocking=False):
            return
        self._is_suspended = not self._has_queues() and lib.python_shop_suspend(self._gate)
        if not self._is_suspended:
            self._lock.release()

    def _after_fork_in_parent(self) -> None:
        """The worker goes on here, whatever the child does."""
        if not self._is_suspended:
            return
        arena, error = Arena(), new_error()
        again = self._options.again
        try:
            check(lib.python_shop_resume(self._gate or ffi.NULL, text(again.url, "url"),
                                         native_options(again, arena), self._level, self._is_refusing, error), error)
        except BaseException:
            lib.python_shop_close(self._gate or ffi.NULL)  # or calls would wait for it for ever
            raise
        finally:
            self._is_suspended = False
            self._lock.release()

    def _after_fork_in_child(self) -> None:
        self._lock = threading.Lock()
        if self._gate is None or not lib.python_shop_is_open(self._gate):
            return
        self._is_suspended = False
        self._stale, self._gate = self._gate, None

    def _reopen(self) -> CData:
        with self._lock:
            if self._gate is not None:
                return self._gate
            if self._options.is_in_memory:
                raise ForkedError("a store in memory stays with the process that opened it")
            if self._stale is not None and not lib.python_shop_is_open(self._stale):
                self._gate, self._stale = self._stale, None  # closed since, by a log handler
                return self._gate
            if self._stale is not None:
                self._finalizer.detach()
                lib.python_shop_close(self._stale)  # frees the parent's memory, touches no file
                self._stale = None
            gate = self._open(self._options.again)
            if self._is_refusing:
                check(lib.shop_drain_set(gate, True))
            self._gate = gate
            return gate

    def _has_queues(self) -> bool:
        return any(lib.python_queue_is_open(queue) for queue in self._queues)


def absolute(url: str) -> str:
    """The same store from any working directory, which may be another when it is opened again."""
    scheme, colon, rest = url.rpartition("sqlite:") if url.startswith("sqlite:") else ("", "", url)
    if rest == "" or os.path.isabs(rest) or (not colon and _SCHEME.match(rest)):
        return url
    return scheme + colon + os.path.join(os.getcwd(), rest)


def _finish(gate: CData, *kept: object) -> None:
    """Of a handle that nobody closed."""
    if lib.python_shop_is_open(gate):
        warnings.warn("an aurora.Shop was not closed", ResourceWarning, stacklevel=2)
    close_gate(gate, *kept)


_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_handles: weakref.WeakSet[Handle] = weakref.WeakSet()
_handles_lock = threading.Lock()
_forks = threading.Lock()  # one after the other
_forking: list[Handle] = []
"""Those that there were before the fork: other threads may open more meanwhile."""


def _each(call: Callable[[Handle], None]) -> None:
    """All of them, whatever one of them says; Python reports the first failure."""
    failure: Optional[BaseException] = None
    for handle in _forking:
        try:
            call(handle)
        except BaseException as error:
            failure = failure or error
    if failure is not None:
        raise failure


def _before_fork() -> None:
    global _forking
    _forks.acquire()
    with _handles_lock:
        _forking = list(_handles)
    _each(Handle._before_fork)


def _after_fork_in_parent() -> None:
    global _forking
    try:
        _each(Handle._after_fork_in_parent)
    finally:
        _forking = []
        _forks.release()


def _after_fork_in_child() -> None:
    global _forking, _forks, _handles_lock
    _forks, _handles_lock = threading.Lock(), threading.Lock()
    try:
        _each(Handle._after_fork_in_child)
    finally:
        _forking = []


os.register_at_fork(before=_before_fork, after_in_parent=_after_fork_in_parent,
                    after_in_child=_after_fork_in_child)
