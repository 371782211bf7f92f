#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Prints the tests that use public headers only: a line for each, the test and then the files of
tests/support that it needs. Found by following #include, from headers to the .c files beside
them; net.h is not in the amalgamation, and so is a private header, for this."""

import os
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
SUPPORT = ROOT / "tests/support"
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)
# <...> that neither the C library nor SQLite nor Check gives: an engine's client or a server part.
# What a header declares beside the file of its name.
ALSO = {"test.h": ["tempdir.c"], "power_disk.h": ["power_walk.c"]}
FOREIGN = re.compile(r"(event2?|openssl|librdkafka|hiredis|curl|cjson|cJSON|jwt|libpq|zlib|lzma)\b")


def needs(path, seen):
    """Adds to `seen` all files that `path` needs; false where one is not public."""
    if path in seen:
        return True
    seen.add(path)
    for mark, name in INCLUDE.findall(path.read_text(encoding="utf-8")):
        if name in ("aurora/net.h", "aurora/sim.h") or (mark == "<" and FOREIGN.match(name)):
            return False
        if mark == "<":
            continue
        header = pathlib.Path(os.path.normpath(SUPPORT / name))
        if not header.is_file():
            return False
        sources = [header.with_suffix(".c")]
        sources += [SUPPORT / other for other in ALSO.get(header.name, ())]
        if not all(needs(file, seen) for file in [header, *sources] if file.is_file()):
            return False
    return True


def main():
    for test in sorted((ROOT / "tests").glob("*/test_*.c")):
        seen = set()
        if not needs(test, seen):
            continue
        sources = sorted(path for path in seen if path.suffix == ".c" and path != test)
        print(*(path.relative_to(ROOT) for path in [test, *sources]))


if __name__ == "__main__":
    main()
