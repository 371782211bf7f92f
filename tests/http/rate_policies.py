# SPDX-License-Identifier: MIT
"""Policies of rate limits through a daemon: what answers say, shadow, SIGHUP under traffic, and leases of a hot key that
two daemons share."""

import json
import os
import pathlib
import signal
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from aurora_server import Server, until  # noqa: E402

WAIT_S = 20


def expect(what, condition, seen=""):
    if not condition:
        raise SystemExit(f"rate_policies: {what}: {seen}")


def figures(server):
    lines = server.raw("GET", "/metrics")[2].decode().splitlines()
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if line[0] != "#")}


class Configured(Server):
    """A daemon with a file of policies that can be changed."""

    def __init__(self, policies, *arguments):
        super().__init__("--config", "", *arguments, store="memory:")
        self.file = pathlib.Path(self.folder.name) / "aurora.ini"
        self.arguments = ("--config", str(self.file), *arguments)
        self.file.write_text(policies)

    def reload(self, policies, says):
        """Until the log has one more line that says so."""
        before = self.log_text().count(says)
        self.file.write_text(policies)
        self.process.send_signal(signal.SIGHUP)
        end = time.monotonic() + WAIT_S
        while self.log_text().count(says) == before:
            expect(f"the log does not say {says}", time.monotonic() < end, self.log_text()[-800:])
            time.sleep(0.02)


def answers_say_all_windows():
    policies = """
[rate_limit.read]
routes = getProduct
windows = 3/1h,100/1d
[rate_limit.search]
routes = searchProducts
windows = 1/1h
[rate_limit.all]
key = all
windows = 1000/1h
cost = getProduct=2
"""
    with Configured(policies) as server:
        for left in (2, 1, 0):
            status, fields, _ = server.raw("GET", "/products/none")
            expect("it passes", status == 404, status)
            expect("the policies", fields["RateLimit-Policy"] ==
                   '"read-1";q=3;w=3600, "read-2";q=100;w=86400, "all";q=1000;w=3600', fields["RateLimit-Policy"])
            expect("the limits", fields["RateLimit"].startswith(f'"read-1";r={left};t='), fields["RateLimit"])
        _, fields, _ = server.raw("GET", "/products")
        expect("another route has its own", fields["RateLimit-Policy"] == '"all";q=1000;w=3600', fields)
        left = int(fields["RateLimit"].split("r=")[1].split(";")[0])
        for _ in range(5):
            status, fields, body = server.call("GET", "/products/none")
            expect("it is refused", status == 429, status)
        expect("the problem", body["type"] == "https://iana.org/assignments/http-problem-types#quota-exceeded" and
               body["violated-policies"] == ["read-1"] and body["code"] == "quota_exceeded", body)
        expect("when to come back", 1100 <= int(fields["Retry-After"]) <= 1200, fields["Retry-After"])
        _, fields, _ = server.raw("GET", "/products")
        now = int(fields["RateLimit"].split("r=")[1].split(";")[0])
        expect("refusals took nothing from the others", now in (left - 1, left), (left, now))
        counted = figures(server)
        expect("counted", counted['aurora_rate_limit_requests_total{policy="read",result="denied"}'] == 5 and
               counted['aurora_rate_limit_requests_total{policy="read",result="allowed"}'] == 3, counted)
        policies = server.call("GET", "/admin/limits")[2]["limiter"]["policies"]
        expect("told", [policy["name"] for policy in policies] == ["read", "search", "all"], policies)


def shadow_refuses_nobody():
    with Configured("[rate_limit.trial]\nwindows = 2/1h\nmode = shadow\n") as server:
        for _ in range(6):
            status, fields, _ = server.raw("GET", "/products/none")
            expect("a shadow is not seen", status == 404 and "RateLimit" not in fields and
                   "RateLimit-Policy" not in fields, (status, str(fields)))
        counted = figures(server)
        expect("it is counted", counted['aurora_rate_limit_requests_total{policy="trial",result="shadow"}'] == 4, counted)
        until("and logged", lambda: "policy trial would have refused" in server.log_text())


def who_is_refused_is_counted():
    """S14. Whom authentication refuses meets the limit of its address, and takes nothing from what all share.
    Mutation: aurora__dispatch_refuse() of src/http/dispatch.c that does not ask: guesses have no end."""
    secret = "a secret of at least thirty-two bytes"
    policies = """
[rate_limit.guess]
routes = orders:read
key = address
windows = 5/1h
[rate_limit.share]
routes = orders:read
key = all
windows = 1000/1h
"""
    redis = os.environ.get("AURORA_TEST_REDIS")
    shared = [("--limiter", f"{redis}/0?prefix=rr{os.getpid()}&timeout=5s")] if redis else []
    for limiter in [()] + shared:
        server = Configured(policies, *limiter)
        server.secret = secret
        server.environment["AURORA_SERVICE_SECRET"] = secret
        with server:
            bad = {"Aurora-Signature": "0" * 64}
            found = [server.call("GET", "/orders", headers=bad) for _ in range(8)]
            expect("guesses meet the limit", [answer[0] for answer in found] == [401] * 5 + [429] * 3,
                   [answer[0] for answer in found])
            expect("what is left is told", '"guess";r=4' in found[0][1]["RateLimit"], found[0][1])
            expect("nothing of the share", "share" not in found[0][1]["RateLimit"], found[0][1])
            expect("how to sign in is told", "WWW-Authenticate" in found[0][1] and found[0][2]["code"] == "unauthorized",
                   found[0][2])
            expect("the problem", found[-1][2]["code"] == "quota_exceeded" and int(found[-1][1]["Retry-After"]) > 0, found[-1])
            expect("others are served", server.raw("GET", "/products")[0] == 200)
            counted = figures(server)
            expect("counted", counted['aurora_rate_limit_requests_total{policy="guess",result="denied"}'] == 3, counted)
    server = Configured("[rate_limit.own]\nroutes = createProduct\nwindows = 3/1h\n")
    server.secret = secret
    server.environment["AURORA_SERVICE_SECRET"] = secret
    with server:
        found = [server.raw("POST", "/products", {}, principal="eve", scopes="orders:read")[0] for _ in range(5)]
        expect("a scope that is missing is counted too", found == [403] * 3 + [429] * 2, found)
        found = server.raw("POST", "/products", {}, principal="bob", scopes="orders:read")[0]
        expect("and is its principal's", found == 403, found)


class Traffic(threading.Thread):
    def __init__(self, server, target):
        super().__init__()
        self.server, self.target, self.seen, self.failures, self.is_over = server, target, {}, [], False

    def run(self):
        while not self.is_over:
            try:
                status = self.server.raw("GET", self.target, timeout=20)[0]
                self.seen[status] = self.seen.get(status, 0) + 1
            except OSError as error:
                self.failures.append(error)


def reload_keeps_levels_and_loses_no_request():
    """Mutation: take_store() of src/daemon/rate_table.c that always makes a new store: each reload is a fresh burst."""
    text = "[rate_limit.read]\nroutes = getProduct\nwindows = {}\n[rate_limit.{}]\nwindows = 1000000/1s\n"
    with Configured(text.format("20/1h", "other")) as server:
        loads = [Traffic(server, "/products/none") for _ in range(2)] + [Traffic(server, "/products")]
        for load in loads:
            load.start()
        for i in range(20):
            server.reload(text.format("20/1h" if i % 2 else "20/2h", "other" if i % 2 else "another"), "settings are read again")
        server.reload("[rate_limit.read]\nwindows = never\n", "nothing is changed")
        server.reload("trusted_proxies = 10.0.0.1/8\n", "nothing is changed")
        for load in loads:
            load.is_over = True
        for load in loads:
            load.join()
        expect("no request is lost", not any(load.failures for load in loads), [load.failures for load in loads])
        expect("nothing but yes and no", all(set(load.seen) <= {404, 429} for load in loads[:2]), loads[0].seen)
        passed = sum(load.seen.get(404, 0) for load in loads[:2])
        expect("no fresh burst", passed == 20, passed)
        expect("others are served", set(loads[2].seen) == {200}, loads[2].seen)
        server.reload(text.format("25/1h", "other"), "settings are read again")
        passed = sum(server.raw("GET", "/products/none")[0] == 404 for _ in range(10))
        expect("a burst that grows gives what it grew by", passed == 5, passed)
        server.reload("rate_limit =\n", "settings are read again")
        expect("policies can go", server.raw("GET", "/products/none")[0] == 404)
        expect("and their fields", "RateLimit" not in server.raw("GET", "/products/none")[1])


def hot_key_is_leased():
    """Two daemons, one bucket: most requests need no round trip, and the bound holds."""
    redis = os.environ.get("AURORA_TEST_REDIS")
    if redis is None:
        print("rate_policies: without a shared Redis: AURORA_TEST_REDIS is not set (./dev up)")
        return
    url = f"{redis}/0?prefix=rp{os.getpid()}&timeout=5s"
    policies = "[rate_limit.hot]\nroutes = listProducts\nwindows = {}\nlease = 200ms\n"
    with Configured(policies.format("4000/1s"), "--limiter", url) as first, \
            Configured(policies.format("4000/1s"), "--limiter", url) as second:
        began = time.monotonic()
        loads = [Traffic(server, "/products") for server in (first, second)]
        for load in loads:
            load.start()
        time.sleep(1.5)
        for load in loads:
            load.is_over = True
        for load in loads:
            load.join()
        took = time.monotonic() - began
        passed = sum(load.seen.get(200, 0) for load in loads)
        expect("the bound", passed <= 4000 + 4000 * took + 2 * 500, passed)
        for server in (first, second):
            counted = figures(server)
            leased = counted['aurora_rate_limit_decisions_total{by="lease"}']
            shared = counted['aurora_rate_limit_decisions_total{by="shared"}']
            expect("most are decided here", leased > shared, (leased, shared))
    with Configured(policies.format("5/1h").replace("hot", "cold"), "--limiter", url) as server:
        found = [server.raw("GET", "/products")[0] for _ in range(60)]
        expect("five pass", found == [200] * 5 + [429] * 55, found)
        counted = figures(server)
        asked = counted['aurora_rate_limit_decisions_total{by="shared"}']
        expect("an empty bucket is remembered", asked < 30, asked)


def pages_have_policies():
    """The console's operations may be named, and count."""
    policies = """
[rate_limit.pages]
routes = getConsoleFolder,getConsole,getConsoleFile
windows = 3/1h
"""
    with Configured(policies) as server:
        for path in ("/console", "/console/", "/console/none.js"):
            _, fields, _ = server.raw("GET", path)
            expect(f"the policy of {path}", fields.get("RateLimit-Policy") == '"pages";q=3;w=3600', fields)
        status, _, _ = server.raw("GET", "/console/")
        expect("it is refused", status == 429, status)


def main():
    for test in (answers_say_all_windows, pages_have_policies, shadow_refuses_nobody, who_is_refused_is_counted,
                 reload_keeps_levels_and_loses_no_request, hot_key_is_leased):
        began = time.monotonic()
        test()
        print(f"rate_policies: {test.__name__}: {time.monotonic() - began:.1f} s")


if __name__ == "__main__":
    main()
