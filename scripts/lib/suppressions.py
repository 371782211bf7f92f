# SPDX-License-Identifier: MIT
"""What our C files and .clang-tidy ask the analysers to keep silent about, and why."""

import re

from tree import ROOT, c_files

FOLDERS = ("include", "src", "daemons")
# /* NOLINT(check): reason */, /* cppcheck-suppress check ; reason */, and after a pragma /* reason */
MARKS = (
    re.compile(r"NOLINT(?:NEXTLINE|BEGIN)?\b(?:\(([^)]*)\))?:?([^\n]*)"),
    re.compile(r"cppcheck-suppress(?:-\w+)?\s*(\[[^\]]*\]|\w*)\s*;?([^\n]*)"),
    re.compile(r'(?:#\s*pragma|_Pragma\()\s*\\?"?GCC diagnostic (?:ignored|warning)\s*\\?"([^"\\]*)\\?"([^\n]*)'),
)
LEFT_OUT = re.compile(r"^ +-([a-zA-Z][\w.-]*),?$", re.MULTILINE)
WORDS_MIN = 3


def is_reason(text):
    return len(re.findall(r"[A-Za-z]{2,}", text.replace("*/", ""))) >= WORDS_MIN


def in_text(path, text):
    """(place, what, has a reason) of each mark."""
    for number, line in enumerate(text.splitlines(), 1):
        for mark in MARKS:
            for found in mark.finditer(line):
                what, reason = found.group(1), found.group(2)
                yield f"{path}:{number}", what or "everything", bool(what) and is_reason(reason)


def of_tidy(text):
    for found in LEFT_OUT.finditer(text):
        reason = re.search(rf"^# {re.escape(found.group(1))}: (.*)$", text, re.MULTILINE)
        yield ".clang-tidy", found.group(1), reason is not None and is_reason(reason.group(1))


def suppressions():
    found = list(of_tidy((ROOT / ".clang-tidy").read_text()))
    for path in c_files():
        if path.parts[0] in FOLDERS:
            found += in_text(path, (ROOT / path).read_text())
    return found
