# SPDX-License-Identifier: MIT
"""What is popular now, and what is bought together, within memory that is taken once. They need no
shop and no clock: times are Unix milliseconds. A lock of their own makes them safe for threads."""

from __future__ import annotations

import threading
from typing import List, NamedTuple, Sequence

from ._call import check, integer, text, text_of, uint32
from ._native import ffi, lib
from ._types import CData
from .statuses import InvalidArgumentError


class Score(NamedTuple):
    """A key and its score; the true one lies in [score - error, score]."""

    key: str
    score: float
    error: float


def score_of(native: CData) -> Score:
    return Score(text_of(native.key), native.score, native.error)


def weight_of(weight: float) -> float:
    if not 0 < weight <= lib.AURORA_TOPK_WEIGHT_MAX:
        raise InvalidArgumentError(f"must be above 0 and at most {lib.AURORA_TOPK_WEIGHT_MAX:g}, is {weight}", "weight")
    return weight


class TopK:
    """The heaviest keys of a stream of weighted adds that lose half of their weight in each
    half-life."""

    def __init__(self, capacity: int, *, half_life_ms: int) -> None:
        size = lib.aurora_topk_bytes(uint32(capacity, "capacity"))
        if size == 0:
            raise InvalidArgumentError(f"must be 1 to {lib.AURORA_TOPK_CAPACITY_MAX}", "capacity")
        self._memory = ffi.new("uint64_t[]", size // 8 + 1)
        self._native = ffi.new("aurora_topk *")
        self._lock = threading.Lock()
        if lib.aurora_topk_init(self._native, self._memory, size, integer(half_life_ms, "half_life_ms")) != 0:
            raise InvalidArgumentError("must be 1 to the year 9999", "half_life_ms")

    def add(self, key: str, weight: float = 1.0, *, at_ms: int) -> None:
        """Counts `weight` for a key of 1 to 64 bytes."""
        with self._lock:
            check(lib.aurora_topk_add(self._native, text(key, "key"), weight_of(weight), integer(at_ms, "at_ms")))

    def reset(self) -> None:
        """Forgets all adds."""
        with self._lock:
            lib.aurora_topk_reset(self._native)

    def list(self, at_ms: int, limit: int = 20) -> List[Score]:
        """The heaviest keys as of `at_ms`, which is not before newest_ms."""
        room, count = ffi.new("aurora_topk_item[]", max(limit, 1)), ffi.new("uint32_t *")
        with self._lock:
            check(lib.aurora_topk_list(self._native, integer(at_ms, "at_ms"), uint32(limit, "limit"), room, count))
        return [score_of(room[at]) for at in range(count[0])]

    def get(self, key: str, at_ms: int) -> Score:
        """The score of one key; one that is not held may have had as much as is told."""
        out = ffi.new("aurora_topk_item *")
        with self._lock:
            check(lib.aurora_topk_get(self._native, text(key, "key"), integer(at_ms, "at_ms"), out))
        return score_of(out)

    def merge(self, other: TopK) -> None:
        """Adds all that another sketch counted."""
        if other is self:
            raise InvalidArgumentError("must be another sketch", "other")
        first, second = sorted((self, other), key=id)
        with first._lock, second._lock:
            check(lib.aurora_topk_merge(self._native, other._native))

    @property
    def newest_ms(self) -> int:
        """The newest time counted, -1 before the first add."""
        with self._lock:
            return int(lib.aurora_topk_newest_ms(self._native))

    @property
    def capacity(self) -> int:
        return int(lib.aurora_topk_capacity(self._native))

    def snapshot(self) -> bytes:
        """The state as bytes that any machine can restore."""
        with self._lock:
            size, used = lib.aurora_topk_snapshot_bytes(self._native), ffi.new("size_t *")
            out = ffi.new("char[]", size)
            check(lib.aurora_topk_snapshot(self._native, out, size, used))
        return ffi.buffer(out, used[0])[:]

    def restore(self, data: bytes) -> None:
        """Replaces the state. CorruptError; after a failure the sketch is empty."""
        with self._lock:
            check(lib.aurora_topk_restore(self._native, data, len(data)))


class Related:
    """For each product the others that share most baskets with it, decaying by half each
    half-life."""

    def __init__(self, capacity: int, neighbours: int, *, half_life_ms: int) -> None:
        size = lib.aurora_related_bytes(uint32(capacity, "capacity"), uint32(neighbours, "neighbours"))
        if size == 0:
            raise InvalidArgumentError(f"must be 1 to {lib.AURORA_TOPK_CAPACITY_MAX}, and neighbours 1 to "
                                       f"{lib.AURORA_RELATED_NEIGHBOURS_MAX}", "capacity")
        self._memory = ffi.new("uint64_t[]", size // 8 + 1)
        self._native = ffi.new("aurora_related *")
        self._lock = threading.Lock()
        if lib.aurora_related_init(self._native, self._memory, size, neighbours, integer(half_life_ms, "half_life_ms")) != 0:
            raise InvalidArgumentError("must be 1 to the year 9999", "half_life_ms")

    def add(self, skus: Sequence[str], weight: float = 1.0, *, at_ms: int) -> None:
        """Counts a basket; SKUs beyond its first 32 different ones are not read."""
        datas = [ffi.from_buffer("char[]", text(sku, "skus") + b"\0") for sku in skus]
        with self._lock:
            check(lib.aurora_related_add(self._native, ffi.new("char *[]", datas), len(datas), weight_of(weight), integer(at_ms, "at_ms")))

    def reset(self) -> None:
        """Forgets all baskets."""
        with self._lock:
            lib.aurora_related_reset(self._native)

    def merge(self, other: Related) -> None:
        """Adds all that another table counted."""
        if other is self:
            raise InvalidArgumentError("must be another table", "other")
        first, second = sorted((self, other), key=id)
        with first._lock, second._lock:
            check(lib.aurora_related_merge(self._native, other._native))

    @property
    def capacity(self) -> int:
        return int(lib.aurora_related_capacity(self._native))

    def list(self, sku: str, at_ms: int, limit: int = 10) -> List[Score]:
        """The SKUs most bought with `sku`."""
        room, count = ffi.new("aurora_topk_item[]", max(limit, 1)), ffi.new("uint32_t *")
        with self._lock:
            check(lib.aurora_related_list(self._native, text(sku, "sku"), integer(at_ms, "at_ms"), uint32(limit, "limit"),
                                          room, count))
        return [score_of(room[at]) for at in range(count[0])]

    @property
    def newest_ms(self) -> int:
        with self._lock:
            return int(lib.aurora_related_newest_ms(self._native))

    def snapshot(self) -> bytes:
        """The state as bytes that any machine can restore."""
        with self._lock:
            size, used = lib.aurora_related_snapshot_bytes(self._native), ffi.new("size_t *")
            out = ffi.new("char[]", size)
            check(lib.aurora_related_snapshot(self._native, out, size, used))
        return ffi.buffer(out, used[0])[:]

    def restore(self, data: bytes) -> None:
        """Replaces the state. CorruptError; after a failure the table is empty."""
        with self._lock:
            check(lib.aurora_related_restore(self._native, data, len(data)))
