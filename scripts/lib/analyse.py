# SPDX-License-Identifier: MIT
"""Runs the analysers, one file a process: clang-tidy mixes up va_lists where it has several. What a
tool said of a file is kept in var/analyse under a hash of all that it read of ours."""

import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

from suppressions import is_reason, suppressions
from tree import ROOT

CACHE = ROOT / "var" / "analyse"
INCLUDE = re.compile(r'^\s*#\s*include\s*["<]([^">]+)[">]', re.MULTILINE)
FINDING = re.compile(r"^(\S+?):(\d+):(?:\d+:)? (?:warning|error|style|performance|portability|fatal error): .*$",
                     re.MULTILINE)
# What a tool is not asked at all.
LEFT_OUT = {
    "-Wno-analyzer-use-of-uninitialized-value":
        "gcc 12 takes the copy of a struct of which only a part is set, as keys are, for a use of the rest; "
        "clang's analyser here, MemorySanitizer and memcheck in ./dev test follow the values themselves",
}


class Unit:
    def __init__(self, entry):
        words = shlex.split(entry["command"])
        self.path = pathlib.Path(entry["file"])
        self.folder = entry["directory"]
        words = words[1:] if pathlib.Path(words[0]).name == "ccache" else words
        self.compiler = words[0]
        self.flags = [word for word in words[1:words.index("-o")] if not word.startswith("-W")]
        self.preprocessor = [word for word in self.flags if word[:2] in ("-I", "-D", "-U")]
        self.name = str(self.path.relative_to(ROOT))


def units_of(commands, names):
    wanted = {str(pathlib.Path(name).resolve()) for name in names}
    units = {}
    for entry in json.loads(pathlib.Path(commands).read_text()):
        path = pathlib.Path(entry["file"])
        ours = any(ROOT / folder in path.parents for folder in ("src", "daemons")) and path.suffix == ".c"
        if ours and path.exists() and (not wanted or str(path) in wanted):
            units.setdefault(str(path), Unit(entry))
    return [units[path] for path in sorted(units)]


read = {}


def includes(path):
    if path not in read:
        text = path.read_bytes()
        read[path] = hashlib.sha256(text).digest(), INCLUDE.findall(text.decode(errors="replace"))
    return read[path]


def digest(unit, tool, command):
    """Of the tool, its command, and the file with all that it includes out of our folders."""
    folders = [pathlib.Path(flag[2:]) for flag in unit.preprocessor if flag.startswith("-I")]
    hashed = hashlib.sha256(f"{VERSIONS[tool]}\0{command}".encode())
    seen, open_paths = set(), [unit.path]
    while open_paths:
        path = open_paths.pop()
        if path in seen:
            continue
        seen.add(path)
        content, names = includes(path)
        hashed.update(content)
        for name in names:
            found = next((folder / name for folder in [path.parent] + folders if (folder / name).is_file()), None)
            if found is not None:
                open_paths.append(found)
    return hashed.hexdigest()


def tidy(unit):
    return ["clang-tidy-14", "--quiet", f"--config-file={ROOT}/.clang-tidy", str(unit.path), "--", *unit.flags]


def cppcheck(unit):
    return ["cppcheck", "--quiet", "--std=c11", "--library=posix", "--enable=warning,performance,portability",
            "--inline-suppr", "--template={file}:{line}:{column}: {severity}: {message} [{id}]", *unit.preprocessor,
            str(unit.path)]


def fanalyzer(unit):
    return [unit.compiler, *unit.flags, "-fanalyzer", *LEFT_OUT, "-fdiagnostics-plain-output", "-o", "/dev/null", "-c",
            str(unit.path)]


TOOLS = {"cppcheck": cppcheck, "clang-tidy": tidy, "fanalyzer": fanalyzer}


def first_line(*command):
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def versions():
    return {"cppcheck": first_line("cppcheck", "--version"),
            "clang-tidy": first_line("clang-tidy-14", "--version") + (ROOT / ".clang-tidy").read_text(),
            "fanalyzer": first_line("gcc", "--version")}


VERSIONS = versions()


def analyse(job):
    """(tool, unit, what it says): findings, or the whole where the tool failed without one."""
    tool, unit = job
    command = TOOLS[tool](unit)
    kept = CACHE / f"{digest(unit, tool, command)}.{tool}"
    if kept.exists():
        return tool, unit, kept.read_text()
    ran = subprocess.run(command, cwd=unit.folder, capture_output=True, text=True, check=False)
    said = without_marked(ran.stdout + ran.stderr)
    if ran.returncode < 0:
        return tool, unit, f"{unit.path}:1: error: {tool} ended by signal {-ran.returncode}\n"
    if ran.returncode != 0 and FINDING.search(said) is None:
        return tool, unit, f"{unit.path}:1: error: {tool} failed: {said}"
    if FINDING.search(said) is None:
        said = ""
    partial = kept.with_suffix(f".{os.getpid()}")
    partial.write_text(said)
    partial.replace(kept)
    return tool, unit, said


GCC_WARNING = re.compile(r"^(\S+?):(\d+):\d+: warning: .*\[-W(analyzer-[\w-]+)\]$")


def without_marked(said):
    """gcc knows pragmas alone, at which clang warns: NOLINT(analyzer-...) in the line, NOLINTNEXTLINE in
    the line before it, or NOLINTBEGIN and no NOLINTEND above takes the warning and its notes away."""
    kept, is_marked = [], False
    for line in said.splitlines(keepends=True):
        found = GCC_WARNING.match(line.rstrip())
        if found is not None:
            lines = [""] + pathlib.Path(found.group(1)).read_text().splitlines()
            number = int(found.group(2))
            above = "\n".join(lines[:number])
            is_marked = (above.count(f"NOLINTBEGIN({found.group(3)})") > above.count(f"NOLINTEND({found.group(3)})") or
                         f"NOLINT({found.group(3)})" in lines[number] or
                         f"NOLINTNEXTLINE({found.group(3)})" in lines[number - 1])
        elif ": note: " not in line:
            is_marked = False
        if not is_marked:
            kept.append(line)
    return "".join(kept)


def forget_old(limit=20000):
    kept = sorted(CACHE.iterdir(), key=lambda path: path.stat().st_mtime)
    for path in kept[:-limit]:
        path.unlink()


def main():
    parser = argparse.ArgumentParser(prog="./dev analyse")
    parser.add_argument("commands", help=argparse.SUPPRESS)
    parser.add_argument("--jobs", type=int, default=int(os.environ.get("AURORA_JOBS", os.cpu_count())))
    parser.add_argument("--tool", choices=TOOLS, action="append", help="only this one; may be given again")
    parser.add_argument("files", nargs="*", help="only these; else all of src/ and daemons/")
    args = parser.parse_intermixed_args()
    units = units_of(args.commands, args.files)
    if args.files and len(units) < len(set(args.files)):
        sys.exit("analyse: not each FILE is a .c file of src/ or daemons/ that the release build compiles")
    CACHE.mkdir(parents=True, exist_ok=True)
    tools = args.tool or list(TOOLS)
    found = {tool: set() for tool in tools}
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for tool, _, said in pool.map(analyse, [(tool, unit) for tool in tools for unit in units]):
            new = {match.group(0) for match in FINDING.finditer(said)} - found[tool]
            found[tool] |= new
            if new:
                print(said.replace(f"{ROOT}/", "").rstrip(), flush=True)
    forget_old()
    marks = suppressions() + [("scripts/lib/analyse.py", option, is_reason(why)) for option, why in LEFT_OUT.items()]
    bare = [(place, what) for place, what, has_reason in marks if not has_reason]
    for place, what in bare:
        print(f"{place}: {what} is suppressed without a reason")
    counts = [f"{tool} {len(found[tool])}" for tool in tools if found[tool]]
    told = f"{'/'.join(tools)}: " + (", ".join(counts) + " findings" if counts else "0 findings")
    reasons = f"{len(bare)} without reason" if bare else "each with its reason"
    print(f"analyse: {len(units)} files, {told}; {len(marks)} suppressions, {reasons}")
    sys.exit(bool(counts or bare))


if __name__ == "__main__":
    main()
