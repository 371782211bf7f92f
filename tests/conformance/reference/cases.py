# SPDX-License-Identifier: MIT
"""Writes files of cases: one step a line, wide integers as text. Knows the format, not the parts."""

import json
import pathlib

DATA = pathlib.Path(__file__).resolve().parent.parent / "data"
BROKEN = DATA.parent / "broken"
WIDE = 2**53


def plain(value):
    """The value as the format wants it: integers that a double would round become text."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return value if abs(value) < WIDE else str(value)
    if isinstance(value, dict):
        return {name: plain(member) for name, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(member) for member in value]
    return value


def step(do, on=None, as_=None, gives=None, fails=None, **inputs):
    """One step; names of inputs are those of C."""
    made = {"do": do}
    if on is not None:
        made["on"] = on
    if as_ is not None:
        made["as"] = as_
    if inputs:
        made["with"] = plain(inputs)
    if gives is not None:
        made["gives"] = plain(gives)
    if fails is not None:
        made["fails"] = fails
    return made


class File:
    """The cases of one file, in the order in which they were added."""

    def __init__(self, name, about, expected, kind="parts", folder=DATA):
        self.name, self.folder = name, folder
        self.head = {"format": 1, "about": about, "expected": expected, "kind": kind}
        self.cases = []

    def case(self, name, *steps, open=None, verify=None):
        """One case; `open` is how its shop is opened, verify False leaves out the audit."""
        assert name not in [case["name"] for case in self.cases], name
        made = {"name": name}
        if open is not None:
            made["open"] = plain(open)
        if verify is not None:
            made["verify"] = verify
        self.cases.append({**made, "steps": list(steps)})

    def text(self):
        lines = ["{"]
        for name, value in self.head.items():
            lines.append(f" {json.dumps(name)}: {json.dumps(value)},")
        lines.append(f' "cases_min": {len(self.cases)},')
        lines.append(' "cases": [')
        for number, case in enumerate(self.cases):
            head = {name: value for name, value in case.items() if name != "steps"}
            lines.append("  " + json.dumps(head, ensure_ascii=False)[:-1] + ', "steps": [')
            last = len(case["steps"]) - 1
            for place, one in enumerate(case["steps"]):
                comma = "," if place < last else ""
                lines.append("   " + json.dumps(one, ensure_ascii=False) + comma)
            lines.append("  ]}" + ("," if number < len(self.cases) - 1 else ""))
        lines.append(" ]")
        lines.append("}")
        return "\n".join(lines) + "\n"

    def path(self):
        return self.folder / f"{self.name}.json"


def index(folder=DATA):
    """The file that lists the others, with the number of them that there must be."""
    names = sorted(path.name for path in folder.glob("*.json") if path.name != "index.json")
    return json.dumps({"format": 1, "files_min": len(names), "files": names}, indent=1) + "\n"
