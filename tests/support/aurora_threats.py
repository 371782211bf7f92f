# SPDX-License-Identifier: MIT
"""What the tests of tests/threats share: kept connections that speak for whom they are told to, the places that they ask
(aurorad, a gateway before it, the services behind a gateway), and a list of complaints in place of the first one."""

import contextlib
import http.client
import json
import os
import re
import subprocess
import sys
import tempfile
import uuid

from aurora_server import BIN, SCOPES, SERVICES, Gateway, Server, signed_fields, until  # noqa: F401

SECRET = "a secret of at least thirty-two bytes"
ALL_SCOPES = SCOPES.split()
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS")
UNKNOWN_ID = "018f0000-0000-7000-8000-00000000dead"
NOBODY = None


class Answer:
    def __init__(self, status, fields, body):
        self.status, self.fields, self.body = status, fields, body

    @property
    def json(self):
        return json.loads(self.body) if self.body else None

    @property
    def code(self):
        try:
            return self.json.get("code")
        except (ValueError, AttributeError):
            return None

    def __repr__(self):
        return f"{self.status} {self.body[:300]!r}"


class Client:
    """One kept connection. `principal` NOBODY sends no identity at all."""

    def __init__(self, port, secret=SECRET):
        self.port, self.secret = port, secret
        self.connection = None
        self.count = 0

    def identity(self, method, target, body, principal, scopes):
        if principal is NOBODY or not self.secret:
            return {}
        return signed_fields(self.secret, method, target, body, principal, scopes)

    def ask(self, method, target, body=None, headers=None, principal="alice", scopes=SCOPES):
        """`body` bytes are sent as they are, anything else as JSON."""
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        fields = self.identity(method, target, data or b"", principal, scopes)
        if data is not None:
            fields["Content-Type"] = "application/json"
        fields.update(headers or {})
        self.count += 1
        for attempt in range(2):
            if self.connection is None:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
            try:
                self.connection.request(method, target, data, fields)
                answer = self.connection.getresponse()
                break
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
                self.close()
                if attempt == 1:
                    raise
        if answer.getheader("Content-Type", "").startswith("text/event-stream") and method != "HEAD":
            text = b"<stream>"  # which may have no end
            self.close()
        else:
            text = answer.read()
        if answer.will_close:
            self.close()
        return Answer(answer.status, answer.headers, text)

    def must(self, statuses, *arguments, **others):
        answer = self.ask(*arguments, **others)
        if answer.status not in (statuses if isinstance(statuses, tuple) else (statuses,)):
            raise SystemExit(f"{arguments}: {answer!r}, expected {statuses}")
        return answer

    def close(self):
        if self.connection is not None:
            self.connection.close()
        self.connection = None


class TokenClient(Client):
    """Speaks by bearer tokens of `auroractl token`, one for each principal and its scopes."""

    def __init__(self, port, key):
        super().__init__(port)
        self.key, self.tokens = key, {}

    def identity(self, method, target, body, principal, scopes):
        if principal is NOBODY:
            return {}
        if (principal, scopes) not in self.tokens:
            self.tokens[principal, scopes] = ctl("token", "--key", self.key, "--sub", principal, "--scope", scopes, *ISSUED_BY)
        return {"Authorization": f"Bearer {self.tokens[principal, scopes]}"}


class Complaints:
    """What is wrong, told whole at the end."""

    def __init__(self):
        self.found, self.asked = [], 0

    def expect(self, is_so, *details):
        self.asked += 1
        if not is_so:
            self.found.append(" ".join(str(detail) for detail in details))

    def end(self, title):
        for line in self.found[:60]:
            print(line)
        print(f"{title}: {self.asked} expectations, {len(self.found)} not met")
        if self.found:
            sys.exit(1)


def need(*programs):
    for program in programs:
        if not (BIN / program).exists():
            print(f"skipped: this build has no {program}")
            sys.exit(77)


@contextlib.contextmanager
def aurorad(*arguments, secret=SECRET, **others):
    with Server(*arguments, secret=secret, **others) as server:
        yield Client(server.port, secret), server


@contextlib.contextmanager
def through_gateway(*arguments, secret=SECRET, **others):
    """A gateway; the aurorad behind it stands for all services."""
    with Gateway(*arguments, secret=secret, **others) as server:
        yield Client(server.port, secret), server


ISSUED_BY = ("--issuer", "https://id.example/", "--audience", "aurora")


def ctl(*words):
    return subprocess.run([str(BIN / "auroractl"), *map(str, words)], check=True, text=True, timeout=60,
                          stdout=subprocess.PIPE).stdout.strip()


@contextlib.contextmanager
def by_tokens(*arguments):
    """A gateway that asks for tokens, and signs anew for what is behind it."""
    with tempfile.TemporaryDirectory(prefix="aurora-keys-") as keys:
        ctl("keygen", "--alg", "ES256", "--kid", "first", "--out", keys)
        server = Gateway(*arguments, secret=SECRET)
        server.arguments = (*server.arguments, "--jwt-keys", f"{keys}/jwks.json", "--jwt-issuer", "https://id.example/",
                            "--jwt-audience", "aurora")
        with server:
            yield TokenClient(server.port, f"{keys}/first.jwk"), server


def without_traces(text, *ids):
    """The bytes of an answer without what must differ from one request to the next."""
    text = re.sub(rb'"trace_id":"[0-9a-f]{32}"', b'"trace_id":""', text)
    for one in ids:
        text = text.replace(one.encode(), b"<id>")
    return text


def comparable(answer, *ids):
    fields = sorted((name.lower(), value) for name, value in answer.fields.items()
                    if name.lower() not in ("date", "x-request-id"))
    return answer.status, fields, without_traces(answer.body, *ids)


def sell(client, sku, stock, price_minor=1250, **others):
    client.must((200, 201), "PUT", f"/products/{sku}",
                {"name": sku, "price_minor": price_minor, "currency": "EUR", **others})
    if stock:
        client.must((200, 201), "POST", f"/inventory/{sku}/receipts", {"quantity": stock})


def order_of(sku="mug", quantity=1, token="tok_approve", **others):
    return {"lines": [{"sku": sku, "quantity": quantity}], "currency": "EUR", "payment_method": token, **others}


@contextlib.contextmanager
def postgres():
    """A database of one's own on the shared server (AURORA_TEST_POSTGRES): the URL of a store."""
    server = os.environ["AURORA_TEST_POSTGRES"]
    name = f"aurora_t_{os.getpid()}_{uuid.uuid4().hex[:6]}"

    def psql(text):
        subprocess.run(["psql", "-qAtX", "-v", "ON_ERROR_STOP=1", "-c", text, server], check=True, timeout=60,
                       stdout=subprocess.DEVNULL)
    psql(f"CREATE DATABASE {name}")
    try:
        yield f"{server.rpartition('/')[0]}/{name}"
    finally:
        psql("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = current_user"
             f" AND datname = '{name}'")
        psql(f"DROP DATABASE IF EXISTS {name}")


@contextlib.contextmanager
def two_instances(store, *arguments):
    """Two aurorad of one store, and a gateway that shares the calls between them: its client, the ports of all three."""
    with Server(*arguments, secret=SECRET, store=store) as first, Server(*arguments, secret=SECRET, store=store) as second:
        upstream = ",".join(f"{name}=127.0.0.1:{server.port}" for name in SERVICES for server in (first, second))
        with Server("--upstream", upstream, secret=SECRET, program="aurora-gateway") as gateway:
            yield Client(gateway.port), [gateway.port, first.port, second.port]
