# SPDX-License-Identifier: MIT
"""The inputs of a fuzz target as lines of text, tests/fuzz/corpus/NAME.txt, and as the folder of files that libFuzzer
wants. tests/fuzz/replay.c reads the same lines. A label that is 12 hexadecimal digits names an input that a fuzzer made;
any other one was given by a person, and is kept whatever a fuzzer makes of it."""

import hashlib
import re

ESCAPES = {0x0A: "\\n", 0x0D: "\\r", 0x09: "\\t", 0x5C: "\\\\"}
BYTES = {"n": 0x0A, "r": 0x0D, "t": 0x09, "\\": 0x5C}
ESCAPE = re.compile(r"\\(?:x([0-9a-f]{2})|([nrt\\]))")
MADE = re.compile(r"[0-9a-f]{12}")
HEAD = ("# Inputs of tests/fuzz/fuzz_{name}.c, one a line: a label, a blank, and the bytes with \\n \\r \\t \\\\ and\n"
        "# \\xHH for what is not printable. Written by ./dev fuzz keep; lines with a label in words stay.\n")


def escape(data):
    text = "".join(ESCAPES.get(byte) or (chr(byte) if 0x20 <= byte < 0x7F else f"\\x{byte:02x}") for byte in data)
    return re.sub(r" +$", lambda blanks: "\\x20" * len(blanks.group(0)), text)


def unescape(text):
    """The bytes of a text; ValueError where it is not one of ours."""
    out = bytearray()
    at = 0
    while at < len(text):
        if text[at] != "\\":
            out += text[at].encode("ascii")
            at += 1
            continue
        found = ESCAPE.match(text, at)
        if not found:
            raise ValueError(f"no escape: {text[at:at + 4]}")
        out.append(int(found[1], 16) if found[1] else BYTES[found[2]])
        at = found.end()
    return bytes(out)


def label_of(data):
    return hashlib.sha256(data).hexdigest()[:12]


def read(path):
    """{label: bytes} in the order of the file; empty where there is none."""
    inputs = {}
    if path.exists():
        for line in path.read_text(encoding="ascii").splitlines():
            if line and not line.startswith("#"):
                label, _, text = line.partition(" ")
                inputs[label] = unescape(text)
    return inputs


def write(path, name, inputs):
    """Those with names first, then what fuzzers made, the smallest first: a stable order makes small differences."""
    order = sorted(inputs.items(), key=lambda item: (bool(MADE.fullmatch(item[0])), len(item[1]), item[0]))
    order.sort(key=lambda item: bool(MADE.fullmatch(item[0])))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(HEAD.format(name=name) + "".join(f"{label} {escape(data)}\n" for label, data in order),
                    encoding="ascii")


def unpack(inputs, folder):
    folder.mkdir(parents=True, exist_ok=True)
    for label, data in inputs.items():
        (folder / label).write_bytes(data)
