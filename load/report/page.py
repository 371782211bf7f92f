# SPDX-License-Identifier: MIT
"""The report: one page that stands for itself, with its plots as SVG, without scripts and without anything from elsewhere."""

import html
import math

from plot import Chart, Linear, Log, Nines, Upwards, number, seconds
from samples import bins, percentile
from summary import HEAD, cells

STYLE = """
:root { color-scheme: light dark; --ink: #1c2430; --soft: #5c6675; --paper: #fff; --back: #f4f5f7; --rule: #d9dde3;
  --good: #10733f; --bad: #b3261e; --band: #e9ecf1;
  --c0: #1f6fb4; --c1: #c4500a; --c2: #2b8a3e; --c3: #8b3fa8; --c4: #b8860b; --c5: #0b7f86; --c6: #b0306a; --c7: #5a5f6b; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e8ee; --soft: #9aa5b4; --paper: #1a1f27; --back: #12161c;
  --rule: #333c48; --good: #58c98b; --bad: #ff8a80; --band: #252c36;
  --c0: #6cb2f0; --c1: #ff9d5c; --c2: #6fcf85; --c3: #cf97ea; --c4: #e6c35c; --c5: #5cc8cf; --c6: #f08cb8; --c7: #a9b1bd; } }
* { box-sizing: border-box; }
body { margin: 0; padding: 1.5rem 1rem 4rem; background: var(--back); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 74rem; margin: 0 auto; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .3rem; }
h2 { font-size: 1.3rem; margin: 2.2rem 0 .6rem; }
h3 { font-size: 1.05rem; margin: 1.6rem 0 .5rem; }
p { margin: .3rem 0; max-width: 60rem; }
.about { color: var(--soft); font-size: .9rem; overflow-wrap: anywhere; }
code { font: .92em ui-monospace, monospace; }
.verdict { font-weight: 600; }
.good { color: var(--good); } .bad { color: var(--bad); }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 27rem), 1fr)); gap: 1rem; }
figure { margin: 0; padding: .8rem .8rem .4rem; background: var(--paper); border: 1px solid var(--rule); border-radius: 6px; }
figcaption small { color: var(--soft); font-size: .85rem; }
.keys { display: flex; flex-wrap: wrap; gap: .1rem .9rem; font-size: .85rem; }
.key { display: inline-block; width: .9em; height: .7em; margin-right: .35em; border-radius: 2px; background: currentColor; }
.key.thin { height: .2em; vertical-align: .25em; }
svg { display: block; width: 100%; height: auto; font-size: 13px; }
svg text { fill: var(--ink); } svg .small { fill: var(--soft); font-size: 12px; paint-order: stroke; stroke: var(--paper); stroke-width: 4px; stroke-linejoin: round; }
.grid { stroke: var(--rule); } .axis { stroke: var(--soft); } .band { fill: var(--band); }
.mark { stroke: var(--soft); stroke-dasharray: 3 3; }
.line { fill: none; stroke-width: 1.8; stroke-linejoin: round; } .dash { stroke-dasharray: 6 4; }
.scroll { overflow-x: auto; background: var(--paper); border: 1px solid var(--rule); border-radius: 6px; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { padding: .3rem .7rem; text-align: left; border-bottom: 1px solid var(--rule); white-space: nowrap; }
tr:last-child > * { border-bottom: 0; }
th { color: var(--soft); font-weight: 600; } td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
tr.sum > * { font-weight: 600; }
@media (max-width: 40rem) { svg { font-size: 15px; } svg .small { font-size: 14px; }
  th, td { padding: .3rem .5rem; }
  th:first-child, td:first-child { position: sticky; left: 0; min-width: 9.2rem; max-width: 10rem; white-space: normal;
    overflow-wrap: anywhere; background: var(--paper); border-right: 1px solid var(--rule); } }
""" + "".join(f".s{i} {{ stroke: var(--c{i}); }} .f{i} {{ fill: var(--c{i}); color: var(--c{i}); }}\n" for i in range(8))

PERCENTILES = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
STATUS_ORDER = ("NONE", "PENDING", "RESERVED", "COMPLETED", "FAILED", "CANCELLED", "PARKED")


def table(head, rows, sums=()):
    """Columns after the first are numbers; a cell is text, or (class, text)."""
    def cell(tag, at, value):
        kind, text = value if isinstance(value, tuple) else ("", value)
        kind = " ".join(word for word in (kind, "n" if at > 0 else "") if word)
        return f'<{tag}{f" class={chr(34)}{kind}{chr(34)}" if kind else ""}>{html.escape(text)}</{tag}>'
    lines = ["<tr>" + "".join(cell("th", at, text) for at, text in enumerate(head)) + "</tr>"]
    for number_, row in enumerate(rows):
        kind = ' class="sum"' if number_ in sums else ""
        lines.append(f"<tr{kind}>" + "".join(cell("td", at, value) for at, value in enumerate(row)) + "</tr>")
    return f'<div class="scroll" tabindex="0"><table>{"".join(lines)}</table></div>'


class Section:
    """One run of k6 on the page; `x` is seconds since the first request."""

    def __init__(self, result):
        self.result, self.run = result, result.run
        self.start = self.run.first or 0
        self.measured = (self.run.begin or 0) - self.start
        self.length = max((self.run.end or 0) - self.start, 1)
        self.flows = sorted(self.run.flows)

    def time(self, title, y, y_name):
        chart = Chart(title, Linear(0, self.length, seconds, 6), y, "time", y_name)
        if self.measured > 0.5:
            chart.band(0, self.measured, "warm-up")
        return chart

    def whole_seconds(self, flow):
        """(x of its middle, Requests) of each full second; a run's first and last are cut."""
        by_second = self.run.seconds[flow]
        for second in range(math.ceil(self.start), math.floor(self.start + self.length)):
            yield second + 0.5 - self.start, by_second.get(second)

    # --- what k6 saw

    def throughput(self):
        lines = {flow: [(x, requests.count if requests else 0) for x, requests in self.whole_seconds(flow)]
                 for flow in self.flows}
        failed = {flow: [(x, requests.failed if requests else 0) for x, requests in self.whole_seconds(flow)]
                  for flow in self.flows}
        most = max([y for line in lines.values() for _, y in line], default=1)
        chart = self.time("Throughput", Upwards(most), "requests each second")
        for at, flow in enumerate(self.flows):
            chart.line(flow, lines[flow], at)
            if any(y for _, y in failed[flow]):
                chart.line(f"{flow}, failed", failed[flow], 6, dash=True)
        return chart.figure()

    def latency(self, flow):
        lines = {name: [] for name, _ in PERCENTILES}
        for x, requests in self.whole_seconds(flow):
            ordered = sorted(requests.durations) if requests else []
            for name, share in PERCENTILES:
                lines[name].append((x, percentile(ordered, share) if ordered else None))
        values = [y for line in lines.values() for _, y in line if y is not None] or [1]
        chart = self.time(f"Response time of {flow}", Log(min(values) * 0.8, max(values) * 1.2),
                          "of the requests that ended in each second")
        for at, (name, _) in enumerate(PERCENTILES):
            chart.line(name, lines[name], (2, 4, 1)[at])
        if 0 < self.limit(flow) <= max(values) * 1.2:
            chart.level(self.limit(flow), f"p95 must be below {self.limit(flow):g} ms")
        return chart.figure()

    def histogram(self, flow):
        ordered = sorted(self.run.flows[flow].durations)
        bounds = bins()
        counts, at = [], 0
        for bound in bounds:
            begin = at
            while at < len(ordered) and ordered[at] <= bound:
                at += 1
            counts.append(at - begin)
        used = [i for i, count in enumerate(counts) if count] or [0]
        first, last = max(used[0] - 1, 0), min(used[-1] + 1, len(bounds) - 1)
        shares = [100 * count / max(len(ordered), 1) for count in counts]
        chart = Chart(f"Response times of {flow}", Log(bounds[first - 1] if first else bounds[0] / 1.2, bounds[last]),
                      Upwards(max(shares)), "response time", "% of requests")
        chart.bars("", [(bounds[i - 1] if i else bounds[0] / 1.2, bounds[i], shares[i])
                        for i in range(first, last + 1) if counts[i]], self.flows.index(flow))
        for row, (name, share) in enumerate(PERCENTILES):
            value = percentile(ordered, share)
            chart.mark(value, f"{name} {value:.3g} ms", row)
        return chart.figure()

    def by_percentile(self):
        most = max(self.run.flows[flow].count for flow in self.flows)
        share_max = 1 - 10 ** -min(5, max(1, math.log10(max(most, 10))))
        steps = [1 - 10 ** (-i / 40) for i in range(int(40 * -math.log10(1 - share_max)) + 1)]
        lines = {}
        for flow in self.flows:
            ordered = sorted(self.run.flows[flow].durations)
            # A share that leaves less than one request above it says nothing.
            lines[flow] = [(share, percentile(ordered, share)) for share in steps if (1 - share) * len(ordered) >= 1]
        values = [y for line in lines.values() for _, y in line if y > 0] or [1]
        chart = Chart("Response time by percentile", Nines(share_max), Log(min(values) * 0.8, max(values) * 1.2),
                      "share of requests that were faster", "")
        for at, flow in enumerate(self.flows):
            chart.line(flow, lines[flow], at)
        return chart.figure()

    # --- what the servers say

    def over_time(self, title, y_name, lines, scale=1.0):
        """`lines` {name: [(Unix time, value)]}; nothing, if there is none."""
        moved = {name: [(at - self.start, y * scale) for at, y in points if 0 <= at - self.start <= self.length]
                 for name, points in lines.items()}
        moved = {name: points for name, points in moved.items() if points}
        if not moved:
            return ""
        chart = self.time(title, Upwards(max(y for points in moved.values() for _, y in points)), y_name)
        for at, (name, points) in enumerate(moved.items()):
            chart.line(name, points, at % 8, dash=at >= 8)
        return chart.figure()

    def statuses(self, name, read):
        """Lines by the label `status`, summed over the targets that have it (one, but for several instances)."""
        found = {}
        for target in self.result.targets:
            for labels in target.labels(name):
                status = dict(labels).get("status", "")
                points = read(target, name, labels)
                if any(y for _, y in points):
                    found.setdefault(status, []).append(points)
        order = sorted(found, key=lambda status: (STATUS_ORDER.index(status) if status in STATUS_ORDER else 99, status))
        return {status: _sum(found[status]) for status in order}

    def servers(self):
        targets = [target for target in self.result.targets if target.points]
        cpu = {target.name: target.rate("process_cpu_seconds_total") for target in targets}
        cpu["k6"] = self.result.generator.rate()
        rss = {target.name: target.gauge("process_resident_memory_bytes") for target in targets}
        flights = {target.name: target.gauge("aurora_http_requests_in_flight") for target in targets}
        settled = self.statuses("aurora_orders_total", lambda target, name, labels: target.rate(name, labels))
        unsettled = self.statuses("aurora_saga_orders", lambda target, name, labels: target.gauge(name, labels))
        return [
            self.over_time("Processor time", "% of one processor", cpu, 100),
            self.over_time("Resident memory", "MiB", rss, 1 / 2**20),
            self.over_time("Orders reaching a status", "each second", settled),
            self.over_time("Unsettled orders by status", "now", unsettled),
            self.over_time("Requests in flight", "at the moment of the scrape", flights),
        ]

    # --- together

    def missing(self):
        return "".join(f'<p class="bad">{html.escape(target.name)}: {target.misses} scrapes of '
                       f"<code>{html.escape(target.url)}</code> failed: {html.escape(target.why)}</p>"
                       for target in self.result.targets if target.misses)

    def threshold_table(self):
        """A row for each kind of rule, a column for each flow."""
        rows = {}
        for each in self.result.thresholds():
            words = f"{each.value} {'✓' if each.is_met else '✗ NOT MET'} {each.rule}"
            row = rows.setdefault((each.metric, each.rule.partition("<")[0]), {"": each.sentence})
            row[each.flow] = ("good" if each.is_met else "bad", words)
        flows = sorted({flow for row in rows.values() for flow in row if flow})
        return table(("", *flows), [[row.get(flow, "") for flow in ("", *flows)] for row in rows.values()])

    def limit(self, flow):
        """What its 95th percentile must be below, in ms."""
        for each in self.result.thresholds():
            if each.flow == flow and each.rule.startswith("p(95)<") and each.metric == "http_req_duration":
                return float(each.rule.partition("<")[2])
        return 0

    def route_table(self):
        rows = [(f"{each['flow']}: {each['method']} {each['route']}", *cells(each)) for each in self.result.route_figures()]
        sums = range(len(rows), len(rows) + len(self.flows))
        rows += [(f"{flow}: all", *cells(figures)) for flow, figures in self.result.flow_figures().items()]
        return table(("flow and route", *HEAD), rows, sums)

    def check_table(self):
        rows = [(name, number(passes), ("bad", number(fails)) if fails else number(fails))
                for name, passes, fails in self.result.checks()]
        return table(("what answers must be", "right", "wrong"), rows)

    def as_html(self):
        if not self.flows:
            return f"<h2>{html.escape(self.run.name)}</h2><p class='bad'>No request was measured.</p>{self.threshold_table()}"
        flows = self.result.flow_figures()
        offered = ", ".join(f"{flow}: {figures['iterations'] / self.run.duration:.1f} iterations each second, "
                            f"{figures['dropped_iterations']} dropped" for flow, figures in flows.items())
        charts = [self.throughput(), self.by_percentile(), *map(self.latency, self.flows), *map(self.histogram, self.flows)]
        return (f"<h2>{html.escape(self.run.name)}</h2><p>{self.run.duration:.1f} s measured. {html.escape(offered)}.</p>"
                f"<h3>Thresholds</h3>{self.threshold_table()}"
                f'<h3>Seen by the client</h3><div class="charts">{"".join(charts)}</div>'
                f"<h3>By route</h3>{self.route_table()}"
                f'<h3>Seen by the servers</h3>{self.missing()}<div class="charts">{"".join(self.servers())}</div>'
                f"<h3>Checks of content</h3>{self.check_table()}")


def _sum(lines):
    """Of several lines that were sampled about once a second."""
    if len(lines) == 1:
        return lines[0]
    total = {}
    for points in lines:
        for at, y in points:
            total[round(at)] = total.get(round(at), 0) + y
    return sorted(total.items())


def verdict(results):
    broken = [each for result in results for each in result.thresholds() if not each.is_met]
    total = sum(len(result.thresholds()) for result in results)
    if broken:
        return f'<p class="verdict bad">{len(broken)} of {total} thresholds not met</p>'
    return f'<p class="verdict good">All {total} thresholds met</p>'


def as_html(about, results):
    lines = "<br>".join(html.escape(about[name]) for name in ("url", "machine", "generator"))
    return ('<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>Aurora load test, {html.escape(about['began'])}</title><style>{STYLE}</style></head><body><main>"
            f"<h1>Load test of {html.escape(about['began'])}</h1>{verdict(results)}"
            f'<p class="about"><code>{html.escape(about["command"])}</code><br>{lines}</p>'
            f'{"".join(Section(result).as_html() for result in results)}</main></body></html>\n')
