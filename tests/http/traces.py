#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Traces of one aurorad, and of a gateway before it, as a collector receives them: which requests are sent and which are
not, what their spans say, whose child they are, and what OpenTelemetry's variables change."""

import contextlib
import http.client
import http.server
import pathlib
import signal
import socket
import struct
import sys
import tempfile
import threading
import time
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from aurora_server import Gateway, Server, free_port, until  # noqa: E402
from otlp_sink import Sink  # noqa: E402

QUICK = {"OTEL_BSP_SCHEDULE_DELAY": "50"}
CALLER = "00f067aa0ba902b7"


def expect(what, is_so, *seen):
    if not is_so:
        raise SystemExit(f"{what}: {seen}")


def parent(flags="01"):
    trace = uuid.uuid4().hex
    return trace, {"traceparent": f"00-{trace}-{CALLER}-{flags}"}


def of(spans, trace):
    return [span for span in spans if span["trace"] == trace]


def server_span(sink, trace):
    """The SERVER span of a trace that has one."""
    found = sink.wait(lambda spans: any(span["kind"] == "SERVER" for span in of(spans, trace)))
    return next(span for span in of(found, trace) if span["kind"] == "SERVER")


def traced(sink, *settings, **environment):
    return Server("--otlp", sink.url, *settings, environment={**QUICK, **environment})


def traced_gateway(sink):
    """A gateway and an aurorad behind it, which send both."""
    server = Gateway("--otlp", sink.url, environment=QUICK)
    server.arguments = (*server.arguments, "--otlp", sink.url)
    server.environment.update(QUICK)
    return server


class Slow(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path != "/readyz":
            self.server.asked += 1
        time.sleep(self.server.pause)
        with contextlib.suppress(OSError):  # of a caller that has given up
            self.send_response(200 if self.path == "/readyz" else self.server.status)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

    def log_message(self, *args):
        pass


@contextlib.contextmanager
def slow_service(pause, status=200):
    """Gives the server, which counts in .asked what is no probe."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Slow) as server:
        server.daemon_threads, server.pause, server.status, server.asked = True, pause, status, 0
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield server
        server.shutdown()


def a_request_is_a_span():
    with Sink() as sink, traced(sink) as server:
        trace, headers = parent()
        server.call("GET", "/products/mug?secret=1", headers=headers)
        span = server_span(sink, trace)
        expect("name", span["name"] == "GET /products/{sku}", span)
        expect("parent", span["parent"] == CALLER and span["flags"] == 1, span)
        wanted = {"http.request.method": "GET", "http.route": "/products/{sku}", "url.path": "/products/mug",
                  "url.scheme": "http", "server.address": "127.0.0.1", "server.port": server.port,
                  "client.address": "127.0.0.1", "http.response.status_code": 400}
        expect("attributes", span["attributes"] == wanted, span)
        expect("status", span["status"] == 0, span)
        resource = span["resource"]
        expect("resource", resource["service.name"] == "aurorad" and resource["process.pid"] == server.process.pid
               and uuid.UUID(resource["service.instance.id"]).version == 4 and resource["host.name"], resource)
        server.call("GET", "/nothing", headers=headers)
        found = sink.wait(lambda spans: len(of(spans, trace)) == 2)
        expect("no route", of(found, trace)[1]["name"] == "GET", found)
        for probe in ("/livez", "/readyz", "/metrics"):
            server.call("GET", probe, headers=headers)
        server.stop()
        expect("no probes", len(of(sink.spans, trace)) == 2, sink.spans)
        expect("broken", not sink.errors, sink.errors)


def the_flag_decides():
    with Sink() as sink, traced(sink, "--trace-sample", "0") as server:
        unwanted, headers = parent("00")
        server.call("GET", "/products", headers=headers)
        server.call("GET", "/products")
        wanted, headers = parent("01")
        server.call("GET", "/products", headers=headers)
        server_span(sink, wanted)
        server.stop()
        expect("alone", {span["trace"] for span in sink.spans} == {wanted}, unwanted, sink.spans)


def the_ratio_goes_by_the_trace_id():
    """Of traces that are decided by us exactly those whose low 63 bits are below the ratio's bound."""
    def low(trace):
        return int(trace[16:], 16) & (2**63 - 1)

    with Sink() as sink, traced(sink, OTEL_TRACES_SAMPLER="traceidratio", OTEL_TRACES_SAMPLER_ARG="0.5") as server:
        traces = []
        for _ in range(60):
            trace, headers = parent("00")
            traces.append(trace)
            server.call("GET", "/products", headers=headers)
        server.stop()
        wanted = {trace for trace in traces if low(trace) < 2**62}
        expect("by id", {span["trace"] for span in sink.spans} == wanted, len(wanted), len(sink.spans))


def trace_parent_false_begins_anew():
    with Sink() as sink, traced(sink, "--trace-parent", "false", "--trace-sample", "1") as server:
        given, headers = parent("00")
        _, fields, _ = server.call("GET", "/products", headers=headers)
        expect("a new trace", fields["X-Request-Id"] != given, dict(fields))
        span = server_span(sink, fields["X-Request-Id"])
        expect("root with a link", span["parent"] is None and span["links"] == [(given, CALLER)], span)


def failures_and_slow_ones_are_kept():
    with Sink() as sink:
        with traced_gateway(sink) as server:
            trace, headers = parent("00")
            server.behind.kill()
            status, _, _ = server.call("GET", "/products/mug", headers=headers)
            span = server_span(sink, trace)
            expect("kept", (status, span["attributes"]["aurora.kept"], span["status"]) == (503, "error", 2), span)
            expect("why", span["attributes"]["error.type"] == "unavailable", span)
            clients = [one for one in of(sink.spans, trace) if one["kind"] == "CLIENT"]
            expect("attempts too", clients and all(
                one["attributes"]["aurora.kept"] == "error" and one["parent"] == span["id"] for one in clients), clients)
        # Behind a service that takes its time the gateway's own spans are kept; it is asked to wait, and is not slow.
        with slow_service(0.3) as slow_one, Server("--otlp", sink.url, "--trace-slow", "100ms", "--upstream",
                                                   f"order=127.0.0.1:{slow_one.server_port}", program="aurora-gateway",
                                                   environment=QUICK, ready=False) as server:
            asked, headers = parent("00")
            server.call("GET", "/orders", headers={**headers, "Prefer": "wait=10"})
            slow, headers = parent("00")
            server.call("GET", "/orders", headers=headers)
            span = server_span(sink, slow)
            expect("slow", span["attributes"]["aurora.kept"] == "slow" and span["status"] == 0, span)
            expect("attempts too", [one["attributes"].get("aurora.kept") for one in of(sink.spans, slow)
                                    if one["kind"] == "CLIENT"] == ["slow"], sink.spans)
            expect("not slow", not of(sink.spans, asked), of(sink.spans, asked))


def of_many_failures_some_are_kept():
    """Nothing answers behind a gateway: of its 503 some are kept, whole, and the spans of the others are counted. What was
    asked for is sent all the same."""
    requests = 600
    with Sink() as sink, Server("--otlp", sink.url, "--upstream", f"product=127.0.0.1:{free_port()}",
                                program="aurora-gateway", environment=QUICK, ready=False) as server:
        begun = time.monotonic()
        connection = server.open(20)
        for _ in range(requests):
            connection.request("GET", "/products", headers=parent("00")[1])
            answer = connection.getresponse()
            expect("fails", answer.status == 503, answer.status, answer.read())
            answer.read()
        took = time.monotonic() - begun
        asked, headers = parent("01")
        server.call("GET", "/products", headers=headers)
        server_span(sink, asked)
        server.call("GET", "/products", headers=parent("00")[1])  # so that what is counted is not that of a request still under way
        dropped = server.metric('aurora_spans_total{result="dropped"}')
        server.stop()
        kept = {span["trace"] for span in sink.spans if span["kind"] == "SERVER" and "aurora.kept" in span["attributes"]}
        expect("some", 50 <= len(kept) <= 50 * (took + 2), len(kept), took)
        expect("whole", {span["trace"] for span in sink.spans} == kept | {asked}, sink.spans)
        expect("counted", dropped >= requests - len(kept), dropped, len(kept))


def each_attempt_hands_its_own_span_on():
    with Sink() as sink, traced_gateway(sink) as server:
        trace, headers = parent("01")
        server.call("GET", "/products", headers=headers)
        found = of(sink.wait(lambda spans: len(of(spans, trace)) >= 3), trace)
        by = {(span["service"], span["kind"]): span for span in found}
        edge, call, service = (by["aurora-gateway", "SERVER"], by["aurora-gateway", "CLIENT"], by["aurorad", "SERVER"])
        expect("chain", (edge["parent"], call["parent"], service["parent"]) == (CALLER, edge["id"], call["id"]), found)
        wanted = {"http.request.method": "GET", "peer.service": "product", "server.address": "127.0.0.1",
                  "server.port": server.behind.port, "http.response.status_code": 200}
        expect("attempt", call["name"] == "GET" and call["attributes"] == wanted, call)
        expect("within", edge["start"] <= call["start"] and call["end"] <= edge["end"], edge, call)


def see_a_repeat(sink, service, port):
    upstream = f"product=127.0.0.1:{port},product=127.0.0.1:{service.port}"
    with Server("--otlp", sink.url, "--upstream", upstream, program="aurora-gateway", environment=QUICK,
                ready=False) as server:
        def repeated():
            trace, headers = parent("01")
            expect("answered", server.call("GET", "/products", headers=headers)[0] == 200)
            sink.wait(lambda spans: sum(span["kind"] == "SERVER" for span in of(spans, trace)) == 2)
            found = of(sink.spans, trace)
            return sum(span["kind"] == "CLIENT" for span in found) == 2 and found
        found = until("a repeat", repeated)
        edge = next(span for span in found if span["service"] == "aurora-gateway" and span["kind"] == "SERVER")
        first, second = sorted((span for span in found if span["kind"] == "CLIENT"), key=lambda span: span["start"])
        expect("both below", first["parent"] == second["parent"] == edge["id"], found)
        expect("first", first["attributes"]["error.type"] == "503" and first["status"] == 2 and
               first["attributes"]["http.response.status_code"] == 503, first)
        expect("second", second["attributes"]["http.request.resend_count"] == 1 and second["status"] == 0, second)
        expect("the service", [span["parent"] for span in found if span["service"] == "aurorad"] == [second["id"]], found)


def attempts_and_refusals_are_seen():
    """One of two addresses answers 503: the repeat is a span of its own, and the one that the service is under. Then both
    are gone, until the breakers are open: a span says that nothing was sent."""
    with Sink() as sink, traced(sink) as service:
        with slow_service(0, 503) as failing:
            see_a_repeat(sink, service, failing.server_port)
        service.kill()
        upstream = f"product=127.0.0.1:{free_port()},product=127.0.0.1:{service.port}"
        with Server("--otlp", sink.url, "--upstream", upstream, program="aurora-gateway", environment=QUICK,
                    ready=False) as server:
            def refused():
                trace, headers = parent("01")
                server.call("GET", "/products", headers=headers)
                server_span(sink, trace)
                return next((span for span in of(sink.spans, trace)
                             if span["attributes"].get("error.type") == "breaker_open"), None)
            span = until("a refusal", refused)
            expect("nothing was sent", "server.address" not in span["attributes"] and span["kind"] == "CLIENT", span)
        expect("broken", not sink.errors, sink.errors)


def a_hedge_is_an_attempt():
    """A read that takes its time is sent to a second address: both are spans, and the loser is cancelled."""
    with Sink() as sink, slow_service(5) as slow_one, traced(sink) as service, tempfile.TemporaryDirectory() as home:
        settings = pathlib.Path(home) / "gateway.ini"
        settings.write_text("[upstream.product]\nhedge = 50ms\n")
        with Server("--config", str(settings), "--otlp", sink.url, "--upstream",
                    f"product=127.0.0.1:{slow_one.server_port},product=127.0.0.1:{service.port}",
                    program="aurora-gateway", environment=QUICK, ready=False) as server:
            def hedged():
                trace, headers = parent("01")
                server.call("GET", "/products", headers=headers)
                server_span(sink, trace)
                found = [span for span in of(sink.spans, trace) if span["service"] == "aurora-gateway"]
                return len(found) == 3 and found
            found = until("a hedge", hedged)
            edge = next(span for span in found if span["kind"] == "SERVER")
            first, second = sorted((span for span in found if span["kind"] == "CLIENT"), key=lambda span: span["start"])
            expect("both below", first["parent"] == second["parent"] == edge["id"], found)
            expect("the loser", first["attributes"]["error.type"] == "cancelled", first)
            expect("the winner", second["attributes"]["aurora.hedge"] is True and second["status"] == 0 and
                   second["attributes"]["server.port"] == service.port, second)
            expect("well", edge["status"] == 0 and edge["attributes"]["http.response.status_code"] == 200, edge)


def who_leaves_leaves_spans():
    """A client that goes while a service works: the request and its attempt are told, and neither is a failure of ours."""
    with Sink() as sink, slow_service(5) as service, Server(
            "--otlp", sink.url, "--upstream", f"order=127.0.0.1:{service.server_port}", program="aurora-gateway",
            environment=QUICK, ready=False) as server:
        trace, headers = parent("01")
        unwanted, unsampled = parent("00")
        for number, fields in enumerate((headers, unsampled), 1):
            connection = server.open(20)
            connection.request("GET", "/orders", headers=fields)
            until("it is asked", lambda number=number: service.asked == number)
            time.sleep(0.2)
            # A reset: a FIN alone may be of one who still listens.
            connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.sock.close()
        span = server_span(sink, trace)
        expect("no failure", span["attributes"]["http.response.status_code"] == 499 and span["status"] == 0, span)
        expect("as long as it was", 100_000_000 < span["end"] - span["start"] < 4_900_000_000, span)
        calls = [one for one in of(sink.spans, trace) if one["kind"] == "CLIENT"]
        expect("cancelled", [one["attributes"]["error.type"] for one in calls] == ["cancelled"] and
               calls[0]["parent"] == span["id"], calls)
        server.stop()
        expect("not kept", not of(sink.spans, unwanted), sink.spans)


def any_bytes_are_json():
    """Paths, methods and hosts of any bytes that the server lets in."""
    with Sink() as sink, traced(sink, OTEL_TRACES_SAMPLER="always_on") as server:
        heads = [b"GET /a" + bytes([byte]) + b"b?" + bytes([byte]) + b" HTTP/1.1\r\nHost: h\r\n" for byte in range(1, 256)]
        heads += [b"GET /%00%ff%c3 HTTP/1.1\r\nHost: h\r\n", b'G"ET / HTTP/1.1\r\nHost: h\r\n',
                  b"G'ET / HTTP/1.1\r\nHost: h\r\n", b"GET / HTTP/1.1\r\nHost: [::1]:80\r\n",
                  b"GET / HTTP/1.1\r\nHost: h\xff\r\n", b'GET / HTTP/1.1\r\nHost: a"b\r\n',
                  b"GET /" + b"x" * 6000 + b" HTTP/1.1\r\nHost: h\r\nUser-Agent: \xff\xfe\r\n"]
        for head in heads:
            with socket.create_connection(("127.0.0.1", server.port), 20) as peer:
                peer.sendall(head + b"Connection: close\r\n\r\n")
                while peer.recv(65536):
                    pass
        server.stop()
        expect("broken", not sink.errors, sink.errors[:3])
        paths = {span["attributes"].get("url.path", "") for span in sink.spans}
        expect("all bytes", len(paths) > 70 and any(len(path) == 1024 for path in paths), sorted(paths))


def sighup_changes_the_sample():
    with Sink() as sink, tempfile.TemporaryDirectory() as home:
        settings = pathlib.Path(home) / "aurora.ini"
        settings.write_text("trace_sample = 0\ntrace_slow = 0s\n")
        with traced(sink, "--config", str(settings)) as server:
            server.call("GET", "/products")
            settings.write_text("trace_sample = 1\ntrace_slow = 0s\n")
            server.process.send_signal(signal.SIGHUP)

            def is_sampled():
                server.call("GET", "/products")
                return sink.spans
            until("sampled", is_sampled)
            settings.write_text("trace_sample = 2\n")
            server.process.send_signal(signal.SIGHUP)
            until("refused", lambda: "trace_sample: " in server.log_text())
            _, fields, _ = server.call("GET", "/products")
            server_span(sink, fields["X-Request-Id"])


def a_stream_ends_with_its_last_byte():
    with Sink() as sink, traced(sink, "--payment", "none:", "--order-wait", "0s", "--trace-slow", "50ms") as server:
        server.call("PUT", "/products/mug", {"name": "Mug", "price_minor": 1, "currency": "EUR"})
        server.call("POST", "/inventory/mug/receipts", {"quantity": 5}, {"Idempotency-Key": "a"})
        _, _, order = server.call("POST", "/orders", {"lines": [{"sku": "mug", "quantity": 1}], "currency": "EUR",
                                                      "payment_method": "tok_approve"})
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        trace, headers = parent("00")
        wanted, sampled = parent("01")
        for fields in (headers, sampled):
            connection.request("GET", f"/orders/{order['id']}/events", headers=fields)
            answer = connection.getresponse()
            expect("stream", answer.status == 200 and answer.readline(), answer.status)
            expect("it goes on", not of(sink.spans, wanted), sink.spans)
            time.sleep(0.2)  # longer than slow
            connection.close()
        span = server_span(sink, wanted)
        expect("as long as it was", span["end"] - span["start"] > 150_000_000, span)
        expect("a long stream is not slow", not of(sink.spans, trace), sink.spans)


# --- OpenTelemetry's variables: (variables, settings, what the exporter does, a word of the warning or None)

def what_the_variables_change():
    def sends(sink, server):
        trace, headers = parent("01")
        server.call("GET", "/products", headers=headers)
        return server_span(sink, trace)

    def silent(sink, server):
        server.call("GET", "/products", headers=parent("01")[1])
        server.stop()
        expect("nothing is sent", not sink.requests, sink.spans)

    def packed(sink, server):
        sends(sink, server)
        expect("gzip", sink.headers[-1].get("Content-Encoding") == "gzip", sink.headers)

    def plain(sink, server):
        sends(sink, server)
        expect("plain", "Content-Encoding" not in sink.headers[-1], sink.headers)

    def named(sink, server):
        expect("name", sends(sink, server)["service"] == "my shop", sink.spans)

    def with_resource(sink, server):
        resource = sends(sink, server)["resource"]
        expect("resource", resource["service.name"] == "other" and resource["k"] == "a b" and
               resource["host.name"] == "h", resource)

    def without_resource(sink, server):
        resource = sends(sink, server)["resource"]
        expect("as ever", resource["service.name"] == "aurorad" and "k" not in resource, resource)

    def with_key(sink, server):
        sends(sink, server)
        expect("field", sink.headers[-1].get("api-key") == "s3cret value", sink.headers)
        expect("not logged", "s3cret" not in server.log_text(), server.log_text())

    def roots(sink, server):
        _, fields, _ = server.call("GET", "/products")
        server_span(sink, fields["X-Request-Id"])

    def no_roots(sink, server):
        server.call("GET", "/products")
        server.call("GET", "/products", headers=parent("01")[1])
        server.stop()
        expect("always off", not sink.spans, sink.spans)

    base = "OTEL_EXPORTER_OTLP_ENDPOINT"
    rows = [
        ({base: "{}"}, sends, None),
        ({base: "{}/"}, sends, None),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "{}/v1/traces", base: "http://127.0.0.1:9"}, sends, None),
        ({base: "{}", "OTEL_SDK_DISABLED": "true"}, silent, None),
        ({base: "{}", "OTEL_SDK_DISABLED": "TRUE"}, silent, None),
        ({base: "{}", "OTEL_SDK_DISABLED": "false"}, sends, None),
        ({base: "{}", "OTEL_SDK_DISABLED": "maybe"}, sends, "OTEL_SDK_DISABLED"),
        ({base: "{}", "OTEL_TRACES_EXPORTER": "none"}, silent, None),
        ({base: "{}", "OTEL_TRACES_EXPORTER": "zipkin"}, sends, "OTEL_TRACES_EXPORTER"),
        ({base: ""}, silent, None),
        ({base: "localhost:4318"}, silent, base),
        ({base: "ftp://localhost"}, silent, base),
        ({base: "{}", "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip"}, packed, None),
        ({base: "{}", "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION": "none", "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip"}, plain,
         None),
        ({base: "{}", "OTEL_EXPORTER_OTLP_COMPRESSION": "zstd"}, plain, "OTEL_EXPORTER_OTLP_COMPRESSION"),
        ({base: "{}", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/json"}, sends, None),
        ({base: "{}", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, sends, "http/json"),
        ({base: "{}", "OTEL_SERVICE_NAME": "my shop", "OTEL_RESOURCE_ATTRIBUTES": "service.name=no"}, named, None),
        ({base: "{}", "OTEL_RESOURCE_ATTRIBUTES": " service.name=other, k=a%20b,host.name=h,"}, with_resource, None),
        ({base: "{}", "OTEL_RESOURCE_ATTRIBUTES": "k=no,service.name=other,host.name=h,k=a%20b"}, with_resource, None),
        ({base: "{}", "OTEL_RESOURCE_ATTRIBUTES": "k=v,bad"}, without_resource, "OTEL_RESOURCE_ATTRIBUTES"),
        ({base: "{}", "OTEL_RESOURCE_ATTRIBUTES": "k=%zz"}, without_resource, "OTEL_RESOURCE_ATTRIBUTES"),
        ({base: "{}", "OTEL_EXPORTER_OTLP_HEADERS": "api-key=s3cret%20value"}, with_key, None),
        ({base: "{}", "OTEL_EXPORTER_OTLP_HEADERS": "a b=s3cret"}, sends, "OTEL_EXPORTER_OTLP_HEADERS"),
        ({base: "{}", "OTEL_TRACES_SAMPLER": "always_on"}, roots, None),
        ({base: "{}", "OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "1.0"}, roots, None),
        ({base: "{}", "OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "2"}, roots,
         "OTEL_TRACES_SAMPLER_ARG"),
        ({base: "{}", "OTEL_TRACES_SAMPLER": "always_off"}, no_roots, None),
        ({base: "{}", "OTEL_TRACES_SAMPLER": "jaeger_remote"}, sends, "OTEL_TRACES_SAMPLER"),
        ({base: "{}", "OTEL_PROPAGATORS": "tracecontext"}, sends, None),
        ({base: "{}", "OTEL_PROPAGATORS": "tracecontext,b3"}, sends, "b3"),
        ({base: "{}", "OTEL_BSP_MAX_QUEUE_SIZE": "-1"}, sends, "OTEL_BSP_MAX_QUEUE_SIZE"),
        ({base: "{}", "OTEL_BSP_MAX_QUEUE_SIZE": "8", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "9"}, sends,
         "OTEL_BSP_MAX_EXPORT_BATCH_SIZE"),
        ({base: "{}", "OTEL_EXPORTER_OTLP_TIMEOUT": "soon"}, sends, "OTEL_EXPORTER_OTLP_TIMEOUT"),
    ]
    for variables, check, warning in rows:
        with Sink() as sink:
            given = {name: value.replace("{}", sink.url) for name, value in variables.items()}
            with Server(environment={**QUICK, **given}) as server:
                check(sink, server)
                server.stop()  # the log is whole then
                warned = [line for line in server.log_text().splitlines() if '"WARN"' in line and "OTEL_" in line]
                expect(f"warning of {variables}", bool(warned) == (warning is not None) and
                       all(warning in line for line in warned), warned)
                expect(f"broken by {variables}", not sink.errors, sink.errors)


def a_setting_goes_before_the_environment():
    with Sink() as sink, Sink() as other:
        with traced(sink, "--trace-sample", "1", OTEL_EXPORTER_OTLP_ENDPOINT=other.url,
                    OTEL_TRACES_SAMPLER="always_off") as server:
            _, fields, _ = server.call("GET", "/products")
            server_span(sink, fields["X-Request-Id"])
            expect("the other", not other.requests, other.spans)


def bad_settings_are_refused():
    rows = [(("--otlp", "http://u:p@h:4318"), "otlp: must have no name"), (("--otlp", "grpc://h:4317"), "otlp: must be"),
            (("--otlp", "http://h/?k=1"), "otlp: must have no query"),
            (("--trace-sample", "1.5"), "trace_sample: must be a number from 0 to 1"),
            (("--trace-sample", "nan"), "trace_sample: must be"), (("--trace-sample", "."), "trace_sample: must be"),
            (("--otlp-headers", "a"), "otlp_headers: must be NAME=VALUE"),
            (("--otlp-ca", "/nowhere/ca.pem"), "otlp_ca: must be a file"),
            (("--otlp-headers", "Host=x"), "otlp_headers: must leave out"), (("--trace-slow", "soon"), "trace_slow")]
    for arguments, text in rows:
        with Sink() as sink:
            server = Server("--otlp", sink.url, *arguments)
            try:
                server.start()
            except RuntimeError as error:
                expect(text, text in str(error) and "ended with 1" in str(error), error)
            else:
                server.kill()
                raise SystemExit(f"{arguments} are taken")
            finally:
                server.folder.cleanup()


def main():
    a_request_is_a_span()
    the_flag_decides()
    the_ratio_goes_by_the_trace_id()
    trace_parent_false_begins_anew()
    failures_and_slow_ones_are_kept()
    of_many_failures_some_are_kept()
    each_attempt_hands_its_own_span_on()
    attempts_and_refusals_are_seen()
    a_hedge_is_an_attempt()
    who_leaves_leaves_spans()
    any_bytes_are_json()
    sighup_changes_the_sample()
    a_stream_ends_with_its_last_byte()
    what_the_variables_change()
    a_setting_goes_before_the_environment()
    bad_settings_are_refused()
    print("traces: what is sent, what is not, and what OpenTelemetry's variables change")


if __name__ == "__main__":
    main()
