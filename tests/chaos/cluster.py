# SPDX-License-Identifier: MIT
"""The cluster under test: its daemons and engines as processes that can be hurt, all through the
scripts that developers use too."""

import os
import pathlib
import signal
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
ENGINES = ("postgres", "redis", "kafka", "opensearch")
SERVICES = ("gateway", "product", "order", "inventory", "payment", "search", "recommendation",
            "notification")
PSQL = "/usr/lib/postgresql/15/bin/psql"

# Faults are many and short here: what waits for minutes in production waits for seconds. The
# simulator answers later, so that payments are calls that a crash can meet half way.
SETTINGS = """order_deadline = 60s
order_late_grace = 10s
resend_first = 2s
resend_max = 10s
retry_first = 200ms
retry_max = 2s
payment = simulator:?latency_ms=5&decline=0.03
"""
KAFKA = "[kafka]\nsession.timeout.ms = 6000\nheartbeat.interval.ms = 1500\n"


class Broken(Exception):
    """The cluster does not do what it must."""


class Cluster:
    def __init__(self, folder, instances):
        self.folder = pathlib.Path(folder).resolve()
        self.count = instances
        self.environment = dict(os.environ,
                                AURORA_CLUSTER_DIR=str(self.folder / "cluster"),
                                AURORA_ENGINES_DIR=str(self.folder / "engines"),
                                AURORA_ENGINES_JIT="quick",
                                AURORA_BIN=os.environ.get("AURORA_BIN", str(ROOT / "build/bin")))
        self.variables = {}
        self.base = 0

    def run(self, *command, check=True, timeout=300):
        answer = subprocess.run([str(word) for word in command], cwd=ROOT, env=self.environment,
                                text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                stdin=subprocess.DEVNULL, timeout=timeout, check=False)
        if check and answer.returncode != 0:
            raise Broken(f"{' '.join(map(str, command))}: {answer.stdout.strip()}")
        return answer.stdout

    def start(self):
        (self.folder / "cluster").mkdir(parents=True, exist_ok=True)
        self.run("./dev", "cluster", "stop", "--wipe")
        (self.folder / "cluster/extra.ini").write_text(SETTINGS + KAFKA, encoding="utf-8")
        self.run("./dev", "cluster", "--instances", self.count, "--port-base", "free", "--no-seed")
        self.read_places()

    def read_places(self):
        for line in (self.folder / "engines/env").read_text(encoding="utf-8").splitlines():
            name, _, value = line.removeprefix("export ").partition("=")
            self.variables[name] = value.strip("'")
        for line in (self.folder / "cluster/plan").read_text(encoding="utf-8").splitlines():
            if line.startswith("cluster_base="):
                self.base = int(line.partition("=")[2])

    def stop(self, wipe):
        self.run("./dev", "cluster", "stop", *(["--wipe"] if wipe else []), check=False)
        if not wipe:
            self.run("./dev", "down", check=False)

    # --- daemons

    def instances(self):
        return [f"{service}.{number}" for service in SERVICES
                for number in range(1, self.count + 1)]

    def gateways(self):
        return [self.base + 10 * number for number in range(self.count)]

    def pid(self, instance):
        """None if it does not live: a process that ended is a zombie of nobody here."""
        try:
            pid = int((self.folder / f"cluster/{instance}.pid").read_text(encoding="utf-8"))
            command = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode()
        except (OSError, ValueError):
            return None
        return pid if f"{instance}.ini" in command else None

    def signal(self, instance, number):
        pid = self.pid(instance)
        if pid is None:
            raise Broken(f"{instance} is not there to get a signal")
        os.kill(pid, number)

    def end(self, instance):
        self.run("./dev", "cluster", "end", instance)

    def kill(self, instance):
        self.signal(instance, signal.SIGKILL)

    def bring_back(self, instance):
        self.run("./dev", "cluster", "start", instance)

    def dead(self):
        return [instance for instance in self.instances() if self.pid(instance) is None]

    def wait_ready(self, limit_s):
        """Every instance that lives says yes on /readyz; else Broken."""
        end = time.monotonic() + limit_s
        waiting = set(self.instances())
        while waiting and time.monotonic() < end:
            text = self.run("./dev", "cluster", "status")
            waiting = {line.split()[0] for line in text.splitlines() if "ready" in line
                       and "not ready" in line or "pid" not in line}
            if waiting:
                time.sleep(0.3)
        if waiting:
            raise Broken(f"not ready after {limit_s} s: {', '.join(sorted(waiting))}")

    # --- engines

    def engine(self, name, word):
        return self.run("scripts/engines/engine.sh", name, word)

    def store(self):
        return self.variables["AURORA_TEST_POSTGRES"]

    def sql(self, text):
        """Rows of strings."""
        answer = subprocess.run([PSQL, "-qAtX", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-c", text,
                                 self.store()], text=True, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, check=False, timeout=120)
        if answer.returncode != 0:
            raise Broken(f"SQL: {answer.stderr.strip()}")
        return [line.split("\t") for line in answer.stdout.splitlines()]
