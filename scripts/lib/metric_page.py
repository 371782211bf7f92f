# SPDX-License-Identifier: MIT
"""What docs/METRICS.md says of each metric, and what the sources do."""

import re

from tree import ROOT

PAGE = ROOT / "docs" / "METRICS.md"
AWAITED = ROOT / "scripts" / "dashboards" / "awaited.txt"

TEXT = r'"(?:[^"\\]|\\.)*"'
# AURORA__COUNTER_FAMILY_BY("name", "help" "goes on", "label", ...)
FAMILY = re.compile(rf"AURORA__(COUNTER|GAUGE|AGE|DURATION|SIZE)_FAMILY(?:_BY)?\(\s*({TEXT}),((?:\s*{TEXT})+)((?:,\s*{TEXT})*)\s*\)")
TYPES = {"COUNTER": "counter", "GAUGE": "gauge", "AGE": "gauge", "DURATION": "histogram", "SIZE": "histogram"}
# #define AURORA__..._COUNTERS(X) X(member, "name", "help") ...
LIST = re.compile(r"#define AURORA__\w+_(COUNTERS|GAUGES)\(X\)((?:.*\\\n)*.*)")
ENTRY = re.compile(rf"X\(\w+,\s*({TEXT}),((?:\s*{TEXT})+)\)")
ROW = re.compile(r"^\| `(\w+)(?:\{([\w,]+)\})?` \| (\w+) \| (.+) \| (.+) \|$", re.MULTILINE)


class Family:
    def __init__(self, kind, labels, where):
        self.kind, self.labels, self.where = kind, tuple(labels), where

    def __eq__(self, other):
        return (self.kind, sorted(self.labels)) == (other.kind, sorted(other.labels))

    def __str__(self):
        return f"{self.kind} {{{','.join(self.labels)}}}"


def awaited():
    """Names that programs do not have yet."""
    return set(AWAITED.read_text(encoding="utf-8").split()) if AWAITED.exists() else set()


def families_of(path):
    """(name, Family) of each family that a source describes."""
    where = str(path.relative_to(ROOT))
    text = path.read_text(encoding="utf-8")
    for kind, name, _, labels in FAMILY.findall(text):
        yield name.strip('"'), Family(TYPES[kind], re.findall(r'"(\w+)"', labels), where)
    for kind, body in LIST.findall(text):
        for name, _ in ENTRY.findall(body.replace("\\\n", "\n")):
            yield name.strip('"'), Family(kind.lower().removesuffix("s"), (), where)


def in_code():
    """The families of all sources, as a list since a name may be there twice."""
    return [one for folder in ("src", "daemons") for path in sorted((ROOT / folder).rglob("*.[ch]"))
            if path.parent.name != "metric" for one in families_of(path)]


def in_page():
    """name -> Family of each row; `where` is who has it. And the names that are there twice."""
    rows, twice = {}, []
    for name, labels, kind, _, who in ROW.findall(PAGE.read_text(encoding="utf-8")):
        if name in rows:
            twice.append(name)
        rows[name] = Family(kind, labels.split(",") if labels else (), who)
    return rows, twice
