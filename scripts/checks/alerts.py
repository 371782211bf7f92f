#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Alert rules of deploy/prometheus: each has a severity, a summary, a description, a paragraph of docs/ALERTS.md, and in
tests/prometheus a test that it fires and one that it does not; promtool, where it is here, reads them all."""

import pathlib
import re
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
from tree import ROOT  # noqa: E402

try:
    import yaml
except ImportError:
    print("skipped: needs PyYAML")
    sys.exit(77)

RULES = ROOT / "deploy" / "prometheus" / "rules"
TESTS = ROOT / "tests" / "prometheus"
PAGE = ROOT / "docs" / "ALERTS.md"
SEVERITIES = ("critical", "warning")
RECORD = re.compile(r"[a-z_]+:[a-z_]+:[a-z0-9_]+")

objections = []


def complain(where, why):
    objections.append(f"{where}: {why}")


def rules():
    for path in sorted(RULES.glob("*.yml")):
        for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]:
            yield from group["rules"]


def tests():
    """(alert, whether it is to fire) of each test, its series too."""
    for path in sorted(TESTS.glob("*.yml")):
        for test in yaml.safe_load(path.read_text(encoding="utf-8"))["tests"]:
            for case in test.get("alert_rule_test", []):
                if not test["input_series"]:
                    complain(path.name, f"{test['name']}: no series")
                yield case["alertname"], bool(case["exp_alerts"])


def check_alert(rule, headings):
    name = rule["alert"]
    notes = rule.get("annotations", {})
    if not re.fullmatch(r"Aurora[A-Za-z]+", name):
        complain(name, "is not called Aurora...")
    if rule.get("labels", {}).get("severity") not in SEVERITIES:
        complain(name, f"its severity is none of {', '.join(SEVERITIES)}")
    for note in ("summary", "description"):
        if len(notes.get(note, "")) < 10:
            complain(name, f"no {note}")
    runbook = f'{{{{ or $externalLabels.runbooks "docs" }}}}/ALERTS.md#{name.lower()}'
    if notes.get("runbook_url") != runbook:
        complain(name, f"its runbook_url is not {runbook}")
    if "for" not in rule:
        complain(name, "no `for`")
    if name not in headings:
        complain(name, "has no heading in docs/ALERTS.md")


def run_promtool():
    if shutil.which("promtool") is None:
        print("alerts: no promtool here, expressions are not read")
        return
    answer = subprocess.run(["promtool", "check", "rules", *sorted(RULES.glob("*.yml"))], text=True, check=False,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if answer.returncode != 0:
        complain("promtool", answer.stdout)


def main():
    headings = re.findall(r"^#+ (Aurora\w+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    tested = set(tests())
    seen, alerts = set(), 0
    for rule in rules():
        name = rule.get("alert") or rule["record"]
        if name in seen:
            complain(name, "is there twice")
        seen.add(name)
        if "alert" not in rule:
            if not RECORD.fullmatch(name):
                complain(name, "is not named level:metric:operations")
            continue
        alerts += 1
        check_alert(rule, headings)
        for fires in (True, False):
            if (name, fires) not in tested:
                complain(name, f"no test that it {'fires' if fires else 'does not fire'}")
    for name in sorted((set(headings) | {name for name, _ in tested}) - seen):
        complain(name, "is tested or described, and is no alert")
    run_promtool()
    for objection in objections:
        print(objection)
    print(f"alerts: {alerts} alerts, {len(seen) - alerts} recording rules, {len(objections)} objections")
    return 1 if objections else 0


if __name__ == "__main__":
    sys.exit(main())
