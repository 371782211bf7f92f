# SPDX-License-Identifier: MIT
"""What stands around a program whose calls fail (sweep.py): a payment bridge, a mailbox, a webhook's receiver, an issuer of
tokens, a database of one's own, an authority. Each notes what it was asked for, and says what of it was wrong."""

import base64
import hashlib
import hmac
import http.server
import json
import os
import pathlib
import re
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
from aurora_server import free_port  # noqa: E402

NOTIFY_SECRET = "a secret of the sweep, long enough"
ISSUER, AUDIENCE = "https://id.example/", "aurora"


def serve(handler):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # clients that vanish are what this is about
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


class Bridge:
    """The bridge of examples/, which notes what it did."""

    def __init__(self):
        os.environ["PAYMENT_SECRET"] = "hush"
        source = (HERE.parent.parent / "examples/payment_bridge.py").read_text(encoding="utf-8")
        bridge = {}
        exec(source.partition("\nserver = ")[0], bridge)  # pylint: disable=exec-used
        bridge["Bridge"].log_message = lambda *_: None
        self.acts = {}
        decide = bridge["decide"]

        def noted(ask):
            answer = decide(ask)
            if answer["outcome"] == "done":
                self.acts.setdefault(ask["authorize_id"], []).append((ask["verb"], ask["task_id"]))
            return answer
        bridge["decide"] = noted
        self.server = serve(bridge["Bridge"])

    def settings(self):
        return ("--payment", f"http://127.0.0.1:{self.server.server_address[1]}/", "--payment-secret", "hush")

    def wrong(self, _orders):
        """All orders were cancelled: nobody's money is here."""
        for one, acts in self.acts.items():
            verbs = [verb for verb, _ in acts]
            if verbs.count("capture") > 1 or verbs.count("refund") > 1:
                yield f"charged or refunded twice: {one} {verbs}"
            elif ("capture" in verbs) != ("refund" in verbs):
                yield f"money kept, or given back for nothing: {one} {verbs}"
            elif "authorize" in verbs and "capture" not in verbs and "void" not in verbs:
                yield f"money blocked: {one} {verbs}"


class Mailbox:
    """An SMTP server. Mail is sent at most once: what was on its way when the connection broke stays unknown."""

    def __init__(self):
        from aiosmtpd.controller import Controller  # pylint: disable=import-outside-toplevel
        self.mails = []
        box = self

        class Handler:  # pylint: disable=too-few-public-methods
            async def handle_DATA(self, _server, _session, envelope):  # pylint: disable=invalid-name
                box.mails.append(envelope.content)
                return "250 OK"
        self.port = free_port()
        Controller(Handler(), hostname="127.0.0.1", port=self.port).start()

    def settings(self):
        return ("--notify", f"smtp://127.0.0.1:{self.port}?from=shop@example.org&to=ops@example.org")

    def ids(self):
        return [re.search(rb"^Message-ID: <([^@]*)@", mail, re.MULTILINE | re.IGNORECASE).group(1).decode()
                for mail in list(self.mails)]

    def has_all_of(self, order):
        return f"{order}.order.cancelled" in self.ids()

    def wrong(self, orders):
        ids = self.ids()
        for one in sorted(set(ids)):
            if ids.count(one) > 1:
                yield f"mail {one} came {ids.count(one)} times"
            if one.partition(".")[0] not in orders:
                yield f"mail {one} is of nobody's order"


class Hook:
    """A webhook's receiver. Each notification comes at least once, under one id."""

    def __init__(self):
        self.got = {}
        hook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):  # pylint: disable=invalid-name
                body = self.rfile.read(int(self.headers["Content-Length"]))
                hook.got.setdefault(self.headers["Webhook-Id"], []).append(body)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass
        self.server = serve(Handler)

    def settings(self):
        return ("--notify", f"http://127.0.0.1:{self.server.server_address[1]}/", "--notify-allow-private", "true",
                "--notify-secret", NOTIFY_SECRET)

    def has_all_of(self, order):
        return f"{order}-order.cancelled" in self.got

    def wrong(self, orders):
        """Waits for what is still on its way: all were cancelled in the end."""
        wanted = {f"{order}-order.cancelled" for order in orders}
        end = time.monotonic() + 45
        while (missing := wanted - set(self.got)) and time.monotonic() < end:
            time.sleep(0.1)
        for one in sorted(missing):
            yield f"webhook {one} never came"
        for one, bodies in self.got.items():
            if len({json.dumps({**json.loads(body), "time": None}) for body in bodies}) > 1:
                yield f"webhook {one} came with different bodies"


class Issuer:
    """Signs tokens, by HS256: what is judged of one is mostly the same for all."""

    def __init__(self, folder):
        self.secret = os.urandom(32)
        self.keys = pathlib.Path(folder) / "jwks.json"
        self.keys.write_text(json.dumps({"keys": [{"kty": "oct", "kid": "k", "alg": "HS256", "k": self.text(self.secret)}]}))
        self.number = 0

    @staticmethod
    def text(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    def settings(self):
        return ("--jwt-keys", str(self.keys), "--jwt-issuer", ISSUER, "--jwt-audience", AUDIENCE)

    def token(self):
        """One that nobody has seen yet."""
        self.number += 1
        now = int(time.time())
        claims = {"sub": "alice", "iss": ISSUER, "aud": AUDIENCE, "iat": now, "exp": now + 3600, "jti": str(self.number),
                  "scope": "orders:read orders:write orders:admin products:write inventory:read inventory:write"}
        signed = ".".join(self.text(json.dumps(part).encode()) for part in ({"alg": "HS256", "kid": "k", "typ": "JWT"}, claims))
        return f"{signed}.{self.text(hmac.digest(self.secret, signed.encode(), hashlib.sha256))}"

    def wrong(self, _orders):
        return ()


class Database:
    """Of one's own in the shared server."""

    def __init__(self, address):
        self.server, _, _ = address.rpartition("/")
        self.name = f"aurora_sweep_{os.getpid()}"
        self.maintenance = address
        self.sql(f"CREATE DATABASE {self.name}")
        self.url = f"{self.server}/{self.name}"

    def sql(self, text):
        subprocess.run(["psql", "-qX", "-v", "ON_ERROR_STOP=1", "-c", text, self.maintenance], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def drop(self):
        self.sql(f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)")
