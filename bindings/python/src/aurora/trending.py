# SPDX-License-Identifier: MIT
"""What sells or is looked at now, what is bought together, what sold most."""

from __future__ import annotations

import dataclasses
import datetime
from typing import Callable, List, Optional

from ._call import Arena, at_ms, check, duration_ms, int32, new_error, optional_text, text, text_of, uint32
from ._handle import Handle
from ._native import ffi, lib
from ._types import CData
from .enums import TrendKind

HOUR, DAY, WEEK = 3600.0, 86400.0, 604800.0
"""The windows of trending, in seconds. A window is a half-life."""


@dataclasses.dataclass(frozen=True)
class Trend:
    """A SKU and its score; the true one lies in [score - error, score]."""

    sku: str
    score: float
    error: float


class Recommendations:
    """`shop.recommendations`."""

    def __init__(self, handle: Handle) -> None:
        self._handle = handle

    def trending(self, *, window: float = DAY, category: Optional[str] = None,
                 kind: TrendKind = TrendKind.ORDERS, at: Optional[datetime.datetime] = None,
                 limit: int = 0) -> List[Trend]:
        """The SKUs with the highest decayed count of completed orders, or of views. window is HOUR,
        DAY or WEEK; limit is 1 to 1,000, 0 = 20."""
        arena = Arena()
        query = arena.struct("aurora_trend_query")
        query.limit = uint32(limit, "limit")
        query.window_ms = duration_ms(window, "window", 2**53)
        query.category = arena.optional_text(category, "category")
        query.at_ms = at_ms(at, "at")
        query.kind = int32(kind, "kind")
        return self._page(lambda out, error: lib.shop_trending(self._handle.gate, query, out, error))

    def related(self, sku: str, *, limit: int = 0) -> List[Trend]:
        """The SKUs most often in one order with `sku`; limit is 1 to 100, 0 = 10."""
        name, most = text(sku, "sku"), uint32(limit, "limit")
        return self._page(lambda out, error: lib.shop_related_products(
            self._handle.gate, name, most, out, error))

    def popular(self, *, category: Optional[str] = None, limit: int = 0) -> List[Trend]:
        """The SKUs in most completed orders ever; limit is 1 to 1,000, 0 = 20."""
        name, most = optional_text(category, "category"), uint32(limit, "limit")
        return self._page(lambda out, error: lib.shop_popular_products(
            self._handle.gate, name, most, out, error))

    def _page(self, call: Callable[[CData, CData], int]) -> List[Trend]:
        error, out = new_error(), ffi.new("aurora_trend_page **")
        check(call(out, error), error)
        try:
            return [Trend(text_of(item.sku), item.score, item.error)
                    for item in (out[0].items[at] for at in range(out[0].count))]
        finally:
            lib.aurora_trend_page_free(out[0])
