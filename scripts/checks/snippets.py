#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Each fenced block of the docs says what it is; C is compiled, settings are read by the program
that has them, JSON, YAML, Python and shell are parsed. tests/integration/docs_snippets.sh runs the
shell blocks. How many are only parsed, and how many are figures, may not grow."""

import ast
import collections
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import snippets  # noqa: E402
from tree import ROOT  # noqa: E402

LIMITS = ROOT / "scripts" / "snippets" / "limits.txt"
BUILD = pathlib.Path(os.environ.get("AURORA_BUILD_DIR", ROOT / "build"))
WARNINGS = ("-std=gnu11", "-Wall", "-Wextra", "-Werror", "-Wno-unused-variable", "-Wno-unused-function",
            "-Wno-unused-but-set-variable")


def compile_c(snippet, folder):
    source = folder / "snippet.c"
    source.write_text(snippet.first + snippet.text + snippet.last, encoding="utf-8")
    command = [os.environ.get("CC", "cc"), *WARNINGS, "-I", ROOT / "include", source]
    is_program = "int main(" in snippet.first + snippet.text and (BUILD / "lib" / "libaurora.so").exists()
    sim = ["-laurora-sim"] if "aurora/sim.h" in snippet.first + snippet.text else []
    command += ["-o", folder / "snippet", "-L", BUILD / "lib", *sim, "-laurora", f"-Wl,-rpath,{BUILD.resolve()}/lib"] \
        if is_program else ["-fsyntax-only"]
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode or not is_program:
        return "compiled", run.stderr if run.returncode else None
    run = subprocess.run([folder / "snippet"], cwd=folder, capture_output=True, text=True, timeout=60)
    if run.returncode:
        return "compiled and run", f"ends with {run.returncode}: {run.stdout}{run.stderr}"
    return "compiled and run", None


def read_settings(snippet, folder):
    program = BUILD / "bin" / (snippet.program or "aurorad")
    if not program.exists():
        return "parsed", None
    (folder / "snippet.ini").write_text(snippet.first + snippet.text + snippet.last, encoding="utf-8")
    run = subprocess.run([program, "--config", folder / "snippet.ini", "--print-config"], capture_output=True,
                         text=True, env={"PATH": os.environ["PATH"]})
    return "read by its program", run.stdout + run.stderr if run.returncode else None


def run_python(snippet, folder):
    """Whatever needs no package of ours is run; the binding's own pages are run by its tests."""
    text = snippet.first + snippet.text + snippet.last
    try:
        ast.parse(text)
    except SyntaxError as error:
        return "run", str(error)
    if re.search(r"^\s*(import|from) aurora", text, re.MULTILINE):
        return "run", None  # by docs_snippets.sh, with the wheel that was built
    run = subprocess.run([sys.executable, "-c", text], cwd=folder, capture_output=True, text=True, timeout=20)
    return "run", run.stderr if run.returncode else None


def parse_json(snippet, folder):
    if snippet.is_output:
        return "held against what is printed", None
    try:
        json.loads(snippet.text)
    except ValueError as error:
        return "parsed", str(error)
    return "parsed", None


def parse_shell(snippet, folder):
    run = subprocess.run(["bash", "-n"], input=snippet.first + snippet.text, capture_output=True, text=True)
    return ("only parsed" if snippet.reason else "run"), run.stderr if run.returncode else None


def parse_http(snippet, folder):
    head, _, body = snippet.text.partition("\n\n")
    lines = head.split("\n")
    if not re.match(r"(GET|POST|PUT|DELETE) /\S* HTTP/1\.1|HTTP/1\.1 \d{3}", lines[0]):
        return "parsed", "the first line is neither a request's nor an answer's"
    wrong = [line for line in lines[1:] if not re.match(r"[\w-]+: \S", line)]
    if wrong:
        return "parsed", f"'{wrong[0]}' is no header field"
    try:
        json.loads(body)
    except ValueError as error:
        return "parsed", str(error)
    return "parsed", None


def parse_yaml(snippet, folder):
    try:
        import yaml
    except ImportError:
        return "parsed", None
    try:
        yaml.safe_load(snippet.text)
    except yaml.YAMLError as error:
        return "parsed", str(error)
    return "parsed", None


def shown(snippet, folder):
    if snippet.is_output:
        return "held against what is printed", None
    return "figures", None if snippet.is_figure else "text that is neither 'output' nor a 'figure'"


KINDS = {
    "c": compile_c, "ini": read_settings, "python": run_python, "json": parse_json, "sh": parse_shell,
    "http": parse_http, "yaml": parse_yaml, "text": shown,
    "console": lambda snippet, folder: ("run", None),
    "mermaid": lambda snippet, folder: ("generated", None),
    "sql": lambda snippet, folder: ("only parsed", None),
    "properties": lambda snippet, folder: ("only parsed", None),
    "go": lambda snippet, folder: ("run", None),
    "cmake": lambda snippet, folder: ("only parsed", None),
}


def main():
    counts, failures = collections.Counter(), 0
    reasons = []
    with tempfile.TemporaryDirectory() as folder:
        for snippet in snippets.all_snippets():
            complaint = snippet.complaint
            if not complaint and snippet.language not in KINDS:
                complaint = f"a fence needs a language: one of {', '.join(sorted(KINDS))}"
            if not complaint:
                how, complaint = ("run by a test of its own", None) if snippet.test else KINDS[snippet.language](snippet, pathlib.Path(folder))
                counts[f"{snippet.language}: {how}"] += 1
                if how == "only parsed":
                    reasons.append(snippet)
            if complaint:
                failures += 1
                print(f"{snippet.place}: {complaint.strip()}")
    for name, count in sorted(counts.items()):
        print(f"snippets: {count:3} {name}")
    totals = {"only parsed": len(reasons), "figures": sum(c for name, c in counts.items() if name.endswith("figures"))}
    for line in LIMITS.read_text(encoding="utf-8").splitlines():
        number, name = line.split(" ", 1) if line and line[0].isdigit() else (None, None)
        if number and totals[name] > int(number):
            failures += 1
            print(f"snippets: {totals[name]} {name}, {number} allowed by {LIMITS.relative_to(ROOT)}")
    if "-v" in sys.argv:
        for snippet in reasons:
            print(f"{snippet.place}: {snippet.reason or snippet.language}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
