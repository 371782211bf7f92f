#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Each metric of the sources has its row in docs/METRICS.md, with its type and labels, and each row its metric."""

import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import metric_page  # noqa: E402

UNITS = {"counter": r"_total$", "gauge": r"(?<!_total)$", "histogram": r"(?:_seconds|_commands)$"}
SERVICE = "(?:product|order|inventory|payment|search|recommendation|notification)"
WHO = rf"(?:every|engine|bus|gateway|{SERVICE}(?:, {SERVICE})*)"
HAVE = re.compile(rf"{WHO}(?: but {SERVICE})?(?: with .+)?|with .+")


def objections():
    rows, twice = metric_page.in_page()
    code = metric_page.in_code()
    awaited = metric_page.awaited()
    for name in twice:
        yield f"docs/METRICS.md: {name} has two rows"
    for name, row in rows.items():
        if not HAVE.fullmatch(row.where):
            yield f"docs/METRICS.md: {name}: who has it is every, engine, bus, gateway or services, but ..., with ..., not {row.where}"
        if name not in awaited and name not in dict(code):
            yield f"docs/METRICS.md: there is no metric {name}"
    for name, family in code:
        if not re.fullmatch(r"(?:aurora|process)_[a-z0-9_]+", name) or not re.search(UNITS[family.kind], name):
            yield f"{family.where}: {name} is no name for a {family.kind}"
        if name not in rows:
            yield f"{family.where}: {name} has no row in docs/METRICS.md"
        elif rows[name] != family and name not in awaited:
            yield f"{family.where}: {name} is {family}, in docs/METRICS.md {rows[name]}"


def main():
    found = list(objections())
    for objection in found:
        print(objection)
    rows = metric_page.in_page()[0]
    print(f"metrics: {len(rows)} rows, {len(found)} objections")
    return 1 if found or len(rows) < 100 else 0


if __name__ == "__main__":
    sys.exit(main())
