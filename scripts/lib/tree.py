#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Which files are ours. `tree.py c` lists the C files, `tree.py all` whatever has our SPDX line."""

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = ("include", "src", "daemons", "tests", "examples", "bench", "load", "scripts", "cmake", "console",
           "bindings")
C_ENDINGS = (".c", ".h")
OTHER_ENDINGS = (".sh", ".py", ".pyi", ".sql", ".cmake", ".map", ".js", ".ts", ".tsx", ".mjs", ".css", ".go")


def files(endings):
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and path.suffix in endings and not {"node_modules", "bundled"} & set(path.parts):
                yield path.relative_to(ROOT)


def c_files():
    return list(files(C_ENDINGS))


def all_files():
    extra = [pathlib.Path(name) for name in ("dev", "CMakeLists.txt") if (ROOT / name).exists()]
    return extra + list(files(C_ENDINGS + OTHER_ENDINGS))


if __name__ == "__main__":
    for path in c_files() if sys.argv[1:] == ["c"] else all_files():
        print(path)
