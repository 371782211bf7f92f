# SPDX-License-Identifier: MIT
"""Do the dashboards say what k6 saw? The order flow at a constant rate, far from what the server can do, while a
Prometheus with the rules of deploy/ scrapes it each second. Then what the dashboards' own expressions gave at each
second of the load is held against k6's record of every request, over exactly the same time.

A rate() is what the counters grew by between the first and the last scrape in its window, over the time between the two:
k6's requests that ended between these scrapes are counted for it. Nothing is extrapolated, and a second in which the
machine stood still is the same second for both.

The payment takes 150 ms, as one over a network does. k6 times a request from the first byte that it sends to the last
that it gets, the server from the last byte that it gets to the last that it sends: what is between the two is the way
and k6's own turn on the processor, which is small against that and would be most of an answer that takes 0.2 ms."""

import bisect
import csv
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(os.environ.get("AURORA_SOURCE_DIR", pathlib.Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(ROOT / "tests" / "support"))
sys.path.insert(0, str(ROOT / "load" / "report"))
from aurora_prometheus import WINDOW_S, Prometheus, panels  # noqa: E402
from aurora_server import Server  # noqa: E402
from samples import percentile  # noqa: E402

RATE, SECONDS, WARM_S = 40, 20, 3
PAYMENT_MS = 150
THROUGHPUT_OFF_MAX = 0.01
ELSEWHERE_MAX = 0.3
ROUTE = "/orders"
SAMPLES = "samples-order.csv"


class Seen:
    """k6's requests: when each ended (Unix seconds, sorted), how long it took, of which route."""

    def __init__(self, path):
        with path.open(newline="", encoding="utf-8") as lines:
            rows = [row for row in csv.DictReader(lines) if row["metric_name"] == "http_req_duration"]
        rows.sort(key=lambda row: int(row["timestamp"]))
        self.rows = [(row["method"], row["name"], float(row["metric_value"]) / 1000) for row in rows]
        self.ends = [int(row["timestamp"]) / 1000 for row in rows]

    def between(self, begin, end):
        return self.rows[bisect.bisect_right(self.ends, begin):bisect.bisect_right(self.ends, end)]


def drive(server, folder):
    """k6's record and the summary of ./dev load."""
    command = [str(ROOT / "scripts" / "load.sh"), "order", "--url", f"http://127.0.0.1:{server.port}", "--samples",
               "--rate", str(RATE), "--duration", f"{SECONDS}s", "--warm", f"{WARM_S}s", "--out", str(folder),
               "--p95", "20000"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=200,
                          env=dict(os.environ, LOAD_LAG="20000", LOAD_USERS="200"))
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)} ends with {done.returncode}:\n{done.stdout}")
    return Seen(folder / SAMPLES), json.loads((folder / "summary.json").read_text(encoding="utf-8"))


def panel(where):
    found = [each.text for each in panels() if each.where == where]
    if not found:
        raise SystemExit(f"deploy/grafana has no panel {where}")
    return found[0]


def scrapes(prometheus, at):
    """The first and the last scrape that a rate() at this time looks at."""
    found = prometheus.ask("query", query=f'up{{service="aurorad"}}[{WINDOW_S}s]', time=f"{at:.3f}")["result"]
    times = [float(when) for when, _ in found[0]["values"]]
    return times[0], times[-1]


def evaluations(prometheus, summary, text):
    """(value, first scrape, last scrape) for each second whose window lies in the measured part."""
    run = summary["runs"][0]
    begin, end = run["began_unix_seconds"] + WINDOW_S + 2, run["ended_unix_seconds"] - 1
    # What a rule recorded was computed a little earlier than it is shown.
    computed = {(json.dumps(labels, sort_keys=True), at): when
                for labels, points in prometheus.series(f"timestamp({text})", begin, end) for at, when in points}
    for labels, points in prometheus.series(text, begin, end):
        key = json.dumps({name: value for name, value in labels.items() if name != "__name__"}, sort_keys=True)
        for at, value in points:
            yield labels, value, *scrapes(prometheus, computed[key, at])


def is_flow(row):
    return row[1] not in ("/products/{sku}", "/inventory/{sku}/receipts")


def check_counts(prometheus, summary):
    """Every answer that k6 got is counted, under its method, its route and its status."""
    for answer in summary["runs"][0]["answers"]:
        labels = ",".join(f'{name}="{answer[name]}"' for name in ("method", "route", "status"))
        counted = prometheus.value(f"aurora_http_requests_total{{{labels}}}")
        print(f"{labels}: k6 {answer['count']}, Prometheus {counted:g}")
        if counted != answer["count"]:
            raise SystemExit(f"{labels}: k6 saw {answer['count']} answers, Prometheus {counted}")


def check_throughput(prometheus, summary, seen, where, is_counted):
    """The panel's value, and what k6 saw between the same two scrapes, on average of all evaluations."""
    shown, counted, worst = 0.0, 0.0, 0.0
    text = panel(where)
    for labels, value, first, last in evaluations(prometheus, summary, text):
        rows = [row for row in seen.between(first, last) if is_counted(labels, row)]
        expected = len(rows) / (last - first)
        if expected < 1:  # one that is not of the load: probes, scrapes, preparation
            continue
        shown, counted = shown + value, counted + expected
        worst = max(worst, abs(value - expected) / expected)
    off = abs(shown - counted) / counted if counted else 1
    print(f"{where}: {100 * off:.2f} % off k6's throughput, at worst {100 * worst:.2f} % in one evaluation")
    if off > THROUGHPUT_OFF_MAX:
        raise SystemExit(f"{where}: {text}\nsays {shown:.1f} where k6 counted {counted:.1f}")


def bounds(prometheus):
    text = f'count by (le) (aurora_http_request_duration_seconds_bucket{{route="{ROUTE}"}})'
    return sorted(float(each["metric"]["le"]) for each in prometheus.ask("query", query=text)["result"])


def check_p95(prometheus, summary, seen, text, is_counted):
    """In the same bucket as k6's own 95th percentile over the same time, or in the one beside it: at most evaluations,
    for one may hold a moment in which k6 itself had no processor."""
    scale, apart, lines = bounds(prometheus), [], []
    for _, value, first, last in evaluations(prometheus, summary, text):
        ordered = sorted(row[2] for row in seen.between(first, last) if is_counted(row))
        expected = percentile(ordered, 0.95)
        apart.append(abs(bisect.bisect_left(scale, value) - bisect.bisect_left(scale, expected)))
        lines.append(f"k6 {1000 * expected:.2f} ms, here {1000 * value:.2f} ms, {apart[-1]} buckets apart")
    if not apart:
        raise SystemExit(f"{text}\nhas no value during the load")
    print(f"{text}: {lines[-1]}, at worst {max(apart)}")
    if sorted(apart)[len(apart) // 2] > 1:
        raise SystemExit("\n".join([text, *lines, f"of {scale}"]))


def check_distribution(prometheus, seen):
    """Bucket by bucket over the whole run, k6's durations are where the server's are. A p95 within one bucket could not
    tell a scale that is off by one; here nearly every request would be elsewhere. What k6 waits for its processor moves
    some of them over a bound, for a bucket at the payment's time is 30 ms wide."""
    scale = bounds(prometheus)
    text = f'sum by (le) (aurora_http_request_duration_seconds_bucket{{method="POST",route="{ROUTE}"}})'
    found = {float(each["metric"]["le"]): float(each["value"][1]) for each in prometheus.ask("query", query=text)["result"]}
    here = [found[bound] - (found[scale[at - 1]] if at else 0) for at, bound in enumerate(scale)]
    there = [0] * len(scale)
    for row in seen.rows:
        if row[:2] == ("POST", ROUTE):
            there[bisect.bisect_left(scale, row[2])] += 1
    elsewhere = sum(abs(ours - theirs) for ours, theirs in zip(here, there)) / 2 / max(1, sum(there))
    print(f"POST {ROUTE}: {100 * elsewhere:.1f} % of {sum(there)} requests are in other buckets than k6's")
    if sum(here) != sum(there) or elsewhere > ELSEWHERE_MAX:
        pairs = [f"{bound:g} s: k6 {theirs}, here {ours:g}" for bound, ours, theirs in zip(scale, here, there) if ours or theirs]
        raise SystemExit("\n".join([text, *pairs]))


def check_scale(prometheus):
    """Steps of at most 1.25 between 1 ms and 1 s, or one bucket would say little."""
    scale = [bound for bound in bounds(prometheus) if 0.001 <= bound <= 1]
    steps = [after / before for before, after in zip(scale, scale[1:])]
    if not steps or scale[0] != 0.001 or scale[-1] != 1 or max(steps) > 1.2501:
        raise SystemExit(f"buckets between 1 ms and 1 s: {scale}")


def check_report(folder):
    page = (folder / "report.html").read_text(encoding="utf-8")
    for word in ("<svg", "Throughput", "Response time by percentile", "Response times of order", "Processor time",
                 "Resident memory", "Orders reaching a status", "POST /orders", "thresholds met"):
        if word not in page:
            raise SystemExit(f"the report has no {word}")
    if "<script" in page or 'src="' in page or "http-equiv" in page:
        raise SystemExit("the report does not stand for itself")


def main():
    payment = f"simulator:?latency_ms={PAYMENT_MS}"
    with tempfile.TemporaryDirectory(prefix="aurora-load-") as name, Server("--payment", payment) as server, \
            Prometheus({"aurorad": [f"127.0.0.1:{server.port}"]}) as prometheus:
        folder = pathlib.Path(name)
        seen, summary = drive(server, folder)
        time.sleep(2.5)  # two scrapes at rest
        check_report(folder)
        check_scale(prometheus)
        check_counts(prometheus, summary)
        check_distribution(prometheus, seen)

        def is_of_service(_labels, row):
            return is_flow(row)

        def is_of_route(labels, row):
            return (labels["method"], labels["route"]) == (row[0], row[1])

        check_throughput(prometheus, summary, seen, "overview: Throughput A", is_of_service)
        check_throughput(prometheus, summary, seen, "services: Requests by route A", is_of_route)
        one = f'service="aurorad",method="POST",route="{ROUTE}"'
        check_p95(prometheus, summary, seen, f"service_route:aurora_http_request_duration_seconds:p95_rate1m{{{one}}}",
                  lambda row: row[:2] == ("POST", ROUTE))
        check_p95(prometheus, summary, seen, panel("overview: Latency B"), is_flow)


main()
