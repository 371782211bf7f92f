#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Notifications against real servers: e-mail to aiosmtpd, at most once per order and outcome; webhooks to an HTTP server,
at least once under one id. Each with refusals, a cut connection and kill -9 in the middle."""

import base64
import email
import email.policy
import hashlib
import hmac
import http.server
import json
import os
import pathlib
import sqlite3
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from aurora_server import Server, free_port  # noqa: E402

SECRET = "a secret of the test, long enough"
PENDING, SENDING, SENT, UNKNOWN, FAILED, SKIPPED = range(1, 7)


def wait_for(what, is_there, timeout=60):
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        found = is_there()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"{what} did not happen")


class Shop(Server):
    """An aurorad with one product."""

    def stock_up(self):
        cup = {"sku": "cup", "name": "Cup", "price_minor": 250, "currency": "EUR"}
        assert self.call("PUT", "/products/cup", cup)[0] in (200, 201)
        assert self.call("POST", "/inventory/cup/receipts", {"quantity": 1000})[0] in (200, 201)
        return self

    def place(self, contact=None, method="tok_approve"):
        body = {"lines": [{"sku": "cup", "quantity": 2}], "currency": "EUR", "payment_method": method}
        if contact is not None:
            body["contact"] = contact
        status, _, answer = self.call("POST", "/orders", body)[:3]
        assert status == 201, (status, answer)
        return answer["id"]

    def rows(self):
        path = self.store.removeprefix("sqlite:")
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
            rows = db.execute("SELECT hex(order_id), kind, state, detail, attempts FROM notifications").fetchall()
        return {(row[0].lower(), row[1]): row[2:] for row in rows}

    def states(self):
        return sorted(row[0] for row in self.rows().values())

    def expire_lease(self):
        """While it is down: what a crash left in the middle is due now, and not in two minutes."""
        with sqlite3.connect(self.store.removeprefix("sqlite:")) as db:
            db.execute("UPDATE notifications SET due_at = 1 WHERE state = ?", (SENDING,))


# --- e-mail -------------------------------------------------------------------------------------------------------------

class Mailbox:
    """A handler of aiosmtpd: keeps what comes, and treats recipients by what their name begins with."""

    def __init__(self):
        self.mails, self.tries, self.held = [], [], threading.Event()

    async def handle_RCPT(self, server, session, envelope, address, options):
        self.tries.append(address)
        if address.startswith("never"):
            return "550 5.1.1 no such person"
        if address.startswith("later") and self.tries.count(address) < 3:
            return "451 4.7.1 come back later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.mails.append((envelope.mail_from, list(envelope.rcpt_tos), envelope.content))
        if envelope.rcpt_tos[0].startswith("cut"):
            server.transport.abort()
        if envelope.rcpt_tos[0].startswith("busy") and len(self.to(envelope.rcpt_tos[0])) < 2:
            return "452 4.3.1 no room"
        if envelope.rcpt_tos[0].startswith("hold"):
            self.held.set()
            import asyncio
            await asyncio.sleep(30)
        return "250 OK"

    def to(self, address):
        return [mail for mail in self.mails if mail[1] == [address]]


def start_smtp(box):
    from aiosmtpd.controller import Controller
    controller = Controller(box, hostname="127.0.0.1", port=free_port())
    controller.start()
    return controller


def check_mail(box, order):
    sender, _, content = box.to("ann@example.org")[0]
    mail = email.message_from_bytes(content, policy=email.policy.default)
    assert sender == "shop@example.org"
    assert mail["From"] == "shop@example.org" and mail["To"] == "ann@example.org"
    assert mail["Subject"] == f"Your order {order} is complete", mail["Subject"]
    assert mail["Message-ID"] == f"<{order}.order.completed@example.org>"
    assert mail["Auto-Submitted"] == "auto-generated" and mail["Date"].datetime is not None
    text = mail.get_content()
    for line in ("Your order is complete.", f"Order: {order}", "Total: 5.00 EUR"):
        assert line in text, text


def smtp_outcomes():
    box = Mailbox()
    controller = start_smtp(box)
    url = f"smtp://127.0.0.1:{controller.port}?from=shop@example.org"
    with Shop("--notify", url, "--retry-first", "50ms") as shop:
        shop.stock_up()
        ann = shop.place("ann@example.org")
        shop.place("never@example.org")
        shop.place("later@example.org")
        shop.place("busy@example.org")
        shop.place("cut@example.org")
        shop.place()
        shop.place("two@example.org, three@example.org")
        shop.place("Eve <eve@example.org>")
        failed = shop.place("bob@example.org", "tok_decline")
        wait_for("the end of all", lambda: shop.states() == sorted(
            [SENT] * 4 + [FAILED] * 3 + [UNKNOWN] + [SKIPPED]))
        check_mail(box, ann)
        assert b"payment_declined" in box.to("bob@example.org")[0][2].replace(b"=\r\n", b"")
        assert f"Subject: Your order {failed} has failed".encode() in box.to("bob@example.org")[0][2]
        for name, count in (("ann", 1), ("later", 1), ("busy", 2), ("cut", 1), ("never", 0)):
            assert len(box.to(f"{name}@example.org")) == count, (name, box.to(f"{name}@example.org"))
        assert box.tries.count("later@example.org") == 3 and box.tries.count("never@example.org") == 1
        details = {row[1] for row in shop.rows().values()}
        assert {"smtp_550", "bad_contact"} <= details, details
        assert not any(address.startswith(("two", "three", "eve")) for address in box.tries)

        # A cancel is a second notification of the same order.
        status = shop.call("POST", f"/orders/{ann}/cancel", {})[0]
        assert status == 200, status
        wait_for("the cancel's mail", lambda: len(box.to("ann@example.org")) == 2)
        assert b"was cancelled" in box.to("ann@example.org")[1][2]
    controller.stop()


def smtp_kill():
    """Killed between SENDING and the server's answer: nobody knows, and it is not sent again."""
    box = Mailbox()
    controller = start_smtp(box)
    url = f"smtp://127.0.0.1:{controller.port}?from=shop@example.org"
    with Shop("--notify", url) as shop:
        shop.stock_up()
        order = shop.place("hold@example.org")
        assert box.held.wait(20)
        assert shop.states() == [SENDING]
        shop.kill()
        shop.expire_lease()
        shop.start()
        wait_for("UNKNOWN", lambda: shop.states() == [UNKNOWN])
        assert [row[1] for row in shop.rows().values()] == ["its lease ran out"]
        listed = shop.call("GET", "/admin/notifications?state=UNKNOWN")[2]["items"]
        assert [(item["order_id"], item["contact"]) for item in listed] == [(order, "hold@example.org")], listed
        for place in (["--store", shop.store], ["--url", f"http://127.0.0.1:{shop.port}"]):
            command = [pathlib.Path(os.environ["AURORA_BIN"]) / "auroractl", "notifications", "list", "--state", "UNKNOWN"]
            told = subprocess.run([*command, *place, "--json"], capture_output=True, check=True, text=True).stdout
            assert json.loads(told)["items"] == listed, told
        assert b'aurora_notifications_total{state="unknown"} 1' in shop.call("GET", "/metrics")[2]
        shop.place("ann@example.org")
        wait_for("the next mail", lambda: box.to("ann@example.org"))
        assert len(box.to("hold@example.org")) == 1
    controller.stop()


def smtp_away():
    """While no server is there mails wait; when it comes each is sent once. A login is asked for under TLS alone."""
    port = free_port()
    with Shop("--notify", f"smtp://127.0.0.1:{port}?from=shop@example.org&to=ops@example.org") as shop:
        shop.stock_up()
        for _ in range(5):
            shop.place()
        wait_for("an attempt", lambda: PENDING in shop.states() and "is not sent" in shop.log_text())
        box = Mailbox()
        from aiosmtpd.controller import Controller
        controller = Controller(box, hostname="127.0.0.1", port=port)
        controller.start()
        wait_for("all mails", lambda: shop.states() == [SENT] * 5)
        assert len(box.to("ops@example.org")) == 5
    controller.stop()
    with Shop("--notify", f"smtp://u:p@127.0.0.1:{port}?from=shop@example.org&starttls=required") as shop:
        box = Mailbox()
        controller = start_smtp(box)
        shop.stock_up().place("ann@example.org")
        wait_for("an attempt", lambda: "is not sent" in shop.log_text())
        assert not box.mails
        controller.stop()


# --- webhooks -----------------------------------------------------------------------------------------------------------

class Hook(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((dict(self.headers), body))
        treat = self.server.script.pop(0) if self.server.script else 200
        if treat == "hold":
            self.server.held.set()
            time.sleep(30)
        if treat == "cut":
            self.close_connection = True
            return
        self.send_response(307 if treat == "redirect" else 200 if treat == "flood" else treat)
        if treat == "redirect":
            self.send_header("Location", f"http://127.0.0.1:{self.server.server_port}/elsewhere")
        length = 1 << 20 if treat == "flood" else 0
        self.send_header("Content-Length", str(length))
        self.end_headers()
        try:
            self.wfile.write(b"x" * length)
        except OSError:
            pass

    def log_message(self, *_):
        pass


class HookServer(http.server.ThreadingHTTPServer):
    def handle_error(self, *_):
        pass  # clients that were cut off


def start_hook(script=()):
    server = HookServer(("127.0.0.1", 0), Hook)
    server.daemon_threads = True
    server.got, server.script, server.held = [], list(script), threading.Event()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def check_signature(headers, body):
    text = f"{headers['Webhook-Id']}.{headers['Webhook-Timestamp']}.".encode() + body
    expected = "v1," + base64.b64encode(hmac.new(SECRET.encode(), text, hashlib.sha256).digest()).decode()
    assert headers["Webhook-Signature"] == expected, headers
    assert abs(int(headers["Webhook-Timestamp"]) - time.time()) < 60


def hook_arguments(server):
    return ["--notify", f"http://127.0.0.1:{server.server_port}/hook?key=1", "--notify-allow-private", "true",
            "--notify-secret", SECRET]


def webhook_outcomes():
    hook = start_hook([500, "cut", "redirect", 200])
    with Shop(*hook_arguments(hook)) as shop:
        shop.stock_up()
        order = shop.place('a"b\\c@example.org')
        wait_for("SENT", lambda: shop.states() == [SENT])
        assert len(hook.got) == 4, [got[0] for got in hook.got]
        assert {headers["Webhook-Id"] for headers, _ in hook.got} == {f"{order}-order.completed"}
        for headers, body in hook.got:
            check_signature(headers, body)
        event = json.loads(hook.got[0][1])
        assert event["specversion"] == "1.0" and event["type"] == "order.completed" and event["subject"] == order
        assert event["data"] == {"order_id": order, "status": "COMPLETED", "reason": None, "decline_code": None,
                                 "currency": "EUR", "total_minor": 500, "customer_id": event["data"]["customer_id"],
                                 "contact": 'a"b\\c@example.org'}, event
        hook.script[:] = ["flood", 410]
        shop.place()
        shop.place()
        wait_for("a flood and a 410", lambda: shop.states() == [SENT, SENT, FAILED])
        assert "gone" in [row[1] for row in shop.rows().values()]
    hook.shutdown()


def webhook_kill():
    """Killed before the answer came: it is sent again, under the same id."""
    hook = start_hook(["hold"])
    with Shop(*hook_arguments(hook)) as shop:
        shop.stock_up().place()
        assert hook.held.wait(20)
        shop.kill()
        shop.expire_lease()
        shop.start()
        wait_for("SENT", lambda: shop.states() == [SENT])
        assert len(hook.got) == 2 and len({headers["Webhook-Id"] for headers, _ in hook.got}) == 1
    hook.shutdown()


def webhook_private():
    """A name for this machine passes the start and is refused when it is connected to."""
    hook = start_hook()
    with Shop("--notify", f"http://localhost:{hook.server_port}/", "--notify-secret", SECRET) as shop:
        shop.stock_up().place()
        wait_for("a refusal", lambda: "its address is private" in shop.log_text())
        assert not hook.got
    for host in ("127.0.0.1", "2130706433", "0x7f.1", "0177.0.0.1", "[::1]", "[::ffff:10.0.0.1]", "169.254.169.254",
                 "10.1.2.3", "192.168.0.1", "172.16.0.1", "100.64.0.1", "0.0.0.0", "[fe80::1]", "[fd00::1]",
                 "[64:ff9b::7f00:1]", "[2002:a00:1::1]"):
        try:
            Shop("--notify", f"http://{host}/", "--notify-secret", SECRET).start()
        except RuntimeError as error:
            assert "private address" in str(error), (host, error)
        else:
            raise AssertionError(f"{host} is taken")
    hook.shutdown()


def refusals():
    for setting, words in (("smtp://127.0.0.1", "who it is from"), ("smtp://h?from=a@b@c", "one mailbox"),
                           ("smtp://h?from=a%0d%0aX@b.c", "one mailbox"), ("smtp://h?from=a@b.c&x=1", "takes from="),
                           ("smtps://h?from=a@b.c&starttls=never", "smtp: alone"), ("pigeon://home", "must be log:"),
                           ("https://user:pass@h/", "no user"), ("https://h/#f", "no fragment")):
        try:
            Shop("--notify", setting, "--notify-secret", SECRET).start()
        except RuntimeError as error:
            assert words in str(error), (setting, error)
        else:
            raise AssertionError(f"{setting} is taken")
    try:
        Shop("--notify", "https://example.org/", "--notify-secret", "short").start()
    except RuntimeError as error:
        assert "notify_secret" in str(error), error
    else:
        raise AssertionError("a short secret is taken")


def main():
    names = sys.argv[1:] or ["smtp_outcomes", "smtp_kill", "smtp_away", "webhook_outcomes", "webhook_kill",
                             "webhook_private", "refusals"]
    for name in names:
        began = time.monotonic()
        globals()[name]()
        print(f"notify: {name}: {time.monotonic() - began:.1f} s", flush=True)


if __name__ == "__main__":
    main()
