# SPDX-License-Identifier: MIT
"""Where calls fail (sweep.py): an aurorad with the shim and one thing of the world around it, or eight daemons on the
engines, one of them with the shim."""

import http.client
import os
import pathlib
import ssl
import sys
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
from aurora_cluster import QUICK_KAFKA, System  # noqa: E402
from aurora_server import Server  # noqa: E402
from customers import Wire  # noqa: E402
from shim import Shim  # noqa: E402
from surroundings import Bridge, Database, Hook, Issuer, Mailbox  # noqa: E402
from tls_files import Files  # noqa: E402

PATIENT = {"log-level": "error", "retry-first": "50ms", "retry-max": "200ms", "resend-first": "1s", "resend-max": "1s",
           "attempts-max": "100", "order-wait": "500ms", "payment-timeout": "2s"}
SETTINGS = tuple(word for name, value in PATIENT.items() for word in (f"--{name}", value))
PATIENCE_S = 2    # for an answer meanwhile: that of a commit whose outcome is unknown waits for it
DAEMONS = {"gateway": "gateway", "search-daemon": "search",
           **{name: name for name in ("product", "order", "inventory", "payment", "recommendation", "notification")}}


class Place:
    """An aurorad with the shim, and what stands around it."""

    def __init__(self, kind, engines, folder):
        self.kind = kind
        self.folder = pathlib.Path(folder)
        self.shim = Shim(folder)
        self.orders = []
        self.database = Database(engines["POSTGRES"]) if kind == "postgres" else None
        self.store = self.database.url if self.database else f"sqlite:{self.folder / 'shop.db'}"
        self.witness = {"bridge": Bridge, "mail": Mailbox, "hook": Hook, "tokens": lambda: Issuer(folder)}.get(
            kind, lambda: None)()
        self.files = Files() if kind == "tls" else None
        self.index = f"{engines['OPENSEARCH']}/sweep-{os.getpid()}"
        self.server = Server(*SETTINGS, *self.around(engines), store=self.store, environment=self.shim.environment)
        if self.files:
            self.context = ssl.create_default_context(cafile=self.files.path("ca.pem"))
            self.server.open = lambda timeout: http.client.HTTPSConnection("localhost", self.server.port, timeout=timeout,
                                                                          context=self.context)

    def around(self, engines):
        settings = self.witness.settings() if self.witness else ()
        if "--notify" not in settings:
            settings += ("--notify", "none:")
        if self.kind == "redis":
            settings += ("--cache", engines["REDIS"], "--limiter", engines["REDIS"], "--rate-limit", "100000/1s",
                         "--cache-ttl", "1ms")
        elif self.kind == "search":
            settings += ("--search", f"{engines['OPENSEARCH'].replace('http', 'elasticsearch', 1)}?index=sweep-{os.getpid()}")
        elif self.kind == "kafka":
            settings += ("--bus", f"kafka://{engines['KAFKA']}?prefix=sweep-{os.getpid()}.")
        elif self.kind == "tls":
            certificate = self.files.certificate("server")
            settings += ("--tls-certificate", certificate[0], "--tls-key", certificate[1])
        return settings

    def call(self, method, path, body=None):
        fields = {"Authorization": f"Bearer {self.witness.token()}"} if self.kind == "tokens" else None
        return self.server.call(method, path, body, fields)

    def __enter__(self):
        self.server.start(60)
        self.call("PUT", "/products/cup", {"name": "Cup", "price_minor": 250, "currency": "EUR"})
        self.call("POST", "/inventory/cup/receipts", {"quantity": 1000000})
        return self

    def __exit__(self, *details):
        self.shim.disarm()
        self.server.__exit__(*details)
        if self.database:
            self.database.drop()
        if self.files:
            self.files.cleanup()
        if self.kind == "search":
            urllib.request.urlopen(urllib.request.Request(f"{self.index}*", method="DELETE"), timeout=30).close()

    def wire(self):
        return TlsWire(self) if self.files else Wire(self.server.port, PATIENCE_S)

    def fields(self):
        return f"Authorization: Bearer {self.witness.token()}\r\n" if self.kind == "tokens" else ""

    def is_dead(self):
        return self.server.process.poll() is not None

    def log_text(self):
        return self.server.log_text()


class Cluster:
    """Eight daemons on the engines, one of them with the shim; customers come through the gateway."""

    def __init__(self, kind, engines, folder):
        self.kind = kind
        self.shim = Shim(folder)
        self.orders = []
        self.witness = None
        settings = "".join(f"{name.replace('-', '_')} = {value}\n" for name, value in PATIENT.items())
        self.system = System(engines, settings=settings, kafka=QUICK_KAFKA)
        self.daemon = self.system[DAEMONS[kind]]
        self.daemon.environment = self.shim.environment
        self.call = self.system.call

    def __enter__(self):
        self.system.__enter__()
        self.store = self.system.store
        self.system.sell("cup", 1000000, 250)
        return self

    def __exit__(self, *details):
        self.shim.disarm()
        self.system.__exit__(*details)

    def wire(self):
        return Wire(self.system.gateway.port, PATIENCE_S)

    def fields(self):
        return ""

    def is_dead(self):
        return any(daemon.is_dead() for daemon in self.system.all)

    def log_text(self):
        return "\n".join(daemon.tail() for daemon in self.system.all if daemon.is_dead())


class TlsWire(Wire):
    def __init__(self, place):
        super().__init__(place.server.port, PATIENCE_S)
        self.context = place.context

    def connect(self):
        plain = super().connect()
        try:
            return self.context.wrap_socket(plain, server_hostname="localhost")
        except OSError:
            plain.close()
            raise
