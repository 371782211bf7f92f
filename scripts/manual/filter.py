#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""filter.py HEADER: the header as Doxygen wants to read it, on standard output.

The headers are written for people who read headers: plain comments, and what holds everywhere is
said once, in aurora.h. Doxygen needs marks. So, here and nowhere else:

- a comment before a declaration, or behind it on its line, is its documentation;
- a comment before several declarations without a blank line between documents each of them;
- the rows of an X-macro list become the constants that they define, with their text;
- members whose name means the same everywhere (SAID_ONCE) have that meaning where nothing is said;
- names of calls, types and constants become links, and text in backticks code.

A declaration that has no comment by these rules stays without, and Doxygen complains."""

import html
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
INCLUDE = ROOT / "include"

# What aurora.h says once, so that no header needs to repeat it: members by name, the two forms of
# structs that every noun has, and the macros that fill one in.
SAID_ONCE = (
    (r"size", "The size of the struct: its sizeof where it is given in; where it is handed out, as the library "
              "has it, to be compared before newer members are read."),
    (r"reserved\w*|spare", "0."),
    (r"count", "How many items there are."),
    (r"items", "The items, `count` of them; read only, freed with the page."),
    (r"next_cursor", "The text to pass for the next page; NULL on the last."),
    (r"words", "Opaque."),
    (r"self", "Handed back as the first argument of each call."),
    (r"(\w+)_self", "Handed back as the first argument of `\\1`."),
    (r"(\w+)_count", "How many of `\\1s` there are."),
    (r"(\w+)_(?:len|length)", "The length of `\\1` in bytes."),
    (r"order_id", "The order's id."),
    (r"created_at_ms", "When it was made."),
    (r"updated_at_ms", "When it last changed."),
    (r"at_ms", "When it was."),
    (r"allocator", "Where memory comes from."),
    (r"AURORA_[A-Z_]+\(\.\.\.\)", "A pointer to such a struct with its size and the members that are given, the others 0; "
                                "it lives until the end of the enclosing block. For C; C++ has the _init call."),
    (r"aurora_\w+_page", "One page of a list."),
)

TOKEN = re.compile(r"\b(?:aurora_[a-z0-9_]+|AURORA_[A-Z0-9_]+)\b(?!\.\.\.)")
MEMBER = re.compile(r"(\w+)(?:\[[^\]]*\])?(?:,|;|\s*=|\s*$)")
LIST_USE = re.compile(r"^enum \{ (AURORA_\w+_LIST)\((AURORA_\w+_ENUM)\) \};$", re.MULTILINE)
ROW = re.compile(r'X\((\w+), (-?\w+),.*?"((?:[^"\\]|\\.)*)"\)')


def known_names():
    names = set()
    for path in INCLUDE.rglob("*.h"):
        text = re.sub(r"/\*.*?\*/", " ", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        names |= set(TOKEN.findall(text))
        names |= {"AURORA_" + row[0] for row in ROW.findall(text)}
    return {n for n in names if not n.endswith(("_H", "_LIST", "_ENUM"))}


NAMES = known_names()


def link(match):
    name = match.group(0)
    return f'@ref {name} "{name}"' if name in NAMES else name


def prose(text):
    """A comment's words with Doxygen's own signs taken out of force and names made links."""
    code = []

    def keep(match):
        code.append(match.group(1))
        return f"\0{len(code) - 1}\0"

    text = re.sub(r"`([^`]+)`", keep, text)
    text = re.sub(r"[\\@#%]", lambda m: "\\" + m.group(0), text)
    text = html.escape(text, quote=False).replace("--", "\\--")
    text = re.sub(r'"([^"\n]+)"', r"&quot;\1&quot;", text)
    text = TOKEN.sub(link, text)
    text = re.sub(r"\bThreads:\s", "<br><b>Threads:</b> ", text)
    return re.sub(r"\0(\d+)\0", lambda m: "<code>" + html.escape(code[int(m.group(1))]) + "</code>", text)


def comment_text(lines):
    """The words of a comment without its frame; a paragraph ends where the header has an empty line."""
    text = "\n".join(lines).strip()
    text = text.removeprefix("/*").removesuffix("*/")
    return "\n".join(re.sub(r"^\s*\* ?", "", line).rstrip() for line in text.split("\n")).strip()


def block(text, before="/**", group=""):
    return before + "\n" + group + prose(text).replace("*/", "") + "\n*/"


def expand_lists(text):
    lists = {m.group(1): ROW.findall(m.group(2)) for m in
             re.finditer(r"#define (AURORA_\w+_LIST)\(X\)((?:.*\\\n)*.*)", text)}

    def spelled_out(match):
        rows = [f"    AURORA_{name} = {value}, /* {words} */" for name, value, words in lists[match.group(1)]]
        return "enum {\n" + "\n".join(rows) + "\n};"

    text = LIST_USE.sub(spelled_out, text)
    return re.sub(r"#define AURORA_\w+_(?:LIST|ENUM)\((?:.*\\\n)*.*\n", "", text)


def group_of(path):
    """(group, title, part) of a header, as groups.txt has them."""
    name, part = str(path.relative_to(INCLUDE / "aurora").with_suffix("")), None
    for line in (HERE / "groups.txt").read_text(encoding="utf-8").split("\n"):
        key, _, title = line.strip().partition(": ")
        if line[:1].isalpha():
            part = key
        elif key == name:
            return name.replace("/", "_"), title, part
    sys.exit(f"{path}: scripts/manual/groups.txt has no line for it")


def said_once(name):
    for pattern, words in SAID_ONCE:
        match = re.fullmatch(pattern, name)
        if match:
            return match.expand(words)
    return None


class Header:
    """Goes through the lines once; what it writes has as many declarations as it reads."""

    def __init__(self, path):
        self.name = path.relative_to(INCLUDE)
        self.group, self.title, self.part = group_of(path)
        self.lines = expand_lists(path.read_text(encoding="utf-8")).split("\n")
        self.out, self.at = [], 0
        self.depth = 0          # of braces: inside a struct or an enum
        self.pending = None     # the words of a comment that stands before a declaration
        self.is_statement_open = False

    def take_comment(self):
        taken = []
        while True:
            taken.append(self.lines[self.at])
            self.at += 1
            if "*/" in taken[-1]:
                return comment_text(taken)

    def statement(self):
        """The lines of one declaration: to its ; or { or the end of a constant, or a whole #define."""
        taken = [self.lines[self.at]]
        self.at += 1
        if taken[0].startswith("#"):
            while taken[-1].endswith("\\"):
                taken.append(self.lines[self.at])
                self.at += 1
            return taken
        while not self.is_whole(taken):
            taken.append(self.lines[self.at])
            self.at += 1
        return taken

    def is_whole(self, taken):
        code = [re.sub(r"/\*.*", "", line) for line in taken]
        if sum(line.count("(") - line.count(")") for line in code) > 0:
            return False
        following = self.lines[self.at].strip() if self.at < len(self.lines) else "}"
        return bool(re.search(r"[;{},]\s*$", code[-1])) or following.startswith("}")

    def run(self):
        while self.at < len(self.lines):
            line = self.lines[self.at]
            if line.strip().startswith("/*"):
                self.pending = self.take_comment()
                if self.group and not self.pending.startswith("SPDX"):
                    self.open_group()
                elif self.pending.startswith(("SPDX", "---")):
                    self.pending = None
            elif not line.strip():
                self.pending = None
                self.out.append("")
                self.at += 1
            else:
                self.declaration()
        return "\n".join(self.out + ["/** @} */"])

    def open_group(self):
        """The header's first comment says what all of it is."""
        self.out.append(f"/** @file\n@brief {self.title}: see @ref {self.group} \"its group\". */")
        head = f"@defgroup {self.group} {self.title}\n@ingroup {self.part}\n"
        use = f"<code>\\#include &lt;{self.name}&gt;</code>"
        self.out.append(block(self.pending, group=head).removesuffix("*/") + f"\n{use}\n*/")
        self.out.append("/** @{ */")
        self.group = self.pending = None

    def declaration(self):
        lines = self.statement()
        while "\n".join(lines).count("/*") > "\n".join(lines).count("*/"):
            lines.append(self.lines[self.at])
            self.at += 1
        text = "\n".join(lines)
        said = None
        behind = re.search(r"[ \t]*/\*(.*?)\*/\s*$", text, re.DOTALL)
        if behind:
            said, text = comment_text(["/*" + behind.group(1) + "*/"]), text[:behind.start()]
        if self.is_frame(text):
            self.out.append(text)
            self.pending = None if text.startswith("#if") else self.pending
            return
        if self.depth:
            self.member(text, said)
        else:
            self.outside(text, said)
        self.depth += text.count("{") - text.count("}") if not text.startswith("#") else 0

    @staticmethod
    def is_frame(text):
        return text.startswith(('extern "C"', "#if", "#endif", "#else", "#include", "#undef")) or text == "}"

    def member(self, text, said):
        stripped = text.strip()
        if stripped.startswith("}"):
            self.out.append(text)
            self.pending = None
            return
        words = " ".join(w for w in (self.pending, said) if w)
        pointer = re.search(r"\(\*(\w+)\)\(", stripped)
        name = pointer.group(1) if pointer else (MEMBER.findall(stripped.split("{")[0]) or [""])[-1]
        words = words or said_once(name)
        if words:
            self.out.append(block(words))
        self.out.append(text)
        self.pending = None

    def outside(self, text, said):
        words = " ".join(w for w in (self.pending, said) if w)
        one_line = re.match(r"^enum \{ (.*) \};$", text, re.DOTALL)
        if one_line and words:
            text = "enum {\n" + "\n".join(
                f"{block(words)}\n    {one}," for one in one_line.group(1).split(", ")) + "\n};"
        if text.startswith("#define") and not words:
            words = said_once(text.split()[1])
        if re.match(r"typedef struct \{", text) and not words:
            words = said_once(self.name_of_struct())
        if words:
            self.out.append(block(words))
        self.out.append(text)
        if text.count("{") > text.count("}"):
            self.pending = None
        is_body = text.rstrip().endswith("{") and "static inline" in text
        if is_body:
            self.body()
            text = ""

    def name_of_struct(self):
        return next(line for line in self.lines[self.at:] if line.startswith("}")).strip("} ;")

    def body(self):
        """An inline function is documented, not shown: its body is passed over."""
        depth = 1
        while depth > 0:
            line = self.lines[self.at]
            depth += line.count("{") - line.count("}")
            self.out.append(line)
            self.at += 1
        self.depth -= 1


def main(path):
    path = pathlib.Path(path).resolve()
    if path.suffix != ".h":
        print(path.read_text(encoding="utf-8"))
        return
    print(Header(path).run())


if __name__ == "__main__":
    main(sys.argv[1])
