# SPDX-License-Identifier: MIT
"""Every state and event of the three machines, from the tables of docs/state-machines.md.

Those are drawn from the library's own tables (`./dev diagrams`), so this is no second opinion: it
pins what was reviewed there, cell by cell, for every binding."""

import pathlib
import re

from cases import File, step

DOC = pathlib.Path(__file__).resolve().parents[3] / "docs/state-machines.md"
NONE = "(none yet)"


def tables():
    """(title, {state: {event: next}}) for each machine of the page."""
    for part in re.split(r"^## ", DOC.read_text(), flags=re.M)[1:]:
        rows = {}
        for state, moves, same in re.findall(r"^\| (.+?) \| (.*?) \| (.*?) \|$", part, flags=re.M):
            if state in ("in", "---"):
                continue
            cells = {event: state for event in same.split(", ") if event}
            for move in filter(None, moves.split("<br>")):
                events, following = move.split(" → ")
                cells.update({event: following for event in events.split(", ")})
            rows[state] = cells
        if rows:
            yield part.split("\n")[0], rows


def files():
    file = File("machines", "The state machines of orders, reservations and payments, cell by cell.",
                "docs/state-machines.md, drawn from the library; own machines by hand")
    for (title, rows), machine in zip(tables(), ("order", "reservation", "payment"), strict=True):
        assert machine in title.lower(), title
        events = sorted({event for cells in rows.values() for event in cells})
        file.case(f"{machine}_names_its_states",
                  step("machine_read", machine=machine, as_="m",
                       gives={"states": [state for state in rows if state != NONE]}))
        for state, cells in rows.items():
            given = {} if state == NONE else {"state": state}
            file.case(f"{machine}_{'none' if state == NONE else state}",
                      *[step("machine_next", machine=machine, event=event, **given,
                             gives={"state": cells.get(event)}) for event in events])
    own(file)
    return [file]


def own(file):
    door = {"states": ["OPEN", "SHUT", "LOCKED"], "events": ["close", "open", "lock", "unlock"],
            "cells": [[None, "open", "OPEN"], ["OPEN", "close", "SHUT"], ["SHUT", "open", "OPEN"],
                      ["SHUT", "lock", "LOCKED"], ["LOCKED", "unlock", "SHUT"],
                      ["LOCKED", "lock", "LOCKED"]]}
    legal = {(state, event): following for state, event, following in door["cells"]}
    for state in [None, *door["states"]]:
        given = {} if state is None else {"state": state}
        file.case(f"a_door_{state or 'none'}",
                  *[step("machine_next_own", event=event, **given, **door,
                         gives={"state": legal.get((state, event))}) for event in door["events"]])
