#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the docs point to is there: files and anchors of links, words of ./dev, commands of auroractl,
options of the programs, settings in code marks, tests that pages and headers name."""

import os
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
from tree import ROOT  # noqa: E402

PAGES = ("README.md", "docs/*.md", "deploy/*.md", "examples/*.md", "bindings/*/README.md", "tests/*/README.md")
BUILD = pathlib.Path(os.environ.get("AURORA_BUILD_DIR", ROOT / "build"))
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^ *```.*?^ *```$", re.DOTALL | re.MULTILINE)
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
TEST_NAME = re.compile(r"`((?:unit|contract|integration|sim|threats|checks|abi)/[\w-]+)`")
NAME = re.compile(r"(?<![\w.-])[a-z][a-z0-9]*(?:_[a-z0-9]+)+(?![\w*{-]|\.\.\.)")
CODE = (".c", ".h", ".py", ".go", ".sh", ".sql", ".json", ".yml", ".yaml", ".js", ".ini", ".service", ".pyi", ".csv")
# Names of other projects that these pages speak of.
OTHERS = {
    "sqlite3_config", "sqlite3_soft_heap_limit64", "curl_global_init_mem", "rd_kafka_queue_poll_callback",
    "jwks_uri", "sasl_ssl", "wal_level", "max_slot_wal_keep_size", "pg_stat_user_tables", "lua_shared_dict",
    "json_parser", "third_party", "aurora_order_id", "ignore_invalid_headers",
}
CASE_NAME = re.compile(r"\b(test_[a-z0-9_]+__[a-z0-9_]+)\b")
PATH_NAME = re.compile(r"(?<![\w/.-])((?:tests|scripts|src|examples|docs|deploy|cmake|include)/[\w./-]*\.\w+)\b(?![*])")


def anchors(path, cache={}):
    if path not in cache:
        text = FENCE.sub("", path.read_text(encoding="utf-8"))
        names = {}
        for heading in HEADING.findall(text):
            words = re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
            name = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
            names[name if name not in names else f"{name}-{names[name]}"] = 0
            names[name] += 1
        cache[path] = set(names)
    return cache[path]


def dead_links(path, text):
    for target in LINK.findall(FENCE.sub("", text)):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (path.parent / name).resolve() if name else path
        if not file.exists():
            yield f"{target} is not there"
        elif anchor and file.suffix == ".md" and anchor not in anchors(file):
            yield f"{target}: {file.name} has no such heading"


def said(*command):
    run = subprocess.run(command, capture_output=True, text=True, env={"PATH": os.environ["PATH"]})
    return run.stdout


class Names:
    """What there is to be named."""

    def __init__(self):
        bin_folder = BUILD / "bin"
        self.words = {path.stem for path in (ROOT / "scripts").glob("*.sh")} | {"help"}
        self.commands = self.options = None
        if (bin_folder / "auroractl").exists():
            help_text = said(bin_folder / "auroractl", "--help")
            self.commands = set(re.findall(r"^  ([a-z-]+(?: [a-z]+)?)(?= |$)", help_text, re.MULTILINE))
            # The words of a command, before its operands and its help.
            self.commands |= {one.split()[0] for one in self.commands}
        self.tests = {f"checks/{path.stem}" for path in (ROOT / "scripts/checks").iterdir()}
        self.cases = set()
        for path in (ROOT / "tests").rglob("*"):
            if path.suffix in (".c", ".sh", ".py"):
                self.tests.add(f"{path.parent.name}/{path.stem.removeprefix('test_')}")
            if path.suffix == ".c":
                self.cases |= set(CASE_NAME.findall(path.read_text(encoding="utf-8")))

    def unknown(self, text):
        for word in re.findall(r"\./dev ([a-z][a-z-]*)", text):
            if word not in self.words:
                yield f"./dev {word} is no word"
        if self.commands:
            for noun, verb in re.findall(r"\bauroractl ([a-z-]+)(?: ([a-z]+))?", text):
                if noun in self.commands and any(one.startswith(noun + " ") for one in self.commands):
                    if verb and f"{noun} {verb}" not in self.commands and re.search(rf"`?auroractl {noun} {verb}\b[^`\n]*(`|--|\n)", text):
                        yield f"auroractl {noun} {verb} is no command"
        for name in TEST_NAME.findall(text):
            if name not in self.tests:
                yield f"there is no test {name}"
        for name in CASE_NAME.findall(text):
            if name not in self.cases:
                yield f"there is no case {name}"

    @staticmethod
    def missing_paths(text):
        for name in PATH_NAME.findall(text):
            if "..." not in name and not (ROOT / name).exists():
                yield f"there is no {name}"


def words_of_code():
    """Every name in the sources: settings, fields, metrics, tables, calls."""
    found = set()
    for folder in ("include", "src", "daemons", "scripts", "examples", "deploy", "bindings", "load", "tests", "bench"):
        for path in (ROOT / folder).rglob("*"):
            found.add(path.stem)
            if path.is_file() and path.suffix in CODE and "node_modules" not in path.parts:
                found.update(NAME.findall(path.read_text(encoding="utf-8", errors="ignore")))
    return found


def unknown_names(text, code):
    """Names in code marks that no source has: of a setting that was renamed, a field that went."""
    for quoted in re.findall(r"`([^`\n]+)`", FENCE.sub("", text)):
        for name in NAME.findall(quoted):
            if name not in code and not name.endswith("_") and name not in OTHERS:
                yield f"no source has the name {name}"


def main():
    names, failures, links = Names(), 0, 0
    code = words_of_code()
    pages = [path for pattern in PAGES for path in sorted(ROOT.glob(pattern))]
    for path in pages:
        text = path.read_text(encoding="utf-8")
        links += len(LINK.findall(text))
        for complaint in [*dead_links(path, text), *names.unknown(text), *names.missing_paths(text),
                          *(unknown_names(text, code) if "tests" not in path.parts else ())]:
            failures += 1
            print(f"{path.relative_to(ROOT)}: {complaint}")
    index = set(LINK.findall((ROOT / "docs/README.md").read_text(encoding="utf-8")))
    for path in sorted((ROOT / "docs").glob("*.md")):
        if path.name != "README.md" and not any(target.split("#")[0] == path.name for target in index):
            failures += 1
            print(f"docs/README.md: does not lead to {path.name}")
    for path in sorted((ROOT / "include").rglob("*.h")):
        for complaint in names.missing_paths(path.read_text(encoding="utf-8")):
            failures += 1
            print(f"{path.relative_to(ROOT)}: {complaint}")
    print(f"links: {len(pages)} pages, {links} links, {failures} of what they name is not there")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
