#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Dashboards of deploy/grafana: what scripts/dashboards writes, and as Grafana wants them: ids that are there once, panels that
do not overlap, a source, a unit, a description and legends everywhere; promtool, where it is here, reads every expression. The
metrics that they and the rules name stand in the sources."""

import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
from tree import ROOT  # noqa: E402

FOLDER = ROOT / "deploy" / "grafana" / "dashboards"
RULES = ROOT / "deploy" / "prometheus" / "rules"
UNITS = {"short", "none", "s", "bytes", "percentunit", "reqps", "ops"}
VARIABLES = {"$__rate_interval": "1m", "$__range": "1h", "$service": ".*", "$instance": ".*", "$route": ".*"}
# Names that are not counted yet; goes away with the last of them.
AWAITED = ROOT / "scripts" / "dashboards" / "awaited.txt"

objections = []


def complain(where, why):
    objections.append(f"{where}: {why}")


def plain(expression):
    for name, value in VARIABLES.items():
        expression = expression.replace(name, value)
    return expression


def check_places(where, panels):
    taken = {}
    for panel in panels:
        place = panel["gridPos"]
        if place["x"] < 0 or place["x"] + place["w"] > 24 or place["h"] < 1:
            complain(where, f"{panel['title']}: does not fit in 24 columns")
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                other = taken.setdefault((x, y), panel["title"])
                if other != panel["title"]:
                    complain(where, f"{panel['title']} lies on {other}")
                    return


def check_panel(where, panel):
    where = f"{where}: {panel['title']}"
    if panel["type"] == "row":
        return
    if panel["fieldConfig"]["defaults"].get("unit") not in UNITS:
        complain(where, "no unit that is known")
    if len(panel.get("description", "")) < 4 or not panel["description"].endswith("."):
        complain(where, "no description")
    if not panel["targets"]:
        complain(where, "no query")
    if panel["datasource"]["uid"] != "${datasource}":
        complain(where, "another source than $datasource")
    for target in panel["targets"]:
        if target["datasource"] != panel["datasource"]:
            complain(where, f"{target['refId']}: another source than the panel's")
        if not target["legendFormat"]:
            complain(where, f"{target['refId']}: no legend")
        if "$" in plain(target["expr"]):
            complain(where, f"{target['refId']}: a variable that is not known")
    names = [target["refId"] for target in panel["targets"]]
    if len(set(names)) < len(names):
        complain(where, "a refId is there twice")


def check_board(path, uids):
    board = json.loads(path.read_text(encoding="utf-8"))
    where = path.name
    for key in ("uid", "title", "schemaVersion", "version", "panels", "templating", "time"):
        if key not in board:
            complain(where, f"no {key}")
    if board["uid"] in uids:
        complain(where, f"{board['uid']} is there twice")
    uids.add(board["uid"])
    numbers = [panel["id"] for panel in board["panels"]]
    if len(set(numbers)) < len(numbers) or min(numbers) < 1:
        complain(where, "ids of panels are not there once each")
    titles = [panel["title"] for panel in board["panels"]]
    for title in {title for title in titles if titles.count(title) > 1}:
        complain(where, f"two panels are called {title}")
    known = {variable["name"] for variable in board["templating"]["list"]}
    check_places(where, board["panels"])
    for panel in board["panels"]:
        check_panel(where, panel)
        for target in panel.get("targets", []):
            for name in re.findall(r"\$(service|instance|route)\b", target["expr"]):
                if name not in known:
                    complain(where, f"{panel['title']}: ${name} is no variable of the dashboard")
            yield f"{where}: {panel['title']}", plain(target["expr"])


def read_expressions(expressions):
    """As rules that promtool is given."""
    if shutil.which("promtool") is None:
        print("dashboards: no promtool here, expressions are not read")
        return
    rules = [{"record": f"check:expression:n{number}", "expr": text} for number, (_, text) in enumerate(expressions)]
    with tempfile.NamedTemporaryFile("w", suffix=".yml", encoding="utf-8") as file:
        json.dump({"groups": [{"name": "check", "rules": rules}]}, file)
        file.flush()
        answer = subprocess.run(["promtool", "check", "rules", file.name], text=True, check=False,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if answer.returncode != 0:
        complain("promtool", answer.stdout)
        for number in {int(word) for word in re.findall(r"check:expression:n(\d+)", answer.stdout)}:
            complain(*expressions[number])


def known_metrics():
    """Names that sources have, as whole texts."""
    awaited = set(AWAITED.read_text(encoding="utf-8").split()) if AWAITED.exists() else set()
    text = "".join(path.read_text(encoding="utf-8") for folder in ("src", "daemons") for path in (ROOT / folder).rglob("*.[ch]"))
    return set(re.findall(r"\"((?:aurora|process)_[a-z0-9_]+)\"", text)) | awaited


def check_names(expressions):
    """A metric that a name of a record holds is the raw one's; the record itself is a rule."""
    text = "".join(path.read_text(encoding="utf-8") for path in RULES.glob("*.yml"))
    records = set(re.findall(r"record: (\S+)", text))
    known = known_metrics()
    used = [*expressions, *((path.name, line) for path in sorted(RULES.glob("*.yml"))
                            for line in re.findall(r"^ +(?!#)(.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
                            if "record:" not in line)]
    for where, line in used:
        for name in re.findall(r"\b[a-z_]+:[a-z_]+:[a-z0-9_]+", line):
            if name not in records:
                complain(where, f"there is no rule {name}")
        for name in re.findall(r"(?<![:\w/])(?:aurora|process)_[a-z0-9_]+\b(?!:)", line):
            if name.removesuffix("_bucket") not in known:
                complain(where, f"there is no metric {name}")


def main():
    answer = subprocess.run([sys.executable, ROOT / "scripts" / "dashboards" / "write.py", "--check"], text=True, check=False,
                            stdout=subprocess.PIPE)
    if answer.returncode != 0:
        complain("scripts/dashboards", answer.stdout.strip())
    uids, expressions = set(), []
    for path in sorted(FOLDER.glob("*.json")):
        expressions += check_board(path, uids)
    read_expressions(expressions)
    check_names(expressions)
    for objection in objections:
        print(objection)
    print(f"dashboards: {len(uids)} with {len(expressions)} expressions, {len(objections)} objections")
    return 1 if objections else 0


if __name__ == "__main__":
    sys.exit(main())
