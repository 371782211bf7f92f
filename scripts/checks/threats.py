#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""docs/SECURITY.md keeps its word: its table has the rows S1 to S23, each names tests, each of these is there, says in its
source which rows it is for, and which mutation of the code it notices."""

import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
from tree import ROOT  # noqa: E402

ROWS = [f"S{number}" for number in range(1, 24)]
ROW = re.compile(r"^\| (S\d+) \|(.*)\|$", re.MULTILINE)
TEST = re.compile(r"`([a-z]+)/([a-z0-9_]+)`")
USED = re.compile(r"tests/(?:http|threats|integration|support)/[a-z0-9_]+\.(?:py|sh)")


def sources(tier, noun):
    """The files of a ctest entry: its own, and for a wrapper the script that it runs."""
    own = [ROOT / "tests" / tier / name for name in (f"test_{noun}.c", f"{noun}.sh", f"{noun}.py")]
    found = [path for path in own if path.exists()]
    for path in list(found):
        if path.suffix == ".sh":
            found += [ROOT / name for name in USED.findall(path.read_text(encoding="utf-8")) if (ROOT / name).exists()]
    return found


def check_test(row, tier, noun):
    files = sources(tier, noun)
    text = "\n".join(path.read_text(encoding="utf-8") for path in files)
    if not files:
        yield f"{row}: there is no test {tier}/{noun}"
        return
    if not re.search(rf"\b{row}\b", text):
        yield f"{row}: {files[0].relative_to(ROOT)} does not name the row"
    if "Mutation:" not in text:
        yield f"{row}: {files[0].relative_to(ROOT)} says no Mutation: that it notices"


def main():
    table = {}
    failures = []
    for row, cells in ROW.findall((ROOT / "docs/SECURITY.md").read_text(encoding="utf-8")):
        if row in table:
            failures.append(f"{row}: stands twice")
        table[row] = cells.split("|")
    failures += [f"{row}: no such row" for row in ROWS if row not in table]
    failures += [f"{row}: a row that this check does not know" for row in table if row not in ROWS]
    count = 0
    for row, cells in table.items():
        tests = TEST.findall(cells[2]) if len(cells) == 3 else []
        count += len(tests)
        if not tests:
            failures.append(f"{row}: names no test")
        for tier, noun in tests:
            failures += check_test(row, tier, noun)
    print("\n".join(failures))
    print(f"threats: {len(table)} rows name {count} tests, {len(failures)} objections")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
