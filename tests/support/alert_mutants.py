# SPDX-License-Identifier: MIT
"""The tests of alert rules by promtool; then with every threshold moved by a quarter, where each alert's own test has to
fail: those that fire when it is harder to reach, those that do not when it is easier."""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
THRESHOLD = re.compile(r" (>|<|==) (\d+(?:\.\d+)?)(?= *$)", re.MULTILINE)
HARDER = {">": lambda value: f" > {value * 1.25 or 1e9:g}", "<": lambda value: f" < {value * 0.75 if value > 1 else -1:g}",
          "==": lambda value: " == -1"}
EASIER = {">": lambda value: f" > {value * 0.75 or -1:g}", "<": lambda value: f" < {value * 1.25 if value > 1 else 2:g}",
          "==": lambda value: " != -1"}


def promtool(folder, name):
    answer = subprocess.run(["promtool", "test", "rules", f"tests/prometheus/{name}"], cwd=folder, text=True, check=False,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return answer.returncode, answer.stdout


def moved(rules, table, index):
    """Thresholds of every alert moved; of those with several the one at `index`."""
    for group in rules["groups"]:
        for rule in group["rules"]:
            found = list(THRESHOLD.finditer(rule["expr"].replace(" and ", "\nand ")))
            if not found:
                continue
            text = rule["expr"].replace(" and ", "\nand ")
            one = found[min(index, len(found) - 1)]
            rule["expr"] = text[:one.start()] + table[one[1]](float(one[2])) + text[one.end():]
    return rules


def thresholds(rules):
    return {rule["alert"]: len(THRESHOLD.findall(rule["expr"].replace(" and ", "\nand ")))
            for group in rules["groups"] for rule in group["rules"]}


def most_of(root, name, counts):
    """How many thresholds an alert of this file has at most."""
    text = (root / "tests" / "prometheus" / name).read_text(encoding="utf-8")
    return max(counts[alert] for alert in re.findall(r"alertname: (\w+)", text))


def main():
    wrong = []
    with tempfile.TemporaryDirectory(prefix="aurora-alerts-") as folder:
        root = pathlib.Path(folder)
        shutil.copytree(ROOT / "tests" / "prometheus", root / "tests" / "prometheus")
        shutil.copytree(ROOT / "deploy" / "prometheus", root / "deploy" / "prometheus")
        file = root / "deploy" / "prometheus" / "rules" / "alerts.yml"
        original = file.read_text(encoding="utf-8")
        counts = thresholds(yaml.safe_load(original))
        files = sorted(path.name for path in (root / "tests" / "prometheus").glob("*.yml"))
        for name in files:
            code, text = promtool(root, name)
            if code != 0:
                print(text)
                wrong.append(name)
        if wrong:
            return 1
        failed = set()
        for index in range(max(counts.values())):
            for table, kind in ((HARDER, "fires"), (EASIER, "does not fire")):
                file.write_text(yaml.safe_dump(moved(yaml.safe_load(original), table, index), width=1000), encoding="utf-8")
                text = "".join(promtool(root, name)[1] for name in files if index < most_of(root, name, counts))
                failed |= {(alert, index, kind) for alert in re.findall(rf"name: (\w+) {kind}", text)}
    for alert, count in counts.items():
        if count == 0 and alert != "AuroraTargetsMissing":
            wrong.append(f"{alert}: no threshold was found")
        for index in range(count):
            # Of two that both must be passed, the other one still holds back what is easier.
            wrong += [f"{alert}: with threshold {index + 1} moved its tests still pass: {kind}"
                      for kind in (("fires", "does not fire") if count == 1 else ("fires",)) if (alert, index, kind) not in failed]
    print("\n".join(wrong + [f"alerts: {len(counts)} hold their tests, and no test holds with another threshold"] * (not wrong)))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
