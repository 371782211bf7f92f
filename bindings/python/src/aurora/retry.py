# SPDX-License-Identifier: MIT
"""When to try a failed call again, if at all. It needs no shop.

    for attempt in Retry(attempts=5):
        with attempt:
            call()

An attempt that raises something worth repeating ends its `with` quietly while the retry goes on,
and lets the exception out when it has ended; the loop sleeps in between. `async for` sleeps without
blocking, and @Retry(...) does the same for a function, also an async one."""

from __future__ import annotations

import asyncio
import functools
import inspect
import random
import time
from types import TracebackType
from typing import Any, AsyncIterator, Callable, Iterator, Optional, Tuple, Type, TypeVar, Union, cast

from ._call import UINT64_MAX, check, int32, integer, new_error, uint32
from ._native import ffi, lib
from .breaker import seconds_ns
from .enums import Jitter, RetryEnding, RetryOutcome
from .errors import AuroraError
from .statuses import InvalidArgumentError

F = TypeVar("F", bound=Callable[..., Any])
RetryOn = Union[Tuple[Type[BaseException], ...], Callable[[BaseException], bool]]

_random = random.SystemRandom()


def is_worth_repeating(error: BaseException) -> bool:
    """Failures of the library that are retryable, connections that broke, and time that ran out."""
    if isinstance(error, AuroraError):
        return error.retryable
    return isinstance(error, (ConnectionError, TimeoutError, asyncio.TimeoutError))


def hint_ns(seconds: float) -> int:
    if not seconds < 2**33:
        raise InvalidArgumentError(f"must be less than {2**33} seconds, is {seconds}", "seconds")
    return round(max(seconds, 0.0) * 1e9)


class RetryBudget:
    """Repeats that many calls share: at most `repeats` saved up, into which each call pays
    `ratio_per_mille` thousandths of one."""

    def __init__(self, repeats: int, ratio_per_mille: int = 100) -> None:
        self._native = ffi.new("aurora_retry_budget *")
        if lib.aurora_retry_budget_init(self._native, uint32(repeats, "repeats"), uint32(ratio_per_mille, "ratio_per_mille")):
            raise InvalidArgumentError("must be 1 to 10^9, and the ratio at most 1,000,000", "repeats")

    @property
    def left(self) -> int:
        """Whole repeats that it would allow now."""
        return int(lib.aurora_retry_budget_left(self._native))


class Attempt:
    """One attempt, as a `with` block."""

    def __init__(self, course: Course) -> None:
        self._course = course
        self.number: int = course.attempts

    def hint(self, seconds: float) -> None:
        """The dependency wants to be called again after so long (Retry-After)."""
        self._course.hint(seconds)

    def __enter__(self) -> Attempt:
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException],
                 trace: Optional[TracebackType]) -> bool:
        return self._course.report(error)


class Course:
    """One call with its repeats."""

    def __init__(self, policy: Retry) -> None:
        self._policy = policy
        self._native = ffi.new("aurora_retry *")
        self._is_hinted = False
        self.delay_ns = 0
        options, error = ffi.new("aurora_retry_options *"), new_error()
        policy.fill(options)
        check(lib.aurora_retry_init(self._native, options, error), error)

    @property
    def attempts(self) -> int:
        return int(lib.aurora_retry_attempts(self._native))

    @property
    def ending(self) -> RetryEnding:
        return RetryEnding(lib.aurora_retry_ending(self._native))

    def hint(self, seconds: float) -> None:
        self._is_hinted = True
        lib.aurora_retry_hint(self._native, hint_ns(seconds))

    def next_ns(self, outcome: RetryOutcome, random_bits: int, now_ns: int) -> int:
        """Reports the attempt just made; in how many ns to make the next one, -1 = it has ended."""
        return int(lib.aurora_retry_next_ns(self._native, int32(outcome, "outcome"),
                                            integer(random_bits, "random_bits", 0, UINT64_MAX),
                                            integer(now_ns, "now_ns")))

    def report(self, error: Optional[BaseException]) -> bool:
        """Whether another attempt follows."""
        if error is None:
            outcome = RetryOutcome.SUCCESS
        elif not self._policy.repeats(error):
            outcome = RetryOutcome.FATAL
        else:
            outcome = RetryOutcome.RATE_LIMITED if self._is_hinted else RetryOutcome.RETRIABLE
        self._is_hinted = False
        self.delay_ns = self.next_ns(outcome, _random.getrandbits(64), self._policy.clock())
        return error is not None and self.delay_ns >= 0


class Retry:
    """How often and how soon. `attempts` counts the first one; the delay before repeat k is
    `delay` * `multiplier_percent`^k, at most `delay_max`, spread by `jitter`; `deadline` is in
    seconds from the first attempt. 0 keeps a default. `on`: exceptions, or a function of one."""

    def __init__(self, *, attempts: int = 0, delay: float = 0, delay_max: float = 0,
                 multiplier_percent: int = 0, jitter: Jitter = Jitter.FULL, deadline: float = 0,
                 hint_max: float = 0, budget: Optional[RetryBudget] = None,
                 on: RetryOn = is_worth_repeating, clock: Callable[[], int] = time.monotonic_ns,
                 sleep: Callable[[float], object] = time.sleep) -> None:
        self.clock, self._sleep, self._on = clock, sleep, on
        self._budget = budget
        self._deadline_ns = seconds_ns(deadline, "deadline")
        options = self._options = ffi.new("aurora_retry_options *")
        options.size = ffi.sizeof("aurora_retry_options")
        options.attempts_max = uint32(attempts, "attempts")
        options.delay_ns, options.delay_max_ns = seconds_ns(delay, "delay"), seconds_ns(delay_max, "delay_max")
        options.multiplier_percent = uint32(multiplier_percent, "multiplier_percent")
        options.jitter = jitter
        options.hint_max_ns = seconds_ns(hint_max, "hint_max")
        if budget is not None:
            options.budget = budget._native
        error = new_error()
        check(lib.aurora_retry_init(ffi.new("aurora_retry *"), self._without_budget(), error), error)

    def _without_budget(self) -> Any:
        """The options as they are checked, which pays nothing."""
        copy = ffi.new("aurora_retry_options *", self._options[0])
        copy.budget = ffi.NULL
        return copy

    def fill(self, options: Any) -> None:
        ffi.memmove(options, self._options, ffi.sizeof("aurora_retry_options"))
        if self._deadline_ns:
            options.deadline_ns = self.clock() + self._deadline_ns

    def repeats(self, error: BaseException) -> bool:
        """Whether an exception is worth another attempt."""
        if isinstance(self._on, tuple):
            return isinstance(error, self._on)
        return isinstance(error, Exception) and self._on(error)

    def course(self) -> Course:
        """One call with its repeats, for loops of your own."""
        return Course(self)

    def __iter__(self) -> Iterator[Attempt]:
        course = Course(self)
        while True:
            yield Attempt(course)
            if course.ending is not RetryEnding.GOES_ON or course.delay_ns < 0:
                return
            self._sleep(course.delay_ns / 1e9)

    async def __aiter__(self) -> AsyncIterator[Attempt]:
        course = Course(self)
        while True:
            yield Attempt(course)
            if course.ending is not RetryEnding.GOES_ON or course.delay_ns < 0:
                return
            await asyncio.sleep(course.delay_ns / 1e9)

    def __call__(self, function: F) -> F:
        """A decorator."""
        if inspect.iscoroutinefunction(function):
            @functools.wraps(function)
            async def asynchronous(*args: Any, **kwargs: Any) -> Any:
                async for attempt in self:
                    with attempt:
                        return await function(*args, **kwargs)
            return cast(F, asynchronous)

        @functools.wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            for attempt in self:
                with attempt:
                    return function(*args, **kwargs)
        return cast(F, wrapped)
