# SPDX-License-Identifier: MIT
"""A circuit breaker: once too many calls to a dependency fail or are slow it lets none pass for a
while, then a few probes. It needs no shop; any thread and any task may use it."""

from __future__ import annotations

import contextvars
import dataclasses
import functools
import inspect
import threading
from types import TracebackType
from typing import Any, Callable, List, Optional, Tuple, Type, TypeVar, Union, cast

from ._call import UINT64_MAX, check, int32, integer, new_error, uint32
from ._native import ffi, lib
from ._types import CData
from .enums import BreakerOutcome, BreakerState
from .errors import RetriableError
from .limits import moment, period_ns
from .statuses import InvalidArgumentError

F = TypeVar("F", bound=Callable[..., Any])

_calls: contextvars.ContextVar[Tuple[BreakerCall, ...]] = contextvars.ContextVar("aurora_breaker", default=())
"""The blocks that this context is in, of any breaker."""


class BreakerOpenError(RetriableError):
    """The breaker lets no call pass; `retry_after` says, in seconds, when it may."""

    code = "BREAKER_OPEN"

    def __init__(self, retry_after: float = 0.0) -> None:
        super().__init__(f"no call may be made, for {retry_after:.3g} s")
        self.retry_after = retry_after

    def __reduce__(self) -> Tuple[Any, ...]:
        return BreakerOpenError, (self.retry_after,), self.__dict__


@dataclasses.dataclass(frozen=True)
class BreakerFigures:
    """What a breaker has seen."""

    state: BreakerState
    calls: int
    failed: int
    slow: int
    failure_rate_ppm: int
    slow_rate_ppm: int
    probes_in_flight: int
    refused: int
    opened: int
    stale: int
    retry_after_ns: int


def figures_of(native: CData) -> BreakerFigures:
    return BreakerFigures(BreakerState(native.state), native.calls, native.failed, native.slow,
                          native.failure_rate_ppm, native.slow_rate_ppm, native.probes_in_flight,
                          native.refused, native.opened, native.stale, native.retry_after_ns)


def seconds_ns(value: Union[int, float], field: str) -> int:
    """0 keeps the default."""
    if value == 0:
        return 0
    try:
        return period_ns(value)
    except InvalidArgumentError as error:
        raise InvalidArgumentError(error.message, field) from None


class BreakerCall:
    """One call through a breaker: `with breaker.call():`. It may end on another thread, in another
    task or context than it began."""

    def __init__(self, breaker: Breaker) -> None:
        self._breaker = breaker
        self._ticket = 0

    def __enter__(self) -> BreakerCall:
        if self._ticket != 0:
            raise RuntimeError("this call has begun; make one for each by breaker.call()")
        self._ticket = self._breaker.try_enter()
        if self._ticket == 0:
            raise BreakerOpenError(self._breaker.figures().retry_after_ns / 1e9)
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        ticket, self._ticket = self._ticket, 0
        self._breaker.leave(ticket, self._breaker.outcome_of(error))


class Breaker:
    """`with breaker:` raises BreakerOpenError where no call may be made, and counts how the block
    ended; so does a function, also an async one, under `@breaker`.

    It opens when `failure_rate_percent` of the last `window_calls` calls fail (or, with
    window_slices, of the last slices of `slice` seconds), once there are `calls_min`, or when
    `slow_rate_percent` of them take `slow` seconds; waits `wait` seconds, and then lets `probes`
    pass. 0 keeps a default. `failures` are the exceptions that count, `ignored` those that say
    nothing about the dependency; other exceptions are successes."""

    def __init__(self, *, window_calls: int = 0, window_slices: int = 0, slice: float = 0, calls_min: int = 0,
                 failure_rate_percent: int = 0, slow_rate_percent: int = 0, slow: float = 0, probes: int = 0,
                 wait: float = 0, wait_max: float = 0, wait_growth_percent: int = 0, half_open_max: float = 0,
                 failures: Tuple[Type[BaseException], ...] = (Exception,),
                 ignored: Tuple[Type[BaseException], ...] = ()) -> None:
        options = ffi.new("aurora_breaker_options *")
        options.size = ffi.sizeof("aurora_breaker_options")
        options.window_kind = lib.AURORA_BREAKER_LAST_TIME if window_slices else lib.AURORA_BREAKER_LAST_CALLS
        for name, number in (("window_calls", window_calls), ("window_slices", window_slices),
                             ("calls_min", calls_min), ("failure_rate_percent", failure_rate_percent),
                             ("slow_rate_percent", slow_rate_percent), ("probes", probes),
                             ("wait_growth_percent", wait_growth_percent)):
            setattr(options, name, uint32(number, name))
        for name, seconds in (("slice", slice), ("slow", slow), ("wait", wait), ("wait_max", wait_max),
                              ("half_open_max", half_open_max)):
            setattr(options, name + "_ns", seconds_ns(seconds, name))
        error = new_error()
        self._native = ffi.new("aurora_breaker *")
        check(lib.aurora_breaker_init(self._native, options, error), error)
        self._ticket = ffi.new("uint64_t *")
        self._lock = threading.Lock()
        self._failures, self._ignored = failures, ignored
        self._calls: List[BreakerCall] = []

    # --- one call ---------------------------------------------------------------------------------

    def try_enter(self, now_ns: Optional[int] = None) -> int:
        """The ticket of a call that may be made, for leave(); 0 when none may."""
        with self._lock:
            lib.aurora_breaker_try_enter(self._native, moment(now_ns),
                                         self._ticket)
            return int(self._ticket[0])

    def leave(self, ticket: int, outcome: BreakerOutcome = BreakerOutcome.SUCCESS,
              now_ns: Optional[int] = None) -> None:
        """Reports the outcome of the call with `ticket`, once."""
        number, how = integer(ticket, "ticket", 0, UINT64_MAX), int32(outcome, "outcome")
        with self._lock:
            lib.aurora_breaker_leave(self._native, number, how,
                                     moment(now_ns))

    def call(self) -> BreakerCall:
        """For a `with` of its own, which knows its ticket wherever it ends."""
        return BreakerCall(self)

    def __enter__(self) -> Breaker:
        call = self.call().__enter__()
        with self._lock:
            self._calls.append(call)
        _calls.set((*_calls.get(), call))
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        self._last_call().__exit__(kind, error, trace)

    def _last_call(self) -> BreakerCall:
        """The innermost block of this context; of one that began in another context the oldest
        that is left, so that as many calls end as began."""
        with self._lock:
            ours = [call for call in _calls.get() if call in self._calls]
            if not self._calls:
                raise RuntimeError("no call through this breaker is under way")
            call = ours[-1] if ours else self._calls[0]
            self._calls.remove(call)
        _calls.set(tuple(one for one in _calls.get() if one is not call))
        return call

    def outcome_of(self, error: Optional[BaseException]) -> BreakerOutcome:
        """How a call that ended with `error` counts."""
        if error is None:
            return BreakerOutcome.SUCCESS
        if isinstance(error, self._ignored) or not isinstance(error, Exception):
            return BreakerOutcome.IGNORED
        return BreakerOutcome.FAILURE if isinstance(error, self._failures) else BreakerOutcome.SUCCESS

    def __call__(self, function: F) -> F:
        """A decorator."""
        if inspect.iscoroutinefunction(function):
            @functools.wraps(function)
            async def asynchronous(*args: Any, **kwargs: Any) -> Any:
                with self.call():
                    return await function(*args, **kwargs)
            return cast(F, asynchronous)

        @functools.wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            with self.call():
                return function(*args, **kwargs)
        return cast(F, wrapped)

    # --- operators --------------------------------------------------------------------------------

    def force(self, state: BreakerState, now_ns: Optional[int] = None) -> None:
        """Puts it into a state, with an empty window."""
        with self._lock:
            check(lib.aurora_breaker_force(self._native, int32(state, "state"),
                                           moment(now_ns)))

    def state(self, now_ns: Optional[int] = None) -> BreakerState:
        with self._lock:
            return BreakerState(lib.aurora_breaker_state(
                self._native, moment(now_ns)))

    def figures(self, now_ns: Optional[int] = None) -> BreakerFigures:
        out = ffi.new("aurora_breaker_figures *")
        with self._lock:
            lib.aurora_breaker_read(self._native, moment(now_ns), out)
        return figures_of(out)
