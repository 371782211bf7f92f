#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""S20: callbacks of a payment provider that are replayed, turned round in their order, altered in a byte or in their spaces,
late, early, signed with another secret, without a field or with one twice, or that are our own request sent back to us.
A real aurorad, alone and behind a gateway, and a provider of our own that answers 202 to everything.

Mutation: check_signature() of src/routes/payments.c signs without the timestamp: an old callback with a new time passes.
Mutation: is_timely() of the same returns true: late and early ones pass.
Mutation: check_signature() hashes len - 1 bytes of the body: what is appended passes.
Mutation: aurora_signature_is_equal() of src/http/signature.c compares 32 of the 64 digits: an altered signature passes.
Mutation: read_report() of src/routes/payments.c without result->kind: a provider's word ends a notification.
Mutation: merge() of src/core/payment_call.c without its look at turn->row.verb: the step before parks the next one."""

import hashlib
import hmac
import http.server
import json
import pathlib
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from aurora_threats import (NOBODY, UNKNOWN_ID, Complaints, aurorad, need, order_of, sell,  # noqa: E402
                            through_gateway, until)

SECRET = "what the provider and the shop know, both of them"
PATH = "/payments/callbacks"


class Provider(http.server.ThreadingHTTPServer):
    """Takes every step and decides nothing: what becomes of it is told by callbacks."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests = []  # (fields, bytes)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def steps(self, verb, order=None):
        """[(task_id, fields, bytes)] of the calls for one step; never of queries."""
        found = []
        for fields, text in list(self.requests):
            body = json.loads(text)
            if body["verb"] == verb and order in (None, body["order_id"]):
                found.append((body["task_id"], fields, text))
        return found

    def step(self, verb, order):
        return until(f"{verb} of {order}", lambda: self.steps(verb, order))[0]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        text = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.requests.append((dict(self.headers), text))
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def signed(body, secret=SECRET, timestamp=None):
    timestamp = str(int(time.time())) if timestamp is None else timestamp
    digest = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return {"Aurora-Timestamp": timestamp, "Aurora-Signature": digest}


def report(task, outcome="done", **others):
    return json.dumps({"task_id": task, "outcome": outcome, **others}).encode()


class Shop:
    def __init__(self, client, provider, found):
        self.client, self.provider, self.found = client, provider, found
        sell(client, "mug", 1000)

    def send(self, body, headers):
        return self.client.ask("POST", PATH, body, headers, principal=NOBODY)

    def tell(self, body):
        answer = self.send(body, signed(body))
        self.found.expect(answer.status == 200, "told", body, answer)

    def place(self, **others):
        return self.client.must(201, "POST", "/orders", order_of("mug", 2, "card", **others), {}).json["id"]

    def order(self, order):
        return self.client.must(200, "GET", f"/orders/{order}").json

    def settled(self, order):
        return until(f"{order} settles", lambda: (lambda now: now if now["settled_at"] else None)(self.order(order)))

    def state(self, order):
        """All that a second effect would change: the order, its steps, its saga, the log, the stock, calls of the provider."""
        saga = self.client.must(200, "GET", f"/admin/sagas/{order}").json
        return (self.order(order), self.client.must(200, "GET", f"/orders/{order}/history").json,
                [{name: value for name, value in one.items() if not name.endswith("_at")}
                 for one in saga["participants"]],
                self.client.must(200, "GET", "/admin/events?after=0&limit=1000").json["newest"],
                self.client.must(200, "GET", "/inventory/mug").json,
                [len(self.provider.steps(verb)) for verb in ("authorize", "capture", "void", "refund")])

    def unmoved(self, what, order, before):
        self.found.expect(self.state(order) == before, what, "has moved something:", self.state(order), before)

    def completed(self):
        """An order that went its whole way by callbacks, and these as they were sent."""
        order = self.place()
        sent = []
        for verb in ("authorize", "capture"):
            body = report(self.provider.step(verb, order)[0], provider_reference=f"ch_{verb}")
            sent.append((body, signed(body)))
            answer = self.send(*sent[-1])
            self.found.expect(answer.status == 200, verb, answer)
        now = self.settled(order)
        self.found.expect(now["status"] == "COMPLETED", "by callbacks", now)
        return order, sent


def refused(shop, what, answer, field=None, status=401, code="unauthorized"):
    problem = answer.json or {}
    fields = [error.get("header") or error.get("pointer") for error in problem.get("errors", [])]
    shop.found.expect((answer.status, answer.code) == (status, code) and field in (None, *fields), what, answer)


# --- replayed ---------------------------------------------------------------------------------------------------------


def replays(shop):
    order, sent = shop.completed()
    before = shop.state(order)
    for turn in range(3):
        for body, headers in sent if turn % 2 else sent[::-1]:
            answer = shop.send(body, headers)
            shop.found.expect(answer.status == 200, "a replay", answer)
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(type(shop.client)(shop.client.port).ask(
        "POST", PATH, sent[0][0], sent[0][1], principal=NOBODY))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    shop.found.expect([answer.status for answer in answers] == [200] * 20, "at once", answers[:3])
    for body, _ in sent:  # the provider's own repeat: another time, other spaces
        spaced = json.dumps(json.loads(body), indent=2).encode()
        answer = shop.send(spaced, signed(spaced))
        shop.found.expect(answer.status == 200, "a repeat", answer)
    shop.unmoved("a replay", order, before)


def contradicts(shop):
    """What was decided stays: a report that says otherwise moves no money twice and takes no outcome back."""
    order = shop.place()
    first = shop.provider.step("authorize", order)[0]
    shop.tell(report(first))
    capture = shop.provider.step("capture", order)[0]
    before = shop.state(order)
    for outcome in ("declined", "unknown", "not_found"):  # of the step before, while the next one is out
        body = report(first, outcome)
        answer = shop.send(body, signed(body))
        shop.found.expect(answer.status in (200, 404, 409), "of the step before", outcome, answer)
    shop.unmoved("the step before", order, before)
    shop.tell(report(capture))
    shop.settled(order)
    order, sent = shop.completed()
    before = shop.state(order)
    for body, _ in sent:
        task = json.loads(body)["task_id"]
        for outcome in ("pending", "unknown", "not_found", "declined"):
            body = report(task, outcome)
            answer = shop.send(body, signed(body))
            shop.found.expect(answer.status in (200, 409), outcome, answer)
    shop.unmoved("another outcome", order, before)


def turned_round(shop):
    """A capture's callback before the authorization's, a late one, one after the order's end."""
    order = shop.place()
    task = shop.provider.step("authorize", order)[0]
    first = (1 + int(task.replace("-", ""), 16), -1 + int(task.replace("-", ""), 16))
    before = shop.state(order)
    for number in first:  # tasks that were never given out
        text = f"{number:032x}"
        near = "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
        body = report(near)
        answer = shop.send(body, signed(body))
        shop.found.expect(answer.status in (200, 404, 409), "a task not begun", answer)
        shop.found.expect(shop.order(order)["status"] in ("PENDING", "RESERVED"), "not begun, and done", shop.order(order))
    shop.unmoved("a task not begun", order, before)
    shop.client.must(200, "POST", f"/orders/{order}/cancel", {})
    body = report(task, provider_reference="ch_late")
    headers = signed(body)
    for _ in range(3):  # the money came after the end: given back once
        shop.found.expect(shop.send(body, headers).status == 200, "late")
    void = shop.provider.step("void", order)[0]
    shop.tell(report(void))
    now = shop.settled(order)
    shop.found.expect(now["status"] == "CANCELLED", "late money", now)
    before = shop.state(order)
    for replay in (body, report(void), report(task, "declined")):
        shop.found.expect(shop.send(replay, signed(replay)).status in (200, 409), "after the end", replay)
    shop.unmoved("after the end", order, before)
    shop.found.expect(not shop.provider.steps("capture", order), "captured for a cancelled order")


# --- altered ----------------------------------------------------------------------------------------------------------


def altered(shop):
    order = shop.place()
    task = shop.provider.step("authorize", order)[0]
    body = report(task, provider_reference="ch_1")
    good = signed(body)
    before = shop.state(order)
    for at in range(0, len(body), 3):
        changed = bytearray(body)
        changed[at] ^= 1
        refused(shop, f"byte {at}", shop.send(bytes(changed), good), "Aurora-Signature")
    for what, other in (("a space", body.replace(b": ", b":", 1)), ("a blank behind", body + b" "),
                        ("a line behind", body + b"\n"), ("cut", body[:-1]), ("nothing", b""), ("twice", body + body),
                        ("declined", report(task, "declined")), ("another's", report(UNKNOWN_ID, provider_reference="ch_1"))):
        refused(shop, what, shop.send(other, good), "Aurora-Signature")
    digest = good["Aurora-Signature"]
    for what, other in (("last digit", digest[:-1] + ("0" if digest[-1] != "0" else "1")), ("cut", digest[:-1]),
                        ("half", digest[:32] + "0" * 32), ("upper case", digest.upper()), ("longer", digest + "0"),
                        ("prefixed", "sha256=" + digest), ("zeros", "0" * 64), ("empty", ""), ("two", f"{digest}, {digest}"),
                        ("of the empty key", signed(body, "")["Aurora-Signature"]),
                        ("of another secret", signed(body, SECRET + "x")["Aurora-Signature"]),
                        ("of a part of the secret", signed(body, SECRET[:-1])["Aurora-Signature"])):
        if other != digest:
            refused(shop, "signature " + what, shop.send(body, {**good, "Aurora-Signature": other}), "Aurora-Signature")
    for name in good:
        refused(shop, f"without {name}", shop.send(body, {other: good[other] for other in good if other != name}), name)
    refused(shop, "bare", shop.send(body, {}), "Aurora-Timestamp")
    shop.unmoved("what was altered", order, before)


def times(shop):
    order = shop.place()
    body = report(shop.provider.step("authorize", order)[0])
    before = shop.state(order)
    now = int(time.time())
    for text in [str(now + ahead) for ahead in (-86400, -3600, -310, 310, 3600, 10**9)] + [
            "0", "-1", "", "+%d" % now, "%d.0" % now, "%d000" % now, "1e10", "0x%x" % now, "now", str(2**63), str(2**64 + now),
            "9" * 400, "%d,%d" % (now, now), "%d %d" % (now, now), "２"]:
        headers = {"Aurora-Timestamp": text.encode().decode("latin-1"),
                   "Aurora-Signature": signed(body, timestamp=text)["Aurora-Signature"]}
        answer = shop.send(body, headers)
        refused(shop, f"timestamp {text!r}", answer, "Aurora-Timestamp")
    good = signed(body)  # a new time over an old signature, and the other way round
    old = signed(body, timestamp=str(now - 400))
    refused(shop, "moved on", shop.send(body, {**old, "Aurora-Timestamp": good["Aurora-Timestamp"]}), "Aurora-Signature")
    shop.unmoved("a wrong time", order, before)
    for ahead in (-290, 290):
        answer = shop.send(body, signed(body, timestamp=str(int(time.time()) + ahead)))
        shop.found.expect(answer.status == 200, "within the window", ahead, answer)


def members(shop):
    """Signed well, and still no report: members that are missing, twice, of another kind, or not of a report."""
    order = shop.place()
    task, fields, request = shop.provider.step("authorize", order)
    before = shop.state(order)
    for what, body, code in (
            ("no task", b'{"outcome":"done"}', "invalid_field"), ("no outcome", b'{"task_id":"%s"}' % task.encode(), "invalid_field"),
            ("a task twice", b'{"task_id":"%s","task_id":"%s","outcome":"done"}' % (task.encode(), task.encode()), "duplicate_field"),
            ("an outcome twice", b'{"task_id":"%s","outcome":"declined","outcome":"done"}' % task.encode(), "duplicate_field"),
            ("an outcome twice, escaped", b'{"task_id":"%s","outcome":"declined","out\\u0063ome":"done"}' % task.encode(),
             "duplicate_field"),
            ("a list", b"[%s]" % report(task), "invalid_field"), ("no JSON", b"task=1", "invalid_json"),
            ("an amount", report(task, amount_minor=1), "unknown_field"), ("a status", report(task, status="CAPTURED"), "unknown_field"),
            ("an order", report(task, order_id=order), "unknown_field"), ("a number", report(task, code=1), "invalid_field"),
            ("a long reference", report(task, provider_reference="r" * 256), "invalid_field"),
            ("2^63", report(task, retry_after_ms=2**63), "invalid_field"), ("below 0", report(task, retry_after_ms=-1), "invalid_field")):
        answer = shop.send(body, signed(body))
        refused(shop, what, answer, None, 400, code)
    # The recipe is the same in both directions: our own request is well signed, and no report.
    answer = shop.send(request, {name: fields[name] for name in ("Aurora-Timestamp", "Aurora-Signature")})
    refused(shop, "our own request", answer, "/verb", 400, "unknown_field")
    for body, status in ((report(UNKNOWN_ID), 404), (report("x"), 400), (report(order), 404)):
        answer = shop.send(body, signed(body))
        shop.found.expect(answer.status == status, "no task", body, answer)
    shop.unmoved("no report", order, before)


def other_rights(shop):
    """A signed principal is nobody here, and the provider's word is about payments alone."""
    order = shop.place(contact="ann@example.org")
    task = shop.provider.step("authorize", order)[0]
    before = shop.state(order)
    body = report(task)
    for scopes in ("admin", "orders:write orders:admin admin"):
        answer = shop.client.ask("POST", PATH, body, principal="root", scopes=scopes)
        refused(shop, "a principal", answer)
    shop.unmoved("a principal", order, before)


def notifications(found):
    """A notification has an id beside its order's: the provider, who could count it out, ends none."""
    with aurorad("--notify", "http://localhost:9/", "--notify-secret", "a secret of receivers, long enough",
                 "--payment-secret", SECRET) as (client, _):
        def listed():
            return [(item["order_id"], item["state"]) for item in client.must(200, "GET", "/admin/notifications").json["items"]]
        sell(client, "mug", 100)
        order = client.must(201, "POST", "/orders", order_of(contact="ann@example.org")).json["id"]
        until("a notification", lambda: listed() == [(order, "PENDING")])
        number = int(order.replace("-", ""), 16)
        for near in range(number - number % 16, number - number % 16 + 16):
            text = f"{near:032x}"
            for outcome in ("declined", "done"):
                body = report("-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:])), outcome)
                answer = client.ask("POST", PATH, body, signed(body), principal=NOBODY)
                found.expect(answer.status == 404, "a notification's id", near - number, outcome, answer)
        found.expect(listed()[0][1] in ("PENDING", "SENDING"), "ended by the provider", listed())


def run(client, provider, found):
    shop = Shop(client, provider, found)
    for check in (replays, contradicts, turned_round, altered, times, members, other_rights):
        check(shop)


def main():
    need("aurorad", "aurora-gateway")
    found = Complaints()
    for place in (aurorad, through_gateway):
        provider = Provider()
        with place("--payment", f"http://127.0.0.1:{provider.server_port}/pay", "--payment-secret", SECRET,
                   "--retry-first", "60s") as (client, _):
            run(client, provider, found)
        provider.shutdown()
    notifications(found)
    with aurorad() as (client, _):
        body = report(UNKNOWN_ID)
        for headers in (signed(body), signed(body, ""), {}):
            answer = client.ask("POST", PATH, body, headers, principal=NOBODY)
            found.expect(answer.status == 404, "without a secret", answer)
    found.end("callbacks")


if __name__ == "__main__":
    main()
