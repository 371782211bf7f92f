#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""doc_blocks.py PROGRAM [--check]: fills the blocks of docs/*.md that PROGRAM generates.

A block stands between `<!-- generated: NAME -->` and `<!-- end -->`. With --check nothing is
written, and a block that differs fails."""

import difflib
import pathlib
import re
import subprocess
import sys

from tree import ROOT

BLOCK = re.compile(r"(<!-- generated: (\w+) -->\n)(.*?)(<!-- end -->\n)", re.DOTALL)


def main(program, is_check):
    seen, stale = 0, []

    def fill(match):
        nonlocal seen
        seen += 1
        run = subprocess.run([program, match.group(2)], capture_output=True, text=True, check=True)
        return match.group(1) + "\n" + run.stdout + "\n" + match.group(4)

    for path in sorted((ROOT / "docs").glob("*.md")):
        old = path.read_text()
        new = BLOCK.sub(fill, old)
        if new == old:
            continue
        stale.append(path)
        if is_check:
            name = str(path.relative_to(ROOT))
            sys.stdout.writelines(difflib.unified_diff(
                old.splitlines(True), new.splitlines(True), name, name + " as generated"))
        else:
            path.write_text(new)
            print("diagrams: wrote", path.relative_to(ROOT))
    if seen == 0:
        print("diagrams: docs/ has no generated block")
        return 1
    if is_check and stale:
        print("diagrams: ./dev diagrams writes the blocks above")
        return 1
    print(f"diagrams: {seen} generated blocks are as the library's tables say")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], "--check" in sys.argv[2:]))
