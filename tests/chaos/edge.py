#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The edge under faults: a gateway, an aurorad that stands for all services, and a seeded proxy of faults before it for the
calls to /orders alone. A file says which faults come; what must hold in each of them is judged from the clients' answers,
the gateway's /metrics and the orders that were made. Ends with 0 if all of it held, 1 if not.

Mutations: without the budget in init_retry of call.c many resets are amplified; an is_safe() that is always true makes an
order twice; without breaker_in_row in leave_failed hundreds of calls fail before the breaker opens; without attempt_ms in
await_answer a black hole holds reads for the whole timeout."""

import argparse
import configparser
import http.client
import json
import pathlib
import re
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
from aurora_server import Server, free_port  # noqa: E402
from fault_proxy import FaultProxy  # noqa: E402

RECOVERY_S = 20  # the breaker's longest pause, and a busy machine
SLACK_MS = 1500  # of a busy machine, on a bound of time
PLACING_MS = 5000  # the gateway gives the service its order_wait
CALLS_TO_OPEN = 60  # attempts that fail before it opens, with all clients in it at once, and its probes
SKU = "mug"


class Load(threading.Thread):
    """One client: one connection, one call after the other. `answers` are (phase, kind, status, ms, code)."""

    def __init__(self, edge, kind, number):
        super().__init__(daemon=True)
        self.edge, self.kind, self.number = edge, kind, number
        self.answers, self.sent = [], 0

    def request(self):
        if self.kind == "product":
            return "GET", f"/products/{SKU}", None, {}
        if self.kind == "read":
            return "GET", f"/orders/{self.edge.order}", None, {}
        self.sent += 1
        name = f"{self.number}-{self.sent}"
        body = {"lines": [{"sku": SKU, "quantity": 1}], "currency": "EUR", "payment_method": "tok_approve",
                "metadata": {"n": name}}
        has_key = self.sent % 2 == 0
        return "POST", "/orders", json.dumps(body), {"Content-Type": "application/json",
                                                     **({"Idempotency-Key": f"key-{name}"} if has_key else {})}

    def run(self):
        connection = None
        while not self.edge.stop.is_set():
            phase = self.edge.phase
            begin = time.monotonic()
            try:
                if connection is None:
                    connection = http.client.HTTPConnection("127.0.0.1", self.edge.gateway.port, timeout=60)
                connection.request(*self.request())
                answer = connection.getresponse()
                text = answer.read()
                code = json.loads(text).get("code", "") if answer.status >= 400 else ""
                self.answers.append((phase, self.kind, answer.status, (time.monotonic() - begin) * 1000, code))
                if answer.status >= 500 and "Retry-After" not in answer.headers:
                    self.answers.append((phase, self.kind, 0, 0, "no Retry-After"))
            except (OSError, http.client.HTTPException, ValueError) as error:
                connection = None
                self.answers.append((phase, self.kind, 0, (time.monotonic() - begin) * 1000, repr(error)))
            time.sleep(0.05 if self.kind == "write" else 0.01)


class Edge:
    def __init__(self, spec):
        self.run = spec["run"]
        self.seed = int(self.run["seed"])
        self.stop, self.phase, self.wrong = threading.Event(), "", []

    def settings(self):
        return (f"[upstream.order]\ntimeout = {self.run['timeout_ms']}ms\n"
                f"attempt_timeout = {self.run['attempt_timeout_ms']}ms\nbreaker_open = 250ms\n")

    def figures(self):
        text = self.gateway.call("GET", "/metrics")[2].decode()
        found = {}
        for name, labels, value in re.findall(r"^(aurora_upstream_\w+)\{([^}]*)\} (\S+)$", text, re.M):
            if 'upstream="order"' in labels:
                found[name.removeprefix("aurora_upstream_")] = float(value)
        return found

    def breaker(self):
        limits = self.gateway.call("GET", "/admin/limits?service=gateway")[2]
        return next(row["state"] for row in limits["breakers"] if row["name"].startswith("order "))

    def expect(self, what, condition, *details):
        if not condition:
            self.wrong.append(f"{self.phase}: {what}: {details}")

    # --- one phase

    def recover(self):
        """Within its time calls pass again and the breaker is closed. Returns the seconds."""
        begin = time.monotonic()
        while time.monotonic() - begin < RECOVERY_S:
            if self.breaker() == "CLOSED" and self.gateway.call("GET", f"/orders/{self.order}")[0] == 200:
                return time.monotonic() - begin
            time.sleep(0.05)
        self.expect("calls pass again", False, self.breaker())
        return RECOVERY_S

    def play(self, name, phase):
        before = self.figures()
        verbose = []
        self.phase = name
        self.proxy.hurt(phase["fault"], phase.getint("share", 100), phase.getint("ms", 300), phase.getint("rate", 2000))
        end = time.monotonic() + phase.getfloat("seconds")
        while time.monotonic() < end:
            time.sleep(0.25)
            verbose.append(self.gateway.call("GET", "/readyz?verbose")[2].decode())
        after = self.figures()
        self.phase = f"after {name}"
        self.proxy.hurt("pass")
        recovered_s = self.recover()
        change = {key: after[key] - before.get(key, 0) for key in after}
        self.phase = name
        self.judge_gateway(phase, change, verbose)
        line = (f"{name:16} {change['calls_total']:6.0f} calls {change['attempts_total']:6.0f} attempts "
                f"{change['attempt_failures_total']:4.0f} failed {change['repeats_total']:4.0f} repeats "
                f"{change['timeouts_total']:3.0f} late, opened {change['breaker_opened_total']:2.0f}, "
                f"well again after {recovered_s:4.1f} s")
        self.phase = f"after {name}"
        print(line, flush=True)

    def judge_gateway(self, phase, change, verbose):
        opened = change["breaker_opened_total"]
        if phase.get("opens", "no") == "yes":
            self.expect("the breaker opens", opened >= 1, change)
            self.expect("few attempts fail before it opens and while it is open",
                        change["attempt_failures_total"] <= CALLS_TO_OPEN, change)
            self.expect("/readyz?verbose shows it", any(re.search(r"]order .*[1-9] (open|half open)|]order .*1 open", text)
                                                        for text in verbose), verbose[-1:])
        if change["calls_total"] >= 100:
            amplified = change["attempts_total"] / change["calls_total"]
            self.expect("repeats stay few", amplified <= float(self.run["amplification_max"]), amplified, change)

    # --- the whole

    def judge_clients(self, spec, answers):
        timeout_ms = int(self.run["timeout_ms"])
        for name in [name for name in spec.sections() if name != "run"]:
            self.phase = name
            own = [answer for answer in answers if answer[0] == name]
            products = [answer for answer in own if answer[1] == "product"]
            self.expect("other services answer", products and all(answer[2] == 200 for answer in products),
                        [answer for answer in products if answer[2] != 200][:3])
            self.expect("and as quickly", quantile(products, 0.99) < SLACK_MS, quantile(products, 0.99))
            reads = [answer for answer in own if answer[1] == "read"]
            self.expect("reads are asked", len(reads) > 20, len(reads))
            self.expect("reads end in time", quantile(reads, 1) <= timeout_ms + SLACK_MS, quantile(reads, 1))
            self.expect("nothing else is said", all(answer[2] in (200, 502, 503, 504) for answer in reads),
                        {answer[2:3] + answer[4:] for answer in reads})
            failed = [answer for answer in reads if answer[2] != 200]
            if "failed_max" in spec[name]:
                self.expect("few fail", len(failed) * 100 <= spec[name].getint("failed_max") * len(reads),
                            len(failed), len(reads), failed[:3])
            writes = [answer for answer in own if answer[1] == "write"]
            self.expect("writes end in time", quantile(writes, 1) <= timeout_ms + PLACING_MS + SLACK_MS,
                        quantile(writes, 1))
            self.expect("answers are whole", all(answer[2] != 0 for answer in own),
                        [answer for answer in own if answer[2] == 0][:3])
            if spec[name].get("opens", "no") == "yes":
                quick = [answer for answer in reads if answer[2] == 503]
                self.expect("an open breaker refuses", quick, len(reads))
                self.expect("without waiting", quantile(quick, 0.5) < SLACK_MS / 3, quantile(quick, 0.5))

    def judge_orders(self, loads):
        """Each order at most once, and each that was acknowledged."""
        self.phase = "orders"
        counts, cursor = {}, ""
        while cursor is not None:
            page = self.shop.call("GET", f"/orders?limit=100{cursor}")[2]
            for order in page["items"]:
                name = order["metadata"].get("n")
                if name is not None:
                    counts[name] = counts.get(name, 0) + 1
            cursor = page["next_cursor"] and f"&cursor={page['next_cursor']}"
        twice = {name: count for name, count in counts.items() if count > 1}
        self.expect("no order is made twice", not twice, twice)
        made = sum(1 for load in loads for answer in load.answers if answer[1] == "write" and answer[2] == 201)
        self.expect("what was acknowledged is there", made <= len(counts) and made > 50, made, len(counts))
        print(f"orders: {sum(load.sent for load in loads)} asked, {made} acknowledged, {len(counts)} made")

    def prepare(self):
        self.shop.call("POST", "/products", {"sku": SKU, "name": "Mug", "price_minor": 100, "currency": "EUR"})
        self.shop.call("POST", f"/inventory/{SKU}/receipts", {"quantity": 1000000})
        status, _, order = self.shop.call("POST", "/orders", {
            "lines": [{"sku": SKU, "quantity": 1}], "currency": "EUR", "payment_method": "tok_approve"})
        if status != 201:
            raise SystemExit(f"no first order: {status} {order}")
        self.order = order["id"]

    def campaign(self, spec):
        loads = [Load(self, kind, number) for kind, number in
                 [("read", i) for i in range(int(self.run["readers"]))] +
                 [("write", i) for i in range(int(self.run["writers"]))] + [("product", 0)]]
        for load in loads:
            load.start()
        for name in spec.sections():
            if name != "run":
                self.play(name, spec[name])
        self.stop.set()
        for load in loads:
            load.join(30)
        self.judge_clients(spec, [answer for load in loads for answer in load.answers])
        self.judge_orders(loads)


def quantile(answers, share):
    times = sorted(answer[3] for answer in answers)
    return times[min(len(times) - 1, int(len(times) * share))] if times else 0


def lengthen(spec, factor):
    for name in spec.sections():
        if name != "run":
            spec[name]["seconds"] = str(spec[name].getfloat("seconds") * factor)


def main():
    parser = argparse.ArgumentParser(description="faults between the gateway and one service")
    parser.add_argument("--spec", default=str(HERE / "edge.ini"), help="the phases")
    parser.add_argument("--seed", help="in place of the file's")
    parser.add_argument("--longer", type=float, default=1, help="times the seconds of each phase")
    options = parser.parse_args()
    spec = configparser.ConfigParser(inline_comment_prefixes=("#",))
    if not spec.read(options.spec):
        raise SystemExit(f"{options.spec} cannot be read")
    if options.seed:
        spec["run"]["seed"] = options.seed
    lengthen(spec, options.longer)
    edge = Edge(spec)
    print(f"edge: seed {edge.seed}")
    with Server(store="memory:") as edge.shop, FaultProxy(edge.shop.port, edge.seed) as edge.proxy:
        edge.prepare()
        upstream = ",".join(f"{service}=127.0.0.1:{edge.proxy.port if service == 'order' else edge.shop.port}"
                            for service in ("order", "product", "inventory", "payment", "search", "recommendation",
                                            "notification"))
        settings = pathlib.Path(edge.shop.folder.name) / "gateway.ini"
        settings.write_text(edge.settings())
        with Server("--config", str(settings), "--upstream", upstream, program="aurora-gateway") as edge.gateway:
            edge.campaign(spec)
    for line in edge.wrong:
        print(f"WRONG: {line}"[:2000])
    print("edge: " + ("all of it held" if not edge.wrong else f"{len(edge.wrong)} things did not hold"))
    return 1 if edge.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
