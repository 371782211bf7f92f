#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""man_pages.py BIN TABLES [--check]: fills the generated parts of docs/man from the programs.

A part stands between the lines `.\\" generated: WHAT` and `.\\" end`. BIN is where the built programs
are, TABLES the generator of the blocks of docs/*.md. With --check nothing is written, and a part
that differs fails."""

import difflib
import pathlib
import re
import subprocess
import sys
import textwrap

from tree import ROOT

PAGES = ROOT / "docs" / "man"
PART = re.compile(r'(\.\\" generated: ([\w-]+)\n)(.*?)(\.\\" end\n)', re.DOTALL)


def said(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True, env={"PATH": "/usr/bin:/bin"}).stdout


def plain(text):
    """Words that mean themselves to roff."""
    text = text.replace("\\", "\\e").replace("---", "\\(em")
    return re.sub(r"^([.'])", r"\\&\1", text)


def literal(value):
    """A value behind a macro, which would take a last colon for punctuation."""
    return re.sub(r":$", r"\\&:", plain(value))


def sentence(text):
    text = plain(text[:1].upper() + text[1:])
    text = re.sub(r"([.;:]) (?=[A-Z])", r"\1\n", text + ("" if text.endswith(".") else "."))
    return "\n".join("\n".join(textwrap.wrap(line, 78, break_long_words=False, break_on_hyphens=False))
                     for line in text.split("\n"))


def flag(words):
    """`--limit N` as mdoc."""
    name, _, value = words.partition(" ")
    parts = [f"Ar {plain(one)}" for one in value.split()]
    return f"Fl -{name[2:]}" + (" " + " ".join(parts) if parts else "")


class Programs:
    def __init__(self, folder, tables):
        self.folder, self.tables = pathlib.Path(folder), tables

    def part(self, page, what):
        return getattr(self, what.replace("-", "_"))(page)

    def name(self, page):
        """What --help says first."""
        name, words = said(self.folder / page.stem, "--help").split("\n")[0].split(": ", 1)
        return f".Nm {name}\n.Nd {plain(words)}\n"

    @staticmethod
    def daemon(page):
        return (PAGES / "daemon.mdoc").read_text(encoding="utf-8")

    @staticmethod
    def daemon_end(page):
        return (PAGES / "daemon_end.mdoc").read_text(encoding="utf-8")

    def printed(self, program):
        lines = said(self.folder / program, "--print-config").splitlines()
        return dict(line.rsplit("\t#", 1)[0].split(" = ", 1) for line in lines)

    def defaults(self, page):
        """In which defaults it differs from aurorad."""
        common, own = self.printed("aurorad"), self.printed(page.stem)
        rows = [f".It Cm {name}\n{plain(value) or 'nothing'}\n" for name, value in own.items() if value != common[name]]
        if not rows:
            return ".Pp\nIts defaults are those of\n.Xr aurora-settings 5 .\n"
        return ".Pp\nDefaults that are its own:\n.Bl -tag -width service_secret -compact\n" + "".join(rows) + ".El\n"

    def settings(self, page):
        """Every row of the table of settings."""
        rows = []
        for block in ("settings", "daemon_settings"):
            for line in said(self.tables, block).splitlines()[2:]:
                rows.append([cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
        out = []
        for name, kind, value, reload, words in sorted(rows):
            name, value = name.strip("`"), value.strip("`")
            out.append(f".It Cm {name} Pq {kind}\n{sentence(words)}\n")
            out.append(f"The default is\n.Ql {literal(value)} .\n" if value else "It is empty by default.\n")
            if reload:
                out.append("May change at run time.\n")
        return ".Bl -tag -width Ds\n" + "".join(out) + ".El\n"

    def statuses(self, page):
        """Every status with what it says."""
        rows = []
        for line in said(self.tables, "statuses").splitlines()[3:]:
            name, value, _, words = [cell.strip() for cell in line.split("|")[1:5]]
            rows.append(f".It Er {name.strip('`')} Pq {value}\n{sentence(words)}\n")
        return ".Bl -tag -width Ds\n" + "".join(rows) + ".El\n"

    @staticmethod
    def headers(page):
        """Every header with its title in the manual."""
        rows = []
        for line in (ROOT / "scripts/manual/groups.txt").read_text(encoding="utf-8").splitlines():
            name, _, title = line.strip().partition(": ")
            if line.startswith("    "):
                rows.append(f".It In aurora/{name}.h\n{sentence(title)}\n")
        return ".Bl -tag -width Ds\n" + "".join(rows) + ".El\n"

    @staticmethod
    def example(page):
        text = re.search(r"^```c\n(.*?)^```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)[1]
        return ".Bd -literal\n" + "".join(plain(line) + "\n" for line in text.splitlines()) + ".Ed\n"

    def commands(self, page):
        """The commands of auroractl, each with what it alone takes."""
        common = self.common_options()
        out = []
        for command, words in self.ctl_commands():
            operands = [w for w in command.split() if w.isupper()]
            verbs = [w for w in command.split() if not w.isupper()]
            own = [o for o, _ in self.ctl_options(verbs) if o not in common]
            out.append(".It Xo Ic " + " ".join(verbs) + "".join(f" Ar {o.lower()}" for o in operands) + "\n" +
                       "".join(f".Op {flag(o)}\n" for o in own) + f".Xc\n{sentence(words)}\n")
        return ".Bl -tag -width Ds\n" + "".join(out) + ".El\n"

    def ctl_commands(self):
        for line in said(self.folder / "auroractl", "--help").splitlines():
            match = re.match(r"^  (\S.*?)(?: {2,}| (?=run the parked))(\S.*)$", line)
            if match:
                yield match.groups()

    def ctl_options(self, verbs):
        text = said(self.folder / "auroractl", *verbs, "--help")
        found = re.findall(r"^  (--.{20}) ?(\S.*)$", text, re.MULTILINE)
        return [(option.strip(), words) for option, words in found if "SETTING" not in option]

    def common_options(self):
        """Those that half of the commands or more take."""
        counts, total = {}, 0
        for command, _ in self.ctl_commands():
            total += 1
            for option, _ in self.ctl_options([w for w in command.split() if not w.isupper()]):
                counts[option] = counts.get(option, 0) + 1
        return {option for option, count in counts.items() if count * 2 >= total}

    def options(self, page):
        """Each option of auroractl, once."""
        words = {}
        for command, _ in self.ctl_commands():
            words.update(self.ctl_options([w for w in command.split() if not w.isupper()]))
        rows = [f".It {flag(option)}\n{sentence(words[option])}\n" for option in sorted(words)]
        return ".Bl -tag -width Ds\n" + "".join(rows) + ".El\n"


def main(programs, is_check):
    stale, seen = 0, 0
    for page in sorted(PAGES.glob("*.[1-9]")):
        old = page.read_text(encoding="utf-8")
        new = PART.sub(lambda m, page=page: m.group(1) + programs.part(page, m.group(2)) + m.group(4), old)
        seen += len(PART.findall(old))
        if new == old:
            continue
        stale += 1
        name = str(page.relative_to(ROOT))
        if is_check:
            sys.stdout.writelines(difflib.unified_diff(old.splitlines(True), new.splitlines(True), name,
                                                       name + " as generated"))
        else:
            page.write_text(new, encoding="utf-8")
            print("man: wrote", name)
    if is_check and stale:
        print("man: ./dev docs writes the parts above")
        return 1
    print(f"man: {seen} generated parts are as the programs say")
    return 0


if __name__ == "__main__":
    sys.exit(main(Programs(sys.argv[1], sys.argv[2]), "--check" in sys.argv[3:]))
