#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""CPU time of a request at the edge: aurora-gateway with JWT check and rate limit, beside HAProxy
and nginx as plain proxies and nginx with Lua doing the same two checks, all of Debian. One upstream,
one generator (64 kept connections, GET of a product of 500 bytes), one thread each, no access log
but where the row says so; interleaved rounds on this machine, medians. The rows of aurorad, which
answers out of its own store, show what the checks cost the other edge.

edge.py [--rounds N] [--seconds S] [--only NAME,NAME...]

Bars: gateway <= 2 x haproxy, gateway < nginx_lua, gateway_denied < gateway. A row's CPU time is that
of its process alone (of nginx: of its worker)."""

import argparse
import base64
import hashlib
import hmac
import json
import os
import pathlib
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[1]
HERE = ROOT / "bench/edge"
BENCH = ROOT / "build/bench"
BIN = ROOT / "build/bin"
MODULES = "/usr/lib/nginx/modules"
ISSUER, AUDIENCE = "https://issuer.example/", "aurora"
KEY = hashlib.sha256(b"the key of the edge benchmark").digest()
PRINCIPALS, SKUS = 64, 10000
SERVICES = ["product", "order", "inventory", "payment", "search", "recommendation", "notification"]

ROWS = {
    "haproxy": "HAProxy, plain proxy",
    "nginx": "nginx, plain proxy",
    "nginx_log": "nginx, plain proxy, access log",
    "nginx_lua": "nginx + Lua: JWT, limit",
    "nginx_lua_denied": "nginx + Lua: JWT, limit, all 429",
    "gateway_open": "gateway, open, no limit",
    "gateway": "gateway: JWT, limit",
    "gateway_log": "gateway: JWT, limit, access log",
    "gateway_denied": "gateway: JWT, limit, all 429",
    "aurorad_open": "aurorad, open, no limit",
    "aurorad": "aurorad: JWT, limit",
}
DENIED = ("nginx_lua_denied", "gateway_denied")
WITHOUT_TOKEN = ("haproxy", "nginx", "nginx_log", "gateway_open",
                 "aurorad_open")


def free_ports(count):
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(subject):
    """HS256, an hour."""
    now = int(time.time())
    parts = [{"alg": "HS256", "typ": "JWT", "kid": "bench"},
             {"iss": ISSUER, "sub": subject, "aud": AUDIENCE, "iat": now, "exp": now + 3600,
              "scope": "orders:read orders:write"}]
    text = ".".join(base64url(json.dumps(part, separators=(",", ":")).encode()) for part in parts)
    return text + "." + base64url(hmac.new(KEY, text.encode(), hashlib.sha256).digest())


class Edge:
    """All processes of a run and their folder; each is ended by its id."""

    def __init__(self, folder):
        self.folder = folder
        self.processes = []
        self.pids = {}
        names = list(ROWS) + ["upstream"]
        self.ports = dict(zip(names, free_ports(len(names))))
        self.tokens = folder / "tokens"
        self.tokens.write_text("".join(f"Authorization: Bearer {token(f'customer-{i:03}')}\n"
                                       for i in range(PRINCIPALS)))
        self.keys = folder / "keys.json"
        self.keys.write_text(json.dumps({"keys": [{"kty": "oct", "kid": "bench", "alg": "HS256",
                                                   "use": "sig", "k": base64url(KEY)}]}))

    def fill_in(self, name):
        values = {key.upper(): str(port) for key, port in self.ports.items()}
        values.update(FOLDER=str(self.folder), MODULES=MODULES, LUA=str(HERE), ISSUER=ISSUER,
                      AUDIENCE=AUDIENCE, KEY=base64.b64encode(KEY).decode())
        text = (HERE / name).read_text()
        for key, value in values.items():
            text = text.replace(f"@{key}@", value)
        path = self.folder / name
        path.write_text(text)
        return path

    def start(self, name, *words):
        return self.spawn(name, *words).pid

    def spawn(self, name, *words):
        with open(self.folder / f"{name}.log", "ab") as log:
            process = subprocess.Popen([str(word) for word in words], stdout=log, stderr=log,
                                       cwd=self.folder)
        self.processes.append(process)
        return process

    def start_gateway(self, name, *words):
        upstreams = ",".join(f"{service}=127.0.0.1:{self.ports['upstream']}"
                             for service in SERVICES)
        self.pids[name] = self.start(
            name, BIN / "aurora-gateway", "--listen", f"127.0.0.1:{self.ports[name]}", "--http-threads", "1",
            "--upstream", upstreams, *words)

    def start_aurorad(self, name, *words):
        """With the products that are asked for, stored before it starts in open mode."""
        store = self.folder / f"{name}.db"
        port = self.ports[name]
        listen = ["--listen", f"127.0.0.1:{port}", "--http-threads", "1", "--store",
                  f"sqlite:{store}"]
        process = self.spawn(f"{name}-stock", BIN / "aurorad", *listen, "--log-level", "warning")
        self.wait(name, (404,))
        for first in range(0, SKUS, 500):
            body = {"products": [{"sku": f"sku-{i:05}", "name": f"Product {i}", "price_minor": 1250,
                                  "currency": "EUR", "description": "d" * 200}
                                 for i in range(first, first + 500)]}
            request = urllib.request.Request(f"http://127.0.0.1:{port}/products:batch",
                                             json.dumps(body).encode(),
                                             {"Content-Type": "application/json"})
            urllib.request.urlopen(request, timeout=20).close()
        process.send_signal(signal.SIGTERM)
        process.wait(15)
        self.processes.remove(process)
        self.pids[name] = self.start(name, BIN / "aurorad", *listen, *words)

    def start_all(self):
        self.start("upstream", BENCH / "bench_edge_upstream", self.ports["upstream"])
        checks = ["--jwt-keys", self.keys, "--jwt-issuer", ISSUER, "--jwt-audience", AUDIENCE,
                  "--service-secret", "the secret of the edge benchmark"]
        quiet, limit = ["--log-level", "warning"], ["--rate-limit", "1000000/1s"]
        self.start_aurorad("aurorad_open", *quiet)
        self.start_aurorad("aurorad", *quiet, *checks, *limit)
        self.start_gateway("gateway_open", *quiet)
        self.start_gateway("gateway", *quiet, *checks, *limit)
        self.start_gateway("gateway_log", "--log-level", "info", *checks, *limit)
        self.start_gateway("gateway_denied", *quiet, *checks, "--rate-limit", "1/1d")
        self.pids["haproxy"] = self.start("haproxy", "haproxy", "-db", "-f",
                                          self.fill_in("haproxy.cfg"))
        master = self.start("nginx", "nginx", "-p", self.folder, "-e",
                            self.folder / "nginx-error.log", "-c", self.fill_in("nginx.conf"))
        for name in ROWS:
            self.wait(name)
        worker = int(pathlib.Path(f"/proc/{master}/task/{master}/children").read_text().split()[0])
        for name in ("nginx", "nginx_log", "nginx_lua", "nginx_lua_denied"):
            self.pids[name] = worker

    def get(self, name, authorization=None):
        fields = {"Authorization": authorization} if authorization else {}
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.ports[name]}/products/sku-00001", headers=fields)
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code

    def wait(self, name, expected=(200, 401, 429)):
        until = time.monotonic() + 20
        why = ""
        while time.monotonic() < until:
            for process in self.processes:
                if process.poll() is not None:
                    raise SystemExit(f"edge: {process.args[0]} ended with {process.returncode}: "
                                     + self.logs())
            try:
                if self.get(name) in expected:
                    return
            except OSError as error:
                why = str(error)
            time.sleep(0.05)
        raise SystemExit(f"edge: {name} does not answer: {why} {self.logs()}")

    def logs(self):
        return "\n".join(path.read_text()[-500:] for path in sorted(self.folder.glob("*.log")))

    def check(self):
        """That the checks are made: a good token passes, a damaged one and none do not."""
        good = self.tokens.read_text().splitlines()[0].split(": ", 1)[1]
        bad = good[:-20] + ("A" if good[-20] != "A" else "B") + good[-19:]
        for name in ("nginx_lua", "gateway", "aurorad"):
            found = [self.get(name, good), self.get(name, bad)]
            if found != [200, 401]:
                raise SystemExit(f"edge: {name} answers {found} to a good and a bad token")
        if self.get("nginx_lua") != 401:
            raise SystemExit("edge: nginx_lua lets calls without a token pass")

    def load(self, name, seconds, status=None):
        if status is None:
            status = 429 if name in DENIED else 200
        done = subprocess.run(
            [BENCH / "bench_edge_load", str(self.ports[name]), str(self.pids[name]), str(seconds),
             str(status), "" if name in WITHOUT_TOKEN else str(self.tokens)],
            capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"edge: {name}: {done.stderr}\n{self.logs()}")
        return json.loads(done.stdout)

    def stop(self):
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                print(f"edge: {process.args[0]} did not end by itself", file=sys.stderr)
                process.kill()
                process.wait()


def measure(args, names):
    series = {name: [] for name in names}
    folder = pathlib.Path(tempfile.mkdtemp(prefix="aurora-edge-"))
    edge = Edge(folder)
    try:
        edge.start_all()
        edge.check()
        for name in names:  # connections, memory, verified tokens, empty buckets
            edge.load(name, 0.3, 0)
        for number in range(args.rounds):
            for name in names:
                series[name].append(edge.load(name, args.seconds))
    finally:
        edge.stop()
        shutil.rmtree(folder)
    return series


def figures_of(series):
    median = {name: statistics.median(run["cpu_us"] for run in runs)
              for name, runs in series.items()}
    figures = {f"cpu_us_{name}": round(value, 2) for name, value in median.items()}
    for name, runs in series.items():
        figures[f"per_s_{name}"] = round(statistics.median(run["per_s"] for run in runs))
    for to, of in (("haproxy", "gateway"), ("nginx", "gateway"), ("nginx_lua", "gateway"),
                   ("gateway", "gateway_denied")):
        if to in median and of in median:
            ratios = [a["cpu_us"] / b["cpu_us"] for a, b in zip(series[of], series[to])]
            figures[f"ratio_{of}_{to}"] = round(statistics.median(ratios), 3)
    return figures


def show(series, figures):
    base = figures.get("cpu_us_haproxy")
    print(f"{'':36} {'CPU us':>8} {'lowest':>8} {'highest':>8} {'x HAProxy':>10} {'requests/s':>11}")
    for name, runs in series.items():
        spent = [run["cpu_us"] for run in runs]
        times = f"{figures[f'cpu_us_{name}'] / base:10.2f}" if base else " " * 10
        print(f"{ROWS[name]:36} {figures[f'cpu_us_{name}']:8.2f} {min(spent):8.2f} "
              f"{max(spent):8.2f} {times} {figures[f'per_s_{name}']:11}")
    bars = (("ratio_gateway_haproxy", "gateway to HAProxy, at most 2", 2.0),
            ("ratio_gateway_nginx_lua", "gateway to nginx + Lua, below 1", 1.0),
            ("ratio_gateway_denied_gateway", "denied to allowed, below 1", 1.0))
    for name, text, bar in bars:
        if name in figures:
            print(f"{text:36} {figures[name]:8.2f} {'' if figures[name] <= bar else '  MISSED'}")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=1.5)
    parser.add_argument("--only")
    args = parser.parse_args()
    names = args.only.split(",") if args.only else list(ROWS)
    for name in names:
        if name not in ROWS:
            raise SystemExit(f"edge: there is no row {name}: {', '.join(ROWS)}")
    for program in ("nginx", "haproxy"):
        if shutil.which(program) is None:
            raise SystemExit(f"edge: {program} is not installed (./dev setup)")
    series = measure(args, names)
    figures = figures_of(series)
    show(series, figures)
    path = pathlib.Path(os.environ.get("AURORA_BENCH_JSON", ROOT / "var/bench/edge.json"))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
