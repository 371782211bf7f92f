# SPDX-License-Identifier: MIT
"""The server's side while k6 drives: each /metrics once a second, and the processor time of k6 itself."""

import os
import pathlib
import re
import threading
import time
import urllib.request

SAMPLE = re.compile(r"^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$")
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
KEPT = ("process_cpu_seconds_total", "process_resident_memory_bytes", "aurora_orders_created_total",
        "aurora_orders_total", "aurora_saga_orders", "aurora_batch_commands_sum", "aurora_batch_commands_count",
        "aurora_http_requests_in_flight", "aurora_queue_length", "aurora_relay_lag", "aurora_build_info")
PERIOD_S = 1.0
TIMEOUT_S = 5


def parse(text):
    """{(name, ((label, value), ...)): number}"""
    found = {}
    for line in text.splitlines():
        match = SAMPLE.match(line)
        if match is not None:
            found[match[1], tuple(LABEL.findall(match[2] or ""))] = float(match[3])
    return found


def fetch(url):
    with urllib.request.urlopen(url, timeout=TIMEOUT_S) as answer:
        return parse(answer.read().decode())


def cpu_seconds(pid):
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Target(threading.Thread):
    """One address; `points` are (Unix time, samples) and keep what KEPT names."""

    def __init__(self, name, url):
        super().__init__(daemon=True)
        self.name, self.url = name, url
        self.points, self.why, self.misses = [], "", 0
        self.ended = threading.Event()

    def scrape(self):
        began = time.time()
        try:
            found = fetch(self.url)
        except (OSError, ValueError) as error:
            self.why, self.misses = str(error), self.misses + 1
            return
        # The figures are of about the middle of the time that the answer took.
        self.points.append(((began + time.time()) / 2,
                            {key: value for key, value in found.items() if key[0] in KEPT}))

    def run(self):
        due = time.monotonic()
        while not self.ended.is_set():
            self.scrape()
            due = max(due + PERIOD_S, time.monotonic())
            self.ended.wait(due - time.monotonic())

    def end(self):
        self.ended.set()
        self.join(TIMEOUT_S + 1)
        self.scrape()

    def labels(self, name):
        """All label sets with which `name` occurred."""
        return sorted({key[1] for _, samples in self.points for key in samples if key[0] == name})

    def gauge(self, name, labels=()):
        return [(at, samples[name, labels]) for at, samples in self.points if (name, labels) in samples]

    def rate(self, name, labels=()):
        """By second, between each two scrapes; a counter that begins anew begins at 0."""
        points = self.gauge(name, labels)
        return [(at, (value - before if value >= before else value) / (at - since))
                for (since, before), (at, value) in zip(points, points[1:]) if at > since]


class Generator(threading.Thread):
    """k6's own share of the processors: where it is high, latencies are k6's as much as the server's."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.points, self.ended = pid, [], threading.Event()

    def run(self):
        while not self.ended.wait(PERIOD_S):
            used = cpu_seconds(self.pid)
            if used is not None:
                self.points.append((time.time(), used))

    def end(self):
        self.ended.set()
        self.join(PERIOD_S + 1)

    def rate(self):
        return [(at, (value - before) / (at - since))
                for (since, before), (at, value) in zip(self.points, self.points[1:])]
