#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""S9: slowhttptest with 1,000 connections in each of its four modes against a gateway (slow heads, slow bodies, ranges, slow
reads), while others ask it: one from another address, one from the attacker's own. Their 99th percentile is put beside the
one without an attack in the same run, and the gateway's memory beside what it was.

slow_attacks.py [--seconds N] [--rounds N] [--connections N]   N seconds of each mode in each round [2, 1, 1000]

The bound is twice the value without an attack, or 20 ms, whichever is more: below that a busy machine's own turns are
measured. A mode that fails is tried four times more; a defence that is missing fails each time.

Mutation: let connections_max (src/daemon/serve.c) be 1,000, as a server with a thread or a process for each connection
would have it: the others are turned away."""

import argparse
import pathlib
import shutil
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from aurora_server import Gateway  # noqa: E402

FLOOR_MS = 20
OPENING_S = 20  # at most, on a busy machine
GROWTH_KIB_MAX = 32 * 1024
MODES = {
    "slow heads": ["-H", "-i", "1", "-x", "24", "-t", "GET", "-u", "/products/mug"],
    "slow bodies": ["-B", "-i", "1", "-x", "10", "-s", "8192", "-t", "POST", "-f", "application/json", "-u", "/orders"],
    "ranges": ["-R", "-a", "1", "-b", "3000", "-t", "HEAD", "-u", "/openapi.json"],
    "slow reads": ["-X", "-w", "10", "-y", "20", "-n", "1", "-z", "32", "-k", "3", "-t", "GET", "-u", "/openapi.json"],
}


class Asker(threading.Thread):
    """Asks for a product, on a connection of its own each time and on a kept one by turns, and notes how long it took."""

    def __init__(self, port, source):
        super().__init__(daemon=True)
        self.port, self.source = port, source
        self.times, self.failures, self.is_over = [], [], False

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=20, source_address=(self.source, 0))

    @staticmethod
    def ask(sock):
        sock.sendall(b"GET /products/mug HTTP/1.1\r\nHost: localhost\r\n\r\n")
        data = b""
        while b"}" not in data:
            piece = sock.recv(65536)
            if not piece:
                raise OSError(f"closed after {data[:60]!r}")
            data += piece
        if not data.startswith(b"HTTP/1.1 200 "):
            raise OSError(data[:60].decode("latin-1"))

    def once(self, kept):
        begin = time.monotonic()
        if kept is None:
            with self.connect() as sock:
                self.ask(sock)
        else:
            self.ask(kept)
        self.times.append(time.monotonic() - begin)

    def run(self):
        try:
            with self.connect() as kept:
                while not self.is_over:
                    self.once(None)
                    self.once(kept)
                    time.sleep(0.004)
        except OSError as error:
            self.failures.append(f"a client from {self.source}: {error}")

    def p99_ms(self):
        return sorted(self.times)[len(self.times) * 99 // 100] * 1000 if self.times else float("inf")


def ask_for(server, seconds, during=lambda: None):
    """({address: p99 in ms}, failures), with `during` called meanwhile."""
    askers = [Asker(server.port, "127.0.0.2"), Asker(server.port, "127.0.0.1")]
    for asker in askers:
        asker.start()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        during()
        time.sleep(0.1)
    for asker in askers:
        asker.is_over = True
    for asker in askers:
        asker.join(30)
    return {asker.source: asker.p99_ms() for asker in askers}, [failure for asker in askers for failure in asker.failures]


def attack(server, mode, options):
    """One round: (p99 before, during, most connections seen, RSS before, most RSS, failures)."""
    before, failures = ask_for(server, max(1.0, options.seconds / 2))
    rss = server.resident_kib()
    most = {"connections": 0, "rss": rss}

    def look():
        most["connections"] = max(most["connections"], server.descriptors())
        most["rss"] = max(most["rss"], server.resident_kib())
    words = list(MODES[mode])
    words[-1] = f"http://127.0.0.1:{server.port}{words[-1]}"
    # It is ended below; by itself it must not, or what opens its connections slowly is no attack while we ask.
    process = subprocess.Popen(
        ["slowhttptest", "-c", str(options.connections), "-r", str(options.connections), "-l",
         str(OPENING_S + options.seconds + 60), "-p", "20", "-v", "1", *words], stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=server.folder.name)
    try:
        end = time.monotonic() + OPENING_S
        while server.descriptors() < options.connections * 0.9 and time.monotonic() < end and process.poll() is None \
                and mode != "ranges":
            time.sleep(0.05)
        look()
        during, more = ask_for(server, options.seconds, look)
    finally:
        process.kill()
        process.wait()
    return before, during, most["connections"], rss, most["rss"], failures + more


def judge(mode, outcome, options):
    before, during, connections, rss, rss_most, failures = outcome
    for source, p99 in during.items():
        if p99 > max(2 * before[source], FLOOR_MS):
            failures.append(f"{mode}: p99 from {source} {before[source]:.1f} ms without, {p99:.1f} ms with the attack")
    if rss_most > rss + GROWTH_KIB_MAX:
        failures.append(f"{mode}: {rss} KiB resident before, {rss_most} KiB in it")
    if mode != "ranges" and connections < options.connections * 0.5:
        failures.append(f"{mode}: only {connections} descriptors were open: no attack")
    return failures


def await_end(server):
    """The next mode begins without this one's connections; most are cut, as the attacker has gone."""
    end = time.monotonic() + 20
    while server.descriptors() > 200 and time.monotonic() < end:
        time.sleep(0.1)
    return server.descriptors()


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--connections", type=int, default=1000)
    options = parser.parse_args()
    if shutil.which("slowhttptest") is None:
        print("skipped: there is no slowhttptest (scripts/setup.sh)")
        return 77
    failures = []
    with Gateway() as server:
        server.call("PUT", "/products/mug", {"name": "Mug", "price_minor": 1250, "currency": "EUR"})
        ask_for(server, 0.5)
        for mode in [mode for mode in MODES for _ in range(options.rounds)]:
            for _ in range(5):
                outcome = attack(server, mode, options)
                objections = judge(mode, outcome, options)
                left = await_end(server)
                before, during, connections, rss, rss_most, _ = outcome
                print(f"{mode}: {connections} descriptors; p99 " + ", ".join(
                    f"from {source} {before[source]:.2f} ms without, {p99:.2f} with it ({p99 / before[source]:.2f} times)"
                    for source, p99 in during.items()) + f"; {rss / 1024:.1f} MiB resident before, {rss_most / 1024:.1f} in it"
                    f"; {left} descriptors afterwards", flush=True)
                if not objections:
                    break
            failures += objections
        if server.call("GET", "/livez")[0] != 200:
            failures.append("the gateway is not alive afterwards")
    print("\n".join(failures))
    print(f"slow attacks: {len(failures)} complaints")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
