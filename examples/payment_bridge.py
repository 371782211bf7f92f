#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A payment bridge in Python's standard library: what stands between payment=http://127.0.0.1:9000/
and a provider. decide() is where yours is called. It keeps its answers in memory; a real one keeps
them where a restart cannot lose them. The protocol is in docs/PAYMENTS.md.

    PAYMENT_SECRET=... [CALLBACK_URL=http://127.0.0.1:8080/payments/callbacks] payment_bridge.py 9000
"""
import hashlib, hmac, json, os, sys, threading, time, urllib.request  # noqa: E401
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECRET, CALLBACK = os.environ["PAYMENT_SECRET"].encode(), os.environ.get("CALLBACK_URL")
answers, voided, lock = {}, set(), threading.Lock()


def sign(timestamp, body):
    return hmac.new(SECRET, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def decide(ask):  # call your provider here, with task_id as its idempotency key
    if ask["verb"] == "void":
        voided.add(ask["authorize_id"])
    if ask["verb"] == "authorize" and (ask["authorize_id"] in voided or "decline" in ask["payment_method"]):
        return {"outcome": "declined", "code": "card_declined"}
    return {"outcome": "done", "provider_reference": "bridge-" + ask["task_id"][-12:]}


def call_back(task_id, answer):
    body, now = json.dumps({"task_id": task_id, **answer}).encode(), str(int(time.time()))
    urllib.request.urlopen(urllib.request.Request(CALLBACK, body, {
        "Content-Type": "application/json", "Aurora-Timestamp": now,
        "Aurora-Signature": sign(now, body)}), timeout=10).close()


class Bridge(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        stamp = self.headers.get("Aurora-Timestamp", "0")
        if not (hmac.compare_digest(sign(stamp, body), self.headers.get("Aurora-Signature", ""))
                and abs(time.time() - int(stamp)) < 300):
            return self.reply(401, {"title": "the signature is not ours"})
        ask = json.loads(body)
        with lock:  # one task acts once, however often it is asked for
            if ask["verb"] != "query" and ask["task_id"] not in answers:
                answers[ask["task_id"]] = decide(ask)
            answer = answers.get(ask["task_id"], {"outcome": "not_found"})
        if CALLBACK and ask["verb"] != "query":
            threading.Timer(0.1, call_back, (ask["task_id"], answer)).start()
            return self.reply(202, {"outcome": "pending"})
        self.reply(200, answer)

    def reply(self, status, answer):
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Bridge)
print(f"bridge on http://127.0.0.1:{server.server_port}/", flush=True)
server.serve_forever()
