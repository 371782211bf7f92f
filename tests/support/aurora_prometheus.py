# SPDX-License-Identifier: MIT
"""A Prometheus of one's own with the configuration of deploy/, everything five times as fast: scrapes each second, what
looks back a minute looks back 12 seconds. And the expressions of rules, alerts and dashboards."""

import json
import math
import pathlib
import re
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

import yaml

from aurora_server import free_port

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
WINDOW_S = 12
VARIABLES = {"$__rate_interval": f"{WINDOW_S}s", "$service": ".*", "$instance": ".*", "$route": ".*"}
COMPARISON = re.compile(r" (?:>|<|>=|<=|==|!=) -?\d+(?:\.\d+)?(?= *(?:\n|$))", re.MULTILINE)


class Expression:
    """One query of a panel, a rule or an alert; `labels` are those that its texts show."""

    def __init__(self, where, kind, text, unit="", labels=()):
        self.where, self.kind, self.text, self.unit, self.labels = where, kind, text, unit, sorted(labels)


def hurried(text):
    for name, value in VARIABLES.items():
        text = text.replace(name, value)
    return text.replace("[1m]", f"[{WINDOW_S}s]")


def without_comparison(text):
    """What an alert looks at; of absent(x) it is x."""
    text = re.sub(r"^absent\((.*)\)$", r"\1", text.strip())
    return COMPARISON.sub("", text.replace(" and ", "\nand "))


def rule_groups():
    for path in sorted((DEPLOY / "prometheus" / "rules").glob("*.yml")):
        yield from yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]


def rules():
    for group in rule_groups():
        for rule in group["rules"]:
            if "record" in rule:
                yield Expression(f"rule {rule['record']}", "record", rule["record"],
                                 "percentunit" if ":ratio_" in rule["record"] else "")
            else:
                words = " ".join([*rule["annotations"].values()])
                yield Expression(f"alert {rule['alert']}", "alert", without_comparison(hurried(rule["expr"])),
                                 labels=set(re.findall(r"\$labels\.(\w+)", words)))


def panels():
    for path in sorted((DEPLOY / "grafana" / "dashboards").glob("*.json")):
        board = json.loads(path.read_text(encoding="utf-8"))
        for panel in board["panels"]:
            for target in panel.get("targets", []):
                yield Expression(f"{path.stem}: {panel['title']} {target['refId']}",
                                 "exemplar" if target.get("exemplar") else "panel", hurried(target["expr"]),
                                 panel["fieldConfig"]["defaults"]["unit"],
                                 set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])))


class Prometheus:
    """with Prometheus({"order": ["127.0.0.1:1"]}) as prometheus: ..."""

    def __init__(self, targets):
        self.folder = tempfile.TemporaryDirectory(prefix="aurora-prometheus-")
        self.port = free_port()
        self.root = pathlib.Path(self.folder.name)
        shutil.copytree(DEPLOY / "prometheus" / "rules", self.root / "rules")
        for path in (self.root / "rules").glob("*.yml"):
            path.write_text(hurried(path.read_text(encoding="utf-8")), encoding="utf-8")
        text = (DEPLOY / "prometheus" / "prometheus.yml").read_text(encoding="utf-8")
        text = re.sub(r"(scrape|evaluation)_interval: 5s", r"\1_interval: 1s", text).replace("scrape_timeout: 4s", "scrape_timeout: 1s")
        (self.root / "prometheus.yml").write_text(text.replace("localhost:9090", f"127.0.0.1:{self.port}"), encoding="utf-8")
        (self.root / "targets").mkdir()
        (self.root / "targets" / "aurora.yml").write_text(yaml.safe_dump(
            [{"labels": {"service": service}, "targets": addresses} for service, addresses in targets.items()]), encoding="utf-8")
        self.process = None

    def __enter__(self):
        with (self.root / "log").open("wb") as log:
            self.process = subprocess.Popen(
                ["prometheus", f"--config.file={self.root}/prometheus.yml", f"--storage.tsdb.path={self.root}/data",
                 f"--web.listen-address=127.0.0.1:{self.port}", "--enable-feature=exemplar-storage", "--log.level=warn"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        end = time.monotonic() + 60
        while not self.is_ready():
            if self.process.poll() is not None or time.monotonic() > end:
                text = self.log()
                self.__exit__()
                raise SystemExit(f"prometheus does not start: {text}")
            time.sleep(0.1)
        return self

    def __exit__(self, *_):
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.folder.cleanup()

    def log(self):
        return (self.root / "log").read_text(errors="replace")[-3000:]

    def is_ready(self):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/-/ready", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    def ask(self, path, **fields):
        """What `data` is; an error raises ValueError with Prometheus' words."""
        data = urllib.parse.urlencode(fields).encode()
        address = f"http://127.0.0.1:{self.port}/api/v1/{path}"
        try:
            with urllib.request.urlopen(address, data if fields else None, timeout=60) as answer:
                return json.loads(answer.read())["data"]
        except urllib.error.HTTPError as error:
            raise ValueError(json.loads(error.read()).get("error", error.code)) from None

    def series(self, text, begin, end, step=1):
        """[(labels, [(time, value)...])], without the points that are no number."""
        found = self.ask("query_range", query=text, start=f"{begin:.3f}", end=f"{end:.3f}", step=step)["result"]
        series = [(one["metric"], [(at, float(value)) for at, value in one["values"] if not math.isnan(float(value))])
                  for one in found]
        return [(labels, values) for labels, values in series if values]

    def value(self, text, at=None):
        """Of a single sample; None where there is none."""
        found = self.ask("query", query=text, **({"time": f"{at:.3f}"} if at else {}))["result"]
        return float(found[0]["value"][1]) if found else None

    def metrics(self):
        return set(self.ask("label/__name__/values"))

    def integral(self, text, begin, end):
        """How many there were, by a rate that was recorded each second."""
        return sum(value for _, values in self.series(text, begin, end) for _, value in values)
