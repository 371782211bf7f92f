# SPDX-License-Identifier: MIT
"""Four gateways and one Redis: over every span of time each principal is admitted capacity + rate x span + what is leased at
most, by each of two windows, whatever the arrivals (AURORA_SEED); a loss of Redis' keys gives one capacity more, a reload
nothing. And enough is admitted: a limiter that refuses everything would keep the bound too.

Mutation: take() of src/daemon/rate_lease.c that leaves the tokens where they are: the bound is passed with leases.
Mutation: take_shared() of src/daemon/rate_admit.c that never asks Redis: four buckets, each of its own process.
Mutation: add_rate() of src/adapters/redis/limiter.c that makes each cost three times what it is: too few pass."""

import bisect
import http.client
import os
import pathlib
import random
import signal
import socket
import sys
import threading
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from aurora_server import SERVICES, Server  # noqa: E402

SECRET = "a secret of at least thirty-two bytes"
GATEWAYS, CLIENTS = 4, 6
WINDOWS = ((20, 40.0), (60, 12.0))  # capacity, tokens in a second
POLICY = "[rate_limit.list]\nroutes = listProducts\nkey = principal\nwindows = 20/500ms,60/5s\nlease = {}\n"
HOT, CALM = ("ada", "grace", "edsger"), "barbara"
SECONDS, LOSS, RELOAD = 6.0, 4.0, 2.5
CALM_EVERY_S = 0.25


def expect(what, condition, *seen):
    if not condition:
        raise SystemExit(f"rate_gateways: {what}: {seen}")


class Redis:
    """The few words that are needed here."""

    def __init__(self, url):
        at = urllib.parse.urlsplit(url)
        self.socket = socket.create_connection((at.hostname, at.port or 6379), timeout=20)
        self.file = self.socket.makefile("rb")

    def ask(self, *words):
        parts = [f"*{len(words)}\r\n".encode()]
        for word in words:
            word = word if isinstance(word, bytes) else str(word).encode()
            parts.append(b"$%d\r\n%s\r\n" % (len(word), word))
        self.socket.sendall(b"".join(parts))
        return self.read()

    def read(self):
        line = self.file.readline()
        kind, rest = line[:1], line[1:].strip()
        if kind == b"*":
            return [self.read() for _ in range(int(rest))]
        if kind == b"$":
            return self.file.read(int(rest) + 2)[:-2] if rest != b"-1" else None
        expect("Redis answers", kind in b"+:" and line, line)
        return int(rest) if kind == b":" else rest

    def lose(self, prefix):
        """All keys with this prefix, at once: none is lost twice."""
        cursor, found = b"0", set()
        while True:
            cursor, names = self.ask("SCAN", cursor, "MATCH", f"*{prefix}:*", "COUNT", 10000)
            found.update(names)
            if cursor == b"0":
                return self.ask("DEL", *found) if found else 0

    def close(self):
        self.file.close()
        self.socket.close()


class Client(threading.Thread):
    """Asks as one principal after the other, at gateways as they come; keeps what came of it."""

    def __init__(self, gateways, seed, end, choose, pause):
        super().__init__()
        self.gateways, self.end, self.choose, self.pause = gateways, end, choose, pause
        self.random = random.Random(seed)
        self.found = []  # principal, status, asked, answered
        self.connections = [http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=30) for gateway in gateways]
        self.failure = None

    def run(self):
        try:
            while time.monotonic() < self.end:
                self.one()
                time.sleep(self.pause(self.random))
        except (OSError, http.client.HTTPException) as failure:
            self.failure = failure
        for connection in self.connections:
            connection.close()

    def one(self):
        principal = self.choose(self.random)
        # Most come to one gateway for a while, as a balancer has it: there leases are taken.
        sticky = int(time.monotonic()) % GATEWAYS
        at = sticky if self.random.random() < 0.6 else self.random.randrange(GATEWAYS)
        fields = self.gateways[at].fields("GET", "/products", principal=principal)
        asked = time.monotonic()
        self.connections[at].request("GET", "/products", headers=fields)
        answer = self.connections[at].getresponse()
        answer.read()
        self.found.append((principal, answer.status, asked, time.monotonic()))


def check_bound(principal, admitted, lost, is_leased):
    """Over each span from a request on: what was asked and answered in it was admitted in it."""
    answers = sorted((answered, asked) for _, _, asked, answered in admitted)
    ends = [answered for answered, _ in answers]
    for capacity, rate in WINDOWS:
        leased = GATEWAYS * (capacity // 8) if is_leased else 0
        for since in sorted(asked for _, _, asked, _ in admitted):
            count = 0
            for answered, asked in answers[bisect.bisect_left(ends, since):]:
                count += asked >= since
                losses = since <= lost[1] and lost[0] <= answered
                most = capacity * (1 + losses) + rate * (answered - since) + leased
                expect("no more than the bound", count <= most + 0.5, principal, (capacity, rate), count, most,
                       answered - since, losses)


def check_enough(principal, found, admitted):
    """Half of what the windows give: a lease that nobody used to its end is lost, an empty bucket is believed for a while."""
    span = max(answered for *_, answered in found) - min(asked for _, _, asked, _ in found)
    given = min(capacity + rate * span for capacity, rate in WINDOWS)
    expect("more is asked for than there is", len(found) > given, principal, len(found), given)
    expect("enough is admitted", len(admitted) >= 0.5 * given, principal, len(admitted), given)


def check(clients, lost, is_leased):
    found = [one for client in clients for one in client.found]
    expect("no request is lost", all(client.failure is None for client in clients), [client.failure for client in clients])
    expect("nothing but yes and no", {status for _, status, *_ in found} == {200, 429}, {one[1] for one in found})
    for principal in HOT:
        own = [one for one in found if one[0] == principal]
        admitted = [one for one in own if one[1] == 200]
        check_bound(principal, admitted, lost, is_leased)
        check_enough(principal, own, admitted)
    calm = [status for principal, status, *_ in found if principal == CALM]
    expect("who asks for little has it all", len(calm) > 3 and set(calm) == {200}, calm)
    return len(found), sum(one[1] == 200 for one in found)


def sleep_until(end):
    time.sleep(max(0, end - time.monotonic()))


def run(gateways, redis, prefix, is_leased, seed):
    began = time.monotonic()
    end = began + SECONDS
    clients = [Client(gateways, seed + i, end, lambda source: source.choice(HOT),
                      lambda source: source.expovariate(1 / 0.008) if source.random() < 0.98 else 0.15)
               for i in range(CLIENTS)]
    clients.append(Client(gateways, seed + CLIENTS, end, lambda source: CALM, lambda source: CALM_EVERY_S))
    for client in clients:
        client.start()
    sleep_until(began + RELOAD)
    for gateway in gateways:
        with gateway.config.open("a") as file:
            file.write("[rate_limit.other]\nroutes = searchProducts\nwindows = 1000/1s\n")
        gateway.process.send_signal(signal.SIGHUP)
    sleep_until(began + LOSS)
    lost_from = time.monotonic()
    gone = redis.lose(prefix)
    lost = (lost_from, time.monotonic())
    for client in clients:
        client.join()
    sums = check(clients, lost, is_leased)
    expect("keys were lost", gone >= 2 * len(HOT), gone)
    for gateway in gateways:
        expect("each has read its settings again", "settings are read again" in gateway.log_text(), gateway.log_text()[-500:])
    return sums


def figure(gateways, name):
    text = "".join(gateway.raw("GET", "/metrics")[2].decode() for gateway in gateways)
    return sum(float(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith(name))


def gateways_admit_no_more_than_the_bound(url, lease, seed):
    prefix = f"rg{os.getpid()}{lease}"
    redis = Redis(url)
    gateways = []
    with Server(secret=SECRET, store="memory:") as behind:
        upstream = ",".join(f"{name}=127.0.0.1:{behind.port}" for name in SERVICES)
        try:
            for _ in range(GATEWAYS):
                gateway = Server(secret=SECRET, program="aurora-gateway")
                gateways.append(gateway)
                gateway.config = pathlib.Path(gateway.folder.name) / "aurora.ini"
                gateway.config.write_text(POLICY.format(lease))
                gateway.arguments = ("--config", str(gateway.config), "--upstream", upstream, "--limiter",
                                     f"{url}/0?prefix={prefix}&timeout=5s")
                gateway.start()
            asked, admitted = run(gateways, redis, prefix, lease != "off", seed)
            leased = figure(gateways, 'aurora_rate_limit_decisions_total{by="lease"}')
            expect("Redis was there", figure(gateways, "aurora_rate_limit_unreachable_total") == 0)
        finally:
            for gateway in gateways:
                gateway.__exit__()
            redis.lose(prefix)
            redis.close()
    print(f"rate_gateways: lease {lease}: {admitted} of {asked} are admitted, {leased:.0f} were decided without a round trip")


def main():
    url = os.environ.pop("AURORA_TEST_REDIS")
    seed = int(os.environ.pop("AURORA_SEED", "31"))
    print(f"rate_gateways: AURORA_SEED={seed}")
    for lease in ("off", "200ms"):
        gateways_admit_no_more_than_the_bound(url, lease, seed)


if __name__ == "__main__":
    main()
