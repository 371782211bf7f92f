# SPDX-License-Identifier: MIT
"""S19: words that must not be seen again, sent through every call of /openapi.json in good and bad requests: in Authorization,
Cookie, Idempotency-Key, If-Match, the query, the card and the contact of an order; and in the settings. None stands in the
log at its lowest level, in /metrics, in a problem, in the figures of /admin, in the spans that a collector gets of every
request; and every line of the log is one record.

Mutation: put_json_access of src/service/log.c with the query behind the path, aurora_config_show without its mask, or a
problem of src/http/fields.c that quotes the value that it refuses; a span of src/http/span.c with the query behind its path."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from aurora_server import whole_lines  # noqa: E402
from aurora_threats import BIN, NOBODY, Complaints, aurorad, need, order_of, sell, through_gateway  # noqa: E402
from otlp_sink import Sink  # noqa: E402

SECRET = "canary-service-secret-0123456789abcdef"
FIELDS = {"Authorization": "Bearer canary-bearer.eyJhIjoxfQ.canary", "Cookie": "session=canary-cookie",
          "Idempotency-Key": "canary-idempotency-key", "Proxy-Authorization": "Basic canary-proxy"}
BAD_FIELDS = {"If-Match": "canary-if-match", "If-None-Match": "canary-if-none-match", "Prefer": "wait=canary-prefer",
              "Last-Event-ID": "canary-last-event", "Idempotency-Key": "canary bad key,", "Aurora-Signature": "canary-signature",
              "Content-Type": "canary/type", "Content-Encoding": "canary-coding", "Expect": "canary-expectation"}
CARD, CONTACT = "4111-canary-card", "canary-contact@example.org"
QUERY = "canary-query-text"
FIGURES = ("/metrics", "/admin/stats", "/admin/limits", "/readyz?verbose", "/admin/sagas", "/admin/dead-letters", "/openapi.json")


def targets(document):
    for path, operations in document["paths"].items():
        for name, value in {"{sku}": "mug", "{id}": "018f0000-0000-7000-8000-00000000dead", "{consumer}": "c", "{key}": "k"}.items():
            path = path.replace(name, value)
        for method, operation in operations.items():
            yield method.upper(), path, operation


def bodies(operation):
    """A good one where that is easy, and bad ones that hold canaries where they are refused."""
    if "requestBody" not in operation:
        return [None]
    return [order_of(token=CARD, contact=CONTACT), {**order_of(token=CARD), "contact": [CONTACT]}, {"note": "canary-note\u0001"},
            {"quantity": "canary-quantity", "reason": "canary-reason"}, b'{"payment_method": "canary-card-cut', b"canary-text"]


def send_all(client, document, complaints, what):
    for method, path, operation in targets(document):
        if method == "DELETE":
            continue
        for body in bodies(operation):
            for fields in (FIELDS, *({**FIELDS, name: value} for name, value in BAD_FIELDS.items())):
                if isinstance(body, dict) and fields is not FIELDS and body != bodies(operation)[0]:
                    continue
                for query in ("", f"?q={QUERY}", f"?limit={QUERY}", f"?cursor={QUERY}", f"?access_token={QUERY}"):
                    if query and fields is not FIELDS:
                        continue
                    for principal in ("alice", NOBODY):
                        answer = client.ask(method, path + query, body, fields, principal=principal)
                        if answer.status >= 400:
                            complaints.expect(b"canary" not in answer.body, what, method, path + query, body, fields, answer)
                        for name, value in answer.fields.items():
                            complaints.expect("canary" not in value or name == "Link", what, method, path, name, value)


def look(client, server, complaints, what):
    for target in FIGURES:
        answer = client.ask("GET", target)
        complaints.expect(b"canary" not in answer.body, what, target, found(answer.body.decode(errors="replace")))
    logs = [one.log_text() for one in (server, getattr(server, "behind", None)) if one]
    for text in logs:
        complaints.expect("canary" not in text, what, "the log has", found(text))
    for line in (line for text in logs for line in whole_lines(text)):
        try:
            json.loads(line)
        except ValueError:
            complaints.expect(False, what, "a line of the log is no record:", line[:200])


def found(text):
    return [text[max(at - 80, 0):at + 60] for at in range(len(text)) if text.startswith("canary", at)][:3]


def try_forged_lines(client):
    """Line ends that would begin a record of their own."""
    for target in ("/products/a%0d%0a%7b%22forged%22:1%7d", "/products/%0aforged", "/search?q=%0d%0aforged", "/%e2%80%a8forged"):
        client.ask("GET", target)


def send_traces_to(sink):
    """Of all that is started from now on."""
    os.environ.update({"OTEL_EXPORTER_OTLP_ENDPOINT": sink.url, "OTEL_TRACES_SAMPLER": "always_on",
                       "OTEL_BSP_SCHEDULE_DELAY": "100", "OTEL_BSP_MAX_QUEUE_SIZE": "100000",
                       "OTEL_EXPORTER_OTLP_HEADERS": "api-key=canary-collector-key"})


def look_at_spans(sink, complaints, what):
    complaints.expect(len(sink.spans) > 500 and not sink.errors, what, "spans", len(sink.spans), sink.errors[:3])
    for span in sink.spans:
        complaints.expect("canary" not in json.dumps(span), what, "a span has", span)


def run(what, place):
    complaints = Complaints()
    with Sink() as sink:
        send_traces_to(sink)
        ask_all(what, place, complaints)
        look_at_spans(sink, complaints, what)
    complaints.end(f"secrets: {what}")


def ask_all(what, place, complaints):
    with place("--log-level", "debug", "--log-format", "json", "--order-wait", "10ms", secret=SECRET,
               **({"environment": {"AURORA_PAYMENT_SECRET": SECRET, "AURORA_LOG_LEVEL": "debug"}})) as (client, server):
        sell(client, "mug", 1000000)
        document = client.must(200, "GET", "/openapi.json").json
        send_all(client, document, complaints, what)
        try_forged_lines(client)
        look(client, server, complaints, what)
        server.stop()
        complaints.expect("canary" not in server.log_text(), what, "the end of the log has", found(server.log_text()))


# What a program is told of its settings at start: (arguments, environment).
SETTINGS = [
    (["--store", "postgresql://user:canary-password@127.0.0.1:1/shop"], {}),
    (["--limiter", "redis://user:canary-password@127.0.0.1:1", "--rate-limit", "5/1s"], {}),
    (["--cache", "redis://:canary-password@127.0.0.1:1"], {}),
    (["--notify", "smtp://user:canary-password@127.0.0.1:1"], {}),
    (["--notify", "https://user:canary-password@hooks.example/x"], {"AURORA_NOTIFY_SECRET": "canary-notify-secret-0123456789"}),
    (["--payment", "https://user:canary-password@bank.example/"], {"AURORA_PAYMENT_SECRET": "canary-payment-secret"}),
    (["--search", "elasticsearch://user:canary-password@127.0.0.1:1"], {}),
    (["--otlp", "http://user:canary-password@127.0.0.1:1"], {}),
    (["--otlp", "http://127.0.0.1:1"], {"AURORA_OTLP_HEADERS": "key=canary-key"}),
    ([], {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://user:canary-password@127.0.0.1:1"}),
    ([], {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_HEADERS": "bad key=canary-key"}),
    ([], {"AURORA_SERVICE_SECRET": "canary-short"}),
    ([], {"AURORA_SERVICE_SECRET": SECRET, "AURORA_PAYMENT_SECRET": SECRET, "AURORA_NOTIFY_SECRET": SECRET}),
]


def try_settings():
    complaints = Complaints()
    with tempfile.TemporaryDirectory(prefix="aurora-secrets-") as folder:
        for arguments, environment in SETTINGS:
            for action in ("--check-config", "--print-config", "--listen=127.0.0.1:0"):
                command = [str(BIN / "aurorad"), "--store", f"sqlite:{folder}/s.db", *arguments, action]
                if action.startswith("--listen"):
                    command = ["timeout", "1", *command]
                done = subprocess.run(command, cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True,
                                      check=False, timeout=60)
                said = done.stdout + done.stderr
                complaints.expect("canary" not in said, arguments, list(environment), action, found(said))
    complaints.end("secrets: settings")


def main():
    need("aurorad", "aurora-gateway")
    try_settings()
    run("aurorad", aurorad)
    run("gateway", through_gateway)


main()
