# SPDX-License-Identifier: MIT
"""One open store: aurora.open(...) gives a Shop, whose parts are its nouns."""

from __future__ import annotations

import logging
import os
from types import TracebackType
from typing import Mapping, Optional, Sequence, Type, Union

from . import care
from ._call import Arena, check, duration_ms, new_error, text
from ._handle import Handle, Options, SettingValue, native_options, setting_texts
from ._native import ffi, lib
from .events import Events
from .log import level_of
from .metrics import Metrics
from .notifications import Notifications
from .orders import Orders
from .products import Products
from .sagas import Sagas
from .search import Search
from .stock import StockRoom
from .tasks import payments
from .testing import ManualClock
from .trending import Recommendations


class Shop:
    """An open store, shared by any number of threads. Close it, best by `with`.

    After a fork a store in a file is opened again in the child, at its first use there; a store in
    memory stays with the parent, and the child gets ForkedError."""

    def __init__(self, handle: Handle) -> None:
        self._handle = handle
        self.products = Products(handle)
        self.stock = StockRoom(handle)
        self.orders = Orders(handle)
        self.payments = payments(handle)
        self.notifications = Notifications(handle)
        self.events = Events(handle)
        self.sagas = Sagas(handle)
        self.search = Search(handle)
        self.recommendations = Recommendations(handle)
        self.metrics = Metrics(handle)

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

    # --- driving ----------------------------------------------------------------------------------

    def pump(self, budget: float = 0.0) -> Optional[float]:
        """Runs what is due, for about `budget` seconds (0 = one batch); for shops opened with
        worker=False. Returns in how many seconds the next timer is due, None = none before
        fileno() turns readable."""
        due = ffi.new("int64_t *")
        check(lib.shop_pump(self._handle.gate, duration_ms(budget, "budget"), due))
        return None if due[0] < 0 else due[0] / 1000

    def fileno(self) -> int:
        """The descriptor that is readable when pump has work; -1 with a worker."""
        return int(lib.shop_fd(self._handle.gate))

    def wake(self) -> None:
        """Lets waits for tasks, events and orders look up at once. Those of this package wait on
        unless they have been told to stop."""
        lib.shop_wake(self._handle.gate)

    def health(self) -> None:
        """Raises what every command would, or does not."""
        check(lib.shop_health(self._handle.gate))

    # --- care -------------------------------------------------------------------------------------

    def verify(self) -> care.Report:
        """Checks every invariant on one snapshot of the store; writers go on meanwhile."""
        return care.verify(self._handle)

    def backup(self, path: Union[str, "os.PathLike[str]"]) -> None:
        """Copies the store, while it works, to a file that must not exist."""
        care.backup(self._handle, path)

    def restored(self) -> None:
        """To be called once after the database under this store was restored from its own backup."""
        care.restored(self._handle)

    def store_key(self, name: str) -> bytes:
        """The store's secret of this name, 32 bytes, the same for all who open it."""
        return care.store_key(self._handle, name)

    def drain(self) -> care.Drain:
        """What is still under way."""
        return care.drain(self._handle)

    def refuse_orders(self, is_refusing: bool = True) -> None:
        """Makes this shop refuse new orders with BusyError, or take them again."""
        self._handle.refuse_orders(is_refusing)

    def set(self, name: str, value: SettingValue) -> None:
        """Changes a reloadable setting until the shop is closed; a fork keeps it."""
        self._handle.put_setting(name, value)

    def set_log_level(self, level: int) -> None:
        """A level of Python's logging, from now on."""
        self._handle.set_log_level(level_of(level))

    def bus_health(self) -> None:
        """Raises StoreError while the bus cannot be reached."""
        error = new_error()
        check(lib.shop_bus_health(self._handle.gate, error), error)


def open(url: Union[str, "os.PathLike[str]"], *, worker: bool = True, readonly: bool = False,
         create: bool = True, migrate: bool = True, log: Optional[logging.Logger] = None,
         settings: Optional[Mapping[str, SettingValue]] = None,
         clock: Optional[ManualClock] = None) -> Shop:
    """Opens the store at `url`: "shop.db", "sqlite:shop.db" or "memory:".

    worker: a thread of the library drives timers, payments and the search index; without it they
    stand still between calls. readonly: queries only. create, migrate: what to do about a store
    that is not there (else NotFoundError), or of an older release (else SchemaError). log: where
    the library's log goes, from the level that this logger lets through at this moment. settings:
    as docs/EMBEDDING.md lists them, {"order_deadline": "2m", "payment": "none:"}. clock: for
    tests."""
    return Shop(Handle(options_of(url, worker, readonly, create, migrate, log, settings, clock)))


def verify_stores(shops: Sequence[Shop], *, at_rest: bool = False) -> care.Report:
    """Shop.verify over the 1 to 16 stores of one system, and between them: a mismatch is a violation
    if it lasts 10 s. at_rest: nothing runs, so work in progress is a violation too."""
    return care.verify_stores([shop._handle for shop in shops], at_rest)


def check_options(url: Union[str, "os.PathLike[str]"], *,
                  settings: Optional[Mapping[str, SettingValue]] = None) -> None:
    """Checks URL and settings as open does, and touches no store."""
    arena, error = Arena(), new_error()
    options = options_of(url, False, False, True, True, None, settings, None)
    check(lib.aurora_open_check(text(options.url, "url"), native_options(options, arena), error), error)


def options_of(url: Union[str, "os.PathLike[str]"], worker: bool, readonly: bool, create: bool, migrate: bool,
               log: Optional[logging.Logger], settings: Optional[Mapping[str, SettingValue]],
               clock: Optional[ManualClock]) -> Options:
    flags = (lib.AURORA_OPEN_WORKER if worker else 0) | (lib.AURORA_OPEN_READONLY if readonly else 0)
    flags |= (0 if create else lib.AURORA_OPEN_NO_CREATE) | (0 if migrate else lib.AURORA_OPEN_NO_MIGRATE)
    return Options(os.fspath(url), flags, setting_texts(settings), log, clock)
