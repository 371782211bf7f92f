#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a formatter does not see: lengths, the SPDX line, stray blanks and calls that we ban. Leans
on the format check: a function's braces stand alone in the first column."""

import pathlib
import re
import statistics
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
from tree import C_ENDINGS, ROOT, all_files  # noqa: E402

FILE_LINES_MAX = 799
FUNCTION_LINES_MAX = 70
COLUMNS_MAX = 100

UNSAFE = ("strcpy strcat stpcpy sprintf vsprintf gets strtok atoi atol atoll atof alloca rand srand "
          "random srandom drand48 tmpnam mktemp ctime asctime localtime gmtime setlocale system "
          "popen").split()
# The library is a guest in its process: it does not print, exit, or read the environment.
RUDE = ("printf fprintf vprintf vfprintf puts fputs putchar perror exit _exit quick_exit atexit "
        "getenv secure_getenv setenv putenv signal sigaction").split()
GUESTS = ("core", "resilience", "trending", "codec", "engine", "api", "adapters", "net")
NO_FLOAT = ("core", "resilience")

STRIP = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', re.DOTALL)


def blank(match):
    return re.sub(r"[^\n]", " ", match.group(0))


def call_pattern(names):
    return re.compile(r"(?<![\w.>])(" + "|".join(names) + r")\s*\(")


UNSAFE_CALL = call_pattern(UNSAFE)
RUDE_CALL = call_pattern(RUDE)
FLOATING = re.compile(r"\b(float|double)\b")


def functions(lines):
    """(line, length) of each function body, braces included."""
    start = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            start = number
        elif line == "}" and start is not None:
            yield start, number - start + 1
            start = None


def check_text(path, lines, complain):
    if len(lines) > FILE_LINES_MAX:
        complain(len(lines), f"{len(lines)} lines, at most {FILE_LINES_MAX}")
    if not any("SPDX-License-Identifier: MIT" in line for line in lines[:3]):
        complain(1, "no SPDX line among the first three")
    for number, line in enumerate(lines, 1):
        if "\t" in line and path.suffix != ".go":
            complain(number, "a tab")
        if line != line.rstrip():
            complain(number, "blanks at the end of the line")
        if len(line) > COLUMNS_MAX and path.suffix in C_ENDINGS:
            complain(number, f"{len(line)} columns, at most {COLUMNS_MAX}")
    if lines and not lines[-1]:
        complain(len(lines), "an empty line at the end")


def check_code(path, text, complain):
    folder = path.parts[1] if path.parts[0] == "src" else path.parts[0]
    rules = []
    if path.parts[0] in ("src", "daemons", "examples"):
        rules.append((UNSAFE_CALL, "is banned"))
    if folder in GUESTS:
        rules.append((RUDE_CALL, "is not for a library"))
    if folder in NO_FLOAT:
        rules.append((FLOATING, "has no place here: amounts and limits are integers"))
    for number, line in enumerate(STRIP.sub(blank, text).splitlines(), 1):
        for pattern, why in rules:
            for match in pattern.finditer(line):
                complain(number, f"{match.group(1)} {why}")


def main():
    failures = 0
    lengths = []
    paths = all_files()
    for path in paths:
        text = (ROOT / path).read_text(encoding="utf-8")
        lines = text.split("\n")
        if lines[-1] == "":
            lines.pop()

        def complain(number, why):
            nonlocal failures
            failures += 1
            print(f"{path}:{number}: {why}")

        check_text(path, lines, complain)
        if path.suffix not in C_ENDINGS:
            continue
        check_code(path, text, complain)
        for start, length in functions(lines):
            if path.parts[0] == "src":
                lengths.append(length)
            if length > FUNCTION_LINES_MAX:
                complain(start, f"a function of {length} lines, at most {FUNCTION_LINES_MAX}")
    median = statistics.median(lengths) if lengths else 0
    print(f"style: {len(paths)} files, {failures} objections; {len(lengths)} functions in src, "
          f"median {median:g} lines")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
