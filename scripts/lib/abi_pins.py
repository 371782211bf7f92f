#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""abi_pins.py: says what tests/abi/pins.inc lacks. --write=FILE writes all of it; what is pinned already stays,
unless --break is given too: then a new SOVERSION is due. Other arguments: folders of headers in
place of include."""

import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "dist"))
import ctokens  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
PINS = ROOT / "tests/abi/pins.inc"
HEAD = ("/* SPDX-License-Identifier: MIT */\n"
        "/* Written by ./dev exports from include/aurora. A line is not changed between breaks of "
        "the ABI. */\n")
# Structs that say their size and are pinned nevertheless: the caller has arrays of them, or the
# library writes them whole.
PINNED = {"aurora_error"}
# What the release is called, and what is no number.
SKIPPED = re.compile(r"AURORA_(API|VERSION\w*|ERROR_INIT|STATUS_LIST)$|\w+_H$")
MACRO = re.compile(r"^#define (AURORA_\w+) +([^\\\n]+)$", re.MULTILINE)


def headers(include):
    """(name, text as C sees it) of each public header. A program has libaurora-sim in itself, made
    together with sim.h: nothing of it is pinned."""
    for path in sorted((include / "aurora").rglob("*.h")):
        if path.name == "sim.h":
            continue
        text = path.read_text(encoding="utf-8")
        yield (str(path.relative_to(include)),
               re.sub(r"#ifdef __cplusplus\n.*?#endif\n", "", text, flags=re.DOTALL))


def members(declaration):
    """Names of the members of a struct's declaration, in order."""
    names = []
    current = []
    for spelling, depth in declaration:
        if depth != 1 or spelling in ("{", "}"):
            continue
        current.append(spelling)
        if spelling == ";":
            names += ctokens.declarators(current)
            current = []
    return names


def structs(text):
    """(name as C spells the type, members) of each struct with a body."""
    for declaration in map(ctokens.without_attributes, ctokens.declarations(text)):
        spellings = [spelling for spelling, _ in declaration]
        if "struct" not in spellings or "{" not in spellings or "(" in ctokens.outer(declaration):
            continue
        outer = ctokens.outer(declaration)
        if outer[0] == "typedef":
            yield ctokens.declarators(outer)[-1], members(declaration)
        elif outer[:1] == ["struct"] and len(outer) == 3:
            yield "struct " + outer[1], members(declaration)


def constants(text):
    names = []
    for declaration in ctokens.declarations(text):
        spellings = [spelling for spelling, _ in declaration]
        if "enum" in spellings and "{" in spellings:
            names += [name for name in ctokens.tags_and_constants(declaration)
                      if name.startswith("AURORA_")]
    for name, value in MACRO.findall(text):
        value = re.sub(r"/\*.*", "", value).strip()
        if value and not SKIPPED.match(name) and value[0] not in "{\"_":
            names.append(name)
    return [name for name in dict.fromkeys(names) if not SKIPPED.match(name)]


def probe(include):
    """A C program that prints the pins of these headers."""
    lines = ["#include <inttypes.h>", "#include <stddef.h>", "#include <stdio.h>"]
    body = []
    for name, text in headers(include):
        lines.append(f"#include <{name}>")
        body.append(f'puts("/* {name} */");')
        for struct, names in structs(text):
            kind = "SIZE" if names[0] != "size" or struct in PINNED else "LEAST"
            body.append(f'printf("PIN_{kind}({struct}, %zu)\\n", sizeof({struct}));')
            body += [f'printf("PIN_MEMBER({struct}, {member}, %zu, %zu)\\n", '
                     f"offsetof({struct}, {member}), sizeof((({struct} *)0)->{member}));"
                     for member in names]
        body += [f'printf("PIN_VALUE({name}, %" PRId64 ")\\n", (int64_t)({name}));'
                 for name in constants(text)]
        if name == "aurora/status.h":
            body.append('#define ROW(name, value, class, http, text) '
                        'printf("PIN_VALUE(AURORA_%s, %d)\\n", #name, value);')
            body.append("AURORA_STATUS_LIST(ROW)")
    return "\n".join([*lines, "int main(void)", "{", *body, "return 0;", "}", ""])


def found(include):
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder) / "probe.c"
        source.write_text(probe(include), encoding="utf-8")
        program = source.with_suffix("")
        subprocess.run(["cc", "-std=c11", "-w", f"-I{include}", str(source), "-o", str(program)],
                       check=True)
        text = subprocess.run([str(program)], check=True, capture_output=True, text=True).stdout
    return [line for line in text.split("\n") if line]


def key(pin):
    """What a pin is about: all but its numbers."""
    if pin.startswith("PIN_MEMBER"):
        return pin.rsplit(",", 2)[0]
    return pin.rsplit(",", 1)[0].replace("PIN_LEAST", "PIN_SIZE")


def grows(old, new):
    """A struct that says its size is larger: no break."""
    return (old.startswith("PIN_LEAST") and new.startswith("PIN_LEAST")
            and int(new[:-1].rsplit(" ", 1)[1]) > int(old[:-1].rsplit(" ", 1)[1]))


def main():
    arguments = [a for a in sys.argv[1:] if not a.startswith("--")]
    include = pathlib.Path(arguments[0]).resolve() if arguments else ROOT / "include"
    now = found(include)
    old = PINS.read_text(encoding="utf-8").split("\n") if PINS.exists() else []
    old = {key(pin): pin for pin in old if pin.startswith("PIN_")}
    new = {key(pin): pin for pin in now if pin.startswith("PIN_")}
    broken = [pin for name, pin in old.items()
              if new.get(name) != pin and not grows(pin, new.get(name, ""))]
    if broken and "--break" not in sys.argv:
        print("abi: these were pinned and changed, which breaks compiled programs "
              "(docs/ABI.md; ./dev exports --break renews them):")
        print("\n".join(f"  {pin}  now {new.get(key(pin), 'gone')}" for pin in broken))
        return 1
    added = [pin for name, pin in new.items() if old.get(name) != pin]
    written = [a.split("=", 1)[1] for a in sys.argv if a.startswith("--write=")]
    if written:
        pathlib.Path(written[0]).write_text(HEAD + "\n".join(now) + "\n", encoding="utf-8")
        print(f"abi: {len(new)} pins, {len(added)} of them new")
        return 0
    if added:
        print("abi: not yet pinned; ./dev exports writes them:")
        print("\n".join(f"  {pin}" for pin in added))
        return 1
    print(f"abi: {len(new)} pins hold")
    return 0


if __name__ == "__main__":
    sys.exit(main())
