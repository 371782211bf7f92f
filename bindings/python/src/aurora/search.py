# SPDX-License-Identifier: MIT
"""Full-text search over products. The index follows the log: it lags a put, normally by less than
100 ms."""

from __future__ import annotations

import dataclasses
from typing import List, Optional

from ._call import Arena, check, duration_ms, int32, integer, new_error, optional_text, optional_text_of, text, text_of, uint32
from ._handle import Handle
from ._native import ffi, lib
from ._types import CData
from .enums import FacetKind, Sort
from .products import Product, product_of


@dataclasses.dataclass(frozen=True)
class Hit:
    """A product that was found; `highlight` is an HTML fragment with matches in <em>."""

    product: Product
    score: float
    highlight: str


@dataclasses.dataclass(frozen=True)
class Facet:
    """How many hits have a value."""

    kind: FacetKind
    value: str
    count: int


@dataclasses.dataclass(frozen=True)
class SearchPage:
    """Some hits. `total` counts those of all pages; facets are on the first page only."""

    hits: List[Hit]
    total: int
    facets: List[Facet]
    next_cursor: Optional[str]


def search_page_of(native: CData) -> SearchPage:
    return SearchPage(
        [Hit(product_of(hit.product), hit.score, text_of(hit.highlight))
         for hit in (native.items[at] for at in range(native.count))],
        native.total,
        [Facet(FacetKind(facet.kind), text_of(facet.value), facet.count)
         for facet in (native.facets[at] for at in range(native.facet_count))],
        optional_text_of(native.next_cursor))


class Search:
    """`shop.search`, which is called: shop.search("blue mug")."""

    def __init__(self, handle: Handle) -> None:
        self._handle = handle

    def __call__(self, words: Optional[str] = None, *, category: Optional[str] = None,
                 brand: Optional[str] = None, price_min_minor: int = 0, price_max_minor: int = 0,
                 sort: Sort = Sort.RELEVANCE, cursor: Optional[str] = None, limit: int = 0,
                 timeout: float = 0.0) -> SearchPage:
        """Products with the user's words, which have no syntax; None = all. limit is 1 to 100, 0 =
        20. NotSupportedError where there is no index."""
        arena, error, out = Arena(), new_error(), ffi.new("aurora_search_page **")
        query = arena.struct("aurora_query")
        query.sort = int32(sort, "sort")
        query.text = arena.optional_text(words, "text")
        query.category = arena.optional_text(category, "category")
        query.brand = arena.optional_text(brand, "brand")
        query.price_min_minor = integer(price_min_minor, "price_min_minor")
        query.price_max_minor = integer(price_max_minor, "price_max_minor")
        query.time_max_ms = duration_ms(timeout, "timeout")
        check(lib.shop_search(self._handle.gate, query, optional_text(cursor, "cursor"),
                              uint32(limit, "limit"), out, error), error)
        try:
            return search_page_of(out[0])
        finally:
            lib.aurora_search_page_free(out[0])

    def suggest(self, prefix: str, *, limit: int = 0) -> List[str]:
        """Completes what a user is typing; limit is 1 to 20, 0 = 10."""
        error, out = new_error(), ffi.new("aurora_suggestion_page **")
        check(lib.shop_search_suggest(self._handle.gate, text(prefix, "prefix"), uint32(limit, "limit"),
                                      out, error), error)
        try:
            return [text_of(out[0].items[at]) for at in range(out[0].count)]
        finally:
            lib.aurora_suggestion_page_free(out[0])

    def rebuild(self) -> None:
        """Drops the index and starts to fill it again."""
        error = new_error()
        check(lib.shop_search_rebuild(self._handle.gate, error), error)
