# SPDX-License-Identifier: MIT
"""Pages of the library as lists and generators of Python. No cursor and no transaction stays open
between two pages: a generator may be left at any time."""

from __future__ import annotations

import dataclasses
from typing import Callable, Generic, Iterator, Optional, TypeVar, Union

from ._call import check, new_error, optional_text, optional_text_of, uint32
from ._native import ffi
from ._types import CData

T = TypeVar("T")

Fetch = Callable[[Union[CData, bytes], int, CData, CData], int]
"""(cursor, limit, out, error) -> status"""


@dataclasses.dataclass(frozen=True)
class Page(Generic[T]):
    """Some items of a list. `next_cursor` is what the next page begins at, None on the last; it
    stays valid over restarts."""

    items: list[T]
    next_cursor: Optional[str]

    def __iter__(self) -> Iterator[T]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


def page(fetch: Fetch, out_type: str, free: Callable[[CData], None], item_of: Callable[[CData], T],
         cursor: Optional[str], limit: int) -> Page[T]:
    """One page, copied and freed."""
    error, out = new_error(), ffi.new(f"{out_type} **")
    check(fetch(optional_text(cursor, "cursor"), uint32(limit, "limit"), out, error), error)
    native = out[0]
    try:
        return Page([item_of(native.items[at]) for at in range(native.count)],
                    optional_text_of(native.next_cursor))
    finally:
        free(native)


def items(one_page: Callable[[Optional[str]], Page[T]]) -> Iterator[T]:
    """All items of all pages."""
    cursor: Optional[str] = None
    while True:
        found = one_page(cursor)
        yield from found.items
        cursor = found.next_cursor
        if cursor is None:
            return
