# SPDX-License-Identifier: MIT
"""A daemon's /metrics beside docs/METRICS.md."""

import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts" / "lib"))
import metric_page  # noqa: E402

SERVICES = ("product", "order", "inventory", "payment", "search", "recommendation", "notification")


def has(what, row):
    """Whether the row says that this daemon has it: True, False, or None where that depends on what is set."""
    who, where_set, _ = row.where.partition("with ")
    who, _, but = who.strip().partition(" but ")
    groups = {"": ("aurorad", "gateway", *SERVICES), "every": ("aurorad", "gateway", *SERVICES), "gateway": ("gateway",),
              "engine": ("aurorad", *SERVICES), "bus": SERVICES}
    found = what in groups.get(who, ("aurorad", *who.split(", "))) and what not in but.split(", ")
    return None if found and where_set else found


def shown(text):
    """name -> Family of a page in the text format."""
    found = {}
    for name, kind in re.findall(r"^# TYPE (\w+) (\w+)$", text, re.MULTILINE):
        sample = re.search(rf"^{name}(?:_bucket)?(?:\{{(.*)\}})? ", text, re.MULTILINE)
        labels = re.findall(r'(\w+)="(?:[^"\\]|\\.)*"', sample[1] or "") if sample else []
        found[name] = metric_page.Family(kind, [label for label in labels if label != "le"], "live")
    return found


def objections(text, what):
    """What a page of an aurorad, a gateway or a service of that name has and the documentation has not, or the other way
    round."""
    rows = metric_page.in_page()[0]
    live = shown(text)
    awaited = metric_page.awaited()
    for name, family in live.items():
        if name not in rows:
            yield f"{what} shows {name}, which has no row"
        elif name not in awaited and rows[name] != family:
            yield f"{what} shows {name} as {family}, its row has {rows[name]}"
        elif has(what, rows[name]) is False:
            yield f"{what} shows {name}, its row says that only {rows[name].where} has it"
    for name, row in rows.items():
        if has(what, row) and name not in live and name not in awaited:
            yield f"{what} does not show {name}"
