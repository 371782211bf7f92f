#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Fails on an #include against the arrows of docs/ARCHITECTURE.md, which ARROWS and objection()
below spell out. Tests and benchmarks may look everywhere."""

import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
from tree import ROOT, c_files  # noqa: E402

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')

# Folder of src/ -> the other folders of src/ whose headers it may include.
ARROWS = {
    "plant": set(),
    "core": {"plant"},
    "resilience": {"plant"},
    "trending": set(),
    "trace": {"resilience"},
    "metric": set(),
    "codec": {"core"},
    "engine": {"core", "codec", "metric", "plant", "trace"},
    "api": {"core", "codec", "engine", "metric", "resilience", "trending", "trace"},
    "adapters": set(),
    "tls": set(),
    "http": {"metric", "tls"},
    "auth": {"http", "metric"},
    "routes": {"http", "metric"},
    "console": {"http"},
    "telemetry": {"http", "metric"},
    "service": {"http", "metric"},
    "daemon": {"http", "auth", "metric", "routes", "service", "telemetry", "tls"},
    "upstream": {"http", "metric", "tls"},
    "gateway": {"http", "metric", "routes", "service", "upstream", "daemon", "tls"},
    "net": {"adapters"},
    "explore": {"core", "codec"},
    "trial": set(),
    "sim": {"core", "codec", "engine", "api", "adapters", "plant", "resilience", "trending"},
}
FREESTANDING = {"limits.h", "stdalign.h", "stdbool.h", "stddef.h", "stdint.h", "stdlib.h",
                "stdnoreturn.h", "string.h"}
SYSTEM = {
    "plant": FREESTANDING,
    "core": FREESTANDING,
    "resilience": FREESTANDING | {"pthread.h", "stdatomic.h"},
    "trending": FREESTANDING | {"math.h"},
    "trace": FREESTANDING,
    "metric": FREESTANDING | {"pthread.h", "stdatomic.h", "stdio.h"},  # snprintf
}
# Public headers that pull in what a pure part must not know.
IMPURE_PUBLIC = {"aurora/aurora.h", "aurora/testing.h", "aurora/port/driver.h"}


def place(path):
    """("core", "core") of src/core/x.c, ("adapters", "adapters/store_sqlite"), ("public", ...)"""
    parts = path.parts
    if parts[:2] == ("include", "aurora"):
        return "public", "public"
    if parts[0] == "src":
        own = parts[1] if len(parts) > 2 else ""
        return own, "adapters/" + parts[2] if own == "adapters" else own
    if parts[0] == "daemons":
        return "daemons", "/".join(parts[:2])
    return parts[0], parts[0]


def resolve(path, name, quoted):
    """The path of an included file of ours, or None for one of the system's."""
    if name.startswith("aurora/"):
        return pathlib.Path("include") / name
    if not quoted:
        return None
    for base in (path.parent, pathlib.Path("src"), pathlib.Path("include")):
        if (ROOT / base / name).is_file():
            return pathlib.Path((ROOT / base / name).resolve().relative_to(ROOT))
    return pathlib.Path("missing") / name


def objection(path, name, quoted):
    layer, own = place(path)
    target = resolve(path, name, quoted)
    if target is None:
        if layer in SYSTEM and name not in SYSTEM[layer]:
            return f"{layer} is pure and may not include <{name}>"
        return None
    if target.parts[0] == "missing":
        return f'"{name}" is not found beside the file, in src or in include'
    to_layer, to_own = place(target)
    if to_own == own:
        return None
    if to_layer == "public":
        if layer in SYSTEM and name in IMPURE_PUBLIC:
            return f"{layer} is pure and may not include <{name}>"
        return None
    if layer == "daemons":
        allowed = to_layer in ("http", "auth", "metric", "routes", "service", "upstream", "daemon",
                                "gateway", "console")
    elif layer in ("public", "examples"):
        allowed = False
    elif layer == "api" and to_layer == "adapters":
        allowed = path.stem == "drivers"
    elif layer == "adapters" and to_own == "adapters/sender":
        allowed = path.parts[2].startswith("notifier_")
    else:
        allowed = to_layer in ARROWS.get(layer, set())
    return None if allowed else f"{own} may not include {target}"


def main():
    failures = 0
    checked = 0
    for path in c_files():
        if path.parts[0] in ("tests", "bench", "scripts", "cmake"):
            continue
        checked += 1
        if path.parts[0] == "src" and place(path)[0] not in ARROWS:
            print(f"{path}: src/{place(path)[0]} has no row in the table of {sys.argv[0]}")
            failures += 1
            continue
        text = (ROOT / path).read_text(encoding="utf-8")
        for number, line in enumerate(text.splitlines(), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            why = objection(path, match.group(2), match.group(1) == '"')
            if why:
                print(f"{path}:{number}: {why}")
                failures += 1
    print(f"layering: {checked} files, {failures} includes against an arrow")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
