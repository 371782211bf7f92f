#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The eight daemons over PostgreSQL, Kafka, Redis and OpenSearch, beside a textbook saga in C on the
same engines, in interleaved rounds on this machine; medians. The textbook runs at its best of 1, 8
and 32 connections and 10 and 100 ms polling, found before the rounds; its tables are audited after
each run.

cluster.py [--rounds N] [--seconds S] [--window N] [--skus N] [--only aurora|textbook]
           [--profile]    (prints the CPU time of every process an order)

Figures: orders_per_s (completed, through the gateway), ratio_textbook (against the textbook with up
to 64 transactions in flight on each connection, its fastest), ratio_textbook_one_at_a_time (against
the same with one), hot_ratio (one hot SKU in
every order), commit_to_publish_p99_ms (age by ce_time of order.created when read, 20 orders/s),
saga_p50_ms (POST with Prefer: wait, one after another), pss_mib (all eight daemons under load, the
peak). The generator, the daemons and the engines share the machine's cores."""

import argparse
import json
import os
import pathlib
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[1]
BIN = ROOT / "build/bin"
BENCH = ROOT / "build/bench"
WORK = ROOT / "var/bench/cluster"
SERVICES = ["product", "order", "inventory", "payment", "search", "recommendation", "notification"]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def engines():
    folder = os.environ.get("AURORA_ENGINES_DIR", str(ROOT / "var/bench/engines"))
    env = dict(os.environ, AURORA_ENGINES_DIR=folder)
    subprocess.run([ROOT / "scripts/up.sh"], env=env, check=True)
    text = subprocess.run(["bash", "-c", f". {folder}/env && env"], env=env, check=True,
                          capture_output=True, text=True).stdout
    found = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    pids = {}
    for name in ("postgres", "kafka", "redis", "opensearch"):
        path = pathlib.Path(folder) / f"{name}.pid"
        if path.exists():
            pids[name] = int(path.read_text().split()[0])
    return found, pids


def run(*words, **more):
    return subprocess.run([str(word) for word in words], check=True, **more)


class Processes:
    """What we started, with logs; ended by their ids."""

    def __init__(self):
        self.all = {}

    def start(self, name, *words, env=None):
        log = open(WORK / f"{name}.log", "ab")
        self.all[name] = subprocess.Popen([str(word) for word in words], stdout=log, stderr=log,
                                          cwd=WORK, env=env)

    def stop(self):
        for process in self.all.values():
            process.send_signal(signal.SIGTERM)
        for name, process in self.all.items():
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                print(f"cluster: {name} did not end by itself", file=sys.stderr)
                process.kill()
                process.wait()
        self.all = {}

    def check(self):
        for name, process in self.all.items():
            if process.poll() is not None:
                raise SystemExit(f"cluster: {name} ended with {process.returncode}: see "
                                 f"{WORK}/{name}.log")


def wait_ready(port, seconds=90):
    until = time.monotonic() + seconds
    why = ""
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError as error:
            why = str(error)
            if hasattr(error, "read"):
                why = error.read().decode(errors="replace")[:300]
        time.sleep(0.1)
    raise SystemExit(f"cluster: port {port} is not ready: {why}")


def call(port, method, path, body, ok=(200, 201)):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", json.dumps(body).encode(),
                                     {"Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        if answer.status not in ok:
            raise SystemExit(f"cluster: {method} {path}: {answer.status}")
        return json.loads(answer.read() or b"{}")


class Aurora:
    def __init__(self, found, args):
        self.found = found
        self.args = args
        self.processes = Processes()
        self.prefix = f"b{os.getpid()}"
        self.database = f"aurora_bench_{os.getpid()}"
        self.ports = {name: free_port() for name in SERVICES + ["gateway"]}
        self.topic = f"{self.prefix}.orders.v1"
        url = found["AURORA_TEST_POSTGRES"]
        run("psql", "-q", url, "-c", f"CREATE DATABASE {self.database}")
        self.store = url.rsplit("/", 1)[0] + "/" + self.database

    def start(self):
        kafka = f"kafka://{self.found['AURORA_TEST_KAFKA']}?prefix={self.prefix}&partitions=4"
        redis = f"{self.found['AURORA_TEST_REDIS']}/0?prefix={self.prefix}"
        search = self.found["AURORA_TEST_OPENSEARCH"].replace("http:", "elasticsearch:")
        for name in SERVICES:
            words = [BIN / f"aurora-{name}", "--listen", f"127.0.0.1:{self.ports[name]}",
                     "--store", self.store, "--bus", kafka, "--log-level", "warning"]
            if name == "product":
                words += ["--cache", redis]
            if name == "search":
                words += ["--search", f"{search}?index={self.prefix}"]
            self.processes.start(f"aurora-{name}", *words)
        upstream = ",".join(f"{name}=127.0.0.1:{self.ports[name]}" for name in SERVICES)
        self.processes.start("aurora-gateway", BIN / "aurora-gateway", "--listen",
                             f"127.0.0.1:{self.ports['gateway']}", "--upstream", upstream,
                             "--log-level", "warning")
        for port in self.ports.values():
            wait_ready(port)

    def stock(self):
        gateway = self.ports["gateway"]
        count = self.args.skus
        for first in range(0, count, 500):
            items = [{"sku": f"sku-{i:05d}", "name": f"Product {i}", "price_minor": 100 + i % 900,
                      "currency": "EUR"} for i in range(first, min(first + 500, count))]
            call(gateway, "POST", "/products:batch", {"products": items})
        for i in range(count):
            call(gateway, "POST", f"/inventory/sku-{i:05d}/receipts", {"quantity": 1000000000})
        until = time.monotonic() + 60
        body = {"lines": [{"sku": f"sku-{count - 1:05d}", "quantity": 1}], "currency": "EUR",
                "payment_method": "tok_approve"}
        while True:
            try:
                call(gateway, "POST", "/orders", body)
                return
            except urllib.error.HTTPError as error:
                if time.monotonic() > until:
                    raise SystemExit(f"cluster: {error.read()}")
                time.sleep(0.2)

    def port(self):
        return self.ports["gateway"]

    def verify(self):
        done = subprocess.run([BIN / "auroractl", "verify", "--store", self.store, "--json"],
                              capture_output=True, text=True)
        return json.loads(done.stdout) if done.stdout else {"ok": False, "error": done.stderr}

    def drop(self):
        run("psql", "-q", self.found["AURORA_TEST_POSTGRES"], "-c",
            f"DROP DATABASE {self.database}")


class Textbook:
    def __init__(self, found, args):
        self.found = found
        self.args = args
        self.processes = Processes()
        self.number = 0
        self.front = free_port()
        self.topic = ""

    def start(self, connections, poll_ms, pipeline=64):
        self.number += 1
        prefix = f"t{os.getpid()}-{self.number}"
        self.topic = f"{prefix}.orders.v1"
        words = [self.found["AURORA_TEST_POSTGRES"], self.found["AURORA_TEST_KAFKA"], prefix,
                 connections, poll_ms]
        self.words = words
        program = BENCH / "bench_textbook_cluster"
        run(program, "prepare", *words, 0, self.args.skus, stderr=subprocess.DEVNULL)
        for role in ("order", "inventory", "payment"):
            port = self.front if role == "order" else free_port()
            self.processes.start(f"textbook-{role}", program, role, *words, port, self.args.skus,
                                 env=dict(os.environ, TEXTBOOK_PIPELINE=str(pipeline)))
        wait_ready(self.front)
        time.sleep(3)  # consumers join their groups

    def stop(self):
        """Waits until every order is settled, audits the tables, ends the services."""
        try:
            run(BENCH / "bench_textbook_cluster", "check", *self.words, 0, self.args.skus,
                stdout=subprocess.DEVNULL)
        finally:
            self.processes.stop()

    def port(self):
        return self.front


def load(system, mode, window, seconds, skus, hot=False):
    done = run(BENCH / "bench_cluster_load", mode, system.port(),
               system.found["AURORA_TEST_KAFKA"], system.topic, window, seconds, skus,
               int(hot), capture_output=True, text=True)
    if done.stderr:
        sys.stderr.write(done.stderr)
    system.processes.check()
    return json.loads(done.stdout)


def cpu_s(pid):
    """User and system time of a process and the children that it waited for."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return sum(int(field) for field in fields[11:13]) / os.sysconf("SC_CLK_TCK")


def tree_cpu_s(pid):
    total = 0.0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            total += tree_cpu_s(int(child))
    return total + cpu_s(pid)


def pss_mib(pids):
    total = 0
    for pid in pids:
        for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1])
    return total / 1024


class Memory(threading.Thread):
    """The peak of all daemons' PSS, looked at every half second."""

    def __init__(self, pids):
        super().__init__(daemon=True)
        self.pids = pids
        self.peak = 0.0
        self.is_over = threading.Event()

    def run(self):
        while not self.is_over.wait(0.5):
            self.peak = max(self.peak, pss_mib(self.pids))


def best_textbook(textbook, args, pipeline):
    found = []
    for connections in (1, 8, 32):
        for poll_ms in (10, 100):
            textbook.start(connections, poll_ms, pipeline)
            rate = load(textbook, "rate", args.window, args.screen, args.skus)["orders_per_s"]
            textbook.stop()
            print(f"  textbook, {connections:2} connections, {poll_ms:3} ms, {pipeline:2} of each at "
                  f"once: {rate:8.0f} orders/s")
            found.append((rate, connections, poll_ms))
    return max(found)


def profile(aurora, pids, rate_of):
    before = {name: tree_cpu_s(pid) for name, pid in pids.items()}
    begun = time.monotonic()
    rate = rate_of()
    took = time.monotonic() - begun
    print(f"  {rate:.0f} orders/s; CPU us an order over the whole run of {took:.0f} s:")
    for name, pid in pids.items():
        spent = tree_cpu_s(pid) - before[name]
        print(f"    {name:24} {spent * 1e6 / max(1, rate * took):8.1f}")


def measure(args):
    WORK.mkdir(parents=True, exist_ok=True)
    found, engine_pids = engines()
    series = {"aurora": [], "textbook": [], "plain": [], "hot": [], "alone": [], "publish": []}
    peak = 0.0
    aurora = Aurora(found, args) if args.only != "textbook" else None
    textbook = Textbook(found, args) if args.only != "aurora" else None
    try:
        best = best_textbook(textbook, args, 64) if textbook else None
        plain = best_textbook(textbook, args, 1) if textbook else None
        if aurora:
            aurora.start()
            aurora.stock()
        for number in range(args.rounds):
            if aurora:
                if number > 0:
                    aurora.start()
                pids = {name: process.pid for name, process in aurora.processes.all.items()}
                memory = Memory(list(pids.values()))
                memory.start()
                pids.update(engine_pids)
                rate_of = lambda: load(aurora, "rate", args.window, args.seconds,
                                       args.skus)["orders_per_s"]
                if args.profile:
                    profile(aurora, pids, rate_of)
                series["aurora"].append(rate_of())
                series["hot"].append(load(aurora, "rate", args.window, args.seconds, args.skus,
                                          True)["orders_per_s"])
                memory.is_over.set()
                memory.join()
                peak = max(peak, memory.peak)
                time.sleep(3)
                series["alone"].append(load(aurora, "alone", 1, args.seconds, args.skus)["p50_ms"])
                series["publish"].append(load(aurora, "publish", 1, args.seconds,
                                              args.skus)["p99_ms"])
                aurora.processes.stop()
            if textbook:
                for name, how, pipeline in (("textbook", best, 64), ("plain", plain, 1)):
                    textbook.start(how[1], how[2], pipeline)
                    series[name].append(load(textbook, "rate", args.window, args.seconds,
                                             args.skus)["orders_per_s"])
                    textbook.stop()
            print(f"  round {number + 1}: " + ", ".join(
                f"{name} {values[-1]:.1f}" for name, values in series.items() if values))
        audit = aurora.verify() if aurora else {"ok": True}
    finally:
        for system in (aurora, textbook):
            if system:
                system.processes.stop()
    if aurora:
        aurora.drop()
    return series, peak, audit, best


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--screen", type=float, default=5)
    parser.add_argument("--window", type=int, default=1024)
    parser.add_argument("--skus", type=int, default=1000)
    parser.add_argument("--only", choices=("aurora", "textbook"))
    parser.add_argument("--profile", action="store_true")
    args = parser.parse_args()
    series, peak, audit, best = measure(args)
    median = {name: statistics.median(values) for name, values in series.items() if values}
    figures = {}
    if "aurora" in median:
        figures = {"orders_per_s": round(median["aurora"], 1),
                   "hot_ratio": round(median["hot"] / max(1, median["aurora"]), 3),
                   "commit_to_publish_p99_ms": round(median["publish"], 2),
                   "saga_p50_ms": round(median["alone"], 2), "pss_mib": round(peak, 1),
                   "verify_ok": 1 if audit.get("ok") else 0}
    if "textbook" in median:
        figures["textbook_orders_per_s"] = round(median["textbook"], 1)
        figures["textbook_one_at_a_time_orders_per_s"] = round(median["plain"], 1)
        figures["textbook_connections"] = best[1]
        figures["textbook_poll_ms"] = best[2]
    if "aurora" in median and "textbook" in median:
        figures["ratio_textbook"] = round(median["aurora"] / max(1, median["textbook"]), 2)
        figures["ratio_textbook_one_at_a_time"] = round(
            median["aurora"] / max(1, median["plain"]), 2)
    for name, value in figures.items():
        print(f"{name:28} {value}")
    if not audit.get("ok"):
        print(f"verify: {json.dumps(audit)[:2000]}")
    path = pathlib.Path(os.environ.get("AURORA_BENCH_JSON", ROOT / "var/bench/cluster.json"))
    if args.only is None:
        path.write_text(json.dumps(figures) + "\n")
    return 0 if audit.get("ok") else 1


if __name__ == "__main__":
    sys.exit(main())
