# SPDX-License-Identifier: MIT
"""State machines as tables: the library's own, and yours."""

from __future__ import annotations

from typing import List, Mapping, Optional, Sequence, Tuple

from ._call import Arena, text_of
from ._native import ffi, lib
from ._types import CData
from .statuses import InvalidArgumentError

STATES_MAX = 255


class Machine:
    """A table of states and events. `transitions` maps (state, event) to the next state; the state
    None is "does not exist yet". What is not in it is illegal; a state that leads to itself takes
    the event as a no-op."""

    def __init__(self, states: Sequence[str], events: Sequence[str],
                 transitions: Mapping[Tuple[Optional[str], str], str]) -> None:
        for names, field in ((states, "states"), (events, "events")):
            if not 1 <= len(names) <= STATES_MAX or len(set(names)) != len(names):
                raise InvalidArgumentError(f"must be 1 to {STATES_MAX} different names", field)
        width = len(events) + 1
        cells = bytearray((len(states) + 1) * width)
        arena = Arena()
        for (state, event), target in transitions.items():
            try:
                row = 0 if state is None else states.index(state) + 1
                cells[row * width + events.index(event) + 1] = states.index(target) + 1
            except ValueError as error:
                raise InvalidArgumentError(str(error), "transitions") from None
        native = arena.struct("aurora_machine")
        native.state_count, native.event_count = len(states), len(events)
        native.cells = arena.keep(ffi.from_buffer("uint8_t[]", bytes(cells)))
        for field, names in (("state_names", states), ("event_names", events)):
            setattr(native, field, arena.keep(ffi.new(
                "char *[]", [arena.text(name, field) for name in ("", *names)])))
        self._use(native, arena)

    def _use(self, native: CData, arena: Optional[Arena]) -> None:
        self._native, self._arena = native, arena
        self.states: List[str] = [text_of(lib.aurora_machine_state_name(native, at))
                                  for at in range(1, native.state_count + 1)]
        self.events: List[str] = [text_of(lib.aurora_machine_event_name(native, at))
                                  for at in range(1, native.event_count + 1)]

    @classmethod
    def _ours(cls, native: CData) -> Machine:
        machine = cls.__new__(cls)
        machine._use(native, None)
        return machine

    def next(self, state: Optional[str], event: str) -> Optional[str]:
        """The state after `event`; None when that is illegal."""
        try:
            row = 0 if state is None else self.states.index(state) + 1
            column = self.events.index(event) + 1
        except ValueError:
            return None
        target = lib.aurora_machine_next(self._native, row, column)
        return self.states[target - 1] if target else None


def order_machine() -> Machine:
    """The order's, as docs/state-machines.md draws it."""
    return Machine._ours(lib.aurora_order_machine())


def reservation_machine() -> Machine:
    return Machine._ours(lib.aurora_reservation_machine())


def payment_machine() -> Machine:
    return Machine._ours(lib.aurora_payment_machine())
