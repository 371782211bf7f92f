# SPDX-License-Identifier: MIT
"""An aurorad of one's own for a test: a free port, a folder that goes away, requests signed where it has a secret."""

import hashlib
import hmac
import http.client
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts" / "lib"))
from free_port import free_port  # noqa: E402

BIN = pathlib.Path(os.environ.get("AURORA_BIN", "build/bin"))
SCOPES = ("orders:read orders:write orders:admin orders:import products:write inventory:read inventory:write admin")


def signature(secret, method, path, query, body, principal, scopes, deadline):
    text = "\n".join([method, path, query, hashlib.sha256(body).hexdigest(), principal, scopes, deadline])
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def signed_fields(secret, method, target, body=b"", principal="alice", scopes=SCOPES, ahead_ms=60000):
    path, _, query = target.partition("?")
    deadline = str(int(time.time() * 1000) + ahead_ms)
    return {
        "Aurora-Principal": principal,
        "Aurora-Scopes": scopes,
        "Aurora-Deadline": deadline,
        "Aurora-Signature": signature(secret, method, path, query, body, principal, scopes, deadline),
    }


def until(what, is_so, seconds=60):
    """What `is_so` gives once it is true; the program ends where that takes longer."""
    end = time.monotonic() + seconds
    while not (found := is_so()):
        if time.monotonic() > end:
            raise SystemExit(f"{what}: not within {seconds} s")
        time.sleep(0.02)
    return found


def whole_lines(text):
    """Those that are written to their end: a log grows while it is read."""
    return text[:text.rfind("\n") + 1].splitlines()


class Server:
    """with Server("--setting", "value") as server: ...; server.call("GET", "/products")"""

    def __init__(self, *arguments, secret="", store=None, port=None, environment=None, program="aurorad",
                 ready=True):
        """`ready` False: alive is enough to begin with."""
        self.program = program
        self.probe = "/readyz" if ready else "/livez"
        self.port = port or free_port()
        self.secret = secret
        self.folder = tempfile.TemporaryDirectory(prefix="aurora-server-")
        self.store = store or f"sqlite:{self.folder.name}/shop.db"
        self.arguments = arguments
        self.environment = dict(os.environ, **(environment or {}))
        if secret:
            self.environment["AURORA_SERVICE_SECRET"] = secret
        self.process = None
        self.log = pathlib.Path(self.folder.name) / "log"

    def launch(self):
        """Starts it and does not wait."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [str(BIN / self.program), "--store", self.store, "--listen", f"127.0.0.1:{self.port}", *self.arguments],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment)

    def start(self, timeout=60):
        self.launch()
        return self.await_ready(timeout)

    def await_ready(self, timeout=60):
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.program} ended with {self.process.returncode}: {self.log_text()[-2000:]}")
            try:
                if self.call("GET", self.probe)[0] == 200:
                    return self
            except OSError:
                pass
            time.sleep(0.02)
        raise RuntimeError(f"{self.program} is not ready: {self.log_text()[-2000:]}")

    def log_text(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self, timeout=30):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        if self.process is not None and self.process.poll() is None:
            try:
                self.stop()
            except subprocess.TimeoutExpired:
                self.kill()
        self.folder.cleanup()

    def fields(self, method, target, body=b"", principal="alice", scopes=SCOPES):
        return signed_fields(self.secret, method, target, body, principal, scopes) if self.secret else {}

    def open(self, timeout):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def raw(self, method, target, body=None, headers=None, principal="alice", scopes=SCOPES, timeout=30, **where):
        """(status, fields, bytes) of one request on a connection of its own; `where` is for open()."""
        data = b"" if body is None else json.dumps(body).encode()
        fields = self.fields(method, target, data, principal, scopes)
        if body is not None:
            fields["Content-Type"] = "application/json"
        fields.update(headers or {})
        connection = self.open(timeout, **where)
        try:
            connection.request(method, target, data if body is not None else None, fields)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def call(self, method, target, body=None, headers=None, **others):
        """As `raw`, with the parsed JSON where the body is some."""
        status, fields, text = self.raw(method, target, body, headers, **others)
        return status, fields, json.loads(text) if "json" in fields.get("Content-Type", "") and text else text

    def metric(self, name, **others):
        """`name` with its labels, where it has some."""
        for line in self.raw("GET", "/metrics", **others)[2].decode().splitlines():
            if line.startswith(name + " "):
                return float(line.rpartition(" ")[2])
        raise SystemExit(f"{self.program} has no metric {name}")

    def resident_kib(self):
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        return 0

    def descriptors(self):
        """For who is not root, of a server with --core-dumps true alone: others are closed to the /proc of their user."""
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))


SERVICES = ("order", "product", "inventory", "payment", "search", "recommendation", "notification")


class Gateway(Server):
    """A gateway in front of an aurorad, which stands for all services and has the arguments."""

    kind_behind = Server

    def __init__(self, *arguments, secret="", **others):
        self.behind = self.kind_behind(*arguments, secret=secret, **others)
        upstream = ",".join(f"{name}=127.0.0.1:{self.behind.port}" for name in SERVICES)
        super().__init__("--upstream", upstream, secret=secret, program="aurora-gateway")

    def start(self, timeout=60):
        if self.behind.process is None:
            self.behind.start(timeout)
        return super().start(timeout)

    def __exit__(self, *details):
        super().__exit__(*details)
        self.behind.__exit__(*details)
