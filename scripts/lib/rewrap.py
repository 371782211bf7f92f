#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""rewrap.py FILE...: fills the paragraphs of block comments that are too wide or leave their end mark
alone on a line. clang-format would fill lists and tables too and is told not to."""

import re
import sys
import textwrap

COLUMNS = 100
GLUE = "\0"  # stands for the blank before the end mark, so that it never starts a line

OPEN = re.compile(r"^(\s*)/\*(?!\*)")
KEEP = re.compile(r"^(\s|[-*|+]|\d+[.)])")  # lists and drawings are as their author set them


def inner(lines):
    """The text of a comment, without its marks and one blank."""
    text = [re.sub(r"^\s*/\* ?", "", lines[0])]
    text += [re.sub(r"^\s*\*(?!/) ?", "", line) for line in lines[1:]]
    text[-1] = re.sub(r"\s*\*/$", "", text[-1])
    return text


def fill(paragraph, width):
    if any(KEEP.match(line) for line in paragraph):
        return paragraph
    return textwrap.wrap(" ".join(paragraph), width, break_long_words=False,
                         break_on_hyphens=False)


def rewrap(lines):
    """The comment again, or None where it is fine."""
    lonely = len(lines) > 1 and lines[-1].strip() == "*/"
    if not lonely and all(len(line) <= COLUMNS for line in lines):
        return None
    indent = OPEN.match(lines[0]).group(1)
    width = COLUMNS - len(indent) - 3
    text = inner(lines)
    if lonely:
        text.pop()
    if not text or not text[-1] or KEEP.match(text[-1]):
        return None
    text[-1] += GLUE + "*/"
    out = []
    paragraph = []
    for line in text + [""]:
        if line.strip():
            paragraph.append(line)
            continue
        wide = any(len(one) > width for one in paragraph)
        last = paragraph and paragraph[-1].endswith(GLUE + "*/")
        out += fill(paragraph, width) if wide or (last and lonely) else paragraph
        out.append("")
        paragraph = []
    out.pop()
    rest = [f"{indent} * {line}".rstrip() for line in out[1:]]
    return [line.replace(GLUE, " ") for line in [f"{indent}/* {out[0]}"] + rest]


def convert(lines):
    out = []
    at = 0
    while at < len(lines):
        end = at
        if OPEN.match(lines[at]):
            while end < len(lines) and "*/" not in lines[end]:
                end += 1
        if OPEN.match(lines[at]) and end < len(lines) and lines[end].endswith("*/"):
            out += rewrap(lines[at:end + 1]) or lines[at:end + 1]
            at = end + 1
        else:
            out.append(lines[at])
            at += 1
    return out


def main():
    for path in sys.argv[1:]:
        with open(path, encoding="utf-8") as file:
            before = file.read()
        after = "\n".join(convert(before.split("\n")))
        if after != before:
            with open(path, "w", encoding="utf-8") as file:
                file.write(after)


if __name__ == "__main__":
    main()
