#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every call that a public header declares is one that a library exports, and the other way
round."""

import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
from tree import ROOT  # noqa: E402

COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
DECLARED = re.compile(r"\bAURORA_API\b[^;({]*?\b(aurora_[a-z0-9_]+)\s*\(")


def main():
    declared = {}
    for path in sorted((ROOT / "include").rglob("*.h")):
        for name in DECLARED.findall(COMMENT.sub(" ", path.read_text(encoding="utf-8"))):
            declared[name] = path.relative_to(ROOT)
    exported = set()
    for path in sorted((ROOT / "tests/abi").glob("exports*.txt")):
        exported |= set(path.read_text(encoding="utf-8").split())
    missing = sorted(set(declared) - exported)
    secret = sorted(exported - set(declared))
    for name in missing:
        print(f"{declared[name]}: {name} is declared and not exported")
    for name in secret:
        print(f"tests/abi: {name} is exported and no header declares it")
    print(f"promises: {len(declared)} calls declared, {len(missing)} of them missing, "
          f"{len(secret)} undeclared")
    return 1 if missing or secret else 0


if __name__ == "__main__":
    sys.exit(main())
