# SPDX-License-Identifier: MIT
"""The daemons over the shared engines (./dev up), for a test alone: its own database, topics, keys and index, any number
of instances of each service, settings of its own; what waiting, SQL, the topics and auroractl need."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.request
import uuid

from aurora_server import BIN, SERVICES, Server, free_port

SECONDS = 90  # for groups to form and on busy machines; all the rest is quick
PARTITIONS = 4
QUICK_KAFKA = "session.timeout.ms = 6000\nheartbeat.interval.ms = 1000\n"


def take_environment():
    """What the engines' addresses are; the rest of AURORA_* would be settings of the daemons."""
    kept = ("AURORA_BIN", "AURORA_SOURCE_DIR", "AURORA_DATA")
    for name in [name for name in os.environ if name.startswith("AURORA_") and name not in kept]:
        if not name.startswith("AURORA_TEST_"):
            del os.environ[name]
    found = {name: os.environ.pop(f"AURORA_TEST_{name}", None)
             for name in ("POSTGRES", "KAFKA", "REDIS", "OPENSEARCH")}
    return found


class Daemon:
    """One process; `settings` are lines of its file."""

    def __init__(self, service, number, folder, settings, secret=""):
        self.service, self.port = service, free_port()
        self.name = f"{service}.{number}"
        self.folder = pathlib.Path(folder)
        self.log = self.folder / f"{self.name}.log"
        self.file = self.folder / f"{self.name}.ini"
        self.settings = settings
        self.environment = {}  # beyond that of the test
        self.process = None
        self.client = Server(port=self.port, program=f"aurora-{service}", secret=secret)
        self.call = self.client.call

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self):
        self.file.write_text(f"listen = 127.0.0.1:{self.port}\n{self.settings}")
        environment = {name: value for name, value in os.environ.items() if not name.startswith("AURORA_")}
        environment["AURORA_CORE_DUMPS"] = "true"  # pss_kib reads what is closed otherwise
        environment.update(self.environment)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([str(BIN / f"aurora-{self.service}"), "--config", str(self.file)],
                                            cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env=environment)

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        self.signal(signal.SIGKILL)
        self.process.wait()

    def end(self):
        self.signal(signal.SIGTERM)
        code = self.process.wait(40)
        self.process = None
        if code != 0:
            raise SystemExit(f"{self.name} ends with {code}: {self.tail()}")

    def is_dead(self):
        return self.process is not None and self.process.poll() is not None

    def tail(self, size=1500):
        """The end of its log, but only what is no daily business."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        lines = [line for line in text.splitlines() if '"severity":"INFO"' not in line]
        return "\n".join(re.sub(r',"(severity_number|service\.[a-z]*)":("[^"]*"|\d+)', "", line) for line in lines)[-size:]

    def metrics(self):
        """{"name{labels}": value}"""
        text = self.call("GET", "/metrics")[2]
        lines = (text.decode() if isinstance(text, bytes) else text).splitlines()
        return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2])
                for line in lines if line and not line.startswith("#")}

    def pss_kib(self):
        for line in pathlib.Path(f"/proc/{self.process.pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
        return 0


class System:
    """with System(engines) as system: ...; stores are SQLite files where `engines` has no POSTGRES."""

    def __init__(self, engines, instances=1, settings="", own=None, kafka="", secret=""):
        """`settings` for all, `own` {service: lines}, `kafka` lines of the section; with a `secret` all is signed."""
        self.engines, self.secret = engines, secret
        self.prefix = f"t{os.getpid()}x{uuid.uuid4().hex[:6]}"
        self.folder = tempfile.mkdtemp(prefix="aurora-cluster-")
        self.store = None
        if engines.get("POSTGRES"):
            self.database = f"aurora_t_{os.getpid()}_{self.prefix[-6:]}"
            self.store = f"{engines['POSTGRES'].rpartition('/')[0]}/{self.database}"
        settings += f"service_secret = {secret}\n" if secret else ""
        common = f"bus = kafka://{engines['KAFKA']}?prefix={self.prefix}&partitions={PARTITIONS}\nstart_wait = 30s\n"
        if self.store:
            common += f"store = {self.store}\n"
        if engines.get("REDIS"):
            common += f"cache = {engines['REDIS']}/0?prefix={self.prefix}\n"
        own = dict(own or {})
        if engines.get("OPENSEARCH"):
            host = engines["OPENSEARCH"].removeprefix("http://")
            own["search"] = own.get("search", "") + f"search = elasticsearch://{host}?index={self.prefix}\n"
        self.services = [Daemon(service, number, self.folder,
                                f"{common}{own.get(service, '')}{settings}[kafka]\n{kafka}", secret)
                         for service in SERVICES for number in range(1, instances + 1)]
        upstream = ",".join(f"{daemon.service}=127.0.0.1:{daemon.port}" for daemon in self.services)
        self.gateway = Daemon("gateway", 1, self.folder,
                              f"upstream = {upstream}\n{own.get('gateway', '')}{settings}", secret)
        self.call = self.gateway.call
        self.all = [self.gateway, *self.services]
        self.by_name = {daemon.name: daemon for daemon in self.all}

    def __getitem__(self, name):
        return self.by_name[name if "." in name else f"{name}.1"]

    def of(self, service):
        return [daemon for daemon in self.services if daemon.service == service]

    # --- life

    def __enter__(self):
        if self.store:
            self.psql(f"CREATE DATABASE {self.database}", self.engines["POSTGRES"])
        try:
            for daemon in self.all:  # the gateway first: any order will do
                daemon.start()
            self.wait_ready()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for daemon in self.all:
            if daemon.process is not None and daemon.process.poll() is None:
                daemon.process.kill()
                daemon.process.wait()
            daemon.client.folder.cleanup()
        if self.store:
            # WITH (FORCE) would end the server's own autovacuum too, which only a superuser may.
            self.psql("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = current_user"
                      f" AND datname = '{self.database}'", self.engines["POSTGRES"])
            self.psql(f"DROP DATABASE IF EXISTS {self.database}", self.engines["POSTGRES"])
        if self.engines.get("OPENSEARCH"):
            for index in self.indexes():
                self.opensearch("DELETE", f"/{index}")
        shutil.rmtree(self.folder, ignore_errors=True)

    def end(self):
        """All drain on SIGTERM and end with status 0."""
        for daemon in self.all:
            daemon.signal(signal.SIGTERM)
        codes = {daemon.name: daemon.process.wait(40) for daemon in self.all}
        if any(codes.values()):
            self.fail("ends", codes)

    def fail(self, *details):
        for daemon in self.all:
            print(f"--- {daemon.name}\n{daemon.tail()}")
        raise SystemExit(f"failed: {details}")

    def expect(self, is_so, *details):
        if not is_so:
            self.fail(*details)

    def until(self, what, ask, seconds=SECONDS):
        """The first true answer of `ask`, which may fail with OSError meanwhile."""
        end = time.monotonic() + seconds
        last = None
        while time.monotonic() < end:
            for daemon in self.all:
                if daemon.is_dead():
                    self.fail(daemon.name, "ended with", daemon.process.returncode)
            try:
                last = ask()
                if last:
                    return last
            except OSError as error:
                last = error
            time.sleep(0.1)
        return self.fail(what, "not within", seconds, last)

    def wait_ready(self):
        def ready():
            status, _, body = self.call("GET", "/readyz")
            return status == 200 and all(check["status"] == "ok" for check in body["checks"]) and all(
                daemon.process is None or daemon.call("GET", "/readyz")[0] == 200 for daemon in self.services)
        self.until("ready", ready)

    def reload(self, service, name, value):
        """Another value for a setting that its file has, while it runs."""
        for daemon in self.of(service):
            daemon.file.write_text(re.sub(rf"^{name} = .*$", f"{name} = {value}", daemon.file.read_text(), flags=re.M))
            daemon.signal(signal.SIGHUP)
            self.until(f"{name} is taken over", lambda daemon=daemon: f"{name} is {value}" in daemon.log.read_text(), 20)

    # --- the shop

    def sell(self, sku, stock, price_minor=1250, **others):
        """A product with stock that can be ordered at once."""
        product = {"name": sku.title(), "price_minor": price_minor, "currency": "EUR", **others}
        self.until("a product", lambda: self.call("PUT", f"/products/{sku}", product)[0] in (200, 201))
        self.until("stock", lambda: self.call("POST", f"/inventory/{sku}/receipts", {"quantity": stock},
                                              {"Idempotency-Key": f"first-{sku}"})[0] in (200, 201))

    def order(self, token, quantity=1, sku="mug"):
        return {"lines": [{"sku": sku, "quantity": quantity}], "currency": "EUR", "payment_method": token,
                "contact": f"{sku}@example.com"}

    def place(self, token, quantity=1, sku="mug", wait=5, key=None, **others):
        """An order that was taken, as the answer shows it."""
        key = key or uuid.uuid4().hex
        headers = {"Idempotency-Key": key, **({"Prefer": f"wait={wait}"} if wait else {})}

        def ask():
            status, _, body = self.call("POST", "/orders", self.order(token, quantity, sku), headers, **others)
            if status == 422 and body["code"] == "unknown_sku":
                return None  # the price list follows the catalogue
            self.expect(status in (201, 502, 503, 504), "POST /orders", status, body)
            return body if status == 201 else None
        return self.until("an order is taken", ask)

    def settled(self, order, status, seconds=SECONDS):
        def ask():
            _, _, body = self.call("GET", f"/orders/{order['id']}")
            return body if body.get("status") == status and body.get("settled_at") else None
        return self.until(f"order {order['id']} is {status}", ask, seconds)

    def stock(self, sku="mug", seconds=20, **wanted):
        def ask():
            _, _, body = self.call("GET", f"/inventory/{sku}")
            return all(body.get(name) == value for name, value in wanted.items()) and body
        return self.until(f"stock of {sku} {wanted}", ask, seconds)

    # --- engines

    def psql(self, text, url=None):
        answer = subprocess.run(["psql", "-qAtX", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-c", text, url or self.store],
                                text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, timeout=120)
        if answer.returncode != 0:
            raise SystemExit(f"SQL: {answer.stderr.strip()}")
        return [line.split("\t") for line in answer.stdout.splitlines()]

    def opensearch(self, method, path):
        request = urllib.request.Request(self.engines["OPENSEARCH"] + path, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read())

    def indexes(self):
        return [entry["index"] for entry in self.opensearch("GET", f"/_cat/indices/{self.prefix}*?format=json")]

    def topic(self, name):
        return f"{self.prefix}.{name}.v1"

    def records(self, name):
        """All records of a topic, in the order of its partitions; `headers` is a dict, `data` the parsed payload."""
        answer = subprocess.run(["kcat", "-C", "-q", "-e", "-J", "-o", "beginning", "-b", self.engines["KAFKA"],
                                 "-t", self.topic(name)], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                check=False, timeout=300)
        found = []
        for line in answer.stdout.splitlines():
            record = json.loads(line)
            pairs = record.get("headers") or []
            record["headers"] = dict(zip(pairs[::2], pairs[1::2]))
            record["data"] = json.loads(record["payload"]) if record["payload"].startswith("{") else None
            found.append(record)
        return sorted(found, key=lambda record: (record["partition"], record["offset"]))

    def put_record(self, name, key, payload, partition=None, headers=()):
        """Writes a message to a topic as anybody could; to the partition that the key belongs to."""
        partition = partition_of(key) if partition is None else partition
        command = ["kcat", "-P", "-b", self.engines["KAFKA"], "-t", self.topic(name), "-p", str(partition), "-k", key]
        for pair in headers:
            command += ["-H", "=".join(pair)]
        subprocess.run(command, input=payload, text=True, check=True, timeout=60)

    # --- auroractl

    def ctl(self, *words, expect=0, stdin=None):
        """What `auroractl WORDS --json` answers."""
        environment = dict(os.environ, **({"AURORA_SERVICE_SECRET": self.secret} if self.secret else {}))
        answer = subprocess.run([str(BIN / "auroractl"), *map(str, words), "--json"], text=True, input=stdin,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, check=False,
                                timeout=3600)
        self.expect(answer.returncode == expect, "auroractl", words, answer.returncode, answer.stdout[-3000:],
                    answer.stderr[-3000:])
        return json.loads(answer.stdout) if answer.stdout.startswith("{") else answer.stdout

    def verify(self):
        """Nothing is under way and no invariant is broken."""
        self.until("nothing unsettled", lambda: self.psql(
            "SELECT count(*) FROM aurora_order.orders WHERE settled_at IS NULL") == [["0"]])
        answer = self.ctl("verify", "--store", self.store, "--at-rest")
        self.expect(answer["ok"] and not answer["violations"], answer)


def murmur2(data):
    """As Java's clients of Kafka have it."""
    mask, mixer = 0xFFFFFFFF, 0x5BD1E995
    value = (0x9747B28C ^ len(data)) & mask
    whole = len(data) // 4 * 4
    for at in range(0, whole, 4):
        part = int.from_bytes(data[at:at + 4], "little") * mixer & mask
        part = (part ^ part >> 24) * mixer & mask
        value = value * mixer & mask ^ part
    if whole < len(data):
        value = (value ^ int.from_bytes(data[whole:], "little")) * mixer & mask
    value = (value ^ value >> 13) * mixer & mask
    return value ^ value >> 15


def partition_of(key):
    return (murmur2(key.encode()) & 0x7FFFFFFF) % PARTITIONS


def disordered(records):
    """Keys whose events do not stand in the order of their source's log, or whose order goes back. A relay that starts
    again repeats some: only what is new must come in order."""
    wrong, newest, versions = [], {}, {}
    for record in records:
        place = record["partition"], record["key"], record["headers"]["ce_source"]
        number = int(record["headers"]["ce_sequence"])
        seen = newest.setdefault(place, set())
        is_new = number not in seen
        if is_new and seen and number < max(seen):
            wrong.append(f"{record['topic']}: {record['key']}: {number} after {max(seen)}")
        seen.add(number)
        version = (record["data"] or {}).get("order_version")
        if is_new and version is not None and not record["data"].get("resend"):
            if version < versions.get(place, 0):
                wrong.append(f"{record['topic']}: {record['key']}: version {version} after {versions[place]}")
            versions[place] = version
    return wrong
