#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The fenced blocks of the docs, and what each is to prove. docs/README.md says how they are marked.

A comment that readers do not see may stand on the lines before a fence:

    <!-- snippet: only parsed, REASON -->      a shell block that no test can run here
    <!-- snippet: serves -->                   a program that runs until it is ended: the page goes on beside it
    <!-- snippet: run by TEST -->              another test, whose file names this page, runs it
    <!-- snippet: output -->                   what the shell block before it prints (`...` = anything)
    <!-- snippet: config of aurora-gateway --> whose settings an ini block has (else aurorad's)
    <!-- snippet: first
    LINES -->                                  lines that go before the block, and are not shown
    <!-- snippet: last
    LINES -->                                  lines that go behind it
    <!-- snippet: figure -->                   a drawing or a sample: there is nothing to prove
"""

import pathlib
import re

from tree import ROOT

PAGES = ("README.md", "docs/*.md", "deploy/README.md", "examples/README.md", "bindings/*/README.md",
         "tests/conformance/README.md")
FENCE = re.compile(r"((?:^ *<!-- snippet: (?:(?!-->).|\n)*-->\n)*)^( *)```([^\n`]*)\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)
MARK = re.compile(r"<!-- snippet: ((?:(?!-->).|\n)*?)\s*-->")


class Snippet:
    def __init__(self, page, line, language, text):
        self.page, self.line, self.language, self.text = page, line, language, text
        self.reason = self.program = self.test = None
        self.is_output = self.is_figure = False
        self.first = self.last = ""
        self.complaint = None
        self.follows = None  # the block before it that does something

    def take_mark(self, mark):
        if mark.startswith("only parsed, "):
            self.reason = mark.removeprefix("only parsed, ")
        elif mark.startswith("run by "):
            self.take_test(mark.removeprefix("run by "))
        elif mark == "output":
            self.is_output = True
        elif mark == "serves":
            self.text = self.text.rstrip("\n") + " &\n"
            self.last = "serving\n" + self.last
        elif mark == "figure":
            self.is_figure = True
        elif mark.startswith("config of "):
            self.program = mark.removeprefix("config of ")
        elif mark.startswith("first\n"):
            self.first = mark.removeprefix("first\n") + "\n"
        elif mark.startswith("last\n"):
            self.last += mark.removeprefix("last\n") + "\n"
        else:
            self.complaint = f"'{mark.splitlines()[0]}' is no mark of a snippet"

    def take_test(self, name):
        path, page = ROOT / name, pathlib.Path(self.page)
        self.test = name
        if not path.exists():
            self.complaint = f"there is no {name}"
        elif page.name not in path.read_text(encoding="utf-8"):
            self.complaint = f"{name} does not name {page.name}, so it cannot run what stands there"

    @property
    def place(self):
        return f"{self.page}:{self.line}"


def test_of_binding(page, language):
    """The test of a binding that runs a whole page by itself: one that names it. None where there is none."""
    folder = {"python": "python", "go": "go"}.get(language)
    for path in sorted((ROOT / "bindings" / folder / "tests").glob("*.*")) if folder else ():
        if path.is_file() and pathlib.Path(page).name in path.read_text(encoding="utf-8", errors="ignore"):
            return str(path.relative_to(ROOT))
    return None


def of_page(path):
    text = path.read_text(encoding="utf-8")
    name = str(path.relative_to(ROOT))
    before = None
    for match in FENCE.finditer(text):
        marks, indent, language, body = match.groups()
        line = text.count("\n", 0, match.start(2)) + 1
        body = "".join(one.removeprefix(indent) for one in body.splitlines(True))
        snippet = Snippet(name, line, language.strip(), body)
        for mark in MARK.findall(marks):
            snippet.take_mark(mark)
        if name.startswith("docs/"):
            snippet.test = snippet.test or test_of_binding(name, snippet.language)
        snippet.follows = before
        if not snippet.is_output and not snippet.is_figure:
            before = snippet
        yield snippet


def all_snippets():
    for pattern in PAGES:
        for path in sorted(ROOT.glob(pattern)):
            yield from of_page(path)
