#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every expression of deploy/ by a real Prometheus, over the services and an aurorad under a steady load in which all happens
that there are plots for: orders that complete, are declined, are short of stock, are cancelled, park; denied and shadowed
requests; mails that are refused; a dead letter; a service that is away until its breaker opens. None may fail, be empty or be
no number; shares lie between 0 and 1, quantiles in their order, and counts are those of the load."""

import http.server
import math
import pathlib
import re
import signal
import socketserver
import sys
import threading
import time
import urllib.request
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import metric_live  # noqa: E402
from aurora_cluster import System, take_environment  # noqa: E402
from aurora_prometheus import ROOT, WINDOW_S, Prometheus, panels, rules  # noqa: E402
from aurora_server import free_port, until  # noqa: E402
from tls import TlsServer  # noqa: E402
from tls_files import Files  # noqa: E402

SECRET = "a secret of the test that is long enough"
LOAD_S = 24
POLICIES = """
[rate_limit.words]
routes = suggestSearches
windows = 2/1h
[rate_limit.trial]
routes = getProduct
windows = 2/1h
mode = shadow
"""
AWAITED = ROOT / "scripts" / "dashboards" / "awaited.txt"

wrong, missing = [], []


def expect(is_so, *what):
    if not is_so:
        wrong.append(" ".join(str(word) for word in what))


# --- whom the daemons talk to ---------------------------------------------------------------------------------------


class RefusingMail(socketserver.StreamRequestHandler):
    """A mail server that knows nobody."""

    def handle(self):
        self.wfile.write(b"220 mail\r\n")
        for line in self.rfile:
            word = line[:4].upper()
            self.wfile.write(b"550 5.1.1 no such person\r\n" if word == b"RCPT" else
                             b"221 bye\r\n" if word == b"QUIT" else b"250 OK\r\n")


class Collector(http.server.BaseHTTPRequestHandler):
    """Takes spans and forgets them."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


def served(server):
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


# --- the load -------------------------------------------------------------------------------------------------------


class Load:
    """Calls at a constant rate from a few threads; `count` is how many were answered."""

    def __init__(self, rate, call):
        self.rate, self.call, self.count, self.lock = rate, call, 0, threading.Lock()
        self.failures, self.next = [], 0
        self.threads = [threading.Thread(target=self.run) for _ in range(4)]
        self.begin = time.monotonic()
        for thread in self.threads:
            thread.start()

    def run(self):
        while True:
            with self.lock:
                due = self.begin + self.next / self.rate
                self.next += 1
            if due > self.begin + LOAD_S:
                return
            time.sleep(max(0, due - time.monotonic()))
            try:
                self.call()
            except OSError as error:
                self.failures.append(error)
            with self.lock:
                self.count += 1

    def join(self):
        for thread in self.threads:
            thread.join()
        return self.count


def order_of(sku, token="tok_approve", quantity=1):
    return {"lines": [{"sku": sku, "quantity": quantity}], "currency": "EUR", "payment_method": token,
            "contact": "ann@example.com"}


def place(server, body, wait=0):
    fields = {"Idempotency-Key": uuid.uuid4().hex, **({"Prefer": f"wait={wait}"} if wait else {})}
    return server.call("POST", "/orders", body, fields)


def what_happens(server, is_parked, settled):
    """One of each that a shop meets; both are asked alike."""
    place(server, order_of("mug", "tok_decline"), 5)
    place(server, order_of("mug", quantity=900000), 5)
    done = place(server, order_of("mug"), 5)[2]
    settled(done)
    server.call("POST", f"/orders/{done['id']}/cancel", {})
    parked = place(server, order_of("mug", "tok_timeout"))[2]
    until("it parks", lambda: is_parked(parked))
    return [server.call("GET", "/search/suggest?q=mu")[0] for _ in range(6)].count(429)


def while_away(system):
    """A service stands still until the gateway leaves it alone; then it is back. How many calls met that."""
    met = []
    daemon = system["recommendation"]
    daemon.signal(signal.SIGSTOP)
    opened = 'aurora_upstream_breaker_opened_total{upstream="recommendation"'

    def is_left_alone():
        # Never asked twice: an older answer would take the place of the error.
        met.append(system.call("GET", f"/recommendations/trending?window=1h&limit={1 + len(met) % 50}")[0])
        is_open = sum(value for name, value in system.gateway.metrics().items() if name.startswith(opened)) > 0
        return is_open and met[-1] >= 500  # a probe may have opened it before any call failed
    system.until("a breaker opens", is_left_alone)
    time.sleep(2)  # so that a scrape sees it
    daemon.signal(signal.SIGCONT)
    return sum(status >= 500 for status in met)


def stock_up(call):
    product = {"sku": "mug", "name": "Mug", "price_minor": 1250, "currency": "EUR"}
    until("a product", lambda: call("PUT", "/products/mug", product)[0] in (200, 201))
    until("stock", lambda: call("POST", "/inventory/mug/receipts", {"quantity": 100000},
                                {"Idempotency-Key": "first"})[0] in (200, 201))
    until("it can be ordered", lambda: call("POST", "/orders", order_of("mug"), {"Idempotency-Key": uuid.uuid4().hex})[0] == 201)


# --- what is looked at ----------------------------------------------------------------------------------------------


def awaited_words():
    return set(AWAITED.read_text(encoding="utf-8").split()) if AWAITED.exists() else set()


def is_awaited(text):
    """Whether it names a metric, or a rule over one, that no program has yet."""
    awaited = awaited_words()
    names = {name.removesuffix("_bucket") for name in re.findall(r"\b(?:aurora|process)_[a-z0-9_]+", text)}
    names |= {name for name in awaited for record in re.findall(r":(aurora_\w+):", text)
              if name in (record.removesuffix("_bucket"), record + "_total")}
    return sorted(names & awaited)


def look_at(prometheus, one, begin, end):
    try:
        found = prometheus.series(one.text, begin, end)
        if one.kind == "exemplar":
            prometheus.ask("query_exemplars", query=one.text, start=begin, end=end)
    except ValueError as error:
        return expect(False, one.where, "is refused:", error)
    awaited = is_awaited(one.text)
    if not found and awaited:
        return missing.append(f"{one.where}: {', '.join(awaited)}")
    expect(found, one.where, "has no sample that is a number:", one.text)
    values = [value for _, points in found for _, value in points]
    expect(not any(math.isinf(value) for value in values), one.where, "is infinite")
    expect(one.unit != "percentunit" or all(0 <= value <= 1 for value in values), one.where, "leaves 0 to 1:",
           values and (min(values), max(values)))
    expect(one.unit not in ("s", "bytes", "reqps", "ops") or all(value >= 0 for value in values), one.where, "is below 0")
    for label in one.labels:
        if awaited and not any(labels.get(label) for labels, _ in found):
            missing.append(f"{one.where}: the label {label}")
            continue
        expect(not found or any(labels.get(label) for labels, _ in found), one.where, "shows a label that is nowhere:", label)
    return None


def quantiles_are_in_order(prometheus, known, begin, end):
    names = sorted(name for name in known if re.search(r":p50_rate1m$", name))
    expect(len(names) >= 2, "rules of p50", names)
    for name in names:
        for low, high in (("p50", "p95"), ("p95", "p99")):
            text = f"{name.replace('p50', low)} > {name.replace('p50', high)}"
            expect(not prometheus.series(text, begin, end), "out of order:", text)


def counts_agree(prometheus, begin, end, counts):
    """By the integral of what the rules recorded, within 3 %."""
    for text, count in counts.items():
        seen = prometheus.integral(text, begin, end)
        if "aurora_http_errors" in text and "first_errors" in awaited_words():
            # The series of a status begins with its first answer, which rate() cannot see.
            missing.append(f"{text} counted {seen:.1f} of {count}")
            continue
        expect(abs(seen - count) <= max(0.03 * count, 0.5), text, "counted", round(seen, 1), "of", count)


def rules_are_well(prometheus):
    for group in prometheus.ask("rules")["groups"]:
        for rule in group["rules"]:
            expect(rule["health"] == "ok", rule["name"], rule["health"], rule.get("lastError"))


def exemplars_lead_to_traces(prometheus, begin, end):
    found = prometheus.ask("query_exemplars", query="aurora_http_request_duration_seconds_bucket", start=begin, end=end)
    traces = {exemplar["labels"]["trace_id"] for one in found for exemplar in one["exemplars"]}
    if not traces:
        missing.append("exemplars of aurora_http_request_duration_seconds")
    expect(all(re.fullmatch(r"[0-9a-f]{32}", trace) for trace in traces), "no trace ids:", list(traces)[:3])


# --- all of it ------------------------------------------------------------------------------------------------------


def traces_to(collector):
    return f"otlp = http://127.0.0.1:{collector}\ntrace_sample = 1\n"


def settings_of(mail, collector, redis, prefix):
    traces = traces_to(collector)
    own = {service: traces for service in ("product", "order", "inventory", "search", "recommendation")}
    own["payment"] = traces + "attempts_max = 2\npark_attempts_min = 1\nretry_first = 100ms\n"
    own["notification"] = traces + f"notify = smtp://127.0.0.1:{mail}?from=shop@example.org\nretry_first = 100ms\n"
    own["gateway"] = traces + f"limiter = {redis}/0?prefix={prefix}\n" + POLICIES + (
        "[upstream.recommendation]\nattempt_timeout = 300ms\nbreaker_calls_min = 3\nbreaker_in_row = 3\n")
    return own


def alone(files, mail, collector):
    """aurorad with what a gateway at the edge has too: TLS, keys of tokens, figures at an address of their own."""
    files.openssl("ec", "-in", files.path("ca.key"), "-pubout", "-out", files.path("token.pub"))
    policies = pathlib.Path(files.path("aurora.ini"))
    policies.write_text(f"metrics_listen = 127.0.0.1:{free_port()}\njwt_keys = {files.path('token.pub')}\njwt_issuer = test\n"
                        f"jwt_audience = test\n{traces_to(collector)}attempts_max = 2\npark_attempts_min = 1\n"
                        f"retry_first = 100ms\nnotify = smtp://127.0.0.1:{mail}?from=shop@example.org\n" + POLICIES)
    server = TlsServer(files, "--config", str(policies), secret=SECRET)
    server.figures = re.search(r"metrics_listen = (\S+)", policies.read_text())[1]
    return server


def under_load(system, single):
    """(begin, end, counts): what was asked, by the rule that counts it."""
    single_parked = lambda order: single.call("GET", f"/orders/{order['id']}")[2]["status"] == "PARKED"  # noqa: E731
    many_parked = lambda order: system.call("GET", f"/orders/{order['id']}")[2]["status"] == "PARKED"  # noqa: E731
    for call in (system.call, single.call):
        stock_up(call)
    single.call("GET", "/products/mug")
    for path in ("/products/mug", "/search?q=mug"):
        system.call("GET", path)
    time.sleep(WINDOW_S + 2)  # what is counted from here on falls into whole windows
    begin = time.time()
    loads = {'service_route:aurora_http_requests:rate1m{service="gateway",method="GET",route="/products/{sku}"}':
             Load(10, lambda: system.call("GET", "/products/mug")),
             'service_route:aurora_http_requests:rate1m{service="aurorad",method="GET",route="/products/{sku}"}':
             Load(5, lambda: single.call("GET", "/products/mug")),
             'service_route:aurora_http_requests:rate1m{service="gateway",method="GET",route="/search"}':
             Load(3, lambda: system.call("GET", "/search?q=mug"))}
    orders = {"gateway": Load(10, lambda: place(system, order_of("mug"))),
              "aurorad": Load(5, lambda: place(single, order_of("mug")))}
    denied = {"aurorad": what_happens(single, single_parked, lambda order: None),
              "gateway": what_happens(system, many_parked, lambda order: system.settled(order, "COMPLETED"))}
    poison = place(system, order_of("mug"))[2]
    system.put_record("orders", poison["id"], "no json", headers=[
        ("ce_type", "order.cancelled"), ("ce_source", "/aurora/order/stray"), ("ce_sequence", "1")])
    failed = while_away(system)
    counts = {text: load.join() for text, load in loads.items()}
    expect(failed >= 1, "calls that failed:", failed)
    counts['service:aurora_http_errors:rate1m{service="gateway"}'] = failed
    for service, load in orders.items():
        counts[f'service_route:aurora_http_requests:rate1m{{service="{service}",method="POST",route="/orders"}}'] = (
            load.join() + 4 + (service == "gateway"))
        counts[f'service_policy_result:aurora_rate_limit_requests:rate1m{{service="{service}",result="denied"}}'] = denied[service]
        expect(denied[service] == 4, service, "denied", denied[service])
    for load in [*loads.values(), *orders.values()]:
        expect(not load.failures, "calls of the load failed:", load.failures[:2])
    counts['service:aurora_orders_created:rate1m{service="order"}'] = orders["gateway"].count + 5
    counts['service:aurora_orders_created:rate1m{service="aurorad"}'] = orders["aurorad"].count + 4
    end = time.time() + WINDOW_S + 3  # until the last of it has left the windows
    time.sleep(end - time.time())
    return begin, end, counts


def page_at(address):
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=20) as answer:
        return answer.read().decode()


def page_of(port):
    return page_at(f"127.0.0.1:{port}")


def targets_of(system, single):
    targets = {daemon.service: [f"127.0.0.1:{daemon.port}"] for daemon in system.all}
    return {**targets, "aurorad": [single.figures]}


def main():
    engines = take_environment()
    files = Files()
    mail = served(socketserver.ThreadingTCPServer(("127.0.0.1", 0), RefusingMail))
    collector = served(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector))
    own = settings_of(mail, collector, engines["REDIS"], f"t{uuid.uuid4().hex[:8]}")
    with alone(files, mail, collector) as single, System(engines, own=own) as system, \
            Prometheus(targets_of(system, single)) as prometheus:
        started = time.time()
        try:
            begin, end, counts = under_load(system, single)
        except OSError:
            print(f"aurorad: {single.process.poll()}: {single.log_text()[-3000:]}")
            raise
        known = prometheus.metrics()
        looked = [*rules(), *panels()]
        for one in looked:
            look_at(prometheus, one, started, end)
        rules_are_well(prometheus)
        quantiles_are_in_order(prometheus, known, started, end)
        counts_agree(prometheus, begin, end, counts)
        exemplars_lead_to_traces(prometheus, begin, end)
        pages = {daemon.service: page_of(daemon.port) for daemon in system.all}
        pages["aurorad"] = page_at(single.figures)
        for what, text in pages.items():
            for objection in metric_live.objections(text, what):
                expect(False, "docs/METRICS.md:", objection)
    files.cleanup()
    for text in missing:
        print(f"awaited: {text}")
    for text in wrong:
        print(f"wrong: {text}")
    print(f"dashboards: {len(looked)} expressions over {round(end - started)} s, {len(missing)} awaited, {len(wrong)} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
