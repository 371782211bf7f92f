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
NAME = re.compile(r"<name>(\w+)</name>")


def program_of_readme():
    return re.search(r"^```c\n(.*?)^```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)[1]


def write_pages(path):
    """The main page, and the groups in the order of their file."""
    pages = (MANUAL / "main.dox").read_text(encoding="utf-8").replace("PROGRAM\n", program_of_readme())
    groups, part = "", None
    for line in (MANUAL / "groups.txt").read_text(encoding="utf-8").split("\n"):
        name, _, title = line.strip().partition(": ")
        if line[:1].isalpha():
            part = name
            groups += f"/** @defgroup {name} {title} */\n"
        elif title and line[:1] == " ":
            groups += f"/** @defgroup {name.replace('/', '_')} {title}\n@ingroup {part} */\n"
    path.write_text(pages + groups, encoding="utf-8")


def run_doxygen(folder, version):
    """What Doxygen complains of, line by line."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    write_pages(folder / "pages.dox")
    settings = (MANUAL / "Doxyfile").read_text(encoding="utf-8") + "\n".join((
        f'OUTPUT_DIRECTORY = "{folder}"', f"PROJECT_NUMBER = {version}",
        f'INPUT = "{folder / "pages.dox"}" "{ROOT / "include"}"', f'STRIP_FROM_PATH = "{ROOT / "include"}"',
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
    known = set(NAME.findall(tags.read_text(encoding="utf-8"))) if tags.exists() else set()
    declared = list(calls()) + list(constants())
    complaints += [f"{path}: {name} is not in the manual" for path, name in declared if name not in known]
    for line in complaints:
        print(line)
    print(f"manual: {len(declared)} calls and constants, {len(complaints)} complaints, {folder / 'html' / 'index.html'}")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]).resolve(), sys.argv[2]))
