# SPDX-License-Identifier: MIT
"""A run as text for a terminal and as JSON for programs."""

import dataclasses
import re

from samples import Run

KEY = re.compile(r"^(\w+)\{(?:flow:(\w+),phase:measured|scenario:(\w+))\}$")
# How a threshold's metric is called on paper.
SENTENCES = {
    "http_req_duration": "response time",
    "http_req_failed": "failed requests",
    "checks": "answers as they must be",
    "http_reqs": "requests",
    "script_errors": "errors of the script",
    "dropped_iterations": "iterations that found no free user",
    "start_lag": "iterations begun late",
}


@dataclasses.dataclass
class Threshold:
    flow: str
    metric: str
    rule: str
    is_met: bool
    value: str

    @property
    def sentence(self):
        return SENTENCES.get(self.metric, self.metric)


@dataclasses.dataclass
class Result:
    run: Run
    figures: dict
    targets: list
    generator: object
    status: int

    def thresholds(self):
        found = []
        for key, metric in self.figures["metrics"].items():
            match = KEY.match(key)
            if match is None:
                continue
            for rule, outcome in metric.get("thresholds", {}).items():
                found.append(Threshold(match[2] or match[3], match[1], rule, outcome["ok"], _value(metric, rule)))
        return sorted(found, key=lambda each: (each.flow, list(SENTENCES).index(each.metric), each.rule))

    def checks(self):
        """[(sentence, passes, fails)]"""
        return sorted((each["name"], each["passes"], each["fails"])
                      for each in self.figures["root_group"]["checks"])

    def flow_figures(self):
        return {flow: {"iterations": self.run.iterations[flow], "dropped_iterations": self.run.dropped[flow],
                       **requests.figures(self.run.duration)}
                for flow, requests in sorted(self.run.flows.items())}

    def route_figures(self):
        return [{"flow": flow, "method": method, "route": route, **requests.figures(self.run.duration)}
                for (flow, method, route), requests in sorted(self.run.routes.items())]


def _value(metric, rule):
    """What a rule such as p(95)<100 looked at."""
    word = re.split(r"[<>=]", rule)[0].strip()
    value = metric["values"].get(word)
    if value is None:
        return ""
    if metric.get("contains") == "time":
        return f"{value:.1f} ms"
    return f"{100 * value:.2f} %" if word == "rate" and metric["type"] == "rate" else f"{value:g}"


def _table(head, rows):
    widths = [max(len(row[at]) for row in [head, *rows]) for at in range(len(head))]
    lines = []
    for row in [head, *rows]:
        cells = [row[0].ljust(widths[0])] + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]
        lines.append("  ".join(cells).rstrip())
    return lines


HEAD = ("requests", "per s", "failed", "p50 ms", "p95 ms", "p99 ms", "max ms")


def cells(figures):
    return (f"{figures['requests']}", f"{figures['requests_per_second']:.1f}", f"{figures['failed']}",
            *(f"{figures[name]:.2f}" for name in ("p50_ms", "p95_ms", "p99_ms", "max_ms")))


def _run_lines(result):
    run = result.run
    yield f"{run.name}: {run.duration:.1f} s measured"
    for flow, figures in result.flow_figures().items():
        yield (f"  {flow}: {figures['iterations']} iterations, {figures['iterations'] / run.duration:.1f} each second; "
               f"{figures['dropped_iterations']} dropped")
    rows = [(f"{each['flow']}  {each['method']} {each['route']}", *cells(each)) for each in result.route_figures()]
    rows += [(f"{flow}  all", *cells(figures)) for flow, figures in result.flow_figures().items()]
    for line in _table(("flow and route", *HEAD), rows):
        yield f"  {line}"
    for name, passes, fails in result.checks():
        if fails:
            yield f"  wrong: {name}: {fails} of {passes + fails}"
    for each in result.thresholds():
        if not each.is_met:
            yield f"  NOT MET: {each.flow}: {each.sentence}: {each.rule}, but it is {each.value}"


def as_text(about, results):
    lines = [f"{about['command']}", f"{about['url']}, {about['began']}", about["machine"], about["generator"], ""]
    for result in results:
        lines += [*_run_lines(result), ""]
    broken = sum(not each.is_met for result in results for each in result.thresholds())
    total = sum(len(result.thresholds()) for result in results)
    lines.append(f"{total - broken} of {total} thresholds met" + ("" if broken == 0 else f", {broken} NOT MET"))
    return "\n".join(lines)


def as_json(about, results):
    return {
        **about,
        "ok": all(result.status == 0 for result in results),
        "runs": [{
            "name": result.run.name,
            "began_unix_seconds": result.run.begin,
            "ended_unix_seconds": result.run.end,
            "measured_seconds": result.run.duration,
            "flows": result.flow_figures(),
            "routes": result.route_figures(),
            "answers": [{"method": method, "route": route, "status": status, "count": count}
                        for (method, route, status), count in sorted(result.run.statuses.items())],
            "thresholds": [vars(each) for each in result.thresholds()],
            "checks": [{"name": name, "passes": passes, "fails": fails} for name, passes, fails in result.checks()],
        } for result in results],
    }
