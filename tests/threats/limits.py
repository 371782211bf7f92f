#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""S14 and S21: a rate limit that X-Forwarded-For and IPv6 do not evade, and a limiter's Redis that is killed under load.

Mutation: aurora_http_client_address() of src/http/client_address.c without its look at the proxies: what stands left of the
proxy's hop is believed, and each of the 10,000 has a bucket of its own.
Mutation: aurora_http_address_client() without its memset: each address of one IPv6 network has a bucket of its own.
Mutation: is_closed() of src/daemon/rate_admit.c always false: a closed policy lets all pass while Redis is away.
Mutation: take_here() of the same without its look at the fallback: an open policy has no buckets here, and the daemon ends."""

import json
import pathlib
import shutil
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from aurora_server import BIN, Server, free_port  # noqa: E402

REDIS = shutil.which("redis-server")
SPOOFED = 10000
BOUND_S = 5  # of any request while Redis goes: its own time limit is 100 ms


def expect(what, condition, seen=""):
    if not condition:
        raise SystemExit(f"limits: {what}: {seen}")


def statuses(server, fields_of, count):
    """Of `count` requests that are sent ahead on one connection, each with the fields that are given."""
    found = []
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as sock:
        reader = sock.makefile("rb")
        for first in range(0, count, 50):
            batch = range(first, min(first + 50, count))
            sock.sendall(b"".join(
                f"GET /products/none HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: {fields_of(i)}\r\n\r\n".encode()
                for i in batch))
            for _ in batch:
                found.append(int(reader.readline().split()[1]))
                length = 0
                while (line := reader.readline()) != b"\r\n":
                    if line.lower().startswith(b"content-length:"):
                        length = int(line.split(b":")[1])
                reader.read(length)
    return found


def passed(server, fields_of, count):
    found = statuses(server, fields_of, count)
    expect("only passed or refused", set(found) <= {404, 429}, set(found))
    return found.count(404)


def spoofed_fields_are_one_bucket():
    """S14: nobody is trusted, so nothing that is written counts; behind a trusted proxy its own hop counts alone."""
    def address(i):
        return f"10.{i >> 16}.{i >> 8 & 255}.{i & 255}"
    with Server("--rate-limit", "5/1h", store="memory:") as server:
        expect("of 10,000 addresses nobody believes", passed(server, address, SPOOFED) == 5)
    with Server("--rate-limit", "5/1h", "--trusted-proxies", "loopback", store="memory:") as server:
        count = passed(server, lambda i: f"{address(i)}, 198.51.100.7", SPOOFED)
        expect("of 10,000 left of the proxy's hop", count == 5, count)
        expect("another client has its own", passed(server, lambda i: "198.51.100.8", 6) == 5)
        expect("garbage is the proxy", passed(server, lambda i: f"unknown-{i}", 20) == 5)


def one_ipv6_network_is_one_bucket():
    """S14: a host has 2^64 addresses."""
    with Server("--rate-limit", "5/1h", "--trusted-proxies", "loopback", store="memory:") as server:
        count = passed(server, lambda i: f"2001:db8:0:1::{i + 1:x}", 200)
        expect("of one network", count == 5, count)
        expect("the next one has its own", passed(server, lambda i: "2001:db8:0:2::1", 6) == 5)
        expect("mapped IPv4 is IPv4", passed(server, lambda i: "::ffff:192.0.2.1", 6) == 5)
        expect("and has one bucket", passed(server, lambda i: "192.0.2.1", 3) == 0)


# --- S21 ---------------------------------------------------------------------------------------------------------------


class Load(threading.Thread):
    """Asks until it is told to stop; keeps each status and the longest wait."""

    def __init__(self, server):
        super().__init__()
        self.server, self.found, self.longest, self.is_over = server, [], 0.0, False

    def run(self):
        while not self.is_over:
            begin = time.monotonic()
            self.found.append(self.server.raw("GET", "/products/none", timeout=60)[0::2])
            self.longest = max(self.longest, time.monotonic() - begin)


def under_load(fallback, rate, then):
    """Kills Redis while four clients ask, and hands `then` what was answered afterwards."""
    port = free_port()
    redis = subprocess.Popen([REDIS, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", "/tmp"],
                             stdout=subprocess.DEVNULL)
    try:
        with Server("--limiter", f"redis://127.0.0.1:{port}?timeout=100ms", "--rate-limit", rate, "--limiter-fallback",
                    fallback, store="memory:") as server:
            end = time.monotonic() + 20
            while server.raw("GET", "/products/none")[0] != 404:
                expect("Redis is there", time.monotonic() < end)
                time.sleep(0.05)
            loads = [Load(server) for _ in range(4)]
            for load in loads:
                load.start()
            time.sleep(0.3)
            redis.kill()
            redis.wait()
            gone = time.monotonic()
            before = [len(load.found) for load in loads]
            time.sleep(2)
            for load in loads:
                load.is_over = True
            for load in loads:
                load.join()
            expect("nobody waits for long", max(load.longest for load in loads) < BOUND_S, [load.longest for load in loads])
            # What was on its way when Redis went is not judged.
            after = [one for load, seen in zip(loads, before) for one in load.found[seen + 1:]]
            expect("it is served on", len(after) > 20, len(after))
            then([status for status, _ in after], [body for _, body in after], time.monotonic() - gone)
            expect("and is ready", server.raw("GET", "/readyz")[0] == 200)
    finally:
        redis.kill()
        redis.wait()


def closed_refuses(found, bodies, _):
    # A lease of the last 100 ms may still be good.
    last = bodies[-1]
    expect("closed is 503 in the end", found[-1] == 503 and found.count(503) > len(found) * 0.8, found[-20:])
    expect("and says why", json.loads(last)["type"].endswith("#temporary-reduced-capacity"), last)


def open_passes(found, _, __):
    expect("open lets all pass", set(found) == {404}, set(found))


def local_counts(found, _, seconds):
    """A local bucket is full at first: its burst, and what comes in the time, and no more."""
    expect("local refuses beyond its burst", found.count(404) <= 50 + 10 * (seconds + 1) + 6, found.count(404))
    expect("and lets its burst pass", found.count(404) >= 20 and found.count(429) > 0, (found.count(404), len(found)))


def redis_is_killed_under_load():
    """S21."""
    if REDIS is None:
        print("limits: no redis-server here: S21 is left out")
        return
    under_load("closed", "1000000/1s", closed_refuses)
    under_load("open", "1000000/1s", open_passes)
    under_load("local", "50/5s", local_counts)


def main():
    if not (BIN / "aurorad").exists():
        print("skipped: this build has no aurorad")
        sys.exit(77)
    for test in (spoofed_fields_are_one_bucket, one_ipv6_network_is_one_bucket, redis_is_killed_under_load):
        began = time.monotonic()
        test()
        print(f"limits: {test.__name__}: {time.monotonic() - began:.1f} s")


if __name__ == "__main__":
    main()
