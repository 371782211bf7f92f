#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""run_snippets.py [PAGE...]: runs the shell blocks of the docs as a reader would, page by page.

Each page has a folder of its own and one shell, in which its blocks run one after another; ports
are exchanged for free ones. Text that a page shows as output is held against what was printed:
`...` stands for anything, an id or a time for any id or time."""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile

import snippets
from free_port import free_port
from tree import ROOT

BUILD = pathlib.Path(os.environ.get("AURORA_BUILD_DIR", ROOT / "build"))
PORTS = re.compile(r"(?<![\w.-])(8080|8081|9000)(?![\w.-])")
WILD = (
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), r"[0-9a-f-]{36}"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z"), r"[0-9T:.Z-]+"),
    (re.compile(r"\.\.\."), r".*?"),
)
SECONDS_MAX = 120


def pattern_of(text):
    """What a page shows, as an expression: blanks count for any blanks or none."""
    out, at = "", 0
    pieces = sorted((m.start(), m.end(), by) for wild, by in WILD for m in wild.finditer(text))
    for start, end, by in pieces:
        if start >= at:
            out += literal(text[at:start]) + by
            at = end
    return re.compile(out + literal(text[at:]), re.DOTALL)


def literal(text):
    return "".join(r"\s*" if word.isspace() else re.escape(word) for word in re.split(r"(\s+)", text) if word)


class Session:
    """One page: its blocks, the shell that runs them and what they print."""

    def __init__(self, page, blocks, folder):
        self.page, self.blocks = page, blocks
        self.programs = [s.text for s in snippets.of_page(ROOT / page) if s.language == "c"]
        self.folder, self.state = folder / "here", folder / "state"
        self.folder.mkdir()
        self.state.mkdir()
        for entry in ROOT.iterdir():
            if entry.name not in (".git", "var", "build"):
                (self.folder / entry.name).symlink_to(entry)
        (self.folder / "build").symlink_to(BUILD.resolve())
        self.ports = dict(zip(("8080", "8081", "9000"), (str(free_port()) for _ in range(3))))

    def mapped(self, text):
        return PORTS.sub(lambda match: self.ports[match.group(1)], text)

    def script(self):
        lines = [f"session={self.state}", f". {ROOT}/scripts/snippets/session.sh"]
        for number, snippet in enumerate(self.blocks):
            if snippet.language not in ("sh", "console"):
                continue
            text = snippet.text
            if snippet.language == "console":
                commands = [line[2:] for line in text.splitlines() if line.startswith("$ ")]
                text = "".join(f"{{ {one}; }} 2>&1 || true\n" for one in commands)
            for name, part in (("first", snippet.first), ("block", text), ("last", snippet.last)):
                (self.state / f"{name}.{number}").write_text(self.mapped(part), encoding="utf-8")
            lines.append(f"block {number}")
        lines.append(f"echo done >{self.state}/at")
        return "\n".join(lines) + "\n"

    def write_programs(self):
        """For `block_of_c N`: what a reader copies out of the page."""
        for number, text in enumerate(self.programs, 1):
            (self.state / f"c.{number}").write_text(text, encoding="utf-8")

    def run(self):
        """What is wrong with the page, line by line."""
        (self.state / "script").write_text(self.script(), encoding="utf-8")
        self.write_programs()
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("AURORA_", "OTEL_"))}
        environment.update(PATH=f"{BUILD}/bin:{environment['PATH']}", HOME=str(self.state),
                           AURORA_LISTEN=f"127.0.0.1:{self.ports['8080']}", CC=os.environ.get("CC", "cc"),
                           LD_LIBRARY_PATH=f"{BUILD}/lib", AURORA_ROOT=str(ROOT))
        shell = subprocess.Popen(["bash", self.state / "script"], cwd=self.folder, env=environment,
                                 stdin=subprocess.DEVNULL, start_new_session=True)
        try:
            status = shell.wait(SECONDS_MAX)
        except subprocess.TimeoutExpired:
            status = f"none after {SECONDS_MAX} s"
        try:
            os.killpg(shell.pid, signal.SIGKILL)  # a server that the page has left behind
        except ProcessLookupError:
            pass
        at = (self.state / "at").read_text().strip() if (self.state / "at").exists() else "0"
        if at != "done":
            return [f"{self.blocks[int(at)].place}: ended with {status}", *self.printed(int(at), both=True)]
        return self.compare()

    def printed(self, number, both=False):
        names = ("out", "err") if both else ("out",)
        files = [self.state / f"{name}.{number}" for name in names]
        return [f"    {line}" for file in files if file.exists()
                for line in file.read_text(encoding="utf-8", errors="replace").splitlines()[-25:]]

    def compare(self):
        wrong, last = [], None
        for number, snippet in enumerate(self.blocks):
            if snippet.language == "console":
                expected = "\n".join(line for line in snippet.text.splitlines() if not line.startswith("$ "))
                wrong += self.differs(snippet, expected, number)
            elif snippet.language == "sh":
                last = number
            elif snippet.is_output and last is None:
                wrong.append(f"{snippet.place}: is the output of no block before it")
            elif snippet.is_output:
                wrong += self.differs(snippet, snippet.text, last)
        return wrong

    def differs(self, snippet, expected, number):
        printed = (self.state / f"out.{number}").read_text(encoding="utf-8", errors="replace")
        if pattern_of(self.mapped(expected.strip())).search(printed):
            return []
        return [f"{snippet.place}: this is not what is printed:", *self.printed(number)]


def run_python(snippet, folder):
    """By the wheel that was built; None where there is none."""
    site = BUILD.resolve() / "python" / "site"
    if not site.is_dir():
        return None
    python = os.environ.get("AURORA_PYTHON", "/usr/bin/python3")
    return subprocess.run([python if os.path.exists(python) else sys.executable, "-c",
                           snippet.first + snippet.text + snippet.last],
                          cwd=folder, capture_output=True, text=True, timeout=SECONDS_MAX,
                          env={"PATH": os.environ["PATH"], "PYTHONPATH": str(site)})


def run_go(snippet, folder):
    """As a module beside the binding; None where there is no Go."""
    (folder / "main.go").write_text(snippet.first + snippet.text + snippet.last, encoding="utf-8")
    (folder / "go.mod").write_text(f"module example.com/page\n\ngo 1.19\n\nrequire aurora.dev/aurora v0.0.0\n\n"
                                   f"replace aurora.dev/aurora => {ROOT}/bindings/go\n", encoding="utf-8")
    script = f'''set -e
. "{ROOT}/scripts/lib/go.sh"
[ -z "$(go_missing)" ] || exit 77
go_environment "{BUILD}"
cd "{folder}"
"$go" run .'''
    run = subprocess.run(["bash", "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=SECONDS_MAX)
    return None if run.returncode == 77 else run


def run_bindings(wanted):
    """The Python and Go blocks, each alone. Returns how many failed, were run, and were not."""
    failed = done = left = 0
    for snippet in snippets.all_snippets():
        is_ours = snippet.language == "go" or (snippet.language == "python" and "import aurora" in snippet.text)
        if not is_ours or snippet.reason or snippet.test or (wanted and snippet.page not in wanted):
            continue
        folder = pathlib.Path(tempfile.mkdtemp(prefix="aurora-snippets-"))
        run = (run_go if snippet.language == "go" else run_python)(snippet, folder)
        shutil.rmtree(folder, ignore_errors=True)
        done, left = done + (run is not None), left + (run is None)
        if run is not None and run.returncode != 0:
            failed += 1
            print(f"{snippet.place}: ended with {run.returncode}\n{run.stdout}{run.stderr}")
    print(f"snippets: {done} blocks of Python and Go run" + (f", {left} not: no wheel or no Go here" if left else ""))
    return failed


def main(wanted):
    pages = {}
    for snippet in snippets.all_snippets():
        is_run = snippet.language in ("sh", "console") and not snippet.reason and not snippet.test
        if is_run or snippet.is_output:
            pages.setdefault(snippet.page, []).append(snippet)
    failures, count = 0, 0
    for page, blocks in pages.items():
        if wanted and page not in wanted:
            continue
        folder = pathlib.Path(tempfile.mkdtemp(prefix="aurora-snippets-"))
        wrong = Session(page, blocks, folder).run()
        shutil.rmtree(folder, ignore_errors=True)
        failures += bool(wrong)
        count += len(blocks)
        print("\n".join(wrong) if wrong else f"snippets: {page}: {len(blocks)} blocks run and compared", flush=True)
    print(f"snippets: {count} blocks of {len(pages)} pages")
    failures += run_bindings(wanted)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
