# SPDX-License-Identifier: MIT
"""A Redis of one's own that goes away and comes back below a daemon whose cache and limiter it is: the daemon stays ready
and says what it misses on /readyz, /metrics and /admin/limits, without a request that would find it out."""

import pathlib
import shutil
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from aurora_server import Server, free_port  # noqa: E402

REDIS = shutil.which("redis-server")
WAIT_S = 30


def expect(what, condition, seen):
    if not condition:
        raise SystemExit(f"shared_away: {what}: {seen}")


def until(what, probe):
    """What `probe` gives once it is true."""
    end = time.monotonic() + WAIT_S
    while not (found := probe()):
        expect(f"{what} did not come in {WAIT_S} s", time.monotonic() < end, found)
        time.sleep(0.05)
    return found


class Redis:
    def __init__(self, port):
        self.process = subprocess.Popen(
            [REDIS, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", "/tmp"], stdout=subprocess.DEVNULL)

    def kill(self):
        self.process.kill()
        self.process.wait()


def checks(server):
    """The status of each check by name; the daemon has to be ready."""
    status, _, body = server.call("GET", "/readyz")
    expect("it is not ready", status == 200 and body["status"] == "ready", body)
    return {check["name"]: check["status"] for check in body["checks"]}


def figures(server):
    lines = server.raw("GET", "/metrics")[2].decode().splitlines()
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if line[0] != "#")}


def breakers(server, query=""):
    limits = server.call("GET", f"/admin/limits{query}")[2]
    return limits, {breaker["name"]: breaker["state"] for breaker in limits["breakers"]}


def says_what_is_away(server, names, query=""):
    until("degraded", lambda: all(checks(server).get(name) == "degraded" for name in names))
    text = server.raw("GET", "/readyz?verbose")[2].decode()
    for name in names:
        expect("verbose", f"[~]{name} degraded: does not answer" in text, text)
        up = [value for family, value in figures(server).items() if family.startswith(f"aurora_{name}_up")]
        expect("gauge", up == [0], up)
        expect("breaker", breakers(server, query)[1][name] in ("OPEN", "HALF_OPEN"), breakers(server, query))
    expect("verbose is not ready", text.endswith("readyz check passed\n"), text)


def says_that_it_is_there(server, names, query=""):
    until("ok", lambda: all(checks(server).get(name) == "ok" for name in names))
    for name in names:
        up = [value for family, value in figures(server).items() if family.startswith(f"aurora_{name}_up")]
        expect("gauge", up == [1], up)
        expect("breaker", breakers(server, query)[1][name] == "CLOSED", breakers(server, query))


def counts_by_what_was_decided(server):
    """Of five requests: how many were let pass, refused, and decided by the fallback."""
    before = figures(server)
    for _ in range(5):
        server.raw("GET", "/products/none")
    after = figures(server)
    families = ('aurora_rate_limit_requests_total{policy="default",result="allowed"}',
                'aurora_rate_limit_requests_total{policy="default",result="denied"}',
                "aurora_rate_limit_unreachable_total")
    return [int(after[name] - before[name]) for name in families]


def aurorad_goes_on():
    port = free_port()
    url = f"redis://127.0.0.1:{port}?timeout=5s"
    with Server("--cache", url, "--limiter", url, "--rate-limit", "3/1h", "--rate-limit-burst", "1000000",
                "--limiter-fallback", "local") as server:
        both = ("cache", "limiter")
        says_what_is_away(server, both)
        expect("away", counts_by_what_was_decided(server) == [5, 0, 5], figures(server))
        limiter = breakers(server)[0]["limiter"]
        expect("limits", limiter["fallback"] >= 5 and limiter["allowed"] >= 5 and limiter["denied"] == 0, limiter)
        redis = Redis(port)
        try:
            says_that_it_is_there(server, both)
            expect("there", counts_by_what_was_decided(server) == [5, 0, 0], figures(server))
        finally:
            redis.kill()
        says_what_is_away(server, both)


def probes_take_no_token_of_clients():
    port = free_port()
    redis = Redis(port)
    try:
        with Server("--limiter", f"redis://127.0.0.1:{port}?timeout=5s", "--rate-limit", "3/1h") as server:
            until("ok", lambda: checks(server).get("limiter") == "ok")
            for _ in range(10):
                checks(server)
            expect("there", counts_by_what_was_decided(server) == [3, 2, 0], figures(server))
            expect("a cache of its own", "cache" not in checks(server), checks(server))
    finally:
        redis.kill()


def without_a_rate_nothing_is_told():
    with Server() as server:
        limits, names = breakers(server)
        expect("limits", "limiter" not in limits and not {"cache", "limiter"} & set(names), limits)
        expect("checks", set(checks(server)) == {"server", "engine"}, checks(server))
        expect("metrics", not [name for name in figures(server) if name.startswith(("aurora_limiter", "aurora_cache_up"))],
               figures(server))


def gateway_goes_on():
    port, behind = free_port(), Server()
    upstream = ",".join(f"{name}=127.0.0.1:{behind.port}" for name in
                        ("order", "product", "inventory", "payment", "search", "recommendation", "notification"))
    with behind, Server("--upstream", upstream, "--limiter", f"redis://127.0.0.1:{port}?timeout=5s", "--rate-limit",
                        "1000000/1s", program="aurora-gateway") as gateway:
        says_what_is_away(gateway, ("limiter",), "?service=gateway")
        redis = Redis(port)
        try:
            says_that_it_is_there(gateway, ("limiter",), "?service=gateway")
        finally:
            redis.kill()


def main():
    if REDIS is None:
        print("skipped: redis-server is not installed")
        return 77
    for test in (aurorad_goes_on, probes_take_no_token_of_clients, without_a_rate_nothing_is_told, gateway_goes_on):
        test()
        print(f"shared_away: {test.__name__}: as expected")
    return 0


if __name__ == "__main__":
    sys.exit(main())
