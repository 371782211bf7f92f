# SPDX-License-Identifier: MIT
"""What k6 wrote about each request (--out csv), as figures: by flow, by second, by route. Percentiles are of the single
requests, never averages of percentiles."""

import array
import collections
import csv
import dataclasses

# The E12 series, as the buckets of the server's own histograms.
E12 = (1, 1.2, 1.5, 1.8, 2.2, 2.7, 3.3, 3.9, 4.7, 5.6, 6.8, 8.2)
WARM = "_warm"


def percentile(ordered, share):
    """Of a sorted list; between two values in proportion, as k6 has it."""
    if not ordered:
        return 0.0
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def bins(least_ms=0.1, most_ms=100000):
    """Upper bounds of a logarithmic scale, in milliseconds."""
    bounds, decade = [], least_ms
    while decade < most_ms:
        bounds += [decade * step for step in E12]
        decade *= 10
    return bounds


@dataclasses.dataclass
class Requests:
    """Of one flow or one route in the measured part."""

    durations: array.array = dataclasses.field(default_factory=lambda: array.array("f"))
    failed: int = 0

    def add(self, duration, is_failed):
        self.durations.append(duration)
        self.failed += is_failed

    @property
    def count(self):
        return len(self.durations)

    def figures(self, seconds):
        ordered = sorted(self.durations)
        return {
            "requests": self.count,
            "requests_per_second": self.count / seconds if seconds else 0.0,
            "failed": self.failed,
            **{f"p{name}_ms": round(percentile(ordered, share), 3)
               for name, share in (("50", 0.5), ("90", 0.9), ("95", 0.95), ("99", 0.99), ("999", 0.999))},
            "max_ms": round(ordered[-1], 3) if ordered else 0.0,
        }


class Run:
    """One run of k6."""

    def __init__(self, name):
        self.name = name
        self.flows = {}  # flow: Requests
        self.routes = {}  # (flow, method, route): Requests
        self.seconds = collections.defaultdict(lambda: collections.defaultdict(Requests))  # flow: second: Requests
        self.iterations = collections.Counter()
        self.dropped = collections.Counter()
        self.statuses = collections.Counter()  # (method, route, status), of the whole run with its preparation
        self.users = {}  # second: virtual users that are busy
        self.first = None  # Unix seconds: the first request of a flow, warm-up or not
        self.begin = None  # and of the measured part
        self.end = None

    def read(self, path):
        with open(path, newline="", encoding="utf-8") as lines:
            rows = csv.reader(lines)
            self.columns = {name: at for at, name in enumerate(next(rows))}
            for row in rows:
                take = TAKE.get(row[0])
                if take is not None:
                    take(self, row, int(row[1]) / 1000, float(row[2]))
        return self

    @property
    def duration(self):
        return max(self.end - self.begin, 0.001) if self.begin is not None else 0.0

    def _flow(self, row):
        """(flow, is measured); flow is empty for what belongs to none."""
        scenario = row[self.columns["scenario"]]
        return (scenario.removesuffix(WARM), not scenario.endswith(WARM))

    def take_duration(self, row, at, value):
        flow, is_measured = self._flow(row)
        method, route = row[self.columns["method"]], row[self.columns["name"]]
        status = row[self.columns["status"]]
        self.statuses[method, route, status] += 1
        if not flow:
            return
        began = at - value / 1000
        self.first = began if self.first is None else min(self.first, began)
        is_failed = row[self.columns["expected_response"]] != "true"
        self.seconds[flow][int(at)].add(value, is_failed)
        if is_measured:
            self.begin = began if self.begin is None else min(self.begin, began)
            self.end = at if self.end is None else max(self.end, at)
            self.flows.setdefault(flow, Requests()).add(value, is_failed)
            self.routes.setdefault((flow, method, route), Requests()).add(value, is_failed)

    def take_iteration(self, row, _at, value):
        flow, is_measured = self._flow(row)
        self.iterations[flow] += int(value) if is_measured else 0

    def take_dropped(self, row, _at, value):
        flow, is_measured = self._flow(row)
        self.dropped[flow] += int(value) if is_measured else 0

    def take_users(self, _row, at, value):
        self.users[int(at)] = value


TAKE = {
    "http_req_duration": Run.take_duration,
    "iterations": Run.take_iteration,
    "dropped_iterations": Run.take_dropped,
    "vus": Run.take_users,
}
