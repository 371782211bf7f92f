# SPDX-License-Identifier: MIT
"""For tests of programs that use Aurora: a clock that stands still. Not for production."""

from __future__ import annotations

import datetime

from ._call import EPOCH, at_ms, duration_ms
from ._native import ffi, lib


class ManualClock:
    """A clock that moves only when told: aurora.open("memory:", clock=ManualClock())."""

    def __init__(self, wall: datetime.datetime = EPOCH + datetime.timedelta(days=20000)) -> None:
        self._manual = ffi.new("aurora_manual_clock *")
        lib.aurora_manual_clock_init(self._manual, at_ms(wall, "wall"))
        self.native = ffi.new("aurora_clock *")
        lib.aurora_manual_clock_attach(self._manual, self.native)

    def advance(self, seconds: float) -> None:
        """Moves both clocks forward; timers fire at the next pump, or on the worker."""
        lib.aurora_manual_clock_advance(self._manual, duration_ms(seconds, "seconds", 2**53))

    def step(self, wall: datetime.datetime) -> None:
        """Sets the wall clock alone, also backwards, as an administrator would."""
        lib.aurora_manual_clock_step(self._manual, at_ms(wall, "wall"))
