#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""amalgamate.py FOLDER [MARK]: writes FOLDER/aurora.h, all public headers but net.h and sim.h, and FOLDER/aurora.c,
all of libaurora. The same sources give the same bytes. MARK is a C header that gets their sum: Go's cache knows only of
files of the package itself, and would go on with what it compiled before.

A file-local name that any other file also speaks of is called FOLDER_FILE_name in aurora.c; macros
of a .c file end with it. Everything else stands as it does in the sources, headers where they are
first included."""

import hashlib
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve()
sys.path.insert(0, str(HERE.parent))
import ctokens  # noqa: E402

ROOT = HERE.parents[2]
# The order is that of the arrows of docs/ARCHITECTURE.md; the test of the amalgamation compares the
# symbols with those of libaurora.a, so that a folder which is missed here shows.
FOLDERS = ("core", "resilience", "trending", "trace", "codec", "metric", "engine",
           "adapters/store_memory", "adapters/store_sqlite", "adapters/cache_memory",
           "adapters/search_fts", "api")
MIGRATIONS = ("adapters/store_sqlite", "aurora__migration")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"][^\n]*\n', re.MULTILINE)
SPDX = "/* SPDX-License-Identifier: MIT */\n"


def read(path):
    return (ROOT / path).read_text(encoding="utf-8")


def banner(version, what):
    licence = read("LICENSE").strip()
    lines = "\n".join((" * " + line).rstrip() for line in licence.split("\n"))
    return (f"{SPDX}/* Aurora {version}: {what}\n * Written by ./dev dist from the sources; change "
            f"those, not this.\n *\n{lines} */\n")


def version():
    text = read("include/aurora/version.h")
    return ".".join(re.search(rf"define AURORA_VERSION_{part} (\d+)", text).group(1)
                    for part in ("MAJOR", "MINOR", "PATCH"))


def section(path, text):
    return f"\n/* ---- {path} ---- */\n\n{text.strip()}\n"


def without_spdx(text):
    return text[len(SPDX):] if text.startswith(SPDX) else text


class Headers:
    """Public headers in the order in which they need each other, and the system's that they name."""

    def __init__(self):
        self.done = []
        self.system = set()
        self.text = ""

    def add(self, name):
        if name in self.done:
            return
        text = read(f"include/{name}")
        self.done.append(name)

        def replace(match):
            if match.group(2).startswith("aurora/"):
                self.add(match.group(2))
            else:
                self.system.add(match.group(2))
            return ""

        body = INCLUDE.sub(replace, without_spdx(text))
        if name != "aurora/aurora.h":
            self.text += section(name, re.sub(r"\n{3,}", "\n\n", body))


def public_headers():
    names = sorted(str(path.relative_to(ROOT / "include"))
                   for path in (ROOT / "include/aurora").rglob("*.h"))
    names.remove("aurora/net.h")
    names.remove("aurora/sim.h")
    return names


def write_header():
    headers = Headers()
    for name in public_headers():
        headers.add(name)
    rules = without_spdx(read("include/aurora/aurora.h")).split("#ifndef")[0]
    system = "".join(f"#include <{name}>\n" for name in sorted(headers.system))
    return (banner(version(), "all public headers in one.")
            + "\n" + rules + "#ifndef AURORA_AURORA_H\n#define AURORA_AURORA_H\n\n" + system
            + headers.text + "\n#endif\n")


def sources():
    for folder in FOLDERS:
        for path in sorted((ROOT / "src" / folder).glob("*.c")):
            yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")
        if folder == MIGRATIONS[0]:
            yield f"src/{folder}/migrations", migrations(folder)


def migrations(folder):
    """The .sql files as arrays of characters; C11 promises no more than 4,095 in a literal."""
    arrays = rows = ""
    for number, path in enumerate(sorted((ROOT / "src" / folder).glob("*.sql")), 1):
        arrays += f"/* {path.name} */\nstatic const char sql_{number}[] = {{\n"
        codes = [character(byte) for byte in path.read_bytes()] + ["0"]
        for at in range(0, len(codes), 20):
            arrays += "    " + ", ".join(codes[at:at + 20]) + ",\n"
        arrays += "};\n\n"
        rows += f"    {{{number}, sql_{number}}},\n"
    name = folder.rpartition("/")[2]
    return (f'#include "{folder}/migrations.h"\n\n{arrays}const {MIGRATIONS[1]} '
            f"aurora__{name}_migrations[] = {{\n{rows}    {{0, 0}},\n}};\n")


def character(byte):
    if 32 <= byte < 127 and chr(byte) not in "'\\":
        return f"'{chr(byte)}'"
    return {10: "'\\n'", 39: "'\\''", 92: "'\\\\'"}.get(byte, f"'\\x{byte:02x}'")


def without_guard(text):
    return re.sub(r"#ifndef (\w+_H)\n#define \1\n(.*)#endif[^\n]*\n*$", r"\2", text,
                  flags=re.DOTALL)


class Joined:
    """aurora.c while it grows: headers stand where the first file includes them."""

    def __init__(self, files):
        self.done = set()
        self.system = set()
        self.text = ""
        self.spoken = {}  # word -> in how many files and headers
        for text in [*(text for _, text in files), *self.all_headers()]:
            for word in ctokens.words(text):
                self.spoken[word] = self.spoken.get(word, 0) + 1

    @staticmethod
    def all_headers():
        folders = [ROOT / "include", *(ROOT / "src" / folder for folder in FOLDERS)]
        for folder in folders:
            for path in sorted(folder.rglob("*.h")):
                yield path.read_text(encoding="utf-8")

    def add_header(self, path):
        if path not in self.done:
            self.done.add(path)
            body = self.included(path, without_guard(without_spdx(read(path))))
            self.text += section(path, body)

    def included(self, path, text):
        """The text without its includes, after the headers that they name."""
        conditional = conditional_lines(text)

        def replace(match):
            quoted, name = match.group(1) == '"', match.group(2)
            if quoted:
                self.add_header(resolve(path, name))
            elif not name.startswith("aurora/"):
                if text.count("\n", 0, match.start()) in conditional:
                    return match.group(0)
                self.system.add(name)
            return ""

        return INCLUDE.sub(replace, text)

    def add_source(self, path, text):
        body = self.included(path, without_spdx(text))
        names = {name: new_name(path, name) for name in ctokens.local_names(text)
                 if self.spoken[name] > 1 and not name.lower().startswith("aurora_")}
        for name in names.values():
            if name in self.spoken:
                raise SystemExit(f"{path}: {name} is taken")
        macros = ctokens.macros(text)
        ends = "".join(f"#undef {name}\n" for name in dict.fromkeys(macros))
        self.text += section(path, ctokens.renamed(body, names).strip() + "\n\n" + ends)


def conditional_lines(text):
    """Numbers of lines, from 0, between an #if and its #endif."""
    inside = set()
    depth = 0
    for number, line in enumerate(text.split("\n")):
        if re.match(r"\s*#\s*if", line):
            depth += 1
        elif re.match(r"\s*#\s*endif", line):
            depth -= 1
        elif depth:
            inside.add(number)
    return inside


def resolve(path, name):
    for base in (pathlib.PurePosixPath(path).parent, pathlib.PurePosixPath("src")):
        if (ROOT / base / name).is_file():
            return str(base / name)
    raise SystemExit(f'{path}: "{name}" is not found')


def new_name(path, name):
    parts = pathlib.PurePosixPath(path).with_suffix("").parts[-2:]
    return "_".join((*parts, name))


def write_source():
    files = list(sources())
    joined = Joined(files)
    for path, text in files:
        joined.add_source(path, text)
    system = "".join(f"#include <{name}>\n" for name in sorted(joined.system))
    text = (banner(version(), "libaurora in one file; needs SQLite 3.40 and threads.")
            + "\n/* cc -std=c11 -O2 -c aurora.c; link with -lsqlite3 -lpthread -lm. With "
            "-DAURORA_HIDDEN the\n * public calls stay inside the program or library that this is "
            "linked into. */\n"
            "#ifndef _GNU_SOURCE\n#define _GNU_SOURCE\n#endif\n\n"
            '#include "aurora.h"\n\n' + system + "\n#ifdef __GNUC__\n#pragma GCC visibility "
            "push(hidden)\n#endif\n" + joined.text
            + "\n#ifdef __GNUC__\n#pragma GCC visibility pop\n#endif\n")
    return re.sub(r"\n{3,}", "\n\n", text)


def main():
    if len(sys.argv) not in (2, 3):
        raise SystemExit(__doc__.split("\n")[0])
    folder = pathlib.Path(sys.argv[1])
    texts = {"aurora.h": write_header(), "aurora.c": write_source()}
    if len(sys.argv) == 3:
        both = hashlib.sha256("".join(texts.values()).encode()).hexdigest()
        pathlib.Path(sys.argv[2]).write_text(f"{SPDX}/* of bundled/: {both} */\n", encoding="utf-8")
    # Both are whole before one of them has its name.
    new = {name: folder / f".{name}.new" for name in texts}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            new[name].write_text(text, encoding="utf-8")
        for name in texts:
            new[name].replace(folder / name)
    except OSError as error:
        for path in new.values():
            path.unlink(missing_ok=True)
        raise SystemExit(f"dist: {folder} cannot be written: {error.strerror}") from None
    for name, text in texts.items():
        print(f"{folder / name}: {text.count(chr(10)):,} lines, {len(text.encode()):,} bytes")


if __name__ == "__main__":
    main()
