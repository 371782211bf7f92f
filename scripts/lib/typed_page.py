#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""typed_page.py write PAGE FOLDER: what a reader of a page types, for bash: all shell blocks as they stand,
without the hidden lines of run_snippets.py, as FOLDER/typed, those that are only parsed elsewhere, since they
install, as FOLDER/installs. C programs are saved where the text says "save it as". Between blocks a reader
looks up: where one has started a server, until that answers.
typed_page.py compare PAGE SAID: holds what FOLDER/typed printed against what the page shows."""

import pathlib
import re
import sys

import snippets
from run_snippets import pattern_of
from tree import ROOT

SAVED = re.compile(r"[Ss]ave it as `([\w.]+)`")
LOOK_UP = """{ cd "$here"
for try in $(seq 300); do
    [ -n "$(jobs -r)" ] || break
    curl -s localhost:8080/readyz >/dev/null && break
    sleep 0.1
done; } 2>/dev/null
"""
MARK = "@@ block "


def blocks_of(page):
    return list(snippets.of_page(ROOT / page))


def name_of(snippet, lines):
    """The file into which the text has the reader save a program, in the first sentences behind it."""
    after = "\n".join(lines[snippet.line + snippet.text.count("\n") + 1:][:6])
    found = SAVED.search(after)
    if found is None:
        sys.exit(f"{snippet.place}: the text does not say under which name this is saved")
    return found.group(1)


def write(page, folder):
    lines = (ROOT / page).read_text(encoding="utf-8").splitlines()
    installs, typed = ["set -e\n"], ["here=$PWD\n"]
    for number, snippet in enumerate(blocks_of(page)):
        if snippet.language == "c":
            typed.append(f"cat >{name_of(snippet, lines)} <<'END OF PROGRAM'\n{snippet.text}END OF PROGRAM\n")
        elif snippet.language == "sh" and snippet.reason:
            installs.append(snippet.text)
        elif snippet.language == "sh":
            typed += [f"echo; echo '{MARK}{number}'\n", snippet.text, LOOK_UP]
    typed.append(f"echo; echo '{MARK}end'\n")
    for name, script in (("installs", installs), ("typed", typed)):
        (folder / name).write_text("".join(script), encoding="utf-8")


def compare(page, said):
    printed = dict(part.split("\n", 1) for part in said.read_text(encoding="utf-8").split(MARK)[1:])
    wrong, at, count = [], None, 0
    if "end" not in printed:
        wrong.append(f"{page}: the last block was not reached")
    for number, snippet in enumerate(blocks_of(page)):
        if snippet.language == "sh":
            at = str(number)
        elif snippet.is_output:
            count += 1
            if not pattern_of(snippet.text.strip()).search(printed.get(at, "")):
                wrong.append(f"{snippet.place}: this is not what is printed, which is:\n{printed.get(at, '')[-2000:]}")
    print("\n".join(wrong) if wrong else f"{page}: {len(printed) - 1} blocks typed, {count} outputs as they are shown")
    return 1 if wrong or count == 0 else 0


def main():
    word, page, where = sys.argv[1:]
    if word == "write":
        return write(page, pathlib.Path(where))
    return compare(page, pathlib.Path(where))


if __name__ == "__main__":
    sys.exit(main())
