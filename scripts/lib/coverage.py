#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""coverage.py SUMMARY.json: lines and branches of each module as gcovr counted them, and whether the modules that have a
bar reach it. Exit status 1 when one does not."""

import json
import sys

# Covered lines and branches, in percent, that a module must have; None = no bar.
BARS = {"src/core": (100.0, 95.0), "src/adapters": (85.0, None)}


def module(path):
    return "/".join(path.split("/")[:2])


def percent(covered, total):
    return 100.0 * covered / total if total else 100.0


def summed(files):
    """{module: [lines covered, lines, branches covered, branches]}, and of each file that misses a line of a 100 % module."""
    sums, missing = {}, []
    for file in files:
        row = sums.setdefault(module(file["filename"]), [0, 0, 0, 0])
        counts = (file["line_covered"], file["line_total"], file["branch_covered"], file["branch_total"])
        for i, count in enumerate(counts):
            row[i] += count
        bar = BARS.get(module(file["filename"]), (None, None))[0]
        if bar == 100.0 and counts[0] < counts[1]:
            missing.append(f"{file['filename']}: {counts[1] - counts[0]} lines are not reached")
    return sums, missing


def main():
    with open(sys.argv[1], encoding="utf-8") as report:
        sums, missing = summed(json.load(report)["files"])
    failed = False
    print(f"{'module':<24} {'lines':>8} {'covered':>8} {'branches':>9} {'covered':>8}")
    for name, (line_hit, lines, branch_hit, branches) in sorted(sums.items()):
        found = (percent(line_hit, lines), percent(branch_hit, branches))
        short = [bar for bar, value in zip(BARS.get(name, ()), found) if bar is not None and value < bar]
        failed |= bool(short)
        print(f"{name:<24} {lines:>8} {found[0]:>7.1f}% {branches:>9} {found[1]:>7.1f}%"
              + "".join(f"   below {bar:.0f} %" for bar in short))
    print("\n".join(missing))
    sys.exit(1 if failed else 0)


main()
