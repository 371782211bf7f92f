# SPDX-License-Identifier: MIT
"""The public headers as data: declarations, constants and the two tables that classes are made of.

The preprocessor reads the headers, so that what Python is told is what a C program is told."""

from __future__ import annotations

import pathlib
import re
import subprocess
from typing import Dict, List, NamedTuple, Tuple

INCLUDES = "#include <aurora/aurora.h>\n#include <aurora/testing.h>\n"

MARKER = re.compile(r'^# \d+ "([^"]*)"')
ATTRIBUTE = re.compile(r"__attribute__\s*\(\((?:[^()]|\([^()]*\))*\)\)")
NUMBER = r"\(?(?:0[xX][0-9a-fA-F]+|\d+)[uUlL]*\)?|U?INT(?:32|64)_C\(\d+\)|UINT(?:32|64)_MAX"
CONSTANT = re.compile(r"^#define (AURORA_[A-Z0-9_]+) +(" + NUMBER + r") *(?:/\*.*)?$", re.MULTILINE)
REAL = re.compile(r"^#define (AURORA_[A-Z0-9_]+) +(\d+(?:\.\d+)?e\d+) *(?:/\*.*)?$", re.MULTILINE)
ENUM = re.compile(r"\benum\s*\{([^}]*)\}\s*;")
PROTOTYPE = re.compile(r"^(?P<result>[\w ]+?[ *]+)(?P<name>aurora_\w+)\s*\((?P<parameters>.*)\)$", re.DOTALL)
STATUS = re.compile(r"^\s*X\((\w+), (-?\d+), (\w+), (\d+), +\"([^\"]*)\"\)", re.MULTILINE)


class Function(NamedTuple):
    result: str
    name: str
    parameters: List[str]

    @property
    def is_on_handle(self) -> bool:
        return re.match(r"(const )?aurora_t \*\w+$", self.parameters[0]) is not None

    @property
    def is_on_queue(self) -> bool:
        return re.match(r"(const )?aurora_queue \*\w+$", self.parameters[0]) is not None


class Status(NamedTuple):
    name: str
    value: int
    class_of: str
    text: str


class Headers(NamedTuple):
    """What one reading of the headers found, in their order."""

    types: str
    functions: List[Function]
    constants: List[str]
    reals: List[str]
    enums: List[List[Tuple[str, int]]]
    statuses: List[Status]
    values: Dict[str, int]


def preprocessed(include: pathlib.Path, compiler: List[str]) -> str:
    """The text of our headers alone, without comments, attributes and macros."""
    command = [*compiler, "-E", "-I", str(include), "-xc", "-"]
    text = subprocess.run(command, input=INCLUDES, capture_output=True, text=True, check=True).stdout
    ours = str(include / "aurora")
    kept, keep = [], False
    for line in text.splitlines():
        marker = MARKER.match(line)
        if marker is not None:
            keep = marker.group(1).startswith(ours)
        elif keep:
            kept.append(line)
    return ATTRIBUTE.sub("", "\n".join(kept))


def without_bodies(text: str) -> str:
    """Leaves out static inline functions: an FFI has _init for every struct anyhow."""
    out, at = [], 0
    for match in re.finditer(r"static inline[^;{]*\{", text):
        if match.start() < at:
            continue
        out.append(text[at:match.start()])
        depth, at = 1, match.end()
        while depth > 0:
            depth += {"{": 1, "}": -1}.get(text[at], 0)
            at += 1
    out.append(text[at:])
    return "".join(out)


def statements(text: str) -> List[str]:
    """Declarations at the outermost level, each without its semicolon."""
    out, depth, begin = [], 0, 0
    for at, char in enumerate(text):
        depth += {"{": 1, "}": -1}.get(char, 0)
        if char == ";" and depth == 0:
            out.append(" ".join(text[begin:at].split()))
            begin = at + 1
    return out


def function_of(statement: str) -> Function:
    match = PROTOTYPE.match(statement)
    if match is None:
        raise SystemExit(f"headers.py: not understood: {statement}")
    parameters, depth, begin = [], 0, 0
    text = match.group("parameters")
    for at, char in enumerate(text + ","):
        depth += {"(": 1, ")": -1}.get(char, 0)
        if char == "," and depth == 0:
            parameters.append(text[begin:at].strip())
            begin = at + 1
    return Function(match.group("result").strip(), match.group("name"), parameters)


def enum_of(body: str) -> List[Tuple[str, int]]:
    members, value = [], -1
    for part in filter(None, (part.strip() for part in body.split(","))):
        name, _, text = part.partition("=")
        value = int(text, 0) if text else value + 1
        members.append((name.strip(), value))
    return members


def read(include: pathlib.Path, compiler: List[str]) -> Headers:
    text = without_bodies(preprocessed(include, compiler))
    types, functions = [], []
    for statement in statements(text):
        if statement.startswith("typedef") or statement.startswith("enum"):
            types.append(statement + ";")
        else:
            functions.append(function_of(statement))
    source = "\n".join(path.read_text(encoding="utf-8")
                       for path in sorted((include / "aurora").glob("*.h")) if path.name not in ("net.h", "sim.h"))
    enums = [enum_of(body) for body in ENUM.findall(text)]
    values = {name: value for members in enums for name, value in members}
    for name, number in CONSTANT.findall(source):
        digits = re.search(r"0[xX][0-9a-fA-F]+|\d+(?=[uUlL]*\)?$)", number)
        values[name] = int(digits.group(0), 0) if digits else -1
    statuses = [Status(name, int(value), class_of, text)
                for name, value, class_of, _, text in STATUS.findall(source)]
    return Headers("\n".join(types), functions, [name for name, _ in CONSTANT.findall(source)],
                   [name for name, _ in REAL.findall(source)], enums, statuses, values)
