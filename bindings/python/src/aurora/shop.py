# SPDX-License-Identifier: MIT
"""One open store: aurora.open(...) gives a Shop, whose parts are its nouns."""

from __future__ import annotations

import logging
import os
from types import TracebackType
from typing import Mapping, Optional, Type, Union

from ._call import check, new_error, text
from ._handle import Handle, Options, SettingValue, setting_text, setting_texts
from ._native import lib
from .orders import Orders
from .products import Products
from .stock import StockRoom


class Shop:
    """An open store, shared by any number of threads. Close it, best by `with`.

    After a fork a store in a file is opened again in the child, at its first use there; a store in
    memory stays with the parent, and the child gets ForkedError."""

    def __init__(self, handle: Handle) -> None:
        self._handle = handle
        self.products = Products(handle)
        self.stock = StockRoom(handle)
        self.orders = Orders(handle)

    def __enter__(self) -> Shop:
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        self.close()

    def close(self) -> None:
        """Finishes the batch in flight and closes. Calls in other threads that wait for tasks,
        events or an order end at once, one that places an order at its timeout. Afterwards every
        call raises ClosedError; repeats are no-ops."""
        self._handle.close()

    @property
    def is_open(self) -> bool:
        return self._handle.is_open

    def __repr__(self) -> str:
        return f"<aurora.Shop {self._handle.options.url!r} {'open' if self.is_open else 'closed'}>"


def open(url: Union[str, "os.PathLike[str]"], *, worker: bool = True, readonly: bool = False,
         create: bool = True, migrate: bool = True, log: Optional[logging.Logger] = None,
         settings: Optional[Mapping[str, SettingValue]] = None) -> Shop:
    """Opens the store at `url`: "shop.db", "sqlite:shop.db" or "memory:".

    worker: a thread of the library drives timers, payments and the search index; without it they
    stand still between calls. readonly: queries only. create, migrate: what to do about a store
    that is not there (else NotFoundError), or of an older release (else SchemaError). log: where
    the library's log goes, from the level that this logger lets through at this moment. settings:
    as docs/EMBEDDING.md lists them, {"order_deadline": "2m", "payment": "none:"}."""
    flags = (lib.AURORA_OPEN_WORKER if worker else 0) | (lib.AURORA_OPEN_READONLY if readonly else 0)
    flags |= (0 if create else lib.AURORA_OPEN_NO_CREATE) | (0 if migrate else lib.AURORA_OPEN_NO_MIGRATE)
    return Shop(Handle(Options(os.fspath(url), flags, setting_texts(settings), log, None)))
