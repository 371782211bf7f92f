# SPDX-License-Identifier: MIT
"""Token buckets, alone or one per key, and bulkheads. They need no shop, and any thread may use
them. Times are nanoseconds of one clock; without one it is time.monotonic_ns()."""

from __future__ import annotations

import array
import asyncio
import collections
import numbers
import secrets
import threading
import time
from time import monotonic_ns
from types import TracebackType
from typing import Deque, List, NamedTuple, Optional, Sequence, Tuple, Type, Union

from ._call import Arena, UINT64_MAX, check, integer, milliseconds, new_error, uint32
from ._native import ffi, lib
from ._types import CData
from .errors import RetriableError
from .statuses import InvalidArgumentError

Key = Union[str, bytes]
Waiter = Tuple[asyncio.AbstractEventLoop, "asyncio.Future[None]"]

LIMIT_WORDS = ffi.sizeof("aurora_limit") // 4
ALLOWED_WORD = 8
"""Where is_allowed stands in an aurora_limit, in words of 32 bits."""

_null = ffi.NULL
_take = lib.aurora_bucket_try_take


class Limit(NamedTuple):
    """What a bucket answers, as the RateLimit fields of HTTP want it. `retry_after_ns`: 0 allowed,
    above it the same take works then, -1 never."""

    is_allowed: bool
    limit: int
    remaining: int
    retry_after_ns: int
    reset_ns: int


def limit_of(native: CData) -> Limit:
    return Limit(bool(native.is_allowed), native.limit, native.remaining, native.retry_after_ns,
                 native.reset_ns)


def period_ns(per: Union[int, float], exact_ns: Optional[int] = None) -> int:
    """Seconds as nanoseconds; whole ones are exact, and so is `exact_ns` in its place."""
    if exact_ns is not None:
        return integer(exact_ns, "per_ns", 0, UINT64_MAX)
    if isinstance(per, bool) or not isinstance(per, numbers.Real):
        raise TypeError(f"per must be seconds, not {type(per).__name__}")
    if not 0 < per < 2**33:
        raise InvalidArgumentError(f"must be above 0 seconds, is {per}", "per")
    return round(per * 1_000_000_000)


def amount(n: int) -> int:
    return integer(n, "n", 0, UINT64_MAX)


def moment(now_ns: Optional[int]) -> int:
    return monotonic_ns() if now_ns is None else integer(now_ns, "now_ns")


def misfit(n: int, now_ns: Optional[int]) -> InvalidArgumentError:
    """Which number of a take did not fit: they are looked at only then."""
    try:
        amount(n), moment(now_ns)
    except InvalidArgumentError as error:
        return error
    return InvalidArgumentError("is too long", "key")


class Bucket:
    """`tokens` arrive in `per` seconds (or `per_ns` nanoseconds), at most `burst` lie in it; it
    begins full."""

    __slots__ = ("_native",)

    def __init__(self, tokens: int, per: Union[int, float] = 1, burst: Optional[int] = None, *,
                 per_ns: Optional[int] = None, now_ns: Optional[int] = None) -> None:
        self._native = ffi.new("aurora_bucket *")
        if lib.aurora_bucket_init(self._native, integer(tokens, "tokens", 0, UINT64_MAX), period_ns(per, per_ns),
                                  integer(tokens if burst is None else burst, "burst", 0, UINT64_MAX),
                                  moment(now_ns)) != 0:
            raise InvalidArgumentError("at least 1 token and at most 1 in a nanosecond, burst 1 to 10^16, "
                                       "full within 63 years", "tokens")

    def try_take(self, n: int = 1, now_ns: Optional[int] = None) -> bool:
        """Takes n tokens, all or none."""
        try:
            return _take(self._native, n, monotonic_ns() if now_ns is None else now_ns, _null)
        except OverflowError:
            raise misfit(n, now_ns) from None

    def take(self, n: int = 1, now_ns: Optional[int] = None) -> int:
        """Takes n tokens and returns 0, or returns in how many nanoseconds the same take works if
        nobody else takes; -1 = never, n is above the burst."""
        after = ffi.new("int64_t *")
        lib.aurora_bucket_try_take(self._native, amount(n), moment(now_ns), after)
        return int(after[0])

    def read(self, now_ns: Optional[int] = None) -> Limit:
        """Reads without taking; speaks of one token."""
        out = ffi.new("aurora_limit *")
        lib.aurora_bucket_read(self._native, moment(now_ns), out)
        return limit_of(out)


class Limiter:
    """Buckets of one policy, one per key, in memory that is bounded and allocated once. `shards`
    are its locks (0 = chosen); `seed`, two words of 64 bits, is random unless given."""

    def __init__(self, capacity: int, tokens: int, per: Union[int, float] = 1, burst: Optional[int] = None,
                 *, per_ns: Optional[int] = None, shards: int = 0, seed: Optional[tuple[int, int]] = None) -> None:
        error, out = new_error(), ffi.new("aurora_limiter **")
        options = ffi.new("aurora_limiter_options *")
        options.size = ffi.sizeof("aurora_limiter_options")
        options.capacity, options.shards = uint32(capacity, "capacity"), uint32(shards, "shards")
        options.tokens, options.per_ns = integer(tokens, "tokens", 0, UINT64_MAX), period_ns(per, per_ns)
        options.burst = integer(tokens if burst is None else burst, "burst", 0, UINT64_MAX)
        options.seed = [integer(word, "seed", 0, UINT64_MAX)
                        for word in seed or (secrets.randbits(64), secrets.randbits(64))]
        check(lib.aurora_limiter_new(options, out, error), error)
        self._native = ffi.gc(out[0], lib.aurora_limiter_free)

    def try_take(self, key: Key, n: int = 1, now_ns: Optional[int] = None) -> bool:
        """Takes n tokens of the key's bucket, all or none."""
        data = key.encode() if isinstance(key, str) else key
        try:
            return lib.aurora_limiter_try_take(self._native, data, len(data), n, monotonic_ns() if now_ns is None else now_ns, _null)
        except OverflowError:
            raise misfit(n, now_ns) from None

    def take(self, key: Key, n: int = 1, now_ns: Optional[int] = None) -> Limit:
        """The same, with what is left."""
        data, out = key.encode() if isinstance(key, str) else key, ffi.new("aurora_limit *")
        lib.aurora_limiter_try_take(self._native, data, len(data), amount(n),
                                    moment(now_ns), out)
        return limit_of(out)

    def try_take_many(self, keys: Sequence[Key], n: int = 1, now_ns: Optional[int] = None) -> List[bool]:
        """Takes n tokens of each key's bucket, one after the other, in one call: for each key
        whether it could."""
        words = memoryview(ffi.buffer(self._take_many(keys, n, now_ns))).cast("I")  # type: ignore[arg-type]
        return list(map(bool, words[ALLOWED_WORD::LIMIT_WORDS]))

    def take_many(self, keys: Sequence[Key], n: int = 1, now_ns: Optional[int] = None) -> List[Limit]:
        """The same, with what is left of each."""
        limits = self._take_many(keys, n, now_ns)
        return [limit_of(limits[at]) for at in range(len(keys))]

    def _take_many(self, keys: Sequence[Key], n: int, now_ns: Optional[int]) -> CData:
        datas = [key.encode() if isinstance(key, str) else key for key in keys]
        lens = array.array("I", map(len, datas))
        limits = ffi.new("aurora_limit[]", len(datas))
        lib.aurora_limiter_try_take_many(self._native, b"".join(datas), ffi.from_buffer("uint32_t[]", lens),
                                         len(datas), amount(n), moment(now_ns), limits)
        return limits

    def read(self, key: Key, now_ns: Optional[int] = None) -> Limit:
        """Reads the key's bucket without taking or storing."""
        data, out = key.encode() if isinstance(key, str) else key, ffi.new("aurora_limit *")
        lib.aurora_limiter_read(self._native, data, len(data), moment(now_ns),
                                out)
        return limit_of(out)

    def set_rate(self, tokens: int, per: Union[int, float] = 1, burst: Optional[int] = None, *,
                 per_ns: Optional[int] = None, now_ns: Optional[int] = None) -> None:
        """Gives all keys another rate; nobody gets a fresh burst."""
        error = new_error()
        check(lib.aurora_limiter_set_rate(
            self._native, integer(tokens, "tokens", 0, UINT64_MAX), period_ns(per, per_ns),
            integer(tokens if burst is None else burst, "burst", 0, UINT64_MAX),
            moment(now_ns), error), error)

    def figures(self) -> dict[str, int]:
        """What it has done so far: keys, capacity, admitted, refused, evicted, evicted_busy."""
        out = ffi.new("aurora_limiter_figures *")
        lib.aurora_limiter_read_figures(self._native, out)
        return {name: getattr(out, name)
                for name in ("keys", "capacity", "admitted", "refused", "evicted", "evicted_busy")}


class Claim(NamedTuple):
    """One of several takes that go together. `is_shadow`: it takes where it can, and where it
    cannot it stops nobody."""

    limiter: Limiter
    key: Key
    n: int = 1
    is_shadow: bool = False


def take_all(claims: Sequence[Claim], now_ns: Optional[int] = None) -> tuple[bool, List[Limit]]:
    """Takes from several buckets, of one limiter or of many, all or none; gives whether, and each
    bucket after that."""
    arena = Arena()
    structs: List[CData] = []
    for limiter, key, n, is_shadow in claims:
        claim = arena.struct("aurora_limiter_claim")
        data = key.encode() if isinstance(key, str) else key
        claim.limiter = limiter._native
        claim.flags = lib.AURORA_LIMITER_SHADOW if is_shadow else 0
        claim.key, claim.key_len = arena.keep(ffi.from_buffer("char[]", data)), len(data)
        claim.n = integer(n, f"claims[{len(structs)}].n", 0, UINT64_MAX)
        structs.append(claim)
    if len(structs) > lib.AURORA_LIMITER_CLAIMS_MAX:
        raise InvalidArgumentError(f"must be at most {lib.AURORA_LIMITER_CLAIMS_MAX}", "claims")
    limits = ffi.new("aurora_limit[]", max(len(structs), 1))
    taken = lib.aurora_limiter_try_take_all(arena.pointers("aurora_limiter_claim", structs), len(structs),
                                            moment(now_ns), limits)
    return taken, [limit_of(limits[at]) for at in range(len(structs))]


class BulkheadFullError(RetriableError):
    """As many calls run, and wait, as may."""

    code = "BULKHEAD_FULL"


class Bulkhead:
    """At most `running` calls at once, and at most `waiting` that wait for a place: `with bulkhead:`,
    in a coroutine `async with bulkhead:`, waits for one, for `timeout` seconds at most, and raises
    BulkheadFullError. Threads and event loops may share one."""

    def __init__(self, running: int, waiting: int = 0, *, timeout: Optional[float] = None) -> None:
        self._native = ffi.new("aurora_bulkhead *")
        if lib.aurora_bulkhead_init(self._native, uint32(running, "running"), uint32(waiting, "waiting")):
            raise InvalidArgumentError("running 1 to 10^9, waiting 0 to 10^9", "running")
        milliseconds(timeout, "timeout")
        self._timeout = timeout
        self._has_waiting = waiting > 0
        self._freed = threading.Condition()
        self._futures: Deque[Waiter] = collections.deque()

    def try_enter(self) -> bool:
        """Takes a place, which leave() must give back."""
        return lib.aurora_bulkhead_try_enter(self._native)

    def leave(self) -> None:
        lib.aurora_bulkhead_leave(self._native)
        self._tell()

    def _tell(self) -> None:
        """One thread and one coroutine: which of them gets the place, try_promote decides."""
        with self._freed:
            self._freed.notify()
            while self._futures:
                loop, future = self._futures.popleft()
                try:
                    loop.call_soon_threadsafe(_wake, future)
                    return
                except RuntimeError:  # its loop was closed under it
                    continue

    def try_wait(self) -> bool:
        """Joins those who wait; then try_promote() until it is true, or abandon()."""
        return lib.aurora_bulkhead_try_wait(self._native)

    def try_promote(self) -> bool:
        """Turns one waiter into a running call where there is a place."""
        return lib.aurora_bulkhead_try_promote(self._native)

    def abandon(self) -> None:
        lib.aurora_bulkhead_abandon(self._native)

    def enter(self, timeout: Optional[float] = None) -> None:
        """Takes a place, waiting for one. RuntimeError on the thread of an event loop, which it
        would hold up: see enter_async."""
        if self._has_waiting and asyncio._get_running_loop() is not None:
            raise RuntimeError("a bulkhead with room to wait would block the event loop: in a coroutine "
                               "write `async with bulkhead:`")
        if self._joined():
            return
        end = None if timeout is None else time.monotonic() + timeout
        try:
            with self._freed:
                while not self.try_promote():
                    self._freed.wait(seconds_left(end))
        except BaseException:
            self.abandon()
            self._tell()
            raise

    async def enter_async(self, timeout: Optional[float] = None) -> None:
        """The same in a coroutine."""
        if self._joined():
            return
        end = None if timeout is None else time.monotonic() + timeout
        loop = asyncio.get_running_loop()
        try:
            while True:
                waiter = (loop, loop.create_future())
                with self._freed:  # before it asks, so that no place falls free unnoticed
                    self._futures.append(waiter)
                try:
                    if self.try_promote():
                        return
                    await asyncio.wait({waiter[1]}, timeout=seconds_left(end))
                finally:
                    self._forget(waiter)
        except BaseException:
            self.abandon()
            self._tell()
            raise

    def _joined(self) -> bool:
        """True: there was a place; else the caller waits for one now."""
        if self.try_enter():
            return True
        if not self.try_wait():
            raise BulkheadFullError()
        return False

    def _forget(self, waiter: Waiter) -> None:
        with self._freed:
            if waiter in self._futures:
                self._futures.remove(waiter)

    def read(self) -> tuple[int, int]:
        """How many run, and how many wait."""
        running, waiting = ffi.new("uint32_t *"), ffi.new("uint32_t *")
        lib.aurora_bulkhead_read(self._native, running, waiting)
        return int(running[0]), int(waiting[0])

    def __enter__(self) -> Bulkhead:
        self.enter(self._timeout)
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        self.leave()

    async def __aenter__(self) -> Bulkhead:
        await self.enter_async(self._timeout)
        return self

    async def __aexit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException],
                        trace: Optional[TracebackType]) -> None:
        self.leave()


def seconds_left(end: Optional[float]) -> Optional[float]:
    left = None if end is None else end - time.monotonic()
    if left is not None and left <= 0:
        raise BulkheadFullError("no place fell free in time")
    return left


def _wake(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
