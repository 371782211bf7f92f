#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""manual.py FOLDER VERSION: the manual of the public headers as FOLDER/html, by Doxygen.

Fails with each of Doxygen's warnings, and where a header declares a call that no page has."""

import pathlib
import re
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
from tree import ROOT  # noqa: E402

MANUAL = ROOT / "scripts" / "manual"
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
CALL = re.compile(r"^(?:AURORA_API|static inline)\b[^;({]*?\b(aurora_[a-z0-9_]+)\s*\(", re.MULTILINE)
NUMBER_OF_ANCHOR = re.compile(r"<name>(\w+)</name>")


def parts():
    """The groups that hold groups, with their titles."""
    for line in (MANUAL / "groups.txt").read_text(encoding="utf-8").split("\n"):
        if line[:1].isalpha():
            yield line.split(": ", 1)


def program_of_readme():
    return re.search(r"^```c\n(.*?)^```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)[1]


def write_pages(path):
    pages = (MANUAL / "main.dox").read_text(encoding="utf-8").replace("PROGRAM\n", program_of_readme())
    groups = "".join(f"/** @defgroup {name} {title} */\n" for name, title in parts())
    path.write_text(pages + groups, encoding="utf-8")


def run_doxygen(folder, version):
    """What Doxygen complains of, line by line."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    write_pages(folder / "pages.dox")
    settings = (MANUAL / "Doxyfile").read_text(encoding="utf-8") + "\n".join((
        f'OUTPUT_DIRECTORY = "{folder}"', f"PROJECT_NUMBER = {version}",
        f'INPUT = "{ROOT / "include"}" "{folder / "pages.dox"}"', f'STRIP_FROM_PATH = "{ROOT / "include"}"',
        f'GENERATE_TAGFILE = "{folder / "aurora.tag"}"', ""))
    run = subprocess.run(["doxygen", "-"], cwd=ROOT, input=settings, capture_output=True, text=True)
    if run.returncode != 0:
        return [f"doxygen ended with status {run.returncode}"] + run.stderr.splitlines()
    return [line for line in run.stderr.splitlines() if line.strip()]


def constants():
    """The names of enumerators and object-like macros, which Doxygen passes over in silence."""
    for path in sorted((ROOT / "include").rglob("*.h")):
        text = COMMENT.sub(" ", path.read_text(encoding="utf-8"))
        for body in re.findall(r"^enum \{(.*?)\};", text, re.DOTALL | re.MULTILINE):
            yield from ((path.relative_to(ROOT), name) for name in re.findall(r"\b(AURORA_\w+) =", body))


def calls():
    for path in sorted((ROOT / "include").rglob("*.h")):
        text = COMMENT.sub(" ", path.read_text(encoding="utf-8"))
        yield from ((path.relative_to(ROOT), name) for name in CALL.findall(text))


def main(folder, version):
    complaints = run_doxygen(folder, version)
    tags = folder / "aurora.tag"
    known = set(NUMBER_OF_ANCHOR.findall(tags.read_text(encoding="utf-8"))) if tags.exists() else set()
    declared = list(calls()) + list(constants())
    complaints += [f"{path}: {name} is not in the manual" for path, name in declared if name not in known]
    for line in complaints:
        print(line)
    print(f"manual: {len(declared)} calls and constants, {len(complaints)} complaints, {folder / 'html' / 'index.html'}")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]).resolve(), sys.argv[2]))
